/* Isolates: their making and end, the lock that every call holds, the queues of unhandled
 * rejections and of finalizers that are owed, and the registry of the live ones. An isolate is only
 * ever touched by the thread that holds its lock; termination, interrupts and the hooks' wake are
 * what other threads may reach. */
#include "internal.h"

namespace {

std::mutex registry_mutex;
ist_isolate *registry;
uint32_t last_id;
std::atomic<bool> forked{false};

/* A tenth of a megabyte for each isolate at most: that many may be stale and still be told from
 * live ones. */
ist__pool<ist_isolate, 64> pool;

/* In the child only the thread that called fork is left: V8's own threads and whoever held a lock
 * are gone. Nothing of V8 may be touched there again, so nobody holds an isolate any more. */
void before_fork() {
  registry_mutex.lock();
}
void after_fork_in_parent() {
  registry_mutex.unlock();
}
void after_fork_in_child() {
  forked.store(true);
  for (ist_isolate *isolate = registry; isolate; isolate = isolate->next)
    isolate->owner.store(0, std::memory_order_relaxed);
  registry_mutex.unlock();
}

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
  ist__rejection *entry = context ? new (std::nothrow) ist__rejection : nullptr;
  if (!entry) return;
  entry->context = context;
  entry->serial = context->serial;
  entry->promise.Reset(v8_isolate, promise);
  v8::Local<v8::Value> reason = message.GetValue();
  if (reason.IsEmpty()) reason = v8::Undefined(v8_isolate);
  entry->reason.Reset(v8_isolate, reason);
  entry->next = nullptr;
  *isolate->last_rejection = entry;
  isolate->last_rejection = &entry->next;
}

ist__rejection *take_rejection(ist_isolate *isolate) {
  ist__rejection *entry = isolate->rejections;
  if (!entry) return nullptr;
  isolate->rejections = entry->next;
  if (!isolate->rejections) isolate->last_rejection = &isolate->rejections;
  return entry;
}

void bridge_report(void *env, const char *text) {
  ist_isolate *isolate = static_cast<ist_isolate *>(env);
  if (isolate->hooked) isolate->hooks.report(isolate->hooks.env, text);
}

void bridge_wake(void *env) {
  ist_isolate *isolate = static_cast<ist_isolate *>(env);
  if (isolate->hooked) isolate->hooks.wake(isolate->hooks.env);
}

v8::Locker *locker_of(ist_isolate *isolate) {
  return reinterpret_cast<v8::Locker *>(isolate->locker);
}

/* How deep this thread may leave the isolate now: not below what a callback's caller, or an open
 * scope, has entered. */
uint32_t least_depth(const ist_isolate *isolate) {
  const ist__handles *handles = &isolate->handles;
  if (handles->mark_count > handles->base) return handles->marks[handles->mark_count - 1].depth;
  return isolate->base;
}

/* Runs the oldest request; V8 calls this once for each. */
void run_interrupt(v8::Isolate *v8_isolate, void *data) {
  ist_isolate *isolate = static_cast<ist_isolate *>(data);
  ist__interrupt *request;
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    request = isolate->interrupts;
    if (!request) return;
    isolate->interrupts = request->next;
    if (!isolate->interrupts) isolate->last_interrupt = &isolate->interrupts;
  }
  {
    v8::HandleScope scope(v8_isolate);
    ist__outward outward(isolate);
    if (outward.open) request->fn(request->env, isolate);
  }
  if (request->finalize) request->finalize(request->env);
  delete request;
}

void drop_interrupts(ist_isolate *isolate) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  while (isolate->interrupts) {
    ist__interrupt *request = isolate->interrupts;
    isolate->interrupts = request->next;
    if (request->finalize) request->finalize(request->env);
    delete request;
  }
  isolate->last_interrupt = &isolate->interrupts;
}

} // namespace

/* ---- The lock ---- */

namespace {

/* The isolate that is current on this thread, when that is another one of ours. */
ist_isolate *current_other_than(const ist_isolate *isolate) {
  v8::Isolate *current = v8::Isolate::TryGetCurrent();
  if (!current || current == isolate->v8) return nullptr;
  return static_cast<ist_isolate *>(current->GetData(IST_ISOLATE_SLOT));
}

} // namespace

