/* Brief errors hold what is asked for most, and can be completed as long as their isolate lives. */
#include "value_test.h"

static int begin_brief(void **state) {
  fixture *f = calloc(1, sizeof *f);
  ist_isolate_options options = {.size = sizeof options, .brief_errors = true};
  assert_ok(ist_isolate_new(&options, &f->isolate));
  assert_ok(ist_context_new(f->isolate, NULL, &f->context));
  *state = f;
  return 0;
}

static int end_brief(void **state) {
  fixture *f = *state;
  assert_ok(ist_isolate_free(f->isolate));
  free(f);
  return 0;
}

static ist_error *failing(fixture *f, ist_status expected, const char *source) {
  ist_value result;
  ist_error *error = NULL;
  assert_status(expected, ist_script_eval(f->context, source, strlen(source), "some/file.js",
                                          &result, &error));
  assert_non_null(error);
  assert_int_equal(error->status, expected);
  return error;
}

static void the_rest_is_read_later(void **state) {
  fixture *f = *state;
  ist_error *error = failing(
      f, IST_ERR_EXCEPTION,
      "function f() { throw new TypeError('outer', {cause: new RangeError('inner')}) }\nf()");
  assert_true(error->brief);
  assert_string_equal(error->name, "TypeError");
  assert_string_equal(error->message, "outer");
  assert_null(error->stack);
  assert_null(error->file);
  assert_null(error->frames);
  assert_null(error->cause);
  assert_int_equal(error->line, 0);
  assert_int_equal(error->value.type, IST_OBJECT);
  ist_value value = error->value;
  /* It is the same, whatever has run meanwhile. */
  assert_ok(ist_script_eval(f->context, "1", 1, "other.js", NULL, NULL));
  assert_ok(ist_error_complete(f->context, error));
  assert_false(error->brief);
  assert_string_equal(error->name, "TypeError");
  assert_string_equal(error->message, "outer");
  assert_string_equal(error->file, "some/file.js");
  assert_int_equal(error->line, 1);
  assert_int_equal(error->column, 22);
  assert_string_equal(error->source_line, "function f() { throw new TypeError('outer', {cause: new "
                                          "RangeError('inner')}) }");
  assert_non_null(strstr(error->stack, "at f (some/file.js:1:22)"));
  assert_int_equal(error->frame_count, 2);
  assert_string_equal(error->frames[0].function, "f");
  assert_string_equal(error->cause->message, "inner");
  assert_int_equal(error->cause->line, 1);
  assert_true(error->value.as.handle == value.as.handle);
  /* Again, nothing happens. */
  const char *stack = error->stack;
  assert_ok(ist_error_complete(f->context, error));
  assert_ptr_equal(error->stack, stack);
  ist_error_free(error);
}

static void what_is_no_error_is_complete(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "\nthrow 'text'");
  assert_false(error->brief);
  assert_int_equal(error->line, 2);
  assert_ok(ist_error_complete(f->context, error));
  ist_error_free(error);
  error = failing(f, IST_ERR_SYNTAX, "let = = 2");
  assert_false(error->brief);
  assert_int_equal(error->line, 1);
  ist_error_free(error);
  error = ist_error_new(IST_ERR_EXCEPTION, "Error", "made");
  assert_ok(ist_error_complete(f->context, error));
  assert_null(error->stack);
  ist_error_free(error);
}

static void odd_errors(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION,
                             "const e = new Error('m');"
                             "Object.defineProperty(e, 'message', {get() { throw 1 }}); throw e");
  assert_true(error->brief);
  assert_non_null(error->message);
  assert_ok(ist_error_complete(f->context, error));
  assert_int_equal(error->line, 1);
  ist_error_free(error);
  error = failing(f, IST_ERR_EXCEPTION, "throw Object.setPrototypeOf(new Error('bare'), null)");
  assert_string_equal(error->name, "Error");
  assert_string_equal(error->message, "bare");
  ist_error_free(error);
}

static void misuse(void **state) {
  fixture *f = *state;
  fixture other = {0};
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "throw new Error('m')");
  assert_status(IST_ERR_ARGUMENT, ist_error_complete(f->context, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_error_complete(NULL, error));
  assert_ok(ist_isolate_new(NULL, &other.isolate));
  assert_ok(ist_context_new(other.isolate, NULL, &other.context));
  assert_status(IST_ERR_HANDLE, ist_error_complete(other.context, error));
  assert_true(error->brief);
  assert_ok(ist_isolate_free(other.isolate));
  /* It is shown and freed as it is. */
  char *text = ist_error_format(error);
  assert_non_null(strstr(text, "Error: m"));
  ist_free(text);
  ist_error *late = failing(f, IST_ERR_EXCEPTION, "throw new Error('late')");
  assert_ok(ist_context_free(f->context));
  assert_status(IST_ERR_HANDLE, ist_error_complete(f->context, late));
  assert_ok(ist_context_new(f->isolate, NULL, &f->context));
  assert_ok(ist_error_complete(f->context, late));
  assert_non_null(late->stack);
  ist_error_free(error);
  ist_error_free(late);
}

static void throw_and_complete(fixture *f, int round) {
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "throw new Error('m', {cause: new Error('n')})");
  if (round & 1) assert_ok(ist_error_complete(f->context, error));
  ist_error_free(error);
}

static void memory_stays_flat(void **state) {
  assert_flat(*state, 20000, 8 << 20, throw_and_complete);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_rest_is_read_later, begin_brief, end_brief),
      cmocka_unit_test_setup_teardown(what_is_no_error_is_complete, begin_brief, end_brief),
      cmocka_unit_test_setup_teardown(odd_errors, begin_brief, end_brief),
      cmocka_unit_test_setup_teardown(misuse, begin_brief, end_brief),
      cmocka_unit_test_setup_teardown(memory_stays_flat, begin_brief, end_brief),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
