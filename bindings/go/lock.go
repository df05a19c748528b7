package isthmus

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"isthmus/bindings/go/internal/goroutine"
)

// lock lets one goroutine at a time into an isolate, which may take it again: a callback of
// JavaScript's is run by the goroutine that called JavaScript. Waiting costs no thread, ends with a
// Go context, and is refused when it could never end.
type lock struct {
	owner   atomic.Uintptr // a goroutine.ID, or 0
	depth   int            // how often the owner has taken it; the owner's
	waiting atomic.Int32
	mu      sync.Mutex
	queue   []*waiter
}

type waiter struct {
	id    uintptr
	since time.Time
	ready chan struct{} // of one: try again, or it is yours
}

// ErrDeadlock is what waiting for an isolate gives that is held by a goroutine which waits, over
// whatever others, for one that the caller holds.
var ErrDeadlock = errors.New("isthmus: deadlock: the isolate is held by a goroutine that waits for one held by this one")

// patience is how long a goroutine is passed by those that happen to come when the lock is free,
// which is cheaper than to hand it over; that of sync.Mutex is the same.
const patience = time.Millisecond

// held tells whether the running goroutine has the lock.
func (l *lock) held() bool { return l.owner.Load() == goroutine.ID() }

// take takes the lock, waiting until ctx is done; ctx may be nil.
func (l *lock) take(ctx context.Context) error {
	me := goroutine.ID()
	if l.owner.Load() == me {
		l.depth++
		return nil
	}
	if !l.owner.CompareAndSwap(0, me) {
		if err := l.wait(ctx, me); err != nil {
			return err
		}
	}
	l.depth = 1
	return nil
}

// retake takes the lock again, if the running goroutine has it.
func (l *lock) retake() bool {
	if l.owner.Load() != goroutine.ID() {
		return false
	}
	l.depth++
	return true
}

// try takes the lock if that is possible without waiting.
func (l *lock) try() bool {
	me := goroutine.ID()
	if l.owner.Load() == me {
		l.depth++
		return true
	}
	if !l.owner.CompareAndSwap(0, me) {
		return false
	}
	l.depth = 1
	return true
}

// give gives the lock back.
func (l *lock) give() {
	if l.depth--; l.depth > 0 {
		return
	}
	if l.waiting.Load() == 0 {
		l.owner.Store(0)
		// Who has come to wait since saw an owner.
		if l.waiting.Load() == 0 {
			return
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := l.owner.Load() == goroutine.ID()
	if len(l.queue) == 0 {
		if mine {
			l.owner.Store(0)
		}
		return
	}
	first := l.queue[0]
	if mine {
		if time.Since(first.since) > patience {
			l.remove(first)
			l.owner.Store(first.id)
		} else {
			l.owner.Store(0)
		}
	}
	select {
	case first.ready <- struct{}{}:
	default:
	}
}

func (l *lock) remove(w *waiter) {
	for i, each := range l.queue {
		if each == w {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			l.waiting.Add(-1)
			return
		}
	}
}

func (l *lock) wait(ctx context.Context, me uintptr) error {
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	if !waits.add(me, l) {
		return ErrDeadlock
	}
	defer waits.remove(me)
	w := &waiter{id: me, since: time.Now(), ready: make(chan struct{}, 1)}
	l.mu.Lock()
	l.queue = append(l.queue, w)
	l.waiting.Add(1)
	l.mu.Unlock()
	for {
		if l.owner.CompareAndSwap(0, me) {
			l.mu.Lock()
			l.remove(w)
			l.mu.Unlock()
			return nil
		}
		select {
		case <-w.ready:
			if l.owner.Load() == me {
				return nil
			}
		case <-done:
			l.mu.Lock()
			l.remove(w)
			mine := l.owner.Load() == me
			l.mu.Unlock()
			if mine { // it was handed over at the last moment
				l.depth = 1
				l.give()
			} else {
				l.pass()
			}
			return ctx.Err()
		}
	}
}

// pass wakes the next one that waits, in place of one that was woken and has given up.
func (l *lock) pass() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		select {
		case l.queue[0].ready <- struct{}{}:
		default:
		}
	}
}

// waits knows which goroutine waits for which lock. What waits under a Go context is among them: it
// may end with that, but nobody in a circle gets what it waits for.
var waits = waitsFor{locks: map[uintptr]*lock{}}

type waitsFor struct {
	mu    sync.Mutex
	locks map[uintptr]*lock
}

// add notes that a goroutine waits. False: it would wait for ever.
func (w *waitsFor) add(me uintptr, l *lock) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for next := l; next != nil; {
		owner := next.owner.Load()
		if owner == me {
			return false
		}
		then := w.locks[owner]
		if then == next { // it is not waiting any more
			break
		}
		next = then
	}
	w.locks[me] = l
	return true
}

func (w *waitsFor) remove(me uintptr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.locks, me)
}
