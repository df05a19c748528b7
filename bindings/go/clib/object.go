package clib

import (
	"runtime"
	"sync"
	"sync/atomic"
	"weak"
)

// What a record says of an object's life: it leaves live once, and never comes back.
type state uint8

const (
	live state = iota
	closed
	gone // the destructor has run
	taken
	expired
)

// Whose an object is.
type holding uint8

const (
	borrowed holding = iota
	owned
	lent // for the length of a callback
)

// A family is what one call at a time may be inside of: an object and all that stands on it.
type family struct {
	mu    sync.Mutex
	owner atomic.Uint64 // the call that holds it
}

// An Object is what is known of one object of C's. All but its address is guarded by the lock of
// its family.
type Object struct {
	kind    *Type
	address uintptr
	family  *family
	memory  bool // in memory that was allocated for it here

	state    state
	holding  holding
	endedBy  *Function
	calls    int
	inside   *Function
	kids     map[*Object]struct{}
	parents  []*Object
	ends     []*until // of what is borrowed from it
	ownEnds  []*until
	closures []*Closure
	pins     map[string]*runtime.Pinner
	pinned   map[string]any
	wrapper  func() any // the Go object, or nil
	wraps    int        // how many were made; the clean-up of an old one does nothing
	cleanup  runtime.Cleanup
	holder   weak.Pointer[Holder]
	dropped  bool // Go has no object of it any more
	height   int
}

// An until: a borrowed child ends when one of the functions is called on the parent.
type until struct {
	child     *Object
	parent    *Object
	functions []*Function
}

// Address is where it is in C.
func (o *Object) Address() uintptr {
	if o == nil {
		return 0
	}
	return o.address
}

// Own records an object that is Go's to close, in the family of what it needs. Calls have it locked.
func (k *Type) Own(c *Call, address uintptr, parents ...*Object) *Object {
	o := k.find(address)
	switch {
	case o != nil && o.holding == borrowed && c.holds(o.family):
		// What was borrowed is given away: it stands alone from now on.
		o.removeEnds()
		o.leaveParents()
		o.holding = owned
	case o != nil && o.holding == owned:
		return o // it is known, and is closed once
	default:
		o = k.record(address, owned, parents)
	}
	for _, parent := range parents {
		o.keep(parent)
	}
	for i := range c.count {
		if from := c.entries[i].object; from.kind == k && k.Depth > 0 && from != o {
			_, root := from.root()
			o.height = max(o.height, root.height)
		}
	}
	return o
}

// Discard frees an object that nobody will get.
func (k *Type) Discard(c *Call, address uintptr) {
	if address != 0 && k.Free != nil {
		k.Free(c.number, address)
	}
}

// Place records an object that was made in memory from [Allocate].
func (k *Type) Place(address uintptr) *Object {
	o := k.record(address, owned, nil)
	o.memory = true
	return o
}

// Borrow records an object that is C's, or finds what is known of it. It ends with its parents, and
// when one of the functions is called on the first of them, or at all.
func (k *Type) Borrow(
	f *Function, output string, address uintptr, ends []*Function, parents ...*Object,
) (*Object, error) {
	o := k.find(address)
	if o == nil || (o.family != familyOf(parents) && o.family != &k.Library.family) {
		// What stands on others is not touched without their lock.
		o = k.record(address, borrowed, parents)
	}
	for _, parent := range parents {
		o.keep(parent)
	}
	if len(ends) > 0 && o.holding == borrowed {
		var parent *Object
		if len(parents) > 0 && parents[0] != o {
			parent = parents[0]
		}
		o.endWith(parent, ends)
	}
	if k.Depth > 0 {
		steps, root := o.root()
		if steps > k.Depth {
			return nil, f.state(output, k.tooDeep())
		}
		root.height = max(root.height, steps)
	}
	return o, nil
}

func (k *Type) tooDeep() string {
	return k.Name + " objects would be nested more than " + shown(k.Depth) + " deep"
}

// Lend records an object that a callback gets, unless it is known.
func (k *Type) Lend(c *Frame, address uintptr) *Object {
	if address == 0 {
		return nil
	}
	if o := k.find(address); o != nil {
		return o
	}
	o := k.record(address, lent, nil)
	c.lent = append(c.lent, o)
	return o
}

func (k *Type) record(address uintptr, how holding, parents []*Object) *Object {
	o := &Object{kind: k, address: address, holding: how, family: familyOf(parents)}
	if (o.family == nil && how == borrowed) || (!k.Library.Parallel && how != lent) {
		o.family = &k.Library.family
	} else if o.family == nil {
		o.family = &family{}
	}
	l := k.Library
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.live == nil {
		l.live = make(map[place]*Object)
	}
	if at := (place{k, address}); how == owned || l.live[at] == nil {
		l.live[at] = o
	}
	return o
}

func familyOf(parents []*Object) *family {
	for _, parent := range parents {
		if parent != nil {
			return parent.family
		}
	}
	return nil
}

func (k *Type) find(address uintptr) *Object {
	k.Library.mu.Lock()
	defer k.Library.mu.Unlock()
	return k.Library.live[place{k, address}]
}

// Wrap gives the Go object of a record: the one that there is, or a new one. What Go forgets is
// closed.
func Wrap[T any](o *Object, fresh func(*Object, *Holder) *T) *T {
	if o == nil {
		return nil
	}
	if o.wrapper != nil {
		if known, ok := o.wrapper().(*T); ok && known != nil {
			return known
		}
	}
	holder := &Holder{}
	for _, parent := range o.parents {
		if one := parent.holder.Value(); one != nil {
			holder.parents = append(holder.parents, one)
		}
	}
	o.holder = weak.Make(holder)
	made := fresh(o, holder)
	pointer := weak.Make(made)
	o.wrapper = func() any { return pointer.Value() }
	o.wraps++
	o.dropped = false
	o.cleanup = runtime.AddCleanup(made, o.forget, o.wraps)
	return made
}

// forget runs when Go has forgotten an object. The lock may be held for long: others' clean-ups do
// not wait for it.
func (o *Object) forget(which int) {
	go func() {
		o.family.mu.Lock()
		number := numbers.Add(1)
		o.family.owner.Store(number)
		defer o.kind.Library.drop(number)
		defer unlock(o.family)
		if o.wraps == which {
			o.dropped = true
			o.settle()
		}
	}()
}

// fault says why it cannot be used.
func (o *Object) fault() string {
	name := o.kind.Name
	switch o.state {
	case closed, gone:
		return "the " + name + " is closed"
	case taken:
		return "the " + name + " was given to " + o.by("C")
	default:
		if o.endedBy == nil {
			return "the " + name + " is no longer valid"
		}
		return "the " + name + " is no longer valid after " + o.by("")
	}
}

func (o *Object) by(otherwise string) string {
	if o.endedBy == nil {
		return otherwise
	}
	return o.endedBy.label()
}

func (o *Object) busy() string {
	if o.inside != nil {
		return "in use by " + o.inside.label()
	}
	return "in use by a call"
}

// needed says why C may not have it: what is Go's was made of it.
func (o *Object) needed() string {
	for kid := range o.kids {
		if kid.holding == owned && kid.state != gone && kid.state != taken {
			return "the " + o.kind.Name + " is still needed by " + article(kid.kind.Name)
		}
	}
	return ""
}
