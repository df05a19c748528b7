/* Pins: what the pointer fields of a struct lead to, when JavaScript has set them. It stays alive
 * beside the struct, and is checked, with the length that another field gives it, before each call
 * that takes the struct.
 *
 * Pins stand with the whole struct, not with a view of a part of it; a pointer that C has changed
 * is C's own. */
#include "bridge_internal.h"

#include <stdio.h>

using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::Value;

/* Pins stand with the whole struct, not with a view of a part of it. */
ist__wrap *ist__wrap_root(ist__wrap *wrap) {
  auto *root = static_cast<ist__wrap *>(wrap->owner->wrapper);
  return root ? root : wrap;
}

/* Pointers can be set only in memory of ours, which C would keep longer than the object lives, and
 * only while no call uses it. */
static bool may_pin(const ist__site &site, const ist__wrap *wrap) {
  const ist__owner *owner = wrap->owner;
  ist__fault fault;
  if (!ist__owner_idle(owner, &fault)) return ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
  if (owner->kind == IST__MEMORY || owner->kind == IST__LENT || owner->type->inline_memory)
    return true;
  return ist__throw(site, IST_TYPE_ERROR, "cannot be set: the %s is C's own", owner->type->name);
}

static ist__pin *pin_for(ist__wrap *wrap, const ist__field *field, uint8_t *base) {
  ist__wrap *root = ist__wrap_root(wrap);
  for (ist__pin *pin = root->pins; pin; pin = pin->next) {
    if (pin->field == field && pin->base == base) return pin;
  }
  auto *pin = new (std::nothrow) ist__pin();
  if (!pin) return nullptr;
  pin->field = field;
  pin->base = base;
  pin->next = root->pins;
  root->pins = pin;
  return pin;
}

static Local<v8::Private> kept_name(ist__bridge *bridge, const ist__wrap *root,
                                    const ist__pin *pin) {
  char name[48];
  snprintf(name, sizeof name, "isthmus.pin.%zu",
           static_cast<size_t>(pin->base - root->address) + pin->field->offset);
  return ist__compat::private_symbol(bridge->isolate, name);
}

/* Whether what a pin holds was taken away from its buffer: its bytes are still there, but no longer
 * JavaScript's. */
static bool pin_detached(ist__bridge *bridge, const ist__wrap *root, const ist__pin *pin) {
  Local<Value> kept;
  Local<Object> object = root->object.Get(bridge->isolate);
  if (object.IsEmpty() ||
      !object->GetPrivate(bridge->isolate->GetCurrentContext(), kept_name(bridge, root, pin))
           .ToLocal(&kept)) {
    return false;
  }
  if (kept->IsArrayBufferView()) kept = kept.As<v8::ArrayBufferView>()->Buffer();
  return kept->IsArrayBuffer() && kept.As<v8::ArrayBuffer>()->WasDetached();
}

/* Keeps the object that a pin is about alive, as long as the whole struct's object. */
static bool keep_object(ist__bridge *bridge, ist__wrap *wrap, const ist__pin *pin,
                        Local<Value> value) {
  ist__wrap *root = ist__wrap_root(wrap);
  Isolate *isolate = bridge->isolate;
  Local<Object> object = root->object.Get(isolate);
  if (object.IsEmpty()) return false;
  return object->SetPrivate(isolate->GetCurrentContext(), kept_name(bridge, root, pin), value)
      .FromMaybe(false);
}

const ist__field *ist__length_field(const ist__type *type, const ist__field *field) {
  return &type->fields[field->len];
}

__int128 ist__length_load(const ist__field *length, const uint8_t *base) {
  if (length->bit_width) return static_cast<int64_t>(ist__bits_load(length, base));
  return ist__scalar_load(length->type, base + length->offset).i;
}

