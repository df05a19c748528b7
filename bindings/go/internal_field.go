package isthmus

import (
	"fmt"
	"reflect"

	"isthmus/bindings/go/internal/native"
)

// InternalFieldCount is how many internal fields the object has, as its template has said.
func (o *Object) InternalFieldCount() uint32 {
	var count uint32
	_ = o.field("InternalFieldCount", func(ctx *Context, frame *native.Frame) error {
		count = native.FieldCount(ctx.iso.handle, frame)
		return nil
	})
	return count
}

// SetInternalField keeps something with the object that JavaScript cannot see: a value of JavaScript's,
// or a plain one, as such; and anything else as the very Go value that it is, until JavaScript has
// forgotten the object. A Go value must not refer to the isolate's values if they lead to the object:
// neither would ever be freed.
func (o *Object) SetInternalField(index uint32, x any) error {
	const op = "SetInternalField"
	return o.field(op, func(ctx *Context, frame *native.Frame) error {
		subject := frame.Subject
		var p pins
		defer p.release(ctx)
		frame.Begin(1, native.WantNothing)
		ok, err := ctx.lowerPlain(frame, &p, &frame.Args[0], x)
		if err != nil {
			return err
		}
		if !ok {
			frame.Begin(0, native.WantValue)
			status := native.NewExternal(ctx.handle, ctx.iso.number, ctx.iso.answers.add(x), frame)
			if status != native.OK {
				return statusError(op, status)
			}
			made := frame.Result
			p.temporaries = append(p.temporaries, made)
			frame.Begin(1, native.WantNothing)
			frame.Args[0] = made
		}
		frame.Subject = subject
		return fieldError(op, index, native.SetField(ctx.handle, frame, index))
	})
}

// GetInternalField is the value in an internal field: undefined when nothing was set, and nil when the
// object has no such field. A Go value is an object that is of no use; see InternalField.
func (o *Object) GetInternalField(index uint32) *Value {
	v, _ := o.internalField("GetInternalField", index)
	return v
}

func (o *Object) internalField(op string, index uint32) (v *Value, err error) {
	err = o.field(op, func(ctx *Context, frame *native.Frame) error {
		frame.Want = native.WantValue
		if err := fieldError(op, index, native.GetField(ctx.handle, frame, index)); err != nil {
			return err
		}
		v = ctx.value(frame.Result)
		return nil
	})
	return v, err
}

// InternalField is what an internal field has: the very Go value that SetInternalField was given, or as
// Unmarshal gives it.
func InternalField[T any](o *Object, index uint32) (made T, err error) {
	const op = "InternalField"
	v, err := o.internalField(op, index)
	if err != nil {
		return made, err
	}
	var kept any
	if v.plain().IsHandle() {
		err := (&Object{v}).field(op, func(ctx *Context, frame *native.Frame) error {
			kept = ctx.iso.answers.get(native.ReadExternal(ctx.iso.handle, frame))
			return nil
		})
		if err != nil {
			return made, err
		}
	}
	if kept == nil {
		return made, Unmarshal(v, &made)
	}
	made, ok := kept.(T)
	if !ok {
		return made, &ConversionError{Go: reflect.TypeFor[T]().String(), JavaScript: fmt.Sprintf("%T", kept),
			Message: "they have nothing in common"}
	}
	return made, nil
}

// field does something about the object, which is the frame's subject.
func (o *Object) field(op string, what func(ctx *Context, frame *native.Frame) error) error {
	about, ctx, err := subject(op, o)
	if err != nil {
		return err
	}
	if err := ctx.enter(); err != nil {
		return err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantNothing)
	if frame.Subject, err = ctx.handleOf(op, about); err != nil {
		return err
	}
	return what(ctx, frame)
}

func fieldError(op string, index uint32, status native.Status) error {
	switch status {
	case native.OK:
		return nil
	case native.ErrType:
		return argumentError(op, "the object has no internal field %d", index)
	}
	return statusError(op, status)
}
