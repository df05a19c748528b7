package isthmus

import (
	"reflect"

	"isthmus/bindings/go/internal/native"
)

// Element is what typed arrays have in them.
type Element interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~float32 | ~float64 | ~int64 | ~uint64
}

// TypedArray is a slice that Marshal makes a typed array of: a TypedArray[float32] is a Float32Array,
// one of int64 a BigInt64Array.
type TypedArray[T Element] []T

// typed is a TypedArray of any element.
type typed interface{ typed() }

func (TypedArray[T]) typed() {}

var typedArrayType = reflect.TypeFor[typed]()

func (ctx *Context) newView(op string, element native.Element, size int, bytes []byte) (native.Value, error) {
	made, status := native.NewView(ctx.handle, element, size, bytes)
	return ctx.made(op, made, status)
}
