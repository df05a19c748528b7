/* Fuzzes the reading of descriptors: whatever the bytes, a library comes out whole or a fault does,
 * and nothing leaks. The mutator works on the JSON tree half of the time, so that most inputs get
 * past the parser. */
#include "ffi.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

static uint64_t state;

static unsigned pick(unsigned below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return below ? (unsigned)(state >> 33) % below : 0;
}

static unsigned count(const cJSON *node) {
  unsigned total = 1;
  for (const cJSON *child = node->child; child; child = child->next) total += count(child);
  return total;
}

static cJSON *at(cJSON *node, unsigned *index) {
  if ((*index)-- == 0) return node;
  for (cJSON *child = node->child; child; child = child->next) {
    cJSON *found = at(child, index);
    if (found) return found;
  }
  return NULL;
}

static void change(cJSON *root) {
  static const double numbers[] = {
      -1, 0, 1, 2, 3, 4, 8, 16, 64, 127, 255, 4096, 65536, 2147483647, 4294967296.0, 1e300, 0.5};
  static const char *const words[] = {"void",    "int",
                                      "struct",  "array",
                                      "handle",  "ref",
                                      "pointer", "callback",
                                      "string",  "buffer",
                                      "cell",    "fixed",
                                      "data",    "view",
                                      "+",       "<<",
                                      "?",       "!",
                                      "-",       "method",
                                      "static",  "constructor",
                                      "utf16",   "call",
                                      "until",   "99999999999999999999"};
  unsigned total = count(root), index = pick(total);
  cJSON *node = at(root, &index);
  if (!node) return;
  switch (node->type & 0xFF) {
  case cJSON_Number:
    cJSON_SetNumberHelper(node, pick(3) ? numbers[pick(17)] : (double)pick(20));
    return;
  case cJSON_String: cJSON_SetValuestring(node, words[pick(26)]); return;
  case cJSON_True:
  case cJSON_False: node->type = pick(2) ? cJSON_True : cJSON_False; return;
  case cJSON_Array:
  case cJSON_Object: {
    int size = cJSON_GetArraySize(node);
    if (size == 0) return;
    cJSON *child = cJSON_GetArrayItem(node, (int)pick((unsigned)size));
    if (pick(2)) {
      cJSON_Delete(cJSON_DetachItemViaPointer(node, child));
      return;
    }
    index = pick(total);
    const cJSON *other = at(root, &index);
    cJSON *copy = other && count(other) < 200 ? cJSON_Duplicate(other, true) : NULL;
    if (!copy) return;
    if (cJSON_IsArray(node))
      cJSON_AddItemToArray(node, copy);
    else
      cJSON_ReplaceItemViaPointer(node, child, copy);
    return;
  }
  default: return;
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
  state = seed;
  cJSON *root = pick(4) ? cJSON_ParseWithLength((const char *)data, size) : NULL;
  if (!root) return LLVMFuzzerMutate(data, size, max);
  for (unsigned i = pick(4) + 1; i > 0; i--) change(root);
  char *text = cJSON_PrintUnformatted(root);
  cJSON_Delete(root);
  size_t length = text ? strlen(text) : 0;
  if (text && length <= max)
    memcpy(data, text, length);
  else
    length = size;
  free(text);
  return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *copy = malloc(size + 1);
  memcpy(copy, data, size);
  ist__fault fault = {.text = ""};
  ist__library *library = ist__library_open(copy, size, &fault);
  free(copy);
  if (!library && (!fault.text[0] || !memchr(fault.text, 0, sizeof fault.text))) abort();
  if (!library) return 0;
  for (size_t i = 0; i < library->constant_count; i++)
    ist__expr_literal(library->constants[i].value);
  for (size_t i = 0; i < library->type_count; i++) {
    const ist__type *type = library->types[i];
    unsigned char *memory = type->size < 1 << 20 ? calloc(1, type->size ? type->size : 1) : NULL;
    for (size_t j = 0; memory && type->kind == IST__STRUCT && j < type->field_count; j++) {
      const ist__field *field = &type->fields[j];
      if (field->bit_width)
        ist__bits_store(field, memory, ist__bits_load(field, memory));
      else
        ist__scalar_store(field->type, memory + field->offset,
                          ist__scalar_load(field->type, memory + field->offset));
    }
    free(memory);
  }
  ist__library_release(library);
  return 0;
}
