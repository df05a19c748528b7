package isthmus

import (
	"isthmus/bindings/go/internal/native"
)

// Clone makes a copy of a value in a context of any isolate, with all that it refers to, as
// structuredClone does within one: Dates, RegExps, Maps, Sets, Errors, typed arrays, and what is shared or
// goes round in circles. A SharedArrayBuffer is not copied: both isolates have its memory. Instances of
// classes become plain objects; a view's buffer is copied as far as it is seen.
//
// What cannot be copied (functions, symbols, promises) is an Error that tells its place. The isolates are
// held one after the other, never together.
func Clone(ctx *Context, v Valuer) (*Value, error) {
	from := valueOf(v)
	switch {
	case ctx == nil:
		return nil, argumentError("Clone", "the context is nil")
	case from == nil:
		return nil, argumentError("Clone", "v: expected a value, got nil")
	case !from.native.IsHandle():
		return &Value{ctx: ctx, native: from.native}, nil
	}
	taken, err := from.take()
	if err != nil {
		return nil, err
	}
	defer taken.free()
	return taken.give(ctx)
}

// taken is a tree outside of all isolates.
type taken struct {
	bytes  []byte
	tree   native.Tree
	stores []*native.Store
}

func (t *taken) free() {
	t.tree.Free()
	for _, each := range t.stores {
		each.Free()
	}
}

// take takes a copy out of an isolate.
func (v *Value) take() (*taken, error) {
	ctx := v.ctx
	if v.IsString() || v.IsBigInt() { // they may belong to no context
		return v.takePlain()
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	handle, err := ctx.handleOf("Clone", v)
	if err != nil {
		return nil, err
	}
	t := &taken{}
	failure, status := t.tree.Write(ctx.iso.handle, ctx.handle, handle, 0, true)
	if status != native.OK {
		return nil, ctx.treeFailed("Clone", status, failure)
	}
	given := false
	defer func() {
		if !given { // the values are in the tree's memory, and are freed before it
			t.free()
		}
	}()
	defer native.FreeValues(ctx.iso.handle, t.tree.Values)
	t.bytes = t.tree.Bytes
	for _, each := range t.tree.Values {
		store, err := ctx.sharedStore(each)
		if err != nil {
			return nil, err
		}
		if store == nil {
			return nil, ctx.notCloned(handle)
		}
		t.stores = append(t.stores, store)
	}
	given = true
	return t, nil
}

func (v *Value) takePlain() (*taken, error) {
	iso := v.ctx.iso
	if err := iso.enter(nil); err != nil {
		return nil, err
	}
	defer iso.leave()
	handle, err := v.ctx.handleOf("Clone", v)
	if err != nil {
		return nil, err
	}
	bytes, err := v.ctx.plainTree(handle)
	return &taken{bytes: bytes}, err
}

// sharedStore is the store of a SharedArrayBuffer, or of a view on one; nil: it is none.
func (ctx *Context) sharedStore(v native.Value) (*native.Store, error) {
	if v.Type != native.Object {
		return nil, nil
	}
	store, status := native.StoreOf(ctx.iso.handle, v)
	switch status {
	case native.OK:
		return store, nil
	case native.ErrType, native.ErrState:
		return nil, nil
	}
	return nil, statusError("Clone", status)
}

// notCloned is the error of a tree with something in it that has no copy, which tells where that is.
func (ctx *Context) notCloned(v native.Value) error {
	var tree native.Tree
	failure, status := tree.Write(ctx.iso.handle, ctx.handle, v, 0, false)
	if status == native.OK { // a getter gives something else now
		tree.Free()
		return statusError("Clone", native.ErrType)
	}
	return ctx.treeFailed("Clone", status, failure)
}

// give makes the copy in a context.
func (t *taken) give(ctx *Context) (*Value, error) {
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	var values []native.Value
	defer func() { native.FreeValues(ctx.iso.handle, values) }()
	for _, store := range t.stores {
		made, status := store.Value(ctx.handle, true)
		if status != native.OK {
			return nil, statusError("Clone", status)
		}
		values = append(values, made)
	}
	made, failure, status := native.ReadTree(ctx.iso.handle, ctx.handle, t.bytes, values)
	if status != native.OK {
		return nil, ctx.treeFailed("Clone", status, failure)
	}
	return ctx.ownValue(made)
}

// Transfer moves an ArrayBuffer, or a typed array or DataView with its buffer, to a context of any
// isolate, without a copy: v's buffer is detached, and the result has its memory. A SharedArrayBuffer
// stays where it was, too.
func Transfer(ctx *Context, v Valuer) (*Object, error) {
	if ctx == nil {
		return nil, argumentError("Transfer", "the context is nil")
	}
	from := valueOf(v)
	var store *native.Store
	shared := false
	err := from.withBytes("Transfer", func(iso *isolate, handle native.Value) (status native.Status) {
		memory, status := native.ReadMemory(iso.handle, handle)
		if status != native.OK {
			return status
		}
		if shared = memory.Shared; shared {
			store, status = native.StoreOf(iso.handle, handle)
			return status
		}
		if store, status = native.StoreOf(iso.handle, handle); status != native.OK {
			return status
		}
		if status = native.DetachBuffer(iso.handle, handle); status != native.OK {
			store.Free()
		}
		return status
	})
	if err != nil {
		return nil, err
	}
	defer store.Free()
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	made, status := store.Value(ctx.handle, shared)
	if status != native.OK {
		return nil, statusError("Transfer", status)
	}
	moved, err := ctx.ownValue(made)
	if err != nil {
		return nil, err
	}
	return &Object{moved}, nil
}
