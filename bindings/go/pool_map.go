package isthmus

import (
	"context"
	"iter"
	"reflect"
	"runtime"
	"sync"
	"time"

	"isthmus/bindings/go/internal/native"
)

// Result is how the run of one input ended.
type Result[T any] struct {
	Index int           // the input's number, from 0
	Value T             // what it gave; the zero value when it failed
	Err   error         // why it failed; nil when it did not
	Wall  time.Duration // that it took
	CPU   time.Duration // processor time that it took; 0 when nobody counted it, which limits of time do
}

// MapOption is a setting of Map.
type MapOption func(*mapOptions)

type mapOptions struct {
	window   int
	progress func(done, total int)
	err      error
}

// WithWindow says how many inputs may be under way or wait to be taken, at least 1; by default 64 for
// each thread.
func WithWindow(n int) MapOption {
	return func(o *mapOptions) {
		if o.window = n; n < 1 || n > 1<<30 {
			o.err = argumentError("Map", "the window must be between 1 and 2^30, not %d", n)
		}
	}
}

// WithProgress has a function called now and then, by the goroutine that takes the results, and at
// the end: how many inputs are done, and how many there are, or -1 when nobody knows.
func WithProgress(fn func(done, total int)) MapOption {
	return func(o *mapOptions) { o.progress = fn }
}

// Map runs a program over inputs, in parallel, and gives the results in the order of the inputs, each
// with its value or its error:
//
//	for r := range pool.Map(ctx, program, inputs) { … }
//
// The inputs are a slice, an array, a channel or an iterator (iter.Seq) of whatever Marshal takes
// without an isolate. A goroutine of Map's own takes them, no further ahead than the window. What an
// iterator panics with is passed on after the results of the inputs that came before; one that is at
// work when the loop is left learns it from its next yield.
//
// When the loop is left, what runs is ended. When the Go context ends or the pool is closed, the
// first result that is missing has the error (context.DeadlineExceeded, context.Canceled, ErrClosed),
// and is the last. Values are as Unmarshal makes them for an any; MapTo is for others.
func (p *Pool) Map(ctx context.Context, program *Program, inputs any, options ...MapOption) iter.Seq[Result[any]] {
	return MapTo[any](ctx, p, program, inputs, options...)
}

// MapTo is the Map of a pool whose values are of type T, as Unmarshal makes them.
func MapTo[T any](
	ctx context.Context, p *Pool, program *Program, inputs any, options ...MapOption,
) iter.Seq[Result[T]] {
	return func(yield func(Result[T]) bool) {
		m, err := p.beginMap(ctx, program, inputs, options)
		if err != nil {
			yield(Result[T]{Err: err})
			return
		}
		defer m.end()
		var outcomes []native.Outcome
		for {
			if outcomes, err = m.batch.next(outcomes); err != nil || len(outcomes) == 0 {
				break
			}
			m.tell()
			for i := range outcomes {
				result, last := resultOf[T](m, &outcomes[i])
				m.done++
				if !yield(result) || last {
					return
				}
			}
		}
		m.tell()
		if err = m.ending(err); err != nil {
			yield(Result[T]{Index: m.done, Err: err})
		}
	}
}

// mapping is a map, or a run, under way.
type mapping struct {
	ctx    context.Context
	op     string
	batch  *poolBatch
	unhook func() bool // from ctx
	done   int

	progress func(done, total int)
	total    int

	fed  chan struct{} // closed when the goroutine that adds the inputs has ended; nil: there is none
	left chan struct{} // closed when the loop was left

	mu       sync.Mutex
	refused  map[int]error // inputs that have no form in JavaScript
	read     bool          // all inputs were added
	failed   bool          // the iterator has ended its goroutine
	panicked any           // by this, if that is not nil
}

func (p *Pool) begin(ctx context.Context, op string, program *Program, window int) (*mapping, error) {
	if err := p.usable(op); err != nil {
		return nil, err
	}
	if ctx == nil {
		ctx = context.Background()
	}
	if err := ctx.Err(); err != nil {
		return nil, contextError(op, ctx, err)
	}
	b, err := p.newBatch(op, program, window)
	if err != nil {
		return nil, err
	}
	m := &mapping{ctx: ctx, op: op, batch: b, total: -1}
	if ctx.Done() != nil {
		m.unhook = context.AfterFunc(ctx, b.cancel)
	}
	return m, nil
}

func (p *Pool) beginMap(ctx context.Context, program *Program, inputs any, options []MapOption) (*mapping, error) {
	var o mapOptions
	for _, option := range options {
		option(&o)
	}
	if o.err != nil {
		return nil, o.err
	}
	each, total, err := inputsOf(inputs)
	if err != nil {
		return nil, err
	}
	m, err := p.begin(ctx, "Map", program, o.window)
	if err != nil {
		return nil, err
	}
	m.progress, m.total = o.progress, total
	m.fed, m.left = make(chan struct{}), make(chan struct{})
	go m.feed(each)
	return m, nil
}

