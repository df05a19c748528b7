/* ES modules: source, JSON and synthetic ones, their linking through the context's loader, import()
 * and import.meta. A module's record lives as long as its context, since V8 may ask for its
 * referrer's name at any time. */
#include "internal.h"

#include <stdlib.h>

#include <new>

namespace {

/* NULL when memory is out. */
ist_module **bucket_of(ist_context *context, v8::Local<v8::Module> module) {
  if (!context->modules)
    context->modules =
        static_cast<ist_module **>(ist__calloc(IST_MODULE_BUCKETS, sizeof *context->modules));
  if (!context->modules) return nullptr;
  return &context->modules[static_cast<unsigned>(module->GetIdentityHash()) % IST_MODULE_BUCKETS];
}

ist_module *find(ist_context *context, v8::Local<v8::Module> module) {
  v8::Isolate *isolate = context->isolate->v8;
  ist_module **bucket = bucket_of(context, module);
  for (ist_module *at = bucket ? *bucket : nullptr; at; at = at->next)
    if (at->module.Get(isolate) == module) return at;
  return nullptr;
}

ist_module *record(ist_context *context, const char *url, v8::Local<v8::Module> module) {
  ist_module **bucket = bucket_of(context, module);
  ist_module *made = bucket ? new (std::nothrow) ist_module() : nullptr;
  if (!made) return nullptr;
  made->context = context;
  made->url = ist__strdup(url);
  made->module.Reset(context->isolate->v8, module);
  made->next = *bucket;
  *bucket = made;
  return made;
}

/* The value of the `type` attribute of an import; false when another attribute stands there.
 * `stride` is the number of entries of one attribute. */
bool attribute_type(v8::Local<v8::Context> context, v8::Local<v8::FixedArray> attributes,
                    int stride, v8::Local<v8::String> *type) {
  v8::Isolate *isolate = context->GetIsolate();
  *type = v8::String::Empty(isolate);
  for (int i = 0; i + 1 < attributes->Length(); i += stride) {
    v8::Local<v8::String> key =
        ist__compat::fixed_array_get(context, attributes, i).As<v8::String>();
    if (!key->StringEquals(ist__text(isolate, "type"))) return false;
    *type = ist__compat::fixed_array_get(context, attributes, i + 1).As<v8::String>();
  }
  return true;
}

/* Asks the loader. Empty with an error in hand (owned by the caller), or none when memory is out.
 */
ist_module *load(ist_context *context, v8::Local<v8::String> specifier, const char *referrer,
                 v8::Local<v8::FixedArray> attributes, int stride, ist_error **error) {
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Context> entered = context->context.Get(isolate);
  *error = nullptr;
  v8::Local<v8::String> type;
  if (!attribute_type(entered, attributes, stride, &type)) {
    *error = ist_error_new(IST_ERR_ARGUMENT, "TypeError",
                           "only the import attribute \"type\" is supported");
    return nullptr;
  }
  if (!context->loader.resolve) {
    *error = ist_error_new(IST_ERR_NOT_FOUND, "Error", "this context has no module loader");
    return nullptr;
  }
  size_t length;
  char *text = ist__string_copy(isolate, specifier, &length);
  char *kind = ist__string_copy(isolate, type, nullptr);
  ist_module *found = nullptr;
  uint32_t scope;
  if (text && kind && !ist_scope_open(context->isolate, &scope)) {
    ist_status status = context->loader.resolve(context->loader.env, context, text, length,
                                                referrer, kind, &found, error);
    if (status != IST_OK || !found || found->context != context) {
      if (!*error) *error = ist_error_new(status ? status : IST_ERR_ARGUMENT, nullptr, nullptr);
      found = nullptr;
    }
    ist_scope_close(context->isolate, scope);
  }
  ist__free(text);
  ist__free(kind);
  return found;
}

/* The line of a module's source where an import of `specifier` stands. */
void place_import(ist_context *context, ist_module *module, v8::Local<v8::String> specifier,
                  v8::Local<v8::Value> error) {
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Context> entered = context->context.Get(isolate);
  v8::Local<v8::Module> source = module->module.Get(isolate);
  v8::Local<v8::FixedArray> requests = source->GetModuleRequests();
  for (int i = 0; i < requests->Length(); i++) {
    v8::Local<v8::ModuleRequest> request =
        ist__compat::fixed_array_get(entered, requests, i).As<v8::ModuleRequest>();
    if (!request->GetSpecifier()->StringEquals(specifier)) continue;
    v8::Location at = source->SourceOffsetToLocation(request->GetSourceOffset());
    v8::Local<v8::Value> line = v8::Undefined(isolate);
    if (module->source) {
      v8::Local<v8::String> text;
      const char *begin = module->source;
      for (int skip = at.GetLineNumber(); begin && skip > 0; skip--) {
        begin = strchr(begin, '\n');
        if (begin) begin++;
      }
      if (begin && ist__string(isolate, begin, strcspn(begin, "\r\n")).ToLocal(&text)) line = text;
    }
    int column = at.GetColumnNumber() + 1;
    ist__error_place(entered, error, ist__text(isolate, module->url), at.GetLineNumber() + 1,
                     column, column + specifier->Length() + 2, line);
    return;
  }
}

v8::MaybeLocal<v8::Module> resolve(v8::Local<v8::Context> entered, v8::Local<v8::String> specifier,
                                   v8::Local<v8::FixedArray> attributes,
                                   v8::Local<v8::Module> referrer) {
  ist_context *context = ist__context_of(entered);
  v8::Isolate *isolate = entered->GetIsolate();
  ist_module *from = find(context, referrer);
  ist_error *error;
  ist_module *found = load(context, specifier, from ? from->url : "", attributes, 3, &error);
  if (found) return found->module.Get(isolate);
  v8::Local<v8::Value> exception = ist__error_to_js(context, error);
  if (from) place_import(context, from, specifier, exception);
  ist_error_free(error);
  isolate->ThrowException(exception);
  return v8::MaybeLocal<v8::Module>();
}

void return_data(const v8::FunctionCallbackInfo<v8::Value> &info) {
  info.GetReturnValue().Set(info.Data());
}

/* Links and runs a module; the promise of its namespace, or empty with a pending exception. */
v8::MaybeLocal<v8::Promise> namespace_promise(v8::Local<v8::Context> context,
                                              v8::Local<v8::Module> module) {
  v8::Local<v8::Value> result;
  if (module->InstantiateModule(context, resolve).IsNothing() ||
      !module->Evaluate(context).ToLocal(&result))
    return v8::MaybeLocal<v8::Promise>();
  v8::Local<v8::Function> give;
  if (!v8::Function::New(context, return_data, module->GetModuleNamespace()).ToLocal(&give))
    return v8::MaybeLocal<v8::Promise>();
  return result.As<v8::Promise>()->Then(context, give);
}

v8::MaybeLocal<v8::Promise> import_dynamically(v8::Local<v8::Context> entered, v8::Local<v8::Data>,
                                               v8::Local<v8::Value> referrer,
                                               v8::Local<v8::String> specifier,
                                               v8::Local<v8::FixedArray> attributes) {
  v8::Isolate *isolate = entered->GetIsolate();
  ist_context *context = ist__context_of(entered);
  v8::Local<v8::Promise::Resolver> resolver;
  if (!v8::Promise::Resolver::New(entered).ToLocal(&resolver)) return v8::MaybeLocal<v8::Promise>();
  v8::TryCatch catcher(isolate);
  v8::String::Utf8Value name(isolate, referrer);
  ist_error *error = nullptr;
  ist_module *found = ist__context_alive(context)
                          ? load(context, specifier, referrer->IsString() && *name ? *name : "",
                                 attributes, 2, &error)
                          : nullptr;
  v8::Local<v8::Value> exception;
  if (found) {
    v8::Local<v8::Promise> promise;
    if (namespace_promise(entered, found->module.Get(isolate)).ToLocal(&promise)) return promise;
    if (catcher.HasTerminated()) {
      catcher.ReThrow();
      return v8::MaybeLocal<v8::Promise>();
    }
    exception = catcher.Exception();
    catcher.Reset();
  } else {
    exception = context ? ist__error_to_js(context, error) : v8::Undefined(isolate).As<v8::Value>();
    ist_error_free(error);
  }
  if (resolver->Reject(entered, exception).IsNothing()) return v8::MaybeLocal<v8::Promise>();
  return resolver->GetPromise();
}

void import_meta(v8::Local<v8::Context> entered, v8::Local<v8::Module> module,
                 v8::Local<v8::Object> meta) {
  ist_context *context = ist__context_of(entered);
  v8::Isolate *isolate = entered->GetIsolate();
  ist_module *of = ist__context_alive(context) ? find(context, module) : nullptr;
  v8::Local<v8::String> url;
  if (!of || !ist__string(isolate, of->url, strlen(of->url)).ToLocal(&url)) return;
  ist__ignore(meta->CreateDataProperty(entered, ist__text(isolate, "url"), url));
  if (!context->loader.import_meta) return;
  uint32_t scope;
  ist_value handle;
  if (ist_scope_open(context->isolate, &scope)) return;
  if (ist__value_from(context->isolate, meta, &handle))
    context->loader.import_meta(context->loader.env, context, of->url, handle);
  ist_scope_close(context->isolate, scope);
}

/* Sets a synthetic module's exports from its object. */
v8::MaybeLocal<v8::Value> evaluate_synthetic(v8::Local<v8::Context> entered,
                                             v8::Local<v8::Module> module) {
  v8::Isolate *isolate = entered->GetIsolate();
  ist_context *context = ist__context_of(entered);
  ist_module *of = find(context, module);
  if (of && !of->exports.IsEmpty()) {
    v8::Local<v8::Object> exports = of->exports.Get(isolate);
    for (size_t i = 0; i < of->name_count; i++) {
      v8::Local<v8::String> name = ist__text(isolate, of->names[i]);
      v8::Local<v8::Value> value;
      if (!exports->Get(entered, name).ToLocal(&value) ||
          module->SetSyntheticModuleExport(isolate, name, value).IsNothing())
        return v8::MaybeLocal<v8::Value>();
    }
    of->exports.Reset();
  }
  v8::Local<v8::Promise::Resolver> resolver;
  if (!v8::Promise::Resolver::New(entered).ToLocal(&resolver)) return v8::MaybeLocal<v8::Value>();
  ist__ignore(resolver->Resolve(entered, v8::Undefined(isolate)));
  return resolver->GetPromise();
}

ist_module *new_synthetic(ist_context *context, const char *url, const char *const *names,
                          size_t count, v8::Local<v8::Object> exports) {
  v8::Isolate *isolate = context->isolate->v8;
  std::vector<v8::Local<v8::String>> list;
  for (size_t i = 0; i < count; i++) list.push_back(ist__text(isolate, names[i]));
  v8::Local<v8::Module> module =
      ist__compat::synthetic_module(isolate, ist__text(isolate, url), list, evaluate_synthetic);
  ist_module *made = record(context, url, module);
  if (!made) return nullptr;
  made->name_count = count;
  made->names = static_cast<char **>(ist__calloc(count + 1, sizeof *made->names));
  for (size_t i = 0; made->names && i < count; i++) made->names[i] = ist__strdup(names[i]);
  if (!exports.IsEmpty()) made->exports.Reset(isolate, exports);
  return made;
}

} // namespace

