// Package native is the C side of package isthmus: isthmus.h as Go sees it, and the bridge, by which
// an operation is one call. It knows handles and addresses, no Go objects but the Host; locks,
// lifetimes and conversions are the package's.
package native

/*
#cgo pkg-config: isthmus
#cgo CFLAGS: -O2 -Wall -Wextra
#include <stdlib.h>
#include <string.h>
#include "bridge.h"

#cgo noescape igo_values_free
*/
import "C"

import (
	"unsafe"
)

// Status is an ist_status.
type Status int32

// The statuses of isthmus.h.
const (
	OK            Status = C.IST_OK
	ErrArgument   Status = C.IST_ERR_ARGUMENT
	ErrHandle     Status = C.IST_ERR_HANDLE
	ErrType       Status = C.IST_ERR_TYPE
	ErrException  Status = C.IST_ERR_EXCEPTION
	ErrSyntax     Status = C.IST_ERR_SYNTAX
	ErrTerminated Status = C.IST_ERR_TERMINATED
	ErrMemory     Status = C.IST_ERR_MEMORY
	ErrState      Status = C.IST_ERR_STATE
	ErrNotFound   Status = C.IST_ERR_NOT_FOUND
	ErrDenied     Status = C.IST_ERR_DENIED
	ErrIO         Status = C.IST_ERR_IO
	ErrInterface  Status = C.IST_ERR_INTERFACE
	ErrResource   Status = C.IST_ERR_RESOURCE
	ErrForked     Status = C.IST_ERR_FORKED
	ErrLimit      Status = C.IST_ERR_LIMIT
	ErrFormat     Status = C.IST_ERR_FORMAT
	ErrTimeout    Status = C.IST_ERR_TIMEOUT
	ErrDied       Status = C.IST_ERR_DIED
)

// String is the status's text, such as "out of memory".
func (s Status) String() string { return C.GoString(C.ist_status_text(C.ist_status(s))) }

// Name is the status's name, such as "ERR_MEMORY".
func (s Status) Name() string { return C.GoString(C.ist_status_name(C.ist_status(s))) }

// Types of a Value.
const (
	Undefined uint32 = C.IST_UNDEFINED
	Null      uint32 = C.IST_NULL
	Bool      uint32 = C.IST_BOOL
	Int32     uint32 = C.IST_INT32
	Double    uint32 = C.IST_DOUBLE
	String    uint32 = C.IST_STRING
	Symbol    uint32 = C.IST_SYMBOL
	BigInt    uint32 = C.IST_BIGINT
	Object    uint32 = C.IST_OBJECT
	Function  uint32 = C.IST_FUNCTION
	// Texts, in frames only: so many bytes of ASCII, or of WTF-8 (UTF-8 that keeps lone surrogates).
	ASCII uint32 = C.IGO_ASCII
	WTF8  uint32 = C.IGO_WTF8
	// Arguments that become BigInts, in frames only.
	Int64  uint32 = C.IGO_INT64
	Uint64 uint32 = C.IGO_UINT64
)

// Value is an ist_value; from String on it is a handle.
type Value struct {
	Type    uint32
	Isolate uint32 // of a text: its length
	Bits    uint64
}

// IsHandle tells whether a value is to be released.
func (v Value) IsHandle() bool { return v.Type >= String && v.Type < ASCII }

// What the result of an operation is to be.
const (
	WantNothing uint32 = C.IGO_NOTHING
	WantValue   uint32 = C.IGO_VALUE
	WantPlain   uint32 = C.IGO_PLAIN
)

// Sizes of a Frame.
const (
	FrameArgs = C.IGO_ARGS
	FrameText = C.IGO_TEXT
)

// Texts are short texts that travel with what refers to them.
type Texts struct {
	used uint32
	text [FrameText]byte
}

// CopyText makes a value of a short text by copying it. False: there is no room.
func (t *Texts) CopyText(to *Value, text string, ascii bool) bool {
	if len(text) > len(t.text)-int(t.used) {
		return false
	}
	copy(t.text[t.used:], text)
	to.Type = WTF8
	if ascii {
		to.Type = ASCII
	}
	to.Isolate = uint32(len(text))
	to.Bits = uint64(uintptr(unsafe.Pointer(&t.text[0])) + uintptr(t.used))
	t.used += uint32(len(text))
	return true
}

// CopyCString makes a value of a text that ends with a NUL in C, as file names do.
func (t *Texts) CopyCString(to *Value, text string) bool {
	if len(text)+1 > len(t.text)-int(t.used) || !t.CopyText(to, text, true) {
		return false
	}
	t.text[t.used] = 0
	t.used++
	return true
}

// TextOf is a value that is a text here, copied.
func (t *Texts) TextOf(v Value) string {
	at := uintptr(v.Bits) - uintptr(unsafe.Pointer(&t.text))
	return string(t.text[at : at+uintptr(v.Isolate)])
}

