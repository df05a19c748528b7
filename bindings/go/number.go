package isthmus

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"

	"isthmus/bindings/go/internal/native"
)

// number is a number of JavaScript's, or a BigInt.
type number struct {
	float   float64
	integer int64    // the same, when exact
	exact   bool     // it is an integer, and no other number is read as it
	big     *big.Int // a BigInt, and nothing else
}

func integerNumber(x int64) number { return number{float: float64(x), integer: x, exact: true} }

func floatNumber(x float64) number {
	if x == math.Trunc(x) && math.Abs(x) <= exact {
		return number{float: x, integer: int64(x), exact: true}
	}
	return number{float: x}
}

// setNumber sets a Go number, or what takes everything, exactly.
func setNumber(into reflect.Value, n number) error {
	of := into.Type()
	switch {
	case into.CanInt() && n.big != nil:
		if !n.big.IsInt64() || into.OverflowInt(n.big.Int64()) {
			return bigOutOfRange(n.big, of)
		}
		into.SetInt(n.big.Int64())
	case into.CanUint() && n.big != nil:
		if !n.big.IsUint64() || into.OverflowUint(n.big.Uint64()) {
			return bigOutOfRange(n.big, of)
		}
		into.SetUint(n.big.Uint64())
	case of == anyType:
		if n.big != nil {
			into.Set(reflect.ValueOf(n.big))
		} else {
			into.Set(reflect.ValueOf(n.float))
		}
	case n.big != nil:
		return nothingInCommon(of, "bigint")
	case into.CanFloat():
		if into.Kind() == reflect.Float32 && float64(float32(n.float)) != n.float && !math.IsNaN(n.float) {
			return &ConversionError{Go: of.String(), JavaScript: "number",
				Message: fmt.Sprintf("%v would be rounded", n.float)}
		}
		into.SetFloat(n.float)
	case !n.exact:
		return notInteger(n.float, of)
	case into.CanInt():
		if into.OverflowInt(n.integer) {
			return outOfRange(n.float, of.String())
		}
		into.SetInt(n.integer)
	default:
		if n.integer < 0 || into.OverflowUint(uint64(n.integer)) {
			return outOfRange(n.float, of.String())
		}
		into.SetUint(uint64(n.integer))
	}
	return nil
}

func nothingInCommon(of reflect.Type, what string) error {
	return &ConversionError{Go: of.String(), JavaScript: what, Message: "they have nothing in common"}
}

// notInteger is the error of a number that no Go integer is.
func notInteger(x float64, of reflect.Type) error {
	message := fmt.Sprintf("%v is no integer", x)
	if x == math.Trunc(x) && !math.IsInf(x, 0) {
		message = fmt.Sprintf("%v is beyond what numbers have exactly", x)
	}
	return &ConversionError{Go: of.String(), JavaScript: "number", Message: message}
}

func bigOutOfRange(x *big.Int, of reflect.Type) error {
	text := "it"
	if x.BitLen() <= 128 {
		text = x.String()
	}
	return &ConversionError{Go: of.String(), JavaScript: "bigint", Message: text + " is out of range"}
}

// The Go types of typed arrays' elements, in the order of ist_element.
var elementTypes = []reflect.Type{
	reflect.TypeFor[int8](), reflect.TypeFor[uint8](), reflect.TypeFor[uint8](), reflect.TypeFor[int16](),
	reflect.TypeFor[uint16](), reflect.TypeFor[int32](), reflect.TypeFor[uint32](), reflect.TypeFor[float32](),
	reflect.TypeFor[float64](), reflect.TypeFor[int64](), reflect.TypeFor[uint64](), reflect.TypeFor[uint8](),
}

var elementSizes, elementKinds = func() (sizes []int, kinds []reflect.Kind) {
	for _, each := range elementTypes {
		sizes = append(sizes, int(each.Size()))
		kinds = append(kinds, each.Kind())
	}
	return sizes, kinds
}()

// elementOf is the element of typed arrays that a kind of Go's is.
func elementOf(kind reflect.Kind) native.Element {
	if kind == reflect.Uint8 {
		return native.ElementUint8
	}
	return native.Element(slices.Index(elementKinds, kind))
}

func isNumeric(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr
}

// elementAt is an element of a typed array.
func elementAt(element native.Element, bytes []byte, i int) number {
	at := bytes[i*elementSizes[element]:]
	switch element {
	case native.ElementInt8:
		return integerNumber(int64(int8(at[0])))
	case native.ElementInt16:
		return integerNumber(int64(int16(binary.LittleEndian.Uint16(at))))
	case native.ElementUint16:
		return integerNumber(int64(binary.LittleEndian.Uint16(at)))
	case native.ElementInt32:
		return integerNumber(int64(int32(binary.LittleEndian.Uint32(at))))
	case native.ElementUint32:
		return integerNumber(int64(binary.LittleEndian.Uint32(at)))
	case native.ElementFloat32:
		return floatNumber(float64(math.Float32frombits(binary.LittleEndian.Uint32(at))))
	case native.ElementFloat64:
		return floatNumber(math.Float64frombits(binary.LittleEndian.Uint64(at)))
	case native.ElementBigInt64:
		return number{big: big.NewInt(int64(binary.LittleEndian.Uint64(at)))}
	case native.ElementBigUint64:
		return number{big: new(big.Int).SetUint64(binary.LittleEndian.Uint64(at))}
	}
	return integerNumber(int64(at[0]))
}
