package isthmus

import "isthmus/bindings/go/internal/native"

// Function is a value that is a function.
type Function struct{ *Value }

// Call calls the function, with recv as this (nil: undefined) and arguments as Marshal makes them.
func (f *Function) Call(recv Valuer, args ...any) (*Value, error) {
	ctx := f.ctx
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	var p pins
	defer p.release(ctx)
	if err := ctx.prepare(frame, &p, f.Value, recv, args); err != nil {
		return nil, err
	}
	frame.Want = native.WantValue
	if status := native.Call(ctx.handle, frame); status != native.OK {
		return nil, ctx.failed("Call", status, frame)
	}
	return ctx.value(frame.Result), nil
}

// prepare fills a frame for a call.
func (ctx *Context) prepare(frame *native.Frame, p *pins, f *Value, recv Valuer, args []any) error {
	frame.Begin(len(args), native.WantPlain)
	var err error
	if frame.Subject, err = ctx.handleOf("Call", f); err != nil {
		return err
	}
	if recv != nil {
		if frame.Receiver, err = ctx.handleOf("Call", recv.value()); err != nil {
			return err
		}
	}
	to := frame.Args[:]
	if len(args) > native.FrameArgs {
		to = make([]native.Value, len(args))
		p.Pin(&to[0])
		frame.SetArgs(to)
	}
	for i, x := range args {
		if err := ctx.lower(frame, p, &to[i], x); err != nil {
			return err
		}
	}
	return nil
}
