package isthmus

import "isthmus/bindings/go/internal/native"

// newFunction makes a JavaScript function that Go answers; the handle is the caller's to free. The
// isolate is entered.
func (ctx *Context) newFunction(name string, fn answer) (native.Value, error) {
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantValue)
	id := ctx.iso.answers.add(fn)
	if status := native.NewFunction(ctx.handle, name, ctx.iso.number, id, false, frame); status != native.OK {
		return native.Value{}, statusError("NewFunction", status)
	}
	return frame.Result, nil
}
