/* The records of modules: one for each module that V8 knows of, what it imports, and the imports
 * that are under way. A record dies when V8 has collected its module, at the latest with its
 * context. Nothing here is followed after JavaScript or an embedder's function ran without asking
 * first whether the context still lives. */
#ifndef IST_V8_MODULE_H
#define IST_V8_MODULE_H

#include "code_cache.h"

/* One of the modules that a module's text imports. */
struct ist__link {
  ist__module *target; /* NULL until it is known */
  ist__ask *ask;       /* under way, or NULL */
  bool held;           /* `target` is held until the importing module is linked: from then on V8 is
                          what keeps it */
};

/* A module that a load has come by. */
struct ist__visit : ist__allocated {
  ist__load *load;
  ist__module *module;
  ist__visit *next_of_load, *next_of_module;
};

struct ist__module : ist__allocated {
  ist_context *context;
  ist_module *handle;             /* the embedder's reference; NULL once it was given up */
  v8::Global<v8::Module> module;  /* weak without `handle` and `holds` */
  v8::Global<v8::Object> exports; /* synthetic and JSON, until they have run: name -> value */
  char *url;
  char *source;  /* of a source module that imports others, until it is linked */
  uint64_t hash; /* ist__source_hash */
  ist__link *links;
  uint32_t link_count;
  uint32_t cursor; /* the link that V8 asks for next, most likely */
  uint32_t holds;
  uint32_t identity; /* V8's hash */
  ist__visit *visits;
  bool touched;  /* in `touched` of its context */
  uint32_t walk; /* the last walk that came by */
  ist__module *next_touched, *next_walked;
  ist__module *next; /* in its bucket */
};

/* A question to a deferring loader. */
struct ist__ask : ist__allocated {
  ist_import *handle;  /* NULL once it was answered */
  ist__module *module; /* that imports; held. NULL: the root of `load` */
  uint32_t index;      /* in its links */
  ist__load *load;
  struct ist__waiter *waiters; /* the loads that need the answer, when `module` is set */
  ist__module *answer;         /* held */
  v8::Global<v8::Value> error; /* when there is no `answer` */
  ist__ask *next, **link;      /* among its context's */
  ist__ask *next_answered;
};

struct ist__waiter : ist__allocated {
  ist__load *load;
  ist__waiter *next;
};

/* An import() or ist_module_load under way. */
struct ist__load : ist__allocated {
  ist_isolate *isolate;
  ist_context *context; /* NULL once it was freed */
  v8::Global<v8::Promise::Resolver> resolver;
  char *specifier, *referrer, *type; /* import(), until the loader was asked */
  size_t length;                     /* of `specifier` */
  bool queued;                       /* a microtask will come for it */
  bool done;                         /* the promise is settled; answers are still owed */
  uint32_t waits;                    /* for how many answers */
  ist__module *root;                 /* held as a visit */
  ist__visit *visits, **last_visit;
  ist__visit *scan; /* the first visited module whose imports were not looked at yet */
  ist__load *next_ready;
  ist__load *next, **link; /* among its isolate's */
};

/* A context's modules. */
struct ist__modules : ist__allocated {
  ist__module **table;
  uint32_t capacity, count; /* the capacity is a power of two */
  ist__module *touched;     /* modules whose imports were asked for in the linking under way */
  bool linking;
  bool pumping;
  bool refused;        /* the loader has failed in the linking under way */
  uint32_t evaluating; /* how many evaluations are on the stack */
  uint32_t walk;
  ist__ask *asks;
  ist__ask *answered, **last_answered;
  ist__load *ready, **last_ready;     /* all that they import is there */
  ist__load *blocked, **last_blocked; /* until no evaluation is on the stack */
};

/* A context that may go away while others' code runs. */
class ist__watch {
public:
  explicit ist__watch(ist_context *context) : context_(context), serial_(context->serial) {}
  bool alive() const { return ist__context_alive(context_) && context_->serial == serial_; }

private:
  ist_context *context_;
  uint32_t serial_;
};

/* ---- module.cc ---- */

/* A context's modules, made at the first call; NULL when memory is out. */
ist__modules *ist__modules_of(ist_context *context);
ist__module *ist__module_find(ist_context *context, v8::Local<v8::Module> module);
void ist__module_hold(ist__module *module);
void ist__module_drop(ist__module *module);
/* What an embedder's reference refers to; NULL when it was freed or belongs elsewhere. */
ist__module *ist__module_of(ist_context *context, ist_module *handle);

/* ---- module_link.cc ---- */

/* The `type` of an import's attributes; false when another attribute stands there. `stride` is the
 * number of entries of one attribute. */
bool ist__import_type(v8::Local<v8::Context> context, v8::Local<v8::FixedArray> attributes,
                      int stride, v8::Local<v8::String> *type);

/* Asks `resolve`. NULL with an error in hand, or none when memory is out; the context may be gone
 * then. */
ist__module *ist__loader_resolve_now(ist_context *context, const char *specifier, size_t length,
                                     const char *referrer, const char *type, ist_error **error);

/* Gives an error the place of an import in a module's text. */
void ist__import_place(ist__module *module, uint32_t index, v8::Local<v8::Value> error);

/* Links and runs. Nothing and empty leave an exception pending, or the context is gone. */
bool ist__module_link(ist_context *context, v8::Local<v8::Context> entered, ist__module *module);
v8::MaybeLocal<v8::Value> ist__module_run(ist_context *context, v8::Local<v8::Context> entered,
                                          ist__module *module);
/* Whether running it would come by a module that runs right now. */
bool ist__module_blocked(ist__modules *modules, ist__module *module);
v8::MaybeLocal<v8::Value> ist__module_run_synthetic(v8::Local<v8::Context> entered,
                                                    v8::Local<v8::Module> module);

/* Forgets what an unlinked module imports, so that it is asked for again. */
void ist__module_forget_links(ist__module *module, bool held_too);

/* ---- module_load.cc ---- */

v8::MaybeLocal<v8::Promise> ist__import_dynamically(v8::Local<v8::Context> entered,
                                                    v8::Local<v8::Data> options,
                                                    v8::Local<v8::Value> referrer,
                                                    v8::Local<v8::String> specifier,
                                                    v8::Local<v8::FixedArray> attributes);

/* Goes on with what can go on: answers that have come, loads that are complete. */
void ist__modules_pump(ist_context *context);
/* The loads of a context that is freed. */
void ist__modules_abandon(ist_context *context);

#endif
