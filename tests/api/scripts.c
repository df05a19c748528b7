/* Scripts and functions from text: places in files, running in several contexts, code caches, and
 * that any misuse or any damaged cache is answered. */
#include "api_test.h"

#include <stdio.h>

static ist_source source_of(const char *source, const char *file) {
  ist_source made = {.size = sizeof made, .text = source, .length = strlen(source), .file = file};
  return made;
}

static ist_script *compile(fixture *f, const char *source) {
  ist_source from = source_of(source, "test.js");
  ist_script *script;
  assert_ok(ist_script_compile(f->context, &from, &script, NULL));
  return script;
}

static void a_script_runs_in_every_context(void **state) {
  fixture *f = *state;
  ist_context *other;
  assert_ok(ist_context_new(f->isolate, NULL, &other));
  ist_script *script = compile(f, "globalThis.n = (globalThis.n || 0) + 1");
  ist_value value;
  for (int i = 1; i <= 3; i++) {
    assert_ok(ist_script_run(f->context, script, &value, NULL));
    assert_int_equal(value.as.int32, i);
  }
  assert_ok(ist_script_run(other, script, &value, NULL));
  assert_int_equal(value.as.int32, 1);
  assert_ok(ist_script_run(other, script, NULL, NULL));
  assert_ok(ist_script_eval(other, "n", 1, NULL, &value, NULL));
  assert_int_equal(value.as.int32, 2);
  ist_script_free(script);
  ist_script_free(script);
  ist_script_free(NULL);
  assert_status(IST_ERR_HANDLE, ist_script_run(other, script, &value, NULL));
}

static void places_count_from_the_offsets(void **state) {
  fixture *f = *state;
  ist_source from = source_of("\nthrow new Error('x')", "page.html");
  from.line_offset = 10;
  ist_script *script;
  ist_error *error;
  assert_ok(ist_script_compile(f->context, &from, &script, &error));
  assert_null(error);
  assert_status(IST_ERR_EXCEPTION, ist_script_run(f->context, script, NULL, &error));
  assert_string_equal(error->file, "page.html");
  assert_int_equal(error->line, 12);
  assert_int_equal(error->column, 7);
  ist_error_free(error);

  from = source_of("  oops oops", "page.html");
  from.line_offset = 4;
  from.column_offset = 100;
  assert_status(IST_ERR_SYNTAX, ist_script_compile(f->context, &from, &script, &error));
  assert_string_equal(error->name, "SyntaxError");
  assert_int_equal(error->line, 5);
  assert_int_equal(error->column, 108);
  ist_error_free(error);

  /* The function is compiled at its first call, and named by what stands there. */
  from = source_of("function f() { throw Error('late') }; f", "page.html");
  from.line_offset = 7;
  ist_value fn;
  assert_ok(ist_script_compile(f->context, &from, &script, NULL));
  assert_ok(ist_script_run(f->context, script, &fn, NULL));
  assert_status(IST_ERR_EXCEPTION,
                ist_function_call(f->context, fn, ist_undefined(), 0, NULL, NULL, &error));
  assert_int_equal(error->line, 8);
  ist_error_free(error);
}

static void the_result_may_be_unwanted(void **state) {
  fixture *f = *state;
  assert_ok(ist_script_eval(f->context, "globalThis.x = {}", 17, NULL, NULL, NULL));
  ist_error *error;
  assert_status(IST_ERR_EXCEPTION, ist_script_eval(f->context, "nope", 4, NULL, NULL, &error));
  assert_string_equal(error->file, "<script>");
  ist_error_free(error);
}

