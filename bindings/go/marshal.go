package isthmus

import (
	"reflect"
	"time"

	"isthmus/bindings/go/internal/native"
)

// Marshal makes a JavaScript value of a Go value.
//
//	nil, nil pointers, maps, slices, funcs        null
//	bool, string                                  the same
//	integers within ±(2^53 - 1), floats           number
//	other integers, *big.Int                      BigInt
//	time.Time                                     Date, to the millisecond
//	[]byte                                        Uint8Array
//	TypedArray[T]                                 the typed array of the element
//	other slices, arrays                          array
//	structs, maps with text keys                  object
//	other maps; those to struct{}                 Map; Set
//	error                                         Error
//	Pattern                                       RegExp
//	func                                          function, as Bind makes it
//	Value, Object, Function, ...                  the value itself
//	what has MarshalJS, MarshalCBOR, MarshalJSON
//	or MarshalText                                what the first of them gives
//
// All is a copy, in one crossing for the whole tree, but for values and functions, which are in it
// themselves. What several pointers, maps or slices share is shared in JavaScript, and circles are
// circles. Keys that say their text by MarshalText are texts. Fields of structs have their names from a
// tag `js:"name,omitempty"`, or else `json:"…"`, with its omitempty and omitzero; those of embedded
// structs are the struct's own. Keys of a map are in order.
//
// What has no form (channels, complex numbers, text that is not UTF-8) is a ConversionError that tells
// its place, such as "$.rows[3].name"; more than 1000 containers in one another are an Error.
func Marshal(ctx *Context, x any) (*Value, error) {
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	made, err := ctx.marshal(x)
	if err != nil {
		return nil, err
	}
	return ctx.value(made), nil
}

// marshal is Marshal with the isolate entered; the handle is the caller's to free.
func (ctx *Context) marshal(x any) (native.Value, error) {
	switch x := x.(type) {
	case Valuer:
		return ctx.marshalValuer(x)
	case []byte:
		if x != nil {
			return ctx.newView("Marshal", native.ElementUint8, 1, x)
		}
	case []float64:
		if x != nil {
			return ctx.newDoubles(x)
		}
	case time.Time:
		milliseconds, err := dateOf(x)
		if err != nil {
			return native.Value{}, err
		}
		made, status := native.NewDate(ctx.handle, milliseconds)
		return ctx.made("Marshal", made, status)
	}
	if made, ok, err := ctx.marshalPlain(x); ok || err != nil {
		return made, err
	}
	v := reflect.ValueOf(x)
	if v.IsValid() {
		switch v.Kind() {
		case reflect.Func:
			if !v.IsNil() && encoderOf(v.Type()) == nil {
				return ctx.functionOf(v)
			}
		case reflect.Slice:
			if v.Type().Implements(typedArrayType) && !v.IsNil() {
				elem := v.Type().Elem()
				return ctx.newView("Marshal", elementOf(elem.Kind()), int(elem.Size()), bytesOf(v))
			}
			if numbers, ok := doublesOf(v); ok {
				return ctx.newDoubles(numbers)
			}
		}
	}
	return ctx.marshalTree(x)
}

// marshalPlain makes a value of what needs no tree, and tells whether it was that.
func (ctx *Context) marshalPlain(x any) (made native.Value, ok bool, err error) {
	// Somebody else may be using the frame of the operation that runs.
	if err := ctx.enter(); err != nil {
		return made, false, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(1, native.WantValue)
	var p pins
	defer p.release(ctx)
	if ok, err = ctx.lowerPlain(frame, &p, &frame.Args[0], x); err != nil || !ok {
		return made, ok, err
	}
	if frame.Args[0].Type < native.String {
		return frame.Args[0], true, nil
	}
	if status := native.Make(ctx.iso.handle, frame); status != native.OK {
		return made, true, ctx.failed("Marshal", status, frame)
	}
	return frame.Result, true, nil
}

// marshalTree makes a value by way of CBOR.
func (ctx *Context) marshalTree(x any) (native.Value, error) {
	w := treeWriters.Get().(*treeWriter)
	w.ctx = ctx
	defer w.release()
	if err := w.tree(x); err != nil {
		return native.Value{}, err
	}
	made, failure, status := native.ReadTree(ctx.iso.handle, ctx.handle, w.out, w.values)
	if status != native.OK {
		return native.Value{}, ctx.treeFailed("Marshal", status, failure)
	}
	return ctx.made("Marshal", made, status)
}

// marshalValuer gives a handle of its own to a value.
func (ctx *Context) marshalValuer(x Valuer) (native.Value, error) {
	handle, err := ctx.handleOf("Marshal", valueOf(x))
	if err != nil || !handle.IsHandle() {
		return handle, err
	}
	kept, status := native.Keep(ctx.iso.handle, handle)
	if status != native.OK {
		return native.Value{}, statusError("Marshal", status)
	}
	return kept, nil
}

// made is the end of what makes a value: it outlives the callback that runs.
func (ctx *Context) made(op string, v native.Value, status native.Status) (native.Value, error) {
	if status != native.OK {
		return native.Value{}, statusError(op, status)
	}
	return ctx.iso.own(v)
}

func (ctx *Context) newDoubles(x []float64) (native.Value, error) {
	made, status := native.NewDoubles(ctx.handle, x)
	return ctx.made("Marshal", made, status)
}

// treeFailed is the error of a tree that was not read or written.
func (ctx *Context) treeFailed(op string, status native.Status, failure *native.Error) error {
	switch {
	case failure == nil:
		return statusError(op, status)
	case status == native.ErrException || status == native.ErrTerminated || status == native.ErrTimeout:
		return ctx.jsError(failure)
	case failure.Message == "":
		return statusError(op, status)
	}
	return &Error{Op: op, Status: status.Name(), Message: failure.Message, err: behind(status)}
}

// doublesOf are the elements of a slice of numbers, when all of them are numbers in JavaScript.
func doublesOf(v reflect.Value) ([]float64, bool) {
	if v.IsNil() || !isNumeric(v.Type().Elem().Kind()) || v.Type().Elem().Kind() == reflect.Uint8 ||
		encoderOf(v.Type()) != nil || encoderOf(v.Type().Elem()) != nil || v.Type().Implements(typedArrayType) {
		return nil, false
	}
	made := make([]float64, v.Len())
	for i := range made {
		switch at := v.Index(i); {
		case at.CanFloat():
			made[i] = at.Float()
		case at.CanInt():
			x := at.Int()
			if x < -exact || x > exact {
				return nil, false
			}
			made[i] = float64(x)
		default:
			x := at.Uint()
			if x > exact {
				return nil, false
			}
			made[i] = float64(x)
		}
	}
	return made, true
}
