package isthmus

import (
	"reflect"

	"isthmus/bindings/go/internal/native"
)

// Unmarshal copies a JavaScript value into the Go variable that into points to.
//
//	bool, string                        the same
//	any integer, float32, float64       number, if it is one of the type's exactly
//	any integer, big.Int                BigInt, if it fits
//	time.Time                           Date
//	struct                              object
//	map                                 object, Map, if the keys are of the type
//	map[T]struct{}                      Set
//	slice, array                        array, Set; typed array, ArrayBuffer, DataView; a Map for [][2]any
//	pointer                             what it points to; nil for null and undefined
//	error, *JSError                     Error
//	Pattern                             RegExp
//	*Value, *Object, *Function, ...     the value itself, if it is one
//	what has UnmarshalJS, UnmarshalCBOR, UnmarshalJSON or UnmarshalText, the first of them
//
// An `any` gets nil for null and undefined, bool, float64, *big.Int, string, time.Time, []any,
// map[string]any, []byte for Uint8Array, Uint8ClampedArray, ArrayBuffer and DataView, the slice of its
// elements for any other typed array ([]int64 for BigInt64Array), map[any]any for a Map,
// map[any]struct{} for a Set, Pattern, *JSError, and *Function, *Symbol, *Promise or *Object for what
// cannot be copied.
//
// Nothing is rounded, cut or guessed: 1.5 is no int, 0.1 no float32, null no string. What does not fit
// is a ConversionError that tells its place, such as "$.rows[3].price". Getters and proxies run; what
// they throw is a JSError. Instances of classes are read as plain objects.
//
// Fields of structs have their names as Marshal says; a property that is missing or undefined leaves its
// field alone, and one without a field is passed over. Slices and maps are made anew, what pointers point
// to is kept. What is shared in JavaScript is shared in Go, where pointers, maps and slices of one type
// are made of it, and circles are circles; but not around a Value, whose neighbours are read one by one.
func Unmarshal(v Valuer, into any) error {
	from := valueOf(v)
	if from == nil {
		return argumentError("Unmarshal", "v: expected a value, got nil")
	}
	if from.ctx == nil { // it belongs to no isolate
		return (*Context)(nil).unmarshal(from.native, into)
	}
	iso := from.ctx.iso
	if err := iso.enter(nil); err != nil {
		return err
	}
	defer iso.leave()
	handle, err := from.ctx.handleOf("Unmarshal", from)
	if err != nil {
		return err
	}
	return from.ctx.unmarshal(handle, into)
}

// unmarshal is Unmarshal with the isolate entered; v stays the caller's. Of a context that was closed,
// what is no object can still be read.
func (ctx *Context) unmarshal(v native.Value, into any) error {
	switch to := into.(type) {
	case *any:
		made, err := ctx.unmarshalAny(v)
		if err == nil {
			*to = made
		}
		return err
	case *string:
		if v.Type == native.String && to != nil {
			text, status := ctx.iso.readText(v)
			if status != native.OK {
				return statusError("Unmarshal", status)
			}
			*to = text
			return nil
		}
	}
	to := reflect.ValueOf(into)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return argumentError("Unmarshal", "into: expected a pointer, got %T", into)
	}
	return whole(ctx.unmarshalAs(v, formOf(to.Type().Elem()), to.Elem(), 0))
}

func (ctx *Context) unmarshalAny(v native.Value) (made any, err error) {
	if v.Type == native.Object {
		if memory, status := native.ReadMemory(ctx.iso.handle, v); status == native.OK {
			if memory.Element == native.ElementNone {
				memory.Element = native.ElementUint8
			}
			return typedSlice(memory.Element, memory.Bytes), nil
		}
	}
	err = whole(ctx.unmarshalAs(v, formOf(anyType), reflect.ValueOf(&made).Elem(), 0))
	return made, err
}

