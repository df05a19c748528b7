package isthmus

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"isthmus/bindings/go/internal/native"
)

type cpuProfile struct {
	Nodes []struct {
		ID        int
		CallFrame struct {
			FunctionName, URL string
			LineNumber        int
		}
		HitCount int
	}
	Samples, TimeDeltas []int
	StartTime, EndTime  int
}

func (p *cpuProfile) has(function string) bool {
	for _, node := range p.Nodes {
		if node.CallFrame.FunctionName == function {
			return true
		}
	}
	return false
}

// deep uses so much of the goroutine's stack that it grows while signals come.
func deep(n int) int {
	var room [512]byte
	room[n%len(room)] = byte(n)
	if n == 0 {
		return 0
	}
	return deep(n-1) + int(room[n%len(room)])
}

// Signals of V8's profiler come while the goroutine is in Go and while it is in JavaScript, and need a
// stack of their own.
func TestProfile(t *testing.T) {
	ctx := fresh(t)
	iso := ctx.Isolate()
	give(t, ctx, "outside", func() error { deep(200); return nil })
	var record bytes.Buffer
	err := iso.Profile(&record, 100*time.Microsecond, func() error {
		if flags := native.ProfilingFlags(); flags&native.OnStack == 0 {
			t.Errorf("the handler of V8's signals has flags %#x", flags)
		}
		for range 100 {
			for done := make(chan int); ; {
				go func() { done <- deep(50) }()
				<-done
				break
			}
			eval(t, ctx, `function busy() { let n = 0; for (let i = 0; i < 2e5; i++) n += Math.sqrt(i); outside(); return n }; busy()`)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var profile cpuProfile
	if err := json.Unmarshal(record.Bytes(), &profile); err != nil {
		t.Fatal(err)
	}
	if !profile.has("busy") || len(profile.Samples) == 0 || len(profile.Samples) != len(profile.TimeDeltas) {
		t.Fatal(len(profile.Nodes), "nodes", len(profile.Samples), "samples")
	}
}

func TestProfileFails(t *testing.T) {
	ctx := fresh(t)
	iso := ctx.Isolate()
	no := errors.New("no")
	if err := iso.Profile(&bytes.Buffer{}, 0, func() error { return no }); err != no {
		t.Fatal(err)
	}
	err := iso.Profile(&bytes.Buffer{}, 0, func() error {
		return iso.Profile(&bytes.Buffer{}, 0, func() error { return nil })
	})
	says(t, err, "isthmus: Profile: the isolate is being profiled already")
	if err := iso.Profile(refusing{no}, 0, func() error { return nil }); err != no {
		t.Fatal(err)
	}
	for _, interval := range []time.Duration{-1, time.Nanosecond, time.Hour} {
		err := iso.Profile(&bytes.Buffer{}, interval, func() error { return nil })
		says(t, err, "isthmus: Profile: the interval is less than a microsecond, or more than 35 minutes: "+interval.String())
	}
	func() {
		defer func() { _ = recover() }()
		_ = iso.Profile(&bytes.Buffer{}, 0, func() error { panic("in the middle") })
	}()
	if err := iso.Profile(&bytes.Buffer{}, 0, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	_ = iso.Close()
	if err := iso.Profile(&bytes.Buffer{}, 0, func() error { return nil }); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }

func TestHeapSnapshot(t *testing.T) {
	ctx := fresh(t)
	eval(t, ctx, "class Parrot {}; globalThis.kept = [new Parrot(), new Parrot()]")
	var heap bytes.Buffer
	if err := ctx.Isolate().WriteHeapSnapshot(&heap); err != nil {
		t.Fatal(err)
	}
	var snapshot struct {
		Nodes   []int
		Strings []string
	}
	if err := json.Unmarshal(heap.Bytes(), &snapshot); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(snapshot.Strings, "\n"), "Parrot") || len(snapshot.Nodes) < 1000 {
		t.Fatal(len(snapshot.Nodes), "numbers")
	}
	full := errors.New("the disk is full")
	if err := ctx.Isolate().WriteHeapSnapshot(refusing{full}); err != full {
		t.Fatal(err)
	}
	_ = ctx.Isolate().Close()
	if err := ctx.Isolate().WriteHeapSnapshot(&heap); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestHeapStatistics(t *testing.T) {
	iso := NewIsolate(WithHeapLimit(64<<20), WithBufferLimit(64<<20))
	defer iso.Close()
	ctx := iso.NewContext()
	before := iso.GetHeapStatistics()
	kept := eval(t, ctx, "globalThis.big = new Array(1e6).fill(1.5); globalThis.bytes = new ArrayBuffer(1e6); big")
	after := iso.GetHeapStatistics()
	if after.UsedHeapSize < before.UsedHeapSize+8e6 || after.TotalHeapSize < after.UsedHeapSize ||
		after.HeapSizeLimit < 32<<20 || after.BufferSize != before.BufferSize+1e6 || after.NumberOfHandles <= before.NumberOfHandles ||
		after.NumberOfNativeContexts == 0 || after.ExternalMemory < 1e6 {
		t.Fatalf("%+v, then %+v", before, after)
	}
	kept.Release()
	eval(t, ctx, "big = bytes = null")
	if err := iso.Collect(); err != nil {
		t.Fatal(err)
	}
	if s := iso.GetHeapStatistics(); s.UsedHeapSize > before.UsedHeapSize+4e6 || s.BufferSize != before.BufferSize {
		t.Fatalf("%+v", s)
	}
	_ = iso.Close()
	if s := iso.GetHeapStatistics(); s != (HeapStatistics{}) {
		t.Fatalf("%+v", s)
	}
	if err := iso.Collect(); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

// A profile ends with the isolate that runtime.Goexit has left: the thread may be another one soon.
func TestGoexitInAProfile(t *testing.T) {
	for range 20 {
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			ctx := NewIsolate().NewContext()
			if err := ctx.Bind("leave", runtime.Goexit); err != nil {
				t.Error(err)
			}
			_ = ctx.Isolate().Profile(io.Discard, 10*time.Microsecond, func() error {
				_, err := ctx.RunScript("leave()", "")
				return err
			})
		}()
		<-gone
		js(t, fresh(t), "let sum = 0; for (let i = 0; i < 1e5; i++) sum += i; sum")
	}
}
