/* Libraries: the shared object behind a descriptor, its symbols, and the tables' life.
 *
 * A shared object, once opened, stays loaded for the process: addresses in it may be anywhere. The
 * tables are immutable after ist__library_open and freed with the last reference. */
#include "internal.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool try_link(ist__library_impl *impl, const char *name) {
  impl->handle = dlopen(*name ? name : NULL, RTLD_NOW | RTLD_LOCAL);
  if (!impl->handle) return false;
  impl->library.opened = ist__arena_text(&impl->arena, name);
  return impl->library.opened != NULL;
}

static bool open_links(ist__library_impl *impl, const cJSON *root, ist__fault *fault) {
  const cJSON *links = cJSON_GetObjectItemCaseSensitive(root, "link");
  char reasons[400] = "";
  size_t used = 0;
  for (const cJSON *link = cJSON_IsArray(links) ? links->child : NULL; link; link = link->next) {
    if (!cJSON_IsString(link))
      return ist__fault_set(fault, "descriptor: link: expected a list of names");
    if (try_link(impl, link->valuestring)) return true;
    const char *reason = dlerror();
    int written = snprintf(reasons + used, sizeof reasons - used, "%s%s", used ? "; " : "",
                           reason ? reason : "?");
    if (written > 0) used += (size_t)written;
    if (used >= sizeof reasons) used = sizeof reasons - 1;
  }
  if (!used) return ist__fault_set(fault, "descriptor: link: nothing to open");
  if (fault) fault->blame = IST__BLAME_LIBRARY;
  return ist__fault_set(fault, "%s: cannot be opened: %s", impl->library.name, reasons);
}

/* Memory goes back to the allocator that the whole process uses, which another library may have put
 * before the C library's. */
static void *find_symbol(void *handle, const char *symbol) {
  static const char *const allocators[] = {"malloc", "calloc", "realloc", "free"};
  for (size_t i = 0; i < sizeof allocators / sizeof *allocators; i++) {
    if (strcmp(symbol, allocators[i]) != 0) continue;
    void *address = dlsym(RTLD_DEFAULT, symbol);
    if (address) return address;
  }
  return dlsym(handle, symbol);
}

static bool find_symbols(ist__library_impl *impl, ist__fault *fault) {
  for (size_t i = 0; i < impl->library.function_count; i++) {
    ist__function *function = impl->library.functions[i];
    function->address = find_symbol(impl->handle, function->symbol);
    if (function->address || function->optional) continue;
    if (fault) fault->blame = IST__BLAME_LIBRARY;
    return ist__fault_set(fault, "%s: %s has no symbol %s", impl->library.name,
                          *impl->library.opened ? impl->library.opened : "the process",
                          function->symbol);
  }
  return true;
}

static bool fill(ist__library_impl *impl, const char *json, size_t size, ist__fault *fault) {
  const char *end = NULL;
  cJSON *root = cJSON_ParseWithLengthOpts(json, size, &end, false);
  bool good = root != NULL;
  while (good && end < json + size) {
    good = *end == ' ' || *end == '\n' || *end == '\r' || *end == '\t' ||
           (*end == 0 && end + 1 == json + size);
    end++;
  }
  if (!good) ist__fault_set(fault, "not a descriptor: not JSON");
  good = good && ist__descriptor_read(&impl->library, root, fault) &&
         open_links(impl, root, fault) && find_symbols(impl, fault);
  cJSON_Delete(root);
  return good;
}

ist__library *ist__library_open(const char *json, size_t size, ist__fault *fault) {
  ist__library_impl *impl = ist__calloc(1, sizeof *impl);
  if (fault) fault->blame = impl ? IST__BLAME_TEXT : IST__BLAME_MEMORY;
  if (!impl) {
    ist__fault_set(fault, "out of memory");
    return NULL;
  }
  impl->library.impl = impl;
  atomic_init(&impl->references, 1);
  atomic_init(&impl->library.closed, false);
  if (fill(impl, json, size, fault)) return &impl->library;
  if (fault && impl->arena.exhausted) fault->blame = IST__BLAME_MEMORY;
  ist__library_release(&impl->library);
  return NULL;
}

void ist__library_retain(ist__library *library) {
  ist__library_impl *impl = library->impl;
  atomic_fetch_add_explicit(&impl->references, 1, memory_order_relaxed);
}

void ist__library_release(ist__library *library) {
  if (!library) return;
  ist__library_impl *impl = library->impl;
  if (atomic_fetch_sub_explicit(&impl->references, 1, memory_order_acq_rel) != 1) return;
  ist__arena_free(&impl->arena);
  ist__free(impl);
}

void ist__library_close(ist__library *library) {
  atomic_store(&library->closed, true);
}
