/* The reader of what cells say, on its own: what was written is read back the same, and whatever
 * else comes (cut short, with bytes changed, made up) is refused without harm, and never taken for
 * a text that is none or a value that V8 would not read. */
#include "api_test.h"

#include "../../runtime/ffi/alloc.c"
#include "../../runtime/host/cell_value.c"
#include "../../runtime/host/cell_wire.c"

static uint64_t seed = 88172645463325252;

static uint64_t chance(uint64_t most) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed % most;
}

static long rounds(long usual) {
  return getenv("ISTHMUS_LONG") ? usual * 20 : usual;
}

/* ---- Errors ---- */

static const ist_frame frames[] = {{"f", "a.js", 1, 2, IST_FRAME_EVAL},
                                   {"", "", 0, 0, IST_FRAME_ASYNC | IST_FRAME_WASM}};
static const ist_error cause = {.size = sizeof cause,
                                .status = IST_ERR_EXCEPTION,
                                .message = "what \xc3\xa4 \xf0\x9f\x98\x80",
                                .exit_code = 1};
static const ist_error sample = {.size = sizeof sample,
                                 .status = IST_ERR_TIMEOUT,
                                 .name = "TimeoutError",
                                 .message = "late",
                                 .stack = "TimeoutError: late\n    at f (a.js:1:2)",
                                 .file = "a.js",
                                 .source_line = "for (;;);",
                                 .line = 1,
                                 .column = 2,
                                 .end_column = 3,
                                 .exit_code = 7,
                                 .frames = frames,
                                 .frame_count = 2,
                                 .cause = &cause};

static void assert_same_text(const char *left, const char *right) {
  if (left && right)
    assert_string_equal(left, right);
  else
    assert_ptr_equal(left, right);
}

static void assert_same_error(const ist_error *left, const ist_error *right) {
  for (; left && right; left = left->cause, right = right->cause) {
    assert_int_equal(left->status, right->status);
    assert_same_text(left->name, right->name);
    assert_same_text(left->message, right->message);
    assert_same_text(left->stack, right->stack);
    assert_same_text(left->file, right->file);
    assert_same_text(left->source_line, right->source_line);
    assert_int_equal(left->line, right->line);
    assert_int_equal(left->column, right->column);
    assert_int_equal(left->end_column, right->end_column);
    assert_int_equal(left->exit_code, right->exit_code);
    assert_int_equal(left->frame_count, right->frame_count);
    for (size_t i = 0; i < left->frame_count; i++) {
      assert_string_equal(left->frames[i].function, right->frames[i].function);
      assert_string_equal(left->frames[i].script, right->frames[i].script);
      assert_int_equal(left->frames[i].line, right->frames[i].line);
      assert_int_equal(left->frames[i].column, right->frames[i].column);
      assert_int_equal(left->frames[i].flags, right->frames[i].flags);
    }
  }
  assert_ptr_equal(left, right);
}

static ist_error *read_error(const uint8_t *bytes, size_t length, bool *bad) {
  ist__wire_in in = {.at = bytes, .end = bytes + length};
  ist_error *error = ist__wire_get_error(&in);
  *bad = in.bad || in.at != in.end;
  if (in.bad) assert_null(error);
  return error;
}

/* Reads all of an error, as a caller may. */
static void visit(const ist_error *error) {
  size_t depth = 0;
  for (; error; error = error->cause) {
    assert_true(++depth <= 9);
    assert_true(error->status > IST_OK && error->status <= IST_ERR_DIED);
    const char *const texts[] = {error->name, error->message, error->stack, error->file,
                                 error->source_line};
    for (size_t i = 0; i < 5; i++)
      if (texts[i]) assert_true(ist__wire_is_utf8((const uint8_t *)texts[i], strlen(texts[i])));
    assert_true(error->line >= 0 && error->column >= 0 && error->end_column >= 0);
    assert_true(error->frame_count <= 64);
    for (size_t i = 0; i < error->frame_count; i++) {
      assert_true(strlen(error->frames[i].function) < 1 << 20);
      assert_true(strlen(error->frames[i].script) < 1 << 20);
      assert_true(error->frames[i].flags < 16);
    }
  }
}

