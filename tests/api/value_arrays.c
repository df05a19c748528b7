/* Arrays go in and come out whole, in part, with holes, getters and surprises. */
#include "value_test.h"

#include <math.h>

static void elements_in_and_out(void **state) {
  fixture *f = *state;
  ist_value elements[] = {ist_int32(1),    ist_double(0.5), ist_double(-0.0), ist_null(),
                          ist_undefined(), ist_bool(true),  text(f, "x"),     eval(f, "({})")};
  ist_value array, got[10];
  uint32_t read, length;
  assert_ok(ist_array_new_from(f->context, elements, 8, &array));
  assert_ok(ist_array_length(f->isolate, array, &length));
  assert_int_equal(length, 8);
  assert_said(f, array,
              "Array.isArray(it) && it[1] === 0.5 && Object.is(it[2], -0) && "
              "it[3] === null && 4 in it && it[5] === true && it[6] === 'x'");
  assert_ok(ist_array_read(f->context, array, 0, got, 10, &read, NULL));
  assert_int_equal(read, 8);
  for (int i = 0; i < 8; i++) {
    bool same;
    assert_int_equal(got[i].type, elements[i].type);
    assert_ok(ist_value_same(f->isolate, got[i], elements[i], &same));
    assert_true(same);
  }
  assert_ok(ist_array_read(f->context, array, 5, got, 2, &read, NULL));
  assert_int_equal(read, 2);
  assert_true(got[0].as.boolean);
  assert_text(f, "x", got[1]);
  assert_ok(ist_array_read(f->context, array, 7, got, 10, &read, NULL));
  assert_int_equal(read, 1);
  assert_ok(ist_array_read(f->context, array, 8, got, 10, &read, NULL));
  assert_int_equal(read, 0);
  assert_ok(ist_array_read(f->context, array, UINT32_MAX, got, 10, &read, NULL));
  assert_int_equal(read, 0);
  assert_ok(ist_array_read(f->context, array, 0, NULL, 0, &read, NULL));
  assert_int_equal(read, 0);
  assert_ok(ist_array_new_from(f->context, NULL, 0, &array));
  assert_said(f, array, "it.length === 0");
  assert_ok(ist_array_new(f->context, &array));
  assert_said(f, array, "Array.isArray(it) && it.length === 0");
}

/* Sizes around those where the way changes, and every kind of array that V8 tells apart. */
static void numbers_in_and_out(void **state) {
  fixture *f = *state;
  static const uint32_t counts[] = {0, 1, 63, 64, 65, 1023, 1025, 10000};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    for (int fraction = 0; fraction < 2; fraction++) {
      uint32_t count = counts[i], read = 77;
      double *numbers = calloc(count + 1, sizeof *numbers), *got = calloc(count + 1, sizeof *got);
      ist_value *values = calloc(count + 1, sizeof *values), array, same;
      for (uint32_t j = 0; j < count; j++) numbers[j] = fraction ? j * 0.5 : (double)j - 5;
      assert_ok(ist_array_new_doubles(f->context, numbers, count, &array));
      assert_ok(ist_array_read_doubles(f->context, array, 0, got, count + 1, &read, NULL));
      assert_int_equal(read, count);
      assert_memory_equal(got, numbers, count * sizeof *got);
      /* The same by JavaScript's own making. */
      same = ask(f, array, "it.map((number) => number)");
      memset(got, 0, count * sizeof *got);
      assert_ok(ist_array_read_doubles(f->context, same, 0, got, count, &read, NULL));
      assert_memory_equal(got, numbers, count * sizeof *got);
      assert_ok(ist_array_read(f->context, same, 0, values, count + 1, &read, NULL));
      assert_int_equal(read, count);
      for (uint32_t j = 0; j < count; j++) {
        assert_int_equal(values[j].type, numbers[j] == floor(numbers[j]) ? IST_INT32 : IST_DOUBLE);
        assert_number(numbers[j], values[j]);
      }
      if (count > 2) {
        assert_ok(ist_array_read_doubles(f->context, same, 2, got, count, &read, NULL));
        assert_int_equal(read, count - 2);
        assert_memory_equal(got, numbers + 2, (count - 2) * sizeof *got);
      }
      free(numbers);
      free(got);
      free(values);
    }
  }
  double special[3] = {NAN, -0.0, INFINITY}, back[3];
  ist_value array, values[200];
  uint32_t read;
  assert_ok(ist_array_new_doubles(f->context, special, 3, &array));
  assert_said(f, array, "Number.isNaN(it[0]) && Object.is(it[1], -0) && it[2] === Infinity");
  assert_ok(ist_array_read_doubles(f->context, array, 0, back, 3, &read, NULL));
  assert_true(isnan(back[0]) && signbit(back[1]) && isinf(back[2]));
  assert_ok(ist_array_read(f->context, eval(f, "Array.from({length: 200}, (_, i) => i ? NaN : -0)"),
                           0, values, 200, &read, NULL));
  assert_int_equal(values[0].type, IST_DOUBLE);
  assert_true(signbit(values[0].as.number));
  assert_true(isnan(values[199].as.number));
}