static void a_function_from_text(void **state) {
  fixture *f = *state;
  ist_source from = source_of("return a + b + '/' + arguments.length + '/' + typeof c;", "body.js");
  static const char *const names[] = {"a", "b"};
  ist_value fn, value;
  assert_ok(ist_function_compile(f->context, &from, names, 2, &fn, NULL));
  ist_value args[] = {ist_int32(1), ist_int32(2), ist_int32(3)};
  assert_ok(ist_function_call(f->context, fn, ist_undefined(), 3, args, &value, NULL));
  assert_text(f, "3/3/undefined", value);
  from = source_of("return 7", NULL);
  assert_ok(ist_function_compile(f->context, &from, NULL, 0, &fn, NULL));
  assert_ok(ist_function_call(f->context, fn, ist_undefined(), 0, NULL, &value, NULL));
  assert_int_equal(value.as.int32, 7);

  ist_error *error;
  from = source_of("return )", "body.js");
  from.line_offset = 2;
  assert_status(IST_ERR_SYNTAX, ist_function_compile(f->context, &from, NULL, 0, &fn, &error));
  assert_string_equal(error->file, "body.js");
  assert_int_equal(error->line, 3);
  ist_error_free(error);
  /* A text cannot leave the function. */
  from = source_of("} throw 1; {", NULL);
  assert_status(IST_ERR_SYNTAX, ist_function_compile(f->context, &from, NULL, 0, &fn, NULL));

  static const char *const bad[][2] = {{"a b", "c"},  {"", "c"},  {"a=1", "c"},
                                       {"...a", "c"}, {"1", "c"}, {"\xff", "c"}};
  from = source_of("return 1", NULL);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_status(IST_ERR_ARGUMENT,
                  ist_function_compile(f->context, &from, bad[i], 2, &fn, &error)),
        ist_error_free(error);
  static const char *const null[] = {"a", NULL};
  assert_status(IST_ERR_ARGUMENT, ist_function_compile(f->context, &from, null, 2, &fn, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_function_compile(f->context, &from, NULL, 2, &fn, NULL));
  assert_status(IST_ERR_LIMIT, ist_function_compile(f->context, &from, null, 1000000, &fn, NULL));
  const char **many = calloc(65000, sizeof *many);
  char *texts = calloc(65000, 16);
  for (int i = 0; i < 65000; i++) {
    snprintf(texts + 16 * i, 16, "p%d", i);
    many[i] = texts + 16 * i;
  }
  assert_ok(ist_function_compile(f->context, &from, many, 65000, &fn, NULL));
  free(many);
  free(texts);
}

static const char program[] = "function deep(n) { return n ? n + deep(n - 1) : 0 }\n"
                              "var text = 'caf\xc3\xa9 \xf0\x9f\x8c\x8d';\n"
                              "class A { static s = 1; get x() { return 2 } }\n"
                              "deep(10) + A.s + new A().x + text.length";

static uint8_t *cache_of(fixture *f, const ist_source *from, size_t *length) {
  ist_script *script;
  ist_value value;
  uint8_t *bytes;
  assert_ok(ist_script_compile(f->context, from, &script, NULL));
  assert_ok(ist_script_run(f->context, script, &value, NULL));
  assert_int_equal(value.as.int32, 65);
  assert_ok(ist_script_cache(script, &bytes, length));
  ist_script_free(script);
  return bytes;
}

/* Compiles in an isolate that has not seen the text. */
static bool used(const ist_source *from, int32_t expected) {
  ist_isolate *isolate;
  ist_context *context;
  ist_script *script;
  ist_value value;
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_context_new(isolate, NULL, &context));
  assert_false(ist_isolate_cache_used(isolate));
  assert_ok(ist_script_compile(context, from, &script, NULL));
  assert_ok(ist_script_run(context, script, &value, NULL));
  assert_int_equal(value.as.int32, expected);
  bool was = ist_isolate_cache_used(isolate);
  assert_ok(ist_isolate_free(isolate));
  return was;
}

static void a_cache_serves_the_same_text(void **state) {
  fixture *f = *state;
  ist_source from = source_of(program, "p.js");
  size_t length;
  uint8_t *bytes = cache_of(f, &from, &length);
  from.cache = bytes;
  from.cache_length = length;
  assert_true(used(&from, 65));
  /* At an odd address as well. */
  uint8_t *odd = malloc(length + 1);
  memcpy(odd + 1, bytes, length);
  from.cache = odd + 1;
  assert_true(used(&from, 65));
  from.cache = bytes;

  ist_source other = from;
  char changed[sizeof program];
  memcpy(changed, program, sizeof program);
  changed[strstr(program, "deep(10)") - program + 6] = '2'; /* deep(12), of the same length */
  other.text = changed;
  assert_false(used(&other, 65 - 55 + 78));
  other = from;
  other.file = "q.js";
  assert_false(used(&other, 65));
  other = from;
  other.line_offset = 1;
  assert_false(used(&other, 65));
  other = from;
  other.cache_length--;
  assert_false(used(&other, 65));
  other.cache_length = 3;
  assert_false(used(&other, 65));
  other.cache_length = 0;
  assert_false(used(&other, 65));
  free(odd);
  ist_free(bytes);
}

