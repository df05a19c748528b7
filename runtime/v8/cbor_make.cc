/* The values that tags of CBOR stand for. A known tag on the wrong thing is malformed; any other
 * tag is passed over, and what it is on counts. */
#include "cbor_read.h"

#include <math.h>

namespace {

using token = ist__cbor_token;

struct element_form {
  size_t size;
  v8::Local<v8::Value> (*make)(v8::Local<v8::ArrayBuffer> buffer, size_t count);
};

template <class T> v8::Local<v8::Value> over(v8::Local<v8::ArrayBuffer> buffer, size_t count) {
  return T::New(buffer, 0, count);
}

/* By the tag's bits; the byte order is no part of it. Size 0: no such array. */
element_form form_of(uint64_t tag) {
  if (tag == IST_TAG_UINT8_CLAMPED) return {1, over<v8::Uint8ClampedArray>};
  switch ((tag - IST_TAG_UINT8) & ~static_cast<uint64_t>(IST_ARRAY_LITTLE)) {
  case 0: return {1, over<v8::Uint8Array>};
  case 1: return {2, over<v8::Uint16Array>};
  case 2: return {4, over<v8::Uint32Array>};
  case 3: return {8, over<v8::BigUint64Array>};
  case IST_ARRAY_SIGNED:
    if (tag & IST_ARRAY_LITTLE) break;
    return {1, over<v8::Int8Array>};
  case IST_ARRAY_SIGNED | 1: return {2, over<v8::Int16Array>};
  case IST_ARRAY_SIGNED | 2: return {4, over<v8::Int32Array>};
  case IST_ARRAY_SIGNED | 3: return {8, over<v8::BigInt64Array>};
  case IST_ARRAY_FLOAT | 0: return {2, over<v8::Float32Array>}; /* halves, which become singles */
  case IST_ARRAY_FLOAT | 1: return {4, over<v8::Float32Array>};
  case IST_ARRAY_FLOAT | 2: return {8, over<v8::Float64Array>};
  }
  return {0, nullptr};
}

float single_of(uint32_t half) {
  int exponent = static_cast<int>(half >> 10 & 31), fraction = static_cast<int>(half & 1023);
  float value = !exponent        ? ldexpf(static_cast<float>(fraction), -24)
                : exponent == 31 ? (fraction ? NAN : INFINITY)
                                 : ldexpf(static_cast<float>(fraction + 1024), exponent - 25);
  return half & 0x8000 ? -value : value;
}

/* Whether a string is this text. */
bool is_text(const token &from, const char *text) {
  return from.kind == token::TEXT && from.number == strlen(text) &&
         !memcmp(from.data, text, from.number);
}

} // namespace

bool ist__cbor_reader::tagged(uint64_t tag, size_t at, value *result, shares as) {
  switch (tag) {
  case IST_TAG_DATE_TEXT:
  case IST_TAG_DATE:
  case IST_TAG_DAYS:
  case IST_TAG_DAY_TEXT: return date(tag, at, result);
  case IST_TAG_BIG:
  case IST_TAG_BIG_NEGATIVE: return bigint(tag == IST_TAG_BIG_NEGATIVE, at, result);
  case IST_TAG_OBJECT: return object(result, as);
  case IST_TAG_SHARED: return shared(result, as);
  case IST_TAG_REFERENCE: return reference(at, result);
  case IST_TAG_HOLE: return malformed(at, "a hole outside of an array");
  case IST_TAG_SET: return set(result, as);
  case IST_TAG_MAP: return tagged_map(result, as);
  case IST_TAG_WTF8: return wtf8(at, result);
  case IST_TAG_PATTERN:
  case IST_TAG_REGEXP: return regexp(tag, at, result);
  case IST_TAG_VALUE: return tabled(at, result);
  case IST_TAG_STRING_REFERENCE: return malformed(at, "references to strings are not read");
  }
  if (tag >= IST_TAG_UINT8 && tag <= IST_TAG_LAST_ARRAY) return typed_array(tag, at, result);
  return item(result, as);
}

/* ---- Shared values ---- */

bool ist__cbor_reader::shared(value *result, shares as) {
  if (shares_.count >= UINT32_MAX - 1) return fail(IST_ERR_LIMIT, at_, "too many shared values");
  uint32_t index = static_cast<uint32_t>(shares_.count);
  if (!charge(16)) return false;
  if (!shares_.add()) return memory();
  /* Marks right on one another are for one value. */
  shares wanted =
      as.count && as.first + as.count == index ? shares{as.first, as.count + 1} : shares{index, 1};
  if (!item(result, wanted)) return false;
  bind(wanted, *result);
  return true;
}

