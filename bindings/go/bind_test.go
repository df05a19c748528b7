package isthmus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func bindAll(t testing.TB, ctx *Context, all map[string]any) {
	t.Helper()
	for name, fn := range all {
		if err := ctx.Bind(name, fn); err != nil {
			t.Fatal(err)
		}
	}
}

type point struct{ X, Y int }

func TestBind(t *testing.T) {
	ctx := realm(t)
	bindAll(t, ctx, map[string]any{
		"nothing":  func() {},
		"add":      func(a, b float64) float64 { return a + b },
		"integers": func(a, b int) int { return a * b },
		"join":     func(a, b string) string { return a + b },
		"not":      func(x bool) bool { return !x },
		"length":   func(s string) int { return len(s) },
		"big":      func() int { return math.MaxInt64 },
		"sum": func(all ...int) (sum int) {
			for _, each := range all {
				sum += each
			}
			return sum
		},
		"tail":    func(first string, rest ...string) string { return first + ":" + strings.Join(rest, "+") },
		"swap":    func(p point) point { return point{p.Y, p.X} },
		"pointer": func(p *point) bool { return p == nil },
		"two":     func() (int, string) { return 1, "b" },
		"failing": func(fail bool) (string, error) {
			if fail {
				return "", errors.New("it failed")
			}
			return "fine", nil
		},
		"kind":   func(x any) string { return fmt.Sprintf("%T", x) },
		"small":  func(x int8, y uint16, z float32) float64 { return float64(x) + float64(y) + float64(z) },
		"value":  func(v *Value) *Value { return v },
		"object": func(o *Object) (*Value, error) { return o.Get("x") },
		"map":    func() map[string]any { return map[string]any{"a": []int{1, 2}} },
		"when":   func(d time.Duration) time.Duration { return d * 2 },
		"long":   func(s string) string { return s + s },
		"has":    func(ctx context.Context, x int) bool { return ctx != nil && x == 1 },
		"number": 7.5, "list": []int{1, 2}, "text": "text", "none": nil,
		"adder": func(n int) func(int) int { return func(x int) int { return x + n } },
	})
	for source, want := range map[string]string{
		"nothing()": "undefined", "add(1, 2.5)": "3.5", "integers(6, 7)": "42", "join('a', 'ß')": "aß", "not(true)": "false",
		"length('ä')": "2", "big()": "9223372036854775807", "typeof big()": "bigint", "sum()": "0", "sum(1, 2, 3)": "6",
		"tail('a')": "a:", "tail('a', 'b', 'c')": "a:b+c", "JSON.stringify(swap({X: 1, Y: 2}))": `{"X":2,"Y":1}`,
		"pointer()": "true", "pointer(null)": "true", "pointer({X: 1})": "false", "JSON.stringify(two())": `[1,"b"]`,
		"failing(false)": "fine", "kind(1)": "float64", "kind('a')": "string", "kind(null)": "<nil>", "kind()": "<nil>",
		"kind([1])": "[]interface {}", "kind(5n)": "*big.Int", "small(-1, 2, 0.5)": "1.5", "value(Symbol.iterator) === Symbol.iterator": "true",
		"value() === undefined": "true", "object({x: 9})": "9", "JSON.stringify(map())": `{"a":[1,2]}`, "when(21)": "42",
		"long('é'.repeat(5000)) === 'é'.repeat(10000)": "true", "long('\\ud800').length": "2", "has(1, 2, 3)": "true",
		"number": "7.5", "list.join()": "1,2", "text": "text", "none": "null", "add.name": "add", "add(1, 2, 'more')": "3",
		"adder(2)(40)": "42",
		"var s = ''; for (let i = 0; i < 20; i++) s += long('x'.repeat(i)); s.length": "380",
	} {
		if got := js(t, ctx, source).String(); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
	for source, want := range map[string]string{
		"add(1)":              "isthmus: add: argument 2: float64 and undefined: they have nothing in common",
		"add('1', 2)":         "isthmus: add: argument 1: float64 and string: they have nothing in common",
		"integers(1.5, 2)":    "isthmus: integers: argument 1: int and number: 1.5 is no integer",
		"join({}, 2)":         "isthmus: join: argument 1: string and object: they have nothing in common",
		"sum(1, 2, 'x')":      "isthmus: sum: argument 3: int and string: they have nothing in common",
		"small(128, 1, 1)":    "isthmus: small: argument 1: int8 and number: 128 is out of range",
		"swap({X: 'a'})":      "isthmus: swap: argument 1: $.X: int and string: they have nothing in common",
		"object(1)":           "isthmus: object: argument 1: *isthmus.Object and number: they have nothing in common",
		"has('x')":            "isthmus: has: argument 1: int and string: they have nothing in common",
		"integers(2n**70n,1)": "isthmus: integers: argument 1: int and bigint: 1180591620717411303424 is out of range",
	} {
		if got := js(t, ctx, "try { "+source+" } catch (e) { e instanceof TypeError && e.message }").String(); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
	if got := js(t, ctx, "try { failing(true) } catch (e) { e instanceof Error && e.name + ' ' + e.message }").String(); got != "Error it failed" {
		t.Error(got)
	}
	refused(t, ctx.Bind("x", (func())(nil)), "isthmus: Bind: x: expected a function, got nil")
	refused(t, ctx.BindAsync("x", 7), "isthmus: BindAsync: x: expected a function, got int")
	refused(t, ctx.Bind("x", make(chan int)), "isthmus: chan int and value: it has no form in JavaScript")
	_, err := NewFunction(ctx, "a\x00b", func() {})
	refused(t, err, "isthmus: NewFunction: the name has a NUL within")
	_, err = NewFunction(nil, "f", func() {})
	refused(t, err, "isthmus: NewFunction: the context is nil")
	_, err = NewFunction(ctx, "f", 7)
	refused(t, err, "isthmus: NewFunction: f: expected a function, got int")
	if err := ctx.Isolate().Close(); err != nil {
		t.Fatal(err)
	}
	if err := ctx.Bind("x", func() {}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// Each function of a common type does what one of the same shape does that is called by reflection.
func TestCommonFunctions(t *testing.T) {
	ctx := realm(t)
	arguments := map[reflect.Kind]string{reflect.Float64: "1.5", reflect.Int: "3", reflect.String: "'a'", reflect.Bool: "true"}
	failed := errors.New("failed")
	kinds := []reflect.Type{reflect.TypeFor[float64](), reflect.TypeFor[int](), reflect.TypeFor[string](), reflect.TypeFor[bool]()}
	count := 0
	for _, in := range [][]int{{}, {0}, {1}, {2}, {3}, {0, 0}, {1, 1}, {2, 2}} {
		for result := -1; result < len(kinds); result++ {
			for _, fails := range []bool{false, true} {
				var params, results []reflect.Type
				var source []string
				for _, i := range in {
					params = append(params, kinds[i])
					source = append(source, arguments[kinds[i].Kind()])
				}
				if result >= 0 {
					results = append(results, kinds[result])
				}
				if fails {
					results = append(results, errorType)
				}
				now := false
				fn := reflect.MakeFunc(reflect.FuncOf(params, results, false), func(args []reflect.Value) (all []reflect.Value) {
					for i, arg := range args {
						if got := fmt.Sprint(arg); got != strings.Trim(source[i], "'") {
							t.Errorf("%v: argument %s, want %s", params, got, source[i])
						}
					}
					for _, each := range results {
						all = append(all, reflect.Zero(each))
					}
					if now {
						all[len(all)-1] = reflect.ValueOf(&failed).Elem()
					}
					return all
				}).Interface()
				if common("f", fn) != nil {
					count++
				}
				bindAll(t, ctx, map[string]any{"f": fn})
				call := "f(" + strings.Join(source, ",") + ")"
				want := "undefined"
				if result >= 0 {
					want = map[int]string{0: "0", 1: "0", 2: "", 3: "false"}[result]
				}
				if got := js(t, ctx, call).String(); got != want {
					t.Errorf("%T: got %s, want %s", fn, got, want)
				}
				if now = fails; now {
					if _, err := ctx.RunScript(call, ""); !errors.Is(err, failed) {
						t.Errorf("%T: %v", fn, err)
					}
				}
				if len(in) > 0 {
					for i := range in {
						wrong := append([]string{}, source...)
						wrong[i] = "{}"
						_, err := ctx.RunScript("f("+strings.Join(wrong, ",")+")", "")
						if conversion := (*ConversionError)(nil); !errors.As(err, &conversion) || conversion.Path != fmt.Sprintf("f: argument %d", i+1) {
							t.Errorf("%T: %v", fn, err)
						}
					}
				}
			}
		}
	}
	if count < 60 {
		t.Error(count, "functions of common types")
	}
}

func TestFunctionCallbackInfo(t *testing.T) {
	ctx := realm(t)
	var kept *FunctionCallbackInfo
	var first *Value
	bindAll(t, ctx, map[string]any{
		"f": func(info *FunctionCallbackInfo) *Value {
			kept = info
			first = info.Arg(0)
			if info.Context() != ctx || info.Len() != len(info.Args()) || info.Arg(99).String() != "undefined" ||
				info.Arg(-1).String() != "undefined" || !info.NewTarget().IsUndefined() {
				t.Error("the call is not as it is")
			}
			return first
		},
		"g": func(info *FunctionCallbackInfo) (*Value, error) {
			x, err := info.This().Get("x")
			if err == nil && info.Len() > 0 {
				err = errors.New("arguments")
			}
			return x, err
		},
		"nil": func(info *FunctionCallbackInfo) *Value { return nil },
	})
	if got := js(t, ctx, "f({a: 1}, 2).a"); got.Number() != 1 {
		t.Error(got)
	}
	// What came with the call stays, and the call itself is over.
	if object, err := first.ToObject(); err != nil || must[int](t)(Get[int](object, "a")) != 1 {
		t.Error(err)
	}
	if kept.Len() != 0 || kept.This() != nil || kept.Arg(0).String() != "undefined" || len(kept.Args()) != 0 {
		t.Error("a call outlives itself")
	}
	kept.Release()
	if got := js(t, ctx, "var x = 'global'; [g.call({x: 1}), g(), f(), this.nil()].join()").String(); got != "1,global,," {
		t.Error(got)
	}
	_, err := ctx.RunScript("g(1)", "")
	refused(t, err, "Error: arguments")
}

func TestErrorsCrossJavaScript(t *testing.T) {
	ctx := realm(t)
	mine := fmt.Errorf("mine: %w", context.DeadlineExceeded)
	var other *JSError
	bindAll(t, ctx, map[string]any{
		"fail":  func() error { return mine },
		"nul":   func() error { return errors.New("a\x00b") },
		"again": func(f *Function) error { _, err := f.Call(nil); return err },
		"wrapped": func(f *Function) error {
			_, err := f.Call(nil)
			return fmt.Errorf("wrapped: %w", err)
		},
		"type": func() error { return NewTypeError(ctx, "of mine") },
	})
	_, err := ctx.RunScript("try { fail() } finally { 1 }", "")
	if !errors.Is(err, mine) || !errors.Is(err, context.DeadlineExceeded) || err.Error() != "Error: mine: context deadline exceeded" {
		t.Error(err)
	}
	// Through JavaScript again and again.
	_, err = ctx.RunScript("again(() => again(() => { again(fail) }))", "")
	if !errors.Is(err, mine) {
		t.Error(err)
	}
	_, err = ctx.RunScript("again(() => { throw new RangeError('far') })", "far.js")
	if !errors.As(err, &other) || other.Name != "RangeError" || other.Location != "far.js:1:15" && other.Location != "far.js:1:21" {
		t.Errorf("%v at %v", err, other.Location)
	}
	_, err = ctx.RunScript("wrapped(fail)", "")
	if !errors.Is(err, mine) || err.Error() != "Error: wrapped: Error: mine: context deadline exceeded" {
		t.Error(err)
	}
	if !js(t, ctx, "var e = {}; try { again(() => { throw e }) } catch (x) { x === e }").Boolean() {
		t.Error("what is thrown does not stay itself")
	}
	if !js(t, ctx, "try { type() } catch (x) { x instanceof TypeError && x.message === 'of mine' }").Boolean() {
		t.Error("an Exception is not thrown as itself")
	}
	_, err = ctx.RunScript("nul()", "")
	refused(t, err, `Error: a\0b`)
	// Caught, it is nobody's any more.
	js(t, ctx, "try { fail() } catch {}")
}

func TestPanics(t *testing.T) {
	boom := errors.New("boom")
	panics := map[string]any{
		"text":   func() { panic("text") },
		"err":    func() { panic(boom) },
		"index":  func(i int) int { return []int{1}[i] },
		"nested": func(f *Function) (*Value, error) { return f.Call(nil) },
	}
	ctx := realm(t)
	bindAll(t, ctx, panics)
	var caught *PanicError
	_, err := ctx.RunScript("text()", "")
	if !errors.As(err, &caught) || caught.Value != "text" || !strings.Contains(string(caught.Stack), "bind_test.go") ||
		err.Error() != "Error: panic: text" {
		t.Error(err)
	}
	if _, err = ctx.RunScript("nested(() => err())", ""); !errors.Is(err, boom) || !errors.As(err, &caught) || caught.Value != boom {
		t.Error(err)
	}
	var wrong runtime.Error
	if _, err = ctx.RunScript("index(1)", ""); !errors.As(err, &wrong) {
		t.Error(err)
	}
	if got := js(t, ctx, "try { text() } catch (e) { e.message }").String(); got != "panic: text" {
		t.Error(got)
	}

	iso := NewIsolate(WithPanics())
	defer iso.Close()
	ctx = iso.NewContext()
	bindAll(t, ctx, panics)
	for _, source := range []string{"err()", "nested(() => nested(() => err()))"} {
		func() {
			defer func() {
				again, ok := recover().(*PanicError)
				if !ok || again.Value != boom || !strings.Contains(string(again.Stack), "bind_test.go") {
					t.Error(source, again)
				}
			}()
			_, err := ctx.RunScript(source, "")
			t.Error("it goes on", err)
		}()
	}
	if got := js(t, ctx, "try { err() } catch (e) { e.message }").String(); got != "panic: boom" {
		t.Error(got)
	}
	if iso.lock.depth != 0 || iso.inside != 0 {
		t.Error("the isolate is still held")
	}
}

// A goroutine that ends within a callback takes its isolate with it, and nothing else.
func TestGoexit(t *testing.T) {
	iso := NewIsolate()
	ctx := iso.NewContext()
	around := NewIsolate()
	other := around.NewContext()
	bindAll(t, ctx, map[string]any{"leave": runtime.Goexit})
	kept := js(t, ctx, "({})")
	done := make(chan struct{})
	deferred := false
	go func() {
		defer close(done)
		defer func() { deferred = true }()
		_ = around.Do(func(*Scope) error {
			_, err := ctx.RunScript("try { leave() } finally { leave() }", "")
			t.Error("it goes on", err)
			return err
		})
	}()
	<-done
	if !deferred {
		t.Error("deferred functions do not run")
	}
	if _, err := ctx.RunScript("1", ""); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if err := iso.Err(); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	kept.Release()
	iso.TerminateExecution()
	if err := iso.Close(); err != nil {
		t.Error(err)
	}
	if _, err := other.RunScript("1", ""); err != nil && !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	_ = around.Close()
	for range 20 {
		next := NewIsolate()
		if x, err := Eval[int](next.NewContext(), "6 * 7", ""); err != nil || x != 42 {
			t.Fatal(x, err)
		}
		if err := next.Close(); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
}

// Functions are arguments like others, wherever those are made in the midst of an operation.
func TestFunctionsAsArguments(t *testing.T) {
	ctx := fresh(t)
	seven := func() int { return 7 }
	f, err := js(t, ctx, "(before, f, after) => before + f() + after").AsFunction()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := CallFunc[int](f, 1, seven, 30); err != nil || got != 38 {
		t.Error(got, err)
	}
	object, err := js(t, ctx, "globalThis.holder = {has(f) { return f() }}").AsObject()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := object.MethodCall("has", seven); err != nil || got.Integer() != 7 {
		t.Error(got, err)
	}
	if err := object.Set("seven", seven); err != nil {
		t.Error(err)
	}
	if got := js(t, ctx, "holder.seven()"); got.Integer() != 7 {
		t.Error(got)
	}
	members, err := NewMap(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := members.Set("seven", seven); err != nil {
		t.Error(err)
	}
	if got, err := members.Get("seven"); err != nil || !got.IsFunction() {
		t.Error(got, err)
	}
	if got, err := Call[int](ctx, "holder.has", seven); err != nil || got != 7 {
		t.Error(got, err)
	}
}

func TestBindAsync(t *testing.T) {
	ctx := realm(t)
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	gate := make(chan int)
	for name, fn := range map[string]any{
		"take":   func() int { return <-gate },
		"give":   func(ctx context.Context, x int) error { gate <- x; return nil },
		"fail":   func() (int, error) { return 0, context.Canceled },
		"boom":   func() { panic("boom") },
		"gone":   func() { runtime.Goexit() },
		"number": func(x float64) float64 { return x },
	} {
		if err := ctx.BindAsync(name, fn); err != nil {
			t.Fatal(err)
		}
	}
	await := func(source string) (any, error) {
		v, err := ctx.RunScript(source, "")
		if err != nil {
			return nil, err
		}
		return Await[any](soon, v)
	}
	if x, err := await("Promise.all([take(), give(7)]).then(all => all[0])"); err != nil || x != 7.0 {
		t.Error(x, err)
	}
	if _, err := await("fail()"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var caught *PanicError
	if _, err := await("boom()"); !errors.As(err, &caught) || caught.Value != "boom" {
		t.Error(err)
	}
	_, err := await("gone()")
	refused(t, err, "Error: isthmus: gone: the goroutine has ended by runtime.Goexit")
	_, err = await("number('x')")
	if conversion := (*ConversionError)(nil); !errors.As(err, &conversion) {
		t.Error(err)
	}
}

func ExampleContext_Bind() {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	err := ctx.Bind("fetch", func(ctx context.Context, url string) (map[string]any, error) {
		if url == "" {
			return nil, errors.New("no address")
		}
		return map[string]any{"status": 200, "url": url}, nil
	})
	if err != nil {
		panic(err)
	}
	status, err := Eval[int](ctx, "fetch('https://example.org').status", "main.js")
	fmt.Println(status, err)
	_, err = ctx.RunScript("fetch('')", "main.js")
	fmt.Println(err)
	// Output:
	// 200 <nil>
	// Error: no address
}
