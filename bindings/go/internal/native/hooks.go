package native

/*
#include <stdlib.h>
#include "hooks.h"
*/
import "C"

import "unsafe"

// What an Event is about.
const (
	Uncaught uint32 = C.IGO_UNCAUGHT
	Message  uint32 = C.IGO_MESSAGE
	Import   uint32 = C.IGO_IMPORT
	Meta     uint32 = C.IGO_META
	Write    uint32 = C.IGO_WRITE
	Task     uint32 = C.IGO_TASK
	Pause    uint32 = C.IGO_PAUSE
	Quit     uint32 = C.IGO_QUIT
	Ready    uint32 = C.IGO_READY
	Send     uint32 = C.IGO_SEND
)

// Event is an igo_event; valid until the hook has returned.
type Event struct {
	Kind     uint32
	Level    uint32 // an ist_level
	Context  unsafe.Pointer
	text     *byte
	length   uintptr
	referrer *C.char
	typ      *C.char
	Import   unsafe.Pointer
	err      *C.ist_error
	Value    Value
}

// Bytes are the event's text, in C memory.
func (e *Event) Bytes() []byte { return unsafe.Slice(e.text, e.length) }

// Text is the event's text.
func (e *Event) Text() string { return string(e.Bytes()) }

// Referrer and Type are an import's.
func (e *Event) Referrer() string { return C.GoString(e.referrer) }
func (e *Event) Type() string     { return C.GoString(e.typ) }

// Error copies the event's error; its Value is a handle that the reader owns.
func (e *Event) Error(isolate unsafe.Pointer) *Error {
	taken := copyError(e.err)
	taken.Value, _ = Keep(isolate, taken.Value)
	return taken
}

//export igoTold
func igoTold(isolate, id C.uint64_t, event unsafe.Pointer) C.int32_t {
	return C.int32_t(host.Load().Told(uint64(isolate), uint64(id), (*Event)(event)))
}

// The hooks, each known by the numbers of the isolate and of itself.

// SetUncaught sets who is told of errors that nobody catches.
func SetUncaught(isolate unsafe.Pointer, number, id uint64) Status {
	return Status(C.igo_set_uncaught(isolateOf(isolate), C.uint64_t(number), C.uint64_t(id)))
}

// AddWeb adds the web's globals, whose console tells the hook.
func AddWeb(context unsafe.Pointer, noTimers bool, number, id uint64) (Status, *Error) {
	var err *C.ist_error
	status := C.igo_add_web(contextOf(context), C.bool(noTimers), C.uint64_t(number), C.uint64_t(id), &err)
	return Status(status), takeError(nil, err)
}

// SetLoader sets who is asked for imports and import.meta.
func SetLoader(context unsafe.Pointer, number, id uint64) Status {
	return Status(C.igo_set_loader(contextOf(context), C.uint64_t(number), C.uint64_t(id)))
}

// Interrupt has the hook told in the midst of what runs.
func Interrupt(isolate unsafe.Pointer, number, id uint64) Status {
	return Status(C.igo_interrupt(isolateOf(isolate), C.uint64_t(number), C.uint64_t(id)))
}

// HostError is an error as C has it; to be freed.
type HostError struct{ err *C.ist_error }

// NewHostError makes the error of one of Go's that is numbered id, until Forget says that nothing has
// it. Its Err is nil when memory is out.
func NewHostError(context unsafe.Pointer, name, message string, number, id uint64) HostError {
	n, m := C.CString(name), C.CString(message)
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(m))
	return HostError{C.igo_error_new(contextOf(context), n, m, C.uint64_t(number), C.uint64_t(id))}
}

// ErrorOf is the error of a value that is thrown.
func ErrorOf(context unsafe.Pointer, thrown Value) HostError {
	return HostError{C.igo_error_of(contextOf(context), thrown.c())}
}

// Value is what JavaScript sees of it, valid until it is freed.
func (e HostError) Value() Value {
	if e.err == nil {
		return Value{}
	}
	return *(*Value)(unsafe.Pointer(&e.err.value))
}

// Free frees it.
func (e HostError) Free() { C.ist_error_free(e.err) }

// PromiseState is an ist_promise_state.
type PromiseState int32

// The states of a promise.
const (
	Pending   PromiseState = C.IST_PROMISE_PENDING
	Fulfilled PromiseState = C.IST_PROMISE_FULFILLED
	Rejected  PromiseState = C.IST_PROMISE_REJECTED
)

// ReadPromise reads the state and the value of the promise that is the frame's Subject; with
// throwing, the reason of a rejection is the frame's error, and ErrException the status.
func ReadPromise(context unsafe.Pointer, f *Frame, throwing bool) (PromiseState, Status) {
	answer := C.igo_promise_read(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address()), C.bool(throwing))
	return PromiseState(answer >> 8), Status(answer & 0xff)
}

// WatchPromise has the function id called when the promise is settled.
func WatchPromise(context unsafe.Pointer, promise Value, number, id uint64) Status {
	return Status(C.igo_promise_watch(contextOf(context), promise.c(), C.uint64_t(number), C.uint64_t(id)))
}

// NewPromise makes a promise, which SettlePromise settles.
func NewPromise(context unsafe.Pointer) (promise Value, status Status) {
	status = Status(C.ist_promise_new(contextOf(context), (*C.ist_value)(unsafe.Pointer(&promise))))
	return promise, status
}

// SettlePromise fulfils or rejects a promise of NewPromise.
func SettlePromise(context unsafe.Pointer, promise, value Value, rejected bool) Status {
	if rejected {
		return Status(C.ist_promise_reject(contextOf(context), promise.c(), value.c()))
	}
	return Status(C.ist_promise_resolve(contextOf(context), promise.c(), value.c()))
}

// MarkHandled says that somebody looks at a promise's rejection.
func MarkHandled(isolate unsafe.Pointer, promise Value) Status {
	return Status(C.ist_promise_mark_handled(isolateOf(isolate), promise.c()))
}

// Then is promise.then(fulfilled, rejected).
func Then(context unsafe.Pointer, promise, fulfilled, rejected Value) (made Value, status Status) {
	status = Status(C.ist_promise_then(contextOf(context), promise.c(), fulfilled.c(), rejected.c(),
		(*C.ist_value)(unsafe.Pointer(&made))))
	return made, status
}

// RunMicrotasks runs the microtasks that are queued.
func RunMicrotasks(isolate unsafe.Pointer) Status {
	return Status(C.ist_isolate_run_microtasks(isolateOf(isolate)))
}

// Same tells whether two values are the same.
func Same(isolate unsafe.Pointer, left, right Value) bool {
	var same C.bool
	return C.ist_value_same(isolateOf(isolate), left.c(), right.c(), &same) == C.IST_OK && bool(same)
}
