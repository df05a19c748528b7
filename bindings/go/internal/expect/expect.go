// Package expect has what tests of generated packages say often.
package expect

import (
	"errors"
	"runtime"
	"testing"
	"time"
)

// Same fails unless a value is what it should be.
func Same[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// Fails fails unless an error is of a kind and has a text.
func Fails(t testing.TB, err, kind error, text string) {
	t.Helper()
	if err == nil || err.Error() != text {
		t.Fatalf("got %v, want %s", err, text)
	}
	if !errors.Is(err, kind) {
		t.Fatalf("%v is no %v", err, kind)
	}
}

// Must gives what a call gives, which must not fail.
func Must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// Collected waits until something is so that the collector and clean-ups bring about.
func Collected(t testing.TB, so func() bool) {
	t.Helper()
	for range 500 {
		if so() {
			return
		}
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it is still there")
}
