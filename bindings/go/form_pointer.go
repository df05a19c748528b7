package isthmus

import (
	"reflect"

	"isthmus/bindings/go/internal/native"
)

// pointer makes the form of a pointer: of what it points to, and null. What several point to is one
// object in JavaScript.
func (b formBuilder) pointer(f *form, t reflect.Type) {
	elem := b.form(t.Elem())
	f.refers = true
	shares := canRefer(t.Elem()) && t.Elem().Size() > 0
	f.encode = func(w *treeWriter, v reflect.Value) error {
		if v.IsNil() {
			w.simple(headNull)
			return nil
		}
		if shares && w.again(identity{v.UnsafePointer(), 0, t}) {
			return nil
		}
		if err := w.down(); err != nil {
			return err
		}
		defer w.up()
		return elem.encode(w, v.Elem())
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		if r.nothing() != 0 {
			into.SetZero()
			return nil
		}
		if into.IsNil() {
			into.Set(reflect.New(t.Elem()))
		}
		r.keep(into.Elem().Addr().Convert(t))
		return r.read(elem, into.Elem())
	}
}

// interfaced makes the form of an interface: of what it holds. One without methods takes everything;
// error takes Errors.
func (b formBuilder) interfaced(f *form, t reflect.Type) {
	f.refers = t == anyType
	f.encode = func(w *treeWriter, v reflect.Value) error {
		if v.IsNil() {
			w.simple(headNull)
			return nil
		}
		return w.any(v.Interface())
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		if r.nothing() != 0 {
			into.SetZero()
			return nil
		}
		if t.NumMethod() > 0 && t != errorType {
			next, err := r.token()
			if err != nil {
				return err
			}
			return r.mismatch(next, t)
		}
		made, err := r.any()
		if err != nil {
			return err
		}
		v := reflect.ValueOf(made)
		if t == errorType {
			if _, ok := made.(error); !ok {
				return &ConversionError{Go: "error", JavaScript: "value", Message: "it is no Error"}
			}
		}
		if made != nil {
			into.Set(v)
		}
		return nil
	}
}

// function makes the form of a func: a function, by the table.
func (formBuilder) function(f *form) {
	f.direct = true
	f.encode = func(w *treeWriter, v reflect.Value) error {
		if v.IsNil() {
			w.simple(headNull)
			return nil
		}
		if w.ctx == nil {
			return formless(v.Type(), "function")
		}
		made, err := w.ctx.functionOf(v)
		if err != nil {
			return err
		}
		w.value(made, true)
		return nil
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		if r.nothing() != 0 {
			into.SetZero()
			return nil
		}
		if r.ctx != nil && r.isTabled() {
			return r.function(into)
		}
		t, err := r.token()
		if err != nil {
			return err
		}
		return r.mismatch(t, into.Type())
	}
}

// function reads a func that calls JavaScript's; see Func.
func (r *treeReader) function(into reflect.Value) error {
	v, err := r.value()
	if err != nil {
		return err
	}
	if v.native.Type != native.Function {
		return setValuer(into, v)
	}
	made, err := r.ctx.funcOf(v, into.Type())
	if err == nil {
		into.Set(made)
	}
	return err
}

// valuer makes the form of values of JavaScript's, which stay themselves.
func (formBuilder) valuer(f *form, t reflect.Type) {
	f.direct = true
	f.encode = func(w *treeWriter, v reflect.Value) error {
		if v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Interface && v.IsNil() {
			w.simple(headNull)
			return nil
		}
		return w.valuer(v.Interface().(Valuer))
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		made, err := r.value()
		if err != nil {
			return err
		}
		return setValuer(into, made)
	}
}

// value reads a value that stays itself.
func (r *treeReader) value() (*Value, error) {
	if r.ctx == nil {
		return nil, &ConversionError{Go: "*isthmus.Value", JavaScript: "value", Message: "it belongs to an isolate"}
	}
	if r.isTabled() {
		r.at += 3
		v, err := r.tabled()
		if err != nil {
			return nil, err
		}
		return r.ctx.keepValue(v)
	}
	from := r.at
	if err := r.skip(); err != nil {
		return nil, err
	}
	made, failure, status := native.ReadTree(r.ctx.iso.handle, r.ctx.handle, r.data[from:r.at], nil)
	if status != native.OK {
		return nil, r.ctx.treeFailed("Unmarshal", status, failure)
	}
	return r.ctx.ownValue(made)
}

// keepValue makes a Value of a handle that is somebody else's.
func (ctx *Context) keepValue(v native.Value) (*Value, error) {
	if !v.IsHandle() {
		return ctx.value(v), nil
	}
	kept, status := native.Keep(ctx.iso.handle, v)
	if status != native.OK {
		return nil, statusError("Unmarshal", status)
	}
	return ctx.value(kept), nil
}

// ownValue makes a Value of a handle that a function of isthmus.h has given.
func (ctx *Context) ownValue(v native.Value) (*Value, error) {
	kept, err := ctx.iso.own(v)
	if err != nil {
		return nil, err
	}
	return ctx.value(kept), nil
}

// setValuer sets a variable of a type that stands for values of JavaScript's.
func setValuer(into reflect.Value, v *Value) error {
	switch to := into.Addr().Interface().(type) {
	case **Value:
		*to = v
		return nil
	case *Valuer:
		*to = v
		return nil
	case **Object:
		if v.native.Type == native.Object || v.native.Type == native.Function {
			*to = &Object{v}
			return nil
		}
	case **Function:
		if v.native.Type == native.Function {
			*to = &Function{v}
			return nil
		}
	}
	if v.native.Type == native.Undefined || v.native.Type == native.Null {
		into.SetZero()
		return nil
	}
	name := typeName(v.native)
	v.Release()
	return &ConversionError{Go: into.Type().String(), JavaScript: name, Message: "they have nothing in common"}
}
