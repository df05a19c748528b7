/* Limits of runs in a pool: what reaches one fails with its name, is replaced where it has spoilt
 * something, and the others go on. Nothing here depends on how fast the machine is. */
#include "pool_test.h"

static ist_pool *limited(ist_isolation isolation, uint32_t threads, uint64_t wall_ms, size_t heap) {
  ist_pool_options options = {.size = sizeof options,
                              .isolation = isolation,
                              .threads = threads,
                              .limits = {.wall = wall_ms * 1000000},
                              .heap_limit = heap};
  ist_pool *pool;
  assert_ok(ist_pool_new(&options, &pool, NULL));
  return pool;
}

static const char *const endless[] = {
    "for (;;);",
    "while (true) { try { for (;;) new Array(1000).fill(1.5); } catch {} finally { continue; } }",
    "const g = () => Promise.resolve().then(g); g(); 1",
    "const g = () => Promise.resolve().then(g); g(); throw new Error('too early')",
    "({toJSON() { for (;;); }})",
    "({toJSON() { const g = () => Promise.resolve().then(g); g(); return 1; }})",
    "Promise.resolve().then(() => { for (;;); }); 1",
    "/^(a+)+$/.test('a'.repeat(50) + 'b')",
    "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
};

static void time_limit(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = limited(rungs[i], 2, 30, 0);
    size_t count = sizeof endless / sizeof *endless;
    for (size_t p = 0; p < count; p++) {
      ist_outcome *outcome = run_one(pool, endless[p], "1");
      assert_failed(IST_ERR_TIMEOUT, "TimeoutError", "the time limit of 30 ms was reached",
                    outcome);
      assert_true(outcome->wall >= 30000000);
      ist_outcome_free(outcome);
    }
    ist_pool_statistics after = statistics_of(pool);
    assert_int_equal(after.runs, count);
    assert_int_equal(after.failed, count);
    assert_int_equal(after.timeouts, count);
    assert_int_equal(after.spent, 0);
    assert_int_equal(after.replaced, rungs[i] == IST_ISOLATION_COMPARTMENT ? count : 0);
    ist_pool_free(pool);
  }
}

static void processor_time_limit(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool_options options = {
        .size = sizeof options, .isolation = rungs[i], .threads = 1, .limits = {.cpu = 20000000}};
    ist_pool *pool;
    assert_ok(ist_pool_new(&options, &pool, NULL));
    ist_outcome *outcome = run_one(pool, "for (;;);", "1");
    assert_failed(IST_ERR_TIMEOUT, "TimeoutError", "the processor time limit of 20 ms was reached",
                  outcome);
    assert_true(outcome->cpu >= 20000000);
    ist_outcome_free(outcome);
    assert_int_equal(statistics_of(pool).timeouts, 1);
    ist_pool_free(pool);
  }
}

/* Hostile inputs among others: each has its own end, in order. The limit is long enough for the
 * good ones on a slow machine. */
static void others_are_answered(void **state) {
  (void)state;
  static const char program[] =
      "if (input.kind === 'loop') for (;;) new Array(1000).fill(1.5);\n"
      "if (input.kind === 'memory') { const a = []; for (;;) a.push(new Array(1e5).fill(a.length));"
      " }\n"
      "if (input.kind === 'recurse') { const f = () => f() + 1; f(); }\n"
      "if (input.kind === 'throw') throw new TypeError('wanted');\n"
      "input.n * 2";
  static const char *const kinds[] = {"ok", "memory", "ok", "recurse", "ok", "throw", "ok", "loop"};
  enum { KINDS = sizeof kinds / sizeof *kinds };
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = limited(rungs[i], 2, 1000, 32 << 20);
    ist_batch *batch = batch_of(pool, program, NULL);
    int count = KINDS;
    for (int n = 0; n < count; n++) {
      char text[64];
      snprintf(text, sizeof text, "{\"kind\": \"%s\", \"n\": %d}", kinds[n % KINDS], n);
      add(batch, text);
    }
    for (int n = 0; n < count; n++) {
      char text[16];
      switch (n % KINDS) {
      case 1:
        next_fails(batch, IST_ERR_MEMORY, "MemoryError", "the heap limit of 32 MiB was reached");
        break;
      case 3:
        next_fails(batch, IST_ERR_EXCEPTION, "RangeError", "Maximum call stack size exceeded");
        break;
      case 5: next_fails(batch, IST_ERR_EXCEPTION, "TypeError", "wanted"); break;
      case 7:
        next_fails(batch, IST_ERR_TIMEOUT, "TimeoutError", "the time limit of 1000 ms was reached");
        break;
      default: snprintf(text, sizeof text, "%d", 2 * n); next_gives(batch, text);
      }
    }
    ist_pool_statistics after = statistics_of(pool);
    assert_int_equal(after.spent, 1);
    assert_int_equal(after.timeouts, 1);
    assert_int_equal(after.failed, 4);
    assert_in_range(after.replaced, 1, 2);
    ist_batch_free(batch);
    ist_pool_free(pool);
  }
}

