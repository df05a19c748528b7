package isthmus

import (
	"fmt"
	"reflect"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// PropertyAttribute says what JavaScript cannot do with a property; ored.
type PropertyAttribute uint8

// The attributes of a property.
const (
	None       PropertyAttribute = 0
	ReadOnly   PropertyAttribute = 1 // it cannot be written
	DontEnum   PropertyAttribute = 2 // it is not listed
	DontDelete PropertyAttribute = 4 // it can be neither deleted nor redefined
)

// flagsOf are the attributes as C has them: what can be done.
func flagsOf(attributes []PropertyAttribute) uint32 {
	flags := native.Writable | native.Enumerable | native.Configurable
	for _, each := range attributes {
		flags &^= uint32(each)
	}
	return flags
}

func attributesOf(flags uint32) PropertyAttribute {
	return PropertyAttribute(^flags) & (ReadOnly | DontEnum | DontDelete)
}

// template is what both kinds of templates are.
type template struct {
	iso    *Isolate
	handle unsafe.Pointer
	err    error // why there is none
}

// newTemplate makes a template by what make gives, with the isolate entered.
func newTemplate(op string, iso *Isolate, make func() (unsafe.Pointer, native.Status)) *template {
	t := &template{iso: iso}
	if iso == nil {
		t.err = argumentError(op, "the isolate is nil")
		return t
	}
	if t.err = iso.enter(nil); t.err != nil {
		return t
	}
	defer iso.leave()
	handle, status := make()
	if status != native.OK {
		t.err = statusError(op, status)
		return t
	}
	t.handle = handle
	freeing(iso.debts, t, func() { native.FreeTemplate(handle) })
	return t
}

var errNoTemplate = &Error{Status: native.ErrArgument.Name(), Message: "the template was never made"}

const unchangeable = "the template has that already, or something was made of it"

// change does something to the template, with the isolate entered.
func (t *template) change(op string, what func() native.Status) error {
	switch {
	case t == nil:
		return errNoTemplate
	case t.err != nil:
		return t.err
	}
	if err := t.iso.enter(nil); err != nil {
		return err
	}
	defer t.iso.leave()
	switch status := what(); status {
	case native.OK:
		return nil
	case native.ErrState:
		return &Error{Op: op, Status: status.Name(), Message: unchangeable}
	default:
		return statusError(op, status)
	}
}

// keyed is change for a property, whose key is set in the frame.
func (t *template) keyed(op string, key any, what func(frame *native.Frame, p *pins) (native.Status, error)) error {
	var wrong error
	err := t.change(op, func() native.Status {
		ctx := t.iso.nowhere()
		frame := t.iso.frame()
		frame.Begin(2, native.WantNothing)
		var p pins
		defer p.release(ctx)
		if wrong = ctx.lower(frame, &p, &frame.Args[0], key); wrong != nil {
			return native.OK
		}
		var status native.Status
		if status, wrong = what(frame, &p); status == native.ErrState && wrong == nil {
			wrong = &Error{Op: op, Status: status.Name(), Message: fmt.Sprintf("%v: %s", key, unchangeable)}
		}
		return status
	})
	if wrong != nil {
		return wrong
	}
	return err
}

// set adds a property.
func (t *template) set(op string, key, x any, attributes []PropertyAttribute) error {
	var other *template
	switch made := x.(type) {
	case *ObjectTemplate:
		other = made.part()
	case *FunctionTemplate:
		other = made.part()
	default:
		if reflect.ValueOf(x).Kind() == reflect.Func && t != nil && t.err == nil {
			name, _ := key.(string)
			other = NewFunctionTemplateOf(t.iso, x, FunctionOptions{Name: name}).part()
		}
	}
	if other != nil && other.err != nil {
		return other.err
	}
	return t.keyed(op, key, func(frame *native.Frame, p *pins) (native.Status, error) {
		if other != nil {
			if other.iso != t.iso {
				return native.ErrHandle, foreign(op)
			}
			frame.Argc = 1
			return native.SetTemplate(t.iso.handle, t.handle, frame, other.handle, flagsOf(attributes)), nil
		}
		ok, err := t.iso.nowhere().lowerPlain(frame, p, &frame.Args[1], x)
		if err != nil {
			return native.ErrType, err
		}
		if !ok || frame.Args[1].Type == native.Object || frame.Args[1].Type == native.Function {
			return native.ErrType, argumentError(op, "%v: expected a value that is no object, a template or a func, got %T", key, x)
		}
		return native.SetTemplate(t.iso.handle, t.handle, frame, nil, flagsOf(attributes)), nil
	})
}

func foreign(op string) error {
	return &Error{Op: op, Status: native.ErrHandle.Name(), Message: "the template belongs to another isolate", err: ErrForeign}
}

// answered has Go answer something of a template's.
func (t *template) answered(fn answer, what func(number, id uint64) native.Status) native.Status {
	return what(t.iso.number, t.iso.answers.add(fn))
}

// setAccessor adds a property that Go answers.
func (t *template) setAccessor(op string, key any, fn answer, writable bool, attributes []PropertyAttribute) error {
	return t.keyed(op, key, func(frame *native.Frame, _ *pins) (native.Status, error) {
		frame.Argc = 1
		return t.answered(fn, func(number, id uint64) native.Status {
			return native.SetAccessor(t.iso.handle, t.handle, frame, number, id, writable, flagsOf(attributes))
		}), nil
	})
}

// made is an object of the template, or its function.
func (t *template) made(op string, ctx *Context, function bool) (*Value, error) {
	switch {
	case t == nil:
		return nil, errNoTemplate
	case t.err != nil:
		return nil, t.err
	}
	if err := ctx.begin(op); err != nil {
		return nil, err
	}
	defer ctx.leave()
	if ctx.iso != t.iso {
		return nil, foreign(op)
	}
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantValue)
	if status := native.MakeOf(ctx.handle, t.handle, function, frame); status != native.OK {
		return nil, ctx.failed(op, status, frame)
	}
	return ctx.value(frame.Result), nil
}

