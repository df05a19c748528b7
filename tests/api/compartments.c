/* Frozen contexts, texts whose declarations are their own, and sweeping: what the calls answer, and
 * what becomes of what programs leave behind. What programs try to find of each other is in
 * compartments_escape.c. */
#include "api_test.h"

#include <stdio.h>

static ist_context *frozen(fixture *f) {
  ist_context *made;
  ist_context_options options = {.size = sizeof options, .frozen = true};
  assert_ok(ist_context_new(f->isolate, &options, &made));
  return made;
}

static ist_status try_text(ist_context *context, const char *text, ist_value *value,
                           ist_error **error) {
  ist_source source = {.size = sizeof source, .text = text, .length = strlen(text)};
  source.file = "program.js";
  return ist_compartment_eval(context, &source, value, error);
}

static ist_value run(ist_context *context, const char *text) {
  ist_value value = ist_undefined();
  ist_error *error;
  if (try_text(context, text, &value, &error)) fail_msg("%s: %s", text, error->message);
  return value;
}

static void assert_run(fixture *f, ist_context *context, const char *expected, const char *text) {
  ist_value string;
  assert_ok(ist_value_to_string(context, run(context, text), &string, NULL));
  assert_text(f, expected, string);
}

static void assert_refused(ist_context *context, ist_status status, const char *name,
                           const char *message, const char *text) {
  ist_value value;
  ist_error *error;
  assert_status(status, try_text(context, text, &value, &error));
  assert_string_equal(name, error->name);
  assert_string_equal(message, error->message);
  ist_error_free(error);
}

static void test_declarations_end_with_their_text(void **state) {
  fixture *f = *state;
  assert_run(f, f->context, "1", "let a = 1; const b = 2; class C {} var v = 3; a");
  assert_run(f, f->context, "undefined,undefined,undefined,number",
             "[typeof a, typeof b, typeof C, typeof v]");
  assert_run(f, f->context, "1", "let a = 1; const b = 2; class C {} var v = 3; a");
}

static void test_the_eval_of_a_program_is_not_used(void **state) {
  fixture *f = *state;
  run(f->context, "globalThis.eval = () => 'mine'; Function = 1");
  assert_run(f, f->context, "2", "1 + 1");
}