bool ist__cbor_reader::reference(size_t at, value *result) {
  token from;
  if (!next(&from)) return false;
  if (from.kind != token::UINT || from.number >= shares_.count)
    return malformed(at, "a reference to nothing");
  const share &to = shares_.items[from.number];
  if (to.is.IsEmpty()) return malformed(at, "a reference to what is not complete");
  *result = to.is.Get(isolate_);
  return true;
}

/* A value from the caller's table. */
bool ist__cbor_reader::tabled(size_t at, value *result) {
  token from;
  if (!next(&from)) return false;
  if (!limits_.table) return malformed(at, "there is no table of values");
  if (from.kind != token::UINT || from.number >= limits_.table->count)
    return malformed(at, "an index outside of the table");
  if (!ist__value_to(owner_, limits_.table->values[from.number], result))
    return fail(IST_ERR_HANDLE, at, "the value in the table is none");
  return true;
}

/* ---- Numbers and dates ---- */

bool ist__cbor_reader::bigint(bool negative, size_t at, value *result) {
  token from;
  unsigned char *joined;
  bool made =
      expect(token::BYTES, token::BYTES_OPEN, "a big number is a byte string", &from, &joined) &&
      bigint_of(negative, from.data, from.number, at, result);
  ist__free(joined);
  return made;
}

bool ist__cbor_reader::bigint_of(bool negative, const unsigned char *data, size_t length, size_t at,
                                 value *result) {
  constexpr size_t most = size_t{1} << 27; /* V8's limit is of 2^30 bits */
  while (length && !*data) {
    data++;
    length--;
  }
  if (length > most) return fail(IST_ERR_LIMIT, at, "the number is too large");
  if (!charge(16 + length)) return false;
  uint64_t fixed[16] = {};
  uint64_t *words = fixed;
  size_t count = length / 8 + 1; /* one more bit, for -1 - n */
  if (count > 16) words = static_cast<uint64_t *>(ist__calloc(count, sizeof *words));
  if (!words) return memory();
  for (size_t i = 0; i < length; i++)
    words[i / 8] |= static_cast<uint64_t>(data[length - 1 - i]) << (i % 8 * 8);
  for (size_t i = 0; negative && i < count; i++)
    if (++words[i]) break;
  while (count && !words[count - 1]) count--;
  v8::Local<v8::BigInt> made;
  v8::TryCatch catcher(isolate_);
  bool fine =
      v8::BigInt::NewFromWords(context_, negative, static_cast<int>(count), words).ToLocal(&made);
  if (words != fixed) ist__free(words);
  if (!fine) return fail(IST_ERR_LIMIT, at, "the number is too large");
  *result = made;
  return true;
}

bool ist__cbor_reader::date(uint64_t tag, size_t at, value *result) {
  token from;
  double time = NAN;
  if (tag == IST_TAG_DATE_TEXT || tag == IST_TAG_DAY_TEXT) {
    unsigned char *joined;
    bool fine = expect(token::TEXT, token::TEXT_OPEN, "this date is a text", &from, &joined);
    const char *text = reinterpret_cast<const char *>(from.data);
    if (fine && !(tag == IST_TAG_DAY_TEXT ? ist__cbor_day(text, from.number, &time)
                                          : ist__cbor_date(text, from.number, &time)))
      fine = malformed(at, "this is no date");
    ist__free(joined);
    if (!fine) return false;
  } else {
    if (!next(&from)) return false;
    double number = static_cast<double>(from.number);
    if (from.kind == token::NEGATIVE)
      number = -1 - number;
    else if (from.kind == token::FLOAT)
      number = from.real;
    else if (from.kind != token::UINT)
      return malformed(at, "this date is a number");
    if (tag == IST_TAG_DAYS) number *= 86400;
    /* V8 counts in milliseconds. Of a time far away, a double of seconds is only just less than
     * half of one off. */
    double seconds = floor(number);
    time = seconds * 1000 + round((number - seconds) * 1000);
  }
  if (!(fabs(time) <= 8.64e15)) time = NAN;
  if (!charge(96)) return false;
  return v8::Date::New(context_, time).ToLocal(result);
}

/* ---- Collections and strings ---- */

