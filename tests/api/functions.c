/* Functions in both directions: arguments, results, exceptions, re-entry, termination and the end
 * of callbacks. */
#include "ending_test.h"

static int finalized;

static void count_end(void *env) {
  (void)env;
  finalized++;
}

static ist_status add(void *env, const ist_call *call, ist_value *result) {
  int32_t sum = *(int32_t *)env;
  for (size_t i = 0; i < call->argc; i++) {
    if (call->argv[i].type != IST_INT32)
      return ist_throw_error(call->context, "TypeError", "add: expected integers");
    sum += call->argv[i].as.int32;
  }
  *result = ist_int32(sum);
  return IST_OK;
}

static void define(fixture *f, const char *name, ist_function fn, void *env) {
  ist_value global, function;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_function_new(f->context, name, fn, env, count_end, &function));
  assert_ok(ist_object_set(f->context, global, name, function, NULL));
  assert_ok(ist_value_free(f->isolate, function));
}

static void javascript_calls_c(void **state) {
  fixture *f = *state;
  static int32_t base = 100;
  define(f, "add", add, &base);
  assert_int_equal(eval(f, "add()").as.int32, 100);
  assert_int_equal(eval(f, "add(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)").as.int32, 155);
  assert_text(f, "add", eval(f, "add.name"));
  assert_text(f, "TypeError: add: expected integers",
              eval(f, "try { add('x') } catch (e) { String(e) }"));
  assert_text(f, "TypeError", eval(f, "try { new add() } catch (e) { e.name }"));
}

static ist_status misbehave(void *env, const ist_call *call, ist_value *result) {
  const char *how = env;
  if (!strcmp(how, "status")) return IST_ERR_NOT_FOUND;
  if (!strcmp(how, "value")) return ist_throw(call->context, call->argv[0]);
  if (!strcmp(how, "stale")) {
    *result = (ist_value){IST_OBJECT, call->argv[0].isolate, {.handle = 12345}};
    return IST_OK;
  }
  return IST_ERR_TERMINATED;
}

static void what_callbacks_may_throw(void **state) {
  fixture *f = *state;
  define(f, "status", misbehave, "status");
  define(f, "value", misbehave, "value");
  define(f, "stale", misbehave, "stale");
  define(f, "stop", misbehave, "stop");
  assert_text(f, "not found", eval(f, "try { status() } catch (e) { e.message }"));
  assert_int_equal(eval(f, "try { value(7) } catch (e) { e }").as.int32, 7);
  assert_text(f, "stale or foreign handle", eval(f, "try { stale({}) } catch (e) { e.message }"));
  ist_value result;
  ist_error *error;
  static const char stopping[] =
      "try { stop(1) } catch (e) { 1 } finally { globalThis.ran = true }";
  assert_status(IST_ERR_TERMINATED,
                ist_script_eval(f->context, stopping, strlen(stopping), "s", &result, &error));
  ist_error_free(error);
  assert_text(f, "undefined", eval(f, "typeof ran"));
}

static ist_status call_back(void *env, const ist_call *call, ist_value *result) {
  ist_error **kept = env;
  ist_value argument = ist_int32(21);
  return ist_function_call(call->context, call->argv[0], ist_undefined(), 1, &argument, result,
                           kept);
}

static void calls_nest(void **state) {
  fixture *f = *state;
  static ist_error *kept;
  define(f, "again", call_back, &kept);
  assert_int_equal(eval(f, "again((n) => n * 2)").as.int32, 42);
  assert_int_equal(eval(f, "again((n) => again((m) => n + m))").as.int32, 42);
  /* The callback's own handles are gone with it; what it threw is what the script sees. */
  assert_text(f, "JavaScript threw",
              eval(f, "try { again(() => { throw new Error('in') }) } catch (e) { e.message }"));
  assert_string_equal(kept->message, "in");
  ist_error_free(kept);
}

static ist_status pass_on(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  ist_error *error;
  ist_status status =
      ist_function_call(call->context, call->argv[0], ist_undefined(), 0, NULL, result, &error);
  if (status) status = ist_throw_again(call->context, error);
  ist_error_free(error);
  return status;
}

