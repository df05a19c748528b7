/* CBOR as a JavaScript value: heads, strings, arrays and maps. libcbor takes the heads apart. */
#include "cbor_read.h"

#include <cbor.h>
#include <stdio.h>

namespace {

using token = ist__cbor_token;

/* An array this long is filled as it is read; shorter ones are made of their elements at once. */
enum { AT_ONCE = 1 << 16, NESTED_TAGS = 64, HEAP_STEP = 1 << 20 };

void put(void *to, enum token::kind kind, uint64_t number = 0,
         const unsigned char *data = nullptr) {
  *static_cast<token *>(to) = {kind, number, 0, data};
}
void put_real(void *to, double real) {
  *static_cast<token *>(to) = {token::FLOAT, 0, real, nullptr};
}

const cbor_callbacks callbacks = {
    [](void *to, uint8_t number) { put(to, token::UINT, number); },
    [](void *to, uint16_t number) { put(to, token::UINT, number); },
    [](void *to, uint32_t number) { put(to, token::UINT, number); },
    [](void *to, uint64_t number) { put(to, token::UINT, number); },
    [](void *to, uint64_t number) { put(to, token::NEGATIVE, number); },
    [](void *to, uint32_t number) { put(to, token::NEGATIVE, number); },
    [](void *to, uint16_t number) { put(to, token::NEGATIVE, number); },
    [](void *to, uint8_t number) { put(to, token::NEGATIVE, number); },
    [](void *to) { put(to, token::BYTES_OPEN); },
    [](void *to, cbor_data data, size_t length) { put(to, token::BYTES, length, data); },
    [](void *to, cbor_data data, size_t length) { put(to, token::TEXT, length, data); },
    [](void *to) { put(to, token::TEXT_OPEN); },
    [](void *to) { put(to, token::ARRAY_OPEN); },
    [](void *to, size_t count) { put(to, token::ARRAY, count); },
    [](void *to) { put(to, token::MAP_OPEN); },
    [](void *to, size_t count) { put(to, token::MAP, count); },
    [](void *to, uint64_t number) { put(to, token::TAG, number); },
    [](void *to, float real) { put_real(to, static_cast<double>(real)); },
    [](void *to, float real) { put_real(to, static_cast<double>(real)); },
    [](void *to, double real) { put_real(to, real); },
    [](void *to) { put(to, token::UNDEFINED); },
    [](void *to) { put(to, token::NONE); },
    [](void *to, bool is) { put(to, token::BOOL, is); },
    [](void *to) { put(to, token::CLOSE); },
};

} // namespace

ist__cbor_reader::~ist__cbor_reader() {
  for (size_t i = 0; i < shares_.count; i++) shares_.items[i].~share();
  ist__free(static_cast<void *>(shares_.items));
}

bool ist__cbor_reader::fail(ist_status why, size_t at, const char *text) {
  if (!status) {
    status = why;
    snprintf(message, sizeof message, "at byte %zu: %s", at, text);
  }
  return false;
}

bool ist__cbor_reader::memory() {
  return fail(IST_ERR_MEMORY, at_, ist_status_text(IST_ERR_MEMORY));
}

/* Counts what is made, and looks at the heap from time to time: V8 would end the process. */
bool ist__cbor_reader::charge(size_t bytes) {
  if (limits_.size - made_ < bytes)
    return fail(IST_ERR_LIMIT, at_, "the values are larger than max_size");
  made_ += bytes;
  if (made_ - looked_ < HEAP_STEP) return true;
  looked_ = made_;
  v8::HeapStatistics heap;
  for (int collected = 0; collected < 2; collected++) {
    isolate_->GetHeapStatistics(&heap);
    size_t most = heap.heap_size_limit() - heap.heap_size_limit() / 8;
    if (heap.used_heap_size() < most) return true;
    if (!collected) isolate_->LowMemoryNotification();
  }
  return fail(IST_ERR_MEMORY, at_, "the heap is full");
}

bool ist__cbor_reader::next(token *to) {
  if (at_ == length_) return malformed(at_, "the bytes end early");
  /* libcbor takes the unassigned among the short tags for errors. */
  if (bytes_[at_] >= 0xC0 && bytes_[at_] < 0xD8) {
    put(to, token::TAG, bytes_[at_++] - 0xC0u);
    return true;
  }
  cbor_decoder_result result = cbor_stream_decode(bytes_ + at_, length_ - at_, &callbacks, to);
  if (result.status == CBOR_DECODER_NEDATA) return malformed(at_, "the bytes end early");
  if (result.status != CBOR_DECODER_FINISHED)
    return malformed(at_, "this is no item that CBOR defines");
  at_ += result.read;
  return true;
}

