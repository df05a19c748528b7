package clib

// Who needs whom, and when each ends.

func (o *Object) keep(parent *Object) {
	if parent == nil || parent == o {
		return
	}
	for _, one := range o.parents {
		if one == parent {
			return
		}
	}
	// Objects that lead to each other: the one that was there first keeps.
	if len(o.kids) > 0 && parent.reaches(o) {
		return
	}
	if parent.kids == nil {
		parent.kids = make(map[*Object]struct{})
	}
	parent.kids[o] = struct{}{}
	o.parents = append(o.parents, parent)
	if parent.state != live && parent.state != taken {
		o.expire(parent.endedBy)
	}
}

func (o *Object) reaches(other *Object) bool {
	seen := map[*Object]bool{o: true}
	for next := []*Object{o}; len(next) > 0; {
		one := next[len(next)-1]
		next = next[:len(next)-1]
		if one == other {
			return true
		}
		for _, parent := range one.parents {
			if !seen[parent] {
				seen[parent] = true
				next = append(next, parent)
			}
		}
	}
	return false
}

func (o *Object) endWith(parent *Object, functions []*Function) {
	for _, one := range o.ownEnds {
		if one.parent == parent && &one.functions[0] == &functions[0] {
			return
		}
	}
	one := &until{o, parent, functions}
	o.ownEnds = append(o.ownEnds, one)
	if parent != nil {
		o.keep(parent)
		parent.ends = append(parent.ends, one)
		return
	}
	l := o.kind.Library
	l.mu.Lock()
	l.untils = append(l.untils, one)
	l.mu.Unlock()
}

func without(list []*until, one *until) []*until {
	for i, other := range list {
		if other == one {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

func (o *Object) removeEnds() {
	l := o.kind.Library
	for _, one := range o.ownEnds {
		if one.parent != nil {
			one.parent.ends = without(one.parent.ends, one)
			continue
		}
		l.mu.Lock()
		l.untils = without(l.untils, one)
		l.mu.Unlock()
	}
	o.ownEnds = nil
}

func (o *Object) leaveParents() {
	parents := o.parents
	o.parents = nil
	for _, parent := range parents {
		delete(parent.kids, o)
		parent.settle()
	}
}

// end takes it out of live.
func (o *Object) end(to state, by *Function) {
	was := o.state
	o.state = to
	if was != live {
		return
	}
	o.endedBy = by
	if o.wraps > 0 {
		o.cleanup.Stop() // nothing is left to do for it
	}
	l := o.kind.Library
	l.mu.Lock()
	if l.live[place{o.kind, o.address}] == o {
		delete(l.live, place{o.kind, o.address})
	}
	l.mu.Unlock()
	o.removeEnds()
}

// expireKids ends what is borrowed from it. What follows travels by a list, for a chain may have
// any length.
func (o *Object) expireKids(by *Function) {
	var ending []*Object
	for kid := range o.kids {
		ending = append(ending, kid)
	}
	expireAll(ending, by)
}

func (o *Object) expire(by *Function) { expireAll([]*Object{o}, by) }

func expireAll(ending []*Object, by *Function) {
	var settling []*Object
	for len(ending) > 0 {
		one := ending[len(ending)-1]
		ending = ending[:len(ending)-1]
		if one.holding == owned || one.state != live {
			continue
		}
		one.end(expired, by)
		one.endClosures()
		settling = append(settling, one)
		for kid := range one.kids {
			ending = append(ending, kid)
		}
	}
	for _, one := range settling {
		one.settle()
	}
}

func (o *Object) endClosures() {
	closures := o.closures
	o.closures = nil
	for _, one := range closures {
		one.end()
	}
}

// settle does what the state of the record asks for now; its family is locked.
func (o *Object) settle() {
	if len(o.kids) > 0 || o.calls > 0 {
		return
	}
	switch {
	case o.state == live && o.dropped && o.holding == owned:
		o.end(closed, nil)
		o.destroy(nil)
	case o.state == live && o.dropped:
		if len(o.closures) == 0 { // C may still call what was registered on it
			o.end(expired, nil)
			o.leaveParents()
		}
	case o.state == closed:
		o.destroy(o.endedBy)
	case o.state != live:
		o.leaveParents()
	}
}

func (o *Object) destroy(by *Function) {
	o.calls++ // the destructor may call back
	if o.kind.Free != nil && o.holding == owned {
		o.kind.Free(o.family.owner.Load(), o.address)
	}
	o.calls--
	o.finish(by)
}

// finish notes that the destructor has run.
func (o *Object) finish(by *Function) {
	o.end(gone, by)
	o.expireKids(by)
	o.endClosures()
	for _, pinner := range o.pins {
		pinner.Unpin()
	}
	o.pins, o.pinned = nil, nil
	if o.memory {
		Release(o.address)
	}
	o.leaveParents()
}
