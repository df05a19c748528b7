/* Buffers, views and the stores they stand on. V8 ends the process for a view that lies beyond its
 * buffer or on an odd address, for a detached WebAssembly memory and for a buffer that is too long,
 * so all of that is checked here first. A finalizer of the embedder's runs exactly once, when the
 * last buffer and the last store over the memory are gone, whichever thread notices. */
#include "value.h"

#include <memory>
#include <utility>

struct ist_store : ist__allocated {
  std::mutex mutex;
  /* Set when the kind is known: memory of its own becomes a buffer's at its first use. */
  std::shared_ptr<v8::BackingStore> backing;
  void *bytes;
  size_t length;
  ist_finalizer finalize; /* the rest is of memory that has not been used yet */
  void *env;
  bool owned;     /* the memory is ours */
  bool used_once; /* it has become an ArrayBuffer's */
};

namespace {

/* What V8 has at most on any platform: the greatest integer that a double counts to. */
constexpr uint64_t MOST_BYTES = (uint64_t{1} << 53) - 1;

/* In the order of ist_element. */
const size_t element_sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 1};

/* Memory of no length lies here: V8 forgets what lies nowhere. */
uint8_t nowhere;

/* What a buffer's memory waits with. */
struct release : ist__allocated {
  ist_finalizer finalize;
  void *env;
};

void released(void *, size_t, void *data) {
  release *record = static_cast<release *>(data);
  if (record->finalize) record->finalize(record->env);
  delete record;
}

void freed(void *memory, size_t, void *) {
  ist__free(memory);
}

ist_status give_bytes(ist_context *context, std::unique_ptr<v8::BackingStore> store, size_t length,
                      ist_value *result) {
  ist__entry entry(context);
  v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(context->isolate->v8, std::move(store));
  return ist__give(context->isolate, v8::Uint8Array::New(buffer, 0, length), result);
}

struct span {
  uint8_t *data;
  size_t length; /* in bytes */
  size_t offset;
  v8::Local<v8::Value> buffer;
};

/* The bytes of a view over memory that can be resized, which V8's interface does not tell. False
 * when the getter is not there, or JavaScript does not run. */
bool tracked_length(v8::Isolate *isolate, v8::Local<v8::ArrayBufferView> view, size_t *length) {
  v8::TryCatch quiet(isolate);
  v8::Local<v8::Context> context;
  v8::Local<v8::Function> getter;
  v8::Local<v8::Value> answer;
  if (!view->GetCreationContext().ToLocal(&context) ||
      !ist__intrinsic_of(context, view->IsDataView() ? IST_VIEW_BYTES : IST_ARRAY_BYTES)
           .ToLocal(&getter))
    return false;
  if (getter->Call(context, view, 0, nullptr).ToLocal(&answer) && answer->IsNumber())
    *length = static_cast<size_t>(answer.As<v8::Number>()->Value());
  else if (quiet.HasTerminated())
    return false; /* JavaScript is being ended, which says nothing of the view */
  else
    *length = 0; /* a DataView that has come to lie outside of its buffer throws */
  return true;
}

/* What can be resized has pages of its own. */
bool on_page(const void *data) {
  return data && reinterpret_cast<uintptr_t>(data) % 4096 == 0;
}

bool is_resizable(v8::Isolate *isolate, v8::Local<v8::ArrayBuffer> buffer) {
  if (!on_page(buffer->Data())) return false;
  v8::TryCatch quiet(isolate);
  v8::Local<v8::Context> context;
  v8::Local<v8::Function> getter;
  v8::Local<v8::Value> answer;
  if (!buffer->GetCreationContext().ToLocal(&context) ||
      !ist__intrinsic_of(context, IST_BUFFER_RESIZABLE).ToLocal(&getter))
    return false;
  if (getter->Call(context, buffer, 0, nullptr).ToLocal(&answer)) return answer->IsTrue();
  return quiet.HasTerminated(); /* nobody knows: not to be relied upon */
}

