/* Symbols and BigInts. A BigInt crosses as the words of its absolute value, whose number is checked
 * against what V8 allows before V8 sees them. */
#include "value.h"

namespace {

/* V8's limit of 2 to the 30 bits. */
constexpr size_t MOST_WORDS = size_t{1} << 24;

} // namespace

ist_status ist_symbol_new(ist_isolate *isolate, ist_value description, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Value> local;
  if (!ist__value_to(isolate, description, &local)) return IST_ERR_HANDLE;
  if (!local->IsString() && !local->IsUndefined()) return IST_ERR_TYPE;
  v8::Local<v8::String> text;
  if (local->IsString()) text = local.As<v8::String>();
  return ist__give(isolate, v8::Symbol::New(isolate->v8, text), result);
}

ist_status ist_symbol_for(ist_isolate *isolate, ist_value key, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::String> local;
  ist_status status = ist__value_as(isolate, key, &v8::Value::IsString, &local);
  if (status) return status;
  return ist__give(isolate, v8::Symbol::For(isolate->v8, local), result);
}

ist_status ist_symbol_known(ist_isolate *isolate, ist_known_symbol which, ist_value *result) {
  using symbol_getter = v8::Local<v8::Symbol> (*)(v8::Isolate *);
  /* In the order of ist_known_symbol. */
  static const symbol_getter getters[] = {
      v8::Symbol::GetAsyncIterator, v8::Symbol::GetHasInstance, v8::Symbol::GetIsConcatSpreadable,
      v8::Symbol::GetIterator,      v8::Symbol::GetMatch,       v8::Symbol::GetReplace,
      v8::Symbol::GetSearch,        v8::Symbol::GetSplit,       v8::Symbol::GetToPrimitive,
      v8::Symbol::GetToStringTag,   v8::Symbol::GetUnscopables,
  };
  static_assert(sizeof getters / sizeof *getters == IST_SYMBOL_UNSCOPABLES + 1, "one for each");
  if (!result || ist__raw(which) > IST_SYMBOL_UNSCOPABLES) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  return ist__give(isolate, getters[which](isolate->v8), result);
}

ist_status ist_symbol_description(ist_isolate *isolate, ist_value symbol, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Symbol> local;
  ist_status status = ist__value_as(isolate, symbol, &v8::Value::IsSymbol, &local);
  if (status) return status;
  return ist__give(isolate, local->Description(isolate->v8), result);
}

ist_status ist_bigint_new(ist_context *context, bool negative, const uint64_t *words, size_t count,
                          ist_value *result) {
  if (!result || (!words && count) || reinterpret_cast<uintptr_t>(words) % alignof(uint64_t))
    return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  if (count > 4 * size_t{MOST_WORDS}) return IST_ERR_LIMIT; /* whatever they are */
  while (count && !words[count - 1]) count--;
  if (count > MOST_WORDS) return IST_ERR_LIMIT;
  if (!ist__heap_has_room(context->isolate->v8, count * sizeof *words)) return IST_ERR_MEMORY;
  ist__entry entry(context);
  v8::Local<v8::BigInt> bigint;
  if (!v8::BigInt::NewFromWords(entry.context, negative, static_cast<int>(count), words)
           .ToLocal(&bigint))
    return ist__caught(context, &entry.catcher, IST_ERR_LIMIT, nullptr);
  return ist__give(context->isolate, bigint, result);
}

ist_status ist_bigint_new_int64(ist_isolate *isolate, int64_t number, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  return ist__give(isolate, v8::BigInt::New(isolate->v8, number), result);
}

ist_status ist_bigint_new_uint64(ist_isolate *isolate, uint64_t number, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  return ist__give(isolate, v8::BigInt::NewFromUnsigned(isolate->v8, number), result);
}

ist_status ist_bigint_read(ist_isolate *isolate, ist_value bigint, bool *negative, uint64_t *words,
                           size_t *count) {
  if (!negative || !count || (!words && *count)) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::BigInt> local;
  ist_status status = ist__value_as(isolate, bigint, &v8::Value::IsBigInt, &local);
  if (status) return status;
  size_t room = *count, needed = static_cast<size_t>(local->WordCount());
  *count = needed;
  if (needed > room) return IST_ERR_LIMIT;
  int sign = 0, written = static_cast<int>(needed);
  uint64_t none;
  local->ToWordsArray(&sign, &written, needed ? words : &none);
  *negative = sign != 0;
  return IST_OK;
}

namespace {

/* Reads a BigInt by V8's `number`, which also says whether it is exact. */
template <class T>
ist_status read_word(ist_isolate *isolate, ist_value bigint, T (v8::BigInt::*number)(bool *) const,
                     T *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::BigInt> local;
  ist_status status = ist__value_as(isolate, bigint, &v8::Value::IsBigInt, &local);
  if (status) return status;
  bool lossless;
  T word = ((*local)->*number)(&lossless);
  if (!lossless) return IST_ERR_LIMIT;
  *result = word;
  return IST_OK;
}

} // namespace

ist_status ist_bigint_read_int64(ist_isolate *isolate, ist_value bigint, int64_t *result) {
  return read_word(isolate, bigint, &v8::BigInt::Int64Value, result);
}

ist_status ist_bigint_read_uint64(ist_isolate *isolate, ist_value bigint, uint64_t *result) {
  return read_word(isolate, bigint, &v8::BigInt::Uint64Value, result);
}
