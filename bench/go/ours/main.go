// What the Go package isthmus costs.
package main

import (
	"testing"

	isthmus "isthmus/bindings/go"

	"isthmus/bench/go/measure"
)

func main() {
	side := measure.New("ours")
	judge(side)
	pools(side)
	calls(side)
	callbacks(side)
	transfers(side)
	library(side)

	side.Row(func(b *testing.B) {
		isolate := isthmus.NewIsolate()
		defer isolate.Close()
		b.ResetTimer()
		for range b.N {
			measure.No(b, isolate.NewContext(isthmus.WithoutWeb()).Close())
		}
	}, "new_context")
	side.Row(func(b *testing.B) {
		isolate := isthmus.NewIsolate()
		defer isolate.Close()
		b.ResetTimer()
		for range b.N {
			measure.No(b, isolate.NewContext().Close())
		}
	}, "new_context_web")
	side.Row(func(b *testing.B) {
		for range b.N {
			measure.No(b, isthmus.NewIsolate().Close())
		}
	}, "new_isolate")
	var kept []*isthmus.Isolate
	side.Memory("isolate_memory", 40, func() { kept = append(kept, isthmus.NewIsolate()) }, func() {
		for _, isolate := range kept {
			isolate.Close()
		}
	})
}

// in makes a benchmark of one that has a context.
func in(benchmark func(b *testing.B, context *isthmus.Context)) func(*testing.B) {
	return func(b *testing.B) {
		context, end := enter()
		defer end()
		benchmark(b, context)
	}
}

// within makes a benchmark that holds the isolate all the time.
func within(benchmark func(b *testing.B, context *isthmus.Context)) func(*testing.B) {
	return func(b *testing.B) {
		context, end := enter()
		defer end()
		measure.No(b, context.Isolate().Do(func(*isthmus.Scope) error {
			benchmark(b, context)
			return nil
		}))
	}
}

// A context in an isolate of its own, and what ends both.
func enter() (*isthmus.Context, func()) {
	isolate := isthmus.NewIsolate()
	return isolate.NewContext(isthmus.WithoutWeb()), func() { isolate.Close() }
}

func run(b testing.TB, context *isthmus.Context, source string) *isthmus.Value {
	value, err := context.RunScript(source, "bench.js")
	measure.No(b, err)
	return value
}

func function(b testing.TB, context *isthmus.Context, source string) *isthmus.Function {
	function, err := run(b, context, source).AsFunction()
	measure.No(b, err)
	return function
}
