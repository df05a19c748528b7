/* bridge_convert.c: values as items and back, and the frames that their texts are in. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_internal.h"

int ipy__failed(ipy_frame *frame, ist_status status) {
  if (frame) frame->status = (int32_t)status;
  return IPY_FAILED;
}

/* ---- Frames ---- */

/* A block of text that did not fit into its frame. */
typedef struct block {
  struct block *next;
  size_t size;
  max_align_t bytes[];
} block;

/* A large block is kept for the next text: memory that is new each time takes longer than copying.
 */
enum { LARGE = 64 * 1024, LARGEST_KEPT = 4 * 1024 * 1024 };
static block *_Atomic spare;

static void give_block(block *made) {
  if (made->size >= LARGE && made->size <= LARGEST_KEPT) made = atomic_exchange(&spare, made);
  free(made);
}

void ipy_frame_reset(ipy_frame *frame) {
  while (frame->more) {
    block *first = frame->more;
    frame->more = first->next;
    give_block(first);
  }
  if (frame->error) ist_error_free(frame->error);
  frame->error = NULL;
  frame->used = 0;
}

char *ipy__room(ipy_frame *frame, size_t size) {
  size_t at = (frame->used + 7) & ~(size_t)7;
  if (size <= sizeof frame->text && at <= sizeof frame->text - size) {
    frame->used = at + size;
    return frame->text + at;
  }
  if (size > SIZE_MAX - sizeof(block)) return NULL;
  block *made = size >= LARGE ? atomic_exchange(&spare, NULL) : NULL;
  if (made && made->size < size) {
    free(made);
    made = NULL;
  }
  if (!made) {
    made = malloc(sizeof *made + size);
    if (!made) return NULL;
    made->size = size;
  }
  made->next = frame->more;
  frame->more = made;
  return (char *)made->bytes;
}

bool ipy_frame_args(ipy_frame *frame, uint32_t argc) {
  frame->argc = argc;
  frame->argv = frame->args;
  if (argc <= sizeof frame->args / sizeof *frame->args) return true;
  frame->argv = (ipy_item *)ipy__room(frame, argc * sizeof *frame->argv);
  if (!frame->argv) frame->argc = 0;
  return frame->argv;
}

void ipy__held_forget(void *env) {
  ipy__held *made = env;
  ipy_release(made->core, made->host);
  ipy__core_give(made->core);
  free(made);
}

/* NULL when memory is out; the object is released then. */
ipy__held *ipy__held_new(ipy_isolate *core, int64_t host) {
  ipy__held *made = malloc(sizeof *made);
  if (!made) {
    ipy_release(core, host);
    return NULL;
  }
  *made = (ipy__held){core, host};
  ipy__core_hold(core);
  return made;
}

/* ---- From JavaScript to an item ---- */

static int lift_string(ist_isolate *isolate, ist_value value, ipy_item *item, ipy_frame *frame) {
  ist_encoding encoding = IST_LATIN1;
  size_t unit = 1, capacity = sizeof frame->text / 2, length;
  item->tag = IPY_LATIN1;
  for (;;) {
    char *text = frame->text + ((frame->used + 7) & ~(size_t)7);
    bool fits = frame->used + 8 + capacity * unit <= sizeof frame->text;
    if (!fits) {
      ist_status status = ist_string_length(isolate, value, encoding, &capacity);
      if (status == IST_ERR_TYPE && encoding == IST_LATIN1) goto wide;
      if (status) return ipy__failed(frame, status);
      text = ipy__room(frame, capacity * unit);
      if (!text) return ipy__failed(frame, IST_ERR_MEMORY);
    }
    ist_status status = ist_string_write(isolate, value, encoding, text, capacity, &length);
    if (!status) {
      if (fits) frame->used = (size_t)(text - frame->text) + length * unit;
      item->data = text;
      item->length = length;
      return 0;
    }
    if (status == IST_ERR_LIMIT && fits) {
      capacity = length > sizeof frame->text ? length : sizeof frame->text;
      continue;
    }
    if (status != IST_ERR_TYPE || encoding != IST_LATIN1) return ipy__failed(frame, status);
  wide:
    encoding = IST_UTF16;
    item->tag = IPY_UTF16;
    unit = 2;
    capacity = sizeof frame->text / 4;
  }
}

static int lift_bigint(ist_isolate *isolate, ist_value value, ipy_item *item, ipy_frame *frame) {
  bool negative = false;
  uint64_t few[4];
  size_t count = 4;
  ist_status status = ist_bigint_read(isolate, value, &negative, few, &count);
  if (status && status != IST_ERR_LIMIT) return ipy__failed(frame, status);
  char *words = ipy__room(frame, count * 8);
  if (!words) return ipy__failed(frame, IST_ERR_MEMORY);
  if (status)
    status = ist_bigint_read(isolate, value, &negative, (uint64_t *)(void *)words, &count);
  else
    memcpy(words, few, count * 8);
  if (status) return ipy__failed(frame, status);
  item->tag = IPY_BIGINT;
  item->kind = negative;
  item->data = words;
  item->length = count;
  return 0;
}

