package isthmus

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

func newTestContext(t testing.TB) *Context {
	t.Helper()
	iso := NewIsolate()
	t.Cleanup(func() { iso.Close() })
	ctx := iso.NewContext()
	if err := ctx.Err(); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func evaluate(t testing.TB, ctx *Context, source string) *Value {
	t.Helper()
	v, err := ctx.RunScript(source, "test.js")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// inJS is what JavaScript says that Go's x is: `f` is its name for it.
func inJS(t testing.TB, ctx *Context, x any, how string) string {
	t.Helper()
	v, err := Marshal(ctx, x)
	if err != nil {
		t.Fatalf("%T: %v", x, err)
	}
	f := &Function{evaluate(t, ctx, "(x) => String("+how+")")}
	result, err := f.Call(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return result.String()
}

type spot struct {
	X, Y int
}

type labelled struct {
	spot
	*Extra
	Label  string         `js:"label"`
	Note   string         `json:"note,omitempty"`
	Hidden int            `js:"-"`
	Since  time.Time      `js:"since,omitzero"`
	Tags   []string       `js:"tags,omitempty"`
	Any    any            `js:",omitempty"`
	Sizes  map[string]int `js:"sizes,omitempty"`
	secret int
}

type Extra struct {
	Depth float64 `js:"depth"`
}

type node struct {
	Name string  `js:"name"`
	Next *node   `js:"next"`
	All  []*node `js:"all,omitempty"`
}

type celsius float64

func (c celsius) MarshalJS() (any, error) { return map[string]any{"degrees": float64(c)}, nil }

func (c *celsius) UnmarshalJS(x any) error {
	object, _ := x.(map[string]any)
	degrees, ok := object["degrees"].(float64)
	if !ok {
		return errors.New("degrees are missing")
	}
	*c = celsius(degrees)
	return nil
}

func TestMarshal(t *testing.T) {
	ctx := newTestContext(t)
	huge, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	for _, each := range []struct {
		x    any
		how  string
		want string
	}{
		{nil, "x", "null"},
		{(*int)(nil), "x", "null"},
		{[]int(nil), "x", "null"},
		{map[string]int(nil), "x", "null"},
		{true, "x", "true"},
		{int64(1<<53 - 1), "typeof x + x", "number9007199254740991"},
		{int64(1 << 53), "typeof x + x", "bigint9007199254740992"},
		{-(1<<53 - 1), "typeof x + x", "number-9007199254740991"},
		{int64(math.MinInt64), "typeof x + x", "bigint-9223372036854775808"},
		{uint64(math.MaxUint64), "typeof x + x", "bigint18446744073709551615"},
		{huge, "typeof x + x", "bigint-123456789012345678901234567890"},
		{*big.NewInt(5), "typeof x + x", "bigint5"},
		{[]any{uint64(math.MaxUint64), big.NewInt(-7), 1 << 53, *huge}, "x.map((x) => typeof x + x)",
			"bigint18446744073709551615,bigint-7,bigint9007199254740992,bigint-123456789012345678901234567890"},
		{math.Copysign(0, -1), "Object.is(x, -0)", "true"},
		{[]float64{math.Copysign(0, -1), math.NaN(), math.Inf(1)}, "Object.is(x[0], -0) + ' ' + x", "true 0,NaN,Infinity"},
		{float32(0.1), "x", "0.10000000149011612"},
		{"é\x00\xed\xa0\x80", "x.length + ' ' + x.charCodeAt(2).toString(16)", "3 d800"},
		{[]string{"\xed\xa0\x80"}, "x[0].length", "1"},
		{map[string]int{"\xed\xa0\x80": 1}, "Object.keys(x)[0].length", "1"},
		{[]byte{1, 2, 255}, "x.constructor.name + x", "Uint8Array1,2,255"},
		{[][]byte{{1}, nil}, "x[0].constructor.name + x[1]", "Uint8Arraynull"},
		{[]uint16{1, 65535}, "Array.isArray(x) + ' ' + x", "true 1,65535"},
		{[3]int8{-1, 0, 1}, "Array.isArray(x) + ' ' + x", "true -1,0,1"},
		{[]int64{1, 1 << 60}, "x.map((x) => typeof x)", "number,bigint"},
		{TypedArray[float32]{1.5, 2}, "x.constructor.name + x", "Float32Array1.5,2"},
		{[]any{TypedArray[int64]{-1}, TypedArray[uint8]{7}}, "x.map((x) => x.constructor.name + x)", "BigInt64Array-1,Uint8Array7"},
		{time.UnixMilli(1700000000123).Add(time.Microsecond), "x.constructor.name + x.getTime()", "Date1700000000123"},
		{[]time.Time{time.UnixMilli(-1)}, "x[0].getTime()", "-1"},
		{map[string]any{"b": 1, "a": []any{nil, "x"}}, "JSON.stringify(x)", `{"a":[null,"x"],"b":1}`},
		{map[string]int{"__proto__": 1}, "Object.keys(x)", "__proto__"},
		{map[int]string{2: "b", 1: "a"}, "x.constructor.name + JSON.stringify([...x])", `Map[[1,"a"],[2,"b"]]`},
		{map[string]struct{}{"b": {}, "a": {}}, "x.constructor.name + JSON.stringify([...x])", `Set["a","b"]`},
		{labelled{spot: spot{1, 2}, Label: "l", Hidden: 3, secret: 4}, "JSON.stringify(x)", `{"X":1,"Y":2,"label":"l"}`},
		{&labelled{Extra: &Extra{0.5}, Note: "n", Tags: []string{"t"}, Any: 1, Since: time.UnixMilli(0), Sizes: map[string]int{"s": 1}},
			"JSON.stringify(x)", `{"X":0,"Y":0,"depth":0.5,"label":"","note":"n","since":"1970-01-01T00:00:00.000Z","tags":["t"],"Any":1,"sizes":{"s":1}}`},
		{errors.New("no"), "(x instanceof Error) + String(x)", "trueError: no"},
		{map[string]error{"e": &JSError{Name: "RangeError", Message: "far", Cause: &JSError{Name: "Error", Message: "why"}}},
			"(x.e instanceof RangeError) + String(x.e) + x.e.cause", "trueRangeError: farError: why"},
		{Pattern{`a\d`, "gi"}, "x.constructor.name + x", `RegExp/a\d/gi`},
		{celsius(20), "JSON.stringify(x)", `{"degrees":20}`},
		{[]celsius{1, 2}, "JSON.stringify(x)", `[{"degrees":1},{"degrees":2}]`},
		{json.Number("12345678901234567890"), "typeof x + x", "bigint12345678901234567890"},
		{json.RawMessage(`{"a":[1,2.5,"x"]}`), "JSON.stringify(x)", `{"a":[1,2.5,"x"]}`},
	} {
		if got := inJS(t, ctx, each.x, each.how); got != each.want {
			t.Errorf("%T %v: %s is %s, not %s", each.x, each.x, each.how, got, each.want)
		}
	}
}

// What is shared in Go is shared in JavaScript, and the other way round.
func TestMarshalShared(t *testing.T) {
	ctx := newTestContext(t)
	circle := &node{Name: "a"}
	circle.Next = &node{Name: "b", Next: circle}
	circle.All = []*node{circle, circle.Next}
	if got := inJS(t, ctx, circle, "x.next.next === x && x.all[0] === x && x.all[1] === x.next"); got != "true" {
		t.Error(got)
	}
	list := []any{1, nil}
	list[1] = list
	object := map[string]any{"list": list}
	object["self"] = object
	if got := inJS(t, ctx, []any{object, list, object}, "x[0] === x[2] && x[0].self === x[0] && x[0].list === x[1] && x[1][1] === x[1]"); got != "true" {
		t.Error(got)
	}
	v := evaluate(t, ctx, "const a = {name: 'a'}; const b = {name: 'b', next: a}; a.next = b; a.all = [a, b, a]; a")
	var back *node
	if err := Unmarshal(v, &back); err != nil {
		t.Fatal(err)
	}
	if back.Next.Next != back || back.All[0] != back || back.All[1] != back.Next || back.Next.Name != "b" {
		t.Errorf("%+v", back)
	}
	var anything any
	if err := Unmarshal(evaluate(t, ctx, "const l = [1]; l.push(l, {l}); l"), &anything); err != nil {
		t.Fatal(err)
	}
	all := anything.([]any)
	if &all[1].([]any)[0] != &all[0] || &all[2].(map[string]any)["l"].([]any)[0] != &all[0] {
		t.Error("the circle is open")
	}
	// As values instead of pointers, each is a copy.
	type copied struct{ P, Q spot }
	var c copied
	if err := Unmarshal(evaluate(t, ctx, "const p = {X: 1, Y: 2}; ({P: p, Q: p})"), &c); err != nil || c.P != c.Q || c.Q.Y != 2 {
		t.Error(c, err)
	}
}

func TestMarshalErrors(t *testing.T) {
	ctx := newTestContext(t)
	other := newTestContext(t)
	foreign := evaluate(t, other, "({})")
	deep := any(1)
	for range 2000 {
		deep = []any{deep}
	}
	for _, each := range []struct {
		x    any
		want string
	}{
		{make(chan int), "isthmus: chan int and value: it has no form in JavaScript"},
		{map[string]any{"rows": []any{1, map[string]any{"a b": complex(1, 2)}}},
			`isthmus: $.rows[1]["a b"]: complex128 and value: it has no form in JavaScript`},
		{struct {
			Names []string `js:"names"`
		}{[]string{"", "\xff"}}, "isthmus: $.names[1]: string and string: it is not valid UTF-8"},
		{"\xff", "isthmus: string and string: it is not valid UTF-8"},
		{map[int]any{1: 2, 3: make(chan int)}, "isthmus: $<value 1>: chan int and value: it has no form in JavaScript"},
		{time.Unix(1<<60, 0), "is out of range"},
		{deep, "isthmus: Marshal: more than 1000 containers are in one another"},
		{[]any{foreign}, "the value belongs to another isolate"},
		{json.Number("x"), "isthmus: json.Number and number: it is no number"},
	} {
		_, err := Marshal(ctx, each.x)
		if err == nil || !strings.Contains(err.Error(), each.want) {
			t.Errorf("%T: %v, not %s", each.x, err, each.want)
		}
	}
	if _, err := Marshal(ctx, []any{foreign}); !errors.Is(err, ErrForeign) {
		t.Error(err)
	}
}

func TestUnmarshal(t *testing.T) {
	ctx := newTestContext(t)
	check := func(source string, into any, want any) {
		t.Helper()
		if err := Unmarshal(evaluate(t, ctx, source), into); err != nil {
			t.Errorf("%s: %v", source, err)
			return
		}
		if got := reflect.ValueOf(into).Elem().Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, not %#v", source, got, want)
		}
	}
	check("1.5", new(float64), 1.5)
	check("7", new(int8), int8(7))
	check("-0", new(int), 0)
	check("2n ** 63n - 1n", new(int64), int64(math.MaxInt64))
	check("2n ** 64n - 1n", new(uint64), uint64(math.MaxUint64))
	check("-(2n ** 70n)", new(big.Int), *new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 70)))
	check("5", new(*big.Int), big.NewInt(5))
	check("'é\\ud800'", new(string), "é\xed\xa0\x80")
	check("['é\\ud800']", new([]string), []string{"é\xed\xa0\x80"})
	check("'x'.repeat(100000)", new(string), strings.Repeat("x", 100000))
	check("null", new(*int), (*int)(nil))
	check("[undefined, null]", new([]*int), []*int{nil, nil})
	check("[1, 2.5]", new([]float64), []float64{1, 2.5})
	check("[1, 2]", new([]uint16), []uint16{1, 2})
	check("[1, 2n]", new([]int), []int{1, 2})
	check("[]", new([]int), []int{})
	check("[1, , 3]", new([]any), []any{1.0, nil, 3.0})
	check("[1, 2]", new([2]int), [2]int{1, 2})
	check("new Set([1, 2])", new([]int), []int{1, 2})
	check("new Set([1, 2])", new(map[int]struct{}), map[int]struct{}{1: {}, 2: {}})
	check("new Map([[1, 'a']])", new(map[int]string), map[int]string{1: "a"})
	check("new Map([['a', 1]])", new(map[string]int), map[string]int{"a": 1})
	check("new Map([[{x: 1}, 'a']])", new([][2]any), [][2]any{{map[string]any{"x": 1.0}, "a"}})
	check("({a: 1, b: 2})", new(map[string]int), map[string]int{"a": 1, "b": 2})
	check("new Uint8Array([1, 2])", new([]byte), []byte{1, 2})
	check("new Uint8Array([1, 2])", new([]float64), []float64{1, 2})
	check("new Float32Array([1.5])", new([]float64), []float64{1.5})
	check("new BigInt64Array([-1n])", new([]int), []int{-1})
	check("({b: new Uint16Array([1, 2])})", new(map[string][]uint16), map[string][]uint16{"b": {1, 2}})
	check("({b: new Uint8Array([1, 2])})", new(map[string][2]byte), map[string][2]byte{"b": {1, 2}})
	check("new Uint8Array([1, 2, 3]).subarray(1)", new([]byte), []byte{2, 3})
	check("new Uint8Array([1, 2]).buffer", new([]byte), []byte{1, 2})
	check("new DataView(new ArrayBuffer(3), 1)", new([]byte), []byte{0, 0})
	check("new Date(1700000000123)", new(time.Time), time.UnixMilli(1700000000123).UTC())
	check("({name: 'a', next: null, more: [1, {}]})", new(node), node{Name: "a"})
	check("({X: 1, Y: undefined, label: 'l', depth: 2, tags: ['a'], Any: {}, secret: 1, Hidden: 1})", &labelled{spot: spot{Y: 9}},
		labelled{spot: spot{1, 9}, Extra: &Extra{2}, Label: "l", Tags: []string{"a"}, Any: map[string]any{}})
	check("new (class { constructor() { this.X = 1; } get Y() { return 2; } })", new(spot), spot{1, 0})
	check("new Proxy({X: 1, Y: 2}, {})", new(spot), spot{1, 2})
	check("/a\\d/gi", new(Pattern), Pattern{`a\d`, "gi"})
	check("({degrees: 3})", new(celsius), celsius(3))
	check("[{degrees: 3}]", new([]celsius), []celsius{3})
	check("({a: [1, 'x']})", new(json.RawMessage), json.RawMessage(`{"a":[1,"x"]}`))
	check("[1, 2.5, 10n]", new([]json.Number), []json.Number{"1", "2.5", "10"})
	long := make([]any, 100000)
	long[99999] = 1.0
	check("const s = []; s[99999] = 1; s", new([]any), long)
}

