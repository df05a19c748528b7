package clib

// #include <stdlib.h>
// #include <string.h>
import "C"

import (
	"runtime"
	"unsafe"
)

// What stands for an empty buffer, which C must be able to tell from NULL.
var empty [32]byte

// Data gives the address of a slice's elements, which is never NULL.
func Data[T any](slice []T) *uint8 {
	if len(slice) == 0 {
		return &empty[0]
	}
	return (*uint8)(unsafe.Pointer(unsafe.SliceData(slice)))
}

// DataOrNull is [Data], and NULL for nil.
func DataOrNull[T any](slice []T) *uint8 {
	if slice == nil {
		return nil
	}
	return Data(slice)
}

// Chars gives the address of a string's bytes, which is never NULL. C must not write there.
func Chars(text string) *uint8 {
	if text == "" {
		return &empty[0]
	}
	return unsafe.StringData(text)
}

// Bytes gives the memory of numbers as bytes, for C's `void *`.
func Bytes[T Number](numbers []T) []byte {
	var one T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(numbers))), len(numbers)*int(unsafe.Sizeof(one)))
}

// Copy copies what C has at an address. NULL gives nil.
func Copy[T any](at unsafe.Pointer, count int64) []T {
	if at == nil || count < 0 {
		return nil
	}
	made := make([]T, count)
	copy(made, unsafe.Slice((*T)(at), count))
	return made
}

// View gives what C has at an address, for as long as C has it there.
func View[T any](at unsafe.Pointer, count int64) []T {
	if at == nil || count < 0 {
		return nil
	}
	return unsafe.Slice((*T)(at), count)
}

// Put writes a number into the image of a struct.
func Put[T any](image []byte, at int, value T) {
	copy(image[at:], unsafe.Slice((*byte)(unsafe.Pointer(&value)), unsafe.Sizeof(value)))
}

// Get reads a number from the image of a struct.
func Get[T any](image []byte, at int) T {
	var value T
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&value)), unsafe.Sizeof(value)), image[at:])
	return value
}

// GetBool reads a bool from the image of a struct, where C may have written any number.
func GetBool(image []byte, at int) bool { return image[at] != 0 }

// PutBits writes a bit-field.
func PutBits(image []byte, bit, width int, value uint64) {
	for i := range width {
		at, mask := (bit+i)/8, byte(1)<<((bit+i)%8)
		image[at] &^= mask
		if value>>i&1 != 0 {
			image[at] |= mask
		}
	}
}

// GetBits reads a bit-field without sign.
func GetBits(image []byte, bit, width int) uint64 {
	value := uint64(0)
	for i := range width {
		value |= uint64(image[(bit+i)/8]>>((bit+i)%8)&1) << i
	}
	return value
}

// GetSignedBits reads a bit-field with sign.
func GetSignedBits(image []byte, bit, width int) int64 {
	return int64(GetBits(image, bit, width)<<(64-width)) >> (64 - width)
}

// An Arena has what C needs for the length of a call: copies in C's memory, and Go's memory that
// stays where it is.
type Arena struct {
	memory []unsafe.Pointer
	pinner runtime.Pinner
	depth  int
	call   *Call
	given  []given // functions that no call has given to C yet
}

// Free ends it.
func (a *Arena) Free() {
	for _, at := range a.memory {
		C.free(at)
	}
	a.memory = nil
	a.pinner.Unpin()
	for _, one := range a.given {
		if one.one != nil {
			one.one.end()
		}
	}
}

// Allocate gives zeroed memory, as C's own.
func (a *Arena) Allocate(size int) unsafe.Pointer {
	at := allocate(size)
	a.memory = append(a.memory, at)
	return at
}

// CopyIn gives a copy of bytes.
func (a *Arena) CopyIn(bytes []byte) unsafe.Pointer {
	at := a.Allocate(len(bytes) + 1)
	copy(unsafe.Slice((*byte)(at), len(bytes)), bytes)
	return at
}

// Text gives a copy of text with a NUL behind it; nil is NULL.
func (a *Arena) Text(f *Function, parameter string, text *string) (uintptr, error) {
	if text == nil {
		return 0, nil
	}
	bytes, err := Text(f, parameter, *text)
	if err != nil {
		return 0, err
	}
	return uintptr(a.CopyIn(bytes)), nil
}

// Texts gives an array of texts with a NULL behind it.
func (a *Arena) Texts(f *Function, parameter string, texts []string) (unsafe.Pointer, error) {
	array := a.Allocate((len(texts) + 1) * 8)
	for i := range texts {
		text, err := a.Text(f, parameter+"["+shown(i)+"]", &texts[i])
		if err != nil {
			return nil, err
		}
		unsafe.Slice((*uintptr)(array), len(texts))[i] = text
	}
	return array, nil
}

// TextsOrNull is [Arena.Texts] of texts that may be NULL.
func (a *Arena) TextsOrNull(f *Function, parameter string, texts []*string) (unsafe.Pointer, error) {
	array := a.Allocate((len(texts) + 1) * 8)
	for i, one := range texts {
		text, err := a.Text(f, parameter+"["+shown(i)+"]", one)
		if err != nil {
			return nil, err
		}
		unsafe.Slice((*uintptr)(array), len(texts))[i] = text
	}
	return array, nil
}

// Pointers gives an array of addresses with a NULL behind it.
func (a *Arena) Pointers(addresses []uintptr) unsafe.Pointer {
	array := a.Allocate((len(addresses) + 1) * 8)
	copy(unsafe.Slice((*uintptr)(array), len(addresses)), addresses)
	return array
}

// Pin keeps a slice where it is, and gives its address; nil is NULL.
func Pin[T any](pinner *runtime.Pinner, slice []T) uintptr {
	if slice == nil {
		return 0
	}
	if len(slice) == 0 {
		return uintptr(unsafe.Pointer(&empty[0]))
	}
	pinner.Pin(unsafe.SliceData(slice))
	return uintptr(unsafe.Pointer(unsafe.SliceData(slice)))
}

// Pinner is the arena's.
func (a *Arena) Pinner() *runtime.Pinner { return &a.pinner }

func allocate(size int) unsafe.Pointer {
	return C.calloc(1, C.size_t(max(size, 1)))
}

// Allocate gives zeroed memory of C's own, for an object that is made in it.
func Allocate(size int) uintptr { return uintptr(allocate(size)) }

// Release frees what Allocate gave.
func Release(address uintptr) { C.free(*(*unsafe.Pointer)(unsafe.Pointer(&address))) }

// TakeText gives the text of a malloc'ed copy, and frees it.
func TakeText(at unsafe.Pointer) string {
	if at == nil {
		return ""
	}
	text := GoText(at)
	C.free(at)
	return text
}

// GiveText makes a malloc'ed copy of a text, which C frees.
func GiveText(text string) unsafe.Pointer {
	return unsafe.Pointer(C.CString(text))
}

func addressOf[T any](slice []T) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(slice))) }
