/* Modules' linking and running: V8's questions for what a module imports, for import.meta and for
 * the exports of synthetic modules. Every one of the embedder's functions that is called here may
 * free the context; nothing of it is used again before that was looked at. */
#include "module.h"

namespace {

void throw_text(v8::Isolate *isolate, const char *text) {
  isolate->ThrowException(v8::Exception::Error(ist__text(isolate, text)));
}

v8::Local<v8::ModuleRequest> request_at(v8::Local<v8::Context> context,
                                        v8::Local<v8::FixedArray> requests, uint32_t index) {
  return ist__compat::fixed_array_get(context, requests, static_cast<int>(index))
      .As<v8::ModuleRequest>();
}

/* Which import of a module has this specifier and type; link_count when none has. */
uint32_t link_index(v8::Local<v8::Context> entered, ist__module *module,
                    v8::Local<v8::String> specifier, v8::Local<v8::String> type) {
  v8::Local<v8::FixedArray> requests =
      module->module.Get(entered->GetIsolate())->GetModuleRequests();
  for (uint32_t i = 0; i < module->link_count; i++) {
    uint32_t index = (module->cursor + i) % module->link_count;
    v8::Local<v8::ModuleRequest> request = request_at(entered, requests, index);
    v8::Local<v8::String> other;
    if (!request->GetSpecifier()->StringEquals(specifier) ||
        !ist__import_type(entered, ist__compat::import_attributes(request), 3, &other) ||
        !other->StringEquals(type))
      continue;
    module->cursor = (index + 1) % module->link_count;
    return index;
  }
  return module->link_count;
}

void touch(ist__modules *modules, ist__module *module) {
  if (module->touched) return;
  module->touched = true;
  module->next_touched = modules->touched;
  modules->touched = module;
}

v8::MaybeLocal<v8::Module> resolve(v8::Local<v8::Context> entered, v8::Local<v8::String> specifier,
                                   v8::Local<v8::FixedArray> attributes,
                                   v8::Local<v8::Module> referrer) {
  v8::Isolate *isolate = entered->GetIsolate();
  ist_context *context = ist__context_of(entered);
  ist__module *from = ist__context_alive(context) ? ist__module_find(context, referrer) : nullptr;
  if (!from) {
    throw_text(isolate, "the module's context is gone");
    return v8::MaybeLocal<v8::Module>();
  }
  ist__modules *modules = context->modules;
  ist_error *error = nullptr;
  ist__module *found = nullptr;
  uint32_t index = from->link_count;
  v8::Local<v8::String> type;
  ist__watch watch(context);
  if (!ist__import_type(entered, attributes, 3, &type)) {
    error = ist_error_new(IST_ERR_ARGUMENT, "TypeError",
                          "only the import attribute \"type\" is supported");
    for (uint32_t i = 0; i < from->link_count; i++)
      if (request_at(entered, referrer->GetModuleRequests(), i)
              ->GetSpecifier()
              ->StringEquals(specifier)) {
        index = i;
        break;
      }
  } else {
    index = link_index(entered, from, specifier, type);
    if (index < from->link_count && from->links[index].target)
      return from->links[index].target->module.Get(isolate);
    size_t length;
    char *text = ist__string_copy(isolate, specifier, &length);
    char *kind = ist__string_copy(isolate, type, nullptr);
    if (text && kind)
      found = ist__loader_resolve_now(context, text, length, from->url, kind, &error);
    ist__free(text);
    ist__free(kind);
  }
  if (!watch.alive()) {
    ist_error_free(error);
    throw_text(isolate, "the module's context is gone");
    return v8::MaybeLocal<v8::Module>();
  }
  touch(modules, from);
  if (found) {
    if (index < from->link_count) from->links[index].target = found;
    return found->module.Get(isolate);
  }
  modules->refused = true;
  v8::Local<v8::Value> exception = ist__error_to_js(context, error);
  if (index < from->link_count) ist__import_place(from, index, exception);
  ist_error_free(error);
  isolate->ThrowException(exception);
  return v8::MaybeLocal<v8::Module>();
}

void import_meta(v8::Local<v8::Context> entered, v8::Local<v8::Module> module,
                 v8::Local<v8::Object> meta) {
  ist_context *context = ist__context_of(entered);
  v8::Isolate *isolate = entered->GetIsolate();
  ist__module *of = ist__context_alive(context) ? ist__module_find(context, module) : nullptr;
  v8::Local<v8::String> url;
  if (!of || !ist__string(isolate, of->url, strlen(of->url)).ToLocal(&url)) return;
  ist__ignore(meta->CreateDataProperty(entered, ist__text(isolate, "url"), url));
  if (!context->loader.import_meta) return;
  ist__outward outward(context->isolate);
  ist_value handle;
  if (ist__value_from(context->isolate, meta, &handle))
    context->loader.import_meta(context->loader.env, context, of->url, handle);
}

} // namespace