// unmarshalAs reads a value as a form says, so deep in others.
func (ctx *Context) unmarshalAs(v native.Value, f *form, into reflect.Value, depth int) error {
	r := treeReader{ctx: ctx, depth: depth}
	switch {
	case f.direct:
		r.data, r.values = soleTabled, []native.Value{v}
		return f.decode(&r, into)
	case v.Type < native.Object && v.Type != native.Symbol:
		data, err := ctx.plainTree(v)
		if err != nil {
			return err
		}
		r.data = data
		return r.read(f, into)
	}
	if ctx.err != nil || ctx.handle == nil {
		return ErrClosed
	}
	if done, err := ctx.unmarshalNumbers(v, into); done || err != nil {
		return err
	}
	r.layered = f.values
	depthOf := uint32(0)
	if r.layered {
		depthOf = 1
	}
	var tree native.Tree
	if failure, status := tree.Write(ctx.iso.handle, ctx.handle, v, depthOf, true); status != native.OK {
		return ctx.treeFailed("Unmarshal", status, failure)
	}
	defer tree.Free()
	defer native.FreeValues(ctx.iso.handle, tree.Values)
	r.data, r.values = tree.Bytes, tree.Values
	if r.isTabled() {
		return f.decode(&r, into) // it has no form at all
	}
	return r.read(f, into)
}

// soleTabled is the tree of the first value of a table.
var soleTabled = appendHead(appendHead(nil, majorTag, tagValue), majorUint, 0)

// plainTree is the tree of a value that is no object.
func (ctx *Context) plainTree(v native.Value) ([]byte, error) {
	var w treeWriter
	switch v.Type {
	case native.Undefined:
		w.simple(headUndefined)
	case native.Null:
		w.simple(headNull)
	case native.Bool:
		w.boolean(v.Bits&1 != 0)
	case native.Int32:
		w.integer(int64(int32(v.Bits)))
	case native.Double:
		w.float(numberIn(v))
	case native.String:
		text, status := ctx.iso.readText(v)
		if status != native.OK {
			return nil, statusError("Unmarshal", status)
		}
		if err := w.text(text); err != nil {
			return nil, err
		}
	case native.BigInt:
		x, status := ctx.iso.readBigInt(v)
		if status != native.OK {
			return nil, statusError("Unmarshal", status)
		}
		w.big(x)
	}
	return w.out, nil
}

// unmarshalNumbers reads bytes and numbers into slices of numbers without a tree, and tells whether it
// was that.
func (ctx *Context) unmarshalNumbers(v native.Value, into reflect.Value) (bool, error) {
	if into.Kind() != reflect.Slice || v.Type != native.Object || !isNumeric(into.Type().Elem().Kind()) ||
		decoderOf(reflect.PointerTo(into.Type())) != nil || decoderOf(reflect.PointerTo(into.Type().Elem())) != nil {
		return false, nil
	}
	memory, status := native.ReadMemory(ctx.iso.handle, v)
	if status == native.OK {
		return true, setMemory(into, memory)
	}
	if status != native.ErrType {
		return true, statusError("Unmarshal", status)
	}
	n, status := native.ArrayLength(ctx.iso.handle, v)
	if status != native.OK || n > mostHoles {
		return false, nil
	}
	numbers, direct := make([]float64, n), into.Type() == reflect.TypeFor[[]float64]()
	if n >= manyNumbers {
		if ok, err := ctx.readNumbers(v, numbers); !ok {
			return err != nil, err
		}
	} else if n > 0 {
		read, failure, status := native.ReadDoubles(ctx.iso.handle, ctx.handle, v, numbers)
		if status == native.ErrType {
			return false, nil
		}
		if status != native.OK {
			return true, ctx.treeFailed("Unmarshal", status, failure)
		}
		numbers = numbers[:read]
	}
	if direct {
		into.Set(reflect.ValueOf(numbers))
		return true, nil
	}
	made := reflect.MakeSlice(into.Type(), len(numbers), len(numbers))
	for i, x := range numbers {
		if err := setNumber(made.Index(i), floatNumber(x)); err != nil {
			return true, within(stepIn(i), err)
		}
	}
	into.Set(made)
	return true, nil
}

// setMemory sets a slice of numbers to what a buffer or view has.
func setMemory(into reflect.Value, memory native.Memory) error {
	if memory.Element == native.ElementNone {
		memory.Element = native.ElementUint8
	}
	if into.Type() == reflect.TypeFor[[]byte]() && elementKinds[memory.Element] == reflect.Uint8 {
		into.SetBytes(append([]byte{}, memory.Bytes...))
		return nil
	}
	n := len(memory.Bytes) / elementSizes[memory.Element]
	made := reflect.MakeSlice(into.Type(), n, n)
	if err := fillNumbers(made, memory.Element, memory.Bytes); err != nil {
		return err
	}
	into.Set(made)
	return nil
}
