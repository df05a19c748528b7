/* What callers can do wrong with pools: each mistake is answered, and nothing else is. */
#include "pool_test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void refused_options(void **state) {
  (void)state;
  ist_pool *pool = NULL;
  ist_error *error;
  assert_status(IST_ERR_ARGUMENT, ist_pool_new(NULL, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_pool_new(NULL, NULL, &error));
  assert_string_equal(error->message, "invalid argument");
  ist_error_free(error);
  ist_pool_options options = {.size = 3};
  assert_status(IST_ERR_ARGUMENT, ist_pool_new(&options, &pool, NULL));
  options = (ist_pool_options){.size = sizeof options, .isolation = (ist_isolation)5};
  assert_status(IST_ERR_ARGUMENT, ist_pool_new(&options, &pool, &error));
  assert_string_equal(error->message, "there is no such isolation");
  ist_error_free(error);
  options = (ist_pool_options){.size = sizeof options, .threads = UINT32_MAX};
  assert_status(IST_ERR_RESOURCE, ist_pool_new(&options, &pool, &error));
  assert_string_equal(error->message, "a pool has at most 4096 threads");
  ist_error_free(error);
  /* Stacks that no system has memory for. */
  options = (ist_pool_options){.size = sizeof options, .threads = 2, .stack_limit = SIZE_MAX};
  assert_status(IST_ERR_RESOURCE, ist_pool_new(&options, &pool, &error));
  assert_non_null(strstr(error->message, "a thread of the pool cannot be started: "));
  ist_error_free(error);
  options.stack_limit = (size_t)1 << 46;
  assert_status(IST_ERR_RESOURCE, ist_pool_new(&options, &pool, NULL));
  assert_null(pool);
  /* An older caller gives less. */
  options = (ist_pool_options){.size = offsetof(ist_pool_options, threads),
                               .isolation = IST_ISOLATION_CONTEXT,
                               .threads = UINT32_MAX};
  assert_ok(ist_pool_new(&options, &pool, NULL));
  gives(pool, "input", "1", "1");
  ist_pool_free(pool);
  /* And a newer one more. */
  struct {
    ist_pool_options options;
    uint64_t more;
  } newer = {{.size = sizeof newer, .isolation = IST_ISOLATION_CONTEXT, .threads = 1}, 5};
  assert_ok(ist_pool_new(&newer.options, &pool, &error));
  assert_null(error);
  ist_pool_free(pool);
  /* Nothing said: a shared context, as many threads as processors. */
  assert_ok(ist_pool_new(NULL, &pool, NULL));
  gives(pool, "input", "1", "1");
  ist_pool_free(pool);
  ist_pool_free(NULL);
}

static void finalized(void *env) {
  atomic_fetch_add((atomic_int *)env, 1);
}

