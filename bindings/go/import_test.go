package isthmus

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestFunc(t *testing.T) {
	ctx := realm(t)
	add := &Function{js(t, ctx, "(a, b) => a + b")}
	many := &Function{js(t, ctx, "(...all) => all.join('')")}
	failing := &Function{js(t, ctx, "x => { if (x) throw new RangeError(x); for (;;); }")}
	floats := must[func(float64, float64) (float64, error)](t)(Func[func(float64, float64) (float64, error)](add))
	if x, err := floats(1, 2.5); err != nil || x != 3.5 {
		t.Error(x, err)
	}
	integers := must[func(int, int) (int, error)](t)(Func[func(int, int) (int, error)](add))
	if x, err := integers(40, 2); err != nil || x != 42 {
		t.Error(x, err)
	}
	texts := must[func(string, any) (string, error)](t)(Func[func(string, any) (string, error)](add))
	if x, err := texts("a", 1.5); err != nil || x != "a1.5" {
		t.Error(x, err)
	}
	variadic := must[func(string, ...int) (string, error)](t)(Func[func(string, ...int) (string, error)](many))
	if x, err := variadic("a", 1, 2, 3); err != nil || x != "a123" {
		t.Error(x, err)
	}
	bounded := must[func(context.Context, string) error](t)(Func[func(context.Context, string) error](failing))
	refused(t, bounded(context.Background(), "far"), "RangeError: far")
	soon, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := bounded(soon, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	_, err := integers(1<<53-1, 1<<53-1)
	refused(t, err, "isthmus: int and number: 1.8014398509481982e+16 is beyond what numbers have exactly")
	if got := testing.AllocsPerRun(100, func() { _, _ = floats(1.5, 2.5) }); got != 0 && !sanitized {
		t.Error(got, "allocations")
	}
	for _, wrong := range []error{
		func() error { _, err := Func[func(int) int](add); return err }(),
		func() error { _, err := Func[func()](add); return err }(),
		func() error { _, err := Func[func() (int, int, error)](add); return err }(),
		func() error { _, err := Func[int](add); return err }(),
	} {
		var conversion *ConversionError
		if !errors.As(wrong, &conversion) || conversion.Message != "expected a func that gives an error last, and at most one result before" {
			t.Error(wrong)
		}
	}
	_, err = Func[func(int) (int, error)](nil)
	refused(t, err, "isthmus: Func: expected a function, got undefined")
	add.Release()
	if _, err := floats(1, 2); !errors.Is(err, ErrReleased) {
		t.Error(err)
	}
}

func TestUnmarshalIntoFuncs(t *testing.T) {
	ctx := realm(t)
	type plugin struct {
		Name string
		Run  func(x float64) (string, error)
		Stop func() error
	}
	p, err := Eval[plugin](ctx, "({Name: 'p', Run: x => 'got ' + x, Stop: null})", "")
	if err != nil {
		t.Fatal(err)
	}
	if x, err := p.Run(1.5); err != nil || x != "got 1.5" || p.Stop != nil {
		t.Error(x, err)
	}
	_, err = Eval[plugin](ctx, "({Run: 7})", "")
	refused(t, err, "isthmus: $.Run: func(float64) (string, error) and number: they have nothing in common")
	_, err = Eval[plugin](ctx, "({Run: Symbol()})", "")
	refused(t, err, "isthmus: $.Run: func(float64) (string, error) and symbol: they have nothing in common")
	_, err = Eval[func()](ctx, "() => 1", "")
	refused(t, err, "isthmus: func() and function: expected a func that gives an error last, and at most one result before")
	bindAll(t, ctx, map[string]any{"each": func(f func(int) (int, error)) (sum int, err error) {
		for i := range 3 {
			x, err := f(i)
			if err != nil {
				return 0, err
			}
			sum += x
		}
		return sum, nil
	}})
	if x, err := Eval[int](ctx, "each(x => x * 10)", ""); err != nil || x != 30 {
		t.Error(x, err)
	}
	_, err = Eval[int](ctx, "each(x => { throw new TypeError('no') })", "")
	refused(t, err, "TypeError: no")
}

// An end that a callback meets is the end of what has called it, too; that of an inner limit is not.
func TestEndsCrossCallbacks(t *testing.T) {
	ctx := realm(t)
	bindAll(t, ctx, map[string]any{
		"end": func() error {
			ctx.Isolate().TerminateExecution()
			_, err := ctx.RunScript("for (;;);", "")
			return err
		},
		"limited": func() error {
			soon, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			defer cancel()
			_, err := ctx.RunScriptContext(soon, "for (;;);", "")
			return err
		},
	})
	if _, err := ctx.RunScript("try { end() } catch { 'caught' } finally { 'more' }", ""); !errors.Is(err, ErrTerminated) {
		t.Error(err)
	}
	if got := js(t, ctx, "try { limited() } catch { 'caught' }").String(); got != "caught" {
		t.Error(got)
	}
	if _, err := ctx.RunScript("limited()", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func ExampleFunc() {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	f, err := Eval[*Function](ctx, "(a, b) => a * b", "main.js")
	if err != nil {
		panic(err)
	}
	multiply, err := Func[func(a, b float64) (float64, error)](f)
	if err != nil {
		panic(err)
	}
	fmt.Println(multiply(6, 7))
	// Output: 42 <nil>
}
