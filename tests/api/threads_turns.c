/* One isolate and many threads that come, have a few turns and go: what V8 keeps for a thread
 * between its turns is seen by no other one, survives no thread, and is left in no isolate. */
#include "api_test.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int rounds(int full) {
  return getenv("ISTHMUS_SANITIZE") ? full / 10 : full;
}

/* A thread that waits for its turns, so that a test says who comes when. No thread but the first
 * may end a test by a jump: the others count what went wrong. */
typedef struct worker {
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  void (*job)(struct worker *w);
  bool over;
  fixture *f;
  int wrong, number;
  size_t depth;
} worker;

#define CHECK(w, condition)                                                                        \
  ((condition) ? (void)0                                                                           \
               : (void)((w)->wrong++, fprintf(stderr, "line %d: %s\n", __LINE__, #condition)))

static void *serve(void *env) {
  worker *w = env;
  pthread_mutex_lock(&w->mutex);
  while (!w->over) {
    if (!w->job) {
      pthread_cond_wait(&w->changed, &w->mutex);
      continue;
    }
    pthread_mutex_unlock(&w->mutex);
    w->job(w);
    pthread_mutex_lock(&w->mutex);
    w->job = NULL;
    pthread_cond_broadcast(&w->changed);
  }
  pthread_mutex_unlock(&w->mutex);
  return NULL;
}

static void begin_sized(worker *w, fixture *f, size_t stack) {
  *w = (worker){.f = f};
  pthread_mutex_init(&w->mutex, NULL);
  pthread_cond_init(&w->changed, NULL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack) assert_int_equal(pthread_attr_setstacksize(&attributes, stack), 0);
  assert_int_equal(pthread_create(&w->thread, &attributes, serve, w), 0);
  pthread_attr_destroy(&attributes);
}

static void begin(worker *w, fixture *f) {
  begin_sized(w, f, 0);
}

static void let(worker *w, void (*job)(worker *w)) {
  pthread_mutex_lock(&w->mutex);
  w->job = job;
  pthread_cond_broadcast(&w->changed);
  while (w->job) pthread_cond_wait(&w->changed, &w->mutex);
  pthread_mutex_unlock(&w->mutex);
}

static void end(worker *w) {
  pthread_mutex_lock(&w->mutex);
  w->over = true;
  pthread_cond_broadcast(&w->changed);
  pthread_mutex_unlock(&w->mutex);
  pthread_join(w->thread, NULL);
  pthread_cond_destroy(&w->changed);
  pthread_mutex_destroy(&w->mutex);
  assert_int_equal(w->wrong, 0);
}

static ist_status run(fixture *f, const char *source, ist_value *got) {
  *got = ist_undefined();
  return ist_script_eval(f->context, source, strlen(source), "turn.js", got, NULL);
}

static void one_turn(worker *w) {
  ist_value got;
  CHECK(w, run(w->f, "globalThis.n = (globalThis.n | 0) + 1", &got) == IST_OK);
}

static void three_turns(worker *w) {
  for (int i = 0; i < 3; i++) one_turn(w);
}

/* ---- Coming and going ---- */

static void *come_and_go(void *env) {
  worker w = *(worker *)env;
  for (int i = 0; i < w.number; i++) one_turn(&w);
  return (void *)(intptr_t)w.wrong;
}

static void come(fixture *f, int count) {
  for (int i = 0; i < count; i++) {
    worker w = {.f = f, .number = i % 5};
    pthread_t thread;
    void *wrong;
    assert_int_equal(pthread_create(&thread, NULL, come_and_go, &w), 0);
    pthread_join(thread, &wrong);
    assert_null(wrong);
  }
}

/* Most of these have the place in memory that the one before had. */
static void threads_come_and_go(void **state) {
  fixture *f = *state;
  int count = rounds(5000);
  come(f, count);
  assert_int_equal(eval(f, "n").as.int32, count / 5 * 10);
}

static void nothing_piles_up(void **state) {
  fixture *f = *state;
  /* The allocator of a sanitizer does not say. */
  if (getenv("ISTHMUS_SANITIZE")) skip();
  come(f, 500);
  assert_ok(ist_isolate_collect(f->isolate));
  struct mallinfo2 before = mallinfo2();
  come(f, 4000);
  assert_ok(ist_isolate_collect(f->isolate));
  struct mallinfo2 after = mallinfo2();
  /* V8 keeps more than a hundred bytes for a thread that it knows. */
  if (after.uordblks > before.uordblks + 200000)
    fail_msg("%zu bytes became %zu", before.uordblks, after.uordblks);
}

static void *crowd(void *env) {
  worker w = *(worker *)env;
  for (int i = 0; i < w.number; i++) {
    one_turn(&w);
    if (i % 7 == 0) sched_yield();
  }
  return (void *)(intptr_t)w.wrong;
}

static void threads_end_while_others_have_the_isolate(void **state) {
  fixture *f = *state;
  enum { AT_ONCE = 8 };
  int waves = rounds(200), total = 0;
  for (int wave = 0; wave < waves; wave++) {
    worker workers[AT_ONCE];
    pthread_t threads[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
      workers[i] = (worker){.f = f, .number = 1 + (wave + i) % 6};
      total += workers[i].number;
      assert_int_equal(pthread_create(&threads[i], NULL, crowd, &workers[i]), 0);
    }
    for (int i = 0; i < AT_ONCE; i++) {
      void *wrong;
      pthread_join(threads[i], &wrong);
      assert_null(wrong);
    }
  }
  assert_int_equal(eval(f, "n").as.int32, total);
}

/* What is destroyed last when a thread ends may still have turns. */
static void in_the_end(void *env) {
  worker *w = env;
  three_turns(w);
}

static pthread_key_t key;

static void *end_with_turns(void *env) {
  worker *w = env;
  three_turns(w);
  CHECK(w, !pthread_setspecific(key, w));
  return NULL;
}

static void a_thread_has_turns_while_it_ends(void **state) {
  fixture *f = *state;
  assert_int_equal(pthread_key_create(&key, in_the_end), 0);
  for (int i = 0; i < rounds(300); i++) {
    worker w = {.f = f};
    assert_int_equal(pthread_create(&w.thread, NULL, end_with_turns, &w), 0);
    pthread_join(w.thread, NULL);
    assert_int_equal(w.wrong, 0);
  }
  pthread_key_delete(key);
  assert_int_equal(eval(f, "n").as.int32, rounds(300) * 6);
}

/* A thread that ends must not wait for an isolate that another one holds. */
static void a_thread_ends_while_another_holds_the_isolate(void **state) {
  fixture *f = *state;
  worker w;
  for (int i = 0; i < 20; i++) {
    begin(&w, f);
    let(&w, three_turns);
    assert_ok(ist_isolate_enter(f->isolate));
    end(&w);
    eval(f, "[1, 2, 3].map(String)");
    assert_ok(ist_isolate_leave(f->isolate));
  }
  assert_int_equal(eval(f, "n").as.int32, 60);
}

/* ---- Two threads ---- */

static void *alternate(void *env) {
  worker *w = env;
  for (int i = 0; i < w->number; i++) {
    ist_value got;
    CHECK(w, run(w->f, "globalThis.n = (globalThis.n | 0) + 1; [{}, {}].length", &got) == IST_OK);
    CHECK(w, got.type == IST_INT32 && got.as.int32 == 2);
    if (i % 100 == 0) CHECK(w, ist_isolate_collect(w->f->isolate) == IST_OK);
  }
  return NULL;
}

static void two_threads_alternate(void **state) {
  fixture *f = *state;
  worker a, b;
  begin(&a, f);
  begin(&b, f);
  for (int i = 0; i < rounds(2000); i++) {
    let(&a, i % 3 ? one_turn : three_turns);
    let(&b, i % 2 ? one_turn : three_turns);
    if (i % 5 == 0) eval(f, "globalThis.n = (globalThis.n | 0) + 0");
  }
  end(&a);
  end(&b);
  int before = eval(f, "n").as.int32;
  worker racing[2] = {{.f = f, .number = rounds(5000)}, {.f = f, .number = rounds(5000)}};
  for (int i = 0; i < 2; i++)
    assert_int_equal(pthread_create(&racing[i].thread, NULL, alternate, &racing[i]), 0);
  for (int i = 0; i < 2; i++) {
    pthread_join(racing[i].thread, NULL);
    assert_int_equal(racing[i].wrong, 0);
  }
  assert_int_equal(eval(f, "n").as.int32, before + 2 * rounds(5000));
}

/* ---- Handing over ---- */

typedef struct handing {
  fixture inner;
  worker other;
} handing;

/* While JavaScript of the one isolate waits, two threads have turns in another one. */
static ist_status hand_over(void *env, const ist_call *call, ist_value *result) {
  handing *h = env;
  (void)call;
  ist_value got;
  let(&h->other, three_turns);
  ist_status status = run(&h->inner, "n += 10; n", &got);
  if (!status) status = run(&h->inner, "n", &got);
  if (!status) *result = ist_double(got.as.int32);
  let(&h->other, one_turn);
  return status;
}

static void callbacks_hand_over(void **state) {
  fixture *f = *state;
  handing h;
  assert_ok(ist_isolate_new(NULL, &h.inner.isolate));
  assert_ok(ist_context_new(h.inner.isolate, NULL, &h.inner.context));
  begin(&h.other, &h.inner);
  ist_value function, global;
  assert_ok(ist_function_new(f->context, "handOver", hand_over, &h, NULL, &function));
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "handOver", function, NULL));
  int count = rounds(500);
  for (int i = 0; i < count; i++) {
    ist_value got = eval(f, "try { handOver() } finally { [1].map(String) }");
    assert_int_equal(got.type == IST_INT32 ? got.as.int32 : (int)got.as.number, i * 14 + 13);
  }
  end(&h.other);
  assert_ok(ist_isolate_free(h.inner.isolate));
}

/* ---- Freeing ---- */

static void another_thread_frees_it(void **state) {
  (void)state;
  fixture f = {0};
  worker w;
  begin(&w, &f);
  for (int i = 0; i < rounds(200); i++) {
    assert_ok(ist_isolate_new(NULL, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    let(&w, i % 2 ? three_turns : one_turn);
    if (i % 3) eval(&f, "n");
    assert_ok(ist_isolate_free(f.isolate));
  }
  /* What the thread had there is no concern of the one that has the record now. */
  assert_ok(ist_isolate_new(NULL, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  end(&w);
  eval(&f, "1");
  assert_ok(ist_isolate_free(f.isolate));
}

static void one_thread_has_many_isolates(void **state) {
  (void)state;
  enum { MANY = 100 };
  static fixture many[MANY];
  worker w;
  begin(&w, NULL);
  for (int i = 0; i < MANY; i++) {
    assert_ok(ist_isolate_new(NULL, &many[i].isolate));
    assert_ok(ist_context_new(many[i].isolate, NULL, &many[i].context));
  }
  for (int round = 0; round < 5; round++)
    for (int i = 0; i < MANY; i++) {
      w.f = &many[i];
      let(&w, i % 2 ? three_turns : one_turn);
      if (i % 10 == round) eval(&many[i], "n");
    }
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(eval(&many[i], "n").as.int32, i % 2 ? 15 : 5);
    if (i % 3) assert_ok(ist_isolate_free(many[i].isolate));
  }
  end(&w);
  for (int i = 0; i < MANY; i += 3) {
    eval(&many[i], "n");
    assert_ok(ist_isolate_free(many[i].isolate));
  }
}

/* ---- What is asked between turns ---- */

static void ends(worker *w) {
  ist_value got;
  CHECK(w, run(w->f, "for (;;);", &got) == IST_ERR_TERMINATED);
}

static void a_late_termination_ends_no_later_run(void **state) {
  fixture *f = *state;
  worker w;
  begin(&w, f);
  for (int i = 0; i < rounds(200); i++) {
    let(&w, three_turns);
    assert_ok(ist_isolate_terminate(f->isolate));
    if (i % 2) eval(f, "[1].map(String)");
    let(&w, three_turns);
    eval(f, "[1].map(String)");
  }
  assert_int_equal(eval(f, "n").as.int32, rounds(200) * 6);
  end(&w);
}

static void terminate(void *env, ist_isolate *isolate) {
  (*(int *)env)++;
  ist_isolate_terminate(isolate);
}

static void an_interrupt_comes_at_the_next_turn(void **state) {
  fixture *f = *state;
  int called = 0;
  ist_value got;
  worker w;
  begin(&w, f);
  for (int i = 0; i < rounds(200); i++) {
    let(&w, three_turns);
    assert_ok(ist_isolate_interrupt(f->isolate, terminate, &called, NULL));
    if (i % 2)
      assert_status(IST_ERR_TERMINATED, run(f, "for (;;);", &got));
    else
      let(&w, ends);
    assert_int_equal(called, i + 1);
    let(&w, three_turns);
    eval(f, "[1].map(String)");
  }
  end(&w);
}

static void runs_into_its_limit(worker *w) {
  ist_value got;
  const ist_limits limits = {.size = sizeof limits, .wall = 1000000};
  CHECK(w, ist_limits_begin(w->f->isolate, &limits) == IST_OK);
  CHECK(w, run(w->f, "for (;;);", &got) == IST_ERR_TIMEOUT);
  CHECK(w, ist_limits_end(w->f->isolate, NULL) == IST_OK);
}

static void a_limit_ends_no_later_run(void **state) {
  fixture *f = *state;
  worker w;
  begin(&w, f);
  for (int i = 0; i < 20; i++) {
    let(&w, three_turns);
    let(&w, runs_into_its_limit);
    if (i % 2) eval(f, "[1].map(String)");
    let(&w, three_turns);
  }
  end(&w);
  assert_int_equal(eval(f, "n").as.int32, 120);
}

/* ---- Stacks ---- */

static void recurse(worker *w) {
  ist_value got;
  const char *source =
      "globalThis.depth = 0;"
      "(function f() { depth++; try { f() } catch (e) { globalThis.last = e } })();"
      "last instanceof RangeError ? depth : -1";
  for (int i = 0; i < 3; i++) {
    CHECK(w, run(w->f, source, &got) == IST_OK);
    CHECK(w, got.type == IST_INT32 && got.as.int32 > 0);
    w->depth = (size_t)got.as.int32;
  }
}

/* Each thread has the stack that it has, whoever had the isolate before. */
static void stacks_differ(void **state) {
  fixture *f = *state;
  worker small, large;
  size_t first_small = 0, first_large = 0;
  begin_sized(&small, f, 512 << 10);
  begin_sized(&large, f, 16 << 20);
  for (int i = 0; i < 20; i++) {
    let(&small, recurse);
    let(&large, recurse);
    if (!i) first_small = small.depth, first_large = large.depth;
    assert_true(small.depth < large.depth);
    assert_in_range(small.depth, first_small / 2, first_small * 2);
    assert_in_range(large.depth, first_large / 2, first_large * 2);
    if (i % 3 == 0) eval(f, "1");
  }
  end(&small);
  end(&large);
}

/* ---- Profiles ---- */

static bool count_bytes(void *env, const char *bytes, size_t length) {
  (void)bytes;
  *(size_t *)env += length;
  return true;
}

static void start_profile(worker *w) {
  three_turns(w);
  CHECK(w, ist_profile_start(w->f->isolate, 100) == IST_OK);
  three_turns(w);
}

static void a_profile_goes_on_in_other_threads(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 5; i++) {
    worker a, b;
    size_t length = 0;
    begin(&a, f);
    begin(&b, f);
    let(&a, start_profile);
    for (int turn = 0; turn < rounds(200); turn++) {
      let(&b, three_turns);
      let(&a, three_turns);
    }
    end(&b);
    assert_ok(ist_profile_stop(f->isolate, count_bytes, &length));
    assert_true(length > 0);
    let(&a, three_turns);
    end(&a);
  }
}

/* ---- fork ---- */

static void a_child_leaves_it_alone(void **state) {
  fixture *f = *state;
  worker w;
  begin(&w, f);
  let(&w, three_turns);
  for (int i = 0; i < 4; i++) {
    if (i % 2) assert_int_equal(eval(f, "n; n; n").as.int32 % 3, 0);
    if (i % 2) eval(f, "n");
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
      ist_value got;
      bool refused = run(f, "1", &got) == IST_ERR_FORKED;
      /* Not exit: what cmocka has opened is the parent's to close. */
      _exit(refused ? 7 : 8);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    let(&w, three_turns);
  }
  end(&w);
  assert_int_equal(eval(f, "n").as.int32, 15);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(threads_come_and_go),
      TEST(nothing_piles_up),
      TEST(threads_end_while_others_have_the_isolate),
      TEST(a_thread_has_turns_while_it_ends),
      TEST(a_thread_ends_while_another_holds_the_isolate),
      TEST(two_threads_alternate),
      TEST(callbacks_hand_over),
      cmocka_unit_test(another_thread_frees_it),
      cmocka_unit_test(one_thread_has_many_isolates),
      TEST(a_late_termination_ends_no_later_run),
      TEST(an_interrupt_comes_at_the_next_turn),
      TEST(a_limit_ends_no_later_run),
      TEST(stacks_differ),
      TEST(a_profile_goes_on_in_other_threads),
      TEST(a_child_leaves_it_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
