/* Batches: the order of outcomes, the window, progress, turns between batches, cancellation, and
 * the end of a batch or a pool at any moment. */
#include "pool_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Runs for ever when the input says so. */
static const char looping[] = "if (input === 'loop') for (;;); input";

static void in_order(void **state) {
  (void)state;
  enum { COUNT = 2000 };
  for (int i = 0; i < RUNGS - 1; i++) {
    ist_pool *pool = pool_of(rungs[i], 3);
    /* The later ones of each ten are the quicker ones. */
    ist_batch *batch = batch_of(
        pool, "let n = 0; for (let i = 0; i < (9 - input % 10) * 500; i++) n += i; input", NULL);
    int count = rounds(COUNT, 50000), added = 0;
    char text[16];
    for (int taken = 0; taken < count; taken++) {
      ist_status status = IST_OK;
      for (; added < count && !status; added += !status) {
        snprintf(text, sizeof text, "%d", added);
        status = ist_batch_add(batch, text, strlen(text), 0);
      }
      if (status) assert_status(IST_ERR_LIMIT, status);
      if (added == count) assert_ok(ist_batch_end(batch));
      ist_outcome *outcome = next(batch);
      snprintf(text, sizeof text, "%d", taken);
      assert_given(text, outcome);
      assert_int_equal(outcome->index, taken);
      ist_outcome_free(outcome);
    }
    no_more(batch);
    assert_int_equal(statistics_of(pool).runs, count);
    ist_batch_free(batch);
    ist_pool_free(pool);
  }
}

/* As many as the window holds, done or not, until one is taken. */
static void window(void **state) {
  (void)state;
  static const size_t windows[] = {1, 2, 7, 64, 1000};
  ist_pool *pool = pool_of(IST_ISOLATION_CONTEXT, 2);
  for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
    ist_batch_options options = {.size = sizeof options, .window = windows[w]};
    ist_batch *batch = batch_of(pool, "input", &options);
    for (size_t i = 0; i < windows[w]; i++) assert_ok(ist_batch_add(batch, "1", 1, 0));
    assert_status(IST_ERR_LIMIT, ist_batch_add(batch, "1", 1, 0));
    assert_status(IST_ERR_LIMIT, ist_batch_add(batch, "1", 1, 1));
    char *large = calloc(1, 10000);
    assert_status(IST_ERR_LIMIT, ist_batch_add(batch, large, 10000, 0));
    free(large);
    next_gives(batch, "1");
    assert_ok(ist_batch_add(batch, "2", 1, 0));
    assert_status(IST_ERR_LIMIT, ist_batch_add(batch, "2", 1, 0));
    ist_batch_free(batch);
  }
  /* By itself: 64 for each thread. */
  ist_batch *batch = batch_of(pool, "input", NULL);
  for (int i = 0; i < 128; i++) assert_ok(ist_batch_add(batch, "1", 1, 0));
  assert_status(IST_ERR_LIMIT, ist_batch_add(batch, "1", 1, 0));
  ist_batch_free(batch);
  /* However large, it takes no memory beforehand. */
  ist_batch_options options = {.size = sizeof options, .window = SIZE_MAX};
  batch = batch_of(pool, "input", &options);
  for (int i = 0; i < 300; i++) assert_ok(ist_batch_add(batch, "1", 1, 0));
  for (int i = 0; i < 300; i++) next_gives(batch, "1");
  ist_batch_free(batch);
  ist_pool_free(pool);
}

static void nothing_to_take(void **state) {
  (void)state;
  ist_pool *pool = pool_of(IST_ISOLATION_CONTEXT, 1);
  ist_batch *batch = batch_of(pool, looping, NULL);
  ist_outcome *outcome = NULL;
  assert_status(IST_ERR_TIMEOUT, ist_batch_next(batch, 0, &outcome));
  assert_status(IST_ERR_TIMEOUT, ist_batch_next(batch, 1, &outcome));
  add(batch, "\"loop\"");
  assert_status(IST_ERR_TIMEOUT, ist_batch_next(batch, 0, &outcome));
  assert_status(IST_ERR_TIMEOUT, ist_batch_next(batch, 3, &outcome));
  assert_null(outcome);
  assert_ok(ist_batch_end(batch));
  assert_status(IST_ERR_TIMEOUT, ist_batch_next(batch, 0, &outcome));
  assert_status(IST_ERR_STATE, ist_batch_add(batch, "1", 1, -1));
  assert_ok(ist_batch_end(batch));
  ist_batch_free(batch);
  batch = batch_of(pool, "1", NULL);
  assert_ok(ist_batch_end(batch));
  no_more(batch);
  no_more(batch);
  ist_batch_free(batch);
  ist_pool_free(pool);
}

