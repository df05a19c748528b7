/* Interactive evaluation, by a session of the isolate's inspector that is in this process:
 * declarations that last from one input to the next and may be made again, top-level await, the
 * value of the last statement, and evaluation that is stopped before it has side effects. The
 * session is made at the first input. One input at a time: its answer comes when what it awaits has
 * settled. */
#include "inspector.h"

#include <memory>
#include <new>

namespace {

using v8_inspector::StringBuffer;
using v8_inspector::StringView;

const char object_group[] = "repl";

StringView view_of(const char *text) {
  return StringView(reinterpret_cast<const uint8_t *>(text), strlen(text));
}

v8::MaybeLocal<v8::String> string_of(v8::Isolate *isolate, StringView view) {
  int length = static_cast<int>(view.length());
  return view.is8Bit() ? v8::String::NewFromOneByte(isolate, view.characters8(),
                                                    v8::NewStringType::kNormal, length)
                       : v8::String::NewFromTwoByte(isolate, view.characters16(),
                                                    v8::NewStringType::kNormal, length);
}

/* An own property of an answer, or undefined. */
v8::Local<v8::Value> own(v8::Local<v8::Context> context, v8::Local<v8::Value> object,
                         const char *name) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::String> key = ist__text(isolate, name);
  v8::Local<v8::Value> value;
  if (object->IsObject() &&
      object.As<v8::Object>()->HasOwnProperty(context, key).FromMaybe(false) &&
      object.As<v8::Object>()->Get(context, key).ToLocal(&value))
    return value;
  return v8::Undefined(isolate);
}

} // namespace

struct ist__repl final : v8_inspector::V8Inspector::Channel, ist__allocated {
  ist__repl(ist_context *owner, ist__inspection *inspection)
      : owner(owner), context_id(v8_inspector::V8ContextInfo::executionContextId(
                          owner->context.Get(owner->isolate->v8))),
        session(ist__compat::inspector_connect(
            inspection->v8.get(), ist__inspection::group,
            static_cast<v8_inspector::V8Inspector::Channel *>(this))) {}

  void sendResponse(int id, std::unique_ptr<StringBuffer> message) override {
    v8::Isolate *isolate = owner->isolate->v8;
    v8::HandleScope scope(isolate);
    v8::Local<v8::Context> context = owner->context.Get(isolate);
    v8::Local<v8::String> text;
    v8::Local<v8::Value> parsed;
    if (id == awaited && string_of(isolate, message->string()).ToLocal(&text) &&
        v8::JSON::Parse(context, text).ToLocal(&parsed)) {
      answer.Reset(isolate, own(context, parsed, "result"));
      awaited = 0;
    }
  }
  void sendNotification(std::unique_ptr<StringBuffer>) override {}
  void flushProtocolNotifications() override {}

  /* Sends a command; `awaited` turns 0 when its answer is there. */
  bool send(v8::Local<v8::Context> context, const char *method, v8::Local<v8::Object> params) {
    v8::Isolate *isolate = context->GetIsolate();
    v8::Local<v8::Name> names[] = {ist__text(isolate, "id"), ist__text(isolate, "method"),
                                   ist__text(isolate, "params")};
    awaited = ++last_id;
    answer.Reset();
    v8::Local<v8::Value> values[] = {v8::Integer::New(isolate, awaited), ist__text(isolate, method),
                                     params};
    v8::Local<v8::Object> command = v8::Object::New(isolate, v8::Null(isolate), names, values, 3);
    v8::Local<v8::String> text;
    if (!v8::JSON::Stringify(context, command).ToLocal(&text)) {
      awaited = 0;
      return false;
    }
    std::vector<uint16_t> units(static_cast<size_t>(text->Length()) + 1);
    ist__compat::write_two_byte(isolate, text, units.data(), 0,
                                static_cast<uint32_t>(text->Length()));
    session->dispatchProtocolMessage(StringView(units.data(), static_cast<size_t>(text->Length())));
    return true;
  }

  bool evaluate(v8::Local<v8::Context> context, v8::Local<v8::String> source, bool safely) {
    v8::Isolate *isolate = context->GetIsolate();
    v8::Local<v8::Name> names[] = {ist__text(isolate, "expression"),
                                   ist__text(isolate, "contextId"),
                                   ist__text(isolate, "objectGroup"),
                                   ist__text(isolate, safely ? "throwOnSideEffect" : "replMode"),
                                   ist__text(isolate, safely ? "timeout" : "awaitPromise")};
    v8::Local<v8::Value> values[] = {source, v8::Integer::New(isolate, context_id),
                                     ist__text(isolate, object_group), v8::True(isolate),
                                     safely ? v8::Integer::New(isolate, 200).As<v8::Value>()
                                            : v8::False(isolate).As<v8::Value>()};
    return send(context, "Runtime.evaluate",
                v8::Object::New(isolate, v8::Null(isolate), names, values, 5));
  }

