/* bridge_operations.c: operations on an isolate, each one call from Python: it takes the isolate,
 * opens a scope of isthmus.h, converts what comes in and goes out, and gives both back. */
#include <string.h>

#include "bridge_internal.h"

int ipy__begin(ipy__operation *made, uintptr_t place_at, uintptr_t frame_at) {
  const ipy_place *place = (const ipy_place *)place_at;
  ipy_frame *frame = (ipy_frame *)frame_at;
  made->core = place->core;
  made->frame = frame;
  if (!place->context) return IPY_CLOSED;
  if (frame->error) {
    ist_error_free(frame->error);
    frame->error = NULL;
  }
  int answer = ipy_enter(place->core, &made->hold, frame, true);
  if (answer) return answer;
  /* Another thread may have closed it while this one waited. */
  made->context = place->context;
  return made->context ? 0 : ipy__give_up(made, IPY_CLOSED);
}

/* The end of each: the result as an item, the hold back, and the answer. */
static int answer_with(ipy__operation *made, ist_status status, ist_value value) {
  ipy_frame *frame = made->frame;
  int answer;
  if (status) {
    answer = ipy__failed(frame, status);
  } else {
    answer = ipy_lift(made->core, made->context, value, &frame->result, frame);
    if (!answer) answer = frame->result.tag;
  }
  ipy_leave(&made->hold);
  return answer;
}

/* The end of one that could not do its work. */
int ipy__give_up(ipy__operation *made, int answer) {
  ipy_leave(&made->hold);
  return answer;
}

int ipy__begin_about(ipy__operation *made, uintptr_t place, int64_t object, ist_value *about,
                     uintptr_t frame) {
  int answer = ipy__begin(made, place, frame);
  if (answer) return answer;
  if (object)
    answer = ipy__table_value(made->core, object, about) ? 0 : IPY_STALE;
  else
    answer = ist_context_global(made->context, about) ? IPY_CLOSED : 0;
  return answer ? ipy__give_up(made, answer) : 0;
}

int ipy_eval(uintptr_t place, const char *source, size_t length, const char *file, int line_offset,
             uintptr_t frame_at) {
  ipy__operation op;
  int answer = ipy__begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value result = ist_undefined();
  ist_error **error = &op.frame->error;
  ist_status status;
  if (!line_offset) {
    status = ist_script_eval(op.context, source, length, file, &result, error);
  } else {
    ist_source text = {.size = sizeof text,
                       .text = source,
                       .length = length,
                       .file = file,
                       .line_offset = line_offset};
    ist_script *script;
    status = ist_script_compile(op.context, &text, &script, error);
    if (!status) {
      status = ist_script_run(op.context, script, &result, error);
      ist_script_free(script);
    }
  }
  return answer_with(&op, status, result);
}

/* The arguments as values: in `few`, or in memory of the frame's. NULL after an answer. */
static ist_value *lower_args(ipy__operation *op, uint32_t argc, ist_value few[8], int *answer) {
  ist_value *values = few;
  if (argc > 8) values = (ist_value *)ipy__room(op->frame, argc * sizeof *values);
  if (!values) {
    *answer = ipy__failed(op->frame, IST_ERR_MEMORY);
    return NULL;
  }
  ipy_item *argv = op->frame->argv;
  op->frame->argv = op->frame->args;
  for (uint32_t i = 0; i < argc && !*answer; i++)
    *answer = ipy_lower(op->core, op->context, &argv[i], &values[i], op->frame);
  return values;
}

static int call(uintptr_t place, int64_t function, int64_t receiver, bool construct, uint32_t argc,
                uintptr_t frame_at) {
  ipy__operation op;
  int answer = ipy__begin(&op, place, frame_at);
  if (answer) return answer;
  ist_value few[8], called, this_value = ist_undefined(), result = ist_undefined();
  ist_value *values = lower_args(&op, argc, few, &answer);
  if (!answer && (!ipy__table_value(op.core, function, &called) ||
                  (receiver && !ipy__table_value(op.core, receiver, &this_value))))
    answer = IPY_STALE;
  if (answer) return ipy__give_up(&op, answer);
  ist_status status = construct ? ist_function_construct(op.context, called, argc, values, &result,
                                                         &op.frame->error)
                                : ist_function_call(op.context, called, this_value, argc, values,
                                                    &result, &op.frame->error);
  return answer_with(&op, status, result);
}

int ipy_call(uintptr_t place, int64_t function, uint32_t argc, uintptr_t frame) {
  return call(place, function, 0, false, argc, frame);
}

int ipy_call_on(uintptr_t place, int64_t function, int64_t receiver, uint32_t argc,
                uintptr_t frame) {
  return call(place, function, receiver, false, argc, frame);
}

int ipy_construct(uintptr_t place, int64_t function, uint32_t argc, uintptr_t frame) {
  return call(place, function, 0, true, argc, frame);
}

int ipy_get(uintptr_t place, int64_t object, uintptr_t frame_at) {
  ipy__operation op;
  ist_value about, key, result = ist_undefined();
  int answer = ipy__begin_about(&op, place, object, &about, frame_at);
  if (answer) return answer;
  answer = ipy_lower(op.core, op.context, &op.frame->args[0], &key, op.frame);
  if (answer) return ipy__give_up(&op, answer);
  ist_status status = ist_object_get_key(op.context, about, key, &result, &op.frame->error);
  return answer_with(&op, status, result);
}

int ipy_numbers(uintptr_t place, int64_t array, uintptr_t frame_at) {
  ipy__operation op;
  ist_value about;
  int answer = ipy__begin_about(&op, place, array, &about, frame_at);
  if (answer) return answer;
  ipy_frame *frame = op.frame;
  uint32_t length = 0, got = 0;
  ist_status status = ist_array_length(op.core->isolate, about, &length);
  double *numbers =
      status ? NULL : (double *)(void *)ipy__room(frame, (size_t)length * sizeof *numbers + 1);
  if (!numbers) return ipy__give_up(&op, ipy__failed(frame, status ? status : IST_ERR_MEMORY));
  status = ist_array_read_doubles(op.context, about, 0, numbers, length, &got, &frame->error);
  ipy_leave(&op.hold);
  if (status == IST_ERR_TYPE) return IPY_UNDEFINED;
  if (status) return ipy__failed(frame, status);
  uint32_t whole = 0;
  for (uint32_t i = 0; i < got; i++) whole += ipy__is_integer(numbers[i]);
  frame->result.kind = !whole ? 0 : whole == got ? 1 : 2;
  if (frame->result.kind == 1)
    for (uint32_t i = 0; i < got; i++) {
      int64_t integer = (int64_t)numbers[i];
      memcpy(&numbers[i], &integer, sizeof integer);
    }
  frame->result.data = (char *)numbers;
  frame->result.length = got;
  return IPY_DOUBLES;
}
