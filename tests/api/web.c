/* The web's globals in contexts of the embedder's: what is there and what is out of reach,
 * console's messages with their levels, timers of several contexts, and errors that nobody catches.
 */
#include "api_test.h"

#include <stdio.h>
#include <unistd.h>

/* ---- What is there ---- */

static void add(ist_context *context) {
  ist_error *error;
  ist_status status = ist_context_add_web(context, NULL, &error);
  if (status) fail_msg("%s", error && error->message ? error->message : ist_status_name(status));
}

static void the_common_minimum_is_there(void **state) {
  fixture *f = *state;
  assert_text(f, "undefined", eval(f, "typeof setTimeout"));
  add(f->context);
  static const char *const functions[] = {
      "setTimeout",    "setInterval",    "setImmediate",    "clearTimeout",
      "clearInterval", "clearImmediate", "queueMicrotask",  "structuredClone",
      "TextEncoder",   "TextDecoder",    "DOMException",    "Performance",
      "console.log",   "console.table",  "performance.now", "console.assert",
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    char source[80];
    snprintf(source, sizeof source, "typeof %s", functions[i]);
    assert_text(f, "function", eval(f, source));
  }
  assert_text(f, "1,2",
              eval(f, "structuredClone(new Map([[1, 2]])).entries().next().value.join()"));
  assert_int_equal(eval(f, "new TextEncoder().encode('\\u00e9').length").as.int32, 2);
  assert_text(f, "true", eval(f, "String(performance.now() >= 0)"));
}

static void nothing_else_comes_with_them(void **state) {
  fixture *f = *state;
  add(f->context);
  /* Neither modules nor what runtime/js works with. */
  eval(f, "globalThis.seen = [];"
          "for (const name of ['isthmus:host', 'isthmus:ffi', 'ffi:zlib', 'file:///etc/passwd'])"
          "  import(name).then(() => seen.push('loaded ' + name), () => seen.push('refused'))");
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, NULL));
  assert_text(f, "refused,refused,refused,refused", eval(f, "seen.join()"));
  assert_text(f, "undefined",
              eval(f, "typeof native + (typeof require + typeof process).slice(18)"));
}

static void once_for_a_context(void **state) {
  fixture *f = *state;
  ist_error *error;
  ist_web_options options = {.size = sizeof options};
  add(f->context);
  assert_status(IST_ERR_STATE, ist_context_add_web(f->context, &options, &error));
  assert_int_equal(error->status, IST_ERR_STATE);
  ist_error_free(error);
  assert_status(IST_ERR_ARGUMENT, ist_context_add_web(NULL, NULL, NULL));
  options.size = 1;
  assert_status(IST_ERR_ARGUMENT, ist_context_add_web(f->context, &options, NULL));
  ist_context *freed;
  assert_ok(ist_context_new(f->isolate, NULL, &freed));
  assert_ok(ist_context_free(freed));
  assert_status(IST_ERR_HANDLE, ist_context_add_web(freed, NULL, &error));
  ist_error_free(error);
}

static void timers_can_be_left_out(void **state) {
  fixture *f = *state;
  ist_web_options options = {.size = sizeof options, .no_timers = true};
  assert_ok(ist_context_add_web(f->context, &options, NULL));
  assert_text(f, "undefined", eval(f, "typeof setTimeout"));
  assert_text(f, "undefined", eval(f, "typeof clearImmediate"));
  assert_text(f, "function", eval(f, "typeof queueMicrotask"));
}

/* ---- console ---- */

/* What a hook has been told. The hook ends with the context, after the test: it lasts longer than
 * a call. */
typedef struct log {
  char text[4096];
  int finalized;
  ist_context *context;
} log;

static void on_message(void *env, ist_context *context, ist_level level, const char *text,
                       size_t length) {
  log *seen = env;
  size_t used = strlen(seen->text);
  assert_int_equal(strlen(text), length);
  snprintf(seen->text + used, sizeof seen->text - used, "%d:%s|", (int)level, text);
  seen->context = context;
}

static void on_finalize(void *env) {
  ((log *)env)->finalized++;
}

static void with_hook(ist_context *context, log *seen) {
  ist_web_options options = {
      .size = sizeof options, .message = on_message, .env = seen, .finalize = on_finalize};
  *seen = (log){0};
  assert_ok(ist_context_add_web(context, &options, NULL));
}

