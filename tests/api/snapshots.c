/* Start-up snapshots: what scripts leave is there in every context that starts, in this process and
 * in another one, libraries included; and what cannot be kept, and bytes of any kind, are errors.
 */
#include "api_test.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static ist_source source_of(const char *text) {
  ist_source made = {.size = sizeof made, .text = text, .length = strlen(text), .file = "snap.js"};
  return made;
}

static ist_status build(const char *text, ist_library *library, ist_snapshot **result,
                        ist_error **error) {
  ist_source script = source_of(text);
  ist_snapshot_options options = {.size = sizeof options, .scripts = &script, .script_count = 1};
  options.libraries = &library;
  options.library_count = library ? 1 : 0;
  return ist_snapshot_new(&options, result, error);
}

static ist_snapshot *built(const char *text, ist_library *library) {
  ist_snapshot *result;
  ist_error *error;
  if (build(text, library, &result, &error)) fail_msg("%s", error ? error->message : "?");
  assert_null(error);
  return result;
}

static fixture started(ist_snapshot *snapshot) {
  ist_isolate_options options = {.size = sizeof options, .snapshot = snapshot};
  fixture made;
  assert_ok(ist_isolate_new(&options, &made.isolate));
  assert_ok(ist_context_new(made.isolate, NULL, &made.context));
  return made;
}

static const char state_script[] =
    "var n = 40; class Counter { #n = 1; get next() { return ++this.#n } }\n"
    "const counter = new Counter(); let table = new Map([['k', new Uint8Array([1, 2, 3])]]);\n"
    "function up() { return ++n } var late; new Promise((r) => { late = r }).then((x) => { n = x "
    "});\n"
    "var text = 'caf\xc3\xa9 \xf0\x9f\x8c\x8d'; function* steps() { yield 1; yield 2 }\n"
    "var it = steps(); it.next();";

static void contexts_start_from_what_scripts_left(void **state) {
  (void)state;
  ist_snapshot *snapshot = built(state_script, NULL);
  fixture f = started(snapshot), more[2];
  ist_snapshot_free(snapshot);
  ist_snapshot_free(snapshot);
  assert_int_equal(eval(&f, "up()").as.int32, 41);
  assert_int_equal(eval(&f, "up()").as.int32, 42);
  assert_int_equal(eval(&f, "counter.next").as.int32, 2);
  assert_int_equal(eval(&f, "table.get('k')[2] = 9").as.int32, 9);
  assert_int_equal(eval(&f, "it.next().value").as.int32, 2);
  eval(&f, "late(7)");
  assert_ok(ist_isolate_run_microtasks(f.isolate));
  assert_int_equal(eval(&f, "n").as.int32, 7);
  assert_int_equal(eval(&f, "text.length").as.int32, 7);
  /* Every context has a state of its own. */
  for (int i = 0; i < 2; i++) {
    more[i].isolate = f.isolate;
    assert_ok(ist_context_new(f.isolate, NULL, &more[i].context));
    assert_int_equal(eval(&more[i], "up()").as.int32, 41);
    assert_int_equal(eval(&more[i], "table.get('k')[2]").as.int32, 3);
    assert_int_equal(eval(&more[i], "counter.next").as.int32, 2);
  }
  assert_int_equal(eval(&f, "up()").as.int32, 8);
  /* They are ordinary contexts otherwise. */
  assert_true(eval(&f, "typeof Intl === 'object' && typeof FinalizationRegistry === 'function' &&"
                       "typeof WebAssembly === 'object' && [1].findLast(() => 1) === 1")
                  .as.boolean);
  ist_error *error;
  assert_status(IST_ERR_EXCEPTION, ist_script_eval(f.context, "null.x", 6, NULL, NULL, &error));
  assert_string_equal(error->name, "TypeError");
  ist_error_free(error);
  assert_ok(ist_context_free(more[0].context));
  assert_ok(ist_isolate_collect(f.isolate));
  assert_int_equal(eval(&more[1], "up()").as.int32, 42);
  assert_ok(ist_isolate_free(f.isolate));
}

