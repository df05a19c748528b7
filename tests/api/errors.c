/* Errors say what and where, also those that are thrown in odd ways. */
#include "api_test.h"

static ist_error *failing(fixture *f, ist_status expected, const char *source) {
  ist_value result;
  ist_error *error = NULL;
  assert_status(expected, ist_script_eval(f->context, source, strlen(source), "some/file.js",
                                          &result, &error));
  assert_non_null(error);
  assert_int_equal(error->status, expected);
  return error;
}

static void a_thrown_error(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "var a;\n  function f() { a.b.c }\nf()");
  assert_string_equal(error->name, "TypeError");
  assert_string_equal(error->message, "Cannot read properties of undefined (reading 'b')");
  assert_string_equal(error->file, "some/file.js");
  assert_string_equal(error->source_line, "  function f() { a.b.c }");
  assert_int_equal(error->line, 2);
  assert_int_equal(error->column, 20);
  assert_non_null(strstr(error->stack, "at f (some/file.js:2:20)"));
  assert_non_null(strstr(error->stack, "at some/file.js:3:1"));
  assert_int_equal(error->value.type, IST_OBJECT);
  assert_int_equal(error->exit_code, 1);
  ist_error_free(error);
}

static void a_syntax_error(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_SYNTAX, "1;\nlet = = 2");
  assert_string_equal(error->name, "SyntaxError");
  assert_int_equal(error->line, 2);
  assert_int_equal(error->column, 7);
  assert_string_equal(error->source_line, "let = = 2");
  ist_error_free(error);
}

static void things_that_are_no_errors(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "throw 'text'");
  assert_string_equal(error->message, "text");
  assert_null(error->stack);
  assert_int_equal(error->line, 1);
  assert_text(f, "text", error->value);
  ist_error_free(error);
  error = failing(f, IST_ERR_EXCEPTION, "throw undefined");
  assert_string_equal(error->message, "undefined");
  ist_error_free(error);
  error = failing(f, IST_ERR_EXCEPTION, "throw Symbol('s')");
  assert_string_equal(error->message, "Symbol(s)");
  ist_error_free(error);
}

static void reading_an_error_runs_no_getters(void **state) {
  fixture *f = *state;
  ist_error *error = failing(
      f, IST_ERR_EXCEPTION,
      "globalThis.ran = 0; const e = new Error('m');"
      "for (const k of ['name', 'message']) Object.defineProperty(e, k, { get() { ran++ } });"
      "throw e");
  ist_error_free(error);
  assert_int_equal(eval(f, "ran").as.int32, 0);
}

static void an_error_of_the_host(void **state) {
  (void)state;
  ist_error *error = ist_error_new(IST_ERR_IO, NULL, NULL);
  assert_string_equal(error->name, "Error");
  assert_string_equal(error->message, "input or output failed");
  ist_error_free(error);
}

static void a_deep_recursion(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "(function f() { f() })()");
  assert_string_equal(error->name, "RangeError");
  ist_error_free(error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_thrown_error),
      TEST(a_syntax_error),
      TEST(things_that_are_no_errors),
      TEST(reading_an_error_runs_no_getters),
      TEST(an_error_of_the_host),
      TEST(a_deep_recursion),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
