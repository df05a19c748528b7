/* The event loop of an isolate: under a foreign loop and by itself, timers in order, callbacks
 * posted from other threads, references, and memory that stays flat. */
#include "ending_test.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

static int setup_web(void **state) {
  setup(state);
  fixture *f = *state;
  assert_ok(ist_context_add_web(f->context, NULL, NULL));
  return 0;
}

static void run_to_end(fixture *f) {
  bool alive = true;
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, &alive));
  assert_false(alive);
}

static bool readable(int fd, int timeout) {
  struct pollfd ready = {fd, POLLIN, 0};
  return poll(&ready, 1, timeout) == 1;
}

/* ---- Running ---- */

/* A timer is due so long after it was made: they are made again until that took less time than lies
 * between them. */
static void timers_run_in_order(void **state) {
  fixture *f = *state;
  eval(f, "var seen, made, begun, take = (word) => { seen.push(word) };"
          "function make() {"
          "  const c = setTimeout(take, 130, 'cleared');"
          "  return [setTimeout(take, 160, 'c'),"
          "    setTimeout(() => { take('a'); Promise.resolve().then(() => take('m')) }, 80),"
          "    setTimeout(take, 80, 'b'),"
          "    setTimeout((x, y) => take(x + y), 40, 'ar', 'g'),"
          "    c, setTimeout(() => clearTimeout(c), 50)];"
          "}"
          "do {"
          "  made?.forEach(clearTimeout);"
          "  seen = [];"
          "  begun = performance.now();"
          "  made = make();"
          "} while (performance.now() - begun > 8);"
          "clearTimeout(setTimeout(take, 1, 'cleared at once'))");
  run_to_end(f);
  assert_text(f, "arg,a,m,b,c", eval(f, "seen.join()"));
  eval(f,
       "seen = [];"
       "setImmediate(() => { take('im'); setImmediate(take, 'im2') }); setImmediate(take, 'im1')");
  run_to_end(f);
  assert_text(f, "im,im1,im2", eval(f, "seen.join()"));
  eval(f, "seen = []; const i = setInterval(() => { seen.push(seen.length);"
          "  if (seen.length === 4) clearInterval(i) }, 2)");
  run_to_end(f);
  assert_text(f, "0,1,2,3", eval(f, "seen.join()"));
}

static void modes(void **state) {
  fixture *f = *state;
  bool alive = true;
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
  assert_false(alive);
  /* With nothing to wait for, nothing is waited for. */
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_ONCE, &alive));
  assert_false(alive);
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, NULL));

  eval(f, "globalThis.n = 0; const last = setTimeout(() => n++, 1e9)");
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
  assert_true(alive);
  assert_int_equal(eval(f, "n").as.int32, 0);
  /* What V8's own threads have done may end a wait, too. */
  eval(f, "setTimeout(() => n++, 30)");
  while (eval(f, "n").as.int32 == 0) {
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_ONCE, &alive));
    assert_true(alive);
  }
  assert_int_equal(eval(f, "n").as.int32, 1);
  eval(f, "clearTimeout(last); setTimeout(() => n++, 5)");
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, &alive));
  assert_false(alive);
  assert_int_equal(eval(f, "n").as.int32, 2);
  /* Microtasks that were queued outside run first. */
  eval(f, "Promise.resolve().then(() => { n = 7 })");
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
  assert_int_equal(eval(f, "n").as.int32, 7);
}

