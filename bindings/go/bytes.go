package isthmus

import (
	"bytes"
	"reflect"
	"slices"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// Bytes are a Uint8Array's in JavaScript, and slices of numbers those of other typed arrays. Everything
// here takes ArrayBuffers, SharedArrayBuffers, typed arrays and DataViews alike, and is about the bytes
// that they show; those of a buffer that was detached are none.
//
// Copying is the rule, both ways. Without a copy, JavaScript uses memory of Go's by PinTypedArray, and
// Go that of JavaScript's by View.

// Element is what typed arrays have in them.
type Element interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~float32 | ~float64 | ~int64 | ~uint64
}

// TypedArray is a slice that Marshal makes a typed array of: a TypedArray[float32] is a Float32Array,
// one of int64 a BigInt64Array.
type TypedArray[T Element] []T

// typed is a TypedArray of any element.
type typed interface{ typed() }

func (TypedArray[T]) typed() {}

var typedArrayType = reflect.TypeFor[typed]()

// NewTypedArray makes a typed array with a copy of the elements: a Uint8Array of bytes, a Float64Array of
// float64, a BigInt64Array of int64.
func NewTypedArray[T Element](ctx *Context, elements []T) (*Object, error) {
	return newTypedArray(ctx, "NewTypedArray", elements, (*Context).newView)
}

// NewBytes makes a Uint8Array with a copy of the bytes.
func NewBytes(ctx *Context, bytes []byte) (*Object, error) {
	return newTypedArray(ctx, "NewBytes", bytes, (*Context).newView)
}

// PinTypedArray makes a typed array over the elements themselves, without a copy: what one side writes,
// the other sees. The memory is pinned (see runtime.Pinner) until JavaScript has forgotten the buffer or
// the isolate is closed, and is the collector's again then; Detach ends it at once. Go must not write
// while JavaScript runs that may read it, nor the other way round. The slice must not be on memory that
// its owner frees by hand, as C's is.
func PinTypedArray[T Element](ctx *Context, elements []T) (*Object, error) {
	return newTypedArray(ctx, "PinTypedArray", elements, (*Context).adoptView)
}

func newTypedArray[T Element](ctx *Context, op string, elements []T,
	by func(*Context, string, native.Element, int, []byte) (native.Value, error)) (*Object, error) {
	if ctx == nil {
		return nil, argumentError(op, "the context is nil")
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	size := int(unsafe.Sizeof(*new(T)))
	memory := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(elements))), len(elements)*size)
	made, err := by(ctx, op, elementOf(reflect.TypeFor[T]().Kind()), size, memory)
	if err != nil {
		return nil, err
	}
	return &Object{ctx.value(made)}, nil
}

func (ctx *Context) newView(op string, element native.Element, size int, memory []byte) (native.Value, error) {
	made, status := native.NewView(ctx.handle, element, size, memory)
	return ctx.made(op, made, status)
}

func (ctx *Context) adoptView(op string, element native.Element, size int, memory []byte) (native.Value, error) {
	if len(memory) == 0 {
		return ctx.newView(op, element, size, memory)
	}
	made, status := native.AdoptView(ctx.handle, element, size, memory)
	return ctx.made(op, made, status)
}

// withBytes does something with what has bytes, with the isolate entered.
func (v *Value) withBytes(op string, do func(iso *isolate, handle native.Value) native.Status) error {
	if !v.IsObject() {
		return typeError(op, "a buffer or typed array", v)
	}
	iso := v.ctx.iso.isolate
	if err := iso.enter(nil); err != nil {
		return err
	}
	defer iso.leave()
	handle, err := v.ctx.handleOf(op, v)
	if err != nil {
		return err
	}
	switch status := do(iso, handle); status {
	case native.OK:
		return nil
	case native.ErrType:
		return typeError(op, "a buffer or typed array", v)
	default:
		return statusError(op, status)
	}
}

// Bytes gives a copy of the bytes that v shows.
func (v *Value) Bytes() (copied []byte, err error) {
	err = v.withBytes("Bytes", func(iso *isolate, handle native.Value) native.Status {
		memory, status := native.ReadMemory(iso.handle, handle)
		copied = append([]byte{}, memory.Bytes...)
		return status
	})
	if err != nil {
		return nil, err
	}
	return copied, nil
}

