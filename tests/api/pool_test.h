/* What the tests of pools share: pools of each isolation, batches that are run in one go, and
 * checks of outcomes. Nothing here waits for a time: whoever waits, waits for what must come. */
#ifndef IST_POOL_TEST_H
#define IST_POOL_TEST_H

#include "api_test.h"

#include <stdio.h>

/* The isolations of threads; cells have tests of their own. */
static const ist_isolation rungs[] = {IST_ISOLATION_SHARED, IST_ISOLATION_COMPARTMENT,
                                      IST_ISOLATION_CONTEXT, IST_ISOLATION_ISOLATE};
enum { RUNGS = sizeof rungs / sizeof *rungs };

static inline ist_pool *pool_of(ist_isolation isolation, uint32_t threads) {
  ist_pool_options options = {.size = sizeof options, .isolation = isolation, .threads = threads};
  ist_pool *pool = NULL;
  ist_error *error;
  assert_ok(ist_pool_new(&options, &pool, &error));
  assert_null(error);
  return pool;
}

static inline ist_source source_of(const char *program) {
  ist_source source = {
      .size = sizeof source, .text = program, .length = strlen(program), .file = "program.js"};
  return source;
}

static inline ist_batch *batch_of(ist_pool *pool, const char *program,
                                  const ist_batch_options *options) {
  ist_source source = source_of(program);
  ist_batch *batch = NULL;
  assert_ok(ist_batch_new(pool, &source, options, &batch));
  return batch;
}

static inline void add(ist_batch *batch, const char *input) {
  assert_ok(ist_batch_add(batch, input, strlen(input), -1));
}

static inline ist_outcome *next(ist_batch *batch) {
  ist_outcome *outcome = NULL;
  assert_ok(ist_batch_next(batch, -1, &outcome));
  assert_int_equal(outcome->size, sizeof *outcome);
  return outcome;
}

static inline void assert_given(const char *expected, const ist_outcome *outcome) {
  if (outcome->status)
    fail_msg("input %lu: %s: %s", (unsigned long)outcome->index, ist_status_name(outcome->status),
             outcome->error->message);
  assert_null(outcome->error);
  assert_non_null(outcome->value);
  assert_string_equal((const char *)outcome->value, expected);
  assert_int_equal(outcome->length, strlen(expected));
}

static inline void assert_failed(ist_status status, const char *name, const char *message,
                                 const ist_outcome *outcome) {
  if (!outcome->status)
    fail_msg("input %lu gave %s instead of failing with %s", (unsigned long)outcome->index,
             (const char *)outcome->value, message);
  assert_non_null(outcome->error);
  assert_string_equal(outcome->error->message, message);
  assert_status(status, outcome->status);
  assert_status(status, outcome->error->status);
  assert_int_equal(outcome->error->value.type, IST_UNDEFINED);
  assert_null(outcome->error->host);
  if (name) assert_string_equal(outcome->error->name, name);
  if (!name) assert_null(outcome->error->name);
  assert_null(outcome->value);
  assert_int_equal(outcome->length, 0);
}

static inline void next_gives(ist_batch *batch, const char *expected) {
  ist_outcome *outcome = next(batch);
  assert_given(expected, outcome);
  ist_outcome_free(outcome);
}

static inline void next_fails(ist_batch *batch, ist_status status, const char *name,
                              const char *message) {
  ist_outcome *outcome = next(batch);
  assert_failed(status, name, message, outcome);
  ist_outcome_free(outcome);
}

static inline void no_more(ist_batch *batch) {
  ist_outcome *outcome = NULL;
  assert_status(IST_ERR_NOT_FOUND, ist_batch_next(batch, -1, &outcome));
  assert_null(outcome);
}

/* One program over one input, from beginning to end. */
static inline ist_outcome *run_one(ist_pool *pool, const char *program, const char *input) {
  ist_batch *batch = batch_of(pool, program, NULL);
  add(batch, input);
  assert_ok(ist_batch_end(batch));
  ist_outcome *outcome = next(batch);
  no_more(batch);
  ist_batch_free(batch);
  return outcome;
}

static inline void gives(ist_pool *pool, const char *program, const char *input,
                         const char *expected) {
  ist_outcome *outcome = run_one(pool, program, input);
  if (!outcome->value || strcmp((const char *)outcome->value, expected))
    print_message("program: %s\n", program);
  assert_given(expected, outcome);
  ist_outcome_free(outcome);
}

static inline void fails(ist_pool *pool, const char *program, const char *input, ist_status status,
                         const char *name, const char *message) {
  ist_outcome *outcome = run_one(pool, program, input);
  if (outcome->value) print_message("program: %s\n", program);
  assert_failed(status, name, message, outcome);
  ist_outcome_free(outcome);
}

static inline ist_pool_statistics statistics_of(ist_pool *pool) {
  ist_pool_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_pool_read_statistics(pool, &statistics));
  return statistics;
}

/* Sanitizers make everything ten times slower; who has time gives ISTHMUS_LONG=1. */
static inline int rounds(int usual, int most) {
  const char *full = getenv("ISTHMUS_LONG");
  if (full && *full == '1') return most;
  return getenv("ISTHMUS_SANITIZE") ? usual / 10 : usual;
}

#endif
