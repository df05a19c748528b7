/* Promises that C settles, follows and waits for. */
#include "value_test.h"

static void assert_state(fixture *f, ist_promise_state expected, ist_value promise,
                         ist_value *value) {
  ist_promise_state is;
  ist_value got;
  assert_ok(ist_promise_read(f->isolate, promise, &is, value ? value : &got));
  assert_int_equal(is, expected);
}

static void settling_once(void **state) {
  fixture *f = *state;
  ist_value promise, got;
  assert_ok(ist_promise_new(f->context, &promise));
  assert_said(f, promise, "it instanceof Promise && Reflect.ownKeys(it).length === 0");
  assert_state(f, IST_PROMISE_PENDING, promise, &got);
  assert_int_equal(got.type, IST_UNDEFINED);
  ask(f, promise, "globalThis.log = []; it.then((value) => log.push(value))");
  assert_ok(ist_promise_resolve(f->context, promise, ist_int32(5)));
  assert_ok(ist_promise_resolve(f->context, promise, ist_int32(6)));
  assert_ok(ist_promise_reject(f->context, promise, ist_int32(7)));
  assert_state(f, IST_PROMISE_FULFILLED, promise, &got);
  assert_number(5, got);
  assert_text(f, "", eval(f, "log.join()"));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_text(f, "5", eval(f, "log.join()"));

  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(ist_promise_mark_handled(f->isolate, promise));
  assert_ok(ist_promise_reject(f->context, promise, text(f, "why")));
  assert_ok(ist_promise_resolve(f->context, promise, ist_int32(6)));
  assert_state(f, IST_PROMISE_REJECTED, promise, &got);
  assert_text(f, "why", got);
}

/* A promise that follows another one is pending, and yet settled: what comes later does nothing. */
static void following_another_one(void **state) {
  fixture *f = *state;
  ist_value promise, other, got;
  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(ist_promise_new(f->context, &other));
  assert_ok(ist_promise_resolve(f->context, promise, other));
  assert_ok(ist_promise_reject(f->context, promise, ist_int32(1)));
  assert_ok(ist_promise_resolve(f->context, promise, ist_int32(2)));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_state(f, IST_PROMISE_PENDING, promise, NULL);
  assert_ok(ist_promise_resolve(f->context, other, ist_int32(3)));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_state(f, IST_PROMISE_FULFILLED, promise, &got);
  assert_number(3, got);

  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(
      ist_promise_resolve(f->context, promise, eval(f, "({ then(yes) { yes('thenable') } })")));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_state(f, IST_PROMISE_FULFILLED, promise, &got);
  assert_text(f, "thenable", got);
  /* What its `then` throws is the reason, and itself is no answer. */
  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(ist_promise_resolve(f->context, promise, eval(f, "({ get then() { throw 'bad' } })")));
  assert_state(f, IST_PROMISE_REJECTED, promise, &got);
  assert_text(f, "bad", got);
  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(ist_promise_resolve(f->context, promise, promise));
  assert_state(f, IST_PROMISE_REJECTED, promise, &got);
  assert_said(f, got, "it instanceof TypeError");
  give_stop(f);
  assert_ok(ist_promise_new(f->context, &promise));
  assert_status(IST_ERR_TERMINATED,
                ist_promise_resolve(f->context, promise, eval(f, "({ get then() { stop() } })")));
}

