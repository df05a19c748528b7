/* Errors on their way between JavaScript and C: what was thrown becomes an ist_error with its
 * place, and back. Reading an error never runs user code beyond what V8 itself runs to format a
 * stack. */
#include "internal.h"

#include <stdlib.h>

#include <new>

namespace {

const char *const place_name = "isthmus:place";

/* How runtime/js is named in stacks. */
const char own_files[] = "isthmus:js/";

char *copy_text(const char *text) {
  if (!text) return nullptr;
  size_t size = strlen(text) + 1;
  char *copy = static_cast<char *>(ist__malloc(size));
  if (copy) memcpy(copy, text, size);
  return copy;
}

const char *copy_value(v8::Isolate *isolate, v8::Local<v8::Value> value) {
  if (value.IsEmpty() || !value->IsString()) return nullptr;
  return ist__string_copy(isolate, value.As<v8::String>(), nullptr);
}

/* V8's text for a thrown value, without its "Uncaught ". */
const char *message_text(v8::Isolate *isolate, v8::Local<v8::Message> message) {
  char *text = ist__string_copy(isolate, message->Get(), nullptr);
  static const char prefix[] = "Uncaught ";
  if (text && !strncmp(text, prefix, sizeof prefix - 1))
    memmove(text, text + sizeof prefix - 1, strlen(text + sizeof prefix - 1) + 1);
  return text;
}

v8::Local<v8::Value> peek(v8::Local<v8::Context> context, v8::Local<v8::Object> object,
                          const char *name) {
  v8::Local<v8::Value> value;
  if (ist__peek(context, object, ist__text(context->GetIsolate(), name)).ToLocal(&value))
    return value;
  return v8::Local<v8::Value>();
}

int32_t int_at(v8::Local<v8::Context> context, v8::Local<v8::Array> array, uint32_t index) {
  v8::Local<v8::Value> value;
  if (!array->Get(context, index).ToLocal(&value) || !value->IsInt32()) return 0;
  return value.As<v8::Int32>()->Value();
}

} // namespace

ist_error *ist_error_new(ist_status status, const char *name, const char *message) {
  ist_error *error = static_cast<ist_error *>(ist__calloc(1, sizeof *error));
  if (!error) return nullptr;
  error->size = sizeof *error;
  error->status = status;
  error->exit_code = 1;
  error->name = copy_text(name ? name : "Error");
  error->message = copy_text(message ? message : ist_status_text(status));
  return error;
}

ist_error *ist__error_new_at(ist_status status, const char *name, const char *message,
                             const char *file, int line, int column, int end_column,
                             const char *source_line) {
  ist_error *error = ist_error_new(status, name, message);
  if (!error) return nullptr;
  error->file = copy_text(file);
  error->line = line;
  error->column = column;
  error->end_column = end_column;
  error->source_line = copy_text(source_line);
  return error;
}

void ist_error_free(ist_error *error) {
  if (!error) return;
  if (error->value.type >= IST_STRING) {
    ist_isolate *isolate = ist__isolate_by_id(error->value.isolate);
    if (isolate) ist_value_free(isolate, error->value);
  }
  ist__free(const_cast<char *>(error->name));
  ist__free(const_cast<char *>(error->message));
  ist__free(const_cast<char *>(error->stack));
  ist__free(const_cast<char *>(error->file));
  ist__free(const_cast<char *>(error->source_line));
  ist__free(error);
}

ist_status ist__fail(ist_error **error, ist_status status, const char *message) {
  if (error) *error = ist_error_new(status, nullptr, message);
  return status;
}

void ist__error_place(v8::Local<v8::Context> context, v8::Local<v8::Value> error,
                      v8::Local<v8::Value> file, int line, int column, int end_column,
                      v8::Local<v8::Value> source_line) {
  if (!error->IsNativeError()) return;
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::Object> object = error.As<v8::Object>();
  v8::Local<v8::Private> key = ist__compat::private_symbol(isolate, place_name);
  if (object->HasPrivate(context, key).FromMaybe(true)) return;
  v8::Local<v8::Value> parts[] = {
      file, v8::Integer::New(isolate, line), v8::Integer::New(isolate, column),
      v8::Integer::New(isolate, end_column),
      source_line.IsEmpty() ? v8::Undefined(isolate).As<v8::Value>() : source_line};
  ist__ignore(object->SetPrivate(context, key, v8::Array::New(isolate, parts, 5)));
}

