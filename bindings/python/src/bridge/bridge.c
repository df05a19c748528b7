/* bridge.c: operations on an isolate, each one call from Python. An operation takes the isolate's
 * lock here (so that the wait can end for a signal), opens a scope of isthmus.h, converts what
 * comes in and goes out, and gives both back. Nothing here may call Python while it holds a mutex
 * of its own. */
#include "bridge.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge_table.h"

/* What a callback of JavaScript's is for. */
typedef struct callable {
  ipy_isolate *core;
  int64_t host;
  uint32_t flags;
} callable;

static _Atomic bool stopped;

/* While the main thread is long in JavaScript, Python is asked whether a signal has come. */
static struct {
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  pthread_t main;
  _Atomic uint64_t turn; /* odd while the main thread is in an operation */
  ipy_isolate *_Atomic inside;
  _Atomic bool asleep;
  _Atomic bool asked;
  bool started;
} watch = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* ---- Counting ---- */

void ipy__core_hold(ipy_isolate *core) {
  atomic_fetch_add_explicit(&core->references, 1, memory_order_relaxed);
}

void ipy__core_give(ipy_isolate *core) {
  if (atomic_fetch_sub_explicit(&core->references, 1, memory_order_acq_rel) != 1) return;
  /* The watch looks at an isolate only with this, and only while it is in use. */
  pthread_mutex_lock(&watch.mutex);
  pthread_mutex_unlock(&watch.mutex);
  ipy__table_free(&core->table);
  free(core->drops);
  free(core->errors);
  free(core->released);
  pthread_mutex_destroy(&core->lock);
  pthread_mutex_destroy(&core->queues);
  free(core);
}

/* ---- What other threads leave ---- */

