/* trees.c: trees, bytes and arrays of numbers. */
#include "trees.h"

#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

int32_t igo_tree_write(uintptr_t context, const ist_value *value, uint32_t depth, bool table,
                       igo_tree *tree) {
  ist_cbor_table values = {.size = sizeof values};
  ist_cbor_options options = {.size = sizeof options, .max_depth = depth};
  if (table) {
    options.table = &values;
    if (depth) options.references = IST_CBOR_DEEPER;
  }
  *tree = (igo_tree){0};
  ist_status status = ist_cbor_write((ist_context *)context, *value, &options, &tree->bytes,
                                     &tree->length, &tree->error);
  if (!status) {
    tree->values = values.values;
    tree->count = values.count;
  }
  return (int32_t)status;
}

void igo_tree_free(igo_tree *tree) {
  ist_free(tree->bytes);
  ist_free(tree->values);
}

int32_t igo_tree_read(uintptr_t context, const uint8_t *bytes, size_t length, ist_value *values,
                      size_t count, ist_value *result, ist_error **error) {
  ist_cbor_table table = {.size = sizeof table, .values = values, .count = count};
  ist_cbor_options options = {.size = sizeof options, .table = count ? &table : NULL};
  return (int32_t)ist_cbor_read((ist_context *)context, bytes, length, &options, result, error);
}

int32_t igo_bytes_read(uintptr_t isolate, const ist_value *value, igo_bytes *bytes) {
  ist_class kind;
  ist_status status = ist_bytes_read((ist_isolate *)isolate, *value, &bytes->bytes, &bytes->length);
  if (!status) status = ist_value_class((ist_isolate *)isolate, *value, &kind);
  if (!status) bytes->kind = kind;
  return (int32_t)status;
}

int32_t igo_bytes_base(uintptr_t at, const ist_value *value, igo_bytes *bytes, uintptr_t *base) {
  ist_isolate *isolate = (ist_isolate *)at;
  int32_t status = igo_bytes_read(at, value, bytes);
  *base = (uintptr_t)bytes->bytes;
  if (status || bytes->kind < IST_CLASS_INT8_ARRAY || bytes->kind > IST_CLASS_DATA_VIEW)
    return status;
  ist_view view = {.size = sizeof view};
  status = (int32_t)ist_view_read(isolate, *value, &view);
  if (status) return status;
  *base -= view.offset;
  return (int32_t)ist_value_free(isolate, view.buffer);
}

int32_t igo_store_of(uintptr_t at, const ist_value *value, igo_store *store) {
  ist_isolate *isolate = (ist_isolate *)at;
  ist_view view = {.size = sizeof view};
  *store = (igo_store){.element = IST_ELEMENT_DATA_VIEW + 1};
  if (!ist_view_read(isolate, *value, &view)) {
    store->element = view.element;
    store->offset = view.offset;
    store->count = view.count;
    ist_value_free(isolate, view.buffer);
  }
  return (int32_t)ist_store_of(isolate, *value, &store->store);
}

int32_t igo_store_value(uintptr_t at, const igo_store *store, bool shared, ist_value *result) {
  ist_context *context = (ist_context *)at;
  ist_value buffer;
  ist_status status = ist_buffer_new(context, store->store, shared, &buffer);
  if (status) return (int32_t)status;
  if (store->element > IST_ELEMENT_DATA_VIEW) {
    *result = buffer;
    return IST_OK;
  }
  status = ist_view_new(context, (ist_element)store->element, buffer, store->offset, store->count,
                        result);
  ist_value_free(ist_context_isolate(context), buffer);
  return (int32_t)status;
}

int32_t igo_buffer_detach(uintptr_t at, const ist_value *value) {
  ist_isolate *isolate = (ist_isolate *)at;
  ist_class kind;
  ist_status status = ist_value_class(isolate, *value, &kind);
  if (status || kind < IST_CLASS_INT8_ARRAY || kind > IST_CLASS_DATA_VIEW)
    return (int32_t)(status ? status : ist_buffer_detach(isolate, *value));
  ist_view view = {.size = sizeof view};
  status = ist_view_read(isolate, *value, &view);
  if (status) return (int32_t)status;
  status = ist_buffer_detach(isolate, view.buffer);
  ist_value_free(isolate, view.buffer);
  return (int32_t)status;
}

int32_t igo_bytes_copy(uintptr_t isolate, const ist_value *value, uint8_t *to, size_t capacity,
                       size_t *length) {
  uint8_t *bytes;
  ist_status status = ist_bytes_read((ist_isolate *)isolate, *value, &bytes, length);
  if (!status && *length) memcpy(to, bytes, *length < capacity ? *length : capacity);
  return (int32_t)status;
}

static void *allocate(void *env, size_t length) {
  (void)env;
  return (void *)(uintptr_t)igoAllocate(length);
}

static bool release(void *env, void *memory, size_t length) {
  (void)env;
  (void)length;
  return igoRelease((uintptr_t)memory);
}

const ist_buffer_source igo_buffer_source = {
    .size = sizeof igo_buffer_source,
    .least = IGO_BLOCK,
    .allocate = allocate,
    .release = release,
};

static void unpin(void *pin) {
  igoUnpin((uint64_t)(uintptr_t)pin);
}

/* A typed array of this element over a Uint8Array's buffer, in place of it. */
static ist_status as_element(ist_context *context, ist_element element, size_t count,
                             ist_value *bytes) {
  ist_isolate *isolate = ist_context_isolate(context);
  ist_view view = {.size = sizeof view};
  ist_value made;
  ist_status status = ist_view_read(isolate, *bytes, &view);
  if (!status) {
    status = ist_view_new(context, element, view.buffer, 0, count, &made);
    ist_value_free(isolate, view.buffer);
  }
  ist_value_free(isolate, *bytes);
  if (!status) *bytes = made;
  return status;
}

int32_t igo_view_new(uintptr_t at, uint32_t element, size_t size, const void *bytes, size_t length,
                     uint64_t pin, ist_value *result) {
  ist_context *context = (ist_context *)at;
  ist_status status =
      pin ? ist_bytes_adopt(context, (void *)(uintptr_t)bytes, length, unpin, (void *)pin, result)
          : ist_bytes_new(context, bytes, length, result);
  if (!status && element != IST_ELEMENT_UINT8)
    status = as_element(context, (ist_element)element, length / size, result);
  return (int32_t)status;
}
