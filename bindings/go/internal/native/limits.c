/* limits.c: limits that another thread may end. */
#include "limits.h"

ist_status igo_limits_begin(ist_isolate *isolate, uint64_t wall, uint64_t cpu, uint64_t *number) {
  ist_limits limits = {.size = sizeof limits, .wall = wall, .cpu = cpu};
  ist_status status = ist_limits_begin(isolate, &limits);
  if (status) return status;
  status = ist_limits_number(isolate, number);
  if (status) ist_limits_end(isolate, NULL);
  return status;
}
