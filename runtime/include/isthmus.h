/* isthmus.h: the only public header of Isthmus. Plain C, for every language: isolates, contexts,
 * values, modules and a ready-made host on V8, and native libraries described by interface files.
 *
 * What holds everywhere:
 * - A function that can fail returns an ist_status; results come through the trailing parameters,
 *   which are written on success only. Where there is a trailing `ist_error **`, it may be NULL;
 *   otherwise it is set to NULL on success and on failure to an error that the caller owns (or to
 *   NULL when memory is out).
 * - IST_OWN marks what changes owner: an owned result is given back to the matching _free; an owned
 *   argument is the callee's from the call on, also when the call fails. What is not marked is
 *   borrowed for the length of the call. Every _free takes NULL and does nothing with it.
 * - Text is UTF-8, given by pointer and length; it may contain NUL. File names and URLs end with
 *   NUL.
 * - An isolate, with all its contexts, values and modules, is used by one thread at a time.
 *   Isolates are independent.
 * - Callbacks come as (fn, env, finalize): `finalize(env)` is called exactly once, when `fn` will
 *   not be called again; it may run on the isolate's thread at any call into the isolate, and must
 *   not call into it. It may be NULL.
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

/* ---- Version and status ---- */

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
  X(ERR_RESOURCE, 13, "a resource of the system is exhausted")

typedef enum ist_status {
#define IST_STATUS_ENTRY(name, value, text) IST_##name = value,
  IST_STATUS_MAP(IST_STATUS_ENTRY)
#undef IST_STATUS_ENTRY
} ist_status;

/* The name of a status, such as "ERR_HANDLE", and its text; static, "unknown" for other numbers.
 * Any thread. Since 0.1. */
IST_API const char *ist_status_name(ist_status status);
IST_API const char *ist_status_text(ist_status status);

typedef struct ist_isolate ist_isolate;
typedef struct ist_context ist_context;
typedef struct ist_module ist_module;
typedef struct ist_host ist_host;

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

/* What a failure was. Every text may be NULL when there is nothing to say. Owned by whom it was
 * given to. */
typedef struct ist_error {
  size_t size;
  ist_status status;
  const char *name;        /* the error's class, such as "TypeError" */
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
} ist_error;

/* Makes an error for a callback to hand back. `name` ("Error" when NULL) and `message` are copied.
 * NULL when memory is out. Any thread. Since 0.1. */
IST_API IST_OWN ist_error *ist_error_new(ist_status status, const char *name, const char *message);

/* Frees an error and releases the value in it. The isolate's thread, before or after the isolate is
 * freed; any thread when there is no value. Since 0.1. */
IST_API void ist_error_free(IST_OWN ist_error *error);

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

/* ---- Isolates and contexts ---- */

typedef struct ist_isolate_options {
  size_t size;
  size_t heap_limit; /* bytes that V8's heap may grow to; 0: V8's own choice */
} ist_isolate_options;

/* Makes an isolate: a JavaScript heap with its collector. The first one starts V8 for the process.
 * `options` may be NULL. Any thread. IST_ERR_ARGUMENT, IST_ERR_MEMORY. Since 0.1. */
IST_API ist_status ist_isolate_new(const ist_isolate_options *options,
                                   IST_OWN ist_isolate **result);

/* Frees an isolate with its contexts, modules and values; finalizers of its callbacks run before
 * this returns. Not from within a callback of this isolate. Since 0.1. */
IST_API void ist_isolate_free(IST_OWN ist_isolate *isolate);

/* Makes a context: a global object with its own built-ins. Nothing is granted to it and no host
 * globals are in it. IST_ERR_MEMORY. Since 0.1. */
IST_API ist_status ist_context_new(ist_isolate *isolate, IST_OWN ist_context **result);

/* Gives a context up. Its values stay readable until they are released; running anything in it is
 * IST_ERR_HANDLE from now on. The pointer stays safe to pass until its isolate is freed. Since 0.1.
 */
IST_API void ist_context_free(IST_OWN ist_context *context);

/* The isolate of a context. Never fails. Since 0.1. */
IST_API ist_isolate *ist_context_isolate(ist_context *context);

/* The global object. IST_ERR_HANDLE. Since 0.1. */
IST_API ist_status ist_context_global(ist_context *context, ist_value *result);

