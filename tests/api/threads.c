/* One isolate, many threads: calls wait for each other, and what may be called from any thread does
 * what it says at every moment. */
#include "api_test.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

/* Sanitizers make everything ten times slower. */
static int rounds(int full) {
  return getenv("ISTHMUS_SANITIZE") ? full / 20 : full;
}

static pthread_t start(void *(*run)(void *), void *env) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, run, env), 0);
  return thread;
}

/* cmocka's checks end a test by a jump, which no thread but the first may do: the others count what
 * went wrong. */
typedef struct worker {
  fixture *f;
  int rounds;
  atomic_int *wrong;
  ist_value value;
} worker;

#define CHECK(w, condition) ((condition) ? (void)0 : (void)atomic_fetch_add((w)->wrong, 1))

static ist_status add_one(fixture *f) {
  ist_value got;
  return ist_script_eval(f->context, "globalThis.n = (globalThis.n | 0) + 1", 37, "n.js", &got,
                         NULL);
}

static void *in_turn(void *env) {
  worker *w = env;
  for (int i = 0; i < w->rounds; i++) {
    uint32_t scope;
    switch (i % 4) {
    case 0: CHECK(w, add_one(w->f) == IST_OK); break;
    case 1:
      CHECK(w, ist_isolate_enter(w->f->isolate) == IST_OK);
      CHECK(w, add_one(w->f) == IST_OK);
      CHECK(w, ist_isolate_leave(w->f->isolate) == IST_OK);
      break;
    case 2:
      CHECK(w, ist_context_enter(w->f->context) == IST_OK);
      CHECK(w, add_one(w->f) == IST_OK);
      CHECK(w, ist_context_leave(w->f->context) == IST_OK);
      break;
    default: {
      /* Nobody comes between within a scope. */
      ist_value before, after;
      CHECK(w, ist_scope_open(w->f->isolate, &scope) == IST_OK);
      CHECK(w, ist_script_eval(w->f->context, "n | 0", 5, "n.js", &before, NULL) == IST_OK);
      CHECK(w, add_one(w->f) == IST_OK);
      sched_yield();
      CHECK(w, ist_script_eval(w->f->context, "n | 0", 5, "n.js", &after, NULL) == IST_OK);
      CHECK(w, after.as.int32 == before.as.int32 + 1);
      CHECK(w, ist_scope_close(w->f->isolate, scope) == IST_OK);
    }
    }
  }
  return NULL;
}

static void threads_take_turns(void **state) {
  fixture *f = *state;
  enum { THREADS = 4 };
  atomic_int wrong = 0;
  worker w = {f, rounds(2000), &wrong, ist_undefined()};
  eval(f, "globalThis.n = 0");
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) threads[i] = start(in_turn, &w);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(wrong, 0);
  assert_int_equal(eval(f, "n").as.int32, THREADS * w.rounds);
}

static void *elsewhere(void *env) {
  worker *w = env;
  char *got = NULL;
  uint32_t scope = *(uint32_t *)&w->rounds;
  CHECK(w, ist_isolate_leave(w->f->isolate) == IST_ERR_STATE);
  CHECK(w, ist_context_leave(w->f->context) == IST_ERR_STATE);
  CHECK(w, ist_scope_close(w->f->isolate, scope) == IST_ERR_ARGUMENT);
  CHECK(w, ist_string_read(w->f->isolate, w->value, &got, NULL) == IST_OK);
  CHECK(w, got && !strcmp(got, "handed over"));
  ist_free(got);
  CHECK(w, ist_value_free(w->f->isolate, w->value) == IST_OK);
  return NULL;
}

static void handles_go_from_thread_to_thread(void **state) {
  fixture *f = *state;
  atomic_int wrong = 0;
  worker w = {f, 1, &wrong, text(f, "handed over")};
  pthread_join(start(elsewhere, &w), NULL);
  assert_int_equal(wrong, 0);
  assert_status(IST_ERR_HANDLE, ist_value_free(f->isolate, w.value));
}

static void *alone(void *env) {
  worker *w = env;
  for (int i = 0; i < w->rounds; i++) {
    ist_isolate *isolate;
    ist_context *context;
    ist_value value = ist_undefined();
    const char *source = "let s = 0; for (let i = 0; i < 1e4; i++) s += [i].length; s";
    CHECK(w, ist_isolate_new(NULL, &isolate) == IST_OK);
    CHECK(w, ist_context_new(isolate, NULL, &context) == IST_OK);
    CHECK(w, ist_script_eval(context, source, strlen(source), "own.js", &value, NULL) == IST_OK);
    CHECK(w, value.as.int32 == 10000);
    CHECK(w, ist_isolate_collect(isolate) == IST_OK);
    CHECK(w, ist_isolate_free(isolate) == IST_OK);
  }
  return NULL;
}