span span_of_buffer(v8::Local<v8::Value> buffer) {
  span made = {nullptr, 0, 0, buffer};
  if (buffer->IsSharedArrayBuffer()) {
    /* The length of one that grows is known to its memory alone. */
    std::shared_ptr<v8::BackingStore> store = buffer.As<v8::SharedArrayBuffer>()->GetBackingStore();
    made.data = static_cast<uint8_t *>(store->Data());
    made.length = store->ByteLength();
  } else {
    v8::Local<v8::ArrayBuffer> plain = buffer.As<v8::ArrayBuffer>();
    made.data = static_cast<uint8_t *>(plain->Data());
    made.length = plain->ByteLength();
  }
  return made;
}

span span_of_view(v8::Isolate *isolate, v8::Local<v8::ArrayBufferView> view) {
  /* Buffer() moves a small array's bytes off V8's heap, where they stay. */
  span made = span_of_buffer(view->Buffer());
  size_t whole = made.length;
  made.offset = view->ByteOffset();
  made.length = view->ByteLength();
  if (on_page(made.data)) {
    size_t now;
    if (tracked_length(isolate, view, &now)) made.length = now;
  }
  if (!made.data || made.offset > whole || made.length > whole - made.offset) made.length = 0;
  if (!made.length) {
    made.data = nullptr;
    made.offset = 0;
  } else {
    made.data += made.offset;
  }
  return made;
}

ist_element element_of(v8::Local<v8::Value> view) {
  if (view->IsUint8Array()) return IST_ELEMENT_UINT8;
  if (view->IsInt8Array()) return IST_ELEMENT_INT8;
  if (view->IsUint8ClampedArray()) return IST_ELEMENT_UINT8_CLAMPED;
  if (view->IsInt16Array()) return IST_ELEMENT_INT16;
  if (view->IsUint16Array()) return IST_ELEMENT_UINT16;
  if (view->IsInt32Array()) return IST_ELEMENT_INT32;
  if (view->IsUint32Array()) return IST_ELEMENT_UINT32;
  if (view->IsFloat32Array()) return IST_ELEMENT_FLOAT32;
  if (view->IsFloat64Array()) return IST_ELEMENT_FLOAT64;
  if (view->IsBigInt64Array()) return IST_ELEMENT_BIGINT64;
  if (view->IsBigUint64Array()) return IST_ELEMENT_BIGUINT64;
  return IST_ELEMENT_DATA_VIEW;
}

template <class Buffer>
v8::Local<v8::Value> new_view(ist_element element, v8::Local<Buffer> buffer, size_t offset,
                              size_t count) {
  switch (element) {
  case IST_ELEMENT_INT8: return v8::Int8Array::New(buffer, offset, count);
  case IST_ELEMENT_UINT8: return v8::Uint8Array::New(buffer, offset, count);
  case IST_ELEMENT_UINT8_CLAMPED: return v8::Uint8ClampedArray::New(buffer, offset, count);
  case IST_ELEMENT_INT16: return v8::Int16Array::New(buffer, offset, count);
  case IST_ELEMENT_UINT16: return v8::Uint16Array::New(buffer, offset, count);
  case IST_ELEMENT_INT32: return v8::Int32Array::New(buffer, offset, count);
  case IST_ELEMENT_UINT32: return v8::Uint32Array::New(buffer, offset, count);
  case IST_ELEMENT_FLOAT32: return v8::Float32Array::New(buffer, offset, count);
  case IST_ELEMENT_FLOAT64: return v8::Float64Array::New(buffer, offset, count);
  case IST_ELEMENT_BIGINT64: return v8::BigInt64Array::New(buffer, offset, count);
  case IST_ELEMENT_BIGUINT64: return v8::BigUint64Array::New(buffer, offset, count);
  default: return v8::DataView::New(buffer, offset, count);
  }
}

