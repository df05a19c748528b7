/* Errors and their words: "zlib.crc32: crc: expected an integer from 0 to 4294967295, got -1".
 * Every error of the bridge is made here, with the own properties library, function and parameter.
 *
 * Saying what was given must never run user code: no toString, no getter, no proxy trap. Error
 * classes are made of the realm's own Error, whatever the script has done to the global of that
 * name. */
#include "bridge_internal.h"

#include <stdarg.h>
#include <stdio.h>

using v8::Context;
using v8::Function;
using v8::FunctionCallbackInfo;
using v8::FunctionTemplate;
using v8::Isolate;
using v8::Local;
using v8::MaybeLocal;
using v8::Object;
using v8::String;
using v8::Value;

const char *ist__article(const char *name) {
  return name[0] && strchr("AEIOaeio", name[0]) ? "an" : "a";
}

/* ---- what came ---- */

static void got_string(Isolate *isolate, Local<String> string, char *text, size_t size) {
  enum { MOST = 40 };
  uint16_t units[MOST + 1];
  auto length = static_cast<uint32_t>(string->Length());
  uint32_t shown = length;
  if (shown > MOST) shown = MOST;
  ist__compat::write_two_byte(isolate, string, units, 0, shown);
  Local<String> cut;
  char utf8[MOST * 3 + 1];
  size_t written = 0;
  if (String::NewFromTwoByte(isolate, units, v8::NewStringType::kNormal, static_cast<int>(shown))
          .ToLocal(&cut)) {
    written = ist__compat::write_utf8(isolate, cut, utf8, sizeof utf8 - 1);
  }
  utf8[written] = 0;
  for (size_t i = 0; i < written; i++) {
    if (static_cast<unsigned char>(utf8[i]) < 0x20) utf8[i] = ' ';
  }
  snprintf(text, size, "\"%s%s\"", utf8, length > MOST ? "…" : "");
}

/* A number's own text needs no user code. */
static void got_number(Isolate *isolate, Local<Value> number, char *text, size_t size) {
  Local<String> string;
  if (!number->ToString(isolate->GetCurrentContext()).ToLocal(&string)) {
    snprintf(text, size, "a number");
    return;
  }
  text[ist__compat::write_utf8(isolate, string, text, size - 1)] = 0;
}

static void got_bigint(Local<v8::BigInt> value, char *text, size_t size) {
  bool lossless = false;
  int64_t number = value->Int64Value(&lossless);
  if (lossless) {
    snprintf(text, size, "%lldn", static_cast<long long>(number));
    return;
  }
  uint64_t positive = value->Uint64Value(&lossless);
  if (lossless) {
    snprintf(text, size, "%llun", static_cast<unsigned long long>(positive));
  } else {
    snprintf(text, size, "a BigInt of more than 64 bits");
  }
}

void ist__got(Isolate *isolate, Local<Value> value, char *text, size_t size) {
  if (value.IsEmpty() || value->IsUndefined()) {
    snprintf(text, size, "undefined");
  } else if (value->IsNull()) {
    snprintf(text, size, "null");
  } else if (value->IsBoolean()) {
    snprintf(text, size, value->IsTrue() ? "true" : "false");
  } else if (value->IsNumber()) {
    got_number(isolate, value, text, size);
  } else if (value->IsString()) {
    got_string(isolate, value.As<String>(), text, size);
  } else if (value->IsBigInt()) {
    got_bigint(value.As<v8::BigInt>(), text, size);
  } else if (value->IsSymbol()) {
    snprintf(text, size, "a Symbol");
  } else if (value->IsProxy()) {
    snprintf(text, size, "a Proxy");
  } else if (value->IsFunction()) {
    snprintf(text, size, "a function");
  } else if (value->IsArray()) {
    snprintf(text, size, "an Array");
  } else if (ist__wrap *wrap = ist__wrap_of(value)) {
    const char *name = wrap->type->kind == IST__ARRAY ? "StructArray" : wrap->type->name;
    snprintf(text, size, "%s %s", ist__article(name), name);
  } else if (value->IsObject()) {
    char name[80];
    Local<String> constructor = value.As<Object>()->GetConstructorName();
    size_t written = ist__compat::write_utf8(isolate, constructor, name, sizeof name - 1);
    name[written] = 0;
    if (!written) snprintf(name, sizeof name, "Object");
    snprintf(text, size, "%s %s", ist__article(name), name);
  } else {
    snprintf(text, size, "a value");
  }
}

