/* Programs in processes of their own: they give what they give in a context of this process;
 * however one dies, its input alone is lost, with an error that says how; and the embedder's
 * process is as it was, with no child, descriptor or signal of ours in its way. */
#include "cells_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

extern char **environ;

static const char *self; /* this program's file */

/* ---- The same as in a context ---- */

static const char *const programs[] = {
    "input.a + 1",
    "undefined",
    "(() => {})",
    "'\\ud83d\\ude00 \\ud800 \\u0000 \\u00e4'",
    "({a: [1, {b: null}], d: new Date(0), n: NaN})",
    "Promise.resolve({late: true})",
    "new Promise(() => {})",
    "Promise.reject(new TypeError('no'))",
    "throw {not: 'an error'}",
    "\n\n  function f() { throw new RangeError('deep', {cause: new TypeError('below')}); } f()",
    "let syntax error",
    "globalThis.left = (globalThis.left ?? 0) + 1",
    "[typeof require, typeof console, typeof setTimeout, typeof WebAssembly].join()",
    "new Date(0).toString() + new Date(1e12).getTimezoneOffset()",
    "[Intl.DateTimeFormat().resolvedOptions().locale, (1234.5).toLocaleString()].join(' ')",
    "(function f() { return f(); })()",
    "const cyclic = {}; cyclic.self = cyclic; cyclic",
    "({toJSON() { throw new Error('not this') }})",
    "new ArrayBuffer(1 << 30)",
    "'x'.repeat(3000000).length",
    "eval('1 + 1') + new Function('return 2')()",
};

static void assert_same(const ist_outcome *left, const ist_outcome *right, const char *program) {
  if (left->status != right->status)
    fail_msg("%s: %s and %s", program, ist_status_name(left->status),
             ist_status_name(right->status));
  assert_int_equal(left->length, right->length);
  if (!left->status) {
    assert_memory_equal(left->value, right->value, left->length + 1);
    return;
  }
  const ist_error *a = left->error, *b = right->error;
  for (; a && b; a = a->cause, b = b->cause) {
    const char *const texts[][2] = {{a->name, b->name},
                                    {a->message, b->message},
                                    {a->stack, b->stack},
                                    {a->file, b->file},
                                    {a->source_line, b->source_line}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
      const char *one = texts[i][0] ? texts[i][0] : "(none)";
      assert_string_equal(one, texts[i][1] ? texts[i][1] : "(none)");
    }
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->column, b->column);
    assert_int_equal(a->end_column, b->end_column);
    assert_int_equal(a->frame_count, b->frame_count);
    for (size_t i = 0; i < a->frame_count; i++) {
      assert_string_equal(a->frames[i].function, b->frames[i].function);
      assert_int_equal(a->frames[i].line, b->frames[i].line);
    }
  }
  assert_ptr_equal(a, b);
}

static void cells_give_what_contexts_give(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  ist_pool *process = pool_of(&options);
  options.isolation = IST_ISOLATION_CONTEXT;
  ist_pool *context = pool_of(&options);
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    static const char *const inputs[] = {"{\"a\": 41}", "{\"a\": \"\\ud800\"}", "nonsense"};
    for (size_t j = 0; j < 3; j++) {
      ist_outcome *left = outcome_of(process, programs[i], inputs[j]);
      ist_outcome *right = outcome_of(context, programs[i], inputs[j]);
      assert_same(left, right, programs[i]);
      assert_true(left->wall > 0);
      ist_outcome_free(left);
      ist_outcome_free(right);
    }
  }
  ist_pool_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_pool_read_statistics(process, &statistics));
  assert_int_equal(statistics.runs, 3 * sizeof programs / sizeof *programs);
  ist_pool_free(process);
  ist_pool_free(context);
}

