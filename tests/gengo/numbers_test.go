// Numbers, in the package that is made of tests/fixture/numbers.idl.
package numbers

import (
	"fmt"
	"math"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestEveryIntegerGoesThereAndBack(t *testing.T) {
	for _, v := range []int8{math.MinInt8, -1, 0, math.MaxInt8} {
		expect.Same(t, IdSchar(v), v)
		expect.Same(t, WidenSchar(v), int64(v))
		expect.Same(t, IdInt8(v), v)
	}
	for _, v := range []uint8{0, 1, math.MaxUint8} {
		expect.Same(t, IdUchar(v), v)
		expect.Same(t, WidenUint8(v), uint64(v))
	}
	for _, v := range []int16{math.MinInt16, -1, math.MaxInt16} {
		expect.Same(t, IdShort(v), v)
		expect.Same(t, WidenInt16(v), int64(v))
	}
	expect.Same(t, WidenUshort(math.MaxUint16), math.MaxUint16)
	for _, v := range []int32{math.MinInt32, -1, math.MaxInt32} {
		expect.Same(t, IdInt(v), v)
		expect.Same(t, WidenInt(v), int64(v))
		expect.Same(t, WidenWchar(v), int64(v))
	}
	expect.Same(t, WidenUint(math.MaxUint32), math.MaxUint32)
	expect.Same(t, WidenCount(math.MaxUint32), math.MaxUint32)
	for _, v := range []int64{math.MinInt64, -1, 1 << 53, math.MaxInt64} {
		expect.Same(t, IdLong(v), v)
		expect.Same(t, WidenLlong(v), v)
		expect.Same(t, WidenSsize(v), v)
		expect.Same(t, WidenPtrdiff(v), v)
		expect.Same(t, WidenIntptr(v), v)
		expect.Same(t, WidenTime(v), v)
		expect.Same(t, WidenOff(v), v)
		expect.Same(t, PlainInt64(v), v)
	}
	for _, v := range []uint64{0, 1 << 63, math.MaxUint64} {
		expect.Same(t, IdUllong(v), v)
		expect.Same(t, WidenUlong(v), v)
		expect.Same(t, WidenSize(v), v)
		expect.Same(t, WidenUintptr(v), v)
		expect.Same(t, BigUlong(v), v)
	}
}

func TestFloatsAndBools(t *testing.T) {
	expect.Same(t, IdFloat(float32(0.1)), float32(0.1))
	expect.Same(t, WidenFloat(1.5), 1.5)
	expect.Same(t, IdDouble(math.Inf(-1)), math.Inf(-1))
	expect.Same(t, BitsDouble(math.Copysign(0, -1)), 1<<63)
	if v := IdDouble(math.NaN()); v == v {
		t.Fatal("a NaN became a number")
	}
	expect.Same(t, IdBool(true), true)
	expect.Same(t, WidenBool(true), 1)
	expect.Same(t, WidenBool(false), 0)
}

func TestEnumsTakeTheirValues(t *testing.T) {
	color, err := IdColor(GREEN)
	expect.Same(t, err, nil)
	expect.Same(t, color, GREEN)
	expect.Same(t, fmt.Sprint(color, AnyColor(3)), "GREEN Color(3)")
	_, err = IdColor(3)
	expect.Fails(t, err, clib.ErrRange, "numbers.id_color: v: expected one of RED, GREEN, BLUE, got 3")
	level, err := WidenLevel(LOW)
	expect.Same(t, err, nil)
	expect.Same(t, level, -1)
	access, err := WidenAccess(ACCESS_READ | ACCESS_RUN)
	expect.Same(t, err, nil)
	expect.Same(t, access, 5)
	expect.Same(t, fmt.Sprint(ACCESS_READ|ACCESS_RUN), "ACCESS_READ|ACCESS_RUN")
	expect.Same(t, Access(9).String(), "ACCESS_READ|0x8")
	_, err = WidenAccess(8)
	expect.Fails(t, err, clib.ErrRange,
		"numbers.widen_access: v: expected a combination of ACCESS_READ, ACCESS_WRITE, ACCESS_RUN, got 8")
}

func TestRanges(t *testing.T) {
	for _, v := range []int32{0, 100} {
		got, err := Percent(v)
		expect.Same(t, err, nil)
		expect.Same(t, got, v)
	}
	for _, v := range []int32{-1, 101} {
		_, err := Percent(v)
		expect.Fails(t, err, clib.ErrRange, fmt.Sprintf("numbers.percent: v: expected an integer from 0 to 100, got %d", v))
	}
	_, err := Unit(1.5)
	expect.Fails(t, err, clib.ErrRange, "numbers.unit: v: expected a number from 0 to 1, got 1.5")
	_, err = Unit(math.NaN())
	expect.Fails(t, err, clib.ErrRange, "numbers.unit: v: expected a number from 0 to 1, got NaN")
	index, err := IndexOf(3, 2)
	expect.Same(t, err, nil)
	expect.Same(t, index, 1)
	_, err = IndexOf(3, 3)
	expect.Fails(t, err, clib.ErrRange, "numbers.index_of: i: expected an integer from 0 to 2, got 3")
	_, err = BigRange(5000000001)
	expect.Fails(t, err, clib.ErrRange, "numbers.big_range: v: expected an integer from -5 to 5000000000, got 5000000001")
}

func TestDefaultsAndFixedValues(t *testing.T) {
	expect.Same(t, SumDefaults(1), 1+20+600)
	expect.Same(t, SumDefaultsWith(1, 2, 3), 321)
	expect.Same(t, ScaleDefault(4), 2.0)
	expect.Same(t, FixedSeven(1), 107)
	expect.Same(t, FixedSize(1), 108)
	expect.Same(t, FixedCall(1), 142)
	expect.Same(t, Answer(), 42)
}

func TestConstants(t *testing.T) {
	var huge uint64 = HUGE_ANSWER
	expect.Same(t, huge, math.MaxUint64)
	expect.Same(t, LEAST_ANSWER, math.MinInt64)
	expect.Same(t, HALF, 0.5)
	expect.Same(t, MOTTO, "festina lente")
	expect.Same(t, ANSWER, 42)
}

func TestManyArguments(t *testing.T) {
	expect.Same(t, Add12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 113)
	before := CallCount()
	Nothing()
	if CallCount() <= before {
		t.Fatal("nothing was called")
	}
}

func BenchmarkNothing(b *testing.B) {
	for b.Loop() {
		Nothing()
	}
}
