package native

/*
#include <stdlib.h>
#include "pools.h"

#cgo noescape igo_batch_add
#cgo nocallback igo_batch_add
#cgo noescape igo_batch_next
#cgo nocallback igo_batch_next
*/
import "C"

import (
	"bytes"
	"time"
	"unsafe"
)

// Rungs of isolation.
const (
	IsolationShared      = C.IST_ISOLATION_SHARED
	IsolationCompartment = C.IST_ISOLATION_COMPARTMENT
	IsolationContext     = C.IST_ISOLATION_CONTEXT
	IsolationIsolate     = C.IST_ISOLATION_ISOLATE
	IsolationProcess     = C.IST_ISOLATION_PROCESS
)

// PoolOptions are those of ist_pool_new. Cell is "" for the library's own choice.
type PoolOptions struct {
	Isolation                          int
	Threads                            uint32
	Wall, CPU                          time.Duration
	HeapLimit, BufferLimit, StackLimit uint64
	Cell                               string
}

// NewPool makes a pool and gives its address.
func NewPool(o PoolOptions) (unsafe.Pointer, *Error, Status) {
	options := C.ist_pool_options{
		size:         C.sizeof_ist_pool_options,
		isolation:    C.ist_isolation(o.Isolation),
		threads:      C.uint32_t(o.Threads),
		heap_limit:   C.size_t(o.HeapLimit),
		buffer_limit: C.size_t(o.BufferLimit),
		stack_limit:  C.size_t(o.StackLimit),
	}
	options.limits.wall = C.uint64_t(o.Wall)
	options.limits.cpu = C.uint64_t(o.CPU)
	if o.Cell != "" {
		cell := C.CString(o.Cell)
		defer C.free(unsafe.Pointer(cell))
		options.cell = cell
	}
	var pool *C.ist_pool
	var err *C.ist_error
	status := Status(C.ist_pool_new(&options, &pool, &err))
	return unsafe.Pointer(pool), takeError(nil, err), status
}

// FreePool frees it; nobody waits in one of its batches.
func FreePool(pool unsafe.Pointer) { C.ist_pool_free((*C.ist_pool)(pool)) }

// PoolStatistics are an ist_pool_statistics.
type PoolStatistics struct {
	Runs, Failed, Timeouts, Spent, Replaced uint64
}

// ReadPoolStatistics gives what a pool has done so far.
func ReadPoolStatistics(pool unsafe.Pointer) (PoolStatistics, Status) {
	got := C.ist_pool_statistics{size: C.sizeof_ist_pool_statistics}
	status := Status(C.ist_pool_read_statistics((*C.ist_pool)(pool), &got))
	return PoolStatistics{
		Runs: uint64(got.runs), Failed: uint64(got.failed), Timeouts: uint64(got.timeouts),
		Spent: uint64(got.spent), Replaced: uint64(got.replaced),
	}, status
}

// NewBatch begins a batch from JSON to JSON and gives its address; window 0: the library's choice.
func NewBatch(pool unsafe.Pointer, text, file string, line, window int) (unsafe.Pointer, Status) {
	source := C.ist_source{
		size:        C.sizeof_ist_source,
		text:        C.CString(text),
		length:      C.size_t(len(text)),
		file:        C.CString(file),
		line_offset: C.int32_t(line),
	}
	defer C.free(unsafe.Pointer(source.text))
	defer C.free(unsafe.Pointer(source.file))
	options := C.ist_batch_options{
		size:   C.sizeof_ist_batch_options,
		input:  C.IST_FORMAT_CBOR,
		output: C.IST_FORMAT_CBOR,
		window: C.size_t(window),
	}
	var batch *C.ist_batch
	status := Status(C.ist_batch_new((*C.ist_pool)(pool), &source, &options, &batch))
	return unsafe.Pointer(batch), status
}

// FreeBatch ends what runs of it and frees it; nobody waits in it.
func FreeBatch(batch unsafe.Pointer) { C.ist_batch_free((*C.ist_batch)(batch)) }

// CancelBatch ends it early; from any thread.
func CancelBatch(batch unsafe.Pointer) { C.ist_batch_cancel((*C.ist_batch)(batch)) }

// EndBatch says that no more inputs come.
func EndBatch(batch unsafe.Pointer) { C.ist_batch_end((*C.ist_batch)(batch)) }

// AddInput adds a copy of an input, waiting for room if need be: ErrTerminated when it was cancelled.
func AddInput(batch unsafe.Pointer, input []byte) Status {
	at := unsafe.Pointer(unsafe.SliceData(input))
	status := Status(C.igo_batch_add((*C.ist_batch)(batch), at, C.size_t(len(input)), false))
	if status == ErrLimit {
		status = Status(C.igo_batch_add((*C.ist_batch)(batch), at, C.size_t(len(input)), true))
	}
	return status
}

// Outcome is an ist_outcome, copied.
type Outcome struct {
	Index     int
	Status    Status
	Value     []byte // nil: it failed
	Err       *Error
	Wall, CPU time.Duration
}

// NextOutcomes waits for the next outcome and appends it to `to`, with those that are there:
// ErrNotFound when there are no more.
func NextOutcomes(batch unsafe.Pointer, to []Outcome) ([]Outcome, Status) {
	var taken [C.IGO_OUTCOMES]*C.ist_outcome
	var count C.uint32_t
	status := Status(C.igo_batch_next((*C.ist_batch)(batch), &taken[0], &count))
	for _, outcome := range taken[:count] {
		each := Outcome{
			Index:  int(outcome.index),
			Status: Status(outcome.status),
			Wall:   time.Duration(outcome.wall),
			CPU:    time.Duration(outcome.cpu),
		}
		if outcome.value != nil {
			each.Value = bytes.Clone(unsafe.Slice((*byte)(outcome.value), outcome.length))
		}
		if outcome.error != nil {
			each.Err = copyError(outcome.error)
		}
		C.ist_outcome_free(outcome)
		to = append(to, each)
	}
	return to, status
}