  /* The value that the inspector describes. */
  bool value_of(v8::Local<v8::Context> context, v8::Local<v8::Value> remote,
                v8::Local<v8::Value> *value) {
    v8::Isolate *isolate = context->GetIsolate();
    v8::Local<v8::Value> id = own(context, remote, "objectId");
    if (id->IsString()) {
      v8::String::Utf8Value text(isolate, id);
      std::unique_ptr<StringBuffer> error;
      v8::Local<v8::Context> of;
      return session->unwrapObject(&error, view_of(*text), value, &of, nullptr);
    }
    v8::Local<v8::Value> odd = own(context, remote, "unserializableValue");
    if (odd->IsString()) {
      /* -0, NaN, Infinity, or a BigInt with its n: each is an expression. */
      v8::Local<v8::Script> script;
      return v8::Script::Compile(context, odd.As<v8::String>()).ToLocal(&script) &&
             script->Run(context).ToLocal(value);
    }
    *value = own(context, remote, "value");
    return true;
  }

  void forget() { session->releaseObjectGroup(view_of(object_group)); }

  ist_context *owner;
  int context_id;
  std::unique_ptr<v8_inspector::V8InspectorSession> session;
  v8::Global<v8::Value> answer;
  int last_id = 0;
  int awaited = 0;
};

ist__repl *ist__repl_of(ist_context *context) {
  ist__inspection *inspection = ist__inspection_of(context);
  if (!context->repl && inspection)
    context->repl = new (std::nothrow) ist__repl(context, inspection);
  return context->repl;
}

void ist__repl_free(ist__repl *repl) {
  if (!repl) return;
  repl->answer.Reset();
  repl->session.reset();
  delete repl;
}

ist_status ist__repl_start(ist_context *context, const char *source, size_t length) {
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  ist__repl *repl = ist__repl_of(context);
  v8::Local<v8::String> text;
  if (!ist__string(context->isolate->v8, source, length).ToLocal(&text)) return IST_ERR_ARGUMENT;
  return repl && repl->evaluate(entry.context, text, false) ? IST_OK : IST_ERR_MEMORY;
}

bool ist__repl_waiting(ist_context *context) {
  return context->repl && context->repl->awaited;
}

void ist__repl_abandon(ist_context *context) {
  if (context->repl) context->repl->awaited = 0;
}

ist_status ist__repl_finish(ist_context *context, ist_value *result, ist_error **error) {
  *error = nullptr;
  ist__gate gate(context);
  if (gate.status || !context->repl || context->repl->answer.IsEmpty())
    return ist__fail(error, ist__limits_reached(context->isolate, IST_ERR_TERMINATED));
  ist__entry entry(context);
  ist__repl *repl = context->repl;
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Value> answer = repl->answer.Get(isolate);
  repl->answer.Reset();
  v8::Local<v8::Value> details = own(entry.context, answer, "exceptionDetails");
  v8::Local<v8::Value> value;
  ist_status status = IST_OK;
  if (details->IsObject()) {
    status = IST_ERR_EXCEPTION;
    v8::Local<v8::Value> exception = own(entry.context, details, "exception");
    if (!exception->IsObject() || !repl->value_of(entry.context, exception, &value))
      status = ist__fail(error, ist__limits_reached(context->isolate, IST_ERR_TERMINATED));
    else
      *error = ist__error_of(context, status, value, v8::Local<v8::Message>());
  } else if (!repl->value_of(entry.context, own(entry.context, answer, "result"), &value)) {
    status = ist__fail(error, IST_ERR_STATE);
  } else if (!ist__value_from(context->isolate, value, result)) {
    status = ist__fail(error, IST_ERR_MEMORY);
  }
  repl->forget();
  return status;
}

/* ---- For runtime/js ---- */

namespace {

/* `evaluateSafely(expression)`: `[value]`, or undefined when it throws or would have a side effect.
 */
void evaluate_safely(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  ist_context *owner = ist__context_of(context);
  if (!ist__context_alive(owner) || !info[0]->IsString()) return;
  ist__repl *repl = ist__repl_of(owner);
  if (!repl || repl->awaited) return;
  v8::TryCatch catcher(isolate);
  v8::Local<v8::Value> value;
  if (!repl->evaluate(context, info[0].As<v8::String>(), true) || repl->answer.IsEmpty()) return;
  v8::Local<v8::Value> answer = repl->answer.Get(isolate);
  repl->answer.Reset();
  if (!own(context, answer, "exceptionDetails")->IsObject() &&
      repl->value_of(context, own(context, answer, "result"), &value))
    info.GetReturnValue().Set(v8::Array::New(isolate, &value, 1));
  repl->forget();
}

/* `globalLexicalNames()`: the names that let, const and class have declared. */
void global_lexical_names(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  ist_context *owner = ist__context_of(context);
  ist__repl *repl = ist__context_alive(owner) ? ist__repl_of(owner) : nullptr;
  if (!repl || repl->awaited) return;
  v8::Local<v8::Name> names[] = {ist__text(isolate, "executionContextId")};
  v8::Local<v8::Value> values[] = {v8::Integer::New(isolate, repl->context_id)};
  if (!repl->send(context, "Runtime.globalLexicalScopeNames",
                  v8::Object::New(isolate, v8::Null(isolate), names, values, 1)) ||
      repl->answer.IsEmpty())
    return;
  info.GetReturnValue().Set(own(context, repl->answer.Get(isolate), "names"));
  repl->answer.Reset();
}

} // namespace

void ist__natives_repl(v8::Local<v8::Context> context, v8::Local<v8::Object> native) {
  ist__native_method(context, native, "evaluateSafely", evaluate_safely);
  ist__native_method(context, native, "globalLexicalNames", global_lexical_names);
}
