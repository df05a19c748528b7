/* What a value is, whether two are the same, JavaScript's own conversions, and JSON. Beside them
 * what the other files about values need: the functions of a context as they were before user code,
 * and room on V8's heap. Only the conversions may run a program's code. */
#include "value.h"

namespace {

/* Where a context keeps its intrinsics, beside the slots of internal.h and of the bridge. */
enum { IST_INTRINSICS_SLOT = 34 };

/* From here on V8's heap is asked whether there is room. */
constexpr size_t LARGE = size_t{1} << 20;

/* An own property of V8's making, read without interceptors. */
v8::Local<v8::Value> real(v8::Local<v8::Context> context, v8::Local<v8::Value> object,
                          const char *name) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::Value> value = v8::Undefined(isolate);
  if (object->IsObject() && object.As<v8::Object>()
                                ->GetRealNamedProperty(context, ist__text(isolate, name))
                                .ToLocal(&value))
    return value;
  return v8::Undefined(isolate);
}

/* The function behind an accessor of V8's making. */
v8::Local<v8::Value> getter(v8::Local<v8::Context> context, v8::Local<v8::Value> object,
                            const char *name) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::Value> descriptor;
  if (object->IsObject() && object.As<v8::Object>()
                                ->GetOwnPropertyDescriptor(context, ist__text(isolate, name))
                                .ToLocal(&descriptor))
    return real(context, descriptor, "get");
  return v8::Undefined(isolate);
}

struct kind {
  bool (v8::Value::*is)() const;
  ist_class is_class;
};

/* The first that fits is it. */
const kind kinds[] = {
    {&v8::Value::IsProxy, IST_CLASS_PROXY},
    {&v8::Value::IsFunction, IST_CLASS_FUNCTION},
    {&v8::Value::IsArray, IST_CLASS_ARRAY},
    {&v8::Value::IsArrayBuffer, IST_CLASS_ARRAY_BUFFER},
    {&v8::Value::IsUint8Array, IST_CLASS_UINT8_ARRAY},
    {&v8::Value::IsInt8Array, IST_CLASS_INT8_ARRAY},
    {&v8::Value::IsUint8ClampedArray, IST_CLASS_UINT8_CLAMPED_ARRAY},
    {&v8::Value::IsInt16Array, IST_CLASS_INT16_ARRAY},
    {&v8::Value::IsUint16Array, IST_CLASS_UINT16_ARRAY},
    {&v8::Value::IsInt32Array, IST_CLASS_INT32_ARRAY},
    {&v8::Value::IsUint32Array, IST_CLASS_UINT32_ARRAY},
    {&v8::Value::IsFloat32Array, IST_CLASS_FLOAT32_ARRAY},
    {&v8::Value::IsFloat64Array, IST_CLASS_FLOAT64_ARRAY},
    {&v8::Value::IsBigInt64Array, IST_CLASS_BIGINT64_ARRAY},
    {&v8::Value::IsBigUint64Array, IST_CLASS_BIGUINT64_ARRAY},
    {&v8::Value::IsDataView, IST_CLASS_DATA_VIEW},
    {&v8::Value::IsSharedArrayBuffer, IST_CLASS_SHARED_ARRAY_BUFFER},
    {&v8::Value::IsDate, IST_CLASS_DATE},
    {&v8::Value::IsRegExp, IST_CLASS_REGEXP},
    {&v8::Value::IsNativeError, IST_CLASS_ERROR},
    {&v8::Value::IsMap, IST_CLASS_MAP},
    {&v8::Value::IsSet, IST_CLASS_SET},
    {&v8::Value::IsWeakMap, IST_CLASS_WEAK_MAP},
    {&v8::Value::IsWeakSet, IST_CLASS_WEAK_SET},
    {&v8::Value::IsPromise, IST_CLASS_PROMISE},
    {&v8::Value::IsGeneratorObject, IST_CLASS_GENERATOR},
    {&v8::Value::IsMapIterator, IST_CLASS_ITERATOR},
    {&v8::Value::IsSetIterator, IST_CLASS_ITERATOR},
    {&v8::Value::IsModuleNamespaceObject, IST_CLASS_MODULE_NAMESPACE},
    {&v8::Value::IsArgumentsObject, IST_CLASS_ARGUMENTS},
    {&v8::Value::IsNumberObject, IST_CLASS_BOXED},
    {&v8::Value::IsStringObject, IST_CLASS_BOXED},
    {&v8::Value::IsBooleanObject, IST_CLASS_BOXED},
    {&v8::Value::IsSymbolObject, IST_CLASS_BOXED},
    {&v8::Value::IsBigIntObject, IST_CLASS_BOXED},
    {&v8::Value::IsWasmMemoryObject, IST_CLASS_WASM},
    {&v8::Value::IsWasmModuleObject, IST_CLASS_WASM},
    {&v8::Value::IsExternal, IST_CLASS_EXTERNAL},
};

