package clib

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"weak"
)

// How long C keeps a callback.
type Scope uint8

const (
	ScopeCall Scope = iota
	ScopeOnce
	ScopeUntil
	ScopeForever
)

// A Use is one place where functions are given to C: a parameter or a field.
type Use struct {
	Function *Function
	Name     string
	Type     string
	Scope    Scope
	Until    []*Function
	Replaced bool
	// NoReenter is the number of the callback's type among the library's, or -1.
	NoReenter int32
	// Slots is how many functions may be given at a time where C carries no user data; 0: it does.
	Slots int

	mu    sync.Mutex
	slots []*Closure
	free  []int
}

// A Closure is a Go function while C may call it.
type Closure struct {
	Func any // guarded by mu
	// Args are the values of the callback type's own parameters.
	Args []int64

	held   weak.Pointer[target] // instead of Func: who holds the function is a Holder
	holder weak.Pointer[Holder]
	use    *Use
	// What C knows it by: user data, whose low 16 bits are the number of the function in C, from 1, where
	// there are several.
	token  uintptr
	slot   int
	parent *Object
	loose  bool
	joined []*Closure
	ended  atomic.Bool
	mu     sync.Mutex
	call   uint64 // scope call: the call that waits for it
}

var (
	closures sync.Map // token to *Closure
	tokens   atomic.Uintptr
)

// A Holder has the functions that C was given with an object, as long as Go has the object or what
// stands on it. So a function may name its object, and both are forgotten together.
type Holder struct {
	mu        sync.Mutex
	functions map[*Closure]*target
	parents   []*Holder
}

type target struct{ function any }

// hold leaves it to the object's holder how long the function lives.
func (one *Closure) hold(parent *Object) {
	holder := parent.holder.Value()
	if holder == nil {
		return
	}
	to := &target{one.Func}
	holder.mu.Lock()
	defer holder.mu.Unlock()
	if holder.functions == nil {
		holder.functions = make(map[*Closure]*target)
	}
	holder.functions[one] = to
	one.mu.Lock()
	defer one.mu.Unlock()
	one.held, one.holder, one.Func = weak.Make(to), parent.holder, nil
}

// function is what C means, or nil when it was forgotten.
func (one *Closure) function() any {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.Func != nil {
		return one.Func
	}
	if to := one.held.Value(); to != nil {
		return to.function
	}
	return nil
}

// Give makes a Go function something that C can call, and gives what C knows it by. A nil closure
// is NULL.
func (c *Call) Give(use *Use, function any, args ...int64) (*Closure, error) {
	one := &Closure{Func: function, Args: args, use: use}
	one.token = tokens.Add(1)
	if use.Slots > 0 {
		slot, ok := use.take(one)
		if !ok {
			return nil, use.Function.state(use.Name, fmt.Sprintf("C can have no more than %d functions here at a time", use.Slots))
		}
		one.slot = slot
		one.token = one.token<<16 | uintptr(slot+1)
	}
	closures.Store(one.token, one)
	if use.Scope == ScopeCall {
		c.closures = append(c.closures, one)
		one.call = c.number
	}
	return one, nil
}

func (u *Use) take(one *Closure) (int, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	slot := len(u.slots)
	if n := len(u.free); n > 0 {
		slot = u.free[n-1]
		u.free = u.free[:n-1]
	} else if slot == u.Slots {
		return 0, false
	} else {
		u.slots = append(u.slots, nil)
	}
	u.slots[slot] = one
	return slot, true
}

// Token is what C knows it by; 0 is NULL.
func (one *Closure) Token() uintptr {
	if one == nil {
		return 0
	}
	return one.token
}

// Accept notes that C has accepted a callback, or NULL, until something ends it. A callback that C
// did not accept is ended.
func (c *Call) Accept(use *Use, one *Closure, accepted bool) {
	if !accepted {
		if one != nil {
			one.end()
		}
		return
	}
	if use.Scope != ScopeUntil {
		return
	}
	parent := c.First()
	if use.Replaced {
		others := use.Function.Library.looseClosures()
		if parent != nil {
			others = append([]*Closure(nil), parent.closures...)
		}
		for _, other := range others {
			if other.use == use && other != one {
				other.end()
			}
		}
	}
	switch {
	case one == nil:
	case parent == nil:
		one.loose = true
		l := use.Function.Library
		l.mu.Lock()
		if l.loose == nil {
			l.loose = make(map[*Closure]struct{})
		}
		l.loose[one] = struct{}{}
		l.mu.Unlock()
	case parent.state == live || parent.state == closed:
		one.parent = parent
		parent.closures = append(parent.closures, one)
		one.hold(parent)
	default:
		one.end()
	}
}

func (l *Library) looseClosures() []*Closure {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*Closure, 0, len(l.loose))
	for one := range l.loose {
		list = append(list, one)
	}
	return list
}

func (one *Closure) endsBy(f *Function) bool {
	for _, function := range one.use.Until {
		if function == f {
			return true
		}
	}
	return false
}

// end: C must not call it any more; if it does, it gets the answer for failures.
func (one *Closure) end() {
	if one.ended.Swap(true) {
		return
	}
	use := one.use
	if use.Slots > 0 {
		use.mu.Lock()
		use.slots[one.slot] = nil
		use.free = append(use.free, one.slot)
		use.mu.Unlock()
	}
	closures.Delete(one.token)
	if holder := one.holder.Value(); holder != nil {
		holder.mu.Lock()
		delete(holder.functions, one)
		holder.mu.Unlock()
	}
	if one.loose {
		l := use.Function.Library
		l.mu.Lock()
		delete(l.loose, one)
		l.mu.Unlock()
	}
	if parent := one.parent; parent != nil {
		one.parent = nil
		for i, other := range parent.closures {
			if other == one {
				parent.closures = append(parent.closures[:i:i], parent.closures[i+1:]...)
				break
			}
		}
	}
}

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

// Thrown gives the error of a callback of this call, or goes on with its panic.
func (c *Call) Thrown() error {
	l := c.function.Library
	if l.waiting.Load() == 0 {
		return nil
	}
	l.mu.Lock()
	one := l.failures[c.number]
	if one != nil {
		delete(l.failures, c.number)
		l.waiting.Add(-1)
	}
	l.mu.Unlock()
	if one == nil {
		return nil
	}
	if one.panicked {
		panic(one.value)
	}
	return one.err
}

// given is a place in a struct that goes to C, with the function there, or none.
type given struct {
	use *Use
	one *Closure
}

// For says which call the functions are given to that structs hold.
func (a *Arena) For(c *Call) { a.call = c }

// Function gives C the function of a struct's field. Those that share user data have one group, whose
// first is what C knows them by, and end together.
func (a *Arena) Function(use *Use, function any, group **Closure) (*Closure, error) {
	one, err := a.call.Give(use, function)
	if err != nil {
		return nil, err
	}
	a.given = append(a.given, given{use, one})
	if group != nil && *group == nil {
		*group = one
	} else if group != nil {
		(*group).joined = append((*group).joined, one)
	}
	return one, nil
}

// Without notes that a field's function is NULL.
func (a *Arena) Without(use *Use) {
	if a.call != nil {
		a.given = append(a.given, given{use, nil})
	}
}

// Accepted notes whether C keeps the functions.
func (a *Arena) Accepted(accepted bool) {
	for _, one := range a.given {
		a.call.Accept(one.use, one.one, accepted)
	}
	a.given = nil
}

// Unset is the error of a field without its function.
func Unset(field string) error {
	return &Error{Parameter: field, Text: "expected a function, got nil", Kind: ErrArgument}
}
