/* Objects and their properties by name, key and index, as JavaScript reads and writes them:
 * getters, setters and proxies run, and what they throw is the error. The key of a property is
 * resolved before anything runs. */
#include "value.h"

namespace {

/* The same with a property's name. */
template <class Body>
ist_status on_named(ist_context *context, ist_value object, const char *name, bool valid,
                    ist_error **error, const Body &body) {
  return ist__on_object(context, object, name && valid, error,
                        [&](ist__call_entry &entry, auto target) {
                          v8::Local<v8::String> key;
                          if (!ist__name(context->isolate->v8, name, strlen(name)).ToLocal(&key))
                            return ist__fail(error, IST_ERR_LIMIT);
                          return body(entry, target, key);
                        });
}

/* The same with a key that is a value. */
template <class Body>
ist_status on_keyed(ist_context *context, ist_value object, ist_value key, bool valid,
                    ist_error **error, const Body &body) {
  return ist__on_object(context, object, valid, error, [&](ist__call_entry &entry, auto target) {
    v8::Local<v8::Value> local;
    if (!ist__value_borrow(context->isolate, key, &local)) return ist__fail(error, IST_ERR_HANDLE);
    if (key.type != IST_STRING && key.type != IST_SYMBOL && key.type != IST_INT32 &&
        key.type != IST_DOUBLE)
      return ist__fail(error, IST_ERR_TYPE);
    return body(entry, target, local);
  });
}

/* Puts a value, by whatever kind of key. */
template <class Key>
ist_status put(ist_context *context, ist__call_entry *entry, v8::Local<v8::Object> target, Key key,
               ist_value value, ist_error **error) {
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, value, &local)) return ist__fail(error, IST_ERR_HANDLE);
  return ist__finish_maybe(context, target->Set(entry->context, key, local), &entry->catcher,
                           nullptr, error);
}

} // namespace

ist_status ist_object_new(ist_context *context, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  return ist__give(context->isolate, v8::Object::New(context->isolate->v8), result);
}

/* ---- By name ---- */

ist_status ist_object_get(ist_context *context, ist_value object, const char *name,
                          ist_value *result, ist_error **error) {
  return on_named(
      context, object, name, result, error, [&](ist__call_entry &entry, auto target, auto key) {
        return ist__finish(context, target->Get(entry.context, key), &entry.catcher, result, error);
      });
}

ist_status ist_object_set(ist_context *context, ist_value object, const char *name, ist_value value,
                          ist_error **error) {
  return on_named(context, object, name, true, error,
                  [&](ist__call_entry &entry, auto target, auto key) {
                    return put(context, &entry, target, key, value, error);
                  });
}

ist_status ist_object_has(ist_context *context, ist_value object, const char *name, bool *result,
                          ist_error **error) {
  return on_named(context, object, name, result, error,
                  [&](ist__call_entry &entry, auto target, auto key) {
                    return ist__finish_maybe(context, target->Has(entry.context, key),
                                             &entry.catcher, result, error);
                  });
}

ist_status ist_object_delete(ist_context *context, ist_value object, const char *name, bool *result,
                             ist_error **error) {
  return on_named(context, object, name, true, error,
                  [&](ist__call_entry &entry, auto target, auto key) {
                    return ist__finish_maybe(context, target->Delete(entry.context, key),
                                             &entry.catcher, result, error);
                  });
}

/* ---- By key ---- */

ist_status ist_object_get_key(ist_context *context, ist_value object, ist_value key,
                              ist_value *result, ist_error **error) {
  return on_keyed(context, object, key, result, error,
                  [&](ist__call_entry &entry, auto target, auto local) {
                    return ist__finish(context, target->Get(entry.context, local), &entry.catcher,
                                       result, error);
                  });
}

ist_status ist_object_set_key(ist_context *context, ist_value object, ist_value key,
                              ist_value value, ist_error **error) {
  return on_keyed(context, object, key, true, error,
                  [&](ist__call_entry &entry, auto target, auto local) {
                    return put(context, &entry, target, local, value, error);
                  });
}

ist_status ist_object_has_key(ist_context *context, ist_value object, ist_value key, bool *result,
                              ist_error **error) {
  return on_keyed(context, object, key, result, error,
                  [&](ist__call_entry &entry, auto target, auto local) {
                    return ist__finish_maybe(context, target->Has(entry.context, local),
                                             &entry.catcher, result, error);
                  });
}

