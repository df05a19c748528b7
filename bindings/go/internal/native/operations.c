/* operations.c: operations on an isolate, each one call from Go. */
#include "bridge.h"

#include <stdlib.h>
#include <string.h>

/* Opens the scope that what is made for the length of an operation lives in. */
static ist_status scoped(ist_isolate *isolate, uint32_t *scope) {
  return *scope ? IST_OK : ist_scope_open(isolate, scope);
}

/* From here on V8 takes the memory of a string from the system, page by page, and gives it back so,
 * which costs several times what the copy does. */
#define LONG_TEXT (128u << 10)

/* A string of ASCII: a long one in memory that is used again. */
static ist_status ascii_new(ist_isolate *isolate, const char *text, uint32_t length,
                            ist_value *result) {
  char *copy = length < LONG_TEXT ? NULL : malloc(length);
  if (!copy) return ist_string_new_as(isolate, IST_LATIN1, text, length, result);
  memcpy(copy, text, length);
  return ist_string_adopt(isolate, IST_LATIN1, copy, length, free, copy, result);
}

ist_status igo__lower_one(ist_isolate *isolate, ist_value *value) {
  if (value->type < IGO_ASCII) return IST_OK;
  uint64_t bits = value->as.handle;
  switch (value->type) {
  case IGO_INT64: return ist_bigint_new_int64(isolate, (int64_t)bits, value);
  case IGO_UINT64: return ist_bigint_new_uint64(isolate, bits, value);
  case IGO_ASCII: return ascii_new(isolate, (const char *)(uintptr_t)bits, value->isolate, value);
  default:
    return ist_string_new_as(isolate, IST_WTF8, (const void *)(uintptr_t)bits, value->isolate,
                             value);
  }
}

ist_status igo__lower(ist_isolate *isolate, igo_frame *frame, uint32_t *scope) {
  *scope = 0;
  ist_status status = IST_OK;
  for (uint32_t i = 0; i < frame->argc && !status; i++) {
    if (frame->argv[i].type < IGO_ASCII) continue;
    status = scoped(isolate, scope);
    if (!status) status = igo__lower_one(isolate, &frame->argv[i]);
  }
  return status;
}

ist_status igo__short_text(ist_isolate *isolate, igo_frame *frame, ist_value string,
                           size_t *length) {
  /* How many units a string has is known; how many bytes of UTF-8 takes a pass over it. */
  ist_status status = ist_string_length(isolate, string, IST_UTF16, length);
  if (status) return status;
  if (*length > sizeof frame->text) return IST_ERR_LIMIT;
  return ist_string_write(isolate, string, IST_WTF8, frame->text, sizeof frame->text, length);
}

/* Gives up a value that an operation has made, which the end of its own scope would do, too. That
 * of a callback may be far. */
static ist_status give_up(ist_isolate *isolate, uint32_t scope, ist_value value) {
  return scope ? IST_OK : ist_value_free(isolate, value);
}

/* A result as the frame wants it. */
static ist_status lift(ist_isolate *isolate, igo_frame *frame, uint32_t scope, ist_value value) {
  if (value.type < IST_STRING) {
    frame->result = value;
    return IST_OK;
  }
  if (frame->want == IGO_NOTHING) {
    frame->result = ist_undefined();
    return give_up(isolate, scope, value);
  }
  if (frame->want == IGO_PLAIN && value.type == IST_STRING) {
    size_t length;
    ist_status status = igo__short_text(isolate, frame, value, &length);
    if (!status) {
      frame->result.type = IGO_WTF8;
      frame->result.isolate = (uint32_t)length;
      frame->result.as.handle = (uintptr_t)frame->text;
      return give_up(isolate, scope, value);
    }
    if (status != IST_ERR_LIMIT) return status;
  }
  frame->kept = ist_isolate_kept(isolate);
  if (!scope && !frame->keep) {
    frame->result = value;
    return IST_OK;
  }
  ist_status status = ist_value_keep(isolate, value, &frame->result);
  return status ? status : give_up(isolate, scope, value);
}

