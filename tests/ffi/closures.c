/* Callbacks: answers of every kind, scopes and their ends, late calls, foreign threads, destroy
 * notices, reuse of slots. */
#include "support.h"

#include <errno.h>
#include <pthread.h>

typedef int8_t (*cb_small)(int8_t, uint16_t, void *);
typedef bool (*cb_bool)(float);
typedef float (*cb_float)(double, const char *);
typedef int (*cb_row)(int);
typedef void (*cb_void)(void *);
typedef uint32_t (*cb_unsigned)(uint32_t);

static int give_small(cb_small cb, int a, int b) {
  errno = 77;
  int answer = cb((int8_t)a, (uint16_t)b, NULL);
  return errno == 77 ? answer : -1000;
}

static const char *const body =
    "\"types\":[{\"kind\":\"void\"},{\"kind\":\"int\",\"name\":\"int8_t\",\"size\":1,\"align\":1,"
    "\"signed\":true},"
    "{\"kind\":\"int\",\"name\":\"uint16_t\",\"size\":2,\"align\":2},{\"kind\":\"int\",\"name\":"
    "\"int\",\"size\":4,\"align\":4,\"signed\":true},"
    "{\"kind\":\"int\",\"name\":\"uint32_t\",\"size\":4,\"align\":4},{\"kind\":\"bool\",\"size\":1,"
    "\"align\":1},"
    "{\"kind\":\"float\",\"name\":\"float\",\"size\":4,\"align\":4},{\"kind\":\"float\",\"name\":"
    "\"double\",\"size\":8,\"align\":8},"
    "{\"kind\":\"string\",\"encoding\":\"utf8\"},{\"kind\":\"pointer\",\"to\":0},"
    "{\"kind\":\"handle\",\"name\":\"Box\"},{\"kind\":\"ref\",\"to\":10},"
    "{\"kind\":\"callback\",\"name\":\"small\",\"params\":[{\"name\":\"a\",\"type\":1},{\"name\":"
    "\"b\",\"type\":2},"
    "{\"name\":\"ctx\",\"type\":9}],\"args\":[0,1],\"result\":{\"type\":1}},"
    "{\"kind\":\"callback\",\"name\":\"bool\",\"params\":[{\"name\":\"a\",\"type\":6}],\"result\":{"
    "\"type\":5}},"
    "{\"kind\":\"callback\",\"name\":\"float\",\"params\":[{\"name\":\"a\",\"type\":7},{\"name\":"
    "\"s\",\"type\":8}],\"result\":{\"type\":6}},"
    "{\"kind\":\"callback\",\"name\":\"row\",\"type_params\":[\"size\"],\"params\":[{\"name\":"
    "\"a\",\"type\":3}],\"result\":{\"type\":3}},"
    "{\"kind\":\"callback\",\"name\":\"void\",\"params\":[{\"name\":\"p\",\"type\":9}],\"result\":{"
    "\"type\":0}},"
    "{\"kind\":\"callback\",\"name\":\"unsigned\",\"params\":[{\"name\":\"p\",\"type\":4}],"
    "\"result\":{\"type\":4}}],"
    "\"functions\":["
    "{\"name\":\"small\",\"optional\":true,\"params\":[{\"name\":\"cb\",\"type\":12,\"scope\":{"
    "\"kind\":\"call\"},\"on_throw\":{\"int\":\"-7\"}},"
    "{\"name\":\"a\",\"type\":3},{\"name\":\"b\",\"type\":3}],\"result\":{\"type\":3}},"
    "{\"name\":\"bool\",\"optional\":true,\"params\":[{\"name\":\"cb\",\"type\":13,\"scope\":{"
    "\"kind\":\"call\"},\"on_throw\":{\"int\":\"1\"}}],\"result\":{\"type\":0}},"
    "{\"name\":\"float\",\"optional\":true,\"params\":[{\"name\":\"cb\",\"type\":14,\"scope\":{"
    "\"kind\":\"forever\"},\"on_throw\":{\"float\":0.5}}],\"result\":{\"type\":0}},"
    "{\"name\":\"exec\",\"optional\":true,\"kind\":\"method\",\"owner\":10,\"self\":0,\"params\":[{"
    "\"name\":\"box\",\"type\":11},"
    "{\"name\":\"row\",\"type\":15,\"scope\":{\"kind\":\"until\",\"replaced\":true,\"functions\":["
    "4]},\"on_throw\":{\"op\":\"+\",\"a\":{\"arg\":2},\"b\":{\"int\":\"1\"}},"
    "\"type_args\":[{\"op\":\"*\",\"a\":{\"arg\":2},\"b\":{\"int\":\"8\"}}]},{\"name\":\"n\","
    "\"type\":3}],\"result\":{\"type\":0}},"
    "{\"name\":\"stop\",\"optional\":true,\"params\":[{\"name\":\"box\",\"type\":11}],\"result\":{"
    "\"type\":0}},"
    "{\"name\":\"once\",\"optional\":true,\"params\":[{\"name\":\"cb\",\"type\":16,\"scope\":{"
    "\"kind\":\"once\"}}],\"result\":{\"type\":0}},"
    "{\"name\":\"unsigned\",\"optional\":true,\"params\":[{\"name\":\"cb\",\"type\":17,\"scope\":{"
    "\"kind\":\"call\"},\"on_throw\":{\"int\":\"4000000000\"}}],\"result\":{\"type\":0}},"
    "{\"name\":\"wrong\",\"optional\":true,\"params\":[{\"name\":\"cb\",\"type\":12,\"scope\":{"
    "\"kind\":\"call\"},\"on_throw\":{\"int\":\"200\"}}],\"result\":{\"type\":0}}]";

