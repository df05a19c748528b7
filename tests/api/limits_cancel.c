/* Limits that another thread ends by their number: what runs within them ends, and nothing else,
 * however late it comes. */
#include "api_test.h"

#include <pthread.h>
#include <stdlib.h>

static const ist_limits none = {.size = sizeof none};

static uint64_t begin(ist_isolate *isolate) {
  uint64_t number = 0;
  assert_ok(ist_limits_begin(isolate, &none));
  assert_ok(ist_limits_number(isolate, &number));
  assert_true(number != 0);
  return number;
}

static void assert_cancelled(ist_context *context, const char *source) {
  ist_error *error;
  assert_status(IST_ERR_TIMEOUT,
                ist_script_eval(context, source, strlen(source), "run.js", NULL, &error));
  assert_string_equal("AbortError", error->name);
  assert_string_equal("the run was cancelled", error->message);
  ist_error_free(error);
}

static void end(ist_isolate *isolate, ist_status ended) {
  ist_usage usage = {.size = sizeof usage};
  assert_ok(ist_limits_end(isolate, &usage));
  assert_status(ended, usage.ended);
}

struct cancel {
  ist_isolate *isolate;
  uint64_t number;
};

static void *cancel(void *arg) {
  const struct cancel *job = arg;
  assert_ok(ist_limits_cancel(job->isolate, job->number));
  return NULL;
}

static void what_runs_ends(void **state) {
  fixture *f = *state;
  static const char *const sources[] = {
      "for (;;);", "for (;;) { try { for (;;); } catch { } finally { for (;;); } }",
      "/^(a+)+$/.test('a'.repeat(60) + 'b')"};
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    struct cancel job = {f->isolate, begin(f->isolate)};
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, cancel, &job));
    assert_cancelled(f->context, sources[i]);
    assert_cancelled(f->context, "1");
    pthread_join(thread, NULL);
    end(f->isolate, IST_ERR_TIMEOUT);
    /* Its number is nobody's any more. */
    assert_ok(ist_limits_cancel(f->isolate, job.number));
    eval(f, "1");
    assert_ok(ist_limits_begin(f->isolate, &none));
    eval(f, "1");
    end(f->isolate, IST_OK);
  }
}

/* A callback runs something within limits of its own, and the outer or inner ones are ended. */
struct nested {
  uint64_t outer;
  bool end_outer;
};

static ist_status run_inner(void *env, const ist_call *call, ist_value *result) {
  const struct nested *nested = env;
  ist_isolate *isolate = ist_context_isolate(call->context);
  uint64_t inner = begin(isolate);
  struct cancel job = {isolate, nested->end_outer ? nested->outer : inner};
  pthread_t thread;
  assert_int_equal(0, pthread_create(&thread, NULL, cancel, &job));
  assert_cancelled(call->context, "for (;;);");
  pthread_join(thread, NULL);
  end(isolate, IST_ERR_TIMEOUT);
  *result = ist_int32(7);
  return IST_OK;
}

static void no_more_ends_than_its_run(void **state) {
  fixture *f = *state;
  struct nested nested = {0};
  ist_value function, global;
  assert_ok(ist_function_new(f->context, "inner", run_inner, &nested, NULL, &function));
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "inner", function, NULL));
  nested.outer = begin(f->isolate);
  assert_int_equal(8, eval(f, "inner() + 1").as.int32);
  end(f->isolate, IST_OK);
  nested.outer = begin(f->isolate);
  nested.end_outer = true;
  assert_cancelled(f->context, "try { inner(); } finally { for (;;); }");
  end(f->isolate, IST_ERR_TIMEOUT);
  eval(f, "1");
}

struct late {
  ist_isolate *isolate;
  _Atomic uint64_t number; /* UINT64_MAX: no more come */
};

static void *cancel_late(void *arg) {
  struct late *late = arg;
  uint64_t number;
  while ((number = late->number) != UINT64_MAX)
    if (number) assert_ok(ist_limits_cancel(late->isolate, number));
  return NULL;
}

/* Another thread cancels what has ended or is about to; what is not cancelled never ends early. */
static void late_ones_hit_nobody_else(void **state) {
  fixture *f = *state;
  struct late late = {.isolate = f->isolate};
  pthread_t thread;
  assert_int_equal(0, pthread_create(&thread, NULL, cancel_late, &late));
  int rounds = getenv("ISTHMUS_LONG") ? 100000 : 2000;
  for (int i = 0; i < rounds; i++) {
    late.number = begin(f->isolate);
    const char *source = "for (let i = 0; i < 1000; i++);";
    ist_status status = ist_script_eval(f->context, source, strlen(source), "run.js", NULL, NULL);
    if (status) assert_status(IST_ERR_TIMEOUT, status);
    assert_ok(ist_limits_end(f->isolate, NULL));
    eval(f, "for (let i = 0; i < 1000; i++); 1");
    assert_ok(ist_limits_begin(f->isolate, &none));
    eval(f, "for (let i = 0; i < 1000; i++); 1");
    assert_ok(ist_limits_end(f->isolate, NULL));
  }
  late.number = UINT64_MAX;
  pthread_join(thread, NULL);
}

static void what_is_wrong_is_refused(void **state) {
  fixture *f = *state;
  uint64_t number, again;
  assert_status(IST_ERR_STATE, ist_limits_number(f->isolate, &number));
  number = begin(f->isolate);
  assert_ok(ist_limits_number(f->isolate, &again));
  assert_true(number == again);
  assert_status(IST_ERR_ARGUMENT, ist_limits_number(f->isolate, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_limits_number(NULL, &number));
  assert_status(IST_ERR_ARGUMENT, ist_limits_cancel(NULL, number));
  assert_status(IST_ERR_ARGUMENT, ist_limits_cancel(f->isolate, 0));
  assert_ok(ist_limits_cancel(f->isolate, number + 1));
  end(f->isolate, IST_OK);
  ist_isolate *freed;
  assert_ok(ist_isolate_new(NULL, &freed));
  number = begin(freed);
  assert_ok(ist_limits_end(freed, NULL));
  assert_ok(ist_isolate_free(freed));
  assert_status(IST_ERR_HANDLE, ist_limits_cancel(freed, number));
}

static void what_is_kept_is_told(void **state) {
  fixture *f = *state;
  assert_true(ist_isolate_kept(NULL) == 0);
  assert_true(ist_isolate_kept(f->isolate) == 0);
  eval(f, "globalThis.all = new Array(1e6).fill(1.5); globalThis.bytes = new Uint8Array(16e6); 1");
  assert_ok(ist_isolate_collect(f->isolate));
  size_t full = ist_isolate_kept(f->isolate);
  assert_true(full > 24000000);
  eval(f, "all = bytes = null");
  /* V8 gives buffers' bytes back after the collection that finds them unused. */
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_true(ist_isolate_kept(f->isolate) < full - 20000000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_runs_ends),
      TEST(no_more_ends_than_its_run),
      TEST(late_ones_hit_nobody_else),
      TEST(what_is_wrong_is_refused),
      TEST(what_is_kept_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
