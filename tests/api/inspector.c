/* The inspector: sessions over a transport in memory. Breakpoints and stepping with a pause hook
 * that answers by itself, evaluation, the console, the heap; what is freed at odd moments; messages
 * that are none. */
#include "api_test.h"

#include <stdio.h>

enum { MOST_STEPS = 8 };

/* A client: what it was told, and what it says when it is paused. */
typedef struct client {
  fixture *f;
  ist_inspector *inspector;
  ist_session *session;
  char *log; /* all messages, each on a line */
  size_t length;
  int sent, pauses, quits, readies, ends;
  bool quit;
  const char *steps[MOST_STEPS]; /* said at the pauses, in this order; NULL ends a pause's turn */
  size_t next_step;
  void (*on_pause)(struct client *client);
  ist_status within; /* of a call within `send` */
  bool misuse;
  ist_module *module; /* to be run within `send` */
} client;

static void on_message(void *env, const char *json, size_t length) {
  client *to = env;
  assert_int_equal(strlen(json), length);
  to->sent++;
  to->log = realloc(to->log, to->length + length + 2);
  assert_non_null(to->log);
  memcpy(to->log + to->length, json, length);
  to->length += length;
  to->log[to->length++] = '\n';
  to->log[to->length] = '\0';
  if (!to->misuse) return;
  static const char message[] = "{\"id\":900,\"method\":\"Runtime.enable\"}";
  assert_status(IST_ERR_STATE, ist_session_dispatch(to->session, message, strlen(message)));
  ist_session *session;
  assert_status(IST_ERR_STATE, ist_session_new(to->inspector, on_message, to, NULL, &session));
  assert_status(IST_ERR_STATE, ist_isolate_free(to->f->isolate));
  ist_value value;
  to->within = ist_script_eval(to->f->context, "1 + 1", 5, "s", &value, NULL);
  if (to->module) assert_status(IST_ERR_EXCEPTION, ist_module_evaluate(to->module, &value, NULL));
}

static void on_end(void *env) {
  client *to = env;
  to->ends++;
}

static void say(client *from, const char *message) {
  assert_ok(ist_session_dispatch(from->session, message, strlen(message)));
}

static void on_pause(void *env, ist_inspector *inspector) {
  client *to = env;
  assert_ptr_equal(inspector, to->inspector);
  to->pauses++;
  to->quit = false;
  if (to->on_pause) {
    to->on_pause(to);
    return;
  }
  while (!to->quit) {
    assert_true(to->next_step < MOST_STEPS);
    const char *step = to->steps[to->next_step++];
    assert_non_null(step);
    say(to, step);
  }
}

static void on_quit(void *env, ist_inspector *inspector) {
  client *to = env;
  assert_ptr_equal(inspector, to->inspector);
  to->quits++;
  to->quit = true;
}

static void on_ready(void *env, ist_inspector *inspector) {
  client *to = env;
  assert_ptr_equal(inspector, to->inspector);
  to->readies++;
}

static void attach(client *to, fixture *f) {
  *to = (client){.f = f};
  ist_inspector_options options = {.size = sizeof options,
                                   .env = to,
                                   .finalize = on_end,
                                   .pause = on_pause,
                                   .quit = on_quit,
                                   .ready = on_ready};
  assert_ok(ist_inspector_new(f->isolate, &options, &to->inspector));
  assert_ok(ist_inspector_add_context(to->inspector, f->context, "main \xc3\xa9"));
  assert_ok(ist_session_new(to->inspector, on_message, to, on_end, &to->session));
}

/* The same, and enables a domain of the protocol; the answer has the number 1. */
static void attach_to(client *c, fixture *f, const char *domain) {
  char message[80];
  attach(c, f);
  snprintf(message, sizeof message, "{\"id\":1,\"method\":\"%s.enable\"}", domain);
  say(c, message);
}

static void detach(client *from) {
  ist_session_free(from->session);
  ist_inspector_free(from->inspector);
  free(from->log);
}

static void assert_told(const client *to, const char *part) {
  if (!to->log || !strstr(to->log, part))
    fail_msg("nothing told has %s in\n%s", part, to->log ? to->log : "");
}

static void assert_not_told(const client *to, const char *part) {
  if (to->log && strstr(to->log, part)) fail_msg("%s was told", part);
}

static void forget(client *of) {
  of->length = 0;
  if (of->log) *of->log = '\0';
}

