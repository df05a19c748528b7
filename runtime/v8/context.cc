/* Contexts: their making and end, entering them, the start of the host's JavaScript in them, and
 * the closing of native libraries. A context's record outlives the context, so that a stale pointer
 * is answered, not followed; what V8 still calls in a context that was freed finds no record. */
#include "compartment.h"
#include "template.h"

#include "ist_js.h"

namespace {

ist__pool<ist_context> pool;

/* V8 has collected a context that was freed. */
void collected(const v8::WeakCallbackInfo<ist__remains> &info) {
  ist__remains_free(info.GetParameter());
}

} // namespace

void ist__remains_free(ist__remains *remains) {
  remains->context.Reset();
  ist__chain_drop(remains);
  remains->isolate->detached--;
  if (remains->undropped) remains->isolate->undropped--;
  delete remains;
}

ist_context *ist__context_of(v8::Local<v8::Context> context) {
  if (context->GetNumberOfEmbedderDataFields() <= IST_CONTEXT_SLOT) return nullptr;
  return static_cast<ist_context *>(ist__compat::get_context_pointer(context, IST_CONTEXT_SLOT));
}

ist_status ist_context_new(ist_isolate *isolate, const ist_context_options *given,
                           ist_context **result) {
  if (!result || (given && given->size < sizeof given->size)) return IST_ERR_ARGUMENT;
  ist_context_options options = {};
  if (given) memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  if (options.share_token &&
      (!ist__context_alive(options.share_token) || options.share_token->isolate != isolate))
    return IST_ERR_HANDLE;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::ObjectTemplate> global;
  if (options.global) {
    ist_status status = ist__template_global(isolate, options.global, &global);
    if (status) return status;
  }
  if (options.frozen) {
    ist_status status = ist__compartment_global(isolate, options.global, &global);
    if (status) return status;
  }
  ist_context *context = pool.take();
  if (!context) return IST_ERR_MEMORY;
  context->remains = new (std::nothrow) ist__remains();
  if (options.name) context->name = ist__strdup(options.name);
  bool ready = context->remains && (context->name || !options.name);
  v8::MicrotaskQueue *queue = nullptr; /* the isolate's */
  if (ready && options.frozen) {
    context->compartment = new (std::nothrow) ist__compartment();
    ready = context->compartment != nullptr;
  }
  if (ready && options.frozen) {
    context->compartment->frozen = true;
    context->compartment->wary = options.global != nullptr;
    context->compartment->queue = ist__compartment_queue(isolate);
    queue = context->compartment->queue.get();
  }
  v8::Local<v8::Context> made;
  if (ready)
    made = v8::Context::New(isolate->v8, nullptr, global, v8::MaybeLocal<v8::Value>(),
                            v8::DeserializeInternalFieldsCallback(), queue);
  if (made.IsEmpty()) {
    delete context->remains;
    ist__free(context->name);
    ist__compartment_free(context->compartment);
    context->compartment = nullptr;
    context->remains = nullptr;
    context->name = nullptr;
    pool.put(context);
    return IST_ERR_MEMORY;
  }
  ist__compat::set_context_pointer(made, IST_CONTEXT_SLOT, context);
  /* A snapshot brings the built-ins as they were before its scripts. */
  if (isolate->blob)
    ist__bridge_restore_context(isolate->bridge, made);
  else
    ist__intrinsics_capture(made);
  if (isolate->heap_limited) ist__bounds_install(made);
  if (options.share_token)
    made->SetSecurityToken(options.share_token->context.Get(isolate->v8)->GetSecurityToken());
  if (options.no_code_from_strings) made->AllowCodeGenerationFromStrings(false);
  __atomic_store_n(&context->isolate, isolate, __ATOMIC_RELAXED);
  context->serial++;
  context->context.Reset(isolate->v8, made);
  context->global.Reset(isolate->v8, made->Global());
  ist__chain_add(&isolate->contexts, context);
  context->live.store(true, std::memory_order_release);
  if (options.frozen) {
    isolate->frozen_contexts++;
    ist_status status = ist__compartment_freeze(context);
    if (status) {
      ist__context_end(context);
      return status;
    }
  }
  *result = context;
  return IST_OK;
}