static void errors_come_back_the_same(void **state) {
  (void)state;
  bool bad;
  ist__wire_out out = {0};
  ist__wire_begin(&out);
  ist__wire_put_error(&out, &sample);
  ist__wire_end(&out, IST_WIRE_RESULT, 0);
  assert_false(out.failed);
  size_t head = sizeof(ist__wire_header);
  ist_error *error = read_error(out.bytes + head, out.length - head, &bad);
  assert_false(bad);
  assert_same_error(&sample, error);
  ist_error_free(error);
  ist__wire_begin(&out);
  ist__wire_put_error(&out, NULL);
  assert_null(read_error(out.bytes + head, out.length - head, &bad));
  assert_false(bad);
  /* More causes and frames than an error has are left out. */
  ist_error chain[20];
  static ist_frame many[200];
  for (size_t i = 0; i < 200; i++) many[i] = (ist_frame){"f", NULL, (int)i, 1, 0};
  for (size_t i = 0; i < 20; i++) {
    chain[i] = cause;
    chain[i].cause = i < 19 ? &chain[i + 1] : NULL;
    chain[i].frames = many;
    chain[i].frame_count = 200;
  }
  ist__wire_begin(&out);
  ist__wire_put_error(&out, chain);
  error = read_error(out.bytes + head, out.length - head, &bad);
  assert_false(bad);
  size_t depth = 0;
  for (const ist_error *at = error; at; at = at->cause) {
    assert_int_equal(at->frame_count, 64);
    assert_string_equal(at->frames[63].script, "");
    depth++;
  }
  assert_int_equal(depth, 9);
  ist_error_free(error);
  ist__wire_out_free(&out);
}

/* The sample as it is sent, behind `head` bytes of the frame. */
static ist__wire_out written_sample(size_t *head) {
  ist__wire_out out = {0};
  ist__wire_begin(&out);
  *head = out.length;
  ist__wire_put_error(&out, &sample);
  return out;
}

static void errors_cut_short_are_refused(void **state) {
  (void)state;
  bool bad;
  size_t head;
  ist__wire_out out = written_sample(&head);
  for (size_t length = 0; length < out.length - head; length++) {
    /* In a block of its own, so that a byte too many is seen. */
    uint8_t *copy = malloc(length + !length);
    memcpy(copy, out.bytes + head, length);
    assert_null(read_error(copy, length, &bad));
    assert_true(bad);
    free(copy);
  }
  ist__wire_out_free(&out);
}

static void errors_with_changed_bytes_do_no_harm(void **state) {
  (void)state;
  bool bad;
  size_t head;
  ist__wire_out out = written_sample(&head);
  size_t length = out.length - head;
  uint8_t *copy = malloc(length);
  long refused = 0;
  for (long round = 0; round < rounds(100000); round++) {
    memcpy(copy, out.bytes + head, length);
    for (uint64_t changes = 1 + chance(4); changes; changes--) {
      size_t at = chance(length);
      switch (chance(4)) {
      case 0: copy[at] = (uint8_t)chance(256); break;
      case 1: copy[at] ^= (uint8_t)(1u << chance(8)); break;
      case 2: copy[at] = 0xff; break;
      default: memset(copy + at, chance(2) ? 0xff : 0, length - at < 4 ? length - at : 4);
      }
    }
    ist_error *error = read_error(copy, length, &bad);
    refused += bad;
    visit(error);
    ist_error_free(error);
  }
  assert_true(refused > 1000);
  free(copy);
  ist__wire_out_free(&out);
}

static void made_up_errors_do_no_harm(void **state) {
  (void)state;
  uint32_t words[256];
  bool bad;
  for (long round = 0; round < rounds(50000); round++) {
    size_t length = chance(sizeof words + 1);
    for (size_t i = 0; i < 256; i++)
      words[i] = (uint32_t)(chance(3)   ? chance(12)
                            : chance(2) ? UINT32_MAX - chance(4)
                                        : chance(1 << 30));
    ist_error *error = read_error((uint8_t *)words, length, &bad);
    visit(error);
    ist_error_free(error);
  }
}

