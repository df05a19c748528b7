/* Where microtasks run by themselves, what a call has queued that was ended is forgotten, and what
 * one has queued that was not runs within the call's limits. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "value_test.h"

static int begin(void **state) {
  fixture *f = calloc(1, sizeof *f);
  ist_isolate_options options = {.size = sizeof options, .microtasks = IST_MICROTASKS_AUTO};
  assert_ok(ist_isolate_new(&options, &f->isolate));
  assert_ok(ist_context_new(f->isolate, NULL, &f->context));
  *state = f;
  return 0;
}

static ist_status run(fixture *f, const char *source) {
  return ist_script_eval(f->context, source, strlen(source), "job.js", NULL, NULL);
}

static ist_status run_limited(fixture *f, const char *source) {
  ist_limits limits = {.size = sizeof limits, .wall = 50 * 1000 * 1000};
  assert_ok(ist_limits_begin(f->isolate, &limits));
  ist_status status = run(f, source);
  assert_ok(ist_limits_end(f->isolate, NULL));
  return status;
}

static int32_t number(fixture *f, const char *source) {
  ist_value value;
  assert_ok(ist_script_eval(f->context, source, strlen(source), "ask.js", &value, NULL));
  assert_int_equal(value.type, IST_INT32);
  return value.as.int32;
}

static const char endless[] =
    "globalThis.ran = 0; Promise.resolve().then(() => { ran++; for (;;); });";

static void jobs_of_what_ran_out_of_time(void **state) {
  fixture *f = *state;
  char source[200];
  snprintf(source, sizeof source, "%s for (;;);", endless);
  assert_status(IST_ERR_TIMEOUT, run_limited(f, source));
  assert_int_equal(number(f, "ran"), 0);
  /* Jobs that run are within the limit, too. */
  assert_status(IST_ERR_TIMEOUT, run_limited(f, endless));
  assert_int_equal(number(f, "ran"), 1);
  ist_value function = eval(f, "() => { Promise.resolve().then(() => { for (;;); }) }");
  ist_limits limits = {.size = sizeof limits, .wall = 50 * 1000 * 1000};
  assert_ok(ist_limits_begin(f->isolate, &limits));
  assert_status(IST_ERR_TIMEOUT,
                ist_function_call(f->context, function, ist_undefined(), 0, NULL, NULL, NULL));
  assert_ok(ist_limits_end(f->isolate, NULL));
}

static void *terminate_soon(void *isolate) {
  usleep(50 * 1000);
  ist_isolate_terminate(isolate);
  return NULL;
}

static void jobs_of_what_was_terminated(void **state) {
  fixture *f = *state;
  char source[200];
  snprintf(source, sizeof source, "%s for (;;);", endless);
  const char *const sources[] = {source, endless};
  for (int i = 0; i < 2; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, terminate_soon, f->isolate);
    assert_status(IST_ERR_TERMINATED, run(f, sources[i]));
    pthread_join(thread, NULL);
    assert_int_equal(number(f, "ran"), i);
  }
}

static void jobs_run_behind_a_call(void **state) {
  fixture *f = *state;
  assert_ok(run(f, "globalThis.n = 0; Promise.resolve().then(() => n++).then(() => n++); n"));
  assert_int_equal(number(f, "n"), 2);
  assert_status(IST_ERR_EXCEPTION, run(f, "Promise.resolve().then(() => { n = 7 }); throw 1"));
  assert_int_equal(number(f, "n"), 7);
  /* A getter's, too. */
  ist_value value;
  ist_value object = eval(f, "({get x() { Promise.resolve().then(() => { n = 8 }); return n }})");
  assert_ok(ist_object_get(f->context, object, "x", &value, NULL));
  assert_int_equal(value.as.int32, 7);
  assert_int_equal(number(f, "n"), 8);
}

static ist_status nested(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  /* They wait for the outermost call. */
  fixture *f = env;
  assert_ok(run(f, "Promise.resolve().then(() => { n++ })"));
  *result = ist_int32(number(f, "n"));
  return IST_OK;
}

static void jobs_wait_for_the_outermost_call(void **state) {
  fixture *f = *state;
  ist_value global, function;
  assert_ok(run(f, "globalThis.n = 0"));
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_function_new(f->context, "nested", nested, f, NULL, &function));
  assert_ok(ist_object_set(f->context, global, "nested", function, NULL));
  assert_int_equal(number(f, "nested() + nested()"), 0);
  assert_int_equal(number(f, "n"), 2);
}

static void jobs_of_a_frozen_context(void **state) {
  fixture *f = *state;
  ist_context_options options = {.size = sizeof options, .frozen = true};
  ist_context *frozen;
  assert_ok(ist_context_new(f->isolate, &options, &frozen));
  const char text[] = "Promise.resolve().then(() => { for (;;); }); for (;;);";
  ist_source source = {.size = sizeof source, .text = text, .length = sizeof text - 1};
  ist_limits limits = {.size = sizeof limits, .wall = 50 * 1000 * 1000};
  for (int i = 0; i < 2; i++) {
    assert_ok(ist_limits_begin(f->isolate, &limits));
    assert_status(IST_ERR_TIMEOUT, ist_compartment_eval(frozen, &source, NULL, NULL));
    assert_ok(ist_limits_end(f->isolate, NULL));
    assert_ok(ist_compartment_sweep(frozen));
  }
  assert_ok(ist_context_free(frozen));
}

#define JOBS(test) cmocka_unit_test_setup_teardown(test, begin, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      JOBS(jobs_of_what_ran_out_of_time), JOBS(jobs_of_what_was_terminated),
      JOBS(jobs_run_behind_a_call),       JOBS(jobs_wait_for_the_outermost_call),
      JOBS(jobs_of_a_frozen_context),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
