/* Every request for memory of ours fails once, and once together with all that follow, in scenarios
 * that touch each group of the interface: a call then succeeds in full or answers IST_ERR_MEMORY,
 * nothing crashes, nothing is lost, every finalizer runs once, and the isolate is as good as
 * before.
 */
#include "api_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* ---- The allocator ---- */

static pthread_t failing_thread;
static atomic_long until_failure = -1; /* how many requests succeed before one fails */
static atomic_bool failed, for_good;
static atomic_long live;

static bool refused(void) {
  if (atomic_load(&until_failure) < 0 || !pthread_equal(pthread_self(), failing_thread))
    return false;
  if (atomic_load(&failed) && !atomic_load(&for_good)) return false;
  if (!atomic_load(&failed) && atomic_fetch_sub(&until_failure, 1) > 0) return false;
  atomic_store(&failed, true);
  atomic_store(&until_failure, 0);
  return true;
}

static void *allocate(void *env, size_t bytes) {
  (void)env;
  if (refused()) return NULL;
  atomic_fetch_add(&live, 1);
  return malloc(bytes);
}

static void *reallocate(void *env, void *memory, size_t bytes) {
  (void)env;
  if (refused()) return NULL;
  if (!memory) atomic_fetch_add(&live, 1);
  return realloc(memory, bytes);
}

static void release(void *env, void *memory) {
  (void)env;
  if (memory) atomic_fetch_sub(&live, 1);
  free(memory);
}

/* ---- What scenarios use ---- */

static int given, finalized; /* callbacks handed over, and given back */

static void finalize(void *env) {
  (void)env;
  finalized++;
}

/* A scenario ends at the first call that fails. */
#define TRY(call)                                                                                  \
  do {                                                                                             \
    ist_status tried = (call);                                                                     \
    if (tried) return tried;                                                                       \
  } while (0)

/* An error that comes with it is of that status, or there was no memory for it. JavaScript that
 * cannot go on for lack of memory sees an Error that says so. */
static ist_status judge(ist_status status, ist_error **given_error) {
  ist_error *error = given_error ? *given_error : NULL;
  if (error) {
    if (status == IST_OK) fail_msg("an error with success");
    if (error->status != status) fail_msg("%s in an error", ist_status_name(error->status));
    if (status == IST_ERR_EXCEPTION && error->message &&
        !strcmp(error->message, ist_status_text(IST_ERR_MEMORY)))
      status = IST_ERR_MEMORY;
  } else if (status == IST_ERR_EXCEPTION && atomic_load(&failed)) {
    status = IST_ERR_MEMORY;
  }
  if (status == IST_ERR_EXCEPTION && error)
    printf("  %s: %s\n%s\n", error->name ? error->name : "", error->message ? error->message : "",
           error->stack ? error->stack : "");
  ist_error_free(error);
  return status;
}

static ist_status run(fixture *f, const char *source, ist_value *result) {
  ist_error *error;
  return judge(ist_script_eval(f->context, source, strlen(source), "run.js", result, &error),
               &error);
}

static ist_status sum(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  double total = 0;
  for (size_t i = 0; i < call->argc; i++) {
    char *text;
    size_t length;
    TRY(ist_string_read(ist_context_isolate(call->context), call->argv[i], &text, &length));
    ist_free(text);
    total += (double)length;
  }
  *result = ist_double(total);
  return IST_OK;
}

static ist_status rejecting(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  return ist_throw_error(call->context, "RangeError", "not today");
}

/* ---- The scenarios ---- */

static ist_status isolates(fixture *f) {
  (void)f;
  ist_isolate *isolate;
  ist_status status = ist_isolate_new(NULL, &isolate);
  if (status) return status;
  ist_context *context;
  ist_context_options options = {.size = sizeof options, .name = "named"};
  status = ist_context_new(isolate, &options, &context);
  if (!status) status = ist_context_enter(context);
  assert_ok(ist_isolate_free(isolate));
  return status;
}