void ist__module_hooks(v8::Isolate *isolate) {
  isolate->SetHostImportModuleDynamicallyCallback(import_dynamically);
  isolate->SetHostInitializeImportMetaObjectCallback(import_meta);
}

void ist__context_free_modules(ist_context *context) {
  for (size_t i = 0; context->modules && i < IST_MODULE_BUCKETS; i++) {
    while (context->modules[i]) {
      ist_module *module = context->modules[i];
      context->modules[i] = module->next;
      for (size_t name = 0; module->names && name < module->name_count; name++)
        ist__free(module->names[name]);
      ist__free(module->names);
      ist__free(module->source);
      ist__free(module->url);
      delete module;
    }
  }
  ist__free(context->modules);
  context->modules = nullptr;
}

ist_status ist_context_set_loader(ist_context *context, const ist_loader *loader) {
  if (!context || !loader || loader->size < sizeof loader->size) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist_loader old = context->loader;
  context->loader = ist_loader();
  memcpy(&context->loader, loader, loader->size < sizeof *loader ? loader->size : sizeof *loader);
  if (old.finalize) old.finalize(old.env);
  return IST_OK;
}

ist_status ist_module_compile(ist_context *context, const ist_source *given, ist_module **result,
                              ist_error **error) {
  if (error) *error = nullptr;
  ist_source of = {};
  if (!given || given->size < sizeof given->size || !result)
    return ist__fail(error, IST_ERR_ARGUMENT);
  memcpy(&of, given, given->size < sizeof of ? given->size : sizeof of);
  const char *url = of.file ? of.file : "<module>", *source = of.text;
  size_t length = of.length;
  if (!source && length) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::String> text, name;
  if (!ist__string(isolate, source, length).ToLocal(&text) ||
      !ist__string(isolate, url, strlen(url)).ToLocal(&name))
    return ist__fail(error, IST_ERR_ARGUMENT);
  v8::ScriptOrigin origin = ist__compat::origin(isolate, name, true);
  v8::ScriptCompiler::Source compiled(text, origin);
  v8::Local<v8::Module> module;
  if (!v8::ScriptCompiler::CompileModule(isolate, &compiled).ToLocal(&module)) {
    ist__error_place_by(entry.context, entry.catcher.Exception(), entry.catcher.Message());
    return ist__caught(context, &entry.catcher, IST_ERR_SYNTAX, error);
  }
  ist_module *made = record(context, url, module);
  if (!made) return ist__fail(error, IST_ERR_MEMORY);
  /* The text is kept for the line that an error in one of the imports shows. */
  if (module->GetModuleRequests()->Length() > 0) made->source = ist__strndup(source, length);
  *result = made;
  return IST_OK;
}