func TestUnmarshalAny(t *testing.T) {
	ctx := newTestContext(t)
	for source, want := range map[string]any{
		"undefined": nil, "null": nil, "true": true, "1": 1.0, "1.5": 1.5, "'s'": "s",
		"10n":                           big.NewInt(10),
		"new Date(5)":                   time.UnixMilli(5).UTC(),
		"[1, [null]]":                   []any{1.0, []any{nil}},
		"({a: {b: 1}})":                 map[string]any{"a": map[string]any{"b": 1.0}},
		"new Uint8Array([1])":           []byte{1},
		"new Uint8ClampedArray([1])":    []byte{1},
		"[new Uint8Array([1])]":         []any{[]byte{1}},
		"new Float64Array([1])":         []float64{1},
		"[new Float64Array([1])]":       []any{[]float64{1}},
		"new BigUint64Array([1n])":      []uint64{1},
		"new Int8Array([-1])":           []int8{-1},
		"new ArrayBuffer(2)":            []byte{0, 0},
		"[new ArrayBuffer(2)]":          []any{[]byte{0, 0}},
		"new Map([[1, 'a'], ['1', 2]])": map[any]any{1.0: "a", "1": 2.0},
		"new Set([1, 'a'])":             map[any]struct{}{1.0: {}, "a": {}},
		"/a/g":                          Pattern{"a", "g"},
	} {
		var got any
		if err := Unmarshal(evaluate(t, ctx, source), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v (%v), not %#v", source, got, err, want)
		}
	}
	var got any
	if err := Unmarshal(evaluate(t, ctx, "[new RangeError('far', {cause: new Error('why')})]"), &got); err != nil {
		t.Fatal(err)
	}
	failure, _ := got.([]any)[0].(*JSError)
	if failure == nil || failure.Error() != "RangeError: far" || failure.Cause.Error() != "Error: why" ||
		!strings.Contains(failure.StackTrace, "test.js:1") {
		t.Errorf("%#v", got)
	}
	if err := Unmarshal(evaluate(t, ctx, "[() => 7, Symbol('s'), Promise.resolve(1), new WeakMap()]"), &got); err != nil {
		t.Fatal(err)
	}
	all := got.([]any)
	if v, err := all[0].(*Function).Call(nil); err != nil || v.Number() != 7 {
		t.Error(v, err)
	}
	if _, ok := all[1].(*Symbol); !ok {
		t.Errorf("%T", all[1])
	}
	if _, ok := all[2].(*Promise); !ok {
		t.Errorf("%T", all[2])
	}
	if _, ok := all[3].(*Object); !ok {
		t.Errorf("%T", all[3])
	}
}

