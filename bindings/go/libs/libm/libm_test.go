package libm

import (
	"math"
	"testing"

	"isthmus/bindings/go/internal/expect"
)

func TestFunctions(t *testing.T) {
	expect.Same(t, Cos(0), 1)
	expect.Same(t, Hypot(3, 4), 5)
	expect.Same(t, M_PI, math.Pi)
	if !math.IsNaN(Acos(2)) {
		t.Fatal("the arc cosine of 2 is a number")
	}
	fraction, exponent := Frexp(12)
	expect.Same(t, fraction, 0.75)
	expect.Same(t, exponent, 4)
}

func BenchmarkCos(b *testing.B) {
	for b.Loop() {
		Cos(0)
	}
}
