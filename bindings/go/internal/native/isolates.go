package native

/*
#include <stdlib.h>
#include "trees.h"
*/
import "C"

import "unsafe"

// IsolateOptions are those of ist_isolate_new. Snapshot is the address of an ist_snapshot, or 0.
type IsolateOptions struct {
	HeapLimit, BufferLimit, StackLimit uint64
	ExplicitMicrotasks                 bool
	Snapshot                           unsafe.Pointer
}

// NewIsolate makes an isolate and gives its address.
func NewIsolate(o IsolateOptions) (unsafe.Pointer, Status) {
	options := C.ist_isolate_options{
		size:          C.sizeof_ist_isolate_options,
		heap_limit:    C.size_t(o.HeapLimit),
		buffer_limit:  C.size_t(o.BufferLimit),
		stack_limit:   C.size_t(o.StackLimit),
		microtasks:    C.IST_MICROTASKS_AUTO,
		snapshot:      (*C.ist_snapshot)(o.Snapshot),
		buffer_source: &C.igo_buffer_source,
	}
	if o.ExplicitMicrotasks {
		options.microtasks = C.IST_MICROTASKS_EXPLICIT
	}
	var isolate *C.ist_isolate
	status := C.ist_isolate_new(&options, &isolate)
	return unsafe.Pointer(isolate), Status(status)
}

// FreeIsolate frees it.
func FreeIsolate(isolate unsafe.Pointer) Status {
	return Status(C.ist_isolate_free(isolateOf(isolate)))
}

// Enter holds an isolate for this thread, and Leave gives it back.
func Enter(isolate unsafe.Pointer) Status { return Status(C.ist_isolate_enter(isolateOf(isolate))) }

// Leave is Enter's end.
func Leave(isolate unsafe.Pointer) Status { return Status(C.ist_isolate_leave(isolateOf(isolate))) }

// Terminate ends what runs, from any thread.
func Terminate(isolate unsafe.Pointer) { C.ist_isolate_terminate(isolateOf(isolate)) }

// Spent tells whether the heap limit was reached.
func Spent(isolate unsafe.Pointer) bool { return bool(C.ist_isolate_spent(isolateOf(isolate))) }

// ContextOptions are those of ist_context_new. Global is the address of an ist_template, or 0.
type ContextOptions struct {
	Name              string
	Global            unsafe.Pointer
	Frozen            bool
	NoCodeFromStrings bool
}

// NewContext makes a context and gives its address. `data` is what ContextData will give.
func NewContext(isolate unsafe.Pointer, o ContextOptions, data uint64) (unsafe.Pointer, Status) {
	options := C.ist_context_options{
		size:                 C.sizeof_ist_context_options,
		global:               (*C.ist_template)(o.Global),
		no_code_from_strings: C.bool(o.NoCodeFromStrings),
		frozen:               C.bool(o.Frozen),
	}
	if o.Name != "" {
		options.name = C.CString(o.Name)
		defer C.free(unsafe.Pointer(options.name))
	}
	var context *C.ist_context
	status := Status(C.ist_context_new(isolateOf(isolate), &options, &context))
	if status == OK {
		status = Status(C.igo_context_set_data(context, C.uint64_t(data)))
	}
	return unsafe.Pointer(context), status
}

// FreeContext frees it.
func FreeContext(context unsafe.Pointer) Status {
	return Status(C.ist_context_free(contextOf(context)))
}

// ContextData is what the context was made with.
func ContextData(context unsafe.Pointer) uint64 {
	return uint64(C.igo_context_data(contextOf(context)))
}

// Version is the library's release, and V8Version that of V8.
func Version() string   { return C.GoString(C.ist_version()) }
func V8Version() string { return C.GoString(C.ist_v8_version()) }
