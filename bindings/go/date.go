package isthmus

import (
	"math"
	"time"

	"isthmus/bindings/go/internal/native"
)

// Date is an object that is a Date: a moment, to the millisecond.
type Date struct{ *Object }

// NewDate makes a Date of a time, to the millisecond below. One beyond 100 million days from 1970 is a
// ConversionError.
func NewDate(ctx *Context, t time.Time) (*Date, error) {
	milliseconds, err := dateMilliseconds(t)
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
	return dateTime(result.number())
}
func dateMilliseconds(x time.Time) (float64, error) {
	const most = 864e13
	seconds := float64(x.Unix())
	milliseconds := seconds*1000 + float64(x.Nanosecond()/1e6)
	if math.Abs(seconds) > most/1000 || math.Abs(milliseconds) > most {
		return 0, &ConversionError{Go: "time.Time", JavaScript: "Date", Message: x.String() + " is out of range"}
	}
	return milliseconds, nil
}
func dateTime(milliseconds float64) (time.Time, error) {
	if math.IsNaN(milliseconds) {
		return time.Time{}, &ConversionError{Go: "time.Time", JavaScript: "Date", Message: "it is invalid"}
	}
	return time.UnixMilli(int64(milliseconds)).UTC(), nil
}
