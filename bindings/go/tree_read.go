package isthmus

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	"isthmus/bindings/go/internal/native"
)

// treeReader makes Go values of a tree of CBOR. What the tree shares is the same pointer, map or slice
// in Go, where the types are the same, too.
type treeReader struct {
	ctx    *Context // whose values are in the table, with its isolate entered; nil: there is no table
	data   []byte   // in C memory: nothing of Go's may refer to it
	at     int
	values []native.Value // borrowed
	depth  int

	layered bool // the tree is one container, and those within are in the table

	offsets []int // where what tag 28 is on begins; nil: nobody has looked
	made    map[share]reflect.Value
	next    share // what is to be made, if it is shared
}

// share is a place of the tree as a Go type.
type share struct {
	at int
	of reflect.Type
}

func (r *treeReader) malformed(what string) error {
	return &Error{Op: "Unmarshal", Status: native.ErrFormat.Name(), Message: fmt.Sprintf("at byte %d: %s", r.at, what)}
}

// token reads the next head.
func (r *treeReader) token() (token, error) {
	t, after := tokenAt(r.data, r.at)
	if after == 0 {
		return t, r.malformed("there is no head of an item")
	}
	if (t.major == majorArray || t.major == majorMap || t.major == majorBytes || t.major == majorText) &&
		t.number > uint64(len(r.data)-after) {
		return t, r.malformed("the bytes end early")
	}
	r.at = after
	return t, nil
}

// content gives the bytes of a text or byte string whose head was read; they are C's.
func (r *treeReader) content(t token) []byte {
	from := r.at
	r.at += int(t.number)
	return r.data[from:r.at:r.at]
}

// read reads an item into a variable.
func (r *treeReader) read(f *form, into reflect.Value) error {
	if r.at+1 < len(r.data) && r.data[r.at] == majorTag|24 {
		switch r.data[r.at+1] {
		case tagShared:
			r.at += 2
			return r.shared(f, into)
		case tagReference:
			return r.reference(f, into)
		}
	}
	if r.layered && !f.direct && r.isTabled() {
		return r.layer(f, into)
	}
	return f.decode(r, into)
}

// isTabled tells whether what comes is in the table.
func (r *treeReader) isTabled() bool {
	return r.at+2 < len(r.data) && r.data[r.at] == majorTag|25 &&
		int(r.data[r.at+1])<<8|int(r.data[r.at+2]) == tagValue
}

// layer reads an item that is in the table since it is deeper than the tree.
func (r *treeReader) layer(f *form, into reflect.Value) error {
	r.at += 3
	v, err := r.tabled()
	if err != nil {
		return err
	}
	if err := r.down(); err != nil {
		return err
	}
	defer r.up()
	return r.ctx.unmarshalAs(v, f, into, r.depth)
}

// shared reads what others refer to.
func (r *treeReader) shared(f *form, into reflect.Value) error {
	r.next = share{}
	if f.refers {
		r.next = share{r.at, into.Type()}
	}
	return r.read(f, into)
}

// keep notes what will be made of the shared item that is read now, before its parts are read.
func (r *treeReader) keep(made reflect.Value) {
	if r.next.of != nil {
		if r.made == nil {
			r.made = map[share]reflect.Value{}
		}
		r.made[r.next] = made
		r.next = share{}
	}
}

// reference reads what was met before: as the same thing, or, as another type, once more.
func (r *treeReader) reference(f *form, into reflect.Value) error {
	if r.offsets == nil {
		r.offsets = sharedOffsets(r.data)
	}
	start := r.at
	r.at += 2
	t, err := r.token()
	if err != nil {
		return err
	}
	if t.major != majorUint || t.number >= uint64(len(r.offsets)) || r.offsets[t.number] > start {
		r.at = start
		return r.malformed("a reference to nothing")
	}
	to := r.offsets[t.number]
	if made, ok := r.made[share{to, into.Type()}]; ok {
		into.Set(made)
		return nil
	}
	if err := r.down(); err != nil {
		return err
	}
	defer r.up()
	after := r.at
	r.at = to
	err = r.shared(f, into)
	r.at = after
	return err
}