// feed adds the inputs.
func (m *mapping) feed(each source) {
	defer close(m.fed)
	whole, returned := true, false
	defer func() {
		cause := recover()
		m.mu.Lock()
		m.read, m.failed, m.panicked = returned && whole, !returned, cause
		m.mu.Unlock()
		m.batch.finish()
	}()
	index := 0
	each(m.left, func(input any) bool {
		data, err := encodeTree(input)
		if err != nil {
			m.refuse(index, err)
			data = unreadable
		}
		index++
		whole = m.batch.add(data) == nil
		return whole
	})
	returned = true
}

// unreadable is an input that fails in its place.
var unreadable = []byte{0xff}

func (m *mapping) refuse(index int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refused == nil {
		m.refused = map[int]error{}
	}
	m.refused[index] = err
}

func (m *mapping) refusal(index int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.refused[index]
	delete(m.refused, index)
	return err
}

// ending is why there are no more outcomes; nil: there is one for each input.
func (m *mapping) ending(err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.panicked != nil:
		panic(m.panicked)
	case m.failed:
		runtime.Goexit()
	case err == nil && m.read:
		return nil
	}
	return m.stopped(err)
}

// end ends what runs, and frees it.
func (m *mapping) end() {
	if m.unhook != nil {
		m.unhook()
	}
	if m.fed == nil {
		m.batch.free()
		return
	}
	close(m.left)
	m.batch.cancel()
	select {
	case <-m.fed:
		m.batch.free()
	default:
		go func() {
			<-m.fed
			m.batch.free()
		}()
	}
}

func (m *mapping) tell() {
	if m.progress != nil {
		m.progress(m.done, m.total)
	}
}

// stopped is why a map has ended early: its context, its pool, or else what is given.
func (m *mapping) stopped(err error) error {
	if ended := m.ctx.Err(); ended != nil {
		return contextError(m.op, m.ctx, ended)
	}
	m.batch.pool.mu.Lock()
	defer m.batch.pool.mu.Unlock()
	if m.batch.pool.closed {
		return ErrClosed
	}
	return err
}

// nowhere is the context of errors that come as text.
var nowhere = &Context{iso: &Isolate{isolate: &isolate{}}}

// resultOf is what came of an input, and whether nothing comes after it.
func resultOf[T any](m *mapping, o *native.Outcome) (r Result[T], last bool) {
	r = Result[T]{Index: o.Index, Wall: o.Wall, CPU: o.CPU}
	switch {
	case o.Status == native.OK:
		if r.Err = decodeTree(o.Value, &r.Value); r.Err != nil {
			var none T
			r.Value = none
		}
	case o.Status == native.ErrTerminated:
		r.Err = m.stopped(errCancelled)
		last = true
	default:
		if r.Err = m.refusal(o.Index); r.Err != nil {
			break
		}
		if r.Err = statusError(m.op, o.Status); o.Err != nil {
			r.Err = nowhere.jsError(o.Err)
		}
	}
	return r, last
}

// source gives inputs to yield until that answers false, or `left` is closed.
type source func(left <-chan struct{}, yield func(any) bool)

// inputsOf is what gives the inputs, and how many there are; -1: nobody knows.
func inputsOf(inputs any) (source, int, error) {
	switch inputs := inputs.(type) {
	case []any:
		return func(_ <-chan struct{}, yield func(any) bool) {
			for _, x := range inputs {
				if !yield(x) {
					return
				}
			}
		}, len(inputs), nil
	case iter.Seq[any]:
		if inputs != nil {
			return func(_ <-chan struct{}, yield func(any) bool) { inputs(yield) }, -1, nil
		}
	}
	v := reflect.ValueOf(inputs)
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		return func(_ <-chan struct{}, yield func(any) bool) {
			for i := range v.Len() {
				if !yield(v.Index(i).Interface()) {
					return
				}
			}
		}, v.Len(), nil
	case reflect.Chan:
		if v.Type().ChanDir()&reflect.RecvDir != 0 {
			return func(left <-chan struct{}, yield func(any) bool) { receive(v, left, yield) }, -1, nil
		}
	case reflect.Func:
		if v.Type().CanSeq() && !v.IsNil() {
			return func(_ <-chan struct{}, yield func(any) bool) {
				for x := range v.Seq() {
					if !yield(x.Interface()) {
						return
					}
				}
			}, -1, nil
		}
	}
	return nil, 0, argumentError("Map", "inputs must be a slice, an array, a channel or an iter.Seq, not %T", inputs)
}

// receive gives what comes by a channel.
func receive(from reflect.Value, left <-chan struct{}, yield func(any) bool) {
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: from},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(left)},
	}
	for {
		chosen, x, ok := reflect.Select(cases)
		if chosen != 0 || !ok || !yield(x.Interface()) {
			return
		}
	}
}
