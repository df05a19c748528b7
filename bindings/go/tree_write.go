package isthmus

import (
	"encoding/binary"
	"math"
	"math/big"
	"reflect"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// treeWriter writes a Go value, and all that it refers to, as CBOR. What is met again is shared in
// JavaScript, too: pointers, maps, and slices of what can refer to them.
type treeWriter struct {
	ctx    *Context // whose values and functions travel beside the bytes, with its isolate entered; nil: none do
	out    []byte
	values []native.Value
	owned  []native.Value // of these, those that were made for the tree
	depth  int
	met    map[identity]int
	marks  []mark
	refs   []reference
}

// identity tells what is the same place in memory seen as the same type.
type identity struct {
	at     unsafe.Pointer
	length int
	of     reflect.Type
}

// mark is where something that may be met again begins.
type mark struct {
	at     int
	shared bool
	number uint32
}

// reference is where something was met again: there are referenceSize bytes for its number.
type reference struct{ at, mark int }

const referenceSize = 4

var treeWriters = sync.Pool{New: func() any { return new(treeWriter) }}

// release gives a writer back, and the handles that were made for its tree.
func (w *treeWriter) release() {
	if w.ctx != nil && len(w.owned) > 0 {
		native.FreeValues(w.ctx.iso.handle, w.owned)
	}
	out := w.out[:0]
	if cap(out) > 1<<20 {
		out = nil
	}
	*w = treeWriter{out: out, values: w.values[:0], owned: w.owned[:0], marks: w.marks[:0], refs: w.refs[:0]}
	treeWriters.Put(w)
}

// tree writes a whole tree.
func (w *treeWriter) tree(x any) error {
	if err := w.any(x); err != nil {
		return whole(err)
	}
	w.share()
	return nil
}

// share puts the marks into the tree of what was met again.
func (w *treeWriter) share() {
	if len(w.refs) == 0 {
		return
	}
	for _, ref := range w.refs {
		w.marks[ref.mark].shared = true
	}
	var next uint32
	shared := w.marks[:0:0]
	for i := range w.marks {
		if w.marks[i].shared {
			w.marks[i].number = next
			shared = append(shared, w.marks[i])
			next++
		}
	}
	for _, ref := range w.refs {
		binary.BigEndian.PutUint32(w.out[ref.at:], w.marks[ref.mark].number)
	}
	made := make([]byte, 0, len(w.out)+2*len(shared))
	from := 0
	for _, each := range shared {
		made = append(made, w.out[from:each.at]...)
		made = appendHead(made, majorTag, tagShared)
		from = each.at
	}
	w.out = append(made, w.out[from:]...)
}

// again writes a reference if something was met before, and notes it otherwise.
func (w *treeWriter) again(what identity) bool {
	if i, ok := w.met[what]; ok {
		w.head(majorTag, tagReference)
		w.out = append(w.out, majorUint|26)
		w.refs = append(w.refs, reference{len(w.out), i})
		w.out = append(w.out, make([]byte, referenceSize)...)
		return true
	}
	if w.met == nil {
		w.met = map[identity]int{}
	}
	w.met[what] = len(w.marks)
	w.marks = append(w.marks, mark{at: len(w.out)})
	return false
}

// down goes into a container; up is the way back.
func (w *treeWriter) down() error {
	if w.depth++; w.depth > deepest {
		return tooDeep("Marshal")
	}
	return nil
}

func (w *treeWriter) up() { w.depth-- }

func (w *treeWriter) head(major byte, n uint64) { w.out = appendHead(w.out, major, n) }
func (w *treeWriter) simple(head byte)          { w.out = append(w.out, head) }

func (w *treeWriter) boolean(x bool) {
	if x {
		w.simple(headTrue)
	} else {
		w.simple(headFalse)
	}
}

func (w *treeWriter) integer(x int64) {
	if x < 0 {
		w.head(majorNegative, uint64(^x))
	} else {
		w.head(majorUint, uint64(x))
	}
}

func (w *treeWriter) float(x float64) {
	w.out = binary.BigEndian.AppendUint64(append(w.out, headDouble), math.Float64bits(x))
}

func (w *treeWriter) text(x string) error {
	switch {
	case utf8.ValidString(x):
		w.head(majorText, uint64(len(x)))
	case isText(x):
		w.head(majorTag, tagWTF8)
		w.head(majorBytes, uint64(len(x)))
	default:
		return &ConversionError{Go: "string", JavaScript: "string", Message: "it is not valid UTF-8"}
	}
	w.out = append(w.out, x...)
	return nil
}

func (w *treeWriter) bytes(x []byte) {
	w.head(majorBytes, uint64(len(x)))
	w.out = append(w.out, x...)
}

func (w *treeWriter) big(x *big.Int) {
	if x.Sign() < 0 {
		w.head(majorTag, tagBigNegative)
		x = new(big.Int).Not(x)
	} else {
		w.head(majorTag, tagBig)
	}
	w.bytes(x.Bytes())
}

// date writes a time to the millisecond, as Dates are.
func (w *treeWriter) date(x time.Time) error {
	milliseconds, err := dateOf(x)
	if err != nil {
		return err
	}
	w.head(majorTag, tagDate)
	w.float(milliseconds / 1000)
	return nil
}

// dateOf gives the milliseconds of a time that a Date can be.
func dateOf(x time.Time) (float64, error) {
	const most = 864e13
	seconds := float64(x.Unix())
	milliseconds := seconds*1000 + float64(x.Nanosecond()/1e6)
	if math.Abs(seconds) > most/1000 || math.Abs(milliseconds) > most {
		return 0, &ConversionError{Go: "time.Time", JavaScript: "Date", Message: x.String() + " is out of range"}
	}
	return milliseconds, nil
}

// value writes a value that travels beside the bytes; with own, it goes with the tree.
func (w *treeWriter) value(v native.Value, own bool) {
	if own && v.IsHandle() {
		w.owned = append(w.owned, v)
	}
	index := slices.Index(w.values, v)
	if index < 0 {
		index = len(w.values)
		w.values = append(w.values, v)
	}
	w.head(majorTag, tagValue)
	w.head(majorUint, uint64(index))
}

// valuer writes a value of JavaScript's.
func (w *treeWriter) valuer(x Valuer) error {
	v := x.value()
	if w.ctx == nil {
		return &ConversionError{Go: reflect.TypeOf(x).String(), JavaScript: "value",
			Message: "it belongs to an isolate"}
	}
	handle, err := w.ctx.handleOf("Marshal", v)
	if err != nil {
		return err
	}
	w.value(handle, false)
	return nil
}

// any writes what an interface holds.
func (w *treeWriter) any(x any) error {
	switch x := x.(type) {
	case nil:
		w.simple(headNull)
	case string:
		return w.text(x)
	case float64:
		w.float(x)
	case int:
		w.integer(int64(x))
	case bool:
		w.boolean(x)
	default:
		v := reflect.ValueOf(x)
		return formOf(v.Type()).encode(w, v)
	}
	return nil
}
