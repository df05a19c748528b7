/* The debugger's server: the protocol's messages over WebSocket, and the pages in JSON by which
 * Chrome and editors find it. What it serves is the full power over the program, so it must never
 * serve web pages: a request whose Host is a name (which an attacker's DNS may point here) is
 * refused, and so is a WebSocket from any origin but DevTools; and the path is a secret that only
 * those who may read the pages learn. libwebsockets is touched by the server's thread alone, but
 * for the call that wakes it. */
#include "debugger.h"

#include <arpa/inet.h>
#include <cJSON.h>
#include <errno.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  LONGEST_MESSAGE = 256 << 20,
  LAST_WORDS = 500 /* milliseconds that clients have to take what is left to send */
};

typedef struct message {
  size_t length;
  struct message *next;
  unsigned char bytes[]; /* LWS_PRE of room, then the text */
} message;

/* A WebSocket client. */
typedef struct peer {
  uint32_t number;
  struct lws *wsi;
  char *input; /* the fragments so far */
  size_t length;
  message *first, **last; /* under the server's mutex */
  struct peer *next;      /* under the server's mutex */
} peer;

/* A page on its way out; libwebsockets keeps one for each request or socket. */
typedef struct exchange {
  peer *peer;
  char *page;
} exchange;

struct server {
  struct lws_context *context;
  struct lws_vhost *vhost;
  pthread_t thread;
  char address[64]; /* with brackets when it is IPv6 */
  char id[40];
  char *title;
  on_event event;
  void *env;
  uint32_t last_number;
  atomic_bool closing;
  pthread_mutex_t mutex;
  peer *peers;
};

void *must_allocate(size_t size) {
  void *memory = calloc(1, size);
  if (memory) return memory;
  fputs("isthmus: out of memory\n", stderr);
  exit(EXIT_FAILURE);
}

/* ---- Who may ask ---- */

static bool header(struct lws *wsi, enum lws_token_indexes token, char *text, size_t size) {
  *text = '\0';
  int length = lws_hdr_total_length(wsi, token);
  return length > 0 && (size_t)length < size && lws_hdr_copy(wsi, text, (int)size, token) > 0;
}

/* An IP address or localhost, with or without a port. */
static bool is_literal(const char *text) {
  char host[64];
  struct in6_addr address;
  size_t length = strcspn(text, ":");
  bool brackets = *text == '[';
  if (brackets) {
    text++;
    length = strcspn(text, "]");
    if (!text[length]) return false;
  }
  if (length >= sizeof host) return false;
  memcpy(host, text, length);
  host[length] = '\0';
  const char *port = text + length + brackets;
  if (*port && (*port != ':' || !port[1] || port[1 + strspn(port + 1, "0123456789")])) return false;
  if (brackets) return inet_pton(AF_INET6, host, &address) == 1;
  return !strcasecmp(host, "localhost") || inet_pton(AF_INET, host, &address) == 1;
}

static bool may_ask(struct lws *wsi) {
  char host[128];
  return header(wsi, WSI_TOKEN_HOST, host, sizeof host) && is_literal(host);
}

static bool may_connect(const server *server, struct lws *wsi) {
  char text[256];
  if (!may_ask(wsi)) return false;
  if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0) {
    static const char devtools[] = "devtools://";
    if (!header(wsi, WSI_TOKEN_ORIGIN, text, sizeof text) ||
        strncmp(text, devtools, sizeof devtools - 1))
      return false;
  }
  return header(wsi, WSI_TOKEN_GET_URI, text, sizeof text) && *text == '/' &&
         !strcmp(text + 1, server->id);
}

/* ---- Pages ---- */

static char *version_page(void) {
  cJSON *page = cJSON_CreateObject();
  char browser[64];
  snprintf(browser, sizeof browser, "isthmus/%s", ist_version());
  cJSON_AddStringToObject(page, "Browser", browser);
  cJSON_AddStringToObject(page, "Protocol-Version", "1.3");
  cJSON_AddStringToObject(page, "V8-Version", ist_v8_version());
  char *text = cJSON_Print(page);
  cJSON_Delete(page);
  return text;
}

/* The one target there is. `host` is what the client calls us, which may be the near end of a
 * tunnel. */
static char *list_page(const server *server, const char *host) {
  char where[256], text[512];
  snprintf(where, sizeof where, "%s/%s", host, server->id);
  cJSON *list = cJSON_CreateArray(), *target = cJSON_CreateObject();
  cJSON_AddItemToArray(list, target);
  cJSON_AddStringToObject(target, "description", "isthmus");
  snprintf(text, sizeof text,
           "devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws=%s", where);
  cJSON_AddStringToObject(target, "devtoolsFrontendUrl", text);
  cJSON_AddStringToObject(target, "id", server->id);
  cJSON_AddStringToObject(target, "title", server->title);
  cJSON_AddStringToObject(target, "type", "node");
  cJSON_AddStringToObject(target, "url", server->title);
  snprintf(text, sizeof text, "ws://%s", where);
  cJSON_AddStringToObject(target, "webSocketDebuggerUrl", text);
  char *page = cJSON_Print(list);
  cJSON_Delete(list);
  return page;
}

