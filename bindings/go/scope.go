package isthmus

import "isthmus/bindings/go/internal/native"

// Temporary runs fn, and frees at its end, all at once, the values that were made while it ran, which
// can only be used until then; not among them are those that Go functions get and make which JavaScript
// calls meanwhile, and those in errors. It saves what Go's collector costs for each. What is to stay is
// made so by Value.Keep. It gives what fn gives, may be nested, and can only be called by the goroutine
// that holds the scope, while Do runs.
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
	outer, mine := iso.temporaries, &temporaries{}
	iso.temporaries = mine
	defer func() {
		iso.temporaries = outer
		mine.over = true
		if iso.handle != nil {
			native.FreeValues(iso.handle, mine.handles)
		}
	}()
	return fn()
}

// temporaries are the values that end together; see Temporary. They are used with the isolate entered.
type temporaries struct {
	handles []native.Value
	over    bool
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
