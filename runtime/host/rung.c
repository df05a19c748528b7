/* The rungs within one process: shared, compartment, context and isolate. A rung is the isolate of
 * one thread, which stays entered, and makes for each job what its isolation asks for. Everything
 * that a program can take long for lies within one pair of limits; what it leaves behind is taken
 * away outside of them, and what it has spoilt is made anew at the next job. */
#include "pool.h"

#include <stdio.h>
#include <string.h>

/* How many programs stay compiled. */
enum { KEPT_PROGRAMS = 16 };

/* How many runs may pass, and for how long one may take, before the heap is looked at. */
enum { LOOK_AFTER_RUNS = 64, LOOK_AFTER_NANOSECONDS = 10000000 };

/* Which part of the limit the buffers may take that runs leave behind in one context; and how many
 * bytes where there is no limit. */
enum { BUFFERS_PART = 8, BUFFERS_MOST = 64 << 20 };

/* A sweep that takes so long is slow, and after as many of these one after the other a new context
 * is cheaper. */
enum { SLOW_SWEEP_NANOSECONDS = 1000000, SLOW_SWEEPS = 3 };

/* A program as this isolate knows it. */
typedef struct ist__known {
  ist__program *program; /* retained */
  ist_script *script;
} ist__known;

typedef struct thread_rung {
  ist__rung head;
  ist_isolation isolation;
  ist_limits limits;
  ist_isolate_options options;
  pthread_mutex_t reach; /* `isolate` changes under it, so that other threads may interrupt */
  ist_isolate *isolate;  /* entered by the rung's thread; NULL: to be made */
  ist_context *context;  /* NULL: to be made */
  ist_value input_name;  /* kept */
  ist__known known[KEPT_PROGRAMS]; /* the one that was used last at first */
  size_t known_count;
  ist__job *job;        /* that runs */
  uint32_t runs;        /* since the heap was looked at */
  size_t buffers;       /* bytes of buffers, the least that there were since the context was made */
  uint32_t slow_sweeps; /* the latest ones, one after the other */
  bool abandoned;       /* the run was stopped, and its microtasks may be left */
} thread_rung;

static thread_rung *rung_of(ist__rung *head) {
  return (thread_rung *)head;
}

/* ---- Making and dropping ---- */

static void forget(ist__known *known) {
  ist_script_free(known->script);
  ist__program_release(known->program);
}

static void drop_context(thread_rung *rung) {
  if (!rung->context) return;
  (void)ist_context_free(rung->context);
  rung->context = NULL;
}

static void drop_isolate(thread_rung *rung) {
  ist_isolate *isolate = rung->isolate;
  if (!isolate) return;
  drop_context(rung);
  for (size_t i = 0; i < rung->known_count; i++) forget(&rung->known[i]);
  rung->known_count = 0;
  pthread_mutex_lock(&rung->reach);
  rung->isolate = NULL;
  pthread_mutex_unlock(&rung->reach);
  (void)ist_isolate_leave(isolate);
  (void)ist_isolate_free(isolate);
}

static void count_replaced(thread_rung *rung) {
  atomic_fetch_add_explicit(&rung->head.replaced, 1, memory_order_relaxed);
}

static ist_status make_isolate(thread_rung *rung) {
  if (rung->isolate) return IST_OK;
  ist_isolate *isolate;
  ist_status status = ist_isolate_new(&rung->options, &isolate);
  if (status) return status;
  status = ist_isolate_enter(isolate);
  if (!status) status = ist_string_intern(isolate, "input", 5, &rung->input_name);
  if (status) {
    /* What was entered is left, too, or is refused when it was not. */
    (void)ist_isolate_leave(isolate);
    (void)ist_isolate_free(isolate);
    return status;
  }
  pthread_mutex_lock(&rung->reach);
  rung->isolate = isolate;
  pthread_mutex_unlock(&rung->reach);
  rung->runs = 0;
  return IST_OK;
}

static ist_status make_context(thread_rung *rung) {
  if (rung->context) return IST_OK;
  ist_context_options options = {.size = sizeof options,
                                 .frozen = rung->isolation == IST_ISOLATION_COMPARTMENT};
  rung->buffers = ist__buffers_used(rung->isolate);
  rung->slow_sweeps = 0;
  return ist_context_new(rung->isolate, &options, &rung->context);
}

