/* Imports that the embedder answers later, import(), and the lives of modules: every order of
 * asking, answering, failing and freeing. */
#include "api_test.h"

#include <stdio.h>

typedef struct file {
  const char *name, *text;
  ist_module *module;
} file;

typedef struct app {
  ist_isolate *isolate;
  ist_context *context;
  file files[16];
  bool at_once;
  ist_import *pending[64];
  char specifiers[64][32];
  size_t pending_count, asked;
  char log[512];
} app;

static ist_module *compile(ist_context *context, const char *url, const char *source) {
  ist_module *module;
  ist_error *error;
  ist_source from = {.size = sizeof from, .text = source, .length = strlen(source), .file = url};
  ist_status status = ist_module_compile(context, &from, &module, &error);
  if (status) fail_msg("%s: %s", url, error->message);
  return module;
}

static ist_module *module_of(app *a, const char *name) {
  for (file *at = a->files; at->name; at++) {
    if (strcmp(at->name, name)) continue;
    if (!at->module) at->module = compile(a->context, name, at->text);
    return at->module;
  }
  return NULL;
}

static ist_status finish(app *a, ist_import *import, const char *specifier) {
  ist_module *found = module_of(a, specifier);
  if (found) return ist_import_finish(import, found, NULL);
  char message[64];
  snprintf(message, sizeof message, "no %s", specifier);
  ist_error *error = ist_error_new(IST_ERR_NOT_FOUND, "RangeError", message);
  ist_status status = ist_import_finish(import, NULL, error);
  ist_error_free(error);
  return status;
}

static void defer(void *env, ist_context *context, const char *specifier, size_t length,
                  const char *referrer, const char *type, ist_import *import) {
  app *a = env;
  assert_ptr_equal(context, a->context);
  assert_int_equal(strlen(specifier), length);
  assert_string_equal(type, "");
  snprintf(a->log + strlen(a->log), sizeof a->log - strlen(a->log), "%s>%s ", referrer, specifier);
  a->asked++;
  if (a->at_once) {
    assert_ok(finish(a, import, specifier));
    assert_status(IST_ERR_HANDLE, ist_import_finish(import, NULL, NULL));
    return;
  }
  snprintf(a->specifiers[a->pending_count], sizeof *a->specifiers, "%s", specifier);
  a->pending[a->pending_count++] = import;
}

/* Answers what was asked, the latest first. */
static void answer_all(app *a) {
  while (a->pending_count) {
    a->pending_count--;
    char specifier[32];
    strcpy(specifier, a->specifiers[a->pending_count]);
    assert_ok(finish(a, a->pending[a->pending_count], specifier));
  }
}

static int app_setup(void **state) {
  app *a = calloc(1, sizeof *a);
  assert_ok(ist_isolate_new(NULL, &a->isolate));
  assert_ok(ist_context_new(a->isolate, NULL, &a->context));
  ist_loader loader = {.size = sizeof loader, .env = a, .defer = defer};
  assert_ok(ist_context_set_loader(a->context, &loader));
  *state = a;
  return 0;
}

static int app_teardown(void **state) {
  app *a = *state;
  assert_ok(ist_isolate_free(a->isolate));
  free(a);
  return 0;
}

static ist_value run(app *a, const char *source) {
  ist_value value = ist_undefined();
  ist_error *error;
  if (ist_script_eval(a->context, source, strlen(source), "app.js", &value, &error))
    fail_msg("%s: %s", source, error->message);
  return value;
}

static void expect(app *a, const char *expected, const char *source) {
  char *got;
  assert_ok(ist_string_read(a->isolate, run(a, source), &got, NULL));
  assert_string_equal(expected, got);
  ist_free(got);
}

static ist_promise_state state_of(app *a, ist_value promise, ist_value *value) {
  ist_promise_state is;
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  assert_ok(ist_promise_read(a->isolate, promise, &is, value));
  return is;
}

static void expect_property(app *a, const char *expected, ist_value object, const char *name) {
  ist_value value;
  char *got;
  assert_ok(ist_object_get(a->context, object, name, &value, NULL));
  assert_ok(ist_string_read(a->isolate, value, &got, NULL));
  assert_string_equal(expected, got);
  ist_free(got);
}

