package isthmus

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// Isolation is what stands between one run of a pool and the next, weakest first; docs/isolation.md
// says what each rung promises and costs.
type Isolation int

// The rungs.
const (
	IsolationShared      Isolation = native.IsolationShared      // one global object for all
	IsolationCompartment Isolation = native.IsolationCompartment // one, frozen, and swept after each
	IsolationContext     Isolation = native.IsolationContext     // a new context for each
	IsolationIsolate     Isolation = native.IsolationIsolate     // a new isolate for each
	IsolationProcess     Isolation = native.IsolationProcess     // in processes of their own
)

// String gives "shared", "compartment", "context", "isolate" or "process".
func (i Isolation) String() string {
	names := [...]string{"shared", "compartment", "context", "isolate", "process"}
	if i < 0 || int(i) >= len(names) {
		return fmt.Sprintf("Isolation(%d)", int(i))
	}
	return names[i]
}

// PoolOption is a setting of NewPool: one of those below, or WithHeapLimit, WithBufferLimit and
// WithStackLimit, which are for the heap of each thread.
type PoolOption interface{ forPool(*poolOptions) }

type poolOptions struct {
	native  native.PoolOptions
	isolate isolateOptions
	err     error
}

type poolOption func(*poolOptions)

func (f poolOption) forPool(o *poolOptions)    { f(o) }
func (f IsolateOption) forPool(o *poolOptions) { f(&o.isolate) }

func (o *poolOptions) refuse(format string, args ...any) {
	if o.err == nil {
		o.err = argumentError("NewPool", format, args...)
	}
}

// argumentError is the error of an argument that is none.
func argumentError(op, format string, args ...any) error {
	return &Error{Op: op, Status: native.ErrArgument.Name(), Message: fmt.Sprintf(format, args...)}
}

// WithThreads says how many runs go on at a time, between 1 and 4096, each on a thread that is not
// Go's. By default as many as there are processors.
func WithThreads(n int) PoolOption {
	return poolOption(func(o *poolOptions) {
		if n < 1 || n > 4096 {
			o.refuse("threads must be between 1 and 4096, not %d", n)
			return
		}
		o.native.Threads = uint32(n)
	})
}

// WithIsolation says what stands between one run and the next; by default IsolationCompartment.
func WithIsolation(rung Isolation) PoolOption {
	return poolOption(func(o *poolOptions) {
		if rung < IsolationShared || rung > IsolationProcess {
			o.refuse("isolation must be one of the rungs, not %v", rung)
			return
		}
		o.native.Isolation = int(rung)
	})
}

// WithTimeout bounds the time of each run; 0: no limit, which is the default.
func WithTimeout(d time.Duration) PoolOption {
	return poolOption(func(o *poolOptions) {
		if o.native.Wall = d; d < 0 {
			o.refuse("the timeout must not be less than 0, but is %v", d)
		}
	})
}

// WithCPUTimeout bounds the processor time of each run; 0: no limit, which is the default.
func WithCPUTimeout(d time.Duration) PoolOption {
	return poolOption(func(o *poolOptions) {
		if o.native.CPU = d; d < 0 {
			o.refuse("the processor time must not be less than 0, but is %v", d)
		}
	})
}

// WithCommand names the isthmus command that IsolationProcess starts. By default the one that the
// environment's ISTHMUS_CELL names, that belongs to the library, or that is in the PATH.
func WithCommand(path string) PoolOption {
	return poolOption(func(o *poolOptions) {
		if o.native.Cell = path; hasNUL(path) {
			o.refuse("the command %q has a NUL within", path)
		}
	})
}

func hasNUL(text string) bool {
	for i := range len(text) {
		if text[i] == 0 {
			return true
		}
	}
	return false
}

// Pool has threads that run programs over inputs. Any goroutine may use it; maps that go on at the
// same time take turns. One that is forgotten is closed when Go's collector finds out.
type Pool struct{ *pool }

// pool is what is left of a Pool that was forgotten.
type pool struct {
	handle unsafe.Pointer // of the ist_pool
	inside sync.WaitGroup // calls under way that use it

	mu      sync.Mutex
	closed  bool
	batches map[*poolBatch]struct{}
	gone    chan struct{} // closed when it is freed
}