static void only_our_own_are_settled(void **state) {
  fixture *f = *state;
  ist_value promise, others[] = {
                         eval(f, "new Promise((yes, no) => { globalThis.yes = yes })"),
                         eval(f, "Promise.resolve(1)"),
                         eval(f, "(async () => {})()"),
                         eval(f, "({ then() {} })"),
                         eval(f, "new Proxy(Promise.resolve(), {})"),
                         ist_int32(1),
                         ist_undefined(),
                     };
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    assert_status(IST_ERR_TYPE, ist_promise_resolve(f->context, others[i], ist_null()));
    assert_status(IST_ERR_TYPE, ist_promise_reject(f->context, others[i], ist_null()));
  }
  assert_state(f, IST_PROMISE_PENDING, others[0], NULL);
  eval(f, "yes(4)");
  assert_state(f, IST_PROMISE_FULFILLED, others[0], NULL);
  assert_ok(ist_promise_new(f->context, &promise));
  /* A script that makes its own of ours gets no hold of it. */
  assert_status(IST_ERR_TYPE,
                ist_promise_resolve(f->context, ask(f, promise, "it.then(() => {})"), ist_null()));
  assert_status(IST_ERR_HANDLE, ist_promise_resolve(f->context, promise, stale(f)));
  assert_status(IST_ERR_HANDLE, ist_promise_resolve(f->context, stale(f), ist_null()));
  assert_status(IST_ERR_HANDLE, ist_promise_reject(f->context, promise, stale(f)));
  assert_status(IST_ERR_ARGUMENT, ist_promise_resolve(NULL, promise, ist_null()));
  assert_status(IST_ERR_ARGUMENT, ist_promise_new(f->context, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_promise_new(NULL, &promise));
  assert_state(f, IST_PROMISE_PENDING, promise, NULL);
  assert_ok(ist_promise_resolve(f->context, promise, ist_null()));
  assert_state(f, IST_PROMISE_FULFILLED, promise, NULL);
}

static void then_with_any_handlers(void **state) {
  fixture *f = *state;
  ist_value double_it = eval(f, "(value) => value * 2"), none = ist_undefined(), promise, got, next;
  ist_value rescue = eval(f, "(reason) => 'rescued ' + reason");
  static const struct {
    bool fulfilled, rejected, reject;
    const char *expected;
    ist_promise_state state;
  } cases[] = {
      {true, true, false, "42", IST_PROMISE_FULFILLED},
      {true, true, true, "rescued 21", IST_PROMISE_FULFILLED},
      {true, false, false, "42", IST_PROMISE_FULFILLED},
      {true, false, true, "21", IST_PROMISE_REJECTED},
      {false, true, false, "21", IST_PROMISE_FULFILLED},
      {false, true, true, "rescued 21", IST_PROMISE_FULFILLED},
      {false, false, false, "21", IST_PROMISE_FULFILLED},
      {false, false, true, "21", IST_PROMISE_REJECTED},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_ok(ist_promise_new(f->context, &promise));
    assert_ok(ist_promise_then(f->context, promise, cases[i].fulfilled ? double_it : none,
                               cases[i].rejected ? rescue : none, &next));
    if (cases[i].reject)
      assert_ok(ist_promise_reject(f->context, promise, ist_int32(21)));
    else
      assert_ok(ist_promise_resolve(f->context, promise, ist_int32(21)));
    assert_ok(ist_isolate_run_microtasks(f->isolate));
    assert_state(f, cases[i].state, next, &got);
    assert_ok(ist_value_to_string(f->context, got, &got, NULL));
    assert_text(f, cases[i].expected, got);
  }
  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(ist_promise_then(f->context, promise, double_it, none, NULL));
  assert_status(IST_ERR_TYPE, ist_promise_then(f->context, promise, ist_null(), none, &next));
  assert_status(IST_ERR_TYPE, ist_promise_then(f->context, promise, none, ist_int32(1), &next));
  assert_status(IST_ERR_TYPE, ist_promise_then(f->context, double_it, none, none, &next));
  assert_status(IST_ERR_HANDLE, ist_promise_then(f->context, promise, stale(f), none, &next));
  assert_status(IST_ERR_ARGUMENT, ist_promise_then(NULL, promise, none, none, &next));
  /* A subclass is asked what the result is. */
  give_stop(f);
  assert_ok(ist_promise_then(f->context, eval(f, "class Own extends Promise {}; Own.resolve(1)"),
                             double_it, none, &next));
  assert_said(f, next, "it.constructor.name === 'Own'");
  assert_status(IST_ERR_EXCEPTION,
                ist_promise_then(f->context,
                                 eval(f, "Object.defineProperty(Promise.resolve(1), 'constructor',"
                                         " { get() { throw 1 } })"),
                                 double_it, none, &next));
  assert_status(IST_ERR_TERMINATED,
                ist_promise_then(f->context,
                                 eval(f, "Object.defineProperty(Promise.resolve(1), 'constructor',"
                                         " { get: stop })"),
                                 double_it, none, &next));
}

