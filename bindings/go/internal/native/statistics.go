package native

/*
#include <signal.h>
#include "hooks.h"
*/
import "C"

import (
	"time"
	"unsafe"
)

// Statistics is an ist_statistics.
type Statistics struct {
	HeapUsed, HeapTotal, HeapLimit, HeapPhysical, Malloced, External uint64
	NativeContexts, DetachedContexts, Handles, Buffers               uint64
}

// ReadStatistics reads an isolate's.
func ReadStatistics(isolate unsafe.Pointer) (Statistics, Status) {
	s := C.ist_statistics{size: C.sizeof_ist_statistics}
	status := Status(C.ist_isolate_statistics(isolateOf(isolate), &s))
	return Statistics{
		HeapUsed: uint64(s.heap_used), HeapTotal: uint64(s.heap_total), HeapLimit: uint64(s.heap_limit),
		HeapPhysical: uint64(s.heap_physical), Malloced: uint64(s.malloced), External: uint64(s.external),
		NativeContexts: uint64(s.native_contexts), DetachedContexts: uint64(s.detached_contexts),
		Handles: uint64(s.handles), Buffers: uint64(s.buffers),
	}, status
}

// Collect collects all garbage.
func Collect(isolate unsafe.Pointer) Status { return Status(C.ist_isolate_collect(isolateOf(isolate))) }

// WriteHeap has the hook told the pieces of a heap snapshot.
func WriteHeap(isolate unsafe.Pointer, number, id uint64) Status {
	return Status(C.igo_write_heap(isolateOf(isolate), C.uint64_t(number), C.uint64_t(id)))
}

// StartProfile begins to sample this thread.
func StartProfile(isolate unsafe.Pointer, interval time.Duration) Status {
	return Status(C.ist_profile_start(isolateOf(isolate), C.uint32_t(interval.Microseconds())))
}

// StopProfile ends it, and has the hook told the pieces of the record.
func StopProfile(isolate unsafe.Pointer, number, id uint64) Status {
	return Status(C.igo_profile_stop(isolateOf(isolate), C.uint64_t(number), C.uint64_t(id)))
}

// OnStack is SA_ONSTACK, which Go needs of every handler of signals.
const OnStack = C.SA_ONSTACK

// ProfilingFlags are the flags of the handler of SIGPROF.
func ProfilingFlags() int {
	var is C.struct_sigaction
	C.sigaction(C.SIGPROF, nil, &is)
	return int(is.sa_flags)
}
