/* compartments.h: programs in frozen contexts. */
#ifndef ISTHMUS_GO_COMPARTMENTS_H
#define ISTHMUS_GO_COMPARTMENTS_H

#include "bridge.h"

/* As igo_eval, by ist_compartment_eval. */
int32_t igo_compartment_eval(uintptr_t context, uintptr_t frame);

#endif
