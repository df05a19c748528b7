/* What the writer of CBOR puts behind what was written: heads, numbers, strings, BigInts and names,
 * each in its shortest form; and the text for what has no form, which names the place. Nothing of
 * the program's is run here. */
#include "cbor_write.h"

#include <cbor.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

bool ist__cbor_writer::fail(ist_status why, const char *text) {
  if (!status) {
    status = why;
    snprintf(message, sizeof message, "%s", text);
  }
  return false;
}

/* ---- Naming places ---- */

namespace {

struct path_text {
  char text[ist__cbor_writer::LONGEST_MESSAGE];
  size_t length;

  __attribute__((format(printf, 2, 3))) void add(const char *format, ...) {
    va_list args;
    va_start(args, format);
    int added = vsnprintf(text + length, sizeof text - length, format, args);
    va_end(args);
    if (added > 0) length += static_cast<size_t>(added);
    if (length >= sizeof text) length = sizeof text - 1;
  }
};

bool is_word(const char *text) {
  if (*text >= '0' && *text <= '9') return false;
  for (; *text; text++)
    if (*text != '_' && *text != '$' && !(*text >= '0' && *text <= '9') &&
        !((*text | 32) >= 'a' && (*text | 32) <= 'z'))
      return false;
  return true;
}

void add_place(v8::Isolate *isolate, path_text *to, const ist__cbor_writer::place *at) {
  if (!at->key.IsEmpty() && at->key->IsString()) {
    char name[64] = "";
    size_t length =
        ist__compat::write_utf8(isolate, at->key.As<v8::String>(), name, sizeof name - 1);
    name[length] = '\0';
    if (length && is_word(name))
      to->add(".%s", name);
    else
      to->add("[\"%s\"]", name);
  } else if (!at->kind) {
    to->add("[%llu]", static_cast<unsigned long long>(at->index));
  } else if (*at->kind == '.') {
    to->add("%s", at->kind);
  } else {
    to->add("<%s %llu>", at->kind, static_cast<unsigned long long>(at->index));
  }
}

} // namespace

/* "$.a[3].f: a function has no CBOR form". Of a deep place the inner end is told. */
bool ist__cbor_writer::refuse(const place *at, const char *what) {
  enum { TOLD = 16 };
  const place *told[TOLD];
  int count = 0;
  for (; at && at->up && count < TOLD; at = at->up) told[count++] = at;
  path_text path;
  path.length = 0;
  path.add(at && at->up ? "$..." : "$");
  while (count && path.length < sizeof path.text / 2) add_place(isolate_, &path, told[--count]);
  path.add(": %s no CBOR form", what);
  return fail(IST_ERR_TYPE, path.text);
}

/* ---- Bytes ---- */

/* Room for more bytes, which the caller counts; NULL when there is none. */
unsigned char *ist__cbor_writer::room(size_t count) {
  if (limits_.size - length_ < count) {
    fail(IST_ERR_LIMIT, "the CBOR is larger than max_size");
    return nullptr;
  }
  if (capacity_ - length_ < count) {
    size_t wanted = capacity_ * 2 > 256 ? capacity_ * 2 : 256;
    if (wanted - length_ < count) wanted = length_ + count;
    unsigned char *grown = static_cast<unsigned char *>(ist__realloc(out_, wanted));
    if (!grown) {
      fail(IST_ERR_MEMORY, ist_status_text(IST_ERR_MEMORY));
      return nullptr;
    }
    out_ = grown;
    capacity_ = wanted;
  }
  return out_ + length_;
}

bool ist__cbor_writer::head(size_t (*encode)(size_t, unsigned char *, size_t), size_t number) {
  /* Near the limit a shorter head may fit where the longest does not. */
  unsigned char made[LONGEST_HEAD];
  size_t size = encode(number, made, sizeof made);
  unsigned char *to = room(size);
  if (!to) return false;
  memcpy(to, made, size);
  length_ += size;
  return true;
}

bool ist__cbor_writer::tag(uint64_t number) {
  return head(cbor_encode_tag, number);
}

bool ist__cbor_writer::bytes(const void *data, size_t length) {
  unsigned char *to = room(length);
  if (!to) return false;
  if (length) memcpy(to, data, length);
  length_ += length;
  return true;
}

