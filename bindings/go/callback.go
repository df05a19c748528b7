package isthmus

import (
	"isthmus/bindings/go/internal/native"
)

// FunctionCallbackInfo is a call of a Go function by JavaScript. It is valid until the function has
// returned, and on its goroutine; the values that it gives are Go's like all others.
type FunctionCallbackInfo struct {
	ctx  *Context
	call *native.CallInfo // nil: the function has returned
}

// FunctionCallback is a Go function as v8go has it: it gives what JavaScript gets; nil: undefined.
type FunctionCallback = func(info *FunctionCallbackInfo) *Value

// FunctionCallbackWithError is one that may fail: JavaScript sees the error thrown.
type FunctionCallbackWithError = func(info *FunctionCallbackInfo) (*Value, error)

// Context is the context of the function.
func (info *FunctionCallbackInfo) Context() *Context { return info.ctx }

// This is the call's this: the new object when the function was called by new, and the global object
// when nothing was given.
func (info *FunctionCallbackInfo) This() *Object {
	if info.call == nil {
		return nil
	}
	if info.call.Receiver.Type == native.Undefined {
		global, _ := info.ctx.Global()
		return global
	}
	return &Object{info.ctx.lasting(info.call.Receiver)}
}

// Len is how many arguments there are.
func (info *FunctionCallbackInfo) Len() int {
	if info.call == nil {
		return 0
	}
	return len(info.call.Args())
}

// Arg is the argument at i; undefined when there are fewer.
func (info *FunctionCallbackInfo) Arg(i int) *Value {
	if i < 0 || i >= info.Len() {
		return info.ctx.value(native.Value{})
	}
	return info.ctx.lasting(info.call.Args()[i])
}

// Args are the arguments.
func (info *FunctionCallbackInfo) Args() []*Value {
	args := make([]*Value, info.Len())
	for i := range args {
		args[i] = info.Arg(i)
	}
	return args
}

// NewTarget is new.target: undefined unless the function was called by new.
func (info *FunctionCallbackInfo) NewTarget() *Value {
	if info.call == nil {
		return info.ctx.value(native.Value{})
	}
	return info.ctx.lasting(info.call.Target)
}

// Release does nothing: what the call had is given up when the function returns.
func (info *FunctionCallbackInfo) Release() {}

// lasting makes a Value of one that lives until the callback has returned.
func (ctx *Context) lasting(v native.Value) *Value {
	kept, status := native.Keep(ctx.iso.handle, v)
	if status != native.OK {
		return ctx.value(native.Value{})
	}
	return ctx.lastingValue(kept)
}

// informed is the answer of a function that looks at the call itself.
func informed(fn FunctionCallbackWithError) answer {
	return func(ctx *Context, call *native.CallInfo) native.Status {
		info := &FunctionCallbackInfo{ctx, call}
		defer func() { info.call = nil }()
		v, err := fn(info)
		if err != nil {
			return ctx.throwError(err)
		}
		return ctx.giveValue(call, v)
	}
}

func (ctx *Context) giveValue(call *native.CallInfo, v *Value) native.Status {
	handle, err := ctx.handleOf("", v)
	if err != nil {
		return ctx.throwError(err)
	}
	call.Result = handle
	return native.OK
}

// NewFunction makes a JavaScript function of any Go function, which JavaScript may keep and call for as
// long as it likes. The name is what JavaScript shows.
//
// Arguments come as Unmarshal gives them, a missing one as undefined, and those that are too many are
// passed over; a variadic function takes them all. A first parameter that is a context.Context gets
// the one under which JavaScript runs, such as RunScriptContext's. What cannot be converted is a
// TypeError for JavaScript.
//
// The results become a value as Marshal makes one: none undefined, more than one an array. A last
// result that is an error, if it is one, is thrown, as an Error with its text: a *JSError or
// *Exception as the very value that it has, anything else so that it comes back to Go, when nothing
// catches it, as an error for which errors.Is and errors.As find it. A panic is thrown likewise, as a
// *PanicError.
//
// The function runs on the goroutine that runs JavaScript, and may use the isolate.
func NewFunction(ctx *Context, name string, fn any) (*Function, error) {
	if err := ctx.begin("NewFunction"); err != nil {
		return nil, err
	}
	defer ctx.leave()
	made, err := ctx.function("NewFunction", name, fn)
	if err != nil {
		return nil, err
	}
	return &Function{ctx.value(made)}, nil
}

// function is NewFunction with the isolate entered; the handle is the caller's to free.
func (ctx *Context) function(op, name string, fn any) (native.Value, error) {
	bound, err := bind(op, name, fn)
	if err != nil {
		return native.Value{}, err
	}
	return ctx.newBound(name, bound)
}

// newFunction makes a JavaScript function that Go answers; the handle is the caller's to free. The
// isolate is entered.
func (ctx *Context) newFunction(name string, fn answer) (native.Value, error) {
	return ctx.newBound(name, bound{answer: fn})
}

func (ctx *Context) newBound(name string, fn bound) (native.Value, error) {
	if err := cText("NewFunction", "the name", name); err != nil {
		return native.Value{}, err
	}
	// It may be an argument of the operation that runs, which uses the frame.
	if err := ctx.enter(); err != nil {
		return native.Value{}, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantValue)
	id := ctx.iso.answers.add(fn.answer)
	status := native.NewFunction(ctx.handle, name, ctx.iso.number, id, fn.texts, frame)
	if status != native.OK {
		return native.Value{}, ctx.failed("NewFunction", status, frame)
	}
	return frame.Result, nil
}
