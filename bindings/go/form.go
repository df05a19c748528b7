package isthmus

import (
	"reflect"
	"sync"
)

// form is how the values of a Go type are written into trees and read from them. There is one for each
// type, made once.
type form struct {
	encode func(w *treeWriter, v reflect.Value) error
	decode func(r *treeReader, into reflect.Value) error
	refers bool // its values refer to something that can be shared
	direct bool // it reads what is in a table itself
	values bool // values of JavaScript's may be within, which a copy has no room for
}

var forms struct {
	sync.Mutex
	known sync.Map // reflect.Type to *form
}

// formOf is the form of a type.
func formOf(t reflect.Type) *form {
	if known, ok := forms.known.Load(t); ok {
		return known.(*form)
	}
	forms.Lock()
	defer forms.Unlock()
	b := formBuilder{}
	made := b.form(t)
	for t, f := range b {
		f.values = holdsValues(t, map[reflect.Type]bool{})
	}
	for t, f := range b {
		forms.known.Store(t, f)
	}
	return made
}

// formBuilder has the forms that are being made, which may refer to one another.
type formBuilder map[reflect.Type]*form

func (b formBuilder) form(t reflect.Type) *form {
	if known, ok := forms.known.Load(t); ok {
		return known.(*form)
	}
	if f, ok := b[t]; ok {
		return f
	}
	f := &form{}
	b[t] = f
	if t.Implements(valuerType) {
		b.valuer(f, t)
		return f
	}
	switch t {
	case timeType:
		b.time(f)
	case bigType:
		b.big(f)
	case regexpType:
		b.regexp(f)
	case jsonNumberType:
		b.jsonNumber(f)
	default:
		b.kind(f, t)
		b.methods(f, t)
	}
	return f
}

// kind makes the form that types of a kind have by themselves.
func (b formBuilder) kind(f *form, t reflect.Type) {
	switch t.Kind() {
	case reflect.Bool:
		b.boolean(f)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr, reflect.Float32, reflect.Float64:
		b.numeric(f)
	case reflect.String:
		b.text(f)
	case reflect.Struct:
		b.structure(f, t)
	case reflect.Map:
		b.mapping(f, t)
	case reflect.Slice:
		b.slice(f, t)
	case reflect.Array:
		b.array(f, t)
	case reflect.Pointer:
		b.pointer(f, t)
	case reflect.Interface:
		b.interfaced(f, t)
	case reflect.Func:
		b.function(f)
	default: // channels, complex numbers, unsafe pointers
		f.encode = func(_ *treeWriter, v reflect.Value) error { return formless(v.Type(), "value") }
		f.decode = func(r *treeReader, into reflect.Value) error {
			t, err := r.token()
			if err != nil {
				return err
			}
			return r.mismatch(t, into.Type())
		}
	}
}

func formless(t reflect.Type, what string) error {
	return &ConversionError{Go: t.String(), JavaScript: what, Message: "it has no form in JavaScript"}
}

// holdsValues tells whether values of JavaScript's that would be copied otherwise can be in a type.
func holdsValues(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if t.Implements(valuerType) {
		return true
	}
	switch t {
	case timeType, bigType, regexpType:
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return holdsValues(t.Elem(), seen)
	case reflect.Map:
		return holdsValues(t.Key(), seen) || holdsValues(t.Elem(), seen)
	case reflect.Struct:
		for _, each := range fieldsOf(t) {
			if holdsValues(each.of, seen) {
				return true
			}
		}
	}
	return false
}
