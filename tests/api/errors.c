/* Errors say what and where, also those that are thrown in odd ways. */
#include "api_test.h"

static ist_error *failing(fixture *f, ist_status expected, const char *source) {
  ist_value result;
  ist_error *error = NULL;
  assert_status(expected, ist_script_eval(f->context, source, strlen(source), "some/file.js",
                                          &result, &error));
  assert_non_null(error);
  assert_int_equal(error->status, expected);
  return error;
}

static void a_thrown_error(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "var a;\n  function f() { a.b.c }\nf()");
  assert_string_equal(error->name, "TypeError");
  assert_string_equal(error->message, "Cannot read properties of undefined (reading 'b')");
  assert_string_equal(error->file, "some/file.js");
  assert_string_equal(error->source_line, "  function f() { a.b.c }");
  assert_int_equal(error->line, 2);
  assert_int_equal(error->column, 20);
  assert_non_null(strstr(error->stack, "at f (some/file.js:2:20)"));
  assert_non_null(strstr(error->stack, "at some/file.js:3:1"));
  assert_int_equal(error->value.type, IST_OBJECT);
  assert_int_equal(error->exit_code, 1);
  ist_error_free(error);
}

static void a_syntax_error(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_SYNTAX, "1;\nlet = = 2");
  assert_string_equal(error->name, "SyntaxError");
  assert_int_equal(error->line, 2);
  assert_int_equal(error->column, 7);
  assert_string_equal(error->source_line, "let = = 2");
  ist_error_free(error);
}

static void things_that_are_no_errors(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "throw 'text'");
  assert_string_equal(error->message, "text");
  assert_null(error->stack);
  assert_int_equal(error->line, 1);
  assert_text(f, "text", error->value);
  ist_error_free(error);
  error = failing(f, IST_ERR_EXCEPTION, "throw undefined");
  assert_string_equal(error->message, "undefined");
  ist_error_free(error);
  error = failing(f, IST_ERR_EXCEPTION, "throw Symbol('s')");
  assert_string_equal(error->message, "Symbol(s)");
  ist_error_free(error);
}

static void reading_an_error_runs_no_getters(void **state) {
  fixture *f = *state;
  ist_error *error = failing(
      f, IST_ERR_EXCEPTION,
      "globalThis.ran = 0; const e = new Error('m');"
      "for (const k of ['name', 'message']) Object.defineProperty(e, k, { get() { ran++ } });"
      "throw e");
  ist_error_free(error);
  assert_int_equal(eval(f, "ran").as.int32, 0);
}

static void an_error_of_the_host(void **state) {
  (void)state;
  ist_error *error = ist_error_new(IST_ERR_IO, NULL, NULL);
  assert_string_equal(error->name, "Error");
  assert_string_equal(error->message, "input or output failed");
  ist_error_free(error);
}

static void a_deep_recursion(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "(function f() { f() })()");
  assert_string_equal(error->name, "RangeError");
  assert_int_equal(error->frame_count, 10);
  ist_error_free(error);
}

/* Each level is a call of C's within a call of JavaScript's, with an error wanted at each. */
static ist_status deeper(void *env, const ist_call *call, ist_value *result) {
  int *failures = env;
  ist_error *error;
  ist_status status =
      ist_function_call(call->context, call->argv[0], ist_undefined(), 0, NULL, result, &error);
  if (status) ++*failures;
  if (status && error) assert_string_equal(error->message, "Maximum call stack size exceeded");
  if (status && error) status = ist_throw_again(call->context, error);
  ist_error_free(error);
  return status;
}

static void a_deep_recursion_through_c(void **state) {
  fixture *f = *state;
  int failures = 0;
  ist_value function, global;
  assert_ok(ist_function_new(f->context, "deeper", deeper, &failures, NULL, &function));
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "deeper", function, NULL));
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "(function f() { deeper(f) })()");
  assert_string_equal(error->name, "RangeError");
  assert_true(failures > 10);
  ist_error_free(error);
  assert_int_equal(eval(f, "1 + 1").as.int32, 2);
}

static void assert_frame(const ist_frame *frame, const char *function, const char *script, int line,
                         int column, uint32_t flags) {
  assert_string_equal(frame->function, function);
  assert_string_equal(frame->script, script);
  assert_int_equal(frame->line, line);
  assert_int_equal(frame->column, column);
  assert_int_equal(frame->flags, flags);
}

