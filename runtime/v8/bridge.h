/* The seam between the two halves of runtime/v8: the embedding half (isolates, contexts, modules)
 * asks the bridge half (templates, marshalling, calls) for a library's exports. Nothing else of
 * either half is known to the other. Everything here runs on the isolate's thread, inside its
 * HandleScope and a Context::Scope. */
#ifndef IST_V8_BRIDGE_H
#define IST_V8_BRIDGE_H

#include <v8.h>

struct ist__domain;
struct ist__library;

/* One per isolate, made after the isolate and freed before it is disposed. It owns the isolate's
 * function templates, the table of live wrappers and the ffi domain (owner records, closures, queue
 * of forgotten objects). */
struct ist__bridge;

/* What the bridge needs of its isolate's owner. All members must be set. */
struct ist__bridge_hooks {
  void *env;
  /* Reports something that has no caller to throw to: a dead callback that C called, a callback
   * from a foreign thread, an exception in a callback whose call has ended. Any thread; `text` is
   * borrowed. */
  void (*report)(void *env, const char *text);
  /* Asks for ist__bridge_drain to be called soon on the isolate's thread, outside JavaScript. Any
   * thread; never from inside a collection. */
  void (*wake)(void *env);
};

ist__bridge *ist__bridge_new(v8::Isolate *isolate, const ist__bridge_hooks *hooks);
void ist__bridge_free(ist__bridge *bridge);

/* The bridge of an isolate (it sits in an embedder data slot of the isolate). */
ist__bridge *ist__bridge_of(v8::Isolate *isolate);

/* Why a library was not granted. */
enum ist__grant_refusal {
  IST_GRANT_OTHER, /* out of memory, or terminated */
  IST_GRANT_TAG,   /* no function of the library has one of the tags */
  IST_GRANT_AGAIN  /* the context has the library by other tags */
};

/* A frozen null-prototype object whose own properties are the library's exports, in declaration
 * order; the same object each time for one context, library and set of tags. Takes a reference to
 * `library` for as long as the bridge lives: its templates and objects point into it.
 *
 * `tags` NULL: everything but unsafe functions. A list, ended by NULL, leaves of the functions,
 * methods and constructors only those with one of the tags; "unsafe" adds the unsafe ones, and
 * alone it adds them to everything. Types, constants, errors and destructors are always there. A
 * constructor that was not granted throws; anything else is absent.
 *
 * Empty with a pending exception on failure, and why in `refusal` (may be NULL). */
v8::MaybeLocal<v8::Object> ist__bridge_exports(v8::Local<v8::Context> context,
                                               ist__library *library,
                                               const char *const *tags = nullptr,
                                               ist__grant_refusal *refusal = nullptr);

/* Marks the library behind an exports object closed: from then on every call into it throws. False:
 * not such an object. */
bool ist__bridge_close(v8::Local<v8::Context> context, v8::Local<v8::Value> exports);

/* errno as the last [[errno]] call in this isolate left it. */
int ist__bridge_errno(ist__bridge *bridge);

/* Destroys what JavaScript has forgotten. Called by the event loop between turns, and by the bridge
 * itself at calls. */
void ist__bridge_drain(ist__bridge *bridge);

/* Snapshots: see bridge_snapshot.cc. A bridge to which libraries are added before its isolate has a
 * heap (false: it has this one), the table of what the heap may then point to (freed by ist__free;
 * it outlives the isolate; NULL when memory is out), and the templates that a snapshot holds. */
bool ist__bridge_add(ist__bridge *bridge, ist__library *library);
/* The templates of libraries that were added, where there is no snapshot to take them from. */
void ist__bridge_make_templates(ist__bridge *bridge);
intptr_t *ist__bridge_references(ist__bridge *bridge);
void ist__bridge_save(ist__bridge *bridge, v8::SnapshotCreator *creator,
                      v8::Local<v8::Context> context);
bool ist__bridge_restore(ist__bridge *bridge);
void ist__bridge_restore_context(ist__bridge *bridge, v8::Local<v8::Context> context);
/* Whether JavaScript holds a native object, or a library a function, and what. After a collection.
 */
bool ist__bridge_alive(ist__bridge *bridge, char *text, size_t size);

/* For inspection: if `value` is a struct, handle, array view or enum of a library, a plain object
 * or array that shows it (own data properties only, nothing run), and its class name. Empty: an
 * ordinary JavaScript value. Never throws. */
struct ist__bridge_description {
  v8::Local<v8::String> name;  // "Point", "Database"
  v8::Local<v8::Value> fields; // plain object or array, or undefined for opaque handles
  const char *state;           // "", "closed", "expired"
};
bool ist__bridge_describe(v8::Local<v8::Context> context, v8::Local<v8::Value> value,
                          ist__bridge_description *out);

#endif
