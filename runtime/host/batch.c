/* Batches: one program over many inputs, whose jobs wait in one list, are run by whichever worker
 * comes first, and are taken in order. Each change is under the lock of the batch's pool.
 *
 * Waking a thread costs more than a short run. Who waits for an outcome is therefore patient at
 * first: it is woken when a number of outcomes is there, or some time has passed, or nothing more
 * is to be run; and when it was not for a while, it says that it wants to be woken at once. */
#include "pool.h"

#include <string.h>

/* Nanoseconds: how long one who waits is patient, and how often it is woken then. */
enum { PATIENCE = 300000, SLICE = 200000 };

static ist__records records = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- The list of batches with jobs to run ---- */

static bool is_ready(const ist_pool *pool, const ist_batch *batch) {
  return batch->previous_ready || pool->first_ready == batch;
}

static void push_ready(ist_pool *pool, ist_batch *batch) {
  batch->next_ready = NULL;
  batch->previous_ready = pool->last_ready;
  if (pool->last_ready)
    pool->last_ready->next_ready = batch;
  else
    pool->first_ready = batch;
  pool->last_ready = batch;
}

static void remove_ready(ist_pool *pool, ist_batch *batch) {
  if (!is_ready(pool, batch)) return;
  if (batch->previous_ready)
    batch->previous_ready->next_ready = batch->next_ready;
  else
    pool->first_ready = batch->next_ready;
  if (batch->next_ready)
    batch->next_ready->previous_ready = batch->previous_ready;
  else
    pool->last_ready = batch->previous_ready;
  batch->next_ready = batch->previous_ready = NULL;
}

/* ---- What workers do ---- */

/* One job of each batch in turn. */
ist__job *ist__batch_pop(ist_pool *pool, ist__worker *worker) {
  ist_batch *batch = pool->first_ready;
  if (!batch) return NULL;
  ist__job *job = batch->next_job;
  batch->next_job = job->next;
  batch->waiting--;
  pool->waiting--;
  if (!batch->next_job) {
    remove_ready(pool, batch);
  } else if (batch->next_ready) {
    remove_ready(pool, batch);
    push_ready(pool, batch);
  }
  batch->users++;
  batch->running++;
  job->state = IST__JOB_RUNS;
  worker->batch = batch;
  worker->job = job;
  return job;
}

static bool can_take(const ist_batch *batch) {
  const ist__job *job = batch->first;
  return job && (job->state == IST__JOB_DONE || (job->state == IST__JOB_WAITS && batch->cancelled));
}

static void wake_taker(ist_batch *batch, const ist__job *job) {
  if (!batch->takers.count || !can_take(batch)) return;
  uint64_t now = 0;
  if (!batch->takers.hasty && batch->next_job && batch->waiting_done < batch->window / 2 &&
      job->outcome.wall < SLICE) {
    now = ist__pool_now();
    if (now - batch->woken < SLICE) return;
  }
  batch->woken = now ? now : ist__pool_now();
  pthread_cond_signal(&batch->done);
}

static void count(ist_pool *pool, ist_status status) {
  pool->statistics.runs++;
  if (status) pool->statistics.failed++;
  if (status == IST_ERR_TIMEOUT) pool->statistics.timeouts++;
  if (status == IST_ERR_MEMORY) pool->statistics.spent++;
}

/* The outcome can be taken from now on. */
static void publish(ist_batch *batch, ist__job *job) {
  job->state = IST__JOB_DONE;
  batch->waiting_done++;
  wake_taker(batch, job);
}

/* One worker tells of all runs that end meanwhile, so that the others need not wait for it. */
static void tell(ist_pool *pool, ist_batch *batch) {
  if (batch->telling) return;
  batch->telling = true;
  batch->teller = pthread_self();
  while (batch->untold && !batch->closed) {
    ist__job *job = batch->untold;
    batch->untold = job->next_untold;
    uint64_t done = ++batch->told, added = batch->added;
    pthread_mutex_unlock(&pool->lock);
    batch->progress(batch->env, batch, done, added);
    pthread_mutex_lock(&pool->lock);
    publish(batch, job);
  }
  batch->telling = false;
}

