/* hooks.c: what C tells Go beside calls of functions. */
#include "hooks.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

static ist_status tell(void *env, igo_event *event) {
  const igo_env *hook = env;
  return (ist_status)igoTold(hook->isolate, hook->id, event);
}

static void on_uncaught(void *env, ist_context *context, const ist_error *error,
                        ist_value promise) {
  igo_event event = {.kind = IGO_UNCAUGHT, .context = context, .error = error, .value = promise};
  (void)tell(env, &event);
}

static void on_message(void *env, ist_context *context, ist_level level, const char *text,
                       size_t length) {
  igo_event event = {.kind = IGO_MESSAGE,
                     .level = (uint32_t)level,
                     .context = context,
                     .text = text,
                     .length = length};
  (void)tell(env, &event);
}

static void on_import(void *env, ist_context *context, const char *specifier, size_t length,
                      const char *referrer, const char *type, ist_import *import) {
  igo_event event = {.kind = IGO_IMPORT,
                     .context = context,
                     .text = specifier,
                     .length = length,
                     .referrer = referrer,
                     .type = type,
                     .import = import};
  (void)tell(env, &event);
}

static void on_meta(void *env, ist_context *context, const char *url, ist_value meta) {
  igo_event event = {
      .kind = IGO_META, .context = context, .text = url, .length = strlen(url), .value = meta};
  (void)tell(env, &event);
}

static bool on_write(void *env, const char *bytes, size_t length) {
  igo_event event = {.kind = IGO_WRITE, .text = bytes, .length = length};
  return tell(env, &event) == IST_OK;
}

static void on_task(void *env, ist_isolate *isolate) {
  (void)isolate;
  igo_event event = {.kind = IGO_TASK};
  (void)tell(env, &event);
}

static void on_pause(void *env, ist_inspector *inspector) {
  (void)inspector;
  igo_event event = {.kind = IGO_PAUSE};
  (void)tell(env, &event);
}

static void on_quit(void *env, ist_inspector *inspector) {
  (void)inspector;
  igo_event event = {.kind = IGO_QUIT};
  (void)tell(env, &event);
}

static void on_ready(void *env, ist_inspector *inspector) {
  (void)inspector;
  igo_event event = {.kind = IGO_READY};
  (void)tell(env, &event);
}

static void on_send(void *env, const char *json, size_t length) {
  igo_event event = {.kind = IGO_SEND, .text = json, .length = length};
  (void)tell(env, &event);
}

/* A hook for a function that takes it over; NULL, and forgotten, when memory is out. */
static igo_env *hook_of(uint64_t number, uint64_t id) {
  igo_env *hook = igo__env_new(number, id);
  if (!hook) igoForget(number, id);
  return hook;
}

ist_status igo_set_uncaught(ist_isolate *isolate, uint64_t number, uint64_t id) {
  igo_env *hook = hook_of(number, id);
  if (!hook) return IST_ERR_MEMORY;
  return ist_isolate_set_uncaught(isolate, on_uncaught, hook, igo_env_free);
}

ist_status igo_add_web(ist_context *context, bool no_timers, uint64_t number, uint64_t id,
                       ist_error **error) {
  igo_env *hook = hook_of(number, id);
  if (!hook) return IST_ERR_MEMORY;
  ist_web_options options = {.size = sizeof options,
                             .message = on_message,
                             .env = hook,
                             .finalize = igo_env_free,
                             .no_timers = no_timers};
  return ist_context_add_web(context, &options, error);
}

ist_status igo_set_loader(ist_context *context, uint64_t number, uint64_t id) {
  igo_env *hook = hook_of(number, id);
  if (!hook) return IST_ERR_MEMORY;
  ist_loader loader = {.size = sizeof loader,
                       .import_meta = on_meta,
                       .env = hook,
                       .finalize = igo_env_free,
                       .defer = on_import};
  return ist_context_set_loader(context, &loader);
}

ist_status igo_interrupt(ist_isolate *isolate, uint64_t number, uint64_t id) {
  igo_env *hook = hook_of(number, id);
  if (!hook) return IST_ERR_MEMORY;
  return ist_isolate_interrupt(isolate, on_task, hook, igo_env_free);
}

ist_status igo_inspector_new(ist_isolate *isolate, uint64_t number, uint64_t id,
                             ist_inspector **result) {
  igo_env *hook = hook_of(number, id);
  if (!hook) return IST_ERR_MEMORY;
  ist_inspector_options options = {.size = sizeof options,
                                   .env = hook,
                                   .finalize = igo_env_free,
                                   .pause = on_pause,
                                   .quit = on_quit,
                                   .ready = on_ready};
  return ist_inspector_new(isolate, &options, result);
}

ist_status igo_session_new(ist_inspector *inspector, uint64_t number, uint64_t id,
                           ist_session **result) {
  igo_env *hook = hook_of(number, id);
  if (!hook) return IST_ERR_MEMORY;
  return ist_session_new(inspector, on_send, hook, igo_env_free, result);
}

