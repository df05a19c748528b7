package native

/*
#include <stdlib.h>
#include "hooks.h"
*/
import "C"

import "unsafe"

// CompileModule compiles a module and gives its address.
func CompileModule(isolate, context unsafe.Pointer, s Source) (unsafe.Pointer, Status, *Error) {
	source, done := s.c()
	defer done()
	var module *C.ist_module
	var err *C.ist_error
	status := C.ist_module_compile(contextOf(context), &source, &module, &err)
	return unsafe.Pointer(module), Status(status), takeError(isolate, err)
}

// NewJSONModule makes a module of the text of a Source and gives its address.
func NewJSONModule(isolate, context unsafe.Pointer, s Source) (unsafe.Pointer, Status, *Error) {
	source, done := s.c()
	defer done()
	var module *C.ist_module
	var err *C.ist_error
	status := C.ist_module_new_json(contextOf(context), source.file, source.text, source.length, &module, &err)
	return unsafe.Pointer(module), Status(status), takeError(isolate, err)
}

// NewSyntheticModule makes a module with the exports of these names, which are properties of object,
// and gives its address.
func NewSyntheticModule(isolate, context unsafe.Pointer, url string, names []string,
	object Value) (unsafe.Pointer, Status, *Error) {
	file := C.CString(url)
	defer C.free(unsafe.Pointer(file))
	exports, free := cStrings(names)
	defer free()
	var module *C.ist_module
	var err *C.ist_error
	count := C.size_t(len(names))
	status := C.ist_module_new_synthetic(contextOf(context), file, exports, count, object.c(), &module, &err)
	return unsafe.Pointer(module), Status(status), takeError(isolate, err)
}

// NewModuleOf makes a module of an object's own properties, and gives its address.
func NewModuleOf(isolate, context unsafe.Pointer, url string, object Value) (unsafe.Pointer, Status, *Error) {
	file := C.CString(url)
	defer C.free(unsafe.Pointer(file))
	var module *C.ist_module
	var err *C.ist_error
	status := C.igo_module_of(contextOf(context), file, object.c(), &module, &err)
	return unsafe.Pointer(module), Status(status), takeError(isolate, err)
}

// SetExport sets an export of a synthetic module.
func SetExport(module unsafe.Pointer, name string, v Value) Status {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return Status(C.ist_module_set_export((*C.ist_module)(module), text, v.c()))
}

// FreeModule gives it up.
func FreeModule(module unsafe.Pointer) { C.ist_module_free((*C.ist_module)(module)) }

// LoadModule loads, links and runs a module, and gives the promise of its namespace.
func LoadModule(isolate, module unsafe.Pointer) (promise Value, status Status, err *Error) {
	var problem *C.ist_error
	status = Status(C.ist_module_load((*C.ist_module)(module), (*C.ist_value)(unsafe.Pointer(&promise)), &problem))
	return promise, status, takeError(isolate, problem)
}

// Namespace is the namespace object of a module that is linked.
func Namespace(module unsafe.Pointer) (namespace Value, status Status) {
	status = Status(C.ist_module_namespace((*C.ist_module)(module), (*C.ist_value)(unsafe.Pointer(&namespace))))
	return namespace, status
}

// ModuleCache is the module's code.
func ModuleCache(module unsafe.Pointer) ([]byte, Status) {
	var bytes *C.uint8_t
	var length C.size_t
	status := C.ist_module_cache((*C.ist_module)(module), &bytes, &length)
	return taken(status, bytes, length)
}

// FinishImport answers an import by a module, or when that is nil by an error.
func FinishImport(request, module unsafe.Pointer, err HostError) Status {
	return Status(C.ist_import_finish((*C.ist_import)(request), (*C.ist_module)(module), err.err))
}

// NewObject makes an empty object.
func NewObject(context unsafe.Pointer) (object Value, status Status) {
	status = Status(C.ist_object_new(contextOf(context), (*C.ist_value)(unsafe.Pointer(&object))))
	return object, status
}

// Define defines a property that can be changed, without running setters.
func Define(isolate, context unsafe.Pointer, object Value, name string, v Value) (Status, *Error) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	var err *C.ist_error
	status := C.ist_object_define(contextOf(context), object.c(), text, v.c(), C.IST_PROP_ALL, &err)
	return Status(status), takeError(isolate, err)
}
