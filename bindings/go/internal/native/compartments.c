/* compartments.c: what stands behind compartments.h. */
#include "compartments.h"

int32_t igo_compartment_eval(uintptr_t at, uintptr_t frame_at) {
  ist_context *context = (ist_context *)at;
  igo_frame *frame = (igo_frame *)frame_at;
  ist_value result = ist_undefined();
  ist_source source = {.size = sizeof source,
                       .text = (const char *)(uintptr_t)frame->args[0].as.handle,
                       .length = frame->args[0].isolate,
                       .file = (const char *)(uintptr_t)frame->args[1].as.handle};
  ist_status status =
      ist_compartment_eval(context, &source, frame->want ? &result : NULL, &frame->error);
  return (int32_t)igo__finish(ist_context_isolate(context), frame, 0, status, result);
}