bool ist__cbor_reader::set(value *result, shares as) {
  size_t at = at_;
  token from;
  if (!next(&from)) return false;
  if (from.kind != token::ARRAY && from.kind != token::ARRAY_OPEN)
    return malformed(at, "a set is an array");
  if (!charge(200) || !enter(at)) return false;
  v8::EscapableHandleScope scope(isolate_);
  v8::Local<v8::Set> made = v8::Set::New(isolate_);
  bind(as, made);
  uint32_t tags = tags_;
  tags_ = 0;
  rest of = {from.kind == token::ARRAY_OPEN, from.number};
  for (bool there;;) {
    if (!more(&of, &there)) return false;
    if (!there) break;
    v8::HandleScope inner(isolate_);
    value member;
    if (!charge(48) || !item(&member, {0, 0}) || made->Add(context_, member).IsEmpty())
      return false;
  }
  tags_ = tags;
  depth_--;
  *result = scope.Escape(made.As<v8::Value>());
  return true;
}

bool ist__cbor_reader::tagged_map(value *result, shares as) {
  size_t at = at_;
  token from;
  if (!next(&from)) return false;
  if (from.kind != token::MAP && from.kind != token::MAP_OPEN)
    return malformed(at, "a Map is a map");
  if (!charge(200) || !enter(at)) return false;
  v8::EscapableHandleScope scope(isolate_);
  v8::Local<v8::Map> made = v8::Map::New(isolate_);
  bind(as, made);
  uint32_t tags = tags_;
  tags_ = 0;
  if (!map_into(made, {from.kind == token::MAP_OPEN, from.number})) return false;
  tags_ = tags;
  depth_--;
  *result = scope.Escape(made.As<v8::Value>());
  return true;
}

bool ist__cbor_reader::wtf8(size_t at, value *result) {
  token from;
  unsigned char *joined;
  bool fine = expect(token::BYTES, token::BYTES_OPEN, "WTF-8 is a byte string", &from, &joined) &&
              charge(16 + 2 * from.number);
  uint16_t *units = nullptr;
  size_t count = 0;
  if (fine) {
    units = static_cast<uint16_t *>(ist__malloc(from.number ? from.number * sizeof *units : 1));
    if (!units)
      fine = memory();
    else if (!ist__cbor_wtf8(from.data, from.number, units, &count))
      fine = malformed(at, "this is not WTF-8");
    else if (count > static_cast<size_t>(v8::String::kMaxLength))
      fine = fail(IST_ERR_LIMIT, at, "the string is too long");
  }
  v8::Local<v8::String> made = v8::String::Empty(isolate_);
  if (fine && count)
    fine = v8::String::NewFromTwoByte(isolate_, units, v8::NewStringType::kNormal,
                                      static_cast<int>(count))
               .ToLocal(&made);
  ist__free(units);
  ist__free(joined);
  if (fine) *result = made;
  return fine;
}

bool ist__cbor_reader::regexp(uint64_t tag, size_t at, value *result) {
  static const char letters[] = "gimyusd";
  static const v8::RegExp::Flags bits[] = {
      v8::RegExp::kGlobal,  v8::RegExp::kIgnoreCase, v8::RegExp::kMultiline, v8::RegExp::kSticky,
      v8::RegExp::kUnicode, v8::RegExp::kDotAll,     v8::RegExp::kHasIndices};
  size_t start = at_;
  token from;
  if (!next(&from)) return false;
  rest of = {from.kind == token::ARRAY_OPEN, from.number};
  bool there = false;
  value pattern;
  int flags = v8::RegExp::kNone;
  if (tag == IST_TAG_REGEXP && (from.kind == token::ARRAY || from.kind == token::ARRAY_OPEN)) {
    if (!more(&of, &there)) return false;
    if (!there) return malformed(at, "a RegExp has a pattern");
    if (!item(&pattern, {0, 0}) || !more(&of, &there)) return false;
    if (there) {
      token given;
      unsigned char *joined;
      bool fine = expect(token::TEXT, token::TEXT_OPEN, "flags are a text", &given, &joined);
      for (uint64_t i = 0; fine && i < given.number; i++) {
        const char *letter =
            static_cast<const char *>(memchr(letters, given.data[i], sizeof letters - 1));
        int bit = letter ? bits[letter - letters] : flags;
        if (!bit || flags & bit) fine = malformed(at, "these are no flags of a RegExp");
        flags |= bit;
      }
      ist__free(joined);
      if (!fine || !more(&of, &there)) return false;
      if (there) return malformed(at, "a RegExp has a pattern and flags");
    }
  } else if (!item_of(from, start, &pattern, {0, 0})) {
    return false;
  }
  if (!pattern->IsString()) return malformed(at, "the pattern of a RegExp is a text");
  if (!charge(256)) return false;
  v8::TryCatch catcher(isolate_);
  v8::Local<v8::RegExp> made;
  if (!v8::RegExp::New(context_, pattern.As<v8::String>(), static_cast<v8::RegExp::Flags>(flags))
           .ToLocal(&made))
    return malformed(at, "this is no regular expression of JavaScript's");
  *result = made;
  return true;
}

