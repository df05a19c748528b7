/* What needs no isolate: versions, and the names and texts of statuses. */
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