static void refused_batches(void **state) {
  (void)state;
  atomic_int count = 0;
  ist_pool *pool = pool_of(IST_ISOLATION_CONTEXT, 1);
  ist_source source = source_of("1"), none = {0};
  ist_batch *batch = NULL;
  ist_batch_options options = {.size = sizeof options, .env = &count, .finalize = finalized};
  /* The finalizer is called each time. */
  assert_status(IST_ERR_ARGUMENT, ist_batch_new(NULL, &source, &options, &batch));
  assert_status(IST_ERR_ARGUMENT, ist_batch_new(pool, NULL, &options, &batch));
  assert_status(IST_ERR_ARGUMENT, ist_batch_new(pool, &none, &options, &batch));
  assert_status(IST_ERR_ARGUMENT, ist_batch_new(pool, &source, &options, NULL));
  none.size = sizeof none;
  none.length = 5;
  assert_status(IST_ERR_ARGUMENT, ist_batch_new(pool, &none, &options, &batch));
  options.input = (ist_format)2;
  assert_status(IST_ERR_ARGUMENT, ist_batch_new(pool, &source, &options, &batch));
  options.input = IST_FORMAT_JSON;
  options.output = (ist_format)-1;
  assert_status(IST_ERR_ARGUMENT, ist_batch_new(pool, &source, &options, &batch));
  assert_int_equal(atomic_load(&count), 7);
  options.size = 0;
  assert_status(IST_ERR_ARGUMENT, ist_batch_new(pool, &source, &options, &batch));
  assert_int_equal(atomic_load(&count), 7);
  assert_null(batch);
  /* An empty program, given as nothing. */
  none.length = 0;
  assert_ok(ist_batch_new(pool, &none, NULL, &batch));
  add(batch, "1");
  next_gives(batch, "null");
  ist_outcome *outcome = NULL;
  assert_status(IST_ERR_ARGUMENT, ist_batch_add(batch, NULL, 1, -1));
  assert_status(IST_ERR_ARGUMENT, ist_batch_next(batch, -1, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_batch_add(NULL, "1", 1, -1));
  assert_status(IST_ERR_ARGUMENT, ist_batch_end(NULL));
  assert_status(IST_ERR_ARGUMENT, ist_batch_next(NULL, -1, &outcome));
  assert_status(IST_ERR_ARGUMENT, ist_batch_cancel(NULL));
  assert_status(IST_ERR_MEMORY, ist_batch_add(batch, "1", SIZE_MAX, -1));
  ist_batch_free(NULL);
  ist_batch_free(batch);
  ist_pool_statistics statistics = {.size = 0};
  assert_status(IST_ERR_ARGUMENT, ist_pool_read_statistics(pool, &statistics));
  assert_status(IST_ERR_ARGUMENT, ist_pool_read_statistics(pool, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_pool_read_statistics(NULL, &statistics));
  statistics = (ist_pool_statistics){.size = offsetof(ist_pool_statistics, failed), .failed = 99};
  assert_ok(ist_pool_read_statistics(pool, &statistics));
  assert_int_equal(statistics.size, offsetof(ist_pool_statistics, failed));
  assert_int_equal(statistics.runs, 1);
  assert_int_equal(statistics.failed, 99);
  ist_pool_free(pool);
}

static void stale(void **state) {
  (void)state;
  ist_source source = source_of("1");
  ist_outcome *outcome = NULL;
  ist_pool_statistics statistics = {.size = sizeof statistics};
  atomic_int count = 0;
  ist_batch_options options = {.size = sizeof options, .env = &count, .finalize = finalized};
  for (int round = 0; round < 3; round++) {
    ist_pool *pool = pool_of(IST_ISOLATION_CONTEXT, 1);
    ist_batch *freed = batch_of(pool, "1", NULL), *left = batch_of(pool, "1", NULL), *batch;
    ist_batch_free(freed);
    for (int with_pool = 0; with_pool < 2; with_pool++) {
      ist_batch *of = with_pool ? left : freed;
      if (with_pool) ist_pool_free(pool);
      assert_status(IST_ERR_HANDLE, ist_batch_add(of, "1", 1, -1));
      assert_status(IST_ERR_HANDLE, ist_batch_end(of));
      assert_status(IST_ERR_HANDLE, ist_batch_cancel(of));
      assert_status(IST_ERR_HANDLE, ist_batch_next(of, -1, &outcome));
      ist_batch_free(of);
    }
    assert_status(IST_ERR_HANDLE, ist_pool_read_statistics(pool, &statistics));
    assert_status(IST_ERR_HANDLE, ist_batch_new(pool, &source, &options, &batch));
    assert_int_equal(atomic_load(&count), round + 1);
    ist_pool_free(pool);
  }
}

/* Records are used again only when many were freed, and then as good as new. */
static void records_are_used_again(void **state) {
  (void)state;
  ist_pool *pool = pool_of(IST_ISOLATION_SHARED, 1);
  ist_batch *first = batch_of(pool, "1", NULL);
  ist_batch_free(first);
  int seen = 0;
  for (int i = 0; i < 5000; i++) {
    ist_batch *batch = batch_of(pool, "input", NULL);
    assert_true(batch != first || i > 1000);
    seen += batch == first;
    if (batch != first && !seen) assert_status(IST_ERR_HANDLE, ist_batch_end(first));
    if (i % 100 == 0) {
      add(batch, "1");
      next_gives(batch, "1");
    } else if (i % 3 == 0) {
      add(batch, "1");
    }
    ist_batch_free(batch);
  }
  assert_true(seen > 0);
  ist_pool_free(pool);
  for (int i = 0; i < 1100; i++) ist_pool_free(pool_of(IST_ISOLATION_SHARED, 1));
}

/* ---- Fork ---- */

static int failures;

#define FORKED(call)                                                                               \
  do {                                                                                             \
    ist_status got = (call);                                                                       \
    if (got == IST_ERR_FORKED) break;                                                              \
    fprintf(stderr, "%s: %s\n", #call, ist_status_name(got));                                      \
    failures++;                                                                                    \
  } while (0)

/* The child has neither the threads nor what they held. */
static void forked(void **state) {
  (void)state;
  ist_pool *pool = pool_of(IST_ISOLATION_CONTEXT, 2);
  ist_batch *batch = batch_of(pool, "if (input) for (;;);", NULL);
  add(batch, "0");
  add(batch, "1");
  ist_outcome *kept = next(batch);
  fflush(NULL);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (!pid) {
    alarm(60); /* to hang is to fail */
    atomic_int count = 0;
    ist_pool *other;
    ist_batch *made;
    ist_outcome *outcome;
    ist_error *error;
    ist_source source = source_of("1");
    ist_batch_options options = {.size = sizeof options, .env = &count, .finalize = finalized};
    ist_pool_statistics statistics = {.size = sizeof statistics};
    FORKED(ist_pool_new(NULL, &other, &error));
    if (!error || error->status != IST_ERR_FORKED) failures++;
    ist_error_free(error);
    FORKED(ist_pool_read_statistics(pool, &statistics));
    FORKED(ist_batch_new(pool, &source, &options, &made));
    if (atomic_load(&count) != 1) failures++;
    FORKED(ist_batch_add(batch, "1", 1, -1));
    FORKED(ist_batch_next(batch, -1, &outcome));
    FORKED(ist_batch_end(batch));
    FORKED(ist_batch_cancel(batch));
    ist_batch_free(batch);
    ist_pool_free(pool);
    ist_outcome_free(kept);
    _exit(failures ? 1 : 0);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  ist_outcome_free(kept);
  assert_ok(ist_batch_cancel(batch));
  next_fails(batch, IST_ERR_TERMINATED, "Error", "execution was terminated");
  ist_batch_free(batch);
  gives(pool, "input", "1", "1");
  ist_pool_free(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refused_options), cmocka_unit_test(refused_batches),
      cmocka_unit_test(stale),           cmocka_unit_test(records_are_used_again),
      cmocka_unit_test(forked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
