/* pools.c: what stands behind pools.h. */
#include "pools.h"

ist_status igo_batch_add(ist_batch *batch, const void *input, size_t length, bool wait) {
  return ist_batch_add(batch, input, length, wait ? -1 : 0);
}

ist_status igo_batch_next(ist_batch *batch, ist_outcome **outcomes, uint32_t *count) {
  ist_status status = ist_batch_next(batch, -1, &outcomes[0]);
  *count = status ? 0 : 1;
  while (!status && *count < IGO_OUTCOMES) {
    if (ist_batch_next(batch, 0, &outcomes[*count])) break;
    ++*count;
  }
  return status;
}