static void messages_have_levels(void **state) {
  fixture *f = *state;
  static log seen;
  with_hook(f->context, &seen);
  eval(f, "console.debug('d'); console.log('l', 1, { a: [true] }); console.info('i %d', 7);"
          "console.warn('w'); console.error('e');");
  assert_string_equal(seen.text, "0:d|1:l 1 { a: [ true ] }|2:i 7|3:w|4:e|");
  assert_ptr_equal(seen.context, f->context);

  seen.text[0] = '\0';
  eval(f,
       "console.assert(true, 'no'); console.assert(false, 'yes'); console.count(); "
       "console.countReset('none'); console.group('g'); console.log('a\\nb'); console.groupEnd();"
       "console.dir({ b: 1 }); console.clear(); console.log(); console.log('\\0x'.slice(1));");
  assert_string_equal(
      seen.text, "4:Assertion failed: yes|2:default: 1|3:Warning: Count for 'none' does not exist|"
                 "1:g|1:  a\n  b|1:{ b: 1 }|1:|1:x|");

  seen.text[0] = '\0';
  eval(f, "console.trace('t'); console.time('x'); console.timeEnd('x')");
  assert_non_null(strstr(seen.text, "4:Trace: t\n    at test.js:1:9|2:x: "));
}

static void without_a_hook_it_prints(void **state) {
  fixture *f = *state;
  add(f->context);
  int out[2], err[2], saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);
  assert_int_equal(pipe(out) | pipe(err), 0);
  fflush(stdout);
  dup2(out[1], STDOUT_FILENO);
  dup2(err[1], STDERR_FILENO);
  eval(f, "console.log('one'); console.warn('two'); console.info('three'); console.error('four');"
          "console.debug('five')");
  dup2(saved_out, STDOUT_FILENO);
  dup2(saved_err, STDERR_FILENO);
  char text[64] = "";
  assert_true(read(out[0], text, sizeof text - 1) > 0);
  assert_string_equal(text, "one\nthree\nfive\n");
  memset(text, 0, sizeof text);
  assert_true(read(err[0], text, sizeof text - 1) > 0);
  assert_string_equal(text, "two\nfour\n");
  int all[] = {out[0], out[1], err[0], err[1], saved_out, saved_err};
  for (int i = 0; i < 6; i++) close(all[i]);
}

static void eval_in_hook(void *env, ist_context *context, ist_level level, const char *text,
                         size_t length) {
  (void)level;
  (void)length;
  ist_value result;
  if (*(int *)env > 0) {
    --*(int *)env;
    assert_ok(ist_script_eval(context, "console.log('again')", 20, "hook.js", &result, NULL));
  }
  if (!strcmp(text, "free")) *(int *)env = (int)ist_context_free(context) + 100;
}

static void the_hook_may_call_into_the_isolate(void **state) {
  fixture *f = *state;
  int left = 5;
  ist_web_options options = {.size = sizeof options, .message = eval_in_hook, .env = &left};
  assert_ok(ist_context_add_web(f->context, &options, NULL));
  eval(f, "console.log('x')");
  assert_int_equal(left, 0);
  /* It may even free the context that prints. */
  ist_context *other;
  left = 0;
  assert_ok(ist_context_new(f->isolate, NULL, &other));
  assert_ok(ist_context_add_web(other, &options, NULL));
  static const char source[] = "setTimeout(() => {}, 1); console.log('free')";
  (void)ist_script_eval(other, source, sizeof source - 1, "free.js", NULL, NULL);
  assert_true(left >= 100);
  if (left == 100) assert_status(IST_ERR_HANDLE, ist_script_eval(other, "1", 1, "s", NULL, NULL));
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, NULL));
}

/* ---- Several contexts ---- */

static void run(ist_context *context, const char *source) {
  ist_value result;
  ist_error *error;
  ist_status status = ist_script_eval(context, source, strlen(source), "test.js", &result, &error);
  if (status) fail_msg("%s: %s", source, error && error->message ? error->message : "?");
}

static void contexts_have_timers_of_their_own(void **state) {
  fixture *f = *state;
  ist_context *contexts[3];
  static log seen[3];
  for (int i = 0; i < 3; i++) {
    assert_ok(ist_context_new(f->isolate, NULL, &contexts[i]));
    with_hook(contexts[i], &seen[i]);
    /* The second is freed before that. */
    run(contexts[i], i == 1 ? "var delay = 1e9" : "var delay = 120");
    run(contexts[i], "const id = setTimeout(() => console.log('late'), delay);"
                     "setTimeout(() => console.log('early'), 40);"
                     "const repeat = setInterval(() => {}, 1);"
                     "for (let i = 0; i < 1000; i++) if (i !== id && i !== repeat) {"
                     "  clearTimeout(i); }"
                     "setTimeout(() => { console.log('mine'); clearInterval(repeat) }, 8);"
                     "setImmediate(() => console.log('now'));");
  }
  /* What the first two have started before is not theirs to clear. */
  for (int i = 0; i < 2; i++) assert_ok(ist_loop_run(f->isolate, IST_LOOP_ONCE, NULL));
  assert_ok(ist_context_free(contexts[1]));
  assert_int_equal(seen[1].finalized, 1);
  bool alive;
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, &alive));
  assert_false(alive);
  for (int i = 0; i < 3; i += 2) {
    /* In the order of the machine's speed. */
    assert_non_null(strstr(seen[i].text, "1:now|"));
    assert_non_null(strstr(seen[i].text, "1:mine|"));
    assert_non_null(strstr(seen[i].text, "1:late|"));
    assert_null(strstr(seen[i].text, "early"));
  }
  assert_null(strstr(seen[1].text, "late"));
  assert_int_equal(seen[0].finalized, 0);
  assert_ok(ist_context_free(contexts[0]));
  assert_int_equal(seen[0].finalized, 1);
}

