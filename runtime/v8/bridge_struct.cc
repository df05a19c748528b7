/* Structs as JavaScript sees them: classes whose instances own native memory, accessors that read
 * and write that memory itself, views of nested structs and arrays, and what pointer fields hold
 * alive.
 *
 * A view keeps its container's object alive and dies with its record. A pointer field is set from
 * branded objects only; what it points to is pinned beside the struct and checked before each call
 * that takes the struct. */
#include "bridge_internal.h"

#include <stdio.h>

using v8::FunctionCallbackInfo;
using v8::FunctionTemplate;
using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::PropertyCallbackInfo;
using v8::Value;

/* ---- pins ---- */

/* Pins stand with the whole struct, not with a view of a part of it. */
static ist__wrap *root_of(ist__wrap *wrap) {
  auto *root = static_cast<ist__wrap *>(wrap->owner->wrapper);
  return root ? root : wrap;
}

/* Pointers can be set only in memory of ours: C would keep its own longer than the object lives. */
static bool may_pin(const ist__site &site, const ist__wrap *wrap) {
  const ist__owner *owner = wrap->owner;
  if (owner->kind == IST__MEMORY || owner->kind == IST__LENT || owner->type->inline_memory)
    return true;
  return ist__throw(site, IST_TYPE_ERROR, "cannot be set: the %s is C's own", owner->type->name);
}

static ist__pin *pin_for(ist__wrap *wrap, const ist__field *field, uint8_t *base) {
  ist__wrap *root = root_of(wrap);
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
  ist__wrap *root = root_of(wrap);
  Isolate *isolate = bridge->isolate;
  Local<Object> object = root->object.Get(isolate);
  if (object.IsEmpty()) return false;
  return object->SetPrivate(isolate->GetCurrentContext(), kept_name(bridge, root, pin), value)
      .FromMaybe(false);
}

static const ist__field *length_of(const ist__type *type, const ist__field *field) {
  return &type->fields[field->len];
}

static __int128 load_length(const ist__field *length, const uint8_t *base) {
  if (length->bit_width) return static_cast<int64_t>(ist__bits_load(length, base));
  return ist__scalar_load(length->type, base + length->offset).i;
}

static void store_length(const ist__field *length, uint8_t *base, size_t count) {
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
  const ist__field *length = length_of(type, field);
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
  store_length(length, base, count);
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
    text = static_cast<char *>(calloc(1, size + unit));
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
      free(text);
      return ist__throw_expected(site, IST_RANGE_ERROR, "a string of Latin-1 characters", value);
    } else {
      size = ist__compat::write_utf8(isolate, string, text, size);
    }
    if (ist__text_bounded(encoding, text, size / unit) < size / unit) {
      free(text);
      return ist__throw(site, IST_TYPE_ERROR, "expected a string without NUL characters");
    }
  }
  ist__pin *pin = pin_for(wrap, field, base);
  if (!pin) {
    free(text);
    return ist__throw(site, IST_RANGE_ERROR, "out of memory");
  }
  memcpy(base + field->offset, &text, sizeof text);
  free(pin->text);
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
    if (!ist__wrap_live(site, given)) return false;
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

static bool pins_check(const ist__site &site, ist__wrap *wrap, ist__wrap *root, int depth);

/* C may follow a pointer to another struct, and that one's pointers. */
bool ist__pins_check(const ist__site &site, ist__wrap *wrap) {
  return !wrap->type->pointers || pins_check(site, wrap, root_of(wrap), 0);
}

static bool follow(const ist__site &site, ist__wrap *wrap, int depth) {
  enum { MOST = 1000 };
  if (!wrap || !wrap->type->pointers || wrap->checking) return true;
  if (depth == MOST)
    return ist__throw(site, IST_RANGE_ERROR, "points to structs more than %d deep", MOST);
  wrap->checking = true;
  bool ok = pins_check(site, wrap, wrap, depth + 1);
  wrap->checking = false;
  return ok;
}

