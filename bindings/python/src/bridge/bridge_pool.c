/* bridge_pool.c: what stands behind bridge_pool.h. A pool is closed by whoever comes first while
 * other threads may wait in its batches: they are counted, and their batches cancelled, before the
 * pool is freed. Nothing here calls Python. */
#include "bridge_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ipy_pool {
  ist_pool *pool;
  pid_t process;
  pthread_mutex_t lock; /* for all that follows */
  pthread_cond_t quiet;
  ipy_batch *batches;
  size_t inside; /* calls under way */
  size_t references;
  bool closed;
  bool gone; /* `pool` is freed */
};

struct ipy_batch {
  ipy_pool *pool;
  ist_batch *batch;
  ipy_batch *next, *previous;
  uint8_t *values;
  size_t length, room;
  ipy_run *runs;
  ist_outcome **failed; /* as many as `runs` has room for */
  uint32_t failed_count, run_room;
};

/* ---- Who is inside ---- */

static bool forked(const ipy_pool *pool) {
  return pool->process != getpid();
}

static ist_status enter(ipy_pool *pool) {
  if (forked(pool)) return IST_ERR_FORKED;
  pthread_mutex_lock(&pool->lock);
  bool closed = pool->closed;
  if (!closed) pool->inside++;
  pthread_mutex_unlock(&pool->lock);
  return closed ? IST_ERR_HANDLE : IST_OK;
}

static void leave(ipy_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  if (!--pool->inside) pthread_cond_broadcast(&pool->quiet);
  pthread_mutex_unlock(&pool->lock);
}

static void release(ipy_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  bool last = !--pool->references;
  pthread_mutex_unlock(&pool->lock);
  if (!last) return;
  pthread_cond_destroy(&pool->quiet);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

/* ---- Pools ---- */

int ipy_pool_new(const ist_pool_options *options, ipy_pool **result, ist_error **error) {
  ipy_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return IST_ERR_MEMORY;
  ist_status status = ist_pool_new(options, &pool->pool, error);
  if (status) {
    free(pool);
    return (int)status;
  }
  pool->process = getpid();
  pool->references = 1;
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->quiet, NULL);
  *result = pool;
  return IST_OK;
}

