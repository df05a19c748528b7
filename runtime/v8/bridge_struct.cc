/* Structs as JavaScript sees them: classes whose instances own native memory, accessors that read
 * and write that memory itself, views of nested structs, and plain copies.
 *
 * A view keeps its container's object alive and ends with its record. A pointer field is set from
 * branded objects only, which are pinned. */
#include "bridge_internal.h"

#include <stdio.h>

using v8::FunctionCallbackInfo;
using v8::FunctionTemplate;
using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::Value;

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

/* Structs behind a pointer, seen where they are, or copied to plain objects. */
static MaybeLocal<Value> lift_structs(const ist__site &site, const ist__type *of, uint8_t *data,
                                      size_t count, ist__wrap *wrap, Local<Object> object) {
  Isolate *isolate = site.bridge->isolate;
  Local<v8::Context> context = isolate->GetCurrentContext();
  const size_t most = static_cast<size_t>(1) << 24;
  if (count > most) {
    ist__throw(site, IST_RANGE_ERROR, "expected at most %zu elements, got %zu", most, count);
    return {};
  }
  Local<v8::Array> array = v8::Array::New(isolate, static_cast<int>(count));
  for (size_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate);
    uint8_t *at = data + i * of->size;
    Local<Object> view;
    Local<Value> element;
    if (wrap) {
      if (!ist__wrap_view(site.bridge, context, of, object, wrap, at).ToLocal(&view)) return {};
      ist__wrap_of(view)->frozen = true;
      element = view;
    } else if (!ist__plain(site, of, at, false).ToLocal(&element)) {
      return {};
    }
    if (array->CreateDataProperty(context, static_cast<uint32_t>(i), element).IsNothing())
      return {};
  }
  return array.As<Value>();
}

static MaybeLocal<Value> lift_counted(const ist__site &site, const ist__type *type,
                                      const ist__field *field, const uint8_t *base,
                                      ist__wrap *wrap = nullptr, Local<Object> object = {}) {
  const void *data;
  memcpy(&data, base + field->offset, sizeof data);
  if (!data) return v8::Null(site.bridge->isolate).As<Value>();
  __int128 count = ist__length_load(ist__length_field(type, field), base);
  if (count < 0) count = 0;
  if (field->text != IST__BYTES) {
    Local<v8::String> string;
    if (!ist__lift_text(site, field->text, data, static_cast<size_t>(count)).ToLocal(&string))
      return {};
    return string.As<Value>();
  }
  const ist__type *of = field->type->to;
  if (of->kind == IST__STRUCT)
    return lift_structs(site, of, static_cast<uint8_t *>(const_cast<void *>(data)),
                        static_cast<size_t>(count), wrap, object);
  if (!ist__is_scalar(of) && of->kind != IST__VOID)
    return v8::Undefined(site.bridge->isolate).As<Value>();
  return ist__array_copy(site, of, data, static_cast<size_t>(count));
}