/* Runs the microtasks (promise reactions) that are queued, and those that they queue. They never
 * run on their own. What they throw is an unhandled rejection. IST_ERR_TERMINATED. Since 0.1. */
IST_API ist_status ist_isolate_run_microtasks(ist_isolate *isolate);

/* Takes the oldest promise that was rejected and has no handler yet, with its reason; a caller asks
 * after microtasks have run. IST_ERR_NOT_FOUND when there is none. Since 0.1. */
IST_API ist_status ist_isolate_next_rejection(ist_isolate *isolate, ist_value *promise,
                                              IST_OWN ist_error **reason);

/* Ends the JavaScript that runs in the isolate now with an error that it cannot catch; the
 * outermost call answers IST_ERR_TERMINATED. Nothing happens when none runs. Any thread. Since 0.1.
 */
IST_API ist_status ist_isolate_terminate(ist_isolate *isolate);

/* Collects all garbage that V8 can find now, for tests and for moments when waiting does not
 * matter: it takes milliseconds to seconds. Since 0.1. */
IST_API ist_status ist_isolate_collect(ist_isolate *isolate);

/* ---- Lifetimes of values ---- */

/* A handle that a function here makes lives until the scope that was open then closes; a callback
 * has a scope of its own, and outside of every scope handles live until ist_value_free or the
 * isolate's end. */

/* Opens a scope; scopes close in the reverse order. IST_ERR_MEMORY. Since 0.1. */
IST_API ist_status ist_scope_open(ist_isolate *isolate, uint32_t *scope);

/* Closes a scope with all that were opened after it: their handles become stale. IST_ERR_ARGUMENT
 * when it is not open. Since 0.1. */
IST_API ist_status ist_scope_close(ist_isolate *isolate, uint32_t scope);

/* Makes a handle to the same value that outlives every scope; values that are no handles come back
 * as they are. IST_ERR_HANDLE, IST_ERR_MEMORY. Since 0.1. */
IST_API ist_status ist_value_keep(ist_isolate *isolate, ist_value value, IST_OWN ist_value *result);

/* Releases a handle, kept or not, early. IST_ERR_HANDLE when it is stale or foreign; values that
 * are no handles need none and are accepted. Since 0.1. */
IST_API ist_status ist_value_free(ist_isolate *isolate, IST_OWN ist_value value);

/* ---- Making and reading values ---- */

/* A string from UTF-8 (malformed sequences become U+FFFD). IST_ERR_ARGUMENT when it is longer than
 * V8 allows. Since 0.1. */
IST_API ist_status ist_string_new(ist_isolate *isolate, const char *text, size_t length,
                                  ist_value *result);

/* Copies a string out as UTF-8 (lone surrogates become U+FFFD) with a NUL behind it, which `length`
 * does not count. The caller frees `text` by ist_free. `length` may be NULL. IST_ERR_TYPE,
 * IST_ERR_HANDLE, IST_ERR_MEMORY. Since 0.1. */
IST_API ist_status ist_string_read(ist_isolate *isolate, ist_value string, IST_OWN char **text,
                                   size_t *length);

/* Frees what a function here allocated for the caller. Any thread. Since 0.1. */
IST_API void ist_free(IST_OWN void *memory);

/* A Uint8Array over a new ArrayBuffer that holds a copy of `bytes`. IST_ERR_MEMORY, IST_ERR_HANDLE.
 * Since 0.1. */
IST_API ist_status ist_bytes_new(ist_context *context, const void *bytes, size_t length,
                                 ist_value *result);

/* The same over the caller's own memory, without a copy; `finalize(env)` when the buffer is gone,
 * on any thread. Since 0.1. */
IST_API ist_status ist_bytes_adopt(ist_context *context, IST_OWN void *bytes, size_t length,
                                   void (*finalize)(void *env), void *env, ist_value *result);

/* The bytes of an ArrayBuffer, typed array or DataView, borrowed until JavaScript runs or the
 * handle is released. IST_ERR_TYPE, IST_ERR_HANDLE. Since 0.1. */
IST_API ist_status ist_bytes_read(ist_isolate *isolate, ist_value value, uint8_t **bytes,
                                  size_t *length);

/* A new empty object, or array. IST_ERR_HANDLE, IST_ERR_MEMORY. Since 0.1. */
IST_API ist_status ist_object_new(ist_context *context, ist_value *result);
IST_API ist_status ist_array_new(ist_context *context, ist_value *result);