static void test_arguments(void **state) {
  fixture *f = *state;
  ist_value value;
  ist_error *error;
  ist_source source = {.size = sizeof source, .text = "1", .length = 1};
  assert_status(IST_ERR_ARGUMENT, ist_compartment_eval(NULL, &source, &value, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_compartment_eval(f->context, NULL, &value, NULL));
  source.text = NULL;
  assert_status(IST_ERR_ARGUMENT, ist_compartment_eval(f->context, &source, &value, NULL));
  source.text = "1";
  source.cache = (const uint8_t *)"x";
  source.cache_length = 1;
  assert_status(IST_ERR_ARGUMENT, ist_compartment_eval(f->context, &source, &value, NULL));
  source.cache = NULL;
  source.cache_length = 0;
  source.line_offset = -1;
  assert_status(IST_ERR_ARGUMENT, ist_compartment_eval(f->context, &source, &value, NULL));
  source.line_offset = 1 << 29;
  source.column_offset = 1 << 29;
  assert_status(IST_ERR_LIMIT, ist_compartment_eval(f->context, &source, &value, &error));
  ist_error_free(error);
  source.line_offset = source.column_offset = 0;
  assert_ok(ist_compartment_eval(f->context, &source, NULL, NULL));
  source.file = "";
  assert_ok(ist_compartment_eval(f->context, &source, &value, NULL));
  assert_int_equal(value.as.int32, 1);
  source.text = NULL;
  source.length = 0;
  assert_ok(ist_compartment_eval(f->context, &source, &value, NULL));
  assert_int_equal(value.type, IST_UNDEFINED);
  assert_status(IST_ERR_ARGUMENT, ist_compartment_sweep(NULL));
  ist_context *gone = frozen(f);
  assert_ok(ist_context_free(gone));
  assert_status(IST_ERR_HANDLE, ist_compartment_sweep(gone));
  assert_status(IST_ERR_HANDLE, ist_compartment_eval(gone, &source, &value, NULL));
}

static ist_error *error_at(ist_context *context, const char *text, const char *file, int line,
                           int column) {
  ist_source source = {.size = sizeof source, .text = text, .length = strlen(text), .file = file};
  source.line_offset = line;
  source.column_offset = column;
  ist_error *error = NULL;
  assert_true(ist_compartment_eval(context, &source, NULL, &error) != IST_OK);
  return error;
}

static void test_places(void **state) {
  fixture *f = *state;
  ist_error *error = error_at(f->context, "throw new Error('x')", NULL, 0, 0);
  assert_string_equal(error->file, "<script>");
  assert_int_equal(error->line, 1);
  assert_int_equal(error->column, 7);
  ist_error_free(error);
  error = error_at(f->context, "\n  throw new Error('x')", "a.js", 10, 4);
  assert_int_equal(error->line, 12);
  assert_int_equal(error->column, 9);
  assert_string_equal(error->source_line, "  throw new Error('x')");
  assert_string_equal(error->stack, "Error: x\n    at a.js:12:9");
  ist_error_free(error);
  error = error_at(f->context, "throw new Error('x')", "a.js", 0, 4);
  assert_int_equal(error->column, 11);
  ist_error_free(error);
  error = error_at(f->context, "1 +", "a.js", 7, 2);
  assert_status(IST_ERR_SYNTAX, error->status);
  assert_int_equal(error->line, 8);
  assert_string_equal(error->source_line, "1 +");
  assert_string_equal(error->file, "a.js");
  ist_error_free(error);
  /* V8 takes no white space in such names. */
  error = error_at(f->context, "throw new Error('x')", "my file\n\xc2\xa0.js", 0, 0);
  assert_string_equal(error->file, "my%20file%0A%C2%A0.js");
  ist_error_free(error);
  error = error_at(f->context, "throw new Error('x')\n//# sourceURL=other.js", "mine.js", 0, 0);
  assert_string_equal(error->file, "mine.js");
  ist_error_free(error);
  error = error_at(f->context, "#!/usr/bin/env judge\nthrow new Error('x')", "a.js", 0, 0);
  assert_int_equal(error->line, 2);
  ist_error_free(error);
}

static void test_an_error_of_the_program_is_no_syntax_error_of_it(void **state) {
  fixture *f = *state;
  assert_refused(f->context, IST_ERR_SYNTAX, "SyntaxError", "Unexpected end of input", "1 +");
  assert_refused(f->context, IST_ERR_EXCEPTION, "SyntaxError", "Unexpected end of JSON input",
                 "JSON.parse('{')");
  assert_refused(f->context, IST_ERR_EXCEPTION, "SyntaxError", "mine",
                 "throw new SyntaxError('mine')");
  assert_refused(f->context, IST_ERR_EXCEPTION, "SyntaxError", "Unexpected end of input",
                 "eval('1 +')");
  assert_refused(f->context, IST_ERR_EXCEPTION, "SyntaxError",
                 "Invalid regular expression: /(/: Unterminated group", "new RegExp('(')");
}

static void test_where_code_from_strings_is_refused(void **state) {
  fixture *f = *state;
  for (int freeze = 0; freeze < 2; freeze++) {
    ist_context *context;
    ist_context_options options = {.size = sizeof options, .no_code_from_strings = true};
    options.frozen = freeze;
    assert_ok(ist_context_new(f->isolate, &options, &context));
    for (int round = 0; round < 3; round++) {
      assert_run(f, context, "3", "let a = 1; a + 2");
      assert_refused(context, IST_ERR_EXCEPTION, "EvalError",
                     "Code generation from strings disallowed for this context", "eval('1')");
      assert_refused(context, IST_ERR_EXCEPTION, "EvalError",
                     "Code generation from strings disallowed for this context",
                     "new Function('return 1')()");
      assert_refused(context, IST_ERR_SYNTAX, "SyntaxError", "Unexpected end of input", "1 +");
    }
    assert_ok(ist_context_free(context));
  }
}

static void test_sweeping_needs_a_frozen_context(void **state) {
  fixture *f = *state;
  assert_status(IST_ERR_STATE, ist_compartment_sweep(f->context));
  run(f->context, "var a = 1");
  assert_status(IST_ERR_STATE, ist_compartment_sweep(f->context));
}

static void test_globals_of_the_embedder_are_swept_too(void **state) {
  fixture *f = *state;
  ist_context *context = frozen(f);
  ist_value global;
  assert_ok(ist_context_global(context, &global));
  for (int i = 0; i < 3; i++) {
    assert_ok(ist_object_set(context, global, "input", ist_int32(i), NULL));
    ist_value value = run(context, "input");
    assert_int_equal(value.as.int32, i);
    assert_ok(ist_compartment_sweep(context));
    assert_run(f, context, "undefined", "typeof input");
  }
}

static ist_status answer(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)call;
  *result = ist_int32(9);
  return IST_OK;
}

