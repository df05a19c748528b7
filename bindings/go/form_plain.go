package isthmus

import (
	"reflect"
)

// Forms of booleans, numbers and strings.

func (formBuilder) boolean(f *form) {
	f.encode = func(w *treeWriter, v reflect.Value) error {
		w.boolean(v.Bool())
		return nil
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		t, err := r.token()
		if err != nil {
			return err
		}
		if t.head != headFalse && t.head != headTrue {
			return r.mismatch(t, into.Type())
		}
		into.SetBool(t.head == headTrue)
		return nil
	}
}

// numeric makes the form of numbers: integers beyond what numbers have exactly are BigInts.
func (formBuilder) numeric(f *form) {
	f.encode = func(w *treeWriter, v reflect.Value) error {
		switch {
		case v.CanInt():
			w.integer(v.Int())
		case v.CanUint():
			w.head(majorUint, v.Uint())
		default:
			w.float(v.Float())
		}
		return nil
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		t, err := r.token()
		if err != nil {
			return err
		}
		n, ok, err := r.number(t)
		if err != nil {
			return err
		}
		if !ok {
			return r.mismatch(t, into.Type())
		}
		return setNumber(into, n)
	}
}

func (formBuilder) text(f *form) {
	f.encode = func(w *treeWriter, v reflect.Value) error { return w.text(v.String()) }
	f.decode = func(r *treeReader, into reflect.Value) error {
		t, err := r.token()
		if err != nil {
			return err
		}
		text, err := r.text(t, into.Type())
		if err == nil {
			into.SetString(text)
		}
		return err
	}
}
