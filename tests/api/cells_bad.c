/* Commands that are no cells, or are not to be trusted: this program serves as all of them, by the
 * name that it is started under. The pool says what is wrong with each, or ends it and takes
 * another; nothing that it says is believed. */
#include "cells_test.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../../runtime/ffi/alloc.c"
#include "../../runtime/host/cell_value.c"
#include "../../runtime/host/cell_wire.c"

static char folder[] = "/tmp/isthmus-cells-XXXXXX";

/* ---- The cells ---- */

enum { SOCKET = 3 };

static uint64_t seed;

static uint64_t chance(uint64_t most) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed % most;
}

static void say(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length) {
    ssize_t sent = send(SOCKET, at, length, MSG_NOSIGNAL);
    if (sent <= 0) _exit(0);
    at += sent;
    length -= (size_t)sent;
  }
}

static void say_frame(ist__wire_out *out, ist__wire_kind kind) {
  ist__wire_end(out, kind, 0);
  say(out->bytes, out->length);
}

static void say_hello(uint32_t version, const char *release) {
  ist__wire_out out = {0};
  ist__wire_begin(&out);
  ist__wire_put_u32(&out, version);
  ist__wire_put_text(&out, release, strlen(release));
  say_frame(&out, IST_WIRE_HELLO);
  ist__wire_out_free(&out);
}

static void say_ready(uint32_t status, const char *text) {
  const ist__wire_ready ready = {.status = status, .heap_limit = 64 * MIB};
  ist__wire_out out = {0};
  ist__wire_begin(&out);
  ist__wire_put(&out, &ready, sizeof ready);
  ist__wire_put_text(&out, text, text ? strlen(text) : 0);
  say_frame(&out, IST_WIRE_READY);
  ist__wire_out_free(&out);
}

/* Takes frames until it has an input. */
static void hear_run(void) {
  for (;;) {
    ist__wire_header header;
    char byte;
    if (recv(SOCKET, &header, sizeof header, MSG_WAITALL) != sizeof header) _exit(0);
    for (uint64_t i = 0; i < header.length; i++)
      if (recv(SOCKET, &byte, 1, MSG_WAITALL) != 1) _exit(0);
    if (header.kind == IST_WIRE_RUN) return;
  }
}

static void put_result(ist__wire_out *out, ist_status status, const char *value) {
  const ist__wire_result result = {.status = (uint32_t)status, .wall = 1, .cpu = 1};
  ist__wire_begin(out);
  ist__wire_put(out, &result, sizeof result);
  if (!status) {
    ist__wire_put(out, value, strlen(value));
  } else {
    const ist_frame frame = {"f", "g", 1, 1, 0};
    const ist_error error = {.size = sizeof error,
                             .status = status,
                             .name = "Error",
                             .message = value,
                             .frames = &frame,
                             .frame_count = 1};
    ist__wire_put_error(out, &error);
  }
  ist__wire_end(out, IST_WIRE_RESULT, 0);
}

/* What the pool has made of it: its environment, its descriptors, its signals. */
static int look_around(void) {
  if (getenv("ISTHMUS_TEST_SECRET") || getenv("HOME") || getenv("PATH")) return 40;
  if (!getenv("LC_TIME") || strcmp(getenv("LC_TIME"), "C")) return 41;
  for (int fd = 0; fd < 1024; fd++)
    if ((fcntl(fd, F_GETFD) >= 0) != (fd <= SOCKET)) return 42;
  if (getsid(0) != getpid() || getpgid(0) != getpid()) return 43;
  struct sigaction action;
  sigset_t mask;
  if (sigaction(SIGUSR1, NULL, &action) || action.sa_handler != SIG_DFL) return 44;
  if (sigprocmask(SIG_SETMASK, NULL, &mask)) return 45;
  for (int signal = 1; signal < 32; signal++)
    if (sigismember(&mask, signal)) return 45;
  char here[64] = "";
  if (!getcwd(here, sizeof here) || strcmp(here, "/")) return 46;
  return 0;
}

