/* Pools: worker threads with a rung each, which run the jobs of the pool's batches in turn. All
 * that threads share is under the pool's lock, which is held for a few instructions at a time and
 * never while a job runs or a function of the user's is called. */
#include "pool.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MOST_THREADS = 4096 };

static ist__records records = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The worker that this thread is. */
static _Thread_local ist__worker *current;

/* ---- Fork ---- */

static atomic_bool forked;

static void after_fork_in_child(void) {
  atomic_store(&forked, true);
}

static void watch_forks(void) {
  (void)pthread_atfork(NULL, NULL, after_fork_in_child);
}

bool ist__pool_forked(void) {
  return atomic_load_explicit(&forked, memory_order_relaxed) || ist__forked();
}

/* ---- Waiting ---- */

uint64_t ist__pool_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool ist__pool_wait(ist_pool *pool, pthread_cond_t *condition, uint64_t deadline) {
  if (deadline == UINT64_MAX) return !pthread_cond_wait(condition, &pool->lock);
  struct timespec until = {.tv_sec = (time_t)(deadline / 1000000000),
                           .tv_nsec = (long)(deadline % 1000000000)};
  return pthread_cond_timedwait(condition, &pool->lock, &until) != ETIMEDOUT;
}

bool ist__pool_condition(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  if (pthread_condattr_init(&attributes)) return false;
  bool made = !pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) &&
              !pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return made;
}

/* ---- Workers ---- */

static void wake_first(ist_pool *pool) {
  ist__worker *worker = pool->idle;
  pool->idle = worker->next_idle;
  worker->idle = false;
  pool->waking++;
  pthread_cond_signal(&worker->wake);
}

void ist__pool_wake(ist_pool *pool) {
  if (pool->idle && pool->waiting > pool->waking) wake_first(pool);
}

/* After the last thread. */
static void end_pool(ist_pool *pool) {
  for (uint32_t i = 0; i < pool->worker_count; i++) {
    ist__worker *worker = &pool->workers[i];
    if (worker->rung) worker->rung->table->free(worker->rung);
    pthread_cond_destroy(&worker->wake);
  }
  ist__free(pool->workers);
  ist__record_put(&records, &pool->record);
}

static void *work(void *env) {
  ist__worker *worker = env;
  ist_pool *pool = worker->pool;
  current = worker;
  pthread_mutex_lock(&pool->lock);
  while (true) {
    ist__job *job = ist__batch_pop(pool, worker);
    if (job) {
      pthread_mutex_unlock(&pool->lock);
      worker->rung->table->run(worker->rung, job);
      pthread_mutex_lock(&pool->lock);
      ist__batch_done(pool, worker);
      continue;
    }
    if (pool->stopping) break;
    worker->idle = true;
    worker->next_idle = pool->idle;
    pool->idle = worker;
    while (worker->idle) pthread_cond_wait(&worker->wake, &pool->lock);
    pool->waking--;
  }
  /* What the rung has made belongs to this thread. */
  ist__rung *rung = worker->rung;
  worker->rung = NULL;
  pool->statistics.replaced += atomic_load(&rung->replaced);
  pthread_mutex_unlock(&pool->lock);
  rung->table->free(rung);
  pthread_mutex_lock(&pool->lock);
  bool last = !--pool->running && pool->abandoned;
  pthread_mutex_unlock(&pool->lock);
  if (last) end_pool(pool);
  return NULL;
}

/* ---- Making ---- */

static ist_status refuse(ist_error **error, ist_status status, const char *message) {
  if (error) *error = ist_error_new(status, NULL, message);
  return status;
}

/* The processors that this process may use. */
static uint32_t processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set)) return 1;
  int count = CPU_COUNT(&set);
  return count > 0 ? (uint32_t)count : 1;
}

/* A record with a lock and nothing else in it. */
static ist_pool *take_record(void) {
  bool fresh;
  ist_pool *pool = ist__record_take(&records, sizeof *pool, &fresh);
  if (!pool) return NULL;
  if (!fresh) {
    /* Threads that waited in a batch of it may still be about to let go of the lock. */
    pthread_mutex_lock(&pool->lock);
    memset(&pool->workers, 0, sizeof *pool - offsetof(ist_pool, workers));
    pthread_mutex_unlock(&pool->lock);
    return pool;
  }
  pthread_mutexattr_t attributes;
  bool made = !pthread_mutexattr_init(&attributes);
  if (made) {
    /* It is held for less time than it takes to sleep. */
    (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    made = !pthread_mutex_init(&pool->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
  }
  if (made && ist__pool_condition(&pool->quiet)) return pool;
  ist__free(pool);
  return NULL;
}

/* The worker's threads take no signals that are meant for the process: only those that a fault of
 * their own raises, and the profiler's. */
static void block_signals(sigset_t *before) {
  static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};
  sigset_t all;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&all, own[i]);
  pthread_sigmask(SIG_SETMASK, &all, before);
}

static ist_status start(ist_pool *pool, size_t stack_limit, ist_error **error) {
  pthread_attr_t attributes;
  sigset_t before;
  char text[128];
  int failed = 0;
  if (pthread_attr_init(&attributes)) return refuse(error, IST_ERR_MEMORY, NULL);
  failed = pthread_attr_setstacksize(&attributes, ist__rung_stack(stack_limit));
  block_signals(&before);
  /* Threads find the pool as it is, and wait for its lock. */
  pthread_mutex_lock(&pool->lock);
  for (uint32_t i = 0; i < pool->worker_count && !failed; i++) {
    failed = pthread_create(&pool->workers[i].thread, &attributes, work, &pool->workers[i]);
    if (failed) break;
    pool->running++;
    snprintf(text, sizeof text, "ist-pool/%u", i);
    (void)pthread_setname_np(pool->workers[i].thread, text);
  }
  pthread_mutex_unlock(&pool->lock);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (!failed) return IST_OK;
  snprintf(text, sizeof text, "a thread of the pool cannot be started: %s", strerror(failed));
  return refuse(error, IST_ERR_RESOURCE, text);
}