static void bad_arguments(void **state) {
  fixture *f = *state;
  int number;
  assert_status(IST_ERR_ARGUMENT, ist_loop_fd(NULL, &number));
  assert_status(IST_ERR_ARGUMENT, ist_loop_fd(f->isolate, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_loop_timeout(NULL, &number));
  assert_status(IST_ERR_ARGUMENT, ist_loop_timeout(f->isolate, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_loop_run(NULL, IST_LOOP_ONCE, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_loop_run(f->isolate, (ist_loop_mode)9, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_loop_post(f->isolate, NULL, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_loop_ref(NULL));
  assert_status(IST_ERR_ARGUMENT, ist_loop_unref(NULL));
}

/* ---- Under a foreign loop ---- */

static void an_epoll_loop_drives_it(void **state) {
  fixture *f = *state;
  int fd, timeout, own = epoll_create1(EPOLL_CLOEXEC);
  assert_ok(ist_loop_fd(f->isolate, &fd));
  struct epoll_event watch = {.events = EPOLLIN}, event;
  assert_int_equal(epoll_ctl(own, EPOLL_CTL_ADD, fd, &watch), 0);
  assert_ok(ist_loop_timeout(f->isolate, &timeout));
  assert_int_equal(timeout, -1);
  eval(f, "globalThis.seen = []; let n = 0;"
          "const i = setInterval(() => { seen.push(++n); if (n === 5) clearInterval(i) }, 3)");
  assert_ok(ist_loop_timeout(f->isolate, &timeout));
  assert_in_range(timeout, 0, 3);
  bool alive = true;
  int turns = 0;
  while (alive) {
    assert_ok(ist_loop_timeout(f->isolate, &timeout));
    assert_true(epoll_wait(own, &event, 1, timeout) >= 0);
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
    assert_true(++turns < 100);
  }
  assert_text(f, "1,2,3,4,5", eval(f, "seen.join()"));
  assert_ok(ist_loop_timeout(f->isolate, &timeout));
  assert_int_equal(timeout, -1);
  close(own);
}

/* Whoever waits already must learn of a timer that is made meanwhile. */
static void the_descriptor_tells_of_new_timers(void **state) {
  fixture *f = *state;
  int fd, timeout;
  assert_ok(ist_loop_fd(f->isolate, &fd));
  assert_false(readable(fd, 0));
  eval(f, "setTimeout(() => {}, 1e9)");
  assert_true(readable(fd, 0));
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, NULL));
  assert_false(readable(fd, 0));
  eval(f, "setTimeout(() => {}, 2e9)"); /* later than what is known already */
  assert_false(readable(fd, 0));
  eval(f, "setImmediate(() => {})");
  assert_true(readable(fd, 0));
  assert_ok(ist_loop_timeout(f->isolate, &timeout));
  assert_int_equal(timeout, 0);
}

/* The same when there is nothing left to wait for. */
static void the_descriptor_tells_of_cleared_timers(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 2; i++) {
    int fd;
    bool alive;
    assert_ok(ist_loop_fd(f->isolate, &fd));
    eval(f, "var first = setTimeout(() => {}, 1e9), last = setInterval(() => {}, 1e9)");
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
    assert_true(alive);
    eval(f, "clearTimeout(first)");
    assert_false(readable(fd, 0));
    if (i)
      assert_ok(ist_context_free(f->context));
    else
      eval(f, "clearInterval(last)");
    assert_true(readable(fd, 0));
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
    assert_false(alive);
  }
}

static void nothing(void *env, ist_isolate *isolate) {
  (void)env;
  (void)isolate;
}

static void the_descriptor_tells_of_posts(void **state) {
  fixture *f = *state;
  int fd, timeout;
  /* Also of one that is older than the loop. */
  assert_ok(ist_loop_post(f->isolate, nothing, NULL, NULL));
  assert_ok(ist_loop_fd(f->isolate, &fd));
  for (int i = 0; i < 3; i++) {
    assert_true(readable(fd, 0));
    assert_ok(ist_loop_timeout(f->isolate, &timeout));
    assert_int_equal(timeout, 0);
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, NULL));
    assert_false(readable(fd, 0));
    assert_ok(ist_loop_timeout(f->isolate, &timeout));
    assert_int_equal(timeout, -1);
    assert_ok(ist_loop_post(f->isolate, nothing, NULL, NULL));
  }
}

