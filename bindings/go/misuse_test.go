package isthmus

import (
	"bytes"
	"context"
	"testing"
)

// What was never made, or is nil, is an error and no crash.
func TestNothingIsMadeOf(t *testing.T) {
	var iso *Isolate
	var ctx *Context
	goctx := context.Background()
	for name, try := range map[string]func() error{
		"Import":               func() error { _, err := ctx.Import(goctx, "x"); return err },
		"CompileModule":        func() error { _, err := ctx.CompileModule("1", "x"); return err },
		"NewModule":            func() error { _, err := ctx.NewModule(nil, "x"); return err },
		"NewJSONModule":        func() error { _, err := ctx.NewJSONModule("1", "x"); return err },
		"RunModule":            func() error { _, err := ctx.RunModule(goctx, "1", "x"); return err },
		"CompileFunction":      func() error { _, err := ctx.CompileFunction("1", "x", nil); return err },
		"Load":                 func() error { _, err := ctx.Load(&Library{}); return err },
		"NewPromiseResolver":   func() error { _, err := NewPromiseResolver(ctx); return err },
		"CompileUnboundScript": func() error { _, err := iso.CompileUnboundScript("1", "x"); return err },
		"NewInspector":         func() error { _, err := iso.NewInspector(); return err },
		"Profile":              func() error { return iso.Profile(&bytes.Buffer{}, 0, func() error { return nil }) },
		"Profile nothing":      func() error { return fresh(t).Isolate().Profile(nil, 0, nil) },
		"WriteHeapSnapshot":    func() error { return iso.WriteHeapSnapshot(&bytes.Buffer{}) },
		"WriteHeapSnapshot to": func() error { return fresh(t).Isolate().WriteHeapSnapshot(nil) },
		"Collect":              iso.Collect,
		"RunLoop":              func() error { return iso.RunLoop(goctx) },
		"NewSnapshot":          func() error { _, err := NewSnapshot(nil, &Library{}); return err },
	} {
		if err := try(); err == nil {
			t.Errorf("%s: there is no error", name)
		}
	}
	iso.GetHeapStatistics()
	for _, module := range []*Module{nil, {}} {
		_, first := module.Run(goctx)
		_, second := module.Load()
		_, third := module.Namespace()
		_, fourth := module.CreateCodeCache()
		if first == nil || second == nil || third == nil || fourth == nil || module.SetExport("x", 1) == nil ||
			module.URL() != "" || module.CachedDataRejected() {
			t.Error("a module that is none can be used")
		}
	}
	for _, script := range []*UnboundScript{nil, {}} {
		if _, err := script.Run(fresh(t)); err == nil || script.CreateCodeCache() != nil {
			t.Error("a script that is none can be used")
		}
	}
	script, err := fresh(t).Isolate().CompileUnboundScript("1", "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := script.Run(nil); err == nil {
		t.Error("a script runs nowhere")
	}
	for _, inspector := range []*Inspector{nil, {}} {
		_, err := inspector.NewSession(func([]byte) {})
		if err == nil || inspector.Pause("") == nil || inspector.AddContext(nil, "") == nil || inspector.Close() != nil || inspector.Paused() {
			t.Error("an inspector that is none can be used")
		}
		inspector.Serve(0)
	}
	for _, session := range []*InspectorSession{nil, {}} {
		if session.Send([]byte("{}")) == nil || session.Close() != nil {
			t.Error("a session that is none can be used")
		}
	}
	for _, resolver := range []*PromiseResolver{nil, {}} {
		if resolver.Resolve(1) || resolver.Reject(1) || resolver.GetPromise() != nil {
			t.Error("a resolver that is none can be used")
		}
	}
	var function *Function
	if _, err := function.CreateCodeCache(); err == nil {
		t.Error("a function that is none has code")
	}
	if (*Library)(nil).Name() != "" {
		t.Error("a library that is none has a name")
	}
	odd := fresh(t, WithResolver(nil), WithModules(nil), WithImportMeta(nil), WithLogger(nil), WithConsole(nil))
	if _, err := odd.Import(goctx, "./x.mjs"); err == nil {
		t.Error("nothing was imported")
	}
	if err := NewIsolate(WithUncaught(nil), WithSnapshot(nil)).Close(); err != nil {
		t.Error(err)
	}
}

func TestThen(t *testing.T) {
	ctx := fresh(t)
	double := func(info *FunctionCallbackInfo) *Value {
		v, _ := NewValue(info.Context().Isolate(), info.Arg(0).Number()*2)
		return v
	}
	failed := func(info *FunctionCallbackInfo) *Value {
		v, _ := NewValue(info.Context().Isolate(), "caught "+info.Arg(0).String())
		return v
	}
	for _, each := range []struct {
		source string
		then   func(*Promise) *Promise
		want   string
	}{
		{"Promise.resolve(21)", func(p *Promise) *Promise { return p.Then(double) }, "42"},
		{"Promise.resolve(21)", func(p *Promise) *Promise { return p.Catch(failed) }, "21"},
		{"Promise.reject(new Error('no'))", func(p *Promise) *Promise { return p.Catch(failed) }, "caught Error: no"},
		{"Promise.reject(7)", func(p *Promise) *Promise { return p.Then(double, failed) }, "caught 7"},
		{"new Promise(r => setTimeout(r, 1, 4))", func(p *Promise) *Promise { return p.Then(double).Then(double, failed) }, "16"},
	} {
		v, err := each.then(promiseOf(t, ctx, each.source)).Await(context.Background())
		if err != nil || v.String() != each.want {
			t.Fatal(each.source, v, err)
		}
	}
	promise := promiseOf(t, ctx, "Promise.resolve()")
	if promise.Then() != nil || promise.Then(double, double, double) != nil || (*Promise)(nil).Catch(failed) != nil ||
		(&Promise{&Object{eval(t, ctx, "({})")}}).Then(double) != nil {
		t.Fatal("there is a promise of nothing")
	}
}

// Values that the package keeps are none of the temporaries of who happens to hold the isolate.
func TestTemporariesAreTheCallersAlone(t *testing.T) {
	ctx := fresh(t, WithModules(site))
	resolver, err := NewPromiseResolver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = ctx.Isolate().Do(func(s *Scope) error {
		return s.Temporary(func() error {
			go resolver.Resolve([]int{1, 2})
			list, err := Await[[]int](context.Background(), resolver.GetPromise())
			if len(list) != 2 {
				t.Error(list)
			}
			if err == nil {
				_, err = ctx.Import(context.Background(), "./one.mjs")
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if namespace, err := ctx.Import(context.Background(), "./main.mjs"); err != nil || namespaceText(namespace, "default") != "42" {
		t.Fatal(err)
	}
	ctx.Isolate().Do(func(s *Scope) error {
		return s.Temporary(func() error {
			resolver, err = NewPromiseResolver(ctx)
			return err
		})
	})
	resolver.Resolve("later")
	if v, err := resolver.GetPromise().Await(context.Background()); err != nil || v.String() != "later" {
		t.Fatal(v, err)
	}
}
