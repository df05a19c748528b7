// Package clib is what the packages stand on that `isthmus gen --go` writes: errors, the lives of C's
// objects, callbacks, and memory that C gets. It links nothing but the C library.
//
// A program uses its errors, and with them [errors.Is] and [errors.As]; the rest serves generated
// code.
package clib

import (
	"sync"
	"sync/atomic"
)

// A Library is what one interface file describes.
type Library struct {
	Name string
	// Parallel: objects that do not stand on one another may be used at the same time.
	Parallel bool
	// Inside tells whether the calling thread is inside a call of this library, by the call's
	// number, and was called back from there: Within; or is a thread of C's own that calls back:
	// Foreign. It is nil where the library calls nothing back.
	Inside func(call uint64) int32
	// Lost forgets the calls that the calling thread is inside of, since none of them will return.
	Lost func()
	// Sealed gives the name of the callback that the calling thread runs and that lets nothing in,
	// by its number, or -1. It is nil where there is none such.
	Sealed func() int32
	// Callbacks are the names of callback types, by the numbers that Sealed gives.
	Callbacks []string

	mu       sync.Mutex // guards live, loose, untils and failures
	live     map[place]*Object
	loose    map[*Closure]struct{} // closures with scope `until` that no object ends
	untils   []*until              // borrowed objects that any call of a function ends
	failures map[uint64]*failure

	family  family // of what is borrowed from the library itself, or of all objects
	sealed  atomic.Int32
	waiting atomic.Int32 // how many failures there are
}

// What Inside answers.
const (
	Outside = 0
	Within  = 1
	Foreign = 2
)

// A Function is one of a library's; its name is the one that errors use, such as "Database.exec".
type Function struct {
	Library *Library
	Name    string
	// NoReenter: it fails while another call is inside its objects.
	NoReenter bool
}

func (f *Function) label() string { return f.Library.Name + "." + f.Name }

// A Type is a kind of objects that a library has behind pointers.
type Type struct {
	Library *Library
	Name    string
	// Free is the destructor; nil where objects of the type are only ever lent.
	Free func(call uint64, address uintptr)
	// NoReenter: while a call is inside an object, others on it fail.
	NoReenter bool
	// Depth is how deep objects may be put into one another; 0: any depth.
	Depth int
}

type place struct {
	kind    *Type
	address uintptr
}

// Open fails while a callback runs on this thread that lets nothing of the library be called.
func (l *Library) Open(f *Function) error {
	if l.sealed.Load() == 0 {
		return nil
	}
	if by := l.Sealed(); by >= 0 {
		return f.state("", "cannot be called while "+article(l.Callbacks[by])+" runs")
	}
	return nil
}

// Of gives a pointer to a value, for what may be NULL in C.
func Of[T any](value T) *T { return &value }
