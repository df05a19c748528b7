/* The library is alone: it brings nothing of V8 into the process, and what it does again and again,
 * on several threads at once, leaves nothing behind. */
#include "genlib_test.h"

#include <link.h>
#include <pthread.h>

static int look(struct dl_phdr_info *info, size_t size, void *found) {
  (void)size;
  static const char *const names[] = {"libnode", "libv8", "libisthmus.so", "libffi", "libuv"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strstr(info->dlpi_name, names[i])) *(const char **)found = info->dlpi_name;
  return 0;
}

static void nothing_else_is_loaded(void **state) {
  (void)state;
  const char *found = NULL;
  char *text = NULL, *path = NULL;
  assert_int_equal(ist_gen_find("zlib", NULL, &path, NULL), IST_GEN_OK);
  text = made(ist_gen_cdef_file, path, NULL);
  dl_iterate_phdr(look, &found);
  if (found) fail_msg("%s is in the process", found);
  ist_gen_free(text);
  ist_gen_free(path);
}

static void versions(void **state) {
  (void)state;
  assert_int_equal(ist_gen_abi_version(), IST_GEN_ABI_VERSION);
  unsigned major, minor, patch;
  assert_int_equal(sscanf(ist_gen_version(), "%u.%u.%u", &major, &minor, &patch), 3);
}

static long resident(void) {
  long pages = 0, all;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%ld %ld", &all, &pages), 2);
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024) / 1024;
}

static void *compile_many(void *count) {
  static const char bad[] = "library bad;\nint f(void *p);\n";
  static const from_file makers[] = {ist_gen_descriptor_file, ist_gen_cdef_file};
  intptr_t wrong = 0;
  for (int i = 0; i < *(int *)count; i++) {
    char *path = NULL, *text = NULL, *message = NULL;
    wrong += ist_gen_find(i % 2 ? "zlib" : "libm", NULL, &path, &message) != IST_GEN_OK;
    wrong += makers[i / 2 % 2](path, NULL, &text, &message) != IST_GEN_OK || message;
    ist_gen_free(text);
    ist_gen_free(path);
    wrong +=
        ist_gen_cdef_text(NULL, bad, sizeof bad - 1, NULL, &text, &message) != IST_GEN_INTERFACE;
    ist_gen_free(message);
    wrong += ist_gen_find("nothing", NULL, &path, &message) != IST_GEN_NOT_FOUND;
    ist_gen_free(message);
  }
  return (void *)wrong;
}

static void memory_stays_flat(void **state) {
  (void)state;
  int few = 100, many = getenv("ISTHMUS_LONG") ? 20000 : 2000;
  assert_null(compile_many(&few));
  long before = resident();
  assert_null(compile_many(&many));
  /* AddressSanitizer keeps what was freed for a while, and looks for leaks itself. */
  if (!getenv("ISTHMUS_SANITIZE")) assert_true(resident() - before < 8);
}

static void threads_at_once(void **state) {
  (void)state;
  pthread_t threads[4];
  int count = 50;
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, compile_many, &count), 0);
  for (size_t i = 0; i < 4; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_else_is_loaded),
      cmocka_unit_test(versions),
      cmocka_unit_test(memory_stays_flat),
      cmocka_unit_test(threads_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
