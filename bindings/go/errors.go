package isthmus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"isthmus/bindings/go/internal/native"
)

// What errors are, for errors.Is.
var (
	// ErrClosed: the isolate or context was closed.
	ErrClosed = errors.New("isthmus: closed")
	// ErrReleased: the value was released.
	ErrReleased = errors.New("isthmus: the value was released")
	// ErrForeign: the value belongs to another isolate.
	ErrForeign = errors.New("isthmus: the value belongs to another isolate")
	// ErrTerminated: JavaScript was ended, by TerminateExecution.
	ErrTerminated = errors.New("isthmus: execution was terminated")
	// ErrLost: a Go function that JavaScript had called has ended its goroutine by runtime.Goexit, as
	// testing.T's FailNow does. The isolate cannot be used any more, and its memory is lost.
	ErrLost = errors.New("isthmus: the isolate is lost: a callback has called runtime.Goexit")
	// ErrOutOfMemory: the isolate has reached its heap limit, and all that is left to do is to close
	// it; or the process has no more memory.
	ErrOutOfMemory = errors.New("isthmus: out of memory")
	// ErrDied: the process that ran it, of a pool with IsolationProcess, has died.
	ErrDied = errors.New("isthmus: the process that ran it has died")
)

var (
	errNoIsolate = argumentError("", "the isolate was not made by NewIsolate")
	errNoContext = argumentError("", "the context is nil")
)

// Error is a failure that JavaScript has no part in: of an argument, a limit or the system.
type Error struct {
	Op      string // what was done, such as "NewContext"
	Status  string // the status of the C interface, such as "ERR_STATE"
	Message string
	err     error
}

// Error gives "isthmus: Op: Message".
func (e *Error) Error() string {
	if e.Op == "" {
		return "isthmus: " + e.Message
	}
	return "isthmus: " + e.Op + ": " + e.Message
}

// Unwrap gives what stands behind it, such as ErrOutOfMemory.
func (e *Error) Unwrap() error { return e.err }

// behind is what errors.Is finds in an error with this status.
func behind(status native.Status) error {
	switch status {
	case native.ErrTerminated:
		return ErrTerminated
	case native.ErrMemory:
		return ErrOutOfMemory
	case native.ErrDied:
		return ErrDied
	case native.ErrTimeout:
		return context.DeadlineExceeded
	}
	return nil
}

// statusError is the error of a status for which there is nothing else to say.
func statusError(op string, status native.Status) error {
	return &Error{Op: op, Status: status.Name(), Message: status.String(), err: behind(status)}
}

// Frame is a call on the stack when an error was made.
type Frame struct {
	Function, Script string
	Line, Column     int // from 1; 0 when unknown
}

// JSError is what JavaScript threw, or why it could not run or go on.
type JSError struct {
	// Name is the class, such as "TypeError"; "" when what was thrown is no Error.
	Name string
	// Message is the text without the class.
	Message string
	// Location is "file:line:column", as far as it is known.
	Location string
	// StackTrace is the stack as JavaScript shows it, its first line repeating name and message.
	StackTrace string
	// SourceLine is the text of the line.
	SourceLine string
	// Frames is the stack, innermost first.
	Frames []Frame
	// Cause is the error's cause, when that is an error.
	Cause *JSError
	// Value is what was thrown; nil when nothing was.
	Value *Value

	host error // what a Go callback had given or panicked with
	err  error
}

// Error gives "Name: Message".
func (e *JSError) Error() string {
	if e.Name == "" {
		return e.Message
	}
	if e.Message == "" {
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// Unwrap gives the error that a Go callback had returned, where that is what JavaScript threw on;
// the cause; and what errors.Is looks for, such as ErrTerminated or context.DeadlineExceeded.
func (e *JSError) Unwrap() []error {
	var all []error
	for _, each := range []error{e.host, e.err} {
		if each != nil {
			all = append(all, each)
		}
	}
	if e.Cause != nil {
		all = append(all, e.Cause)
	}
	return all
}

// Format writes the stack, too, for %+v; where there is none, as of what does not parse, the place.
func (e *JSError) Format(state fmt.State, verb rune) {
	text := e.Error()
	switch {
	case verb == 'q':
		text = strconv.Quote(text)
	case verb == 'v' && state.Flag('+') && strings.Contains(e.StackTrace, "\n    at "):
		text = e.StackTrace
	case verb == 'v' && state.Flag('+') && e.Location != "":
		text += "\n    at " + e.Location
	}
	_, _ = io.WriteString(state, text)
}

// failed is the error of an operation in the frame that has ended with this status.
func (ctx *Context) failed(op string, status native.Status, frame *native.Frame) error {
	err := frame.TakeError(ctx.iso.handle)
	if err == nil {
		switch status {
		case native.ErrHandle:
			return &Error{Op: op, Status: status.Name(), Message: ErrForeign.Error(), err: ErrForeign}
		}
		return statusError(op, status)
	}
	if err.Value.Type == native.Undefined && err.File == "" && err.Name == "Error" && status != native.ErrException &&
		behind(status) == nil {
		return &Error{Op: op, Status: status.Name(), Message: err.Message}
	}
	return ctx.goOn(ctx.jsError(err))
}

func (ctx *Context) jsError(err *native.Error) *JSError {
	made := &JSError{
		Name: err.Name, Message: err.Message, StackTrace: err.Stack, SourceLine: err.SourceLine,
		err: behind(err.Status),
	}
	if err.Status == native.ErrTimeout {
		ctx.iso.run.explain(made)
	}
	if err.File != "" {
		var where strings.Builder
		where.WriteString(err.File)
		if err.Line > 0 {
			fmt.Fprintf(&where, ":%d", err.Line)
			if err.Column > 0 {
				fmt.Fprintf(&where, ":%d", err.Column)
			}
		}
		made.Location = where.String()
	}
	for _, frame := range err.Frames {
		made.Frames = append(made.Frames, Frame(frame))
	}
	if err.Value.Type != native.Undefined {
		made.Value = ctx.lastingValue(err.Value)
	}
	if err.Host != 0 {
		made.host = ctx.iso.answers.thrown(err.Host)
	}
	if err.Cause != nil {
		made.Cause = ctx.jsError(err.Cause)
	}
	return made
}
