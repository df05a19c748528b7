package isthmus

import (
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// Arrays of numbers are copied by V8 at once if it keeps them as such without room for holes, and else
// one by one, which takes a call each from outside. So from some length on a function of JavaScript's does
// it, which V8 compiles.

// manyNumbers is the length from which on that pays.
const manyNumbers = 512

const numbersSource = `(array, to) => {
  const length = to.length;
  for (let i = 0; i < length; i++) {
    const x = array[i];
    if (typeof x !== "number") return false;
    to[i] = x;
  }
  return true;
}`

// readNumbers reads so many elements of an array, and tells whether all are numbers.
func (ctx *Context) readNumbers(array native.Value, to []float64) (bool, error) {
	if ctx.numbers == nil {
		made, err := ctx.RunScript(numbersSource, "isthmus:numbers")
		if err != nil {
			return false, err
		}
		ctx.numbers = made
	}
	memory := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(to))), len(to)*8)
	view, status := native.AdoptView(ctx.handle, native.ElementFloat64, 8, memory)
	if status != native.OK {
		return false, statusError("Unmarshal", status)
	}
	defer native.FreeValues(ctx.iso.handle, []native.Value{view})
	defer native.DetachBuffer(ctx.iso.handle, view)
	if err := ctx.enter(); err != nil {
		return false, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(2, native.WantPlain)
	frame.Subject, frame.Args[0], frame.Args[1] = ctx.numbers.native, array, view
	if status := native.Call(ctx.handle, frame); status != native.OK {
		return false, ctx.failed("Unmarshal", status, frame)
	}
	return frame.Result.Type == native.Bool && frame.Result.Bits&1 != 0, nil
}