static void holes_and_getters(void **state) {
  fixture *f = *state;
  ist_value got[200];
  double numbers[200];
  uint32_t read;
  ist_error *error;
  assert_ok(ist_array_read(f->context, eval(f, "[1, , 3]"), 0, got, 5, &read, NULL));
  assert_int_equal(read, 3);
  assert_int_equal(got[1].type, IST_UNDEFINED);
  assert_status(IST_ERR_TYPE, ist_array_read_doubles(f->context, eval(f, "[1, , 3]"), 0, numbers, 5,
                                                     &read, &error));
  assert_int_equal(error->status, IST_ERR_TYPE);
  ist_error_free(error);
  assert_ok(ist_array_read_doubles(f->context, eval(f, "[1, , 3]"), 2, numbers, 5, &read, NULL));
  assert_true(numbers[0] == 3);
  assert_status(IST_ERR_TYPE,
                ist_array_read_doubles(f->context, eval(f, "Array(100).fill(1).concat('x')"), 0,
                                       numbers, 200, &read, NULL));
  assert_ok(ist_array_read(f->context, eval(f, "const big = []; big[4e9] = 1; big"), 3999999999u,
                           got, 5, &read, NULL));
  assert_int_equal(read, 2);
  assert_number(1, got[1]);

  /* A prototype that fills holes, and an array that shrinks while it is read. */
  assert_ok(ist_array_read(
      f->context,
      eval(f, "Object.setPrototypeOf([1, , 3], { __proto__: Array.prototype, 1: 'p' })"), 0, got, 5,
      &read, NULL));
  assert_text(f, "p", got[1]);
  assert_ok(ist_array_read(f->context,
                           eval(f, "const shrinks = [1, 2, 3, 4]; Object.defineProperty(shrinks, 1,"
                                   " { get() { shrinks.length = 2; return 'shrunk' } }); shrinks"),
                           0, got, 5, &read, NULL));
  assert_int_equal(read, 4);
  assert_text(f, "shrunk", got[1]);
  assert_int_equal(got[3].type, IST_UNDEFINED);

  /* What throws on the way leaves no handles behind. */
  ist_statistics before = {.size = sizeof before}, after = {.size = sizeof after};
  ist_value throws = eval(f, "const bad = Array.from({length: 150}, () => ({}));"
                             "Object.defineProperty(bad, 140, { get() { throw new Error('no') } });"
                             "bad");
  assert_ok(ist_isolate_statistics(f->isolate, &before));
  read = 9;
  assert_status(IST_ERR_EXCEPTION, ist_array_read(f->context, throws, 0, got, 200, &read, &error));
  assert_string_equal(error->message, "no");
  ist_error_free(error);
  assert_int_equal(read, 9);
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(after.handles, before.handles);
}

