// Objects, in the package that is made of tests/fixture/handles.idl.
package handles

import (
	"errors"
	"math/rand"
	"runtime"
	"sync"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func counter(t *testing.T, start int32) *Counter {
	t.Helper()
	return expect.Must[*Counter](t)(NewCounter(start))
}

// Whatever a test does, C was never given what it has freed.
func TestMain(m *testing.M) {
	m.Run()
	if CountersMisused() != 0 {
		panic("an object was used after its end")
	}
}

func TestAnObjectIsMadeUsedAndClosed(t *testing.T) {
	before := CountersAlive()
	c := counter(t, 3)
	expect.Same(t, expect.Must[int32](t)(c.Add()), 4)
	expect.Same(t, expect.Must[int32](t)(c.AddWith(10)), 14)
	expect.Same(t, expect.Must[string](t)(c.Title()), "counter 3")
	expect.Same(t, expect.Must[int32](t)(c.Free()), 14)
	expect.Same(t, CountersAlive(), before)
	_, err := c.Value()
	expect.Fails(t, err, clib.ErrClosed, "handles.Counter.value: the Counter is closed")
	_, err = c.Free()
	expect.Fails(t, err, clib.ErrClosed, "handles.Counter.free: the Counter is closed")
	for range 3 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err = CounterSame(c, c)
	expect.Fails(t, err, clib.ErrClosed, "handles.Counter.same: a: the Counter is closed")
}

func TestWhatIsNoObject(t *testing.T) {
	var none *Counter
	if _, err := none.Value(); err == nil {
		t.Fatal("a nil was used")
	}
	if err := none.Close(); err != nil {
		t.Fatal(err)
	}
	c := counter(t, 1)
	defer c.Close()
	_, err := CounterSame(c, nil)
	expect.Fails(t, err, clib.ErrArgument, "handles.Counter.same: b: expected a Counter, got nil")
	expect.Same(t, expect.Must[int32](t)(CounterValueOr()), -1000)
	expect.Same(t, expect.Must[int32](t)(CounterValueOrWith(c)), 1)
	_, err = CounterSum([]*Counter{c, nil})
	expect.Fails(t, err, clib.ErrArgument, "handles.counter_sum: list[1]: expected a Counter, got nil")
	expect.Same(t, expect.Must[int32](t)(CounterSum([]*Counter{c, c, c, c, c, c})), 6)
	expect.Same(t, expect.Must[int32](t)(CounterSum(nil)), 0)
}

func TestConstructorsThatFail(t *testing.T) {
	before := CountersAlive()
	_, err := NewCounter(-1)
	expect.Fails(t, err, clib.ErrNull, "handles.Counter: the result is NULL")
	_, err = NewCounterOpen(-1)
	var failure *CounterError
	if !errors.As(err, &failure) || failure.Code != 3 {
		t.Fatal(err)
	}
	// The object that a failure leaves is freed.
	_, err = NewCounterOpenBroken(7)
	if !errors.As(err, &failure) || failure.Code != 4 {
		t.Fatal(err)
	}
	expect.Same(t, LastFreedNow(t), "counter 7")
	_, err = CounterNever()
	expect.Fails(t, err, clib.ErrNull, "handles.Counter.never: the result is NULL")
	if none, err := CounterMaybe(-1); none != nil || err != nil {
		t.Fatal(none, err)
	}
	expect.Same(t, CountersAlive(), before)
}

func LastFreedNow(t *testing.T) string { return expect.Must[string](t)(LastFreed()) }

func TestTheSamePointerIsTheSameObject(t *testing.T) {
	c := counter(t, 1)
	defer c.Close()
	self := expect.Must[*Counter](t)(c.Self())
	expect.Same(t, self, c)
	copied := expect.Must[*Counter](t)(c.Copy())
	defer copied.Close()
	if copied == c {
		t.Fatal("a copy is the original")
	}
}

func TestAChildKeepsItsParent(t *testing.T) {
	alive := CountersAlive()
	c := counter(t, 5)
	cursor := expect.Must[*Cursor](t)(NewCursor(c))
	expect.Same(t, expect.Must[*Counter](t)(cursor.Counter()), c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := c.Value()
	expect.Fails(t, err, clib.ErrClosed, "handles.Counter.value: the Counter is closed")
	expect.Same(t, CountersAlive(), alive+1)
	if _, err := cursor.Step(); err != nil {
		t.Fatal(err)
	}
	if err := cursor.Close(); err != nil {
		t.Fatal(err)
	}
	expect.Same(t, CountersAlive(), alive)
	expect.Same(t, CursorsAlive(), 0)
}

func TestWhatIsBorrowedEnds(t *testing.T) {
	c := counter(t, 5)
	leaf := expect.Must[*Leaf](t)(c.Leaf(1))
	if _, err := leaf.Value(); err != nil {
		t.Fatal(err)
	}
	if err := c.Shake(); err != nil {
		t.Fatal(err)
	}
	_, err := leaf.Value()
	expect.Fails(t, err, clib.ErrClosed, "handles.Leaf.value: the Leaf is no longer valid after handles.Counter.shake")
	leaf = expect.Must[*Leaf](t)(c.Leaf(1))
	c.Close()
	_, err = leaf.Value()
	expect.Fails(t, err, clib.ErrClosed, "handles.Leaf.value: the Leaf is no longer valid after handles.Counter.free")
}

func TestWhatIsGivenAway(t *testing.T) {
	a, b := counter(t, 1), counter(t, 2)
	defer a.Close()
	if err := a.Absorb(b); err != nil {
		t.Fatal(err)
	}
	_, err := b.Value()
	expect.Fails(t, err, clib.ErrClosed, "handles.Counter.value: the Counter was given to handles.Counter.absorb")
	err = a.Absorb(a)
	expect.Fails(t, err, clib.ErrState, "handles.Counter.absorb: other: in use by handles.Counter.absorb")
	other := counter(t, 3)
	cursor := expect.Must[*Cursor](t)(NewCursor(other))
	err = a.Absorb(other)
	expect.Fails(t, err, clib.ErrState, "handles.Counter.absorb: other: the Counter is still needed by a Cursor")
	cursor.Close()
	other.Close()
}

func TestInUse(t *testing.T) {
	c := counter(t, 1)
	var seen []int32
	err := c.Visit(func(value int32) error {
		seen = append(seen, value)
		if _, err := c.Add(); err != nil {
			t.Error(err)
		}
		err := c.Close()
		expect.Fails(t, err, clib.ErrState, "handles.Counter.free: in use by handles.Counter.visit")
		return nil
	})
	if err != nil || len(seen) != 3 {
		t.Fatal(seen, err)
	}
	c.Close()
}

func TestStructsThatPointIntoObjects(t *testing.T) {
	c := counter(t, 9)
	if err := c.Label("mine"); err != nil {
		t.Fatal(err)
	}
	info := expect.Must[CounterInfo](t)(c.Info())
	c.Label("other")
	expect.Same(t, *info.Label, "mine")
	expect.Same(t, info.Value, 9)
	look := expect.Must[CounterInfo](t)(c.Look())
	c.Close()
	expect.Same(t, *look.Label, "other")
	if sample := CounterSample(); sample.Label == nil {
		t.Fatal(sample)
	}
}

func TestFieldsOfAHandle(t *testing.T) {
	s := expect.Must[*Sensor](t)(NewSensor(4, 2.5))
	expect.Same(t, expect.Must[int32](t)(s.Id()), 4)
	expect.Same(t, expect.Must[float64](t)(s.Reading()), 2.5)
	s.Update(3.5)
	expect.Same(t, expect.Must[float64](t)(s.Reading()), 3.5)
	if unit := expect.Must[*string](t)(s.Unit()); unit == nil {
		t.Fatal("no unit")
	}
	bounds := expect.Must[Bounds](t)(s.Bounds())
	if bounds.Low > bounds.High {
		t.Fatal(bounds)
	}
	expect.Must[[2]int32](t)(s.Marks())
	s.Close()
	_, err := s.Id()
	expect.Fails(t, err, clib.ErrClosed, "handles.Sensor.id: the Sensor is closed")
}

func TestAPointerByItsOwnName(t *testing.T) {
	ticket := expect.Must[*Ticket](t)(NewTicket(12))
	expect.Same(t, expect.Must[int32](t)(ticket.Number()), 12)
	if err := ticket.GiveBack(); err != nil {
		t.Fatal(err)
	}
	expect.Same(t, TicketsAlive(), 0)
}

func TestWhatIsForgottenIsClosed(t *testing.T) {
	before := CountersAlive()
	for i := range int32(1000) {
		c := counter(t, i)
		if i%2 == 0 {
			expect.Must[*Cursor](t)(NewCursor(c))
		}
	}
	expect.Collected(t, func() bool { return CountersAlive() == before && CursorsAlive() == 0 })
}

func TestManyGoroutines(t *testing.T) {
	before := CountersAlive()
	shared := counter(t, 0)
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			mine := counter(t, 0)
			for i := range int32(500) {
				shared.Add()
				mine.Add()
				cursor := expect.Must[*Cursor](t)(NewCursor(shared))
				cursor.Step()
				cursor.Close()
				expect.Must[int32](t)(CounterSum([]*Counter{mine, shared}))
				expect.Must[int32](t)(CounterSum([]*Counter{shared, mine}))
				_ = i
			}
			mine.Close()
		}()
	}
	group.Wait()
	expect.Same(t, expect.Must[int32](t)(shared.Value()), 4000)
	shared.Close()
	expect.Collected(t, func() bool { return CountersAlive() == before })
}

