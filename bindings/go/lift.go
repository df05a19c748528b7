package isthmus

import (
	"fmt"
	"math"

	"isthmus/bindings/go/internal/native"
)

// wanted is what the result of an operation is to be for lift to make a T of it.
func wanted[T any]() uint32 {
	var none T
	switch any(&none).(type) {
	case *float64, *int, *string, *bool, *int64, *int32, *any, *uint32, *uint64, *float32, *uint, *int16,
		*int8, *uint16, *uint8:
		return native.WantPlain
	}
	return native.WantValue
}

// lift makes a Go value of the result in a frame, which was wanted as wanted says. The isolate is
// entered.
func lift[T any](ctx *Context, frame *native.Frame) (T, error) {
	var made T
	if ok, err := liftPlain(frame, any(&made)); ok || err != nil {
		return made, err
	}
	return liftRest[T](ctx, frame.Result)
}

// liftPlain is lift for what is no handle, and tells whether it was that.
func liftPlain(frame *native.Frame, into any) (bool, error) {
	v := frame.Result
	switch into := into.(type) {
	case *float64:
		switch v.Type {
		case native.Double:
			*into = math.Float64frombits(v.Bits)
			return true, nil
		case native.Int32:
			*into = float64(int32(v.Bits))
			return true, nil
		}
		return false, mismatch(v, "float64")
	case *int:
		return liftInteger(v, into, "int")
	case *string:
		if v.Type == native.WTF8 {
			*into = frame.Text()
			return true, nil
		}
		return false, mismatch(v, "string")
	case *bool:
		if v.Type == native.Bool {
			*into = v.Bits&1 != 0
			return true, nil
		}
		return false, mismatch(v, "bool")
	case *any:
		return liftAny(frame, into), nil
	case *int64:
		return liftInteger(v, into, "int64")
	case *int32:
		return liftInteger(v, into, "int32")
	case *int16:
		return liftInteger(v, into, "int16")
	case *int8:
		return liftInteger(v, into, "int8")
	case *uint:
		return liftInteger(v, into, "uint")
	case *uint64:
		return liftInteger(v, into, "uint64")
	case *uint32:
		return liftInteger(v, into, "uint32")
	case *uint16:
		return liftInteger(v, into, "uint16")
	case *uint8:
		return liftInteger(v, into, "uint8")
	}
	return false, nil
}

func liftAny(frame *native.Frame, into *any) bool {
	switch v := frame.Result; v.Type {
	case native.Undefined, native.Null:
		*into = nil
	case native.Bool:
		*into = v.Bits&1 != 0
	case native.Int32:
		*into = float64(int32(v.Bits))
	case native.Double:
		*into = math.Float64frombits(v.Bits)
	case native.WTF8:
		*into = frame.Text()
	default:
		return false
	}
	return true
}

type integer interface {
	~int | ~int64 | ~int32 | ~int16 | ~int8 | ~uint | ~uint64 | ~uint32 | ~uint16 | ~uint8
}

// liftInteger takes a number that is an integer of that type; BigInts are left to Unmarshal.
func liftInteger[T integer](v native.Value, into *T, name string) (bool, error) {
	switch v.Type {
	case native.Int32:
		n := int32(v.Bits)
		if *into = T(n); int64(*into) == int64(n) && (*into < 0) == (n < 0) {
			return true, nil
		}
		return false, outOfRange(float64(n), name)
	case native.Double:
		x := math.Float64frombits(v.Bits)
		if x != math.Trunc(x) || math.IsInf(x, 0) {
			return false, &ConversionError{Go: name, JavaScript: "number", Message: fmt.Sprintf("%v is no integer", x)}
		}
		if math.Abs(x) > exact {
			return false, &ConversionError{Go: name, JavaScript: "number",
				Message: fmt.Sprintf("%v is beyond what numbers have exactly", x)}
		}
		n := int64(x)
		if *into = T(n); int64(*into) == n && (*into < 0) == (n < 0) {
			return true, nil
		}
		return false, outOfRange(x, name)
	}
	return false, mismatch(v, name)
}

func outOfRange(x float64, name string) error {
	return &ConversionError{Go: name, JavaScript: "number", Message: fmt.Sprintf("%v is out of range", x)}
}

// mismatch is the error of a value that is none of what the Go type takes; nil for a handle, which
// Unmarshal looks at.
func mismatch(v native.Value, name string) error {
	if v.IsHandle() {
		return nil
	}
	return &ConversionError{Go: name, JavaScript: typeName(v), Message: "they have nothing in common"}
}

// typeName names the type of a value as far as it tells itself.
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

// liftRest is lift by a Value, or as Unmarshal does.
func liftRest[T any](ctx *Context, v native.Value) (T, error) {
	var made T
	if into, ok := any(&made).(**Value); ok {
		*into = ctx.value(v)
		return made, nil
	}
	err := ctx.unmarshal(v, &made)
	if v.IsHandle() {
		native.FreeValues(ctx.iso.handle, []native.Value{v})
	}
	return made, err
}