/* Whether one more item follows; takes the end of an open array. */
bool ist__cbor_reader::more(rest *of, bool *there) {
  if (!of->open) {
    *there = of->count > 0;
    if (*there) of->count--;
    return true;
  }
  *there = at_ == length_ || bytes_[at_] != 0xFF;
  if (!*there) at_++;
  return true;
}

/* Goes one level down; the caller comes up again. */
bool ist__cbor_reader::enter(size_t at) {
  if (depth_ >= limits_.depth)
    return fail(IST_ERR_LIMIT, at, "the value is nested deeper than max_depth");
  if (!ist__cbor_stack_left())
    return fail(IST_ERR_LIMIT, at, "the value is nested deeper than the stack allows");
  depth_++;
  return true;
}

void ist__cbor_reader::bind(shares as, value made) {
  for (uint32_t i = 0; i < as.count; i++) {
    share *to = &shares_.items[as.first + i];
    if (to->is.IsEmpty()) to->is.Reset(isolate_, made);
  }
}

/* ---- Strings ---- */

/* The pieces of a string in one; the caller frees it. */
bool ist__cbor_reader::join(const token &from, unsigned char **joined, size_t *length) {
  enum token::kind kind = from.kind == token::TEXT_OPEN ? token::TEXT : token::BYTES;
  size_t used = 0, room = 0;
  unsigned char *made = nullptr;
  for (;;) {
    token piece;
    size_t at = at_;
    bool fine = next(&piece);
    if (fine && piece.kind == token::CLOSE) break;
    if (fine && piece.kind != kind) fine = malformed(at, "a piece of a string is of another kind");
    if (fine && kind == token::TEXT &&
        ist__cbor_check(piece.data, piece.number) == IST_CBOR_MALFORMED)
      fine = malformed(at, "this is not UTF-8");
    if (fine && room - used < piece.number) {
      room = (used + piece.number) * 2;
      void *grown = ist__realloc(made, room);
      if (grown)
        made = static_cast<unsigned char *>(grown);
      else
        fine = memory();
    }
    if (!fine) {
      ist__free(made);
      return false;
    }
    if (piece.number) memcpy(made + used, piece.data, piece.number);
    used += piece.number;
  }
  *joined = made;
  *length = used;
  return true;
}

/* A string of the one kind, whole or in pieces; `joined` is to be freed. */
bool ist__cbor_reader::expect(enum token::kind kind, enum token::kind open, const char *text,
                              token *to, unsigned char **joined) {
  size_t at = at_;
  *joined = nullptr;
  if (!next(to)) return false;
  if (to->kind == open) {
    size_t length;
    if (!join(*to, joined, &length)) return false;
    *to = {kind, length, 0, *joined};
  }
  return to->kind == kind || malformed(at, text);
}

bool ist__cbor_reader::text(const unsigned char *data, size_t length, size_t at, value *result) {
  if (length > static_cast<size_t>(v8::String::kMaxLength) * 3)
    return fail(IST_ERR_LIMIT, at, "the string is too long");
  if (!charge(16 + length)) return false;
  ist__cbor_charset set = ist__cbor_check(data, length);
  if (set == IST_CBOR_MALFORMED) return malformed(at, "this is not UTF-8");
  v8::Local<v8::String> made = v8::String::Empty(isolate_);
  if (length) {
    int count = static_cast<int>(length);
    v8::MaybeLocal<v8::String> maybe;
    if (length <= static_cast<size_t>(v8::String::kMaxLength))
      maybe = set == IST_CBOR_ASCII
                  ? v8::String::NewFromOneByte(isolate_, data, v8::NewStringType::kNormal, count)
                  : v8::String::NewFromUtf8(isolate_, reinterpret_cast<const char *>(data),
                                            v8::NewStringType::kNormal, count);
    if (!maybe.ToLocal(&made)) return fail(IST_ERR_LIMIT, at, "the string is too long");
  }
  *result = made;
  return true;
}

