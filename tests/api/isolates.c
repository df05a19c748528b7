/* Isolates: their making and end in every order, the hooks for what nobody catches, statistics, and
 * the refusal of more than the kernel has room for. */
#include "api_test.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void count_up(void *env) {
  ++*(int *)env;
}

static void freed_isolates_are_answered(void **state) {
  (void)state;
  ist_isolate *isolate;
  ist_context *context;
  ist_value value;
  uint32_t scope = 1;
  int called = 0;
  ist_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_context_new(isolate, NULL, &context));
  assert_ok(ist_isolate_free(isolate));
  assert_status(IST_ERR_HANDLE, ist_isolate_free(isolate));
  assert_status(IST_ERR_HANDLE, ist_isolate_enter(isolate));
  assert_status(IST_ERR_HANDLE, ist_isolate_leave(isolate));
  assert_status(IST_ERR_HANDLE, ist_scope_open(isolate, &scope));
  assert_status(IST_ERR_HANDLE, ist_scope_close(isolate, scope));
  assert_status(IST_ERR_HANDLE, ist_isolate_terminate(isolate));
  assert_status(IST_ERR_HANDLE, ist_isolate_run_microtasks(isolate));
  assert_status(IST_ERR_HANDLE, ist_isolate_queue_microtask(isolate, ist_null()));
  assert_status(IST_ERR_HANDLE, ist_isolate_collect(isolate));
  assert_status(IST_ERR_HANDLE, ist_isolate_statistics(isolate, &statistics));
  assert_status(IST_ERR_HANDLE, ist_isolate_set_uncaught(isolate, NULL, &called, count_up));
  assert_int_equal(called, 1);
  assert_status(
      IST_ERR_HANDLE,
      ist_isolate_interrupt(isolate, (void (*)(void *, ist_isolate *))abort, &called, count_up));
  assert_int_equal(called, 2);
  assert_status(IST_ERR_HANDLE, ist_string_new(isolate, "", 0, &value));
  assert_status(IST_ERR_HANDLE, ist_context_new(isolate, NULL, &context));
  assert_status(IST_ERR_HANDLE, ist_context_global(context, &value));
  assert_status(IST_ERR_HANDLE, ist_context_free(context));
  assert_null(ist_context_isolate(context));
}

static void stale_pointers_stay_stale_for_a_while(void **state) {
  (void)state;
  ist_isolate *stale[32];
  for (int i = 0; i < 32; i++) {
    assert_ok(ist_isolate_new(NULL, &stale[i]));
    assert_ok(ist_isolate_free(stale[i]));
    for (int j = 0; j <= i; j++) assert_status(IST_ERR_HANDLE, ist_isolate_enter(stale[j]));
  }
}

static void options_are_checked(void **state) {
  (void)state;
  ist_isolate *isolate = NULL;
  ist_isolate_options options = {.size = sizeof options};
  assert_status(IST_ERR_ARGUMENT, ist_isolate_new(&options, NULL));
  options.size = 3;
  assert_status(IST_ERR_ARGUMENT, ist_isolate_new(&options, &isolate));
  options.size = sizeof options;
  options.microtasks = (ist_microtasks)7;
  assert_status(IST_ERR_ARGUMENT, ist_isolate_new(&options, &isolate));
  assert_null(isolate);
  options.microtasks = IST_MICROTASKS_AUTO;
  options.heap_limit = (size_t)64 << 20;
  assert_ok(ist_isolate_new(&options, &isolate));
  ist_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_isolate_statistics(isolate, &statistics));
  assert_in_range(statistics.heap_limit, (size_t)32 << 20, (size_t)128 << 20);
  /* A caller built with less of the struct than there is now. */
  options.size = sizeof options.size;
  ist_isolate *other;
  assert_ok(ist_isolate_new(&options, &other));
  assert_ok(ist_isolate_free(other));
  assert_ok(ist_isolate_free(isolate));
}

