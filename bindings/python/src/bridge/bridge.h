/* bridge.h: what stands between isthmus.h and the Python package, in C so that a call into
 * JavaScript is one call from Python: the isolate's lock (which Python may wait for and still see
 * signals), the table of the objects that both languages know, conversion of values, callbacks, and
 * the watch that lets Python look at its signals while JavaScript runs. Nothing here touches a
 * Python object: those are known by numbers that the package hands out. What is between the marks
 * is read by cffi too. */
#ifndef ISTHMUS_PYTHON_BRIDGE_H
#define ISTHMUS_PYTHON_BRIDGE_H

#include "isthmus.h"

/* cdef: begin */

/* What an item holds. */
typedef enum ipy_tag {
  IPY_UNDEFINED,
  IPY_NULL,
  IPY_FALSE,
  IPY_TRUE,
  IPY_INT,     /* `integer`: a number that is an integer of at most 53 bits, other than -0 */
  IPY_DOUBLE,  /* `number` */
  IPY_LATIN1,  /* `length` characters at `data` */
  IPY_UTF16,   /* `length` units at `data`, in the machine's byte order; lone surrogates are kept */
  IPY_BIGINT,  /* `length` 64-bit words at `data`, the least first; `kind` is 1 when negative */
  IPY_DATE,    /* `number`: milliseconds since 1970 UTC. From C only */
  IPY_OBJECT,  /* `integer`: its number in the table; `kind`: its ist_class */
  IPY_SYMBOL,  /* `integer`: its number in the table */
  IPY_HOST,    /* `integer`: the number that Python gave to the object. From C only */
  IPY_VIEW,    /* a typed array, DataView or buffer: `integer`: its number in the table; `kind`: its
                  ist_class; `data`, `length` in bytes; `store` holds the memory and belongs to who
                  reads the item. From C only */
  IPY_DOUBLES, /* an array of `length` doubles at `data`. To C only */
  IPY_COPY,    /* a Uint8Array of a copy of `length` bytes at `data`. To C only */
  IPY_CBOR,    /* what the `length` bytes at `data` say. To C only */
  IPY_LENT /* as IPY_LATIN1, without a copy: the text is in the Python object `integer`, which is 0
              once it was taken. To C only */
} ipy_tag;

/* What an operation answers: the tag of the result, or one of these. */
typedef enum ipy_answer {
  IPY_FAILED = -1, /* `status` and, when there is more to say, `error` of the frame */
  IPY_BUSY = -2,   /* another thread has the isolate; nothing was done: try again */
  IPY_CLOSED = -3, /* the isolate or context is closed */
  IPY_STALE = -4   /* an object's number is not in the table */
} ipy_answer;

typedef struct ipy_item {
  int32_t tag;
  int32_t kind;
  int64_t integer;
  double number;
  char *data;
  size_t length;
  ist_store *store;
} ipy_item;

/* One operation's arguments and result. `argv` is `args` or the caller's own memory. Texts of the
 * result are valid until the frame is used again or reset. */
typedef struct ipy_frame {
  ipy_item result;
  ipy_item args[8];
  ipy_item *argv;
  uint32_t argc;
  int32_t status;
  ist_error *error; /* the reader takes it, or the next use frees it */
  uint64_t wall;    /* nanoseconds that this operation may take; 0: the isolate's own limit */
  uint64_t cpu;
  void *more;  /* blocks of text that did not fit */
  size_t used; /* of `text` */
  char text[512];
} ipy_frame;

typedef struct ipy_isolate ipy_isolate;

/* Where an operation happens. Places and frames are passed to operations by address, as integers,
 * which cffi converts three times as fast as pointers. */
typedef struct ipy_place {
  ipy_isolate *core;
  ist_context *context; /* NULL: closed */
} ipy_place;

/* What an open operation must give back. */
typedef struct ipy_hold {
  ipy_isolate *core; /* NULL when it is not open */
  uint32_t scope;
  uint32_t limited;
  uint64_t watched;
  void *previous;
} ipy_hold;

/* Starts the watch, once; `main` is Python's name for its main thread, which is its pthread_t. */
void ipy_start(uintptr_t main);
/* Calls what the package answers, about no isolate: at its first call of a function of Python's
 * cffi looks it up, for which Python's stack may have no room later. */
void ipy_warm(void);
/* The interpreter ends: from now on nothing calls into Python, and running JavaScript is ended. */
void ipy_stop(void);

/* Wraps an isolate, which it then owns. `key` names it in calls into Python. NULL: no memory. */
ipy_isolate *ipy_isolate_new(ist_isolate *isolate, int64_t key, uint64_t wall, uint64_t cpu);
/* Closes it: 0, IPY_BUSY, or IPY_FAILED within one of its callbacks. */
int ipy_isolate_close(ipy_isolate *core);
void ipy_isolate_free(ipy_isolate *core);
ist_isolate *ipy_isolate_pointer(ipy_isolate *core);
/* The package's number for a context, which calls from it name it by. */
int ipy_context_number(ist_context *context, int64_t number);
/* Ends what runs. Any thread. */
void ipy_isolate_terminate(ipy_isolate *core);
/* Whether this thread has the isolate now. */
bool ipy_isolate_held(ipy_isolate *core);

/* Operations. Each waits for the isolate at most a tenth of a second. */

/* Holds the isolate for this thread, with a scope, until ipy_leave: 0 or an answer. `limited`: put
 * the limits of the frame or the isolate on it; `frame` may be NULL. */
