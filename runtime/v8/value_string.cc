/* Strings. A text crosses in one pass over its bytes where it can: plain ASCII is told by its high
 * bits and copied, one-byte strings are copied out and widened in place. What is longer than V8
 * allows is refused before V8 sees it. */
#include "value.h"

namespace {

constexpr size_t MOST_UNITS = static_cast<size_t>(v8::String::kMaxLength);

/* How many units are taken from V8 at once where a string is read piece by piece. */
constexpr uint32_t PIECE = 4096;

/* A text outside of V8's heap that V8 reads in place. V8 does not count such memory by itself when
 * it decides to collect. */
template <class Base, class Unit> struct outer_text final : Base, ist__allocated {
  v8::Isolate *isolate;
  const Unit *text;
  size_t units;
  ist_finalizer finalize;
  void *env;

  const Unit *data() const override { return text; }
  size_t length() const override { return units; }
  void Dispose() override {
    isolate->AdjustAmountOfExternalAllocatedMemory(-static_cast<int64_t>(units * sizeof(Unit)));
    if (finalize) finalize(env);
    delete this;
  }
  using ist__allocated::operator delete;
};

using outer_latin1 = outer_text<v8::String::ExternalOneByteStringResource, char>;
using outer_utf16 = outer_text<v8::String::ExternalStringResource, uint16_t>;

inline v8::MaybeLocal<v8::String> external(v8::Isolate *isolate, outer_latin1 *text) {
  return v8::String::NewExternalOneByte(isolate, text);
}

inline v8::MaybeLocal<v8::String> external(v8::Isolate *isolate, outer_utf16 *text) {
  return v8::String::NewExternalTwoByte(isolate, text);
}

/* A string over a text, which has at least one unit; finalize is called also on failure. */
template <class T, class Unit>
v8::MaybeLocal<v8::String> string_over(v8::Isolate *isolate, const Unit *text, size_t length,
                                       ist_finalizer finalize, void *env) {
  T *made = new (std::nothrow) T;
  if (!made) {
    if (finalize) finalize(env);
    return v8::MaybeLocal<v8::String>();
  }
  made->isolate = isolate;
  made->text = text;
  made->units = length;
  made->finalize = finalize;
  made->env = env;
  /* This may collect, so the string is not there yet. */
  isolate->AdjustAmountOfExternalAllocatedMemory(static_cast<int64_t>(length * sizeof(Unit)));
  v8::MaybeLocal<v8::String> string = external(isolate, made);
  if (string.IsEmpty()) made->Dispose();
  return string;
}

v8::MaybeLocal<v8::String> from_latin1(v8::Isolate *isolate, const void *text, size_t length,
                                       v8::NewStringType type) {
  if (length > MOST_UNITS) return v8::MaybeLocal<v8::String>();
  if (!length) return v8::String::Empty(isolate);
  if (!ist__heap_has_room(isolate, length)) return v8::MaybeLocal<v8::String>();
  return v8::String::NewFromOneByte(isolate, static_cast<const uint8_t *>(text), type,
                                    static_cast<int>(length));
}

v8::MaybeLocal<v8::String> from_utf16(v8::Isolate *isolate, const uint16_t *text, size_t length,
                                      v8::NewStringType type) {
  if (length > MOST_UNITS || !ist__heap_has_room(isolate, length * 2))
    return v8::MaybeLocal<v8::String>();
  if (!length) return v8::String::Empty(isolate);
  return v8::String::NewFromTwoByte(isolate, text, type, static_cast<int>(length));
}

/* By way of UTF-16: what V8's decoder does not take. */
v8::MaybeLocal<v8::String> from_units(v8::Isolate *isolate, const uint8_t *text, size_t length,
                                      bool keep, v8::NewStringType type) {
  size_t units = ist__utf8_decode(text, length, keep, nullptr);
  if (units > MOST_UNITS) return v8::MaybeLocal<v8::String>();
  uint16_t *decoded = static_cast<uint16_t *>(ist__malloc(units * sizeof *decoded));
  if (!decoded) return v8::MaybeLocal<v8::String>();
  ist__utf8_decode(text, length, keep, decoded);
  v8::MaybeLocal<v8::String> string = from_utf16(isolate, decoded, units, type);
  ist__free(decoded);
  return string;
}

v8::MaybeLocal<v8::String> from_utf8(v8::Isolate *isolate, const char *text, size_t length,
                                     v8::NewStringType type) {
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(text);
  /* A string has at least a third as many units as bytes. An impossible length is not read along.
   */
  if (length / 3 > MOST_UNITS) return v8::MaybeLocal<v8::String>();
  if (ist__is_ascii(bytes, length)) return from_latin1(isolate, text, length, type);
  if (!ist__heap_has_room(isolate, length * 2)) return v8::MaybeLocal<v8::String>();
  if (length > MOST_UNITS) return from_units(isolate, bytes, length, false, type);
  return v8::String::NewFromUtf8(isolate, text, type, static_cast<int>(length));
}

/* Why a text did not become a string: it is too long in itself, or for this heap. */
ist_status too_long(ist_encoding encoding, const void *text, size_t length) {
  if (encoding != IST_UTF8 && encoding != IST_WTF8)
    return length > MOST_UNITS ? IST_ERR_LIMIT : IST_ERR_MEMORY;
  if (length / 3 > MOST_UNITS) return IST_ERR_LIMIT;
  return ist__utf8_decode(static_cast<const uint8_t *>(text), length, encoding == IST_WTF8,
                          nullptr) > MOST_UNITS
             ? IST_ERR_LIMIT
             : IST_ERR_MEMORY;
}

ist_status make(ist_isolate *isolate, ist_encoding encoding, const void *text, size_t length,
                v8::NewStringType type, ist_value *result) {
  if (!result || (!text && length) || ist__raw(encoding) > IST_LATIN1) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  if (length / 3 > MOST_UNITS) return IST_ERR_LIMIT;
  v8::HandleScope scope(isolate->v8);
  v8::MaybeLocal<v8::String> made;
  switch (encoding) {
  case IST_WTF8:
    if (ist__has_surrogate(static_cast<const uint8_t *>(text), length)) {
      if (length / 3 <= MOST_UNITS)
        made = from_units(isolate->v8, static_cast<const uint8_t *>(text), length, true, type);
      break;
    }
    [[fallthrough]];
  case IST_UTF8:
    made = from_utf8(isolate->v8, static_cast<const char *>(text), length, type);
    break;
  case IST_UTF16: {
    if (reinterpret_cast<uintptr_t>(text) % alignof(uint16_t)) return IST_ERR_ARGUMENT;
    made = from_utf16(isolate->v8, static_cast<const uint16_t *>(text), length, type);
    break;
  }
  case IST_LATIN1: made = from_latin1(isolate->v8, text, length, type); break;
  }
  v8::Local<v8::String> string;
  if (!made.ToLocal(&string)) return too_long(encoding, text, length);
  return ist__give(isolate, string, result);
}

/* Gives a string's units to `take`, piece by piece. */
template <class Take>
void each_piece(v8::Isolate *isolate, v8::Local<v8::String> string, const Take &take) {
  uint16_t units[PIECE];
  uint32_t length = static_cast<uint32_t>(string->Length());
  ist__compat::flatten(isolate, string);
  for (uint32_t at = 0; at < length;) {
    uint32_t count = length - at < PIECE ? length - at : PIECE;
    ist__compat::write_two_byte(isolate, string, units, at, count);
    take(units, count);
    at += count;
  }
}

/* How many characters of a one-byte string take two bytes of UTF-8. */
size_t high_of(v8::Isolate *isolate, v8::Local<v8::String> string) {
  uint8_t bytes[PIECE];
  uint32_t length = static_cast<uint32_t>(string->Length());
  size_t high = 0;
  ist__compat::flatten(isolate, string);
  for (uint32_t at = 0; at < length;) {
    uint32_t count = length - at < PIECE ? length - at : PIECE;
    ist__compat::write_one_byte(isolate, string, bytes, at, count);
    high += ist__count_high(bytes, count);
    at += count;
  }
  return high;
}

size_t utf8_length(v8::Isolate *isolate, v8::Local<v8::String> string) {
  size_t length = static_cast<size_t>(string->Length());
  if (string->IsOneByte()) return length + high_of(isolate, string);
  ist__utf8_encoder counter = {false, nullptr, nullptr};
  each_piece(isolate, string,
             [&](const uint16_t *units, size_t count) { counter.feed(units, count); });
  counter.end();
  return counter.length;
}

/* Writes UTF-8 where there is room; gives the bytes that the string takes. */
size_t write_utf8(v8::Isolate *isolate, v8::Local<v8::String> string, bool keep, uint8_t *to,
                  size_t capacity) {
  uint32_t length = static_cast<uint32_t>(string->Length());
  if (!string->IsOneByte()) {
    ist__utf8_encoder encoder = {keep, to, to + capacity};
    each_piece(isolate, string,
               [&](const uint16_t *units, size_t count) { encoder.feed(units, count); });
    encoder.end();
    return encoder.length;
  }
  if (capacity < length) return length + high_of(isolate, string);
  ist__compat::write_one_byte(isolate, string, to, 0, length);
  if (ist__is_ascii(to, length)) return length;
  size_t high = ist__count_high(to, length);
  if (high <= capacity - length) ist__latin1_widen(to, length, high);
  return length + high;
}

} // namespace

