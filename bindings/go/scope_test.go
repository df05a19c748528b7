package isthmus

import (
	"errors"
	"testing"
)

func TestTemporary(t *testing.T) {
	ctx := realm(t)
	iso := ctx.Isolate()
	var scope *Scope
	var inside, outside, kept, plain, thrown *Value
	handles := func() uint64 { return iso.GetHeapStatistics().NumberOfHandles }
	err := iso.Do(func(s *Scope) error {
		scope = s
		outside = js(t, ctx, "({x: 'outside'})")
		if s.Isolate() != iso {
			t.Error("whose scope it is")
		}
		before := handles()
		stop := errors.New("stop")
		err := s.Temporary(func() error {
			for range 100 {
				inside = js(t, ctx, "({x: 'inside'})")
			}
			plain = js(t, ctx, "7")
			kept = must[*Value](t)(inside.Keep())
			inner := must[string](t)(Get[string](&Object{inside}, "x"))
			if inner != "inside" || must[float64](t)(Call[float64](ctx, "Math.max", 1, 2)) != 2 {
				t.Error(inner)
			}
			_, err := ctx.RunScript("throw {x: 'thrown'}", "")
			var js *JSError
			if errors.As(err, &js) {
				thrown = js.Value
			}
			inside.Release()
			inside = must[*Value](t)(ctx.RunScript("[1]", ""))
			return s.Temporary(func() error { return stop })
		})
		if !errors.Is(err, stop) {
			t.Error(err)
		}
		if now := handles(); now > before+10 {
			t.Errorf("%d handles, and %d before", now, before)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := Get[string](&Object{inside}, "x"); !errors.Is(err, ErrReleased) {
		t.Error(err)
	}
	if _, err := inside.Keep(); !errors.Is(err, ErrReleased) {
		t.Error(err)
	}
	for want, v := range map[string]*Value{"outside": outside, "inside": kept, "thrown": thrown} {
		if got, err := Get[string](&Object{v}, "x"); err != nil || got != want {
			t.Error(got, err)
		}
	}
	if plain.Number() != 7 || must[float64](t)(Call[float64](ctx, "Math.max", 1, 3)) != 3 {
		t.Error("what is plain does not last")
	}
	refused(t, scope.Temporary(func() error { return nil }), "isthmus: Temporary: the scope's Do is over, or another goroutine's")
	if v, err := (*Value)(nil).Keep(); v != nil || err != nil {
		t.Error(v, err)
	}
}

// A callback within has values of its own, and a panic ends the scope.
func TestTemporaryAndCallbacks(t *testing.T) {
	ctx := realm(t)
	var given *Value
	bindAll(t, ctx, map[string]any{
		"keep": func(v *Value) { given = v },
		"boom": func() { panic("boom") },
	})
	_ = ctx.Isolate().Do(func(s *Scope) error {
		if err := s.Temporary(func() error { _, err := ctx.RunScript("keep({x: 1})", ""); return err }); err != nil {
			t.Error(err)
		}
		if must[int](t)(Get[int](&Object{given}, "x")) != 1 {
			t.Error("it is gone")
		}
		func() {
			defer func() { _ = recover() }()
			_ = s.Temporary(func() error { panic("out") })
		}()
		if ctx.iso.temporaries != nil {
			t.Error("the scope is still open")
		}
		_, err := ctx.RunScript("boom()", "")
		refused(t, err, "Error: panic: boom")
		return nil
	})
}
