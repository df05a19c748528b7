/* values.c: what can be asked of values. */
#include "values.h"

#include <stdlib.h>
#include <string.h>

/* One operation under way. */
typedef struct work {
  ist_isolate *isolate;
  ist_context *context;
  igo_frame *frame;
  ist_value subject, a, b;
  ist_error **error;
  ist_value result;
} work;

typedef ist_status operation(work *w);

static const char *text_at(ist_value value) {
  return (const char *)(uintptr_t)value.as.handle;
}

/* The result of what gives a truth, or a number. */
static ist_status truth(work *w, ist_status status, bool yes) {
  w->result = ist_bool(yes);
  return status;
}

static ist_status number(work *w, ist_status status, double much) {
  w->result = ist_double(much);
  return status;
}

static ist_status op_CLASS(work *w) {
  ist_class kind = IST_CLASS_NONE;
  ist_status status = ist_value_class(w->isolate, w->subject, &kind);
  return number(w, status, kind);
}

static ist_status op_TRAITS(work *w) {
  uint32_t traits = 0;
  ist_status status = ist_value_traits(w->isolate, w->subject, &traits);
  return number(w, status, traits);
}

static ist_status op_STRICT_EQUALS(work *w) {
  bool same = false;
  ist_status status = ist_value_strict_equals(w->isolate, w->subject, w->a, &same);
  return truth(w, status, same);
}

static ist_status op_SAME(work *w) {
  bool same = false;
  ist_status status = ist_value_same(w->isolate, w->subject, w->a, &same);
  return truth(w, status, same);
}

static ist_status op_TO_BOOL(work *w) {
  bool yes = false;
  ist_status status = ist_value_to_bool(w->isolate, w->subject, &yes);
  return truth(w, status, yes);
}

static ist_status op_SYMBOL_NEW(work *w) {
  return ist_symbol_new(w->isolate, w->a, &w->result);
}

static ist_status op_SYMBOL_FOR(work *w) {
  return ist_symbol_for(w->isolate, w->a, &w->result);
}

static ist_status op_SYMBOL_KNOWN(work *w) {
  return ist_symbol_known(w->isolate, (ist_known_symbol)w->a.as.int32, &w->result);
}

static ist_status op_SYMBOL_DESCRIPTION(work *w) {
  return ist_symbol_description(w->isolate, w->subject, &w->result);
}

static ist_status op_CONSTRUCTOR_NAME(work *w) {
  return ist_object_constructor_name(w->isolate, w->subject, &w->result);
}

static ist_status op_HASH(work *w) {
  int32_t hash = 0;
  ist_status status = ist_object_hash(w->isolate, w->subject, &hash);
  return number(w, status, hash);
}

static ist_status op_DATE_READ(work *w) {
  double milliseconds = 0;
  ist_status status = ist_date_read(w->isolate, w->subject, &milliseconds);
  return number(w, status, milliseconds);
}

static ist_status op_COLLECTION_SIZE(work *w) {
  size_t size = 0;
  ist_status status = ist_collection_size(w->isolate, w->subject, &size);
  return number(w, status, (double)size);
}

static ist_status op_ARRAY_LENGTH(work *w) {
  uint32_t length = 0;
  ist_status status = ist_array_length(w->isolate, w->subject, &length);
  return number(w, status, length);
}

static ist_status op_GET(work *w) {
  return ist_object_get_key(w->context, w->subject, w->a, &w->result, w->error);
}

static ist_status op_SET(work *w) {
  return ist_object_set_key(w->context, w->subject, w->a, w->b, w->error);
}

static ist_status op_HAS(work *w) {
  bool has = false;
  ist_status status = ist_object_has_key(w->context, w->subject, w->a, &has, w->error);
  return truth(w, status, has);
}

static ist_status op_HAS_OWN(work *w) {
  bool has = false;
  ist_status status = ist_object_has_own(w->context, w->subject, w->a, &has, w->error);
  return truth(w, status, has);
}