/* V8's own tasks: a WebAssembly module is compiled by other threads, and goes on on this one. */
static void tasks_of_v8_run(void **state) {
  fixture *f = *state;
  static const char compile[] =
      "globalThis.done = 0;"
      "WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127,"
      "  3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65, 42, 11]))"
      ".then((r) => { done += r.instance.exports.f() })";
  eval(f, compile);
  run_to_end(f);
  assert_int_equal(eval(f, "done").as.int32, 42);

  int fd, timeout;
  bool alive = true;
  assert_ok(ist_loop_fd(f->isolate, &fd));
  eval(f, compile);
  while (eval(f, "done").as.int32 != 42) {
    assert_ok(ist_loop_timeout(f->isolate, &timeout));
    if (timeout < 0 || timeout > 1000) timeout = 1000;
    (void)readable(fd, timeout);
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
  }

  eval(f, "globalThis.collected = [];"
          "const registry = new FinalizationRegistry((x) => { collected.push(x) });"
          "(() => { for (let i = 0; i < 3; i++) registry.register({}, i) })()");
  for (int i = 0; i < 10 && eval(f, "collected.length").as.int32 < 3; i++) {
    assert_ok(ist_isolate_collect(f->isolate));
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, NULL));
  }
  assert_text(f, "0,1,2", eval(f, "collected.sort().join()"));
}

/* ---- Posting ---- */

enum { POSTERS = 4, POSTS = 10000 };

typedef struct poster {
  ist_isolate *isolate;
  int next;      /* on the isolate's thread: which is expected */
  int finalized; /* the same */
  int sent;      /* on the poster's thread */
  bool ok;
} poster;

typedef struct parcel {
  poster *from;
  int number;
} parcel;

static void take_parcel(void *env, ist_isolate *isolate) {
  parcel *taken = env;
  if (taken->from->next++ != taken->number || isolate != taken->from->isolate)
    taken->from->ok = false;
}

static void free_parcel(void *env) {
  parcel *taken = env;
  taken->from->finalized++;
  free(taken);
}

static void *post_many(void *arg) {
  poster *self = arg;
  for (int i = 0; i < POSTS; i++) {
    parcel *made = malloc(sizeof *made);
    *made = (parcel){self, i};
    if (!ist_loop_post(self->isolate, take_parcel, made, free_parcel)) self->sent++;
  }
  (void)ist_loop_unref(self->isolate);
  return NULL;
}

static void posts_from_threads_keep_their_order(void **state) {
  fixture *f = *state;
  poster posters[POSTERS];
  pthread_t threads[POSTERS];
  for (int i = 0; i < POSTERS; i++) {
    posters[i] = (poster){.isolate = f->isolate, .ok = true};
    assert_ok(ist_loop_ref(f->isolate));
    pthread_create(&threads[i], NULL, post_many, &posters[i]);
  }
  run_to_end(f);
  for (int i = 0; i < POSTERS; i++) {
    pthread_join(threads[i], NULL);
    assert_true(posters[i].ok);
    assert_int_equal(posters[i].sent, POSTS);
    assert_int_equal(posters[i].next, POSTS);
    assert_int_equal(posters[i].finalized, POSTS);
  }
}

static void count(void *env) {
  ++*(int *)env;
}

static void posts_that_never_ran_are_finalized(void **state) {
  (void)state;
  ist_isolate *isolate;
  int finalized = 0;
  for (int with_loop = 0; with_loop < 2; with_loop++) {
    assert_ok(ist_isolate_new(NULL, &isolate));
    if (with_loop) assert_ok(ist_loop_run(isolate, IST_LOOP_NOWAIT, NULL));
    for (int i = 0; i < 100; i++) assert_ok(ist_loop_post(isolate, nothing, &finalized, count));
    assert_int_equal(finalized, 0);
    assert_ok(ist_isolate_free(isolate));
    assert_int_equal(finalized, 100);
    finalized = 0;
    assert_status(IST_ERR_HANDLE, ist_loop_post(isolate, nothing, &finalized, count));
    assert_int_equal(finalized, 1);
    finalized = 0;
  }
  assert_status(IST_ERR_ARGUMENT, ist_loop_post(NULL, nothing, &finalized, count));
  assert_int_equal(finalized, 1);
}

