package isthmus

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"

	"isthmus/bindings/go/internal/native"
)

// loop is who drives an isolate's event loop: one goroutine at a time, which turns it, waits for what
// the loop waits for, and turns it again. Others that wait for a promise take over when it has what
// it has waited for.
type loop struct {
	driving chan struct{} // of one: who drives has put something in

	// With the isolate entered:
	turning int   // how many turns are on the stack
	ended   error // what has ended JavaScript in the turn

	mu       sync.Mutex
	file     *os.File // the loop's descriptor, a duplicate, which Go's poller watches
	sleeping int      // how many goroutines wait for it, until its read deadline; two at most
	woken    bool     // the next one is not to wait
}

// wake has the driver look around.
func (l *loop) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.woken = true
	if l.sleeping > 0 {
		_ = l.file.SetReadDeadline(time.Unix(1, 0))
	}
}

// close gives the descriptor up.
func (l *loop) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}

// open has Go's poller watch the loop; with the isolate entered.
func (l *loop) open(op string, isolate *isolate) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		return nil
	}
	fd, status := native.LoopDescriptor(isolate.handle)
	if status != native.OK {
		return statusError(op, status)
	}
	fd, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(fd)
		err = syscall.SetNonblock(fd, true)
	}
	if err != nil {
		return &Error{Op: op, Status: native.ErrIO.Name(), Message: err.Error(), err: err}
	}
	l.file = os.NewFile(uintptr(fd), "loop")
	return nil
}

// sleep waits until the descriptor can be read, the time is over (below 0: never), or it is woken.
func (l *loop) sleep(milliseconds int) {
	l.mu.Lock()
	file := l.file
	if l.woken || file == nil {
		l.woken = false
		l.mu.Unlock()
		return
	}
	var until time.Time
	if milliseconds >= 0 {
		until = time.Now().Add(time.Duration(milliseconds) * time.Millisecond)
	}
	_ = file.SetReadDeadline(until)
	l.sleeping++
	l.mu.Unlock()
	if raw, err := file.SyscallConn(); err == nil {
		_ = raw.Read(native.Readable) // closing the file ends it, too
	}
	l.mu.Lock()
	l.sleeping--
	l.mu.Unlock()
}

// drive takes the loop for the running goroutine, or waits until another one that has it has made
// something settled, or ctx is done. rest is to be called when it was taken.
func (iso *isolate) drive(ctx context.Context, settled <-chan struct{}) (rest func(), err error) {
	if iso.lock.held() {
		// Nobody else can turn it meanwhile.
		iso.loop.wake()
		return func() {}, nil
	}
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	select {
	case iso.loop.driving <- struct{}{}:
		return func() { <-iso.loop.driving }, nil
	case <-settled:
		return nil, nil
	case <-done:
		return nil, ctx.Err()
	}
}

// turn runs what is ready. It tells whether something can still happen, and gives the milliseconds
// until it does; -1: nobody knows.
func (iso *Isolate) turn(ctx context.Context, op string) (alive bool, delay int, err error) {
	if err := iso.enter(ctx); err != nil {
		return false, 0, err
	}
	defer iso.leave()
	iso.errands.take()
	if err := iso.loop.open(op, iso.isolate); err != nil {
		return false, 0, err
	}
	err = iso.within(ctx, op, func() error {
		iso.loop.turning++
		defer func() { iso.loop.turning-- }()
		var status native.Status
		alive, status = native.LoopTurn(iso.handle)
		switch ended := iso.loop.ended; {
		case status != native.OK:
			return statusError(op, status)
		case ended != nil:
			iso.loop.ended = nil
			return ended
		}
		return nil
	})
	if ctx != nil && ctx.Err() != nil {
		return false, 0, contextError(op, ctx, ctx.Err())
	}
	if err != nil {
		return false, 0, err
	}
	delay, status := native.LoopDelay(iso.handle)
	if status != native.OK {
		return false, 0, statusError(op, status)
	}
	return alive, delay, nil
}

// runUntil drives the loop until settled is closed, or, when that is nil, until nothing is left to
// happen. It tells whether something could still happen when it has ended.
func (iso *Isolate) runUntil(ctx context.Context, op string, settled <-chan struct{}) (alive bool, err error) {
	rest, err := iso.drive(ctx, settled)
	if err != nil {
		return true, contextError(op, ctx, err)
	}
	if rest == nil {
		return true, nil
	}
	defer rest()
	if ctx != nil {
		stop := context.AfterFunc(ctx, iso.loop.wake)
		defer stop()
	}
	for {
		alive, delay, err := iso.turn(ctx, op)
		if err != nil {
			return true, err
		}
		select {
		case <-settled:
			return true, nil
		default:
		}
		if !alive {
			return false, nil
		}
		iso.loop.sleep(delay)
	}
}

// RunLoop runs the isolate's event loop until nothing is left to happen in it: no timer, no job, no
// call of a Go function that is under way, no PromiseResolver that is to be settled. ctx ends it
// before, and what runs then. It may not be called by JavaScript.
//
// Await runs the loop, too, as long as it waits. The isolate is free while the loop waits, unless the
// caller holds it by Do.
func (iso *Isolate) RunLoop(ctx context.Context) error {
	const op = "RunLoop"
	if err := iso.enter(ctx); err != nil {
		return err
	}
	err := iso.notCalled(op)
	iso.leave()
	if err != nil {
		return err
	}
	_, err = iso.runUntil(ctx, op, nil)
	return err
}

// notCalled refuses to run the loop for a function that JavaScript has called; with the isolate
// entered.
func (iso *isolate) notCalled(op string) error {
	if iso.inside == 0 {
		return nil
	}
	return &Error{Op: op, Status: native.ErrState.Name(),
		Message: "the isolate's loop cannot be run here: JavaScript has called this function"}
}

// underWay says that something is under way outside of the isolate, for the loop not to end, until
// the function that it gives is called, which may be done by any goroutine and more than once.
func (iso *Isolate) underWay() (over func()) {
	if native.LoopRef(iso.handle) != native.OK {
		return func() {}
	}
	number := iso.number
	return sync.OnceFunc(func() {
		isolates.visit(number, func(core *isolate) { native.LoopUnref(core.handle) })
	})
}