/* ---- Progress ---- */

typedef struct watch {
  atomic_int inside, at_once; /* calls under way; the most that there were */
  atomic_int calls, wrong, finalized;
  uint64_t last;
  ist_batch *batch;
  int cancel_at;
} watch;

static void on_progress(void *env, ist_batch *batch, uint64_t done, uint64_t added) {
  watch *w = env;
  if (atomic_fetch_add(&w->inside, 1)) atomic_fetch_add(&w->at_once, 1);
  if (done != w->last + 1 || done > added) atomic_fetch_add(&w->wrong, 1);
  w->last = done;
  atomic_fetch_add(&w->calls, 1);
  if (w->cancel_at && done == (uint64_t)w->cancel_at && ist_batch_cancel(batch))
    atomic_fetch_add(&w->wrong, 1);
  sched_yield();
  atomic_fetch_sub(&w->inside, 1);
}

static void count_finalized(void *env) {
  atomic_fetch_add(&((watch *)env)->finalized, 1);
}

static ist_batch_options watched_by(watch *w) {
  return (ist_batch_options){.size = sizeof(ist_batch_options),
                             .window = 1000,
                             .progress = on_progress,
                             .env = w,
                             .finalize = count_finalized};
}

static void progress(void **state) {
  (void)state;
  ist_pool *pool = pool_of(IST_ISOLATION_COMPARTMENT, 3);
  watch w = {0};
  ist_batch_options options = watched_by(&w);
  ist_batch *batch = batch_of(pool, "input", &options);
  for (int i = 0; i < 500; i++) add(batch, "1");
  for (int i = 0; i < 500; i++) next_gives(batch, "1");
  assert_int_equal(atomic_load(&w.finalized), 0);
  /* Who has an outcome knows that its progress was told. */
  assert_int_equal(atomic_load(&w.calls), 500);
  ist_batch_free(batch);
  assert_int_equal(atomic_load(&w.finalized), 1);
  assert_int_equal(atomic_load(&w.wrong), 0);
  assert_int_equal(atomic_load(&w.at_once), 0);
  ist_pool_free(pool);
}

static void cancelled_by_progress(void **state) {
  (void)state;
  for (uint32_t threads = 1; threads <= 3; threads++) {
    ist_pool *pool = pool_of(IST_ISOLATION_COMPARTMENT, threads);
    watch w = {.cancel_at = 10};
    ist_batch_options options = watched_by(&w);
    /* Those that run when it is cancelled never end by themselves. */
    ist_batch *batch = batch_of(pool, "if (input >= 100) for (;;); 1", &options);
    int added = 0, given = 0, ended = 0;
    ist_status status = IST_OK;
    while (added < 500 && !status) {
      char text[16];
      snprintf(text, sizeof text, "%d", added);
      status = ist_batch_add(batch, text, strlen(text), -1);
      added += !status;
    }
    if (status) assert_status(IST_ERR_TERMINATED, status);
    for (int i = 0; i < added; i++) {
      ist_outcome *outcome = next(batch);
      assert_int_equal(outcome->index, i);
      if (outcome->status)
        assert_failed(IST_ERR_TERMINATED, "Error", "execution was terminated", outcome);
      given += !outcome->status;
      ended += !!outcome->status;
      ist_outcome_free(outcome);
    }
    no_more(batch);
    if (added == 500) assert_true(given >= 9 && given <= 100 && ended >= 400);
    ist_batch_free(batch);
    assert_int_equal(atomic_load(&w.finalized), 1);
    assert_int_equal(atomic_load(&w.wrong), 0);
    ist_pool_free(pool);
  }
}

/* ---- Turns ---- */

typedef struct turn {
  char name;
  char *log;
  atomic_int *at;
} turn;

static void note_turn(void *env, ist_batch *batch, uint64_t done, uint64_t added) {
  turn *t = env;
  (void)batch;
  (void)done;
  (void)added;
  t->log[atomic_fetch_add(t->at, 1)] = t->name;
}

