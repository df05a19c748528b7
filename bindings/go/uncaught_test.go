package isthmus

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// reports collects what nobody has caught.
type reports struct {
	mu  sync.Mutex
	all []string
}

func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, err.Error())
}

func (r *reports) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := strings.Join(r.all, "; ")
	r.all = nil
	return all
}

func reporting(t *testing.T) (*Context, *reports) {
	t.Helper()
	told := &reports{}
	iso := NewIsolate(WithUncaught(told.add))
	t.Cleanup(func() { _ = iso.Close() })
	return iso.NewContext(), told
}

func TestUncaughtIsTold(t *testing.T) {
	ctx, told := reporting(t)
	for _, each := range []struct{ source, want string }{
		{"queueMicrotask(() => { throw new TypeError('in a job') })", "TypeError: in a job"},
		{"setTimeout(() => { throw new Error('in a timer') })", "Error: in a timer"},
		{"Promise.reject(new Error('rejected')); 0", "Error: rejected"},
		{"({promise: Promise.reject(new Error('within'))})", "Error: within"},
		{"(async () => { await null; throw 17 })(); 0", "17"},
		{"Promise.reject(1).catch(() => {}); 0", ""},
		{"const late = Promise.reject(1); queueMicrotask(() => late.catch(() => {}))", ""},
	} {
		eval(t, ctx, each.source)
		if err := ctx.Isolate().RunLoop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := told.take(); got != each.want {
			t.Fatalf("%s: got %q, want %q", each.source, got, each.want)
		}
	}
}

func TestAwaitedRejectionIsNotUncaught(t *testing.T) {
	ctx, told := reporting(t)
	promise := promiseOf(t, ctx, "Promise.reject(new Error('no'))")
	eval(t, ctx, "1")
	if _, err := promise.Await(context.Background()); err == nil {
		t.Fatal("it was not rejected")
	}
	later := promiseOf(t, ctx, "new Promise((_, reject) => setTimeout(reject, 1, new Error('no')))")
	if _, err := later.Await(context.Background()); err == nil {
		t.Fatal("it was not rejected")
	}
	resolver, _ := NewPromiseResolver(ctx)
	resolver.Reject(errors.New("no"))
	if _, err := resolver.GetPromise().Await(context.Background()); err == nil {
		t.Fatal("it was not rejected")
	}
	for range 3 {
		runtime.GC()
		eval(t, ctx, "1")
	}
	if got := told.take(); got != "" {
		t.Fatal(got)
	}
}

func TestForgottenRejectionIsTold(t *testing.T) {
	ctx, told := reporting(t)
	func() { eval(t, ctx, "Promise.reject(new Error('nobody looks'))") }()
	if got := told.take(); got != "" {
		t.Fatal("it was told before Go could look: " + got)
	}
	for got := ""; got == ""; got = told.take() {
		runtime.GC()
		time.Sleep(time.Millisecond)
		if got = told.take(); got != "" && got != "Error: nobody looks" {
			t.Fatal(got)
		} else if got != "" {
			return
		}
	}
}

func TestUncaughtHookMayUseTheIsolate(t *testing.T) {
	var ctx *Context
	var seen string
	iso := NewIsolate(WithUncaught(func(err error) {
		v, _ := ctx.RunScript("6 * 7", "hook.js")
		seen = err.Error() + " " + v.String()
	}))
	defer iso.Close()
	ctx = iso.NewContext()
	eval(t, ctx, "Promise.reject(new Error('no')); 0")
	if seen != "Error: no 42" {
		t.Fatal(seen)
	}
}

func TestUncaughtIsLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(textLogger(&log))
	ctx := fresh(t)
	eval(t, ctx, "Promise.reject(new TypeError('no')); 0")
	if got := log.String(); !strings.Contains(got, `level=ERROR msg="uncaught in JavaScript" error="TypeError: no" stack="TypeError: no\n    at test.js:1:16"`) {
		t.Fatal(got)
	}
}
