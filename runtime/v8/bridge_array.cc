/* Views of the arrays in structs: elements by index, a length, iteration, and copies.
 *
 * A view keeps its container's object alive and ends with its record. An index beyond the end reads
 * as undefined, and cannot be written. */
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
  return ist__part_get(site, wrap, object, of, wrap->address + index * of->size);
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
  } else if (ist__wrap_writable(site, wrap)) {
    auto *copy = static_cast<uint8_t *>(ist__calloc(1, of->size + 1));
    bool ok = copy != nullptr;
    if (ok && of->kind == IST__STRUCT) {
      ok = ist__lower_struct(nullptr, site, of, value, copy, wrap);
    } else if (ok && of->kind == IST__ARRAY) {
      ok = ist__lower_array(nullptr, site, of, value, copy, wrap);
    } else if (ok) {
      ok = ist__lower_scalar(site, of, value, copy);
    }
    if (ok && ist__wrap_live(site, wrap)) memcpy(wrap->address + index * of->size, copy, of->size);
    ist__free(copy);
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

void ist__array_callbacks(ist__references *to) {
  to->add(index_get);
  to->add(index_set);
  to->add(index_query);
  to->add(index_delete);
  to->add(index_enumerate);
  to->add(array_length);
  to->add(array_to_array);
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
