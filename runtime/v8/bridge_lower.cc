/* From JavaScript to C. Phase 1 does everything that can run user code: it reads arrays and object
 * literals, each property once and in declaration order, and copies what it reads. What can be
 * invalidated by user code (the lives of handles, the bytes of buffers) is only noted there, and
 * resolved in phase 2, in which nothing runs.
 *
 * No value is coerced: a conversion takes exactly what the type holds, or throws. */
#include "bridge_internal.h"

#include <stdio.h>

using v8::Array;
using v8::Isolate;
using v8::Local;
using v8::Object;
using v8::String;
using v8::Value;

static bool no_memory(const ist__site &site) {
  return ist__throw(site, IST_RANGE_ERROR, "out of memory");
}

/* ---- structs and arrays ---- */

bool ist__is_literal(Local<Value> value) {
  if (!value->IsObject() || value->IsArray() || value->IsFunction() || value->IsArrayBufferView() ||
      value->IsArrayBuffer() || value->IsSharedArrayBuffer()) {
    return false;
  }
  if (value->IsPromise() || value->IsDate() || value->IsMap() || value->IsSet() ||
      value->IsWeakMap() || value->IsWeakSet() || value->IsRegExp() || value->IsNativeError() ||
      value->IsNumberObject() || value->IsStringObject() || value->IsBooleanObject() ||
      value->IsBigIntObject() || value->IsSymbolObject() || value->IsMapIterator() ||
      value->IsSetIterator() || value->IsGeneratorObject()) {
    return false;
  }
  return !value.As<Object>()->IsApiWrapper();
}

static bool defer(ist__call *call, const ist__site &site, const ist__type *type, Local<Value> value,
                  void *to, bool null, ist__deferred **made = nullptr) {
  auto *later = call->arena.make<ist__deferred>();
  if (!later) return no_memory(site);
  later->value = value;
  later->type = type;
  later->to = to;
  later->null = null;
  /* Places of the caller's frame are gone by phase 2. */
  const ist__place **end = &later->place;
  for (const ist__place *place = site.place; place; place = place->up) {
    auto *copy = call->arena.make<ist__place>();
    if (!copy) return no_memory(site);
    *copy = *place;
    copy->up = nullptr;
    *end = copy;
    end = &copy->up;
  }
  *call->deferred_end = later;
  call->deferred_end = &later->next;
  if (made) *made = later;
  return true;
}

static bool lower_element(ist__call *call, const ist__site &site, const ist__type *type,
                          Local<Value> value, uint8_t *to, ist__wrap *target) {
  switch (type->kind) {
  case IST__STRUCT: return ist__lower_struct(call, site, type, value, to, target);
  case IST__ARRAY: return ist__lower_array(call, site, type, value, to, target);
  default: return ist__lower_scalar(site, type, value, to);
  }
}

static bool array_text(const ist__site &site, const ist__type *type, Local<String> string,
                       uint8_t *to) {
  Isolate *isolate = site.bridge->isolate;
  size_t unit = type->encoding == IST__UTF16 ? 2 : 1;
  size_t length = type->encoding == IST__UTF8 ? ist__compat::utf8_length(isolate, string)
                                              : static_cast<size_t>(string->Length());
  if (type->encoding == IST__LATIN1 && !string->ContainsOnlyOneByte()) {
    return ist__throw_expected(site, IST_RANGE_ERROR, "a string of Latin-1 characters", string);
  }
  if (length + 1 > type->count) {
    return ist__throw(site, IST_RANGE_ERROR, "expected a string of at most %zu %s, got %zu",
                      type->count ? type->count - 1 : 0, unit == 2 ? "UTF-16 units" : "bytes",
                      length);
  }
  uint16_t unit_of[64];
  for (uint32_t at = 0; at < static_cast<uint32_t>(string->Length()); at += 64) {
    uint32_t some = static_cast<uint32_t>(string->Length()) - at;
    if (some > 64) some = 64;
    ist__compat::write_two_byte(isolate, string, unit_of, at, some);
    for (uint32_t i = 0; i < some; i++) {
      if (!unit_of[i])
        return ist__throw(site, IST_TYPE_ERROR, "expected a string without NUL characters");
    }
  }
  memset(to, 0, type->size);
  if (type->encoding == IST__UTF16) {
    ist__compat::write_two_byte(isolate, string, reinterpret_cast<uint16_t *>(to), 0,
                                static_cast<uint32_t>(length));
  } else if (type->encoding == IST__LATIN1) {
    ist__compat::write_one_byte(isolate, string, to, 0, static_cast<uint32_t>(length));
  } else {
    ist__compat::write_utf8(isolate, string, reinterpret_cast<char *>(to), length);
  }
  return true;
}

