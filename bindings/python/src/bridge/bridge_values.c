/* bridge_values.c: questions to objects, lent memory and trees. As in bridge.c, nothing here knows
 * a Python object, and every operation gives back what it holds. */
#include "bridge_values.h"

#include <stdlib.h>
#include <string.h>

#include "bridge_internal.h"

typedef ipy__operation operation;

static int failed(const operation *op, ist_status status) {
  return ipy__failed(op->frame, status);
}

static int lift(const operation *op, ist_value value) {
  int answer = ipy_lift(op->core, op->context, value, &op->frame->result, op->frame);
  return answer ? answer : op->frame->result.tag;
}

static int lower(const operation *op, uint32_t index, ist_value *value) {
  return ipy_lower(op->core, op->context, &op->frame->args[index], value, op->frame);
}

/* Gives back what items hold. */
static void let_go(const operation *op, ipy_item *items, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int32_t tag = items[i].tag;
    if (tag != IPY_OBJECT && tag != IPY_SYMBOL && tag != IPY_VIEW) continue;
    if (tag == IPY_VIEW) ist_store_free(items[i].store);
    ipy_drop(op->core, items[i].integer);
  }
}

/* So many values as items in memory of the frame. */
static int lift_many(const operation *op, const ist_value *values, size_t count) {
  ipy_frame *frame = op->frame;
  if (count >= UINT32_MAX || !ipy_frame_args(frame, (uint32_t)count))
    return failed(op, IST_ERR_MEMORY);
  ipy_item *items = frame->argv;
  frame->argv = frame->args;
  for (size_t i = 0; i < count; i++) {
    items[i].tag = IPY_UNDEFINED;
    int answer = ipy_lift(op->core, op->context, values[i], &items[i], frame);
    if (answer) {
      let_go(op, items, i);
      return answer;
    }
  }
  frame->result.data = (char *)items;
  frame->result.length = count;
  return IPY_MANY;
}

/* Elements of an array as items. */
static int lift_elements(const operation *op, ist_value array, uint32_t start, uint32_t most) {
  uint32_t length = 0, got = 0;
  ist_status status = ist_array_length(op->core->isolate, array, &length);
  if (status) return failed(op, status);
  uint32_t count = start < length ? length - start : 0;
  if (count > most) count = most;
  ist_value few[8];
  ist_value *values = count <= 8 ? few : malloc(count * sizeof *values);
  if (!values) return failed(op, IST_ERR_MEMORY);
  status = count ? ist_array_read(op->context, array, start, values, count, &got, &op->frame->error)
                 : IST_OK;
  int answer = status ? failed(op, status) : lift_many(op, values, got);
  if (values != few) free(values);
  return answer;
}

/* Names and values of own enumerable properties. */
static int lift_properties(const operation *op, ist_value object, ipy_question question) {
  ist_error **error = &op->frame->error;
  ist_value keys;
  uint32_t count = 0, got = 0;
  ist_status status = ist_object_keys(op->context, object, IST_KEYS_ENUMERABLE, &keys, error);
  if (!status) status = ist_array_length(op->core->isolate, keys, &count);
  if (status) return failed(op, status);
  ist_value *values = malloc((size_t)count * 2 * sizeof *values + 1);
  if (!values) return failed(op, IST_ERR_MEMORY);
  if (count) status = ist_array_read(op->context, keys, 0, values, count, &got, error);
  for (size_t i = 0; i < got && !status; i++)
    if (values[i].type < IST_STRING)
      status = ist_value_to_string(op->context, values[i], &values[i], error);
  size_t many = got;
  if (question == IPY_VALUES)
    for (size_t i = 0; i < got && !status; i++)
      status = ist_object_get_key(op->context, object, values[i], &values[i], error);
  if (question == IPY_ENTRIES) {
    many = (size_t)got * 2;
    for (size_t i = got; i-- > 0 && !status;) {
      ist_value key = values[i];
      values[i * 2] = key;
      status = ist_object_get_key(op->context, object, key, &values[i * 2 + 1], error);
    }
  }
  int answer = status ? failed(op, status) : lift_many(op, values, many);
  free(values);
  return answer;
}

/* Whether an object has Symbol.iterator. */
static ist_status is_iterable(const operation *op, ist_value object, bool *found) {
  ist_value key;
  ist_status status = ist_symbol_known(op->core->isolate, IST_SYMBOL_ITERATOR, &key);
  if (status) return status;
  return ist_object_has_key(op->context, object, key, found, &op->frame->error);
}