static bool push(void **list, size_t *count, size_t *capacity, size_t size, const void *what) {
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

void ipy_drop(ipy_isolate *core, int64_t id) {
  pthread_mutex_lock(&core->queues);
  if (!core->closed)
    push((void **)&core->drops, &core->drop_count, &core->drop_room, sizeof id, &id);
  atomic_store_explicit(&core->owed, true, memory_order_relaxed);
  pthread_mutex_unlock(&core->queues);
}

void ipy_drop_error(ipy_isolate *core, ist_error *error) {
  pthread_mutex_lock(&core->queues);
  bool kept = !core->closed && push((void **)&core->errors, &core->error_count, &core->error_room,
                                    sizeof error, &error);
  atomic_store_explicit(&core->owed, true, memory_order_relaxed);
  pthread_mutex_unlock(&core->queues);
  if (!kept) ist_error_free(error);
}

void ipy_release(ipy_isolate *core, int64_t host) {
  pthread_mutex_lock(&core->queues);
  bool late = core->closed;
  if (!late)
    push((void **)&core->released, &core->released_count, &core->released_room, sizeof host, &host);
  atomic_store_explicit(&core->owes_python, true, memory_order_relaxed);
  pthread_mutex_unlock(&core->queues);
  if (late && !atomic_load(&stopped)) ipy_on_release(core->key, &host, 1);
}

/* With the isolate held: lets go of what Python has dropped. */
static void pay(ipy_isolate *core) {
  while (atomic_load_explicit(&core->owed, memory_order_relaxed)) {
    pthread_mutex_lock(&core->queues);
    int64_t *drops = core->drops;
    ist_error **errors = core->errors;
    size_t drop_count = core->drop_count, error_count = core->error_count;
    core->drops = NULL;
    core->errors = NULL;
    core->drop_count = core->drop_room = core->error_count = core->error_room = 0;
    atomic_store_explicit(&core->owed, false, memory_order_relaxed);
    pthread_mutex_unlock(&core->queues);
    for (size_t i = 0; i < drop_count; i++) ipy__table_drop(core, drops[i]);
    for (size_t i = 0; i < error_count; i++) ist_error_free(errors[i]);
    free(drops);
    free(errors);
  }
}

/* With nothing held: tells Python which of its objects JavaScript has forgotten. */
static void tell(ipy_isolate *core) {
  for (;;) {
    pthread_mutex_lock(&core->queues);
    int64_t *released = core->released;
    size_t count = core->released_count;
    core->released = NULL;
    core->released_count = core->released_room = 0;
    atomic_store_explicit(&core->owes_python, false, memory_order_relaxed);
    pthread_mutex_unlock(&core->queues);
    if (!count) return free(released);
    if (!atomic_load(&stopped)) ipy_on_release(core->key, released, count);
    free(released);
  }
}

/* ---- The watch ---- */

static void look(void *env, ist_isolate *isolate) {
  (void)env;
  ipy_isolate *core = atomic_load(&watch.inside);
  if (atomic_load(&stopped) || !core || core->isolate != isolate ||
      !pthread_equal(pthread_self(), watch.main))
    return;
  if (ipy_on_look(core->key)) ist_isolate_terminate(isolate);
}

static void looked(void *env) {
  (void)env;
  atomic_store(&watch.asked, false);
}

static void *watching(void *env) {
  (void)env;
  uint64_t last = 0;
  int quiet = 0;
  for (;;) {
    pthread_mutex_lock(&watch.mutex);
    if (quiet > 20) {
      atomic_store(&watch.asleep, true);
      while (atomic_load(&watch.asleep)) pthread_cond_wait(&watch.wake, &watch.mutex);
      quiet = 0;
    }
    pthread_mutex_unlock(&watch.mutex);
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    uint64_t turn = atomic_load(&watch.turn);
    if (turn != last) {
      last = turn;
      quiet = 0;
      continue;
    }
    if (!(turn & 1)) {
      quiet++;
      continue;
    }
    pthread_mutex_lock(&watch.mutex);
    ipy_isolate *core = atomic_load(&watch.inside);
    if (core && atomic_load(&watch.turn) == turn && !atomic_load(&stopped) &&
        !atomic_exchange(&watch.asked, true) &&
        ist_isolate_interrupt(core->isolate, look, NULL, looked))
      atomic_store(&watch.asked, false);
    pthread_mutex_unlock(&watch.mutex);
  }
  return NULL;
}

void ipy_start(void) {
  if (watch.started) return;
  watch.main = pthread_self();
  watch.started = true;
  pthread_t thread;
  atomic_store(&watch.asleep, false);
  if (!pthread_create(&thread, NULL, watching, NULL)) pthread_detach(thread);
}

void ipy_stop(void) {
  atomic_store(&stopped, true);
}

bool ipy__stopped(void) {
  return atomic_load_explicit(&stopped, memory_order_relaxed);
}

static void watch_begin(ipy_isolate *core, ipy_hold *hold) {
  hold->watched = watch.started && pthread_equal(pthread_self(), watch.main);
  if (!hold->watched) return;
  hold->previous = atomic_load_explicit(&watch.inside, memory_order_relaxed);
  atomic_store_explicit(&watch.inside, core, memory_order_relaxed);
  uint64_t turn = atomic_load_explicit(&watch.turn, memory_order_relaxed);
  atomic_store_explicit(&watch.turn, turn + (turn & 1 ? 2 : 1), memory_order_release);
  if (!atomic_load_explicit(&watch.asleep, memory_order_relaxed)) return;
  pthread_mutex_lock(&watch.mutex);
  atomic_store(&watch.asleep, false);
  pthread_cond_signal(&watch.wake);
  pthread_mutex_unlock(&watch.mutex);
}

static void watch_end(ipy_hold *hold) {
  if (!hold->watched) return;
  atomic_store_explicit(&watch.inside, hold->previous, memory_order_relaxed);
  uint64_t turn = atomic_load_explicit(&watch.turn, memory_order_relaxed);
  atomic_store_explicit(&watch.turn, turn + (hold->previous ? 2 : 1), memory_order_release);
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

static int failed(ipy_frame *frame, ist_status status) {
  if (frame) frame->status = (int32_t)status;
  return IPY_FAILED;
}

int ipy_enter(ipy_isolate *core, ipy_hold *hold, ipy_frame *frame, bool limited) {
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
    return failed(frame, status);
  }
  hold->core = core;
  watch_begin(core, hold);
  if (atomic_load_explicit(&core->owed, memory_order_relaxed)) pay(core);
  return 0;
}

int ipy_leave(ipy_hold *hold) {
  ipy_isolate *core = hold->core;
  int ended = 0;
  if (!core) return 0;
  hold->core = NULL;
  watch_end(hold);
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

void ipy_isolate_set_limits(ipy_isolate *core, uint64_t wall, uint64_t cpu) {
  core->wall = wall;
  core->cpu = cpu;
}

void ipy_isolate_terminate(ipy_isolate *core) {
  ist_isolate_terminate(core->isolate);
}

ipy_isolate *ipy_isolate_new(ist_isolate *isolate, int64_t key, uint64_t wall, uint64_t cpu) {
  ipy_isolate *core = calloc(1, sizeof *core);
  if (!core) return NULL;
  core->isolate = isolate;
  core->key = key;
  core->wall = wall;
  core->cpu = cpu;
  core->references = 1;
  pthread_mutex_init(&core->lock, NULL);
  pthread_mutex_init(&core->queues, NULL);
  return core;
}

int ipy_isolate_close(ipy_isolate *core) {
  if (ipy_isolate_held(core)) return IPY_FAILED;
  int answer = take(core);
  if (answer) return answer;
  if (!core->closed) {
    pay(core);
    if (ist_isolate_free(core->isolate) == IST_ERR_STATE) {
      give(core);
      return IPY_FAILED;
    }
    pthread_mutex_lock(&core->queues);
    core->closed = true;
    size_t count = core->error_count;
    core->error_count = 0;
    pthread_mutex_unlock(&core->queues);
    for (size_t i = 0; i < count; i++) ist_error_free(core->errors[i]);
    ipy__table_free(&core->table);
  }
  give(core);
  tell(core);
  return 0;
}

void ipy_isolate_free(ipy_isolate *core) {
  ipy__core_give(core);
}

size_t ipy_table_size(const ipy_isolate *core) {
  return core->table.live;
}

/* ---- Frames ---- */

/* A block of text that did not fit into its frame. */
typedef struct block {
  struct block *next;
  size_t size;
  max_align_t bytes[];
} block;

/* A large block is kept for the next text: memory that is new each time takes longer than copying.
 */
enum { LARGE = 64 * 1024, LARGEST_KEPT = 4 * 1024 * 1024 };
static block *_Atomic spare;

static void give_block(block *made) {
  if (made->size >= LARGE && made->size <= LARGEST_KEPT) made = atomic_exchange(&spare, made);
  free(made);
}

void ipy_frame_reset(ipy_frame *frame) {
  while (frame->more) {
    block *first = frame->more;
    frame->more = first->next;
    give_block(first);
  }
  if (frame->error) ist_error_free(frame->error);
  frame->error = NULL;
  frame->used = 0;
}

static char *room(ipy_frame *frame, size_t size) {
  size_t at = (frame->used + 7) & ~(size_t)7;
  if (size <= sizeof frame->text && at <= sizeof frame->text - size) {
    frame->used = at + size;
    return frame->text + at;
  }
  if (size > SIZE_MAX - sizeof(block)) return NULL;
  block *made = size >= LARGE ? atomic_exchange(&spare, NULL) : NULL;
  if (made && made->size < size) {
    free(made);
    made = NULL;
  }
  if (!made) {
    made = malloc(sizeof *made + size);
    if (!made) return NULL;
    made->size = size;
  }
  made->next = frame->more;
  frame->more = made;
  return (char *)made->bytes;
}

bool ipy_frame_args(ipy_frame *frame, uint32_t argc) {
  frame->argc = argc;
  frame->argv = frame->args;
  if (argc <= sizeof frame->args / sizeof *frame->args) return true;
  frame->argv = (ipy_item *)room(frame, argc * sizeof *frame->argv);
  if (!frame->argv) frame->argc = 0;
  return frame->argv;
}

/* A Python object that JavaScript holds, for something of its own: an exception, memory. */
typedef struct held {
  ipy_isolate *core;
  int64_t host;
} held;

static void forget_held(void *env) {
  held *made = env;
  ipy_release(made->core, made->host);
  ipy__core_give(made->core);
  free(made);
}

/* NULL when memory is out; the object is released then. */
static held *hold_object(ipy_isolate *core, int64_t host) {
  held *made = malloc(sizeof *made);
  if (!made) {
    ipy_release(core, host);
    return NULL;
  }
  *made = (held){core, host};
  ipy__core_hold(core);
  return made;
}

/* ---- From JavaScript to an item ---- */

static bool is_integer(double number) {
  return number >= -9007199254740991.0 && number <= 9007199254740991.0 &&
         number == (double)(int64_t)number && (number || !signbit(number));
}

static int lift_string(ist_isolate *isolate, ist_value value, ipy_item *item, ipy_frame *frame) {
  ist_encoding encoding = IST_LATIN1;
  size_t unit = 1, capacity = sizeof frame->text / 2, length;
  item->tag = IPY_LATIN1;
  for (;;) {
    char *text = frame->text + ((frame->used + 7) & ~(size_t)7);
    bool fits = frame->used + 8 + capacity * unit <= sizeof frame->text;
    if (!fits) {
      ist_status status = ist_string_length(isolate, value, encoding, &capacity);
      if (status == IST_ERR_TYPE && encoding == IST_LATIN1) goto wide;
      if (status) return failed(frame, status);
      text = room(frame, capacity * unit);
      if (!text) return failed(frame, IST_ERR_MEMORY);
    }
    ist_status status = ist_string_write(isolate, value, encoding, text, capacity, &length);
    if (!status) {
      if (fits) frame->used = (size_t)(text - frame->text) + length * unit;
      item->data = text;
      item->length = length;
      return 0;
    }
    if (status == IST_ERR_LIMIT && fits) {
      capacity = length > sizeof frame->text ? length : sizeof frame->text;
      continue;
    }
    if (status != IST_ERR_TYPE || encoding != IST_LATIN1) return failed(frame, status);
  wide:
    encoding = IST_UTF16;
    item->tag = IPY_UTF16;
    unit = 2;
    capacity = sizeof frame->text / 4;
  }
}

static int lift_bigint(ist_isolate *isolate, ist_value value, ipy_item *item, ipy_frame *frame) {
  bool negative = false;
  uint64_t few[4];
  size_t count = 4;
  ist_status status = ist_bigint_read(isolate, value, &negative, few, &count);
  if (status && status != IST_ERR_LIMIT) return failed(frame, status);
  char *words = room(frame, count * 8);
  if (!words) return failed(frame, IST_ERR_MEMORY);
  if (status)
    status = ist_bigint_read(isolate, value, &negative, (uint64_t *)(void *)words, &count);
  else
    memcpy(words, few, count * 8);
  if (status) return failed(frame, status);
  item->tag = IPY_BIGINT;
  item->kind = negative;
  item->data = words;
  item->length = count;
  return 0;
}

static void lift_view(ipy_isolate *core, ist_value value, ipy_item *item) {
  uint8_t *bytes;
  size_t length;
  ist_store *store;
  if (ist_bytes_read(core->isolate, value, &bytes, &length)) return;
  if (ist_store_of(core->isolate, value, &store)) return;
  item->tag = IPY_VIEW;
  item->data = (char *)bytes;
  item->length = length;
  item->store = store;
}

static int lift_object(ipy_isolate *core, ist_context *context, ist_value value, ipy_item *item,
                       ipy_frame *frame) {
  ist_class kind = IST_CLASS_NONE;
  ist_status status = IST_OK;
  if (value.type != IST_SYMBOL) status = ist_value_class(core->isolate, value, &kind);
  if (status) return failed(frame, status);
  item->kind = (int32_t)kind;
  if (kind == IST_CLASS_DATE && !ist_date_read(core->isolate, value, &item->number)) {
    item->tag = IPY_DATE;
    return 0;
  }
  int64_t host;
  status = ipy__table_find(core, context, value, &item->integer, &host);
  if (status) return failed(frame, status);
  if (host) {
    item->tag = IPY_HOST;
    item->integer = host;
    return 0;
  }
  item->tag = value.type == IST_SYMBOL ? IPY_SYMBOL : IPY_OBJECT;
  if (kind >= IST_CLASS_ARRAY_BUFFER && kind <= IST_CLASS_DATA_VIEW) lift_view(core, value, item);
  return 0;
}

int ipy_lift(ipy_isolate *core, ist_context *context, ist_value value, ipy_item *item,
             ipy_frame *frame) {
  switch (value.type) {
  case IST_UNDEFINED: item->tag = IPY_UNDEFINED; return 0;
  case IST_NULL: item->tag = IPY_NULL; return 0;
  case IST_BOOL: item->tag = value.as.boolean ? IPY_TRUE : IPY_FALSE; return 0;
  case IST_INT32:
    item->tag = IPY_INT;
    item->integer = value.as.int32;
    return 0;
  case IST_DOUBLE: {
    double number = value.as.number;
    if (is_integer(number)) {
      item->tag = IPY_INT;
      item->integer = (int64_t)number;
    } else {
      item->tag = IPY_DOUBLE;
      item->number = number;
    }
    return 0;
  }
  case IST_STRING: return lift_string(core->isolate, value, item, frame);
  case IST_BIGINT: return lift_bigint(core->isolate, value, item, frame);
  default: return lift_object(core, context, value, item, frame);
  }
}

/* ---- From an item to JavaScript ---- */

int ipy_lower(ipy_isolate *core, ist_context *context, ipy_item *item, ist_value *value,
              ipy_frame *frame) {
  ist_status status = IST_OK;
  switch (item->tag) {
  case IPY_UNDEFINED: *value = ist_undefined(); return 0;
  case IPY_NULL: *value = ist_null(); return 0;
  case IPY_FALSE: *value = ist_bool(false); return 0;
  case IPY_TRUE: *value = ist_bool(true); return 0;
  case IPY_INT:
    if (item->integer >= INT32_MIN && item->integer <= INT32_MAX)
      *value = ist_int32((int32_t)item->integer);
    else
      *value = ist_double((double)item->integer);
    return 0;
  case IPY_DOUBLE: *value = ist_double(item->number); return 0;
  case IPY_LATIN1:
    status = ist_string_new_as(core->isolate, IST_LATIN1, item->data, item->length, value);
    break;
  case IPY_UTF16:
    status = ist_string_new_as(core->isolate, IST_UTF16, item->data, item->length, value);
    break;
  case IPY_LENT: {
    held *made = hold_object(core, item->integer);
    item->integer = 0;
    if (!made) return failed(frame, IST_ERR_MEMORY);
    status = ist_string_adopt(core->isolate, IST_LATIN1, item->data, item->length, forget_held,
                              made, value);
    break;
  }
  case IPY_BIGINT:
    status = ist_bigint_new(context, item->kind, (const uint64_t *)(const void *)item->data,
                            item->length, value);
    break;
  case IPY_DATE: status = ist_date_new(context, item->number, value); break;
  case IPY_OBJECT:
  case IPY_SYMBOL:
  case IPY_VIEW:
    if (!item->integer) return (void)ist_context_global(context, value), 0;
    return ipy__table_value(core, item->integer, value) ? 0 : IPY_STALE;
  case IPY_DOUBLES:
    status = ist_array_new_doubles(context, (const double *)(const void *)item->data, item->length,
                                   value);
    break;
  case IPY_COPY: status = ist_bytes_new(context, item->data, item->length, value); break;
  case IPY_CBOR:
    status = ist_cbor_read(context, (const uint8_t *)item->data, item->length, NULL, value,
                           &frame->error);
    break;
  default: status = IST_ERR_ARGUMENT;
  }
  return status ? failed(frame, status) : 0;
}

/* ---- Operations ---- */

/* What an operation is about, once it has begun. */
typedef struct operation {
  ipy_isolate *core;
  ist_context *context;
  ipy_frame *frame;
  ipy_hold hold;
} operation;

static int begin(operation *made, uintptr_t place_at, uintptr_t frame_at) {
  const ipy_place *place = (const ipy_place *)place_at;
  ipy_frame *frame = (ipy_frame *)frame_at;
  made->core = place->core;
  made->context = place->context;
  made->frame = frame;
  if (!place->context) return IPY_CLOSED;
  if (frame->error) {
    ist_error_free(frame->error);
    frame->error = NULL;
  }
  return ipy_enter(place->core, &made->hold, frame, true);
}

/* The end of each: the result as an item, the hold back, and the answer. */
static int answer_with(operation *made, ist_status status, ist_value value) {
  ipy_frame *frame = made->frame;
  int answer;
  if (status) {
    answer = failed(frame, status);
  } else {
    answer = ipy_lift(made->core, made->context, value, &frame->result, frame);
    if (!answer) answer = frame->result.tag;
  }
  ipy_leave(&made->hold);
  return answer;
}

/* The end of one that could not do its work. */
static int give_up(operation *made, int answer) {
  ipy_leave(&made->hold);
  return answer;
}

int ipy_eval(uintptr_t place, const char *source, size_t length, const char *file, int line_offset,
             uintptr_t frame_at) {
  operation op;
  int answer = begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value result = ist_undefined();
  ist_error **error = &op.frame->error;
  ist_status status;
  if (!line_offset) {
    status = ist_script_eval(op.context, source, length, file, &result, error);
  } else {
    ist_source text = {.size = sizeof text,
                       .text = source,
                       .length = length,
                       .file = file,
                       .line_offset = line_offset};
    ist_script *script;
    status = ist_script_compile(op.context, &text, &script, error);
    if (!status) {
      status = ist_script_run(op.context, script, &result, error);
      ist_script_free(script);
    }
  }
  return answer_with(&op, status, result);
}

/* The arguments as values: in `few`, or in memory of the frame's. NULL after an answer. */
static ist_value *lower_args(operation *op, uint32_t argc, ist_value few[8], int *answer) {
  ist_value *values = few;
  if (argc > 8) values = (ist_value *)room(op->frame, argc * sizeof *values);
  if (!values) {
    *answer = failed(op->frame, IST_ERR_MEMORY);
    return NULL;
  }
  ipy_item *argv = op->frame->argv;
  op->frame->argv = op->frame->args;
  for (uint32_t i = 0; i < argc && !*answer; i++)
    *answer = ipy_lower(op->core, op->context, &argv[i], &values[i], op->frame);
  return values;
}

static int call(uintptr_t place, int64_t function, int64_t receiver, bool construct, uint32_t argc,
                uintptr_t frame_at) {
  operation op;
  int answer = begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value few[8], called, this_value = ist_undefined(), result = ist_undefined();
  ist_value *values = lower_args(&op, argc, few, &answer);
  if (!answer && (!ipy__table_value(op.core, function, &called) ||
                  (receiver && !ipy__table_value(op.core, receiver, &this_value))))
    answer = IPY_STALE;
  if (answer) return give_up(&op, answer);
  ist_status status = construct ? ist_function_construct(op.context, called, argc, values, &result,
                                                         &op.frame->error)
                                : ist_function_call(op.context, called, this_value, argc, values,
                                                    &result, &op.frame->error);
  return answer_with(&op, status, result);
}

int ipy_call(uintptr_t place, int64_t function, uint32_t argc, uintptr_t frame) {
  return call(place, function, 0, false, argc, frame);
}

int ipy_call_on(uintptr_t place, int64_t function, int64_t receiver, uint32_t argc,
                uintptr_t frame) {
  return call(place, function, receiver, false, argc, frame);
}

int ipy_construct(uintptr_t place, int64_t function, uint32_t argc, uintptr_t frame) {
  return call(place, function, 0, true, argc, frame);
}

/* The object that an operation is about; 0 is the global object. */
static int object_of(const operation *op, int64_t id, ist_value *value) {
  if (id) return ipy__table_value(op->core, id, value) ? 0 : IPY_STALE;
  return ist_context_global(op->context, value) ? IPY_CLOSED : 0;
}

int ipy_get(uintptr_t place, int64_t object, uintptr_t frame_at) {
  operation op;
  int answer = begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value about, key, result = ist_undefined();
  answer = object_of(&op, object, &about);
  if (!answer) answer = ipy_lower(op.core, op.context, &op.frame->args[0], &key, op.frame);
  if (answer) return give_up(&op, answer);
  ist_status status = ist_object_get_key(op.context, about, key, &result, &op.frame->error);
  return answer_with(&op, status, result);
}

int ipy_set(uintptr_t place, int64_t object, uintptr_t frame_at) {
  operation op;
  int answer = begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value about, key, value;
  answer = object_of(&op, object, &about);
  if (!answer) answer = ipy_lower(op.core, op.context, &op.frame->args[0], &key, op.frame);
  if (!answer) answer = ipy_lower(op.core, op.context, &op.frame->args[1], &value, op.frame);
  if (answer) return give_up(&op, answer);
  ist_status status = ist_object_set_key(op.context, about, key, value, &op.frame->error);
  return answer_with(&op, status, ist_undefined());
}

int ipy_numbers(uintptr_t place, int64_t array, uintptr_t frame_at) {
  operation op;
  int answer = begin(&op, place, frame_at);
  if (answer) return answer;
  ipy_frame *frame = op.frame;
  ist_value about;
  uint32_t length = 0, got = 0;
  if (!ipy__table_value(op.core, array, &about)) return give_up(&op, IPY_STALE);
  ist_status status = ist_array_length(op.core->isolate, about, &length);
  double *numbers =
      status ? NULL : (double *)(void *)room(frame, (size_t)length * sizeof *numbers + 1);
  if (!numbers) return give_up(&op, failed(frame, status ? status : IST_ERR_MEMORY));
  status = ist_array_read_doubles(op.context, about, 0, numbers, length, &got, &frame->error);
  ipy_leave(&op.hold);
  if (status == IST_ERR_TYPE) return IPY_UNDEFINED;
  if (status) return failed(frame, status);
  uint32_t whole = 0;
  for (uint32_t i = 0; i < got; i++) whole += is_integer(numbers[i]);
  frame->result.kind = !whole ? 0 : whole == got ? 1 : 2;
  if (frame->result.kind == 1)
    for (uint32_t i = 0; i < got; i++) {
      int64_t integer = (int64_t)numbers[i];
      memcpy(&numbers[i], &integer, sizeof integer);
    }
  frame->result.data = (char *)numbers;
  frame->result.length = got;
  return IPY_DOUBLES;
}

int ipy_cbor(uintptr_t place, int64_t object, const ist_cbor_options *options, uintptr_t frame_at) {
  operation op;
  int answer = begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value about;
  uint8_t *bytes = NULL;
  size_t length = 0;
  answer = object_of(&op, object, &about);
  if (answer) return give_up(&op, answer);
  ist_status status = ist_cbor_write(op.context, about, options, &bytes, &length, &op.frame->error);
  ipy_leave(&op.hold);
  if (status) return failed(op.frame, status);
  op.frame->result.data = (char *)bytes;
  op.frame->result.length = length;
  return IPY_CBOR;
}

/* ---- Functions ---- */

static void forget_callable(void *env) {
  callable *made = env;
  ipy_release(made->core, made->host);
  ipy__core_give(made->core);
  free(made);
}

int64_t ipy_error_host(const ist_error *error) {
  return error->host ? ((const held *)error->host)->host : 0;
}

/* The frame's text holds name and message, one after the other. */
void ipy_throw(ipy_frame *frame, const char *name, const char *message, int64_t host) {
  size_t name_size = strlen(name) + 1, message_size = strlen(message) + 1;
  char *text = room(frame, name_size + message_size);
  frame->result.integer = host;
  frame->result.data = text;
  frame->result.length = name_size;
  if (!text) return;
  memcpy(text, name, name_size);
  memcpy(text + name_size, message, message_size);
}

void ipy_rethrow(ipy_frame *frame, const ist_error *error) {
  frame->result.data = (char *)(uintptr_t)error;
}

static ist_status throw_exception(ipy_isolate *core, const ist_call *call, const ipy_frame *frame) {
  const ipy_item *item = &frame->result;
  const char *name = item->data ? item->data : "Error";
  const char *message = item->data ? item->data + item->length : "out of memory";
  held *made = hold_object(core, item->integer);
  if (!made) return IST_ERR_MEMORY;
  return ist_throw_host(call->context, name, message, made, forget_held);
}

static ist_status on_call(void *env, const ist_call *call, ist_value *result) {
  const callable *made = env;
  ipy_isolate *core = made->core;
  if (atomic_load_explicit(&stopped, memory_order_relaxed)) return IST_ERR_TERMINATED;
  ipy_frame frame;
  memset(&frame, 0, offsetof(ipy_frame, args));
  frame.error = NULL;
  frame.more = NULL;
  frame.used = 0;
  bool receiver = made->flags & IPY_FN_RECEIVER;
  if (call->argc >= UINT32_MAX || !ipy_frame_args(&frame, (uint32_t)call->argc + receiver))
    return IST_ERR_MEMORY;
  ist_status status = IST_OK;
  int answer = 0;
  if (receiver) answer = ipy_lift(core, call->context, call->receiver, &frame.argv[0], &frame);
  for (uint32_t i = 0; i < call->argc && !answer; i++)
    answer = ipy_lift(core, call->context, call->argv[i], &frame.argv[i + receiver], &frame);
  if (answer) {
    status = (ist_status)frame.status;
  } else {
    void *number = NULL;
    ist_context_data(call->context, &number);
    switch (ipy_on_call(core->key, (int64_t)(intptr_t)number, made->host, &frame)) {
    case IPY_RETURNS:
      answer = ipy_lower(core, call->context, &frame.result, result, &frame);
      if (answer && frame.error)
        status = ist_throw_again(call->context, frame.error);
      else if (answer)
        status = answer == IPY_STALE ? IST_ERR_HANDLE : (ist_status)frame.status;
      break;
    case IPY_THROWS: status = throw_exception(core, call, &frame); break;
    case IPY_RETHROWS:
      status = ist_throw_again(call->context, (const ist_error *)(void *)frame.result.data);
      break;
    default: status = IST_ERR_TERMINATED;
    }
  }
  ipy_frame_reset(&frame);
  return status;
}

int64_t ipy_stand_for(ipy_isolate *core, ist_context *context, ist_value object, int64_t host) {
  return ipy__table_stand(core, context, object, host);
}

/* The end of an operation that has made what stands for something of Python's. */
static int stand_for(operation *op, ist_status status, ist_value value, int64_t host) {
  int64_t id = status ? 0 : ipy__table_stand(op->core, op->context, value, host);
  if (!id) return give_up(op, failed(op->frame, status ? status : IST_ERR_MEMORY));
  op->frame->result.tag = IPY_OBJECT;
  op->frame->result.integer = id;
  return give_up(op, IPY_OBJECT);
}

int ipy_function(uintptr_t place, const char *name, int64_t host, uint32_t flags,
                 uintptr_t frame_at) {
  operation op;
  int answer = begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value function;
  callable *made = malloc(sizeof *made);
  if (!made) return give_up(&op, failed(op.frame, IST_ERR_MEMORY));
  *made = (callable){op.core, host, flags};
  ipy__core_hold(op.core);
  ist_status status = ist_function_new(op.context, name, on_call, made, forget_callable, &function);
  return stand_for(&op, status, function, host);
}

int ipy_pin(ipy_isolate *core, int64_t id) {
  ipy_hold hold;
  int answer = ipy_enter(core, &hold, NULL, false);
  if (answer) return answer;
  answer = ipy__table_pin(core, id);
  ipy_leave(&hold);
  return answer;
}

int ipy_adopt(uintptr_t place, void *bytes, size_t length, int64_t host, uintptr_t frame_at) {
  operation op;
  int answer = begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value value;
  held *made = hold_object(op.core, host);
  if (!made) return give_up(&op, failed(op.frame, IST_ERR_MEMORY));
  ist_status status = ist_bytes_adopt(op.context, bytes, length, forget_held, made, &value);
  return stand_for(&op, status, value, 0);
}

void ipy_forget_context(ipy_isolate *core, ist_context *context) {
  ipy__table_forget(core, context);
}
