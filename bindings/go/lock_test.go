package isthmus

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

func TestLockExcludes(t *testing.T) {
	var l lock
	var group sync.WaitGroup
	count := 0
	for range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 2000 {
				if err := l.take(nil); err != nil {
					t.Error(err)
					return
				}
				_ = l.take(nil)
				count++
				l.give()
				l.give()
			}
		}()
	}
	group.Wait()
	if count != 16*2000 || l.owner.Load() != 0 || l.waiting.Load() != 0 {
		t.Fatalf("count %d, owner %x, waiting %d", count, l.owner.Load(), l.waiting.Load())
	}
}

func TestLockWaitEndsWithContext(t *testing.T) {
	var l lock
	_ = l.take(nil)
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan error)
	go func() { got <- l.take(ctx) }()
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	l.give()
	if !l.try() {
		t.Fatal("the lock is still held")
	}
	l.give()
}

// While one goroutine takes it again and again, others get their turn.
func TestLockIsFair(t *testing.T) {
	var l lock
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = l.take(nil)
				time.Sleep(10 * time.Microsecond)
				l.give()
			}
		}
	}()
	for range 50 {
		_ = l.take(nil)
		l.give()
	}
	close(stop)
}

func TestLockTellsDeadlocks(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var a, b, c lock
	_ = a.take(nil)
	var ready sync.WaitGroup
	ready.Add(2)
	others := make(chan error, 2)
	go func() {
		_ = b.take(nil)
		ready.Done()
		ready.Wait()
		others <- c.take(ctx) // which does not end
		c.give()
		b.give()
	}()
	go func() {
		_ = c.take(nil)
		ready.Done()
		ready.Wait()
		others <- a.take(nil)
		a.give()
		c.give()
	}()
	for a.waiting.Load() == 0 || c.waiting.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	for _, under := range []context.Context{nil, ctx} {
		if err := b.take(under); err != ErrDeadlock {
			t.Fatal(err)
		}
	}
	a.give()
	if err := errors.Join(<-others, <-others); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkLock(b *testing.B) {
	var l lock
	for b.Loop() {
		_ = l.take(nil)
		l.give()
	}
}
