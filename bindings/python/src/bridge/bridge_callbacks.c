/* bridge_callbacks.c: Python objects in JavaScript: functions that call back, memory without a
 * copy, and exceptions within errors. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_internal.h"

/* What a callback of JavaScript's is for. */
typedef struct callable {
  ipy_isolate *core;
  int64_t host;
  uint32_t flags;
} callable;

static void forget_callable(void *env) {
  callable *made = env;
  ipy_release(made->core, made->host);
  ipy__core_give(made->core);
  free(made);
}

int64_t ipy_error_host(const ist_error *error) {
  return error->host ? ((const ipy__held *)error->host)->host : 0;
}

/* The frame's text holds name and message, one after the other. */
void ipy_throw(ipy_frame *frame, const char *name, const char *message, int64_t host) {
  size_t name_size = strlen(name) + 1, message_size = strlen(message) + 1;
  char *text = ipy__room(frame, name_size + message_size);
  frame->result.integer = host;
  frame->result.data = text;
  frame->result.length = name_size;
  if (!text) return;
  memcpy(text, name, name_size);
  memcpy(text + name_size, message, message_size);
}

void ipy_rethrow(ipy_frame *frame, const ist_error *error) {
  frame->result.data = (char *)(uintptr_t)error;
}

static ist_status throw_exception(ipy_isolate *core, const ist_call *call, const ipy_frame *frame) {
  const ipy_item *item = &frame->result;
  const char *name = item->data ? item->data : "Error";
  const char *message = item->data ? item->data + item->length : "out of memory";
  ipy__held *made = ipy__held_new(core, item->integer);
  if (!made) return IST_ERR_MEMORY;
  return ist_throw_host(call->context, name, message, made, ipy__held_forget);
}

/* A call that is being answered, by its frame. */
typedef struct calling {
  ipy_frame frame;
  ipy_isolate *core;
  ist_context *context;
  ist_value *result;
  int answer; /* of lowering the result */
} calling;

int ipy_take(ipy_frame *frame) {
  calling *now = (calling *)(void *)frame;
  now->answer = ipy_lower(now->core, now->context, &frame->result, now->result, frame);
  return IPY_TAKEN;
}

static ipy_on_call *answer_it;

void ipy_answer_by(uintptr_t function) {
  answer_it = (ipy_on_call *)function;
}

static ist_status on_call(void *env, const ist_call *call, ist_value *result) {
  const callable *made = env;
  ipy_isolate *core = made->core;
  if (ipy__stopped()) return IST_ERR_TERMINATED;
  calling now;
  ipy_frame *frame = &now.frame;
  memset(frame, 0, offsetof(ipy_frame, args));
  frame->error = NULL;
  frame->more = NULL;
  frame->used = 0;
  now.core = core;
  now.context = call->context;
  now.result = result;
  bool receiver = made->flags & IPY_FN_RECEIVER;
  if (call->argc >= UINT32_MAX || !ipy_frame_args(frame, (uint32_t)call->argc + receiver))
    return IST_ERR_MEMORY;
  ist_status status = IST_OK;
  int answer = 0;
  if (receiver) answer = ipy_lift(core, call->context, call->receiver, &frame->argv[0], frame);
  for (uint32_t i = 0; i < call->argc && !answer; i++)
    answer = ipy_lift(core, call->context, call->argv[i], &frame->argv[i + receiver], frame);
  if (answer) {
    status = (ist_status)frame->status;
  } else {
    void *number = NULL;
    ist_context_data(call->context, &number);
    switch (answer_it(core->key, (int64_t)(intptr_t)number, made->host, frame)) {
    case IPY_RETURNS:
      ipy_take(frame);
      /* fall through */
    case IPY_TAKEN:
      answer = now.answer;
      if (answer && frame->error)
        status = ist_throw_again(call->context, frame->error);
      else if (answer)
        status = answer == IPY_STALE ? IST_ERR_HANDLE : (ist_status)frame->status;
      break;
    case IPY_THROWS: status = throw_exception(core, call, frame); break;
    case IPY_RETHROWS:
      status = ist_throw_again(call->context, (const ist_error *)(void *)frame->result.data);
      break;
    default: status = IST_ERR_TERMINATED;
    }
  }
  ipy_frame_reset(frame);
  return status;
}

/* The end of an operation that has made what stands for something of Python's. */
static int stand_for(ipy__operation *op, ist_status status, ist_value value, int64_t host) {
  int64_t id = status ? 0 : ipy__table_stand(op->core, op->context, value, host);
  if (!id) return ipy__give_up(op, ipy__failed(op->frame, status ? status : IST_ERR_MEMORY));
  op->frame->result.tag = IPY_OBJECT;
  op->frame->result.integer = id;
  return ipy__give_up(op, IPY_OBJECT);
}

int ipy_function(uintptr_t place, const char *name, int64_t host, uint32_t flags,
                 uintptr_t frame_at) {
  ipy__operation op;
  int answer = ipy__begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value function;
  callable *made = malloc(sizeof *made);
  if (!made) return ipy__give_up(&op, ipy__failed(op.frame, IST_ERR_MEMORY));
  *made = (callable){op.core, host, flags};
  ipy__core_hold(op.core);
  ist_status status = ist_function_new(op.context, name, on_call, made, forget_callable, &function);
  return stand_for(&op, status, function, host);
}

int ipy_pin(ipy_isolate *core, int64_t id) {
  ipy_hold hold;
  int answer = ipy_enter(core, &hold, NULL, false);
  if (answer) return answer;
  answer = ipy__table_pin(core, id);
  ipy_leave(&hold);
  return answer;
}

void ipy_forget_context(ipy_isolate *core, ist_context *context) {
  ipy__errors_complete(core, context);
  ipy__table_forget(core, context);
}
