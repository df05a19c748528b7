/* How both sides of the embed suite measure: each row is the median of several timed loops, printed
 * as `ROW<tab>name<tab>unit<tab>number`. Memory is what the process has resident. With names of
 * rows as arguments, only these are measured. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The names that main was given, with NULL behind them: set before the first row. */
static char **measure_wanted;

static inline bool measure_wants(const char *name) {
  for (char **at = measure_wanted; *at; at++)
    if (!strcmp(*at, name)) return true;
  return !*measure_wanted;
}

static inline double measure_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline double measure_resident(void) {
  long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2) abort();
  fclose(file);
  return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static inline int measure_compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static inline void measure_print(const char *name, const char *unit, double number) {
  printf("ROW\t%s\t%s\t%.3f\n", name, unit, number);
  fflush(stdout);
}

/* Times `loop(env, rounds)` nine times and prints the median of one round, when the row is wanted.
 */
static inline void measure(const char *name, const char *unit, long rounds,
                           void (*loop)(void *env, long rounds), void *env) {
  enum { TIMES = 9 };
  if (!measure_wants(name)) return;
  double taken[TIMES];
  double scale = *unit == 'n' ? 1e9 : *unit == 'u' ? 1e6 : 1e3;
  loop(env, rounds / 10 + 1);
  for (int i = 0; i < TIMES; i++) {
    double start = measure_now();
    loop(env, rounds);
    taken[i] = (measure_now() - start) / (double)rounds * scale;
  }
  qsort(taken, TIMES, sizeof *taken, measure_compare);
  measure_print(name, unit, taken[TIMES / 2]);
}

enum {
  CALLS = 300000,
  STRINGS = 60,
  STRING_LENGTH = 1 << 20,
  ARRAYS = 60,
  NUMBERS = 10000,
  CONTEXTS = 240,
  ISOLATES = 12,
  MANY_ISOLATES = 40,
  MANY_CONTEXTS = 150
};

#endif