static ist_status op_DELETE(work *w) {
  bool gone = false;
  ist_status status = ist_object_delete_key(w->context, w->subject, w->a, &gone, w->error);
  return truth(w, status, gone);
}

static ist_status op_DEFINE(work *w) {
  ist_property property = {
      .size = sizeof property, .flags = (uint32_t)w->frame->argv[2].as.int32, .value = w->b};
  return ist_object_define_property(w->context, w->subject, w->a, &property, w->error);
}

static ist_status op_KEYS(work *w) {
  return ist_object_keys(w->context, w->subject, (uint32_t)w->a.as.int32, &w->result, w->error);
}

static ist_status op_PROTOTYPE(work *w) {
  return ist_object_prototype(w->context, w->subject, &w->result, w->error);
}

static ist_status op_SET_PROTOTYPE(work *w) {
  return ist_object_set_prototype(w->context, w->subject, w->a, w->error);
}

static ist_status op_FREEZE(work *w) {
  return ist_object_freeze(w->context, w->subject, w->error);
}

static ist_status op_INSTANCE_OF(work *w) {
  bool is = false;
  ist_status status = ist_value_instance_of(w->context, w->subject, w->a, &is, w->error);
  return truth(w, status, is);
}

static ist_status op_TO_STRING(work *w) {
  return ist_value_to_string(w->context, w->subject, &w->result, w->error);
}

static ist_status op_TO_NUMBER(work *w) {
  double converted = 0;
  ist_status status = ist_value_to_number(w->context, w->subject, &converted, w->error);
  return number(w, status, converted);
}

static ist_status op_TO_OBJECT(work *w) {
  return ist_value_to_object(w->context, w->subject, &w->result, w->error);
}

static ist_status op_JSON_WRITE(work *w) {
  return ist_json_write(w->context, w->subject, &w->result, w->error);
}

static ist_status op_OBJECT_NEW(work *w) {
  return ist_object_new(w->context, &w->result);
}

static ist_status op_ARRAY_NEW(work *w) {
  return ist_array_new_from(w->context, w->frame->argv, w->frame->argc, &w->result);
}

static ist_status op_DATE_NEW(work *w) {
  return ist_date_new(w->context, w->a.as.number, &w->result);
}

static ist_status op_REGEXP_NEW(work *w) {
  return ist_regexp_new(w->context, w->a, text_at(w->subject), &w->result, w->error);
}

static ist_status regexp_part(work *w, bool source) {
  ist_value pattern, flags;
  ist_status status = ist_regexp_read(w->context, w->subject, &pattern, &flags);
  if (status) return status;
  w->result = source ? pattern : flags;
  return ist_value_free(w->isolate, source ? flags : pattern);
}

static ist_status op_REGEXP_SOURCE(work *w) {
  return regexp_part(w, true);
}

static ist_status op_REGEXP_FLAGS(work *w) {
  return regexp_part(w, false);
}

static ist_status op_MAP_NEW(work *w) {
  return ist_map_new(w->context, &w->result);
}

static ist_status op_MAP_GET(work *w) {
  return ist_map_get(w->context, w->subject, w->a, &w->result);
}

static ist_status op_MAP_SET(work *w) {
  return ist_map_set(w->context, w->subject, w->a, w->b);
}

static ist_status op_SET_NEW(work *w) {
  return ist_set_new(w->context, &w->result);
}

static ist_status op_SET_ADD(work *w) {
  return ist_set_add(w->context, w->subject, w->a);
}

static ist_status op_COLLECTION_HAS(work *w) {
  bool has = false;
  ist_status status = ist_collection_has(w->context, w->subject, w->a, &has);
  return truth(w, status, has);
}

static ist_status op_COLLECTION_DELETE(work *w) {
  bool gone = false;
  ist_status status = ist_collection_delete(w->context, w->subject, w->a, &gone);
  return truth(w, status, gone);
}