static ist_status answer_any(void *env, const ist_access *access, ist_value *result,
                             bool *handled) {
  (void)env;
  (void)access;
  (void)result;
  *handled = false;
  return IST_OK;
}

static void test_globals_of_a_template_are_frozen(void **state) {
  fixture *f = *state;
  ist_template *global, *object, *function;
  assert_ok(ist_template_new_object(f->isolate, &global));
  assert_ok(ist_template_new_object(f->isolate, &object));
  assert_ok(ist_template_set(object, "inner", ist_int32(1), IST_PROP_ALL));
  assert_ok(ist_template_set_template(global, "object", object, IST_PROP_ALL));
  ist_function_options ask = {.size = sizeof ask, .fn = answer};
  assert_ok(ist_template_new_function(f->isolate, &ask, &function));
  assert_ok(ist_template_set_template(global, "ask", function, IST_PROP_ALL));
  assert_ok(ist_template_set(global, "number", ist_int32(3), IST_PROP_ALL));
  ist_context *context;
  ist_context_options options = {.size = sizeof options, .global = global, .frozen = true};
  assert_ok(ist_context_new(f->isolate, &options, &context));
  for (int i = 0; i < 2; i++) {
    assert_run(f, context, "1,9,3", "[object.inner, ask(), number]");
    run(context, "object.inner = 2; object.left = 1; ask.left = 1; ask = 1; number = 4; "
                 "delete globalThis.object; globalThis.__proto__ = { left: 1 }");
    assert_ok(ist_compartment_sweep(context));
    assert_run(f, context, "1,9,3,,,undefined",
               "[object.inner, ask(), number, object.left, ask.left, typeof left]");
  }
  assert_ok(ist_context_free(context));
  ist_template *any;
  ist_handler handler = {.size = sizeof handler, .get = answer_any};
  assert_ok(ist_template_new_object(f->isolate, &any));
  assert_ok(ist_template_set_named(any, &handler));
  options.global = any;
  assert_status(IST_ERR_STATE, ist_context_new(f->isolate, &options, &context));
}

static void test_sweeping_runs_no_getter(void **state) {
  fixture *f = *state;
  ist_context *context = frozen(f);
  ist_value function, global;
  assert_ok(ist_context_global(context, &global));
  assert_ok(ist_function_new(context, "ask", answer, NULL, NULL, &function));
  assert_ok(ist_object_set(context, global, "ask", function, NULL));
  run(context, "for (const key of ['a', 'b', Symbol('c')]) Object.defineProperty(globalThis, key, "
               "{ get() { throw ask() }, set() { throw ask() }, configurable: true })");
  run(context, "p = new Proxy(function () {}, new Proxy({}, { get() { throw 1 } }))");
  assert_ok(ist_compartment_sweep(context));
  assert_run(f, context, "undefined,undefined", "[typeof a, typeof p]");
}

static ist_status sweep_from_within(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  *result = ist_undefined();
  return ist_throw_error(call->context, "Error", ist_status_name(ist_compartment_sweep(env)));
}

static void test_nothing_is_swept_while_javascript_runs(void **state) {
  fixture *f = *state;
  ist_context *context = frozen(f);
  ist_value function, global;
  assert_ok(ist_context_global(context, &global));
  assert_ok(ist_function_new(context, "sweep", sweep_from_within, context, NULL, &function));
  assert_ok(ist_object_set(context, global, "sweep", function, NULL));
  assert_refused(context, IST_ERR_EXCEPTION, "Error", "ERR_STATE", "sweep()");
  run(context, "Promise.resolve().then(() => { try { sweep() } catch (e) { said = e.message } })");
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_run(f, context, "ERR_STATE", "said");
  assert_ok(ist_compartment_sweep(context));
}

