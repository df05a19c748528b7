/* bridge_async.c: from the hooks of isthmus.h to Python. Each keeps no more than which object of
 * Python's it is for, and never calls Python once the interpreter ends. */
#include "bridge_async.h"

#include <stdlib.h>
#include <string.h>

#include "bridge_table.h"

/* What a hook's `env` is. A promise's two reactions share one. */
typedef struct hook {
  ipy_isolate *core;
  int64_t host;
  uint32_t shares;
} hook;

void *ipy_hook_new(ipy_isolate *core, int64_t host) {
  hook *made = malloc(sizeof *made);
  if (!made) return NULL;
  *made = (hook){core, host, 1};
  ipy__core_hold(core);
  return made;
}

void ipy_hook_forget(void *env) {
  hook *made = env;
  if (--made->shares) return;
  ipy_release(made->core, made->host);
  ipy__core_give(made->core);
  free(made);
}

static int64_t number_of(ist_context *context) {
  void *number = NULL;
  if (context) (void)ist_context_data(context, &number);
  return (int64_t)(intptr_t)number;
}

static void frame_begin(ipy_frame *frame) {
  memset(frame, 0, offsetof(ipy_frame, text));
  frame->argv = frame->args;
}

/* ---- The loop ---- */

int ipy_turn(ipy_isolate *core, ipy_frame *frame, bool *alive, int *timeout, int *ended) {
  ipy_hold hold;
  int answer = ipy_enter(core, &hold, frame, true);
  if (answer) return answer;
  *alive = false;
  *timeout = -1;
  ist_status status = ist_loop_run(core->isolate, IST_LOOP_NOWAIT, alive);
  if (!status) status = ist_loop_timeout(core->isolate, timeout);
  *ended = ipy_leave(&hold);
  frame->status = (int32_t)status;
  return status ? IPY_FAILED : 0;
}

/* ---- Promises ---- */

uint32_t ipy_references(ipy_isolate *core, int64_t id) {
  uint32_t index = (uint32_t)id - 1;
  if (index >= core->table.count) return 0;
  const ipy__entry *entry = &core->table.entries[index];
  bool is_it = entry->hash && entry->generation == (uint32_t)((uint64_t)id >> 32);
  return is_it ? entry->references : 0;
}

static ist_status throw_it(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  return ist_throw(call->context, call->argv[0]);
}

ist_error *ipy_error_of(ist_context *context, ist_value reason) {
  ist_value function;
  ist_error *error = NULL;
  if (!ist_function_new(context, NULL, throw_it, NULL, NULL, &function))
    (void)ist_function_call(context, function, ist_undefined(), 1, &reason, NULL, &error);
  return error;
}

typedef struct exception {
  hook *made;
  const char *name, *message;
} exception;

static ist_status throw_host(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  exception *what = env;
  hook *made = what->made;
  what->made = NULL;
  return ist_throw_host(call->context, what->name, what->message, made, ipy_hook_forget);
}

ist_error *ipy_error_new(ipy_isolate *core, ist_context *context, const char *name,
                         const char *message, int64_t host) {
  ist_value function;
  ist_error *error = NULL;
  exception what = {ipy_hook_new(core, host), name, message};
  if (!what.made) {
    ipy_release(core, host);
    return NULL;
  }
  if (!ist_function_new(context, NULL, throw_host, &what, NULL, &function))
    (void)ist_function_call(context, function, ist_undefined(), 0, NULL, NULL, &error);
  if (what.made) ipy_hook_forget(what.made);
  return error;
}

/* Takes the isolate for what is to be done in a context: 0, or an answer. */
static int enter(const ipy_place *place, ipy_hold *hold, ipy_frame *frame) {
  if (!place->context) return IPY_CLOSED;
  int answer = ipy_enter(place->core, hold, frame, true);
  if (answer) return answer;
  if (place->context) return 0;
  /* Another thread has closed it while this one waited. */
  ipy_leave(hold);
  return IPY_CLOSED;
}

int ipy_promise_read(uintptr_t place_at, int64_t promise, uintptr_t frame_at) {
  const ipy_place *place = (const ipy_place *)place_at;
  ipy_frame *frame = (ipy_frame *)frame_at;
  ipy_hold hold;
  int answer = enter(place, &hold, frame);
  if (answer) return answer;
  ist_value value, result;
  ist_promise_state state = IST_PROMISE_PENDING;
  if (!ipy__table_value(place->core, promise, &value)) {
    answer = IPY_STALE;
  } else {
    ist_isolate *isolate = place->core->isolate;
    ist_status status = ist_promise_read(isolate, value, &state, &result);
    answer = status ? IPY_FAILED : (int)state;
    frame->status = (int32_t)status;
    if (status) {
      state = IST_PROMISE_PENDING;
    } else if (state == IST_PROMISE_FULFILLED) {
      int lifted = ipy_lift(place->core, place->context, result, &frame->result, frame);
      if (lifted) answer = lifted;
    } else if (state == IST_PROMISE_REJECTED) {
      (void)ist_promise_mark_handled(isolate, value);
      frame->status = IST_ERR_EXCEPTION;
      frame->error = ipy_error_of(place->context, result);
    }
  }
  ipy_leave(&hold);
  return answer;
}