static void errors_pass_through_c(void **state) {
  fixture *f = *state;
  define(f, "pass", pass_on, NULL);
  assert_int_equal(eval(f, "pass(() => 3)").as.int32, 3);
  eval(f, "globalThis.mine = new RangeError('mine')");
  assert_true(eval(f, "try { pass(() => { throw mine }) } catch (e) { e === mine }").as.boolean);
  assert_true(
      eval(f, "try { pass(() => { throw undefined }) } catch (e) { e === undefined }").as.boolean);
  assert_text(f, "TypeError: the value has another type",
              eval(f, "try { pass(1) } catch (e) { 'TypeError: ' + e.message }"));
}

static void arguments_live_as_long_as_the_call(void **state) {
  fixture *f = *state;
  ist_value function = eval(f, "(function (...all) { return this + all.join() })"), result;
  ist_value argv[12];
  for (int i = 0; i < 12; i++) argv[i] = ist_int32(i);
  assert_ok(ist_function_call(f->context, function, text(f, "this:"), 12, argv, &result, NULL));
  assert_text(f, "this:0,1,2,3,4,5,6,7,8,9,10,11", result);
  assert_status(IST_ERR_TYPE,
                ist_function_call(f->context, ist_int32(1), ist_null(), 0, NULL, &result, NULL));
  argv[3] = (ist_value){IST_OBJECT, 1, {.handle = 77}};
  assert_status(IST_ERR_HANDLE,
                ist_function_call(f->context, function, ist_null(), 12, argv, &result, NULL));
}

static void another_thread_terminates(void **state) {
  fixture *f = *state;
  ending end = {.run = terminate, .env = f->isolate};
  ist_value result;
  ist_error *error;
  static const char loop[] = "begin(); try { for (;;); } finally { globalThis.ran = true }";
  define_begin(f->context, &end);
  assert_status(IST_ERR_TERMINATED,
                ist_script_eval(f->context, loop, strlen(loop), "loop.js", &result, &error));
  pthread_join(end.thread, NULL);
  assert_int_equal(error->status, IST_ERR_TERMINATED);
  ist_error_free(error);
  assert_text(f, "undefined", eval(f, "typeof ran"));
}

static void dead_functions_are_finalized(void **state) {
  fixture *f = *state;
  finalized = 0;
  for (int i = 0; i < 200; i++) {
    ist_value function;
    assert_ok(ist_function_new(f->context, NULL, add, NULL, count_end, &function));
    assert_ok(ist_value_free(f->isolate, function));
  }
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_true(finalized >= 190);
}

static int check_all_finalized(void **state) {
  teardown(state);
  assert_int_equal(finalized, 200);
  return 0;
}

/* What a callback throws stays what it has set, whatever callbacks run before it returns. */
static ist_status throws_then_calls(void *env, const ist_call *call, ist_value *result) {
  fixture *f = env;
  (void)ist_throw_error(call->context, "RangeError", "mine");
  ist_value inner, ignored;
  (void)result;
  assert_ok(ist_script_eval(call->context, "inner", 5, NULL, &inner, NULL));
  assert_ok(ist_function_call(f->context, inner, ist_undefined(), 0, NULL, &ignored, NULL));
  return IST_ERR_EXCEPTION;
}

static void throws_are_of_their_callback(void **state) {
  fixture *f = *state;
  static int32_t base = 1;
  define(f, "inner", add, &base);
  define(f, "outer", throws_then_calls, f);
  assert_text(f, "RangeError: mine", eval(f, "try { outer() } catch (e) { String(e) }"));
  assert_status(IST_ERR_STATE, ist_throw_error(f->context, "Error", "nobody is called"));
  assert_status(IST_ERR_STATE, ist_throw(f->context, ist_int32(1)));
}

/* Everything that a call was given may be released while it runs. */
typedef struct released {
  fixture *f;
  ist_value values[4];
} released;

static ist_status release_all(void *env, const ist_call *call, ist_value *result) {
  released *of = env;
  (void)call;
  for (int i = 0; i < 4; i++)
    if (of->values[i].type >= IST_STRING) assert_ok(ist_value_free(of->f->isolate, of->values[i]));
  assert_ok(ist_isolate_collect(of->f->isolate));
  /* What takes the slots again must not be seen by the call. */
  for (int i = 0; i < 100; i++) {
    ist_value other;
    assert_ok(ist_string_new(of->f->isolate, "other", 5, &other));
  }
  *result = ist_int32(7);
  return IST_OK;
}

