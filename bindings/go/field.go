package isthmus

import (
	"reflect"
	"strings"
	"sync"
)

// field is a field of a struct that is a property in JavaScript.
type field struct {
	name   string
	index  []int
	of     reflect.Type
	empty  bool // left out when it is empty, as encoding/json says
	zero   bool // left out when it is the type's zero value, or its IsZero says so
	tagged bool
}

var knownFields sync.Map // reflect.Type to []field

// fieldsOf are the fields of a struct in its order: the exported ones, and those of embedded structs
// without a name. A tag `js:"name,omitempty"` names one, or else the tag json; "-" leaves it out. Of
// fields with the same name, the one that is embedded least deeply counts, and of those the one with a
// tag; when that does not decide, none does.
func fieldsOf(t reflect.Type) []field {
	if known, ok := knownFields.Load(t); ok {
		return known.([]field)
	}
	var all []field
	collectFields(t, nil, map[reflect.Type]bool{}, &all)
	kept := all[:0:0]
	for i, each := range all {
		wins := true
		for j, other := range all {
			if i != j && other.name == each.name && !each.hides(other) {
				wins = false
			}
		}
		if wins {
			kept = append(kept, each)
		}
	}
	known, _ := knownFields.LoadOrStore(t, kept)
	return known.([]field)
}

// hides tells whether a field counts more than another of the same name.
func (f field) hides(other field) bool {
	if len(f.index) != len(other.index) {
		return len(f.index) < len(other.index)
	}
	return f.tagged && !other.tagged
}

func collectFields(t reflect.Type, index []int, outer map[reflect.Type]bool, all *[]field) {
	if outer[t] {
		return
	}
	outer[t] = true
	defer delete(outer, t)
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("js")
		if !ok {
			tag = f.Tag.Get("json")
		}
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		at := append(index[:len(index):len(index)], i)
		if f.Anonymous && name == "" && !f.Type.Implements(valuerType) {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && (f.IsExported() || f.Type.Kind() == reflect.Struct) {
				collectFields(inner, at, outer, all)
				continue
			}
		}
		if !f.IsExported() {
			continue
		}
		made := field{name: name, index: at, of: f.Type, tagged: name != ""}
		if name == "" {
			made.name = f.Name
		}
		for option := range strings.SplitSeq(options, ",") {
			made.empty = made.empty || option == "omitempty"
			made.zero = made.zero || option == "omitzero"
		}
		*all = append(*all, made)
	}
}

// leftOut tells whether a field is not written.
func (f *field) leftOut(v reflect.Value) bool {
	return f.empty && isEmpty(v) || f.zero && isZero(v)
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct, reflect.Func:
		return v.Kind() == reflect.Func && v.IsNil()
	}
	return v.IsZero()
}

func isZero(v reflect.Value) bool {
	if zero, ok := v.Interface().(interface{ IsZero() bool }); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		return zero.IsZero()
	}
	return v.IsZero()
}

// in gives the field of a struct; not ok: an embedded pointer on the way is nil.
func (f *field) in(v reflect.Value) (reflect.Value, bool) {
	for i, at := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(at)
	}
	return v, true
}

// make gives the field of a struct that can be set, making embedded structs on the way.
func (f *field) make(v reflect.Value) reflect.Value {
	for i, at := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(at)
	}
	return v
}
