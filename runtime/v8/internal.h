/* What the files of the embedding half share: the records behind the opaque types of isthmus.h, the
 * table of handles, and the gate that every call from C passes through. A call never leaves a V8
 * scope open, never lets an exception of V8's pend, and never touches V8 without the isolate's lock
 * or through a record that was freed. */
#ifndef IST_V8_INTERNAL_H
#define IST_V8_INTERNAL_H

#include "v8_compat.h"

#include "alloc.h"
#include "bridge.h"
#include "embed.h"
#include "isthmus.h"

#include <math.h>
#include <pthread.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <new>

struct ist__compartment; /* compartment.h */
struct ist__host_error;
struct ist__inspection;
struct ist__level; /* limits.h */
struct ist__profile;
class ist__outward;
class ist__buffers; /* limits.h */
struct ist__repl;
struct ist__runner;
struct ist__templates; /* template.h */

/* The embedder data slots of isolates and contexts that are ours. The bridge takes its own beside
 * them. */
enum { IST_ISOLATE_SLOT = 0, IST_CONTEXT_SLOT = 32 };

/* ---- Records ---- */

/* What stands behind an opaque pointer of isthmus.h. Records are never given back to the system:
 * one that was freed rests with `live` false, so that a stale pointer is answered, and is used
 * again only after many others have been freed. Whatever a record holds is dropped by its clear().
 */
struct ist__record : ist__allocated {
  std::atomic<bool> live{false};
  ist__record *next_resting = nullptr;
};

/* Records that end in any order are in lists in which each knows what points to it. */
template <class T> inline void ist__chain_add(T **first, T *record) {
  record->next = *first;
  record->link = first;
  if (record->next) record->next->link = &record->next;
  *first = record;
}

template <class T> inline void ist__chain_drop(T *record) {
  *record->link = record->next;
  if (record->next) record->next->link = record->link;
}

/* The records of one kind. */
template <class T, size_t rest = 1024> class ist__pool {
public:
  /* A record with live false and nothing in it; NULL when memory is out. */
  T *take() {
    {
      std::lock_guard<std::mutex> guard(mutex_);
      if (count_ > rest) {
        T *oldest = static_cast<T *>(first_);
        first_ = oldest->next_resting;
        count_--;
        return oldest;
      }
    }
    return new (std::nothrow) T();
  }

  /* Gives back a record that was cleared. */
  void put(T *record) {
    record->live.store(false, std::memory_order_release);
    record->next_resting = nullptr;
    std::lock_guard<std::mutex> guard(mutex_);
    if (count_++)
      last_->next_resting = record;
    else
      first_ = record;
    last_ = record;
  }

private:
  std::mutex mutex_;
  ist__record *first_ = nullptr, *last_ = nullptr;
  size_t count_ = 0;
};

/* A function of the embedder's that is owed a call: collected on the way, called at a safe place,
 * outside of V8 and of every lock but the isolate's. */
struct ist__finalizer : ist__allocated {
  ist_finalizer finalize;
  void *env;
  ist__finalizer *next;
};

/* ---- Handles ---- */

enum ist__slot_kind : uint8_t {
  IST__SLOT_FREE,
  IST__SLOT_PLAIN, /* until its scope closes, or it is released */
  IST__SLOT_WEAK,
  IST__SLOT_ETERNAL
};

/* One handle: a global reference with a generation, which grows each time that the slot is
 * released. */
struct ist__slot : ist__allocated {
  v8::Global<v8::Value> value;
  uint32_t generation;
  uint32_t next_free; /* 0 ends the list */
  uint8_t type;       /* an ist_type */
  ist__slot_kind kind;
  uint64_t born; /* how many calls from C the isolate had seen */
};

enum { IST_SLOTS_PER_CHUNK = 512 };

/* Where an open scope begins. */
struct ist__mark {
  uint32_t scoped; /* in ist__handles::scoped */
  uint32_t id;
  uint32_t depth; /* of the isolate, when it was opened */
  uint32_t over;  /* the same */
};

/* A context that ist_context_enter has entered. */
struct ist__context_entered {
  ist_context *context;
  uint32_t depth; /* of the isolate, when it was entered */
  uint32_t over;  /* the same */
};

/* What counts a context that was freed until V8 has collected it. */
struct ist__remains : ist__allocated {
  ist_isolate *isolate;
  v8::Global<v8::Context> context;           /* weak; empty until the context is freed */
  std::unique_ptr<v8::MicrotaskQueue> queue; /* of a frozen context, which V8 may look at */
  bool undropped;                            /* there may be microtasks in it */
  ist__remains *next, **link;
};

/* The value of a handle that was released, and when that was made. */
struct ist__retired {
  v8::Global<v8::Value> value;
  uint64_t born;
};

