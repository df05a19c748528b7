/* Counted buffers: which typed array stands for which C element, the bytes behind it, and the
 * lengths that follow.
 *
 * C never gets a pointer to bytes that can move or go while it runs: small arrays that live on V8's
 * heap are copied or moved out of it, a call that may enter JavaScript holds the backing store, and
 * what JavaScript could shrink is copied in and out. What C is told about lengths comes from the
 * buffers themselves, or is compared with them. */
#include "bridge_internal.h"

#include <stdio.h>

using v8::ArrayBuffer;
using v8::ArrayBufferView;
using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Value;

static const size_t most_bytes = static_cast<size_t>(1) << 32;

/* What a C pointer to nothing points to. */
alignas(16) static uint8_t empty[16];

bool ist__is_scalar(const ist__type *type) {
  return type->kind == IST__INT || type->kind == IST__BOOL || type->kind == IST__FLOAT ||
         type->kind == IST__ENUM;
}

size_t ist__element_size(const ist__type *of) {
  if (of->kind == IST__VOID) return 1;
  if (of->kind == IST__HANDLE) return sizeof(void *);
  return of->size ? of->size : sizeof(void *);
}

bool ist__array_fits(const ist__type *of, const ist__wrap *view) {
  if (view->type->kind != IST__ARRAY || view->type->encoding != IST__BYTES) return false;
  const ist__type *holds = view->type->to;
  if (holds == of) return true;
  if (of->kind == IST__VOID) return ist__is_scalar(holds);
  return ist__is_scalar(of) && holds->kind == of->kind && holds->size == of->size &&
         holds->is_signed == of->is_signed && of->kind != IST__ENUM && of->kind != IST__BOOL;
}

enum array_kind { ANY, I8, U8, I16, U16, I32, U32, I64, U64, F32, F64, NONE };

static array_kind kind_of(const ist__type *of) {
  switch (of->kind) {
  case IST__VOID: return ANY;
  case IST__FLOAT: return of->size == 4 ? F32 : F64;
  case IST__INT:
  case IST__BOOL:
  case IST__ENUM: {
    /* Plain `char` is neither signed nor unsigned: its bytes are bytes. */
    bool sign = of->kind != IST__BOOL && of->is_signed && strcmp(of->name, "char") != 0;
    switch (of->size) {
    case 1: return sign ? I8 : U8;
    case 2: return sign ? I16 : U16;
    case 4: return sign ? I32 : U32;
    case 8: return sign ? I64 : U64;
    default: return NONE;
    }
  }
  default: return NONE;
  }
}

static bool matches(array_kind kind, Local<Value> value) {
  switch (kind) {
  case ANY: return value->IsArrayBufferView();
  case I8: return value->IsInt8Array();
  case U8: return value->IsUint8Array() || value->IsUint8ClampedArray();
  case I16: return value->IsInt16Array();
  case U16: return value->IsUint16Array();
  case I32: return value->IsInt32Array();
  case U32: return value->IsUint32Array();
  case I64: return value->IsBigInt64Array();
  case U64: return value->IsBigUint64Array();
  case F32: return value->IsFloat32Array();
  case F64: return value->IsFloat64Array();
  default: return false;
  }
}

const char *ist__array_name(const ist__type *of, ist__encoding text) {
  static const char *const names[] = {"a typed array, DataView or ArrayBuffer",
                                      "an Int8Array",
                                      "a Uint8Array",
                                      "an Int16Array",
                                      "a Uint16Array",
                                      "an Int32Array",
                                      "a Uint32Array",
                                      "a BigInt64Array",
                                      "a BigUint64Array",
                                      "a Float32Array",
                                      "a Float64Array",
                                      "an Array"};
  if (text == IST__UTF16) return "a string or Uint16Array";
  if (text != IST__BYTES) return "a string or Uint8Array";
  return names[kind_of(of)];
}

bool ist__size_of_value(const ist__value &value, size_t *out) {
  if (value.kind != IST__V_INT || value.i < 0 || value.i > (static_cast<__int128>(1) << 53))
    return false;
  *out = static_cast<size_t>(value.i);
  return true;
}