static ist_status free_context(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  *result = ist_int32((int32_t)ist_context_free(*(ist_context **)env));
  return IST_OK;
}

/* A context that is freed by its own timer takes its other timers with it. */
static void a_timer_frees_its_context(void **state) {
  fixture *f = *state;
  static const char *const sources[] = {
      "setInterval(() => { drop() }, 1); setTimeout(() => console.log('never'), 3);"
      "setImmediate(() => {})",
      "setImmediate(() => { drop() }); setImmediate(() => console.log('never'))",
      "setTimeout(() => { queueMicrotask(drop) }, 1); setTimeout(() => console.log('never'), 1)",
  };
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    ist_context *context;
    log seen;
    ist_value global, drop;
    assert_ok(ist_context_new(f->isolate, NULL, &context));
    with_hook(context, &seen);
    assert_ok(ist_context_global(context, &global));
    assert_ok(ist_function_new(context, "drop", free_context, &context, NULL, &drop));
    assert_ok(ist_object_set(context, global, "drop", drop, NULL));
    run(context, sources[i]);
    /* Where freeing a context within its own code is refused, its end comes from outside. */
    (void)ist_loop_run(f->isolate, IST_LOOP_ONCE, NULL);
    if (!seen.finalized) assert_ok(ist_context_free(context));
    assert_int_equal(seen.finalized, 1);
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, NULL));
    assert_null(strstr(seen.text, "never"));
  }
}

static void hooks_end_with_the_isolate(void **state) {
  (void)state;
  ist_isolate *isolate;
  ist_context *context;
  static log seen;
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_context_new(isolate, NULL, &context));
  with_hook(context, &seen);
  run(context, "setInterval(() => {}, 1); setImmediate(() => {}); setTimeout(() => {}, 1e9)");
  assert_ok(ist_isolate_free(isolate));
  assert_int_equal(seen.finalized, 1);

  ist_web_options options = {.size = sizeof options, .env = &seen, .finalize = on_finalize};
  assert_status(IST_ERR_HANDLE, ist_context_add_web(context, &options, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_context_add_web(NULL, &options, NULL));
  assert_int_equal(seen.finalized, 3);
}

/* ---- Uncaught errors ---- */

typedef struct uncaught {
  char text[1024];
  int promises;
} uncaught;

static void on_uncaught(void *env, ist_context *context, const ist_error *error,
                        ist_value promise) {
  uncaught *seen = env;
  size_t used = strlen(seen->text);
  assert_non_null(context);
  snprintf(seen->text + used, sizeof seen->text - used, "%s at %d|",
           error->message ? error->message : "?", error->line);
  if (promise.type == IST_OBJECT) seen->promises++;
}

static void uncaught_errors_are_told(void **state) {
  fixture *f = *state;
  static uncaught seen = {0};
  static log log;
  with_hook(f->context, &log);
  assert_ok(ist_isolate_set_uncaught(f->isolate, on_uncaught, &seen, NULL));
  eval(f, "setImmediate(() => { throw new TypeError('immediate') });\n"
          "queueMicrotask(() => { throw new Error('microtask') });\n"
          "Promise.reject(1).catch(() => {});");
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, NULL));
  eval(f, "setTimeout(() => { throw new Error('timer') }, 6);\n"
          "setTimeout(() => { Promise.reject(new Error('rejected')) }, 9);\n"
          "setTimeout(async () => { throw new Error('async') }, 12);\n"
          "let n = 0; const i = setInterval(() => {\n"
          "  if (++n === 2) clearInterval(i); throw 'interval ' + n }, 15);");
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, NULL));
  assert_string_equal(seen.text,
                      "microtask at 2|immediate at 1|timer at 1|rejected at 2|async at 3|"
                      "interval 1 at 5|interval 2 at 5|");
  assert_int_equal(seen.promises, 2);
  /* Without a hook they go unnoticed, and the loop goes on. */
  assert_ok(ist_isolate_set_uncaught(f->isolate, NULL, NULL, NULL));
  eval(f, "setTimeout(() => { throw 1 }, 1); setTimeout(() => console.log('after'), 20)");
  assert_ok(ist_loop_run(f->isolate, IST_LOOP_DEFAULT, NULL));
  assert_string_equal(log.text, "1:after|");
}