/* ---- what was expected ---- */

static void integer_words(const ist__type *type, char *text, size_t size) {
  __int128 min, max;
  ist__int_range(type, &min, &max);
  if (!type->bigint && type->size == 8) {
    const __int128 safe = 9007199254740991;
    if (max > safe) max = safe;
    if (min < -safe) min = -safe;
  }
  char low[32];
  snprintf(low, sizeof low, "%lld", static_cast<long long>(min));
  const char *what = type->bigint ? "a BigInt or integer" : "an integer";
  if (max > INT64_MAX) {
    snprintf(text, size, "%s from %s to %llu", what, low, static_cast<unsigned long long>(max));
  } else {
    snprintf(text, size, "%s from %s to %lld", what, low, static_cast<long long>(max));
  }
}

static void enum_words(const ist__type *type, char *text, size_t size) {
  enum { MOST = 12 };
  size_t used =
      static_cast<size_t>(snprintf(text, size, type->flags ? "a combination of " : "one of "));
  for (size_t i = 0; i < type->value_count && i < MOST && used + 80 < size; i++) {
    used += static_cast<size_t>(
        snprintf(text + used, size - used, "%s%.60s", i ? ", " : "", type->values[i].name));
  }
  if (type->value_count > MOST) snprintf(text + used, size - used, ", …");
}

void ist__expected(const ist__type *type, bool null, char *text, size_t size) {
  switch (type->kind) {
  case IST__INT: integer_words(type, text, size); break;
  case IST__BOOL: snprintf(text, size, "a boolean"); break;
  case IST__FLOAT: snprintf(text, size, "a number"); break;
  case IST__ENUM:
    if (type->open || !type->value_count) {
      integer_words(type, text, size);
    } else {
      enum_words(type, text, size);
    }
    break;
  case IST__STRUCT:
    snprintf(text, size, "%s %s or an object", ist__article(type->name), type->name);
    break;
  case IST__HANDLE: snprintf(text, size, "%s %s", ist__article(type->name), type->name); break;
  case IST__REF: ist__expected(type->to, null, text, size); return;
  case IST__STRING: snprintf(text, size, "a string"); break;
  case IST__CALLBACK: snprintf(text, size, "a function"); break;
  case IST__ARRAY:
    if (type->encoding != IST__BYTES) {
      snprintf(text, size, "a string");
    } else {
      snprintf(text, size, "an array of %zu elements", type->count);
    }
    break;
  default: snprintf(text, size, "a value"); break;
  }
  if (null) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, " or null");
  }
}

/* ---- throwing ---- */

static size_t place_words(const ist__place *place, char *text, size_t size) {
  if (!place) return 0;
  size_t used = place_words(place->up, text, size);
  if (used >= size) return size;
  int more = place->name ? snprintf(text + used, size - used, "%s%s", used ? "." : "", place->name)
                         : snprintf(text + used, size - used, "[%zu]", place->index);
  return used + static_cast<size_t>(more);
}

static void define(Local<Context> context, Local<Object> object, const char *name,
                   Local<Value> value, v8::PropertyAttribute attributes) {
  Local<String> key = ist__text_of(context->GetIsolate(), name);
  (void)object->DefineOwnProperty(context, key, value, attributes).FromMaybe(false);
}

static void decorate(const ist__site &site, const char *label, Local<Context> context,
                     Local<Object> error) {
  Isolate *isolate = site.bridge->isolate;
  const char *function = label;
  size_t prefix = strlen(site.library->name);
  if (!strncmp(function, site.library->name, prefix) && function[prefix] == '.') {
    function += prefix + 1;
  }
  define(context, error, "library", ist__text_of(isolate, site.library->name), v8::DontEnum);
  define(context, error, "function", ist__text_of(isolate, function), v8::DontEnum);
  if (!site.place || site.member) return;
  const ist__place *outermost = site.place;
  while (outermost->up) outermost = outermost->up;
  if (outermost->name) {
    define(context, error, "parameter", ist__text_of(isolate, outermost->name), v8::DontEnum);
  }
}

static Local<String> message_string(Isolate *isolate, const char *text) {
  Local<String> message;
  if (!String::NewFromUtf8(isolate, text).ToLocal(&message)) message = String::Empty(isolate);
  return message;
}

