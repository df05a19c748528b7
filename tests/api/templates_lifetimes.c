/* What templates hold and for how long: internal fields, Externals, stale and foreign pointers,
 * contexts and isolates that end in any order, memory that runs out, and memory that stays flat. */
#include "template_test.h"

#include <unistd.h>

/* ---- Memory that can run out ---- */

static long in_use, countdown = -1;

static bool fails(void) {
  return countdown >= 0 && countdown-- == 0;
}

static void *allocate(void *env, size_t bytes) {
  (void)env;
  if (fails()) return NULL;
  in_use++;
  return malloc(bytes);
}

static void *reallocate(void *env, void *memory, size_t bytes) {
  (void)env;
  if (fails()) return NULL;
  if (!memory) in_use++;
  return realloc(memory, bytes);
}

static void release(void *env, void *memory) {
  (void)env;
  if (memory) in_use--;
  free(memory);
}

static ist_value make(fixture *f, const char *name, ist_template *object) {
  ist_value made;
  assert_ok(ist_template_make(f->context, object, &made, NULL));
  put(f, name, made);
  return made;
}

/* ---- Fields and Externals ---- */

static void fields_hold_any_pointer(void **state) {
  fixture *f = *state;
  static char bytes[4];
  ist_template *object;
  assert_ok(ist_template_new_object(f->isolate, &object));
  assert_status(IST_ERR_LIMIT, ist_template_set_fields(object, 65));
  assert_ok(ist_template_set_fields(object, 64));
  ist_value made = make(f, "o", object);
  void *got = f;
  for (uint32_t i = 0; i < 64; i++) {
    assert_ok(ist_object_field(f->isolate, made, i, &bytes[i % 3], &got));
    assert_null(got);
  }
  for (uint32_t i = 0; i < 64; i++)
    assert_ok(ist_object_set_field(f->isolate, made, i, &bytes[i % 4], &bytes[i % 3]));
  for (uint32_t i = 0; i < 64; i++) {
    assert_ok(ist_object_field(f->isolate, made, i, &bytes[i % 3], &got));
    assert_ptr_equal(got, &bytes[i % 4]);
    assert_status(IST_ERR_TYPE, ist_object_field(f->isolate, made, i, &bytes[(i + 1) % 3], &got));
    assert_status(IST_ERR_TYPE, ist_object_field(f->isolate, made, i, NULL, &got));
  }
  assert_status(IST_ERR_TYPE, ist_object_field(f->isolate, made, 64, bytes, &got));
  assert_status(IST_ERR_TYPE, ist_object_field(f->isolate, made, UINT32_MAX, bytes, &got));
  assert_ok(ist_object_set_field(f->isolate, made, 0, (void *)UINTPTR_MAX, (void *)UINTPTR_MAX));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_object_field(f->isolate, made, 0, (void *)UINTPTR_MAX, &got));
  assert_true(got == (void *)UINTPTR_MAX);
  assert_ok(ist_object_set_field(f->isolate, made, 0, NULL, NULL));
  assert_ok(ist_object_field(f->isolate, made, 0, NULL, &got));
  assert_null(got);
  /* What has no fields of ours, whatever V8 keeps in its own. */
  static const char *const others[] = {"({})",
                                       "1",
                                       "'s'",
                                       "[]",
                                       "Promise.resolve()",
                                       "new ArrayBuffer(8)",
                                       "new Uint8Array(8)",
                                       "new DataView(new ArrayBuffer(8))",
                                       "new Proxy(o, {})",
                                       "Object.create(o)",
                                       "globalThis",
                                       "(() => 1)"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    ist_value value = eval(f, others[i]);
    assert_status(IST_ERR_TYPE, ist_object_field(f->isolate, value, 0, bytes, &got));
    assert_status(IST_ERR_TYPE, ist_object_set_field(f->isolate, value, 0, bytes, bytes));
  }
  ist_template_free(object);
}

