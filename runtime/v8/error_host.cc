/* Errors on their way from C to JavaScript: an ist_error becomes the value that was thrown, or a
 * new Error; and an Error can stand for an error of the host's own. What such an Error holds of the
 * host's is given back once, after V8 has collected the Error, never inside the collector. */
#include "internal.h"

struct ist__host_error : ist__allocated {
  ist_isolate *isolate;
  void *env;
  ist__finalizer *finalizer;
  v8::Global<v8::Object> error;
  ist__host_error *next, **link;
};

namespace {

/* The record's finalizer is owed; the record is gone. */
void forget(ist__host_error *record) {
  ist__chain_drop(record);
  record->error.Reset();
  ist__finalizer_owe(record->isolate, record->finalizer);
  delete record;
}

void collected(const v8::WeakCallbackInfo<ist__host_error> &info) {
  forget(info.GetParameter());
}

v8::Local<v8::String> string_of(v8::Isolate *isolate, const char *text) {
  return ist__string(isolate, text, strlen(text)).FromMaybe(v8::String::Empty(isolate));
}

/* A new Error for an error that has no value here. Its causes follow, as far as there are
 * `causes`. */
v8::Local<v8::Value> make(ist_context *context, v8::Local<v8::Context> entered,
                          const ist_error *error, int causes) {
  v8::Isolate *isolate = context->isolate->v8;
  const char *text = error->message ? error->message : ist_status_text(error->status);
  v8::Local<v8::String> message = string_of(isolate, text);
  const char *name = error->name ? error->name : "Error";
  v8::Local<v8::Value> value;
  if (!strcmp(name, "TypeError"))
    value = v8::Exception::TypeError(message);
  else if (!strcmp(name, "RangeError"))
    value = v8::Exception::RangeError(message);
  else if (!strcmp(name, "SyntaxError"))
    value = v8::Exception::SyntaxError(message);
  else if (!strcmp(name, "ReferenceError"))
    value = v8::Exception::ReferenceError(message);
  else {
    value = v8::Exception::Error(message);
    if (strcmp(name, "Error"))
      ist__ignore(value.As<v8::Object>()->DefineOwnProperty(
          entered, ist__text(isolate, "name"), string_of(isolate, name), v8::DontEnum));
  }
  if (error->line > 0 && error->file) {
    v8::Local<v8::Value> line = v8::Undefined(isolate);
    if (error->source_line) line = string_of(isolate, error->source_line);
    ist__error_place(entered, value, string_of(isolate, error->file), error->line, error->column,
                     error->end_column, line);
  }
  if (error->cause && causes) {
    v8::Local<v8::Value> cause;
    if (!error->cause->value.type || !ist__value_to(context->isolate, error->cause->value, &cause))
      cause = make(context, entered, error->cause, causes - 1);
    ist__ignore(value.As<v8::Object>()->DefineOwnProperty(entered, ist__text(isolate, "cause"),
                                                          cause, v8::DontEnum));
  }
  return value;
}

} // namespace

v8::Local<v8::Value> ist__error_to_js(ist_context *context, const ist_error *error) {
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Context> entered = isolate->GetCurrentContext();
  v8::Local<v8::Value> value;
  if (!error) return v8::Exception::Error(ist__text(isolate, ist_status_text(IST_ERR_MEMORY)));
  /* What was thrown has no class when it was `undefined`; an error of C's always has one. */
  bool thrown =
      error->value.type != IST_UNDEFINED || (error->status == IST_ERR_EXCEPTION && !error->name);
  if (thrown && ist__value_to(context->isolate, error->value, &value)) return value;
  return make(context, entered, error, IST__MOST_CAUSES);
}

ist_status ist_error_value(ist_context *context, const ist_error *error, ist_value *result) {
  if (!error || !result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  return ist__value_from(context->isolate, ist__error_to_js(context, error), result)
             ? IST_OK
             : IST_ERR_MEMORY;
}

/* ---- Errors of the host's own ---- */

void *ist__error_host(v8::Local<v8::Context> context, v8::Local<v8::Object> error) {
  v8::Local<v8::Private> key = ist__secret_of(context->GetIsolate(), IST_SECRET_HOST);
  v8::Local<v8::Value> holder;
  if (!error->GetPrivate(context, key).ToLocal(&holder) || !holder->IsObject()) return nullptr;
  return static_cast<ist__host_error *>(ist__compat::get_pointer(holder.As<v8::Object>(), 0))->env;
}

void ist__host_errors_free(ist_isolate *isolate) {
  while (isolate->host_errors) forget(isolate->host_errors);
}

ist_status ist_throw_host(ist_context *context, const char *name, const char *message, void *env,
                          ist_finalizer finalize) {
  ist_status status = message ? IST_OK : IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (!status) status = gate.status;
  if (!status && !context->isolate->outward) status = IST_ERR_STATE;
  if (status) {
    if (finalize) finalize(env);
    return status;
  }
  ist_isolate *isolate = context->isolate;
  ist__finalizer *finalizer = finalize ? ist__finalizer_new(finalize, env) : nullptr;
  if (finalize && !finalizer) return IST_ERR_MEMORY;
  ist__host_error *record = new (std::nothrow) ist__host_error;
  if (!record) {
    ist__finalizer_owe(isolate, finalizer);
    return IST_ERR_MEMORY;
  }
  ist__entry entry(context);
  record->isolate = isolate;
  record->env = env;
  record->finalizer = finalizer;
  ist__chain_add(&isolate->host_errors, record);

  ist_error error = {};
  error.status = IST_ERR_STATE;
  error.name = name;
  error.message = message;
  v8::Local<v8::Object> value = make(context, entry.context, &error, 0).As<v8::Object>();
  v8::Local<v8::Private> key = ist__secret_of(isolate->v8, IST_SECRET_HOST);
  v8::Local<v8::Object> holder;
  if (!ist__pointer_object(entry.context, record).ToLocal(&holder) ||
      !value->SetPrivate(entry.context, key, holder).FromMaybe(false)) {
    forget(record);
    return IST_ERR_MEMORY;
  }
  record->error.Reset(isolate->v8, value);
  record->error.SetWeak(record, collected, v8::WeakCallbackType::kParameter);
  return ist__throw_later(isolate, value);
}

ist_error *ist__error_of_value(ist_context *context, ist_status status, ist_value value) {
  ist__gate gate(context);
  if (gate.status) return nullptr;
  ist__entry entry(context);
  v8::Local<v8::Value> reason;
  if (!ist__value_to(context->isolate, value, &reason)) return nullptr;
  return ist__error_of(context, status, reason, v8::Local<v8::Message>());
}