static void damaged_caches_are_refused(void **state) {
  fixture *f = *state;
  ist_source from = source_of(program, "p.js");
  size_t length;
  uint8_t *bytes = cache_of(f, &from, &length);
  from.cache = bytes;
  from.cache_length = length;
  ist_isolate *isolate;
  ist_context *context;
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_context_new(isolate, NULL, &context));
  uint64_t random = 88172645463325252u;
  for (int i = 0; i < 3000; i++) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    size_t at = i < 64 ? (size_t)i : (size_t)(random % length);
    uint8_t bit = (uint8_t)(1u << (random >> 40) % 8);
    bytes[at] ^= bit;
    ist_script *script;
    ist_value value;
    assert_ok(ist_script_compile(context, &from, &script, NULL));
    assert_false(ist_isolate_cache_used(isolate));
    if (i % 100 == 0) {
      assert_ok(ist_script_run(context, script, &value, NULL));
      assert_int_equal(value.as.int32, 65);
      assert_ok(ist_script_eval(context, "var deep, text", 14, NULL, NULL, NULL));
      assert_ok(ist_context_free(context));
      assert_ok(ist_context_new(isolate, NULL, &context));
    }
    ist_script_free(script);
    bytes[at] ^= bit;
  }
  assert_ok(ist_isolate_free(isolate));
  assert_true(used(&from, 65));
  ist_free(bytes);
}

static void functions_and_modules_have_caches_of_their_own(void **state) {
  fixture *f = *state;
  ist_source from = source_of("return [a, () => a * 2][1]()", "body.js");
  static const char *const a[] = {"a"}, *const b[] = {"b"};
  ist_value fn, value, arg = ist_int32(21);
  assert_ok(ist_function_compile(f->context, &from, a, 1, &fn, NULL));
  assert_ok(ist_function_call(f->context, fn, ist_undefined(), 1, &arg, &value, NULL));
  uint8_t *bytes;
  size_t length;
  assert_ok(ist_function_cache(f->isolate, fn, &bytes, &length));
  from.cache = bytes;
  from.cache_length = length;
  ist_isolate *isolate;
  fixture other;
  assert_ok(ist_isolate_new(NULL, &isolate));
  other.isolate = isolate;
  assert_ok(ist_context_new(isolate, NULL, &other.context));
  assert_ok(ist_function_compile(other.context, &from, a, 1, &fn, NULL));
  assert_true(ist_isolate_cache_used(isolate));
  assert_ok(ist_function_call(other.context, fn, ist_undefined(), 1, &arg, &value, NULL));
  assert_int_equal(value.as.int32, 42);
  assert_ok(ist_function_compile(other.context, &from, b, 1, &fn, NULL));
  assert_false(ist_isolate_cache_used(isolate));
  /* A cache of one kind is none of another's. */
  ist_source script_of = source_of("a => a", "body.js");
  script_of.cache = bytes;
  script_of.cache_length = length;
  ist_script *script;
  assert_ok(ist_script_compile(other.context, &script_of, &script, NULL));
  assert_false(ist_isolate_cache_used(isolate));
  ist_free(bytes);

  ist_source module_of = source_of("export const x = [1, 2].map((n) => n * 2);", "app:m");
  ist_module *module;
  assert_ok(ist_module_compile(f->context, &module_of, &module, NULL));
  assert_ok(ist_module_cache(module, &bytes, &length));
  ist_free(bytes);
  assert_ok(ist_module_instantiate(module, NULL));
  assert_ok(ist_module_evaluate(module, &value, NULL));
  assert_ok(ist_module_cache(module, &bytes, &length));
  module_of.cache = bytes;
  module_of.cache_length = length;
  assert_ok(ist_module_compile(other.context, &module_of, &module, NULL));
  assert_true(ist_isolate_cache_used(isolate));
  assert_ok(ist_module_instantiate(module, NULL));
  assert_ok(ist_module_evaluate(module, &value, NULL));
  bytes[length / 2] ^= 1;
  assert_ok(ist_module_compile(other.context, &module_of, &module, NULL));
  assert_false(ist_isolate_cache_used(isolate));
  ist_free(bytes);
  /* A module that has failed, and one without text. */
  module_of = source_of("throw new Error('no')", "app:n");
  assert_ok(ist_module_compile(f->context, &module_of, &module, NULL));
  assert_ok(ist_module_instantiate(module, NULL));
  assert_ok(ist_module_evaluate(module, &value, NULL));
  assert_ok(ist_module_cache(module, &bytes, &length));
  ist_free(bytes);
  assert_ok(ist_module_new_json(f->context, "app:j", "1", 1, &module, NULL));
  assert_status(IST_ERR_STATE, ist_module_cache(module, &bytes, &length));
  assert_ok(ist_isolate_free(isolate));
}