/* A termination ends the call into V8 that it comes to, if that still looks; the next one begins
 * anew. So whoever stops a run is asked for after each. */
static ist_status unless_stopped(const thread_rung *rung, ist_status status) {
  return !status && atomic_load(&rung->job->stop) ? IST_ERR_TERMINATED : status;
}

/* ---- Programs ---- */

/* The script of a program, compiled at its first use in this isolate, and borrowed. */
static ist_status script_of(thread_rung *rung, ist__program *program, ist_script **result,
                            ist_error **error) {
  for (size_t i = 0; i < rung->known_count; i++) {
    if (rung->known[i].program != program) continue;
    ist__known found = rung->known[i];
    memmove(rung->known + 1, rung->known, i * sizeof found);
    rung->known[0] = found;
    *result = found.script;
    return IST_OK;
  }
  ist_source source = ist__program_source(program);
  ist_script *script;
  ist_status status = ist_script_compile(rung->context, &source, &script, error);
  if (status) return status;
  /* Those that nobody runs any more make room, and then the one that was used longest ago. */
  size_t count = 0;
  for (size_t i = 0; i < rung->known_count; i++) {
    ist__known known = rung->known[i];
    if (count == KEPT_PROGRAMS - 1 ||
        atomic_load_explicit(&known.program->retired, memory_order_relaxed))
      forget(&known);
    else
      rung->known[count++] = known;
  }
  memmove(rung->known + 1, rung->known, count * sizeof *rung->known);
  rung->known[0] = (ist__known){ist__program_retain(program), script};
  rung->known_count = count + 1;
  *result = script;
  return IST_OK;
}

/* Keeps the code of a program that has run, with what was compiled lazily, for the isolates that
 * come after. */
static void keep_code(ist__program *program, ist_script *script) {
  ist__code *none = NULL, *code = ist__malloc(sizeof *code);
  if (!code) return;
  if (ist_script_cache(script, &code->bytes, &code->length)) {
    ist__free(code);
  } else if (!atomic_compare_exchange_strong(&program->cache, &none, code)) {
    ist_free(code->bytes);
    ist__free(code);
  }
}

static ist_status evaluate(thread_rung *rung, ist__job *job, ist_value *value, ist_error **error) {
  ist__program *program = job->program;
  ist_script *script = NULL;
  if (rung->isolation <= IST_ISOLATION_COMPARTMENT) {
    ist_source source = ist__program_source(program);
    source.cache = NULL;
    source.cache_length = 0;
    return ist_compartment_eval(rung->context, &source, value, error);
  }
  ist_status status = unless_stopped(rung, script_of(rung, program, &script, error));
  if (!status) status = ist_script_run(rung->context, script, value, error);
  if (!status && rung->isolation == IST_ISOLATION_ISOLATE && !atomic_load(&program->cache))
    keep_code(program, script);
  return status;
}

/* ---- One run ---- */

/* Says that it is the input that cannot be read, not what the program has parsed. */
static void blame_input(ist_error *error, const char *form) {
  if (!error || !error->message) return;
  char start[64];
  int size = snprintf(start, sizeof start, "the input is not %s: ", form);
  size_t length = strlen(error->message) + 1;
  char *message = ist__malloc((size_t)size + length);
  if (!message) return;
  memcpy(message, start, (size_t)size);
  memcpy(message + size, error->message, length);
  ist__free((char *)error->message);
  error->message = message;
  /* It repeats the message as it was, and has no calls to show. */
  ist__free((char *)error->stack);
  error->stack = NULL;
}

static ist_status read_input(thread_rung *rung, ist__job *job, ist_value *value,
                             ist_error **error) {
  bool json = job->program->input == IST_FORMAT_JSON;
  ist_status status =
      json ? ist_json_read(rung->context, (const char *)job->input, job->length, value, error)
           : ist_cbor_read(rung->context, job->input, job->length, NULL, value, error);
  if (status == IST_ERR_SYNTAX || status == IST_ERR_FORMAT)
    blame_input(*error, json ? "JSON" : "CBOR");
  return status;
}

