package isthmus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// pooled makes a pool.
func pooled(t testing.TB, options ...PoolOption) *Pool {
	t.Helper()
	p, err := NewPool(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

var double = NewProgram("input * 2", "double.js")

func TestMapsKeepTheOrder(t *testing.T) {
	for rung := IsolationShared; rung <= IsolationIsolate; rung++ {
		p := pooled(t, WithThreads(3), WithIsolation(rung))
		inputs := make([]int, many(300, 20000))
		for i := range inputs {
			inputs[i] = i
		}
		at := 0
		for r := range p.Map(context.Background(), double, inputs) {
			if r.Err != nil || r.Index != at || r.Value != float64(2*at) || r.Wall <= 0 {
				t.Fatal(rung, at, r)
			}
			at++
		}
		if at != len(inputs) {
			t.Fatal(rung, at)
		}
	}
}

func TestInputsOfManyKinds(t *testing.T) {
	p := pooled(t, WithThreads(2))
	channel := make(chan int, 3)
	for i := 1; i <= 3; i++ {
		channel <- i
	}
	close(channel)
	type number float32
	for _, inputs := range []any{
		[]any{1, 2.0, int64(3)}, [3]uint8{1, 2, 3}, []number{1, 2, 3}, channel, (<-chan int)(channelOf(1, 2, 3)),
		slices.Values([]int{1, 2, 3}), slices.Values([]any{1, 2, 3}),
		iter.Seq[any](func(yield func(any) bool) { _ = yield(1) && yield(2) && yield(3) }),
		func(yield func(int) bool) { _ = yield(1) && yield(2) && yield(3) },
	} {
		var got []float64
		for r := range MapTo[float64](context.Background(), p, double, inputs) {
			if r.Err != nil {
				t.Fatalf("%T: %v", inputs, r.Err)
			}
			got = append(got, r.Value)
		}
		if !slices.Equal(got, []float64{2, 4, 6}) {
			t.Fatalf("%T: %v", inputs, got)
		}
	}
	for range p.Map(context.Background(), double, []int{}) {
		t.Fatal("something came of nothing")
	}
}

func channelOf(values ...int) chan int {
	channel := make(chan int, len(values))
	for _, x := range values {
		channel <- x
	}
	close(channel)
	return channel
}

func TestErrorsStayInTheirPlace(t *testing.T) {
	p := pooled(t, WithThreads(2), WithTimeout(500*time.Millisecond), WithHeapLimit(8<<20))
	program := NewProgram(`switch (input) {
		case 1: throw new TypeError("one", { cause: new Error("why") });
		case 2: for (;;);
		case 3: const all = []; for (;;) all.push(new Array(1e4).fill(0));
		case 4: const again = () => again() + 1; again();
		case 5: throw "five";
		case 6: return_(6);
		case 7: new Promise(() => {});
		case 8: Promise.reject(new RangeError("eight")); break;
		default: input;
	}`, "many.js")
	want := []string{"", "TypeError: one", "TimeoutError: the time limit of 500 ms was reached",
		"MemoryError: the heap limit of 8 MiB was reached", "RangeError: Maximum call stack size exceeded", "five",
		"ReferenceError: return_ is not defined", "", "RangeError: eight", ""}
	for r := range p.Map(context.Background(), program, slices.Values([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})) {
		switch {
		case r.Index == 7:
			if r.Err == nil {
				t.Fatal(r)
			}
		case want[r.Index] == "" && r.Err != nil, want[r.Index] != "" && (r.Err == nil || r.Err.Error() != want[r.Index]):
			t.Fatalf("%d: %v, want %s", r.Index, r.Err, want[r.Index])
		case r.Index == 1:
			var thrown *JSError
			if !errors.As(r.Err, &thrown) || thrown.Location != "many.js:2:17" || thrown.Cause == nil ||
				thrown.Cause.Message != "why" {
				t.Fatalf("%+v", r.Err)
			}
		case r.Index == 2 && !errors.Is(r.Err, context.DeadlineExceeded), r.Index == 3 && !errors.Is(r.Err, ErrOutOfMemory):
			t.Fatal(r.Err)
		}
		if r.Err != nil && r.Value != nil {
			t.Fatal(r)
		}
	}
	got, err := p.Statistics()
	if err != nil || got.Runs != 10 || got.Failed != 8 || got.Timeouts != 1 || got.Spent != 1 || got.Replaced < 1 {
		t.Fatal(got, err)
	}
}

func TestWhatHasNoFormFailsInItsPlace(t *testing.T) {
	p := pooled(t, WithThreads(1))
	var conversion *ConversionError
	program := NewProgram("typeof input", "")
	for r := range p.Map(context.Background(), program, []any{1, func() {}, "\xff", "x", math.NaN()}) {
		switch r.Index {
		case 1, 2:
			if !errors.As(r.Err, &conversion) {
				t.Fatal(r)
			}
		default:
			if r.Err != nil {
				t.Fatal(r)
			}
		}
	}
	if _, err := p.Run(context.Background(), double, func() {}); !errors.As(err, &conversion) {
		t.Fatal(err)
	}
	for r := range MapTo[int8](context.Background(), p, double, []int{1, 100, 2}) {
		if (r.Index == 1) != errors.As(r.Err, &conversion) || r.Index == 1 && r.Value != 0 {
			t.Fatal(r)
		}
	}
}

func TestValuesKeepTheirKinds(t *testing.T) {
	p := pooled(t, WithThreads(1))
	type row struct {
		Name string `js:"name"`
		Big  int64  `js:"big"`
		At   time.Time
		Data []byte
		Null *int
	}
	in := row{"x", 1 << 60, time.UnixMilli(1e12).UTC(), []byte{1, 2}, nil}
	program := NewProgram(`if (typeof input.big !== "bigint" || !(input.At instanceof Date)) throw input; input`, "")
	out, err := Run[row](context.Background(), p, program, in)
	if err != nil || !reflect.DeepEqual(in, out) {
		t.Fatal(out, err)
	}
}

func TestLeavingALoopEndsWhatRuns(t *testing.T) {
	p := pooled(t, WithThreads(2))
	spin := NewProgram("if (input) for (;;);", "spin.js")
	for range 20 {
		for r := range p.Map(context.Background(), spin, []int{0, 1, 1, 1, 1}) {
			if r.Err != nil {
				t.Fatal(r)
			}
			break
		}
	}
	// An iterator that never ends, and a channel that nothing comes by.
	for r := range p.Map(context.Background(), double, func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}) {
		if r.Index == 1000 {
			break
		}
	}
	never := make(chan int, 1)
	never <- 1
	for r := range p.Map(context.Background(), double, never) {
		if r.Value != 2.0 {
			t.Fatal(r)
		}
		break
	}
	if v, err := p.Run(context.Background(), double, 4); err != nil || v != 8.0 {
		t.Fatal(v, err)
	}
}

// A result is there although no other input has come yet.
func TestResultsComeBeforeTheNextInput(t *testing.T) {
	p := pooled(t, WithThreads(2))
	inputs := make(chan int, 1)
	inputs <- 1
	at := 0
	for r := range p.Map(context.Background(), double, inputs) {
		if at++; r.Value != float64(2*at) {
			t.Fatal(r)
		}
		if at == 5 {
			close(inputs)
		} else {
			inputs <- at + 1
		}
	}
	if at != 5 {
		t.Fatal(at)
	}
}

func TestContextsEndMaps(t *testing.T) {
	p := pooled(t, WithThreads(2))
	spin := NewProgram("if (input > 2) for (;;); input", "spin.js")
	if _, err := p.Run(context.Background(), spin, 1); err != nil {
		t.Fatal(err)
	}
	for _, timeout := range []time.Duration{time.Hour, 300 * time.Millisecond} {
		goctx, cancel := context.WithTimeout(context.Background(), timeout)
		var last Result[any]
		count := 0
		for r := range p.Map(goctx, spin, []int{0, 1, 2, 3, 4, 5, 6}) {
			if last = r; r.Index == 2 && timeout == time.Hour {
				cancel()
			}
			count++
		}
		if count != 4 || last.Index != 3 {
			t.Fatal(count, last)
		}
		text := "isthmus: Map: " + goctx.Err().Error()
		wants(t, last.Err, goctx.Err(), text)
		// One that has ended.
		for r := range p.Map(goctx, spin, []int{0, 1}) {
			wants(t, r.Err, goctx.Err(), text)
		}
		cancel()
	}
	never := make(chan int)
	goctx := soon(t)
	for r := range p.Map(goctx, spin, never) {
		wants(t, r.Err, goctx.Err(), "isthmus: Map: context deadline exceeded")
	}
	_, err := p.Run(cancelled(t), spin, 3)
	wants(t, err, context.Canceled, "isthmus: Run: context canceled")
	_, err = spin.RunContext(soon(t), 3)
	wants(t, err, context.DeadlineExceeded, "isthmus: Run: context deadline exceeded")
	if v, err := spin.Run(2); err != nil || v != 2.0 {
		t.Fatal(v, err)
	}
}

func TestIteratorsMayPanic(t *testing.T) {
	p := pooled(t, WithThreads(1))
	mine := errors.New("mine")
	count := 0
	func() {
		defer func() {
			if cause := recover(); cause != mine {
				t.Fatal(cause)
			}
		}()
		for range p.Map(context.Background(), double, func(yield func(int) bool) {
			yield(1)
			panic(mine)
		}) {
			count++
		}
		t.Fatal("it went on")
	}()
	if count != 1 {
		t.Fatal(count)
	}
	// And so may the loop.
	func() {
		defer func() { _ = recover() }()
		for range p.Map(context.Background(), double, []int{1, 2, 3}) {
			panic(mine)
		}
	}()
	if v, err := p.Run(context.Background(), double, 4); err != nil || v != 8.0 {
		t.Fatal(v, err)
	}
}

func TestProgressIsTold(t *testing.T) {
	p := pooled(t, WithThreads(2))
	var told []int
	for range p.Map(context.Background(), double, make([]int, 100), WithWindow(5), WithProgress(func(done, total int) {
		if total != 100 {
			t.Fatal(total)
		}
		told = append(told, done)
	})) {
	}
	if !slices.IsSorted(told) || told[len(told)-1] != 100 {
		t.Fatal(told)
	}
	for range p.Map(context.Background(), double, channelOf(1), WithProgress(func(_, total int) {
		if total != -1 {
			t.Fatal(total)
		}
	})) {
	}
}

func TestProgramsSayWhereTheyAre(t *testing.T) {
	p := pooled(t)
	program := &Program{Source: "\n  throw new Error('x')", Origin: "part.js", Line: 10}
	_, err := p.Run(context.Background(), program, nil)
	var thrown *JSError
	if !errors.As(err, &thrown) || thrown.Location != "part.js:12:9" {
		t.Fatalf("%+v", err)
	}
	_, err = p.Run(context.Background(), NewProgram("}", ""), nil)
	if !errors.As(err, &thrown) || thrown.Name != "SyntaxError" || !strings.HasPrefix(thrown.Location, "<program>:1:1") {
		t.Fatalf("%+v", err)
	}
}

func TestRungsKeepRunsApart(t *testing.T) {
	leave := NewProgram("const before = typeof left; globalThis.left = 1; before", "leave.js")
	leave.Source = "(() => { " + "const before = typeof left; globalThis.left = 1; return before })()"
	for rung := IsolationShared; rung <= IsolationIsolate; rung++ {
		p := pooled(t, WithThreads(1), WithIsolation(rung))
		var seen []any
		for r := range p.Map(context.Background(), leave, []int{1, 2}) {
			seen = append(seen, r.Value)
		}
		want := []any{"undefined", "undefined"}
		if rung == IsolationShared {
			want[1] = "number"
		}
		if !reflect.DeepEqual(seen, want) {
			t.Fatal(rung, seen)
		}
	}
}

func TestProcesses(t *testing.T) {
	p, err := NewPool(WithIsolation(IsolationProcess), WithThreads(2), WithTimeout(10*time.Second))
	if err != nil {
		t.Skip(err)
	}
	defer p.Close()
	die := NewProgram("if (input) new RegExp('(?:a'.repeat(5e4) + ')*'.repeat(5e4)).test('a'); input", "die.js")
	for r := range p.Map(context.Background(), die, []int{0, 1, 0, 0}) {
		if (r.Index == 1) != (r.Err != nil) {
			t.Fatal(r)
		}
		if r.Index == 1 && !errors.Is(r.Err, ErrDied) && !errors.Is(r.Err, ErrOutOfMemory) {
			t.Fatal(r.Err)
		}
	}
}

func TestPoolsRefuseBadOptions(t *testing.T) {
	for text, option := range map[string]PoolOption{
		"threads must be between 1 and 4096, not 0":               WithThreads(0),
		"threads must be between 1 and 4096, not 4097":            WithThreads(4097),
		"isolation must be one of the rungs, not Isolation(5)":    WithIsolation(5),
		"the timeout must not be less than 0, but is -1ns":        WithTimeout(-1),
		"the processor time must not be less than 0, but is -1ns": WithCPUTimeout(-1),
		"the command \"a\\x00b\" has a NUL within":                WithCommand("a\x00b"),
		"of the options of isolates a pool takes the limits alone": IsolateOption(func(o *isolateOptions) {
			o.native.ExplicitMicrotasks = true
		}),
	} {
		if _, err := NewPool(option); err == nil || err.Error() != "isthmus: NewPool: "+text {
			t.Fatal(text, err)
		}
	}
	if _, err := NewPool(WithIsolation(IsolationProcess), WithCommand("/nowhere/isthmus")); err == nil ||
		!strings.HasPrefix(err.Error(), "isthmus: NewPool: ") {
		t.Fatal(err)
	}
	p := pooled(t)
	for text, inputs := range map[string]any{
		"nil": nil, "int": 3, "map[string]int": map[string]int{}, "string": "abc", "chan<- int": make(chan<- int),
		"func()": func() {}, "func(func(int) bool)": (func(func(int) bool))(nil),
	} {
		text := strings.Replace(text, "nil", "<nil>", 1)
		for r := range p.Map(context.Background(), double, inputs) {
			want := "isthmus: Map: inputs must be a slice, an array, a channel or an iter.Seq, not " + text
			if r.Err == nil || r.Err.Error() != want {
				t.Fatal(r.Err)
			}
		}
	}
	for r := range p.Map(context.Background(), double, []int{1}, WithWindow(0)) {
		if r.Err == nil || r.Err.Error() != "isthmus: Map: the window must be between 1 and 2^30, not 0" {
			t.Fatal(r.Err)
		}
	}
	for text, program := range map[string]*Program{
		"isthmus: Run: the program is nil":                          nil,
		"isthmus: string and origin: it has a NUL within":           NewProgram("1", "a\x00"),
		"isthmus: string and string: it is not valid UTF-8":         NewProgram("\xff", ""),
		"isthmus: Run: the line must be between 0 and 2^30, not -1": {Source: "1", Line: -1},
	} {
		if _, err := p.Run(context.Background(), program, 1); err == nil || err.Error() != text {
			t.Fatal(text, err)
		}
	}
	var none *Pool
	for _, p := range []*Pool{none, {}} {
		_, err := p.Run(context.Background(), double, 1)
		if err == nil || err.Error() != "isthmus: Run: the pool was not made by NewPool" {
			t.Fatal(err)
		}
		if _, err = p.Statistics(); err == nil || p.Close() != nil {
			t.Fatal(err)
		}
	}
}

func TestClosedPools(t *testing.T) {
	// Each map keeps one thread for ever, so that each has begun sooner or later.
	p := pooled(t, WithThreads(4))
	var group sync.WaitGroup
	started := make(chan struct{}, 4)
	for range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			var last error
			for r := range p.Map(context.Background(), NewProgram("if (input) for (;;);", ""), []int{0, 1, 0}) {
				if r.Index == 0 {
					started <- struct{}{}
				}
				last = r.Err
			}
			if last != ErrClosed {
				t.Error(last)
			}
		}()
	}
	for range 4 {
		<-started
	}
	for range 2 {
		group.Add(1)
		go func() {
			defer group.Done()
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	if _, err := p.Run(context.Background(), double, 1); err != ErrClosed {
		t.Fatal(err)
	}
	for r := range p.Map(context.Background(), double, []int{1}) {
		if r.Err != ErrClosed {
			t.Fatal(r)
		}
	}
	if _, err := p.Statistics(); err != ErrClosed {
		t.Fatal(err)
	}
	// Within its own loop.
	p = pooled(t)
	for r := range p.Map(context.Background(), double, make([]int, 1000)) {
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if r.Err != nil && r.Err != ErrClosed {
			t.Fatal(r)
		}
	}
}

func TestManyMapsShareAPool(t *testing.T) {
	p := pooled(t, WithThreads(2))
	var group sync.WaitGroup
	for k := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			sum := 0
			for r := range MapTo[int](context.Background(), p, double, slices.Values([]int{k, k, k, k, k, k, k, k})) {
				if r.Err != nil {
					t.Error(r.Err)
				}
				sum += r.Value
			}
			if sum != 16*k {
				t.Error(k, sum)
			}
			if v, err := Run[int](context.Background(), p, double, k); err != nil || v != 2*k {
				t.Error(v, err)
			}
		}()
	}
	group.Wait()
}

func ExamplePool_Map() {
	pool, err := NewPool(WithTimeout(time.Second), WithHeapLimit(64<<20))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	program := NewProgram("if (input < 0) throw new RangeError('less than 0'); Math.sqrt(input)", "root.js")
	for r := range pool.Map(context.Background(), program, []float64{4, -1, 9}) {
		fmt.Println(r.Index, r.Value, r.Err)
	}
	// Output:
	// 0 2 <nil>
	// 1 <nil> RangeError: less than 0
	// 2 3 <nil>
}

func ExampleProgram_RunContext() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := NewProgram("for (;;);", "spin.js").RunContext(ctx, nil)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output: true
}

func BenchmarkPoolRun(b *testing.B) {
	p := pooled(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Run(context.Background(), double, 2); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPoolMap(b *testing.B) {
	p := pooled(b)
	b.ReportAllocs()
	for r := range p.Map(context.Background(), double, make([]int, b.N)) {
		if r.Err != nil {
			b.Fatal(r.Err)
		}
	}
}