void ist__context_end(ist_context *context) {
  ist_isolate *isolate = context->isolate;
  if (context->web) isolate->loop_table->context_end(isolate->loop, context->web);
  context->web = nullptr;
  context->live.store(false, std::memory_order_release);
  {
    v8::HandleScope scope(isolate->v8);
    v8::Local<v8::Context> entered = context->context.Get(isolate->v8);
    v8::Context::Scope context_scope(entered);
    ist__compat::set_context_pointer(entered, IST_CONTEXT_SLOT, nullptr);
    ist__isolate_drop_rejections(context);
    ist__repl_free(context->repl);
    context->repl = nullptr;
    ist__inspection_forget(context);
    ist__context_free_modules(context);
    ist__compartment_end(context);
    while (context->lazy) {
      ist__lazy *lazy = context->lazy;
      context->lazy = lazy->next;
      delete lazy;
    }
    context->error_constructor.Reset();
    context->native.Reset();
    context->registered.Reset();
    context->deferred.Reset();
    context->global.Reset();
    context->context.Reset();
    ist__remains *remains = context->remains;
    context->remains = nullptr;
    remains->isolate = isolate;
    ist__chain_add(&isolate->remains, remains);
    isolate->detached++;
    remains->context.Reset(isolate->v8, entered);
    remains->context.SetWeak(remains, collected, v8::WeakCallbackType::kParameter);
    /* V8 forgets caches of the context that is entered. */
  }
  ist__free(context->name);
  context->name = nullptr;
  context->data = nullptr;
  ist__chain_drop(context);
  context->next = nullptr;
  context->link = nullptr;
  ist_loader loader = context->loader;
  context->loader = ist_loader();
  pool.put(context);
  if (loader.finalize) loader.finalize(loader.env);
}

ist_status ist_context_free(ist_context *context) {
  if (!context) return IST_OK;
  ist__gate gate(context, ist__gate::TAKEN);
  if (gate.status) return gate.status;
  /* What of it is on the stack, or entered, ends first; it is stale from now on. */
  context->live.store(false, std::memory_order_release);
  if (!context->busy) ist__context_end(context);
  return IST_OK;
}

/* ---- Entering ---- */

ist_status ist_context_enter(ist_context *context) {
  if (!context) return IST_ERR_ARGUMENT;
  ist_isolate *isolate = __atomic_load_n(&context->isolate, __ATOMIC_RELAXED);
  ist_status status = ist__isolate_lock(isolate);
  if (status) return status;
  if (!ist__context_alive(context) || context->isolate != isolate) {
    status = IST_ERR_HANDLE;
  } else if (isolate->entered_count == isolate->entered_capacity) {
    uint32_t wanted = isolate->entered_capacity ? isolate->entered_capacity * 2 : 8;
    ist__context_entered *grown = static_cast<ist__context_entered *>(
        ist__realloc(isolate->entered, wanted * sizeof *isolate->entered));
    if (!grown) {
      status = IST_ERR_MEMORY;
    } else {
      isolate->entered = grown;
      isolate->entered_capacity = wanted;
    }
  }
  if (status) {
    ist__isolate_unlock(isolate);
    return status;
  }
  v8::HandleScope scope(isolate->v8);
  context->context.Get(isolate->v8)->Enter();
  context->busy++;
  isolate->entered[isolate->entered_count++] = {context, isolate->depth, isolate->over};
  return IST_OK;
}

void ist__context_exit(ist_isolate *isolate) {
  ist_context *context = isolate->entered[--isolate->entered_count].context;
  {
    v8::HandleScope scope(isolate->v8);
    context->context.Get(isolate->v8)->Exit();
  }
  if (!--context->busy && !ist__context_alive(context)) ist__context_end(context);
}

ist_status ist_context_leave(ist_context *context) {
  if (!context) return IST_ERR_ARGUMENT;
  if (ist__forked()) return IST_ERR_FORKED;
  /* One that was freed meanwhile can still be left. */
  ist_isolate *isolate = __atomic_load_n(&context->isolate, __ATOMIC_RELAXED);
  bool held = ist__isolate_held(isolate);
  if (held && isolate->entered_count && isolate->depth > isolate->base) {
    ist__context_entered last = isolate->entered[isolate->entered_count - 1];
    if (last.context == context && last.depth == isolate->depth && last.over == isolate->over) {
      ist__context_exit(isolate);
      ist__isolate_unlock(isolate);
      return IST_OK;
    }
  }
  return ist__context_alive(context) ? IST_ERR_STATE : IST_ERR_HANDLE;
}

