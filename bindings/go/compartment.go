package isthmus

import (
	"context"

	"isthmus/bindings/go/internal/native"
)

// RunCompartment runs a program whose declarations end with it, and gives its completion value: the
// same program can be run again and again in one context. What it gives to the global object stays
// until Sweep. In a context made WithFrozen that is all that one program can leave to the next.
func (ctx *Context) RunCompartment(source, origin string) (*Value, error) {
	return ctx.eval("RunCompartment", native.CompartmentEval, source, origin)
}

// RunCompartmentContext is RunCompartment under a Go context, as RunScriptContext is RunScript.
func (ctx *Context) RunCompartmentContext(goctx context.Context, source, origin string) (v *Value, err error) {
	err = ctx.under(goctx, "RunCompartmentContext", func() error {
		v, err = ctx.RunCompartment(source, origin)
		return err
	})
	return v, err
}

// Sweep takes away what programs have left in a context made WithFrozen: after it, no program finds
// that another one has run, if they came by RunCompartment. An error says that the context is not
// frozen, that JavaScript runs in the isolate, or that a program has spoilt it: it is to be closed then,
// and another one made.
func (ctx *Context) Sweep() error {
	if err := ctx.enter(); err != nil {
		return err
	}
	defer ctx.leave()
	if status := native.Sweep(ctx.handle); status != native.OK {
		return statusError("Sweep", status)
	}
	return nil
}
