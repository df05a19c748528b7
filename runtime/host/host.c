/* The host: an isolate and a context with web globals, made into something that runs programs.
 * A host belongs to the thread that made it. exit() never ends the process: it ends the run, whose
 * caller gets the code. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Helpers for host functions ---- */

/* Setters that a program has put on Object.prototype must not see what is put into objects here. */
ist_status ist__define(ist_context *context, ist_value object, const char *name, ist_value value) {
  return ist_object_define(context, object, name, value,
                           IST_PROP_WRITABLE | IST_PROP_ENUMERABLE | IST_PROP_CONFIGURABLE, NULL);
}

ist_status ist__define_function(ist_context *context, ist_value object, const char *name,
                                ist_function fn, void *env) {
  ist_value function;
  ist_status status = ist_function_new(context, name, fn, env, NULL, &function);
  if (status) return status;
  return ist__define(context, object, name, function);
}

ist_value ist__arg(const ist_call *call, size_t index) {
  return index < call->argc ? call->argv[index] : ist_undefined();
}

char *ist__arg_text(const ist_call *call, size_t index, const char *what, size_t *length) {
  char *text;
  size_t size;
  ist__text message = {0};
  if (ist_string_read(ist_context_isolate(call->context), ist__arg(call, index), &text, &size))
    ist__text_printf(&message, "%s: expected a string", what);
  else if (!length && strlen(text) != size) {
    ist_free(text);
    ist__text_printf(&message, "%s: expected a string without NUL", what);
  } else {
    if (length) *length = size;
    return text;
  }
  (void)ist_throw_error(call->context, "TypeError", message.data);
  ist__text_free(&message);
  return NULL;
}

double ist__arg_number(const ist_call *call, size_t index, double otherwise) {
  ist_value value = ist__arg(call, index);
  return value.type == IST_INT32    ? value.as.int32
         : value.type == IST_DOUBLE ? value.as.number
                                    : otherwise;
}

bool ist__value_is_true(ist_value value) {
  return value.type == IST_BOOL && value.as.boolean;
}

ist_status ist__throw_errno(ist_context *context, int code, const char *what, const char *path) {
  ist__text message = {0};
  ist__text_printf(&message, "%s: %s: %s", what, path, strerror(code));
  ist_value args[3];
  ist_isolate *isolate = ist_context_isolate(context);
  const char *name = strerrorname_np(code);
  if (!name) name = "EUNKNOWN";
  ist_value maker, error;
  ist_status status = IST_ERR_EXCEPTION;
  /* runtime/js/host.js makes an Error with `code` and `path`. */
  if (!ist_string_new(isolate, message.data, message.length, &args[0]) &&
      !ist_string_new(isolate, name, strlen(name), &args[1]) &&
      !ist_string_new(isolate, path, strlen(path), &args[2]) &&
      !ist__context_registered(context, "makeSystemError", &maker) &&
      !ist_function_call(context, maker, ist_undefined(), 3, args, &error, NULL))
    status = ist_throw(context, error);
  else
    status = ist_throw_error(context, "Error", message.data);
  ist__text_free(&message);
  return status;
}

/* ---- Making and freeing ---- */

static void on_uncaught(void *env, ist_context *context, const ist_error *error,
                        ist_value promise) {
  (void)context;
  (void)promise;
  /* The first one ends the program. */
  ist__report_uncaught(env, error);
}

static ist_status boot(ist_host *host) {
  ist_error *error = NULL;
  ist_status status = ist__loop_of(host->isolate, &host->loop);
  if (!status) status = ist_isolate_set_uncaught(host->isolate, on_uncaught, host, NULL);
  if (!status) status = ist_context_add_web(host->context, NULL, &error);
  if (status == IST_ERR_EXCEPTION && error) {
    char *text = ist__report_format(host, error, false);
    ist__io_write_all(STDERR_FILENO, text, strlen(text));
    ist__io_write_all(STDERR_FILENO, "\n", 1);
    free(text);
  }
  ist_error_free(error);
  return status;
}

ist_status ist_host_new(const ist_host_options *given, ist_host **result) {
  if (!result || (given && given->size < sizeof given->size)) return IST_ERR_ARGUMENT;
  /* A caller that was compiled with an older header gives less: the rest is zero. */
  ist_host_options copy = {0}, *options = &copy;
  if (given) memcpy(&copy, given, given->size < sizeof copy ? given->size : sizeof copy);
  ist_host *host = ist__must_alloc(sizeof *host);
  host->start = options->start;
  host->env = options->env;
  ist_loader loader = {sizeof loader, ist__loader_resolve, ist__loader_meta, host, NULL, NULL};
  ist_status status = ist_isolate_new(NULL, &host->isolate);
  if (!status) status = ist_context_new(host->isolate, NULL, &host->context);
  if (!status) status = ist_context_set_loader(host->context, &loader);
  if (!status) status = ist__native_grants(host, options);
  if (!status) status = boot(host);
  host->argc = options->argc;
  host->argv = ist__must_alloc((size_t)(options->argc + 1) * sizeof *host->argv);
  for (int i = 0; i < options->argc; i++) host->argv[i] = ist__must_copy(options->argv[i]);
  if (status) {
    ist_host_free(host);
    return status;
  }
  *result = host;
  return IST_OK;
}

