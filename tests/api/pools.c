/* What a run of a pool gives: the value or the error of its program, the same at each isolation. */
#include "pool_test.h"

static void values(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    gives(pool, "input.a + input.b", "{\"a\": 1, \"b\": 2}", "3");
    gives(pool, "input", "[1, \"two\", {\"three\": null}, 4.5, true]",
          "[1,\"two\",{\"three\":null},4.5,true]");
    gives(pool, "input * 2", "-21", "-42");
    gives(pool, "input", "-0", "0");
    gives(pool, "input", "1e21", "1e+21");
    gives(pool, "0 / 0", "0", "null");
    gives(pool, "input === null", "null", "true");
    gives(pool, "false", "0", "false");
    gives(pool, "input", "\"\\u00e9\\ud83d\\ude00\\u0000\"", "\"\xc3\xa9\xf0\x9f\x98\x80\\u0000\"");
    gives(pool, "input.length", "\"0123456789\"", "10");
    gives(pool, "'x'.repeat(100)", "0",
          "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"");
    gives(pool, "new Date(0)", "0", "\"1970-01-01T00:00:00.000Z\"");
    gives(pool, "({toJSON() { return input; }})", "7", "7");
    gives(pool, "[undefined, () => 1, Symbol()]", "0", "[null,null,null]");
    ist_pool_free(pool);
  }
}

/* What JSON has no form for is null. */
static void no_value(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    gives(pool, "", "0", "null");
    gives(pool, "undefined", "0", "null");
    gives(pool, "null", "0", "null");
    gives(pool, "(function () {})", "0", "null");
    gives(pool, "Symbol('s')", "0", "null");
    gives(pool, "({toJSON() {}})", "0", "null");
    fails(pool, "10n", "0", IST_ERR_EXCEPTION, "TypeError",
          "Do not know how to serialize a BigInt");
    fails(pool, "const a = []; a.push(a); a", "0", IST_ERR_EXCEPTION, "TypeError",
          "Converting circular structure to JSON\n    --> starting at object with constructor "
          "'Array'\n    --- index 0 closes the circle");
    ist_pool_free(pool);
  }
}

/* A program is a script: its value is that of its last statement, and it may be run again. */
static void programs(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    static const char program[] = "const twice = n => n * 2;\n"
                                  "let sum = 0;\n"
                                  "class Adder { add(n) { sum += n; return this; } }\n"
                                  "const adder = new Adder();\n"
                                  "for (const n of input) adder.add(twice(n));\n"
                                  "if (sum > 10) 'much: ' + sum; else 'little: ' + sum;\n";
    ist_batch *batch = batch_of(pool, program, NULL);
    for (int round = 0; round < 3; round++) {
      add(batch, "[1, 2]");
      add(batch, "[3, 4]");
    }
    assert_ok(ist_batch_end(batch));
    for (int round = 0; round < 3; round++) {
      next_gives(batch, "\"little: 6\"");
      next_gives(batch, "\"much: 14\"");
    }
    no_more(batch);
    ist_batch_free(batch);
    gives(pool, "this === globalThis && typeof input", "1", "\"number\"");
    gives(pool, "(function () { 'use strict'; return this === undefined; })()", "1", "true");
    gives(pool, "var v = 1; function f() { return v + input; } f()", "1", "2");
    ist_pool_free(pool);
  }
}

/* More programs than stay compiled, each run again and again. */
static void many_programs(void **state) {
  (void)state;
  enum { PROGRAMS = 40, ROUNDS = 3 };
  for (int i = 0; i < RUNGS - 1; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    ist_batch *batches[PROGRAMS];
    char text[64];
    for (int p = 0; p < PROGRAMS; p++) {
      snprintf(text, sizeof text, "const f%d = n => n + %d; f%d(input)", p, p, p);
      batches[p] = batch_of(pool, text, NULL);
    }
    for (int round = 0; round < ROUNDS; round++)
      for (int p = 0; p < PROGRAMS; p++) add(batches[p], "1000");
    for (int p = 0; p < PROGRAMS; p++) {
      snprintf(text, sizeof text, "%d", 1000 + p);
      for (int round = 0; round < ROUNDS; round++) next_gives(batches[p], text);
      ist_batch_free(batches[p]);
    }
    ist_pool_free(pool);
  }
}

