package isthmus

import (
	"context"
	"fmt"
	"reflect"

	"isthmus/bindings/go/internal/native"
)

// Bind gives the context a global of that name: of a Go function a JavaScript function, as NewFunction
// makes it, and of anything else what Marshal makes of it.
func (ctx *Context) Bind(name string, x any) error {
	return ctx.define("Bind", name, x, func() (native.Value, error) {
		return ctx.function("Bind", name, x)
	})
}

// BindAsync gives the context a global function of that name whose calls run on goroutines of their
// own, beside JavaScript, which gets a promise of the result at once. Parameters and results are as
// of NewFunction; an error, a panic, and arguments that cannot be converted reject the promise. A
// context.Context that the function takes ends with the one under which JavaScript has called it.
func (ctx *Context) BindAsync(name string, fn any) error {
	return ctx.define("BindAsync", name, fn, func() (native.Value, error) {
		made, err := bindFunction("BindAsync", name, fn)
		if err != nil {
			return native.Value{}, err
		}
		return ctx.newBound(name, bound{made.answerLater, made.texts})
	})
}

// define makes a global of a function, or of something else.
func (ctx *Context) define(op, name string, x any, function func() (native.Value, error)) error {
	if err := ctx.begin(op); err != nil {
		return err
	}
	defer ctx.leave()
	var p pins
	defer p.release(ctx)
	var made native.Value
	var err error
	if reflect.ValueOf(x).Kind() == reflect.Func || op != "Bind" {
		made, err = function()
	} else if valuer, ok := x.(Valuer); ok {
		made, err = ctx.handleOf(op, valueOf(valuer))
	} else {
		made, err = ctx.marshal(x)
	}
	if err != nil {
		return err
	}
	if _, ok := x.(Valuer); !ok && made.IsHandle() {
		p.temporaries = append(p.temporaries, made)
	}
	frame := ctx.iso.frame()
	frame.Begin(2, native.WantNothing)
	if err := ctx.key(frame, &p, &frame.Args[0], name); err != nil {
		return err
	}
	frame.Args[1] = made
	if status := native.Set(ctx.handle, frame); status != native.OK {
		return ctx.failed(op, status, frame)
	}
	return nil
}

// bound is how calls of a Go function are answered.
type bound struct {
	answer answer
	texts  bool // short strings are to come as texts
}

// bind looks at a function once, for all calls.
func bind(op, name string, fn any) (bound, error) {
	switch fn := fn.(type) {
	case answer:
		return bound{answer: fn}, nil
	case FunctionCallbackWithError:
		if fn != nil {
			return bound{answer: informed(fn)}, nil
		}
	case FunctionCallback:
		if fn != nil {
			return bound{answer: informed(func(info *FunctionCallbackInfo) (*Value, error) { return fn(info), nil })}, nil
		}
	}
	if v := reflect.ValueOf(fn); v.Kind() == reflect.Func && !v.IsNil() {
		if answer := common(name, fn); answer != nil {
			return bound{answer, true}, nil
		}
	}
	made, err := bindFunction(op, name, fn)
	if err != nil {
		return bound{}, err
	}
	return bound{made.answerNow, made.texts}, nil
}

// functionOf is for Marshal; with the isolate entered.
func (ctx *Context) functionOf(fn reflect.Value) (native.Value, error) {
	return ctx.function("Marshal", "", fn.Interface())
}

// boundFunction is a Go function that is called by reflection.
type boundFunction struct {
	name     string
	call     reflect.Value
	context  bool // it takes a context.Context first
	params   []reflect.Type
	variadic bool // its last parameter is what the others are of, and stands for any number
	results  int  // without the error
	fails    bool // its last result is an error
	texts    bool
}

var contextType = reflect.TypeFor[context.Context]()

func bindFunction(op, name string, fn any) (*boundFunction, error) {
	f := &boundFunction{name: name, call: reflect.ValueOf(fn), texts: true}
	if f.call.Kind() != reflect.Func || f.call.IsNil() {
		place := ""
		if name != "" {
			place = name + ": "
		}
		return nil, argumentError(op, "%sexpected a function, got %s", place, goName(fn))
	}
	t := f.call.Type()
	for i := range t.NumIn() {
		param := t.In(i)
		switch {
		case i == 0 && param == contextType:
			f.context = true
			continue
		case t.IsVariadic() && i == t.NumIn()-1:
			f.variadic = true
			param = param.Elem()
		}
		if !isPlain(reflect.Zero(reflect.PointerTo(param)).Interface()) {
			f.texts = false
		}
		f.params = append(f.params, param)
	}
	f.results = t.NumOut()
	if f.results > 0 && t.Out(f.results-1) == errorType {
		f.results--
		f.fails = true
	}
	return f, nil
}

func goName(x any) string {
	if v := reflect.ValueOf(x); v.Kind() == reflect.Func {
		return "nil"
	}
	return fmt.Sprintf("%T", x)
}

