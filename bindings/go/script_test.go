package isthmus

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestUnboundScript(t *testing.T) {
	ctx := fresh(t)
	iso := ctx.Isolate()
	script, err := iso.CompileUnboundScript("globalThis.n = (globalThis.n ?? 0) + 1", "count.js")
	if err != nil {
		t.Fatal(err)
	}
	other := iso.NewContext()
	for _, each := range []struct {
		ctx  *Context
		want string
	}{{ctx, "1"}, {ctx, "2"}, {other, "1"}} {
		if v, err := script.Run(each.ctx); err != nil || v.String() != each.want {
			t.Fatal(v, err)
		}
	}
	_, err = script.Run(fresh(t))
	says(t, err, "isthmus: Run: the script belongs to another isolate")
	if !errors.Is(err, ErrForeign) {
		t.Fatal(err)
	}
	_ = other.Close()
	if _, err := script.Run(other); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

// A script needs no context to be compiled in.
func TestUnboundScriptWithoutContext(t *testing.T) {
	iso := NewIsolate()
	defer iso.Close()
	script, err := iso.CompileUnboundScript("6 * 7", "answer.js")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := script.Run(iso.NewContext()); err != nil || v.String() != "42" {
		t.Fatal(v, err)
	}
}

func TestUnboundScriptFails(t *testing.T) {
	ctx := fresh(t)
	iso := ctx.Isolate()
	_, err := iso.CompileUnboundScript("1 +", "bad.js", CompileOptions{LineOffset: 9, ColumnOffset: 4})
	var js *JSError
	if !errors.As(err, &js) || js.Name != "SyntaxError" || js.Location != "bad.js:10:8" {
		t.Fatal(err, js)
	}
	script, err := iso.CompileUnboundScript("throw new Error('no')", "throws.js", CompileOptions{LineOffset: 9})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := script.Run(ctx); !errors.As(err, &js) || js.Location != "throws.js:10:7" {
		t.Fatal(err, js.Location)
	}
	for _, each := range []struct {
		source, origin string
		options        []CompileOptions
		want           string
	}{
		{"\xff", "x", nil, "isthmus: string and source: it is not valid UTF-8"},
		{"1", "x\x00", nil, "isthmus: CompileUnboundScript: the origin has a NUL within"},
		{"1", "x", []CompileOptions{{LineOffset: -1}}, "isthmus: CompileUnboundScript: an offset is below 0, or more than 2147483647"},
		{"1", "x", []CompileOptions{{ColumnOffset: 1 << 31}}, "isthmus: CompileUnboundScript: an offset is below 0, or more than 2147483647"},
		{"1", "x", make([]CompileOptions, 2), "isthmus: CompileUnboundScript: there is more than one CompileOptions"},
	} {
		_, err := iso.CompileUnboundScript(each.source, each.origin, each.options...)
		says(t, err, each.want)
	}
	_ = iso.Close()
	if _, err := iso.CompileUnboundScript("1", "x"); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if script.CreateCodeCache() != nil {
		t.Fatal("a closed isolate gives code")
	}
	if _, err := script.Run(ctx); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestUnboundScriptEndsWithContext(t *testing.T) {
	ctx := fresh(t)
	script, err := ctx.Isolate().CompileUnboundScript("for (;;);", "loop.js")
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := script.RunContext(soon, ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestCodeCache(t *testing.T) {
	const source = "function twice(n) { return n * 2 }; twice(21)"
	ctx := fresh(t)
	script, err := ctx.Isolate().CompileUnboundScript(source, "twice.js")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := script.Run(ctx); err != nil {
		t.Fatal(err)
	}
	cached := script.CreateCodeCache()
	if cached == nil || len(cached.Bytes) == 0 {
		t.Fatal("there is no code")
	}
	other := fresh(t)
	damaged := append([]byte{}, cached.Bytes...)
	damaged[len(damaged)/2] ^= 0xff
	for _, each := range []struct {
		name, source string
		bytes        []byte
		rejected     bool
	}{
		{"its own", source, cached.Bytes, false},
		{"another text's", "1 + 41", cached.Bytes, true},
		{"damaged", source, damaged, true},
		{"nonsense", source, []byte("nonsense"), true},
		{"empty", source, nil, true},
	} {
		data := &CompilerCachedData{Bytes: each.bytes}
		script, err := other.Isolate().CompileUnboundScript(each.source, "twice.js", CompileOptions{CachedData: data})
		if err != nil || data.Rejected != each.rejected {
			t.Fatal(each.name, data.Rejected, err)
		}
		if v, err := script.Run(other); err != nil || v.String() != "42" {
			t.Fatal(each.name, v, err)
		}
	}
}

func TestCompileFunction(t *testing.T) {
	ctx := fresh(t)
	add, err := ctx.CompileFunction("return a + b", "add.js", []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := add.Call(nil, 1, 2.5); err != nil || v.String() != "3.5" {
		t.Fatal(v, err)
	}
	cached, err := add.CreateCodeCache()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ctx.CompileFunction("return a + b", "add.js", []string{"a", "b"}, CompileOptions{CachedData: cached}); err != nil || cached.Rejected {
		t.Fatal(cached.Rejected, err)
	}
	plain, _ := eval(t, ctx, "() => 1").AsFunction()
	_, err = plain.CreateCodeCache()
	says(t, err, "isthmus: CreateCodeCache: the function was not made by CompileFunction")
	_, err = ctx.CompileFunction("return 1", "x.js", []string{"a", "not one"})
	says(t, err, `isthmus: CompileFunction: a parameter is no identifier: "a", "not one"`)
	_, err = ctx.CompileFunction("return 1", "x.js", []string{"a\x00"})
	says(t, err, "isthmus: CompileFunction: the parameter has a NUL within")
	_, err = ctx.CompileFunction("return (", "x.js", nil)
	says(t, err, "SyntaxError: Unexpected end of input")
}
