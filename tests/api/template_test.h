/* What the tests of templates share. */
#ifndef IST_TEMPLATE_TEST_H
#define IST_TEMPLATE_TEST_H

#include "api_test.h"

#include <stdio.h>

/* A finalizer, and how often it was called. */
static int finalized;

static inline void count_end(void *env) {
  (void)env;
  finalized++;
}

/* Gives a value to scripts. */
static inline void put(fixture *f, const char *name, ist_value value) {
  ist_value global;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, name, value, NULL));
}

/* "String(e)" of what a script throws. */
static inline void assert_throws(fixture *f, const char *expected, const char *source) {
  char wrapped[2000];
  snprintf(wrapped, sizeof wrapped, "try { (() => { %s })(), 'nothing' } catch (e) { String(e) }",
           source);
  assert_text(f, expected, eval(f, wrapped));
}

#endif
