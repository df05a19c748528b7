package isthmus

import (
	"errors"
	"strconv"
	"testing"
)

func TestClone(t *testing.T) {
	from, to := newTestContext(t), newTestContext(t)
	for source, how := range map[string]string{
		"1.5": "x === 1.5", "null": "x === null", "'s\\ud800'": "x === 's\\ud800'", "2n ** 70n": "x === 2n ** 70n",
		"({a: [1, {b: new Date(5)}]})":      "x.a[1].b.getTime() === 5",
		"new Map([[{a: 1}, new Set([1])]])": "[...x][0][1].has(1) && [...x.keys()][0].a === 1",
		"/a/gi":                             "String(x) === '/a/gi'",
		"new RangeError('far')":             "x instanceof RangeError && x.message === 'far'",
		"new Float32Array([1.5])":           "x.constructor === Float32Array && x[0] === 1.5",
		"const c = {}; c.c = [c]; c":        "x.c[0] === x",
		"[, 1]":                             "!(0 in x) && x.length === 2",
	} {
		v, err := Clone(to, evaluate(t, from, "(0, eval)("+strconv.Quote(source)+")"))
		if err != nil {
			t.Error(source, err)
			continue
		}
		if got := inJS(t, to, v, how); got != "true" {
			t.Errorf("%s: %s is %s", source, how, got)
		}
	}
	shared, err := Clone(to, evaluate(t, from, "globalThis.s = new SharedArrayBuffer(100); ({s, again: [s]})"))
	if err != nil {
		t.Fatal(err)
	}
	if got := inJS(t, to, shared, "x.s === x.again[0] && (new Uint8Array(x.s)[3] = 7)"); got != "7" {
		t.Error(got)
	}
	if got := evaluate(t, from, "new Uint8Array(s)[3]"); got.Number() != 7 {
		t.Error(got)
	}
	for source, want := range map[string]string{
		"({a: [() => 1]})": "isthmus: Clone: $.a[0]: a function has no CBOR form",
		"[Symbol()]":       "isthmus: Clone: $[0]: a symbol has no CBOR form",
		"() => 1":          "isthmus: Clone: $: a function has no CBOR form",
		"({get x() { throw new RangeError('no') }})": "RangeError: no",
	} {
		if _, err := Clone(to, evaluate(t, from, source)); err == nil || err.Error() != want {
			t.Errorf("%s: %v", source, err)
		}
	}
	v := evaluate(t, from, "({})")
	v.Release()
	if _, err := Clone(to, v); !errors.Is(err, ErrReleased) {
		t.Error(err)
	}
	closed := to.Isolate().NewContext()
	closed.Close()
	if _, err := Clone(closed, evaluate(t, from, "({})")); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := Clone(nil, v); err == nil {
		t.Error("there is no context")
	}
	if _, err := Clone(to, nil); err == nil {
		t.Error("there is no value")
	}
}

func TestTransfer(t *testing.T) {
	from, to := newTestContext(t), newTestContext(t)
	for _, source := range []string{"new ArrayBuffer(100)", "new Uint8Array(1 << 20)", "new Uint16Array(new ArrayBuffer(40000), 8, 100)",
		"new DataView(new ArrayBuffer(100), 50)"} {
		v := evaluate(t, from, "globalThis.b = "+source+"; new Uint8Array(b.buffer ?? b).fill(7); b")
		length, _ := v.ByteLength()
		moved, err := Transfer(to, v)
		if err != nil {
			t.Error(source, err)
			continue
		}
		if n, err := moved.ByteLength(); n != length || err != nil {
			t.Error(source, n, err)
		}
		if err := moved.View(func(b []byte) {
			if b[0] != 7 || b[len(b)-1] != 7 {
				t.Error(source, b[0])
			}
		}); err != nil {
			t.Error(err)
		}
		if n, _ := v.ByteLength(); n != 0 {
			t.Error(source, "is still there")
		}
	}
	from.Isolate().Close()
	shared, err := Transfer(to, evaluate(t, to, "globalThis.s = new SharedArrayBuffer(8)"))
	if err != nil {
		t.Fatal(err)
	}
	if got := inJS(t, to, shared, "(new Uint8Array(x)[0] = 5, new Uint8Array(s)[0])"); got != "5" {
		t.Error(got)
	}
	if _, err := Transfer(to, evaluate(t, to, "({})")); err == nil || err.Error() != "isthmus: Transfer: expected a buffer or typed array, got an object" {
		t.Error(err)
	}
	if _, err := Transfer(to, evaluate(t, to, "new WebAssembly.Memory({initial: 1}).buffer")); err == nil {
		t.Error("WebAssembly's memory is moved")
	}
}
