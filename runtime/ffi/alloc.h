/* The memory that the runtime takes for itself goes through here, so that an embedder can provide
 * it and a test can make any one request fail. Memory that a described C function allocates or
 * frees never does, nor does V8's heap.
 *
 * The functions answer as malloc and its kin do; all of them are safe on any thread as far as the
 * allocator is. */
#ifndef IST_ALLOC_H
#define IST_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ist__allocator {
  void *env;
  void *(*allocate)(void *env, size_t size);
  void *(*reallocate)(void *env, void *memory, size_t size);
  void (*release)(void *env, void *memory);
} ist__allocator;

/* Replaces the allocator. False once anything was allocated. */
bool ist__allocator_set(const ist__allocator *allocator);

void *ist__malloc(size_t size);
void *ist__calloc(size_t count, size_t size);
void *ist__realloc(void *memory, size_t size);
void ist__free(void *memory);
char *ist__strdup(const char *text);
/* At most `length` bytes of `text`, and a NUL. */
char *ist__strndup(const char *text, size_t length);

#ifdef __cplusplus
}

#include <new>

/* What the runtime's C++ records derive from: `new (std::nothrow)` gives NULL when memory is out.
 */
struct ist__allocated {
  static void *operator new(size_t size, const std::nothrow_t &) noexcept {
    return ist__malloc(size);
  }
  static void *operator new[](size_t size, const std::nothrow_t &) noexcept {
    return ist__malloc(size);
  }
  static void operator delete(void *memory) { ist__free(memory); }
  static void operator delete[](void *memory) { ist__free(memory); }
  static void operator delete(void *memory, const std::nothrow_t &) noexcept { ist__free(memory); }
  static void operator delete[](void *memory, const std::nothrow_t &) noexcept {
    ist__free(memory);
  }
};
#endif

#endif