/* ---- Bytes ---- */

bool ist__cbor_reader::buffer_of(const token &from, size_t at, v8::Local<v8::ArrayBuffer> *result) {
  if (from.number > v8::TypedArray::kMaxLength)
    return fail(IST_ERR_LIMIT, at, "the buffer is too large");
  if (!charge(160 + from.number)) return false;
  /* V8 ends the process when its own allocation fails, so the memory comes from here. */
  void *copy = ist__malloc(from.number ? from.number : 1);
  if (!copy) return memory();
  if (from.number) memcpy(copy, from.data, from.number);
  std::unique_ptr<v8::BackingStore> store = v8::ArrayBuffer::NewBackingStore(
      copy, from.number, [](void *data, size_t, void *) { ist__free(data); }, nullptr);
  *result = v8::ArrayBuffer::New(isolate_, std::move(store));
  return true;
}

bool ist__cbor_reader::typed_array(uint64_t tag, size_t at, value *result) {
  element_form form = form_of(tag);
  if (!form.size) return malformed(at, "JavaScript has no such typed array");
  token from;
  unsigned char *joined;
  if (!expect(token::BYTES, token::BYTES_OPEN, "a typed array is a byte string", &from, &joined)) {
    ist__free(joined);
    return false;
  }
  bool halves = form.size == 2 && tag - IST_TAG_UINT8 >= IST_ARRAY_FLOAT;
  size_t count = from.number / form.size;
  bool fine = from.number % form.size == 0 || malformed(at, "the bytes end within an element");
  unsigned char *wide = nullptr;
  if (fine && halves) {
    /* The singles stand in for the halves. */
    wide =
        count <= limits_.size ? static_cast<unsigned char *>(ist__malloc(count * 4 + 1)) : nullptr;
    fine = wide || memory();
    for (size_t i = 0; fine && i < count; i++) {
      const unsigned char *two = from.data + 2 * i;
      bool little = tag & IST_ARRAY_LITTLE;
      float single = single_of(static_cast<uint32_t>(two[little] << 8 | two[!little]));
      memcpy(wide + 4 * i, &single, 4);
    }
    if (fine) from = {token::BYTES, count * 4, 0, wide};
  }
  v8::Local<v8::ArrayBuffer> buffer;
  fine = fine && buffer_of(from, at, &buffer);
  if (fine && !halves && form.size > 1 && !(tag & IST_ARRAY_LITTLE)) {
    unsigned char *data = static_cast<unsigned char *>(buffer->GetBackingStore()->Data());
    for (size_t i = 0; i < count; i++, data += form.size)
      for (size_t j = 0; j < form.size / 2; j++) {
        unsigned char byte = data[j];
        data[j] = data[form.size - 1 - j];
        data[form.size - 1 - j] = byte;
      }
  }
  ist__free(wide);
  ist__free(joined);
  if (fine) *result = form.make(buffer, count);
  return fine;
}

/* ---- [class, what it is made of...] ---- */

bool ist__cbor_reader::object(value *result, shares as) {
  size_t at = at_;
  token from, name = {};
  if (!next(&from)) return false;
  rest of = {from.kind == token::ARRAY_OPEN, from.number};
  bool there = false;
  if (from.kind != token::ARRAY && from.kind != token::ARRAY_OPEN)
    return malformed(at, "an object is an array");
  if (!more(&of, &there) || (there && !next(&name))) return false;
  bool view = there && is_text(name, "DataView");
  bool fine = true;
  if (there && is_text(name, "Error")) {
    fine = error(&of, result, as);
  } else if (there && is_text(name, "Array")) {
    fine = sparse(&of, result, as);
  } else if (view || (there && is_text(name, "ArrayBuffer"))) {
    unsigned char *joined;
    token bytes;
    v8::Local<v8::ArrayBuffer> buffer;
    if (!more(&of, &there)) return false;
    if (!there) return malformed(at, "a buffer has bytes");
    fine = expect(token::BYTES, token::BYTES_OPEN, "a buffer is a byte string", &bytes, &joined) &&
           buffer_of(bytes, at, &buffer);
    ist__free(joined);
    if (fine)
      *result = view ? v8::DataView::New(buffer, 0, buffer->ByteLength()).As<v8::Value>()
                     : buffer.As<v8::Value>();
  } else {
    /* Somebody else's class. */
    at_ = at;
    return item(result, as);
  }
  if (!fine || !more(&of, &there)) return false;
  return !there || malformed(at, "an object has more parts than its class");
}

