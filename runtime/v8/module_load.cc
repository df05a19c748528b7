/* Imports that are done step by step: import(), and whole graphs through a loader that answers
 * later. A load visits modules, asks for what they import, and links and runs its root when nothing
 * is owed to it any more. Questions are shared: a module's import is asked for once, whatever
 * number of loads come by. No step calls into another one: answers are queued and taken in a loop,
 * so that a graph's depth costs no stack. */
#include "module.h"

namespace {

ist__pool<ist_import> imports;

v8::Local<v8::Value> out_of_memory(v8::Isolate *isolate) {
  return v8::Exception::Error(ist__text(isolate, ist_status_text(IST_ERR_MEMORY)));
}

/* ---- Records ---- */

ist__load *new_load(ist_context *context, v8::Local<v8::Promise::Resolver> resolver) {
  ist__load *load = new (std::nothrow) ist__load();
  if (!load) return nullptr;
  ist_isolate *isolate = context->isolate;
  load->isolate = isolate;
  load->context = context;
  load->resolver.Reset(isolate->v8, resolver);
  load->last_visit = &load->visits;
  ist__chain_add(&isolate->loads, load);
  return load;
}

void forget_request(ist__load *load) {
  ist__free(load->specifier);
  ist__free(load->referrer);
  ist__free(load->type);
  load->specifier = load->referrer = load->type = nullptr;
}

void delete_load(ist__load *load) {
  ist__chain_drop(load);
  forget_request(load);
  delete load;
}

/* Once nothing will come for it any more. */
void delete_if_over(ist__load *load) {
  if (load->done && !load->waits && !load->queued) delete_load(load);
}

bool visit(ist__load *load, ist__module *module) {
  for (ist__visit *at = module->visits; at; at = at->next_of_module)
    if (at->load == load) return true;
  ist__visit *made = new (std::nothrow) ist__visit();
  if (!made) return false;
  ist__module_hold(module);
  made->load = load;
  made->module = module;
  made->next_of_module = module->visits;
  module->visits = made;
  *load->last_visit = made;
  load->last_visit = &made->next_of_load;
  if (!load->scan) load->scan = made;
  return true;
}

/* Gives up what the load held. What was loaded and is not linked is forgotten with the last load
 * that came by: modules that hold each other would never be collected. */
void leave_visits(ist__load *load) {
  v8::Isolate *isolate = load->isolate->v8;
  v8::HandleScope scope(isolate);
  for (ist__visit *at = load->visits; at; at = at->next_of_load) {
    ist__visit **link = &at->module->visits;
    while (*link != at) link = &(*link)->next_of_module;
    *link = at->next_of_module;
    if (at->module->visits) continue;
    if (at->module->module.Get(isolate)->GetStatus() < v8::Module::kInstantiated) {
      ist__module_forget_links(at->module, true);
      continue;
    }
    for (uint32_t i = 0; i < at->module->link_count; i++) {
      ist__link *target = &at->module->links[i];
      if (target->held) ist__module_drop(target->target);
      target->held = false;
    }
  }
  while (load->visits) {
    ist__visit *at = load->visits;
    load->visits = at->next_of_load;
    ist__module_drop(at->module);
    delete at;
  }
  load->last_visit = &load->visits;
  load->scan = nullptr;
  load->root = nullptr;
}

/* Settles a load's promise, and ends the load. `exception` empty: with the namespace of its root.
 */
void settle(v8::Local<v8::Context> entered, ist__load *load, v8::Local<v8::Value> exception) {
  v8::Isolate *isolate = load->isolate->v8;
  v8::Local<v8::Promise::Resolver> resolver = load->resolver.Get(isolate);
  v8::Local<v8::Value> space;
  if (exception.IsEmpty()) space = load->root->module.Get(isolate)->GetModuleNamespace();
  load->done = true;
  load->resolver.Reset();
  leave_visits(load);
  delete_if_over(load);
  if (exception.IsEmpty())
    ist__ignore(resolver->Resolve(entered, space));
  else
    ist__ignore(resolver->Reject(entered, exception));
}

/* ---- Asking ---- */

void delete_ask(ist__ask *ask) {
  while (ask->waiters) {
    ist__waiter *waiter = ask->waiters;
    ask->waiters = waiter->next;
    delete waiter;
  }
  if (ask->handle) {
    ask->handle->ask = nullptr;
    imports.put(ask->handle);
  }
  delete ask;
}

/* A question, not asked yet. NULL when memory is out. */
ist__ask *new_ask(ist_context *context, ist__module *module, uint32_t index, ist__load *load) {
  ist__modules *modules = context->modules;
  ist__ask *ask = new (std::nothrow) ist__ask();
  if (!ask) return nullptr;
  ask->handle = imports.take();
  if (!ask->handle) {
    delete ask;
    return nullptr;
  }
  ask->handle->context = context;
  ask->handle->ask = ask;
  ask->handle->live.store(true, std::memory_order_release);
  ask->module = module;
  ask->index = index;
  ask->load = load;
  if (module) {
    ist__module_hold(module);
    module->links[index].ask = ask;
  }
  ist__chain_add(&modules->asks, ask);
  return ask;
}

/* Asks; the answer may come at once. The context may be gone then. */
void put_question(ist_context *context, ist__ask *ask, const char *specifier, size_t length,
                  const char *referrer, const char *type) {
  ist_import *handle = ask->handle;
  ist__outward outward(context->isolate);
  context->loader.defer(context->loader.env, context, specifier, length, referrer, type, handle);
}

bool add_waiter(ist__ask *ask, ist__load *load) {
  ist__waiter *waiter = new (std::nothrow) ist__waiter();
  if (!waiter) return false;
  waiter->load = load;
  waiter->next = ask->waiters;
  ask->waiters = waiter;
  load->waits++;
  return true;
}

/* Has one import of a module looked for. An exception when that fails at once; empty otherwise. The
 * context may be gone afterwards. */
v8::Local<v8::Value> look_for(ist_context *context, v8::Local<v8::Context> entered, ist__load *load,
                              ist__module *module, uint32_t index) {
  v8::Isolate *isolate = context->isolate->v8;
  ist__link *link = &module->links[index];
  if (link->target)
    return visit(load, link->target) ? v8::Local<v8::Value>() : out_of_memory(isolate);
  if (link->ask)
    return add_waiter(link->ask, load) ? v8::Local<v8::Value>() : out_of_memory(isolate);
  v8::Local<v8::ModuleRequest> request =
      ist__compat::fixed_array_get(entered, module->module.Get(isolate)->GetModuleRequests(),
                                   static_cast<int>(index))
          .As<v8::ModuleRequest>();
  v8::Local<v8::String> type;
  if (!ist__import_type(entered, ist__compat::import_attributes(request), 3, &type)) {
    v8::Local<v8::Value> exception = v8::Exception::TypeError(
        ist__text(isolate, "only the import attribute \"type\" is supported"));
    ist__import_place(module, index, exception);
    return exception;
  }
  size_t length;
  char *text = ist__string_copy(isolate, request->GetSpecifier(), &length);
  char *kind = ist__string_copy(isolate, type, nullptr);
  ist__ask *ask = text && kind ? new_ask(context, module, index, nullptr) : nullptr;
  bool asked = ask && add_waiter(ask, load);
  if (asked) {
    put_question(context, ask, text, length, module->url, kind);
  } else if (ask) {
    module->links[index].ask = nullptr;
    ist__module_drop(module);
    ist__chain_drop(ask);
    delete_ask(ask);
  }
  ist__free(text);
  ist__free(kind);
  return asked ? v8::Local<v8::Value>() : out_of_memory(isolate);
}

/* Goes through what the load has come by. The context may be gone afterwards. */
void advance(ist_context *context, v8::Local<v8::Context> entered, ist__load *load) {
  ist__watch watch(context);
  v8::Isolate *isolate = context->isolate->v8;
  while (load->scan) {
    ist__module *module = load->scan->module;
    load->scan = load->scan->next_of_load;
    if (!context->loader.defer) continue;
    v8::HandleScope scope(isolate);
    if (module->module.Get(isolate)->GetStatus() >= v8::Module::kInstantiated) continue;
    for (uint32_t i = 0; i < module->link_count; i++) {
      v8::Local<v8::Value> exception = look_for(context, entered, load, module, i);
      if (!watch.alive()) return;
      if (exception.IsEmpty() && context->loader.defer) continue;
      if (exception.IsEmpty()) break;
      settle(entered, load, exception);
      return;
    }
  }
  if (load->waits) return;
  ist__modules *modules = context->modules;
  load->next_ready = nullptr;
  *modules->last_ready = load;
  modules->last_ready = &load->next_ready;
}

/* Begins with the root. `pumping` is set: an answer that comes at once waits. */
void begin(ist_context *context, v8::Local<v8::Context> entered, ist__load *load,
           ist__module *root) {
  load->root = root;
  if (visit(load, root))
    advance(context, entered, load);
  else
    settle(entered, load, out_of_memory(context->isolate->v8));
}

/* ---- Answers ---- */

/* What an answer means for one load. */
void tell(ist_context *context, v8::Local<v8::Context> entered, ist__load *load,
          ist__module *answer, v8::Local<v8::Value> exception) {
  load->waits--;
  if (load->done) {
    delete_if_over(load);
    return;
  }
  if (!answer) {
    settle(entered, load, exception);
  } else if (!load->root) {
    begin(context, entered, load, answer);
  } else if (visit(load, answer)) {
    advance(context, entered, load);
  } else {
    settle(entered, load, out_of_memory(context->isolate->v8));
  }
}

/* Takes one answer. The context may be gone afterwards. */
void take_answer(ist_context *context, v8::Local<v8::Context> entered, ist__ask *ask) {
  ist__watch watch(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::HandleScope scope(isolate);
  v8::Local<v8::Value> exception;
  if (!ask->answer) exception = ask->error.Get(isolate);
  ist__module *module = ask->module, *answer = ask->answer;
  ist__load *root_load = ask->load;
  ist__waiter *waiters = ask->waiters;
  ask->waiters = nullptr;
  uint32_t index = ask->index;
  ist__chain_drop(ask);
  delete_ask(ask);
  if (!module) {
    tell(context, entered, root_load, answer, exception);
  } else {
    bool wanted = false;
    for (ist__waiter *at = waiters; at; at = at->next) wanted |= !at->load->done;
    ist__link *link = &module->links[index];
    link->ask = nullptr;
    if (answer && wanted && !link->target &&
        module->module.Get(isolate)->GetStatus() < v8::Module::kInstantiated) {
      ist__module_hold(answer);
      link->target = answer;
      link->held = true;
    }
    if (!exception.IsEmpty()) ist__import_place(module, index, exception);
    while (waiters) {
      ist__waiter *waiter = waiters;
      waiters = waiter->next;
      /* Loads of a context that is gone are gone as well. */
      if (watch.alive()) tell(context, entered, waiter->load, answer, exception);
      delete waiter;
    }
  }
  if (!watch.alive()) return;
  if (module) ist__module_drop(module);
  if (answer) ist__module_drop(answer);
}

/* ---- The end of a load ---- */

/* Settles the promise of a load (`[resolver, namespace]` in Data) when its root has run. */
void fulfil(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Value> resolver, space;
  if (info.Data().As<v8::Array>()->Get(context, 0).ToLocal(&resolver) &&
      info.Data().As<v8::Array>()->Get(context, 1).ToLocal(&space))
    ist__ignore(resolver.As<v8::Promise::Resolver>()->Resolve(context, space));
}

void reject(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Local<v8::Context> context = info.GetIsolate()->GetCurrentContext();
  v8::Local<v8::Value> resolver;
  if (info.Data().As<v8::Array>()->Get(context, 0).ToLocal(&resolver))
    ist__ignore(resolver.As<v8::Promise::Resolver>()->Reject(context, info[0]));
}

/* Links and runs the root of a load; false when it has to wait until what runs now has ended. The
 * context may be gone afterwards. */
bool complete(ist_context *context, v8::Local<v8::Context> entered, ist__load *load) {
  v8::Isolate *isolate = context->isolate->v8;
  ist__watch watch(context);
  v8::HandleScope scope(isolate);
  v8::TryCatch catcher(isolate);
  v8::Local<v8::Module> root = load->root->module.Get(isolate);
  v8::Local<v8::Value> value;
  bool ok = root->GetStatus() >= v8::Module::kInstantiated ||
            ist__module_link(context, entered, load->root);
  if (ok) {
    if (ist__module_blocked(context->modules, load->root)) return false;
    ok = ist__module_run(context, entered, load->root).ToLocal(&value);
  }
  if (!watch.alive()) return true;
  if (!ok) {
    if (catcher.HasTerminated() || !catcher.HasCaught()) {
      /* Nothing can be told to JavaScript that is being ended. */
      load->done = true;
      load->resolver.Reset();
      leave_visits(load);
      delete_if_over(load);
      return true;
    }
    v8::Local<v8::Value> exception = catcher.Exception();
    ist__error_place_by(entered, exception, catcher.Message());
    catcher.Reset();
    settle(entered, load, exception);
    return true;
  }
  v8::Local<v8::Promise> promise = value.As<v8::Promise>();
  if (promise->State() == v8::Promise::kFulfilled) {
    settle(entered, load, v8::Local<v8::Value>());
    return true;
  }
  v8::Local<v8::Value> parts[] = {load->resolver.Get(isolate), root->GetModuleNamespace()};
  v8::Local<v8::Array> data = v8::Array::New(isolate, parts, 2);
  v8::Local<v8::Function> on_end, on_error;
  if (v8::Function::New(entered, fulfil, data).ToLocal(&on_end) &&
      v8::Function::New(entered, reject, data).ToLocal(&on_error) &&
      !promise->Then(entered, on_end, on_error).IsEmpty()) {
    load->done = true;
    load->resolver.Reset();
    leave_visits(load);
    delete_if_over(load);
  } else {
    settle(entered, load, catcher.HasCaught() ? catcher.Exception() : out_of_memory(isolate));
  }
  return true;
}

/* ---- import() ---- */

/* The microtask of an import(): what is imported never runs in the middle of what has imported it.
 */
void start_import(void *data) {
  ist__load *load = static_cast<ist__load *>(data);
  ist_context *context = load->context;
  load->queued = false;
  if (!context) {
    delete_load(load);
    return;
  }
  ist__gate gate(context);
  if (gate.status) return;
  ist__entry entry(context);
  ist__watch watch(context);
  v8::Isolate *isolate = context->isolate->v8;
  bool pumping = context->modules->pumping;
  context->modules->pumping = true;
  char *specifier = load->specifier, *referrer = load->referrer, *type = load->type;
  load->specifier = load->referrer = load->type = nullptr;
  if (load->root) {
    advance(context, entry.context, load);
  } else if (!context->loader.defer) {
    settle(entry.context, load,
           v8::Exception::Error(ist__text(isolate, "the loader that would have answered is gone")));
  } else if (ist__ask *ask = new_ask(context, nullptr, 0, load)) {
    load->waits++;
    put_question(context, ask, specifier, load->length, referrer, type);
  } else {
    settle(entry.context, load, out_of_memory(isolate));
  }
  ist__free(specifier);
  ist__free(referrer);
  ist__free(type);
  if (watch.alive()) {
    context->modules->pumping = pumping;
    ist__modules_pump(context);
  }
}

} // namespace

v8::MaybeLocal<v8::Promise> ist__import_dynamically(v8::Local<v8::Context> entered,
                                                    v8::Local<v8::Data>,
                                                    v8::Local<v8::Value> referrer,
                                                    v8::Local<v8::String> specifier,
                                                    v8::Local<v8::FixedArray> attributes) {
  v8::Isolate *isolate = entered->GetIsolate();
  v8::Local<v8::Promise::Resolver> resolver;
  if (!v8::Promise::Resolver::New(entered).ToLocal(&resolver)) return v8::MaybeLocal<v8::Promise>();
  ist_context *context = ist__context_of(entered);
  v8::Local<v8::Value> exception;
  v8::Local<v8::String> type;
  if (!ist__context_alive(context)) {
    exception = v8::Exception::Error(ist__text(isolate, "the context of import() is gone"));
  } else if (!ist__import_type(entered, attributes, 2, &type)) {
    exception = v8::Exception::TypeError(
        ist__text(isolate, "only the import attribute \"type\" is supported"));
  } else {
    size_t length = 0;
    char *text = ist__string_copy(isolate, specifier, &length);
    char *kind = ist__string_copy(isolate, type, nullptr);
    char *from = referrer->IsString()
                     ? ist__string_copy(isolate, referrer.As<v8::String>(), nullptr)
                     : ist__strdup("");
    ist__module *root = nullptr;
    bool later = context->loader.defer != nullptr;
    if (!text || !kind || !from) {
      exception = out_of_memory(isolate);
    } else if (!later) {
      /* A loader that answers at once is asked here: its errors have import()'s stack and place. */
      ist__watch watch(context);
      ist_error *error;
      root = ist__loader_resolve_now(context, text, length, from, kind, &error);
      if (!watch.alive())
        exception = v8::Exception::Error(ist__text(isolate, "the context of import() is gone"));
      else if (!root)
        exception = ist__error_to_js(context, error);
      ist_error_free(error);
    }
    ist__load *load =
        exception.IsEmpty() && ist__modules_of(context) ? new_load(context, resolver) : nullptr;
    if (load && (later || visit(load, root))) {
      load->root = root;
      load->specifier = text;
      load->length = length;
      load->type = kind;
      load->referrer = from;
      load->queued = true;
      isolate->EnqueueMicrotask(start_import, load);
      return resolver->GetPromise();
    }
    if (load) delete_load(load);
    ist__free(text);
    ist__free(kind);
    ist__free(from);
    if (exception.IsEmpty()) exception = out_of_memory(isolate);
  }
  if (resolver->Reject(entered, exception).IsNothing()) return v8::MaybeLocal<v8::Promise>();
  return resolver->GetPromise();
}

void ist__modules_pump(ist_context *context) {
  ist__modules *modules = context->modules;
  if (!modules || modules->pumping || modules->linking) return;
  ist__watch watch(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::HandleScope scope(isolate);
  v8::Local<v8::Context> entered = context->context.Get(isolate);
  while (modules->answered || modules->ready) {
    if (ist__ask *ask = modules->answered) {
      modules->answered = ask->next_answered;
      if (!modules->answered) modules->last_answered = &modules->answered;
      modules->pumping = true;
      take_answer(context, entered, ask);
      if (!watch.alive()) return;
      modules->pumping = false;
      continue;
    }
    ist__load *load = modules->ready;
    modules->ready = load->next_ready;
    if (!modules->ready) modules->last_ready = &modules->ready;
    if (isolate->IsExecutionTerminating()) {
      /* Whoever calls next goes on. */
      load->next_ready = modules->ready;
      if (!modules->ready) modules->last_ready = &load->next_ready;
      modules->ready = load;
      return;
    }
    bool over = complete(context, entered, load);
    if (!watch.alive()) return;
    if (over) continue;
    load->next_ready = nullptr;
    *modules->last_blocked = load;
    modules->last_blocked = &load->next_ready;
  }
}

void ist__modules_abandon(ist_context *context) {
  ist__modules *modules = context->modules;
  while (modules->asks) {
    ist__ask *ask = modules->asks;
    ist__chain_drop(ask);
    delete_ask(ask);
  }
  for (ist__load *load = context->isolate->loads, *next; load; load = next) {
    next = load->next;
    if (load->context != context) continue;
    while (load->visits) {
      ist__visit *visit = load->visits;
      load->visits = visit->next_of_load;
      delete visit;
    }
    load->context = nullptr;
    load->resolver.Reset();
    if (!load->queued) delete_load(load);
  }
}

void ist__loads_free(ist_isolate *isolate) {
  while (isolate->loads) delete_load(isolate->loads);
}

ist_status ist_import_finish(ist_import *import, ist_module *handle, const ist_error *error) {
  if (!import) return IST_ERR_ARGUMENT;
  if (!import->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  ist_context *context = import->context;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  if (!import->live.load(std::memory_order_relaxed) || import->context != context)
    return IST_ERR_HANDLE;
  ist_isolate *isolate = context->isolate;
  ist__entry entry(context);
  ist__modules *modules = context->modules;
  ist__ask *ask = import->ask;
  import->ask = nullptr;
  ask->handle = nullptr;
  imports.put(import);
  ist_status status = IST_OK;
  if (handle && !error) {
    ask->answer = ist__module_of(context, handle);
    if (ask->answer)
      ist__module_hold(ask->answer);
    else
      status = IST_ERR_HANDLE;
  } else if (!error) {
    status = IST_ERR_ARGUMENT;
  }
  if (error)
    ask->error.Reset(isolate->v8, ist__error_to_js(context, error));
  else if (status)
    ask->error.Reset(isolate->v8, v8::Exception::Error(ist__text(
                                      isolate->v8, "the loader gave no module, or one that was "
                                                   "freed or belongs to another context")));
  ask->next_answered = nullptr;
  *modules->last_answered = ask;
  modules->last_answered = &ask->next_answered;
  ist__watch watch(context);
  ist__modules_pump(context);
  if (entry.catcher.HasTerminated() && watch.alive())
    return ist__caught(context, &entry.catcher, IST_ERR_TERMINATED, nullptr);
  ist__code_ran(isolate);
  return status;
}

ist_status ist_module_load(ist_module *handle, ist_value *promise, ist_error **error) {
  if (error) *error = nullptr;
  if (!handle || !promise) return ist__fail(error, IST_ERR_ARGUMENT);
  if (!handle->live.load(std::memory_order_acquire)) return ist__fail(error, IST_ERR_HANDLE);
  ist_context *context = handle->context;
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__module *module = ist__module_of(context, handle);
  if (!module) return ist__fail(error, IST_ERR_HANDLE);
  ist_isolate *isolate = context->isolate;
  ist__entry entry(context);
  v8::Local<v8::Promise::Resolver> resolver;
  if (!v8::Promise::Resolver::New(entry.context).ToLocal(&resolver))
    return ist__caught(context, &entry.catcher, IST_ERR_MEMORY, error);
  ist_value result;
  if (!ist__value_from(isolate, resolver->GetPromise(), &result))
    return ist__fail(error, IST_ERR_MEMORY);
  ist__load *load = new_load(context, resolver);
  if (!load) {
    (void)ist_value_free(isolate, result);
    return ist__fail(error, IST_ERR_MEMORY);
  }
  ist__watch watch(context);
  bool pumping = context->modules->pumping;
  context->modules->pumping = true;
  begin(context, entry.context, load, module);
  if (watch.alive()) {
    context->modules->pumping = pumping;
    ist__modules_pump(context);
  }
  if (!watch.alive()) return ist__fail(error, IST_ERR_HANDLE);
  if (entry.catcher.HasTerminated())
    return ist__caught(context, &entry.catcher, IST_ERR_TERMINATED, error);
  ist__code_ran(isolate);
  *promise = result;
  return IST_OK;
}
