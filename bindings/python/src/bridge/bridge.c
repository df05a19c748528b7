/* bridge.c: an isolate as Python has it: its lock, which is taken here so that the wait can end for
 * a signal, and what other threads and finalizers leave for who holds it next. Nothing here may
 * call Python while it holds a mutex of its own. */
#include "bridge.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge_internal.h"

/* ---- Counting ---- */

void ipy__core_hold(ipy_isolate *core) {
  atomic_fetch_add_explicit(&core->references, 1, memory_order_relaxed);
}

void ipy__core_give(ipy_isolate *core) {
  if (ipy__forked(core)) return;
  if (atomic_fetch_sub_explicit(&core->references, 1, memory_order_acq_rel) != 1) return;
  /* The watch looks at an isolate only while it is in use. */
  ipy__watch_pass();
  ipy__table_free(&core->table);
  free(core->drops);
  free(core->errors);
  free(core->released);
  pthread_mutex_destroy(&core->lock);
  pthread_mutex_destroy(&core->queues);
  free(core);
}

/* ---- What other threads leave ---- */

bool ipy__push(void **list, size_t *count, size_t *capacity, size_t size, const void *what) {
  if (*count == *capacity) {
    size_t room = *capacity ? *capacity * 2 : 64;
    void *grown = realloc(*list, room * size);
    if (!grown) return false;
    *list = grown;
    *capacity = room;
  }
  memcpy((char *)*list + *count * size, what, size);
  ++*count;
  return true;
}

void *ipy__take_all(ipy_isolate *core, void **list, size_t *count, size_t *capacity,
                    atomic_bool *owing, size_t *taken) {
  pthread_mutex_lock(&core->queues);
  void *all = *list;
  *taken = *count;
  *list = NULL;
  *count = *capacity = 0;
  if (owing) atomic_store_explicit(owing, false, memory_order_relaxed);
  pthread_mutex_unlock(&core->queues);
  return all;
}

void ipy_drop(ipy_isolate *core, int64_t id) {
  if (ipy__forked(core)) return;
  pthread_mutex_lock(&core->queues);
  if (!core->closed)
    ipy__push((void **)&core->drops, &core->drop_count, &core->drop_room, sizeof id, &id);
  atomic_store_explicit(&core->owed, true, memory_order_relaxed);
  pthread_mutex_unlock(&core->queues);
}

void ipy_release(ipy_isolate *core, int64_t host) {
  if (ipy__forked(core)) return;
  pthread_mutex_lock(&core->queues);
  bool late = core->closed;
  if (!late)
    ipy__push((void **)&core->released, &core->released_count, &core->released_room, sizeof host,
              &host);
  atomic_store_explicit(&core->owes_python, true, memory_order_relaxed);
  pthread_mutex_unlock(&core->queues);
  if (late && !ipy__stopped()) ipy_on_release(core->key, &host, 1);
}

/* With the isolate held: lets go of what Python has dropped. */
static void pay(ipy_isolate *core) {
  while (atomic_load_explicit(&core->owed, memory_order_relaxed)) {
    size_t count;
    int64_t *drops = ipy__take_all(core, (void **)&core->drops, &core->drop_count, &core->drop_room,
                                   &core->owed, &count);
    for (size_t i = 0; i < count; i++) ipy__table_drop(core, drops[i]);
    free(drops);
    ipy__errors_pay(core);
  }
}

/* With nothing held: tells Python which of its objects JavaScript has forgotten. */
static void tell(ipy_isolate *core) {
  if (ipy__forked(core)) return;
  for (;;) {
    size_t count;
    int64_t *released = ipy__take_all(core, (void **)&core->released, &core->released_count,
                                      &core->released_room, &core->owes_python, &count);
    if (!count) return free(released);
    if (!ipy__stopped()) ipy_on_release(core->key, released, count);
    free(released);
  }
}

/* ---- Holding an isolate ---- */

bool ipy_isolate_held(ipy_isolate *core) {
  return core->depth && pthread_equal(core->owner, pthread_self()) &&
         atomic_load_explicit(&core->taken, memory_order_relaxed);
}

