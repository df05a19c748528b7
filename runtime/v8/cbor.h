/* What writing and reading CBOR share: the tags of docs/cbor.md, how far a tree may go down, and
 * texts. */
#ifndef IST_V8_CBOR_H
#define IST_V8_CBOR_H

#include "internal.h"

enum ist__cbor_tag : uint64_t {
  IST_TAG_DATE_TEXT = 0,
  IST_TAG_DATE = 1,
  IST_TAG_BIG = 2,
  IST_TAG_BIG_NEGATIVE = 3,
  IST_TAG_STRING_REFERENCE = 25,
  IST_TAG_OBJECT = 27, /* [class, what it is made of...] */
  IST_TAG_SHARED = 28,
  IST_TAG_REFERENCE = 29,
  IST_TAG_HOLE = 31,
  IST_TAG_PATTERN = 35,
  IST_TAG_UINT8 = 64, /* typed arrays: from here to 87, by the bits of IST_ARRAY_* */
  IST_TAG_UINT8_CLAMPED = 68,
  IST_TAG_LAST_ARRAY = 87,
  IST_TAG_DAYS = 100,
  IST_TAG_SET = 258,
  IST_TAG_MAP = 259,
  IST_TAG_WTF8 = 273,
  IST_TAG_DAY_TEXT = 1004,
  IST_TAG_REGEXP = 21066,
  IST_TAG_VALUE = 21067 /* the index of a value in the caller's table */
};

/* The bits of a typed array's tag. */
enum { IST_ARRAY_FLOAT = 16, IST_ARRAY_SIGNED = 8, IST_ARRAY_LITTLE = 4, IST_ARRAY_SIZE = 3 };

struct ist__cbor_limits {
  uint32_t depth;
  size_t size;
  uint32_t references;   /* ored from IST_CBOR_* */
  ist_cbor_table *table; /* NULL: there is none */
};

/* False when the options are impossible. */
inline bool ist__cbor_limits_of(const ist_cbor_options *given, ist__cbor_limits *limits) {
  ist_cbor_options options = {};
  if (given) {
    if (given->size < sizeof given->size) return false;
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
  }
  limits->depth = options.max_depth ? options.max_depth : 1000;
  limits->size = options.max_size ? options.max_size : size_t{1} << 30;
  limits->references = options.references;
  limits->table = options.table;
  constexpr uint32_t known = IST_CBOR_INSTANCES | IST_CBOR_PROXIES | IST_CBOR_DEEPER;
  if (options.table)
    return options.table->size >= sizeof *options.table && !(options.references & ~known);
  return !options.references;
}

/* Whether the thread's stack has room for one level more, with what V8 needs above it. */
inline bool ist__cbor_stack_left() {
  constexpr uintptr_t reserve = 128 * 1024;
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) > ist__stack_limit() + reserve;
}

/* A growing array of ours; its items are moved as bytes. */
template <class T> struct ist__list {
  T *items = nullptr;
  size_t count = 0, capacity = 0;

  bool grow() {
    size_t wanted = capacity ? capacity * 2 : 64;
    T *grown = static_cast<T *>(ist__realloc(static_cast<void *>(items), wanted * sizeof(T)));
    if (!grown) return false;
    items = grown;
    capacity = wanted;
    return true;
  }
  /* NULL when memory is out. */
  T *add() {
    if (count == capacity && !grow()) return nullptr;
    return ::new (static_cast<void *>(&items[count++])) T();
  }
};

/* ---- Texts ---- */

enum ist__cbor_charset { IST_CBOR_ASCII, IST_CBOR_UTF8, IST_CBOR_MALFORMED };
ist__cbor_charset ist__cbor_check(const unsigned char *text, size_t length);

/* WTF-8 to UTF-16, of which there are at most `length` units; false when it is malformed. */
bool ist__cbor_wtf8(const unsigned char *text, size_t length, uint16_t *to, size_t *count);

/* The texts of tags 0 and 1004 as milliseconds since 1970. */
bool ist__cbor_date(const char *text, size_t length, double *milliseconds);
bool ist__cbor_day(const char *text, size_t length, double *milliseconds);

#endif
