package isthmus

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"isthmus/bindings/go/internal/native"
)

// fresh makes an isolate and a context for a test.
func fresh(t testing.TB, options ...ContextOption) *Context {
	t.Helper()
	iso := NewIsolate()
	t.Cleanup(func() { _ = iso.Close() })
	ctx := iso.NewContext(options...)
	if err := ctx.Err(); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// eval runs a script that does not fail.
func eval(t testing.TB, ctx *Context, source string) *Value {
	t.Helper()
	v, err := ctx.RunScript(source, "test.js")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// text runs a script and gives its value as text.
func text(t testing.TB, ctx *Context, source string) string {
	t.Helper()
	return eval(t, ctx, source).String()
}

func promiseOf(t testing.TB, ctx *Context, source string) *Promise {
	t.Helper()
	promise, err := eval(t, ctx, source).AsPromise()
	if err != nil {
		t.Fatal(err)
	}
	return promise
}

// give sets a global to a function of Go's.
func give(t testing.TB, ctx *Context, name string, fn func() error) {
	t.Helper()
	if err := ctx.enter(); err != nil {
		t.Fatal(err)
	}
	defer ctx.leave()
	made, err := ctx.newFunction(name, func(ctx *Context, _ *native.CallInfo) native.Status {
		if err := fn(); err != nil {
			return ctx.throwError(err)
		}
		return native.OK
	})
	if err != nil {
		t.Fatal(err)
	}
	global, err := ctx.Global()
	if err == nil {
		err = global.Set(name, ctx.value(made))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// says fails unless an error has this text.
func says(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}

const neverSettled = "isthmus: Await: the promise is never settled: nothing is left to happen in the isolate " +
	"(no timer, no job, no call of Go's, no PromiseResolver)"

func TestAwait(t *testing.T) {
	ctx := fresh(t)
	for _, source := range []string{
		"Promise.resolve(42)",
		"new Promise(resolve => setTimeout(resolve, 5, 42))",
		"(async () => { await null; await new Promise(r => setTimeout(r)); return 42 })()",
	} {
		v, err := promiseOf(t, ctx, source).Await(context.Background())
		if err != nil || v.String() != "42" {
			t.Fatal(source, v, err)
		}
	}
}

func TestAwaitRejection(t *testing.T) {
	ctx := fresh(t)
	for _, source := range []string{
		"Promise.reject(new TypeError('no'))",
		"new Promise((_, reject) => setTimeout(() => reject(new TypeError('no')), 1))",
	} {
		_, err := promiseOf(t, ctx, source).Await(context.Background())
		var js *JSError
		if !errors.As(err, &js) || js.Name != "TypeError" || js.Message != "no" ||
			!strings.HasPrefix(js.StackTrace, "TypeError: no\n    at test.js:1:") {
			t.Fatalf("%s: %+v", source, err)
		}
	}
	_, err := promiseOf(t, ctx, "Promise.reject(17)").Await(context.Background())
	var js *JSError
	if !errors.As(err, &js) || js.Value.String() != "17" {
		t.Fatal(err)
	}
}

func TestPromiseStates(t *testing.T) {
	ctx := fresh(t)
	for _, each := range []struct {
		source string
		state  PromiseState
		shown  string
		result string
	}{
		{"new Promise(() => {})", Pending, "pending", "undefined"},
		{"Promise.resolve('yes')", Fulfilled, "fulfilled", "yes"},
		{"Promise.reject(new Error('no'))", Rejected, "rejected", "Error: no"},
	} {
		promise := promiseOf(t, ctx, each.source)
		if promise.State() != each.state || promise.State().String() != each.shown ||
			promise.Result().String() != each.result {
			t.Fatal(each.source, promise.State(), promise.Result())
		}
	}
}

func TestAwaitWhatNeverComes(t *testing.T) {
	ctx := fresh(t)
	_, err := promiseOf(t, ctx, "new Promise(() => {})").Await(context.Background())
	says(t, err, neverSettled)
	// Not a timer that does not count.
	_, err = promiseOf(t, ctx, "globalThis.t = setTimeout(() => {}, 1); clearTimeout(t); new Promise(() => {})").
		Await(context.Background())
	says(t, err, neverSettled)
}

func TestAwaitEndsWithContext(t *testing.T) {
	ctx := fresh(t)
	resolver, err := NewPromiseResolver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := resolver.GetPromise().Await(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	why := errors.New("enough")
	ended, end := context.WithCancelCause(context.Background())
	end(why)
	if _, err := resolver.GetPromise().Await(ended); !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Fatal(err)
	}
	for _, source := range []string{
		"new Promise(() => { setTimeout(() => { for (;;); }, 1) })",
		"new Promise(() => { (async () => { await new Promise(r => setTimeout(r, 1)); for (;;); })() })",
		"new Promise(() => { setInterval(() => {}, 1) })",
	} {
		soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		if _, err := promiseOf(t, ctx, source).Await(soon); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(source, err)
		}
		cancel()
		if text(t, ctx, "1 + 1") != "2" {
			t.Fatal("the isolate is not usable")
		}
	}
}

func TestAwaitEndsWithTermination(t *testing.T) {
	ctx := fresh(t)
	began := make(chan struct{})
	give(t, ctx, "began", func() error { close(began); return nil })
	go func() {
		<-began
		ctx.Isolate().TerminateExecution()
	}()
	_, err := promiseOf(t, ctx, "new Promise(() => setTimeout(() => { began(); for (;;); }))").Await(context.Background())
	if !errors.Is(err, ErrTerminated) {
		t.Fatal(err)
	}
}

func TestAwaitWithinJavaScript(t *testing.T) {
	ctx := fresh(t)
	pending, settled := promiseOf(t, ctx, "new Promise(r => setTimeout(r, 1))"), promiseOf(t, ctx, "Promise.resolve(3)")
	var first, second, third error
	give(t, ctx, "wait", func() error {
		_, first = pending.Await(context.Background())
		_, second = settled.Await(context.Background())
		third = ctx.Isolate().RunLoop(context.Background())
		return nil
	})
	eval(t, ctx, "wait()")
	says(t, first, "isthmus: Await: the isolate's loop cannot be run here: JavaScript has called this function")
	says(t, third, "isthmus: RunLoop: the isolate's loop cannot be run here: JavaScript has called this function")
	if second != nil {
		t.Fatal(second)
	}
	// The same when the loop is what has called JavaScript.
	first, pending = nil, promiseOf(t, ctx, "new Promise(() => {})")
	eval(t, ctx, "setTimeout(wait)")
	if err := ctx.Isolate().RunLoop(context.Background()); err != nil {
		t.Fatal(err)
	}
	says(t, first, "isthmus: Await: the isolate's loop cannot be run here: JavaScript has called this function")
}

func TestAwaitByManyGoroutines(t *testing.T) {
	ctx := fresh(t)
	var group sync.WaitGroup
	for i := range 40 {
		group.Add(1)
		go func() {
			defer group.Done()
			promise, err := ctx.RunScript("new Promise(r => setTimeout(r, Math.random() * 20, 'late'))", "main.js")
			if err != nil {
				t.Error(err)
				return
			}
			late, err := Await[string](context.Background(), promise)
			if err != nil || late != "late" {
				t.Error(i, late, err)
			}
		}()
	}
	group.Wait()
}

func TestResolveFromOtherGoroutines(t *testing.T) {
	ctx := fresh(t)
	for range 20 {
		resolver, err := NewPromiseResolver(ctx)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(time.Millisecond)
			if !resolver.Resolve("done") || resolver.Resolve("again") || resolver.Reject("again") {
				t.Error("a resolver does not know what it has done")
			}
		}()
		if v, err := resolver.GetPromise().Await(context.Background()); err != nil || v.String() != "done" {
			t.Fatal(v, err)
		}
	}
}

// Who holds the isolate and waits does what others want of it.
func TestAwaitWithinDo(t *testing.T) {
	ctx := fresh(t)
	resolver, err := NewPromiseResolver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = ctx.Isolate().Do(func(*Scope) error {
		go func() {
			time.Sleep(time.Millisecond)
			resolver.Resolve(7)
		}()
		seven, err := Await[int](context.Background(), resolver.GetPromise())
		if seven != 7 {
			t.Error(seven)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// One goroutine drives the loop, and another one that holds the isolate is not kept waiting by it.
func TestAwaitWithinDoBesideRunLoop(t *testing.T) {
	ctx := fresh(t)
	eval(t, ctx, "globalThis.clock = setInterval(() => {}, 1000)")
	over := make(chan error)
	go func() { over <- ctx.Isolate().RunLoop(context.Background()) }()
	time.Sleep(5 * time.Millisecond)
	err := ctx.Isolate().Do(func(*Scope) error {
		late, err := Await[string](context.Background(), promiseOf(t, ctx, "new Promise(r => setTimeout(r, 5, 'late'))"))
		if late != "late" {
			t.Error(late)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	eval(t, ctx, "clearInterval(clock)")
	if err := <-over; err != nil {
		t.Fatal(err)
	}
}

func TestResolverSettles(t *testing.T) {
	ctx, other := fresh(t), fresh(t)
	why := errors.New("why")
	for _, each := range []struct {
		name   string
		settle func(*PromiseResolver) bool
		want   string
		is     error
	}{
		{"a number", func(r *PromiseResolver) bool { return r.Resolve(1.5) }, "1.5", nil},
		{"a value", func(r *PromiseResolver) bool { return r.Resolve(eval(t, ctx, "'v'")) }, "v", nil},
		{"a promise", func(r *PromiseResolver) bool { return r.Resolve(eval(t, ctx, "Promise.resolve('p')")) }, "p", nil},
		{"nothing", func(r *PromiseResolver) bool { return r.Resolve((*Value)(nil)) }, "undefined", nil},
		{"an error", func(r *PromiseResolver) bool { return r.Reject(why) }, "", why},
		{"a foreign value", func(r *PromiseResolver) bool { return r.Resolve(eval(t, other, "({})")) }, "", ErrForeign},
	} {
		t.Run(each.name, func(t *testing.T) {
			resolver, err := NewPromiseResolver(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !each.settle(resolver) {
				t.Fatal("it was not settled")
			}
			v, err := resolver.GetPromise().Await(context.Background())
			if !errors.Is(err, each.is) || each.is == nil && v.String() != each.want {
				t.Fatal(v, err)
			}
		})
	}
	resolver, _ := NewPromiseResolver(ctx)
	resolver.Resolve(make(chan int))
	_, err := resolver.GetPromise().Await(context.Background())
	var refused *ConversionError
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
}

// An error of Go's that JavaScript has handed on is the very same one.
func TestRejectionIsTheGoError(t *testing.T) {
	ctx := fresh(t)
	why := errors.New("why")
	resolver, err := NewPromiseResolver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	global, _ := ctx.Global()
	if err := global.Set("it", resolver.GetPromise()); err != nil {
		t.Fatal(err)
	}
	promise := promiseOf(t, ctx, "(async () => { try { await it } catch (e) { globalThis.seen = String(e); throw e } })()")
	resolver.Reject(why)
	if _, err := promise.Await(context.Background()); !errors.Is(err, why) {
		t.Fatal(err)
	}
	if seen := text(t, ctx, "seen"); seen != "Error: why" {
		t.Fatal(seen)
	}
}

func TestForgottenResolverIsNotWaitedFor(t *testing.T) {
	ctx := fresh(t)
	promise := func() *Promise {
		resolver, err := NewPromiseResolver(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return resolver.GetPromise()
	}()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
		}
	}()
	_, err := promise.Await(context.Background())
	says(t, err, neverSettled)
}

func TestAwaitWhatIsNoPromise(t *testing.T) {
	ctx := fresh(t)
	if _, err := eval(t, ctx, "({})").AsPromise(); err == nil {
		t.Fatal("an object is a promise")
	} else {
		says(t, err, "isthmus: AsPromise: expected a promise, got an object")
	}
	_, err := (&Promise{&Object{eval(t, ctx, "({then() {}})")}}).Await(context.Background())
	says(t, err, "isthmus: Await: expected a promise, got an object")
	for _, promise := range []*Promise{nil, {}, {&Object{}}, {&Object{&Value{}}}} {
		if _, err := promise.Await(context.Background()); err == nil {
			t.Fatal("what is no promise was awaited")
		}
		if promise.State() != Pending || promise.Result() != nil {
			t.Fatal(promise.State(), promise.Result())
		}
	}
	n, err := Await[float64](context.Background(), eval(t, ctx, "1.5"))
	if n != 1.5 || err != nil {
		t.Fatal(n, err)
	}
}

func TestAwaitAfterTheEnd(t *testing.T) {
	ctx := fresh(t)
	promise, settled := promiseOf(t, ctx, "new Promise(() => {})"), promiseOf(t, ctx, "Promise.resolve({})")
	gone := promiseOf(t, ctx, "Promise.resolve(1)")
	gone.Release()
	if _, err := gone.Await(context.Background()); !errors.Is(err, ErrReleased) {
		t.Fatal(err)
	}
	resolver, _ := NewPromiseResolver(ctx)
	_ = ctx.Close()
	if _, err := promise.Await(context.Background()); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if resolver.Resolve(1) {
		t.Fatal("a promise of a closed context was settled")
	}
	_ = ctx.Isolate().Close()
	if _, err := settled.Await(context.Background()); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if _, err := NewPromiseResolver(ctx); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := ctx.Isolate().RunLoop(context.Background()); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	ctx.PerformMicrotaskCheckpoint()
}

func TestCloseEndsAwait(t *testing.T) {
	ctx := fresh(t)
	resolver, _ := NewPromiseResolver(ctx)
	over := make(chan error)
	go func() {
		_, err := resolver.GetPromise().Await(context.Background())
		over <- err
	}()
	time.Sleep(5 * time.Millisecond)
	if err := ctx.Isolate().Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-over; !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestRunLoop(t *testing.T) {
	ctx := fresh(t)
	eval(t, ctx, "globalThis.n = 0; const clock = setInterval(() => { if (++n === 3) clearInterval(clock) }, 1)")
	if err := ctx.Isolate().RunLoop(context.Background()); err != nil || text(t, ctx, "n") != "3" {
		t.Fatal(text(t, ctx, "n"), err)
	}
	if err := ctx.Isolate().RunLoop(nil); err != nil {
		t.Fatal(err)
	}
	eval(t, ctx, "setInterval(() => { n++ }, 1)")
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := ctx.Isolate().RunLoop(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

// A million rounds, or a few, take no more memory than the first.
func TestAwaitIsFlat(t *testing.T) {
	ctx := fresh(t)
	for i := range 2000 {
		resolver, err := NewPromiseResolver(ctx)
		if err != nil {
			t.Fatal(err)
		}
		promise := resolver.GetPromise()
		if i%2 == 0 {
			resolver.Resolve(i)
		} else {
			go resolver.Resolve(i)
		}
		if _, err := promise.Await(context.Background()); err != nil {
			t.Fatal(err)
		}
		promise.Release()
	}
	runtime.GC()
	if err := ctx.Isolate().Collect(); err != nil {
		t.Fatal(err)
	}
	if n := len(ctx.iso.answers.table) - len(ctx.iso.answers.free); n > 16 {
		t.Fatal(n, "answers are left")
	}
}
