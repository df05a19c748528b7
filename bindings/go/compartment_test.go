package isthmus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCompartmentsAreSwept(t *testing.T) {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext(WithFrozen())
	for range many(100, 20000) {
		v, err := ctx.RunCompartment("let own = 1; var left = own; globalThis.more = 2; typeof own + left", "run.js")
		if err != nil || v.String() != "number1" {
			t.Fatal(v, err)
		}
		v, err = ctx.RunCompartment("typeof own + typeof left", "run.js")
		if err != nil || v.String() != "undefinednumber" {
			t.Fatal(v, err)
		}
		if err := ctx.Sweep(); err != nil {
			t.Fatal(err)
		}
		v, err = ctx.RunCompartment("typeof left + typeof more", "run.js")
		if err != nil || v.String() != "undefinedundefined" {
			t.Fatal(v, err)
		}
	}
	_, err := ctx.RunCompartment("'use strict'; Array.prototype.map = null", "run.js")
	if err == nil || err.Error() != "TypeError: Cannot assign to read only property 'map' of object" {
		t.Fatal(err)
	}
	goctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = ctx.RunCompartmentContext(goctx, "for (;;);", "run.js")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if err := ctx.Sweep(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeSwept(t *testing.T) {
	ctx := freshContext(t)
	if v, err := ctx.RunCompartment("let x = 1; x", "run.js"); err != nil || v.String() != "1" {
		t.Fatal(v, err)
	}
	if err := ctx.Sweep(); err == nil || !strings.HasPrefix(err.Error(), "isthmus: Sweep: ") {
		t.Fatal(err)
	}
	frozen := ctx.Isolate().NewContext(WithFrozen())
	_, err := frozen.RunCompartment("Object.defineProperty(globalThis, 'stuck', { value: 1 })", "run.js")
	if err != nil {
		t.Fatal(err)
	}
	if err := frozen.Sweep(); err == nil || !strings.HasPrefix(err.Error(), "isthmus: Sweep: ") {
		t.Fatal(err)
	}
	if err := frozen.Close(); err != nil {
		t.Fatal(err)
	}
	if err := frozen.Sweep(); err != ErrClosed {
		t.Fatal(err)
	}
	if _, err := frozen.RunCompartment("1", "run.js"); err != ErrClosed {
		t.Fatal(err)
	}
}

// Another judge of one's own, whose programs may change their built-ins: each has a context.
func ExampleIsolate_NewContext() {
	iso := NewIsolate(WithHeapLimit(64 << 20))
	defer iso.Close()
	for _, program := range []string{
		"Array.prototype.last = function () { return this[this.length - 1] }; [1, 2].last()",
		"typeof [].last",
	} {
		ctx := iso.NewContext(WithoutWeb())
		fmt.Println(ctx.RunScript(program, "program.js"))
		if err := ctx.Close(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 2 <nil>
	// undefined <nil>
}

// A judge of one's own: one isolate, programs of strangers one after another.
func ExampleContext_RunCompartment() {
	iso := NewIsolate(WithHeapLimit(64 << 20))
	defer iso.Close()
	compartment := iso.NewContext(WithFrozen())
	for _, program := range []string{"var count = 1; count + 1", "typeof count", "for (;;);"} {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		value, err := compartment.RunCompartmentContext(ctx, program, "program.js")
		cancel()
		fmt.Println(value, errors.Is(err, context.DeadlineExceeded))
		if compartment.Sweep() != nil {
			compartment = iso.NewContext(WithFrozen())
		}
	}
	// Output:
	// 2 false
	// undefined false
	// undefined true
}

func BenchmarkCompartment(b *testing.B) {
	ctx := freshContext(b).Isolate().NewContext(WithFrozen())
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := ctx.RunCompartment(fmt.Sprint("let a = ", i, "; a + 1"), "run.js"); err != nil {
			b.Fatal(err)
		}
		if err := ctx.Sweep(); err != nil {
			b.Fatal(err)
		}
	}
}

// A fresh context for each program.
func BenchmarkFreshContext(b *testing.B) {
	iso := freshContext(b).Isolate()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		ctx := iso.NewContext()
		if _, err := ctx.RunScript(fmt.Sprint("let a = ", i, "; a + 1"), "run.js"); err != nil {
			b.Fatal(err)
		}
		if err := ctx.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
