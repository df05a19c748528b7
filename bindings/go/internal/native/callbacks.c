/* callbacks.c: JavaScript functions that Go answers. */
#include <stdlib.h>

#include "_cgo_export.h"
#include "bridge.h"

igo_env *igo__env_new(uint64_t isolate, uint64_t id) {
  igo_env *env = malloc(sizeof *env);
  if (env) *env = (igo_env){isolate, id, false};
  return env;
}

void igo_env_free(void *env) {
  const igo_env *made = env;
  igoForget(made->isolate, made->id);
  free(env);
}

/* Copies the arguments, and short strings among them as texts. */
static void take_texts(ist_isolate *isolate, igo_question *call) {
  for (size_t i = 0; i < call->argc; i++) {
    call->args[i] = call->argv[i];
    if (call->argv[i].type != IST_STRING) continue;
    char *text = call->text + call->used;
    size_t length, room = sizeof call->text - call->used;
    if (ist_string_write(isolate, call->argv[i], IST_WTF8, text, room, &length)) continue;
    call->args[i].type = IGO_WTF8;
    call->args[i].isolate = (uint32_t)length;
    call->args[i].as.handle = (uintptr_t)text;
    call->used += (uint32_t)length;
  }
  call->argv = call->args;
}

ist_status igo__ask(const igo_env *env, igo_question *call, ist_value *result) {
  ist_isolate *isolate = ist_context_isolate(call->context);
  call->number = igo_context_data(call->context);
  call->used = 0;
  call->result = ist_undefined();
  if (env->texts && call->argc <= IGO_ARGS) take_texts(isolate, call);
  ist_status status = (ist_status)igoCall(env->isolate, env->id, call);
  if (!status) status = igo__lower_one(isolate, &call->result);
  if (!status && result) *result = call->result;
  return status;
}

ist_status igo__on_call(void *env, const ist_call *call, ist_value *result) {
  igo_question asked;
  asked.context = call->context;
  asked.receiver = call->receiver;
  asked.target = call->new_target;
  asked.argv = call->argv;
  asked.argc = call->argc;
  asked.kind = IGO_CALL;
  return igo__ask(env, &asked, result);
}

int32_t igo_function(uintptr_t at, uintptr_t name, uint64_t isolate, uint64_t id, bool texts,
                     uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_env *env = igo__env_new(isolate, id);
  if (!env) {
    igoForget(isolate, id);
    return IST_ERR_MEMORY;
  }
  env->texts = texts;
  ist_value result = ist_undefined();
  ist_status status =
      ist_function_new(context, (const char *)name, igo__on_call, env, igo_env_free, &result);
  return (int32_t)igo__finish(ist_context_isolate(context), (igo_frame *)frame_at, 0, status,
                              result);
}
