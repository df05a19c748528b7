/* isthmus.h: the only public header of Isthmus. Plain C, for every language: isolates, contexts,
 * values, templates, scripts and modules on V8, a ready-made host, and native libraries described
 * by interface files.
 *
 * What holds everywhere:
 * - A function that can fail returns an ist_status; results come through the trailing parameters,
 *   which are written on success only. Where there is a trailing `ist_error **`, it may be NULL;
 *   otherwise it is set to NULL on success and on failure to an error that the caller owns (or to
 *   NULL when memory is out).
 * - Every function that takes an isolate, a context or a value can answer IST_ERR_ARGUMENT (a NULL
 *   or impossible argument), IST_ERR_HANDLE (something that was freed, or belongs to another
 *   isolate), IST_ERR_MEMORY and, in a process made by fork, IST_ERR_FORKED; one that may run
 *   JavaScript also IST_ERR_EXCEPTION, IST_ERR_TERMINATED and, within limits, IST_ERR_TIMEOUT. Only
 *   what goes beyond is said at each.
 * - IST_OWN marks what changes owner: an owned result is given back to the matching _free; an owned
 *   argument is the callee's from the call on, also when the call fails. What is not marked is
 *   borrowed for the length of the call. Every _free takes NULL and does nothing with it.
 * - Text is UTF-8 unless said, given by pointer and length; it may contain NUL. File names, URLs
 *   and the names of properties given as `const char *` end with NUL.
 * - An isolate, with all its contexts, values and modules, is used by one thread at a time. Every
 *   call takes the isolate's lock for its length, waiting for it if need be; ist_isolate_enter and
 *   ist_scope_open hold it across many calls, which is several times faster. Isolates are
 *   independent. What may be called without the lock, from any thread, says "any thread".
 * - Callbacks come as (fn, env, finalize): `finalize(env)` is called exactly once, when `fn` will
 *   not be called again, also when the function that takes them fails; it may run on the isolate's
 *   thread at any call into the isolate, and must not call into it. It may be NULL.
 * - Options structs start with their `size`, set by the caller to sizeof; what lies beyond is taken
 *   as zero. The ABI only grows.
 */
#ifndef ISTHMUS_H
#define ISTHMUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define IST_API __declspec(dllimport)
#else
#define IST_API __attribute__((visibility("default")))
#endif
#define IST_OWN

/* ---- Version, status, memory ---- */

#define IST_ABI_VERSION 1

/* The version of the ABI that the library was built with; a caller compiled with a greater
 * IST_ABI_VERSION than this uses what the library does not have. Any thread, never fails. Since
 * 0.1. */
IST_API uint32_t ist_abi_version(void);

/* The release as text, such as "0.1.0"; static. Any thread. Since 0.1. */
IST_API const char *ist_version(void);

/* The version of V8 in use as text, such as "10.2.154.26"; static. Any thread. Since 0.1. */
IST_API const char *ist_v8_version(void);

#define IST_STATUS_MAP(X)                                                                          \
  X(OK, 0, "ok")                                                                                   \
  X(ERR_ARGUMENT, 1, "invalid argument")                                                           \
  X(ERR_HANDLE, 2, "stale or foreign handle")                                                      \
  X(ERR_TYPE, 3, "the value has another type")                                                     \
  X(ERR_EXCEPTION, 4, "JavaScript threw")                                                          \
  X(ERR_SYNTAX, 5, "the source text does not parse")                                               \
  X(ERR_TERMINATED, 6, "execution was terminated")                                                 \
  X(ERR_MEMORY, 7, "out of memory")                                                                \
  X(ERR_STATE, 8, "not possible in this state")                                                    \
  X(ERR_NOT_FOUND, 9, "not found")                                                                 \
  X(ERR_DENIED, 10, "not allowed")                                                                 \
  X(ERR_IO, 11, "input or output failed")                                                          \
  X(ERR_INTERFACE, 12, "the interface file has errors")                                            \
  X(ERR_RESOURCE, 13, "a resource of the system is exhausted")                                     \
  X(ERR_FORKED, 14, "V8 does not survive fork: start a new process instead")                       \
  X(ERR_LIMIT, 15, "a limit was exceeded")                                                         \
  X(ERR_FORMAT, 16, "the bytes are not well-formed")                                               \
  X(ERR_TIMEOUT, 17, "the time limit was reached")                                                 \
  X(ERR_DIED, 18, "the process that ran it has died")

typedef enum ist_status {
#define IST_STATUS_ENTRY(name, value, text) IST_##name = value,
  IST_STATUS_MAP(IST_STATUS_ENTRY)
#undef IST_STATUS_ENTRY
} ist_status;

/* The name of a status, such as "ERR_HANDLE", and its text; static, "unknown" for other numbers.
 * Any thread. Since 0.1. */
IST_API const char *ist_status_name(ist_status status);
IST_API const char *ist_status_text(ist_status status);

/* Where the library takes its own memory from; each member answers as malloc, realloc and free do,
 * on any thread. All three must be set. V8's heap, and memory that is handed to described C
 * functions, come from elsewhere. */
typedef struct ist_allocator {
  size_t size;
  void *env;
  void *(*allocate)(void *env, size_t bytes);
  void *(*reallocate)(void *env, void *memory, size_t bytes);
  void (*release)(void *env, void *memory);
} ist_allocator;

/* Replaces the allocator for the process; copied. IST_ERR_STATE once the library has allocated
 * anything. Not while another thread uses the library. Since 0.1. */
IST_API ist_status ist_allocator_set(const ist_allocator *allocator);

/* Frees what a function here allocated for the caller. Any thread. Since 0.1. */
IST_API void ist_free(IST_OWN void *memory);

typedef struct ist_isolate ist_isolate;
typedef struct ist_context ist_context;
typedef struct ist_template ist_template;
typedef struct ist_script ist_script;
typedef struct ist_module ist_module;
typedef struct ist_import ist_import;
typedef struct ist_store ist_store;
typedef struct ist_snapshot ist_snapshot;
typedef struct ist_inspector ist_inspector;
typedef struct ist_session ist_session;
typedef struct ist_library ist_library;
typedef struct ist_pool ist_pool;
typedef struct ist_batch ist_batch;
typedef struct ist_host ist_host;

typedef void (*ist_finalizer)(void *env);

/* Takes the next piece of a document as it is written: `length` bytes, borrowed. False ends the
 * writing with IST_ERR_IO. */
typedef bool (*ist_writer)(void *env, const char *bytes, size_t length);

/* ---- Values ---- */

/* What an ist_value is. From IST_STRING on the value is a handle. */
typedef enum ist_type {
  IST_UNDEFINED,
  IST_NULL,
  IST_BOOL,
  IST_INT32,  /* a number that is a 32-bit integer, other than -0 */
  IST_DOUBLE, /* any other number */
  IST_STRING,
  IST_SYMBOL,
  IST_BIGINT,
  IST_OBJECT,
  IST_FUNCTION
} ist_type;

/* A JavaScript value, passed by value. Numbers, booleans, undefined and null are held in it and
 * need no isolate; the rest are handles into one isolate's table. A handle carries the isolate's
 * number and a generation, so that one which was released, or belongs to another isolate, is
 * answered with IST_ERR_HANDLE. Read `type` and, for IST_BOOL, IST_INT32 and IST_DOUBLE, `as`;
 * leave the rest alone. */
typedef struct ist_value {
  uint32_t type; /* an ist_type */
  uint32_t isolate;
  union {
    bool boolean;
    int32_t int32;
    double number;
    uint64_t handle;
  } as;
} ist_value;

/* The values that need no isolate. Any thread. Since 0.1. */
static inline ist_value ist_undefined(void) {
  ist_value value = {IST_UNDEFINED, 0, {0}};
  return value;
}

static inline ist_value ist_null(void) {
  ist_value value = {IST_NULL, 0, {0}};
  return value;
}

static inline ist_value ist_bool(bool boolean) {
  ist_value value = {IST_BOOL, 0, {0}};
  value.as.boolean = boolean;
  return value;
}

static inline ist_value ist_int32(int32_t number) {
  ist_value value = {IST_INT32, 0, {0}};
  value.as.int32 = number;
  return value;
}

static inline ist_value ist_double(double number) {
  ist_value value = {IST_DOUBLE, 0, {0}};
  value.as.number = number;
  return value;
}

/* ---- Errors ---- */

/* One call on the stack when an error was made. Texts are "" when there is nothing to say. */
typedef struct ist_frame {
  const char *function;
  const char *script;
  int32_t line;   /* from 1; 0 when unknown */
  int32_t column; /* from 1, in UTF-16 units; 0 when unknown */
  uint32_t flags; /* ored from IST_FRAME_* */
} ist_frame;
#define IST_FRAME_EVAL 1u
#define IST_FRAME_CONSTRUCTOR 2u
#define IST_FRAME_ASYNC 4u
#define IST_FRAME_WASM 8u

/* What a failure was. Every text may be NULL when there is nothing to say. Owned by whom it was
 * given to, with all that it points to. */
typedef struct ist_error {
  size_t size;
  ist_status status;
  const char *name; /* the error's class, such as "TypeError"; NULL: what was thrown is no Error */
  const char *message;     /* without the class */
  const char *stack;       /* as JavaScript shows it, the first line repeating name and message */
  const char *file;        /* the script's or module's name */
  const char *source_line; /* the text of the line, without its end */
  int32_t line;            /* from 1; 0 when unknown */
  int32_t column;          /* from 1, in UTF-16 units; 0 when unknown */
  int32_t end_column;      /* one beyond the last; 0 when unknown */
  int32_t exit_code;       /* what a process that ends with this error should return */
  ist_value value; /* what was thrown; a kept value, released with the error; undefined when there
                      is none */
  const ist_frame *frames; /* innermost first; the ten innermost, and callers that await them */
  size_t frame_count;
  const struct ist_error *cause; /* of the error's `cause` property, when that is an error; at most
                                    eight deep */
  void *host; /* the `env` of ist_throw_host when the error is one that a host threw, else NULL;
                 valid until its finalizer has run */
  bool brief; /* status, name, message, value and host are all that was read yet */
} ist_error;

/* Reads the rest of a brief error, from what was thrown, into the same record: stack, place,
 * frames, causes. Nothing happens to one that is complete. `context` is one of the isolate that it
 * came out of. IST_ERR_HANDLE when that is gone; the error is as it was then, and after every
 * failure. Since 0.1. */
IST_API ist_status ist_error_complete(ist_context *context, ist_error *error);

/* Makes an error for a callback to hand back. `name` ("Error" when NULL) and `message` are copied.
 * NULL when memory is out. Any thread. Since 0.1. */
IST_API IST_OWN ist_error *ist_error_new(ist_status status, const char *name, const char *message);

/* Frees an error with its causes and releases the values in them, waiting for a thread that has
 * entered their isolate. Any thread, before or after the isolate is freed. Since 0.1. */
IST_API void ist_error_free(IST_OWN ist_error *error);

/* An error as a person wants to read it: place, class and message, source line with a caret, stack,
 * causes; lines end with '\n'. Freed by ist_free; NULL when memory is out. Any thread. Since 0.1.
 */
IST_API IST_OWN char *ist_error_format(const ist_error *error);

/* The JavaScript value of an error: what was thrown, or a new Error with its name, message and
 * place. Since 0.1. */
IST_API ist_status ist_error_value(ist_context *context, const ist_error *error, ist_value *result);

/* ---- Isolates ---- */

/* When the reactions to promises run: when the caller says, or whenever the outermost call into
 * JavaScript returns. */
typedef enum ist_microtasks { IST_MICROTASKS_EXPLICIT, IST_MICROTASKS_AUTO } ist_microtasks;

/* Where buffers take their memory from in place of the library's own: those of at least `least`
 * bytes. `allocate` gives zeroed memory, or NULL for the library to do it; `release` tells whether
 * the memory was one that it gave, and frees it. On any thread, also while V8 collects: they must
 * not call into an isolate. */