static void cbor_passes_both_ways(void **state) {
  (void)state;
  static const uint8_t input[] = {0xa2, 0x61, 'a', 0x43, 1, 2, 3, 0x61, 'b', 0xf9, 0x3e, 0x00};
  ist_pool_options options = cells(1);
  ist_pool *pool = pool_of(&options);
  const char *program = "new Map([[input.a.length, input.b], [input.a, undefined]])";
  ist_source source = {.size = sizeof source, .text = program, .length = strlen(program)};
  ist_batch_options cbor = {
      .size = sizeof cbor, .input = IST_FORMAT_CBOR, .output = IST_FORMAT_CBOR};
  ist_batch *batch;
  assert_ok(ist_batch_new(pool, &source, &cbor, &batch));
  assert_ok(ist_batch_add(batch, input, sizeof input, -1));
  assert_ok(ist_batch_add(batch, input, sizeof input - 1, -1));
  ist_outcome *outcome = next(batch);
  assert_ok(outcome->status);
  static const uint8_t expected[] = {0xd9, 0x01, 0x03, 0xa2, 0x03, 0xf9, 0x3e,
                                     0x00, 0x43, 1,    2,    3,    0xf7};
  assert_int_equal(outcome->length, sizeof expected);
  assert_memory_equal(outcome->value, expected, sizeof expected);
  ist_outcome_free(outcome);
  outcome = next(batch);
  assert_status(IST_ERR_FORMAT, outcome->status);
  ist_outcome_free(outcome);
  ist_batch_free(batch);
  ist_pool_free(pool);
}

/* The time zone and language are those of this process, though cells read no files. */
static void the_time_zone_is_ours(void **state) {
  (void)state;
  char *before = getenv("TZ") ? strdup(getenv("TZ")) : NULL;
  setenv("TZ", "America/New_York", 1);
  ist_pool_options options = cells(1);
  ist_pool *pool = pool_of(&options);
  assert_outcome(pool, "new Date(input).toString()", "0", IST_OK,
                 "\"Wed Dec 31 1969 19:00:00 GMT-0500 (Eastern Standard Time)\"");
  /* Also in the isolate that comes after one that is spent. */
  assert_outcome(pool, "const all = []; for (;;) all.push(new Array(1000).fill(1.5))", "0",
                 IST_ERR_MEMORY, "the heap limit of 64 MiB was reached");
  assert_outcome(pool,
                 "new Date(input).getHours() + Intl.DateTimeFormat().resolvedOptions().timeZone",
                 "0", IST_OK, "\"19America/New_York\"");
  ist_pool_free(pool);
  if (before)
    setenv("TZ", before, 1);
  else
    unsetenv("TZ");
  free(before);
}

static void large_inputs_and_values_pass(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  options.heap_limit = 512 * MIB;
  ist_pool *pool = pool_of(&options);
  size_t length = 5 * MIB;
  char *input = malloc(length);
  memset(input, 'x', length);
  input[0] = input[length - 1] = '"';
  ist_batch *batch = batch_of(pool, "input");
  for (int i = 0; i < 3; i++) {
    assert_ok(ist_batch_add(batch, input, length, -1));
    add(batch, "1");
    ist_outcome *outcome = next(batch);
    assert_ok(outcome->status);
    assert_int_equal(outcome->length, length);
    assert_memory_equal(outcome->value, input, length);
    ist_outcome_free(outcome);
    outcome = next(batch);
    assert_string_equal(outcome->value, "1");
    ist_outcome_free(outcome);
  }
  free(input);
  ist_batch_free(batch);
  ist_pool_free(pool);
}

static void programs_take_turns(void **state) {
  (void)state;
  ist_pool_options options = cells(2);
  ist_pool *pool = pool_of(&options);
  ist_batch *batches[5];
  for (int i = 0; i < 5; i++) {
    char program[64];
    snprintf(program, sizeof program, "input * 10 + %d", i);
    batches[i] = batch_of(pool, program);
  }
  for (int round = 0; round < 20; round++)
    for (int i = 0; i < 5; i++) {
      char input[16];
      snprintf(input, sizeof input, "%d", round);
      add(batches[i], input);
    }
  for (int round = 0; round < 20; round++)
    for (int i = 0; i < 5; i++) {
      char expected[16];
      snprintf(expected, sizeof expected, "%d", round * 10 + i);
      ist_outcome *outcome = next(batches[i]);
      assert_ok(outcome->status);
      assert_string_equal(outcome->value, expected);
      ist_outcome_free(outcome);
    }
  for (int i = 0; i < 5; i++) ist_batch_free(batches[i]);
  ist_pool_free(pool);
}

/* ---- Deaths ---- */

