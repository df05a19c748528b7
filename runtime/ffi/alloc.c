/* The runtime's own memory. The allocator is fixed by the first request, so that nothing is ever
 * given back to another one than it came from. */
#include "alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *libc_allocate(void *env, size_t size) {
  (void)env;
  return malloc(size);
}

static void *libc_reallocate(void *env, void *memory, size_t size) {
  (void)env;
  return realloc(memory, size);
}

static void libc_release(void *env, void *memory) {
  (void)env;
  free(memory);
}

static ist__allocator current = {NULL, libc_allocate, libc_reallocate, libc_release};
static atomic_bool used;

static void mark_used(void) {
  if (!atomic_load_explicit(&used, memory_order_relaxed))
    atomic_store_explicit(&used, true, memory_order_relaxed);
}

bool ist__allocator_set(const ist__allocator *allocator) {
  if (atomic_load(&used)) return false;
  current = *allocator;
  return true;
}

void *ist__malloc(size_t size) {
  mark_used();
  return current.allocate(current.env, size ? size : 1);
}

void *ist__calloc(size_t count, size_t size) {
  if (size && count > SIZE_MAX / size) return NULL;
  void *memory = ist__malloc(count * size);
  if (memory) memset(memory, 0, count * size);
  return memory;
}

void *ist__realloc(void *memory, size_t size) {
  mark_used();
  return current.reallocate(current.env, memory, size ? size : 1);
}

void ist__free(void *memory) {
  if (memory) current.release(current.env, memory);
}

char *ist__strdup(const char *text) {
  return ist__strndup(text, strlen(text));
}

char *ist__strndup(const char *text, size_t length) {
  length = strnlen(text, length);
  char *copy = ist__malloc(length + 1);
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}