static const char program[] = "function area(width, height) {\n"
                              "  const unit = 'm\\u00b2';\n"
                              "  const size = width * height;\n"
                              "  return size + unit;\n"
                              "}\n"
                              "area(6, 7);\n";

static ist_value run(fixture *f, const char *source) {
  ist_value result = ist_undefined();
  ist_error *error;
  ist_status status =
      ist_script_eval(f->context, source, strlen(source), "app/area.js", &result, &error);
  if (status) fail_msg("%s", error && error->message ? error->message : "?");
  return result;
}

/* ---- Debugging ---- */

static void a_breakpoint_pauses_and_steps(void **state) {
  fixture *f = *state;
  client c;
  attach_to(&c, f, "Runtime");
  assert_told(&c, "\"name\":\"main \\u00e9\"");
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  say(&c, "{\"id\":3,\"method\":\"Debugger.setBreakpointByUrl\",\"params\":"
          "{\"lineNumber\":2,\"url\":\"app/area.js\"}}");
  forget(&c);
  c.steps[0] = "{\"id\":10,\"method\":\"Runtime.getIsolateId\"}";
  c.steps[1] = "{\"id\":11,\"method\":\"Debugger.stepOver\"}";
  c.steps[2] = "{\"id\":12,\"method\":\"Debugger.resume\"}";
  assert_text(f, "42m\xc2\xb2", run(f, program));
  assert_int_equal(c.pauses, 2);
  assert_int_equal(c.quits, 2);
  assert_told(&c, "\"method\":\"Debugger.paused\"");
  assert_told(&c, "\"functionName\":\"area\"");
  assert_told(&c, "\"lineNumber\":2,");
  assert_told(&c, "\"lineNumber\":3,");
  assert_told(&c, "\"hitBreakpoints\":[\"1:2:0:app/area.js\"]");
  assert_told(&c, "\"method\":\"Debugger.resumed\"");
  detach(&c);
  assert_int_equal(c.ends, 2);
}

/* The value of the first `"name":"…"` after `from`. */
static char *member(const char *from, const char *name) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":\"", name);
  const char *begin = strstr(from, key);
  assert_non_null(begin);
  begin += strlen(key);
  const char *end = strchr(begin, '"');
  return strndup(begin, (size_t)(end - begin));
}

static void look_around(client *c) {
  char *frame = member(strstr(c->log, "Debugger.paused"), "callFrameId");
  char message[512];
  snprintf(message, sizeof message,
           "{\"id\":20,\"method\":\"Debugger.evaluateOnCallFrame\",\"params\":{\"callFrameId\":"
           "\"%s\",\"expression\":\"`${width}x${height} ${unit} "
           "\xc3\xa9\xf0\x9f\xa6\x9c`\"}}",
           frame);
  say(c, message);
  snprintf(message, sizeof message,
           "{\"id\":21,\"method\":\"Debugger.evaluateOnCallFrame\",\"params\":{\"callFrameId\":"
           "\"%s\",\"expression\":\"width = 60\"}}",
           frame);
  say(c, message);
  free(frame);
  say(c, "{\"id\":22,\"method\":\"Debugger.resume\"}");
}

static void a_frame_shows_its_variables(void **state) {
  fixture *f = *state;
  client c;
  attach(&c, f);
  c.on_pause = look_around;
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  say(&c, "{\"id\":3,\"method\":\"Debugger.setBreakpointByUrl\",\"params\":"
          "{\"lineNumber\":2,\"url\":\"app/area.js\"}}");
  assert_text(f, "420m\xc2\xb2", run(f, program));
  assert_told(&c, "\"id\":20,\"result\":{\"result\":{\"type\":\"string\",\"value\":"
                  "\"6x7 m\\u00b2 \\u00e9\\ud83e\\udd9c\"}}");
  detach(&c);
}

static void debugger_and_pause_request(void **state) {
  fixture *f = *state;
  client c;
  attach(&c, f);
  c.steps[0] = c.steps[1] = "{\"id\":9,\"method\":\"Debugger.resume\"}";
  /* Nobody debugs yet. */
  run(f, "debugger");
  assert_ok(ist_inspector_pause(c.inspector, "too early"));
  run(f, "1");
  assert_int_equal(c.pauses, 0);
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  run(f, "debugger");
  assert_int_equal(c.pauses, 1);
  assert_ok(ist_inspector_pause(c.inspector, "Break \xc3\xa9"));
  run(f, "let n = 1; n++");
  assert_int_equal(c.pauses, 2);
  assert_told(&c, "\"reason\":\"Break \\u00e9\"");
  assert_int_equal(c.readies, 0);
  say(&c, "{\"id\":3,\"method\":\"Runtime.runIfWaitingForDebugger\"}");
  assert_int_equal(c.readies, 1);
  detach(&c);
}