void ist__batch_done(ist_pool *pool, ist__worker *worker) {
  ist_batch *batch = worker->batch;
  ist__job *job = worker->job;
  worker->batch = NULL;
  worker->job = NULL;
  count(pool, job->outcome.status);
  batch->running--;
  if (!batch->progress) {
    publish(batch, job);
  } else {
    if (batch->untold)
      batch->last_untold->next_untold = job;
    else
      batch->untold = job;
    batch->last_untold = job;
    tell(pool, batch);
  }
  if (batch->closed) pthread_cond_broadcast(&pool->quiet);
  ist__batch_leave(pool, batch);
}

/* ---- Ending ---- */

/* Nothing more of a batch is begun, and what runs is ended. */
static void cancel(ist_pool *pool, ist_batch *batch) {
  if (batch->cancelled) return;
  batch->cancelled = batch->ended = true;
  remove_ready(pool, batch);
  pool->waiting -= batch->waiting;
  batch->waiting = 0;
  batch->next_job = NULL;
  for (uint32_t i = 0; i < pool->worker_count && batch->running; i++) {
    ist__worker *worker = &pool->workers[i];
    if (worker->batch != batch) continue;
    atomic_store(&worker->job->stop, true);
    worker->rung->table->interrupt(worker->rung);
  }
  pthread_cond_broadcast(&batch->done);
  pthread_cond_broadcast(&batch->room);
}

void ist__batch_close(ist_pool *pool, ist_batch *batch) {
  batch->closed = true;
  atomic_store(&batch->record.live, false);
  cancel(pool, batch);
  if (batch->previous)
    batch->previous->next = batch->next;
  else
    pool->batches = batch->next;
  if (batch->next) batch->next->previous = batch->previous;
  pthread_cond_broadcast(&batch->done);
  pthread_cond_broadcast(&batch->room);
}

/* Nobody uses it any more. */
static void end_batch(ist_batch *batch) {
  while (batch->first) {
    ist__job *job = batch->first;
    batch->first = job->next;
    ist__job_free(job);
  }
  atomic_store_explicit(&batch->program->retired, true, memory_order_relaxed);
  ist__program_release(batch->program);
  if (batch->finalize) batch->finalize(batch->env);
  ist__record_put(&records, &batch->record);
}

void ist__batch_leave(ist_pool *pool, ist_batch *batch) {
  if (--batch->users || !batch->closed) return;
  pthread_mutex_unlock(&pool->lock);
  end_batch(batch);
  pthread_mutex_lock(&pool->lock);
}

/* ---- Making ---- */

/* Holds the lock of a batch's pool when it succeeds. */
static ist_status hold(ist_batch *batch, ist_pool **result) {
  if (!batch) return IST_ERR_ARGUMENT;
  if (ist__pool_forked()) return IST_ERR_FORKED;
  if (!atomic_load_explicit(&batch->record.live, memory_order_acquire)) return IST_ERR_HANDLE;
  ist_pool *pool = atomic_load_explicit(&batch->pool, memory_order_relaxed);
  pthread_mutex_lock(&pool->lock);
  if (atomic_load(&batch->record.live) && atomic_load(&batch->pool) == pool) {
    *result = pool;
    return IST_OK;
  }
  pthread_mutex_unlock(&pool->lock);
  return IST_ERR_HANDLE;
}

/* A record with nothing in it but its conditions. */
static ist_batch *take_record(void) {
  bool fresh;
  ist_batch *batch = ist__record_take(&records, sizeof *batch, &fresh);
  if (!batch) return NULL;
  if (!fresh) {
    memset(&batch->program, 0, sizeof *batch - offsetof(ist_batch, program));
    return batch;
  }
  if (ist__pool_condition(&batch->done)) {
    if (ist__pool_condition(&batch->room)) return batch;
    pthread_cond_destroy(&batch->done);
  }
  ist__free(batch);
  return NULL;
}

