package isthmus

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// kindsOf are the names of the methods IsX that say yes.
func kindsOf(v *Value) []string {
	var kinds []string
	about := reflect.ValueOf(v)
	for i := range about.NumMethod() {
		name := about.Type().Method(i).Name
		if is, ok := about.Method(i).Interface().(func() bool); ok && strings.HasPrefix(name, "Is") && is() {
			kinds = append(kinds, strings.TrimPrefix(name, "Is"))
		}
	}
	return kinds
}

func TestKinds(t *testing.T) {
	ctx := realm(t)
	all := map[string]bool{}
	for _, each := range []struct{ source, kinds, typeOf, detail string }{
		{"undefined", "NullOrUndefined Undefined", "undefined", "undefined"},
		{"null", "Null NullOrUndefined", "object", "null"},
		{"true", "Boolean True", "boolean", "true"},
		{"false", "Boolean False", "boolean", "false"},
		{"0", "Int32 Number Uint32", "number", "0"},
		{"-1", "Int32 Number", "number", "-1"},
		{"-0", "Number", "number", "0"},
		{"2 ** 31", "Number Uint32", "number", "2147483648"},
		{"2 ** 32", "Number", "number", "4294967296"},
		{"1.5", "Number", "number", "1.5"},
		{"NaN", "Number", "number", "NaN"},
		{"'x'", "Name String", "string", "x"},
		{"Symbol('x')", "Name Symbol", "symbol", "Symbol(x)"},
		{"1n", "BigInt", "bigint", "1"},
		{"({})", "Object", "object", "#<Object>"},
		{"new (class Point {})", "Object", "object", "#<Point>"},
		{"() => 1", "Function Object", "function", "() => 1"},
		{"async () => 1", "AsyncFunction Function Object", "function", "async () => 1"},
		{"(function* () {})", "Function GeneratorFunction Object", "function", "function* () {}"},
		{"(async function* () {})", "AsyncFunction Function GeneratorFunction Object", "function", "async function* () {}"},
		{"(function* () {})()", "GeneratorObject Object", "object", ""},
		{"[]", "Array Object", "object", "#<Array>"},
		{"(function () { return arguments })(1)", "ArgumentsObject Object", "object", "#<Arguments>"},
		{"Object(1)", "NumberObject Object", "object", "#<Number>"},
		{"Object('x')", "Object StringObject", "object", "#<String>"},
		{"Object(true)", "BooleanObject Object", "object", "#<Boolean>"},
		{"Object(1n)", "BigIntObject Object", "object", "#<BigInt>"},
		{"Object(Symbol())", "Object SymbolObject", "object", "#<Symbol>"},
		{"new Date(0)", "Date Object", "object", "#<Date>"},
		{"/x/g", "Object RegExp", "object", "#<RegExp>"},
		{"new RangeError('no')", "NativeError Object", "object", "RangeError: no"},
		{"new Map", "Map Object", "object", "#<Map>"},
		{"new Set", "Object Set", "object", "#<Set>"},
		{"new WeakMap", "Object WeakMap", "object", "#<WeakMap>"},
		{"new WeakSet", "Object WeakSet", "object", "#<WeakSet>"},
		{"new Map().keys()", "MapIterator Object", "object", ""},
		{"new Set().keys()", "Object SetIterator", "object", ""},
		{"Promise.resolve()", "Object Promise", "object", "#<Promise>"},
		{"new Proxy({}, {})", "Object Proxy", "object", ""},
		{"new Proxy(() => {}, {})", "Function Object Proxy", "function", ""},
		{"new ArrayBuffer(1)", "ArrayBuffer Object", "object", "#<ArrayBuffer>"},
		{"new SharedArrayBuffer(1)", "Object SharedArrayBuffer", "object", "#<SharedArrayBuffer>"},
		{"new DataView(new ArrayBuffer(1))", "ArrayBufferView DataView Object", "object", "#<DataView>"},
		{"new Int8Array", "ArrayBufferView Int8Array Object TypedArray", "object", "#<Int8Array>"},
		{"new Uint8Array", "ArrayBufferView Object TypedArray Uint8Array", "object", "#<Uint8Array>"},
		{"new Uint8ClampedArray", "ArrayBufferView Object TypedArray Uint8ClampedArray", "object", ""},
		{"new Int16Array", "ArrayBufferView Int16Array Object TypedArray", "object", "#<Int16Array>"},
		{"new Uint16Array", "ArrayBufferView Object TypedArray Uint16Array", "object", "#<Uint16Array>"},
		{"new Int32Array", "ArrayBufferView Int32Array Object TypedArray", "object", "#<Int32Array>"},
		{"new Uint32Array", "ArrayBufferView Object TypedArray Uint32Array", "object", "#<Uint32Array>"},
		{"new Float32Array", "ArrayBufferView Float32Array Object TypedArray", "object", "#<Float32Array>"},
		{"new Float64Array", "ArrayBufferView Float64Array Object TypedArray", "object", "#<Float64Array>"},
		{"new BigInt64Array", "ArrayBufferView BigInt64Array Object TypedArray", "object", "#<BigInt64Array>"},
		{"new BigUint64Array", "ArrayBufferView BigUint64Array Object TypedArray", "object", "#<BigUint64Array>"},
		{"new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))", "Object WasmModuleObject", "object", ""},
		// What a program says of itself does not matter.
		{"({ __proto__: Date.prototype, [Symbol.toStringTag]: 'Map' })", "Object", "object", ""},
	} {
		v := js(t, ctx, "("+each.source+")")
		for range 2 { // the second time, it is known
			got := kindsOf(v)
			if !slices.Equal(got, strings.Fields(each.kinds)) || v.TypeOf() != each.typeOf ||
				each.detail != "" && v.DetailString() != each.detail {
				t.Errorf("%s: %v, %s, %s", each.source, got, v.TypeOf(), v.DetailString())
			}
			for _, kind := range got {
				all[kind] = true
			}
		}
	}
	for i := range reflect.TypeFor[*Value]().NumMethod() {
		name := reflect.TypeFor[*Value]().Method(i).Name
		kind, is := strings.CutPrefix(name, "Is")
		if is && !all[kind] && kind != "External" && kind != "ModuleNamespaceObject" {
			t.Errorf("nothing is a %s", kind)
		}
	}
}