static bool evaluate(ist__call *call, const ist__site &site, const ist__expr *expr,
                     const char *what, size_t *out) {
  ist__value value;
  ist__fault fault;
  if (!ist__expr_eval(expr, &call->frame, &value, &fault)) {
    return ist__throw(site, IST_RANGE_ERROR, "%s", fault.text);
  }
  if (ist__size_of_value(value, out)) return true;
  return ist__throw(site, IST_RANGE_ERROR, "the %s is out of range", what);
}

/* ---- bytes ---- */

static bool refuse(const ist__site &site, const ist__type *of, ist__encoding text, bool writable,
                   bool null, Local<Value> value) {
  char expected[96];
  ist__encoding shown = writable ? IST__BYTES : text;
  snprintf(expected, sizeof expected, "%s%s", ist__array_name(of, shown), null ? " or null" : "");
  return ist__throw_expected(site, IST_TYPE_ERROR, expected, value);
}

bool ist__buffer_span(const ist__site &site, const ist__type *of, ist__encoding text,
                      Local<Value> value, bool writable, bool null, ist__span *span) {
  array_kind kind = kind_of(of);
  if (value->IsSharedArrayBuffer()) {
    return ist__throw(site, IST_TYPE_ERROR, "a SharedArrayBuffer cannot be used here");
  }
  if (kind == ANY && value->IsArrayBuffer()) {
    span->buffer = value.As<ArrayBuffer>();
    span->offset = 0;
    span->bytes = span->buffer->ByteLength();
  } else if (matches(kind, value)) {
    Local<ArrayBufferView> view = value.As<ArrayBufferView>();
    Local<Value> buffer = view->Buffer();
    if (buffer->IsSharedArrayBuffer()) {
      return ist__throw(site, IST_TYPE_ERROR, "a SharedArrayBuffer cannot be used here");
    }
    span->buffer = buffer.As<ArrayBuffer>();
    span->offset = view->ByteOffset();
    span->bytes = view->ByteLength();
    if (ist__buffer_resizable(site.bridge, span->buffer)) {
      size_t now = ist__buffer_view_length(site.bridge, view), before = span->bytes;
      size_t whole = span->buffer->ByteLength();
      span->bytes = now;
      if (span->offset > whole || (!now && before && whole > span->offset)) {
        return ist__throw(site, IST_TYPE_ERROR, "the view is beyond the bounds of its buffer");
      }
      if (!now) span->offset = 0;
    }
  } else {
    return refuse(site, of, text, writable, null, value);
  }
  if (span->buffer->WasDetached())
    return ist__throw(site, IST_TYPE_ERROR, "the buffer is detached");
  size_t whole = span->buffer->ByteLength();
  if (span->offset > whole || span->bytes > whole - span->offset) {
    return ist__throw(site, IST_TYPE_ERROR, "the view is beyond the bounds of its buffer");
  }
  span->data = span->bytes ? static_cast<uint8_t *>(span->buffer->Data()) + span->offset : empty;
  return true;
}

static bool no_memory(const ist__site &site) {
  return ist__throw(site, IST_RANGE_ERROR, "out of memory");
}

/* Keeps the bytes where they are, or moves the call to a copy. */
static bool hold(ist__call *call, const ist__site &site, ist__span *span, bool written) {
  if (!call->plan->may_call_back || !span->bytes) return true;
  auto *held = call->arena.make<ist__held>();
  if (!held) return no_memory(site);
  held->next = call->held;
  call->held = held;
  if (!ist__buffer_resizable(site.bridge, span->buffer)) {
    held->store = span->buffer->GetBackingStore();
    return true;
  }
  auto *copy = static_cast<uint8_t *>(call->arena.take(span->bytes));
  if (!copy) return no_memory(site);
  memcpy(copy, span->data, span->bytes);
  span->data = copy;
  if (written) {
    held->copy = copy;
    held->buffer = span->buffer;
    held->offset = span->offset;
    held->bytes = span->bytes;
  }
  return true;
}