static void return_at_once(client *c) {
  (void)c;
}

static void what_a_hook_does_not_wait_for_goes_on(void **state) {
  fixture *f = *state;
  client c;
  attach(&c, f);
  c.on_pause = return_at_once;
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  run(f, "let n = 0; for (let i = 0; i < 3; i++) { debugger; n++ } n");
  assert_int_equal(c.pauses, 3);
  detach(&c);

  /* No hooks at all. */
  assert_ok(ist_inspector_new(f->isolate, NULL, &c.inspector));
  assert_ok(ist_session_new(c.inspector, on_message, &c, NULL, &c.session));
  c.log = NULL;
  c.length = 0;
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  say(&c, "{\"id\":2,\"method\":\"Runtime.runIfWaitingForDebugger\"}");
  run(f, "debugger");
  detach(&c);
}

static ist_status run_more(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  return ist_script_eval(call->context, "debugger; 5", 11, "inner.js", result, NULL);
}

static void scripts_within_callbacks_pause(void **state) {
  fixture *f = *state;
  client c;
  attach(&c, f);
  ist_value global, function;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_function_new(f->context, "more", run_more, NULL, NULL, &function));
  assert_ok(ist_object_set(f->context, global, "more", function, NULL));
  c.steps[0] = "{\"id\":9,\"method\":\"Debugger.stepOut\"}";
  c.steps[1] = c.steps[2] = "{\"id\":9,\"method\":\"Debugger.resume\"}";
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  assert_int_equal(run(f, "let got = more();\ngot + 1").as.int32, 6);
  assert_in_range(c.pauses, 1, 3);
  detach(&c);
}

static void two_sessions_see_the_same(void **state) {
  fixture *f = *state;
  client c, other = {0};
  attach(&c, f);
  assert_ok(ist_session_new(c.inspector, on_message, &other, on_end, &other.session));
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  say(&other, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  c.steps[0] = "{\"id\":9,\"method\":\"Debugger.resume\"}";
  run(f, "debugger");
  assert_told(&c, "Debugger.paused");
  assert_told(&other, "Debugger.paused");
  assert_told(&other, "Debugger.resumed");
  ist_session_free(other.session);
  assert_int_equal(other.ends, 1);
  forget(&other);
  c.next_step = 0;
  run(f, "debugger");
  assert_int_equal(c.pauses, 2);
  assert_int_equal(other.length, 0);
  free(other.log);
  detach(&c);
}

/* ---- Evaluation, the console, the heap ---- */

static void evaluation_and_console(void **state) {
  fixture *f = *state;
  client c;
  attach_to(&c, f, "Runtime");
  say(&c, "{\"id\":2,\"method\":\"Runtime.evaluate\",\"params\":{\"expression\":\"6*7\"}}");
  assert_told(&c, "{\"id\":2,\"result\":{\"result\":{\"type\":\"number\",\"value\":42,");
  say(&c, "{\"id\":3,\"method\":\"Runtime.evaluate\",\"params\":{\"expression\":\"nope\"}}");
  assert_told(&c, "ReferenceError: nope is not defined");
  run(f, "console.log('from the program', 1)");
  assert_told(&c, "\"method\":\"Runtime.consoleAPICalled\"");
  assert_told(&c, "from the program");
  say(&c, "{\"id\":4,\"method\":\"HeapProfiler.takeHeapSnapshot\",\"params\":"
          "{\"reportProgress\":false}}");
  assert_told(&c, "HeapProfiler.addHeapSnapshotChunk");
  assert_told(&c, "\\\"snapshot\\\":");
  assert_told(&c, "{\"id\":4,\"result\":{}}");
  forget(&c);
  say(&c, "{\"id\":5,\"method\":\"Profiler.enable\"}");
  say(&c, "{\"id\":6,\"method\":\"Profiler.start\"}");
  run(f, "let n = 0; for (let i = 0; i < 1e5; i++) n += i");
  say(&c, "{\"id\":7,\"method\":\"Profiler.stop\"}");
  assert_told(&c, "\"profile\":{\"nodes\":[");
  detach(&c);
}

static ist_status log_call(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ++*(int *)env;
  assert_int_equal(call->argc, 20);
  return IST_OK;
}

static void a_console_of_the_embedders_is_told_too(void **state) {
  fixture *f = *state;
  int calls = 0;
  ist_value global, console, function;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_new(f->context, &console));
  assert_ok(ist_function_new(f->context, "log", log_call, &calls, NULL, &function));
  assert_ok(ist_object_set(f->context, console, "log", function, NULL));
  assert_ok(ist_object_set(f->context, global, "console", console, NULL));
  client c;
  attach_to(&c, f, "Runtime");
  run(f, "console.log('both', 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)");
  assert_int_equal(calls, 1);
  assert_told(&c, "\"type\":\"string\",\"value\":\"both\"");
  assert_text(f, "log", eval(f, "console.log.name"));
  forget(&c);
  run(f, "console.log = (x) => x; console.log('mine')");
  assert_not_told(&c, "mine");
  detach(&c);
}