/* 0, IPY_BUSY or IPY_CLOSED. */
static int take(ipy_isolate *core) {
  if (ipy_isolate_held(core)) {
    core->depth++;
    return 0;
  }
  if (atomic_load_explicit(&core->waiting, memory_order_relaxed)) sched_yield();
  if (pthread_mutex_trylock(&core->lock)) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 100 * 1000 * 1000;
    if (until.tv_nsec >= 1000000000) {
      until.tv_nsec -= 1000000000;
      until.tv_sec++;
    }
    atomic_fetch_add(&core->waiting, 1);
    int problem = pthread_mutex_timedlock(&core->lock, &until);
    atomic_fetch_sub(&core->waiting, 1);
    if (problem) return IPY_BUSY;
  }
  core->owner = pthread_self();
  core->depth = 1;
  atomic_store_explicit(&core->taken, true, memory_order_relaxed);
  return 0;
}

static void give(ipy_isolate *core) {
  if (--core->depth) return;
  atomic_store_explicit(&core->taken, false, memory_order_relaxed);
  pthread_mutex_unlock(&core->lock);
}

int ipy_enter(ipy_isolate *core, ipy_hold *hold, ipy_frame *frame, bool limited) {
  if (ipy__forked(core)) return core->closed ? IPY_CLOSED : ipy__failed(frame, IST_ERR_FORKED);
  int answer = take(core);
  if (answer) return answer;
  if (core->closed) {
    give(core);
    return IPY_CLOSED;
  }
  hold->limited = 0;
  hold->core = NULL;
  ist_status status = IST_OK;
  if (limited) {
    bool own = frame && (frame->wall || frame->cpu);
    ist_limits limits = {sizeof limits, own ? frame->wall : core->wall,
                         own ? frame->cpu : core->cpu};
    if (limits.wall || limits.cpu) {
      status = ist_limits_begin(core->isolate, &limits);
      hold->limited = !status;
    }
  }
  if (!status) status = ist_scope_open(core->isolate, &hold->scope);
  if (status) {
    if (hold->limited) ist_limits_end(core->isolate, NULL);
    give(core);
    return ipy__failed(frame, status);
  }
  hold->core = core;
  ipy__watch_begin(core, hold);
  if (atomic_load_explicit(&core->owed, memory_order_relaxed)) pay(core);
  return 0;
}

int ipy_leave(ipy_hold *hold) {
  ipy_isolate *core = hold->core;
  int ended = 0;
  if (!core) return 0;
  hold->core = NULL;
  ipy__watch_end(hold);
  ist_scope_close(core->isolate, hold->scope);
  if (hold->limited) {
    ist_usage usage = {.size = sizeof usage};
    if (!ist_limits_end(core->isolate, &usage)) ended = (int)usage.ended;
  }
  bool outermost = core->depth == 1;
  give(core);
  if (outermost && atomic_load_explicit(&core->owes_python, memory_order_relaxed)) tell(core);
  return ended;
}

void ipy_abandon(ipy_hold *hold) {
  if (hold->core && ipy_isolate_held(hold->core)) ipy_leave(hold);
}

ist_isolate *ipy_isolate_pointer(ipy_isolate *core) {
  return core->isolate;
}

int ipy_context_number(ist_context *context, int64_t number) {
  return (int)ist_context_set_data(context, (void *)(intptr_t)number);
}

void ipy_isolate_terminate(ipy_isolate *core) {
  ist_isolate_terminate(core->isolate);
}

ipy_isolate *ipy_isolate_new(ist_isolate *isolate, int64_t key, uint64_t wall, uint64_t cpu) {
  ipy__watch_again();
  ipy_isolate *core = calloc(1, sizeof *core);
  if (!core) return NULL;
  core->isolate = isolate;
  core->key = key;
  core->wall = wall;
  core->cpu = cpu;
  core->references = 1;
  core->process = ipy__process;
  pthread_mutex_init(&core->lock, NULL);
  pthread_mutex_init(&core->queues, NULL);
  return core;
}

int ipy_isolate_close(ipy_isolate *core) {
  if (ipy_isolate_held(core)) return IPY_FAILED;
  if (ipy__forked(core)) {
    /* Its memory is given up. */
    core->closed = true;
    return 0;
  }
  int answer = take(core);
  if (answer) return answer;
  if (!core->closed) {
    pay(core);
    ipy__errors_complete(core, NULL);
    if (ist_isolate_free(core->isolate) == IST_ERR_STATE) {
      give(core);
      return IPY_FAILED;
    }
    pthread_mutex_lock(&core->queues);
    core->closed = true;
    pthread_mutex_unlock(&core->queues);
    ipy__errors_pay(core);
    ipy__table_free(&core->table);
  }
  give(core);
  tell(core);
  return 0;
}

void ipy_isolate_free(ipy_isolate *core) {
  ipy__core_give(core);
}
