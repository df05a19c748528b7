package clib

import (
	"errors"
	"fmt"
	"strconv"
)

// What an [Error] is, for [errors.Is].
var (
	// ErrArgument: an argument is not what C takes.
	ErrArgument = errors.New("invalid argument")
	// ErrRange: a number or a length is out of its range.
	ErrRange = errors.New("out of range")
	// ErrClosed: the object is closed, was given away, or its time is over.
	ErrClosed = errors.New("closed")
	// ErrState: it cannot be done now.
	ErrState = errors.New("not possible in this state")
	// ErrNull: C gave NULL where the interface file promises something.
	ErrNull = errors.New("NULL")
	// ErrMissing: the version of the library that is there lacks the function.
	ErrMissing = errors.New("missing function")
)

// An Error says what is wrong with a call: where, what was expected, what came. It is one of this
// package's errors for [errors.Is].
type Error struct {
	Library   string
	Function  string
	Parameter string // or ""
	Text      string
	Kind      error
}

func (e *Error) Error() string {
	if e.Library == "" { // of a union, outside of any call
		return e.Parameter + ": " + e.Text
	}
	if e.Parameter == "" {
		return e.Library + "." + e.Function + ": " + e.Text
	}
	return e.Library + "." + e.Function + ": " + e.Parameter + ": " + e.Text
}

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }

// fail makes an error; without a function it is that of a field, which At completes.
func (f *Function) fail(kind error, parameter, text string) error {
	if f == nil {
		return &Error{Parameter: parameter, Text: text, Kind: kind}
	}
	return &Error{Library: f.Library.Name, Function: f.Name, Parameter: parameter, Text: text, Kind: kind}
}

func (f *Function) state(parameter, text string) error { return f.fail(ErrState, parameter, text) }

// Expected is the error of an argument: "expected WHAT, got GOT".
func (f *Function) Expected(parameter, what string, got any) error {
	return f.fail(ErrArgument, parameter, "expected "+what+", got "+shown(got))
}

// Wrong is the error of an argument, in its own words.
func (f *Function) Wrong(parameter, text string) error { return f.fail(ErrArgument, parameter, text) }

// OutOfRange is the error of a number: "expected WHAT, got GOT".
func (f *Function) OutOfRange(parameter, what string, got any) error {
	return f.fail(ErrRange, parameter, "expected "+what+", got "+shown(got))
}

// Null is the error of a result, or of an output, that is NULL.
func (f *Function) Null(output string) error {
	if output == "" {
		return f.fail(ErrNull, "", "the result is NULL")
	}
	return f.fail(ErrNull, output, "the result is NULL")
}

// Missing is the error of a function that the library lacks.
func (f *Function) Missing() error {
	return f.fail(ErrMissing, "", "this version of the library lacks it")
}

func shown(value any) string {
	switch v := value.(type) {
	case nil:
		return "nil"
	case string:
		if len([]rune(v)) > 40 {
			v = string([]rune(v)[:40]) + "…"
		}
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	}
	return fmt.Sprint(value)
}

func article(name string) string {
	if name != "" {
		switch name[0] {
		case 'A', 'E', 'I', 'O', 'a', 'e', 'i', 'o':
			return "an " + name
		}
	}
	return "a " + name
}

// A Failure is what the errors of interface files have in common.
type Failure struct {
	Library  string
	Function string
	Code     int64
	Message  string
}

func (f *Failure) Error() string { return f.Library + "." + f.Function + ": " + f.Message }

// Matches tells whether a failure is what another describes, whose empty members stand for
// anything but the code.
func (f *Failure) Matches(other *Failure) bool {
	return f.Code == other.Code && (other.Message == "" || f.Message == other.Message) &&
		(other.Library == "" || f.Library == other.Library) &&
		(other.Function == "" || f.Function == other.Function)
}

// Failed gives the failure of a call. An empty message becomes "failed with CODE".
func (f *Function) Failed(code int64, coded bool, message string) Failure {
	if message == "" && coded {
		message = "failed with " + strconv.FormatInt(code, 10)
	} else if message == "" {
		message = "failed"
	}
	return Failure{Library: f.Library.Name, Function: f.Name, Code: code, Message: message}
}