typedef struct ist_buffer_source {
  size_t size;
  size_t least;
  void *env;
  void *(*allocate)(void *env, size_t length);
  bool (*release)(void *env, void *memory, size_t length);
} ist_buffer_source;

typedef struct ist_isolate_options {
  size_t size;
  size_t heap_limit; /* bytes that V8's heap may grow to, at least four megabytes; 0: V8's own
                        choice, between one and four gigabytes by the machine's memory. A program
                        that needs more is ended, and the isolate is spent (docs/limits.md) */
  ist_microtasks microtasks;
  ist_snapshot *snapshot; /* what its contexts start from; may be freed before the isolate */
  size_t buffer_limit; /* bytes of the buffers and WebAssembly memories that live at one time, but
                          for memory that the embedder gives; 0: no limit. To make more of a
                          buffer is a RangeError, and memory.grow gives -1 */
  size_t stack_limit; /* bytes of the thread's stack that JavaScript may use, from where the isolate
                         is entered on, at least 64 KiB; 0: V8's own choice, about a megabyte. Never
                         more than the thread has. Deeper recursion is a RangeError */
  bool brief_errors;  /* what JavaScript throws comes as a brief error, if it is an Error: three
                         times  as fast for who looks at the message alone */
  const ist_buffer_source *buffer_source; /* copied; it answers as long as buffers live, which may
                         be longer than the isolate. NULL: the library's own memory */
} ist_isolate_options;

/* Makes an isolate: a JavaScript heap with its collector. The first one starts V8 for the process.
 * `options` may be NULL. Any thread. IST_ERR_RESOURCE when the process is near the kernel's limit
 * of memory mappings (vm.max_map_count; an isolate takes about twelve), or has no more memory for a
 * heap. Since 0.1. */
IST_API ist_status ist_isolate_new(const ist_isolate_options *options,
                                   IST_OWN ist_isolate **result);

/* Frees an isolate with its contexts, modules and values; finalizers of its callbacks run before
 * this returns. Waits for another thread that has entered it. The pointer is answered with
 * IST_ERR_HANDLE from then on, until many more isolates were made. IST_ERR_STATE within a callback
 * of this isolate, and while its loop runs: it is not freed then. Since 0.1. */
IST_API ist_status ist_isolate_free(IST_OWN ist_isolate *isolate);

/* Takes the isolate's lock for this thread until the matching leave; may be nested, also with other
 * isolates. IST_ERR_STATE: leaving an isolate that this thread did not enter last. Since 0.1. */
IST_API ist_status ist_isolate_enter(ist_isolate *isolate);
IST_API ist_status ist_isolate_leave(ist_isolate *isolate);

/* Runs the microtasks (promise reactions) that are queued, and those that they queue. Then the
 * unhandled rejections are told to the isolate's hook. Since 0.1. */
IST_API ist_status ist_isolate_run_microtasks(ist_isolate *isolate);

/* Queues a call of a function, without arguments, as a microtask. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_isolate_queue_microtask(ist_isolate *isolate, ist_value function);

/* Told of an error that has no caller to be given to: a promise that was rejected and has no
 * handler when the microtasks have run (`promise` is it), or what a microtask or a timer threw
 * (`promise` is undefined), or IST_ERR_TERMINATED when it was ended. `context` is NULL when none
 * can be told. The error is borrowed. May call into the isolate. */
typedef void (*ist_uncaught)(void *env, ist_context *context, const ist_error *error,
                             ist_value promise);

/* Sets the hook for uncaught errors; fn NULL removes it, and they go unnoticed. Since 0.1. */
IST_API ist_status ist_isolate_set_uncaught(ist_isolate *isolate, ist_uncaught fn, void *env,
                                            ist_finalizer finalize);

/* Ends the JavaScript that runs in the isolate now with an error that it cannot catch; the
 * outermost call answers IST_ERR_TERMINATED, and the isolate is usable again. Nothing happens when
 * none runs. Any thread, while the isolate lives. Since 0.1. */
IST_API ist_status ist_isolate_terminate(ist_isolate *isolate);

/* Calls fn(env, isolate) once, on the thread that runs JavaScript in the isolate, in the middle of
 * it, as soon as it looks (in loops and at calls), or at the next run. It may read values and
 * terminate. Any thread, while the isolate lives. Since 0.1. */
IST_API ist_status ist_isolate_interrupt(ist_isolate *isolate,
                                         void (*fn)(void *env, ist_isolate *isolate), void *env,
                                         ist_finalizer finalize);

/* What a run may take; 0: no limit. */
typedef struct ist_limits {
  size_t size;
  uint64_t wall; /* nanoseconds that may pass */
  uint64_t cpu;  /* nanoseconds of processor time that the thread may use */
} ist_limits;

/* What a run has taken. */
typedef struct ist_usage {
  size_t size;
  ist_status ended; /* the limit that was reached, IST_ERR_TIMEOUT or IST_ERR_MEMORY; or IST_OK */
  uint64_t wall;    /* nanoseconds that have passed */
  uint64_t cpu;     /* nanoseconds of the thread's processor time; 0 without a limit of it */
} ist_usage;

/* Enters the isolate and puts limits on whatever this thread runs in it until the matching end.
 * Once a time limit is reached, every call that runs JavaScript ends with IST_ERR_TIMEOUT until
 * then; the isolate is usable again after. They nest, also in callbacks; an inner one ends no later
 * than those around it. Native code that does not call back is not interrupted. IST_ERR_MEMORY for
 * an isolate that is spent, IST_ERR_RESOURCE when the thread that watches cannot be started.
 * Since 0.1. */
IST_API ist_status ist_limits_begin(ist_isolate *isolate, const ist_limits *limits);

/* Takes the latest limits off and leaves the isolate. `usage` may be NULL; otherwise its `size` is
 * set by the caller. IST_ERR_STATE when what was entered last on this thread are no limits.
 * Since 0.1. */
IST_API ist_status ist_limits_end(ist_isolate *isolate, ist_usage *usage);

/* The number of the latest limits that were put on, by which ist_limits_cancel finds them; no other
 * ones ever have it. IST_ERR_STATE when there are none, IST_ERR_RESOURCE as with ist_limits_begin.
 * Since 0.1. */
IST_API ist_status ist_limits_number(ist_isolate *isolate, uint64_t *result);

/* Ends what runs within the limits of that number as if their time were over, with a text that says
 * so. Nothing happens once they were taken off. Any thread, while the isolate lives. Since 0.1. */
IST_API ist_status ist_limits_cancel(ist_isolate *isolate, uint64_t number);

/* Whether the isolate has reached its heap limit: it is spent. Whatever would run JavaScript or
 * make a value in it is answered with IST_ERR_MEMORY; all that is left to do is to free it. Other
 * isolates go on. Any thread. Since 0.1. */
IST_API bool ist_isolate_spent(const ist_isolate *isolate);

/* Collects all garbage that V8 can find now, for tests and for moments when waiting does not
 * matter: it takes milliseconds to seconds. Weak handles' finalizers have run when it returns.
 * Since 0.1. */
IST_API ist_status ist_isolate_collect(ist_isolate *isolate);

/* Bytes of the heap, and of native memory that JavaScript objects hold, that the last full
 * collection has found in use; 0 before the first one. It is for those who hold handles without
 * knowing which of them are still wanted. Any thread, while the isolate lives. Since 0.1. */
IST_API size_t ist_isolate_kept(const ist_isolate *isolate);

/* Bytes, unless said. */
typedef struct ist_statistics {
  size_t size;
  size_t heap_used;
  size_t heap_total; /* taken from the system for the heap */
  size_t heap_limit;
  size_t heap_physical;
  size_t malloced;          /* by V8, beside its heap */
  size_t external;          /* native memory that JavaScript objects hold, buffers among it */
  size_t native_contexts;   /* how many */
  size_t detached_contexts; /* how many contexts were freed and are still reachable */
  size_t handles;           /* how many handles of this interface are in use */
  size_t buffers;           /* in buffers and WebAssembly memories, which buffer_limit is about */
} ist_statistics;

/* Since 0.1. */
IST_API ist_status ist_isolate_statistics(ist_isolate *isolate, ist_statistics *result);

/* Writes a snapshot of the heap in the form of a .heapsnapshot file, as Chrome DevTools opens.
 * IST_ERR_IO when `write` refuses. Since 0.1. */
IST_API ist_status ist_isolate_write_heap(ist_isolate *isolate, ist_writer write, void *env);

/* Begins to record where time goes, sampled every `interval` microseconds (0: 1000); ends it and
 * writes the record in the form of a .cpuprofile file, as Chrome DevTools opens. The thread that
 * starts it is the one that is sampled, and must not end before it is stopped. One at a time:
 * IST_ERR_STATE. It has ended, too, when writing it fails: IST_ERR_IO when `write` refuses.
 * IST_ERR_RESOURCE when V8 has too many profilers. Since 0.1. */
IST_API ist_status ist_profile_start(ist_isolate *isolate, uint32_t interval);
IST_API ist_status ist_profile_stop(ist_isolate *isolate, ist_writer write, void *env);

/* ---- Contexts ---- */

typedef struct ist_context_options {
  size_t size;
  ist_template *global;      /* object template of the global object; may be NULL */
  const char *name;          /* for inspectors and heap snapshots; may be NULL */
  ist_context *share_token;  /* contexts with one security token may reach into each other's global
                                objects; NULL: a token of its own */
  bool no_code_from_strings; /* eval and Function throw EvalError */
  bool frozen; /* a compartment: all that it begins with is frozen (docs/isolation.md) */
} ist_context_options;

/* Makes a context: a global object with its own built-ins. Nothing is granted to it and no host
 * globals are in it. `options` may be NULL. A frozen context has microtasks of its own, which
 * ist_isolate_run_microtasks runs like all others, and takes no web globals, grants or loader:
 * these are IST_ERR_STATE. IST_ERR_STATE when it cannot be frozen, as with a handler on its
 * `global`. Since 0.1. */
IST_API ist_status ist_context_new(ist_isolate *isolate, const ist_context_options *options,
                                   IST_OWN ist_context **result);

/* Gives a context up. Its values stay readable until they are released, and its functions can
 * still be called from other contexts, but for host callbacks, which throw; running anything in it
 * is IST_ERR_HANDLE from now on. The pointer stays safe to pass until many more contexts were made.
 * Since 0.1. */
IST_API ist_status ist_context_free(IST_OWN ist_context *context);

/* The isolate of a context; NULL for one that was freed. Since 0.1. */
IST_API ist_isolate *ist_context_isolate(ist_context *context);

/* Enters a context, with its isolate, for this thread, until the matching leave; contexts nest in
 * any order (A, B, A). It says what ist_context_current gives, and saves each call the switch.
 * IST_ERR_STATE: leaving another context than the one entered last. Since 0.1. */
IST_API ist_status ist_context_enter(ist_context *context);
IST_API ist_status ist_context_leave(ist_context *context);

/* The context that is entered or whose JavaScript runs. IST_ERR_NOT_FOUND when none is, or it is
 * not one of ours. Since 0.1. */
IST_API ist_status ist_context_current(ist_isolate *isolate, ist_context **result);

/* The global object. Since 0.1. */
IST_API ist_status ist_context_global(ist_context *context, ist_value *result);

/* The context in which an object was made. IST_ERR_NOT_FOUND when that was freed. Since 0.1. */
IST_API ist_status ist_object_context(ist_isolate *isolate, ist_value object, ist_context **result);

/* Gives a context the security token of another one: from then on, scripts of either may use the
 * other's global object. Or, with `other` NULL, a token of its own again. Since 0.1. */
IST_API ist_status ist_context_share_token(ist_context *context, ist_context *other);

/* A pointer of the embedder's for each context; NULL at first. Since 0.1. */
IST_API ist_status ist_context_set_data(ist_context *context, void *data);
IST_API ist_status ist_context_data(ist_context *context, void **result);

/* ---- Lifetimes of values ---- */

/* A handle that a function here makes lives until the scope that was open then closes; a callback
 * has a scope of its own, and outside of every scope handles live until ist_value_free or the
 * isolate's end. */

