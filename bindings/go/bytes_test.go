package isthmus

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"testing"
)

func TestTypedArrays(t *testing.T) {
	ctx := newTestContext(t)
	check := func(o *Object, err error, want string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if got := inJS(t, ctx, o, "x.constructor.name + '[' + x + ']'"); got != want {
			t.Error(got, want)
		}
	}
	o, err := NewBytes(ctx, []byte{1, 255})
	check(o, err, "Uint8Array[1,255]")
	o, err = NewBytes(ctx, nil)
	check(o, err, "Uint8Array[]")
	o, err = NewTypedArray(ctx, []int8{-1})
	check(o, err, "Int8Array[-1]")
	o, err = NewTypedArray(ctx, []uint16{1, 65535})
	check(o, err, "Uint16Array[1,65535]")
	o, err = NewTypedArray(ctx, []int32{-5})
	check(o, err, "Int32Array[-5]")
	o, err = NewTypedArray(ctx, []float32{1.5})
	check(o, err, "Float32Array[1.5]")
	o, err = NewTypedArray(ctx, []float64{1.5, 2})
	check(o, err, "Float64Array[1.5,2]")
	o, err = NewTypedArray(ctx, []int64{-1})
	check(o, err, "BigInt64Array[-1]")
	o, err = NewTypedArray(ctx, []uint64{1 << 63})
	check(o, err, "BigUint64Array[9223372036854775808]")
	o, err = NewTypedArray(ctx, TypedArray[uint32]{7})
	check(o, err, "Uint32Array[7]")
	o, err = PinTypedArray(ctx, []float64{})
	check(o, err, "Float64Array[]")

	numbers, err := Slice[int](evaluate(t, ctx, "[1, 2, 3]"))
	if err != nil || !reflect.DeepEqual(numbers, []int{1, 2, 3}) {
		t.Error(numbers, err)
	}
	floats, err := Slice[float64](evaluate(t, ctx, "new Float32Array([1.5])"))
	if err != nil || !reflect.DeepEqual(floats, []float64{1.5}) {
		t.Error(floats, err)
	}
	if _, err := Slice[uint8](evaluate(t, ctx, "[256]")); err == nil || err.Error() != "isthmus: $[0]: uint8 and number: 256 is out of range" {
		t.Error(err)
	}
}

func TestBytes(t *testing.T) {
	ctx := newTestContext(t)
	for source, want := range map[string][]byte{
		"new Uint8Array([1, 2, 3])":                         {1, 2, 3},
		"new Uint8Array([1, 2, 3]).subarray(1, 2)":          {2},
		"new Uint8Array([1, 2, 3]).buffer":                  {1, 2, 3},
		"new Uint16Array([258])":                            {2, 1},
		"new DataView(new Uint8Array([1, 2, 3]).buffer, 2)": {3},
		"new SharedArrayBuffer(2)":                          {0, 0},
		"new Uint8Array(0)":                                 {},
	} {
		v := evaluate(t, ctx, source)
		if got, err := v.Bytes(); err != nil || !bytes.Equal(got, want) {
			t.Error(source, got, err)
		}
		to := make([]byte, 2)
		if n, err := v.CopyBytes(to); err != nil || n != len(want) || !bytes.Equal(to[:min(n, 2)], want[:min(n, 2)]) {
			t.Error(source, to, n, err)
		}
		if n, err := v.ByteLength(); err != nil || n != len(want) {
			t.Error(source, n, err)
		}
		if err := v.View(func(b []byte) {
			if !bytes.Equal(b, want) {
				t.Error(source, b)
			}
		}); err != nil {
			t.Error(source, err)
		}
	}
	for source, want := range map[string]string{
		"[1]":  "isthmus: Bytes: expected a buffer or typed array, got an Array",
		"'x'":  "isthmus: Bytes: expected a buffer or typed array, got a string",
		"(1)":  "isthmus: Bytes: expected a buffer or typed array, got a number",
		"({})": "isthmus: Bytes: expected a buffer or typed array, got an object",
	} {
		if _, err := evaluate(t, ctx, source).Bytes(); err == nil || err.Error() != want {
			t.Errorf("%s: %v", source, err)
		}
	}
	if _, err := (*Value)(nil).Bytes(); err == nil {
		t.Error("nil has bytes")
	}
	v := evaluate(t, ctx, "new Uint8Array(3)")
	v.Release()
	if _, err := v.Bytes(); !errors.Is(err, ErrReleased) {
		t.Error(err)
	}
	if err := v.View(func([]byte) { t.Error("it is viewed") }); !errors.Is(err, ErrReleased) {
		t.Error(err)
	}
}