static void promises(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    gives(pool, "(async () => { await null; return input + 1; })()", "1", "2");
    gives(pool, "Promise.resolve({a: input})", "1", "{\"a\":1}");
    gives(pool, "Promise.resolve()", "1", "null");
    gives(pool, "new Promise(resolve => Promise.resolve().then(() => resolve('later')))", "1",
          "\"later\"");
    /* An object with a method `then` is a value as any other. */
    gives(pool, "({then: 1})", "1", "{\"then\":1}");
    /* Microtasks have run before a value is looked at. */
    gives(pool, "const seen = []; Promise.resolve().then(() => seen.push(input)); seen", "5",
          "[5]");
    fails(pool, "new Promise(() => {})", "1", IST_ERR_EXCEPTION, "Error",
          "the promise that the program gave is never settled");
    fails(pool, "(async () => { await null; throw new RangeError('no ' + input); })()", "1",
          IST_ERR_EXCEPTION, "RangeError", "no 1");
    fails(pool, "Promise.reject('plain')", "1", IST_ERR_EXCEPTION, NULL, "plain");
    /* A rejection that is nobody's value goes unnoticed. */
    gives(pool, "Promise.reject(new Error('unseen')); 1", "1", "1");
    ist_pool_free(pool);
  }
}

/* Nothing of a run's microtasks is left to the next one. */
static void no_microtask_is_left(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    static const char *const leaving[] = {
        "Promise.resolve().then(() => { globalThis.left = true; }); throw new Error('gone')",
        "({toJSON() { Promise.resolve().then(() => { globalThis.left = true; }); return 1; }})",
        "({toJSON() { Promise.resolve().then(() => { globalThis.left = true; }); throw 1; }})",
    };
    for (size_t p = 0; p < sizeof leaving / sizeof *leaving; p++) {
      ist_outcome_free(run_one(pool, leaving[p], "1"));
      ist_batch *batch =
          batch_of(pool, "const early = globalThis.left; Promise.resolve(early)", NULL);
      add(batch, "1");
      /* In a shared context it has run, but in its own run. */
      next_gives(batch, rungs[i] == IST_ISOLATION_SHARED ? "true" : "null");
      ist_batch_free(batch);
    }
    ist_pool_free(pool);
  }
}

static void cbor(void **state) {
  (void)state;
  static const ist_batch_options options = {
      .size = sizeof options, .input = IST_FORMAT_CBOR, .output = IST_FORMAT_CBOR};
  static const ist_batch_options mixed = {
      .size = sizeof options, .input = IST_FORMAT_CBOR, .output = IST_FORMAT_JSON};
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    ist_batch *batch = batch_of(pool, "input.map(n => n + 1)", &options);
    assert_ok(ist_batch_add(batch, "\x83\x01\x02\x18\x63", 5, -1));
    assert_ok(ist_batch_add(batch, "\x81\xf9\x3c\x00", 4, -1));
    ist_outcome *outcome = next(batch);
    assert_ok(outcome->status);
    assert_int_equal(outcome->length, 5);
    assert_memory_equal(outcome->value, "\x83\x02\x03\x18\x64\0", 6);
    ist_outcome_free(outcome);
    outcome = next(batch);
    assert_int_equal(outcome->length, 2);
    assert_memory_equal(outcome->value, "\x81\x02\0", 3);
    ist_outcome_free(outcome);
    assert_ok(ist_batch_add(batch, "\x83\x01\x02", 3, -1));
    outcome = next(batch);
    assert_status(IST_ERR_FORMAT, outcome->status);
    assert_non_null(strstr(outcome->error->message, "the input is not CBOR: "));
    ist_outcome_free(outcome);
    ist_batch_free(batch);
    batch = batch_of(pool, "typeof input", &mixed);
    assert_ok(ist_batch_add(batch, "\xf7", 1, -1));
    next_gives(batch, "\"undefined\"");
    ist_batch_free(batch);
    /* What CBOR has a form for, and what it has none for. */
    batch = batch_of(pool, "input ? undefined : x => x", &options);
    assert_ok(ist_batch_add(batch, "\xf5", 1, -1));
    assert_ok(ist_batch_add(batch, "\xf4", 1, -1));
    outcome = next(batch);
    assert_ok(outcome->status);
    assert_memory_equal(outcome->value, "\xf7\0", 2);
    ist_outcome_free(outcome);
    outcome = next(batch);
    assert_status(IST_ERR_TYPE, outcome->status);
    ist_outcome_free(outcome);
    ist_batch_free(batch);
    ist_pool_free(pool);
  }
}

