package isthmus

import "testing"

func benchContext(b *testing.B) *Context {
	iso := NewIsolate()
	b.Cleanup(func() { _ = iso.Close() })
	return iso.NewContext()
}

func BenchmarkCall2(b *testing.B) {
	ctx := benchContext(b)
	v, _ := ctx.RunScript("(a, b) => a + b", "main.js")
	f := &Function{v}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := CallFunc[float64](f, 1, 2); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCall2Do(b *testing.B) {
	ctx := benchContext(b)
	v, _ := ctx.RunScript("(a, b) => a + b", "main.js")
	f := &Function{v}
	b.ReportAllocs()
	_ = ctx.Isolate().Do(func(*Scope) error {
		for b.Loop() {
			if _, err := CallFunc[float64](f, 1, 2); err != nil {
				b.Fatal(err)
			}
		}
		return nil
	})
}

func BenchmarkCallName2Do(b *testing.B) {
	ctx := benchContext(b)
	_, _ = ctx.RunScript("const add = (a, b) => a + b", "main.js")
	b.ReportAllocs()
	_ = ctx.Isolate().Do(func(*Scope) error {
		for b.Loop() {
			if _, err := Call[float64](ctx, "add", 1, 2); err != nil {
				b.Fatal(err)
			}
		}
		return nil
	})
}

func BenchmarkGetDo(b *testing.B) {
	ctx := benchContext(b)
	v, _ := ctx.RunScript("({x: 1.5})", "main.js")
	o := &Object{v}
	b.ReportAllocs()
	_ = ctx.Isolate().Do(func(*Scope) error {
		for b.Loop() {
			if _, err := Get[float64](o, "x"); err != nil {
				b.Fatal(err)
			}
		}
		return nil
	})
}

func benchCallback(b *testing.B, fn any, call string) {
	ctx := benchContext(b)
	if err := ctx.Bind("f", fn); err != nil {
		b.Fatal(err)
	}
	v, err := ctx.RunScript("(n) => { for (let i = 0; i < n; i++) "+call+" }", "main.js")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := CallFunc[any](&Function{v}, b.N); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCallback2(b *testing.B) {
	benchCallback(b, func(a, b float64) float64 { return a + b }, "f(i, 2)")
}

func BenchmarkCallbackText(b *testing.B) {
	benchCallback(b, func(a string) string { return a }, "f('hello')")
}

func BenchmarkCallbackReflect(b *testing.B) {
	benchCallback(b, func(a int, b string, c bool) float64 { return 1.5 }, "f(1, 'hello', true)")
}
