package isthmus

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Marshaler is a type that says what stands for it in JavaScript: anything that Marshal takes.
type Marshaler interface {
	MarshalJS() (any, error)
}

// Unmarshaler is a type that takes what an `any` gets of the value.
type Unmarshaler interface {
	UnmarshalJS(x any) error
}

var (
	timeType       = reflect.TypeFor[time.Time]()
	bigType        = reflect.TypeFor[big.Int]()
	regexpType     = reflect.TypeFor[Pattern]()
	jsonNumberType = reflect.TypeFor[json.Number]()
	errorType      = reflect.TypeFor[error]()
	valuerType     = reflect.TypeFor[Valuer]()

	marshalerType       = reflect.TypeFor[Marshaler]()
	unmarshalerType     = reflect.TypeFor[Unmarshaler]()
	cborMarshalerType   = reflect.TypeFor[cbor.Marshaler]()
	cborUnmarshalerType = reflect.TypeFor[cbor.Unmarshaler]()
	jsonMarshalerType   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// tagged decodes what has this tag, by what reads the rest of it.
func tagged[T any](tag uint64, read func(*treeReader) (T, error)) func(*treeReader, reflect.Value) error {
	return func(r *treeReader, into reflect.Value) error {
		t, err := r.token()
		if err != nil {
			return err
		}
		if t.major != majorTag || t.number != tag {
			return r.mismatch(t, into.Type())
		}
		made, err := read(r)
		if err == nil {
			into.Set(reflect.ValueOf(made))
		}
		return err
	}
}

func (formBuilder) time(f *form) {
	f.encode = func(w *treeWriter, v reflect.Value) error { return w.date(v.Interface().(time.Time)) }
	f.decode = tagged(tagDate, (*treeReader).date)
}

func (formBuilder) big(f *form) {
	f.encode = func(w *treeWriter, v reflect.Value) error {
		x := v.Interface().(big.Int)
		w.big(&x)
		return nil
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		t, err := r.token()
		if err != nil {
			return err
		}
		n, ok, err := r.number(t)
		switch {
		case err != nil:
			return err
		case !ok:
			return r.mismatch(t, into.Type())
		case n.big == nil && !n.exact:
			return notInteger(n.float, into.Type())
		case n.big == nil:
			n.big = big.NewInt(n.integer)
		}
		into.Addr().Interface().(*big.Int).Set(n.big)
		return nil
	}
}

func (formBuilder) regexp(f *form) {
	f.encode = func(w *treeWriter, v reflect.Value) error {
		w.head(majorTag, tagRegExp)
		w.head(majorArray, 2)
		if err := w.text(v.Field(0).String()); err != nil {
			return err
		}
		return w.text(v.Field(1).String())
	}
	f.decode = tagged(tagRegExp, (*treeReader).pattern)
}

// jsonNumber makes the form of json.Number: an integer exactly, and any other number as JSON is read.
func (formBuilder) jsonNumber(f *form) {
	f.encode = func(w *treeWriter, v reflect.Value) error {
		text := cmp.Or(v.String(), "0") // as encoding/json says
		if whole, ok := new(big.Int).SetString(text, 10); ok && !strings.HasPrefix(text, "-0") {
			if whole.IsInt64() {
				w.integer(whole.Int64())
			} else {
				w.big(whole)
			}
			return nil
		}
		x, err := json.Number(text).Float64()
		if err != nil {
			return &ConversionError{Go: "json.Number", JavaScript: "number", Message: "it is no number"}
		}
		w.float(x)
		return nil
	}
	f.decode = func(r *treeReader, into reflect.Value) error {
		t, err := r.token()
		if err != nil {
			return err
		}
		n, ok, err := r.number(t)
		switch {
		case err != nil:
			return err
		case !ok:
			return r.mismatch(t, into.Type())
		case n.big != nil:
			into.SetString(n.big.String())
		default:
			into.SetString(formatNumber(n.float))
		}
		return nil
	}
}

// methods replaces what a type says itself: by MarshalJS, MarshalCBOR, MarshalJSON or MarshalText, the
// first of these, and likewise for reading. What is an error without saying so is an Error.
func (b formBuilder) methods(f *form, t reflect.Type) {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return // what it holds says it
	}
	own, byPointer := f.encode, encoderOf(reflect.PointerTo(t))
	if encode := encoderOf(t); encode != nil {
		f.encode = encode
	} else if byPointer != nil {
		f.encode = func(w *treeWriter, v reflect.Value) error {
			if v.CanAddr() {
				return byPointer(w, v.Addr())
			}
			return own(w, v)
		}
	}
	if decode := decoderOf(reflect.PointerTo(t)); decode != nil {
		f.decode = decode
	}
}