/* Ways to fill the heap, also where the last step alone does. */
static void heap_limit(void **state) {
  (void)state;
  static const char *const programs[] = {
      "const a = []; for (;;) a.push(new Array(1e4).fill(a.length));",
      "let s = 'x'; const all = []; for (;;) { s += s.slice(0, 1000) + all.length; all.push(s + "
      "1); "
      "JSON.parse(JSON.stringify(all[all.length - 1])); }",
      "const m = new Map(); for (let i = 0;; i++) m.set(i, {i});",
      "const g = a => Promise.resolve(new Array(1e4).fill(1)).then(b => g([a, b])); g([]); 1",
      "({toJSON() { const a = []; for (;;) a.push(new Array(1e4).fill(1)); }})",
  };
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = limited(rungs[i], 1, 0, 32 << 20);
    size_t count = sizeof programs / sizeof *programs;
    for (size_t p = 0; p < count; p++) {
      fails(pool, programs[p], "1", IST_ERR_MEMORY, "MemoryError",
            "the heap limit of 32 MiB was reached");
      gives(pool, "input + 1", "1", "2");
    }
    ist_pool_statistics after = statistics_of(pool);
    assert_int_equal(after.runs, 2 * count);
    assert_int_equal(after.spent, count);
    assert_int_equal(after.replaced, count);
    ist_pool_free(pool);
  }
}

static void buffer_and_stack_limits(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool_options options = {.size = sizeof options,
                                .isolation = rungs[i],
                                .threads = 1,
                                .buffer_limit = 1 << 20,
                                .stack_limit = 8 << 20};
    ist_pool *pool;
    assert_ok(ist_pool_new(&options, &pool, NULL));
    fails(pool, "new Uint8Array(2 << 20)", "1", IST_ERR_EXCEPTION, "RangeError",
          "Array buffer allocation failed");
    /* What one run has made and dropped is not held against the next. */
    for (int round = 0; round < 8; round++)
      gives(pool, "new Uint8Array(900000).length", "1", "900000");
    /* Deeper than V8 goes by itself, and than a thread's usual stack. */
    gives(pool, "const f = n => n ? 1 + f(n - 1) : 0; f(40000)", "1", "40000");
    fails(pool, "const f = n => 1 + f(n + 1); f(0)", "1", IST_ERR_EXCEPTION, "RangeError",
          "Maximum call stack size exceeded");
    ist_pool_free(pool);
    options.stack_limit = 128 << 10;
    assert_ok(ist_pool_new(&options, &pool, NULL));
    fails(pool, "const f = n => n ? 1 + f(n - 1) : 0; f(40000)", "1", IST_ERR_EXCEPTION,
          "RangeError", "Maximum call stack size exceeded");
    ist_pool_free(pool);
  }
}

/* What stays in a shared heap is no reason for later runs to fail: the isolate is renewed before
 * that. */
static void heap_is_renewed(void **state) {
  (void)state;
  ist_pool *pool = limited(IST_ISOLATION_SHARED, 1, 0, 64 << 20);
  ist_batch *batch = batch_of(
      pool, "(globalThis.kept ||= []).push(new Array(5e3).fill(input)); kept.length > 0", NULL);
  int count = rounds(6000, 60000);
  for (int n = 0; n < count; n++) {
    add(batch, "1");
    next_gives(batch, "true");
  }
  ist_pool_statistics after = statistics_of(pool);
  assert_int_equal(after.failed, 0);
  if (count > 3000) assert_true(after.replaced > 0);
  ist_batch_free(batch);
  ist_pool_free(pool);
}

/* What a program ties to a built-in by a private field is found by nobody, but would take the room
 * of all others' buffers for ever. */
static void buffers_left_behind(void **state) {
  (void)state;
  static const char program[] = "class R { constructor(o) { return o } }\n"
                                "class S extends R { #buffer = new ArrayBuffer(input.tie << 20) }\n"
                                "if (input.tie) new S(Array.prototype);\n"
                                "new ArrayBuffer(input.make << 20).byteLength >> 20";
  for (int i = 0; i < RUNGS; i++) {
    if (rungs[i] == IST_ISOLATION_SHARED) continue;
    ist_pool_options options = {
        .size = sizeof options, .isolation = rungs[i], .threads = 1, .buffer_limit = 32 << 20};
    ist_pool *pool;
    assert_ok(ist_pool_new(&options, &pool, NULL));
    gives(pool, program, "{\"tie\": 30, \"make\": 1}", "1");
    gives(pool, program, "{\"tie\": 0, \"make\": 31}", "31");
    for (int round = 0; round < 16; round++) gives(pool, program, "{\"tie\": 3, \"make\": 0}", "0");
    gives(pool, program, "{\"tie\": 0, \"make\": 25}", "25");
    ist_pool_free(pool);
  }
}

/* Private fields on the global object, which each sweep would walk over for ever. */
static void sweeps_that_are_slow(void **state) {
  (void)state;
  static const char program[] = "class R { constructor(o) { return o } }\n"
                                "for (let i = 0; i < input; i++) {\n"
                                "  class S extends R { #a; #b; #c; #d; #e; #f; #g; #h }\n"
                                "  new S(globalThis);\n"
                                "}\n"
                                "input";
  ist_pool *pool = limited(IST_ISOLATION_COMPARTMENT, 1, 0, 0);
  gives(pool, program, "40000", "40000");
  for (int run = 0; run < 4; run++) gives(pool, program, "0", "0");
  assert_int_equal(statistics_of(pool).replaced, 1);
  ist_pool_free(pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(time_limit),
      cmocka_unit_test(processor_time_limit),
      cmocka_unit_test(others_are_answered),
      cmocka_unit_test(buffers_left_behind),
      cmocka_unit_test(sweeps_that_are_slow),
      cmocka_unit_test(heap_limit),
      cmocka_unit_test(buffer_and_stack_limits),
      cmocka_unit_test(heap_is_renewed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