struct ist__handles {
  ist__slot **chunks;
  uint32_t chunk_count;
  uint32_t free_slot; /* slot 0 is never given out */
  uint32_t in_use;
  uint64_t *scoped; /* handles that end with the innermost open scope, oldest first */
  uint32_t scoped_count, scoped_capacity;
  ist__retired *retired; /* released while a call may have borrowed them */
  uint32_t retired_count, retired_capacity;
  ist__mark *marks;
  uint32_t mark_count, mark_capacity;
  uint32_t last_id;
};

struct ist__rejection : ist__allocated {
  ist_context *context;
  uint32_t serial; /* of the context */
  v8::Global<v8::Promise> promise;
  v8::Global<v8::Value> reason;
  ist__rejection *next;
};

/* A host callback that a JavaScript function or a template holds; freed when V8 has collected the
 * function, or with the isolate. */
struct ist__callback : ist__allocated {
  ist_isolate *isolate;
  ist_context *context; /* NULL: the one that V8 calls in (templates) */
  uint32_t serial;      /* of the context */
  ist_function fn;
  void *env;
  ist__finalizer *finalizer;
  v8::Global<v8::Function> function;
  ist__callback *next, **link;
};

/* ---- Libraries and snapshots ---- */

/* The embedder's reference to a library. */
struct ist_library : ist__record {
  ist__library *library; /* retained while it is alive */
};

/* ---- Scripts and modules ---- */

struct ist__module;  /* module.h */
struct ist__modules; /* module.h */
struct ist__ask;     /* module.h */
struct ist__load;    /* module.h */

struct ist_script : ist__record {
  ist_isolate *isolate; /* stays when the script is freed */
  v8::Global<v8::UnboundScript> script;
  uint64_t hash;            /* ist__source_hash */
  ist_script *next, **link; /* among its isolate's */
};

/* The embedder's reference to a module; the module itself may outlive it. */
struct ist_module : ist__record {
  ist_context *context; /* stays when the reference is given up */
  ist__module *module;
};

/* What the embedder answers a deferred import with. */
struct ist_import : ist__record {
  ist_context *context; /* stays when the import was answered */
  ist__ask *ask;
};

/* A file of runtime/js that runs at its first use. */
struct ist__lazy : ist__allocated {
  const char *file;
  v8::Global<v8::Object> globals; /* name -> value, once it has run */
  bool ran;
  ist__lazy *next;
};

struct ist_context : ist__record {
  ist_isolate *isolate; /* stays when the context is freed */
  uint32_t serial;      /* another one each time that the record is used */
  uint32_t busy;        /* how many calls into it are on the stack, and how often it is entered */
  ist__remains *remains;
  v8::Global<v8::Context> context;
  v8::Global<v8::Object> global;
  v8::Global<v8::Object> error_constructor; /* as it was before user code */
  v8::Global<v8::Object> native;            /* runtime/js/README.md */
  v8::Global<v8::Object> registered;        /* name -> function, or name -> number of a lazy file */
  v8::Global<v8::Object> deferred;          /* the globals that a lazy file defines while it runs */
  ist__lazy *lazy;
  ist__repl *repl; /* made at its first use */
  char *name;      /* for inspectors and heap snapshots; may be NULL */
  bool inspected;  /* V8's inspector knows it */
  ist_loader loader;
  ist__modules *modules;         /* made with the first module or import */
  ist__compartment *compartment; /* of a frozen context, or made at the first use */
  void *data;
  void *web;                 /* what runtime/host keeps for its web globals */
  ist_context *next, **link; /* among its isolate's */
};

/* A call that another thread has asked for. */
struct ist__interrupt : ist__allocated {
  void (*fn)(void *env, ist_isolate *isolate);
  void *env;
  ist_finalizer finalize;
  ist__interrupt *next;
};

/* Names that are looked up often. */
enum ist__word {
  IST_WORD_NAME,
  IST_WORD_MESSAGE,
  IST_WORD_STACK,
  IST_WORD_VALUE,
  IST_WORD_PREPARE_STACK_TRACE,
  IST_WORD_COUNT
};

/* Private properties that are looked up often. */
enum ist__secret { IST_SECRET_PLACE, IST_SECRET_HOST, IST_SECRET_COUNT };

struct ist_isolate : ist__record {
  /* The thread that holds the lock, or 0. Only that thread finds itself here. */
  std::atomic<uintptr_t> owner{0};
  uint32_t depth;        /* how often the owner has entered */
  uint32_t base;         /* the depth at which the call or callback that runs was made */
  bool freeing;          /* it is being freed: finalizers must not bring it back to life */
  ist__outward *outward; /* the innermost callback of the embedder's on the stack; NULL: none */
  uint32_t entries;      /* how many calls that may run JavaScript are */
  uint64_t calls;        /* how many of these there ever were */
  uint64_t innermost;    /* the number of the innermost one under way; 0: none is */
  uint32_t over;         /* how often the owner has entered another isolate on top of this one */
  ist__context_entered *entered; /* innermost last */
  uint32_t entered_count, entered_capacity;
  bool finalizing; /* finalizers are being called */
  std::mutex lock;
  /* Threads by the numbers of lock.cc, all under `lock`. */
  uint64_t turn;                    /* who has it, or had it last */
  uint64_t last_turn;               /* who had it before */
  uint64_t resting;                 /* who keeps V8's lock between turns; 0: nobody does */
  uintptr_t stack_end;              /* what V8 was told of the thread's stack; 0: nothing */
  std::atomic<bool> sampled{false}; /* a profiler was started, which has a thread of its own */
  alignas(v8::Locker) unsigned char locker[sizeof(v8::Locker)];
  alignas(v8::HandleScope) unsigned char handle_scope[sizeof(v8::HandleScope)];

