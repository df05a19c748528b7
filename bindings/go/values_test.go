package isthmus

import (
	"errors"
	"math"
	"testing"
)

// realm is a context for one test.
func realm(t testing.TB) *Context {
	t.Helper()
	iso := NewIsolate()
	if err := iso.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = iso.Close() })
	return iso.NewContext()
}

// js is what a source gives.
func js(t testing.TB, ctx *Context, source string) *Value {
	t.Helper()
	v, err := ctx.RunScript(source, "test.js")
	if err != nil {
		t.Fatalf("%s: %+v", source, err)
	}
	return v
}

// refused fails unless an error has a text.
func refused(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil || err.Error() != text {
		t.Fatalf("got the error %v, want %s", err, text)
	}
}

func TestConversions(t *testing.T) {
	ctx := realm(t)
	nan := math.NaN()
	for _, each := range []struct {
		source  string
		text    string
		number  float64
		integer int64
		int32   int32
		boolean bool
	}{
		{"undefined", "undefined", nan, 0, 0, false},
		{"null", "null", 0, 0, 0, false},
		{"true", "true", 1, 1, 1, true},
		{"false", "false", 0, 0, 0, false},
		{"0", "0", 0, 0, 0, false},
		{"-0", "0", math.Copysign(0, -1), 0, 0, false},
		{"-7", "-7", -7, -7, -7, true},
		{"1.9", "1.9", 1.9, 1, 1, true},
		{"-1.9", "-1.9", -1.9, -1, -1, true},
		{"NaN", "NaN", nan, 0, 0, false},
		{"Infinity", "Infinity", math.Inf(1), math.MaxInt64, 0, true},
		{"-Infinity", "-Infinity", math.Inf(-1), math.MinInt64, 0, true},
		{"1e21", "1e+21", 1e21, math.MaxInt64, -559939584, true},
		{"123456789012345680000", "123456789012345680000", 123456789012345680000, math.MaxInt64, 792100864, true},
		{"1e-6", "0.000001", 1e-6, 0, 0, true},
		{"1e-7", "1e-7", 1e-7, 0, 0, true},
		{"1.5e-10", "1.5e-10", 1.5e-10, 0, 0, true},
		{"5e-324", "5e-324", 5e-324, 0, 0, true},
		{"Number.MAX_VALUE", "1.7976931348623157e+308", math.MaxFloat64, math.MaxInt64, 0, true},
		{"2 ** 32 + 5", "4294967301", 4294967301, 4294967301, 5, true},
		{"-(2 ** 31) - 1", "-2147483649", -2147483649, -2147483649, math.MaxInt32, true},
		{"''", "", 0, 0, 0, false},
		{"' 0x10 '", " 0x10 ", 16, 16, 16, true},
		{"'x'", "x", nan, 0, 0, true},
		{"10n ** 20n", "100000000000000000000", nan, 0, 0, true},
		{"-5n", "-5", nan, 0, 0, true},
		{"0n", "0", nan, 0, 0, false},
		{"Symbol('s')", "Symbol(s)", nan, 0, 0, true},
		{"[1, [2, 3]]", "1,2,3", nan, 0, 0, true},
		{"({ valueOf: () => 7 })", "[object Object]", 7, 7, 7, true},
		{"({ toString: () => 'seven' })", "seven", nan, 0, 0, true},
		{"x => x", "x => x", nan, 0, 0, true},
		{"new TypeError('no')", "TypeError: no", nan, 0, 0, true},
	} {
		v := js(t, ctx, "("+each.source+")")
		same := v.Number() == each.number || each.number != each.number && v.Number() != v.Number()
		if v.String() != each.text || !same || math.Signbit(v.Number()) != math.Signbit(each.number) && each.number == 0 ||
			v.Integer() != each.integer || v.Int32() != each.int32 || v.Uint32() != uint32(each.int32) ||
			v.Boolean() != each.boolean {
			t.Errorf("%s: %q, %v, %d, %d, %v", each.source, v.String(), v.Number(), v.Integer(), v.Int32(), v.Boolean())
		}
	}
}