static void a_call_keeps_what_it_was_given(void **state) {
  fixture *f = *state;
  released of = {.f = f};
  define(f, "release", release_all, &of);
  const char *source = "(function (a, b) { release(); return a.x + b + this.y })";
  assert_ok(ist_script_eval(f->context, source, strlen(source), NULL, &of.values[0], NULL));
  of.values[1] = eval(f, "({x: 'one '})");
  of.values[2] = eval(f, "'two '.repeat(2)");
  of.values[3] = eval(f, "({y: 'three'})");
  ist_value result, args[] = {of.values[1], of.values[2]};
  assert_ok(ist_function_call(f->context, of.values[0], of.values[3], 2, args, &result, NULL));
  assert_text(f, "one two two three", result);
  for (int i = 0; i < 4; i++)
    assert_status(IST_ERR_HANDLE, ist_value_free(f->isolate, of.values[i]));

  /* The same for a property's object and key, with a proxy that looks at both afterwards. */
  of.values[0] = eval(f, "new Proxy(Object.freeze({['k' + 1]: 7}), {get: () => release()})");
  of.values[1] = eval(f, "'k' + 1");
  of.values[2] = of.values[3] = ist_undefined();
  assert_ok(ist_object_get_key(f->context, of.values[0], of.values[1], &result, NULL));
  assert_int_equal(result.as.int32, 7);
  of.values[0] = eval(f, "({get k() { return release() }})");
  of.values[1] = eval(f, "'k'");
  assert_ok(ist_object_get_key(f->context, of.values[0], of.values[1], &result, NULL));
  assert_int_equal(result.as.int32, 7);
  assert_status(IST_ERR_HANDLE, ist_value_free(f->isolate, of.values[0]));
}

/* One long call: what it releases on the way is not kept until its end. */
static ist_status free_given(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  (void)result;
  released *of = env;
  return ist_value_free(of->f->isolate, of->values[0]);
}

static ist_status make_and_pass(void *env, const ist_call *call, ist_value *result) {
  released *of = env;
  ist_value made, freeing, ignored;
  assert_ok(ist_object_new(call->context, &made));
  assert_ok(ist_value_keep(of->f->isolate, made, &of->values[0]));
  assert_ok(ist_value_keep(of->f->isolate, of->values[1], &freeing));
  assert_ok(
      ist_function_call(call->context, freeing, ist_undefined(), 1, of->values, &ignored, NULL));
  assert_ok(ist_value_free(of->f->isolate, freeing));
  *result = ist_int32(1);
  return IST_OK;
}

static ist_status collect_now(void *env, const ist_call *call, ist_value *result) {
  ist_isolate *isolate = ist_context_isolate(call->context);
  (void)result;
  assert_ok(ist_isolate_collect(isolate));
  return ist_isolate_statistics(isolate, env);
}

static void a_long_call_forgets_what_ended(void **state) {
  fixture *f = *state;
  released of = {.f = f};
  define(f, "freeGiven", free_given, &of);
  define(f, "round", make_and_pass, &of);
  of.values[1] = eval(f, "(object => freeGiven(object))");
  ist_statistics before = {.size = sizeof before}, after = {.size = sizeof after};
  eval(f, "for (let i = 0; i < 1000; i++) round()");
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_statistics(f->isolate, &before));
  /* Told from within the call, before it ends. */
  define(f, "measure", collect_now, &after);
  eval(f, "for (let i = 0; i < 200000; i++) round(); measure()");
  assert_true(after.heap_used < before.heap_used + (4u << 20));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(javascript_calls_c),
      TEST(what_callbacks_may_throw),
      TEST(calls_nest),
      TEST(throws_are_of_their_callback),
      TEST(a_call_keeps_what_it_was_given),
      TEST(a_long_call_forgets_what_ended),
      TEST(errors_pass_through_c),
      TEST(arguments_live_as_long_as_the_call),
      TEST(another_thread_terminates),
      cmocka_unit_test_setup_teardown(dead_functions_are_finalized, setup, check_all_finalized),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
