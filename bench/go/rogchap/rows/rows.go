// Package rows measures v8go, and what has forked off it with the same interface.
package rows

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"isthmus/bench/go/measure"

	v8 "rogchap.com/v8go"
)

// Measure prints all rows under the name of a package.
func Measure(who string) {
	side := measure.New(who)
	judge(side)
	calls(side)
	callbacks(side)
	transfers(side)

	side.Row(func(b *testing.B) {
		isolate := v8.NewIsolate()
		defer isolate.Dispose()
		b.ResetTimer()
		for range b.N {
			v8.NewContext(isolate).Close()
		}
	}, "new_context")
	side.Row(func(b *testing.B) {
		for range b.N {
			v8.NewIsolate().Dispose()
		}
	}, "new_isolate")
	var kept []*v8.Isolate
	side.Memory("isolate_memory", 40, func() { kept = append(kept, v8.NewIsolate()) }, func() {
		for _, isolate := range kept {
			isolate.Dispose()
		}
	})
}

// ---- The judge ----

// Isolates are made before what is measured and live on from run to run, so that V8 collects as it does in a server.
func judge(side *measure.Side) {
	// Where ours has a fresh scope in a context that stays, theirs has a fresh context, for want of anything between.
	isolate := v8.NewIsolate()
	side.RowWithMemory(measure.Judge(reuse(isolate)), "IsolatesReuse", "IsolatesReuse_compartment")
	context := v8.NewContext(isolate)
	side.RowWithMemory(measure.Judge(func(b testing.TB, i int) int64 {
		return evaluate(b, context, "{"+measure.Programs[i]+"}")
	}), "ContextReuse")
	context.Close()
	isolate.Dispose()

	var isolates []*v8.Isolate
	var reusing []measure.Evaluation
	for range measure.Threads {
		isolate := v8.NewIsolate()
		isolates, reusing = append(isolates, isolate), append(reusing, reuse(isolate))
	}
	side.RowWithMemory(measure.JudgeParallel(reusing), "ReuseParallel", "ReuseParallel_compartment")
	for _, isolate := range isolates {
		isolate.Dispose()
	}

	side.RowWithMemory(measure.Judge(alone), "NoReuse")
	side.RowWithMemory(measure.JudgeParallel(slices.Repeat([]measure.Evaluation{alone}, measure.Threads)), "NoReuseParallel")
}

func reuse(isolate *v8.Isolate) measure.Evaluation {
	return func(b testing.TB, i int) int64 { return fresh(b, isolate, i) }
}

// Runs one of the judge's programs in an isolate of its own.
func alone(b testing.TB, i int) int64 {
	isolate := v8.NewIsolate()
	defer isolate.Dispose()
	return fresh(b, isolate, i)
}

// Runs one of the judge's programs in a context of its own.
func fresh(b testing.TB, isolate *v8.Isolate, i int) int64 {
	context := v8.NewContext(isolate)
	defer context.Close()
	return evaluate(b, context, measure.Programs[i])
}

func evaluate(b testing.TB, context *v8.Context, source string) int64 {
	value, err := context.RunScript(source, "judge.js")
	measure.No(b, err)
	defer value.Release()
	return value.Integer()
}

// ---- Calls ----

func calls(side *measure.Side) {
	side.Row(func(b *testing.B) {
		context, end := enter()
		defer end()
		one, undefined := function(b, context, measure.One), v8.Undefined(context.Isolate())
		b.ResetTimer()
		for range b.N {
			value, err := one.Call(undefined)
			measure.No(b, err)
			value.Release()
		}
	}, "call_0")
	side.Row(func(b *testing.B) {
		context, end := enter()
		defer end()
		isolate := context.Isolate()
		add, undefined := function(b, context, measure.Add), v8.Undefined(isolate)
		b.ResetTimer()
		for i := range b.N {
			x, y := number(b, isolate, float64(i)), number(b, isolate, 2.5)
			value, err := add.Call(undefined, x, y)
			measure.No(b, err)
			measure.Same(b, value.Number(), float64(i)+2.5)
			value.Release()
			x.Release()
			y.Release()
		}
	}, "call_2", "call_2_do")
	side.Row(func(b *testing.B) {
		context, end := enter()
		defer end()
		isolate := context.Isolate()
		add, undefined := function(b, context, measure.Add), v8.Undefined(isolate)
		x, y := number(b, isolate, 1.5), number(b, isolate, 2.5)
		b.ResetTimer()
		for range b.N {
			value, err := add.Call(undefined, x, y)
			measure.No(b, err)
			measure.Same(b, value.Number(), 4)
			value.Release()
		}
	}, "call_2_handles")
	side.Row(func(b *testing.B) {
		context, end := enter()
		defer end()
		thrower, undefined := function(b, context, measure.Throw), v8.Undefined(context.Isolate())
		b.ResetTimer()
		for range b.N {
			if _, err := thrower.Call(undefined); err == nil {
				measure.No(b, errors.New("nothing was thrown"))
			}
		}
	}, "throw")
	side.Row(func(b *testing.B) {
		context, end := enter()
		defer end()
		object := run(b, context, measure.MakeObject).Object()
		b.ResetTimer()
		for range b.N {
			value, err := object.Get("x")
			measure.No(b, err)
			measure.Same(b, value.Number(), 1.5)
			value.Release()
		}
	}, "property_get")
}