static void bad_inputs(void **state) {
  fixture *f = *state;
  ist_value value, array = eval(f, "[1]"), elements[2] = {ist_int32(1), stale(f)};
  double numbers[2] = {1, 2};
  uint32_t read, length;
  static const char *const others[] = {"({length: 1})", "new Proxy([1], {})", "new Uint8Array(1)",
                                       "'abc'"};
  for (size_t i = 0; i < 4; i++) {
    value = eval(f, others[i]);
    assert_status(IST_ERR_TYPE, ist_array_length(f->isolate, value, &length));
    assert_status(IST_ERR_TYPE, ist_array_read(f->context, value, 0, elements, 1, &read, NULL));
    assert_status(IST_ERR_TYPE,
                  ist_array_read_doubles(f->context, value, 0, numbers, 1, &read, NULL));
  }
  assert_status(IST_ERR_HANDLE, ist_array_length(f->isolate, stale(f), &length));
  assert_status(IST_ERR_ARGUMENT, ist_array_length(f->isolate, array, NULL));
  assert_status(IST_ERR_HANDLE, ist_array_read(f->context, stale(f), 0, elements, 1, &read, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_array_read(f->context, array, 0, NULL, 1, &read, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_array_read(f->context, array, 0, elements, 1, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_array_read(NULL, array, 0, elements, 1, &read, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_array_read_doubles(f->context, array, 0, NULL, 1, &read, NULL));
  elements[1] = stale(f);
  assert_status(IST_ERR_HANDLE, ist_array_new_from(f->context, elements, 2, &value));
  assert_status(IST_ERR_ARGUMENT, ist_array_new_from(f->context, NULL, 1, &value));
  assert_status(IST_ERR_ARGUMENT, ist_array_new_from(f->context, elements, 1, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_array_new_doubles(f->context, NULL, 1, &value));
  assert_status(IST_ERR_LIMIT, ist_array_new_from(f->context, elements, SIZE_MAX, &value));
  assert_status(IST_ERR_LIMIT, ist_array_new_doubles(f->context, numbers, SIZE_MAX / 8, &value));
  assert_status(IST_ERR_LIMIT, ist_array_new_doubles(f->context, numbers, 1 << 30, &value));
}

/* Handles of V8's do not pile up over a long array, on either way. */
static void three_million_elements(void **state) {
  fixture *f = *state;
  uint32_t count = 3000000, read;
  ist_value *elements = malloc(count * sizeof *elements), array;
  double *numbers = malloc(count * sizeof *numbers);
  for (uint32_t i = 0; i < count; i++) {
    elements[i] = ist_double(i + 0.5);
    numbers[i] = i - 0.25;
  }
  assert_ok(ist_array_new_from(f->context, elements, count, &array));
  assert_said(f, array, "it.length === 3e6 && it[0] === 0.5 && it[2999999] === 2999999.5");
  memset(elements, 0, count * sizeof *elements);
  assert_ok(ist_array_read(f->context, array, 0, elements, count, &read, NULL));
  assert_int_equal(read, count);
  assert_number(2999999.5, elements[count - 1]);
  assert_ok(ist_array_new_doubles(f->context, numbers, count, &array));
  memset(numbers, 0, count * sizeof *numbers);
  assert_ok(ist_array_read_doubles(f->context, array, 0, numbers, count, &read, NULL));
  assert_true(numbers[count - 1] == 2999998.75);
  free(elements);
  free(numbers);
}

static void termination_ends_the_reading(void **state) {
  fixture *f = *state;
  ist_value got[4], array;
  double numbers[4];
  uint32_t read;
  ist_error *error;
  give_stop(f);
  array = eval(f, "const stuck = [1, 2]; Object.defineProperty(stuck, 1, { get: stop }); stuck");
  assert_status(IST_ERR_TERMINATED, ist_array_read(f->context, array, 0, got, 4, &read, &error));
  assert_int_equal(error->status, IST_ERR_TERMINATED);
  ist_error_free(error);
  assert_status(IST_ERR_TERMINATED,
                ist_array_read_doubles(f->context, array, 0, numbers, 4, &read, NULL));
  assert_number(2, eval(f, "1 + 1"));
}

static void in_and_out(fixture *f, int round) {
  double numbers[100];
  ist_value array, values[100];
  uint32_t read;
  for (int i = 0; i < 100; i++) numbers[i] = round + i * 0.5;
  assert_ok(ist_array_new_doubles(f->context, numbers, 100, &array));
  assert_ok(ist_array_read(f->context, array, 0, values, 100, &read, NULL));
  assert_ok(ist_array_new_from(f->context, values, 100, &array));
  assert_ok(ist_array_read_doubles(f->context, array, 0, numbers, 100, &read, NULL));
  assert_ok(ist_array_read(f->context, eval(f, "Array.from({length: 20}, () => ({}))"), 0, values,
                           100, &read, NULL));
}

static void memory_stays_flat(void **state) {
  assert_flat(*state, 10000, 2 << 20, in_and_out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(elements_in_and_out), TEST(numbers_in_and_out),     TEST(holes_and_getters),
      TEST(bad_inputs),          TEST(three_million_elements), TEST(termination_ends_the_reading),
      TEST(memory_stays_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
