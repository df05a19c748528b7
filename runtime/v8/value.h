/* What the files about values share: how a function begins and ends, and text between its
 * encodings. Nothing here keeps a V8 handle beyond the call, and nothing is asked of a value before
 * its handle was resolved and its type checked. */
#ifndef IST_V8_VALUE_H
#define IST_V8_VALUE_H

#include "internal.h"

/* ---- Beginning and ending ---- */

/* The value behind a handle, when `is` says that it is one of the wanted type. */
template <class T>
ist_status ist__value_as(ist_isolate *isolate, ist_value from, bool (v8::Value::*is)() const,
                         v8::Local<T> *to) {
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, from, &local)) return IST_ERR_HANDLE;
  if (!((*local)->*is)()) return IST_ERR_TYPE;
  *to = local.As<T>();
  return IST_OK;
}

inline ist_status ist__give(ist_isolate *isolate, v8::Local<v8::Value> value, ist_value *result) {
  return ist__value_from(isolate, value, result) ? IST_OK : IST_ERR_MEMORY;
}

/* Ends a function by what V8 gave: a value, or nothing and an exception. */
template <class T>
ist_status ist__finish(ist_context *context, const v8::MaybeLocal<T> &got, v8::TryCatch *catcher,
                       ist_value *result, ist_error **error, ist_status usual = IST_ERR_EXCEPTION) {
  v8::Local<T> value;
  if (!got.ToLocal(&value)) return ist__caught(context, catcher, usual, error);
  if (result && !ist__value_from(context->isolate, value, result))
    return ist__fail(error, IST_ERR_MEMORY);
  return IST_OK;
}

/* The same for what is done or not; `done` may be NULL. */
inline ist_status ist__finish_maybe(ist_context *context, const v8::Maybe<bool> &got,
                                    v8::TryCatch *catcher, bool *done, ist_error **error) {
  if (got.IsNothing()) return ist__caught(context, catcher, IST_ERR_EXCEPTION, error);
  if (done) *done = got.FromJust();
  return IST_OK;
}

/* At the end of what may have run JavaScript, outside of the entry: where microtasks run by
 * themselves, they have. */
inline ist_status ist__settled(ist_context *context, ist_status status) {
  ist_isolate *isolate = context->isolate;
  if (isolate->rejections && isolate->microtasks == IST_MICROTASKS_AUTO)
    ist__isolate_settle(isolate);
  return status;
}

/* What every function on an object's properties begins with; `body(entry, target)` is the rest.
 * `valid`: the other arguments are. */
template <class Body>
ist_status ist__on_object(ist_context *context, ist_value object, bool valid, ist_error **error,
                          const Body &body) {
  if (error) *error = nullptr;
  if (!valid) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist_status status;
  {
    ist__call_entry entry(context);
    v8::Local<v8::Value> target;
    if (!ist__value_borrow(context->isolate, object, &target))
      return ist__fail(error, IST_ERR_HANDLE);
    if (object.type < IST_OBJECT) return ist__fail(error, IST_ERR_TYPE);
    status = body(entry, target.As<v8::Object>());
  }
  return ist__settled(context, status);
}

/* Options and results begin with their size; what is smaller than the first version is refused. */
template <class T> bool ist__sized(const T *record) {
  return record && record->size >= sizeof *record;
}

/* The number that a C caller gave for an enumerator. C++ may assume that there are no others than
 * those declared, so it is looked at as bytes. */
template <class T> uint32_t ist__raw(const T &enumerator) {
  uint32_t number;
  static_assert(sizeof enumerator == sizeof number, "an enumeration of C");
  memcpy(&number, &enumerator, sizeof number);
  return number;
}

/* Whether V8's heap can take this much more: V8 ends the process when it cannot. What is small is
 * not asked about. */
bool ist__heap_has_room(v8::Isolate *isolate, size_t bytes);

/* ---- What user code could have changed ---- */

enum ist__intrinsic {
  IST_GET_PROTOTYPE,
  IST_SET_PROTOTYPE,
  IST_DEFINE_PROPERTY,
  IST_BUFFER_RESIZABLE,
  IST_ARRAY_BYTES, /* of typed arrays */
  IST_VIEW_BYTES,  /* of DataViews */
  IST_EVAL,
  IST_APPLY,
  IST_FREEZE,
  IST_PREVENT_EXTENSIONS,
  IST_IS_EXTENSIBLE,
  IST_OWN_KEYS,
  IST_DELETE_PROPERTY,
  IST_GET_DESCRIPTOR,
  IST_INTRINSIC_COUNT
};

/* A function as it was when the context was made; empty where this V8 has none. */
v8::MaybeLocal<v8::Function> ist__intrinsic_of(v8::Local<v8::Context> context,
                                               ist__intrinsic which);

/* ---- Strings ---- */

/* A property's name; empty when it is longer than V8 allows. */
v8::MaybeLocal<v8::String> ist__name(v8::Isolate *isolate, const char *text, size_t length);

/* A string, symbol or number as the name of a property; empty when V8 is out of memory. */
v8::MaybeLocal<v8::Name> ist__key_name(v8::Local<v8::Context> context, v8::Local<v8::Value> key);

/* ---- Encodings ---- */

/* Whether all bytes are below 0x80, and how many are not. */
bool ist__is_ascii(const uint8_t *text, size_t length);
size_t ist__count_high(const uint8_t *text, size_t length);

/* Whether UTF-8 text holds a surrogate as three bytes. */
bool ist__has_surrogate(const uint8_t *text, size_t length);

/* Decodes UTF-8 to UTF-16; what is malformed becomes U+FFFD as the Encoding standard has it.
 * `keep`: surrogates of three bytes are kept. Gives the units written; `to` NULL counts them. */
size_t ist__utf8_decode(const uint8_t *text, size_t length, bool keep, uint16_t *to);

/* Encodes UTF-16 piece by piece. */
struct ist__utf8_encoder {
  bool keep;           /* lone surrogates, as three bytes */
  uint8_t *to, *limit; /* writing ends there, and counting goes on; both may be NULL */
  size_t length = 0;   /* bytes that the text takes */
  uint16_t high = 0;   /* a surrogate that waits for its other half */

  void feed(const uint16_t *units, size_t count);
  void end();

private:
  void put(uint32_t point);
};

/* Widens Latin-1 in place to UTF-8: `length` bytes, of which `high` are not ASCII; there is room.
 */
void ist__latin1_widen(uint8_t *text, size_t length, size_t high);

#endif
