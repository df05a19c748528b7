/* Run after run leaves nothing behind: as many blocks of the library's memory are in use after many
 * runs as after few, and the process does not grow. ISTHMUS_LONG=1: a million runs. */
#include "pool_test.h"

#include <stdatomic.h>
#include <unistd.h>

static atomic_long live;

static void *allocate(void *env, size_t bytes) {
  (void)env;
  void *memory = malloc(bytes);
  if (memory) atomic_fetch_add(&live, 1);
  return memory;
}

static void *reallocate(void *env, void *memory, size_t bytes) {
  (void)env;
  void *moved = realloc(memory, bytes);
  if (moved && !memory) atomic_fetch_add(&live, 1);
  return moved;
}

static void release(void *env, void *memory) {
  (void)env;
  if (memory) atomic_fetch_sub(&live, 1);
  free(memory);
}

/* Megabytes that the process has in memory. */
static long resident(void) {
  long pages = 0, all;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%ld %ld", &all, &pages), 2);
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024) / 1024;
}

/* Some that give a value, small or large, and some that fail. */
static void run_many(ist_pool *pool, int count) {
  static const char program[] = "if (input.n % 10 === 9) throw new Error('ninth ' + input.n);\n"
                                "if (input.n % 10 === 8) 'x'.repeat(2000);\n"
                                "else ({n: input.n, list: input.list.map(a => a + 1)});";
  ist_batch *batch = NULL;
  int taken = 0, in_batch = 0, expected = 0;
  for (int added = 0; taken < count;) {
    if (!batch) {
      batch = batch_of(pool, program, NULL);
      in_batch = expected = 0;
    }
    char text[100];
    int n = 0;
    while (added < count && in_batch < 1000 && n < 50) {
      int length =
          snprintf(text, sizeof text, "{\"n\": %d, \"list\": [1, 2, 3, 4, 5, 6]}", in_batch);
      if (ist_batch_add(batch, text, (size_t)length, 0)) break;
      added++;
      in_batch++;
      n++;
    }
    ist_outcome *outcome = next(batch);
    if (expected % 10 == 9) {
      snprintf(text, sizeof text, "ninth %d", expected);
      assert_failed(IST_ERR_EXCEPTION, "Error", text, outcome);
    } else if (expected % 10 == 8) {
      assert_int_equal(outcome->length, 2002);
    } else {
      snprintf(text, sizeof text, "{\"n\":%d,\"list\":[2,3,4,5,6,7]}", expected);
      assert_given(text, outcome);
    }
    ist_outcome_free(outcome);
    taken++;
    if (++expected == in_batch && (in_batch == 1000 || added == count)) {
      ist_batch_free(batch);
      batch = NULL;
    }
  }
}

static void stays_flat(void **state) {
  (void)state;
  static const int usual[RUNGS] = {20000, 10000, 1000, 150};
  static const int most[RUNGS] = {1000000, 1000000, 100000, 20000};
  for (int i = 0; i < RUNGS; i++) {
    /* With a limit V8 collects before there is much to collect. */
    ist_pool_options options = {
        .size = sizeof options, .isolation = rungs[i], .threads = 2, .heap_limit = 64 << 20};
    ist_pool *pool;
    assert_ok(ist_pool_new(&options, &pool, NULL));
    int count = rounds(usual[i], most[i]);
    run_many(pool, count / 4);
    long blocks = atomic_load(&live), megabytes = resident();
    run_many(pool, count);
    /* A thousand records of batches, contexts and so on rest before one is used again. V8 frees
     * contexts when it likes, each with blocks of ours. */
    long more = rungs[i] < IST_ISOLATION_CONTEXT ? 100 + count / 1000 : 5000;
    assert_true(atomic_load(&live) <= blocks + more);
    assert_true(resident() < megabytes + 100);
    ist_pool_statistics after = statistics_of(pool);
    assert_int_equal(after.runs, count + count / 4);
    assert_int_equal(after.spent + after.timeouts, 0);
    if (rungs[i] != IST_ISOLATION_SHARED) assert_int_equal(after.replaced, 0);
    ist_pool_free(pool);
  }
}

int main(void) {
  static const ist_allocator counting = {sizeof counting, NULL, allocate, reallocate, release};
  if (ist_allocator_set(&counting)) return 1;
  const struct CMUnitTest tests[] = {cmocka_unit_test(stays_flat)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
