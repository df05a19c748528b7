package native

/*
#include "compartments.h"
*/
import "C"

import "unsafe"

// CompartmentEval is Eval for one of many programs in a context that is swept between them.
func CompartmentEval(context unsafe.Pointer, f *Frame) Status {
	return Status(C.igo_compartment_eval(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address())))
}

// Sweep takes away what they have left.
func Sweep(context unsafe.Pointer) Status { return Status(C.ist_compartment_sweep(contextOf(context))) }
