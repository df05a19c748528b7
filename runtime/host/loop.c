/* The event loop. A turn: timers that are due, V8's own tasks, what libuv has (waiting if nothing
 * else is to be done), then immediates. After every entry into JavaScript come its microtasks and
 * then the rejections that nobody handles. The loop goes on while something can still happen: a
 * referenced timer, an active handle, or a worker thread of V8's that may post a task. */
#include "internal.h"

#include <stdlib.h>

static void on_wake(uv_async_t *handle) {
  (void)handle;
}

/* libuv may run its timers before it waits; then it must not wait any more. */
static void on_alarm(uv_timer_t *handle) {
  ist_host *host = handle->data;
  uv_async_send(&host->wake);
}

static void hook_wake(void *env) {
  ist_host *host = env;
  uv_async_send(&host->wake);
}

static void hook_uncaught(void *env, ist_context *context, const ist_error *error) {
  ist_host *host = env;
  (void)context;
  /* The first one ends the program. */
  if (!host->exiting) ist__report_uncaught(host, error);
}

static void hook_report(void *env, const char *text) {
  (void)env;
  ist__text line = {0};
  ist__text_printf(&line, "isthmus: %s\n", text);
  ist__io_write_all(2, line.data, line.length);
  ist__text_free(&line);
}

ist_status ist__loop_open(ist_host *host) {
  if (uv_loop_init(&host->loop)) return IST_ERR_IO;
  host->loop_open = true;
  if (uv_async_init(&host->loop, &host->wake, on_wake) || uv_timer_init(&host->loop, &host->alarm))
    return IST_ERR_IO;
  host->wake.data = host;
  host->alarm.data = host;
  uv_unref((uv_handle_t *)&host->wake);
  uv_unref((uv_handle_t *)&host->alarm);
  ist__embed_hooks hooks = {host, hook_wake, hook_uncaught, hook_report};
  ist__isolate_set_hooks(host->isolate, &hooks);
  return IST_OK;
}

static void close_handle(uv_handle_t *handle, void *arg) {
  (void)arg;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

void ist__loop_close(ist_host *host) {
  if (!host->loop_open) return;
  uv_walk(&host->loop, close_handle, NULL);
  while (uv_run(&host->loop, UV_RUN_DEFAULT)) continue;
  uv_loop_close(&host->loop);
  host->loop_open = false;
}

void ist__loop_settle(ist_host *host) {
  if (!host->exiting && ist_isolate_run_microtasks(host->isolate) == IST_ERR_TERMINATED) {
    ist_error *error = ist_error_new(IST_ERR_TERMINATED, NULL, NULL);
    ist__report_uncaught(host, error);
    ist_error_free(error);
  }
  /* exit() unwinds JavaScript by terminating it; what follows runs normally. */
  ist__isolate_resume(host->isolate);
}

bool ist__loop_turn(ist_host *host, bool wait) {
  ist__timers_run(host);
  if (host->exiting) return false;
  int task_delay = ist__isolate_pump(host->isolate);
  ist__loop_settle(host);
  if (host->exiting) return false;

  bool alive = host->timers.referenced || uv_loop_alive(&host->loop);
  if (!alive && ist__isolate_busy(host->isolate, wait)) {
    /* A worker may have posted the task that goes on with what JavaScript waits for. */
    task_delay = ist__isolate_pump(host->isolate);
    ist__loop_settle(host);
    alive = true;
    wait = false;
  }
  int64_t delay = ist__timers_next(host);
  if (task_delay >= 0 && (delay < 0 || task_delay < delay)) delay = task_delay;
  bool block = wait && alive && !host->timers.immediates && delay != 0 && !host->exiting;
  if (block && delay > 0) uv_timer_start(&host->alarm, on_alarm, (uint64_t)delay, 0);
  /* libuv returns at once when no handle is referenced, so the one that is waited for is while it
   * waits. */
  uv_handle_t *anchor = (uv_handle_t *)&host->wake;
  if (block) uv_ref(anchor);
  uv_run(&host->loop, block ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  if (block) uv_unref(anchor);
  uv_timer_stop(&host->alarm);

  ist__immediates_run(host);
  if (host->exiting) return false;
  return alive || host->timers.referenced || uv_loop_alive(&host->loop);
}

ist_status ist_host_turn(ist_host *host, int *timeout) {
  if (!host || !timeout) return IST_ERR_ARGUMENT;
  bool more = ist__loop_turn(host, false);
  int64_t delay = ist__timers_next(host);
  if (host->timers.immediates) delay = 0;
  *timeout = !more && delay < 0 ? -1 : delay < 0 ? 0 : delay > INT32_MAX ? INT32_MAX : (int)delay;
  return IST_OK;
}
