package isthmus

import "isthmus/bindings/go/internal/native"

// Unmarshal copies a JavaScript value into the Go variable that into points to.
func Unmarshal(v Valuer, into any) error {
	from := v.value()
	if err := from.ctx.enter(); err != nil {
		return err
	}
	defer from.ctx.leave()
	handle, err := from.ctx.handleOf("Unmarshal", from)
	if err != nil {
		return err
	}
	return from.ctx.unmarshal(handle, into)
}

// unmarshal is Unmarshal with the isolate entered; v stays the caller's.
func (ctx *Context) unmarshal(v native.Value, into any) error {
	return statusError("Unmarshal", native.ErrType)
}
