/* Classic scripts. */
#include "internal.h"

ist_status ist_script_eval(ist_context *context, const char *source, size_t length,
                           const char *file, ist_value *result, ist_error **error) {
  if (error) *error = nullptr;
  if (!context || !result || (!source && length)) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::String> text;
  if (!ist__string(isolate, source, length).ToLocal(&text))
    return ist__fail(error, IST_ERR_ARGUMENT);
  v8::ScriptOrigin origin =
      ist__compat::origin(isolate, ist__text(isolate, file ? file : "<script>"), false);
  v8::Local<v8::Script> script;
  if (!v8::Script::Compile(entry.context, text, &origin).ToLocal(&script)) {
    ist__error_place_by(entry.context, entry.catcher.Exception(), entry.catcher.Message());
    return ist__caught(context, &entry.catcher, IST_ERR_SYNTAX, error);
  }
  v8::Local<v8::Value> value;
  if (!script->Run(entry.context).ToLocal(&value))
    return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
  return ist__value_from(context->isolate, value, result) ? IST_OK
                                                          : ist__fail(error, IST_ERR_MEMORY);
}

bool ist__script_parses(ist_context *context, const char *source, size_t length) {
  ist__gate gate(context);
  if (gate.status) return false;
  ist__entry entry(context);
  v8::Local<v8::String> text;
  return ist__string(context->isolate->v8, source, length).ToLocal(&text) &&
         !v8::Script::Compile(entry.context, text).IsEmpty();
}

bool ist__script_incomplete(ist_context *context, const char *source, size_t length, bool module) {
  ist__gate gate(context);
  if (gate.status) return false;
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::String> text;
  if (!ist__string(isolate, source, length).ToLocal(&text)) return false;
  v8::ScriptOrigin origin = ist__compat::origin(isolate, ist__text(isolate, "<input>"), module);
  v8::ScriptCompiler::Source compiled(text, origin);
  bool parses = module ? !v8::ScriptCompiler::CompileModule(isolate, &compiled).IsEmpty()
                       : !v8::ScriptCompiler::Compile(entry.context, &compiled).IsEmpty();
  if (parses || entry.catcher.Message().IsEmpty()) return false;
  /* The text ends too early if the error is at its very end, or inside what only its end could
   * close. */
  v8::String::Utf8Value message(isolate, entry.catcher.Message()->Get());
  if (!*message) return false;
  if (strstr(*message, "Unterminated template literal")) return true;
  return strstr(*message, "Unexpected end of input") != nullptr ||
         (entry.catcher.Message()->GetEndPosition() >= text->Length() &&
          strstr(*message, "missing ) after argument list") != nullptr);
}
