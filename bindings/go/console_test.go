package isthmus

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func textLogger(to *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
}

func TestConsoleLogs(t *testing.T) {
	var log bytes.Buffer
	ctx := fresh(t, WithLogger(textLogger(&log)))
	eval(t, ctx, `console.debug("d"); console.log("l %d", 1.5, {a: [1, "x"]}); console.info("ü");
		console.warn("two\nlines"); console.error(new Error("e").message)`)
	want := `level=DEBUG msg=d
level=INFO msg="l 1.5 { a: [ 1, 'x' ] }"
level=INFO msg=ü
level=WARN msg="two\nlines"
level=ERROR msg=e
`
	if log.String() != want {
		t.Fatalf("got %s, want %s", log.String(), want)
	}
}

func TestConsoleLogsToTheDefault(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	ctx := fresh(t)
	slog.SetDefault(textLogger(&log))
	eval(t, ctx, "console.warn('here')")
	if log.String() != "level=WARN msg=here\n" {
		t.Fatal(log.String())
	}
}

func TestConsoleCalls(t *testing.T) {
	type key struct{}
	var all []string
	ctx := fresh(t, WithConsole(func(goctx context.Context, m ConsoleMessage) {
		request, _ := goctx.Value(key{}).(string)
		name, _ := m.Context.RunScript("globalThis.name", "hook.js")
		all = append(all, strings.Join([]string{m.Method, m.Text, m.Level().String(), request, name.String()}, "|"))
	}))
	eval(t, ctx, "globalThis.name = 'n'; console.log('plain')")
	goctx := context.WithValue(context.Background(), key{}, "request 7")
	if _, err := ctx.RunScriptContext(goctx, "console.error('under')", "main.js"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(all, "\n"); got != "log|plain|INFO||n\nerror|under|ERROR|request 7|n" {
		t.Fatal(got)
	}
}

func TestConsoleIsSilent(t *testing.T) {
	ctx := fresh(t, WithoutConsole())
	if got := text(t, ctx, "console.log('nobody hears'); 'on'"); got != "on" {
		t.Fatal(got)
	}
}

// What panics in a console's function does so for nobody in JavaScript, and is not lost.
func TestConsolePanics(t *testing.T) {
	told := &reports{}
	iso := NewIsolate(WithUncaught(told.add))
	defer iso.Close()
	ctx := iso.NewContext(WithConsole(func(context.Context, ConsoleMessage) { panic("no log") }))
	if got := text(t, ctx, "console.log('x'); 'on'"); got != "on" {
		t.Fatal(got)
	}
	if got := told.take(); got != "panic: no log" {
		t.Fatal(got)
	}
}

func TestWeb(t *testing.T) {
	for _, each := range []struct {
		name    string
		options []ContextOption
		want    string
	}{
		{"all", nil, "object function function function function"},
		{"no timers", []ContextOption{WithoutTimers()}, "object undefined function function function"},
		{"none", []ContextOption{WithoutWeb()}, "object undefined undefined undefined undefined"},
		{"frozen", []ContextOption{WithFrozen()}, "object undefined undefined undefined undefined"},
	} {
		ctx := fresh(t, each.options...)
		got := text(t, ctx, `[typeof console, typeof setTimeout, typeof queueMicrotask, typeof structuredClone,
			typeof TextEncoder].join(' ')`)
		if got != each.want {
			t.Fatalf("%s: got %s, want %s", each.name, got, each.want)
		}
	}
	ctx := fresh(t)
	if got := text(t, ctx, "typeof require + typeof process + typeof fetch"); got != "undefinedundefinedundefined" {
		t.Fatal(got)
	}
}

func TestFrozenContextTakesNothing(t *testing.T) {
	iso := NewIsolate()
	defer iso.Close()
	for _, option := range []ContextOption{WithModules(site), WithLibrary("zlib")} {
		err := iso.NewContext(WithFrozen(), option).Err()
		says(t, err, "isthmus: NewContext: a frozen context takes no modules and no libraries")
	}
}

// A timer of one context ends with it, and another one's goes on.
func TestTimersEndWithTheirContext(t *testing.T) {
	ctx := fresh(t)
	other := ctx.Isolate().NewContext()
	eval(t, ctx, "setInterval(() => {}, 1)")
	eval(t, other, "setTimeout(() => { globalThis.done = true }, 2)")
	_ = ctx.Close()
	soon, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := ctx.Isolate().RunLoop(soon); err != nil || text(t, other, "done") != "true" {
		t.Fatal(err)
	}
}
