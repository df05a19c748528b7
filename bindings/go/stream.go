package isthmus

import (
	"context"
	"errors"
	"io"
	"sync"
)

// Streams are iterables of chunks in JavaScript, each a Uint8Array or a string, and readers and writers
// in Go.

// mostChunk is how long a chunk is at most that a reader's stream gives.
const mostChunk = 64 << 10

// streamSource makes the object of a reader: `now` gives the next chunk, `later` a promise of one, null
// at the end.
const streamSource = `(now, later, close) => {
  const result = (chunk) => ({ value: chunk === null ? undefined : chunk, done: chunk === null });
  let last = Promise.resolve();
  const next = () => later().then(result);
  const iterator = {
    next: () => (last = last.then(next, next)),
    return: async (value) => (close(), { value, done: true }),
    [Symbol.asyncIterator]() { return this; },
  };
  return {
    next: () => result(now()),
    return: (value) => (close(), { value, done: true }),
    [Symbol.iterator]() { return this; },
    [Symbol.asyncIterator]() { return iterator; },
  };
}`

// NewStream makes an object of JavaScript's that gives what a reader does, in chunks of up to 64 KiB, each
// a Uint8Array of its own. With for await, the reader is read by a goroutine while JavaScript goes on; with
// a plain for, JavaScript waits. A loop that is left before the end closes the reader, if it is an
// io.Closer; so does the end. The reader's error is thrown, and comes back as itself.
func NewStream(ctx *Context, r io.Reader) (*Object, error) {
	if ctx == nil || r == nil {
		return nil, argumentError("NewStream", "the context or the reader is nil")
	}
	s := &stream{reader: r}
	later, err := bindFunction("NewStream", "read", s.next)
	if err != nil {
		return nil, err
	}
	return ctx.glue("NewStream", streamSource, s.next, answer(later.answerLater), s.close)
}

// stream is a reader that JavaScript reads.
type stream struct {
	mu     sync.Mutex
	reader io.Reader
	chunk  []byte
	ended  error
}

// next gives the next chunk, which is valid until it is asked again; nil at the end.
func (s *stream) next() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chunk == nil {
		s.chunk = make([]byte, mostChunk)
	}
	for tries := 0; s.ended == nil; tries++ {
		n, err := s.reader.Read(s.chunk)
		if err == nil && n == 0 && tries == 100 {
			err = io.ErrNoProgress
		}
		if s.ended = err; err != nil {
			s.shut()
		}
		if n > 0 {
			return append([]byte{}, s.chunk[:n]...), nil
		}
	}
	if s.ended == io.EOF {
		return nil, nil
	}
	err := s.ended
	s.ended = io.EOF
	return nil, err
}

func (s *stream) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return nil
	}
	s.ended = io.EOF
	return s.shut()
}

