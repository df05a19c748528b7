/* Scalars in C memory: integers, floats and pointers of any size, and bit-fields wherever a
 * compiler may put them.
 *
 * Memory may be unaligned (packed structs), so every access is a memcpy. Nothing here checks ranges
 * of values to store; callers ask ist__int_range first. */
#include "internal.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "bit-fields and widened results assume little-endian");

ist__value ist__scalar_load(const ist__type *type, const void *from) {
  ist__value value = {.kind = IST__V_INT};
  switch (type->kind) {
  case IST__FLOAT:
    value.kind = IST__V_FLOAT;
    if (type->size == sizeof(float)) {
      float f;
      memcpy(&f, from, sizeof f);
      value.f = (double)f;
    } else {
      memcpy(&value.f, from, sizeof value.f);
    }
    return value;
  case IST__REF:
  case IST__STRING:
  case IST__CALLBACK:
  case IST__POINTER:
    value.kind = IST__V_POINTER;
    memcpy(&value.p, from, sizeof value.p);
    return value;
  case IST__BOOL: {
    unsigned char set = 0;
    for (size_t i = 0; i < type->size; i++) set |= ((const unsigned char *)from)[i];
    value.i = set != 0;
    return value;
  }
  case IST__INT:
  case IST__ENUM: {
    uint64_t raw = 0;
    memcpy(&raw, from, type->size);
    unsigned unused = 64 - 8 * (unsigned)type->size;
    if (type->is_signed)
      value.i = (int64_t)(raw << unused) >> unused;
    else
      value.i = raw;
    return value;
  }
  default: return value;
  }
}

void ist__scalar_store(const ist__type *type, void *to, ist__value value) {
  switch (type->kind) {
  case IST__FLOAT: {
    double number = value.kind == IST__V_INT ? (double)value.i : value.f;
    if (type->size == sizeof(float)) {
      float narrow = (float)number;
      memcpy(to, &narrow, sizeof narrow);
    } else {
      memcpy(to, &number, sizeof number);
    }
    return;
  }
  case IST__REF:
  case IST__STRING:
  case IST__CALLBACK:
  case IST__POINTER:
    /* Some interfaces give a number the type of a pointer: SQLITE_TRANSIENT is -1. */
    if (value.kind == IST__V_INT) value.p = (const void *)(intptr_t)value.i;
    memcpy(to, &value.p, sizeof value.p);
    return;
  case IST__BOOL:
  case IST__INT:
  case IST__ENUM: {
    uint64_t raw = type->kind == IST__BOOL ? value.i != 0 : (uint64_t)value.i;
    memcpy(to, &raw, type->size);
    return;
  }
  default: return;
  }
}

void ist__int_range(const ist__type *type, __int128 *min, __int128 *max) {
  if (type->kind == IST__BOOL) {
    *min = 0, *max = 1;
    return;
  }
  unsigned bits = 8 * (unsigned)type->size;
  if (type->is_signed) {
    *max = ((__int128)1 << (bits - 1)) - 1;
    *min = -*max - 1;
  } else {
    *max = ((__int128)1 << bits) - 1;
    *min = 0;
  }
}

/* A bit-field of up to 64 bits covers at most nine bytes. */
static size_t bits_span(const ist__field *field) {
  return (field->bit_offset % 8 + field->bit_width + 7) / 8;
}

uint64_t ist__bits_load(const ist__field *field, const void *base) {
  unsigned __int128 raw = 0;
  memcpy(&raw, (const unsigned char *)base + field->bit_offset / 8, bits_span(field));
  unsigned unused = 64 - field->bit_width;
  uint64_t value = (uint64_t)(raw >> (field->bit_offset % 8)) << unused;
  return field->type->is_signed ? (uint64_t)((int64_t)value >> unused) : value >> unused;
}

void ist__bits_store(const ist__field *field, void *base, uint64_t value) {
  unsigned char *at = (unsigned char *)base + field->bit_offset / 8;
  unsigned shift = field->bit_offset % 8;
  unsigned __int128 mask = ((((unsigned __int128)1) << field->bit_width) - 1) << shift;
  unsigned __int128 raw = 0;
  memcpy(&raw, at, bits_span(field));
  raw = (raw & ~mask) | (((unsigned __int128)value << shift) & mask);
  memcpy(at, &raw, bits_span(field));
}
