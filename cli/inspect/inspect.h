/* What the command and the debugger's server share. The server is a shared object of its own, which
 * is loaded when a program is to be inspected and only then: programs start no slower for it. */
#ifndef IST_CLI_INSPECT_H
#define IST_CLI_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "isthmus.h"

#define INSPECT_MODULE "isthmus-inspect.so"
#define INSPECT_TABLE "isthmus_inspect"

enum { INSPECT_PORT = 9229 };

typedef struct inspect inspect;

typedef struct inspect_settings {
  const char *address; /* an IP address */
  uint16_t port;       /* 0: any */
  const char *title;   /* how the program is called */
} inspect_settings;

/* The server's functions; all but the server's own thread belong to the thread that runs the host.
 */
typedef struct inspect_table {
  /* Listens, and says where on standard error. NULL after saying why not. */
  inspect *(*open)(ist_host *host, const inspect_settings *settings);
  /* Waits until a client lets the program begin, and pauses at the next statement. */
  void (*wait)(inspect *inspect);
  /* Ends the sessions and the server. Before the host is freed. */
  void (*close)(inspect *inspect);
} inspect_table;

#endif
