/* Domains: what one thread of a language owns and has handed to C. owner.c and closure.c do the
 * work. */
#include "internal.h"

#include <stdlib.h>

uintptr_t ist__thread_id(void) {
  static _Thread_local char here;
  return (uintptr_t)&here;
}

ist__domain *ist__domain_new(const ist__domain_hooks *hooks) {
  ist__domain *domain = ist__calloc(1, sizeof *domain);
  if (!domain) return NULL;
  domain->hooks = *hooks;
  domain->thread = ist__thread_id();
  return domain;
}

void ist__domain_drain(ist__domain *domain) {
  if (domain->draining) return;
  domain->draining = true;
  ist__closures_drain(domain);
  ist__owners_drain(domain);
  domain->draining = false;
}

void ist__domain_free(ist__domain *domain) {
  if (!domain) return;
  domain->ending = true;
  ist__closures_drain(domain);
  ist__owners_free(domain);
  ist__closures_free(domain);
  ist__free(domain);
}
