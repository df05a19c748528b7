/* Many isolates on threads, and one after another of them dies of memory. An isolate that has
 * reached its heap limit is spent: it answers everything with IST_ERR_MEMORY, and is freed. The
 * process lives, the other isolates do not notice, and the thread whose isolate it was makes a new
 * one. */
#include <isthmus.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 6, JOBS = 40, HEAP = 24 << 20 };

/* The job asks for work that ends, or, when it is unlucky, for memory without end. */
static const char script[] = "const kept = [];\n"
                             "function work(n) { return Array.from({ length: n }, (_, i) => i * "
                             "i).reduce((a, b) => a + b); }\n"
                             "function eat() { for (;;) kept.push({ number: kept.length, text: "
                             "`number ${kept.length}` }); }\n";

typedef struct worker {
  pthread_t thread;
  int number;
  ist_isolate *isolate;
  ist_context *context;
  int done, deaths;
  double sum;
} worker;

static void check(ist_status status, const char *what) {
  if (status == IST_OK) return;
  fprintf(stderr, "%s: %s\n", what, ist_status_text(status));
  exit(1);
}

static ist_status eval(worker *worker, const char *source, ist_value *result) {
  return ist_script_eval(worker->context, source, strlen(source), "job.js", result, NULL);
}

static void begin(worker *worker) {
  ist_isolate_options options = {.size = sizeof options, .heap_limit = HEAP};
  check(ist_isolate_new(&options, &worker->isolate), "isolate");
  check(ist_context_new(worker->isolate, NULL, &worker->context), "context");
  check(eval(worker, script, NULL), "script");
}

/* What a spent isolate answers, and how it is buried. */
static void bury(worker *worker) {
  ist_value value;
  if (!ist_isolate_spent(worker->isolate)) exit(1);
  if (eval(worker, "1 + 1", &value) != IST_ERR_MEMORY) exit(1);
  check(ist_isolate_free(worker->isolate), "free");
  worker->deaths++;
}

static bool unlucky(const worker *worker, int job) {
  return job % WORKERS == worker->number && job % 4 == 1;
}

static void *run(void *env) {
  worker *worker = env;
  begin(worker);
  for (int job = 0; job < JOBS; job++) {
    char source[32];
    ist_value value;
    snprintf(source, sizeof source, unlucky(worker, job) ? "eat()" : "work(%d)", 10 + job);
    ist_status status = eval(worker, source, &value);
    if (status == IST_ERR_MEMORY) {
      bury(worker);
      begin(worker);
    } else {
      check(status, source);
      worker->sum += value.type == IST_INT32 ? value.as.int32 : value.as.number;
      worker->done++;
    }
  }
  check(ist_isolate_free(worker->isolate), "free");
  return NULL;
}

int main(void) {
  worker workers[WORKERS] = {0};
  for (int i = 0; i < WORKERS; i++) {
    workers[i].number = i;
    if (pthread_create(&workers[i].thread, NULL, run, &workers[i])) return 1;
  }
  for (int i = 0; i < WORKERS; i++) {
    pthread_join(workers[i].thread, NULL);
    printf("worker %d: %d jobs done, sum %.0f, %d isolates died\n", i, workers[i].done,
           workers[i].sum, workers[i].deaths);
  }
  return 0;
}
