package isthmus

import (
	"isthmus/bindings/go/internal/native"
)

// RegExp is an object that is a RegExp.
type RegExp struct{ *Object }

// NewRegExp makes a RegExp of a pattern and flags such as "gi". A JSError when they are none.
func NewRegExp(ctx *Context, pattern, flags string) (*RegExp, error) {
	if ctx == nil {
		return nil, argumentError("NewRegExp", "the context is nil")
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(1, native.WantValue)
	var p pins
	defer p.release(ctx)
	if err := ctx.text(frame, &p.Pinner, &frame.Args[0], pattern); err != nil {
		return nil, err
	}
	if err := cText("NewRegExp", "the flags", flags); err != nil {
		return nil, err
	}
	if !frame.CopyCString(&frame.Subject, flags) {
		return nil, statusError("NewRegExp", native.ErrLimit)
	}
	result, err := ctx.done("NewRegExp", native.Operate(native.OpRegExpNew, ctx.iso.handle, ctx.handle, frame), frame)
	if err != nil {
		return nil, err
	}
	return &RegExp{&Object{ctx.value(result.Value)}}, nil
}

// Source is the pattern, as r.source shows it.
func (r *RegExp) Source() (string, error) {
	result, err := ask("RegExp.Source", native.OpRegExpSource, r)
	return result.text, err
}

// Flags are the flags, in JavaScript's order.
func (r *RegExp) Flags() (string, error) {
	result, err := ask("RegExp.Flags", native.OpRegExpFlags, r)
	return result.text, err
}

// Test tells what r.test(text) does.
func (r *RegExp) Test(text string) (bool, error) {
	result, err := r.call("test", text)
	return result.IsTrue(), err
}

// Exec gives what r.exec(text) does: an array with properties, or null.
func (r *RegExp) Exec(text string) (*Value, error) { return r.call("exec", text) }

func (r *RegExp) call(method, text string) (*Value, error) {
	if r == nil {
		return nil, typeError("RegExp."+method, "a RegExp", nil)
	}
	return r.MethodCall(method, text)
}