static ist__library *library;
static ist__domain *domain;
static char reported[512];
static int reports, wakes, ends, calls;
static void *ended;
static void (*answer)(ist__closure *closure, void *result, void **args);

static void on_report(void *env, const char *text) {
  (void)env;
  snprintf(reported, sizeof reported, "%s", text);
  reports++;
}
static void on_wake(void *env) {
  (void)env, wakes++;
}
static void on_owner_end(void *env, ist__owner *owner) {
  (void)env, (void)owner;
}
static void on_end(void *env, void *function) {
  (void)env;
  ended = function;
  ends++;
}
static void on_call(void *env, ist__closure *closure, void *result, void **args) {
  (void)env;
  calls++;
  errno = 1;
  if (answer) answer(closure, result, args);
}

static const ist__domain_hooks hooks = {.report = on_report,
                                        .wake = on_wake,
                                        .call = on_call,
                                        .closure_end = on_end,
                                        .owner_end = on_owner_end};

static int set_up(void **unused) {
  (void)unused;
  library = open_body(body);
  function_named(library, "small")->address = ADDRESS(give_small);
  domain = ist__domain_new(&hooks);
  reported[0] = 0;
  reports = wakes = ends = calls = 0;
  answer = NULL;
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  ist__domain_free(domain);
  ist__library_release(library);
  return 0;
}

static int dummy;

static ist__closure *make(const char *name, uint32_t param, void **args) {
  const ist__function *f = function_named(library, name);
  void *nothing = NULL, *none[] = {&nothing, &nothing, &nothing};
  ist__frame frame = {.function = f, .args = args ? args : none};
  ist__fault fault = {.text = ""};
  ist__closure *closure = ist__closure_new(domain, &f->params[param], &frame, &dummy, &fault);
  if (!closure) fail_msg("%s", fault.text);
  return closure;
}

#define CODE(type, closure) ((type)(uintptr_t)ist__closure_code(closure))

static void sum_small(ist__closure *closure, void *result, void **args) {
  int8_t a;
  uint16_t b;
  assert_ptr_equal(closure->language, &dummy);
  memcpy(&a, args[0], sizeof a);
  memcpy(&b, args[1], sizeof b);
  int8_t value = (int8_t)(a + b);
  memcpy(result, &value, sizeof value);
}

static void answers_are_widened(void **unused) {
  (void)unused;
  const ist__function *f = function_named(library, "small");
  int a = -100, b = 3;
  void *code;
  void *args[] = {&code, &a, &b};
  _Alignas(16) unsigned char result[16];
  ist__frame frame = {.function = f, .args = args, .result = result};
  ist__closure *closure = ist__closure_new(domain, &f->params[0], &frame, &dummy, NULL);
  code = ist__closure_code(closure);
  answer = sum_small;
  ist__frame_call(&frame);
  assert_int_equal(ist__scalar_load(f->result.type, result).i, -97);
  answer = NULL;
  ist__frame_call(&frame);
  assert_int_equal(ist__scalar_load(f->result.type, result).i, -7);
  ist__closure_end(closure);
  assert_int_equal(ends, 1);
  assert_ptr_equal(ended, &dummy);
  ist__closure_end(closure);
  assert_int_equal(ends, 1);
}

static void answer_half(ist__closure *closure, void *result, void **args) {
  (void)closure;
  double d;
  const char *s;
  memcpy(&d, args[0], sizeof d);
  memcpy(&s, args[1], sizeof s);
  float value = (float)(d / 2) + (float)strlen(s);
  memcpy(result, &value, sizeof value);
}

