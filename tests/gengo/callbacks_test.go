// Functions that call back, in the package that is made of tests/fixture/callbacks.idl.
package callbacks

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

var errMine = errors.New("mine")

func TestACallbackIsCalled(t *testing.T) {
	var seen []int32
	sum, err := Visit(1, 4, func(value int32) (int32, error) {
		seen = append(seen, value)
		return value * 10, nil
	})
	if err != nil || sum != 60 || !slices.Equal(seen, []int32{1, 2, 3}) {
		t.Fatal(sum, seen, err)
	}
	expect.Same(t, expect.Must[int32](t)(VisitMaybe(1)), -1000)
	twice := func(v int32) (int32, error) { return 2 * v, nil }
	expect.Same(t, expect.Must[int32](t)(VisitMaybeWith(4, twice)), 8)
	expect.Same(t, expect.Must[int32](t)(PlainApply(twice, 4)), 8)
	expect.Same(t, expect.Must[int32](t)(PlainApplyPointer(twice, 4)), 8)
	_, err = PlainApply(nil, 4)
	expect.Fails(t, err, clib.ErrArgument, "callbacks.plain_apply: cb: expected a function, got nil")
	var told string
	if err := Note("hé", func(text string) error { told = text; return nil }); err != nil || told != "hé" {
		t.Fatal(told, err)
	}
}