bool ist__buffer_lower(ist__call *call, const ist__param *param) {
  ist__argument &argument = call->arguments[param->index];
  void *slot = call->frame.args[param->index];
  if (argument.done || argument.value.IsEmpty()) {
    if (!argument.absent && !argument.data) argument.data = empty;
    memcpy(slot, &argument.data, sizeof(void *));
    return true;
  }
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(&place);
  const ist__type *of = param->type->to;
  bool written = param->dir == IST__INOUT;
  size_t size = ist__element_size(of);
  ist__span span;
  Local<Value> value = argument.value;
  if (ist__wrap *wrap = ist__wrap_of(value)) {
    if (!ist__array_fits(of, wrap) || param->terminated) {
      return refuse(site, of, param->text, written, param->null, value);
    }
    if (written ? !ist__wrap_writable(site, wrap) : !ist__wrap_live(site, wrap)) return false;
    /* What it is a part of lives until C returns. */
    if (wrap->owner && !ist__call_enter(call, site, wrap->owner)) return false;
    argument.data = wrap->address;
    argument.count = of->kind == IST__VOID ? wrap->type->size : wrap->type->count;
    argument.unit = wrap->type->to->size;
    argument.bytes = wrap->type->size;
    memcpy(slot, &argument.data, sizeof(void *));
    return true;
  }
  if (!written && value->IsTypedArray() && !value.As<ArrayBufferView>()->HasBuffer() &&
      matches(kind_of(of), value)) {
    span.bytes = value.As<ArrayBufferView>()->ByteLength();
    span.data = static_cast<uint8_t *>(call->arena.take_zeroed(span.bytes + size));
    if (!span.data) return no_memory(site);
    value.As<ArrayBufferView>()->CopyContents(span.data, span.bytes);
  } else {
    if (!ist__buffer_span(site, of, param->text, value, written, param->null, &span)) return false;
    if (!hold(call, site, &span, written)) return false;
    if (param->terminated && !written) {
      auto *copy = static_cast<uint8_t *>(call->arena.take(span.bytes + size));
      if (!copy) return no_memory(site);
      memcpy(copy, span.data, span.bytes);
      memset(copy + span.bytes, 0, size);
      span.data = copy;
    }
  }
  argument.data = span.data;
  argument.bytes = span.bytes;
  argument.count = span.bytes / size;
  if (of->kind == IST__VOID && value->IsTypedArray()) {
    size_t length = value.As<v8::TypedArray>()->Length();
    argument.unit = length ? value.As<ArrayBufferView>()->ByteLength() / length : 1;
  }
  if (param->terminated) {
    size_t until = 0;
    while (until < span.bytes && !ist__is_zero(span.data + until, size)) until += size;
    if (until < span.bytes && !written) {
      return ist__throw(site, IST_TYPE_ERROR, "expected no zero element, which would end it");
    }
    if (until >= span.bytes && written) {
      return ist__throw(site, IST_TYPE_ERROR, "expected a zero element, which ends it");
    }
  }
  memcpy(slot, &argument.data, sizeof(void *));
  return true;
}

/* ---- lengths ---- */

/* Whether `count` is a parameter whose value JavaScript does not give: the buffer decides it. */
static const ist__param *decided(ist__call *call, const ist__param *param) {
  uint32_t index;
  if (!param->count || !ist__expr_is_arg(param->count, &index)) return nullptr;
  const ist__param *length = &call->function->params[index];
  return length->length_count ? length : nullptr;
}

