/* `isthmus cell`: a process of a pool. Pools start it with their socket; nobody else can use it. */
#include "cli.h"

#include <sys/stat.h>

/* Where a pool leaves the socket. */
enum { SOCKET = 3 };

int verb_cell(int argc, char **argv) {
  const verb *self = verb_named("cell");
  if (argc > 1 && next_option(self, argc, argv) == '?') return EXIT_USAGE;
  struct stat about;
  if (argc > 1) return usage_error("cell", "takes no operands");
  if (fstat(SOCKET, &about) || !S_ISSOCK(about.st_mode))
    return usage_error("cell", "is started by pools of libisthmus, with a socket to serve");
  return ist_cell_serve(SOCKET);
}
