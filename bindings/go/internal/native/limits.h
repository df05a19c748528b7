/* limits.h: limits and what tells of them, a call each from Go. */
#ifndef ISTHMUS_GO_LIMITS_H
#define ISTHMUS_GO_LIMITS_H

#include "isthmus.h"

/* Puts limits on; 0: none. `number` is what ist_limits_cancel finds them by. */
ist_status igo_limits_begin(ist_isolate *isolate, uint64_t wall, uint64_t cpu, uint64_t *number);

#endif
