package measure

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// Evaluation runs the i-th of the judge's programs and gives its result.
type Evaluation func(b testing.TB, i int) int64

// Threads is how many evaluations JudgeParallel needs.
var Threads = runtime.GOMAXPROCS(0)

// Judge makes a benchmark that runs the judge's programs, each with another input.
func Judge(evaluate Evaluation) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			next := i % len(Inputs)
			Same(b, evaluate(b, next), Expected[next])
		}
	}
}

// JudgeParallel is Judge on as many threads as Go has, each of which has one of the evaluations.
func JudgeParallel(evaluations []Evaluation) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		var taken atomic.Int32
		b.RunParallel(func(rounds *testing.PB) {
			evaluate := evaluations[taken.Add(1)-1]
			for i := 0; rounds.Next(); i++ {
				next := i % len(Inputs)
				if evaluate(b, next) != Expected[next] {
					b.Error("wrong result")
				}
			}
		})
	}
}