struct trait {
  bool (v8::Value::*is)() const;
  uint32_t flag;
};

/* All that fit are it. */
const trait traits[] = {
    {&v8::Value::IsAsyncFunction, IST_TRAIT_ASYNC},
    {&v8::Value::IsGeneratorFunction, IST_TRAIT_GENERATOR},
    {&v8::Value::IsBooleanObject, IST_TRAIT_BOOLEAN},
    {&v8::Value::IsNumberObject, IST_TRAIT_NUMBER},
    {&v8::Value::IsStringObject, IST_TRAIT_STRING},
    {&v8::Value::IsSymbolObject, IST_TRAIT_SYMBOL},
    {&v8::Value::IsBigIntObject, IST_TRAIT_BIGINT},
    {&v8::Value::IsMapIterator, IST_TRAIT_MAP},
    {&v8::Value::IsSetIterator, IST_TRAIT_SET},
    {&v8::Value::IsWasmModuleObject, IST_TRAIT_MODULE},
};

/* What the conversions begin with: `body(entry, value)` is the rest. */
template <class Body>
ist_status on_value(ist_context *context, ist_value value, const void *result, ist_error **error,
                    const Body &body) {
  if (error) *error = nullptr;
  if (!result) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist_status status;
  {
    ist__entry entry(context);
    v8::Local<v8::Value> local;
    if (!ist__value_to(context->isolate, value, &local)) return ist__fail(error, IST_ERR_HANDLE);
    status = body(entry, local);
  }
  return ist__settled(context, status);
}

template <class Compare>
ist_status compare(ist_isolate *isolate, ist_value left, ist_value right, bool *result,
                   const Compare &same) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> a, b;
  if (!ist__value_to(isolate, left, &a) || !ist__value_to(isolate, right, &b))
    return IST_ERR_HANDLE;
  *result = same(a, b);
  return IST_OK;
}

} // namespace

void ist_free(void *memory) {
  ist__free(memory);
}

bool ist__heap_has_room(v8::Isolate *isolate, size_t bytes) {
  if (bytes < LARGE) return true;
  for (int attempt = 0;; attempt++) {
    v8::HeapStatistics heap;
    isolate->GetHeapStatistics(&heap);
    size_t used = heap.used_heap_size(), limit = heap.heap_size_limit();
    if (limit > used + LARGE && bytes <= limit - used - LARGE) return true;
    /* Garbage counts as used until it was collected. */
    if (attempt || bytes > limit) return false;
    isolate->LowMemoryNotification();
  }
}

void ist__intrinsics_capture(v8::Local<v8::Context> context) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::HandleScope scope(isolate);
  v8::Context::Scope entered(context);
  v8::TryCatch quiet(isolate);
  v8::Local<v8::Value> all[IST_INTRINSIC_COUNT];
  v8::Local<v8::Value> reflect = real(context, context->Global(), "Reflect");
  all[IST_GET_PROTOTYPE] = real(context, reflect, "getPrototypeOf");
  all[IST_SET_PROTOTYPE] = real(context, reflect, "setPrototypeOf");
  all[IST_DEFINE_PROPERTY] = real(context, reflect, "defineProperty");
  v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(isolate, 0);
  v8::Local<v8::Value> array = v8::Uint8Array::New(buffer, 0, 0)->GetPrototype();
  if (array->IsObject()) array = array.As<v8::Object>()->GetPrototype();
  all[IST_BUFFER_RESIZABLE] = getter(context, buffer->GetPrototype(), "resizable");
  all[IST_ARRAY_BYTES] = getter(context, array, "byteLength");
  all[IST_VIEW_BYTES] =
      getter(context, v8::DataView::New(buffer, 0, 0)->GetPrototype(), "byteLength");
  all[IST_EVAL] = real(context, context->Global(), "eval");
  all[IST_APPLY] = real(context, reflect, "apply");
  all[IST_FREEZE] = real(context, real(context, context->Global(), "Object"), "freeze");
  all[IST_PREVENT_EXTENSIONS] = real(context, reflect, "preventExtensions");
  all[IST_IS_EXTENSIBLE] = real(context, reflect, "isExtensible");
  all[IST_OWN_KEYS] = real(context, reflect, "ownKeys");
  all[IST_DELETE_PROPERTY] = real(context, reflect, "deleteProperty");
  all[IST_GET_DESCRIPTOR] = real(context, reflect, "getOwnPropertyDescriptor");
  context->SetEmbedderData(IST_INTRINSICS_SLOT, v8::Array::New(isolate, all, IST_INTRINSIC_COUNT));
}

