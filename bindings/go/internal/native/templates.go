package native

/*
#include <stdlib.h>
#include "templates.h"
*/
import "C"

import "unsafe"

// Flags of a property.
const (
	Writable     uint32 = C.IST_PROP_WRITABLE
	Enumerable   uint32 = C.IST_PROP_ENUMERABLE
	Configurable uint32 = C.IST_PROP_CONFIGURABLE
)

// Members of a handler that Go answers.
const (
	HandlesGet       uint32 = C.IGO_HANDLES_GET
	HandlesSet       uint32 = C.IGO_HANDLES_SET
	HandlesQuery     uint32 = C.IGO_HANDLES_QUERY
	HandlesRemove    uint32 = C.IGO_HANDLES_REMOVE
	HandlesEnumerate uint32 = C.IGO_HANDLES_ENUMERATE
)

// FunctionOptions are those of ist_template_new_function. Signature is a template's address, or nil.
type FunctionOptions struct {
	Name        string
	Length      int32
	Signature   unsafe.Pointer
	NoConstruct bool
	Texts       bool // as of NewFunction
}

// NewObjectTemplate makes one and gives its address, as below.
func NewObjectTemplate(isolate unsafe.Pointer) (unsafe.Pointer, Status) {
	var made *C.ist_template
	status := C.ist_template_new_object(isolateOf(isolate), &made)
	return unsafe.Pointer(made), Status(status)
}

// NewFunctionTemplate makes a template for functions that the Host's Call answers; id 0: none does.
func NewFunctionTemplate(isolate unsafe.Pointer, o FunctionOptions, number, id uint64) (unsafe.Pointer, Status) {
	options := C.ist_function_options{
		size:         C.sizeof_ist_function_options,
		length:       C.int32_t(o.Length),
		signature:    templateOf(o.Signature),
		no_construct: C.bool(o.NoConstruct),
	}
	if o.Name != "" {
		options.name = C.CString(o.Name)
		defer C.free(unsafe.Pointer(options.name))
	}
	var made *C.ist_template
	status := C.igo_template_function(isolateOf(isolate), &options, C.uint64_t(number), C.uint64_t(id),
		C.bool(o.Texts), &made)
	return unsafe.Pointer(made), Status(status)
}

// FreeTemplate gives a reference up.
func FreeTemplate(template unsafe.Pointer) { C.ist_template_free(templateOf(template)) }

// PrototypeTemplate and InstanceTemplate are those of a function template, each with a reference.
func PrototypeTemplate(function unsafe.Pointer) (unsafe.Pointer, Status) {
	var part *C.ist_template
	status := C.ist_template_prototype(templateOf(function), &part)
	return unsafe.Pointer(part), Status(status)
}

// InstanceTemplate: see PrototypeTemplate.
func InstanceTemplate(function unsafe.Pointer) (unsafe.Pointer, Status) {
	var part *C.ist_template
	status := C.ist_template_instance(templateOf(function), &part)
	return unsafe.Pointer(part), Status(status)
}

// Inherit makes a function template inherit from another.
func Inherit(function, parent unsafe.Pointer) Status {
	return Status(C.ist_template_inherit(templateOf(function), templateOf(parent)))
}

// SetTemplate adds the property Args[0]: Args[1], or what another template makes.
func SetTemplate(isolate, template unsafe.Pointer, f *Frame, other unsafe.Pointer, flags uint32) Status {
	return Status(C.igo_template_set(isolateOf(isolate), templateOf(template), C.uintptr_t(f.Address()),
		templateOf(other), C.uint32_t(flags)))
}

// SetAccessor has the Host's Call answer reads and writes of the property Args[0].
func SetAccessor(isolate, template unsafe.Pointer, f *Frame, number, id uint64, writable bool, flags uint32) Status {
	return Status(C.igo_template_set_accessor(isolateOf(isolate), templateOf(template), C.uintptr_t(f.Address()),
		C.uint64_t(number), C.uint64_t(id), C.bool(writable), C.uint32_t(flags)))
}

// SetHandler has the Host's Call answer for properties of any name, or of any index.
func SetHandler(template unsafe.Pointer, indexed bool, number, id uint64, members uint32, noSymbols, onlyMissing bool) Status {
	return Status(C.igo_template_set_handler(templateOf(template), C.bool(indexed), C.uint64_t(number), C.uint64_t(id),
		C.uint32_t(members), C.bool(noSymbols), C.bool(onlyMissing)))
}

// SetCall has the Host's Call answer calls of the objects.
func SetCall(template unsafe.Pointer, number, id uint64, texts bool) Status {
	return Status(C.igo_template_set_call(templateOf(template), C.uint64_t(number), C.uint64_t(id), C.bool(texts)))
}

// SetFields says how many internal fields the objects have.
func SetFields(template unsafe.Pointer, count uint32) Status {
	return Status(C.ist_template_set_fields(templateOf(template), C.uint32_t(count)))
}

// MakeOf makes an object of a template, or gives its function.
func MakeOf(context, template unsafe.Pointer, function bool, f *Frame) Status {
	return Status(C.igo_template_make(C.uintptr_t(uintptr(context)), templateOf(template), C.bool(function),
		C.uintptr_t(f.Address())))
}

// HasInstance tells whether a function template has made an object.
func HasInstance(template unsafe.Pointer, v Value) (bool, Status) {
	var has C.bool
	status := C.ist_template_has_instance(templateOf(template), v.c(), &has)
	return bool(has), Status(status)
}

// FieldCount is how many internal fields Subject has.
func FieldCount(isolate unsafe.Pointer, f *Frame) uint32 {
	return uint32(C.igo_field_count(isolateOf(isolate), C.uintptr_t(f.Address())))
}

// GetField reads an internal field of Subject.
func GetField(context unsafe.Pointer, f *Frame, index uint32) Status {
	return Status(C.igo_field_get(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address()), C.uint32_t(index)))
}

// SetField writes Args[0] into an internal field of Subject.
func SetField(context unsafe.Pointer, f *Frame, index uint32) Status {
	return Status(C.igo_field_set(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address()), C.uint32_t(index)))
}

// NewExternal makes a value that stands for what Go numbers id, until Forget says that nothing does.
func NewExternal(context unsafe.Pointer, number, id uint64, f *Frame) Status {
	return Status(C.igo_external_new(C.uintptr_t(uintptr(context)), C.uint64_t(number), C.uint64_t(id),
		C.uintptr_t(f.Address())))
}

// ReadExternal gives the number that Subject stands for; 0: none.
func ReadExternal(isolate unsafe.Pointer, f *Frame) uint64 {
	return uint64(C.igo_external_read(isolateOf(isolate), C.uintptr_t(f.Address())))
}

func templateOf(at unsafe.Pointer) *C.ist_template { return (*C.ist_template)(at) }