static ist_status define_input(thread_rung *rung, ist_value value, ist_error **error) {
  ist_property property = {.size = sizeof property,
                           .flags = IST_PROP_ALL,
                           .value = value,
                           .getter = ist_undefined(),
                           .setter = ist_undefined()};
  ist_value global;
  ist_status status = ist_context_global(rung->context, &global);
  if (status) return status;
  return ist_object_define_property(rung->context, global, rung->input_name, &property, error);
}

/* Makes the global `input`. */
static ist_status take_input(thread_rung *rung, ist__job *job, ist_error **error) {
  ist_value value;
  ist_status status = unless_stopped(rung, read_input(rung, job, &value, error));
  if (!status) status = define_input(rung, value, error);
  /* A shared context, in which a program has made that impossible, is of no use any more. */
  if (status == IST_ERR_STATE && rung->isolation == IST_ISOLATION_SHARED) {
    ist_error_free(*error);
    *error = NULL;
    drop_context(rung);
    count_replaced(rung);
    status = make_context(rung);
    if (!status) status = unless_stopped(rung, read_input(rung, job, &value, error));
    if (!status) status = define_input(rung, value, error);
  }
  if (!status) ist__job_forget_input(job);
  return unless_stopped(rung, status);
}

/* What a promise was settled with, in place of the promise. */
static ist_status settled(thread_rung *rung, ist_value *value, ist_error **error) {
  ist_class class = IST_CLASS_NONE;
  ist_promise_state state;
  ist_value promise = *value;
  if (promise.type != IST_OBJECT) return IST_OK;
  ist_status status = ist_value_class(rung->isolate, promise, &class);
  if (status || class != IST_CLASS_PROMISE) return status;
  status = ist_promise_read(rung->isolate, promise, &state, value);
  if (status || state == IST_PROMISE_FULFILLED) return status;
  *error = state == IST_PROMISE_REJECTED
               ? ist__error_of_value(rung->context, IST_ERR_EXCEPTION, *value)
               : ist_error_new(IST_ERR_EXCEPTION, "Error",
                               "the promise that the program gave is never settled");
  return *error ? IST_ERR_EXCEPTION : IST_ERR_MEMORY;
}

/* Values that need no JavaScript to be written. */
static bool give_plain(ist__job *job, ist_value value) {
  char text[16];
  int length;
  switch (value.type) {
  case IST_INT32: length = snprintf(text, sizeof text, "%d", value.as.int32); break;
  case IST_BOOL:
    length = snprintf(text, sizeof text, "%s", value.as.boolean ? "true" : "false");
    break;
  case IST_UNDEFINED:
  case IST_NULL: length = snprintf(text, sizeof text, "null"); break;
  default: return false;
  }
  ist__job_give(job, text, (size_t)length);
  return true;
}

static ist_status write_json(thread_rung *rung, ist__job *job, ist_value value, ist_error **error) {
  if (give_plain(job, value)) return IST_OK;
  ist_value text;
  char *bytes;
  size_t length;
  ist_status status = ist_json_write(rung->context, value, &text, error);
  if (status) return status;
  /* What JSON has no form for is null, as it is in an array. */
  if (text.type != IST_STRING) {
    ist__job_give(job, "null", 4);
    return IST_OK;
  }
  uint8_t small[64];
  status = ist_string_write(rung->isolate, text, IST_UTF8, small, sizeof small, &length);
  if (!status) {
    ist__job_give(job, small, length);
    return IST_OK;
  }
  status = ist_string_read(rung->isolate, text, &bytes, &length);
  if (!status) ist__job_give_owned(job, (uint8_t *)bytes, length);
  return status;
}

static ist_status write_cbor(thread_rung *rung, ist__job *job, ist_value value, ist_error **error) {
  uint8_t *bytes;
  size_t length;
  ist_status status = ist_cbor_write(rung->context, value, NULL, &bytes, &length, error);
  if (status) return status;
  uint8_t *ended = ist__realloc(bytes, length + 1);
  if (!ended) {
    ist__free(bytes);
    return IST_ERR_MEMORY;
  }
  ended[length] = '\0';
  ist__job_give_owned(job, ended, length);
  return IST_OK;
}

