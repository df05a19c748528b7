package isthmus

import (
	"reflect"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// slice makes the form of a slice: an array, bytes for []byte, and for a TypedArray the typed array of
// its elements. Reading takes an array, a Set, and what has bytes or numbers in it, if the elements do.
func (b formBuilder) slice(f *form, t reflect.Type) {
	elem := b.form(t.Elem())
	f.refers = true
	bytes := t.Elem().Kind() == reflect.Uint8 && encoderOf(t.Elem()) == nil
	array, refers := t.Implements(typedArrayType), canRefer(t.Elem())
	f.encode = func(w *treeWriter, v reflect.Value) error {
		if v.IsNil() {
			w.simple(headNull)
			return nil
		}
		if bytes {
			w.bytes(v.Bytes())
			return nil
		}
		if array {
			w.typedArray(v)
			return nil
		}
		if refers && v.Len() > 0 && w.again(identity{v.UnsafePointer(), v.Len(), t}) {
			return nil
		}
		return w.list(elem, v)
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		if r.nothing() != 0 {
			into.SetZero()
			return nil
		}
		return r.list(elem, into, func(n int) (reflect.Value, error) {
			made := reflect.MakeSlice(t, n, n)
			into.Set(made)
			r.keep(made)
			return made, nil
		})
	}
}

// array makes the form of an array, which has as many elements in JavaScript.
func (b formBuilder) array(f *form, t reflect.Type) {
	elem := b.form(t.Elem())
	f.encode = func(w *treeWriter, v reflect.Value) error { return w.list(elem, v) }
	f.decode = func(r *treeReader, into reflect.Value) error {
		return r.list(elem, into, func(n int) (reflect.Value, error) {
			if n != t.Len() {
				return into, wrongLength(t, n)
			}
			return into, nil
		})
	}
}

// canRefer tells whether the values of a type may refer to something that was met before.
func canRefer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice, reflect.Struct, reflect.Array:
		return t != timeType && t != bigType
	}
	return false
}

// typedArray writes a TypedArray.
func (w *treeWriter) typedArray(v reflect.Value) {
	element := elementOf(v.Type().Elem().Kind())
	w.head(majorTag, arrayTag(element))
	w.bytes(bytesOf(v))
}

// bytesOf is the memory of a slice of numbers.
func bytesOf(v reflect.Value) []byte {
	return unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*int(v.Type().Elem().Size()))
}

func (w *treeWriter) list(elem *form, v reflect.Value) error {
	if err := w.down(); err != nil {
		return err
	}
	defer w.up()
	n := v.Len()
	w.head(majorArray, uint64(n))
	for i := range n {
		if err := elem.encode(w, v.Index(i)); err != nil {
			return within(stepIn(i), err)
		}
	}
	return nil
}

// list reads the elements of what is a list in JavaScript into what room gives for so many.
func (r *treeReader) list(elem *form, into reflect.Value, room func(n int) (reflect.Value, error)) error {
	t, err := r.token()
	if err != nil {
		return err
	}
	switch {
	case t.major == majorArray:
		return r.elements(elem, t.number, room)
	case t.major == majorBytes:
		return r.numbers(native.ElementUint8, t, into.Type(), room)
	case t.major == majorTag && t.number == tagSet:
		n, err := r.sized(majorArray, "a Set is an array")
		if err != nil {
			return err
		}
		return r.elements(elem, n, room)
	case t.major == majorTag && t.number == tagMap:
		return r.pairs(elem, room)
	case t.major == majorTag && t.number == tagClass:
		return r.classList(elem, into, room)
	}
	if element, ok := arrayElements[t.number]; ok && t.major == majorTag {
		content, err := r.token()
		if err != nil {
			return err
		}
		if content.major != majorBytes {
			return r.malformed("a typed array is a byte string")
		}
		return r.numbers(element, content, into.Type(), room)
	}
	return r.mismatch(t, into.Type())
}

func (r *treeReader) elements(elem *form, n uint64, room func(n int) (reflect.Value, error)) error {
	if err := r.down(); err != nil {
		return err
	}
	defer r.up()
	to, err := room(int(n))
	if err != nil {
		return err
	}
	for i := range int(n) {
		if err := r.read(elem, to.Index(i)); err != nil {
			return within(stepIn(i), err)
		}
	}
	return nil
}

