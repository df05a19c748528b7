/* The texts that CBOR holds: UTF-8, checked as strictly as RFC 8949 asks; WTF-8, which JavaScript's
 * lone surrogates need; and dates. Knows neither V8 nor the rest of the tree. */
#include "cbor.h"

#include <math.h>

namespace {

/* One character of UTF-8, or with `wide` of WTF-8; 0 bytes when it is malformed. */
size_t decode(const unsigned char *at, size_t left, bool wide, uint32_t *code) {
  unsigned char first = at[0];
  size_t more = first < 0x80   ? 0
                : first < 0xC2 ? 4
                : first < 0xE0 ? 1
                : first < 0xF0 ? 2
                : first < 0xF5 ? 3
                               : 4;
  if (more == 4 || more >= left) return 0;
  uint32_t value = more ? first & (0x3Fu >> more) : first;
  for (size_t i = 1; i <= more; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0;
    value = value << 6 | (at[i] & 0x3Fu);
  }
  static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
  if (value < least[more] || value > 0x10FFFF) return 0;
  if (!wide && value >= 0xD800 && value <= 0xDFFF) return 0;
  *code = value;
  return more + 1;
}

/* Takes so many digits, in the range, and what follows them. */
bool digits(const char **at, const char *end, int count, int least, int most, const char *after,
            int *value) {
  *value = 0;
  for (int i = 0; i < count; i++, (*at)++) {
    if (*at == end || **at < '0' || **at > '9') return false;
    *value = *value * 10 + (**at - '0');
  }
  if (*value < least || *value > most) return false;
  if (!*after) return true;
  if (*at == end || !strchr(after, **at)) return false;
  (*at)++;
  return true;
}

/* Days since 1970 of a date of the Gregorian calendar. */
int64_t days_of(int year, int month, int day) {
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t of_era = y - era * 400;
  int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool take_day(const char **at, const char *end, const char *after, double *milliseconds) {
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year, month, day;
  if (!digits(at, end, 4, 0, 9999, "-", &year) || !digits(at, end, 2, 1, 12, "-", &month) ||
      !digits(at, end, 2, 1, 31, after, &day))
    return false;
  bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
  if (day > lengths[month - 1] + (month == 2 && leap)) return false;
  *milliseconds = static_cast<double>(days_of(year, month, day)) * 86400000;
  return true;
}

} // namespace

ist__cbor_charset ist__cbor_check(const unsigned char *text, size_t length) {
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t eight;
    memcpy(&eight, text + at, 8);
    if (eight & 0x8080808080808080) break;
  }
  while (at < length && text[at] < 0x80) at++;
  if (at == length) return IST_CBOR_ASCII;
  while (at < length) {
    uint32_t code;
    size_t size = decode(text + at, length - at, false, &code);
    if (!size) return IST_CBOR_MALFORMED;
    at += size;
  }
  return IST_CBOR_UTF8;
}

bool ist__cbor_wtf8(const unsigned char *text, size_t length, uint16_t *to, size_t *count) {
  size_t made = 0;
  for (size_t at = 0; at < length;) {
    uint32_t code;
    size_t size = decode(text + at, length - at, true, &code);
    if (!size) return false;
    if (code >= 0x10000) {
      to[made++] = static_cast<uint16_t>(0xD7C0 + (code >> 10));
      to[made++] = static_cast<uint16_t>(0xDC00 + (code & 0x3FF));
    } else {
      to[made++] = static_cast<uint16_t>(code);
    }
    at += size;
  }
  *count = made;
  return true;
}

bool ist__cbor_day(const char *text, size_t length, double *milliseconds) {
  const char *end = text + length;
  return take_day(&text, end, "", milliseconds) && text == end;
}

/* RFC 3339: 2013-03-21T20:04:00.5Z, or with +01:00. */
bool ist__cbor_date(const char *text, size_t length, double *milliseconds) {
  const char *end = text + length;
  int hour, minute, second, zone_hour = 0, zone_minute = 0;
  double day, fraction = 0, unit = 100;
  if (!take_day(&text, end, "Tt", &day) || !digits(&text, end, 2, 0, 23, ":", &hour) ||
      !digits(&text, end, 2, 0, 59, ":", &minute) || !digits(&text, end, 2, 0, 60, "", &second))
    return false;
  if (text < end && *text == '.') {
    const char *first = ++text;
    for (; text < end && *text >= '0' && *text <= '9'; text++, unit /= 10)
      fraction += (*text - '0') * unit;
    if (text == first) return false;
  }
  if (text == end) return false;
  char zone = *text++;
  int sign = zone == '-' ? -1 : 1;
  if (zone == '+' || zone == '-') {
    if (!digits(&text, end, 2, 0, 23, ":", &zone_hour) ||
        !digits(&text, end, 2, 0, 59, "", &zone_minute))
      return false;
  } else if (zone != 'Z' && zone != 'z') {
    return false;
  }
  int minutes = hour * 60 + minute - sign * (zone_hour * 60 + zone_minute);
  *milliseconds = day + minutes * 60000.0 + second * 1000.0 + floor(fraction + 1e-6);
  return text == end;
}