static void broken_inputs(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    ist_batch *batch = batch_of(pool, "input", NULL);
    add(batch, "");
    add(batch, "{\"a\": }");
    add(batch, "[1, 2");
    add(batch, "5");
    assert_ok(ist_batch_add(batch, "\0", 1, -1));
    assert_ok(ist_batch_add(batch, NULL, 0, -1));
    next_fails(batch, IST_ERR_SYNTAX, "SyntaxError",
               "the input is not JSON: Unexpected end of JSON input");
    next_fails(batch, IST_ERR_SYNTAX, "SyntaxError",
               "the input is not JSON: Unexpected token } in JSON at position 6");
    next_fails(batch, IST_ERR_SYNTAX, "SyntaxError",
               "the input is not JSON: Unexpected end of JSON input");
    next_gives(batch, "5");
    ist_outcome *outcome = next(batch);
    assert_status(IST_ERR_SYNTAX, outcome->status);
    ist_outcome_free(outcome);
    next_fails(batch, IST_ERR_SYNTAX, "SyntaxError",
               "the input is not JSON: Unexpected end of JSON input");
    ist_batch_free(batch);
    ist_pool_free(pool);
  }
}

static void errors(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    static const char program[] = "function check(n) {\n"
                                  "  if (n > 1) throw new TypeError('more than one: ' + n);\n"
                                  "  return n;\n"
                                  "}\n"
                                  "check(input);\n";
    ist_outcome *outcome = run_one(pool, program, "2");
    assert_failed(IST_ERR_EXCEPTION, "TypeError", "more than one: 2", outcome);
    const ist_error *error = outcome->error;
    assert_string_equal(error->file, "program.js");
    assert_int_equal(error->line, 2);
    assert_int_equal(error->column, 20);
    assert_string_equal(error->source_line,
                        "  if (n > 1) throw new TypeError('more than one: ' + n);");
    assert_non_null(
        strstr(error->stack, "TypeError: more than one: 2\n    at check (program.js:2"));
    assert_true(error->frame_count >= 2);
    assert_string_equal(error->frames[0].function, "check");
    assert_string_equal(error->frames[0].script, "program.js");
    assert_int_equal(error->frames[0].line, 2);
    assert_int_equal(error->frames[1].line, 5);
    char *shown = ist_error_format(error);
    assert_non_null(strstr(shown, "program.js:2:20"));
    ist_free(shown);
    ist_outcome_free(outcome);

    outcome = run_one(pool, "let a = ;", "1");
    assert_failed(IST_ERR_SYNTAX, "SyntaxError", "Unexpected token ';'", outcome);
    assert_string_equal(outcome->error->file, "program.js");
    assert_int_equal(outcome->error->line, 1);
    assert_int_equal(outcome->error->column, 9);
    ist_outcome_free(outcome);

    outcome = run_one(pool,
                      "throw new Error('outer', {cause: new RangeError('inner', "
                      "{cause: 'no error'})})",
                      "1");
    assert_failed(IST_ERR_EXCEPTION, "Error", "outer", outcome);
    assert_non_null(outcome->error->cause);
    assert_string_equal(outcome->error->cause->name, "RangeError");
    assert_string_equal(outcome->error->cause->message, "inner");
    assert_int_equal(outcome->error->cause->value.type, IST_UNDEFINED);
    assert_null(outcome->error->cause->cause);
    ist_outcome_free(outcome);

    fails(pool, "throw {a: 1}", "1", IST_ERR_EXCEPTION, NULL, "#<Object>");
    fails(pool, "throw 'text'", "1", IST_ERR_EXCEPTION, NULL, "text");
    fails(pool, "throw null", "1", IST_ERR_EXCEPTION, NULL, "null");
    fails(pool, "unknown", "1", IST_ERR_EXCEPTION, "ReferenceError", "unknown is not defined");
    fails(pool, "({get a() { throw new Error('read'); }})", "1", IST_ERR_EXCEPTION, "Error",
          "read");
    fails(pool, "(function f() { return f() + 1; })()", "1", IST_ERR_EXCEPTION, "RangeError",
          "Maximum call stack size exceeded");
    /* Only a run's own throwing is its failure. */
    gives(pool, "try { unknown; } catch (error) { error.message + '!'; }", "1",
          "\"unknown is not defined!\"");
    ist_pool_free(pool);
  }
}