static void lift_view(ipy_isolate *core, ist_value value, ipy_item *item) {
  uint8_t *bytes;
  size_t length;
  ist_store *store;
  if (ist_bytes_read(core->isolate, value, &bytes, &length)) return;
  if (ist_store_of(core->isolate, value, &store)) return;
  item->tag = IPY_VIEW;
  item->data = (char *)bytes;
  item->length = length;
  item->store = store;
}

static int lift_object(ipy_isolate *core, ist_context *context, ist_value value, ipy_item *item,
                       ipy_frame *frame) {
  ist_class kind = IST_CLASS_NONE;
  ist_status status = IST_OK;
  if (value.type != IST_SYMBOL) status = ist_value_class(core->isolate, value, &kind);
  if (status) return ipy__failed(frame, status);
  item->kind = (int32_t)kind;
  /* A Date that no datetime can be (invalid, or beyond the years 1 to 9999) is an object. */
  if (kind == IST_CLASS_DATE && !ist_date_read(core->isolate, value, &item->number) &&
      item->number >= -62135596800000.0 && item->number <= 253402300799999.0) {
    item->tag = IPY_DATE;
    return 0;
  }
  int64_t host;
  status = ipy__table_find(core, context, value, &item->integer, &host);
  if (status) return ipy__failed(frame, status);
  if (host) {
    item->tag = IPY_HOST;
    item->integer = host;
    return 0;
  }
  item->tag = value.type == IST_SYMBOL ? IPY_SYMBOL : IPY_OBJECT;
  if (kind >= IST_CLASS_ARRAY_BUFFER && kind <= IST_CLASS_DATA_VIEW) lift_view(core, value, item);
  return 0;
}

int ipy_lift(ipy_isolate *core, ist_context *context, ist_value value, ipy_item *item,
             ipy_frame *frame) {
  switch (value.type) {
  case IST_UNDEFINED: item->tag = IPY_UNDEFINED; return 0;
  case IST_NULL: item->tag = IPY_NULL; return 0;
  case IST_BOOL: item->tag = value.as.boolean ? IPY_TRUE : IPY_FALSE; return 0;
  case IST_INT32:
    item->tag = IPY_INT;
    item->integer = value.as.int32;
    return 0;
  case IST_DOUBLE: {
    double number = value.as.number;
    if (ipy__is_integer(number)) {
      item->tag = IPY_INT;
      item->integer = (int64_t)number;
    } else {
      item->tag = IPY_DOUBLE;
      item->number = number;
    }
    return 0;
  }
  case IST_STRING: return lift_string(core->isolate, value, item, frame);
  case IST_BIGINT: return lift_bigint(core->isolate, value, item, frame);
  default: return lift_object(core, context, value, item, frame);
  }
}

/* ---- From an item to JavaScript ---- */

int ipy_lower(ipy_isolate *core, ist_context *context, ipy_item *item, ist_value *value,
              ipy_frame *frame) {
  ist_status status = IST_OK;
  switch (item->tag) {
  case IPY_UNDEFINED: *value = ist_undefined(); return 0;
  case IPY_NULL: *value = ist_null(); return 0;
  case IPY_FALSE: *value = ist_bool(false); return 0;
  case IPY_TRUE: *value = ist_bool(true); return 0;
  case IPY_INT:
    if (item->integer >= INT32_MIN && item->integer <= INT32_MAX)
      *value = ist_int32((int32_t)item->integer);
    else
      *value = ist_double((double)item->integer);
    return 0;
  case IPY_DOUBLE: *value = ist_double(item->number); return 0;
  case IPY_LATIN1:
    status = ist_string_new_as(core->isolate, IST_LATIN1, item->data, item->length, value);
    break;
  case IPY_UTF16:
    status = ist_string_new_as(core->isolate, IST_UTF16, item->data, item->length, value);
    break;
  case IPY_LENT: {
    ipy__held *made = ipy__held_new(core, item->integer);
    item->integer = 0;
    if (!made) return ipy__failed(frame, IST_ERR_MEMORY);
    status = ist_string_adopt(core->isolate, IST_LATIN1, item->data, item->length, ipy__held_forget,
                              made, value);
    break;
  }
  case IPY_BIGINT:
    status = ist_bigint_new(context, item->kind, (const uint64_t *)(const void *)item->data,
                            item->length, value);
    break;
  case IPY_DATE: status = ist_date_new(context, item->number, value); break;
  case IPY_OBJECT:
  case IPY_SYMBOL:
  case IPY_VIEW:
    if (!item->integer) return (void)ist_context_global(context, value), 0;
    return ipy__table_value(core, item->integer, value) ? 0 : IPY_STALE;
  case IPY_DOUBLES:
    status = ist_array_new_doubles(context, (const double *)(const void *)item->data, item->length,
                                   value);
    break;
  case IPY_COPY: status = ist_bytes_new(context, item->data, item->length, value); break;
  case IPY_CBOR:
    status = ist_cbor_read(context, (const uint8_t *)item->data, item->length, NULL, value,
                           &frame->error);
    break;
  default: status = IST_ERR_ARGUMENT;
  }
  return status ? ipy__failed(frame, status) : 0;
}