void ist__length_store(const ist__field *length, uint8_t *base, size_t count) {
  ist__value value = {IST__V_INT, static_cast<__int128>(count), 0, nullptr};
  if (length->bit_width) {
    ist__bits_store(length, base, count);
  } else {
    ist__scalar_store(length->type, base + length->offset, value);
  }
}

/* How many elements lie between the pointer and the end of what is pinned; -1: the pointer is not
 * ours. */
static int64_t pinned_elements(const ist__pin *pin) {
  uint8_t *now;
  memcpy(&now, pin->base + pin->field->offset, sizeof now);
  if (!pin->start || now < pin->start || now > pin->start + pin->bytes) return -1;
  return static_cast<int64_t>(static_cast<size_t>(pin->start + pin->bytes - now) /
                              ist__element_size(pin->field->type->to));
}

bool ist__holds_pointers(const ist__type *type) {
  switch (type->kind) {
  case IST__STRUCT:
  case IST__HANDLE: return type->pointers;
  case IST__ARRAY: return ist__holds_pointers(type->to);
  default: return !ist__is_scalar(type);
  }
}

bool ist__pin_buffer(const ist__site &site, ist__wrap *wrap, const ist__type *type,
                     const ist__field *field, uint8_t *base, Local<Value> value) {
  if (!may_pin(site, wrap)) return false;
  const ist__field *length = ist__length_field(type, field);
  ist__span span = {};
  if (!value->IsNull()) {
    if (!ist__buffer_span(site, field->type->to, IST__BYTES, value, true, true, &span))
      return false;
    if (ist__buffer_resizable(site.bridge, span.buffer)) {
      return ist__throw(site, IST_TYPE_ERROR, "a resizable buffer cannot be used here");
    }
  }
  size_t count = span.bytes / ist__element_size(field->type->to);
  __int128 min, max;
  ist__int_range(length->type, &min, &max);
  if (static_cast<__int128>(count) > max) {
    return ist__throw(site, IST_RANGE_ERROR, "expected at most %lld elements, got %zu",
                      static_cast<long long>(max), count);
  }
  ist__pin *pin = pin_for(wrap, field, base);
  if (!pin || !keep_object(site.bridge, wrap, pin, value)) {
    return ist__throw(site, IST_RANGE_ERROR, "out of memory");
  }
  pin->length = length;
  pin->store = span.buffer.IsEmpty() ? nullptr : span.buffer->GetBackingStore();
  pin->start = span.data;
  pin->bytes = span.bytes;
  memcpy(base + field->offset, &span.data, sizeof span.data);
  ist__length_store(length, base, count);
  return true;
}

bool ist__pin_text(const ist__site &site, ist__wrap *wrap, const ist__field *field, uint8_t *base,
                   Local<Value> value) {
  Isolate *isolate = site.bridge->isolate;
  char *text = nullptr;
  if (!may_pin(site, wrap)) return false;
  if (!value->IsNull()) {
    if (!value->IsString()) return ist__throw_type(site, IST_TYPE_ERROR, field->type, true, value);
    Local<v8::String> string = value.As<v8::String>();
    ist__encoding encoding = field->type->encoding;
    auto length = static_cast<size_t>(string->Length());
    size_t unit = encoding == IST__UTF16 ? 2 : 1;
    size_t size = unit == 2 ? length * 2 : ist__compat::utf8_length(isolate, string);
    text = static_cast<char *>(ist__calloc(1, size + unit));
    if (!text) return ist__throw(site, IST_RANGE_ERROR, "out of memory");
    if (unit == 2) {
      ist__compat::write_two_byte(isolate, string, reinterpret_cast<uint16_t *>(text), 0,
                                  static_cast<uint32_t>(length));
    } else if (encoding == IST__LATIN1 && string->ContainsOnlyOneByte()) {
      size = length;
      ist__compat::write_one_byte(isolate, string, reinterpret_cast<uint8_t *>(text), 0,
                                  static_cast<uint32_t>(length));
      text[length] = 0;
    } else if (encoding == IST__LATIN1) {
      ist__free(text);
      return ist__throw_expected(site, IST_RANGE_ERROR, "a string of Latin-1 characters", value);
    } else {
      size = ist__compat::write_utf8(isolate, string, text, size);
    }
    if (ist__text_bounded(encoding, text, size / unit) < size / unit) {
      ist__free(text);
      return ist__throw(site, IST_TYPE_ERROR, "expected a string without NUL characters");
    }
  }
  ist__pin *pin = pin_for(wrap, field, base);
  if (!pin) {
    ist__free(text);
    return ist__throw(site, IST_RANGE_ERROR, "out of memory");
  }
  memcpy(base + field->offset, &text, sizeof text);
  ist__free(pin->text);
  pin->text = text;
  return true;
}

