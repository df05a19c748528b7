/* Pointers of the embedder's that JavaScript keeps: in internal fields of objects, and as values of
 * their own. Each is kept with its tag, and read only with the same one. V8 takes only even
 * pointers into a field, so that a pointer and its tag take three: both without their lowest bit,
 * and these bits. The first field of an object marks it as ours. */
#include "template.h"

namespace {

alignas(8) char brand;

enum { PER_FIELD = 3 };

/* What it stands for to V8's collector, which sees only small objects. */
constexpr int64_t external_weight = sizeof(ist__external) + sizeof(ist__finalizer);

void *even(const void *pointer) {
  return reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(pointer) & ~uintptr_t{1});
}

uintptr_t odd(const void *pointer) {
  return reinterpret_cast<uintptr_t>(pointer) & 1;
}

/* The first of a field's three, or 0 when the object has no such field. */
int place(v8::Local<v8::Value> value, uint32_t index) {
  if (!value->IsObject() || index >= IST__FIELDS_MAX) return 0;
  v8::Local<v8::Object> object = value.As<v8::Object>();
  int count = object->InternalFieldCount(), at = 1 + static_cast<int>(index) * PER_FIELD;
  if (count % PER_FIELD != 1 || at + PER_FIELD > count) return 0;
  if (ist__compat::field_set(object, 0) && ist__compat::get_pointer(object, 0) != &brand) return 0;
  return at;
}

/* An object, and where its field begins. */
ist_status open_field(ist_isolate *isolate, ist_value object, uint32_t index,
                      v8::Local<v8::Object> *target, int *at) {
  v8::Local<v8::Value> given;
  if (!ist__value_to(isolate, object, &given)) return IST_ERR_HANDLE;
  *at = place(given, index);
  if (!*at) return IST_ERR_TYPE;
  *target = given.As<v8::Object>();
  return IST_OK;
}

void collected(const v8::WeakCallbackInfo<ist__external> &info) {
  ist__external *external = info.GetParameter();
  external->value.Reset();
  ist__chain_drop(external);
  ist__finalizer_owe(external->isolate, external->finalizer);
  info.GetIsolate()->AdjustAmountOfExternalAllocatedMemory(-external_weight);
  delete external;
}

} // namespace

int ist__fields_in_v8(uint32_t count) {
  return count ? 1 + static_cast<int>(count) * PER_FIELD : 0;
}

ist_status ist_object_set_field(ist_isolate *isolate, ist_value object, uint32_t index,
                                void *pointer, const void *tag) {
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Object> target;
  int at;
  ist_status status = open_field(isolate, object, index, &target, &at);
  if (status) return status;
  ist__compat::set_pointer(target, 0, &brand);
  ist__compat::set_pointer(target, at, even(pointer));
  ist__compat::set_pointer(target, at + 1, even(tag));
  ist__compat::set_pointer(target, at + 2,
                           reinterpret_cast<void *>(odd(pointer) << 1 | odd(tag) << 2));
  return IST_OK;
}

ist_status ist_object_field(ist_isolate *isolate, ist_value object, uint32_t index, const void *tag,
                            void **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Object> target;
  int at;
  ist_status status = open_field(isolate, object, index, &target, &at);
  if (status) return status;
  if (!ist__compat::field_set(target, at)) {
    *result = nullptr;
    return IST_OK;
  }
  uintptr_t bits = reinterpret_cast<uintptr_t>(ist__compat::get_pointer(target, at + 2));
  if (ist__compat::get_pointer(target, at + 1) != even(tag) || (bits >> 2 & 1) != odd(tag))
    return IST_ERR_TYPE;
  *result = reinterpret_cast<void *>(
      reinterpret_cast<uintptr_t>(ist__compat::get_pointer(target, at)) | (bits >> 1 & 1));
  return IST_OK;
}

ist_status ist_external_new(ist_context *context, void *env, const void *tag,
                            ist_finalizer finalize, ist_value *result) {
  ist_status status = result ? IST_OK : IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (!status) status = gate.status;
  if (!status && !ist__isolate_templates(context->isolate)) status = IST_ERR_MEMORY;
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  ist_isolate *isolate = context->isolate;
  ist__finalizer *finalizer = finalize ? ist__finalizer_new(finalize, env) : nullptr;
  if (finalize && !finalizer) return IST_ERR_MEMORY;
  ist__external *external = new (std::nothrow) ist__external();
  if (!external) {
    ist__finalizer_owe(isolate, finalizer);
    return IST_ERR_MEMORY;
  }
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::External> value = ist__compat::external_new(isolate->v8, external);
  external->isolate = isolate;
  external->env = env;
  external->tag = tag;
  external->finalizer = finalizer;
  ist__chain_add(&isolate->templates->externals, external);
  external->value.Reset(isolate->v8, value);
  external->value.SetWeak(external, collected, v8::WeakCallbackType::kParameter);
  isolate->v8->AdjustAmountOfExternalAllocatedMemory(external_weight);
  return ist__value_from(isolate, value, result) ? IST_OK : IST_ERR_MEMORY;
}

ist_status ist_external_read(ist_isolate *isolate, ist_value external, const void *tag,
                             void **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> given;
  if (!ist__value_to(isolate, external, &given)) return IST_ERR_HANDLE;
  if (!given->IsExternal()) return IST_ERR_TYPE;
  /* No other External is a value that a program can have. */
  const ist__external *record =
      static_cast<const ist__external *>(ist__compat::external_value(given));
  if (record->tag != tag) return IST_ERR_TYPE;
  *result = record->env;
  return IST_OK;
}