/* A name of a property: objects of one shape repeat them. */
bool ist__cbor_reader::key(const token &from, size_t at, value *result) {
  if (from.kind != token::TEXT || from.number > LONGEST_KEY)
    return item_of(from, at, result, {0, 0});
  uint32_t hash = 2166136261;
  for (size_t i = 0; i < from.number; i++) hash = (hash ^ from.data[i]) * 16777619;
  known *slot = &keys_[(hash ^ hash >> 16) % KEY_SLOTS];
  if (!slot->name.IsEmpty() && slot->length == from.number &&
      !memcmp(slot->data, from.data, slot->length)) {
    *result = slot->name.Get(isolate_);
    return true;
  }
  if (ist__cbor_check(from.data, from.number) == IST_CBOR_MALFORMED)
    return malformed(at, "this is not UTF-8");
  v8::Local<v8::String> made;
  if (!charge(16 + from.number) ||
      !v8::String::NewFromUtf8(isolate_, reinterpret_cast<const char *>(from.data),
                               v8::NewStringType::kInternalized, static_cast<int>(from.number))
           .ToLocal(&made))
    return false;
  slot->name.Reset(isolate_, made);
  slot->data = from.data;
  slot->length = from.number;
  *result = made;
  return true;
}

/* ---- Items ---- */

bool ist__cbor_reader::item(value *result, shares as) {
  size_t at = at_;
  token from;
  return next(&from) && item_of(from, at, result, as);
}

bool ist__cbor_reader::item_of(const token &from, size_t at, value *result, shares as) {
  constexpr uint64_t safe = 9007199254740991;
  switch (from.kind) {
  case token::UINT:
    if (from.number <= UINT32_MAX)
      *result = v8::Integer::NewFromUnsigned(isolate_, static_cast<uint32_t>(from.number));
    else if (from.number <= safe)
      *result = v8::Number::New(isolate_, static_cast<double>(from.number));
    else
      *result = v8::BigInt::NewFromUnsigned(isolate_, from.number);
    return true;
  case token::NEGATIVE:
    if (from.number < safe) {
      *result = v8::Number::New(isolate_, -1 - static_cast<double>(from.number));
    } else if (from.number <= INT64_MAX) {
      *result = v8::BigInt::New(isolate_, -1 - static_cast<int64_t>(from.number));
    } else {
      unsigned char big[8];
      for (int i = 0; i < 8; i++) big[i] = static_cast<unsigned char>(from.number >> (56 - 8 * i));
      return bigint_of(true, big, sizeof big, at, result);
    }
    return true;
  case token::FLOAT: *result = v8::Number::New(isolate_, from.real); return true;
  case token::BOOL: *result = v8::Boolean::New(isolate_, from.number != 0); return true;
  case token::NONE: *result = v8::Null(isolate_); return true;
  case token::UNDEFINED: *result = v8::Undefined(isolate_); return true;
  case token::TEXT: return text(from.data, from.number, at, result);
  case token::TEXT_OPEN: {
    unsigned char *joined;
    size_t length;
    if (!join(from, &joined, &length)) return false;
    bool made = text(joined, length, at, result);
    ist__free(joined);
    return made;
  }
  case token::BYTES:
  case token::BYTES_OPEN: {
    token whole = from;
    unsigned char *joined = nullptr;
    if (from.kind == token::BYTES_OPEN) {
      size_t length;
      if (!join(from, &joined, &length)) return false;
      whole = {token::BYTES, length, 0, joined};
    }
    v8::Local<v8::ArrayBuffer> buffer;
    bool made = buffer_of(whole, at, &buffer);
    ist__free(joined);
    if (made) *result = v8::Uint8Array::New(buffer, 0, buffer->ByteLength());
    return made;
  }
  case token::ARRAY:
  case token::ARRAY_OPEN: {
    /* Each element takes a byte at least. */
    if (from.kind == token::ARRAY && from.number > length_ - at_)
      return malformed(at, "the bytes end early");
    uint32_t tags = tags_;
    tags_ = 0;
    if (!enter(at) || !array({from.kind == token::ARRAY_OPEN, from.number}, result, as))
      return false;
    depth_--;
    tags_ = tags;
    return true;
  }
  case token::MAP:
  case token::MAP_OPEN: {
    if (from.kind == token::MAP && from.number > (length_ - at_) / 2)
      return malformed(at, "the bytes end early");
    uint32_t tags = tags_;
    tags_ = 0;
    if (!enter(at) || !map({from.kind == token::MAP_OPEN, from.number}, result, as)) return false;
    depth_--;
    tags_ = tags;
    return true;
  }
  case token::TAG:
    if (++tags_ > NESTED_TAGS || !ist__cbor_stack_left())
      return fail(IST_ERR_LIMIT, at, "too many tags on one another");
    if (!tagged(from.number, at, result, as)) return false;
    tags_--;
    return true;
  case token::CLOSE: return malformed(at, "a break without anything open");
  }
  return false;
}

