package native

/*
#include "trees.h"
*/
import "C"

import (
	"runtime"
	"slices"
	"sync"
	"unsafe"
)

// Blocks are memory of Go's that buffers of JavaScript's stand on. It is pinned as long as they do, and
// Go's as long as anything in Go refers to it.

// LeastBlock is the length from which on buffers are in Go's memory, and mostBlocks how much of that
// there may be at one time: what is beyond is C's, so that Go's memory never runs out for JavaScript.
// Memory that no part of Go has seen is used again, up to mostSpare.
const (
	LeastBlock = C.IGO_BLOCK
	mostBlocks = 256 << 20
	mostSpare  = 16 << 20
)

type block struct {
	data []byte
	pins runtime.Pinner
	uses int
	made bool // here, and not by the program
	seen bool // by the program
}

var blocks = struct {
	sync.Mutex
	used    int // of those that were made here
	spare   int // of these, of those that nobody uses
	at      map[uintptr]*block
	free    []*block // the latest last
	next    uint64
	adopted map[uint64]*block
}{at: map[uintptr]*block{}, adopted: map[uint64]*block{}}

func addressOf(data []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(data))) }

//export igoAllocate
func igoAllocate(length C.size_t) C.uintptr_t {
	made, fresh := takeBlock(uint64(length))
	if made == nil {
		return 0
	}
	if !fresh {
		clear(made.data)
	}
	return C.uintptr_t(addressOf(made.data))
}

// takeBlock gives a block with one use, and tells whether it is all zeroes; nil: there is no room.
func takeBlock(length uint64) (made *block, fresh bool) {
	blocks.Lock()
	defer blocks.Unlock()
	for i := len(blocks.free) - 1; i >= 0; i-- {
		if made := blocks.free[i]; uint64(len(made.data)) == length {
			blocks.free = slices.Delete(blocks.free, i, i+1)
			blocks.spare -= len(made.data)
			made.uses = 1
			return made, false
		}
	}
	if length > uint64(mostBlocks-blocks.used) {
		return nil, false
	}
	made = &block{data: make([]byte, length), uses: 1, made: true}
	made.pins.Pin(unsafe.SliceData(made.data))
	blocks.used += len(made.data)
	blocks.at[addressOf(made.data)] = made
	return made, true
}

//export igoRelease
func igoRelease(at C.uintptr_t) C.bool {
	blocks.Lock()
	defer blocks.Unlock()
	made := blocks.at[uintptr(at)]
	if made == nil {
		return false
	}
	made.drop()
	return true
}

// drop ends one use of a block.
func (b *block) drop() {
	if b.uses--; b.uses > 0 {
		return
	}
	if !b.made || b.seen || len(b.data) > mostSpare {
		b.forget()
		return
	}
	blocks.free = append(blocks.free, b)
	blocks.spare += len(b.data)
	for blocks.spare > mostSpare {
		oldest := blocks.free[0]
		blocks.free = slices.Delete(blocks.free, 0, 1)
		blocks.spare -= len(oldest.data)
		oldest.forget()
	}
}

// forget leaves a block to Go's collector.
func (b *block) forget() {
	if b.made {
		blocks.used -= len(b.data)
	}
	if blocks.at[addressOf(b.data)] == b {
		delete(blocks.at, addressOf(b.data))
	}
	b.pins.Unpin()
}

//export igoUnpin
func igoUnpin(number C.uint64_t) {
	blocks.Lock()
	defer blocks.Unlock()
	if made := blocks.adopted[uint64(number)]; made != nil {
		delete(blocks.adopted, uint64(number))
		made.drop()
	}
}

// AdoptView makes a typed array over memory of Go's, which is pinned until no buffer is on it.
func AdoptView(context unsafe.Pointer, element Element, size int, data []byte) (v Value, status Status) {
	blocks.Lock()
	made := blocks.at[addressOf(data)]
	if made == nil || len(made.data) < len(data) {
		made = &block{data: data}
		made.pins.Pin(unsafe.SliceData(data))
		blocks.at[addressOf(data)] = made
	}
	made.uses++
	blocks.Unlock()
	return made.view(context, element, size, len(data))
}

// view makes a typed array over the first bytes of a block, which is one of its uses.
func (b *block) view(context unsafe.Pointer, element Element, size, length int) (v Value, status Status) {
	blocks.Lock()
	blocks.next++
	number := blocks.next
	blocks.adopted[number] = b
	blocks.Unlock()
	status = Status(C.igo_view_new(C.uintptr_t(uintptr(context)), C.uint32_t(element), C.size_t(size),
		unsafe.Pointer(unsafe.SliceData(b.data)), C.size_t(length), C.uint64_t(number), (*C.ist_value)(unsafe.Pointer(&v))))
	return v, status
}

// NewView makes a typed array over a copy of memory, of elements that have so many bytes.
func NewView(context unsafe.Pointer, element Element, size int, data []byte) (v Value, status Status) {
	status = Status(C.igo_view_new(C.uintptr_t(uintptr(context)), C.uint32_t(element), C.size_t(size),
		unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), 0, (*C.ist_value)(unsafe.Pointer(&v))))
	return v, status
}

// ReadBlock gives the memory of a buffer or view as a slice of Go's own, if it is in a block.
func ReadBlock(isolate unsafe.Pointer, v Value) (data []byte, ok bool, status Status) {
	value := v.c()
	var bytes C.igo_bytes
	var base C.uintptr_t
	status = Status(C.igo_bytes_base(C.uintptr_t(uintptr(isolate)), &value, &bytes, &base))
	if status != OK || bytes.length == 0 {
		return nil, status == OK, status
	}
	blocks.Lock()
	defer blocks.Unlock()
	made := blocks.at[uintptr(base)]
	if made == nil {
		return nil, false, OK
	}
	from := int(uintptr(unsafe.Pointer(bytes.bytes)) - uintptr(base))
	to := from + int(bytes.length)
	if to > len(made.data) {
		return nil, false, OK
	}
	made.seen = true
	return made.data[from:to:to], true, OK
}
