/* Text that grows, and allocation that cannot fail: for paths, messages and the like, whose size
 * the user's own input bounds. When even these find no memory, the process ends with one clear
 * line. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *ist__must_alloc(size_t size) {
  void *memory = calloc(1, size ? size : 1);
  if (memory) return memory;
  fputs("isthmus: out of memory\n", stderr);
  abort();
}

static void reserve(ist__text *text, size_t more) {
  if (text->data && text->capacity - text->length > more) return;
  size_t wanted = (text->length + more + 1) * 2;
  char *grown = realloc(text->data, wanted);
  if (!grown) {
    fputs("isthmus: out of memory\n", stderr);
    abort();
  }
  text->data = grown;
  text->capacity = wanted;
}

void ist__text_add(ist__text *text, const char *bytes, size_t length) {
  reserve(text, length);
  if (length) memcpy(text->data + text->length, bytes, length);
  text->length += length;
  text->data[text->length] = '\0';
}

void ist__text_puts(ist__text *text, const char *string) {
  ist__text_add(text, string, strlen(string));
}

void ist__text_printf(ist__text *text, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length > 0) {
    reserve(text, (size_t)length);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
    text->length += (size_t)length;
  }
  va_end(again);
}

void ist__text_free(ist__text *text) {
  free(text->data);
  *text = (ist__text){0};
}

char *ist__must_copy(const char *string) {
  size_t size = strlen(string) + 1;
  char *copy = ist__must_alloc(size);
  memcpy(copy, string, size);
  return copy;
}