func TestAs(t *testing.T) {
	ctx := realm(t)
	as := map[string]func(*Value) error{
		"Object":    func(v *Value) error { _, err := v.AsObject(); return err },
		"Function":  func(v *Value) error { _, err := v.AsFunction(); return err },
		"Symbol":    func(v *Value) error { _, err := v.AsSymbol(); return err },
		"Exception": func(v *Value) error { _, err := v.AsException(); return err },
		"Array":     func(v *Value) error { _, err := v.AsArray(); return err },
		"Date":      func(v *Value) error { _, err := v.AsDate(); return err },
		"RegExp":    func(v *Value) error { _, err := v.AsRegExp(); return err },
		"Map":       func(v *Value) error { _, err := v.AsMap(); return err },
		"Set":       func(v *Value) error { _, err := v.AsSet(); return err },
	}
	for source, kinds := range map[string]string{
		"1": "", "({})": "Object", "() => 1": "Function Object", "Symbol()": "Symbol", "new TypeError": "Exception Object",
		"[]": "Array Object", "new Date": "Date Object", "/x/": "Object RegExp", "new Map": "Map Object",
		"new (class extends Set {})": "Object Set",
	} {
		v := js(t, ctx, "("+source+")")
		var got []string
		for kind, as := range as {
			if as(v) == nil {
				got = append(got, kind)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, strings.Fields(kinds)) {
			t.Errorf("%s is as %v", source, got)
		}
	}
	for _, each := range []struct {
		kind, source, want string
	}{
		{"Object", "'x'", "isthmus: AsObject: expected an object, got a string"},
		{"Function", "({})", "isthmus: AsFunction: expected a function, got an object"},
		{"Symbol", "1n", "isthmus: AsSymbol: expected a symbol, got a bigint"},
		{"Exception", "1", "isthmus: AsException: expected an Error, got a number"},
		{"Array", "new Map", "isthmus: AsArray: expected an Array, got a Map"},
		{"Date", "new (class Oak {})", "isthmus: AsDate: expected a Date, got an Oak"},
		{"RegExp", "true", "isthmus: AsRegExp: expected a RegExp, got a boolean"},
		{"Map", "() => 1", "isthmus: AsMap: expected a Map, got a function"},
		{"Set", "null", "isthmus: AsSet: expected a Set, got null"},
	} {
		err := as[each.kind](js(t, ctx, "("+each.source+")"))
		refused(t, err, each.want)
		var typed *Error
		if !errors.As(err, &typed) || typed.Status != "ERR_TYPE" {
			t.Fatal(err)
		}
	}
}
