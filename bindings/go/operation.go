package isthmus

import (
	"reflect"
	"runtime"

	"isthmus/bindings/go/internal/native"
)

// valueOf is the value that x stands for; nil when there is none.
func valueOf(x Valuer) *Value {
	switch x := x.(type) {
	case nil:
		return nil
	case *Value:
		return x
	case *Object:
		return x.value()
	}
	if r := reflect.ValueOf(x); r.Kind() == reflect.Pointer && r.IsNil() {
		return nil
	}
	return x.value()
}

// typeError is the error of an operation on a value that is of another type.
func typeError(op, expected string, got *Value) error {
	return &Error{Op: op, Status: native.ErrType.Name(),
		Message: "expected " + expected + ", got " + got.description()}
}

// subject is the value that an operation is about, one that an isolate has, and its context.
func subject(op string, x Valuer) (*Value, *Context, error) {
	v := valueOf(x)
	if !v.plain().IsHandle() {
		return nil, nil, typeError(op, "an object", v)
	}
	return v, v.ctx, nil
}

// outcome is what an operation gives: a handle that is the caller's, or a plain value; or its text.
type outcome struct {
	native.Value
	text string
}

// operate does an operation about a value, which may be nil, in a context of its isolate's.
func (ctx *Context) operate(op string, what native.Operation, want uint32, about *Value, args []any) (
	outcome, error) {
	if ctx == nil {
		return outcome{}, argumentError(op, "the context is nil")
	}
	if err := ctx.enterFor(what); err != nil {
		return outcome{}, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(len(args), want)
	var err error
	if frame.Subject, err = ctx.handleOf(op, about); err != nil {
		return outcome{}, err
	}
	var p pins
	defer p.release(ctx)
	if err := ctx.arguments(frame, &p, args); err != nil {
		return outcome{}, err
	}
	status := native.Operate(what, ctx.iso.handle, ctx.handle, frame)
	// Until here, since to make arguments may enter the isolate, which frees what is forgotten.
	runtime.KeepAlive(about)
	runtime.KeepAlive(args)
	return ctx.done(op, status, frame)
}

// enterFor enters the isolate for an operation, and the context if it needs one: what is left of a
// context that was closed can still be read.
func (ctx *Context) enterFor(what native.Operation) error {
	if what.NeedsContext() {
		return ctx.enter()
	}
	return ctx.iso.enter(nil)
}

// arguments sets those of a frame.
func (ctx *Context) arguments(frame *native.Frame, p *pins, args []any) error {
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

// done is what an operation in the frame has given.
func (ctx *Context) done(op string, status native.Status, frame *native.Frame) (outcome, error) {
	if status != native.OK {
		return outcome{}, ctx.failed(op, status, frame)
	}
	result := outcome{Value: frame.Result}
	switch {
	case frame.Want != native.WantPlain:
	case result.Type == native.WTF8:
		result.text = frame.Text()
	case result.Type == native.String:
		defer native.FreeValues(ctx.iso.handle, []native.Value{result.Value})
		if result.text, status = ctx.iso.readText(result.Value); status != native.OK {
			return outcome{}, statusError(op, status)
		}
	}
	return result, nil
}

// make does an operation that makes a value in the context.
func (ctx *Context) make(op string, what native.Operation, args ...any) (*Value, error) {
	result, err := ctx.operate(op, what, native.WantValue, nil, args)
	if err != nil {
		return nil, err
	}
	return ctx.value(result.Value), nil
}

// ask does an operation about what x stands for, which has a plain value as its result.
func ask(op string, what native.Operation, x Valuer, args ...any) (outcome, error) {
	v, ctx, err := subject(op, x)
	if err != nil {
		return outcome{}, err
	}
	return ctx.operate(op, what, native.WantPlain, v, args)
}

// askFor does an operation about what x stands for, which has a value as its result.
func askFor(op string, what native.Operation, x Valuer, args ...any) (*Value, error) {
	v, ctx, err := subject(op, x)
	if err != nil {
		return nil, err
	}
	result, err := ctx.operate(op, what, native.WantValue, v, args)
	if err != nil {
		return nil, err
	}
	return ctx.value(result.Value), nil
}

// truth is an outcome that is true or false.
func (o outcome) truth() bool { return o.Type == native.Bool && o.Bits&1 != 0 }

// number is an outcome that is a number.
func (o outcome) number() float64 { return numberIn(o.Value) }
