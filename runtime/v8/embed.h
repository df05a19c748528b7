/* What runtime/host needs of runtime/v8 beyond isthmus.h: hooks for the event loop, V8's own tasks,
 * native libraries, and the start of the host's JavaScript. Plain C, never installed, free to
 * change. Everything but the functions marked "any thread" belongs to the isolate's thread. */
#ifndef IST_V8_EMBED_H
#define IST_V8_EMBED_H

#include "isthmus.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ist__library;

/* What an isolate's owner answers. All members must be set. */
typedef struct ist__embed_hooks {
  void *env;
  /* Something wants to run on the isolate's thread: see ist__isolate_pump. Any thread. */
  void (*wake)(void *env);
  /* An error that nobody can catch, from a place without a caller: a microtask, reportError.
   * Borrowed. */
  void (*uncaught)(void *env, ist_context *context, const ist_error *error);
  /* What a native library has to report; `text` is borrowed. Any thread. */
  void (*report)(void *env, const char *text);
} ist__embed_hooks;

/* Sets the hooks, or removes them (NULL): none runs after this returns. */
void ist__isolate_set_hooks(ist_isolate *isolate, const ist__embed_hooks *hooks);

/* Runs the tasks that V8 has posted to the isolate's thread and destroys native objects that
 * JavaScript has forgotten. Gives the milliseconds until a delayed task is due, or -1. */
int ist__isolate_pump(ist_isolate *isolate);

/* Whether V8 has posted a task to the isolate's thread, or its worker threads are at work that may;
 * with `wait`, that work is waited for. */
bool ist__isolate_busy(ist_isolate *isolate, bool wait);

/* Clears what ist_isolate_terminate left, once JavaScript has unwound. */
void ist__isolate_resume(ist_isolate *isolate);

/* The exports of a library as a frozen object, the same one each time; the library is retained by
 * the context. */
ist_status ist__context_exports(ist_context *context, struct ist__library *library,
                                ist_value *result, IST_OWN ist_error **error);

/* The same, narrowed by tags as ist_context_grant says; `result` may be written on success only. */
ist_status ist__context_grant(ist_context *context, struct ist__library *library,
                              const char *const *tags, ist_value *result,
                              IST_OWN ist_error **error);

/* Closes the library behind an exports object. False when it is none. */
bool ist__context_close_library(ist_context *context, ist_value exports);

/* errno as the isolate's last call that captures it left it. */
int ist__isolate_errno(ist_isolate *isolate);

/* The `native` object of runtime/js/README.md with the part of it that runtime/v8 provides. */
ist_status ist__context_native(ist_context *context, ist_value *result);

/* Runs the files of runtime/js in the order of order.txt, the lazy ones at their first use. */
ist_status ist__context_boot(ist_context *context, IST_OWN ist_error **error);

/* The function that runtime/js has registered by a name. IST_ERR_NOT_FOUND. */
ist_status ist__context_registered(ist_context *context, const char *name, ist_value *result);

/* `[file, line, column, endColumn, sourceLine]` for an error, as formatError takes it, or
 * undefined. */
ist_status ist__error_location(ist_context *context, const ist_error *error, ist_value *result);

/* Makes an error of a status, whose place is known. */
ist_error *ist__error_new_at(ist_status status, const char *name, const char *message,
                             const char *file, int line, int column, int end_column,
                             const char *source_line);

/* Whether a script's text is only the beginning of one: more lines could complete it. */
bool ist__script_incomplete(ist_context *context, const char *source, size_t length, bool module);

/* Whether a text parses as a script. */
bool ist__script_parses(ist_context *context, const char *source, size_t length);

/* Interactive evaluation of one input: start it, let the loop run while it is awaited, then take
 * its value or what it threw. Abandoning leaves what it awaits to itself. */
ist_status ist__repl_start(ist_context *context, const char *source, size_t length);
bool ist__repl_waiting(ist_context *context);
void ist__repl_abandon(ist_context *context);
ist_status ist__repl_finish(ist_context *context, ist_value *result, IST_OWN ist_error **error);

#ifdef __cplusplus
}
#endif

#endif
