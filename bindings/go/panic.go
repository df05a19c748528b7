package isthmus

import (
	"fmt"
	"runtime/debug"
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

func panicked(cause any) *PanicError { return &PanicError{cause, debug.Stack()} }