func TestValuesOfEveryKind(t *testing.T) {
	ok, err := Many(func(b bool, i8 int8, u8 uint8, i16 int16, u16 uint16, i32 int32, u32 uint32, i64 int64,
		u64 uint64, f32 float32, f64 float64, s string) (bool, error) {
		got := fmt.Sprint(b, i8, u8, i16, u16, i32, u32, i64, u64, f32, f64, s)
		want := fmt.Sprint(true, math.MinInt8, math.MaxUint8, math.MinInt16, math.MaxUint16, math.MinInt32,
			uint32(math.MaxUint32), int64(math.MinInt64), uint64(math.MaxUint64), 0.5, 1e300, "hé")
		expect.Same(t, got, want)
		return true, nil
	})
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	big := expect.Must[int64](t)(Big(math.MaxInt64, func(v int64) (int64, error) { return v - 1, nil }))
	expect.Same(t, big, math.MaxInt64-1)
	spot := expect.Must[Spot](t)(SpotMap(Spot{1, 2}, func(at Spot) (Spot, error) { return Spot{at.Y, at.X}, nil }))
	expect.Same(t, spot, Spot{2, 1})
	look := expect.Must[int32](t)(SpotLook(3, 4, func(at *Spot) (int32, error) { return int32(at.X * at.Y), nil }))
	expect.Same(t, look, 12)
	sum := expect.Must[float64](t)(Reduce([]float64{1, 2, 3}, 10, func(sum, value float64) (float64, error) {
		return sum + value, nil
	}))
	expect.Same(t, sum, 16)
	err = Sums(func(values []float64) error {
		if !slices.Equal(values, []float64{1, 2, 3.5}) {
			t.Error(values)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestViews(t *testing.T) {
	n, to, err := FillBy(4, func(buf []byte) (uint64, error) {
		return uint64(copy(buf, "abc")), nil
	})
	if err != nil || n != 3 || string(to) != "abc" {
		t.Fatal(n, to, err)
	}
	read := expect.Must[uint64](t)(FeedTo([]byte("hello"), func(buf []byte) (uint64, error) {
		expect.Same(t, string(buf), "hello")
		return 2, nil
	}))
	expect.Same(t, read, 2)
	numbers := []int32{3, 1, 2}
	err = Sort(clib.Bytes(numbers), 3, 4, func(a, b []byte) (int32, error) {
		return int32(a[0]) - int32(b[0]), nil
	})
	if err != nil || !slices.Equal(numbers, []int32{1, 2, 3}) {
		t.Fatal(numbers, err)
	}
}

func TestErrorsComeOutOfTheCall(t *testing.T) {
	calls := 0
	_, err := Visit(0, 5, func(int32) (int32, error) {
		calls++
		return 0, errMine
	})
	if err != errMine || calls != 1 {
		t.Fatal(err, calls)
	}
	// Nothing is left of it.
	expect.Same(t, expect.Must[int32](t)(Visit(0, 2, func(int32) (int32, error) { return 1, nil })), 2)
}

func TestPanicsComeOutOfTheCall(t *testing.T) {
	defer func() { expect.Same(t, recover(), any("mine")) }()
	Visit(0, 5, func(int32) (int32, error) { panic("mine") })
	t.Fatal("no panic")
}

func TestAnInnerCallHasItsOwnErrors(t *testing.T) {
	result, err := Nested(1, func(depth int32) (int32, error) {
		_, err := Nested(depth+1, func(int32) (int32, error) { return 0, errMine })
		if err != errMine {
			t.Error(err)
		}
		func() {
			defer func() { expect.Same(t, recover(), any(7)) }()
			Nested(1, func(int32) (int32, error) { panic(7) })
		}()
		return 5, nil
	})
	if err != nil || result != 6 {
		t.Fatal(result, err)
	}
}

func TestRecursion(t *testing.T) {
	var down func(int32) (int32, error)
	down = func(depth int32) (int32, error) {
		if depth == 0 {
			runtime.GC()
			return 0, nil
		}
		return Nested(depth-1, down)
	}
	expect.Same(t, expect.Must[int32](t)(Nested(100, down)), 5050)
}

func TestTwoCallbacks(t *testing.T) {
	got := expect.Must[int32](t)(Two(func(v int32) (int32, error) { return v, nil },
		func(v int32) (int32, error) { return v * 3, nil }))
	expect.Same(t, got, 106)
	_, err := Two(func(int32) (int32, error) { return 0, errMine },
		func(int32) (int32, error) { t.Error("called after an error"); return 0, nil })
	expect.Same(t, err, errMine)
}

func TestThreadsOfC(t *testing.T) {
	got := expect.Must[int32](t)(VisitThread(4, func(v int32) (int32, error) { return v * 2, nil }))
	expect.Same(t, got, 8)
	_, err := VisitThread(4, func(int32) (int32, error) { return 0, errMine })
	expect.Same(t, err, errMine)
}

func TestOnce(t *testing.T) {
	calls := 0
	if err := OnceSet(func(number int32) error { calls += int(number); return nil }); err != nil {
		t.Fatal(err)
	}
	expect.Same(t, expect.Must[int32](t)(OnceFire(3)), 1)
	expect.Same(t, expect.Must[int32](t)(OnceFire(3)), 0)
	// A library with a bug: nobody is called.
	expect.Same(t, expect.Must[int32](t)(StaleFire(3)), 1)
	expect.Same(t, calls, 3)
}

func TestForever(t *testing.T) {
	calls := 0
	if err := ForeverAdd(func(number int32) error { calls += int(number); return nil }); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	for range 3 {
		expect.Must[int32](t)(ForeverFire(2))
	}
	expect.Same(t, calls, 6)
}

func emitter(t *testing.T) *Emitter { return expect.Must[*Emitter](t)(NewEmitter()) }

func TestUntil(t *testing.T) {
	e := emitter(t)
	first, second := 0, 0
	e.On(func(int32) error { first++; return nil })
	e.Emit(1)
	e.On(func(int32) error { second++; return nil })
	e.Emit(1)
	StaleFire(1) // the replaced one
	e.Off()
	expect.Same(t, expect.Must[int32](t)(e.Emit(1)), 0)
	StaleFire(1)
	expect.Same(t, first, 1)
	expect.Same(t, second, 1)
	e.On(func(int32) error { second++; return nil })
	e.Close()
	StaleFire(1)
	expect.Same(t, second, 1)
}

func TestAnErrorOfAKeptCallback(t *testing.T) {
	e := emitter(t)
	defer e.Close()
	e.On(func(int32) error { return errMine })
	_, err := e.Emit(1)
	expect.Same(t, err, errMine)
	e.On(nil)
	expect.Same(t, expect.Must[int32](t)(e.Emit(1)), 0)
}

func TestACallbackMayNameItsObject(t *testing.T) {
	before := expect.Must[int32](t)(EmittersAlive())
	for range 100 {
		e := emitter(t)
		e.On(func(int32) error {
			_, err := e.Emit(1)
			return err
		})
	}
	expect.Collected(t, func() bool { return expect.Must[int32](t)(EmittersAlive()) == before })
	// As long as the object is there, so is the function.
	e, calls := emitter(t), 0
	e.On(func(int32) error { calls++; return nil })
	for range 5 {
		runtime.GC()
		expect.Must[int32](t)(e.Emit(1))
	}
	expect.Same(t, calls, 5)
	e.Close()
}

func TestACallbackGetsItsObject(t *testing.T) {
	e := emitter(t)
	defer e.Close()
	err := e.OnSelf(func(self *Emitter, number int32) error {
		expect.Same(t, self, e)
		if number > 0 {
			_, err := self.Emit(number - 1)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	expect.Must[int32](t)(e.Emit(3))
}

func TestDestroyNotices(t *testing.T) {
	e := emitter(t)
	before := expect.Must[int32](t)(Destroyed())
	calls := 0
	register := func(slot int32, cb func(int32) error) {
		if err := e.Register(slot, cb); err != nil {
			t.Fatal(err)
		}
	}
	register(0, func(int32) error { calls++; return nil })
	register(1, func(int32) error { calls += 10; return nil })
	expect.Must[int32](t)(e.Call(0, 1))
	expect.Must[int32](t)(e.Call(1, 1))
	register(0, nil)
	e.Close()
	expect.Same(t, calls, 11)
	expect.Same(t, expect.Must[int32](t)(Destroyed()), before+2)
}

func TestForeignThreadsOfObjects(t *testing.T) {
	e := emitter(t)
	defer e.Close()
	calls := 0
	e.On(func(int32) error {
		calls++
		// The call that waits is inside the object.
		_, err := e.Emit(1)
		expect.Fails(t, err, clib.ErrState, "callbacks.Emitter.emit: in use by another thread")
		return nil
	})
	expect.Must[int32](t)(e.EmitThread(1))
	expect.Same(t, calls, 1)
}

func TestAnErrorThatNobodyWaitsFor(t *testing.T) {
	e := emitter(t)
	defer e.Close()
	old := clib.Unhandled
	defer func() { clib.Unhandled = old }()
	var told error
	clib.Unhandled = func(_, _ string, err error) { told = err }
	e.On(func(int32) error { return errMine })
	if _, err := e.EmitThread(1); err != nil {
		t.Fatal(err)
	}
	expect.Same(t, told, errMine)
}

func TestManyCallbacksAtATime(t *testing.T) {
	var group sync.WaitGroup
	for range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range int32(300) {
				got := expect.Must[int32](t)(PlainApply(func(v int32) (int32, error) { return v + i, nil }, 1))
				expect.Same(t, got, 1+i)
				got = expect.Must[int32](t)(Visit(0, 3, func(v int32) (int32, error) { return i, nil }))
				expect.Same(t, got, 3*i)
			}
		}()
	}
	group.Wait()
}

func TestMemoryStaysFlat(t *testing.T) {
	var before, after runtime.MemStats
	run := func(rounds int) {
		for range rounds {
			PlainApply(func(v int32) (int32, error) { return v, nil }, 1)
			Visit(0, 1, func(int32) (int32, error) { return 0, errMine })
		}
		runtime.GC()
	}
	run(1000)
	runtime.ReadMemStats(&before)
	run(100000)
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+1<<20 {
		t.Fatalf("%d bytes became %d", before.HeapAlloc, after.HeapAlloc)
	}
}

func BenchmarkPlain(b *testing.B) {
	f := func(v int32) (int32, error) { return v, nil }
	for b.Loop() {
		PlainApply(f, 1)
	}
}

func TestGoexitLeavesC(t *testing.T) {
	e := emitter(t)
	defer e.Close()
	for range 3 {
		done := make(chan bool)
		go func() {
			defer close(done)
			e.On(func(int32) error { runtime.Goexit(); return nil })
			e.Emit(1)
			t.Error("the goroutine goes on")
		}()
		<-done
		runtime.GC()
		sum := expect.Must[int32](t)(Visit(0, 3, func(v int32) (int32, error) { return v, nil }))
		expect.Same(t, sum, 3)
	}
	e.Off()
	expect.Same(t, expect.Must[int32](t)(e.Emit(1)), 0)
}