/* What points nowhere has no elements. */
static bool lengths_check(const ist__site &site, const ist__type *type, const uint8_t *base) {
  if (!ist__holds_pointers(type)) return true;
  if (type->kind == IST__ARRAY) {
    for (size_t i = 0; i < type->count; i++) {
      if (!lengths_check(site, type->to, base + i * type->to->size)) return false;
    }
    return true;
  }
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i];
    ist__site inner = site;
    ist__place place = {site.place, field->name, 0};
    inner.place = &place;
    if (field->type->kind == IST__STRUCT || field->type->kind == IST__ARRAY) {
      if (!lengths_check(inner, field->type, base + field->offset)) return false;
      continue;
    }
    if (field->type->kind != IST__POINTER || field->len < 0) continue;
    void *now;
    memcpy(&now, base + field->offset, sizeof now);
    if (now || load_length(length_of(type, field), base) <= 0) continue;
    return ist__throw(inner, IST_RANGE_ERROR, "is null, but its length is not 0");
  }
  return true;
}

static bool pins_check(const ist__site &site, ist__wrap *wrap, ist__wrap *root, int depth) {
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
        if (!follow(inner, static_cast<ist__wrap *>(pin->owner->wrapper), depth)) return false;
        continue;
      }
      ist__fault fault;
      ist__owner_fault(pin->owner, &fault);
      return ist__throw(inner, IST_PLAIN_ERROR, "%s", fault.text);
    }
    if (field->type->kind != IST__POINTER || field->len < 0) continue;
    int64_t available = pinned_elements(pin);
    __int128 count = load_length(pin->length, pin->base);
    if (available >= 0 && count > 0 && pin_detached(site.bridge, root, pin)) {
      return ist__throw(inner, IST_TYPE_ERROR, "the buffer is detached");
    }
    if (available >= 0 && count > available) {
      return ist__throw(inner, IST_RANGE_ERROR, "expected at least %lld elements, got %lld",
                        static_cast<long long>(count), static_cast<long long>(available));
    }
  }
  return root->owner->kind == IST__BORROWED || lengths_check(site, wrap->type, wrap->address);
}

/* Whether JavaScript may store this count beside a pointer. */
static bool length_allowed(const ist__site &site, ist__wrap *wrap, const ist__field *field,
                           __int128 before) {
  const ist__type *type = wrap->type;
  auto index = static_cast<int32_t>(field - type->fields);
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *pointer = &type->fields[i];
    if (pointer->len != index || pointer->type->kind != IST__POINTER) continue;
    void *now;
    memcpy(&now, wrap->address + pointer->offset, sizeof now);
    int64_t available = now ? static_cast<int64_t>(before) : INT64_MAX;
    for (const ist__pin *pin = root_of(wrap)->pins; pin; pin = pin->next) {
      if (pin->field != pointer || pin->base != wrap->address) continue;
      int64_t pinned = pinned_elements(pin);
      if (pinned >= 0) available = pinned;
    }
    __int128 count = load_length(field, wrap->address);
    if (count <= available) continue;
    return ist__throw(site, IST_RANGE_ERROR, "expected at most %lld, the elements of %s, got %lld",
                      static_cast<long long>(available), pointer->name,
                      static_cast<long long>(count));
  }
  return true;
}

/* ---- fields ---- */

static MaybeLocal<Value> lift_bits(const ist__site &site, const ist__field *field,
                                   const uint8_t *base) {
  uint64_t bits = ist__bits_load(field, base);
  return ist__lift_scalar(site, field->type, &bits);
}

static MaybeLocal<Value> lift_string(const ist__site &site, const ist__type *type,
                                     const uint8_t *from) {
  const void *text;
  memcpy(&text, from, sizeof text);
  if (!text) return v8::Null(site.bridge->isolate).As<Value>();
  Local<v8::String> string;
  if (!ist__lift_text(site, type->encoding, text, ist__text_length(type->encoding, text))
           .ToLocal(&string)) {
    return {};
  }
  return string.As<Value>();
}

static MaybeLocal<Value> lift_array_text(const ist__site &site, const ist__type *type,
                                         const uint8_t *from) {
  Local<v8::String> string;
  size_t units = ist__text_bounded(type->encoding, from, type->count);
  if (!ist__lift_text(site, type->encoding, from, units).ToLocal(&string)) return {};
  return string.As<Value>();
}

static MaybeLocal<Value> lift_counted(const ist__site &site, const ist__type *type,
                                      const ist__field *field, const uint8_t *base) {
  const void *data;
  memcpy(&data, base + field->offset, sizeof data);
  if (!data) return v8::Null(site.bridge->isolate).As<Value>();
  __int128 count = load_length(length_of(type, field), base);
  if (count < 0) count = 0;
  if (field->text != IST__BYTES) {
    Local<v8::String> string;
    if (!ist__lift_text(site, field->text, data, static_cast<size_t>(count)).ToLocal(&string))
      return {};
    return string.As<Value>();
  }
  const ist__type *of = field->type->to;
  if (!ist__is_scalar(of) && of->kind != IST__VOID)
    return v8::Undefined(site.bridge->isolate).As<Value>();
  return ist__array_copy(site, of, data, static_cast<size_t>(count));
}