static int be_cell(const char *name) {
  ist__wire_out out = {0};
  seed = (uint64_t)getpid() * 0x9e3779b97f4a7c15 | 1;
  if (!strcmp(name, "ends")) return 3;
  if (!strcmp(name, "aborts")) {
    signal(SIGABRT, SIG_DFL);
    fputs("\n\n#\n# Fatal error in , line 0\n# no \033[31mway\n#\n", stderr);
    abort();
  }
  if (!strcmp(name, "babbles")) {
    for (int i = 0; i < 10000; i++) say("GET / HTTP/1.1\r\n", 16);
    return 0;
  }
  if (!strcmp(name, "other-release")) say_hello(IST_WIRE_VERSION, "0.0.1-other");
  if (!strcmp(name, "other-wire")) say_hello(IST_WIRE_VERSION + 1, ist_version());
  if (!strcmp(name, "bad-hello")) say_hello(IST_WIRE_VERSION, "\xff\xfe");
  if (!strcmp(name, "looks-around")) {
    int found = look_around();
    if (found) return found;
  }
  say_hello(IST_WIRE_VERSION, ist_version());
  if (!strcmp(name, "not-ready")) {
    say_ready(IST_ERR_RESOURCE, "there is no room today");
    hear_run();
  }
  if (!strcmp(name, "ends-late")) return 5;
  if (!strcmp(name, "bad-ready")) {
    say_ready(99, NULL);
    hear_run();
  }
  if (!strcmp(name, "talks-early")) {
    put_result(&out, IST_OK, "7");
    say_ready(IST_OK, NULL);
    say(out.bytes, out.length);
    hear_run();
  }
  say_ready(IST_OK, NULL);
  for (;;) {
    hear_run();
    if (!strcmp(name, "status")) put_result(&out, (ist_status)77, "x");
    if (!strcmp(name, "no-json")) put_result(&out, IST_OK, "1\n{\"i\": 7}");
    if (!strcmp(name, "no-value")) put_result(&out, IST_OK, "");
    if (!strcmp(name, "no-text")) put_result(&out, IST_ERR_EXCEPTION, "\xc3(");
    if (!strcmp(name, "deaf")) pause();
    if (!strcmp(name, "closes")) {
      shutdown(SOCKET, SHUT_RDWR);
      pause();
    }
    if (!strcmp(name, "two-answers")) {
      put_result(&out, IST_OK, "1");
      ist__wire_put(&out, out.bytes, out.length);
    }
    if (!strcmp(name, "endless")) {
      put_result(&out, IST_OK, "1");
      ((ist__wire_header *)(void *)out.bytes)->length = UINT64_MAX - 16;
    }
    if (!strcmp(name, "promises")) {
      /* As much as may be, of which next to nothing comes. */
      put_result(&out, IST_OK, "1");
      ((ist__wire_header *)(void *)out.bytes)->length = (uint64_t)1 << 30;
      say(out.bytes, out.length);
      _exit(4);
    }
    if (!strcmp(name, "answers") || !strcmp(name, "looks-around")) put_result(&out, IST_OK, "8");
    if (!strcmp(name, "answers-badly")) {
      put_result(&out, chance(2) ? IST_OK : (ist_status)(1 + chance(18)), "[1,\"a\"]");
      uint64_t changes = chance(5);
      for (uint64_t i = 0; i < changes; i++) {
        uint8_t *at = out.bytes + chance(out.length);
        *at = (uint8_t)(chance(2) ? *at ^ 1u << chance(8) : chance(256));
      }
      if (!chance(8)) {
        out.length = chance(out.length);
        changes++;
      }
      say(out.bytes, out.length);
      /* The pool would wait for what a greater length has promised. */
      if (changes || chance(2)) _exit(0);
      continue;
    }
    say(out.bytes, out.length);
  }
}

/* ---- The pool's side ---- */

static const char *named(const char *name) {
  static char path[256];
  char self[4096] = "";
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
  if (symlink(self, path)) assert_int_equal(errno, EEXIST);
  return path;
}

static void assert_refused(const char *cell, ist_status status, const char *expected) {
  ist_pool_options options = cells(1);
  options.cell = cell;
  ist_pool *pool = NULL;
  ist_error *error;
  size_t before = descriptors();
  assert_status(status, ist_pool_new(&options, &pool, &error));
  assert_null(pool);
  assert_int_equal(error->status, status);
  assert_string_equal(error->message, expected);
  ist_error_free(error);
  assert_int_equal(descriptors(), before);
  assert_int_equal(children(NULL, 0), 0);
}

