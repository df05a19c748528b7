/* What the tests of libisthmus-gen share: a folder of their own, files in it, and calls whose
 * answer must be what is said. */
#ifndef GENLIB_TEST_H
#define GENLIB_TEST_H

#include <isthmus-gen.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/isthmus-genlib-XXXXXX";

static inline int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

/* The path of `name` in the folder; one at a time. */
static inline const char *in_folder(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static inline const char *write_file(const char *name, const char *text) {
  FILE *file = fopen(in_folder(name), "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  return in_folder(name);
}

typedef ist_gen_status (*from_file)(const char *, const char *const *, char **, char **);

/* What comes of a file; freed by ist_gen_free. */
static inline char *made(from_file make, const char *path, const char *const *folders) {
  char *text = NULL, *message = NULL;
  ist_gen_status status = make(path, folders, &text, &message);
  if (status) fail_msg("%s", message);
  assert_null(message);
  assert_non_null(text);
  return text;
}

/* The file must be refused with these words, in which %s stands for the folder. */
static inline void refused(from_file make, const char *path, ist_gen_status expected,
                           const char *words) {
  char *text = (char *)"", *message = NULL, wanted[1024], *at = wanted;
  for (const char *from = words; *from;) {
    bool place = !strncmp(from, "%s", 2);
    at = place ? stpcpy(at, folder) : (*at = *from, at + 1);
    from += place ? 2 : 1;
  }
  *at = '\0';
  assert_int_equal(make(path, NULL, &text, &message), expected);
  assert_null(text);
  assert_string_equal(message, wanted);
  ist_gen_free(message);
  assert_int_equal(make(path, NULL, &text, NULL), expected);
}

#endif
