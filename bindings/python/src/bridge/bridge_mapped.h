/* bridge_mapped.h: bytes of Python's that come again. They never change, but JavaScript may write
 * into what it gets: so they are copied once, into a file without a name, and mapped from it each
 * time. What JavaScript writes is its own, a page at a time. The conventions are those of bridge.h.
 * What is between the marks is read by cffi too. */
#ifndef ISTHMUS_PYTHON_BRIDGE_MAPPED_H
#define ISTHMUS_PYTHON_BRIDGE_MAPPED_H

#include "bridge.h"

/* cdef: begin */

/* A file that holds a copy of the bytes, in memory; -1 when there can be none. */
int ipy_file_new(const char *bytes, size_t length);
/* What was mapped from it stays. */
void ipy_file_free(int file);

/* A Uint8Array over the first `length` bytes of a file, which are not 0: IPY_OBJECT, whose number
 * is to be dropped after use. */
int ipy_map(uintptr_t place, int file, size_t length, uintptr_t frame);

/* cdef: end */

#endif
