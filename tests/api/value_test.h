/* What the tests of values share: loops that must leave memory as it was, and what is wrong with
 * every handle. */
#ifndef IST_VALUE_TEST_H
#define IST_VALUE_TEST_H

#include "api_test.h"

#include <stdio.h>
#include <unistd.h>

/* Bytes of this process that are in memory. */
static inline size_t resident(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%*u %lu", &pages) != 1) pages = 0;
  if (file) fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Runs `body` many times, each in a scope of its own, after as many rounds of warming up; memory
 * may not have grown by more than `most` bytes. What V8's threads have yet to give back looks like
 * a leak, which is still there when it is looked for again. Sanitizers keep freed memory for a
 * while, and look for leaks themselves: there it only runs. */
static inline void assert_flat(fixture *f, int rounds, size_t most,
                               void (*body)(fixture *f, int round)) {
  enum { PASSES = 6 };
  size_t before = 0, after = 0;
  bool sanitized = getenv("ISTHMUS_SANITIZE") != NULL;
  if (sanitized && rounds > 2000) rounds = 2000;
  for (int pass = 0; pass < PASSES; pass++) {
    before = after;
    for (int i = 0; i < rounds; i++) {
      uint32_t scope;
      assert_ok(ist_scope_open(f->isolate, &scope));
      body(f, i);
      assert_ok(ist_scope_close(f->isolate, scope));
    }
    assert_ok(ist_isolate_collect(f->isolate));
    after = resident();
    if (pass && (sanitized || after <= before + most)) return;
  }
  fail_msg("memory has grown by %zu bytes in %d rounds", after - before, rounds);
}

/* A handle that was released. */
static inline ist_value stale(fixture *f) {
  ist_value value = text(f, "gone");
  assert_ok(ist_value_free(f->isolate, value));
  return value;
}

static inline void assert_number(double expected, ist_value value) {
  assert_true(value.type == IST_INT32 || value.type == IST_DOUBLE);
  double number = value.type == IST_INT32 ? value.as.int32 : value.as.number;
  if (number != expected) fail_msg("%.17g is not %.17g", number, expected);
}

static inline ist_status stop_callback(void *env, const ist_call *call, ist_value *result) {
  fixture *f = env;
  (void)call;
  (void)result;
  return ist_isolate_terminate(f->isolate);
}

/* Gives scripts a function `stop`, after which nothing runs but what C calls next. */
static inline void give_stop(fixture *f) {
  ist_value global, stop;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_function_new(f->context, "quit", stop_callback, f, NULL, &stop));
  assert_ok(ist_object_set(f->context, global, "quit", stop, NULL));
  eval(f, "globalThis.stop = () => { quit(); for (;;); }");
}

/* What a script says of a value, which it sees as `it`. */
static inline ist_value ask(fixture *f, ist_value it, const char *source) {
  ist_value global;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "it", it, NULL));
  return eval(f, source);
}

static inline void assert_said(fixture *f, ist_value it, const char *source) {
  ist_value said = ask(f, it, source);
  if (said.type != IST_BOOL || !said.as.boolean) fail_msg("not so: %s", source);
}

#endif
