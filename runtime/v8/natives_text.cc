/* The natives for text and for clones, as runtime/js/README.md lists them: UTF-8 in both
 * directions, the two other encodings that TextDecoder must know, and structuredClone. Bytes are
 * read from a view's own memory; shared memory is copied before it is looked at twice. */
#include "internal.h"

#include <stdlib.h>

#include <memory>

namespace {

using call_info = v8::FunctionCallbackInfo<v8::Value>;

/* The bytes of a buffer or view. `copy` keeps them when the memory is shared. False for any other
 * value. */
struct byte_span {
  const uint8_t *data = nullptr;
  size_t size = 0;
  std::shared_ptr<v8::BackingStore> store;
  std::unique_ptr<uint8_t[]> copy;
};

bool bytes_of(v8::Local<v8::Value> value, byte_span *span) {
  size_t offset = 0;
  bool shared = false;
  if (value->IsArrayBufferView()) {
    v8::Local<v8::ArrayBufferView> view = value.As<v8::ArrayBufferView>();
    v8::Local<v8::ArrayBuffer> buffer = view->Buffer();
    shared = buffer.As<v8::Value>()->IsSharedArrayBuffer();
    offset = view->ByteOffset();
    span->size = view->ByteLength();
    span->store =
        shared ? buffer.As<v8::SharedArrayBuffer>()->GetBackingStore() : buffer->GetBackingStore();
  } else if (value->IsArrayBuffer()) {
    span->store = value.As<v8::ArrayBuffer>()->GetBackingStore();
    span->size = value.As<v8::ArrayBuffer>()->ByteLength();
  } else if (value->IsSharedArrayBuffer()) {
    shared = true;
    span->store = value.As<v8::SharedArrayBuffer>()->GetBackingStore();
    span->size = value.As<v8::SharedArrayBuffer>()->ByteLength();
  } else {
    return false;
  }
  span->data = static_cast<const uint8_t *>(span->store->Data()) + offset;
  if (shared) {
    span->copy.reset(new uint8_t[span->size ? span->size : 1]);
    if (span->size) memcpy(span->copy.get(), span->data, span->size);
    span->data = span->copy.get();
  }
  return true;
}

void throw_too_long(v8::Isolate *isolate) {
  isolate->ThrowException(
      v8::Exception::RangeError(ist__text(isolate, "the text is too long for a string")));
}

void encode_utf8(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  if (!info[0]->IsString()) return;
  v8::Local<v8::String> string = info[0].As<v8::String>();
  size_t size = ist__compat::utf8_length(isolate, string);
  char *memory = static_cast<char *>(ist__malloc(size ? size : 1));
  if (!memory) {
    isolate->ThrowException(
        v8::Exception::RangeError(ist__text(isolate, "no memory for the encoded text")));
    return;
  }
  size = ist__compat::write_utf8(isolate, string, memory, size);
  std::unique_ptr<v8::BackingStore> store = v8::ArrayBuffer::NewBackingStore(
      memory, size, [](void *data, size_t, void *) { ist__free(data); }, nullptr);
  v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(isolate, std::move(store));
  info.GetReturnValue().Set(v8::Uint8Array::New(buffer, 0, size));
}

void encode_utf8_into(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  if (!info[0]->IsString() || !info[1]->IsUint8Array()) return;
  v8::Local<v8::Uint8Array> view = info[1].As<v8::Uint8Array>();
  uint8_t *data = static_cast<uint8_t *>(view->Buffer()->GetBackingStore()->Data());
  size_t read = 0;
  size_t written = 0;
  if (view->ByteLength())
    written = ist__compat::write_utf8(isolate, info[0].As<v8::String>(),
                                      reinterpret_cast<char *>(data) + view->ByteOffset(),
                                      view->ByteLength(), &read);
  v8::Local<v8::Value> parts[] = {v8::Number::New(isolate, static_cast<double>(read)),
                                  v8::Number::New(isolate, static_cast<double>(written))};
  info.GetReturnValue().Set(v8::Array::New(isolate, parts, 2));
}

/* The length of the UTF-8 sequence at `at`, or 0 when it is malformed; with `room` bytes of it
 * there, `*missing` tells how many more a good beginning lacks. */
size_t sequence_length(const uint8_t *at, size_t room, size_t *missing) {
  *missing = 0;
  uint8_t first = at[0];
  if (first < 0x80) return 1;
  size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                  : (first & 0xf0) == 0xe0         ? 3
                  : first >= 0xf0 && first <= 0xf4 ? 4
                                                   : 0;
  if (!length) return 0;
  for (size_t i = 1; i < length; i++) {
    if (i == room) {
      *missing = length - room;
      return 0;
    }
    uint8_t low = 0x80, high = 0xbf;
    if (i == 1) {
      if (first == 0xe0) low = 0xa0;
      if (first == 0xed) high = 0x9f;
      if (first == 0xf0) low = 0x90;
      if (first == 0xf4) high = 0x8f;
    }
    if (at[i] < low || at[i] > high) return 0;
  }
  return length;
}

bool valid_utf8(const uint8_t *data, size_t size) {
  for (size_t i = 0; i < size;) {
    size_t missing;
    size_t length = sequence_length(data + i, size - i, &missing);
    if (!length) return false;
    i += length;
  }
  return true;
}

void decode_utf8(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  byte_span span;
  if (!bytes_of(info[0], &span)) return;
  bool fatal = info[1]->IsTrue(), ignore_bom = info[2]->IsTrue();
  if (!ignore_bom && span.size >= 3 && !memcmp(span.data, "\xef\xbb\xbf", 3)) {
    span.data += 3;
    span.size -= 3;
  }
  if (fatal && !valid_utf8(span.data, span.size)) return;
  v8::Local<v8::String> string;
  if (ist__string(isolate, reinterpret_cast<const char *>(span.data), span.size).ToLocal(&string))
    info.GetReturnValue().Set(string);
  else
    throw_too_long(isolate);
}

void decode_latin1(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  byte_span span;
  if (!bytes_of(info[0], &span)) return;
  v8::Local<v8::String> string;
  if (span.size <= static_cast<size_t>(v8::String::kMaxLength) &&
      v8::String::NewFromOneByte(isolate, span.data, v8::NewStringType::kNormal,
                                 static_cast<int>(span.size))
          .ToLocal(&string))
    info.GetReturnValue().Set(string);
  else
    throw_too_long(isolate);
}

void decode_utf16le(const call_info &info) {
  v8::Isolate *isolate = info.GetIsolate();
  byte_span span;
  if (!bytes_of(info[0], &span)) return;
  if (!info[1]->IsTrue() && span.size >= 2 && span.data[0] == 0xff && span.data[1] == 0xfe) {
    span.data += 2;
    span.size -= 2;
  }
  size_t units = span.size / 2;
  std::unique_ptr<uint16_t[]> text(new uint16_t[units + 1]);
  for (size_t i = 0; i < units; i++)
    text[i] = static_cast<uint16_t>(span.data[2 * i] | span.data[2 * i + 1] << 8);
  v8::Local<v8::String> string;
  if (units <= static_cast<size_t>(v8::String::kMaxLength) &&
      v8::String::NewFromTwoByte(isolate, text.get(), v8::NewStringType::kNormal,
                                 static_cast<int>(units))
          .ToLocal(&string))
    info.GetReturnValue().Set(string);
  else
    throw_too_long(isolate);
}

void utf8_tail(const call_info &info) {
  byte_span span;
  int tail = 0;
  if (bytes_of(info[0], &span)) {
    for (size_t back = 1; back <= 3 && back <= span.size; back++) {
      const uint8_t *at = span.data + span.size - back;
      if ((*at & 0xc0) == 0x80) continue;
      size_t missing;
      (void)sequence_length(at, back, &missing);
      if (missing) tail = static_cast<int>(back);
      break;
    }
  }
  info.GetReturnValue().Set(tail);
}

} // namespace

void ist__natives_text(v8::Local<v8::Context> context, v8::Local<v8::Object> native) {
  static const struct {
    const char *name;
    v8::FunctionCallback callback;
  } methods[] = {
      {"encodeUtf8", encode_utf8},
      {"encodeUtf8Into", encode_utf8_into},
      {"decodeUtf8", decode_utf8},
      {"decodeLatin1", decode_latin1},
      {"decodeUtf16le", decode_utf16le},
      {"utf8Tail", utf8_tail},
      {"structuredClone", ist__native_clone},
  };
  for (const auto &method : methods)
    ist__native_method(context, native, method.name, method.callback);
}
