package clib

import (
	"sync/atomic"
)

// What a call does to an object.
type use uint8

const (
	uses  use = iota
	takes     // the library owns it afterwards
)

type entry struct {
	object *Object
	name   string
	use    use
	inside bool
}

// A Call is one call into C, with the objects that it is inside of and the callbacks that live as
// long as it does. Objects are named first, then it begins.
type Call struct {
	function *Function
	number   uint64
	entries  [4]entry
	count    int
	mores    []entry
	single   *family   // that this call has locked
	held     []*family // where there are several
	serial   bool      // no call of values alone
	loose    bool      // also that of what the library lends by itself
	closures []*Closure
	began    bool
	none     *Type // of what there is no object for `this`
}

var numbers atomic.Uint64

// Number is what C knows the call by.
func (c *Call) Number() uint64 { return c.number }

// This names the object of a method.
func (c *Call) This(o *Object, kind *Type) {
	if o == nil {
		c.none = kind
	}
	c.add(o, "", uses)
}

// Object names an object that the call is inside of; nil is passed over.
func (c *Call) Object(o *Object, name string) { c.add(o, name, uses) }

// Take names an object that is C's when the call has been made.
func (c *Call) Take(o *Object, name string) { c.add(o, name, takes) }

func (c *Call) add(o *Object, name string, how use) {
	if o == nil {
		return
	}
	if c.count < len(c.entries) {
		c.entries[c.count] = entry{object: o, name: name, use: how}
		c.count++
		return
	}
	c.mores = append(c.mores, entry{object: o, name: name, use: how})
}

// Loose is for functions that lend objects which stand on nothing, or end them.
func (c *Call) Loose() { c.loose = true }

// Serial is for functions that make objects, or give C functions to keep.
func (c *Call) Serial() { c.serial = true }

// Begin checks and locks. After an error nothing is left to end.
func (c *Call) Begin(f *Function, ends bool) error {
	c.function = f
	l := f.Library
	if c.none != nil {
		return f.Expected("", "this to be "+article(c.none.Name), nil)
	}
	if l.Inside != nil {
		c.number = numbers.Add(1)
		for _, one := range c.closures {
			one.call = c.number
		}
	}
	if l.Sealed != nil {
		if err := l.Open(f); err != nil {
			return err
		}
	}
	if err := c.lock(); err != nil {
		return err
	}
	c.began = true
	for i := range c.count {
		if err := c.enter(&c.entries[i]); err != nil {
			c.End()
			return err
		}
	}
	for i := range c.mores {
		if err := c.enter(&c.mores[i]); err != nil {
			c.End()
			return err
		}
	}
	if ends {
		c.endUntils()
	}
	return nil
}

func (c *Call) enter(e *entry) error {
	o := e.object
	if o.state != live {
		return c.function.fail(ErrClosed, e.name, o.fault())
	}
	if o.calls > 0 && (o.kind.NoReenter || c.function.NoReenter) {
		return c.function.state(e.name, o.busy())
	}
	if e.use == takes {
		if err := c.checkTake(e); err != nil {
			return err
		}
	}
	if o.calls == 0 {
		o.inside = c.function
	}
	o.calls++
	e.inside = true
	return nil
}

func (c *Call) checkTake(e *entry) error {
	o := e.object
	if o.calls > 0 {
		return c.function.state(e.name, o.busy())
	}
	if o.holding != owned {
		return c.function.state(e.name, "the "+o.kind.Name+" is borrowed and cannot be given away")
	}
	if why := o.needed(); why != "" {
		return c.function.state(e.name, why)
	}
	if into := c.entries[0].object; into != o {
		if why := into.nest(o); why != "" {
			return c.function.state(e.name, why)
		}
	}
	return nil
}

// lock locks the families, in the order of their addresses, and none twice.
func (c *Call) lock() error {
	switch {
	case !c.function.Library.Parallel:
		if c.count == 0 && !c.loose && !c.serial {
			return nil
		}
		return c.lockSingle(&c.function.Library.family)
	case c.count == 0 && !c.loose:
		return nil
	case c.count == 1 && !c.loose:
		return c.lockSingle(c.entries[0].object.family)
	}
	return c.lockMany()
}

func (c *Call) lockSingle(one *family) error {
	first, err := c.lockOne(one)
	if first {
		c.single = one
	}
	return err
}

