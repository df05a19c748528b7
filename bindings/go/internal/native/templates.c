/* templates.c: see templates.h. */
#include "templates.h"

#include <stdio.h>

#include "_cgo_export.h"

/* An igo_env for a callback; NULL when memory is out, and then Go was told. */
static igo_env *env_for(uint64_t number, uint64_t id, bool texts) {
  igo_env *env = igo__env_new(number, id);
  if (env)
    env->texts = texts;
  else
    igoForget(number, id);
  return env;
}

int32_t igo_template_function(ist_isolate *isolate, const ist_function_options *options,
                              uint64_t number, uint64_t id, bool texts, ist_template **result) {
  ist_function_options all = *options;
  if (id) {
    all.env = env_for(number, id, texts);
    if (!all.env) return IST_ERR_MEMORY;
    all.fn = igo__on_call;
    all.finalize = igo_env_free;
  }
  return (int32_t)ist_template_new_function(isolate, &all, result);
}

/* ---- Properties ---- */

int32_t igo_template_set(ist_isolate *isolate, ist_template *tmpl, uintptr_t frame_at,
                         ist_template *other, uint32_t flags) {
  igo_frame *frame = (igo_frame *)frame_at;
  uint32_t scope;
  ist_status status = igo__lower(isolate, frame, &scope);
  if (!status && other)
    status = ist_template_set_template_key(tmpl, frame->args[0], other, flags);
  else if (!status)
    status = ist_template_set_key(tmpl, frame->args[0], frame->args[1], flags);
  return (int32_t)igo__finish(isolate, frame, scope, status, ist_undefined());
}

/* Asks Go about a property. */
static ist_status ask(void *env, const ist_access *access, uint32_t kind, ist_value value,
                      igo_question *asked) {
  const igo_env *known = env;
  asked->context = access->context;
  asked->receiver = access->receiver;
  asked->target = access->holder;
  asked->argv = asked->args;
  asked->args[0] = access->key;
  asked->args[1] = value;
  asked->argc = kind == IGO_ENUMERATE ? 0 : kind == IGO_SET_PROPERTY ? 2 : 1;
  asked->kind = kind;
  ist_value result;
  return igo__ask(known, asked, &result);
}

static ist_status get(void *env, const ist_access *access, ist_value *result) {
  igo_question asked;
  ist_status status = ask(env, access, IGO_GET_PROPERTY, ist_undefined(), &asked);
  if (!status) *result = asked.result;
  return status;
}

static ist_status set(void *env, const ist_access *access, ist_value value) {
  igo_question asked;
  return ask(env, access, IGO_SET_PROPERTY, value, &asked);
}

int32_t igo_template_set_accessor(ist_isolate *isolate, ist_template *tmpl, uintptr_t frame_at,
                                  uint64_t number, uint64_t id, bool writable, uint32_t flags) {
  igo_frame *frame = (igo_frame *)frame_at;
  igo_env *env = env_for(number, id, false);
  if (!env) return IST_ERR_MEMORY;
  uint32_t scope;
  ist_status status = igo__lower(isolate, frame, &scope);
  if (status)
    igo_env_free(env);
  else
    status = ist_template_set_accessor_key(tmpl, frame->args[0], get, writable ? set : NULL, env,
                                           igo_env_free, flags);
  return (int32_t)igo__finish(isolate, frame, scope, status, ist_undefined());
}

/* ---- Interceptors ---- */

static ist_status on_get(void *env, const ist_access *access, ist_value *result, bool *handled) {
  igo_question asked;
  asked.handled = true;
  ist_status status = ask(env, access, IGO_GET_PROPERTY, ist_undefined(), &asked);
  *handled = asked.handled;
  if (!status) *result = asked.result;
  return status;
}

static ist_status on_set(void *env, const ist_access *access, ist_value value, bool *handled) {
  igo_question asked;
  asked.handled = true;
  ist_status status = ask(env, access, IGO_SET_PROPERTY, value, &asked);
  *handled = asked.handled;
  return status;
}

static ist_status on_query(void *env, const ist_access *access, uint32_t *flags, bool *found) {
  igo_question asked;
  asked.flags = *flags;
  asked.yes = true;
  ist_status status = ask(env, access, IGO_QUERY, ist_undefined(), &asked);
  *flags = asked.flags;
  *found = asked.yes;
  return status;
}

static ist_status on_remove(void *env, const ist_access *access, bool *removed, bool *handled) {
  igo_question asked;
  asked.yes = true;
  asked.handled = true;
  ist_status status = ask(env, access, IGO_REMOVE, ist_undefined(), &asked);
  *removed = asked.yes;
  *handled = asked.handled;
  return status;
}