/* Reads, writes and deletes a property by name, as JavaScript would (getters, setters and proxies
 * run). IST_ERR_TYPE when `object` is none, IST_ERR_HANDLE, IST_ERR_EXCEPTION, IST_ERR_TERMINATED.
 * Since 0.1. */
IST_API ist_status ist_object_get(ist_context *context, ist_value object, const char *name,
                                  ist_value *result, IST_OWN ist_error **error);
IST_API ist_status ist_object_set(ist_context *context, ist_value object, const char *name,
                                  ist_value value, IST_OWN ist_error **error);

/* The same by array index. Since 0.1. */
IST_API ist_status ist_object_get_index(ist_context *context, ist_value object, uint32_t index,
                                        ist_value *result, IST_OWN ist_error **error);
IST_API ist_status ist_object_set_index(ist_context *context, ist_value object, uint32_t index,
                                        ist_value value, IST_OWN ist_error **error);

/* Defines an own property without running setters. `flags` are ored from IST_PROP_*. IST_ERR_STATE
 * when the object refuses. Since 0.1. */
#define IST_PROP_WRITABLE 1u
#define IST_PROP_ENUMERABLE 2u
#define IST_PROP_CONFIGURABLE 4u
IST_API ist_status ist_object_define(ist_context *context, ist_value object, const char *name,
                                     ist_value value, uint32_t flags, IST_OWN ist_error **error);

/* An array of the names of an object's properties that may be read: own ones, or with `inherited`
 * those of the whole prototype chain, strings only, enumerable or not. Since 0.1. */
IST_API ist_status ist_object_names(ist_context *context, ist_value object, bool inherited,
                                    ist_value *result, IST_OWN ist_error **error);

/* Whether a value is an array, and how many elements it has. IST_ERR_TYPE when not. Since 0.1. */
IST_API ist_status ist_array_length(ist_isolate *isolate, ist_value array, uint32_t *result);

/* The state of a promise, and its value or reason (undefined while pending). IST_ERR_TYPE for
 * anything else. Looking at it does not mark a rejection as handled. Since 0.1. */
typedef enum ist_promise_state {
  IST_PROMISE_PENDING,
  IST_PROMISE_FULFILLED,
  IST_PROMISE_REJECTED
} ist_promise_state;
IST_API ist_status ist_promise_read(ist_isolate *isolate, ist_value promise,
                                    ist_promise_state *state, ist_value *result);

/* Marks a promise's rejection as handled, so that ist_isolate_next_rejection does not report it.
 * IST_ERR_TYPE. Since 0.1. */
IST_API ist_status ist_promise_mark_handled(ist_isolate *isolate, ist_value promise);

/* ---- Functions ---- */

/* A call from JavaScript. Borrowed for the call, `argv` too; handles in it live until the callback
 * returns. */
typedef struct ist_call {
  size_t size;
  ist_context *context; /* the one in which the function was made */
  ist_value receiver;
  size_t argc;
  const ist_value *argv;
} ist_call;

/* Answers a call. `*result` is undefined beforehand. On any status but IST_OK JavaScript sees an
 * exception: what ist_throw or ist_throw_error set during the call, else an Error with the status's
 * text. */
typedef ist_status (*ist_function)(void *env, const ist_call *call, ist_value *result);

/* A function that calls back into C. `name` may be NULL. IST_ERR_HANDLE, IST_ERR_MEMORY. Since 0.1.
 */
IST_API ist_status ist_function_new(ist_context *context, const char *name, ist_function fn,
                                    void *env, void (*finalize)(void *env), ist_value *result);

/* Calls a function. IST_ERR_TYPE when it is none, IST_ERR_EXCEPTION, IST_ERR_TERMINATED,
 * IST_ERR_HANDLE. Microtasks do not run. Since 0.1. */
IST_API ist_status ist_function_call(ist_context *context, ist_value function, ist_value receiver,
                                     size_t argc, const ist_value *argv, ist_value *result,
                                     IST_OWN ist_error **error);

/* Within a callback: sets what JavaScript will see thrown when the callback returns, and gives
 * IST_ERR_EXCEPTION, for the callback to return. Since 0.1. */
IST_API ist_status ist_throw(ist_context *context, ist_value value);

