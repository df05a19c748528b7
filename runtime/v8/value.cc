/* Making and reading values: strings, bytes, objects, arrays and promises.
 * Every function here resolves the handles that it is given before it does anything else. */
#include "internal.h"

#include <stdlib.h>

#include <memory>

v8::MaybeLocal<v8::String> ist__string(v8::Isolate *isolate, const char *text, size_t length) {
  if (length > static_cast<size_t>(v8::String::kMaxLength)) return v8::MaybeLocal<v8::String>();
  if (!length) return v8::String::Empty(isolate);
  return v8::String::NewFromUtf8(isolate, text, v8::NewStringType::kNormal,
                                 static_cast<int>(length));
}

v8::Local<v8::String> ist__text(v8::Isolate *isolate, const char *text) {
  return v8::String::NewFromUtf8(isolate, text, v8::NewStringType::kInternalized).ToLocalChecked();
}

char *ist__string_copy(v8::Isolate *isolate, v8::Local<v8::String> string, size_t *length) {
  size_t size = ist__compat::utf8_length(isolate, string);
  char *copy = static_cast<char *>(ist__malloc(size + 1));
  if (!copy) return nullptr;
  size_t written = ist__compat::write_utf8(isolate, string, copy, size);
  copy[written] = '\0';
  if (length) *length = written;
  return copy;
}

ist_status ist_string_new(ist_isolate *isolate, const char *text, size_t length,
                          ist_value *result) {
  if (!isolate || !result || (!text && length)) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::String> string;
  if (!ist__string(isolate->v8, text, length).ToLocal(&string)) return IST_ERR_ARGUMENT;
  return ist__value_from(isolate, string, result) ? IST_OK : IST_ERR_MEMORY;
}

ist_status ist_string_read(ist_isolate *isolate, ist_value string, char **text, size_t *length) {
  if (!isolate || !text) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> value;
  if (!ist__value_to(isolate, string, &value)) return IST_ERR_HANDLE;
  if (!value->IsString()) return IST_ERR_TYPE;
  char *copy = ist__string_copy(isolate->v8, value.As<v8::String>(), length);
  if (!copy) return IST_ERR_MEMORY;
  *text = copy;
  return IST_OK;
}

void ist_free(void *memory) {
  ist__free(memory);
}

/* ---- Bytes ---- */

namespace {

struct adopted {
  void (*finalize)(void *env);
  void *env;
};

void release_adopted(void *, size_t, void *data) {
  adopted *record = static_cast<adopted *>(data);
  if (record->finalize) record->finalize(record->env);
  delete record;
}

ist_status bytes_over(ist_context *context, v8::Local<v8::ArrayBuffer> buffer, size_t length,
                      ist_value *result) {
  v8::Local<v8::Uint8Array> bytes = v8::Uint8Array::New(buffer, 0, length);
  return ist__value_from(context->isolate, bytes, result) ? IST_OK : IST_ERR_MEMORY;
}

} // namespace

ist_status ist_bytes_new(ist_context *context, const void *bytes, size_t length,
                         ist_value *result) {
  if (!context || !result || (!bytes && length)) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  if (length > v8::TypedArray::kMaxLength) return IST_ERR_MEMORY;
  ist__entry entry(context);
  /* V8 aborts when its own allocation fails, so the memory comes from here. */
  void *memory = ist__malloc(length ? length : 1);
  if (!memory) return IST_ERR_MEMORY;
  if (length) memcpy(memory, bytes, length);
  std::unique_ptr<v8::BackingStore> store = v8::ArrayBuffer::NewBackingStore(
      memory, length, [](void *data, size_t, void *) { ist__free(data); }, nullptr);
  return bytes_over(context, v8::ArrayBuffer::New(context->isolate->v8, std::move(store)), length,
                    result);
}

ist_status ist_bytes_adopt(ist_context *context, void *bytes, size_t length,
                           void (*finalize)(void *env), void *env, ist_value *result) {
  ist__gate gate(context);
  ist_status status = gate.status;
  if (!result || (!bytes && length))
    status = IST_ERR_ARGUMENT;
  else if (length > v8::TypedArray::kMaxLength)
    status = IST_ERR_MEMORY;
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  ist__entry entry(context);
  std::unique_ptr<v8::BackingStore> store =
      v8::ArrayBuffer::NewBackingStore(bytes, length, release_adopted, new adopted{finalize, env});
  return bytes_over(context, v8::ArrayBuffer::New(context->isolate->v8, std::move(store)), length,
                    result);
}

