package isthmus

import (
	"context"
	"runtime"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// CompilerCachedData is the code of a script, function or module, to be compiled faster another time.
// It is code: bytes that somebody has forged are run, so keep them where the text is kept. It belongs
// to one V8; that of another one, or for another text, is of no use and does no harm.
type CompilerCachedData struct {
	Bytes []byte
	// Rejected is set by who compiles with it: it was of no use.
	Rejected bool
}

// CompileOptions are what is known of a text beside its name.
type CompileOptions struct {
	// CachedData is its code, from an earlier compilation with the same name and offsets.
	CachedData *CompilerCachedData
	// LineOffset is how many lines stand before it in the file, ColumnOffset how many UTF-16 units in
	// its first line.
	LineOffset, ColumnOffset int
}

// sourceOf is a text to be compiled.
func sourceOf(op, text, origin string, options []CompileOptions) (native.Source, error) {
	if origin == "" {
		origin = "<script>"
	}
	source := native.Source{Text: text, File: origin}
	if err := cText(op, "the origin", origin); err != nil {
		return source, err
	}
	if !isASCII(text) && !isText(text) {
		return source, &ConversionError{Go: "string", JavaScript: "source", Message: "it is not valid UTF-8"}
	}
	switch len(options) {
	case 0:
		return source, nil
	case 1:
	default:
		return source, &Error{Op: op, Status: native.ErrArgument.Name(), Message: "there is more than one CompileOptions"}
	}
	for _, offset := range []int{options[0].LineOffset, options[0].ColumnOffset} {
		if int(int32(offset)) != offset || offset < 0 {
			return source, &Error{Op: op, Status: native.ErrArgument.Name(),
				Message: "an offset is below 0, or more than 2147483647"}
		}
	}
	source.Line, source.Column = options[0].LineOffset, options[0].ColumnOffset
	if cached := options[0].CachedData; cached != nil {
		source.Cache = cached.Bytes
	}
	return source, nil
}

// tellRejected says in the options whether their cache was of use.
func (iso *isolate) tellRejected(options []CompileOptions) {
	if len(options) == 1 && options[0].CachedData != nil {
		cached := options[0].CachedData
		cached.Rejected = len(cached.Bytes) == 0 || !native.CacheUsed(iso.handle)
	}
}

// UnboundScript is a classic script that is compiled. It runs in any context of its isolate, any
// number of times.
type UnboundScript struct {
	iso    *Isolate
	handle unsafe.Pointer
}

// CompileUnboundScript compiles a classic script, which origin names in errors.
func (iso *Isolate) CompileUnboundScript(source, origin string, options ...CompileOptions) (*UnboundScript, error) {
	const op = "CompileUnboundScript"
	text, err := sourceOf(op, source, origin, options)
	if err != nil {
		return nil, err
	}
	if err := iso.enter(nil); err != nil {
		return nil, err
	}
	defer iso.leave()
	ctx, err := iso.anyContext()
	if err != nil {
		return nil, err
	}
	handle, status, problem := native.CompileScript(iso.handle, ctx.handle, text)
	if status != native.OK {
		return nil, ctx.refused(op, status, problem)
	}
	iso.tellRejected(options)
	made := &UnboundScript{iso, handle}
	freeing(iso.debts, made, func() { native.FreeScript(handle) })
	return made, nil
}

// anyContext is a context of the isolate, made if there is none.
func (iso *Isolate) anyContext() (*Context, error) {
	for _, opened := range iso.opened {
		if ctx := opened.Value(); ctx != nil && ctx.handle != nil {
			return ctx, nil
		}
	}
	ctx := iso.NewContext(WithoutWeb())
	return ctx, ctx.err
}

// Run runs the script in a context, and gives its completion value.
func (s *UnboundScript) Run(ctx *Context) (*Value, error) { return s.RunContext(nil, ctx) }

// RunContext is Run under a Go context, as Context.RunScriptContext.
func (s *UnboundScript) RunContext(goctx context.Context, ctx *Context) (v *Value, err error) {
	const op = "Run"
	if s == nil || s.iso == nil {
		return nil, argumentError(op, "the script was not made by CompileUnboundScript")
	}
	if ctx != nil && ctx.iso != s.iso {
		return nil, foreignError(op, "the script belongs to another isolate")
	}
	err = ctx.under(goctx, op, func() error {
		result, status, problem := native.RunScript(ctx.iso.handle, ctx.handle, s.handle)
		if status != native.OK {
			return ctx.refused(op, status, problem)
		}
		if result, err = ctx.iso.own(result); err == nil {
			v = ctx.value(result)
		}
		return err
	})
	runtime.KeepAlive(s)
	return v, err
}

// CreateCodeCache gives the script's code, with what was compiled lazily until now, for
// CompileUnboundScript with the same text and origin another time; nil when the isolate is closed.
func (s *UnboundScript) CreateCodeCache() *CompilerCachedData {
	if s == nil || s.iso.enter(nil) != nil {
		return nil
	}
	defer s.iso.leave()
	bytes, status := native.ScriptCache(s.handle)
	runtime.KeepAlive(s)
	if status != native.OK {
		return nil
	}
	return &CompilerCachedData{Bytes: bytes}
}

// CompileFunction compiles a text as the body of a function with these parameters.
func (ctx *Context) CompileFunction(body, origin string, parameters []string,
	options ...CompileOptions) (*Function, error) {
	const op = "CompileFunction"
	text, err := sourceOf(op, body, origin, options)
	if err != nil {
		return nil, err
	}
	for _, name := range parameters {
		if err := cText(op, "the parameter", name); err != nil {
			return nil, err
		}
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	made, status, problem := native.CompileFunction(ctx.iso.handle, ctx.handle, text, parameters)
	if status == native.ErrArgument {
		return nil, &Error{Op: op, Status: status.Name(), Message: "a parameter is no identifier: " + quoted(parameters)}
	}
	if status != native.OK {
		return nil, ctx.refused(op, status, problem)
	}
	ctx.iso.tellRejected(options)
	if made, err = ctx.iso.own(made); err != nil {
		return nil, err
	}
	return &Function{ctx.value(made)}, nil
}

// CreateCodeCache gives the code of a function of CompileFunction, for another time; it is an error
// for other functions.
func (f *Function) CreateCodeCache() (*CompilerCachedData, error) {
	const op = "CreateCodeCache"
	v, ctx, err := subject(op, f)
	if err != nil {
		return nil, err
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	handle, err := ctx.handleOf(op, v)
	if err != nil {
		return nil, err
	}
	bytes, status := native.FunctionCache(ctx.iso.handle, handle)
	if status == native.ErrState {
		return nil, &Error{Op: op, Status: status.Name(), Message: "the function was not made by CompileFunction"}
	}
	if status != native.OK {
		return nil, statusError(op, status)
	}
	return &CompilerCachedData{Bytes: bytes}, nil
}