static ist_status make(ist_pool *pool, const ist_source *given, const ist_batch_options *options,
                       ist_batch **result) {
  if (!pool || !given || !result || given->size < sizeof given->size) return IST_ERR_ARGUMENT;
  ist_source source = {0};
  memcpy(&source, given, given->size < sizeof source ? given->size : sizeof source);
  if ((!source.text && source.length) || (unsigned)options->input > IST_FORMAT_CBOR ||
      (unsigned)options->output > IST_FORMAT_CBOR)
    return IST_ERR_ARGUMENT;
  if (ist__pool_forked()) return IST_ERR_FORKED;
  if (!atomic_load_explicit(&pool->record.live, memory_order_acquire)) return IST_ERR_HANDLE;
  ist__program *program = ist__program_new(&source, options->input, options->output);
  ist_batch *batch = program ? take_record() : NULL;
  if (!batch) {
    ist__program_release(program);
    return IST_ERR_MEMORY;
  }
  batch->program = program;
  batch->window = options->window;
  batch->progress = options->progress;
  batch->env = options->env;
  batch->finalize = options->finalize;
  atomic_store_explicit(&batch->pool, pool, memory_order_relaxed);
  pthread_mutex_lock(&pool->lock);
  bool live = atomic_load(&pool->record.live);
  if (live) {
    if (!batch->window) batch->window = (size_t)64 * pool->worker_count;
    batch->next = pool->batches;
    if (batch->next) batch->next->previous = batch;
    pool->batches = batch;
    atomic_store_explicit(&batch->record.live, true, memory_order_release);
  }
  pthread_mutex_unlock(&pool->lock);
  if (live) {
    *result = batch;
    return IST_OK;
  }
  ist__program_release(program);
  ist__record_put(&records, &batch->record);
  return IST_ERR_HANDLE;
}

ist_status ist_batch_new(ist_pool *pool, const ist_source *source, const ist_batch_options *given,
                         ist_batch **result) {
  if (given && given->size < sizeof given->size) return IST_ERR_ARGUMENT;
  ist_batch_options options = {0};
  if (given) memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  ist_status status = make(pool, source, &options, result);
  if (status && options.finalize) options.finalize(options.env);
  return status;
}

/* ---- Adding and taking ---- */

/* When to give up; 0: at once. */
static uint64_t deadline_of(int timeout) {
  if (timeout < 0) return UINT64_MAX;
  return timeout ? ist__pool_now() + (uint64_t)timeout * 1000000 : 0;
}

/* Waits in a batch, patiently unless `*hasty`, which is set when that was of no use. False when the
 * deadline has passed. */
static bool wait_in(ist_pool *pool, ist_batch *batch, pthread_cond_t *condition, bool *hasty,
                    uint64_t deadline) {
  if (!deadline) return false;
  uint64_t until = deadline;
  bool patient = !*hasty;
  if (patient) {
    uint64_t bound = ist__pool_now() + PATIENCE;
    if (bound < deadline) until = bound;
  }
  bool takes = condition == &batch->done;
  uint32_t *count = takes ? &batch->takers.count : &batch->adders.count;
  uint32_t *hurry = takes ? &batch->takers.hasty : &batch->adders.hasty;
  (*count)++;
  *hurry += !patient;
  bool woken = ist__pool_wait(pool, condition, until);
  (*count)--;
  *hurry -= !patient;
  if (woken) return true;
  *hasty = true;
  return until != deadline;
}

/* Whether an input may be added now; otherwise why not, IST_ERR_LIMIT for lack of room. */
static ist_status may_add(const ist_batch *batch) {
  if (batch->closed) return IST_ERR_HANDLE;
  if (batch->cancelled) return IST_ERR_TERMINATED;
  if (batch->ended) return IST_ERR_STATE;
  return batch->added - batch->taken < batch->window ? IST_OK : IST_ERR_LIMIT;
}

static void append(ist_pool *pool, ist_batch *batch, ist__job *job) {
  job->program = batch->program;
  job->outcome.index = batch->added++;
  if (batch->last)
    batch->last->next = job;
  else
    batch->first = job;
  batch->last = job;
  batch->waiting++;
  pool->waiting++;
  if (!batch->next_job) {
    batch->next_job = job;
    push_ready(pool, batch);
  }
  ist__pool_wake(pool);
}