static void only_compiled_functions_have_a_cache(void **state) {
  fixture *f = *state;
  static const char *const others[] = {"(() => 1)",
                                       "Math.max",
                                       "(function() {}).bind()",
                                       "new Proxy(function() {}, {})",
                                       "(class {})",
                                       "Function('return 1')",
                                       "(async function*() {})"};
  uint8_t *bytes;
  size_t length;
  ist_source from = source_of("return 1", NULL);
  ist_value fn;
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
      assert_status(IST_ERR_STATE,
                    ist_function_cache(f->isolate, eval(f, others[i]), &bytes, &length));
    assert_ok(ist_function_compile(f->context, &from, NULL, 0, &fn, NULL));
  }
  assert_ok(ist_object_set(f->context, eval(f, "globalThis"), "made", fn, NULL));
  assert_status(IST_ERR_STATE,
                ist_function_cache(f->isolate, eval(f, "made.bind(1)"), &bytes, &length));
  assert_status(IST_ERR_STATE,
                ist_function_cache(f->isolate, eval(f, "new Proxy(made, {})"), &bytes, &length));
  assert_status(IST_ERR_TYPE, ist_function_cache(f->isolate, ist_int32(1), &bytes, &length));
  assert_status(IST_ERR_TYPE, ist_function_cache(f->isolate, eval(f, "({})"), &bytes, &length));
  /* Still there after a collection, and once its code was thrown away. */
  for (int i = 0; i < 3; i++) assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_function_cache(f->isolate, fn, &bytes, &length));
  ist_free(bytes);
  /* asm.js cannot be written. */
  from =
      source_of("function A(s, f, h) { 'use asm'; function g() { return 1 } return g } A();", "");
  ist_script *script;
  assert_ok(ist_script_compile(f->context, &from, &script, NULL));
  assert_ok(ist_script_run(f->context, script, NULL, NULL));
  ist_status status = ist_script_cache(script, &bytes, &length);
  assert_true(status == IST_OK || status == IST_ERR_STATE);
  if (!status) ist_free(bytes);
}