// A view is the memory itself, or as good as that; and what is kept of it outlives all.
func TestView(t *testing.T) {
	ctx := newTestContext(t)
	var kept []byte
	for _, source := range []string{
		"globalThis.b = new Uint8Array(100).fill(1)", "globalThis.b = new Uint8Array(1 << 16).fill(1)",
		"globalThis.b = new Uint8Array(new ArrayBuffer(1 << 16), 100, 20000).fill(1)",
		"globalThis.b = new Uint8Array(new SharedArrayBuffer(1 << 16)).fill(1)",
		"globalThis.b = new Uint8Array(new WebAssembly.Memory({initial: 1}).buffer).fill(1)",
	} {
		v := evaluate(t, ctx, source)
		if err := v.View(func(b []byte) {
			if b[0] != 1 || b[len(b)-1] != 1 || cap(b) != len(b) {
				t.Errorf("%s: %d of %d", source, len(b), cap(b))
			}
			b[7] = 42
			kept = b[5:10]
		}); err != nil {
			t.Error(err)
		}
		if got := evaluate(t, ctx, "b[7] + b[8]"); got.Number() != 43 {
			t.Error(source, got)
		}
		v.Release()
	}
	v := evaluate(t, ctx, "delete globalThis.b; new Uint8Array(1 << 20).fill(9)")
	if err := v.View(func(b []byte) { kept = b[1000:2000] }); err != nil {
		t.Fatal(err)
	}
	ctx.Isolate().Close()
	for range 20 {
		runtime.GC()
		_ = make([]byte, 1<<20)
	}
	if kept[0] != 9 || kept[999] != 9 {
		t.Error("the memory is gone")
	}
}

// JavaScript may run within, and take the memory away.
func TestViewDetached(t *testing.T) {
	ctx := newTestContext(t)
	for _, source := range []string{"new Uint8Array(100).fill(1)", "new Uint8Array(1 << 20).fill(1)"} {
		v := evaluate(t, ctx, source)
		if err := v.View(func(b []byte) {
			if err := v.Detach(); err != nil {
				t.Error(err)
			}
			ctx.Isolate().Collect()
			b[0] = 2
			if b[len(b)-1] != 1 {
				t.Error("the memory is gone")
			}
		}); err != nil {
			t.Error(err)
		}
		if n, err := v.ByteLength(); n != 0 || err != nil {
			t.Error(n, err)
		}
		if err := v.View(func(b []byte) {
			if len(b) != 0 {
				t.Error(len(b))
			}
		}); err != nil {
			t.Error(err)
		}
		if err := v.Detach(); err != nil {
			t.Error(err)
		}
	}
	if err := evaluate(t, ctx, "new WebAssembly.Memory({initial: 1}).buffer").Detach(); err == nil {
		t.Error("WebAssembly's memory is detached")
	}
	if err := evaluate(t, ctx, "({})").Detach(); err == nil || err.Error() != "isthmus: Detach: expected a buffer or typed array, got an object" {
		t.Error(err)
	}
}

func TestTakeBytes(t *testing.T) {
	ctx := newTestContext(t)
	for _, source := range []string{"globalThis.b = new Uint8Array(100).fill(3)", "globalThis.b = new Uint8Array(1 << 20).fill(3)"} {
		taken, err := evaluate(t, ctx, source).TakeBytes()
		if err != nil || taken[len(taken)-1] != 3 {
			t.Error(err)
		}
		if got := evaluate(t, ctx, "b.length"); got.Number() != 0 {
			t.Error(got)
		}
	}
}

