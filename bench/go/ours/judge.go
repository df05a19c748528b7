package main

import (
	"testing"

	isthmus "isthmus/bindings/go"

	"isthmus/bench/go/measure"
)

// The judge's programs, each never seen before, with more between one and the next from row to row.
func judge(side *measure.Side) {
	side.RowWithMemory(reuse(func(isolate *isthmus.Isolate) evaluation {
		return func(b testing.TB, i int) int64 { return fresh(b, isolate, i) }
	}), "IsolatesReuse")
	side.RowWithMemory(parallel(func(isolate *isthmus.Isolate) evaluation {
		return func(b testing.TB, i int) int64 { return fresh(b, isolate, i) }
	}), "ReuseParallel")
	side.RowWithMemory(reuse(compartment), "IsolatesReuse_compartment")
	side.RowWithMemory(parallel(compartment), "ReuseParallel_compartment")
	side.RowWithMemory(measure.Judge(alone), "NoReuse")
	side.RowWithMemory(measure.JudgeParallel(func(b testing.TB) (func(i int) int64, func()) {
		return func(i int) int64 { return alone(b, i) }, func() {}
	}), "NoReuseParallel")
	side.Row(reuse(func(isolate *isthmus.Isolate) evaluation {
		context := isolate.NewContext(isthmus.WithoutWeb())
		return func(b testing.TB, i int) int64 {
			return result(b)(context.RunScript("{"+measure.Programs[i]+"}", "judge.js"))
		}
	}), "ContextReuse")
}

// evaluation runs the i-th program and gives its result.
type evaluation func(b testing.TB, i int) int64

// reuse makes a benchmark of what is made once for an isolate.
func reuse(begin func(isolate *isthmus.Isolate) evaluation) func(*testing.B) {
	return func(b *testing.B) {
		isolate := isthmus.NewIsolate()
		defer isolate.Close()
		evaluate := begin(isolate)
		b.ResetTimer()
		measure.Judge(evaluate)(b)
	}
}

// parallel makes a benchmark of what is made once for each thread.
func parallel(begin func(isolate *isthmus.Isolate) evaluation) func(*testing.B) {
	return measure.JudgeParallel(func(b testing.TB) (func(i int) int64, func()) {
		isolate := isthmus.NewIsolate()
		evaluate := begin(isolate)
		return func(i int) int64 { return evaluate(b, i) }, func() { isolate.Close() }
	})
}

// alone runs one of the programs in an isolate of its own.
func alone(b testing.TB, i int) int64 {
	isolate := isthmus.NewIsolate()
	defer isolate.Close()
	return fresh(b, isolate, i)
}

// fresh runs one of the programs in a context of its own.
func fresh(b testing.TB, isolate *isthmus.Isolate, i int) int64 {
	context := isolate.NewContext(isthmus.WithoutWeb())
	defer context.Close()
	return result(b)(context.RunScript(measure.Programs[i], "judge.js"))
}

// compartment runs the programs in one frozen context, which is swept after each.
func compartment(isolate *isthmus.Isolate) evaluation {
	context := isolate.NewContext(isthmus.WithFrozen())
	return func(b testing.TB, i int) int64 {
		number := result(b)(context.RunCompartment(measure.Programs[i], "judge.js"))
		measure.No(b, context.Sweep())
		return number
	}
}

func result(b testing.TB) func(*isthmus.Value, error) int64 {
	return func(value *isthmus.Value, err error) int64 {
		measure.No(b, err)
		defer value.Release()
		return value.Integer()
	}
}
