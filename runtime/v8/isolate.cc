/* Isolates: their making and end, the queues of unhandled rejections and of finalizers that are
 * owed, and the registry of the live ones. An isolate is only ever touched by the thread that holds
 * its lock; termination, interrupts and the hooks' wake are what other threads may reach. */
#include "limits.h"
#include "snapshot.h"
#include "template.h"

namespace {

std::mutex registry_mutex;
ist_isolate *registry;
uint32_t last_id;
std::atomic<bool> forked{false};

/* What never changes of V8's heap, the isolates that are alive share, and the first of them reads.
 * A program that has one after another would read it each time, for a sixth of what an isolate
 * costs: from its second on, an isolate that nobody enters keeps it, until the process ends. Not
 * where that is told to be a leak. */
ist__runner *keeper_runner;
v8::Isolate *keeper;
std::once_flag keeper_made;

void keep_shared() {
#ifdef __SANITIZE_ADDRESS__
  return;
#endif
  {
    std::lock_guard<std::mutex> guard(registry_mutex);
    if (registry || !last_id) return;
  }
  std::call_once(keeper_made, [] {
    v8::Isolate::CreateParams params;
    params.array_buffer_allocator = v8::ArrayBuffer::Allocator::NewDefaultAllocator();
    keeper = v8::Isolate::Allocate();
    keeper_runner = ist__runner_new(keeper);
    v8::Isolate::Initialize(keeper, params);
  });
}

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
  /* One that gets a handler later is passed over when its turn comes. */
  if (message.GetEvent() != v8::kPromiseRejectWithNoHandler) return;
  v8::HandleScope scope(v8_isolate);
  v8::Local<v8::Context> creation;
  if (!promise->GetCreationContext().ToLocal(&creation)) return;
  ist_context *context = ist__context_of(creation);
  ist__rejection *entry = ist__context_alive(context) ? new (std::nothrow) ist__rejection : nullptr;
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

/* What no TryCatch sees: errors of microtasks that are plain functions. */
void message_callback(v8::Local<v8::Message> message, v8::Local<v8::Value> exception) {
  v8::Isolate *v8_isolate = v8::Isolate::GetCurrent();
  ist_isolate *isolate = static_cast<ist_isolate *>(v8_isolate->GetData(IST_ISOLATE_SLOT));
  if (!v8_isolate->InContext()) return;
  v8::HandleScope scope(v8_isolate);
  ist_context *context = ist__context_of(v8_isolate->GetCurrentContext());
  if (!ist__context_alive(context)) return;
  ist__inward inward(context);
  ist_error *error = ist__error_of(context, IST_ERR_EXCEPTION, exception, message);
  if (error) ist__isolate_tell_uncaught(isolate, context, error, ist_undefined());
  ist_error_free(error);
}

/* What a native library has to report has no caller that could be told: the person who looks at
 * standard error is. */
void bridge_report(void *, const char *text) {
  fprintf(stderr, "isthmus: %s\n", text);
}

void bridge_wake(void *env) {
  ist__isolate_wake(static_cast<ist_isolate *>(env));
}

/* Runs the oldest request; V8 calls this once for each. */
void run_interrupt(v8::Isolate *v8_isolate, void *data) {
  ist_isolate *isolate = static_cast<ist_isolate *>(data);
  ist__interrupt *request;
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    request = isolate->interrupts.load(std::memory_order_relaxed);
    if (!request) return;
    isolate->interrupts.store(request->next, std::memory_order_relaxed);
    if (!request->next) isolate->last_interrupt = nullptr;
  }
  {
    v8::HandleScope scope(v8_isolate);
    ist__outward outward(isolate);
    request->fn(request->env, isolate);
  }
  if (request->finalize) request->finalize(request->env);
  delete request;
}

/* The rejections of one context, or of all. */
void drop_rejections(ist_isolate *isolate, const ist_context *context) {
  ist__rejection **link = &isolate->rejections;
  while (*link) {
    ist__rejection *entry = *link;
    if (context && entry->context != context) {
      link = &entry->next;
      continue;
    }
    *link = entry->next;
    delete entry;
  }
  isolate->last_rejection = link;
}