func callbacks(side *measure.Side) {
	callback(side, "callback_0", "", func(info *v8.FunctionCallbackInfo) *v8.Value {
		info.Release()
		return nil
	})
	callback(side, "callback_2", "i, 2.5", func(info *v8.FunctionCallbackInfo) *v8.Value {
		arguments := info.Args()
		sum, err := v8.NewValue(info.Context().Isolate(), arguments[0].Number()+arguments[1].Number())
		if err != nil {
			panic(err)
		}
		info.Release()
		return sum
	})
	callback(side, "callback_string", "'hello world'", func(info *v8.FunctionCallbackInfo) *v8.Value {
		_ = info.Args()[0].String()
		info.Release()
		return nil
	})
}

// Calls back from a loop in JavaScript, a thousand times at most, since values live until the call that made them ends.
func callback(side *measure.Side, name, arguments string, called v8.FunctionCallback) {
	side.Row(func(b *testing.B) {
		isolate := v8.NewIsolate()
		defer isolate.Dispose()
		global := v8.NewObjectTemplate(isolate)
		measure.No(b, global.Set("cb", v8.NewFunctionTemplate(isolate, called)))
		context := v8.NewContext(isolate, global)
		defer context.Close()
		calling, undefined := function(b, context, measure.Calling(arguments)), v8.Undefined(isolate)
		b.ResetTimer()
		for left := b.N; left > 0; left -= 1000 {
			_, err := calling.Call(undefined, number(b, isolate, int32(min(left, 1000))))
			measure.No(b, err)
		}
	}, name)
}

// ---- What is larger ----

func transfers(side *measure.Side) {
	side.Row(func(b *testing.B) {
		context, end := enter()
		defer end()
		isolate := context.Isolate()
		length, undefined := function(b, context, measure.Length), v8.Undefined(isolate)
		b.ResetTimer()
		for range b.N {
			text := number(b, isolate, measure.Text)
			value, err := length.Call(undefined, text)
			measure.No(b, err)
			measure.Same(b, value.Integer(), measure.Megabyte)
			text.Release()
			value.Release()
		}
	}, "string_1m_in")
	side.Row(func(b *testing.B) {
		context, end := enter()
		defer end()
		text := run(b, context, measure.MakeText)
		b.ResetTimer()
		for range b.N {
			measure.Same(b, len(text.String()), measure.Megabyte)
		}
	}, "string_1m_out")
	// There is no way in for bytes, and out only where they are shared, for tommie.
	side.Row(func(b *testing.B) {
		context, end := enter()
		defer end()
		shared, ok := any(run(b, context, "new SharedArrayBuffer(1 << 20)")).(interface {
			SharedArrayBufferGetContents() ([]byte, func(), error)
		})
		if !ok {
			b.SkipNow()
		}
		target := make([]byte, measure.Megabyte)
		b.ResetTimer()
		for range b.N {
			bytes, release, err := shared.SharedArrayBufferGetContents()
			measure.No(b, err)
			copy(target, bytes)
			release()
		}
	}, "bytes_1m_out")
	side.RowOfFastest("floats_10k_out", floatsOutOneByOne, floatsOutAsJSON)
	side.RowOfFastest("floats_10k_in", floatsInOneByOne, floatsInAsJSON)
}

func floatsOutOneByOne(b *testing.B) {
	context, end := enter()
	defer end()
	array := run(b, context, measure.MakeNumbers).Object()
	numbers := make([]float64, len(measure.Numbers))
	b.ResetTimer()
	for range b.N {
		for i := range numbers {
			value, err := array.GetIdx(uint32(i))
			measure.No(b, err)
			numbers[i] = value.Number()
			value.Release()
		}
	}
}

func floatsOutAsJSON(b *testing.B) {
	context, end := enter()
	defer end()
	array := run(b, context, measure.MakeNumbers)
	b.ResetTimer()
	for range b.N {
		text, err := v8.JSONStringify(context, array)
		measure.No(b, err)
		var numbers []float64
		measure.No(b, json.Unmarshal([]byte(text), &numbers))
		measure.Same(b, len(numbers), len(measure.Numbers))
	}
}

func floatsInOneByOne(b *testing.B) {
	context, end := enter()
	defer end()
	isolate := context.Isolate()
	array := run(b, context, "new Array(10000)").Object()
	b.ResetTimer()
	for range b.N {
		for i, each := range measure.Numbers {
			value := number(b, isolate, each)
			measure.No(b, array.SetIdx(uint32(i), value))
			value.Release()
		}
	}
}

func floatsInAsJSON(b *testing.B) {
	context, end := enter()
	defer end()
	b.ResetTimer()
	for range b.N {
		text, err := json.Marshal(measure.Numbers)
		measure.No(b, err)
		value, err := v8.JSONParse(context, string(text))
		measure.No(b, err)
		value.Release()
	}
}

// ---- What they share ----

// A context in an isolate of its own, and what ends both.
func enter() (*v8.Context, func()) {
	isolate := v8.NewIsolate()
	context := v8.NewContext(isolate)
	return context, func() {
		context.Close()
		isolate.Dispose()
	}
}

func run(b testing.TB, context *v8.Context, source string) *v8.Value {
	value, err := context.RunScript(source, "bench.js")
	measure.No(b, err)
	return value
}

func function(b testing.TB, context *v8.Context, source string) *v8.Function {
	function, err := run(b, context, source).AsFunction()
	measure.No(b, err)
	return function
}

// A value made of a number or a string of Go.
func number(b testing.TB, isolate *v8.Isolate, of any) *v8.Value {
	value, err := v8.NewValue(isolate, of)
	measure.No(b, err)
	return value
}