/* The place of a program in a larger file. */
static void places(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    ist_source source = source_of("\nthrow new Error('here')");
    source.file = "page.html";
    source.line_offset = 10;
    ist_batch *batch;
    assert_ok(ist_batch_new(pool, &source, NULL, &batch));
    add(batch, "1");
    ist_outcome *outcome = next(batch);
    assert_string_equal(outcome->error->file, "page.html");
    assert_int_equal(outcome->error->line, 12);
    ist_outcome_free(outcome);
    ist_batch_free(batch);
    ist_pool_free(pool);
  }
}

/* An outcome is plain data: it outlives its batch and its pool. */
static void outcomes_outlive_all(void **state) {
  (void)state;
  ist_outcome *given[RUNGS], *failed[RUNGS], *large[RUNGS];
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 2);
    given[i] = run_one(pool, "[input, input]", "[1]");
    failed[i] = run_one(pool, "throw new Error('kept', {cause: new Error('with it')})", "[1]");
    large[i] = run_one(pool, "'ab'.repeat(50000)", "[1]");
    ist_pool_free(pool);
  }
  for (int i = 0; i < RUNGS; i++) {
    assert_given("[[1],[1]]", given[i]);
    assert_failed(IST_ERR_EXCEPTION, "Error", "kept", failed[i]);
    assert_string_equal(failed[i]->error->cause->message, "with it");
    assert_int_equal(large[i]->length, 100002);
    ist_outcome_free(given[i]);
    ist_outcome_free(failed[i]);
    ist_outcome_free(large[i]);
  }
  ist_outcome_free(NULL);
}

/* Inputs of every size come through whole, small ones and large ones. */
static void sizes(void **state) {
  (void)state;
  static const size_t lengths[] = {0, 1, 61, 62, 63, 64, 65, 1021, 1022, 1023, 1024, 4096, 1000000};
  char *input = malloc(1000003);
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    ist_batch *batch = batch_of(pool, "input", NULL);
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
      size_t length = lengths[l];
      memset(input + 1, 'a' + (int)l, length);
      input[0] = input[length + 1] = '"';
      input[length + 2] = '\0';
      assert_ok(ist_batch_add(batch, input, length + 2, -1));
      ist_outcome *outcome = next(batch);
      assert_given(input, outcome);
      assert_int_equal(outcome->index, l);
      ist_outcome_free(outcome);
    }
    ist_batch_free(batch);
    ist_pool_free(pool);
  }
  free(input);
}

