/* The host's own modules: `isthmus:host` (the program's surroundings) and `isthmus:ffi` (helpers
 * for libraries). The shape that JavaScript sees is made by runtime/js/host.js; the work is done
 * here. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* ---- isthmus:host ---- */

static ist_status set_string(ist_host *host, ist_value object, const char *name, const char *text) {
  ist_value value;
  ist_status status = ist_string_new(host->isolate, text, strlen(text), &value);
  if (status) return status;
  return ist__define(host->context, object, name, value);
}

static ist_status host_args(void *env, const ist_call *call, ist_value *result) {
  ist_host *host = env;
  ist_status status = ist_array_new(call->context, result);
  for (int i = 0; !status && i < host->argc; i++) {
    char index[16];
    snprintf(index, sizeof index, "%d", i);
    status = set_string(host, *result, index, host->argv[i]);
  }
  return status;
}

static ist_status host_env(void *env, const ist_call *call, ist_value *result) {
  ist_host *host = env;
  ist_status status = ist_object_new(call->context, result);
  for (char **at = environ; !status && at && *at; at++) {
    const char *equals = strchr(*at, '=');
    if (!equals || equals == *at) continue;
    ist__text name = {0};
    ist__text_add(&name, *at, (size_t)(equals - *at));
    status = set_string(host, *result, name.data, equals + 1);
    ist__text_free(&name);
  }
  return status;
}

static ist_status host_exit(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ist_host *host = env;
  double code = ist__arg_number(call, 0, 0);
  host->exit_code = (int)((unsigned)(int)code & 0xff);
  host->exiting = true;
  ist__loop_stop(host->loop);
  return IST_ERR_TERMINATED;
}

static ist_status host_read_file(void *env, const ist_call *call, ist_value *result) {
  ist_host *host = env;
  char *path = ist__arg_text(call, 0, "readFile: path", NULL);
  if (!path) return IST_ERR_EXCEPTION;
  ist__text content = {0};
  int failed = ist__io_read_file(path, &content);
  ist_status status;
  if (failed)
    status = ist__throw_errno(call->context, failed, "readFile", path);
  else if (ist__value_is_true(ist__arg(call, 1)))
    status = ist_string_new(host->isolate, content.data, content.length, result);
  else
    status = ist_bytes_new(call->context, content.data, content.length, result);
  ist__text_free(&content);
  ist_free(path);
  return status;
}

/* The bytes of a string (UTF-8) or of a buffer; `owned` is to be freed. */
static ist_status data_of(const ist_call *call, size_t index, const char *what, uint8_t **bytes,
                          size_t *length, char **owned) {
  ist_isolate *isolate = ist_context_isolate(call->context);
  ist_value value = ist__arg(call, index);
  *owned = NULL;
  if (!ist_string_read(isolate, value, owned, length)) {
    *bytes = (uint8_t *)*owned;
    return IST_OK;
  }
  if (!ist_bytes_read(isolate, value, bytes, length)) return IST_OK;
  ist__text message = {0};
  ist__text_printf(&message, "%s: expected a string or bytes", what);
  ist_status status = ist_throw_error(call->context, "TypeError", message.data);
  ist__text_free(&message);
  return status;
}

static ist_status host_write_file(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  char *path = ist__arg_text(call, 0, "writeFile: path", NULL);
  if (!path) return IST_ERR_EXCEPTION;
  uint8_t *bytes;
  size_t length;
  char *owned;
  ist_status status = data_of(call, 1, "writeFile: data", &bytes, &length, &owned);
  if (!status) {
    int append = ist__value_is_true(ist__arg(call, 2)) ? O_APPEND : O_TRUNC;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | append, 0666);
    if (fd < 0 || !ist__io_write_all(fd, (const char *)bytes, length))
      status = ist__throw_errno(call->context, errno, "writeFile", path);
    if (fd >= 0 && close(fd) && !status)
      status = ist__throw_errno(call->context, errno, "writeFile", path);
    ist_free(owned);
  }
  ist_free(path);
  return status;
}

static ist_status host_write(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  uint8_t *bytes;
  size_t length;
  char *owned;
  int fd = (int)ist__arg_number(call, 0, STDOUT_FILENO);
  ist_status status = data_of(call, 1, "write", &bytes, &length, &owned);
  if (status) return status;
  if (!ist__io_write_all(fd, (const char *)bytes, length) && errno != EPIPE)
    status = ist__throw_errno(call->context, errno, "write", fd == 2 ? "stderr" : "stdout");
  ist_free(owned);
  return status;
}