/* V8's constants are shared, and a snapshot could name wrong ones. */
static void strings_of_one_character_do_no_harm(void **state) {
  (void)state;
  fixture ordinary;
  assert_ok(ist_isolate_new(NULL, &ordinary.isolate));
  assert_ok(ist_context_new(ordinary.isolate, NULL, &ordinary.context));
  ist_source script = source_of("var parts = 'abgiu \",<>]'.split(''), flags = /./giu.flags[0]");
  script.file = "a";
  ist_snapshot_options options = {.size = sizeof options, .scripts = &script, .script_count = 1};
  ist_snapshot *snapshot;
  assert_ok(ist_snapshot_new(&options, &snapshot, NULL));
  fixture f = started(snapshot);
  assert_text(&f, "abgiu \",<>]", eval(&f, "parts.join('')"));
  assert_text(&f, "g", eval(&f, "flags"));
  ist_snapshot_free(snapshot);
  assert_ok(ist_isolate_free(f.isolate));
  assert_ok(ist_isolate_free(ordinary.isolate));
}

/* Some of V8's own texts are constants, too: the descriptions of well-known symbols. */
static void descriptions_of_symbols_do_no_harm(void **state) {
  (void)state;
  fixture ordinary;
  assert_ok(ist_isolate_new(NULL, &ordinary.isolate));
  assert_ok(ist_context_new(ordinary.isolate, NULL, &ordinary.context));
  static const char script[] =
      "class A { [Symbol.toPrimitive]() { return 7; } get [Symbol.toStringTag]() { return 'A'; } "
      "static [Symbol.hasInstance]() { return true; } async *[Symbol.asyncIterator]() {} }; "
      "globalThis.a = new A(); globalThis.A = A";
  ist_snapshot *snapshot = built(script, NULL);
  fixture f = started(snapshot);
  assert_text(&f, "7 [object A] true [Symbol.toPrimitive] [Symbol.hasInstance]",
              eval(&f, "[+a, a, 1 instanceof A, a[Symbol.toPrimitive].name, "
                       "A[Symbol.hasInstance].name].join(' ')"
                       ".replace('7 7', '7 ' + Object.prototype.toString.call(a))"));
  assert_ok(ist_isolate_free(f.isolate));
  ist_snapshot_free(snapshot);
  /* What cannot be told apart is refused. */
  ist_error *error;
  assert_status(IST_ERR_STATE, build("var text = 'Symbol.toPrimitive'", NULL, &snapshot, &error));
  assert_string_equal("a snapshot cannot start beside others, since a script has left a text that "
                      "is the description of one of JavaScript's own symbols",
                      error->message);
  ist_error_free(error);
  assert_ok(ist_isolate_free(ordinary.isolate));
}

static void scripts_run_in_order_and_their_errors_are_told(void **state) {
  (void)state;
  ist_source scripts[] = {source_of("var a = 1"), source_of("Promise.resolve().then(() => a++)"),
                          source_of("if (a !== 2) throw new Error('order')")};
  ist_snapshot_options options = {.size = sizeof options, .scripts = scripts, .script_count = 3};
  ist_snapshot *snapshot;
  ist_error *error;
  assert_ok(ist_snapshot_new(&options, &snapshot, &error));
  ist_snapshot_free(snapshot);
  assert_ok(ist_snapshot_new(NULL, &snapshot, NULL));
  ist_snapshot_free(snapshot);
  assert_status(IST_ERR_EXCEPTION, build("\n throw new RangeError('no')", NULL, &snapshot, &error));
  assert_string_equal(error->name, "RangeError");
  assert_string_equal(error->file, "snap.js");
  assert_int_equal(error->line, 2);
  ist_error_free(error);
  assert_status(IST_ERR_SYNTAX, build("oops(", NULL, &snapshot, &error));
  ist_error_free(error);
  assert_status(IST_ERR_EXCEPTION,
                build("Promise.reject(new Error('lost'))", NULL, &snapshot, &error));
  assert_string_equal(error->message, "lost");
  ist_error_free(error);
  assert_status(IST_ERR_EXCEPTION,
                build("Promise.reject(new Error('lost'))", NULL, &snapshot, NULL));
}

