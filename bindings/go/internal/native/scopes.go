package native

/*
#include "bridge.h"
*/
import "C"

import "unsafe"

// OpenScope opens a scope, in which handles end together, and holds the isolate for this thread.
func OpenScope(isolate unsafe.Pointer) (scope uint32, status Status) {
	var opened C.uint32_t
	status = Status(C.ist_scope_open(isolateOf(isolate), &opened))
	return uint32(opened), status
}

// CloseScope closes the scope that was opened last.
func CloseScope(isolate unsafe.Pointer, scope uint32) Status {
	return Status(C.ist_scope_close(isolateOf(isolate), C.uint32_t(scope)))
}
