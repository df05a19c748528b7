/* Classic scripts, compiled once and run in any context of their isolate, and functions compiled
 * from text. A script's record outlives the script, so that a stale pointer is answered, not
 * followed. */
#include "code_cache.h"
#include "compartment.h"

#include <stdlib.h>

namespace {

ist__pool<ist_script> pool;

/* Gives a script up: its code is V8's to collect. */
void release(ist_script *script) {
  script->script.Reset();
  ist__chain_drop(script);
  script->next = nullptr;
  script->link = nullptr;
  pool.put(script);
}

/* What a compiler of V8's has refused. */
ist_status not_compiled(ist_context *context, ist__entry *entry, ist_error **error) {
  v8::Local<v8::Value> exception = entry->catcher.Exception();
  if (exception.IsEmpty()) return ist__caught(context, &entry->catcher, IST_ERR_ARGUMENT, error);
  if (!entry->catcher.HasTerminated())
    ist__error_place_by(entry->context, exception, entry->catcher.Message());
  return ist__caught(context, &entry->catcher, IST_ERR_SYNTAX, error);
}

/* What compiling begins with; `body(entry, source, text, name)` is the rest. `status` is what is
 * wrong with the other arguments. */
template <class Body>
ist_status with_source(ist_context *context, const ist_source *given, const char *unnamed,
                       ist_status status, ist_error **error, const Body &body) {
  if (error) *error = nullptr;
  ist_source source;
  if (!status) status = ist__source_read(given, &source);
  if (status) return ist__fail(error, status);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Local<v8::String> text, name;
  if (!ist__source_strings(context->isolate->v8, &source, unnamed, &text, &name))
    return ist__fail(error, IST_ERR_LIMIT);
  return body(&entry, &source, text, name);
}

/* Runs a script that was bound to the context that is entered. */
ist_status run(ist_context *context, ist__entry *entry, v8::Local<v8::Script> script,
               ist_value *result, ist_error **error) {
  ist_isolate *isolate = context->isolate;
  ist_status status = IST_OK;
  v8::Local<v8::Value> value;
  ist__compartment_defines(context);
  bool ran = script->Run(entry->context).ToLocal(&value);
  if (ran) entry->jobs.run();
  if (isolate->heap_limited) ist__heap_look(isolate);
  if (!ran || ist__ended(isolate, entry->catcher))
    status = ist__caught(context, &entry->catcher, IST_ERR_EXCEPTION, error);
  else if (result && !ist__value_from(isolate, value, result))
    status = ist__fail(error, IST_ERR_MEMORY);
  ist__code_ran(isolate);
  return status;
}

} // namespace

void ist__isolate_free_code(ist_isolate *isolate) {
  while (isolate->scripts) release(isolate->scripts);
  isolate->source_key.Reset();
  isolate->cache_used.store(false, std::memory_order_relaxed);
  ist__loads_free(isolate);
}

ist_status ist_script_eval(ist_context *context, const char *source, size_t length,
                           const char *file, ist_value *result, ist_error **error) {
  if (error) *error = nullptr;
  if (!source && length) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  ist_source of = {};
  of.text = source;
  of.length = length;
  of.file = file;
  v8::Local<v8::String> text, name;
  if (!ist__source_strings(isolate, &of, "<script>", &text, &name))
    return ist__fail(error, IST_ERR_LIMIT);
  v8::ScriptOrigin origin = ist__compat::origin(isolate, name, false);
  v8::Local<v8::Script> script;
  if (!v8::Script::Compile(entry.context, text, &origin).ToLocal(&script))
    return not_compiled(context, &entry, error);
  return run(context, &entry, script, result, error);
}

ist_status ist_script_compile(ist_context *context, const ist_source *given, ist_script **result,
                              ist_error **error) {
  auto compile = [=](ist__entry *entry, const ist_source *source, v8::Local<v8::String> text,
                     v8::Local<v8::String> name) {
    ist_isolate *isolate = context->isolate;
    uint64_t hash = ist__source_hash(source);
    ist__compilation job(isolate, source, text, name, IST__CACHE_SCRIPT, hash);
    v8::Local<v8::UnboundScript> script;
    if (!v8::ScriptCompiler::CompileUnboundScript(isolate->v8, &job.input, job.options)
             .ToLocal(&script))
      return not_compiled(context, entry, error);
    job.compiled();
    ist_script *made = pool.take();
    if (!made) return ist__fail(error, IST_ERR_MEMORY);
    made->isolate = isolate;
    made->script.Reset(isolate->v8, script);
    made->hash = hash;
    ist__chain_add(&isolate->scripts, made);
    made->live.store(true, std::memory_order_release);
    *result = made;
    return IST_OK;
  };
  return with_source(context, given, "<script>", result ? IST_OK : IST_ERR_ARGUMENT, error,
                     compile);
}

