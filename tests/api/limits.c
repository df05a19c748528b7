/* Time limits: whatever runs ends when they are reached, by the text that says which; they nest,
 * and what comes after them is as before. No test looks at a clock; each waits for what ends. */
#include "api_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static const uint64_t MS = 1000000;

static ist_limits wall(uint64_t ms) {
  ist_limits limits = {.size = sizeof limits, .wall = ms * MS};
  return limits;
}

/* Long enough for any machine. */
static ist_limits ample(void) {
  return wall(3600 * 1000);
}

static void assert_fails(fixture *f, const char *source, ist_status expected, const char *name,
                         const char *message) {
  ist_error *error;
  ist_value result;
  assert_status(expected,
                ist_script_eval(f->context, source, strlen(source), "run.js", &result, &error));
  assert_non_null(error);
  assert_status(expected, error->status);
  assert_string_equal(name, error->name);
  assert_string_equal(message, error->message);
  ist_error_free(error);
}

static void assert_times_out(fixture *f, const char *source) {
  assert_fails(f, source, IST_ERR_TIMEOUT, "TimeoutError", "the time limit of 20 ms was reached");
}

static void assert_usable(fixture *f) {
  ist_value value = eval(f, "[1, 2, 3].map(x => x * 2).join()");
  assert_text(f, "2,4,6", value);
  assert_ok(ist_isolate_run_microtasks(f->isolate));
}

static void end(fixture *f, ist_status ended) {
  ist_usage usage = {.size = sizeof usage};
  assert_ok(ist_limits_end(f->isolate, &usage));
  assert_status(ended, usage.ended);
  assert_true(usage.wall > 0);
}

/* Ways to go on for ever, through everything that could catch an end. */
static const char *const endless[] = {
    "for (;;);",
    "for (;;) new Array(1000).fill(1.5);",
    "for (;;) { try { for (;;); } catch (e) {} finally { for (;;); } }",
    "for (;;) try { for (;;); } finally { continue; }",
    "(function f() { try { f(); } finally { f(); } })()",
    "({ get x() { for (;;); } }).x",
    "({ toString() { for (;;); } }) + ''",
    "({ [Symbol.toPrimitive]() { for (;;); } }) * 2",
    "Object.keys(new Proxy({}, { ownKeys() { for (;;); } }))",
    "new Proxy(function () {}, { apply() { for (;;); } })()",
    "JSON.stringify({ toJSON() { for (;;); } })",
    "JSON.parse('[1]', () => { for (;;); })",
    "[3, 2, 1].sort(() => { for (;;); })",
    "'x'.replace(/x/, () => { for (;;); })",
    "Array.from({ [Symbol.iterator]() { return { next() { return {}; } }; } }, () => 1).length; "
    "for (;;);",
    "Array.from((function* () { for (;;) yield 1; })(), () => { for (;;); })",
    "new Promise(() => { for (;;); })",
    "for (;;) eval('1')",
    "for (;;) new Function('return 1')()",
    "/^(a+)+$/.test('a'.repeat(60) + 'b')",
    "class A { static { for (;;); } }",
    "`${{ toString() { for (;;); } }}`",
    "new (class extends Array { constructor() { for (;;); } })",
    "Reflect.construct(function () { for (;;); }, [])",
    "[].concat({ get [Symbol.isConcatSpreadable]() { for (;;); } })",
    "let e = new Error('x'); Error.prepareStackTrace = () => { for (;;); }; e.stack; for (;;);",
    "switch (0) { case (() => { for (;;); })(): }",
    "const { a = (() => { for (;;); })() } = {};",
    "label: for (;;) { try { throw 1; } catch { continue label; } }",
    "let n = 0n; for (;;) n++;",
    "const m = new Map([[0, 0]]); for (const [k] of m) { m.delete(k); m.set(k + 1, 0); }",
    "[1].forEach(function f() { [1].forEach(() => { for (;;); }); })",
};

