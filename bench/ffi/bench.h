// The functions that the benchmarks of suite `ffi` call, from Isthmus and from its peers alike.
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  double x, y;
} Point;
typedef int32_t (*cb_i32)(int32_t);

void noop(void);
int32_t add_i32(int32_t a, int32_t b);
double add_f64(double a, double b);
int64_t add_i64(int64_t a, int64_t b);
size_t my_strlen(const char *s);
double sum_f64(const double *p, size_t n);
double pt_len(const Point *p);
Point pt_add(Point a, Point b);
int32_t add12(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, int32_t g,
              int32_t h, int32_t i, int32_t j, int32_t k, int32_t l);
int32_t apply_n(cb_i32 cb, int32_t n);
int parse_int(const char *s);
const char *greet(void);

#endif