  /* What other threads reach, under `reach`. */
  std::mutex reach;
  std::atomic<ist__interrupt *> interrupts{nullptr};
  ist__interrupt *last_interrupt;
  std::atomic<bool> terminating{false}; /* JavaScript is to end, for one of the reasons below */
  /* When the evaluation of a module began, 0: none has. V8 10.2 takes a request to interrupt that
   * waits at its first step for a full stack, and ends the process: so who would interrupt from
   * another thread waits until that is over, which takes less than a microsecond. */
  std::atomic<uint64_t> module_began{0};
  std::atomic<bool> asked{false};   /* by ist_isolate_terminate, and not forgotten yet */
  std::atomic<bool> expired{false}; /* one of the time limits was reached */
  std::atomic<bool> spent{false};   /* the heap limit was; for good. Set by its own thread */
  ist__level *levels;               /* the time limits, outermost first */
  uint32_t level_count, level_capacity;
  std::atomic<uint64_t> look_at{0}; /* when the watchdog has to look at them; 0: not */
  bool watched;                     /* it is among those that the watchdog looks at: its lock */
  ist_isolate *next_watched, **watched_link;
  std::atomic<size_t> kept{0}; /* bytes that the last full collection has left */
  size_t heap_limit;           /* bytes; what V8 has made of the option */
  size_t stack_limit;          /* bytes; 0: V8's own */
  bool heap_limited;           /* the embedder has set that */
  bool brief_errors;           /* they are complete otherwise */
  std::shared_ptr<ist__buffers> buffers;
  ist__interrupt *posts, **last_post;
  size_t post_count, loop_references;
  void *loop; /* set with the lock too, so that its holder may read it */
  const ist__loop_table *loop_table;

  v8::Isolate *v8;
  ist__runner *runner;
  ist__bridge *bridge;                               /* made at its first use */
  v8::Global<v8::ObjectTemplate> pointer_object;     /* made at its first use */
  v8::Global<v8::String> words[IST_WORD_COUNT];      /* each made at its first use, as */
  v8::Global<v8::Private> secrets[IST_SECRET_COUNT]; /* these are */
  int number_type;                                   /* the instance type of V8's heap numbers */
  uint32_t id;
  ist_microtasks microtasks;
  bool run_ended; /* the outermost call was: what it has queued is to be forgotten */
  ist__handles handles;
  ist_context *contexts;
  uint32_t frozen_contexts;                     /* how many of them are */
  v8::Global<v8::ObjectTemplate> frozen_global; /* made at its first use */
  uint32_t undropped;                           /* how many of the remains are */
  ist__remains *remains;
  size_t detached; /* how many there are of these */
  ist__callback *callbacks;
  ist__templates *templates;    /* made with the first template */
  ist__host_error *host_errors; /* that JavaScript has not forgotten */
  ist_script *scripts;
  ist__load *loads;                   /* imports and ist_module_load under way */
  v8::Global<v8::Private> source_key; /* marks functions of ist_function_compile with a hash */
  std::atomic<bool> cache_used{false};
  struct ist__blob *blob;                    /* snapshot.h: what it was started from */
  struct ist__creator *creator;              /* snapshot.h: a snapshot is built in it */
  intptr_t *table;                           /* what a snapshot's heap may point to */
  ist__finalizer *finished, **last_finished; /* owed, in this order */
  ist__rejection *rejections, **last_rejection;
  ist_uncaught uncaught;
  void *uncaught_env;
  ist_finalizer uncaught_finalize;
  ist__profile *profile;       /* under way */
  ist__inspection *inspection; /* made at its first use */
  bool running;                /* its loop runs, perhaps without the lock */
  ist_isolate *next, **link;   /* among the live ones */
};

/* For results whose failure leaves an exception that the caller passes on. */
template <class T> inline void ist__ignore(const v8::Maybe<T> &) {}

/* ---- Entering ---- */

/* A number that no two living threads share. */
inline uintptr_t ist__thread() {
#if defined(__GNUC__) && !defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__))
  return reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
#else
  return static_cast<uintptr_t>(pthread_self());
#endif
}