static ist_status contexts(fixture *f) {
  ist_context *context;
  ist_context_options options = {
      .size = sizeof options, .name = "another", .share_token = f->context};
  TRY(ist_context_new(f->isolate, &options, &context));
  ist_status status = IST_OK;
  int entered = 0;
  for (; !status && entered < 20; entered++) status = ist_context_enter(context);
  if (status) entered--;
  while (entered-- > 0) assert_ok(ist_context_leave(context));
  assert_ok(ist_context_free(context));
  return status;
}

static ist_status handles(fixture *f) {
  uint32_t scopes[80];
  int open = 0;
  ist_status status = IST_OK;
  while (!status && open < 80) {
    status = ist_scope_open(f->isolate, &scopes[open]);
    if (status) break;
    open++;
    ist_value value;
    for (int i = 0; !status && i < 20; i++) status = ist_object_new(f->context, &value);
  }
  while (open-- > 0) assert_ok(ist_scope_close(f->isolate, scopes[open]));
  return status;
}

static ist_status lifetimes(fixture *f) {
  ist_value object, kept, weak, eternal;
  TRY(ist_object_new(f->context, &object));
  TRY(ist_value_keep(f->isolate, object, &kept));
  given++;
  TRY(ist_value_weak(f->isolate, object, finalize, NULL, &weak));
  TRY(ist_value_eternal(f->isolate, object, &eternal));
  assert_ok(ist_value_free(f->isolate, weak));
  assert_ok(ist_value_free(f->isolate, object));
  assert_ok(ist_value_free(f->isolate, kept));
  return IST_OK;
}

static ist_status functions(fixture *f) {
  ist_value function, argv[20], result;
  ist_error *error;
  given++;
  TRY(ist_function_new(f->context, "sum", sum, NULL, finalize, &function));
  for (int i = 0; i < 20; i++) TRY(ist_string_new(f->isolate, "four", 4, &argv[i]));
  TRY(judge(ist_function_call(f->context, function, ist_undefined(), 20, argv, &result, &error),
            &error));
  assert_int_equal(result.as.int32, 80);
  return IST_OK;
}

static ist_status errors(fixture *f) {
  ist_value function, result, global;
  ist_error *error = NULL;
  const char *source = "function deep() { try { thrower() } catch (cause) {"
                       " throw new TypeError('outer', { cause }) } }\ndeep()";
  given++;
  TRY(ist_function_new(f->context, "thrower", rejecting, NULL, finalize, &function));
  TRY(ist_context_global(f->context, &global));
  TRY(judge(ist_object_set(f->context, global, "thrower", function, NULL), NULL));
  ist_status status =
      ist_script_eval(f->context, source, strlen(source), "errors.js", &result, &error);
  assert_int_equal(status, IST_ERR_EXCEPTION);
  if (!error) return IST_ERR_MEMORY;
  char *text = ist_error_format(error);
  if (text && !atomic_load(&failed)) assert_non_null(strstr(text, "not today"));
  ist_free(text);
  ist_error *copy = ist_error_new(IST_ERR_IO, "IOError", "of the host");
  if (copy) status = ist_error_value(f->context, copy, &result);
  ist_error_free(copy);
  ist_error_free(error);
  return text && copy ? status : IST_ERR_MEMORY;
}

static void hear(void *env, ist_context *context, const ist_error *error, ist_value promise) {
  (void)context;
  (void)error;
  (void)promise;
  ++*(int *)env;
}

static ist_status rejections(fixture *f) {
  ist_value ignored, function;
  int heard = 0;
  given++;
  TRY(ist_isolate_set_uncaught(f->isolate, hear, &heard, finalize));
  ist_status status = run(f, "Promise.reject(new Error('one')); () => { throw 2 }", &function);
  if (!status) status = ist_isolate_queue_microtask(f->isolate, function);
  if (!status) status = ist_isolate_run_microtasks(f->isolate);
  if (!atomic_load(&failed)) assert_int_equal(heard, 2);
  (void)ignored;
  assert_ok(ist_isolate_set_uncaught(f->isolate, NULL, NULL, NULL));
  return status;
}

static void interrupted(void *env, ist_isolate *isolate) {
  (void)isolate;
  ++*(int *)env;
}

static ist_status interrupts(fixture *f) {
  int count = 0;
  ist_value ignored;
  given++;
  ist_status status = ist_isolate_interrupt(f->isolate, interrupted, &count, finalize);
  ist_status ran = run(f, "for (let i = 0; i < 10; i++);", &ignored);
  assert_int_equal(count, status == IST_OK);
  return status ? status : ran;
}

