package isthmus

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

type cpuLimit struct{}

// WithCPULimit gives a Go context that bounds the processor time of each thing that is run under it
// (RunScriptContext, CallContext, DoContext, …): more is an error that is context.DeadlineExceeded. The
// context itself does not end with that. Waiting takes no processor time. At 0 or less there is no limit.
func WithCPULimit(ctx context.Context, limit time.Duration) context.Context {
	return context.WithValue(ctx, cpuLimit{}, max(limit, 0))
}

// run is what runs in an isolate under a Go context.
type run struct {
	ctx   context.Context
	outer *run

	mu      sync.Mutex
	isolate unsafe.Pointer // nil: it is over
	number  uint64         // of its limits
}

// within runs fn, with the isolate entered, under a Go context: when that ends, so does the
// JavaScript that fn runs, and none of what runs later. ctx may be nil.
func (iso *isolate) within(ctx context.Context, op string, fn func() error) error {
	if ctx == nil {
		return fn()
	}
	outer := iso.running
	defer func() { iso.running = outer }()
	iso.running = ctx
	cpu, _ := ctx.Value(cpuLimit{}).(time.Duration)
	if ctx.Done() == nil && cpu == 0 {
		return fn()
	}
	if err := ctx.Err(); err != nil {
		return contextError(op, ctx, err)
	}
	var wall time.Duration
	if deadline, ok := ctx.Deadline(); ok {
		if wall = time.Until(deadline); wall <= 0 {
			return contextError(op, ctx, context.DeadlineExceeded)
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	number, status := native.LimitsBegin(iso.handle, wall, cpu)
	if status != native.OK {
		return statusError(op, status)
	}
	defer func() {
		if iso.handle != nil {
			native.LimitsEnd(iso.handle)
		}
	}()
	r := &run{ctx: ctx, outer: iso.run, isolate: iso.handle, number: number}
	iso.run = r
	defer func() { iso.run = r.outer }()
	stop := context.AfterFunc(ctx, r.cancel)
	defer func() {
		if !stop() {
			r.end()
		}
	}()
	return fn()
}

// cancel ends what runs within it, unless it is over; on a goroutine of its own.
func (r *run) cancel() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isolate != nil {
		native.LimitsCancel(r.isolate, r.number)
	}
}

// end has cancel do nothing from now on.
func (r *run) end() {
	r.mu.Lock()
	r.isolate = nil
	r.mu.Unlock()
}

// explain has an error of what a limit has ended say which Go context that was.
func (r *run) explain(made *JSError) {
	for ; r != nil; r = r.outer {
		err := r.ctx.Err()
		if deadline, ok := r.ctx.Deadline(); err == nil && ok && !time.Now().Before(deadline) {
			err = context.DeadlineExceeded
		}
		if err != nil {
			made.Name, made.Message = "AbortError", err.Error()
			if err == context.DeadlineExceeded {
				made.Name = "TimeoutError"
			}
			made.err = withCause(r.ctx, err)
			return
		}
	}
}

// contextError is the error of what was not begun since its context has ended.
func contextError(op string, ctx context.Context, err error) error {
	status := native.ErrTerminated
	if errors.Is(err, context.DeadlineExceeded) {
		status = native.ErrTimeout
	}
	return &Error{Op: op, Status: status.Name(), Message: err.Error(), err: withCause(ctx, err)}
}

// waited is the error of waiting for an isolate under a Go context, which may be nil.
func waited(op string, ctx context.Context, err error) error {
	if ctx != nil && err == ctx.Err() {
		return contextError(op, ctx, err)
	}
	return err
}

// withCause adds why a context has ended, where somebody has said it.
func withCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && cause != err {
		return errors.Join(err, cause)
	}
	return err
}

// under runs fn in the context under a Go context, which bounds waiting for the isolate, too.
func (ctx *Context) under(goctx context.Context, op string, fn func() error) error {
	if err := ctx.enterUnder(goctx); err != nil {
		return waited(op, goctx, err)
	}
	defer ctx.leave()
	return ctx.iso.within(goctx, op, fn)
}

// RunScriptContext is RunScript under a Go context: when that ends, so does the script, with an error
// that is context.DeadlineExceeded or context.Canceled, and so does waiting for the isolate.
func (ctx *Context) RunScriptContext(goctx context.Context, source, origin string) (v *Value, err error) {
	err = ctx.under(goctx, "RunScriptContext", func() error {
		v, err = ctx.RunScript(source, origin)
		return err
	})
	return v, err
}
