package native

/*
#include <stdlib.h>
#include "hooks.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// cArray copies pointers, or records of them, into C memory.
func cArray[T any](from []T) (array *T, free func()) {
	array = (*T)(C.calloc(C.size_t(len(from)+1), C.size_t(unsafe.Sizeof(*array))))
	copy(unsafe.Slice(array, len(from)), from)
	return array, func() { C.free(unsafe.Pointer(array)) }
}

// NewSnapshot makes a snapshot and gives its address.
func NewSnapshot(scripts []Source, libraries []unsafe.Pointer) (unsafe.Pointer, Status, *Error) {
	sources := make([]C.ist_source, len(scripts))
	for i := range scripts {
		source, done := scripts[i].c()
		defer done()
		sources[i] = source
	}
	// Pinned and C memory is all that the records refer to.
	records, freeRecords := cArray(sources)
	defer freeRecords()
	granted, freeGranted := cArray(libraries)
	defer freeGranted()
	options := C.ist_snapshot_options{
		size:          C.sizeof_ist_snapshot_options,
		scripts:       records,
		script_count:  C.size_t(len(scripts)),
		libraries:     (**C.ist_library)(unsafe.Pointer(granted)),
		library_count: C.size_t(len(libraries)),
	}
	var snapshot *C.ist_snapshot
	var err *C.ist_error
	status := C.ist_snapshot_new(&options, &snapshot, &err)
	runtime.KeepAlive(scripts)
	return unsafe.Pointer(snapshot), Status(status), plainError(err)
}

// ReadSnapshot makes a snapshot of bytes and gives its address.
func ReadSnapshot(bytes []byte, libraries []unsafe.Pointer) (unsafe.Pointer, Status, *Error) {
	granted, free := cArray(libraries)
	defer free()
	var none C.uint8_t
	data := &none
	if len(bytes) > 0 {
		data = (*C.uint8_t)(&bytes[0])
	}
	var snapshot *C.ist_snapshot
	var err *C.ist_error
	status := C.ist_snapshot_read(data, C.size_t(len(bytes)), (**C.ist_library)(unsafe.Pointer(granted)),
		C.size_t(len(libraries)), &snapshot, &err)
	return unsafe.Pointer(snapshot), Status(status), plainError(err)
}

// WriteSnapshot gives its bytes.
func WriteSnapshot(snapshot unsafe.Pointer) ([]byte, Status) {
	var bytes *C.uint8_t
	var length C.size_t
	status := C.ist_snapshot_write((*C.ist_snapshot)(snapshot), &bytes, &length)
	return taken(status, bytes, length)
}

// FreeSnapshot gives it up.
func FreeSnapshot(snapshot unsafe.Pointer) { C.ist_snapshot_free((*C.ist_snapshot)(snapshot)) }
