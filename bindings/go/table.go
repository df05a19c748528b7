package isthmus

import (
	"sync"
	"sync/atomic"
)

// isolates are those that are open, by their number: callbacks come with it. It has nothing of the
// program's, so that an isolate can be forgotten.
var isolates isolateTable

// isolateTable is read without a lock. A number is a place, and above that how often the place was
// used.
type isolateTable struct {
	mu     sync.RWMutex // held to write, and to have an isolate stay open
	places atomic.Pointer[[]place]
	free   []uint64 // numbers for the places that are free
}

type place = atomic.Pointer[isolate]

const placeBits = 32

// add gives an isolate its number, which is never 0.
func (t *isolateTable) add(iso *isolate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.free) == 0 {
		t.grow()
	}
	last := len(t.free) - 1
	iso.number = t.free[last]
	t.free = t.free[:last]
	(*t.places.Load())[uint32(iso.number)].Store(iso)
}

// grow makes room for as many isolates again. Place 0 is nobody's.
func (t *isolateTable) grow() {
	old := []place{{}}
	if all := t.places.Load(); all != nil {
		old = *all
	}
	bigger := make([]place, max(16, 2*len(old)))
	for i := range old {
		bigger[i].Store(old[i].Load())
	}
	t.places.Store(&bigger)
	for i := len(bigger) - 1; i >= len(old); i-- {
		t.free = append(t.free, uint64(i))
	}
}

// hide has nobody find an isolate that is being freed, show undoes that, and drop gives its number up.
func (t *isolateTable) hide(iso *isolate) { t.set(iso, nil) }
func (t *isolateTable) show(iso *isolate) { t.set(iso, iso) }

func (t *isolateTable) set(iso, to *isolate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	(*t.places.Load())[uint32(iso.number)].Store(to)
}

func (t *isolateTable) drop(iso *isolate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = append(t.free, iso.number+1<<placeBits)
}

// core is what is known of an isolate without the program's; nil: it is not open.
func (t *isolateTable) core(number uint64) *isolate {
	all := t.places.Load()
	if all == nil || uint64(uint32(number)) >= uint64(len(*all)) {
		return nil
	}
	if iso := (*all)[uint32(number)].Load(); iso != nil && iso.number == number {
		return iso
	}
	return nil
}

// get is the isolate of a number; nil: it is not open, or was forgotten.
func (t *isolateTable) get(number uint64) *Isolate {
	if core := t.core(number); core != nil {
		return core.whole.Value()
	}
	return nil
}

// visit calls fn while the isolate stays open, if it is.
func (t *isolateTable) visit(number uint64, fn func(*isolate)) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if iso := t.core(number); iso != nil {
		fn(iso)
	}
}