static void frames(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION,
                             "function f() { throw new Error('m') }\n"
                             "class K { constructor() { f() } }\n"
                             "try { new K() } catch (error) {\n"
                             "  throw error }");
  assert_int_equal(error->frame_count, 3);
  assert_frame(&error->frames[0], "f", "some/file.js", 1, 22, 0);
  assert_frame(&error->frames[1], "K", "some/file.js", 2, 27, IST_FRAME_CONSTRUCTOR);
  assert_frame(&error->frames[2], "", "some/file.js", 3, 7, 0);
  assert_int_equal(error->line, 1);
  ist_error_free(error);

  error = failing(f, IST_ERR_EXCEPTION, "1;\n  eval('(function g() { throw new Error() })()')");
  assert_int_equal(error->frame_count, 3);
  assert_frame(&error->frames[0], "g", "", 1, 23, IST_FRAME_EVAL);
  assert_frame(&error->frames[2], "", "some/file.js", 2, 3, 0);
  assert_string_equal(error->file, "some/file.js");
  assert_int_equal(error->line, 2);
  ist_error_free(error);

  error = failing(f, IST_ERR_EXCEPTION, "function h() { throw 5 }\nh()");
  assert_int_equal(error->frame_count, 2);
  assert_frame(&error->frames[0], "h", "some/file.js", 1, 16, 0);
  assert_null(error->name);
  assert_string_equal(error->message, "5");
  ist_error_free(error);

  /* What a program makes of the text does not matter. */
  error = failing(f, IST_ERR_EXCEPTION,
                  "const mine = new Error('m');\nmine.stack = 'mine'; throw mine");
  assert_int_equal(error->frame_count, 1);
  assert_frame(&error->frames[0], "", "some/file.js", 1, 14, 0);
  assert_string_equal(error->stack, "mine");
  ist_error_free(error);

  error = failing(f, IST_ERR_SYNTAX, "let = = 2");
  assert_int_equal(error->frame_count, 0);
  assert_null(error->frames);
  assert_int_equal(error->end_column, 8);
  ist_error_free(error);
}

static void seen_frames(void *env, ist_context *context, const ist_error *error,
                        ist_value promise) {
  (void)context;
  (void)promise;
  ++*(int *)env;
  assert_string_equal(error->name, "RangeError");
  assert_int_equal(error->frame_count, 3);
  assert_frame(&error->frames[0], "deep", "test.js", 3, 28, 0);
  assert_frame(&error->frames[1], "inner", "test.js", 2, 34, 0);
  assert_frame(&error->frames[2], "outer", "test.js", 1, 26, IST_FRAME_ASYNC);
}

static void awaiting_callers(void **state) {
  fixture *f = *state;
  int count = 0;
  assert_ok(ist_isolate_set_uncaught(f->isolate, seen_frames, &count, NULL));
  eval(f, "async function outer() { await inner() }\n"
          "async function inner(){ await 1; deep() }\n"
          "const deep = () => { throw new RangeError('\\n    at async fake (no.js:1:2)') };\n"
          "outer(); 0");
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(count, 1);
}

static void causes(void **state) {
  fixture *f = *state;
  ist_error *error = failing(f, IST_ERR_EXCEPTION,
                             "const inner = new RangeError('inner');\n"
                             "const outer = new Error('outer', { cause: inner });\n"
                             "throw outer");
  assert_string_equal(error->message, "outer");
  assert_non_null(error->cause);
  assert_string_equal(error->cause->name, "RangeError");
  assert_string_equal(error->cause->message, "inner");
  assert_int_equal(error->cause->line, 1);
  assert_int_equal(error->cause->frame_count, 1);
  assert_int_equal(error->cause->value.type, IST_OBJECT);
  assert_null(error->cause->cause);
  ist_error_free(error);

  /* In a circle, each once. */
  error = failing(f, IST_ERR_EXCEPTION,
                  "{ const a = new Error('a'), b = new Error('b'); a.cause = b; b.cause = a;"
                  "throw a }");
  assert_string_equal(error->cause->message, "b");
  assert_null(error->cause->cause);
  ist_error_free(error);
  error = failing(f, IST_ERR_EXCEPTION, "{ const a = new Error('a'); a.cause = a; throw a }");
  assert_null(error->cause);
  ist_error_free(error);

  error =
      failing(f, IST_ERR_EXCEPTION,
              "{ let e; for (let i = 0; i < 20; i++) e = new Error(i, { cause: e }); throw e }");
  int depth = 0;
  for (const ist_error *at = error; at->cause; at = at->cause) depth++;
  assert_int_equal(depth, 8);
  ist_error_free(error);

  /* Getters, proxies and what is no error are not followed. */
  error = failing(f, IST_ERR_EXCEPTION,
                  "globalThis.ran = 0; const e = new Error('m');"
                  "Object.defineProperty(e, 'cause', { get() { ran++; return new Error() } });"
                  "throw e");
  assert_null(error->cause);
  ist_error_free(error);
  error = failing(f, IST_ERR_EXCEPTION,
                  "throw new Error('m', { cause: new Proxy(new Error(), "
                  "{ get() { ran++ }, getPrototypeOf() { ran++; return null } }) })");
  assert_null(error->cause);
  ist_error_free(error);
  error = failing(f, IST_ERR_EXCEPTION, "throw new Error('m', { cause: 'text' })");
  assert_null(error->cause);
  ist_error_free(error);
  assert_int_equal(eval(f, "ran").as.int32, 0);
}

