/* Values cross in both directions as what they are. */
#include "api_test.h"

#include <math.h>
#include <stdio.h>

static void numbers_need_no_isolate(void **state) {
  fixture *f = *state;
  assert_int_equal(eval(f, "41 + 1").type, IST_INT32);
  assert_int_equal(eval(f, "41 + 1").as.int32, 42);
  assert_int_equal(eval(f, "2 ** 31").type, IST_DOUBLE);
  assert_true(eval(f, "2 ** 31").as.number == 2147483648.0);
  assert_int_equal(eval(f, "-0").type, IST_DOUBLE);
  assert_true(signbit(eval(f, "-0").as.number));
  assert_true(isnan(eval(f, "NaN").as.number));
  assert_int_equal(eval(f, "null").type, IST_NULL);
  assert_int_equal(eval(f, "undefined").type, IST_UNDEFINED);
  assert_int_equal(eval(f, "1 > 0").type, IST_BOOL);
  assert_true(eval(f, "1 > 0").as.boolean);
  assert_int_equal(eval(f, "'a'").type, IST_STRING);
  assert_int_equal(eval(f, "1n").type, IST_BIGINT);
  assert_int_equal(eval(f, "Symbol()").type, IST_SYMBOL);
  assert_int_equal(eval(f, "({})").type, IST_OBJECT);
  assert_int_equal(eval(f, "Math.max").type, IST_FUNCTION);
}

static void strings_keep_nul_and_replace_what_is_malformed(void **state) {
  fixture *f = *state;
  ist_value value;
  char *out;
  size_t length;
  assert_ok(ist_string_new(f->isolate, "a\0é€😀", 11, &value));
  assert_ok(ist_string_read(f->isolate, value, &out, &length));
  assert_int_equal(length, 11);
  assert_memory_equal(out, "a\0é€😀", 12);
  ist_free(out);
  assert_ok(ist_string_new(f->isolate, "\xff", 1, &value));
  assert_text(f, "\xef\xbf\xbd", value);
  assert_text(f, "x\xef\xbf\xbdy", eval(f, "'x\\ud800y'"));
  assert_ok(ist_string_new(f->isolate, NULL, 0, &value));
  assert_text(f, "", value);
  assert_status(IST_ERR_TYPE, ist_string_read(f->isolate, eval(f, "({})"), &out, NULL));
  assert_status(IST_ERR_TYPE, ist_string_read(f->isolate, ist_int32(1), &out, NULL));
}

static void objects_and_arrays(void **state) {
  fixture *f = *state;
  ist_value object, array, names, got;
  uint32_t length;
  assert_ok(ist_object_new(f->context, &object));
  assert_ok(ist_object_set(f->context, object, "a", ist_int32(1), NULL));
  assert_ok(ist_object_set(f->context, object, "b", text(f, "two"), NULL));
  assert_ok(ist_object_define(f->context, object, "fixed", ist_null(), 0, NULL));
  assert_ok(ist_object_get(f->context, object, "b", &got, NULL));
  assert_text(f, "two", got);
  assert_ok(ist_object_get(f->context, object, "none", &got, NULL));
  assert_int_equal(got.type, IST_UNDEFINED);
  assert_ok(ist_object_keys(f->context, object, 0, &names, NULL));
  assert_ok(ist_array_length(f->isolate, names, &length));
  assert_int_equal(length, 3);
  assert_status(IST_ERR_STATE,
                ist_object_define(f->context, object, "fixed", ist_int32(1), 7, NULL));

  assert_ok(ist_array_new(f->context, &array));
  assert_ok(ist_object_set_index(f->context, array, 2, object, NULL));
  assert_ok(ist_array_length(f->isolate, array, &length));
  assert_int_equal(length, 3);
  assert_ok(ist_object_get_index(f->context, array, 2, &got, NULL));
  assert_int_equal(got.type, IST_OBJECT);
  assert_status(IST_ERR_TYPE, ist_array_length(f->isolate, object, &length));
  assert_status(IST_ERR_TYPE, ist_object_get(f->context, ist_int32(1), "a", &got, NULL));
}