static void externals_stand_for_pointers(void **state) {
  fixture *f = *state;
  static char tag, other;
  ist_value external;
  ist_class class;
  void *got;
  finalized = 0;
  assert_ok(ist_external_new(f->context, f, &tag, count_end, &external));
  assert_ok(ist_value_class(f->isolate, external, &class));
  assert_int_equal(class, IST_CLASS_EXTERNAL);
  put(f, "e", external);
  assert_ok(ist_external_read(f->isolate, eval(f, "[e].map(x => x)[0]"), &tag, &got));
  assert_ptr_equal(got, f);
  assert_status(IST_ERR_TYPE, ist_external_read(f->isolate, external, &other, &got));
  assert_status(IST_ERR_TYPE, ist_external_read(f->isolate, ist_int32(1), &tag, &got));
  assert_status(IST_ERR_TYPE, ist_external_read(f->isolate, eval(f, "({})"), &tag, &got));
  assert_status(IST_ERR_TYPE, ist_object_field(f->isolate, external, 0, &tag, &got));
  assert_status(IST_ERR_TYPE, ist_object_set_field(f->isolate, external, 0, f, &tag));
  assert_text(f, "object", eval(f, "typeof e"));
  assert_int_equal(finalized, 0);
  assert_ok(ist_value_free(f->isolate, external));
  eval(f, "e = undefined");
  for (int i = 0; i < 100; i++) {
    assert_ok(ist_external_new(f->context, f, &tag, count_end, &external));
    assert_ok(ist_value_free(f->isolate, external));
  }
  assert_ok(ist_isolate_collect(f->isolate));
  assert_in_range(finalized, 90, 101);
  assert_ok(ist_external_new(f->context, f, &tag, NULL, &external));
  assert_status(IST_ERR_ARGUMENT, ist_external_new(f->context, f, &tag, count_end, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_external_new(NULL, f, &tag, count_end, &external));
  finalized -= 2;
}

static int all_externals_finalized(void **state) {
  teardown(state);
  assert_int_equal(finalized, 101);
  return 0;
}

/* ---- Misuse ---- */

static ist_status give_argc(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  *result = ist_int32((int32_t)call->argc);
  return IST_OK;
}

static ist_status give_one(void *env, const ist_access *access, ist_value *result) {
  (void)env;
  (void)access;
  *result = ist_int32(1);
  return IST_OK;
}

static ist_status intercept_one(void *env, const ist_access *access, ist_value *result,
                                bool *handled) {
  (void)handled;
  return give_one(env, access, result);
}

static ist_status take(void *env, const ist_access *access, ist_value value) {
  (void)env;
  (void)access;
  (void)value;
  return IST_OK;
}

/* Every function with a template that is not one: all answer the same. */
static void refuse_all(fixture *f, ist_status expected, ist_template *bad) {
  ist_template *good, *result;
  ist_value made;
  ist_error *error;
  bool is;
  ist_handler handler = {.size = sizeof handler, .finalize = count_end};
  assert_ok(ist_template_new_function(f->isolate, NULL, &good));
  finalized = 0;
  assert_status(expected, ist_template_prototype(bad, &result));
  assert_status(expected, ist_template_instance(bad, &result));
  assert_status(expected, ist_template_inherit(bad, good));
  assert_status(expected, ist_template_inherit(good, bad));
  assert_status(expected, ist_template_set(bad, "x", ist_null(), 0));
  assert_status(expected, ist_template_set_key(bad, text(f, "x"), ist_null(), 0));
  assert_status(expected, ist_template_set_template(bad, "x", good, 0));
  assert_status(expected, ist_template_set_template(good, "x", bad, 0));
  assert_status(expected, ist_template_set_template_key(bad, text(f, "x"), good, 0));
  assert_status(expected, ist_template_set_accessor(bad, "x", give_one, NULL, NULL, count_end, 0));
  assert_status(expected, ist_template_set_accessor_key(bad, text(f, "x"), give_one, NULL, NULL,
                                                        count_end, 0));
  assert_status(expected, ist_template_set_named(bad, &handler));
  assert_status(expected, ist_template_set_indexed(bad, &handler));
  assert_status(expected, ist_template_set_call(bad, give_argc, NULL, count_end));
  assert_int_equal(finalized, 5);
  assert_status(expected, ist_template_set_fields(bad, 1));
  assert_status(expected, ist_template_make(f->context, bad, &made, &error));
  assert_int_equal(error->status, expected);
  ist_error_free(error);
  assert_status(expected, ist_template_function(f->context, bad, &made, NULL));
  assert_status(expected, ist_template_has_instance(bad, ist_null(), &is));
  if (bad) {
    ist_context *context;
    ist_context_options options = {.size = sizeof options, .global = bad};
    assert_status(expected, ist_context_new(f->isolate, &options, &context));
    ist_function_options function = {.size = sizeof function, .signature = bad};
    assert_status(expected, ist_template_new_function(f->isolate, &function, &result));
  }
  ist_template_free(bad);
  ist_template_free(good);
}

static void stale_and_foreign_templates(void **state) {
  fixture *f = *state;
  ist_template *tmpl;
  refuse_all(f, IST_ERR_ARGUMENT, NULL);
  assert_ok(ist_template_new_object(f->isolate, &tmpl));
  ist_template_free(tmpl);
  refuse_all(f, IST_ERR_HANDLE, tmpl);
  /* Of an isolate that was freed. */
  ist_isolate *other;
  assert_ok(ist_isolate_new(NULL, &other));
  assert_ok(ist_template_new_function(other, NULL, &tmpl));
  ist_context *context;
  ist_value made;
  bool is;
  assert_ok(ist_context_new(other, NULL, &context));
  assert_status(IST_ERR_HANDLE, ist_template_function(f->context, tmpl, &made, NULL));
  assert_status(IST_ERR_HANDLE, ist_template_has_instance(tmpl, eval(f, "({})"), &is));
  assert_status(IST_ERR_HANDLE, ist_template_set(tmpl, "x", text(f, "foreign"), 0));
  ist_context_options options = {.size = sizeof options, .global = tmpl};
  assert_status(IST_ERR_HANDLE, ist_context_new(f->isolate, &options, &context));
  assert_ok(ist_isolate_free(other));
  refuse_all(f, IST_ERR_HANDLE, tmpl);
}

static void impossible_arguments(void **state) {
  fixture *f = *state;
  ist_template *object, *function, *result;
  ist_value made;
  finalized = 0;
  assert_status(IST_ERR_ARGUMENT, ist_template_new_object(f->isolate, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_template_new_object(NULL, &object));
  assert_ok(ist_template_new_object(f->isolate, &object));
  ist_function_options options = {.size = sizeof options, .finalize = count_end, .length = -1};
  assert_status(IST_ERR_ARGUMENT, ist_template_new_function(f->isolate, &options, &function));
  options.length = 32768;
  assert_status(IST_ERR_ARGUMENT, ist_template_new_function(f->isolate, &options, &function));
  options.length = 32767;
  assert_status(IST_ERR_ARGUMENT, ist_template_new_function(f->isolate, &options, NULL));
  options.signature = object;
  assert_status(IST_ERR_TYPE, ist_template_new_function(f->isolate, &options, &function));
  assert_int_equal(finalized, 4);
  options.signature = NULL;
  assert_ok(ist_template_new_function(f->isolate, &options, &function));
  options.size = 0;
  assert_status(IST_ERR_ARGUMENT, ist_template_new_function(f->isolate, &options, &result));
  assert_status(IST_ERR_ARGUMENT, ist_template_set(object, NULL, ist_null(), 0));
  assert_status(IST_ERR_ARGUMENT, ist_template_set(object, "x", ist_null(), 8));
  assert_status(IST_ERR_TYPE, ist_template_set(object, "x", eval(f, "({})"), 0));
  assert_status(IST_ERR_TYPE, ist_template_set(object, "x", eval(f, "(() => 1)"), 0));
  assert_status(IST_ERR_TYPE, ist_template_set_key(object, ist_int32(1), ist_null(), 0));
  assert_status(IST_ERR_TYPE, ist_template_set_key(object, eval(f, "({})"), ist_null(), 0));
  ist_value stale = text(f, "gone");
  assert_ok(ist_value_free(f->isolate, stale));
  assert_status(IST_ERR_HANDLE, ist_template_set(object, "x", stale, 0));
  assert_status(IST_ERR_HANDLE, ist_template_set_key(object, stale, ist_null(), 0));
  assert_ok(ist_template_set(object, "x", ist_null(), 0));
  assert_status(IST_ERR_ARGUMENT, ist_template_set_named(object, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_template_set_accessor(object, "y", NULL, take, NULL, NULL, 0));
  assert_status(IST_ERR_ARGUMENT, ist_template_set_call(object, NULL, NULL, NULL));
  ist_handler handler = {.size = sizeof handler};
  assert_status(IST_ERR_TYPE, ist_template_set_named(function, &handler));
  assert_status(IST_ERR_TYPE, ist_template_set_indexed(function, &handler));
  assert_status(IST_ERR_TYPE, ist_template_set_call(function, give_argc, NULL, NULL));
  assert_status(IST_ERR_TYPE, ist_template_set_fields(function, 1));
  assert_status(IST_ERR_TYPE, ist_template_make(f->context, function, &made, NULL));
  assert_status(IST_ERR_TYPE, ist_template_function(f->context, object, &made, NULL));
  assert_status(IST_ERR_TYPE, ist_template_prototype(object, &result));
  assert_status(IST_ERR_TYPE, ist_template_instance(object, &result));
  assert_status(IST_ERR_TYPE, ist_template_inherit(object, function));
  assert_status(IST_ERR_TYPE, ist_template_inherit(function, object));
  assert_status(IST_ERR_ARGUMENT, ist_template_make(f->context, object, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_template_make(NULL, object, &made, NULL));
  ist_template *method;
  ist_function_options bare = {.size = sizeof bare, .no_construct = true};
  assert_ok(ist_template_new_function(f->isolate, &bare, &method));
  assert_status(IST_ERR_STATE, ist_template_prototype(method, &result));
  assert_status(IST_ERR_STATE, ist_template_instance(method, &result));
  assert_status(IST_ERR_STATE, ist_template_inherit(function, method));
  assert_ok(ist_template_function(f->context, function, &made, NULL));
  put(f, "fn", made);
  assert_int_equal(eval(f, "fn.length").as.int32, 32767);
  ist_template_free(method);
  ist_template_free(object);
  ist_template_free(function);
  ist_template_free(NULL);
}

/* ---- Ends ---- */

static void contexts_end_before_what_was_made_in_them(void **state) {
  fixture *f = *state;
  ist_template *class, *prototype, *object, *method;
  ist_function_options options = {.size = sizeof options, .fn = give_argc};
  assert_ok(ist_template_new_function(f->isolate, &options, &class));
  assert_ok(ist_template_new_function(f->isolate, &options, &method));
  assert_ok(ist_template_prototype(class, &prototype));
  assert_ok(ist_template_set_accessor(prototype, "one", give_one, NULL, NULL, NULL, IST_PROP_ALL));
  assert_ok(ist_template_set_template(prototype, "method", method, IST_PROP_ALL));
  assert_ok(ist_template_new_object(f->isolate, &object));
  ist_handler handler = {.size = sizeof handler, .get = intercept_one};
  assert_ok(ist_template_set_named(object, &handler));
  fixture g = {.isolate = f->isolate};
  ist_value instance, intercepted;
  assert_ok(ist_context_new(f->isolate, NULL, &g.context));
  assert_ok(ist_context_share_token(g.context, f->context));
  assert_ok(ist_template_function(g.context, class, &instance, NULL));
  put(&g, "Class", instance);
  intercepted = make(&g, "o", object);
  put(f, "o", intercepted);
  put(f, "instance", eval(&g, "new Class()"));
  put(f, "reader", eval(&g, "(() => o.x)"));
  assert_text(f, "1,1,0,1", eval(f, "[o.x, instance.one, instance.method(), reader()].join()"));
  assert_ok(ist_context_free(g.context));
  /* Interceptors answer whoever asks; functions belong to their context. */
  assert_int_equal(eval(f, "o.x").as.int32, 1);
  assert_text(f, "the function's context is gone",
              eval(f, "try { instance.method() } catch (e) { e.message }"));
  assert_text(f, "the context is gone", eval(f, "try { instance.one } catch (e) { e.message }"));
  assert_text(f, "the context is gone", eval(f, "try { reader() } catch (e) { e.message }"));
  ist_value made;
  assert_status(IST_ERR_HANDLE, ist_template_make(g.context, object, &made, NULL));
  ist_template_free(class);
  ist_template_free(prototype);
  ist_template_free(object);
  ist_template_free(method);
}

static ist_status free_context(void *env, const ist_access *access, ist_value *result) {
  ist_template *tmpl = *(ist_template **)env;
  ist_template_free(tmpl);
  *result = ist_int32(2);
  return ist_context_free(access->context);
}

static void a_getter_frees_its_own_context_and_template(void **state) {
  fixture *f = *state;
  static ist_template *object;
  fixture g = {.isolate = f->isolate};
  assert_ok(ist_context_new(f->isolate, NULL, &g.context));
  assert_ok(ist_template_new_object(f->isolate, &object));
  assert_ok(ist_template_set_accessor(object, "x", free_context, NULL, &object, count_end, 0));
  make(&g, "o", object);
  ist_value result;
  ist_error *error;
  ist_status status = ist_script_eval(g.context, "o.x", 3, "free.js", &result, &error);
  assert_true(status == IST_OK ? result.as.int32 == 2 : error != NULL);
  ist_error_free(error);
  assert_status(IST_ERR_HANDLE, ist_script_eval(g.context, "o.x", 3, "free.js", &result, NULL));
}

static void everything_is_finalized_with_the_isolate(void **state) {
  (void)state;
  fixture f;
  assert_ok(ist_isolate_new(NULL, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  finalized = 0;
  ist_template *class, *prototype, *instance;
  ist_function_options options = {.size = sizeof options, .fn = give_argc, .finalize = count_end};
  ist_handler handler = {.size = sizeof handler, .get = intercept_one, .finalize = count_end};
  assert_ok(ist_template_new_function(f.isolate, &options, &class));
  assert_ok(ist_template_prototype(class, &prototype));
  assert_ok(ist_template_instance(class, &instance));
  assert_ok(ist_template_set_accessor(prototype, "a", give_one, take, NULL, count_end, 0));
  assert_ok(ist_template_set_accessor(instance, "b", give_one, take, NULL, count_end, 0));
  assert_ok(ist_template_set_named(instance, &handler));
  assert_ok(ist_template_set_indexed(instance, &handler));
  assert_ok(ist_template_set_call(instance, give_argc, NULL, count_end));
  ist_value made, external;
  assert_ok(ist_template_function(f.context, class, &made, NULL));
  put(&f, "C", made);
  eval(&f, "var kept = new C()");
  assert_ok(ist_external_new(f.context, NULL, NULL, count_end, &external));
  ist_template_free(prototype);
  assert_ok(ist_isolate_collect(f.isolate));
  assert_int_equal(eval(&f, "kept.b + new C()[5] + kept()").as.int32, 2);
  assert_int_equal(finalized, 0);
  assert_ok(ist_isolate_free(f.isolate));
  assert_int_equal(finalized, 7);
  ist_template_free(class);
  ist_template_free(instance);
}

/* ---- Flat memory ---- */

static long resident(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static int rounds(int usual) {
  return getenv("ISTHMUS_SANITIZE") ? usual / 50 : usual;
}

/* Runs it often until V8's heap has its size, then again, and looks whether that took more. */
static void assert_flat(fixture *f, void (*run)(fixture *f, int count), int count) {
  for (int i = 0; i < 3; i++) run(f, count);
  assert_ok(ist_isolate_collect(f->isolate));
  long before = resident(), used = in_use;
  run(f, count);
  assert_ok(ist_isolate_collect(f->isolate));
  assert_true(in_use <= used + 64);
  if (!getenv("ISTHMUS_SANITIZE")) assert_true(resident() < before + 4096);
}

static void make_instances(fixture *f, int count) {
  static char tag;
  ist_template *object;
  assert_ok(ist_template_new_object(f->isolate, &object));
  assert_ok(ist_template_set_fields(object, 1));
  assert_ok(ist_template_set_accessor(object, "x", give_one, take, NULL, NULL, IST_PROP_ALL));
  for (int i = 0; i < count; i++) {
    ist_value made;
    assert_ok(ist_template_make(f->context, object, &made, NULL));
    assert_ok(ist_object_set_field(f->isolate, made, 0, f, &tag));
    assert_ok(ist_value_free(f->isolate, made));
  }
  ist_template_free(object);
}

static void make_externals(fixture *f, int count) {
  for (int i = 0; i < count; i++) {
    ist_value made;
    assert_ok(ist_external_new(f->context, f, NULL, count_end, &made));
    assert_ok(ist_value_free(f->isolate, made));
  }
}

static void make_templates(fixture *f, int count) {
  for (int i = 0; i < count; i++) {
    ist_template *class, *prototype, *instance, *object;
    ist_function_options options = {.size = sizeof options, .fn = give_argc};
    ist_handler handler = {.size = sizeof handler, .get = intercept_one, .finalize = count_end};
    assert_ok(ist_template_new_function(f->isolate, &options, &class));
    assert_ok(ist_template_new_object(f->isolate, &object));
    assert_ok(ist_template_prototype(class, &prototype));
    assert_ok(ist_template_instance(class, &instance));
    assert_ok(ist_template_set_accessor(prototype, "x", give_one, take, NULL, count_end, 0));
    assert_ok(ist_template_set_named(instance, &handler));
    assert_ok(ist_template_set_template(instance, "o", object, 0));
    ist_template_free(object);
    ist_template_free(instance);
    ist_template_free(class);
    ist_template_free(prototype);
  }
}

static void call_everything(fixture *f, int count) {
  char source[100];
  snprintf(source, sizeof source, "for (let i = 0; i < %d; i++) o.a + o.b, o.c = i, o(o.x)", count);
  eval(f, source);
}

static void memory_stays_flat(void **state) {
  fixture *f = *state;
  assert_flat(f, make_instances, rounds(250000));
  assert_flat(f, make_externals, rounds(100000));
  assert_flat(f, make_templates, rounds(20000));
  ist_template *object;
  ist_handler handler = {.size = sizeof handler, .get = intercept_one, .only_missing = true};
  assert_ok(ist_template_new_object(f->isolate, &object));
  assert_ok(ist_template_set_named(object, &handler));
  assert_ok(ist_template_set_accessor(object, "x", give_one, take, NULL, NULL, IST_PROP_ALL));
  assert_ok(ist_template_set_call(object, give_argc, NULL, NULL));
  make(f, "o", object);
  ist_template_free(object);
  assert_flat(f, call_everything, rounds(100000));
}

/* ---- No memory ---- */

/* Everything once, stopping at the first failure. */
static ist_status use_everything(fixture *f) {
  ist_template *class = NULL, *prototype = NULL, *instance = NULL, *object = NULL;
  ist_value made = ist_undefined(), external = ist_undefined();
  ist_function_options options = {
      .size = sizeof options, .name = "C", .fn = give_argc, .finalize = count_end};
  ist_handler handler = {.size = sizeof handler, .get = intercept_one, .finalize = count_end};
  ist_status status = ist_template_new_function(f->isolate, &options, &class);
  if (!status) status = ist_template_new_object(f->isolate, &object);
  if (!status) status = ist_template_prototype(class, &prototype);
  if (!status) status = ist_template_instance(class, &instance);
  if (!status) status = ist_template_set(prototype, "v", ist_int32(1), 0);
  if (!status)
    status = ist_template_set_accessor(prototype, "x", give_one, take, NULL, count_end, 0);
  if (!status) status = ist_template_set_named(instance, &handler);
  if (!status) status = ist_template_set_indexed(object, &handler);
  if (!status) status = ist_template_set_call(object, give_argc, NULL, count_end);
  if (!status) status = ist_template_set_template(instance, "o", object, 0);
  if (!status) status = ist_template_function(f->context, class, &made, NULL);
  if (!status) status = ist_external_new(f->context, NULL, NULL, count_end, &external);
  ist_template_free(object);
  ist_template_free(instance);
  ist_template_free(class);
  ist_template_free(prototype);
  ist_value_free(f->isolate, made);
  ist_value_free(f->isolate, external);
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  ist_status status = IST_ERR_MEMORY;
  for (long n = 0; status; n++) {
    fixture f;
    assert_true(n < 1000);
    assert_ok(ist_isolate_new(NULL, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    countdown = n;
    status = use_everything(&f);
    bool failed = countdown < 0;
    countdown = -1;
    assert_status(failed ? IST_ERR_MEMORY : IST_OK, status);
    assert_ok(ist_isolate_free(f.isolate));
  }
}

int main(void) {
  ist_allocator allocator = {
      .size = sizeof allocator, .allocate = allocate, .reallocate = reallocate, .release = release};
  if (ist_allocator_set(&allocator)) return 1;
  const struct CMUnitTest tests[] = {
      TEST(fields_hold_any_pointer),
      cmocka_unit_test_setup_teardown(externals_stand_for_pointers, setup, all_externals_finalized),
      TEST(stale_and_foreign_templates),
      TEST(impossible_arguments),
      TEST(contexts_end_before_what_was_made_in_them),
      TEST(a_getter_frees_its_own_context_and_template),
      cmocka_unit_test(everything_is_finalized_with_the_isolate),
      TEST(memory_stays_flat),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
