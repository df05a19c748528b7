/* Descriptors and declarations from files and from texts: the same as the command's, imports
 * included, and what is wrong with an interface file in one message. */
#include "genlib_test.h"

#include <sys/stat.h>

static const char good[] = "library good;\nlink \"libc.so.6\";\nint abs(int n);\n"
                           "[[packed]] struct pair { char c; int i; };\n";

/* What the command beside the library prints. */
static char *output_of(const char *arguments, const char *path) {
  char command[512];
  snprintf(command, sizeof command, "\"$(dirname '%s')\"/../isthmus gen %s '%s'", IST_TEST_FIXTURE,
           arguments, path);
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  char *text = NULL;
  size_t length = 0, room = 0;
  do {
    if (room - length < 4097) text = realloc(text, room += 65536);
    assert_non_null(text);
    size_t got = fread(text + length, 1, 4096, pipe);
    length += got;
  } while (!feof(pipe));
  text[length] = '\0';
  assert_int_equal(pclose(pipe), 0);
  return text;
}

static void same_as_the_command(void **state) {
  (void)state;
  static const char *const names[] = {"zlib", "sqlite3", "isthmus", "libc"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *path = NULL;
    assert_int_equal(ist_gen_find(names[i], NULL, &path, NULL), IST_GEN_OK);
    char *json = made(ist_gen_descriptor_file, path, NULL);
    char *cdef = made(ist_gen_cdef_file, path, NULL);
    char *json_wanted = output_of("--descriptor", path),
         *cdef_wanted = output_of("--cdef=abi", path);
    assert_string_equal(json, json_wanted);
    assert_string_equal(cdef, cdef_wanted);
    ist_gen_free(json);
    ist_gen_free(cdef);
    free(json_wanted);
    free(cdef_wanted);
    ist_gen_free(path);
  }
}

static void from_texts(void **state) {
  (void)state;
  char *json = NULL, *cdef = NULL, *message = NULL;
  /* Only so many bytes are read. */
  char longer[sizeof good + 8];
  snprintf(longer, sizeof longer, "%s#####", good);
  assert_int_equal(ist_gen_descriptor_text(NULL, longer, sizeof good - 1, NULL, &json, &message),
                   IST_GEN_OK);
  assert_non_null(strstr(json, "\"library\":\t\"good\""));
  assert_int_equal(ist_gen_cdef_text("g.idl", longer, sizeof good - 1, NULL, &cdef, &message),
                   IST_GEN_OK);
  assert_null(message);
  assert_string_equal(cdef, "/* good, for cffi's ABI mode. */\n"
                            "struct pair {\n  char c;\n  unsigned char i[4];\n};\n"
                            "int abs(int);\n");
  ist_gen_free(json);
  ist_gen_free(cdef);
}

static void imports(void **state) {
  (void)state;
  char text[256];
  assert_int_equal(mkdir(in_folder("imports"), 0700), 0);
  write_file("imports/shared.idl", "library shared;\nstruct shared { int x; };\n");
  static const char user[] = "library user;\nlink \"\";\nimport shared;\nimport libm;\n"
                             "int use(const struct shared *s);\n";
  write_file("user.idl", user);
  snprintf(text, sizeof text, "%s", in_folder("imports"));
  const char *folders[] = {text, NULL};
  char *cdef = made(ist_gen_cdef_file, in_folder("user.idl"), folders);
  assert_string_equal(cdef, "/* user, for cffi's ABI mode. */\nint use(const struct shared *);\n"
                            "struct shared {\n  int x;\n};\n");
  ist_gen_free(cdef);
  char path[256];
  snprintf(path, sizeof path, "%s", in_folder("user.idl"));
  refused(ist_gen_cdef_file, path, IST_GEN_INTERFACE,
          "%s/user.idl: the interface file has 1 error:\n"
          "  %s/user.idl:3:8: error: cannot find 'shared.idl'");
}

static void errors(void **state) {
  (void)state;
  static const char bad[] = "library bad;\nint f(void *p);\nint g(nothing n);\n";
  char path[256], *text = NULL, *message = NULL;
  snprintf(path, sizeof path, "%s", write_file("bad.idl", bad));
  assert_int_equal(ist_gen_cdef_file(path, NULL, &text, &message), IST_GEN_INTERFACE);
  assert_non_null(strstr(message, "bad.idl: the interface file has 2 errors:\n"));
  assert_non_null(strstr(message, "bad.idl:3:7: error: unknown type 'nothing'"));
  assert_non_null(strstr(message, "bad.idl:2:13: error: "));
  ist_gen_free(message);
  assert_int_equal(ist_gen_descriptor_text("short.idl", "library x", 9, NULL, &text, &message),
                   IST_GEN_INTERFACE);
  assert_string_equal(message, "short.idl: the interface file has 1 error:\n"
                               "  short.idl:1:10: error: expected ';' after this declaration, "
                               "got the end of the file");
  ist_gen_free(message);
  assert_int_equal(ist_gen_cdef_text(NULL, "", 0, NULL, &text, &message), IST_GEN_INTERFACE);
  assert_string_equal(message,
                      "interface: the interface file has 1 error:\n  interface:1:1: error: "
                      "an interface file names its library: 'library NAME;'");
  ist_gen_free(message);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_as_the_command),
      cmocka_unit_test(from_texts),
      cmocka_unit_test(imports),
      cmocka_unit_test(errors),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