ist_status igo__finish(ist_isolate *isolate, igo_frame *frame, uint32_t scope, ist_status status,
                       ist_value value) {
  if (!status) status = lift(isolate, frame, scope, value);
  if (scope) ist_scope_close(isolate, scope);
  return status;
}

int32_t igo_eval(uintptr_t at, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_value result = ist_undefined();
  const ist_value *source = &frame->args[0], *file = &frame->args[1];
  ist_status status = ist_script_eval(context, (const char *)(uintptr_t)source->as.handle,
                                      source->isolate, (const char *)(uintptr_t)file->as.handle,
                                      frame->want ? &result : NULL, &frame->error);
  return (int32_t)igo__finish(ist_context_isolate(context), frame, 0, status, result);
}

void igo_call(uintptr_t at, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value result = ist_undefined();
  uint32_t scope;
  ist_status status = igo__lower(isolate, frame, &scope);
  if (!status)
    status = ist_function_call(context, frame->subject, frame->receiver, frame->argc, frame->argv,
                               frame->want ? &result : NULL, &frame->error);
  frame->status = igo__finish(isolate, frame, scope, status, result);
}

void igo_construct(uintptr_t at, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value result = ist_undefined();
  uint32_t scope;
  ist_status status = igo__lower(isolate, frame, &scope);
  if (!status)
    status = ist_function_construct(context, frame->subject, frame->argc, frame->argv, &result,
                                    &frame->error);
  frame->status = igo__finish(isolate, frame, scope, status, result);
}

/* The object that an operation is about. */
static ist_status subject_of(ist_context *context, igo_frame *frame, uint32_t *scope) {
  if (frame->subject.type != IST_UNDEFINED) return IST_OK;
  ist_status status = scoped(ist_context_isolate(context), scope);
  return status ? status : ist_context_global(context, &frame->subject);
}

void igo_get(uintptr_t at, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value result = ist_undefined();
  uint32_t scope;
  ist_status status = igo__lower(isolate, frame, &scope);
  if (!status) status = subject_of(context, frame, &scope);
  if (!status)
    status = ist_object_get_key(context, frame->subject, frame->argv[0], &result, &frame->error);
  frame->status = igo__finish(isolate, frame, scope, status, result);
}

void igo_set(uintptr_t at, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_isolate *isolate = ist_context_isolate(context);
  uint32_t scope;
  ist_status status = igo__lower(isolate, frame, &scope);
  if (!status) status = subject_of(context, frame, &scope);
  if (!status)
    status =
        ist_object_set_key(context, frame->subject, frame->argv[0], frame->argv[1], &frame->error);
  frame->status = igo__finish(isolate, frame, scope, status, ist_undefined());
}

int32_t igo_value(uintptr_t at, uintptr_t frame_at) {
  ist_isolate *isolate = (ist_isolate *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  uint32_t scope;
  ist_status status = igo__lower(isolate, frame, &scope);
  return (int32_t)igo__finish(isolate, frame, scope, status, frame->argv[0]);
}

int32_t igo_global(uintptr_t at, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  ist_value result;
  ist_status status = ist_context_global(context, &result);
  return (int32_t)igo__finish(ist_context_isolate(context), (igo_frame *)frame_at, 0, status,
                              result);
}

void igo_values_free(uintptr_t isolate, uintptr_t values, uint32_t count) {
  const ist_value *each = (const ist_value *)values;
  for (uint32_t i = 0; i < count; i++) ist_value_free((ist_isolate *)isolate, each[i]);
}

ist_status igo_context_set_data(ist_context *context, uint64_t data) {
  return ist_context_set_data(context, (void *)(uintptr_t)data);
}

uint64_t igo_context_data(ist_context *context) {
  void *data = NULL;
  return ist_context_data(context, &data) ? 0 : (uint64_t)(uintptr_t)data;
}
