/* The halves of the debugger's server: server.c speaks HTTP and WebSocket on a thread of its own
 * and knows nothing of V8; debugger.c has the sessions, on the isolate's thread. Between them are a
 * queue of what clients did and, for each client, one of what it is to be told. */
#ifndef IST_CLI_DEBUGGER_H
#define IST_CLI_DEBUGGER_H

#include <stddef.h>

#include "inspect.h"

typedef struct server server;

typedef enum event_kind { CLIENT_CAME, CLIENT_SAID, CLIENT_LEFT } event_kind;

/* Called on the server's thread, in the order in which things happen. `text` is the callee's to
 * free, and NULL but for CLIENT_SAID. */
typedef void (*on_event)(void *env, event_kind kind, uint32_t client, char *text, size_t length);

/* Starts the server's thread. NULL after saying why not. */
server *server_open(const inspect_settings *settings, on_event event, void *env);
/* Sends a copy of a message, unless the client has left. Any thread. */
void server_send(server *server, uint32_t client, const char *text, size_t length);
/* Sends what is left to send, if clients take it soon, and ends. No event comes after it. */
void server_close(server *server);

/* Memory; ends the process when there is none. */
void *must_allocate(size_t size);

#endif