static ist_status values(fixture *f) {
  ist_value value, object, array;
  ist_error *error;
  TRY(run(f, "({ list: [1, 'two', { three: 3n }], when: new Date(0), bytes: new Uint8Array(9) })",
          &object));
  TRY(judge(ist_object_get(f->context, object, "list", &array, &error), &error));
  TRY(judge(ist_object_define(f->context, object, "own", array, IST_PROP_ALL, &error), &error));
  TRY(judge(ist_json_write(f->context, ist_null(), &value, &error), &error));
  TRY(ist_map_new(f->context, &value));
  TRY(ist_map_set(f->context, value, array, object));
  char *text;
  TRY(ist_string_new(f->isolate, "caf\xc3\xa9", 5, &value));
  TRY(ist_string_read(f->isolate, value, &text, NULL));
  assert_string_equal(text, "caf\xc3\xa9");
  ist_free(text);
  ist_store *store;
  given++;
  static uint8_t bytes[16];
  TRY(ist_store_new(bytes, sizeof bytes, finalize, NULL, &store));
  ist_status status = ist_buffer_new(f->context, store, false, &value);
  ist_store_free(store);
  return status;
}

static ist_status cbor(fixture *f) {
  ist_value object, back;
  ist_error *error;
  TRY(run(f, "({ a: [1, 2.5, 'x'.repeat(300), new Map([[1, 2]])], b: 12345678901234567890n })",
          &object));
  uint8_t *bytes;
  size_t length;
  TRY(judge(ist_cbor_write(f->context, object, NULL, &bytes, &length, &error), &error));
  ist_status status = judge(ist_cbor_read(f->context, bytes, length, NULL, &back, &error), &error);
  ist_free(bytes);
  return status;
}

/* Either both the bytes and the table, or neither. */
static ist_status cbor_table(fixture *f) {
  ist_value object, back;
  ist_error *error;
  TRY(run(f,
          "(() => { const f = () => 1; return Array.from({ length: 100 }, (_, i) => i % 2 ? f : "
          "() => i) })()",
          &object));
  uint8_t *bytes = NULL;
  size_t length;
  ist_cbor_table table = {.size = sizeof table};
  ist_cbor_options options = {.size = sizeof options, .table = &table};
  ist_status status =
      judge(ist_cbor_write(f->context, object, &options, &bytes, &length, &error), &error);
  if (!bytes != !table.values || table.count != (status ? 0 : 51)) fail_msg("half a result");
  TRY(status);
  status = judge(ist_cbor_read(f->context, bytes, length, &options, &back, &error), &error);
  ist_free(bytes);
  ist_free(table.values);
  return status;
}

static ist_status scripts(fixture *f) {
  ist_script *script;
  ist_value value;
  ist_error *error;
  const char *text = "let local = 1; (function f() { return 40 + local + 1 })()";
  ist_source source = {.size = sizeof source, .text = text, .length = strlen(text)};
  TRY(judge(ist_script_compile(f->context, &source, &script, &error), &error));
  uint8_t *bytes;
  size_t length;
  ist_status status = judge(ist_script_run(f->context, script, &value, &error), &error);
  if (!status) assert_int_equal(value.as.int32, 42);
  if (!status && !(status = ist_script_cache(script, &bytes, &length))) ist_free(bytes);
  ist_script_free(script);
  return status;
}

static ist_status resolve(void *env, ist_context *context, const char *specifier, size_t length,
                          const char *referrer, const char *type, ist_module **result,
                          ist_error **error) {
  (void)env;
  (void)referrer;
  (void)type;
  const char *name = "six";
  if (length == 4 && !memcmp(specifier, "json", 4))
    return ist_module_new_json(context, "json", "{\"seven\": 7}", 12, result, error);
  return ist_module_new_synthetic(context, "host", &name, 1, ist_undefined(), result, error);
}

