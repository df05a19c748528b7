/* Strings cross in every encoding, whole, at their limits and without a copy. */
#include "value_test.h"

static ist_value make(fixture *f, ist_encoding encoding, const void *chars, size_t length) {
  ist_value value;
  assert_ok(ist_string_new_as(f->isolate, encoding, chars, length, &value));
  assert_int_equal(value.type, IST_STRING);
  return value;
}

/* Writes a string in an encoding and compares; every smaller buffer is refused. */
static void assert_written(fixture *f, ist_value value, ist_encoding encoding, const void *expected,
                           size_t length) {
  size_t size = encoding == IST_UTF16 ? 2 : 1, got;
  assert_ok(ist_string_length(f->isolate, value, encoding, &got));
  assert_int_equal(got, length);
  for (size_t capacity = 0; capacity <= length + 2; capacity++) {
    uint8_t *buffer = malloc(capacity * size + 1);
    memset(buffer, 0xa5, capacity * size + 1);
    got = 12345;
    ist_status status = ist_string_write(f->isolate, value, encoding, buffer, capacity, &got);
    assert_int_equal(got, length);
    assert_status(capacity < length ? IST_ERR_LIMIT : IST_OK, status);
    if (!status) assert_memory_equal(buffer, expected, length * size);
    /* Nothing is written beyond the buffer, nor beyond the text. */
    assert_int_equal(buffer[capacity * size], 0xa5);
    if (!status && capacity > length) assert_int_equal(buffer[length * size], 0xa5);
    free(buffer);
  }
}

static void every_encoding_in_and_out(void **state) {
  fixture *f = *state;
  static const uint16_t units[] = {'a', 0, 0xe9, 0x20ac, 0xd83d, 0xde00};
  static const char utf8[] = "a\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
  ist_value from8 = make(f, IST_UTF8, utf8, sizeof utf8 - 1);
  ist_value from16 = make(f, IST_UTF16, units, 6);
  bool same;
  assert_ok(ist_value_strict_equals(f->isolate, from8, from16, &same));
  assert_true(same);
  assert_written(f, from8, IST_UTF8, utf8, sizeof utf8 - 1);
  assert_written(f, from8, IST_WTF8, utf8, sizeof utf8 - 1);
  assert_written(f, from8, IST_UTF16, units, 6);
  size_t length;
  char buffer[16];
  assert_status(IST_ERR_TYPE, ist_string_length(f->isolate, from8, IST_LATIN1, &length));
  assert_status(IST_ERR_TYPE, ist_string_write(f->isolate, from8, IST_LATIN1, buffer, 16, &length));

  ist_value latin = make(f, IST_LATIN1, "caf\xe9\xff\x80", 6);
  assert_written(f, latin, IST_LATIN1, "caf\xe9\xff\x80", 6);
  assert_written(f, latin, IST_UTF8, "caf\xc3\xa9\xc3\xbf\xc2\x80", 9);
  assert_text(f, "caf\xc3\xa9\xc3\xbf\xc2\x80", latin);
  assert_written(f, make(f, IST_UTF8, "plain", 5), IST_LATIN1, "plain", 5);
  assert_written(f, make(f, IST_UTF8, "", 0), IST_UTF8, "", 0);
  assert_written(f, make(f, IST_UTF16, NULL, 0), IST_LATIN1, "", 0);
  /* Two bytes each inside of V8, and still of Latin-1's characters alone. */
  assert_written(f, eval(f, "'\\u0100ab\\u00e9'.slice(1)"), IST_LATIN1, "ab\xe9", 3);
  /* Of several pieces. */
  assert_written(f, eval(f, "let s = 'x\\u00e9'; for (let i = 0; i < 4; i++) s = s + s + i; s"),
                 IST_UTF8, "xéxé0xéxé01xéxé0xéxé012xéxé0xéxé01xéxé0xéxé0123", 63);
}