static void a_freed_isolate_has_no_loop(void **state) {
  (void)state;
  ist_isolate *isolate;
  int number;
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_loop_ref(isolate));
  assert_ok(ist_isolate_free(isolate));
  assert_status(IST_ERR_HANDLE, ist_loop_fd(isolate, &number));
  assert_status(IST_ERR_HANDLE, ist_loop_timeout(isolate, &number));
  assert_status(IST_ERR_HANDLE, ist_loop_run(isolate, IST_LOOP_NOWAIT, NULL));
  assert_status(IST_ERR_HANDLE, ist_loop_ref(isolate));
  assert_status(IST_ERR_HANDLE, ist_loop_unref(isolate));
}

typedef struct nested {
  fixture *f;
  ist_status run, free;
  int order;
} nested;

static void run_within(void *env, ist_isolate *isolate) {
  nested *test = env;
  test->run = ist_loop_run(isolate, IST_LOOP_NOWAIT, NULL);
  test->free = ist_isolate_free(isolate);
  /* What a post queues runs right behind it, and what it posts in the next turn. */
  eval(test->f,
       "Promise.resolve().then(() => { globalThis.seen = (globalThis.seen ?? '') + 'm' })");
  if (!test->order++) assert_ok(ist_loop_post(isolate, run_within, test, NULL));
}

static void the_loop_is_not_run_within_itself(void **state) {
  fixture *f = *state;
  nested test = {.f = f};
  bool alive;
  assert_ok(ist_loop_post(f->isolate, run_within, &test, NULL));
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
  assert_string_equal(ist_status_name(test.run), "ERR_STATE");
  assert_string_equal(ist_status_name(test.free), "ERR_STATE");
  assert_true(alive);
  assert_text(f, "m", eval(f, "seen"));
  run_to_end(f);
  assert_int_equal(test.order, 2);
  assert_text(f, "mm", eval(f, "seen"));
}

/* ---- References and locks ---- */

static void references_keep_it_alive(void **state) {
  fixture *f = *state;
  bool alive;
  assert_status(IST_ERR_STATE, ist_loop_unref(f->isolate));
  assert_ok(ist_loop_ref(f->isolate));
  assert_ok(ist_loop_ref(f->isolate));
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
  assert_true(alive);
  assert_ok(ist_loop_unref(f->isolate));
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
  assert_true(alive);
  assert_ok(ist_loop_unref(f->isolate));
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, &alive));
  assert_false(alive);
  assert_status(IST_ERR_STATE, ist_loop_unref(f->isolate));
}

typedef struct holder {
  ist_isolate *isolate;
  atomic_bool let_go;
} holder;

/* By then the loop waits, on most machines; if not, it must not wait later. */
static void *unref_soon(void *arg) {
  holder *self = arg;
  usleep(50000);
  atomic_store(&self->let_go, true);
  (void)ist_loop_unref(self->isolate);
  return NULL;
}

static void the_last_reference_ends_the_wait(void **state) {
  fixture *f = *state;
  pthread_t thread;
  holder other = {.isolate = f->isolate};
  assert_ok(ist_loop_ref(f->isolate));
  pthread_create(&thread, NULL, unref_soon, &other);
  run_to_end(f);
  assert_true(atomic_load(&other.let_go));
  pthread_join(thread, NULL);
}

typedef struct visitor {
  fixture *f;
  pthread_t thread;
  ist_status eval, run, free;
} visitor;

