package main

import (
	"testing"

	isthmus "isthmus/bindings/go"

	"isthmus/bench/go/measure"
)

func transfers(side *measure.Side) {
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		length := function(b, context, measure.Length)
		b.ResetTimer()
		for range b.N {
			value, err := isthmus.CallFunc[int](length, measure.Text)
			measure.No(b, err)
			measure.Same(b, value, measure.Megabyte)
		}
	}), "string_1m_in")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		text := run(b, context, measure.MakeText)
		b.ResetTimer()
		for range b.N {
			measure.Same(b, len(text.String()), measure.Megabyte)
		}
	}), "string_1m_out")
	// Into and out of memory that is there already on both sides; what ends in _new is made for each round.
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		length, bytes := function(b, context, measure.Length), []byte(measure.Text)
		array := run(b, context, "new Uint8Array(1 << 20)")
		b.ResetTimer()
		for range b.N {
			measure.No(b, array.View(func(to []byte) { copy(to, bytes) }))
			value, err := isthmus.CallFunc[int](length, array)
			measure.No(b, err)
			measure.Same(b, value, measure.Megabyte)
		}
	}), "bytes_1m_in")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		length := function(b, context, measure.Length)
		bytes := []byte(measure.Text)
		b.ResetTimer()
		for range b.N {
			value, err := isthmus.CallFunc[int](length, bytes)
			measure.No(b, err)
			measure.Same(b, value, measure.Megabyte)
		}
	}), "bytes_1m_in_new")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		length := function(b, context, measure.Length)
		bytes := []byte(measure.Text)
		b.ResetTimer()
		for range b.N {
			array, err := isthmus.PinTypedArray(context, bytes)
			measure.No(b, err)
			value, err := isthmus.CallFunc[int](length, array)
			measure.No(b, err)
			measure.Same(b, value, measure.Megabyte)
			measure.No(b, array.Detach())
			array.Release()
		}
	}), "bytes_1m_in_pinned")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		bytes, to := run(b, context, "new Uint8Array(1 << 20)"), make([]byte, measure.Megabyte)
		b.ResetTimer()
		for range b.N {
			length, err := bytes.CopyBytes(to)
			measure.No(b, err)
			measure.Same(b, length, measure.Megabyte)
		}
	}), "bytes_1m_out")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		bytes := run(b, context, "new Uint8Array(1 << 20)")
		b.ResetTimer()
		for range b.N {
			copied, err := bytes.Bytes()
			measure.No(b, err)
			measure.Same(b, len(copied), measure.Megabyte)
		}
	}), "bytes_1m_out_new")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		bytes := run(b, context, "new Uint8Array(1 << 20)")
		b.ResetTimer()
		for range b.N {
			measure.No(b, bytes.View(func(view []byte) { measure.Same(b, len(view), measure.Megabyte) }))
		}
	}), "bytes_1m_view")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		array := run(b, context, "new Float64Array("+measure.MakeNumbers+")")
		b.ResetTimer()
		for range b.N {
			numbers, err := isthmus.Slice[float64](array)
			measure.No(b, err)
			measure.Same(b, len(numbers), len(measure.Numbers))
		}
	}), "floats_10k_out_typed")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		b.ResetTimer()
		for range b.N {
			array, err := isthmus.NewTypedArray(context, measure.Numbers)
			measure.No(b, err)
			array.Release()
		}
	}), "floats_10k_in_typed")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		array := run(b, context, measure.MakeNumbers)
		b.ResetTimer()
		for range b.N {
			numbers, err := isthmus.Slice[float64](array)
			measure.No(b, err)
			measure.Same(b, len(numbers), len(measure.Numbers))
		}
	}), "floats_10k_out")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		b.ResetTimer()
		for range b.N {
			array, err := isthmus.Marshal(context, measure.Numbers)
			measure.No(b, err)
			array.Release()
		}
	}), "floats_10k_in")
}