/* A program may do what it likes to the global `input`; the next run has its own. */
static void the_input_is_its_own(void **state) {
  (void)state;
  static const char *const spoiling[] = {
      "input = 'spoilt'; 1",
      "delete globalThis.input; 1",
      "globalThis.other = input; Object.freeze(globalThis); 1",
      "Object.defineProperty(globalThis, 'input', {value: 'mine', configurable: false}); 1",
      "Object.defineProperty(globalThis, 'input', {get() { return 'got'; }}); 1",
      "Object.preventExtensions(globalThis); 1",
      "const first = input; { let input = 'inner'; } first",
  };
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    for (size_t p = 0; p < sizeof spoiling / sizeof *spoiling; p++) {
      ist_outcome_free(run_one(pool, spoiling[p], "1"));
      gives(pool, "input.n", "{\"n\": 7}", "7");
    }
    gives(pool, "let input = 5; input", "1", "5");
    gives(pool, "input", "6", "6");
    ist_pool_free(pool);
  }
}

/* What runs share is what their isolation says. */
static void what_stays(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 1);
    bool shared = rungs[i] == IST_ISOLATION_SHARED;
    gives(pool, "globalThis.count = (globalThis.count || 0) + 1", "1", "1");
    gives(pool, "globalThis.count = (globalThis.count || 0) + 1", "1", shared ? "2" : "1");
    gives(pool, "var declared = 1; typeof declared", "1", "\"number\"");
    gives(pool, "typeof declared", "1", shared ? "\"number\"" : "\"undefined\"");
    gives(pool, "function named() {} typeof named", "1", "\"function\"");
    gives(pool, "typeof named", "1", shared ? "\"function\"" : "\"undefined\"");
    gives(pool, "let lexical = 1; class Classy {} typeof lexical", "1", "\"number\"");
    gives(pool, "typeof lexical + typeof Classy", "1", "\"undefinedundefined\"");
    gives(pool, "try { Array.prototype.mine = 1; } catch {} 1", "1", "1");
    gives(pool, "[].mine || 0", "1", shared ? "1" : "0");
    ist_pool_free(pool);
  }
}

static void usage_and_statistics(void **state) {
  (void)state;
  for (int i = 0; i < RUNGS; i++) {
    ist_pool *pool = pool_of(rungs[i], 2);
    ist_pool_statistics before = statistics_of(pool);
    assert_int_equal(before.runs, 0);
    assert_int_equal(before.failed, 0);
    ist_outcome *outcome = run_one(pool, "let n = 0; for (let i = 0; i < 1e5; i++) n += i; n", "1");
    assert_given("4999950000", outcome);
    assert_true(outcome->wall > 0);
    ist_outcome_free(outcome);
    fails(pool, "throw new Error('x')", "1", IST_ERR_EXCEPTION, "Error", "x");
    fails(pool, "input", "}", IST_ERR_SYNTAX, "SyntaxError",
          "the input is not JSON: Unexpected token } in JSON at position 0");
    ist_pool_statistics after = statistics_of(pool);
    assert_int_equal(after.size, sizeof after);
    assert_int_equal(after.runs, 3);
    assert_int_equal(after.failed, 2);
    assert_int_equal(after.timeouts, 0);
    assert_int_equal(after.spent, 0);
    assert_int_equal(after.replaced, 0);
    ist_pool_free(pool);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values),
      cmocka_unit_test(no_value),
      cmocka_unit_test(programs),
      cmocka_unit_test(many_programs),
      cmocka_unit_test(promises),
      cmocka_unit_test(no_microtask_is_left),
      cmocka_unit_test(cbor),
      cmocka_unit_test(broken_inputs),
      cmocka_unit_test(errors),
      cmocka_unit_test(places),
      cmocka_unit_test(outcomes_outlive_all),
      cmocka_unit_test(sizes),
      cmocka_unit_test(the_input_is_its_own),
      cmocka_unit_test(what_stays),
      cmocka_unit_test(usage_and_statistics),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
