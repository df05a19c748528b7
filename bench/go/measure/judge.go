package measure

import "testing"

// Judge makes a benchmark that runs the judge's programs, each with another input. `evaluate` gives the i-th's result.
func Judge(evaluate func(b testing.TB, i int) int64) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			next := i % len(Inputs)
			Same(b, evaluate(b, next), Expected[next])
		}
	}
}

// JudgeParallel is Judge on as many threads as Go has. `begin` makes what each of them evaluates with, and what frees it.
func JudgeParallel(begin func(b testing.TB) (evaluate func(i int) int64, end func())) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(rounds *testing.PB) {
			evaluate, end := begin(b)
			defer end()
			for i := 0; rounds.Next(); i++ {
				next := i % len(Inputs)
				if evaluate(next) != Expected[next] {
					b.Error("wrong result")
				}
			}
		})
	}
}
