package isthmus

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// machineryOn are one of everything that makes promises, modules and scripts, as operationsOn.
func machineryOn(t *testing.T, ctx *Context) map[string]func() []Valuer {
	goctx := context.Background()
	settled := promiseOf(t, ctx, "Promise.resolve({})")
	rejected := promiseOf(t, ctx, "const no = Promise.reject(new Error('no')); no.catch(() => {}); no")
	script, err := ctx.Isolate().CompileUnboundScript("({})", "script.js")
	if err != nil {
		t.Fatal(err)
	}
	thrower, err := ctx.Isolate().CompileUnboundScript("throw {}", "thrower.js")
	if err != nil {
		t.Fatal(err)
	}
	zlib, err := OpenLibrary("zlib")
	if err != nil {
		t.Fatal(err)
	}
	module, err := ctx.NewModule(map[string]any{"a": 1, "o": map[string]any{}}, "made")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := module.Run(goctx); err != nil {
		t.Fatal(err)
	}
	one := func(v Valuer, err error) []Valuer {
		if err != nil {
			t.Error(err)
			return nil
		}
		return []Valuer{v}
	}
	failing := func(_ Valuer, err error) []Valuer { return []Valuer{err.(*JSError).Value} }
	return map[string]func() []Valuer{
		"Await":           func() []Valuer { return one(settled.Await(goctx)) },
		"Await failing":   func() []Valuer { return failing(rejected.Await(goctx)) },
		"State":           func() []Valuer { settled.State(); rejected.State(); return []Valuer{rejected.Result()} },
		"Then":            func() []Valuer { return []Valuer{settled.Then(func(*FunctionCallbackInfo) *Value { return nil })} },
		"Script":          func() []Valuer { return one(script.Run(ctx)) },
		"Script failing":  func() []Valuer { return failing(thrower.Run(ctx)) },
		"CompileFunction": func() []Valuer { return one(ctx.CompileFunction("return 1", "f.js", []string{"a"})) },
		"Load library":    func() []Valuer { return one(ctx.Load(zlib)) },
		"Namespace":       func() []Valuer { return one(module.Namespace()) },
		"Load":            func() []Valuer { return one(module.Load()) },
		"SetExport":       func() []Valuer { return one(nil, module.SetExport("o", []any{1, "text"})) },
		"Resolve, failing or not": func() []Valuer {
			resolver, err := NewPromiseResolver(ctx)
			if err != nil {
				t.Fatal(err)
			}
			resolver.Resolve(map[string]any{"a": []int{1}})
			return []Valuer{resolver.GetPromise()}
		},
	}
}

func TestMachineryLeavesNothing(t *testing.T) {
	ctx := fresh(t)
	leaveNothing(t, ctx, machineryOn(t, ctx))
}

// What the loop, the console and imports tell Go leaves nothing either.
func TestHooksLeaveNothing(t *testing.T) {
	uncaught := 0
	iso := NewIsolate(WithUncaught(func(err error) {
		uncaught++
		err.(*JSError).Value.Release()
	}))
	defer iso.Close()
	ctx := iso.NewContext(WithModules(site), WithoutConsole())
	goctx := context.Background()
	operations := map[string]func(){
		"console":  func() { eval(t, ctx, "console.log({}, 'text')") },
		"uncaught": func() { eval(t, ctx, "Promise.reject({}); setTimeout(() => { throw {} }); 0") },
		"timers":   func() { eval(t, ctx, "setTimeout(() => {}); setImmediate?.(() => {})") },
		"import": func() {
			namespace, err := ctx.Import(goctx, "./main.mjs")
			if err != nil {
				t.Fatal(err)
			}
			namespace.Release()
		},
		"missing": func() {
			_, err := ctx.Import(goctx, "./nothing.mjs")
			err.(*JSError).Value.Release()
		},
		"syntax": func() {
			_, err := ctx.Import(goctx, "./syntax.mjs")
			err.(*JSError).Value.Release()
		},
		"await": func() {
			promise := promiseOf(t, ctx, "new Promise(r => setTimeout(r, 0, {}))")
			v, err := promise.Await(goctx)
			if err != nil {
				t.Fatal(err)
			}
			v.Release()
			promise.Release()
		},
	}
	for name, operation := range operations {
		run := func() {
			operation()
			if err := iso.RunLoop(goctx); err != nil {
				t.Fatal(err)
			}
		}
		run()
		before, answers := handles(t, iso), len(iso.answers.table)-len(iso.answers.free)
		for range 20 {
			run()
		}
		// What the package has forgotten itself is found by Go's collector.
		for rounds := 0; handles(t, iso) > before; rounds++ {
			if name != "syntax" || rounds == 100 {
				t.Errorf("%s: %d handles, then %d", name, before, handles(t, iso))
				break
			}
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
		if err := iso.Collect(); err != nil {
			t.Fatal(err)
		}
		if n := len(iso.answers.table) - len(iso.answers.free); n > answers+2 {
			t.Errorf("%s: %d answers, then %d", name, answers, n)
		}
	}
	if uncaught != 42 {
		t.Error(uncaught, "errors were told")
	}
}