static void microtasks_run_by_themselves_when_asked_to(void **state) {
  (void)state;
  ist_isolate_options options = {.size = sizeof options, .microtasks = IST_MICROTASKS_AUTO};
  fixture f;
  assert_ok(ist_isolate_new(&options, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  ist_script *script = compile(&f, "Promise.resolve().then(() => { globalThis.ran = true })");
  assert_ok(ist_script_run(f.context, script, NULL, NULL));
  assert_true(eval(&f, "ran").as.boolean);
  assert_ok(ist_isolate_free(f.isolate));
}

static void no_misuse_does_harm(void **state) {
  fixture *f = *state;
  ist_isolate *isolate;
  ist_context *context;
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_context_new(isolate, NULL, &context));
  ist_source from = source_of("1", NULL);
  ist_script *script, *foreign;
  ist_value value;
  uint8_t *bytes;
  size_t length;
  assert_ok(ist_script_compile(context, &from, &foreign, NULL));
  script = compile(f, "1");
  assert_status(IST_ERR_HANDLE, ist_script_run(f->context, foreign, &value, NULL));
  assert_ok(ist_script_run(context, foreign, &value, NULL));
  assert_ok(ist_isolate_free(isolate));
  assert_status(IST_ERR_HANDLE, ist_script_run(f->context, foreign, &value, NULL));
  assert_status(IST_ERR_HANDLE, ist_script_run(context, script, &value, NULL));
  assert_status(IST_ERR_HANDLE, ist_script_cache(foreign, &bytes, &length));
  ist_script_free(foreign);
  assert_false(ist_isolate_cache_used(isolate));
  assert_false(ist_isolate_cache_used(NULL));

  ist_error *error;
  assert_status(IST_ERR_ARGUMENT, ist_script_run(f->context, NULL, &value, &error));
  ist_error_free(error);
  assert_status(IST_ERR_ARGUMENT, ist_script_run(NULL, script, &value, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_script_compile(f->context, NULL, &script, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_script_compile(f->context, &from, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_script_compile(NULL, &from, &script, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_script_cache(NULL, &bytes, &length));
  assert_status(IST_ERR_ARGUMENT, ist_script_cache(script, NULL, &length));
  assert_status(IST_ERR_ARGUMENT, ist_script_cache(script, &bytes, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_script_eval(f->context, NULL, 1, NULL, &value, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_function_cache(f->isolate, value, NULL, &length));
  from.size = 0;
  assert_status(IST_ERR_ARGUMENT, ist_script_compile(f->context, &from, &script, NULL));
  from = source_of("", NULL);
  from.text = NULL;
  from.length = 1;
  assert_status(IST_ERR_ARGUMENT, ist_script_compile(f->context, &from, &script, NULL));
  from = source_of("1", NULL);
  from.cache_length = 1;
  assert_status(IST_ERR_ARGUMENT, ist_script_compile(f->context, &from, &script, NULL));
  from = source_of("1", NULL);
  from.line_offset = -1;
  assert_status(IST_ERR_ARGUMENT, ist_script_compile(f->context, &from, &script, NULL));
  from.line_offset = INT32_MAX;
  assert_status(IST_ERR_ARGUMENT, ist_script_compile(f->context, &from, &script, NULL));
  from.line_offset = 0;
  from.column_offset = INT32_MAX;
  assert_status(IST_ERR_ARGUMENT, ist_script_compile(f->context, &from, &script, NULL));
  /* What an older header did not have is taken as zero. */
  from = source_of("1", NULL);
  from.size = offsetof(ist_source, line_offset);
  from.line_offset = -1;
  assert_ok(ist_script_compile(f->context, &from, &script, NULL));
  /* Bytes that are no UTF-8 are replaced, as everywhere. */
  from = source_of("'\xff\xc3'.length", NULL);
  assert_ok(ist_script_compile(f->context, &from, &script, NULL));
  assert_ok(ist_script_run(f->context, script, &value, NULL));
  assert_int_equal(value.as.int32, 2);
  from = source_of("", NULL);
  from.text = NULL;
  assert_ok(ist_script_compile(f->context, &from, &script, NULL));
  assert_ok(ist_script_run(f->context, script, &value, NULL));
  assert_int_equal(value.type, IST_UNDEFINED);
}

static size_t used_heap(fixture *f) {
  for (int i = 0; i < 3; i++) assert_ok(ist_isolate_collect(f->isolate));
  ist_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_isolate_statistics(f->isolate, &statistics));
  return statistics.heap_used + statistics.malloced;
}

static void dropped_scripts_are_collected(void **state) {
  fixture *f = *state;
  size_t before = 0;
  for (int i = 0; i < 100000; i++) {
    if (i == 10000) before = used_heap(f);
    char source[64];
    snprintf(source, sizeof source, "function f%d() { return %d } f%d()", i % 7, i, i % 7);
    ist_script *script = compile(f, source);
    if (i % 10 == 0) {
      ist_value value;
      assert_ok(ist_script_run(f->context, script, &value, NULL));
      assert_int_equal(value.as.int32, i);
    }
    ist_script_free(script);
  }
  assert_in_range(used_heap(f), 0, before + 1000000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_script_runs_in_every_context),
      TEST(places_count_from_the_offsets),
      TEST(the_result_may_be_unwanted),
      TEST(a_function_from_text),
      TEST(a_cache_serves_the_same_text),
      TEST(damaged_caches_are_refused),
      TEST(functions_and_modules_have_caches_of_their_own),
      TEST(only_compiled_functions_have_a_cache),
      TEST(microtasks_run_by_themselves_when_asked_to),
      TEST(no_misuse_does_harm),
      TEST(dropped_scripts_are_collected),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
