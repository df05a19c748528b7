/* Isolates: their making and end, the queue of unhandled rejections, and the registry through which
 * a value's number finds its isolate. An isolate is only ever touched by the thread that uses it;
 * the registry, termination and the hooks' wake are what other threads may reach. */
#include "internal.h"

#include <stdlib.h>

#include <mutex>
#include <new>

namespace {

std::mutex registry_mutex;
ist_isolate *registry;
uint32_t last_id;

void reject_callback(v8::PromiseRejectMessage message) {
  v8::Local<v8::Promise> promise = message.GetPromise();
  v8::Isolate *v8_isolate = promise->GetIsolate();
  ist_isolate *isolate = static_cast<ist_isolate *>(v8_isolate->GetData(IST_ISOLATE_SLOT));
  if (message.GetEvent() == v8::kPromiseHandlerAddedAfterReject) {
    for (ist__rejection **link = &isolate->rejections; *link; link = &(*link)->next) {
      ist__rejection *entry = *link;
      if (entry->promise != promise) continue;
      *link = entry->next;
      if (isolate->last_rejection == &entry->next) isolate->last_rejection = link;
      delete entry;
      return;
    }
    return;
  }
  if (message.GetEvent() != v8::kPromiseRejectWithNoHandler) return;
  v8::HandleScope scope(v8_isolate);
  ist_context *context = ist__context_of(promise->GetCreationContext().ToLocalChecked());
  ist__rejection *entry = new (std::nothrow) ist__rejection;
  if (!entry) return;
  entry->context = context;
  entry->promise.Reset(v8_isolate, promise);
  v8::Local<v8::Value> reason = message.GetValue();
  if (reason.IsEmpty()) reason = v8::Undefined(v8_isolate);
  entry->reason.Reset(v8_isolate, reason);
  entry->next = nullptr;
  *isolate->last_rejection = entry;
  isolate->last_rejection = &entry->next;
}

void free_rejections(ist_isolate *isolate) {
  while (isolate->rejections) {
    ist__rejection *entry = isolate->rejections;
    isolate->rejections = entry->next;
    delete entry;
  }
  isolate->last_rejection = &isolate->rejections;
}

void bridge_report(void *env, const char *text) {
  ist_isolate *isolate = static_cast<ist_isolate *>(env);
  if (isolate->hooked) isolate->hooks.report(isolate->hooks.env, text);
}

void bridge_wake(void *env) {
  ist_isolate *isolate = static_cast<ist_isolate *>(env);
  if (isolate->hooked) isolate->hooks.wake(isolate->hooks.env);
}

} // namespace

ist_isolate *ist__isolate_by_id(uint32_t id) {
  std::lock_guard<std::mutex> guard(registry_mutex);
  for (ist_isolate *isolate = registry; isolate; isolate = isolate->next)
    if (isolate->id == id) return isolate;
  return nullptr;
}

ist_status ist_isolate_new(const ist_isolate_options *options, ist_isolate **result) {
  if (!result || (options && options->size < sizeof(size_t))) return IST_ERR_ARGUMENT;
  size_t heap_limit = 0;
  if (options && options->size >= offsetof(ist_isolate_options, heap_limit) + sizeof heap_limit)
    heap_limit = options->heap_limit;
  ist__platform_start();

  ist_isolate *isolate = new (std::nothrow) ist_isolate();
  if (!isolate) return IST_ERR_MEMORY;
  isolate->allocator = v8::ArrayBuffer::Allocator::NewDefaultAllocator();
  isolate->last_rejection = &isolate->rejections;

  v8::Isolate::CreateParams params;
  params.array_buffer_allocator = isolate->allocator;
  if (heap_limit) params.constraints.ConfigureDefaultsFromHeapSize(0, heap_limit);
  isolate->v8 = v8::Isolate::Allocate();
  isolate->runner = ist__runner_new(isolate->v8);
  v8::Isolate::Initialize(isolate->v8, params);
  isolate->v8->SetData(IST_ISOLATE_SLOT, isolate);
  isolate->v8->SetMicrotasksPolicy(v8::MicrotasksPolicy::kExplicit);
  isolate->v8->SetPromiseRejectCallback(reject_callback);
  isolate->v8->SetPrepareStackTraceCallback(ist__error_stack);
  ist__module_hooks(isolate->v8);

  std::lock_guard<std::mutex> guard(registry_mutex);
  isolate->id = ++last_id;
  isolate->next = registry;
  registry = isolate;
  *result = isolate;
  return IST_OK;
}

