package isthmus

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// grow makes a tree of what `any` gets from JavaScript, as bytes say.
func grow(from *bytes.Reader, depth int) any {
	kind, err := from.ReadByte()
	if err != nil {
		return nil
	}
	number := func() uint64 {
		var at [8]byte
		_, _ = from.Read(at[:])
		return binary.LittleEndian.Uint64(at[:])
	}
	text := func() string {
		n, _ := from.ReadByte()
		part := make([]byte, n%16)
		read, _ := from.Read(part)
		return string(part[:read])
	}
	count := func() int {
		n, _ := from.ReadByte()
		if depth > 20 {
			return 0
		}
		return int(n % 5)
	}
	switch kind % 14 {
	case 0:
		return nil
	case 1:
		return kind > 127
	case 2:
		return math.Float64frombits(number())
	case 3:
		return float64(int32(number()))
	case 4, 5:
		if t := text(); isText(t) {
			return t
		}
		return "é\x00"
	case 6:
		made := make([]any, count())
		for i := range made {
			made[i] = grow(from, depth+1)
		}
		return made
	case 7:
		made := map[string]any{}
		for range count() {
			if name := text(); isText(name) {
				made[name] = grow(from, depth+1)
			}
		}
		return made
	case 8:
		made := map[any]any{}
		for range count() {
			made[float64(int32(number()))] = grow(from, depth+1)
		}
		return made
	case 9:
		return map[any]struct{}{text()[:0]: {}, float64(kind): {}}
	case 10:
		x := new(big.Int).SetUint64(number())
		x.Mul(x, new(big.Int).SetUint64(number()))
		if kind > 127 {
			x.Neg(x)
		}
		return x
	case 11:
		return time.UnixMilli(int64(number()) % 8640000000000000).UTC()
	case 12:
		return []byte(text())
	}
	return Pattern{"a+", "g"}
}

// same compares trees; NaN is itself.
func same(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && (a == b && math.Signbit(a) == math.Signbit(b) || a != a && b != b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name := range a {
			if !same(a[name], b[name]) {
				return false
			}
		}
		return true
	case map[any]any:
		b, ok := b.(map[any]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key := range a {
			if !same(a[key], b[key]) {
				return false
			}
		}
		return true
	case *big.Int:
		b, ok := b.(*big.Int)
		return ok && a.Cmp(b) == 0
	}
	return reflect.DeepEqual(a, b)
}

// What goes to JavaScript comes back the same, by all ways.
func FuzzTreeThereAndBack(f *testing.F) {
	f.Add([]byte{6, 4, 2, 1, 2, 3, 4, 5, 6, 7, 8, 4, 3, 'a', 'b', 'c', 7, 1, 1, 'x', 1})
	f.Add([]byte{8, 2, 1, 0, 0, 0, 0, 0, 0, 0, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 12, 2, 1, 2})
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, 128})
	f.Add([]byte{6, 3, 4, 3, 0xed, 0xa0, 0x80, 11, 1, 2, 3, 4, 5, 6, 7, 8, 13})
	f.Add([]byte("\vA2\x9b\x1b0\xe8\xaa\xe3"))
	ctx := newTestContext(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		x := grow(bytes.NewReader(data), 0)
		v, err := Marshal(ctx, x)
		if err != nil {
			t.Fatalf("%#v: %v", x, err)
		}
		defer v.Release()
		var back any
		if err := Unmarshal(v, &back); err != nil {
			t.Fatalf("%#v: %v", x, err)
		}
		if !same(x, back) {
			t.Fatalf("%#v came back as %#v", x, back)
		}
		item, err := encodeTree(x)
		if err != nil {
			t.Fatal(err)
		}
		if err := cbor.Wellformed(item); err != nil {
			t.Fatalf("% x: %v", item, err)
		}
		var read any
		if err := decodeTree(item, &read); err != nil || !same(x, read) {
			t.Fatalf("%#v was read as %#v: %v", x, read, err)
		}
		copied, err := Clone(ctx, v)
		if err != nil {
			t.Fatal(err)
		}
		if err := Unmarshal(copied, &back); err != nil || !same(x, back) {
			t.Fatalf("%#v was cloned as %#v: %v", x, back, err)
		}
	})
}

type everything struct {
	A any            `js:"a"`
	B *everything    `js:"b"`
	C []everything   `js:"c"`
	D map[string]int `js:"d"`
	E [2]uint8       `js:"e"`
	F float32        `js:"f"`
	G big.Int        `js:"g"`
	H time.Time      `js:"h"`
	I []float64      `js:"i"`
	J error          `js:"j"`
	K map[any]any    `js:"k"`
	L json.Number    `js:"l"`
	M [][2]any       `js:"m"`
	N string         `js:"n"`
}

// Bytes from elsewhere are an error, or a value: nothing else happens, and little memory is taken.
func FuzzTreeRead(f *testing.F) {
	for _, x := range []any{
		everything{A: []any{1, "x"}, D: map[string]int{"a": 1}, J: errors.New("no")},
		map[int]any{1: TypedArray[int16]{1, 2}}, []any{Pattern{"a", ""}, time.UnixMilli(5), big.NewInt(7)},
	} {
		item, err := encodeTree(x)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(item)
	}
	circle := map[string]any{}
	circle["b"] = circle
	item, err := encodeTree([]any{circle, circle})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(item)
	f.Add([]byte{0xd8, 0x1c, 0xd8, 0x1d, 0x00})
	f.Add([]byte{0xd8, 0x1b, 0x83, 0x65, 'A', 'r', 'r', 'a', 'y', 0x1a, 0xff, 0xff, 0xff, 0xff, 0xa0})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, into := range []any{new(any), new(everything), new([]any), new(map[any]any), new(*everything), new([]int16),
			new(map[string][]uint64), new(error), new(Pattern), new(cbor.RawMessage), new(*JSError)} {
			if err := decodeTree(data, into); err != nil {
				var conversion *ConversionError
				var failure *Error
				if !errors.As(err, &conversion) && !errors.As(err, &failure) {
					t.Fatalf("% x: %T %v", data, err, err)
				}
			}
		}
	})
}

// Strings and bytes of all kinds are the same there.
func FuzzBytes(f *testing.F) {
	f.Add([]byte("abc"))
	f.Add(bytes.Repeat([]byte{255, 0}, 20000))
	ctx := newTestContext(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := NewBytes(ctx, data)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Release()
		if back, err := o.Bytes(); err != nil || !bytes.Equal(back, data) {
			t.Fatal(back, err)
		}
		if err := o.View(func(b []byte) {
			if !bytes.Equal(b, data) {
				t.Fatal(b)
			}
		}); err != nil {
			t.Fatal(err)
		}
		var tree struct{ B, C []byte }
		v, err := Marshal(ctx, map[string]any{"B": data, "C": o})
		if err != nil {
			t.Fatal(err)
		}
		defer v.Release()
		if err := Unmarshal(v, &tree); err != nil || !bytes.Equal(tree.B, data) || !bytes.Equal(tree.C, data) {
			t.Fatal(tree, err)
		}
	})
}