static void test_definitions_of_the_embedder_are_found(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 2; i++) {
    ist_context *context = frozen(f);
    ist_value global;
    assert_ok(ist_context_global(context, &global));
    run(context, "1");
    assert_ok(ist_compartment_sweep(context));
    if (i == 0) {
      assert_ok(ist_object_define(context, global, "left", ist_int32(1), 0, NULL));
    } else {
      static const char script[] = "var left = 1";
      assert_ok(ist_script_eval(context, script, sizeof script - 1, NULL, NULL, NULL));
    }
    assert_status(IST_ERR_STATE, ist_compartment_sweep(context));
  }
  /* Definitions that can be deleted, by functions that look as they always do. */
  ist_context *context = frozen(f);
  assert_run(f, context, "defineProperty,3,function defineProperty() { [native code] },undefined,2",
             "[Object.defineProperty.name, Object.defineProperty.length, "
             "String(Reflect.defineProperty), typeof Reflect.defineProperty.prototype, "
             "Object.defineProperties.length]");
  run(context, "Object.defineProperty(globalThis, 'left', { value: 1, configurable: true })");
  assert_ok(ist_compartment_sweep(context));
  assert_run(f, context, "undefined", "typeof left");
}

static void test_microtasks_are_dropped(void **state) {
  fixture *f = *state;
  ist_context *context = frozen(f), *other = frozen(f);
  run(f->context, "Promise.resolve().then(() => { globalThis.plain = 1 })");
  run(other, "Promise.resolve().then(() => { globalThis.kept = 1 })");
  run(context, "Promise.resolve().then(() => { globalThis.left = 1 }); "
               "(async () => { for (;;) { await 1; globalThis.left = 2 } })(); "
               "Promise.reject(new Error('unhandled'))");
  assert_ok(ist_compartment_sweep(context));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_run(f, context, "undefined", "typeof left");
  assert_run(f, other, "number", "typeof kept");
  assert_run(f, f->context, "number", "typeof plain");
  /* A loop of built-ins alone, which never comes to a statement. */
  run(context, "const a = [], p = Promise.resolve(); "
               "const f = Reflect.apply.bind(null, Promise.prototype.then, p, a); a[0] = f; f()");
  assert_ok(ist_compartment_sweep(context));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  run(context, "r = 0; Promise.resolve().then(() => { r = 1 })");
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_run(f, context, "1", "r");
}

static void test_microtasks_that_run_by_themselves(void **state) {
  (void)state;
  fixture own = {0};
  ist_isolate_options options = {.size = sizeof options, .microtasks = IST_MICROTASKS_AUTO};
  assert_ok(ist_isolate_new(&options, &own.isolate));
  ist_context *context = frozen(&own);
  run(context, "Promise.resolve().then(() => { globalThis.r = 1 })");
  assert_run(&own, context, "1", "r");
  assert_ok(ist_compartment_sweep(context));
  assert_run(&own, context, "undefined", "typeof r");
  assert_ok(ist_isolate_free(own.isolate));
}

static int told;
static void tell(void *env, ist_context *context, const ist_error *error, ist_value promise) {
  (void)env;
  (void)context;
  (void)error;
  (void)promise;
  told++;
}

static void test_rejections_are_forgotten(void **state) {
  fixture *f = *state;
  ist_context *context = frozen(f);
  told = 0;
  assert_ok(ist_isolate_set_uncaught(f->isolate, tell, NULL, NULL));
  run(context, "Promise.reject(1); Promise.reject(2)");
  assert_ok(ist_compartment_sweep(context));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(told, 0);
  run(context, "Promise.reject(1)");
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(told, 1);
}

static size_t contexts(fixture *f) {
  ist_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_statistics(f->isolate, &statistics));
  return statistics.native_contexts;
}

static ist_status free_it(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  *result = ist_undefined();
  return ist_context_free(call->context);
}