// PropertyCallbackInfo is a read or a write of a property that Go answers. It is valid until the answer
// is given, and on its goroutine.
type PropertyCallbackInfo struct {
	ctx  *Context
	call *native.CallInfo // nil: the answer was given
}

// Context is the context whose code asks.
func (info *PropertyCallbackInfo) Context() *Context { return info.ctx }

// This is the object that is asked: the one that was made of the template, or one that inherits from it.
func (info *PropertyCallbackInfo) This() *Object {
	if info.call == nil {
		return nil
	}
	return &Object{info.ctx.lasting(info.call.Receiver)}
}

// Holder is the object that was made of the template.
func (info *PropertyCallbackInfo) Holder() *Object {
	if info.call == nil {
		return nil
	}
	return &Object{info.ctx.lasting(info.call.Target)}
}

// Key is the property: a string, a symbol, or of an indexed handler a number.
func (info *PropertyCallbackInfo) Key() *Value {
	if info.call == nil || len(info.call.Args()) == 0 {
		return info.ctx.value(native.Value{})
	}
	return info.ctx.lasting(info.call.Args()[0])
}

// Name is the property's name; of a symbol "Symbol(description)".
func (info *PropertyCallbackInfo) Name() string { return info.Key().String() }

// Getter answers a read with what Marshal takes, or with an error, which is thrown.
type Getter = func(info *PropertyCallbackInfo) (any, error)

// Setter answers a write; an error is thrown.
type Setter = func(info *PropertyCallbackInfo, value *Value) error

// accessor is how both are answered.
func accessor(get Getter, set Setter) answer {
	return informedOfProperty(func(info *PropertyCallbackInfo, call *native.CallInfo) (any, error) {
		if call.Kind == native.AskSetProperty {
			return nil, set(info, info.ctx.lasting(call.Args()[1]))
		}
		return get(info)
	})
}

// informedOfProperty is the answer of a function that looks at the access itself.
func informedOfProperty(fn func(info *PropertyCallbackInfo, call *native.CallInfo) (any, error)) answer {
	return func(ctx *Context, call *native.CallInfo) native.Status {
		info := &PropertyCallbackInfo{ctx, call}
		defer func() { info.call = nil }()
		x, err := fn(info, call)
		if err != nil {
			return ctx.throwError(err)
		}
		if call.Kind != native.AskGetProperty && call.Kind != native.AskEnumerate {
			return native.OK
		}
		return ctx.giveResult(call, x)
	}
}
