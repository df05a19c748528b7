/* What properties and objects are made of: descriptors, private properties, prototypes, freezing,
 * and what identifies an object. A descriptor that V8 gives is read by its own properties alone, so
 * that nothing a program has done to Object.prototype is seen. */
#include "compartment.h"
#include "value.h"

namespace {

ist_status define(ist_context *context, ist__call_entry *entry, v8::Local<v8::Object> target,
                  v8::Local<v8::Name> key, v8::PropertyDescriptor *descriptor, uint32_t flags,
                  ist_error **error) {
  descriptor->set_enumerable((flags & IST_PROP_ENUMERABLE) != 0);
  descriptor->set_configurable((flags & IST_PROP_CONFIGURABLE) != 0);
  v8::Local<v8::Context> home;
  if (!(flags & IST_PROP_CONFIGURABLE) && target->GetCreationContext().ToLocal(&home)) {
    ist_context *owner = ist__context_of(home);
    if (ist__context_alive(owner)) ist__compartment_defines(owner);
  }
  bool done;
  if (!ist__define_property(entry->context, target, key, descriptor, &done))
    return ist__caught(context, &entry->catcher, IST_ERR_EXCEPTION, error);
  return done ? IST_OK : ist__fail(error, IST_ERR_STATE);
}

/* A key that is a value, as a name. */
ist_status name_of(ist_context *context, ist__call_entry *entry, ist_value key,
                   v8::Local<v8::Name> *to, ist_error **error) {
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, key, &local)) return ist__fail(error, IST_ERR_HANDLE);
  if (!local->IsName() && !local->IsNumber()) return ist__fail(error, IST_ERR_TYPE);
  if (!ist__key_name(entry->context, local).ToLocal(to))
    return ist__caught(context, &entry->catcher, IST_ERR_EXCEPTION, error);
  return IST_OK;
}

/* An own property of a descriptor object; undefined when it has none. */
bool part(v8::Local<v8::Context> context, v8::Local<v8::Object> descriptor, const char *name,
          v8::Local<v8::Value> *value) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::String> key = ist__text(isolate, name);
  if (descriptor->HasOwnProperty(context, key).FromMaybe(false))
    return descriptor->Get(context, key).ToLocal(value);
  *value = v8::Undefined(isolate);
  return false;
}

/* The isolate's private symbol for a name of the embedder's, apart from those of our own. */
v8::MaybeLocal<v8::Private> private_of(v8::Isolate *isolate, const char *name) {
  static const char prefix[] = "embedder:";
  enum { PREFIX = sizeof prefix - 1, FIXED = 128 };
  size_t length = strlen(name);
  if (length > static_cast<size_t>(v8::String::kMaxLength) - PREFIX)
    return v8::MaybeLocal<v8::Private>();
  char fixed[PREFIX + FIXED];
  char *whole = length <= FIXED ? fixed : static_cast<char *>(ist__malloc(PREFIX + length));
  if (!whole) return v8::MaybeLocal<v8::Private>();
  memcpy(whole, prefix, PREFIX);
  memcpy(whole + PREFIX, name, length);
  v8::Local<v8::String> text;
  bool made = ist__name(isolate, whole, PREFIX + length).ToLocal(&text);
  if (whole != fixed) ist__free(whole);
  if (!made) return v8::MaybeLocal<v8::Private>();
  return v8::Private::ForApi(isolate, text);
}

/* The same for the functions on private properties, whose `body` also takes the symbol. */
template <class Body>
ist_status on_private(ist_context *context, ist_value object, const char *name, bool valid,
                      const Body &body) {
  return ist__on_object(context, object, name && valid, nullptr,
                        [&](ist__call_entry &entry, auto target) {
                          v8::Local<v8::Private> key;
                          if (!private_of(context->isolate->v8, name).ToLocal(&key))
                            return IST_ERR_LIMIT;
                          return body(entry, target, key);
                        });
}

} // namespace

