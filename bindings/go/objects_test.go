package isthmus

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
)

func object(t testing.TB, ctx *Context, source string) *Object {
	t.Helper()
	o, err := js(t, ctx, source).AsObject()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestProperties(t *testing.T) {
	ctx := realm(t)
	o, err := NewObject(ctx)
	if err != nil {
		t.Fatal(err)
	}
	symbol, err := NewSymbol(ctx.Isolate(), "mark")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("name ", 1000)
	keys := []any{"x", "", "h\u00e9llo", "\U0001F600", "a\x00b", "\xed\xa0\x80", long, "12", uint32(4294967295), 7, int64(-3),
		uint64(1 << 40), symbol, js(t, ctx, "'text'"), js(t, ctx, "1.5")}
	for i, key := range keys {
		if err := o.SetKey(key, i); err != nil {
			t.Fatal(key, err)
		}
	}
	for i, key := range keys {
		v, err := o.GetKey(key)
		has, err2 := o.HasKey(key)
		own, err3 := o.HasOwn(key)
		if err := errors.Join(err, err2, err3); err != nil || v.Integer() != int64(i) || !has || !own {
			t.Fatalf("%v: %v, %v, %v, %v", key, v, has, own, err)
		}
	}
	names, err := o.Keys()
	want := []string{"7", "12", "x", "", "h\u00e9llo", "\U0001F600", "a\x00b", "\xed\xa0\x80", long, "4294967295", "-3",
		"1099511627776", "text", "1.5"}
	if err != nil || fmt.Sprintf("%q", names) != fmt.Sprintf("%q", want) {
		t.Fatalf("%.300q (%v)", names, err)
	}
	entries, err := o.Entries()
	if err != nil {
		t.Fatal(err)
	}
	read := maps.Collect(entries)
	if len(read) != len(want) || read["x"].Integer() != 0 || read[long].Integer() != 6 || read["text"].Integer() != 13 {
		t.Fatal(read)
	}
	for _, key := range keys {
		gone, err := o.DeleteKey(key)
		has, _ := o.HasKey(key)
		if err != nil || !gone || has {
			t.Fatalf("%v: %v, %v, %v", key, gone, has, err)
		}
	}
	v, err := o.Get("x")
	if err != nil || !v.IsUndefined() {
		t.Fatal(v, err)
	}
	if inherited, _ := o.HasKey("toString"); !inherited || !o.Has("toString") {
		t.Fatal("what is inherited is not there")
	}
	if own, _ := o.HasOwn("toString"); own {
		t.Fatal("what is inherited is its own")
	}
}

func TestPropertiesByIndexAndSymbol(t *testing.T) {
	ctx := realm(t)
	o := object(t, ctx, "globalThis.a = ['x', 'y']; a")
	v, err := o.GetIdx(1)
	if err != nil || v.String() != "y" || !o.HasIdx(1) || o.HasIdx(2) {
		t.Fatal(v, err)
	}
	if err := o.SetIdx(3, true); err != nil || js(t, ctx, "JSON.stringify(a)").String() != `["x","y",null,true]` {
		t.Fatal(js(t, ctx, "JSON.stringify(a)"), err)
	}
	if !o.DeleteIdx(0) || o.HasIdx(0) || o.Delete("length") || !o.Has("length") {
		t.Fatal("deleting by index")
	}
	iterator := SymbolIterator(ctx.Isolate())
	if !o.HasSymbol(iterator) || iterator.Description() != "Symbol.iterator" || iterator.String() != "Symbol(Symbol.iterator)" {
		t.Fatal(iterator)
	}
	mark, err := SymbolFor(ctx.Isolate(), "mark")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.SetSymbol(mark, 5); err != nil || js(t, ctx, "a[Symbol.for('mark')]").Integer() != 5 {
		t.Fatal(err)
	}
	if v, err = o.GetSymbol(mark); err != nil || v.Integer() != 5 || !o.DeleteSymbol(mark) || o.HasSymbol(mark) {
		t.Fatal(v, err)
	}
	same, err := SymbolFor(ctx.Isolate(), "mark")
	if err != nil || !same.StrictEquals(mark) {
		t.Fatal(err)
	}
	for _, known := range []func(*Isolate) *Symbol{SymbolAsyncIterator, SymbolHasInstance, SymbolIsConcatSpreadable,
		SymbolIterator, SymbolMatch, SymbolReplace, SymbolSearch, SymbolSplit, SymbolToPrimitive, SymbolToStringTag,
		SymbolUnscopables} {
		symbol := known(ctx.Isolate())
		name := symbol.Description()
		if !js(t, ctx, name).StrictEquals(symbol) {
			t.Error(name)
		}
	}
}

// What cannot be done says what, and of what.
func TestPropertiesThatFail(t *testing.T) {
	ctx := realm(t)
	o := object(t, ctx, `({
		get bad() { throw new RangeError('not now') },
		set bad(x) { throw new TypeError('not ' + x) },
	})`)
	_, err := o.Get("bad")
	refused(t, err, "RangeError: not now")
	refused(t, o.Set("bad", 7), "TypeError: not 7")
	_, err = o.Entries()
	refused(t, err, "RangeError: not now")
	names, err := o.Keys()
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	_, err = o.GetKey(1.5)
	refused(t, err, "isthmus: GetKey: expected a key that is a string, an integer or a symbol, got a float64")
	_, err = o.HasKey(nil)
	refused(t, err, "isthmus: HasKey: expected a key that is a string, an integer or a symbol, got a <nil>")
	refused(t, o.SetKey(o, 1), "isthmus: SetKey: expected a key that is a string, a symbol or a number, got an object")
	_, err = o.GetSymbol(nil)
	refused(t, err, "isthmus: GetSymbol: expected a key that is a string, a symbol or a number, got undefined")
	_, err = o.Get("\xff")
	refused(t, err, "isthmus: string and string: it is not valid UTF-8")
	refused(t, o.Define("x", 1, 8), "isthmus: Define: 8 is no set of attributes")
	if err := o.Define("x", 1, Enumerable); err != nil {
		t.Fatal(err)
	}
	if err := o.Set("x", 2); err != nil {
		t.Fatal(err)
	}
	if v, err := o.Get("x"); err != nil || v.Integer() != 1 || o.Delete("x") {
		t.Fatal(v, err)
	}
	refused(t, o.Define("x", 2, Writable), "isthmus: Define: the object refuses")
	proxy := object(t, ctx, `new Proxy({}, {
		has() { throw 'has' }, deleteProperty() { throw 'delete' }, ownKeys() { throw 'keys' },
		getPrototypeOf() { throw 'prototype' },
	})`)
	if proxy.Has("x") || proxy.Delete("x") {
		t.Fatal("a proxy that throws says yes")
	}
	_, err = proxy.HasKey("x")
	refused(t, err, "has")
	_, err = proxy.DeleteKey("x")
	refused(t, err, "delete")
	_, err = proxy.Keys()
	refused(t, err, "keys")
	_, err = proxy.Prototype()
	refused(t, err, "prototype")
	_, err = o.MethodCall("x")
	refused(t, err, "isthmus: MethodCall: expected a method x, got a number")
	other := realm(t)
	refused(t, o.Set("y", js(t, other, "({})")), "isthmus: the value belongs to another isolate")
	_, err = NewObject(nil)
	refused(t, err, "isthmus: NewObject: the context is nil")
	_, err = NewSymbol(nil, "x")
	refused(t, err, "isthmus: NewSymbol: the isolate is nil")
}

func TestObjects(t *testing.T) {
	ctx := realm(t)
	o := object(t, ctx, "globalThis.Point = class Point { constructor(x) { this.x = x } get double() { return this.x * 2 }\n"+
		"times(n, m) { return this.x * n + m } }; new Point(4)")
	name, err := o.ConstructorName()
	if err != nil || name != "Point" {
		t.Fatal(name, err)
	}
	if v, err := o.MethodCall("times", 10, 0.5); err != nil || v.Number() != 40.5 {
		t.Fatal(v, err)
	}
	hash, err := o.Hash()
	again, _ := o.Hash()
	if err != nil || hash == 0 || hash != again {
		t.Fatal(hash, again, err)
	}
	prototype, err := o.Prototype()
	if err != nil || !prototype.StrictEquals(js(t, ctx, "Point.prototype")) {
		t.Fatal(err)
	}
	if err := o.SetPrototype(nil); err != nil {
		t.Fatal(err)
	}
	if prototype, err = o.Prototype(); err != nil || !prototype.IsNull() || o.Has("double") {
		t.Fatal(prototype, err)
	}
	refused(t, o.SetPrototype(js(t, ctx, "1")), "isthmus: SetPrototype: expected an object or null, got a number")
	heir := object(t, ctx, "globalThis.heir = Object.create(globalThis.base = {}); heir")
	refused(t, object(t, ctx, "base").SetPrototype(heir), "isthmus: SetPrototype: the object refuses")
	if err := heir.Freeze(); err != nil || !js(t, ctx, "Object.isFrozen(heir)").IsTrue() {
		t.Fatal(err)
	}
	refused(t, heir.SetPrototype(nil), "isthmus: SetPrototype: the object refuses")
}

func TestArrays(t *testing.T) {
	ctx := realm(t)
	many := make([]any, 100)
	for i := range many {
		many[i] = fmt.Sprint("text ", i)
	}
	array, err := NewArray(ctx, many...)
	if err != nil {
		t.Fatal(err)
	}
	length, err := array.Len()
	if err != nil || length != 100 {
		t.Fatal(length, err)
	}
	all, err := array.All()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for i, v := range all {
		if i != count || v.String() != many[i] {
			t.Fatal(i, v)
		}
		if count++; count == 50 {
			break
		}
	}
	mixed, err := js(t, ctx, "[1, , 'x', [2], undefined, null, -0]").AsArray()
	if err != nil {
		t.Fatal(err)
	}
	all, err = mixed.All()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, v := range all {
		texts = append(texts, v.DetailString())
	}
	if got := strings.Join(texts, " "); got != "1 undefined x #<Array> undefined null 0" {
		t.Fatal(got)
	}
	bad, _ := js(t, ctx, "Object.defineProperty([1], 0, { get() { throw new Error('no element') } })").AsArray()
	_, err = bad.All()
	refused(t, err, "Error: no element")
	_, err = NewArray(ctx, 1, make(chan int))
	if err == nil {
		t.Fatal("a channel is an element")
	}
	if empty, err := NewArray(ctx); err != nil || empty.String() != "" {
		t.Fatal(empty, err)
	}
}

func TestMapsAndSets(t *testing.T) {
	ctx := realm(t)
	m, err := NewMap(ctx)
	if err != nil {
		t.Fatal(err)
	}
	key := object(t, ctx, "({ k: 1 })")
	js(t, ctx, "Map.prototype.set = Map.prototype.get = Set.prototype.add = () => { throw 'tampered' }")
	for _, entry := range [][2]any{{"a", 1}, {1, "one"}, {key, true}, {math.NaN(), nil}, {"a", 2}} {
		if err := m.Set(entry[0], entry[1]); err != nil {
			t.Fatal(err)
		}
	}
	n, err := m.Len()
	v, err2 := m.Get(key)
	missing, err3 := m.Get("b")
	has, err4 := m.Has(math.NaN())
	if err := errors.Join(err, err2, err3, err4); err != nil || n != 4 || !v.IsTrue() || !missing.IsUndefined() || !has {
		t.Fatal(n, v, missing, has, err)
	}
	entries, err := m.All()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for k, v := range entries {
		texts = append(texts, k.DetailString()+"="+v.DetailString())
	}
	if got := strings.Join(texts, " "); got != "a=2 1=one #<Object>=true NaN=null" {
		t.Fatal(got)
	}
	if had, err := m.Delete(1); !had || err != nil {
		t.Fatal(had, err)
	}
	if had, err := m.Delete(1); had || err != nil {
		t.Fatal(had, err)
	}
	if err := m.Clear(); err != nil {
		t.Fatal(err)
	}
	if n, err := m.Len(); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if err := m.Object.Set("note", "a property"); err != nil || m.String() != "[object Map]" {
		t.Fatal(m, err)
	}

	s, err := NewSet(ctx, "a", 1, key, 1)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Len(); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	members, err := s.All()
	if err != nil {
		t.Fatal(err)
	}
	texts = nil
	for v := range members {
		texts = append(texts, v.DetailString())
	}
	if got := strings.Join(texts, " "); got != "a 1 #<Object>" {
		t.Fatal(got)
	}
	if has, err := s.Has(key); !has || err != nil {
		t.Fatal(has, err)
	}
	if had, err := s.Delete("a"); !had || err != nil {
		t.Fatal(had, err)
	}
	if err := s.Clear(); err != nil {
		t.Fatal(err)
	}
	_, err = (&Map{&Object{js(t, ctx, "new Set")}}).Get(1)
	refused(t, err, "isthmus: Map.Get: the value has another type")
	_, err = NewMap(nil)
	refused(t, err, "isthmus: NewMap: the context is nil")
}