static int next_of(const operation *op, ist_value iterator) {
  ist_error **error = &op->frame->error;
  ist_value next, result = ist_undefined(), value;
  bool done = false;
  ist_status status = ist_object_get(op->context, iterator, "next", &next, error);
  if (!status) status = ist_function_call(op->context, next, iterator, 0, NULL, &result, error);
  if (!status) status = ist_object_get(op->context, result, "done", &value, error);
  if (!status) status = ist_value_to_bool(op->core->isolate, value, &done);
  if (!status && done) return IPY_DONE;
  if (!status) status = ist_object_get(op->context, result, "value", &value, error);
  return status ? failed(op, status) : lift(op, value);
}

static int promise_of(const operation *op, ist_value promise) {
  ist_promise_state state;
  ist_value values[2];
  ist_status status = ist_promise_read(op->core->isolate, promise, &state, &values[1]);
  if (status) return failed(op, status);
  values[0] = ist_int32((int32_t)state);
  return lift_many(op, values, 2);
}

static uint32_t index_of(const ipy_item *item) {
  return item->integer < 0 ? 0 : item->integer > UINT32_MAX ? UINT32_MAX : (uint32_t)item->integer;
}

static int ask(const operation *op, ipy_question question, ist_value object) {
  ist_isolate *isolate = op->core->isolate;
  ist_error **error = &op->frame->error;
  ist_value key = ist_undefined(), value = ist_undefined(), result = ist_undefined();
  uint32_t length = 0;
  size_t size = 0;
  bool found = false;
  ist_status status;
  int answer = 0;
  switch (question) {
  case IPY_HAS:
  case IPY_HAS_OWN:
  case IPY_MAP_GET:
  case IPY_MAP_SET:
  case IPY_SET_ADD:
  case IPY_CONTAINS:
  case IPY_REMOVE: answer = lower(op, 0, &key); break;
  default: break;
  }
  if (!answer && question == IPY_MAP_SET) answer = lower(op, 1, &value);
  if (answer) return answer;
  switch (question) {
  case IPY_HAS:
    status = ist_object_has_key(op->context, object, key, &found, error);
    result = ist_bool(found);
    break;
  case IPY_HAS_OWN:
    status = ist_object_has_own(op->context, object, key, &found, error);
    result = ist_bool(found);
    break;
  case IPY_LENGTH:
    status = ist_array_length(isolate, object, &length);
    result = ist_double(length);
    break;
  case IPY_SIZE:
    status = ist_collection_size(isolate, object, &size);
    result = ist_double((double)size);
    break;
  case IPY_KEYS:
  case IPY_VALUES:
  case IPY_ENTRIES: return lift_properties(op, object, question);
  case IPY_ELEMENTS:
    return lift_elements(op, object, index_of(&op->frame->args[0]), index_of(&op->frame->args[1]));
  case IPY_MEMBERS:
    status = ist_collection_entries(op->context, object, &result);
    return status ? failed(op, status) : lift_elements(op, result, 0, UINT32_MAX);
  case IPY_MAP_GET: status = ist_map_get(op->context, object, key, &result); break;
  case IPY_MAP_SET: status = ist_map_set(op->context, object, key, value); break;
  case IPY_SET_ADD: status = ist_set_add(op->context, object, key); break;
  case IPY_CONTAINS:
    status = ist_collection_has(op->context, object, key, &found);
    result = ist_bool(found);
    break;
  case IPY_REMOVE:
    status = ist_collection_delete(op->context, object, key, &found);
    result = ist_bool(found);
    break;
  case IPY_CLEAR: status = ist_collection_clear(op->context, object); break;
  case IPY_ITERABLE:
    status = is_iterable(op, object, &found);
    result = ist_bool(found);
    break;
  case IPY_NEXT: return next_of(op, object);
  case IPY_CONSTRUCTOR: status = ist_object_constructor_name(isolate, object, &result); break;
  case IPY_DESCRIPTION: status = ist_symbol_description(isolate, object, &result); break;
  case IPY_PROMISE: return promise_of(op, object);
  default: status = IST_ERR_ARGUMENT;
  }
  return status ? failed(op, status) : lift(op, result);
}

int ipy_ask(uintptr_t place, int32_t question, int64_t object, uintptr_t frame) {
  operation op;
  ist_value about;
  int answer = ipy__begin_about(&op, place, object, &about, frame);
  return answer ? answer : ipy__give_up(&op, ask(&op, (ipy_question)question, about));
}