/* Opens a scope and enters the isolate for this thread; scopes close in the reverse order. `scope`
 * is never 0. Since 0.1. */
IST_API ist_status ist_scope_open(ist_isolate *isolate, uint32_t *scope);

/* Closes a scope with all that were opened after it: their handles become stale, and the isolate is
 * left as often as it was entered by them. IST_ERR_ARGUMENT when it is not open, was
 * opened by another thread, or outside of the callback that runs; IST_ERR_STATE when the isolate
 * was entered within it and not left. Since 0.1. */
IST_API ist_status ist_scope_close(ist_isolate *isolate, uint32_t scope);

/* Makes a persistent handle to the same value, which outlives every scope; values that are no
 * handles come back as they are. Since 0.1. */
IST_API ist_status ist_value_keep(ist_isolate *isolate, ist_value value, IST_OWN ist_value *result);

/* Makes a weak handle to an object or function: it does not keep
 * the value alive, and is IST_ERR_HANDLE once the value was collected; `finalize(env)` then runs at
 * the next safe place (any call into the isolate), or when the handle or the isolate is freed.
 * IST_ERR_TYPE for what is no object. Since 0.1. */
IST_API ist_status ist_value_weak(ist_isolate *isolate, ist_value value, ist_finalizer finalize,
                                  void *env, IST_OWN ist_value *result);

/* Makes a handle that lives as long as the isolate; ist_value_free on it is IST_ERR_STATE. Since
 * 0.1. */
IST_API ist_status ist_value_eternal(ist_isolate *isolate, ist_value value, ist_value *result);

/* Releases a handle of any kind early. Values that are no handles need none and are accepted. Since
 * 0.1. */
IST_API ist_status ist_value_free(ist_isolate *isolate, IST_OWN ist_value value);

/* ---- What a value is ---- */

/* The finer kind of an object (IST_OBJECT or IST_FUNCTION). */
typedef enum ist_class {
  IST_CLASS_NONE, /* no object */
  IST_CLASS_OBJECT,
  IST_CLASS_FUNCTION,
  IST_CLASS_ARRAY,
  IST_CLASS_ARGUMENTS,
  IST_CLASS_BOXED, /* new Number(1) and its kin */
  IST_CLASS_DATE,
  IST_CLASS_REGEXP,
  IST_CLASS_ERROR,
  IST_CLASS_MAP,
  IST_CLASS_SET,
  IST_CLASS_WEAK_MAP,
  IST_CLASS_WEAK_SET,
  IST_CLASS_PROMISE,
  IST_CLASS_PROXY,
  IST_CLASS_GENERATOR,
  IST_CLASS_ITERATOR, /* of a Map or Set */
  IST_CLASS_MODULE_NAMESPACE,
  IST_CLASS_ARRAY_BUFFER,
  IST_CLASS_SHARED_ARRAY_BUFFER,
  IST_CLASS_INT8_ARRAY, /* from here on views, in the order of ist_element */
  IST_CLASS_UINT8_ARRAY,
  IST_CLASS_UINT8_CLAMPED_ARRAY,
  IST_CLASS_INT16_ARRAY,
  IST_CLASS_UINT16_ARRAY,
  IST_CLASS_INT32_ARRAY,
  IST_CLASS_UINT32_ARRAY,
  IST_CLASS_FLOAT32_ARRAY,
  IST_CLASS_FLOAT64_ARRAY,
  IST_CLASS_BIGINT64_ARRAY,
  IST_CLASS_BIGUINT64_ARRAY,
  IST_CLASS_DATA_VIEW,
  IST_CLASS_WASM, /* a WebAssembly.Module or WebAssembly.Memory */
  IST_CLASS_EXTERNAL
} ist_class;

/* Since 0.1. */
IST_API ist_status ist_value_class(ist_isolate *isolate, ist_value value, ist_class *result);

/* What some objects are beside their class. */
#define IST_TRAIT_ASYNC 1u     /* an async function */
#define IST_TRAIT_GENERATOR 2u /* a function that makes generators */
#define IST_TRAIT_BOOLEAN 4u   /* IST_CLASS_BOXED: what is in it */
#define IST_TRAIT_NUMBER 8u
#define IST_TRAIT_STRING 16u
#define IST_TRAIT_SYMBOL 32u
#define IST_TRAIT_BIGINT 64u
#define IST_TRAIT_MAP 128u    /* IST_CLASS_ITERATOR: of a Map, */
#define IST_TRAIT_SET 256u    /* or of a Set */
#define IST_TRAIT_MODULE 512u /* IST_CLASS_WASM: a WebAssembly.Module */

/* The traits of a value, ored from IST_TRAIT_*; 0 for what has none. Since 0.1. */
IST_API ist_status ist_value_traits(ist_isolate *isolate, ist_value value, uint32_t *result);

/* Whether two values are the same: as `===` does, or as Object.is does. Since 0.1. */
IST_API ist_status ist_value_strict_equals(ist_isolate *isolate, ist_value left, ist_value right,
                                           bool *result);
IST_API ist_status ist_value_same(ist_isolate *isolate, ist_value left, ist_value right,
                                  bool *result);

/* JavaScript's own conversions; they may run valueOf, toString and their kin. Since 0.1. */
IST_API ist_status ist_value_to_bool(ist_isolate *isolate, ist_value value, bool *result);
IST_API ist_status ist_value_to_number(ist_context *context, ist_value value, double *result,
                                       IST_OWN ist_error **error);
IST_API ist_status ist_value_to_string(ist_context *context, ist_value value, ist_value *result,
                                       IST_OWN ist_error **error);
IST_API ist_status ist_value_to_object(ist_context *context, ist_value value, ist_value *result,
                                       IST_OWN ist_error **error);

/* `value instanceof constructor`. IST_ERR_TYPE when `constructor` is no object. Since 0.1. */
IST_API ist_status ist_value_instance_of(ist_context *context, ist_value value,
                                         ist_value constructor, bool *result,
                                         IST_OWN ist_error **error);

/* The text that JSON.stringify gives, as a string (undefined when it gives none), and the value
 * that JSON.parse gives. IST_ERR_SYNTAX, IST_ERR_LIMIT. Since 0.1. */
IST_API ist_status ist_json_write(ist_context *context, ist_value value, ist_value *result,
                                  IST_OWN ist_error **error);
IST_API ist_status ist_json_read(ist_context *context, const char *text, size_t length,
                                 ist_value *result, IST_OWN ist_error **error);

/* ---- Strings ---- */

/* How text is encoded, and what a unit of it is. */
typedef enum ist_encoding {
  IST_UTF8,  /* bytes; lone surrogates become U+FFFD on the way out, malformed sequences on the way
                in */
  IST_WTF8,  /* bytes; UTF-8 in which a lone surrogate is kept, as the three bytes of its number */
  IST_UTF16, /* uint16_t, as JavaScript counts; lone surrogates are kept */
  IST_LATIN1 /* bytes; IST_ERR_TYPE on the way out when a character is beyond U+00FF */
} ist_encoding;

/* A string from UTF-8. IST_ERR_LIMIT when it is longer than V8 allows. Since 0.1. */
IST_API ist_status ist_string_new(ist_isolate *isolate, const char *text, size_t length,
                                  ist_value *result);

/* A string from text of any encoding, `length` in its units. IST_ERR_LIMIT. Since 0.1. */
IST_API ist_status ist_string_new_as(ist_isolate *isolate, ist_encoding encoding, const void *text,
                                     size_t length, ist_value *result);

/* A string prepared to be a property's name: looking a property up by it is fastest. Since 0.1. */
IST_API ist_status ist_string_intern(ist_isolate *isolate, const char *text, size_t length,
                                     ist_value *result);

/* A string over the caller's own text, IST_LATIN1 or IST_UTF16 (aligned), without a copy; the text
 * must not change until `finalize(env)` is called, on any thread. IST_ERR_LIMIT. Since 0.1. */
IST_API ist_status ist_string_adopt(ist_isolate *isolate, ist_encoding encoding,
                                    IST_OWN const void *text, size_t length, ist_finalizer finalize,
                                    void *env, ist_value *result);

/* How many units of an encoding a string takes. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_string_length(ist_isolate *isolate, ist_value string, ist_encoding encoding,
                                     size_t *result);

/* Copies a string out as UTF-8 with a NUL behind it, which `length` does not count. The caller
 * frees `text` by ist_free. `length` may be NULL. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_string_read(ist_isolate *isolate, ist_value string, IST_OWN char **text,
                                   size_t *length);

/* Copies a string into the caller's buffer of `capacity` units, without a NUL; `length` is the
 * units written. IST_ERR_LIMIT when it does not fit: `length` is then what it needs, and nothing
 * useful is in the buffer. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_string_write(ist_isolate *isolate, ist_value string, ist_encoding encoding,
                                    void *buffer, size_t capacity, size_t *length);

/* ---- Symbols and BigInts ---- */

typedef enum ist_known_symbol {
  IST_SYMBOL_ASYNC_ITERATOR,
  IST_SYMBOL_HAS_INSTANCE,
  IST_SYMBOL_IS_CONCAT_SPREADABLE,
  IST_SYMBOL_ITERATOR,
  IST_SYMBOL_MATCH,
  IST_SYMBOL_REPLACE,
  IST_SYMBOL_SEARCH,
  IST_SYMBOL_SPLIT,
  IST_SYMBOL_TO_PRIMITIVE,
  IST_SYMBOL_TO_STRING_TAG,
  IST_SYMBOL_UNSCOPABLES
} ist_known_symbol;

/* A new symbol; `description` is a string or undefined (IST_ERR_TYPE). Since 0.1. */
IST_API ist_status ist_symbol_new(ist_isolate *isolate, ist_value description, ist_value *result);

/* Symbol.for(key), Symbol.iterator and its kin, and a symbol's description (a string, or
 * undefined). IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_symbol_for(ist_isolate *isolate, ist_value key, ist_value *result);
IST_API ist_status ist_symbol_known(ist_isolate *isolate, ist_known_symbol which,
                                    ist_value *result);
IST_API ist_status ist_symbol_description(ist_isolate *isolate, ist_value symbol,
                                          ist_value *result);

/* A BigInt from its absolute value in 64-bit words, the least first. IST_ERR_LIMIT when it is
 * larger than V8 allows. Since 0.1. */
IST_API ist_status ist_bigint_new(ist_context *context, bool negative, const uint64_t *words,
                                  size_t count, ist_value *result);
IST_API ist_status ist_bigint_new_int64(ist_isolate *isolate, int64_t number, ist_value *result);
IST_API ist_status ist_bigint_new_uint64(ist_isolate *isolate, uint64_t number, ist_value *result);

/* Reads a BigInt of any size. `*count` is the words that `words` has room for, and becomes those
 * that the number takes (0 for 0n); IST_ERR_LIMIT when there are fewer. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_bigint_read(ist_isolate *isolate, ist_value bigint, bool *negative,
                                   uint64_t *words, size_t *count);

/* Reads a BigInt that fits. IST_ERR_LIMIT when it does not, IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_bigint_read_int64(ist_isolate *isolate, ist_value bigint, int64_t *result);
IST_API ist_status ist_bigint_read_uint64(ist_isolate *isolate, ist_value bigint, uint64_t *result);

/* ---- Objects ---- */

/* A new empty object. Since 0.1. */
IST_API ist_status ist_object_new(ist_context *context, ist_value *result);

/* Reads, writes, looks for and deletes a property by name, as JavaScript outside of strict mode
 * would (getters, setters and proxies run; writing what is read-only does nothing). IST_ERR_TYPE
 * when `object` is none, IST_ERR_LIMIT for a name that is longer than V8 allows. Deleting what is
 * not configurable gives false in `result`, which may be NULL. Since 0.1. */
IST_API ist_status ist_object_get(ist_context *context, ist_value object, const char *name,
                                  ist_value *result, IST_OWN ist_error **error);
IST_API ist_status ist_object_set(ist_context *context, ist_value object, const char *name,
                                  ist_value value, IST_OWN ist_error **error);
