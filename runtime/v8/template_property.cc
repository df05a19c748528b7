/* What C answers for the objects of templates: accessors, interceptors and calls. Each question
 * runs in the context that V8 asks in, in a scope of its own; what fails becomes an exception.
 * Where C only says that a property is there, and not how it is written, deleted or redefined,
 * these are refused, so that an object never says one thing and does another. */
#include "template.h"

namespace {

void collected(const v8::WeakCallbackInfo<ist__responder> &info) {
  ist__responder *responder = info.GetParameter();
  responder->anchor.Reset();
  ist__chain_drop<ist__callback>(responder);
  ist__finalizer_owe(responder->isolate, responder->finalizer);
  delete responder;
}

ist__responder *responder_of(v8::Local<v8::Value> data) {
  return static_cast<ist__responder *>(
      static_cast<ist__callback *>(ist__compat::external_value(data)));
}

/* The object that a program can have: V8 keeps the global object behind another one. */
v8::Local<v8::Object> outer(ist_isolate *isolate, v8::Local<v8::Object> holder) {
  v8::Local<v8::Context> context;
  if (!isolate->templates->global || !holder->GetCreationContext().ToLocal(&context)) return holder;
  return ist__compat::inner_global(context) == holder ? context->Global() : holder;
}

/* Asks C by ask(&access), which gives a status and takes the answer while its handles live. False
 * when JavaScript sees an exception. */
template <class Ask>
bool consult(ist__responder *responder, v8::Local<v8::Value> receiver, v8::Local<v8::Object> holder,
             v8::Local<v8::Value> key, Ask ask) {
  ist_isolate *isolate = responder->isolate;
  if (!ist__callback_room(isolate)) return false;
  ist_context *context = ist__context_of(isolate->v8->GetCurrentContext());
  if (!ist__context_alive(context)) {
    isolate->v8->ThrowException(
        v8::Exception::Error(ist__text(isolate->v8, "the context is gone")));
    return false;
  }
  ist_status status = IST_ERR_MEMORY;
  v8::Local<v8::Value> thrown;
  {
    ist__outward outward(isolate);
    ist_access access = {sizeof access, context, ist_undefined(), ist_undefined(), ist_undefined()};
    v8::Local<v8::Value> visible = outer(isolate, holder);
    bool made = ist__value_from(isolate, receiver, &access.receiver) &&
                ist__value_from(isolate, key, &access.key);
    if (made && visible == receiver)
      access.holder = access.receiver;
    else
      made = made && ist__value_from(isolate, visible, &access.holder);
    if (made) status = ask(&access);
    if (!outward.thrown.IsEmpty()) thrown = outward.thrown.Get(isolate->v8);
  }
  if (!status && thrown.IsEmpty()) return true;
  ist__callback_throw(isolate, thrown, status);
  return false;
}

/* A value that C gave. */
template <class Info>
ist_status give(ist_isolate *isolate, const Info &info, const ist_value &value) {
  v8::Local<v8::Value> given;
  if (!ist__value_to(isolate, value, &given)) return IST_ERR_HANDLE;
  info.GetReturnValue().Set(given);
  return IST_OK;
}

void refuse(v8::Isolate *isolate, const char *before, v8::Local<v8::Value> key, const char *after) {
  if (key->IsSymbol()) key = key.As<v8::Symbol>()->Description(isolate);
  v8::Local<v8::String> name;
  if (!key->ToDetailString(isolate->GetCurrentContext()).ToLocal(&name) || name->Length() > 1000)
    name = ist__text(isolate, "...");
  v8::Local<v8::String> text = v8::String::Concat(isolate, ist__text(isolate, before), name);
  isolate->ThrowException(
      v8::Exception::TypeError(v8::String::Concat(isolate, text, ist__text(isolate, after))));
}

/* ---- Accessors ---- */

void native_get(v8::Local<v8::Name> name, const v8::PropertyCallbackInfo<v8::Value> &info) {
  ist__responder *responder = responder_of(info.Data());
  consult(responder, info.This(), ist__compat::holder(info), name, [&](const ist_access *access) {
    ist_value result = ist_undefined();
    ist_status status = responder->get(responder->env, access, &result);
    return status ? status : give(responder->isolate, info, result);
  });
}

void native_set(v8::Local<v8::Name> name, v8::Local<v8::Value> value,
                const v8::PropertyCallbackInfo<void> &info) {
  ist__responder *responder = responder_of(info.Data());
  consult(responder, info.This(), ist__compat::holder(info), name, [&](const ist_access *access) {
    ist_value given;
    if (!ist__value_from(responder->isolate, value, &given)) return IST_ERR_MEMORY;
    return responder->set(responder->env, access, given);
  });
}

void function_get(const v8::FunctionCallbackInfo<v8::Value> &info) {
  ist__responder *responder = responder_of(info.Data());
  v8::Local<v8::Name> name = responder->name.Get(responder->isolate->v8);
  consult(responder, info.This(), info.This(), name, [&](const ist_access *access) {
    ist_value result = ist_undefined();
    ist_status status = responder->get(responder->env, access, &result);
    return status ? status : give(responder->isolate, info, result);
  });
}

void function_set(const v8::FunctionCallbackInfo<v8::Value> &info) {
  ist__responder *responder = responder_of(info.Data());
  v8::Local<v8::Name> name = responder->name.Get(responder->isolate->v8);
  consult(responder, info.This(), info.This(), name, [&](const ist_access *access) {
    ist_value given;
    if (!ist__value_from(responder->isolate, info[0], &given)) return IST_ERR_MEMORY;
    return responder->set(responder->env, access, given);
  });
}

/* ---- Interceptors ---- */

enum answer { PASSED_ON, ANSWERED };

/* Whether the object itself has the index, for handlers that are asked only for what is missing:
 * V8 knows that for names alone. */
template <class Info> bool passes_by(ist__responder *responder, uint32_t index, const Info &info) {
  if (!responder->handler.only_missing) return false;
  v8::Local<v8::Context> context = responder->isolate->v8->GetCurrentContext();
  return ist__compat::holder(info)->HasRealIndexedProperty(context, index).FromMaybe(false);
}

template <class Info> bool passes_by(ist__responder *, v8::Local<v8::Name>, const Info &) {
  return false;
}

template <class Info> answer on_get(v8::Local<v8::Value> key, const Info &info) {
  ist__responder *responder = responder_of(info.Data());
  const ist_handler &handler = responder->handler;
  if (!handler.get) return PASSED_ON;
  bool handled = true;
  bool went = consult(responder, info.This(), ist__compat::holder(info), key,
                      [&](const ist_access *access) {
                        ist_value result = ist_undefined();
                        ist_status status = handler.get(handler.env, access, &result, &handled);
                        if (status || !handled) return status;
                        return give(responder->isolate, info, result);
                      });
  return went && !handled ? PASSED_ON : ANSWERED;
}

/* What C says of a property: false when JavaScript sees an exception. Without `query`, what `get`
 * answers is there. */
template <class Info>
bool look(v8::Local<v8::Value> key, const Info &info, uint32_t *flags, bool *found) {
  ist__responder *responder = responder_of(info.Data());
  const ist_handler &handler = responder->handler;
  *found = handler.query || handler.get;
  *flags = IST_PROP_ENUMERABLE;
  if (handler.set || handler.only_missing) *flags |= IST_PROP_WRITABLE;
  if (handler.remove || handler.only_missing) *flags |= IST_PROP_CONFIGURABLE;
  if (!*found) return true;
  return consult(responder, info.This(), ist__compat::holder(info), key,
                 [&](const ist_access *access) {
                   if (handler.query) return handler.query(handler.env, access, flags, found);
                   ist_value ignored = ist_undefined();
                   return handler.get(handler.env, access, &ignored, found);
                 });
}

void nothing(const v8::FunctionCallbackInfo<v8::Value> &) {}

/* What a query throws while V8 filters keys would come out of whatever function of C's is called
 * next, perhaps by another program. Calling one here takes it up. */
void take_up(v8::Isolate *isolate, void *) {
  v8::HandleScope scope(isolate);
  v8::TryCatch catcher(isolate);
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Function> function;
  if (!context.IsEmpty() && v8::Function::New(context, nothing).ToLocal(&function))
    (void)function->Call(context, v8::Undefined(isolate), 0, nullptr).IsEmpty();
}

answer on_query(v8::Local<v8::Value> key, const v8::PropertyCallbackInfo<v8::Integer> &info) {
  uint32_t flags;
  bool found;
  if (!look(key, info, &flags, &found)) {
    if (ist__compat::filter_forgets) info.GetIsolate()->RequestInterrupt(take_up, nullptr);
    return ANSWERED;
  }
  if (!found) return PASSED_ON;
  info.GetReturnValue().Set(static_cast<int32_t>(ist__attributes(flags)));
  return ANSWERED;
}

template <class Info>
answer on_set(v8::Local<v8::Value> key, v8::Local<v8::Value> value, const Info &info) {
  ist__responder *responder = responder_of(info.Data());
  const ist_handler &handler = responder->handler;
  if (!handler.set) {
    if (handler.only_missing) return PASSED_ON;
    uint32_t flags;
    bool found;
    if (!look(key, info, &flags, &found)) return ANSWERED;
    if (!found || (flags & IST_PROP_WRITABLE)) return PASSED_ON;
    if (info.ShouldThrowOnError())
      refuse(info.GetIsolate(), "Cannot assign to read only property '", key, "' of object");
    return ANSWERED;
  }
  bool handled = true;
  bool went = consult(responder, info.This(), ist__compat::holder(info), key,
                      [&](const ist_access *access) {
                        ist_value given;
                        if (!ist__value_from(responder->isolate, value, &given))
                          return IST_ERR_MEMORY;
                        return handler.set(handler.env, access, given, &handled);
                      });
  return went && !handled ? PASSED_ON : ANSWERED;
}

answer on_delete(v8::Local<v8::Value> key, const v8::PropertyCallbackInfo<v8::Boolean> &info) {
  ist__responder *responder = responder_of(info.Data());
  const ist_handler &handler = responder->handler;
  bool removed = false, handled = true;
  if (!handler.remove) {
    uint32_t flags;
    if (!look(key, info, &flags, &handled)) return ANSWERED;
  } else {
    removed = true;
    if (!consult(responder, info.This(), ist__compat::holder(info), key,
                 [&](const ist_access *access) {
                   return handler.remove(handler.env, access, &removed, &handled);
                 }))
      return ANSWERED;
  }
  if (!handled) return PASSED_ON;
  info.GetReturnValue().Set(removed);
  if (!removed && info.ShouldThrowOnError())
    refuse(info.GetIsolate(), "Cannot delete property '", key, "'");
  return ANSWERED;
}

/* Object.defineProperty and its kin. A value is a write; anything else of a property that C has is
 * refused. */
template <class Info>
answer on_define(v8::Local<v8::Value> key, const v8::PropertyDescriptor &wanted, const Info &info) {
  ist__responder *responder = responder_of(info.Data());
  if (wanted.has_value() && responder->handler.set) return on_set(key, wanted.value(), info);
  if (responder->handler.only_missing) return PASSED_ON;
  uint32_t flags;
  bool found;
  if (!look(key, info, &flags, &found)) return ANSWERED;
  if (!found) return PASSED_ON;
  refuse(info.GetIsolate(), "Cannot redefine property: ", key, "");
  return ANSWERED;
}

enum { MOST_KEYS = 1 << 24 };

/* The keys that C listed, as V8 wants them: names, or array indices. */
ist_status keys_of(ist__responder *responder, const ist_value &listed,
                   v8::Local<v8::Array> *result) {
  ist_isolate *isolate = responder->isolate;
  v8::Local<v8::Context> context = isolate->v8->GetCurrentContext();
  v8::Local<v8::Value> value, key;
  if (!ist__value_to(isolate, listed, &value)) return IST_ERR_HANDLE;
  if (value->IsUndefined()) {
    *result = v8::Array::New(isolate->v8);
    return IST_OK;
  }
  if (!value->IsArray()) return IST_ERR_TYPE;
  v8::Local<v8::Array> array = value.As<v8::Array>();
  uint32_t length = array->Length();
  if (length > MOST_KEYS) return IST_ERR_LIMIT;
  v8::Local<v8::Value> *keys =
      static_cast<v8::Local<v8::Value> *>(ist__calloc(length + 1, sizeof *keys));
  if (!keys) return IST_ERR_MEMORY;
  ist_status status = IST_OK;
  v8::TryCatch catcher(isolate->v8);
  for (uint32_t i = 0; !status && i < length; i++) {
    if (!array->Get(context, i).ToLocal(&key)) {
      status = IST_ERR_EXCEPTION;
    } else if (responder->indexed) {
      if (!key->IsUint32() || key.As<v8::Uint32>()->Value() == UINT32_MAX) status = IST_ERR_TYPE;
      keys[i] = key;
    } else if (key->IsName()) {
      keys[i] = key;
    } else if (key->IsNumber()) {
      v8::Local<v8::String> text;
      if (key->ToString(context).ToLocal(&text))
        keys[i] = text;
      else
        status = IST_ERR_EXCEPTION;
    } else {
      status = IST_ERR_TYPE;
    }
  }
  if (!status) *result = v8::Array::New(isolate->v8, keys, length);
  ist__free(keys);
  if (catcher.HasTerminated()) return IST_ERR_TERMINATED;
  if (catcher.HasCaught()) isolate->outward->thrown.Reset(isolate->v8, catcher.Exception());
  return status;
}

void on_enumerate(const v8::PropertyCallbackInfo<v8::Array> &info) {
  ist__responder *responder = responder_of(info.Data());
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Array> keys;
  bool went = consult(responder, info.This(), ist__compat::holder(info), v8::Undefined(isolate),
                      [&](const ist_access *access) {
                        ist_value listed = ist_undefined();
                        ist_status status =
                            responder->handler.enumerate(responder->env, access, &listed);
                        return status ? status : keys_of(responder, listed, &keys);
                      });
  /* V8 forgets what a query throws while keys are filtered, so it is asked beforehand, too. */
  for (uint32_t i = 0; ist__compat::filter_forgets && went && i < keys->Length(); i++) {
    uint32_t flags;
    bool found;
    v8::Local<v8::Value> key;
    went =
        keys->Get(isolate->GetCurrentContext(), i).ToLocal(&key) && look(key, info, &flags, &found);
  }
  if (went) info.GetReturnValue().Set(keys);
}

/* How V8 calls the above, with a name or with an index. */
v8::Local<v8::Value> key_of(v8::Isolate *, v8::Local<v8::Name> name) {
  return name;
}

v8::Local<v8::Value> key_of(v8::Isolate *isolate, uint32_t index) {
  return v8::Integer::NewFromUnsigned(isolate, index);
}

template <class Key, class Info> v8::Local<v8::Value> asked(Key key, const Info &info, bool *skip) {
  *skip = passes_by(responder_of(info.Data()), key, info);
  return key_of(info.GetIsolate(), key);
}

template <class Key>
ist__compat::intercepted get(Key key, const v8::PropertyCallbackInfo<v8::Value> &info) {
  bool skip;
  v8::Local<v8::Value> local = asked(key, info, &skip);
  if (skip || on_get(local, info) == PASSED_ON) IST_NOT_INTERCEPTED;
  IST_INTERCEPTED;
}

template <class Key>
ist__compat::intercepted set(Key key, v8::Local<v8::Value> value,
                             const ist__compat::setter_info &info) {
  bool skip;
  v8::Local<v8::Value> local = asked(key, info, &skip);
  if (skip || on_set(local, value, info) == PASSED_ON) IST_NOT_INTERCEPTED;
  IST_INTERCEPTED_SET(info, value);
}

template <class Key>
ist__compat::intercepted query(Key key, const v8::PropertyCallbackInfo<v8::Integer> &info) {
  bool skip;
  v8::Local<v8::Value> local = asked(key, info, &skip);
  if (skip || on_query(local, info) == PASSED_ON) IST_NOT_INTERCEPTED;
  IST_INTERCEPTED;
}

template <class Key>
ist__compat::intercepted remove(Key key, const v8::PropertyCallbackInfo<v8::Boolean> &info) {
  bool skip;
  v8::Local<v8::Value> local = asked(key, info, &skip);
  if (skip || on_delete(local, info) == PASSED_ON) IST_NOT_INTERCEPTED;
  IST_INTERCEPTED;
}

template <class Key>
ist__compat::intercepted define(Key key, const v8::PropertyDescriptor &wanted,
                                const ist__compat::setter_info &info) {
  bool skip;
  v8::Local<v8::Value> local = asked(key, info, &skip);
  if (skip || on_define(local, wanted, info) == PASSED_ON) IST_NOT_INTERCEPTED;
  IST_INTERCEPTED_SET(info, v8::Undefined(info.GetIsolate()));
}

template <class Configuration, class Key>
Configuration configuration(ist__responder *responder, v8::Local<v8::Value> data, int flags) {
  const ist_handler &handler = responder->handler;
  return Configuration(get<Key>, set<Key>, handler.query || handler.get ? query<Key> : nullptr,
                       remove<Key>, handler.enumerate ? on_enumerate : nullptr, define<Key>,
                       nullptr, data, static_cast<v8::PropertyHandlerFlags>(flags));
}

/* Calls of a callable object. What `new` gives must be an object: V8 relies on it. */
void call_object(const v8::FunctionCallbackInfo<v8::Value> &info) {
  ist__template_invoke(info);
  if (info.IsConstructCall() && !info.GetReturnValue().Get()->IsObject())
    info.GetReturnValue().Set(v8::Object::New(info.GetIsolate()));
}

v8::Local<v8::Template> base(const ist__part *part) {
  return part->v8.Get(part->family->isolate->v8);
}

template <class T> v8::Local<T> local(const ist__part *part) {
  return base(part).template As<T>();
}

} // namespace

