package native

/*
#include "bridge.h"
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
	var ci C.ist_call
	var v Value
	var cv C.ist_value
	return []layout{
		{"ist_value", unsafe.Sizeof(v), unsafe.Sizeof(cv)},
		{"ist_value.isolate", unsafe.Offsetof(v.Isolate), unsafe.Offsetof(cv.isolate)},
		{"ist_value.as", unsafe.Offsetof(v.Bits), unsafe.Offsetof(cv.as)},
		{"igo_frame", unsafe.Sizeof(f), unsafe.Sizeof(cf)},
		{"igo_frame.error", unsafe.Offsetof(f.err), unsafe.Offsetof(cf.error)},
		{"igo_frame.argv", unsafe.Offsetof(f.argv), unsafe.Offsetof(cf.argv)},
		{"igo_frame.argc", unsafe.Offsetof(f.Argc), unsafe.Offsetof(cf.argc)},
		{"igo_frame.want", unsafe.Offsetof(f.Want), unsafe.Offsetof(cf.want)},
		{"igo_frame.used", unsafe.Offsetof(f.used), unsafe.Offsetof(cf.used)},
		{"igo_frame.keep", unsafe.Offsetof(f.Keep), unsafe.Offsetof(cf.keep)},
		{"igo_frame.subject", unsafe.Offsetof(f.Subject), unsafe.Offsetof(cf.subject)},
		{"igo_frame.receiver", unsafe.Offsetof(f.Receiver), unsafe.Offsetof(cf.receiver)},
		{"igo_frame.args", unsafe.Offsetof(f.Args), unsafe.Offsetof(cf.args)},
		{"igo_frame.text", unsafe.Offsetof(f.text), unsafe.Offsetof(cf.text)},
		{"ist_call", unsafe.Sizeof(i), unsafe.Sizeof(ci)},
		{"ist_call.context", unsafe.Offsetof(i.Context), unsafe.Offsetof(ci.context)},
		{"ist_call.receiver", unsafe.Offsetof(i.Receiver), unsafe.Offsetof(ci.receiver)},
		{"ist_call.argc", unsafe.Offsetof(i.argc), unsafe.Offsetof(ci.argc)},
		{"ist_call.argv", unsafe.Offsetof(i.argv), unsafe.Offsetof(ci.argv)},
		{"ist_call.new_target", unsafe.Offsetof(i.NewTarget), unsafe.Offsetof(ci.new_target)},
	}
}