static void contexts_come_and_go(void **state) {
  fixture *f = *state;
  client c;
  attach_to(&c, f, "Runtime");
  ist_context_options options = {.size = sizeof options, .name = "by its own name"};
  ist_context *second, *hidden;
  assert_ok(ist_context_new(f->isolate, &options, &second));
  assert_ok(ist_context_new(f->isolate, NULL, &hidden));
  assert_ok(ist_inspector_add_context(c.inspector, second, NULL));
  assert_told(&c, "by its own name");
  forget(&c);
  assert_ok(ist_inspector_add_context(c.inspector, second, "another"));
  assert_not_told(&c, "another");
  ist_value result;
  assert_ok(ist_script_eval(hidden, "console.log('unseen')", 21, "h.js", &result, NULL));
  assert_not_told(&c, "unseen");
  assert_ok(ist_context_free(hidden));
  assert_ok(ist_context_free(second));
  assert_told(&c, "Runtime.executionContextDestroyed");
  assert_status(IST_ERR_HANDLE, ist_inspector_add_context(c.inspector, second, "late"));

  fixture foreign;
  assert_ok(ist_isolate_new(NULL, &foreign.isolate));
  assert_ok(ist_context_new(foreign.isolate, NULL, &foreign.context));
  assert_status(IST_ERR_HANDLE, ist_inspector_add_context(c.inspector, foreign.context, "x"));
  assert_ok(ist_isolate_free(foreign.isolate));
  detach(&c);

  /* Another inspector begins with nothing. */
  attach_to(&c, f, "Runtime");
  assert_told(&c, "main");
  assert_not_told(&c, "by its own name");
  detach(&c);
}

static void hosts_inputs_can_be_debugged(void **state) {
  (void)state;
  ist_host *host;
  assert_ok(ist_host_new(NULL, &host));
  fixture f = {ist_context_isolate(ist_host_context(host)), ist_host_context(host)};
  ist_repl_result result = {.size = sizeof result};
  assert_ok(ist_host_repl_eval(host, "let kept = 1", 12, false, &result));
  ist_free(result.text);
  client c;
  attach(&c, &f);
  say(&c, "{\"id\":1,\"method\":\"Runtime.enable\"}");
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  c.steps[0] = "{\"id\":9,\"method\":\"Runtime.evaluate\",\"params\":{\"expression\":\"kept\"}}";
  c.steps[1] = "{\"id\":10,\"method\":\"Debugger.resume\"}";
  assert_ok(ist_host_repl_eval(host, "debugger; kept + 1", 18, false, &result));
  assert_string_equal(result.text, "2");
  ist_free(result.text);
  assert_int_equal(c.pauses, 1);
  assert_told(&c, "{\"id\":9,\"result\":{\"result\":{\"type\":\"number\",\"value\":1,");
  detach(&c);
  assert_ok(ist_host_repl_eval(host, "kept + 2", 8, false, &result));
  assert_string_equal(result.text, "3");
  ist_free(result.text);
  ist_host_free(host);
}

/* ---- Misuse ---- */