bool ist__throw(const ist__site &site, ist__error_kind kind, const char *format, ...) {
  Isolate *isolate = site.bridge->isolate;
  v8::HandleScope scope(isolate);
  Local<Context> context = isolate->GetCurrentContext();
  char place[256] = "", text[1024], whole[1600];
  place_words(site.place, place, sizeof place);
  va_list rest;
  va_start(rest, format);
  vsnprintf(text, sizeof text, format, rest);
  va_end(rest);
  const char *between = !*place ? "" : !site.member ? ": " : *place == '[' ? "" : ".";
  char path[256];
  const char *label = site.label;
  if (site.view) {
    ist__view_path(site.view, path, sizeof path);
    label = path;
  }
  snprintf(whole, sizeof whole, "%s%s%s: %s%s%s", label, between, place,
           site.about ? site.about : "", site.about ? ": " : "", text);
  Local<String> message = message_string(isolate, whole);
  Local<Value> error = kind == IST_TYPE_ERROR    ? v8::Exception::TypeError(message)
                       : kind == IST_RANGE_ERROR ? v8::Exception::RangeError(message)
                                                 : v8::Exception::Error(message);
  if (error->IsObject()) decorate(site, label, context, error.As<Object>());
  isolate->ThrowException(error);
  return false;
}

bool ist__throw_expected(const ist__site &site, ist__error_kind kind, const char *expected,
                         Local<Value> got) {
  char words[256];
  ist__wrap *wrap = ist__wrap_of(got);
  if (wrap && wrap->type->kind != IST__ARRAY && wrap->type->library != site.library) {
    const char *library = wrap->type->library->name;
    snprintf(words, sizeof words, "%s %s.%s", ist__article(library), library, wrap->type->name);
  } else {
    ist__got(site.bridge->isolate, got, words, sizeof words);
  }
  return ist__throw(site, kind, "expected %s, got %s", expected, words);
}

bool ist__throw_absent(const ist__site &site, const ist__type *type, const ist__field *field,
                       const uint8_t *base) {
  const ist__field *tag = &type->fields[field->tag];
  char when[160];
  size_t used = 0;
  when[0] = 0;
  for (size_t i = 0; i < field->variant_count && used < sizeof when - 30; i++) {
    used += static_cast<size_t>(snprintf(when + used, sizeof when - used, "%s%lld",
                                         !i                             ? ""
                                         : i + 1 < field->variant_count ? ", "
                                                                        : " or ",
                                         static_cast<long long>(field->variants[i].value)));
  }
  return ist__throw(site, IST_TYPE_ERROR, "is there only when %s is %s, and it is %lld", tag->name,
                    when, static_cast<long long>(ist__length_load(tag, base)));
}

bool ist__throw_type(const ist__site &site, ist__error_kind kind, const ist__type *type, bool null,
                     Local<Value> got) {
  char expected[512];
  ist__expected(type, null, expected, sizeof expected);
  return ist__throw_expected(site, kind, expected, got);
}

/* ---- error classes ---- */

/* The realm's own Error.prototype. */
static Local<Value> error_prototype(Isolate *isolate) {
  return v8::Exception::Error(String::Empty(isolate)).As<Object>()->GetPrototype();
}

static void error_construct(const FunctionCallbackInfo<Value> &info) {
  Isolate *isolate = info.GetIsolate();
  Local<Context> context = isolate->GetCurrentContext();
  Local<String> message = String::Empty(isolate);
  if (info.Length() > 0 && !info[0]->IsUndefined() &&
      !info[0]->ToString(context).ToLocal(&message)) {
    return;
  }
  Local<Object> error = v8::Exception::Error(message).As<Object>();
  Local<Value> prototype;
  if (info.IsConstructCall()) {
    if (!info.NewTarget()
             .As<Object>()
             ->Get(context, ist__text_of(isolate, "prototype"))
             .ToLocal(&prototype)) {
      return;
    }
    if (prototype->IsObject()) (void)error->SetPrototype(context, prototype).FromMaybe(false);
  }
  if (info.Length() > 1 && !info[1]->IsUndefined())
    define(context, error, "code", info[1], v8::None);
  info.GetReturnValue().Set(error);
}