static void statistics_count(void **state) {
  fixture *f = *state;
  ist_statistics before = {.size = sizeof before}, after = {.size = sizeof after};
  assert_status(IST_ERR_ARGUMENT, ist_isolate_statistics(f->isolate, NULL));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_statistics(f->isolate, &before));
  assert_true(before.heap_used > 0 && before.heap_total >= before.heap_used &&
              before.heap_limit > before.heap_total && before.heap_physical > 0);
  assert_int_equal(before.native_contexts, 1);
  assert_int_equal(before.detached_contexts, 0);
  ist_value values[100];
  for (int i = 0; i < 100; i++) values[i] = text(f, "x");
  ist_value big =
      eval(f, "globalThis.a = Array.from({length: 1e5}, (_, i) => [i]); new Uint8Array(1 << 24)");
  ist_context *other;
  assert_ok(ist_context_new(f->isolate, NULL, &other));
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(after.handles - before.handles, 101);
  assert_int_equal(after.native_contexts, 2);
  assert_true(after.heap_used > before.heap_used + 1000000);
  assert_true(after.external >= before.external + (1 << 24));
  /* A freed context is detached while something of it is reachable. */
  ist_value object;
  assert_ok(ist_object_new(other, &object));
  assert_ok(ist_context_free(other));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(after.detached_contexts, 1);
  assert_ok(ist_value_free(f->isolate, object));
  assert_ok(ist_value_free(f->isolate, big));
  for (int i = 0; i < 100; i++) assert_ok(ist_value_free(f->isolate, values[i]));
  for (int i = 0; i < 3; i++) assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(after.detached_contexts, 0);
  assert_int_equal(after.native_contexts, 1);
  assert_int_equal(after.handles, before.handles);
}

/* ---- Entering ---- */

static void entering_is_counted(void **state) {
  fixture *f = *state;
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
  assert_ok(ist_isolate_enter(f->isolate));
  assert_ok(ist_isolate_enter(f->isolate));
  assert_ok(ist_isolate_leave(f->isolate));
  assert_ok(ist_isolate_leave(f->isolate));
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
  assert_status(IST_ERR_ARGUMENT, ist_isolate_enter(NULL));
  assert_status(IST_ERR_ARGUMENT, ist_isolate_leave(NULL));
}

static void isolates_nest_on_one_thread(void **state) {
  fixture *a = *state;
  void *second;
  setup(&second);
  fixture *b = second;
  uint32_t scope, other;
  ist_value mine, theirs;
  assert_ok(ist_isolate_enter(a->isolate));
  mine = text(a, "mine");
  assert_ok(ist_scope_open(b->isolate, &scope));
  theirs = text(b, "theirs");
  /* Another isolate's turn in between: both are usable, none can be left but the last. */
  assert_text(a, "mine", mine);
  assert_status(IST_ERR_STATE, ist_isolate_leave(a->isolate));
  assert_status(IST_ERR_STATE, ist_isolate_free(a->isolate));
  assert_ok(ist_scope_open(a->isolate, &other));
  assert_text(b, "theirs", theirs);
  assert_status(IST_ERR_ARGUMENT, ist_scope_close(b->isolate, scope));
  assert_status(IST_ERR_STATE, ist_isolate_leave(a->isolate));
  assert_status(IST_ERR_STATE, ist_isolate_free(b->isolate));
  assert_ok(ist_scope_close(a->isolate, other));
  assert_ok(ist_scope_close(b->isolate, scope));
  assert_ok(ist_isolate_leave(a->isolate));
  assert_status(IST_ERR_STATE, ist_isolate_leave(b->isolate));
  assert_ok(ist_isolate_free(b->isolate));
  free(b);
}

static void an_entered_isolate_can_be_freed(void **state) {
  fixture *f = *state;
  ist_isolate *isolate;
  ist_context *context;
  uint32_t scope;
  ist_value value;
  assert_ok(ist_isolate_enter(f->isolate));
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_context_new(isolate, NULL, &context));
  assert_ok(ist_isolate_enter(isolate));
  assert_ok(ist_scope_open(isolate, &scope));
  assert_ok(ist_context_enter(context));
  assert_ok(ist_object_new(context, &value));
  assert_ok(ist_isolate_free(isolate));
  assert_status(IST_ERR_HANDLE, ist_context_leave(context));
  assert_text(f, "still", text(f, "still"));
  assert_ok(ist_isolate_leave(f->isolate));
}

/* ---- Callbacks ---- */

typedef struct visit {
  fixture *f;
  fixture *other;
  uint32_t outer; /* a scope that was opened before the callback */
  int calls;
} visit;

