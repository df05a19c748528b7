package native

/*
#include "trees.h"
*/
import "C"

import (
	"unsafe"
)

// Tree is a value with all it refers to as CBOR, and the values that travel beside it; both are in C
// memory until Free, but for the handles in Values, which are the reader's to free.
type Tree struct {
	Bytes  []byte
	Values []Value
	tree   C.igo_tree
}

// Write writes the tree of a value. With a depth, what is deeper is among the values; without one, and
// with table, what has no form.
func (t *Tree) Write(isolate, context unsafe.Pointer, v Value, depth uint32, table bool) (*Error, Status) {
	value := v.c()
	status := Status(C.igo_tree_write(C.uintptr_t(uintptr(context)), &value, C.uint32_t(depth), C.bool(table), &t.tree))
	if status != OK {
		err := t.tree.error
		t.tree.error = nil
		return takeError(isolate, err), status
	}
	t.Bytes = unsafe.Slice((*byte)(t.tree.bytes), t.tree.length)
	t.Values = unsafe.Slice((*Value)(unsafe.Pointer(t.tree.values)), t.tree.count)
	return nil, OK
}

// Free gives the memory back.
func (t *Tree) Free() {
	C.igo_tree_free(&t.tree)
	*t = Tree{}
}

// ReadTree makes the value of a tree.
func ReadTree(isolate, context unsafe.Pointer, tree []byte, values []Value) (v Value, err *Error, status Status) {
	var failure *C.ist_error
	status = Status(C.igo_tree_read(C.uintptr_t(uintptr(context)),
		(*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(tree))), C.size_t(len(tree)),
		(*C.ist_value)(unsafe.Pointer(unsafe.SliceData(values))), C.size_t(len(values)),
		(*C.ist_value)(unsafe.Pointer(&v)), &failure))
	return v, takeError(isolate, failure), status
}

// Element is an ist_element.
type Element uint32

// The elements of typed arrays.
const (
	ElementInt8         Element = C.IST_ELEMENT_INT8
	ElementUint8        Element = C.IST_ELEMENT_UINT8
	ElementUint8Clamped Element = C.IST_ELEMENT_UINT8_CLAMPED
	ElementInt16        Element = C.IST_ELEMENT_INT16
	ElementUint16       Element = C.IST_ELEMENT_UINT16
	ElementInt32        Element = C.IST_ELEMENT_INT32
	ElementUint32       Element = C.IST_ELEMENT_UINT32
	ElementFloat32      Element = C.IST_ELEMENT_FLOAT32
	ElementFloat64      Element = C.IST_ELEMENT_FLOAT64
	ElementBigInt64     Element = C.IST_ELEMENT_BIGINT64
	ElementBigUint64    Element = C.IST_ELEMENT_BIGUINT64
	ElementDataView     Element = C.IST_ELEMENT_DATA_VIEW
	ElementNone         Element = 1 << 31 // of what is a buffer and no view
)

// Memory is that of a buffer or view, borrowed until JavaScript runs.
type Memory struct {
	Bytes   []byte
	Element Element
	Shared  bool // it is a SharedArrayBuffer itself
}

// ReadMemory gives the memory of a buffer or view; ErrType: it is none.
func ReadMemory(isolate unsafe.Pointer, v Value) (Memory, Status) {
	value := v.c()
	var bytes C.igo_bytes
	if status := Status(C.igo_bytes_read(C.uintptr_t(uintptr(isolate)), &value, &bytes)); status != OK {
		return Memory{}, status
	}
	m := Memory{Bytes: unsafe.Slice((*byte)(bytes.bytes), bytes.length), Element: ElementNone}
	if bytes.kind >= C.IST_CLASS_INT8_ARRAY && bytes.kind <= C.IST_CLASS_DATA_VIEW {
		m.Element = Element(bytes.kind - C.IST_CLASS_INT8_ARRAY)
	}
	m.Shared = bytes.kind == C.IST_CLASS_SHARED_ARRAY_BUFFER
	return m, OK
}

// Store is memory that buffers of any isolate can stand on, and how one was looked at. It is given back
// by Free.
type Store struct{ store C.igo_store }

// StoreOf gives the store of a buffer or view.
func StoreOf(isolate unsafe.Pointer, v Value) (*Store, Status) {
	value := v.c()
	s := &Store{}
	status := Status(C.igo_store_of(C.uintptr_t(uintptr(isolate)), &value, &s.store))
	return s, status
}

// Value makes the same buffer or view over the store.
func (s *Store) Value(context unsafe.Pointer, shared bool) (v Value, status Status) {
	status = Status(C.igo_store_value(C.uintptr_t(uintptr(context)), &s.store, C.bool(shared), (*C.ist_value)(unsafe.Pointer(&v))))
	return v, status
}

// Free gives the store back.
func (s *Store) Free() {
	C.ist_store_free(s.store.store)
	s.store.store = nil
}

// DetachBuffer detaches a buffer, or that of a view.
func DetachBuffer(isolate unsafe.Pointer, v Value) Status {
	value := v.c()
	return Status(C.igo_buffer_detach(C.uintptr_t(uintptr(isolate)), &value))
}

// CopyMemory copies the memory of a buffer or view, as much of it as fits, and gives its length.
func CopyMemory(isolate unsafe.Pointer, v Value, to []byte) (length int, status Status) {
	value := v.c()
	var n C.size_t
	status = Status(C.igo_bytes_copy(C.uintptr_t(uintptr(isolate)), &value,
		(*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(to))), C.size_t(len(to)), &n))
	return int(n), status
}

// NewDoubles makes an array of numbers.
func NewDoubles(context unsafe.Pointer, numbers []float64) (v Value, status Status) {
	status = Status(C.ist_array_new_doubles(contextOf(context),
		(*C.double)(unsafe.Pointer(unsafe.SliceData(numbers))), C.size_t(len(numbers)), (*C.ist_value)(unsafe.Pointer(&v))))
	return v, status
}

// ArrayLength is the length of an array; ErrType: it is none.
func ArrayLength(isolate unsafe.Pointer, v Value) (int, Status) {
	var length C.uint32_t
	status := Status(C.ist_array_length(isolateOf(isolate), v.c(), &length))
	return int(length), status
}

// ReadDoubles reads as many numbers of an array as there is room for; ErrType: an element is none.
func ReadDoubles(isolate, context unsafe.Pointer, v Value, to []float64) (read int, err *Error, status Status) {
	var n C.uint32_t
	var failure *C.ist_error
	status = Status(C.ist_array_read_doubles(contextOf(context), v.c(), 0,
		(*C.double)(unsafe.Pointer(unsafe.SliceData(to))), C.uint32_t(len(to)), &n, &failure))
	return int(n), takeError(isolate, failure), status
}

// NewDate makes a Date of milliseconds since 1970.
func NewDate(context unsafe.Pointer, milliseconds float64) (v Value, status Status) {
	status = Status(C.ist_date_new(contextOf(context), C.double(milliseconds), (*C.ist_value)(unsafe.Pointer(&v))))
	return v, status
}