ist_status ist_bytes_read(ist_isolate *isolate, ist_value value, uint8_t **bytes, size_t *length) {
  if (!isolate || !bytes || !length) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
  if (local->IsArrayBufferView()) {
    v8::Local<v8::ArrayBufferView> view = local.As<v8::ArrayBufferView>();
    /* Buffer() moves a small array's bytes off V8's heap, where they stay. */
    v8::Local<v8::ArrayBuffer> buffer = view->Buffer();
    *length = view->ByteLength();
    *bytes = static_cast<uint8_t *>(buffer->GetBackingStore()->Data()) + view->ByteOffset();
    return IST_OK;
  }
  if (local->IsArrayBuffer()) {
    v8::Local<v8::ArrayBuffer> buffer = local.As<v8::ArrayBuffer>();
    *length = buffer->ByteLength();
    *bytes = static_cast<uint8_t *>(buffer->GetBackingStore()->Data());
    return IST_OK;
  }
  return IST_ERR_TYPE;
}

/* ---- Objects ---- */

ist_status ist_object_new(ist_context *context, ist_value *result) {
  if (!context || !result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Local<v8::Object> object = v8::Object::New(context->isolate->v8);
  return ist__value_from(context->isolate, object, result) ? IST_OK : IST_ERR_MEMORY;
}

ist_status ist_array_new(ist_context *context, ist_value *result) {
  if (!context || !result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Local<v8::Array> array = v8::Array::New(context->isolate->v8);
  return ist__value_from(context->isolate, array, result) ? IST_OK : IST_ERR_MEMORY;
}

namespace {

/* The object behind a value, for the functions below. */
ist_status object_of(ist_context *context, ist_value value, v8::Local<v8::Object> *object) {
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, value, &local)) return IST_ERR_HANDLE;
  if (!local->IsObject()) return IST_ERR_TYPE;
  *object = local.As<v8::Object>();
  return IST_OK;
}

template <class T>
ist_status finish(ist_context *context, v8::MaybeLocal<T> got, v8::TryCatch *catcher,
                  ist_value *result, ist_error **error) {
  v8::Local<T> value;
  if (!got.ToLocal(&value)) return ist__caught(context, catcher, IST_ERR_EXCEPTION, error);
  if (!ist__value_from(context->isolate, value, result)) return ist__fail(error, IST_ERR_MEMORY);
  return IST_OK;
}

/* What every function on an object's properties begins with; `body(entry, target)` is the rest.
 * `valid`: the other arguments are. */
template <class Body>
ist_status on_object(ist_context *context, ist_value object, bool valid, ist_error **error,
                     Body body) {
  if (error) *error = nullptr;
  if (!context || !valid) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Local<v8::Object> target;
  ist_status status = object_of(context, object, &target);
  if (status) return ist__fail(error, status);
  return body(entry, target);
}

/* The same with a value to put in. */
template <class Body>
ist_status on_object_with(ist_context *context, ist_value object, ist_value value, bool valid,
                          ist_error **error, Body body) {
  return on_object(context, object, valid, error,
                   [&](ist__entry &entry, v8::Local<v8::Object> target) {
                     v8::Local<v8::Value> local;
                     if (!ist__value_to(context->isolate, value, &local))
                       return ist__fail(error, IST_ERR_HANDLE);
                     return body(entry, target, local);
                   });
}

} // namespace

ist_status ist_object_get(ist_context *context, ist_value object, const char *name,
                          ist_value *result, ist_error **error) {
  return on_object(context, object, name && result, error, [&](ist__entry &entry, auto target) {
    return finish(context, target->Get(entry.context, ist__text(context->isolate->v8, name)),
                  &entry.catcher, result, error);
  });
}

ist_status ist_object_get_index(ist_context *context, ist_value object, uint32_t index,
                                ist_value *result, ist_error **error) {
  return on_object(context, object, result, error, [&](ist__entry &entry, auto target) {
    return finish(context, target->Get(entry.context, index), &entry.catcher, result, error);
  });
}

ist_status ist_object_set(ist_context *context, ist_value object, const char *name, ist_value value,
                          ist_error **error) {
  return on_object_with(context, object, value, name, error,
                        [&](ist__entry &entry, auto target, auto local) {
                          v8::Local<v8::String> key = ist__text(context->isolate->v8, name);
                          if (target->Set(entry.context, key, local).IsNothing())
                            return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
                          return IST_OK;
                        });
}

ist_status ist_object_set_index(ist_context *context, ist_value object, uint32_t index,
                                ist_value value, ist_error **error) {
  return on_object_with(context, object, value, true, error,
                        [&](ist__entry &entry, auto target, auto local) {
                          if (target->Set(entry.context, index, local).IsNothing())
                            return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
                          return IST_OK;
                        });
}

