package isthmus

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/x448/float16"

	"isthmus/bindings/go/internal/native"
)

// Trees travel as CBOR in the forms of docs/cbor.md. What has none (functions, values of JavaScript's)
// travels beside the bytes, in a table.

// Major types of CBOR.
const (
	majorUint = iota << 5
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

// Simple values, as whole heads.
const (
	headFalse     = 0xf4
	headTrue      = 0xf5
	headNull      = 0xf6
	headUndefined = 0xf7
	headHalf      = 0xf9
	headSingle    = 0xfa
	headDouble    = 0xfb
)

// Tags.
const (
	tagDate         = 1
	tagBig          = 2
	tagBigNegative  = 3
	tagClass        = 27 // [class, what it is made of...]
	tagShared       = 28
	tagReference    = 29
	tagHole         = 31
	tagUint8Array   = 64 // typed arrays: from here on, by the bits below
	tagClampedArray = 68
	tagLastArray    = 87
	tagSet          = 258
	tagMap          = 259
	tagWTF8         = 273
	tagRegExp       = 21066
	tagValue        = 21067 // an index of the table
)

// The bits of a typed array's tag; those of the size are its logarithm.
const (
	arrayLittle = 4
	arraySigned = 8
	arrayFloat  = 16
)

// deepest is how far containers may be in one another.
const deepest = 1000

func tooDeep(op string) error {
	return &Error{Op: op, Status: native.ErrLimit.Name(),
		Message: fmt.Sprintf("more than %d containers are in one another", deepest)}
}

// within is the error of a part as that of the whole: step is the way to the part.
func within(step string, err error) error {
	if conversion, ok := err.(*ConversionError); ok {
		conversion.Path = step + conversion.Path
	}
	return err
}

// whole is the error of a tree, whose paths begin with $.
func whole(err error) error {
	if conversion, ok := err.(*ConversionError); ok && conversion.Path != "" {
		conversion.Path = "$" + conversion.Path
	}
	return err
}

// stepTo is the way to a property.
func stepTo(name string) string {
	for i, c := range name {
		if c != '_' && c != '$' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return fmt.Sprintf("[%q]", name)
		}
	}
	if name == "" {
		return `[""]`
	}
	return "." + name
}

func stepIn(index int) string { return fmt.Sprintf("[%d]", index) }

// stepOver is the way to a key, value or member of a collection.
func stepOver(part string, index int) string { return fmt.Sprintf("<%s %d>", part, index) }

// token is a head of CBOR.
type token struct {
	major  byte
	head   byte // the first byte
	number uint64
}

// float is the value of a head that is a float, and tells whether it is.
func (t token) float() (float64, bool) {
	switch t.head {
	case headHalf:
		return float64(float16.Frombits(uint16(t.number)).Float32()), true
	case headSingle:
		return float64(math.Float32frombits(uint32(t.number))), true
	case headDouble:
		return math.Float64frombits(t.number), true
	}
	return 0, false
}

// tokenAt reads the head at a place, and gives the place behind it; 0: there is none.
func tokenAt(data []byte, at int) (token, int) {
	if at >= len(data) {
		return token{}, 0
	}
	head := data[at]
	t := token{major: head &^ 31, head: head}
	rest := data[at+1:]
	switch info := head & 31; {
	case info < 24:
		t.number = uint64(info)
		return t, at + 1
	case info == 24 && len(rest) >= 1:
		t.number = uint64(rest[0])
		return t, at + 2
	case info == 25 && len(rest) >= 2:
		t.number = uint64(binary.BigEndian.Uint16(rest))
		return t, at + 3
	case info == 26 && len(rest) >= 4:
		t.number = uint64(binary.BigEndian.Uint32(rest))
		return t, at + 5
	case info == 27 && len(rest) >= 8:
		t.number = binary.BigEndian.Uint64(rest)
		return t, at + 9
	}
	return token{}, 0
}

// appendHead writes a head.
func appendHead(to []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(to, major|byte(n))
	case n <= math.MaxUint8:
		return append(to, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(to, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(to, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(to, major|27), n)
}

// arrayTag is the tag of a typed array of this element; 0 for bytes, which need none.
func arrayTag(element native.Element) uint64 {
	for tag, each := range arrayElements {
		if each == element {
			return tag
		}
	}
	return 0
}

// arrayElements are the elements of typed arrays by their tags.
var arrayElements = map[uint64]native.Element{
	tagUint8Array:                                 native.ElementUint8,
	tagClampedArray:                               native.ElementUint8Clamped,
	tagUint8Array | arrayLittle | 1:               native.ElementUint16,
	tagUint8Array | arrayLittle | 2:               native.ElementUint32,
	tagUint8Array | arrayLittle | 3:               native.ElementBigUint64,
	tagUint8Array | arraySigned:                   native.ElementInt8,
	tagUint8Array | arraySigned | arrayLittle | 1: native.ElementInt16,
	tagUint8Array | arraySigned | arrayLittle | 2: native.ElementInt32,
	tagUint8Array | arraySigned | arrayLittle | 3: native.ElementBigInt64,
	tagUint8Array | arrayFloat | arrayLittle | 1:  native.ElementFloat32,
	tagUint8Array | arrayFloat | arrayLittle | 2:  native.ElementFloat64,
}

// elementNames are the classes of typed arrays, in the order of ist_element.
var elementNames = strings.Fields("Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array " +
	"Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array DataView")

// encodeTree writes a Go value for a program of another isolate, as Marshal makes it; what belongs to
// one isolate has no form there.
func encodeTree(x any) ([]byte, error) {
	w := treeWriters.Get().(*treeWriter)
	defer w.release()
	if err := w.tree(x); err != nil {
		return nil, err
	}
	return bytes.Clone(w.out), nil
}

// decodeTree reads what a program of another isolate has given, as Unmarshal does.
func decodeTree(data []byte, into any) error {
	to := reflect.ValueOf(into)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return argumentError("Unmarshal", "into: expected a pointer, got %T", into)
	}
	r := treeReader{data: data}
	return whole(r.read(formOf(to.Type().Elem()), to.Elem()))
}
