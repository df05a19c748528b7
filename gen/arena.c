// The arena that all of a compilation lives in, and the lists, texts and maps built on it.
// Nothing is freed alone; a failed allocation leaves the compilation through `bail`.
#include <stdio.h>
#include <stdlib.h>

#include "compiler.h"

struct arena_block {
  struct arena_block *next;
  size_t used, size;
  _Alignas(16) char data[];
};

enum { BLOCK_SIZE = 64 * 1024 };

void *ist__idl_alloc(compiler *c, size_t size) {
  struct arena_block *b = c->arena.blocks;
  size = (size + 15) & ~(size_t)15;
  if (!b || b->size - b->used < size) {
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    b = calloc(1, sizeof *b + room);
    if (!b) {
      span nowhere = {0};
      ist__idl_error(c, nowhere, "out of memory");
      longjmp(c->bail, 1);
    }
    b->size = room;
    b->next = c->arena.blocks;
    c->arena.blocks = b;
  }
  void *at = b->data + b->used;
  b->used += size;
  return at;
}

void ist__idl_arena_free(arena *a) {
  while (a->blocks) {
    struct arena_block *next = a->blocks->next;
    free(a->blocks);
    a->blocks = next;
  }
}

char *ist__idl_text(compiler *c, const char *at, size_t len) {
  char *copy = ist__idl_alloc(c, len + 1);
  memcpy(copy, at, len);
  return copy;
}

static char *format_list(compiler *c, size_t *len, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int need = vsnprintf(NULL, 0, format, again);
  va_end(again);
  *len = need < 0 ? 0 : (size_t)need;
  char *out = ist__idl_alloc(c, *len + 1);
  vsnprintf(out, *len + 1, format, args);
  return out;
}

char *ist__idl_format(compiler *c, const char *format, ...) {
  va_list args;
  size_t len;
  va_start(args, format);
  char *out = format_list(c, &len, format, args);
  va_end(args);
  return out;
}

void ist__idl_buffer_add(compiler *c, buffer *b, const char *format, ...) {
  va_list args;
  size_t len;
  va_start(args, format);
  char *more = format_list(c, &len, format, args);
  va_end(args);
  if (b->len + len + 1 > b->room) {
    size_t room = (b->len + len + 1) * 2 + 64;
    char *at = ist__idl_alloc(c, room);
    if (b->len) memcpy(at, b->at, b->len);
    b->at = at;
    b->room = room;
  }
  memcpy(b->at + b->len, more, len + 1);
  b->len += len;
}

void *ist__idl_list_grow(compiler *c, void *at, int count, int *room, size_t size) {
  if (count < *room) return at;
  int more = *room ? *room * 2 : 4;
  void *grown = ist__idl_alloc(c, (size_t)more * size);
  if (count) memcpy(grown, at, (size_t)count * size);
  *room = more;
  return grown;
}

struct map_slot {
  const char *key;
  void *value;
};

static unsigned hash(const char *key) {
  unsigned h = 2166136261u;
  for (; *key; key++) h = (h ^ (unsigned char)*key) * 16777619u;
  return h;
}

static struct map_slot *find_slot(struct map_slot *slots, int room, const char *key) {
  unsigned mask = (unsigned)room - 1;
  unsigned i = hash(key) & mask;
  while (slots[i].key && strcmp(slots[i].key, key) != 0) i = (i + 1) & mask;
  return &slots[i];
}

void *ist__idl_map_get(const map *m, const char *key) {
  return m->room ? find_slot(m->slots, m->room, key)->value : NULL;
}

void ist__idl_map_put(compiler *c, map *m, const char *key, void *value) {
  if (m->count * 2 >= m->room) {
    int room = m->room ? m->room * 2 : 64;
    struct map_slot *slots = ist__idl_alloc(c, (size_t)room * sizeof *slots);
    for (int i = 0; i < m->room; i++)
      if (m->slots[i].key) *find_slot(slots, room, m->slots[i].key) = m->slots[i];
    m->slots = slots;
    m->room = room;
  }
  struct map_slot *slot = find_slot(m->slots, m->room, key);
  if (!slot->key) m->count++;
  slot->key = key;
  slot->value = value;
}
