/* Stands in, weakly, for parts that other files of this library provide. */
#include "pool.h"

#define ABSENT __attribute__((weak))

ABSENT ist_status ist_limits_begin(ist_isolate *isolate, const ist_limits *limits) {
  (void)limits;
  return ist_isolate_enter(isolate);
}

ABSENT ist_status ist_limits_end(ist_isolate *isolate, ist_usage *usage) {
  (void)usage;
  return ist_isolate_leave(isolate);
}

ABSENT bool ist_isolate_spent(const ist_isolate *isolate) {
  (void)isolate;
  return false;
}

ABSENT ist_status ist_compartment_eval(ist_context *context, const ist_source *source,
                                       ist_value *result, ist_error **error) {
  return ist_script_eval(context, source->text, source->length, source->file, result, error);
}

ABSENT ist_status ist_compartment_sweep(ist_context *context) {
  (void)context;
  return IST_ERR_STATE;
}

ABSENT ist_status ist__rung_new_cell(const ist__rung_options *options, ist__rung **result,
                                     ist_error **error) {
  (void)options;
  (void)result;
  if (error) *error = ist_error_new(IST_ERR_NOT_FOUND, NULL, "there are no cells");
  return IST_ERR_NOT_FOUND;
}

ABSENT bool ist__context_frozen(const ist_context *context) {
  (void)context;
  return false;
}
