package native

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"
)

// Host answers what C calls. It is set once, before the first isolate is made.
type Host struct {
	// Call answers a call of function id of an isolate. It must not panic.
	Call func(isolate, id uint64, call *CallInfo) Status
	// Told is told what hook id of an isolate is for. It must not panic.
	Told func(isolate, id uint64, event *Event) Status
	// Forget is told that nothing will ask for id again. It must not call into the isolate.
	Forget func(isolate, id uint64)
}

var host atomic.Pointer[Host]

// SetHost says who answers.
func SetHost(h *Host) { host.Store(h) }

// What a CallInfo asks for.
const (
	AskCall        uint32 = C.IGO_CALL
	AskGetProperty uint32 = C.IGO_GET_PROPERTY
	AskSetProperty uint32 = C.IGO_SET_PROPERTY
	AskQuery       uint32 = C.IGO_QUERY
	AskRemove      uint32 = C.IGO_REMOVE
	AskEnumerate   uint32 = C.IGO_ENUMERATE
)

// CallInfo is an igo_question; valid until the callback has returned.
type CallInfo struct {
	Context  unsafe.Pointer
	Number   uint64 // of the context
	Receiver Value
	Target   Value // new.target; of an access, the object that was made from the template
	Result   Value
	argv     *Value
	argc     uint64
	Kind     uint32
	Flags    uint32 // of a property, beforehand and as an answer
	Yes      bool   // the same: the property was found, or removed
	Handled  bool   // the same
	args     [FrameArgs]Value
	Texts
}

// Args are the arguments, in C memory; their handles live until the callback has returned.
func (c *CallInfo) Args() []Value { return unsafe.Slice(c.argv, c.argc) }

// DropKey makes a call of an access to a property: the value, if there is one, is the only argument.
func (c *CallInfo) DropKey() {
	rest := c.Args()[1:]
	c.argv, c.argc = unsafe.SliceData(rest), uint64(len(rest))
}

//export igoCall
func igoCall(isolate, id C.uint64_t, call unsafe.Pointer) C.int32_t {
	return C.int32_t(host.Load().Call(uint64(isolate), uint64(id), (*CallInfo)(call)))
}

//export igoForget
func igoForget(isolate, id C.uint64_t) { host.Load().Forget(uint64(isolate), uint64(id)) }

// Within a callback, for it to answer with what is returned:

// Throw throws a value.
func Throw(context unsafe.Pointer, v Value) Status {
	return Status(C.ist_throw(contextOf(context), v.c()))
}

// ThrowError throws a new error of that class.
func ThrowError(context unsafe.Pointer, name, message string) Status {
	n, m := C.CString(name), C.CString(message)
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(m))
	return Status(C.ist_throw_error(contextOf(context), n, m))
}

// ThrowHost throws a new error that stands for what Go numbers id: an Error that comes of it has it
// as its Host, until Forget says that nothing will.
func ThrowHost(context unsafe.Pointer, name, message string, isolate, id uint64) Status {
	n, m := C.CString(name), C.CString(message)
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(m))
	env := C.igo__env_new(C.uint64_t(isolate), C.uint64_t(id))
	if env == nil {
		host.Load().Forget(isolate, id)
		return ErrMemory
	}
	return Status(C.ist_throw_host(contextOf(context), n, m, unsafe.Pointer(env),
		C.ist_finalizer(C.igo_env_free)))
}
