/* What the files of pools share: programs, jobs and their outcomes, the rungs that run them, and
 * the records of pools and batches.
 *
 * A rung runs one job at a time, at one degree of isolation, for one thread: the worker of a pool,
 * or the only thread of a cell. Whatever a job does, `run` comes back with an outcome; the rung
 * replaces what the job has spoilt. An outcome is plain data: it belongs to no isolate, and may
 * outlive the rung. */
#ifndef IST_HOST_POOL_H
#define IST_HOST_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isthmus.h"
#include "../ffi/alloc.h"
#include "../v8/embed.h"

/* ---- Programs (job.c) ---- */

/* The program of a batch: what every rung that runs it shares. Counted; nothing but `cache` and
 * `retired` changes. */
typedef struct ist__program {
  atomic_size_t references;
  uint64_t serial; /* another one for each program of the process, from 1; never used again */
  char *text;      /* UTF-8, `length` bytes and a NUL */
  size_t length;
  char *file; /* NULL: V8's own name for it */
  int32_t line_offset, column_offset;
  ist_format input, output;
  atomic_bool retired;             /* its batch is gone: nobody will run it again */
  struct ist__code *_Atomic cache; /* for new isolates, once one has compiled it; or NULL */
} ist__program;

/* The code of a program, as ist_script_cache has given it. */
typedef struct ist__code {
  size_t length;
  uint8_t *bytes; /* freed by ist_free */
} ist__code;

/* Copies what `source` points to, but for its cache. NULL when memory is out. Any thread. */
ist__program *ist__program_new(const ist_source *source, ist_format input, ist_format output);
ist__program *ist__program_retain(ist__program *program);
void ist__program_release(ist__program *program);
/* The source to compile it by, borrowed, with the cache that there is now. */
ist_source ist__program_source(const ist__program *program);

/* ---- Jobs and outcomes (job.c) ---- */

typedef enum ist__job_state { IST__JOB_WAITS, IST__JOB_RUNS, IST__JOB_DONE } ist__job_state;

/* One input of a batch, and what came of it. The outcome that the user gets is the first member,
 * and the job is freed with it. */
typedef struct ist__job {
  ist_outcome outcome;
  uint8_t *value_owned;   /* what the outcome's value lies in, when it is a block of its own */
  ist_error *error_owned; /* the outcome's error, when it is no static one */
  ist__program *program;  /* borrowed: from the batch, which outlives the run */
  const uint8_t *input;   /* `length` bytes; in `room`, or a block of its own */
  size_t length;
  uint8_t *input_owned;
  atomic_bool stop;     /* the run is to end as if it was terminated; see ist__rung.interrupt */
  ist__job_state state; /* under the pool's lock */
  struct ist__job *next;
  struct ist__job *next_untold;
  size_t capacity; /* of `room` */
  uint8_t room[];  /* a small input, and when that was read, a small value */
} ist__job;

/* A job with a copy of an input. NULL when memory is out. */
ist__job *ist__job_new(ist__program *program, const void *input, size_t length, uint64_t index);
void ist__job_free(ist__job *job);

/* The input is not needed any more: its memory serves for other things. */
void ist__job_forget_input(ist__job *job);

/* Each ends a job: with a copy of a value; with a value in a block of its own, which ends with a
 * NUL that `length` does not count; with an error, whose status is the outcome's; with a new error;
 * or, when even for that there is no memory, with one that says so. Forgets the input. `error` must
 * have no handle (ist__error_detach); NULL: memory was out. Texts are copied, `name` NULL: "Error".
 */
void ist__job_give(ist__job *job, const void *value, size_t length);
void ist__job_give_owned(ist__job *job, IST_OWN uint8_t *value, size_t length);
void ist__job_fail(ist__job *job, ist_status status, IST_OWN ist_error *error);
void ist__job_fail_with(ist__job *job, ist_status status, const char *name, const char *message);
/* Takes the value away from a job that was given one, and then was ended. */
void ist__job_take_back(ist__job *job);
/* The end of a job that was cancelled, by an error that needs no memory. */
void ist__job_cancelled(ist__job *job);

/* Takes the handles out of an error and its causes. On the isolate's thread. */
void ist__error_detach(ist_isolate *isolate, ist_error *error);
/* A copy of an error with its causes and frames, without handles and hosts: what a description that
 * lies in other memory (a message of another process) becomes. NULL when memory is out. */
ist_error *ist__error_copy(const ist_error *error);

/* ---- Rungs ---- */

/* What a rung is made from. Borrowed for the call that makes it. */
typedef struct ist__rung_options {
  ist_isolation isolation;
  ist_limits limits; /* of each run */
  size_t heap_limit, buffer_limit, stack_limit;
  const char *cell;
} ist__rung_options;

typedef struct ist__rung ist__rung;

/* What a kind of rung does. */
typedef struct ist__rung_table {
  /* Runs a job to its end by one of the functions above, and sets the outcome's wall and cpu. On
   * the rung's thread, always the same one. */
  void (*run)(ist__rung *rung, ist__job *job);
  /* The job that runs has its `stop` set, at any moment of the run, even before it has begun: the
   * rung ends it soon, with ist__job_cancelled, unless it ends by itself. Any thread, while the
   * rung lives; a run that has ended meanwhile, and the next one, are not hurt. Does not wait. */
  void (*interrupt)(ist__rung *rung);
  /* Frees the rung with all it has made. On the rung's thread, or on any when it never ran. */
  void (*free)(ist__rung *rung);
} ist__rung_table;

/* The head of every rung. */
struct ist__rung {
  const ist__rung_table *table;
  _Atomic uint64_t replaced; /* contexts, isolates or processes made anew because of a run */
};

