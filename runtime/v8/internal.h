/* What the files of the embedding half share: the records behind the opaque types of isthmus.h, the
 * table of handles, and the guards that every entry from C passes through. An entry never leaves a
 * V8 scope open, never lets an exception of V8's pend, and never touches V8 through a record that
 * was freed. */
#ifndef IST_V8_INTERNAL_H
#define IST_V8_INTERNAL_H

#include "v8_compat.h"

#include "alloc.h"
#include "bridge.h"
#include "embed.h"
#include "isthmus.h"

struct ist__repl;
struct ist__runner;

/* The embedder data slots of isolates and contexts that are ours. The bridge takes its own beside
 * them. */
enum { IST_ISOLATE_SLOT = 0, IST_CONTEXT_SLOT = 32 };

/* ---- Handles ---- */

/* One handle: a global reference with a generation, which grows each time that the slot is
 * released. */
struct ist__slot : ist__allocated {
  v8::Global<v8::Value> value;
  uint32_t generation;
  uint32_t next_free; /* 0 ends the list */
  bool used;
};

enum { IST_SLOTS_PER_CHUNK = 512 };

struct ist__handles {
  ist__slot **chunks;
  uint32_t chunk_count;
  uint32_t free_slot; /* slot 0 is never given out */
  uint64_t *scoped;   /* handles that end with the innermost open scope, oldest first */
  uint32_t scoped_count, scoped_capacity;
  uint32_t *marks; /* where each open scope begins in `scoped` */
  uint32_t mark_count, mark_capacity;
};

/* ---- Records ---- */

struct ist__rejection : ist__allocated {
  ist_context *context;
  v8::Global<v8::Promise> promise;
  v8::Global<v8::Value> reason;
  ist__rejection *next;
};

/* A host callback that a JavaScript function holds; freed when V8 has collected the function, or
 * with the isolate. */
struct ist__callback : ist__allocated {
  ist_isolate *isolate;
  ist_context *context;
  ist_function fn;
  void *env;
  void (*finalize)(void *env);
  v8::Global<v8::Function> function;
  ist__callback *next, **link;
};

struct ist_module : ist__allocated {
  ist_context *context;
  v8::Global<v8::Module> module;
  v8::Global<v8::Object> exports; /* synthetic and JSON: what is exported, by name */
  char *url;
  char *source; /* of a source module that imports others */
  char **names; /* synthetic: the exports' names */
  size_t name_count;
  ist_module *next; /* in its context's bucket */
};

/* A file of runtime/js that runs at its first use. */
struct ist__lazy : ist__allocated {
  const char *file;
  v8::Global<v8::Object> globals; /* name -> value, once it has run */
  bool ran;
  ist__lazy *next;
};

enum { IST_MODULE_BUCKETS = 64 };

struct ist_context : ist__allocated {
  ist_isolate *isolate;
  v8::Global<v8::Context> context;
  v8::Global<v8::Object> error_constructor; /* as it was before user code */
  v8::Global<v8::Object> native;            /* runtime/js/README.md */
  v8::Global<v8::Object> registered;        /* name -> function, or name -> number of a lazy file */
  v8::Global<v8::Object> deferred;          /* the globals that a lazy file defines while it runs */
  ist__lazy *lazy;
  ist__repl *repl; /* made at its first use */
  ist_loader loader;
  ist_module *modules[IST_MODULE_BUCKETS];
  bool freed;
  bool throwing; /* a callback has called ist_throw and has not returned yet */
  v8::Global<v8::Value> thrown;
  ist_context *next;
};

struct ist_isolate : ist__allocated {
  v8::Isolate *v8;
  v8::ArrayBuffer::Allocator *allocator;
  ist__runner *runner;
  ist__bridge *bridge; /* made at its first use */
  uint32_t id;
  ist__handles handles;
  ist_context *contexts;
  ist__callback *callbacks;
  ist__callback *dead_callbacks; /* collected, their finalizers wait for a safe place */
  ist__rejection *rejections, **last_rejection;
  ist__embed_hooks hooks;
  bool hooked;
  ist_isolate *next; /* in the registry of live isolates */
};

/* For results whose failure leaves an exception that the caller passes on. */
template <class T> inline void ist__ignore(const v8::Maybe<T> &) {}

/* ---- Entering ---- */

struct ist__isolate_entry {
  explicit ist__isolate_entry(ist_isolate *isolate)
      : isolate_scope(isolate->v8), handle_scope(isolate->v8) {}
  v8::Isolate::Scope isolate_scope;
  v8::HandleScope handle_scope;
};

/* Entering a context for work that may run JavaScript. */
struct ist__entry {
  explicit ist__entry(ist_context *owner)
      : isolate_scope(owner->isolate->v8), handle_scope(owner->isolate->v8),
        context(owner->context.Get(owner->isolate->v8)), context_scope(context),
        catcher(owner->isolate->v8) {}
  v8::Isolate::Scope isolate_scope;
  v8::HandleScope handle_scope;
  v8::Local<v8::Context> context;
  v8::Context::Scope context_scope;
  v8::TryCatch catcher;
};

inline bool ist__context_alive(const ist_context *context) {
  return context && !context->freed;
}

/* The record of the context that V8 calls us in, or NULL for one that is not ours. */
ist_context *ist__context_of(v8::Local<v8::Context> context);

/* ---- Between V8's values and ours ---- */