/* Stores a vanished length once it is known; true also when it is not yet known. */
bool ist__buffer_lengths(ist__call *call, const ist__param *param) {
  ist__argument &argument = call->arguments[param->index];
  if (argument.done) return true;
  const ist__function *function = call->function;
  const ist__param *first = nullptr;
  size_t count = 0;
  bool wait = false, waiting = false;
  for (int pass = 0; pass < 2 && !first; pass++) {
    for (size_t i = 0; i < param->length_count; i++) {
      const ist__param *buffer = &function->params[param->lengths[i]];
      const ist__argument &given = call->arguments[buffer->index];
      bool out = buffer->dir == IST__OUT;
      if (out != (pass == 1) || given.absent) continue;
      if (out && !given.done) {
        waiting = true;
        continue;
      }
      if (first && given.count != count) {
        ist__place place = {nullptr, buffer->name, 0};
        return ist__throw(call->site(&place), IST_RANGE_ERROR,
                          "expected as many elements as %s, which has %zu, got %zu", first->name,
                          count, given.count);
      }
      first = buffer;
      count = given.count;
    }
    wait = waiting && !first;
  }
  if (wait) return true;
  const ist__type *type = param->role == IST__CELL ? param->type->to : param->type;
  __int128 min, max;
  ist__int_range(type, &min, &max);
  if (static_cast<__int128>(count) > max) {
    ist__place place = {nullptr, first->name, 0};
    return ist__throw(call->site(&place), IST_RANGE_ERROR,
                      "expected at most %llu elements, got %zu",
                      static_cast<unsigned long long>(max), count);
  }
  void *to = param->role == IST__CELL ? argument.data : call->frame.args[param->index];
  ist__value value = {IST__V_INT, static_cast<__int128>(count), 0, nullptr};
  ist__scalar_store(type, to, value);
  argument.done = true;
  return true;
}

bool ist__buffer_check(ist__call *call, const ist__param *param) {
  const ist__argument &argument = call->arguments[param->index];
  if (argument.absent || !param->count || decided(call, param)) return true;
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(&place);
  size_t needed;
  if (!evaluate(call, site, param->count, "length", &needed)) return false;
  if (needed <= argument.count) return true;
  const ist__type *of = param->type->to;
  const char *unit =
      of->kind == IST__VOID || (ist__is_scalar(of) && of->size == 1) ? "bytes" : "elements";
  return ist__throw(site, IST_RANGE_ERROR, "expected at least %zu %s, got %zu", needed, unit,
                    argument.count);
}

bool ist__buffer_allocate(ist__call *call, const ist__param *param) {
  ist__argument &argument = call->arguments[param->index];
  if (argument.absent) return true;
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(&place);
  const ist__type *of = param->type->to;
  size_t size = ist__element_size(of);
  const ist__param *length = decided(call, param);
  bool told = length && !call->arguments[length->index].done;
  if (!argument.into.IsEmpty()) {
    ist__span span;
    if (!ist__buffer_span(site, of, IST__BYTES, argument.into, true, false, &span)) return false;
    if (!hold(call, site, &span, true)) return false;
    argument.data = span.data;
    argument.count = span.bytes / size;
    if (!told) {
      size_t needed;
      if (!evaluate(call, site, length || !param->size ? param->count : param->size, "length",
                    &needed)) {
        return false;
      }
      if (needed > argument.count) {
        return ist__throw(site, IST_RANGE_ERROR, "expected at least %zu elements, got %zu", needed,
                          argument.count);
      }
    }
  } else {
    const ist__expr *expr = param->size && (told || !length) ? param->size : param->count;
    if (!expr) expr = param->size;
    if (!evaluate(call, site, expr, "size", &argument.count)) return false;
    size_t bytes;
    if (__builtin_mul_overflow(argument.count, size, &bytes) || bytes >= most_bytes) {
      return ist__throw(site, IST_RANGE_ERROR, "a buffer of %zu elements is too large",
                        argument.count);
    }
    argument.memory = static_cast<uint8_t *>(calloc(1, bytes + size));
    if (!argument.memory) {
      return ist__throw(site, IST_RANGE_ERROR, "cannot allocate a buffer of %zu bytes", bytes);
    }
    argument.data = argument.memory;
    for (size_t i = 0; of->prepared && i < argument.count; i++)
      ist__type_prepare(of, argument.data + i * size);
  }
  argument.done = true;
  memcpy(call->frame.args[param->index], &argument.data, sizeof(void *));
  return true;
}

