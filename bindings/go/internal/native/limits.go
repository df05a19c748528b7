package native

/*
#include "limits.h"
*/
import "C"

import (
	"time"
	"unsafe"
)

// LimitsBegin puts limits on what this thread runs until LimitsEnd, and holds the isolate for it; 0:
// no limit. `number` is what LimitsCancel finds them by.
func LimitsBegin(isolate unsafe.Pointer, wall, cpu time.Duration) (number uint64, status Status) {
	status = Status(C.igo_limits_begin(isolateOf(isolate), C.uint64_t(wall), C.uint64_t(cpu),
		(*C.uint64_t)(unsafe.Pointer(&number))))
	return number, status
}

// LimitsEnd takes the latest ones off.
func LimitsEnd(isolate unsafe.Pointer) Status {
	return Status(C.ist_limits_end(isolateOf(isolate), nil))
}

// Kept is what V8's last full collection has left, in bytes; 0 before the first one.
func Kept(isolate unsafe.Pointer) uint64 { return uint64(C.ist_isolate_kept(isolateOf(isolate))) }

// LimitsCancel ends what runs within them, from any thread.
func LimitsCancel(isolate unsafe.Pointer, number uint64) {
	C.ist_limits_cancel(isolateOf(isolate), C.uint64_t(number))
}
