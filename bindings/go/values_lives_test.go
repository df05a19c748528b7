package isthmus

import (
	"fmt"
	"math/big"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// operationsOn are one of everything that reads, writes or makes values, each of which leaves nothing
// behind but what it gives.
func operationsOn(t testing.TB, ctx *Context) map[string]func() []Valuer {
	o := object(t, ctx, `globalThis.o = { text: 'a', long: 'b'.repeat(5000), o: {}, big: 10n ** 30n, get bad() { throw new Error('no') },
		f() { return {} } }; o`)
	list, _ := js(t, ctx, "[{}, 'x', 1, [], 1n]").AsArray()
	m, _ := js(t, ctx, "new Map([[{}, 'a'], ['b', {}]])").AsMap()
	s, _ := js(t, ctx, "new Set([{}, 'a'])").AsSet()
	r, _ := js(t, ctx, "/x/g").AsRegExp()
	d, _ := js(t, ctx, "new Date(0)").AsDate()
	fails := object(t, ctx, "({ a: {}, b: 'text', get c() { throw o } })")
	one := func(v Valuer, err error) []Valuer { return []Valuer{v} }
	return map[string]func() []Valuer{
		"Get":         func() []Valuer { return one(o.Get("o")) },
		"Get text":    func() []Valuer { return one(o.Get("text")) },
		"Get long":    func() []Valuer { v, err := o.Get("long"); _ = v.String(); return one(v, err) },
		"Get failing": func() []Valuer { _, err := o.Get("bad"); return []Valuer{err.(*JSError).Value} },
		"Get unknown": func() []Valuer { return one(o.Get(longText)) },
		"Set":         func() []Valuer { _ = o.Set("x", "text"); _ = o.Set("x", 1); return nil },
		"Set tree":    func() []Valuer { _ = o.Set("tree", []any{1, "x", map[string]any{"a": nil}}); return nil },
		"GetKey":      func() []Valuer { s := SymbolIterator(ctx.Isolate()); v, _ := o.GetKey(s); return []Valuer{v, s} },
		"Has":         func() []Valuer { o.Has("text"); o.HasIdx(1); o.Delete("none"); return nil },
		"Keys":        func() []Valuer { _, _ = o.Keys(); return nil },
		"Entries failing": func() []Valuer {
			_, err := fails.Entries()
			return []Valuer{err.(*JSError).Value}
		},
		"Entries": func() (all []Valuer) {
			entries, err := m.Object.Entries()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range entries {
				all = append(all, v)
			}
			return all
		},
		"Array": func() (all []Valuer) {
			elements, err := list.All()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range elements {
				all = append(all, v)
			}
			return all
		},
		"Map": func() (all []Valuer) {
			entries, err := m.All()
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range entries {
				all = append(all, k, v)
			}
			return all
		},
		"Set all": func() (all []Valuer) {
			members, err := s.All()
			if err != nil {
				t.Fatal(err)
			}
			for v := range members {
				all = append(all, v)
			}
			return all
		},
		"Map.Get":    func() []Valuer { return one(m.Get("b")) },
		"Map.Set":    func() []Valuer { _ = m.Set("b", "c"); _, _ = m.Has("b"); _, _ = m.Len(); return nil },
		"MethodCall": func() []Valuer { return one(o.MethodCall("f", "x", 1)) },
		"NewObject":  func() []Valuer { return one(NewObject(ctx)) },
		"NewArray":   func() []Valuer { return one(NewArray(ctx, "x", 1, []int{1})) },
		"NewMap":     func() []Valuer { return one(NewMap(ctx)) },
		"NewSet":     func() []Valuer { return one(NewSet(ctx, "a", 1)) },
		"NewDate":    func() []Valuer { return one(NewDate(ctx, time.Now())) },
		"NewRegExp":  func() []Valuer { return one(NewRegExp(ctx, "x", "g")) },
		"NewRegExp failing": func() []Valuer {
			_, err := NewRegExp(ctx, "(", "g")
			return []Valuer{err.(*JSError).Value}
		},
		"NewError":   func() []Valuer { return one(NewError(ctx, "x"), nil) },
		"NewWasm":    func() []Valuer { return one(NewWasmLinkError(ctx, "x"), nil) },
		"NewSymbol":  func() []Valuer { return one(NewSymbol(ctx.Isolate(), "x")) },
		"NewBigInt":  func() []Valuer { return one(NewBigInt(ctx, big.NewInt(1))) },
		"NewValue":   func() []Valuer { return one(NewValue(ctx.Isolate(), "x")) },
		"BigInt":     func() []Valuer { v, err := o.Get("big"); _ = v.BigInt(); _ = v.String(); return one(v, err) },
		"ToBigInt":   func() []Valuer { _ = js(t, ctx, "7").BigInt(); return nil },
		"String":     func() []Valuer { _, _, _, _ = o.String(), list.String(), r.String(), o.DetailString(); return nil },
		"Number":     func() []Valuer { _, _ = d.Number(), o.Number(); return nil },
		"Object":     func() []Valuer { v := js(t, ctx, "'x'"); return []Valuer{v, v.Object()} },
		"Prototype":  func() []Valuer { return one(o.Prototype()) },
		"JSON":       func() []Valuer { _, _ = JSONStringify(ctx, m); return one(JSONParse(ctx, "[1]")) },
		"RegExp":     func() []Valuer { _, _ = r.Source(); _, _ = r.Flags(); _, _ = r.Test("x"); return nil },
		"Date":       func() []Valuer { _, _ = d.Time(); return nil },
		"kinds":      func() []Valuer { kindsOf(o.Value); _, _ = o.AsMap(); return nil },
		"SameValue":  func() []Valuer { o.SameValue(list); return nil },
		"Symbol":     func() []Valuer { s := SymbolMatch(ctx.Isolate()); _ = s.String(); return []Valuer{s} },
		"Define":     func() []Valuer { _ = o.Define("d", "x", Configurable); return nil },
		"NewFailing": func() []Valuer { _, _ = NewArray(ctx, "x", make(chan int)); return nil },
	}
}

var longText = fmt.Sprintf("%0100d", 7)

// What is released is gone, and nothing else is left on the way: within a callback or not.
func TestOperationsLeaveNothing(t *testing.T) {
	ctx := realm(t)
	leaveNothing(t, ctx, operationsOn(t, ctx))
}

// leaveNothing fails if one of the operations leaves handles beside what it gives, wherever it is done.
func leaveNothing(t *testing.T, ctx *Context, operations map[string]func() []Valuer) {
	t.Helper()
	iso := ctx.Isolate()
	check := func(where string) {
		for name, operation := range operations {
			run := func() {
				for _, v := range operation() {
					valueOf(v).Release()
				}
			}
			run() // names and the like are remembered
			before := handles(t, iso)
			for range 10 {
				run()
			}
			if after := handles(t, iso); after != before {
				t.Errorf("%s, %s: %d handles, then %d", name, where, before, after)
			}
		}
	}
	check("outside")
	if err := ctx.Bind("check", func() { check("within a callback") }); err != nil {
		t.Fatal(err)
	}
	js(t, ctx, "check()")

	before := handles(t, iso)
	err := iso.Do(func(s *Scope) error {
		return s.Temporary(func() error {
			for name, operation := range operations {
				made := operation()
				if strings.Contains(name, "failing") { // what was thrown lasts
					valueOf(made[0]).Release()
				}
			}
			return nil
		})
	})
	if after := handles(t, iso); err != nil || after > before {
		t.Errorf("temporary values: %d handles, then %d (%v)", before, after, err)
	}
}

// handles is how many there are; with what was released paid for.
func handles(t testing.TB, iso *Isolate) uint64 {
	t.Helper()
	if err := iso.Err(); err != nil {
		t.Fatal(err)
	}
	return iso.GetHeapStatistics().NumberOfHandles
}

// What is forgotten is found by Go's collector.
func TestForgottenValuesAreFreed(t *testing.T) {
	ctx := realm(t)
	iso := ctx.Isolate()
	operations := operationsOn(t, ctx)
	for range 2 {
		for _, operation := range operations {
			operation()
		}
	}
	before := handles(t, iso)
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	for range rounds {
		for _, operation := range operations {
			operation()
		}
	}
	for attempt := 0; ; attempt++ {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
		after := handles(t, iso)
		if after <= before {
			break
		}
		if attempt == 500 {
			t.Fatalf("%d handles, then %d", before, after)
		}
	}
	runtime.KeepAlive(operations)
}

// Any goroutine may use any value.
func TestValuesFromManyGoroutines(t *testing.T) {
	ctx := realm(t)
	operations := operationsOn(t, ctx)
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 5 {
				for _, operation := range operations {
					for i, v := range operation() {
						if i%2 == 0 {
							valueOf(v).Release()
						}
					}
				}
			}
		}()
	}
	group.Wait()
}