void ist_script_free(ist_script *script) {
  if (!script || !script->live.load(std::memory_order_acquire)) return;
  ist_isolate *isolate = script->isolate;
  ist__gate gate(isolate, ist__gate::TAKEN);
  if (gate.status || !script->live.load(std::memory_order_relaxed) || script->isolate != isolate)
    return;
  release(script);
}

ist_status ist_script_run(ist_context *context, ist_script *script, ist_value *result,
                          ist_error **error) {
  if (error) *error = nullptr;
  if (!script) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  if (!script->live.load(std::memory_order_acquire) || script->isolate != context->isolate)
    return ist__fail(error, IST_ERR_HANDLE);
  ist__entry entry(context);
  v8::Local<v8::Script> bound = script->script.Get(context->isolate->v8)->BindToCurrentContext();
  return run(context, &entry, bound, result, error);
}

ist_status ist_function_compile(ist_context *context, const ist_source *given,
                                const char *const *parameters, size_t count, ist_value *result,
                                ist_error **error) {
  enum { MOST = 65000 };
  ist_status wrong = !result || (count && !parameters) ? IST_ERR_ARGUMENT : IST_OK;
  if (count > MOST) wrong = IST_ERR_LIMIT;
  for (size_t i = 0; !wrong && i < count; i++)
    if (!parameters[i]) wrong = IST_ERR_ARGUMENT;
  auto compile = [=](ist__entry *entry, const ist_source *source, v8::Local<v8::String> text,
                     v8::Local<v8::String> name) {
    ist_isolate *isolate = context->isolate;
    uint64_t hash = ist__source_hash(source);
    ist_status status = IST_OK;
    v8::Local<v8::String> *names = nullptr;
    if (count && !(names = static_cast<v8::Local<v8::String> *>(ist__calloc(count, sizeof *names))))
      return ist__fail(error, IST_ERR_MEMORY);
    for (size_t i = 0; !status && i < count; i++) {
      size_t length = strlen(parameters[i]);
      hash = ist__hash(parameters[i], length, hash);
      if (!ist__string(isolate->v8, parameters[i], length).ToLocal(&names[i]))
        status = IST_ERR_LIMIT;
    }
    if (status) {
      ist__free(names);
      return ist__fail(error, status);
    }
    ist__compilation job(isolate, source, text, name, IST__CACHE_FUNCTION, hash);
    v8::Local<v8::Function> function;
    bool made = ist__compat::compile_function(entry->context, &job.input, count, names, job.options)
                    .ToLocal(&function);
    ist__free(names);
    if (!made) return not_compiled(context, entry, error);
    job.compiled();
    /* Only such a function has a code cache: V8 ends the process when it is asked for another's. */
    if (isolate->source_key.IsEmpty())
      isolate->source_key.Reset(isolate->v8, v8::Private::New(isolate->v8));
    if (!function
             ->SetPrivate(entry->context, isolate->source_key.Get(isolate->v8),
                          v8::BigInt::NewFromUnsigned(isolate->v8, hash))
             .FromMaybe(false) ||
        !ist__value_from(isolate, function, result))
      return ist__fail(error, IST_ERR_MEMORY);
    return IST_OK;
  };
  return with_source(context, given, "<function>", wrong, error, compile);
}

ist_status ist_script_cache(ist_script *script, uint8_t **bytes, size_t *length) {
  if (!script || !bytes || !length) return IST_ERR_ARGUMENT;
  if (!script->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  ist_isolate *isolate = script->isolate;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  if (!script->live.load(std::memory_order_relaxed) || script->isolate != isolate)
    return IST_ERR_HANDLE;
  v8::HandleScope scope(isolate->v8);
  return ist__cache_write(v8::ScriptCompiler::CreateCodeCache(script->script.Get(isolate->v8)),
                          IST__CACHE_SCRIPT, script->hash, bytes, length);
}

ist_status ist_function_cache(ist_isolate *isolate, ist_value function, uint8_t **bytes,
                              size_t *length) {
  if (!bytes || !length) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local, mark;
  if (!ist__value_to(isolate, function, &local)) return IST_ERR_HANDLE;
  if (!local->IsFunction()) return IST_ERR_TYPE;
  v8::Local<v8::Context> context;
  if (isolate->source_key.IsEmpty() ||
      !local.As<v8::Object>()->GetCreationContext().ToLocal(&context) ||
      !local.As<v8::Object>()
           ->GetPrivate(context, isolate->source_key.Get(isolate->v8))
           .ToLocal(&mark) ||
      !mark->IsBigInt())
    return IST_ERR_STATE;
  return ist__cache_write(v8::ScriptCompiler::CreateCodeCacheForFunction(local.As<v8::Function>()),
                          IST__CACHE_FUNCTION, mark.As<v8::BigInt>()->Uint64Value(), bytes, length);
}

bool ist_isolate_cache_used(const ist_isolate *isolate) {
  return isolate && isolate->live.load(std::memory_order_acquire) &&
         isolate->cache_used.load(std::memory_order_relaxed);
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