IST_API ist_status ist_object_has(ist_context *context, ist_value object, const char *name,
                                  bool *result, IST_OWN ist_error **error);
IST_API ist_status ist_object_delete(ist_context *context, ist_value object, const char *name,
                                     bool *result, IST_OWN ist_error **error);

/* The same by a key that is a value: a string (fastest from ist_string_intern), a symbol or a
 * number; anything else is IST_ERR_TYPE. `has_own` looks at the object alone. Since 0.1. */
IST_API ist_status ist_object_get_key(ist_context *context, ist_value object, ist_value key,
                                      ist_value *result, IST_OWN ist_error **error);
IST_API ist_status ist_object_set_key(ist_context *context, ist_value object, ist_value key,
                                      ist_value value, IST_OWN ist_error **error);
IST_API ist_status ist_object_has_key(ist_context *context, ist_value object, ist_value key,
                                      bool *result, IST_OWN ist_error **error);
IST_API ist_status ist_object_has_own(ist_context *context, ist_value object, ist_value key,
                                      bool *result, IST_OWN ist_error **error);
IST_API ist_status ist_object_delete_key(ist_context *context, ist_value object, ist_value key,
                                         bool *result, IST_OWN ist_error **error);

/* The same by array index. Since 0.1. */
IST_API ist_status ist_object_get_index(ist_context *context, ist_value object, uint32_t index,
                                        ist_value *result, IST_OWN ist_error **error);
IST_API ist_status ist_object_set_index(ist_context *context, ist_value object, uint32_t index,
                                        ist_value value, IST_OWN ist_error **error);

/* The attributes of a property. */
#define IST_PROP_WRITABLE 1u
#define IST_PROP_ENUMERABLE 2u
#define IST_PROP_CONFIGURABLE 4u
#define IST_PROP_ALL 7u

/* Defines an own data property without running setters. `flags` are ored from IST_PROP_*.
 * IST_ERR_STATE when the object refuses. Since 0.1. */
IST_API ist_status ist_object_define(ist_context *context, ist_value object, const char *name,
                                     ist_value value, uint32_t flags, IST_OWN ist_error **error);

/* A property descriptor. A data property has `getter` and `setter` undefined; an accessor has
 * `value` undefined, and a function in at least one of the others. */
typedef struct ist_property {
  size_t size;
  uint32_t flags; /* ored from IST_PROP_* */
  bool accessor;
  ist_value value;
  ist_value getter, setter;
} ist_property;

/* Defines an own property by its descriptor, and reads one (as Object.getOwnPropertyDescriptor:
 * IST_ERR_NOT_FOUND when there is none), into a record whose `size` is set. IST_ERR_STATE when the
 * object refuses. Since 0.1. */
IST_API ist_status ist_object_define_property(ist_context *context, ist_value object, ist_value key,
                                              const ist_property *property,
                                              IST_OWN ist_error **error);
IST_API ist_status ist_object_property(ist_context *context, ist_value object, ist_value key,
                                       ist_property *result, IST_OWN ist_error **error);

/* Which keys ist_object_keys lists. */
#define IST_KEYS_ENUMERABLE 1u /* only enumerable ones */
#define IST_KEYS_INHERITED 2u  /* those of the prototype chain too */
#define IST_KEYS_SYMBOLS 4u    /* symbols too */
#define IST_KEYS_NO_STRINGS 8u /* no names */
#define IST_KEYS_NO_INDICES 16u

/* An array of an object's keys, in JavaScript's order; indices are numbers. `flags` are ored from
 * IST_KEYS_*; 0: own strings and indices, enumerable or not. Since 0.1. */
IST_API ist_status ist_object_keys(ist_context *context, ist_value object, uint32_t flags,
                                   ist_value *result, IST_OWN ist_error **error);

/* Private properties, which JavaScript cannot see, by a name of the embedder's that is the same in
 * the whole isolate. They are on the object alone, run nothing, and proxies do not pass them on.
 * Reading what is not there gives undefined. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_object_get_private(ist_context *context, ist_value object, const char *name,
                                          ist_value *result);
IST_API ist_status ist_object_set_private(ist_context *context, ist_value object, const char *name,
                                          ist_value value);
IST_API ist_status ist_object_delete_private(ist_context *context, ist_value object,
                                             const char *name);

/* The prototype (an object or null), and its change. IST_ERR_TYPE; IST_ERR_STATE when the object
 * refuses (it is frozen, the prototypes would go in a circle). Since 0.1. */
IST_API ist_status ist_object_prototype(ist_context *context, ist_value object, ist_value *result,
                                        IST_OWN ist_error **error);
IST_API ist_status ist_object_set_prototype(ist_context *context, ist_value object,
                                            ist_value prototype, IST_OWN ist_error **error);

/* Object.freeze. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_object_freeze(ist_context *context, ist_value object,
                                     IST_OWN ist_error **error);

/* A number that stays the same for an object, and is likely to differ between objects; never 0.
 * Since 0.1. */
IST_API ist_status ist_object_hash(ist_isolate *isolate, ist_value object, int32_t *result);

/* The name of the constructor that an object was made by, as V8 knows it ("Object" for lack of a
 * better one): a string. Nothing is run. Since 0.1. */
IST_API ist_status ist_object_constructor_name(ist_isolate *isolate, ist_value object,
                                               ist_value *result);

/* ---- Arrays ---- */

/* A new empty array; and one of the given elements. IST_ERR_LIMIT. Since 0.1. */
IST_API ist_status ist_array_new(ist_context *context, ist_value *result);
IST_API ist_status ist_array_new_from(ist_context *context, const ist_value *elements, size_t count,
                                      ist_value *result);

/* How many elements an array has. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_array_length(ist_isolate *isolate, ist_value array, uint32_t *result);

/* Reads up to `count` elements from `start` on, as JavaScript would (holes are undefined, unless a
 * prototype has them); `read` is how many there were. The handles among them belong to the open
 * scope; after a failure nothing useful is in `elements`. IST_ERR_TYPE, for a Proxy too. Since
 * 0.1. */
IST_API ist_status ist_array_read(ist_context *context, ist_value array, uint32_t start,
                                  ist_value *elements, uint32_t count, uint32_t *read,
                                  IST_OWN ist_error **error);

/* The same for arrays of nothing but numbers. Reading is IST_ERR_TYPE when an element is none, and
 * fastest for a whole array that has no holes and none that were filled (one made by push or a
 * literal, not by `new Array(n)` or by the functions here). Since 0.1. */
IST_API ist_status ist_array_new_doubles(ist_context *context, const double *elements, size_t count,
                                         ist_value *result);
IST_API ist_status ist_array_read_doubles(ist_context *context, ist_value array, uint32_t start,
                                          double *elements, uint32_t count, uint32_t *read,
                                          IST_OWN ist_error **error);

/* ---- Date, RegExp, Map, Set, Error, Proxy ---- */

/* A Date from milliseconds since 1970 UTC (NaN: an invalid one), and back. IST_ERR_TYPE. Since 0.1.
 */
IST_API ist_status ist_date_new(ist_context *context, double milliseconds, ist_value *result);
IST_API ist_status ist_date_read(ist_isolate *isolate, ist_value date, double *milliseconds);

/* A RegExp from its pattern (a string) and flags such as "gi"; and the two back, each a string, the
 * pattern as `source` shows it, the flags in JavaScript's order. IST_ERR_SYNTAX, IST_ERR_TYPE.
 * Since 0.1. */
IST_API ist_status ist_regexp_new(ist_context *context, ist_value pattern, const char *flags,
                                  ist_value *result, IST_OWN ist_error **error);
IST_API ist_status ist_regexp_read(ist_context *context, ist_value regexp, ist_value *pattern,
                                   ist_value *flags);

/* Maps and Sets, by their own methods as they were before user code. `get` gives undefined for what
 * is not there; `has` and `delete` also work on a Set. `entries` is an array: key, value, key, …
 * for a Map, the members for a Set. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_map_new(ist_context *context, ist_value *result);
IST_API ist_status ist_map_get(ist_context *context, ist_value map, ist_value key,
                               ist_value *result);
IST_API ist_status ist_map_set(ist_context *context, ist_value map, ist_value key, ist_value value);
IST_API ist_status ist_set_new(ist_context *context, ist_value *result);
IST_API ist_status ist_set_add(ist_context *context, ist_value set, ist_value member);
IST_API ist_status ist_collection_has(ist_context *context, ist_value collection, ist_value key,
                                      bool *result);
IST_API ist_status ist_collection_delete(ist_context *context, ist_value collection, ist_value key,
                                         bool *result);
IST_API ist_status ist_collection_clear(ist_context *context, ist_value collection);
IST_API ist_status ist_collection_size(ist_isolate *isolate, ist_value collection, size_t *result);
IST_API ist_status ist_collection_entries(ist_context *context, ist_value collection,
                                          ist_value *result);

/* A new Error object; `name` as in ist_throw_error, `cause` undefined for none. Since 0.1. */
IST_API ist_status ist_error_object(ist_context *context, const char *name, const char *message,
                                    ist_value cause, ist_value *result);

/* A Proxy, its two parts (null once revoked), and its revocation. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_proxy_new(ist_context *context, ist_value target, ist_value handler,
                                 ist_value *result, IST_OWN ist_error **error);
IST_API ist_status ist_proxy_read(ist_isolate *isolate, ist_value proxy, ist_value *target,
                                  ist_value *handler);
IST_API ist_status ist_proxy_revoke(ist_isolate *isolate, ist_value proxy);

/* ---- Promises ---- */

/* A new pending promise, to be settled once by the functions below; later ones do nothing. Since
 * 0.1. */
IST_API ist_status ist_promise_new(ist_context *context, ist_value *promise);

/* Settles a promise that ist_promise_new made. Resolving by another promise follows that one.
 * IST_ERR_TYPE for any other value. Reactions run with the microtasks. Since 0.1. */
IST_API ist_status ist_promise_resolve(ist_context *context, ist_value promise, ist_value value);
IST_API ist_status ist_promise_reject(ist_context *context, ist_value promise, ist_value reason);

/* What `promise.then(fulfilled, rejected)` gives; each may be undefined. `result` may be NULL.
 * IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_promise_then(ist_context *context, ist_value promise, ist_value fulfilled,
                                    ist_value rejected, ist_value *result);

/* The state of a promise, and its value or reason (undefined while pending). IST_ERR_TYPE for
 * anything else. Looking at it does not mark a rejection as handled. Since 0.1. */
typedef enum ist_promise_state {
  IST_PROMISE_PENDING,
  IST_PROMISE_FULFILLED,
  IST_PROMISE_REJECTED
} ist_promise_state;
IST_API ist_status ist_promise_read(ist_isolate *isolate, ist_value promise,
                                    ist_promise_state *state, ist_value *result);

/* Marks a promise's rejection as handled, so that it is not uncaught. IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_promise_mark_handled(ist_isolate *isolate, ist_value promise);

/* ---- Bytes ---- */

/* The element type of a view. */
typedef enum ist_element {
  IST_ELEMENT_INT8,
  IST_ELEMENT_UINT8,
  IST_ELEMENT_UINT8_CLAMPED,
  IST_ELEMENT_INT16,
  IST_ELEMENT_UINT16,
  IST_ELEMENT_INT32,
  IST_ELEMENT_UINT32,
  IST_ELEMENT_FLOAT32,
  IST_ELEMENT_FLOAT64,
  IST_ELEMENT_BIGINT64,
  IST_ELEMENT_BIGUINT64,
  IST_ELEMENT_DATA_VIEW /* a DataView: elements of one byte */
} ist_element;

/* A Uint8Array over a new ArrayBuffer that holds a copy of `bytes`. IST_ERR_LIMIT. Since 0.1. */
IST_API ist_status ist_bytes_new(ist_context *context, const void *bytes, size_t length,
                                 ist_value *result);

/* The same over the caller's own memory, without a copy; `finalize(env)` when no buffer uses it any
 * more, on any thread. IST_ERR_LIMIT. Since 0.1. */
IST_API ist_status ist_bytes_adopt(ist_context *context, IST_OWN void *bytes, size_t length,
                                   ist_finalizer finalize, void *env, ist_value *result);

