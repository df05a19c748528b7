/* A JavaScript value and all it refers to as CBOR. Getters and proxies run, each property once and
 * in the order of JSON.stringify; nothing that they do changes a length that was already written.
 * What is met again becomes a reference: the marks of shared values are put between the bytes at
 * the end, when it is known which values need one. The depth is bounded by the caller's limit and
 * by the thread's stack, the size by the caller's limit. */
#include "cbor.h"

#include <cbor.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

namespace {

/* Whole items. */
enum : unsigned char { FALSE = 0xF4, TRUE = 0xF5, NONE = 0xF6, UNDEFINED = 0xF7 };

enum { KEY_SLOTS = 64, LONGEST_MESSAGE = 400, DENSE = 1 << 16, LONGEST_HEAD = 9 };

/* Where in the tree the writer is; `key` is a name, `index` counts otherwise. */
struct place {
  const place *up;
  const char *kind; /* nullptr: a property; else what `index` counts, such as "key" */
  v8::Local<v8::Value> key;
  uint64_t index;
};

/* An object that was written, in a table by identity. */
struct met {
  v8::Global<v8::Object> object;
  size_t at;      /* where its bytes begin */
  uint32_t order; /* among the shared ones, once that is known */
  bool shared;
  uint32_t next; /* with the same hash; 0 ends the list */
};

/* Something to be put between the bytes: a reference, or the mark of a shared value. */
struct insertion {
  size_t at;
  uint32_t which; /* in `objects` */
  uint32_t sequence;
  bool reference;
};

int in_order(const void *left, const void *right) {
  const insertion *a = static_cast<const insertion *>(left);
  const insertion *b = static_cast<const insertion *>(right);
  if (a->at != b->at) return a->at < b->at ? -1 : 1;
  /* At one place, references were written before what follows them. */
  if (a->reference != b->reference) return a->reference ? -1 : 1;
  return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

class writer {
public:
  writer(ist_context *owner, v8::Local<v8::Context> context, ist__cbor_limits limits)
      : isolate_(owner->isolate->v8), context_(context), limits_(limits) {}
  ~writer();

  bool write(v8::Local<v8::Value> value, const place *at);
  /* Puts the references in. */
  bool finish();
  uint8_t *take(size_t *length);

  /* IST_OK after a failure: JavaScript has thrown. */
  ist_status status = IST_OK;
  char message[LONGEST_MESSAGE] = "";

private:
  bool fail(ist_status why, const char *text);
  bool refuse(const place *at, const char *what);
  unsigned char *room(size_t count);
  bool head(size_t (*encode)(size_t, unsigned char *, size_t), size_t number);
  bool tag(uint64_t number);
  bool bytes(const void *data, size_t length);
  bool text(const char *chars);
  bool simple(unsigned char byte) { return bytes(&byte, 1); }
  bool number(double value);
  bool string(v8::Local<v8::String> value);
  bool bigint(v8::Local<v8::BigInt> value);
  bool key(v8::Local<v8::Value> name);
  bool container(v8::Local<v8::Object> object, const place *at);
  bool properties(v8::Local<v8::Object> object, const place *at);
  bool array(v8::Local<v8::Object> object, uint64_t length, const place *at);
  bool sparse(v8::Local<v8::Array> object, v8::Local<v8::Array> indices, uint32_t count,
              const place *at);
  bool elements(v8::Local<v8::Array> object, const place *at);
  bool proxy(v8::Local<v8::Object> object, const place *at);
  bool map(v8::Local<v8::Map> value, const place *at);
  bool set(v8::Local<v8::Set> value, const place *at);
  bool error(v8::Local<v8::Object> value, const place *at);
  bool regexp(v8::Local<v8::RegExp> value);
  bool view(v8::Local<v8::ArrayBufferView> value, const place *at);
  bool buffer(v8::Local<v8::ArrayBuffer> value, const place *at);
  bool odd(v8::Local<v8::Object> object, const place *at);
  bool meet(v8::Local<v8::Object> object, bool *again);
  bool rehash();

  v8::Isolate *isolate_;
  v8::Local<v8::Context> context_;
  ist__cbor_limits limits_;
  uint32_t depth_ = 0;

  unsigned char *out_ = nullptr;
  size_t length_ = 0, capacity_ = 0;

  ist__list<met> objects_;    /* the first is none */
  uint32_t *heads_ = nullptr; /* by hash */
  uint32_t head_mask_ = 0;
  ist__list<insertion> insertions_;
  bool sharing_ = false;

  /* The bytes of names that were written lately. */
  struct known {
    v8::Global<v8::Value> name;
    size_t at, length;
  } keys_[KEY_SLOTS];
};

writer::~writer() {
  for (size_t i = 0; i < objects_.count; i++) objects_.items[i].~met();
  ist__free(static_cast<void *>(objects_.items));
  ist__free(insertions_.items);
  ist__free(heads_);
  ist__free(out_);
}

bool writer::fail(ist_status why, const char *text) {
  if (!status) {
    status = why;
    snprintf(message, sizeof message, "%s", text);
  }
  return false;
}

/* ---- Naming places ---- */

struct path_text {
  char text[LONGEST_MESSAGE];
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

void add_place(v8::Isolate *isolate, path_text *to, const place *at) {
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

/* "$.a[3].f: a function has no CBOR form". Of a deep place the inner end is told. */
bool writer::refuse(const place *at, const char *what) {
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
unsigned char *writer::room(size_t count) {
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

bool writer::head(size_t (*encode)(size_t, unsigned char *, size_t), size_t number) {
  /* Near the limit a shorter head may fit where the longest does not. */
  unsigned char made[LONGEST_HEAD];
  size_t size = encode(number, made, sizeof made);
  unsigned char *to = room(size);
  if (!to) return false;
  memcpy(to, made, size);
  length_ += size;
  return true;
}

bool writer::tag(uint64_t number) {
  return head(cbor_encode_tag, number);
}

bool writer::bytes(const void *data, size_t length) {
  unsigned char *to = room(length);
  if (!to) return false;
  if (length) memcpy(to, data, length);
  length_ += length;
  return true;
}

bool writer::text(const char *chars) {
  size_t length = strlen(chars);
  return head(cbor_encode_string_start, length) && bytes(chars, length);
}

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

bool writer::number(double value) {
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

bool writer::string(v8::Local<v8::String> value) {
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

bool writer::bigint(v8::Local<v8::BigInt> value) {
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
bool writer::key(v8::Local<v8::Value> name) {
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

/* ---- What was met ---- */

bool writer::rehash() {
  uint32_t size = head_mask_ ? (head_mask_ + 1) * 2 : 64;
  uint32_t *made = static_cast<uint32_t *>(ist__calloc(size, sizeof *made));
  if (!made) return false;
  ist__free(heads_);
  heads_ = made;
  head_mask_ = size - 1;
  v8::HandleScope scope(isolate_);
  for (uint32_t i = 1; i < objects_.count; i++) {
    met *entry = &objects_.items[i];
    uint32_t hash = static_cast<uint32_t>(entry->object.Get(isolate_)->GetIdentityHash());
    entry->next = heads_[hash & head_mask_];
    heads_[hash & head_mask_] = i;
  }
  return true;
}

/* Remembers an object, or writes the reference to it when it was met before. */
bool writer::meet(v8::Local<v8::Object> object, bool *again) {
  const char *memory = ist_status_text(IST_ERR_MEMORY);
  if (!objects_.count && !objects_.add()) return fail(IST_ERR_MEMORY, memory);
  if (objects_.count > head_mask_ && !rehash()) return fail(IST_ERR_MEMORY, memory);
  uint32_t slot = static_cast<uint32_t>(object->GetIdentityHash()) & head_mask_;
  for (uint32_t i = heads_[slot]; i; i = objects_.items[i].next) {
    met *entry = &objects_.items[i];
    if (entry->object != object) continue;
    entry->shared = sharing_ = true;
    insertion *added = insertions_.add();
    if (!added) return fail(IST_ERR_MEMORY, memory);
    *added = {length_, i, static_cast<uint32_t>(insertions_.count), true};
    *again = true;
    return true;
  }
  if (objects_.count >= UINT32_MAX - 1) return fail(IST_ERR_LIMIT, "too many objects");
  met *entry = objects_.add();
  if (!entry) return fail(IST_ERR_MEMORY, memory);
  entry->object.Reset(isolate_, object);
  entry->at = length_;
  entry->next = heads_[slot];
  heads_[slot] = static_cast<uint32_t>(objects_.count - 1);
  *again = false;
  return true;
}

bool writer::finish() {
  if (!sharing_) return true;
  const char *memory = ist_status_text(IST_ERR_MEMORY);
  /* Objects stand in the order of their bytes, which is that of their marks. */
  uint32_t order = 0;
  for (uint32_t i = 1; i < objects_.count; i++) {
    met *entry = &objects_.items[i];
    if (!entry->shared) continue;
    entry->order = order++;
    insertion *added = insertions_.add();
    if (!added) return fail(IST_ERR_MEMORY, memory);
    *added = {entry->at, i, static_cast<uint32_t>(insertions_.count), false};
  }
  qsort(insertions_.items, insertions_.count, sizeof *insertions_.items, in_order);
  unsigned char made[2 * LONGEST_HEAD];
  size_t total = length_;
  unsigned char *joined = nullptr;
  /* The first time to know how large it becomes. */
  for (int pass = 0; pass < 2; pass++) {
    size_t from = 0, to = 0;
    for (size_t i = 0; i < insertions_.count; i++) {
      const insertion &at = insertions_.items[i];
      size_t size =
          cbor_encode_tag(at.reference ? IST_TAG_REFERENCE : IST_TAG_SHARED, made, sizeof made);
      if (at.reference)
        size += cbor_encode_uint(objects_.items[at.which].order, made + size, sizeof made - size);
      if (joined) {
        memcpy(joined + to, out_ + from, at.at - from);
        memcpy(joined + to + at.at - from, made, size);
      }
      to += at.at - from + size;
      from = at.at;
    }
    if (joined) {
      memcpy(joined + to, out_ + from, length_ - from);
      break;
    }
    total = to + length_ - from;
    if (total > limits_.size) return fail(IST_ERR_LIMIT, "the CBOR is larger than max_size");
    joined = static_cast<unsigned char *>(ist__malloc(total));
    if (!joined) return fail(IST_ERR_MEMORY, memory);
  }
  ist__free(out_);
  out_ = joined;
  length_ = capacity_ = total;
  return true;
}

uint8_t *writer::take(size_t *length) {
  uint8_t *taken = static_cast<uint8_t *>(ist__realloc(out_, length_));
  if (!taken) taken = out_;
  *length = length_;
  out_ = nullptr;
  return taken;
}

/* ---- Objects ---- */

bool writer::properties(v8::Local<v8::Object> object, const place *at) {
  v8::Local<v8::Array> names;
  if (!object
           ->GetOwnPropertyNames(
               context_, static_cast<v8::PropertyFilter>(v8::ONLY_ENUMERABLE | v8::SKIP_SYMBOLS),
               v8::KeyConversionMode::kKeepNumbers)
           .ToLocal(&names))
    return false;
  uint32_t count = names->Length();
  if (!head(cbor_encode_map_start, count)) return false;
  for (uint32_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> name, value;
    if (!names->Get(context_, i).ToLocal(&name) || !key(name) ||
        !object->Get(context_, name).ToLocal(&value))
      return false;
    place inside = {at, nullptr, name, 0};
    if (!name->IsString()) inside.index = static_cast<uint64_t>(name.As<v8::Number>()->Value());
    if (!write(value, &inside)) return false;
  }
  return true;
}

bool writer::array(v8::Local<v8::Object> object, uint64_t length, const place *at) {
  if (!head(cbor_encode_array_start, length)) return false;
  bool own = object->IsArray();
  for (uint64_t i = 0; i < length; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> value;
    uint32_t index = static_cast<uint32_t>(i);
    if (!object->Get(context_, index).ToLocal(&value)) return false;
    if (value->IsUndefined() && own) {
      v8::Maybe<bool> there = object->HasOwnProperty(context_, index);
      if (there.IsNothing()) return false;
      if (!there.FromJust() && !tag(IST_TAG_HOLE)) return false;
    }
    place inside = {at, nullptr, v8::Local<v8::Value>(), i};
    if (!write(value, &inside)) return false;
  }
  return true;
}

/* ["Array", length, {index: element}] */
bool writer::sparse(v8::Local<v8::Array> object, v8::Local<v8::Array> indices, uint32_t count,
                    const place *at) {
  if (!tag(IST_TAG_OBJECT) || !head(cbor_encode_array_start, 3) || !text("Array") ||
      !number(object->Length()) || !head(cbor_encode_map_start, count))
    return false;
  for (uint32_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> index, value;
    if (!indices->Get(context_, i).ToLocal(&index)) return false;
    double at_index = index.As<v8::Number>()->Value();
    if (!number(at_index) ||
        !object->Get(context_, static_cast<uint32_t>(at_index)).ToLocal(&value))
      return false;
    place inside = {at, nullptr, v8::Local<v8::Value>(), static_cast<uint64_t>(at_index)};
    if (!write(value, &inside)) return false;
  }
  return true;
}

/* A large array is written by what is in it when that is less than half of it. */
bool writer::elements(v8::Local<v8::Array> object, const place *at) {
  uint32_t length = object->Length();
  if (length <= DENSE) return array(object, length, at);
  v8::Local<v8::Array> names;
  if (!object
           ->GetPropertyNames(
               context_, v8::KeyCollectionMode::kOwnOnly,
               static_cast<v8::PropertyFilter>(v8::ONLY_ENUMERABLE | v8::SKIP_SYMBOLS),
               v8::IndexFilter::kIncludeIndices, v8::KeyConversionMode::kKeepNumbers)
           .ToLocal(&names))
    return false;
  /* Names follow the indices. */
  uint32_t count = names->Length();
  for (; count; count--) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> last;
    if (!names->Get(context_, count - 1).ToLocal(&last)) return false;
    if (last->IsNumber()) break;
  }
  return count > length / 2 ? array(object, length, at) : sparse(object, names, count, at);
}

/* As JSON does: an array when there is one behind it, else an object. */
bool writer::proxy(v8::Local<v8::Object> object, const place *at) {
  v8::Local<v8::Value> target = object;
  while (target->IsProxy()) target = target.As<v8::Proxy>()->GetTarget();
  if (target->IsNull()) {
    isolate_->ThrowException(
        v8::Exception::TypeError(ist__text(isolate_, "a revoked proxy cannot be read")));
    return false;
  }
  if (target->IsFunction()) return refuse(at, "a function has");
  if (!target->IsArray()) return properties(object, at);
  v8::Local<v8::Value> given;
  double length;
  if (!object->Get(context_, ist__text(isolate_, "length")).ToLocal(&given) ||
      !given->NumberValue(context_).To(&length))
    return false;
  length = length > 0 ? trunc(length) : 0;
  if (!(length <= UINT32_MAX)) return fail(IST_ERR_LIMIT, "a proxy says that it is too long");
  return array(object, static_cast<uint64_t>(length), at);
}

bool writer::map(v8::Local<v8::Map> value, const place *at) {
  v8::Local<v8::Array> entries = value->AsArray();
  uint32_t count = entries->Length();
  if (!tag(IST_TAG_MAP) || !head(cbor_encode_map_start, count / 2)) return false;
  for (uint32_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> part;
    if (!entries->Get(context_, i).ToLocal(&part)) return false;
    place inside = {at, i % 2 ? "value" : "key", v8::Local<v8::Value>(), i / 2};
    if (!write(part, &inside)) return false;
  }
  return true;
}

bool writer::set(v8::Local<v8::Set> value, const place *at) {
  v8::Local<v8::Array> members = value->AsArray();
  uint32_t count = members->Length();
  if (!tag(IST_TAG_SET) || !head(cbor_encode_array_start, count)) return false;
  for (uint32_t i = 0; i < count; i++) {
    v8::HandleScope scope(isolate_);
    v8::Local<v8::Value> member;
    if (!members->Get(context_, i).ToLocal(&member)) return false;
    place inside = {at, "member", v8::Local<v8::Value>(), i};
    if (!write(member, &inside)) return false;
  }
  return true;
}

/* ["Error", name, message, stack, cause], of data properties alone; undefined where there is
 * none, and no fifth where there is no cause. */
bool writer::error(v8::Local<v8::Object> value, const place *at) {
  static const char *const names[] = {"name", "message", "stack", "cause"};
  v8::Local<v8::String> cause_key = ist__text(isolate_, names[3]);
  v8::Local<v8::Value> cause;
  v8::Maybe<bool> caused = value->HasOwnProperty(context_, cause_key);
  if (caused.IsNothing()) return false;
  bool follows = caused.FromJust() && ist__peek(context_, value, cause_key).ToLocal(&cause);
  if (!tag(IST_TAG_OBJECT) || !head(cbor_encode_array_start, follows ? 5 : 4) || !text("Error"))
    return false;
  for (int i = 0; i < 3; i++) {
    v8::Local<v8::Value> part;
    bool there = ist__peek(context_, value, ist__text(isolate_, names[i])).ToLocal(&part);
    if (!there || !part->IsString()) {
      if (!simple(UNDEFINED)) return false;
    } else if (!string(part.As<v8::String>())) {
      return false;
    }
  }
  place inside = {at, ".cause", v8::Local<v8::Value>(), 0};
  return !follows || write(cause, &inside);
}

bool writer::regexp(v8::Local<v8::RegExp> value) {
  static const char letters[] = "gimyusd"; /* by the bits of v8::RegExp::Flags */
  static const v8::RegExp::Flags bits[] = {
      v8::RegExp::kGlobal,  v8::RegExp::kIgnoreCase, v8::RegExp::kMultiline, v8::RegExp::kSticky,
      v8::RegExp::kUnicode, v8::RegExp::kDotAll,     v8::RegExp::kHasIndices};
  char flags[16] = "";
  size_t length = 0;
  for (size_t i = 0; letters[i]; i++)
    if (value->GetFlags() & bits[i]) flags[length++] = letters[i];
  return tag(IST_TAG_REGEXP) && head(cbor_encode_array_start, 2) && string(value->GetSource()) &&
         text(flags);
}

bool writer::buffer(v8::Local<v8::ArrayBuffer> value, const place *at) {
  if (value->WasDetached()) return refuse(at, "a detached buffer has");
  std::shared_ptr<v8::BackingStore> store = value->GetBackingStore();
  size_t length = value->ByteLength();
  return tag(IST_TAG_OBJECT) && head(cbor_encode_array_start, 2) && text("ArrayBuffer") &&
         head(cbor_encode_bytestring_start, length) && bytes(store->Data(), length);
}

/* The tag of a typed array; 0 for bytes, which need none. */
uint64_t tag_of(v8::Local<v8::ArrayBufferView> value) {
  enum { LITTLE = IST_ARRAY_LITTLE };
  if (value->IsUint8ClampedArray()) return IST_TAG_UINT8_CLAMPED;
  if (value->IsUint16Array()) return IST_TAG_UINT8 | LITTLE | 1;
  if (value->IsUint32Array()) return IST_TAG_UINT8 | LITTLE | 2;
  if (value->IsBigUint64Array()) return IST_TAG_UINT8 | LITTLE | 3;
  if (value->IsInt8Array()) return IST_TAG_UINT8 | IST_ARRAY_SIGNED;
  if (value->IsInt16Array()) return IST_TAG_UINT8 | IST_ARRAY_SIGNED | LITTLE | 1;
  if (value->IsInt32Array()) return IST_TAG_UINT8 | IST_ARRAY_SIGNED | LITTLE | 2;
  if (value->IsBigInt64Array()) return IST_TAG_UINT8 | IST_ARRAY_SIGNED | LITTLE | 3;
  if (value->IsFloat32Array()) return IST_TAG_UINT8 | IST_ARRAY_FLOAT | LITTLE | 1;
  if (value->IsFloat64Array()) return IST_TAG_UINT8 | IST_ARRAY_FLOAT | LITTLE | 2;
  return 0;
}

/* The bytes that a view shows; whose buffer they are is not kept. */
bool writer::view(v8::Local<v8::ArrayBufferView> value, const place *at) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "typed arrays are written as they are");
  v8::Local<v8::Value> whole = value->Buffer();
  if (whole->IsSharedArrayBuffer()) return refuse(at, "memory that threads share has");
  if (whole.As<v8::ArrayBuffer>()->WasDetached()) return refuse(at, "a detached buffer has");
  uint64_t kind = tag_of(value);
  if (kind ? !tag(kind)
           : value->IsDataView() &&
                 (!tag(IST_TAG_OBJECT) || !head(cbor_encode_array_start, 2) || !text("DataView")))
    return false;
  size_t length = value->ByteLength();
  if (!head(cbor_encode_bytestring_start, length)) return false;
  unsigned char *to = room(length);
  if (!to) return false;
  if (length) value->CopyContents(to, length);
  length_ += length;
  return true;
}

/* What is neither a plain object nor an array. */
bool writer::odd(v8::Local<v8::Object> object, const place *at) {
  if (object->IsFunction()) return refuse(at, "a function has");
  if (object->IsProxy()) return proxy(object, at);
  if (object->IsMap()) return map(object.As<v8::Map>(), at);
  if (object->IsSet()) return set(object.As<v8::Set>(), at);
  if (object->IsDate()) {
    double time = object.As<v8::Date>()->ValueOf();
    return tag(IST_TAG_DATE) && number(time / 1000);
  }
  if (object->IsRegExp()) return regexp(object.As<v8::RegExp>());
  if (object->IsNativeError()) return error(object, at);
  if (object->IsArrayBufferView()) return view(object.As<v8::ArrayBufferView>(), at);
  if (object->IsArrayBuffer()) return buffer(object.As<v8::ArrayBuffer>(), at);
  if (object->IsSharedArrayBuffer()) return refuse(at, "memory that threads share has");
  if (object->IsNumberObject()) return number(object.As<v8::NumberObject>()->ValueOf());
  if (object->IsStringObject()) return string(object.As<v8::StringObject>()->ValueOf());
  if (object->IsBooleanObject())
    return simple(object.As<v8::BooleanObject>()->ValueOf() ? TRUE : FALSE);
  if (object->IsBigIntObject()) return bigint(object.As<v8::BigIntObject>()->ValueOf());
  if (object->IsSymbolObject()) return refuse(at, "a symbol has");
  if (object->IsPromise()) return refuse(at, "a promise has");
  if (object->IsWeakMap() || object->IsWeakSet()) return refuse(at, "a weak collection has");
  if (object->IsMapIterator() || object->IsSetIterator() || object->IsGeneratorObject())
    return refuse(at, "an iterator has");
  if (object->IsWasmModuleObject() || object->IsWasmMemoryObject())
    return refuse(at, "a part of WebAssembly has");
  if (object->IsExternal() || object->InternalFieldCount() > 0)
    return refuse(at, "an object of the host's has");
  return properties(object, at);
}

bool writer::container(v8::Local<v8::Object> object, const place *at) {
  bool again = false;
  if (!meet(object, &again)) return false;
  if (again) return true;
  if (depth_ >= limits_.depth)
    return fail(IST_ERR_LIMIT, "the value is nested deeper than max_depth");
  if (!ist__cbor_stack_left())
    return fail(IST_ERR_LIMIT, "the value is nested deeper than the stack allows");
  depth_++;
  bool done;
  if (ist__compat::is_plain_object(object)) {
    done = properties(object, at);
  } else if (object->IsArray()) {
    done = elements(object.As<v8::Array>(), at);
  } else {
    done = odd(object, at);
  }
  depth_--;
  return done;
}

bool writer::write(v8::Local<v8::Value> value, const place *at) {
  int32_t small;
  if (ist__compat::is_small_integer(value, &small)) return number(small);
  if (value->IsString()) return string(value.As<v8::String>());
  if (value->IsObject()) return container(value.As<v8::Object>(), at);
  if (value->IsNumber()) return number(value.As<v8::Number>()->Value());
  if (value->IsBigInt()) return bigint(value.As<v8::BigInt>());
  if (value->IsSymbol()) return refuse(at, "a symbol has");
  return simple(value->IsNull()    ? NONE
                : value->IsTrue()  ? TRUE
                : value->IsFalse() ? FALSE
                                   : UNDEFINED);
}

} // namespace

ist_status ist_cbor_write(ist_context *context, ist_value value, const ist_cbor_options *options,
                          uint8_t **result, size_t *length, ist_error **error) {
  if (error) *error = nullptr;
  ist__cbor_limits limits;
  if (!result || !length || !ist__cbor_limits_of(options, &limits))
    return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  v8::Local<v8::Value> local;
  if (!ist__value_to(context->isolate, value, &local)) return ist__fail(error, IST_ERR_HANDLE);
  writer to(context, entry.context, limits);
  place root = {nullptr, nullptr, v8::Local<v8::Value>(), 0};
  if (to.write(local, &root) && to.finish()) {
    *result = to.take(length);
    return IST_OK;
  }
  if (to.status) {
    entry.catcher.Reset();
    return ist__fail(error, to.status, to.message);
  }
  return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
}
