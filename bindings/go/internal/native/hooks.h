/* hooks.h: what C tells Go beside calls of functions: messages of the console, imports, errors that
 * nobody catches, what the inspector says, pieces of a document. All of it goes through one
 * function of Go's, by the numbers of the isolate and of the hook. */
#ifndef ISTHMUS_GO_HOOKS_H
#define ISTHMUS_GO_HOOKS_H

#include "bridge.h"

#define IGO_UNCAUGHT 0u /* context, error, value: the promise */
#define IGO_MESSAGE 1u  /* context, level, text */
#define IGO_IMPORT 2u   /* context, text: the specifier, referrer, type, import */
#define IGO_META 3u     /* context, text: the url, value: import.meta */
#define IGO_WRITE 4u    /* text */
#define IGO_TASK 5u
#define IGO_PAUSE 6u
#define IGO_QUIT 7u
#define IGO_READY 8u
#define IGO_SEND 9u /* text */

/* What a hook is told. Valid until it has returned; what does not belong to its kind is 0. Go has
 * the same layout in Event. */
typedef struct igo_event {
  uint32_t kind;
  uint32_t level;
  ist_context *context;
  const char *text; /* `length` bytes */
  size_t length;
  const char *referrer, *type;
  ist_import *import;
  const ist_error *error;
  ist_value value;
} igo_event;

/* Each takes the numbers of a hook, which Go is told to forget when it fails or is over. */
ist_status igo_set_uncaught(ist_isolate *isolate, uint64_t number, uint64_t id);
ist_status igo_add_web(ist_context *context, bool no_timers, uint64_t number, uint64_t id,
                       ist_error **error);
ist_status igo_set_loader(ist_context *context, uint64_t number, uint64_t id);
ist_status igo_interrupt(ist_isolate *isolate, uint64_t number, uint64_t id);
ist_status igo_inspector_new(ist_isolate *isolate, uint64_t number, uint64_t id,
                             ist_inspector **result);
ist_status igo_session_new(ist_inspector *inspector, uint64_t number, uint64_t id,
                           ist_session **result);

/* These are told pieces before they return; they do not forget the hook. */
ist_status igo_write_heap(ist_isolate *isolate, uint64_t number, uint64_t id);
ist_status igo_profile_stop(ist_isolate *isolate, uint64_t number, uint64_t id);

/* The error of a value that is thrown (NULL when memory is out), and that of an error of Go's,
 * whose `value` JavaScript sees; Go is told to forget `id` when nothing has it any more. */
ist_error *igo_error_of(ist_context *context, ist_value thrown);
ist_error *igo_error_new(ist_context *context, const char *name, const char *message,
                         uint64_t number, uint64_t id);

/* The state of the promise `subject`, an ist_promise_state times 256, and a status below that. Its
 * value, or with `throwing` the error that it was rejected with, and no longer as one that nobody
 * handles, is the frame's. */
int32_t igo_promise_read(uintptr_t context, uintptr_t frame, bool throwing);

/* Has Go's function `id` called once when the promise is settled, whichever way. */
ist_status igo_promise_watch(ist_context *context, ist_value promise, uint64_t number, uint64_t id);

/* A module of an object's own properties. */
ist_status igo_module_of(ist_context *context, const char *url, ist_value object,
                         ist_module **result, ist_error **error);

/* Waits for nothing: whether a descriptor is readable. */
bool igo_readable(int fd);

#endif