static int answer(struct lws *wsi, exchange *exchange, const server *server) {
  char path[256], host[128];
  if (!may_ask(wsi)) return lws_return_http_status(wsi, HTTP_STATUS_FORBIDDEN, NULL) ? -1 : 0;
  bool get = header(wsi, WSI_TOKEN_GET_URI, path, sizeof path);
  (void)header(wsi, WSI_TOKEN_HOST, host, sizeof host);
  size_t length = strlen(path);
  if (length > 1 && path[length - 1] == '/') path[length - 1] = '\0';
  if (get && !strcmp(path, "/json/version"))
    exchange->page = version_page();
  else if (get && (!strcmp(path, "/json") || !strcmp(path, "/json/list")))
    exchange->page = list_page(server, host);
  if (!exchange->page) return lws_return_http_status(wsi, HTTP_STATUS_NOT_FOUND, NULL) ? -1 : 0;
  unsigned char buffer[LWS_PRE + 1024], *at = buffer + LWS_PRE, *end = buffer + sizeof buffer;
  if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK, "application/json; charset=UTF-8",
                                  strlen(exchange->page), &at, end) ||
      lws_finalize_write_http_header(wsi, buffer + LWS_PRE, &at, end))
    return -1;
  lws_callback_on_writable(wsi);
  return 0;
}

static int write_page(struct lws *wsi, exchange *exchange) {
  if (!exchange->page) return 0;
  size_t length = strlen(exchange->page);
  unsigned char *bytes = must_allocate(LWS_PRE + length);
  memcpy(bytes + LWS_PRE, exchange->page, length);
  free(exchange->page);
  exchange->page = NULL;
  int written = lws_write(wsi, bytes + LWS_PRE, length, LWS_WRITE_HTTP_FINAL);
  free(bytes);
  return written < (int)length || lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* ---- Sockets ---- */

static void peer_open(server *server, struct lws *wsi, exchange *exchange) {
  peer *made = must_allocate(sizeof *made);
  made->number = ++server->last_number;
  made->wsi = wsi;
  made->last = &made->first;
  exchange->peer = made;
  pthread_mutex_lock(&server->mutex);
  made->next = server->peers;
  server->peers = made;
  pthread_mutex_unlock(&server->mutex);
  server->event(server->env, CLIENT_CAME, made->number, NULL, 0);
}

static void peer_close(server *server, exchange *exchange) {
  peer *gone = exchange->peer;
  if (!gone) return;
  exchange->peer = NULL;
  pthread_mutex_lock(&server->mutex);
  peer **link = &server->peers;
  while (*link != gone) link = &(*link)->next;
  *link = gone->next;
  pthread_mutex_unlock(&server->mutex);
  if (!atomic_load(&server->closing))
    server->event(server->env, CLIENT_LEFT, gone->number, NULL, 0);
  while (gone->first) {
    message *next = gone->first->next;
    free(gone->first);
    gone->first = next;
  }
  free(gone->input);
  free(gone);
}

static int peer_read(server *server, peer *from, struct lws *wsi, const void *bytes,
                     size_t length) {
  if (from->length + length > LONGEST_MESSAGE) return -1;
  char *grown = realloc(from->input, from->length + length + 1);
  if (!grown) return -1;
  memcpy(grown + from->length, bytes, length);
  from->input = grown;
  from->length += length;
  if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi)) return 0;
  grown[from->length] = '\0';
  if (atomic_load(&server->closing))
    free(grown);
  else
    server->event(server->env, CLIENT_SAID, from->number, grown, from->length);
  from->input = NULL;
  from->length = 0;
  return 0;
}

static int peer_write(server *server, peer *to) {
  pthread_mutex_lock(&server->mutex);
  message *first = to->first;
  if (first) to->first = first->next;
  if (!to->first) to->last = &to->first;
  bool more = to->first != NULL;
  pthread_mutex_unlock(&server->mutex);
  if (first) {
    int written = lws_write(to->wsi, first->bytes + LWS_PRE, first->length, LWS_WRITE_TEXT);
    bool failed = written < (int)first->length;
    free(first);
    if (failed) return -1;
  }
  if (more) {
    lws_callback_on_writable(to->wsi);
  } else if (atomic_load(&server->closing)) {
    lws_close_reason(to->wsi, LWS_CLOSE_STATUS_GOINGAWAY, NULL, 0);
    return -1;
  }
  return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
  exchange *exchange = user;
  struct lws_context *context = lws_get_context(wsi);
  server *server = context ? lws_context_user(context) : NULL;
  switch (reason) {
  case LWS_CALLBACK_HTTP: return answer(wsi, exchange, server);
  case LWS_CALLBACK_HTTP_WRITEABLE: return write_page(wsi, exchange);
  case LWS_CALLBACK_CLOSED_HTTP:
    if (exchange) {
      free(exchange->page);
      exchange->page = NULL;
    }
    return 0;
  case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
    if (may_connect(server, wsi)) return 0;
    (void)lws_return_http_status(wsi, HTTP_STATUS_FORBIDDEN, NULL);
    return -1;
  case LWS_CALLBACK_ESTABLISHED: peer_open(server, wsi, exchange); return 0;
  case LWS_CALLBACK_RECEIVE: return peer_read(server, exchange->peer, wsi, in, length);
  case LWS_CALLBACK_SERVER_WRITEABLE: return peer_write(server, exchange->peer);
  case LWS_CALLBACK_CLOSED: peer_close(server, exchange); return 0;
  case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
    if (!server) return 0;
    pthread_mutex_lock(&server->mutex);
    for (peer *at = server->peers; at; at = at->next)
      if (at->first || atomic_load(&server->closing)) lws_callback_on_writable(at->wsi);
    pthread_mutex_unlock(&server->mutex);
    return 0;
  default: return lws_callback_http_dummy(wsi, reason, user, in, length);
  }
}