ist_status ist_context_current(ist_isolate *isolate, ist_context **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  if (!isolate->v8->InContext()) return IST_ERR_NOT_FOUND;
  v8::HandleScope scope(isolate->v8);
  ist_context *context = ist__context_of(isolate->v8->GetCurrentContext());
  if (!ist__context_alive(context)) return IST_ERR_NOT_FOUND;
  *result = context;
  return IST_OK;
}

ist_status ist_object_context(ist_isolate *isolate, ist_value object, ist_context **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  v8::Local<v8::Context> creation;
  if (!ist__value_to(isolate, object, &local)) return IST_ERR_HANDLE;
  if (!local->IsObject()) return IST_ERR_TYPE;
  if (!local.As<v8::Object>()->GetCreationContext().ToLocal(&creation)) return IST_ERR_NOT_FOUND;
  ist_context *context = ist__context_of(creation);
  if (!ist__context_alive(context)) return IST_ERR_NOT_FOUND;
  *result = context;
  return IST_OK;
}

ist_status ist_context_share_token(ist_context *context, ist_context *other) {
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist_isolate *isolate = context->isolate;
  if (other && (!ist__context_alive(other) || other->isolate != isolate)) return IST_ERR_HANDLE;
  v8::HandleScope scope(isolate->v8);
  /* V8's token of its own is the global object, which others may have by now. */
  v8::Local<v8::Value> token =
      other ? other->context.Get(isolate->v8)->GetSecurityToken()
            : v8::Symbol::New(isolate->v8, v8::Local<v8::String>()).As<v8::Value>();
  context->context.Get(isolate->v8)->SetSecurityToken(token);
  return IST_OK;
}

ist_status ist_context_set_data(ist_context *context, void *data) {
  ist__gate gate(context);
  if (gate.status) return gate.status;
  context->data = data;
  return IST_OK;
}

ist_status ist_context_data(ist_context *context, void **result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  *result = context->data;
  return IST_OK;
}

ist_isolate *ist_context_isolate(ist_context *context) {
  return context && context->live.load(std::memory_order_acquire) ? context->isolate : nullptr;
}

ist_status ist_context_global(ist_context *context, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  return ist__value_from(context->isolate, entry.context->Global(), result) ? IST_OK
                                                                            : IST_ERR_MEMORY;
}

/* ---- The host's JavaScript ---- */

namespace {

const ist__js_source *source_of(const char *name, size_t length) {
  for (const ist__js_source *source = ist__js_sources; source->name; source++)
    if (strlen(source->name) == length && !strncmp(source->name, name, length)) return source;
  return nullptr;
}

/* Runs one file as the body of a function of `native`. */
bool run_file(v8::Local<v8::Object> native, v8::Local<v8::Context> context,
              const ist__js_source *source) {
  v8::Isolate *isolate = context->GetIsolate();
  char name[128] = "isthmus:js/";
  strncat(name, source->name, sizeof name - strlen(name) - 1);
  v8::Local<v8::String> text;
  if (!ist__string(isolate, reinterpret_cast<const char *>(source->data), source->size)
           .ToLocal(&text))
    return false;
  v8::ScriptOrigin origin = ist__compat::origin(isolate, ist__text(isolate, name), false);
  v8::ScriptCompiler::Source compiled(text, origin);
  v8::Local<v8::String> params[] = {ist__text(isolate, "native")};
  v8::Local<v8::Function> body;
  if (!v8::ScriptCompiler::CompileFunctionInContext(context, &compiled, 1, params, 0, nullptr)
           .ToLocal(&body))
    return false;
  v8::Local<v8::Value> args[] = {native};
  return !body->Call(context, v8::Undefined(isolate), 1, args).IsEmpty();
}

/* The globals of a lazy file, which runs now if it has not yet. */
v8::MaybeLocal<v8::Object> lazy_globals(ist_context *owner, v8::Local<v8::Context> context,
                                        ist__lazy *lazy) {
  v8::Isolate *isolate = context->GetIsolate();
  if (!lazy->ran) {
    lazy->ran = true;
    lazy->globals.Reset(isolate, v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0));
    v8::Global<v8::Object> outer(isolate, owner->deferred);
    owner->deferred.Reset(isolate, lazy->globals);
    const ist__js_source *source = source_of(lazy->file, strcspn(lazy->file, " \n"));
    bool ok = source && run_file(owner->native.Get(isolate), context, source);
    owner->deferred.Reset(isolate, outer);
    if (!ok) {
      /* For lack of stack, mostly: the next use tries again. */
      lazy->ran = false;
      return v8::MaybeLocal<v8::Object>();
    }
  }
  return lazy->globals.Get(isolate);
}