/* A part of `wrap`'s memory as a value. */
static MaybeLocal<Value> part_get(const ist__site &site, ist__wrap *wrap, Local<Object> object,
                                  const ist__type *type, uint8_t *at) {
  Isolate *isolate = site.bridge->isolate;
  Local<Object> view;
  switch (type->kind) {
  case IST__ARRAY:
    if (type->encoding != IST__BYTES) return lift_array_text(site, type, at);
    [[fallthrough]];
  case IST__STRUCT:
    if (!ist__wrap_view(site.bridge, isolate->GetCurrentContext(), type, object, wrap, at)
             .ToLocal(&view)) {
      return {};
    }
    return view.As<Value>();
  case IST__STRING: return lift_string(site, type, at);
  case IST__REF: {
    void *address;
    memcpy(&address, at, sizeof address);
    if (!address) return v8::Null(isolate).As<Value>();
    ist__domain *domain = site.bridge->domain;
    ist__wrap *root = root_of(wrap);
    for (const ist__pin *pin = root->pins; pin; pin = pin->next) {
      /* What JavaScript has put there may be gone, and its address be another's. */
      if (pin->base + pin->field->offset != at || pin->start != address || !pin->owner) continue;
      if (pin->owner->state != IST__LIVE) {
        ist__fault fault;
        ist__owner_fault(pin->owner, &fault);
        ist__throw(site, IST_PLAIN_ERROR, "%s", fault.text);
        return {};
      }
      Local<Value> kept;
      Local<Object> whole = root->object.Get(isolate);
      if (!whole.IsEmpty() &&
          whole->GetPrivate(isolate->GetCurrentContext(), kept_name(site.bridge, root, pin))
              .ToLocal(&kept) &&
          ist__wrap_of(kept)) {
        return kept;
      }
    }
    ist__owner *owner = ist__owner_find(domain, type->to, address);
    bool made = !owner;
    if (made) {
      owner = ist__owner_new(domain, type->to, address, IST__BORROWED, nullptr);
    }
    if (owner && owner->kind == IST__BORROWED) ist__owner_keep(owner, wrap->owner);
    if (!owner ||
        !ist__wrap_owner(site.bridge, isolate->GetCurrentContext(), owner).ToLocal(&view)) {
      if (owner && made && !owner->wrapper) ist__owner_forget(owner);
      return {};
    }
    if (made) view->SetInternalField(IST_FIELD_CONTAINER, object);
    return view.As<Value>();
  }
  default: return ist__lift_scalar(site, type, at);
  }
}

MaybeLocal<Value> ist__field_get(const ist__site &site, ist__wrap *wrap, Local<Object> object,
                                 const ist__field *field) {
  if (field->bit_width) return lift_bits(site, field, wrap->address);
  if (field->type->kind == IST__POINTER)
    return lift_counted(site, wrap->type, field, wrap->address);
  return part_get(site, wrap, object, field->type, wrap->address + field->offset);
}

static ist__wrap *receiver(const ist__site &site, const ist__type *type, Local<Value> value) {
  ist__wrap *wrap = ist__wrap_of(value);
  if (!wrap || wrap->type != type) {
    char expected[96];
    snprintf(expected, sizeof expected, "this to be %s %s", ist__article(type->name), type->name);
    ist__throw_expected(site, IST_TYPE_ERROR, expected, value);
    return nullptr;
  }
  return ist__wrap_live(site, wrap) ? wrap : nullptr;
}

static void get_field(const FunctionCallbackInfo<Value> &info) {
  auto *accessor = static_cast<ist__accessor *>(ist__compat::external_value(info.Data()));
  ist__class *of = accessor->owner;
  ist__place place = {nullptr, accessor->field->name, 0};
  ist__site site = {of->bridge, of->lib->library, of->label, &place, nullptr, nullptr, true};
  ist__wrap *wrap = receiver(site, of->type, info.This());
  Local<Value> value;
  if (wrap && ist__field_get(site, wrap, info.This(), accessor->field).ToLocal(&value)) {
    info.GetReturnValue().Set(value);
  }
}

