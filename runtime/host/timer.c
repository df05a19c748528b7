/* Timers and immediates of all contexts of an isolate. Timers run by due time, equal ones in the
 * order of their making; an immediate that an immediate makes runs in the next turn. A timer that
 * is cleared while others run does not run any more, nor does one whose context was freed. Each
 * callback is an entry of its own into JavaScript: microtasks follow it before the next. */
#include "internal.h"

typedef enum { ONCE, REPEATING, IMMEDIATE } timer_kind;

struct ist__timer {
  uint64_t id, due, sequence, interval;
  size_t place; /* in the heap */
  timer_kind kind;
  bool referenced, cleared;
  bool running;  /* whoever runs it destroys it */
  ist__web *web; /* NULL: its context was freed while it ran */
  ist_value callback;
  ist__timer *next_in_table;
  ist__timer *next_immediate, **link_immediate;
  ist__timer *next_in_web, **link_in_web;
};

static const size_t NOT_IN_HEAP = (size_t)-1;

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

/* Room for one more in the heap. */
static bool reserve(ist__timers *timers) {
  if (timers->count < timers->capacity) return true;
  size_t capacity = timers->capacity ? timers->capacity * 2 : 32;
  ist__timer **grown = ist__realloc(timers->heap, capacity * sizeof *grown);
  if (!grown) return false;
  timers->heap = grown;
  timers->capacity = capacity;
  return true;
}

static bool push(ist__timers *timers, ist__timer *timer) {
  if (!reserve(timers)) return false;
  timer->sequence = ++timers->sequence;
  timers->heap[timers->count] = timer;
  sift_up(timers, timers->count++);
  return true;
}

