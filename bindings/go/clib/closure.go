package clib

import (
	"fmt"
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
			text := fmt.Sprintf("C can have no more than %d functions here at a time", use.Slots)
			return nil, use.Function.state(use.Name, text)
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