ist__responder *ist__responder_new(ist_isolate *isolate, void *env, ist_finalizer finalize) {
  ist__finalizer *finalizer = finalize ? ist__finalizer_new(finalize, env) : nullptr;
  if (finalize && !finalizer) return nullptr;
  ist__responder *responder = new (std::nothrow) ist__responder();
  if (!responder) {
    ist__finalizer_owe(isolate, finalizer);
    return nullptr;
  }
  responder->isolate = isolate;
  responder->env = env;
  responder->finalizer = finalizer;
  ist__templates *all = isolate->templates;
  ist__chain_add<ist__callback>(&all->responders, responder);
  responder->anchor.Reset(
      isolate->v8, ist__compat::external_new(isolate->v8, static_cast<ist__callback *>(responder)));
  responder->anchor.SetWeak(responder, collected, v8::WeakCallbackType::kParameter);
  return responder;
}

void ist__part_set_handler(ist__part *part, ist__responder *responder) {
  v8::Local<v8::Value> data = responder->anchor.Get(part->family->isolate->v8);
  v8::Local<v8::ObjectTemplate> object = local<v8::ObjectTemplate>(part);
  if (responder->indexed) {
    part->indexed = responder;
    object->SetHandler(configuration<v8::IndexedPropertyHandlerConfiguration, uint32_t>(
        responder, data, static_cast<int>(v8::PropertyHandlerFlags::kNone)));
    return;
  }
  part->named = responder;
  int flags = 0;
  if (responder->handler.no_symbols)
    flags |= static_cast<int>(v8::PropertyHandlerFlags::kOnlyInterceptStrings);
  if (responder->handler.only_missing)
    flags |= static_cast<int>(v8::PropertyHandlerFlags::kNonMasking);
  object->SetHandler(configuration<v8::NamedPropertyHandlerConfiguration, v8::Local<v8::Name>>(
      responder, data, flags));
}

