package isthmus

import (
	"context"
	"runtime"
	"sync/atomic"

	"isthmus/bindings/go/internal/native"
)

// Promise is a value that is a promise.
type Promise struct{ *Object }

func (p *Promise) value() *Value {
	if p == nil {
		return nil
	}
	return p.Object.value()
}

// AsPromise is v as a promise.
func (v *Value) AsPromise() (*Promise, error) {
	if !v.IsPromise() {
		return nil, typeError("AsPromise", "a promise", v)
	}
	return &Promise{&Object{v}}, nil
}

// PromiseState is how far a promise is.
type PromiseState int

// The states of a promise.
const (
	Pending PromiseState = iota
	Fulfilled
	Rejected
)

// String gives "pending", "fulfilled" or "rejected".
func (s PromiseState) String() string {
	return [...]string{"pending", "fulfilled", "rejected"}[s]
}

// readPromise reads a promise; with throwing, a rejection is an error. The result, if it is wanted, is
// the caller's to free.
func (ctx *Context) readPromise(op string, promise native.Value, want uint32, throwing bool) (
	PromiseState, native.Value, error) {
	ctx.iso.handled(promise)
	frame := ctx.iso.frame()
	frame.Begin(0, want)
	frame.Subject = promise
	state, status := native.ReadPromise(ctx.handle, frame, throwing)
	switch {
	case status == native.ErrType:
		return 0, native.Value{}, typeError(op, "a promise", &Value{ctx: ctx, native: promise})
	case status != native.OK:
		return PromiseState(state), native.Value{}, ctx.failed(op, status, frame)
	}
	return PromiseState(state), frame.Result, nil
}

// operate runs fn with the promise's context entered.
func (p *Promise) operate(op string, fn func(ctx *Context, promise native.Value) error) error {
	v, ctx, err := subject(op, p)
	if err != nil {
		return err
	}
	if err := ctx.enter(); err != nil {
		return err
	}
	defer ctx.leave()
	promise, err := ctx.handleOf(op, v)
	if err != nil {
		return err
	}
	return fn(ctx, promise)
}

// State is how far the promise is; Pending also when it cannot be read any more.
func (p *Promise) State() (state PromiseState) {
	_ = p.operate("State", func(ctx *Context, promise native.Value) (err error) {
		state, _, err = ctx.readPromise("State", promise, native.WantNothing, false)
		return err
	})
	return state
}

// Result is what the promise is fulfilled with, or the reason of its rejection; undefined while it is
// pending, and nil when it cannot be read any more.
func (p *Promise) Result() (result *Value) {
	_ = p.operate("Result", func(ctx *Context, promise native.Value) error {
		_, value, err := ctx.readPromise("Result", promise, native.WantValue, false)
		if err == nil {
			result = ctx.value(value)
		}
		return err
	})
	return result
}

// Then is what promise.then(callbacks...) gives in JavaScript: the first is called with what the promise
// is fulfilled with, the second, if there is one, with the reason of its rejection. It gives nil when
// there are none or more, or the promise cannot be used any more.
func (p *Promise) Then(callbacks ...FunctionCallback) *Promise {
	switch len(callbacks) {
	case 1:
		return p.then(callbacks[0], nil)
	case 2:
		return p.then(callbacks[0], callbacks[1])
	}
	return nil
}

// Catch is what promise.catch(callback) gives in JavaScript; nil when the promise cannot be used any
// more.
func (p *Promise) Catch(callback FunctionCallback) *Promise { return p.then(nil, callback) }

func (p *Promise) then(callbacks ...FunctionCallback) (made *Promise) {
	const op = "Then"
	_ = p.operate(op, func(ctx *Context, promise native.Value) error {
		var reactions [2]native.Value
		for i, callback := range callbacks {
			if callback == nil {
				continue
			}
			reaction, free, err := ctx.lent(op, callback)
			if err != nil {
				return err
			}
			defer free()
			reactions[i] = reaction
		}
		ctx.iso.handled(promise)
		result, status := native.Then(ctx.handle, promise, reactions[0], reactions[1])
		if status != native.OK {
			return statusError(op, status)
		}
		result, err := ctx.iso.own(result)
		if err == nil {
			made = &Promise{&Object{ctx.value(result)}}
		}
		return err
	})
	return made
}

