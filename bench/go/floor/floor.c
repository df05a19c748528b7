/* What stands under the Go suite's rows: C that does next to nothing, so that cgo's own share is
 * seen. */
#include "floor.h"

#include <string.h>
#include <zlib.h>

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

unsigned long floor_bound(long rounds) {
  unsigned long (*volatile function)(unsigned long) = compressBound;
  unsigned long sum = 0;
  for (long i = 0; i < rounds; i++) sum += function(1000);
  return sum;
}

unsigned long floor_crc32(long rounds, const void *bytes, unsigned length) {
  unsigned long sum = 0;
  for (long i = 0; i < rounds; i++) sum += crc32(0, bytes, length);
  return sum;
}