// NewPool makes a pool. It fails when an option is none, when threads or processes cannot be started,
// and when there is no command for IsolationProcess, or one of another release.
func NewPool(options ...PoolOption) (*Pool, error) {
	o := poolOptions{native: native.PoolOptions{Isolation: int(IsolationCompartment)}}
	for _, option := range options {
		if option != nil {
			option.forPool(&o)
		}
	}
	limits := &o.isolate.native
	o.native.HeapLimit, limits.HeapLimit = limits.HeapLimit, 0
	o.native.BufferLimit, limits.BufferLimit = limits.BufferLimit, 0
	o.native.StackLimit, limits.StackLimit = limits.StackLimit, 0
	if !reflect.ValueOf(o.isolate).IsZero() {
		o.refuse("of the options of isolates a pool takes the limits alone")
	}
	if o.err != nil {
		return nil, o.err
	}
	handle, said, status := native.NewPool(o.native)
	if status != native.OK {
		err := &Error{Op: "NewPool", Status: status.Name(), Message: status.String(), err: behind(status)}
		if said != nil {
			err.Message = said.Message
		}
		return nil, err
	}
	core := &pool{handle: handle, batches: map[*poolBatch]struct{}{}, gone: make(chan struct{})}
	made := &Pool{core}
	runtime.AddCleanup(made, func(core *pool) { go core.close() }, core)
	return made, nil
}

// Close ends what runs and frees the threads. Maps that are under way give ErrClosed. Closing twice is
// fine.
func (p *Pool) Close() error {
	if p != nil && p.pool != nil {
		p.close()
	}
	return nil
}

func (p *pool) close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		<-p.gone
		return
	}
	p.closed = true
	for b := range p.batches {
		native.CancelBatch(b.handle)
	}
	p.mu.Unlock()
	p.inside.Wait()
	native.FreePool(p.handle)
	close(p.gone)
}

// enter keeps the pool from being freed until leave.
func (p *pool) enter() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.inside.Add(1)
	return nil
}

func (p *pool) leave() { p.inside.Done() }

// PoolStatistics is what a pool has done so far.
type PoolStatistics struct {
	Runs     uint64 // inputs that were run
	Failed   uint64 // of these, how many gave no value
	Timeouts uint64 // of those that failed, for time
	Spent    uint64 // of those that failed, for memory
	Replaced uint64 // contexts, isolates or processes that had to be made anew because of a run
}

// Statistics gives what the pool has done so far; ErrClosed when it is closed.
func (p *Pool) Statistics() (PoolStatistics, error) {
	if err := p.usable("Statistics"); err != nil {
		return PoolStatistics{}, err
	}
	if err := p.enter(); err != nil {
		return PoolStatistics{}, err
	}
	defer p.leave()
	got, status := native.ReadPoolStatistics(p.handle)
	if status != native.OK {
		return PoolStatistics{}, statusError("Statistics", status)
	}
	return PoolStatistics(got), nil
}

// usable is why there is no pool at all.
func (p *Pool) usable(op string) error {
	if p == nil || p.pool == nil {
		return argumentError(op, "the pool was not made by NewPool")
	}
	return nil
}

// Run runs a program over one input and gives its value, as Unmarshal makes one for an any. When the
// Go context ends, so does the run, with an error that is context.DeadlineExceeded or
// context.Canceled. For many inputs Map costs less.
func (p *Pool) Run(ctx context.Context, program *Program, input any) (any, error) {
	return Run[any](ctx, p, program, input)
}

// Run is the Run of a pool whose value is a T, as Unmarshal makes one.
func Run[T any](ctx context.Context, p *Pool, program *Program, input any) (T, error) {
	var value T
	m, err := p.begin(ctx, "Run", program, 1)
	if err != nil {
		return value, err
	}
	defer m.end()
	data, err := encodeTree(input)
	if err != nil {
		return value, err
	}
	if err := m.batch.add(data); err != nil {
		return value, m.stopped(err)
	}
	outcomes, err := m.batch.next(nil)
	if err != nil {
		return value, m.stopped(err)
	}
	result, _ := resultOf[T](m, &outcomes[0])
	return result.Value, result.Err
}
