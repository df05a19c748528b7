package native

/*
#include "bridge.h"
*/
import "C"

import "unsafe"

// StackFrame is an ist_frame.
type StackFrame struct {
	Function, Script string
	Line, Column     int
}

// Error is an ist_error, copied. Value is a handle that the reader owns.
type Error struct {
	Status                                 Status
	Name, Message, Stack, File, SourceLine string
	Line, Column, EndColumn, ExitCode      int
	Value                                  Value
	Frames                                 []StackFrame
	Cause                                  *Error
	Host                                   uint64 // of ThrowHost; 0: none
}

// TakeError takes the frame's error; nil when there is none.
func (f *Frame) TakeError(isolate unsafe.Pointer) *Error {
	err := f.err
	f.err = nil
	return takeError(isolate, err)
}

// takeError copies an error and frees it.
func takeError(isolate unsafe.Pointer, err *C.ist_error) *Error {
	if err == nil {
		return nil
	}
	taken := copyError(err)
	if isolate != nil {
		if kept, status := Keep(isolate, taken.Value); status == OK {
			taken.Value = kept
		} else {
			taken.Value = Value{}
		}
	}
	C.ist_error_free(err)
	return taken
}

func copyError(err *C.ist_error) *Error {
	made := &Error{
		Status:     Status(err.status),
		Name:       C.GoString(err.name),
		Message:    C.GoString(err.message),
		Stack:      C.GoString(err.stack),
		File:       C.GoString(err.file),
		SourceLine: C.GoString(err.source_line),
		Line:       int(err.line),
		Column:     int(err.column),
		EndColumn:  int(err.end_column),
		ExitCode:   int(err.exit_code),
		Value:      *(*Value)(unsafe.Pointer(&err.value)),
	}
	if err.host != nil {
		made.Host = uint64((*C.igo_env)(err.host).id)
	}
	for _, frame := range unsafe.Slice(err.frames, err.frame_count) {
		made.Frames = append(made.Frames, StackFrame{
			Function: C.GoString(frame.function), Script: C.GoString(frame.script),
			Line: int(frame.line), Column: int(frame.column),
		})
	}
	if err.cause != nil {
		made.Cause = copyError(err.cause)
		made.Cause.Value = Value{}
	}
	return made
}