ist__lazy *lazy_at(ist_context *owner, int32_t index) {
  ist__lazy *lazy = owner->lazy;
  for (; lazy && index; index--) lazy = lazy->next;
  return lazy;
}

void lazy_getter(v8::Local<v8::Name> name, const v8::PropertyCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  ist_context *owner = ist__context_of(context);
  if (!ist__context_alive(owner)) return;
  ist__lazy *lazy = lazy_at(owner, info.Data().As<v8::Int32>()->Value());
  v8::Local<v8::Object> globals;
  v8::Local<v8::Value> value;
  if (lazy && lazy_globals(owner, context, lazy).ToLocal(&globals) &&
      globals->Get(context, name).ToLocal(&value))
    info.GetReturnValue().Set(value);
}

/* `load(file)`: runs a file that has not run yet. */
void load_file(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  ist_context *owner = ist__context_of(context);
  if (!ist__context_alive(owner)) return;
  v8::String::Utf8Value name(isolate, info[0]);
  const ist__js_source *source = *name ? source_of(*name, strlen(*name)) : nullptr;
  if (!source) {
    isolate->ThrowException(v8::Exception::Error(ist__text(isolate, "no such file in runtime/js")));
    return;
  }
  ist__lazy **link = &owner->lazy;
  size_t length = strlen(source->name);
  while (*link &&
         (strncmp((*link)->file, source->name, length) || !strchr(" \n", (*link)->file[length])))
    link = &(*link)->next;
  if (!*link) {
    *link = new (std::nothrow) ist__lazy();
    if (!*link) return;
    (*link)->file = source->name;
  }
  (void)lazy_globals(owner, context, *link);
}

void define_global(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  ist_context *owner = ist__context_of(context);
  if (!ist__context_alive(owner) || info.Length() < 2 || !info[0]->IsString()) return;
  v8::Local<v8::String> name = info[0].As<v8::String>();
  if (!owner->deferred.IsEmpty()) {
    ist__ignore(owner->deferred.Get(isolate)->CreateDataProperty(context, name, info[1]));
    return;
  }
  v8::PropertyAttribute attributes =
      info.Length() > 2 && info[2]->IsTrue() ? v8::None : v8::DontEnum;
  (void)ist__define_value(context, context->Global(), name, info[1], attributes);
}

void register_function(const v8::FunctionCallbackInfo<v8::Value> &info) {
  v8::Isolate *isolate = info.GetIsolate();
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  ist_context *owner = ist__context_of(context);
  if (!ist__context_alive(owner) || info.Length() < 2 || !info[0]->IsString()) return;
  ist__ignore(owner->registered.Get(isolate)->CreateDataProperty(context, info[0].As<v8::String>(),
                                                                 info[1]));
}

/* One line of order.txt: "FILE" or "lazy FILE GLOBAL... @FUNCTION...". */
bool boot_line(ist_context *owner, v8::Local<v8::Context> context, const char *line, size_t length,
               int32_t *lazy_count) {
  v8::Isolate *isolate = context->GetIsolate();
  static const char lazy_word[] = "lazy ";
  bool is_lazy = length > 5 && !strncmp(line, lazy_word, 5);
  if (!is_lazy) {
    const ist__js_source *source = source_of(line, length);
    return !source || run_file(owner->native.Get(isolate), context, source);
  }
  const char *end = line + length;
  const char *file = line + 5;
  const char *word = file;
  while (word < end && *word != ' ') word++;
  if (!source_of(file, static_cast<size_t>(word - file))) return true;
  ist__lazy *lazy = new (std::nothrow) ist__lazy();
  if (!lazy) return false;
  lazy->file = file;
  ist__lazy **last = &owner->lazy;
  while (*last) last = &(*last)->next;
  *last = lazy;
  v8::Local<v8::Value> index = v8::Integer::New(isolate, (*lazy_count)++);
  while (word < end) {
    while (word < end && *word == ' ') word++;
    const char *begin = word;
    while (word < end && *word != ' ') word++;
    if (begin == word) break;
    bool function = *begin == '@';
    if (function) begin++;
    v8::Local<v8::String> name;
    if (!ist__string(isolate, begin, static_cast<size_t>(word - begin)).ToLocal(&name))
      return false;
    v8::Maybe<bool> done =
        function ? owner->registered.Get(isolate)->CreateDataProperty(context, name, index)
                 : context->Global()->SetLazyDataProperty(context, name, lazy_getter, index,
                                                          v8::DontEnum);
    if (done.IsNothing()) return false;
  }
  return true;
}

} // namespace

