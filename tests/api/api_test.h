/* What the tests of isthmus.h share: one isolate and one context for each test, and checks of
 * statuses and texts. */
#ifndef IST_API_TEST_H
#define IST_API_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isthmus.h"

typedef struct fixture {
  ist_isolate *isolate;
  ist_context *context;
} fixture;

#define assert_status(expected, call)                                                              \
  assert_string_equal(ist_status_name(call), ist_status_name(expected))
#define assert_ok(call) assert_status(IST_OK, call)

static inline int setup(void **state) {
  fixture *made = calloc(1, sizeof *made);
  assert_ok(ist_isolate_new(NULL, &made->isolate));
  assert_ok(ist_context_new(made->isolate, NULL, &made->context));
  *state = made;
  return 0;
}

static inline int teardown(void **state) {
  fixture *made = *state;
  ist_isolate_free(made->isolate);
  free(made);
  return 0;
}

/* Runs a script that must not fail. */
static inline ist_value eval(fixture *f, const char *source) {
  ist_value result = ist_undefined();
  ist_error *error;
  ist_status status =
      ist_script_eval(f->context, source, strlen(source), "test.js", &result, &error);
  if (status) fail_msg("%s: %s", source, error && error->message ? error->message : "?");
  return result;
}

static inline ist_value text(fixture *f, const char *chars) {
  ist_value result;
  assert_ok(ist_string_new(f->isolate, chars, strlen(chars), &result));
  return result;
}

static inline void assert_text(fixture *f, const char *expected, ist_value value) {
  char *got;
  assert_ok(ist_string_read(f->isolate, value, &got, NULL));
  assert_string_equal(expected, got);
  ist_free(got);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
