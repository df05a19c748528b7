/* ES modules out of a table in memory: a loader that answers at once, one that answers later (as a
 * host that fetches its sources would), a JSON module, import() and import.meta, and a code cache
 * that spares the second start the compiling. */
#include <isthmus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8 };

/* One file of the program, the module that it became, and its code from an earlier run. */
typedef struct file {
  const char *url, *text;
  ist_module *module;
  uint8_t *cache;
  size_t cache_length;
} file;

/* What the loader works with: the files, and the imports that wait for an answer. */
typedef struct table {
  file files[MOST];
  ist_import *waiting[MOST];
  file *wanted[MOST];
  size_t waiting_count;
} table;

static void check(ist_status status, const char *what) {
  if (status == IST_OK) return;
  fprintf(stderr, "%s: %s\n", what, ist_status_text(status));
  exit(1);
}

/* The same for calls that say more: `error` is where they have said it. */
static void check_error(ist_status status, ist_error **error) {
  if (status == IST_OK) return;
  char *text = *error ? ist_error_format(*error) : NULL;
  fprintf(stderr, "%s\n", text ? text : ist_status_text(status));
  exit(1);
}

static file *find(table *of, const char *url) {
  for (file *at = of->files; at->url; at++)
    if (!strcmp(at->url, url)) return at;
  return NULL;
}

static bool ends_with(const char *text, const char *ending) {
  size_t length = strlen(text), tail = strlen(ending);
  return length >= tail && !strcmp(text + length - tail, ending);
}

/* Compiles a file at its first use; afterwards the same module is given again. */
static ist_status module_of(ist_context *context, file *of, ist_module **result,
                            ist_error **error) {
  ist_status status = IST_OK;
  if (!of->module && ends_with(of->url, ".json")) {
    status = ist_module_new_json(context, of->url, of->text, strlen(of->text), &of->module, error);
  } else if (!of->module) {
    ist_source source = {.size = sizeof source,
                         .text = of->text,
                         .length = strlen(of->text),
                         .file = of->url,
                         .cache = of->cache,
                         .cache_length = of->cache_length};
    status = ist_module_compile(context, &source, &of->module, error);
    if (!status && of->cache)
      printf("  %s from the code cache: %s\n", of->url,
             ist_isolate_cache_used(ist_context_isolate(context)) ? "yes" : "no");
  }
  *result = of->module;
  return status;
}

/* The loader that answers at once. */
static ist_status resolve(void *env, ist_context *context, const char *specifier, size_t length,
                          const char *referrer, const char *type, ist_module **result,
                          ist_error **error) {
  (void)length;
  (void)type;
  file *found = find(env, specifier);
  if (found) return module_of(context, found, result, error);
  char message[200];
  snprintf(message, sizeof message, "there is no %s for %s", specifier, referrer);
  *error = ist_error_new(IST_ERR_NOT_FOUND, "Error", message);
  return IST_ERR_NOT_FOUND;
}

/* The loader that answers later: it only writes down what is asked. */
static void defer(void *env, ist_context *context, const char *specifier, size_t length,
                  const char *referrer, const char *type, ist_import *import) {
  table *of = env;
  (void)context;
  (void)length;
  (void)type;
  printf("  %s asks for %s\n", referrer, specifier);
  of->wanted[of->waiting_count] = find(of, specifier);
  of->waiting[of->waiting_count++] = import;
}

/* Answers what was asked, until nothing is asked any more. */
static void answer(table *of, ist_context *context) {
  while (of->waiting_count) {
    size_t last = --of->waiting_count;
    ist_module *module = NULL;
    ist_error *error = NULL;
    if (!of->wanted[last])
      error = ist_error_new(IST_ERR_NOT_FOUND, "Error", "there is no such file");
    else
      (void)module_of(context, of->wanted[last], &module, &error);
    check(ist_import_finish(of->waiting[last], module, error), "finish");
    ist_error_free(error);
  }
}

static void add_to_meta(void *env, ist_context *context, const char *url, ist_value meta) {
  (void)env;
  check(ist_object_set(context, meta, "main", ist_bool(!strcmp(url, "app:main")), NULL), "meta");
}

/* Prints a property of a module's namespace. */
static void print(ist_context *context, ist_value space, const char *name) {
  ist_value value, string;
  char *text;
  ist_error *error;
  check_error(ist_object_get(context, space, name, &value, &error), &error);
  check_error(ist_value_to_string(context, value, &string, &error), &error);
  check(ist_string_read(ist_context_isolate(context), string, &text, NULL), "read");
  printf("  %s = %s\n", name, text);
  ist_free(text);
}

/* Loads the program's main module with one of the loaders, and runs it to its end. */
static void run(table *of, bool later) {
  ist_isolate *isolate;
  ist_context *context;
  ist_error *error;
  check(ist_isolate_new(NULL, &isolate), "isolate");
  check(ist_context_new(isolate, NULL, &context), "context");
  ist_loader loader = {.size = sizeof loader, .import_meta = add_to_meta, .env = of};
  if (later)
    loader.defer = defer;
  else
    loader.resolve = resolve;
  check(ist_context_set_loader(context, &loader), "loader");

  ist_module *main_module;
  ist_value promise, space;
  ist_promise_state state = IST_PROMISE_PENDING;
  check_error(module_of(context, find(of, "app:main"), &main_module, &error), &error);
  check_error(ist_module_load(main_module, &promise, &error), &error);
  while (state == IST_PROMISE_PENDING) {
    answer(of, context);
    check(ist_isolate_run_microtasks(isolate), "microtasks");
    check(ist_promise_read(isolate, promise, &state, &space), "promise");
  }
  if (state == IST_PROMISE_FULFILLED) {
    print(context, space, "area");
    print(context, space, "meta");
    print(context, space, "late");
    print(context, space, "lost");
  } else {
    printf("  the program failed\n");
  }

  /* Everything that has run by now is in the code, ready for the next start. */
  for (file *at = of->files; at->url; at++) {
    if (at->module && !at->cache && !ends_with(at->url, ".json"))
      check(ist_module_cache(at->module, &at->cache, &at->cache_length), "cache");
    ist_module_free(at->module);
    at->module = NULL;
  }
  check(ist_isolate_free(isolate), "free");
}

int main(void) {
  table program = {
      .files = {{.url = "app:main",
                 .text = "import { area } from 'app:shapes';\n"
                         "const sum = area(3, 4);\n"
                         "const late = (await import('app:late')).default;\n"
                         "const lost = await import('app:lost').catch((e) => e.message);\n"
                         "const meta = `${import.meta.url} is main: ${import.meta.main}`;\n"
                         "export { sum as area, late, lost, meta };\n"},
                {.url = "app:shapes",
                 .text = "import settings from 'app:settings.json';\n"
                         "export const area = (a, b) => `${a * b} ${settings.unit}`;\n"},
                {.url = "app:settings.json", .text = "{ \"unit\": \"square metres\" }"},
                {.url = "app:late", .text = "export default 'imported when it was needed';"}}};
  printf("a loader that answers at once:\n");
  run(&program, false);
  printf("a loader that answers later, and the code of the first run:\n");
  run(&program, true);
  for (file *at = program.files; at->url; at++) ist_free(at->cache);
  return 0;
}