void call_finalizers(ist__finalizer *list) {
  while (list) {
    ist__finalizer *first = list;
    list = first->next;
    if (first->finalize) first->finalize(first->env);
    delete first;
  }
}

void call_finalizers(ist__interrupt *list) {
  while (list) {
    ist__interrupt *first = list;
    list = first->next;
    if (first->finalize) first->finalize(first->env);
    delete first;
  }
}

} // namespace

void ist__fork_watch() {
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

bool ist__forked() {
  return forked.load(std::memory_order_relaxed);
}

void ist__isolate_look(ist_isolate *isolate) {
  isolate->v8->RequestInterrupt(run_interrupt, isolate);
}

void ist__isolate_visit(ist_isolate *isolate, uint32_t id, void (*fn)(ist_isolate *isolate)) {
  if (ist__forked()) return;
  std::lock_guard<std::mutex> guard(registry_mutex);
  if (isolate->live.load(std::memory_order_acquire) && isolate->id == id) fn(isolate);
}

void ist__isolate_drop_rejections(ist_context *context) {
  drop_rejections(context->isolate, context);
}

/* ---- Entering ---- */

void ist__isolate_undo(ist_isolate *isolate) {
  const ist__handles *handles = &isolate->handles;
  uint32_t top = handles->mark_count;
  if (top > (isolate->outward ? isolate->outward->marks : 0) &&
      handles->marks[top - 1].depth == isolate->depth)
    ist__handles_close(isolate, top - 1, handles->marks[top - 1].scoped);
  else if (isolate->entered_count &&
           isolate->entered[isolate->entered_count - 1].depth == isolate->depth)
    ist__context_exit(isolate);
  else if (ist__limits_depth(isolate) == isolate->depth)
    return ist__limits_pop(isolate);
  ist__isolate_unlock(isolate);
}

ist_status ist_isolate_enter(ist_isolate *isolate) {
  return ist__isolate_lock(isolate);
}

ist_status ist_isolate_leave(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (forked.load(std::memory_order_relaxed)) return IST_ERR_FORKED;
  if (!isolate->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  if (!ist__isolate_held(isolate) || isolate->depth <= isolate->base) return IST_ERR_STATE;
  /* What was entered last may have been a scope or a context. */
  const ist__handles *handles = &isolate->handles;
  if (handles->mark_count && handles->marks[handles->mark_count - 1].depth == isolate->depth)
    return IST_ERR_STATE;
  if (isolate->entered_count &&
      isolate->entered[isolate->entered_count - 1].depth == isolate->depth)
    return IST_ERR_STATE;
  if (ist__limits_depth(isolate) == isolate->depth) return IST_ERR_STATE;
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
  if (isolate->finalizing) return;
  isolate->finalizing = true;
  {
    ist__outward outward(isolate);
    while (isolate->finished) {
      ist__finalizer *list = isolate->finished;
      isolate->finished = nullptr;
      isolate->last_finished = &isolate->finished;
      call_finalizers(list);
    }
  }
  isolate->finalizing = false;
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
  return ist__isolate_make(given, nullptr, result);
}

ist_status ist__isolate_make(const ist_isolate_options *given, ist__creator *creator,
                             ist_isolate **result) {
  if (!result || (given && given->size < sizeof given->size)) return IST_ERR_ARGUMENT;
  if (forked.load(std::memory_order_relaxed)) return IST_ERR_FORKED;
  ist_isolate_options options = {};
  if (given) memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  /* A caller's number may be none of the two that the type can be. */
  int microtasks;
  memcpy(&microtasks, &options.microtasks, sizeof microtasks);
  if (microtasks != IST_MICROTASKS_EXPLICIT && microtasks != IST_MICROTASKS_AUTO)
    return IST_ERR_ARGUMENT;
  const ist_buffer_source *source = options.buffer_source;
  if (source && (source->size < sizeof *source || !source->allocate || !source->release))
    return IST_ERR_ARGUMENT;
  if (options.snapshot && !ist__snapshot_usable(options.snapshot)) return IST_ERR_HANDLE;
  ist__platform_start();
  if (!ist__room_take()) return IST_ERR_RESOURCE;
  keep_shared();

  ist_isolate *isolate = pool.take();
  if (!isolate) {
    ist__room_give();
    return IST_ERR_MEMORY;
  }
  isolate->last_rejection = &isolate->rejections;
  isolate->last_finished = &isolate->finished;
  isolate->last_interrupt = nullptr;
  ist__loop_begin(isolate);
  isolate->terminating.store(false, std::memory_order_relaxed);
  isolate->asked.store(false, std::memory_order_relaxed);
  isolate->expired.store(false, std::memory_order_relaxed);
  isolate->spent.store(false, std::memory_order_relaxed);
  isolate->cache_used.store(false, std::memory_order_relaxed);
  isolate->sampled.store(false, std::memory_order_relaxed);
  isolate->microtasks = options.microtasks;
  isolate->brief_errors = options.brief_errors;

  v8::Isolate::CreateParams params;
  if (!ist__limits_prepare(isolate, &options, &params)) {
    pool.put(isolate);
    return IST_ERR_MEMORY;
  }
  isolate->v8 = v8::Isolate::Allocate();
  isolate->runner = ist__runner_new(isolate->v8);
  bool started = (!options.snapshot && !creator) ||
                 ist__snapshot_prepare(isolate, options.snapshot, creator, &params);
  {
    v8::Locker locker(isolate->v8);
    if (isolate->creator)
      ist__creator_begin(isolate);
    else
      v8::Isolate::Initialize(isolate->v8, params);
    isolate->v8->SetData(IST_ISOLATE_SLOT, isolate);
    ist__limits_attach(isolate);
    /* The same in every isolate; asking costs a fresh one its first page. */
    static std::atomic<int> number_type{0};
    isolate->number_type = number_type.load(std::memory_order_relaxed);
    if (!isolate->number_type) {
      v8::Isolate::Scope isolate_scope(isolate->v8);
      v8::HandleScope scope(isolate->v8);
      isolate->number_type = ist__compat::instance_type(v8::Number::New(isolate->v8, 0.5));
      number_type.store(isolate->number_type, std::memory_order_relaxed);
    }
    isolate->v8->SetMicrotasksPolicy(options.microtasks == IST_MICROTASKS_AUTO
                                         ? v8::MicrotasksPolicy::kAuto
                                         : v8::MicrotasksPolicy::kExplicit);
    isolate->v8->SetPromiseRejectCallback(reject_callback);
    /* V8 would write the listener along with the heap. */
    if (!creator) isolate->v8->AddMessageListener(message_callback);
    if (isolate->blob && !ist__bridge_restore(isolate->bridge)) started = false;
    isolate->v8->SetPrepareStackTraceCallback(ist__error_stack);
    ist__error_hooks(isolate->v8);
    ist__fatal_hooks(isolate->v8);
    ist__module_hooks(isolate->v8);
    ist__compartment_hooks(isolate->v8);
  }
  std::unique_lock<std::mutex> guard(registry_mutex);
  if (!++last_id) last_id = 1;
  isolate->id = last_id;
  ist__chain_add(&registry, isolate);
  isolate->live.store(true, std::memory_order_release);
  if (!started) {
    guard.unlock();
    (void)ist_isolate_free(isolate);
    return IST_ERR_MEMORY;
  }
  *result = isolate;
  return IST_OK;
}

ist_status ist_isolate_free(ist_isolate *isolate) {
  if (!isolate) return IST_OK;
  ist_status status = ist__isolate_lock(isolate);
  if (status) return status;
  /* Whoever waits on this thread's stack for the isolate, or for another one on top of it, would
   * come back to nothing; and so would a thread that waits in its loop. */
  if (ist__called_out(isolate) || isolate->entries || isolate->over || isolate->running) {
    ist__isolate_unlock(isolate);
    return IST_ERR_STATE;
  }
  while (isolate->entered_count) ist__context_exit(isolate);
  while (isolate->level_count) ist__limits_pop(isolate);
  ist__runner_stop(isolate->runner);
  isolate->freeing = true;
  isolate->base = isolate->depth;
  {
    v8::HandleScope scope(isolate->v8);
    ist__inspection_close(isolate);
    ist__profile_free(isolate);
    /* A finalizer must not make anything anew; one that does has it freed as well. */
    do {
      while (isolate->contexts) ist__context_end(isolate->contexts);
      ist__inspection_free(isolate);
      ist__isolate_free_code(isolate);
      drop_rejections(isolate, nullptr);
      ist_finalizer finalize = isolate->uncaught_finalize;
      isolate->uncaught = nullptr;
      isolate->uncaught_finalize = nullptr;
      if (finalize) finalize(isolate->uncaught_env);
      ist__handles_free(isolate);
      if (isolate->bridge) ist__bridge_free(isolate->bridge);
      isolate->bridge = nullptr;
      ist__loop_end(isolate);
      ist__templates_free(isolate);
      ist__callbacks_free(isolate);
      ist__host_errors_free(isolate);
      isolate->pointer_object.Reset();
      for (v8::Global<v8::String> &word : isolate->words) word.Reset();
      for (v8::Global<v8::Private> &secret : isolate->secrets) secret.Reset();
      isolate->frozen_global.Reset();
      ist__finalizers_run(isolate);
    } while (isolate->contexts || isolate->callbacks || isolate->uncaught_finalize ||
             isolate->loop);
    while (isolate->remains) ist__remains_free(isolate->remains);
    ist__handles_free(isolate);
  }
  /* From here on whoever waits for the lock, or would reach in, is refused, and so are the
   * finalizers that are called from here on. */
  ist__interrupt *interrupts;
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    isolate->live.store(false, std::memory_order_release);
    interrupts = isolate->interrupts.exchange(nullptr, std::memory_order_relaxed);
    isolate->last_interrupt = nullptr;
  }
  {
    std::lock_guard<std::mutex> guard(registry_mutex);
    ist__chain_drop(isolate);
  }
  ist__isolate_unlock_last(isolate);

  /* V8 gives memory back that is the embedder's. */
  if (isolate->creator)
    ist__creator_end(isolate);
  else
    isolate->v8->Dispose();
  ist__snapshot_leave(isolate);
  ist__runner_free(isolate->runner, isolate->v8);
  call_finalizers(isolate->finished);
  call_finalizers(interrupts);
  ist__loop_drop_posts(isolate);
  ist__limits_free(isolate);
  ist__free(isolate->entered);
  isolate->entered = nullptr;
  isolate->entered_capacity = 0;
  isolate->finished = nullptr;
  isolate->v8 = nullptr;
  isolate->runner = nullptr;
  isolate->id = 0;
  isolate->base = 0;
  isolate->freeing = false;
  isolate->uncaught_env = nullptr;
  isolate->next = nullptr;
  isolate->link = nullptr;
  pool.put(isolate);
  return IST_OK;
}

/* ---- Microtasks and uncaught errors ---- */

void ist__isolate_tell_uncaught(ist_isolate *isolate, ist_context *context, const ist_error *error,
                                ist_value promise) {
  if (isolate->inspection) ist__inspection_uncaught(context, error, promise);
  if (isolate->uncaught) {
    ist__outward outward(isolate);
    isolate->uncaught(isolate->uncaught_env, context, error, promise);
  }
}

void ist__isolate_settle(ist_isolate *isolate) {
  if (ist__called_out(isolate) || isolate->spent.load(std::memory_order_relaxed)) return;
  while (isolate->rejections) {
    ist__rejection *entry = take_rejection(isolate);
    ist_context *context = entry->context;
    v8::HandleScope scope(isolate->v8);
    if (ist__context_alive(context) && context->serial == entry->serial &&
        !entry->promise.Get(isolate->v8)->HasHandler()) {
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
    bool outermost = !isolate->entries;
    if (outermost && isolate->terminating.load(std::memory_order_relaxed))
      ist__isolate_forget_termination(isolate);
    uint32_t base = isolate->base;
    isolate->entries++;
    isolate->base = isolate->depth;
    isolate->v8->PerformMicrotaskCheckpoint();
    ist__compartments_run(isolate);
    isolate->base = base;
    isolate->entries--;
    if (isolate->heap_limited) ist__heap_look(isolate);
    if (isolate->v8->IsExecutionTerminating() || catcher.HasTerminated() || ist__ran(isolate)) {
      ist_status status = ist__limits_reached(isolate, IST_ERR_TERMINATED);
      catcher.Reset();
      if (outermost || status != IST_ERR_TERMINATED) ist__isolate_forget_termination(isolate);
      return status;
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
  v8::Local<v8::Context> context;
  if (!local->IsFunction() || !local.As<v8::Object>()->GetCreationContext().ToLocal(&context))
    return IST_ERR_TYPE;
  /* V8 runs it in the context that is entered now. */
  v8::Context::Scope context_scope(context);
  isolate->v8->EnqueueMicrotask(local.As<v8::Function>());
  return IST_OK;
}

/* ---- Reaching in from other threads ---- */

/* A record's `reach` is held while V8 is reached into, so that the isolate is not freed meanwhile.
 */
namespace {

/* Locks `reach` for who is about to interrupt JavaScript. */
std::unique_lock<std::mutex> reach_in(ist_isolate *isolate) {
  std::unique_lock<std::mutex> guard(isolate->reach);
  if (isolate->owner.load(std::memory_order_relaxed) == ist__thread()) return guard;
  for (;;) {
    uint64_t now = ist__now(), until = ist__module_begins(isolate, now);
    if (!until) return guard;
    guard.unlock();
    struct timespec left = {0, static_cast<long>(until - now)};
    nanosleep(&left, nullptr);
    guard.lock();
  }
}

} // namespace

ist_status ist_isolate_terminate(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (forked.load(std::memory_order_relaxed)) return IST_ERR_FORKED;
  std::unique_lock<std::mutex> guard = reach_in(isolate);
  if (!isolate->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  isolate->asked.store(true, std::memory_order_relaxed);
  isolate->terminating.store(true, std::memory_order_relaxed);
  isolate->v8->TerminateExecution();
  return IST_OK;
}

ist_status ist_isolate_interrupt(ist_isolate *isolate, void (*fn)(void *env, ist_isolate *isolate),
                                 void *env, ist_finalizer finalize) {
  ist_status status = !isolate || !fn ? IST_ERR_ARGUMENT : IST_OK;
  if (!status && forked.load(std::memory_order_relaxed)) status = IST_ERR_FORKED;
  ist__interrupt *request = status ? nullptr : new (std::nothrow) ist__interrupt;
  if (!status && !request) status = IST_ERR_MEMORY;
  if (!status) {
    *request = {{}, fn, env, finalize, nullptr};
    std::unique_lock<std::mutex> guard = reach_in(isolate);
    if (isolate->live.load(std::memory_order_acquire)) {
      if (isolate->last_interrupt)
        isolate->last_interrupt->next = request;
      else
        isolate->interrupts.store(request, std::memory_order_relaxed);
      isolate->last_interrupt = request;
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
  if (isolate->spent.load(std::memory_order_relaxed)) return IST_ERR_MEMORY;
  if (isolate->finished) ist__finalizers_run(isolate);
  return IST_OK;
}

ist_status ist_isolate_statistics(ist_isolate *isolate, ist_statistics *result) {
  if (!result || result->size < sizeof result->size) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate, ist__gate::TAKEN);
  if (gate.status) return gate.status;
  v8::HeapStatistics heap;
  isolate->v8->GetHeapStatistics(&heap);
  ist_statistics made = {};
  made.size = result->size;
  made.heap_used = heap.used_heap_size();
  made.heap_total = heap.total_heap_size();
  made.heap_limit = heap.heap_size_limit();
  made.heap_physical = heap.total_physical_size();
  made.malloced = heap.malloced_memory();
  made.external = heap.external_memory();
  made.native_contexts = heap.number_of_native_contexts();
  made.detached_contexts = isolate->detached;
  made.handles = isolate->handles.in_use;
  made.buffers = ist__buffers_used(isolate);
  memcpy(result, &made, made.size < sizeof made ? made.size : sizeof made);
  return IST_OK;
}

/* ---- What the host uses ---- */

void ist__isolate_resume(ist_isolate *isolate) {
  ist__isolate_forget_termination(isolate);
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