// take converts the arguments of a call.
func (f *boundFunction) take(ctx *Context, call *native.CallInfo) ([]reflect.Value, error) {
	given := call.Args()
	count := len(f.params)
	if f.variadic {
		count = max(count-1, len(given))
	}
	args := make([]reflect.Value, 0, count+1)
	if f.context {
		args = append(args, reflect.ValueOf(ctx.iso.started()))
	}
	for i := range count {
		into := reflect.New(f.params[min(i, len(f.params)-1)])
		var v native.Value
		if i < len(given) {
			v = given[i]
		}
		if err := ctx.takeInto(call, v, into.Interface()); err != nil {
			return nil, ofArgument(f.name, i, err)
		}
		args = append(args, into.Elem())
	}
	return args, nil
}

// takeInto converts an argument, whose handle is the call's.
func (ctx *Context) takeInto(call *native.CallInfo, v native.Value, into any) error {
	if ok, err := liftPlain(v, &call.Texts, into); ok || err != nil {
		return err
	}
	if into, ok := into.(**Value); ok {
		*into = ctx.lasting(v)
		return nil
	}
	return ctx.unmarshal(v, into)
}

// ofArgument says of an error which argument it is about.
func ofArgument(name string, i int, err error) error {
	if name == "" {
		name = "function"
	}
	place := fmt.Sprintf("%s: argument %d", name, i+1)
	if conversion, ok := err.(*ConversionError); ok && conversion.Path != "" {
		place += ": "
	}
	return within(place, err)
}

// give makes a value of the results.
func (f *boundFunction) give(results []reflect.Value) (any, error) {
	if f.fails {
		if err, _ := results[f.results].Interface().(error); err != nil {
			return nil, err
		}
	}
	switch f.results {
	case 0:
		return (*Value)(nil), nil
	case 1:
		return results[0].Interface(), nil
	}
	all := make([]any, f.results)
	for i := range all {
		all[i] = results[i].Interface()
	}
	return all, nil
}

func (f *boundFunction) answerNow(ctx *Context, call *native.CallInfo) native.Status {
	args, err := f.take(ctx, call)
	if err != nil {
		return ctx.throwError(err)
	}
	result, err := f.give(f.call.Call(args))
	if err != nil {
		return ctx.throwError(err)
	}
	return ctx.giveResult(call, result)
}

// answerLater gives a promise, which is settled by a goroutine.
func (f *boundFunction) answerLater(ctx *Context, call *native.CallInfo) native.Status {
	resolver, err := NewPromiseResolver(ctx)
	if err != nil {
		return ctx.throwError(err)
	}
	args, err := f.take(ctx, call)
	if err != nil {
		resolver.Reject(err)
	} else {
		go f.run(resolver, args)
	}
	return ctx.giveValue(call, resolver.GetPromise().Value)
}

// run calls the function, on a goroutine of its own, and settles the promise.
func (f *boundFunction) run(resolver *PromiseResolver, args []reflect.Value) {
	err := error(&Error{Op: f.name, Status: native.ErrState.Name(), Message: "the goroutine has ended by runtime.Goexit"})
	var result any
	defer func() {
		if cause := recover(); cause != nil {
			err = panicked(cause)
		}
		if err != nil {
			resolver.Reject(err)
		} else {
			resolver.Resolve(result)
		}
	}()
	result, err = f.give(f.call.Call(args))
}

// giveText answers a call with a text.
func (ctx *Context) giveText(call *native.CallInfo, text string) native.Status {
	if len(text) <= short {
		ascii := isASCII(text)
		if (ascii || isText(text)) && call.CopyText(&call.Result, text, ascii) {
			return native.OK
		}
	}
	return ctx.giveRest(call, text)
}

// giveResult answers a call with any Go value.
func (ctx *Context) giveResult(call *native.CallInfo, x any) native.Status {
	if text, ok := x.(string); ok {
		return ctx.giveText(call, text)
	}
	return ctx.giveRest(call, x)
}

func (ctx *Context) giveRest(call *native.CallInfo, x any) native.Status {
	var p pins
	defer p.Unpin()
	frame := ctx.iso.frame()
	frame.Begin(1, native.WantValue)
	if err := ctx.lower(frame, &p, &frame.Args[0], x); err != nil {
		return ctx.throwError(err)
	}
	call.Result = frame.Args[0]
	if t := call.Result.Type; t == native.ASCII || t == native.WTF8 {
		if status := native.Make(ctx.iso.handle, frame); status != native.OK {
			return ctx.throwError(ctx.failed("", status, frame))
		}
		call.Result = frame.Result
		p.temporaries = append(p.temporaries, frame.Result)
	}
	// C reads the result when this has returned.
	for _, v := range p.temporaries {
		ctx.iso.debts.later(v)
	}
	return native.OK
}

// started is the Go context under which JavaScript was started.
func (iso *isolate) started() context.Context {
	if iso.running != nil {
		return iso.running
	}
	return context.Background()
}