/* A batch that came later does not wait for all of one that came first. */
static void in_turn(void **state) {
  (void)state;
  char log[256] = "";
  atomic_int at = 0;
  turn turns[3] = {{'a', log, &at}, {'b', log, &at}, {'c', log, &at}};
  int counts[3] = {60, 5, 20};
  ist_pool *pool = pool_of(IST_ISOLATION_COMPARTMENT, 1);
  /* The only worker is busy until all are there. */
  ist_batch *first = batch_of(pool, looping, NULL), *batches[3];
  add(first, "\"loop\"");
  for (int b = 0; b < 3; b++) {
    ist_batch_options options = {.size = sizeof options, .progress = note_turn, .env = &turns[b]};
    batches[b] = batch_of(pool, "input", &options);
    for (int i = 0; i < counts[b]; i++) add(batches[b], "1");
  }
  ist_batch_free(first);
  for (int b = 0; b < 3; b++) {
    for (int i = 0; i < counts[b]; i++) next_gives(batches[b], "1");
    ist_batch_free(batches[b]);
  }
  ist_pool_free(pool);
  assert_memory_equal(log, "abcabcabcabcabcacacacacacacacacacacacacacacacaaaaaa", 50);
}

/* ---- Cancelling ---- */

/* Ways to run for ever, each in another part of V8 or of a run. */
static const char *const endless[] = {
    "for (;;);",
    "while (true) { try { for (;;) new Array(1000).fill(1.5); } catch {} finally { continue; } }",
    "(function f() { try { f(); } finally { f(); } })()",
    "const g = () => Promise.resolve().then(g); g(); 1",
    "(async () => { for (;;) await null; })()",
    "({toJSON() { for (;;); }})",
    "({get a() { for (;;); }})",
    "new Proxy([], {get() { for (;;); }})",
    "({toJSON() { const g = () => Promise.resolve().then(g); g(); return 1; }})",
    "/^(a+)+$/.test('a'.repeat(50) + 'b')",
    "[3, 1, 2].sort(() => { for (;;); })",
    "JSON.stringify({toJSON() { for (;;); }})",
    "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
    "eval('for (;;);')",
    "new Function('for (;;);')()",
    "for (const x of (function* () { for (;;) yield 1; })());",
};

static void cancel_what_runs(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 2);
    for (size_t p = 0; p < sizeof endless / sizeof *endless; p++) {
      char program[256];
      snprintf(program, sizeof program, "if (input > 3) { %s }", endless[p]);
      ist_batch *batch = batch_of(pool, program, NULL);
      add(batch, "1");
      add(batch, "4");
      add(batch, "5");
      add(batch, "1");
      add(batch, "6");
      add(batch, "7");
      next_gives(batch, "null");
      assert_ok(ist_batch_cancel(batch));
      next_fails(batch, IST_ERR_TERMINATED, "Error", "execution was terminated");
      next_fails(batch, IST_ERR_TERMINATED, "Error", "execution was terminated");
      ist_outcome_free(next(batch));
      next_fails(batch, IST_ERR_TERMINATED, "Error", "execution was terminated");
      next_fails(batch, IST_ERR_TERMINATED, "Error", "execution was terminated");
      no_more(batch);
      assert_status(IST_ERR_TERMINATED, ist_batch_add(batch, "1", 1, -1));
      assert_ok(ist_batch_cancel(batch));
      assert_ok(ist_batch_end(batch));
      ist_batch_free(batch);
      /* The workers are as good as before. */
      gives(pool, "input + 1", "1", "2");
      gives(pool, "input + 1", "2", "3");
    }
    ist_pool_free(pool);
  }
}

/* At every moment of a run, also before it has begun and when it has ended. */
static void cancel_at_any_moment(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 2);
    int count = rounds(rungs[i] >= IST_ISOLATION_CONTEXT ? 60 : 300, 20000);
    for (int round = 0; round < count; round++) {
      ist_batch *batch = batch_of(pool, looping, NULL);
      for (int n = 0; n < round % 7; n++) add(batch, n % 3 == 2 ? "\"loop\"" : "1");
      for (int n = 0; n < round % 11; n++) sched_yield();
      if (round % 2) assert_ok(ist_batch_cancel(batch));
      if (round % 2 && round % 3) {
        for (int n = 0; n < round % 7; n++) {
          ist_outcome *outcome = next(batch);
          if (n % 3 == 2 || outcome->status)
            assert_failed(IST_ERR_TERMINATED, "Error", "execution was terminated", outcome);
          else
            assert_given("1", outcome);
          ist_outcome_free(outcome);
        }
        no_more(batch);
      }
      ist_batch_free(batch);
      if (round % 5 == 0) gives(pool, "input", "5", "5");
    }
    ist_pool_free(pool);
  }
}