/* Leaves what it must not, and does not leave what it should. */
static ist_status unruly(void *env, const ist_call *call, ist_value *result) {
  visit *v = env;
  ist_isolate *isolate = v->f->isolate;
  uint32_t scope, ignored;
  v->calls++;
  (void)call;
  assert_status(IST_ERR_STATE, ist_isolate_leave(isolate));
  assert_status(IST_ERR_STATE, ist_context_leave(v->f->context));
  assert_status(IST_ERR_ARGUMENT, ist_scope_close(isolate, v->outer));
  assert_status(IST_ERR_STATE, ist_isolate_free(isolate));
  assert_status(IST_ERR_STATE, ist_isolate_free(v->other->isolate));
  assert_ok(ist_scope_open(isolate, &scope));
  assert_ok(ist_scope_open(isolate, &ignored));
  assert_ok(ist_scope_close(isolate, scope));
  assert_status(IST_ERR_ARGUMENT, ist_scope_close(isolate, ignored));
  assert_ok(ist_isolate_enter(isolate));
  assert_ok(ist_scope_open(v->other->isolate, &ignored));
  assert_ok(ist_context_enter(v->other->context));
  assert_ok(ist_isolate_enter(isolate));
  assert_ok(ist_context_enter(v->f->context));
  assert_ok(ist_scope_open(isolate, &ignored));
  *result = ist_int32(v->calls);
  return IST_OK;
}

static void what_a_callback_leaves_open_is_undone(void **state) {
  fixture *f = *state;
  void *second;
  setup(&second);
  fixture *other = second;
  visit v = {f, other, 0, 0};
  ist_value function, result;
  ist_statistics before = {.size = sizeof before}, after = {.size = sizeof after};
  /* Entered below, so that freeing it within the callback would pull it from under us. */
  assert_ok(ist_isolate_enter(other->isolate));
  assert_ok(ist_function_new(f->context, "unruly", unruly, &v, NULL, &function));
  assert_ok(ist_context_enter(f->context));
  assert_ok(ist_scope_open(f->isolate, &v.outer));
  assert_ok(ist_isolate_statistics(f->isolate, &before));
  for (int i = 1; i <= 100; i++) {
    assert_ok(ist_function_call(f->context, function, ist_undefined(), 0, NULL, &result, NULL));
    assert_int_equal(result.as.int32, i);
  }
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(after.handles, before.handles);
  assert_ok(ist_scope_close(f->isolate, v.outer));
  assert_ok(ist_context_leave(f->context));
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
  assert_ok(ist_isolate_leave(other->isolate));
  assert_status(IST_ERR_STATE, ist_isolate_leave(other->isolate));
  teardown(&second);
}

typedef struct finalized {
  ist_isolate *isolate;
  ist_status freed, left;
  int calls;
} finalized;

/* A finalizer must not call into the isolate; one that does is answered. */
static void rude_finalizer(void *env) {
  finalized *f = env;
  f->calls++;
  f->freed = ist_isolate_free(f->isolate);
  f->left = ist_isolate_leave(f->isolate);
}

static ist_status nothing(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)call;
  (void)result;
  return IST_OK;
}

static void finalizers_run_while_entered(void **state) {
  fixture *f = *state;
  finalized seen = {.isolate = f->isolate};
  ist_value function;
  assert_ok(ist_isolate_enter(f->isolate));
  for (int i = 0; i < 50; i++) {
    assert_ok(ist_function_new(f->context, "f", nothing, &seen, rude_finalizer, &function));
    assert_ok(ist_value_free(f->isolate, function));
  }
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_true(seen.calls >= 49);
  assert_int_equal(seen.freed, IST_ERR_STATE);
  assert_int_equal(seen.left, IST_ERR_STATE);
  assert_ok(ist_isolate_leave(f->isolate));
  /* Whatever has not run by then runs at the end, once. */
  fixture last;
  assert_ok(ist_isolate_new(NULL, &last.isolate));
  assert_ok(ist_context_new(last.isolate, NULL, &last.context));
  seen = (finalized){.isolate = last.isolate};
  assert_ok(ist_function_new(last.context, "f", nothing, &seen, rude_finalizer, &function));
  assert_ok(ist_value_weak(last.isolate, function, rude_finalizer, &seen, &function));
  assert_ok(ist_isolate_set_uncaught(last.isolate, NULL, &seen, rude_finalizer));
  assert_ok(ist_isolate_interrupt(last.isolate, (void (*)(void *, ist_isolate *))abort, &seen,
                                  rude_finalizer));
  assert_ok(ist_isolate_free(last.isolate));
  assert_int_equal(seen.calls, 4);
  assert_int_not_equal(seen.freed, IST_OK);
  assert_int_not_equal(seen.left, IST_OK);
}