static void isolates_run_side_by_side(void **state) {
  (void)state;
  atomic_int wrong = 0;
  worker w = {NULL, rounds(100), &wrong, ist_undefined()};
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) threads[i] = start(alone, &w);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  assert_int_equal(wrong, 0);
}

/* ---- Freeing ---- */

static void *wait_for_it(void *env) {
  worker *w = env;
  CHECK(w, ist_isolate_enter(w->f->isolate) == IST_ERR_HANDLE);
  return NULL;
}

static void *wait_for_its_context(void *env) {
  worker *w = env;
  ist_value got;
  CHECK(w, ist_context_global(w->f->context, &got) == IST_ERR_HANDLE);
  return NULL;
}

static void who_waits_for_a_freed_isolate_is_answered(void **state) {
  (void)state;
  for (int round = 0; round < rounds(200); round++) {
    fixture f;
    atomic_int wrong = 0;
    worker w = {&f, 0, &wrong, ist_undefined()};
    assert_ok(ist_isolate_new(NULL, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    assert_ok(ist_isolate_enter(f.isolate));
    pthread_t one = start(wait_for_it, &w), two = start(wait_for_its_context, &w);
    for (int i = 0; i < round % 16; i++) sched_yield();
    assert_ok(ist_isolate_free(f.isolate));
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    assert_int_equal(wrong, 0);
  }
}

typedef struct reach {
  ist_isolate *isolate;
  atomic_bool stop;
  atomic_int posted, called, finalized, wrong;
} reach;

static void called(void *env, ist_isolate *isolate) {
  reach *r = env;
  if (isolate != r->isolate) atomic_fetch_add(&r->wrong, 1);
  atomic_fetch_add(&r->called, 1);
}

static void finalized(void *env) {
  atomic_fetch_add(&((reach *)env)->finalized, 1);
}

static void *reach_in(void *env) {
  reach *r = env;
  while (!atomic_load(&r->stop)) {
    ist_status terminated = ist_isolate_terminate(r->isolate);
    ist_status posted = ist_isolate_interrupt(r->isolate, called, r, finalized);
    atomic_fetch_add(&r->posted, 1);
    if ((terminated && terminated != IST_ERR_HANDLE) || (posted && posted != IST_ERR_HANDLE))
      atomic_fetch_add(&r->wrong, 1);
    sched_yield();
  }
  return NULL;
}

static void an_isolate_may_be_freed_while_others_reach_in(void **state) {
  (void)state;
  for (int round = 0; round < rounds(200); round++) {
    fixture f;
    reach r = {0};
    ist_value got;
    assert_ok(ist_isolate_new(NULL, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    r.isolate = f.isolate;
    pthread_t thread = start(reach_in, &r);
    for (int i = 0; i < round % 8; i++)
      ist_script_eval(f.context, "[1].map(x => x)", 15, "x.js", &got, NULL);
    assert_ok(ist_isolate_free(f.isolate));
    atomic_store(&r.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(r.wrong, 0);
    assert_int_equal(r.finalized, r.posted);
    assert_true(r.called <= r.posted);
  }
}

/* ---- Reaching in ---- */

static void *terminate_often(void *env) {
  reach *r = env;
  while (!atomic_load(&r->stop)) {
    if (ist_isolate_terminate(r->isolate)) atomic_fetch_add(&r->wrong, 1);
    atomic_fetch_add(&r->posted, 1);
    sched_yield();
  }
  return NULL;
}

static void termination_at_every_moment(void **state) {
  fixture *f = *state;
  reach r = {.isolate = f->isolate};
  int ended = 0, ran = 0;
  ist_value got;
  eval(f, "globalThis.spin = () => { for (;;); };"
          "globalThis.brief = () => { try { return [3, 1, 2].sort()[0] } finally { [1].map(String) "
          "} }");
  pthread_t thread = start(terminate_often, &r);
  for (int i = 0; i < rounds(20000) || atomic_load(&r.posted) < rounds(10000) || !ran; i++) {
    ist_error *error;
    ist_status status = ist_script_eval(f->context, "brief()", 7, "x.js", &got, &error);
    if (status == IST_OK)
      ran++, assert_int_equal(got.as.int32, 1);
    else
      ended++, assert_status(IST_ERR_TERMINATED, status), ist_error_free(error);
  }
  /* Each of these lasts until the other thread gets its turn of a processor. */
  for (int i = 0; i < rounds(400); i++)
    assert_status(IST_ERR_TERMINATED, ist_script_eval(f->context, "spin()", 6, "x.js", &got, NULL));
  atomic_store(&r.stop, true);
  pthread_join(thread, NULL);
  assert_int_equal(r.wrong, 0);
  /* Nothing of it is left. */
  for (int i = 0; i < 100; i++) assert_int_equal(eval(f, "brief()").as.int32, 1);
  assert_ok(ist_isolate_terminate(f->isolate));
  assert_int_equal(eval(f, "brief()").as.int32, 1);
  assert_status(IST_ERR_ARGUMENT, ist_isolate_terminate(NULL));
}

static void *interrupt_often(void *env) {
  reach *r = env;
  for (int i = 0; i < rounds(10000); i++) {
    if (ist_isolate_interrupt(r->isolate, called, r, finalized)) atomic_fetch_add(&r->wrong, 1);
    atomic_fetch_add(&r->posted, 1);
    if (i % 16 == 0) sched_yield();
  }
  atomic_store(&r->stop, true);
  return NULL;
}

static void interruption_at_every_moment(void **state) {
  fixture *f = *state;
  reach r = {.isolate = f->isolate};
  eval(f, "globalThis.brief = () => { let s = 0; for (let i = 0; i < 10; i++) s += i; return s }");
  pthread_t thread = start(interrupt_often, &r);
  while (!atomic_load(&r.stop)) assert_int_equal(eval(f, "brief()").as.int32, 45);
  pthread_join(thread, NULL);
  assert_int_equal(eval(f, "brief()").as.int32, 45);
  assert_int_equal(r.wrong, 0);
  assert_int_equal(r.posted, rounds(10000));
  assert_int_equal(r.called, rounds(10000));
  assert_int_equal(r.finalized, rounds(10000));
}

static void stop_it(void *env, ist_isolate *isolate) {
  reach *r = env;
  atomic_fetch_add(&r->called, 1);
  if (ist_isolate_terminate(isolate)) atomic_fetch_add(&r->wrong, 1);
}

static void *interrupt_once(void *env) {
  reach *r = env;
  if (ist_isolate_interrupt(r->isolate, stop_it, r, finalized)) atomic_fetch_add(&r->wrong, 1);
  return NULL;
}

static void an_interrupt_ends_an_endless_loop(void **state) {
  fixture *f = *state;
  reach r = {.isolate = f->isolate};
  ist_value got;
  int count = rounds(200);
  for (int i = 0; i < count; i++) {
    /* Asked for before, while, or on another thread's turn: it comes in this run or the next. */
    pthread_t thread = start(interrupt_once, &r);
    if (i % 2) pthread_join(thread, NULL);
    assert_status(IST_ERR_TERMINATED,
                  ist_script_eval(f->context, "for (;;);", 9, "x.js", &got, NULL));
    if (i % 2 == 0) pthread_join(thread, NULL);
  }
  assert_int_equal(r.called, count);
  assert_int_equal(r.finalized, count);
  assert_int_equal(r.wrong, 0);
  assert_status(IST_ERR_ARGUMENT, ist_isolate_interrupt(f->isolate, NULL, &r, finalized));
  assert_status(IST_ERR_ARGUMENT, ist_isolate_interrupt(NULL, called, &r, finalized));
  assert_int_equal(r.finalized, count + 2);
}

/* ---- Stacks ---- */

static void *recurse(void *env) {
  worker *w = env;
  ist_value got;
  ist_error *error = NULL;
  const char *source = "(function f(a, b, c) { return f(a + 1, [b], {c}) })(0)";
  for (int i = 0; i < 3; i++) {
    ist_status status =
        ist_script_eval(w->f->context, source, strlen(source), "deep.js", &got, &error);
    CHECK(w, status == IST_ERR_EXCEPTION);
    CHECK(w, error && error->name && !strcmp(error->name, "RangeError"));
    ist_error_free(error);
    error = NULL;
  }
  CHECK(w, add_one(w->f) == IST_OK);
  return NULL;
}

static void deep_recursion_is_an_error_on_every_stack(void **state) {
  fixture *f = *state;
  static const size_t sizes[] = {512 << 10, 8 << 20, 1 << 20, 256 << 10};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    atomic_int wrong = 0;
    worker w = {f, 0, &wrong, ist_undefined()};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, sizes[i]);
    assert_int_equal(pthread_create(&thread, &attributes, recurse, &w), 0);
    pthread_attr_destroy(&attributes);
    pthread_join(thread, NULL);
    assert_int_equal(wrong, 0);
    recurse(&w);
    assert_int_equal(wrong, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(threads_take_turns),
      TEST(handles_go_from_thread_to_thread),
      cmocka_unit_test(isolates_run_side_by_side),
      cmocka_unit_test(who_waits_for_a_freed_isolate_is_answered),
      cmocka_unit_test(an_isolate_may_be_freed_while_others_reach_in),
      TEST(termination_at_every_moment),
      TEST(interruption_at_every_moment),
      TEST(an_interrupt_ends_an_endless_loop),
      TEST(deep_recursion_is_an_error_on_every_stack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
