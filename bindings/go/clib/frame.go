package clib

import (
	"fmt"
	"os"
)

// Destroyed is C's notice that it needs a callback no more.
func Destroyed(token uintptr) {
	if found, ok := closures.Load(token); ok {
		one := found.(*Closure)
		for _, other := range one.joined {
			other.end()
		}
		one.end()
	}
}

// A failure is what a callback of a call has failed with.
type failure struct {
	err      error
	panicked bool
	value    any
}

// A Frame is one run of a callback.
type Frame struct {
	*Closure
	Func any // the Go function
	call uint64
	lent []*Object
	// Message is the text of a failure, where C is told it.
	Message string
}

// Unhandled is given the error of a callback that no call waits for: C made it on a thread of its
// own. A panic there ends the process, as everywhere in Go. By default the error is a line on standard error.
var Unhandled = func(library, callback string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %s: in a callback that nobody waits for: %v\n", library, callback, err)
}

// Enter runs a callback that C has called: what `token` stands for, within the call of a number, or
// within none. It tells whether C has its answer.
func (u *Use) Enter(token uintptr, call uint64, run func(*Frame) error) (answered bool, message string) {
	one := u.closure(token)
	if one == nil {
		return false, ""
	}
	l := u.Function.Library
	if call == 0 {
		call = one.call
	}
	if l.waiting.Load() != 0 && l.failed(call) {
		return false, ""
	}
	function := one.function()
	if function == nil {
		return false, ""
	}
	frame := &Frame{Closure: one, Func: function, call: call}
	if u.Scope == ScopeOnce {
		defer one.end()
	}
	if u.NoReenter >= 0 {
		l.sealed.Add(1)
		defer l.sealed.Add(-1)
	}
	err := frame.run(run)
	for _, o := range frame.lent {
		o.family.mu.Lock()
		o.expire(nil)
		o.family.mu.Unlock()
	}
	if err == nil {
		return true, ""
	}
	if call != 0 {
		l.note(call, err)
	} else if err.panicked {
		panic(err.value)
	} else {
		Unhandled(l.Name, u.Function.Name+": "+u.Name, err.err)
	}
	if err.panicked {
		return false, fmt.Sprint(err.value)
	}
	return false, err.err.Error()
}

func (u *Use) closure(token uintptr) *Closure {
	if u.Slots > 0 {
		u.mu.Lock()
		defer u.mu.Unlock()
		if token == 0 || token > uintptr(len(u.slots)) {
			return nil
		}
		return u.slots[token-1]
	}
	found, ok := closures.Load(token)
	if !ok {
		return nil
	}
	return found.(*Closure).of(u)
}

// of gives the one of several functions with the same user data that stands at a place.
func (one *Closure) of(u *Use) *Closure {
	if one.use == u {
		return one
	}
	for _, other := range one.joined {
		if other.use == u {
			return other
		}
	}
	return nil
}

func (f *Frame) run(run func(*Frame) error) (failed *failure) {
	done := false
	defer func() {
		if done {
			return
		}
		// A panic must not unwind C. It goes on when C has returned.
		failed = &failure{panicked: true, value: recover()}
		if failed.value == nil {
			// Nothing holds runtime.Goexit back: C never comes to its end.
			f.use.Function.Library.Lost()
		}
	}()
	err := run(f)
	done = true
	if err != nil {
		return &failure{err: err}
	}
	return nil
}

func (l *Library) failed(call uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failures[call] != nil
}

func (l *Library) note(call uint64, err *failure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failures == nil {
		l.failures = make(map[uint64]*failure)
	}
	if l.failures[call] == nil {
		l.failures[call] = err
		l.waiting.Add(1)
	}
}

// take gives what a callback of a call has failed with, and forgets it.
func (l *Library) take(call uint64) *failure {
	if l.waiting.Load() == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.failures[call]
	if one != nil {
		delete(l.failures, call)
		l.waiting.Add(-1)
	}
	return one
}

// drop tells of the failure of a callback whose call nobody asks any more: it came from a destructor
// that ran by itself.
func (l *Library) drop(call uint64) {
	one := l.take(call)
	if one == nil {
		return
	}
	if one.panicked {
		one.err = fmt.Errorf("panic: %v", one.value)
	}
	Unhandled(l.Name, "a destructor", one.err)
}

// Thrown gives the error of a callback of this call, or goes on with its panic.
func (c *Call) Thrown() error {
	one := c.function.Library.take(c.number)
	if one == nil {
		return nil
	}
	if one.panicked {
		panic(one.value)
	}
	return one.err
}
