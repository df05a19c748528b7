package clib

import "runtime"

// Set notes what a field of the object points to, which stays where it is until the field is set
// anew, and gives its address.
func Set[T any](o *Object, field string, value []T) uintptr {
	if o.pins == nil {
		o.pins, o.pinned = make(map[string]*runtime.Pinner), make(map[string]any)
	}
	if old := o.pins[field]; old != nil {
		old.Unpin()
	}
	pinner := &runtime.Pinner{}
	o.pins[field], o.pinned[field] = pinner, value
	return Pin(pinner, value)
}

// Field gives what a field points to: the rest of the slice that was set.
func Field[T any](o *Object, field string, at uintptr, count int64, size uintptr) ([]T, error) {
	value, _ := o.pinned[field].([]T)
	start := uintptr(0)
	if len(value) > 0 {
		start = addressOf(value)
	}
	if at == 0 || len(value) == 0 {
		return value[:0:0], nil
	}
	skipped := (at - start) / size
	if at < start || skipped+uintptr(count) > uintptr(len(value)) {
		return nil, &Error{o.kind.Library.Name, o.kind.Name + "." + field, "", "C has set it to memory of its own", ErrState}
	}
	return value[skipped : skipped+uintptr(count)], nil
}