/* An opaque field is there, and says nothing. */
static void get_nothing(const FunctionCallbackInfo<Value> &) {}

static void set_field(const FunctionCallbackInfo<Value> &info) {
  auto *accessor = static_cast<ist__accessor *>(ist__compat::external_value(info.Data()));
  ist__class *of = accessor->owner;
  const ist__field *field = accessor->field;
  ist__place place = {nullptr, field->name, 0};
  ist__site site = {of->bridge, of->lib->library, of->label, &place, nullptr, nullptr, true};
  ist__wrap *wrap = receiver(site, of->type, info.This());
  if (!wrap) return;
  bool number = ist__is_scalar(field->type) && field->type->kind == IST__INT && of->type->pointers;
  __int128 before = number ? load_length(field, wrap->address) : 0;
  Local<Value> value = info.Length() ? info[0] : v8::Undefined(info.GetIsolate()).As<Value>();
  if (field->type->kind == IST__STRUCT ||
      (field->type->kind == IST__ARRAY && field->type->encoding == IST__BYTES)) {
    /* Reading the literal may run user code, and may fail halfway: the memory changes at the end,
     * if it still lives. */
    const ist__type *type = field->type;
    if (!ist__holds_pointers(type)) {
      auto *copy = static_cast<uint8_t *>(calloc(1, type->size + 1));
      bool ok = copy && (type->kind == IST__STRUCT
                             ? ist__lower_struct(nullptr, site, type, value, copy, wrap)
                             : ist__lower_array(nullptr, site, type, value, copy, wrap));
      if (ok && ist__wrap_live(site, wrap)) memcpy(wrap->address + field->offset, copy, type->size);
      free(copy);
    } else {
      ist__throw(site, IST_TYPE_ERROR, "holds pointers: set its fields one by one");
    }
    return;
  }
  if (!ist__field_set(site, wrap, field, value)) return;
  if (number && !length_allowed(site, wrap, field, before)) {
    store_length(field, wrap->address, static_cast<size_t>(before));
  }
}

/* ---- plain values ---- */

static MaybeLocal<Value> plain_number(const ist__site &site, MaybeLocal<Value> maybe, bool json) {
  Local<Value> value;
  if (!maybe.ToLocal(&value)) return {};
  if (!json || !value->IsBigInt()) return value;
  Local<v8::String> text;
  if (!value->ToString(site.bridge->isolate->GetCurrentContext()).ToLocal(&text)) return {};
  return text.As<Value>();
}

MaybeLocal<Value> ist__plain(const ist__site &site, const ist__type *type, const uint8_t *from,
                             bool json) {
  Isolate *isolate = site.bridge->isolate;
  switch (type->kind) {
  case IST__STRUCT: return ist__plain_struct(site, type, from, json);
  case IST__STRING: return lift_string(site, type, from);
  case IST__ARRAY: {
    if (type->encoding != IST__BYTES) return lift_array_text(site, type, from);
    Local<v8::Array> array = v8::Array::New(isolate, static_cast<int>(type->count));
    for (size_t i = 0; i < type->count; i++) {
      v8::HandleScope scope(isolate);
      Local<Value> element;
      if (!ist__plain(site, type->to, from + i * type->to->size, json).ToLocal(&element) ||
          array->CreateDataProperty(isolate->GetCurrentContext(), static_cast<uint32_t>(i), element)
              .IsNothing()) {
        return {};
      }
    }
    return array.As<Value>();
  }
  default: return plain_number(site, ist__lift_scalar(site, type, from), json);
  }
}

static bool shown(const ist__field *field) {
  return field->type->kind != IST__CALLBACK &&
         !(field->type->kind == IST__POINTER && field->len < 0);
}

MaybeLocal<Value> ist__plain_struct(const ist__site &site, const ist__type *type,
                                    const uint8_t *from, bool json) {
  Isolate *isolate = site.bridge->isolate;
  Local<v8::Context> context = isolate->GetCurrentContext();
  Local<Object> object = Object::New(isolate);
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i];
    MaybeLocal<Value> maybe;
    if (!shown(field) || field->type->kind == IST__REF) continue;
    if (field->bit_width) {
      maybe = plain_number(site, lift_bits(site, field, from), json);
    } else if (field->type->kind == IST__POINTER) {
      maybe = lift_counted(site, type, field, from);
    } else {
      maybe = ist__plain(site, field->type, from + field->offset, json);
    }
    Local<Value> value;
    if (!maybe.ToLocal(&value) ||
        object->CreateDataProperty(context, ist__text_of(isolate, field->name), value)
            .IsNothing()) {
      return {};
    }
  }
  return object.As<Value>();
}

