/* The making of a frozen context: runtime/js/compartment.js freezes what is there, with functions
 * that no script of a snapshot has changed; what the global object has then is remembered. Nothing
 * of a program's has run yet. */
#include "compartment.h"
#include "template.h"
#include "value.h"

namespace {

/* Whether an object is met for the first time. */
void first(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Local<v8::Set> met = info.Data().As<v8::Set>();
  v8::Local<v8::Context> context = info.GetIsolate()->GetCurrentContext();
  if (met->Has(context, info[0]).FromMaybe(true)) return;
  info.GetReturnValue().Set(!met->Add(context, info[0]).IsEmpty());
}

const char *const value_name = "isthmus:value";

/* Remembers what a getter answers. */
void answers(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  if (info[0]->IsObject())
    ist__ignore(info[0].As<v8::Object>()->SetPrivate(
        isolate->GetCurrentContext(), ist__compat::private_symbol(isolate, value_name), info[1]));
}

/* Stands in for a function that can define properties that cannot be deleted, and looks like it. */
void define(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  ist_context *owner = ist__context_of(context);
  if (ist__context_alive(owner)) ist__compartment_defines(owner);
  v8::Local<v8::Value> args[] = {info[0], info[1], info[2]};
  int count = info.Length() < 3 ? info.Length() : 3;
  v8::Local<v8::Value> result;
  if (info.Data().As<v8::Function>()->Call(context, info.This(), count, args).ToLocal(&result))
    info.GetReturnValue().Set(result);
}

/* Puts it in the place of all that there is. */
bool watch_definitions(v8::Local<v8::Context> context) {
  static const char *const places[][2] = {
      {"Object", "defineProperty"}, {"Object", "defineProperties"}, {"Reflect", "defineProperty"}};
  v8::Isolate *isolate = context->GetIsolate();
  for (const auto &place : places) {
    v8::Local<v8::Value> holder, usual;
    v8::Local<v8::String> name = ist__text(isolate, place[1]);
    v8::Local<v8::Function> made;
    if (!context->Global()->Get(context, ist__text(isolate, place[0])).ToLocal(&holder) ||
        !holder->IsObject() || !holder.As<v8::Object>()->Get(context, name).ToLocal(&usual) ||
        !usual->IsFunction() ||
        !v8::Function::New(context, define, usual, strcmp(place[1], "defineProperties") ? 3 : 2,
                           v8::ConstructorBehavior::kThrow)
             .ToLocal(&made))
      return false;
    made->SetName(name);
    if (!holder.As<v8::Object>()
             ->DefineOwnProperty(context, name, made, v8::DontEnum)
             .FromMaybe(false))
      return false;
  }
  return true;
}

/* What compartment.js may rely on. */
bool natives(v8::Local<v8::Context> context, v8::Local<v8::Object> native) {
  static const struct {
    const char *name;
    ist__intrinsic which;
  } functions[] = {
      {"apply", IST_APPLY},
      {"freeze", IST_FREEZE},
      {"preventExtensions", IST_PREVENT_EXTENSIONS},
      {"ownKeys", IST_OWN_KEYS},
      {"defineProperty", IST_DEFINE_PROPERTY},
      {"deleteProperty", IST_DELETE_PROPERTY},
      {"getOwnPropertyDescriptor", IST_GET_DESCRIPTOR},
      {"getPrototypeOf", IST_GET_PROTOTYPE},
      {"setPrototypeOf", IST_SET_PROTOTYPE},
  };
  v8::Isolate *isolate = context->GetIsolate();
  for (const auto &one : functions) {
    v8::Local<v8::Function> function;
    if (!ist__intrinsic_of(context, one.which).ToLocal(&function) ||
        !native->CreateDataProperty(context, ist__text(isolate, one.name), function)
             .FromMaybe(false))
      return false;
  }
  ist__native_method(context, native, "answers", answers);
  v8::Local<v8::Function> function;
  return v8::Function::New(context, first, v8::Set::New(isolate), 1,
                           v8::ConstructorBehavior::kThrow)
             .ToLocal(&function) &&
         native->CreateDataProperty(context, ist__text(isolate, "first"), function)
             .FromMaybe(false) &&
         native->CreateDataProperty(context, ist__text(isolate, "global"), context->Global())
             .FromMaybe(false);
}

bool remember(v8::Local<v8::Context> context, ist__compartment *compartment) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::Array> base;
  v8::Local<v8::RegExp> nothing;
  v8::Local<v8::Value> inner = ist__compat::inner_global(context);
  if (!inner->IsObject() ||
      !context->Global()
           ->GetOwnPropertyNames(context, v8::ALL_PROPERTIES, v8::KeyConversionMode::kKeepNumbers)
           .ToLocal(&base) ||
      !v8::RegExp::New(context, v8::String::Empty(isolate), v8::RegExp::kNone).ToLocal(&nothing))
    return false;
  compartment->base.Reset(isolate, base);
  compartment->base_count = base->Length();
  compartment->nothing.Reset(isolate, nothing);
  compartment->prototype.Reset(isolate, inner.As<v8::Object>()->GetPrototype());
  return true;
}

} // namespace

v8::MaybeLocal<v8::Value> ist__compartment_value(v8::Local<v8::Context> context,
                                                 v8::Local<v8::Object> descriptor) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::Value> getter;
  v8::Local<v8::Private> key = ist__compat::private_symbol(isolate, value_name);
  if (!descriptor->Get(context, ist__text(isolate, "get")).ToLocal(&getter) ||
      !getter->IsFunction() || !getter.As<v8::Object>()->HasPrivate(context, key).FromMaybe(false))
    return v8::MaybeLocal<v8::Value>();
  return getter.As<v8::Object>()->GetPrivate(context, key);
}

ist_status ist__compartment_global(ist_isolate *isolate, const ist_template *given,
                                   v8::Local<v8::ObjectTemplate> *global) {
  if (given) return given->part->named || given->part->indexed ? IST_ERR_STATE : IST_OK;
  if (isolate->frozen_global.IsEmpty()) {
    v8::Local<v8::ObjectTemplate> made = v8::ObjectTemplate::New(isolate->v8);
    made->SetImmutableProto();
    isolate->frozen_global.Reset(isolate->v8, made);
  }
  *global = isolate->frozen_global.Get(isolate->v8);
  return IST_OK;
}

ist_status ist__compartment_freeze(ist_context *context) {
  ist_isolate *isolate = context->isolate;
  ist__entry entry(context);
  v8::Local<v8::Object> native =
      v8::Object::New(isolate->v8, v8::Null(isolate->v8), nullptr, nullptr, 0);
  /* A snapshot's functions may have kept the usual ones, and a template's may do what they like. */
  context->compartment->wary |= isolate->blob != nullptr;
  if ((context->compartment->wary || watch_definitions(entry.context)) &&
      natives(entry.context, native) && ist__js_run(entry.context, "compartment.js", native) &&
      remember(entry.context, context->compartment))
    return IST_OK;
  return ist__caught(context, &entry.catcher, IST_ERR_STATE, nullptr);
}
