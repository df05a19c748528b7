package isthmus

import "isthmus/bindings/go/internal/native"

// WithoutWeb leaves the web's globals out: the context has what the language itself has. Otherwise a
// context has the web's common minimum: console, timers, queueMicrotask, structuredClone, TextEncoder
// and so on, with which no access to files, processes or the network comes. Timers run with the
// isolate's loop: see Promise.Await and Isolate.RunLoop.
func WithoutWeb() ContextOption {
	return func(o *contextOptions) { o.noWeb = true }
}

// WithoutTimers leaves setTimeout and its kin out of the web's globals.
func WithoutTimers() ContextOption {
	return func(o *contextOptions) { o.noTimers = true }
}

// furnish gives a new context what it was made with.
func (ctx *Context) furnish(o *contextOptions) error {
	if !o.native.Frozen {
		if !o.noWeb {
			ctx.console = o.console
			status, err := native.AddWeb(ctx.handle, o.noTimers, ctx.iso.number, noHook)
			if status != native.OK {
				return ctx.refused("NewContext", status, err)
			}
		}
		if status := native.SetLoader(ctx.handle, ctx.iso.number, noHook); status != native.OK {
			return statusError("NewContext", status)
		}
	} else if len(o.resolvers) > 0 || len(o.libraries) > 0 {
		return &Error{Op: "NewContext", Status: native.ErrState.Name(),
			Message: "a frozen context takes no modules and no libraries"}
	}
	ctx.modules.resolvers = o.resolvers
	ctx.modules.meta = o.meta
	return ctx.grant(o.libraries)
}

// refused is the error of what a function of isthmus.h has refused: what JavaScript has thrown, or
// what the function says itself. err may be nil.
func (ctx *Context) refused(op string, status native.Status, err *native.Error) error {
	switch {
	case status == native.OK:
		return nil
	case err == nil:
		return statusError(op, status)
	case status == native.ErrException || status == native.ErrSyntax || behind(status) != nil:
		return ctx.jsError(err)
	}
	if ctx != nil {
		native.FreeValues(ctx.iso.handle, []native.Value{err.Value})
	}
	return &Error{Op: op, Status: status.Name(), Message: err.Message}
}