/* A cancellation ends nothing of other batches. */
static void others_go_on(void **state) {
  (void)state;
  ist_pool *pool = pool_of(IST_ISOLATION_COMPARTMENT, 2);
  ist_batch *other =
      batch_of(pool, "let n = 0; for (let i = 0; i < 20000; i++) n += i % 3; n", NULL);
  for (int round = 0; round < rounds(100, 10000); round++) {
    ist_batch *batch = batch_of(pool, looping, NULL);
    add(other, "1");
    add(batch, "\"loop\"");
    add(other, "1");
    ist_batch_free(batch);
    next_gives(other, "19999");
    next_gives(other, "19999");
  }
  ist_batch_free(other);
  ist_pool_free(pool);
}

/* ---- The end at any moment ---- */

static void pool_freed_in_use(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    for (int round = 0; round < rounds(10, 1000); round++) {
      watch w = {0};
      ist_batch_options options = {
          .size = sizeof options, .progress = on_progress, .env = &w, .finalize = count_finalized};
      ist_pool *pool = pool_of(rungs[i], 1 + (uint32_t)round % 3);
      ist_batch *batches[3];
      for (int b = 0; b < 3; b++) {
        batches[b] = batch_of(pool, looping, b ? NULL : &options);
        for (int n = 0; n < 4; n++) add(batches[b], n + b == 3 ? "\"loop\"" : "1");
      }
      if (round % 2) ist_outcome_free(next(batches[0]));
      if (round % 3 == 1) ist_batch_free(batches[1]);
      ist_pool_free(pool);
      assert_int_equal(atomic_load(&w.finalized), 1);
      assert_status(IST_ERR_HANDLE, ist_batch_end(batches[0]));
      ist_batch_free(batches[2]);
    }
  }
}

typedef struct ender {
  ist_pool *pool; /* freed by `progress`, or */
  ist_batch *batch;
  atomic_int finalized;
} ender;

static void free_within(void *env, ist_batch *batch, uint64_t done, uint64_t added) {
  ender *e = env;
  (void)done;
  (void)added;
  if (e->pool)
    ist_pool_free(e->pool);
  else
    ist_batch_free(batch);
}

static void count_ended(void *env) {
  atomic_fetch_add(&((ender *)env)->finalized, 1);
}

/* What `progress` must not do does no harm. */
static void freed_by_progress(void **state) {
  (void)state;
  for (int whole = 0; whole < 2; whole++) {
    for (int round = 0; round < rounds(20, 1000); round++) {
      ist_pool *pool = pool_of(IST_ISOLATION_COMPARTMENT, 2);
      ender e = {.pool = whole ? pool : NULL};
      ist_batch_options options = {
          .size = sizeof options, .progress = free_within, .env = &e, .finalize = count_ended};
      ist_batch *batch = batch_of(pool, looping, &options);
      ist_status status = IST_OK;
      for (int n = 0; n < 5 && !status; n++)
        status = ist_batch_add(batch, n == 2 ? "\"loop\"" : "1", n == 2 ? 6 : 1, -1);
      if (status) assert_status(IST_ERR_HANDLE, status);
      while (!atomic_load(&e.finalized)) sched_yield();
      assert_status(IST_ERR_HANDLE, ist_batch_end(batch));
      if (!whole) gives(pool, "1", "1", "1");
      ist_pool_free(pool);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(in_order),
      cmocka_unit_test(window),
      cmocka_unit_test(nothing_to_take),
      cmocka_unit_test(progress),
      cmocka_unit_test(cancelled_by_progress),
      cmocka_unit_test(in_turn),
      cmocka_unit_test(cancel_what_runs),
      cmocka_unit_test(cancel_at_any_moment),
      cmocka_unit_test(others_go_on),
      cmocka_unit_test(pool_freed_in_use),
      cmocka_unit_test(freed_by_progress),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