bool ist__lower_array(ist__call *call, const ist__site &site, const ist__type *type,
                      Local<Value> value, uint8_t *to, ist__wrap *target) {
  if (type->encoding != IST__BYTES) {
    if (value->IsString()) return array_text(site, type, value.As<String>(), to);
    return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
  }
  if (ist__wrap *wrap = ist__wrap_of(value)) {
    if (wrap->type != type || ist__holds_pointers(type)) {
      return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
    }
    if (call) return defer(call, site, type, value, to, false);
    if (!ist__wrap_live(site, wrap)) return false;
    memmove(to, wrap->address, type->size);
    return true;
  }
  if (value->IsArrayBufferView() && ist__is_scalar(type->to)) {
    ist__span span;
    if (!ist__buffer_span(site, type->to, IST__BYTES, value, false, false, &span)) return false;
    if (span.bytes != type->size) {
      return ist__throw(site, IST_RANGE_ERROR, "expected %zu elements, got %zu", type->count,
                        span.bytes / type->to->size);
    }
    memmove(to, span.data, type->size);
    return true;
  }
  if (!value->IsArray()) return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
  Local<Array> array = value.As<Array>();
  if (array->Length() != type->count) {
    return ist__throw(site, IST_RANGE_ERROR, "expected %zu elements, got %u", type->count,
                      array->Length());
  }
  v8::Local<v8::Context> context = site.bridge->isolate->GetCurrentContext();
  ist__site inner = site;
  ist__place place = {site.place, nullptr, 0};
  inner.place = &place;
  for (size_t i = 0; i < type->count; i++) {
    Local<Value> element;
    place.index = i;
    if (!array->Get(context, static_cast<uint32_t>(i)).ToLocal(&element) ||
        !lower_element(call, inner, type->to, element, to + i * type->to->size, target)) {
      return false;
    }
  }
  return true;
}

static const char *field_name(const void *env, size_t index) {
  return static_cast<const ist__type *>(env)->fields[index].name;
}

/* Refuses keys that are no fields. Keys mostly come in the order of the fields, as the very strings
 * of their names. */