void ist__module_hooks(v8::Isolate *isolate) {
  isolate->SetHostImportModuleDynamicallyCallback(ist__import_dynamically);
  isolate->SetHostInitializeImportMetaObjectCallback(import_meta);
}

bool ist__import_type(v8::Local<v8::Context> context, v8::Local<v8::FixedArray> attributes,
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

ist__module *ist__loader_resolve_now(ist_context *context, const char *specifier, size_t length,
                                     const char *referrer, const char *type, ist_error **error) {
  *error = nullptr;
  const ist_loader *loader = &context->loader;
  if (!loader->resolve) {
    *error = ist_error_new(IST_ERR_NOT_FOUND, "Error",
                           loader->defer ? "this context's loader answers later: ist_module_load "
                                           "waits for it, ist_module_instantiate does not"
                                         : "this context has no module loader");
    return nullptr;
  }
  ist__watch watch(context);
  ist__outward outward(context->isolate);
  ist_module *handle = nullptr;
  ist_status status =
      loader->resolve(loader->env, context, specifier, length, referrer, type, &handle, error);
  if (!watch.alive()) return nullptr;
  ist__module *found = status ? nullptr : ist__module_of(context, handle);
  if (found) {
    ist_error_free(*error);
    *error = nullptr;
  } else if (!*error) {
    *error = status ? ist_error_new(status, nullptr, nullptr)
                    : ist_error_new(IST_ERR_HANDLE, "Error",
                                    "the loader gave no module, or one that was freed or belongs "
                                    "to another context");
  }
  return found;
}

void ist__import_place(ist__module *module, uint32_t index, v8::Local<v8::Value> error) {
  v8::Isolate *isolate = module->context->isolate->v8;
  v8::Local<v8::Context> entered = module->context->context.Get(isolate);
  v8::Local<v8::Module> source = module->module.Get(isolate);
  v8::Local<v8::ModuleRequest> request = request_at(entered, source->GetModuleRequests(), index);
  v8::Location at = source->SourceOffsetToLocation(request->GetSourceOffset());
  v8::Local<v8::Value> line = v8::Undefined(isolate);
  v8::Local<v8::String> text, url;
  const char *begin = module->source;
  for (int skip = at.GetLineNumber(); begin && skip > 0; skip--) {
    begin = strchr(begin, '\n');
    if (begin) begin++;
  }
  if (begin && ist__string(isolate, begin, strcspn(begin, "\r\n")).ToLocal(&text)) line = text;
  if (!ist__string(isolate, module->url, strlen(module->url)).ToLocal(&url)) return;
  int column = at.GetColumnNumber() + 1;
  ist__error_place(entered, error, url, at.GetLineNumber() + 1, column,
                   column + request->GetSpecifier()->Length() + 2, line);
}

void ist__module_forget_links(ist__module *module, bool held_too) {
  for (uint32_t i = 0; i < module->link_count; i++) {
    ist__link *link = &module->links[i];
    if (!link->target || (link->held && !held_too)) continue;
    if (link->held) ist__module_drop(link->target);
    link->target = nullptr;
    link->held = false;
  }
}

bool ist__module_link(ist_context *context, v8::Local<v8::Context> entered, ist__module *module) {
  ist__modules *modules = context->modules;
  v8::Isolate *isolate = context->isolate->v8;
  ist__watch watch(context);
  modules->linking = true;
  modules->refused = false;
  bool linked = module->module.Get(isolate)->InstantiateModule(entered, resolve).FromMaybe(false);
  if (!watch.alive()) return false;
  modules->linking = false;
  while (modules->touched) {
    ist__module *touched = modules->touched;
    modules->touched = touched->next_touched;
    touched->touched = false;
    if (touched->module.Get(isolate)->GetStatus() < v8::Module::kInstantiated) {
      ist__module_forget_links(touched, false);
    } else {
      ist__free(touched->source);
      touched->source = nullptr;
    }
  }
  return linked;
}

namespace {

/* Keeps other threads from interrupting JavaScript until the first step of a module is done, and
 * lets what has interrupted it before do so now; false when it was ended. */
bool begin_module(ist_isolate *isolate, v8::Local<v8::Context> entered) {
  /* A debugger would show this script, and stop in it. */
  if (isolate->inspection) {
    ist__module_begin(isolate);
    return true;
  }
  v8::Local<v8::Script> nothing;
  v8::Local<v8::Value> value;
  if (!v8::Script::Compile(entered, ist__text(isolate->v8, "0")).ToLocal(&nothing)) return false;
  do {
    ist__module_begin(isolate);
    if (!nothing->Run(entered).ToLocal(&value)) return false;
  } while (!ist__module_beginning(isolate));
  return true;
}

} // namespace

v8::MaybeLocal<v8::Value> ist__module_run(ist_context *context, v8::Local<v8::Context> entered,
                                          ist__module *module) {
  ist__modules *modules = context->modules;
  /* V8 ends the process when the first step of an asynchronous module is refused. */
  if (ist__inspection_sends(context->isolate)) {
    v8::Isolate *isolate = context->isolate->v8;
    isolate->ThrowException(v8::Exception::Error(
        ist__text(isolate, "no JavaScript runs while an inspector's message is told")));
    return v8::MaybeLocal<v8::Value>();
  }
  ist__watch watch(context);
  if (!begin_module(context->isolate, entered) || !watch.alive()) {
    context->isolate->module_began.store(0, std::memory_order_relaxed);
    return v8::MaybeLocal<v8::Value>();
  }
  modules->evaluating++;
  v8::MaybeLocal<v8::Value> result = module->module.Get(context->isolate->v8)->Evaluate(entered);
  context->isolate->module_began.store(0, std::memory_order_relaxed);
  if (!watch.alive()) return v8::MaybeLocal<v8::Value>();
  if (--modules->evaluating == 0 && modules->blocked) {
    *modules->last_ready = modules->blocked;
    modules->last_ready = modules->last_blocked;
    modules->blocked = nullptr;
    modules->last_blocked = &modules->blocked;
  }
  return result;
}

bool ist__module_blocked(ist__modules *modules, ist__module *module) {
  if (!modules->evaluating) return false;
  v8::Isolate *isolate = module->context->isolate->v8;
  uint32_t walk = ++modules->walk;
  ist__module *ahead = module;
  module->walk = walk;
  module->next_walked = nullptr;
  while (ahead) {
    ist__module *at = ahead;
    ahead = at->next_walked;
    v8::Module::Status status = at->module.Get(isolate)->GetStatus();
    if (status == v8::Module::kEvaluating) return true;
    /* What has run has nothing below it that runs now. */
    if (status != v8::Module::kInstantiated) continue;
    for (uint32_t i = 0; i < at->link_count; i++) {
      ist__module *target = at->links[i].target;
      if (!target || target->walk == walk) continue;
      target->walk = walk;
      target->next_walked = ahead;
      ahead = target;
    }
  }
  return false;
}

v8::MaybeLocal<v8::Value> ist__module_run_synthetic(v8::Local<v8::Context> entered,
                                                    v8::Local<v8::Module> module) {
  v8::Isolate *isolate = entered->GetIsolate();
  ist_context *context = ist__context_of(entered);
  ist__module *of = ist__context_alive(context) ? ist__module_find(context, module) : nullptr;
  v8::Local<v8::Promise::Resolver> resolver;
  if (!v8::Promise::Resolver::New(entered).ToLocal(&resolver)) return v8::MaybeLocal<v8::Value>();
  if (of && !of->exports.IsEmpty()) {
    v8::Local<v8::Object> exports = of->exports.Get(isolate);
    v8::Local<v8::Array> names;
    if (!exports
             ->GetOwnPropertyNames(entered, v8::ALL_PROPERTIES,
                                   v8::KeyConversionMode::kConvertToString)
             .ToLocal(&names))
      return v8::MaybeLocal<v8::Value>();
    for (uint32_t i = 0; i < names->Length(); i++) {
      v8::Local<v8::Value> name, value;
      if (!names->Get(entered, i).ToLocal(&name) || !exports->Get(entered, name).ToLocal(&value) ||
          module->SetSyntheticModuleExport(isolate, name.As<v8::String>(), value).IsNothing())
        return v8::MaybeLocal<v8::Value>();
    }
    of->exports.Reset();
  }
  if (resolver->Resolve(entered, v8::Undefined(isolate)).IsNothing())
    return v8::MaybeLocal<v8::Value>();
  return resolver->GetPromise();
}
