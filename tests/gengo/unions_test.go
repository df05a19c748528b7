// Unions, and functions in structs, in the package that is made of tests/fixture/unions.idl.
package unions

import (
	"errors"
	"math"
	"slices"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

var errMine = errors.New("mine")

func TestAUnionIsItsBytes(t *testing.T) {
	w := expect.Must[Word](t)(WordOf(0x3F800000))
	expect.Same(t, w.I(), 0x3F800000)
	expect.Same(t, w.F(), 1)
	expect.Same(t, w.Bytes(), [4]uint8{0, 0, 0x80, 0x3F})
	expect.Same(t, w.Halves(), UnWordHalves{0, 0x3F80})
	if err := w.SetF(-2); err != nil || w.I() != math.MinInt32+0x40000000 {
		t.Fatal(w.I(), err)
	}
	w.SetI(5)
	if err := WordInvert(&w); err != nil || w.I() != ^5 {
		t.Fatal(w.I(), err)
	}
	w.SetHalves(UnWordHalves{1, 2})
	var other Word
	other.SetHalves(UnWordHalves{10, 0})
	swapped := expect.Must[Word](t)(WordSwap(w, other))
	expect.Same(t, swapped.Halves(), UnWordHalves{2, 11})
	words := expect.Must[[]Word](t)(WordsFillAll(3))
	expect.Same(t, words[2].F(), 2)
}

// WordsFillAll gives the words alone.
func WordsFillAll(n uint64) ([]Word, error) {
	_, words, err := WordsFill(n)
	return words, err
}

func TestUnionsByValue(t *testing.T) {
	var a, b Big
	a.SetD(1.5)
	b.SetD(2)
	expect.Same(t, expect.Must[float64](t)(BigSum(a, b)), 3.5)
	var m Mixed
	m.SetPoint(UnMixedPoint{X: 0, Y: 2, Z: 3})
	twice := expect.Must[Mixed](t)(MixedTwice(7, m, 0.5))
	expect.Same(t, twice.Named().Id, 7)
	expect.Same(t, twice.Point().Y, 4)
	expect.Same(t, twice.Point().Z, 6.5)
	var f Floats
	f.SetThree(UnFloatsThree{1, 2, 3})
	next := expect.Must[Floats](t)(FloatsNext(f))
	expect.Same(t, next.Three(), UnFloatsThree{2, 4, 6})
	var l Large
	l.SetNumbers([3]int64{1, 2, 3})
	large := expect.Must[Large](t)(LargeNext(l))
	expect.Same(t, large.Numbers(), [3]int64{2, 3, 4})
	number := expect.Must[Value](t)(ValueNumber(2.5))
	expect.Same(t, number.As.Number(), 2.5)
	expect.Same(t, number.Owner, 7)
	expect.Same(t, expect.Must[Value](t)(ValueSame(number)), number)
	mapped := expect.Must[Mixed](t)(MixedMap(m, func(m Mixed) (Mixed, error) {
		p := m.Point()
		p.Y++
		return m, m.SetPoint(p)
	}))
	expect.Same(t, mapped.Point().Y, 3)
}

func TestATagSaysWhatIsThere(t *testing.T) {
	seen := map[UnKind]bool{}
	for range 4 {
		e := expect.Must[Event](t)(EventNext())
		seen[e.Kind] = true
		expect.Same(t, e.What.Key != nil, e.Kind == UN_KEY)
		expect.Same(t, e.What.Move != nil, e.Kind == UN_MOVE)
		expect.Same(t, e.What.Text != nil, e.Kind == UN_TEXT)
		if e.Kind == UN_TEXT && *e.What.Text.Chars == "" {
			t.Fatal("no text")
		}
	}
	expect.Same(t, len(seen), 4)
	last := expect.Must[Event](t)(EventLast())
	expect.Same(t, last.Kind, last.Kind)
}

func TestWhatTheTagSelectsGoesIn(t *testing.T) {
	for tag := int32(0); tag < 5; tag++ {
		v := expect.Must[Variant](t)(VariantOf(tag))
		expect.Same(t, v.Whole != nil, tag == 1)
		expect.Same(t, v.Real != nil, tag == 2)
		expect.Same(t, v.Pair != nil, tag == 3 || tag == 4)
		expect.Must[float64](t)(VariantSum(v))
	}
	expect.Same(t, expect.Must[float64](t)(VariantSum(Variant{Tag: 2, Real: clib.Of(2.5), Left: 1})), 3.5)
	_, err := VariantSum(Variant{Tag: 1, Real: clib.Of(2.5)})
	expect.Fails(t, err, clib.ErrArgument, "unions.variant_sum: v.real: is not there when tag is 1")
}

func TestWhatOnlyCSetsStays(t *testing.T) {
	var n Note
	if err := NoteSet(&n, clib.Of("kept")); err != nil || n.Tag != 1 || *n.Text != "kept" {
		t.Fatal(n, err)
	}
	n.Tag = 0 // which C does not get
	if err := NoteSet(&n, nil); err != nil || n.Tag != 0 || n.Text != nil || *n.Number != 77 {
		t.Fatal(n, err)
	}
}

func TestFunctionsInStructs(t *testing.T) {
	values := []int32{3, 9, 4}
	order := Order{Compare: func(a, b int32) (int32, error) { return a - b, nil }}
	expect.Same(t, expect.Must[int32](t)(Largest(values, order)), 9)
	expect.Same(t, expect.Must[int32](t)(LargestBy(values, order)), 9)
	_, err := Largest(values, Order{Compare: func(a, b int32) (int32, error) { return 0, errMine }})
	expect.Same(t, err, errMine)
	_, err = Largest(values, Order{})
	expect.Fails(t, err, clib.ErrArgument, "unions.largest: order.compare: expected a function, got nil")
	got := expect.Must[int32](t)(Each(3, func(i int32) (int32, error) { return i, nil }))
	expect.Same(t, got, 3)
}

func TestFunctionsThatAreKept(t *testing.T) {
	source := expect.Must[*Source](t)(NewSource())
	var totals []int32
	set := func(step int32) error {
		return source.Set(Handler{
			Step: step,
			Get: func(name string, more []int32) (int32, error) {
				expect.Same(t, name, "x")
				more[0]--
				return 10, nil
			},
			Done: func(total int32) error { totals = append(totals, total); return nil },
		})
	}
	if err := set(3); err != nil {
		t.Fatal(err)
	}
	expect.Same(t, expect.Must[int32](t)(source.Ask("x")), 30)
	var failure *UnionError
	if err := set(-1); !errors.As(err, &failure) {
		t.Fatal(err)
	}
	// The one before is still there.
	expect.Same(t, expect.Must[int32](t)(source.Ask("x")), 30)
	if err := source.Set(Handler{Step: 1, Get: func(string, []int32) (int32, error) { return 0, errMine }}); err != nil {
		t.Fatal(err)
	}
	_, err := source.Ask("x")
	expect.Same(t, err, errMine)
	err = source.Set(Handler{Step: 1})
	expect.Fails(t, err, clib.ErrArgument, "unions.Source.set: handler.get: expected a function, got nil")
	source.Close()
	if !slices.Equal(totals, []int32{30, 30}) {
		t.Fatal(totals)
	}
}

func TestFunctionsUntilReplaced(t *testing.T) {
	source := expect.Must[*Source](t)(NewSource())
	defer source.Close()
	ticks := int32(0)
	if err := source.Tick(Ticker{Tick: func(n int32) error { ticks += n; return nil }}); err != nil {
		t.Fatal(err)
	}
	source.Run(5)
	if err := source.Tick(Ticker{}); err != nil {
		t.Fatal(err)
	}
	source.Run(5)
	expect.Same(t, ticks, 5)
}

func TestArraysOfStructsThatComeBack(t *testing.T) {
	list := expect.Must[List](t)(ListGet(2))
	expect.Same(t, len(list.Items), 2)
	expect.Same(t, *list.Items[1].Name, "two")
	expect.Same(t, len(expect.Must[List](t)(ListGet(0)).Items), 0)
}

func TestAnOmittedObjectIsFreed(t *testing.T) {
	for _, code := range []int32{0, 1} {
		if err := Attempt(code); err != nil {
			t.Fatal(err)
		}
	}
	if err := Attempt(-1); err == nil {
		t.Fatal("no failure")
	}
}

func TestWhatIsUnsafeSaysSo(t *testing.T) {
	expect.Same(t, expect.Must[uint64](t)(UnsafeAddress(0)), 0)
	expect.Same(t, expect.Must[uintptr](t)(UnsafeMove(16, 8)), 24)
}