static bool known_keys(const ist__site &site, v8::Local<v8::Context> context, ist__class *of,
                       Local<Object> literal) {
  Isolate *isolate = site.bridge->isolate;
  v8::HandleScope scope(isolate);
  Local<Array> keys;
  size_t count = of->type->field_count, next = 0;
  if (!literal
           ->GetOwnPropertyNames(
               context, static_cast<v8::PropertyFilter>(v8::ONLY_ENUMERABLE | v8::SKIP_SYMBOLS),
               v8::KeyConversionMode::kConvertToString)
           .ToLocal(&keys)) {
    return false;
  }
  for (uint32_t i = 0; i < keys->Length(); i++) {
    Local<Value> key;
    if (!keys->Get(context, i).ToLocal(&key)) return false;
    size_t at = 0;
    while (at < count && !(of->names[(next + at) % count] == key)) at++;
    for (size_t j = 0; at == count && j < count; j++) {
      if (key->StrictEquals(of->names[j].Get(isolate))) at = (j + count - next) % count;
    }
    if (at < count) {
      next = (next + at + 1) % count;
      continue;
    }
    char name[80];
    name[ist__compat::write_utf8(isolate, key.As<String>(), name, sizeof name - 1)] = 0;
    const char *near = ist__nearest(name, field_name, of->type, count);
    return ist__throw(site, IST_TYPE_ERROR, "%s has no field \"%s\"%s%s%s", of->type->name, name,
                      near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
  }
  return true;
}

/* A function that C will call is stored when everything else is right. */
static bool lower_function(ist__call *call, const ist__site &site, const ist__type *type,
                           const ist__field *field, Local<Value> value, uint8_t *base) {
  if (!field->use) return ist__throw(site, IST_TYPE_ERROR, "is read-only");
  if (!call) {
    return ist__throw(site, IST_TYPE_ERROR,
                      "can only be given in an object literal that is passed to a function");
  }
  if (!value->IsFunction() && !(value->IsNull() && field->use->null))
    return ist__throw_type(site, IST_TYPE_ERROR, field->type, field->use->null, value);
  ist__deferred *later;
  if (!defer(call, site, field->type, value, base + field->offset, true, &later)) return false;
  later->of = type;
  later->field = field;
  later->base = base;
  return true;
}

static bool lower_field(ist__call *call, const ist__site &site, const ist__type *type,
                        const ist__field *field, Local<Value> value, uint8_t *base,
                        ist__wrap *target) {
  uint8_t *to = base + field->offset;
  const ist__field *member;
  if (field->type->kind == IST__CALLBACK)
    return lower_function(call, site, type, field, value, base);
  if (field->readonly) return ist__throw(site, IST_TYPE_ERROR, "is read-only");
  if (!ist__field_there(type, field, base, &member))
    return ist__throw_absent(site, type, field, base);
  if (member) {
    return lower_field(call, site, field->type, member, value, to, target);
  }
  if (field->bit_width) return ist__lower_bits(site, field, value, base);
  switch (field->type->kind) {
  case IST__STRING: {
    if (!call) return ist__pin_text(site, target, field, base, value);
    uint8_t *data = nullptr;
    size_t units;
    if (!value->IsNull()) {
      if (!value->IsString()) {
        return ist__throw_type(site, IST_TYPE_ERROR, field->type, true, value);
      }
      if (!ist__lower_text(call, site, field->type->encoding, value.As<String>(), false, &data,
                           &units)) {
        return false;
      }
    }
    memcpy(to, &data, sizeof data);
    return true;
  }
  case IST__REF:
    if (!call) return ist__pin_ref(site, target, field, base, value);
    return defer(call, site, field->type, value, to, true);
  case IST__POINTER: {
    if (field->len < 0) return ist__throw(site, IST_TYPE_ERROR, "is read-only");
    if (!call) return ist__pin_buffer(site, target, type, field, base, value);
    ist__deferred *later;
    if (!defer(call, site, field->type, value, to, true, &later)) return false;
    const ist__field *length = &type->fields[field->len];
    later->length_to = base + length->offset;
    later->length_type = length->type;
    return true;
  }
  default: return lower_element(call, site, field->type, value, to, target);
  }
}

bool ist__lower_struct(ist__call *call, const ist__site &site, const ist__type *type,
                       Local<Value> value, uint8_t *to, ist__wrap *target) {
  if (ist__wrap *wrap = ist__wrap_of(value)) {
    if (wrap->type != type) return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
    if (call) return defer(call, site, type, value, to, false);
    if (!ist__wrap_live(site, wrap)) return false;
    if (type->pointers) {
      return ist__throw(site, IST_TYPE_ERROR, "%s holds pointers and cannot be copied", type->name);
    }
    memmove(to, wrap->address, type->size);
    return true;
  }
  if (!ist__is_literal(value)) return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
  Isolate *isolate = site.bridge->isolate;
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  ist__class *of = ist__class_of(site.bridge, type);
  Local<Object> literal = value.As<Object>();
  if (!known_keys(site, context, of, literal)) return false;
  ist__site inner = site;
  ist__place place = {site.place, nullptr, 0};
  inner.place = &place;
  ist__type_prepare(type, to);
  const ist__field *one = nullptr; /* of the union that is being set */
  size_t members = 0;
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i];
    Local<Value> given;
    if (!literal->Get(context, of->names[i].Get(isolate)).ToLocal(&given)) return false;
    place.name = field->name;
    if (given->IsUndefined()) {
      if (call && field->use && !field->use->null)
        return ist__throw_type(inner, IST_TYPE_ERROR, field->type, false, given);
      continue;
    }
    members++;
    if (field->group >= 0 && one && one->group == field->group) {
      return ist__throw(inner, IST_TYPE_ERROR, "shares its memory with %s: give one of them",
                        one->name);
    }
    one = field;
    if (type->is_union && members > 1) break;
    if (!lower_field(call, inner, type, field, given, to, target)) return false;
  }
  if (type->is_union && members != 1) {
    return ist__throw(site, IST_TYPE_ERROR, "expected exactly one member of the union %s, got %s",
                      type->name, members ? "several" : "none");
  }
  if (!call || !ist__holds_pointers(type)) return true;
  ist__deferred *later;
  if (!defer(call, site, type, value, to, false, &later)) return false;
  later->whole = true;
  return true;
}

