/* Every request for memory of ours fails once, and once together with all that follow, on whichever
 * thread makes it: a call then succeeds or answers IST_ERR_MEMORY, each input has its outcome, and
 * the pool is as good as before when there is memory again. */
#include "pool_test.h"

#include <stdatomic.h>

static atomic_long until_failure = -1; /* how many requests succeed before one fails */
static atomic_bool failed, for_good;

static bool refused(void) {
  if (atomic_load(&until_failure) < 0) return false;
  if (atomic_load(&failed)) return atomic_load(&for_good);
  if (atomic_fetch_sub(&until_failure, 1) > 0) return false;
  atomic_store(&failed, true);
  atomic_store(&until_failure, 0);
  return true;
}

static void *allocate(void *env, size_t bytes) {
  (void)env;
  return refused() ? NULL : malloc(bytes);
}

static void *reallocate(void *env, void *memory, size_t bytes) {
  (void)env;
  return refused() ? NULL : realloc(memory, bytes);
}

static void release(void *env, void *memory) {
  (void)env;
  free(memory);
}

static const char program[] =
    "if (input === 'throw') throw new TypeError('thrown', {cause: new Error('inner')});\n"
    "if (input === 'wait') Promise.resolve(1); else input;";

static const char *const inputs[] = {"1", "\"throw\"", "[1, 2, {\"a\": \"b\"}]", "\"wait\"", "{"};
enum { INPUTS = sizeof inputs / sizeof *inputs };

/* What is left of a pool that has memory again. */
static void as_good_as_before(ist_pool *pool) {
  gives(pool, "input + 1", "1", "2");
  fails(pool, "throw new RangeError('again')", "1", IST_ERR_EXCEPTION, "RangeError", "again");
}

static void run_all(ist_pool *pool) {
  ist_source source = source_of(program);
  ist_batch *batch;
  ist_status status = ist_batch_new(pool, &source, NULL, &batch);
  if (status) {
    assert_status(IST_ERR_MEMORY, status);
    assert_true(atomic_load(&failed));
    return;
  }
  int added = 0;
  for (int i = 0; i < INPUTS; i++) {
    status = ist_batch_add(batch, inputs[i], strlen(inputs[i]), -1);
    if (status) assert_status(IST_ERR_MEMORY, status);
    added += !status;
  }
  assert_ok(ist_batch_end(batch));
  for (int i = 0; i < added; i++) {
    ist_outcome *outcome = next(batch);
    assert_true(!outcome->error == !outcome->status);
    assert_true(!outcome->value != !outcome->status);
    if (outcome->error) {
      assert_non_null(outcome->error->message);
      assert_status(outcome->status, outcome->error->status);
    }
    ist_outcome_free(outcome);
  }
  no_more(batch);
  ist_batch_free(batch);
}

static void memory_runs_out(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    for (int good = 0; good < 2; good++) {
      long step = getenv("ISTHMUS_SANITIZE") ? 7 : 1, n = 0;
      do {
        ist_pool_options options = {
            .size = sizeof options, .isolation = rungs[i], .threads = 1 + (uint32_t)n % 2};
        ist_pool *pool = NULL;
        ist_error *error = NULL;
        atomic_store(&failed, false);
        atomic_store(&for_good, good);
        atomic_store(&until_failure, n);
        ist_status status = ist_pool_new(&options, &pool, &error);
        if (status) {
          assert_status(IST_ERR_MEMORY, status);
          if (error) assert_status(IST_ERR_MEMORY, error->status);
        } else {
          run_all(pool);
        }
        atomic_store(&until_failure, -1);
        ist_error_free(error);
        if (pool) as_good_as_before(pool);
        ist_pool_free(pool);
        n += step;
      } while (atomic_load(&failed));
    }
  }
}

int main(void) {
  static const ist_allocator failing = {sizeof failing, NULL, allocate, reallocate, release};
  if (ist_allocator_set(&failing)) return 1;
  const struct CMUnitTest tests[] = {cmocka_unit_test(memory_runs_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