static ist_status make_workers(ist_pool *pool, const ist_pool_options *options, ist_error **error) {
  ist__rung_options rung = {.isolation = options->isolation,
                            .limits = options->limits,
                            .heap_limit = options->heap_limit,
                            .buffer_limit = options->buffer_limit,
                            .stack_limit = options->stack_limit,
                            .cell = options->cell};
  uint32_t count = options->threads ? options->threads : processors();
  pool->workers = ist__calloc(count, sizeof *pool->workers);
  if (!pool->workers) return refuse(error, IST_ERR_MEMORY, NULL);
  for (uint32_t i = 0; i < count; i++) {
    ist__worker *worker = &pool->workers[i];
    worker->pool = pool;
    ist_status status;
    if (options->isolation == IST_ISOLATION_PROCESS) {
      status = ist__rung_new_cell(&rung, &worker->rung, error);
    } else {
      status = ist__rung_new(&rung, &worker->rung);
      if (status) (void)refuse(error, status, NULL);
    }
    if (status) return status;
    if (!ist__pool_condition(&worker->wake)) {
      worker->rung->table->free(worker->rung);
      return refuse(error, IST_ERR_MEMORY, NULL);
    }
    pool->worker_count++;
  }
  return IST_OK;
}

/* Ends the threads that there are and waits for them. */
static void stop(ist_pool *pool) {
  uint32_t running = 0;
  pthread_mutex_lock(&pool->lock);
  running = pool->running;
  pool->stopping = true;
  while (pool->idle) wake_first(pool);
  pthread_mutex_unlock(&pool->lock);
  for (uint32_t i = 0; i < running; i++) pthread_join(pool->workers[i].thread, NULL);
}

ist_status ist_pool_new(const ist_pool_options *given, ist_pool **result, ist_error **error) {
  static pthread_once_t watched = PTHREAD_ONCE_INIT;
  if (error) *error = NULL;
  if (!result || (given && given->size < sizeof given->size))
    return refuse(error, IST_ERR_ARGUMENT, NULL);
  /* A caller that was compiled with an older header gives less: the rest is zero. */
  ist_pool_options options = {0};
  if (given) memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  if ((unsigned)options.isolation > IST_ISOLATION_PROCESS)
    return refuse(error, IST_ERR_ARGUMENT, "there is no such isolation");
  if (options.threads > MOST_THREADS)
    return refuse(error, IST_ERR_RESOURCE, "a pool has at most 4096 threads");
  if (ist__pool_forked()) return refuse(error, IST_ERR_FORKED, NULL);
  pthread_once(&watched, watch_forks);
  ist_pool *pool = take_record();
  if (!pool) return refuse(error, IST_ERR_MEMORY, NULL);
  ist_status status = make_workers(pool, &options, error);
  if (!status) status = start(pool, options.stack_limit, error);
  if (status) {
    stop(pool);
    end_pool(pool);
    return status;
  }
  atomic_store_explicit(&pool->record.live, true, memory_order_release);
  *result = pool;
  return IST_OK;
}

/* ---- The rest of a pool's life ---- */

void ist_pool_free(ist_pool *pool) {
  if (!pool || ist__pool_forked()) return;
  pthread_mutex_lock(&pool->lock);
  if (!atomic_load(&pool->record.live)) {
    pthread_mutex_unlock(&pool->lock);
    return;
  }
  atomic_store(&pool->record.live, false);
  ist_batch *batches = pool->batches;
  for (ist_batch *batch = batches; batch; batch = batch->next) batch->users++;
  while (pool->batches) ist__batch_close(pool, pool->batches);
  /* A function of the user's that a worker calls cannot wait for that worker. */
  bool within = current && current->pool == pool;
  if (within) {
    pool->abandoned = pool->stopping = true;
    for (uint32_t i = 0; i < pool->worker_count; i++) pthread_detach(pool->workers[i].thread);
    while (pool->idle) wake_first(pool);
  }
  pthread_mutex_unlock(&pool->lock);
  if (!within) stop(pool);
  pthread_mutex_lock(&pool->lock);
  while (batches) {
    ist_batch *next = batches->next;
    ist__batch_leave(pool, batches);
    batches = next;
  }
  pthread_mutex_unlock(&pool->lock);
  if (!within) end_pool(pool);
}

ist_status ist_pool_read_statistics(ist_pool *pool, ist_pool_statistics *result) {
  if (!pool || !result || result->size < sizeof result->size) return IST_ERR_ARGUMENT;
  if (ist__pool_forked()) return IST_ERR_FORKED;
  pthread_mutex_lock(&pool->lock);
  ist_status status = atomic_load(&pool->record.live) ? IST_OK : IST_ERR_HANDLE;
  ist_pool_statistics statistics = pool->statistics;
  for (uint32_t i = 0; i < pool->worker_count && !status; i++)
    if (pool->workers[i].rung) statistics.replaced += atomic_load(&pool->workers[i].rung->replaced);
  pthread_mutex_unlock(&pool->lock);
  if (status) return status;
  size_t size = result->size < sizeof statistics ? result->size : sizeof statistics;
  statistics.size = result->size;
  memcpy(result, &statistics, size);
  return IST_OK;
}