void ist__part_set_call(ist__part *part, ist__responder *responder) {
  part->call = responder;
  local<v8::ObjectTemplate>(part)->SetCallAsFunctionHandler(
      call_object, responder->anchor.Get(part->family->isolate->v8));
}

/* ---- Setting them ---- */

namespace {

ist_status set_accessor(ist__part *part, v8::Local<v8::Name> name, ist__responder *responder,
                        uint32_t flags) {
  v8::Isolate *isolate = part->family->isolate->v8;
  if (!responder->set) flags &= ~IST_PROP_WRITABLE;
  v8::PropertyAttribute attributes = ist__attributes(flags);
  ist_status status = ist__part_add(part, name, v8::Local<v8::Data>(), attributes, nullptr);
  if (status) return status;
  v8::Local<v8::External> data = responder->anchor.Get(isolate);
  if (part->kind != IST__PART_PROTOTYPE) {
    ist__compat::set_native_property(base(part), name, native_get,
                                     responder->set ? native_set : nullptr, data, attributes);
    return IST_OK;
  }
  responder->name.Reset(isolate, name);
  v8::Local<v8::Signature> signature =
      v8::Signature::New(isolate, local<v8::FunctionTemplate>(&part->family->main));
  v8::Local<v8::FunctionTemplate> getter = v8::FunctionTemplate::New(
      isolate, function_get, data, signature, 0, v8::ConstructorBehavior::kThrow);
  v8::Local<v8::FunctionTemplate> setter;
  if (responder->set)
    setter = v8::FunctionTemplate::New(isolate, function_set, data, signature, 1,
                                       v8::ConstructorBehavior::kThrow);
  attributes = static_cast<v8::PropertyAttribute>(attributes & ~v8::ReadOnly);
  base(part)->SetAccessorProperty(name, getter, setter, attributes);
  return IST_OK;
}

/* The way of every function here that takes callbacks: `key` gives the name, `use` what is done
 * with the responder. */
template <class Check, class Use>
ist_status with_responder(ist_template *tmpl, ist_status status, void *env, ist_finalizer finalize,
                          Check check, Use use) {
  ist__template_gate entered(tmpl);
  if (!status) status = entered.status;
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  v8::HandleScope scope(tmpl->isolate->v8);
  status = check(tmpl->part);
  if (!status && tmpl->part->frozen) status = IST_ERR_STATE;
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  ist__responder *responder = ist__responder_new(tmpl->isolate, env, finalize);
  return responder ? use(tmpl->part, responder) : IST_ERR_MEMORY;
}

ist_status only_objects(const ist__part *part) {
  return part->kind == IST__PART_FUNCTION ? IST_ERR_TYPE : IST_OK;
}

ist_status set_handler(ist_template *object, const ist_handler *given, bool indexed) {
  ist_handler handler = {};
  ist_status status = IST_OK;
  if (!given || given->size < sizeof given->size)
    status = IST_ERR_ARGUMENT;
  else
    memcpy(&handler, given, given->size < sizeof handler ? given->size : sizeof handler);
  return with_responder(object, status, handler.env, handler.finalize, only_objects,
                        [&](ist__part *part, ist__responder *responder) {
                          responder->handler = handler;
                          responder->indexed = indexed;
                          ist__part_set_handler(part, responder);
                          return IST_OK;
                        });
}

} // namespace