ist_status ist_batch_add(ist_batch *batch, const void *input, size_t length, int timeout) {
  /* What is larger is not copied in vain. */
  enum { LARGE = 4096 };
  if (!input && length) return IST_ERR_ARGUMENT;
  ist_pool *pool;
  ist__job *job = NULL;
  bool hasty = false, in_time = true;
  uint64_t deadline = deadline_of(timeout);
  if (batch && length <= LARGE && !(job = ist__job_new(NULL, input, length, 0)))
    return IST_ERR_MEMORY;
  ist_status status = hold(batch, &pool);
  if (status) {
    ist__job_free(job);
    return status;
  }
  batch->users++;
  while (true) {
    status = may_add(batch);
    if (status == IST_ERR_LIMIT && in_time) {
      in_time = wait_in(pool, batch, &batch->room, &hasty, deadline);
      continue;
    }
    if (status || job) break;
    pthread_mutex_unlock(&pool->lock);
    job = ist__job_new(NULL, input, length, 0);
    pthread_mutex_lock(&pool->lock);
    if (!job) {
      status = IST_ERR_MEMORY;
      break;
    }
  }
  if (!status) append(pool, batch, job);
  ist__batch_leave(pool, batch);
  pthread_mutex_unlock(&pool->lock);
  if (status) ist__job_free(job);
  return status;
}

ist_status ist_batch_end(ist_batch *batch) {
  ist_pool *pool;
  ist_status status = hold(batch, &pool);
  if (status) return status;
  batch->ended = true;
  pthread_cond_broadcast(&batch->done);
  pthread_cond_broadcast(&batch->room);
  pthread_mutex_unlock(&pool->lock);
  return IST_OK;
}

/* Why there is nothing to take. */
static ist_status may_take(const ist_batch *batch) {
  if (batch->closed) return IST_ERR_HANDLE;
  if (can_take(batch)) return IST_OK;
  return !batch->first && batch->ended ? IST_ERR_NOT_FOUND : IST_ERR_TIMEOUT;
}

/* Takes the first outcome, and wakes those that wait for what that changes. */
static ist__job *take(ist_batch *batch) {
  ist__job *job = batch->first;
  batch->first = job->next;
  if (!batch->first) batch->last = NULL;
  batch->taken++;
  if (job->state == IST__JOB_DONE) batch->waiting_done--;
  if (batch->takers.count && (can_take(batch) || (!batch->first && batch->ended)))
    pthread_cond_signal(&batch->done);
  size_t under_way = batch->added - batch->taken;
  if (batch->adders.count &&
      (batch->adders.hasty || under_way <= batch->window - (batch->window + 3) / 4))
    pthread_cond_signal(&batch->room);
  return job;
}

ist_status ist_batch_next(ist_batch *batch, int timeout, ist_outcome **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist_pool *pool;
  ist__job *job = NULL;
  bool hasty = false, in_time = true;
  uint64_t deadline = deadline_of(timeout);
  ist_status status = hold(batch, &pool);
  if (status) return status;
  batch->users++;
  while ((status = may_take(batch)) == IST_ERR_TIMEOUT && in_time)
    in_time = wait_in(pool, batch, &batch->done, &hasty, deadline);
  if (!status) job = take(batch);
  ist__batch_leave(pool, batch);
  pthread_mutex_unlock(&pool->lock);
  if (status) return status;
  if (job->state == IST__JOB_WAITS) ist__job_cancelled(job);
  *result = &job->outcome;
  return IST_OK;
}

/* ---- The end of a batch ---- */

ist_status ist_batch_cancel(ist_batch *batch) {
  ist_pool *pool;
  ist_status status = hold(batch, &pool);
  if (status) return status;
  cancel(pool, batch);
  pthread_mutex_unlock(&pool->lock);
  return IST_OK;
}

void ist_batch_free(ist_batch *batch) {
  ist_pool *pool;
  if (hold(batch, &pool)) return;
  batch->users++;
  ist__batch_close(pool, batch);
  /* `progress` is not called any more when this returns; but it may itself be the caller. */
  while (batch->running || (batch->telling && !pthread_equal(batch->teller, pthread_self())))
    (void)ist__pool_wait(pool, &pool->quiet, UINT64_MAX);
  ist__batch_leave(pool, batch);
  pthread_mutex_unlock(&pool->lock);
}