/* ---- What nobody catches ---- */

typedef struct heard {
  int count;
  char message[64];
  ist_type promise;
  ist_status again;
} heard;

static void hear(void *env, ist_context *context, const ist_error *error, ist_value promise) {
  heard *h = env;
  ist_value value;
  h->count++;
  snprintf(h->message, sizeof h->message, "%s", error->message ? error->message : "");
  h->promise = (ist_type)promise.type;
  h->again = ist_script_eval(context, "1 + 1", 5, "hear.js", &value, NULL);
}

static void unhandled_rejections_are_told(void **state) {
  fixture *f = *state;
  heard h = {0};
  int finalized = 0;
  assert_ok(ist_isolate_set_uncaught(f->isolate, hear, &h, NULL));
  eval(f, "Promise.reject(new Error('one'))");
  assert_int_equal(h.count, 0);
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(h.count, 1);
  assert_string_equal(h.message, "one");
  assert_int_equal(h.promise, IST_OBJECT);
  assert_int_equal(h.again, IST_OK);
  /* Handled before the microtasks have run: not told, in whichever order they are handled. */
  eval(f, "{ const all = Array.from({length: 20000}, (_, i) => Promise.reject(i));"
          "  for (const one of all.reverse()) one.catch(() => {}); }");
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(h.count, 1);
  /* A microtask that throws has no caller either. */
  assert_ok(ist_isolate_queue_microtask(f->isolate, eval(f, "() => { throw new Error('two') }")));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(h.count, 2);
  assert_string_equal(h.message, "two");
  assert_int_equal(h.promise, IST_UNDEFINED);
  assert_status(IST_ERR_TYPE, ist_isolate_queue_microtask(f->isolate, ist_int32(1)));
  /* Of a context that was freed nothing is told. */
  ist_context *other;
  ist_value value;
  const char *source = "Promise.reject(new Error('three'))";
  assert_ok(ist_context_new(f->isolate, NULL, &other));
  assert_ok(ist_script_eval(other, source, strlen(source), "other.js", &value, NULL));
  assert_ok(ist_context_free(other));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(h.count, 2);
  assert_ok(ist_isolate_set_uncaught(f->isolate, NULL, &finalized, count_up));
  eval(f, "Promise.reject(4)");
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(h.count, 2);
  assert_ok(ist_isolate_set_uncaught(f->isolate, NULL, NULL, NULL));
  assert_int_equal(finalized, 1);
}

static void stop(void *env, ist_context *context, const ist_error *error, ist_value promise) {
  (void)error;
  (void)promise;
  ist_isolate *isolate = env;
  assert_status(IST_ERR_STATE, ist_isolate_free(isolate));
  assert_ok(ist_context_free(context));
}

static void a_hook_may_free_the_context(void **state) {
  fixture *f = *state;
  ist_value value;
  assert_ok(ist_isolate_set_uncaught(f->isolate, stop, f->isolate, NULL));
  eval(f, "Promise.reject(1); Promise.reject(2)");
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_status(IST_ERR_HANDLE, ist_context_global(f->context, &value));
}

/* ---- Many ---- */

static size_t mappings(void) {
  FILE *file = fopen("/proc/self/maps", "r");
  size_t lines = 0;
  for (int c; (c = getc(file)) != EOF;) lines += c == '\n';
  fclose(file);
  return lines;
}

/* How many isolates are alive at once in the tests: each takes a few megabytes under a sanitizer.
 */
static size_t many(void) {
  return getenv("ISTHMUS_SANITIZE") ? 100 : 2500;
}

static void thousands_live_at_once(void **state) {
  (void)state;
  size_t count = many();
  ist_isolate **isolates = calloc(count, sizeof *isolates);
  ist_context *context = NULL;
  ist_value value;
  for (size_t i = 0; i < count; i++) assert_ok(ist_isolate_new(NULL, &isolates[i]));
  /* The first and the last work like any other. */
  for (size_t i = 0; i < count; i += count - 1) {
    assert_ok(ist_context_new(isolates[i], NULL, &context));
    assert_ok(ist_script_eval(context, "6 * 7", 5, "many.js", &value, NULL));
    assert_int_equal(value.as.int32, 42);
  }
  for (size_t i = 0; i < count; i++) assert_ok(ist_isolate_free(isolates[i]));
  free(isolates);
}

