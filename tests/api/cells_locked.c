/* What code that has broken out of V8 finds in a cell. This program is the cell, with a signal's
 * handler that stands for such code: it makes system calls as it likes, in the middle of a run, and
 * its exit code says which of them did anything. */
#include "cells_test.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { SOCKET = 3, NOTHING_WORKED = 100 };

static char self[4096];

/* ---- The cell ---- */

static unsigned char code; /* of the attempt under way */
static long parent;        /* the pool's process */

/* An attempt must be refused as not permitted, not fail by accident. */
static void attempt(long result) {
  code++;
  if (result != -1 || errno != EPERM) _exit(code);
}

#define TRY(...) attempt(syscall(__VA_ARGS__))

static void break_out(int signal) {
  (void)signal;
  static char path[] = "/etc/passwd", made[] = "/tmp/isthmus-cell-was-here", buffer[64];
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
  struct rlimit limits = {RLIM_INFINITY, RLIM_INFINITY};
  int pair[2];
  code = 0;
  /* Files. */
  TRY(SYS_openat, AT_FDCWD, path, O_RDONLY);
  TRY(SYS_openat, AT_FDCWD, made, O_CREAT | O_WRONLY, 0600);
  TRY(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR);
  TRY(SYS_unlinkat, AT_FDCWD, made, 0);
  TRY(SYS_mkdirat, AT_FDCWD, made, 0700);
  TRY(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, made, 0);
  TRY(SYS_symlinkat, path, AT_FDCWD, made);
  TRY(SYS_linkat, AT_FDCWD, path, AT_FDCWD, made, 0);
  TRY(SYS_fchmodat, AT_FDCWD, path, 0777);
  TRY(SYS_fchownat, AT_FDCWD, path, 0, 0, 0);
  TRY(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", buffer, sizeof buffer);
  TRY(SYS_newfstatat, AT_FDCWD, path, buffer, 0);
  TRY(SYS_faccessat, AT_FDCWD, path, R_OK);
  TRY(SYS_chdir, "/tmp");
  TRY(SYS_chroot, "/tmp");
  TRY(SYS_getdents64, SOCKET, buffer, sizeof buffer);
  TRY(SYS_truncate, path, 0);
  TRY(SYS_memfd_create, "x", 0);
  TRY(SYS_statfs, "/", buffer);
  TRY(SYS_inotify_init1, 0);
  TRY(SYS_umask, 0);
  TRY(SYS_ioctl, SOCKET, 0, 0);
  /* Descriptors. */
  TRY(SYS_dup, SOCKET);
  TRY(SYS_dup3, SOCKET, 7, 0);
  TRY(SYS_fcntl, SOCKET, F_DUPFD, 0);
  TRY(SYS_pipe2, pair, 0);
  TRY(SYS_eventfd2, 0, 0);
  TRY(SYS_epoll_create1, 0);
  TRY(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
  TRY(SYS_close, 0);
  TRY(SYS_pidfd_open, parent, 0);
  TRY(SYS_pidfd_getfd, 4, 0, 0);
  /* The network. */
  TRY(SYS_socket, AF_INET, SOCK_STREAM, 0);
  TRY(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
  TRY(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
  TRY(SYS_connect, SOCKET, &address, sizeof address);
  TRY(SYS_bind, SOCKET, &address, sizeof address);
  TRY(SYS_listen, SOCKET, 1);
  TRY(SYS_accept4, SOCKET, NULL, NULL, 0);
  TRY(SYS_sendmsg, SOCKET, buffer, 0);
  TRY(SYS_recvmsg, SOCKET, buffer, 0);
  TRY(SYS_sendto, SOCKET, buffer, 1, 0, &address, sizeof address);
  TRY(SYS_getpeername, SOCKET, NULL, NULL);
  /* Processes. */
  TRY(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  TRY(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0);
  TRY(SYS_kill, parent, 0);
  TRY(SYS_kill, -1, 0);
  TRY(SYS_kill, getpid(), 0);
  TRY(SYS_tgkill, parent, parent, SIGKILL);
  TRY(SYS_tkill, parent, SIGKILL);
  TRY(SYS_rt_sigqueueinfo, parent, SIGKILL, buffer);
  TRY(SYS_pidfd_send_signal, 4, SIGKILL, NULL, 0);
  TRY(SYS_setsid);
  TRY(SYS_setpgid, 0, 0);
  TRY(SYS_setpriority, PRIO_PROCESS, 0, -20);
  TRY(SYS_sched_setaffinity, 0, sizeof buffer, buffer);
  /* Power. */
  TRY(SYS_setuid, 0);
  TRY(SYS_setresuid, 0, 0, 0);
  TRY(SYS_setgroups, 0, NULL);
  TRY(SYS_capset, buffer, buffer);
  TRY(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
  TRY(SYS_prlimit64, 0, RLIMIT_AS, &limits, NULL);
  TRY(SYS_prlimit64, parent, RLIMIT_NOFILE, NULL, &limits);
  TRY(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL);
  TRY(SYS_personality, 0xffffffff);
  TRY(SYS_sethostname, "x", 1);
  /* Memory that is not its own. */
  TRY(SYS_mmap, NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  TRY(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0);
  TRY(SYS_mmap, NULL, 1 << 21, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  TRY(SYS_shmget, IPC_PRIVATE, 4096, 0600);
  TRY(SYS_msgget, IPC_PRIVATE, 0600);
  TRY(SYS_mlockall, MCL_CURRENT);
  TRY(SYS_kcmp, parent, getpid(), 0, 0, 0);
  _exit(NOTHING_WORKED);
}

/* What is not even refused. The name of the signal says which. */
static void attack(int signal) {
  char *argv[] = {(char[]){"true"}, NULL};
  if (signal == SIGRTMIN) syscall(SYS_execve, "/bin/true", argv, NULL);
  if (signal == SIGRTMIN + 1) syscall(SYS_ptrace, 16, 1, NULL, NULL);
  if (signal == SIGRTMIN + 2) syscall(SYS_unshare, CLONE_NEWUSER);
  if (signal == SIGRTMIN + 3) syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0);
  if (signal == SIGRTMIN + 4) syscall(SYS_bpf, 0, NULL, 0);
  _exit(1);
}

/* All memory that there is. */
static void take_memory(int signal) {
  (void)signal;
  enum { PIECE = 1 << 24 };
  for (int i = 0; i < 4096; i++) {
    char *piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece == MAP_FAILED) _exit(i < 200 ? NOTHING_WORKED : 2);
    /* Not touched: what may be had is what counts. */
  }
  _exit(1);
}

static int be_cell(void) {
  parent = getppid();
  struct sigaction action = {.sa_handler = break_out};
  sigaction(SIGUSR1, &action, NULL);
  action.sa_handler = take_memory;
  sigaction(SIGUSR2, &action, NULL);
  action.sa_handler = attack;
  for (int i = 0; i < 5; i++) sigaction(SIGRTMIN + i, &action, NULL);
  return ist_cell_serve(SOCKET);
}

/* ---- The pool ---- */

/* Whether the kernel has what the filter needs. */
static bool kernel_filters(void) {
  uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

/* Signals locked cells until the run of one has ended, and gives its error's text. */
static void assert_end(int signal, const char *expected) {
  ist_pool_options options = cells(1);
  options.cell = self;
  options.limits.wall = 0;
  ist_pool *pool = pool_of(&options);
  ist_batch *batch = batch_of(pool, "for (;;);");
  ist_outcome *outcome;
  add(batch, "1");
  for (ist_status status = IST_ERR_TIMEOUT; status;) {
    pid_t found[4];
    size_t count = children(found, 4);
    /* One that is idle, or starts, is replaced; one that runs is the run's end. */
    for (size_t i = 0; i < count && i < 4; i++)
      if (status_of(found[i], "Seccomp") == 2) kill(found[i], signal);
    status = ist_batch_next(batch, 200, &outcome);
    if (status) assert_status(IST_ERR_TIMEOUT, status);
  }
  assert_status(IST_ERR_DIED, outcome->status);
  assert_string_equal(outcome->error->message, expected);
  ist_outcome_free(outcome);
  ist_batch_free(batch);
  ist_pool_free(pool);
}

static void nothing_opens_connects_forks_or_signals(void **state) {
  (void)state;
  if (SANITIZED || !kernel_filters()) skip();
  assert_end(SIGUSR1, "the process that ran it has died (exit code 100)");
}

static void attacks_end_the_cell(void **state) {
  (void)state;
  if (SANITIZED || !kernel_filters()) skip();
  for (int i = 0; i < 5; i++) assert_end(SIGRTMIN + i, "the process that ran it has died (SIGSYS)");
}

static void memory_ends(void **state) {
  (void)state;
  if (SANITIZED || !kernel_filters()) skip();
  assert_end(SIGUSR2, "the process that ran it has died (exit code 100)");
}

/* What every cell has, whether or not the kernel filters. */
static void cells_are_poor(void **state) {
  (void)state;
  if (SANITIZED) skip();
  ist_pool_options options = cells(1);
  ist_pool *pool = pool_of(&options);
  assert_outcome(pool, "input", "1", IST_OK, "1");
  pid_t cell = only_child();
  assert_int_equal(status_of(cell, "NoNewPrivs"), 1);
  assert_int_equal(status_of(cell, "CapEff"), 0);
  assert_int_equal(status_of(cell, "CapPrm"), 0);
  if (kernel_filters()) assert_int_equal(status_of(cell, "Seccomp"), 2);
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/limits", (int)cell);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  size_t seen = 0;
  while (fgets(line, sizeof line, file)) {
    static const char *const names[] = {"Max core file size", "Max file size", "Max processes",
                                        "Max open files",     "Max data size", "Max address space"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      if (strncmp(line, names[i], strlen(names[i]))) continue;
      seen++;
      const char *number = line + strlen(names[i]) + strspn(line + strlen(names[i]), " ");
      long most[] = {0, 0, 0, 2, 1200 * (long)MIB, 4096 * (long)MIB};
      assert_true(isdigit((unsigned char)*number));
      assert_true(strtol(number, NULL, 10) <= most[i]);
    }
  }
  fclose(file);
  assert_int_equal(seen, 6);
  ist_pool_free(pool);
}

/* Programs do not notice: what V8 can, it can in a cell, after its isolate was made anew as well.
 */
static void programs_do_not_notice(void **state) {
  (void)state;
  ist_pool_options options = cells(1);
  options.heap_limit = 32 * MIB;
  ist_pool *pool = pool_of(&options);
  static const char *const programs[] = {
      "new WebAssembly.Memory({initial: 10}).grow(100) + 0 * input",
      "let hot = 0; for (let i = 0; i < 3e6; i++) hot += i % 3; hot",
      "new Uint8Array(1 << 24).fill(1).length",
      "/(a+)+b/.test('a'.repeat(12)) + ''",
      "new Intl.NumberFormat('de').format(1234.5) + new Date(0).toLocaleDateString('fr')",
      "[...Array(1e5).keys()].sort((a, b) => b - a)[0]",
      "Math.random() !== Math.random()",
      "new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0,"
      " 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65, 7,"
      " 11]))).exports.f()",
  };
  static const char *const values[] = {
      "10", "3000000", "16777216", "\"false\"", "\"1.234,501/01/1970\"", "99999", "true", "7"};
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
      assert_outcome(pool, programs[i], "1", IST_OK, values[i]);
    assert_outcome(pool, "const all = []; for (;;) all.push({})", "1", IST_ERR_MEMORY,
                   "the heap limit of 32 MiB was reached");
  }
  ist_pool_free(pool);
}

/* A socket that is none, and a pool that is none. */
static void serving_is_refused_without_a_pool(void **state) {
  (void)state;
  assert_int_equal(ist_cell_serve(-1), 2);
  assert_int_equal(ist_cell_serve(1000000), 2);
  int file = open("/dev/null", O_RDWR | O_CLOEXEC);
  assert_int_equal(ist_cell_serve(file), 2);
  close(file);
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "cell")) return be_cell();
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_opens_connects_forks_or_signals),
      cmocka_unit_test(attacks_end_the_cell),
      cmocka_unit_test(memory_ends),
      cmocka_unit_test(cells_are_poor),
      cmocka_unit_test(programs_do_not_notice),
      cmocka_unit_test(serving_is_refused_without_a_pool),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
