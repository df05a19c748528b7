package main

import (
	"errors"
	"testing"

	isthmus "isthmus/bindings/go"

	"isthmus/bench/go/measure"
)

func calls(side *measure.Side) {
	side.Row(in(call0), "call_0")
	side.Row(within(call0), "call_0_do")
	side.Row(in(call2), "call_2")
	side.Row(within(call2), "call_2_do")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		add := function(b, context, measure.Add)
		x, err := isthmus.NewValue(context.Isolate(), 1.5)
		measure.No(b, err)
		y, err := isthmus.NewValue(context.Isolate(), 2.5)
		measure.No(b, err)
		b.ResetTimer()
		for range b.N {
			value, err := add.Call(nil, x, y)
			measure.No(b, err)
			measure.Same(b, value.Number(), 4)
			value.Release()
		}
	}), "call_2_handles")
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		thrower := function(b, context, measure.Throw)
		b.ResetTimer()
		for range b.N {
			if _, err := thrower.Call(nil); err == nil {
				measure.No(b, errors.New("nothing was thrown"))
			}
		}
	}), "throw")
	side.Row(in(get), "property_get")
	side.Row(within(get), "property_get_do")
}

func call0(b *testing.B, context *isthmus.Context) {
	one := function(b, context, measure.One)
	b.ResetTimer()
	for range b.N {
		value, err := isthmus.CallFunc[float64](one)
		measure.No(b, err)
		measure.Same(b, value, 1)
	}
}

func call2(b *testing.B, context *isthmus.Context) {
	add, err := isthmus.Func[func(a, b float64) (float64, error)](function(b, context, measure.Add))
	measure.No(b, err)
	b.ResetTimer()
	for i := range b.N {
		value, err := add(float64(i), 2.5)
		measure.No(b, err)
		measure.Same(b, value, float64(i)+2.5)
	}
}

func get(b *testing.B, context *isthmus.Context) {
	object, err := run(b, context, measure.MakeObject).AsObject()
	measure.No(b, err)
	b.ResetTimer()
	for range b.N {
		value, err := isthmus.Get[float64](object, "x")
		measure.No(b, err)
		measure.Same(b, value, 1.5)
	}
}

func callbacks(side *measure.Side) {
	callback(side, "callback_0", "", func() {})
	callback(side, "callback_2", "i, 2.5", func(a, b float64) float64 { return a + b })
	callback(side, "callback_string", "'hello world'", func(string) {})
}

// Calls back from one loop in JavaScript.
func callback(side *measure.Side, name, arguments string, called any) {
	side.Row(in(func(b *testing.B, context *isthmus.Context) {
		measure.No(b, context.Bind("cb", called))
		calling := function(b, context, measure.Calling(arguments))
		b.ResetTimer()
		_, err := calling.Call(nil, b.N)
		measure.No(b, err)
	}), name)
}