/* Makes unused memory a buffer's. The store keeps it too. */
bool use(ist_store *store, bool shared) {
  v8::BackingStore::DeleterCallback deleter = freed;
  release *record = nullptr;
  if (!store->owned) {
    record = new (std::nothrow) release;
    if (!record) return false;
    record->finalize = store->finalize;
    record->env = store->env;
    deleter = released;
  }
  if (shared)
    store->backing =
        v8::SharedArrayBuffer::NewBackingStore(store->bytes, store->length, deleter, record);
  else
    store->backing = v8::ArrayBuffer::NewBackingStore(store->bytes, store->length, deleter, record);
  return true;
}

} // namespace

/* ---- Bytes ---- */

ist_status ist_bytes_new(ist_context *context, const void *bytes, size_t length,
                         ist_value *result) {
  if (!result || (!bytes && length)) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  if (length > v8::TypedArray::kMaxLength) return IST_ERR_LIMIT;
  /* V8 ends the process when its own allocation fails, so the memory comes from here. */
  void *memory = ist__malloc(length ? length : 1);
  if (!memory) return IST_ERR_MEMORY;
  if (length) memcpy(memory, bytes, length);
  return give_bytes(context, v8::ArrayBuffer::NewBackingStore(memory, length, freed, nullptr),
                    length, result);
}

ist_status ist_bytes_adopt(ist_context *context, void *bytes, size_t length, ist_finalizer finalize,
                           void *env, ist_value *result) {
  ist_status status = IST_OK;
  if (!result || (!bytes && length)) status = IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (!status) status = gate.status;
  if (!status && length > v8::TypedArray::kMaxLength) status = IST_ERR_LIMIT;
  release *record = status ? nullptr : new (std::nothrow) release;
  if (!record) {
    if (finalize) finalize(env);
    return status ? status : IST_ERR_MEMORY;
  }
  record->finalize = finalize;
  record->env = env;
  return give_bytes(
      context, v8::ArrayBuffer::NewBackingStore(bytes ? bytes : &nowhere, length, released, record),
      length, result);
}

ist_status ist_bytes_read(ist_isolate *isolate, ist_value value, uint8_t **bytes, size_t *length) {
  if (!bytes || !length) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, value, &local)) return IST_ERR_HANDLE;
  span is = {};
  if (local->IsArrayBufferView())
    is = span_of_view(isolate->v8, local.As<v8::ArrayBufferView>());
  else if (local->IsArrayBuffer() || local->IsSharedArrayBuffer())
    is = span_of_buffer(local);
  else
    return IST_ERR_TYPE;
  *bytes = is.data;
  *length = is.length;
  return IST_OK;
}

/* ---- Stores ---- */

ist_status ist_store_new(void *bytes, size_t length, ist_finalizer finalize, void *env,
                         ist_store **result) {
  ist_status status = IST_OK;
  ist_store *made = nullptr;
  if (!result)
    status = IST_ERR_ARGUMENT;
  else if (length > MOST_BYTES)
    status = IST_ERR_LIMIT;
  else if (!(made = new (std::nothrow) ist_store()))
    status = IST_ERR_MEMORY;
  if (!status && !bytes) {
    bytes = ist__calloc(1, length ? length : 1);
    made->owned = true;
    if (!bytes) status = IST_ERR_MEMORY;
  }
  if (status) {
    delete made;
    if (finalize) finalize(env);
    return status;
  }
  made->bytes = bytes;
  made->length = length;
  if (made->owned) {
    /* Nothing of the caller's is in use. */
    if (finalize) finalize(env);
  } else {
    made->finalize = finalize;
    made->env = env;
  }
  *result = made;
  return IST_OK;
}