/* While the loop waits, the isolate is anybody's; before it does, its lock is held. */
static void *visit(void *arg) {
  visitor *self = arg;
  static const char source[] = "setTimeout(() => { globalThis.seen = 'visited' }, 1)";
  self->eval = ist_script_eval(self->f->context, source, sizeof source - 1, "visit.js", NULL, NULL);
  self->run = ist_loop_run(self->f->isolate, IST_LOOP_NOWAIT, NULL);
  self->free = ist_isolate_free(self->f->isolate);
  /* The loop learns of the timer by itself. */
  ist_value seen = ist_undefined();
  while (!self->eval && seen.type != IST_STRING) {
    usleep(1000);
    self->eval = ist_script_eval(self->f->context, "globalThis.seen", 15, "visit.js", &seen, NULL);
  }
  (void)ist_loop_unref(self->f->isolate);
  return NULL;
}

static void begin_visit(void *env, ist_isolate *isolate) {
  visitor *test = env;
  (void)isolate;
  pthread_create(&test->thread, NULL, visit, test);
}

static void it_waits_without_the_lock(void **state) {
  fixture *f = *state;
  visitor test = {.f = f};
  assert_ok(ist_loop_ref(f->isolate));
  assert_ok(ist_loop_post(f->isolate, begin_visit, &test, NULL));
  run_to_end(f);
  pthread_join(test.thread, NULL);
  assert_string_equal(ist_status_name(test.eval), "OK");
  assert_string_equal(ist_status_name(test.run), "ERR_STATE");
  assert_string_equal(ist_status_name(test.free), "ERR_STATE");
  assert_text(f, "visited", eval(f, "seen"));
}

static void a_holder_of_the_lock_keeps_it(void **state) {
  fixture *f = *state;
  uint32_t scope;
  bool alive;
  assert_ok(ist_isolate_enter(f->isolate));
  assert_ok(ist_scope_open(f->isolate, &scope));
  ist_value value = eval(f, "setTimeout(() => { globalThis.seen = 1 }, 5); ({ a: 1 })");
  do {
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_ONCE, &alive));
  } while (alive);
  assert_int_equal(eval(f, "seen").as.int32, 1);
  /* Its handles are its own still. */
  ist_value a;
  assert_ok(ist_object_get(f->context, value, "a", &a, NULL));
  assert_ok(ist_scope_close(f->isolate, scope));
  assert_ok(ist_isolate_leave(f->isolate));
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
}

static void count_errors(void *env, ist_context *context, const ist_error *error,
                         ist_value promise) {
  (void)context;
  (void)promise;
  if (error->status == IST_ERR_TERMINATED) ++*(int *)env;
}

static void a_terminated_timer_does_not_end_the_loop(void **state) {
  fixture *f = *state;
  static const char *const endless[] = {
      "setTimeout(() => { begin(); for (;;); }, 1); setTimeout(() => { globalThis.after = 1 }, 2)",
      "setTimeout(() => Promise.resolve().then(() => { begin(); for (;;); }), 1);"
      "setTimeout(() => { globalThis.after = 2 }, 2)"};
  int terminated = 0;
  assert_ok(ist_isolate_set_uncaught(f->isolate, count_errors, &terminated, NULL));
  ending end = {.run = terminate, .env = f->isolate};
  define_begin(f->context, &end);
  for (int i = 0; i < 2; i++) {
    eval(f, endless[i]);
    run_to_end(f);
    pthread_join(end.thread, NULL);
    assert_int_equal(terminated, i + 1);
    assert_int_equal(eval(f, "after").as.int32, i + 1);
  }
}

static void fork_within(void *env, ist_isolate *isolate) {
  *(pid_t *)env = fork();
  if (!*(pid_t *)env) {
    /* Nothing here may touch V8: the run ends with the news, and so does all else. */
    int number;
    bool refused = ist_loop_fd(isolate, &number) == IST_ERR_FORKED &&
                   ist_loop_timeout(isolate, &number) == IST_ERR_FORKED &&
                   ist_loop_post(isolate, nothing, NULL, NULL) == IST_ERR_FORKED &&
                   ist_loop_ref(isolate) == IST_ERR_FORKED &&
                   ist_loop_unref(isolate) == IST_ERR_FORKED &&
                   ist_loop_run(isolate, IST_LOOP_NOWAIT, NULL) == IST_ERR_FORKED;
    if (!refused) _exit(2);
  }
}

