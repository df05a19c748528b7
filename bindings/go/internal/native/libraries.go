package native

/*
#include <stdlib.h>
#include "hooks.h"
*/
import "C"

import "unsafe"

// plainError is takeError where no isolate has anything to do with it.
func plainError(err *C.ist_error) *Error {
	taken := takeError(nil, err)
	if taken != nil {
		taken.Value = Value{}
	}
	return taken
}

// opened is what opening a library has given.
type opened struct {
	library *C.ist_library
	err     *C.ist_error
}

func (o *opened) result(status C.ist_status) (unsafe.Pointer, Status, *Error) {
	return unsafe.Pointer(o.library), Status(status), plainError(o.err)
}

// OpenLibrary opens an installed library, looking in these folders first.
func OpenLibrary(name string, dirs []string) (unsafe.Pointer, Status, *Error) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	folders, free := cStrings(dirs)
	defer free()
	var o opened
	status := C.ist_library_open_name(text, folders, &o.library, &o.err)
	return o.result(status)
}

// OpenLibraryFile opens the library that an interface file describes.
func OpenLibraryFile(path string) (unsafe.Pointer, Status, *Error) {
	text := C.CString(path)
	defer C.free(unsafe.Pointer(text))
	var o opened
	status := C.ist_library_open_file(text, &o.library, &o.err)
	return o.result(status)
}

// OpenLibraryText does the same by the file's text, which file names.
func OpenLibraryText(file, text string) (unsafe.Pointer, Status, *Error) {
	name, content := C.CString(file), C.CString(text)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(content))
	var o opened
	status := C.ist_library_open_text(name, content, C.size_t(len(text)), &o.library, &o.err)
	return o.result(status)
}

// OpenLibraryDescriptor does the same by a descriptor.
func OpenLibraryDescriptor(json string) (unsafe.Pointer, Status, *Error) {
	content := C.CString(json)
	defer C.free(unsafe.Pointer(content))
	var o opened
	status := C.ist_library_open_descriptor(content, C.size_t(len(json)), &o.library, &o.err)
	return o.result(status)
}

// LibraryName is what the interface file calls it.
func LibraryName(library unsafe.Pointer) string {
	return C.GoString(C.ist_library_name((*C.ist_library)(library)))
}

// FreeLibrary gives it up.
func FreeLibrary(library unsafe.Pointer) { C.ist_library_free((*C.ist_library)(library)) }

// Grant gives a context the use of a library; no tags: everything but what is unsafe.
func Grant(isolate, context, library unsafe.Pointer, tags []string) (exports Value, status Status, err *Error) {
	var names **C.char
	if len(tags) > 0 {
		array, free := cStrings(tags)
		defer free()
		names = array
	}
	var problem *C.ist_error
	status = Status(C.ist_context_grant(contextOf(context), (*C.ist_library)(library), names,
		(*C.ist_value)(unsafe.Pointer(&exports)), &problem))
	return exports, status, takeError(isolate, problem)
}