v8::MaybeLocal<v8::Name> ist__key_name(v8::Local<v8::Context> context, v8::Local<v8::Value> key) {
  if (key->IsName()) return key.As<v8::Name>();
  v8::Local<v8::String> text;
  if (!key->ToString(context).ToLocal(&text)) return v8::MaybeLocal<v8::Name>();
  return text.As<v8::Name>();
}

/* ---- Descriptors ---- */

bool ist__define_property(v8::Local<v8::Context> context, v8::Local<v8::Object> target,
                          v8::Local<v8::Name> key, v8::PropertyDescriptor *descriptor, bool *done) {
  v8::Local<v8::Function> reflect;
  /* Nothing is asked of what is no more than its own properties. */
  if (ist__compat::is_plain_object(target) ||
      !ist__intrinsic_of(context, IST_DEFINE_PROPERTY).ToLocal(&reflect))
    return target->DefineProperty(context, key, *descriptor).To(done);
  v8::Isolate *isolate = context->GetIsolate();
  v8::Context::Scope entered(context);
  enum { MOST_PARTS = 6 };
  v8::Local<v8::Name> names[MOST_PARTS];
  v8::Local<v8::Value> values[MOST_PARTS], answer;
  size_t count = 0;
  auto add = [&](const char *name, v8::Local<v8::Value> value) {
    names[count] = ist__text(isolate, name);
    values[count++] = value;
  };
  auto add_flag = [&](const char *name, bool flag) { add(name, v8::Boolean::New(isolate, flag)); };
  if (descriptor->has_value()) add("value", descriptor->value());
  if (descriptor->has_get()) add("get", descriptor->get());
  if (descriptor->has_set()) add("set", descriptor->set());
  if (descriptor->has_writable()) add_flag("writable", descriptor->writable());
  if (descriptor->has_enumerable()) add_flag("enumerable", descriptor->enumerable());
  if (descriptor->has_configurable()) add_flag("configurable", descriptor->configurable());
  v8::Local<v8::Value> args[] = {target, key,
                                 v8::Object::New(isolate, v8::Null(isolate), names, values, count)};
  if (!reflect->Call(context, v8::Undefined(isolate), 3, args).ToLocal(&answer)) return false;
  *done = answer->IsTrue();
  return true;
}

bool ist__define_value(v8::Local<v8::Context> context, v8::Local<v8::Object> target,
                       v8::Local<v8::Name> key, v8::Local<v8::Value> value,
                       v8::PropertyAttribute attributes) {
  v8::PropertyDescriptor descriptor(value, !(attributes & v8::ReadOnly));
  descriptor.set_enumerable(!(attributes & v8::DontEnum));
  descriptor.set_configurable(!(attributes & v8::DontDelete));
  bool done;
  return ist__define_property(context, target, key, &descriptor, &done) && done;
}

ist_status ist_object_define(ist_context *context, ist_value object, const char *name,
                             ist_value value, uint32_t flags, ist_error **error) {
  return ist__on_object(context, object, name && flags <= IST_PROP_ALL, error,
                        [&](ist__call_entry &entry, auto target) {
                          v8::Local<v8::Value> local;
                          v8::Local<v8::String> key;
                          if (!ist__value_to(context->isolate, value, &local))
                            return ist__fail(error, IST_ERR_HANDLE);
                          if (!ist__name(context->isolate->v8, name, strlen(name)).ToLocal(&key))
                            return ist__fail(error, IST_ERR_LIMIT);
                          v8::PropertyDescriptor descriptor(local,
                                                            (flags & IST_PROP_WRITABLE) != 0);
                          return define(context, &entry, target, key, &descriptor, flags, error);
                        });
}

