/* bridge_pool.h: pools and batches as the package uses them: many inputs go in, and many outcomes
 * come out, by one call each, during which other Python threads run. Any thread may use them, also
 * while another one closes the pool, and in a process made by fork, where each call says so. What
 * is between the marks is read by cffi too. */
#ifndef ISTHMUS_PYTHON_BRIDGE_POOL_H
#define ISTHMUS_PYTHON_BRIDGE_POOL_H

#include "bridge.h"

/* cdef: begin */

typedef struct ipy_pool ipy_pool;
typedef struct ipy_batch ipy_batch;

/* What became of one input. */
typedef struct ipy_run {
  uint64_t index, wall, cpu; /* as in ist_outcome */
  int32_t status;
  int32_t special;   /* the value is to be read alone: parts of it refer to others */
  size_t at, length; /* where the value is in the harvest's `values`; null there when it failed */
  const ist_error *error; /* until the next harvest; may be NULL though it failed */
} ipy_run;

/* Outcomes that were taken together. Belongs to the batch, until the next one is taken. */
typedef struct ipy_harvest {
  const uint8_t *values; /* one CBOR array of all of them */
  size_t length;
  uint32_t count;
  uint32_t failed;
  uint32_t special;
  const ipy_run *runs;
} ipy_harvest;

/* As ist_pool_new. */
int ipy_pool_new(const ist_pool_options *options, ipy_pool **result, ist_error **error);
/* Ends what runs and frees the pool's threads, once; waits for threads that are in its batches.
 * What comes later is answered with IST_ERR_HANDLE. */
void ipy_pool_close(ipy_pool *pool);
/* Closes it, and frees what is left when its batches have been freed. */
void ipy_pool_free(ipy_pool *pool);
int ipy_pool_statistics(ipy_pool *pool, ist_pool_statistics *result);

/* Begins a batch from CBOR to CBOR. */
int ipy_batch_new(ipy_pool *pool, const char *text, size_t length, const char *file,
                  int32_t line_offset, size_t window, ipy_batch **result);
/* Adds inputs that lie one behind the other, without waiting. How many were added, which is fewer
 * when there is no more room; or a status, negative, when something else kept it from that. */
int64_t ipy_batch_add_many(ipy_batch *batch, const char *bytes, const uint64_t *lengths,
                           uint32_t count);
/* Takes up to `most` outcomes: waits up to `timeout` milliseconds for the first one, and takes with
 * it those that are there. IST_ERR_TIMEOUT: none came; IST_ERR_NOT_FOUND: there are no more. */
int ipy_batch_next_many(ipy_batch *batch, uint32_t most, int timeout, ipy_harvest *result);
/* Ends what runs of the batch. */
void ipy_batch_cancel(ipy_batch *batch);
/* Cancels and frees it. Nobody may use it meanwhile. */
void ipy_batch_free(ipy_batch *batch);

/* cdef: end */

#endif
