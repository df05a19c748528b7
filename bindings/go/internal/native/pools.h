/* pools.h: pools and batches as Go uses them: an input goes in by one call, and the outcomes that
 * are there come out by one. */
#ifndef ISTHMUS_GO_POOLS_H
#define ISTHMUS_GO_POOLS_H

#include "isthmus.h"

/* How many outcomes are taken at a time. */
#define IGO_OUTCOMES 32u

/* Adds a copy of `input`; waits for room as long as it takes, if `wait`. */
ist_status igo_batch_add(ist_batch *batch, const void *input, size_t length, bool wait);

/* Waits for the next outcome, and takes those with it that are there: `count` of them. */
ist_status igo_batch_next(ist_batch *batch, ist_outcome **outcomes, uint32_t *count);

#endif