// holds tells whether a family is locked, by this call or one around it. One that is new is nobody
// else's.
func (c *Call) holds(one *family) bool {
	if !c.function.Library.Parallel {
		return true
	}
	for i := range c.count {
		if c.entries[i].object.family == one {
			return true
		}
	}
	for i := range c.mores {
		if c.mores[i].object.family == one {
			return true
		}
	}
	return one == &c.function.Library.family && c.loose
}

func (c *Call) lockOne(one *family) (bool, error) {
	if !one.mu.TryLock() {
		if inside := c.function.Library.Inside; inside != nil {
			switch holder := one.owner.Load(); {
			case holder == 0:
			case inside(holder) == Within:
				return false, nil
			case inside(holder) == Foreign:
				return false, c.function.state("", "in use by another thread")
			}
		}
		one.mu.Lock()
	}
	if c.number != 0 {
		one.owner.Store(c.number)
	}
	return true, nil
}

func unlock(one *family) {
	one.owner.Store(0)
	one.mu.Unlock()
}

// endUntils ends what is valid until this function is called.
func (c *Call) endUntils() {
	l := c.function.Library
	l.mu.Lock()
	untils := l.untils
	l.mu.Unlock()
	var ending []*Object
	for _, one := range untils {
		if one.by(c.function) {
			ending = append(ending, one.child)
		}
	}
	if c.count > 0 {
		for _, one := range c.entries[0].object.ends {
			if one.by(c.function) {
				ending = append(ending, one.child)
			}
		}
	}
	expireAll(ending, c.function)
	for _, one := range l.looseClosures() {
		if one.endsBy(c.function) {
			one.end()
		}
	}
	if c.count > 0 {
		for _, one := range append([]*Closure(nil), c.entries[0].object.closures...) {
			if one.endsBy(c.function) {
				one.end()
			}
		}
	}
}

func (u *until) by(f *Function) bool {
	for _, one := range u.functions {
		if one == f {
			return true
		}
	}
	return false
}

// First is the object that what the call gives back stands on: its `this`, or the first other.
func (c *Call) First() *Object {
	if c.count == 0 {
		return nil
	}
	return c.entries[0].object
}

// Made notes that C was called: what it took is C's.
func (c *Call) Made() {
	for i := range c.count {
		e := &c.entries[i]
		if e.use == takes && e.object.state == live {
			o := e.object
			o.end(taken, c.function)
			o.expireKids(c.function)
			for _, one := range o.closures {
				one.parent = nil
			}
			o.closures = nil
		}
	}
}

// End leaves the objects and unlocks.
func (c *Call) End() {
	if !c.began {
		return
	}
	c.began = false
	for _, one := range c.closures {
		one.end()
	}
	for i := range c.count {
		c.leave(&c.entries[i])
	}
	for i := range c.mores {
		c.leave(&c.mores[i])
	}
	c.unlock()
	c.function.Library.drop(c.number)
}

func (c *Call) leave(e *entry) {
	if !e.inside {
		return
	}
	e.inside = false
	o := e.object
	o.calls--
	if o.calls == 0 {
		o.inside = nil
		if o.state != live || o.dropped {
			o.settle()
		}
	}
}

// Close ends an object by its destructor, which `free` calls unless that must wait for the last
// child. Closing twice does nothing when `again` is allowed.
func (c *Call) Close(f *Function, o *Object, again bool, free func() error) error {
	c.Object(o, "")
	c.function = f
	if f.Library.Inside != nil {
		c.number = numbers.Add(1)
	}
	if f.Library.Sealed != nil {
		if err := f.Library.Open(f); err != nil {
			return err
		}
	}
	if err := c.lock(); err != nil {
		return err
	}
	c.began = true
	defer c.End()
	switch {
	case o.state != live && again:
		return nil
	case o.state != live:
		return f.fail(ErrClosed, "", o.fault())
	case o.calls > 0:
		return f.state("", o.busy())
	case o.holding != owned:
		return f.state("", "the "+o.kind.Name+" is borrowed and cannot be closed")
	}
	c.endUntils()
	o.end(closed, f)
	o.calls++ // it is destroyed here, or by its last child
	o.expireKids(f)
	o.calls--
	if len(o.kids) > 0 {
		return nil
	}
	o.calls++
	err := free()
	o.calls--
	o.finish(f)
	if thrown := c.Thrown(); err == nil {
		err = thrown
	}
	return err
}
