/* Symbols and BigInts: made, known, read back, and refused beyond their limits. */
#include "value_test.h"

static void symbols(void **state) {
  fixture *f = *state;
  ist_value first, second, got;
  bool same;
  assert_ok(ist_symbol_new(f->isolate, text(f, "name"), &first));
  assert_int_equal(first.type, IST_SYMBOL);
  assert_ok(ist_symbol_new(f->isolate, text(f, "name"), &second));
  assert_ok(ist_value_strict_equals(f->isolate, first, second, &same));
  assert_false(same);
  assert_ok(ist_symbol_description(f->isolate, first, &got));
  assert_text(f, "name", got);
  assert_ok(ist_symbol_new(f->isolate, ist_undefined(), &first));
  assert_ok(ist_symbol_description(f->isolate, first, &got));
  assert_int_equal(got.type, IST_UNDEFINED);
  assert_said(f, first, "it.toString() === 'Symbol()' && it.description === undefined");

  assert_ok(ist_symbol_for(f->isolate, text(f, "shared"), &first));
  assert_said(f, first, "it === Symbol.for('shared')");

  assert_status(IST_ERR_TYPE, ist_symbol_new(f->isolate, ist_int32(1), &got));
  assert_status(IST_ERR_TYPE, ist_symbol_new(f->isolate, ist_null(), &got));
  assert_status(IST_ERR_HANDLE, ist_symbol_new(f->isolate, stale(f), &got));
  assert_status(IST_ERR_ARGUMENT, ist_symbol_new(f->isolate, ist_undefined(), NULL));
  assert_status(IST_ERR_ARGUMENT, ist_symbol_new(NULL, ist_undefined(), &got));
  assert_status(IST_ERR_TYPE, ist_symbol_for(f->isolate, ist_undefined(), &got));
  assert_status(IST_ERR_HANDLE, ist_symbol_for(f->isolate, stale(f), &got));
  assert_status(IST_ERR_TYPE, ist_symbol_description(f->isolate, text(f, "x"), &got));
  assert_status(IST_ERR_TYPE,
                ist_symbol_description(f->isolate, eval(f, "Object(Symbol())"), &got));
  assert_status(IST_ERR_ARGUMENT, ist_symbol_description(f->isolate, first, NULL));
}

static void known_symbols_are_the_languages_own(void **state) {
  fixture *f = *state;
  static const char *const names[] = {
      "asyncIterator", "hasInstance", "isConcatSpreadable", "iterator",    "match",      "replace",
      "search",        "split",       "toPrimitive",        "toStringTag", "unscopables"};
  for (int i = 0; i <= IST_SYMBOL_UNSCOPABLES; i++) {
    char source[64];
    ist_value got;
    assert_ok(ist_symbol_known(f->isolate, (ist_known_symbol)i, &got));
    snprintf(source, sizeof source, "it === Symbol.%s", names[i]);
    assert_said(f, got, source);
  }
  ist_value got;
  assert_status(IST_ERR_ARGUMENT,
                ist_symbol_known(f->isolate, (ist_known_symbol)(IST_SYMBOL_UNSCOPABLES + 1), &got));
  assert_status(IST_ERR_ARGUMENT, ist_symbol_known(f->isolate, (ist_known_symbol)-1, &got));
  assert_status(IST_ERR_ARGUMENT, ist_symbol_known(f->isolate, IST_SYMBOL_ITERATOR, NULL));
}

static void bigints_of_any_size(void **state) {
  fixture *f = *state;
  static const uint64_t words[] = {5, 0, 1, 0, 0};
  ist_value value;
  uint64_t got[4];
  size_t count = 4;
  bool negative;
  assert_ok(ist_bigint_new(f->context, true, words, 5, &value));
  assert_int_equal(value.type, IST_BIGINT);
  assert_said(f, value, "it === -(2n ** 128n + 5n)");
  assert_ok(ist_bigint_read(f->isolate, value, &negative, got, &count));
  assert_true(negative);
  assert_int_equal(count, 3);
  assert_memory_equal(got, words, sizeof *words * 3);
  count = 2;
  assert_status(IST_ERR_LIMIT, ist_bigint_read(f->isolate, value, &negative, got, &count));
  assert_int_equal(count, 3);
  count = 0;
  assert_status(IST_ERR_LIMIT, ist_bigint_read(f->isolate, value, &negative, NULL, &count));
  assert_int_equal(count, 3);

  /* Zero has no words, and no sign. */
  assert_ok(ist_bigint_new(f->context, true, NULL, 0, &value));
  assert_said(f, value, "it === 0n");
  count = 0;
  assert_ok(ist_bigint_read(f->isolate, value, &negative, NULL, &count));
  assert_int_equal(count, 0);
  assert_false(negative);
  count = 4;
  assert_ok(ist_bigint_read(f->isolate, eval(f, "-1n"), &negative, got, &count));
  assert_true(negative);
  assert_int_equal(count, 1);
  assert_true(got[0] == 1);
}