ist_status igo_write_heap(ist_isolate *isolate, uint64_t number, uint64_t id) {
  igo_env hook = {number, id, false};
  return ist_isolate_write_heap(isolate, on_write, &hook);
}

ist_status igo_profile_stop(ist_isolate *isolate, uint64_t number, uint64_t id) {
  igo_env hook = {number, id, false};
  return ist_profile_stop(isolate, on_write, &hook);
}

/* ---- Errors ---- */

static ist_status throw_it(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  return ist_throw(call->context, call->argv[0]);
}

ist_error *igo_error_of(ist_context *context, ist_value thrown) {
  ist_value function;
  ist_error *error = NULL;
  uint32_t scope;
  ist_isolate *isolate = ist_context_isolate(context);
  if (ist_scope_open(isolate, &scope)) return NULL;
  if (!ist_function_new(context, NULL, throw_it, NULL, NULL, &function))
    (void)ist_function_call(context, function, ist_undefined(), 1, &thrown, NULL, &error);
  ist_scope_close(isolate, scope);
  return error;
}

typedef struct thrown {
  igo_env *hook;
  const char *name, *message;
} thrown;

static ist_status throw_host(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  thrown *what = env;
  igo_env *hook = what->hook;
  what->hook = NULL;
  return ist_throw_host(call->context, what->name, what->message, hook, igo_env_free);
}

ist_error *igo_error_new(ist_context *context, const char *name, const char *message,
                         uint64_t number, uint64_t id) {
  ist_value function;
  ist_error *error = NULL;
  uint32_t scope;
  ist_isolate *isolate = ist_context_isolate(context);
  thrown what = {hook_of(number, id), name, message};
  if (!what.hook) return NULL;
  if (!ist_scope_open(isolate, &scope)) {
    if (!ist_function_new(context, NULL, throw_host, &what, NULL, &function))
      (void)ist_function_call(context, function, ist_undefined(), 0, NULL, NULL, &error);
    ist_scope_close(isolate, scope);
  }
  if (what.hook) igo_env_free(what.hook);
  return error;
}

/* ---- Promises ---- */

int32_t igo_promise_read(uintptr_t at, uintptr_t frame_at, bool throwing) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_isolate *isolate = ist_context_isolate(context);
  uint32_t scope;
  ist_value result = ist_undefined();
  ist_promise_state state = IST_PROMISE_PENDING;
  ist_status status = ist_scope_open(isolate, &scope);
  if (status) return (int32_t)status;
  status = ist_promise_read(isolate, frame->subject, &state, &result);
  if (!status && state == IST_PROMISE_REJECTED && throwing) {
    (void)ist_promise_mark_handled(isolate, frame->subject);
    frame->error = igo_error_of(context, result);
    status = IST_ERR_EXCEPTION;
  }
  status = igo__finish(isolate, frame, scope, status, result);
  return (int32_t)status | (int32_t)state << 8;
}

ist_status igo_promise_watch(ist_context *context, ist_value promise, uint64_t number,
                             uint64_t id) {
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value function;
  uint32_t scope;
  ist_status status = ist_scope_open(isolate, &scope);
  if (status) {
    igoForget(number, id);
    return status;
  }
  igo_env *hook = hook_of(number, id);
  status = hook ? ist_function_new(context, NULL, igo__on_call, hook, igo_env_free, &function)
                : IST_ERR_MEMORY;
  if (!status) status = ist_promise_then(context, promise, function, function, NULL);
  ist_scope_close(isolate, scope);
  return status;
}

/* ---- Modules ---- */

static ist_status module_of(ist_context *context, const char *url, ist_value object,
                            ist_module **result, ist_error **error) {
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value names;
  uint32_t count;
  ist_status status = ist_object_keys(context, object, IST_KEYS_NO_INDICES, &names, error);
  if (!status) status = ist_array_length(isolate, names, &count);
  if (status) return status;
  char **list = calloc(count + 1, sizeof *list);
  if (!list) return IST_ERR_MEMORY;
  for (uint32_t i = 0; !status && i < count; i++) {
    ist_value name;
    status = ist_object_get_index(context, names, i, &name, error);
    if (!status) status = ist_string_read(isolate, name, &list[i], NULL);
  }
  if (!status)
    status = ist_module_new_synthetic(context, url, (const char *const *)list, count, object,
                                      result, error);
  for (uint32_t i = 0; i < count; i++) ist_free(list[i]);
  free(list);
  return status;
}

ist_status igo_module_of(ist_context *context, const char *url, ist_value object,
                         ist_module **result, ist_error **error) {
  uint32_t scope;
  ist_isolate *isolate = ist_context_isolate(context);
  ist_status status = ist_scope_open(isolate, &scope);
  if (status) return status;
  status = module_of(context, url, object, result, error);
  ist_scope_close(isolate, scope);
  return status;
}

bool igo_readable(int fd) {
  struct pollfd asked = {fd, POLLIN, 0};
  return poll(&asked, 1, 0) != 0;
}
