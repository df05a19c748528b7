package isthmus

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"
)

// Goroutines that wait, give up, drive the loop and settle promises in one isolate, all at a time.
func TestLoopStress(t *testing.T) {
	ctx := fresh(t)
	iso := ctx.Isolate()
	var group sync.WaitGroup
	for i := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for round := range 30 {
				goctx, cancel := context.WithCancel(context.Background())
				resolver, err := NewPromiseResolver(ctx)
				if err != nil {
					t.Error(err)
				}
				switch (i + round) % 4 {
				case 0:
					go resolver.Resolve(i)
				case 1:
					go cancel()
				case 2:
					err := iso.Do(func(*Scope) error {
						v, err := ctx.RunScript("new Promise(r => setTimeout(r, 1, 'late'))", "late.js")
						if err == nil {
							_, err = Await[string](goctx, v)
						}
						return err
					})
					if err != nil {
						t.Error(err)
					}
					resolver.Resolve(i)
				case 3:
					go func() { _ = iso.RunLoop(goctx) }()
					resolver.Reject(errors.New("no"))
				}
				_, err = resolver.GetPromise().Await(goctx)
				if bad := (i+round)%2 == 0; bad != (err == nil) && (i+round)%4 != 1 {
					t.Error(i, round, err)
				}
				resolver.Resolve(nil)
				cancel()
			}
		}()
	}
	group.Wait()
	if err := iso.RunLoop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Two that hold an isolate each, and want something done in the other's.
func TestErrandsTellDeadlocks(t *testing.T) {
	var resolvers [2]*PromiseResolver
	for i := range resolvers {
		var err error
		if resolvers[i], err = NewPromiseResolver(fresh(t)); err != nil {
			t.Fatal(err)
		}
	}
	var ready sync.WaitGroup
	ready.Add(2)
	settled := make(chan bool, 2)
	for i := range resolvers {
		go func() {
			_ = resolvers[i].GetPromise().ctx.Isolate().Do(func(*Scope) error {
				ready.Done()
				ready.Wait()
				settled <- resolvers[1-i].Resolve(i)
				return nil
			})
		}()
	}
	if first, second := <-settled, <-settled; first == second {
		t.Fatal(first, second)
	}
}

func TestPauseEndsWithContext(t *testing.T) {
	ctx, inspector := inspecting(t)
	attach(t, inspector).ask("Debugger.enable", "{}")
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := ctx.RunScriptContext(soon, "debugger; for (;;);", "paused.js"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if got := text(t, ctx, "1 + 1"); got != "2" {
		t.Fatal(got)
	}
}

// Whatever an isolate was given that refers to it, it can be forgotten.
func TestForgottenIsolateWithHooks(t *testing.T) {
	gone := func() weak.Pointer[Isolate] {
		var ctx *Context
		iso := NewIsolate(WithUncaught(func(error) { _ = ctx.Err() }))
		ctx = iso.NewContext(WithModules(site),
			WithConsole(func(context.Context, ConsoleMessage) { _ = ctx.Err() }),
			WithResolver(func(*Context, Import) (ModuleSource, error) { return ModuleSource{}, ctx.Err() }))
		inspector, err := iso.NewInspector(WithReady(func(*Inspector) { _ = ctx.Err() }))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := inspector.NewSession(func([]byte) { _ = ctx.Err() }); err != nil {
			t.Fatal(err)
		}
		if _, err := ctx.Import(context.Background(), "./main.mjs"); err != nil {
			t.Fatal(err)
		}
		if _, err := NewPromiseResolver(ctx); err != nil {
			t.Fatal(err)
		}
		eval(t, ctx, "setInterval(() => console.log('tick'), 1e6); Promise.reject(1)")
		return weak.Make(iso)
	}()
	for rounds := 0; gone.Value() != nil; rounds++ {
		if rounds == 1000 {
			t.Fatal("it is still there")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}
