package isthmus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
)

func TestCall(t *testing.T) {
	ctx := realm(t)
	js(t, ctx, `const add = (a, b) => a + b; let sub = (a, b) => a - b;
		var shape = {inner: {who() { return this.name; }, name: "inner"}};
		class Point { static of(x) { return x * 2; } }
		function many(...args) { return args.length; }`)
	for _, each := range []struct {
		name string
		args []any
		want float64
	}{
		{"add", []any{1, 2}, 3}, {"add", []any{0.5, float32(0.25)}, 0.75}, {"sub", []any{int8(-1), uint16(2)}, -3},
		{"Point.of", []any{uint64(21)}, 42}, {"Math.max", []any{1, 7, 3}, 7},
		{"many", nil, 0}, {"many", make([]any, 12), 12}, {"many", make([]any, 13), 13}, {"many", make([]any, 300), 300},
	} {
		for range 2 {
			if got, err := Call[float64](ctx, each.name, each.args...); err != nil || got != each.want {
				t.Errorf("%s: %v, %v", each.name, got, err)
			}
		}
	}
	if who, err := Call[string](ctx, "shape.inner.who"); err != nil || who != "inner" {
		t.Error(who, err)
	}
	// A name is looked up each time.
	js(t, ctx, "sub = () => 'other'")
	if got, err := Call[string](ctx, "sub", 1, 2); err != nil || got != "other" {
		t.Error(got, err)
	}
	for name, want := range map[string]string{
		"":         `isthmus: Call: the name: expected names joined by dots, got ""`,
		"a;b":      `isthmus: Call: the name: expected names joined by dots, got "a;b"`,
		"a..b":     `isthmus: Call: the name: expected names joined by dots, got "a..b"`,
		"1a":       `isthmus: Call: the name: expected names joined by dots, got "1a"`,
		"a b":      `isthmus: Call: the name: expected names joined by dots, got "a b"`,
		"missing":  "ReferenceError: missing is not defined",
		"$":        "ReferenceError: $ is not defined",
		"$0":       "ReferenceError: $0 is not defined",
		"new":      `isthmus: Call: the name: expected names joined by dots, got "new"`,
		"if":       "SyntaxError: Unexpected token 'if'",
		"shape.no": "TypeError: shape.no is not a function",
	} {
		if _, err := Call[any](ctx, name, 1); err == nil || err.Error() != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := Call[any](nil, "f"); err == nil || err.Error() != "isthmus: Call: the context is nil" {
		t.Error(err)
	}
}

func TestFunctionCall(t *testing.T) {
	ctx := realm(t)
	f := &Function{js(t, ctx, "(function (a) { 'use strict'; return [typeof this, this?.x, a].join() })")}
	v, err := f.Call(nil, "text")
	if err != nil || v.String() != "undefined,,text" {
		t.Error(v, err)
	}
	v, err = f.Call(js(t, ctx, "({x: 7})"), nil)
	if err != nil || v.String() != "object,7," {
		t.Error(v, err)
	}
	class := &Function{js(t, ctx, "(class Pair { constructor(a, b) { this.sum = a + b; } })")}
	pair, err := class.NewInstance("a", 1)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := Get[string](pair, "sum"); err != nil || sum != "a1" {
		t.Error(sum, err)
	}
	_, err = class.Call(nil)
	refused(t, err, "TypeError: Class constructor Pair cannot be invoked without 'new'")
	_, err = (&Function{js(t, ctx, "({})")}).Call(nil)
	refused(t, err, "isthmus: Call: expected a function, got an object")
	_, err = (&Function{js(t, ctx, "7")}).NewInstance()
	refused(t, err, "isthmus: NewInstance: expected a function, got a number")
	for _, none := range []*Function{nil, {}, {nil}, {&Value{}}} {
		_, err := none.Call(nil)
		refused(t, err, "isthmus: Call: expected a function, got undefined")
	}
	other := realm(t)
	_, err = f.Call(nil, js(t, other, "({})"))
	if !errors.Is(err, ErrForeign) {
		t.Error(err)
	}
	_, err = f.Call(js(t, other, "({})"))
	if !errors.Is(err, ErrForeign) {
		t.Error(err)
	}
	f.Release()
	_, err = f.Call(nil)
	if !errors.Is(err, ErrReleased) {
		t.Error(err)
	}
}

func TestCallContext(t *testing.T) {
	ctx := realm(t)
	f := &Function{js(t, ctx, "(n) => { for (;;); }")}
	goctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := f.CallContext(goctx, nil, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestLowerAndLift(t *testing.T) {
	ctx := realm(t)
	same := &Function{js(t, ctx, "x => x")}
	kind := &Function{js(t, ctx, "x => typeof x + ' ' + String(x)")}
	for _, each := range []struct {
		x    any
		want string
	}{
		{nil, "object null"}, {true, "boolean true"}, {int64(math.MaxInt64), "bigint 9223372036854775807"},
		{int64(1<<53 - 1), "number 9007199254740991"}, {int64(1 << 53), "bigint 9007199254740992"},
		{int64(-1 << 53), "bigint -9007199254740992"}, {uint64(math.MaxUint64), "bigint 18446744073709551615"},
		{-5, "number -5"}, {uint32(math.MaxUint32), "number 4294967295"}, {1.5, "number 1.5"},
		{"", "string "}, {"ä€𝄞", "string ä€𝄞"}, {strings.Repeat("ab", 2000), "string " + strings.Repeat("ab", 2000)},
		{strings.Repeat("ä", 70000), "string " + strings.Repeat("ä", 70000)}, {[]int{1, 2}, "object 1,2"},
		{(*Value)(nil), "undefined undefined"}, {(*Object)(nil), "undefined undefined"}, {&Value{}, "undefined undefined"},
	} {
		if got, err := CallFunc[string](kind, each.x); err != nil || got != each.want {
			t.Errorf("%.20v: %.40v, %v", each.x, got, err)
		}
	}
	if math.Signbit(must[float64](t)(CallFunc[float64](same, math.Copysign(0, -1)))) == false {
		t.Error("-0 has lost its sign")
	}
	if x := must[int64](t)(CallFunc[int64](same, int64(math.MinInt64))); x != math.MinInt64 {
		t.Error(x)
	}
	if x := must[uint64](t)(CallFunc[uint64](same, uint64(math.MaxUint64))); x != math.MaxUint64 {
		t.Error(x)
	}
	if x := must[*big.Int](t)(CallFunc[*big.Int](same, uint64(1<<63))); x.String() != "9223372036854775808" {
		t.Error(x)
	}
	if x := must[any](t)(CallFunc[any](same, 7)); x != 7.0 {
		t.Error(x)
	}
	if x := must[map[string]int](t)(CallFunc[map[string]int](same, map[string]int{"a": 1})); x["a"] != 1 {
		t.Error(x)
	}
	if x := must[time.Duration](t)(CallFunc[time.Duration](same, 7)); x != 7 {
		t.Error(x)
	}
	for _, each := range []struct {
		call func() error
		want string
	}{
		{as[int](same, 1.5), "isthmus: int and number: 1.5 is no integer"},
		{as[int](same, math.NaN()), "isthmus: int and number: NaN is no integer"},
		{as[int](same, 1e16), "isthmus: int and number: 1e+16 is beyond what numbers have exactly"},
		{as[int8](same, 128), "isthmus: int8 and number: 128 is out of range"},
		{as[int8](same, -129), "isthmus: int8 and number: -129 is out of range"},
		{as[uint8](same, 256), "isthmus: uint8 and number: 256 is out of range"},
		{as[uint](same, -1), "isthmus: uint and number: -1 is out of range"},
		{as[uint64](same, -1.0), "isthmus: uint64 and number: -1 is out of range"},
		{as[int32](same, 1<<31), "isthmus: int32 and number: 2.147483648e+09 is out of range"},
		{as[float32](same, 0.1), "isthmus: float32 and number: 0.1 would be rounded"},
		{as[int](same, "1"), "isthmus: int and string: they have nothing in common"},
		{as[float64](same, nil), "isthmus: float64 and null: they have nothing in common"},
		{as[string](same, 1), "isthmus: string and number: they have nothing in common"},
		{as[bool](same, 1), "isthmus: bool and number: they have nothing in common"},
		{as[string](same, []int{}), "isthmus: string and array: they have nothing in common"},
		{as[any](same, "\xff"), "isthmus: string and string: it is not valid UTF-8"},
		{as[any](same, make(chan int)), "isthmus: chan int and value: it has no form in JavaScript"},
	} {
		if err := each.call(); err == nil || err.Error() != each.want {
			t.Errorf("%v, want %s", err, each.want)
		}
	}
}

func as[T any](f *Function, x any) func() error {
	return func() error {
		_, err := CallFunc[T](f, x)
		return err
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func TestEvalAndGet(t *testing.T) {
	ctx := realm(t)
	if x, err := Eval[int](ctx, "6 * 7", "x.js"); err != nil || x != 42 {
		t.Error(x, err)
	}
	if x, err := Eval[[]string](ctx, "['a', 'b']", "x.js"); err != nil || len(x) != 2 {
		t.Error(x, err)
	}
	_, err := Eval[int](ctx, "throw new RangeError('far')", "x.js")
	refused(t, err, "RangeError: far")
	o, err := Eval[*Object](ctx, "({s: 'text', get bad() { throw 7 }, long: 'é'.repeat(5000), n: null})", "")
	if err != nil {
		t.Fatal(err)
	}
	if s := must[string](t)(Get[string](o, "s")); s != "text" {
		t.Error(s)
	}
	if s := must[string](t)(Get[string](o, "long")); s != strings.Repeat("é", 5000) {
		t.Error(len(s))
	}
	if n := must[*int](t)(Get[*int](o, "n")); n != nil {
		t.Error(n)
	}
	if x := must[any](t)(Get[any](o, "missing")); x != nil {
		t.Error(x)
	}
	_, err = Get[int](o, "bad")
	refused(t, err, "7")
	_, err = Get[int](nil, "x")
	refused(t, err, "isthmus: Get: expected an object, got undefined")
}

// sanitized says whether the tests run under AddressSanitizer.
var sanitized = os.Getenv("ISTHMUS_SANITIZE") != ""

func TestCallsAllocateNothing(t *testing.T) {
	if sanitized {
		t.Skip("what is instrumented allocates more")
	}
	ctx := realm(t)
	js(t, ctx, "const add = (a, b) => a + b; var config = {x: 1.5}")
	add := &Function{js(t, ctx, "add")}
	config := &Object{js(t, ctx, "config")}
	check := func(what string, most float64, fn func() error) {
		t.Helper()
		var err error
		got := testing.AllocsPerRun(200, func() { err = errors.Join(err, fn()) })
		if err != nil || got > most {
			t.Errorf("%s: %v allocations, %v", what, got, err)
		}
	}
	check("CallFunc", 0, func() error { _, err := CallFunc[float64](add, 1, 2); return err })
	check("Call", 0, func() error { _, err := Call[float64](ctx, "add", 1, 2); return err })
	check("Call of texts", 1, func() error { _, err := Call[string](ctx, "add", "a", "b"); return err })
	check("Get", 0, func() error { _, err := Get[float64](config, "x"); return err })
	check("Call of a Value", 1, func() error { _, err := add.Call(nil, 1, 2); return err })
}

func TestForgottenContextWithCallers(t *testing.T) {
	iso := NewIsolate()
	defer iso.Close()
	for range many(100, 2000) {
		ctx := iso.NewContext()
		if x, err := Call[float64](ctx, "Math.abs", -1); err != nil || x != 1 {
			t.Fatal(x, err)
		}
		if err := ctx.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Call[float64](ctx, "Math.abs", -1); !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
	}
}

func TestManyCallers(t *testing.T) {
	ctx := realm(t)
	for i := range 3 * manyCallers {
		js(t, ctx, fmt.Sprintf("var f%d = () => %d", i, i))
		if x, err := Call[int](ctx, fmt.Sprintf("f%d", i)); err != nil || x != i {
			t.Fatal(x, err)
		}
	}
}

func ExampleCall() {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	if _, err := ctx.RunScript("const add = (a, b) => a + b", "main.js"); err != nil {
		panic(err)
	}
	sum, err := Call[float64](ctx, "add", 1, 2)
	fmt.Println(sum, err)
	_, err = Call[int](ctx, "add", 1, 0.5)
	fmt.Println(err)
	// Output:
	// 3 <nil>
	// isthmus: int and number: 1.5 is no integer
}
