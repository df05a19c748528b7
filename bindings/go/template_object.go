package isthmus

import (
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// ObjectTemplate is what objects are made from, in any context of its isolate. It can be changed until
// the first object is made from it, or from a template that uses it.
type ObjectTemplate struct {
	template *template
	fields   uint32
}

// NewObjectTemplate makes a template. It never gives nil: when none can be made, Err says why, and so
// does everything that is tried with it.
func NewObjectTemplate(iso *Isolate) *ObjectTemplate {
	return &ObjectTemplate{template: newTemplate("NewObjectTemplate", iso, func() (unsafe.Pointer, native.Status) {
		return native.NewObjectTemplate(iso.handle)
	})}
}

// part is the template; nil: it was never made.
func (t *ObjectTemplate) part() *template {
	if t == nil {
		return nil
	}
	return t.template
}

// Err is why there is no template; nil: there is one.
func (t *ObjectTemplate) Err() error {
	return t.part().change("", func() native.Status { return native.OK })
}

// Set adds a property: a value that is no object, or what another template makes, for each object anew.
// A Go func becomes a function as of NewFunction. A template has each name once.
func (t *ObjectTemplate) Set(name string, x any, attributes ...PropertyAttribute) error {
	return t.part().set("Set", name, x, attributes)
}

// SetSymbol is Set with a symbol as the key.
func (t *ObjectTemplate) SetSymbol(key *Symbol, x any, attributes ...PropertyAttribute) error {
	return t.part().set("SetSymbol", key, x, attributes)
}

// SetAccessor adds a property that Go reads and writes; set nil: writing throws in strict code, and
// does nothing otherwise. To JavaScript it is a property with a value; on a PrototypeTemplate it is a
// pair of functions, which throw for what is no instance.
func (t *ObjectTemplate) SetAccessor(name string, get Getter, set Setter, attributes ...PropertyAttribute) error {
	if get == nil {
		return argumentError("SetAccessor", "get: expected a function, got nil")
	}
	return t.part().setAccessor("SetAccessor", name, accessor(get, set), set != nil, attributes)
}

// SetAccessorProperty is SetAccessor with the functions of templates, as v8go has it; set may be nil.
func (t *ObjectTemplate) SetAccessorProperty(name string, get, set *FunctionTemplate, attributes ...PropertyAttribute) error {
	const op = "SetAccessorProperty"
	if get == nil || get.answer == nil {
		return argumentError(op, "get: expected a template with a function")
	}
	writable := set != nil && set.answer != nil
	return t.part().setAccessor(op, name, func(ctx *Context, call *native.CallInfo) native.Status {
		fn := get.answer
		if call.Kind == native.AskSetProperty {
			fn = set.answer
		}
		call.DropKey()
		return fn(ctx, call)
	}, writable, attributes)
}

// SetCallAsFunctionHandler has the objects be functions, too, which any Go func answers, as of
// NewFunction.
func (t *ObjectTemplate) SetCallAsFunctionHandler(fn any) error {
	const op = "SetCallAsFunctionHandler"
	bound, err := bind(op, "", fn)
	if err != nil {
		return err
	}
	part := t.part()
	return part.change(op, func() native.Status {
		return part.answered(bound.answer, func(number, id uint64) native.Status {
			return native.SetCall(part.handle, number, id, bound.texts)
		})
	})
}

// SetInternalFieldCount says how many internal fields the objects have, 64 at most; see
// Object.SetInternalField.
func (t *ObjectTemplate) SetInternalFieldCount(count uint32) error {
	const op, most = "SetInternalFieldCount", 64
	if count > most {
		return argumentError(op, "expected 0 to %d, got %d", most, count)
	}
	part := t.part()
	err := part.change(op, func() native.Status { return native.SetFields(part.handle, count) })
	if err == nil {
		t.fields = count
	}
	return err
}

// InternalFieldCount is what SetInternalFieldCount has said; 0 at first.
func (t *ObjectTemplate) InternalFieldCount() uint32 {
	if t == nil {
		return 0
	}
	return t.fields
}

// NewInstance makes an object.
func (t *ObjectTemplate) NewInstance(ctx *Context) (*Object, error) {
	v, err := t.part().made("NewInstance", ctx, false)
	if err != nil {
		return nil, err
	}
	return &Object{v}, nil
}

// PropertyHandler is what Go answers for properties of any name, or of any index. Each function may be
// nil; one that says false leaves the access to the object itself. An error is thrown.
type PropertyHandler struct {
	// Get answers a read.
	Get func(info *PropertyCallbackInfo) (x any, handled bool, err error)
	// Set answers a write, and Object.defineProperty with a value. Without it, writing fails.
	Set func(info *PropertyCallbackInfo, value *Value) (handled bool, err error)
	// Query tells whether a property is there, and its attributes. Without it, what Get answers is.
	Query func(info *PropertyCallbackInfo) (attributes PropertyAttribute, found bool, err error)
	// Delete answers delete: not deleted throws in strict code. Without it, nothing is deleted.
	Delete func(info *PropertyCallbackInfo) (deleted, handled bool, err error)
	// Enumerate lists the names, or the indices, as a slice.
	Enumerate func(info *PropertyCallbackInfo) (keys any, err error)
	// NoSymbols leaves symbols to the object.
	NoSymbols bool
	// OnlyMissing has Go asked only for what the object and its prototypes do not have.
	OnlyMissing bool
}

// SetNamedHandler has Go answer for properties of any name.
func (t *ObjectTemplate) SetNamedHandler(handler PropertyHandler) error {
	return t.setHandler("SetNamedHandler", handler, false)
}

// SetIndexedHandler has Go answer for properties of any array index.
func (t *ObjectTemplate) SetIndexedHandler(handler PropertyHandler) error {
	return t.setHandler("SetIndexedHandler", handler, true)
}

func (t *ObjectTemplate) setHandler(op string, handler PropertyHandler, indexed bool) error {
	part := t.part()
	return part.change(op, func() native.Status {
		return part.answered(informedOfProperty(handler.answer), func(number, id uint64) native.Status {
			return native.SetHandler(part.handle, indexed, number, id, handler.members(), handler.NoSymbols, handler.OnlyMissing)
		})
	})
}

func (h *PropertyHandler) members() (members uint32) {
	for member, there := range map[uint32]bool{
		native.HandlesGet: h.Get != nil, native.HandlesSet: h.Set != nil, native.HandlesQuery: h.Query != nil,
		native.HandlesRemove: h.Delete != nil, native.HandlesEnumerate: h.Enumerate != nil,
	} {
		if there {
			members |= member
		}
	}
	return members
}

func (h *PropertyHandler) answer(info *PropertyCallbackInfo, call *native.CallInfo) (x any, err error) {
	switch call.Kind {
	case native.AskGetProperty:
		x, call.Handled, err = h.Get(info)
	case native.AskSetProperty:
		call.Handled, err = h.Set(info, info.ctx.lasting(call.Args()[1]))
	case native.AskQuery:
		var attributes PropertyAttribute
		attributes, call.Yes, err = h.Query(info)
		call.Flags = flagsOf([]PropertyAttribute{attributes})
	case native.AskRemove:
		call.Yes, call.Handled, err = h.Delete(info)
	case native.AskEnumerate:
		x, err = h.Enumerate(info)
	}
	if x == nil && (call.Kind == native.AskEnumerate || !call.Handled) {
		x = (*Value)(nil)
	}
	return x, err
}

// usableIn is why the template cannot be used in an isolate.
func (t *ObjectTemplate) usableIn(iso *Isolate, op string) error {
	if err := t.Err(); err != nil {
		return err
	}
	if t.template.iso != iso {
		return foreign(op)
	}
	return nil
}

// WithGlobal has the global object be made from a template.
func WithGlobal(global *ObjectTemplate) ContextOption {
	return func(o *contextOptions) { o.global = global }
}
