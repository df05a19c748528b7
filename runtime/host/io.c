/* Files and the standard streams, synchronously: what runtime/js prints with and isthmus:host reads
 * with. Output is written whole or, when the other end is gone, dropped; it is never buffered here,
 * so that what JavaScript and C print stays in order. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool ist__io_write_all(int fd, const char *bytes, size_t length) {
  /* C libraries print through stdio: what they have buffered was printed before. */
  if (fd == STDOUT_FILENO) fflush(stdout);
  while (length) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      struct pollfd ready = {fd, POLLOUT, 0};
      (void)poll(&ready, 1, -1);
      continue;
    }
    if (written < 0) return false;
    bytes += written;
    length -= (size_t)written;
  }
  return true;
}

bool ist__io_colors(int fd) {
  const char *force = getenv("FORCE_COLOR");
  if (force && *force) return strcmp(force, "0") != 0;
  const char *none = getenv("NO_COLOR");
  if (none && *none) return false;
  const char *term = getenv("TERM");
  return isatty(fd) && !(term && !strcmp(term, "dumb"));
}

int ist__io_read_file(const char *path, ist__text *text) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  struct stat info;
  if (!fstat(fd, &info) && S_ISDIR(info.st_mode)) {
    close(fd);
    return EISDIR;
  }
  ist__text_puts(text, "");
  for (;;) {
    char chunk[65536];
    ssize_t got = read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      int error = errno;
      close(fd);
      return error;
    }
    if (!got) break;
    ist__text_add(text, chunk, (size_t)got);
  }
  close(fd);
  return 0;
}

/* ---- For runtime/js ---- */

static int fd_of(const ist_call *call) {
  return (int)ist__arg_number(call, 0, -1);
}

static ist_status native_write(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  char *text;
  size_t length;
  int fd = fd_of(call);
  if (fd != STDOUT_FILENO && fd != STDERR_FILENO) return IST_OK;
  ist_isolate *isolate = ist_context_isolate(call->context);
  if (ist_string_read(isolate, ist__arg(call, 1), &text, &length)) return IST_OK;
  ist__io_write_all(fd, text, length);
  ist_free(text);
  return IST_OK;
}

static ist_status native_is_tty(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  *result = ist_bool(isatty(fd_of(call)) == 1);
  return IST_OK;
}

static ist_status native_columns(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  struct winsize size;
  bool known = !ioctl(fd_of(call), TIOCGWINSZ, &size) && size.ws_col > 0;
  *result = ist_int32(known ? size.ws_col : 80);
  return IST_OK;
}

static ist_status native_colors(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  *result = ist_bool(ist__io_colors(fd_of(call)));
  return IST_OK;
}

static ist_status native_hrtime(void *env, const ist_call *call, ist_value *result) {
  (void)call;
  ist_host *host = env;
  *result = ist_double((double)(uv_hrtime() - host->start) / 1e6);
  return IST_OK;
}

ist_status ist__io_install(ist_host *host, ist_value native) {
  static const struct {
    const char *name;
    ist_function fn;
  } functions[] = {
      {"write", native_write},   {"isTTY", native_is_tty},  {"columns", native_columns},
      {"colors", native_colors}, {"hrtime", native_hrtime},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    ist_status status = ist__define_function(host, native, functions[i].name, functions[i].fn);
    if (status) return status;
  }
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  double origin = (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
  return ist__define(host, native, "timeOrigin", ist_double(origin));
}