/* ---- classes ---- */

static void to_json(const FunctionCallbackInfo<Value> &info) {
  auto *of = static_cast<ist__class *>(ist__compat::external_value(info.Data()));
  ist__site site = {of->bridge, of->lib->library, of->label, nullptr};
  ist__wrap *wrap = receiver(site, of->type, info.This());
  Local<Value> value;
  if (wrap && ist__plain_struct(site, of->type, wrap->address, true).ToLocal(&value)) {
    info.GetReturnValue().Set(value);
  }
}

/* The accessors of a struct's or handle's fields, on its prototype. */
void ist__struct_members(ist__class *of, Local<FunctionTemplate> shape) {
  Isolate *isolate = of->bridge->isolate;
  const ist__type *type = of->type;
  Local<v8::ObjectTemplate> prototype = shape->PrototypeTemplate();
  Local<v8::Signature> any;
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i];
    Local<v8::Name> name = ist__text_of(isolate, field->name);
    of->names[i].Reset(isolate, name);
    of->accessors[i] = {of, field};
    Local<v8::External> data = ist__compat::external_new(isolate, &of->accessors[i]);
    Local<FunctionTemplate> getter = FunctionTemplate::New(
        isolate, shown(field) ? get_field : get_nothing, data, any, 0,
        v8::ConstructorBehavior::kThrow, v8::SideEffectType::kHasNoSideEffect);
    Local<FunctionTemplate> setter;
    bool writable = type->kind == IST__STRUCT || type->inline_memory;
    if (writable && shown(field) && !field->readonly) {
      setter =
          FunctionTemplate::New(isolate, set_field, data, any, 1, v8::ConstructorBehavior::kThrow);
    }
    prototype->SetAccessorProperty(name, getter, setter);
  }
  prototype->Set(v8::Symbol::GetToStringTag(isolate), ist__text_of(isolate, type->name),
                 static_cast<v8::PropertyAttribute>(v8::DontEnum | v8::ReadOnly));
  if (type->kind == IST__STRUCT) {
    Local<v8::External> data = ist__compat::external_new(isolate, of);
    prototype->Set(
        ist__text_of(isolate, "toJSON"),
        FunctionTemplate::New(isolate, to_json, data, any, 0, v8::ConstructorBehavior::kThrow),
        v8::DontEnum);
  }
}

void ist__struct_construct(const FunctionCallbackInfo<Value> &info) {
  auto *of = static_cast<ist__class *>(ist__compat::external_value(info.Data()));
  ist__site site = {of->bridge, of->lib->library, of->label, nullptr};
  if (!info.IsConstructCall()) {
    ist__throw(site, IST_TYPE_ERROR, "a class is called with new");
    return;
  }
  if (of->bridge->forgotten && !of->bridge->top) ist__bridge_drain(of->bridge);
  ist__owner *owner = ist__owner_new(of->bridge->domain, of->type, nullptr, IST__MEMORY, nullptr);
  ist__wrap *wrap = owner ? ist__wrap_attach(of->bridge, info.This(), of->type, owner) : nullptr;
  if (!wrap) {
    if (owner) ist__owner_forget(owner);
    ist__throw(site, IST_RANGE_ERROR, "out of memory");
    return;
  }
  if (info.Length() && !info[0]->IsUndefined()) {
    ist__lower_struct(nullptr, site, of->type, info[0], wrap->address, wrap);
  }
}

MaybeLocal<Object> ist__struct_copy(const ist__site &site, Local<v8::Context> context,
                                    const ist__type *type, const void *from) {
  ist__owner *owner = ist__owner_new(site.bridge->domain, type, nullptr, IST__MEMORY, nullptr);
  if (!owner) {
    ist__throw(site, IST_RANGE_ERROR, "out of memory");
    return {};
  }
  memcpy(owner->address, from, type->size);
  MaybeLocal<Object> object = ist__wrap_owner(site.bridge, context, owner);
  if (object.IsEmpty()) ist__owner_forget(owner);
  return object;
}

/* ---- arrays ---- */

