package isthmus

import "isthmus/bindings/go/internal/native"

// Marshal makes a JavaScript value of a Go value, as a copy.
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
	return native.Value{}, statusError("Marshal", native.ErrType)
}