ist_status ist_module_new_json(ist_context *context, const char *url, const char *text,
                               size_t length, ist_module **result, ist_error **error) {
  if (error) *error = nullptr;
  if (!context || !url || !result || (!text && length)) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::String> source;
  if (!ist__string(isolate, text, length).ToLocal(&source))
    return ist__fail(error, IST_ERR_ARGUMENT);
  v8::Local<v8::Value> value;
  if (!v8::JSON::Parse(entry.context, source).ToLocal(&value)) {
    v8::Local<v8::Message> message = entry.catcher.Message();
    v8::Local<v8::String> line, file;
    if (!message.IsEmpty() && message->GetSourceLine(entry.context).ToLocal(&line) &&
        ist__string(isolate, url, strlen(url)).ToLocal(&file))
      ist__error_place(entry.context, entry.catcher.Exception(), file,
                       message->GetLineNumber(entry.context).FromMaybe(0),
                       message->GetStartColumn(entry.context).FromMaybe(-1) + 1,
                       message->GetEndColumn(entry.context).FromMaybe(-1) + 1, line);
    return ist__caught(context, &entry.catcher, IST_ERR_SYNTAX, error);
  }
  v8::Local<v8::Name> names[] = {ist__text(isolate, "default")};
  v8::Local<v8::Object> exports = v8::Object::New(isolate, v8::Null(isolate), names, &value, 1);
  static const char *const default_name = "default";
  *result = new_synthetic(context, url, &default_name, 1, exports);
  return *result ? IST_OK : ist__fail(error, IST_ERR_MEMORY);
}