v8::MaybeLocal<v8::Function> ist__intrinsic_of(v8::Local<v8::Context> context,
                                               ist__intrinsic which) {
  if (context->GetNumberOfEmbedderDataFields() <= IST_INTRINSICS_SLOT)
    return v8::MaybeLocal<v8::Function>();
  v8::Local<v8::Value> all = context->GetEmbedderData(IST_INTRINSICS_SLOT), one;
  if (all.IsEmpty() || !all->IsArray() || !all.As<v8::Array>()->Get(context, which).ToLocal(&one) ||
      !one->IsFunction())
    return v8::MaybeLocal<v8::Function>();
  return one.As<v8::Function>();
}

ist_status ist_value_class(ist_isolate *isolate, ist_value value, ist_class *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
  *result = local->IsObject() ? IST_CLASS_OBJECT : IST_CLASS_NONE;
  if (!local->IsObject() && !local->IsExternal()) return IST_OK;
  for (const kind &one : kinds) {
    if (!((*local)->*one.is)()) continue;
    *result = one.is_class;
    break;
  }
  return IST_OK;
}

ist_status ist_value_traits(ist_isolate *isolate, ist_value value, uint32_t *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
  *result = 0;
  if (!local->IsObject()) return IST_OK;
  for (const trait &one : traits) {
    if (((*local)->*one.is)()) *result |= one.flag;
  }
  return IST_OK;
}

ist_status ist_value_strict_equals(ist_isolate *isolate, ist_value left, ist_value right,
                                   bool *result) {
  return compare(isolate, left, right, result,
                 [](v8::Local<v8::Value> a, v8::Local<v8::Value> b) { return a->StrictEquals(b); });
}

ist_status ist_value_same(ist_isolate *isolate, ist_value left, ist_value right, bool *result) {
  return compare(isolate, left, right, result,
                 [](v8::Local<v8::Value> a, v8::Local<v8::Value> b) { return a->SameValue(b); });
}

ist_status ist_value_to_bool(ist_isolate *isolate, ist_value value, bool *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
  *result = local->BooleanValue(isolate->v8);
  return IST_OK;
}

ist_status ist_value_to_number(ist_context *context, ist_value value, double *result,
                               ist_error **error) {
  return on_value(context, value, result, error, [&](ist__entry &entry, auto local) {
    v8::Maybe<double> number = local->NumberValue(entry.context);
    if (number.IsNothing()) return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
    *result = number.FromJust();
    return IST_OK;
  });
}

ist_status ist_value_to_string(ist_context *context, ist_value value, ist_value *result,
                               ist_error **error) {
  return on_value(context, value, result, error, [&](ist__entry &entry, auto local) {
    return ist__finish(context, local->ToString(entry.context), &entry.catcher, result, error);
  });
}

ist_status ist_value_to_object(ist_context *context, ist_value value, ist_value *result,
                               ist_error **error) {
  return on_value(context, value, result, error, [&](ist__entry &entry, auto local) {
    return ist__finish(context, local->ToObject(entry.context), &entry.catcher, result, error);
  });
}

ist_status ist_value_instance_of(ist_context *context, ist_value value, ist_value constructor,
                                 bool *result, ist_error **error) {
  return on_value(context, value, result, error, [&](ist__entry &entry, auto local) {
    v8::Local<v8::Object> by;
    ist_status status = ist__value_as(context->isolate, constructor, &v8::Value::IsObject, &by);
    if (status) return ist__fail(error, status);
    return ist__finish_maybe(context, local->InstanceOf(entry.context, by), &entry.catcher, result,
                             error);
  });
}

ist_status ist_json_write(ist_context *context, ist_value value, ist_value *result,
                          ist_error **error) {
  return on_value(context, value, result, error, [&](ist__entry &entry, auto local) {
    v8::Local<v8::String> text;
    if (!v8::JSON::Stringify(entry.context, local).ToLocal(&text))
      return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
    /* V8 makes text of JSON.stringify's undefined; no JSON text reads like that. */
    if (text->StringEquals(ist__text(context->isolate->v8, "undefined"))) {
      *result = ist_undefined();
      return IST_OK;
    }
    if (!ist__value_from(context->isolate, text, result)) return ist__fail(error, IST_ERR_MEMORY);
    return IST_OK;
  });
}

ist_status ist_json_read(ist_context *context, const char *text, size_t length, ist_value *result,
                         ist_error **error) {
  if (error) *error = nullptr;
  if (!result || (!text && length)) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Local<v8::String> string;
  if (!ist__string(context->isolate->v8, text, length).ToLocal(&string))
    return ist__fail(error, IST_ERR_LIMIT);
  return ist__finish(context, v8::JSON::Parse(entry.context, string), &entry.catcher, result, error,
                     IST_ERR_SYNTAX);
}