static const file diamond[] = {
    {"main",
     "import 'left'; import 'right'; import './left2'; globalThis.log += 'main';"
     "export const done = log;",
     NULL},
    {"left", "import 'base'; globalThis.log += 'left ';", NULL},
    {"right", "import 'base'; import 'left'; globalThis.log += 'right ';", NULL},
    {"./left2", "import 'main'; globalThis.log += 'left2 ';", NULL},
    {"base", "globalThis.log = 'base ';", NULL},
};

static void a_graph_with_a_cycle_loads(void **state) {
  app *a = *state;
  for (int at_once = 0; at_once < 2; at_once++) {
    memcpy(a->files, diamond, sizeof diamond);
    a->at_once = at_once;
    a->asked = 0;
    a->log[0] = '\0';
    ist_value promise, value;
    ist_module *main = module_of(a, "main");
    assert_ok(ist_module_load(main, &promise, NULL));
    if (!at_once) {
      assert_int_equal(state_of(a, promise, &value), IST_PROMISE_PENDING);
      assert_int_equal(a->asked, 3);
    }
    answer_all(a);
    assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
    expect_property(a, "base left right left2 main", value, "done");
    /* Each import of each module was asked for, once. */
    assert_int_equal(a->asked, 7);
    assert_ok(ist_module_load(main, &promise, NULL));
    assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
    assert_int_equal(a->asked, 7);
    assert_ok(ist_module_namespace(main, &value));
  }
}

static void loads_share_questions(void **state) {
  app *a = *state;
  memcpy(a->files, diamond, sizeof diamond);
  ist_value promises[20], value;
  for (int i = 0; i < 20; i++)
    assert_ok(ist_module_load(module_of(a, i % 2 ? "main" : "right"), &promises[i], NULL));
  answer_all(a);
  for (int i = 0; i < 20; i++)
    assert_int_equal(state_of(a, promises[i], &value), IST_PROMISE_FULFILLED);
  assert_int_equal(a->asked, 7);
}

/* A chain of modules, each answered at once, would nest as deep as it is long. */
static void chain_defer(void *env, ist_context *context, const char *specifier, size_t length,
                        const char *referrer, const char *type, ist_import *import) {
  enum { DEPTH = 3000 };
  (void)length;
  (void)referrer;
  (void)type;
  app *a = env;
  int depth = atoi(specifier);
  char source[32] = "";
  if (depth < DEPTH) snprintf(source, sizeof source, "import '%d'", depth + 1);
  a->asked++;
  ist_module *module = compile(context, specifier, source);
  assert_ok(ist_import_finish(import, module, NULL));
  ist_module_free(module);
}

static void a_deep_graph_nests_no_answers(void **state) {
  app *a = *state;
  ist_loader loader = {.size = sizeof loader, .env = a, .defer = chain_defer};
  assert_ok(ist_context_set_loader(a->context, &loader));
  ist_value promise, value;
  ist_module *root = compile(a->context, "root", "import '1'");
  assert_ok(ist_module_load(root, &promise, NULL));
  assert_int_equal(a->asked, 3000);
  /* V8's own linking nests, and may run out of stack; that is an error as well. */
  assert_int_not_equal(state_of(a, promise, &value), IST_PROMISE_PENDING);
}

static void failures_reject_and_can_be_tried_again(void **state) {
  app *a = *state;
  static const file files[] = {
      {"main", "import 'good';\nimport   'bad'; import 'other';", NULL},
      {"good", "import 'deep'", NULL},
      {"deep", "", NULL},
      {"other", "", NULL},
  };
  memcpy(a->files, files, sizeof files);
  ist_value promise, value;
  ist_module *main = module_of(a, "main");
  assert_ok(ist_module_load(main, &promise, NULL));
  assert_int_equal(a->pending_count, 3);
  assert_ok(finish(a, a->pending[1], "bad"));
  assert_int_equal(state_of(a, promise, &value), IST_PROMISE_REJECTED);
  expect_property(a, "no bad", value, "message");
  expect_property(a, "RangeError", value, "name");
  /* The rest may still be answered. */
  assert_ok(finish(a, a->pending[0], "good"));
  assert_ok(finish(a, a->pending[2], "other"));
  assert_status(IST_ERR_HANDLE, finish(a, a->pending[2], "other"));
  a->pending_count = 0;
  a->files[4] = (file){"bad", "export let x = 1", NULL};
  assert_ok(ist_module_load(main, &promise, NULL));
  answer_all(a);
  assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
}