// encoderOf is how a type writes itself; nil: it says nothing of that.
func encoderOf(t reflect.Type) func(w *treeWriter, v reflect.Value) error {
	failed := func(err error) error {
		return &ConversionError{Go: t.String(), JavaScript: "value", Message: err.Error(), err: err}
	}
	switch {
	case t.Implements(marshalerType):
		return func(w *treeWriter, v reflect.Value) error {
			x, err := v.Interface().(Marshaler).MarshalJS()
			if err != nil {
				return failed(err)
			}
			if err := w.down(); err != nil {
				return err
			}
			defer w.up()
			return w.any(x)
		}
	case t.Implements(cborMarshalerType):
		return func(w *treeWriter, v reflect.Value) error {
			item, err := v.Interface().(cbor.Marshaler).MarshalCBOR()
			if err == nil {
				err = cbor.Wellformed(item)
			}
			if err != nil {
				return failed(err)
			}
			if refersToTree(item) {
				return &ConversionError{Go: t.String(), JavaScript: "value",
					Message: "its CBOR refers to a tree of its own"}
			}
			w.out = append(w.out, item...)
			return nil
		}
	case t.Implements(jsonMarshalerType):
		return func(w *treeWriter, v reflect.Value) error {
			text, err := v.Interface().(json.Marshaler).MarshalJSON()
			if err != nil {
				return failed(err)
			}
			var x any
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.UseNumber()
			if err := decoder.Decode(&x); err != nil {
				return failed(err)
			}
			return w.any(x)
		}
	case t.Implements(textMarshalerType):
		return func(w *treeWriter, v reflect.Value) error {
			text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
			if err != nil {
				return failed(err)
			}
			return w.text(string(text))
		}
	case t.Implements(errorType):
		return func(w *treeWriter, v reflect.Value) error { return w.error(v.Interface().(error)) }
	}
	return nil
}

// decoderOf is how a pointer's type reads itself; nil: it says nothing of that.
func decoderOf(t reflect.Type) func(r *treeReader, into reflect.Value) error {
	failed := func(err error) error {
		return &ConversionError{Go: t.Elem().String(), JavaScript: "value", Message: err.Error(), err: err}
	}
	anyFor := func(take func(into reflect.Value, x any) error) func(r *treeReader, into reflect.Value) error {
		return func(r *treeReader, into reflect.Value) error {
			x, err := r.any()
			if err != nil {
				return err
			}
			if err := take(into.Addr(), x); err != nil {
				return failed(err)
			}
			return nil
		}
	}
	switch {
	case t.Implements(unmarshalerType):
		return anyFor(func(into reflect.Value, x any) error { return into.Interface().(Unmarshaler).UnmarshalJS(x) })
	case t.Implements(cborUnmarshalerType):
		return func(r *treeReader, into reflect.Value) error {
			from := r.at
			if err := r.skip(); err != nil {
				return err
			}
			item := bytes.Clone(r.data[from:r.at])
			if refersToTree(item) {
				return &ConversionError{Go: t.Elem().String(), JavaScript: "value",
					Message: "it refers to other parts of its tree, or to what has no form in CBOR"}
			}
			if err := into.Addr().Interface().(cbor.Unmarshaler).UnmarshalCBOR(item); err != nil {
				return failed(err)
			}
			return nil
		}
	case t.Implements(jsonUnmarshalerType):
		return anyFor(func(into reflect.Value, x any) error {
			text, err := json.Marshal(x)
			if err != nil {
				return err
			}
			return into.Interface().(json.Unmarshaler).UnmarshalJSON(text)
		})
	case t.Implements(textUnmarshalerType):
		return func(r *treeReader, into reflect.Value) error {
			t, err := r.token()
			if err != nil {
				return err
			}
			text, err := r.text(t, into.Type())
			if err != nil {
				return err
			}
			if err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
				return failed(err)
			}
			return nil
		}
	}
	return nil
}

// refersToTree tells whether CBOR has references, which mean something in a whole tree alone.
func refersToTree(data []byte) bool {
	found := false
	eachHead(data, func(t token, _ int) {
		found = found || t.major == majorTag &&
			(t.number == tagShared || t.number == tagReference || t.number == tagValue)
	})
	return found
}

// error writes an error as an Error.
func (w *treeWriter) error(err error) error {
	name, message, stack, cause := "Error", err.Error(), "", error(nil)
	if js, ok := err.(*JSError); ok {
		if js.Value != nil && w.ctx != nil && js.Value.ctx.iso == w.ctx.iso {
			return w.valuer(js.Value)
		}
		name, message, stack = js.Name, js.Message, js.StackTrace
		if js.Cause != nil {
			cause = js.Cause
		}
	}
	parts := uint64(4)
	if cause != nil {
		parts++
	}
	if err := w.down(); err != nil {
		return err
	}
	defer w.up()
	w.head(majorTag, tagClass)
	w.head(majorArray, parts)
	for _, text := range []string{"Error", name, message} {
		if err := w.text(text); err != nil {
			return err
		}
	}
	if stack == "" {
		w.simple(headUndefined)
	} else if err := w.text(stack); err != nil {
		return err
	}
	if cause != nil {
		return within(".cause", w.error(cause))
	}
	return nil
}