/* The one field that JavaScript assigns to. */
bool ist__field_set(const ist__site &site, ist__wrap *wrap, const ist__field *field,
                    Local<Value> value) {
  return lower_field(nullptr, site, wrap->type, field, value, wrap->address, wrap);
}

/* ---- phase 1 ---- */

void ist__store_value(const ist__type *type, void *to, ist__value value) {
  bool pointer = type->kind == IST__POINTER || type->kind == IST__CALLBACK ||
                 type->kind == IST__REF || type->kind == IST__STRING;
  if (pointer && value.kind == IST__V_INT) {
    value.p = reinterpret_cast<const void *>(static_cast<intptr_t>(value.i));
    value.kind = IST__V_POINTER;
  }
  ist__scalar_store(type, to, value);
}

static bool lower_default(ist__call *call, const ist__param *param) {
  if (!param->fallback) return true;
  ist__value value;
  ist__fault fault;
  ist__argument &argument = call->arguments[param->index];
  if (!ist__expr_eval(param->fallback, &call->frame, &value, &fault)) {
    return ist__throw(call->site(), IST_RANGE_ERROR, "%s", fault.text);
  }
  argument.done = true;
  switch (param->role) {
  case IST__BUFFER:
    argument.data = static_cast<uint8_t *>(
        const_cast<void *>(value.kind == IST__V_POINTER ? value.p : nullptr));
    argument.absent = !argument.data;
    if (argument.data) argument.count = ist__text_length(param->text, argument.data);
    memcpy(call->frame.args[param->index], &argument.data, sizeof(void *));
    return true;
  case IST__CELL:
    if (value.kind == IST__V_POINTER && !value.p) {
      argument.absent = true;
      return true;
    }
    ist__scalar_store(param->type->to, argument.data, value);
    return true;
  default:
    argument.absent = value.kind == IST__V_POINTER && !value.p;
    ist__store_value(param->type, call->frame.args[param->index], value);
    return true;
  }
}

static bool lower_elements(ist__call *call, const ist__site &site, const ist__param *param,
                           Local<Value> value) {
  const ist__type *of = param->type->to;
  ist__argument &argument = call->arguments[param->index];
  bool strings = of->kind == IST__STRING;
  if (!value->IsArray()) {
    return ist__throw_expected(site, IST_TYPE_ERROR, strings ? "an Array of strings" : "an Array",
                               value);
  }
  Local<Array> array = value.As<Array>();
  size_t count = array->Length();
  size_t size = ist__element_size(of);
  const size_t most = static_cast<size_t>(1) << 24;
  if (count > most) {
    return ist__throw(site, IST_RANGE_ERROR, "expected at most %zu elements, got %zu", most, count);
  }
  auto *data = static_cast<uint8_t *>(call->arena.take_zeroed((count + 1) * size, of->align));
  if (!data) return no_memory(site);
  ist__site inner = site;
  ist__place place = {site.place, nullptr, 0};
  inner.place = &place;
  for (size_t i = 0; i < count; i++) {
    Local<Value> element;
    uint8_t *to = data + i * size;
    place.index = i;
    if (!array->Get(call->context, static_cast<uint32_t>(i)).ToLocal(&element)) return false;
    if (strings) {
      uint8_t *text = nullptr;
      size_t units;
      if (!(element->IsNull() && param->element_null)) {
        if (!element->IsString()) {
          return ist__throw_type(inner, IST_TYPE_ERROR, of, param->element_null, element);
        }
        if (!ist__lower_text(call, inner, of->encoding, element.As<String>(), false, &text,
                             &units)) {
          return false;
        }
      }
      memcpy(to, &text, sizeof text);
    } else if (of->kind == IST__REF) {
      if (!defer(call, inner, of, element, to, param->element_null)) return false;
    } else if (param->dir == IST__INOUT) {
      ist__deferred *later;
      ist__wrap *wrap = ist__wrap_of(element);
      if (!wrap || wrap->type != of) {
        char expected[160];
        snprintf(expected, sizeof expected, "%s %s, which is changed in place",
                 ist__article(of->name), of->name);
        return ist__throw_expected(inner, IST_TYPE_ERROR, expected, element);
      }
      if (!defer(call, inner, of, element, to, false, &later)) return false;
      later->back = true;
    } else if (!lower_element(call, inner, of, element, to, nullptr)) {
      return false;
    }
  }
  argument.data = data;
  argument.count = count;
  argument.done = true;
  return true;
}