/* Each of these would end the process in V8. */
static void what_cannot_be_kept_is_refused(void **state) {
  (void)state;
  static const char *const refused[] = {
      "Object.freeze(Array.prototype)",
      "Object.freeze(globalThis)",
      "Object.preventExtensions(Error)",
      "Object.defineProperty(Array.prototype, 'findLast', { value: 1 })",
      "var WebAssembly = 1",
  };
  static const char *const kept[] = {
      "function M() { 'use asm'; function f(x) { x = x|0; return x|0 } return { f: f } }"
      "var f = M().f; f(1)",
      "Array.prototype.findLast = () => 'mine'; globalThis.Atomics = 1",
      "var w = new WeakRef({}); var m = new WeakMap([[w, 1]]); var e = new Error('x')",
      "typeof Intl + typeof FinalizationRegistry; (1.5).toLocaleString('de'); "
      "'a'.localeCompare('b')",
      "delete globalThis.Object; Error = 5; Reflect = 6; Map.prototype.get = 1",
      "import('x').catch(() => 0); setTimeout = 1; var b = new ArrayBuffer(9, { maxByteLength: 99 "
      "})",
      "Error.prepareStackTrace = () => { throw 1 }",
  };
  ist_snapshot *snapshot;
  ist_error *error;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    assert_status(IST_ERR_STATE, build(refused[i], NULL, &snapshot, &error));
    assert_non_null(strstr(error->message, "a snapshot cannot start, since a script has left"));
    ist_error_free(error);
  }
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    snapshot = built(kept[i], NULL);
    fixture f = started(snapshot);
    ist_snapshot_free(snapshot);
    assert_int_equal(eval(&f, "[1, 2].findLast(() => true)").as.int32, 2);
    assert_ok(ist_isolate_collect(f.isolate));
    assert_ok(ist_isolate_free(f.isolate));
  }
}

/* ---- Libraries ---- */

static ist_library *zlib(void) {
  ist_library *library;
  ist_error *error;
  static const char *const dirs[] = {IST_TEST_IDL_DIR, NULL};
  if (ist_library_open_name("zlib", dirs, &library, &error))
    fail_msg("%s", error ? error->message : "?");
  return library;
}

static const char library_script[] =
    "const { crc32 } = zlib; var sum = crc32(0, new Uint8Array([1, 2, 3]));\n"
    "function check() { return crc32(0, new Uint8Array([1, 2, 3])) === sum &&\n"
    "  zlib.crc32 === crc32 && Object.isFrozen(zlib) }\n"
    "var names = Object.keys(zlib).join();\n"
    "var bad; try { crc32('x') } catch (e) { bad = e.message }\n"
    "function same() { try { crc32('x') } catch (e) { return e.message === bad && e instanceof "
    "TypeError } }";

static void use_libraries(fixture *f, ist_library *library) {
  assert_true(eval(f, "check()").as.boolean);
  assert_true(eval(f, "same()").as.boolean);
  assert_true(eval(f, "Object.keys(zlib).join() === names").as.boolean);
  /* What is granted again is the same. */
  ist_value exports;
  assert_ok(ist_context_grant(f->context, library, NULL, &exports, NULL));
  assert_ok(ist_object_set(f->context, eval(f, "globalThis"), "granted", exports, NULL));
  assert_true(eval(f, "granted === zlib").as.boolean);
}

static void libraries_work_before_and_after(void **state) {
  (void)state;
  ist_library *library = zlib();
  ist_snapshot *snapshot = built(library_script, library);
  fixture f = started(snapshot), other = f;
  use_libraries(&f, library);
  assert_ok(ist_context_new(f.isolate, NULL, &other.context));
  use_libraries(&other, library);
  fixture g = started(snapshot);
  ist_snapshot_free(snapshot);
  use_libraries(&g, library);
  assert_ok(ist_isolate_free(f.isolate));
  ist_library_free(library);
  assert_true(eval(&g, "check()").as.boolean);
  assert_ok(ist_isolate_free(g.isolate));
}

