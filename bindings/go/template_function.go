package isthmus

import (
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// FunctionTemplate is what functions are made from, one in each context of its isolate, or classes: with
// new, an object is made from its InstanceTemplate, which inherits from its PrototypeTemplate. It can
// be changed until the first function is made from it, or from a template that uses it.
type FunctionTemplate struct {
	template *template
	answer   answer
}

// FunctionOptions are settings of a function; all may be left out.
type FunctionOptions struct {
	// Name is what JavaScript shows.
	Name string
	// Length is what the function's length says, 32767 at most.
	Length int
	// Signature has V8 throw a TypeError unless this was made by that template, or one that inherits
	// from it.
	Signature *FunctionTemplate
	// NoConstruct has new throw a TypeError: for methods. There is no prototype then.
	NoConstruct bool
}

// NewFunctionTemplate makes a template of a function as v8go has it. It never gives nil: when none can
// be made, Err says why, and so does everything that is tried with it.
func NewFunctionTemplate(iso *Isolate, callback FunctionCallback) *FunctionTemplate {
	return NewFunctionTemplateOf(iso, callback, FunctionOptions{})
}

// NewFunctionTemplateWithError is NewFunctionTemplate for a function that may fail.
func NewFunctionTemplateWithError(iso *Isolate, callback FunctionCallbackWithError) *FunctionTemplate {
	return NewFunctionTemplateOf(iso, callback, FunctionOptions{})
}

// NewFunctionTemplateOf makes a template of any Go func, as of NewFunction; or of nil: a function that
// gives undefined, or with new the object.
func NewFunctionTemplateOf(iso *Isolate, fn any, options FunctionOptions) *FunctionTemplate {
	const op = "NewFunctionTemplate"
	made := &FunctionTemplate{}
	if err := made.prepare(op, iso, fn, options); err != nil {
		made.template = &template{err: err}
	}
	return made
}

func (t *FunctionTemplate) prepare(op string, iso *Isolate, fn any, options FunctionOptions) error {
	given := native.FunctionOptions{Name: options.Name, Length: int32(options.Length), NoConstruct: options.NoConstruct}
	if options.Length < 0 || options.Length > 32767 {
		return argumentError(op, "the length: expected 0 to 32767, got %d", options.Length)
	}
	if err := cText(op, "the name", options.Name); err != nil {
		return err
	}
	if options.Signature != nil {
		if err := options.Signature.Err(); err != nil {
			return err
		}
		if options.Signature.template.iso != iso {
			return foreign(op)
		}
		given.Signature = options.Signature.template.handle
	}
	if fn != nil {
		bound, err := bind(op, options.Name, fn)
		if err != nil {
			return err
		}
		t.answer, given.Texts = bound.answer, bound.texts
	}
	t.template = newTemplate(op, iso, func() (unsafe.Pointer, native.Status) {
		var id uint64
		if t.answer != nil {
			id = iso.answers.add(t.answer)
		}
		return native.NewFunctionTemplate(iso.handle, given, iso.number, id)
	})
	return nil
}

// part is the template; nil: it was never made.
func (t *FunctionTemplate) part() *template {
	if t == nil {
		return nil
	}
	return t.template
}

// Err is why there is no template; nil: there is one.
func (t *FunctionTemplate) Err() error {
	return t.part().change("", func() native.Status { return native.OK })
}

// Set adds a property to the function itself, as of ObjectTemplate.Set: a static member of a class.
func (t *FunctionTemplate) Set(name string, x any, attributes ...PropertyAttribute) error {
	return t.part().set("Set", name, x, attributes)
}

// SetSymbol is Set with a symbol as the key.
func (t *FunctionTemplate) SetSymbol(key *Symbol, x any, attributes ...PropertyAttribute) error {
	return t.part().set("SetSymbol", key, x, attributes)
}

// SetAccessor adds a property to the function itself that Go reads and writes, as of
// ObjectTemplate.SetAccessor.
func (t *FunctionTemplate) SetAccessor(name string, get Getter, set Setter, attributes ...PropertyAttribute) error {
	if get == nil {
		return argumentError("SetAccessor", "get: expected a function, got nil")
	}
	return t.part().setAccessor("SetAccessor", name, accessor(get, set), set != nil, attributes)
}

// GetFunction is the function in a context, the same one each time. It is nil when there is none;
// Function says why.
func (t *FunctionTemplate) GetFunction(ctx *Context) *Function {
	made, _ := t.Function(ctx)
	return made
}

// Function is GetFunction with the reason why there is none.
func (t *FunctionTemplate) Function(ctx *Context) (*Function, error) {
	v, err := t.part().made("Function", ctx, true)
	if err != nil {
		return nil, err
	}
	return &Function{v}, nil
}

// InstanceTemplate is the template of the objects that new makes.
func (t *FunctionTemplate) InstanceTemplate() *ObjectTemplate {
	return t.objects("InstanceTemplate", native.InstanceTemplate)
}

// PrototypeTemplate is the template of the function's prototype: methods are there.
func (t *FunctionTemplate) PrototypeTemplate() *ObjectTemplate {
	return t.objects("PrototypeTemplate", native.PrototypeTemplate)
}

func (t *FunctionTemplate) objects(op string, get func(unsafe.Pointer) (unsafe.Pointer, native.Status)) *ObjectTemplate {
	if err := t.Err(); err != nil {
		return &ObjectTemplate{template: &template{err: err}}
	}
	made := newTemplate(op, t.template.iso, func() (unsafe.Pointer, native.Status) { return get(t.template.handle) })
	return &ObjectTemplate{template: made}
}

// Inherit has the function's prototype inherit from a parent's, once, and its objects have what those
// of the parent have. The parent's function is not called by new.
func (t *FunctionTemplate) Inherit(parent *FunctionTemplate) error {
	const op = "Inherit"
	if err := parent.Err(); err != nil {
		return err
	}
	part := t.part()
	if part != nil && part.err == nil && part.iso != parent.template.iso {
		return foreign(op)
	}
	return part.change(op, func() native.Status { return native.Inherit(part.handle, parent.template.handle) })
}

// HasInstance tells whether a value was made by the function, or one that inherits from it.
func (t *FunctionTemplate) HasInstance(x Valuer) bool {
	part, has := t.part(), false
	_ = part.change("HasInstance", func() native.Status {
		v, err := part.iso.nowhere().handleOf("HasInstance", valueOf(x))
		if err != nil {
			return native.ErrHandle
		}
		var status native.Status
		has, status = native.HasInstance(part.handle, v)
		return status
	})
	return has
}