// Values stay themselves in trees, both ways, and what is beside them is read as ever.
func TestTreeValues(t *testing.T) {
	ctx := newTestContext(t)
	object := evaluate(t, ctx, "globalThis.o = {x: 1}")
	text := evaluate(t, ctx, "'text'")
	type holder struct {
		Name   string            `js:"name"`
		Object *Value            `js:"object"`
		All    []*Object         `js:"all"`
		Map    map[string]*Value `js:"map"`
		Plain  map[string]any    `js:"plain"`
		Call   *Function         `js:"call"`
		None   *Object           `js:"none"`
		Date   *Value            `js:"date"`
	}
	h := holder{Name: "n", Object: object, All: []*Object{{object}}, Map: map[string]*Value{"t": text}}
	if got := inJS(t, ctx, h, "x.object === o && x.all[0] === o && x.map.t"); got != "text" {
		t.Error(got)
	}
	v := evaluate(t, ctx, "({name: 'm', object: o, all: [o, o], map: {a: 1, b: 'x'}, plain: {a: [o]}, call: (x) => x + 1, none: null, date: new Date(5)})")
	var back holder
	if err := Unmarshal(v, &back); err != nil {
		t.Fatal(err)
	}
	if back.Name != "m" || !back.Object.StrictEquals(object) || len(back.All) != 2 || !back.All[1].StrictEquals(object) ||
		back.Map["a"].Number() != 1 || back.Map["b"].String() != "x" || back.None != nil || !back.Date.IsDate() {
		t.Errorf("%+v", back)
	}
	if !reflect.DeepEqual(back.Plain, map[string]any{"a": []any{map[string]any{"x": 1.0}}}) {
		t.Errorf("%#v", back.Plain)
	}
	if got, err := back.Call.Call(nil, 1); err != nil || got.Number() != 2 {
		t.Error(got, err)
	}
	err := Unmarshal(evaluate(t, ctx, "({all: [{}, 1]})"), &back)
	if err == nil || err.Error() != "isthmus: $.all[1]: *isthmus.Object and number: they have nothing in common" {
		t.Error(err)
	}
	err = Unmarshal(evaluate(t, ctx, "({call: {}})"), &back)
	if err == nil || err.Error() != "isthmus: $.call: *isthmus.Function and object: they have nothing in common" {
		t.Error(err)
	}
}

