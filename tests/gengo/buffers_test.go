// Counted buffers, in the package that is made of tests/fixture/buffers.idl.
package buffers

import (
	"bytes"
	"slices"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestNumbersOfEveryKindGoInAndOut(t *testing.T) {
	expect.Same(t, SumU8([]uint8{1, 2, 255}), 258)
	expect.Same(t, SumI8([]int8{-1, -128}), -129)
	expect.Same(t, SumU16([]uint16{1, 65535}), 65536)
	expect.Same(t, SumI16([]int16{-1, 3}), 2)
	expect.Same(t, SumU32([]uint32{1 << 31}), 1<<31)
	expect.Same(t, SumI32([]int32{-5}), -5)
	expect.Same(t, SumU64([]uint64{1 << 40}), 1<<40)
	expect.Same(t, SumI64([]int64{-1 << 40}), -1<<40)
	expect.Same(t, SumF32([]float32{0.5, 1}), 1.5)
	expect.Same(t, SumF64([]float64{0.25}), 0.25)
	expect.Same(t, SumF64(nil), 0)
	if v := expect.Must[[]int64](t)(FillI64(5)); len(v) != 5 {
		t.Fatal(v)
	}
	v := []float64{1, -2}
	NegateF64(v)
	if !slices.Equal(v, []float64{-1, 2}) {
		t.Fatal(v)
	}
	w := []int16{3}
	NegateI16(w)
	expect.Same(t, w[0], -3)
}

func TestLengths(t *testing.T) {
	expect.Same(t, SumVoid([]byte{1, 2}), SumVoid(clib.Bytes([]uint16{0x0201})))
	if _, err := CountSmall(make([]byte, 255)); err != nil {
		t.Fatal(err)
	}
	_, err := CountSmall(make([]byte, 256))
	expect.Fails(t, err, clib.ErrRange, "buffers.count_small: v: expected at most 255 elements, got 256")
	expect.Same(t, expect.Must[float64](t)(Dot([]float64{1, 2}, []float64{3, 4})), 11)
	_, err = Dot([]float64{1, 2}, []float64{3})
	expect.Fails(t, err, clib.ErrRange, "buffers.dot: b: expected 2 elements, as many as a has, got 1")
	expect.Same(t, expect.Must[float64](t)(MatrixSum(make([]float64, 6), 2, 3)), 0)
	_, err = MatrixSum(make([]float64, 5), 2, 3)
	expect.Fails(t, err, clib.ErrRange, "buffers.matrix_sum: m: expected at least 6 elements, got 5")
	_, err = MatrixSum(nil, 1<<33, 1<<33)
	expect.Fails(t, err, clib.ErrRange, "buffers.matrix_sum: m: the length is out of range")
	_, err = MatrixUnit(1<<31, 1<<31)
	expect.Fails(t, err, clib.ErrRange, "buffers.matrix_unit: m: a buffer of 4611686018427387904 elements is too large")
	_, err = FillU8(1 << 33)
	expect.Fails(t, err, clib.ErrRange, "buffers.fill_u8: v: a buffer of 8589934592 elements is too large")
	if unit := expect.Must[[]float64](t)(MatrixUnit(2, 2)); !slices.Equal(unit, []float64{1, 0, 0, 1}) {
		t.Fatal(unit)
	}
	_, err = SumPadded([]byte{1, 2, 3}, 2)
	expect.Fails(t, err, clib.ErrRange, "buffers.sum_padded: v: expected at least 4 bytes, got 3")
	_, err = SumPadded(nil, -3)
	expect.Fails(t, err, clib.ErrRange, "buffers.sum_padded: v: the length is out of range")
	_, err = SumKey(make([]byte, 15))
	expect.Fails(t, err, clib.ErrRange, "buffers.sum_key: key: expected at least 16 bytes, got 15")
	if key := expect.Must[[]byte](t)(MakeKey()); len(key) != 16 {
		t.Fatal(key)
	}
}

func TestWhatIsFilledIsCut(t *testing.T) {
	filled, v, err := FillSome(10)
	if err != nil || uint64(len(v)) != filled {
		t.Fatal(filled, v, err)
	}
	_, v, err = FillLiar(3)
	if err != nil || len(v) > 3 {
		t.Fatal(v, err)
	}
	to := expect.Must[[]byte](t)(Twice([]byte{1, 2}))
	if len(to) != 4 {
		t.Fatal(to)
	}
	_, packed, err := Pack([]byte("aaaabbbb"))
	if err != nil || len(packed) == 0 {
		t.Fatal(packed, err)
	}
}

func TestWhatMayBeNull(t *testing.T) {
	null, empty := MaybeSum(nil), MaybeSum([]byte{})
	if null == empty {
		t.Fatal("nil and empty are the same to C", null)
	}
	expect.Same(t, DefaultSum(), DefaultSumWith(nil))
	expect.Same(t, ReadOneOr(nil), ReadOneOr(nil))
	expect.Same(t, ReadOne(7), ReadOneOr(clib.Of[int32](7)))
	if BytesCounted(0) != nil && len(BytesCounted(0)) != 0 {
		t.Fatal("bytes of nothing")
	}
}

func TestCells(t *testing.T) {
	_, half, rest := TwoOut(7)
	expect.Same(t, half, 3)
	expect.Same(t, rest, 1)
	expect.Same(t, OneOut(5), 25)
	expect.Same(t, Step(5, 2), 7)
	_, b, d := Flip(true, 2.5)
	expect.Same(t, b, false)
	expect.Same(t, d, -2.5)
}

func TestResultsAreCopies(t *testing.T) {
	first := expect.Must[[]byte](t)(BytesStatic())
	first[0]++
	second := expect.Must[[]byte](t)(BytesStatic())
	if bytes.Equal(first, second) {
		t.Fatal("C's memory was changed")
	}
	for range 1000 {
		if made := expect.Must[[]byte](t)(BytesMade(8)); len(made) != 8 {
			t.Fatal(made)
		}
		if made := expect.Must[[]int32](t)(NumbersMade(4)); len(made) != 4 {
			t.Fatal(made)
		}
	}
	expect.Same(t, BufferLive(), 0)
	_, err := NumbersMade(-1)
	expect.Fails(t, err, clib.ErrRange, "buffers.numbers_made: n: expected an integer from 0 to 1000000, got -1")
}

func TestChangedInPlace(t *testing.T) {
	to := make([]byte, 3)
	if err := CopyBytes(to, []byte("abc")); err != nil || string(to) != "abc" {
		t.Fatal(to, err)
	}
	err := CopyBytes(to, []byte("ab"))
	expect.Fails(t, err, clib.ErrRange, "buffers.copy_bytes: from: expected 3 elements, as many as to has, got 2")
	base := []byte{1, 2, 3, 4}
	if err := ReverseVoid(base, 2, 2); err != nil || !bytes.Equal(base, []byte{3, 4, 1, 2}) {
		t.Fatal(base, err)
	}
	err = ReverseVoid(base, 2, 3)
	expect.Fails(t, err, clib.ErrRange, "buffers.reverse_void: base: expected at least 6 bytes, got 4")
}