void ist__view_path(const ist__wrap *view, char *text, size_t size) {
  const ist__type *at = view->owner->type;
  auto offset = static_cast<size_t>(view->address - static_cast<uint8_t *>(view->owner->address));
  auto used = static_cast<size_t>(snprintf(text, size, "%s.%s", at->library->name, at->name));
  while (at != view->type && used < size) {
    if (at->kind == IST__ARRAY) {
      size_t index = at->to->size ? offset / at->to->size : 0;
      used += static_cast<size_t>(snprintf(text + used, size - used, "[%zu]", index));
      offset -= index * at->to->size;
      at = at->to;
      continue;
    }
    const ist__field *inside = nullptr;
    for (size_t i = 0; i < at->field_count && !inside; i++) {
      const ist__field *field = &at->fields[i];
      bool nested = field->type->kind == IST__STRUCT || field->type->kind == IST__ARRAY;
      if (nested && !field->bit_width && offset >= field->offset &&
          offset < field->offset + field->type->size) {
        inside = field;
      }
    }
    if (!inside) return;
    used += static_cast<size_t>(snprintf(text + used, size - used, ".%s", inside->name));
    offset -= inside->offset;
    at = inside->type;
  }
}

static ist__site array_site(const ist__wrap *wrap, const ist__place *place) {
  return {wrap->bridge, wrap->type->library, wrap->type->library->name, place, wrap, nullptr, true};
}

static ist__wrap *array_of(Local<Value> value) {
  ist__wrap *wrap = ist__wrap_of(value);
  return wrap && wrap->type->kind == IST__ARRAY ? wrap : nullptr;
}

static MaybeLocal<Value> element_get(ist__wrap *wrap, Local<Object> object, uint32_t index) {
  ist__place place = {nullptr, nullptr, index};
  ist__site site = array_site(wrap, &place);
  if (!ist__wrap_live(site, wrap)) return {};
  const ist__type *of = wrap->type->to;
  return part_get(site, wrap, object, of, wrap->address + index * of->size);
}

static ist__compat::intercepted index_get(uint32_t index, const PropertyCallbackInfo<Value> &info) {
  Local<Object> object = ist__compat::holder(info);
  ist__wrap *wrap = array_of(object);
  if (!wrap || index >= wrap->type->count) IST_NOT_INTERCEPTED;
  Local<Value> value;
  if (element_get(wrap, object, index).ToLocal(&value)) info.GetReturnValue().Set(value);
  IST_INTERCEPTED;
}

static ist__compat::intercepted index_set(uint32_t index, Local<Value> value,
                                          const ist__compat::setter_info &info) {
  ist__wrap *wrap = array_of(ist__compat::holder(info));
  if (!wrap) IST_NOT_INTERCEPTED;
  ist__place place = {nullptr, nullptr, index};
  ist__site site = array_site(wrap, &place);
  const ist__type *of = wrap->type->to;
  if (index >= wrap->type->count) {
    ist__throw(site, IST_RANGE_ERROR, "is beyond the end: there are %zu elements",
               wrap->type->count);
  } else if (ist__holds_pointers(of)) {
    ist__throw(site, IST_TYPE_ERROR, "holds pointers: set its fields one by one");
  } else if (ist__wrap_live(site, wrap)) {
    auto *copy = static_cast<uint8_t *>(calloc(1, of->size + 1));
    bool ok = copy != nullptr;
    if (ok && of->kind == IST__STRUCT) {
      ok = ist__lower_struct(nullptr, site, of, value, copy, wrap);
    } else if (ok && of->kind == IST__ARRAY) {
      ok = ist__lower_array(nullptr, site, of, value, copy, wrap);
    } else if (ok) {
      ok = ist__lower_scalar(site, of, value, copy);
    }
    if (ok && ist__wrap_live(site, wrap)) memcpy(wrap->address + index * of->size, copy, of->size);
    free(copy);
  }
  IST_INTERCEPTED_SET(info, value);
}

static ist__compat::intercepted index_query(uint32_t index,
                                            const PropertyCallbackInfo<v8::Integer> &info) {
  ist__wrap *wrap = array_of(ist__compat::holder(info));
  if (!wrap || index >= wrap->type->count) IST_NOT_INTERCEPTED;
  info.GetReturnValue().Set(static_cast<int32_t>(v8::DontDelete));
  IST_INTERCEPTED;
}