static ist_status modules(fixture *f) {
  ist_module *module;
  ist_value promise;
  ist_error *error;
  ist_loader loader = {.size = sizeof loader, .resolve = resolve, .finalize = finalize};
  const char *text = "import { six } from 'host'; import json from 'json'; export default json";
  ist_source source = {
      .size = sizeof source, .text = text, .length = strlen(text), .file = "main.mjs"};
  given++;
  TRY(ist_context_set_loader(f->context, &loader));
  TRY(judge(ist_module_compile(f->context, &source, &module, &error), &error));
  ist_status status = judge(ist_module_instantiate(module, &error), &error);
  if (!status) status = judge(ist_module_evaluate(module, &promise, &error), &error);
  if (!status) status = ist_isolate_run_microtasks(f->isolate);
  if (!status) status = ist_module_namespace(module, &promise);
  ist_module_free(module);
  return status;
}

static ist_status templates(fixture *f) {
  ist_template *class = NULL, *instance = NULL;
  ist_value constructor, object;
  ist_error *error;
  ist_function_options options = {
      .size = sizeof options, .name = "Thing", .fn = sum, .finalize = finalize};
  given++;
  TRY(ist_template_new_function(f->isolate, &options, &class));
  ist_status status = ist_template_instance(class, &instance);
  if (!status) status = ist_template_set_fields(instance, 2);
  if (!status) status = ist_template_set(instance, "kind", ist_int32(3), IST_PROP_ALL);
  if (!status)
    status = judge(ist_template_function(f->context, class, &constructor, &error), &error);
  if (!status)
    status =
        judge(ist_function_construct(f->context, constructor, 0, NULL, &object, &error), &error);
  static const char tag[] = "thing";
  if (!status) status = ist_object_set_field(f->isolate, object, 0, f, tag);
  void *back = NULL;
  if (!status) status = ist_object_field(f->isolate, object, 0, tag, &back);
  if (!status) assert_ptr_equal(back, f);
  ist_template_free(instance);
  ist_template_free(class);
  return status;
}

static ist_status loop(fixture *f) {
  int fd, count = 0;
  bool alive;
  TRY(ist_loop_fd(f->isolate, &fd));
  given++;
  ist_status status = ist_loop_post(f->isolate, interrupted, &count, finalize);
  ist_status ran = ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive);
  if (!status && !ran) assert_int_equal(count, 1);
  return status ? status : ran;
}

static ist_status web(fixture *f) {
  ist_error *error;
  ist_value value;
  ist_web_options options = {.size = sizeof options, .finalize = finalize};
  given++;
  TRY(judge(ist_context_add_web(f->context, &options, &error), &error));
  TRY(run(f, "structuredClone({ a: [new Map([[1, 2]])] }).a[0].get(1)", &value));
  assert_int_equal(value.as.int32, 2);
  return IST_OK;
}

static ist_status libraries(fixture *f) {
  ist_library *library;
  ist_error *error;
  ist_value exports, value;
  TRY(judge(ist_library_open_name("libc", (const char *const[]){IST_TEST_IDL_DIR, NULL}, &library,
                                  &error),
            &error));
  ist_status status = judge(ist_context_grant(f->context, library, NULL, &exports, &error), &error);
  if (!status)
    status = judge(ist_object_get(f->context, exports, "getpid", &value, &error), &error);
  ist_library_free(library);
  return status;
}

static void receive(void *env, const char *json, size_t length) {
  (void)env;
  (void)json;
  (void)length;
}

static ist_status inspectors(fixture *f) {
  ist_inspector *inspector;
  ist_session *session = NULL;
  const char *enable = "{\"id\":1,\"method\":\"Runtime.enable\"}";
  TRY(ist_inspector_new(f->isolate, NULL, &inspector));
  ist_status status = ist_inspector_add_context(inspector, f->context, "main");
  if (!status) {
    given++;
    status = ist_session_new(inspector, receive, NULL, finalize, &session);
  }
  if (!status) status = ist_session_dispatch(session, enable, strlen(enable));
  ist_session_free(session);
  ist_inspector_free(inspector);
  return status;
}

static bool swallow(void *env, const char *bytes, size_t length) {
  (void)bytes;
  *(size_t *)env += length;
  return true;
}

