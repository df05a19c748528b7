package isthmus

import (
	"fmt"
	"reflect"

	"isthmus/bindings/go/internal/native"
)

var anyType = reflect.TypeFor[any]()

// any reads an item as what an interface gets that takes everything.
func (r *treeReader) any() (any, error) {
	if r.at+1 < len(r.data) && r.data[r.at] == majorTag|24 &&
		(r.data[r.at+1] == tagShared || r.data[r.at+1] == tagReference) {
		var made any
		err := r.read(formOf(anyType), reflect.ValueOf(&made).Elem())
		return made, err
	}
	if r.nothing() != 0 {
		return nil, nil
	}
	start := r.at
	t, err := r.token()
	if err != nil {
		return nil, err
	}
	switch t.major {
	case majorUint, majorNegative:
		n, _, err := r.number(t)
		if n.big != nil {
			return n.big, err
		}
		return n.float, err
	case majorBytes:
		return append([]byte{}, r.content(t)...), nil
	case majorText:
		return string(r.content(t)), nil
	case majorArray:
		return r.anyList(t.number)
	case majorMap:
		return r.anyObject(t.number)
	case majorSimple:
		if x, ok := t.float(); ok {
			return x, nil
		}
		if t.head == headTrue || t.head == headFalse {
			return t.head == headTrue, nil
		}
		return nil, r.malformed("this simple value means nothing")
	}
	return r.anyTagged(t, start)
}

func (r *treeReader) anyTagged(t token, start int) (any, error) {
	switch t.number {
	case tagDate:
		return r.date()
	case tagBig, tagBigNegative:
		return r.big(t)
	case tagWTF8:
		return r.text(t, anyType)
	case tagRegExp:
		return r.pattern()
	case tagSet:
		n, err := r.sized(majorArray, "a Set is an array")
		if err != nil {
			return nil, err
		}
		made := map[any]struct{}{}
		r.keep(reflect.ValueOf(made))
		return made, r.deeper(func() error { return r.members(reflect.ValueOf(made), n, formOf(anyType), nil) })
	case tagMap:
		n, err := r.sized(majorMap, "a Map is a map")
		if err != nil {
			return nil, err
		}
		made := map[any]any{}
		r.keep(reflect.ValueOf(made))
		return made, r.deeper(func() error {
			return r.members(reflect.ValueOf(made), n, formOf(anyType), formOf(anyType))
		})
	case tagClass:
		return r.anyClass()
	case tagValue:
		r.at = start
		made, err := r.value()
		if err != nil {
			return nil, err
		}
		return made.asItself(), nil
	}
	if element, ok := arrayElements[t.number]; ok {
		content, err := r.token()
		if err != nil {
			return nil, err
		}
		if content.major != majorBytes {
			return nil, r.malformed("a typed array is a byte string")
		}
		bytes := r.content(content)
		if len(bytes)%elementSizes[element] != 0 {
			return nil, r.malformed("a typed array ends early")
		}
		return typedSlice(element, bytes), nil
	}
	return nil, r.malformed(fmt.Sprintf("tag %d means nothing", t.number))
}

// typedSlice is a copy of a typed array as a slice of its elements.
func typedSlice(element native.Element, bytes []byte) any {
	n := len(bytes) / elementSizes[element]
	made := reflect.MakeSlice(reflect.SliceOf(elementTypes[element]), n, n)
	_ = fillNumbers(made, element, bytes) // the types are the same
	return made.Interface()
}

// asItself is a value as the type that it has: a function as a *Function.
func (v *Value) asItself() any {
	switch {
	case v.native.Type == native.Function:
		return &Function{v}
	case v.native.Type == native.Symbol:
		return &Symbol{v}
	case v.native.Type != native.Object:
		return v
	case v.IsPromise():
		return &Promise{&Object{v}}
	}
	return &Object{v}
}

func (r *treeReader) deeper(read func() error) error {
	if err := r.down(); err != nil {
		return err
	}
	defer r.up()
	return read()
}

func (r *treeReader) anyList(n uint64) (any, error) {
	made := make([]any, n)
	if r.next.of != nil {
		r.keep(reflect.ValueOf(made))
	}
	if err := r.down(); err != nil {
		return nil, err
	}
	defer r.up()
	var err error
	for i := range made {
		if made[i], err = r.any(); err != nil {
			return nil, within(stepIn(i), err)
		}
	}
	return made, nil
}

func (r *treeReader) anyObject(n uint64) (any, error) {
	made := make(map[string]any, n)
	if r.next.of != nil {
		r.keep(reflect.ValueOf(made))
	}
	if err := r.down(); err != nil {
		return nil, err
	}
	defer r.up()
	for range n {
		key, err := r.key()
		if err != nil {
			return nil, err
		}
		name := string(key)
		if made[name], err = r.any(); err != nil {
			return nil, within(stepTo(name), err)
		}
	}
	return made, nil
}

func (r *treeReader) anyClass() (any, error) {
	name, parts, err := r.class()
	if err != nil {
		return nil, err
	}
	switch {
	case name == "Error" && (parts == 3 || parts == 4):
		return r.error(parts == 4)
	case (name == "ArrayBuffer" || name == "DataView") && parts == 1:
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		if t.major != majorBytes {
			return nil, r.malformed("a buffer is a byte string")
		}
		return append([]byte{}, r.content(t)...), nil
	case name == "Array" && parts == 2:
		length, count, err := r.sparse()
		if err != nil {
			return nil, err
		}
		made := make([]any, length)
		r.keep(reflect.ValueOf(made))
		return made, r.deeper(func() error {
			return r.sparseElements(formOf(anyType), reflect.ValueOf(made), count)
		})
	}
	return nil, r.malformed(fmt.Sprintf("a class %q means nothing", name))
}

// error reads the parts of an Error.
func (r *treeReader) error(caused bool) (*JSError, error) {
	made := &JSError{}
	if r.next.of != nil {
		r.keep(reflect.ValueOf(made))
	}
	for _, to := range []*string{&made.Name, &made.Message, &made.StackTrace} {
		if r.nothing() != 0 {
			continue
		}
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		if *to, err = r.text(t, errorType); err != nil {
			return nil, err
		}
	}
	if !caused {
		return made, nil
	}
	cause, err := r.any()
	if err != nil {
		return nil, within(".cause", err)
	}
	made.Cause, _ = cause.(*JSError)
	return made, nil
}

// Pattern is the text of a regular expression of JavaScript's, as trees have it.
type Pattern struct{ Source, Flags string }

func (r *treeReader) pattern() (Pattern, error) {
	var made Pattern
	n, err := r.sized(majorArray, "a RegExp is an array")
	if err != nil {
		return made, err
	}
	if n != 2 {
		return made, r.malformed("a RegExp is a pattern and flags")
	}
	for _, to := range []*string{&made.Source, &made.Flags} {
		t, err := r.token()
		if err != nil {
			return made, err
		}
		if *to, err = r.text(t, regexpType); err != nil {
			return made, err
		}
	}
	return made, nil
}

func sparseError(length, count uint64) error {
	return &ConversionError{Go: "slice", JavaScript: "array",
		Message: fmt.Sprintf("of its %d elements only %d are there", length, count)}
}

func wrongLength(t reflect.Type, n int) error {
	return &ConversionError{Go: t.String(), JavaScript: "array", Message: fmt.Sprintf("it has %d elements", n)}
}