static ist_status op_COLLECTION_CLEAR(work *w) {
  return ist_collection_clear(w->context, w->subject);
}

static ist_status op_COLLECTION_ENTRIES(work *w) {
  return ist_collection_entries(w->context, w->subject, &w->result);
}

static operation *const operations[] = {
#define IGO_OPERATION(name) op_##name,
    IGO_OPERATIONS(IGO_OPERATION)
#undef IGO_OPERATION
};

int32_t igo_operate(uint32_t which, uintptr_t isolate, uintptr_t context, uintptr_t frame_at) {
  igo_frame *frame = (igo_frame *)frame_at;
  work w = {.isolate = (ist_isolate *)isolate,
            .context = (ist_context *)context,
            .frame = frame,
            .subject = frame->subject,
            .error = &frame->error,
            .result = ist_undefined()};
  uint32_t scope = 0;
  ist_status status = igo__lower(w.isolate, frame, &scope);
  if (!status) {
    if (frame->argc > 0) w.a = frame->argv[0];
    if (frame->argc > 1) w.b = frame->argv[1];
    status = operations[which](&w);
  }
  return (int32_t)igo__finish(w.isolate, frame, scope, status, w.result);
}

int32_t igo_json_read(uintptr_t at, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_value result = ist_undefined();
  ist_status status = ist_json_read(context, text_at(frame->args[0]), frame->args[0].isolate,
                                    &result, &frame->error);
  return (int32_t)igo__finish(ist_context_isolate(context), frame, 0, status, result);
}

int32_t igo_error_make(uintptr_t at, const char *name, const char *message, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  ist_value result = ist_undefined();
  ist_status status = ist_error_object(context, name, message, ist_undefined(), &result);
  return (int32_t)igo__finish(ist_context_isolate(context), (igo_frame *)frame_at, 0, status,
                              result);
}

int32_t igo_bigint_new(uintptr_t at, bool negative, const uint64_t *words, size_t count,
                       uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  ist_value result = ist_undefined();
  ist_status status = ist_bigint_new(context, negative, words, count, &result);
  return (int32_t)igo__finish(ist_context_isolate(context), (igo_frame *)frame_at, 0, status,
                              result);
}

int32_t igo_bigint_read(uintptr_t isolate, uintptr_t frame_at, bool *negative, uint64_t *words,
                        size_t *count) {
  const igo_frame *frame = (const igo_frame *)frame_at;
  return (int32_t)ist_bigint_read((ist_isolate *)isolate, frame->subject, negative, words, count);
}

int32_t igo_name_new(uintptr_t at, const char *text, size_t length, ist_value *result) {
  ist_isolate *isolate = (ist_isolate *)at;
  uint32_t scope;
  ist_status status = ist_scope_open(isolate, &scope);
  if (status) return (int32_t)status;
  ist_value made;
  status = ist_string_intern(isolate, text, length, &made);
  if (!status) status = ist_value_keep(isolate, made, result);
  ist_scope_close(isolate, scope);
  return (int32_t)status;
}

int32_t igo_string_read(uintptr_t at, uintptr_t frame_at, void *to, size_t capacity) {
  ist_isolate *isolate = (ist_isolate *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  size_t length = 0;
  ist_status status =
      to ? ist_string_write(isolate, frame->subject, IST_WTF8, to, capacity, &length)
         : igo__short_text(isolate, frame, frame->subject, &length);
  if (length > UINT32_MAX) return IST_ERR_MEMORY;
  frame->result.type = IGO_WTF8;
  frame->result.isolate = (uint32_t)length;
  frame->result.as.handle = (uintptr_t)(to ? to : frame->text);
  return (int32_t)status;
}

/* Has values outlive the callback that runs. */
static ist_status keep_all(ist_isolate *isolate, ist_value *values, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    ist_value temporary = values[i];
    ist_status status = ist_value_keep(isolate, temporary, &values[i]);
    if (!status) status = ist_value_free(isolate, temporary);
    if (status) return status;
  }
  return IST_OK;
}

