package isthmus

import (
	"iter"
	"runtime"

	"isthmus/bindings/go/internal/native"
)

// Object is a value that is an object. What reads and writes its properties may run getters, setters
// and the handlers of proxies, and behaves as JavaScript outside of strict mode: writing what is
// read-only does nothing.
//
// A key is a name (a string), an index (any integer type), a *Symbol, or a value that is one of these.
// A property is given what Marshal makes of the Go value.
type Object struct{ *Value }

func (o *Object) value() *Value {
	if o == nil {
		return nil
	}
	return o.Value
}

// NewObject makes an empty object.
func NewObject(ctx *Context) (*Object, error) {
	v, err := ctx.make("NewObject", native.OpObjectNew)
	if err != nil {
		return nil, err
	}
	return &Object{v}, nil
}

// self is the object and its context for an operation; the error of what is no object.
func (o *Object) self(op string) (*Value, *Context, error) {
	v := o.value()
	if !v.IsObject() {
		return nil, nil, typeError(op, "an object", v)
	}
	return v, v.ctx, nil
}

// Get reads a property; undefined when there is none.
func (o *Object) Get(name string) (*Value, error) {
	v, ctx, err := o.self("Get")
	if err != nil {
		return nil, err
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	key, known := ctx.iso.name(name)
	if !known {
		return askFor("Get", native.OpGet, v, name)
	}
	frame := ctx.iso.frame()
	frame.Begin(1, native.WantValue)
	if frame.Subject, err = ctx.handleOf("Get", v); err != nil {
		return nil, err
	}
	frame.Args[0] = key
	if status := native.Get(ctx.handle, frame); status != native.OK {
		return nil, ctx.failed("Get", status, frame)
	}
	return ctx.value(frame.Result), nil
}

// Set writes a property.
func (o *Object) Set(name string, x any) error {
	v, ctx, err := o.self("Set")
	if err != nil {
		return err
	}
	if err := ctx.enter(); err != nil {
		return err
	}
	defer ctx.leave()
	key, known := ctx.iso.name(name)
	if !known {
		_, err := ask("Set", native.OpSet, v, name, x)
		return err
	}
	frame := ctx.iso.frame()
	frame.Begin(2, native.WantNothing)
	if frame.Subject, err = ctx.handleOf("Set", v); err != nil {
		return err
	}
	var p pins
	defer p.release(ctx)
	frame.Args[0] = key
	if err := ctx.lower(frame, &p, &frame.Args[1], x); err != nil {
		return err
	}
	status := native.Set(ctx.handle, frame)
	runtime.KeepAlive(v)
	if status != native.OK {
		return ctx.failed("Set", status, frame)
	}
	return nil
}

// Has tells whether there is a property, an inherited one too. It is false when that fails; HasKey says
// why.
func (o *Object) Has(name string) bool {
	has, _ := o.HasKey(name)
	return has
}

// Delete removes a property, and tells whether it is gone: it is not when it cannot be configured, and
// when that fails; DeleteKey says why.
func (o *Object) Delete(name string) bool {
	gone, _ := o.DeleteKey(name)
	return gone
}

// GetIdx, SetIdx, HasIdx and DeleteIdx are the same by index.

// GetIdx reads the property of an index.
func (o *Object) GetIdx(index uint32) (*Value, error) { return o.getKey("GetIdx", index) }

// SetIdx writes the property of an index.
func (o *Object) SetIdx(index uint32, x any) error { return o.setKey("SetIdx", index, x) }

// HasIdx tells whether there is a property of an index, as Has does.
func (o *Object) HasIdx(index uint32) bool {
	has, _ := o.HasKey(index)
	return has
}

// DeleteIdx removes the property of an index, as Delete does.
func (o *Object) DeleteIdx(index uint32) bool {
	gone, _ := o.DeleteKey(index)
	return gone
}

// GetSymbol reads the property of a symbol.
func (o *Object) GetSymbol(key *Symbol) (*Value, error) { return o.getKey("GetSymbol", key) }

// SetSymbol writes the property of a symbol.
func (o *Object) SetSymbol(key *Symbol, x any) error { return o.setKey("SetSymbol", key, x) }

// HasSymbol tells whether there is a property of a symbol, as Has does.
func (o *Object) HasSymbol(key *Symbol) bool {
	has, _ := o.HasKey(key)
	return has
}

// DeleteSymbol removes the property of a symbol, as Delete does.
func (o *Object) DeleteSymbol(key *Symbol) bool {
	gone, _ := o.DeleteKey(key)
	return gone
}

// GetKey reads the property of a key.
func (o *Object) GetKey(key any) (*Value, error) { return o.getKey("GetKey", key) }

// SetKey writes the property of a key.
func (o *Object) SetKey(key, x any) error { return o.setKey("SetKey", key, x) }

// HasKey tells whether there is a property of a key, an inherited one too.
func (o *Object) HasKey(key any) (bool, error) { return o.tell("HasKey", native.OpHas, key) }

// HasOwn tells whether the object itself has a property of a key.
func (o *Object) HasOwn(key any) (bool, error) { return o.tell("HasOwn", native.OpHasOwn, key) }

// DeleteKey removes the property of a key. False: it cannot be configured, and stays.
func (o *Object) DeleteKey(key any) (bool, error) { return o.tell("DeleteKey", native.OpDelete, key) }

func (o *Object) getKey(op string, key any) (*Value, error) {
	if name, ok := key.(string); ok {
		return o.Get(name)
	}
	if err := keyError(op, key); err != nil {
		return nil, err
	}
	return askFor(op, native.OpGet, o, key)
}

func (o *Object) setKey(op string, key, x any) error {
	if name, ok := key.(string); ok {
		return o.Set(name, x)
	}
	if err := keyError(op, key); err != nil {
		return err
	}
	_, err := ask(op, native.OpSet, o, key, x)
	return err
}

// tell does an operation about a key that answers with yes or no.
func (o *Object) tell(op string, what native.Operation, key any) (bool, error) {
	if _, _, err := o.self(op); err != nil {
		return false, err
	}
	if err := keyError(op, key); err != nil {
		return false, err
	}
	result, err := ask(op, what, o, key)
	return result.truth(), err
}

// keyError is why something is no key of a property.
func keyError(op string, key any) error {
	switch key := key.(type) {
	case string, int, int64, int32, int16, int8, uint, uint64, uint32, uint16, uint8:
		return nil
	case Valuer:
		if v := valueOf(key); !v.IsName() && !v.IsNumber() {
			return typeError(op, "a key that is a string, a symbol or a number", v)
		}
		return nil
	}
	return argumentError(op, "expected a key that is a string, an integer or a symbol, got a %T", key)
}

// Attributes says what can be done with a property, ored.
type Attributes uint32

// What can be done with a property: change its value, find it in a list of keys, change or remove the
// property itself.
const (
	Writable     Attributes = 1
	Enumerable   Attributes = 2
	Configurable Attributes = 4
)

// Define makes an own property that holds a value, without running a setter. An object that refuses is
// an error.
func (o *Object) Define(key, x any, attributes Attributes) error {
	if _, _, err := o.self("Define"); err != nil {
		return err
	}
	if err := keyError("Define", key); err != nil {
		return err
	}
	if attributes > Writable|Enumerable|Configurable {
		return argumentError("Define", "%d is no set of attributes", attributes)
	}
	_, err := ask("Define", native.OpDefine, o, key, x, uint32(attributes))
	return refusal(err)
}

// refusal says of an error of state that it was the object who did not want.
func refusal(err error) error {
	if refused, ok := err.(*Error); ok && refused.Status == native.ErrState.Name() {
		refused.Message = "the object refuses"
	}
	return err
}

// Keys gives the names that Object.keys does: of the object's own enumerable properties, in JavaScript's
// order, indices first.
func (o *Object) Keys() ([]string, error) {
	names, _, err := o.entries("Keys", false)
	return names, err
}

// Entries gives the names and values that Object.entries does. They are read before it returns, so that
// what a getter throws is an error, and what the loop does changes nothing.
func (o *Object) Entries() (iter.Seq2[string, *Value], error) {
	names, values, err := o.entries("Entries", true)
	if err != nil {
		return nil, err
	}
	return func(yield func(string, *Value) bool) {
		for i, name := range names {
			if !yield(name, values[i]) {
				return
			}
		}
	}, nil
}

func (o *Object) entries(op string, wanted bool) ([]string, []*Value, error) {
	v, ctx, err := o.self(op)
	if err != nil {
		return nil, nil, err
	}
	if err := ctx.enter(); err != nil {
		return nil, nil, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantNothing)
	if frame.Subject, err = ctx.handleOf(op, v); err != nil {
		return nil, nil, err
	}
	names, values, status := native.Entries(ctx.handle, frame, native.KeysEnumerable, wanted)
	if status != native.OK {
		return nil, nil, ctx.failed(op, status, frame)
	}
	return names, ctx.values(values), nil
}

// Prototype is the object that this one inherits from, or null.
func (o *Object) Prototype() (*Value, error) {
	return askFor("Prototype", native.OpPrototype, o)
}

// SetPrototype has the object inherit from another one, or with nil from none. An object that refuses,
// since it is frozen or would inherit from itself, is an error.
func (o *Object) SetPrototype(prototype Valuer) error {
	from := valueOf(prototype)
	if from == nil {
		from = Null(nil)
	}
	if !from.IsObject() && !from.IsNull() {
		return typeError("SetPrototype", "an object or null", from)
	}
	_, err := ask("SetPrototype", native.OpSetPrototype, o, from)
	return refusal(err)
}

// Freeze does what Object.freeze does.
func (o *Object) Freeze() error {
	_, err := ask("Freeze", native.OpFreeze, o)
	return err
}

// ConstructorName is the name of the constructor that the object was made by, as V8 knows it; "Object"
// for lack of a better one. Nothing is run.
func (o *Object) ConstructorName() (string, error) {
	if _, _, err := o.self("ConstructorName"); err != nil {
		return "", err
	}
	return o.Value.constructorName("ConstructorName")
}

// Hash is a number that stays the same for an object, and is likely to differ between objects; never 0.
func (o *Object) Hash() (int32, error) {
	if _, _, err := o.self("Hash"); err != nil {
		return 0, err
	}
	result, err := ask("Hash", native.OpHash, o)
	return int32(result.number()), err
}

// MethodCall calls the method of that name, with the object as this.
func (o *Object) MethodCall(name string, args ...any) (*Value, error) {
	method, err := o.Get(name)
	if err != nil {
		return nil, err
	}
	defer method.Release()
	if !method.IsFunction() {
		return nil, typeError("MethodCall", "a method "+name, method)
	}
	return (&Function{method}).Call(o, args...)
}