namespace {

/* What V8's message says of a place; false when it says nothing. Columns and lines count from 1 in
 * the result. */
bool place_of(v8::Local<v8::Context> context, v8::Local<v8::Message> message,
              v8::Local<v8::Value> *parts) {
  v8::Isolate *isolate = context->GetIsolate();
  int line = message->GetLineNumber(context).FromMaybe(0);
  v8::Local<v8::Value> file = message->GetScriptResourceName();
  if (line <= 0 || !file->IsString()) return false;
  v8::String::Utf8Value name(isolate, file);
  if (*name && !strncmp(*name, own_files, sizeof own_files - 1)) return false;
  int start = message->GetStartColumn(context).FromMaybe(-1);
  int end = message->GetEndColumn(context).FromMaybe(-1);
  v8::Local<v8::String> source;
  parts[0] = file;
  parts[1] = v8::Integer::New(isolate, line);
  parts[2] = v8::Integer::New(isolate, start + 1);
  parts[3] = v8::Integer::New(isolate, end + 1);
  parts[4] = message->GetSourceLine(context).ToLocal(&source)
                 ? source.As<v8::Value>()
                 : v8::Undefined(isolate).As<v8::Value>();
  return true;
}

} // namespace

void ist__error_place_by(v8::Local<v8::Context> context, v8::Local<v8::Value> error,
                         v8::Local<v8::Message> message) {
  v8::Local<v8::Value> parts[5];
  if (message.IsEmpty() || !place_of(context, message, parts)) return;
  ist__error_place(context, error, parts[0], parts[1].As<v8::Int32>()->Value(),
                   parts[2].As<v8::Int32>()->Value(), parts[3].As<v8::Int32>()->Value(), parts[4]);
}

v8::MaybeLocal<v8::Array> ist__error_where(v8::Local<v8::Context> context,
                                           v8::Local<v8::Value> error,
                                           v8::Local<v8::Message> message) {
  v8::Isolate *isolate = context->GetIsolate();
  v8::TryCatch catcher(isolate);
  v8::Local<v8::Value> parts[5];
  if (error->IsNativeError()) {
    v8::Local<v8::Private> key = ist__compat::private_symbol(isolate, place_name);
    v8::Local<v8::Value> own;
    if (error.As<v8::Object>()->GetPrivate(context, key).ToLocal(&own) && own->IsArray())
      return own.As<v8::Array>();
    /* Where an error was made says more than where it was thrown again. */
    if (place_of(context, v8::Exception::CreateMessage(isolate, error), parts))
      return v8::Array::New(isolate, parts, 5);
  }
  if (!message.IsEmpty() && place_of(context, message, parts))
    return v8::Array::New(isolate, parts, 5);
  return v8::MaybeLocal<v8::Array>();
}

v8::MaybeLocal<v8::Value> ist__error_stack(v8::Local<v8::Context> context,
                                           v8::Local<v8::Value> error, v8::Local<v8::Array> sites) {
  v8::Isolate *isolate = context->GetIsolate();
  /* V8 forgets the place when the stack becomes text. */
  if (error->IsNativeError())
    ist__error_place_by(context, error, v8::Exception::CreateMessage(isolate, error));
  v8::Local<v8::Value> name, message;
  if (error->IsObject()) {
    name = peek(context, error.As<v8::Object>(), "name");
    message = peek(context, error.As<v8::Object>(), "message");
  }
  /* A program may format stacks itself, and a class may compute the name of its errors; runtime/js
   * decides whether this is the moment. */
  bool computed = error->IsNativeError() && (name.IsEmpty() || !name->IsString());
  ist_context *owner = ist__context_of(context);
  if (ist__context_alive(owner) && !owner->error_constructor.IsEmpty()) {
    v8::Local<v8::Value> prepare =
        peek(context, owner->error_constructor.Get(isolate), "prepareStackTrace");
    v8::Local<v8::Value> args[] = {error, sites};
    if (computed || (!prepare.IsEmpty() && prepare->IsFunction()))
      return ist__context_call_registered(context, "prepareStack", 2, args);
  }
  v8::Local<v8::String> text = ist__text(isolate, "Error");
  if (!name.IsEmpty() && name->IsString()) text = name.As<v8::String>();
  if (!message.IsEmpty() && message->IsString() && message.As<v8::String>()->Length()) {
    if (text->Length()) text = v8::String::Concat(isolate, text, ist__text(isolate, ": "));
    text = v8::String::Concat(isolate, text, message.As<v8::String>());
  }
  v8::Local<v8::String> indent = ist__text(isolate, "\n    at ");
  for (uint32_t i = 0; i < sites->Length(); i++) {
    v8::Local<v8::Value> site;
    v8::Local<v8::String> line;
    if (!sites->Get(context, i).ToLocal(&site) || !site->ToString(context).ToLocal(&line))
      return v8::MaybeLocal<v8::Value>();
    /* The host's own frames mean nothing to the reader. */
    v8::String::Utf8Value frame(isolate, line);
    if (*frame && strstr(*frame, own_files)) continue;
    text = v8::String::Concat(isolate, v8::String::Concat(isolate, text, indent), line);
  }
  return text.As<v8::Value>();
}