/* V8 ends the process on this one, unless there is a limit of the heap. */
static void what_kills_v8_is_an_error(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  options.heap_limit = 0;
  options.buffer_limit = 0;
  options.limits.wall = 0;
  ist_pool *pool = pool_of(&options);
  ist_batch *batch = batch_of(pool, "input ? 'a,'.repeat(1 << 27).split(',').length : 'alive'");
  add(batch, "0");
  add(batch, "1");
  add(batch, "0");
  for (int i = 0; i < 3; i++) {
    ist_outcome *outcome = next(batch);
    if (i != 1) {
      assert_string_equal(outcome->value, "\"alive\"");
    } else if (!SANITIZED) {
      /* A machine with little memory says so. */
      if (outcome->status != IST_ERR_MEMORY) {
        assert_status(IST_ERR_DIED, outcome->status);
        assert_string_equal(outcome->error->name, "ProcessError");
        assert_non_null(strstr(outcome->error->message, "the process that ran it has died (SIG"));
        assert_non_null(strstr(outcome->error->message, "): Fatal JavaScript invalid size error"));
      }
      assert_true(outcome->wall > 0);
    }
    ist_outcome_free(outcome);
  }
  ist_pool_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_pool_read_statistics(pool, &statistics));
  assert_int_equal(statistics.runs, 3);
  assert_int_equal(statistics.failed, 1);
  assert_int_equal(statistics.replaced, 1);
  ist_batch_free(batch);
  ist_pool_free(pool);
}

static void limits_hold_inside(void **state) {
  (void)state;
  static const struct {
    const char *program;
    ist_status status;
    const char *text;
  } rows[] = {
      {"for (;;);", IST_ERR_TIMEOUT, "the time limit of 500 ms was reached"},
      {"for (;;) try { for (;;); } catch {} finally { for (;;); }", IST_ERR_TIMEOUT,
       "the time limit of 500 ms was reached"},
      {"1 + input", IST_OK, "2"},
  };
  ist_pool_options options = cells(1);
  options.limits.wall = SECOND / 2;
  ist_pool *pool = pool_of(&options);
  for (int round = 0; round < 2; round++)
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
      assert_outcome(pool, rows[i].program, "1", rows[i].status, rows[i].text);
  ist_pool_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_pool_read_statistics(pool, &statistics));
  assert_int_equal(statistics.timeouts, 4);
  ist_pool_free(pool);
}

/* Sends a signal to the cell of a pool of one, again and again, until the batch has an outcome. */
static ist_outcome *signalled(ist_batch *batch, int signal) {
  ist_outcome *outcome;
  for (;;) {
    pid_t found[4];
    size_t count = children(found, 4);
    for (size_t i = 0; i < count && i < 4; i++) kill(found[i], signal);
    ist_status status = ist_batch_next(batch, 100, &outcome);
    if (!status) return outcome;
    assert_status(IST_ERR_TIMEOUT, status);
  }
}

static void killed_cells_are_replaced(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  options.limits.wall = 0;
  ist_pool *pool = pool_of(&options);
  for (int round = 0; round < 3; round++) {
    ist_batch *batch = batch_of(pool, "if (input) for (;;); 'alive'");
    add(batch, "1");
    while (children(NULL, 0) < 1) rest();
    ist_outcome *outcome = signalled(batch, SIGKILL);
    /* Three that were killed as they started are too many. */
    if (outcome->status == IST_ERR_DIED)
      assert_string_equal(outcome->error->message, "the process that ran it has died (SIGKILL)");
    else
      assert_non_null(strstr(outcome->error->message, "has ended as it started (SIGKILL)"));
    ist_outcome_free(outcome);
    add(batch, "0");
    outcome = next(batch);
    assert_string_equal(outcome->value, "\"alive\"");
    ist_outcome_free(outcome);
    ist_batch_free(batch);
  }
  ist_pool_free(pool);
}

/* Nothing ran, and so nothing is lost. */
static void cells_that_die_idle_are_not_missed(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  ist_pool *pool = pool_of(&options);
  for (int i = 0; i < 5; i++) {
    assert_outcome(pool, "input + 1", "1", IST_OK, "2");
    /* The one that is kept ready as well. */
    pid_t found[4];
    size_t count = children(found, 4);
    assert_true(count == 1 || (i && count == 2));
    for (size_t k = 0; k < count; k++) kill(found[k], SIGKILL);
    for (size_t k = 0; k < count; k++)
      while (!is_dead(found[k])) rest();
  }
  assert_outcome(pool, "input + 1", "1", IST_OK, "2");
  ist_pool_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_pool_read_statistics(pool, &statistics));
  assert_int_equal(statistics.failed, 0);
  assert_true(statistics.replaced >= 5);
  ist_pool_free(pool);
}

