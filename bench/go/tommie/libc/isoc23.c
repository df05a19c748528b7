/* The names that glibc has since 2.38, which the V8 of tommie/v8go refers to, for older ones: they
 * read numbers as C23 has them, and nothing that V8 reads is another number there. Weak, so that a
 * glibc that has them takes their place. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME(of) __attribute__((weak)) __isoc23_##of

long NAME(strtol)(const char *text, char **end, int base) {
  return strtol(text, end, base);
}

long long NAME(strtoll)(const char *text, char **end, int base) {
  return strtoll(text, end, base);
}

unsigned long NAME(strtoul)(const char *text, char **end, int base) {
  return strtoul(text, end, base);
}

unsigned long long NAME(strtoull)(const char *text, char **end, int base) {
  return strtoull(text, end, base);
}

int NAME(sscanf)(const char *text, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int count = vsscanf(text, format, values);
  va_end(values);
  return count;
}

int NAME(fscanf)(FILE *file, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int count = vfscanf(file, format, values);
  va_end(values);
  return count;
}
