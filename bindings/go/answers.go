package isthmus

import (
	"isthmus/bindings/go/internal/native"
)

// answer is what Go does when JavaScript calls a function of its own. The isolate is entered, and
// the handles of the call live until it returns.
type answer func(ctx *Context, call *native.CallInfo, result *native.Value) native.Status

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
var host = native.Host{Call: called, Forget: forgotten}

func called(number, id uint64, call *native.CallInfo, result *native.Value) (status native.Status) {
	iso := isolates.get(number)
	if iso == nil {
		return native.ErrTerminated
	}
	answer, _ := iso.answers.get(id).(answer)
	ctx := iso.opened[native.ContextData(call.Context)].Value()
	if answer == nil || ctx == nil {
		return native.ErrTerminated
	}
	iso.inside++
	defer func() {
		iso.inside--
		if cause := recover(); cause != nil {
			status = ctx.throwError(panicked(cause))
		}
	}()
	return answer(ctx, call, result)
}

func forgotten(number, id uint64) {
	if iso := isolates.get(number); iso != nil {
		iso.answers.remove(id)
	}
}

// throwError has JavaScript see an error of Go's; within a callback.
func (ctx *Context) throwError(err error) native.Status {
	id := ctx.iso.answers.add(err)
	return native.ThrowHost(ctx.handle, "Error", err.Error(), ctx.iso.number, id)
}