/* ---- arrays for JavaScript ---- */

Local<Value> ist__array_over(Local<ArrayBuffer> buffer, const ist__type *of, size_t offset,
                             size_t count) {
  switch (kind_of(of)) {
  case I8: return v8::Int8Array::New(buffer, offset, count);
  case I16: return v8::Int16Array::New(buffer, offset, count);
  case U16: return v8::Uint16Array::New(buffer, offset, count);
  case I32: return v8::Int32Array::New(buffer, offset, count);
  case U32: return v8::Uint32Array::New(buffer, offset, count);
  case I64: return v8::BigInt64Array::New(buffer, offset, count);
  case U64: return v8::BigUint64Array::New(buffer, offset, count);
  case F32: return v8::Float32Array::New(buffer, offset, count);
  case F64: return v8::Float64Array::New(buffer, offset, count);
  default: return v8::Uint8Array::New(buffer, offset, count);
  }
}

MaybeLocal<Value> ist__array_adopt(const ist__site &site, const ist__type *of, uint8_t *memory,
                                   size_t count) {
  Isolate *isolate = site.bridge->isolate;
  size_t bytes = count * ist__element_size(of);
  if (!bytes) {
    free(memory);
    return ist__array_over(ArrayBuffer::New(isolate, 0), of, 0, 0);
  }
  auto *exact = static_cast<uint8_t *>(realloc(memory, bytes));
  if (!exact) exact = memory;
  std::unique_ptr<v8::BackingStore> store = ArrayBuffer::NewBackingStore(
      exact, bytes, [](void *data, size_t, void *) { free(data); }, nullptr);
  return ist__array_over(ArrayBuffer::New(isolate, std::move(store)), of, 0, count);
}

MaybeLocal<Value> ist__array_copy(const ist__site &site, const ist__type *of, const void *data,
                                  size_t count) {
  size_t bytes;
  if (__builtin_mul_overflow(count, ist__element_size(of), &bytes) || bytes >= most_bytes) {
    ist__throw(site, IST_RANGE_ERROR, "%zu elements are too many for a typed array", count);
    return {};
  }
  auto *memory = static_cast<uint8_t *>(malloc(bytes + 1));
  if (!memory) {
    ist__throw(site, IST_RANGE_ERROR, "cannot allocate a buffer of %zu bytes", bytes);
    return {};
  }
  if (bytes) memcpy(memory, data, bytes);
  return ist__array_adopt(site, of, memory, count);
}

bool ist__is_zero(const void *data, size_t size) {
  auto *bytes = static_cast<const uint8_t *>(data);
  for (size_t i = 0; i < size; i++) {
    if (bytes[i]) return false;
  }
  return true;
}

static MaybeLocal<Value> lift_elements(ist__call *call, const ist__site &site,
                                       const ist__param *param, const uint8_t *data, size_t count) {
  const ist__type *of = param->type->to;
  size_t size = ist__element_size(of);
  Local<v8::Array> array = v8::Array::New(call->isolate, static_cast<int>(count));
  for (size_t i = 0; i < count; i++) {
    v8::HandleScope scope(call->isolate);
    Local<Value> element;
    const uint8_t *from = data + i * size;
    const void *pointer = nullptr;
    if (of->kind == IST__STRING || of->kind == IST__REF) memcpy(&pointer, from, sizeof pointer);
    if (of->kind == IST__STRUCT) {
      Local<v8::Object> copy;
      if (!ist__struct_copy(site, call->context, of, from).ToLocal(&copy)) return {};
      element = copy;
    } else if (!pointer) {
      element = v8::Null(call->isolate);
    } else if (of->kind == IST__STRING) {
      Local<v8::String> text;
      size_t units = ist__text_length(of->encoding, pointer);
      if (!ist__lift_text(site, of->encoding, pointer, units).ToLocal(&text)) return {};
      element = text;
    } else {
      bool fresh = false;
      ist__owner *owner = ist__lift_borrow(call, param, of, const_cast<void *>(pointer), &fresh);
      Local<v8::Object> object;
      if (!owner || !ist__wrap_owner(call->bridge, call->context, owner).ToLocal(&object)) {
        if (owner && fresh && !owner->wrapper) ist__owner_forget(owner);
        return {};
      }
      if (fresh) ist__wrap_hold(call, param, object);
      element = object;
    }
    if (array->CreateDataProperty(call->context, static_cast<uint32_t>(i), element).IsNothing())
      return {};
  }
  return array;
}

