/* An end that comes to JavaScript while our own code is between two pieces of it (imports,
 * microtasks, clones) goes on to whatever is around, and nothing there catches it. */
#include "api_test.h"

static const uint64_t MS = 1000000;

typedef struct program {
  const char *source;
  const char *module; /* what any import gives */
} program;

static ist_status resolve(void *env, ist_context *context, const char *specifier, size_t length,
                          const char *referrer, const char *type, ist_module **result,
                          ist_error **error) {
  (void)specifier, (void)length, (void)referrer, (void)type;
  const char *text = *(const char **)env;
  ist_source source = {sizeof source, text, strlen(text), "module.mjs", 0, 0, NULL, 0};
  return ist_module_compile(context, &source, result, error);
}

static const program programs[] = {
    {"import('m').then(() => { caught = 1; }, () => { caught = 2; });", "for (;;);"},
    {"Promise.resolve().then(() => import('m')).finally(() => { caught = 1; }); "
     "Promise.resolve().then(() => 0).then(() => 0).then(() => 0).then(() => 0).then(() => 0)"
     ".then(() => 0).then(() => 0).then(() => 0).then(() => { caught = 2; });",
     "for (;;);"},
    {"queueMicrotask(() => { for (;;); }); queueMicrotask(() => { caught = 1; });", NULL},
    {"try { structuredClone({ get a() { for (;;); } }); caught = 1; } catch (e) { caught = 2; }",
     NULL},
};

static void nothing_around_catches_an_end(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    ist_isolate *isolate;
    ist_context *context;
    assert_ok(ist_isolate_new(NULL, &isolate));
    assert_ok(ist_context_new(isolate, NULL, &context));
    assert_ok(ist_context_add_web(context, NULL, NULL));
    const char *module = programs[i].module;
    ist_loader loader = {.size = sizeof loader, .resolve = resolve, .env = &module};
    assert_ok(ist_context_set_loader(context, &loader));
    ist_value value;
    assert_ok(ist_script_eval(context, "var caught = 0", 14, NULL, &value, NULL));

    ist_limits limits = {.size = sizeof limits, .wall = 20 * MS};
    assert_ok(ist_limits_begin(isolate, &limits));
    const char *source = programs[i].source;
    ist_status status = ist_script_eval(context, source, strlen(source), NULL, &value, NULL);
    if (!status) status = ist_isolate_run_microtasks(isolate);
    assert_status(IST_ERR_TIMEOUT, status);
    assert_ok(ist_limits_end(isolate, NULL));

    assert_ok(ist_script_eval(context, "caught", 6, NULL, &value, NULL));
    if (value.type != IST_INT32 || value.as.int32) fail_msg("something went on in %s", source);
    assert_ok(ist_isolate_run_microtasks(isolate));
    assert_ok(ist_isolate_free(isolate));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_around_catches_an_end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
