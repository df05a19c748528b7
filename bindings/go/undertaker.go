package isthmus

import "sync"

// undertaker closes the isolates that were forgotten, one after another, on a goroutine that is there
// as long as there are some: each takes milliseconds, in which Go's clean-ups do not wait, and a
// thousand at a time would take a thousand threads.
var undertaker burials

type burials struct {
	mu      sync.Mutex
	waiting []*isolate
	working bool
}

// take has an isolate closed that nobody has any more.
func (b *burials) take(iso *isolate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, iso)
	if !b.working {
		b.working = true
		go b.work()
	}
}

func (b *burials) work() {
	for {
		b.mu.Lock()
		if len(b.waiting) == 0 {
			b.waiting, b.working = nil, false
			b.mu.Unlock()
			return
		}
		iso := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.mu.Unlock()
		if iso.lock.take(nil) == nil {
			_ = iso.close()
			iso.lock.give()
		}
	}
}
