/* Grants: a context gets the use of a library, whole or by tags. What it has once it has for good;
 * another set of tags is refused, and nothing of it is given. */
#include "internal.h"

#include "bridge.h"

ist_status ist__context_grant(ist_context *context, ist__library *library, const char *const *tags,
                              ist_value *result, ist_error **error) {
  if (error) *error = nullptr;
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  if (ist__context_frozen(context))
    return ist__fail(error, IST_ERR_STATE, "a frozen context can be granted nothing");
  ist__entry entry(context);
  if (!ist__isolate_bridge(context->isolate)) return ist__fail(error, IST_ERR_MEMORY);
  v8::Local<v8::Object> exports;
  ist__grant_refusal refusal;
  if (!ist__bridge_exports(entry.context, library, tags, &refusal).ToLocal(&exports)) {
    ist_status status = refusal == IST_GRANT_TAG     ? IST_ERR_NOT_FOUND
                        : refusal == IST_GRANT_AGAIN ? IST_ERR_STATE
                        : entry.catcher.HasCaught()  ? IST_ERR_EXCEPTION
                                                     : IST_ERR_MEMORY;
    return ist__caught(context, &entry.catcher, status, error);
  }
  return ist__value_from(context->isolate, exports, result) ? IST_OK
                                                            : ist__fail(error, IST_ERR_MEMORY);
}
