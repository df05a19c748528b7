package isthmus

import (
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"isthmus/bindings/go/internal/native"
)

// Snapshot is the state of a context after scripts have run in it, which the contexts of other
// isolates start from: see WithSnapshot. Any goroutine may use it.
type Snapshot struct {
	handle    unsafe.Pointer
	libraries []*Library
}

// SnapshotScript is a script of a snapshot, and its name in errors.
type SnapshotScript struct {
	Source, Origin string
}

// NewSnapshot makes a snapshot: the libraries are granted whole, each as a global of its name, and the
// scripts run in their order. They see no Intl, FinalizationRegistry, WebAssembly, SharedArrayBuffer
// and Atomics, which contexts have once they are started, and none of the web's globals. It is an
// error when one throws or leaves a rejection that nothing has handled, or when they leave what cannot
// be kept.
func NewSnapshot(scripts []SnapshotScript, libraries ...*Library) (*Snapshot, error) {
	const op = "NewSnapshot"
	sources := make([]native.Source, len(scripts))
	for i, script := range scripts {
		origin := script.Origin
		if origin == "" {
			origin = fmt.Sprintf("<snapshot %d>", i+1)
		}
		source, err := sourceOf(op, script.Source, origin, nil)
		if err != nil {
			return nil, err
		}
		sources[i] = source
	}
	handles, err := libraryHandles(op, libraries)
	if err != nil {
		return nil, err
	}
	handle, status, problem := native.NewSnapshot(sources, handles)
	return newSnapshot(op, handle, status, problem, libraries)
}

// ReadSnapshot makes a snapshot of the bytes that Bytes has given, with the libraries that it was made
// with, in the same order. Bytes that somebody has forged are believed: keep them where programs are
// kept.
func ReadSnapshot(bytes []byte, libraries ...*Library) (*Snapshot, error) {
	const op = "ReadSnapshot"
	handles, err := libraryHandles(op, libraries)
	if err != nil {
		return nil, err
	}
	handle, status, problem := native.ReadSnapshot(bytes, handles)
	return newSnapshot(op, handle, status, problem, libraries)
}

func newSnapshot(op string, handle unsafe.Pointer, status native.Status, err *native.Error,
	libraries []*Library) (*Snapshot, error) {
	runtime.KeepAlive(libraries)
	if status != native.OK {
		return nil, (*Context)(nil).refused(op, status, err)
	}
	made := &Snapshot{handle, libraries}
	runtime.AddCleanup(made, func(handle unsafe.Pointer) { native.FreeSnapshot(handle) }, handle)
	return made, nil
}

func libraryHandles(op string, libraries []*Library) ([]unsafe.Pointer, error) {
	handles := make([]unsafe.Pointer, len(libraries))
	for i, library := range libraries {
		if library == nil || library.handle == nil {
			return nil, argumentError(op, "library %d was not made by OpenLibrary or its kin", i+1)
		}
		handles[i] = library.handle
	}
	return handles, nil
}

// Bytes gives the snapshot as bytes, for ReadSnapshot. They belong to this release of the library and
// its V8.
func (s *Snapshot) Bytes() ([]byte, error) {
	if s == nil || s.handle == nil {
		return nil, argumentError("Bytes", "the snapshot was not made by NewSnapshot or ReadSnapshot")
	}
	bytes, status := native.WriteSnapshot(s.handle)
	runtime.KeepAlive(s)
	if status != native.OK {
		return nil, statusError("Bytes", status)
	}
	return bytes, nil
}

// WithSnapshot has the isolate's contexts start from a snapshot. nil: from nothing.
func WithSnapshot(snapshot *Snapshot) IsolateOption {
	return func(o *isolateOptions) { o.snapshot = snapshot }
}

func quoted(names []string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(all, ", ")
}
