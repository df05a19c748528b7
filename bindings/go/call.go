package isthmus

import (
	"context"
	"runtime"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// Function is a value that is a function.
type Function struct{ *Value }

// value is what the function is; nil for one that was never made.
func (f *Function) value() *Value {
	if f == nil {
		return nil
	}
	return f.Value
}

// Call calls the function. recv is its this; nil: undefined. The arguments are made as Marshal makes
// them: numbers, booleans, strings and values as themselves, the rest as copies. What the function
// throws is a *JSError.
func (f *Function) Call(recv Valuer, args ...any) (*Value, error) {
	return invoke[*Value](f, &callFunction, recv, args)
}

// CallContext is Call under a Go context: when that ends, so does the call, with an error that is
// context.DeadlineExceeded or context.Canceled, and so does waiting for the isolate.
func (f *Function) CallContext(goctx context.Context, recv Valuer, args ...any) (v *Value, err error) {
	_, ctx, err := callee("CallContext", f)
	if err != nil {
		return nil, err
	}
	err = ctx.under(goctx, "CallContext", func() error {
		v, err = f.Call(recv, args...)
		return err
	})
	return v, err
}

// NewInstance calls the function as new does.
func (f *Function) NewInstance(args ...any) (*Object, error) {
	v, err := invoke[*Value](f, &constructObject, nil, args)
	if err != nil {
		return nil, err
	}
	return &Object{v}, nil
}

// CallFunc calls a function, and gives its result as Unmarshal does, a number or boolean without an
// allocation: CallFunc[float64](add, 1, 2). What the Go type has no room for is a *ConversionError.
func CallFunc[T any](f *Function, args ...any) (T, error) {
	return invoke[T](f, &callFunction, nil, args)
}

// Call calls what a name stands for in the scripts of a context, with arguments and result as of
// CallFunc: Call[float64](ctx, "add", 1, 2). The name, which may lead through properties as Math.max
// does, is looked up each time, also among the constants and classes of scripts.
func Call[T any](ctx *Context, name string, args ...any) (made T, err error) {
	if err := ctx.begin("Call"); err != nil {
		return made, err
	}
	defer ctx.leave()
	f, err := ctx.callers.find(ctx, name, len(args))
	if err != nil {
		return made, err
	}
	return perform[T](ctx, &callFunction, f, native.Value{}, args)
}

// Eval runs a script, and gives its completion value as Unmarshal does: Eval[int](ctx, "6 * 7", "x.js").
func Eval[T any](ctx *Context, source, origin string) (made T, err error) {
	if err := ctx.begin("Eval"); err != nil {
		return made, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(0, wanted[T]())
	var p pins
	defer p.release(ctx)
	if err := ctx.sourceText(frame, &p.Pinner, source, origin); err != nil {
		return made, err
	}
	return finished[T](ctx, "Eval", native.Eval(ctx.handle, frame), frame)
}

// Get reads a property of an object, and gives it as Unmarshal does: Get[string](config, "name").
// Getters and proxies run.
func Get[T any](o *Object, name string) (made T, err error) {
	about, ctx, err := subject("Get", o)
	if err != nil {
		return made, err
	}
	if err := ctx.enter(); err != nil {
		return made, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(1, wanted[T]())
	if frame.Subject, err = ctx.handleOf("Get", about); err != nil {
		return made, err
	}
	var p pins
	defer p.release(ctx)
	if err := ctx.key(frame, &p, &frame.Args[0], name); err != nil {
		return made, err
	}
	return finished[T](ctx, "Get", native.Get(ctx.handle, frame), frame)
}

// action is what is done with the subject, the receiver and the arguments of a frame.
type action struct {
	op  string
	run func(context unsafe.Pointer, frame *native.Frame) native.Status
}

var (
	callFunction    = action{"Call", native.Call}
	constructObject = action{"NewInstance", native.Construct}
)

// invoke does something about a function.
func invoke[T any](f *Function, what *action, recv Valuer, args []any) (made T, err error) {
	about, ctx, err := callee(what.op, f)
	if err != nil {
		return made, err
	}
	if err := ctx.enter(); err != nil {
		return made, err
	}
	defer ctx.leave()
	handle, err := ctx.handleOf(what.op, about)
	if err != nil {
		return made, err
	}
	var receiver native.Value
	if recv != nil {
		if receiver, err = ctx.handleOf(what.op, valueOf(recv)); err != nil {
			return made, err
		}
	}
	made, err = perform[T](ctx, what, handle, receiver, args)
	runtime.KeepAlive(about)
	runtime.KeepAlive(recv)
	return made, err
}

// callee is a function's value, and its context.
func callee(op string, f *Function) (*Value, *Context, error) {
	v := f.value()
	if v.plain().Type != native.Function {
		return nil, nil, typeError(op, "a function", v)
	}
	return v, v.ctx, nil
}

// perform is invoke with the isolate entered.
func perform[T any](ctx *Context, what *action, callee, receiver native.Value, args []any) (made T, err error) {
	frame := ctx.iso.frame()
	frame.Begin(len(args), wanted[T]())
	frame.Subject, frame.Receiver = callee, receiver
	if len(args) > native.FrameArgs {
		return performWhole[T](ctx, what, frame, args)
	}
	for i, x := range args {
		ok, err := ctx.lowerPlain(frame, nil, &frame.Args[i], x)
		if err != nil {
			return made, err
		}
		if !ok {
			return performWhole[T](ctx, what, frame, args)
		}
	}
	return finished[T](ctx, what.op, what.run(ctx.handle, frame), frame)
}

// performWhole is perform with arguments of any kind, and any number of them.
func performWhole[T any](ctx *Context, what *action, frame *native.Frame, args []any) (made T, err error) {
	var p pins
	defer p.release(ctx)
	if err := ctx.arguments(frame, &p, args); err != nil {
		return made, err
	}
	status := what.run(ctx.handle, frame)
	runtime.KeepAlive(args) // to make one may have entered the isolate, which frees what is forgotten
	return finished[T](ctx, what.op, status, frame)
}

// finished is what an operation in the frame has given.
func finished[T any](ctx *Context, op string, status native.Status, frame *native.Frame) (made T, err error) {
	if status != native.OK {
		return made, ctx.failed(op, status, frame)
	}
	return lift[T](ctx, frame)
}

// begin is enter for functions that take a context.
func (ctx *Context) begin(op string) error {
	if ctx == nil {
		return argumentError(op, "the context is nil")
	}
	return ctx.enter()
}
