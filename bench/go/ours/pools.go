package main

import (
	"context"
	"iter"
	"strconv"
	"testing"

	isthmus "isthmus/bindings/go"

	"isthmus/bench/go/measure"
)

// The judge's program by a pool, over ever new inputs: at each rung, on one thread and on two.
func pools(side *measure.Side) {
	for _, rung := range []isthmus.Isolation{isthmus.IsolationShared, isthmus.IsolationCompartment,
		isthmus.IsolationContext, isthmus.IsolationIsolate, isthmus.IsolationProcess} {
		for threads := 1; threads <= 2; threads++ {
			names := []string{"pool_" + rung.String() + "_" + strconv.Itoa(threads)}
			if rung == isthmus.IsolationProcess {
				// What starts a process of Node for each has this beside it.
				names = append(names, []string{"NodeSpawn", "NodeParallel"}[threads-1])
			}
			side.Row(pool(rung, threads), names...)
		}
	}
}

func pool(rung isthmus.Isolation, threads int) func(*testing.B) {
	program := isthmus.NewProgram(measure.Program, "judge.js")
	return func(b *testing.B) {
		pool, err := isthmus.NewPool(isthmus.WithIsolation(rung), isthmus.WithThreads(threads))
		measure.No(b, err)
		defer pool.Close()
		_, err = isthmus.Run[int64](context.Background(), pool, program, input(0))
		measure.No(b, err)
		b.ResetTimer()
		for r := range isthmus.MapTo[int64](context.Background(), pool, program, inputs(b.N)) {
			measure.No(b, r.Err)
			measure.Same(b, r.Value, measure.Expected[r.Index%len(measure.Expected)])
		}
	}
}

// inputs are as many of the judge's, again from the first when they end.
func inputs(count int) iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := 0; i < count && yield(input(i)); i++ {
		}
	}
}

func input(i int) any {
	input := measure.Inputs[i%len(measure.Inputs)]
	return []any{input.Numbers, input.Number, input.Word}
}