/* ---- Symbols ---- */

int ipy_symbol(uintptr_t place, int32_t which, uintptr_t frame) {
  operation op;
  int answer = ipy__begin(&op, place, frame);
  if (answer) return answer;
  ist_value text = ist_undefined(), result = ist_undefined();
  if (which < 0) answer = lower(&op, 0, &text);
  if (answer) return ipy__give_up(&op, answer);
  ist_isolate *isolate = op.core->isolate;
  ist_status status = which == -1   ? ist_symbol_for(isolate, text, &result)
                      : which == -2 ? ist_symbol_new(isolate, text, &result)
                                    : ist_symbol_known(isolate, (ist_known_symbol)which, &result);
  return ipy__give_up(&op, status ? failed(&op, status) : lift(&op, result));
}

/* ---- Memory ---- */

/* Whether a buffer or view still shows all of the memory. */
static bool shows(const operation *op, int64_t id, const ipy_share *share, ist_value *value) {
  uint8_t *bytes;
  size_t length;
  return ipy__table_value(op->core, id, value) &&
         !ist_bytes_read(op->core->isolate, *value, &bytes, &length) && length == share->length &&
         (!length || bytes == share->bytes);
}

static ist_value buffer_of(const operation *op, ist_value value, ist_status *status) {
  ist_class kind = IST_CLASS_NONE;
  *status = ist_value_class(op->core->isolate, value, &kind);
  if (*status || kind == IST_CLASS_ARRAY_BUFFER || kind == IST_CLASS_SHARED_ARRAY_BUFFER)
    return value;
  ist_view view = {.size = sizeof view};
  *status = ist_view_read(op->core->isolate, value, &view);
  return view.buffer;
}

static size_t size_of(int32_t element) {
  switch (element) {
  case IST_ELEMENT_INT16:
  case IST_ELEMENT_UINT16: return 2;
  case IST_ELEMENT_INT32:
  case IST_ELEMENT_UINT32:
  case IST_ELEMENT_FLOAT32: return 4;
  case IST_ELEMENT_FLOAT64:
  case IST_ELEMENT_BIGINT64:
  case IST_ELEMENT_BIGUINT64: return 8;
  default: return 1;
  }
}

int ipy_lend(uintptr_t place, ipy_share *share, uintptr_t frame) {
  operation op;
  int answer = ipy__begin(&op, place, frame);
  if (answer) return answer;
  ist_value view, buffer;
  share->new_view = share->new_memory = false;
  if (share->view && shows(&op, share->view, share, &view) && ipy__table_pin(op.core, share->view))
    return ipy__give_up(&op, 0);
  ist_status status = IST_OK;
  if (!share->buffer || !shows(&op, share->buffer, share, &buffer)) {
    ipy__held *made = ipy__held_new(op.core, share->memory);
    if (!made) return ipy__give_up(&op, failed(&op, IST_ERR_MEMORY));
    share->new_memory = true;
    status =
        ist_bytes_adopt(op.context, share->bytes, share->length, ipy__held_forget, made, &view);
    if (!status) buffer = buffer_of(&op, view, &status);
    share->buffer = status ? 0 : ipy__table_stand(op.core, op.context, buffer, 0);
    if (!status && !share->buffer) status = IST_ERR_MEMORY;
    if (share->buffer) ipy_drop(op.core, share->buffer);
  }
  if (!status)
    status = ist_view_new(op.context, (ist_element)share->element, buffer, 0,
                          share->length / size_of(share->element), &view);
  if (status) return ipy__give_up(&op, failed(&op, status));
  share->view = ipy__table_own(op.core, op.context, view, share->host);
  share->new_view = share->view != 0;
  return ipy__give_up(&op, share->view ? 0 : failed(&op, IST_ERR_MEMORY));
}

int ipy_lent(uintptr_t place, const ipy_share *share, uintptr_t frame) {
  operation op;
  int answer = ipy__begin(&op, place, frame);
  if (answer) return answer;
  ist_value view;
  bool there = shows(&op, share->view, share, &view) && ipy__table_pin(op.core, share->view) == 1;
  return ipy__give_up(&op, !there);
}

void ipy_drop_view(ipy_isolate *core, int64_t id, ist_store *store) {
  ist_store_free(store);
  ipy_drop(core, id);
}