/* Makes a rung for any isolation but IST_ISOLATION_PROCESS (rung.c). Nothing of V8 is touched
 * before its first run. IST_ERR_MEMORY. */
ist_status ist__rung_new(const ist__rung_options *options, IST_OWN ist__rung **result);
/* Makes the isolate and the context of a rung's next run, if they are not there, so that the run
 * need not; the run makes them when that fails. On the rung's thread, for rungs of ist__rung_new.
 */
void ist__rung_prepare(ist__rung *rung);
/* How many bytes of stack the thread of a rung has, so that recursion goes as deep on each. */
size_t ist__rung_stack(size_t stack_limit);
/* Makes one that drives a process (cell.c), which is started here. IST_ERR_NOT_FOUND,
 * IST_ERR_RESOURCE, IST_ERR_STATE when the command is of another release or no cell. */
ist_status ist__rung_new_cell(const ist__rung_options *options, IST_OWN ist__rung **result,
                              IST_OWN ist_error **error);

/* ---- Records (record.c) ---- */

/* What stands behind a pool or a batch. It is never given back to the system: one that was freed
 * rests, so that a stale pointer is answered, and is used again only after many others were freed.
 */
typedef struct ist__resting {
  atomic_bool live;
  struct ist__resting *next;
} ist__resting;

typedef struct ist__records {
  pthread_mutex_t lock;
  ist__resting *first, *last;
  size_t count;
} ist__records;

/* A record of `size` bytes, zeroed when `*fresh`; otherwise one that has rested, as it was left.
 * NULL when memory is out. */
void *ist__record_take(ist__records *records, size_t size, bool *fresh);
/* Gives back a record that is not live. */
void ist__record_put(ist__records *records, ist__resting *record);

/* ---- Pools (pool.c) and batches (batch.c) ---- */

/* A worker thread. */
typedef struct ist__worker {
  ist_pool *pool;
  pthread_t thread;
  ist__rung *rung;
  pthread_cond_t wake;
  ist_batch *batch; /* whose job runs; NULL: none does */
  ist__job *job;
  bool idle;
  struct ist__worker *next_idle;
} ist__worker;

/* Everything here, and all of the pool's batches, is under `lock`, but for the options. */
struct ist_pool {
  ist__resting record;
  pthread_mutex_t lock; /* made once, with the record */
  pthread_cond_t quiet; /* a batch that is being freed has no user left; the same */
  ist__worker *workers;
  uint32_t worker_count;
  uint32_t running;       /* threads that have not ended */
  ist__worker *idle;      /* woken from the front */
  uint32_t waking;        /* woken, and not looked for a job yet */
  size_t waiting;         /* jobs that no worker has taken */
  ist_batch *first_ready; /* batches with such jobs; the first is served next */
  ist_batch *last_ready;
  ist_batch *batches;             /* all that live */
  bool stopping, abandoned;       /* its threads are to end; nobody waits for them */
  ist_pool_statistics statistics; /* but for what rungs have replaced that are not freed */
};

struct ist_batch {
  ist__resting record;
  pthread_cond_t done;    /* something can be taken; made once, with the record */
  pthread_cond_t room;    /* something can be added; the same */
  ist_pool *_Atomic pool; /* stays when the batch is freed */
  ist__program *program;
  size_t window;
  void (*progress)(void *env, ist_batch *batch, uint64_t done, uint64_t added);
  void *env;
  ist_finalizer finalize;
  ist__job *first, *last; /* that were not taken, oldest first */
  ist__job *next_job;     /* the oldest that no worker has taken */
  size_t waiting;         /* how many no worker has taken */
  uint64_t added, taken;
  ist__job *untold, *last_untold; /* that have ended without `progress` knowing */
  uint64_t told;                  /* how many it knows of */
  size_t waiting_done;            /* jobs that are done and not taken */
  uint32_t running;               /* how many workers run a job of it */
  struct {
    uint32_t count; /* threads that wait */
    uint32_t hasty; /* of these, to be woken at once */
  } takers, adders;
  uint32_t users; /* workers, waiting threads and those that free it: the last one ends it */
  uint64_t woken; /* when a taker was woken last */
  bool ended;     /* no more inputs come */
  bool cancelled;
  bool closed; /* freed, as far as the user is concerned */
  bool telling;
  pthread_t teller;
  ist_batch *next_ready, *previous_ready;
  ist_batch *next, *previous; /* among the pool's */
};

/* Whether this is a process made by fork from one that had a pool. Any thread. */
bool ist__pool_forked(void);
/* Nanoseconds of the clock that waits are measured by. */
uint64_t ist__pool_now(void);
/* Waits for a condition under the pool's lock, until `deadline` (UINT64_MAX: for ever). False when
 * that has passed. */
bool ist__pool_wait(ist_pool *pool, pthread_cond_t *condition, uint64_t deadline);
/* Makes a condition for that clock. False when memory is out. */
bool ist__pool_condition(pthread_cond_t *condition);
/* Wakes a worker, if one is idle and there is more to do than others were woken for. */
void ist__pool_wake(ist_pool *pool);

/* Under the pool's lock: */
/* The next job for a worker, which it must end; NULL: there is none. */
ist__job *ist__batch_pop(ist_pool *pool, ist__worker *worker);
/* The end of the worker's job. Lets go of the lock for `progress`. */
void ist__batch_done(ist_pool *pool, ist__worker *worker);
/* Takes a batch away from its user, and ends what it runs. The caller is one of its users. */
void ist__batch_close(ist_pool *pool, ist_batch *batch);
/* One user less; lets go of the lock when it is the last of a closed batch. */
void ist__batch_leave(ist_pool *pool, ist_batch *batch);

#endif