static void bigints_of_64_bits(void **state) {
  fixture *f = *state;
  ist_value value;
  int64_t number;
  uint64_t natural;
  assert_ok(ist_bigint_new_int64(f->isolate, INT64_MIN, &value));
  assert_said(f, value, "it === -(2n ** 63n)");
  assert_ok(ist_bigint_read_int64(f->isolate, value, &number));
  assert_true(number == INT64_MIN);
  natural = 7;
  assert_status(IST_ERR_LIMIT, ist_bigint_read_uint64(f->isolate, value, &natural));
  assert_true(natural == 7);
  assert_ok(ist_bigint_new_uint64(f->isolate, UINT64_MAX, &value));
  assert_said(f, value, "it === 2n ** 64n - 1n");
  assert_ok(ist_bigint_read_uint64(f->isolate, value, &natural));
  assert_true(natural == UINT64_MAX);
  assert_status(IST_ERR_LIMIT, ist_bigint_read_int64(f->isolate, value, &number));
  assert_status(IST_ERR_LIMIT, ist_bigint_read_int64(f->isolate, eval(f, "2n ** 63n"), &number));
  assert_status(IST_ERR_LIMIT, ist_bigint_read_uint64(f->isolate, eval(f, "2n ** 64n"), &natural));
  assert_status(IST_ERR_LIMIT, ist_bigint_read_uint64(f->isolate, eval(f, "-1n"), &natural));
  assert_status(IST_ERR_TYPE, ist_bigint_read_int64(f->isolate, ist_int32(1), &number));
  assert_status(IST_ERR_TYPE, ist_bigint_read_uint64(f->isolate, eval(f, "Object(1n)"), &natural));
  assert_status(IST_ERR_HANDLE, ist_bigint_read_int64(f->isolate, stale(f), &number));
  assert_status(IST_ERR_ARGUMENT, ist_bigint_read_int64(f->isolate, value, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_bigint_read_uint64(f->isolate, value, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_bigint_new_int64(f->isolate, 1, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_bigint_new_uint64(NULL, 1, &value));
}

static void bigints_beyond_the_limit(void **state) {
  fixture *f = *state;
  size_t most = (size_t)1 << 24, count = (most + 1) * 2;
  uint64_t *words = calloc(count, sizeof *words);
  ist_value value;
  bool negative;
  assert_non_null(words);
  words[most] = 1;
  assert_status(IST_ERR_LIMIT, ist_bigint_new(f->context, false, words, most + 1, &value));
  assert_status(IST_ERR_LIMIT, ist_bigint_new(f->context, false, words, count, &value));
  /* Words of zero do not make a number larger. */
  words[most] = 0;
  words[0] = 9;
  assert_ok(ist_bigint_new(f->context, false, words, count, &value));
  assert_said(f, value, "it === 9n");
  words[most - 1] = UINT64_MAX;
  assert_ok(ist_bigint_new(f->context, false, words, most, &value));
  count = most;
  words[0] = 0;
  assert_ok(ist_bigint_read(f->isolate, value, &negative, words, &count));
  assert_int_equal(count, most);
  assert_true(words[0] == 9);
  free(words);
  count = 1;
  assert_status(IST_ERR_ARGUMENT, ist_bigint_new(f->context, false, NULL, 1, &value));
  assert_status(IST_ERR_ARGUMENT, ist_bigint_new(f->context, false, NULL, 0, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_bigint_new(NULL, false, NULL, 0, &value));
  assert_status(IST_ERR_ARGUMENT, ist_bigint_read(f->isolate, value, &negative, NULL, &count));
  assert_status(IST_ERR_ARGUMENT, ist_bigint_read(f->isolate, value, NULL, NULL, &count));
  count = 0;
  assert_status(IST_ERR_TYPE, ist_bigint_read(f->isolate, text(f, "1"), &negative, NULL, &count));
  assert_status(IST_ERR_HANDLE, ist_bigint_read(f->isolate, stale(f), &negative, NULL, &count));
}

static void make_some(fixture *f, int round) {
  ist_value value;
  uint64_t words[2] = {(uint64_t)round, 1};
  int64_t number;
  assert_ok(ist_symbol_new(f->isolate, text(f, "s"), &value));
  assert_ok(ist_bigint_new(f->context, false, words, 2, &value));
  assert_status(IST_ERR_LIMIT, ist_bigint_read_int64(f->isolate, value, &number));
}

static void memory_stays_flat(void **state) {
  assert_flat(*state, 50000, 2 << 20, make_some);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(symbols),
      TEST(known_symbols_are_the_languages_own),
      TEST(bigints_of_any_size),
      TEST(bigints_of_64_bits),
      TEST(bigints_beyond_the_limit),
      TEST(memory_stays_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
