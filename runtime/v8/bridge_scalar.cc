/* From JavaScript to C: numbers, booleans, enums and text. A value that a type cannot hold is
 * refused, never rounded or cut. Nothing here runs user code. */
#include "bridge_internal.h"

#include <math.h>
#include <stdio.h>

using v8::Isolate;
using v8::Local;
using v8::String;
using v8::Value;

static const double safe_integer = 9007199254740991.0;

static bool no_memory(const ist__site &site) {
  return ist__throw(site, IST_RANGE_ERROR, "out of memory");
}

/* ---- scalars ---- */

static bool fits(const ist__type *type, int64_t value) {
  if (type->is_signed) {
    if (type->size == 8) return true;
    int64_t bound = static_cast<int64_t>(1) << (8 * type->size - 1);
    return value >= -bound && value < bound;
  }
  if (value < 0) return false;
  return type->size == 8 || value < static_cast<int64_t>(1) << (8 * type->size);
}

static bool enum_has(const ist__type *type, int64_t value) {
  if (type->open) return true;
  if (type->flags) {
    int64_t all = 0;
    for (size_t i = 0; i < type->value_count; i++) all |= type->values[i].value;
    return (value & ~all) == 0;
  }
  for (size_t i = 0; i < type->value_count; i++) {
    if (type->values[i].value == value) return true;
  }
  return false;
}

/* The bits of an integral value that the type holds; for unsigned 64-bit types their pattern. */
static bool integer_of(const ist__site &site, const ist__type *type, Local<Value> value,
                       int64_t *out) {
  if (value->IsInt32()) {
    *out = value.As<v8::Int32>()->Value();
    if (fits(type, *out)) return true;
    return ist__throw_type(site, IST_RANGE_ERROR, type, false, value);
  }
  if (value->IsNumber()) {
    double number = value.As<v8::Number>()->Value();
    if (!(fabs(number) <= safe_integer) || number != trunc(number)) {
      return ist__throw_type(site, IST_RANGE_ERROR, type, false, value);
    }
    *out = static_cast<int64_t>(number);
    if (fits(type, *out)) return true;
    return ist__throw_type(site, IST_RANGE_ERROR, type, false, value);
  }
  if (value->IsBigInt() && type->bigint) {
    bool lossless = false;
    if (type->is_signed) {
      *out = value.As<v8::BigInt>()->Int64Value(&lossless);
    } else {
      *out = static_cast<int64_t>(value.As<v8::BigInt>()->Uint64Value(&lossless));
    }
    if (lossless && (type->size == 8 || fits(type, *out))) return true;
    return ist__throw_type(site, IST_RANGE_ERROR, type, false, value);
  }
  return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
}

bool ist__lower_scalar(const ist__site &site, const ist__type *type, Local<Value> value, void *to) {
  switch (type->kind) {
  case IST__INT:
  case IST__ENUM: {
    int64_t bits;
    if (!integer_of(site, type, value, &bits)) return false;
    if (type->kind == IST__ENUM && !enum_has(type, bits)) {
      return ist__throw_type(site, IST_RANGE_ERROR, type, false, value);
    }
    memcpy(to, &bits, type->size);
    return true;
  }
  case IST__BOOL: {
    if (!value->IsBoolean()) return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
    uint64_t bits = value->IsTrue();
    memcpy(to, &bits, type->size);
    return true;
  }
  case IST__FLOAT: {
    if (!value->IsNumber()) return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
    double number = value.As<v8::Number>()->Value();
    if (type->size == 8) {
      memcpy(to, &number, 8);
      return true;
    }
    auto rounded = static_cast<float>(number);
    if (isinf(rounded) && !isinf(number)) {
      return ist__throw_expected(site, IST_RANGE_ERROR, "a number that a float can hold", value);
    }
    memcpy(to, &rounded, 4);
    return true;
  }
  default: return ist__throw(site, IST_TYPE_ERROR, "cannot be set from JavaScript");
  }
}

bool ist__lower_bits(const ist__site &site, const ist__field *field, Local<Value> value,
                     uint8_t *to) {
  const ist__type *type = field->type;
  int64_t bits = 0;
  if (type->kind == IST__BOOL) {
    if (!value->IsBoolean()) return ist__throw_type(site, IST_TYPE_ERROR, type, false, value);
    bits = value->IsTrue();
  } else {
    if (!integer_of(site, type, value, &bits)) return false;
    if (type->kind == IST__ENUM && !enum_has(type, bits)) {
      return ist__throw_type(site, IST_RANGE_ERROR, type, false, value);
    }
    uint32_t width = field->bit_width;
    if (width < 64) {
      int64_t min = type->is_signed ? -(static_cast<int64_t>(1) << (width - 1)) : 0;
      int64_t max = type->is_signed ? (static_cast<int64_t>(1) << (width - 1)) - 1
                                    : static_cast<int64_t>((static_cast<uint64_t>(1) << width) - 1);
      if (bits < min || bits > max) {
        char expected[96];
        snprintf(expected, sizeof expected, "an integer from %lld to %lld",
                 static_cast<long long>(min), static_cast<long long>(max));
        return ist__throw_expected(site, IST_RANGE_ERROR, expected, value);
      }
    }
  }
  ist__bits_store(field, to, static_cast<uint64_t>(bits));
  return true;
}

/* ---- text ---- */

bool ist__lower_text(ist__call *call, const ist__site &site, ist__encoding encoding,
                     Local<String> string, bool counted, uint8_t **data, size_t *units) {
  Isolate *isolate = site.bridge->isolate;
  ist__scratch &arena = call->arena;
  auto length = static_cast<size_t>(string->Length());
  uint8_t *to;
  if (encoding == IST__UTF16) {
    to = static_cast<uint8_t *>(arena.take((length + 1) * 2));
    if (!to) return no_memory(site);
    auto *wide = reinterpret_cast<uint16_t *>(to);
    ist__compat::write_two_byte(isolate, string, wide, 0, static_cast<uint32_t>(length));
    wide[length] = 0;
    for (size_t i = 0; !counted && i < length; i++) {
      if (!wide[i])
        return ist__throw(site, IST_TYPE_ERROR, "expected a string without NUL characters");
    }
    *data = to;
    *units = length;
    return true;
  }
  if (encoding == IST__LATIN1) {
    if (!string->ContainsOnlyOneByte()) {
      return ist__throw_expected(site, IST_RANGE_ERROR, "a string of Latin-1 characters", string);
    }
    to = static_cast<uint8_t *>(arena.take(length + 1));
    if (!to) return no_memory(site);
    ist__compat::write_one_byte(isolate, string, to, 0, static_cast<uint32_t>(length));
  } else if (length * 3 + 1 <= arena.left()) {
    to = reinterpret_cast<uint8_t *>(arena.at);
    length = ist__compat::write_utf8(isolate, string, arena.at, length * 3);
    arena.take(length + 1);
  } else {
    length = ist__compat::utf8_length(isolate, string);
    to = static_cast<uint8_t *>(arena.take(length + 1));
    if (!to) return no_memory(site);
    length = ist__compat::write_utf8(isolate, string, reinterpret_cast<char *>(to), length);
  }
  to[length] = 0;
  if (!counted && memchr(to, 0, length)) {
    return ist__throw(site, IST_TYPE_ERROR, "expected a string without NUL characters");
  }
  *data = to;
  *units = length;
  return true;
}