// CopyBytes copies the bytes that v shows into to, as many as there is room for, and gives how many there
// are, as ByteLength does. It allocates nothing.
func (v *Value) CopyBytes(to []byte) (length int, err error) {
	err = v.withBytes("CopyBytes", func(iso *isolate, handle native.Value) (status native.Status) {
		length, status = native.CopyMemory(iso.handle, handle, to)
		return status
	})
	return length, err
}

// ByteLength tells how many bytes v shows.
func (v *Value) ByteLength() (int, error) { return v.CopyBytes(nil) }

// View calls fn with the bytes that v shows, which it may change. The isolate is held until fn returns.
//
// They are the memory itself, without a copy, if JavaScript has made the buffer and it has 16 KiB or
// more, or if it was made by PinTypedArray. That memory is Go's: what keeps a part of the slice keeps
// the memory, beyond fn, the buffer and the isolate, and no part can outlive it. Afterwards JavaScript
// may write to it at any time, though, as long as it has the buffer.
//
// Of smaller buffers, of copies that Go has made, of WebAssembly's memories, resizable buffers, buffers
// that C functions gave, and of what is beyond 256 MiB of buffers in the process, fn gets a copy, and
// what it has changed there is written back at its end: JavaScript that it runs meanwhile does not see
// it before.
func (v *Value) View(fn func([]byte)) error {
	return v.withBytes("View", func(iso *isolate, handle native.Value) native.Status {
		memory, ok, status := native.ReadBlock(iso.handle, handle)
		if status != native.OK {
			return status
		}
		if ok {
			fn(memory)
			return native.OK
		}
		return viewCopy(iso, handle, fn)
	})
}

// viewCopy is View of memory that is not Go's.
func viewCopy(iso *isolate, handle native.Value, fn func([]byte)) native.Status {
	memory, status := native.ReadMemory(iso.handle, handle)
	if status != native.OK {
		return status
	}
	before := bytes.Clone(memory.Bytes)
	after := slices.Clip(bytes.Clone(before))
	defer func() {
		if bytes.Equal(before, after) {
			return
		}
		// JavaScript may have run, and the memory be another one.
		memory, status := native.ReadMemory(iso.handle, handle)
		if status != native.OK {
			return
		}
		for i := range min(len(after), len(memory.Bytes)) {
			if after[i] != before[i] {
				memory.Bytes[i] = after[i]
			}
		}
	}()
	fn(after)
	return native.OK
}

// Detach takes its memory from an ArrayBuffer, or from that of a typed array or DataView: they have no
// bytes from now on. Nothing happens to one that has none. A SharedArrayBuffer and the memory of
// WebAssembly cannot be detached.
func (v *Value) Detach() error {
	return v.withBytes("Detach", func(iso *isolate, handle native.Value) native.Status {
		return native.DetachBuffer(iso.handle, handle)
	})
}

// TakeBytes detaches v's buffer and gives the bytes that v showed: the memory itself where View would
// give that, and otherwise a copy.
func (v *Value) TakeBytes() (taken []byte, err error) {
	err = v.withBytes("TakeBytes", func(iso *isolate, handle native.Value) native.Status {
		memory, ok, status := native.ReadBlock(iso.handle, handle)
		if status == native.OK && !ok {
			var seen native.Memory
			seen, status = native.ReadMemory(iso.handle, handle)
			memory = bytes.Clone(seen.Bytes)
		}
		if status == native.OK {
			status = native.DetachBuffer(iso.handle, handle)
		}
		taken = memory
		return status
	})
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// Slice gives the numbers of an array, Set, typed array or buffer as a slice of their own; those of an
// array of numbers and of typed arrays in one crossing. Each must be one of T's exactly, as Unmarshal
// says.
func Slice[T ~int | ~uint | Element](v Valuer) ([]T, error) {
	var made []T
	if err := Unmarshal(v, &made); err != nil {
		return nil, err
	}
	return made, nil
}