// A value that is forgotten while an operation on it goes on stays until that is over.
func TestValuesForgottenInTheMiddle(t *testing.T) {
	ctx := realm(t)
	if err := ctx.Bind("collect", func() {
		for range 3 {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		// Nothing knows the object and the function but the call under way.
		got, err := object(t, ctx, "({ f(x) { collect(); return x.a + this.b }, b: 2 })").MethodCall("f", map[string]any{"a": 1})
		if err != nil || got.Integer() != 3 {
			t.Fatal(got, err)
		}
		err = object(t, ctx, "({ set x(y) { collect(); globalThis.got = y.a } })").Set("x", map[string]any{"a": 1})
		if err != nil || js(t, ctx, "got").Integer() != 1 {
			t.Fatal(err)
		}
		text, err := js(t, ctx, "({ toString() { collect(); return 'text' } })").ToString()
		if err != nil || text != "text" {
			t.Fatal(text, err)
		}
	}
	// V8's heap is full now and then, which has Go's collector run.
	o := object(t, ctx, "({ text: 'x'.repeat(2e5), big: 7n ** 5000n })")
	long := strings.Repeat("y", 1<<20)
	for i := range 2000 {
		if err := o.Set("long", long); err != nil {
			t.Fatal(err)
		}
		text, err := o.Get("text")
		if err != nil || len(text.String()) != 2e5 {
			t.Fatal(i, err)
		}
		if big, err := o.Get("big"); err != nil || big.BigInt() == nil {
			t.Fatal(i, err)
		}
	}
}