static void take_out(ist__timers *timers, ist__timer *timer) {
  size_t index = timer->place;
  if (index == NOT_IN_HEAP) return;
  timer->place = NOT_IN_HEAP;
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

/* Room for one more in the table. */
static bool widen(ist__timers *timers) {
  if (timers->total < timers->table_size) return true;
  size_t old_size = timers->table_size, size = old_size ? old_size * 2 : 32;
  ist__timer **old = timers->table, **wider = ist__calloc(size, sizeof *wider);
  if (!wider) return false;
  timers->table = wider;
  timers->table_size = size;
  for (size_t i = 0; i < old_size; i++) {
    while (old[i]) {
      ist__timer *moved = old[i];
      old[i] = moved->next_in_table;
      moved->next_in_table = *bucket(timers, moved->id);
      *bucket(timers, moved->id) = moved;
    }
  }
  ist__free(old);
  return true;
}

static void append_immediate(ist__timers *timers, ist__timer *timer) {
  timer->sequence = ++timers->sequence;
  timer->next_immediate = NULL;
  timer->link_immediate = timers->last_immediate;
  *timers->last_immediate = timer;
  timers->last_immediate = &timer->next_immediate;
}

static void remove_immediate(ist__timers *timers, ist__timer *timer) {
  if (!timer->link_immediate) return;
  *timer->link_immediate = timer->next_immediate;
  if (timer->next_immediate)
    timer->next_immediate->link_immediate = timer->link_immediate;
  else
    timers->last_immediate = timer->link_immediate;
  timer->link_immediate = NULL;
}

static void refer(ist__timers *timers, ist__timer *timer, bool on) {
  if (timer->referenced == on) return;
  timer->referenced = on;
  if (on)
    timers->referenced++;
  else
    timers->referenced--;
}

static void leave_web(ist__timer *timer) {
  if (!timer->web) return;
  *timer->link_in_web = timer->next_in_web;
  if (timer->next_in_web) timer->next_in_web->link_in_web = timer->link_in_web;
  timer->web = NULL;
}

static void destroy(ist__loop *loop, ist__timer *timer) {
  ist__timers *timers = &loop->timers;
  take_out(timers, timer);
  remove_immediate(timers, timer);
  ist__timer **link = bucket(timers, timer->id);
  while (*link != timer) link = &(*link)->next_in_table;
  *link = timer->next_in_table;
  timers->total--;
  refer(timers, timer, false);
  leave_web(timer);
  (void)ist_value_free(loop->isolate, timer->callback);
  ist__free(timer);
}

static void clear(ist__loop *loop, ist__timer *timer) {
  timer->cleared = true;
  if (timer->running)
    refer(&loop->timers, timer, false);
  else
    destroy(loop, timer);
}

/* Runs one callback with all that follows it. */
static void run(ist__loop *loop, ist__timer *timer) {
  uint32_t scope;
  ist_error *error;
  ist_context *context = timer->web->context;
  loop->done++;
  ist_status status = ist_scope_open(loop->isolate, &scope);
  if (status) {
    ist__loop_uncaught(loop, context, status, NULL);
    return;
  }
  timer->running = true;
  status = ist_function_call(context, timer->callback, ist_undefined(), 0, NULL, NULL, &error);
  if (status) ist__loop_uncaught(loop, timer->web ? context : NULL, status, error);
  ist_error_free(error);
  ist__loop_settle(loop);
  timer->running = false;
  (void)ist_scope_close(loop->isolate, scope);
}

void ist__timers_run(ist__loop *loop) {
  ist__timers *timers = &loop->timers;
  if (!timers->count) return;
  uv_update_time(&loop->uv);
  uint64_t now = uv_now(&loop->uv);
  /* What these callbacks start waits for the next turn, however late it is by then. */
  uint64_t newest = timers->sequence;
  while (!loop->stopped && timers->count && timers->heap[0]->due <= now &&
         timers->heap[0]->sequence <= newest) {
    ist__timer *timer = timers->heap[0];
    take_out(timers, timer);
    run(loop, timer);
    if (timer->kind == REPEATING && !timer->cleared && !loop->stopped) {
      uv_update_time(&loop->uv);
      timer->due = uv_now(&loop->uv) + timer->interval;
      if (push(timers, timer)) continue;
      ist__loop_uncaught(loop, timer->web->context, IST_ERR_MEMORY, NULL);
    }
    destroy(loop, timer);
  }
}

void ist__immediates_run(ist__loop *loop) {
  ist__timers *timers = &loop->timers;
  uint64_t newest = timers->sequence;
  while (!loop->stopped && timers->immediates && timers->immediates->sequence <= newest) {
    ist__timer *timer = timers->immediates;
    remove_immediate(timers, timer);
    run(loop, timer);
    destroy(loop, timer);
  }
}

int64_t ist__timers_next(ist__loop *loop) {
  ist__timers *timers = &loop->timers;
  if (!timers->count) return -1;
  uint64_t now = uv_now(&loop->uv);
  return timers->heap[0]->due > now ? (int64_t)(timers->heap[0]->due - now) : 0;
}

/* Whoever waits for the last timer is not to wait for one that does not come. */
static void tell_of_fewer(ist__loop *loop) {
  if (!loop->timers.referenced) ist__loop_hurry(loop);
}

void ist__timers_end(ist__web *web) {
  while (web->timers) {
    ist__timer *timer = web->timers;
    bool running = timer->running;
    clear(web->loop, timer);
    if (running) leave_web(timer);
  }
  tell_of_fewer(web->loop);
}

void ist__timers_free(ist__timers *timers) {
  ist__free(timers->table);
  ist__free(timers->heap);
}

/* ---- For runtime/js ---- */

/* The timer of this context by its id. */
static ist__timer *own(ist__web *web, const ist_call *call) {
  ist__timer *timer = find(&web->loop->timers, ist__arg_number(call, 0, 0));
  return timer && timer->web == web && !timer->cleared ? timer : NULL;
}

static ist_status set_timer(void *env, const ist_call *call, ist_value *result) {
  ist__web *web = env;
  ist__loop *loop = web->loop;
  ist__timers *timers = &loop->timers;
  ist_value callback = ist__arg(call, 2);
  double kind = ist__arg_number(call, 0, 0);
  if (callback.type != IST_FUNCTION)
    return ist_throw_error(call->context, "TypeError", "a timer needs a function");
  if (!reserve(timers) || !widen(timers)) return IST_ERR_MEMORY;
  ist__timer *timer = ist__calloc(1, sizeof *timer);
  if (!timer) return IST_ERR_MEMORY;
  ist_status status = ist_value_keep(loop->isolate, callback, &timer->callback);
  if (status) {
    ist__free(timer);
    return status;
  }
  timer->id = ++timers->last_id;
  timer->kind = kind == 2 ? IMMEDIATE : kind == 1 ? REPEATING : ONCE;
  timer->place = NOT_IN_HEAP;
  timer->next_in_table = *bucket(timers, timer->id);
  *bucket(timers, timer->id) = timer;
  timers->total++;
  timer->web = web;
  timer->next_in_web = web->timers;
  timer->link_in_web = &web->timers;
  if (timer->next_in_web) timer->next_in_web->link_in_web = &timer->next_in_web;
  web->timers = timer;
  refer(timers, timer, true);
  if (timer->kind == IMMEDIATE) {
    append_immediate(timers, timer);
    ist__loop_hurry(loop);
  } else {
    /* As everywhere: at least a millisecond, and what does not fit 31 bits is one too. */
    double ms = ist__arg_number(call, 1, 1);
    if (!(ms >= 1 && ms <= 2147483647)) ms = 1;
    uv_update_time(&loop->uv);
    timer->interval = (uint64_t)ms;
    timer->due = uv_now(&loop->uv) + timer->interval;
    (void)push(timers, timer);
    if (timer->place == 0) ist__loop_hurry(loop);
  }
  *result = ist_double((double)timer->id);
  return IST_OK;
}

static ist_status clear_timer(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ist__web *web = env;
  ist__timer *timer = own(web, call);
  if (timer) clear(web->loop, timer);
  tell_of_fewer(web->loop);
  return IST_OK;
}

static ist_status ref_timer(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ist__web *web = env;
  ist__timer *timer = own(web, call);
  if (timer) refer(&web->loop->timers, timer, ist__value_is_true(ist__arg(call, 1)));
  tell_of_fewer(web->loop);
  return IST_OK;
}

static ist_status has_ref_timer(void *env, const ist_call *call, ist_value *result) {
  ist__timer *timer = own(env, call);
  *result = ist_bool(timer && timer->referenced);
  return IST_OK;
}

ist_status ist__timers_install(ist__web *web, ist_value native) {
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
    ist_status status =
        ist__define_function(web->context, native, functions[i].name, functions[i].fn, web);
    if (status) return status;
  }
  return IST_OK;
}
