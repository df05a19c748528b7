/* Date, RegExp, Error and Proxy. What they are made of is checked here, so that V8 is asked for
 * nothing that it would end the process for. */
#include "value.h"

namespace {

/* In the order in which JavaScript shows them. */
const struct {
  char letter;
  v8::RegExp::Flags flag;
} regexp_flags[] = {
    {'d', v8::RegExp::kHasIndices}, {'g', v8::RegExp::kGlobal}, {'i', v8::RegExp::kIgnoreCase},
    {'m', v8::RegExp::kMultiline},  {'s', v8::RegExp::kDotAll}, {'u', v8::RegExp::kUnicode},
    {'y', v8::RegExp::kSticky},
};

/* False for a letter that is unknown or there twice. */
bool parse_flags(const char *letters, int *flags) {
  *flags = v8::RegExp::kNone;
  for (; *letters; letters++) {
    int flag = 0;
    for (const auto &known : regexp_flags)
      if (known.letter == *letters) flag = known.flag;
    if (!flag || (*flags & flag)) return false;
    *flags |= flag;
  }
  return true;
}

} // namespace

ist_status ist_date_new(ist_context *context, double milliseconds, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  return ist__finish(context, v8::Date::New(entry.context, milliseconds), &entry.catcher, result,
                     nullptr);
}

ist_status ist_date_read(ist_isolate *isolate, ist_value date, double *milliseconds) {
  if (!milliseconds) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Date> local;
  ist_status status = ist__value_as(isolate, date, &v8::Value::IsDate, &local);
  if (!status) *milliseconds = local->ValueOf();
  return status;
}

ist_status ist_regexp_new(ist_context *context, ist_value pattern, const char *flags,
                          ist_value *result, ist_error **error) {
  if (error) *error = nullptr;
  if (!flags || !result) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Local<v8::String> local;
  ist_status status = ist__value_as(context->isolate, pattern, &v8::Value::IsString, &local);
  if (status) return ist__fail(error, status);
  int parsed;
  if (!parse_flags(flags, &parsed))
    return ist__fail(error, IST_ERR_SYNTAX, "invalid flags of a regular expression");
  return ist__finish(context,
                     v8::RegExp::New(entry.context, local, static_cast<v8::RegExp::Flags>(parsed)),
                     &entry.catcher, result, error, IST_ERR_SYNTAX);
}

ist_status ist_regexp_read(ist_context *context, ist_value regexp, ist_value *pattern,
                           ist_value *flags) {
  if (!pattern || !flags) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  ist_isolate *isolate = context->isolate;
  v8::Local<v8::RegExp> local;
  ist_status status = ist__value_as(isolate, regexp, &v8::Value::IsRegExp, &local);
  if (status) return status;
  char letters[sizeof regexp_flags / sizeof *regexp_flags + 1];
  size_t count = 0;
  for (const auto &known : regexp_flags)
    if (local->GetFlags() & known.flag) letters[count++] = known.letter;
  letters[count] = '\0';
  ist_value source, shown;
  if (!ist__value_from(isolate, local->GetSource(), &source)) return IST_ERR_MEMORY;
  if (!ist__value_from(isolate, ist__text(isolate->v8, letters), &shown)) {
    ist_value_free(isolate, source);
    return IST_ERR_MEMORY;
  }
  *pattern = source;
  *flags = shown;
  return IST_OK;
}

ist_status ist_error_object(ist_context *context, const char *name, const char *message,
                            ist_value cause, ist_value *result) {
  if (!message || !result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist_isolate *isolate = context->isolate;
  ist__entry entry(context);
  v8::Local<v8::Value> local, made;
  if (!ist__value_to(isolate, cause, &local)) return IST_ERR_HANDLE;
  const size_t most = static_cast<size_t>(v8::String::kMaxLength);
  if (strlen(message) > most || (name && strlen(name) > most)) return IST_ERR_LIMIT;
  ist_error error = {};
  error.status = IST_ERR_ARGUMENT;
  error.name = name;
  error.message = message;
  made = ist__error_to_js(context, &error);
  if (!local->IsUndefined() &&
      made.As<v8::Object>()
          ->DefineOwnProperty(entry.context, ist__text(isolate->v8, "cause"), local, v8::DontEnum)
          .IsNothing())
    return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, nullptr);
  return ist__give(isolate, made, result);
}

ist_status ist_proxy_new(ist_context *context, ist_value target, ist_value handler,
                         ist_value *result, ist_error **error) {
  if (error) *error = nullptr;
  if (!result) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Local<v8::Object> inner, traps;
  ist_status status = ist__value_as(context->isolate, target, &v8::Value::IsObject, &inner);
  if (!status) status = ist__value_as(context->isolate, handler, &v8::Value::IsObject, &traps);
  if (status) return ist__fail(error, status);
  return ist__finish(context, v8::Proxy::New(entry.context, inner, traps), &entry.catcher, result,
                     error);
}

ist_status ist_proxy_read(ist_isolate *isolate, ist_value proxy, ist_value *target,
                          ist_value *handler) {
  if (!target || !handler) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Proxy> local;
  ist_status status = ist__value_as(isolate, proxy, &v8::Value::IsProxy, &local);
  if (status) return status;
  if (local->IsRevoked()) {
    *target = *handler = ist_null();
    return IST_OK;
  }
  ist_value inner, traps;
  if (!ist__value_from(isolate, local->GetTarget(), &inner)) return IST_ERR_MEMORY;
  if (!ist__value_from(isolate, local->GetHandler(), &traps)) {
    ist_value_free(isolate, inner);
    return IST_ERR_MEMORY;
  }
  *target = inner;
  *handler = traps;
  return IST_OK;
}

ist_status ist_proxy_revoke(ist_isolate *isolate, ist_value proxy) {
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Proxy> local;
  ist_status status = ist__value_as(isolate, proxy, &v8::Value::IsProxy, &local);
  if (!status) local->Revoke();
  return status;
}
