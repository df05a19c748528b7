/* Pools that many threads use at once: those that add, those that take, those that begin, cancel
 * and free batches, and those that only look. */
#include "pool_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* cmocka's checks end a test by a jump, which no thread but the first may do: the others count what
 * went wrong. */
#define CHECK(at, condition) ((condition) ? (void)0 : (void)atomic_fetch_add(&(at)->wrong, 1))

typedef struct shared {
  ist_pool *pool;
  ist_batch *batch;
  int count; /* inputs of each that adds */
  atomic_int wrong, taken, next_name;
  atomic_uchar seen[100000]; /* by index */
  atomic_llong sum;
  atomic_bool stop;
} shared;

static pthread_t start(void *(*run)(void *), void *env) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, run, env), 0);
  return thread;
}

static void *adds(void *env) {
  shared *s = env;
  for (int i = 0; i < s->count; i++) {
    char text[16];
    int length = snprintf(text, sizeof text, "%d", i);
    CHECK(s, ist_batch_add(s->batch, text, (size_t)length, -1) == IST_OK);
  }
  return NULL;
}

static void *takes(void *env) {
  shared *s = env;
  ist_outcome *outcome;
  ist_status status;
  int64_t last = -1;
  while (!(status = ist_batch_next(s->batch, -1, &outcome))) {
    CHECK(s, !outcome->status);
    CHECK(s, (int64_t)outcome->index > last);
    last = (int64_t)outcome->index;
    if (outcome->index < sizeof s->seen) CHECK(s, !atomic_fetch_add(&s->seen[outcome->index], 1));
    if (outcome->value) atomic_fetch_add(&s->sum, atoll((const char *)outcome->value));
    atomic_fetch_add(&s->taken, 1);
    ist_outcome_free(outcome);
  }
  CHECK(s, status == IST_ERR_NOT_FOUND);
  return NULL;
}

static void many_add_and_take(void **state) {
  (void)state;
  static const size_t windows[] = {1, 3, 16, 0};
  for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
    for (int takers = 1; takers <= 3; takers += 2) {
      shared *s = calloc(1, sizeof *s);
      ist_batch_options options = {.size = sizeof options, .window = windows[w]};
      s->pool = pool_of(IST_ISOLATION_COMPARTMENT, 2);
      s->batch = batch_of(s->pool, "input + 1", &options);
      s->count = rounds(500, 30000);
      pthread_t add_threads[3], take_threads[3];
      for (int t = 0; t < takers; t++) take_threads[t] = start(takes, s);
      for (int t = 0; t < 3; t++) add_threads[t] = start(adds, s);
      for (int t = 0; t < 3; t++) pthread_join(add_threads[t], NULL);
      assert_ok(ist_batch_end(s->batch));
      for (int t = 0; t < takers; t++) pthread_join(take_threads[t], NULL);
      assert_int_equal(atomic_load(&s->wrong), 0);
      assert_int_equal(atomic_load(&s->taken), 3 * s->count);
      long long sum = 3LL * s->count * (s->count + 1) / 2;
      assert_int_equal(atomic_load(&s->sum), sum);
      assert_int_equal(statistics_of(s->pool).runs, 3 * s->count);
      ist_batch_free(s->batch);
      ist_pool_free(s->pool);
      free(s);
    }
  }
}