static bool lower_ref_early(ist__call *call, const ist__site &site, const ist__param *param,
                            const ist__type *to, Local<Value> value) {
  ist__argument &argument = call->arguments[param->index];
  if (to->kind != IST__STRUCT || param->dir != IST__IN || ist__wrap_of(value)) return true;
  auto *memory = static_cast<uint8_t *>(call->arena.take_zeroed(to->size, to->align));
  if (!memory) return no_memory(site);
  if (!ist__lower_struct(call, site, to, value, memory, nullptr)) return false;
  memcpy(call->frame.args[param->index], &memory, sizeof memory);
  argument.done = true;
  return true;
}

bool ist__lower_phase1(ist__call *call, const ist__param *param, Local<Value> value) {
  ist__argument &argument = call->arguments[param->index];
  argument.value = value;
  if (value.IsEmpty()) return lower_default(call, param);
  ist__place place = {nullptr, param->name, 0};
  ist__site site = call->site(&place);
  void *slot = call->frame.args[param->index];
  const ist__type *type = param->type;
  if (value->IsNull() && param->null) {
    argument.absent = argument.done = true;
    memset(slot, 0, sizeof(void *));
    return true;
  }
  switch (param->role) {
  case IST__VALUE:
    switch (type->kind) {
    case IST__STRING: {
      if (value->IsUint8Array() && type->encoding != IST__UTF16) return true;
      if (!value->IsString())
        return ist__throw_type(site, IST_TYPE_ERROR, type, param->null, value);
      if (!ist__lower_text(call, site, type->encoding, value.As<String>(), false, &argument.data,
                           &argument.count)) {
        return false;
      }
      argument.from_string = argument.done = true;
      argument.bytes = argument.count * (type->encoding == IST__UTF16 ? 2 : 1);
      memcpy(slot, &argument.data, sizeof(void *));
      return true;
    }
    case IST__REF: return lower_ref_early(call, site, param, type->to, value);
    case IST__STRUCT:
      argument.done = true;
      return ist__lower_struct(call, site, type, value, static_cast<uint8_t *>(slot), nullptr);
    case IST__CALLBACK:
      if (value->IsFunction()) return true;
      return ist__throw_type(site, IST_TYPE_ERROR, type, param->null, value);
    default: argument.done = true; return ist__lower_scalar(site, type, value, slot);
    }
  case IST__CELL: {
    const ist__type *of = type->to;
    switch (of->kind) {
    case IST__STRUCT: return lower_ref_early(call, site, param, of, value);
    case IST__REF:
      if (value->IsNull() && param->element_null) return true;
      return defer(call, site, of, value, argument.data, param->null || param->element_null);
    case IST__STRING: {
      uint8_t *text;
      size_t units;
      if (!value->IsString()) return ist__throw_type(site, IST_TYPE_ERROR, of, param->null, value);
      if (!ist__lower_text(call, site, of->encoding, value.As<String>(), false, &text, &units)) {
        return false;
      }
      memcpy(argument.data, &text, sizeof text);
      return true;
    }
    default: return ist__lower_scalar(site, of, value, argument.data);
    }
  }
  case IST__BUFFER: {
    const ist__type *of = type->to;
    ist__wrap *wrap = ist__wrap_of(value);
    if (wrap && ist__array_fits(of, wrap)) return true;
    if (of->kind == IST__STRING || of->kind == IST__REF || of->kind == IST__STRUCT) {
      return lower_elements(call, site, param, value);
    }
    if (value->IsString() && param->text != IST__BYTES && param->dir == IST__IN) {
      argument.from_string = argument.done = true;
      if (!ist__lower_text(call, site, param->text, value.As<String>(), !param->terminated,
                           &argument.data, &argument.count)) {
        return false;
      }
      argument.bytes = argument.count * ist__element_size(of);
      return true;
    }
    return true;
  }
  default: return true;
  }
}

/* ---- phase 2 ---- */

/* C will call what a struct must hold. */
static bool functions_there(const ist__site &site, const ist__type *type, const uint8_t *base) {
  if (!type->functions) return true;
  if (type->kind == IST__ARRAY) {
    for (size_t i = 0; i < type->count; i++)
      if (!functions_there(site, type->to, base + i * type->to->size)) return false;
    return true;
  }
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i];
    if (!field->bit_width && !functions_there(site, field->type, base + field->offset))
      return false;
    if (!field->use || field->use->null) continue;
    void *now;
    memcpy(&now, base + field->offset, sizeof now);
    if (now) continue;
    return ist__throw(site, IST_TYPE_ERROR,
                      "has no function %s: pass an object literal that gives it", field->name);
  }
  return true;
}