bool ist__pin_ref(const ist__site &site, ist__wrap *wrap, const ist__field *field, uint8_t *base,
                  Local<Value> value) {
  ist__wrap *given = ist__wrap_of(value);
  void *address = nullptr;
  if (!may_pin(site, wrap)) return false;
  if (!value->IsNull()) {
    if (!given || given->type != field->type->to) {
      return ist__throw_expected(site, IST_TYPE_ERROR, field->type->to->name, value);
    }
    bool read_only = field->type->is_const;
    if (read_only ? !ist__wrap_live(site, given) : !ist__wrap_writable(site, given)) return false;
    address = given->address;
  }
  ist__pin *pin = pin_for(wrap, field, base);
  if (!pin || !keep_object(site.bridge, wrap, pin, value)) {
    return ist__throw(site, IST_RANGE_ERROR, "out of memory");
  }
  pin->owner = address ? given->owner : nullptr;
  pin->start = static_cast<uint8_t *>(address);
  memcpy(base + field->offset, &address, sizeof address);
  return true;
}

static bool pins_check(ist__call *call, const ist__site &site, ist__wrap *wrap, ist__wrap *root,
                       int depth);

/* C may follow a pointer to another struct, and that one's pointers. */
bool ist__pins_check(ist__call *call, const ist__site &site, ist__wrap *wrap) {
  return !wrap->type->pointers || pins_check(call, site, wrap, ist__wrap_root(wrap), 0);
}

/* What C can reach stays as it is while C runs. */
static bool follow(ist__call *call, const ist__site &site, ist__owner *owner, int depth) {
  enum { MOST = 1000 };
  auto *wrap = static_cast<ist__wrap *>(owner->wrapper);
  if (!ist__call_enter(call, site, owner)) return false;
  if (!wrap || !wrap->type->pointers || wrap->checking) return true;
  if (depth == MOST) {
    return ist__throw(site, IST_RANGE_ERROR, "points to structs more than %d deep", MOST);
  }
  wrap->checking = true;
  bool ok = pins_check(call, site, wrap, wrap, depth + 1);
  wrap->checking = false;
  return ok;
}

/* What points nowhere has no elements. */
bool ist__lengths_check(const ist__site &site, const ist__type *type, const uint8_t *base) {
  if (!ist__holds_pointers(type)) return true;
  if (type->kind == IST__ARRAY) {
    for (size_t i = 0; i < type->count; i++) {
      if (!ist__lengths_check(site, type->to, base + i * type->to->size)) return false;
    }
    return true;
  }
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i];
    ist__site inner = site;
    ist__place place = {site.place, field->name, 0};
    inner.place = &place;
    if (field->type->kind == IST__STRUCT || field->type->kind == IST__ARRAY) {
      if (!ist__lengths_check(inner, field->type, base + field->offset)) return false;
      continue;
    }
    if (field->type->kind != IST__POINTER || field->len < 0) continue;
    void *now;
    memcpy(&now, base + field->offset, sizeof now);
    if (now || ist__length_load(ist__length_field(type, field), base) <= 0) continue;
    return ist__throw(inner, IST_RANGE_ERROR, "is null, but its length is not 0");
  }
  return true;
}