ist_status ist_template_set_accessor(ist_template *tmpl, const char *name, ist_getter get,
                                     ist_setter set, void *env, ist_finalizer finalize,
                                     uint32_t flags) {
  v8::Local<v8::Name> key;
  return with_responder(
      tmpl, !name || !get || flags > IST_PROP_ALL ? IST_ERR_ARGUMENT : IST_OK, env, finalize,
      [&](ist__part *part) { return ist__template_name(part->family->isolate, name, &key); },
      [&](ist__part *part, ist__responder *responder) {
        responder->get = get;
        responder->set = set;
        return set_accessor(part, key, responder, flags);
      });
}

ist_status ist_template_set_accessor_key(ist_template *tmpl, ist_value key, ist_getter get,
                                         ist_setter set, void *env, ist_finalizer finalize,
                                         uint32_t flags) {
  v8::Local<v8::Name> name;
  return with_responder(
      tmpl, !get || flags > IST_PROP_ALL ? IST_ERR_ARGUMENT : IST_OK, env, finalize,
      [&](ist__part *part) { return ist__template_key(part->family->isolate, key, &name); },
      [&](ist__part *part, ist__responder *responder) {
        responder->get = get;
        responder->set = set;
        return set_accessor(part, name, responder, flags);
      });
}

ist_status ist_template_set_named(ist_template *object, const ist_handler *handler) {
  return set_handler(object, handler, false);
}

ist_status ist_template_set_indexed(ist_template *object, const ist_handler *handler) {
  return set_handler(object, handler, true);
}

ist_status ist_template_set_call(ist_template *object, ist_function fn, void *env,
                                 ist_finalizer finalize) {
  return with_responder(object, fn ? IST_OK : IST_ERR_ARGUMENT, env, finalize, only_objects,
                        [&](ist__part *part, ist__responder *responder) {
                          responder->fn = fn;
                          ist__part_set_call(part, responder);
                          return IST_OK;
                        });
}
