/* The smallest embedder: what a C program compiled against the installed package needs. */
#include <isthmus.h>

#include <stdio.h>
#include <string.h>

int main(void) {
  const char *source = "console.log(6 * 7)";
  ist_host *host;
  int exit_code = 1;
  if (ist_host_new(NULL, &host) != IST_OK) return 1;
  ist_host_eval(host, source, strlen(source), "embed.js", false, &exit_code);
  ist_host_free(host);
  return exit_code;
}
