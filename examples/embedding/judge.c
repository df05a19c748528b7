/* A judge: one program that nobody trusts, run over many inputs by a pool, each run within limits.
 * A run that loops, eats memory or recurses for ever fails alone, by an error of its own; the
 * results come in the order of the inputs.
 *
 * `isthmus judge` is this sample grown up: see docs/judge.md. */
#include <isthmus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The program finds an input in the global `input`. Its result is the value of its last statement;
 * when that is a promise, what the promise gives. Nothing that a run leaves in globals is there in
 * the next one. */
static const char program[] =
    "const { task, n = 0 } = input;\n"
    "if (typeof last !== 'undefined') throw new Error('a trace of ' + last);\n"
    "last = task;\n"
    "const tasks = {\n"
    "  fibonacci: () => n < 2 ? n : [...Array(n)].reduce(([a, b]) => [b, a + b], [0, 1])[0],\n"
    "  later: () => Promise.resolve(n).then((n) => n + 1),\n"
    "  never: () => new Promise(() => {}),\n"
    "  loop: () => { for (;;); },\n"
    "  hoard: () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); },\n"
    "  recurse: () => tasks.recurse() + 1,\n"
    "  buffer: () => new ArrayBuffer(2 ** 30),\n"
    "};\n"
    "tasks[task]();\n";

static const char *const inputs[] = {
    "{\"task\": \"fibonacci\", \"n\": 10}",
    "{\"task\": \"loop\"}",
    "{\"task\": \"later\", \"n\": 41}",
    "{\"task\": \"hoard\"}",
    "{\"task\": \"never\"}",
    "{\"task\": \"recurse\"}",
    "{\"task\": \"fibonacci\", \"n\": 50}",
    "{\"task\": \"buffer\"}",
    "{\"task\": \"dance\"}",
    "{\"task\"}",
    "{\"task\": \"fibonacci\", \"n\": 90}",
};
enum { INPUTS = sizeof inputs / sizeof *inputs };

/* Ends the program when a call has failed, and says why. */
static void check(ist_status status, ist_error **error) {
  if (status == IST_OK) return;
  char *text = error && *error ? ist_error_format(*error) : NULL;
  fprintf(stderr, "%s\n", text ? text : ist_status_text(status));
  ist_free(text);
  if (error) ist_error_free(*error);
  exit(1);
}

static void show(const ist_outcome *outcome) {
  printf("%d: ", (int)outcome->index);
  if (outcome->status == IST_OK)
    printf("%s\n", (const char *)outcome->value);
  else if (outcome->error && outcome->error->name)
    printf("%s: %s\n", outcome->error->name, outcome->error->message);
  else
    printf("%s\n", ist_status_text(outcome->status));
}

/* Told after each run, on the thread that it ran on: they end in any order. */
static void count(void *env, ist_batch *batch, uint64_t done, uint64_t added) {
  (void)batch;
  (void)added;
  *(uint64_t *)env = done;
}

static void judge(ist_pool *pool) {
  uint64_t done = 0;
  ist_source source = {
      .size = sizeof source, .text = program, .length = sizeof program - 1, .file = "program.js"};
  ist_batch_options options = {.size = sizeof options, .progress = count, .env = &done};
  ist_batch *batch;
  check(ist_batch_new(pool, &source, &options, &batch), NULL);

  /* Few inputs, which the batch's window holds. A stream of them is added by one thread, and the
   * outcomes are taken by another; each waits for the other when it must. */
  for (size_t i = 0; i < INPUTS; i++)
    check(ist_batch_add(batch, inputs[i], strlen(inputs[i]), -1), NULL);
  check(ist_batch_end(batch), NULL);

  ist_outcome *outcome;
  while (ist_batch_next(batch, -1, &outcome) == IST_OK) {
    show(outcome);
    ist_outcome_free(outcome);
  }
  ist_batch_free(batch);
  printf("%d runs\n", (int)done);
}

int main(void) {
  ist_pool *pool;
  ist_error *error;
  ist_pool_options options = {
      .size = sizeof options,
      .isolation = IST_ISOLATION_COMPARTMENT,
      .threads = 2,
      .limits = {.wall = 1000000000}, /* nanoseconds */
      .heap_limit = 32 << 20,         /* bytes */
      .buffer_limit = 16 << 20,
  };
  check(ist_pool_new(&options, &pool, &error), &error);
  judge(pool);

  ist_pool_statistics statistics = {.size = sizeof statistics};
  check(ist_pool_read_statistics(pool, &statistics), NULL);
  printf("%d failed: %d for time, %d for memory\n", (int)statistics.failed,
         (int)statistics.timeouts, (int)statistics.spent);
  ist_pool_free(pool);
  return 0;
}
