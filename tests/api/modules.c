/* Modules by a loader of the embedder's: sources, JSON, synthetic ones, import(), import.meta,
 * top-level await. */
#include "api_test.h"

#include <stdio.h>

static ist_module *table[3];
static int asked;

static ist_status resolve(void *env, ist_context *context, const char *specifier, size_t length,
                          const char *referrer, const char *type, ist_module **result,
                          ist_error **error) {
  (void)env;
  (void)context;
  (void)type;
  asked++;
  assert_int_equal(strlen(specifier), length);
  if (!strcmp(specifier, "lib"))
    *result = table[0];
  else if (!strcmp(specifier, "data"))
    *result = table[1];
  else if (!strcmp(specifier, "made"))
    *result = table[2];
  else {
    char message[200];
    snprintf(message, sizeof message, "no %s for %s", specifier, referrer);
    *error = ist_error_new(IST_ERR_NOT_FOUND, "RangeError", message);
    return IST_ERR_NOT_FOUND;
  }
  return IST_OK;
}

static void add_to_meta(void *env, ist_context *context, const char *url, ist_value meta) {
  (void)env;
  assert_string_equal(url, "app:main");
  assert_ok(ist_object_set(context, meta, "extra", ist_int32(5), NULL));
}

static int loader_ends;

static void loader_end(void *env) {
  (void)env;
  loader_ends++;
}

static ist_module *compile(fixture *f, const char *url, const char *source) {
  ist_module *module;
  ist_error *error;
  ist_source from = {.size = sizeof from, .text = source, .length = strlen(source), .file = url};
  ist_status status = ist_module_compile(f->context, &from, &module, &error);
  if (status) fail_msg("%s", error->message);
  return module;
}

static void set_loader(fixture *f) {
  ist_loader loader = {sizeof loader, resolve, add_to_meta, NULL, loader_end, NULL};
  assert_ok(ist_context_set_loader(f->context, &loader));
  asked = 0;
}

static void a_graph_of_every_kind(void **state) {
  fixture *f = *state;
  set_loader(f);
  table[0] = compile(f, "app:lib", "export let n = 1; export const up = () => ++n;");
  assert_ok(ist_module_new_json(f->context, "app:data", "{\"a\":[1,2]}", 11, &table[1], NULL));
  static const char *const names[] = {"x", "y"};
  ist_value object = eval(f, "({ x: 'from C', y: 2, z: 3 })");
  assert_ok(ist_module_new_synthetic(f->context, "app:made", names, 2, object, &table[2], NULL));
  ist_module *main = compile(
      f, "app:main",
      "import { n, up } from 'lib'; import data from 'data'; import * as made from 'made';\n"
      "up(); export const seen = [n, data.a.length, made.x, Object.keys(made).join(), "
      "import.meta.url,"
      " import.meta.extra, await Promise.resolve('awaited'), (await import('lib')).n].join('|');");
  ist_value promise, space, seen;
  ist_promise_state is;
  assert_status(IST_ERR_STATE, ist_module_evaluate(main, &promise, NULL));
  assert_status(IST_ERR_STATE, ist_module_namespace(main, &space));
  assert_ok(ist_module_instantiate(main, NULL));
  assert_ok(ist_module_instantiate(main, NULL));
  assert_int_equal(asked, 3);
  assert_ok(ist_module_evaluate(main, &promise, NULL));
  assert_ok(ist_promise_read(f->isolate, promise, &is, &seen));
  assert_int_equal(is, IST_PROMISE_PENDING);
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_ok(ist_promise_read(f->isolate, promise, &is, &seen));
  assert_int_equal(is, IST_PROMISE_FULFILLED);
  assert_ok(ist_module_namespace(main, &space));
  assert_ok(ist_object_get(f->context, space, "seen", &seen, NULL));
  assert_text(f, "2|2|from C|x,y|app:main|5|awaited|2", seen);
  ist_module_free(main);
}

static void exports_can_be_set_later(void **state) {
  fixture *f = *state;
  set_loader(f);
  static const char *const names[] = {"x"};
  assert_ok(
      ist_module_new_synthetic(f->context, "app:made", names, 1, ist_undefined(), &table[2], NULL));
  assert_ok(ist_module_set_export(table[2], "x", ist_int32(1)));
  assert_status(IST_ERR_STATE, ist_module_set_export(table[2], "none", ist_int32(1)));
  ist_module *main = compile(f, "app:main", "import { x } from 'made'; globalThis.get = () => x;");
  ist_value promise;
  assert_ok(ist_module_instantiate(main, NULL));
  assert_ok(ist_module_evaluate(main, &promise, NULL));
  assert_int_equal(eval(f, "get()").as.int32, 1);
  assert_ok(ist_module_set_export(table[2], "x", ist_int32(2)));
  assert_int_equal(eval(f, "get()").as.int32, 2);
  assert_status(IST_ERR_STATE, ist_module_set_export(table[2], "none", ist_int32(1)));
  assert_status(IST_ERR_STATE, ist_module_set_export(main, "x", ist_int32(1)));
}

static void failures_say_where(void **state) {
  fixture *f = *state;
  set_loader(f);
  ist_error *error;
  ist_module *module = compile(f, "app:main", "// first\nimport 'lost';");
  assert_status(IST_ERR_EXCEPTION, ist_module_instantiate(module, &error));
  assert_string_equal(error->name, "RangeError");
  assert_string_equal(error->message, "no lost for app:main");
  assert_string_equal(error->file, "app:main");
  assert_string_equal(error->source_line, "import 'lost';");
  assert_int_equal(error->line, 2);
  assert_int_equal(error->column, 8);
  ist_error_free(error);

  assert_status(IST_ERR_SYNTAX,
                ist_module_new_json(f->context, "app:json", "{\n  oops }", 10, &module, &error));
  assert_string_equal(error->file, "app:json");
  assert_int_equal(error->line, 2);
  ist_error_free(error);

  module = compile(f, "app:main", "await 1; throw new Error('late')");
  ist_value promise, reason;
  ist_promise_state is;
  assert_ok(ist_module_instantiate(module, NULL));
  assert_ok(ist_module_evaluate(module, &promise, NULL));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_ok(ist_promise_read(f->isolate, promise, &is, &reason));
  assert_int_equal(is, IST_PROMISE_REJECTED);
}

static void without_a_loader_imports_fail(void **state) {
  fixture *f = *state;
  ist_error *error;
  ist_module *module = compile(f, "app:main", "import 'x'");
  assert_status(IST_ERR_EXCEPTION, ist_module_instantiate(module, &error));
  assert_string_equal(error->message, "this context has no module loader");
  ist_error_free(error);
  eval(f, "import('x').catch((e) => { globalThis.said = e.message })");
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_text(f, "this context has no module loader", eval(f, "said"));
}

static int check_loader(void **state) {
  loader_ends = 0;
  teardown(state);
  assert_int_equal(loader_ends, 1);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_graph_of_every_kind, setup, check_loader),
      cmocka_unit_test_setup_teardown(exports_can_be_set_later, setup, check_loader),
      cmocka_unit_test_setup_teardown(failures_say_where, setup, check_loader),
      TEST(without_a_loader_imports_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