static void native_objects_are_refused_by_name(void **state) {
  (void)state;
  ist_library *library;
  ist_error *error;
  static const char *const dirs[] = {IST_TEST_IDL_DIR, NULL};
  if (ist_library_open_name("sqlite3", dirs, &library, &error)) {
    ist_error_free(error);
    skip();
  }
  ist_snapshot *snapshot;
  assert_status(IST_ERR_STATE, build("var hidden = { deep: [new sqlite3.Database(':memory:')] }",
                                     library, &snapshot, &error));
  assert_non_null(strstr(error->message, "sqlite3.Database"));
  ist_error_free(error);
  /* One that was forgotten is no hindrance, and neither are classes. */
  snapshot = built("new sqlite3.Database(':memory:'); const { Database, SqliteError } = sqlite3;\n"
                   "{ const db = new Database(':memory:'); db.exec('select 1'); db.close() }\n"
                   "var make = () => new Database(':memory:'); class Own extends Database {}\n"
                   "var kept; try { new Database('/nowhere/at/all') } catch (e) { kept = e }",
                   library);
  for (int i = 0; i < 3; i++) {
    fixture f = started(snapshot);
    if (i == 2) ist_snapshot_free(snapshot);
    static const char *const checks[] = {
        "var db = make(); db instanceof sqlite3.Database && db instanceof Database",
        "db.exec('create table t (x); insert into t values (5)');"
        "var s = db.prepare('select x from t'); s.step(); s instanceof sqlite3.Statement",
        "new Own(':memory:') instanceof Database",
        "var e; try { db.exec('nonsense') } catch (x) { e = x }"
        "e instanceof SqliteError && e instanceof sqlite3.SqliteError && e instanceof Error",
        "kept instanceof SqliteError && kept.code === sqlite3.SQLITE_CANTOPEN",
        "var t; try { Database.prototype.exec.call({}, 'x') } catch (x) { t = x }"
        "t instanceof TypeError",
        "s = undefined; db.close(); try { db.exec('select 1'); false } catch (x) { true }",
    };
    for (size_t j = 0; j < sizeof checks / sizeof *checks; j++)
      if (!eval(&f, checks[j]).as.boolean) fail_msg("%s", checks[j]);
    assert_ok(ist_isolate_collect(f.isolate));
    fixture other = f;
    assert_ok(ist_context_new(f.isolate, NULL, &other.context));
    assert_true(eval(&other, checks[0]).as.boolean);
    assert_ok(ist_isolate_free(f.isolate));
  }
  ist_library_free(library);
}

/* ---- Bytes ---- */

static const char *self;

static void bytes_start_another_process(void **state) {
  (void)state;
  ist_library *library = zlib();
  ist_snapshot *snapshot = built(library_script, library);
  uint8_t *bytes;
  size_t length;
  assert_ok(ist_snapshot_write(snapshot, &bytes, &length));
  ist_snapshot_free(snapshot);
  char path[] = "/tmp/isthmus-snapshot-XXXXXX";
  int file = mkstemp(path);
  assert_true(file >= 0);
  assert_int_equal(write(file, bytes, length), (ssize_t)length);
  close(file);
  pid_t child = fork();
  if (!child) {
    execl("/proc/self/exe", self, "--start", path, (char *)NULL);
    _exit(99);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  unlink(path);
  assert_int_equal(status, 0);
  /* And this one. */
  ist_error *error;
  if (ist_snapshot_read(bytes, length, &library, 1, &snapshot, &error))
    fail_msg("%s", error->message);
  ist_free(bytes);
  fixture f = started(snapshot);
  ist_snapshot_free(snapshot);
  use_libraries(&f, library);
  assert_ok(ist_isolate_free(f.isolate));
  ist_library_free(library);
}

static int start(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return 2;
  static uint8_t bytes[1 << 24];
  size_t length = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  ist_library *library = zlib();
  ist_snapshot *snapshot;
  ist_error *error;
  if (ist_snapshot_read(bytes, length, &library, 1, &snapshot, &error)) return 3;
  fixture f = started(snapshot);
  ist_snapshot_free(snapshot);
  ist_value value;
  if (ist_script_eval(f.context, "check() && same()", 17, NULL, &value, &error)) return 4;
  if (value.type != IST_BOOL || !value.as.boolean) return 5;
  ist_library_free(library);
  return ist_isolate_free(f.isolate) ? 6 : 0;
}

static void other_bytes_are_refused(void **state) {
  (void)state;
  ist_library *library = zlib();
  ist_snapshot *snapshot = built("var a = 1", library), *other;
  uint8_t *bytes;
  size_t length;
  assert_ok(ist_snapshot_write(snapshot, &bytes, &length));
  ist_snapshot_free(snapshot);
  assert_status(IST_ERR_STATE, ist_snapshot_read(bytes, length, NULL, 0, &other, NULL));
  assert_status(IST_ERR_FORMAT, ist_snapshot_read(bytes, length - 1, &library, 1, &other, NULL));
  assert_status(IST_ERR_FORMAT, ist_snapshot_read(bytes, 0, &library, 1, &other, NULL));
  assert_status(IST_ERR_FORMAT, ist_snapshot_read(bytes, 7, &library, 1, &other, NULL));
  assert_status(IST_ERR_FORMAT,
                ist_snapshot_read(bytes + 1, length - 1, &library, 1, &other, NULL));
  uint64_t random = 88172645463325252u;
  for (size_t i = 0; i < 500; i++) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    size_t at = i < 200 ? i : (size_t)(random % length);
    uint8_t bit = (uint8_t)(1u << (random >> 40) % 8);
    bytes[at] ^= bit;
    ist_error *error;
    assert_status(IST_ERR_FORMAT, ist_snapshot_read(bytes, length, &library, 1, &other, &error));
    ist_error_free(error);
    bytes[at] ^= bit;
  }
  assert_ok(ist_snapshot_read(bytes, length, &library, 1, &other, NULL));
  ist_snapshot_free(other);
  ist_library *twice[] = {library, library};
  assert_status(IST_ERR_STATE, ist_snapshot_read(bytes, length, twice, 2, &other, NULL));
  ist_library_free(library);
  assert_status(IST_ERR_HANDLE, ist_snapshot_read(bytes, length, &library, 1, &other, NULL));
  ist_free(bytes);
}