/* Takes a hole's tag with what it is on. */
bool ist__cbor_reader::hole(const token &from) {
  return from.kind == token::TAG && from.number == IST_TAG_HOLE;
}

bool ist__cbor_reader::array(rest of, value *result, shares as) {
  v8::EscapableHandleScope scope(isolate_);
  v8::Local<v8::Array> made;
  ist__list<value> elements;
  uint32_t count = 0;
  bool fine = charge(32), there = false, open_end = false;
  if (fine && (as.count || (!of.open && of.count > AT_ONCE))) {
    made = v8::Array::New(isolate_, 0);
    bind(as, made);
  }
  while (fine && (fine = more(&of, &there)) && there) {
    token from;
    size_t at = at_;
    fine = next(&from) && charge(16);
    if (fine && count == UINT32_MAX) fine = fail(IST_ERR_LIMIT, at, "the array is too long");
    if (!fine) break;
    bool absent = hole(from);
    /* What is made of its elements at once has none missing. */
    if (made.IsEmpty() && (absent || elements.count == AT_ONCE)) {
      made = v8::Array::New(isolate_, elements.items, elements.count);
      elements.count = 0;
    }
    value element;
    if (made.IsEmpty()) {
      value *to = nullptr;
      fine = item_of(from, at, &element, {0, 0});
      if (fine && !(to = elements.add())) fine = memory();
      if (fine) *to = element;
    } else {
      v8::HandleScope inner(isolate_);
      fine = absent ? item(&element, {0, 0}) : item_of(from, at, &element, {0, 0});
      if (fine && !absent)
        fine = made->CreateDataProperty(context_, count, element).FromMaybe(false);
    }
    open_end = absent;
    count++;
  }
  if (fine && made.IsEmpty()) made = v8::Array::New(isolate_, elements.items, elements.count);
  if (fine && open_end)
    fine = made->Set(context_, ist__text(isolate_, "length"),
                     v8::Integer::NewFromUnsigned(isolate_, count))
               .FromMaybe(false);
  ist__free(static_cast<void *>(elements.items));
  if (fine) *result = scope.Escape(made);
  return fine;
}

/* ---- Maps ---- */

bool ist__cbor_reader::map_into(v8::Local<v8::Map> into, rest of) {
  for (bool there;;) {
    if (!more(&of, &there)) return false;
    if (!there) return true;
    v8::HandleScope scope(isolate_);
    value name, element;
    if (!charge(64) || !item(&name, {0, 0}) || !item(&element, {0, 0}) ||
        into->Set(context_, name, element).IsEmpty())
      return false;
  }
}

bool ist__cbor_reader::object_into(v8::Local<v8::Object> into, rest of) {
  for (bool there;;) {
    if (!more(&of, &there)) return false;
    if (!there) return true;
    v8::HandleScope scope(isolate_);
    value name, element;
    token from;
    size_t at = at_;
    if (!charge(32) || !next(&from) || !key(from, at, &name) || !item(&element, {0, 0}))
      return false;
    if (!name->IsString()) return malformed(at, "the key is no text");
    if (!into->CreateDataProperty(context_, name.As<v8::Name>(), element).FromMaybe(false))
      return false;
  }
}

