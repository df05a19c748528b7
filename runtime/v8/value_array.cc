/* Arrays. Elements go in by one call of V8's, and come out by one copy where V8 has nothing but
 * numbers in a row; whatever else an array is, it is read element by element as JavaScript would.
 * Handles of V8's are opened for a piece at a time, never for a whole array of any size. */
#include "value.h"

#include <math.h>

namespace {

enum {
  FIXED = 64,   /* elements that need no memory */
  PIECE = 1024, /* elements between two scopes of V8's handles */
  /* The most elements that V8's handles are made for at once. */
  AT_ONCE = 1 << 20,
  /* V8 ends the process for arrays of more than 2 to the 27 elements. */
  MOST = 1 << 26
};

ist_value number_value(double number) {
  int32_t whole;
  if (number >= INT32_MIN && number <= INT32_MAX &&
      number == (whole = static_cast<int32_t>(number)) && (whole || !signbit(number)))
    return ist_int32(whole);
  return ist_double(number);
}

/* Makes an array whose elements `element(i, &local)` gives, which can fail. */
template <class Element>
ist_status make(ist_context *context, size_t count, const Element &element, ist_value *result) {
  ist_isolate *isolate = context->isolate;
  if (count > MOST) return IST_ERR_LIMIT;
  /* A word in the array, and at most two for the number that it points to. */
  if (!ist__heap_has_room(isolate->v8, count * 3 * sizeof(void *))) return IST_ERR_MEMORY;
  ist__entry entry(context);
  v8::Local<v8::Array> array;
  if (count <= AT_ONCE) {
    v8::Local<v8::Value> fixed[FIXED], *locals = fixed;
    if (count > FIXED)
      locals = static_cast<v8::Local<v8::Value> *>(ist__malloc(count * sizeof *locals));
    if (!locals) return IST_ERR_MEMORY;
    size_t at = 0;
    while (at < count && element(at, &locals[at])) at++;
    if (at == count) array = v8::Array::New(isolate->v8, locals, count);
    if (locals != fixed) ist__free(locals);
    if (at < count) return IST_ERR_HANDLE;
    return ist__give(isolate, array, result);
  }
  array = v8::Array::New(isolate->v8, static_cast<int>(count));
  for (size_t at = 0; at < count;) {
    v8::HandleScope scope(isolate->v8);
    for (size_t end = count - at < PIECE ? count : at + PIECE; at < end; at++) {
      v8::Local<v8::Value> local;
      if (!element(at, &local)) return IST_ERR_HANDLE;
      if (array->CreateDataProperty(entry.context, static_cast<uint32_t>(at), local).IsNothing())
        return ist__caught(context, &entry.catcher, IST_ERR_EXCEPTION, nullptr);
    }
  }
  return ist__give(isolate, array, result);
}

/* Reads elements one after the other; `take(i, value)` gives a status, and on any but IST_OK the
 * reading ends. */
template <class Take>
ist_status each(ist_context *context, ist__entry *entry, v8::Local<v8::Array> array, uint32_t start,
                uint32_t count, ist_error **error, const Take &take) {
  for (uint32_t at = 0; at < count;) {
    v8::HandleScope scope(context->isolate->v8);
    for (uint32_t end = count - at < PIECE ? count : at + PIECE; at < end; at++) {
      v8::Local<v8::Value> value;
      if (!array->Get(entry->context, start + at).ToLocal(&value))
        return ist__caught(context, &entry->catcher, IST_ERR_EXCEPTION, error);
      ist_status status = take(at, value);
      if (status) return ist__fail(error, status);
    }
  }
  return IST_OK;
}

/* What both ways of reading begin with; `body(entry, array, count)` is the rest, for what there is.
 */
template <class Body>
ist_status on_array(ist_context *context, ist_value array, uint32_t start, const void *elements,
                    uint32_t count, uint32_t *read, ist_error **error, const Body &body) {
  if (error) *error = nullptr;
  if ((!elements && count) || !read) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__gate gate(context);
  if (gate.status) return ist__fail(error, gate.status);
  ist_status status;
  {
    ist__entry entry(context);
    v8::Local<v8::Array> local;
    status = ist__value_as(context->isolate, array, &v8::Value::IsArray, &local);
    if (status) return ist__fail(error, status);
    uint32_t length = local->Length();
    uint32_t there = start < length ? length - start : 0;
    if (count > there) count = there;
    status = body(entry, local, count, count == length);
    if (!status) *read = count;
  }
  return ist__settled(context, status);
}

} // namespace