/* Takes most of the kernel's mappings away, makes isolates until they are refused, and sees that
 * the process goes on: JavaScript in them, all freed, new ones. */
static void too_many_are_refused(void **state) {
  (void)state;
  /* Sanitizers have mappings of their own by the thousand. */
  if (getenv("ISTHMUS_SANITIZE")) skip();
  FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
  size_t limit = 0;
  if (!file || fscanf(file, "%zu", &limit) != 1 || limit > 200000) {
    if (file) fclose(file);
    skip();
  }
  fclose(file);
  size_t page = (size_t)sysconf(_SC_PAGESIZE), left = 12000;
  size_t taken = limit - left - mappings();
  char *pages = mmap(NULL, taken * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(pages, MAP_FAILED);
  for (size_t i = 0; i < taken; i += 2) mprotect(pages + i * page, page, PROT_READ);
  assert_in_range(mappings(), limit - left - 1000, limit - left + 1000);

  static ist_isolate *isolates[4000];
  ist_isolate *refused = NULL;
  size_t count = 0;
  ist_status status = IST_OK;
  while (count < 4000 && (status = ist_isolate_new(NULL, &isolates[count])) == IST_OK) count++;
  assert_int_equal(status, IST_ERR_RESOURCE);
  assert_true(count >= 50);
  assert_status(IST_ERR_RESOURCE, ist_isolate_new(NULL, &refused));
  assert_null(refused);
  assert_true(mappings() < limit - 2000);
  for (size_t i = 0; i < count; i++) {
    ist_context *context;
    ist_value value;
    const char *source = "let s = 0; for (let i = 0; i < 1000; i++) s += [i].length; s";
    assert_ok(ist_context_new(isolates[i], NULL, &context));
    assert_ok(ist_script_eval(context, source, strlen(source), "full.js", &value, NULL));
    assert_int_equal(value.as.int32, 1000);
  }
  for (size_t i = 0; i < count; i++) assert_ok(ist_isolate_free(isolates[i]));
  /* V8 gives what it had back a little later. */
  for (size_t i = 0; i < count / 2; i++) assert_ok(ist_isolate_new(NULL, &isolates[i]));
  for (size_t i = 0; i < count / 2; i++) assert_ok(ist_isolate_free(isolates[i]));
  munmap(pages, taken * page);
  assert_ok(ist_isolate_new(NULL, &isolates[0]));
  assert_ok(ist_isolate_free(isolates[0]));
}

/* In a child, which starts V8 itself: there is no going back from a limit on addresses. */
static void a_heap_that_cannot_be_reserved_is_refused(void **state) {
  (void)state;
  if (getenv("ISTHMUS_SANITIZE")) skip();
  int status;
  pid_t child = fork();
  if (!child) {
    char *const argv[] = {"isolates", "--limited", NULL};
    execv("/proc/self/exe", argv);
    _exit(99);
  }
  waitpid(child, &status, 0);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

static int limited(void) {
  ist_isolate *isolates[64];
  int count = 0;
  if (ist_isolate_new(NULL, &isolates[count++])) return 1;
  struct rlimit limit = {(rlim_t)3 << 30, (rlim_t)3 << 30};
  if (setrlimit(RLIMIT_AS, &limit)) return 2;
  ist_status status = IST_OK;
  while (count < 64 && (status = ist_isolate_new(NULL, &isolates[count])) == IST_OK) count++;
  if (status != IST_ERR_RESOURCE) return 3;
  while (count-- > 0) ist_isolate_free(isolates[count]);
  return ist_isolate_new(NULL, &isolates[0]) ? 4 : 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "--limited")) return limited();
  const struct CMUnitTest tests[] = {
      /* First: in a process that has not started V8 yet. */
      cmocka_unit_test(a_heap_that_cannot_be_reserved_is_refused),
      cmocka_unit_test(freed_isolates_are_answered),
      cmocka_unit_test(stale_pointers_stay_stale_for_a_while),
      cmocka_unit_test(options_are_checked),
      TEST(statistics_count),
      TEST(entering_is_counted),
      TEST(isolates_nest_on_one_thread),
      TEST(an_entered_isolate_can_be_freed),
      TEST(what_a_callback_leaves_open_is_undone),
      TEST(finalizers_run_while_entered),
      TEST(unhandled_rejections_are_told),
      TEST(a_hook_may_free_the_context),
      cmocka_unit_test(thousands_live_at_once),
      cmocka_unit_test(too_many_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
