package isthmus

import (
	"testing"
)

// Values that Go has forgotten fill V8's heap many times over, while Go allocates next to nothing.
func TestForgottenValuesMakeRoom(t *testing.T) {
	iso := NewIsolate(WithHeapLimit(64 << 20))
	defer iso.Close()
	ctx := iso.NewContext()
	for i := range many(400, 5000) {
		if _, err := ctx.RunScript("new Array(1e5).fill(1.5)", "fill.js"); err != nil {
			t.Fatal(i, err)
		}
	}
}

func TestForgottenContextsMakeRoom(t *testing.T) {
	iso := NewIsolate(WithHeapLimit(48 << 20))
	defer iso.Close()
	for i := range many(200, 5000) {
		if _, err := iso.NewContext(WithoutWeb()).RunScript("globalThis.all = new Array(1e5).fill(1.5); 1", "fill.js"); err != nil {
			t.Fatal(i, err)
		}
	}
}

func TestForgottenBuffersMakeRoom(t *testing.T) {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	before := resident(t)
	for i := range many(200, 5000) {
		if _, err := ctx.RunScript("new Uint8Array(16e6).fill(1)", "fill.js"); err != nil {
			t.Fatal(i, err)
		}
	}
	if grown := resident(t) - before; grown > 1<<30 {
		t.Fatalf("%d bytes are kept", grown)
	}
}
