/* The arena that holds a library's tables, and the text of faults.
 *
 * What an arena gave is zeroed and stays where it is until the arena ends; single pieces are never
 * freed. Running out of memory is a NULL for the caller to report, never an abort. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct ist__chunk {
  struct ist__chunk *next;
  size_t used, size;
  _Alignas(16) unsigned char bytes[];
} ist__chunk;

enum { CHUNK = 32768 };

void *ist__arena_alloc(ist__arena *arena, size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total) || total > PTRDIFF_MAX / 2) return NULL;
  total = (total + 15) & ~(size_t)15;
  if (total == 0) total = 16;
  ist__chunk *chunk = arena->chunks;
  if (!chunk || chunk->size - chunk->used < total) {
    size_t room = total > CHUNK ? total : CHUNK;
    ist__chunk *fresh = ist__calloc(1, sizeof *fresh + room);
    if (!fresh) {
      arena->exhausted = true;
      return NULL;
    }
    fresh->size = room;
    fresh->next = chunk;
    arena->chunks = chunk = fresh;
  }
  void *memory = chunk->bytes + chunk->used;
  chunk->used += total;
  return memory;
}

char *ist__arena_text(ist__arena *arena, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = ist__arena_alloc(arena, size, 1);
  if (copy) memcpy(copy, text, size);
  return copy;
}

void ist__arena_free(ist__arena *arena) {
  for (ist__chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
    next = chunk->next;
    ist__free(chunk);
  }
  arena->chunks = NULL;
}

/* Takes off a last character that was cut in the middle. */
static void mend(char *text) {
  size_t end = strlen(text), start = end;
  while (start > 0 && end - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
  if (start == 0) return;
  unsigned char lead = (unsigned char)text[start - 1];
  size_t follow = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (end - start < follow) text[start - 1] = 0;
}

bool ist__fault_set(ist__fault *fault, const char *format, ...) {
  if (!fault) return false;
  va_list list;
  va_start(list, format);
  vsnprintf(fault->text, sizeof fault->text, format, list);
  va_end(list);
  mend(fault->text);
  return false;
}
