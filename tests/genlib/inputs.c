/* What is no interface file at all: nothing there, folders, devices without end, pipes that nobody
 * writes to, bytes, files that may not be read. Each is an error with the path in it. */
#include "genlib_test.h"

#include <sys/stat.h>

static const from_file makers[] = {ist_gen_descriptor_file, ist_gen_cdef_file};

static void all_refuse(const char *path, ist_gen_status status, const char *words) {
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
    refused(makers[i], path, status, words);
}

static void nothing_there(void **state) {
  (void)state;
  all_refuse("/nowhere/at/all.idl", IST_GEN_NOT_FOUND,
             "Cannot find the interface file '/nowhere/at/all.idl'");
  all_refuse("", IST_GEN_NOT_FOUND, "Cannot find the interface file ''");
  /* The name of a library is none of a file. */
  all_refuse("zlib", IST_GEN_NOT_FOUND, "Cannot find the interface file 'zlib'");
}

static void no_plain_file(void **state) {
  (void)state;
  char path[256];
  snprintf(path, sizeof path, "%s", folder);
  all_refuse(path, IST_GEN_INTERFACE,
             "%s: the interface file has 1 error:\n  %s: error: cannot read it: Is a directory");
  all_refuse("/dev/zero", IST_GEN_INTERFACE,
             "/dev/zero: the interface file has 1 error:\n"
             "  /dev/zero: error: cannot read it: Invalid argument");
  snprintf(path, sizeof path, "%s", in_folder("pipe.idl"));
  assert_int_equal(mkfifo(path, 0600), 0);
  all_refuse(path, IST_GEN_INTERFACE,
             "%s/pipe.idl: the interface file has 1 error:\n"
             "  %s/pipe.idl: error: cannot read it: Invalid argument");
}

static void not_to_be_read(void **state) {
  (void)state;
  char path[256];
  snprintf(path, sizeof path, "%s", write_file("secret.idl", "library secret;\n"));
  assert_int_equal(chmod(path, 0), 0);
  /* Root reads everything. */
  if (access(path, R_OK) == 0) {
    char *text = made(ist_gen_cdef_file, path, NULL);
    assert_string_equal(text, "/* secret, for cffi's ABI mode. */\n");
    ist_gen_free(text);
    return;
  }
  all_refuse(path, IST_GEN_INTERFACE,
             "%s/secret.idl: the interface file has 1 error:\n"
             "  %s/secret.idl: error: cannot read it: Permission denied");
}

static void too_large(void **state) {
  (void)state;
  char path[256], *text = NULL, *message = NULL;
  snprintf(path, sizeof path, "%s", write_file("large.idl", "library large;\n"));
  assert_int_equal(truncate(path, (off_t)1 << 40), 0);
  all_refuse(path, IST_GEN_INTERFACE,
             "%s/large.idl: the interface file has 1 error:\n"
             "  %s/large.idl: error: cannot read it: File too large");
  assert_int_equal(ist_gen_cdef_text("t", "", SIZE_MAX, NULL, &text, &message), IST_GEN_INTERFACE);
  assert_string_equal(message, "t: the interface file has 1 error:\n"
                               "  t: error: the text is longer than 16777216 bytes");
  ist_gen_free(message);
}

/* Bytes of every kind, cut off everywhere: each is refused or taken, and nothing is left of it. */
static void bytes(void **state) {
  (void)state;
  static char noise[4096];
  uint32_t seed = 1;
  for (size_t i = 0; i < sizeof noise; i++) {
    seed = seed * 1664525 + 1013904223;
    noise[i] = (char)(seed >> 24);
  }
  static const char source[] =
      "library cut;\nlink \"\";\nenum e { A = 1 << 3, B };\n"
      "typedef struct { int n; union { float f; struct { char c; } s; } u; } t;\n"
      "callback int cb([[data]] void *env, const t *v);\n"
      "handle h { [[destructor]] void end(h *h); }\n"
      "t *make([[out]] int v[n], size_t n = sizeof(t) * 2, h *of);\n";
  size_t taken = 0, refused_ones = 0;
  for (size_t length = 0; length < sizeof source; length++) {
    char *text = NULL, *message = NULL;
    bool good = !ist_gen_cdef_text(NULL, source, length, NULL, &text, &message);
    assert_true(good ? text && !message : !text && message && *message);
    *(good ? &taken : &refused_ones) += 1;
    ist_gen_free(text);
    ist_gen_free(message);
  }
  assert_true(taken > 5 && refused_ones > 100);
  for (size_t start = 0; start + 64 < sizeof noise; start += 64) {
    char *text = NULL, *message = NULL;
    assert_int_equal(ist_gen_descriptor_text(NULL, noise + start, 64, NULL, &text, &message),
                     IST_GEN_INTERFACE);
    assert_non_null(message);
    ist_gen_free(message);
  }
}

static void missing_arguments(void **state) {
  (void)state;
  char *text = NULL, *message = NULL;
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
    refused(makers[i], NULL, IST_GEN_ARGUMENT, "no path, or no place for the result");
    assert_int_equal(makers[i]("/dev/null", NULL, NULL, &message), IST_GEN_ARGUMENT);
    assert_string_equal(message, "no path, or no place for the result");
    ist_gen_free(message);
  }
  assert_int_equal(ist_gen_cdef_text("t", NULL, 3, NULL, &text, &message), IST_GEN_ARGUMENT);
  assert_string_equal(message, "no text, or no place for the result");
  ist_gen_free(message);
  assert_int_equal(ist_gen_descriptor_text("t", "x", 1, NULL, NULL, NULL), IST_GEN_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_there),  cmocka_unit_test(no_plain_file),
      cmocka_unit_test(not_to_be_read), cmocka_unit_test(too_large),
      cmocka_unit_test(bytes),          cmocka_unit_test(missing_arguments),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