/* A part of `wrap`'s memory as a value. */
MaybeLocal<Value> ist__part_get(const ist__site &site, ist__wrap *wrap, Local<Object> object,
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
    bool pinned = false;
    Local<Value> kept;
    if (!ist__pin_object(site, wrap, at, address, &pinned).ToLocal(&kept)) return {};
    if (pinned) return kept;
    bool made;
    ist__owner *owner = ist__borrow(site.bridge, type, address, &made);
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

static bool shown(const ist__field *field) {
  return field->type->kind != IST__CALLBACK && !field->value &&
         !(field->type->kind == IST__POINTER && field->len < 0);
}

MaybeLocal<Value> ist__field_get(const ist__site &site, ist__wrap *wrap, Local<Object> object,
                                 const ist__field *field) {
  const ist__field *member;
  const ist__type *type = wrap->type;
  uint8_t *base = wrap->address;
  if (!ist__field_there(type, field, base, &member)) {
    ist__throw_absent(site, type, field, base);
    return {};
  }
  const ist__field *part = member ? member : field;
  if (member) {
    type = field->type;
    base += field->offset;
  }
  if (!shown(part)) return v8::Undefined(site.bridge->isolate).As<Value>();
  if (part->bit_width) return lift_bits(site, part, base);
  if (part->type->kind == IST__POINTER) return lift_counted(site, type, part, base, wrap, object);
  MaybeLocal<Value> value = ist__part_get(site, wrap, object, part->type, base + part->offset);
  Local<Value> made;
  ist__wrap *view = value.ToLocal(&made) ? ist__wrap_of(made) : nullptr;
  if (view && view->view && view->owner == wrap->owner) {
    view->frozen = view->frozen || field->readonly;
    if (field->tag >= 0) {
      view->guard_type = wrap->type;
      view->guard = field;
      view->guard_member = member;
      view->guard_base = wrap->address;
    }
  }
  return value;
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
  if (!wrap || !ist__wrap_writable(site, wrap)) return;
  bool number = ist__is_scalar(field->type) && field->type->kind == IST__INT && of->type->pointers;
  __int128 before = number ? ist__length_load(field, wrap->address) : 0;
  Local<Value> value = info.Length() ? info[0] : v8::Undefined(info.GetIsolate()).As<Value>();
  const ist__field *member;
  if (!ist__field_there(of->type, field, wrap->address, &member)) {
    ist__throw_absent(site, of->type, field, wrap->address);
    return;
  }
  const ist__type *type = member ? member->type : field->type;
  if (type->kind == IST__STRUCT || (type->kind == IST__ARRAY && type->encoding == IST__BYTES)) {
    /* Reading the literal may run user code, and may fail halfway: the memory changes at the end,
     * if it still lives. */
    if (!ist__holds_pointers(type)) {
      auto *copy = static_cast<uint8_t *>(ist__calloc(1, type->size + 1));
      bool ok = copy && (type->kind == IST__STRUCT
                             ? ist__lower_struct(nullptr, site, type, value, copy, wrap)
                             : ist__lower_array(nullptr, site, type, value, copy, wrap));
      const ist__field *now;
      if (ok && ist__wrap_live(site, wrap) &&
          (!ist__field_there(of->type, field, wrap->address, &now) || now != member)) {
        ist__throw_absent(site, of->type, field, wrap->address);
      } else if (ok && ist__wrap_live(site, wrap)) {
        uint8_t *to = wrap->address + field->offset;
        if (member) memset(to, 0, field->type->size);
        memcpy(member ? to + member->offset : to, copy, type->size);
      }
      ist__free(copy);
    } else {
      ist__throw(site, IST_TYPE_ERROR, "holds pointers: set its fields one by one");
    }
    return;
  }
  if (!ist__field_set(site, wrap, field, value)) return;
  if (number && !ist__length_allowed(site, wrap, field, before)) {
    ist__length_store(field, wrap->address, static_cast<size_t>(before));
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

MaybeLocal<Value> ist__plain_struct(const ist__site &site, const ist__type *type,
                                    const uint8_t *from, bool json) {
  Isolate *isolate = site.bridge->isolate;
  Local<v8::Context> context = isolate->GetCurrentContext();
  Local<Object> object = Object::New(isolate);
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i], *member;
    MaybeLocal<Value> maybe;
    if (!ist__field_there(type, field, from, &member)) continue;
    const ist__field *part = member ? member : field;
    const uint8_t *base = member ? from + field->offset : from;
    if (!shown(part) || part->type->kind == IST__REF) continue;
    if (part->bit_width) {
      maybe = plain_number(site, lift_bits(site, part, base), json);
    } else if (part->type->kind == IST__POINTER) {
      maybe = lift_counted(site, member ? field->type : type, part, base);
    } else {
      maybe = ist__plain(site, part->type, base + part->offset, json);
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

void ist__struct_callbacks(ist__references *to) {
  to->add(get_field);
  to->add(get_nothing);
  to->add(set_field);
  to->add(to_json);
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
  ist__type_prepare(of->type, wrap->address);
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
