package isthmus

import (
	"context"
	"slices"
	"sync"

	"isthmus/bindings/go/internal/native"
)

// errands are things that goroutines want done in an isolate, each by whoever has it first: the
// goroutine that wants it, one that holds the isolate and waits in its loop or is paused by a
// debugger, or one that is interrupted in the midst of JavaScript.
type errands struct {
	mu      sync.Mutex
	waiting []*errand
	paused  chan struct{} // of one, while JavaScript is paused: something was added
}

type errand struct {
	what func()
	done context.CancelFunc
}

// take does what waits; with the isolate taken.
func (e *errands) take() {
	for {
		e.mu.Lock()
		if len(e.waiting) == 0 {
			e.mu.Unlock()
			return
		}
		next := e.waiting[0]
		e.waiting = e.waiting[1:]
		e.mu.Unlock()
		next.run()
	}
}

func (e *errand) run() {
	defer e.done()
	e.what()
}

// remove has something not done, if it was not begun.
func (e *errands) remove(one *errand) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiting = slices.DeleteFunc(e.waiting, func(each *errand) bool { return each == one })
}

// add has something done later, and tells a debugger's pause of it.
func (e *errands) add(next *errand) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiting = append(e.waiting, next)
	if e.paused != nil {
		select {
		case e.paused <- struct{}{}:
		default:
		}
	}
}

// perform has what done with the isolate entered, and returns when that is over. With interrupting,
// JavaScript that runs is interrupted for it.
func (iso *Isolate) perform(interrupting bool, what func()) error {
	if !iso.made() {
		return errNoIsolate
	}
	if iso.lock.held() {
		if err := iso.enter(nil); err != nil {
			return err
		}
		defer iso.leave()
		what()
		return nil
	}
	if iso.lock.try() {
		defer iso.leave()
		if iso.handle == nil {
			return iso.err
		}
		what()
		return nil
	}
	done, finish := context.WithCancel(context.Background())
	defer finish()
	mine := &errand{func() { iso.guest(what) }, finish}
	iso.errands.add(mine)
	iso.loop.wake()
	if interrupting {
		iso.interrupt()
	}
	switch err := iso.lock.take(done); {
	case err == ErrDeadlock:
		iso.errands.remove(mine)
		return err
	case err != nil: // somebody else has done it
		return nil
	}
	defer iso.leave()
	if iso.handle == nil && done.Err() == nil {
		iso.errands.remove(mine)
		return iso.err
	}
	iso.errands.take()
	return nil
}

// guest runs what belongs to another goroutine: what it makes is none of the temporaries of who has
// the isolate.
func (iso *isolate) guest(what func()) {
	if iso.temporaries == nil {
		what()
		return
	}
	temporaries := iso.temporaries
	iso.temporaries = nil
	iso.inside++
	defer func() {
		iso.temporaries = temporaries
		iso.inside--
	}()
	what()
}

// interrupt has errands taken in the midst of the JavaScript that runs.
func (iso *Isolate) interrupt() {
	isolates.visit(iso.number, func(core *isolate) { native.Interrupt(core.handle, core.number, noHook) })
}

// listen gives a channel that has something when something was added, until unlisten.
func (e *errands) listen() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.paused = make(chan struct{}, 1)
	return e.paused
}

func (e *errands) unlisten() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.paused = nil
}
