package isthmus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"isthmus/bindings/go/internal/expect"
)

// open is how many isolates are open.
func open() int {
	count := 0
	if all := isolates.places.Load(); all != nil {
		for i := range *all {
			if (*all)[i].Load() != nil {
				count++
			}
		}
	}
	return count
}

func TestIsolatesComeAndGo(t *testing.T) {
	before := open()
	for i := range many(100, 10000) {
		iso := NewIsolate()
		if v, err := iso.NewContext().RunScript("6 * 7", "run.js"); err != nil || v.String() != "42" {
			t.Fatal(i, v, err)
		}
		if err := iso.Close(); err != nil {
			t.Fatal(err)
		}
	}
	expect.Collected(t, func() bool { return open() <= before })
}

func TestManyIsolatesAreOpenAtOnce(t *testing.T) {
	all := make([]*Context, many(60, 2500))
	for i := range all {
		all[i] = NewIsolate().NewContext()
		if err := all[i].Err(); err != nil {
			t.Fatal(i, err)
		}
	}
	var group sync.WaitGroup
	for k := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := k; i < len(all); i += 8 {
				v, err := all[i].RunScript(fmt.Sprintf("globalThis.n = %d; n + 1", i), "run.js")
				if err != nil || v.Integer() != int64(i+1) {
					t.Error(i, v, err)
				}
			}
		}()
	}
	group.Wait()
	for i := range all {
		if err := all[i].Isolate().Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestForgottenIsolatesAreClosed(t *testing.T) {
	before := open()
	for range many(40, 1000) {
		ctx := NewIsolate().NewContext()
		v, err := ctx.RunScript("({})", "run.js")
		if err != nil {
			t.Fatal(err)
		}
		hosted(t, ctx, "mine", func() error { return ctx.Err() })
		if err := (&Object{v}).Set("self", v); err != nil {
			t.Fatal(err)
		}
	}
	expect.Collected(t, func() bool { return open() <= before })
}

func TestForgottenContextsAreClosed(t *testing.T) {
	iso := NewIsolate()
	defer iso.Close()
	for range many(50, 2000) {
		ctx := iso.NewContext()
		if _, err := ctx.RunScript("globalThis.self = {}", "run.js"); err != nil {
			t.Fatal(err)
		}
	}
	kept := iso.NewContext()
	expect.Collected(t, func() bool {
		usable(t, kept)
		iso.Collect()
		return iso.GetHeapStatistics().NumberOfNativeContexts <= 5
	})
}

func TestForgottenPoolsAreClosed(t *testing.T) {
	threads := threadsOf(t)
	for range 5 {
		p, err := NewPool(WithThreads(4))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Run(t.Context(), double, 1); err != nil {
			t.Fatal(err)
		}
	}
	expect.Collected(t, func() bool { return threadsOf(t) < threads+15 })
}

func threadsOf(t *testing.T) int {
	all, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip(err)
	}
	return len(all)
}

// ---- Memory ----

// resident is how much memory the process has.
func resident(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/statm")
	var all, pages int
	if err == nil {
		_, err = fmt.Sscan(string(text), &all, &pages)
	}
	if err != nil {
		t.Skip(err)
	}
	return pages * os.Getpagesize()
}

// flat fails when memory grows while something is done again and again.
func flat(t *testing.T, ctx *Context, rounds int, what func(round int) error) {
	t.Helper()
	const slack = 16 << 20
	half := 0
	for i := range rounds {
		if err := what(i); err != nil {
			t.Fatal(i, err)
		}
		if i == rounds/2 {
			half = settled(t, ctx)
		}
	}
	// A sanitizer keeps what is freed for a while.
	if whole := settled(t, ctx); whole > half+slack && !sanitized {
		t.Fatalf("%d bytes after half of %d rounds, %d after all", half, rounds, whole)
	}
}

// settled is what memory there is once everybody has collected.
func settled(t *testing.T, ctx *Context) int {
	for range 3 {
		collectForgotten()
		usable(t, ctx)
		ctx.Isolate().Collect()
	}
	return resident(t)
}

func TestMemoryIsFlat(t *testing.T) {
	ctx := freshContext(t)
	run := func(source string) func(int) error {
		return func(int) error {
			_, err := ctx.RunScript(source, "run.js")
			return err
		}
	}
	hosted(t, ctx, "seven", func() error { return nil })
	mine := errors.New("mine")
	hosted(t, ctx, "refuse", func() error { return mine })
	failing := func(source, text string) func(int) error {
		return func(int) error {
			if _, err := ctx.RunScript(source, "run.js"); err == nil || !strings.Contains(err.Error(), text) {
				return fmt.Errorf("got %v, want %s", err, text)
			}
			return nil
		}
	}
	for name, what := range map[string]func(int) error{
		"values":    run("({ x: 1 })"),
		"strings":   run("'a string of some length'.repeat(20)"),
		"callbacks": run("for (let i = 0; i < 10; i++) seven()"),
		"thrown":    failing("throw new TypeError('mine')", "TypeError: mine"),
		"syntax":    failing("}", "SyntaxError"),
		"host":      failing("refuse()", "mine"),
		"caught":    run("try { refuse() } catch { }"),
		"functions": func(i int) error {
			if i%10 != 0 {
				return nil
			}
			hosted(t, ctx, "another", func() error { return nil })
			return nil
		},
		"released": func(int) error {
			v, err := ctx.RunScript("({ x: 1 })", "run.js")
			v.Release()
			return err
		},
		"contexts": func(i int) error {
			if i%200 != 0 {
				return nil
			}
			other := ctx.Isolate().NewContext()
			_, err := other.RunScript("globalThis.x = {}", "run.js")
			return err
		},
		"cancelled": func(i int) error {
			if i%20 != 0 {
				return nil
			}
			goctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			_, err := ctx.RunScriptContext(goctx, "1", "run.js")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { flat(t, ctx, many(6000, 1000000), what) })
	}
}

