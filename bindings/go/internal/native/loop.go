package native

/*
#include "hooks.h"
*/
import "C"

import "unsafe"

// LoopTurn runs what the loop has ready, without waiting, and tells whether something can still
// happen.
func LoopTurn(isolate unsafe.Pointer) (alive bool, status Status) {
	var more C.bool
	status = Status(C.ist_loop_run(isolateOf(isolate), C.IST_LOOP_NOWAIT, &more))
	return bool(more), status
}

// LoopDelay is the milliseconds until the loop has something to do by itself; -1: never.
func LoopDelay(isolate unsafe.Pointer) (milliseconds int, status Status) {
	var timeout C.int
	status = Status(C.ist_loop_timeout(isolateOf(isolate), &timeout))
	return int(timeout), status
}

// LoopDescriptor is readable when the loop has something to do; it belongs to the isolate.
func LoopDescriptor(isolate unsafe.Pointer) (fd int, status Status) {
	var number C.int
	status = Status(C.ist_loop_fd(isolateOf(isolate), &number))
	return int(number), status
}

// Readable tells whether a descriptor can be read, without waiting.
func Readable(fd uintptr) bool { return bool(C.igo_readable(C.int(fd))) }

// LoopRef says that something is under way outside, until LoopUnref.
func LoopRef(isolate unsafe.Pointer) Status { return Status(C.ist_loop_ref(isolateOf(isolate))) }

// LoopUnref is LoopRef's end.
func LoopUnref(isolate unsafe.Pointer) Status { return Status(C.ist_loop_unref(isolateOf(isolate))) }