// Frame is an igo_frame: the arguments and the result of one operation, in C memory.
type Frame struct {
	Result   Value
	err      *C.ist_error
	argv     uintptr
	Argc     uint32
	Want     uint32
	status   Status
	Keep     bool
	Kept     uint64 // what V8's last full collection had left, when the last handle was given
	Subject  Value
	Receiver Value
	Args     [FrameArgs]Value
	Texts
}

// NewFrame makes a frame; Free gives it back.
func NewFrame() *Frame { return (*Frame)(C.calloc(1, C.sizeof_igo_frame)) }

// Free gives a frame back.
func (f *Frame) Free() { C.free(unsafe.Pointer(f)) }

// Address is what operations take.
func (f *Frame) Address() uintptr { return uintptr(unsafe.Pointer(f)) }

// Begin empties a frame for an operation with argc arguments, which are set by Args when there are
// at most FrameArgs of them, and otherwise by SetArgs.
func (f *Frame) Begin(argc int, want uint32) {
	f.argv = uintptr(unsafe.Pointer(&f.Args))
	f.Argc = uint32(argc)
	f.Want = want
	f.used = 0
	f.Subject = Value{}
	f.Receiver = Value{}
}

// SetArgs sets the arguments: memory that is pinned until the operation is over.
func (f *Frame) SetArgs(args []Value) {
	f.argv = uintptr(unsafe.Pointer(unsafe.SliceData(args)))
	f.Argc = uint32(len(args))
}

// PointText makes an argument of a text that stays where it is: it is pinned until the operation is
// over, and not longer than 4 GiB.
func (f *Frame) PointText(to *Value, text string, ascii bool) {
	to.Type = WTF8
	if ascii {
		to.Type = ASCII
	}
	to.Isolate = uint32(len(text))
	to.Bits = uint64(uintptr(unsafe.Pointer(unsafe.StringData(text))))
}

// Text is the result when that is a text.
func (f *Frame) Text() string {
	return f.TextOf(f.Result)
}

// The operations. Each is about the context or isolate at that address.

// Eval runs a script: Args[0] is its text, Args[1] its name.
func Eval(context unsafe.Pointer, f *Frame) Status {
	return Status(C.igo_eval(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address())))
}

// Call calls Subject, with this as Receiver.
func Call(context unsafe.Pointer, f *Frame) Status {
	C.igo_call(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address()))
	return f.status
}

// Construct calls Subject as new does.
func Construct(context unsafe.Pointer, f *Frame) Status {
	C.igo_construct(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address()))
	return f.status
}

// Get reads the property Args[0] of Subject, of the global object when that is undefined.
func Get(context unsafe.Pointer, f *Frame) Status {
	C.igo_get(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address()))
	return f.status
}

// Set writes Args[1] to the property Args[0] of Subject, as above.
func Set(context unsafe.Pointer, f *Frame) Status {
	C.igo_set(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address()))
	return f.status
}

// Make makes a value of Args[0].
func Make(isolate unsafe.Pointer, f *Frame) Status {
	return Status(C.igo_value(C.uintptr_t(uintptr(isolate)), C.uintptr_t(f.Address())))
}

// Global gives the global object.
func Global(context unsafe.Pointer, f *Frame) Status {
	return Status(C.igo_global(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address())))
}

// NewFunction makes a function that the Host's Call answers, by these two numbers. With texts, short
// strings among its arguments come as such.
func NewFunction(context unsafe.Pointer, name string, isolate, id uint64, texts bool, f *Frame) Status {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return Status(C.igo_function(C.uintptr_t(uintptr(context)), C.uintptr_t(uintptr(unsafe.Pointer(text))),
		C.uint64_t(isolate), C.uint64_t(id), C.bool(texts), C.uintptr_t(f.Address())))
}

// FreeValues frees handles.
func FreeValues(isolate unsafe.Pointer, values []Value) {
	if len(values) == 0 {
		return
	}
	C.igo_values_free(C.uintptr_t(uintptr(isolate)), C.uintptr_t(uintptr(unsafe.Pointer(&values[0]))), C.uint32_t(len(values)))
}

// Keep makes a handle that outlives the scope that a callback has. Values that are no handles come
// back as they are.
func Keep(isolate unsafe.Pointer, v Value) (kept Value, status Status) {
	status = Status(C.ist_value_keep(isolateOf(isolate), v.c(), (*C.ist_value)(unsafe.Pointer(&kept))))
	return kept, status
}

func isolateOf(at unsafe.Pointer) *C.ist_isolate { return (*C.ist_isolate)(at) }
func contextOf(at unsafe.Pointer) *C.ist_context { return (*C.ist_context)(at) }

func (v Value) c() C.ist_value { return *(*C.ist_value)(unsafe.Pointer(&v)) }