static void a_child_by_fork_is_refused(void **state) {
  fixture *f = *state;
  pid_t child = -1;
  int status;
  assert_ok(ist_loop_post(f->isolate, fork_within, &child, NULL));
  ist_status run = ist_loop_run(f->isolate, IST_LOOP_DEFAULT, NULL);
  if (!child) _exit(run == IST_ERR_FORKED ? 0 : 3);
  assert_ok(run);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- Memory ---- */

static size_t resident(void) {
  long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  assert_non_null(statm);
  assert_int_equal(fscanf(statm, "%*d %ld", &pages), 1);
  fclose(statm);
  return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static const char *sanitized(void) {
  return getenv("ISTHMUS_SANITIZE");
}

static void memory_is_flat(void **state) {
  fixture *f = *state;
  int rounds = sanitized() ? 10 : 100;
  eval(f, "globalThis.fired = 0;"
          "globalThis.round = () => {"
          "  for (let i = 0; i < 4000; i++) setImmediate(() => { fired++ });"
          "  for (let i = 0; i < 3000; i++) setTimeout(() => { fired++ }, 1);"
          "  for (let i = 0; i < 3000; i++) clearTimeout(setTimeout(() => {}, 1000)) }");
  ist_value global, round;
  ist_statistics before = {.size = sizeof before}, after = before;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_get(f->context, global, "round", &round, NULL));
  size_t start = 0;
  int finalized = 0;
  for (int i = 0; i <= rounds; i++) {
    assert_ok(ist_function_call(f->context, round, ist_undefined(), 0, NULL, NULL, NULL));
    for (int j = 0; j < 10000; j++)
      assert_ok(ist_loop_post(f->isolate, nothing, &finalized, count));
    run_to_end(f);
    if (i == rounds / 10) {
      assert_ok(ist_isolate_statistics(f->isolate, &before));
      start = resident() - before.heap_total;
    }
  }
  assert_int_equal(finalized, 10000 * (rounds + 1));
  assert_int_equal(eval(f, "fired").as.int32, 7000 * (rounds + 1));
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(before.handles, after.handles);
  /* V8's young generation grows to a size of its own. */
  if (!sanitized()) assert_true(resident() - after.heap_total < start + (size_t)8 * 1024 * 1024);
}

static void descriptors_are_given_back(void **state) {
  (void)state;
  int first = dup(0), last;
  close(first);
  for (int i = 0; i < 20; i++) {
    ist_isolate *isolate;
    int fd;
    assert_ok(ist_isolate_new(NULL, &isolate));
    assert_ok(ist_loop_fd(isolate, &fd));
    assert_ok(ist_isolate_free(isolate));
  }
  last = dup(0);
  close(last);
  assert_int_equal(first, last);
}

#define WEB_TEST(name) cmocka_unit_test_setup_teardown(name, setup_web, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      WEB_TEST(timers_run_in_order),
      WEB_TEST(modes),
      TEST(bad_arguments),
      WEB_TEST(an_epoll_loop_drives_it),
      WEB_TEST(the_descriptor_tells_of_cleared_timers),
      WEB_TEST(the_descriptor_tells_of_new_timers),
      TEST(the_descriptor_tells_of_posts),
      WEB_TEST(tasks_of_v8_run),
      TEST(posts_from_threads_keep_their_order),
      cmocka_unit_test(posts_that_never_ran_are_finalized),
      cmocka_unit_test(a_freed_isolate_has_no_loop),
      TEST(the_loop_is_not_run_within_itself),
      TEST(references_keep_it_alive),
      TEST(the_last_reference_ends_the_wait),
      WEB_TEST(it_waits_without_the_lock),
      WEB_TEST(a_holder_of_the_lock_keeps_it),
      WEB_TEST(a_terminated_timer_does_not_end_the_loop),
      TEST(a_child_by_fork_is_refused),
      WEB_TEST(memory_is_flat),
      cmocka_unit_test(descriptors_are_given_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