/* Locks and enters an isolate for this thread, and undoes that. Waits. */
ist_status ist__isolate_lock(ist_isolate *isolate);
void ist__isolate_unlock(ist_isolate *isolate);
/* The same for good, however often it is entered: nobody waits for V8's isolate any more. */
void ist__isolate_unlock_last(ist_isolate *isolate);
/* Before anything may sample a thread's stack by signals. */
void ist__sampling_begins(ist_isolate *isolate);
/* Asks V8 to run the interrupts that wait, at its next check. */
void ist__isolate_look(ist_isolate *isolate);
/* Calls `fn` when there still is that isolate, which is not freed meanwhile; its lock need not be
 * held. */
void ist__isolate_visit(ist_isolate *isolate, uint32_t id, void (*fn)(ist_isolate *isolate));
/* Undoes the latest ist_context_enter, but for the isolate's. */
void ist__context_exit(ist_isolate *isolate);
/* Undoes the latest entering of an isolate, with the scope or the context that it was for. */
void ist__isolate_undo(ist_isolate *isolate);
/* What a new isolate does when memory is out (ist__die_of_memory). */
void ist__fatal_hooks(v8::Isolate *isolate);
/* Whether this is a process made by fork from one that had started V8. */
bool ist__forked();
/* Ends the scopes above `count` of them; the isolate stays entered as often as it is. */
void ist__handles_close(ist_isolate *isolate, uint32_t count, uint32_t from);

/* How near the end of this thread's stack JavaScript may come. */
uintptr_t ist__stack_limit();

/* Whether this thread holds the isolate's lock and V8 has it as the current one. */
inline bool ist__isolate_held(const ist_isolate *isolate) {
  return isolate->owner.load(std::memory_order_relaxed) == ist__thread() &&
         (!isolate->over || v8::Isolate::TryGetCurrent() == isolate->v8);
}

/* Calls the finalizers that are owed, unless that is under way. Any place but V8's own callbacks of
 * its collector: they do not enter V8. */
void ist__finalizers_run(ist_isolate *isolate);

/* What every call from C passes first: it refuses what is NULL (IST_ERR_ARGUMENT), freed
 * (IST_ERR_HANDLE) or in a forked child (IST_ERR_FORKED), and otherwise holds the isolate's lock,
 * with V8's isolate entered, until it goes out of scope. V8 is not touched before `status` was
 * found to be IST_OK. An isolate that is spent is refused, too (IST_ERR_MEMORY), but by what gives
 * something up. */
class ist__gate {
public:
  enum spent_isolates { REFUSED, TAKEN };
  explicit ist__gate(ist_isolate *isolate, spent_isolates spent = REFUSED) : status(IST_OK) {
    if (!isolate || !ist__isolate_held(isolate))
      take(isolate);
    else if (isolate->finished)
      ist__finalizers_run(isolate);
    if (!status && spent == REFUSED && isolate->spent.load(std::memory_order_relaxed))
      status = IST_ERR_MEMORY;
  }
  explicit ist__gate(ist_context *context, spent_isolates spent = REFUSED) : status(IST_OK) {
    if (!context) {
      status = IST_ERR_ARGUMENT;
      return;
    }
    /* A record that rests may become another isolate's at any moment, but not this thread's while
     * it holds the isolate: looked at in this order, what is alive and of an isolate that is held
     * stays so. Otherwise the lock is taken to look again. */
    bool live = context->live.load(std::memory_order_acquire);
    ist_isolate *isolate = __atomic_load_n(&context->isolate, __ATOMIC_RELAXED);
    if (!ist__isolate_held(isolate)) {
      /* Whoever has the isolate's record now need not ever leave it. */
      if (!live) {
        status = ist__forked() ? IST_ERR_FORKED : IST_ERR_HANDLE;
        return;
      }
      take(isolate);
      live = context->live.load(std::memory_order_acquire) &&
             __atomic_load_n(&context->isolate, __ATOMIC_RELAXED) == isolate;
    } else if (isolate->finished) {
      ist__finalizers_run(isolate);
      live = context->live.load(std::memory_order_relaxed);
    }
    if (!status && !live) status = IST_ERR_HANDLE;
    if (!status && spent == REFUSED && isolate->spent.load(std::memory_order_relaxed))
      status = IST_ERR_MEMORY;
  }
  ~ist__gate() {
    if (!held_) return;
    held_->base = base_;
    ist__isolate_unlock(held_);
  }
  ist__gate(const ist__gate &) = delete;
  ist__gate &operator=(const ist__gate &) = delete;

  ist_status status;

private:
  void take(ist_isolate *isolate) {
    status = ist__isolate_lock(isolate);
    if (status) return;
    /* What the call calls out to must not give its lock away. */
    held_ = isolate;
    base_ = isolate->base;
    isolate->base = isolate->depth;
  }
  ist_isolate *held_ = nullptr;
  uint32_t base_ = 0;
};

/* Forgets a termination that was asked for: before the outermost JavaScript starts, and when it has
 * ended. Limits that were reached are not forgotten: whatever runs next ends as well. */
void ist__isolate_forget_termination(ist_isolate *isolate);

/* ---- Limits ---- */