// Await waits until the promise is settled, running the isolate's event loop meanwhile, and gives what
// it is fulfilled with. A rejection is an error: a *JSError, in which errors.Is and As find the Go
// error that it came from. ctx bounds waiting, and the JavaScript that the loop runs.
//
// It is an error if nothing is left to happen in the isolate that could settle the promise: no timer,
// no job, no call of a Go function that is under way, no PromiseResolver that is to be settled. While
// JavaScript calls the running goroutine's function, only promises that are settled can be awaited.
//
// Any number of goroutines may wait in one isolate; it is free for others while they wait, unless the
// caller holds it by Do.
func (p *Promise) Await(ctx context.Context) (*Value, error) {
	v, in, err := subject("Await", p)
	if err != nil {
		return nil, err
	}
	if v.released.Load() {
		return nil, released("Await")
	}
	return in.awaitValue(ctx, v.native, v)
}

// awaitValue is await for a Value; keep is what must not be forgotten meanwhile.
func (ctx *Context) awaitValue(goctx context.Context, promise native.Value, keep any) (*Value, error) {
	defer runtime.KeepAlive(keep)
	result, err := ctx.await(goctx, promise)
	if err != nil {
		return nil, err
	}
	if err := ctx.iso.enter(nil); err != nil {
		return nil, err
	}
	defer ctx.leave()
	return ctx.value(result), nil
}

// await waits for a promise, which stays the caller's; the result is the caller's to free.
func (ctx *Context) await(goctx context.Context, promise native.Value) (native.Value, error) {
	const op = "Await"
	var settled chan struct{}
	for {
		result, pending, err := ctx.awaited(goctx, op, promise, &settled)
		if !pending {
			return result, err
		}
		alive, err := ctx.iso.runUntil(goctx, op, settled)
		if err != nil {
			return native.Value{}, err
		}
		if !alive {
			// It may have been settled by who has had the isolate before the last turn.
			result, pending, err := ctx.awaited(goctx, op, promise, &settled)
			if pending {
				err = &Error{Op: op, Status: native.ErrState.Name(), Message: "the promise is never settled: " +
					"nothing is left to happen in the isolate (no timer, no job, no call of Go's, no PromiseResolver)"}
			}
			return result, err
		}
	}
}

// awaited reads a promise, and if it is pending has settled closed when that has changed.
func (ctx *Context) awaited(goctx context.Context, op string, promise native.Value,
	settled *chan struct{}) (result native.Value, pending bool, err error) {
	if err := ctx.enterUnder(goctx); err != nil {
		return result, false, err
	}
	defer ctx.leave()
	state, result, err := ctx.readPromise(op, promise, native.WantValue, true)
	if err == nil && state == Pending {
		err = ctx.iso.notCalled(op)
	}
	if err != nil || state != Pending || *settled != nil {
		return result, err == nil && state == Pending, err
	}
	*settled = make(chan struct{})
	return result, true, ctx.watch(op, promise, closing(*settled))
}

// closing closes a channel, and has who drives the loop look. It knows no more, since JavaScript may
// keep it for long.
func closing(settled chan struct{}) answer {
	return func(ctx *Context, _ *native.CallInfo) native.Status {
		close(settled)
		ctx.iso.loop.wake()
		return native.OK
	}
}

// watch has Go's function called once when a promise is settled; with the isolate entered.
func (ctx *Context) watch(op string, promise native.Value, then answer) error {
	id := ctx.iso.answers.add(then)
	if status := native.WatchPromise(ctx.handle, promise, ctx.iso.number, id); status != native.OK {
		return statusError(op, status)
	}
	return nil
}

// Await waits for a value as await does in JavaScript: for a promise as Promise.Await does; anything
// else is there already. The result is a T as of Unmarshal.
func Await[T any](ctx context.Context, v Valuer) (T, error) {
	var made T
	settled := valueOf(v)
	if settled.IsPromise() {
		var err error
		if settled, err = (&Promise{&Object{settled}}).Await(ctx); err != nil {
			return made, err
		}
	}
	if into, ok := any(&made).(**Value); ok {
		*into = settled
		return made, nil
	}
	return made, Unmarshal(settled, &made)
}

// PromiseResolver settles a promise that was made for it. Any goroutine may do so.
//
// As long as it is neither settled nor forgotten, the isolate's loop has something to wait for.
type PromiseResolver struct {
	promise *Promise
	over    func() // says that nothing is under way any more
	settled atomic.Bool
}