static void test_freed_contexts_leave_nothing(void **state) {
  fixture *f = *state;
  size_t before = contexts(f);
  for (int i = 0; i < 20; i++) {
    ist_context *context = frozen(f);
    run(context, "Promise.resolve().then(() => { globalThis.left = 1 }); var a = 1; a");
    assert_ok(ist_context_free(context));
  }
  assert_int_equal(contexts(f), before);
  /* Also by a program of their own, and by a microtask. */
  for (int i = 0; i < 20; i++) {
    uint32_t scope;
    assert_ok(ist_scope_open(f->isolate, &scope));
    ist_context *context = frozen(f);
    ist_value function, global;
    assert_ok(ist_context_global(context, &global));
    assert_ok(ist_function_new(context, "end", free_it, NULL, NULL, &function));
    assert_ok(ist_object_set(context, global, "end", function, NULL));
    run(context, i % 2
                     ? "Promise.resolve().then(() => 1); end(); Promise.resolve().then(() => 2); 3"
                     : "Promise.resolve().then(end).then(() => 1); 3");
    assert_ok(ist_isolate_run_microtasks(f->isolate));
    assert_ok(ist_scope_close(f->isolate, scope));
  }
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(contexts(f), before);
}

static void test_what_a_frozen_context_is_refused(void **state) {
  fixture *f = *state;
  ist_context *context = frozen(f);
  ist_loader loader = {.size = sizeof loader};
  ist_error *error;
  assert_status(IST_ERR_STATE, ist_context_set_loader(context, &loader));
  assert_status(IST_ERR_STATE, ist_context_add_web(context, NULL, &error));
  ist_error_free(error);
  ist_library *library;
  ist_value exports;
  if (!ist_library_open_file(IST_TEST_IDL_DIR "/libm.idl", &library, &error)) {
    assert_status(IST_ERR_STATE, ist_context_grant(context, library, NULL, &exports, &error));
    assert_string_equal(error->message, "a frozen context can be granted nothing");
    ist_error_free(error);
    ist_library_free(library);
  }
  run(context, "var a = 1");
  assert_ok(ist_compartment_sweep(context));
}

static void test_a_context_from_a_snapshot(void **state) {
  (void)state;
  static const char script[] =
      "var table = { list: [1, 2] }; function twice(x) { return x * 2 } "
      "globalThis.eval = 'gone'; Reflect.ownKeys = () => []; Object.freeze = (x) => x; "
      "Array.prototype.extra = function () { return 'extra' }; "
      "Object.prototype.toString = () => 'changed';";
  ist_source source = {.size = sizeof source, .text = script, .length = sizeof script - 1};
  ist_snapshot_options options = {.size = sizeof options, .scripts = &source, .script_count = 1};
  ist_snapshot *snapshot;
  ist_error *error;
  assert_ok(ist_snapshot_new(&options, &snapshot, &error));
  ist_isolate_options started = {.size = sizeof started, .snapshot = snapshot};
  fixture own = {0};
  assert_ok(ist_isolate_new(&started, &own.isolate));
  ist_context *context = frozen(&own);
  for (int i = 0; i < 3; i++) {
    assert_run(&own, context, "2,8,extra,changed,string",
               "[table.list[1], twice(4), [].extra(), String({}), typeof eval]");
    run(context, "table.list[1] = 9; table.left = 1; twice.left = 1; twice = 1; table.list.push; "
                 "left = 1; try { table.list.push(3) } catch {} Array.prototype.other = 1");
    assert_ok(ist_compartment_sweep(context));
    assert_run(&own, context, "1,2,undefined,undefined,undefined,undefined",
               "[...table.list, typeof table.left, typeof twice.left, typeof left, "
               "typeof [].other]");
    assert_run(&own, context, "undefined,true",
               "[typeof FinalizationRegistry, Object.isFrozen(Promise.prototype)]");
  }
  assert_ok(ist_isolate_free(own.isolate));
  ist_snapshot_free(snapshot);
}

static void test_an_inspector_may_look(void **state) {
  fixture *f = *state;
  ist_context *context = frozen(f);
  ist_inspector *inspector;
  ist_inspector_options options = {.size = sizeof options};
  if (ist_inspector_new(f->isolate, &options, &inspector)) return;
  assert_ok(ist_inspector_add_context(inspector, context, "frozen"));
  run(context, "console.log('a'); console.count('left'); var a = 1");
  assert_ok(ist_compartment_sweep(context));
  assert_run(f, context, "undefined", "typeof a");
  ist_inspector_free(inspector);
}