/* An object when all keys are texts, else a Map. */
bool ist__cbor_reader::map(rest of, value *result, shares as) {
  v8::EscapableHandleScope scope(isolate_);
  if (!charge(48)) return false;
  if (as.count) {
    /* What refers to it needs it before its keys are read. */
    bool plain;
    size_t start = at_;
    if (!all_text(of, &plain)) return false;
    at_ = start;
    if (plain) {
      v8::Local<v8::Object> made = v8::Object::New(isolate_);
      bind(as, made);
      if (!object_into(made, of)) return false;
      *result = scope.Escape(made.As<v8::Value>());
    } else {
      v8::Local<v8::Map> made = v8::Map::New(isolate_);
      bind(as, made);
      if (!map_into(made, of)) return false;
      *result = scope.Escape(made.As<v8::Value>());
    }
    return true;
  }
  v8::Local<v8::Object> made = v8::Object::New(isolate_);
  ist__list<value> parts;
  bool fine = true, there = false, plain = true;
  while (fine && (fine = more(&of, &there)) && there) {
    value name, element;
    token from;
    size_t start = at_;
    fine = charge(32) && next(&from) && key(from, start, &name) && item(&element, {0, 0});
    if (!fine) break;
    plain = plain && name->IsString();
    value *to = parts.add();
    if (to) {
      *to = name;
      to = parts.add();
    }
    if (to)
      *to = element;
    else
      fine = memory();
  }
  if (fine && plain) {
    for (size_t i = 0; fine && i < parts.count; i += 2)
      fine = made->CreateDataProperty(context_, parts.items[i].As<v8::Name>(), parts.items[i + 1])
                 .FromMaybe(false);
  } else if (fine) {
    v8::Local<v8::Map> collection = v8::Map::New(isolate_);
    for (size_t i = 0; fine && i < parts.count; i += 2)
      fine = charge(32) && !collection->Set(context_, parts.items[i], parts.items[i + 1]).IsEmpty();
    made = collection;
  }
  ist__free(static_cast<void *>(parts.items));
  if (fine) *result = scope.Escape(made.As<v8::Value>());
  return fine;
}

/* Passes over one item. What is passed over is read again, so that there is a limit to it. */
bool ist__cbor_reader::skip(uint32_t depth) {
  size_t start = at_;
  token from;
  if (!next(&from)) return false;
  skipped_ += at_ - start;
  if (skipped_ / 64 > length_ || depth > limits_.depth + NESTED_TAGS || !ist__cbor_stack_left())
    return fail(IST_ERR_LIMIT, start, "the shared maps are nested too deep");
  switch (from.kind) {
  case token::TAG: return skip(depth + 1);
  case token::CLOSE: return malformed(start, "a break without anything open");
  case token::ARRAY:
  case token::ARRAY_OPEN:
  case token::MAP:
  case token::MAP_OPEN:
  case token::BYTES_OPEN:
  case token::TEXT_OPEN: {
    bool pairs = from.kind == token::MAP || from.kind == token::MAP_OPEN;
    rest of = {from.kind != token::ARRAY && from.kind != token::MAP, from.number};
    for (bool there;;) {
      if (!more(&of, &there)) return false;
      if (!there) return true;
      if (!skip(depth + 1) || (pairs && !skip(depth + 1))) return false;
    }
  }
  default: return true;
  }
}

bool ist__cbor_reader::all_text(rest of, bool *result) {
  *result = true;
  for (bool there; *result;) {
    if (!more(&of, &there)) return false;
    if (!there) return true;
    unsigned char first = at_ < length_ ? bytes_[at_] : 0;
    /* Texts, and strings with lone surrogates. */
    *result = first >> 5 == 3 ||
              (length_ - at_ > 2 && first == 0xD9 && bytes_[at_ + 1] == IST_TAG_WTF8 >> 8 &&
               bytes_[at_ + 2] == (IST_TAG_WTF8 & 0xFF));
    if (*result && (!skip(depth_) || !skip(depth_))) return false;
  }
  return true;
}

bool ist__cbor_reader::read(value *result) {
  if (!item(result, {0, 0})) return false;
  return at_ == length_ || malformed(at_, "there are bytes behind the item");
}

ist_status ist_cbor_read(ist_context *context, const uint8_t *bytes, size_t length,
                         const ist_cbor_options *options, ist_value *result, ist_error **error) {
  if (error) *error = nullptr;
  ist__cbor_limits limits;
  if (!result || (!bytes && length) || !ist__cbor_limits_of(options, &limits) ||
      (limits.table && limits.table->count && !limits.table->values))
    return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist__entry entry(context);
  if (length > limits.size)
    return ist__fail(error, IST_ERR_LIMIT, "the CBOR is larger than max_size");
  ist__cbor_reader from(context, entry.context, bytes, length, limits);
  v8::Local<v8::Value> local;
  if (from.read(&local))
    return ist__value_from(context->isolate, local, result) ? IST_OK
                                                            : ist__fail(error, IST_ERR_MEMORY);
  if (from.status) {
    entry.catcher.Reset();
    return ist__fail(error, from.status, from.message);
  }
  return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, error);
}
