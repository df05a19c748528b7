/* Text between its encodings. Pure functions over bytes that the caller owns: nothing is allocated
 * and V8 is not asked. Malformed input gives U+FFFD, never a read or write beyond the bounds. */
#include "value.h"

bool ist__is_ascii(const uint8_t *text, size_t length) {
  /* Blocks of a fixed size are or-ed without a branch, which compilers turn into vectors. */
  enum { BLOCK = 256 };
  size_t at = 0;
  for (; length - at >= BLOCK; at += BLOCK) {
    uint8_t all = 0;
    for (size_t i = 0; i < BLOCK; i++) all |= text[at + i];
    if (all & 0x80) return false;
  }
  uint8_t all = 0;
  for (; at < length; at++) all |= text[at];
  return !(all & 0x80);
}

size_t ist__count_high(const uint8_t *text, size_t length) {
  size_t count = 0;
  for (size_t i = 0; i < length; i++) count += text[i] >> 7;
  return count;
}

bool ist__has_surrogate(const uint8_t *text, size_t length) {
  const uint8_t *end = text + length;
  for (const uint8_t *at = text; end - at >= 3; at++) {
    at = static_cast<const uint8_t *>(memchr(at, 0xed, static_cast<size_t>(end - at - 2)));
    if (!at) return false;
    if (at[1] >= 0xa0) return true;
  }
  return false;
}

size_t ist__utf8_decode(const uint8_t *text, size_t length, bool keep, uint16_t *to) {
  size_t units = 0;
  for (size_t at = 0; at < length;) {
    uint8_t lead = text[at++];
    uint32_t point = lead;
    if (lead >= 0x80) {
      /* The bounds of the second byte rule out overlong forms, surrogates and what is beyond
       * U+10FFFF; a byte that does not fit is read again as a lead. */
      uint8_t low = 0x80, high = 0xbf;
      int more = 0;
      if (lead >= 0xc2 && lead <= 0xdf) {
        more = 1;
        point = lead & 0x1f;
      } else if (lead >= 0xe0 && lead <= 0xef) {
        more = 2;
        point = lead & 0x0f;
        if (lead == 0xe0) low = 0xa0;
        if (lead == 0xed && !keep) high = 0x9f;
      } else if (lead >= 0xf0 && lead <= 0xf4) {
        more = 3;
        point = lead & 0x07;
        if (lead == 0xf0) low = 0x90;
        if (lead == 0xf4) high = 0x8f;
      }
      if (!more) point = 0xfffd;
      for (; more; more--, low = 0x80, high = 0xbf) {
        if (at == length || text[at] < low || text[at] > high) {
          /* A surrogate that was cut short is malformed from its second byte on. */
          if (keep && lead == 0xed && more == 1 && point >= 0x360) {
            if (to) to[units] = 0xfffd;
            units++;
          }
          point = 0xfffd;
          break;
        }
        point = point << 6 | (text[at++] & 0x3f);
      }
    }
    if (point > 0xffff) {
      if (to) {
        to[units] = static_cast<uint16_t>(0xd7c0 + (point >> 10));
        to[units + 1] = static_cast<uint16_t>(0xdc00 | (point & 0x3ff));
      }
      units += 2;
    } else {
      if (to) to[units] = static_cast<uint16_t>(point);
      units++;
    }
  }
  return units;
}

void ist__utf8_encoder::put(uint32_t point) {
  uint8_t bytes[4];
  size_t count;
  if (point < 0x80) {
    bytes[0] = static_cast<uint8_t>(point);
    count = 1;
  } else if (point < 0x800) {
    bytes[0] = static_cast<uint8_t>(0xc0 | point >> 6);
    bytes[1] = static_cast<uint8_t>(0x80 | (point & 0x3f));
    count = 2;
  } else if (point < 0x10000) {
    bytes[0] = static_cast<uint8_t>(0xe0 | point >> 12);
    bytes[1] = static_cast<uint8_t>(0x80 | (point >> 6 & 0x3f));
    bytes[2] = static_cast<uint8_t>(0x80 | (point & 0x3f));
    count = 3;
  } else {
    bytes[0] = static_cast<uint8_t>(0xf0 | point >> 18);
    bytes[1] = static_cast<uint8_t>(0x80 | (point >> 12 & 0x3f));
    bytes[2] = static_cast<uint8_t>(0x80 | (point >> 6 & 0x3f));
    bytes[3] = static_cast<uint8_t>(0x80 | (point & 0x3f));
    count = 4;
  }
  length += count;
  if (static_cast<size_t>(limit - to) < count) {
    limit = to;
    return;
  }
  memcpy(to, bytes, count);
  to += count;
}

void ist__utf8_encoder::feed(const uint16_t *units, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint16_t unit = units[i];
    if (high) {
      uint16_t first = high;
      high = 0;
      if ((unit & 0xfc00) == 0xdc00) {
        put(0x10000 + (static_cast<uint32_t>(first & 0x3ff) << 10 | (unit & 0x3ff)));
        continue;
      }
      put(keep ? first : 0xfffd);
    }
    if (unit < 0x80 && to < limit) {
      *to++ = static_cast<uint8_t>(unit);
      length++;
    } else if ((unit & 0xfc00) == 0xd800) {
      high = unit;
    } else {
      put((unit & 0xfc00) == 0xdc00 && !keep ? 0xfffd : unit);
    }
  }
}

void ist__utf8_encoder::end() {
  if (high) put(keep ? high : 0xfffd);
  high = 0;
}

void ist__latin1_widen(uint8_t *text, size_t length, size_t high) {
  uint8_t *to = text + length + high;
  /* From the end, until what is before has its place already. */
  for (const uint8_t *from = text + length; to != from;) {
    uint8_t byte = *--from;
    if (byte < 0x80) {
      *--to = byte;
    } else {
      *--to = static_cast<uint8_t>(0x80 | (byte & 0x3f));
      *--to = static_cast<uint8_t>(0xc0 | byte >> 6);
    }
  }
}