// sharedOffsets finds what tag 28 is on.
func sharedOffsets(data []byte) []int {
	offsets := []int{}
	eachHead(data, func(t token, after int) {
		if t.major == majorTag && t.number == tagShared {
			offsets = append(offsets, after)
		}
	})
	return offsets
}

// eachHead passes over CBOR, and tells of each head with the place behind it.
func eachHead(data []byte, tell func(t token, after int)) {
	for at := 0; at < len(data); {
		t, after := tokenAt(data, at)
		if after == 0 && data[at]&31 == 31 { // the begin or end of what has no length
			at++
			continue
		}
		if after == 0 {
			return
		}
		tell(t, after)
		at = after
		if t.major == majorBytes || t.major == majorText {
			if t.number > uint64(len(data)-at) {
				return
			}
			at += int(t.number)
		}
	}
}

// skip passes over an item.
func (r *treeReader) skip() error {
	for left := uint64(1); left > 0; left-- {
		t, err := r.token()
		if err != nil {
			return err
		}
		switch t.major {
		case majorBytes, majorText:
			r.content(t)
		case majorArray:
			left += t.number
		case majorMap:
			left += 2 * t.number
		case majorTag:
			left++
		}
	}
	return nil
}

// down goes into a container; up is the way back.
func (r *treeReader) down() error {
	if r.depth++; r.depth > deepest {
		return tooDeep("Unmarshal")
	}
	return nil
}

func (r *treeReader) up() { r.depth-- }

// peek is the next head, which is read again.
func (r *treeReader) peek() (token, error) {
	at := r.at
	t, err := r.token()
	r.at = at
	return t, err
}

// nothing reads undefined or null, if that is what comes, and tells which: headUndefined, headNull
// or 0.
func (r *treeReader) nothing() byte {
	if r.at >= len(r.data) {
		return 0
	}
	at := r.at
	if at+2 < len(r.data) && r.data[at] == majorTag|24 && r.data[at+1] == tagHole {
		at += 2
	}
	if head := r.data[at]; head == headUndefined || head == headNull {
		r.at = at + 1
		return head
	}
	return 0
}

// text reads a string; what else comes is told by another error than a malformed one.
func (r *treeReader) text(t token, of reflect.Type) (string, error) {
	if t.major == majorText {
		return string(r.content(t)), nil
	}
	if t.major == majorTag && t.number == tagWTF8 {
		inner, err := r.token()
		if err != nil {
			return "", err
		}
		if inner.major != majorBytes {
			return "", r.malformed("tag 273 is on a byte string")
		}
		return string(r.content(inner)), nil
	}
	return "", r.mismatch(t, of)
}

// big reads the bytes of a BigInt, whose tag was read.
func (r *treeReader) big(tag token) (*big.Int, error) {
	t, err := r.token()
	if err != nil {
		return nil, err
	}
	if t.major != majorBytes {
		return nil, r.malformed("a big number is a byte string")
	}
	made := new(big.Int).SetBytes(r.content(t))
	if tag.number == tagBigNegative {
		made.Not(made)
	}
	return made, nil
}

// number reads a number or BigInt.
func (r *treeReader) number(t token) (n number, ok bool, err error) {
	switch t.major {
	case majorUint:
		if t.number > exact {
			return number{big: new(big.Int).SetUint64(t.number)}, true, nil
		}
		return integerNumber(int64(t.number)), true, nil
	case majorNegative:
		if t.number >= exact {
			return number{big: new(big.Int).Not(new(big.Int).SetUint64(t.number))}, true, nil
		}
		return integerNumber(^int64(t.number)), true, nil
	case majorTag:
		if t.number == tagBig || t.number == tagBigNegative {
			n.big, err = r.big(t)
			return n, err == nil, err
		}
	case majorSimple:
		if x, is := t.float(); is {
			return floatNumber(x), true, nil
		}
	}
	return n, false, nil
}

