package isthmus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"isthmus/bindings/go/internal/native"
)

// freshContext makes a context in an isolate of its own.
func freshContext(t testing.TB, options ...IsolateOption) *Context {
	t.Helper()
	iso := NewIsolate(options...)
	t.Cleanup(func() {
		if err := iso.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx := iso.NewContext()
	if err := ctx.Err(); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// hosted gives a context a global function that Go answers with 7, or an error.
func hosted(t testing.TB, ctx *Context, name string, fn func() error) {
	t.Helper()
	if err := ctx.enter(); err != nil {
		t.Fatal(err)
	}
	defer ctx.leave()
	made, err := ctx.newFunction(name, func(ctx *Context, call *native.CallInfo) native.Status {
		if err := fn(); err != nil {
			return ctx.throwError(err)
		}
		call.Result = integerOf(7)
		return native.OK
	})
	if err != nil {
		t.Fatal(err)
	}
	global, err := ctx.Global()
	if err != nil {
		t.Fatal(err)
	}
	if err := global.Set(name, ctx.value(made)); err != nil {
		t.Fatal(err)
	}
}

// usable fails unless a script runs.
func usable(t testing.TB, ctx *Context) {
	t.Helper()
	v, err := ctx.RunScript("[1, 2, 3].map((x) => x * 2).join()", "usable.js")
	if err != nil || v.String() != "2,4,6" {
		t.Fatal(v, err)
	}
}

func wants(t testing.TB, err, kind error, text string) {
	t.Helper()
	if err == nil || !errors.Is(err, kind) || err.Error() != text {
		t.Fatalf("got %v, want %s, which is %v", err, text, kind)
	}
}

// soon is a Go context that ends in a moment.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// cancelled is a Go context that is cancelled in a moment.
func cancelled(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	timer := time.AfterFunc(10*time.Millisecond, cancel)
	t.Cleanup(func() { timer.Stop(); cancel() })
	return ctx
}

// during runs a script under a Go context that ends so while the script runs.
func during(ctx *Context, how error, source string) error {
	for after := 10 * time.Millisecond; ; after *= 2 {
		goctx, cancel := context.WithTimeout(context.Background(), after)
		if how == context.Canceled {
			goctx, cancel = context.WithCancel(context.Background())
			time.AfterFunc(after, cancel)
		}
		_, err := ctx.RunScriptContext(goctx, "{"+source+"}", "run.js")
		cancel()
		var early *Error // it has ended before the script began
		if !errors.As(err, &early) || after > 10*time.Second {
			return err
		}
	}
}

var endless = []string{
	"for (;;);",
	"for (;;) { try { for (;;); } catch { } finally { for (;;); } }",
	"({ get x() { for (;;); } }).x",
	"/^(a+)+$/.test('a'.repeat(60) + 'b')",
	"[3, 2, 1].sort(() => { for (;;); })",
	"(async () => { for (;;) await 0; })()",
	"globalThis.again = () => Promise.resolve().then(again); again()",
	"let n = 0n; for (;;) n++;",
	"for (;;) new Array(1000).fill(1.5);",
}

func TestContextsEndWhatRuns(t *testing.T) {
	for _, source := range endless {
		ctx := freshContext(t)
		err := during(ctx, context.DeadlineExceeded, source)
		wants(t, err, context.DeadlineExceeded, "TimeoutError: context deadline exceeded")
		err = during(ctx, context.Canceled, source)
		wants(t, err, context.Canceled, "AbortError: context canceled")
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTerminated) {
			t.Fatal(err)
		}
	}
}

func TestContextsEndBeforeTheRun(t *testing.T) {
	ctx := freshContext(t)
	for goctx, text := range map[context.Context]string{
		ended(t, context.Canceled):         "context canceled",
		ended(t, context.DeadlineExceeded): "context deadline exceeded",
	} {
		_, err := ctx.RunScriptContext(goctx, "globalThis.ran = true", "run.js")
		wants(t, err, goctx.Err(), "isthmus: RunScriptContext: "+text)
		err = ctx.Isolate().DoContext(goctx, func(*Scope) error { t.Error("it ran"); return nil })
		wants(t, err, goctx.Err(), "isthmus: Do: "+text)
	}
	if v, err := ctx.RunScript("typeof ran", "run.js"); err != nil || v.String() != "undefined" {
		t.Fatal(v, err)
	}
}

// ended is a Go context that has ended so.
func ended(t testing.TB, how error) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	if how == context.DeadlineExceeded {
		ctx, cancel = context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	}
	t.Cleanup(cancel)
	if how == context.Canceled {
		cancel()
	}
	return ctx
}

func TestCausesAreFound(t *testing.T) {
	ctx := freshContext(t)
	enough := errors.New("enough")
	goctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(5*time.Millisecond, func() { cancel(enough) })
	_, err := ctx.RunScriptContext(goctx, "for (;;);", "run.js")
	if !errors.Is(err, enough) || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	_, err = ctx.RunScriptContext(goctx, "1", "run.js")
	if !errors.Is(err, enough) || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestNothingEndsWithoutNeed(t *testing.T) {
	ctx := freshContext(t)
	for _, goctx := range []context.Context{nil, context.Background(),
		context.WithValue(context.Background(), struct{}{}, 1)} {
		if v, err := ctx.RunScriptContext(goctx, "1 + 1", "run.js"); err != nil || v.String() != "2" {
			t.Fatal(v, err)
		}
	}
	goctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	v, err := ctx.RunScriptContext(goctx, "Promise.resolve(1).then((x) => globalThis.x = x); 3", "run.js")
	if err != nil || v.String() != "3" {
		t.Fatal(v, err)
	}
	_, err = ctx.RunScriptContext(goctx, "throw new TypeError('mine')", "run.js")
	if err == nil || err.Error() != "TypeError: mine" {
		t.Fatal(err)
	}
	usable(t, ctx)
}

// Within Do, all that runs ends together, and what comes after is refused until its end.
func TestDoEndsAsOne(t *testing.T) {
	ctx := freshContext(t)
	kept, err := ctx.RunScript("({ x: 1, text: 'still here' })", "run.js")
	if err != nil {
		t.Fatal(err)
	}
	goctx, cancel := context.WithCancel(context.Background())
	err = ctx.Isolate().DoContext(goctx, func(*Scope) error {
		for i := 0; ; i++ {
			if i == 3 {
				cancel()
			}
			if _, err := ctx.RunScript("for (let i = 0; i < 1e5; i++);", "run.js"); err != nil {
				wants(t, err, context.Canceled, "AbortError: context canceled")
				break
			}
		}
		_, err := ctx.RunScript("1", "run.js")
		return err
	})
	wants(t, err, context.Canceled, "AbortError: context canceled")
	if x, err := (&Object{kept}).Get("x"); err != nil || x.String() != "1" {
		t.Fatal(x, err)
	}
	usable(t, ctx)
}

func TestDoGivesWhatItsFunctionGives(t *testing.T) {
	ctx := freshContext(t)
	mine := errors.New("mine")
	if err := ctx.Isolate().DoContext(t.Context(), func(*Scope) error { return mine }); err != mine {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if cause := recover(); cause != mine {
				t.Fatal(cause)
			}
		}()
		_ = ctx.Isolate().DoContext(t.Context(), func(*Scope) error { panic(mine) })
	}()
	usable(t, ctx)
}

// A callback runs JavaScript under a Go context of its own.
func TestInnerContextsEndNoMore(t *testing.T) {
	ctx := freshContext(t)
	var inner error
	hosted(t, ctx, "inner", func() error {
		inner = during(ctx, context.Canceled, "for (;;);")
		return nil
	})
	v, err := ctx.RunScript("inner() + inner()", "outer.js")
	if err != nil || v.String() != "14" {
		t.Fatal(v, err)
	}
	wants(t, inner, context.Canceled, "AbortError: context canceled")
	hour, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if v, err := ctx.RunScriptContext(hour, "inner() + 1", "outer.js"); err != nil || v.String() != "8" {
		t.Fatal(v, err)
	}
	usable(t, ctx)
}

func TestInnerErrorsAreThrown(t *testing.T) {
	ctx := freshContext(t)
	hosted(t, ctx, "inner", func() error {
		return during(ctx, context.DeadlineExceeded, "for (;;);")
	})
	_, err := ctx.RunScript("inner()", "outer.js")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	v, err := ctx.RunScript("try { inner() } catch (e) { e.message }", "outer.js")
	if err != nil || v.String() != "TimeoutError: context deadline exceeded" {
		t.Fatal(v, err)
	}
}

func TestOuterContextsEndInnerRuns(t *testing.T) {
	ctx := freshContext(t)
	outer, end := context.WithCancel(context.Background())
	var inner error
	hosted(t, ctx, "inner", func() error {
		time.AfterFunc(5*time.Millisecond, end)
		hour, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		_, inner = ctx.RunScriptContext(hour, "for (;;);", "inner.js")
		return nil
	})
	_, err := ctx.RunScriptContext(outer, "try { inner() } finally { for (;;); }", "outer.js")
	wants(t, err, context.Canceled, "AbortError: context canceled")
	wants(t, inner, context.Canceled, "AbortError: context canceled")
	usable(t, ctx)
}

// What a callback is told of the Go context that its JavaScript runs under.
func TestRunningIsTheInnermost(t *testing.T) {
	ctx := freshContext(t)
	type key struct{}
	var seen any
	hosted(t, ctx, "look", func() error {
		seen = nil
		if running := ctx.iso.running; running != nil {
			seen = running.Value(key{})
		}
		return nil
	})
	hosted(t, ctx, "within", func() error {
		_, err := ctx.RunScriptContext(context.WithValue(context.Background(), key{}, 2), "look()", "run.js")
		return err
	})
	for source, want := range map[string]any{"look()": 1, "within()": 2, "within(); look()": 1} {
		goctx := context.WithValue(t.Context(), key{}, 1)
		if _, err := ctx.RunScriptContext(goctx, source, "run.js"); err != nil || seen != want {
			t.Fatal(source, seen, err)
		}
	}
	if _, err := ctx.RunScript("look()", "run.js"); err != nil || seen != nil {
		t.Fatal(seen, err)
	}
}

func TestWaitingIsBounded(t *testing.T) {
	ctx := freshContext(t)
	release, held := make(chan struct{}), make(chan struct{})
	go func() {
		_ = ctx.Isolate().Do(func(*Scope) error {
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	_, err := ctx.RunScriptContext(soon(t), "1", "run.js")
	wants(t, err, context.DeadlineExceeded, "isthmus: RunScriptContext: context deadline exceeded")
	_, err = ctx.RunScriptContext(cancelled(t), "1", "run.js")
	wants(t, err, context.Canceled, "isthmus: RunScriptContext: context canceled")
	err = ctx.Isolate().DoContext(cancelled(t), func(*Scope) error { return nil })
	wants(t, err, context.Canceled, "isthmus: Do: context canceled")
	close(release)
	usable(t, ctx)
}

// A context is cancelled about when its run ends, and the next run never notices.
func TestLateCancellationsHitNobodyElse(t *testing.T) {
	ctx := freshContext(t)
	rounds, hit := 3000, 0
	if long() {
		rounds = 100000
	}
	for i := range rounds {
		goctx, cancel := context.WithCancel(context.Background())
		go func() {
			for range i % 50 {
				_ = time.Now()
			}
			cancel()
		}()
		_, err := ctx.RunScriptContext(goctx, "for (let i = 0; i < 2000; i++);", "run.js")
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err != nil {
			hit++
		}
		if _, err := ctx.RunScript("for (let i = 0; i < 2000; i++);", "next.js"); err != nil {
			t.Fatal(i, err)
		}
	}
	t.Logf("%d of %d were cancelled", hit, rounds)
}

func TestTerminateEndsWhatRunsNow(t *testing.T) {
	ctx := freshContext(t)
	iso := ctx.Isolate()
	iso.TerminateExecution()
	usable(t, ctx)
	hosted(t, ctx, "begun", func() error {
		time.AfterFunc(5*time.Millisecond, iso.TerminateExecution)
		return nil
	})
	_, err := ctx.RunScript("begun(); for (;;);", "run.js")
	if !errors.Is(err, ErrTerminated) || errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	hour, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	_, err = ctx.RunScriptContext(hour, "begun(); for (;;);", "run.js")
	if !errors.Is(err, ErrTerminated) {
		t.Fatal(err)
	}
	usable(t, ctx)
}

func TestTheStackIsLimited(t *testing.T) {
	for _, options := range [][]IsolateOption{nil, {WithStackLimit(100 << 10)}} {
		ctx := freshContext(t, options...)
		for _, source := range []string{
			"const again = () => again() + 1; again()",
			"const o = { get x() { return o.x } }; o.x",
			"let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
		} {
			_, err := ctx.RunScript(source, "deep.js")
			if err == nil || err.Error() != "RangeError: Maximum call stack size exceeded" {
				t.Fatal(source, err)
			}
		}
		// Through Go, too.
		hosted(t, ctx, "deeper", func() error {
			_, err := ctx.RunScript("deeper()", "deep.js")
			return err
		})
		_, err := ctx.RunScript("deeper()", "deep.js")
		if err == nil || !strings.Contains(err.Error(), "Maximum call stack size exceeded") {
			t.Fatal(err)
		}
		usable(t, ctx)
	}
}

func TestAFullHeapIsAnError(t *testing.T) {
	other := freshContext(t)
	for _, source := range []string{
		"const all = []; for (;;) all.push(new Array(1e4).fill(0))",
		"let s = 'x'; const all = []; for (;;) all.push((s += 'y') + Math.random())",
		"const all = []; try { for (;;) all.push({}) } catch { for (;;) all.push({}) }",
	} {
		iso := NewIsolate(WithHeapLimit(16 << 20))
		ctx := iso.NewContext()
		v, err := ctx.RunScript("({ x: 1 })", "run.js")
		if err != nil {
			t.Fatal(err)
		}
		_, err = ctx.RunScript(source, "full.js")
		if !errors.Is(err, ErrOutOfMemory) || !strings.HasPrefix(err.Error(), "MemoryError: the heap limit of ") {
			t.Fatal(err)
		}
		if _, err = ctx.RunScript("1", "run.js"); !errors.Is(err, ErrOutOfMemory) {
			t.Fatal(err)
		}
		if iso.Err() == nil || !errors.Is(iso.Err(), ErrOutOfMemory) {
			t.Fatal(iso.Err())
		}
		if err = iso.NewContext().Err(); !errors.Is(err, ErrOutOfMemory) {
			t.Fatal(err)
		}
		_, err = ctx.RunScriptContext(t.Context(), "1", "run.js")
		if !errors.Is(err, ErrOutOfMemory) {
			t.Fatal(err)
		}
		v.Release()
		if err := errors.Join(ctx.Close(), iso.Close()); err != nil {
			t.Fatal(err)
		}
		usable(t, other)
	}
}

func TestProcessorTimeIsLimited(t *testing.T) {
	ctx := freshContext(t)
	goctx := WithCPULimit(context.Background(), 5*time.Millisecond)
	for range 2 {
		_, err := ctx.RunScriptContext(goctx, "for (;;);", "run.js")
		wants(t, err, context.DeadlineExceeded, "TimeoutError: the processor time limit of 5 ms was reached")
		if goctx.Err() != nil {
			t.Fatal(goctx.Err())
		}
	}
	hosted(t, ctx, "wait", func() error { time.Sleep(20 * time.Millisecond); return nil })
	if _, err := ctx.RunScriptContext(WithCPULimit(t.Context(), time.Hour), "wait()", "run.js"); err != nil {
		t.Fatal(err)
	}
	goctx, cancel := context.WithCancel(t.Context())
	hosted(t, ctx, "begun", func() error { time.AfterFunc(5*time.Millisecond, cancel); return nil })
	_, err := ctx.RunScriptContext(WithCPULimit(goctx, time.Hour), "begun(); for (;;);", "run.js")
	wants(t, err, context.Canceled, "AbortError: context canceled")
	if _, err := ctx.RunScriptContext(WithCPULimit(t.Context(), -1), "1", "run.js"); err != nil {
		t.Fatal(err)
	}
}

func TestBuffersAreLimited(t *testing.T) {
	ctx := freshContext(t, WithBufferLimit(1<<20))
	_, err := ctx.RunScript("new Uint8Array(2e6)", "run.js")
	if err == nil || err.Error() != "RangeError: Array buffer allocation failed" {
		t.Fatal(err)
	}
	usable(t, ctx)
}

func ExampleContext_RunScriptContext() {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	goctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := ctx.RunScriptContext(goctx, "for (;;);", "spin.js")
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	v, err := ctx.RunScript("6 * 7", "main.js")
	fmt.Println(v, err)
	// Output:
	// true
	// 42 <nil>
}

// All that runs within Do ends together.
func ExampleIsolate_DoContext() {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	goctx, cancel := context.WithCancel(context.Background())
	rounds := 0
	err := iso.DoContext(goctx, func(*Scope) error {
		for {
			if rounds++; rounds == 3 {
				cancel()
			}
			if _, err := ctx.RunScript("for (let i = 0; i < 1e6; i++);", "count.js"); err != nil {
				return err
			}
		}
	})
	fmt.Println(errors.Is(err, context.Canceled), rounds >= 3)
	// Output: true true
}

func BenchmarkRunScriptContext(b *testing.B) {
	ctx := freshContext(b)
	goctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ctx.RunScriptContext(goctx, "1", "run.js"); err != nil {
			b.Fatal(err)
		}
	}
}