/* Each thread has batches of its own in one pool, and cancels some. */
static void *uses(void *env) {
  shared *s = env;
  int name = atomic_fetch_add(&s->next_name, 1);
  for (int round = 0; round < s->count; round++) {
    char program[64];
    int length = snprintf(program, sizeof program, "if (input < 0) for (;;); input + %d", name);
    ist_source source = {
        .size = sizeof source, .text = program, .length = (size_t)length, .file = "each.js"};
    ist_batch *batch;
    ist_outcome *outcome;
    if (ist_batch_new(s->pool, &source, NULL, &batch)) {
      atomic_fetch_add(&s->wrong, 1);
      break;
    }
    for (int n = 0; n < 5; n++)
      CHECK(s, !ist_batch_add(batch, n == 4 && round % 3 == 0 ? "-1" : "7",
                              n == 4 && round % 3 == 0 ? 2 : 1, -1));
    CHECK(s, !ist_batch_end(batch));
    for (int n = 0; n < 4; n++) {
      ist_status status = ist_batch_next(batch, -1, &outcome);
      CHECK(s, !status);
      if (status) continue;
      CHECK(s, outcome->value && atoi((const char *)outcome->value) == 7 + name);
      ist_outcome_free(outcome);
    }
    if (round % 2) CHECK(s, !ist_batch_cancel(batch));
    if (round % 4 == 3) {
      CHECK(s, !ist_batch_next(batch, -1, &outcome));
      ist_outcome_free(outcome);
      CHECK(s, ist_batch_next(batch, -1, &outcome) == IST_ERR_NOT_FOUND);
    }
    ist_batch_free(batch);
  }
  return NULL;
}

static void *looks(void *env) {
  shared *s = env;
  uint64_t last = 0;
  while (!atomic_load(&s->stop)) {
    ist_pool_statistics statistics = {.size = sizeof statistics};
    CHECK(s, !ist_pool_read_statistics(s->pool, &statistics));
    CHECK(s, statistics.runs >= last && statistics.failed <= statistics.runs);
    last = statistics.runs;
    sched_yield();
  }
  return NULL;
}

static void many_batches(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    shared *s = calloc(1, sizeof *s);
    s->pool = pool_of(rungs[i], 3);
    s->count = rounds(rungs[i] == IST_ISOLATION_ISOLATE ? 20 : 60, 3000);
    pthread_t threads[3], looking = start(looks, s);
    for (int t = 0; t < 3; t++) threads[t] = start(uses, s);
    for (int t = 0; t < 3; t++) pthread_join(threads[t], NULL);
    atomic_store(&s->stop, true);
    pthread_join(looking, NULL);
    assert_int_equal(atomic_load(&s->wrong), 0);
    ist_pool_free(s->pool);
    free(s);
  }
}

/* A batch that is freed or cancelled wakes those that wait in it. */
static void *waits_to_take(void *env) {
  shared *s = env;
  ist_outcome *outcome;
  atomic_fetch_add(&s->taken, 1);
  ist_status status = ist_batch_next(s->batch, -1, &outcome);
  if (!status) ist_outcome_free(outcome);
  CHECK(s, status == IST_OK || status == IST_ERR_HANDLE || status == IST_ERR_NOT_FOUND);
  return NULL;
}

static void *waits_to_add(void *env) {
  shared *s = env;
  atomic_fetch_add(&s->taken, 1);
  ist_status status = ist_batch_add(s->batch, "1", 1, -1);
  CHECK(s, status == IST_OK || status == IST_ERR_HANDLE || status == IST_ERR_TERMINATED);
  return NULL;
}

static void waiting_ends(void **state) {
  (void)state;
  for (int round = 0; round < rounds(60, 3000); round++) {
    shared *s = calloc(1, sizeof *s);
    ist_batch_options options = {.size = sizeof options, .window = 1};
    s->pool = pool_of(IST_ISOLATION_SHARED, 1);
    s->batch = batch_of(s->pool, "for (;;);", &options);
    add(s->batch, "1");
    pthread_t threads[4];
    for (int t = 0; t < 4; t++) threads[t] = start(t < 2 ? waits_to_take : waits_to_add, s);
    while (atomic_load(&s->taken) < 4) sched_yield();
    for (int n = 0; n < round % 13; n++) sched_yield();
    switch (round % 3) {
    case 0: ist_batch_free(s->batch); break;
    case 1: ist_pool_free(s->pool); break;
    default: assert_ok(ist_batch_cancel(s->batch));
    }
    for (int t = 0; t < 4; t++) pthread_join(threads[t], NULL);
    assert_int_equal(atomic_load(&s->wrong), 0);
    ist_batch_free(s->batch);
    ist_pool_free(s->pool);
    free(s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(many_add_and_take),
      cmocka_unit_test(many_batches),
      cmocka_unit_test(waiting_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
