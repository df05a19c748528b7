/* Interface files by the names of their libraries: in the folders given, in their order, and then
 * among the installed ones. */
#include "genlib_test.h"

#include <sys/stat.h>

static void expect_path(const char *name, const char *const *folders, const char *wanted) {
  char *path = NULL, *message = NULL;
  if (ist_gen_find(name, folders, &path, &message)) fail_msg("%s", message);
  assert_null(message);
  char *real = realpath(wanted, NULL);
  assert_string_equal(path, real);
  free(real);
  ist_gen_free(path);
}

static void expect_message(ist_gen_status status, const char *name, const char *const *folders,
                           const char *wanted) {
  char *path = (char *)"", *message = NULL;
  assert_int_equal(ist_gen_find(name, folders, &path, &message), status);
  assert_null(path);
  assert_memory_equal(message, wanted, strlen(wanted));
  ist_gen_free(message);
}

static void installed_ones(void **state) {
  (void)state;
  expect_path("zlib", NULL, IST_TEST_IDL_DIR "/zlib.idl");
  expect_path("sqlite3", (const char *[]){NULL}, IST_TEST_IDL_DIR "/sqlite3.idl");
  expect_path("zlib", (const char *[]){"/nowhere", folder, NULL}, IST_TEST_IDL_DIR "/zlib.idl");
}

static void the_first_folder_wins(void **state) {
  (void)state;
  char one[64], two[64];
  snprintf(one, sizeof one, "%s/one", folder);
  snprintf(two, sizeof two, "%s/two", folder);
  assert_int_equal(mkdir(one, 0700), 0);
  assert_int_equal(mkdir(two, 0700), 0);
  write_file("one/both.idl", "library both;\n");
  write_file("two/both.idl", "library both;\n");
  write_file("two/zlib.idl", "library zlib;\n");
  expect_path("both", (const char *[]){one, two, NULL}, in_folder("one/both.idl"));
  expect_path("both", (const char *[]){two, one, NULL}, in_folder("two/both.idl"));
  expect_path("zlib", (const char *[]){one, two, NULL}, in_folder("two/zlib.idl"));
}

static void what_is_nowhere(void **state) {
  (void)state;
  expect_message(IST_GEN_NOT_FOUND, "zlip", (const char *[]){"/nowhere", "/else", NULL},
                 "Cannot find library 'ffi:zlip': no zlip.idl in /nowhere, /else, /");
  expect_message(IST_GEN_NOT_FOUND, "zlip", NULL,
                 "Cannot find library 'ffi:zlip': no zlip.idl in /");
}

static void what_is_no_name(void **state) {
  (void)state;
  static const char *const names[] = {"../idl/zlib", "/etc/passwd", "", "a b",
                                      "9lives",      "zl\nib",      "."};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char wanted[100];
    snprintf(wanted, sizeof wanted, "ffi:%s: not the name of a library", names[i]);
    expect_message(IST_GEN_ARGUMENT, names[i], NULL, wanted);
  }
}

static void missing_arguments(void **state) {
  (void)state;
  char *path = NULL, *message = NULL;
  assert_int_equal(ist_gen_find(NULL, NULL, &path, &message), IST_GEN_ARGUMENT);
  assert_string_equal(message, "no name, or no place for the path");
  ist_gen_free(message);
  assert_int_equal(ist_gen_find("zlib", NULL, NULL, NULL), IST_GEN_ARGUMENT);
  assert_int_equal(ist_gen_find("zlib", NULL, &path, NULL), IST_GEN_OK);
  ist_gen_free(path);
  ist_gen_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(installed_ones),    cmocka_unit_test(the_first_folder_wins),
      cmocka_unit_test(what_is_nowhere),   cmocka_unit_test(what_is_no_name),
      cmocka_unit_test(missing_arguments),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
