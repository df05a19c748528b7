/* Timers and immediates. Timers run by due time, equal ones in the order of their making; an
 * immediate that an immediate makes runs in the next turn. A timer that is cleared while others run
 * does not run any more. Each callback is an entry of its own into JavaScript: microtasks follow it
 * before the next. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

typedef enum { ONCE, REPEATING, IMMEDIATE } timer_kind;

struct ist__timer {
  uint64_t id, due, sequence, interval;
  size_t place; /* in the heap */
  timer_kind kind;
  bool referenced, cleared;
  ist_value callback;
  ist__timer *next_in_table;
  ist__timer *next_immediate;
};

enum { NOT_IN_HEAP = -1 };

static bool before(const ist__timer *a, const ist__timer *b) {
  return a->due != b->due ? a->due < b->due : a->sequence < b->sequence;
}

static void place(ist__timers *timers, size_t index, ist__timer *timer) {
  timers->heap[index] = timer;
  timer->place = index;
}

static void sift_up(ist__timers *timers, size_t index) {
  ist__timer *timer = timers->heap[index];
  while (index && before(timer, timers->heap[(index - 1) / 2])) {
    place(timers, index, timers->heap[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  place(timers, index, timer);
}

static void sift_down(ist__timers *timers, size_t index) {
  ist__timer *timer = timers->heap[index];
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= timers->count) break;
    if (child + 1 < timers->count && before(timers->heap[child + 1], timers->heap[child])) child++;
    if (!before(timers->heap[child], timer)) break;
    place(timers, index, timers->heap[child]);
    index = child;
  }
  place(timers, index, timer);
}

static void push(ist__timers *timers, ist__timer *timer) {
  if (timers->count == timers->capacity) {
    timers->capacity = timers->capacity ? timers->capacity * 2 : 32;
    ist__timer **grown = ist__must_alloc(timers->capacity * sizeof *grown);
    if (timers->count) memcpy(grown, timers->heap, timers->count * sizeof *grown);
    free(timers->heap);
    timers->heap = grown;
  }
  timer->sequence = ++timers->sequence;
  timers->heap[timers->count] = timer;
  sift_up(timers, timers->count++);
}

static void take_out(ist__timers *timers, ist__timer *timer) {
  size_t index = timer->place;
  if (index == (size_t)NOT_IN_HEAP) return;
  timer->place = (size_t)NOT_IN_HEAP;
  ist__timer *last = timers->heap[--timers->count];
  if (last == timer) return;
  place(timers, index, last);
  sift_up(timers, index);
  sift_down(timers, last->place);
}

static ist__timer **bucket(ist__timers *timers, uint64_t id) {
  return &timers->table[id & (timers->table_size - 1)];
}

static ist__timer *find(ist__timers *timers, double id) {
  if (!timers->table_size || !(id >= 1 && id <= (double)timers->last_id)) return NULL;
  ist__timer *timer = *bucket(timers, (uint64_t)id);
  while (timer && timer->id != (uint64_t)id) timer = timer->next_in_table;
  return timer;
}

static void add(ist__timers *timers, ist__timer *timer) {
  if (timers->total >= timers->table_size) {
    size_t old_size = timers->table_size;
    ist__timer **old = timers->table;
    timers->table_size = old_size ? old_size * 2 : 32;
    timers->table = ist__must_alloc(timers->table_size * sizeof *timers->table);
    for (size_t i = 0; i < old_size; i++) {
      while (old[i]) {
        ist__timer *moved = old[i];
        old[i] = moved->next_in_table;
        moved->next_in_table = *bucket(timers, moved->id);
        *bucket(timers, moved->id) = moved;
      }
    }
    free(old);
  }
  timer->id = ++timers->last_id;
  timer->next_in_table = *bucket(timers, timer->id);
  *bucket(timers, timer->id) = timer;
  timers->total++;
}

static void destroy(ist_host *host, ist__timer *timer) {
  ist__timers *timers = &host->timers;
  ist__timer **link = bucket(timers, timer->id);
  while (*link != timer) link = &(*link)->next_in_table;
  *link = timer->next_in_table;
  timers->total--;
  if (timer->referenced) timers->referenced--;
  ist_value_free(host->isolate, timer->callback);
  free(timer);
}

/* Runs one callback with all that follows it. The timer may be cleared by it; it is not destroyed
 * by it. */
static void run(ist_host *host, ist__timer *timer) {
  uint32_t scope;
  if (ist_scope_open(host->isolate, &scope)) return;
  ist_error *error;
  ist_status status =
      ist_function_call(host->context, timer->callback, ist_undefined(), 0, NULL, NULL, &error);
  if (status != IST_OK) ist__report_uncaught(host, error);
  ist_error_free(error);
  ist__loop_settle(host);
  ist_scope_close(host->isolate, scope);
}

void ist__timers_run(ist_host *host) {
  ist__timers *timers = &host->timers;
  uv_update_time(&host->loop);
  uint64_t now = uv_now(&host->loop);
  /* What these callbacks start waits for the next turn, however late it is by then. */
  uint64_t newest = timers->sequence;
  while (!host->exiting && timers->count && timers->heap[0]->due <= now &&
         timers->heap[0]->sequence <= newest) {
    ist__timer *timer = timers->heap[0];
    take_out(timers, timer);
    run(host, timer);
    if (timer->kind == REPEATING && !timer->cleared && !host->exiting) {
      uv_update_time(&host->loop);
      timer->due = uv_now(&host->loop) + timer->interval;
      push(timers, timer);
    } else {
      destroy(host, timer);
    }
  }
}

void ist__immediates_run(ist_host *host) {
  ist__timers *timers = &host->timers;
  ist__timer *list = timers->immediates;
  timers->immediates = NULL;
  timers->last_immediate = &timers->immediates;
  while (list) {
    ist__timer *timer = list;
    list = timer->next_immediate;
    if (!timer->cleared && !host->exiting) run(host, timer);
    destroy(host, timer);
  }
}

int64_t ist__timers_next(ist_host *host) {
  ist__timers *timers = &host->timers;
  if (!timers->count) return -1;
  uint64_t now = uv_now(&host->loop);
  return timers->heap[0]->due > now ? (int64_t)(timers->heap[0]->due - now) : 0;
}

void ist__timers_free(ist_host *host) {
  ist__timers *timers = &host->timers;
  for (size_t i = 0; i < timers->table_size; i++) {
    while (timers->table[i]) destroy(host, timers->table[i]);
  }
  free(timers->table);
  free(timers->heap);
}

/* ---- For runtime/js ---- */

static ist_status set_timer(void *env, const ist_call *call, ist_value *result) {
  ist_host *host = env;
  ist__timers *timers = &host->timers;
  ist_value callback = ist__arg(call, 2);
  double kind = ist__arg_number(call, 0, 0);
  if (callback.type != IST_FUNCTION)
    return ist_throw_error(call->context, "TypeError", "a timer needs a function");
  ist__timer *timer = ist__must_alloc(sizeof *timer);
  ist_status status = ist_value_keep(host->isolate, callback, &timer->callback);
  if (status) {
    free(timer);
    return status;
  }
  timer->kind = kind == 2 ? IMMEDIATE : kind == 1 ? REPEATING : ONCE;
  timer->referenced = true;
  timer->place = (size_t)NOT_IN_HEAP;
  timers->referenced++;
  add(timers, timer);
  if (timer->kind == IMMEDIATE) {
    *timers->last_immediate = timer;
    timers->last_immediate = &timer->next_immediate;
  } else {
    /* As everywhere: at least a millisecond, and what does not fit 31 bits is one too. */
    double ms = ist__arg_number(call, 1, 1);
    if (!(ms >= 1 && ms <= 2147483647)) ms = 1;
    uv_update_time(&host->loop);
    timer->interval = (uint64_t)ms;
    timer->due = uv_now(&host->loop) + timer->interval;
    push(timers, timer);
  }
  *result = ist_double((double)timer->id);
  return IST_OK;
}

static ist_status clear_timer(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ist_host *host = env;
  ist__timer *timer = find(&host->timers, ist__arg_number(call, 0, 0));
  if (!timer || timer->cleared) return IST_OK;
  timer->cleared = true;
  if (timer->referenced) {
    timer->referenced = false;
    host->timers.referenced--;
  }
  /* Immediates, and the timer that is running, are destroyed by whoever holds them. */
  if (timer->place != (size_t)NOT_IN_HEAP) {
    take_out(&host->timers, timer);
    destroy(host, timer);
  }
  return IST_OK;
}

static ist_status ref_timer(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ist_host *host = env;
  ist__timer *timer = find(&host->timers, ist__arg_number(call, 0, 0));
  bool on = ist__value_is_true(ist__arg(call, 1));
  if (!timer || timer->cleared || timer->referenced == on) return IST_OK;
  timer->referenced = on;
  if (on)
    host->timers.referenced++;
  else
    host->timers.referenced--;
  return IST_OK;
}

static ist_status has_ref_timer(void *env, const ist_call *call, ist_value *result) {
  ist_host *host = env;
  ist__timer *timer = find(&host->timers, ist__arg_number(call, 0, 0));
  *result = ist_bool(timer && timer->referenced);
  return IST_OK;
}

ist_status ist__timers_install(ist_host *host, ist_value native) {
  host->timers.last_immediate = &host->timers.immediates;
  static const struct {
    const char *name;
    ist_function fn;
  } functions[] = {
      {"setTimer", set_timer},
      {"clearTimer", clear_timer},
      {"refTimer", ref_timer},
      {"hasRefTimer", has_ref_timer},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    ist_status status = ist__define_function(host, native, functions[i].name, functions[i].fn);
    if (status) return status;
  }
  return IST_OK;
}