func (s *stream) shut() error {
	s.chunk = nil
	if closer, ok := s.reader.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

const sinkSource = `(write, writeText, close) => ({
  write: (chunk) => typeof chunk === "string" ? writeText(chunk) : write(chunk),
  close,
})`

// NewSink makes an object of JavaScript's with write(chunk), which writes a string or the bytes of a
// buffer or typed array and gives how many bytes there were, and close(), which closes an io.Closer. The
// writer's error is thrown, and comes back as itself.
func NewSink(ctx *Context, w io.Writer) (*Object, error) {
	if ctx == nil || w == nil {
		return nil, argumentError("NewSink", "the context or the writer is nil")
	}
	closing := func() error {
		if closer, ok := w.(io.Closer); ok {
			return closer.Close()
		}
		return nil
	}
	write := func(chunk *Value) (n int, err error) {
		bytes, err := chunk.Bytes()
		if err != nil {
			return 0, err
		}
		return w.Write(bytes)
	}
	writeText := func(text string) (int, error) { return io.WriteString(w, text) }
	return ctx.glue("NewSink", sinkSource, write, writeText, closing)
}

// glue makes an object by a function of JavaScript's that takes Go functions.
func (ctx *Context) glue(op, source string, functions ...any) (*Object, error) {
	made, err := ctx.RunScript(source, "isthmus:stream")
	if err != nil {
		return nil, err
	}
	defer made.Release()
	args := make([]any, len(functions))
	for i, fn := range functions {
		if err := ctx.enter(); err != nil {
			return nil, err
		}
		handle, err := ctx.function(op, "", fn)
		ctx.leave()
		if err != nil {
			return nil, err
		}
		function := ctx.value(handle)
		defer function.Release()
		args[i] = function
	}
	object, err := (&Function{made}).Call(nil, args...)
	if err != nil {
		return nil, err
	}
	return &Object{object}, nil
}

const iteratorSource = `(source) => {
  if (typeof source === "string" || ArrayBuffer.isView(source) || source instanceof ArrayBuffer ||
      source instanceof SharedArrayBuffer) return [source][Symbol.iterator]();
  if (typeof source?.[Symbol.asyncIterator] === "function") return source[Symbol.asyncIterator]();
  if (typeof source?.getReader === "function") {
    const reader = source.getReader();
    return { next: () => reader.read(), return: () => reader.cancel() };
  }
  if (typeof source?.[Symbol.iterator] === "function") return source[Symbol.iterator]();
  if (typeof source?.next === "function") return source;
  throw new TypeError("expected bytes, a string, or something that can be iterated over");
}`

// NewReader gives a reader of what v is: bytes, a string, or chunks of these that an iterable gives, also
// one of promises, as async generators are, or a stream with getReader(). Each chunk is asked for when what
// was read before is used up; promises are awaited under goctx, while the isolate's loop runs. Close ends
// the iteration. What JavaScript throws is the error of Read. It is for one goroutine at a time.
func NewReader(goctx context.Context, v Valuer) (io.ReadCloser, error) {
	source, ctx, err := subjectOfStream(v)
	if err != nil {
		return nil, err
	}
	function, err := ctx.RunScript(iteratorSource, "isthmus:stream")
	if err != nil {
		return nil, err
	}
	defer function.Release()
	iterator, err := (&Function{function}).Call(nil, source)
	if err != nil {
		return nil, err
	}
	if !iterator.IsObject() {
		return nil, typeError("NewReader", "an iterator", iterator)
	}
	return &reader{goctx: goctx, iterator: &Object{iterator}}, nil
}

func subjectOfStream(v Valuer) (*Value, *Context, error) {
	source := valueOf(v)
	if source == nil || !source.native.IsHandle() || source.ctx.err != nil {
		return nil, nil, typeError("NewReader", "bytes, a string or an iterable of a context", source)
	}
	return source, source.ctx, nil
}

// reader reads what JavaScript gives.
type reader struct {
	goctx    context.Context
	iterator *Object
	rest     []byte
	err      error
}

// Read gives the next bytes.
func (r *reader) Read(to []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil && len(to) > 0 {
		r.rest, r.err = r.chunk()
	}
	n := copy(to, r.rest)
	if r.rest = r.rest[n:]; n > 0 {
		return n, nil
	}
	return 0, r.err
}

// chunk asks for the next chunk.
func (r *reader) chunk() ([]byte, error) {
	result, err := r.iterator.MethodCall("next")
	if err != nil {
		return nil, err
	}
	if result, err = Await[*Value](r.goctx, result); err != nil {
		return nil, err
	}
	if !result.IsObject() {
		return nil, typeError("Read", "what an iterator gives", result)
	}
	defer result.Release()
	step := &Object{result}
	done, err := step.Get("done")
	if err != nil {
		return nil, err
	}
	if done.Boolean() {
		return nil, io.EOF
	}
	value, err := step.Get("value")
	if err != nil {
		return nil, err
	}
	if value, err = Await[*Value](r.goctx, value); err != nil {
		return nil, err
	}
	defer value.Release()
	if value.IsString() {
		text, err := value.ToString()
		return []byte(text), err
	}
	bytes, err := value.Bytes()
	if err != nil {
		return nil, typeError("Read", "a chunk of bytes or text", value)
	}
	return bytes, nil
}

// Close ends the iteration.
func (r *reader) Close() error {
	if r.err != nil {
		return nil
	}
	r.err, r.rest = errReaderClosed, nil
	if method, err := r.iterator.Get("return"); err != nil || !method.IsFunction() {
		return err
	}
	result, err := r.iterator.MethodCall("return")
	if err == nil {
		_, err = Await[*Value](r.goctx, result)
	}
	return err
}

var errReaderClosed = errors.New("isthmus: Read: the reader was closed")