static void stopped_cells_are_late(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  options.limits.wall = SECOND / 5;
  ist_pool *pool = pool_of(&options);
  assert_outcome(pool, "input", "1", IST_OK, "1");
  pid_t cell = only_child();
  kill(cell, SIGSTOP);
  while (!is_in_state(cell, 'T')) rest();
  assert_outcome(pool, "input", "1", IST_ERR_TIMEOUT, "the time limit of 200 ms was reached");
  assert_outcome(pool, "input", "1", IST_OK, "1");
  ist_pool_free(pool);
  options.limits.wall = 0;
  options.limits.cpu = SECOND / 10;
  pool = pool_of(&options);
  assert_outcome(pool, "for (;;);", "1", IST_ERR_TIMEOUT,
                 "the processor time limit of 100 ms was reached");
  assert_outcome(pool, "input", "1", IST_OK, "1");
  ist_pool_free(pool);
}

/* ---- Ending early ---- */

static void cancelled_runs_end(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  options.limits.wall = 0;
  ist_pool *pool = pool_of(&options);
  for (int round = 0; round < 3; round++) {
    ist_outcome *outcome;
    ist_batch *batch = batch_of(pool, "for (;;);");
    add(batch, "1");
    add(batch, "2");
    for (int i = 0; i < round * 20; i++) rest();
    assert_ok(ist_batch_cancel(batch));
    assert_ok(ist_batch_end(batch));
    for (int i = 0; i < 2; i++) {
      outcome = next(batch);
      assert_status(IST_ERR_TERMINATED, outcome->status);
      ist_outcome_free(outcome);
    }
    assert_status(IST_ERR_NOT_FOUND, ist_batch_next(batch, -1, &outcome));
    ist_batch_free(batch);
    assert_outcome(pool, "input", "1", IST_OK, "1");
  }
  /* And what runs as the pool is freed. */
  ist_batch *batch = batch_of(pool, "for (;;);");
  add(batch, "1");
  for (int i = 0; i < 20; i++) rest();
  ist_pool_free(pool);
  assert_int_equal(children(NULL, 0), 0);
}

/* ---- The embedder's process ---- */

static atomic_int child_signals;

static void count_child(int signal) {
  (void)signal;
  atomic_fetch_add(&child_signals, 1);
}

/* Nor do pools mind an embedder that has the kernel bury children, or waits for any child. */
static void other_waits_do_no_harm(void **state) {
  (void)state;
  struct sigaction before, counting = {.sa_handler = count_child};
  sigaction(SIGCHLD, &counting, &before);
  ist_pool_options options = cells(1);
  options.limits.wall = 0;
  for (int round = 0; round < 2; round++) {
    if (round) signal(SIGCHLD, SIG_IGN);
    ist_pool *pool = pool_of(&options);
    ist_batch *batch = batch_of(pool, "if (input) for (;;); 2");
    add(batch, "1");
    ist_outcome *outcome = NULL;
    while (!outcome) {
      pid_t found[4];
      size_t count = children(found, 4);
      for (size_t i = 0; i < count && i < 4; i++) kill(found[i], SIGSEGV);
      while (!round && waitpid(-1, NULL, WNOHANG) > 0) continue;
      ist_status status = ist_batch_next(batch, 100, &outcome);
      if (status) outcome = NULL;
    }
    if (!SANITIZED && outcome->status == IST_ERR_DIED)
      assert_int_equal(strncmp(outcome->error->message, "the process that ran it has died", 32), 0);
    ist_outcome_free(outcome);
    add(batch, "0");
    outcome = next(batch);
    assert_string_equal(outcome->value, "2");
    ist_outcome_free(outcome);
    ist_batch_free(batch);
    ist_pool_free(pool);
    /* Those that somebody else buries may take a moment to end. */
    for (int i = 0; i < 3000 && children(NULL, 0); i++) rest();
    assert_int_equal(children(NULL, 0), 0);
  }
  sigaction(SIGCHLD, &before, NULL);
}

