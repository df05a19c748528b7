/* An isolate's end of its event loop: what other threads post to it, the references that keep it
 * alive, and V8's own tasks. The waiting itself is runtime/host's, which attaches a loop at its
 * first use. What other threads may reach is under `reach`, together with the question whether the
 * isolate lives. */
#include "internal.h"

void ist__loop_begin(ist_isolate *isolate) {
  isolate->last_post = &isolate->posts;
  isolate->post_count = isolate->loop_references = 0;
}

void ist__loop_end(ist_isolate *isolate) {
  void *loop;
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    loop = isolate->loop;
    isolate->loop = nullptr;
  }
  ist__runner_set_wake(isolate->runner, nullptr, nullptr);
  if (loop) isolate->loop_table->free(loop);
}

void ist__loop_drop_posts(ist_isolate *isolate) {
  ist__interrupt *posts = isolate->posts;
  isolate->posts = nullptr;
  while (posts) {
    ist__interrupt *post = posts;
    posts = post->next;
    if (post->finalize) post->finalize(post->env);
    delete post;
  }
}

/* ---- The loop itself ---- */

void *ist__isolate_loop(ist_isolate *isolate) {
  return isolate->loop;
}

void ist__isolate_attach_loop(ist_isolate *isolate, void *loop, const ist__loop_table *table) {
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    isolate->loop = loop;
    isolate->loop_table = table;
    if (isolate->posts) table->wake(loop);
  }
  ist__runner_set_wake(isolate->runner, table->wake, loop);
}

ist_status ist__isolate_begin_run(ist_isolate *isolate) {
  if (isolate->running || ist__called_out(isolate) || isolate->entries) return IST_ERR_STATE;
  isolate->running = true;
  return IST_OK;
}

void ist__isolate_end_run(ist_isolate *isolate) {
  isolate->running = false;
}

void ist__isolate_wake(ist_isolate *isolate) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  if (isolate->loop) isolate->loop_table->wake(isolate->loop);
}

/* ---- From other threads ---- */

ist_status ist_loop_post(ist_isolate *isolate, void (*fn)(void *env, ist_isolate *isolate),
                         void *env, ist_finalizer finalize) {
  ist_status status = !isolate || !fn ? IST_ERR_ARGUMENT : IST_OK;
  if (!status && ist__forked()) status = IST_ERR_FORKED;
  ist__interrupt *post = status ? nullptr : new (std::nothrow) ist__interrupt;
  if (!status && !post) status = IST_ERR_MEMORY;
  if (!status) {
    *post = {{}, fn, env, finalize, nullptr};
    std::lock_guard<std::mutex> guard(isolate->reach);
    if (isolate->live.load(std::memory_order_acquire)) {
      *isolate->last_post = post;
      isolate->last_post = &post->next;
      /* Who finds others waiting need not wake the loop again. */
      if (!isolate->post_count++ && isolate->loop) isolate->loop_table->wake(isolate->loop);
      return IST_OK;
    }
    status = IST_ERR_HANDLE;
  }
  delete post;
  if (finalize) finalize(env);
  return status;
}

ist_status ist_loop_ref(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (ist__forked()) return IST_ERR_FORKED;
  std::lock_guard<std::mutex> guard(isolate->reach);
  if (!isolate->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  isolate->loop_references++;
  return IST_OK;
}

ist_status ist_loop_unref(ist_isolate *isolate) {
  if (!isolate) return IST_ERR_ARGUMENT;
  if (ist__forked()) return IST_ERR_FORKED;
  std::lock_guard<std::mutex> guard(isolate->reach);
  if (!isolate->live.load(std::memory_order_acquire)) return IST_ERR_HANDLE;
  if (!isolate->loop_references) return IST_ERR_STATE;
  if (!--isolate->loop_references && isolate->loop) isolate->loop_table->wake(isolate->loop);
  return IST_OK;
}

/* ---- For a turn of the loop ---- */

size_t ist__isolate_posted(ist_isolate *isolate) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  return isolate->post_count;
}

size_t ist__isolate_references(ist_isolate *isolate) {
  std::lock_guard<std::mutex> guard(isolate->reach);
  return isolate->loop_references;
}

bool ist__isolate_run_post(ist_isolate *isolate) {
  ist__gate gate(isolate);
  if (gate.status) return false;
  ist__interrupt *post;
  {
    std::lock_guard<std::mutex> guard(isolate->reach);
    post = isolate->posts;
    if (!post) return false;
    isolate->posts = post->next;
    if (!isolate->posts) isolate->last_post = &isolate->posts;
    isolate->post_count--;
  }
  {
    v8::HandleScope scope(isolate->v8);
    ist__outward outward(isolate);
    post->fn(post->env, isolate);
  }
  if (post->finalize) post->finalize(post->env);
  delete post;
  return true;
}

bool ist__isolate_pump(ist_isolate *isolate) {
  ist__gate gate(isolate);
  if (gate.status) return false;
  bool ran;
  {
    v8::HandleScope scope(isolate->v8);
    v8::TryCatch catcher(isolate->v8);
    uint32_t base = isolate->base;
    isolate->entries++;
    isolate->base = isolate->depth;
    ran = ist__runner_run(isolate->runner, isolate->v8);
    if (isolate->bridge) ist__bridge_drain(isolate->bridge);
    isolate->base = base;
    isolate->entries--;
  }
  if (isolate->finished) ist__finalizers_run(isolate);
  return ran;
}

int ist__isolate_task_delay(ist_isolate *isolate) {
  return ist__runner_delay(isolate->runner);
}

bool ist__isolate_busy(ist_isolate *isolate) {
  /* A worker posts before it ends, so this order misses nothing. */
  bool working = ist__runner_await_workers(isolate->runner);
  return ist__runner_has_ready(isolate->runner) || working;
}

/* ---- For runtime/host ---- */

void ist__isolate_uncaught(ist_isolate *isolate, ist_context *context, const ist_error *error) {
  ist__gate gate(isolate);
  if (gate.status) return;
  v8::HandleScope scope(isolate->v8);
  ist__isolate_tell_uncaught(isolate, context, error, ist_undefined());
}

void *ist__context_web(ist_context *context) {
  return context->web;
}

void ist__context_set_web(ist_context *context, void *web) {
  context->web = web;
}
