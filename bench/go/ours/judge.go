package main

import (
	"slices"
	"testing"

	isthmus "isthmus/bindings/go"

	"isthmus/bench/go/measure"
)

// The judge's programs, each never seen before, with more between one and the next from row to row. Isolates are made
// before what is measured and live on from run to run, so that V8 collects as it does in a server.
func judge(side *measure.Side) {
	isolate := isthmus.NewIsolate()
	side.RowWithMemory(measure.Judge(reuse(isolate)), "IsolatesReuse")
	side.RowWithMemory(measure.Judge(compartment(isolate)), "IsolatesReuse_compartment")
	context := isolate.NewContext(isthmus.WithoutWeb())
	side.RowWithMemory(measure.Judge(func(b testing.TB, i int) int64 {
		return result(b)(context.RunScript("{"+measure.Programs[i]+"}", "judge.js"))
	}), "ContextReuse")
	isolate.Close()

	var isolates []*isthmus.Isolate
	var reusing, sweeping []measure.Evaluation
	for range measure.Threads {
		isolate := isthmus.NewIsolate()
		isolates = append(isolates, isolate)
		reusing, sweeping = append(reusing, reuse(isolate)), append(sweeping, compartment(isolate))
	}
	side.RowWithMemory(measure.JudgeParallel(reusing), "ReuseParallel")
	side.RowWithMemory(measure.JudgeParallel(sweeping), "ReuseParallel_compartment")
	for _, isolate := range isolates {
		isolate.Close()
	}

	side.RowWithMemory(measure.Judge(alone), "NoReuse")
	side.RowWithMemory(measure.JudgeParallel(slices.Repeat([]measure.Evaluation{alone}, measure.Threads)), "NoReuseParallel")
}

func reuse(isolate *isthmus.Isolate) measure.Evaluation {
	return func(b testing.TB, i int) int64 { return fresh(b, isolate, i) }
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
func compartment(isolate *isthmus.Isolate) measure.Evaluation {
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
