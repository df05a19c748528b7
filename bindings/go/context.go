package isthmus

import (
	"context"
	"runtime"
	"unsafe"
	"weak"

	"isthmus/bindings/go/internal/native"
)

// Context is a place for programs to run: a global object with its own built-ins, in an isolate.
//
// A context that is forgotten, with all its values, is closed when Go's collector finds out.
type Context struct {
	iso    *Isolate
	handle unsafe.Pointer // of the ist_context; nil when it is closed or was never made
	number uint64         // what callbacks come with
	err    error          // why there was never a handle

	console func(context.Context, ConsoleMessage) // nil: slog.Default()
	modules modules

	callers *callers
	cleanup runtime.Cleanup

	numbers *Value // the function that reads arrays of numbers; nil: none was read yet
}

// ContextOption is a setting of NewContext.
type ContextOption func(*contextOptions)

type contextOptions struct {
	native    native.ContextOptions
	noWeb     bool
	noTimers  bool
	console   func(context.Context, ConsoleMessage)
	resolvers []Resolver
	meta      func(url string) map[string]any
	libraries []grant
	global    *ObjectTemplate
}

// WithName names the context, for inspectors and heap snapshots.
func WithName(name string) ContextOption {
	return func(o *contextOptions) { o.native.Name = name }
}

// WithFrozen makes a compartment: all that the context begins with is frozen, so that programs
// cannot change it for each other. It has no globals of the web.
func WithFrozen() ContextOption {
	return func(o *contextOptions) { o.native.Frozen = true }
}

// WithoutEval has eval and Function throw an EvalError.
func WithoutEval() ContextOption {
	return func(o *contextOptions) { o.native.NoCodeFromStrings = true }
}

// NewContext makes a context. It never gives nil: when one cannot be made, Err says why, and so does
// everything that is tried with it.
func (iso *Isolate) NewContext(options ...ContextOption) *Context {
	var o contextOptions
	for _, option := range options {
		option(&o)
	}
	ctx := &Context{iso: iso, callers: &callers{}}
	if ctx.err = iso.enter(nil); ctx.err != nil {
		return ctx
	}
	defer iso.leave()
	if o.global != nil {
		if ctx.err = o.global.usableIn(iso, "NewContext"); ctx.err != nil {
			return ctx
		}
		o.native.Global = o.global.template.handle
	}
	iso.sweep()
	iso.filled.see(iso.isolate, native.Kept(iso.handle))
	iso.next++
	handle, status := native.NewContext(iso.handle, o.native, iso.next)
	if status != native.OK {
		ctx.err = statusError("NewContext", status)
		return ctx
	}
	ctx.handle = handle
	ctx.number = iso.next
	iso.opened[ctx.number] = weak.Make(ctx)
	ctx.cleanup = runtime.AddCleanup(ctx, func(o orphan) { o.debts.addContext(o.handle, o.callers.take()) },
		orphan{iso.debts, handle, ctx.callers})
	if err := ctx.furnish(&o); err != nil {
		_ = ctx.Close()
		ctx.err = err
	}
	return ctx
}

// sweep forgets the numbers of contexts that were forgotten, at times.
func (iso *Isolate) sweep() {
	if len(iso.opened)%64 != 63 {
		return
	}
	for number, opened := range iso.opened {
		if opened.Value() == nil {
			delete(iso.opened, number)
		}
	}
}

// orphan is a context that was forgotten.
type orphan struct {
	debts   *debts
	handle  unsafe.Pointer
	callers *callers
}

// Err is why there is no context: why it could not be made, or ErrClosed. Nil: there is one.
func (ctx *Context) Err() error {
	if err := ctx.enter(); err != nil {
		return err
	}
	ctx.leave()
	return nil
}

// Isolate is the isolate of the context.
func (ctx *Context) Isolate() *Isolate {
	if ctx == nil {
		return nil
	}
	return ctx.iso
}

// Close gives the context up; running anything in it is ErrClosed from now on. Its values can still
// be read, and its functions be called from other contexts. Closing twice is fine.
func (ctx *Context) Close() error {
	if ctx.enter() != nil {
		return nil
	}
	defer ctx.leave()
	native.FreeValues(ctx.iso.handle, ctx.callers.take())
	ctx.numbers.Release()
	status := native.FreeContext(ctx.handle)
	if status != native.OK {
		return statusError("Close", status)
	}
	ctx.cleanup.Stop()
	ctx.handle = nil
	delete(ctx.iso.opened, ctx.number)
	return nil
}

// enter takes the isolate for an operation in the context; leave gives it back.
func (ctx *Context) enter() error {
	if ctx == nil || ctx.err != nil || !ctx.iso.made() || !ctx.iso.lock.retake() {
		return ctx.enterUnder(nil)
	}
	// It is held already, as within Do.
	iso := ctx.iso.isolate
	if ctx.handle == nil || iso.handle == nil {
		defer iso.lock.give()
		return ctx.enterUnder(nil)
	}
	iso.tidy()
	iso.at = ctx
	return nil
}

// enterUnder is enter for an operation under a Go context, which may be nil: it bounds the wait.
func (ctx *Context) enterUnder(goctx context.Context) error {
	if ctx == nil {
		return errNoContext
	}
	if ctx.err != nil {
		return ctx.err
	}
	if err := ctx.iso.enter(goctx); err != nil {
		return err
	}
	if ctx.handle == nil {
		ctx.iso.leave()
		return ErrClosed
	}
	ctx.iso.at = ctx
	return nil
}

func (ctx *Context) leave() {
	ctx.iso.at = nil
	ctx.iso.leave()
}

// Global is the global object.
func (ctx *Context) Global() (*Object, error) {
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantValue)
	if status := native.Global(ctx.handle, frame); status != native.OK {
		return nil, ctx.failed("Global", status, frame)
	}
	return &Object{ctx.value(frame.Result)}, nil
}

// RunScript runs a classic script and gives its completion value. The origin names it in errors.
func (ctx *Context) RunScript(source, origin string) (*Value, error) {
	return ctx.eval("RunScript", native.Eval, source, origin)
}

// eval runs a script by one of the ways that there are.
func (ctx *Context) eval(op string, by func(unsafe.Pointer, *native.Frame) native.Status, source, origin string) (*Value, error) {
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantValue)
	var pins runtime.Pinner
	defer pins.Unpin()
	if err := ctx.sourceText(frame, &pins, source, origin); err != nil {
		return nil, err
	}
	if status := by(ctx.handle, frame); status != native.OK {
		return nil, ctx.failed(op, status, frame)
	}
	return ctx.value(frame.Result), nil
}
