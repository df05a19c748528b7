/* A server whose behaviour is a script: for each request that comes in, the host calls the script's
 * Process(request).
 *
 * What the script is given by C:
 * - log(text), a function;
 * - options and output, maps of C's that look like objects (interceptors);
 * - request, an object whose properties C reads from a struct (accessors, an internal field).
 *
 * What C is given by the script: Initialize, called once, and Process, called for each request. */
#include <isthmus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char script[] =
    "let seen = 0;\n"
    "\n"
    "function Initialize() {\n"
    "  log('counting hosts' + (options.verbose === 'yes' ? ', and talking about it' : ''));\n"
    "}\n"
    "\n"
    "function Process(request) {\n"
    "  seen++;\n"
    "  if (options.verbose === 'yes')\n"
    "    log(`${seen}: ${request.host}${request.path}`\n"
    "        + ` from ${request.referrer || 'nowhere'} by ${request.userAgent}`);\n"
    "  if (!(request.host in output)) output[request.host] = 0;\n"
    "  output[request.host]++;\n"
    "}\n";

/* ---- What the host has, without any JavaScript ---- */

struct request {
  const char *host, *path, *referrer, *user_agent;
};

enum { MOST = 16 };

struct map {
  size_t count;
  struct entry {
    char *key, *value;
  } entries[MOST];
};

static struct entry *map_find(struct map *map, const char *key) {
  for (size_t i = 0; i < map->count; i++)
    if (strcmp(map->entries[i].key, key) == 0) return &map->entries[i];
  return NULL;
}

/* Takes over both texts. */
static bool map_put(struct map *map, char *key, char *value) {
  struct entry *entry = map_find(map, key);
  if (!entry && map->count == MOST) return false;
  if (entry) {
    ist_free(entry->key);
    ist_free(entry->value);
  } else {
    entry = &map->entries[map->count++];
  }
  *entry = (struct entry){key, value};
  return true;
}

static void map_clear(struct map *map) {
  for (size_t i = 0; i < map->count; i++) {
    ist_free(map->entries[i].key);
    ist_free(map->entries[i].value);
  }
  map->count = 0;
}

/* Ends the program when a call has failed, and says why. */
static void check(ist_status status, ist_error **error) {
  if (status == IST_OK) return;
  char *text = error && *error ? ist_error_format(*error) : NULL;
  fprintf(stderr, "%s\n", text ? text : ist_status_text(status));
  ist_free(text);
  if (error) ist_error_free(*error);
  exit(1);
}

static ist_status give_text(ist_context *context, const char *text, ist_value *result) {
  return ist_string_new(ist_context_isolate(context), text, strlen(text), result);
}

/* ---- log ---- */

static ist_status log_text(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  if (call->argc < 1) return ist_throw_error(call->context, "TypeError", "log: nothing to say");
  ist_isolate *isolate = ist_context_isolate(call->context);
  ist_value string;
  ist_status status = ist_value_to_string(call->context, call->argv[0], &string, NULL);
  char *text;
  if (!status) status = ist_string_read(isolate, string, &text, NULL);
  if (status) return status;
  printf("log: %s\n", text);
  ist_free(text);
  return IST_OK;
}

/* ---- options and output: a map as an object ---- */

static ist_status map_get(void *env, const ist_access *access, ist_value *result, bool *handled) {
  char *key;
  ist_status status =
      ist_string_read(ist_context_isolate(access->context), access->key, &key, NULL);
  if (status) return status;
  struct entry *entry = map_find(env, key);
  ist_free(key);
  *handled = entry != NULL; /* what the map has not is an ordinary property, such as toString */
  return entry ? give_text(access->context, entry->value, result) : IST_OK;
}

static ist_status map_set(void *env, const ist_access *access, ist_value value, bool *handled) {
  (void)handled;
  ist_isolate *isolate = ist_context_isolate(access->context);
  char *key = NULL, *text = NULL;
  ist_status status = ist_value_to_string(access->context, value, &value, NULL);
  if (!status) status = ist_string_read(isolate, access->key, &key, NULL);
  if (!status) status = ist_string_read(isolate, value, &text, NULL);
  if (!status && map_put(env, key, text)) return IST_OK;
  ist_free(key);
  ist_free(text);
  return status ? status : ist_throw_error(access->context, "RangeError", "the map is full");
}

