package isthmus

import (
	"runtime"
	"time"
)

// pressure has Go's collector look for forgotten values when V8's heap is full of what handles hold:
// to Go, a value is small, whatever it is in JavaScript. V8 collects all of its heap only when that
// has grown by as much as lives in it, which bounds how often this is asked.
type pressure struct {
	kept uint64 // what V8's last full collection has left, as was looked at last
	most uint64 // what the heap may hold at most, as far as is known
	idle int    // how many looks are passed over, when they have found nothing; doubled each time
	skip int
}

const (
	// worthwhile is how full a heap is at least for anybody to look.
	worthwhile = 32 << 20
	// sweeping is how long to wait for Go to tell of what it has collected.
	sweeping = 50 * time.Millisecond
)

// see is told of what V8's last full collection has left, with the isolate entered; 0: nobody knows.
func (p *pressure) see(iso *isolate, kept uint64) {
	if kept != p.kept && kept != 0 {
		p.kept = kept
		p.look(iso, kept)
	}
}

func (p *pressure) look(iso *isolate, kept uint64) {
	if kept < min(worthwhile, p.most/4) {
		return
	}
	if p.skip > 0 && kept < p.most/4*3 {
		p.skip--
		return
	}
	found := iso.debts.count.Load()
	collectForgotten()
	found = iso.debts.count.Load() - found
	iso.debts.pay(iso)
	if p.idle = p.idle*2 + 1; found > 0 {
		p.idle = 0
	}
	p.idle = min(p.idle, 64)
	p.skip = p.idle
}

// collectForgotten runs Go's collector and waits until it has told of what it has found, as a rule.
func collectForgotten() {
	told := make(chan struct{})
	runtime.AddCleanup(&struct{ told chan struct{} }{told}, func(told chan struct{}) { close(told) }, told)
	runtime.GC()
	select {
	case <-told:
	case <-time.After(sweeping):
	}
}

// mostOf is what a heap with that limit may hold; 0: none was set, and V8's own is above a gigabyte.
func mostOf(limit uint64) uint64 {
	if limit == 0 {
		return 1 << 30
	}
	return max(limit, 4<<20)
}