static void whatever_runs_ends(void **state) {
  fixture *f = *state;
  ist_limits limits = wall(20);
  for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
    assert_ok(ist_limits_begin(f->isolate, &limits));
    /* What recurses may end in a RangeError first, and is then not what is tested. */
    ist_error *error;
    ist_status status;
    do status = ist_script_eval(f->context, endless[i], strlen(endless[i]), "run.js", NULL, &error);
    while (status == IST_ERR_EXCEPTION && error && (ist_error_free(error), true));
    assert_status(IST_ERR_TIMEOUT, status);
    assert_string_equal("the time limit of 20 ms was reached", error->message);
    ist_error_free(error);
    end(f, IST_ERR_TIMEOUT);
    assert_usable(f);
  }
}

static void promises_and_microtasks_end(void **state) {
  fixture *f = *state;
  ist_limits limits = wall(20);
  static const char *const sources[] = {
      "globalThis.g = () => Promise.resolve().then(g); g()",
      "(async () => { for (;;) await 0; })()",
      "Promise.resolve().then(() => { for (;;); })",
      "Promise.resolve({ then() { for (;;); } })",
      "(async () => { try { await 1; for (;;); } finally { for (;;); } })()",
  };
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    assert_ok(ist_limits_begin(f->isolate, &limits));
    eval(f, sources[i]);
    assert_status(IST_ERR_TIMEOUT, ist_isolate_run_microtasks(f->isolate));
    assert_status(IST_ERR_TIMEOUT, ist_isolate_run_microtasks(f->isolate));
    end(f, IST_ERR_TIMEOUT);
    /* What was queued is dropped with the run, or is still there: it ends with the next limits. */
    assert_ok(ist_limits_begin(f->isolate, &limits));
    (void)ist_isolate_run_microtasks(f->isolate);
    assert_ok(ist_limits_end(f->isolate, NULL));
    ist_context_free(f->context);
    assert_ok(ist_context_new(f->isolate, NULL, &f->context));
    assert_usable(f);
  }
}