bool ist__cbor_reader::error(rest *of, value *result, shares as) {
  static const char *const names[] = {"name", "message", "stack"};
  size_t at = at_;
  value parts[3];
  bool there = false;
  if (!charge(512) || !enter(at)) return false;
  for (int i = 0; i < 3; i++) {
    if (!more(of, &there)) return false;
    if (!there && i < 2) return malformed(at, "an Error has a name and a message");
    if (!there) break;
    if (!item(&parts[i], {0, 0})) return false;
    if (!parts[i]->IsString() && !parts[i]->IsUndefined())
      return malformed(at, "the parts of an Error are texts");
  }
  bool worded = parts[1]->IsString();
  v8::Local<v8::String> message = worded ? parts[1].As<v8::String>() : v8::String::Empty(isolate_);
  char name[16] = "";
  if (parts[0]->IsString() && parts[0].As<v8::String>()->Length() < 15)
    ist__compat::write_utf8(isolate_, parts[0].As<v8::String>(), name, sizeof name - 1);
  bool own = false;
  if (!strcmp(name, "TypeError"))
    *result = v8::Exception::TypeError(message);
  else if (!strcmp(name, "RangeError"))
    *result = v8::Exception::RangeError(message);
  else if (!strcmp(name, "SyntaxError"))
    *result = v8::Exception::SyntaxError(message);
  else if (!strcmp(name, "ReferenceError"))
    *result = v8::Exception::ReferenceError(message);
  else {
    *result = v8::Exception::Error(message);
    own = parts[0]->IsString() && strcmp(name, "Error");
  }
  v8::Local<v8::Object> made = result->As<v8::Object>();
  bind(as, made);
  if (!worded && made->Delete(context_, ist__text(isolate_, names[1])).IsNothing()) return false;
  if (own &&
      made->DefineOwnProperty(context_, ist__text(isolate_, names[0]), parts[0], v8::DontEnum)
          .IsNothing())
    return false;
  if (!parts[2].IsEmpty() &&
      made->DefineOwnProperty(context_, ist__text(isolate_, names[2]), parts[2], v8::DontEnum)
          .IsNothing())
    return false;
  if (there && !more(of, &there)) return false;
  if (there) {
    value cause;
    if (!item(&cause, {0, 0}) ||
        made->DefineOwnProperty(context_, ist__text(isolate_, "cause"), cause, v8::DontEnum)
            .IsNothing())
      return false;
  }
  depth_--;
  return true;
}

/* A length, and a map from indices to elements. */
bool ist__cbor_reader::sparse(rest *of, value *result, shares as) {
  size_t at = at_;
  token length, from;
  bool there;
  if (!more(of, &there)) return false;
  if (!there) return malformed(at, "an Array has a length");
  if (!next(&length)) return false;
  if (length.kind != token::UINT || length.number > UINT32_MAX)
    return malformed(at, "the length of an Array is an integer below 2^32");
  if (!more(of, &there)) return false;
  if (!there) return malformed(at, "an Array has elements");
  if (!next(&from)) return false;
  if (from.kind != token::MAP && from.kind != token::MAP_OPEN)
    return malformed(at, "the elements of an Array are a map");
  if (!charge(64) || !enter(at)) return false;
  v8::EscapableHandleScope scope(isolate_);
  v8::Local<v8::Array> made = v8::Array::New(isolate_, 0);
  v8::Local<v8::String> key = ist__text(isolate_, "length");
  bind(as, made);
  /* Made longest first, it is one that has no room for what is absent. */
  for (double is : {4294967295.0, static_cast<double>(length.number)})
    if (!made->Set(context_, key, v8::Number::New(isolate_, is)).FromMaybe(false)) return false;
  rest elements = {from.kind == token::MAP_OPEN, from.number};
  while (more(&elements, &there) && there) {
    v8::HandleScope inner(isolate_);
    token index;
    value element;
    size_t start = at_;
    if (!charge(64) || !next(&index)) return false;
    if (index.kind != token::UINT || index.number >= length.number)
      return malformed(start, "the element is outside of the Array");
    if (!item(&element, {0, 0}) ||
        !made->CreateDataProperty(context_, static_cast<uint32_t>(index.number), element)
             .FromMaybe(false))
      return false;
  }
  depth_--;
  *result = scope.Escape(made.As<v8::Value>());
  return true;
}
