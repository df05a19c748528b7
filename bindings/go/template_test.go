package isthmus

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"
)

func TestObjectTemplate(t *testing.T) {
	ctx := realm(t)
	iso := ctx.Isolate()
	inner := NewObjectTemplate(iso)
	outer := NewObjectTemplate(iso)
	tag := must[*Symbol](t)(NewSymbol(iso, "tag"))
	for _, err := range []error{
		inner.Set("n", 1), outer.Set("inner", inner), outer.Set("text", "t", ReadOnly), outer.Set("hidden", true, DontEnum),
		outer.Set("fixed", nil, DontDelete, ReadOnly), outer.SetSymbol(tag, "tagged"), outer.Set("big", uint64(1<<63)),
		outer.Set("twice", func(x float64) float64 { return 2 * x }), outer.SetInternalFieldCount(2),
		outer.Set("fn", NewFunctionTemplate(iso, func(info *FunctionCallbackInfo) *Value { return info.This().Value })),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, x := range map[string]any{"inner": 2, "text": inner} {
		refused(t, outer.Set(name, x), "isthmus: Set: "+name+": the template has that already, or something was made of it")
	}
	refused(t, outer.Set("x", []int{1}), "isthmus: Set: x: expected a value that is no object, a template or a func, got []int")
	refused(t, outer.Set("x", js(t, ctx, "({})")), "isthmus: Set: x: expected a value that is no object, a template or a func, got *isthmus.Value")
	refused(t, outer.Set("x", NewObjectTemplate(realm(t).Isolate())), "isthmus: Set: the template belongs to another isolate")
	o := must[*Object](t)(outer.NewInstance(ctx))
	if err := ctx.Bind("o", o); err != nil {
		t.Fatal(err)
	}
	if err := ctx.Bind("tag", tag); err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		"o.inner.n": "1", "o.text = 'other'; o.text": "t", "Object.keys(o).includes('hidden')": "false", "delete o.fixed": "false",
		"o[tag]": "tagged", "o.twice(21)": "42", "o.twice.name": "twice", "o.fn() === o": "true", "o.big": "9223372036854775808",
	} {
		if got := js(t, ctx, source).String(); got != want {
			t.Errorf("%s: %s", source, got)
		}
	}
	refused(t, outer.Set("late", 1), "isthmus: Set: late: the template has that already, or something was made of it")
	if outer.InternalFieldCount() != 2 || o.InternalFieldCount() != 2 || must[*Object](t)(inner.NewInstance(ctx)).InternalFieldCount() != 0 {
		t.Error("internal fields")
	}
	refused(t, NewObjectTemplate(iso).SetInternalFieldCount(65), "isthmus: SetInternalFieldCount: expected 0 to 64, got 65")
	_, err := outer.NewInstance(realm(t))
	refused(t, err, "isthmus: NewInstance: the template belongs to another isolate")
	_, err = outer.NewInstance(nil)
	refused(t, err, "isthmus: NewInstance: the context is nil")
	for _, none := range []*ObjectTemplate{nil, {}} {
		_, err = none.NewInstance(ctx)
		refused(t, err, "isthmus: the template was never made")
		refused(t, none.Set("x", 1), "isthmus: the template was never made")
		refused(t, none.Set("x", func() {}), "isthmus: the template was never made")
		refused(t, none.SetNamedHandler(PropertyHandler{}), "isthmus: the template was never made")
	}
	refused(t, NewObjectTemplate(nil).Err(), "isthmus: NewObjectTemplate: the isolate is nil")
	closed := NewIsolate()
	_ = closed.Close()
	if err := NewObjectTemplate(closed).Err(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestInternalFields(t *testing.T) {
	ctx := realm(t)
	template := NewObjectTemplate(ctx.Isolate())
	_ = template.SetInternalFieldCount(3)
	o := must[*Object](t)(template.NewInstance(ctx))
	type kept struct{ name string }
	mine := &kept{"mine"}
	inside := js(t, ctx, "({x: 1})")
	for i, x := range []any{inside, mine, "text"} {
		if err := o.SetInternalField(uint32(i), x); err != nil {
			t.Fatal(err)
		}
	}
	if got := must[*kept](t)(InternalField[*kept](o, 1)); got != mine {
		t.Error(got)
	}
	if got := o.GetInternalField(0); !got.SameValue(inside) {
		t.Error(got)
	}
	if got := must[string](t)(InternalField[string](o, 2)); got != "text" {
		t.Error(got)
	}
	if got := must[map[string]int](t)(InternalField[map[string]int](o, 0)); got["x"] != 1 {
		t.Error(got)
	}
	_, err := InternalField[int](o, 1)
	refused(t, err, "isthmus: int and *isthmus.kept: they have nothing in common")
	refused(t, o.SetInternalField(3, 1), "isthmus: SetInternalField: the object has no internal field 3")
	_, err = InternalField[int](o, 3)
	refused(t, err, "isthmus: InternalField: the object has no internal field 3")
	if o.GetInternalField(3) != nil || (*Object)(nil).GetInternalField(0) != nil || (*Object)(nil).InternalFieldCount() != 0 {
		t.Error("there is a field")
	}
	refused(t, (&Object{js(t, ctx, "({})")}).SetInternalField(0, mine), "isthmus: SetInternalField: the object has no internal field 0")
	if err := ctx.Bind("o", o); err != nil {
		t.Fatal(err)
	}
	if got := js(t, ctx, "Reflect.ownKeys(o).length").Int32(); got != 0 {
		t.Error("JavaScript sees the fields")
	}
}

// A Go value in an internal field is forgotten with the object.
func TestInternalFieldsAreForgotten(t *testing.T) {
	ctx := realm(t)
	template := NewObjectTemplate(ctx.Isolate())
	_ = template.SetInternalFieldCount(1)
	gone := make(chan struct{})
	func() {
		kept := &struct{ big [64]int }{}
		runtime.AddCleanup(kept, func(int) { close(gone) }, 0)
		o := must[*Object](t)(template.NewInstance(ctx))
		if err := o.SetInternalField(0, kept); err != nil {
			t.Fatal(err)
		}
	}()
	for range 500 {
		runtime.GC()
		ctx.Isolate().Collect()
		select {
		case <-gone:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("it is still there")
}

func TestFunctionTemplate(t *testing.T) {
	ctx := realm(t)
	iso := ctx.Isolate()
	animal := NewFunctionTemplateOf(iso, func(info *FunctionCallbackInfo) (*Value, error) {
		if info.NewTarget().IsUndefined() {
			return nil, NewTypeError(ctx, "without new")
		}
		return nil, info.This().Set("name", info.Arg(0))
	}, FunctionOptions{Name: "Animal", Length: 1})
	dog := NewFunctionTemplateOf(iso, nil, FunctionOptions{Name: "Dog"})
	age := 0.0
	legs := func(info *PropertyCallbackInfo) (any, error) { return 4, nil }
	for _, err := range []error{
		animal.Err(), dog.Err(), dog.Inherit(animal), animal.Set("kind", "class"),
		animal.PrototypeTemplate().Set("speak", NewFunctionTemplateOf(iso, func(info *FunctionCallbackInfo) (*Value, error) {
			return info.This().Get("name")
		}, FunctionOptions{Name: "speak", Signature: animal, NoConstruct: true})),
		animal.InstanceTemplate().SetAccessor("age",
			func(info *PropertyCallbackInfo) (any, error) { return age, nil },
			func(info *PropertyCallbackInfo, value *Value) error {
				if value.Number() < 0 {
					return fmt.Errorf("%s: negative", info.Name())
				}
				age = value.Number()
				return nil
			}),
		animal.PrototypeTemplate().SetAccessor("legs", legs, nil),
		animal.SetAccessor("count", legs, nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := ctx.Bind("Animal", animal.GetFunction(ctx)); err != nil {
		t.Fatal(err)
	}
	if err := ctx.Bind("Dog", dog.GetFunction(ctx)); err != nil {
		t.Fatal(err)
	}
	for _, each := range [][2]string{
		{"new Animal('cat').speak()", "cat"}, {"Animal.name + Animal.length", "Animal1"}, {"Animal.kind", "class"},
		{"var d = new Dog(); d.name = 'rex'; d.speak()", "rex"}, {"d instanceof Animal", "true"}, {"Animal.count", "4"}, {"d.legs", "4"},
		{"var a = new Animal('x'); a.age = 7; a.age", "7"}, {"try { a.age = -1 } catch (e) { e.message }", "age: negative"},
		{"try { Animal() } catch (e) { String(e) }", "TypeError: without new"},
		{"try { a.speak.call({name: 'no'}) } catch (e) { e.constructor.name }", "TypeError"},
		{"try { new a.speak } catch (e) { e.constructor.name }", "TypeError"},
	} {
		if got := js(t, ctx, each[0]).String(); got != each[1] {
			t.Errorf("%s: %s", each[0], got)
		}
	}
	if !animal.HasInstance(js(t, ctx, "new Dog()")) || dog.HasInstance(js(t, ctx, "new Animal()")) || dog.HasInstance(nil) ||
		(*FunctionTemplate)(nil).HasInstance(nil) {
		t.Error("whose instance it is")
	}
	if !animal.GetFunction(ctx).SameValue(animal.GetFunction(ctx)) {
		t.Error("there are two")
	}
	refused(t, dog.Inherit(animal), "isthmus: Inherit: the template has that already, or something was made of it")
	refused(t, dog.Inherit(nil), "isthmus: the template was never made")
	refused(t, NewFunctionTemplateOf(iso, 7, FunctionOptions{}).Err(), "isthmus: NewFunctionTemplate: expected a function, got int")
	refused(t, NewFunctionTemplateOf(iso, nil, FunctionOptions{Length: -1}).Err(), "isthmus: NewFunctionTemplate: the length: expected 0 to 32767, got -1")
	refused(t, NewFunctionTemplateOf(iso, nil, FunctionOptions{Name: "\x00"}).Err(), "isthmus: NewFunctionTemplate: the name has a NUL within")
	if NewFunctionTemplate(nil, nil).GetFunction(ctx) != nil {
		t.Error("there is a function")
	}
}

func TestAccessorProperty(t *testing.T) {
	ctx := realm(t)
	iso := ctx.Isolate()
	state := ""
	get := NewFunctionTemplate(iso, func(info *FunctionCallbackInfo) *Value {
		if info.Len() != 0 {
			t.Error("a getter has arguments")
		}
		return must[*Value](t)(NewValue(iso, state))
	})
	set := NewFunctionTemplate(iso, func(info *FunctionCallbackInfo) *Value {
		state += info.Arg(0).String()
		return nil
	})
	template := NewObjectTemplate(iso)
	if err := errors.Join(template.SetAccessorProperty("both", get, set), template.SetAccessorProperty("only", get, nil)); err != nil {
		t.Fatal(err)
	}
	refused(t, template.SetAccessorProperty("none", nil, set), "isthmus: SetAccessorProperty: get: expected a template with a function")
	refused(t, template.SetAccessor("none", nil, nil), "isthmus: SetAccessor: get: expected a function, got nil")
	if err := ctx.Bind("o", must[*Object](t)(template.NewInstance(ctx))); err != nil {
		t.Fatal(err)
	}
	if got := js(t, ctx, "o.both = 'a'; o.both = 'b'; o.only = 'c'; o.both + o.only").String(); got != "abab" {
		t.Error(got)
	}
}

func TestHandlers(t *testing.T) {
	ctx := realm(t)
	kept := map[string]any{"a": 1, "b": "two"}
	template := NewObjectTemplate(ctx.Isolate())
	err := template.SetNamedHandler(PropertyHandler{
		Get: func(info *PropertyCallbackInfo) (any, bool, error) {
			if info.Name() == "bad" {
				return nil, true, errors.New("bad name")
			}
			x, ok := kept[info.Name()]
			return x, ok, nil
		},
		Set: func(info *PropertyCallbackInfo, value *Value) (bool, error) {
			if info.Name() == "own" {
				return false, nil
			}
			kept[info.Name()] = value.String()
			return true, nil
		},
		Query: func(info *PropertyCallbackInfo) (PropertyAttribute, bool, error) {
			_, ok := kept[info.Name()]
			return DontDelete, ok, nil
		},
		Delete: func(info *PropertyCallbackInfo) (bool, bool, error) {
			if _, ok := kept[info.Name()]; !ok {
				return false, false, nil
			}
			delete(kept, info.Name())
			return true, true, nil
		},
		Enumerate: func(info *PropertyCallbackInfo) (any, error) { return []string{"a", "b"}, nil },
		NoSymbols: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	squares := NewObjectTemplate(ctx.Isolate())
	err = squares.SetIndexedHandler(PropertyHandler{Get: func(info *PropertyCallbackInfo) (any, bool, error) {
		i := info.Key().Number()
		if i == 99 {
			panic("too far")
		}
		return i * i, i < 100, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := squares.SetCallAsFunctionHandler(func(x float64) float64 { return x * x }); err != nil {
		t.Fatal(err)
	}
	if err := ctx.Bind("o", must[*Object](t)(template.NewInstance(ctx))); err != nil {
		t.Fatal(err)
	}
	if err := ctx.Bind("s", must[*Object](t)(squares.NewInstance(ctx))); err != nil {
		t.Fatal(err)
	}
	for _, each := range [][2]string{
		{"o.a + o.b", "1two"}, {"o.missing", "undefined"}, {"'a' in o", "true"}, {"'z' in o", "false"}, {"Object.keys(o).join()", "a,b"},
		{"Object.getOwnPropertyDescriptor(o, 'a').configurable", "false"}, {"o.c = 3; o.c", "3"}, {"delete o.c; o.c", "undefined"},
		{"o.own = 5; o.own", "5"}, {"o[Symbol.iterator]", "undefined"}, {"try { o.bad } catch (e) { e.message }", "bad name"},
		{"s[7]", "49"}, {"s[100]", "undefined"}, {"s(9)", "81"}, {"try { s[99] } catch (e) { e.message }", "panic: too far"},
	} {
		if got := js(t, ctx, each[0]).String(); got != each[1] {
			t.Errorf("%s: %s, want %s", each[0], got, each[1])
		}
	}
}

func TestGlobalTemplate(t *testing.T) {
	iso := NewIsolate()
	defer iso.Close()
	global := NewObjectTemplate(iso)
	if err := errors.Join(global.Set("answer", 42), global.Set("twice", func(x int) int { return 2 * x })); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ctx := iso.NewContext(WithGlobal(global))
		if x, err := Eval[int](ctx, "twice(answer)", ""); err != nil || x != 84 {
			t.Fatal(x, err)
		}
		_ = ctx.Close()
	}
	other := NewIsolate()
	defer other.Close()
	refused(t, other.NewContext(WithGlobal(global)).Err(), "isthmus: NewContext: the template belongs to another isolate")
	refused(t, other.NewContext(WithGlobal(&ObjectTemplate{})).Err(), "isthmus: the template was never made")
}

func ExampleNewFunctionTemplateOf() {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	counter := NewFunctionTemplateOf(iso, nil, FunctionOptions{Name: "Counter"})
	_ = counter.InstanceTemplate().SetInternalFieldCount(1)
	_ = counter.PrototypeTemplate().Set("next", func(info *FunctionCallbackInfo) (*Value, error) {
		count, _ := InternalField[int](info.This(), 0)
		if err := info.This().SetInternalField(0, count+1); err != nil {
			return nil, err
		}
		return NewValue(iso, count+1)
	})
	_ = ctx.Bind("Counter", counter.GetFunction(ctx))
	fmt.Println(Eval[int](ctx, "const c = new Counter(); c.next(); c.next()", "main.js"))
	// Output: 2 <nil>
}
