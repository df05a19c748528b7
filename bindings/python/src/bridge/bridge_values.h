/* bridge_values.h: what proxies, buffers and trees ask of JavaScript beyond calls and properties,
 * each in one crossing. The conventions are those of bridge.h. What is between the marks is read by
 * cffi too. */
#ifndef ISTHMUS_PYTHON_BRIDGE_VALUES_H
#define ISTHMUS_PYTHON_BRIDGE_VALUES_H

#include "bridge.h"

/* cdef: begin */

/* What ipy_ask asks of an object. Texts, numbers and objects that go in are args[0] and args[1]. */
typedef enum ipy_question {
  IPY_HAS,         /* whether it has the property args[0], or inherits it */
  IPY_HAS_OWN,     /* the same without inheriting */
  IPY_LENGTH,      /* of an array */
  IPY_SIZE,        /* of a Map or Set */
  IPY_KEYS,        /* own enumerable names: IPY_MANY texts */
  IPY_VALUES,      /* the values that they have: IPY_MANY */
  IPY_ENTRIES,     /* name, value, name, …: IPY_MANY */
  IPY_ELEMENTS,    /* of an array, from index args[0] on, at most args[1] of them: IPY_MANY */
  IPY_MEMBERS,     /* of a Set, or key, value, key, … of a Map: IPY_MANY */
  IPY_MAP_GET,     /* what a Map has for args[0] */
  IPY_MAP_SET,     /* args[1] for args[0] */
  IPY_SET_ADD,     /* args[0] */
  IPY_CONTAINS,    /* whether a Map or Set has args[0] */
  IPY_REMOVE,      /* args[0] of a Map or Set: whether it was there */
  IPY_CLEAR,       /* a Map or Set */
  IPY_ITERABLE,    /* whether it has a property Symbol.iterator */
  IPY_NEXT,        /* of an iterator: its next value, or IPY_DONE */
  IPY_CONSTRUCTOR, /* the name of its constructor, as V8 knows it: nothing is run */
  IPY_DESCRIPTION, /* of a symbol: a text, or undefined */
  IPY_PROMISE      /* of a promise: its state, and its value or reason: IPY_MANY */
} ipy_question;

/* Further answers. */
#define IPY_MANY 64 /* `length` items at `data`, which belong to the frame */
#define IPY_DONE 65

int ipy_ask(uintptr_t place, int32_t question, int64_t object, uintptr_t frame);

/* Symbol.for(args[0]), when `which` is -1; a new symbol with the description args[0], when it is
 * -2; else an ist_known_symbol. */
int ipy_symbol(uintptr_t place, int32_t which, uintptr_t frame);

/* Memory of Python's as a typed array, without a copy. */
typedef struct ipy_share {
  void *bytes;
  size_t length;   /* in bytes */
  int32_t element; /* an ist_element */
  int64_t view;   /* in: the numbers that it had the last time, or 0; out: those that it has. The */
  int64_t buffer; /* view's is to be dropped after use, the buffer's not */
  int64_t host;   /* what stands for the typed array in Python; released with it */
  int64_t memory; /* released when no buffer uses the memory any more */
  bool new_view;  /* out: whether `host` is used, and `memory`; else they are the caller's still */
  bool new_memory;
} ipy_share;
int ipy_lend(uintptr_t place, ipy_share *share, uintptr_t frame);
/* The same for memory that was shared before: 0 when the typed array is there, and still shows it;
 * its number is to be dropped after use. 1: it is not. */
int ipy_lent(uintptr_t place, const ipy_share *share, uintptr_t frame);
/* What a memoryview of JavaScript's memory held. Any thread. */
void ipy_drop_view(ipy_isolate *core, int64_t id, ist_store *store);
/* Takes the memory away from the buffer or view `object`: 0, or an answer. */
int ipy_detach(uintptr_t place, int64_t object, uintptr_t frame);

/* A typed array of `count` elements from the byte `offset` on over the buffer that `object` is, or
 * is a view of: IPY_OBJECT, whose number is to be dropped after use. `object`'s own offset counts.
 */
int ipy_view_on(uintptr_t place, int64_t object, int32_t element, size_t offset, size_t count,
                uintptr_t frame);

/* Makes a new object whose prototype is `prototype`, or with `prototype` 0 the object `object`,
 * stand for the Python object `host`, which is released when JavaScript has forgotten it: the
 * number in the table, to be dropped after use, or an answer. */
int64_t ipy_instance(uintptr_t place, int64_t prototype, int64_t object, int64_t host,
                     uintptr_t frame);

/* Makes the tree of CBOR, where tag 21067 stands for the `count` items at `items`: IPY_OBJECT,
 * whose number is to be dropped after use. */
int ipy_read_tree(uintptr_t place, const char *bytes, size_t length, ipy_item *items, size_t count,
                  uintptr_t frame);
/* The object as CBOR, `depth` levels deep, with functions and instances of classes beside it as
 * IPY_MANY; `deeper`: also what is nested deeper, instead of an error. The bytes are at args[0]'s
 * `data`, to be freed by ist_free. */
int ipy_write_tree(uintptr_t place, int64_t object, uint32_t depth, bool deeper, uintptr_t frame);

/* cdef: end */

#endif
