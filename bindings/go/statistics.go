package isthmus

import (
	"io"

	"isthmus/bindings/go/internal/native"
)

// HeapStatistics tell what an isolate takes, in bytes unless said.
type HeapStatistics struct {
	// UsedHeapSize of TotalHeapSize is in use, which is at most HeapSizeLimit; TotalPhysicalSize of it
	// has memory of the machine's behind it.
	UsedHeapSize, TotalHeapSize, TotalPhysicalSize, HeapSizeLimit uint64
	// MallocedMemory is what V8 has beside its heap, ExternalMemory native memory that JavaScript
	// objects hold, buffers among it.
	MallocedMemory, ExternalMemory uint64
	// NumberOfNativeContexts counts contexts, NumberOfDetachedContexts those that were closed and can
	// still be reached.
	NumberOfNativeContexts, NumberOfDetachedContexts uint64
	// NumberOfHandles counts the values that Go has.
	NumberOfHandles uint64
	// BufferSize is what ArrayBuffers and WebAssembly memories have; see WithBufferLimit.
	BufferSize uint64
}

// GetHeapStatistics tells what the isolate takes; nothing when it is closed.
func (iso *Isolate) GetHeapStatistics() HeapStatistics {
	if iso.enter(nil) != nil {
		return HeapStatistics{}
	}
	defer iso.leave()
	s, _ := native.ReadStatistics(iso.handle)
	return HeapStatistics{
		UsedHeapSize: s.HeapUsed, TotalHeapSize: s.HeapTotal, TotalPhysicalSize: s.HeapPhysical,
		HeapSizeLimit: s.HeapLimit, MallocedMemory: s.Malloced, ExternalMemory: s.External,
		NumberOfNativeContexts: s.NativeContexts, NumberOfDetachedContexts: s.DetachedContexts,
		NumberOfHandles: s.Handles, BufferSize: s.Buffers,
	}
}

// Collect collects all garbage that V8 can find now, which takes milliseconds to seconds: for tests,
// and for moments when waiting does not matter.
func (iso *Isolate) Collect() error {
	if err := iso.enter(nil); err != nil {
		return err
	}
	defer iso.leave()
	if status := native.Collect(iso.handle); status != native.OK {
		return statusError("Collect", status)
	}
	return nil
}

// WriteHeapSnapshot writes what is in the heap, in the form of a .heapsnapshot file, as Chrome
// DevTools opens.
func (iso *Isolate) WriteHeapSnapshot(w io.Writer) error {
	if w == nil {
		return argumentError("WriteHeapSnapshot", "the writer is nil")
	}
	if err := iso.enter(nil); err != nil {
		return err
	}
	defer iso.leave()
	return iso.document("WriteHeapSnapshot", w, func(id uint64) native.Status {
		return native.WriteHeap(iso.handle, iso.number, id)
	})
}

// document has C write a document; what w refuses is the error. With the isolate entered.
func (iso *Isolate) document(op string, w io.Writer, write func(id uint64) native.Status) error {
	var refused error
	id := iso.answers.add(hook(func(event *native.Event) native.Status {
		if _, refused = w.Write(event.Bytes()); refused != nil {
			return native.ErrIO
		}
		return native.OK
	}))
	defer iso.answers.remove(id)
	status := write(id)
	if refused != nil {
		return refused
	}
	if status != native.OK {
		return statusError(op, status)
	}
	return nil
}