ist_status ist__isolate_lock(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (forked.load(std::memory_order_relaxed)) return IST_ERR_FORKED;
  if (isolate->owner.load(std::memory_order_relaxed) != ist__thread()) {
    isolate->lock.lock();
    if (!isolate->live.load(std::memory_order_relaxed)) {
      isolate->lock.unlock();
      return IST_ERR_HANDLE;
    }
    ::new (static_cast<void *>(isolate->locker)) v8::Locker(isolate->v8);
    isolate->owner.store(ist__thread(), std::memory_order_relaxed);
  }
  ist_isolate *under = current_other_than(isolate);
  if (under) under->over++;
  isolate->v8->Enter();
  isolate->depth++;
  return IST_OK;
}

void ist__isolate_unlock(ist_isolate *isolate) {
  if (isolate->depth == 1 && isolate->finished && !isolate->callback_depth)
    ist__finalizers_run(isolate);
  isolate->v8->Exit();
  ist_isolate *under = current_other_than(isolate);
  if (under) under->over--;
  if (--isolate->depth) return;
  isolate->owner.store(0, std::memory_order_relaxed);
  locker_of(isolate)->~Locker();
  isolate->lock.unlock();
}

ist_status ist_isolate_enter(ist_isolate *isolate) {
  return ist__isolate_lock(isolate);
}

ist_status ist_isolate_leave(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (forked.load(std::memory_order_relaxed)) return IST_ERR_FORKED;
  if (!isolate->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  if (!ist__isolate_held(isolate) || isolate->depth <= least_depth(isolate)) return IST_ERR_STATE;
  ist__isolate_unlock(isolate);
  return IST_OK;
}

/* ---- Finalizers ---- */

ist__finalizer *ist__finalizer_new(ist_finalizer finalize, void *env) {
  ist__finalizer *made = new (std::nothrow) ist__finalizer;
  if (!made) {
    if (finalize) finalize(env);
    return nullptr;
  }
  made->finalize = finalize;
  made->env = env;
  made->next = nullptr;
  return made;
}

void ist__finalizer_owe(ist_isolate *isolate, ist__finalizer *finalizer) {
  if (!finalizer) return;
  finalizer->next = nullptr;
  *isolate->last_finished = finalizer;
  isolate->last_finished = &finalizer->next;
}

void ist__finalizers_run(ist_isolate *isolate) {
  while (isolate->finished) {
    ist__finalizer *first = isolate->finished;
    isolate->finished = first->next;
    if (!isolate->finished) isolate->last_finished = &isolate->finished;
    if (first->finalize) first->finalize(first->env);
    delete first;
  }
}

/* ---- Making and freeing ---- */

ist_isolate *ist__isolate_by_id(uint32_t id) {
  v8::Isolate *current = v8::Isolate::TryGetCurrent();
  if (current) {
    ist_isolate *isolate = static_cast<ist_isolate *>(current->GetData(IST_ISOLATE_SLOT));
    if (isolate && isolate->id == id) return isolate;
  }
  std::lock_guard<std::mutex> guard(registry_mutex);
  for (ist_isolate *isolate = registry; isolate; isolate = isolate->next)
    if (isolate->id == id) return isolate;
  return nullptr;
}

ist_status ist_isolate_new(const ist_isolate_options *given, ist_isolate **result) {
  if (!result || (given && given->size < sizeof given->size)) return IST_ERR_ARGUMENT;
  if (forked.load(std::memory_order_relaxed)) return IST_ERR_FORKED;
  ist_isolate_options options = {};
  if (given) memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  if (options.microtasks != IST_MICROTASKS_EXPLICIT && options.microtasks != IST_MICROTASKS_AUTO)
    return IST_ERR_ARGUMENT;
  ist__platform_start();
  static std::once_flag once;
  std::call_once(once,
                 [] { pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); });

  ist_isolate *isolate = pool.take();
  if (!isolate) return IST_ERR_MEMORY;
  isolate->allocator = v8::ArrayBuffer::Allocator::NewDefaultAllocator();
  isolate->last_rejection = &isolate->rejections;
  isolate->last_finished = &isolate->finished;
  isolate->last_interrupt = &isolate->interrupts;
  isolate->terminating.store(false, std::memory_order_relaxed);
  isolate->microtasks = options.microtasks;

  v8::Isolate::CreateParams params;
  params.array_buffer_allocator = isolate->allocator;
  if (options.heap_limit) params.constraints.ConfigureDefaultsFromHeapSize(0, options.heap_limit);
  isolate->v8 = v8::Isolate::Allocate();
  isolate->runner = ist__runner_new(isolate->v8);
  {
    v8::Locker locker(isolate->v8);
    v8::Isolate::Initialize(isolate->v8, params);
    isolate->v8->SetData(IST_ISOLATE_SLOT, isolate);
    isolate->v8->SetMicrotasksPolicy(options.microtasks == IST_MICROTASKS_AUTO
                                         ? v8::MicrotasksPolicy::kAuto
                                         : v8::MicrotasksPolicy::kExplicit);
    isolate->v8->SetPromiseRejectCallback(reject_callback);
    isolate->v8->SetPrepareStackTraceCallback(ist__error_stack);
    ist__error_hooks(isolate->v8);
    ist__module_hooks(isolate->v8);
  }
  std::lock_guard<std::mutex> guard(registry_mutex);
  if (!++last_id) last_id = 1;
  isolate->id = last_id;
  isolate->next = registry;
  isolate->link = &registry;
  if (registry) registry->link = &isolate->next;
  registry = isolate;
  isolate->live.store(true, std::memory_order_release);
  *result = isolate;
  return IST_OK;
}