ist_status ist_object_define_property(ist_context *context, ist_value object, ist_value key,
                                      const ist_property *property, ist_error **error) {
  bool valid = ist__sized(property) && property->flags <= IST_PROP_ALL;
  return ist__on_object(context, object, valid, error, [&](ist__call_entry &entry, auto target) {
    ist_isolate *isolate = context->isolate;
    v8::Local<v8::Value> value, getter, setter;
    if (!ist__value_to(isolate, property->value, &value) ||
        !ist__value_to(isolate, property->getter, &getter) ||
        !ist__value_to(isolate, property->setter, &setter))
      return ist__fail(error, IST_ERR_HANDLE);
    v8::Local<v8::Name> name;
    ist_status status = name_of(context, &entry, key, &name, error);
    if (status) return status;
    if (!property->accessor) {
      if (!getter->IsUndefined() || !setter->IsUndefined())
        return ist__fail(error, IST_ERR_ARGUMENT);
      v8::PropertyDescriptor descriptor(value, (property->flags & IST_PROP_WRITABLE) != 0);
      return define(context, &entry, target, name, &descriptor, property->flags, error);
    }
    if (!value->IsUndefined() || (getter->IsUndefined() && setter->IsUndefined()))
      return ist__fail(error, IST_ERR_ARGUMENT);
    if ((!getter->IsUndefined() && !getter->IsFunction()) ||
        (!setter->IsUndefined() && !setter->IsFunction()))
      return ist__fail(error, IST_ERR_TYPE);
    v8::PropertyDescriptor descriptor(getter, setter);
    return define(context, &entry, target, name, &descriptor, property->flags, error);
  });
}

ist_status ist_object_property(ist_context *context, ist_value object, ist_value key,
                               ist_property *result, ist_error **error) {
  return ist__on_object(context, object, ist__sized(result), error,
                        [&](ist__call_entry &entry, auto target) {
                          v8::Local<v8::Name> name;
                          ist_status status = name_of(context, &entry, key, &name, error);
                          if (status) return status;
                          v8::Local<v8::Value> got, value, getter, setter, flag;
                          if (!target->GetOwnPropertyDescriptor(entry.context, name).ToLocal(&got))
                            return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
                          if (!got->IsObject()) return ist__fail(error, IST_ERR_NOT_FOUND);
                          v8::Local<v8::Object> parts = got.template As<v8::Object>();
                          ist_property made = {};
                          made.size = sizeof made;
                          bool has_getter = part(entry.context, parts, "get", &getter);
                          bool has_setter = part(entry.context, parts, "set", &setter);
                          made.accessor = has_getter || has_setter;
                          part(entry.context, parts, "value", &value);
                          static const struct {
                            const char *name;
                            uint32_t flag;
                          } attributes[] = {{"writable", IST_PROP_WRITABLE},
                                            {"enumerable", IST_PROP_ENUMERABLE},
                                            {"configurable", IST_PROP_CONFIGURABLE}};
                          for (const auto &attribute : attributes)
                            if (part(entry.context, parts, attribute.name, &flag) && flag->IsTrue())
                              made.flags |= attribute.flag;
                          ist_isolate *isolate = context->isolate;
                          if (!ist__value_from(isolate, value, &made.value))
                            return ist__fail(error, IST_ERR_MEMORY);
                          if (!ist__value_from(isolate, getter, &made.getter)) {
                            ist_value_free(isolate, made.value);
                            return ist__fail(error, IST_ERR_MEMORY);
                          }
                          if (!ist__value_from(isolate, setter, &made.setter)) {
                            ist_value_free(isolate, made.value);
                            ist_value_free(isolate, made.getter);
                            return ist__fail(error, IST_ERR_MEMORY);
                          }
                          size_t size = result->size;
                          *result = made;
                          result->size = size;
                          return IST_OK;
                        });
}

/* ---- Private properties ---- */

ist_status ist_object_get_private(ist_context *context, ist_value object, const char *name,
                                  ist_value *result) {
  return on_private(context, object, name, result,
                    [&](ist__call_entry &entry, auto target, auto key) {
                      return ist__finish(context, target->GetPrivate(entry.context, key),
                                         &entry.catcher, result, nullptr);
                    });
}