static void microtasks_run_with_the_outermost_call_end(void **state) {
  (void)state;
  fixture f = {0};
  ist_isolate_options options = {.size = sizeof options, .microtasks = IST_MICROTASKS_AUTO};
  assert_ok(ist_isolate_new(&options, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  ist_limits limits = wall(20);
  assert_ok(ist_limits_begin(f.isolate, &limits));
  assert_times_out(&f, "globalThis.g = () => Promise.resolve().then(g); g(); 1");
  end(&f, IST_ERR_TIMEOUT);
  assert_usable(&f);
  assert_ok(ist_isolate_free(f.isolate));
}

/* Until the end, whatever runs JavaScript is refused so; values can be made and read. */
static void what_comes_after_ends_at_once(void **state) {
  fixture *f = *state;
  ist_value function = eval(f, "(function () { return 1; })");
  ist_value object = eval(f, "({ get x() { return 1; }, y: 2 })");
  ist_limits limits = wall(20);
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_times_out(f, "for (;;);");
  assert_times_out(f, "1 + 1");
  ist_value value;
  ist_error *error;
  assert_status(IST_ERR_TIMEOUT,
                ist_function_call(f->context, function, ist_undefined(), 0, NULL, &value, &error));
  assert_string_equal("TimeoutError", error->name);
  ist_error_free(error);
  assert_status(IST_ERR_TIMEOUT,
                ist_function_construct(f->context, function, 0, NULL, &value, NULL));
  assert_status(IST_ERR_TIMEOUT, ist_object_get(f->context, object, "x", &value, &error));
  assert_string_equal("the time limit of 20 ms was reached", error->message);
  ist_error_free(error);
  assert_status(IST_ERR_TIMEOUT, ist_isolate_run_microtasks(f->isolate));
  ist_value string = text(f, "still here");
  assert_text(f, "still here", string);
  end(f, IST_ERR_TIMEOUT);
  assert_ok(ist_function_call(f->context, function, ist_undefined(), 0, NULL, &value, NULL));
  assert_int_equal(1, value.as.int32);
  assert_usable(f);
}

static void the_texts_tell_the_limit(void **state) {
  fixture *f = *state;
  static const struct {
    uint64_t wall, cpu;
    const char *text;
  } cases[] = {
      {20 * 1000000, 0, "the time limit of 20 ms was reached"},
      {1500000, 0, "the time limit of 1.5 ms was reached"},
      {1, 0, "the time limit of 1e-06 ms was reached"},
      {0, 20 * 1000000, "the processor time limit of 20 ms was reached"},
      {3600000 * (uint64_t)1000000, 5000000, "the processor time limit of 5 ms was reached"},
      {UINT64_MAX, 5000000, "the processor time limit of 5 ms was reached"},
      {5000000, UINT64_MAX, "the time limit of 5 ms was reached"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ist_limits limits = {sizeof limits, cases[i].wall, cases[i].cpu};
    assert_ok(ist_limits_begin(f->isolate, &limits));
    assert_fails(f, "for (;;);", IST_ERR_TIMEOUT, "TimeoutError", cases[i].text);
    ist_usage usage = {.size = sizeof usage};
    assert_ok(ist_limits_end(f->isolate, &usage));
    assert_status(IST_ERR_TIMEOUT, usage.ended);
    if (cases[i].cpu) assert_true(cases[i].cpu == UINT64_MAX || usage.cpu >= cases[i].cpu);
    assert_true(cases[i].wall == UINT64_MAX || cases[i].cpu || usage.wall >= cases[i].wall);
  }
  assert_usable(f);
}

/* A thread that sleeps uses no processor time. */
static ist_status nap(void *env, const ist_call *call, ist_value *result) {
  (void)env, (void)call, (void)result;
  struct timespec time = {0, 30 * 1000000};
  nanosleep(&time, NULL);
  return IST_OK;
}

static void waiting_takes_no_processor_time(void **state) {
  fixture *f = *state;
  ist_value function;
  assert_ok(ist_function_new(f->context, "nap", nap, NULL, NULL, &function));
  ist_limits limits = {.size = sizeof limits, .cpu = 10000 * MS};
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_ok(ist_function_call(f->context, function, ist_undefined(), 0, NULL, NULL, NULL));
  ist_usage usage = {.size = sizeof usage};
  assert_ok(ist_limits_end(f->isolate, &usage));
  assert_ok(usage.ended);
  assert_true(usage.wall >= 30 * MS);
  assert_true(usage.cpu < usage.wall);
}

static void no_limit_is_none(void **state) {
  fixture *f = *state;
  ist_limits limits = {.size = sizeof limits};
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_usable(f);
  end(f, IST_OK);
  limits = ample();
  for (int i = 0; i < 10000; i++) {
    assert_ok(ist_limits_begin(f->isolate, &limits));
    assert_ok(ist_limits_end(f->isolate, NULL));
  }
}

static void what_is_wrong_is_refused(void **state) {
  fixture *f = *state;
  ist_limits limits = ample();
  assert_status(IST_ERR_ARGUMENT, ist_limits_begin(NULL, &limits));
  assert_status(IST_ERR_ARGUMENT, ist_limits_begin(f->isolate, NULL));
  limits.size = 3;
  assert_status(IST_ERR_ARGUMENT, ist_limits_begin(f->isolate, &limits));
  assert_status(IST_ERR_ARGUMENT, ist_limits_end(NULL, NULL));
  assert_status(IST_ERR_STATE, ist_limits_end(f->isolate, NULL));
  /* An older caller's struct ends early. */
  limits.size = offsetof(ist_limits, cpu);
  limits.cpu = 1;
  assert_ok(ist_limits_begin(f->isolate, &limits));
  ist_usage usage = {.size = 3};
  assert_status(IST_ERR_ARGUMENT, ist_limits_end(f->isolate, &usage));
  usage.size = offsetof(ist_usage, wall);
  usage.wall = 77;
  assert_ok(ist_limits_end(f->isolate, &usage));
  assert_true(usage.wall == 77);
  assert_false(ist_isolate_spent(NULL));
}

/* Limits are ended, scopes closed, contexts and isolates left in the reverse order. */
static void the_order_is_kept(void **state) {
  fixture *f = *state;
  ist_limits limits = ample();
  uint32_t scope;
  assert_ok(ist_isolate_enter(f->isolate));
  assert_status(IST_ERR_STATE, ist_limits_end(f->isolate, NULL));
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
  assert_ok(ist_scope_open(f->isolate, &scope));
  assert_status(IST_ERR_STATE, ist_limits_end(f->isolate, NULL));
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_status(IST_ERR_STATE, ist_scope_close(f->isolate, scope));
  assert_ok(ist_context_enter(f->context));
  assert_status(IST_ERR_STATE, ist_limits_end(f->isolate, NULL));
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_status(IST_ERR_STATE, ist_context_leave(f->context));
  ist_isolate *other;
  assert_ok(ist_isolate_new(NULL, &other));
  assert_ok(ist_limits_begin(other, &limits));
  assert_status(IST_ERR_STATE, ist_limits_end(f->isolate, NULL));
  assert_ok(ist_limits_end(other, NULL));
  assert_ok(ist_isolate_free(other));
  assert_ok(ist_limits_end(f->isolate, NULL));
  assert_ok(ist_context_leave(f->context));
  assert_ok(ist_limits_end(f->isolate, NULL));
  assert_ok(ist_scope_close(f->isolate, scope));
  assert_ok(ist_limits_end(f->isolate, NULL));
  assert_ok(ist_isolate_leave(f->isolate));
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
}

/* ---- Nesting ---- */

/* A callback that runs something within limits of its own. */
struct inner {
  fixture *f;
  ist_limits limits;
  const char *source;
  ist_status status, ended;
  bool forget; /* to end them */
  bool pass;   /* the status on */
};

static ist_status run_inner(void *env, const ist_call *call, ist_value *result) {
  struct inner *inner = env;
  assert_ok(ist_limits_begin(inner->f->isolate, &inner->limits));
  inner->status =
      ist_script_eval(call->context, inner->source, strlen(inner->source), "inner.js", NULL, NULL);
  if (!inner->forget) {
    ist_usage usage = {.size = sizeof usage};
    assert_ok(ist_limits_end(inner->f->isolate, &usage));
    inner->ended = usage.ended;
  }
  *result = ist_int32(7);
  return inner->pass ? inner->status : IST_OK;
}

static void define_inner(struct inner *inner) {
  ist_value function, global;
  assert_ok(ist_function_new(inner->f->context, "inner", run_inner, inner, NULL, &function));
  assert_ok(ist_context_global(inner->f->context, &global));
  assert_ok(ist_object_set(inner->f->context, global, "inner", function, NULL));
}

static void an_inner_limit_ends_no_more_than_its_run(void **state) {
  fixture *f = *state;
  for (int forget = 0; forget < 2; forget++) {
    struct inner inner = {.f = f, .limits = wall(20), .source = "for (;;);", .forget = forget};
    define_inner(&inner);
    ist_limits limits = ample();
    assert_ok(ist_limits_begin(f->isolate, &limits));
    ist_value value = eval(f, "let n = 0; for (let i = 0; i < 3; i++) n += inner(); for (let i = 0;"
                              "i < 100000; i++) n++; n - 100000");
    assert_int_equal(21, value.as.int32);
    assert_status(IST_ERR_TIMEOUT, inner.status);
    if (!forget) assert_status(IST_ERR_TIMEOUT, inner.ended);
    end(f, IST_OK);
    /* Without an outer limit, too. */
    value = eval(f, "inner()");
    assert_int_equal(7, value.as.int32);
    eval(f, "delete globalThis.n");
    ist_context_free(f->context);
    assert_ok(ist_context_new(f->isolate, NULL, &f->context));
  }
}

/* What a callback passes on after its limits have ended is an error like others. */
static void an_inner_timeout_can_be_thrown(void **state) {
  fixture *f = *state;
  struct inner inner = {.f = f, .limits = wall(20), .source = "for (;;);", .pass = true};
  define_inner(&inner);
  ist_value value = eval(f, "try { inner(); } catch (e) { `${e}`; }");
  assert_text(f, "Error: the time limit was reached", value);
}

/* An inner one ends no later than the outer one, whose text it then has; the callback's answer does
 * not matter, and the outer run ends as well. */
static void an_outer_limit_ends_the_inner_run(void **state) {
  fixture *f = *state;
  for (int pass = 0; pass < 2; pass++) {
    struct inner inner = {.f = f, .limits = ample(), .source = "for (;;);", .pass = pass};
    define_inner(&inner);
    ist_limits limits = wall(20);
    assert_ok(ist_limits_begin(f->isolate, &limits));
    assert_times_out(f, "try { inner(); for (;;); } catch (e) { for (;;); } finally { for (;;); }");
    assert_status(IST_ERR_TIMEOUT, inner.status);
    assert_status(IST_ERR_TIMEOUT, inner.ended);
    end(f, IST_ERR_TIMEOUT);
    assert_usable(f);
  }
}

static void levels_without_callbacks_nest(void **state) {
  fixture *f = *state;
  ist_limits outer = ample(), inner = wall(20);
  assert_ok(ist_limits_begin(f->isolate, &outer));
  for (int i = 0; i < 10; i++) assert_ok(ist_limits_begin(f->isolate, &outer));
  assert_ok(ist_limits_begin(f->isolate, &inner));
  assert_ok(ist_limits_begin(f->isolate, &outer));
  assert_times_out(f, "for (;;);");
  end(f, IST_ERR_TIMEOUT);
  assert_times_out(f, "1");
  end(f, IST_ERR_TIMEOUT);
  assert_usable(f);
  for (int i = 0; i < 10; i++) end(f, IST_OK);
  end(f, IST_OK);
}

/* ---- Beside termination and interrupts ---- */

static void terminate_now(void *env, ist_isolate *isolate) {
  (void)env;
  assert_ok(ist_isolate_terminate(isolate));
}

static void a_termination_stays_one(void **state) {
  fixture *f = *state;
  ist_limits limits = ample();
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_ok(ist_isolate_interrupt(f->isolate, terminate_now, NULL, NULL));
  assert_fails(f, "for (;;);", IST_ERR_TERMINATED, "Error", "execution was terminated");
  assert_usable(f);
  end(f, IST_OK);
  /* Asked for while nothing runs, it is forgotten; the limit is not. */
  limits = wall(20);
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_times_out(f, "for (;;);");
  assert_ok(ist_isolate_terminate(f->isolate));
  assert_times_out(f, "1");
  end(f, IST_ERR_TIMEOUT);
  assert_usable(f);
}

static void set_flag(void *env, ist_isolate *isolate) {
  (void)isolate;
  atomic_store((atomic_bool *)env, true);
}

static void interrupts_run_within_limits(void **state) {
  fixture *f = *state;
  atomic_bool flag = false;
  ist_limits limits = wall(20);
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_ok(ist_isolate_interrupt(f->isolate, set_flag, &flag, NULL));
  assert_times_out(f, "for (;;);");
  assert_true(atomic_load(&flag));
  end(f, IST_ERR_TIMEOUT);
}

/* ---- The isolate's life ---- */

static void an_isolate_is_freed_within_limits(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    fixture f = {0};
    ist_limits limits = i == 1 ? wall(20) : ample();
    assert_ok(ist_isolate_new(NULL, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    if (i == 2) assert_ok(ist_isolate_enter(f.isolate));
    assert_ok(ist_limits_begin(f.isolate, &limits));
    assert_ok(ist_limits_begin(f.isolate, &limits));
    if (i == 1) assert_times_out(&f, "for (;;);");
    assert_ok(ist_isolate_free(f.isolate));
    assert_status(IST_ERR_HANDLE, ist_limits_end(f.isolate, NULL));
    assert_status(IST_ERR_HANDLE, ist_limits_begin(f.isolate, &limits));
  }
  fixture f = {0};
  assert_ok(ist_isolate_new(NULL, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  assert_usable(&f);
  assert_ok(ist_isolate_free(f.isolate));
}

static void modules_end(void **state) {
  fixture *f = *state;
  static const char text[] = "for (;;);";
  ist_limits limits = wall(20);
  ist_source source = {
      .size = sizeof source, .text = text, .length = sizeof text - 1, .file = "file:///m.mjs"};
  ist_module *module;
  ist_error *error;
  ist_value promise;
  assert_ok(ist_module_compile(f->context, &source, &module, NULL));
  assert_ok(ist_module_instantiate(module, NULL));
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_status(IST_ERR_TIMEOUT, ist_module_evaluate(module, &promise, &error));
  assert_string_equal("the time limit of 20 ms was reached", error->message);
  ist_error_free(error);
  end(f, IST_ERR_TIMEOUT);
  ist_module_free(module);
  assert_usable(f);
}

/* ---- Threads ---- */

struct turn {
  ist_isolate *isolate;
  ist_context *context;
  int rounds, timeouts;
};

static void *take_turns(void *env) {
  struct turn *turn = env;
  static const char loop[] = "for (;;);", quick[] = "6 * 7";
  for (int i = 0; i < turn->rounds; i++) {
    ist_limits limits = i % 4 ? ample() : wall(3);
    ist_value value = ist_undefined();
    if (ist_limits_begin(turn->isolate, &limits)) return NULL;
    const char *source = i % 4 ? quick : loop;
    ist_status status =
        ist_script_eval(turn->context, source, strlen(source), "turn.js", &value, NULL);
    if (i % 4 ? status || value.as.int32 != 42 : status != IST_ERR_TIMEOUT) turn->timeouts = -1000;
    if (status == IST_ERR_TIMEOUT) turn->timeouts++;
    if (ist_limits_end(turn->isolate, NULL)) return NULL;
  }
  return turn;
}

static void threads_take_an_isolate_in_turn(void **state) {
  fixture *f = *state;
  enum { THREADS = 4, ROUNDS = 40 };
  pthread_t threads[THREADS];
  struct turn turns[THREADS];
  for (int i = 0; i < THREADS; i++) {
    turns[i] = (struct turn){f->isolate, f->context, ROUNDS, 0};
    assert_int_equal(0, pthread_create(&threads[i], NULL, take_turns, &turns[i]));
  }
  for (int i = 0; i < THREADS; i++) {
    void *ended;
    pthread_join(threads[i], &ended);
    assert_ptr_equal(&turns[i], ended);
    assert_int_equal(ROUNDS / 4, turns[i].timeouts);
  }
  assert_usable(f);
}

static void *own_isolate(void *env) {
  struct turn *turn = env;
  if (ist_isolate_new(NULL, &turn->isolate) || ist_context_new(turn->isolate, NULL, &turn->context))
    return NULL;
  void *result = take_turns(turn);
  ist_isolate_free(turn->isolate);
  return result;
}

static void many_isolates_are_watched_at_once(void **state) {
  (void)state;
  enum { THREADS = 8, ROUNDS = 20 };
  pthread_t threads[THREADS];
  struct turn turns[THREADS];
  for (int i = 0; i < THREADS; i++) {
    turns[i] = (struct turn){NULL, NULL, ROUNDS, 0};
    assert_int_equal(0, pthread_create(&threads[i], NULL, own_isolate, &turns[i]));
  }
  for (int i = 0; i < THREADS; i++) {
    void *ended;
    pthread_join(threads[i], &ended);
    assert_ptr_equal(&turns[i], ended);
    assert_int_equal(ROUNDS / 4, turns[i].timeouts);
  }
}

/* A limit that is reached as the run ends never reaches into the next one. */
static void late_limits_hit_nobody_else(void **state) {
  fixture *f = *state;
  int rounds = getenv("ISTHMUS_LONG") ? 200000 : 3000, hit = 0;
  ist_value spin = eval(f, "(function (n) { for (let i = 0; i < n; i++); return n; })");
  for (int i = 0; i < rounds; i++) {
    ist_limits limits = {.size = sizeof limits, .wall = (uint64_t)(1 + i % 200) * 1000};
    ist_value count = ist_int32(i % 1000 * 20), value;
    assert_ok(ist_limits_begin(f->isolate, &limits));
    ist_status status =
        ist_function_call(f->context, spin, ist_undefined(), 1, &count, &value, NULL);
    if (status) assert_status(IST_ERR_TIMEOUT, status);
    hit += status == IST_ERR_TIMEOUT;
    assert_ok(ist_limits_end(f->isolate, NULL));
    assert_ok(ist_function_call(f->context, spin, ist_undefined(), 1, &count, &value, NULL));
    assert_int_equal(count.as.int32, value.as.int32);
  }
  (void)hit;
}

/* ---- The stack ---- */

static ist_status call_back(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  ist_error *error;
  ist_status status =
      ist_function_call(call->context, call->argv[0], ist_undefined(), 0, NULL, result, &error);
  if (status) {
    status = ist_throw_again(call->context, error);
    ist_error_free(error);
  }
  return status;
}

static void the_stack_is_limited(void **state) {
  (void)state;
  static const size_t limits[] = {1, 100 * 1024, 400 * 1024, 0, (size_t)1 << 40};
  int depths[5];
  for (size_t i = 0; i < 5; i++) {
    fixture f = {0};
    ist_isolate_options options = {.size = sizeof options, .stack_limit = limits[i]};
    assert_ok(ist_isolate_new(&options, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    ist_value value = eval(&f, "let depth = 0; const deeper = () => { depth++; deeper(); };"
                               "try { deeper(); } catch (e) { if (!(e instanceof RangeError)) "
                               "throw e; } depth");
    depths[i] = value.as.int32;
    assert_true(depths[i] > 0);
    ist_error *error;
    assert_status(IST_ERR_EXCEPTION,
                  ist_script_eval(f.context, "deeper()", 8, "deep.js", &value, &error));
    assert_string_equal("RangeError", error->name);
    assert_string_equal("Maximum call stack size exceeded", error->message);
    ist_error_free(error);
    /* Through callbacks of the embedder's, getters and proxies. */
    ist_value function, global;
    assert_ok(ist_function_new(f.context, "back", call_back, NULL, NULL, &function));
    assert_ok(ist_context_global(f.context, &global));
    assert_ok(ist_object_set(f.context, global, "back", function, NULL));
    value = eval(
        &f,
        "[() => { const f = () => back(f); f(); }, () => { const o = { get x() { return o.x; } };"
        "o.x; }, () => { const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); p.x;"
        "}, () => { const o = { toString() { return `${o}`; } }; `${o}`; }].map(f => { try { f(); "
        "return 'none'; } catch (e) { return e.name; } }).join()");
    assert_text(&f, "RangeError,RangeError,RangeError,RangeError", value);
    assert_usable(&f);
    assert_ok(ist_isolate_free(f.isolate));
  }
  assert_true(depths[0] < depths[1]);
  assert_true(depths[1] < depths[2]);
  assert_true(depths[2] < depths[3]);
}

/* Runs a script, and throws a new error for the one that this gives. */
static ist_status throw_anew(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  ist_error *error;
  const char *source = "deeper()";
  ist_status status =
      ist_script_eval(call->context, source, strlen(source), "deep.js", result, &error);
  if (!status) return IST_OK;
  status = ist_throw_error(call->context, "Error", error->message);
  ist_error_free(error);
  return status;
}

static void errors_are_made_where_the_stack_is_full(void **state) {
  fixture *f = *state;
  ist_value function, global, value;
  assert_ok(ist_function_new(f->context, "deeper", throw_anew, NULL, NULL, &function));
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "deeper", function, NULL));
  /* The room that is left at the end is another one each time. */
  for (int i = 0; i < 40; i++) {
    ist_value depth = ist_int32(i);
    ist_value nest = eval(f, "(function nest(n) { return n ? nest(n - 1) : deeper(); })");
    ist_error *error;
    assert_status(IST_ERR_EXCEPTION,
                  ist_function_call(f->context, nest, ist_undefined(), 1, &depth, &value, &error));
    assert_string_equal("Maximum call stack size exceeded", error->message);
    ist_error_free(error);
  }
  assert_usable(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(whatever_runs_ends),
      TEST(promises_and_microtasks_end),
      cmocka_unit_test(microtasks_run_with_the_outermost_call_end),
      TEST(what_comes_after_ends_at_once),
      TEST(the_texts_tell_the_limit),
      TEST(waiting_takes_no_processor_time),
      TEST(no_limit_is_none),
      TEST(what_is_wrong_is_refused),
      TEST(the_order_is_kept),
      TEST(an_inner_limit_ends_no_more_than_its_run),
      TEST(an_inner_timeout_can_be_thrown),
      TEST(an_outer_limit_ends_the_inner_run),
      TEST(levels_without_callbacks_nest),
      TEST(a_termination_stays_one),
      TEST(interrupts_run_within_limits),
      cmocka_unit_test(an_isolate_is_freed_within_limits),
      TEST(modules_end),
      TEST(threads_take_an_isolate_in_turn),
      cmocka_unit_test(many_isolates_are_watched_at_once),
      TEST(late_limits_hit_nobody_else),
      cmocka_unit_test(the_stack_is_limited),
      TEST(errors_are_made_where_the_stack_is_full),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