static void odd_things_that_are_thrown(void **state) {
  fixture *f = *state;
  static const char *const sources[][2] = {
      {"throw new Proxy({}, { get() { throw 1 }, ownKeys() { throw 1 } })", "#<Object>"},
      {"throw { get message() { throw 1 }, toString() { throw 2 } }", "[object Object]"},
      {"throw Object.create(null)", "[object Object]"},
      {"throw 12345678901234567890n", "12345678901234567890"},
      {"throw () => 1", "() => 1"},
      {"throw [1, [2]]", "[object Array]"},
      {"class E extends Error { get name() { throw 1 } }; throw new E('m')", "m"},
      {"Object.setPrototypeOf(Error.prototype, new Proxy({}, { get() { throw 1 } }));"
       "delete Error.prototype.name; throw new Error('last')",
       "last"},
  };
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    ist_error *error = failing(f, IST_ERR_EXCEPTION, sources[i][0]);
    assert_string_equal(error->message, sources[i][1]);
    assert_int_equal(error->line, 1);
    ist_error_free(error);
  }
}

static void an_error_of_another_context(void **state) {
  fixture *f = *state;
  ist_context *other;
  ist_value made, global, callee;
  ist_error *error;
  assert_ok(ist_context_new(f->isolate, NULL, &other));
  assert_ok(ist_script_eval(other, "(function thrower() { throw new TypeError('far') })", 51,
                            "other.js", &callee, NULL));
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "far", callee, NULL));
  error = failing(f, IST_ERR_EXCEPTION, "far()");
  assert_string_equal(error->name, "TypeError");
  assert_string_equal(error->message, "far");
  assert_string_equal(error->file, "other.js");
  assert_string_equal(error->frames[0].function, "thrower");
  assert_ok(ist_context_free(other));
  assert_ok(ist_error_value(f->context, error, &made));
  assert_int_equal(made.type, IST_OBJECT);
  ist_error_free(error);
}

static void the_value_of_an_error(void **state) {
  fixture *f = *state;
  ist_value value, message;
  bool same;
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "globalThis.e = new Error('m'); throw e");
  assert_ok(ist_error_value(f->context, error, &value));
  assert_ok(ist_value_same(f->isolate, value, eval(f, "e"), &same));
  assert_true(same);
  assert_status(IST_ERR_ARGUMENT, ist_error_value(f->context, NULL, &value));
  assert_status(IST_ERR_ARGUMENT, ist_error_value(f->context, error, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_error_value(NULL, error, &value));

  /* In another isolate it is a new error. */
  fixture elsewhere;
  assert_ok(ist_isolate_new(NULL, &elsewhere.isolate));
  assert_ok(ist_context_new(elsewhere.isolate, NULL, &elsewhere.context));
  assert_ok(ist_error_value(elsewhere.context, error, &value));
  assert_ok(ist_object_get(elsewhere.context, value, "message", &message, NULL));
  assert_text(&elsewhere, "m", message);
  ist_isolate_free(elsewhere.isolate);
  ist_error_free(error);

  error = failing(f, IST_ERR_EXCEPTION, "throw undefined");
  assert_ok(ist_error_value(f->context, error, &value));
  assert_int_equal(value.type, IST_UNDEFINED);
  ist_error_free(error);

  error = ist_error_new(IST_ERR_EXCEPTION, "Special", "made by C");
  error->cause = ist_error_new(IST_ERR_IO, "TypeError", "below");
  assert_ok(ist_error_value(f->context, error, &value));
  ist_value global;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "made", value, NULL));
  assert_text(f, "Special: made by C",
              eval(f, "if (!(made instanceof Error)) throw 1; String(made)"));
  assert_text(f, "TypeError: below",
              eval(f, "if (!(made.cause instanceof TypeError)) throw 1; String(made.cause)"));
  ist_error_free(error);
}

