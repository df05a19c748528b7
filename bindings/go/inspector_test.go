package isthmus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// debugger is a client of a session.
type debugger struct {
	t       *testing.T
	session *InspectorSession
	mu      sync.Mutex
	all     []map[string]any
	came    chan struct{}
	next    int
}

func attach(t *testing.T, inspector *Inspector) *debugger {
	t.Helper()
	d := &debugger{t: t, came: make(chan struct{}, 1)}
	session, err := inspector.NewSession(func(message []byte) {
		var parsed map[string]any
		if err := json.Unmarshal(message, &parsed); err != nil {
			t.Error(err)
		}
		d.mu.Lock()
		d.all = append(d.all, parsed)
		d.mu.Unlock()
		select {
		case d.came <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	d.session = session
	return d
}

// ask sends a message and gives the result in its answer as JSON.
func (d *debugger) ask(method, params string) string {
	d.next++
	id := d.next
	if err := d.session.Send([]byte(fmt.Sprintf(`{"id": %d, "method": %q, "params": %s}`, id, method, params))); err != nil {
		d.t.Error(method, err)
		return ""
	}
	answer := d.wait(func(m map[string]any) bool { return m["id"] == float64(id) })
	text, _ := json.Marshal(answer["result"])
	return string(text)
}

// wait waits for a message and takes it.
func (d *debugger) wait(is func(map[string]any) bool) map[string]any {
	for {
		d.mu.Lock()
		for i, each := range d.all {
			if is(each) {
				d.all = append(d.all[:i], d.all[i+1:]...)
				d.mu.Unlock()
				return each
			}
		}
		d.mu.Unlock()
		<-d.came
	}
}

func (d *debugger) event(method string) map[string]any {
	return d.wait(func(m map[string]any) bool { return m["method"] == method })
}

func inspecting(t *testing.T, options ...InspectorOption) (*Context, *Inspector) {
	t.Helper()
	ctx := fresh(t, WithoutConsole())
	inspector, err := ctx.Isolate().NewInspector(options...)
	if err != nil {
		t.Fatal(err)
	}
	if err := inspector.AddContext(ctx, "main"); err != nil {
		t.Fatal(err)
	}
	return ctx, inspector
}

func TestInspectorEvaluates(t *testing.T) {
	ctx, inspector := inspecting(t)
	d := attach(t, inspector)
	if got := d.ask("Runtime.evaluate", `{"expression": "6 * 7"}`); got != `{"result":{"description":"42","type":"number","value":42}}` {
		t.Fatal(got)
	}
	d.ask("Runtime.enable", "{}")
	eval(t, ctx, "console.log('heard')")
	if text, _ := json.Marshal(d.event("Runtime.consoleAPICalled")["params"]); !strings.Contains(string(text), `"heard"`) {
		t.Fatal(string(text))
	}
	if err := d.session.Close(); err != nil {
		t.Fatal(err)
	}
	err := d.session.Send([]byte(`{"id": 9, "method": "Runtime.enable"}`))
	says(t, err, "isthmus: Send: the session is closed")
	if err := errors.Join(d.session.Close(), inspector.Close(), inspector.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = inspector.NewSession(func([]byte) {})
	says(t, err, "isthmus: NewSession: the inspector is closed")
	if !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	// Another one can follow.
	if _, err := ctx.Isolate().NewInspector(); err != nil {
		t.Fatal(err)
	}
}

// JavaScript runs on one goroutine, the debugger on another.
func TestInspectorPauses(t *testing.T) {
	ctx, inspector := inspecting(t)
	d := attach(t, inspector)
	d.ask("Debugger.enable", "{}")
	over := make(chan string)
	go func() {
		v, err := ctx.RunScript("let inner = 1; debugger; inner", "paused.js")
		over <- fmt.Sprint(v, err)
	}()
	paused := d.event("Debugger.paused")
	frames := paused["params"].(map[string]any)["callFrames"].([]any)
	frame := frames[0].(map[string]any)["callFrameId"].(string)
	got := d.ask("Debugger.evaluateOnCallFrame", fmt.Sprintf(`{"callFrameId": %q, "expression": "inner += 41"}`, frame))
	if !strings.Contains(got, `"value":42`) {
		t.Fatal(got)
	}
	if !inspector.Paused() {
		t.Error("it is not paused")
	}
	d.ask("Debugger.resume", "{}")
	if got := <-over; got != "42 <nil>" {
		t.Fatal(got)
	}
	if inspector.Paused() {
		t.Fatal("it is paused")
	}
}

func TestInspectorInterruptsWhatRuns(t *testing.T) {
	ctx, inspector := inspecting(t)
	d := attach(t, inspector)
	d.ask("Debugger.enable", "{}")
	began := make(chan struct{})
	give(t, ctx, "began", func() error { close(began); return nil })
	over := make(chan error)
	go func() {
		_, err := ctx.RunScript("globalThis.stop = false; began(); while (!stop);", "loop.js")
		over <- err
	}()
	<-began
	d.ask("Debugger.pause", "{}")
	d.event("Debugger.paused")
	d.ask("Runtime.evaluate", `{"expression": "stop = true"}`)
	d.ask("Debugger.resume", "{}")
	if err := <-over; err != nil {
		t.Fatal(err)
	}
}

func TestInspectorPausesAtTheNextStatement(t *testing.T) {
	var d *debugger
	ctx, inspector := inspecting(t, WithPause(func(i *Inspector) { d.ask("Debugger.resume", "{}") }))
	d = attach(t, inspector)
	d.ask("Debugger.enable", "{}")
	if err := inspector.Pause("look"); err != nil {
		t.Fatal(err)
	}
	eval(t, ctx, "1")
	if reason := d.event("Debugger.paused")["params"].(map[string]any)["reason"]; reason != "look" {
		t.Fatal(reason)
	}
}

// Closing what JavaScript is paused for lets it go on.
func TestInspectorClosesWithinAPause(t *testing.T) {
	for name, end := range map[string]func(*Inspector, *debugger) error{
		"session":   func(_ *Inspector, d *debugger) error { return d.session.Close() },
		"inspector": func(i *Inspector, _ *debugger) error { return i.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, inspector := inspecting(t)
			d := attach(t, inspector)
			d.ask("Debugger.enable", "{}")
			over := make(chan error)
			go func() {
				_, err := ctx.RunScript("debugger", "paused.js")
				over <- err
			}()
			d.event("Debugger.paused")
			if err := end(inspector, d); err != nil {
				t.Fatal(err)
			}
			if err := <-over; err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestInspectorPauseHook(t *testing.T) {
	var d *debugger
	var value string
	ctx, inspector := inspecting(t, WithPause(func(i *Inspector) {
		value = d.ask("Runtime.evaluate", `{"expression": "x"}`)
		if err := d.session.Send([]byte(`{"id": 99, "method": "Debugger.resume"}`)); err != nil {
			t.Error(err)
		}
		i.Serve(time.Minute)
	}))
	d = attach(t, inspector)
	d.ask("Debugger.enable", "{}")
	if got := text(t, ctx, "var x = 7; debugger; x + 1"); got != "8" || !strings.Contains(value, `"value":7`) {
		t.Fatal(got, value)
	}
	// A pause that nobody answers.
	ctx, inspector = inspecting(t, WithPause(func(i *Inspector) { i.Serve(time.Millisecond) }))
	attach(t, inspector).ask("Debugger.enable", "{}")
	if got := text(t, ctx, "debugger; 1"); got != "1" {
		t.Fatal(got)
	}
	inspector.Serve(0) // Nothing is paused.
}

func TestInspectorReady(t *testing.T) {
	ready := 0
	_, inspector := inspecting(t, WithReady(func(*Inspector) { ready++ }))
	attach(t, inspector).ask("Runtime.runIfWaitingForDebugger", "{}")
	if ready != 1 {
		t.Fatal(ready)
	}
}

func TestInspectorFails(t *testing.T) {
	ctx, inspector := inspecting(t)
	_, err := ctx.Isolate().NewInspector()
	says(t, err, "isthmus: NewInspector: the isolate has an inspector already")
	err = inspector.AddContext(fresh(t), "")
	says(t, err, "isthmus: AddContext: the context belongs to another isolate")
	err = inspector.AddContext(nil, "")
	says(t, err, "isthmus: AddContext: the context belongs to another isolate")
	err = inspector.AddContext(ctx, "a\x00")
	says(t, err, "isthmus: AddContext: the name has a NUL within")
	err = inspector.Pause("a\x00")
	says(t, err, "isthmus: Pause: the reason has a NUL within")
	_, err = inspector.NewSession(nil)
	says(t, err, "isthmus: NewSession: receive is nil")
	other := ctx.Isolate().NewContext()
	_ = other.Close()
	if err := inspector.AddContext(other, ""); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	var within error
	var session *InspectorSession
	session, err = inspector.NewSession(func([]byte) { within = session.Send([]byte("{}")) })
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range []string{"", "nonsense", "[]", "{", "{} {}"} {
		err := session.Send([]byte(message))
		says(t, err, "isthmus: Send: an inspector's message is a JSON object")
	}
	if err := session.Send([]byte(`{"id": 1, "method": "No.such"}`)); err != nil {
		t.Fatal(err)
	}
	says(t, within, "isthmus: Send: a session's message is being told: the inspector cannot be used by who receives it")
	_ = ctx.Isolate().Close()
	if err := session.Send([]byte(`{"id": 1, "method": "No.such"}`)); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := errors.Join(session.Close(), inspector.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := ctx.Isolate().NewInspector(); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}