func TestUnmarshalErrors(t *testing.T) {
	ctx := newTestContext(t)
	for _, each := range []struct {
		source string
		into   any
		want   string
	}{
		{"1.5", new(int), "isthmus: int and number: 1.5 is no integer"},
		{"NaN", new(int), "isthmus: int and number: NaN is no integer"},
		{"2 ** 53", new(int), "isthmus: int and number: 9.007199254740992e+15 is beyond what numbers have exactly"},
		{"300", new(uint8), "isthmus: uint8 and number: 300 is out of range"},
		{"-1", new(uint), "isthmus: uint and number: -1 is out of range"},
		{"2n ** 63n", new(int64), "isthmus: int64 and bigint: 9223372036854775808 is out of range"},
		{"2n ** 1000n", new(int64), "isthmus: int64 and bigint: it is out of range"},
		{"1n", new(float64), "isthmus: float64 and bigint: they have nothing in common"},
		{"0.1", new(float32), "isthmus: float32 and number: 0.1 would be rounded"},
		{"null", new(string), "isthmus: string and null: they have nothing in common"},
		{"1", new(string), "isthmus: string and number: they have nothing in common"},
		{"'1'", new(int), "isthmus: int and string: they have nothing in common"},
		{"({})", new(bool), "isthmus: bool and object: they have nothing in common"},
		{"[]", new(spot), "isthmus: isthmus.spot and array: they have nothing in common"},
		{"new Map()", new(spot), "isthmus: isthmus.spot and Map: they have nothing in common"},
		{"() => 1", new(spot), "isthmus: isthmus.spot and function: they have nothing in common"},
		{"Symbol()", new(string), "isthmus: string and symbol: they have nothing in common"},
		{"({X: 'x'})", new(spot), "isthmus: $.X: int and string: they have nothing in common"},
		{"[{next: {next: {name: 5}}}]", new([]node), "isthmus: $[0].next.next.name: string and number: they have nothing in common"},
		{"({'a b': [1, true]})", new(map[string][]int), `isthmus: $["a b"][1]: int and boolean: they have nothing in common`},
		{"[1, , 3]", new([]int), "isthmus: $[1]: int and undefined: they have nothing in common"},
		{"[1, 2, 3]", new([2]int), "isthmus: [2]int and array: it has 3 elements"},
		{"[1, 2.5]", new([]int), "isthmus: $[1]: int and number: 2.5 is no integer"},
		{"new Float64Array([1, 2.5])", new([]int), "isthmus: $[1]: int and number: 2.5 is no integer"},
		{"new Uint8Array(1)", new([]string), "isthmus: []string and Uint8Array: they have nothing in common"},
		{"new Date(NaN)", new(time.Time), "isthmus: time.Time and Date: it is invalid"},
		{"new Date(NaN)", new(any), "isthmus: time.Time and Date: it is invalid"},
		{"new Map([[{}, 1]])", new(any), "isthmus: $<key 0>: interface {} and object: it cannot be a key in Go"},
		{"new Map([[1, 1], [1n, 2]])", new(map[int]int), "isthmus: $<key 1>: map[int]int and collection: two keys become one in Go"},
		{"({a: 1})", new(map[int]int), "isthmus: $.a: int and string: they have nothing in common"},
		{"const z = []; z[1e9] = 1; z", new(any), "isthmus: slice and array: of its 1000000001 elements only 1 are there"},
		{"({temperature: 1})", new(celsius), "isthmus: isthmus.celsius and value: degrees are missing"},
		{"({get X() { throw new RangeError('no'); }})", new(spot), "RangeError: no"},
		{"1", new(chan int), "isthmus: chan int and number: they have nothing in common"},
		{"1", new(error), "isthmus: error and value: it is no Error"},
		{"let d = 1; for (let i = 0; i < 2000; i++) d = [d]; d", new(any), "isthmus: Unmarshal: the value is nested deeper than max_depth"},
		{"1", 5, "isthmus: Unmarshal: into: expected a pointer, got int"},
		{"1", (*int)(nil), "isthmus: Unmarshal: into: expected a pointer, got *int"},
	} {
		err := Unmarshal(evaluate(t, ctx, "0, eval("+strconv.Quote(each.source)+")"), each.into)
		if err == nil || err.Error() != each.want {
			t.Errorf("%s: %v, not %s", each.source, err, each.want)
		}
	}
}

