/* Contexts: nested in any order, shared by tokens, freed at every moment, and many of them. */
#include "api_test.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static ist_value run(ist_context *context, const char *source) {
  ist_value result = ist_undefined();
  ist_error *error = NULL;
  if (ist_script_eval(context, source, strlen(source), "contexts.js", &result, &error))
    fail_msg("%s: %s", source, error && error->message ? error->message : "?");
  return result;
}

static ist_status try(ist_context *context, const char *source, ist_value *result) {
  return ist_script_eval(context, source, strlen(source), "contexts.js", result, NULL);
}

static void contexts_nest_in_any_order(void **state) {
  fixture *f = *state;
  ist_context *a = f->context, *b, *current = NULL;
  assert_ok(ist_context_new(f->isolate, NULL, &b));
  assert_status(IST_ERR_NOT_FOUND, ist_context_current(f->isolate, &current));
  assert_status(IST_ERR_STATE, ist_context_leave(a));
  assert_ok(ist_context_enter(a));
  assert_ok(ist_context_enter(b));
  assert_ok(ist_context_enter(a));
  assert_ok(ist_context_current(f->isolate, &current));
  assert_ptr_equal(current, a);
  assert_status(IST_ERR_STATE, ist_context_leave(b));
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
  assert_ok(ist_context_leave(a));
  assert_ok(ist_context_current(f->isolate, &current));
  assert_ptr_equal(current, b);
  /* A call names its own context, whatever is entered. */
  run(a, "globalThis.where = 'a'");
  run(b, "globalThis.where = 'b'");
  assert_text(f, "a", run(a, "where"));
  assert_ok(ist_context_current(f->isolate, &current));
  assert_ptr_equal(current, b);
  uint32_t scope;
  assert_ok(ist_scope_open(f->isolate, &scope));
  assert_status(IST_ERR_STATE, ist_context_leave(b));
  assert_ok(ist_context_enter(a));
  assert_status(IST_ERR_STATE, ist_scope_close(f->isolate, scope));
  assert_ok(ist_context_leave(a));
  assert_ok(ist_scope_close(f->isolate, scope));
  assert_ok(ist_context_leave(b));
  assert_ok(ist_context_leave(a));
  assert_status(IST_ERR_STATE, ist_context_leave(a));
  assert_status(IST_ERR_NOT_FOUND, ist_context_current(f->isolate, &current));
  assert_status(IST_ERR_ARGUMENT, ist_context_enter(NULL));
  assert_status(IST_ERR_ARGUMENT, ist_context_leave(NULL));
  assert_status(IST_ERR_ARGUMENT, ist_context_current(f->isolate, NULL));
  for (int i = 0; i < 1000; i++) assert_ok(ist_context_enter(i % 3 ? a : b));
  for (int i = 999; i >= 0; i--) assert_ok(ist_context_leave(i % 3 ? a : b));
}

static ist_status which(void *env, const ist_call *call, ist_value *result) {
  ist_context *current;
  (void)env;
  assert_ok(ist_context_current(ist_context_isolate(call->context), &current));
  void *data;
  assert_ok(ist_context_data(current, &data));
  *result = ist_int32((int32_t)(intptr_t)data);
  return IST_OK;
}

static void the_current_context_is_the_one_that_runs(void **state) {
  fixture *f = *state;
  ist_context *b;
  ist_value function, global, got;
  void *data = f;
  assert_ok(ist_context_new(f->isolate, NULL, &b));
  assert_ok(ist_context_data(b, &data));
  assert_null(data);
  assert_ok(ist_context_set_data(f->context, (void *)1));
  assert_ok(ist_context_set_data(b, (void *)2));
  assert_ok(ist_function_new(b, "which", which, NULL, NULL, &function));
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "which", function, NULL));
  got = run(f->context, "which()");
  assert_int_equal(got.as.int32, 2);
  assert_status(IST_ERR_ARGUMENT, ist_context_data(b, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_context_data(NULL, &data));
  assert_status(IST_ERR_ARGUMENT, ist_context_set_data(NULL, NULL));
}