/* Microtasks of a run that was stopped might never end, and nothing would stop them again. */
static ist_status run_microtasks(thread_rung *rung) {
  rung->abandoned = atomic_load(&rung->job->stop);
  if (rung->abandoned) return IST_ERR_TERMINATED;
  return unless_stopped(rung, ist_isolate_run_microtasks(rung->isolate));
}

/* The job from its input to its value. Microtasks run whether or not the program has come to its
 * end, so that none is left to the next run; getters and toJSON of the value may queue more. */
static ist_status run_within(thread_rung *rung, ist__job *job, ist_error **error) {
  ist_value value;
  ist_status status = take_input(rung, job, error), after;
  if (status) return status;
  status = evaluate(rung, job, &value, error);
  after = run_microtasks(rung);
  if (after) return after;
  if (!status) status = settled(rung, &value, error);
  if (status) return status;
  bool json = job->program->output == IST_FORMAT_JSON;
  status = json ? write_json(rung, job, value, error) : write_cbor(rung, job, value, error);
  if (value.type < IST_OBJECT) return status;
  after = run_microtasks(rung);
  return after ? after : status;
}

/* Sets the end of a job that has failed. A value that it had already is taken back. */
static void fail_job(thread_rung *rung, ist__job *job, ist_status status, ist_error *error) {
  ist__job_take_back(job);
  ist__error_detach(rung->isolate, error);
  if (status == IST_ERR_TERMINATED && atomic_load(&job->stop)) {
    ist_error_free(error);
    ist__job_cancelled(job);
  } else if (error) {
    ist__job_fail(job, status, error);
  } else {
    ist__job_fail_with(job, status, NULL, NULL);
  }
}

/* ---- Between two runs ---- */

/* Whether programs have left so much in the heap that the isolate should be made anew. What a
 * collection would take away is no reason; it is only made when the heap is half full, so that as
 * much as a quarter of it was filled since the last one. */
static bool heap_is_full(thread_rung *rung) {
  ist_statistics statistics = {.size = sizeof statistics};
  if (ist_isolate_statistics(rung->isolate, &statistics)) return true;
  if (statistics.heap_used <= statistics.heap_limit / 2) return false;
  if (ist_isolate_collect(rung->isolate) || ist_isolate_statistics(rung->isolate, &statistics))
    return true;
  return statistics.heap_used > statistics.heap_limit / 4;
}

/* Whether programs may have tied buffers to what a frozen context began with, by private fields: no
 * sweep takes these away, and nobody else could make buffers any more. They go with the context. */
static bool keeps_buffers(thread_rung *rung) {
  size_t used = ist__buffers_used(rung->isolate), limit = rung->options.buffer_limit;
  if (used < rung->buffers) rung->buffers = used;
  return used - rung->buffers > (limit ? limit / BUFFERS_PART : BUFFERS_MOST);
}

/* Cleans the context up. False: another one is to be made, since it cannot be cleaned, or its
 * global object has so many private fields, which stay, that walking over them takes its time. */
static bool sweep(thread_rung *rung) {
  uint64_t began = ist__pool_now();
  if (ist_compartment_sweep(rung->context)) return false;
  bool slow = ist__pool_now() - began > SLOW_SWEEP_NANOSECONDS;
  rung->slow_sweeps = slow ? rung->slow_sweeps + 1 : 0;
  return rung->slow_sweeps < SLOW_SWEEPS;
}

static void clean_up(thread_rung *rung, const ist__job *job) {
  ist_status status = job->outcome.status;
  bool ended = status == IST_ERR_TIMEOUT || status == IST_ERR_TERMINATED;
  if (rung->abandoned || ist_isolate_spent(rung->isolate)) {
    drop_isolate(rung);
    count_replaced(rung);
    return;
  }
  switch (rung->isolation) {
  case IST_ISOLATION_ISOLATE: drop_isolate(rung); return;
  case IST_ISOLATION_COMPARTMENT:
    if (ended || !sweep(rung) || keeps_buffers(rung)) {
      drop_context(rung);
      count_replaced(rung);
    }
    break;
  case IST_ISOLATION_SHARED: break;
  default: drop_context(rung);
  }
  if (++rung->runs < LOOK_AFTER_RUNS && job->outcome.wall < LOOK_AFTER_NANOSECONDS) return;
  rung->runs = 0;
  if (!heap_is_full(rung)) return;
  drop_isolate(rung);
  count_replaced(rung);
}