ist_status ist_isolate_free(ist_isolate *isolate) {
  if (!isolate) return IST_OK;
  ist_status status = ist__isolate_lock(isolate);
  if (status) return status;
  if (isolate->callback_depth) {
    ist__isolate_unlock(isolate);
    return IST_ERR_STATE;
  }
  {
    std::lock_guard<std::mutex> guard(registry_mutex);
    *isolate->link = isolate->next;
    if (isolate->next) isolate->next->link = isolate->link;
  }
  ist__runner_stop(isolate->runner);
  {
    v8::HandleScope scope(isolate->v8);
    ist__inspection_close(isolate);
    ist__profile_free(isolate);
    while (isolate->contexts) ist_context_free(isolate->contexts);
    ist__inspection_free(isolate);
    ist__isolate_free_code(isolate);
    while (isolate->rejections) delete take_rejection(isolate);
    if (isolate->uncaught_finalize) isolate->uncaught_finalize(isolate->uncaught_env);
    ist__handles_free(isolate);
    if (isolate->bridge) ist__bridge_free(isolate->bridge);
    ist__callbacks_free(isolate);
    ist__host_errors_free(isolate);
    isolate->pointer_object.Reset();
    ist__finalizers_run(isolate);
  }
  /* From here on whoever waits for the lock, or would reach in, is refused. */
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    isolate->live.store(false, std::memory_order_release);
  }
  drop_interrupts(isolate);
  for (; isolate->depth; isolate->depth--) isolate->v8->Exit();
  locker_of(isolate)->~Locker();
  isolate->v8->Dispose();
  ist__runner_free(isolate->runner, isolate->v8);
  delete isolate->allocator;
  ist__finalizers_run(isolate);
  isolate->v8 = nullptr;
  isolate->allocator = nullptr;
  isolate->runner = nullptr;
  isolate->bridge = nullptr;
  isolate->id = 0;
  isolate->base = 0;
  isolate->uncaught = nullptr;
  isolate->uncaught_env = nullptr;
  isolate->uncaught_finalize = nullptr;
  isolate->hooked = false;
  isolate->next = nullptr;
  isolate->link = nullptr;
  isolate->owner.store(0, std::memory_order_relaxed);
  isolate->lock.unlock();
  pool.put(isolate);
  return IST_OK;
}

/* ---- Microtasks and uncaught errors ---- */

void ist__isolate_tell_uncaught(ist_isolate *isolate, ist_context *context, const ist_error *error,
                                ist_value promise) {
  if (isolate->uncaught) {
    ist__outward outward(isolate);
    if (outward.open) isolate->uncaught(isolate->uncaught_env, context, error, promise);
  } else if (isolate->hooked) {
    isolate->hooks.uncaught(isolate->hooks.env, context, error);
  }
}