static void objects_know_their_context(void **state) {
  fixture *f = *state;
  ist_context *b, *found = NULL;
  ist_value mine = run(f->context, "({})"), theirs, shared;
  assert_ok(ist_context_new(f->isolate, NULL, &b));
  theirs = run(b, "globalThis.box = {}; box");
  assert_ok(ist_object_context(f->isolate, mine, &found));
  assert_ptr_equal(found, f->context);
  assert_ok(ist_object_context(f->isolate, theirs, &found));
  assert_ptr_equal(found, b);
  /* An object that is handed over stays what it is, with all that is done to it. */
  assert_ok(ist_object_set(f->context, theirs, "mine", mine, NULL));
  shared = run(b, "box.mine");
  assert_ok(ist_object_context(f->isolate, shared, &found));
  assert_ptr_equal(found, f->context);
  assert_status(IST_ERR_TYPE, ist_object_context(f->isolate, text(f, "x"), &found));
  assert_status(IST_ERR_TYPE, ist_object_context(f->isolate, ist_int32(1), &found));
  assert_status(IST_ERR_ARGUMENT, ist_object_context(f->isolate, mine, NULL));
  assert_ok(ist_context_free(b));
  assert_status(IST_ERR_NOT_FOUND, ist_object_context(f->isolate, theirs, &found));
}

static void tokens_open_global_objects(void **state) {
  fixture *f = *state;
  ist_context *a = f->context, *b, *c;
  ist_value global, got;
  ist_context_options options = {.size = sizeof options, .share_token = a};
  const char *source = "other.secret";
  assert_ok(ist_context_new(f->isolate, NULL, &b));
  assert_ok(ist_context_new(f->isolate, &options, &c));
  run(a, "globalThis.secret = 7");
  assert_ok(ist_context_global(a, &global));
  ist_value home_b, home_c;
  assert_ok(ist_context_global(b, &home_b));
  assert_ok(ist_context_global(c, &home_c));
  assert_ok(ist_object_set(b, home_b, "other", global, NULL));
  assert_ok(ist_object_set(c, home_c, "other", global, NULL));
  assert_int_equal(run(c, source).as.int32, 7);
  assert_status(IST_ERR_EXCEPTION, try(b, source, &got));
  assert_ok(ist_context_share_token(b, a));
  assert_int_equal(run(b, source).as.int32, 7);
  /* The giver takes a token of its own: nobody else has it. */
  assert_ok(ist_context_share_token(a, NULL));
  assert_status(IST_ERR_EXCEPTION, try(b, source, &got));
  assert_status(IST_ERR_EXCEPTION, try(c, source, &got));
  assert_ok(ist_context_share_token(a, c));
  assert_int_equal(run(c, source).as.int32, 7);
  assert_int_equal(run(b, source).as.int32, 7);
  void *second;
  setup(&second);
  fixture *foreign = second;
  assert_status(IST_ERR_HANDLE, ist_context_share_token(a, foreign->context));
  options.share_token = foreign->context;
  assert_status(IST_ERR_HANDLE, ist_context_new(f->isolate, &options, &c));
  teardown(&second);
  assert_status(IST_ERR_HANDLE, ist_context_share_token(a, options.share_token));
  assert_status(IST_ERR_ARGUMENT, ist_context_share_token(NULL, a));
}

static void code_from_strings_can_be_refused(void **state) {
  fixture *f = *state;
  ist_context *strict;
  ist_value got;
  ist_context_options options = {.size = sizeof options, .no_code_from_strings = true};
  assert_ok(ist_context_new(f->isolate, &options, &strict));
  assert_status(IST_ERR_EXCEPTION, try(strict, "eval('1')", &got));
  assert_status(IST_ERR_EXCEPTION, try(strict, "new Function('return 1')()", &got));
  assert_int_equal(run(strict, "1 + 1").as.int32, 2);
  assert_int_equal(run(f->context, "eval('3')").as.int32, 3);
}

/* ---- Freeing ---- */

static ist_status free_context(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  (void)result;
  return ist_context_free(env);
}

