package isthmus

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Goroutines share isolates, make and close some, forget values, cancel and terminate each other.
func TestGoroutinesShareIsolates(t *testing.T) {
	shared := []*Context{freshContext(t), freshContext(t)}
	for _, ctx := range shared {
		hosted(t, ctx, "seven", func() error { return nil })
		if _, err := ctx.RunScript("globalThis.count = 0; globalThis.add = () => ++count", "run.js"); err != nil {
			t.Fatal(err)
		}
	}
	rounds := many(150, 20000)
	var added atomic.Int64
	var group sync.WaitGroup
	for k := range 12 {
		group.Add(1)
		go func() {
			defer group.Done()
			random := rand.New(rand.NewPCG(uint64(k), 7))
			for range rounds {
				if err := act(shared[random.IntN(2)], random, &added); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	group.Wait()
	var count int64
	for _, ctx := range shared {
		v, err := ctx.RunScript("count", "run.js")
		if err != nil {
			t.Fatal(err)
		}
		count += v.Integer()
	}
	if count != added.Load() {
		t.Fatal(count, added.Load())
	}
}

// act does one of many things.
func act(ctx *Context, random *rand.Rand, added *atomic.Int64) error {
	switch random.IntN(8) {
	case 0:
		v, err := ctx.RunScript("({ x: seven() })", "run.js")
		if err != nil {
			return err
		}
		x, err := (&Object{v}).Get("x")
		if err != nil || x.Integer() != 7 {
			return fmt.Errorf("got %v, %w", x, err)
		}
	case 1:
		added.Add(1)
		_, err := ctx.RunScript("add()", "run.js")
		return err
	case 2:
		return ctx.Isolate().Do(func(*Scope) error {
			before, err := ctx.RunScript("count", "run.js")
			if err != nil {
				return err
			}
			added.Add(1)
			after, err := ctx.RunScript("add()", "run.js")
			if err != nil || after.Integer() != before.Integer()+1 {
				return fmt.Errorf("somebody came between: %v, %v, %w", before, after, err)
			}
			return nil
		})
	case 3:
		goctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(500))*time.Microsecond)
		defer cancel()
		_, err := ctx.RunScriptContext(goctx, "for (let i = 0; i < 1e5; i++);", "run.js")
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	case 4:
		goctx, cancel := context.WithCancel(context.Background())
		go cancel()
		_, err := ctx.RunScriptContext(goctx, "for (let i = 0; i < 1e5; i++);", "run.js")
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	case 5:
		_, err := ctx.RunScript("throw new Error('x')", "run.js")
		if err == nil || err.Error() != "Error: x" {
			return err
		}
	case 6:
		other := ctx.Isolate().NewContext()
		if _, err := other.RunScript("1", "run.js"); err != nil {
			return err
		}
		if random.IntN(2) == 0 {
			return other.Close()
		}
	case 7:
		if random.IntN(20) != 0 {
			return nil
		}
		iso := NewIsolate()
		if _, err := iso.NewContext().RunScript("1", "run.js"); err != nil {
			return err
		}
		if random.IntN(2) == 0 {
			return iso.Close()
		}
	}
	return nil
}

// While goroutines run, others close what they use: each answers, and nothing else is hit.
func TestClosingUnderUse(t *testing.T) {
	for range many(20, 500) {
		iso := NewIsolate()
		ctx := iso.NewContext()
		var group sync.WaitGroup
		for range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					if _, err := ctx.RunScript("({})", "run.js"); err != nil {
						if !errors.Is(err, ErrClosed) && !errors.Is(err, ErrTerminated) {
							t.Error(err)
						}
						if errors.Is(err, ErrClosed) {
							return
						}
					}
				}
			}()
		}
		iso.TerminateExecution()
		if err := iso.Close(); err != nil {
			t.Fatal(err)
		}
		iso.TerminateExecution()
		group.Wait()
	}
}

// Two isolates call each other from two goroutines: one of these is told, and the others go on.
func TestDeadlocksAreTold(t *testing.T) {
	a, b := freshContext(t), freshContext(t)
	var meet sync.WaitGroup
	meet.Add(2)
	crossing := func(other *Context) func() error {
		return func() error {
			meet.Done()
			meet.Wait()
			_, err := other.RunScript("1", "run.js")
			return err
		}
	}
	hosted(t, a, "cross", crossing(b))
	hosted(t, b, "cross", crossing(a))
	answers := make(chan error, 2)
	for _, ctx := range []*Context{a, b} {
		go func() {
			_, err := ctx.RunScript("cross()", "run.js")
			answers <- err
		}()
	}
	one, two := <-answers, <-answers
	if errors.Is(one, ErrDeadlock) == errors.Is(two, ErrDeadlock) {
		t.Fatal(one, two)
	}
	usable(t, a)
	usable(t, b)
}