/* ---- Memory ---- */

static void contexts_come_and_go(void **state) {
  fixture *f = *state;
  ist_statistics before = {.size = sizeof before}, after = before;
  static log seen;
  for (int i = 0; i < 60; i++) {
    ist_context *context;
    assert_ok(ist_context_new(f->isolate, NULL, &context));
    with_hook(context, &seen);
    run(context, "console.log(1); setTimeout(() => {}, 1e6); setInterval(() => {}, 1);"
                 "new TextEncoder().encode('x'); performance.now()");
    assert_ok(ist_loop_run(f->isolate, IST_LOOP_NOWAIT, NULL));
    assert_ok(ist_context_free(context));
    if (i % 20 == 19) assert_ok(ist_isolate_collect(f->isolate));
    if (i == 19) assert_ok(ist_isolate_statistics(f->isolate, &before));
  }
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(before.native_contexts, after.native_contexts);
  assert_true(after.handles <= before.handles + 200);
}

/* A context whose globals could not be made is still one that scripts run in. */
static void hostile_built_ins(void **state) {
  fixture *f = *state;
  run(f->context, "globalThis.Object = undefined; globalThis.Symbol = undefined");
  assert_status(IST_ERR_EXCEPTION, ist_context_add_web(f->context, NULL, NULL));
  ist_value stack;
  static const char source[] = "class E extends Error { get name() { return 'E' } }\n"
                               "typeof Reflect.getOwnPropertyDescriptor(new E(), 'stack').value";
  assert_ok(ist_script_eval(f->context, source, sizeof source - 1, "test.js", &stack, NULL));
  assert_text(f, "string", stack);
}

static ist_status end_context(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  return ist_context_free(call->context);
}

static void the_context_is_freed_by_its_boot(void **state) {
  fixture *f = *state;
  ist_context *context;
  ist_value global, end;
  assert_ok(ist_context_new(f->isolate, NULL, &context));
  assert_ok(ist_function_new(context, "end", end_context, NULL, NULL, &end));
  assert_ok(ist_context_global(context, &global));
  assert_ok(ist_object_set(context, global, "end", end, NULL));
  run(context, "const real = Object; Object.defineProperty(globalThis, 'Object',"
               "{get() { end(); return real }})");
  (void)ist_context_add_web(context, NULL, NULL);
  assert_null(ist_context_isolate(context));
}

static void end_uncaught(void *env, ist_context *context, const ist_error *error,
                         ist_value promise) {
  (void)context;
  (void)error;
  (void)promise;
  assert_ok(ist_context_free(env));
}

/* A rejection that is told only by the first call of the next function. */
static void the_context_is_freed_before_its_boot(void **state) {
  (void)state;
  ist_isolate_options options = {.size = sizeof options, .microtasks = IST_MICROTASKS_AUTO};
  fixture f;
  ist_context *context;
  assert_ok(ist_isolate_new(&options, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  assert_ok(ist_context_new(f.isolate, NULL, &context));
  assert_ok(ist_isolate_set_uncaught(f.isolate, end_uncaught, context, NULL));
  ist_value object = eval(&f, "({get a() { Promise.reject(1) }})");
  uint8_t *bytes;
  size_t length;
  assert_ok(ist_cbor_write(f.context, object, 0, &bytes, &length, NULL));
  ist_free(bytes);
  assert_status(IST_ERR_HANDLE, ist_context_add_web(context, NULL, NULL));
  assert_null(ist_context_isolate(context));
  assert_ok(ist_isolate_free(f.isolate));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(hostile_built_ins),
      TEST(the_context_is_freed_by_its_boot),
      cmocka_unit_test(the_context_is_freed_before_its_boot),
      TEST(the_common_minimum_is_there),
      TEST(nothing_else_comes_with_them),
      TEST(once_for_a_context),
      TEST(timers_can_be_left_out),
      TEST(messages_have_levels),
      TEST(without_a_hook_it_prints),
      TEST(the_hook_may_call_into_the_isolate),
      TEST(contexts_have_timers_of_their_own),
      TEST(a_timer_frees_its_context),
      cmocka_unit_test(hooks_end_with_the_isolate),
      TEST(uncaught_errors_are_told),
      TEST(contexts_come_and_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
