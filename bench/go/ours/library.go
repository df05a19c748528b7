package main

import (
	"testing"

	"isthmus/bindings/go/libs/zlib"

	"isthmus/bench/go/measure"
)

// zlib by the package that `isthmus gen --go` makes, which is no V8's.
func library(side *measure.Side) {
	bytes := []byte("sixteen letters.")
	side.Row(func(b *testing.B) {
		for range b.N {
			measure.Same(b, zlib.CompressBound(1000), 1013)
		}
	}, "library_bound")
	side.Row(func(b *testing.B) {
		for range b.N {
			sum, err := zlib.Crc32(0, bytes)
			measure.No(b, err)
			measure.Same(b, sum, measure.CRC32)
		}
	}, "library_crc32")
}
