package isthmus

import (
	"fmt"
	"unicode/utf8"

	"isthmus/bindings/go/internal/native"
)

// Exception is a value that is an Error of JavaScript's. It is an error of Go's, too: a callback that
// returns one throws it. What JavaScript throws comes as a JSError.
type Exception struct {
	*Value
	err error // why there is no value
}

func (e *Exception) value() *Value {
	if e == nil {
		return nil
	}
	return e.Value
}

// NewError makes an Error. It never gives nil: when none can be made, Err says why.
func NewError(ctx *Context, message string) *Exception { return newException(ctx, "Error", message) }

// NewTypeError makes a TypeError, as NewError does.
func NewTypeError(ctx *Context, message string) *Exception {
	return newException(ctx, "TypeError", message)
}

// NewRangeError makes a RangeError, as NewError does.
func NewRangeError(ctx *Context, message string) *Exception {
	return newException(ctx, "RangeError", message)
}

// NewSyntaxError makes a SyntaxError, as NewError does.
func NewSyntaxError(ctx *Context, message string) *Exception {
	return newException(ctx, "SyntaxError", message)
}

// NewReferenceError makes a ReferenceError, as NewError does.
func NewReferenceError(ctx *Context, message string) *Exception {
	return newException(ctx, "ReferenceError", message)
}

// NewWasmCompileError makes a WebAssembly.CompileError, as NewError does.
func NewWasmCompileError(ctx *Context, message string) *Exception {
	return newWasmError(ctx, "CompileError", message)
}

// NewWasmLinkError makes a WebAssembly.LinkError, as NewError does.
func NewWasmLinkError(ctx *Context, message string) *Exception {
	return newWasmError(ctx, "LinkError", message)
}

// NewWasmRuntimeError makes a WebAssembly.RuntimeError, as NewError does.
func NewWasmRuntimeError(ctx *Context, message string) *Exception {
	return newWasmError(ctx, "RuntimeError", message)
}

// newWasmError makes an error by its constructor, which only JavaScript has.
func newWasmError(ctx *Context, name, message string) *Exception {
	constructor, err := ctx.wasm(name)
	if err != nil {
		return &Exception{err: err}
	}
	defer constructor.Release()
	made, err := constructor.NewInstance(message)
	if err != nil {
		return &Exception{err: err}
	}
	return &Exception{Value: made.Value}
}

func (ctx *Context) wasm(name string) (*Function, error) {
	if ctx == nil {
		return nil, argumentError("NewWasm"+name, "the context is nil")
	}
	global, err := ctx.Global()
	if err != nil {
		return nil, err
	}
	defer global.Release()
	namespace, err := global.Get("WebAssembly")
	if err != nil {
		return nil, err
	}
	defer namespace.Release()
	constructor, err := (&Object{namespace}).Get(name)
	if err != nil {
		return nil, err
	}
	return constructor.AsFunction()
}

func newException(ctx *Context, name, message string) *Exception {
	v, err := ctx.newError("New"+name, name, message)
	return &Exception{v, err}
}

func (ctx *Context) newError(op, name, message string) (*Value, error) {
	if ctx == nil {
		return nil, argumentError(op, "the context is nil")
	}
	if !utf8.ValidString(message) {
		return nil, &ConversionError{Go: "string", JavaScript: name, Message: "the message is not valid UTF-8"}
	}
	if err := cText(op, "the message", message); err != nil {
		return nil, err
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantValue)
	result, err := ctx.done(op, native.NewError(ctx.handle, name, message, frame), frame)
	if err != nil {
		return nil, err
	}
	return ctx.value(result.Value), nil
}

// Err is why there is no value; nil: there is one.
func (e *Exception) Err() error { return e.err }

// Error gives what String(e) does, such as "TypeError: no".
func (e *Exception) Error() string {
	if e == nil {
		return "<nil>"
	}
	if e.err != nil {
		return e.err.Error()
	}
	return e.String()
}

// Format writes the error as Error gives it.
func (e *Exception) Format(state fmt.State, verb rune) {
	if e == nil || e.err != nil {
		_, _ = fmt.Fprint(state, e.Error())
		return
	}
	e.Value.Format(state, verb)
}

// Unwrap is why there is no value.
func (e *Exception) Unwrap() error { return e.err }

// Is tells whether another error is the same Error of JavaScript's.
func (e *Exception) Is(other error) bool {
	with, ok := other.(*Exception)
	return ok && e != nil && with != nil && e.Value != nil && e.StrictEquals(with)
}