// Functions in trees are functions, and memory stays flat over many trees of all kinds.
func TestTreeFunctions(t *testing.T) {
	ctx := newTestContext(t)
	calls := 0
	x := map[string]any{"add": func(a, b int) int { calls++; return a + b }, "more": []any{func() error { return errors.New("no") }}}
	if got := inJS(t, ctx, x, "x.add(1, 2) + (() => { try { x.more[0]() } catch (e) { return e.message } })()"); got != "3no" || calls != 1 {
		t.Error(got, calls)
	}
	if got := inJS(t, ctx, func() string { return "f" }, "x()"); got != "f" {
		t.Error(got)
	}
	if _, err := encodeTree(x); err == nil || err.Error() != "isthmus: $.add: func(int, int) int and function: it has no form in JavaScript" {
		t.Error(err)
	}
	if _, err := encodeTree([]any{evaluate(t, ctx, "({})")}); err == nil || err.Error() != "isthmus: $[0]: *isthmus.Value and value: it belongs to an isolate" {
		t.Error(err)
	}
}

func TestTreesAreFlat(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	ctx := newTestContext(t)
	object := evaluate(t, ctx, "({a: 1})")
	handles := func() uint64 {
		ctx.Isolate().Collect()
		return uint64(ctx.Isolate().GetHeapStatistics().NumberOfHandles)
	}
	var before uint64
	for i := range rounds {
		if i == rounds/3 {
			before = handles()
		}
		v, err := Marshal(ctx, map[string]any{"o": object, "list": []any{i, "x", []byte{1}}, "f": func() {}})
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			O    *Object `js:"o"`
			List []any   `js:"list"`
		}
		if err := Unmarshal(v, &back); err != nil {
			t.Fatal(err)
		}
		back.O.Release()
		var all any
		if err := Unmarshal(v, &all); err != nil {
			t.Fatal(err)
		}
		all.(map[string]any)["f"].(*Function).Release()
		if _, err := Marshal(ctx, []any{object, make(chan int)}); err == nil {
			t.Fatal("a channel has a form")
		}
		if err := Unmarshal(v, new(struct {
			O int `js:"o"`
		})); err == nil {
			t.Fatal("an object is an int")
		}
		v.Release()
	}
	if after := handles(); after > before+20 {
		t.Errorf("%d handles, and before %d", after, before)
	}
}
