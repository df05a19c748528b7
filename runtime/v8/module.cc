/* ES modules as the embedder has them: source, JSON and synthetic ones, and their table. A
 * reference of the embedder's may be given up at any time; the module's own record stays while V8
 * may ask for it, which ends when V8 collects the module. */
#include "module.h"

#include <stdlib.h>

namespace {

constexpr uint32_t FIRST_CAPACITY = 64;
constexpr size_t MOST_EXPORTS = 1000000;

ist__pool<ist_module> handles;

void delete_record(ist__module *module) {
  ist__free(module->links);
  ist__free(module->source);
  ist__free(module->url);
  delete module;
}

void take_out(ist__module *module) {
  ist__modules *modules = module->context->modules;
  ist__module **link = &modules->table[module->identity & (modules->capacity - 1)];
  while (*link != module) link = &(*link)->next;
  *link = module->next;
  modules->count--;
}

void collected(const v8::WeakCallbackInfo<ist__module> &info) {
  ist__module *module = info.GetParameter();
  module->module.Reset();
  take_out(module);
  delete_record(module);
}

/* Lets V8 decide how long the module is needed. */
void let_go(ist__module *module) {
  if (!module->handle && !module->holds)
    module->module.SetWeak(module, collected, v8::WeakCallbackType::kParameter);
}

bool grow(ist__modules *modules) {
  uint32_t capacity = modules->capacity ? modules->capacity * 2 : FIRST_CAPACITY;
  ist__module **table = static_cast<ist__module **>(ist__calloc(capacity, sizeof *table));
  if (!table) return false;
  for (uint32_t i = 0; i < modules->capacity; i++) {
    while (modules->table[i]) {
      ist__module *module = modules->table[i];
      modules->table[i] = module->next;
      ist__module **bucket = &table[module->identity & (capacity - 1)];
      module->next = *bucket;
      *bucket = module;
    }
  }
  ist__free(modules->table);
  modules->table = table;
  modules->capacity = capacity;
  return true;
}

/* A record with a reference to it; NULL when memory is out. */
ist__module *record(ist_context *context, const char *url, v8::Local<v8::Module> module) {
  ist__modules *modules = ist__modules_of(context);
  if (!modules || (modules->count >= modules->capacity && !grow(modules))) return nullptr;
  ist__module *made = new (std::nothrow) ist__module();
  if (!made) return nullptr;
  int requests = module->IsSourceTextModule() ? module->GetModuleRequests()->Length() : 0;
  made->url = ist__strdup(url);
  made->link_count = static_cast<uint32_t>(requests);
  if (requests)
    made->links = static_cast<ist__link *>(ist__calloc(made->link_count, sizeof *made->links));
  made->handle = handles.take();
  if (!made->url || (requests && !made->links) || !made->handle) {
    if (made->handle) handles.put(made->handle);
    delete_record(made);
    return nullptr;
  }
  made->handle->context = context;
  made->handle->module = made;
  made->handle->live.store(true, std::memory_order_release);
  made->context = context;
  made->identity = static_cast<uint32_t>(module->GetIdentityHash());
  made->module.Reset(context->isolate->v8, module);
  ist__module **bucket = &modules->table[made->identity & (modules->capacity - 1)];
  made->next = *bucket;
  *bucket = made;
  modules->count++;
  return made;
}

/* Takes a reference of the embedder's for a call: the lock, and the record behind it. */
class module_gate {
public:
  explicit module_gate(ist_module *handle, ist__gate::spent_isolates spent = ist__gate::REFUSED)
      : context(context_of(handle)), gate_(context, spent), status(!handle    ? IST_ERR_ARGUMENT
                                                                   : !context ? IST_ERR_HANDLE
                                                                              : gate_.status) {
    if (!status && !(module = ist__module_of(context, handle))) status = IST_ERR_HANDLE;
  }

private:
  static ist_context *context_of(ist_module *handle) {
    return handle && handle->live.load(std::memory_order_acquire) ? handle->context : nullptr;
  }

public:
  ist_context *context;

private:
  ist__gate gate_;

public:
  ist_status status;
  ist__module *module = nullptr;
};

/* A module whose exports are the properties of `exports`, an object of ours. */
ist_status new_synthetic(ist_context *context, v8::Local<v8::Context> entered, const char *url,
                         v8::Local<v8::String> name, v8::Local<v8::Object> exports,
                         ist_module **result, ist_error **error) {
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Array> keys;
  if (!exports
           ->GetOwnPropertyNames(entered, v8::ALL_PROPERTIES,
                                 v8::KeyConversionMode::kConvertToString)
           .ToLocal(&keys))
    return ist__fail(error, IST_ERR_MEMORY);
  std::vector<v8::Local<v8::String>> list(keys->Length());
  for (uint32_t i = 0; i < keys->Length(); i++) {
    v8::Local<v8::Value> key;
    if (!keys->Get(entered, i).ToLocal(&key)) return ist__fail(error, IST_ERR_MEMORY);
    list[i] = key.As<v8::String>();
  }
  v8::Local<v8::Module> module =
      ist__compat::synthetic_module(isolate, name, list, ist__module_run_synthetic);
  ist__module *made = record(context, url, module);
  if (!made) return ist__fail(error, IST_ERR_MEMORY);
  made->exports.Reset(isolate, exports);
  *result = made->handle;
  return IST_OK;
}

} // namespace