Local<FunctionTemplate> ist__error_shape(ist__lib *lib, const ist__bundle *bundle) {
  Isolate *isolate = lib->bridge->isolate;
  v8::Global<FunctionTemplate> &known = lib->errors[bundle->index];
  if (!known.IsEmpty()) return known.Get(isolate);
  Local<FunctionTemplate> shape = FunctionTemplate::New(isolate, error_construct);
  Local<String> name = ist__text_of(isolate, bundle->name);
  shape->SetClassName(name);
  shape->SetLength(1);
  shape->PrototypeTemplate()->Set(ist__text_of(isolate, "name"), name, v8::DontEnum);
  known.Reset(isolate, shape);
  return shape;
}

void ist__error_callbacks(ist__references *to) {
  to->add(error_construct);
}

MaybeLocal<Function> ist__error_class(Local<Context> context, ist__lib *lib,
                                      const ist__bundle *bundle) {
  Isolate *isolate = lib->bridge->isolate;
  Local<Function> made;
  Local<Value> prototype;
  if (!ist__error_shape(lib, bundle)->GetFunction(context).ToLocal(&made) ||
      !made->Get(context, ist__text_of(isolate, "prototype")).ToLocal(&prototype)) {
    return {};
  }
  Local<Value> base = error_prototype(isolate);
  if (!prototype.As<Object>()->GetPrototype()->StrictEquals(base)) {
    Local<Value> constructor;
    if (prototype.As<Object>()->SetPrototype(context, base).IsNothing()) return {};
    if (base.As<Object>()
            ->GetRealNamedProperty(context, ist__text_of(isolate, "constructor"))
            .ToLocal(&constructor) &&
        constructor->IsFunction()) {
      (void)made->SetPrototype(context, constructor).FromMaybe(false);
    }
  }
  return made;
}

void ist__throw_bundle(const ist__site &site, ist__lib *lib, const ist__bundle *bundle,
                       bool has_code, const ist__value *code, const char *message) {
  Isolate *isolate = site.bridge->isolate;
  v8::HandleScope scope(isolate);
  Local<Context> context = isolate->GetCurrentContext();
  char buffer[1024];
  Local<Function> made;
  Local<Value> prototype;
  if (!ist__error_class(context, lib, bundle).ToLocal(&made)) return;
  if (message && *message) {
    snprintf(buffer, sizeof buffer, "%s: %s", site.label, message);
  } else if (has_code && code->kind == IST__V_INT) {
    snprintf(buffer, sizeof buffer, "%s: failed with %lld", site.label,
             static_cast<long long>(code->i));
  } else {
    snprintf(buffer, sizeof buffer, "%s: failed", site.label);
  }
  Local<Object> error = v8::Exception::Error(message_string(isolate, buffer)).As<Object>();
  if (made->Get(context, ist__text_of(isolate, "prototype")).ToLocal(&prototype)) {
    (void)error->SetPrototype(context, prototype).FromMaybe(false);
  }
  if (has_code) {
    Local<Value> number = v8::Undefined(isolate);
    if (code->kind == IST__V_FLOAT) {
      number = v8::Number::New(isolate, code->f);
    } else if (code->kind == IST__V_INT) {
      const __int128 safe = 9007199254740991;
      if (code->i <= safe && code->i >= -safe) {
        number = v8::Number::New(isolate, static_cast<double>(code->i));
      } else {
        number = v8::BigInt::New(isolate, static_cast<int64_t>(code->i));
      }
    }
    define(context, error, "code", number, v8::None);
  }
  decorate(site, site.label, context, error);
  isolate->ThrowException(error);
}

/* ---- did you mean ---- */

static size_t distance(const char *a, const char *b) {
  enum { MOST = 40 };
  size_t m = strlen(a), n = strlen(b);
  if (m > MOST || n > MOST) return MOST;
  size_t row[MOST + 1];
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 1; i <= m; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t best = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
    }
  }
  return row[n];
}

const char *ist__nearest(const char *name, const char *(*candidate)(const void *env, size_t index),
                         const void *env, size_t count) {
  const char *best = nullptr;
  size_t least = strlen(name) / 2 + 1;
  if (least > 3) least = 3;
  for (size_t i = 0; i < count; i++) {
    const char *other = candidate(env, i);
    size_t apart = other ? distance(name, other) : least;
    if (apart < least) {
      least = apart;
      best = other;
    }
  }
  return best;
}
