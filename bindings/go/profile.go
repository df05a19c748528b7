package isthmus

import (
	"io"
	"math"
	"time"

	"isthmus/bindings/go/internal/native"
)

// Profile records where the JavaScript that fn runs in the isolate spends its time, holding the
// isolate as Do does, and writes the record in the form of a .cpuprofile file, as Chrome DevTools
// opens. The stack is looked at once in an interval, at least a microsecond and less than 35 minutes;
// 0: a millisecond. It gives fn's error, or else why the record could not be written. One profile at
// a time.
func (iso *Isolate) Profile(w io.Writer, interval time.Duration, fn func() error) error {
	const op = "Profile"
	if w == nil || fn == nil {
		return argumentError(op, "the writer or the function is nil")
	}
	if interval < 0 || interval != 0 && interval < time.Microsecond || interval.Microseconds() > math.MaxInt32 {
		return &Error{Op: op, Status: native.ErrArgument.Name(),
			Message: "the interval is less than a microsecond, or more than 35 minutes: " + interval.String()}
	}
	return iso.Do(func(*Scope) (err error) {
		switch status := native.StartProfile(iso.handle, interval); status {
		case native.OK:
		case native.ErrState:
			return &Error{Op: op, Status: status.Name(), Message: "the isolate is being profiled already"}
		default:
			return statusError(op, status)
		}
		defer func() {
			wrong := iso.document(op, w, func(id uint64) native.Status {
				return native.StopProfile(iso.handle, iso.number, id)
			})
			if err == nil {
				err = wrong
			}
		}()
		return fn()
	})
}