ist_status ist_object_set_private(ist_context *context, ist_value object, const char *name,
                                  ist_value value) {
  return on_private(
      context, object, name, true, [&](ist__call_entry &entry, auto target, auto key) {
        v8::Local<v8::Value> local;
        if (!ist__value_to(context->isolate, value, &local)) return IST_ERR_HANDLE;
        return ist__finish_maybe(context, target->SetPrivate(entry.context, key, local),
                                 &entry.catcher, nullptr, nullptr);
      });
}

ist_status ist_object_delete_private(ist_context *context, ist_value object, const char *name) {
  return on_private(context, object, name, true,
                    [&](ist__call_entry &entry, auto target, auto key) {
                      return ist__finish_maybe(context, target->DeletePrivate(entry.context, key),
                                               &entry.catcher, nullptr, nullptr);
                    });
}

/* ---- Prototypes ---- */

ist_status ist_object_prototype(ist_context *context, ist_value object, ist_value *result,
                                ist_error **error) {
  return ist__on_object(context, object, result, error, [&](ist__call_entry &entry, auto target) {
    v8::Local<v8::Function> get;
    v8::MaybeLocal<v8::Value> got;
    /* V8's own function does not ask proxies. */
    if (!target->IsProxy())
      got = target->GetPrototype();
    else if (ist__intrinsic_of(entry.context, IST_GET_PROTOTYPE).ToLocal(&get)) {
      v8::Local<v8::Value> args[] = {target};
      got = get->Call(entry.context, v8::Undefined(context->isolate->v8), 1, args);
    } else
      return ist__fail(error, IST_ERR_STATE);
    return ist__finish(context, got, &entry.catcher, result, error);
  });
}

ist_status ist_object_set_prototype(ist_context *context, ist_value object, ist_value prototype,
                                    ist_error **error) {
  return ist__on_object(context, object, true, error, [&](ist__call_entry &entry, auto target) {
    v8::Local<v8::Value> local, done;
    if (!ist__value_to(context->isolate, prototype, &local))
      return ist__fail(error, IST_ERR_HANDLE);
    if (!local->IsObject() && !local->IsNull()) return ist__fail(error, IST_ERR_TYPE);
    v8::Local<v8::Function> set;
    if (!ist__intrinsic_of(entry.context, IST_SET_PROTOTYPE).ToLocal(&set))
      return ist__fail(error, IST_ERR_STATE);
    /* V8's own function swallows what a proxy throws. */
    v8::Local<v8::Value> args[] = {target, local};
    if (!set->Call(entry.context, v8::Undefined(context->isolate->v8), 2, args).ToLocal(&done))
      return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
    return done->IsTrue() ? IST_OK : ist__fail(error, IST_ERR_STATE);
  });
}

/* ---- The whole object ---- */

ist_status ist_object_freeze(ist_context *context, ist_value object, ist_error **error) {
  return ist__on_object(context, object, true, error, [&](ist__call_entry &entry, auto target) {
    return ist__finish_maybe(context,
                             target->SetIntegrityLevel(entry.context, v8::IntegrityLevel::kFrozen),
                             &entry.catcher, nullptr, error);
  });
}

ist_status ist_object_hash(ist_isolate *isolate, ist_value object, int32_t *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Object> local;
  ist_status status = ist__value_as(isolate, object, &v8::Value::IsObject, &local);
  if (status) return status;
  *result = local->GetIdentityHash();
  return IST_OK;
}

ist_status ist_object_constructor_name(ist_isolate *isolate, ist_value object, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Object> local;
  ist_status status = ist__value_as(isolate, object, &v8::Value::IsObject, &local);
  if (status) return status;
  return ist__give(isolate, local->GetConstructorName(), result);
}
