/* What of a library a context has been granted: everything but what is unsafe, or the functions
 * with one of a list of tags. Types, constants, errors and destructors belong to every grant, so
 * that what a function gives can always be held and given back.
 *
 * A context has a library by one set of tags for its whole life: a second set would be a way to
 * more. What was not granted is not there: no name leads to it. */
#include "bridge_internal.h"

#include <stdio.h>
#include <stdlib.h>

using v8::Context;
using v8::Isolate;
using v8::Local;
using v8::Object;
using v8::Value;

static const char unsafe_tag[] = "unsafe";

static bool has_tag(const ist__function *function, const char *tag, size_t length) {
  for (size_t i = 0; i < function->tag_count; i++) {
    if (strlen(function->tags[i]) == length && !memcmp(function->tags[i], tag, length)) return true;
  }
  return false;
}

/* The nearest tag to a misspelled one comes from all that the functions have. */
static const char *function_tag(const void *env, size_t index) {
  auto *library = static_cast<const ist__library *>(env);
  for (size_t i = 0; i < library->function_count; i++) {
    if (index < library->functions[i]->tag_count) return library->functions[i]->tags[index];
    index -= library->functions[i]->tag_count;
  }
  return nullptr;
}

static bool tag_known(const ist__library *library, const char *tag) {
  if (!strcmp(tag, unsafe_tag)) return true;
  for (size_t i = 0; i < library->function_count; i++) {
    if (has_tag(library->functions[i], tag, strlen(tag))) return true;
  }
  return false;
}

static int by_text(const void *a, const void *b) {
  return strcmp(*static_cast<const char *const *>(a), *static_cast<const char *const *>(b));
}

/* Tags in one order, each once, as one text: "admin,read,". All but the unsafe is "*", and with
 * "unsafe" alone "*unsafe,". NULL: out of memory. */
static char *normal_text(const char *const *tags) {
  size_t count = 0, size = 3, ordinary = 0;
  for (; tags && tags[count]; count++) {
    size += strlen(tags[count]) + 1;
    ordinary += strcmp(tags[count], unsafe_tag) != 0;
  }
  auto **sorted = static_cast<const char **>(ist__calloc(count + 1, sizeof(char *)));
  auto *text = static_cast<char *>(ist__calloc(1, size));
  if (sorted && text) {
    char *at = text;
    for (size_t i = 0; i < count; i++) sorted[i] = tags[i];
    qsort(sorted, count, sizeof *sorted, by_text);
    if (!tags || (count && !ordinary)) *at++ = '*';
    for (size_t i = 0; i < count; i++) {
      if (i && !strcmp(sorted[i], sorted[i - 1])) continue;
      size_t length = strlen(sorted[i]);
      memcpy(at, sorted[i], length);
      at += length;
      *at++ = ',';
    }
  } else {
    ist__free(text);
    text = nullptr;
  }
  ist__free(sorted);
  return text;
}

bool ist__grant_read(const ist__library *library, const char *const *tags, ist__grant *grant,
                     ist__fault *fault) {
  for (size_t i = 0; tags && tags[i]; i++) {
    if (tag_known(library, tags[i])) continue;
    size_t count = 0;
    for (size_t j = 0; j < library->function_count; j++) count += library->functions[j]->tag_count;
    const char *near = ist__nearest(tags[i], function_tag, library, count);
    snprintf(fault->text, sizeof fault->text, "%s has no function with the tag \"%.80s\"%s%s%s",
             library->name, tags[i], near ? ": did you mean \"" : "", near ? near : "",
             near ? "\"?" : "");
    return false;
  }
  grant->text = normal_text(tags);
  return true;
}

bool ist__granted(const char *text, const ist__function *function) {
  bool all = *text == '*';
  const char *at = text + all;
  if (all && !function->unsafe) return true;
  while (*at) {
    const char *end = strchr(at, ',');
    auto length = static_cast<size_t>(end - at);
    bool is_unsafe = length == sizeof unsafe_tag - 1 && !memcmp(at, unsafe_tag, length);
    if (is_unsafe ? function->unsafe != nullptr
                  : !function->unsafe && has_tag(function, at, length)) {
      return true;
    }
    at = end + 1;
  }
  return false;
}

/* Beside the exports, under the number that no library has. */
static Local<Value> record_key(Isolate *isolate, const ist__lib *lib) {
  return v8::Integer::New(isolate, -1 - static_cast<int32_t>(lib->index));
}

bool ist__grant_record(Local<Context> context, Local<v8::Map> known, const ist__lib *lib,
                       const char *text) {
  Isolate *isolate = context->GetIsolate();
  return !known->Set(context, record_key(isolate, lib), ist__text_of(isolate, text)).IsEmpty();
}

bool ist__grant_same(Local<Context> context, Local<v8::Map> known, const ist__lib *lib,
                     const char *text) {
  Isolate *isolate = context->GetIsolate();
  Local<Value> there;
  return known->Get(context, record_key(isolate, lib)).ToLocal(&there) && there->IsString() &&
         there->StrictEquals(ist__text_of(isolate, text));
}

bool ist__grant_has(Local<Context> context, Local<v8::Map> known, const ist__lib *lib,
                    const ist__function *function) {
  Local<Value> there;
  if (!known->Get(context, record_key(context->GetIsolate(), lib)).ToLocal(&there) ||
      !there->IsString()) {
    return !function->unsafe;
  }
  Local<v8::String> string = there.As<v8::String>();
  size_t size = ist__compat::utf8_length(context->GetIsolate(), string);
  auto *text = static_cast<char *>(ist__calloc(1, size + 1));
  if (!text) return false;
  ist__compat::write_utf8(context->GetIsolate(), string, text, size);
  bool has = ist__granted(text, function);
  ist__free(text);
  return has;
}

static bool leave_out(Local<Context> context, Local<Object> from, const char *text,
                      const ist__function **functions, size_t first, size_t count) {
  for (size_t i = first; i < count; i++) {
    if (ist__granted(text, functions[i])) continue;
    if (!from->Delete(context, ist__text_of(context->GetIsolate(), functions[i]->name))
             .FromMaybe(false)) {
      return false;
    }
  }
  return true;
}

bool ist__grant_class(Local<Context> context, const char *text, const ist__type *type,
                      Local<Object> made, Local<Object> prototype) {
  return leave_out(context, prototype, text, type->methods, 0, type->method_count) &&
         leave_out(context, made, text, type->statics, 0, type->static_count) &&
         leave_out(context, made, text, type->constructors, 1, type->constructor_count);
}