// pairs reads a Map as a list of arrays of a key and a value.
func (r *treeReader) pairs(elem *form, room func(n int) (reflect.Value, error)) error {
	n, err := r.sized(majorMap, "a Map is a map")
	if err != nil {
		return err
	}
	to, err := room(int(n))
	if err != nil {
		return err
	}
	for i := range int(n) {
		pair := to.Index(i)
		if pair.Kind() != reflect.Array || pair.Len() != 2 {
			return &ConversionError{Go: to.Type().String(), JavaScript: "Map", Message: "they have nothing in common"}
		}
		for part, name := range []string{"key", "value"} {
			if err := r.read(formOf(pair.Type().Elem()), pair.Index(part)); err != nil {
				return within(stepOver(name, i), err)
			}
		}
	}
	return nil
}

// mostHoles is how many elements an array may have that are not there.
const mostHoles = 1 << 20

// classList reads what tag 27 has for a list: a sparse array, or the bytes of a buffer.
func (r *treeReader) classList(elem *form, into reflect.Value, room func(n int) (reflect.Value, error)) error {
	name, parts, err := r.class()
	if err != nil {
		return err
	}
	switch {
	case (name == "ArrayBuffer" || name == "DataView") && parts == 1:
		t, err := r.token()
		if err != nil {
			return err
		}
		if t.major != majorBytes {
			return r.malformed("a buffer is a byte string")
		}
		return r.numbers(native.ElementUint8, t, into.Type(), room)
	case name == "Array" && parts == 2:
		length, count, err := r.sparse()
		if err != nil {
			return err
		}
		to, err := room(int(length))
		if err != nil {
			return err
		}
		return r.deeper(func() error { return r.sparseElements(elem, to, count) })
	}
	return &ConversionError{Go: into.Type().String(), JavaScript: name, Message: "they have nothing in common"}
}

// sparse reads the length of a sparse array and how many elements it has.
func (r *treeReader) sparse() (length, count uint64, err error) {
	if length, err = r.sized(majorUint, "a length is a number"); err != nil {
		return 0, 0, err
	}
	if count, err = r.sized(majorMap, "the elements of a sparse array are a map"); err != nil {
		return 0, 0, err
	}
	if length > mostHoles+count {
		return 0, 0, sparseError(length, count)
	}
	return length, count, nil
}

// sparseElements reads those elements of a sparse array that are there.
func (r *treeReader) sparseElements(elem *form, to reflect.Value, count uint64) error {
	for range count {
		i, err := r.sized(majorUint, "an index is a number")
		if err != nil {
			return err
		}
		if i >= uint64(to.Len()) {
			return r.malformed("an index is beyond the array")
		}
		if err := r.read(elem, to.Index(int(i))); err != nil {
			return within(stepIn(int(i)), err)
		}
	}
	return nil
}

// numbers reads the elements of typed arrays as those of a Go type, each exactly.
func (r *treeReader) numbers(element native.Element, t token, of reflect.Type,
	room func(n int) (reflect.Value, error)) error {
	content := r.content(t)
	size := elementSizes[element]
	if len(content)%size != 0 {
		return r.malformed("a typed array ends early")
	}
	if !isNumeric(of.Elem().Kind()) && of.Elem() != anyType {
		return nothingInCommon(of, elementNames[element])
	}
	to, err := room(len(content) / size)
	if err != nil {
		return err
	}
	return fillNumbers(to, element, content)
}

// fillNumbers sets the elements of a slice or array to those of a typed array.
func fillNumbers(to reflect.Value, element native.Element, content []byte) error {
	n := to.Len()
	if n == 0 {
		return nil
	}
	if elementKinds[element] == to.Type().Elem().Kind() {
		copy(unsafe.Slice((*byte)(to.Index(0).Addr().UnsafePointer()), len(content)), content)
		return nil
	}
	for i := range n {
		if err := setNumber(to.Index(i), elementAt(element, content, i)); err != nil {
			return within(stepIn(i), err)
		}
	}
	return nil
}