void ist_isolate_free(ist_isolate *isolate) {
  if (!isolate) return;
  {
    std::lock_guard<std::mutex> guard(registry_mutex);
    for (ist_isolate **link = &registry; *link; link = &(*link)->next)
      if (*link == isolate) {
        *link = isolate->next;
        break;
      }
  }
  ist__runner_stop(isolate->runner);
  ist_context *contexts = isolate->contexts;
  {
    ist__isolate_entry entry(isolate);
    for (ist_context *context = contexts; context; context = context->next)
      ist_context_free(context);
    free_rejections(isolate);
    ist__handles_free(&isolate->handles);
    if (isolate->bridge) ist__bridge_free(isolate->bridge);
    ist__callbacks_free(isolate);
  }
  isolate->v8->Dispose();
  ist__runner_free(isolate->runner, isolate->v8);
  delete isolate->allocator;
  while (contexts) {
    ist_context *context = contexts;
    contexts = context->next;
    delete context;
  }
  delete isolate;
}

ist_status ist_isolate_run_microtasks(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  ist__isolate_entry entry(isolate);
  v8::TryCatch catcher(isolate->v8);
  isolate->v8->PerformMicrotaskCheckpoint();
  if (isolate->v8->IsExecutionTerminating()) return IST_ERR_TERMINATED;
  ist__callbacks_reap(isolate);
  return IST_OK;
}

ist_status ist_isolate_next_rejection(ist_isolate *isolate, ist_value *promise,
                                      ist_error **reason) {
  if (!isolate || !promise || !reason) return IST_ERR_ARGUMENT;
  while (isolate->rejections) {
    ist__rejection *entry = isolate->rejections;
    isolate->rejections = entry->next;
    if (!isolate->rejections) isolate->last_rejection = &isolate->rejections;
    if (!ist__context_alive(entry->context)) {
      delete entry;
      continue;
    }
    ist__entry guard(entry->context);
    *reason = ist__error_of(entry->context, IST_ERR_EXCEPTION, entry->reason.Get(isolate->v8),
                            v8::Local<v8::Message>());
    bool made = ist__value_from(isolate, entry->promise.Get(isolate->v8), promise);
    delete entry;
    return made && *reason ? IST_OK : IST_ERR_MEMORY;
  }
  return IST_ERR_NOT_FOUND;
}

ist_status ist_isolate_terminate(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  isolate->v8->TerminateExecution();
  return IST_OK;
}

ist_status ist_isolate_collect(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  ist__isolate_entry entry(isolate);
  isolate->v8->LowMemoryNotification();
  return IST_OK;
}

void ist__isolate_resume(ist_isolate *isolate) {
  isolate->v8->CancelTerminateExecution();
}

void ist__isolate_set_hooks(ist_isolate *isolate, const ist__embed_hooks *hooks) {
  if (!hooks) {
    ist__runner_set_wake(isolate->runner, nullptr, nullptr);
    isolate->hooked = false;
    return;
  }
  isolate->hooks = *hooks;
  isolate->hooked = true;
  ist__runner_set_wake(isolate->runner, hooks->wake, hooks->env);
}

int ist__isolate_pump(ist_isolate *isolate) {
  ist__isolate_entry entry(isolate);
  v8::TryCatch catcher(isolate->v8);
  int next = ist__runner_run(isolate->runner, isolate->v8);
  if (isolate->bridge) ist__bridge_drain(isolate->bridge);
  ist__callbacks_reap(isolate);
  return next;
}

ist__bridge *ist__isolate_bridge(ist_isolate *isolate) {
  if (!isolate->bridge) {
    ist__bridge_hooks hooks = {isolate, bridge_report, bridge_wake};
    isolate->bridge = ist__bridge_new(isolate->v8, &hooks);
  }
  return isolate->bridge;
}

int ist__isolate_errno(ist_isolate *isolate) {
  return isolate->bridge ? ist__bridge_errno(isolate->bridge) : 0;
}
