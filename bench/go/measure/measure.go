// Package measure is what every side of the Go suite shares: its clock, its inputs, and how it tells its figures.
//
// A side is a process: it measures what it can do and prints each figure as a line
// `ROW<tab>WHO<tab>NAME<tab>UNIT<tab>NUMBER`. A row that fails is told on the standard error and left out, and the
// ones after it are measured all the same. A row is a benchmark as package testing has them; what one round costs is
// the median of several runs of as many rounds.
package measure

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var units = map[string]string{
	"call_0": "ns", "call_0_do": "ns", "call_2": "ns", "call_2_do": "ns", "call_2_handles": "ns",
	"callback_0": "ns", "callback_2": "ns", "callback_string": "ns",
	"property_get": "ns", "property_get_do": "ns", "throw": "ns", "library_bound": "ns", "library_crc32": "ns",
}

// Side is one column of the table.
type Side struct {
	Who    string
	wanted []string
	runs   runs
	longer runs // of what makes V8 collect
}

// runs is how long each takes, and how many there are.
type runs struct {
	time  string
	count int
}

// New makes a side under the name `who`. The arguments of the program name the rows to be measured: all when there is
// none. BENCH_QUICK=1 in the environment measures shortly.
func New(who string) *Side {
	testing.Init()
	side := &Side{Who: who, wanted: os.Args[1:], runs: runs{"40ms", 5}, longer: runs{"300ms", 3}}
	if os.Getenv("BENCH_QUICK") == "1" {
		side.runs, side.longer = runs{"5ms", 1}, runs{"5ms", 1}
	}
	return side
}

// Wants says whether one of the rows is to be measured.
func (s *Side) Wants(names ...string) bool {
	return len(s.wanted) == 0 || slices.ContainsFunc(names, func(name string) bool { return slices.Contains(s.wanted, name) })
}

// Tell prints a figure.
func (s *Side) Tell(name, unit string, number float64) {
	fmt.Printf("ROW\t%s\t%s\t%s\t%.4f\n", s.Who, name, unit, number)
}

// Row measures what one round of a benchmark takes, and tells it under each of the names.
func (s *Side) Row(benchmark func(*testing.B), names ...string) {
	if result, ok := s.run(benchmark, s.runs, names...); ok {
		s.tellTime(result, names...)
	}
}

// RowOfFastest measures several benchmarks that do the same and tells the fastest.
func (s *Side) RowOfFastest(name string, benchmarks ...func(*testing.B)) {
	var fastest testing.BenchmarkResult
	for _, benchmark := range benchmarks {
		if result, ok := s.run(benchmark, s.runs, name); ok && (fastest.N == 0 || perRound(result) < perRound(fastest)) {
			fastest = result
		}
	}
	if fastest.N > 0 {
		s.tellTime(fastest, name)
	}
}

// RowWithMemory is Row for what makes V8 collect now and then, and tells under the first name what Go allocates in a
// round.
func (s *Side) RowWithMemory(benchmark func(*testing.B), names ...string) {
	if result, ok := s.run(benchmark, s.longer, names...); ok {
		s.tellTime(result, names...)
		s.Tell(names[0]+"_B", "B", float64(result.AllocedBytesPerOp()))
		s.Tell(names[0]+"_allocs", "allocs", float64(result.AllocsPerOp()))
	}
}

func (s *Side) tellTime(result testing.BenchmarkResult, names ...string) {
	for _, name := range names {
		if units[name] == "ns" {
			s.Tell(name, "ns", perRound(result))
		} else {
			s.Tell(name, "us", perRound(result)/1000)
		}
	}
}

// The median of several runs, after a first that says how many rounds make one.
func (s *Side) run(benchmark func(*testing.B), runs runs, names ...string) (testing.BenchmarkResult, bool) {
	if !s.Wants(names...) {
		return testing.BenchmarkResult{}, false
	}
	set("test.benchtime", runs.time)
	first := testing.Benchmark(benchmark)
	if first.N == 0 {
		fmt.Fprintf(os.Stderr, "bench: %s has no %s\n", s.Who, strings.Join(names, ", "))
		return first, false
	}
	set("test.benchtime", fmt.Sprintf("%dx", first.N))
	results := []testing.BenchmarkResult{first}
	for len(results) < runs.count {
		results = append(results, testing.Benchmark(benchmark))
	}
	slices.SortFunc(results, func(a, b testing.BenchmarkResult) int { return int(a.T - b.T) })
	return results[len(results)/2], true
}

func perRound(result testing.BenchmarkResult) float64 {
	return float64(result.T) / float64(time.Nanosecond) / float64(result.N)
}

// Memory tells how many kilobytes each of `count` new things keeps resident, after a first one, when the row is named,
// since memory that other rows have left counts for nothing. `free` ends them all.
func (s *Side) Memory(name string, count int, create func(), free func()) {
	if !slices.Contains(s.wanted, name) {
		return
	}
	defer free()
	create()
	runtime.GC()
	before := resident()
	for range count {
		create()
	}
	s.Tell(name, "kB", float64(resident()-before)/float64(count)/1000)
}

// No ends a benchmark, and with it its row, when there is an error.
func No(b testing.TB, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		b.FailNow()
	}
}

// Same ends a benchmark when a side has not done what its row says.
func Same[T comparable](b testing.TB, actual, expected T) {
	if actual != expected {
		No(b, fmt.Errorf("%v, not %v", actual, expected))
	}
}

func set(name, value string) {
	if err := flag.Set(name, value); err != nil {
		panic(err)
	}
}

// Bytes of the process that are resident.
func resident() int {
	var size, pages int
	text, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &pages)
	}
	if err != nil {
		panic(err)
	}
	return pages * os.Getpagesize()
}