static void test_programs_that_are_ended(void **state) {
  fixture *f = *state;
  ist_context *context = frozen(f);
  ist_limits limits = {.size = sizeof limits, .wall = 50 * 1000000};
  ist_value value;
  ist_error *error;
  for (int i = 0; i < 3; i++) {
    assert_ok(ist_limits_begin(f->isolate, &limits));
    assert_status(IST_ERR_TIMEOUT, try_text(context, "left = 1; for (;;) ;", &value, &error));
    ist_error_free(error);
    assert_ok(ist_limits_end(f->isolate, NULL));
    assert_ok(ist_compartment_sweep(context));
    assert_run(f, context, "undefined", "typeof left");
    run(context, "(async () => { for (;;) await 1 })()");
    assert_ok(ist_limits_begin(f->isolate, &limits));
    assert_status(IST_ERR_TIMEOUT, ist_isolate_run_microtasks(f->isolate));
    assert_ok(ist_limits_end(f->isolate, NULL));
    assert_ok(ist_compartment_sweep(context));
    assert_run(f, context, "2", "1 + 1");
  }
  /* Asked for before: the text does not run, and nothing is left of that. */
  assert_refused(context, IST_ERR_EXCEPTION, "RangeError", "Maximum call stack size exceeded",
                 "(function f() { f() })()");
  assert_ok(ist_compartment_sweep(context));
}

static void test_rounds_are_flat(void **state) {
  fixture *f = *state;
  ist_context *context = frozen(f);
  long rounds = getenv("ISTHMUS_LONG") ? 1000000 : 30000;
  size_t used[2] = {0};
  for (long i = 0; i < rounds; i++) {
    uint32_t scope;
    char text[256];
    assert_ok(ist_scope_open(f->isolate, &scope));
    /* Some texts and names are new, some are known. */
    snprintf(text, sizeof text,
             "var v%ld = %ld; result = [1, 2].reduce((a, b) => a + b, v%ld); "
             "Promise.resolve().then(() => 1); /%d/.test('a'); result",
             i % 3 ? i % 7 : i, i, i % 3 ? i % 7 : i, (int)(i % 5));
    ist_value value = run(context, text);
    assert_int_equal(value.as.int32, i + 3);
    assert_ok(ist_compartment_sweep(context));
    assert_ok(ist_scope_close(f->isolate, scope));
    if (i == rounds / 2 || i == rounds - 1) {
      ist_statistics statistics = {.size = sizeof statistics};
      assert_ok(ist_isolate_collect(f->isolate));
      assert_ok(ist_isolate_statistics(f->isolate, &statistics));
      used[i != rounds / 2] = statistics.heap_used;
    }
  }
  if (used[1] > used[0] + (1 << 20)) fail_msg("%zu bytes, and then %zu", used[0], used[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_declarations_end_with_their_text),
      TEST(test_the_eval_of_a_program_is_not_used),
      TEST(test_arguments),
      TEST(test_places),
      TEST(test_an_error_of_the_program_is_no_syntax_error_of_it),
      TEST(test_where_code_from_strings_is_refused),
      TEST(test_sweeping_needs_a_frozen_context),
      TEST(test_globals_of_the_embedder_are_swept_too),
      TEST(test_globals_of_a_template_are_frozen),
      TEST(test_sweeping_runs_no_getter),
      TEST(test_nothing_is_swept_while_javascript_runs),
      TEST(test_definitions_of_the_embedder_are_found),
      TEST(test_microtasks_are_dropped),
      TEST(test_microtasks_that_run_by_themselves),
      TEST(test_rejections_are_forgotten),
      TEST(test_freed_contexts_leave_nothing),
      TEST(test_what_a_frozen_context_is_refused),
      TEST(test_a_context_from_a_snapshot),
      TEST(test_an_inspector_may_look),
      TEST(test_programs_that_are_ended),
      TEST(test_rounds_are_flat),
  };
  return cmocka_run_group_tests_name("compartments", tests, NULL, NULL);
}