static void what_is_no_cell_is_refused(void **state) {
  (void)state;
  char expected[512], plain[64];
  assert_refused("/no/such/command", IST_ERR_NOT_FOUND,
                 "there is no command '/no/such/command' for cells");
  assert_refused("no-such-command-anywhere", IST_ERR_NOT_FOUND,
                 "there is no command 'no-such-command-anywhere' for cells");
  assert_refused("", IST_ERR_NOT_FOUND, "there is no command '' for cells");
  setenv("ISTHMUS_CELL", "/no/such/cell", 1);
  assert_refused(NULL, IST_ERR_NOT_FOUND,
                 "there is no command '/no/such/cell' for cells, which $ISTHMUS_CELL names");
  unsetenv("ISTHMUS_CELL");
  snprintf(plain, sizeof plain, "%s/plain", folder);
  int file = open(plain, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  assert_true(file >= 0);
  close(file);
  snprintf(expected, sizeof expected, "the cell '%s' cannot be started: Permission denied", plain);
  assert_refused(plain, IST_ERR_RESOURCE, expected);
  snprintf(expected, sizeof expected, "the cell '%s' cannot be started: Permission denied", folder);
  assert_refused(folder, IST_ERR_RESOURCE, expected);
  static const char *const rows[][2] = {
      {"ends", "the cell '%s' has ended as it started (exit code 3)"},
      {"babbles", "'%s' is no cell of this library's: it speaks otherwise"},
      {"bad-hello", "'%s' is no cell of this library's: it speaks otherwise"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *cell = named(rows[i][0]);
    const char *hole = strstr(rows[i][1], "%s");
    snprintf(expected, sizeof expected, "%.*s%s%s", (int)(hole - rows[i][1]), rows[i][1], cell,
             hole + 2);
    assert_refused(cell, IST_ERR_STATE, expected);
  }
  /* What it says of its end is told, if it can be shown; a sanitizer's goes to the terminal. */
  if (!SANITIZED) {
    snprintf(expected, sizeof expected,
             "the cell '%s' has ended as it started (SIGABRT): no ?[31mway", named("aborts"));
    assert_refused(named("aborts"), IST_ERR_STATE, expected);
  }
  snprintf(expected, sizeof expected,
           "the cell '%s' is of version 0.0.1-other (%d), this library %s (%d)",
           named("other-release"), IST_WIRE_VERSION, ist_version(), IST_WIRE_VERSION);
  assert_refused(named("other-release"), IST_ERR_STATE, expected);
  snprintf(expected, sizeof expected, "the cell '%s' is of version %s (%d), this library %s (%d)",
           named("other-wire"), ist_version(), IST_WIRE_VERSION + 1, ist_version(),
           IST_WIRE_VERSION);
  assert_refused(named("other-wire"), IST_ERR_STATE, expected);
}

/* One run with a cell that starts well. */
static void assert_run(const char *name, ist_status status, const char *expected) {
  ist_pool_options options = cells(1);
  options.cell = named(name);
  options.limits.wall = SECOND / 5;
  ist_pool *pool = pool_of(&options);
  size_t before = descriptors();
  for (int i = 0; i < 2; i++) assert_outcome(pool, "x", "1", status, expected);
  assert_true(descriptors() <= before + 3);
  ist_pool_free(pool);
  assert_int_equal(children(NULL, 0), 0);
}

static void answers_are_not_believed(void **state) {
  (void)state;
  static const char no_answer[] =
      "the process that ran it has died (it has answered what is no answer)";
  assert_run("answers", IST_OK, "8");
  assert_run("status", IST_ERR_DIED, no_answer);
  assert_run("no-json", IST_ERR_DIED, no_answer);
  assert_run("no-value", IST_ERR_DIED, no_answer);
  assert_run("no-text", IST_ERR_DIED, no_answer);
  assert_run("two-answers", IST_ERR_DIED, no_answer);
  assert_run("endless", IST_ERR_DIED, no_answer);
  assert_run("promises", IST_ERR_DIED, "the process that ran it has died (exit code 4)");
  assert_run("closes", IST_ERR_DIED, "the process that ran it has died (SIGKILL)");
  assert_run("deaf", IST_ERR_TIMEOUT, "the time limit of 200 ms was reached");
  char expected[512];
  assert_run("not-ready", IST_ERR_RESOURCE, "there is no room today");
  snprintf(expected, sizeof expected, "the cell '%s' has ended as it started (exit code 5)",
           named("ends-late"));
  assert_run("ends-late", IST_ERR_RESOURCE, expected);
  snprintf(expected, sizeof expected, "'%s' is no cell of this library's: it speaks otherwise",
           named("bad-ready"));
  assert_run("bad-ready", IST_ERR_STATE, expected);
}

static void answers_to_nothing_are_refused(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  options.cell = named("talks-early");
  ist_pool *pool = pool_of(&options);
  ist_outcome *outcome = outcome_of(pool, "x", "1");
  /* What comes once it was asked is an answer like any other. */
  assert_true(outcome->status == IST_ERR_DIED || outcome->status == IST_ERR_STATE ||
              !outcome->status);
  ist_outcome_free(outcome);
  ist_pool_free(pool);
}

static void damaged_answers_do_no_harm(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  options.cell = named("answers-badly");
  options.limits.wall = SECOND / 100;
  ist_pool *pool = pool_of(&options);
  size_t before = descriptors();
  long good = 0, died = 0, rounds = count_of(SANITIZED ? 30 : 80, 5000);
  ist_batch *batch = batch_of(pool, "x");
  for (long i = 0; i < rounds; i++) {
    add(batch, "1");
    ist_outcome *outcome = next(batch);
    assert_true(outcome->status <= IST_ERR_DIED);
    if (outcome->status) {
      assert_non_null(outcome->error);
      assert_int_equal(outcome->error->status, outcome->status);
      char *text = ist_error_format(outcome->error);
      assert_true(ist__wire_is_utf8((const uint8_t *)text, strlen(text)));
      ist_free(text);
    } else {
      good++;
      assert_true(ist__wire_is_value(outcome->value, outcome->length, IST_FORMAT_JSON));
    }
    died += outcome->status == IST_ERR_DIED;
    ist_outcome_free(outcome);
  }
  assert_true(good > 0 && died > 0);
  ist_batch_free(batch);
  assert_true(descriptors() <= before + 3);
  ist_pool_free(pool);
  assert_int_equal(children(NULL, 0), 0);
}

static void cells_get_nothing_of_ours(void **state) {
  (void)state;
  setenv("ISTHMUS_TEST_SECRET", "1", 1);
  setenv("LC_TIME", "C", 1);
  int open_one = open("/dev/null", O_RDONLY), high = fcntl(open_one, F_DUPFD, 900);
  assert_true(open_one >= 0 && high >= 900);
  struct sigaction before, ignoring = {.sa_handler = SIG_IGN};
  sigaction(SIGUSR1, &ignoring, &before);
  sigset_t blocked, mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &mask);
  assert_run("looks-around", IST_OK, "8");
  sigprocmask(SIG_SETMASK, &mask, NULL);
  sigaction(SIGUSR1, &before, NULL);
  close(open_one);
  close(high);
  unsetenv("ISTHMUS_TEST_SECRET");
}

/* Where it is looked for: $ISTHMUS_CELL, also by $PATH. */
static void commands_are_found(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  char path[8192], *before = strdup(getenv("PATH") ? getenv("PATH") : "");
  (void)named("answers");
  setenv("ISTHMUS_CELL", named("answers"), 1);
  ist_pool *pool = pool_of(&options);
  assert_outcome(pool, "x", "1", IST_OK, "8");
  ist_pool_free(pool);
  unsetenv("ISTHMUS_CELL");
  snprintf(path, sizeof path, "/nowhere::%s:%s", folder, before);
  setenv("PATH", path, 1);
  options.cell = "answers";
  pool = pool_of(&options);
  assert_outcome(pool, "x", "1", IST_OK, "8");
  ist_pool_free(pool);
  setenv("PATH", before, 1);
  free(before);
  /* By a path from here. */
  char here[4096];
  assert_non_null(getcwd(here, sizeof here));
  assert_int_equal(chdir(folder), 0);
  options.cell = "./answers";
  pool = pool_of(&options);
  assert_int_equal(chdir(here), 0);
  assert_outcome(pool, "x", "1", IST_OK, "8");
  pid_t cell = only_child();
  kill(cell, SIGKILL);
  while (!is_dead(cell)) rest();
  assert_outcome(pool, "x", "1", IST_OK, "8");
  ist_pool_free(pool);
  /* An empty name is no name. */
  setenv("ISTHMUS_CELL", "", 1);
  options.cell = NULL;
  pool = pool_of(&options);
  assert_outcome(pool, "input + 1", "1", IST_OK, "2");
  ist_pool_free(pool);
  unsetenv("ISTHMUS_CELL");
}

/* A process that has no descriptors left is told so, and loses none. */
static void exhaustion_is_told(void **state) {
  (void)state;
  struct rlimit before, few;
  char expected[512];
  const char *cell = named("answers");
  int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(lowest);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  snprintf(expected, sizeof expected, "the cell '%s' cannot be started: Too many open files", cell);
  for (rlim_t more = 0; more < 4; more++) {
    ist_pool_options options = cells(1);
    options.cell = cell;
    ist_pool *pool;
    ist_error *error = NULL;
    few = before;
    few.rlim_cur = (rlim_t)lowest + more;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    ist_status status = ist_pool_new(&options, &pool, &error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_status(IST_ERR_RESOURCE, status);
    assert_string_equal(error->message, expected);
    ist_error_free(error);
    int again = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(again, lowest);
    close(again);
  }
}

static int make_folder(void **state) {
  (void)state;
  unsetenv("ISTHMUS_CELL");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  char path[512];
  DIR *open = opendir(folder);
  for (struct dirent *entry; open && (entry = readdir(open));) {
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    unlink(path);
  }
  if (open) closedir(open);
  return rmdir(folder);
}

int main(int argc, char **argv) {
  const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
  if (argc > 1 && !strcmp(argv[1], "cell")) return be_cell(name);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_no_cell_is_refused),
      cmocka_unit_test(answers_are_not_believed),
      cmocka_unit_test(answers_to_nothing_are_refused),
      cmocka_unit_test(damaged_answers_do_no_harm),
      cmocka_unit_test(cells_get_nothing_of_ours),
      cmocka_unit_test(commands_are_found),
      cmocka_unit_test(exhaustion_is_told),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