bool ist__cbor_writer::text(const char *chars) {
  size_t length = strlen(chars);
  return head(cbor_encode_string_start, length) && bytes(chars, length);
}

namespace {

/* A single as the half of the same value, if there is one: its last 13 bits are zero, or more when
 * it has no hidden bit as a half. (libcbor's own encoder gets these wrong.) */
bool to_half(float value, unsigned char *to) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  int exponent = static_cast<int>(bits >> 23 & 0xFF) - 127;
  uint32_t fraction = bits & 0x7FFFFF, half = 0;
  if (exponent == 128) {
    half = 0x7C00; /* not a number is written elsewhere */
  } else if (exponent >= -14 && exponent <= 15) {
    if (fraction & 0x1FFF) return false;
    half = static_cast<uint32_t>(exponent + 15) << 10 | fraction >> 13;
  } else if (bits << 1) {
    if (exponent > 15 || exponent < -24) return false;
    int lost = 13 + (-14 - exponent);
    if (fraction & ((1u << lost) - 1)) return false;
    half = (fraction | 0x800000) >> lost;
  }
  half |= bits >> 16 & 0x8000;
  to[0] = 0xF9;
  to[1] = static_cast<unsigned char>(half >> 8);
  to[2] = static_cast<unsigned char>(half);
  return true;
}

} // namespace

bool ist__cbor_writer::number(double value) {
  unsigned char made[LONGEST_HEAD];
  size_t size;
  constexpr double safe = 9007199254740991;
  bool whole = value >= -safe && value <= safe && value == trunc(value);
  if (whole && !(value == 0 && signbit(value))) {
    size = value >= 0 ? cbor_encode_uint(static_cast<uint64_t>(value), made, sizeof made)
                      : cbor_encode_negint(static_cast<uint64_t>(-value) - 1, made, sizeof made);
  } else if (isnan(value)) {
    static const unsigned char nan_half[] = {0xF9, 0x7E, 0x00};
    return bytes(nan_half, sizeof nan_half);
  } else if (isinf(value) || (fabs(value) <= 3.4028234663852886e38 &&
                              static_cast<double>(static_cast<float>(value)) == value)) {
    float single = static_cast<float>(value);
    size = to_half(single, made) ? 3 : cbor_encode_single(single, made, sizeof made);
  } else {
    size = cbor_encode_double(value, made, sizeof made);
  }
  return bytes(made, size);
}

/* ---- Strings and BigInts ---- */

namespace {

/* How long UTF-16 is as UTF-8, a lone surrogate counting three; whether there is one. */
size_t utf8_size(const uint16_t *units, size_t count, bool *lone) {
  size_t size = 0;
  *lone = false;
  for (size_t i = 0; i < count; i++) {
    uint16_t unit = units[i];
    if ((unit & 0xF800) == 0xD800) {
      if ((unit & 0xFC00) == 0xD800 && i + 1 < count && (units[i + 1] & 0xFC00) == 0xDC00) {
        size += 4;
        i++;
        continue;
      }
      *lone = true;
    }
    size += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
  }
  return size;
}

void to_utf8(const uint16_t *units, size_t count, unsigned char *to) {
  for (size_t i = 0; i < count; i++) {
    uint32_t code = units[i];
    if ((code & 0xFC00) == 0xD800 && i + 1 < count && (units[i + 1] & 0xFC00) == 0xDC00)
      code = 0x10000 + ((code & 0x3FF) << 10) + (units[++i] & 0x3FF);
    if (code < 0x80) {
      *to++ = static_cast<unsigned char>(code);
    } else if (code < 0x800) {
      *to++ = static_cast<unsigned char>(0xC0 | code >> 6);
      *to++ = static_cast<unsigned char>(0x80 | (code & 0x3F));
    } else {
      if (code >= 0x10000) {
        *to++ = static_cast<unsigned char>(0xF0 | code >> 18);
        *to++ = static_cast<unsigned char>(0x80 | (code >> 12 & 0x3F));
      } else {
        *to++ = static_cast<unsigned char>(0xE0 | code >> 12);
      }
      *to++ = static_cast<unsigned char>(0x80 | (code >> 6 & 0x3F));
      *to++ = static_cast<unsigned char>(0x80 | (code & 0x3F));
    }
  }
}

} // namespace