/* The same with a new error; `name` is "Error", "TypeError", "RangeError", "SyntaxError" or
 * "ReferenceError" (another one makes an Error with that name). Since 0.1. */
IST_API ist_status ist_throw_error(ist_context *context, const char *name, const char *message);

/* The same with an error that another function here has given: JavaScript sees the value that was
 * thrown, or a new error with the name, message and place. The error stays the caller's. Since 0.1.
 */
IST_API ist_status ist_throw_again(ist_context *context, const ist_error *error);

/* ---- Scripts and modules ---- */

/* Runs a classic script and gives its completion value. `file` names it in errors. IST_ERR_SYNTAX,
 * IST_ERR_EXCEPTION, IST_ERR_TERMINATED, IST_ERR_HANDLE. Microtasks do not run. Since 0.1. */
IST_API ist_status ist_script_eval(ist_context *context, const char *source, size_t length,
                                   const char *file, ist_value *result, IST_OWN ist_error **error);

/* Finds the module for `specifier` as the module named `referrer` (a script's name, for import() in
 * a script) wrote it; `type` is that of the import's assertion (`assert {type: 'json'}`), ""
 * without one. The same module must be given for the same pair. The loader keeps ownership of the
 * module; a failure becomes the error that JavaScript sees. */
typedef ist_status (*ist_resolve)(void *env, ist_context *context, const char *specifier,
                                  size_t length, const char *referrer, const char *type,
                                  ist_module **result, IST_OWN ist_error **error);

/* Adds to a module's `import.meta`, an object with `url` in it already; at its first use. */
typedef void (*ist_import_meta)(void *env, ist_context *context, const char *url, ist_value meta);

typedef struct ist_loader {
  size_t size;
  ist_resolve resolve;
  ist_import_meta import_meta; /* may be NULL */
  void *env;
  void (*finalize)(void *env);
} ist_loader;

/* Sets what resolves imports, static and dynamic, of a context's modules and scripts; copied.
 * Without one every import fails. Since 0.1. */
IST_API ist_status ist_context_set_loader(ist_context *context, const ist_loader *loader);

/* Compiles an ES module. `url` names it: in errors, as import.meta.url and as a referrer.
 * IST_ERR_SYNTAX. Since 0.1. */
IST_API ist_status ist_module_compile(ist_context *context, const char *url, const char *source,
                                      size_t length, IST_OWN ist_module **result,
                                      IST_OWN ist_error **error);

/* A module whose default export is the value of a JSON text. IST_ERR_SYNTAX. Since 0.1. */
IST_API ist_status ist_module_new_json(ist_context *context, const char *url, const char *text,
                                       size_t length, IST_OWN ist_module **result,
                                       IST_OWN ist_error **error);

/* A module with exactly the exports `names`, whose values are those of `object`'s properties of
 * these names (read once, now), or undefined until ist_module_set_export when `object` is
 * undefined. Since 0.1. */
IST_API ist_status ist_module_new_synthetic(ist_context *context, const char *url,
                                            const char *const *names, size_t count,
                                            ist_value object, IST_OWN ist_module **result,
                                            IST_OWN ist_error **error);

/* Sets an export of a synthetic module. IST_ERR_STATE for another kind or an unknown name. Since
 * 0.1. */
IST_API ist_status ist_module_set_export(ist_module *module, const char *name, ist_value value);

/* Gives the caller's reference up; what imports the module still works. Since 0.1. */
IST_API void ist_module_free(IST_OWN ist_module *module);

/* Loads and links all that a module imports, through the context's loader. Repeating it does
 * nothing. IST_ERR_EXCEPTION, IST_ERR_SYNTAX (also of a missing export). Since 0.1. */
IST_API ist_status ist_module_instantiate(ist_module *module, IST_OWN ist_error **error);

/* Runs a linked module, once, and gives the promise of its end (top-level await). An error that is
 * thrown rejects the promise. IST_ERR_STATE when it is not linked, IST_ERR_TERMINATED. Since 0.1.
 */
IST_API ist_status ist_module_evaluate(ist_module *module, ist_value *promise,
                                       IST_OWN ist_error **error);

/* The namespace object of a linked module. IST_ERR_STATE. Since 0.1. */
IST_API ist_status ist_module_namespace(ist_module *module, ist_value *result);

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