static void messages_that_are_none(void **state) {
  fixture *f = *state;
  client c;
  attach(&c, f);
  static const char *const bad[] = {"",        " ",     "{",           "[]",           "1",
                                    "null",    "\"x\"", "{\"id\":1}x", "{\"id\":1}{}", "{'id':1}",
                                    "\xff\xfe"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_status(IST_ERR_FORMAT, ist_session_dispatch(c.session, bad[i], strlen(bad[i])));
  assert_status(IST_ERR_FORMAT, ist_session_dispatch(c.session, "{}\0", 3));
  assert_int_equal(c.sent, 0);
  static const char *const odd[] = {"{}",
                                    "{\"id\":1}",
                                    "{\"id\":\"1\",\"method\":\"Runtime.enable\"}",
                                    "{\"id\":1,\"method\":7}",
                                    "{\"id\":1,\"method\":\"Nope.nope\"}",
                                    "{\"id\":1,\"method\":\"Runtime.evaluate\"}",
                                    "{\"id\":1,\"method\":\"Runtime.evaluate\",\"params\":[]}",
                                    "{\"id\":1e99,\"method\":\"Runtime.enable\"}",
                                    "{\"id\":2,\"method\":\"x\xc3\x28\"}"};
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    forget(&c);
    say(&c, odd[i]);
    assert_told(&c, "\"error\":");
  }
  /* Nested deeper than anyone reads. */
  enum { DEPTH = 100000 };
  char *deep = malloc(2 * DEPTH + 64);
  memcpy(deep, "{\"id\":1,\"a\":", 12);
  memset(deep + 12, '[', DEPTH);
  memset(deep + 12 + DEPTH, ']', DEPTH);
  deep[12 + 2 * DEPTH] = '}';
  assert_status(IST_ERR_FORMAT, ist_session_dispatch(c.session, deep, 13 + 2 * DEPTH));
  free(deep);
  assert_status(IST_ERR_ARGUMENT, ist_session_dispatch(c.session, NULL, 0));
  assert_status(IST_ERR_ARGUMENT, ist_session_dispatch(NULL, "{}", 2));
  detach(&c);
}

static void bad_arguments(void **state) {
  fixture *f = *state;
  client c;
  attach(&c, f);
  int ends = 0;
  client counted = {0};
  ist_inspector_options options = {.size = sizeof options, .env = &counted, .finalize = on_end};
  ist_inspector *inspector;
  ist_session *session;
  assert_status(IST_ERR_STATE, ist_inspector_new(f->isolate, &options, &inspector));
  assert_int_equal(counted.ends, ++ends);
  assert_status(IST_ERR_ARGUMENT, ist_inspector_new(NULL, &options, &inspector));
  assert_int_equal(counted.ends, ++ends);
  assert_status(IST_ERR_ARGUMENT, ist_inspector_new(f->isolate, &options, NULL));
  assert_int_equal(counted.ends, ++ends);
  options.size = 3;
  assert_status(IST_ERR_ARGUMENT, ist_inspector_new(f->isolate, &options, &inspector));
  assert_status(IST_ERR_ARGUMENT, ist_session_new(c.inspector, NULL, &counted, on_end, &session));
  assert_int_equal(counted.ends, ++ends);
  assert_status(IST_ERR_ARGUMENT, ist_session_new(NULL, on_message, &counted, on_end, &session));
  assert_int_equal(counted.ends, ++ends);
  assert_status(IST_ERR_ARGUMENT, ist_session_new(c.inspector, on_message, &counted, on_end, NULL));
  assert_int_equal(counted.ends, ++ends);
  assert_status(IST_ERR_ARGUMENT, ist_inspector_add_context(NULL, f->context, "x"));
  assert_status(IST_ERR_ARGUMENT, ist_inspector_add_context(c.inspector, NULL, "x"));
  assert_status(IST_ERR_ARGUMENT, ist_inspector_pause(NULL, "x"));
  assert_ok(ist_inspector_pause(c.inspector, NULL));
  ist_inspector_free(NULL);
  ist_session_free(NULL);
  detach(&c);
}

