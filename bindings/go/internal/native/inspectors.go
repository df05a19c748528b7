package native

/*
#include <stdlib.h>
#include "hooks.h"
*/
import "C"

import "unsafe"

// NewInspector makes an inspector and gives its address.
func NewInspector(isolate unsafe.Pointer, number, id uint64) (unsafe.Pointer, Status) {
	var inspector *C.ist_inspector
	status := C.igo_inspector_new(isolateOf(isolate), C.uint64_t(number), C.uint64_t(id), &inspector)
	return unsafe.Pointer(inspector), Status(status)
}

// FreeInspector gives it up.
func FreeInspector(inspector unsafe.Pointer) { C.ist_inspector_free((*C.ist_inspector)(inspector)) }

// InspectContext shows a context to the sessions; no name: the context's own.
func InspectContext(inspector, context unsafe.Pointer, name string) Status {
	var text *C.char
	if name != "" {
		text = C.CString(name)
		defer C.free(unsafe.Pointer(text))
	}
	return Status(C.ist_inspector_add_context((*C.ist_inspector)(inspector), contextOf(context), text))
}

// PauseInspector pauses at the next statement.
func PauseInspector(inspector unsafe.Pointer, reason string) Status {
	text := C.CString(reason)
	defer C.free(unsafe.Pointer(text))
	return Status(C.ist_inspector_pause((*C.ist_inspector)(inspector), text))
}

// NewSession opens a session and gives its address.
func NewSession(inspector unsafe.Pointer, number, id uint64) (unsafe.Pointer, Status) {
	var session *C.ist_session
	status := C.igo_session_new((*C.ist_inspector)(inspector), C.uint64_t(number), C.uint64_t(id), &session)
	return unsafe.Pointer(session), Status(status)
}

// FreeSession ends it.
func FreeSession(session unsafe.Pointer) { C.ist_session_free((*C.ist_session)(session)) }

// Dispatch gives a session a message.
func Dispatch(session unsafe.Pointer, message []byte) Status {
	text := C.CBytes(append(message, 0))
	defer C.free(text)
	return Status(C.ist_session_dispatch((*C.ist_session)(session), (*C.char)(text), C.size_t(len(message))))
}