/* The bytes of an ArrayBuffer, SharedArrayBuffer, typed array or DataView, borrowed until
 * JavaScript runs or the handle is released; none of one that is detached. IST_ERR_TYPE. Since 0.1.
 */
IST_API ist_status ist_bytes_read(ist_isolate *isolate, ist_value value, uint8_t **bytes,
                                  size_t *length);

/* A block of memory that buffers of any isolate can stand on, shared by counting. */

/* A store over the caller's own memory (`finalize(env)` when the last user is gone, on any thread),
 * or, with `bytes` NULL, over new zeroed memory. Any thread. Since 0.1. */
IST_API ist_status ist_store_new(IST_OWN void *bytes, size_t length, ist_finalizer finalize,
                                 void *env, IST_OWN ist_store **result);

/* The store of an ArrayBuffer, SharedArrayBuffer or view: its memory stays valid while the store is
 * held, whatever becomes of the buffer and its isolate. IST_ERR_TYPE; IST_ERR_STATE when it is
 * detached, or an ArrayBuffer that can be resized. Since 0.1. */
IST_API ist_status ist_store_of(ist_isolate *isolate, ist_value buffer, IST_OWN ist_store **result);
IST_API void *ist_store_bytes(const ist_store *store);
IST_API size_t ist_store_length(const ist_store *store);
IST_API void ist_store_free(IST_OWN ist_store *store);

/* An ArrayBuffer (`shared` false) or a SharedArrayBuffer over a store, without a copy. The store
 * stays the caller's too. A store that was taken from a SharedArrayBuffer makes only such, and one
 * from an ArrayBuffer only ArrayBuffers; one from ist_store_new makes the kind of its first use,
 * and an ArrayBuffer only once: IST_ERR_STATE. Since 0.1. */
IST_API ist_status ist_buffer_new(ist_context *context, ist_store *store, bool shared,
                                  ist_value *result);

/* Takes an ArrayBuffer's memory away from it: its length and that of its views is 0 from now on.
 * Nothing happens to one that is detached already. IST_ERR_TYPE; IST_ERR_STATE when it cannot be
 * detached (WebAssembly memory). Since 0.1. */
IST_API ist_status ist_buffer_detach(ist_isolate *isolate, ist_value buffer);

/* A typed array or DataView of `count` elements over a buffer, `offset` in bytes. IST_ERR_ARGUMENT
 * when that is not within the buffer or not aligned, IST_ERR_TYPE, IST_ERR_STATE when the buffer is
 * detached. Since 0.1. */
IST_API ist_status ist_view_new(ist_context *context, ist_element element, ist_value buffer,
                                size_t offset, size_t count, ist_value *result);

typedef struct ist_view {
  size_t size;
  ist_element element;
  bool shared;   /* over a SharedArrayBuffer: other threads may write */
  void *data;    /* the first element, borrowed as in ist_bytes_read; NULL when empty or detached */
  size_t count;  /* in elements */
  size_t offset; /* in bytes, from the start of the buffer */
  ist_value buffer;
} ist_view;

/* What a typed array or DataView looks at, into a record whose `size` is set. IST_ERR_TYPE. Since
 * 0.1. */
IST_API ist_status ist_view_read(ist_isolate *isolate, ist_value view, ist_view *result);

/* ---- Whole trees: CBOR ---- */

/* Values as CBOR (RFC 8949): undefined, null, booleans, numbers, BigInts (tags 2 and 3), strings
 * (those with lone surrogates as WTF-8, tag 273), arrays, plain objects (maps with text keys), Date
 * (tag 1), RegExp (tag 21066: [pattern, flags]), Map (tag 259), Set (tag 258), Uint8Array (byte
 * string), other typed arrays (RFC 8746), ArrayBuffer and DataView (tag 27: [class, bytes]), Error
 * (tag 27: ["Error", name, message, stack, cause]), holes of arrays (tag 31), shared and cyclic
 * references (tags 28 and 29). docs/cbor.md has the table.
 *
 * What has no form may travel beside the bytes, in a table in which tag 21067 with an index stands
 * for each value. Writing fills it: `values` is allocated, the caller's to give to ist_free, and
 * NULL when there are none or the call fails; what was in the record before is not looked at. Each
 * value is there once, in the order in which they were met; its handle lives as results do.
 * Reading borrows `values`, which may be any, and need not use them all. */
typedef struct ist_cbor_table {
  size_t size;
  ist_value *values;
  size_t count;
} ist_cbor_table;

/* What else travels so, when there is a table: objects whose prototype is neither null nor an
 * Object.prototype, and which have no other form than a plain object's; proxies, which are read
 * otherwise; and what is nested deeper than max_depth, or than the stack allows. */
#define IST_CBOR_INSTANCES 1u
#define IST_CBOR_PROXIES 2u
#define IST_CBOR_DEEPER 4u

typedef struct ist_cbor_options {
  size_t size;
  uint32_t max_depth;  /* of nesting; 0: 1000. The thread's stack may allow less */
  size_t max_size;     /* in bytes of CBOR; 0: 1 GiB. Reading also counts what it makes, writing 64
                        * bytes for each value in the table */
  uint32_t references; /* for writing: ored from IST_CBOR_*; 0 without a table */
  ist_cbor_table *table; /* NULL: what has no form is refused */
} ist_cbor_options;

/* Writes a value and all it refers to; getters and proxies run. `bytes` is freed by ist_free.
 * IST_ERR_TYPE for what has no form (functions, symbols, promises, host objects, shared memory,
 * detached buffers) when there is no table, with its place in the message, such as "$.a[3].f";
 * IST_ERR_LIMIT. Since 0.1. */
IST_API ist_status ist_cbor_write(ist_context *context, ist_value value,
                                  const ist_cbor_options *options, IST_OWN uint8_t **bytes,
                                  size_t *length, IST_OWN ist_error **error);

/* Makes the value of one CBOR item; nothing of the program's is run. IST_ERR_FORMAT for malformed
 * bytes, for a known tag on the wrong thing, for an index that is not in the table, and for bytes
 * left over, with the offset in the message; IST_ERR_HANDLE for a value in the table that is none;
 * IST_ERR_LIMIT. Since 0.1. */
IST_API ist_status ist_cbor_read(ist_context *context, const uint8_t *bytes, size_t length,
                                 const ist_cbor_options *options, ist_value *result,
                                 IST_OWN ist_error **error);

/* ---- Functions ---- */

/* A call from JavaScript. Borrowed for the call, `argv` too; handles in it live until the callback
 * returns. */
typedef struct ist_call {
  size_t size;
  ist_context *context; /* the one in which the function was made */
  ist_value receiver;   /* `this`; undefined for a plain call, whose `this` is the global object */
  size_t argc;
  const ist_value *argv;
  ist_value new_target; /* undefined unless called by `new` */
} ist_call;

/* Answers a call. `*result` is undefined beforehand. JavaScript sees an exception when ist_throw or
 * one of its kin was called, and on any other status than IST_OK: an Error with the status's text,
 * or for IST_ERR_TERMINATED the end of what runs. */
typedef ist_status (*ist_function)(void *env, const ist_call *call, ist_value *result);

/* A function that calls back into C. `name` may be NULL. Since 0.1. */
IST_API ist_status ist_function_new(ist_context *context, const char *name, ist_function fn,
                                    void *env, ist_finalizer finalize, ist_value *result);

/* Calls a function, or calls it as `new` does. IST_ERR_TYPE when it is none. `result` and `error`
 * may be NULL. Since 0.1. */
IST_API ist_status ist_function_call(ist_context *context, ist_value function, ist_value receiver,
                                     size_t argc, const ist_value *argv, ist_value *result,
                                     IST_OWN ist_error **error);
IST_API ist_status ist_function_construct(ist_context *context, ist_value function, size_t argc,
                                          const ist_value *argv, ist_value *result,
                                          IST_OWN ist_error **error);

/* Within a callback: sets what JavaScript will see thrown when the callback returns, and gives
 * IST_ERR_EXCEPTION, for the callback to return; IST_ERR_STATE outside of every callback. Since
 * 0.1.
 */
IST_API ist_status ist_throw(ist_context *context, ist_value value);

/* The same with a new error; `name` is "Error", "TypeError", "RangeError", "SyntaxError" or
 * "ReferenceError" (another one makes an Error with that name). Since 0.1. */
IST_API ist_status ist_throw_error(ist_context *context, const char *name, const char *message);

/* The same with an error that another function here has given: JavaScript sees the value that was
 * thrown, or a new error with the name, message and place. The error stays the caller's. Since 0.1.
 */
IST_API ist_status ist_throw_again(ist_context *context, const ist_error *error);

/* The same with an error that stands for one of the host's own: when it comes out of JavaScript
 * uncaught, the ist_error has `env` as its `host`. `finalize(env)` when JavaScript has forgotten
 * the error. Since 0.1. */
IST_API ist_status ist_throw_host(ist_context *context, const char *name, const char *message,
                                  void *env, ist_finalizer finalize);

/* ---- Templates ---- */

/* A template is what objects or functions are made from, in any context of its isolate. It can be
 * changed until the first object or function is made from it, or from one that uses it:
 * IST_ERR_STATE afterwards. It has each name once: IST_ERR_STATE. Templates are within each other
 * at most 256 deep (IST_ERR_LIMIT), and none is within itself (IST_ERR_ARGUMENT). Callbacks are
 * given up when V8 has collected all that was made with them, at the latest with the isolate. In
 * each, `context` is the one whose code asks; where that was freed, JavaScript sees an Error
 * instead. */

typedef struct ist_function_options {
  size_t size;
  const char *name; /* may be NULL */
  ist_function fn;  /* may be NULL: gives undefined, or the new object */
  void *env;
  ist_finalizer finalize;
  int32_t length;          /* what `fn.length` says; at most 32767 */
  ist_template *signature; /* a function template: the receiver must be an object made by it or by
                              one that inherits from it, else V8 throws a TypeError (“Illegal
                              invocation”) before fn is called; may be NULL */
  bool no_construct;       /* `new` throws a TypeError, and there is no prototype: for methods */
} ist_function_options;

/* An object template, and a function template (a class, when `new` is used on it: the new object is
 * then fn's receiver, and the result unless fn gives another object). `options` may be NULL.
 * IST_ERR_TYPE: the signature is no function template. Since 0.1. */
IST_API ist_status ist_template_new_object(ist_isolate *isolate, IST_OWN ist_template **result);
IST_API ist_status ist_template_new_function(ist_isolate *isolate,
                                             const ist_function_options *options,
                                             IST_OWN ist_template **result);

/* Gives the caller's reference up; what was made from it, and templates that use it, still work.
 * Since 0.1. */
IST_API void ist_template_free(IST_OWN ist_template *tmpl);

/* Of a function template: the templates of its `prototype` object and of the objects that `new`
 * makes; each call gives a reference. IST_ERR_TYPE for an object template, IST_ERR_STATE for a
 * function with `no_construct`. Since 0.1. */
IST_API ist_status ist_template_prototype(ist_template *function, IST_OWN ist_template **result);
IST_API ist_status ist_template_instance(ist_template *function, IST_OWN ist_template **result);

/* Makes a function template inherit from another, once (IST_ERR_STATE): its prototype from the
 * parent's; and what it does not have itself of the parent's own properties, and of the properties,
 * fields and handlers of the parent's instances. The parent's fn is not called by `new`. A value
 * under the name of a parent's accessor is IST_ERR_STATE at the first use. IST_ERR_TYPE. Since 0.1.
 */
IST_API ist_status ist_template_inherit(ist_template *function, ist_template *parent);

/* Adds a property to what the template makes (to the function itself, for a function template): a
 * value that is no object (IST_ERR_TYPE), or what another template makes, in each context and for
 * each object anew. `flags` are ored from IST_PROP_*. By name, or by a key that is a string or a
 * symbol (IST_ERR_TYPE). Since 0.1. */
IST_API ist_status ist_template_set(ist_template *tmpl, const char *name, ist_value value,
                                    uint32_t flags);