static bool has_peers(server *server) {
  pthread_mutex_lock(&server->mutex);
  bool some = server->peers != NULL;
  pthread_mutex_unlock(&server->mutex);
  return some;
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void *serve(void *env) {
  server *server = env;
  while (!atomic_load(&server->closing))
    if (lws_service(server->context, 0) < 0) return NULL;
  int64_t end = now() + LAST_WORDS;
  while (has_peers(server) && now() < end) {
    struct timespec pause = {.tv_nsec = 1000000};
    nanosleep(&pause, NULL);
    lws_cancel_service(server->context);
    if (lws_service(server->context, 0) < 0) return NULL;
  }
  return NULL;
}

/* ---- Opening and closing ---- */

static void make_id(char *id, size_t size) {
  unsigned char r[16];
  size_t got = 0;
  while (got < sizeof r) {
    ssize_t more = getrandom(r + got, sizeof r - got, 0);
    if (more < 0 && errno != EINTR) {
      perror("isthmus: getrandom");
      exit(EXIT_FAILURE);
    }
    if (more > 0) got += (size_t)more;
  }
  r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
  r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
  snprintf(id, size, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0],
           r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14],
           r[15]);
}

/* Why nothing can listen there: libwebsockets does not say. 0: it can. */
static int listen_errno(const char *address, uint16_t port) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) return EINVAL;
  int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, code = 0;
  if (fd < 0) return errno;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (is_v4 ? bind(fd, (struct sockaddr *)&v4, sizeof v4)
            : bind(fd, (struct sockaddr *)&v6, sizeof v6))
    code = errno;
  else if (listen(fd, 1))
    code = errno;
  close(fd);
  return code;
}

static void server_free(server *server) {
  if (server->context) lws_context_destroy(server->context);
  pthread_mutex_destroy(&server->mutex);
  free(server->title);
  free(server);
}

server *server_open(const inspect_settings *settings, on_event event, void *env) {
  static const struct lws_protocols protocols[] = {
      {"inspector", callback, sizeof(exchange), 65536, 0, NULL, 0}, {NULL, NULL, 0, 0, 0, NULL, 0}};
  server *made = must_allocate(sizeof *made);
  bool is_v6 = strchr(settings->address, ':') != NULL;
  made->event = event;
  made->env = env;
  made->title = strdup(settings->title);
  snprintf(made->address, sizeof made->address, is_v6 ? "[%s]" : "%s", settings->address);
  make_id(made->id, sizeof made->id);
  pthread_mutex_init(&made->mutex, NULL);

  lws_set_log_level(0, NULL);
  struct lws_context_creation_info info = {
      .port = settings->port,
      .iface = settings->address,
      .protocols = protocols,
      .gid = -1,
      .uid = -1,
      .user = made,
      .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                 (is_v6 ? 0 : LWS_SERVER_OPTION_DISABLE_IPV6),
  };
  int code = listen_errno(settings->address, settings->port);
  if (!code) {
    made->context = lws_create_context(&info);
    if (made->context) made->vhost = lws_create_vhost(made->context, &info);
    if (!made->vhost) code = EADDRNOTAVAIL;
  }
  if (!code) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&made->thread, NULL, serve, made);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  if (code) {
    fprintf(stderr, "isthmus: cannot listen for debuggers on %s:%u: %s\n", made->address,
            settings->port, strerror(code));
    server_free(made);
    return NULL;
  }
  fprintf(stderr, "Debugger listening on ws://%s:%d/%s\n", made->address,
          lws_get_vhost_listen_port(made->vhost), made->id);
  return made;
}

void server_send(server *server, uint32_t client, const char *text, size_t length) {
  message *made = must_allocate(sizeof *made + LWS_PRE + length);
  memcpy(made->bytes + LWS_PRE, text, length);
  made->length = length;
  pthread_mutex_lock(&server->mutex);
  peer *to = server->peers;
  while (to && to->number != client) to = to->next;
  if (to) {
    *to->last = made;
    to->last = &made->next;
  }
  pthread_mutex_unlock(&server->mutex);
  if (to)
    lws_cancel_service(server->context);
  else
    free(made);
}

void server_close(server *server) {
  atomic_store(&server->closing, true);
  lws_cancel_service(server->context);
  pthread_join(server->thread, NULL);
  server_free(server);
}
