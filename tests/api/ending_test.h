/* For tests of what another thread ends: JavaScript says when it has begun, so that what ends it is
 * never too early, however slow the machine. */
#ifndef IST_ENDING_TEST_H
#define IST_ENDING_TEST_H

#include "api_test.h"

#include <pthread.h>

typedef struct ending {
  void *(*run)(void *env); /* on a thread of its own, from begin() on */
  void *env;
  pthread_t thread; /* to be joined after each begin() */
} ending;

static inline ist_status ending_begin(void *env, const ist_call *call, ist_value *result) {
  ending *end = env;
  (void)call;
  (void)result;
  return pthread_create(&end->thread, NULL, end->run, end->env) ? IST_ERR_RESOURCE : IST_OK;
}

/* Defines the global function `begin`. */
static inline void define_begin(ist_context *context, ending *end) {
  ist_value global, begin;
  assert_ok(ist_context_global(context, &global));
  assert_ok(ist_function_new(context, "begin", ending_begin, end, NULL, &begin));
  assert_ok(ist_object_set(context, global, "begin", begin, NULL));
}

static inline void *terminate(void *isolate) {
  (void)ist_isolate_terminate(isolate);
  return NULL;
}

#endif