ist__modules *ist__modules_of(ist_context *context) {
  if (context->modules) return context->modules;
  ist__modules *made = new (std::nothrow) ist__modules();
  if (!made) return nullptr;
  made->last_answered = &made->answered;
  made->last_ready = &made->ready;
  made->last_blocked = &made->blocked;
  return context->modules = made;
}

ist__module *ist__module_find(ist_context *context, v8::Local<v8::Module> module) {
  ist__modules *modules = context->modules;
  if (!modules || !modules->capacity) return nullptr;
  uint32_t identity = static_cast<uint32_t>(module->GetIdentityHash());
  ist__module *at = modules->table[identity & (modules->capacity - 1)];
  while (at && (at->identity != identity || at->module != module)) at = at->next;
  return at;
}

void ist__module_hold(ist__module *module) {
  if (!module->handle && !module->holds) module->module.ClearWeak();
  module->holds++;
}

void ist__module_drop(ist__module *module) {
  module->holds--;
  let_go(module);
}

ist__module *ist__module_of(ist_context *context, ist_module *handle) {
  if (!handle || !handle->live.load(std::memory_order_relaxed) || handle->context != context)
    return nullptr;
  return handle->module;
}

void ist__context_free_modules(ist_context *context) {
  ist__modules *modules = context->modules;
  if (!modules) return;
  ist__modules_abandon(context);
  for (uint32_t i = 0; i < modules->capacity; i++) {
    while (modules->table[i]) {
      ist__module *module = modules->table[i];
      modules->table[i] = module->next;
      if (module->handle) {
        module->handle->module = nullptr;
        handles.put(module->handle);
      }
      delete_record(module);
    }
  }
  ist__free(modules->table);
  delete modules;
  context->modules = nullptr;
}

ist_status ist_context_set_loader(ist_context *context, const ist_loader *loader) {
  if (!loader || loader->size < sizeof loader->size) return IST_ERR_ARGUMENT;
  ist_loader given = {};
  memcpy(&given, loader, loader->size < sizeof given ? loader->size : sizeof given);
  ist__gate gate(context);
  if (gate.status) {
    if (given.finalize) given.finalize(given.env);
    return gate.status;
  }
  if (ist__context_frozen(context)) {
    if (given.finalize) given.finalize(given.env);
    return IST_ERR_STATE;
  }
  ist_loader old = context->loader;
  context->loader = given;
  if (!old.finalize) return IST_OK;
  /* The old loader may be what calls this. */
  if (ist__called_out(context->isolate))
    ist__finalizer_owe(context->isolate, ist__finalizer_new(old.finalize, old.env));
  else
    old.finalize(old.env);
  return IST_OK;
}

ist_status ist_module_compile(ist_context *context, const ist_source *given, ist_module **result,
                              ist_error **error) {
  if (error) *error = nullptr;
  ist_source source;
  ist_status status = result ? ist__source_read(given, &source) : IST_ERR_ARGUMENT;
  if (status) return ist__fail(error, status);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  if (!source.file) source.file = "<module>";
  v8::Local<v8::String> text, name;
  if (!ist__source_strings(isolate, &source, nullptr, &text, &name))
    return ist__fail(error, IST_ERR_LIMIT);
  uint64_t hash = ist__source_hash(&source);
  ist__compilation job(context->isolate, &source, text, name, IST__CACHE_MODULE, hash);
  v8::Local<v8::Module> module;
  if (!v8::ScriptCompiler::CompileModule(isolate, &job.input, job.options).ToLocal(&module)) {
    if (entry.catcher.HasCaught() && !entry.catcher.HasTerminated())
      ist__error_place_by(entry.context, entry.catcher.Exception(), entry.catcher.Message());
    return ist__caught(context, &entry.catcher, IST_ERR_SYNTAX, error);
  }
  job.compiled();
  ist__module *made = record(context, source.file, module);
  if (!made) return ist__fail(error, IST_ERR_MEMORY);
  made->hash = hash;
  /* For the line that an error in one of the imports shows. */
  if (made->link_count) made->source = ist__strndup(source.text, source.length);
  *result = made->handle;
  return IST_OK;
}

