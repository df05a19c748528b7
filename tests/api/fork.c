/* V8 does not survive fork: every kind of call in the child is answered with IST_ERR_FORKED, frees
 * do nothing, nothing hangs, and the parent goes on. */
#include "api_test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct made {
  fixture f;
  fixture held; /* by another thread, all the time */
  ist_value object, function;
  ist_module *module;
  ist_host *host;
  uint32_t scope;
} made;

static int failures;

static void expect(const char *what, ist_status wanted, ist_status got) {
  if (wanted == got) return;
  fprintf(stderr, "%s: %s, not %s\n", what, ist_status_name(got), ist_status_name(wanted));
  failures++;
}

#define FORKED(call) expect(#call, IST_ERR_FORKED, call)

static void count_up(void *env) {
  ++*(int *)env;
}

static void nothing(void *env, ist_isolate *isolate) {
  (void)env;
  (void)isolate;
}

static ist_status callback(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)call;
  (void)result;
  return IST_OK;
}

/* What a child does with all that it has inherited; its exit code. */
static int child(made *m) {
  ist_isolate *isolate = m->f.isolate, *other;
  ist_context *context = m->f.context, *current;
  ist_value value;
  ist_error *error = NULL;
  uint32_t scope;
  char *text;
  int finalized = 0;
  ist_statistics statistics = {.size = sizeof statistics};
  ist_source source = {.size = sizeof source, .text = "1", .length = 1, .file = "x.js"};
  ist_script *script;
  ist_module *module;
  size_t length;
  /* A call that hangs is a failure too. */
  alarm(100);
  FORKED(ist_isolate_new(NULL, &other));
  FORKED(ist_isolate_enter(isolate));
  FORKED(ist_isolate_leave(isolate));
  FORKED(ist_isolate_run_microtasks(isolate));
  FORKED(ist_isolate_queue_microtask(isolate, m->function));
  FORKED(ist_isolate_set_uncaught(isolate, NULL, &finalized, count_up));
  FORKED(ist_isolate_terminate(isolate));
  FORKED(ist_isolate_interrupt(isolate, nothing, &finalized, count_up));
  FORKED(ist_isolate_collect(isolate));
  FORKED(ist_isolate_statistics(isolate, &statistics));
  FORKED(ist_context_new(isolate, NULL, &current));
  FORKED(ist_context_enter(context));
  FORKED(ist_context_leave(context));
  FORKED(ist_context_current(isolate, &current));
  FORKED(ist_context_global(context, &value));
  FORKED(ist_object_context(isolate, m->object, &current));
  FORKED(ist_context_share_token(context, NULL));
  FORKED(ist_context_set_data(context, NULL));
  FORKED(ist_context_data(context, (void **)&text));
  FORKED(ist_scope_open(isolate, &scope));
  FORKED(ist_scope_close(isolate, m->scope));
  FORKED(ist_value_keep(isolate, m->object, &value));
  FORKED(ist_value_weak(isolate, m->object, count_up, &finalized, &value));
  FORKED(ist_value_eternal(isolate, m->object, &value));
  FORKED(ist_value_free(isolate, m->object));
  FORKED(ist_string_new(isolate, "x", 1, &value));
  FORKED(ist_string_read(isolate, m->object, &text, NULL));
  FORKED(ist_string_length(isolate, m->object, IST_UTF8, &length));
  FORKED(ist_object_new(context, &value));
  FORKED(ist_object_get(context, m->object, "x", &value, &error));
  if (!error || error->status != IST_ERR_FORKED) failures++;
  ist_error_free(error);
  FORKED(ist_object_set(context, m->object, "x", ist_null(), NULL));
  FORKED(ist_function_new(context, "f", callback, &finalized, count_up, &value));
  FORKED(ist_function_call(context, m->function, ist_undefined(), 0, NULL, &value, NULL));
  FORKED(ist_script_eval(context, "1", 1, "x.js", &value, NULL));
  FORKED(ist_script_compile(context, &source, &script, NULL));
  FORKED(ist_module_compile(context, &source, &module, NULL));
  FORKED(ist_module_instantiate(m->module, NULL));
  FORKED(ist_throw_error(context, "Error", "x"));
  FORKED(ist_loop_post(isolate, nothing, &finalized, count_up));
  /* Each finalizer once, as ever. */
  expect("finalizers", (ist_status)5, (ist_status)finalized);
  /* What another thread held when the process was forked. */
  FORKED(ist_isolate_enter(m->held.isolate));
  FORKED(ist_object_new(m->held.context, &value));
  FORKED(ist_isolate_free(m->held.isolate));
  FORKED(ist_context_free(context));
  ist_module_free(m->module);
  FORKED(ist_isolate_free(isolate));
  FORKED(ist_isolate_enter(isolate));
  ist_host_free(m->host);
  /* What needs no isolate still works. */
  error = ist_error_new(IST_ERR_IO, NULL, "plain");
  if (!error || !error->message) failures++;
  ist_error_free(error);
  return failures ? 1 : 0;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int phase;

static void reach_phase(int next) {
  pthread_mutex_lock(&mutex);
  phase = next;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static void await_phase(int wanted) {
  pthread_mutex_lock(&mutex);
  while (phase < wanted) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
}

static void *hold(void *env) {
  made *m = env;
  ist_isolate_enter(m->held.isolate);
  reach_phase(1);
  await_phase(2);
  ist_isolate_leave(m->held.isolate);
  return NULL;
}

/* `abruptly`: as a child should end; otherwise with the process's exit handlers, among which a
 * sanitizer's would count the parent's heaps as lost. */
static int fork_and_wait(made *m, bool abruptly) {
  int status = 0;
  fflush(NULL);
  pid_t pid = fork();
  if (!pid) {
    int code = child(m);
    if (abruptly) _exit(code);
    exit(code);
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_false(WIFSIGNALED(status));
  return WEXITSTATUS(status);
}

static ist_status fork_within(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  *result = ist_int32(fork_and_wait(env, true));
  return IST_OK;
}

static void calls_in_a_child_are_refused(void **state) {
  made m = {.f = *(fixture *)*state, .scope = 1};
  ist_value got;
  ist_source source = {.size = sizeof source, .text = "1", .length = 1, .file = "m.mjs"};
  pthread_t holder;
  assert_ok(ist_isolate_new(NULL, &m.held.isolate));
  assert_ok(ist_context_new(m.held.isolate, NULL, &m.held.context));
  assert_ok(ist_object_new(m.f.context, &m.object));
  assert_ok(ist_function_new(m.f.context, "fork", fork_within, &m, NULL, &m.function));
  assert_ok(ist_module_compile(m.f.context, &source, &m.module, NULL));
  assert_ok(ist_host_new(NULL, &m.host));
  assert_int_equal(pthread_create(&holder, NULL, hold, &m), 0);
  await_phase(1);

  assert_int_equal(fork_and_wait(&m, true), 0);
  if (!getenv("ISTHMUS_SANITIZE")) assert_int_equal(fork_and_wait(&m, false), 0);
  /* While it is entered. */
  assert_ok(ist_isolate_enter(m.f.isolate));
  assert_ok(ist_scope_open(m.f.isolate, &m.scope));
  assert_ok(ist_context_enter(m.f.context));
  assert_int_equal(fork_and_wait(&m, true), 0);
  if (!getenv("ISTHMUS_SANITIZE")) assert_int_equal(fork_and_wait(&m, false), 0);
  /* While JavaScript is on the stack. */
  assert_ok(ist_function_call(m.f.context, m.function, ist_undefined(), 0, NULL, &got, NULL));
  assert_int_equal(got.as.int32, 0);
  assert_ok(ist_context_leave(m.f.context));
  assert_ok(ist_scope_close(m.f.isolate, m.scope));
  assert_ok(ist_isolate_leave(m.f.isolate));

  /* The parent goes on. */
  reach_phase(2);
  pthread_join(holder, NULL);
  got = eval(*state, "[1, 2, 3].map(x => x * 2)[2]");
  assert_int_equal(got.as.int32, 6);
  ist_module_free(m.module);
  ist_host_free(m.host);
  assert_ok(ist_isolate_free(m.held.isolate));
}

static void *fork_often(void *env) {
  (void)env;
  for (int i = 0; i < 50; i++) {
    pid_t pid = fork();
    if (!pid) {
      ist_isolate *isolate;
      alarm(100);
      _exit(ist_isolate_new(NULL, &isolate) == IST_ERR_FORKED ? 0 : 1);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid || status) return "failed";
  }
  return NULL;
}

static void forks_while_isolates_come_and_go(void **state) {
  (void)state;
  pthread_t thread;
  void *failed = NULL;
  assert_int_equal(pthread_create(&thread, NULL, fork_often, NULL), 0);
  for (int i = 0; i < 100; i++) {
    ist_isolate *isolate;
    ist_context *context;
    assert_ok(ist_isolate_new(NULL, &isolate));
    assert_ok(ist_context_new(isolate, NULL, &context));
    assert_ok(ist_isolate_free(isolate));
  }
  pthread_join(thread, &failed);
  assert_null(failed);
}

int main(void) {
  /* ThreadSanitizer does not follow a process with threads into its children. */
  const char *sanitizer = getenv("ISTHMUS_SANITIZE");
  if (sanitizer && strstr(sanitizer, "thread")) return 0;
  const struct CMUnitTest tests[] = {
      TEST(calls_in_a_child_are_refused),
      TEST(forks_while_isolates_come_and_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