/* Why JavaScript in the isolate has to end: IST_ERR_MEMORY, IST_ERR_TIMEOUT, or `otherwise` when no
 * limit was reached. */
ist_status ist__limits_reached(const ist_isolate *isolate, ist_status otherwise);

/* The same for what has run without an error. */
inline ist_status ist__ran(const ist_isolate *isolate) {
  if (!isolate->terminating.load(std::memory_order_relaxed)) return IST_OK;
  return ist__limits_reached(isolate, IST_OK);
}

/* Whether what has run without an error was ended all the same, in the microtasks behind it. */
inline bool ist__ended(const ist_isolate *isolate, const v8::TryCatch &catcher) {
  if (!isolate->terminating.load(std::memory_order_relaxed)) return false;
  return ist__limits_reached(isolate, IST_OK) || catcher.HasTerminated();
}

/* Keeps other threads from interrupting JavaScript for a moment; and whether most of that is left.
 */
void ist__module_begin(ist_isolate *isolate);
bool ist__module_beginning(const ist_isolate *isolate);

/* Puts the options of a new isolate into force: before V8's isolate is made, and after. */
bool ist__limits_prepare(ist_isolate *isolate, const ist_isolate_options *options,
                         v8::Isolate::CreateParams *params);
void ist__limits_attach(ist_isolate *isolate);
/* Whatever is left of limits; the isolate is not reached any more. */
void ist__limits_free(ist_isolate *isolate);

/* Takes the latest limits off and leaves the isolate. */
void ist__limits_pop(ist_isolate *isolate);
/* The depth at which the latest limits were put on; 0: there are none. */
uint32_t ist__limits_depth(const ist_isolate *isolate);

/* Has built-ins of a new context refuse what V8 would end the process for. What a snapshot's
 * scripts have put in their place stays. */
void ist__bounds_install(v8::Local<v8::Context> context);

/* Looks whether a single big allocation has passed the heap limit unnoticed, as V8 lets it. */
void ist__heap_look(ist_isolate *isolate);

/* Has V8 look for terminations and interrupts again, which it forgets when another thread has had
 * the isolate. */
void ist__limits_locked(ist_isolate *isolate);

/* Frees a context that nothing uses any more. */
void ist__context_end(ist_context *context);
void ist__remains_free(ist__remains *remains);
void ist__isolate_drop_rejections(ist_context *context);

/* Keeps a context's record whole while a call into it, or a callback of it, is on the stack, even
 * when it is freed meanwhile. Outlives every V8 scope of the call. */
class ist__busy {
public:
  explicit ist__busy(ist_context *context) : context_(context) { context->busy++; }
  ~ist__busy() {
    if (!--context_->busy && !context_->live.load(std::memory_order_relaxed))
      ist__context_end(context_);
  }
  ist__busy(const ist__busy &) = delete;
  ist__busy &operator=(const ist__busy &) = delete;

protected:
  ist_context *context_;
};

/* Forgets what has retired since there were `count`, but for what a call from `outer` on outwards
 * may have borrowed; 0: there is none. */
void ist__handles_forget_retired(ist__handles *handles, uint32_t count, uint64_t outer);

/* The same for a call from C; and keeps its isolate from being freed. */
class ist__inward : ist__busy {
public:
  explicit ist__inward(ist_context *context)
      : ist__busy(context), isolate_(context->isolate), base_(isolate_->base),
        retired_(isolate_->handles.retired_count), outer_(isolate_->innermost) {
    isolate_->entries++;
    isolate_->base = isolate_->depth;
    isolate_->innermost = ++isolate_->calls;
  }
  ~ist__inward() {
    isolate_->entries--;
    isolate_->base = base_;
    isolate_->innermost = outer_;
    if (isolate_->handles.retired_count != retired_)
      ist__handles_forget_retired(&isolate_->handles, retired_, outer_);
  }

private:
  ist_isolate *isolate_;
  uint32_t base_, retired_;
  uint64_t outer_;
};

/* Empties a queue of microtasks, NULL: the isolate's. V8 forgets them when they are terminated,
 * which happens before the first statement of any of them. */
void ist__jobs_drop(ist_isolate *isolate, v8::MicrotaskQueue *queue);

/* Where microtasks run by themselves, V8 would run them whenever its outermost call returns, also
 * when that was ended, so that what ought to have ended goes on. In an outermost call from C they
 * wait until it is known how it ended: what one has queued that was ended is forgotten. Lives
 * within the call's TryCatch. */
class ist__jobs {
public:
  ist__jobs(ist_context *context, v8::TryCatch *catcher)
      : context_(context), catcher_(catcher),
        held_(context->isolate->microtasks == IST_MICROTASKS_AUTO &&
              context->isolate->entries == 1) {
    if (held_) hold();
  }
  ~ist__jobs() { run(); }
  ist__jobs(const ist__jobs &) = delete;
  ist__jobs &operator=(const ist__jobs &) = delete;
  /* Their time has come. Once. */
  void run() {
    if (held_) release();
  }

private:
  using suppression = v8::Isolate::SuppressMicrotaskExecutionScope;
  void hold();
  void release();