static void an_error_outlives_its_isolate(void **state) {
  (void)state;
  fixture f;
  assert_ok(ist_isolate_new(NULL, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  ist_error *error =
      failing(&f, IST_ERR_EXCEPTION, "throw new Error('m', { cause: new Error('n') })");
  ist_isolate_free(f.isolate);
  assert_string_equal(error->message, "m");
  char *text = ist_error_format(error);
  assert_non_null(strstr(text, "caused by: some/file.js:1:31: Error: n\n"));
  ist_free(text);
  ist_error_free(error);
  ist_error_free(NULL);
}

/* Errors that are freed leave no handles. */
static void errors_leave_nothing(void **state) {
  fixture *f = *state;
  ist_statistics before = {.size = sizeof before}, after = {.size = sizeof after};
  for (int i = 0; i < 2000; i++) {
    if (i == 10) assert_ok(ist_isolate_statistics(f->isolate, &before));
    uint32_t scope;
    assert_ok(ist_scope_open(f->isolate, &scope));
    ist_error_free(
        failing(f, IST_ERR_EXCEPTION, "throw new Error('m', { cause: new Error('n') })"));
    assert_ok(ist_scope_close(f->isolate, scope));
  }
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(before.handles, after.handles);
}

/* ---- As text ---- */

static void assert_format(const ist_error *error, const char *expected) {
  char *text = ist_error_format(error);
  assert_non_null(text);
  assert_string_equal(text, expected);
  ist_free(text);
}

static void as_text(void **state) {
  fixture *f = *state;
  ist_error *error =
      failing(f, IST_ERR_EXCEPTION, "var a;\n\tfunction f() { /* 漢字😀 */ a.b.c }\nf()");
  assert_format(error, "some/file.js:2:30: TypeError: Cannot read properties of undefined "
                       "(reading 'b')\n"
                       "\tfunction f() { /* 漢字😀 */ a.b.c }\n"
                       "\t                              ^\n"
                       "    at f (some/file.js:2:30)\n"
                       "    at some/file.js:3:1\n");
  ist_error_free(error);

  error = failing(f, IST_ERR_SYNTAX, "1;\nlet = = 2");
  assert_format(error, "some/file.js:2:7: SyntaxError: Unexpected token '='\n"
                       "let = = 2\n"
                       "      ^\n");
  ist_error_free(error);

  error = failing(f, IST_ERR_EXCEPTION, "throw 'text'");
  assert_format(error, "some/file.js:1:1: text\n"
                       "throw 'text'\n"
                       "^\n"
                       "    at some/file.js:1:1\n");
  ist_error_free(error);

  error = failing(f, IST_ERR_EXCEPTION,
                  "const inner = new RangeError('inner');\n"
                  "throw new Error('two\\nlines', { cause: inner })");
  assert_format(error, "some/file.js:2:7: Error: two\nlines\n"
                       "throw new Error('two\\nlines', { cause: inner })\n"
                       "      ^\n"
                       "    at some/file.js:2:7\n"
                       "caused by: some/file.js:1:15: RangeError: inner\n"
                       "const inner = new RangeError('inner');\n"
                       "              ^\n"
                       "    at some/file.js:1:15\n");
  ist_error_free(error);

  error = failing(f, IST_ERR_EXCEPTION,
                  "{ const own = new Error('a'); own.stack = 'Error: a, as I say it'; throw own }");
  char *text = ist_error_format(error);
  assert_non_null(strstr(text, "^\nError: a, as I say it\n"));
  ist_free(text);
  ist_error_free(error);

  error = ist_error_new(IST_ERR_IO, NULL, NULL);
  assert_format(error, "Error: input or output failed\n");
  ist_error_free(error);
  assert_format(NULL, "out of memory\n");
}

/* Nothing that an error says moves the cursor. */
static void as_text_for_a_terminal(void **state) {
  (void)state;
  ist_frame frames[] = {{"f\x1b[31m", "a.js", 3, 4, 0},
                        {"", "b.js", 0, 0, 0},
                        {"K", "c.js", 5, 6, IST_FRAME_CONSTRUCTOR},
                        {"w", "d.js", 7, 8, IST_FRAME_ASYNC}};
  ist_error error = {.size = sizeof error,
                     .name = "Error",
                     .message = "red \x1b[31m \xe2\x80\xae back \x80 \xff",
                     .file = "x\ry.js",
                     .line = 1,
                     .column = 5,
                     .end_column = 8,
                     .source_line = "\x1b\tab漢cdef",
                     .frames = frames,
                     .frame_count = 4};
  assert_format(&error,
                "x\\x0Dy.js:1:5: Error: red \\x1B[31m \\u202E back \xef\xbf\xbd \xef\xbf\xbd\n"
                "\\x1B\tab漢cdef\n"
                "    \t  ^^^^\n"
                "    at f\\x1B[31m (a.js:3:4)\n"
                "    at b.js\n"
                "    at new K (c.js:5:6)\n"
                "    at async w (d.js:7:8)\n");
  error.frame_count = 0;
  error.source_line = "short";
  error.column = 100;
  error.end_column = 0;
  error.file = "y.js";
  error.message = "m";
  assert_format(&error, "y.js:1:100: Error: m\nshort\n     ^\n");
  char wide[1000];
  memset(wide, 'w', sizeof wide - 1);
  wide[sizeof wide - 1] = '\0';
  wide[500] = '!';
  error.source_line = wide;
  error.column = 501;
  char *text = ist_error_format(&error);
  char *line = strchr(text, '\n') + 1, *carets = strchr(line, '\n') + 1;
  assert_memory_equal(line, "…www", 6);
  assert_int_equal(carets - line, 120 + 2 * 3 + 1);
  /* The mark of what is left out takes three bytes and one column. */
  assert_int_equal(line[strcspn(carets, "^") + 2], '!');
  ist_free(text);
  error.column = 1;
  text = ist_error_format(&error);
  assert_non_null(strstr(text, "\nwww"));
  assert_non_null(strstr(text, "w…\n^\n"));
  ist_free(text);
}

/* ---- Errors of the host's own ---- */

typedef struct host_error {
  int finalized;
  int thrown;
} host_error;

static void count_finalized(void *env) {
  ((host_error *)env)->finalized++;
}

static ist_status throw_mine(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ((host_error *)env)->thrown++;
  return ist_throw_host(call->context, "KeyError", "no such key", env, count_finalized);
}

static void install_host_error(fixture *f, host_error *host) {
  ist_value function, global;
  assert_ok(ist_function_new(f->context, "fail", throw_mine, host, NULL, &function));
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "fail", function, NULL));
}

