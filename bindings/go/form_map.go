package isthmus

import (
	"bytes"
	"cmp"
	"encoding"
	"reflect"
	"slices"
)

// mapping makes the form of a map: an object when its keys are texts, or say what they are as texts;
// otherwise a Map; and a Set when the elements are struct{}. Reading takes objects and Maps alike, as
// far as the keys are of the type.
func (b formBuilder) mapping(f *form, t reflect.Type) {
	key, elem := b.form(t.Key()), b.form(t.Elem())
	f.refers = true
	set := t.Elem() == reflect.TypeFor[struct{}]()
	named := t.Key().Kind() == reflect.String || t.Key().Implements(textMarshalerType)
	f.encode = func(w *treeWriter, v reflect.Value) error {
		if v.IsNil() {
			w.simple(headNull)
			return nil
		}
		if w.again(identity{v.UnsafePointer(), 0, t}) {
			return nil
		}
		if err := w.down(); err != nil {
			return err
		}
		defer w.up()
		entries, err := entriesOf(v, named && !set)
		if err != nil {
			return err
		}
		switch {
		case set:
			w.head(majorTag, tagSet)
			w.head(majorArray, uint64(len(entries)))
		case named:
			w.head(majorMap, uint64(len(entries)))
		default:
			w.head(majorTag, tagMap)
			w.head(majorMap, uint64(len(entries)))
		}
		for i, each := range entries {
			if named && !set {
				if err := w.text(each.name); err != nil {
					return err
				}
				if err := elem.encode(w, each.value); err != nil {
					return within(stepTo(each.name), err)
				}
				continue
			}
			if err := key.encode(w, each.key); err != nil {
				return within(stepOver(partName(set), i), err)
			}
			if set {
				continue
			}
			if err := elem.encode(w, each.value); err != nil {
				return within(stepOver("value", i), err)
			}
		}
		return nil
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		if r.nothing() != 0 {
			into.SetZero()
			return nil
		}
		t, err := r.token()
		if err != nil {
			return err
		}
		if t.major != majorMap && (t.major != majorTag || t.number != tagMap && (t.number != tagSet || !set)) {
			return r.mismatch(t, into.Type())
		}
		made := reflect.MakeMap(into.Type())
		into.Set(made)
		r.keep(made)
		if err := r.down(); err != nil {
			return err
		}
		defer r.up()
		if t.major == majorMap {
			return r.properties(made, t.number, elem)
		}
		if t.number == tagSet {
			n, err := r.sized(majorArray, "a Set is an array")
			if err != nil {
				return err
			}
			return r.members(made, n, key, nil)
		}
		n, err := r.sized(majorMap, "a Map is a map")
		if err != nil {
			return err
		}
		return r.members(made, n, key, elem)
	}
}

func partName(set bool) string {
	if set {
		return "member"
	}
	return "key"
}

// properties reads those of an object into a map.
func (r *treeReader) properties(to reflect.Value, n uint64, elem *form) error {
	of := to.Type()
	for range n {
		name, err := r.key()
		if err != nil {
			return err
		}
		key := reflect.New(of.Key()).Elem()
		text := string(name)
		switch unmarshaler, ok := key.Addr().Interface().(encoding.TextUnmarshaler); {
		case ok:
			if err := unmarshaler.UnmarshalText([]byte(text)); err != nil {
				return &ConversionError{Go: of.String(), JavaScript: "object", Path: stepTo(text), Message: err.Error()}
			}
		case key.Kind() == reflect.String:
			key.SetString(text)
		case key.Type() == anyType:
			key.Set(reflect.ValueOf(text))
		default:
			return &ConversionError{Go: of.Key().String(), JavaScript: "string", Path: stepTo(text),
				Message: "they have nothing in common"}
		}
		value := reflect.New(of.Elem()).Elem()
		if err := r.read(elem, value); err != nil {
			return within(stepTo(text), err)
		}
		to.SetMapIndex(key, value)
	}
	return nil
}

// members reads the entries of a Map into a map, or the members of a Set when elem is nil. What are
// two keys in JavaScript must be two in Go.
func (r *treeReader) members(to reflect.Value, n uint64, keyForm, elem *form) error {
	of := to.Type()
	for i := range int(n) {
		key := reflect.New(of.Key()).Elem()
		if err := r.read(keyForm, key); err != nil {
			return within(stepOver(partName(elem == nil), i), err)
		}
		if !key.Comparable() {
			return &ConversionError{Go: of.Key().String(), JavaScript: "object", Path: stepOver(partName(elem == nil), i),
				Message: "it cannot be a key in Go"}
		}
		if to.MapIndex(key).IsValid() {
			return &ConversionError{Go: of.String(), JavaScript: "collection", Path: stepOver(partName(elem == nil), i),
				Message: "two keys become one in Go"}
		}
		value := reflect.New(of.Elem()).Elem()
		if elem != nil {
			if err := r.read(elem, value); err != nil {
				return within(stepOver("value", i), err)
			}
		}
		to.SetMapIndex(key, value)
	}
	return nil
}

// entry is a key of a map, its text if it has one, and its value.
type entry struct {
	name       string
	key, value reflect.Value
}

// entriesOf are the entries of a map, in the order of their keys where these have one.
func entriesOf(v reflect.Value, named bool) ([]entry, error) {
	entries := make([]entry, 0, v.Len())
	for each := v.MapRange(); each.Next(); {
		made := entry{key: each.Key(), value: each.Value()}
		if named {
			name, err := nameOf(made.key)
			if err != nil {
				return nil, err
			}
			made.name = name
		}
		entries = append(entries, made)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if named {
			return cmp.Compare(a.name, b.name)
		}
		return compareKeys(a.key, b.key)
	})
	return entries, nil
}

// nameOf is the text of a key.
func nameOf(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if key.Kind() == reflect.Pointer && key.IsNil() {
		return "", &ConversionError{Go: key.Type().String(), JavaScript: "string", Message: "a key is nil"}
	}
	text, err := key.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return "", &ConversionError{Go: key.Type().String(), JavaScript: "string", Message: err.Error(), err: err}
	}
	return string(text), nil
}

func compareKeys(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	case a.Kind() == reflect.String:
		return cmp.Compare(a.String(), b.String())
	case a.Kind() == reflect.Array && a.Type().Elem().Kind() == reflect.Uint8:
		return bytes.Compare(arrayBytes(a), arrayBytes(b))
	}
	return 0
}

func arrayBytes(v reflect.Value) []byte {
	made := make([]byte, v.Len())
	reflect.Copy(reflect.ValueOf(made), v)
	return made
}
