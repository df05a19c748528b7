/* Times and sizes as the command line takes them: a number, with a fraction or not, and a unit. */
#include "cli.h"

#include <string.h>

/* A decimal number of `length` bytes times `unit`. False for what is none, or what 64 bits do not
 * hold. Six digits of a fraction count. */
static bool scaled(const char *text, size_t length, uint64_t unit, uint64_t *result) {
  uint64_t whole = 0, part = 0, parts = 1;
  size_t at = 0, digits = 0;
  for (; at < length && text[at] != '.'; at++, digits++)
    if (__builtin_mul_overflow(whole, 10, &whole) ||
        __builtin_add_overflow(whole, (uint64_t)(text[at] - '0'), &whole))
      return false;
  for (at++; at < length && text[at] != '.'; at++, digits++) {
    if (parts == 1000000) continue;
    parts *= 10;
    part = part * 10 + (uint64_t)(text[at] - '0');
  }
  /* The largest unit is below 2^42, and so the product below 2^62. */
  return digits && at >= length && !__builtin_mul_overflow(whole, unit, &whole) &&
         !__builtin_add_overflow(whole, part * unit / parts, result);
}

/* Where the unit of a number begins. */
static size_t number_length(const char *text) {
  return strspn(text, "0123456789.");
}

bool parse_duration(const char *text, uint64_t *nanoseconds) {
  static const struct {
    const char *name;
    uint64_t nanoseconds;
  } units[] = {{"ns", 1},         {"us", 1000},       {"µs", 1000},        {"ms", 1000000},
               {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
  size_t length = number_length(text);
  if (!strcmp(text, "0")) return *nanoseconds = 0, true;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (!strcmp(text + length, units[i].name))
      return scaled(text, length, units[i].nanoseconds, nanoseconds);
  return false;
}

bool parse_size(const char *text, size_t *bytes) {
  size_t length = number_length(text);
  const char *unit = text + length;
  uint64_t scale = 1, result;
  if (*unit) {
    static const char letters[] = "kmgt";
    const char *letter = strchr(letters, *unit | 0x20);
    if (!letter || (unit[1] && strcmp(unit + 1, "B") && strcmp(unit + 1, "iB"))) return false;
    scale <<= 10 * (letter - letters + 1);
  } else if (memchr(text, '.', length)) {
    return false;
  }
  if (!scaled(text, length, scale, &result) || result > SIZE_MAX) return false;
  *bytes = (size_t)result;
  return true;
}