/* Why there is no isolate or no context: the heap may be too small for one. */
static ist_error *error_of_making(thread_rung *rung, ist_status status) {
  bool spent = status == IST_ERR_MEMORY && rung->isolate && ist_isolate_spent(rung->isolate);
  ist_error *error = spent ? ist__limits_error(status) : NULL;
  return error ? error : ist_error_new(status, NULL, NULL);
}

static void run(ist__rung *head, ist__job *job) {
  thread_rung *rung = rung_of(head);
  ist_usage usage = {.size = sizeof usage};
  ist_error *error = NULL;
  uint32_t scope;
  ist_status status = make_isolate(rung);
  if (!status) status = make_context(rung);
  if (status) {
    ist__job_fail(job, status, error_of_making(rung, status));
    if (rung->isolate && ist_isolate_spent(rung->isolate)) drop_isolate(rung);
    return;
  }
  rung->job = job;
  rung->abandoned = false;
  status = ist_limits_begin(rung->isolate, &rung->limits);
  if (!status) {
    status = ist_scope_open(rung->isolate, &scope);
    if (!status) {
      status = atomic_load(&job->stop) ? IST_ERR_TERMINATED : run_within(rung, job, &error);
      /* What came first is not what has ended the run. */
      if (error && error->status != status) {
        ist_error_free(error);
        error = NULL;
      }
      /* Running microtasks does not say which limit has ended them. */
      if (!error && (status == IST_ERR_TIMEOUT || status == IST_ERR_MEMORY))
        error = ist__limits_error(status);
      (void)ist_scope_close(rung->isolate, scope);
    }
    (void)ist_limits_end(rung->isolate, &usage);
    /* What the last steps have made may be too much for the heap without having ended them. */
    if (!status && usage.ended == IST_ERR_MEMORY) {
      status = IST_ERR_MEMORY;
      error = ist__limits_error(status);
    }
  }
  rung->job = NULL;
  if (status) fail_job(rung, job, status, error);
  job->outcome.wall = usage.wall;
  job->outcome.cpu = usage.cpu;
  clean_up(rung, job);
}

/* ---- From other threads ---- */

/* Runs on the rung's thread, perhaps in a later run than the one that was meant. */
static void look(void *env, ist_isolate *isolate) {
  const thread_rung *rung = env;
  if (rung->job && atomic_load(&rung->job->stop)) (void)ist_isolate_terminate(isolate);
}

static void interrupt(ist__rung *head) {
  thread_rung *rung = rung_of(head);
  pthread_mutex_lock(&rung->reach);
  if (rung->isolate) (void)ist_isolate_interrupt(rung->isolate, look, rung, NULL);
  pthread_mutex_unlock(&rung->reach);
}

static void free_rung(ist__rung *head) {
  thread_rung *rung = rung_of(head);
  drop_isolate(rung);
  pthread_mutex_destroy(&rung->reach);
  ist__free(rung);
}

void ist__rung_prepare(ist__rung *head) {
  if (!make_isolate(rung_of(head))) (void)make_context(rung_of(head));
}

size_t ist__rung_stack(size_t stack_limit) {
  enum { LEAST = 2 << 20, BESIDE = 1 << 20 };
  size_t stack = stack_limit < SIZE_MAX / 2 ? stack_limit + BESIDE : stack_limit;
  return stack < LEAST ? LEAST : stack;
}

static const ist__rung_table table = {run, interrupt, free_rung};

ist_status ist__rung_new(const ist__rung_options *options, ist__rung **result) {
  thread_rung *rung = ist__calloc(1, sizeof *rung);
  if (!rung) return IST_ERR_MEMORY;
  rung->head.table = &table;
  rung->isolation = options->isolation;
  rung->limits = options->limits;
  rung->limits.size = sizeof rung->limits;
  rung->options = (ist_isolate_options){.size = sizeof rung->options,
                                        .heap_limit = options->heap_limit,
                                        .buffer_limit = options->buffer_limit,
                                        .stack_limit = options->stack_limit,
                                        .microtasks = IST_MICROTASKS_EXPLICIT};
  pthread_mutex_init(&rung->reach, NULL);
  *result = &rung->head;
  return IST_OK;
}
