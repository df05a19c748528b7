/* What the tests of runtime/ffi share: text that grows, and libraries made of it. A test's own C
 * functions are put behind functions that the descriptor calls optional, so no shared object is
 * needed. */
#ifndef IST_TESTS_FFI_SUPPORT_H
#define IST_TESTS_FFI_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ffi.h"

#ifdef __aarch64__
#define TARGET "aarch64-linux"
#else
#define TARGET "x86_64-linux"
#endif

typedef struct text {
  char *bytes;
  size_t length, room;
} text;

__attribute__((format(printf, 2, 3), unused)) static void add(text *t, const char *format, ...) {
  for (;;) {
    va_list list;
    va_start(list, format);
    int written = vsnprintf(t->bytes + t->length, t->room - t->length, format, list);
    va_end(list);
    assert_true(written >= 0);
    if ((size_t)written < t->room - t->length) {
      t->length += (size_t)written;
      return;
    }
    t->room = 2 * t->room + (size_t)written + 1;
    t->bytes = realloc(t->bytes, t->room);
    assert_non_null(t->bytes);
  }
}

/* Opens the process as a library; `body` is the document's members after `link`. */
__attribute__((unused)) static ist__library *open_body(const char *body) {
  text t = {0};
  add(&t,
      "{\"isthmus\": 1, \"library\": \"test\", \"target\": \"" TARGET "\", \"link\": [\"\"], %s}",
      body);
  ist__fault fault = {.text = ""};
  ist__library *library = ist__library_open(t.bytes, t.length, &fault);
  if (!library) print_error("%s\n", fault.text);
  assert_non_null(library);
  free(t.bytes);
  return library;
}

__attribute__((unused)) static ist__function *function_named(ist__library *library,
                                                             const char *name) {
  for (size_t i = 0; i < library->function_count; i++) {
    if (strcmp(library->functions[i]->name, name) == 0)
      return (ist__function *)library->functions[i];
  }
  fail_msg("no function %s", name);
  return NULL;
}

__attribute__((unused)) static const ist__type *type_named(ist__library *library,
                                                           const char *name) {
  for (size_t i = 0; i < library->type_count; i++) {
    if (strcmp(library->types[i]->name, name) == 0) return library->types[i];
  }
  fail_msg("no type %s", name);
  return NULL;
}

/* A function pointer as data. */
#define ADDRESS(function) ((void *)(uintptr_t)(function))

#endif
