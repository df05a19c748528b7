/* The globals of the web's common minimum in one context: what runtime/js needs of the world for
 * them. Printing, a clock and timers are all that it gets; files, processes, modules and libraries
 * are out of its reach. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static int fd_of(const ist_call *call) {
  return (int)ist__arg_number(call, 0, -1);
}

/* A whole message of console's, without its last line's end. */
static ist_status native_print(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ist__web *web = env;
  char *text;
  size_t length;
  ist_level level = (ist_level)ist__arg_number(call, 0, IST_LEVEL_LOG);
  ist_isolate *isolate = ist_context_isolate(call->context);
  if (ist_string_read(isolate, ist__arg(call, 1), &text, &length)) return IST_OK;
  if (web->message) {
    /* It may free the context, and `web` with it. */
    web->message(web->env, call->context, level, text, length);
  } else {
    /* The NUL's place is free for the line's end: what is written at once stays together. */
    text[length] = '\n';
    int fd = level >= IST_LEVEL_WARN ? STDERR_FILENO : STDOUT_FILENO;
    ist__io_write_all(fd, text, length + 1);
  }
  ist_free(text);
  return IST_OK;
}

static ist_status native_write(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ist__web *web = env;
  char *text;
  size_t length;
  int fd = fd_of(call);
  if (web->message || (fd != STDOUT_FILENO && fd != STDERR_FILENO)) return IST_OK;
  ist_isolate *isolate = ist_context_isolate(call->context);
  if (ist_string_read(isolate, ist__arg(call, 1), &text, &length)) return IST_OK;
  ist__io_write_all(fd, text, length);
  ist_free(text);
  return IST_OK;
}

static ist_status native_is_tty(void *env, const ist_call *call, ist_value *result) {
  ist__web *web = env;
  *result = ist_bool(!web->message && isatty(fd_of(call)) == 1);
  return IST_OK;
}

static ist_status native_columns(void *env, const ist_call *call, ist_value *result) {
  ist__web *web = env;
  struct winsize size;
  bool known = !web->message && !ioctl(fd_of(call), TIOCGWINSZ, &size) && size.ws_col > 0;
  *result = ist_int32(known ? size.ws_col : 80);
  return IST_OK;
}

static ist_status native_colors(void *env, const ist_call *call, ist_value *result) {
  ist__web *web = env;
  *result = ist_bool(!web->message && ist__io_colors(fd_of(call)));
  return IST_OK;
}

static ist_status native_hrtime(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  ist__web *web = env;
  *result = ist_double((double)(uv_hrtime() - web->start) / 1e6);
  return IST_OK;
}

static ist_status install(ist__web *web, ist_value native) {
  static const struct {
    const char *name;
    ist_function fn;
  } functions[] = {
      {"print", native_print},     {"write", native_write},   {"isTTY", native_is_tty},
      {"columns", native_columns}, {"colors", native_colors}, {"hrtime", native_hrtime},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    ist_status status =
        ist__define_function(web->context, native, functions[i].name, functions[i].fn, web);
    if (status) return status;
  }
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  double origin = (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
  return ist__define(web->context, native, "timeOrigin", ist_double(origin));
}

void ist__web_end(ist__web *web) {
  ist__timers_end(web);
  if (web->finalize) web->finalize(web->env);
  ist__free(web);
}

/* Makes the record of a context's web globals, which lives as long as the context does. */
static ist_status make(ist_isolate *isolate, ist_context *context, const ist_web_options *options,
                       ist__web **result) {
  ist__loop *loop;
  if (ist__context_web(context) || ist__context_frozen(context)) return IST_ERR_STATE;
  ist_status status = ist__loop_of(isolate, &loop);
  if (status) return status;
  ist__web *web = ist__calloc(1, sizeof *web);
  if (!web) return IST_ERR_MEMORY;
  *web = (ist__web){.loop = loop,
                    .context = context,
                    .message = options->message,
                    .env = options->env,
                    .finalize = options->finalize,
                    .start = uv_hrtime()};
  ist__context_set_web(context, web);
  *result = web;
  return IST_OK;
}

/* The context is entered: what runs may free it, but it does not end before it is left. */
static ist_status boot(ist__web *web, bool timers, ist_error **error) {
  uint32_t scope;
  ist_isolate *isolate = web->loop->isolate;
  ist_context *context = web->context;
  ist_status status = ist_scope_open(isolate, &scope);
  if (status) return status;
  ist_value native;
  status = ist__context_native(context, &native);
  if (!status) status = install(web, native);
  if (!status && timers) status = ist__timers_install(web, native);
  if (!status) status = ist__context_boot(context, error);
  (void)ist_scope_close(isolate, scope);
  return status;
}

ist_status ist_context_add_web(ist_context *context, const ist_web_options *given,
                               ist_error **error) {
  ist_web_options options = {0};
  ist__web *web = NULL;
  if (error) *error = NULL;
  if (given) memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  ist_isolate *isolate = ist_context_isolate(context);
  ist_status status = !context || (given && given->size < sizeof given->size) ? IST_ERR_ARGUMENT
                      : !isolate                                              ? IST_ERR_HANDLE
                                 : ist_context_enter(context);
  if (!status) {
    status = make(ist_context_isolate(context), context, &options, &web);
    if (!status) status = boot(web, !options.no_timers, error);
    (void)ist_context_leave(context);
  }
  if (!web && options.finalize) options.finalize(options.env);
  if (status && error && !*error) *error = ist_error_new(status, NULL, NULL);
  return status;
}
