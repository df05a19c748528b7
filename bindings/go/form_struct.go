package isthmus

import (
	"reflect"
)

// structField is a field and how it is written.
type structField struct {
	field
	form *form
	head []byte // its name as CBOR
}

// structure makes the form of a struct: an object with the fields as properties.
func (b formBuilder) structure(f *form, t reflect.Type) {
	var fields []*structField
	names := map[string]*structField{}
	sometimes := false
	for _, each := range fieldsOf(t) {
		made := &structField{field: each, form: b.form(each.of)}
		var name treeWriter
		if err := name.text(made.name); err != nil {
			continue
		}
		made.head = name.out
		sometimes = sometimes || made.empty || made.zero || len(made.index) > 1
		fields = append(fields, made)
		names[made.name] = made
	}
	f.encode = func(w *treeWriter, v reflect.Value) error {
		if err := w.down(); err != nil {
			return err
		}
		defer w.up()
		if !sometimes {
			w.head(majorMap, uint64(len(fields)))
			for _, each := range fields {
				if err := each.encode(w, v.Field(each.index[0])); err != nil {
					return err
				}
			}
			return nil
		}
		count := 0
		for _, each := range fields {
			if value, ok := each.in(v); ok && !each.leftOut(value) {
				count++
			}
		}
		w.head(majorMap, uint64(count))
		for _, each := range fields {
			if value, ok := each.in(v); ok && !each.leftOut(value) {
				if err := each.encode(w, value); err != nil {
					return err
				}
			}
		}
		return nil
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		t, err := r.token()
		if err != nil {
			return err
		}
		if t.major != majorMap {
			return r.mismatch(t, into.Type())
		}
		if err := r.down(); err != nil {
			return err
		}
		defer r.up()
		for range t.number {
			key, err := r.key()
			if err != nil {
				return err
			}
			each := names[string(key)]
			if each == nil {
				err = r.skip()
			} else {
				err = each.decode(r, into)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func (f *structField) encode(w *treeWriter, v reflect.Value) error {
	w.out = append(w.out, f.head...)
	if err := f.form.encode(w, v); err != nil {
		return within(stepTo(f.name), err)
	}
	return nil
}

// decode reads a property; undefined is as if it were not there.
func (f *structField) decode(r *treeReader, into reflect.Value) error {
	if r.at < len(r.data) && r.data[r.at] == headUndefined && !f.form.values {
		r.at++
		return nil
	}
	if err := r.read(f.form, f.make(into)); err != nil {
		return within(stepTo(f.name), err)
	}
	return nil
}

// key reads the name of a property; the bytes are C's.
func (r *treeReader) key() ([]byte, error) {
	t, err := r.token()
	if err == nil && t.major == majorTag && t.number == tagWTF8 {
		if t, err = r.token(); err == nil && t.major == majorBytes {
			return r.content(t), nil
		}
	}
	if err != nil {
		return nil, err
	}
	if t.major != majorText {
		return nil, r.malformed("a name is a text")
	}
	return r.content(t), nil
}
