/* Files and the standard streams, synchronously: what console prints with and isthmus:host reads
 * with. Output is written whole or, when the other end is gone, dropped; it is never buffered here,
 * so that what JavaScript and C print stays in order. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