ist_status ist_array_new(ist_context *context, ist_value *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist__entry entry(context);
  return ist__give(context->isolate, v8::Array::New(context->isolate->v8), result);
}

ist_status ist_array_new_from(ist_context *context, const ist_value *elements, size_t count,
                              ist_value *result) {
  if (!result || (!elements && count)) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  ist_isolate *isolate = context->isolate;
  return make(
      context, count,
      [&](size_t at, v8::Local<v8::Value> *to) { return ist__value_to(isolate, elements[at], to); },
      result);
}

ist_status ist_array_new_doubles(ist_context *context, const double *elements, size_t count,
                                 ist_value *result) {
  if (!result || (!elements && count)) return IST_ERR_ARGUMENT;
  ist__gate gate(context);
  if (gate.status) return gate.status;
  v8::Isolate *isolate = context->isolate->v8;
  return make(
      context, count,
      [&](size_t at, v8::Local<v8::Value> *to) {
        *to = v8::Number::New(isolate, elements[at]);
        return true;
      },
      result);
}

ist_status ist_array_length(ist_isolate *isolate, ist_value array, uint32_t *result) {
  if (!result) return IST_ERR_ARGUMENT;
  ist__gate gate(isolate);
  if (gate.status) return gate.status;
  v8::HandleScope scope(isolate->v8);
  v8::Local<v8::Array> local;
  ist_status status = ist__value_as(isolate, array, &v8::Value::IsArray, &local);
  if (!status) *result = local->Length();
  return status;
}

ist_status ist_array_read(ist_context *context, ist_value array, uint32_t start,
                          ist_value *elements, uint32_t count, uint32_t *read, ist_error **error) {
  return on_array(context, array, start, elements, count, read, error,
                  [&](ist__entry &entry, v8::Local<v8::Array> local, uint32_t there, bool whole) {
                    if (whole && there > FIXED) {
                      double *numbers = static_cast<double *>(ist__malloc(there * sizeof *numbers));
                      bool copied = numbers && ist__compat::copy_numbers(local, numbers, there);
                      for (uint32_t i = 0; copied && i < there; i++)
                        elements[i] = number_value(numbers[i]);
                      ist__free(numbers);
                      if (copied) return IST_OK;
                    }
                    uint32_t taken = 0;
                    ist_status status =
                        each(context, &entry, local, start, there, error,
                             [&](uint32_t at, v8::Local<v8::Value> value) {
                               if (!ist__value_from(context->isolate, value, &elements[at]))
                                 return IST_ERR_MEMORY;
                               taken = at + 1;
                               return IST_OK;
                             });
                    /* Nobody else knows of the handles that were made before the failure. */
                    if (status)
                      for (uint32_t i = 0; i < taken; i++)
                        ist_value_free(context->isolate, elements[i]);
                    return status;
                  });
}

ist_status ist_array_read_doubles(ist_context *context, ist_value array, uint32_t start,
                                  double *elements, uint32_t count, uint32_t *read,
                                  ist_error **error) {
  return on_array(context, array, start, elements, count, read, error,
                  [&](ist__entry &entry, v8::Local<v8::Array> local, uint32_t there, bool whole) {
                    if (whole && ist__compat::copy_numbers(local, elements, there)) return IST_OK;
                    return each(context, &entry, local, start, there, error,
                                [&](uint32_t at, v8::Local<v8::Value> value) {
                                  if (!value->IsNumber()) return IST_ERR_TYPE;
                                  elements[at] = value.As<v8::Number>()->Value();
                                  return IST_OK;
                                });
                  });
}
