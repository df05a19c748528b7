package isthmus

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

type closingReader struct {
	io.Reader
	closed int
}

func (c *closingReader) Close() error {
	c.closed++
	return nil
}

func TestNewStream(t *testing.T) {
	ctx := newTestContext(t)
	content := strings.Repeat("0123456789", 20000)
	all := &Function{evaluate(t, ctx, `(stream) => {
		let all = 0, chunks = 0;
		for (const chunk of stream) { all += chunk.length; chunks += chunk instanceof Uint8Array; }
		return all + ' in ' + chunks;
	}`)}
	later := &Function{evaluate(t, ctx, `async (stream, stop) => {
		let all = 0;
		for await (const chunk of stream) { all += chunk.length; if (stop) break; }
		return all;
	}`)}
	r := &closingReader{Reader: strings.NewReader(content)}
	s, err := NewStream(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := all.Call(nil, s); err != nil || got.String() != "200000 in 4" || r.closed != 1 {
		t.Error(got, err, r.closed)
	}
	for _, stop := range []bool{false, true} {
		r = &closingReader{Reader: strings.NewReader(content)}
		if s, err = NewStream(ctx, r); err != nil {
			t.Fatal(err)
		}
		promise, err := later.Call(nil, s, stop)
		if err != nil {
			t.Fatal(err)
		}
		want := 200000
		if stop {
			want = mostChunk
		}
		if got, err := Await[int](context.Background(), promise); err != nil || got != want || r.closed != 1 {
			t.Error(stop, got, err, r.closed)
		}
	}
	failure := errors.New("the disk is gone")
	if s, err = NewStream(ctx, io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(failure))); err != nil {
		t.Fatal(err)
	}
	if _, err = all.Call(nil, s); !errors.Is(err, failure) {
		t.Error(err)
	}
	if s, err = NewStream(ctx, iotest.ErrReader(failure)); err != nil {
		t.Fatal(err)
	}
	promise, err := later.Call(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = Await[int](context.Background(), promise); !errors.Is(err, failure) {
		t.Error(err)
	}
	if _, err = NewStream(ctx, nil); err == nil || err.Error() != "isthmus: NewStream: the context or the reader is nil" {
		t.Error(err)
	}
}

func TestNewSink(t *testing.T) {
	ctx := newTestContext(t)
	var to bytes.Buffer
	s, err := NewSink(ctx, &to)
	if err != nil {
		t.Fatal(err)
	}
	if got := inJS(t, ctx, s, "x.write('aé') + x.write(new Uint8Array([66, 67]).subarray(1)) + x.write(new Uint16Array([258])) + (x.close() ?? 0)"); got != "6" ||
		to.String() != "aéC\x02\x01" {
		t.Error(got, to.String())
	}
	if got := inJS(t, ctx, s, "(() => { try { x.write(5) } catch (e) { return e.message } })()"); got != "isthmus: Bytes: expected a buffer or typed array, got a number" {
		t.Error(got)
	}
	pipe, w := io.Pipe()
	pipe.CloseWithError(io.ErrShortWrite)
	if s, err = NewSink(ctx, w); err != nil {
		t.Fatal(err)
	}
	f := &Function{evaluate(t, ctx, "(s) => s.write('x')")}
	if _, err = f.Call(nil, s); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}

func TestNewReader(t *testing.T) {
	ctx := newTestContext(t)
	for source, want := range map[string]string{
		"'text'":                                     "text",
		"new Uint8Array([65, 66])":                   "AB",
		"new Uint8Array([65, 66]).buffer":            "AB",
		"['a', new Uint8Array([66]), '', 'c']":       "aBc",
		"(function* () { yield 'a'; yield 'b'; })()": "ab",
		"(async function* () { yield 'a'; await null; yield new Uint8Array(3).fill(66); })()": "aBBB",
		"[Promise.resolve('a'), 'b']": "ab",
		"({getReader() { let n = 0; return {read: async () => ({done: n === 2, value: 'r' + n++})}; }})": "r0r1",
		"({n: 0, next() { return {done: this.n++ > 1, value: 'n'}; }})":                                  "nn",
	} {
		r, err := NewReader(context.Background(), evaluate(t, ctx, source))
		if err != nil {
			t.Error(source, err)
			continue
		}
		if got, err := io.ReadAll(iotest.OneByteReader(r)); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", source, got, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	// There and back again.
	s, err := NewStream(ctx, strings.NewReader(strings.Repeat("x", 200000)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || len(got) != 200000 {
		t.Error(len(got), err)
	}
	for source, want := range map[string]string{
		"(function* () { yield 'a'; throw new RangeError('no'); })()": "RangeError: no",
		"[5]":                      "isthmus: Read: expected a chunk of bytes or text, got a number",
		"({next() { return 5; }})": "isthmus: Read: expected what an iterator gives, got a number",
	} {
		r, err := NewReader(context.Background(), evaluate(t, ctx, source))
		if err != nil {
			t.Error(source, err)
			continue
		}
		if _, err := io.ReadAll(r); err == nil || err.Error() != want {
			t.Errorf("%s: %v", source, err)
		}
	}
	if _, err := NewReader(context.Background(), evaluate(t, ctx, "({})")); err == nil ||
		err.Error() != "TypeError: expected bytes, a string, or something that can be iterated over" {
		t.Error(err)
	}
	closed := evaluate(t, ctx, "globalThis.ended = 0; (function* () { try { yield 'ab'; yield 'c'; } finally { ended++; } })()")
	if r, err = NewReader(context.Background(), closed); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Read(make([]byte, 1)); err == nil || err.Error() != "isthmus: Read: the reader was closed" {
		t.Error(err)
	}
	if got := evaluate(t, ctx, "ended"); got.Number() != 1 {
		t.Error(got)
	}
	goctx, cancel := context.WithCancel(context.Background())
	if r, err = NewReader(goctx, evaluate(t, ctx, "({next: () => new Promise(() => {})})")); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
