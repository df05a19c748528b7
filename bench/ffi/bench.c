// The functions of bench.h: as little work as their rows allow, so that the call is what is
// measured.
#include "bench.h"

#include <stdlib.h>
#include <string.h>

void noop(void) {
  __asm__ volatile("");
}
int32_t add_i32(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a + (uint32_t)b);
}
double add_f64(double a, double b) {
  return a + b;
}
int64_t add_i64(int64_t a, int64_t b) {
  return a + b;
}
size_t my_strlen(const char *s) {
  return strlen(s);
}
double sum_f64(const double *p, size_t n) {
  double sums[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (size_t k = 0; k < 4; k++) sums[k] += p[i + k];
  for (; i < n; i++) sums[0] += p[i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}
double pt_len(const Point *p) {
  return p->x * p->x + p->y * p->y;
}
Point pt_add(Point a, Point b) {
  return (Point){a.x + b.x, a.y + b.y};
}
int32_t add12(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g,
              int32_t h, int32_t i, int32_t j, int32_t k, int32_t l) {
  return a + b + c + d + e + f + g + h + i + j + k + l;
}
int32_t apply_n(cb_i32 cb, int32_t n) {
  int32_t sum = 0;
  for (int32_t i = 0; i < n; i++) sum += cb(i);
  return sum;
}
int parse_int(const char *s) {
  return atoi(s);
}
const char *greet(void) {
  return "h\xc3\xa9llo";
}
