package isthmus

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
	"weak"

	"isthmus/bindings/go/internal/native"
)

// Isolate is a JavaScript heap with its collector and its limits; contexts live in it.
//
// Any goroutine may use it, one at a time: an operation waits until it is free. An isolate that is
// forgotten is closed when Go's collector finds out.
type Isolate struct {
	*isolate
	answers    answers
	rejections rejections
	next       uint64 // number of a context
	opened     map[uint64]weak.Pointer[Context]
}

// isolate is what is left of an Isolate that was forgotten, for it to be closed. It knows nothing of
// the program's, which may refer to the Isolate: that would keep it for ever.
type isolate struct {
	lock        lock
	handle      unsafe.Pointer // of the ist_isolate; nil when it is closed or was never made
	number      uint64         // in the table of isolates
	err         error          // why there is no handle
	debts       *debts
	frames      []*native.Frame // by how often the lock is taken
	filled      pressure
	running     context.Context // what the JavaScript that runs was started under; nil: nothing
	run         *run            // the innermost that a Go context can end
	inside      int             // how many callbacks are on the stack
	panics      bool            // those of callbacks go on
	temporaries *temporaries    // what values belong to that are made now; nil: they last
	names       names
	loop        loop
	errands     errands
	at          *Context // the one of the innermost operation, while there is one; may be nil
	whole       weak.Pointer[Isolate]
}

// IsolateOption is a setting of NewIsolate.
type IsolateOption func(*isolateOptions)

type isolateOptions struct {
	native   native.IsolateOptions
	uncaught func(error)
	panics   bool
	snapshot *Snapshot
}

// WithHeapLimit bounds the heap: a program that needs more is ended by ErrOutOfMemory, and the
// isolate is spent. In bytes; less than 4 MiB is taken for that. By default V8's own choice, between
// one and four gigabytes.
func WithHeapLimit(bytes uint64) IsolateOption {
	return func(o *isolateOptions) { o.native.HeapLimit = bytes }
}

// WithBufferLimit bounds the ArrayBuffers and WebAssembly memories that live at one time, in bytes;
// more is a RangeError. By default there is no limit.
func WithBufferLimit(bytes uint64) IsolateOption {
	return func(o *isolateOptions) { o.native.BufferLimit = bytes }
}

// WithStackLimit bounds the stack that JavaScript may use, in bytes; less than 64 KiB is taken for
// that. Deeper recursion is a RangeError. By default about a megabyte.
func WithStackLimit(bytes uint64) IsolateOption {
	return func(o *isolateOptions) { o.native.StackLimit = bytes }
}

// NewIsolate makes an isolate. It never gives nil: when one cannot be made, Err says why, and so
// does everything that is tried with it.
func NewIsolate(options ...IsolateOption) *Isolate {
	o := isolateOptions{uncaught: logUncaught}
	for _, option := range options {
		option(&o)
	}
	native.SetHost(&host)
	if o.snapshot != nil {
		o.native.Snapshot = o.snapshot.handle
	}
	core := &isolate{debts: &debts{}, loop: loop{driving: make(chan struct{}, 1)}}
	made := &Isolate{isolate: core, opened: map[uint64]weak.Pointer[Context]{}}
	made.rejections.report = o.uncaught
	handle, status := native.NewIsolate(o.native)
	runtime.KeepAlive(o.snapshot)
	if status != native.OK {
		core.err = statusError("NewIsolate", status)
		return made
	}
	core.handle = handle
	core.filled.most = mostOf(o.native.HeapLimit)
	core.panics = o.panics
	core.whole = weak.Make(made)
	core.debts.isolate.Store(core)
	isolates.add(core)
	native.SetUncaught(handle, core.number, noHook)
	runtime.AddCleanup(made, undertaker.take, core)
	return made
}

// made tells whether an isolate is one of NewIsolate's.
func (iso *Isolate) made() bool { return iso != nil && iso.isolate != nil }

// Err is why there is no isolate that can be used: why it could not be made, ErrClosed, or
// ErrOutOfMemory when it has reached its heap limit. Nil: there is one.
func (iso *Isolate) Err() error {
	if err := iso.enter(nil); err != nil {
		return err
	}
	defer iso.leave()
	if native.Spent(iso.handle) {
		return statusError("", native.ErrMemory)
	}
	return nil
}

// Close frees the isolate with its contexts and values; using them afterwards is ErrClosed. It waits
// for a goroutine that uses it, which TerminateExecution hurries. Closing twice is fine. Within a
// callback or Do of this isolate it is an error, and nothing happens.
func (iso *Isolate) Close() error {
	if !iso.made() {
		return nil
	}
	if err := iso.lock.take(nil); err != nil {
		return err
	}
	defer iso.lock.give()
	if err := iso.close(); err != nil {
		return err
	}
	for _, opened := range iso.opened {
		if ctx := opened.Value(); ctx != nil {
			ctx.cleanup.Stop()
			ctx.handle = nil
		}
	}
	iso.answers.drop()
	iso.opened = nil
	return nil
}

