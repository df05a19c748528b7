package isthmus

import (
	"fmt"
	"math"
	"reflect"

	"isthmus/bindings/go/internal/native"
)

// isPlain tells whether into points to one of the types that liftPlain knows.
func isPlain(into any) bool {
	switch into.(type) {
	case *float64, *int, *string, *bool, *int64, *int32, *any, *uint32, *uint64, *float32, *uint, *int16,
		*int8, *uint16, *uint8:
		return true
	}
	return false
}

// wanted is what the result of an operation is to be for lift to make a T of it.
func wanted[T any]() uint32 {
	var none T
	if isPlain(any(&none)) {
		return native.WantPlain
	}
	return native.WantValue
}

// lift makes a Go value of the result in a frame, which was wanted as wanted says. The isolate is
// entered.
func lift[T any](ctx *Context, frame *native.Frame) (T, error) {
	var made T
	if ok, err := liftPlain(frame.Result, &frame.Texts, any(&made)); ok || err != nil {
		return made, err
	}
	if into, ok := any(&made).(**Value); ok {
		*into = ctx.value(frame.Result)
		return made, nil
	}
	return liftRest[T](ctx, frame.Result)
}

// liftRest is lift as Unmarshal does it, for a value that is the caller's to free.
func liftRest[T any](ctx *Context, v native.Value) (T, error) {
	var made T
	err := ctx.unmarshal(v, &made)
	if v.IsHandle() {
		native.FreeValues(ctx.iso.handle, []native.Value{v})
	}
	return made, err
}

// liftPlain is lift for what is no handle, and tells whether it was that.
func liftPlain(v native.Value, texts *native.Texts, into any) (bool, error) {
	switch into := into.(type) {
	case *float64:
		return liftFloat(v, into)
	case *int:
		return liftInteger(v, into)
	case *string:
		if v.Type == native.WTF8 {
			*into = texts.TextOf(v)
			return true, nil
		}
		return false, unlike[string](v)
	case *bool:
		if v.Type == native.Bool {
			*into = v.Bits&1 != 0
			return true, nil
		}
		return false, unlike[bool](v)
	case *any:
		return liftAny(v, texts, into), nil
	case *int64:
		return liftInteger(v, into)
	case *int32:
		return liftInteger(v, into)
	case *int16:
		return liftInteger(v, into)
	case *int8:
		return liftInteger(v, into)
	case *uint:
		return liftInteger(v, into)
	case *uint64:
		return liftInteger(v, into)
	case *uint32:
		return liftInteger(v, into)
	case *uint16:
		return liftInteger(v, into)
	case *uint8:
		return liftInteger(v, into)
	case *float32:
		var wide float64
		ok, err := liftFloat(v, &wide)
		if ok && float64(float32(wide)) != wide && wide == wide {
			return false, &ConversionError{Go: "float32", JavaScript: "number", Message: fmt.Sprintf("%v would be rounded", wide)}
		}
		*into = float32(wide)
		return ok, err
	}
	return false, nil
}

func liftFloat(v native.Value, into *float64) (bool, error) {
	switch v.Type {
	case native.Double:
		*into = math.Float64frombits(v.Bits)
		return true, nil
	case native.Int32:
		*into = float64(int32(v.Bits))
		return true, nil
	}
	return false, unlike[float64](v)
}

func liftAny(v native.Value, texts *native.Texts, into *any) bool {
	switch v.Type {
	case native.Undefined, native.Null:
		*into = nil
	case native.Bool:
		*into = v.Bits&1 != 0
	case native.Int32:
		*into = float64(int32(v.Bits))
	case native.Double:
		*into = math.Float64frombits(v.Bits)
	case native.WTF8:
		*into = texts.TextOf(v)
	default:
		return false
	}
	return true
}

type integer interface {
	int | int64 | int32 | int16 | int8 | uint | uint64 | uint32 | uint16 | uint8
}

// liftInteger takes a number that is an integer of that type; BigInts are left to Unmarshal.
func liftInteger[T integer](v native.Value, into *T) (bool, error) {
	x := numberIn(v)
	switch v.Type {
	case native.Int32:
		n := int32(v.Bits)
		if *into = T(n); int64(*into) == int64(n) && (*into < 0) == (n < 0) {
			return true, nil
		}
	case native.Double:
		n := int64(x)
		if math.Abs(x) > exact || float64(n) != x {
			return false, notInteger(x, reflect.TypeFor[T]())
		}
		if *into = T(n); int64(*into) == n && (*into < 0) == (n < 0) {
			return true, nil
		}
	default:
		return false, unlike[T](v)
	}
	return false, outOfRange(x, reflect.TypeFor[T]().String())
}

func outOfRange(x float64, name string) error {
	return &ConversionError{Go: name, JavaScript: "number", Message: fmt.Sprintf("%v is out of range", x)}
}

// unlike is the error of a value that is none of what the Go type takes; nil for a handle, which
// Unmarshal looks at.
func unlike[T any](v native.Value) error {
	if v.IsHandle() {
		return nil
	}
	return nothingInCommon(reflect.TypeFor[T](), typeName(v))
}

// typeName names the type of a value, as far as it tells itself.
func typeName(v native.Value) string {
	switch v.Type {
	case native.Undefined:
		return "undefined"
	case native.Null:
		return "null"
	case native.Bool:
		return "boolean"
	case native.Int32, native.Double:
		return "number"
	case native.String, native.ASCII, native.WTF8:
		return "string"
	case native.Symbol:
		return "symbol"
	case native.BigInt:
		return "bigint"
	case native.Function:
		return "function"
	}
	return "object"
}