ist_status ist_module_new_json(ist_context *context, const char *url, const char *text,
                               size_t length, ist_module **result, ist_error **error) {
  if (error) *error = nullptr;
  if (!url || !result || (!text && length)) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::String> source, name;
  if (!ist__string(isolate, text, length).ToLocal(&source) ||
      !ist__string(isolate, url, strlen(url)).ToLocal(&name))
    return ist__fail(error, IST_ERR_LIMIT);
  v8::Local<v8::Value> value;
  if (!v8::JSON::Parse(entry.context, source).ToLocal(&value)) {
    v8::Local<v8::Message> message = entry.catcher.Message();
    v8::Local<v8::String> line;
    if (!message.IsEmpty() && !entry.catcher.HasTerminated() &&
        message->GetSourceLine(entry.context).ToLocal(&line))
      ist__error_place(entry.context, entry.catcher.Exception(), name,
                       message->GetLineNumber(entry.context).FromMaybe(0),
                       message->GetStartColumn(entry.context).FromMaybe(-1) + 1,
                       message->GetEndColumn(entry.context).FromMaybe(-1) + 1, line);
    return ist__caught(context, &entry.catcher, IST_ERR_SYNTAX, error);
  }
  v8::Local<v8::Name> names[] = {ist__text(isolate, "default")};
  v8::Local<v8::Object> exports = v8::Object::New(isolate, v8::Null(isolate), names, &value, 1);
  return new_synthetic(context, entry.context, url, name, exports, result, error);
}

ist_status ist_module_new_synthetic(ist_context *context, const char *url, const char *const *names,
                                    size_t count, ist_value object, ist_module **result,
                                    ist_error **error) {
  if (error) *error = nullptr;
  ist_status status = url && result && (names || !count) ? IST_OK : IST_ERR_ARGUMENT;
  if (count > MOST_EXPORTS) status = IST_ERR_LIMIT;
  for (size_t i = 0; !status && i < count; i++)
    if (!names[i]) status = IST_ERR_ARGUMENT;
  if (status) return ist__fail(error, status);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, object, &local)) return ist__fail(error, IST_ERR_HANDLE);
  if (!local->IsObject() && !local->IsUndefined()) return ist__fail(error, IST_ERR_TYPE);
  v8::Local<v8::String> title;
  if (!ist__string(isolate, url, strlen(url)).ToLocal(&title))
    return ist__fail(error, IST_ERR_LIMIT);
  ist__watch watch(context);
  v8::Local<v8::Object> exports = v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0);
  for (size_t i = 0; i < count; i++) {
    v8::Local<v8::String> name;
    v8::Local<v8::Value> value = v8::Undefined(isolate);
    if (!v8::String::NewFromUtf8(isolate, names[i], v8::NewStringType::kInternalized)
             .ToLocal(&name))
      return ist__fail(error, IST_ERR_LIMIT);
    /* A name twice would end the process. */
    if (exports->HasOwnProperty(entry.context, name).FromMaybe(true))
      return ist__fail(error, IST_ERR_ARGUMENT);
    if (local->IsObject() && !local.As<v8::Object>()->Get(entry.context, name).ToLocal(&value))
      return watch.alive() ? ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error)
                           : ist__fail(error, IST_ERR_HANDLE);
    if (!exports->CreateDataProperty(entry.context, name, value).FromMaybe(false))
      return ist__fail(error, IST_ERR_MEMORY);
  }
  if (!watch.alive()) return ist__fail(error, IST_ERR_HANDLE);
  return new_synthetic(context, entry.context, url, title, exports, result, error);
}

ist_status ist_module_set_export(ist_module *handle, const char *name, ist_value value) {
  if (!handle || !name) return IST_ERR_ARGUMENT;
  module_gate gate(handle);
  if (gate.status) return gate.status;
  ist__entry entry(gate.context);
  v8::Isolate *isolate = gate.context->isolate->v8;
  v8::Local<v8::Module> target = gate.module->module.Get(isolate);
  v8::Local<v8::Value> local;
  v8::Local<v8::String> key;
  if (!ist__value_to(gate.context->isolate, value, &local)) return IST_ERR_HANDLE;
  if (!target->IsSyntheticModule()) return IST_ERR_STATE;
  if (!v8::String::NewFromUtf8(isolate, name, v8::NewStringType::kInternalized).ToLocal(&key))
    return IST_ERR_STATE;
  /* Until the module runs, the values wait in the object. */
  if (!gate.module->exports.IsEmpty()) {
    v8::Local<v8::Object> exports = gate.module->exports.Get(isolate);
    if (!exports->HasOwnProperty(entry.context, key).FromMaybe(false)) return IST_ERR_STATE;
    if (!exports->CreateDataProperty(entry.context, key, local).FromMaybe(false))
      return IST_ERR_MEMORY;
  }
  /* V8 has the exports from the linking on. */
  if (target->GetStatus() >= v8::Module::kInstantiated &&
      target->SetSyntheticModuleExport(isolate, key, local).IsNothing())
    return IST_ERR_STATE;
  return IST_OK;
}