v8::MaybeLocal<v8::String> ist__string(v8::Isolate *isolate, const char *text, size_t length) {
  return from_utf8(isolate, text, length, v8::NewStringType::kNormal);
}

v8::MaybeLocal<v8::String> ist__name(v8::Isolate *isolate, const char *text, size_t length) {
  return from_utf8(isolate, text, length, v8::NewStringType::kInternalized);
}

v8::Local<v8::String> ist__text(v8::Isolate *isolate, const char *text) {
  return v8::String::NewFromUtf8(isolate, text, v8::NewStringType::kInternalized).ToLocalChecked();
}

v8::Local<v8::String> ist__word_of(v8::Isolate *isolate, ist__word word) {
  static const char *const texts[] = {"name", "message", "stack", "value", "prepareStackTrace"};
  ist_isolate *owner = static_cast<ist_isolate *>(isolate->GetData(IST_ISOLATE_SLOT));
  v8::Global<v8::String> &kept = owner->words[word];
  if (!kept.IsEmpty()) return kept.Get(isolate);
  v8::Local<v8::String> made = ist__text(isolate, texts[word]);
  /* What a snapshot is made of holds nothing of ours. */
  if (!owner->creator) kept.Reset(isolate, made);
  return made;
}

v8::Local<v8::Private> ist__secret_of(v8::Isolate *isolate, ist__secret secret) {
  static const char *const texts[] = {"isthmus:place", "isthmus:host"};
  ist_isolate *owner = static_cast<ist_isolate *>(isolate->GetData(IST_ISOLATE_SLOT));
  v8::Global<v8::Private> &kept = owner->secrets[secret];
  if (!kept.IsEmpty()) return kept.Get(isolate);
  v8::Local<v8::Private> made = ist__compat::private_symbol(isolate, texts[secret]);
  if (!owner->creator) kept.Reset(isolate, made);
  return made;
}

