package isthmus

import (
	"time"

	"isthmus/bindings/go/internal/native"
)

// Date is an object that is a Date: a moment, to the millisecond.
type Date struct{ *Object }

// NewDate makes a Date of a time, to the millisecond below. One beyond 100 million days from 1970 is a
// ConversionError.
func NewDate(ctx *Context, t time.Time) (*Date, error) {
	milliseconds, err := dateOf(t)
	if err != nil {
		return nil, err
	}
	v, err := ctx.make("NewDate", native.OpDateNew, milliseconds)
	if err != nil {
		return nil, err
	}
	return &Date{&Object{v}}, nil
}

// Time is the moment, in UTC. An invalid Date is a ConversionError.
func (d *Date) Time() (time.Time, error) {
	result, err := ask("Date.Time", native.OpDateRead, d)
	if err != nil {
		return time.Time{}, err
	}
	return timeOf(result.number())
}
