/* trees.h: values with all they refer to, and arrays of numbers and bytes, each one call from Go.
 * Memory of Go's is read and written within the call. */
#ifndef ISTHMUS_GO_TREES_H
#define ISTHMUS_GO_TREES_H

#include "bridge.h"

/* A tree as CBOR, and the values that travel beside it. Given back by igo_tree_free, but for the
 * handles. */
typedef struct igo_tree {
  uint8_t *bytes;
  size_t length;
  ist_value *values;
  size_t count;
  ist_error *error;
} igo_tree;

/* With `depth` 0 the tree is whole, and `values` are what has no form in CBOR; otherwise what is
 * deeper is among them, too. Without `table`, what has no form is an error. */
int32_t igo_tree_write(uintptr_t context, const ist_value *value, uint32_t depth, bool table,
                       igo_tree *tree);
void igo_tree_free(igo_tree *tree);
int32_t igo_tree_read(uintptr_t context, const uint8_t *bytes, size_t length, ist_value *values,
                      size_t count, ist_value *result, ist_error **error);

/* The memory of a buffer or view; `kind` is its ist_class. IST_ERR_TYPE: it is none. */
typedef struct igo_bytes {
  uint8_t *bytes;
  size_t length;
  uint32_t kind;
} igo_bytes;
int32_t igo_bytes_read(uintptr_t isolate, const ist_value *value, igo_bytes *bytes);
/* The same, and where the memory of its buffer begins. */
int32_t igo_bytes_base(uintptr_t isolate, const ist_value *value, igo_bytes *bytes,
                       uintptr_t *base);
/* The store of a buffer, or of that of a view, to be given to ist_store_free; and what it looked at
 * there, of an element that is an ist_element, or IST_ELEMENT_DATA_VIEW + 1 for the buffer itself.
 */
typedef struct igo_store {
  ist_store *store;
  uint32_t element;
  size_t offset, count;
} igo_store;
int32_t igo_store_of(uintptr_t isolate, const ist_value *value, igo_store *store);
/* The same over a store. */
int32_t igo_store_value(uintptr_t context, const igo_store *store, bool shared, ist_value *result);

/* Detaches a buffer, or that of a view. */
int32_t igo_buffer_detach(uintptr_t isolate, const ist_value *value);
/* A copy of a view's or buffer's memory, as much of it as fits; `length` is what there is. */
int32_t igo_bytes_copy(uintptr_t isolate, const ist_value *value, uint8_t *to, size_t capacity,
                       size_t *length);

/* A typed array over a new buffer with a copy of `length` bytes, or over Go's own memory when `pin`
 * is not 0: igoUnpin is told when no buffer uses that any more. */
int32_t igo_view_new(uintptr_t context, uint32_t element, size_t size, const void *bytes,
                     size_t length, uint64_t pin, ist_value *result);

/* Large buffers of an isolate with this source live in Go's memory. */
#define IGO_BLOCK 16384u /* bytes, from which on buffers do */
extern const ist_buffer_source igo_buffer_source;

#endif