static ist__compat::intercepted index_delete(uint32_t index,
                                             const PropertyCallbackInfo<v8::Boolean> &info) {
  ist__wrap *wrap = array_of(ist__compat::holder(info));
  if (!wrap || index >= wrap->type->count) IST_NOT_INTERCEPTED;
  info.GetReturnValue().Set(false);
  IST_INTERCEPTED;
}

static void index_enumerate(const PropertyCallbackInfo<v8::Array> &info) {
  ist__wrap *wrap = array_of(ist__compat::holder(info));
  if (!wrap) return;
  Isolate *isolate = info.GetIsolate();
  Local<v8::Context> context = isolate->GetCurrentContext();
  Local<v8::Array> keys = v8::Array::New(isolate, static_cast<int>(wrap->type->count));
  for (uint32_t i = 0; i < wrap->type->count; i++) {
    if (keys->CreateDataProperty(context, i, v8::Integer::NewFromUnsigned(isolate, i)).IsNothing())
      return;
  }
  info.GetReturnValue().Set(keys);
}

static ist__wrap *array_receiver(const FunctionCallbackInfo<Value> &info) {
  ist__wrap *wrap = array_of(info.This());
  if (wrap) return wrap;
  Isolate *isolate = info.GetIsolate();
  isolate->ThrowException(
      v8::Exception::TypeError(ist__text_of(isolate, "expected this to be an array of a struct")));
  return nullptr;
}

static void array_length(const FunctionCallbackInfo<Value> &info) {
  if (ist__wrap *wrap = array_receiver(info)) {
    info.GetReturnValue().Set(static_cast<double>(wrap->type->count));
  }
}

static void array_to_array(const FunctionCallbackInfo<Value> &info) {
  ist__wrap *wrap = array_receiver(info);
  if (!wrap) return;
  bool json = info.Data()->IsTrue();
  Local<v8::Context> context = info.GetIsolate()->GetCurrentContext();
  Local<Value> whole;
  if (json) {
    ist__site site = array_site(wrap, nullptr);
    if (ist__wrap_live(site, wrap) &&
        ist__plain(site, wrap->type, wrap->address, true).ToLocal(&whole)) {
      info.GetReturnValue().Set(whole);
    }
    return;
  }
  Local<v8::Array> array = v8::Array::New(info.GetIsolate(), static_cast<int>(wrap->type->count));
  for (uint32_t i = 0; i < wrap->type->count; i++) {
    v8::HandleScope scope(info.GetIsolate());
    Local<Value> element;
    if (!element_get(wrap, info.This(), i).ToLocal(&element) ||
        array->CreateDataProperty(context, i, element).IsNothing()) {
      return;
    }
  }
  info.GetReturnValue().Set(array);
}

Local<FunctionTemplate> ist__array_shape(ist__bridge *bridge) {
  Isolate *isolate = bridge->isolate;
  if (!bridge->array_shape.IsEmpty()) return bridge->array_shape.Get(isolate);
  Local<FunctionTemplate> shape = FunctionTemplate::New(isolate);
  Local<v8::Signature> any;
  auto behaviour = v8::ConstructorBehavior::kThrow;
  shape->SetClassName(ist__text_of(isolate, "StructArray"));
  shape->InstanceTemplate()->SetInternalFieldCount(IST_FIELD_COUNT);
  shape->InstanceTemplate()->SetHandler(v8::IndexedPropertyHandlerConfiguration(
      index_get, index_set, index_query, index_delete, index_enumerate));
  Local<v8::ObjectTemplate> prototype = shape->PrototypeTemplate();
  prototype->SetAccessorProperty(
      ist__text_of(isolate, "length"),
      FunctionTemplate::New(isolate, array_length, Local<Value>(), any, 0, behaviour),
      Local<FunctionTemplate>(), v8::DontEnum);
  prototype->Set(
      ist__text_of(isolate, "toArray"),
      FunctionTemplate::New(isolate, array_to_array, v8::False(isolate), any, 0, behaviour),
      v8::DontEnum);
  prototype->Set(
      ist__text_of(isolate, "toJSON"),
      FunctionTemplate::New(isolate, array_to_array, v8::True(isolate), any, 0, behaviour),
      v8::DontEnum);
  prototype->SetIntrinsicDataProperty(v8::Symbol::GetIterator(isolate), v8::kArrayProto_values,
                                      v8::DontEnum);
  bridge->array_shape.Reset(isolate, shape);
  return shape;
}
