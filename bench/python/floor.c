/* What stands under the python suite's rows: the functions that cffi and ctypes call, and the loops
 * in C that need no Python. The calls are kept, since the compiler sees neither side of them. */
#include "floor.h"

#include <zlib.h>

double floor_one(void) {
  return 1;
}

double floor_add(double a, double b) {
  return a + b;
}

double floor_call(floor_function add, long rounds) {
  double sum = 0;
  for (long i = 0; i < rounds; i++) sum += add((double)i, 2.5);
  return sum;
}

unsigned long floor_bound(long rounds) {
  unsigned long (*volatile function)(unsigned long) = compressBound;
  unsigned long sum = 0;
  for (long i = 0; i < rounds; i++) sum += function(1000);
  return sum;
}

unsigned long floor_crc32(long rounds, const unsigned char *bytes, unsigned length) {
  unsigned long sum = 0;
  for (long i = 0; i < rounds; i++) sum += crc32(0, bytes, length);
  return sum;
}
