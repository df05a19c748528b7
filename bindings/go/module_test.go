package isthmus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

var site = fstest.MapFS{
	"main.mjs":        file("import {n} from './lib/n.mjs'; import data from './data.json' assert {type: 'json'}; export default n + data.more; export {n}"),
	"lib/n.mjs":       file("import {one} from '../one.mjs'; export const n = one + 1"),
	"one.mjs":         file("export const one = 1"),
	"data.json":       file(`{"more": 40}`),
	"bad.json":        file(`{"more": `),
	"empty.json":      file(""),
	"empty.mjs":       file(""),
	"syntax.mjs":      file("export const = 1"),
	"throws.mjs":      file("throw new RangeError('at the top')"),
	"missing.mjs":     file("import {nothing} from './one.mjs'"),
	"circle/a.mjs":    file("import {b} from './b.mjs'; export const a = () => 'a' + b()"),
	"circle/b.mjs":    file("import {a} from './a.mjs'; export const b = () => typeof a"),
	"wait.mjs":        file("export const waited = await new Promise(r => setTimeout(r, 2, 'long'))"),
	"never.mjs":       file("await new Promise(() => {})"),
	"dynamic.mjs":     file("export const name = 'one'; export default (await import(`./${name}.mjs`)).one"),
	"meta.mjs":        file("export const {url, filename, dirname} = import.meta"),
	"index/index.mjs": file("export default 1"),
	"with space.mjs":  file("export const url = import.meta.url"),
	"latin.mjs":       &fstest.MapFile{Data: []byte("export default '\xe9'")},
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func namespaceText(namespace *Object, name string) string {
	v, err := namespace.Get(name)
	if err != nil {
		return err.Error()
	}
	return v.String()
}

func TestImportFromFiles(t *testing.T) {
	ctx := fresh(t, WithModules(site))
	for _, each := range []struct{ specifier, name, want string }{
		{"./main.mjs", "default", "42"},
		{"/main.mjs", "n", "2"},
		{"file:///lib/../main.mjs", "n", "2"},
		{"./data.json", "default", "[object Object]"},
		{"./wait.mjs", "waited", "long"},
		{"./dynamic.mjs", "default", "1"},
		{"./empty.mjs", "default", "undefined"},
		{"./meta.mjs", "url", "file:///meta.mjs"},
		{"./meta.mjs", "filename", "/meta.mjs"},
		{"./meta.mjs", "dirname", "/"},
		{"./meta.mjs?second=1#x", "url", "file:///meta.mjs?second=1#x"},
		{"./with%20space.mjs", "url", "file:///with%20space.mjs"},
		{"./circle/a.mjs", "a", "() => 'a' + b()"},
	} {
		namespace, err := ctx.Import(context.Background(), each.specifier)
		if err != nil {
			t.Fatal(each.specifier, err)
		}
		if got := namespaceText(namespace, each.name); got != each.want {
			t.Fatalf("%s of %s: got %s, want %s", each.name, each.specifier, got, each.want)
		}
	}
	// A URL has one module in a context.
	if got := text(t, ctx, "var same; import('./one.mjs').then(a => import('/lib/../one.mjs').then(b => { same = a === b })); 1"); got != "1" {
		t.Fatal(got)
	}
	if err := ctx.Isolate().RunLoop(context.Background()); err != nil || text(t, ctx, "same") != "true" {
		t.Fatal(text(t, ctx, "same"), err)
	}
}

func TestImportFails(t *testing.T) {
	ctx := fresh(t, WithModules(site))
	outside := "isthmus: import: Cannot import '../x.mjs' from <import>: it is outside of the file system"
	for _, each := range []struct {
		specifier, want string
		missing         bool
	}{
		{"./nothing.mjs", "isthmus: import: Cannot find module './nothing.mjs' imported from <import>", true},
		{"./one", "isthmus: import: Cannot find module './one' imported from <import>; did you mean './one.mjs'?", true},
		{"./index", "isthmus: import: Cannot import directory './index' imported from <import>", false},
		{"one.mjs", "isthmus: import: Cannot find module 'one.mjs' imported from <import>: a file is imported as './one.mjs'", true},
		{"https://example.org/x.mjs", "isthmus: import: Cannot find module 'https://example.org/x.mjs' imported from <import>", true},
		{"../x.mjs", outside, false},
		{"./a/../../x.mjs", strings.Replace(outside, "../x", "./a/../../x", 1), false},
		{"./%2e%2e/x.mjs", strings.Replace(outside, "../x", "./%2e%2e/x", 1), false},
		{"./a%00b", "isthmus: import: Invalid module specifier './a%00b'", false},
		{"./a%zz", "isthmus: import: Invalid module specifier './a%zz'", false},
		{"file://elsewhere/x.mjs", "isthmus: import: Invalid file: URL 'file://elsewhere/x.mjs'", false},
		{"./syntax.mjs", "SyntaxError: Unexpected token '='", false},
		{"./throws.mjs", "RangeError: at the top", false},
		{"./missing.mjs", "SyntaxError: The requested module './one.mjs' does not provide an export named 'nothing'", false},
		{"./bad.json", "SyntaxError: Unexpected end of JSON input", false},
		{"./empty.json", "SyntaxError: Unexpected end of JSON input", false},
		{"./latin.mjs", "isthmus: string and source: it is not valid UTF-8", false},
		{"ffi:zlib", `isthmus: import: ffi:zlib is not allowed: the context was not granted it by WithLibrary("zlib")`, false},
		{"./never.mjs", neverSettled, false},
	} {
		_, err := ctx.Import(context.Background(), each.specifier)
		if err == nil {
			t.Fatal(each.specifier, "was found")
		}
		// What a Resolver gives is in the error that JavaScript has seen.
		got := err.Error()
		var ours *Error
		var refused *ConversionError
		switch {
		case errors.As(err, &ours):
			got = ours.Error()
		case errors.As(err, &refused):
			got = refused.Error()
		}
		if got != each.want || each.missing != errors.Is(err, fs.ErrNotExist) && !strings.Contains(got, "directory") {
			t.Errorf("%s: got %s (%v), want %s", each.specifier, got, errors.Is(err, fs.ErrNotExist), each.want)
		}
	}
	// JavaScript sees an Error with the plain message.
	eval(t, ctx, "var seen; import('./nothing.mjs').catch(e => { seen = String(e) })")
	if got := text(t, ctx, "seen"); got != "Error: Cannot find module './nothing.mjs' imported from test.js" {
		t.Fatal(got)
	}
	eval(t, ctx, "import('./one.mjs', {assert: {type: 'css'}}).catch(e => { seen = String(e) })")
	if got := text(t, ctx, "seen"); got != "Error: Module type 'css' of './one.mjs' is not supported; only 'json' is" {
		t.Fatal(got)
	}
}

func TestNothingIsImportedWithoutAGrant(t *testing.T) {
	ctx := fresh(t)
	_, err := ctx.Import(context.Background(), "./x.mjs")
	if err == nil || !strings.Contains(err.Error(), "Cannot import './x.mjs': the context was granted no imports. "+
		"Give it a file system or a function that finds them: WithModules, WithResolver") {
		t.Fatal(err)
	}
}

// Links that lead out are the file system's affair: os.Root refuses them.
func TestImportFromARoot(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret.mjs"), []byte("export default 'secret'"), 0o600); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(dir, "inside")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../secret.mjs", filepath.Join(inside, "link.mjs")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(inside, "own.mjs"), []byte("export default 'own'"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	ctx := fresh(t, WithModules(root.FS()))
	if namespace, err := ctx.Import(context.Background(), "./own.mjs"); err != nil || namespaceText(namespace, "default") != "own" {
		t.Fatal(err)
	}
	if _, err := ctx.Import(context.Background(), "./link.mjs"); err == nil || !strings.Contains(err.Error(), "path escapes from parent") {
		t.Fatal(err)
	}
}

func TestRunModule(t *testing.T) {
	ctx := fresh(t, WithModules(site))
	namespace, err := ctx.RunModule(context.Background(),
		"import {one} from './one.mjs'; export const x = one + await Promise.resolve(1)", "file:///inline.mjs")
	if err != nil || namespaceText(namespace, "x") != "2" {
		t.Fatal(err)
	}
	_, err = ctx.RunModule(context.Background(), "export const = 1", "bad.mjs")
	var js *JSError
	if !errors.As(err, &js) || js.Name != "SyntaxError" || js.Location != "bad.mjs:1:14" {
		t.Fatal(err, js)
	}
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err = ctx.RunModule(soon, "for (;;);", "loop.mjs"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		"a\x00b": "SyntaxError: Invalid or unexpected token",
		"\xff":   "isthmus: string and source: it is not valid UTF-8",
	} {
		_, err = ctx.RunModule(context.Background(), source, "x.mjs")
		says(t, err, want)
	}
	_, err = ctx.RunModule(context.Background(), "1", "x\x00.mjs")
	says(t, err, "isthmus: CompileModule: the origin has a NUL within")
}

func TestModuleObject(t *testing.T) {
	ctx := fresh(t)
	module, err := ctx.CompileModule("export const x = 7; export function f(n) { return n * 2 }", "m.mjs")
	if err != nil {
		t.Fatal(err)
	}
	_, err = module.Namespace()
	says(t, err, "isthmus: Namespace: the module was not loaded: Run and Load do that")
	promise, err := module.Load()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := promise.Await(context.Background()); err != nil {
		t.Fatal(err)
	}
	namespace, err := module.Namespace()
	if err != nil || namespaceText(namespace, "x") != "7" || module.URL() != "m.mjs" {
		t.Fatal(err)
	}
	// It runs once.
	again, err := module.Run(context.Background())
	if err != nil || namespaceText(again, "x") != "7" {
		t.Fatal(err)
	}
	err = module.SetExport("x", 8)
	says(t, err, `isthmus: SetExport: the module m.mjs has no export "x" that can be set: only those of NewModule can`)

	cached, err := module.CreateCodeCache()
	if err != nil || len(cached.Bytes) == 0 {
		t.Fatal(err)
	}
	warm, err := ctx.CompileModule("export const x = 7; export function f(n) { return n * 2 }", "m.mjs", CompileOptions{CachedData: cached})
	if err != nil || warm.CachedDataRejected() {
		t.Fatal(err)
	}
	cold, err := ctx.CompileModule("export const x = 8", "m.mjs", CompileOptions{CachedData: cached})
	if err != nil || !cold.CachedDataRejected() {
		t.Fatal(err)
	}
}

func TestModuleOfGoValues(t *testing.T) {
	ctx := fresh(t)
	module, err := ctx.NewModule(map[string]any{"limit": 3, "name": "n", "list": []int{1, 2},
		"fn": eval(t, ctx, "(x) => x + 1")}, "settings")
	if err != nil {
		t.Fatal(err)
	}
	namespace, err := module.Run(context.Background())
	if err != nil || namespaceText(namespace, "limit") != "3" || namespaceText(namespace, "list") != "1,2" {
		t.Fatal(err)
	}
	if err := module.SetExport("limit", 4); err != nil || namespaceText(namespace, "limit") != "4" {
		t.Fatal(err)
	}
	err = module.SetExport("other", 4)
	says(t, err, `isthmus: SetExport: the module settings has no export "other" that can be set: only those of NewModule can`)
	_, err = module.CreateCodeCache()
	says(t, err, "isthmus: CreateCodeCache: the module has no text")
	if _, err = ctx.NewModule(map[string]any{"c": make(chan int)}, "bad"); err == nil {
		t.Fatal("a channel is an export")
	}
	_, err = ctx.NewModule(map[string]any{"a\x00": 1}, "bad")
	says(t, err, "isthmus: NewModule: the name has a NUL within")

	json, err := ctx.NewJSONModule(`[1, {"a": null}]`, "list.json")
	if err != nil {
		t.Fatal(err)
	}
	if namespace, err = json.Run(context.Background()); err != nil || namespaceText(namespace, "default") != "1,[object Object]" {
		t.Fatal(err)
	}
	_, err = ctx.NewJSONModule("[1,", "bad.json")
	says(t, err, "SyntaxError: Unexpected end of JSON input")
}

func TestResolvers(t *testing.T) {
	denied := errors.New("denied")
	asked := []string{}
	first := func(ctx *Context, i Import) (ModuleSource, error) {
		asked = append(asked, fmt.Sprintf("%s<%s", i.Specifier, i.Referrer))
		switch i.Specifier {
		case "settings":
			return ModuleSource{Exports: map[string]any{"limit": 3}}, nil
		case "rules":
			return ModuleSource{Text: "import {limit} from 'settings'; import './near.mjs'; export const rules = [1, limit]",
				URL: "https://example.org/a/rules.mjs"}, nil
		case "./near.mjs":
			return ModuleSource{Text: "export const url = import.meta.url, extra = import.meta.extra"}, nil
		case "json":
			return ModuleSource{Text: "[7]", JSON: true}, nil
		case "made":
			made, err := ctx.NewModule(map[string]any{"a": 1}, "made")
			return ModuleSource{Module: made}, err
		case "both":
			return ModuleSource{Text: "1", Exports: map[string]any{}}, nil
		case "denied":
			return ModuleSource{}, denied
		case "panics":
			panic("no module")
		}
		return ModuleSource{}, fs.ErrNotExist
	}
	ctx := fresh(t, WithResolver(first), WithModules(site),
		WithImportMeta(func(url string) map[string]any { return map[string]any{"extra": "of " + url} }))
	for _, each := range []struct{ specifier, name, want string }{
		{"settings", "limit", "3"},
		{"rules", "rules", "1,3"},
		{"json", "default", "7"},
		{"made", "a", "1"},
		{"./one.mjs", "one", "1"},
		{"./meta.mjs", "filename", "/meta.mjs"},
	} {
		namespace, err := ctx.Import(context.Background(), each.specifier)
		if err != nil || namespaceText(namespace, each.name) != each.want {
			t.Fatal(each.specifier, err)
		}
	}
	if got := strings.Join(asked, " "); got != "settings<<import> rules<<import> settings<https://example.org/a/rules.mjs "+
		"./near.mjs<https://example.org/a/rules.mjs json<<import> made<<import> ./one.mjs<<import> ./meta.mjs<<import>" {
		t.Fatal(got)
	}
	near := ctx.modules.known["https://example.org/a/near.mjs"]
	if near == nil {
		t.Fatal("a relative specifier was not taken relative to its referrer")
	}
	if namespace, err := near.Namespace(); err != nil || namespaceText(namespace, "extra") != "of https://example.org/a/near.mjs" {
		t.Fatal(err)
	}
	if _, err := ctx.Import(context.Background(), "denied"); !errors.Is(err, denied) {
		t.Fatal(err)
	}
	var panicked *PanicError
	if _, err := ctx.Import(context.Background(), "panics"); !errors.As(err, &panicked) || panicked.Value != "no module" {
		t.Fatal(err)
	}
	_, err := ctx.Import(context.Background(), "both")
	if err == nil || !strings.Contains(err.Error(), "the Resolver has answered 'both' with more than one of Text, Exports and Module") {
		t.Fatal(err)
	}
	_, err = ctx.Import(context.Background(), "none")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "Cannot find module 'none' imported from <import>") {
		t.Fatal(err)
	}
	other := fresh(t)
	foreign, _ := other.NewModule(map[string]any{}, "foreign")
	odd := fresh(t, WithResolver(func(*Context, Import) (ModuleSource, error) { return ModuleSource{Module: foreign}, nil }))
	if _, err = odd.Import(context.Background(), "x"); err == nil || !strings.Contains(err.Error(), "the module for 'x' belongs to another context") {
		t.Fatal(err)
	}
}

func TestImportWithinJavaScript(t *testing.T) {
	ctx := fresh(t, WithModules(site))
	var first error
	give(t, ctx, "load", func() error { _, first = ctx.Import(context.Background(), "./one.mjs"); return nil })
	eval(t, ctx, "load()")
	says(t, first, "isthmus: Import: the isolate's loop cannot be run here: JavaScript has called this function")
}

func TestModulesAfterTheEnd(t *testing.T) {
	ctx := fresh(t, WithModules(site))
	module, err := ctx.CompileModule("export default 1", "m.mjs")
	if err != nil {
		t.Fatal(err)
	}
	_ = ctx.Close()
	for name, try := range map[string]func() error{
		"CompileModule": func() error { _, err := ctx.CompileModule("1", "x"); return err },
		"NewModule":     func() error { _, err := ctx.NewModule(nil, "x"); return err },
		"Run":           func() error { _, err := module.Run(context.Background()); return err },
		"Load":          func() error { _, err := module.Load(); return err },
		"Namespace":     func() error { _, err := module.Namespace(); return err },
		"Cache":         func() error { _, err := module.CreateCodeCache(); return err },
		"SetExport":     func() error { return module.SetExport("x", 1) },
		"Import":        func() error { _, err := ctx.Import(context.Background(), "./one.mjs"); return err },
	} {
		if err := try(); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestForgottenModulesAreFreed(t *testing.T) {
	ctx := fresh(t)
	for range 500 {
		if _, err := ctx.CompileModule("export default new Array(1000).fill(0)", "m.mjs"); err != nil {
			t.Fatal(err)
		}
		if _, err := ctx.Isolate().CompileUnboundScript("1 + 1", "s.js"); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		runtime.GC()
	}
	if err := ctx.Isolate().Collect(); err != nil {
		t.Fatal(err)
	}
}