static void nothing_runs_within_send(void **state) {
  fixture *f = *state;
  client c;
  attach(&c, f);
  c.misuse = true;
  say(&c, "{\"id\":1,\"method\":\"Runtime.enable\"}");
  assert_status(IST_ERR_EXCEPTION, c.within);
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  run(f, "globalThis.z = 1");
  c.misuse = false;
  assert_int_equal(run(f, "z + 1").as.int32, 2);
  static const char awaits[] = "globalThis.z = 5; await 1";
  ist_source source = {.size = sizeof source, .text = awaits, .length = sizeof awaits - 1};
  ist_value promise;
  assert_ok(ist_module_compile(f->context, &source, &c.module, NULL));
  assert_ok(ist_module_instantiate(c.module, NULL));
  c.misuse = true;
  say(&c, "{\"id\":3,\"method\":\"Runtime.enable\"}");
  c.misuse = false;
  assert_int_equal(run(f, "z").as.int32, 1);
  assert_ok(ist_module_evaluate(c.module, &promise, NULL));
  assert_int_equal(run(f, "z").as.int32, 5);
  ist_module_free(c.module);
  detach(&c);
}

/* ---- Freed at odd moments ---- */

static void sessions_end_with_their_inspector(void **state) {
  fixture *f = *state;
  client c;
  attach(&c, f);
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  ist_inspector_free(c.inspector);
  assert_int_equal(c.ends, 2);
  assert_status(IST_ERR_HANDLE, ist_session_dispatch(c.session, "{}", 2));
  assert_status(IST_ERR_HANDLE, ist_inspector_pause(c.inspector, "x"));
  assert_status(IST_ERR_HANDLE, ist_inspector_add_context(c.inspector, f->context, "x"));
  ist_session *session;
  assert_status(IST_ERR_HANDLE, ist_session_new(c.inspector, on_message, &c, NULL, &session));
  ist_session_free(c.session);
  ist_inspector_free(c.inspector);
  assert_int_equal(c.ends, 2);
  run(f, "debugger");
  assert_int_equal(c.pauses, 0);
  free(c.log);
}

static void free_session(client *c) {
  ist_session_free(c->session);
}

static void free_inspector(client *c) {
  ist_inspector_free(c->inspector);
  assert_int_equal(c->ends, 0);
}

static void free_context(client *c) {
  assert_ok(ist_context_free(c->f->context));
}

static void free_isolate(client *c) {
  assert_status(IST_ERR_STATE, ist_isolate_free(c->f->isolate));
}

static void waits_for_quit(client *c) {
  ist_inspector_free(c->inspector);
  assert_true(c->quit);
}

