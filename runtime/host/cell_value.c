/* Whether bytes that a cell calls a value are one: JSON text, or a CBOR item. Whoever takes an
 * outcome may then print it in a line of its own, or hand it to a decoder that expects no malice.
 * Nothing here recurses. */
#include "cell_wire.h"

#include <string.h>

#include "../ffi/alloc.h"

/* ---- UTF-8 ---- */

bool ist__wire_is_utf8(const uint8_t *at, size_t length) {
  const uint8_t *end = at + length;
  while (at < end) {
    uint64_t eight;
    if (end - at >= 8 && (memcpy(&eight, at, 8), !(eight & 0x8080808080808080u))) {
      at += 8;
      continue;
    }
    uint8_t first = *at++;
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    int more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (end - at < more) return false;
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (*at < low || *at > high) return false;
    for (at++; --more; at++)
      if ((*at & 0xc0) != 0x80) return false;
  }
  return true;
}

/* ---- JSON ---- */

/* Whether each open bracket is an object's, as bits. */
typedef struct nest {
  uint8_t few[64], *bits;
  size_t depth, room;
} nest;

static bool nest_push(nest *nest, bool object) {
  if (nest->depth == nest->room) {
    bool own = nest->bits != nest->few;
    uint8_t *grown = ist__realloc(own ? nest->bits : NULL, nest->room / 4);
    if (!grown) return false;
    if (!own) memcpy(grown, nest->few, sizeof nest->few);
    nest->bits = grown;
    nest->room *= 2;
  }
  uint8_t bit = (uint8_t)(1u << (nest->depth & 7)), *place = &nest->bits[nest->depth >> 3];
  *place = (uint8_t)(object ? *place | bit : *place & ~bit);
  nest->depth++;
  return true;
}

static bool nest_in_object(const nest *nest) {
  size_t last = nest->depth - 1;
  return nest->bits[last >> 3] >> (last & 7) & 1;
}

/* Behind the closing quote of the string whose opening one was read, or NULL. */
static const uint8_t *json_string(const uint8_t *at, const uint8_t *end) {
  while (at < end) {
    uint8_t byte = *at++;
    if (byte == '"') return at;
    if (byte < 0x20) return NULL;
    if (byte != '\\') continue;
    if (at == end) return NULL;
    byte = *at++;
    if (byte == 'u') {
      if (end - at < 4) return NULL;
      for (int i = 0; i < 4; i++, at++) {
        uint8_t digit = *at | 0x20;
        if (!((*at >= '0' && *at <= '9') || (digit >= 'a' && digit <= 'f'))) return NULL;
      }
    } else if (!memchr("\"\\/bfnrt", byte, 8)) {
      return NULL;
    }
  }
  return NULL;
}

static const uint8_t *digits(const uint8_t *at, const uint8_t *end) {
  const uint8_t *start = at;
  while (at < end && *at >= '0' && *at <= '9') at++;
  return at == start ? NULL : at;
}

static const uint8_t *json_number(const uint8_t *at, const uint8_t *end) {
  if (*at == '-') at++;
  if (at == end) return NULL;
  if (*at == '0')
    at++;
  else if (!(at = digits(at, end)))
    return NULL;
  if (at < end && *at == '.' && !(at = digits(at + 1, end))) return NULL;
  if (at < end && (*at | 0x20) == 'e') {
    at++;
    if (at < end && (*at == '+' || *at == '-')) at++;
    at = digits(at, end);
  }
  return at;
}

static const uint8_t *word(const uint8_t *at, const uint8_t *end, const char *expected) {
  size_t length = strlen(expected);
  return (size_t)(end - at) >= length && !memcmp(at, expected, length) ? at + length : NULL;
}

/* As JSON.stringify writes it: with no white space between. */
static bool is_json(const uint8_t *at, const uint8_t *end, nest *nest) {
  for (;;) {
    /* A value begins here. */
    if (at == end) return false;
    bool opened = false;
    switch (*at) {
    case '{':
    case '[':
      opened = true;
      if (!nest_push(nest, *at++ == '{')) return false;
      break;
    case '"': at = json_string(at + 1, end); break;
    case 't': at = word(at, end, "true"); break;
    case 'f': at = word(at, end, "false"); break;
    case 'n': at = word(at, end, "null"); break;
    default: at = *at == '-' || (*at >= '0' && *at <= '9') ? json_number(at, end) : NULL;
    }
    if (!at) return false;
    /* Now an end of what is open, or what comes before the next value. */
    for (;;) {
      if (!nest->depth) return at == end;
      if (at == end) return false;
      bool object = nest_in_object(nest);
      if (*at == (object ? '}' : ']')) {
        at++;
        nest->depth--;
        opened = false;
        continue;
      }
      if (!opened && *at++ != ',') return false;
      if (!object) break;
      if (at == end || *at != '"' || !(at = json_string(at + 1, end)) || at == end || *at++ != ':')
        return false;
      break;
    }
  }
}

/* ---- CBOR ---- */

/* Deeper than ist_cbor_write goes, tags included. */
enum { MOST_ITEMS = 8192 };

static bool is_cbor(const uint8_t *at, const uint8_t *end) {
  uint64_t *left = ist__malloc(MOST_ITEMS * sizeof *left); /* items to come, at each level */
  if (!left) return false;
  size_t depth = 0;
  left[0] = 1;
  bool good = false;
  for (;;) {
    while (!left[depth] && depth) depth--;
    if (!left[depth]) {
      good = at == end;
      break;
    }
    left[depth]--;
    if (at == end) break;
    uint8_t major = *at >> 5, minor = *at & 31;
    at++;
    /* Items of unknown length are never written. */
    if (minor > 27) break;
    uint64_t number = minor;
    if (minor > 23) {
      int size = 1 << (minor - 24);
      if (end - at < size) break;
      for (number = 0; size; size--) number = number << 8 | *at++;
    }
    if (major == 2 || major == 3) {
      if (number > (uint64_t)(end - at)) break;
      at += number;
    } else if (major == 4 || major == 5) {
      /* Each takes a byte at least. */
      if (number > (uint64_t)(end - at) || depth + 1 == MOST_ITEMS) break;
      left[++depth] = major == 5 ? number * 2 : number;
    } else if (major == 6) {
      if (depth + 1 == MOST_ITEMS) break;
      left[++depth] = 1;
    } else if (major == 7 && minor == 24 && number < 32) {
      break;
    }
  }
  ist__free(left);
  return good;
}

bool ist__wire_is_value(const uint8_t *bytes, size_t length, ist_format format) {
  if (format == IST_FORMAT_CBOR) return is_cbor(bytes, bytes + length);
  if (!ist__wire_is_utf8(bytes, length)) return false;
  nest open = {.room = sizeof open.few * 8};
  open.bits = open.few;
  bool good = is_json(bytes, bytes + length, &open);
  if (open.bits != open.few) ist__free(open.bits);
  return good;
}