// Numbers are written as JavaScript does, without asking it.
func TestNumbersAsText(t *testing.T) {
	ctx := realm(t)
	asText, err := js(t, ctx, "x => String(x)").AsFunction()
	if err != nil {
		t.Fatal(err)
	}
	for exponent := -330.0; exponent < 310; exponent++ {
		for _, digits := range []float64{1, 1.5, -9.999999999999999, 1.2345678901234567, 7.000000000000001} {
			x := digits * math.Pow(10, exponent)
			v, err := NewValue(ctx.Isolate(), x)
			if err != nil {
				t.Fatal(err)
			}
			want, err := asText.Call(nil, v)
			if err != nil || v.String() != want.String() {
				t.Fatalf("%v: %s, want %s (%v)", x, v, want, err)
			}
		}
	}
}

func TestConversionsTellWhy(t *testing.T) {
	ctx := realm(t)
	throws := js(t, ctx, "({ toString() { throw new RangeError('no text') }, valueOf() { throw 3 } })")
	_, err := throws.ToString()
	refused(t, err, "RangeError: no text")
	_, err = throws.ToNumber()
	refused(t, err, "3")
	if throws.String() != "" || throws.Number() == throws.Number() || throws.BigInt() != nil {
		t.Fatal(throws.String(), throws.Number(), throws.BigInt())
	}
	_, err = js(t, ctx, "1n").ToNumber()
	refused(t, err, "TypeError: Cannot convert a BigInt value to a number")
	_, err = js(t, ctx, "Symbol()").ToNumber()
	refused(t, err, "TypeError: Cannot convert a Symbol value to a number")
	_, err = js(t, ctx, "1.5").ToBigInt()
	refused(t, err, "RangeError: The number 1.5 cannot be converted to a BigInt because it is not an integer")
	_, err = js(t, ctx, "undefined").ToObject()
	refused(t, err, "TypeError: Cannot convert undefined or null to object")
	_, err = Null(nil).ToObject()
	refused(t, err, "isthmus: ToObject: expected a value of a context, got null")
	if js(t, ctx, "null").Object() != nil {
		t.Fatal("null is an object")
	}
	boxed := js(t, ctx, "'abc'").Object()
	if !boxed.IsStringObject() || boxed.String() != "abc" {
		t.Fatal(boxed)
	}
}

func TestNilAndZeroValues(t *testing.T) {
	var none *Value
	for _, v := range []*Value{none, {}, Undefined(nil)} {
		if !v.IsUndefined() || v.String() != "undefined" || v.Boolean() || v.Number() == v.Number() || v.IsObject() ||
			v.IsMap() || v.TypeOf() != "undefined" || v.DetailString() != "undefined" || v.BigInt() != nil {
			t.Fatal(v)
		}
		if !v.SameValue(none) || !v.StrictEquals(Undefined(nil)) || v.StrictEquals(Null(nil)) {
			t.Fatal("undefined is not undefined")
		}
		v.Release()
		_, err := v.AsObject()
		refused(t, err, "isthmus: AsObject: expected an object, got undefined")
		_, err = v.AsMap()
		refused(t, err, "isthmus: AsMap: expected a Map, got undefined")
		_, err = v.ToBigInt()
		refused(t, err, "isthmus: ToBigInt: expected a BigInt, or a value of a context, got undefined")
	}
	for _, object := range []*Object{nil, {}, {Undefined(nil)}} {
		_, err := object.Get("x")
		refused(t, err, "isthmus: Get: expected an object, got undefined")
		refused(t, object.Set("x", 1), "isthmus: Set: expected an object, got undefined")
		_, err = object.Keys()
		refused(t, err, "isthmus: Keys: expected an object, got undefined")
		_, err = object.Entries()
		refused(t, err, "isthmus: Entries: expected an object, got undefined")
		_, err = object.GetIdx(1)
		refused(t, err, "isthmus: GetIdx: expected an object, got undefined")
		_, err = object.HasKey("x")
		refused(t, err, "isthmus: HasKey: expected an object, got undefined")
		_, err = object.MethodCall("x")
		refused(t, err, "isthmus: Get: expected an object, got undefined")
		refused(t, object.Freeze(), "isthmus: Freeze: expected an object, got undefined")
		refused(t, object.Define("x", 1, Writable), "isthmus: Define: expected an object, got undefined")
		_, err = object.ConstructorName()
		refused(t, err, "isthmus: ConstructorName: expected an object, got undefined")
		_, err = object.Hash()
		refused(t, err, "isthmus: Hash: expected an object, got undefined")
		if object.Has("x") || object.Delete("x") || object.HasIdx(0) || object.DeleteIdx(0) {
			t.Fatal("what is no object has properties")
		}
	}
	var noMap *Map
	_, err := noMap.Get(1)
	refused(t, err, "isthmus: Map.Get: expected an object, got undefined")
	_, err = (&Set{}).Len()
	refused(t, err, "isthmus: Set.Len: expected an object, got undefined")
	_, err = (&Array{}).All()
	refused(t, err, "isthmus: All: expected an object, got undefined")
	_, err = (*Date)(nil).Time()
	refused(t, err, "isthmus: Date.Time: expected an object, got undefined")
	_, err = (*RegExp)(nil).Test("x")
	refused(t, err, "isthmus: RegExp.test: expected a RegExp, got undefined")
	if (*Symbol)(nil).Description() != "" || (*Exception)(nil).Error() != "<nil>" {
		t.Fatal("nothing has a text")
	}
}