ist_status ist_store_of(ist_isolate *isolate, ist_value buffer, ist_store **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, buffer, &local)) return IST_ERR_HANDLE;
  if (local->IsArrayBufferView()) local = local.As<v8::ArrayBufferView>()->Buffer();
  std::shared_ptr<v8::BackingStore> backing;
  if (local->IsSharedArrayBuffer()) {
    backing = local.As<v8::SharedArrayBuffer>()->GetBackingStore();
  } else if (local->IsArrayBuffer()) {
    v8::Local<v8::ArrayBuffer> plain = local.As<v8::ArrayBuffer>();
    if (plain->WasDetached() || is_resizable(isolate->v8, plain)) return IST_ERR_STATE;
    backing = plain->GetBackingStore();
  } else {
    return IST_ERR_TYPE;
  }
  ist_store *made = new (std::nothrow) ist_store();
  if (!made) return IST_ERR_MEMORY;
  made->bytes = backing->Data();
  made->length = backing->ByteLength();
  made->backing = std::move(backing);
  *result = made;
  return IST_OK;
}

void *ist_store_bytes(const ist_store *store) {
  return store ? store->bytes : nullptr;
}

size_t ist_store_length(const ist_store *store) {
  return store ? store->length : 0;
}

void ist_store_free(ist_store *store) {
  if (!store) return;
  if (!store->backing) {
    if (store->owned) ist__free(store->bytes);
    if (store->finalize) store->finalize(store->env);
  }
  delete store;
}

/* ---- Buffers and views ---- */

ist_status ist_buffer_new(ist_context *context, ist_store *store, bool shared, ist_value *result) {
  if (!store || !result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  std::shared_ptr<v8::BackingStore> backing;
  {
    std::lock_guard<std::mutex> guard(store->mutex);
    bool fresh = !store->backing;
    if (fresh && !use(store, shared)) return IST_ERR_MEMORY;
    if (store->backing->IsShared() != shared || (store->used_once && !fresh)) return IST_ERR_STATE;
    if (fresh && !shared) store->used_once = true;
    backing = store->backing;
  }
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Value> made;
  if (shared)
    made = v8::SharedArrayBuffer::New(isolate, std::move(backing));
  else
    made = v8::ArrayBuffer::New(isolate, std::move(backing));
  return ist__give(context->isolate, made, result);
}

ist_status ist_buffer_detach(ist_isolate *isolate, ist_value buffer) {
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::ArrayBuffer> local;
  ist_status status = ist__value_as(isolate, buffer, &v8::Value::IsArrayBuffer, &local);
  if (status) return status;
  if (local->WasDetached()) return IST_OK;
  return local->IsDetachable() && ist__compat::detach(local) ? IST_OK : IST_ERR_STATE;
}

ist_status ist_view_new(ist_context *context, ist_element element, ist_value buffer, size_t offset,
                        size_t count, ist_value *result) {
  if (!result || ist__raw(element) > IST_ELEMENT_DATA_VIEW) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, buffer, &local)) return IST_ERR_HANDLE;
  bool shared = local->IsSharedArrayBuffer();
  if (!shared && !local->IsArrayBuffer()) return IST_ERR_TYPE;
  if (!shared && local.As<v8::ArrayBuffer>()->WasDetached()) return IST_ERR_STATE;
  size_t size = element_sizes[element], whole = span_of_buffer(local).length;
  if (offset % size || offset > whole || count > (whole - offset) / size ||
      count > v8::TypedArray::kMaxLength)
    return IST_ERR_ARGUMENT;
  v8::Local<v8::Value> made =
      shared ? new_view(element, local.As<v8::SharedArrayBuffer>(), offset, count)
             : new_view(element, local.As<v8::ArrayBuffer>(), offset, count);
  return ist__give(context->isolate, made, result);
}

ist_status ist_view_read(ist_isolate *isolate, ist_value view, ist_view *result) {
  if (!ist__sized(result)) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::ArrayBufferView> local;
  ist_status status = ist__value_as(isolate, view, &v8::Value::IsArrayBufferView, &local);
  if (status) return status;
  span is = span_of_view(isolate->v8, local);
  ist_value buffer;
  if (!ist__value_from(isolate, is.buffer, &buffer)) return IST_ERR_MEMORY;
  result->element = element_of(local);
  result->shared = is.buffer->IsSharedArrayBuffer();
  result->data = is.data;
  result->count = is.length / element_sizes[result->element];
  result->offset = is.offset;
  result->buffer = buffer;
  return IST_OK;
}