bool ist__cbor_writer::string(v8::Local<v8::String> value) {
  size_t length = static_cast<size_t>(value->Length());
  uint32_t units = static_cast<uint32_t>(length);
  if (value->IsOneByte()) {
    /* The characters are put where they end up when all are ASCII. */
    unsigned char first[LONGEST_HEAD];
    size_t skip = cbor_encode_string_start(length, first, sizeof first);
    unsigned char *to = room(skip + length);
    if (!to) return false;
    ist__compat::write_one_byte(isolate_, value, to + skip, 0, units);
    size_t high = 0;
    for (size_t i = 0; i < length; i++) high += to[skip + i] >> 7;
    if (!high) {
      memcpy(to, first, skip);
      length_ += skip + length;
      return true;
    }
    size_t made = cbor_encode_string_start(length + high, first, sizeof first);
    to = room(made + length + high);
    if (!to) return false;
    memmove(to + made + high, to + skip, length);
    memcpy(to, first, made);
    unsigned char *end = to + made + length + high;
    const unsigned char *from = to + made + high;
    for (to += made; from < end; from++) {
      unsigned char code = *from;
      if (code < 0x80) {
        *to++ = code;
      } else {
        *to++ = static_cast<unsigned char>(0xC0 | code >> 6);
        *to++ = static_cast<unsigned char>(0x80 | (code & 0x3F));
      }
    }
    length_ += made + length + high;
    return true;
  }
  uint16_t fixed[256];
  uint16_t *copy = fixed;
  if (length > sizeof fixed / sizeof *fixed)
    copy = static_cast<uint16_t *>(ist__malloc(length * sizeof *copy));
  if (!copy) return fail(IST_ERR_MEMORY, ist_status_text(IST_ERR_MEMORY));
  ist__compat::write_two_byte(isolate_, value, copy, 0, units);
  bool lone;
  size_t size = utf8_size(copy, length, &lone);
  bool done = lone ? tag(IST_TAG_WTF8) && head(cbor_encode_bytestring_start, size)
                   : head(cbor_encode_string_start, size);
  unsigned char *to = done ? room(size) : nullptr;
  if (to) {
    to_utf8(copy, length, to);
    length_ += size;
  }
  if (copy != fixed) ist__free(copy);
  return to != nullptr;
}

bool ist__cbor_writer::bigint(v8::Local<v8::BigInt> value) {
  uint64_t fixed[16];
  uint64_t *words = fixed;
  int count = value->WordCount(), negative = 0;
  if (count > 16)
    words = static_cast<uint64_t *>(ist__malloc(static_cast<size_t>(count) * sizeof *words));
  if (!words) return fail(IST_ERR_MEMORY, ist_status_text(IST_ERR_MEMORY));
  value->ToWordsArray(&negative, &count, words);
  /* A negative number is -1 - n. */
  for (int i = 0; negative && i < count; i++)
    if (words[i]--) break;
  size_t size = static_cast<size_t>(count) * 8;
  while (size && !(words[(size - 1) / 8] >> ((size - 1) % 8 * 8) & 0xFF)) size--;
  bool done = tag(negative ? IST_TAG_BIG_NEGATIVE : IST_TAG_BIG) &&
              head(cbor_encode_bytestring_start, size);
  unsigned char *to = done ? room(size) : nullptr;
  if (to) {
    for (size_t i = size; i-- > 0;) *to++ = static_cast<unsigned char>(words[i / 8] >> (i % 8 * 8));
    length_ += size;
  }
  if (words != fixed) ist__free(words);
  return to != nullptr;
}

/* A property's name as a text. Objects of one shape share their names, so that these are mostly
 * copies of what was written before. */
bool ist__cbor_writer::key(v8::Local<v8::Value> name) {
  if (!name->IsString()) {
    char digits[32];
    snprintf(digits, sizeof digits, "%.0f", name.As<v8::Number>()->Value());
    return text(digits);
  }
  known *slot = &keys_[static_cast<uint32_t>(name.As<v8::Name>()->GetIdentityHash()) % KEY_SLOTS];
  if (slot->name == name) {
    if (!room(slot->length)) return false;
    memcpy(out_ + length_, out_ + slot->at, slot->length);
    length_ += slot->length;
    return true;
  }
  size_t start = length_;
  if (!string(name.As<v8::String>())) return false;
  slot->name.Reset(isolate_, name);
  slot->at = start;
  slot->length = length_ - start;
  return true;
}