  ist_context *context_;
  v8::TryCatch *catcher_;
  bool held_;
  alignas(suppression) unsigned char suppression_[sizeof(suppression)];
};

/* Within a gate: for what names its context to V8 itself, and needs none entered. */
struct ist__call_entry {
  explicit ist__call_entry(ist_context *owner)
      : inward(owner), handle_scope(owner->isolate->v8),
        context(ist__compat::borrowed(owner->isolate->v8, owner->context)),
        catcher(owner->isolate->v8), jobs(owner, &catcher) {
    if (owner->isolate->terminating.load(std::memory_order_relaxed) && owner->isolate->entries == 1)
      ist__isolate_forget_termination(owner->isolate);
  }
  ist__inward inward;
  v8::HandleScope handle_scope;
  v8::Local<v8::Context> context;
  v8::TryCatch catcher;
  ist__jobs jobs;
};

/* Within a gate: a context entered for work that may run JavaScript. */
struct ist__entry {
  explicit ist__entry(ist_context *owner)
      : inward(owner), handle_scope(owner->isolate->v8),
        context(owner->context.Get(owner->isolate->v8)), context_scope(context),
        catcher(owner->isolate->v8), jobs(owner, &catcher) {
    if (owner->isolate->terminating.load(std::memory_order_relaxed) && owner->isolate->entries == 1)
      ist__isolate_forget_termination(owner->isolate);
  }
  ist__inward inward;
  v8::HandleScope handle_scope;
  v8::Local<v8::Context> context;
  v8::Context::Scope context_scope;
  v8::TryCatch catcher;
  ist__jobs jobs;
};

/* Around every call of an embedder's function that may call back into the isolate: it has a scope
 * of its own, and whatever it leaves entered or open is undone. */
class ist__outward {
public:
  explicit ist__outward(ist_isolate *isolate)
      : depth(isolate->depth), marks(isolate->handles.mark_count), isolate_(isolate),
        previous_(isolate->outward), scoped_(isolate->handles.scoped_count), over_(isolate->over),
        base_(isolate->base) {
    isolate->outward = this;
    isolate->base = depth;
  }
  ~ist__outward() {
    ist_isolate *isolate = isolate_;
    if (isolate->handles.scoped_count != scoped_ || isolate->handles.mark_count != marks ||
        isolate->depth != depth || isolate->over != over_)
      tidy();
    isolate->outward = previous_;
    isolate->base = base_;
  }
  ist__outward(const ist__outward &) = delete;
  ist__outward &operator=(const ist__outward &) = delete;

  /* How deep the isolate was entered, and how many scopes were open, when it was called. */
  const uint32_t depth, marks;
  /* What it wants thrown when it returns; empty: nothing. */
  v8::Global<v8::Value> thrown;

private:
  void tidy();
  ist_isolate *isolate_;
  ist__outward *previous_;
  uint32_t scoped_, over_, base_;
};

/* On the isolate's thread: */

/* Whether a callback of the embedder's is on the stack. */
inline bool ist__called_out(const ist_isolate *isolate) {
  return isolate->outward || isolate->freeing;
}

inline bool ist__context_alive(const ist_context *context) {
  return context && context->live.load(std::memory_order_relaxed);
}

/* The record of the context that V8 calls us in, or NULL for one that is not ours or was freed. */
ist_context *ist__context_of(v8::Local<v8::Context> context);

/* For the callback that runs: what it wants thrown when it returns. */
inline ist_status ist__throw_later(ist_isolate *isolate, v8::Local<v8::Value> value) {
  if (!isolate->outward) return IST_ERR_STATE;
  isolate->outward->thrown.Reset(isolate->v8, value);
  return IST_ERR_EXCEPTION;
}

/* Owes a finalizer a call: it runs when the isolate is next at a safe place. `finalizer` was
 * allocated beforehand, so that this cannot fail; NULL is accepted. */
void ist__finalizer_owe(ist_isolate *isolate, ist__finalizer *finalizer);
/* An allocated finalizer, or NULL with `finalize` called when memory is out. */
ist__finalizer *ist__finalizer_new(ist_finalizer finalize, void *env);

/* Tells the uncaught hook of rejections that have no handler now, and runs what is owed, when no
 * JavaScript is on the stack. Called at the end of what may have run microtasks. */
void ist__isolate_settle(ist_isolate *isolate);
/* Gives an error to the isolate's hook, or to its owner's. */
void ist__isolate_tell_uncaught(ist_isolate *isolate, ist_context *context, const ist_error *error,
                                ist_value promise);

/* ---- Between V8's values and ours ---- */

/* A new handle, or the number itself. False when memory is out. `kept`: beyond every scope. */
bool ist__value_from_any(ist_isolate *isolate, v8::Local<v8::Value> from, ist_value *to, bool kept);

