package isthmus

import "isthmus/bindings/go/internal/native"

// Temporary runs fn, and frees at its end, all at once, the values that were made while it ran:
// results, arguments of callbacks not among them, can only be used within. It saves what Go's
// collector costs for each. What is to stay is made so by Value.Keep. It gives what fn gives. It may be
// nested, and only be called by the goroutine that holds the scope, while Do runs.
func (s *Scope) Temporary(fn func() error) error {
	iso := s.iso
	if !iso.lock.held() || s.over {
		return &Error{Op: "Temporary", Status: native.ErrState.Name(),
			Message: "the scope's Do is over, or another goroutine's"}
	}
	if err := iso.enter(nil); err != nil {
		return err
	}
	defer iso.leave()
	opened, status := native.OpenScope(iso.handle)
	if status != native.OK {
		return statusError("Temporary", status)
	}
	outer, mine := iso.temporaries, &temporaries{}
	iso.temporaries = mine
	defer func() {
		mine.over = true
		iso.temporaries = outer
		if iso.handle != nil {
			native.FreeValues(iso.handle, mine.values)
			native.CloseScope(iso.handle, opened)
		}
	}()
	return fn()
}

// temporaries are the values that end together; see Temporary. It is used with the isolate entered.
type temporaries struct {
	over   bool
	values []native.Value // some of which no scope of C's has
}

// Keep makes a value that is not temporary of one that is; see Scope.Temporary.
func (v *Value) Keep() (*Value, error) {
	if v == nil || !v.native.IsHandle() {
		return v, nil
	}
	if err := v.ctx.iso.enter(nil); err != nil {
		return nil, err
	}
	defer v.ctx.iso.leave()
	handle, err := v.ctx.handleOf("Keep", v)
	if err != nil {
		return nil, err
	}
	kept, status := native.Keep(v.ctx.iso.handle, handle)
	if status != native.OK {
		return nil, statusError("Keep", status)
	}
	return v.ctx.lastingValue(kept), nil
}