int ipy_enter(ipy_isolate *core, ipy_hold *hold, ipy_frame *frame, bool limited);
/* Gives the hold back, if it is open. The limit that was reached within it (IST_ERR_TIMEOUT,
 * IST_ERR_MEMORY), or 0. */
int ipy_leave(ipy_hold *hold);
/* The same, for what is left behind, on any thread: only the one that holds it can give it back. */
void ipy_abandon(ipy_hold *hold);

int ipy_eval(uintptr_t place, const char *source, size_t length, const char *file, int line_offset,
             uintptr_t frame);
/* With `argc` arguments. */
int ipy_call(uintptr_t place, int64_t function, uint32_t argc, uintptr_t frame);
/* The same on a receiver. */
int ipy_call_on(uintptr_t place, int64_t function, int64_t receiver, uint32_t argc,
                uintptr_t frame);
int ipy_construct(uintptr_t place, int64_t function, uint32_t argc, uintptr_t frame);
/* `object` 0: the global object. `key` is args[0]. */
int ipy_get(uintptr_t place, int64_t object, uintptr_t frame);
/* All numbers of an array, when it has no others: at `data` doubles (`kind` 0), or when all are
 * integers 64-bit integers (`kind` 1), or doubles of which some are integers (`kind` 2); else
 * IPY_UNDEFINED. */
int ipy_numbers(uintptr_t place, int64_t array, uintptr_t frame);

/* Within a hold: a value as an item, and an item as a value in the open scope. The item's texts are
 * the frame's. 0 or an answer. */
int ipy_lift(ipy_isolate *core, ist_context *context, ist_value value, ipy_item *item,
             ipy_frame *frame);
int ipy_lower(ipy_isolate *core, ist_context *context, ipy_item *item, ist_value *value,
              ipy_frame *frame);

/* Frees what a frame holds. */
void ipy_frame_reset(ipy_frame *frame);
/* Makes `argv` of so many items: `args`, or memory of the frame. It is `args` at first, and again
 * when an operation is over. False: no memory. */
bool ipy_frame_args(ipy_frame *frame, uint32_t argc);

/* The table. A number that a result has handed out is given back by ipy_drop, any thread, at any
 * time; the object is let go at the next operation. */
void ipy_drop(ipy_isolate *core, int64_t id);

/* An error that an exception of Python's holds. It is brief until somebody asks for more, or its
 * context or isolate is closed. The caller's error is taken, and given back by ipy_error_drop. 0:
 * no memory; the error is freed. Any thread. */
typedef struct ipy_error {
  ist_error *error;
  ist_context *context;
  struct ipy_error *next, **link; /* among the isolate's */
  bool tried, reading, dropped;
} ipy_error;
uintptr_t ipy_error_keep(ipy_isolate *core, ist_context *context, ist_error *error);
void ipy_error_drop(ipy_isolate *core, uintptr_t kept);
/* Within a hold: reads the rest of it. A status. */
int ipy_error_complete(ist_context *context, uintptr_t kept);
/* Lets go of all objects that came by a context, which then may be freed; within a hold. */
void ipy_forget_context(ipy_isolate *core, ist_context *context);

/* A JavaScript function for the Python object `host`: result IPY_OBJECT, whose number is to be
 * dropped after use. Python is told by ipy_on_release when JavaScript has forgotten it. `flags`
 * from IPY_FN_*. */
int ipy_function(uintptr_t place, const char *name, int64_t host, uint32_t flags, uintptr_t frame);
#define IPY_FN_RECEIVER 1 /* the receiver is argument 0 */
/* The same object again, if it still lives: 1, to be dropped after use, or 0, or an answer. */
int ipy_pin(ipy_isolate *core, int64_t id);
/* JavaScript has forgotten what stood for a Python object; told to Python when it is safe. Any
 * thread. */
void ipy_release(ipy_isolate *core, int64_t host);

/* Within a callback, for it to answer: throws an error that stands for the exception `host`. */
void ipy_throw(ipy_frame *frame, const char *name, const char *message, int64_t host);
/* The same with an error that came out of JavaScript, for IPY_RETHROWS; it is borrowed until then.
 */
void ipy_rethrow(ipy_frame *frame, const ist_error *error);
/* Of an error that came out of JavaScript: the exception that it stands for, or 0. */
int64_t ipy_error_host(const ist_error *error);

/* Takes the result at once, while what it points to is there; what is wrong with it is JavaScript's
 * to see. IPY_TAKEN. */
int ipy_take(ipy_frame *frame);

/* What a callback answers. */
typedef enum ipy_outcome {
  IPY_RETURNS,    /* `result` is what it gives */
  IPY_THROWS,     /* after ipy_throw */
  IPY_RETHROWS,   /* after ipy_rethrow */
  IPY_TERMINATES, /* JavaScript ends; the package raises what it keeps */
  IPY_TAKEN       /* after ipy_take */
} ipy_outcome;

/* Has calls of Python objects answered by the function at this address: an ipy_on_call. Before
 * anything is called. */
void ipy_answer_by(uintptr_t function);

/* cdef: end */

/* Answers a call of the Python object `host`, whose arguments are in the frame: an ipy_outcome. */
typedef int ipy_on_call(int64_t key, int64_t context, int64_t host, ipy_frame *frame);

/* What the package answers: whether JavaScript is to end because a signal's handler has raised; and
 * which objects JavaScript has forgotten. */
extern int ipy_on_look(int64_t key);
extern void ipy_on_release(int64_t key, const int64_t *hosts, size_t count);

#endif
