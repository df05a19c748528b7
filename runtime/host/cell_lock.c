/* What a cell gives up before it runs the first program: capabilities, new privileges, files of any
 * kind, memory beyond its limits, and every system call that V8 and the C library can do without.
 * Programs have no way to any of this by themselves; it is for the day on which one has broken out
 * of V8. What the kernel does not know is left out, and the rest still holds. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cell.h"

/* ---- Memory, files, cores ---- */

static void limit(int resource, uint64_t most) {
  struct rlimit now;
  if (getrlimit((__rlimit_resource_t)resource, &now)) return;
  if (now.rlim_max != RLIM_INFINITY && most > now.rlim_max) most = now.rlim_max;
  const struct rlimit wanted = {most, most};
  setrlimit((__rlimit_resource_t)resource, &wanted);
}

#ifndef IST_CELL_SANITIZED
/* Bytes of address space, and of private writable memory with it, that the process has now. */
static bool memory_now(uint64_t *space, uint64_t *data) {
  unsigned long long sizes[6];
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return false;
  int found = fscanf(file, "%llu %llu %llu %llu %llu %llu", &sizes[0], &sizes[1], &sizes[2],
                     &sizes[3], &sizes[4], &sizes[5]);
  fclose(file);
  if (found != 6) return false;
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
  *space = sizes[0] * page;
  *data = sizes[5] * page;
  return true;
}

/* V8 needs more than the heap's limit for a moment: a collection copies what lives, a parser and a
 * compiler have memory of their own, one large array may go beyond before it is seen. Its own limit
 * comes first then, with the better error; this one holds when V8 itself is no longer in charge.
 * Buffers without a limit leave none here. */
static void limit_memory(const ist__wire_setup *setup, uint64_t heap_limit) {
  enum { MIB = 1 << 20 };
  uint64_t space, data;
  if (!setup->buffer_limit || setup->buffer_limit > (uint64_t)1 << 46 ||
      heap_limit > (uint64_t)1 << 46 || !memory_now(&space, &data))
    return;
  uint64_t grows = heap_limit * 2 + setup->buffer_limit + (uint64_t)512 * MIB;
  limit(RLIMIT_DATA, data + grows);
  /* A new isolate reserves a range for machine code, four times the size to align it. */
  limit(RLIMIT_AS, space + grows + (uint64_t)1024 * MIB);
}
#endif

/* ---- System calls ---- */

#ifndef IST_CELL_SANITIZED
/* What V8, its threads and the C library do while programs run. None of it opens, names or starts
 * anything. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(munmap),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(getrusage),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(membarrier),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* What no honest code in a cell comes near: an attempt ends it at once. Everything else that is not
 * allowed is EPERM, since the C library tries one or the other thing and can go on without. */
static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(bpf),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(mount),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
};

static bool filter(void) {
  scmp_filter_ctx made = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (!made) return false;
  /* All threads, and V8's have been started. */
  int failed = seccomp_attr_set(made, SCMP_FLTATR_CTL_TSYNC, 1);
  for (size_t i = 0; !failed && i < sizeof allowed / sizeof *allowed; i++)
    failed = seccomp_rule_add(made, SCMP_ACT_ALLOW, allowed[i], 0);
  for (size_t i = 0; !failed && i < sizeof deadly / sizeof *deadly; i++)
    failed = seccomp_rule_add(made, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
  /* Memory of its own: not a file's, none that another process could have, no huge pages, which
   * come from elsewhere. */
  if (!failed)
    failed = seccomp_rule_add(made, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                              SCMP_A3(SCMP_CMP_MASKED_EQ,
                                      MAP_PRIVATE | MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB,
                                      MAP_PRIVATE | MAP_ANONYMOUS));
  if (!failed) failed = seccomp_rule_add(made, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 0);
  /* abort() signals the thread that calls it; nobody else is to be signalled. */
  if (!failed)
    failed = seccomp_rule_add(made, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                              SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
  /* Limits are read, of this process alone, and not set. */
  if (!failed)
    failed = seccomp_rule_add(made, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0),
                              SCMP_A2(SCMP_CMP_EQ, 0));
  if (!failed) failed = seccomp_load(made);
  seccomp_release(made);
  return !failed;
}
#endif

/* ---- Both ---- */

void ist__cell_give_up(void) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  limit(RLIMIT_CORE, 0);
#ifndef IST_CELL_SANITIZED
  /* A sanitizer's report may go to a file. */
  limit(RLIMIT_FSIZE, 0);
  /* No memory of it in a core, nor for a debugger of the same user. */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  /* Files that are root's alone are not this root's; capabilities are a thread's, and others will
   * be made from this one. */
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0}};
  syscall(SYS_capset, &header, none);
#endif
}

bool ist__cell_lock_down(const ist__wire_setup *setup, uint64_t heap_limit) {
#ifdef IST_CELL_SANITIZED
  /* Sanitizers reserve terabytes, and read files when they report. */
  (void)setup;
  (void)heap_limit;
  return false;
#else
  limit_memory(setup, heap_limit);
  /* The first descriptor is taken, so that there is no new one; poll asks for at most as many. */
  limit(RLIMIT_NOFILE, 2);
  limit(RLIMIT_NPROC, 0);
  limit(RLIMIT_MSGQUEUE, 0);
  limit(RLIMIT_MEMLOCK, 0);
  return filter();
#endif
}