static ist_value map_object(ist_context *context, struct map *map) {
  ist_template *tmpl;
  ist_value object;
  ist_error *error;
  ist_handler handler = {
      .size = sizeof handler, .env = map, .get = map_get, .set = map_set, .no_symbols = true};
  check(ist_template_new_object(ist_context_isolate(context), &tmpl), NULL);
  check(ist_template_set_named(tmpl, &handler), NULL);
  check(ist_template_make(context, tmpl, &object, &error), &error);
  ist_template_free(tmpl);
  return object;
}

/* ---- request: a struct as an object ---- */

/* The address of this stands for `struct request *` in an internal field. */
static const char request_tag;

/* `env` is where in the struct the text is: one getter serves all four properties. */
static ist_status request_text(void *env, const ist_access *access, ist_value *result) {
  void *pointer;
  ist_status status = ist_object_field(ist_context_isolate(access->context), access->holder, 0,
                                       &request_tag, &pointer);
  if (status) return status;
  const char *const *text = (const char *const *)((const char *)pointer + (size_t)env);
  return give_text(access->context, *text, result);
}

static ist_template *request_template(ist_isolate *isolate) {
  static const struct {
    const char *name;
    size_t offset;
  } properties[] = {{"host", offsetof(struct request, host)},
                    {"path", offsetof(struct request, path)},
                    {"referrer", offsetof(struct request, referrer)},
                    {"userAgent", offsetof(struct request, user_agent)}};
  ist_template *tmpl;
  check(ist_template_new_object(isolate, &tmpl), NULL);
  check(ist_template_set_fields(tmpl, 1), NULL);
  for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
    check(ist_template_set_accessor(tmpl, properties[i].name, request_text, NULL,
                                    (void *)properties[i].offset, NULL, IST_PROP_ENUMERABLE),
          NULL);
  return tmpl;
}

/* Calls Process with one request. What it throws is the script's fault, not the host's. */
static bool process(ist_context *context, ist_template *tmpl, ist_value function,
                    struct request *request) {
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value object;
  ist_error *error;
  uint32_t scope;
  check(ist_scope_open(isolate, &scope), NULL);
  check(ist_template_make(context, tmpl, &object, &error), &error);
  check(ist_object_set_field(isolate, object, 0, request, &request_tag), NULL);
  ist_status status =
      ist_function_call(context, function, ist_undefined(), 1, &object, NULL, &error);
  if (status) printf("a request failed: %s\n", error ? error->message : ist_status_text(status));
  ist_error_free(error);
  check(ist_scope_close(isolate, scope), NULL);
  return status == IST_OK;
}

int main(int argc, char **argv) {
  static struct request requests[] = {
      {"example.com", "/", "example.org", "a browser"},
      {"example.org", "/index.html", "", "a robot"},
      {"example.com", "/news", "example.net", "a browser"},
      {"example.net", "/", "", "a telephone"},
      {"example.com", "/about", "example.com", "a browser"},
  };
  ist_isolate *isolate;
  ist_context *context;
  ist_value global, value, function;
  ist_error *error;
  struct map options = {0}, output = {0};
  check(ist_isolate_new(NULL, &isolate), NULL);
  check(ist_context_new(isolate, NULL, &context), NULL);

  /* What the script finds. The options come from the command line: name=value. */
  check(ist_context_global(context, &global), NULL);
  check(ist_function_new(context, "log", log_text, NULL, NULL, &function), NULL);
  check(ist_object_set(context, global, "log", function, &error), &error);
  value = map_object(context, &options);
  check(ist_object_set(context, value, "verbose", ist_null(), &error), &error);
  for (int i = 1; i < argc; i++) {
    char *equals = strchr(argv[i], '=');
    if (!equals) continue;
    ist_value text;
    *equals = 0;
    check(give_text(context, equals + 1, &text), NULL);
    check(ist_object_set(context, value, argv[i], text, &error), &error);
  }
  check(ist_object_set(context, global, "options", value, &error), &error);
  check(ist_object_set(context, global, "output", map_object(context, &output), &error), &error);

  /* What the script defines. */
  check(ist_script_eval(context, script, sizeof script - 1, "count-hosts.js", &value, &error),
        &error);
  check(ist_object_get(context, global, "Initialize", &function, &error), &error);
  check(ist_function_call(context, function, ist_undefined(), 0, NULL, NULL, &error), &error);
  check(ist_object_get(context, global, "Process", &function, &error), &error);

  ist_template *tmpl = request_template(isolate);
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
    process(context, tmpl, function, &requests[i]);
  for (size_t i = 0; i < output.count; i++)
    printf("%s: %s\n", output.entries[i].key, output.entries[i].value);

  ist_template_free(tmpl);
  map_clear(&options);
  map_clear(&output);
  ist_isolate_free(isolate);
  return 0;
}
