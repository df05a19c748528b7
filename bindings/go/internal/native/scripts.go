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

// Source is an ist_source. File has no NUL.
type Source struct {
	Text         string
	File         string
	Line, Column int // how many lines and UTF-16 units stand before the text
	Cache        []byte
}

// c is the source for one call; done is to be called after it.
func (s *Source) c() (source C.ist_source, done func()) {
	var pins runtime.Pinner
	source = C.ist_source{
		size:          C.sizeof_ist_source,
		length:        C.size_t(len(s.Text)),
		file:          C.CString(s.File),
		line_offset:   C.int32_t(s.Line),
		column_offset: C.int32_t(s.Column),
		cache_length:  C.size_t(len(s.Cache)),
	}
	if len(s.Text) > 0 {
		text := unsafe.StringData(s.Text)
		pins.Pin(text)
		source.text = (*C.char)(unsafe.Pointer(text))
	}
	if len(s.Cache) > 0 {
		pins.Pin(&s.Cache[0])
		source.cache = (*C.uint8_t)(&s.Cache[0])
	}
	file := source.file
	return source, func() {
		pins.Unpin()
		C.free(unsafe.Pointer(file))
	}
}

// CompileScript compiles a script and gives its address.
func CompileScript(isolate, context unsafe.Pointer, s Source) (unsafe.Pointer, Status, *Error) {
	source, done := s.c()
	defer done()
	var script *C.ist_script
	var err *C.ist_error
	status := C.ist_script_compile(contextOf(context), &source, &script, &err)
	return unsafe.Pointer(script), Status(status), takeError(isolate, err)
}

// FreeScript gives it up.
func FreeScript(script unsafe.Pointer) { C.ist_script_free((*C.ist_script)(script)) }

// RunScript runs it.
func RunScript(isolate, context, script unsafe.Pointer) (result Value, status Status, err *Error) {
	var problem *C.ist_error
	status = Status(C.ist_script_run(contextOf(context), (*C.ist_script)(script),
		(*C.ist_value)(unsafe.Pointer(&result)), &problem))
	return result, status, takeError(isolate, problem)
}

// CompileFunction compiles the body of a function with these parameters.
func CompileFunction(isolate, context unsafe.Pointer, s Source,
	parameters []string) (result Value, status Status, err *Error) {
	source, done := s.c()
	defer done()
	names, free := cStrings(parameters)
	defer free()
	var problem *C.ist_error
	status = Status(C.ist_function_compile(contextOf(context), &source, names, C.size_t(len(parameters)),
		(*C.ist_value)(unsafe.Pointer(&result)), &problem))
	return result, status, takeError(isolate, problem)
}

// cStrings is an array of texts in C memory, which ends with NULL.
func cStrings(texts []string) (array **C.char, free func()) {
	array = (**C.char)(C.calloc(C.size_t(len(texts)+1), C.size_t(unsafe.Sizeof(array))))
	all := unsafe.Slice(array, len(texts)+1)
	for i, text := range texts {
		all[i] = C.CString(text)
	}
	return array, func() {
		for _, text := range all {
			C.free(unsafe.Pointer(text))
		}
		C.free(unsafe.Pointer(array))
	}
}

// taken copies bytes that a function of isthmus.h has allocated.
func taken(status C.ist_status, bytes *C.uint8_t, length C.size_t) ([]byte, Status) {
	if status != C.IST_OK {
		return nil, Status(status)
	}
	copied := append([]byte{}, unsafe.Slice((*byte)(unsafe.Pointer(bytes)), int(length))...)
	C.ist_free(unsafe.Pointer(bytes))
	return copied, OK
}

// ScriptCache is the script's code.
func ScriptCache(script unsafe.Pointer) ([]byte, Status) {
	var bytes *C.uint8_t
	var length C.size_t
	status := C.ist_script_cache((*C.ist_script)(script), &bytes, &length)
	return taken(status, bytes, length)
}

// FunctionCache is the code of a function of CompileFunction.
func FunctionCache(isolate unsafe.Pointer, function Value) ([]byte, Status) {
	var bytes *C.uint8_t
	var length C.size_t
	status := C.ist_function_cache(isolateOf(isolate), function.c(), &bytes, &length)
	return taken(status, bytes, length)
}

// CacheUsed tells whether the last compilation with a cache has used it.
func CacheUsed(isolate unsafe.Pointer) bool {
	return bool(C.ist_isolate_cache_used(isolateOf(isolate)))
}
