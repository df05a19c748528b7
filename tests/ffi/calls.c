/* Calls through descriptors: every scalar in and out, errno, expressions over raw values, error
 * bundles, and functions that the runtime calls by itself. */
#include "support.h"

#include <errno.h>
#include <float.h>
#include <math.h>

/* ---- what is called ---- */

static int8_t add8(int8_t a, int8_t b) {
  return (int8_t)(a + b);
}
static uint8_t addu8(uint8_t a, uint8_t b) {
  return (uint8_t)(a + b);
}
static int16_t add16(int16_t a, int16_t b) {
  return (int16_t)(a + b);
}
static uint16_t addu16(uint16_t a, uint16_t b) {
  return (uint16_t)(a + b);
}
static int32_t add32(int32_t a, int32_t b) {
  return a + b;
}
static uint32_t addu32(uint32_t a, uint32_t b) {
  return a + b;
}
static int64_t add64(int64_t a, int64_t b) {
  return a + b;
}
static uint64_t addu64(uint64_t a, uint64_t b) {
  return a + b;
}
static float addf(float a, float b) {
  return a + b;
}
static double addd(double a, double b) {
  return a + b;
}
static bool both(bool a, bool b) {
  return a && b;
}
static void *advance(char *text, void *unused) {
  return unused ? unused : text + 1;
}
static int fail_with(int code) {
  errno = code;
  return code ? -1 : 0;
}
static int seen_errno(void) {
  return errno;
}
static uint32_t twice(uint32_t value) {
  return 2 * value;
}
static const char *words(int code) {
  return code == 7 ? "seven" : NULL;
}
static const char *latin(int code) {
  return code ? "caf\xe9" : "";
}
static int cleaned;
static void clean(int code) {
  cleaned += code;
}
static int try(int code, char **text) {
  if (text && code == 9) *text = (char *)"from C itself";
  return code;
}
static void *freed;
static int freed_flag;
static void free_it(int flag, void *what) {
  freed_flag = flag;
  freed = what;
}

#define INT(name, size, is_signed)                                                                 \
  "{\"kind\":\"int\",\"name\":\"" name "\",\"size\":" size ",\"align\":" size                      \
  ",\"signed\":" is_signed "}"
#define ARITHMETIC(name, type)                                                                     \
  "{\"name\":\"" name "\",\"optional\":true,\"params\":[{\"name\":\"a\",\"type\":" type            \
  ",\"arg\":0},"                                                                                   \
  "{\"name\":\"b\",\"type\":" type ",\"arg\":1}],\"result\":{\"type\":" type "},\"outputs\":[-1]}"
#define ONE(name, more, type, result)                                                              \
  "{\"name\":\"" name "\",\"optional\":true," more "\"params\":[{\"name\":\"a\",\"type\":" type    \
  ",\"arg\":0}],"                                                                                  \
  "\"result\":{\"type\":" result "}}"

