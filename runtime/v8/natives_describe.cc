/* The natives through which runtime/js looks at values, as runtime/js/README.md lists them.
 * None of them runs user code: no getters, no proxy traps, no conversions. */
#include "internal.h"

#include <stdlib.h>

void ist__native_method(v8::Local<v8::Context> context, v8::Local<v8::Object> native,
                        const char *name, v8::FunctionCallback callback) {
  v8::Local<v8::Function> function;
  if (v8::Function::New(context, callback, v8::Local<v8::Value>(), 0,
                        v8::ConstructorBehavior::kThrow)
          .ToLocal(&function))
    ist__ignore(
        native->CreateDataProperty(context, ist__text(context->GetIsolate(), name), function));
}

namespace {

using call_info = v8::FunctionCallbackInfo<v8::Value>;

v8::Local<v8::Value> text(const call_info &info, const char *value) {
  return ist__text(info.GetIsolate(), value);
}

const char *object_kind(v8::Local<v8::Value> value) {
  static const struct {
    bool (v8::Value::*is)() const;
    const char *kind;
  } kinds[] = {
      {&v8::Value::IsProxy, "proxy"},
      {&v8::Value::IsFunction, "function"},
      {&v8::Value::IsArray, "array"},
      {&v8::Value::IsTypedArray, "typedarray"},
      {&v8::Value::IsArrayBuffer, "arraybuffer"},
      {&v8::Value::IsSharedArrayBuffer, "sharedarraybuffer"},
      {&v8::Value::IsDataView, "dataview"},
      {&v8::Value::IsDate, "date"},
      {&v8::Value::IsNativeError, "error"},
      {&v8::Value::IsMap, "map"},
      {&v8::Value::IsSet, "set"},
      {&v8::Value::IsMapIterator, "map-iterator"},
      {&v8::Value::IsSetIterator, "set-iterator"},
      {&v8::Value::IsPromise, "promise"},
      {&v8::Value::IsRegExp, "regexp"},
      {&v8::Value::IsWeakMap, "weakmap"},
      {&v8::Value::IsWeakSet, "weakset"},
      {&v8::Value::IsGeneratorObject, "generator"},
      {&v8::Value::IsModuleNamespaceObject, "namespace"},
      {&v8::Value::IsArgumentsObject, "arguments"},
      {&v8::Value::IsBooleanObject, "boolean-object"},
      {&v8::Value::IsNumberObject, "number-object"},
      {&v8::Value::IsStringObject, "string-object"},
      {&v8::Value::IsBigIntObject, "bigint-object"},
      {&v8::Value::IsSymbolObject, "symbol-object"},
      {&v8::Value::IsExternal, "external"},
  };
  for (const auto &entry : kinds)
    if (((*value)->*entry.is)()) return entry.kind;
  return "object";
}

void kind_of(const call_info &info) {
  v8::Local<v8::Value> value = info[0];
  const char *kind = value->IsUndefined() ? "undefined"
                     : value->IsNull()    ? "null"
                     : value->IsBoolean() ? "boolean"
                     : value->IsNumber()  ? "number"
                     : value->IsBigInt()  ? "bigint"
                     : value->IsString()  ? "string"
                     : value->IsSymbol()  ? "symbol"
                                          : object_kind(value);
  if (!strcmp(kind, "object")) {
    /* V8 has no question for WeakRef, and its name cannot be forged on the object's own class. */
    v8::String::Utf8Value name(info.GetIsolate(), value.As<v8::Object>()->GetConstructorName());
    if (*name && !strcmp(*name, "WeakRef")) kind = "weakref";
  }
  info.GetReturnValue().Set(text(info, kind));
}

void function_kind(const call_info &info) {
  if (!info[0]->IsFunction()) return;
  v8::Isolate *isolate = info.GetIsolate();
  const char *kind = "function";
  if (info[0]->IsAsyncFunction()) {
    kind = "async";
    if (info[0]->IsGeneratorFunction()) kind = "async-generator";
  } else if (info[0]->IsGeneratorFunction()) {
    kind = "generator";
  } else {
    v8::TryCatch catcher(isolate);
    v8::Local<v8::String> source;
    if (info[0]
            .As<v8::Function>()
            ->FunctionProtoToString(isolate->GetCurrentContext())
            .ToLocal(&source)) {
      v8::String::Utf8Value code(isolate, source);
      if (*code && !strncmp(*code, "class", 5) && code.length() > 5 &&
          strchr(" {\n\r\t/", (*code)[5]))
        kind = "class";
      else if (*code && strstr(*code, "{ [native code] }") ==
                            *code + code.length() - sizeof "{ [native code] }" + 1)
        kind = "native";
    }
  }
  info.GetReturnValue().Set(text(info, kind));
}

void constructor_name(const call_info &info) {
  if (info[0]->IsObject() && !info[0]->IsProxy())
    info.GetReturnValue().Set(info[0].As<v8::Object>()->GetConstructorName());
  else
    info.GetReturnValue().SetEmptyString();
}

void describe(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  ist_context *owner = ist__context_of(context);
  if (!info[0]->IsObject() || !owner || !owner->isolate->bridge) return;
  ist__bridge_description found;
  if (!ist__bridge_describe(context, info[0], &found)) return;
  v8::Local<v8::Value> fields = found.fields;
  if (fields.IsEmpty()) fields = v8::Undefined(isolate);
  v8::Local<v8::Value> parts[] = {found.name, fields, ist__text(isolate, found.state)};
  info.GetReturnValue().Set(v8::Array::New(isolate, parts, 3));
}

void preview_proxy(const call_info &info) {
  if (!info[0]->IsProxy()) return;
  v8::Local<v8::Proxy> proxy = info[0].As<v8::Proxy>();
  v8::Local<v8::Value> parts[] = {proxy->GetTarget(), proxy->GetHandler()};
  info.GetReturnValue().Set(v8::Array::New(info.GetIsolate(), parts, 2));
}

void preview_entries(const call_info &info) {
  if (!info[0]->IsObject() || info[0]->IsProxy()) return;
  bool key_value = false;
  v8::Local<v8::Array> entries;
  if (!info[0].As<v8::Object>()->PreviewEntries(&key_value).ToLocal(&entries)) return;
  v8::Local<v8::Value> parts[] = {entries, v8::Boolean::New(info.GetIsolate(), key_value)};
  info.GetReturnValue().Set(v8::Array::New(info.GetIsolate(), parts, 2));
}

void promise_state(const call_info &info) {
  if (!info[0]->IsPromise()) return;
  v8::Local<v8::Promise> promise = info[0].As<v8::Promise>();
  v8::Promise::PromiseState state = promise->State();
  v8::Local<v8::Value> parts[2] = {text(info, state == v8::Promise::kPending     ? "pending"
                                              : state == v8::Promise::kFulfilled ? "fulfilled"
                                                                                 : "rejected")};
  size_t count = 1;
  if (state != v8::Promise::kPending) parts[count++] = promise->Result();
  info.GetReturnValue().Set(v8::Array::New(info.GetIsolate(), parts, count));
}

void own_non_index_keys(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  if (!info[0]->IsObject() || info[0]->IsProxy()) {
    info.GetReturnValue().Set(v8::Array::New(isolate));
    return;
  }
  v8::PropertyFilter filter =
      info[1]->IsTrue() ? v8::PropertyFilter::ONLY_ENUMERABLE : v8::PropertyFilter::ALL_PROPERTIES;
  v8::Local<v8::Array> keys;
  if (info[0]
          .As<v8::Object>()
          ->GetPropertyNames(isolate->GetCurrentContext(), v8::KeyCollectionMode::kOwnOnly, filter,
                             v8::IndexFilter::kSkipIndices)
          .ToLocal(&keys))
    info.GetReturnValue().Set(keys);
}

void error_location(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Array> where;
  if (ist__error_where(isolate->GetCurrentContext(), info[0], v8::Local<v8::Message>())
          .ToLocal(&where))
    info.GetReturnValue().Set(where);
}

/* Hands an error that has no caller to the isolate's hook. */
void report(v8::Local<v8::Context> context, v8::Local<v8::Value> exception,
            v8::Local<v8::Message> message) {
  ist_context *owner = ist__context_of(context);
  if (!ist__context_alive(owner)) return;
  ist_error *error = ist__error_of(owner, IST_ERR_EXCEPTION, exception, message);
  if (!error) return;
  ist__isolate_tell_uncaught(owner->isolate, owner, error, ist_undefined());
  ist_error_free(error);
}

void report_error(const call_info &info) {
  report(info.GetIsolate()->GetCurrentContext(), info[0], v8::Local<v8::Message>());
}

void run_microtask(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::TryCatch catcher(isolate);
  if (!info.Data().As<v8::Function>()->Call(context, v8::Undefined(isolate), 0, nullptr).IsEmpty())
    return;
  if (catcher.HasTerminated()) return;
  v8::Local<v8::Value> exception = catcher.Exception();
  v8::Local<v8::Message> message = catcher.Message();
  catcher.Reset();
  report(context, exception, message);
}

void enqueue_microtask(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Function> task;
  if (info[0]->IsFunction() &&
      v8::Function::New(isolate->GetCurrentContext(), run_microtask, info[0]).ToLocal(&task))
    isolate->EnqueueMicrotask(task);
}

} // namespace

void ist__natives_describe(v8::Local<v8::Context> context, v8::Local<v8::Object> native) {
  static const struct {
    const char *name;
    v8::FunctionCallback callback;
  } methods[] = {
      {"kindOf", kind_of},
      {"functionKind", function_kind},
      {"constructorName", constructor_name},
      {"describe", describe},
      {"previewProxy", preview_proxy},
      {"previewEntries", preview_entries},
      {"promiseState", promise_state},
      {"ownNonIndexKeys", own_non_index_keys},
      {"errorLocation", error_location},
      {"enqueueMicrotask", enqueue_microtask},
      {"reportError", report_error},
  };
  for (const auto &method : methods)
    ist__native_method(context, native, method.name, method.callback);
}