bool ist__lower_ref(ist__call *call, const ist__site &site, const ist__type *to, Local<Value> value,
                    bool null, void **address, ist__wrap **out) {
  if (value->IsNull() && null) {
    *address = nullptr;
    return true;
  }
  ist__wrap *wrap = ist__wrap_of(value);
  if (!wrap || wrap->type != to) {
    char expected[160];
    snprintf(expected, sizeof expected, "%s %s%s", ist__article(to->name), to->name,
             null ? " or null" : "");
    return ist__throw_expected(site, IST_TYPE_ERROR, expected, value);
  }
  if (!ist__wrap_live(site, wrap) || !functions_there(site, to, wrap->address)) return false;
  bool alone = to->no_reenter || (to->kind == IST__HANDLE && call->function->no_reenter);
  if (alone && wrap->owner->calls) {
    ist__fault fault;
    ist__owner_idle(wrap->owner, &fault);
    return ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
  }
  if (!ist__pins_check(call, site, wrap)) return false;
  if (!ist__call_enter(call, site, wrap->owner)) return false;
  *address = wrap->address;
  if (out) *out = wrap;
  return true;
}

static bool lower_counted_field(ist__call *call, const ist__site &site,
                                const ist__deferred *later) {
  const ist__type *of = later->type->to;
  ist__span span = {};
  size_t size = ist__element_size(of);
  if (!later->value->IsNull()) {
    if (!ist__buffer_span(site, of, IST__BYTES, later->value, true, true, &span)) return false;
    if (ist__buffer_resizable(site.bridge, span.buffer)) {
      return ist__throw(site, IST_TYPE_ERROR, "a resizable buffer cannot be used here");
    }
    if (span.bytes) {
      auto *held = call->arena.make<ist__held>();
      if (!held) return no_memory(site);
      held->store = span.buffer->GetBackingStore();
      held->next = call->held;
      call->held = held;
    }
  }
  memcpy(later->to, &span.data, sizeof span.data);
  size_t available = span.bytes / size;
  ist__value given = ist__scalar_load(later->length_type, later->length_to);
  if (given.i > static_cast<__int128>(available)) {
    return ist__throw(site, IST_RANGE_ERROR, "expected at least %lld elements, got %zu",
                      static_cast<long long>(given.i), available);
  }
  if (given.i > 0) return true;
  __int128 min, max;
  ist__int_range(later->length_type, &min, &max);
  if (static_cast<__int128>(available) > max) {
    return ist__throw(site, IST_RANGE_ERROR, "expected at most %lld elements, got %zu",
                      static_cast<long long>(max), available);
  }
  given.i = available;
  ist__scalar_store(later->length_type, later->length_to, given);
  return true;
}

bool ist__lower_deferred(ist__call *call) {
  for (const ist__deferred *later = call->deferred; later; later = later->next) {
    ist__site site = call->site(later->place);
    if (later->whole) {
      if (!ist__lengths_check(site, later->type, static_cast<uint8_t *>(later->to))) return false;
      continue;
    }
    switch (later->type->kind) {
    case IST__CALLBACK:
      if (!ist__closure_store(call, site, later)) return false;
      break;
    case IST__REF: {
      void *address;
      if (!ist__lower_ref(call, site, later->type->to, later->value, later->null, &address,
                          nullptr)) {
        return false;
      }
      memcpy(later->to, &address, sizeof address);
      break;
    }
    case IST__POINTER:
      if (!lower_counted_field(call, site, later)) return false;
      break;
    default: {
      void *from = nullptr;
      const ist__type *type = later->type;
      ist__wrap *wrap = ist__wrap_of(later->value);
      if (type->kind == IST__STRUCT) {
        if (!ist__lower_ref(call, site, type, later->value, false, &from, nullptr)) return false;
        if (later->back && !ist__wrap_writable(site, wrap)) return false;
      } else if (!ist__wrap_live(site, wrap)) {
        return false;
      }
      memcpy(later->to, from ? from : wrap->address, type->size);
      break;
    }
    }
  }
  return true;
}
