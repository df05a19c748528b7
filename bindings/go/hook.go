package isthmus

import (
	"isthmus/bindings/go/internal/native"
)

// hook is what Go does when it is told of something that is numbered: a piece of a document, what an
// inspector says.
type hook func(event *native.Event) native.Status

// noHook is the number of hooks that are known by what they are about.
const noHook = 0

// told is called by C in the midst of an operation. The isolate is entered; handles of the event live
// until it returns.
func told(number, id uint64, event *native.Event) native.Status {
	iso := isolates.get(number)
	if iso == nil {
		return native.ErrTerminated
	}
	var ctx *Context // nil where the event has none, or it was forgotten
	if event.Context != nil {
		ctx = iso.context(native.ContextData(event.Context))
	}
	return iso.outside(func() native.Status { return iso.tell(ctx, id, event) },
		func(cause any) native.Status {
			// Nobody waits for an answer who could be given it.
			iso.rejections.add(&rejection{err: panicked(cause)})
			return native.ErrState
		})
}

func (iso *Isolate) tell(ctx *Context, id uint64, event *native.Event) native.Status {
	switch event.Kind {
	case native.Uncaught:
		iso.uncaught(ctx, event)
	case native.Message:
		ctx.say(event)
	case native.Import:
		iso.asked(ctx, event)
	case native.Meta:
		ctx.describe(event)
	case native.Task:
		iso.errands.take()
	default:
		tell, _ := iso.answers.get(id).(hook)
		if tell == nil {
			return native.ErrTerminated
		}
		return tell(event)
	}
	return native.OK
}
