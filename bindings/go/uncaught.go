package isthmus

import (
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"

	"isthmus/bindings/go/internal/native"
)

// WithUncaught sets who is told of errors that nobody in JavaScript catches: what timers and jobs
// throw, and rejections that nobody handles. By default slog.Default() is.
//
// A promise that was rejected when Go was given it, that of a PromiseResolver, and one that is awaited,
// are Go's affair: the rejection is told when the Value is forgotten without anybody having looked at
// it. The rest is told when the operation is over that has made it, by the goroutine that has called
// it. report may use the isolate.
func WithUncaught(report func(error)) IsolateOption {
	return func(o *isolateOptions) {
		if report != nil {
			o.uncaught = report
		}
	}
}

func logUncaught(err error) {
	attributes := []any{slog.String("error", err.Error())}
	var js *JSError
	if errors.As(err, &js) && js.StackTrace != "" {
		attributes = append(attributes, slog.String("stack", js.StackTrace))
	}
	slog.Error("uncaught in JavaScript", attributes...)
}

// rejection is an error that nobody in JavaScript has caught.
type rejection struct {
	err     error
	promise native.Value // that was rejected, to be freed; undefined: none was
	owned   bool         // Go has the promise
	over    atomic.Bool  // somebody was told of it, or has looked at the promise
}

func (r *rejection) tell(report func(error)) {
	if !r.over.Swap(true) {
		report(r.err)
	}
}

// rejections are those that are not over. They are used with the isolate entered.
type rejections struct {
	report func(error)
	all    []*rejection
}

func (r *rejections) add(one *rejection) { r.all = append(r.all, one) }

// sweep forgets those that are over.
func (r *rejections) sweep(debts *debts) {
	kept := r.all[:0]
	for _, each := range r.all {
		if !each.over.Load() {
			kept = append(kept, each)
		} else if each.promise.IsHandle() {
			debts.add(each.promise)
		}
	}
	clear(r.all[len(kept):])
	r.all = kept
}

// settle tells of what has no owner in Go. An operation is over.
func (iso *Isolate) settleRejections() {
	for i := 0; i < len(iso.rejections.all); i++ {
		if each := iso.rejections.all[i]; !each.owned {
			each.tell(iso.rejections.report)
		}
	}
	iso.rejections.sweep(iso.debts)
}

// claim has a Value own the rejection of its promise, if it is one and was rejected.
func (iso *Isolate) claim(made *Value) {
	for _, each := range iso.rejections.all {
		if each.owned || !native.Same(iso.handle, each.promise, made.native) {
			continue
		}
		each.owned = true
		report := iso.rejections.report
		runtime.AddCleanup(made, func(r *rejection) { go r.tell(report) }, each)
	}
}

// handled says that somebody looks at a promise.
func (iso *Isolate) handled(promise native.Value) {
	if len(iso.rejections.all) == 0 {
		return
	}
	for _, each := range iso.rejections.all {
		if native.Same(iso.handle, each.promise, promise) && !each.over.Swap(true) {
			each.err.(*JSError).Value.Release() // nobody will be told of it
		}
	}
	iso.rejections.sweep(iso.debts)
}

// uncaught takes an error that nobody has caught; ctx may be nil.
func (iso *Isolate) uncaught(ctx *Context, event *native.Event) {
	cause := event.Error(iso.handle)
	if ctx == nil {
		native.FreeValues(iso.handle, []native.Value{cause.Value})
		cause.Value = native.Value{}
		ctx = &Context{iso: iso}
	}
	one := &rejection{err: ctx.jsError(cause)}
	switch cause.Status {
	case native.ErrTerminated, native.ErrTimeout, native.ErrMemory:
		if iso.loop.turning > 0 {
			// Whoever turns the loop is given it.
			iso.loop.ended = one.err
			return
		}
	}
	if event.Value.IsHandle() {
		one.promise, _ = native.Keep(iso.handle, event.Value)
	}
	iso.rejections.add(one)
}
