// What stands under the rows of the Go suite: a call of C by cgo that does nothing more (`cgo`), and one copy of the same
// bytes from warm memory to warm memory (`floor`). What V8 alone takes is measured in bench/embed/floor.cc.
package main

// #cgo noescape floor_copy
// #cgo nocallback floor_nop
// #cgo nocallback floor_add
// #cgo nocallback floor_copy
// #cgo noescape crc32
// #cgo nocallback compressBound
// #cgo nocallback crc32
// #cgo pkg-config: zlib
// #include "floor.h"
// #include <zlib.h>
import "C"

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"isthmus/bench/go/measure"
)

//export floorCalled
func floorCalled(a, b C.double) C.double { return a + b }

func main() {
	side := measure.New("cgo")
	side.Row(func(b *testing.B) {
		for range b.N {
			C.floor_nop()
		}
	}, "call_0")
	side.Row(func(b *testing.B) {
		for i := range b.N {
			measure.Same(b, float64(C.floor_add(C.double(i), 2.5)), float64(i)+2.5)
		}
	}, "call_2", "call_2_do")
	side.Row(func(b *testing.B) { C.floor_calling(C.long(b.N)) }, "callback_2")

	side.Who = "floor"
	of, to := []byte(measure.Text), make([]byte, measure.Megabyte)
	// By whom ours are copied: a program of Go's writes to what View shows it, and C fills the slice.
	side.Row(func(b *testing.B) {
		for range b.N {
			copy(to, of)
		}
	}, "bytes_1m_in")
	side.Row(func(b *testing.B) {
		for range b.N {
			C.floor_copy(unsafe.Pointer(&to[0]), unsafe.Pointer(&of[0]), measure.Megabyte)
		}
	}, "bytes_1m_out")
	library(side)
	processes(side)
}

// zlib called by cgo as one would write it by hand, and by C.
func library(side *measure.Side) {
	bytes := []byte("sixteen letters.")
	side.Row(func(b *testing.B) { C.floor_bound(C.long(b.N)) }, "library_bound")
	side.Row(func(b *testing.B) { C.floor_crc32(C.long(b.N), unsafe.Pointer(&bytes[0]), 16) }, "library_crc32")
	side.Who = "cgo"
	side.Row(func(b *testing.B) {
		for range b.N {
			measure.Same(b, C.compressBound(1000), 1013)
		}
	}, "library_bound")
	side.Row(func(b *testing.B) {
		for range b.N {
			measure.Same(b, C.crc32(0, (*C.Bytef)(unsafe.Pointer(&bytes[0])), 16), measure.CRC32)
		}
	}, "library_crc32")
}

// A process of Node for each of the judge's programs.
func processes(side *measure.Side) {
	side.Who = "node"
	if _, err := exec.LookPath("node"); err != nil {
		return
	}
	side.RowWithMemory(measure.Judge(node), "NodeSpawn")
	side.RowWithMemory(measure.JudgeParallel(slices.Repeat([]measure.Evaluation{node}, measure.Threads)), "NodeParallel")
}

func node(b testing.TB, i int) int64 {
	said, err := exec.Command("node", "-e", measure.Programs[i]+"console.log(result)").Output()
	measure.No(b, err)
	result, err := strconv.ParseInt(strings.TrimSpace(string(said)), 10, 64)
	measure.No(b, err)
	return result
}
