/* The members of a descriptor's JSON objects, checked one by one; see json.h. */
#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ist__read_fail(ist__reader *r, const char *format, ...) {
  if (r->failed) return;
  r->failed = true;
  char text[256];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  if (r->section)
    ist__fault_set(r->fault, "descriptor: %s[%zu]: %s", r->section, r->item, text);
  else
    ist__fault_set(r->fault, "descriptor: %s", text);
}

void *ist__read_alloc(ist__reader *r, size_t count, size_t size) {
  if (r->failed) return NULL;
  void *memory = ist__arena_alloc(r->arena, count, size);
  if (!memory) ist__read_fail(r, "out of memory");
  return memory;
}

const cJSON *ist__read_member(ist__reader *r, const cJSON *object, const char *name) {
  if (r->failed) return NULL;
  if (!cJSON_IsObject(object)) {
    ist__read_fail(r, "expected an object");
    return NULL;
  }
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

bool ist__read_bool(ist__reader *r, const cJSON *object, const char *name) {
  const cJSON *member = ist__read_member(r, object, name);
  if (!member) return false;
  if (!cJSON_IsBool(member)) ist__read_fail(r, "%s: expected true or false", name);
  return cJSON_IsTrue(member);
}

const char *ist__read_text(ist__reader *r, const cJSON *object, const char *name, bool required) {
  const cJSON *member = ist__read_member(r, object, name);
  if (r->failed || (!member && !required)) return NULL;
  if (!cJSON_IsString(member)) {
    ist__read_fail(r, "%s: expected a string", name);
    return NULL;
  }
  const char *copy = ist__arena_text(r->arena, member->valuestring);
  if (!copy) ist__read_fail(r, "out of memory");
  return copy;
}

size_t ist__read_count(ist__reader *r, const cJSON *object, const char *name, size_t max,
                       int64_t absent) {
  const cJSON *member = ist__read_member(r, object, name);
  if (r->failed) return 0;
  if (!member && absent >= 0) return (size_t)absent;
  if (!cJSON_IsNumber(member) ||
      !(member->valuedouble >= 0 && member->valuedouble <= (double)max) ||
      (double)(size_t)member->valuedouble != member->valuedouble) {
    ist__read_fail(r, "%s: expected an integer from 0 to %zu", name, max);
    return 0;
  }
  return (size_t)member->valuedouble;
}

int32_t ist__read_index(ist__reader *r, const cJSON *object, const char *name, size_t count) {
  if (!ist__read_member(r, object, name)) return -1;
  size_t max = count < INT32_MAX ? count : INT32_MAX;
  size_t index = ist__read_count(r, object, name, max, -1);
  if (!r->failed && index < max) return (int32_t)index;
  ist__read_fail(r, "%s: no such index", name);
  return -1;
}

int ist__read_choice(ist__reader *r, const cJSON *object, const char *name,
                     const ist__choice *choices, int absent) {
  const cJSON *member = ist__read_member(r, object, name);
  int fallback = absent < 0 ? choices[0].value : absent;
  if (r->failed || (!member && absent >= 0)) return fallback;
  const char *text = cJSON_GetStringValue(member);
  for (const ist__choice *choice = choices; text && choice->name; choice++) {
    if (strcmp(choice->name, text) == 0) return choice->value;
  }
  ist__read_fail(r, "%s: not one of the known words", name);
  return fallback;
}

const cJSON *ist__read_list(ist__reader *r, const cJSON *object, const char *name, size_t *length) {
  const cJSON *member = ist__read_member(r, object, name);
  *length = 0;
  if (!member) return NULL;
  if (!cJSON_IsArray(member)) {
    ist__read_fail(r, "%s: expected a list", name);
    return NULL;
  }
  for (const cJSON *item = member->child; item; item = item->next) ++*length;
  return member->child;
}

int32_t *ist__read_indexes(ist__reader *r, const cJSON *object, const char *name, int32_t min,
                           size_t count, size_t *length) {
  size_t total;
  const cJSON *item = ist__read_list(r, object, name, &total);
  int32_t *indexes = ist__read_alloc(r, total, sizeof *indexes);
  *length = 0;
  for (; indexes && item; item = item->next) {
    double number = cJSON_IsNumber(item) ? item->valuedouble : -2;
    if (!(number >= (double)min && number < (double)count) || (double)(int32_t)number != number) {
      ist__read_fail(r, "%s: no such index", name);
      return NULL;
    }
    indexes[(*length)++] = (int32_t)number;
  }
  return indexes;
}

ist__encoding ist__read_encoding(ist__reader *r, const cJSON *object, const char *name) {
  static const ist__choice encodings[] = {{"utf8", IST__UTF8},
                                          {"latin1", IST__LATIN1},
                                          {"utf16", IST__UTF16},
                                          {"bytes", IST__BYTES},
                                          {NULL, 0}};
  return (ist__encoding)ist__read_choice(r, object, name, encodings, IST__BYTES);
}

const ist__type *ist__read_type(ist__reader *r, const cJSON *object, const char *name) {
  int32_t index = ist__read_index(r, object, name, r->library->type_count);
  if (index >= 0) return r->library->types[index];
  ist__read_fail(r, "%s: a type is missing", name);
  return NULL;
}

const ist__function **ist__read_functions(ist__reader *r, const cJSON *object, const char *name,
                                          size_t *length) {
  size_t count;
  int32_t *indexes = ist__read_indexes(r, object, name, 0, r->library->function_count, &count);
  const ist__function **functions = ist__read_alloc(r, count, sizeof *functions);
  *length = 0;
  if (!functions || !indexes) return NULL;
  for (; *length < count; ++*length) functions[*length] = r->library->functions[indexes[*length]];
  return functions;
}