/* What was filled of the caller's own buffer, which a callback may have taken away meanwhile. */
static Local<Value> cut_into(Local<Value> into, const ist__type *of, size_t count) {
  size_t bytes = count * ist__element_size(of), offset = 0;
  Local<ArrayBuffer> buffer;
  if (into->IsArrayBufferView()) {
    Local<ArrayBufferView> view = into.As<ArrayBufferView>();
    if (bytes >= view->ByteLength()) return into;
    buffer = view->Buffer();
    offset = view->ByteOffset();
  } else {
    buffer = into.As<ArrayBuffer>();
  }
  size_t whole = buffer->ByteLength();
  if (buffer->WasDetached() || offset > whole || bytes > whole - offset) return into;
  return ist__array_over(buffer, of, offset, count);
}

/* The elements of an output or result. */
MaybeLocal<Value> ist__buffer_lift(ist__call *call, const ist__param *param) {
  ist__argument &argument = *ist__argument_of(call, param);
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(param == &call->function->result ? nullptr : &place);
  const ist__type *of = param->type->to;
  if (argument.absent) return v8::Null(call->isolate).As<Value>();
  bool is_result = param == &call->function->result;
  size_t count = argument.count;
  if (is_result) {
    memcpy(&argument.data, call->frame.result, sizeof(void *));
    if (!argument.data) return ist__lift_missing(call, param);
    if (param->terminated) {
      count = 0;
      while (!ist__is_zero(argument.data + count * ist__element_size(of), ist__element_size(of)))
        count++;
    } else if (!evaluate(call, site, param->count, "length", &count)) {
      return {};
    }
  }
  if (param->filled) {
    ist__value value;
    ist__fault fault;
    if (!ist__expr_eval(param->filled, &call->frame, &value, &fault)) {
      ist__throw(site, IST_RANGE_ERROR, "%s", fault.text);
      return {};
    }
    __int128 filled = value.kind == IST__V_INT ? value.i : 0;
    if (filled < 0) filled = 0;
    if (filled < static_cast<__int128>(count)) count = static_cast<size_t>(filled);
  } else if (!is_result && !param->count && param->size) {
    count = argument.count;
  } else if (!is_result && !param->filled) {
    /* The length may have been an in-out cell, which says how many there are now. */
    const ist__param *length = decided(call, param);
    if (length && length->role == IST__CELL && length->dir == IST__INOUT) {
      ist__value now = ist__scalar_load(length->type->to, call->arguments[length->index].data);
      if (now.i < static_cast<__int128>(count)) count = now.i < 0 ? 0 : static_cast<size_t>(now.i);
    }
  }
  if (param->text != IST__BYTES) {
    bool counted = param->filled || (is_result && !param->terminated);
    if (!counted) {
      const ist__param *length = decided(call, param);
      counted = length && length->role == IST__CELL;
    }
    size_t units = counted ? count : ist__text_bounded(param->text, argument.data, count);
    Local<v8::String> text;
    if (!ist__lift_text(site, param->text, argument.data, units).ToLocal(&text)) return {};
    return text.As<Value>();
  }
  if (!ist__is_scalar(of) && of->kind != IST__VOID) {
    return lift_elements(call, site, param, argument.data, count);
  }
  if (!argument.into.IsEmpty()) return cut_into(argument.into, of, count);
  if (argument.memory) {
    uint8_t *memory = argument.memory;
    argument.memory = nullptr;
    return ist__array_adopt(site, of, memory, count);
  }
  return ist__array_copy(site, of, argument.data, count);
}
