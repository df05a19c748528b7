/* Native libraries from C: the four ways to open one and what is said when it fails, grants whole
 * and by tags, in several contexts, isolates and threads, and their end. */
#include "api_test.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static const char abs_text[] = "library probe;\n"
                               "link \"libc.so.6\";\n"
                               "header <stdlib.h>;\n"
                               "[[tag(number)]] int abs(int n);\n"
                               "[[tag(text)]] int atoi(const char *text);\n"
                               "[[tag(number, text)]] long labs(long n);\n"
                               "int getppid(void);\n"
                               "[[unsafe(\"any address will do\"), tag(danger)]] void *memset("
                               "void *p, int byte, size_t size);\n";

static ist_library *open_text(const char *source) {
  ist_library *library = NULL;
  ist_error *error;
  ist_status status = ist_library_open_text("probe.idl", source, strlen(source), &library, &error);
  if (status) fail_msg("%s", error && error->message ? error->message : ist_status_name(status));
  assert_null(error);
  return library;
}

static void use(ist_context *context, ist_library *library, const char *const *tags,
                const char *name) {
  ist_value global, exports;
  ist_error *error;
  ist_status status = ist_context_grant(context, library, tags, &exports, &error);
  if (status) fail_msg("%s", error && error->message ? error->message : ist_status_name(status));
  assert_ok(ist_context_global(context, &global));
  assert_ok(ist_object_set(context, global, name, exports, NULL));
}

/* ---- Opening ---- */

static void by_text(void **state) {
  fixture *f = *state;
  ist_library *library = open_text(abs_text);
  assert_string_equal(ist_library_name(library), "probe");
  use(f->context, library, NULL, "probe");
  assert_int_equal(eval(f, "probe.abs(-7)").as.int32, 7);
  assert_text(f, "true", eval(f, "String(Object.isFrozen(probe))"));
  assert_text(f, "abs,atoi,labs,getppid", eval(f, "Object.keys(probe).join()"));
  ist_library_free(library);
  assert_null(ist_library_name(library));
  /* The context has it still. */
  assert_int_equal(eval(f, "probe.abs(-8)").as.int32, 8);
}

/* A folder for one file, which is removed with it. */
typedef struct folder {
  char path[64], file[96];
} folder;

