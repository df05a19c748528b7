package goroutine

import (
	"runtime"
	"testing"
)

func TestID(t *testing.T) {
	mine := ID()
	if mine == 0 || mine != ID() {
		t.Fatal("a goroutine's number changes")
	}
	for range 100 {
		other := make(chan uintptr)
		go func() {
			first := ID()
			runtime.Gosched()
			if first != ID() {
				first = 0
			}
			other <- first
		}()
		if got := <-other; got == 0 || got == mine {
			t.Fatalf("got %x beside %x", got, mine)
		}
	}
	// The stack moves, the descriptor does not.
	var grow func(int) uintptr
	grow = func(n int) uintptr {
		var room [1 << 10]byte
		if n == 0 {
			return ID() + uintptr(room[0])
		}
		return grow(n-1) + uintptr(room[n%len(room)])
	}
	if grow(1000) != mine {
		t.Fatal("a goroutine's number changes with its stack")
	}
}

func BenchmarkID(b *testing.B) {
	for b.Loop() {
		ID()
	}
}
