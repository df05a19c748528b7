/* The event loop of an isolate. A turn: timers that are due, V8's own tasks, posted callbacks, what
 * libuv has, then immediates; if that was nothing, it waits and does the same again. Every callback
 * is an entry of its own into JavaScript: its microtasks follow it, then the rejections that nobody
 * handles. The loop goes on while something can still happen: a referenced timer, an active handle,
 * a reference of the embedder's, or a worker thread of V8's that may post a task.
 *
 * Waiting is done on libuv's descriptor, outside of libuv, so that it can be done without the
 * isolate's lock, or by a loop of the embedder's. */
#include "internal.h"

#include <limits.h>
#include <poll.h>

static void on_wake(uv_async_t *handle) {
  (void)handle;
}

static void wake(void *env) {
  ist__loop *loop = env;
  uv_async_send(&loop->wake);
}

static void context_end(void *env, void *web) {
  (void)env;
  ist__web_end(web);
}

static void close_handle(uv_handle_t *handle, void *arg) {
  (void)arg;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void free_loop(void *env) {
  ist__loop *loop = env;
  uv_walk(&loop->uv, close_handle, NULL);
  while (uv_run(&loop->uv, UV_RUN_DEFAULT)) continue;
  uv_loop_close(&loop->uv);
  ist__timers_free(&loop->timers);
  ist__free(loop);
}

/* libuv returns at once when no handle is referenced, and would not see that it was woken. */
static void run_uv(ist__loop *loop) {
  uv_handle_t *anchor = (uv_handle_t *)&loop->wake;
  uv_ref(anchor);
  uv_run(&loop->uv, UV_RUN_NOWAIT);
  uv_unref(anchor);
}

ist_status ist__loop_of(ist_isolate *isolate, ist__loop **result) {
  static const ist__loop_table table = {wake, context_end, free_loop};
  *result = ist__isolate_loop(isolate);
  if (*result) return IST_OK;
  ist__loop *loop = ist__calloc(1, sizeof *loop);
  if (!loop) return IST_ERR_MEMORY;
  if (uv_loop_init(&loop->uv)) {
    ist__free(loop);
    return IST_ERR_IO;
  }
  loop->isolate = isolate;
  loop->timers.last_immediate = &loop->timers.immediates;
  if (uv_async_init(&loop->uv, &loop->wake, on_wake)) {
    free_loop(loop);
    return IST_ERR_IO;
  }
  uv_unref((uv_handle_t *)&loop->wake);
  /* libuv watches what it was told to watch from its next run on. */
  run_uv(loop);
  ist__isolate_attach_loop(isolate, loop, &table);
  *result = loop;
  return IST_OK;
}

void ist__loop_hurry(ist__loop *loop) {
  if (loop->waiting || (loop->watched && !loop->turning)) uv_async_send(&loop->wake);
}

void ist__loop_stop(ist__loop *loop) {
  loop->stopped = true;
}

/* ---- A turn ---- */

void ist__loop_uncaught(ist__loop *loop, ist_context *context, ist_status status,
                        const ist_error *error) {
  if (status == IST_ERR_FORKED) {
    loop->forked = loop->stopped = true;
    return;
  }
  ist_error plain = {.size = sizeof plain, .status = status};
  plain.message = ist_status_text(status);
  ist__isolate_uncaught(loop->isolate, context, error ? error : &plain);
}

void ist__loop_settle(ist__loop *loop) {
  if (!loop->stopped) {
    ist_status status = ist_isolate_run_microtasks(loop->isolate);
    if (status) ist__loop_uncaught(loop, NULL, status, NULL);
  }
  /* What a run's end has terminated has unwound; what follows runs normally. */
  if (!loop->forked) ist__isolate_resume(loop->isolate);
}

static void run_posts(ist__loop *loop) {
  /* What these callbacks post waits for the next turn. */
  for (size_t left = ist__isolate_posted(loop->isolate); left && !loop->stopped; left--) {
    if (!ist__isolate_run_post(loop->isolate)) return;
    loop->done++;
    ist__loop_settle(loop);
  }
}

static void run_ready(ist__loop *loop) {
  ist__timers_run(loop);
  if (loop->stopped) return;
  if (ist__isolate_pump(loop->isolate)) loop->done++;
  ist__loop_settle(loop);
  if (loop->stopped) return;
  run_posts(loop);
  if (loop->stopped) return;
  run_uv(loop);
  ist__immediates_run(loop);
}

static bool is_alive(ist__loop *loop) {
  return loop->timers.referenced || uv_loop_alive(&loop->uv) ||
         ist__isolate_references(loop->isolate) || ist__isolate_posted(loop->isolate) ||
         ist__isolate_busy(loop->isolate);
}

static int sooner(int left, int64_t right) {
  if (right < 0) return left;
  if (right > INT_MAX) right = INT_MAX;
  return left < 0 || right < left ? (int)right : left;
}

int ist__loop_delay(ist__loop *loop) {
  if (loop->timers.immediates || ist__isolate_posted(loop->isolate)) return 0;
  uv_update_time(&loop->uv);
  int delay = sooner(ist__isolate_task_delay(loop->isolate), ist__timers_next(loop));
  /* libuv answers 0 when it has nothing that keeps it alive. */
  return uv_loop_alive(&loop->uv) ? sooner(delay, uv_backend_timeout(&loop->uv)) : delay;
}

static void wait_for_something(ist__loop *loop) {
  struct pollfd ready = {uv_backend_fd(&loop->uv), POLLIN, 0};
  int delay = ist__loop_delay(loop);
  if (!delay) return;
  loop->waiting = true;
  bool left = loop->entered && !ist_isolate_leave(loop->isolate);
  (void)poll(&ready, 1, delay);
  if (left && ist_isolate_enter(loop->isolate)) loop->forked = loop->stopped = true;
  loop->waiting = false;
}

bool ist__loop_turn(ist__loop *loop, bool wait) {
  bool outer = loop->turning;
  size_t before = loop->done;
  loop->turning = true;
  run_ready(loop);
  bool alive = !loop->stopped && is_alive(loop);
  if (wait && alive && loop->done == before) {
    wait_for_something(loop);
    if (!loop->stopped) run_ready(loop);
    alive = !loop->stopped && is_alive(loop);
  }
  loop->turning = outer;
  return alive;
}

/* ---- isthmus.h ---- */

/* With the isolate's lock taken: leave it afterwards. */
static ist_status enter(ist_isolate *isolate, ist__loop **loop) {
  ist_status status = ist_isolate_enter(isolate);
  if (status) return status;
  status = ist__loop_of(isolate, loop);
  if (status) (void)ist_isolate_leave(isolate);
  return status;
}

ist_status ist_loop_fd(ist_isolate *isolate, int *result) {
  ist__loop *loop;
  if (!result) return IST_ERR_ARGUMENT;
  ist_status status = enter(isolate, &loop);
  if (status) return status;
  loop->watched = true;
  *result = uv_backend_fd(&loop->uv);
  return ist_isolate_leave(isolate);
}

ist_status ist_loop_timeout(ist_isolate *isolate, int *result) {
  ist__loop *loop;
  if (!result) return IST_ERR_ARGUMENT;
  ist_status status = enter(isolate, &loop);
  if (status) return status;
  *result = ist__loop_delay(loop);
  return ist_isolate_leave(isolate);
}

ist_status ist_loop_run(ist_isolate *isolate, ist_loop_mode mode, bool *alive) {
  ist__loop *loop;
  if (mode != IST_LOOP_NOWAIT && mode != IST_LOOP_ONCE && mode != IST_LOOP_DEFAULT)
    return IST_ERR_ARGUMENT;
  ist_status status = enter(isolate, &loop);
  if (status) return status;
  status = ist__isolate_begin_run(isolate);
  if (!status) {
    loop->entered = true;
    loop->stopped = false;
    ist__loop_settle(loop);
    bool more = ist__loop_turn(loop, mode != IST_LOOP_NOWAIT);
    while (more && mode == IST_LOOP_DEFAULT) more = ist__loop_turn(loop, true);
    loop->entered = false;
    ist__isolate_end_run(isolate);
    if (loop->forked) return IST_ERR_FORKED;
    if (alive) *alive = more;
  }
  (void)ist_isolate_leave(isolate);
  return status;
}