ist_status ist_object_define(ist_context *context, ist_value object, const char *name,
                             ist_value value, uint32_t flags, ist_error **error) {
  return on_object_with(
      context, object, value, name && flags <= 7, error,
      [&](ist__entry &entry, auto target, auto local) {
        v8::PropertyDescriptor descriptor(local, (flags & IST_PROP_WRITABLE) != 0);
        descriptor.set_enumerable((flags & IST_PROP_ENUMERABLE) != 0);
        descriptor.set_configurable((flags & IST_PROP_CONFIGURABLE) != 0);
        v8::Local<v8::String> key = ist__text(context->isolate->v8, name);
        v8::Maybe<bool> done = target->DefineProperty(entry.context, key, descriptor);
        if (done.IsNothing()) return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
        return done.FromJust() ? IST_OK : ist__fail(error, IST_ERR_STATE);
      });
}

ist_status ist_object_keys(ist_context *context, ist_value object, uint32_t flags,
                           ist_value *result, ist_error **error) {
  int filter = v8::ALL_PROPERTIES;
  if (flags & IST_KEYS_ENUMERABLE) filter |= v8::ONLY_ENUMERABLE;
  if (!(flags & IST_KEYS_SYMBOLS)) filter |= v8::SKIP_SYMBOLS;
  if (flags & IST_KEYS_NO_STRINGS) filter |= v8::SKIP_STRINGS;
  return on_object(context, object, result, error, [&](ist__entry &entry, auto target) {
    v8::MaybeLocal<v8::Array> names = target->GetPropertyNames(
        entry.context,
        flags & IST_KEYS_INHERITED ? v8::KeyCollectionMode::kIncludePrototypes
                                   : v8::KeyCollectionMode::kOwnOnly,
        static_cast<v8::PropertyFilter>(filter),
        flags & IST_KEYS_NO_INDICES ? v8::IndexFilter::kSkipIndices
                                    : v8::IndexFilter::kIncludeIndices,
        v8::KeyConversionMode::kKeepNumbers);
    return finish(context, names, &entry.catcher, result, error);
  });
}

ist_status ist_array_length(ist_isolate *isolate, ist_value array, uint32_t *result) {
  if (!isolate || !result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, array, &local)) return IST_ERR_HANDLE;
  if (!local->IsArray()) return IST_ERR_TYPE;
  *result = local.As<v8::Array>()->Length();
  return IST_OK;
}

v8::MaybeLocal<v8::Value> ist__peek(v8::Local<v8::Context> context, v8::Local<v8::Object> object,
                                    v8::Local<v8::Name> name) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::TryCatch catcher(isolate);
  v8::Local<v8::String> value_key = ist__text(isolate, "value");
  v8::Local<v8::Value> at = object;
  for (int depth = 0; depth < 64 && at->IsObject() && !at->IsProxy(); depth++) {
    v8::Local<v8::Object> holder = at.As<v8::Object>();
    v8::Local<v8::Value> descriptor;
    if (!holder->GetOwnPropertyDescriptor(context, name).ToLocal(&descriptor))
      return v8::MaybeLocal<v8::Value>();
    if (descriptor->IsObject()) {
      v8::Local<v8::Object> parts = descriptor.As<v8::Object>();
      if (!parts->HasOwnProperty(context, value_key).FromMaybe(false))
        return v8::MaybeLocal<v8::Value>();
      return parts->Get(context, value_key);
    }
    at = holder->GetPrototype();
  }
  return v8::MaybeLocal<v8::Value>();
}

/* ---- Promises ---- */

ist_status ist_promise_read(ist_isolate *isolate, ist_value promise, ist_promise_state *state,
                            ist_value *result) {
  if (!isolate || !state || !result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, promise, &local)) return IST_ERR_HANDLE;
  if (!local->IsPromise()) return IST_ERR_TYPE;
  v8::Local<v8::Promise> object = local.As<v8::Promise>();
  v8::Promise::PromiseState is = object->State();
  ist_value value = ist_undefined();
  if (is != v8::Promise::kPending && !ist__value_from(isolate, object->Result(), &value))
    return IST_ERR_MEMORY;
  *state = is == v8::Promise::kPending     ? IST_PROMISE_PENDING
           : is == v8::Promise::kFulfilled ? IST_PROMISE_FULFILLED
                                           : IST_PROMISE_REJECTED;
  *result = value;
  return IST_OK;
}

ist_status ist_promise_mark_handled(ist_isolate *isolate, ist_value promise) {
  if (!isolate) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, promise, &local)) return IST_ERR_HANDLE;
  if (!local->IsPromise()) return IST_ERR_TYPE;
  local.As<v8::Promise>()->MarkAsHandled();
  for (ist__rejection **link = &isolate->rejections; *link; link = &(*link)->next) {
    ist__rejection *pending = *link;
    if (pending->promise != local) continue;
    *link = pending->next;
    if (isolate->last_rejection == &pending->next) isolate->last_rejection = link;
    delete pending;
    break;
  }
  return IST_OK;
}