static void answer_false(ist__closure *closure, void *result, void **args) {
  (void)closure, (void)args;
  memset(result, 0, 1);
}

static void every_kind_is_answered(void **unused) {
  (void)unused;
  ist__closure *one = make("float", 0, NULL), *other = make("bool", 0, NULL),
               *third = make("unsigned", 0, NULL);
  assert_true(CODE(cb_float, one)(1, "") == 0.5f);
  answer = answer_half;
  assert_true(CODE(cb_float, one)(3, "abc") == 4.5f);
  answer = NULL;
  assert_true(CODE(cb_bool, other)(1.0f));
  answer = answer_false;
  assert_false(CODE(cb_bool, other)(1.0f));
  answer = NULL;
  assert_int_equal(CODE(cb_unsigned, third)(1), 4000000000u);
}

static void a_late_call_gets_on_throw(void **unused) {
  (void)unused;
  ist__closure *closure = make("small", 0, NULL);
  cb_small code = CODE(cb_small, closure);
  ist__closure_end(closure);
  assert_int_equal(code(1, 2, NULL), -7);
  assert_int_equal(calls, 0);
  assert_string_equal(reported, "test.small: cb: called after its life; answered -7");
}

static void *call_elsewhere(void *code) {
  return (void *)(intptr_t)((cb_small)(uintptr_t)code)(1, 2, NULL);
}

static void a_foreign_thread_gets_on_throw(void **unused) {
  (void)unused;
  ist__closure *closure = make("small", 0, NULL);
  pthread_t thread;
  void *result;
  assert_int_equal(pthread_create(&thread, NULL, call_elsewhere, ist__closure_code(closure)), 0);
  assert_int_equal(pthread_join(thread, &result), 0);
  assert_int_equal((intptr_t)result, -7);
  assert_int_equal(calls, 0);
  assert_string_equal(reported, "test.small: cb: called from a foreign thread; answered -7");
}

static void slots_rest_before_they_serve_again(void **unused) {
  (void)unused;
  ist__closure *first = make("small", 0, NULL);
  void *code = ist__closure_code(first);
  ist__closure_end(first);
  int until = 0;
  for (; until < 20000; until++) {
    ist__closure *closure = make("small", 0, NULL);
    bool again = ist__closure_code(closure) == code;
    ist__closure_end(closure);
    if (again) break;
  }
  assert_true(until >= 4096 && until < 20000);
}

static void one_million_closures_fit(void **unused) {
  (void)unused;
  answer = sum_small;
  for (int i = 0; i < 1000000; i++) {
    ist__closure *closure = make("small", 0, NULL);
    if (i % 16 == 0) assert_int_equal(CODE(cb_small, closure)(2, 3, NULL), 5);
    ist__closure_end(closure);
  }
}

static void end_itself(ist__closure *closure, void *result, void **args) {
  (void)result, (void)args;
  ist__closure_end(closure);
}

static void once_means_once(void **unused) {
  (void)unused;
  ist__closure *closure = make("once", 0, NULL);
  cb_void code = CODE(cb_void, closure);
  ist__closure_bind(closure, NULL);
  code(NULL);
  assert_int_equal(calls, 1);
  assert_int_equal(ends, 1);
  assert_false(closure->alive);
  code(NULL);
  assert_int_equal(calls, 1);
  assert_string_equal(reported, "test.once: cb: called after its life; ignored");
  closure = make("once", 0, NULL);
  answer = end_itself;
  CODE(cb_void, closure)(NULL);
  assert_int_equal(ends, 2);
}

static void type_args_and_answers_come_from_the_call(void **unused) {
  (void)unused;
  int n = 5;
  void *box = &dummy, *row = NULL, *args[] = {&box, &row, &n};
  ist__closure *closure = make("exec", 1, args);
  assert_int_equal(closure->type_args[0], 40);
  assert_int_equal(CODE(cb_row, closure)(0), 6);
  const ist__function *f = function_named(library, "wrong");
  ist__frame frame = {.function = f, .args = args};
  ist__fault fault;
  assert_null(ist__closure_new(domain, &f->params[0], &frame, &dummy, &fault));
  assert_string_equal(fault.text, "test.wrong: cb: expected an integer from -128 to 127, got 200");
}

