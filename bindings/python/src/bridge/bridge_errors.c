/* bridge_errors.c: errors that exceptions of Python's hold. They come brief, which is what most are
 * asked for; the rest is read when somebody asks, or at the last moment that it can be. */
#include <stdlib.h>

#include "bridge_internal.h"

uintptr_t ipy_error_keep(ipy_isolate *core, ist_context *context, ist_error *error) {
  if (ipy__forked(core)) return 0;
  ipy_error *kept = malloc(sizeof *kept);
  if (!kept) {
    ist_error_free(error);
    return 0;
  }
  pthread_mutex_lock(&core->queues);
  *kept = (ipy_error){.error = error, .context = context, .next = core->live, .link = &core->live};
  if (core->live) core->live->link = &kept->next;
  core->live = kept;
  pthread_mutex_unlock(&core->queues);
  return (uintptr_t)kept;
}

static void forget(ipy_error *kept) {
  ist_error_free(kept->error);
  free(kept);
}

void ipy_error_drop(ipy_isolate *core, uintptr_t at) {
  ipy_error *kept = (ipy_error *)at;
  if (!kept || ipy__forked(core)) return;
  pthread_mutex_lock(&core->queues);
  *kept->link = kept->next;
  if (kept->next) kept->next->link = kept->link;
  bool later = !core->closed && ipy__push((void **)&core->errors, &core->error_count,
                                          &core->error_room, sizeof kept, &kept);
  atomic_store_explicit(&core->owed, true, memory_order_relaxed);
  pthread_mutex_unlock(&core->queues);
  if (!later) forget(kept);
}

void ipy__errors_pay(ipy_isolate *core) {
  size_t count;
  ipy_error **errors = ipy__take_all(core, (void **)&core->errors, &core->error_count,
                                     &core->error_room, NULL, &count);
  for (size_t i = 0; i < count; i++) {
    /* It is being read further out: that gives it back. */
    if (errors[i]->reading)
      errors[i]->dropped = true;
    else
      forget(errors[i]);
  }
  free(errors);
}

int ipy_error_complete(ist_context *context, uintptr_t at) {
  ipy_error *kept = (ipy_error *)at;
  if (kept->reading) return (int)IST_ERR_STATE;
  kept->reading = true;
  ist_status status = ist_error_complete(context, kept->error);
  kept->reading = false;
  if (kept->dropped) forget(kept);
  return (int)status;
}

/* The next that is to be read. Each is tried once. */
static ipy_error *next_brief(ipy_isolate *core, const ist_context *context) {
  pthread_mutex_lock(&core->queues);
  ipy_error *kept = core->live;
  while (kept && (kept->tried || kept->reading || !kept->error->brief ||
                  (context && kept->context != context)))
    kept = kept->next;
  if (kept) kept->tried = true;
  pthread_mutex_unlock(&core->queues);
  return kept;
}

void ipy__errors_complete(ipy_isolate *core, const ist_context *context) {
  ipy_error *kept = next_brief(core, context);
  if (!kept) return;
  /* To read a stack may run a program that formats it. */
  ist_limits limits = {.size = sizeof limits, .wall = 100 * 1000 * 1000};
  if (ist_limits_begin(core->isolate, &limits)) return;
  for (; kept; kept = next_brief(core, context)) ipy_error_complete(kept->context, (uintptr_t)kept);
  ist_limits_end(core->isolate, NULL);
}