void ipy_pool_close(ipy_pool *pool) {
  if (forked(pool)) return;
  pthread_mutex_lock(&pool->lock);
  bool first = !pool->closed;
  pool->closed = true;
  if (first)
    for (ipy_batch *batch = pool->batches; batch; batch = batch->next)
      ist_batch_cancel(batch->batch);
  while (pool->inside || (!first && !pool->gone)) pthread_cond_wait(&pool->quiet, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
  if (!first) return;
  ist_pool_free(pool->pool);
  pthread_mutex_lock(&pool->lock);
  pool->gone = true;
  pthread_cond_broadcast(&pool->quiet);
  pthread_mutex_unlock(&pool->lock);
}

void ipy_pool_free(ipy_pool *pool) {
  /* The locks of a process made by fork are as they were: nothing can be done with them. */
  if (forked(pool)) return;
  ipy_pool_close(pool);
  release(pool);
}

int ipy_pool_statistics(ipy_pool *pool, ist_pool_statistics *result) {
  ist_status status = enter(pool);
  if (status) return (int)status;
  status = ist_pool_read_statistics(pool->pool, result);
  leave(pool);
  return (int)status;
}

/* ---- Batches ---- */

int ipy_batch_new(ipy_pool *pool, const char *text, size_t length, const char *file,
                  int32_t line_offset, size_t window, ipy_batch **result) {
  ist_status status = enter(pool);
  if (status) return (int)status;
  ipy_batch *batch = calloc(1, sizeof *batch);
  ist_source source = {.size = sizeof source,
                       .text = text,
                       .length = length,
                       .file = file,
                       .line_offset = line_offset};
  ist_batch_options options = {.size = sizeof options,
                               .input = IST_FORMAT_CBOR,
                               .output = IST_FORMAT_CBOR,
                               .window = window};
  status = batch ? ist_batch_new(pool->pool, &source, &options, &batch->batch) : IST_ERR_MEMORY;
  if (status) {
    free(batch);
  } else {
    pthread_mutex_lock(&pool->lock);
    batch->pool = pool;
    pool->references++;
    batch->next = pool->batches;
    if (batch->next) batch->next->previous = batch;
    pool->batches = batch;
    if (pool->closed) ist_batch_cancel(batch->batch);
    pthread_mutex_unlock(&pool->lock);
    *result = batch;
  }
  leave(pool);
  return (int)status;
}

static void forget(ipy_batch *batch) {
  for (uint32_t i = 0; i < batch->failed_count; i++) ist_outcome_free(batch->failed[i]);
  batch->failed_count = 0;
}

void ipy_batch_cancel(ipy_batch *batch) {
  if (enter(batch->pool)) return;
  ist_batch_cancel(batch->batch);
  leave(batch->pool);
}

void ipy_batch_free(ipy_batch *batch) {
  ipy_pool *pool = batch->pool;
  if (forked(pool)) return;
  ist_status status = enter(pool);
  if (!status) {
    ist_batch_free(batch->batch);
    leave(pool);
  }
  pthread_mutex_lock(&pool->lock);
  if (batch->previous)
    batch->previous->next = batch->next;
  else
    pool->batches = batch->next;
  if (batch->next) batch->next->previous = batch->previous;
  pthread_mutex_unlock(&pool->lock);
  forget(batch);
  free(batch->values);
  free(batch->runs);
  free(batch->failed);
  free(batch);
  release(pool);
}

/* ---- What is in an item ---- */

/* Whether an item of definite lengths means the same within another one. What is malformed does
 * not. */
static bool is_plain(const uint8_t *bytes, size_t length) {
  size_t at = 0;
  uint64_t left = 1;
  while (left) {
    if (at >= length) return false;
    uint8_t first = bytes[at++], kind = first >> 5, more = first & 31;
    uint64_t number = more;
    if (more >= 24) {
      if (more > 27) return false;
      size_t size = (size_t)1 << (more - 24);
      if (length - at < size) return false;
      number = 0;
      for (size_t i = 0; i < size; i++) number = number << 8 | bytes[at++];
    }
    left--;
    switch (kind) {
    case 0:
    case 1: break;
    case 2:
    case 3:
      if (number > length - at) return false;
      at += number;
      break;
    case 4:
    case 5:
      if (number > length - at) return false;
      left += kind == 4 ? number : 2 * number;
      break;
    case 6:
      /* What refers to other values counts from the beginning of its own item. */
      if (number == 28 || number == 29) return false;
      left++;
      break;
    default:
      if (more < 20 || more == 24) return false;
    }
  }
  return at == length;
}

/* ---- Inputs ---- */

int64_t ipy_batch_add_many(ipy_batch *batch, const char *bytes, const uint64_t *lengths,
                           uint32_t count) {
  ist_status status = enter(batch->pool);
  if (status) return -(int64_t)status;
  uint32_t added = 0;
  while (added < count) {
    status = ist_batch_add(batch->batch, bytes, lengths[added], 0);
    if (status) break;
    bytes += lengths[added++];
  }
  leave(batch->pool);
  return status && status != IST_ERR_LIMIT ? -(int64_t)status : added;
}

/* ---- Outcomes ---- */

enum { LARGE = 1 << 20 };

static bool reserve(ipy_batch *batch, size_t size) {
  if (size <= batch->room) return true;
  size_t room = size + size / 2;
  uint8_t *grown = realloc(batch->values, room);
  if (!grown) return false;
  batch->values = grown;
  batch->room = room;
  return true;
}

static bool reserve_runs(ipy_batch *batch, uint32_t most) {
  if (most <= batch->run_room) return true;
  ipy_run *runs = realloc(batch->runs, most * sizeof *runs);
  if (runs) batch->runs = runs;
  ist_outcome **failed = realloc(batch->failed, most * sizeof(ist_outcome *));
  if (failed) batch->failed = failed;
  if (!runs || !failed) return false;
  batch->run_room = most;
  return true;
}

/* Puts an outcome behind the others, and keeps it when it has an error. */
static void reap(ipy_batch *batch, ist_outcome *outcome, ipy_run *run, ipy_harvest *result) {
  *run = (ipy_run){.index = outcome->index,
                   .wall = outcome->wall,
                   .cpu = outcome->cpu,
                   .status = (int32_t)outcome->status,
                   .at = batch->length};
  if (!outcome->status && !reserve(batch, batch->length + outcome->length + 1))
    run->status = IST_ERR_MEMORY;
  if (run->status) {
    /* There is always room for one byte more. */
    batch->values[batch->length++] = 0xf6;
    run->length = 1;
    run->error = outcome->error;
    batch->failed[batch->failed_count++] = outcome;
    result->failed++;
    return;
  }
  memcpy(batch->values + batch->length, outcome->value, outcome->length);
  run->length = outcome->length;
  run->special = !is_plain(outcome->value, outcome->length);
  result->special += run->special != 0;
  batch->length += outcome->length;
  ist_outcome_free(outcome);
}

int ipy_batch_next_many(ipy_batch *batch, uint32_t most, int timeout, ipy_harvest *result) {
  enum { HEAD = 5 };
  memset(result, 0, sizeof *result);
  forget(batch);
  ist_status status = enter(batch->pool);
  if (status) return (int)status;
  if (!reserve_runs(batch, most) || !reserve(batch, HEAD + most)) status = IST_ERR_MEMORY;
  batch->length = HEAD;
  uint32_t count = 0;
  while (!status && count < most && batch->length < LARGE) {
    ist_outcome *outcome;
    /* Each outcome that is not there yet may still fail, and then takes a byte. */
    if (!reserve(batch, batch->length + most)) status = IST_ERR_MEMORY;
    if (!status) status = ist_batch_next(batch->batch, count ? 0 : timeout, &outcome);
    if (!status) reap(batch, outcome, &batch->runs[count++], result);
  }
  leave(batch->pool);
  if (!count) return (int)status;
  uint8_t *head = batch->values;
  head[0] = 0x9a;
  for (int i = 0; i < 4; i++) head[1 + i] = (uint8_t)(count >> (24 - 8 * i));
  result->values = batch->values;
  result->length = batch->length;
  result->count = count;
  result->runs = batch->runs;
  return IST_OK;
}
