/* bridge_internal.h: what the files of the bridge have of each other. */
#ifndef ISTHMUS_PYTHON_BRIDGE_INTERNAL_H
#define ISTHMUS_PYTHON_BRIDGE_INTERNAL_H

#include <math.h>

#include "bridge_table.h"

/* Which process this is: one more in each that is made by fork. */
extern uint32_t ipy__process;
/* Whether this process was made by fork after the isolate was. Another thread may have held its
 * mutexes then, and there is no such thread here: nobody may wait for them. */
static inline bool ipy__forked(const ipy_isolate *core) {
  return core->process != ipy__process;
}

/* Notes in a frame (which may be NULL) why an operation has failed: IPY_FAILED. */
int ipy__failed(ipy_frame *frame, ist_status status);
/* Memory for text that lives as long as a frame's contents; NULL when memory is out. */
char *ipy__room(ipy_frame *frame, size_t size);

/* Adds to a list of things of one size. False: no memory. */
bool ipy__push(void **list, size_t *count, size_t *capacity, size_t size, const void *what);
/* Takes all of a list away, under the lock of the queues; `owing`, which may be NULL, told of it.
 */
void *ipy__take_all(ipy_isolate *core, void **list, size_t *count, size_t *capacity,
                    atomic_bool *owing, size_t *taken);

/* With the isolate held: frees the errors that Python has dropped; and reads the rest of those that
 * came by a context (NULL: by any), which goes. */
void ipy__errors_pay(ipy_isolate *core);
void ipy__errors_complete(ipy_isolate *core, const ist_context *context);

/* Whether a number is an int in Python: an integer of at most 53 bits, other than -0. */
static inline bool ipy__is_integer(double number) {
  return number >= -9007199254740991.0 && number <= 9007199254740991.0 &&
         number == (double)(int64_t)number && (number || !signbit(number));
}

/* The watch is told when an operation begins and ends. */
void ipy__watch_begin(ipy_isolate *core, ipy_hold *hold);
void ipy__watch_end(ipy_hold *hold);
/* Starts the watch anew in a process that was made by fork before V8 was used. */
void ipy__watch_again(void);
/* Waits until the watch does not look at any isolate that nobody is in. */
void ipy__watch_pass(void);

/* A Python object that JavaScript holds, for something of its own: an exception, memory. */
typedef struct ipy__held {
  ipy_isolate *core;
  int64_t host;
} ipy__held;

/* NULL when memory is out; the object is released then. */
ipy__held *ipy__held_new(ipy_isolate *core, int64_t host);
void ipy__held_forget(void *env);

/* What an operation is about, once it has begun. */
typedef struct ipy__operation {
  ipy_isolate *core;
  ist_context *context;
  ipy_frame *frame;
  ipy_hold hold;
} ipy__operation;

/* Begins one: 0 or an answer. Ends one that could not do its work: `answer`. */
int ipy__begin(ipy__operation *op, uintptr_t place, uintptr_t frame);
/* Begins one about an object of the table; 0 is the global object. */
int ipy__begin_about(ipy__operation *op, uintptr_t place, int64_t object, ist_value *about,
                     uintptr_t frame);
int ipy__give_up(ipy__operation *op, int answer);

#endif
