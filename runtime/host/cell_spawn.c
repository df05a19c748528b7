/* Cells as processes: finding the command, starting it, and what is left of it in the end. Between
 * clone and exec the child runs on this process's memory while other threads of ours go on: it does
 * system calls and nothing else. */
#include "internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cell.h"

extern char **environ;

static ist_status fail(ist_error **error, ist_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static ist_status fail(ist_error **error, ist_status status, const char *format, ...) {
  if (!error) return status;
  char message[PATH_MAX + 256];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  *error = ist_error_new(status, NULL, message);
  return status;
}

/* ---- Finding the command ---- */

static bool is_command(const char *path) {
  struct stat found;
  return !stat(path, &found) && S_ISREG(found.st_mode) && !access(path, X_OK);
}

/* An absolute path, links left as they are: the command may look at the name that it has. */
static ist_status absolute(const char *path, char **result) {
  char buffer[PATH_MAX * 2] = "";
  if (*path != '/') {
    if (!getcwd(buffer, PATH_MAX)) return IST_ERR_NOT_FOUND;
    strcat(buffer, "/");
  }
  if (strlen(path) >= PATH_MAX) return IST_ERR_NOT_FOUND;
  strcat(buffer, path);
  *result = ist__strdup(buffer);
  return *result ? IST_OK : IST_ERR_MEMORY;
}

/* A name in the folders of $PATH; an empty one of these is the working directory. */
static bool search(const char *name, char found[static PATH_MAX]) {
  const char *at = getenv("PATH");
  while (at) {
    size_t length = strcspn(at, ":");
    int size = snprintf(found, PATH_MAX, "%.*s%s%s", (int)(length < PATH_MAX ? length : PATH_MAX),
                        at, length ? "/" : "", name);
    if (size > 0 && size < PATH_MAX && is_command(found)) return true;
    at = at[length] ? at + length + 1 : NULL;
  }
  return false;
}

/* Beside the library: in its folder, as in a build tree, or in the bin/ of its prefix. */
static bool beside(char library[static PATH_MAX], char found[static PATH_MAX]) {
  Dl_info info;
  *library = '\0';
  if (!dladdr((const void *)(uintptr_t)&ist_cell_serve, &info) || !info.dli_fname ||
      !realpath(info.dli_fname, library))
    return false;
  const char *slash = strrchr(library, '/');
  static const char *const places[] = {"isthmus", "../bin/isthmus", "../../bin/isthmus"};
  for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++) {
    int size = snprintf(found, PATH_MAX, "%.*s/%s", (int)(slash - library), library, places[i]);
    if (size > 0 && size < PATH_MAX && is_command(found)) return true;
  }
  return false;
}

ist_status ist__cell_find(const char *given, char **path, ist_error **error) {
  char found[PATH_MAX], library[PATH_MAX];
  const char *told = given ? given : secure_getenv("ISTHMUS_CELL");
  ist_status status = IST_ERR_NOT_FOUND;
  if (told && (given || *told)) {
    if (!strchr(told, '/') && search(told, found)) told = found;
    struct stat about;
    if (strchr(told, '/')) status = absolute(told, path);
    if (!status && stat(*path, &about)) {
      ist__free(*path);
      *path = NULL;
      status = IST_ERR_NOT_FOUND;
    }
    if (status == IST_ERR_NOT_FOUND)
      return fail(error, status, "there is no command '%s' for cells%s", told,
                  given ? "" : ", which $ISTHMUS_CELL names");
  } else {
    if (!beside(library, found) && !search("isthmus", found))
      return fail(error, status,
                  "there is no command for cells: no isthmus beside %s, none in $PATH, and "
                  "$ISTHMUS_CELL is not set",
                  *library ? library : "the library");
    status = absolute(found, path);
  }
  return status ? fail(error, status, "%s", ist_status_text(status)) : IST_OK;
}

/* ---- Starting it ---- */

/* What a program can see of the environment (its language and time zone), and what finds
 * libraries. */
static bool is_kept(const char *entry) {
  static const char *const names[] = {"LANG=",
                                      "LANGUAGE=",
                                      "TZ=",
                                      "TZDIR=",
                                      "LD_LIBRARY_PATH=",
                                      "ICU_DATA=",
                                      "ICU_TIMEZONE_FILES_DIR="};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strncmp(entry, names[i], strlen(names[i]))) return true;
  if (!strncmp(entry, "LC_", 3)) return true;
#ifdef IST_CELL_SANITIZED
  if (strstr(entry, "SAN_OPTIONS=")) return true;
#endif
  return false;
}

static char **make_environment(void) {
  size_t count = 0, kept = 0;
  while (environ && environ[count]) count++;
  char **made = ist__malloc((count + 1) * sizeof *made);
  for (size_t i = 0; made && i < count && environ[i]; i++)
    if (is_kept(environ[i])) made[kept++] = environ[i];
  if (made) made[kept] = NULL;
  return made;
}

/* All that the child needs, on the parent's stack; the parent waits until it has run. */
typedef struct launch {
  const char *path;
  char *const *argv, *const *environment;
  int socket, null, said;
  sigset_t mask;
  int failed; /* errno of what went wrong */
} launch;

/* The child. Its memory is the parent's, but its descriptors and signals are its own. */
__attribute__((no_sanitize("address", "thread", "undefined"))) static int start(void *env) {
  launch *what = env;
  /* What the embedder ignores is ignored across exec, too; what it handles is not. */
  struct sigaction usual = {.sa_handler = SIG_DFL};
  for (int signal = 1; signal < NSIG; signal++)
    if (signal != SIGKILL && signal != SIGSTOP) sigaction(signal, &usual, NULL);
  if (setsid() < 0 || chdir("/") || dup2(what->null, 0) < 0 || dup2(what->null, 1) < 0 ||
      (what->said >= 0 && dup2(what->said, 2) < 0) || dup2(what->socket, IST_CELL_SOCKET) < 0)
    goto failed;
  /* Older kernels do not know it; the cell closes the rest itself. */
  syscall(SYS_close_range, IST_CELL_SOCKET + 1, ~0u, 0);
  sigprocmask(SIG_SETMASK, &what->mask, NULL);
  execve(what->path, what->argv, what->environment);
failed:
  what->failed = errno;
  _exit(127);
}

