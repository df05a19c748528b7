/* Where an error comes from, and the text of its stack. V8 forgets some places and never knew
 * others, so that they are kept on the error in a private property, which JavaScript cannot see.
 * What V8 says of files of the host's own is not passed on. */
#include "internal.h"

namespace {

/* How runtime/js is named in stacks. */
const char own_files[] = "isthmus:js/";

v8::Local<v8::Value> peek(v8::Local<v8::Context> context, v8::Local<v8::Object> object,
                          ist__word name) {
  v8::Local<v8::Value> value;
  if (ist__peek(context, object, ist__word_of(context->GetIsolate(), name)).ToLocal(&value))
    return value;
  return v8::Local<v8::Value>();
}

} // namespace

void ist__error_place(v8::Local<v8::Context> context, v8::Local<v8::Value> error,
                      v8::Local<v8::Value> file, int line, int column, int end_column,
                      v8::Local<v8::Value> source_line) {
  if (!error->IsNativeError()) return;
  v8::Isolate *isolate = context->GetIsolate();
  v8::Local<v8::Object> object = error.As<v8::Object>();
  v8::Local<v8::Private> key = ist__secret_of(isolate, IST_SECRET_PLACE);
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

/* Makes a text longer by another, unless no string can be as long. */
void append(v8::Isolate *isolate, v8::Local<v8::String> *text, v8::Local<v8::String> more) {
  if (more->Length() > v8::String::kMaxLength - (*text)->Length()) return;
  *text = v8::String::Concat(isolate, *text, more);
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
    v8::Local<v8::Private> key = ist__secret_of(isolate, IST_SECRET_PLACE);
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
    name = peek(context, error.As<v8::Object>(), IST_WORD_NAME);
    message = peek(context, error.As<v8::Object>(), IST_WORD_MESSAGE);
  }
  /* A program may format stacks itself, and a class may compute the name of its errors; runtime/js
   * decides whether this is the moment. */
  bool computed = error->IsNativeError() && (name.IsEmpty() || !name->IsString());
  ist_context *owner = ist__context_of(context);
  if (ist__context_alive(owner) && !owner->error_constructor.IsEmpty()) {
    v8::Local<v8::Value> prepare =
        peek(context, owner->error_constructor.Get(isolate), IST_WORD_PREPARE_STACK_TRACE);
    v8::Local<v8::Value> args[] = {error, sites};
    if (computed || (!prepare.IsEmpty() && prepare->IsFunction())) {
      /* V8 aborts when nothing is given and nothing was thrown, as in a context whose boot has
       * failed: that has no such function. */
      v8::TryCatch catcher(isolate);
      v8::Local<v8::Value> made;
      if (ist__context_call_registered(context, "prepareStack", 2, args).ToLocal(&made))
        return made;
      if (catcher.HasTerminated()) {
        isolate->TerminateExecution();
      } else if (catcher.HasCaught()) {
        catcher.ReThrow();
        return v8::MaybeLocal<v8::Value>();
      }
    }
  }
  v8::Local<v8::String> text = ist__text(isolate, "Error");
  if (!name.IsEmpty() && name->IsString()) text = name.As<v8::String>();
  if (!message.IsEmpty() && message->IsString() && message.As<v8::String>()->Length()) {
    if (text->Length()) append(isolate, &text, ist__text(isolate, ": "));
    append(isolate, &text, message.As<v8::String>());
  }
  v8::Local<v8::String> indent = ist__text(isolate, "\n    at ");
  /* Where the stack is nearly full, a frame may have no text; the trace ends there then. V8 aborts
   * when nothing is given, since it looks for what was thrown where nothing is that catches it. */
  v8::TryCatch catcher(isolate);
  for (uint32_t i = 0; i < sites->Length(); i++) {
    v8::Local<v8::Value> site;
    v8::Local<v8::String> line;
    if (!sites->Get(context, i).ToLocal(&site) || !site->ToString(context).ToLocal(&line)) break;
    /* The host's own frames mean nothing to the reader. */
    v8::String::Utf8Value frame(isolate, line);
    if (*frame && strstr(*frame, own_files)) continue;
    if (*frame && ist__context_alive(owner) && owner->compartment) {
      if (!ist__compartment_frame(*frame)) continue;
      if (!ist__string(isolate, *frame, strlen(*frame)).ToLocal(&line)) break;
    }
    append(isolate, &text, indent);
    append(isolate, &text, line);
  }
  if (catcher.HasTerminated()) isolate->TerminateExecution();
  return text.As<v8::Value>();
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
