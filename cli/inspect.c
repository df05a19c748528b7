/* --inspect and --inspect-brk: where to listen, and the loading of the debugger's server, which is
 * a shared object beside libisthmus. */
#include "cli.h"
#include "inspect/inspect.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool parse_port(const char *text, unsigned short *port) {
  char *end;
  unsigned long number = strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || number > USHRT_MAX) return false;
  *port = (unsigned short)number;
  return true;
}

/* HOST:PORT, HOST or PORT; HOST is an IP address ([::1] in brackets) or localhost. */
static bool parse_place(inspection *inspection, const char *text) {
  if (parse_port(text, &inspection->port)) return true;
  bool brackets = *text == '[';
  const char *host = text + brackets;
  size_t length = strcspn(host, brackets ? "]" : ":");
  const char *rest = host + length;
  if (!length || length >= sizeof inspection->address || (brackets && !*rest)) return false;
  memcpy(inspection->address, host, length);
  inspection->address[length] = '\0';
  if (!brackets && !strcasecmp(inspection->address, "localhost"))
    strcpy(inspection->address, "127.0.0.1");
  struct in6_addr parsed;
  if (inet_pton(brackets ? AF_INET6 : AF_INET, inspection->address, &parsed) != 1) return false;
  rest += brackets;
  return !*rest || (*rest == ':' && parse_port(rest + 1, &inspection->port));
}

bool inspect_option(inspection *inspection, const verb *verb, const char *name, const char *value) {
  inspection->wanted = true;
  inspection->wait |= !strcmp(name, "inspect-brk");
  strcpy(inspection->address, "127.0.0.1");
  inspection->port = INSPECT_PORT;
  if (!value || parse_place(inspection, value)) return true;
  usage_error(verb->name,
              "--%s=%s: expected a port, or an IP address and a port as in 127.0.0.1:%d", name,
              value, INSPECT_PORT);
  return false;
}

bool inspect_begin(inspection *inspection, ist_host *host, const char *title) {
  if (!inspection->wanted) return true;
  void *module = dlopen(INSPECT_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (module) inspection->table = dlsym(module, INSPECT_TABLE);
  if (!inspection->table) {
    fprintf(stderr, "isthmus: cannot load the debugger's server: %s\n", dlerror());
    return false;
  }
  char *real = realpath(title, NULL);
  size_t size = strlen(real ? real : title) + 8;
  char *url = allocate(size);
  snprintf(url, size, "%s%s", real ? "file://" : "", real ? real : title);
  inspect_settings settings = {inspection->address, inspection->port, url};
  inspection->server = inspection->table->open(host, &settings);
  free(real);
  free(url);
  return inspection->server;
}

void inspect_start(void *env, ist_host *host) {
  (void)host;
  inspection *inspection = env;
  inspection->table->wait(inspection->server);
}

void inspect_end(inspection *inspection) {
  if (inspection->server) inspection->table->close(inspection->server);
}