static void no_misuse_does_harm(void **state) {
  (void)state;
  ist_snapshot *snapshot;
  uint8_t *bytes;
  size_t length;
  ist_isolate *isolate;
  assert_status(IST_ERR_ARGUMENT, ist_snapshot_new(NULL, NULL, NULL));
  ist_snapshot_options options = {.size = sizeof options, .script_count = 1};
  assert_status(IST_ERR_ARGUMENT, ist_snapshot_new(&options, &snapshot, NULL));
  options = (ist_snapshot_options){.size = sizeof options, .library_count = 1};
  assert_status(IST_ERR_ARGUMENT, ist_snapshot_new(&options, &snapshot, NULL));
  ist_library *none = NULL;
  options.libraries = &none;
  assert_status(IST_ERR_ARGUMENT, ist_snapshot_new(&options, &snapshot, NULL));
  ist_library *library = zlib(), *twice[] = {library, library};
  options.libraries = twice;
  options.library_count = 2;
  assert_status(IST_ERR_ARGUMENT, ist_snapshot_new(&options, &snapshot, NULL));
  ist_library_free(library);
  assert_status(IST_ERR_HANDLE, ist_snapshot_new(&options, &snapshot, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_snapshot_write(NULL, &bytes, &length));
  assert_status(IST_ERR_ARGUMENT, ist_snapshot_read(NULL, 0, NULL, 0, &snapshot, NULL));
  snapshot = built("1", NULL);
  assert_status(IST_ERR_ARGUMENT, ist_snapshot_write(snapshot, NULL, &length));
  ist_snapshot_free(snapshot);
  ist_snapshot_free(snapshot);
  ist_snapshot_free(NULL);
  assert_status(IST_ERR_HANDLE, ist_snapshot_write(snapshot, &bytes, &length));
  ist_isolate_options from = {.size = sizeof from, .snapshot = snapshot};
  assert_status(IST_ERR_HANDLE, ist_isolate_new(&from, &isolate));
}

/* Resident bytes of the process. */
static size_t resident(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  unsigned long whole = 0, pages = 0;
  assert_int_equal(fscanf(file, "%lu %lu", &whole, &pages), 2);
  fclose(file);
  return pages * 4096;
}

static void memory_stays_flat(void **state) {
  (void)state;
  size_t before = 0;
  for (int i = 0; i < 60; i++) {
    if (i == 20) before = resident();
    ist_snapshot *snapshot = built(state_script, NULL), *again;
    uint8_t *bytes;
    size_t length;
    assert_ok(ist_snapshot_write(snapshot, &bytes, &length));
    assert_ok(ist_snapshot_read(bytes, length, NULL, 0, &again, NULL));
    ist_free(bytes);
    ist_snapshot_free(snapshot);
    fixture f = started(again);
    ist_snapshot_free(again);
    assert_int_equal(eval(&f, "up()").as.int32, 41);
    assert_ok(ist_isolate_free(f.isolate));
    assert_int_not_equal(IST_OK, build("throw 1", NULL, &snapshot, NULL));
  }
  if (!getenv("ISTHMUS_SANITIZE")) assert_in_range(resident(), 0, before + 20000000);
}

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "--start")) return start(argv[2]);
  self = argv[0];
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(contexts_start_from_what_scripts_left),
      cmocka_unit_test(strings_of_one_character_do_no_harm),
      cmocka_unit_test(descriptions_of_symbols_do_no_harm),
      cmocka_unit_test(scripts_run_in_order_and_their_errors_are_told),
      cmocka_unit_test(what_cannot_be_kept_is_refused),
      cmocka_unit_test(libraries_work_before_and_after),
      cmocka_unit_test(native_objects_are_refused_by_name),
      cmocka_unit_test(bytes_start_another_process),
      cmocka_unit_test(other_bytes_are_refused),
      cmocka_unit_test(no_misuse_does_harm),
      cmocka_unit_test(memory_stays_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