static void headers_are_looked_at(void **state) {
  (void)state;
  ist__wire_header header = {IST_WIRE_MARK, IST_WIRE_RESULT, 100};
  assert_true(ist__wire_expects(&header, IST_WIRE_RESULT, 100));
  assert_false(ist__wire_expects(&header, IST_WIRE_RESULT, 99));
  assert_false(ist__wire_expects(&header, IST_WIRE_READY, 100));
  header.length = UINT64_MAX;
  assert_false(ist__wire_expects(&header, IST_WIRE_RESULT, (uint64_t)1 << 30));
  header = (ist__wire_header){0, IST_WIRE_RESULT, 0};
  assert_false(ist__wire_expects(&header, IST_WIRE_RESULT, 100));
}

/* ---- Values ---- */

static bool is_json_text(const char *text) {
  size_t length = strlen(text);
  uint8_t *copy = malloc(length + !length);
  memcpy(copy, text, length);
  bool good = ist__wire_is_value(copy, length, IST_FORMAT_JSON);
  free(copy);
  return good;
}

static void json_is_told_from_what_is_none(void **state) {
  (void)state;
  static const char *const good[] = {"null",
                                     "true",
                                     "false",
                                     "0",
                                     "-0",
                                     "12",
                                     "-1.5e+10",
                                     "1E5",
                                     "0.0001",
                                     "\"\"",
                                     "\"a\\n\\u00fF\"",
                                     "[]",
                                     "{}",
                                     "[1,2]",
                                     "{\"a\":1,\"b\":[{}]}",
                                     "[[],[],{\"a\":[]}]",
                                     "\"\xf0\x9f\x98\x80\""};
  static const char *const bad[] = {"",
                                    " ",
                                    "nul",
                                    "nulll",
                                    "null\n",
                                    "\nnull",
                                    "01",
                                    "-",
                                    "1.",
                                    ".5",
                                    "1e",
                                    "+1",
                                    "1 2",
                                    "\"",
                                    "\"a",
                                    "\"\n\"",
                                    "\"\\x\"",
                                    "\"\\u12g4\"",
                                    "\"\\",
                                    "\"\\u12",
                                    "[",
                                    "]",
                                    "[1",
                                    "[1,",
                                    "[1,]",
                                    "[,1]",
                                    "[1 2]",
                                    "{",
                                    "}",
                                    "{a:1}",
                                    "{\"a\"}",
                                    "{\"a\":}",
                                    "{\"a\":1,}",
                                    "{\"a\":1",
                                    "{,}",
                                    "[}",
                                    "{]",
                                    "{\"a\":1]",
                                    "[1}",
                                    "1,2",
                                    "[]]",
                                    "\"\xff\"",
                                    "\"\xed\xa0\x80\"",
                                    "\"\xc0\x80\"",
                                    "\"\xf4\x90\x80\x80\"",
                                    "\"\xe2\x82",
                                    "NaN",
                                    "undefined",
                                    "'a'",
                                    "[1]{}",
                                    "{\"a\":1 }"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!is_json_text(good[i])) fail_msg("refused: %s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (is_json_text(bad[i])) fail_msg("taken: %s", bad[i]);
  /* However deep. */
  enum { DEEP = 1000000 };
  char *deep = malloc(2 * DEEP + 1);
  memset(deep, '[', DEEP);
  memset(deep + DEEP, ']', DEEP);
  deep[2 * DEEP] = '\0';
  assert_true(is_json_text(deep));
  deep[DEEP + 1] = '}';
  assert_false(is_json_text(deep));
  free(deep);
}

static const char *const values[] = {
    "null", "[1, 2.5, -3e-7, 'x', true, null, {a: {b: ['\\u00e4\\ud83d\\ude00\\n\\u2028']}}]",
    "({'': '', '\"\\\\': [[[]]], n: -0, s: '\\u0000\\u001f'})", "'\\ud800'", "[,1]"};

/* What passes is what V8 reads, and what V8 writes passes. */
static void json_agrees_with_v8(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    uint32_t scope;
    ist_value string, back;
    char *written;
    size_t length;
    assert_ok(ist_scope_open(f->isolate, &scope));
    assert_ok(ist_json_write(f->context, eval(f, values[i]), &string, NULL));
    assert_ok(ist_string_read(f->isolate, string, &written, &length));
    assert_true(ist__wire_is_value((uint8_t *)written, length, IST_FORMAT_JSON));
    char *copy = malloc(length);
    for (long round = 0; round < rounds(4000); round++) {
      uint32_t inner;
      memcpy(copy, written, length);
      for (uint64_t changes = 1 + chance(2); changes; changes--)
        copy[chance(length)] = chance(2) ? "[]{},:\"\\0e-.tn1 \n"[chance(17)] : (char)chance(256);
      if (!ist__wire_is_value((uint8_t *)copy, length, IST_FORMAT_JSON)) continue;
      assert_ok(ist_scope_open(f->isolate, &inner));
      assert_ok(ist_json_read(f->context, copy, length, &back, NULL));
      assert_ok(ist_scope_close(f->isolate, inner));
    }
    free(copy);
    ist_free(written);
    assert_ok(ist_scope_close(f->isolate, scope));
  }
}

