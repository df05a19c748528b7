/* bridge_table.h: the objects that both languages know, by number. An object of JavaScript's is in
 * the table as long as Python has a proxy of it; one that stands for a Python object, as long as
 * JavaScript has it. Found again by identity hash, so that the same object always is the same
 * entry. All of it is used by the thread that holds the isolate. */
#ifndef ISTHMUS_PYTHON_BRIDGE_TABLE_H
#define ISTHMUS_PYTHON_BRIDGE_TABLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "bridge.h"

typedef struct ipy__entry {
  ist_value kept;       /* a strong handle; undefined while `references` is 0 */
  ist_value weak;       /* of what stands for a Python object; else undefined */
  ist_context *context; /* it came by */
  int64_t host;         /* the Python object's number, 0 for none */
  uint32_t references;  /* of Python's */
  uint32_t generation;
  int32_t hash;  /* 0: free */
  uint32_t next; /* in its chain, or in the list of free ones; an index + 1 */
} ipy__entry;

typedef struct ipy__table {
  ipy__entry *entries;
  uint32_t *chains;     /* by hash; an index + 1 */
  uint32_t count, room; /* of entries */
  uint32_t mask;        /* of chains */
  uint32_t free;        /* an index + 1 */
  size_t live;
} ipy__table;

struct ipy_isolate {
  ist_isolate *isolate;
  int64_t key;
  pthread_mutex_t lock;
  pthread_t owner;
  uint32_t process; /* ipy__process of the process that made it */
  _Atomic bool taken;
  _Atomic int waiting;
  uint32_t depth; /* of the owner's operations */
  bool closed;    /* written with both mutexes held */
  uint64_t wall, cpu;
  _Atomic uint32_t references;
  ipy__table table;
  /* What any thread may leave, under `queues`. */
  pthread_mutex_t queues;
  _Atomic bool owed;
  int64_t *drops;
  size_t drop_count, drop_room;
  ipy_error *live;    /* held by exceptions */
  ipy_error **errors; /* dropped */
  size_t error_count, error_room;
  int64_t *released;
  size_t released_count, released_room;
  _Atomic bool owes_python; /* some are released */
};

/* Finds a value, or adds it with a reference; one that stands for a Python object gives `host`
 * alone. */
ist_status ipy__table_find(ipy_isolate *core, ist_context *context, ist_value value, int64_t *id,
                           int64_t *host);
/* Adds what stands for a Python object (`host` 0: for memory of Python's), with a reference; the
 * number, or 0 when memory is out. */
int64_t ipy__table_stand(ipy_isolate *core, ist_context *context, ist_value value, int64_t host);
/* The same, where the Python object is released when JavaScript has forgotten the value; the
 * caller's still when it fails. */
int64_t ipy__table_own(ipy_isolate *core, ist_context *context, ist_value value, int64_t host);
/* The value of a number; false when that is stale, or the object has gone. */
bool ipy__table_value(const ipy_isolate *core, int64_t id, ist_value *value);
/* One reference more, or 0 when it is gone. */
int ipy__table_pin(ipy_isolate *core, int64_t id);
/* One reference less; or, of what stands for something of Python's and has none, a look whether it
 * is gone. */
void ipy__table_drop(ipy_isolate *core, int64_t id);
void ipy__table_forget(ipy_isolate *core, const ist_context *context);
void ipy__table_free(ipy__table *table);

/* The struct's own count; whoever keeps a pointer where Python does not see it holds one. */
void ipy__core_hold(ipy_isolate *core);
/* Whether the interpreter ends: Python is not called any more. */
bool ipy__stopped(void);
void ipy__core_give(ipy_isolate *core);

#endif
