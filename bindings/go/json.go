package isthmus

import (
	"unicode/utf8"

	"isthmus/bindings/go/internal/native"
)

// JSONParse gives the value that JSON.parse does, by V8's own. A text that is none is a JSError.
func JSONParse(ctx *Context, text string) (*Value, error) {
	if ctx == nil {
		return nil, argumentError("JSONParse", "the context is nil")
	}
	if !utf8.ValidString(text) {
		return nil, &ConversionError{Go: "string", JavaScript: "JSON text", Message: "it is not valid UTF-8"}
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantValue)
	var p pins
	defer p.release(ctx)
	if err := ctx.text(frame, &p.Pinner, &frame.Args[0], text); err != nil {
		return nil, err
	}
	result, err := ctx.done("JSONParse", native.ReadJSON(ctx.handle, frame), frame)
	if err != nil {
		return nil, err
	}
	return ctx.value(result.Value), nil
}

// JSONStringify gives the text that JSON.stringify does, by V8's own: toJSON and getters run. What it
// gives none for, such as undefined and functions, is a ConversionError. ctx is where it runs; nil: where
// the value came from.
func JSONStringify(ctx *Context, value Valuer) (string, error) {
	v := valueOf(value)
	if ctx == nil && v != nil {
		ctx = v.ctx
	}
	result, err := ctx.operate("JSONStringify", native.OpJSONWrite, native.WantPlain, v, nil)
	if err != nil {
		return "", err
	}
	if result.Type == native.Undefined {
		return "", &ConversionError{Go: "JSON text", JavaScript: v.TypeOf(), Message: "it has no form in JSON"}
	}
	return result.text, nil
}

// MarshalJSON gives what JSONStringify does, so that encoding/json takes values; null for what
// JSON.stringify gives no text for, as it is in an array.
func (v *Value) MarshalJSON() ([]byte, error) {
	if !v.plain().IsHandle() {
		if v.IsBoolean() || v.IsNumber() && v.Number()-v.Number() == 0 {
			return []byte(v.String()), nil
		}
		return []byte("null"), nil
	}
	result, err := v.ctx.operate("MarshalJSON", native.OpJSONWrite, native.WantPlain, v, nil)
	if err != nil {
		return nil, err
	}
	if result.Type == native.Undefined {
		return []byte("null"), nil
	}
	return []byte(result.text), nil
}
