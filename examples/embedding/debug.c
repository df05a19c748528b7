/* A debugger in the program that embeds JavaScript: it speaks the Chrome DevTools protocol with the
 * isolate's inspector, here without any network. A breakpoint pauses the script; the debugger reads
 * two variables, steps to the next line, reads a third, and lets the script go on. Then a second
 * run is profiled, and the profile goes to a file that Chrome DevTools opens.
 *
 * How the parts meet: messages go in by ist_session_dispatch, and answers and events come out by
 * `hear`. While JavaScript is paused it is the `paused` hook that runs, and goes on giving messages
 * until `resumed` was called. */
#include <isthmus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char script[] = "function area(width, height) {\n"
                             "  const unit = ' square metres';\n"
                             "  const size = width * height;\n"
                             "  return size + unit;\n"
                             "}\n"
                             "var text;\n"
                             "for (let i = 0; i < rounds; i++) text = area(6, 7);\n"
                             "text;\n";

struct debugger {
  ist_session *session;
  bool paused;
  int next_id;
  char frame[64];    /* the innermost frame of the pause */
  char answer[4096]; /* the last answer that came */
};

/* Ends the program when a call has failed, and says why. `error` may be NULL. */
static void check(ist_status status, ist_error **error) {
  if (status == IST_OK) return;
  char *text = error && *error ? ist_error_format(*error) : NULL;
  fprintf(stderr, "%s\n", text ? text : ist_status_text(status));
  ist_free(text);
  if (error) ist_error_free(*error);
  exit(EXIT_FAILURE);
}

/* What follows `"name":` in a message, without quotes. A real client has a JSON library. */
static const char *member(const char *json, const char *name, char *to, size_t size) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *at = strstr(json, key);
  *to = '\0';
  if (!at) return to;
  at += strlen(key);
  bool quoted = *at == '"';
  size_t length = strcspn(at + quoted, quoted ? "\"" : ",}");
  snprintf(to, size, "%.*s", (int)length, at + quoted);
  return to;
}

/* ---- The debugger ---- */

/* Each answer and each event. This may come from anywhere within V8, so it only takes notes. */
static void hear(void *env, const char *json, size_t length) {
  struct debugger *debugger = env;
  (void)length;
  if (strncmp(json, "{\"id\":", 6) == 0)
    snprintf(debugger->answer, sizeof debugger->answer, "%s", json);
  if (strstr(json, "\"method\":\"Debugger.paused\"")) {
    char line[16], function[32];
    member(json, "callFrameId", debugger->frame, sizeof debugger->frame);
    member(json, "functionName", function, sizeof function);
    member(strstr(json, "\"location\":"), "lineNumber", line, sizeof line);
    printf("paused in %s at line %d\n", function, atoi(line) + 1);
  }
}

static void say(struct debugger *debugger, const char *method, const char *params) {
  char message[512];
  int length = snprintf(message, sizeof message, "{\"id\":%d,\"method\":\"%s\",\"params\":%s}",
                        ++debugger->next_id, method, params);
  check(ist_session_dispatch(debugger->session, message, (size_t)length), NULL);
}

static void show(struct debugger *debugger, const char *variable) {
  char params[256], value[64];
  snprintf(params, sizeof params, "{\"callFrameId\":\"%s\",\"expression\":\"%s\"}", debugger->frame,
           variable);
  say(debugger, "Debugger.evaluateOnCallFrame", params);
  printf("  %s = %s\n", variable, member(debugger->answer, "value", value, sizeof value));
}

static void paused(void *env, ist_inspector *inspector) {
  struct debugger *debugger = env;
  (void)inspector;
  debugger->paused = true;
  static int pause;
  if (pause++ == 0) {
    show(debugger, "width");
    show(debugger, "height");
    say(debugger, "Debugger.stepOver", "{}");
  } else {
    show(debugger, "size");
    say(debugger, "Debugger.resume", "{}");
  }
  /* With a network, messages would be waited for here as long as `paused` is true. */
  if (debugger->paused) fputs("still paused?\n", stderr);
}

static void resumed(void *env, ist_inspector *inspector) {
  struct debugger *debugger = env;
  (void)inspector;
  debugger->paused = false;
}

/* ---- The program ---- */

static void run(ist_context *context, int rounds) {
  ist_error *error;
  ist_value global, result;
  char *text;
  check(ist_context_global(context, &global), NULL);
  check(ist_object_set(context, global, "rounds", ist_int32(rounds), &error), &error);
  check(ist_script_eval(context, script, strlen(script), "area.js", &result, &error), &error);
  check(ist_string_read(ist_context_isolate(context), result, &text, NULL), NULL);
  printf("the script says: %s\n", text);
  ist_free(text);
}

static void debug(ist_context *context) {
  struct debugger debugger = {0};
  ist_inspector *inspector;
  ist_inspector_options options = {
      .size = sizeof options, .env = &debugger, .pause = paused, .quit = resumed};
  check(ist_inspector_new(ist_context_isolate(context), &options, &inspector), NULL);
  check(ist_inspector_add_context(inspector, context, "the example"), NULL);
  check(ist_session_new(inspector, hear, &debugger, NULL, &debugger.session), NULL);
  say(&debugger, "Debugger.enable", "{}");
  say(&debugger, "Debugger.setBreakpointByUrl", "{\"url\":\"area.js\",\"lineNumber\":2}");
  run(context, 1);
  ist_session_free(debugger.session);
  ist_inspector_free(inspector);
}

struct profile {
  FILE *file;
  int nodes;
};

/* A piece of the profile. Each node has one call frame. */
static bool write_profile(void *env, const char *bytes, size_t length) {
  struct profile *profile = env;
  static const char mark[] = "\"callFrame\"";
  for (size_t i = 0; i + sizeof mark <= length; i++)
    profile->nodes += memcmp(bytes + i, mark, sizeof mark - 1) == 0;
  return fwrite(bytes, 1, length, profile->file) == length;
}

static void profile(ist_context *context) {
  ist_isolate *isolate = ist_context_isolate(context);
  struct profile profile = {.file = tmpfile()};
  if (!profile.file) exit(EXIT_FAILURE);
  check(ist_profile_start(isolate, 100), NULL);
  run(context, 2000000);
  check(ist_profile_stop(isolate, write_profile, &profile), NULL);
  printf("the profile %s\n", profile.nodes > 0 ? "has nodes" : "is empty");
  fclose(profile.file);
}

int main(void) {
  ist_isolate *isolate;
  ist_context *context;
  check(ist_isolate_new(NULL, &isolate), NULL);
  check(ist_context_new(isolate, NULL, &context), NULL);
  debug(context);
  profile(context);
  check(ist_isolate_free(isolate), NULL);
}
