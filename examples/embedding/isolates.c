/* Isolates and threads: every isolate is a heap of its own with its own collector, so that threads
 * with one each run side by side; one isolate serves many threads in turn, each holding its lock
 * while it is inside. */
#include <isthmus.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 250 };

static void check(ist_status status, const char *what) {
  if (status == IST_OK) return;
  fprintf(stderr, "%s: %s\n", what, ist_status_text(status));
  exit(1);
}

static ist_value eval(ist_context *context, const char *source) {
  ist_value result;
  check(ist_script_eval(context, source, strlen(source), "isolates.js", &result, NULL), source);
  return result;
}

/* ---- An isolate for each thread ---- */

typedef struct job {
  pthread_t thread;
  int from, to;
  int primes;
  int collected; /* of the objects that this heap was asked to forget */
} job;

static void count_up(void *env) {
  ++*(int *)env;
}

static void *count_primes(void *env) {
  job *mine = env;
  ist_isolate *isolate;
  ist_context *context;
  uint32_t scope;
  char source[160];
  check(ist_isolate_new(NULL, &isolate), "isolate");
  check(ist_context_new(isolate, NULL, &context), "context");

  /* Many calls in a row: the scope holds the lock, and ends all handles made within it. */
  check(ist_scope_open(isolate, &scope), "scope");
  eval(context,
       "function prime(n) { for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;"
       " return n > 1 }");
  snprintf(source, sizeof source,
           "let count = 0; for (let n = %d; n < %d; n++) count += prime(n); count", mine->from,
           mine->to);
  mine->primes = eval(context, source).as.int32;
  for (int i = 0; i < 10; i++) {
    ist_value object, weak;
    check(ist_object_new(context, &object), "object");
    check(ist_value_weak(isolate, object, count_up, &mine->collected, &weak), "weak");
  }
  check(ist_scope_close(isolate, scope), "close");

  /* This heap's collector: no other thread is stopped by it. */
  check(ist_isolate_collect(isolate), "collect");
  check(ist_isolate_free(isolate), "free");
  return NULL;
}

static void heaps_side_by_side(void) {
  job jobs[THREADS] = {0};
  int primes = 0, collected = 0;
  for (int i = 0; i < THREADS; i++) {
    jobs[i].from = i * 5000;
    jobs[i].to = (i + 1) * 5000;
    if (pthread_create(&jobs[i].thread, NULL, count_primes, &jobs[i])) exit(1);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(jobs[i].thread, NULL);
    primes += jobs[i].primes;
    collected += jobs[i].collected;
  }
  printf("primes below %d: %d\n", THREADS * 5000, primes);
  printf("objects collected: %d\n", collected);
}

/* ---- One isolate for all threads ---- */

typedef struct shared {
  ist_isolate *isolate;
  ist_context *context;
} shared;

static void *take_turns(void *env) {
  shared *s = env;
  for (int i = 0; i < ROUNDS; i++) {
    /* Between entering and leaving no other thread comes in: a read and a write belong together. */
    check(ist_isolate_enter(s->isolate), "enter");
    int before = eval(s->context, "balance").as.int32;
    char source[64];
    snprintf(source, sizeof source, "balance = %d", before + 1);
    eval(s->context, source);
    check(ist_isolate_leave(s->isolate), "leave");
  }
  return NULL;
}

static void one_heap_in_turn(void) {
  shared s;
  pthread_t threads[THREADS];
  check(ist_isolate_new(NULL, &s.isolate), "isolate");
  check(ist_context_new(s.isolate, NULL, &s.context), "context");
  eval(s.context, "var balance = 0");
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, take_turns, &s)) exit(1);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  printf("balance: %d\n", eval(s.context, "balance").as.int32);
  check(ist_isolate_free(s.isolate), "free");
}

/* ---- Reaching in from outside ---- */

static void *run_forever(void *env) {
  shared *s = env;
  ist_value result;
  ist_status status = ist_script_eval(s->context, "for (;;);", 9, "forever.js", &result, NULL);
  printf("the endless loop: %s\n", ist_status_text(status));
  return NULL;
}

static void end_it(void *env, ist_isolate *isolate) {
  (void)env;
  check(ist_isolate_terminate(isolate), "terminate");
}

static void stop_from_outside(void) {
  shared s;
  pthread_t thread;
  check(ist_isolate_new(NULL, &s.isolate), "isolate");
  check(ist_context_new(s.isolate, NULL, &s.context), "context");
  /* Called in the middle of the JavaScript that runs now, or of what runs next. */
  check(ist_isolate_interrupt(s.isolate, end_it, NULL, NULL), "interrupt");
  if (pthread_create(&thread, NULL, run_forever, &s)) exit(1);
  pthread_join(thread, NULL);
  printf("and then: %d\n", eval(s.context, "6 * 7").as.int32);
  check(ist_isolate_free(s.isolate), "free");
  printf("freed: %s\n", ist_status_text(ist_isolate_enter(s.isolate)));
}

int main(void) {
  heaps_side_by_side();
  one_heap_in_turn();
  stop_from_outside();
  return 0;
}