IST_API ist_status ist_template_set_key(ist_template *tmpl, ist_value key, ist_value value,
                                        uint32_t flags);
IST_API ist_status ist_template_set_template(ist_template *tmpl, const char *name,
                                             ist_template *value, uint32_t flags);
IST_API ist_status ist_template_set_template_key(ist_template *tmpl, ist_value key,
                                                 ist_template *value, uint32_t flags);

/* A read or write of a property that C answers. Borrowed for the call. */
typedef struct ist_access {
  size_t size;
  ist_context *context;
  ist_value receiver; /* `this` */
  ist_value holder;   /* the object that was made from the template: the receiver, or one that it
                         inherits from */
  ist_value key;      /* a string or symbol, or for an indexed handler a number; undefined when
                         keys are listed */
} ist_access;

/* Answers a read. What is returned and thrown is as with ist_function. */
typedef ist_status (*ist_getter)(void *env, const ist_access *access, ist_value *result);
/* Answers a write. */
typedef ist_status (*ist_setter)(void *env, const ist_access *access, ist_value value);

/* Adds a property that C gets and sets. `set` NULL: writing throws in strict code, and does nothing
 * otherwise. To JavaScript it is an own property with a value; but on the prototype template of a
 * function template it is a pair of functions, as `get name() {}` makes in a class, which throw a
 * TypeError (“Illegal invocation”) for what is no instance of it, and `holder` is the receiver.
 * Since 0.1. */
IST_API ist_status ist_template_set_accessor(ist_template *tmpl, const char *name, ist_getter get,
                                             ist_setter set, void *env, ist_finalizer finalize,
                                             uint32_t flags);
IST_API ist_status ist_template_set_accessor_key(ist_template *tmpl, ist_value key, ist_getter get,
                                                 ist_setter set, void *env, ist_finalizer finalize,
                                                 uint32_t flags);

/* Interceptors: what C answers for properties of any name. Each member may be NULL. A member that
 * sets `*handled` to false leaves the access to the object itself; it is true beforehand. */
typedef struct ist_handler {
  size_t size;
  void *env;
  ist_finalizer finalize;
  ist_status (*get)(void *env, const ist_access *access, ist_value *result, bool *handled);
  /* Without it, writing fails for properties that are not writable. Object.defineProperty with a
   * value comes here too; other changes of what C has are refused. */
  ist_status (*set)(void *env, const ist_access *access, ist_value value, bool *handled);
  /* Whether a property is there, true beforehand, and its `*flags` of IST_PROP_*. When it is not,
   * the object itself is looked at. Without `query`, what `get` answers is there; it is enumerable,
   * with `set` writable, and with `remove` configurable (both with `only_missing`), which also
   * `*flags` is beforehand. Asked more often than one may expect. */
  ist_status (*query)(void *env, const ist_access *access, uint32_t *flags, bool *found);
  /* `*removed` is true beforehand; false throws in strict code. Without it, properties that are
   * there are not deleted. */
  ist_status (*remove)(void *env, const ist_access *access, bool *removed, bool *handled);
  /* `*result` is an array of keys: strings and symbols, or array indices; undefined: none. Those
   * that `query` says to be enumerable are then listed after the object's own. */
  ist_status (*enumerate)(void *env, const ist_access *access, ist_value *result);
  bool no_symbols;   /* of a named handler: symbols go by it */
  bool only_missing; /* asked only for what the object, and for names its prototypes, do not have;
                        without `set`, writes make properties of the object that hide C's */
} ist_handler;

/* Sets the interceptor of an object template for names, or for array indices; copied.
 * IST_ERR_TYPE for a function template. Since 0.1. */
IST_API ist_status ist_template_set_named(ist_template *object, const ist_handler *handler);
IST_API ist_status ist_template_set_indexed(ist_template *object, const ist_handler *handler);

/* Makes the objects of an object template callable, also by `new`, which gives an empty object when
 * fn gives none. IST_ERR_TYPE for a function template. Since 0.1. */
IST_API ist_status ist_template_set_call(ist_template *object, ist_function fn, void *env,
                                         ist_finalizer finalize);

/* How many internal fields the objects of an object template have: places for a pointer of the
 * host's each, which JavaScript cannot see. IST_ERR_LIMIT beyond 64. Since 0.1. */
IST_API ist_status ist_template_set_fields(ist_template *object, uint32_t count);

/* An object made from an object template, and the function of a function template (the same one
 * each time in one context). IST_ERR_TYPE for the other kind. Since 0.1. */
IST_API ist_status ist_template_make(ist_context *context, ist_template *object, ist_value *result,
                                     IST_OWN ist_error **error);
IST_API ist_status ist_template_function(ist_context *context, ist_template *function,
                                         ist_value *result, IST_OWN ist_error **error);

/* Whether an object was made by a function template, or one that inherits from it. IST_ERR_TYPE for
 * an object template. Since 0.1. */
IST_API ist_status ist_template_has_instance(ist_template *function, ist_value value, bool *result);

/* The pointer in an internal field, which may be any. `tag` is any address that stands for the
 * pointer's type: what was set with another tag is IST_ERR_TYPE, as is an object that has no such
 * field. An unset field gives NULL for every tag. Since 0.1. */
IST_API ist_status ist_object_set_field(ist_isolate *isolate, ist_value object, uint32_t index,
                                        void *pointer, const void *tag);
IST_API ist_status ist_object_field(ist_isolate *isolate, ist_value object, uint32_t index,
                                    const void *tag, void **result);

/* A value that stands for a pointer of the host's, to be kept by JavaScript without being of use to
 * it; `tag` as above. `finalize(env)` when JavaScript has forgotten it; reading gives `env`. Since
 * 0.1. */
IST_API ist_status ist_external_new(ist_context *context, void *env, const void *tag,
                                    ist_finalizer finalize, ist_value *result);
IST_API ist_status ist_external_read(ist_isolate *isolate, ist_value external, const void *tag,
                                     void **result);

/* ---- Scripts ---- */

/* A source text and where it comes from. */
typedef struct ist_source {
  size_t size;
  const char *text; /* UTF-8 */
  size_t length;
  const char *file;      /* names it in errors, and is a module's URL; NULL: "<script>" */
  int32_t line_offset;   /* how many lines stand before the text in the file */
  int32_t column_offset; /* how many UTF-16 units stand before the text in its first line */
  const uint8_t *cache;  /* from ist_script_cache or its kin for this very text, `file` and
                            offsets, or NULL */
  size_t cache_length;
} ist_source;

/* Runs a classic script and gives its completion value. `file` names it in errors. IST_ERR_SYNTAX.
 * `result` may be NULL. Since 0.1. */
IST_API ist_status ist_script_eval(ist_context *context, const char *source, size_t length,
                                   const char *file, ist_value *result, IST_OWN ist_error **error);

/* Runs a text whose declarations are its own: `let`, `const` and classes at its top level end with
 * it, as in an indirect eval, so that the same text can be run again in the same context; what it
 * gives to the global object (`var`, functions, assignments) stays until ist_compartment_sweep. The
 * rest is as with ist_script_eval, also where code from strings is refused; white space in `file`
 * is written as in URLs, "my%20file.js". `source` may have no cache. The text that a context was
 * given last is known and need not be read again. IST_ERR_SYNTAX, IST_ERR_LIMIT. Since 0.1. */
IST_API ist_status ist_compartment_eval(ist_context *context, const ist_source *source,
                                        ist_value *result, IST_OWN ist_error **error);

/* Takes away what programs have left in a frozen context: properties of the global object that it
 * did not begin with, the last match of regular expressions, microtasks that were not run and
 * rejections that nobody was told of. Nothing of a run can be found by the next one then, if the
 * programs came by ist_compartment_eval; no code of theirs runs. IST_ERR_STATE when the context is
 * not frozen, JavaScript runs in the isolate, or it cannot be cleaned, as when a program has
 * defined a global that cannot be deleted, or more than 4096: free it and make another. Since 0.1.
 */
IST_API ist_status ist_compartment_sweep(ist_context *context);

/* Compiles a classic script, to be run in any context of the isolate, any number of times.
 * IST_ERR_SYNTAX, IST_ERR_LIMIT for a text that is too long for V8. Since 0.1. */
IST_API ist_status ist_script_compile(ist_context *context, const ist_source *source,
                                      IST_OWN ist_script **result, IST_OWN ist_error **error);
IST_API void ist_script_free(IST_OWN ist_script *script);

/* Runs a compiled script; `result` may be NULL. IST_ERR_HANDLE when it was freed or is another
 * isolate's. Since 0.1. */
IST_API ist_status ist_script_run(ist_context *context, ist_script *script, ist_value *result,
                                  IST_OWN ist_error **error);

/* Compiles a text as the body of a function with the given parameters. The cache is one of
 * ist_function_cache. IST_ERR_SYNTAX, IST_ERR_ARGUMENT for a parameter that is no identifier,
 * IST_ERR_LIMIT for more than 65,000 of them. Since 0.1. */
IST_API ist_status ist_function_compile(ist_context *context, const ist_source *source,
                                        const char *const *parameters, size_t count,
                                        ist_value *result, IST_OWN ist_error **error);

/* The code of a script, function (of ist_function_compile) or module, with what was compiled lazily
 * until now, to be given along with the same text another time; bytes are freed by ist_free. It
 * belongs to one version and configuration of V8. Bytes that were damaged or belong elsewhere are
 * not used; but they are code, and bytes that somebody has forged are run: keep them where the text
 * is kept. IST_ERR_STATE for what has none: other functions, modules without text.
 * Since 0.1. */
IST_API ist_status ist_script_cache(ist_script *script, IST_OWN uint8_t **bytes, size_t *length);
IST_API ist_status ist_function_cache(ist_isolate *isolate, ist_value function,
                                      IST_OWN uint8_t **bytes, size_t *length);
IST_API ist_status ist_module_cache(ist_module *module, IST_OWN uint8_t **bytes, size_t *length);

/* Whether the last compilation in this isolate that was given a cache has used it: false when it
 * was stale or for another text, and the text was compiled anew. Since 0.1. */
IST_API bool ist_isolate_cache_used(const ist_isolate *isolate);

/* ---- Modules ---- */

/* Finds the module for `specifier` as the module named `referrer` (a script's name, for import() in
 * a script) wrote it; `type` is that of the import's assertion (`assert {type: 'json'}`), ""
 * without one. The same module must be given for the same pair. The loader keeps ownership of the
 * module; a failure becomes the error that JavaScript sees. */
typedef ist_status (*ist_resolve)(void *env, ist_context *context, const char *specifier,
                                  size_t length, const char *referrer, const char *type,
                                  ist_module **result, IST_OWN ist_error **error);

/* The same for a loader that answers later: by ist_import_finish, once, on any call into the
 * isolate, also within this one. An import that is never answered ends with its context. Each
 * import of each module is asked for once, unless its loading fails. */
typedef void (*ist_defer)(void *env, ist_context *context, const char *specifier, size_t length,
                          const char *referrer, const char *type, IST_OWN ist_import *import);

/* Adds to a module's `import.meta`, an object with `url` in it already; at its first use. */
typedef void (*ist_import_meta)(void *env, ist_context *context, const char *url, ist_value meta);

typedef struct ist_loader {
  size_t size;
  ist_resolve resolve;         /* may be NULL when `defer` is set */
  ist_import_meta import_meta; /* may be NULL */
  void *env;
  ist_finalizer finalize;
  ist_defer defer; /* asked instead of `resolve` by import() and ist_module_load; may be NULL */
} ist_loader;

/* Sets what resolves imports, static and dynamic, of a context's modules and scripts; copied.
 * Without one every import fails. Since 0.1. */
IST_API ist_status ist_context_set_loader(ist_context *context, const ist_loader *loader);

/* Answers a deferred import with a module (which stays the loader's), or with an error (borrowed).
 * The import is freed. IST_ERR_HANDLE when it was answered before or its context is gone: nothing
 * happens then. IST_ERR_HANDLE for a module of another context or one that was freed, and
 * IST_ERR_ARGUMENT without module and error: the import has failed then. Since 0.1. */