char *ist__string_copy(v8::Isolate *isolate, v8::Local<v8::String> string, size_t *length) {
  size_t units = static_cast<size_t>(string->Length()), size = units;
  if (!string->IsOneByte()) size = utf8_length(isolate, string);
  char *copy = static_cast<char *>(ist__malloc(size + 1));
  if (!copy) return nullptr;
  size_t written = write_utf8(isolate, string, false, reinterpret_cast<uint8_t *>(copy), size);
  if (written > size) {
    /* One-byte text that is not ASCII: it lies at the beginning, and needs more room. */
    char *grown = static_cast<char *>(ist__realloc(copy, written + 1));
    if (!grown) {
      ist__free(copy);
      return nullptr;
    }
    copy = grown;
    ist__latin1_widen(reinterpret_cast<uint8_t *>(copy), units, written - units);
  }
  copy[written] = '\0';
  if (length) *length = written;
  return copy;
}

ist_status ist_string_new(ist_isolate *isolate, const char *text, size_t length,
                          ist_value *result) {
  return make(isolate, IST_UTF8, text, length, v8::NewStringType::kNormal, result);
}

ist_status ist_string_new_as(ist_isolate *isolate, ist_encoding encoding, const void *text,
                             size_t length, ist_value *result) {
  return make(isolate, encoding, text, length, v8::NewStringType::kNormal, result);
}