static const char *const
    body = "\"types\":[{\"kind\":\"void\"}," INT("int8_t",
                                                 "1", "true") "," INT("uint8_t",
                                                                      "1", "false") "," INT("int16_"
                                                                                            "t",
                                                                                            "2", "true") "," INT("uint16_t", "2", "false") "," INT("int", "4", "true") "," INT("unsigned", "4", "false") "," INT("long", "8", "true") "," INT("size_t", "8", "false") ","
                                                                                                                                                                                                                                                                      "{\"kind\":\"float\",\"name\":\"float\",\"size\":4,\"align\":4},{\"kind\":\"float\",\"name\":\"double\",\"size\":8,\"align\":8},"
                                                                                                                                                                                                                                                                      "{\"kind\":\"bool\",\"size\":1,\"align\":1},{\"kind\":\"string\",\"encoding\":\"utf8\"},"
                                                                                                                                                                                                                                                                      "{\"kind\":\"pointer\",\"to\":0},{\"kind\":\"pointer\",\"to\":12},{\"kind\":\"string\",\"encoding\":\"latin1\"}],"
                                                                                                                                                                                                                                                                      "\"functions\":[" ARITHMETIC(
                                                                                                                                                                                                                                                                          "add8", "1") "," ARITHMETIC("addu8", "2") "," ARITHMETIC("add16",
                                                                                                                                                                                                                                                                                                                                   "3") "," ARITHMETIC("addu16",
                                                                                                                                                                                                                                                                                                                                                       "4") "," ARITHMETIC("add32", "5") "," ARITHMETIC("addu32",
                                                                                                                                                                                                                                                                                                                                                                                                        "6") "," ARITHMETIC("add64", "7") "," ARITHMETIC("addu64", "8") "," ARITHMETIC("addf",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "9") "," ARITHMETIC("addd",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "10") "," ARITHMETIC("both", "11") "," ARITHMETIC("advance",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "13") "," ONE("fail_with", "\"errno\":true,", "5", "5") ","
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     "{\"name\":\"seen_errno\",\"optional\":true,\"errno\":true,\"result\":{\"type\":5}}," ONE("twice", "", "6", "6") "," ONE("words", "", "5", "12") "," ONE(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "clean", "", "5", "0") ","
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "{\"name\":\"try\",\"optional\":true,\"params\":[{\"name\":\"code\",\"type\":5,\"arg\":0},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "{\"name\":\"text\",\"type\":14,\"role\":\"cell\",\"dir\":\"out\",\"error_text\":true}],\"result\":{\"type\":5},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "\"throws\":{\"error\":0,\"args\":[{\"result\":true},{\"arg\":0}],\"except\":[{\"int\":\"100\"},{\"int\":\"101\"}]}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "{\"name\":\"free_it\",\"optional\":true,\"params\":[{\"name\":\"flag\",\"type\":5,\"role\":\"fixed\",\"value\":{\"int\":\"3\"}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "{\"name\":\"what\",\"type\":13,\"arg\":0}],\"result\":{\"type\":0}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "{\"name\":\"missing\",\"symbol\":\"no_such_symbol_at_all\",\"optional\":true,\"result\":{\"type\":5}}," ONE("latin",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "5",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "15") ","
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"name\":\"old\",\"symbol\":\"try\",\"optional\":true,\"params\":[{\"name\":\"code\",\"type\":5,\"arg\":0},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"name\":\"text\",\"type\":14,\"role\":\"cell\",\"dir\":\"out\"}],\"result\":{\"type\":5},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "\"throws\":{\"error\":1,\"args\":[{\"result\":true}]}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   /* Carries expressions to evaluate: its parameters' counts. */
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"name\":\"carrier\",\"optional\":true,\"params\":[{\"name\":\"a\",\"type\":6,\"arg\":0},{\"name\":\"b\",\"type\":5,\"arg\":1},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"name\":\"cell\",\"type\":14,\"role\":\"cell\",\"dir\":\"out\"},{\"name\":\"d\",\"type\":10,\"arg\":2}],"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "\"result\":{\"type\":5},\"throws\":{\"error\":2,\"args\":["
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"op\":\"*\",\"a\":{\"arg\":0},\"b\":{\"op\":\"*\",\"a\":{\"arg\":0},\"b\":{\"op\":\"*\",\"a\":{\"arg\":0},\"b\":{\"op\":\"*\",\"a\":{\"arg\":0},\"b\":{\"int\":\"3\"}}}}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"op\":\"<\",\"a\":{\"arg\":1},\"b\":{\"arg\":0}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"op\":\"/\",\"a\":{\"arg\":0},\"b\":{\"arg\":1}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"call\":14,\"args\":[{\"op\":\"+\",\"a\":{\"arg\":1},\"b\":{\"int\":\"1\"}}]},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"op\":\"==\",\"a\":{\"deref\":{\"arg\":2}},\"b\":{\"null\":true}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"op\":\"?\",\"a\":{\"op\":\"&&\",\"a\":{\"arg\":0},\"b\":{\"op\":\">\",\"a\":{\"arg\":3},\"b\":{\"float\":0.5}}},\"b\":{\"int\":\"1\"},\"c\":{\"int\":\"-1\"}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"op\":\"|\",\"a\":{\"op\":\"<<\",\"a\":{\"int\":\"1\"},\"b\":{\"arg\":0}},\"b\":{\"op\":\"~\",\"a\":{\"op\":\"-\",\"a\":{\"int\":\"5\"}}}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"call\":19,\"args\":[]},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"op\":\"+\",\"a\":{\"deref\":{\"arg\":2}},\"b\":{\"int\":\"1\"}}"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "]}}],"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "\"errors\":[{\"name\":\"TestError\",\"params\":[{\"name\":\"code\",\"type\":5},{\"name\":\"given\",\"type\":5}],"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "\"ok\":{\"op\":\"==\",\"a\":{\"arg\":0},\"b\":{\"int\":\"0\"}},\"message\":{\"call\":15,\"args\":[{\"arg\":0}]},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "\"cleanup\":{\"call\":16,\"args\":[{\"arg\":1}]}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"name\":\"LatinError\",\"params\":[{\"name\":\"code\",\"type\":5}],\"fail\":{\"arg\":0},\"code\":{\"op\":\"-\",\"a\":{\"arg\":0}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "\"message\":{\"call\":20,\"args\":[{\"arg\":0}]}},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"name\":\"Carrier\",\"params\":[{\"name\":\"0\",\"type\":5},{\"name\":\"1\",\"type\":5},{\"name\":\"2\",\"type\":5},{\"name\":\"3\",\"type\":5},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "{\"name\":\"4\",\"type\":5},{\"name\":\"5\",\"type\":5},{\"name\":\"6\",\"type\":5},{\"name\":\"7\",\"type\":5},{\"name\":\"8\",\"type\":5}]}]";

static ist__library *library;

static int open_all(void **unused) {
  (void)unused;
  library = open_body(body);
#define BIND(name) function_named(library, #name)->address = ADDRESS(name)
  BIND(add8), BIND(addu8), BIND(add16), BIND(addu16), BIND(add32), BIND(addu32), BIND(add64),
      BIND(addu64);
  BIND(addf), BIND(addd), BIND(both), BIND(advance), BIND(fail_with), BIND(seen_errno), BIND(twice),
      BIND(words);
  BIND(clean), BIND(try), BIND(free_it), BIND(latin);
  function_named(library, "old")->address = ADDRESS(try);
  return 0;
}

static int close_all(void **unused) {
  (void)unused;
  ist__library_release(library);
  return 0;
}

static ist__value call(const char *name, ist__value a, ist__value b) {
  const ist__function *f = function_named(library, name);
  uint64_t raw[2] = {0};
  void *args[] = {&raw[0], &raw[1]};
  _Alignas(16) unsigned char result[16];
  memset(result, 0xEE, sizeof result);
  ist__scalar_store(f->params[0].type, args[0], a);
  ist__scalar_store(f->params[1].type, args[1], b);
  ist__frame frame = {.function = f, .args = args, .result = result};
  ist__frame_call(&frame);
  return ist__scalar_load(f->result.type, result);
}

static ist__value integer(__int128 i) {
  return (ist__value){.kind = IST__V_INT, .i = i};
}
static ist__value number(double f) {
  return (ist__value){.kind = IST__V_FLOAT, .f = f};
}
static ist__value pointer(const void *p) {
  return (ist__value){.kind = IST__V_POINTER, .p = p};
}

static void scalars_go_in_and_out(void **unused) {
  (void)unused;
  assert_true(call("add8", integer(100), integer(100)).i == -56);
  assert_true(call("addu8", integer(200), integer(100)).i == 44);
  assert_true(call("add16", integer(-32768), integer(1)).i == -32767);
  assert_true(call("addu16", integer(65535), integer(2)).i == 1);
  assert_true(call("add32", integer(-5), integer(2)).i == -3);
  assert_true(call("addu32", integer(4294967295u), integer(0)).i == 4294967295u);
  assert_true(call("add64", integer(INT64_MIN), integer(1)).i == INT64_MIN + 1);
  assert_true(call("addu64", integer(UINT64_MAX), integer(0)).i == UINT64_MAX);
  assert_true(call("addf", number(0.5), number(0.25)).f == 0.75);
  assert_true(call("addd", number(1e300), number(1e300)).f == 2e300);
  assert_true(call("both", integer(1), integer(1)).i == 1);
  assert_true(call("both", integer(1), integer(0)).i == 0);
  assert_true(call("advance", pointer(body), pointer(NULL)).p == body + 1);
}

static void ranges_are_those_of_c(void **unused) {
  (void)unused;
  __int128 min, max;
  ist__int_range(type_named(library, "int8_t"), &min, &max);
  assert_true(min == -128 && max == 127);
  ist__int_range(type_named(library, "size_t"), &min, &max);
  assert_true(min == 0 && max == UINT64_MAX);
  ist__int_range(type_named(library, "long"), &min, &max);
  assert_true(min == INT64_MIN && max == INT64_MAX);
}

static void bit_fields_lie_anywhere(void **unused) {
  (void)unused;
  unsigned char memory[16];
  for (uint32_t at = 0; at < 60; at++) {
    for (uint32_t width = 1; width <= 64 && at + width <= 128; width++) {
      ist__type type = {.kind = IST__INT, .size = 8, .is_signed = at % 2 != 0};
      ist__field field = {.type = &type, .bit_offset = at, .bit_width = width};
      memset(memory, 0xA5, sizeof memory);
      uint64_t value = 0x123456789ABCDEF1u ^ (uint64_t)at << width % 60;
      ist__bits_store(&field, memory, value);
      uint64_t expected = width == 64 ? value : value & ((1ull << width) - 1);
      if (type.is_signed)
        expected = (uint64_t)((int64_t)(expected << (64 - width)) >> (64 - width));
      assert_int_equal(ist__bits_load(&field, memory), expected);
      for (uint32_t bit = 0; bit < 128; bit++) {
        if (bit >= at && bit < at + width) continue;
        assert_int_equal(memory[bit / 8] >> bit % 8 & 1, 0xA5 >> bit % 8 & 1);
      }
    }
  }
}

static void errno_belongs_to_the_call(void **unused) {
  (void)unused;
  int code = ENOENT, result[4];
  void *args[] = {&code};
  ist__frame frame = {
      .function = function_named(library, "fail_with"), .args = args, .result = result};
  errno = EPERM;
  ist__frame_call(&frame);
  assert_int_equal(frame.error, ENOENT);
  errno = EPERM;
  frame = (ist__frame){
      .function = function_named(library, "seen_errno"), .args = NULL, .result = result};
  ist__frame_call(&frame);
  assert_int_equal(result[0], 0);
  assert_int_equal(frame.error, 0);
}

static bool eval(uint32_t index, uint32_t a, int32_t b, const char *cell, double d, ist__value *out,
                 ist__fault *fault) {
  const ist__function *f = function_named(library, "carrier");
  const char **at = &cell;
  void *args[] = {&a, &b, &at, &d};
  int result = 0;
  ist__frame frame = {.function = f, .args = args, .result = &result};
  return ist__expr_eval(f->throw_args[index], &frame, out, fault);
}

static void expressions_are_mathematical(void **unused) {
  (void)unused;
  ist__value v;
  ist__fault fault;
  assert_true(eval(0, 65536, 0, "", 0, &v, &fault));
  assert_true(v.i == (__int128)3 << 64);
  assert_false(eval(0, UINT32_MAX, 0, "", 0, &v, &fault));
  assert_string_equal(fault.text, "integer overflow in *");
  assert_true(eval(1, UINT32_MAX, -1, "", 0, &v, &fault));
  assert_true(v.i == 1);
  assert_true(eval(2, 7, -2, "", 0, &v, &fault));
  assert_true(v.i == -3);
  assert_false(eval(2, 7, 0, "", 0, &v, &fault));
  assert_string_equal(fault.text, "division by zero");
  assert_true(eval(5, 1, 0, "", 0.75, &v, &fault) && v.i == 1);
  assert_true(eval(5, 0, 0, "", 0.75, &v, &fault) && v.i == -1);
  assert_true(eval(6, 100, 0, "", 0, &v, &fault) && v.i == ((__int128)1 << 100 | 4));
  assert_false(eval(6, 127, 0, "", 0, &v, &fault));
}

static void expressions_call_and_dereference(void **unused) {
  (void)unused;
  ist__value v;
  ist__fault fault;
  assert_true(eval(3, 0, 20, "", 0, &v, &fault) && v.i == 42);
  assert_false(eval(3, 0, -2, "", 0, &v, &fault));
  assert_string_equal(fault.text,
                      "test.twice: a: expected an integer from 0 to 4294967295, got -1");
  assert_true(eval(4, 0, 0, NULL, 0, &v, &fault) && v.i == 1);
  assert_true(eval(4, 0, 0, "x", 0, &v, &fault) && v.i == 0);
  assert_false(eval(7, 0, 0, "", 0, &v, &fault));
  assert_string_equal(fault.text, "test.missing: this version of the library lacks it");
  assert_false(eval(8, 0, 0, "x", 0, &v, &fault));
  assert_string_equal(fault.text, "arithmetic on a pointer");
  ist__library_close(library);
  assert_false(eval(3, 0, 20, "", 0, &v, &fault));
  assert_string_equal(fault.text, "test.twice: the library is closed");
  atomic_store(&library->closed, false);
}

static bool fails(const char *name, int code, char **message, ist__value *value, bool *has_code) {
  char *text = NULL, **cell = &text;
  void *args[] = {&code, &cell};
  int result[4];
  ist__frame frame = {.function = function_named(library, name), .args = args, .result = result};
  ist__frame_call(&frame);
  bool failed;
  assert_true(ist__frame_failed(&frame, &failed, NULL));
  if (failed) ist__frame_failure(&frame, has_code, value, message);
  return failed;
}

static void bundles_tell_failures(void **unused) {
  (void)unused;
  char *message;
  ist__value code;
  bool has_code;
  cleaned = 0;
  assert_false(fails("try", 0, &message, &code, &has_code));
  assert_false(fails("try", 101, &message, &code, &has_code));
  assert_true(fails("try", 7, &message, &code, &has_code));
  assert_true(has_code && code.i == 7);
  assert_string_equal(message, "seven");
  assert_int_equal(cleaned, 7);
  free(message);
  assert_true(fails("try", 8, &message, &code, &has_code));
  assert_null(message);
  assert_true(fails("try", 9, &message, &code, &has_code));
  assert_string_equal(message, "from C itself");
  free(message);
  assert_true(fails("old", 5, &message, &code, &has_code));
  assert_true(has_code && code.i == -5);
  assert_string_equal(message, "caf\xc3\xa9");
  free(message);
}

static void freeing_fills_in_the_rest(void **unused) {
  (void)unused;
  int x;
  ist__free_with(function_named(library, "free_it"), &x);
  assert_ptr_equal(freed, &x);
  assert_int_equal(freed_flag, 3);
}

static void numbers_may_stand_for_pointers(void **unused) {
  (void)unused;
  const ist__type *type = function_named(library, "advance")->params[0].type;
  void *raw = NULL;
  ist__scalar_store(type, &raw, integer(-1));
  assert_ptr_equal(raw, (void *)-1);
  assert_true(ist__scalar_load(type, &raw).p == (void *)-1);
}

static void labels_name_library_and_function(void **unused) {
  (void)unused;
  assert_string_equal(function_named(library, "add8")->label, "test.add8");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scalars_go_in_and_out),
      cmocka_unit_test(ranges_are_those_of_c),
      cmocka_unit_test(bit_fields_lie_anywhere),
      cmocka_unit_test(errno_belongs_to_the_call),
      cmocka_unit_test(expressions_are_mathematical),
      cmocka_unit_test(expressions_call_and_dereference),
      cmocka_unit_test(bundles_tell_failures),
      cmocka_unit_test(freeing_fills_in_the_rest),
      cmocka_unit_test(numbers_may_stand_for_pointers),
      cmocka_unit_test(labels_name_library_and_function),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