func TestPinTypedArray(t *testing.T) {
	ctx := newTestContext(t)
	numbers := make([]float64, 1000)
	o, err := PinTypedArray(ctx, numbers)
	if err != nil {
		t.Fatal(err)
	}
	if got := inJS(t, ctx, o, "(x[3] = 1.5, x.length)"); got != "1000" || numbers[3] != 1.5 {
		t.Error(got, numbers[3])
	}
	numbers[4] = 2.5
	if got := inJS(t, ctx, o, "x[4]"); got != "2.5" {
		t.Error(got)
	}
	// The same memory twice, and a part of it.
	part, err := PinTypedArray(ctx, numbers[:10])
	if err != nil {
		t.Fatal(err)
	}
	if err := part.View(func(b []byte) {
		if len(b) != 80 {
			t.Error(len(b))
		}
	}); err != nil {
		t.Error(err)
	}
	if err := o.Detach(); err != nil {
		t.Error(err)
	}
	if got := inJS(t, ctx, part, "x[4]"); got != "2.5" {
		t.Error(got)
	}
	runtime.KeepAlive(numbers)
	if _, err := PinTypedArray[byte](nil, nil); err == nil || err.Error() != "isthmus: PinTypedArray: the context is nil" {
		t.Error(err)
	}
}

// Buffers come and go on many threads, of Go's and V8's.
func TestBlocksStress(t *testing.T) {
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			iso := NewIsolate()
			defer iso.Close()
			ctx := iso.NewContext()
			for i := range 30 {
				v, err := ctx.RunScript("for (let i = 0; i < 20; i++) globalThis.b = new Uint8Array(20000 + i * 1000).fill(i); b", "")
				if err != nil {
					t.Error(err)
					return
				}
				if err := v.View(func(b []byte) {
					if b[0] != 19 || b[len(b)-1] != 19 {
						t.Error(i, b[0])
					}
				}); err != nil {
					t.Error(err)
				}
				v.Release()
			}
		}()
	}
	all.Wait()
}

func BenchmarkBytes1MiB(b *testing.B) {
	ctx := newTestContext(b)
	v := evaluate(b, ctx, "new Uint8Array(1 << 20)")
	to := make([]byte, 1<<20)
	b.Run("memcpy", func(b *testing.B) {
		from := make([]byte, 1<<20)
		for b.Loop() {
			copy(to, from)
		}
	})
	b.Run("Bytes", func(b *testing.B) {
		for b.Loop() {
			_, _ = v.Bytes()
		}
	})
	b.Run("CopyBytes", func(b *testing.B) {
		for b.Loop() {
			_, _ = v.CopyBytes(to)
		}
	})
	b.Run("View", func(b *testing.B) {
		for b.Loop() {
			_ = v.View(func(m []byte) { to[0] = m[0] })
		}
	})
	b.Run("NewBytes", func(b *testing.B) {
		for b.Loop() {
			o, _ := NewBytes(ctx, to)
			o.Release()
		}
	})
	b.Run("PinTypedArray", func(b *testing.B) {
		for b.Loop() {
			o, _ := PinTypedArray(ctx, to)
			o.Release()
		}
	})
}

func BenchmarkFloats10k(b *testing.B) {
	ctx := newTestContext(b)
	v := evaluate(b, ctx, "Array.from({length: 10000}, (_, i) => i * 1.5)")
	b.Run("out", func(b *testing.B) {
		for b.Loop() {
			if _, err := Slice[float64](v); err != nil {
				b.Fatal(err)
			}
		}
	})
	numbers, _ := Slice[float64](v)
	b.Run("in", func(b *testing.B) {
		for b.Loop() {
			o, err := Marshal(ctx, numbers)
			if err != nil {
				b.Fatal(err)
			}
			o.Release()
		}
	})
}

// What ends JavaScript says nothing of the bytes that a view shows.
func TestBytesWhileJavaScriptIsEnded(t *testing.T) {
	ctx := fresh(t)
	for _, length := range []int{10, 4096, 40000, 1 << 20} {
		v := js(t, ctx, fmt.Sprintf("new Uint8Array(%d)", length))
		ctx.Isolate().TerminateExecution()
		if got, err := v.ByteLength(); got != length || err != nil {
			t.Error(length, got, err)
		}
		ctx.Isolate().TerminateExecution()
		if err := v.View(func(seen []byte) {
			if len(seen) != length {
				t.Error(length, len(seen))
			}
		}); err != nil {
			t.Error(err)
		}
	}
}