static ist_status settled(hook *made, const ist_call *call, bool rejected) {
  ipy_isolate *core = made->core;
  if (ipy__stopped()) return IST_ERR_TERMINATED;
  ipy_frame frame;
  frame_begin(&frame);
  ist_value value = call->argc ? call->argv[0] : ist_undefined();
  int answer = 0;
  if (rejected) {
    frame.status = IST_ERR_EXCEPTION;
    frame.error = ipy_error_of(call->context, value);
  } else {
    answer = ipy_lift(core, call->context, value, &frame.result, &frame);
  }
  /* A tag below 0 says that there is no value. */
  if (answer) frame.result.tag = answer;
  if (rejected) frame.result.tag = IPY_FAILED;
  ipy_on_settled(core->key, number_of(call->context), made->host, &frame);
  ipy_frame_reset(&frame);
  return IST_OK;
}

static ist_status on_fulfilled(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  return settled(env, call, false);
}

static ist_status on_rejected(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  return settled(env, call, true);
}

int ipy_promise_watch(uintptr_t place_at, int64_t promise, int64_t host, uintptr_t frame_at) {
  const ipy_place *place = (const ipy_place *)place_at;
  ipy_frame *frame = (ipy_frame *)frame_at;
  ipy_hold hold;
  int answer = enter(place, &hold, frame);
  if (answer) return answer;
  ist_value value, fulfilled, rejected;
  ist_status status = IST_ERR_MEMORY;
  hook *made = NULL;
  if (!ipy__table_value(place->core, promise, &value))
    answer = IPY_STALE;
  else
    made = ipy_hook_new(place->core, host);
  if (made) {
    ist_context *context = place->context;
    made->shares = 3;
    status = ist_function_new(context, NULL, on_fulfilled, made, ipy_hook_forget, &fulfilled);
    ist_status second =
        ist_function_new(context, NULL, on_rejected, made, ipy_hook_forget, &rejected);
    if (!status) status = second;
    if (!status) status = ist_promise_then(context, value, fulfilled, rejected, NULL);
    ipy_hook_forget(made);
  }
  ipy_leave(&hold);
  frame->status = (int32_t)status;
  return answer ? answer : status ? IPY_FAILED : 0;
}

int64_t ipy_own(ipy_isolate *core, ist_context *context, ist_value object, int64_t host) {
  return ipy__table_own(core, context, object, host);
}

/* ---- Compartments ---- */

int ipy_eval_compartment(uintptr_t place_at, const char *source, size_t length, const char *file,
                         int line_offset, uintptr_t frame_at) {
  const ipy_place *place = (const ipy_place *)place_at;
  ipy_frame *frame = (ipy_frame *)frame_at;
  ipy_hold hold;
  if (frame->error) {
    ist_error_free(frame->error);
    frame->error = NULL;
  }
  int answer = enter(place, &hold, frame);
  if (answer) return answer;
  ist_source text = {.size = sizeof text,
                     .text = source,
                     .length = length,
                     .file = file,
                     .line_offset = line_offset};
  ist_value result = ist_undefined();
  ist_status status = ist_compartment_eval(place->context, &text, &result, &frame->error);
  if (status) {
    frame->status = (int32_t)status;
    answer = IPY_FAILED;
  } else {
    answer = ipy_lift(place->core, place->context, result, &frame->result, frame);
    if (!answer) answer = frame->result.tag;
  }
  ipy_leave(&hold);
  return answer;
}

/* ---- Hooks ---- */

void ipy_uncaught(void *env, ist_context *context, const ist_error *error, ist_value promise) {
  const hook *made = env;
  if (!ipy__stopped()) ipy_on_uncaught(made->core->key, number_of(context), error, &promise);
}

void ipy_defer(void *env, ist_context *context, const char *specifier, size_t length,
               const char *referrer, const char *type, ist_import *import) {
  const hook *made = env;
  /* An import that is not answered ends with its context. */
  if (!ipy__stopped())
    ipy_on_defer(made->core->key, number_of(context), made->host, specifier, length, referrer, type,
                 import);
}

void ipy_import_meta(void *env, ist_context *context, const char *url, ist_value meta) {
  const hook *made = env;
  if (!ipy__stopped())
    ipy_on_import_meta(made->core->key, number_of(context), made->host, url, &meta);
}

void ipy_message(void *env, ist_context *context, ist_level level, const char *text,
                 size_t length) {
  const hook *made = env;
  if (!ipy__stopped())
    ipy_on_message(made->core->key, number_of(context), made->host, (int)level, text, length);
}

bool ipy_write(void *env, const char *bytes, size_t length) {
  const hook *made = env;
  return !ipy__stopped() && ipy_on_write(made->core->key, made->host, bytes, length);
}

void ipy_interrupt(void *env, ist_isolate *isolate) {
  (void)isolate;
  const hook *made = env;
  if (!ipy__stopped()) ipy_on_interrupt(made->core->key, made->host);
}

static void inspector(const hook *made, int what) {
  if (!ipy__stopped()) ipy_on_inspector(made->core->key, made->host, what);
}

void ipy_pause(void *env, ist_inspector *of) {
  (void)of;
  inspector(env, 0);
}

void ipy_quit(void *env, ist_inspector *of) {
  (void)of;
  inspector(env, 1);
}

void ipy_ready(void *env, ist_inspector *of) {
  (void)of;
  inspector(env, 2);
}

void ipy_send(void *env, const char *json, size_t length) {
  const hook *made = env;
  if (!ipy__stopped()) ipy_on_send(made->core->key, made->host, json, length);
}