static ist_status throw_after_free(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  assert_ok(ist_context_free(env));
  assert_status(IST_ERR_HANDLE, ist_throw_error(call->context, NULL, "gone"));
  return IST_ERR_DENIED;
}

static void give(ist_context *to, const char *name, ist_function fn, void *env) {
  ist_value function, global;
  assert_ok(ist_function_new(to, name, fn, env, NULL, &function));
  assert_ok(ist_context_global(to, &global));
  assert_ok(ist_object_set(to, global, name, function, NULL));
}

static void a_context_may_be_freed_while_it_runs(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 200; i++) {
    ist_context *context;
    ist_value got;
    ist_error *error = NULL;
    const char *source = i % 2 ? "end(); [1, 2, 3].map(x => x * 2).join()"
                               : "end(); try { end() } catch (e) { caught = e }; throw caught";
    assert_ok(ist_context_new(f->isolate, NULL, &context));
    give(context, "end", i % 4 < 2 ? free_context : throw_after_free, context);
    ist_status status = ist_script_eval(context, source, strlen(source), "self.js", &got, &error);
    if (i % 4 == 1)
      assert_status(IST_OK, status), assert_text(f, "2,4,6", got);
    else
      assert_status(IST_ERR_EXCEPTION, status), assert_non_null(error), ist_error_free(error);
    assert_status(IST_ERR_HANDLE, ist_context_global(context, &got));
    assert_status(IST_ERR_HANDLE, ist_context_free(context));
  }
}

static void an_entered_context_may_be_freed(void **state) {
  fixture *f = *state;
  ist_context *context, *current;
  ist_value got;
  assert_ok(ist_context_new(f->isolate, NULL, &context));
  assert_ok(ist_context_enter(context));
  assert_ok(ist_context_enter(f->context));
  assert_ok(ist_context_free(context));
  assert_status(IST_ERR_HANDLE, ist_context_global(context, &got));
  assert_ok(ist_context_leave(f->context));
  assert_status(IST_ERR_NOT_FOUND, ist_context_current(f->isolate, &current));
  assert_ok(ist_context_leave(context));
  assert_status(IST_ERR_HANDLE, ist_context_leave(context));
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
}

static ist_status seven(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)call;
  *result = ist_int32(7);
  return IST_OK;
}

static void functions_outlive_their_context_and_host_callbacks_do_not(void **state) {
  fixture *f = *state;
  ist_context *other;
  ist_value plain, host, got;
  ist_error *error;
  assert_ok(ist_context_new(f->isolate, NULL, &other));
  give(other, "seven", seven, NULL);
  plain = run(other, "x => [x].map(y => y + 1)[0]");
  host = run(other, "() => seven()");
  assert_ok(ist_context_free(other));
  ist_value one = ist_int32(1);
  assert_ok(ist_function_call(f->context, plain, ist_undefined(), 1, &one, &got, NULL));
  assert_int_equal(got.as.int32, 2);
  assert_status(IST_ERR_EXCEPTION,
                ist_function_call(f->context, host, ist_undefined(), 0, NULL, &got, &error));
  assert_string_equal(error->message, "the function's context is gone");
  ist_error_free(error);
  assert_status(IST_ERR_HANDLE,
                ist_function_call(other, plain, ist_undefined(), 1, &one, &got, NULL));
}

static void stale_contexts_stay_stale_for_a_while(void **state) {
  fixture *f = *state;
  enum { COUNT = 500 };
  ist_context *stale[COUNT];
  ist_value got;
  for (int i = 0; i < COUNT; i++) {
    assert_ok(ist_context_new(f->isolate, NULL, &stale[i]));
    assert_ok(ist_context_free(stale[i]));
  }
  for (int i = 0; i < COUNT; i++) {
    assert_status(IST_ERR_HANDLE, ist_context_global(stale[i], &got));
    assert_status(IST_ERR_HANDLE, ist_context_enter(stale[i]));
    assert_status(IST_ERR_HANDLE, ist_context_leave(stale[i]));
    assert_status(IST_ERR_HANDLE, ist_context_share_token(stale[i], f->context));
    assert_status(IST_ERR_HANDLE, ist_context_share_token(f->context, stale[i]));
    assert_null(ist_context_isolate(stale[i]));
  }
}

