/* Maps and Sets, by V8's own methods: what a program has done to their prototypes does not matter,
 * and nothing of the program's is run. */
#include "value.h"

namespace {

/* What every function here begins with; `body(entry, target)` is the rest. */
template <class T, class Body>
ist_status on(ist_context *context, ist_value value, bool (v8::Value::*is)() const, bool valid,
              const Body &body) {
  if (!valid) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Local<T> target;
  ist_status status = ist__value_as(context->isolate, value, is, &target);
  if (status) return status;
  return body(entry, target);
}

/* The same for either kind. */
template <class Body>
ist_status on_collection(ist_context *context, ist_value value, bool valid, const Body &body) {
  if (!valid) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, value, &local)) return IST_ERR_HANDLE;
  if (local->IsMap()) return body(entry, local.As<v8::Map>());
  if (local->IsSet()) return body(entry, local.As<v8::Set>());
  return IST_ERR_TYPE;
}

} // namespace

ist_status ist_map_new(ist_context *context, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  return ist__give(context->isolate, v8::Map::New(context->isolate->v8), result);
}

ist_status ist_set_new(ist_context *context, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  return ist__give(context->isolate, v8::Set::New(context->isolate->v8), result);
}

ist_status ist_map_get(ist_context *context, ist_value map, ist_value key, ist_value *result) {
  return on<v8::Map>(context, map, &v8::Value::IsMap, result, [&](ist__entry &entry, auto target) {
    v8::Local<v8::Value> local;
    if (!ist__value_to(context->isolate, key, &local)) return IST_ERR_HANDLE;
    return ist__finish(context, target->Get(entry.context, local), &entry.catcher, result, nullptr);
  });
}

ist_status ist_map_set(ist_context *context, ist_value map, ist_value key, ist_value value) {
  return on<v8::Map>(context, map, &v8::Value::IsMap, true, [&](ist__entry &entry, auto target) {
    v8::Local<v8::Value> local, member;
    if (!ist__value_to(context->isolate, key, &local) ||
        !ist__value_to(context->isolate, value, &member))
      return IST_ERR_HANDLE;
    return ist__finish(context, target->Set(entry.context, local, member), &entry.catcher, nullptr,
                       nullptr);
  });
}

ist_status ist_set_add(ist_context *context, ist_value set, ist_value member) {
  return on<v8::Set>(context, set, &v8::Value::IsSet, true, [&](ist__entry &entry, auto target) {
    v8::Local<v8::Value> local;
    if (!ist__value_to(context->isolate, member, &local)) return IST_ERR_HANDLE;
    return ist__finish(context, target->Add(entry.context, local), &entry.catcher, nullptr,
                       nullptr);
  });
}

ist_status ist_collection_has(ist_context *context, ist_value collection, ist_value key,
                              bool *result) {
  return on_collection(context, collection, result, [&](ist__entry &entry, auto target) {
    v8::Local<v8::Value> local;
    if (!ist__value_to(context->isolate, key, &local)) return IST_ERR_HANDLE;
    return ist__finish_maybe(context, target->Has(entry.context, local), &entry.catcher, result,
                             nullptr);
  });
}

ist_status ist_collection_delete(ist_context *context, ist_value collection, ist_value key,
                                 bool *result) {
  return on_collection(context, collection, true, [&](ist__entry &entry, auto target) {
    v8::Local<v8::Value> local;
    if (!ist__value_to(context->isolate, key, &local)) return IST_ERR_HANDLE;
    return ist__finish_maybe(context, target->Delete(entry.context, local), &entry.catcher, result,
                             nullptr);
  });
}

ist_status ist_collection_clear(ist_context *context, ist_value collection) {
  return on_collection(context, collection, true, [&](ist__entry &, auto target) {
    target->Clear();
    return IST_OK;
  });
}

ist_status ist_collection_size(ist_isolate *isolate, ist_value collection, size_t *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, collection, &local)) return IST_ERR_HANDLE;
  if (local->IsMap())
    *result = local.As<v8::Map>()->Size();
  else if (local->IsSet())
    *result = local.As<v8::Set>()->Size();
  else
    return IST_ERR_TYPE;
  return IST_OK;
}

ist_status ist_collection_entries(ist_context *context, ist_value collection, ist_value *result) {
  return on_collection(context, collection, result, [&](ist__entry &, auto target) {
    if (!ist__heap_has_room(context->isolate->v8, target->Size() * 2 * sizeof(void *)))
      return IST_ERR_MEMORY;
    return ist__give(context->isolate, target->AsArray(), result);
  });
}