int ipy_detach(uintptr_t place, int64_t object, uintptr_t frame) {
  operation op;
  int answer = ipy__begin(&op, place, frame);
  if (answer) return answer;
  ist_value value;
  if (!ipy__table_value(op.core, object, &value)) return ipy__give_up(&op, 0);
  ist_class kind;
  if (ist_value_class(op.core->isolate, value, &kind)) return ipy__give_up(&op, 0);
  ist_status status;
  value = buffer_of(&op, value, &status);
  if (!status) status = ist_buffer_detach(op.core->isolate, value);
  return ipy__give_up(&op, status ? failed(&op, status) : 0);
}

int ipy_view_on(uintptr_t place, int64_t object, int32_t element, size_t offset, size_t count,
                uintptr_t frame) {
  operation op;
  ist_value value;
  int answer = ipy__begin_about(&op, place, object, &value, frame);
  if (answer) return answer;
  ist_view view = {.size = sizeof view};
  ist_status status = IST_OK;
  ist_value buffer = buffer_of(&op, value, &status);
  if (!status && !ist_view_read(op.core->isolate, value, &view)) offset += view.offset;
  if (!status)
    status = ist_view_new(op.context, (ist_element)element, buffer, offset, count, &value);
  int64_t host = 0;
  if (!status)
    status = ipy__table_find(op.core, op.context, value, &op.frame->result.integer, &host);
  return ipy__give_up(&op, status ? failed(&op, status) : IPY_OBJECT);
}

/* ---- Instances ---- */

int64_t ipy_instance(uintptr_t place, int64_t prototype, int64_t object, int64_t host,
                     uintptr_t frame) {
  operation op;
  ist_value value, parent;
  int answer = ipy__begin_about(&op, place, prototype ? prototype : object, &value, frame);
  if (answer) return answer;
  ist_status status = IST_OK;
  if (prototype) {
    parent = value;
    status = ist_object_new(op.context, &value);
    if (!status) status = ist_object_set_prototype(op.context, value, parent, &op.frame->error);
  }
  int64_t id = status ? 0 : ipy__table_own(op.core, op.context, value, host);
  ipy_leave(&op.hold);
  return status || !id ? failed(&op, status ? status : IST_ERR_MEMORY) : id;
}

/* ---- Trees ---- */

int ipy_read_tree(uintptr_t place, const char *bytes, size_t length, ipy_item *items, size_t count,
                  uintptr_t frame) {
  operation op;
  int answer = ipy__begin(&op, place, frame);
  if (answer) return answer;
  ist_value *values = malloc(count * sizeof *values + 1), tree;
  if (!values) return ipy__give_up(&op, failed(&op, IST_ERR_MEMORY));
  for (size_t i = 0; i < count && !answer; i++)
    answer = ipy_lower(op.core, op.context, &items[i], &values[i], op.frame);
  ist_cbor_table table = {.size = sizeof table, .values = values, .count = count};
  ist_cbor_options options = {.size = sizeof options, .table = &table};
  ist_status status = answer ? IST_OK
                             : ist_cbor_read(op.context, (const uint8_t *)bytes, length, &options,
                                             &tree, &op.frame->error);
  free(values);
  int64_t host;
  if (!answer && !status)
    status = ipy__table_find(op.core, op.context, tree, &op.frame->result.integer, &host);
  if (!answer) answer = status ? failed(&op, status) : IPY_OBJECT;
  return ipy__give_up(&op, answer);
}

int ipy_write_tree(uintptr_t place, int64_t object, uint32_t depth, bool deeper, uintptr_t frame) {
  operation op;
  ist_value about;
  int answer = ipy__begin_about(&op, place, object, &about, frame);
  if (answer) return answer;
  ist_cbor_table table = {.size = sizeof table};
  ist_cbor_options options = {
      .size = sizeof options,
      .max_depth = depth,
      .references = IST_CBOR_INSTANCES | (deeper ? IST_CBOR_DEEPER : 0),
      .table = &table,
  };
  uint8_t *bytes;
  size_t length;
  ist_status status =
      ist_cbor_write(op.context, about, &options, &bytes, &length, &op.frame->error);
  if (status) return ipy__give_up(&op, failed(&op, status));
  answer = lift_many(&op, table.values, table.count);
  ist_free(table.values);
  if (answer != IPY_MANY) {
    ist_free(bytes);
  } else {
    op.frame->args[0].data = (char *)bytes;
    op.frame->args[0].length = length;
  }
  return ipy__give_up(&op, answer);
}
