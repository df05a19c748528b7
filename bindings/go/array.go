package isthmus

import (
	"iter"

	"isthmus/bindings/go/internal/native"
)

// Array is an object that is an array. Slice makes a Go slice of one, and Marshal one of a slice.
type Array struct{ *Object }

// NewArray makes an array of what Marshal makes of the elements.
func NewArray(ctx *Context, elements ...any) (*Array, error) {
	v, err := ctx.make("NewArray", native.OpArrayNew, elements...)
	if err != nil {
		return nil, err
	}
	return &Array{&Object{v}}, nil
}

// Len is how many elements there are, holes included.
func (a *Array) Len() (int, error) {
	result, err := ask("Len", native.OpArrayLength, a)
	return int(result.number()), err
}

// All gives the elements with their indices. They are read before it returns; a hole is undefined.
func (a *Array) All() (iter.Seq2[int, *Value], error) {
	values, err := elements("All", valueOf(a))
	if err != nil {
		return nil, err
	}
	return func(yield func(int, *Value) bool) {
		for i, v := range values {
			if !yield(i, v) {
				return
			}
		}
	}, nil
}

// elements reads those of an array.
func elements(op string, array *Value) ([]*Value, error) {
	length, err := ask(op, native.OpArrayLength, array)
	if err != nil {
		return nil, err
	}
	ctx := array.ctx
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantNothing)
	if frame.Subject, err = ctx.handleOf(op, array); err != nil {
		return nil, err
	}
	all := make([]native.Value, int(length.number()))
	read, status := native.ReadArray(ctx.handle, frame, 0, all)
	if status != native.OK {
		return nil, ctx.failed(op, status, frame)
	}
	return ctx.values(all[:read]), nil
}
