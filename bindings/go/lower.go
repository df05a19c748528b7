package isthmus

import (
	"math"
	"reflect"
	"runtime"

	"isthmus/bindings/go/internal/native"
)

// pins is what the arguments of an operation need until it is over.
type pins struct {
	runtime.Pinner
	temporaries []native.Value // handles that were made for it
}

// release ends what the operation had; with the isolate entered.
func (p *pins) release(ctx *Context) {
	p.Unpin()
	native.FreeValues(ctx.iso.handle, p.temporaries)
	p.temporaries = nil
}

// exact is the greatest integer that a number of JavaScript's has to itself, like all below it.
const exact = 1<<53 - 1

// lower makes an argument of a Go value, in place, for one operation: numbers, booleans, texts and
// values of this isolate without an allocation, and the rest as Marshal does. The isolate is entered;
// pins has what is to be released when the operation is over.
func (ctx *Context) lower(frame *native.Frame, pins *pins, to *native.Value, x any) error {
	if ok, err := ctx.lowerPlain(frame, pins, to, x); ok || err != nil {
		return err
	}
	made, err := ctx.marshal(x)
	if err != nil {
		return err
	}
	if made.IsHandle() {
		pins.temporaries = append(pins.temporaries, made)
	}
	*to = made
	return nil
}

// lowerPlain is lower for what needs no Marshal, and tells whether it was that. With no pins, neither is
// what needs any.
func (ctx *Context) lowerPlain(frame *native.Frame, pins *pins, to *native.Value, x any) (bool, error) {
	switch x := x.(type) {
	case nil:
		*to = native.Value{Type: native.Null}
	case float64:
		*to = numberOf(x)
	case int:
		*to = integerOf(int64(x))
	case string:
		if pins == nil {
			return len(x) <= short && isASCII(x) && frame.CopyText(to, x, true), nil
		}
		return true, ctx.text(frame, &pins.Pinner, to, x)
	case bool:
		*to = boolOf(x)
	case *Value:
		handle, err := ctx.handleOf("", x)
		*to = handle
		return true, err
	case *Object:
		return ctx.lowerValuer(to, x)
	case *Function:
		return ctx.lowerValuer(to, x)
	case int64:
		*to = integerOf(x)
	case int32:
		*to = integerOf(int64(x))
	case int16:
		*to = integerOf(int64(x))
	case int8:
		*to = integerOf(int64(x))
	case uint:
		*to = unsignedOf(uint64(x))
	case uint64:
		*to = unsignedOf(x)
	case uint32:
		*to = unsignedOf(uint64(x))
	case uint16:
		*to = unsignedOf(uint64(x))
	case uint8:
		*to = unsignedOf(uint64(x))
	case float32:
		*to = numberOf(float64(x))
	case Valuer:
		return ctx.lowerValuer(to, x)
	default:
		return false, nil
	}
	return true, nil
}

func (ctx *Context) lowerValuer(to *native.Value, x Valuer) (bool, error) {
	if v := reflect.ValueOf(x); v.Kind() == reflect.Pointer && v.IsNil() {
		*to = native.Value{}
		return true, nil
	}
	handle, err := ctx.handleOf("", x.value())
	*to = handle
	return true, err
}

func boolOf(x bool) native.Value {
	if x {
		return native.Value{Type: native.Bool, Bits: 1}
	}
	return native.Value{Type: native.Bool}
}

func numberOf(x float64) native.Value {
	return native.Value{Type: native.Double, Bits: math.Float64bits(x)}
}

// integerOf is a number where that is exact, and else a BigInt.
func integerOf(x int64) native.Value {
	switch {
	case int64(int32(x)) == x:
		return native.Value{Type: native.Int32, Bits: uint64(uint32(x))}
	case -exact <= x && x <= exact:
		return numberOf(float64(x))
	}
	return native.Value{Type: native.Int64, Bits: uint64(x)}
}

func unsignedOf(x uint64) native.Value {
	if x <= exact {
		return integerOf(int64(x))
	}
	return native.Value{Type: native.Uint64, Bits: x}
}
