package isthmus

import (
	"testing"
)

// Values that Go has forgotten fill V8's heap many times over, while Go allocates next to nothing.
func TestForgottenValuesMakeRoom(t *testing.T) {
	iso := NewIsolate(WithHeapLimit(64 << 20))
	defer iso.Close()
	ctx := iso.NewContext()
	for i := range 1000 {
		if _, err := ctx.RunScript("new Array(1e5).fill(1.5)", "fill.js"); err != nil {
			t.Fatal(i, err)
		}
	}
}

func TestForgottenBuffersMakeRoom(t *testing.T) {
	iso := NewIsolate()
	defer iso.Close()
	ctx := iso.NewContext()
	for i := range 1000 {
		if _, err := ctx.RunScript("new Uint8Array(4e6).fill(1)", "fill.js"); err != nil {
			t.Fatal(i, err)
		}
	}
}