static folder make_folder(const char *name, const char *text) {
  folder made = {.path = "/tmp/isthmus-libraries-XXXXXX"};
  assert_non_null(mkdtemp(made.path));
  snprintf(made.file, sizeof made.file, "%s/%s", made.path, name);
  FILE *file = fopen(made.file, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  return made;
}

static void remove_folder(const folder *made) {
  unlink(made->file);
  rmdir(made->path);
}

static void by_file(void **state) {
  fixture *f = *state;
  folder made = make_folder("probe.idl", abs_text);
  ist_library *library;
  ist_error *error;
  assert_ok(ist_library_open_file(made.file, &library, &error));
  assert_null(error);
  use(f->context, library, NULL, "probe");
  assert_int_equal(eval(f, "probe.atoi('41') + 1").as.int32, 42);
  ist_library_free(library);
  remove_folder(&made);
  assert_status(IST_ERR_NOT_FOUND, ist_library_open_file(made.file, &library, &error));
  assert_non_null(strstr(error->message, "Cannot find the interface file '/tmp/isthmus-"));
  ist_error_free(error);
}

static void by_name(void **state) {
  fixture *f = *state;
  folder made = make_folder("zlib.idl", abs_text);
  const char *const dirs[] = {"/nowhere", made.path, NULL};
  ist_library *installed, *own;
  ist_error *error;
  /* The given folders come before the installed one. */
  assert_ok(ist_library_open_name("zlib", NULL, &installed, &error));
  assert_ok(ist_library_open_name("zlib", dirs, &own, &error));
  assert_string_equal(ist_library_name(installed), "zlib");
  assert_string_equal(ist_library_name(own), "probe");
  use(f->context, installed, NULL, "zlib");
  assert_text(f, "3421780262",
              eval(f, "String(zlib.crc32(0, Uint8Array.of(49, 50, 51, 52, 53, 54, 55, 56, 57)))"));
  ist_library_free(installed);
  ist_library_free(own);
  remove_folder(&made);
  assert_status(IST_ERR_NOT_FOUND, ist_library_open_name("none-such", dirs, &own, &error));
  assert_non_null(strstr(error->message, "Cannot find library 'ffi:none-such': no none-such.idl"));
  ist_error_free(error);
  static const char *const names[] = {"", "../zlib", "zlib.idl/x", "/etc/passwd", "a b"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_status(IST_ERR_ARGUMENT, ist_library_open_name(names[i], dirs, &own, NULL));
}

static const char descriptor[] =
    "{\"isthmus\":1,\"library\":\"probe\",\"target\":\"TARGET-linux\",\"link\":[\"libc.so.6\"],"
    "\"headers\":[],\"constants\":[],\"types\":[{\"kind\":\"int\",\"name\":\"int\","
    "\"signed\":true,\"js\":\"number\",\"size\":4,\"align\":4}],\"errors\":[],\"functions\":[{"
    "\"name\":\"abs\",\"c\":\"abs\",\"symbol\":\"abs\",\"kind\":\"function\",\"params\":[{"
    "\"name\":\"n\",\"type\":0,\"role\":\"value\",\"arg\":0}],\"result\":{\"type\":0,"
    "\"role\":\"value\"},\"args\":[0],\"required\":1,\"outputs\":[-1]}]}";

/* The descriptor for this machine. */
static char *own_descriptor(void) {
#if defined(__aarch64__)
  static const char machine[] = "aarch64";
#else
  static const char machine[] = "x86_64";
#endif
  const char *target = strstr(descriptor, "TARGET");
  char *made = calloc(1, sizeof descriptor + sizeof machine);
  memcpy(made, descriptor, (size_t)(target - descriptor));
  strcat(made, machine);
  strcat(made, target + strlen("TARGET"));
  return made;
}

static void by_descriptor(void **state) {
  fixture *f = *state;
  char *json = own_descriptor();
  ist_library *library;
  ist_error *error;
  assert_ok(ist_library_open_descriptor(json, strlen(json), &library, &error));
  use(f->context, library, NULL, "probe");
  assert_int_equal(eval(f, "probe.abs(-9)").as.int32, 9);
  ist_library_free(library);

  /* What is wrong with the text is told from what is wrong with the system. */
  char *link = strstr(json, "libc.so.6");
  memcpy(link, "libq.so.6", 9);
  assert_status(IST_ERR_NOT_FOUND,
                ist_library_open_descriptor(json, strlen(json), &library, &error));
  assert_non_null(strstr(error->message, "libq.so.6"));
  ist_error_free(error);
  memcpy(link, "libc.so.6", 9);
  memcpy(strstr(json, "\"symbol\":\"abs") + 10, "abq", 3);
  assert_status(IST_ERR_NOT_FOUND,
                ist_library_open_descriptor(json, strlen(json), &library, &error));
  assert_non_null(strstr(error->message, "abq"));
  ist_error_free(error);
  free(json);
}

static void descriptors_from_strangers(void **state) {
  (void)state;
  static const char *const others[] = {
      "", "null", "[]", "{}", "{\"isthmus\":2}", "\xff\xfe", "{\"isthmus\":1,\"library\":1e999}"};
  ist_library *library = NULL;
  ist_error *error;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    assert_status(IST_ERR_INTERFACE,
                  ist_library_open_descriptor(others[i], strlen(others[i]), &library, &error));
    assert_true(*error->message);
    ist_error_free(error);
  }
  char *json = own_descriptor();
  size_t length = strlen(json);
  for (size_t cut = 0; cut < length; cut++)
    assert_status(IST_ERR_INTERFACE, ist_library_open_descriptor(json, cut, &library, NULL));
  for (size_t i = 0; i < length; i++) {
    static const char bytes[] = {0, '"', '9', '{', '-', (char)0x80};
    for (size_t j = 0; j < sizeof bytes; j++) {
      char before = json[i];
      json[i] = bytes[j];
      ist_status status = ist_library_open_descriptor(json, length, &library, NULL);
      if (!status)
        ist_library_free(library);
      else
        assert_true(status == IST_ERR_INTERFACE || status == IST_ERR_NOT_FOUND);
      json[i] = before;
    }
  }
  char *deep = malloc(100000);
  memset(deep, '[', 100000);
  assert_status(IST_ERR_INTERFACE, ist_library_open_descriptor(deep, 100000, &library, NULL));
  free(deep);
  free(json);
}

static void errors_say_where(void **state) {
  (void)state;
  static const char bad[] = "library probe;\nlink \"libc.so.6\";\nint abs(integer n);\n";
  ist_library *library = NULL;
  ist_error *error;
  assert_status(IST_ERR_INTERFACE,
                ist_library_open_text("bad.idl", bad, strlen(bad), &library, &error));
  assert_null(library);
  assert_non_null(strstr(error->message, "bad.idl: the interface file has "));
  assert_non_null(strstr(error->message, "bad.idl:3:9: error: "));
  assert_string_equal(error->file, "bad.idl");
  assert_int_equal(error->line, 3);
  assert_int_equal(error->column, 9);
  assert_string_equal(error->source_line, "int abs(integer n);");
  ist_error_free(error);
  assert_status(IST_ERR_INTERFACE, ist_library_open_text(NULL, "", 0, &library, NULL));
  assert_status(IST_ERR_INTERFACE, ist_library_open_text(NULL, "\0\xff", 2, &library, NULL));

  static const char absent[] = "library probe;\nlink \"libnone-such.so\";\nint abs(int n);\n";
  assert_status(IST_ERR_NOT_FOUND,
                ist_library_open_text("a.idl", absent, strlen(absent), &library, &error));
  assert_non_null(strstr(error->message, "libnone-such.so"));
  ist_error_free(error);
}

static void bad_arguments(void **state) {
  fixture *f = *state;
  ist_library *library = open_text(abs_text), *other;
  ist_value exports;
  ist_error *error;
  assert_status(IST_ERR_ARGUMENT, ist_library_open_text("a", NULL, 0, &other, &error));
  ist_error_free(error);
  assert_status(IST_ERR_ARGUMENT, ist_library_open_text("a", "", 0, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_library_open_file(NULL, &other, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_library_open_descriptor(NULL, 3, &other, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_library_open_name(NULL, NULL, &other, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_context_grant(NULL, library, NULL, &exports, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_context_grant(f->context, NULL, NULL, &exports, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_context_grant(f->context, library, NULL, NULL, NULL));
  ist_library_free(library);
  assert_status(IST_ERR_HANDLE, ist_context_grant(f->context, library, NULL, &exports, &error));
  ist_error_free(error);
  ist_library_free(library);
  ist_library_free(NULL);
  assert_null(ist_library_name(NULL));
  ist_context *freed;
  library = open_text(abs_text);
  assert_ok(ist_context_new(f->isolate, NULL, &freed));
  assert_ok(ist_context_free(freed));
  assert_status(IST_ERR_HANDLE, ist_context_grant(freed, library, NULL, &exports, NULL));
  ist_library_free(library);
}

/* ---- Granting ---- */

static void grants_by_tags(void **state) {
  fixture *f = *state;
  static const struct {
    const char *tags[3], *names;
  } cases[] = {
      {{"number"}, "abs,labs"},
      {{"text"}, "atoi,labs"},
      {{"number", "text"}, "abs,atoi,labs"},
      {{"unsafe"}, "abs,atoi,labs,getppid,memset"},
      {{"danger", "unsafe"}, "memset"},
  };
  ist_library *library = open_text(abs_text);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ist_context *context;
    ist_value names;
    char *text;
    assert_ok(ist_context_new(f->isolate, NULL, &context));
    use(context, library, cases[i].tags, "probe");
    assert_ok(ist_script_eval(context, "Object.keys(probe).join()", 25, "keys.js", &names, NULL));
    assert_ok(ist_string_read(f->isolate, names, &text, NULL));
    assert_string_equal(cases[i].names, text);
    ist_free(text);
    assert_ok(ist_context_free(context));
  }
  const char *const wrong[] = {"numbre", NULL}, *const number[] = {"number", NULL},
                    *const word[] = {"text", NULL};
  ist_value first, second;
  ist_error *error;
  assert_status(IST_ERR_NOT_FOUND, ist_context_grant(f->context, library, wrong, &first, &error));
  assert_non_null(strstr(error->message, "numbre"));
  ist_error_free(error);
  /* The same grant gives the same object; another one is refused. */
  assert_ok(ist_context_grant(f->context, library, number, &first, NULL));
  assert_ok(ist_context_grant(f->context, library, number, &second, NULL));
  bool same;
  assert_ok(ist_value_same(f->isolate, first, second, &same));
  assert_true(same);
  assert_status(IST_ERR_STATE, ist_context_grant(f->context, library, word, &second, &error));
  ist_error_free(error);
  assert_status(IST_ERR_STATE, ist_context_grant(f->context, library, NULL, &second, NULL));
  ist_library_free(library);
}

static void contexts_and_isolates_share_it(void **state) {
  fixture *f = *state;
  ist_library *library = open_text(abs_text);
  fixture others[3];
  for (int i = 0; i < 3; i++) {
    others[i].isolate = f->isolate;
    if (i) assert_ok(ist_isolate_new(NULL, &others[i].isolate));
    assert_ok(ist_context_new(others[i].isolate, NULL, &others[i].context));
    use(others[i].context, library, NULL, "probe");
  }
  use(f->context, library, NULL, "probe");
  ist_library_free(library);
  assert_ok(ist_isolate_free(others[1].isolate));
  assert_ok(ist_context_free(others[0].context));
  assert_int_equal(eval(&others[2], "probe.abs(-3)").as.int32, 3);
  assert_int_equal(eval(f, "probe.abs(-4)").as.int32, 4);
  assert_ok(ist_isolate_free(others[2].isolate));
}

enum { THREADS = 4, ROUNDS = 5 };

/* An isolate of its own, with the shared library and with one that is opened here. */
static void *call_a_lot(void *shared) {
  for (int i = 0; i < ROUNDS; i++) {
    fixture f;
    if (ist_isolate_new(NULL, &f.isolate) || ist_context_new(f.isolate, NULL, &f.context))
      return "isolate";
    ist_library *own = NULL;
    ist_value exports, other, global, result;
    static const char source[] =
        "let n = 0; for (let i = 0; i < 20000; i++) n += shared.abs(-1) + own.abs(-2); n";
    if (ist_library_open_text("own.idl", abs_text, strlen(abs_text), &own, NULL)) return "open";
    if (ist_context_grant(f.context, shared, NULL, &exports, NULL) ||
        ist_context_grant(f.context, own, NULL, &other, NULL))
      return "grant";
    ist_library_free(own);
    if (ist_context_global(f.context, &global) ||
        ist_object_set(f.context, global, "shared", exports, NULL) ||
        ist_object_set(f.context, global, "own", other, NULL) ||
        ist_script_eval(f.context, source, strlen(source), "a.js", &result, NULL))
      return "run";
    if (result.as.int32 != 60000) return "result";
    if (ist_isolate_free(f.isolate)) return "free";
  }
  return NULL;
}

static void threads_share_it(void **state) {
  (void)state;
  ist_library *library = open_text(abs_text);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, call_a_lot, library);
  for (int i = 0; i < THREADS; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    if (failed) fail_msg("%s", (char *)failed);
  }
  ist_library_free(library);
}

static size_t resident(void) {
  long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  assert_non_null(statm);
  assert_int_equal(fscanf(statm, "%*d %ld", &pages), 1);
  fclose(statm);
  return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void memory_is_flat(void **state) {
  (void)state;
  size_t start = 0;
  ist_error *error;
  ist_library *library;
  for (int i = 0; i < 2000; i++) {
    ist_library_free(open_text(abs_text));
    assert_status(IST_ERR_INTERFACE,
                  ist_library_open_text("x.idl", "library x; int f(q a);", 22, &library, &error));
    ist_error_free(error);
    if (i == 1200) start = resident();
  }
  if (!getenv("ISTHMUS_SANITIZE")) assert_true(resident() < start + (size_t)2 * 1024 * 1024);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(by_text),
      TEST(by_file),
      TEST(by_name),
      TEST(by_descriptor),
      cmocka_unit_test(descriptors_from_strangers),
      cmocka_unit_test(errors_say_where),
      TEST(bad_arguments),
      TEST(grants_by_tags),
      TEST(contexts_and_isolates_share_it),
      cmocka_unit_test(threads_share_it),
      cmocka_unit_test(memory_is_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