IST_API ist_status ist_import_finish(IST_OWN ist_import *import, ist_module *module,
                                     const ist_error *error);

/* Compiles an ES module; source->file is its URL: in errors, as import.meta.url and as a referrer.
 * IST_ERR_SYNTAX, IST_ERR_LIMIT for a text that is too long for V8. Since 0.1. */
IST_API ist_status ist_module_compile(ist_context *context, const ist_source *source,
                                      IST_OWN ist_module **result, IST_OWN ist_error **error);

/* A module whose default export is the value of a JSON text. IST_ERR_SYNTAX. Since 0.1. */
IST_API ist_status ist_module_new_json(ist_context *context, const char *url, const char *text,
                                       size_t length, IST_OWN ist_module **result,
                                       IST_OWN ist_error **error);

/* A module with exactly the exports `names`, whose values are those of `object`'s properties of
 * these names (read once, now), or undefined until ist_module_set_export when `object` is
 * undefined. IST_ERR_ARGUMENT for a name that comes twice, IST_ERR_LIMIT for more than a million.
 * Since 0.1. */
IST_API ist_status ist_module_new_synthetic(ist_context *context, const char *url,
                                            const char *const *names, size_t count,
                                            ist_value object, IST_OWN ist_module **result,
                                            IST_OWN ist_error **error);

/* Sets an export of a synthetic module. IST_ERR_STATE for another kind or an unknown name. Since
 * 0.1. */
IST_API ist_status ist_module_set_export(ist_module *module, const char *name, ist_value value);

/* Gives the caller's reference up; what imports the module still works, and the module is collected
 * as garbage when nothing does. Since 0.1. */
IST_API void ist_module_free(IST_OWN ist_module *module);

/* Loads and links all that a module imports, through the loader's `resolve`. Repeating it does
 * nothing, and after a failure tries again. IST_ERR_SYNTAX for an export that is missing,
 * IST_ERR_EXCEPTION when the loader has failed, IST_ERR_STATE within `resolve`. Since 0.1. */
IST_API ist_status ist_module_instantiate(ist_module *module, IST_OWN ist_error **error);

/* Runs a linked module, once, and gives the promise of its end (top-level await). An error that is
 * thrown rejects the promise. IST_ERR_STATE when it is not linked, or when it or one that it
 * imports runs right now. Since 0.1. */
IST_API ist_status ist_module_evaluate(ist_module *module, ist_value *promise,
                                       IST_OWN ist_error **error);

/* Loads (through `defer` where the loader has it), links and runs a module and all it imports;
 * gives the promise of its namespace, which every failure on the way rejects. Since 0.1. */
IST_API ist_status ist_module_load(ist_module *module, ist_value *promise,
                                   IST_OWN ist_error **error);

/* The namespace object of a linked module. IST_ERR_STATE. Since 0.1. */
IST_API ist_status ist_module_namespace(ist_module *module, ist_value *result);

/* ---- The loop ---- */

/* Each isolate has an event loop, made at its first use: timers, tasks of V8's own, callbacks
 * posted from other threads, finalizers of what was forgotten. It runs under a foreign loop (epoll,
 * asyncio, Go): wait until ist_loop_fd is readable or ist_loop_timeout has passed, then call
 * ist_loop_run with IST_LOOP_NOWAIT, and ask for the timeout again. */

/* A file descriptor, owned by the isolate, that becomes readable when another thread or V8 has
 * given the loop something to do, or when what is due has changed since the loop was asked for its
 * timeout: a timer that is made meanwhile need not be looked for. IST_ERR_IO. Since 0.1. */
IST_API ist_status ist_loop_fd(ist_isolate *isolate, int *result);

/* The milliseconds until the loop has something to do even if the descriptor stays silent: 0 when
 * it has now, -1 for never. Since 0.1. */
IST_API ist_status ist_loop_timeout(ist_isolate *isolate, int *result);

typedef enum ist_loop_mode {
  IST_LOOP_NOWAIT, /* what is ready */
  IST_LOOP_ONCE,   /* the same; waits first when that is nothing (a signal, or another thread, may
                      end the wait with nothing done) */
  IST_LOOP_DEFAULT /* until nothing is left to happen */
} ist_loop_mode;

/* Runs the loop: first the microtasks that are queued, then timers, tasks of V8's, posted
 * callbacks and immediates, each followed by its microtasks. What they throw goes to the hook of
 * ist_isolate_set_uncaught, and the loop goes on. `alive` (may be NULL): whether something can
 * still happen. IST_ERR_STATE within itself or another callback of the isolate, and while another
 * thread runs it. The isolate's lock is not held while it waits, unless the caller holds it. Since
 * 0.1. */
IST_API ist_status ist_loop_run(ist_isolate *isolate, ist_loop_mode mode, bool *alive);

/* Calls fn(env, isolate) on the thread that runs the loop, at its next turn, in the order of
 * posting. Any thread, while the isolate lives. A post that waits is run before the loop ends, but
 * nobody waits for one that may come: see ist_loop_ref. Since 0.1. */
IST_API ist_status ist_loop_post(ist_isolate *isolate, void (*fn)(void *env, ist_isolate *isolate),
                                 void *env, ist_finalizer finalize);

/* A reference for something under way outside: the loop does not end while there are any. Any
 * thread. IST_ERR_STATE: more given back than taken. Since 0.1. */
IST_API ist_status ist_loop_ref(ist_isolate *isolate);
IST_API ist_status ist_loop_unref(ist_isolate *isolate);

typedef enum ist_level {
  IST_LEVEL_DEBUG,
  IST_LEVEL_LOG,
  IST_LEVEL_INFO,
  IST_LEVEL_WARN,
  IST_LEVEL_ERROR
} ist_level;

/* Told of a line or lines that JavaScript's console shows; `text` without the last line's end. May
 * call into the isolate. */
typedef void (*ist_message)(void *env, ist_context *context, ist_level level, const char *text,
                            size_t length);

typedef struct ist_web_options {
  size_t size;
  ist_message message; /* NULL: console writes to standard output and error */
  void *env;
  ist_finalizer finalize;
  bool no_timers;
} ist_web_options;

/* Adds the globals of the web's common minimum to a context: console, timers, queueMicrotask,
 * structuredClone, TextEncoder and so on; to be done before programs run in it, which could change
 * the built-ins that these globals are made with. No access to files, processes or libraries comes
 * with them. Timers run with the isolate's loop, and end with the context. Once for a context:
 * IST_ERR_STATE. `options` may be NULL. Since 0.1. */
IST_API ist_status ist_context_add_web(ist_context *context, const ist_web_options *options,
                                       IST_OWN ist_error **error);

/* ---- Native libraries ---- */

/* Opens the library that an interface file describes: by its text, by its file, by the descriptor
 * that `isthmus gen` makes of it, or by the name of an installed one ("zlib"; `dirs` are searched
 * before the installed folder, end with NULL, and may be NULL). `file` names a text in messages,
 * and is what its relative paths start from. A library serves every isolate of the process. Any
 * thread, no isolate needed. IST_ERR_INTERFACE with the compiler's messages, or for what is
 * no descriptor; IST_ERR_NOT_FOUND for an interface file, shared object or symbol that is not
 * there. Since 0.1. */
IST_API ist_status ist_library_open_text(const char *file, const char *text, size_t length,
                                         IST_OWN ist_library **result, IST_OWN ist_error **error);
IST_API ist_status ist_library_open_file(const char *path, IST_OWN ist_library **result,
                                         IST_OWN ist_error **error);
IST_API ist_status ist_library_open_descriptor(const char *json, size_t length,
                                               IST_OWN ist_library **result,
                                               IST_OWN ist_error **error);
IST_API ist_status ist_library_open_name(const char *name, const char *const *dirs,
                                         IST_OWN ist_library **result, IST_OWN ist_error **error);

/* What the interface file calls the library; valid until it is freed, NULL for one that was. Any
 * thread. Since 0.1. */
IST_API const char *ist_library_name(const ist_library *library);

/* Gives the caller's reference up: contexts that were granted the library keep it. Any thread.
 * Since 0.1. */
IST_API void ist_library_free(IST_OWN ist_library *library);

/* Gives a context the use of a library: `exports` is a frozen object of its functions, types and
 * constants, for the caller to put where programs find it. `tags` (ends with NULL) narrows it to
 * the functions with one of these tags, and functions without a tag are left out; NULL: everything
 * but what is `unsafe`; the tag "unsafe" adds that. IST_ERR_NOT_FOUND for a tag that no function
 * has, IST_ERR_STATE when the context has the library by other tags, IST_ERR_HANDLE for a library
 * that was freed. Since 0.1. */
IST_API ist_status ist_context_grant(ist_context *context, ist_library *library,
                                     const char *const *tags, ist_value *exports,
                                     IST_OWN ist_error **error);

/* ---- The inspector ---- */

/* The Chrome DevTools protocol over the embedder's own transport. Messages are JSON, in UTF-8. */

typedef struct ist_inspector_options {
  size_t size;
  void *env;
  ist_finalizer finalize;
  /* JavaScript is paused: gives messages to ist_session_dispatch until `quit` was called, then
   * returns. JavaScript goes on when it returns; without it, nothing pauses. Both are called on
   * the thread that runs JavaScript and may call into the isolate. */
  void (*pause)(void *env, ist_inspector *inspector);
  void (*quit)(void *env, ist_inspector *inspector);
  /* A session has sent Runtime.runIfWaitingForDebugger: a program that waits for it may begin. */
  void (*ready)(void *env, ist_inspector *inspector);
} ist_inspector_options;

/* Makes the inspector of an isolate; one at a time: IST_ERR_STATE. Freed before its isolate, or
 * with it. `options` may be NULL. Since 0.1. */
IST_API ist_status ist_inspector_new(ist_isolate *isolate, const ist_inspector_options *options,
                                     IST_OWN ist_inspector **result);
/* Gives the inspector up, with its sessions; what is paused goes on. Within a pause, too. Since
 * 0.1. */
IST_API void ist_inspector_free(IST_OWN ist_inspector *inspector);

/* Shows a context to the sessions, by a name (NULL: the context's own). What its console says is
 * told to them, too. A context that is shown already stays as it is; one that is freed goes. Since
 * 0.1. */
IST_API ist_status ist_inspector_add_context(ist_inspector *inspector, ist_context *context,
                                             const char *name);

/* Pauses at the next statement that runs, as a `debugger` statement would, for the sessions that
 * have enabled Debugger now. `reason` (NULL: "other") is told to them. Since 0.1. */
IST_API ist_status ist_inspector_pause(ist_inspector *inspector, const char *reason);

/* Opens a session: `send` gets each answer and event, on the thread that runs JavaScript. `json` is
 * borrowed and ends with a NUL that `length` does not count. `send` must not run JavaScript, which
 * throws there; dispatching and opening sessions are IST_ERR_STATE within it. Since 0.1. */
IST_API ist_status ist_session_new(ist_inspector *inspector,
                                   void (*send)(void *env, const char *json, size_t length),
                                   void *env, ist_finalizer finalize, IST_OWN ist_session **result);

/* Ends a session; what is paused for it goes on. `send` is not called any more, also when a message
 * of it is under way. Since 0.1. */
IST_API void ist_session_free(IST_OWN ist_session *session);

/* Takes one message; answers come through `send`, often within the call. Any protocol error is
 * answered so; IST_ERR_FORMAT when the message is no JSON object, IST_ERR_MEMORY also when an
 * answer could not be given. May be called within an interrupt and within `pause`. Since 0.1. */
IST_API ist_status ist_session_dispatch(ist_session *session, const char *json, size_t length);

/* ---- Snapshots ---- */

typedef struct ist_snapshot_options {
  size_t size;
  const ist_source *scripts; /* run in this order in the snapshot's context */
  size_t script_count;
  ist_library *const *libraries; /* each granted whole, as a global of its name, before the scripts
                                    run */
  size_t library_count;
} ist_snapshot_options;