ist_status ist_module_new_synthetic(ist_context *context, const char *url, const char *const *names,
                                    size_t count, ist_value object, ist_module **result,
                                    ist_error **error) {
  if (error) *error = nullptr;
  if (!context || !url || !result || (!names && count)) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, object, &local)) return ist__fail(error, IST_ERR_HANDLE);
  v8::Local<v8::Object> exports;
  if (local->IsObject()) {
    exports = v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0);
    for (size_t i = 0; i < count; i++) {
      v8::Local<v8::String> name = ist__text(isolate, names[i]);
      v8::Local<v8::Value> value;
      if (!local.As<v8::Object>()->Get(entry.context, name).ToLocal(&value) ||
          exports->CreateDataProperty(entry.context, name, value).IsNothing())
        return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
    }
  } else if (!local->IsUndefined()) {
    return ist__fail(error, IST_ERR_TYPE);
  }
  *result = new_synthetic(context, url, names, count, exports);
  return *result ? IST_OK : ist__fail(error, IST_ERR_MEMORY);
}

ist_status ist_module_set_export(ist_module *module, const char *name, ist_value value) {
  if (!module || !name) return IST_ERR_ARGUMENT;
  ist_context *context = module->context;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Module> target = module->module.Get(isolate);
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, value, &local)) return IST_ERR_HANDLE;
  if (!target->IsSyntheticModule()) return IST_ERR_STATE;
  /* V8 keeps exports from the linking on; before that they wait in the object. */
  if (target->GetStatus() < v8::Module::kInstantiated) {
    bool known = false;
    for (size_t i = 0; i < module->name_count; i++) known |= !strcmp(module->names[i], name);
    if (!known) return IST_ERR_STATE;
    if (module->exports.IsEmpty())
      module->exports.Reset(isolate,
                            v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0));
    return module->exports.Get(isolate)
                   ->CreateDataProperty(entry.context, ist__text(isolate, name), local)
                   .FromMaybe(false)
               ? IST_OK
               : IST_ERR_MEMORY;
  }
  if (target->SetSyntheticModuleExport(isolate, ist__text(isolate, name), local).IsNothing())
    return IST_ERR_STATE;
  return IST_OK;
}