func TestNewValue(t *testing.T) {
	ctx := realm(t)
	iso := ctx.Isolate()
	echo := js(t, ctx, "x => typeof x + ' ' + String(x)")
	fn, err := echo.AsFunction()
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range []struct {
		x    any
		want string
	}{
		{nil, "object null"},
		{true, "boolean true"},
		{int8(-8), "number -8"},
		{uint32(4294967295), "number 4294967295"},
		{int64(1<<53 - 1), "number 9007199254740991"},
		{int64(1 << 53), "bigint 9007199254740992"},
		{int64(math.MinInt64), "bigint -9223372036854775808"},
		{uint64(math.MaxUint64), "bigint 18446744073709551615"},
		{1.5, "number 1.5"},
		{float32(0.5), "number 0.5"},
		{"h\u00e9 \U0001F600", "string h\u00e9 \U0001F600"},
		{Undefined(iso), "undefined undefined"},
	} {
		v, err := NewValue(iso, each.x)
		if err != nil {
			t.Fatal(each.x, err)
		}
		got, err := fn.Call(nil, v)
		if err != nil || got.String() != each.want {
			t.Errorf("%v: %s, want %s (%v)", each.x, got, each.want, err)
		}
	}
	for _, x := range []float64{2, -0.0, math.Copysign(0, -1), 1 << 31, 0.5} {
		v, err := NewValue(iso, x)
		if err != nil || v.IsInt32() != truthOf(t, js(t, ctx, "x => Object.is(x | 0, x)"), v) {
			t.Errorf("%v is a 32-bit integer: %v (%v)", x, v.IsInt32(), err)
		}
	}
	_, err = NewValue(nil, 1)
	refused(t, err, "isthmus: NewValue: the isolate is nil")
	_, err = NewValue(iso, []int{1})
	refused(t, err, "isthmus: []int and value: only plain values need no context; see Marshal")
	_, err = NewValue(iso, "\xff")
	refused(t, err, "isthmus: string and string: it is not valid UTF-8")
	text, err := NewValue(iso, "x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = text.ToObject()
	refused(t, err, "isthmus: the value belongs to no context")
	closed := NewIsolate()
	_ = closed.Close()
	if _, err := NewValue(closed, "x"); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func truthOf(t testing.TB, predicate *Value, args ...any) bool {
	t.Helper()
	fn, err := predicate.AsFunction()
	if err != nil {
		t.Fatal(err)
	}
	result, err := fn.Call(nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	return result.IsTrue()
}

func TestEquality(t *testing.T) {
	ctx := realm(t)
	js(t, ctx, "globalThis.o = {}; globalThis.s = Symbol()")
	for _, each := range []struct {
		left, right  string
		strict, same bool
	}{
		{"1", "1", true, true},
		{"1", "1.5", false, false},
		{"NaN", "NaN", false, true},
		{"0", "-0", true, false},
		{"-0", "-0", true, true},
		{"undefined", "null", false, false},
		{"true", "true", true, true},
		{"true", "false", false, false},
		{"true", "1", false, false},
		{"'ab'", "'a' + 'b'", true, true},
		{"'1'", "1", false, false},
		{"1n", "1", false, false},
		{"10n ** 30n", "10n ** 30n", true, true},
		{"o", "o", true, true},
		{"o", "({})", false, false},
		{"s", "s", true, true},
		{"Symbol()", "s", false, false},
	} {
		left, right := js(t, ctx, each.left), js(t, ctx, each.right)
		if left.StrictEquals(right) != each.strict || left.SameValue(right) != each.same ||
			right.StrictEquals(left) != each.strict || right.SameValue(left) != each.same {
			t.Errorf("%s and %s", each.left, each.right)
		}
	}
	other := realm(t)
	if js(t, ctx, "'a'").SameValue(js(t, other, "'a'")) {
		t.Fatal("values of two isolates are the same")
	}
	date, constructor := js(t, ctx, "new Date"), js(t, ctx, "Date")
	if is, err := date.InstanceOf(constructor); !is || err != nil {
		t.Fatal(is, err)
	}
	if is, err := js(t, ctx, "1").InstanceOf(constructor); is || err != nil {
		t.Fatal(is, err)
	}
	_, err := date.InstanceOf(date)
	refused(t, err, "TypeError: Right-hand side of 'instanceof' is not callable")
	_, err = date.InstanceOf(Null(nil))
	refused(t, err, "isthmus: InstanceOf: expected an object, got null")
	_, err = date.InstanceOf(js(t, other, "Date"))
	if !errors.Is(err, ErrForeign) {
		t.Fatal(err)
	}
}

// What belongs to an isolate that is closed, or was released, is an error, and never more.
func TestUseAfterTheEnd(t *testing.T) {
	ctx := realm(t)
	text, object, big := js(t, ctx, "'abc'"), js(t, ctx, "globalThis.o = {x: 1}; o"), js(t, ctx, "10n ** 30n")
	symbol, number := js(t, ctx, "Symbol('s')"), js(t, ctx, "1.5")
	released := js(t, ctx, "o")
	released.Release()
	released.Release()
	o := &Object{released}
	if _, err := o.Get("x"); !errors.Is(err, ErrReleased) {
		t.Fatal(err)
	}
	refused(t, o.Set("x", 1), "isthmus: Set: the value was released")
	if _, err := released.AsMap(); !errors.Is(err, ErrReleased) {
		t.Fatal(err)
	}
	if err := object.Object().Set("y", released); !errors.Is(err, ErrReleased) {
		t.Fatal(err)
	}

	// What is left of a context can be read.
	if err := ctx.Close(); err != nil {
		t.Fatal(err)
	}
	if text.String() != "abc" || big.BigInt().String() != "1000000000000000000000000000000" ||
		symbol.String() != "Symbol(s)" || !object.Boolean() || object.IsMap() {
		t.Fatal(text, big, symbol, object)
	}
	if _, err := object.Object().Get("x"); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := ctx.Isolate().Close(); err != nil {
		t.Fatal(err)
	}
	for _, v := range []*Value{text, object, big, symbol, released} {
		if v.String() != "" || v.Boolean() || v.IsArray() || v.IsNumberObject() || v.StrictEquals(v) {
			t.Fatal("a value of a closed isolate is used")
		}
		if _, err := v.ToString(); !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
		v.Release()
	}
	if _, err := object.AsDate(); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if number.String() != "1.5" || !number.SameValue(number) || !text.IsString() || symbol.TypeOf() != "symbol" {
		t.Fatal("what a value tells itself is gone")
	}
	if SymbolIterator(ctx.Isolate()) != nil {
		t.Fatal("a closed isolate has symbols")
	}
}

func TestArrayIndex(t *testing.T) {
	ctx := realm(t)
	for source, want := range map[string]int64{
		"0": 0, "'17'": 17, "4294967294": 4294967294, "4294967295": -1, "-1": -1, "1.5": -1, "'01'": -1, "'+1'": -1,
		"''": -1, "null": -1, "({})": -1, "'1e3'": -1,
	} {
		index, ok := js(t, ctx, source).ArrayIndex()
		if ok != (want >= 0) || ok && int64(index) != want {
			t.Errorf("%s: %d, %v", source, index, ok)
		}
	}
}