bool ist__js_run(v8::Local<v8::Context> context, const char *file, v8::Local<v8::Object> native) {
  const ist__js_source *source = source_of(file, strlen(file));
  return source && run_file(native, context, source);
}

ist_status ist__context_native(ist_context *context, ist_value *result) {
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Isolate *isolate = context->isolate->v8;
  v8::Local<v8::Object> native = v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0);
  v8::Local<v8::Value> error;
  if (ist__peek(entry.context, entry.context->Global(), ist__text(isolate, "Error"))
          .ToLocal(&error) &&
      error->IsObject())
    context->error_constructor.Reset(isolate, error.As<v8::Object>());
  context->native.Reset(isolate, native);
  context->registered.Reset(isolate,
                            v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0));
  ist__native_method(entry.context, native, "defineGlobal", define_global);
  ist__native_method(entry.context, native, "register", register_function);
  ist__native_method(entry.context, native, "load", load_file);
  ist__natives_describe(entry.context, native);
  ist__natives_text(entry.context, native);
  ist__natives_repl(entry.context, native);
  return ist__value_from(context->isolate, native, result) ? IST_OK : IST_ERR_MEMORY;
}

ist_status ist__context_boot(ist_context *context, ist_error **error) {
  if (error) *error = nullptr;
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  static const char order_name[] = "order.txt";
  const ist__js_source *order = source_of(order_name, sizeof order_name - 1);
  if (!order) return IST_OK;
  const char *line = reinterpret_cast<const char *>(order->data);
  int32_t lazy_count = 0;
  while (*line) {
    size_t length = strcspn(line, "\n");
    if (length && *line != '#' && !boot_line(context, entry.context, line, length, &lazy_count)) {
      ist_status usual = entry.catcher.HasCaught() ? IST_ERR_EXCEPTION : IST_ERR_MEMORY;
      return ist__caught(context, &entry.catcher, usual, error);
    }
    line += length + (line[length] == '\n');
  }
  return IST_OK;
}

namespace {

v8::MaybeLocal<v8::Function> registered(ist_context *owner, v8::Local<v8::Context> context,
                                        const char *name) {
  v8::Isolate *isolate = context->GetIsolate();
  if (owner->registered.IsEmpty()) return v8::MaybeLocal<v8::Function>();
  v8::Local<v8::Object> table = owner->registered.Get(isolate);
  v8::Local<v8::String> key = ist__text(isolate, name);
  v8::Local<v8::Value> value;
  if (!table->Get(context, key).ToLocal(&value)) return v8::MaybeLocal<v8::Function>();
  if (value->IsInt32()) {
    ist__lazy *lazy = lazy_at(owner, value.As<v8::Int32>()->Value());
    if (!lazy || lazy_globals(owner, context, lazy).IsEmpty() ||
        !table->Get(context, key).ToLocal(&value))
      return v8::MaybeLocal<v8::Function>();
  }
  if (!value->IsFunction()) return v8::MaybeLocal<v8::Function>();
  return value.As<v8::Function>();
}

} // namespace

ist_status ist__context_registered(ist_context *context, const char *name, ist_value *result) {
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  v8::Local<v8::Function> function;
  if (!registered(context, entry.context, name).ToLocal(&function)) return IST_ERR_NOT_FOUND;
  return ist__value_from(context->isolate, function, result) ? IST_OK : IST_ERR_MEMORY;
}

v8::MaybeLocal<v8::Value> ist__context_call_registered(v8::Local<v8::Context> context,
                                                       const char *name, int argc,
                                                       v8::Local<v8::Value> *argv) {
  ist_context *owner = ist__context_of(context);
  v8::Local<v8::Function> function;
  if (!ist__context_alive(owner) || !registered(owner, context, name).ToLocal(&function))
    return v8::MaybeLocal<v8::Value>();
  return function->Call(context, v8::Undefined(context->GetIsolate()), argc, argv);
}

/* ---- Native libraries ---- */

bool ist__context_close_library(ist_context *context, ist_value exports) {
  ist__gate gate(context);
  if (gate.status || !context->isolate->bridge) return false;
  ist__entry entry(context);
  v8::Local<v8::Value> local;
  return ist__value_to(context->isolate, exports, &local) &&
         ist__bridge_close(entry.context, local);
}