/* Descriptors that dup2 above cannot run over. */
static bool raise_descriptor(int *descriptor) {
  if (*descriptor > IST_CELL_SOCKET) return true;
  int raised = fcntl(*descriptor, F_DUPFD_CLOEXEC, IST_CELL_SOCKET + 1);
  if (raised < 0) return false;
  close(*descriptor);
  *descriptor = raised;
  return true;
}

static void close_all(int *descriptors, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (descriptors[i] >= 0) close(descriptors[i]);
}

ist_status ist__cell_spawn(const char *path, ist__cell_process *process, ist_error **error) {
  enum { OURS, THEIRS, SAID, SAYS, NOTHING, COUNT, STACK = 64 * 1024 };
  int fds[COUNT] = {-1, -1, -1, -1, -1};
  bool good = !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, &fds[OURS]) &&
              (fds[NOTHING] = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0;
#ifndef IST_CELL_SANITIZED
  good = good && !pipe2(&fds[SAID], O_CLOEXEC | O_NONBLOCK);
#endif
  for (size_t i = 0; good && i < COUNT; i++) good = fds[i] < 0 || raise_descriptor(&fds[i]);
  /* Only our end: the flag is the end's. */
  good = good && !fcntl(fds[OURS], F_SETFL, O_NONBLOCK);
  int reason = good ? 0 : errno;
  char **environment = good ? make_environment() : NULL;
  void *stack = good ? mmap(NULL, STACK, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)
                     : MAP_FAILED;
  if (good && (!environment || stack == MAP_FAILED)) reason = ENOMEM;
  if (!reason) {
    const char *slash = strrchr(path, '/');
    char *argv[] = {(char *)(uintptr_t)(slash ? slash + 1 : path), (char[]){"cell"}, NULL};
    launch what = {.path = path,
                   .argv = argv,
                   .environment = environment,
                   .socket = fds[THEIRS],
                   .null = fds[NOTHING],
                   .said = fds[SAYS]};
    /* A handler of ours must not run in the child, nor a cancellation in between. */
    sigset_t all, before;
    sigfillset(&all);
    sigemptyset(&what.mask);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    /* No SIGCHLD for a start that fails. Older kernels give no handle. */
    int handle = -1;
    pid_t pid =
        clone(start, (char *)stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_PIDFD, &what, &handle);
    if (pid < 0) reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!reason && what.failed) {
      reason = what.failed;
      while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) continue;
      if (handle >= 0) close(handle);
    }
    if (!reason) {
      *process = (ist__cell_process){pid, handle, fds[OURS], fds[SAID]};
      fds[OURS] = fds[SAID] = -1;
    }
  }
  if (stack != MAP_FAILED) munmap(stack, STACK);
  ist__free(environment);
  close_all(fds, COUNT);
  if (!reason) return IST_OK;
  return fail(error, reason == ENOENT ? IST_ERR_NOT_FOUND : IST_ERR_RESOURCE,
              "the cell '%s' cannot be started: %s", path, strerrordesc_np(reason));
}

/* ---- What is left of it ---- */

/* V8 says why it gives up behind the second '#', others in their first line. */
static void pick_line(const char *said, char *text, size_t room) {
  static const char frame[] = "# Fatal error in ";
  const char *at = strstr(said, frame);
  if (at) {
    at = strchr(at, '\n');
    at = at ? at + 1 + (at[1] == '#') + (at[1] == '#' && at[2] == ' ') : said;
  } else {
    at = said;
    while (*at == '\n' || *at == '#') at++;
  }
  size_t length = 0;
  for (; *at && *at != '\n' && length + 1 < room; at++)
    text[length++] = (char)(*at >= ' ' && *at <= '~' ? *at : '?');
  text[length] = '\0';
}

void ist__cell_kill(const ist__cell_process *process) {
  if (process->handle >= 0)
    syscall(SYS_pidfd_send_signal, process->handle, SIGKILL, NULL, 0);
  else
    kill(process->pid, SIGKILL);
}

int ist__cell_reap(ist__cell_process *process, char *text, size_t room) {
  if (room) *text = '\0';
  if (!process->pid) return 0;
  /* One that is about to die of something else keeps that as its end. */
  ist__cell_kill(process);
  siginfo_t end = {0};
  enum { BY_HANDLE = 3 }; /* P_PIDFD */
  bool handled = process->handle >= 0;
  int waited;
  while (
      (waited = waitid(handled ? (idtype_t)BY_HANDLE : P_PID,
                       (id_t)(handled ? process->handle : process->pid), &end, WEXITED | __WALL)) &&
      (errno == EINTR || (handled && errno == EINVAL)))
    handled = handled && errno == EINTR;
  int status = waited ? -1 : end.si_code == CLD_EXITED ? end.si_status << 8 : end.si_status;
  if (process->said >= 0 && room) {
    char said[4096];
    ssize_t length = read(process->said, said, sizeof said - 1);
    said[length > 0 ? length : 0] = '\0';
    /* A NUL ends it. */
    pick_line(said, text, room);
  }
  shutdown(process->socket, SHUT_RDWR);
  close(process->socket);
  if (process->said >= 0) close(process->said);
  if (process->handle >= 0) close(process->handle);
  *process = IST_CELL_NONE;
  return status;
}
