/* bridge_async.h: the hooks of isthmus.h that end in Python: promises that settle, the loop's
 * turns, imports, console messages, uncaught errors, interrupts, documents that are written, the
 * inspector. A hook's `env` is made by ipy_hook_new and names a Python object, which is released
 * when the library gives the hook up. After ipy_stop none of them calls Python. */
#ifndef ISTHMUS_PYTHON_BRIDGE_ASYNC_H
#define ISTHMUS_PYTHON_BRIDGE_ASYNC_H

#include "bridge.h"

/* cdef: begin */

/* The `env` of a hook for the Python object `host`; NULL: no memory. ipy_hook_forget is its
 * finalizer. */
void *ipy_hook_new(ipy_isolate *core, int64_t host);
void ipy_hook_forget(void *hook);

/* A turn of the loop, without waiting, within the limits of the frame or the isolate: 0 or an
 * answer. `ended` is the limit that was reached, or 0; `timeout` as of ist_loop_timeout, after it.
 */
int ipy_turn(ipy_isolate *core, ipy_frame *frame, bool *alive, int *timeout, int *ended);

/* The state of a promise (an ist_promise_state), with its value as the frame's result, or its
 * reason as the frame's error; or an answer. The rejection is handled then. */
int ipy_promise_read(uintptr_t place, int64_t promise, uintptr_t frame);
/* Tells the Python object `host` of its end: 0 or an answer. */
int ipy_promise_watch(uintptr_t place, int64_t promise, int64_t host, uintptr_t frame);
/* How many references Python has to an object of the table; 0: it is not there. Within a hold. */
uint32_t ipy_references(ipy_isolate *core, int64_t id);

/* Within a hold: the error that `throw` makes of a value; and one that stands for the exception
 * `host`, to be freed or given back by its owner. NULL: no memory. */
ist_error *ipy_error_of(ist_context *context, ist_value reason);
ist_error *ipy_error_new(ipy_isolate *core, ist_context *context, const char *name,
                         const char *message, int64_t host);

/* Within a hold: makes an object of JavaScript's stand for the Python object `host`, which is
 * released when JavaScript has forgotten it; the number in the table, to be dropped after use, or 0
 * or less. */
int64_t ipy_own(ipy_isolate *core, ist_context *context, ist_value object, int64_t host);

/* ist_compartment_eval, as ipy_eval is ist_script_eval. */
int ipy_eval_compartment(uintptr_t place, const char *source, size_t length, const char *file,
                         int line_offset, uintptr_t frame);

/* What is handed to isthmus.h as it is. */
void ipy_uncaught(void *env, ist_context *context, const ist_error *error, ist_value promise);
void ipy_defer(void *env, ist_context *context, const char *specifier, size_t length,
               const char *referrer, const char *type, ist_import *import);
void ipy_import_meta(void *env, ist_context *context, const char *url, ist_value meta);
void ipy_message(void *env, ist_context *context, ist_level level, const char *text, size_t length);
bool ipy_write(void *env, const char *bytes, size_t length);
void ipy_interrupt(void *env, ist_isolate *isolate);
void ipy_pause(void *env, ist_inspector *inspector);
void ipy_quit(void *env, ist_inspector *inspector);
void ipy_ready(void *env, ist_inspector *inspector);
void ipy_send(void *env, const char *json, size_t length);

/* cdef: end */

/* What Python answers; `context` is the package's number. */
extern void ipy_on_settled(int64_t key, int64_t context, int64_t host, ipy_frame *frame);
extern void ipy_on_uncaught(int64_t key, int64_t context, const ist_error *error,
                            ist_value *promise);
extern void ipy_on_defer(int64_t key, int64_t context, int64_t host, const char *specifier,
                         size_t length, const char *referrer, const char *type, ist_import *import);
extern void ipy_on_import_meta(int64_t key, int64_t context, int64_t host, const char *url,
                               ist_value *meta);
extern void ipy_on_message(int64_t key, int64_t context, int64_t host, int level, const char *text,
                           size_t length);
extern bool ipy_on_write(int64_t key, int64_t host, const char *bytes, size_t length);
extern void ipy_on_interrupt(int64_t key, int64_t host);
extern void ipy_on_inspector(int64_t key, int64_t host, int what);
extern void ipy_on_send(int64_t key, int64_t host, const char *json, size_t length);

#endif