ist_error *ist__error_of(ist_context *context, ist_status status, v8::Local<v8::Value> exception,
                         v8::Local<v8::Message> message) {
  v8::Isolate *isolate = context->isolate->v8;
  v8::HandleScope scope(isolate);
  v8::TryCatch catcher(isolate);
  v8::Local<v8::Context> entered = context->context.Get(isolate);
  ist_error *error = static_cast<ist_error *>(ist__calloc(1, sizeof *error));
  if (!error) return nullptr;
  error->size = sizeof *error;
  error->status = status;
  error->exit_code = 1;
  if (!ist__value_from(context->isolate, exception, &error->value, true))
    error->value = ist_undefined();
  v8::Local<v8::Array> where;
  bool placed = ist__error_where(entered, exception, message).ToLocal(&where);
  if (exception->IsNativeError()) {
    v8::Local<v8::Object> object = exception.As<v8::Object>();
    error->name = copy_value(isolate, peek(entered, object, "name"));
    error->message = copy_value(isolate, peek(entered, object, "message"));
    error->stack = copy_value(isolate, peek(entered, object, "stack"));
  }
  if (!error->name) error->name = copy_text(exception->IsNativeError() ? "Error" : "");
  if (!error->message) {
    if (message.IsEmpty()) message = v8::Exception::CreateMessage(isolate, exception);
    error->message = message_text(isolate, message);
  }
  if (placed) {
    v8::Local<v8::Value> part;
    if (where->Get(entered, 0).ToLocal(&part)) error->file = copy_value(isolate, part);
    if (where->Get(entered, 4).ToLocal(&part)) error->source_line = copy_value(isolate, part);
    error->line = int_at(entered, where, 1);
    error->column = int_at(entered, where, 2);
    error->end_column = int_at(entered, where, 3);
  }
  return error;
}

ist_status ist__caught(ist_context *context, v8::TryCatch *catcher, ist_status usual,
                       ist_error **error) {
  if (catcher->HasTerminated() || !catcher->CanContinue()) {
    catcher->Reset();
    if (!context->isolate->callback_depth) ist__isolate_forget_termination(context->isolate);
    return ist__fail(error, IST_ERR_TERMINATED);
  }
  if (!catcher->HasCaught()) return ist__fail(error, usual);
  if (error) *error = ist__error_of(context, usual, catcher->Exception(), catcher->Message());
  catcher->Reset();
  return usual;
}

v8::Local<v8::Value> ist__error_to_js(ist_context *context, const ist_error *error) {
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Context> entered = isolate->GetCurrentContext();
  v8::Local<v8::Value> value;
  if (!error) return v8::Exception::Error(ist__text(isolate, ist_status_text(IST_ERR_MEMORY)));
  if (error->status == IST_ERR_EXCEPTION || error->value.type != IST_UNDEFINED) {
    if (ist__value_to(context->isolate, error->value, &value)) return value;
  }
  const char *text = error->message ? error->message : ist_status_text(error->status);
  v8::Local<v8::String> message;
  if (!ist__string(isolate, text, strlen(text)).ToLocal(&message))
    message = v8::String::Empty(isolate);
  const char *name = error->name ? error->name : "Error";
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
          entered, ist__text(isolate, "name"),
          ist__string(isolate, name, strlen(name)).ToLocalChecked(), v8::DontEnum));
  }
  if (error->line > 0 && error->file) {
    v8::Local<v8::Value> line = v8::Undefined(isolate);
    if (error->source_line)
      line = ist__string(isolate, error->source_line, strlen(error->source_line))
                 .FromMaybe(v8::String::Empty(isolate));
    v8::Local<v8::String> file = ist__string(isolate, error->file, strlen(error->file))
                                     .FromMaybe(v8::String::Empty(isolate));
    ist__error_place(entered, value, file, error->line, error->column, error->end_column, line);
  }
  return value;
}

ist_status ist__error_location(ist_context *context, const ist_error *error, ist_value *result) {
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  if (!error->file || error->line <= 0) {
    *result = ist_undefined();
    return IST_OK;
  }
  v8::Local<v8::String> file, line;
  v8::Local<v8::Value> parts[5] = {v8::Undefined(isolate), v8::Integer::New(isolate, error->line),
                                   v8::Integer::New(isolate, error->column),
                                   v8::Integer::New(isolate, error->end_column),
                                   v8::Undefined(isolate)};
  if (ist__string(isolate, error->file, strlen(error->file)).ToLocal(&file)) parts[0] = file;
  if (error->source_line &&
      ist__string(isolate, error->source_line, strlen(error->source_line)).ToLocal(&line))
    parts[4] = line;
  return ist__value_from(context->isolate, v8::Array::New(isolate, parts, 5), result)
             ? IST_OK
             : IST_ERR_MEMORY;
}
