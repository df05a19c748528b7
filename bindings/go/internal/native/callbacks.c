/* callbacks.c: JavaScript functions that Go answers. */
#include <stdlib.h>

#include "_cgo_export.h"
#include "bridge.h"

igo_env *igo__env_new(uint64_t isolate, uint64_t id) {
  igo_env *env = malloc(sizeof *env);
  if (env) *env = (igo_env){isolate, id};
  return env;
}

void igo_env_free(void *env) {
  const igo_env *made = env;
  igoForget(made->isolate, made->id);
  free(env);
}

static ist_status on_call(void *env, const ist_call *call, ist_value *result) {
  const igo_env *made = env;
  return (ist_status)igoCall(made->isolate, made->id, (void *)(uintptr_t)call, result);
}

int32_t igo_function(uintptr_t at, uintptr_t name, uint64_t isolate, uint64_t id,
                     uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_env *env = igo__env_new(isolate, id);
  if (!env) {
    igoForget(isolate, id);
    return IST_ERR_MEMORY;
  }
  ist_value result = ist_undefined();
  ist_status status =
      ist_function_new(context, (const char *)name, on_call, env, igo_env_free, &result);
  return (int32_t)igo__finish(ist_context_isolate(context), (igo_frame *)frame_at, 0, status,
                              result);
}
