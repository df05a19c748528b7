// Objects in memory of ours, in the package that is made of tests/fixture/gauges.idl.
package gauges

import (
	"errors"
	"runtime"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestAnObjectInMemoryOfOurs(t *testing.T) {
	g := expect.Must[*Gauge](t)(NewGauge(5))
	expect.Same(t, expect.Must[bool](t)(g.AtHome()), true)
	expect.Same(t, expect.Must[int32](t)(g.Level()), 5)
	if err := g.SetLevel(7); err != nil {
		t.Fatal(err)
	}
	expect.Same(t, expect.Must[int32](t)(g.Read()), 7)
	expect.Must[[4]float64](t)(g.History())
	runtime.GC()
	expect.Same(t, expect.Must[bool](t)(g.AtHome()), true)
	expect.Must[int32](t)(g.End())
	_, err := g.Read()
	expect.Fails(t, err, clib.ErrClosed, "gauges.Gauge.read: the Gauge is closed")
	_, err = g.Level()
	expect.Fails(t, err, clib.ErrClosed, "gauges.Gauge.level: the Gauge is closed")
	expect.Same(t, GaugesAlive(), 0)
}

func TestACountedFieldShrinks(t *testing.T) {
	g := expect.Must[*Gauge](t)(NewGauge(0))
	defer g.Close()
	food := []byte{1, 2, 3}
	if err := g.SetNext(food); err != nil {
		t.Fatal(err)
	}
	expect.Same(t, expect.Must[uint32](t)(g.Available()), 3)
	if rest := expect.Must[[]byte](t)(g.Next()); &rest[0] != &food[0] || len(rest) != 3 {
		t.Fatal(rest)
	}
	food = nil
	runtime.GC()
	expect.Same(t, expect.Must[int32](t)(g.Feed()), 3)
	expect.Same(t, expect.Must[int32](t)(g.Level()), 6)
	if rest := expect.Must[[]byte](t)(g.Next()); len(rest) != 0 {
		t.Fatal(rest)
	}
	if err := g.SetNext(nil); err != nil {
		t.Fatal(err)
	}
}

func TestAConstructorThatFails(t *testing.T) {
	_, err := NewGauge(-1)
	var failure *GaugeError
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	expect.Same(t, GaugesAlive(), 0)
}

func TestForgottenGauges(t *testing.T) {
	for i := range int32(100) {
		g := expect.Must[*Gauge](t)(NewGauge(i))
		g.SetNext(make([]byte, 1000))
	}
	expect.Collected(t, func() bool { return GaugesAlive() == 0 })
}