static void lone_surrogates(void **state) {
  fixture *f = *state;
  static const uint16_t units[] = {0xdc00, 'x', 0xd800, 'y', 0xd800};
  static const char wtf8[] = "\xed\xb0\x80x\xed\xa0\x80y\xed\xa0\x80";
  static const char replaced[] = "\xef\xbf\xbdx\xef\xbf\xbdy\xef\xbf\xbd";
  ist_value value = make(f, IST_UTF16, units, 5);
  assert_written(f, value, IST_UTF16, units, 5);
  assert_written(f, value, IST_WTF8, wtf8, 11);
  assert_written(f, value, IST_UTF8, replaced, 11);
  assert_written(f, make(f, IST_WTF8, wtf8, 11), IST_UTF16, units, 5);
  /* In UTF-8 each of the three bytes is malformed. */
  assert_text(f, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", make(f, IST_UTF8, "\xed\xa0\x80", 3));
  /* Two halves that come to stand side by side are one character. */
  assert_written(f, make(f, IST_WTF8, "\xed\xa0\xbd\xed\xb8\x80", 6), IST_WTF8, "\xf0\x9f\x98\x80",
                 4);
}

/* The decoder of V8 and ours, which takes WTF-8 with a surrogate in it, agree on what is malformed:
 * a text with a surrogate put in front has the same rest. */
static void malformed_text_is_replaced_alike(void **state) {
  fixture *f = *state;
  static const uint8_t bytes[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                  0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                  0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
  uint32_t random = 1;
  for (int round = 0; round < 20000; round++) {
    uint8_t text[3 + 12] = {0xed, 0xa0, 0x80};
    uint16_t ours[16], theirs[16];
    size_t length = 0, count, expected;
    random = random * 1103515245 + 12345;
    size_t wanted = random >> 16 & 7;
    bool surrogate = false;
    while (length <= wanted) {
      random = random * 1103515245 + 12345;
      text[3 + length++] = bytes[(random >> 16) % sizeof bytes];
      /* A surrogate is what they may differ in. */
      if (length > 1 && text[1 + length] == 0xed && text[2 + length] >= 0xa0 &&
          text[2 + length] <= 0xbf)
        surrogate = true;
    }
    if (surrogate) continue;
    uint32_t scope;
    assert_ok(ist_scope_open(f->isolate, &scope));
    ist_value with = make(f, IST_WTF8, text, length + 3);
    ist_value without = make(f, IST_UTF8, text + 3, length);
    assert_ok(ist_string_write(f->isolate, with, IST_UTF16, ours, 16, &count));
    assert_ok(ist_string_write(f->isolate, without, IST_UTF16, theirs, 16, &expected));
    assert_int_equal(count, expected + 1);
    assert_int_equal(ours[0], 0xd800);
    assert_memory_equal(ours + 1, theirs, expected * 2);
    assert_ok(ist_scope_close(f->isolate, scope));
  }
}

/* Whatever the size, what goes in as UTF-8 comes out the same; sizes around those of the pieces
 * that strings are read by, and surrogates on their seams. */
static void long_texts_come_back(void **state) {
  fixture *f = *state;
  static const char *const fills[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                      "a\xf0\x9f\x98\x80"};
  static const size_t counts[] = {1, 255, 256, 257, 4095, 4096, 4097, 10000};
  for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
    for (size_t j = 0; j < sizeof counts / sizeof *counts; j++) {
      size_t unit = strlen(fills[i]), length = unit * counts[j], got;
      char *text = malloc(length + 1), *out;
      for (size_t k = 0; k < counts[j]; k++) memcpy(text + k * unit, fills[i], unit);
      ist_value value = make(f, IST_UTF8, text, length);
      assert_ok(ist_string_read(f->isolate, value, &out, &got));
      assert_int_equal(got, length);
      assert_memory_equal(out, text, length);
      assert_int_equal(out[length], 0);
      ist_free(out);
      assert_ok(ist_string_length(f->isolate, value, IST_UTF8, &got));
      assert_int_equal(got, length);
      memset(text, 0, length);
      assert_ok(ist_string_write(f->isolate, value, IST_UTF8, text, length, &got));
      assert_memory_equal(text + length - unit, fills[i], unit);
      assert_status(IST_ERR_LIMIT,
                    ist_string_write(f->isolate, value, IST_UTF8, text, length - 1, &got));
      assert_int_equal(got, length);
      assert_ok(ist_value_free(f->isolate, value));
      free(text);
    }
  }
}

static int finalized;

static void finalize(void *env) {
  assert_ptr_equal(env, &finalized);
  finalized++;
}

static void adopted_text_is_read_in_place(void **state) {
  fixture *f = *state;
  static const char latin[] = "caf\xe9 and more";
  static const uint16_t wide[] = {0x20ac, 'b', 0xd83d, 0xde00};
  ist_value value, wide_value;
  finalized = 0;
  assert_ok(ist_string_adopt(f->isolate, IST_LATIN1, latin, 13, finalize, &finalized, &value));
  assert_text(f, "caf\xc3\xa9 and more", value);
  assert_said(f, value, "it === 'caf\\u00e9 and more' && it.length === 13");
  assert_ok(ist_string_adopt(f->isolate, IST_UTF16, wide, 4, finalize, &finalized, &wide_value));
  assert_said(f, wide_value, "it === '\\u20acb\\u{1f600}'");
  assert_int_equal(finalized, 0);
  assert_ok(ist_string_adopt(f->isolate, IST_LATIN1, NULL, 0, finalize, &finalized, &value));
  assert_text(f, "", value);
  assert_int_equal(finalized, 1);

  assert_status(IST_ERR_ARGUMENT,
                ist_string_adopt(f->isolate, IST_UTF8, latin, 5, finalize, &finalized, &value));
  assert_status(IST_ERR_ARGUMENT,
                ist_string_adopt(f->isolate, IST_LATIN1, NULL, 5, finalize, &finalized, &value));
  assert_status(IST_ERR_ARGUMENT, ist_string_adopt(f->isolate, IST_UTF16, (const char *)wide + 1, 1,
                                                   finalize, &finalized, &value));
  assert_status(IST_ERR_ARGUMENT,
                ist_string_adopt(NULL, IST_LATIN1, latin, 5, finalize, &finalized, &value));
  assert_status(IST_ERR_ARGUMENT,
                ist_string_adopt(f->isolate, IST_LATIN1, latin, 5, finalize, &finalized, NULL));
  assert_status(IST_ERR_LIMIT, ist_string_adopt(f->isolate, IST_LATIN1, latin, SIZE_MAX, finalize,
                                                &finalized, &value));
  assert_int_equal(finalized, 7);
}

static int teardown_and_check(void **state) {
  teardown(state);
  /* The two that were alive. */
  assert_int_equal(finalized, 9);
  return 0;
}

static void adopt_and_forget(fixture *f, int round) {
  (void)round;
  static const char text[] = "some text that is long enough to be kept as it is";
  ist_value value;
  assert_ok(ist_string_adopt(f->isolate, IST_LATIN1, text, sizeof text - 1, finalize, &finalized,
                             &value));
}

static void adopted_texts_are_given_back(void **state) {
  fixture *f = *state;
  finalized = 0;
  assert_flat(f, 20000, 1 << 20, adopt_and_forget);
  assert_true(finalized >= 3900);
}

/* V8 knows how much a text of ours is, and collects in time, without being told to. */
static void large_adopted_texts_do_not_pile_up(void **state) {
  fixture *f = *state;
  size_t length = (size_t)64 << 20;
  char *text = malloc(length);
  memset(text, 'x', length);
  finalized = 0;
  for (int i = 0; i < 100; i++) {
    ist_value value;
    assert_ok(ist_string_adopt(f->isolate, IST_LATIN1, text, length, finalize, &finalized, &value));
    assert_ok(ist_value_free(f->isolate, value));
  }
  assert_true(finalized > 50);
  assert_ok(ist_isolate_free(f->isolate));
  assert_int_equal(finalized, 100);
  free(text);
  assert_ok(ist_isolate_new(NULL, &f->isolate));
}

static void interned_strings_are_one(void **state) {
  fixture *f = *state;
  ist_value key, got, object = eval(f, "({ name: 1, 'n\\u00e4me': 2, '\\0': 3 })");
  assert_ok(ist_string_intern(f->isolate, "name", 4, &key));
  assert_ok(ist_object_get_key(f->context, object, key, &got, NULL));
  assert_number(1, got);
  assert_ok(ist_string_intern(f->isolate, "n\xc3\xa4me", 5, &key));
  assert_ok(ist_object_get_key(f->context, object, key, &got, NULL));
  assert_number(2, got);
  assert_ok(ist_string_intern(f->isolate, "\0", 1, &key));
  assert_ok(ist_object_get_key(f->context, object, key, &got, NULL));
  assert_number(3, got);
  assert_ok(ist_string_intern(f->isolate, NULL, 0, &key));
  assert_text(f, "", key);
}

static void bad_inputs(void **state) {
  fixture *f = *state;
  ist_value value, number = ist_int32(1), object = eval(f, "new String('x')");
  uint16_t units[2] = {'a', 'b'};
  size_t length;
  char *out, buffer[4];
  assert_status(IST_ERR_ARGUMENT, ist_string_new(NULL, "a", 1, &value));
  assert_status(IST_ERR_ARGUMENT, ist_string_new(f->isolate, NULL, 1, &value));
  assert_status(IST_ERR_ARGUMENT, ist_string_new(f->isolate, "a", 1, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_string_new_as(f->isolate, (ist_encoding)4, "a", 1, &value));
  assert_status(IST_ERR_ARGUMENT,
                ist_string_new_as(f->isolate, IST_UTF16, (const char *)units + 1, 1, &value));
  assert_status(IST_ERR_ARGUMENT, ist_string_intern(f->isolate, NULL, 2, &value));
  assert_status(IST_ERR_LIMIT,
                ist_string_new_as(f->isolate, IST_UTF16, units, SIZE_MAX / 2, &value));
  assert_status(IST_ERR_LIMIT, ist_string_new_as(f->isolate, IST_LATIN1, units, SIZE_MAX, &value));
  assert_status(IST_ERR_TYPE, ist_string_length(f->isolate, number, IST_UTF8, &length));
  assert_status(IST_ERR_TYPE, ist_string_length(f->isolate, object, IST_UTF8, &length));
  assert_status(IST_ERR_HANDLE, ist_string_length(f->isolate, stale(f), IST_UTF8, &length));
  value = text(f, "abc");
  assert_status(IST_ERR_ARGUMENT, ist_string_length(f->isolate, value, (ist_encoding)9, &length));
  assert_status(IST_ERR_ARGUMENT, ist_string_length(f->isolate, value, IST_UTF8, NULL));
  assert_status(IST_ERR_TYPE, ist_string_read(f->isolate, object, &out, &length));
  assert_status(IST_ERR_HANDLE, ist_string_read(f->isolate, stale(f), &out, &length));
  assert_status(IST_ERR_ARGUMENT, ist_string_read(f->isolate, value, NULL, &length));
  assert_status(IST_ERR_TYPE,
                ist_string_write(f->isolate, ist_null(), IST_UTF8, buffer, 4, &length));
  assert_status(IST_ERR_HANDLE,
                ist_string_write(f->isolate, stale(f), IST_UTF8, buffer, 4, &length));
  assert_status(IST_ERR_ARGUMENT, ist_string_write(f->isolate, value, IST_UTF8, NULL, 4, &length));
  assert_status(IST_ERR_ARGUMENT, ist_string_write(f->isolate, value, IST_UTF8, buffer, 4, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_string_write(f->isolate, value, (ist_encoding)-1, buffer, 4, &length));
  assert_status(IST_ERR_ARGUMENT,
                ist_string_write(f->isolate, value, IST_UTF16, (char *)units + 1, 1, &length));
  assert_status(IST_ERR_LIMIT, ist_string_write(f->isolate, value, IST_UTF8, NULL, 0, &length));
  assert_int_equal(length, 3);
}

/* V8 holds strings of up to 2 to the 29 units, and not quite. */
static void the_longest_strings(void **state) {
  fixture *f = *state;
  size_t most = ((size_t)1 << 29) - 24, length;
  ist_value value;
  char *text = calloc(1, most + 1);
  assert_non_null(text);
  memset(text, 'x', most + 1);
  assert_status(IST_ERR_LIMIT, ist_string_new(f->isolate, text, most + 1, &value));
  assert_status(IST_ERR_LIMIT, ist_string_intern(f->isolate, text, most + 1, &value));
  text[0] = '\xe9';
  assert_status(IST_ERR_LIMIT, ist_string_new_as(f->isolate, IST_LATIN1, text, most + 1, &value));
  assert_status(IST_ERR_LIMIT, ist_string_new(f->isolate, text, most + 1, &value));
  /* More bytes than V8 allows units, and fewer units. */
  for (size_t i = 0; i + 3 <= most + 1; i += 3) memcpy(text + i, "\xe2\x82\xac", 3);
  length = (most + 1) / 3 * 3;
  ist_status status = ist_string_new(f->isolate, text, length, &value);
  assert_true(status == IST_OK || status == IST_ERR_MEMORY);
  free(text);
}

/* Where V8's heap has no room, an answer comes back and the process goes on. */
static void a_small_heap_is_not_overrun(void **state) {
  (void)state;
  fixture f = {0};
  ist_isolate_options options = {.size = sizeof options};
  options.heap_limit = (size_t)32 << 20;
  assert_ok(ist_isolate_new(&options, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  size_t length = (size_t)300 << 20;
  char *text = malloc(length);
  memset(text, 'x', length);
  ist_value value;
  assert_status(IST_ERR_MEMORY, ist_string_new(f.isolate, text, length, &value));
  assert_status(IST_ERR_MEMORY, ist_string_new_as(f.isolate, IST_UTF16, text, length / 2, &value));
  assert_ok(ist_string_new(f.isolate, text, 4 << 20, &value));
  free(text);
  assert_ok(ist_isolate_free(f.isolate));
}

static void make_and_read(fixture *f, int round) {
  char chars[64], *out;
  ist_value value;
  int length = snprintf(chars, sizeof chars, "%d \xc3\xa9 and so on and so on", round);
  assert_ok(ist_string_new(f->isolate, chars, (size_t)length, &value));
  assert_ok(ist_string_read(f->isolate, value, &out, NULL));
  assert_string_equal(out, chars);
  ist_free(out);
}

static void memory_stays_flat(void **state) {
  assert_flat(*state, 100000, 2 << 20, make_and_read);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_encoding_in_and_out),
      TEST(lone_surrogates),
      TEST(malformed_text_is_replaced_alike),
      TEST(long_texts_come_back),
      cmocka_unit_test_setup_teardown(adopted_text_is_read_in_place, setup, teardown_and_check),
      TEST(adopted_texts_are_given_back),
      TEST(large_adopted_texts_do_not_pile_up),
      TEST(interned_strings_are_one),
      TEST(bad_inputs),
      TEST(the_longest_strings),
      cmocka_unit_test(a_small_heap_is_not_overrun),
      TEST(memory_stays_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
