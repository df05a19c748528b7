/* An event loop of one's own that also drives JavaScript.
 *
 * The program waits on two descriptors with epoll: a pipe, on which its own work comes in, and
 * that of the isolate's loop. Whenever either is readable, or the isolate's next timer is due, it
 * does what there is to do. JavaScript has timers, console, and compute(n), which gives a promise
 * at once and leaves the work to another thread; that thread posts its result back, and the promise
 * is resolved where the loop runs. */
#include <isthmus.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void check(ist_status status, ist_error **error) {
  if (status == IST_OK) return;
  char *text = error && *error ? ist_error_format(*error) : NULL;
  fprintf(stderr, "loop: %s\n", text ? text : ist_status_text(status));
  exit(1);
}

static const char script[] = "console.log('script: begins');\n"
                             "Promise.resolve().then(() => console.log('script: a microtask'));\n"
                             "setTimeout(() => {\n"
                             "  console.log('script: 20 ms are over');\n"
                             "  compute(6).then((answer) => {\n"
                             "    console.log(`script: 6! is ${answer}`);\n"
                             "    return compute(-1);\n"
                             "  }).catch((error) => console.warn(`script: ${error.message}`));\n"
                             "}, 20);\n"
                             "console.log('script: ends');\n";

/* ---- compute(n): work for another thread ---- */

/* One call of compute. The worker reads `n` and writes `answer`; the promise is the loop's alone.
 */
struct job {
  ist_isolate *isolate;
  ist_context *context;
  ist_value promise; /* kept */
  int n;
  double answer;
  pthread_t worker;
};

/* Back on the loop's thread. */
static void finish(void *env, ist_isolate *isolate) {
  struct job *job = env;
  ist_value error;
  if (job->n >= 0) {
    check(ist_promise_resolve(job->context, job->promise, ist_double(job->answer)), NULL);
  } else {
    check(ist_error_object(job->context, "RangeError", "there is no factorial below zero",
                           ist_undefined(), &error),
          NULL);
    check(ist_promise_reject(job->context, job->promise, error), NULL);
  }
  check(ist_value_free(isolate, job->promise), NULL);
  check(ist_loop_unref(isolate), NULL);
}

static void forget(void *env) {
  struct job *job = env;
  pthread_join(job->worker, NULL);
  free(job);
}

static void *work(void *env) {
  struct job *job = env;
  usleep(50000);
  job->answer = 1;
  for (int i = 2; i <= job->n; i++) job->answer *= i;
  check(ist_loop_post(job->isolate, finish, job, forget), NULL);
  return NULL;
}

static ist_status compute(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  if (call->argc < 1 || call->argv[0].type != IST_INT32)
    return ist_throw_error(call->context, "TypeError", "compute: expected an integer");
  struct job *job = calloc(1, sizeof *job);
  if (!job) return IST_ERR_MEMORY;
  job->isolate = ist_context_isolate(call->context);
  job->context = call->context;
  job->n = call->argv[0].as.int32;
  check(ist_promise_new(call->context, result), NULL);
  check(ist_value_keep(job->isolate, *result, &job->promise), NULL);
  /* Until the answer is here the loop has something to wait for. */
  check(ist_loop_ref(job->isolate), NULL);
  if (pthread_create(&job->worker, NULL, work, job)) abort();
  return IST_OK;
}

/* ---- The loop ---- */

/* What console shows goes where the program's own output goes. */
static void show(void *env, ist_context *context, ist_level level, const char *text,
                 size_t length) {
  (void)env;
  (void)context;
  printf("%s%.*s\n", level >= IST_LEVEL_WARN ? "(warning) " : "", (int)length, text);
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) abort();
}

static void drive(ist_isolate *isolate, int own_work) {
  int epoll = epoll_create1(EPOLL_CLOEXEC), script_work, timeout;
  check(ist_loop_fd(isolate, &script_work), NULL);
  watch(epoll, script_work);
  watch(epoll, own_work);
  for (bool alive = true; alive;) {
    struct epoll_event events[2];
    check(ist_loop_timeout(isolate, &timeout), NULL);
    int ready = epoll_wait(epoll, events, 2, timeout);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd != own_work) continue;
      char line[64];
      ssize_t length = read(own_work, line, sizeof line);
      if (length > 0) printf("host: %.*s\n", (int)length, line);
    }
    check(ist_loop_run(isolate, IST_LOOP_NOWAIT, &alive), NULL);
  }
  close(epoll);
}

int main(void) {
  ist_isolate *isolate;
  ist_context *context;
  ist_error *error;
  ist_value global, function;
  uint32_t scope;
  int own_work[2];
  if (pipe(own_work)) return 1;

  check(ist_isolate_new(NULL, &isolate), NULL);
  check(ist_context_new(isolate, NULL, &context), NULL);
  ist_web_options web = {.size = sizeof web, .message = show};
  check(ist_context_add_web(context, &web, &error), &error);

  check(ist_scope_open(isolate, &scope), NULL);
  check(ist_context_global(context, &global), NULL);
  check(ist_function_new(context, "compute", compute, NULL, NULL, &function), NULL);
  check(ist_object_set(context, global, "compute", function, &error), &error);
  check(ist_script_eval(context, script, sizeof script - 1, "loop.js", NULL, &error), &error);
  check(ist_isolate_run_microtasks(isolate), NULL);
  check(ist_scope_close(isolate, scope), NULL);

  if (write(own_work[1], "a line came in", 14) != 14) return 1;
  drive(isolate, own_work[0]);
  printf("host: nothing is left to happen\n");

  close(own_work[0]);
  close(own_work[1]);
  check(ist_isolate_free(isolate), NULL);
  return 0;
}
