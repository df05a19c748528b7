package isthmus

import (
	"runtime"
	"sync/atomic"

	"isthmus/bindings/go/internal/native"
)

// Value is a JavaScript value. It is freed when Go's collector drops it, or at once by Release.
//
// Numbers, booleans, undefined and null are held in it and outlive everything; the rest belongs to
// an isolate.
type Value struct {
	ctx      *Context // through which it came
	native   native.Value
	released atomic.Bool
	cleanup  runtime.Cleanup
}

// Valuer is what can stand for a JavaScript value: a Value, and what is made of one.
type Valuer interface {
	value() *Value
}

func (v *Value) value() *Value { return v }

// orphaned is a handle whose Value was forgotten.
type orphaned struct {
	debts *debts
	value native.Value
}

// value makes a Value of one that is the caller's to free.
func (ctx *Context) value(v native.Value) *Value {
	made := &Value{ctx: ctx, native: v}
	if v.IsHandle() {
		made.cleanup = runtime.AddCleanup(made, func(o orphaned) { o.debts.add(o.value) },
			orphaned{ctx.iso.debts, v})
	}
	return made
}

// Release frees the value at once; using it afterwards is ErrReleased. Releasing twice is fine.
func (v *Value) Release() {
	if v == nil || !v.native.IsHandle() || v.released.Swap(true) {
		return
	}
	v.cleanup.Stop()
	v.ctx.iso.debts.add(v.native)
}

// handleOf is the value for an operation in ctx, which was entered.
func (ctx *Context) handleOf(op string, v *Value) (native.Value, error) {
	switch {
	case v == nil:
		return native.Value{}, nil
	case !v.native.IsHandle():
		return v.native, nil
	case v.released.Load():
		return native.Value{}, &Error{Op: op, Status: native.ErrHandle.Name(), Message: "the value was released", err: ErrReleased}
	case v.ctx.iso != ctx.iso:
		return native.Value{}, &Error{Op: op, Status: native.ErrHandle.Name(),
			Message: "the value belongs to another isolate", err: ErrForeign}
	}
	return v.native, nil
}