static void an_error_that_stands_for_the_hosts(void **state) {
  fixture *f = *state;
  static host_error host; /* finalized after this returns */
  host = (host_error){0};
  install_host_error(f, &host);
  ist_error *error = failing(f, IST_ERR_EXCEPTION, "1;\n  fail()");
  assert_ptr_equal(error->host, &host);
  assert_string_equal(error->name, "KeyError");
  assert_string_equal(error->message, "no such key");
  assert_int_equal(error->line, 2);
  assert_int_equal(error->status, IST_ERR_EXCEPTION);
  ist_error_free(error);
  /* Through other hands it remains what it is, as a cause too. */
  error = failing(f, IST_ERR_EXCEPTION,
                  "try { fail() } catch (e) { if (!(e instanceof Error)) throw 1;"
                  "  throw new Error('outer', { cause: e }) }");
  assert_null(error->host);
  assert_ptr_equal(error->cause->host, &host);
  ist_error_free(error);
  /* A copy is not the same. */
  error = failing(f, IST_ERR_EXCEPTION,
                  "try { fail() } catch (e) { throw Object.assign(new Error(), e) }");
  assert_null(error->host);
  ist_error_free(error);
  assert_int_equal(host.thrown, 3);
}

static void a_host_error_is_finalized(void **state) {
  fixture *f = *state;
  host_error host = {0};
  install_host_error(f, &host);
  uint32_t scope;
  assert_ok(ist_scope_open(f->isolate, &scope));
  ist_error *kept = failing(f, IST_ERR_EXCEPTION, "fail()");
  eval(f, "globalThis.held = []; for (let i = 0; i < 100; i++) try { fail() } catch (e) {"
          " if (i < 10) held.push(e) }");
  assert_ok(ist_scope_close(f->isolate, scope));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_int_equal(host.thrown, 101);
  /* The last one that was thrown may still be on V8's mind. */
  assert_in_range(host.finalized, 89, 90);
  assert_ptr_equal(kept->host, &host);
  ist_error_free(kept);
  eval(f, "held = null; try { null.x } catch {}");
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_in_range(host.finalized, 100, 101);
  ist_isolate_free(f->isolate);
  assert_int_equal(host.finalized, 101);
  assert_ok(ist_isolate_new(NULL, &f->isolate));
}

