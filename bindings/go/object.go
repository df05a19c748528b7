package isthmus

import (
	"runtime"

	"isthmus/bindings/go/internal/native"
)

// Object is a value that is an object.
type Object struct{ *Value }

// Get reads a property; getters and proxies run.
func (o *Object) Get(name string) (*Value, error) {
	ctx := o.ctx
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	subject, err := ctx.handleOf("Get", o.Value)
	if err != nil {
		return nil, err
	}
	frame := ctx.iso.frame()
	frame.Begin(1, native.WantValue)
	frame.Subject = subject
	var pins runtime.Pinner
	defer pins.Unpin()
	if err := ctx.text(frame, &pins, &frame.Args[0], name); err != nil {
		return nil, err
	}
	if status := native.Get(ctx.handle, frame); status != native.OK {
		return nil, ctx.failed("Get", status, frame)
	}
	return ctx.value(frame.Result), nil
}
