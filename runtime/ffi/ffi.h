/* The C half of the runtime: descriptors become libraries of functions with their plans; libffi
 * makes the calls; closures answer the callbacks; owner records say who owns what. It knows C types
 * and addresses and has never heard of JavaScript: a language layer (runtime/v8) converts values
 * into a frame and reads them back out of it.
 *
 * Everything is reached through a plan that the descriptor fixed at load time; nothing here
 * guesses. Strings that structures point to belong to their library and live as long as it does. A
 * domain and all that hangs on it belong to one thread; libraries are shared and immutable after
 * ist__library_open, but for `closed`, which is atomic. */
#ifndef IST_FFI_H
#define IST_FFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One byte in either language: C++17 has no stdatomic.h. */
#ifdef __cplusplus
#include <atomic>
typedef std::atomic<bool> ist__flag;
extern "C" {
#else
#include <stdatomic.h>
typedef atomic_bool ist__flag;
#endif

typedef struct ist__library ist__library;
typedef struct ist__type ist__type;
typedef struct ist__function ist__function;
typedef struct ist__param ist__param;
typedef struct ist__expr ist__expr;
typedef struct ist__bundle ist__bundle;
typedef struct ist__frame ist__frame;
typedef struct ist__domain ist__domain;
typedef struct ist__owner ist__owner;
typedef struct ist__closure ist__closure;

/* Whose fault it is that a library cannot be opened. */
typedef enum ist__blame {
  IST__BLAME_TEXT,    /* the descriptor's */
  IST__BLAME_LIBRARY, /* the shared object, or a symbol in it, is not there */
  IST__BLAME_MEMORY
} ist__blame;

/* Why something could not be done; `text` is UTF-8, complete, and fit to show a user. */
typedef struct ist__fault {
  char text[512];
  ist__blame blame; /* of ist__library_open alone */
} ist__fault;

/* ---- types ---- */

typedef enum ist__kind {
  IST__VOID,
  IST__INT,
  IST__BOOL,
  IST__FLOAT,
  IST__ENUM,
  IST__STRUCT,
  IST__ARRAY,
  IST__HANDLE,
  IST__REF,
  IST__STRING,
  IST__CALLBACK,
  IST__POINTER
} ist__kind;

typedef enum ist__encoding { IST__BYTES, IST__UTF8, IST__LATIN1, IST__UTF16 } ist__encoding;

typedef struct ist__enumerator {
  const char *name;
  int64_t value; /* bit pattern for unsigned 64-bit enums */
} ist__enumerator;

/* One value of a tag, and which member of the union it selects (-1: the field itself). */
typedef struct ist__variant {
  int64_t value;
  int32_t member;
} ist__variant;

typedef struct ist__field {
  const char *name;
  const ist__type *type;
  size_t offset; /* bytes; of a bit-field: 0, see bit_offset */
  /* Of a bit-field: little-endian bits from the start of the struct; width 0: it is none. */
  uint32_t bit_offset, bit_width;
  int32_t len;        /* index of the field that counts the elements of this pointer field, or -1 */
  ist__encoding text; /* of the elements of a `len` field */
  bool readonly;
  bool is_variant; /* a union that is read as the member that its tag selects */
  int32_t group;   /* fields of one number share memory; -1: it has its own */
  int32_t tag;     /* index of the field that says whether, or as what, it is there; -1: always */
  const ist__variant *variants;
  size_t variant_count;
  const ist__expr *value; /* an integer that the language does not see and that is always this */
  ist__param *use;        /* of a function that the language may store; `data` and `destroy` are
                             indexes of fields */
} ist__field;

struct ist__type {
  ist__kind kind;
  uint32_t index; /* place in library->types */
  ist__library *library;
  const char *name;       /* for JavaScript and messages: "Point", "uLong", "Database" */
  const char *c;          /* C spelling, for structs and handles */
  size_t size, align;     /* bytes; of a handle: of its inline memory, 0 if opaque */
  size_t natural_align;   /* struct: of its most aligned member; 0: as the members' types say */
  bool is_signed;         /* int, enum */
  bool bigint;            /* int: JavaScript sees a BigInt */
  bool flags, open;       /* enum */
  bool pointers;          /* struct, inline handle: holds pointers somewhere */
  bool is_union;          /* struct: its fields share their memory */
  bool prepared;          /* struct, array: ist__type_prepare has something to do */
  bool functions;         /* struct, array: holds functions that the language may store */
  bool inline_memory;     /* handle: its memory is ours */
  bool no_reenter;        /* handle: one call inside at a time; callback: no calls while it runs */
  uint32_t depth;         /* handle: how deep `take` may nest its objects; 0: no limit */
  bool is_const;          /* ref: the memory may not be written */
  const ist__type *to;    /* ref, pointer, array: what it refers to or holds (void has a type) */
  size_t count;           /* array: elements */
  ist__encoding encoding; /* string; array of text */
  ist__enumerator *values;
  size_t value_count; /* enum */
  ist__field *fields;
  size_t field_count; /* struct, handle */
  const ist__function **constructors;
  size_t constructor_count; /* handle */
  const ist__function **methods;
  size_t method_count;
  const ist__function **statics;
  size_t static_count;
  const ist__function *destructor; /* handle, or NULL */
  ist__param *params;
  size_t param_count; /* callback: what C passes */
  ist__param *result; /* callback */
  uint32_t *args;
  size_t arg_count;        /* callback: parameter indexes JavaScript receives, in order */
  size_t type_param_count; /* callback */
  void *abi; /* libffi's view of the type; owned by the library, of no use elsewhere */
};

/* ---- functions ---- */

typedef enum ist__role {
  IST__VALUE,
  IST__BUFFER,
  IST__CELL,
  IST__FIXED,
  IST__DATA,
  IST__DESTROY,
  IST__VIEW
} ist__role;
typedef enum ist__dir { IST__IN, IST__OUT, IST__INOUT } ist__dir;
typedef enum ist__scope {
  IST__SCOPE_CALL,
  IST__SCOPE_ONCE,
  IST__SCOPE_UNTIL,
  IST__SCOPE_FOREVER
} ist__scope;

/* A parameter or a result; the members are those of docs/descriptor.md. Indexes are -1, expressions
 * NULL, when absent. */
struct ist__param {
  const char *name;      /* "return" for a result */
  const ist__type *type; /* exactly what C receives */
  uint32_t index;
  ist__role role;
  ist__dir dir;
  bool null, element_null, hidden, own, own_always, take, copy, error_text, terminated, replaced;
  int32_t arg; /* place among the JavaScript arguments */
  int32_t of;  /* data, destroy: the callback parameter */
  int32_t within, parent;
  int32_t data, destroy; /* callback: its companions */
  ist__encoding text;
  ist__scope scope;
  const ist__expr *fallback; /* `default` */
  const ist__expr *min, *max, *count, *size, *filled, *value, *on_throw;
  const ist__function *free; /* `own.free`; NULL: the handle type's destructor */
  uint32_t *lengths;
  size_t length_count;
  uint32_t *keeps;
  size_t keep_count;
  const ist__function **until;
  size_t until_count; /* of a borrowed value, or of a callback with scope until */
  const ist__expr **type_args;
  size_t type_arg_count;
};

typedef enum ist__function_kind {
  IST__FUNCTION,
  IST__METHOD,
  IST__STATIC,
  IST__CONSTRUCTOR,
  IST__DESTRUCTOR
} ist__function_kind;

struct ist__function {
  const char *name, *c, *symbol;
  const char *label; /* for messages: "zlib.crc32", "sqlite3.Database.exec" */
  uint32_t index;
  ist__library *library;
  ist__function_kind kind;
  const ist__type *owner; /* the handle type it stands in, or NULL */
  int32_t self;
  bool optional, captures_errno;
  bool hidden;        /* for expressions and `own` only: the language does not see it */
  bool no_reenter;    /* a method that cannot run while another call is inside its object */
  bool ends_borrows;  /* some result, output or callback is valid `until` this function is called */
  bool has_callbacks; /* takes a callback, also in a struct */
  const char **tags;  /* what it can be granted by */
  size_t tag_count;
  const char *unsafe; /* why it may only be granted by name, or NULL */
  void *address;      /* NULL: an optional symbol that the library lacks */
  ist__param *params;
  size_t param_count;
  ist__param result;
  uint32_t *args;
  size_t arg_count;
  size_t required;
  int32_t *outputs;
  size_t output_count;       /* -1: the result */
  const ist__bundle *throws; /* NULL: none */
  const ist__expr **throw_args;
  const ist__expr **except;
  size_t except_count;
  void *abi;
};

struct ist__bundle {
  const char *name;
  uint32_t index;
  size_t param_count;
  const ist__expr *ok, *fail, *code, *message, *cleanup;
};

typedef struct ist__constant {
  const char *name;
  const ist__type *type;
  const ist__expr *value;
} ist__constant;

struct ist__library {
  const char *name;
  const char *opened; /* the name that dlopen accepted, "" for the process */
  ist__flag closed;
  ist__type **types;
  size_t type_count;
  ist__constant *constants;
  size_t constant_count;
  ist__bundle *bundles;
  size_t bundle_count;
  ist__function **functions;
  size_t function_count;
  void *impl;
};

/* Reads a descriptor (JSON text), opens the first of its `link` names that opens, finds every
 * symbol and prepares every plan. The library has one reference. NULL with `fault`: not JSON, not a
 * descriptor of this version, nothing opened (each name with the loader's reason), a symbol that is
 * missing and not optional. Safe on any bytes. Any thread. */
ist__library *ist__library_open(const char *json, size_t size, ist__fault *fault);
void ist__library_retain(ist__library *library);
void ist__library_release(ist__library *library); /* the shared object itself stays loaded */
void ist__library_close(ist__library *library);   /* sets `closed`; any thread */

/* ---- frames and calls ---- */

/* One call in the making. The language layer owns the memory; args[i] points to the C value of
 * parameter i (fixed, data, destroy and vanished ones included); result points to 16-byte aligned
 * storage of at least ist__result_size(). */
struct ist__frame {
  const ist__function *function;
  void **args;
  void *result;
  int error; /* errno after the call */
};

size_t ist__result_size(const ist__function *function);

/* Calls. No checks of any kind: the frame must be complete. errno is captured into frame->error if
 * asked for. */
void ist__frame_call(ist__frame *frame);

typedef enum ist__value_kind { IST__V_INT, IST__V_FLOAT, IST__V_POINTER } ist__value_kind;
typedef struct ist__value {
  ist__value_kind kind;
  __int128 i;
  double f;
  const void *p; /* string literals too */
} ist__value;

/* Evaluates over the frame's raw values (any of them that the expression names must be set). False
 * with `fault`: overflow, division by zero, a called function whose symbol is missing or whose
 * library is closed. */
bool ist__expr_eval(const ist__expr *expr, const ist__frame *frame, ist__value *out,
                    ist__fault *fault);
/* The same for an expression of a callback type (`count` of its parameters): args are those that C
 * passed. */
bool ist__expr_eval_callback(const ist__expr *expr, const ist__closure *closure, void **args,
                             ist__value *out, ist__fault *fault);
/* The literal inside a constant, default or on_throw expression that needs no frame. Never fails on
 * a checked descriptor. */
ist__value ist__expr_literal(const ist__expr *expr);
bool ist__expr_is_arg(const ist__expr *expr,
                      uint32_t *index); /* is it just {"arg": i}, or {"deref": {"arg": i}}? */

/* Whether a field can be read or written now, as far as its tag says; `*member` is the union's
 * member that it is to be read as, or NULL. `base`: the struct. */
bool ist__field_there(const ist__type *type, const ist__field *field, const void *base,
                      const ist__field **member);
/* Sets the fields that the language does not see and that always have one value, in zeroed memory.
 */
void ist__type_prepare(const ist__type *type, void *base);

/* Reads a scalar of `type` (int, bool, float, enum, ref, string, callback, pointer) from memory, or
 * writes one. A value that does not fit is an error of the caller's: check first with
 * ist__int_range. */
ist__value ist__scalar_load(const ist__type *type, const void *from);
void ist__scalar_store(const ist__type *type, void *to, ist__value value);
void ist__int_range(const ist__type *type, __int128 *min, __int128 *max); /* int, enum, bool */
uint64_t ist__bits_load(const ist__field *field,
                        const void *base); /* sign-extended for signed types */
void ist__bits_store(const ist__field *field, void *base, uint64_t value);

/* After the call: does the function's error bundle say that it failed (`except` considered)? False
 * when it has none. */
bool ist__frame_failed(const ist__frame *frame, bool *failed, ist__fault *fault);
/* The failure's code and message (malloc'ed UTF-8, or NULL); then runs `cleanup`. */
void ist__frame_failure(const ist__frame *frame, bool *has_code, ist__value *code, char **message);

/* Calls `function` (an `own(free)` function or a destructor) on one address: its other parameters
 * take their fixed values and defaults. */
void ist__free_with(const ist__function *function, void *address);

/* ---- domains and owner records ---- */

/* What a language layer gives its domain. `report` and `wake` must not call back into this header.
 */
typedef struct ist__domain_hooks {
  void *env;
  void (*report)(void *env, const char *text); /* any thread; no caller to throw to */
  void (*wake)(void *env);                     /* call ist__domain_drain soon; any thread */
  /* C called a live closure on the domain's thread: convert, run, store the answer at `result`
   * (pre-filled with on_throw). */
  void (*call)(void *env, ist__closure *closure, void *result, void **args);
  /* The closure has ended: drop the language's function. Domain's thread, may be inside a C call.
   */
  void (*closure_end)(void *env, void *function);
  /* The record has left IST__LIVE, whoever caused it; called once, and only if it has a wrapper,
   * which stays set. The record itself stays until ist__owner_forget (which may be called from
   * here). */
  void (*owner_end)(void *env, ist__owner *owner);
} ist__domain_hooks;

ist__domain *ist__domain_new(const ist__domain_hooks *hooks); /* belongs to the calling thread */
void ist__domain_free(ist__domain *domain); /* destroys everything still owned, children first */
void ist__domain_drain(
    ist__domain *domain); /* destroys what was forgotten; domain's thread, no C frame active */

typedef enum ist__owner_kind {
  IST__BORROWED, /* somebody else's; never destroyed here */
  IST__OWNED,    /* a handle whose destructor (or `free`) we must call */
  IST__MEMORY,   /* struct memory that we allocated; freed, nothing called */
  IST__LENT /* the same, but it points to what is somebody else's: it expires like IST__BORROWED */
} ist__owner_kind;

typedef enum ist__owner_state {
  IST__LIVE,
  IST__DISPOSED, /* disposed by the user, the destructor waits for the last child; invalid to the
                    language */
  IST__GONE,     /* destroyed */
  IST__TAKEN,    /* C took it */
  IST__EXPIRED   /* borrowed, and its time is over */
} ist__owner_state;

struct ist__owner {
  ist__domain *domain;
  const ist__type *type; /* handle or struct */
  void *address;
  ist__owner_kind kind;
  ist__owner_state state;
  uint32_t calls;                /* C calls inside it now */
  const ist__function *inside;   /* the outermost of them */
  const ist__function *ended_by; /* what disposed, took or expired it, or NULL */
  const ist__function *free;     /* IST__OWNED: what to call; the destructor or own(free) */
  size_t bytes;                  /* native size, as far as known */
  bool is_const;                 /* borrowed, through pointers to const alone: not to be written */
  void *wrapper;                 /* the language layer's; NULL when forgotten */
  void *impl;
};

/* Records live until the language forgets them: each ist__owner_new is balanced by one
 * ist__owner_forget, also for a record that has ended or never got a wrapper. ist__domain_free
 * frees what is left.
 *
 * A new live record (NULL: out of memory). IST__MEMORY: `address` NULL allocates type->size zeroed
 * bytes that never move, else adopts malloc'ed memory. IST__OWNED of an inline handle: likewise,
 * and `free` runs on it before the memory goes. One live record per (type, address): use
 * ist__owner_find first. */
ist__owner *ist__owner_new(ist__domain *domain, const ist__type *type, void *address,
                           ist__owner_kind kind, const ist__function *free);
ist__owner *ist__owner_find(ist__domain *domain, const ist__type *type, const void *address);
/* Finds live ones, also those that were forgotten but are not destroyed yet (a child keeps them, or
 * no drain came): their `wrapper` is NULL. Setting it revives the record, which must then be
 * forgotten once more. */
/* A borrowed record whose object is ours from now on (an owned result at a known address):
 * IST__OWNED, free of its parents. */
void ist__owner_adopt(ist__owner *owner, const ist__function *free);

/* `child` keeps `parent` (saying it again changes nothing): an owned parent's destructor waits for
 * its owned children; a borrowed child expires when the parent ends, and keeps a merely forgotten
 * parent alive. A borrowed child with `until` also expires when one of these functions is called on
 * `parent` (any parent when NULL), see ist__function_ends; it keeps the parent too. */
void ist__owner_keep(ist__owner *child, ist__owner *parent);
void ist__owner_until(ist__owner *child, ist__owner *parent, const ist__function **until,
                      size_t count);

/* Before a call of `function` that ends_borrows enters C: expires borrowed values and ends closures
 * that are valid until `function` is called on `parent` (its self or first handle argument; NULL:
 * none). */
void ist__function_ends(ist__domain *domain, const ist__function *function, ist__owner *parent);

void ist__owner_enter(ist__owner *owner, const ist__function *function);
void ist__owner_leave(ist__owner *owner);

/* A call of a method of `into` is to take `item`. False with `fault` when objects of the type would
 * nest deeper than it allows; true: they are counted as nested from now on. */
bool ist__owner_nest(ist__owner *into, ist__owner *item, ist__fault *fault);
/* A new owned object that was made of `from` may be nested as deep as that. */
void ist__owner_inherit_height(ist__owner *owner, ist__owner *from);
/* The same for a borrowed object that was just bound to its parents. */
bool ist__owner_depth_ok(ist__owner *owner, ist__fault *fault);
/* May it be destroyed or taken now? False when calls are inside it, with "in use by LABEL" in
 * `fault`. */
bool ist__owner_idle(const ist__owner *owner, ist__fault *fault);
/* Is nothing that C owns made of it? Otherwise C may not have it: its children would outlive it.
 * False with "… is still needed by a Cursor". */
bool ist__owner_childless(const ist__owner *owner, ist__fault *fault);
/* The user disposed it. True: the caller must call the destructor itself, now, and then
 * ist__owner_gone. False: children are outstanding, the destructor will run after the last; the
 * record is invalid from now on either way. */
bool ist__owner_dispose(ist__owner *owner, const ist__function *by);
/* Without ist__owner_dispose before: nothing is called (a constructor failed, C destroyed it
 * itself). */
void ist__owner_gone(ist__owner *owner,
                     const ist__function *by); /* destroyed: releases parents, expires borrowed
                                                  children, frees inline memory */
void ist__owner_taken(ist__owner *owner, const ist__function *by);
void ist__owner_expire(ist__owner *owner,
                       const ist__function *by); /* a borrowed one; others stay */
/* The language has no reference any more: owned ones are queued and destroyed by ist__domain_drain,
 * ended ones freed there. Safe inside a collection: calls no C, takes no lock, allocates nothing;
 * calls `wake` when the queue was empty. */
void ist__owner_forget(ist__owner *owner);
/* The message for a record that is not live: "the Database is closed", "… was given to X", "… is no
 * longer valid after X". */
void ist__owner_fault(const ist__owner *owner, ist__fault *fault);

/* ---- closures ---- */

/* A C function that calls back into the language. Slots are typed by signature and never unmapped:
 * a dead one answers with its on_throw value and reports; a foreign thread gets the same. Slots are
 * used again oldest first, after at least 4,096 have rested. */
struct ist__closure {
  ist__domain *domain;
  const ist__type *type;         /* callback */
  const ist__param *use;         /* the parameter it was passed for: scope, on_throw */
  const ist__function *function; /* the function it was passed to */
  void *language;                /* the language layer's function; NULL when dead */
  int64_t type_args[4];
  bool alive;
  void *impl;
};

/* The record may be used again by another closure some time after it has ended.
 *
 * A live closure for `use`, a callback parameter of frame->function (whose raw values type_args and
 * on_throw may name). */
ist__closure *ist__closure_new(ist__domain *domain, const ist__param *use, const ist__frame *frame,
                               void *language, ist__fault *fault);
/* A closure that shares the user data and destroy notice of `leader`: it ends when that is
 * notified.
 */
void ist__closure_join(ist__closure *closure, ist__closure *leader);
void *ist__closure_code(const ist__closure *closure); /* the function pointer for C */
void *ist__closure_data(const ist__closure *closure); /* the user data for C */
void *ist__closure_destroy_code(
    const ist__closure *closure); /* void (*)(void *): ends the closure whose data it gets */
/* Binds its life: scope call ends with ist__closure_end by the caller; once ends after its first
 * call; until: with `parent`, replaced or ended by ist__function_ends, or when the parent ends;
 * forever never. Call after C has accepted it. */
void ist__closure_bind(ist__closure *closure, ist__owner *parent);
/* The language could not answer: calls what a void callback's `on_throw` says, with the exception's
 * text. `args` are those that C passed. Nothing for other callbacks, whose answer is a value. */
void ist__closure_threw(ist__closure *closure, void **args, const char *message);
void ist__closure_end(ist__closure *closure); /* ended already: nothing */
/* C accepted NULL for `use`, a callback parameter whose scope is `until` with `replaced`: ends the
 * one that was there. */
void ist__closure_replaced(ist__domain *domain, const ist__param *use, ist__owner *parent);

#ifdef __cplusplus
}
#endif

#endif
