/* What needs no isolate: versions, the names and texts of statuses, and where memory comes from.
 * Nothing here starts V8 or takes a lock. */
#include "alloc.h"
#include "isthmus.h"

#include <v8-initialization.h>

uint32_t ist_abi_version(void) {
  return IST_ABI_VERSION;
}

const char *ist_version(void) {
  return IST_VERSION;
}

const char *ist_v8_version(void) {
  return v8::V8::GetVersion();
}

const char *ist_status_name(ist_status status) {
  switch (status) {
#define IST_STATUS_NAME(name, value, text)                                                         \
  case IST_##name: return #name;
    IST_STATUS_MAP(IST_STATUS_NAME)
#undef IST_STATUS_NAME
  }
  return "unknown";
}

const char *ist_status_text(ist_status status) {
  switch (status) {
#define IST_STATUS_TEXT(name, value, text)                                                         \
  case IST_##name: return text;
    IST_STATUS_MAP(IST_STATUS_TEXT)
#undef IST_STATUS_TEXT
  }
  return "unknown";
}

ist_status ist_allocator_set(const ist_allocator *allocator) {
  if (!allocator || allocator->size < sizeof *allocator || !allocator->allocate ||
      !allocator->reallocate || !allocator->release)
    return IST_ERR_ARGUMENT;
  ist__allocator given = {allocator->env, allocator->allocate, allocator->reallocate,
                          allocator->release};
  return ist__allocator_set(&given) ? IST_OK : IST_ERR_STATE;
}