static void until_ends_in_each_way(void **unused) {
  (void)unused;
  int n = 1;
  void *box = &dummy, *row = NULL, *args[] = {&box, &row, &n};
  ist__owner *a = ist__owner_new(domain, type_named(library, "Box"), &dummy, IST__BORROWED, NULL);
  ist__owner *b = ist__owner_new(domain, type_named(library, "Box"), &n, IST__BORROWED, NULL);
  const ist__function *stop = function_named(library, "stop");
  assert_true(stop->ends_borrows);
  ist__closure *one = make("exec", 1, args), *two = make("exec", 1, args),
               *other = make("exec", 1, args);
  ist__closure_bind(one, a);
  ist__closure_bind(other, b);
  assert_true(one->alive);
  ist__closure_bind(two, a);
  assert_false(one->alive);
  assert_true(two->alive && other->alive);
  ist__closure_replaced(domain, two->use, a);
  assert_false(two->alive);
  ist__closure *three = make("exec", 1, args);
  ist__closure_bind(three, a);
  ist__function_ends(domain, stop, b);
  assert_false(other->alive);
  assert_true(three->alive);
  ist__function_ends(domain, stop, a);
  assert_false(three->alive);
  ist__closure *four = make("exec", 1, args), *five = make("exec", 1, args);
  ist__closure_bind(four, a);
  ist__owner_expire(a, NULL);
  assert_false(four->alive);
  ist__closure_bind(five, NULL);
  ist__function_ends(domain, stop, b);
  assert_false(five->alive);
  assert_int_equal(ends, 6);
}

static void *destroy_elsewhere(void *closure) {
  ((cb_void)(uintptr_t)ist__closure_destroy_code(closure))(ist__closure_data(closure));
  return NULL;
}

static void destroy_notices_end_closures(void **unused) {
  (void)unused;
  ist__closure *closure = make("float", 0, NULL);
  cb_void destroy = CODE(cb_void, closure);
  destroy = (cb_void)(uintptr_t)ist__closure_destroy_code(closure);
  void *data = ist__closure_data(closure);
  assert_non_null(data);
  destroy(data);
  assert_int_equal(ends, 1);
  assert_false(closure->alive);
  destroy(data);
  destroy(NULL);
  destroy((void *)(uintptr_t)0x123456789);
  assert_int_equal(ends, 1);
  closure = make("float", 0, NULL);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, destroy_elsewhere, closure), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(wakes, 1);
  assert_true(closure->alive);
  ist__domain_drain(domain);
  assert_false(closure->alive);
  assert_int_equal(ends, 2);
}

static void a_notice_for_an_earlier_life_is_ignored(void **unused) {
  (void)unused;
  ist__closure *first = make("small", 0, NULL), *closure;
  void *data = ist__closure_data(first);
  ist__closure_end(first);
  while ((closure = make("small", 0, NULL)) != first) ist__closure_end(closure);
  ((cb_void)(uintptr_t)ist__closure_destroy_code(first))(data);
  assert_true(first->alive);
}

static void slots_outlive_their_domain(void **unused) {
  (void)unused;
  ist__closure *closure = make("float", 0, NULL);
  cb_float code = CODE(cb_float, closure);
  void *data = ist__closure_data(closure);
  ist__domain_free(domain);
  ist__library_release(library);
  assert_int_equal(ends, 1);
  assert_true(code(1, "") == 0.5f);
  ((cb_void)(uintptr_t)ist__closure_destroy_code(closure))(data);
  assert_int_equal(reports, 0);
  set_up(NULL);
}

static void *hammer(void *code) {
  for (int i = 0; i < 20000; i++) {
    if (((cb_small)(uintptr_t)code)(1, 2, NULL) != -7) return code;
  }
  return NULL;
}

static void foreign_threads_may_come_while_slots_change(void **unused) {
  (void)unused;
  ist__closure *closure = make("small", 0, NULL);
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, hammer, ist__closure_code(closure));
  ist__closure_end(closure);
  for (int i = 0; i < 20000; i++) ist__closure_end(make("small", 0, NULL));
  for (int i = 0; i < 2; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
  assert_int_equal(calls, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(answers_are_widened),
      TEST(every_kind_is_answered),
      TEST(a_late_call_gets_on_throw),
      TEST(a_foreign_thread_gets_on_throw),
      TEST(slots_rest_before_they_serve_again),
      TEST(one_million_closures_fit),
      TEST(once_means_once),
      TEST(type_args_and_answers_come_from_the_call),
      TEST(until_ends_in_each_way),
      TEST(destroy_notices_end_closures),
      TEST(a_notice_for_an_earlier_life_is_ignored),
      TEST(slots_outlive_their_domain),
      TEST(foreign_threads_may_come_while_slots_change),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