static bool pins_check(ist__call *call, const ist__site &site, ist__wrap *wrap, ist__wrap *root,
                       int depth) {
  ist__site inner = site;
  ist__place place = {site.place, nullptr, 0};
  inner.place = &place;
  for (const ist__pin *pin = root->pins; pin; pin = pin->next) {
    const ist__field *field = pin->field;
    place.name = field->name;
    if (field->type->kind == IST__REF && pin->owner) {
      void *now;
      memcpy(&now, pin->base + field->offset, sizeof now);
      if (now != pin->start) continue;
      if (pin->owner->state == IST__LIVE) {
        if (!follow(call, inner, pin->owner, depth)) return false;
        continue;
      }
      ist__fault fault;
      ist__owner_fault(pin->owner, &fault);
      return ist__throw(inner, IST_PLAIN_ERROR, "%s", fault.text);
    }
    if (field->type->kind != IST__POINTER || field->len < 0) continue;
    int64_t available = pinned_elements(pin);
    __int128 count = ist__length_load(pin->length, pin->base);
    if (available >= 0 && count > 0 && pin_detached(site.bridge, root, pin)) {
      return ist__throw(inner, IST_TYPE_ERROR, "the buffer is detached");
    }
    if (available >= 0 && count > available) {
      return ist__throw(inner, IST_RANGE_ERROR, "expected at least %lld elements, got %lld",
                        static_cast<long long>(count), static_cast<long long>(available));
    }
  }
  return root->owner->kind == IST__BORROWED || ist__lengths_check(site, wrap->type, wrap->address);
}

/* Whether JavaScript may store this count beside a pointer. */
bool ist__length_allowed(const ist__site &site, ist__wrap *wrap, const ist__field *field,
                         __int128 before) {
  const ist__type *type = wrap->type;
  auto index = static_cast<int32_t>(field - type->fields);
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *pointer = &type->fields[i];
    if (pointer->len != index || pointer->type->kind != IST__POINTER) continue;
    void *now;
    memcpy(&now, wrap->address + pointer->offset, sizeof now);
    auto available = static_cast<int64_t>(before);
    for (const ist__pin *pin = ist__wrap_root(wrap)->pins; pin; pin = pin->next) {
      if (pin->field != pointer || pin->base != wrap->address) continue;
      int64_t pinned = pinned_elements(pin);
      if (pinned >= 0) available = pinned;
    }
    __int128 count = ist__length_load(field, wrap->address);
    if (count <= available) continue;
    return ist__throw(site, IST_RANGE_ERROR, "expected at most %lld, the elements of %s, got %lld",
                      static_cast<long long>(available), pointer->name,
                      static_cast<long long>(count));
  }
  return true;
}

/* The object that JavaScript has put into a ref field at `at`, while it is what lies there. What it
 * was may be gone, and its address be another's: that is an error. */
MaybeLocal<Value> ist__pin_object(const ist__site &site, ist__wrap *wrap, const uint8_t *at,
                                  const void *address, bool *pinned) {
  ist__bridge *bridge = site.bridge;
  ist__wrap *root = ist__wrap_root(wrap);
  Local<Value> kept = v8::Undefined(bridge->isolate);
  for (const ist__pin *pin = root->pins; pin; pin = pin->next) {
    if (pin->base + pin->field->offset != at || pin->start != address || !pin->owner) continue;
    if (pin->owner->state != IST__LIVE) {
      ist__fault fault;
      ist__owner_fault(pin->owner, &fault);
      ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
      return {};
    }
    Local<Object> whole = root->object.Get(bridge->isolate);
    *pinned = !whole.IsEmpty() &&
              whole->GetPrivate(bridge->isolate->GetCurrentContext(), kept_name(bridge, root, pin))
                  .ToLocal(&kept) &&
              ist__wrap_of(kept);
    break;
  }
  return kept;
}
