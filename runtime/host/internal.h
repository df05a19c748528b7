/* What the files of the host share: the records of loops, web globals and hosts, and what each file
 * offers the others. V8 is driven through isthmus.h and runtime/v8/embed.h alone. A loop, its
 * timers and its contexts' web globals are touched with the isolate's lock held; a host's grants
 * and paths are kept here, out of JavaScript's reach. */
#ifndef IST_HOST_INTERNAL_H
#define IST_HOST_INTERNAL_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "isthmus.h"
#include "../ffi/alloc.h"
#include "../v8/embed.h"

/* ---- Text that grows ---- */

/* Always ends with a NUL that `length` does not count; `data` NULL while nothing was added. Running
 * out of memory ends the process: these hold paths and messages. */
typedef struct ist__text {
  char *data;
  size_t length, capacity;
} ist__text;

void ist__text_add(ist__text *text, const char *bytes, size_t length);
void ist__text_puts(ist__text *text, const char *string);
void ist__text_printf(ist__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void ist__text_free(ist__text *text);
char *ist__must_copy(const char *string);
void *ist__must_alloc(size_t size);

/* ---- Loops ---- */

typedef struct ist__timer ist__timer;

typedef struct ist__timers {
  ist__timer **heap; /* by due time, then by age */
  size_t count, capacity;
  ist__timer *immediates, **last_immediate;
  ist__timer **table; /* by id */
  size_t table_size, total;
  uint64_t last_id, sequence;
  size_t referenced; /* timers and immediates that keep the loop alive */
} ist__timers;

/* The event loop of an isolate, freed with it. */
typedef struct ist__loop {
  ist_isolate *isolate;
  uv_loop_t uv;
  uv_async_t wake;
  ist__timers timers;
  bool turning; /* a turn is under way */
  bool waiting; /* it waits, perhaps without the isolate's lock */
  bool watched; /* the descriptor was given out */
  bool entered; /* the run has entered the isolate, and may leave it to wait */
  bool stopped; /* the run is to end */
  bool forked;  /* a callback has forked, and this is the child */
  size_t done;  /* callbacks and tasks that were run */
} ist__loop;

/* The web globals of one context, freed with it. */
typedef struct ist__web {
  ist__loop *loop;
  ist_context *context;
  ist_message message;
  void *env;
  ist_finalizer finalize;
  uint64_t start; /* uv_hrtime when they were made */
  ist__timer *timers;
} ist__web;

/* ---- The host ---- */

typedef struct ist__cached_module {
  char *url;
  ist_module *module;
  struct ist__cached_module *next;
} ist__cached_module;

typedef struct ist__loaded_library {
  char *path; /* real path of the interface file */
  char *label;
  ist_library *library;
  struct ist__loaded_library *next;
} ist__loaded_library;

/* What one name or path was granted with. */
typedef struct ist__host_grant {
  char *name;  /* a library's name, or the real path of an interface file */
  bool whole;  /* not only by tags */
  char **tags; /* ends with NULL; NULL: none */
} ist__host_grant;

struct ist_host {
  ist_isolate *isolate;
  ist_context *context;
  ist__loop *loop; /* the isolate's */
  bool exiting;
  int exit_code;
  bool interactive; /* an uncaught error is shown and does not end the host */
  int argc;
  char **argv;
  char **idl_dirs; /* --idl, then the installed folder; ends with NULL */
  ist__host_grant *grants;
  size_t grant_count;
  bool grant_all;
  void (*start)(void *env, ist_host *host);
  void *env;
  ist__cached_module *modules;
  ist__loaded_library *libraries;
  ist__text input; /* what was read from standard input and not yet given out */
  bool input_ended;
  atomic_bool evaluating, interrupted; /* an interactive input runs; it is to end */
};

/* ---- loop.c ---- */

/* The isolate's loop, made at the first call. IST_ERR_IO. */
ist_status ist__loop_of(ist_isolate *isolate, ist__loop **result);
/* Runs what is ready; with `wait`, when that is nothing, waits for something first. False when
 * nothing is left that could happen, or the loop was stopped. */
bool ist__loop_turn(ist__loop *loop, bool wait);
/* What follows each entry into JavaScript: microtasks, then rejections that nobody handles. */
void ist__loop_settle(ist__loop *loop);
/* Tells of an error that a callback left; NULL: memory was out. `context` may be NULL. */
void ist__loop_uncaught(ist__loop *loop, ist_context *context, ist_status status,
                        const ist_error *error);
/* Milliseconds until something is to be done: 0 now, -1 never. */
int ist__loop_delay(ist__loop *loop);
/* Something became due earlier than whoever waits may know. */
void ist__loop_hurry(ist__loop *loop);
/* Ends the run after the callback that runs. */
void ist__loop_stop(ist__loop *loop);

/* ---- timer.c ---- */

void ist__timers_run(ist__loop *loop);
void ist__immediates_run(ist__loop *loop);
/* Milliseconds until the next timer, whether it keeps the loop alive or not; -1: none. */
int64_t ist__timers_next(ist__loop *loop);
/* The end of a context's timers, and of the loop's own memory for them. */
void ist__timers_end(ist__web *web);
void ist__timers_free(ist__timers *timers);
ist_status ist__timers_install(ist__web *web, ist_value native);

/* ---- web.c ---- */

/* The end of a context's web globals. */
void ist__web_end(ist__web *web);

/* ---- report.c ---- */

/* Shows an uncaught error on standard error and ends the host with its exit code, unless it is
 * interactive. */
void ist__report_uncaught(ist_host *host, const ist_error *error);
/* The text that shows an error, without a final newline; freed by the caller. */
char *ist__report_format(ist_host *host, const ist_error *error, bool colors);
/* The text that shows a value. */
char *ist__report_inspect(ist_host *host, ist_value value, bool colors);

/* ---- io.c ---- */

bool ist__io_write_all(int fd, const char *bytes, size_t length);
bool ist__io_colors(int fd);
/* Reads a whole file. 0, or errno. */
int ist__io_read_file(const char *path, ist__text *text);

/* ---- loader.c ---- */

ist_status ist__loader_resolve(void *env, ist_context *context, const char *specifier,
                               size_t length, const char *referrer, const char *type,
                               ist_module **result, ist_error **error);
void ist__loader_meta(void *env, ist_context *context, const char *url, ist_value meta);
ist_status ist__loader_file(ist_host *host, const char *path, ist_module **result,
                            ist_error **error);
ist_module *ist__loader_cached(ist_host *host, const char *url);
void ist__loader_cache(ist_host *host, const char *url, ist_module *module);
void ist__loader_free(ist_host *host);

/* ---- url.c ---- */

/* The file: URL of an absolute path. */
char *ist__url_from_path(const char *path);
/* The path of a file: URL without its query and fragment, percent-decoded; NULL when it is none.
 * `suffix` becomes the query and fragment. */
char *ist__url_to_path(const char *url, const char **suffix);
/* An absolute path with its "." and ".." taken out. */
char *ist__path_join(const char *directory, const char *path);
/* The working directory. */
char *ist__path_cwd(void);
/* How a user knows a URL: a path, or "[eval]"; freed by the caller. */
char *ist__url_shown(const char *url);

/* ---- library.c ---- */

size_t ist__list_length(const char *const *list);
/* Whether a library is named by the path of an interface file. */
bool ist__library_is_path(const char *name);
/* The folder of the installed interface files. */
char *ist__library_installed_dir(void);
/* The real path of a library's interface file in the first of the folders that has it. */
ist_status ist__library_find(const char *name, char **dirs, char **path, ist_error **error);
/* Opens the library that the interface file at `path` describes; imports are looked for in `dirs`.
 * `label` is how messages name it. */
ist_status ist__library_compile(const char *label, const char *path, const char *const *dirs,
                                ist_library **result, ist_error **error);

/* ---- native.c ---- */

/* The exports of a library by name ("zlib") or by the path of an interface file; checks the grants.
 */
ist_status ist__native_load(ist_host *host, const char *name_or_path, ist_value *exports,
                            ist_error **error);
/* Closes the library behind an exports object and forgets it, so that loading opens it anew. */
bool ist__native_close(ist_host *host, ist_value exports);
ist_status ist__native_grants(ist_host *host, const ist_host_options *options);
void ist__native_free(ist_host *host);

/* ---- modules.c ---- */

/* The modules isthmus:host and isthmus:ffi; NULL with an error for other names. */
ist_module *ist__builtin_module(ist_host *host, const char *url, ist_error **error);
/* A module with every own property of an object as an export, and `default` being the object. */
ist_module *ist__module_of(ist_host *host, const char *url, ist_value object, ist_error **error);

/* ---- repl.c ---- */

/* ist_host_repl_eval, for a host that an uncaught error ends as it ends a program. */
ist_status ist__repl_run(ist_host *host, const char *source, size_t length, bool colors,
                         ist_repl_result *result);

/* ---- Helpers for functions that JavaScript calls (host.c) ---- */

ist_status ist__define(ist_context *context, ist_value object, const char *name, ist_value value);
ist_status ist__define_function(ist_context *context, ist_value object, const char *name,
                                ist_function fn, void *env);
/* Argument `index`, or undefined. */
ist_value ist__arg(const ist_call *call, size_t index);
/* A string argument as text to free; NULL after ist_throw_error otherwise. */
char *ist__arg_text(const ist_call *call, size_t index, const char *what, size_t *length);
/* A number argument; `otherwise` for anything else. */
double ist__arg_number(const ist_call *call, size_t index, double otherwise);
/* Throws an Error for errno with `code`, `path` and a message that begins with `what`. */
ist_status ist__throw_errno(ist_context *context, int code, const char *what, const char *path);
bool ist__value_is_true(ist_value value);

#endif