static ist_status profiles(fixture *f) {
  size_t written = 0;
  ist_value ignored;
  TRY(ist_profile_start(f->isolate, 100));
  ist_status status = run(f, "for (let i = 0; i < 1e4; i++) [i].map(String)", &ignored);
  ist_status stopped = ist_profile_stop(f->isolate, swallow, &written);
  return status ? status : stopped;
}

typedef struct scenario {
  const char *name;
  ist_status (*run)(fixture *f);
} scenario;

static const scenario scenarios[] = {
    {"isolates", isolates},
    {"contexts", contexts},
    {"handles", handles},
    {"lifetimes", lifetimes},
    {"functions", functions},
    {"errors", errors},
    {"rejections", rejections},
    {"interrupts", interrupts},
    {"values", values},
    {"cbor", cbor},
    {"cbor_table", cbor_table},
    {"scripts", scripts},
    {"modules", modules},
    {"templates", templates},
    {"loop", loop},
    {"web", web},
    {"libraries", libraries},
    {"inspectors", inspectors},
    {"profiles", profiles},
};

/* One run in an isolate of its own; gives how many allocations are left of it. */
static long attempt(const scenario *s, long nth, bool all, ist_status *status) {
  fixture f;
  long before = atomic_load(&live);
  given = finalized = 0;
  assert_ok(ist_isolate_new(NULL, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  atomic_store(&failed, false);
  atomic_store(&for_good, all);
  atomic_store(&until_failure, nth);
  *status = s->run(&f);
  atomic_store(&until_failure, -1);
  /* As good as before. */
  ist_value value;
  const char *source = "[1, 2, 3].map(x => x * 2).join()";
  assert_ok(ist_script_eval(f.context, source, strlen(source), "after.js", &value, NULL));
  assert_text(&f, "2,4,6", value);
  assert_ok(ist_isolate_free(f.isolate));
  if (given != finalized)
    fail_msg("%s, request %ld%s: %d finalizers of %d", s->name, nth, all ? " and on" : "",
             finalized, given);
  return atomic_load(&live) - before;
}

static void every_request_fails_once(void **state) {
  (void)state;
  const char *only = getenv("ALLOCATION_ONLY");
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    const scenario *s = &scenarios[i];
    ist_status status;
    if (only && strcmp(only, s->name)) continue;
    /* What the first runs leave is records that rest for the next. */
    for (int warm = 0; warm < 2; warm++) attempt(s, -1, false, &status);
    long rest = attempt(s, -1, false, &status);
    if (status) fail_msg("%s: %s without a failure", s->name, ist_status_name(status));
    long requests = 0, step = 1;
    for (long nth = 0;; nth += step) {
      bool hit = false;
      for (int all = 0; all < 2; all++) {
        long left = attempt(s, nth, all, &status);
        hit = atomic_load(&failed);
        if (left > rest)
          fail_msg("%s, request %ld%s: %ld allocations are lost", s->name, nth,
                   all ? " and on" : "", left - rest);
        if (status && status != IST_ERR_MEMORY)
          fail_msg("%s, request %ld%s: %s", s->name, nth, all ? " and on" : "",
                   ist_status_name(status));
        if (!hit) break;
      }
      if (!hit) break;
      requests++;
      /* The many alike of a large scenario: every one of the first, then some. */
      if (nth >= 150) step = 1 + nth / 50;
    }
    printf("  %s: %ld\n", s->name, requests);
    assert_true(requests > 0);
  }
}

static void the_allocator_is_set_before_all(void **state) {
  (void)state;
  ist_allocator allocator = {sizeof allocator, NULL, allocate, reallocate, release};
  assert_status(IST_ERR_STATE, ist_allocator_set(&allocator));
  assert_status(IST_ERR_ARGUMENT, ist_allocator_set(NULL));
  allocator.release = NULL;
  assert_status(IST_ERR_ARGUMENT, ist_allocator_set(&allocator));
  allocator.release = release;
  allocator.size = 8;
  assert_status(IST_ERR_ARGUMENT, ist_allocator_set(&allocator));
}

int main(void) {
  ist_allocator allocator = {sizeof allocator, NULL, allocate, reallocate, release};
  failing_thread = pthread_self();
  if (ist_allocator_set(&allocator)) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_request_fails_once),
      cmocka_unit_test(the_allocator_is_set_before_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