void ist__isolate_settle(ist_isolate *isolate) {
  if (isolate->callback_depth) return;
  while (isolate->rejections) {
    ist__rejection *entry = take_rejection(isolate);
    ist_context *context = entry->context;
    if (ist__context_alive(context) && context->serial == entry->serial) {
      ist__entry guard(context);
      ist_error *reason = ist__error_of(context, IST_ERR_EXCEPTION, entry->reason.Get(isolate->v8),
                                        v8::Local<v8::Message>());
      ist_value promise;
      if (reason && ist__value_from(isolate, entry->promise.Get(isolate->v8), &promise, true)) {
        ist__isolate_tell_uncaught(isolate, context, reason, promise);
        ist_value_free(isolate, promise);
      }
      ist_error_free(reason);
    }
    delete entry;
  }
  if (isolate->finished) ist__finalizers_run(isolate);
}

ist_status ist_isolate_set_uncaught(ist_isolate *isolate, ist_uncaught fn, void *env,
                                    ist_finalizer finalize) {
  ist__gate gate(isolate);
  if (gate.status) {
    if (finalize) finalize(env);
    return gate.status;
  }
  ist_finalizer old = isolate->uncaught_finalize;
  void *old_env = isolate->uncaught_env;
  isolate->uncaught = fn;
  isolate->uncaught_env = env;
  isolate->uncaught_finalize = finalize;
  if (old) old(old_env);
  return IST_OK;
}

ist_status ist_isolate_run_microtasks(ist_isolate *isolate) {
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  {
    v8::HandleScope scope(isolate->v8);
    v8::TryCatch catcher(isolate->v8);
    isolate->v8->PerformMicrotaskCheckpoint();
    if (isolate->v8->IsExecutionTerminating()) {
      if (!isolate->callback_depth) ist__isolate_forget_termination(isolate);
      return IST_ERR_TERMINATED;
    }
  }
  ist__isolate_settle(isolate);
  return IST_OK;
}

ist_status ist_isolate_queue_microtask(ist_isolate *isolate, ist_value function) {
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, function, &local)) return IST_ERR_HANDLE;
  if (!local->IsFunction()) return IST_ERR_TYPE;
  isolate->v8->EnqueueMicrotask(local.As<v8::Function>());
  return IST_OK;
}

/* ---- Reaching in from other threads ---- */

/* A record's `reach` is held while V8 is reached into, so that the isolate is not freed meanwhile.
 */
ist_status ist_isolate_terminate(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (forked.load(std::memory_order_relaxed)) return IST_ERR_FORKED;
  std::lock_guard<std::mutex> guard(isolate->reach);
  if (!isolate->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  isolate->terminating.store(true, std::memory_order_relaxed);
  isolate->v8->TerminateExecution();
  return IST_OK;
}

void ist__isolate_forget_termination(ist_isolate *isolate) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  isolate->terminating.store(false, std::memory_order_relaxed);
  isolate->v8->CancelTerminateExecution();
}

ist_status ist_isolate_interrupt(ist_isolate *isolate, void (*fn)(void *env, ist_isolate *isolate),
                                 void *env, ist_finalizer finalize) {
  ist_status status = !isolate || !fn ? IST_ERR_ARGUMENT : IST_OK;
  if (!status && forked.load(std::memory_order_relaxed)) status = IST_ERR_FORKED;
  ist__interrupt *request = status ? nullptr : new (std::nothrow) ist__interrupt;
  if (!status && !request) status = IST_ERR_MEMORY;
  if (!status) {
    *request = {{}, fn, env, finalize, nullptr};
    std::lock_guard<std::mutex> guard(isolate->reach);
    if (isolate->live.load(std::memory_order_acquire)) {
      *isolate->last_interrupt = request;
      isolate->last_interrupt = &request->next;
      isolate->v8->RequestInterrupt(run_interrupt, isolate);
      return IST_OK;
    }
    status = IST_ERR_HANDLE;
  }
  delete request;
  if (finalize) finalize(env);
  return status;
}

ist_status ist_isolate_collect(ist_isolate *isolate) {
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  isolate->v8->LowMemoryNotification();
  if (!isolate->callback_depth) ist__finalizers_run(isolate);
  return IST_OK;
}

/* ---- What the host uses ---- */

void ist__isolate_resume(ist_isolate *isolate) {
  ist__isolate_forget_termination(isolate);
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
  ist__gate gate(isolate);
  if (gate.status) return -1;
  int next;
  {
    v8::HandleScope scope(isolate->v8);
    v8::TryCatch catcher(isolate->v8);
    next = ist__runner_run(isolate->runner, isolate->v8);
    if (isolate->bridge) ist__bridge_drain(isolate->bridge);
  }
  if (!isolate->callback_depth) ist__finalizers_run(isolate);
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