// date reads the number of a Date, whose tag was read.
func (r *treeReader) date() (time.Time, error) {
	t, err := r.token()
	if err != nil {
		return time.Time{}, err
	}
	n, ok, err := r.number(t)
	if err != nil {
		return time.Time{}, err
	}
	if !ok || n.big != nil {
		return time.Time{}, r.malformed("this date is a number")
	}
	// Seconds have half a millisecond to err by, so nothing may be lost on the way.
	seconds := math.Floor(n.float)
	return timeOf(seconds*1000 + math.Round((n.float-seconds)*1000))
}

// timeOf is the time of a Date.
func timeOf(milliseconds float64) (time.Time, error) {
	if math.IsNaN(milliseconds) {
		return time.Time{}, &ConversionError{Go: "time.Time", JavaScript: "Date", Message: "it is invalid"}
	}
	return time.UnixMilli(int64(milliseconds)).UTC(), nil
}

// class reads what tag 27 is on, which was read, up to the parts, and gives their number.
func (r *treeReader) class() (name string, parts uint64, err error) {
	t, err := r.token()
	if err != nil {
		return "", 0, err
	}
	if t.major != majorArray || t.number == 0 {
		return "", 0, r.malformed("tag 27 is on an array")
	}
	parts = t.number - 1
	if t, err = r.token(); err != nil {
		return "", 0, err
	}
	if t.major != majorText {
		return "", 0, r.malformed("a class is a text")
	}
	return string(r.content(t)), parts, nil
}

// sized reads the head behind a tag, which is to be of this kind, and gives its number.
func (r *treeReader) sized(major byte, what string) (uint64, error) {
	t, err := r.token()
	if err != nil {
		return 0, err
	}
	if t.major != major {
		return 0, r.malformed(what)
	}
	return t.number, nil
}

// mismatch is the error of an item, whose head was read, that a Go type has no form for.
func (r *treeReader) mismatch(t token, of reflect.Type) error {
	return nothingInCommon(of, r.nameOf(t))
}

// nameOf names what begins with a head that was read.
func (r *treeReader) nameOf(t token) string {
	switch t.major {
	case majorUint, majorNegative:
		return "number"
	case majorBytes:
		return "Uint8Array"
	case majorText:
		return "string"
	case majorArray:
		return "array"
	case majorMap:
		return "object"
	case majorSimple:
		switch t.head {
		case headFalse, headTrue:
			return "boolean"
		case headNull:
			return "null"
		case headUndefined:
			return "undefined"
		}
		return "number"
	}
	switch t.number {
	case tagDate:
		return "Date"
	case tagBig, tagBigNegative:
		return "bigint"
	case tagHole:
		return "undefined"
	case tagSet:
		return "Set"
	case tagMap:
		return "Map"
	case tagWTF8:
		return "string"
	case tagRegExp:
		return "RegExp"
	case tagClass:
		at := r.at
		name, _, _ := r.class()
		r.at = at
		if name == "Array" {
			return "array"
		}
		return name
	case tagValue:
		if v, err := r.tabled(); err == nil {
			return typeName(v)
		}
	}
	if element, ok := arrayElements[t.number]; ok {
		return elementNames[element]
	}
	return fmt.Sprintf("tag %d", t.number)
}

// tabled reads the index of a value, whose tag was read.
func (r *treeReader) tabled() (native.Value, error) {
	index, err := r.sized(majorUint, "the index of a value is a number")
	if err != nil {
		return native.Value{}, err
	}
	if index >= uint64(len(r.values)) {
		return native.Value{}, r.malformed("an index outside of the table")
	}
	return r.values[index], nil
}