typedef struct uncaught_seen {
  int count;
  char message[64];
} uncaught_seen;

static void on_uncaught(void *env, ist_context *context, const ist_error *error,
                        ist_value promise) {
  uncaught_seen *seen = env;
  assert_non_null(context);
  assert_int_equal(promise.type, IST_OBJECT);
  seen->count++;
  snprintf(seen->message, sizeof seen->message, "%s", error->message);
}

static void rejections_without_a_handler(void **state) {
  fixture *f = *state;
  uncaught_seen seen = {0};
  ist_value promise, reason;
  assert_ok(ist_isolate_set_uncaught(f->isolate, on_uncaught, &seen, NULL));
  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(ist_error_object(f->context, "TypeError", "mine", ist_undefined(), &reason));
  assert_ok(ist_promise_reject(f->context, promise, reason));
  assert_int_equal(seen.count, 0);
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(seen.count, 1);
  assert_string_equal(seen.message, "mine");
  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(ist_promise_reject(f->context, promise, reason));
  assert_ok(ist_promise_mark_handled(f->isolate, promise));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(seen.count, 1);
  assert_status(IST_ERR_TYPE, ist_promise_mark_handled(f->isolate, reason));
  assert_status(IST_ERR_HANDLE, ist_promise_mark_handled(f->isolate, stale(f)));
  assert_status(IST_ERR_ARGUMENT, ist_promise_mark_handled(NULL, promise));

  ist_promise_state is;
  assert_status(IST_ERR_TYPE,
                ist_promise_read(f->isolate, eval(f, "({ then() {} })"), &is, &reason));
  assert_status(IST_ERR_HANDLE, ist_promise_read(f->isolate, stale(f), &is, &reason));
  assert_status(IST_ERR_ARGUMENT, ist_promise_read(f->isolate, promise, NULL, &reason));
  assert_status(IST_ERR_ARGUMENT, ist_promise_read(f->isolate, promise, &is, NULL));
}

static void reactions_run_by_themselves(void **state) {
  (void)state;
  fixture f = {0};
  uncaught_seen seen = {0};
  ist_value promise, next, got;
  ist_isolate_options options = {.size = sizeof options};
  options.microtasks = IST_MICROTASKS_AUTO;
  assert_ok(ist_isolate_new(&options, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  assert_ok(ist_isolate_set_uncaught(f.isolate, on_uncaught, &seen, NULL));
  assert_ok(ist_promise_new(f.context, &promise));
  assert_ok(ist_promise_then(f.context, promise, eval(&f, "(value) => value + 1"), ist_undefined(),
                             &next));
  assert_ok(ist_promise_resolve(f.context, promise, ist_int32(1)));
  assert_state(&f, IST_PROMISE_FULFILLED, next, &got);
  assert_number(2, got);
  assert_ok(ist_promise_new(f.context, &promise));
  assert_ok(ist_promise_reject(f.context, promise, text(&f, "told")));
  assert_int_equal(seen.count, 1);
  assert_ok(ist_isolate_free(f.isolate));
}

static void make_and_settle(fixture *f, int round) {
  ist_value promise, next;
  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(ist_promise_then(f->context, promise, ist_undefined(), eval(f, "(x) => x"), &next));
  if (round & 1)
    assert_ok(ist_promise_resolve(f->context, promise, next));
  else
    assert_ok(ist_promise_reject(f->context, promise, ist_int32(round)));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
}

static void memory_stays_flat(void **state) {
  assert_flat(*state, 20000, 2 << 20, make_and_settle);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(settling_once),
      TEST(following_another_one),
      TEST(only_our_own_are_settled),
      TEST(then_with_any_handlers),
      TEST(rejections_without_a_handler),
      cmocka_unit_test(reactions_run_by_themselves),
      TEST(memory_stays_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