static void getters_that_throw_are_errors(void **state) {
  fixture *f = *state;
  ist_value object = eval(f, "({ get bad() { throw new RangeError('no') } })"), got;
  ist_error *error;
  assert_status(IST_ERR_EXCEPTION, ist_object_get(f->context, object, "bad", &got, &error));
  assert_string_equal(error->name, "RangeError");
  assert_string_equal(error->message, "no");
  ist_error_free(error);
}

static int finalized;

static void finalize(void *env) {
  assert_ptr_equal(env, &finalized);
  finalized++;
}

static void bytes_are_copied_or_adopted(void **state) {
  fixture *f = *state;
  static uint8_t memory[4] = {1, 2, 3, 4};
  ist_value value, global;
  uint8_t *bytes;
  size_t length;
  finalized = 0;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_bytes_new(f->context, memory, 4, &value));
  assert_ok(ist_bytes_read(f->isolate, value, &bytes, &length));
  assert_int_equal(length, 4);
  assert_ptr_not_equal(bytes, memory);
  assert_ok(ist_bytes_adopt(f->context, memory, 4, finalize, &finalized, &value));
  assert_ok(ist_object_set(f->context, global, "mine", value, NULL));
  eval(f, "mine[1] = 9");
  assert_int_equal(memory[1], 9);
  assert_ok(
      ist_bytes_read(f->isolate, eval(f, "new Uint16Array(mine.buffer, 2, 1)"), &bytes, &length));
  assert_ptr_equal(bytes, memory + 2);
  assert_int_equal(length, 2);
  assert_ok(ist_bytes_read(f->isolate, eval(f, "new ArrayBuffer(0)"), &bytes, &length));
  assert_int_equal(length, 0);
  assert_status(IST_ERR_TYPE, ist_bytes_read(f->isolate, eval(f, "[1]"), &bytes, &length));
  assert_int_equal(finalized, 0);
}

static int teardown_and_check(void **state) {
  teardown(state);
  assert_int_equal(finalized, 1);
  return 0;
}

static void promises(void **state) {
  fixture *f = *state;
  ist_promise_state is;
  ist_value value;
  assert_ok(ist_promise_read(f->isolate, eval(f, "new Promise(() => {})"), &is, &value));
  assert_int_equal(is, IST_PROMISE_PENDING);
  assert_ok(ist_promise_read(f->isolate, eval(f, "Promise.resolve(5)"), &is, &value));
  assert_int_equal(is, IST_PROMISE_FULFILLED);
  assert_int_equal(value.as.int32, 5);
  assert_status(IST_ERR_TYPE, ist_promise_read(f->isolate, eval(f, "({})"), &is, &value));

  eval(f, "globalThis.log = []; Promise.resolve().then(() => log.push('ran'))");
  assert_text(f, "", eval(f, "log.join()"));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_text(f, "ran", eval(f, "log.join()"));
}

typedef struct uncaught_seen {
  int count, line, column;
  char message[64];
} uncaught_seen;

static void on_uncaught(void *env, ist_context *context, const ist_error *error,
                        ist_value promise) {
  uncaught_seen *seen = env;
  assert_non_null(context);
  assert_int_equal(promise.type, IST_OBJECT);
  seen->count++;
  seen->line = error->line;
  seen->column = error->column;
  snprintf(seen->message, sizeof seen->message, "%s", error->message);
}

static void rejections_are_told_once(void **state) {
  fixture *f = *state;
  uncaught_seen seen = {0};
  assert_ok(ist_isolate_set_uncaught(f->isolate, on_uncaught, &seen, NULL));
  eval(f, "Promise.reject(new TypeError('a')); globalThis.late = Promise.reject('b')");
  eval(f, "Promise.reject(1).catch(() => {})");
  eval(f, "late.catch(() => {})");
  assert_int_equal(seen.count, 0);
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(seen.count, 1);
  assert_string_equal(seen.message, "a");
  assert_int_equal(seen.line, 1);
  assert_int_equal(seen.column, 16);
  ist_value promise = eval(f, "Promise.reject(2)");
  assert_ok(ist_promise_mark_handled(f->isolate, promise));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(seen.count, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(numbers_need_no_isolate),
      TEST(strings_keep_nul_and_replace_what_is_malformed),
      TEST(objects_and_arrays),
      TEST(getters_that_throw_are_errors),
      cmocka_unit_test_setup_teardown(bytes_are_copied_or_adopted, setup, teardown_and_check),
      TEST(promises),
      TEST(rejections_are_told_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