ist_status ist_object_has_own(ist_context *context, ist_value object, ist_value key, bool *result,
                              ist_error **error) {
  return on_keyed(context, object, key, result, error,
                  [&](ist__call_entry &entry, auto target, auto local) {
                    v8::Local<v8::Name> name;
                    v8::TryCatch *catcher = &entry.catcher;
                    if (!ist__key_name(entry.context, local).ToLocal(&name))
                      return ist__caught(context, catcher, IST_ERR_EXCEPTION, error);
                    return ist__finish_maybe(context, target->HasOwnProperty(entry.context, name),
                                             catcher, result, error);
                  });
}

ist_status ist_object_delete_key(ist_context *context, ist_value object, ist_value key,
                                 bool *result, ist_error **error) {
  return on_keyed(context, object, key, true, error,
                  [&](ist__call_entry &entry, auto target, auto local) {
                    return ist__finish_maybe(context, target->Delete(entry.context, local),
                                             &entry.catcher, result, error);
                  });
}

/* ---- By index ---- */

ist_status ist_object_get_index(ist_context *context, ist_value object, uint32_t index,
                                ist_value *result, ist_error **error) {
  return ist__on_object(context, object, result, error, [&](ist__call_entry &entry, auto target) {
    return ist__finish(context, target->Get(entry.context, index), &entry.catcher, result, error);
  });
}

ist_status ist_object_set_index(ist_context *context, ist_value object, uint32_t index,
                                ist_value value, ist_error **error) {
  return ist__on_object(context, object, true, error, [&](ist__call_entry &entry, auto target) {
    return put(context, &entry, target, index, value, error);
  });
}

/* ---- Keys ---- */

ist_status ist_object_keys(ist_context *context, ist_value object, uint32_t flags,
                           ist_value *result, ist_error **error) {
  const uint32_t known = IST_KEYS_ENUMERABLE | IST_KEYS_INHERITED | IST_KEYS_SYMBOLS |
                         IST_KEYS_NO_STRINGS | IST_KEYS_NO_INDICES;
  int filter = v8::ALL_PROPERTIES;
  if (flags & IST_KEYS_ENUMERABLE) filter |= v8::ONLY_ENUMERABLE;
  if (!(flags & IST_KEYS_SYMBOLS)) filter |= v8::SKIP_SYMBOLS;
  if (flags & IST_KEYS_NO_STRINGS) filter |= v8::SKIP_STRINGS;
  return ist__on_object(context, object, result && !(flags & ~known), error,
                        [&](ist__call_entry &entry, auto target) {
                          v8::MaybeLocal<v8::Array> names = target->GetPropertyNames(
                              entry.context,
                              flags & IST_KEYS_INHERITED ? v8::KeyCollectionMode::kIncludePrototypes
                                                         : v8::KeyCollectionMode::kOwnOnly,
                              static_cast<v8::PropertyFilter>(filter),
                              flags & IST_KEYS_NO_INDICES ? v8::IndexFilter::kSkipIndices
                                                          : v8::IndexFilter::kIncludeIndices,
                              v8::KeyConversionMode::kKeepNumbers);
                          return ist__finish(context, names, &entry.catcher, result, error);
                        });
}

v8::MaybeLocal<v8::Value> ist__peek(v8::Local<v8::Context> context, v8::Local<v8::Object> object,
                                    v8::Local<v8::Name> name) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::TryCatch catcher(isolate);
  v8::Local<v8::Value> at = object;
  for (int depth = 0; depth < 64 && at->IsObject() && !at->IsProxy(); depth++) {
    v8::Local<v8::Object> holder = at.As<v8::Object>();
    /* A descriptor is an object that has to be made: most objects need none. */
    if (!holder->HasNamedLookupInterceptor()) {
      bool has, accessor;
      if (!holder->HasRealNamedProperty(context, name).To(&has) ||
          !holder->HasRealNamedCallbackProperty(context, name).To(&accessor))
        return v8::MaybeLocal<v8::Value>();
      if (!has) {
        at = holder->GetPrototype();
        continue;
      }
      if (!accessor) return holder->GetRealNamedProperty(context, name);
    }
    v8::Local<v8::Value> descriptor;
    if (!holder->GetOwnPropertyDescriptor(context, name).ToLocal(&descriptor))
      return v8::MaybeLocal<v8::Value>();
    if (descriptor->IsObject()) {
      v8::Local<v8::Object> parts = descriptor.As<v8::Object>();
      if (!parts->HasOwnProperty(context, ist__word_of(isolate, IST_WORD_VALUE)).FromMaybe(false))
        return ist__compartment_value(context, parts);
      return parts->Get(context, ist__word_of(isolate, IST_WORD_VALUE));
    }
    at = holder->GetPrototype();
  }
  return v8::MaybeLocal<v8::Value>();
}
