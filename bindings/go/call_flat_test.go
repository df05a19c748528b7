package isthmus

import (
	"errors"
	"runtime"
	"testing"
)

// What calls, callbacks, errors and scopes leave behind is freed, however many there are.
func TestCallsLeaveNothing(t *testing.T) {
	ctx := realm(t)
	iso := ctx.Isolate()
	failed := errors.New("failed")
	bindAll(t, ctx, map[string]any{
		"give":   func(o map[string]int, s string) map[string]int { return o },
		"value":  func(info *FunctionCallbackInfo) *Value { return info.Arg(0) },
		"fail":   func() error { return failed },
		"handed": func(f *Function) error { _, err := f.Call(nil); return err },
	})
	js(t, ctx, "function round(i) { give({i}, 'text' + i); value({i}); try { fail() } catch {} return {i} }")
	round := &Function{js(t, ctx, "round")}
	rounds := func(n int) {
		for i := range n {
			if _, err := round.Call(nil, i); err != nil {
				t.Fatal(err)
			}
			if _, err := Call[any](ctx, "fail"); !errors.Is(err, failed) {
				t.Fatal(err)
			}
			if _, err := ctx.RunScript("handed(() => { throw new Error })", ""); err == nil {
				t.Fatal("it goes on")
			}
			fn, err := NewFunction(ctx, "f", func() int { return i })
			if err != nil {
				t.Fatal(err)
			}
			if got, err := CallFunc[int](fn); err != nil || got != i {
				t.Fatal(got, err)
			}
		}
	}
	live := func() (answers int, handles uint64) {
		for range 20 {
			runtime.GC()
			iso.Collect()
			runtime.Gosched()
		}
		for _, each := range iso.answers.table {
			if each != nil {
				answers++
			}
		}
		return answers, iso.GetHeapStatistics().NumberOfHandles
	}
	rounds(100)
	answers, handles := live()
	rounds(many(2000, 300_000))
	if now, held := live(); now > answers+20 || held > handles+200 {
		t.Errorf("%d answers and %d handles became %d and %d", answers, handles, now, held)
	}
}