void ist_module_free(ist_module *handle) {
  module_gate gate(handle, ist__gate::TAKEN);
  if (gate.status) return;
  handle->module = nullptr;
  handles.put(handle);
  gate.module->handle = nullptr;
  let_go(gate.module);
}

ist_status ist_module_instantiate(ist_module *handle, ist_error **error) {
  if (error) *error = nullptr;
  module_gate gate(handle);
  if (gate.status) return ist__fail(error, gate.status);
  ist_context *context = gate.context;
  if (context->modules->linking)
    return ist__fail(error, IST_ERR_STATE, "other modules are being linked");
  ist__entry entry(context);
  ist__watch watch(context);
  ist_status status = IST_OK;
  if (!ist__module_link(context, entry.context, gate.module)) {
    if (!watch.alive()) return ist__fail(error, IST_ERR_HANDLE);
    v8::Local<v8::Value> exception = entry.catcher.Exception(), name;
    bool syntax = false;
    if (!exception.IsEmpty() && !entry.catcher.HasTerminated()) {
      ist__error_place_by(entry.context, exception, entry.catcher.Message());
      syntax = !context->modules->refused && exception->IsNativeError() &&
               ist__peek(entry.context, exception.As<v8::Object>(),
                         ist__text(context->isolate->v8, "name"))
                   .ToLocal(&name) &&
               name->IsString() &&
               name.As<v8::String>()->StringEquals(ist__text(context->isolate->v8, "SyntaxError"));
    }
    status =
        ist__caught(context, &entry.catcher, syntax ? IST_ERR_SYNTAX : IST_ERR_EXCEPTION, error);
  }
  if (watch.alive()) ist__modules_pump(context);
  return status;
}

ist_status ist_module_evaluate(ist_module *handle, ist_value *promise, ist_error **error) {
  if (error) *error = nullptr;
  if (!promise) return ist__fail(error, IST_ERR_ARGUMENT);
  module_gate gate(handle);
  if (gate.status) return ist__fail(error, gate.status);
  ist_context *context = gate.context;
  ist_isolate *isolate = context->isolate;
  ist__entry entry(context);
  if (gate.module->module.Get(isolate->v8)->GetStatus() < v8::Module::kInstantiated)
    return ist__fail(error, IST_ERR_STATE, "the module is not linked");
  if (ist__module_blocked(context->modules, gate.module))
    return ist__fail(error, IST_ERR_STATE, "the module, or one that it imports, runs right now");
  ist__watch watch(context);
  v8::Local<v8::Value> value;
  bool ran = ist__module_run(context, entry.context, gate.module).ToLocal(&value);
  if (ran) entry.jobs.run();
  if (!watch.alive()) return ist__fail(error, IST_ERR_HANDLE);
  ist_status status = IST_OK;
  if (isolate->heap_limited) ist__heap_look(isolate);
  if (!ran || ist__ended(isolate, entry.catcher))
    status = ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
  else if (!ist__value_from(isolate, value, promise))
    status = ist__fail(error, IST_ERR_MEMORY);
  ist__modules_pump(context);
  ist__code_ran(isolate);
  return status;
}

ist_status ist_module_namespace(ist_module *handle, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  module_gate gate(handle);
  if (gate.status) return gate.status;
  ist__entry entry(gate.context);
  v8::Local<v8::Module> target = gate.module->module.Get(gate.context->isolate->v8);
  if (target->GetStatus() < v8::Module::kInstantiated) return IST_ERR_STATE;
  return ist__value_from(gate.context->isolate, target->GetModuleNamespace(), result)
             ? IST_OK
             : IST_ERR_MEMORY;
}

ist_status ist_module_cache(ist_module *handle, uint8_t **bytes, size_t *length) {
  if (!bytes || !length) return IST_ERR_ARGUMENT;
  module_gate gate(handle);
  if (gate.status) return gate.status;
  v8::Isolate *isolate = gate.context->isolate->v8;
  v8::HandleScope scope(isolate);
  v8::Local<v8::Module> target = gate.module->module.Get(isolate);
  if (!target->IsSourceTextModule()) return IST_ERR_STATE;
  return ist__cache_write(v8::ScriptCompiler::CreateCodeCache(target->GetUnboundModuleScript()),
                          IST__CACHE_MODULE, gate.module->hash, bytes, length);
}
