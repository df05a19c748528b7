package isthmus

import (
	"context"
	"errors"
	"testing"
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

// run runs a script that does not fail.
func run1(t testing.TB, ctx *Context, source string) *Value {
	t.Helper()
	v, err := ctx.RunScript(source, "test.js")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func promiseOf(t testing.TB, ctx *Context, source string) *Promise {
	t.Helper()
	return &Promise{&Object{run1(t, ctx, source)}}
}

func TestAwait(t *testing.T) {
	ctx := fresh(t)
	for _, source := range []string{"Promise.resolve(42)", "new Promise(r => setTimeout(r, 5, 42))",
		"(async () => { await null; await new Promise(r => setTimeout(r)); return 42 })()"} {
		v, err := promiseOf(t, ctx, source).Await(context.Background())
		if err != nil || int32(v.native.Bits) != 42 {
			t.Fatal(source, v, err)
		}
	}
	_, err := promiseOf(t, ctx, "new Promise(() => {})").Await(context.Background())
	t.Log(err)
	_, err = promiseOf(t, ctx, "(async () => { throw new TypeError('no') })()").Await(context.Background())
	var js *JSError
	if !errors.As(err, &js) || js.Name != "TypeError" {
		t.Fatal(err)
	}
}