/* A new handle, or the number itself. False when memory is out. `kept`: beyond every scope. */
bool ist__value_from(ist_isolate *isolate, v8::Local<v8::Value> from, ist_value *to,
                     bool kept = false);

/* False when the handle is stale or foreign. */
bool ist__value_to(ist_isolate *isolate, ist_value from, v8::Local<v8::Value> *to);

void ist__handles_free(ist__handles *handles);

/* The isolate with this number, while it lives. */
ist_isolate *ist__isolate_by_id(uint32_t id);

/* UTF-8 to a string; empty when too long. */
v8::MaybeLocal<v8::String> ist__string(v8::Isolate *isolate, const char *text, size_t length);
/* The same for text of ours that always fits. */
v8::Local<v8::String> ist__text(v8::Isolate *isolate, const char *text);
/* A copy for C, with a NUL behind it; NULL when memory is out. */
char *ist__string_copy(v8::Isolate *isolate, v8::Local<v8::String> string, size_t *length);

/* ---- Errors ---- */

/* Turns what a TryCatch caught into a status and, if asked for, an error. The status is `usual`, or
 * IST_ERR_TERMINATED. Resets the catcher. */
ist_status ist__caught(ist_context *context, v8::TryCatch *catcher, ist_status usual,
                       ist_error **error);

/* An error for a value that was thrown; `message` may be empty. NULL when memory is out. */
ist_error *ist__error_of(ist_context *context, ist_status status, v8::Local<v8::Value> exception,
                         v8::Local<v8::Message> message);

/* Fails without V8: sets an error with the status's text (or `message`) and gives the status. */
ist_status ist__fail(ist_error **error, ist_status status, const char *message = nullptr);

/* The JavaScript error for an error of ours: the value in it, or a new object. */
v8::Local<v8::Value> ist__error_to_js(ist_context *context, const ist_error *error);

/* Remembers where an error comes from, when V8 cannot know it: syntax errors, imports that fail.
 * Own places win over what V8 says. Earlier ones stay. */
void ist__error_place(v8::Local<v8::Context> context, v8::Local<v8::Value> error,
                      v8::Local<v8::Value> file, int line, int column, int end_column,
                      v8::Local<v8::Value> source_line);

/* The same from V8's own message. */
void ist__error_place_by(v8::Local<v8::Context> context, v8::Local<v8::Value> error,
                         v8::Local<v8::Message> message);

/* `[file, line, column, endColumn, sourceLine]` or empty. */
v8::MaybeLocal<v8::Array> ist__error_where(v8::Local<v8::Context> context,
                                           v8::Local<v8::Value> error,
                                           v8::Local<v8::Message> message);

/* The text of a stack, as V8 asks for it at the first use. It runs no user code but
 * Error.prepareStackTrace, and that only when runtime/js says so. */
v8::MaybeLocal<v8::Value> ist__error_stack(v8::Local<v8::Context> context,
                                           v8::Local<v8::Value> error, v8::Local<v8::Array> sites);

/* The value of a data property on an object or its prototypes, without running user code; empty
 * when there is none. */
v8::MaybeLocal<v8::Value> ist__peek(v8::Local<v8::Context> context, v8::Local<v8::Object> object,
                                    v8::Local<v8::Name> name);

/* ---- Parts ---- */

void ist__module_hooks(v8::Isolate *isolate);
void ist__context_free_modules(ist_context *context);
void ist__callbacks_reap(ist_isolate *isolate);
void ist__callbacks_free(ist_isolate *isolate);

/* The bridge of an isolate, made now if it was not yet. */
ist__bridge *ist__isolate_bridge(ist_isolate *isolate);

/* structuredClone, as a callback of V8's. */
void ist__native_clone(const v8::FunctionCallbackInfo<v8::Value> &info);
/* The natives that describe values, and those for text. */
void ist__natives_describe(v8::Local<v8::Context> context, v8::Local<v8::Object> native);
void ist__natives_text(v8::Local<v8::Context> context, v8::Local<v8::Object> native);
void ist__natives_repl(v8::Local<v8::Context> context, v8::Local<v8::Object> native);
void ist__repl_free(ist__repl *repl);
void ist__native_method(v8::Local<v8::Context> context, v8::Local<v8::Object> native,
                        const char *name, v8::FunctionCallback callback);

/* Calls a registered function of runtime/js. */
v8::MaybeLocal<v8::Value> ist__context_call_registered(v8::Local<v8::Context> context,
                                                       const char *name, int argc,
                                                       v8::Local<v8::Value> *argv);

/* ---- Platform ---- */

/* Starts V8, once for the process. */
void ist__platform_start();

/* The tasks of one isolate's thread. Made for an isolate that is allocated and not yet initialised.
 */
ist__runner *ist__runner_new(v8::Isolate *isolate);
/* Drops all tasks; before the isolate is disposed. */
void ist__runner_stop(ist__runner *runner);
void ist__runner_free(ist__runner *runner, v8::Isolate *isolate);
void ist__runner_set_wake(ist__runner *runner, void (*wake)(void *env), void *env);
/* Whether a task waits that is not delayed. */
bool ist__runner_has_ready(ist__runner *runner);
/* Runs what is due; gives milliseconds until the next delayed task, or -1. */
int ist__runner_run(ist__runner *runner, v8::Isolate *isolate);

#endif