static void freed_within_a_pause(void **state) {
  (void)state;
  static void (*const hooks[])(client *) = {free_session, free_inspector, free_context,
                                            free_isolate, waits_for_quit};
  /* Paused by a script, and by a message that runs one. */
  for (size_t i = 0; i < 2 * sizeof hooks / sizeof *hooks; i++) {
    fixture f;
    assert_ok(ist_isolate_new(NULL, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    client c;
    attach(&c, &f);
    say(&c, "{\"id\":1,\"method\":\"Runtime.enable\"}");
    say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
    c.on_pause = hooks[i / 2];
    ist_value result;
    ist_context *other;
    assert_ok(ist_context_new(f.isolate, NULL, &other));
    if (i % 2) {
      static const char message[] = "{\"id\":3,\"method\":\"Runtime.evaluate\",\"params\":"
                                    "{\"expression\":\"debugger; 1 + 1\"}}";
      assert_ok(ist_session_dispatch(c.session, message, strlen(message)));
    } else {
      assert_ok(ist_script_eval(f.context, "debugger; 1 + 1", 15, "x.js", &result, NULL));
      assert_int_equal(result.as.int32, 2);
    }
    assert_int_equal(c.pauses, 1);
    /* The isolate is as good as before. */
    assert_ok(ist_script_eval(other, "[1, 2].map((x) => x + 1)[1]", 27, "y.js", &result, NULL));
    assert_int_equal(result.as.int32, 3);
    c.on_pause = return_at_once;
    ist_session_free(c.session);
    ist_inspector_free(c.inspector);
    assert_int_equal(c.ends, 2);
    assert_ok(ist_isolate_free(f.isolate));
    free(c.log);
  }
}

static void free_all_within_send(void *env, const char *json, size_t length) {
  (void)json;
  (void)length;
  client *c = env;
  c->sent++;
  ist_session_free(c->session);
  if (c->misuse) ist_inspector_free(c->inspector);
}

static void freed_within_send(void **state) {
  fixture *f = *state;
  for (int i = 0; i < 4; i++) {
    client c = {.f = f, .misuse = i & 1};
    ist_inspector_options options = {.size = sizeof options, .env = &c, .finalize = on_end};
    assert_ok(ist_inspector_new(f->isolate, &options, &c.inspector));
    assert_ok(ist_inspector_add_context(c.inspector, f->context, "main"));
    assert_ok(ist_session_new(c.inspector, free_all_within_send, &c, on_end, &c.session));
    if (i & 2) {
      /* An answer is the first that is sent. */
      say(&c, "{\"id\":1,\"method\":\"Runtime.evaluate\",\"params\":{\"expression\":\"1\"}}");
    } else {
      /* Here it is an event, from within a compilation or before it. */
      say(&c, "{\"id\":2,\"method\":\"Runtime.enable\"}");
      run(f, "1 + 2");
    }
    assert_int_equal(c.sent, 1);
    assert_status(IST_ERR_HANDLE, ist_session_dispatch(c.session, "{}", 2));
    ist_inspector_free(c.inspector);
    assert_int_equal(run(f, "2 + 2").as.int32, 4);
    assert_int_equal(c.ends, 2);
  }
}

static void the_isolate_goes_first(void **state) {
  (void)state;
  fixture f;
  assert_ok(ist_isolate_new(NULL, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  client c;
  attach(&c, &f);
  say(&c, "{\"id\":1,\"method\":\"Runtime.enable\"}");
  say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
  assert_ok(ist_isolate_free(f.isolate));
  assert_int_equal(c.ends, 2);
  assert_status(IST_ERR_HANDLE, ist_session_dispatch(c.session, "{}", 2));
  ist_session_free(c.session);
  ist_inspector_free(c.inspector);
  free(c.log);
}

/* How much memory the process has, in kilobytes. */
static size_t resident(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  size_t total = 0, pages = 0;
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%zu %zu", &total, &pages), 2);
  fclose(file);
  return pages * 4;
}

/* In kilobytes. A sanitizer keeps what was freed, and finds the leaks itself. */
#ifdef __SANITIZE_ADDRESS__
static const size_t may_grow = 1 << 20;
#else
static const size_t may_grow = 8192;
#endif

/* V8's debugger would take the heap limit for its own. */
static void the_heap_limit_stays(void **state) {
  (void)state;
  ist_isolate_options options = {.size = sizeof options, .heap_limit = 16 << 20};
  fixture f;
  client c;
  assert_ok(ist_isolate_new(&options, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  attach_to(&c, &f, "Debugger");
  ist_error *error;
  static const char source[] = "'abcd '.repeat(4e6).split(' ').length";
  assert_status(IST_ERR_MEMORY,
                ist_script_eval(f.context, source, strlen(source), "split.js", NULL, &error));
  assert_string_equal("the heap limit of 16 MiB was reached", error->message);
  ist_error_free(error);
  assert_true(ist_isolate_spent(f.isolate));
  detach(&c);
  assert_ok(ist_isolate_free(f.isolate));
}

static void memory_stays_flat(void **state) {
  fixture *f = *state;
  size_t before = 0;
  for (int i = 0; i < 2400; i++) {
    client c;
    attach(&c, f);
    say(&c, "{\"id\":1,\"method\":\"Runtime.enable\"}");
    say(&c, "{\"id\":2,\"method\":\"Debugger.enable\"}");
    say(&c,
        "{\"id\":3,\"method\":\"Runtime.evaluate\",\"params\":{\"expression\":\"'\xc3\xa9'\"}}");
    detach(&c);
    if (i == 1200) {
      assert_ok(ist_isolate_collect(f->isolate));
      before = resident();
    }
  }
  assert_ok(ist_isolate_collect(f->isolate));
  assert_in_range(resident(), 0, before + may_grow);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_breakpoint_pauses_and_steps),
      TEST(a_frame_shows_its_variables),
      TEST(debugger_and_pause_request),
      TEST(what_a_hook_does_not_wait_for_goes_on),
      TEST(scripts_within_callbacks_pause),
      TEST(two_sessions_see_the_same),
      TEST(evaluation_and_console),
      TEST(a_console_of_the_embedders_is_told_too),
      TEST(contexts_come_and_go),
      cmocka_unit_test(hosts_inputs_can_be_debugged),
      TEST(messages_that_are_none),
      TEST(bad_arguments),
      TEST(nothing_runs_within_send),
      TEST(sessions_end_with_their_inspector),
      cmocka_unit_test(freed_within_a_pause),
      TEST(freed_within_send),
      cmocka_unit_test(the_isolate_goes_first),
      cmocka_unit_test(the_heap_limit_stays),
      TEST(memory_stays_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