static void cbor_agrees_with_v8(void **state) {
  fixture *f = *state;
  static const char *const more[] = {
      "undefined",
      "[1n << 70n, new Date(5), /a/g, new Map([[1, {}]]), new Set('ab'), new Error('x')]",
      "(() => { const a = [new Float64Array(4), new Uint8Array(300)]; a.push(a); return a; })()"};
  for (size_t i = 0; i < 8; i++) {
    uint32_t scope;
    uint8_t *written;
    size_t length;
    assert_ok(ist_scope_open(f->isolate, &scope));
    assert_ok(ist_cbor_write(f->context, eval(f, i < 5 ? values[i] : more[i - 5]), NULL, &written,
                             &length, NULL));
    assert_true(ist__wire_is_value(written, length, IST_FORMAT_CBOR));
    for (size_t cut = 0; cut < length; cut++) {
      uint8_t *copy = malloc(cut + !cut);
      memcpy(copy, written, cut);
      assert_false(ist__wire_is_value(copy, cut, IST_FORMAT_CBOR));
      free(copy);
    }
    uint8_t *copy = malloc(length + 1);
    memcpy(copy, written, length);
    copy[length] = 0;
    assert_false(ist__wire_is_value(copy, length + 1, IST_FORMAT_CBOR));
    for (long round = 0; round < rounds(20000); round++) {
      memcpy(copy, written, length);
      for (uint64_t changes = 1 + chance(3); changes; changes--)
        copy[chance(length)] = (uint8_t)chance(256);
      (void)ist__wire_is_value(copy, length, IST_FORMAT_CBOR);
    }
    free(copy);
    ist_free(written);
    assert_ok(ist_scope_close(f->isolate, scope));
  }
  /* Lengths and depths that are not there. */
  static const uint8_t long_text[] = {0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'a'};
  static const uint8_t long_array[] = {0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
  static const uint8_t long_map[] = {0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
  static const uint8_t endless[] = {0x9f, 0x01, 0xff};
  assert_false(ist__wire_is_value(long_text, sizeof long_text, IST_FORMAT_CBOR));
  assert_false(ist__wire_is_value(long_array, sizeof long_array, IST_FORMAT_CBOR));
  assert_false(ist__wire_is_value(long_map, sizeof long_map, IST_FORMAT_CBOR));
  assert_false(ist__wire_is_value(endless, sizeof endless, IST_FORMAT_CBOR));
  uint8_t *deep = malloc(100000);
  memset(deep, 0x81, 100000);
  assert_false(ist__wire_is_value(deep, 100000, IST_FORMAT_CBOR));
  memset(deep, 0xc1, 100000);
  assert_false(ist__wire_is_value(deep, 100000, IST_FORMAT_CBOR));
  free(deep);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_come_back_the_same),
      cmocka_unit_test(errors_cut_short_are_refused),
      cmocka_unit_test(errors_with_changed_bytes_do_no_harm),
      cmocka_unit_test(made_up_errors_do_no_harm),
      cmocka_unit_test(headers_are_looked_at),
      cmocka_unit_test(json_is_told_from_what_is_none),
      TEST(json_agrees_with_v8),
      TEST(cbor_agrees_with_v8),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