// close frees the isolate; with the lock taken.
func (iso *isolate) close() error {
	if iso.handle == nil {
		return nil
	}
	if iso.lock.depth > 1 {
		return &Error{Op: "Close", Status: native.ErrState.Name(),
			Message: "the isolate is in use by the caller: within a callback or Do"}
	}
	iso.debts.pay(iso)
	// From here on nobody finds it who would terminate it.
	isolates.hide(iso)
	if status := native.FreeIsolate(iso.handle); status != native.OK {
		isolates.show(iso)
		return statusError("Close", status)
	}
	isolates.drop(iso)
	iso.handle = nil
	iso.err = ErrClosed
	iso.debts.isolate.Store(nil)
	iso.loop.close()
	for _, frame := range iso.frames {
		frame.Free()
	}
	iso.frames = nil
	return nil
}

// TerminateExecution ends the JavaScript that runs in the isolate now, with an error that it cannot
// catch: the call answers ErrTerminated, and the isolate can be used again. Nothing happens when none
// runs. It does not wait.
func (iso *Isolate) TerminateExecution() {
	if !iso.made() {
		return
	}
	isolates.visit(iso.number, func(core *isolate) { native.Terminate(core.handle) })
}

// enter takes the isolate for an operation of the running goroutine; leave gives it back. ctx, which
// may be nil, bounds the wait.
func (iso *Isolate) enter(ctx context.Context) error {
	if !iso.made() {
		return errNoIsolate
	}
	return iso.isolate.enter(ctx)
}

func (iso *isolate) enter(ctx context.Context) error {
	if err := iso.lock.take(ctx); err != nil {
		return err
	}
	if iso.handle == nil {
		iso.lock.give()
		return iso.err
	}
	iso.tidy()
	return nil
}

// tidy frees what is forgotten, when the isolate is entered and at no other place: an operation that
// has begun may use a handle whose Value is forgotten already.
func (iso *isolate) tidy() {
	if iso.debts.count.Load() != 0 {
		iso.debts.pay(iso)
	}
	if last := iso.lock.depth - 1; last < len(iso.frames) {
		iso.filled.see(iso, iso.frames[last].Kept)
	}
}

func (iso *isolate) leave() { iso.lock.give() }

func (iso *Isolate) leave() {
	if len(iso.rejections.all) != 0 && iso.inside == 0 && iso.handle != nil {
		iso.settleRejections()
	}
	iso.lock.give()
}

// frame is the frame of the operation that was entered last.
func (iso *isolate) frame() *native.Frame {
	for len(iso.frames) < iso.lock.depth {
		iso.frames = append(iso.frames, native.NewFrame())
	}
	frame := iso.frames[iso.lock.depth-1]
	frame.Keep = iso.inside > 0
	return frame
}

// own makes a handle that a function of isthmus.h has given last beyond the callback that runs.
// Results of frames are so already.
func (iso *isolate) own(v native.Value) (native.Value, error) {
	if iso.inside == 0 || !v.IsHandle() {
		return v, nil
	}
	kept, status := native.Keep(iso.handle, v)
	if status != native.OK {
		return native.Value{}, statusError("", status)
	}
	native.FreeValues(iso.handle, []native.Value{v})
	return kept, nil
}

// debts are the handles that Go's collector or Release has given up and the isolate has not freed
// yet. They know the isolate only as long as it is open, so that values do not keep one.
type debts struct {
	isolate  atomic.Pointer[isolate]
	count    atomic.Int32
	mu       sync.Mutex
	values   []native.Value
	contexts []unsafe.Pointer
	others   []func()
}

// addContext adds one with handles that belong to it.
func (d *debts) addContext(context unsafe.Pointer, values []native.Value) {
	if d.isolate.Load() == nil {
		return
	}
	d.mu.Lock()
	d.values = append(d.values, values...)
	d.contexts = append(d.contexts, context)
	d.mu.Unlock()
	d.count.Add(1)
	d.call()
}

// freeing has a thing of the isolate's freed when what stands for it was forgotten.
func freeing[T any](d *debts, made *T, free func()) {
	runtime.AddCleanup(made, func(free func()) {
		d.mu.Lock()
		d.others = append(d.others, free)
		d.mu.Unlock()
		d.count.Add(1)
	}, free)
}

// batch is how many handles are given up before somebody is sent to free them in an idle isolate.
const batch = 1024

func (d *debts) add(v native.Value) {
	if d.later(v)%batch == 0 {
		d.call()
	}
}

// later adds a handle that C still reads: the running goroutine has not returned to it. It gives how
// many there are.
func (d *debts) later(v native.Value) int32 {
	if d.isolate.Load() == nil { // with which it was freed
		return 1
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.values = append(d.values, v)
	return d.count.Add(1)
}

// call has the debts paid now, if the isolate is idle; otherwise, who uses it does.
func (d *debts) call() {
	if iso := d.isolate.Load(); iso != nil && iso.lock.try() {
		if iso.handle != nil {
			d.pay(iso)
		}
		iso.leave()
	}
}

// pay frees the handles; with the isolate entered.
func (d *debts) pay(iso *isolate) {
	d.mu.Lock()
	values, contexts, others := d.values, d.contexts, d.others
	d.values, d.contexts, d.others = nil, nil, nil
	d.count.Store(0)
	d.mu.Unlock()
	native.FreeValues(iso.handle, values)
	for _, free := range others {
		free()
	}
	for _, context := range contexts {
		native.FreeContext(context)
	}
}
