/* Microtasks behind a call: they run when the call has gone well or thrown, and are forgotten when
 * it was ended. */
#include "compartment.h"

namespace {

/* A frozen context has a queue of its own; NULL: the isolate's. */
v8::MicrotaskQueue *queue_of(ist_context *context) {
  return ist__context_frozen(context) && context->compartment ? context->compartment->queue.get()
                                                              : nullptr;
}

void perform(ist_isolate *isolate, v8::MicrotaskQueue *queue) {
  if (queue)
    queue->PerformCheckpoint(isolate->v8);
  else
    isolate->v8->PerformMicrotaskCheckpoint();
}

} // namespace

void ist__jobs_drop(ist_isolate *isolate, v8::MicrotaskQueue *queue) {
  v8::HandleScope scope(isolate->v8);
  v8::TryCatch catcher(isolate->v8);
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    isolate->v8->TerminateExecution();
  }
  perform(isolate, queue);
  catcher.Reset();
  std::lock_guard<std::mutex> guard(isolate->reach);
  if (!isolate->terminating.load(std::memory_order_relaxed))
    isolate->v8->CancelTerminateExecution();
}

void ist__jobs::hold() {
  context_->isolate->run_ended = false;
  ::new (static_cast<void *>(suppression_)) suppression(context_->isolate->v8, queue_of(context_));
}

void ist__jobs::release() {
  ist_isolate *isolate = context_->isolate;
  held_ = false;
  reinterpret_cast<suppression *>(suppression_)->~suppression();
  if (isolate->run_ended || ist__ended(isolate, *catcher_))
    ist__jobs_drop(isolate, queue_of(context_));
  else
    perform(isolate, queue_of(context_));
}