/* ---- Many ---- */

static size_t resident(void) {
  unsigned long size = 0, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (fscanf(file, "%lu %lu", &size, &pages) != 2) pages = 0;
  fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

typedef struct holder {
  const ist_isolate *wanted; /* a record that was freed */
  ist_isolate *held;         /* the isolate that has it now, entered; NULL: it did not come */
  pthread_barrier_t holds, done;
} holder;

static void *hold(void *env) {
  holder *at = env;
  for (int i = 0; i < 1000 && !at->held; i++) {
    ist_isolate *isolate;
    if (ist_isolate_new(NULL, &isolate)) break;
    if (isolate == at->wanted)
      at->held = isolate;
    else
      ist_isolate_free(isolate);
  }
  bool entered = at->held && !ist_isolate_enter(at->held);
  pthread_barrier_wait(&at->holds);
  pthread_barrier_wait(&at->done);
  if (entered) ist_isolate_leave(at->held);
  if (at->held) ist_isolate_free(at->held);
  return NULL;
}

static void stale_pointers_wait_for_nobody(void **state) {
  (void)state;
  ist_isolate *isolate;
  ist_context *context;
  ist_template *function, *more;
  ist_function_options options = {.size = sizeof options, .fn = seven};
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_context_new(isolate, NULL, &context));
  assert_ok(ist_template_new_function(isolate, &options, &function));
  assert_ok(ist_isolate_free(isolate));
  holder at = {.wanted = isolate};
  assert_int_equal(pthread_barrier_init(&at.holds, NULL, 2), 0);
  assert_int_equal(pthread_barrier_init(&at.done, NULL, 2), 0);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, hold, &at), 0);
  pthread_barrier_wait(&at.holds);
  ist_value value;
  assert_status(IST_ERR_HANDLE, ist_object_new(context, &value));
  assert_status(IST_ERR_HANDLE, ist_template_prototype(function, &more));
  ist_template_free(function);
  assert_status(IST_ERR_HANDLE, ist_context_free(context));
  pthread_barrier_wait(&at.done);
  pthread_join(thread, NULL);
  assert_non_null(at.held);
  pthread_barrier_destroy(&at.holds);
  pthread_barrier_destroy(&at.done);
}

static void many_contexts_in_turn_take_no_more_memory(void **state) {
  fixture *f = *state;
  int rounds = getenv("ISTHMUS_SANITIZE") ? 300 : 20000;
  size_t early = 0;
  for (int i = 0; i < rounds; i++) {
    ist_context *context;
    uint32_t scope;
    assert_ok(ist_scope_open(f->isolate, &scope));
    assert_ok(ist_context_new(f->isolate, NULL, &context));
    give(context, "seven", seven, NULL);
    if (i % 100 == 0) assert_int_equal(run(context, "seven()").as.int32, 7);
    assert_ok(ist_scope_close(f->isolate, scope));
    assert_ok(ist_context_free(context));
    if (i == rounds / 4) early = resident();
  }
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_collect(f->isolate));
  ist_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_isolate_statistics(f->isolate, &statistics));
  assert_true(statistics.native_contexts <= 2);
  assert_true(statistics.detached_contexts <= 1);
  assert_true(statistics.handles <= 1);
  if (!getenv("ISTHMUS_SANITIZE")) assert_true(resident() < early + ((size_t)32 << 20));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(contexts_nest_in_any_order),
      TEST(the_current_context_is_the_one_that_runs),
      TEST(objects_know_their_context),
      TEST(tokens_open_global_objects),
      TEST(code_from_strings_can_be_refused),
      TEST(a_context_may_be_freed_while_it_runs),
      TEST(an_entered_context_may_be_freed),
      TEST(functions_outlive_their_context_and_host_callbacks_do_not),
      TEST(stale_contexts_stay_stale_for_a_while),
      TEST(stale_pointers_wait_for_nobody),
      TEST(many_contexts_in_turn_take_no_more_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
