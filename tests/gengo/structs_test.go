// Structs, in the package that is made of tests/fixture/structs.idl.
package structs

import (
	"errors"
	"math"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestStructsByValueAndByPointer(t *testing.T) {
	expect.Same(t, PointLengthOf(t, Point{3, 4}), 25)
	expect.Same(t, expect.Must[Point](t)(PointAdd(Point{1, 2}, Point{10, 20})), Point{11, 22})
	expect.Same(t, PointMake(1, 2), Point{1, 2})
	p := Point{1, 2}
	if err := PointScale(&p, 3); err != nil || p != (Point{3, 6}) {
		t.Fatal(p, err)
	}
	err := PointScale(nil, 3)
	expect.Fails(t, err, clib.ErrArgument, "structs.point_scale: p: expected a Point, got nil")
	if PointUnit() == (Point{}) {
		t.Fatal("nothing was written")
	}
	_, left, right, err := PointSplit(Point{4, 6})
	if err != nil || left == right {
		t.Fatal(left, right, err)
	}
	expect.Same(t, expect.Must[Point](t)(PointOrigin()), Point{})
	_, err = PointNone()
	expect.Fails(t, err, clib.ErrNull, "structs.point_none: the result is NULL")
	if PointTable(0) == nil || PointTable(-1) != nil {
		t.Fatal("the table is wrong")
	}
	a, _ := PointOr()
	b, _ := PointOrWith(&Point{3, 4})
	if a == b {
		t.Fatal("NULL is a point")
	}
}

func PointLengthOf(t *testing.T, p Point) float64 { return expect.Must[float64](t)(PointLength(p)) }

func TestNestedStructs(t *testing.T) {
	s := SegMake(2.5, 7)
	expect.Same(t, s, Seg{A: Point{2.5, s.A.Y}, B: Point{s.B.X, 2.5}, Id: 7, Tag: [8]uint8{1, 2, 3, 4, 5, 6, 7, 8}})
	flipped := expect.Must[Seg](t)(SegFlip(s))
	expect.Same(t, flipped.A, s.B)
	expect.Same(t, flipped.Id, -7)
	expect.Same(t, expect.Must[int32](t)(SegId(s)), 7+1+8)
	if err := SegMove(&s, Point{1, 1}); err != nil || s.A.X != 3.5 {
		t.Fatal(s, err)
	}
	expect.Same(t, expect.Must[Pixel](t)(PixelInvert(Pixel{1, 2, 255})), Pixel{254, 253, 0})
	expect.Same(t, expect.Must[int32](t)(PixelSum(Pixel{1, 2, 3})), 6)
}

func TestFieldsOfEveryKind(t *testing.T) {
	for _, most := range []bool{false, true} {
		v := AllExtremes(most)
		expect.Same(t, expect.Must[All](t)(AllSame(v)), v)
		if most {
			expect.Same(t, v.U64, uint64(math.MaxUint64))
			expect.Same(t, v.I8, int8(math.MaxInt8))
		}
	}
	_, err := AllSame(All{Shade: 3})
	expect.Fails(t, err, clib.ErrRange, "structs.all_same: v.shade: expected one of LIGHT, DARK, got 3")
	sum := expect.Must[int64](t)(AllSum(All{On: true, I8: -3, U32: 10, F64: 2, Shade: DARK}))
	expect.Same(t, sum, 1-3+10+2+2)
}

func TestArrays(t *testing.T) {
	g := GridMake(5)
	expect.Same(t, g.Cells, [2][3]int32{{5, 6, 7}, {8, 9, 10}})
	expect.Same(t, g.Corners[3], Point{5, 3})
	expect.Same(t, g.Label, "grid")
	expect.Same(t, g.Raw, [4]int8{1, 2, 3, 4})
	expect.Same(t, expect.Must[int32](t)(GridRaw(g)), 1234)
	sum := expect.Must[int32](t)(GridSum(g))
	g.Label = "12345678"
	expect.Same(t, expect.Must[int32](t)(GridSum(g)), sum+400000)
	g.Label = "123456789"
	_, err := GridSum(g)
	expect.Fails(t, err, clib.ErrRange, "structs.grid_sum: g.label: expected a text of at most 8 bytes, got 9")
}

func TestBitFields(t *testing.T) {
	b := BitsMake(5, -16, 1<<40-1, true, 127)
	expect.Same(t, b, Bits{A: 5, B: -1, Wide: 1<<40 - 1, Flag: true, Last: 127})
	expect.Same(t, expect.Must[Bits](t)(BitsSame(b)), b)
	expect.Same(t, expect.Must[uint64](t)(BitsSum(Bits{A: 1, B: -1, Wide: 2, Flag: true, Last: 3})), 1+990+20000+5+3)
	_, err := BitsSum(Bits{A: 8})
	expect.Fails(t, err, clib.ErrRange, "structs.bits_sum: v.a: expected an integer from 0 to 7, got 8")
	_, err = BitsSum(Bits{B: 16})
	expect.Fails(t, err, clib.ErrRange, "structs.bits_sum: v.b: expected an integer from -16 to 15, got 16")
}

func TestPackedAndAligned(t *testing.T) {
	p := Packed{Kind: 1, Value: 0xDEADBEEF, Weight: 2.5}
	expect.Same(t, expect.Must[Packed](t)(PackedSame(p)), p)
	a := expect.Must[Aligned](t)(AlignedSame(Aligned{C: 'x', V: -5}))
	expect.Same(t, a, Aligned{C: 'x', V: -4})
	// C got it at an address that is a multiple of 32.
	expect.Same(t, expect.Must[uint64](t)(AlignedRemainder(Aligned{V: 3})), 300)
}

func TestErrorsAreOfTheirKind(t *testing.T) {
	_, err := BitsSum(Bits{A: 8})
	var e *clib.Error
	if !errors.As(err, &e) || e.Library != "structs" || e.Function != "bits_sum" || e.Parameter != "v.a" {
		t.Fatalf("%#v", err)
	}
}
