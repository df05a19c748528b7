package isthmus

import (
	"context"
	"runtime"

	"isthmus/bindings/go/internal/native"
)

// Scope is an isolate that the running goroutine holds; see Do.
type Scope struct {
	iso  *Isolate
	over bool // Do has returned
}

// Isolate is the isolate that is held.
func (s *Scope) Isolate() *Isolate { return s.iso }

// Do holds the isolate for the running goroutine, and the goroutine on its thread, while fn runs:
// operations within are several times faster, and no other goroutine comes between. It gives what fn
// gives. It may be nested.
func (iso *Isolate) Do(fn func(*Scope) error) error {
	return iso.DoContext(context.Background(), fn)
}

// DoContext is Do under a Go context: when that ends, so does the JavaScript that runs within, with an
// error that is context.DeadlineExceeded or context.Canceled, and so does waiting for the isolate.
func (iso *Isolate) DoContext(ctx context.Context, fn func(*Scope) error) error {
	if err := iso.enter(ctx); err != nil {
		return waited("Do", ctx, err)
	}
	defer iso.leave()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if status := native.Enter(iso.handle); status != native.OK {
		return statusError("Do", status)
	}
	defer func() {
		if iso.handle != nil && native.Leave(iso.handle) != native.OK {
			iso.lose() // as another isolate was, which this thread has entered within
		}
	}()
	scope := &Scope{iso: iso}
	defer func() { scope.over = true }()
	return iso.within(ctx, "Do", func() error { return fn(scope) })
}
