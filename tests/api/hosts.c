/* A host inside another program: runs, inputs one by one, interruption, and several hosts at once.
 */
#include "ending_test.h"

#include <unistd.h>

static ist_host *make(const char *const *grants) {
  ist_host_options options = {.size = sizeof options, .grants = grants};
  ist_host *host;
  assert_ok(ist_host_new(&options, &host));
  return host;
}

static int run(ist_host *host, const char *source) {
  int code = -1;
  assert_ok(ist_host_eval(host, source, strlen(source), "test", false, &code));
  return code;
}

static char *input(ist_host *host, const char *source, ist_repl_outcome expected) {
  ist_repl_result result = {.size = sizeof result};
  assert_ok(ist_host_repl_eval(host, source, strlen(source), false, &result));
  assert_int_equal(result.outcome, expected);
  return result.text;
}

static void assert_shows(ist_host *host, const char *expected, const char *source) {
  char *text = input(host, source, IST_REPL_DONE);
  assert_string_equal(expected, text ? text : "undefined");
  ist_free(text);
}

static void runs_give_exit_codes(void **state) {
  (void)state;
  ist_host *host = make(NULL);
  assert_int_equal(run(host, "globalThis.a = 1; await new Promise((r) => setTimeout(r, 1)); a = 2"),
                   0);
  ist_host_free(host);
  host = make(NULL);
  assert_int_equal(run(host, "import { exit } from 'isthmus:host'; exit(9)"), 9);
  ist_host_free(host);
}

static void inputs_last(void **state) {
  (void)state;
  ist_host *host = make(NULL);
  assert_shows(host, "undefined", "let a = 1");
  assert_shows(host, "2", "a + 1");
  assert_shows(host, "'x'", "await Promise.resolve('x')");
  assert_shows(host, "{ b: 1 }", "{ b: 1 }");
  ist_free(input(host, "function f() {", IST_REPL_INCOMPLETE));
  char *text = input(host, "null.x", IST_REPL_ERROR);
  assert_non_null(strstr(text, "TypeError: Cannot read properties of null"));
  ist_free(text);
  char *names;
  size_t start;
  assert_ok(ist_host_repl_complete(host, "1 + Math.flo", 12, &names, &start));
  assert_string_equal("floor\n", names);
  assert_int_equal(start, 9);
  ist_free(names);
  ist_host_free(host);
}

/* Within the loop of one input or the wait of the other, and sometimes before. */
static void *interrupt_soon(void *host) {
  usleep(20000);
  ist_host_interrupt(host);
  return NULL;
}

static void inputs_can_be_interrupted(void **state) {
  (void)state;
  ist_host *host = make(NULL);
  static const char *const endless[] = {
      "begin(); for (;;);", "begin(); setTimeout(() => {}, 1e9); await new Promise(() => {})"};
  ending end = {.run = interrupt_soon, .env = host};
  define_begin(ist_host_context(host), &end);
  for (int i = 0; i < 2; i++) {
    char *text = input(host, endless[i], IST_REPL_ERROR);
    assert_string_equal(text, "Interrupted");
    ist_free(text);
    pthread_join(end.thread, NULL);
    assert_shows(host, "3", "1 + 2");
  }
  ist_host_interrupt(host);
  assert_shows(host, "4", "2 + 2");
  ist_host_free(host);
}

static void a_terminated_run_fails(void **state) {
  (void)state;
  static const char *const endless[] = {"begin(); for (;;);",
                                        "setTimeout(() => { begin(); for (;;); }, 1)",
                                        "await 1; begin(); for (;;);"};
  for (int i = 0; i < 3; i++) {
    ist_host *host = make(NULL);
    ist_context *context = ist_host_context(host);
    ending end = {.run = terminate, .env = ist_context_isolate(context)};
    define_begin(context, &end);
    assert_int_equal(run(host, endless[i]), 1);
    pthread_join(end.thread, NULL);
    ist_host_free(host);
  }
}

static void *host_of_its_own(void *arg) {
  (void)arg;
  ist_host *host = make(NULL);
  long code = run(
      host,
      "let n = 0; for (let i = 0; i < 1e6; i++) n += i; await new Promise((r) => setTimeout(r, 5));"
      "import { exit } from 'isthmus:host'; exit(n === 499999500000 ? 7 : 8)");
  ist_host_free(host);
  return (void *)code;
}

static void hosts_in_parallel(void **state) {
  (void)state;
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, host_of_its_own, NULL);
  for (int i = 0; i < 4; i++) {
    void *code;
    pthread_join(threads[i], &code);
    assert_int_equal((long)code, 7);
  }
}

static void an_embedder_drives_the_loop(void **state) {
  (void)state;
  ist_host *host = make(NULL);
  int timeout;
  ist_value result;
  static const char source[] = "globalThis.fired = 0; setTimeout(() => { fired = 1 }, 20);"
                               "globalThis.late = setTimeout(() => { fired = 2 }, 1e9)";
  assert_ok(ist_script_eval(ist_host_context(host), source, strlen(source), "s", &result, NULL));
  /* Soon, until the first has run; then, late. */
  do {
    assert_ok(ist_host_turn(host, &timeout));
    assert_true(timeout >= 0);
    if (timeout <= 20) usleep((useconds_t)timeout * 1000);
  } while (timeout <= 20);
  assert_ok(ist_script_eval(ist_host_context(host), "clearTimeout(late)", 18, "s", &result, NULL));
  assert_ok(ist_host_turn(host, &timeout));
  assert_int_equal(timeout, -1);
  assert_ok(ist_script_eval(ist_host_context(host), "fired", 5, "s", &result, NULL));
  assert_int_equal(result.as.int32, 1);
  ist_host_free(host);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_give_exit_codes),      cmocka_unit_test(inputs_last),
      cmocka_unit_test(inputs_can_be_interrupted), cmocka_unit_test(hosts_in_parallel),
      cmocka_unit_test(a_terminated_run_fails),    cmocka_unit_test(an_embedder_drives_the_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