/* Reads more of standard input; false at its end. */
static bool more_input(ist_host *host) {
  char chunk[65536];
  while (!host->input_ended) {
    ssize_t got = read(STDIN_FILENO, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      host->input_ended = true;
    else {
      ist__text_add(&host->input, chunk, (size_t)got);
      return true;
    }
  }
  return false;
}

static void drop_input(ist_host *host, size_t length) {
  host->input.length -= length;
  if (host->input.data) {
    memmove(host->input.data, host->input.data + length, host->input.length);
    host->input.data[host->input.length] = '\0';
  }
}

static ist_status host_read_input(void *env, const ist_call *call, ist_value *result) {
  ist_host *host = env;
  while (more_input(host)) continue;
  const char *data = host->input.data ? host->input.data : "";
  ist_status status = ist__value_is_true(ist__arg(call, 0))
                          ? ist_string_new(host->isolate, data, host->input.length, result)
                          : ist_bytes_new(call->context, data, host->input.length, result);
  drop_input(host, host->input.length);
  return status;
}

static ist_status host_read_line(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  ist_host *host = env;
  size_t searched = 0;
  for (;;) {
    char *newline = host->input.length > searched
                        ? memchr(host->input.data + searched, '\n', host->input.length - searched)
                        : NULL;
    if (newline || host->input_ended) {
      size_t taken = newline ? (size_t)(newline - host->input.data) + 1 : host->input.length;
      if (!taken) {
        *result = ist_null();
        return IST_OK;
      }
      size_t length = newline ? taken - 1 : taken;
      if (newline && length && host->input.data[length - 1] == '\r') length--;
      ist_status status = ist_string_new(host->isolate, host->input.data, length, result);
      drop_input(host, taken);
      return status;
    }
    searched = host->input.length;
    more_input(host);
  }
}

static ist_status host_gc(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  (void)result;
  ist_host *host = env;
  return ist_isolate_collect(host->isolate);
}

static ist_status host_cwd(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  ist_host *host = env;
  char *cwd = ist__path_cwd();
  ist_status status = ist_string_new(host->isolate, cwd, strlen(cwd), result);
  free(cwd);
  return status;
}

/* ---- isthmus:ffi ---- */

static ist_status ffi_load(void *env, const ist_call *call, ist_value *result) {
  ist_host *host = env;
  char *name = ist__arg_text(call, 0, "load: name", NULL);
  if (!name) return IST_ERR_EXCEPTION;
  ist_error *error = NULL;
  ist_status status =
      ist__native_load(host, strncmp(name, "ffi:", 4) ? name : name + 4, result, &error);
  ist_free(name);
  if (status) {
    if (error) status = ist_throw_again(call->context, error);
    ist_error_free(error);
  }
  return status;
}

static ist_status ffi_close(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  ist_host *host = env;
  if (ist__native_close(host, ist__arg(call, 0))) return IST_OK;
  return ist_throw_error(call->context, "TypeError",
                         "close: namespace: expected what load returned");
}

static ist_status ffi_errno(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  ist_host *host = env;
  *result = ist_int32(ist__isolate_errno(host->isolate));
  return IST_OK;
}

/* ---- Making modules ---- */

typedef struct native_function {
  const char *name;
  ist_function fn;
} native_function;

static const native_function host_functions[] = {
    {"args", host_args},
    {"env", host_env},
    {"exit", host_exit},
    {"readFile", host_read_file},
    {"writeFile", host_write_file},
    {"write", host_write},
    {"readInput", host_read_input},
    {"readLine", host_read_line},
    {"cwd", host_cwd},
    {"gc", host_gc},
};

static const native_function ffi_functions[] = {
    {"load", ffi_load},
    {"close", ffi_close},
    {"errno", ffi_errno},
};

ist_module *ist__module_of(ist_host *host, const char *url, ist_value object, ist_error **error) {
  ist_value names;
  uint32_t count;
  if (ist_object_keys(host->context, object, IST_KEYS_NO_INDICES, &names, error) ||
      ist_array_length(host->isolate, names, &count))
    return NULL;
  char **list = ist__must_alloc((count + 1) * sizeof *list);
  bool complete = true;
  for (uint32_t i = 0; complete && i < count; i++) {
    ist_value name;
    complete = !ist_object_get_index(host->context, names, i, &name, error) &&
               !ist_string_read(host->isolate, name, &list[i], NULL);
  }
  ist_module *module = NULL;
  if (complete)
    (void)ist_module_new_synthetic(host->context, url, (const char *const *)list, count, object,
                                   &module, error);
  for (uint32_t i = 0; i < count; i++) ist_free(list[i]);
  free(list);
  return module;
}

static ist_module *make(ist_host *host, const char *url, const native_function *functions,
                        size_t count, const char *shape, ist_error **error) {
  ist_value natives, maker;
  if (ist_object_new(host->context, &natives)) return NULL;
  for (size_t i = 0; i < count; i++)
    if (ist__define_function(host->context, natives, functions[i].name, functions[i].fn, host))
      return NULL;
  if (shape) {
    if (ist__context_registered(host->context, shape, &maker) ||
        ist_function_call(host->context, maker, ist_undefined(), 1, &natives, &natives, error))
      return NULL;
  }
  return ist__module_of(host, url, natives, error);
}

ist_module *ist__builtin_module(ist_host *host, const char *url, ist_error **error) {
  uint32_t scope;
  if (ist_scope_open(host->isolate, &scope)) return NULL;
  ist_module *module = NULL;
  if (!strcmp(url, "isthmus:host"))
    module = make(host, url, host_functions, sizeof host_functions / sizeof *host_functions,
                  "hostModule", error);
  else if (!strcmp(url, "isthmus:ffi"))
    module =
        make(host, url, ffi_functions, sizeof ffi_functions / sizeof *ffi_functions, NULL, error);
  else if (error) {
    ist__text message = {0};
    ist__text_printf(&message,
                     "Cannot find module '%s': the host has 'isthmus:host' and 'isthmus:ffi'", url);
    *error = ist_error_new(IST_ERR_NOT_FOUND, "Error", message.data);
    ist__text_free(&message);
  }
  ist_scope_close(host->isolate, scope);
  return module;
}