int32_t igo_array_read(uintptr_t at, uintptr_t frame_at, uint32_t start, void *to, uint32_t count,
                       uint32_t *read) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_value *values = to;
  ist_status status =
      ist_array_read(context, frame->subject, start, values, count, read, &frame->error);
  if (!status && frame->keep) status = keep_all(ist_context_isolate(context), values, *read);
  return (int32_t)status;
}

/* Room for so many more bytes. */
static char *grow(igo_texts *texts, size_t more) {
  if (texts->capacity - texts->length < more) {
    size_t capacity = (texts->length + more) * 2;
    char *bytes = realloc(texts->bytes, capacity);
    if (!bytes) return NULL;
    texts->bytes = bytes;
    texts->capacity = capacity;
  }
  return texts->bytes + texts->length;
}

static ist_status add_text(ist_isolate *isolate, igo_texts *texts, ist_value string) {
  size_t room = 64, length = 0;
  for (;;) {
    char *at = grow(texts, sizeof(uint32_t) + room);
    if (!at) return IST_ERR_MEMORY;
    ist_status status =
        ist_string_write(isolate, string, IST_WTF8, at + sizeof(uint32_t), room, &length);
    if (status == IST_ERR_LIMIT && length > room && length <= UINT32_MAX) {
      room = length;
      continue;
    }
    if (status) return status;
    uint32_t prefix = (uint32_t)length;
    memcpy(at, &prefix, sizeof prefix);
    texts->length += sizeof prefix + length;
    return IST_OK;
  }
}

/* One property: its name, and what it is. */
static ist_status add_entry(ist_context *context, igo_frame *frame, ist_value key, igo_texts *names,
                            ist_value *value) {
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value name = key;
  ist_status status = IST_OK;
  if (key.type != IST_STRING) status = ist_value_to_string(context, key, &name, &frame->error);
  if (!status) status = add_text(isolate, names, name);
  if (status || !value) return status;
  ist_value got;
  status = ist_object_get_key(context, frame->subject, key, &got, &frame->error);
  return status ? status : ist_value_keep(isolate, got, value);
}

static ist_status add_entries(ist_context *context, igo_frame *frame, uint32_t flags,
                              igo_texts *names, ist_value **values, uint32_t *count) {
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value keys;
  uint32_t length;
  ist_status status = ist_object_keys(context, frame->subject, flags, &keys, &frame->error);
  if (!status) status = ist_array_length(isolate, keys, &length);
  if (status) return status;
  if (values && !(*values = calloc(length ? length : 1, sizeof **values))) return IST_ERR_MEMORY;
  for (uint32_t i = 0; i < length && !status; i++) {
    uint32_t inner = 0;
    ist_value key = ist_undefined();
    status = ist_scope_open(isolate, &inner);
    if (!status) status = ist_object_get_index(context, keys, i, &key, &frame->error);
    if (!status) status = add_entry(context, frame, key, names, values ? &(*values)[*count] : NULL);
    if (inner) ist_scope_close(isolate, inner);
    if (!status) ++*count;
  }
  return status;
}

int32_t igo_entries(uintptr_t at, uintptr_t frame_at, uint32_t flags, igo_texts *names,
                    ist_value **values, uint32_t *count) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_isolate *isolate = ist_context_isolate(context);
  uint32_t scope;
  ist_status status = ist_scope_open(isolate, &scope);
  if (status) return (int32_t)status;
  status = add_entries(context, frame, flags, names, values, count);
  ist_scope_close(isolate, scope);
  if (status && values && *values) {
    for (uint32_t i = 0; i < *count; i++) ist_value_free(isolate, (*values)[i]);
  }
  if (status) {
    free(names->bytes);
    if (values) free(*values);
  }
  return (int32_t)status;
}