/* Builds a start-up snapshot: the state of a context after its scripts, and the microtasks that
 * each has queued, have run. Contexts start from it with what was there, pending promises and the
 * libraries' functions included; the text of an error's stack is there if it was read. Scripts see
 * no Intl, FinalizationRegistry, WebAssembly, SharedArrayBuffer and Atomics, which contexts have
 * once they are started; nor does what they add to built-ins last where V8 has it itself. They run
 * for as long as they like. IST_ERR_SYNTAX; IST_ERR_EXCEPTION also for a rejection that nothing has
 * handled; IST_ERR_STATE with a message when they leave what cannot be kept: a native object that
 * is open, a function that a library may call, a built-in that V8 adds to at a start and that was
 * frozen, a text such as "Symbol.toPrimitive" that V8 has among its constants. `options` may be
 * NULL. Any thread, no isolate needed. Since 0.1. */
IST_API ist_status ist_snapshot_new(const ist_snapshot_options *options,
                                    IST_OWN ist_snapshot **result, IST_OWN ist_error **error);

/* A snapshot as bytes, freed by ist_free, and back. It belongs to one release of this library, one
 * version and configuration of V8, and the libraries that were granted, which must be given in the
 * same order: IST_ERR_STATE when one differs, IST_ERR_FORMAT for other bytes. Bytes that somebody
 * has forged are believed: keep them where programs are kept. Any thread, no isolate needed. Since
 * 0.1.
 */
IST_API ist_status ist_snapshot_write(const ist_snapshot *snapshot, IST_OWN uint8_t **bytes,
                                      size_t *length);
IST_API ist_status ist_snapshot_read(const uint8_t *bytes, size_t length,
                                     ist_library *const *libraries, size_t library_count,
                                     IST_OWN ist_snapshot **result, IST_OWN ist_error **error);

/* Isolates that were started from it keep what they need. Since 0.1. */
IST_API void ist_snapshot_free(IST_OWN ist_snapshot *snapshot);

/* ---- Pools ---- */

/* What stands between one run and the next, weakest first. What each promises and costs is in
 * docs/isolation.md. */
typedef enum ist_isolation {
  IST_ISOLATION_SHARED,      /* one context for all */
  IST_ISOLATION_COMPARTMENT, /* one context, frozen, and swept after each */
  IST_ISOLATION_CONTEXT,     /* a new context for each */
  IST_ISOLATION_ISOLATE,     /* a new isolate for each */
  IST_ISOLATION_PROCESS      /* in processes of their own, a new context for each */
} ist_isolation;

/* How inputs and values are written. */
typedef enum ist_format { IST_FORMAT_JSON, IST_FORMAT_CBOR } ist_format;

typedef struct ist_pool_options {
  size_t size;
  ist_isolation isolation;
  uint32_t threads;    /* how many run at a time, each a thread of the pool's; 0: as many as
                          processors */
  ist_limits limits;   /* of each run; its `size` is not looked at */
  size_t heap_limit;   /* of each isolate, as in ist_isolate_options */
  size_t buffer_limit; /* the same */
  size_t stack_limit;  /* the same */
  const char *cell; /* the isthmus command that IST_ISOLATION_PROCESS starts; NULL: $ISTHMUS_CELL,
                       or the one that belongs to this library, or that of $PATH */
} ist_pool_options;

/* Makes a pool of threads that run programs. `options` may be NULL. Any thread, as all of a pool's
 * functions. IST_ERR_NOT_FOUND when there is no command for cells, IST_ERR_STATE when it is of
 * another release or serves no pools, IST_ERR_RESOURCE when threads or processes cannot be started.
 * Since 0.1. */
IST_API ist_status ist_pool_new(const ist_pool_options *options, IST_OWN ist_pool **result,
                                IST_OWN ist_error **error);

/* Frees a pool: cancels and frees its batches, ends what runs, and waits for its threads. Not while
 * another thread waits in one of its batches. Since 0.1. */
IST_API void ist_pool_free(IST_OWN ist_pool *pool);

/* What a pool has done so far. */
typedef struct ist_pool_statistics {
  size_t size;
  uint64_t runs;     /* that have ended */
  uint64_t failed;   /* of these, with an error */
  uint64_t timeouts; /* of these, for time */
  uint64_t spent;    /* of these, for memory */
  uint64_t replaced; /* contexts, isolates or processes that had to be made anew because of a run */
} ist_pool_statistics;

/* Since 0.1. */
IST_API ist_status ist_pool_read_statistics(ist_pool *pool, ist_pool_statistics *result);

typedef struct ist_batch_options {
  size_t size;
  ist_format input;  /* of the inputs */
  ist_format output; /* of the values */
  size_t window; /* how many inputs may be under way or wait to be taken; 0: 64 for each thread */
  /* Told after each run, before its outcome can be taken, on a thread of the pool's, by one at a
   * time: how many have ended, one more each time, and how many inputs were added. May cancel the
   * batch, and call nothing else of it. */
  void (*progress)(void *env, ist_batch *batch, uint64_t done, uint64_t added);
  void *env;
  ist_finalizer finalize;
} ist_batch_options;

/* Begins a batch: one program over many inputs. The program is a classic script, copied; it finds
 * its input in the global `input`, and its completion value, once the microtasks have run, is its
 * result: when that is a promise, what it was fulfilled with. What JSON has no form for (undefined,
 * functions, symbols) is null. `source->cache` is not used. `options` may be NULL: JSON. A program
 * that does not parse is each input's error. Batches of one pool are served in turn, a run each.
 * Since 0.1. */
IST_API ist_status ist_batch_new(ist_pool *pool, const ist_source *source,
                                 const ist_batch_options *options, IST_OWN ist_batch **result);

/* Adds an input, copied. Waits up to `timeout` milliseconds (-1: as long as it takes) while as many
 * as the window holds are under way or not taken: IST_ERR_LIMIT when that does not change.
 * IST_ERR_STATE after ist_batch_end, IST_ERR_TERMINATED after ist_batch_cancel. Input that cannot
 * be read is its run's error. Since 0.1. */
IST_API ist_status ist_batch_add(ist_batch *batch, const void *input, size_t length, int timeout);

/* Says that no more inputs come. Since 0.1. */
IST_API ist_status ist_batch_end(ist_batch *batch);

/* How the run of one input ended. */
typedef struct ist_outcome {
  size_t size;
  uint64_t index; /* of the input, from 0 */
  ist_status status;
  const uint8_t
      *value; /* what it gave, in the batch's format, and a NUL behind it; NULL: it failed */
  size_t length;
  const ist_error *error; /* NULL: it did not fail; its `value` is always undefined */
  uint64_t wall, cpu;     /* nanoseconds that it took; cpu is 0 when nobody has counted */
} ist_outcome;

/* Gives the next outcome, in the order of the inputs, waiting up to `timeout` milliseconds for it
 * (-1: as long as it takes). IST_ERR_TIMEOUT when it is not there yet; IST_ERR_NOT_FOUND when there
 * are no more, after ist_batch_end or ist_batch_cancel. After a cancellation, inputs that were not
 * run have IST_ERR_TERMINATED. Since 0.1. */
IST_API ist_status ist_batch_next(ist_batch *batch, int timeout, IST_OWN ist_outcome **result);

/* Frees an outcome with its value and error, before or after its batch and pool. Since 0.1. */
IST_API void ist_outcome_free(IST_OWN ist_outcome *outcome);

/* Ends the batch early: what runs is terminated, what waits is not run. Its outcomes can still be
 * taken. Since 0.1. */
IST_API ist_status ist_batch_cancel(ist_batch *batch);

/* Frees a batch, cancelling it first: nothing of it runs any more, and `progress` is not called,
 * when this returns. Since 0.1. */
IST_API void ist_batch_free(IST_OWN ist_batch *batch);

/* Serves a pool as one of its processes, over the socket `fd`, until that closes: what the command
 * `isthmus cell` does. Takes from the process what it does not need: other descriptors, files, the
 * network (docs/isolation.md). Gives the process's exit code. Since 0.1. */
IST_API int ist_cell_serve(int fd);

/* ---- The host ---- */

/* A host is an isolate and a context with an event loop, the globals of the web's common minimum
 * (console, timers, structuredClone, TextEncoder and so on), modules from files, `isthmus:host`,
 * `isthmus:ffi` and `ffi:NAME`. */

/* `grants` entries: the name of an installed library ("zlib"), or the path of an interface file
 * (with a '/' or the ending ".idl"). */
typedef struct ist_host_options {
  size_t size;
  int argc; /* what JavaScript sees as args, copied */
  const char *const *argv;
  const char *const *idl_dirs; /* searched before the installed folder, in this order; ends with
                                  NULL; may be NULL */
  const char *const *grants;   /* ends with NULL; may be NULL: nothing is granted */
  bool grant_all;              /* every library and file: the full power of native code */
  /* Called when a program is loaded and linked, right before its first statement, so that an
   * inspector can pause there; may be NULL. */
  void (*start)(void *env, ist_host *host);
  void *env;
} ist_host_options;

/* Makes a host. `options` may be NULL. IST_ERR_ARGUMENT, IST_ERR_MEMORY, IST_ERR_IO (no event
 * loop). Since 0.1. */
IST_API ist_status ist_host_new(const ist_host_options *options, IST_OWN ist_host **result);

/* Frees a host with its isolate. Since 0.1. */
IST_API void ist_host_free(IST_OWN ist_host *host);

/* The host's context, borrowed. Since 0.1. */
IST_API ist_context *ist_host_context(ist_host *host);

/* Runs a file as an ES module (or JSON) until the event loop has nothing left to do. Uncaught
 * errors go to standard error with their place, source line and stack. `exit_code` is 0, 1 after an
 * uncaught error, 13 when the module waits for what never comes, or what exit() was given. IST_OK
 * whenever JavaScript was run. Since 0.1. */
IST_API ist_status ist_host_run_file(ist_host *host, const char *path, int *exit_code);

/* Runs source text as an ES module named `name`, whose imports are relative to the working
 * directory. With `print`, the text is a sequence of statements whose last value is shown on
 * standard output. The rest as above. Since 0.1. */
IST_API ist_status ist_host_eval(ist_host *host, const char *source, size_t length,
                                 const char *name, bool print, int *exit_code);

/* What became of an input to the loop below. */
typedef enum ist_repl_outcome {
  IST_REPL_DONE,       /* it ran; `text` is what to show, or NULL for undefined */
  IST_REPL_ERROR,      /* it threw; `text` is the error as it is to be shown */
  IST_REPL_INCOMPLETE, /* more lines are needed; `text` is NULL */
  IST_REPL_EXIT        /* exit() was called; `exit_code` is set */
} ist_repl_outcome;

typedef struct ist_repl_result {
  size_t size;
  ist_repl_outcome outcome;
  char *text; /* owned by the caller, freed by ist_free */
  int exit_code;
} ist_repl_result;

/* Runs one input of an interactive session: top-level await, declarations that last, and the shown
 * value. Timers and other events run while it is awaited. `colors` makes the text coloured. Since
 * 0.1. */
IST_API ist_status ist_host_repl_eval(ist_host *host, const char *source, size_t length,
                                      bool colors, ist_repl_result *result);

/* Ends what runs or is awaited by the call of ist_host_repl_eval that is under way, which answers
 * IST_REPL_ERROR; nothing happens when none is. Any thread. Since 0.1. */
IST_API void ist_host_interrupt(ist_host *host);

/* What could stand at the end of `source`: globals, declarations, properties of a dotted name (read
 * without running getters). `completions` is the names, each ended by '\n', freed by ist_free;
 * `start` is the offset in `source` that they replace from. Since 0.1. */
IST_API ist_status ist_host_repl_complete(ist_host *host, const char *source, size_t length,
                                          IST_OWN char **completions, size_t *start);

/* Runs what the event loop has ready, without waiting, and gives the milliseconds until the next
 * timer (-1: nothing is due ever, 0: more is ready). Since 0.1. */
IST_API ist_status ist_host_turn(ist_host *host, int *timeout);

#ifdef __cplusplus
}
#endif

#endif