void ist_host_free(ist_host *host) {
  if (!host) return;
  if (host->isolate) {
    ist__loader_free(host);
    ist_isolate_free(host->isolate);
  }
  ist__native_free(host);
  ist__text_free(&host->input);
  for (int i = 0; host->argv && i < host->argc; i++) free(host->argv[i]);
  free(host->argv);
  free(host);
}

ist_context *ist_host_context(ist_host *host) {
  return host->context;
}

/* ---- Running ---- */

/* The end of a program whose module waits for what never comes, as in Node. */
enum { EXIT_UNSETTLED = 13 };

/* Runs until nothing is left to happen, or `promise` says that the program failed. */
static void run_to_end(ist_host *host, ist_value promise) {
  ist_promise_state state = IST_PROMISE_PENDING;
  ist_value value;
  ist__loop_settle(host->loop);
  while (!host->exiting && ist__loop_turn(host->loop, true)) continue;
  if (host->exiting) return;
  (void)ist_promise_read(host->isolate, promise, &state, &value);
  if (state == IST_PROMISE_PENDING) {
    static const char text[] = "isthmus: the program ended while its module was still awaiting\n";
    ist__io_write_all(STDERR_FILENO, text, sizeof text - 1);
    host->exit_code = EXIT_UNSETTLED;
  }
}

/* Runs a compiled module as the program. `error` is that of compiling it, or NULL. */
static void run_module(ist_host *host, ist_module *module, ist_error *error) {
  ist_value promise;
  ist_status status = module ? ist_module_instantiate(module, &error) : IST_ERR_EXCEPTION;
  if (!status && host->start) host->start(host->env, host);
  if (!status) status = ist_module_evaluate(module, &promise, &error);
  if (status) {
    if (!host->exiting) ist__report_uncaught(host, error);
    ist_error_free(error);
    ist__isolate_resume(host->isolate);
    return;
  }
  run_to_end(host, promise);
}

ist_status ist_host_run_file(ist_host *host, const char *path, int *exit_code) {
  if (!host || !path || !exit_code) return IST_ERR_ARGUMENT;
  uint32_t scope;
  ist_status status = ist_scope_open(host->isolate, &scope);
  if (status) return status;
  ist_module *module = NULL;
  ist_error *error = NULL;
  (void)ist__loader_file(host, path, &module, &error);
  run_module(host, module, error);
  ist_scope_close(host->isolate, scope);
  *exit_code = host->exit_code;
  return IST_OK;
}

ist_status ist_host_eval(ist_host *host, const char *source, size_t length, const char *name,
                         bool print, int *exit_code) {
  if (!host || !source || !exit_code) return IST_ERR_ARGUMENT;
  uint32_t scope;
  ist_status status = ist_scope_open(host->isolate, &scope);
  if (status) return status;
  if (print) {
    ist_repl_result shown = {.size = sizeof shown};
    if (host->start) host->start(host->env, host);
    status = ist__repl_run(host, source, length, ist__io_colors(STDOUT_FILENO), &shown);
    if (!status && shown.outcome == IST_REPL_DONE) {
      const char *text = shown.text ? shown.text : "undefined";
      ist__io_write_all(STDOUT_FILENO, text, strlen(text));
      ist__io_write_all(STDOUT_FILENO, "\n", 1);
      while (!host->exiting && ist__loop_turn(host->loop, true)) continue;
    } else if (!status && shown.outcome != IST_REPL_EXIT && !host->exiting) {
      const char *text = shown.text ? shown.text : "SyntaxError: Unexpected end of input";
      ist__io_write_all(STDERR_FILENO, text, strlen(text));
      ist__io_write_all(STDERR_FILENO, "\n", 1);
      host->exit_code = 1;
    }
    ist_free(shown.text);
  } else {
    ist_module *module = NULL;
    ist_error *error = NULL;
    char *cwd = ist__path_cwd();
    ist__text path = {0};
    ist__text_printf(&path, "%s%s%s", cwd, strcmp(cwd, "/") ? "/" : "", name ? name : "[eval]");
    char *url = ist__url_from_path(path.data);
    ist_source from = {.size = sizeof from, .text = source, .length = length, .file = url};
    (void)ist_module_compile(host->context, &from, &module, &error);
    run_module(host, module, error);
    ist_module_free(module);
    free(url);
    free(cwd);
    ist__text_free(&path);
  }
  ist_scope_close(host->isolate, scope);
  *exit_code = host->exit_code;
  return status;
}

ist_status ist_host_turn(ist_host *host, int *timeout) {
  /* How often to look whether something outside, whose end is not announced, has ended. */
  enum { LOOK_AGAIN = 10 };
  if (!host || !timeout) return IST_ERR_ARGUMENT;
  ist_status status = ist_isolate_enter(host->isolate);
  if (status) return status;
  bool more = !host->exiting && ist__loop_turn(host->loop, false);
  int delay = ist__loop_delay(host->loop);
  *timeout = more && delay < 0 ? LOOK_AGAIN : delay;
  (void)ist_isolate_leave(host->isolate);
  return IST_OK;
}