static void bad_host_errors(void **state) {
  fixture *f = *state;
  host_error host = {0};
  assert_status(IST_ERR_ARGUMENT,
                ist_throw_host(f->context, "Error", NULL, &host, count_finalized));
  assert_int_equal(host.finalized, 1);
  assert_status(IST_ERR_ARGUMENT, ist_throw_host(NULL, "Error", "m", &host, count_finalized));
  assert_int_equal(host.finalized, 2);
  assert_status(IST_ERR_ARGUMENT, ist_throw_host(NULL, "Error", "m", &host, NULL));
  ist_context *gone;
  assert_ok(ist_context_new(f->isolate, NULL, &gone));
  assert_ok(ist_context_free(gone));
  assert_status(IST_ERR_HANDLE, ist_throw_host(gone, "Error", "m", &host, count_finalized));
  assert_int_equal(host.finalized, 3);
}

static ist_status end_it(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  ist_error *error = NULL;
  ist_value value;
  ist_isolate *isolate = ist_context_isolate(call->context);
  assert_ok(ist_isolate_terminate(isolate));
  ist_status status = ist_script_eval(call->context, "for (;;);", 9, "inner.js", &value, &error);
  assert_status(IST_ERR_TERMINATED, status);
  assert_int_equal(error->status, IST_ERR_TERMINATED);
  assert_int_equal(error->value.type, IST_UNDEFINED);
  status = ist_throw_again(call->context, error);
  ist_error_free(error);
  return status;
}

static void termination(void **state) {
  fixture *f = *state;
  ist_value function, global;
  assert_ok(ist_function_new(f->context, "end", end_it, NULL, NULL, &function));
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, "end", function, NULL));
  ist_error *error =
      failing(f, IST_ERR_TERMINATED, "globalThis.ran = 0; try { end() } finally { ran = 1 }");
  assert_string_equal(error->message, "execution was terminated");
  assert_format(error, "Error: execution was terminated\n");
  ist_error_free(error);
  assert_int_equal(eval(f, "ran").as.int32, 0);
}

/* V8 has no string for the stack of an error whose message is as long as a string can be. */
static void a_giant_message(void **state) {
  fixture *f = *state;
  ist_value length = eval(f, "new Error('x'.repeat(2 ** 29 - 32)).stack.length");
  assert_in_range(length.as.int32, (1 << 29) - 32, (1 << 29) - 24);
  length = eval(f, "new Error('x'.repeat(2 ** 29 - 24)).stack.length");
  assert_in_range(length.as.int32, 7, 4096);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_thrown_error),
      TEST(a_syntax_error),
      TEST(things_that_are_no_errors),
      TEST(reading_an_error_runs_no_getters),
      TEST(an_error_of_the_host),
      TEST(a_deep_recursion),
      TEST(a_deep_recursion_through_c),
      TEST(frames),
      TEST(awaiting_callers),
      TEST(causes),
      TEST(odd_things_that_are_thrown),
      TEST(an_error_of_another_context),
      TEST(the_value_of_an_error),
      TEST(an_error_outlives_its_isolate),
      TEST(errors_leave_nothing),
      TEST(a_giant_message),
      TEST(as_text),
      TEST(as_text_for_a_terminal),
      TEST(an_error_that_stands_for_the_hosts),
      TEST(a_host_error_is_finalized),
      TEST(bad_host_errors),
      TEST(termination),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