// NewPromiseResolver makes a pending promise and its resolver.
func NewPromiseResolver(ctx *Context) (*PromiseResolver, error) {
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	made, status := native.NewPromise(ctx.handle)
	if status != native.OK {
		return nil, statusError("NewPromiseResolver", status)
	}
	promise, err := ctx.stay(made)
	if err != nil {
		return nil, err
	}
	resolver := &PromiseResolver{promise: &Promise{&Object{promise}}, over: ctx.iso.underWay()}
	runtime.AddCleanup(resolver, func(over func()) { over() }, resolver.over)
	return resolver, nil
}

// GetPromise is the promise.
func (r *PromiseResolver) GetPromise() *Promise {
	if r == nil {
		return nil
	}
	return r.promise
}

// Resolve fulfils the promise with a value: a Value or one of its kin, of which a promise is followed,
// or what Marshal takes. What cannot be marshalled rejects it. It tells whether this call was the
// first to settle it. Reactions have run when it returns, unless JavaScript runs.
func (r *PromiseResolver) Resolve(x any) bool { return r.settle(x, false) }

// Reject rejects the promise: with an error, which comes back out of JavaScript as itself, or with a
// value as of Resolve. It tells whether this call was the first to settle the promise.
func (r *PromiseResolver) Reject(reason any) bool { return r.settle(reason, true) }

func (r *PromiseResolver) settle(x any, rejected bool) bool {
	if r == nil || r.promise == nil || r.settled.Swap(true) {
		return false
	}
	defer r.over()
	var err error
	wrong := r.promise.ctx.iso.perform(false, func() { err = r.promise.settle(x, rejected) })
	runtime.KeepAlive(r)
	return wrong == nil && err == nil
}

func (p *Promise) settle(x any, rejected bool) error {
	const op = "Resolve"
	return p.operate(op, func(ctx *Context, promise native.Value) error {
		value, free, err := ctx.reason(op, x, rejected)
		if err != nil {
			rejected = true
			value, free = ctx.errorValue(err)
		}
		defer free()
		if status := native.SettlePromise(ctx.handle, promise, value, rejected); status != native.OK {
			return statusError(op, status)
		}
		if ctx.iso.inside == 0 {
			native.RunMicrotasks(ctx.iso.handle)
		}
		ctx.iso.claim(p.value())
		return nil
	})
}

// reason is what a promise is settled with.
func (ctx *Context) reason(op string, x any, rejected bool) (v native.Value, free func(), err error) {
	if problem, ok := x.(error); ok && rejected {
		v, free = ctx.errorValue(problem)
		return v, free, nil
	}
	return ctx.lent(op, x)
}

// lent is a value for an operation: that of a Value, or one that is made by Marshal and to be freed.
func (ctx *Context) lent(op string, x any) (v native.Value, free func(), err error) {
	if valuer, ok := x.(Valuer); ok {
		v, err = ctx.handleOf(op, valueOf(valuer))
		return v, func() {}, err
	}
	v, err = ctx.marshal(x)
	return v, func() { native.FreeValues(ctx.iso.handle, []native.Value{v}) }, err
}

// stay makes a Value that outlives every scope of a handle that a function of isthmus.h has given last.
func (ctx *Context) stay(v native.Value) (*Value, error) {
	if ctx.iso.inside == 0 && ctx.iso.temporaries == nil || !v.IsHandle() {
		return ctx.lastingValue(v), nil
	}
	kept, status := native.Keep(ctx.iso.handle, v)
	native.FreeValues(ctx.iso.handle, []native.Value{v})
	if status != native.OK {
		return nil, statusError("", status)
	}
	return ctx.lastingValue(kept), nil
}

// errorValue is an error as JavaScript sees it: the very value that JavaScript has thrown, or a new
// one, which stands for Go's.
func (ctx *Context) errorValue(err error) (v native.Value, free func()) {
	return ctx.errorSaying(err, err.Error())
}

func (ctx *Context) errorSaying(err error, message string) (v native.Value, free func()) {
	name := "Error"
	if js, ok := err.(*JSError); ok {
		if v, err := ctx.handleOf("", js.Value); err == nil && v.IsHandle() {
			return v, func() {}
		}
		if js.Name != "" {
			name, message = js.Name, js.Message
		}
	}
	made := native.NewHostError(ctx.handle, name, message, ctx.iso.number, ctx.iso.answers.add(err))
	return made.Value(), made.Free
}

// PerformMicrotaskCheckpoint runs the reactions to promises that are queued, which otherwise run when
// the outermost call into JavaScript returns.
func (ctx *Context) PerformMicrotaskCheckpoint() {
	if ctx.enter() == nil {
		defer ctx.leave()
		native.RunMicrotasks(ctx.iso.handle)
	}
}