// What Go has given up is freed although nobody uses the isolate any more.
func TestIdleIsolatesAreFreedOfValues(t *testing.T) {
	ctx := freshContext(t)
	for range 5 * batch {
		if _, err := ctx.RunScript("({})", "run.js"); err != nil {
			t.Fatal(err)
		}
	}
	expect.Collected(t, func() bool { return ctx.iso.GetHeapStatistics().NumberOfHandles < 2*batch })
}

func TestValuesOutliveTheirIsolate(t *testing.T) {
	iso := NewIsolate()
	ctx := iso.NewContext()
	var values []*Value
	for _, source := range []string{"1", "true", "undefined", "({})", "'text'", "() => 1"} {
		v, err := ctx.RunScript(source, "run.js")
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	for range 2 {
		if err := errors.Join(ctx.Close(), iso.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if values[0].String() != "1" {
		t.Fatal(values[0])
	}
	for _, v := range values {
		v.Release()
		v.Release()
	}
	if _, err := (&Object{values[3]}).Get("x"); !errors.Is(err, ErrClosed) && !errors.Is(err, ErrReleased) {
		t.Fatal(err)
	}
	if _, err := ctx.RunScript("1", "run.js"); err != ErrClosed {
		t.Fatal(err)
	}
	if err := iso.NewContext().Err(); err != ErrClosed {
		t.Fatal(err)
	}
	values = nil
	runtime.GC()
}

func TestNothingIsMadeOfNothing(t *testing.T) {
	var none *Isolate
	for _, iso := range []*Isolate{none, {}} {
		const text = "isthmus: the isolate was not made by NewIsolate"
		iso.TerminateExecution()
		if err := iso.Close(); err != nil {
			t.Fatal(err)
		}
		if err := iso.Err(); err == nil || err.Error() != text {
			t.Fatal(err)
		}
		if err := iso.Do(func(*Scope) error { return nil }); err == nil || err.Error() != text {
			t.Fatal(err)
		}
		ctx := iso.NewContext()
		if _, err := ctx.RunScript("1", "run.js"); err == nil || err.Error() != text {
			t.Fatal(err)
		}
		if _, err := ctx.RunScriptContext(t.Context(), "1", "run.js"); err == nil || err.Error() != text {
			t.Fatal(err)
		}
		if err := ctx.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var ctx *Context
	if _, err := ctx.RunScript("1", "run.js"); err == nil || err.Error() != "isthmus: the context is nil" {
		t.Fatal(err)
	}
	if ctx.Close() != nil || ctx.Isolate() != nil || ctx.Err() == nil {
		t.Fatal("a context of nothing")
	}
	if _, err := (&Context{}).RunScript("1", "run.js"); err == nil {
		t.Fatal(err)
	}
}

func TestClosingWithin(t *testing.T) {
	ctx := freshContext(t)
	hosted(t, ctx, "close", func() error { return ctx.Isolate().Close() })
	_, err := ctx.RunScript("close()", "run.js")
	if err == nil || !strings.Contains(err.Error(), "Close: the isolate is in use by the caller: within a callback") {
		t.Fatal(err)
	}
	err = ctx.Isolate().Do(func(s *Scope) error { return s.Isolate().Close() })
	if err == nil || !strings.Contains(err.Error(), "within a callback or Do") {
		t.Fatal(err)
	}
	usable(t, ctx)
	hosted(t, ctx, "leave", ctx.Close)
	if v, err := ctx.RunScript("leave()", "run.js"); err == nil && v.String() != "7" {
		t.Fatal(v, err)
	}
}

// Closing waits for who uses it, and TerminateExecution hurries that.
func TestClosingWaits(t *testing.T) {
	iso := NewIsolate()
	ctx := iso.NewContext()
	started, done := make(chan struct{}), make(chan error)
	hosted(t, ctx, "started", func() error { close(started); return nil })
	go func() {
		_, err := ctx.RunScript("started(); for (;;);", "run.js")
		done <- err
	}()
	<-started
	closed := make(chan error)
	go func() { closed <- iso.Close() }()
	select {
	case <-closed:
		t.Fatal("it was closed while it ran")
	case <-time.After(20 * time.Millisecond):
	}
	iso.TerminateExecution()
	if err := <-done; !errors.Is(err, ErrTerminated) {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
}
