package native

/*
#include "hooks.h"
*/
import "C"

import "unsafe"

type layout struct {
	what         string
	mine, theirs uintptr
}

// layouts is for the tests, which cannot use cgo.
func layouts() []layout {
	var f Frame
	var cf C.igo_frame
	var i CallInfo
	var ci C.igo_question
	var v Value
	var cv C.ist_value
	var e Event
	var ce C.igo_event
	return []layout{
		{"ist_value", unsafe.Sizeof(v), unsafe.Sizeof(cv)},
		{"ist_value.isolate", unsafe.Offsetof(v.Isolate), unsafe.Offsetof(cv.isolate)},
		{"ist_value.as", unsafe.Offsetof(v.Bits), unsafe.Offsetof(cv.as)},
		{"igo_event", unsafe.Sizeof(e), unsafe.Sizeof(ce)},
		{"igo_event.text", unsafe.Offsetof(e.text), unsafe.Offsetof(ce.text)},
		{"igo_event.import", unsafe.Offsetof(e.Import), unsafe.Offsetof(ce._import)},
		{"igo_event.error", unsafe.Offsetof(e.err), unsafe.Offsetof(ce.error)},
		{"igo_event.value", unsafe.Offsetof(e.Value), unsafe.Offsetof(ce.value)},
		{"igo_frame", unsafe.Sizeof(f), unsafe.Sizeof(cf)},
		{"igo_frame.error", unsafe.Offsetof(f.err), unsafe.Offsetof(cf.error)},
		{"igo_frame.argv", unsafe.Offsetof(f.argv), unsafe.Offsetof(cf.argv)},
		{"igo_frame.argc", unsafe.Offsetof(f.Argc), unsafe.Offsetof(cf.argc)},
		{"igo_frame.want", unsafe.Offsetof(f.Want), unsafe.Offsetof(cf.want)},
		{"igo_frame.used", unsafe.Offsetof(f.Texts), unsafe.Offsetof(cf.used)},
		{"igo_frame.status", unsafe.Offsetof(f.status), unsafe.Offsetof(cf.status)},
		{"igo_frame.keep", unsafe.Offsetof(f.Keep), unsafe.Offsetof(cf.keep)},
		{"igo_frame.kept", unsafe.Offsetof(f.Kept), unsafe.Offsetof(cf.kept)},
		{"igo_frame.subject", unsafe.Offsetof(f.Subject), unsafe.Offsetof(cf.subject)},
		{"igo_frame.receiver", unsafe.Offsetof(f.Receiver), unsafe.Offsetof(cf.receiver)},
		{"igo_frame.args", unsafe.Offsetof(f.Args), unsafe.Offsetof(cf.args)},
		{"igo_frame.text", unsafe.Offsetof(f.text), unsafe.Offsetof(cf.text)},
		{"igo_question", unsafe.Sizeof(i), unsafe.Sizeof(ci)},
		{"igo_question.context", unsafe.Offsetof(i.Context), unsafe.Offsetof(ci.context)},
		{"igo_question.number", unsafe.Offsetof(i.Number), unsafe.Offsetof(ci.number)},
		{"igo_question.receiver", unsafe.Offsetof(i.Receiver), unsafe.Offsetof(ci.receiver)},
		{"igo_question.target", unsafe.Offsetof(i.Target), unsafe.Offsetof(ci.target)},
		{"igo_question.result", unsafe.Offsetof(i.Result), unsafe.Offsetof(ci.result)},
		{"igo_question.argv", unsafe.Offsetof(i.argv), unsafe.Offsetof(ci.argv)},
		{"igo_question.argc", unsafe.Offsetof(i.argc), unsafe.Offsetof(ci.argc)},
		{"igo_question.kind", unsafe.Offsetof(i.Kind), unsafe.Offsetof(ci.kind)},
		{"igo_question.flags", unsafe.Offsetof(i.Flags), unsafe.Offsetof(ci.flags)},
		{"igo_question.yes", unsafe.Offsetof(i.Yes), unsafe.Offsetof(ci.yes)},
		{"igo_question.handled", unsafe.Offsetof(i.Handled), unsafe.Offsetof(ci.handled)},
		{"igo_question.args", unsafe.Offsetof(i.args), unsafe.Offsetof(ci.args)},
		{"igo_question.used", unsafe.Offsetof(i.Texts), unsafe.Offsetof(ci.used)},
		{"igo_question.text", unsafe.Offsetof(i.text), unsafe.Offsetof(ci.text)},
	}
}