inline void ist__value_from_number(v8::Local<v8::Value> from, ist_value *to) {
  double number = from.As<v8::Number>()->Value();
  if (fabs(number) <= INT32_MAX) {
    int32_t whole = static_cast<int32_t>(number);
    if (number == whole && (whole || !signbit(number))) {
      *to = ist_int32(whole);
      return;
    }
  } else if (number == INT32_MIN) {
    *to = ist_int32(INT32_MIN);
    return;
  }
  *to = ist_double(number);
}

inline bool ist__value_from(ist_isolate *isolate, v8::Local<v8::Value> from, ist_value *to,
                            bool kept = false) {
  int32_t small;
  if (!from.IsEmpty() && ist__compat::is_small_integer(from, &small)) {
    *to = ist_int32(small);
    return true;
  }
  if (!from.IsEmpty() && ist__compat::instance_type(from) == isolate->number_type) {
    ist__value_from_number(from, to);
    return true;
  }
  return ist__value_from_any(isolate, from, to, kept);
}

/* The slot of a handle, or NULL. A value's type is checked against the slot's: the caller could
 * have changed it. */
inline ist__slot *ist__slot_of(const ist_isolate *isolate, ist_value value) {
  uint32_t index = static_cast<uint32_t>(value.as.handle);
  if (value.isolate != isolate->id || index / IST_SLOTS_PER_CHUNK >= isolate->handles.chunk_count)
    return nullptr;
  ist__slot *slot =
      &isolate->handles.chunks[index / IST_SLOTS_PER_CHUNK][index % IST_SLOTS_PER_CHUNK];
  bool fits = slot->generation == value.as.handle >> 32 && slot->type == value.type &&
              slot->kind != IST__SLOT_FREE;
  return fits ? slot : nullptr;
}

/* False when the handle is stale or foreign. */
bool ist__value_to(ist_isolate *isolate, ist_value from, v8::Local<v8::Value> *to);

/* The same within a call (ist__inward), for as long as it lasts, and cheaper: the value is read
 * where the handle keeps it. A handle that is released meanwhile retires until the call has ended.
 */
inline bool ist__value_borrow(ist_isolate *isolate, ist_value from, v8::Local<v8::Value> *to) {
  if (from.type < IST_STRING) return ist__value_to(isolate, from, to);
  const ist__slot *slot = ist__slot_of(isolate, from);
  if (!slot || slot->value.IsEmpty()) return false;
  *to = slot->kind == IST__SLOT_WEAK ? slot->value.Get(isolate->v8)
                                     : ist__compat::borrowed(isolate->v8, slot->value);
  return true;
}

void ist__handles_free(ist_isolate *isolate);

/* The isolate with this number, while it lives. Any thread. */
ist_isolate *ist__isolate_by_id(uint32_t id);

/* UTF-8 to a string; empty when too long. */
v8::MaybeLocal<v8::String> ist__string(v8::Isolate *isolate, const char *text, size_t length);
/* The same for text of ours that always fits. */
v8::Local<v8::String> ist__text(v8::Isolate *isolate, const char *text);
/* One of the names and private properties that an isolate keeps. */
v8::Local<v8::String> ist__word_of(v8::Isolate *isolate, ist__word word);
v8::Local<v8::Private> ist__secret_of(v8::Isolate *isolate, ist__secret secret);
/* A copy for C, with a NUL behind it; NULL when memory is out. */
char *ist__string_copy(v8::Isolate *isolate, v8::Local<v8::String> string, size_t *length);

/* ---- Errors ---- */

/* Has V8 remember the frames of errors. */
void ist__error_hooks(v8::Isolate *isolate);

/* Turns what a TryCatch caught into a status and, if asked for, an error. The status is `usual`, or
 * IST_ERR_TERMINATED. Resets the catcher. */
ist_status ist__caught(ist_context *context, v8::TryCatch *catcher, ist_status usual,
                       ist_error **error);

/* How many causes of an error are kept, and given back. */
enum { IST__MOST_CAUSES = 8 };

/* An error for a value that was thrown; `message` may be empty. NULL when memory is out. */
ist_error *ist__error_of(ist_context *context, ist_status status, v8::Local<v8::Value> exception,
                         v8::Local<v8::Message> message);

/* Fails without V8: sets an error with the status's text (or `message`) and gives the status. */
ist_status ist__fail(ist_error **error, ist_status status, const char *message = nullptr);

/* The JavaScript error for an error of ours: the value in it, or a new object. */
v8::Local<v8::Value> ist__error_to_js(ist_context *context, const ist_error *error);

/* What an error of the host's own stands for, or NULL. */
void *ist__error_host(v8::Local<v8::Context> context, v8::Local<v8::Object> error);
void ist__host_errors_free(ist_isolate *isolate);

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

/* Remembers what a context has before user code: what the functions about values rely on. */
void ist__intrinsics_capture(v8::Local<v8::Context> context);

