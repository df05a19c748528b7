/* What runtime/host needs of runtime/v8 beyond isthmus.h: the isolate's end of the event loop, V8's
 * own tasks, native libraries, and the start of the host's JavaScript. Plain C, never installed,
 * free to change. Everything but the functions marked "any thread" belongs to the isolate's thread.
 */
#ifndef IST_V8_EMBED_H
#define IST_V8_EMBED_H

#include "isthmus.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ist__library;

/* What runtime/v8 asks of an isolate's event loop, which runtime/host makes. */
typedef struct ist__loop_table {
  /* Something wants to run on the isolate's thread. Any thread, under locks of the isolate's: it
   * calls nothing back. */
  void (*wake)(void *loop);
  /* A context that was given web globals (ist__context_set_web) is being freed. */
  void (*context_end)(void *loop, void *web);
  /* The isolate is being freed, its contexts are already: nothing reaches the loop any more. */
  void (*free)(void *loop);
} ist__loop_table;

/* The isolate's loop, NULL until one is attached; the isolate frees it. */
void *ist__isolate_loop(ist_isolate *isolate);
void ist__isolate_attach_loop(ist_isolate *isolate, void *loop, const ist__loop_table *table);

/* Begins and ends a run of the loop: an isolate whose loop runs is not freed, even while the run
 * has given up the lock to wait. IST_ERR_STATE when it runs already, or within a callback of the
 * embedder's. */
ist_status ist__isolate_begin_run(ist_isolate *isolate);
void ist__isolate_end_run(ist_isolate *isolate);

/* Wakes the loop, if there is one. Any thread, while the isolate lives. */
void ist__isolate_wake(ist_isolate *isolate);

/* How many callbacks of ist_loop_post wait; calls the first one (false: none waits). */
size_t ist__isolate_posted(ist_isolate *isolate);
bool ist__isolate_run_post(ist_isolate *isolate);

/* From now on V8, in isolates that are made later, and operator new end the process with this exit
 * code, at once, when there is no memory left; all that they write to standard error is this text.
 * Not while isolates are made. */
#define IST_NO_MEMORY_TEXT "out of memory"
void ist__die_of_memory(int code);

/* How many references ist_loop_ref has taken. */
size_t ist__isolate_references(ist_isolate *isolate);

/* Runs the tasks that V8 has posted to the isolate's thread and destroys native objects that
 * JavaScript has forgotten. Whether it ran any task. */
bool ist__isolate_pump(ist_isolate *isolate);

/* The milliseconds until V8 has a task for the isolate's thread: 0 when it has now, -1 when none is
 * posted. */
int ist__isolate_task_delay(ist_isolate *isolate);

/* Whether V8 has posted a task to the isolate's thread, or its worker threads are at work that may;
 * then the loop is woken when they have ended. */
bool ist__isolate_busy(ist_isolate *isolate);

/* Gives an error that has no caller to the isolate's hook. `context` may be NULL. */
void ist__isolate_uncaught(ist_isolate *isolate, ist_context *context, const ist_error *error);

/* Whether a context was made frozen. */
bool ist__context_frozen(const ist_context *context);

/* What runtime/host keeps for a context's web globals; NULL at first. */
void *ist__context_web(ist_context *context);
void ist__context_set_web(ist_context *context, void *web);

/* What a limit that was reached is told by: IST_ERR_TIMEOUT with nanoseconds, which `cpu` says were
 * processor time, or IST_ERR_MEMORY with the bytes of the heap. The error's names are
 * "TimeoutError" and "MemoryError". Any thread. */
enum { IST_LIMIT_TEXT = 96 };
void ist__limit_text(char text[IST_LIMIT_TEXT], ist_status status, bool cpu, uint64_t amount);

/* The error of the limit that the isolate which is entered last on this thread has reached; NULL
 * when it has reached none that `status` could be about, or memory is out. For what gives a status
 * alone (ist_isolate_run_microtasks), before ist_limits_end. */
IST_OWN ist_error *ist__limits_error(ist_status status);

/* Clears what ist_isolate_terminate left, once JavaScript has unwound. */
void ist__isolate_resume(ist_isolate *isolate);

/* The exports of a library as a frozen object, the same one each time, narrowed by tags as
 * ist_context_grant says; the library is retained by the context. */
ist_status ist__context_grant(ist_context *context, struct ist__library *library,
                              const char *const *tags, ist_value *result,
                              IST_OWN ist_error **error);

/* The embedder's reference to a library, whose own reference it takes over, also when it fails; and
 * the library behind one, with a reference of its own, or NULL when it was freed. Any thread. */
ist_status ist__library_wrap(struct ist__library *library, IST_OWN ist_library **result);
struct ist__library *ist__library_behind(ist_library *reference);

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

/* The error that a caller would get if a value were thrown to it. NULL when memory is out. */
IST_OWN ist_error *ist__error_of_value(ist_context *context, ist_status status, ist_value value);

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

/* The bytes in an isolate's buffers and WebAssembly memories. */
size_t ist__buffers_used(const ist_isolate *isolate);

/* Whether this is a process made by fork from one that had started V8. Any thread. */
bool ist__forked(void);

#ifdef __cplusplus
}
#endif

#endif
