package isthmus

import (
	"runtime"

	"isthmus/bindings/go/internal/native"
)

// answer is what Go does when JavaScript calls a function of its own. The isolate is entered, and
// the handles of the call live until it returns. The result, which is undefined beforehand, is the
// call's, too.
type answer func(ctx *Context, call *native.CallInfo) native.Status

// answers are what the functions and errors that JavaScript holds stand for in Go, by their number,
// which is never 0. They are used with the isolate entered.
type answers struct {
	table []any // answer, error, or nil
	free  []uint64
}

func (a *answers) add(what any) uint64 {
	if n := len(a.free); n > 0 {
		id := a.free[n-1]
		a.free = a.free[:n-1]
		a.table[id-1] = what
		return id
	}
	a.table = append(a.table, what)
	return uint64(len(a.table))
}

func (a *answers) get(id uint64) any {
	if id == 0 || id > uint64(len(a.table)) {
		return nil
	}
	return a.table[id-1]
}

func (a *answers) remove(id uint64) {
	if a.get(id) != nil {
		a.table[id-1] = nil
		a.free = append(a.free, id)
	}
}

func (a *answers) drop() { *a = answers{} }

// thrown is the error that a JavaScript error stands for.
func (a *answers) thrown(id uint64) error {
	err, _ := a.get(id).(error)
	return err
}

// host is who C calls.
var host = native.Host{Call: called, Told: told, Forget: forgotten}

func called(number, id uint64, call *native.CallInfo) native.Status {
	core := isolates.core(number)
	if core == nil {
		return native.ErrTerminated
	}
	ctx := core.context(call.Number)
	if ctx == nil {
		return native.ThrowError(call.Context, "Error", "the function's context is gone")
	}
	answer, _ := ctx.iso.answers.get(id).(answer)
	if answer == nil {
		return native.ErrTerminated
	}
	return ctx.iso.outside(func() native.Status { return answer(ctx, call) },
		func(cause any) native.Status { return ctx.throwError(panicked(cause)) })
}

// context is the one with this number; nil: it was closed, or forgotten. The isolate is entered.
func (iso *isolate) context(number uint64) *Context {
	if iso.at != nil && iso.at.number == number {
		return iso.at
	}
	if whole := iso.whole.Value(); whole != nil {
		return whole.opened[number].Value()
	}
	return nil
}

// outside runs what Go does within JavaScript, and has answered for it when it has panicked.
func (iso *isolate) outside(what func() native.Status, answered func(cause any) native.Status) (status native.Status) {
	at, temporaries, over := iso.at, iso.temporaries, false
	iso.temporaries = nil
	iso.inside++
	iso.lock.depth++ // what it does has frames of its own
	defer func() {
		iso.lock.depth--
		iso.inside--
		iso.at, iso.temporaries = at, temporaries
		if over {
			return
		}
		if cause := recover(); cause != nil {
			status = answered(cause)
		} else {
			iso.lose()
			status = native.ErrState
		}
	}()
	status = what()
	over = true
	return status
}

// lose gives an isolate up whose JavaScript was left by runtime.Goexit: what V8 has on the stack of the
// thread is gone and cannot be ended in order. So nothing may use the isolate again, not even to free
// it; and the thread, which V8 has its own records of, ends with the goroutine. Everything else goes on.
func (iso *isolate) lose() {
	runtime.LockOSThread()
	if iso.handle == nil {
		return
	}
	isolates.hide(iso)
	// A profiler would go on to look at the stack of a thread that ends. Nobody is told what it has seen.
	native.StopProfile(iso.handle, iso.number, noHook)
	iso.debts.isolate.Store(nil)
	iso.handle = nil
	iso.err = ErrLost
}

func forgotten(number, id uint64) {
	if iso := isolates.get(number); iso != nil {
		iso.answers.remove(id)
	}
}
