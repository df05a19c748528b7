package isthmus

import (
	"reflect"

	"isthmus/bindings/go/internal/native"
)

// functionOf makes a function of a func. The isolate is entered; the handle is the caller's to free.
func (ctx *Context) functionOf(fn reflect.Value) (native.Value, error) {
	return native.Value{}, formless(fn.Type(), "function")
}
