/* What stands under the Go suite's rows: C that does next to nothing, so that cgo's own share is
 * seen. */
#include "floor.h"

#include <string.h>

#include "_cgo_export.h"

void floor_nop(void) {}

double floor_add(double a, double b) {
  return a + b;
}

void floor_calling(long rounds) {
  for (long i = 0; i < rounds; i++) (void)floorCalled((double)i, 2.5);
}

void floor_copy(void *to, const void *of, unsigned long size) {
  memcpy(to, of, size);
}