static ist_status on_enumerate(void *env, const ist_access *access, ist_value *result) {
  igo_question asked;
  ist_status status = ask(env, access, IGO_ENUMERATE, ist_undefined(), &asked);
  if (!status) *result = asked.result;
  return status;
}

int32_t igo_template_set_handler(ist_template *tmpl, bool indexed, uint64_t number, uint64_t id,
                                 uint32_t members, bool no_symbols, bool only_missing) {
  igo_env *env = env_for(number, id, false);
  if (!env) return IST_ERR_MEMORY;
  ist_handler handler = {
      .size = sizeof handler,
      .env = env,
      .finalize = igo_env_free,
      .get = members & IGO_HANDLES_GET ? on_get : NULL,
      .set = members & IGO_HANDLES_SET ? on_set : NULL,
      .query = members & IGO_HANDLES_QUERY ? on_query : NULL,
      .remove = members & IGO_HANDLES_REMOVE ? on_remove : NULL,
      .enumerate = members & IGO_HANDLES_ENUMERATE ? on_enumerate : NULL,
      .no_symbols = no_symbols,
      .only_missing = only_missing,
  };
  return (int32_t)(indexed ? ist_template_set_indexed(tmpl, &handler)
                           : ist_template_set_named(tmpl, &handler));
}

int32_t igo_template_set_call(ist_template *tmpl, uint64_t number, uint64_t id, bool texts) {
  igo_env *env = env_for(number, id, texts);
  if (!env) return IST_ERR_MEMORY;
  return (int32_t)ist_template_set_call(tmpl, igo__on_call, env, igo_env_free);
}

int32_t igo_template_make(uintptr_t at, ist_template *tmpl, bool function, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_value result = ist_undefined();
  ist_status status = function ? ist_template_function(context, tmpl, &result, &frame->error)
                               : ist_template_make(context, tmpl, &result, &frame->error);
  return (int32_t)igo__finish(ist_context_isolate(context), frame, 0, status, result);
}

/* ---- Internal fields ---- */

/* Only their number is V8's: their values are private properties, which V8's collector knows. */
static const char field_tag, external_tag;
enum { MOST_FIELDS = 64, FIELD_NAME = 32 };

uint32_t igo_field_count(ist_isolate *isolate, uintptr_t frame_at) {
  const igo_frame *frame = (const igo_frame *)frame_at;
  uint32_t count = 0;
  void *pointer;
  while (count < MOST_FIELDS &&
         !ist_object_field(isolate, frame->subject, count, &field_tag, &pointer))
    count++;
  return count;
}

static ist_status field_name(ist_context *context, const igo_frame *frame, uint32_t index,
                             char *name) {
  void *pointer;
  ist_status status =
      ist_object_field(ist_context_isolate(context), frame->subject, index, &field_tag, &pointer);
  snprintf(name, FIELD_NAME, "isthmus field %u", (unsigned)index);
  return status;
}

int32_t igo_field_get(uintptr_t at, uintptr_t frame_at, uint32_t index) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  char name[FIELD_NAME];
  ist_value result = ist_undefined();
  ist_status status = field_name(context, frame, index, name);
  if (!status) status = ist_object_get_private(context, frame->subject, name, &result);
  return (int32_t)igo__finish(ist_context_isolate(context), frame, 0, status, result);
}

int32_t igo_field_set(uintptr_t at, uintptr_t frame_at, uint32_t index) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_isolate *isolate = ist_context_isolate(context);
  char name[FIELD_NAME];
  uint32_t scope;
  ist_status status = igo__lower(isolate, frame, &scope);
  if (!status) status = field_name(context, frame, index, name);
  if (!status) status = ist_object_set_private(context, frame->subject, name, frame->args[0]);
  return (int32_t)igo__finish(isolate, frame, scope, status, ist_undefined());
}

int32_t igo_external_new(uintptr_t at, uint64_t number, uint64_t id, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_env *env = env_for(number, id, false);
  if (!env) return IST_ERR_MEMORY;
  ist_value result = ist_undefined();
  ist_status status = ist_external_new(context, env, &external_tag, igo_env_free, &result);
  return (int32_t)igo__finish(ist_context_isolate(context), (igo_frame *)frame_at, 0, status,
                              result);
}

uint64_t igo_external_read(ist_isolate *isolate, uintptr_t frame_at) {
  const igo_frame *frame = (const igo_frame *)frame_at;
  void *env = NULL;
  if (ist_external_read(isolate, frame->subject, &external_tag, &env)) return 0;
  return ((const igo_env *)env)->id;
}