func TestClosedWhileOthersUseIt(t *testing.T) {
	for range 50 {
		c := counter(t, 0)
		var group sync.WaitGroup
		for range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				for {
					if _, err := c.Add(); err != nil {
						if !errors.Is(err, clib.ErrClosed) {
							t.Error(err)
						}
						return
					}
				}
			}()
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		group.Wait()
	}
}

// Whatever is done in whatever order, from however many goroutines: C never gets what has ended, and
// in the end nothing is left.
func TestMonkeys(t *testing.T) {
	before := CountersAlive()
	var mu sync.Mutex
	var counters []*Counter
	var cursors []*Cursor
	var leaves []*Leaf
	pick := func(r *rand.Rand) (c, d *Counter, cursor *Cursor, leaf *Leaf) {
		mu.Lock()
		defer mu.Unlock()
		c, d = counters[r.Intn(len(counters))], counters[r.Intn(len(counters))]
		if len(cursors) > 0 {
			cursor = cursors[r.Intn(len(cursors))]
		}
		if len(leaves) > 0 {
			leaf = leaves[r.Intn(len(leaves))]
		}
		return c, d, cursor, leaf
	}
	keep := func(r *rand.Rand, c *Counter, cursor *Cursor, leaf *Leaf) {
		mu.Lock()
		defer mu.Unlock()
		if c != nil {
			counters[r.Intn(len(counters))] = c // and another is forgotten
		}
		if cursor != nil && len(cursors) < 20 {
			cursors = append(cursors, cursor)
		} else if cursor != nil {
			cursors[r.Intn(len(cursors))] = cursor
		}
		if leaf != nil && len(leaves) < 20 {
			leaves = append(leaves, leaf)
		} else if leaf != nil {
			leaves[r.Intn(len(leaves))] = leaf
		}
	}
	for range 10 {
		counters = append(counters, counter(t, 1))
	}
	one := func(r *rand.Rand) {
		c, d, cursor, leaf := pick(r)
		switch r.Intn(16) {
		case 0:
			keep(r, expect.Must[*Counter](t)(NewCounter(r.Int31n(100))), nil, nil)
		case 1:
			if copied, err := c.Copy(); err == nil {
				keep(r, copied, nil, nil)
			}
		case 2:
			c.Close()
		case 3:
			if made, err := NewCursor(c); err == nil {
				keep(r, nil, made, nil)
			}
		case 4:
			if lent, err := c.Leaf(r.Int31n(4)); err == nil {
				keep(r, nil, nil, lent)
			}
		case 5:
			c.Shake()
		case 6:
			c.Absorb(d)
		case 7:
			CounterSum([]*Counter{c, d, c})
		case 8:
			c.Visit(func(int32) error {
				c.Add()
				d.Value()
				return c.Close()
			})
		case 9:
			if cursor != nil {
				cursor.Close()
			}
		case 10:
			if cursor != nil {
				if of, err := cursor.Counter(); err == nil {
					of.Add()
				}
			}
		case 11:
			if leaf != nil {
				leaf.Value()
			}
		case 12:
			if info, err := c.Info(); err == nil && info.Label != nil && len(*info.Label) > 100 {
				t.Error(*info.Label)
			}
		case 13:
			c.Label("label")
		case 14:
			CounterSame(c, d)
		case 15:
			if r.Intn(50) == 0 {
				runtime.GC()
			}
		}
	}
	var group sync.WaitGroup
	for seed := range int64(4) {
		group.Add(1)
		go func() {
			defer group.Done()
			r := rand.New(rand.NewSource(seed))
			for range 5000 {
				one(r)
			}
		}()
	}
	group.Wait()
	counters, cursors, leaves = nil, nil, nil
	expect.Collected(t, func() bool { return CountersAlive() == before && CursorsAlive() == 0 })
}
