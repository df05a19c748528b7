package isthmus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"isthmus/bindings/go/internal/native"
)

// PanicError is a panic of a Go function that JavaScript had called. JavaScript sees it as an Error,
// which it may catch.
type PanicError struct {
	Value any    // what the function panicked with
	Stack []byte // of the goroutine, at the panic
}

// Error gives "panic: Value".
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap is Value, if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// WithPanics has panics of Go functions that JavaScript calls go on as panics in the Go code that has
// called JavaScript, with the *PanicError as their value, unless JavaScript catches them on the way.
// By default they come out of JavaScript as errors.
func WithPanics() IsolateOption { return func(o *isolateOptions) { o.panics = true } }

// panicked is the error of a panic; one that goes on is the same.
func panicked(cause any) *PanicError {
	if already, ok := cause.(*PanicError); ok {
		return already
	}
	return &PanicError{cause, debug.Stack()}
}

// throwError has JavaScript see an error of Go's; within a callback.
func (ctx *Context) throwError(err error) native.Status {
	if thrown := thrownValue(err); thrown != nil {
		if handle, err := ctx.handleOf("", thrown); err == nil {
			return native.Throw(ctx.handle, handle)
		}
	}
	if ends(err) {
		return native.ErrTerminated
	}
	name := "Error"
	if conversion := (*ConversionError)(nil); errors.As(err, &conversion) {
		name = "TypeError"
	}
	id := ctx.iso.answers.add(err)
	return native.ThrowHost(ctx.handle, name, errorText(err), ctx.iso.number, id)
}

// thrownValue is the value that an error is in JavaScript; nil: it has none.
func thrownValue(err error) *Value {
	switch err := err.(type) {
	case *JSError:
		return err.Value
	case *Exception:
		return err.value()
	}
	return nil
}

// ends tells whether an error says that JavaScript was ended: what has called it is to end, too. An end
// that came with a Go context is only that of what ran under it.
func ends(err error) bool {
	return errors.Is(err, ErrTerminated) && !errors.Is(err, context.Canceled) &&
		!errors.Is(err, context.DeadlineExceeded)
}

// errorText is an error's text as C takes it, which ends with a NUL.
func errorText(err error) string { return strings.ReplaceAll(err.Error(), "\x00", "\\0") }

// goOn panics again with what a callback had panicked with.
func (ctx *Context) goOn(err error) error {
	if js, ok := err.(*JSError); ok && ctx.iso.panics {
		if again, ok := js.host.(*PanicError); ok {
			panic(again)
		}
	}
	return err
}
