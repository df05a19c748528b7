/* The embedder's references to libraries, and their use in a context. A reference that was freed is
 * answered, not followed; the library itself lives as long as any isolate that was given it. */
#include "internal.h"

#include "ffi.h"

namespace {

ist__pool<ist_library> pool;

/* Over what stands behind the references, so that freeing one does not cross its use by another
 * thread. */
std::mutex mutex;

} // namespace

ist_status ist__library_wrap(ist__library *library, ist_library **result) {
  ist_library *reference = pool.take();
  if (!reference) {
    ist__library_release(library);
    return IST_ERR_MEMORY;
  }
  reference->library = library;
  reference->live.store(true, std::memory_order_release);
  *result = reference;
  return IST_OK;
}

ist__library *ist__library_behind(ist_library *reference) {
  std::lock_guard<std::mutex> guard(mutex);
  if (!reference->live.load(std::memory_order_relaxed)) return nullptr;
  ist__library_retain(reference->library);
  return reference->library;
}

const char *ist_library_name(const ist_library *reference) {
  if (!reference) return nullptr;
  std::lock_guard<std::mutex> guard(mutex);
  return reference->live.load(std::memory_order_relaxed) ? reference->library->name : nullptr;
}

void ist_library_free(ist_library *reference) {
  if (!reference) return;
  ist__library *library;
  {
    std::lock_guard<std::mutex> guard(mutex);
    if (!reference->live.load(std::memory_order_relaxed)) return;
    library = reference->library;
    reference->library = nullptr;
    reference->live.store(false, std::memory_order_relaxed);
  }
  pool.put(reference);
  ist__library_release(library);
}

ist_status ist_context_grant(ist_context *context, ist_library *reference, const char *const *tags,
                             ist_value *exports, ist_error **error) {
  if (!context || !reference || !exports) return ist__fail(error, IST_ERR_ARGUMENT);
  ist__library *library = ist__library_behind(reference);
  if (!library) return ist__fail(error, IST_ERR_HANDLE);
  ist_status status = ist__context_grant(context, library, tags, exports, error);
  ist__library_release(library);
  return status;
}