/* Reflect.defineProperty; false when something was thrown. V8's own functions forget to tell of
 * what a proxy, an interceptor or a conversion throws, and leave it pending. */
bool ist__define_property(v8::Local<v8::Context> context, v8::Local<v8::Object> target,
                          v8::Local<v8::Name> key, v8::PropertyDescriptor *descriptor, bool *done);
/* The same for a value: whether it is defined now. */
bool ist__define_value(v8::Local<v8::Context> context, v8::Local<v8::Object> target,
                       v8::Local<v8::Name> key, v8::Local<v8::Value> value,
                       v8::PropertyAttribute attributes);

/* ---- Parts ---- */

void ist__module_hooks(v8::Isolate *isolate);
void ist__context_free_modules(ist_context *context);
/* Scripts, and the imports that were never done. After the contexts are freed. */
void ist__isolate_free_code(ist_isolate *isolate);
void ist__loads_free(ist_isolate *isolate);
void ist__callbacks_free(ist_isolate *isolate);

/* An object for the data of V8's callbacks that holds a pointer of ours (aligned to two bytes),
 * which ist__compat::get_pointer(object, 0) reads without a call. */
v8::MaybeLocal<v8::Object> ist__pointer_object(v8::Local<v8::Context> context, void *pointer);

/* Runs a file of runtime/js as the body of a function of `native`. False when it has thrown, or
 * there is none. */
bool ist__js_run(v8::Local<v8::Context> context, const char *file, v8::Local<v8::Object> native);

/* Has the texts of ist_compartment_eval evaluated where code from strings is refused. */
void ist__compartment_hooks(v8::Isolate *isolate);
/* Runs the microtasks of the frozen contexts, which have queues of their own. */
void ist__compartments_run(ist_isolate *isolate);
/* What an accessor stands for that a frozen context has in place of a value; empty for another
 * accessor's descriptor. */
v8::MaybeLocal<v8::Value> ist__compartment_value(v8::Local<v8::Context> context,
                                                 v8::Local<v8::Object> descriptor);
/* Makes a frame of a stack's text read as one of a script, in its place. False for one that is left
 * out: that of the call from C. */
bool ist__compartment_frame(char *frame);
/* Ends what a context has for compartments. */
void ist__compartment_end(ist_context *context);

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

/* ---- The inspector and profiles ---- */

/* V8's inspector of an isolate, of which there is one: sessions of the embedder's and the REPL
 * share it, or they would take the debugger from each other. */

/* Makes it if need be, and shows it a context. NULL when memory is out. */
ist__inspection *ist__inspection_of(ist_context *context);
/* The isolate was locked anew: V8 has forgotten a pause that was asked for. */
void ist__inspection_locked(ist__inspection *inspection);
/* Tells the sessions of an error that nobody catches. */
void ist__inspection_uncaught(ist_context *context, const ist_error *error, ist_value promise);
/* Whether a session is being told something, within which no JavaScript may run. */
bool ist__inspection_sends(const ist_isolate *isolate);
/* What ends: a context, the embedder's inspector, or all. */
void ist__inspection_forget(ist_context *context);
void ist__inspection_close(ist_isolate *isolate);
void ist__inspection_free(ist_isolate *isolate);

/* Ends and drops the profile that is under way. */
void ist__profile_free(ist_isolate *isolate);

/* ---- The loop ---- */

/* Makes an isolate's end of its loop, before it can be reached. */
void ist__loop_begin(ist_isolate *isolate);
/* Frees the loop; and then, when the isolate is not live any more, the posts that were not called.
 */
void ist__loop_end(ist_isolate *isolate);
void ist__loop_drop_posts(ist_isolate *isolate);

/* ---- Platform ---- */

/* Starts V8, once for the process. */
void ist__platform_start();
/* Has calls refused in children of this process; before V8 is started. */
void ist__fork_watch();

/* Whether the process has room for one more isolate's memory mappings and for the reservation of
 * its heap, which are then counted as taken. Any thread. */
bool ist__room_take();
/* For an isolate that was not made after all. */
void ist__room_give();

/* The tasks of one isolate's thread. Made for an isolate that is allocated and not yet initialised.
 */
ist__runner *ist__runner_new(v8::Isolate *isolate);
/* Drops all tasks; before the isolate is disposed. */
void ist__runner_stop(ist__runner *runner);
void ist__runner_free(ist__runner *runner, v8::Isolate *isolate);
void ist__runner_set_wake(ist__runner *runner, void (*wake)(void *env), void *env);
/* Whether a task waits that is not delayed. */
bool ist__runner_has_ready(ist__runner *runner);
/* Runs what is due; whether there was any. */
bool ist__runner_run(ist__runner *runner, v8::Isolate *isolate);
/* The milliseconds until a task is due: 0 when one is, -1 when there is none. */
int ist__runner_delay(ist__runner *runner);
/* Whether the worker threads are at work; then the runner's wake is called when they are not. */
bool ist__runner_await_workers(ist__runner *runner);

#endif