void ist_module_free(ist_module *module) {
  (void)module;
}

ist_status ist_module_instantiate(ist_module *module, ist_error **error) {
  if (error) *error = nullptr;
  if (!module) return ist__fail(error, IST_ERR_ARGUMENT);
  ist_context *context = module->context;
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  if (module->module.Get(context->isolate->v8)
          ->InstantiateModule(entry.context, resolve)
          .IsNothing()) {
    v8::Local<v8::Value> exception = entry.catcher.Exception();
    if (!exception.IsEmpty())
      ist__error_place_by(entry.context, exception, entry.catcher.Message());
    return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
  }
  return IST_OK;
}

ist_status ist_module_evaluate(ist_module *module, ist_value *promise, ist_error **error) {
  if (error) *error = nullptr;
  if (!module || !promise) return ist__fail(error, IST_ERR_ARGUMENT);
  ist_context *context = module->context;
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Local<v8::Module> target = module->module.Get(context->isolate->v8);
  if (target->GetStatus() < v8::Module::kInstantiated) return ist__fail(error, IST_ERR_STATE);
  v8::Local<v8::Value> value;
  if (!target->Evaluate(entry.context).ToLocal(&value))
    return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
  return ist__value_from(context->isolate, value, promise) ? IST_OK
                                                           : ist__fail(error, IST_ERR_MEMORY);
}

ist_status ist_module_namespace(ist_module *module, ist_value *result) {
  if (!module || !result) return IST_ERR_ARGUMENT;
  ist_context *context = module->context;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Local<v8::Module> target = module->module.Get(context->isolate->v8);
  if (target->GetStatus() < v8::Module::kInstantiated) return IST_ERR_STATE;
  return ist__value_from(context->isolate, target->GetModuleNamespace(), result) ? IST_OK
                                                                                 : IST_ERR_MEMORY;
}