ist_status ist_string_intern(ist_isolate *isolate, const char *text, size_t length,
                             ist_value *result) {
  return make(isolate, IST_UTF8, text, length, v8::NewStringType::kInternalized, result);
}

ist_status ist_string_adopt(ist_isolate *isolate, ist_encoding encoding, const void *text,
                            size_t length, ist_finalizer finalize, void *env, ist_value *result) {
  ist_status status = IST_OK;
  if (!result || (!text && length) ||
      (ist__raw(encoding) != IST_LATIN1 && ist__raw(encoding) != IST_UTF16) ||
      (encoding == IST_UTF16 && reinterpret_cast<uintptr_t>(text) % alignof(uint16_t)))
    status = IST_ERR_ARGUMENT;
  else if (length > MOST_UNITS)
    status = IST_ERR_LIMIT;
  ist__gate gate(isolate);
  if (!status) status = gate.status;
  if (status || !length) {
    /* V8 takes no empty text from outside. */
    if (!status) {
      v8::HandleScope scope(isolate->v8);
      status = ist__give(isolate, v8::String::Empty(isolate->v8), result);
    }
    if (finalize) finalize(env);
    return status;
  }
  v8::HandleScope scope(isolate->v8);
  v8::MaybeLocal<v8::String> made;
  if (encoding == IST_LATIN1)
    made = string_over<outer_latin1>(isolate->v8, static_cast<const char *>(text), length, finalize,
                                     env);
  else
    made = string_over<outer_utf16>(isolate->v8, static_cast<const uint16_t *>(text), length,
                                    finalize, env);
  v8::Local<v8::String> string;
  if (!made.ToLocal(&string)) return IST_ERR_MEMORY;
  return ist__give(isolate, string, result);
}

ist_status ist_string_length(ist_isolate *isolate, ist_value string, ist_encoding encoding,
                             size_t *result) {
  if (!result || ist__raw(encoding) > IST_LATIN1) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::String> local;
  ist_status status = ist__value_as(isolate, string, &v8::Value::IsString, &local);
  if (status) return status;
  switch (encoding) {
  case IST_UTF8:
  case IST_WTF8: *result = utf8_length(isolate->v8, local); return IST_OK;
  case IST_LATIN1:
    if (!local->ContainsOnlyOneByte()) return IST_ERR_TYPE;
    [[fallthrough]];
  case IST_UTF16: *result = static_cast<size_t>(local->Length()); return IST_OK;
  }
  return IST_ERR_ARGUMENT;
}

ist_status ist_string_read(ist_isolate *isolate, ist_value string, char **text, size_t *length) {
  if (!text) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::String> local;
  ist_status status = ist__value_as(isolate, string, &v8::Value::IsString, &local);
  if (status) return status;
  char *copy = ist__string_copy(isolate->v8, local, length);
  if (!copy) return IST_ERR_MEMORY;
  *text = copy;
  return IST_OK;
}

ist_status ist_string_write(ist_isolate *isolate, ist_value string, ist_encoding encoding,
                            void *buffer, size_t capacity, size_t *length) {
  if (!length || (!buffer && capacity) || ist__raw(encoding) > IST_LATIN1 ||
      (encoding == IST_UTF16 && reinterpret_cast<uintptr_t>(buffer) % alignof(uint16_t)))
    return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::String> local;
  ist_status status = ist__value_as(isolate, string, &v8::Value::IsString, &local);
  if (status) return status;
  size_t units = static_cast<size_t>(local->Length()), needed = units;
  if (encoding == IST_UTF8 || encoding == IST_WTF8) {
    needed = write_utf8(isolate->v8, local, encoding == IST_WTF8, static_cast<uint8_t *>(buffer),
                        capacity);
  } else if (encoding == IST_LATIN1) {
    if (!local->IsOneByte() && !local->ContainsOnlyOneByte()) return IST_ERR_TYPE;
    if (units && units <= capacity)
      ist__compat::write_one_byte(isolate->v8, local, static_cast<uint8_t *>(buffer), 0,
                                  static_cast<uint32_t>(units));
  } else if (units && units <= capacity) {
    ist__compat::write_two_byte(isolate->v8, local, static_cast<uint16_t *>(buffer), 0,
                                static_cast<uint32_t>(units));
  }
  *length = needed;
  return needed <= capacity ? IST_OK : IST_ERR_LIMIT;
}