static void errors_have_the_place_of_the_import(void **state) {
  app *a = *state;
  a->files[0] = (file){"main", "// first\n  import 'lost';", NULL};
  a->at_once = true;
  ist_value promise, reason;
  ist_error *error;
  assert_ok(ist_module_load(module_of(a, "main"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &reason), IST_PROMISE_REJECTED);
  assert_ok(ist_object_set(a->context, run(a, "globalThis"), "reason", reason, NULL));
  assert_status(IST_ERR_EXCEPTION,
                ist_script_eval(a->context, "throw reason", 12, NULL, NULL, &error));
  assert_string_equal(error->file, "main");
  assert_int_equal(error->line, 2);
  assert_int_equal(error->column, 10);
  assert_string_equal(error->source_line, "  import 'lost';");
  ist_error_free(error);
  /* What does not link says so, too. */
  a->files[1] = (file){"link", "import { none } from 'empty'", NULL};
  a->files[2] = (file){"empty", "", NULL};
  assert_ok(ist_module_load(module_of(a, "link"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &reason), IST_PROMISE_REJECTED);
  expect_property(a, "SyntaxError", reason, "name");
  a->files[3] = (file){"throws", "throw new TypeError('top')", NULL};
  assert_ok(ist_module_load(module_of(a, "throws"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &reason), IST_PROMISE_REJECTED);
  expect_property(a, "top", reason, "message");
  a->files[4] = (file){"late", "await 0; throw new TypeError('late')", NULL};
  assert_ok(ist_module_load(module_of(a, "late"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &reason), IST_PROMISE_REJECTED);
  expect_property(a, "late", reason, "message");
  a->files[5] = (file){"attribute", "import 'empty' assert { lang: 'x' }", NULL};
  assert_ok(ist_module_load(module_of(a, "attribute"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &reason), IST_PROMISE_REJECTED);
  expect_property(a, "TypeError", reason, "name");
}

static void import_asks_later(void **state) {
  app *a = *state;
  memcpy(a->files, diamond, sizeof diamond);
  run(a, "var got = 'nothing'; import('main').then((m) => { got = m.done }, (e) => { got = e })");
  assert_int_equal(a->asked, 0);
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  assert_int_equal(a->asked, 1);
  assert_string_equal(a->log, "app.js>main ");
  answer_all(a);
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  expect(a, "base left right left2 main", "got");
  a->at_once = true;
  run(a, "var errors = []; const add = (e) => { errors.push(`${e}`.split(':')[0]) };"
         "import('lost').catch(add); import('main', { assert: { kind: 'x' } }).catch(add);"
         "import({ toString() { throw 'own' } }).catch(add);");
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  expect(a, "RangeError TypeError own", "errors.sort().join(' ')");
  /* From functions that were made from text, and from eval. */
  static const char *const bodies[] = {"return import('main')", "return eval('import(\"main\")')"};
  for (size_t i = 0; i < 2; i++) {
    ist_source from = {.size = sizeof from, .text = bodies[i], .length = strlen(bodies[i])};
    ist_value fn, promise, value;
    assert_ok(ist_function_compile(a->context, &from, NULL, 0, &fn, NULL));
    assert_ok(ist_function_call(a->context, fn, ist_undefined(), 0, NULL, &promise, NULL));
    assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
  }
}

static void import_of_what_runs_waits(void **state) {
  app *a = *state;
  static const file files[] = {
      {"self",
       "globalThis.log = 'a'; const p = import('self'); const q = import('parent');"
       "log += 'b'; export const x = 1; p.then((m) => { log += m.x });"
       "q.then((m) => { log += m.y })",
       NULL},
      {"parent", "import { x } from 'self'; log += 'p'; export const y = x + 1", NULL},
  };
  memcpy(a->files, files, sizeof files);
  a->at_once = true;
  ist_value promise, value;
  assert_ok(ist_module_load(module_of(a, "self"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
  expect(a, "abp12", "[...log].sort().join('') === '12abp' ? 'abp12' : log");
}

/* A host function that does to a module what it must not while another one runs or is linked. */
static ist_status meddle(void *env, const ist_call *call, ist_value *result) {
  app *a = env;
  ist_value value;
  ist_error *error;
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  assert_status(IST_ERR_STATE, ist_module_evaluate(module_of(a, "self"), &value, &error));
  assert_string_equal(error->message, "the module, or one that it imports, runs right now");
  ist_error_free(error);
  /* Another module can be linked, and one without the running one below it can run. */
  assert_ok(ist_module_instantiate(module_of(a, "other"), NULL));
  assert_ok(ist_module_evaluate(module_of(a, "other"), &value, NULL));
  assert_ok(ist_module_instantiate(module_of(a, "parent"), NULL));
  assert_status(IST_ERR_STATE, ist_module_evaluate(module_of(a, "parent"), &value, NULL));
  assert_ok(ist_module_load(module_of(a, "parent"), &value, NULL));
  assert_ok(ist_value_keep(a->isolate, value, result));
  (void)call;
  return IST_OK;
}

static ist_status resolve(void *env, ist_context *context, const char *specifier, size_t length,
                          const char *referrer, const char *type, ist_module **result,
                          ist_error **error) {
  (void)context;
  (void)length;
  (void)referrer;
  (void)type;
  app *a = env;
  *result = module_of(a, specifier);
  if (*result) return IST_OK;
  *error = ist_error_new(IST_ERR_NOT_FOUND, NULL, "lost");
  return IST_ERR_NOT_FOUND;
}

static void running_modules_are_left_alone(void **state) {
  app *a = *state;
  static const file files[] = {
      {"self",
       "import('self').then(() => { globalThis.seen = 'self' }); globalThis.p = meddle();"
       "export const x = 1",
       NULL},
      {"parent", "import { x } from 'self'; export const y = x + 1", NULL},
      {"other", "export default 3", NULL},
  };
  memcpy(a->files, files, sizeof files);
  ist_loader loader = {.size = sizeof loader, .env = a, .resolve = resolve};
  assert_ok(ist_context_set_loader(a->context, &loader));
  ist_value fn, promise, value;
  assert_ok(ist_function_new(a->context, "meddle", meddle, a, NULL, &fn));
  assert_ok(ist_object_set(a->context, run(a, "globalThis"), "meddle", fn, NULL));
  assert_ok(ist_module_instantiate(module_of(a, "self"), NULL));
  assert_ok(ist_module_evaluate(module_of(a, "self"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
  expect(a, "self", "seen");
  assert_int_equal(state_of(a, run(a, "p"), &value), IST_PROMISE_FULFILLED);
  ist_value y;
  assert_ok(ist_object_get(a->context, value, "y", &y, NULL));
  assert_int_equal(y.as.int32, 2);
}

static ist_status linking_resolve(void *env, ist_context *context, const char *specifier,
                                  size_t length, const char *referrer, const char *type,
                                  ist_module **result, ist_error **error) {
  app *a = env;
  ist_value value;
  assert_status(IST_ERR_STATE, ist_module_instantiate(module_of(a, "main"), NULL));
  assert_status(IST_ERR_STATE, ist_module_instantiate(module_of(a, "apart"), NULL));
  /* Once it is linked it can run, whatever else is being linked. */
  ist_status expected = strcmp(referrer, "apart") ? IST_ERR_STATE : IST_OK;
  assert_status(expected, ist_module_evaluate(module_of(a, "main"), &value, NULL));
  assert_status(expected, ist_module_namespace(module_of(a, "main"), &value));
  assert_ok(ist_module_load(module_of(a, "apart"), &value, NULL));
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  assert_ok(ist_isolate_collect(a->isolate));
  return resolve(env, context, specifier, length, referrer, type, result, error);
}

static void linking_is_not_nested(void **state) {
  app *a = *state;
  memcpy(a->files, diamond, sizeof diamond);
  a->files[5] = (file){"apart", "import 'main'; globalThis.apart = 'ran'", NULL};
  ist_loader loader = {.size = sizeof loader, .env = a, .resolve = linking_resolve};
  assert_ok(ist_context_set_loader(a->context, &loader));
  ist_value promise, value;
  assert_ok(ist_module_instantiate(module_of(a, "main"), NULL));
  assert_ok(ist_module_evaluate(module_of(a, "main"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
  expect(a, "ran", "apart");
}

static void what_is_pending_ends_with_its_context(void **state) {
  app *a = *state;
  memcpy(a->files, diamond, sizeof diamond);
  ist_value promise;
  assert_ok(ist_module_load(module_of(a, "main"), &promise, NULL));
  run(a, "import('right'); import('base')");
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  run(a, "import('never asked')");
  ist_import *import = a->pending[0];
  ist_module *main = a->files[0].module;
  assert_int_equal(a->pending_count, 5);
  assert_ok(ist_context_free(a->context));
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  for (size_t i = 0; i < a->pending_count; i++)
    assert_status(IST_ERR_HANDLE, ist_import_finish(a->pending[i], NULL, NULL));
  ist_value value;
  assert_status(IST_ERR_HANDLE, ist_module_load(main, &promise, NULL));
  assert_status(IST_ERR_HANDLE, ist_module_instantiate(main, NULL));
  assert_status(IST_ERR_HANDLE, ist_module_evaluate(main, &promise, NULL));
  assert_status(IST_ERR_HANDLE, ist_module_namespace(main, &value));
  assert_status(IST_ERR_HANDLE, ist_module_set_export(main, "x", value));
  ist_module_free(main);
  assert_ok(ist_isolate_collect(a->isolate));
  /* And with the isolate. */
  assert_ok(ist_context_new(a->isolate, NULL, &a->context));
  ist_loader loader = {.size = sizeof loader, .env = a, .defer = defer};
  assert_ok(ist_context_set_loader(a->context, &loader));
  memcpy(a->files, diamond, sizeof diamond);
  a->pending_count = 0;
  assert_ok(ist_module_load(module_of(a, "main"), &promise, NULL));
  run(a, "import('right')");
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  run(a, "import('left')");
  assert_status(IST_ERR_HANDLE, ist_import_finish(import, NULL, NULL));
}

static void strange_answers_are_errors(void **state) {
  app *a = *state;
  ist_isolate *isolate;
  ist_context *context;
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_context_new(isolate, NULL, &context));
  ist_module *foreign = compile(context, "foreign", "");
  ist_module *freed = compile(a->context, "freed", "");
  ist_module_free(freed);
  ist_module_free(freed);
  run(a, "var got = []; for (const x of ['a', 'b', 'c', 'd'])"
         " import(x).catch((e) => { got.push(e.message) })");
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  assert_int_equal(a->pending_count, 4);
  assert_status(IST_ERR_HANDLE, ist_import_finish(a->pending[0], foreign, NULL));
  assert_status(IST_ERR_HANDLE, ist_import_finish(a->pending[1], freed, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_import_finish(a->pending[2], NULL, NULL));
  ist_error *error = ist_error_new(IST_ERR_IO, "TypeError", "both");
  assert_ok(ist_import_finish(a->pending[3], foreign, error));
  ist_error_free(error);
  assert_status(IST_ERR_ARGUMENT, ist_import_finish(NULL, foreign, NULL));
  assert_ok(ist_isolate_run_microtasks(a->isolate));
  expect(a, "both", "got.length === 4 ? got[3] : got.join()");
  assert_ok(ist_isolate_free(isolate));
  ist_module_free(foreign);
}

/* A loader that gives modules up at once. */
static ist_status passing_resolve(void *env, ist_context *context, const char *specifier,
                                  size_t length, const char *referrer, const char *type,
                                  ist_module **result, ist_error **error) {
  (void)length;
  (void)referrer;
  (void)type;
  (void)error;
  app *a = env;
  ist_module_free(a->files[0].module);
  a->files[0].module = *result = compile(context, specifier, "export const n = 1");
  return IST_OK;
}

static size_t used_heap(app *a) {
  for (int i = 0; i < 3; i++) assert_ok(ist_isolate_collect(a->isolate));
  ist_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_isolate_statistics(a->isolate, &statistics));
  return statistics.heap_used + statistics.malloced;
}

static void modules_that_nothing_needs_are_collected(void **state) {
  app *a = *state;
  ist_loader loader = {.size = sizeof loader, .env = a, .resolve = passing_resolve};
  assert_ok(ist_context_set_loader(a->context, &loader));
  size_t before = 0;
  for (int i = 0; i < 20000; i++) {
    if (i == 4000) before = used_heap(a);
    char source[80];
    snprintf(source, sizeof source, "import { n } from 'x%d'; export default [n, %d]", i, i);
    uint32_t scope;
    assert_ok(ist_scope_open(a->isolate, &scope));
    ist_module *module = compile(a->context, "main", source);
    ist_value promise;
    assert_ok(ist_module_instantiate(module, NULL));
    assert_ok(ist_module_evaluate(module, &promise, NULL));
    ist_module_free(module);
    assert_ok(ist_scope_close(a->isolate, scope));
  }
  assert_in_range(used_heap(a), 0, before + 1500000);
}

static void loads_leave_nothing_behind(void **state) {
  app *a = *state;
  size_t before = 0;
  for (int i = 0; i < 5000; i++) {
    if (i == 1000) before = used_heap(a);
    uint32_t scope;
    ist_value promise;
    assert_ok(ist_scope_open(a->isolate, &scope));
    memcpy(a->files, diamond, sizeof diamond);
    if (i % 3 == 1) a->files[4].name = "lost";
    assert_ok(ist_module_load(module_of(a, "main"), &promise, NULL));
    answer_all(a);
    run(a, "import('main').catch(() => 0); import('lost').catch(() => 0)");
    assert_ok(ist_isolate_run_microtasks(a->isolate));
    a->at_once = i % 2;
    answer_all(a);
    assert_ok(ist_isolate_run_microtasks(a->isolate));
    a->log[0] = '\0';
    for (file *at = a->files; at->name; at++) ist_module_free(at->module);
    assert_ok(ist_scope_close(a->isolate, scope));
  }
  assert_in_range(used_heap(a), 0, before + 1500000);
}

/* A module given up while it is still imported works on. */
static void given_up_modules_still_work(void **state) {
  app *a = *state;
  static const file files[] = {
      {"main",
       "export { count, url } from 'lib'; import data from 'data';"
       "export const one = data.one; export const later = () => import('lib');",
       NULL},
      {"lib",
       "let n = 0; export const count = () => ++n; export const url = () => "
       "import.meta.url;",
       NULL},
  };
  memcpy(a->files, files, sizeof files);
  a->files[2] = (file){"data", "", NULL};
  assert_ok(ist_module_new_json(a->context, "data", "{\"one\":1}", 9, &a->files[2].module, NULL));
  a->at_once = true;
  ist_value promise, value, fn;
  assert_ok(ist_module_load(module_of(a, "main"), &promise, NULL));
  for (int i = 0; i < 3; i++) ist_module_free(a->files[i].module);
  for (int i = 0; i < 3; i++) assert_ok(ist_isolate_collect(a->isolate));
  assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
  assert_ok(ist_object_get(a->context, value, "url", &fn, NULL));
  assert_ok(ist_object_set(a->context, run(a, "globalThis"), "url", fn, NULL));
  expect(a, "lib", "url()");
  assert_ok(ist_value_free(a->isolate, promise));
  assert_ok(ist_value_free(a->isolate, value));
  for (int i = 0; i < 3; i++) assert_ok(ist_isolate_collect(a->isolate));
  expect(a, "lib", "url()");
}

static ist_status promise_of_c(void *env, const ist_call *call, ist_value *result) {
  assert_ok(ist_promise_new(call->context, result));
  return ist_value_keep(ist_context_isolate(call->context), *result, env);
}

static void host_functions_may_return_promises(void **state) {
  app *a = *state;
  ist_value made, fn, promise, value;
  assert_ok(ist_function_new(a->context, "fetch", promise_of_c, &made, NULL, &fn));
  assert_ok(ist_object_set(a->context, run(a, "globalThis"), "fetch", fn, NULL));
  a->files[0] = (file){"main", "export const got = (await fetch()) + 1", NULL};
  assert_ok(ist_module_load(module_of(a, "main"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &value), IST_PROMISE_PENDING);
  assert_ok(ist_promise_resolve(a->context, made, ist_int32(41)));
  assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
  ist_value got;
  assert_ok(ist_object_get(a->context, value, "got", &got, NULL));
  assert_int_equal(got.as.int32, 42);
}

/* A resolver that frees the context, or replaces the loader, that has called it. */
static ist_status freeing_resolve(void *env, ist_context *context, const char *specifier,
                                  size_t length, const char *referrer, const char *type,
                                  ist_module **result, ist_error **error) {
  (void)specifier;
  (void)length;
  (void)referrer;
  (void)type;
  (void)error;
  *result = compile(context, "x", "");
  (void)env;
  (void)ist_context_free(context);
  return IST_OK;
}

static void freeing_defer(void *env, ist_context *context, const char *specifier, size_t length,
                          const char *referrer, const char *type, ist_import *import) {
  (void)env;
  (void)specifier;
  (void)length;
  (void)referrer;
  (void)type;
  (void)import;
  (void)ist_context_free(context);
}

static void loaders_may_free_their_context(void **state) {
  app *a = *state;
  for (int kind = 0; kind < 4; kind++) {
    ist_context *context;
    assert_ok(ist_context_new(a->isolate, NULL, &context));
    ist_loader loader = {.size = sizeof loader};
    if (kind & 1)
      loader.defer = freeing_defer;
    else
      loader.resolve = freeing_resolve;
    assert_ok(ist_context_set_loader(context, &loader));
    ist_value promise;
    if (kind & 2) {
      const char *source = "import('x'); import('y')";
      assert_ok(ist_script_eval(context, source, strlen(source), NULL, NULL, NULL));
      assert_ok(ist_isolate_run_microtasks(a->isolate));
    } else {
      ist_module *module = compile(context, "main", "import 'x'; import 'y'; import 'z'");
      (void)ist_module_load(module, &promise, NULL);
    }
    assert_ok(ist_isolate_run_microtasks(a->isolate));
    assert_ok(ist_isolate_collect(a->isolate));
  }
}

static void patched_promises_see_nothing(void **state) {
  app *a = *state;
  run(a, "Promise.prototype.then = function() { globalThis.seen = 'then'; throw 1 };"
         "Object.defineProperty(Promise.prototype, 'constructor', { get() { return { get "
         "[Symbol.species]() { return function(f) { f(() => 0, () => 0); return 7 } } } } });"
         "Object.defineProperty(Object.prototype, '0', { get() { return 'bad' }, set() {} });");
  a->at_once = true;
  a->files[0] = (file){"main", "await 0; export const x = 'fine'", NULL};
  ist_value promise, value;
  assert_ok(ist_module_load(module_of(a, "main"), &promise, NULL));
  assert_int_equal(state_of(a, promise, &value), IST_PROMISE_FULFILLED);
  expect_property(a, "fine", value, "x");
}

#define APP(name) cmocka_unit_test_setup_teardown(name, app_setup, app_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      APP(a_graph_with_a_cycle_loads),
      APP(loads_share_questions),
      APP(a_deep_graph_nests_no_answers),
      APP(failures_reject_and_can_be_tried_again),
      APP(errors_have_the_place_of_the_import),
      APP(import_asks_later),
      APP(import_of_what_runs_waits),
      APP(running_modules_are_left_alone),
      APP(linking_is_not_nested),
      APP(what_is_pending_ends_with_its_context),
      APP(strange_answers_are_errors),
      APP(modules_that_nothing_needs_are_collected),
      APP(loads_leave_nothing_behind),
      APP(given_up_modules_still_work),
      APP(host_functions_may_return_promises),
      APP(loaders_may_free_their_context),
      APP(patched_promises_see_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