static void many_deaths_leave_nothing(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  ist_pool *pool = pool_of(&options);
  assert_outcome(pool, "input", "1", IST_OK, "1");
  size_t before = descriptors();
  pid_t found[8];
  for (long round = count_of(30, 3000); round; round--) {
    size_t count = children(found, 8);
    assert_true(count <= 2);
    for (size_t i = 0; i < count; i++) kill(found[i], SIGKILL);
    /* One that starts may be hit again and again; then the run says so. */
    ist_outcome *outcome = outcome_of(pool, "input", "1");
    assert_true(outcome->status == IST_OK || outcome->status == IST_ERR_DIED ||
                outcome->status == IST_ERR_RESOURCE || outcome->status == IST_ERR_STATE);
    ist_outcome_free(outcome);
  }
  assert_outcome(pool, "input", "1", IST_OK, "1");
  /* A second cell may be kept ready: its socket, its handle, and what it says. */
  assert_true(descriptors() <= before + 3);
  assert_true(children(NULL, 0) <= 2);
  ist_pool_free(pool);
  assert_int_equal(children(NULL, 0), 0);
}

static void many_runs_take_no_memory(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  ist_pool *pool = pool_of(&options);
  ist_batch *batch = batch_of(pool, "const a = new Array(100).fill(input); a.length");
  long runs = count_of(SANITIZED ? 300 : 1000, 10000), first = 0, first_here = 0;
  pid_t cell = 0;
  for (long i = 0; i < runs; i++) {
    add(batch, "{\"a\": [1, 2, 3]}");
    ist_outcome *outcome = next(batch);
    assert_string_equal(outcome->value, "100");
    ist_outcome_free(outcome);
    if (i != runs / 2) continue;
    cell = only_child();
    first = status_of(cell, "VmRSS");
    first_here = status_of(getpid(), "VmRSS");
  }
  assert_int_equal(only_child(), cell);
  if (!SANITIZED) {
    assert_true(status_of(cell, "VmRSS") < first + 48 * 1024);
    assert_true(status_of(getpid(), "VmRSS") < first_here + 16 * 1024);
  }
  ist_batch_free(batch);
  ist_pool_free(pool);
}

/* ---- The parent's end ---- */

/* This program as a parent that is killed: it says its cell's number and runs for ever. */
static _Noreturn void be_parent(void) {
  ist_pool_options options = cells(1);
  options.limits.wall = 0;
  ist_pool *pool = pool_of(&options);
  ist_batch *batch = batch_of(pool, "if (input) for (;;);");
  add(batch, "0");
  ist_outcome_free(next(batch));
  add(batch, "1");
  printf("%d\n", (int)only_child());
  fflush(stdout);
  for (;;) pause();
}

static void cells_end_with_their_parent(void **state) {
  (void)state;
  for (int round = 0; round < 2; round++) {
    int out[2];
    pid_t parent, cell = 0;
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    char *argv[] = {(char *)(uintptr_t)self, (char[]){"parent"}, NULL};
    assert_int_equal(posix_spawn(&parent, self, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    FILE *said = fdopen(out[0], "r");
    assert_int_equal(fscanf(said, "%d", &cell), 1);
    fclose(said);
    for (int i = 0; i < round * 40; i++) rest();
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    /* Gone, or a zombie whom nobody buries here. */
    while (!is_dead(cell)) rest();
  }
}

int main(int argc, char **argv) {
  static char path[4096];
  if (argc > 1 && !strcmp(argv[1], "parent")) be_parent();
  if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) return 1;
  self = path;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cells_give_what_contexts_give),
      cmocka_unit_test(cbor_passes_both_ways),
      cmocka_unit_test(the_time_zone_is_ours),
      cmocka_unit_test(large_inputs_and_values_pass),
      cmocka_unit_test(programs_take_turns),
      cmocka_unit_test(what_kills_v8_is_an_error),
      cmocka_unit_test(limits_hold_inside),
      cmocka_unit_test(killed_cells_are_replaced),
      cmocka_unit_test(cells_that_die_idle_are_not_missed),
      cmocka_unit_test(stopped_cells_are_late),
      cmocka_unit_test(cancelled_runs_end),
      cmocka_unit_test(other_waits_do_no_harm),
      cmocka_unit_test(many_deaths_leave_nothing),
      cmocka_unit_test(many_runs_take_no_memory),
      cmocka_unit_test(cells_end_with_their_parent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
