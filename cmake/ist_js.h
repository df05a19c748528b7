/* The files of runtime/js, built in (its sources and order.txt): name ("console.js"), bytes (a NUL follows them), and
 * size without the NUL. The table is sorted by name and ends with a NULL name. */
#ifndef IST_JS_H
#define IST_JS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ist__js_source {
  const char *name;
  const unsigned char *data;
  size_t size;
};

extern const struct ist__js_source ist__js_sources[];

#ifdef __cplusplus
}
#endif

#endif
