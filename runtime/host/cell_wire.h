/* What the two ends of a cell say to each other: frames over a stream socket between a pool and one
 * of its processes. Both ends are of one release and one machine, so that numbers are written as
 * they lie in memory. The cell runs what nobody trusts: whatever comes from it is looked at, down
 * to the last enum, before the pool believes it. Knows nothing of V8 and of processes. */
#ifndef IST_HOST_CELL_WIRE_H
#define IST_HOST_CELL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "isthmus.h"

/* Grows with every change of what is below. */
enum { IST_WIRE_VERSION = 1, IST_WIRE_MARK = 0x43545349 };

/* The frames: first those of the pool, then those of the cell. */
typedef enum ist__wire_kind {
  IST_WIRE_SETUP = 1,  /* ist__wire_setup */
  IST_WIRE_PROGRAM,    /* ist__wire_program: what the runs from now on run */
  IST_WIRE_RUN,        /* an input */
  IST_WIRE_HELLO = 64, /* u32 version of the wire, text release: the first that a cell says */
  IST_WIRE_READY,      /* ist__wire_ready, in answer to SETUP */
  IST_WIRE_RESULT      /* ist__wire_result and what follows it, in answer to RUN */
} ist__wire_kind;

typedef struct ist__wire_header {
  uint32_t mark; /* IST_WIRE_MARK */
  uint32_t kind;
  uint64_t length; /* of what follows, in bytes */
} ist__wire_header;

typedef struct ist__wire_setup {
  uint64_t wall, cpu; /* as in ist_limits */
  uint64_t heap_limit, buffer_limit, stack_limit;
  uint64_t bound; /* 1: it ends with the thread that has started it */
} ist__wire_setup;

/* Followed by the texts of the file's name and the program. */
typedef struct ist__wire_program {
  uint32_t input, output; /* ist_format */
  int32_t line_offset, column_offset;
} ist__wire_program;

/* Followed by the text of what is wrong when `status` is not IST_OK. */
typedef struct ist__wire_ready {
  uint32_t status;
  uint32_t locked;     /* 1: the filter of system calls is in place */
  uint64_t heap_limit; /* of its isolate, in bytes */
} ist__wire_ready;

/* Followed by the value, or by an error (ist__wire_put_error). */
typedef struct ist__wire_result {
  uint32_t status;
  uint32_t replaced;  /* how many contexts and isolates it had to make anew because of the run */
  uint64_t wall, cpu; /* nanoseconds */
} ist__wire_result;

/* ---- Writing ---- */

/* A frame that is being written. `failed`: memory is out; what is added then is ignored. */
typedef struct ist__wire_out {
  uint8_t *bytes;
  size_t length, capacity;
  bool failed;
} ist__wire_out;

/* Empties it, keeping its memory, and leaves room for the header. */
void ist__wire_begin(ist__wire_out *out);
void ist__wire_put(ist__wire_out *out, const void *bytes, size_t length);
void ist__wire_put_u32(ist__wire_out *out, uint32_t number);
/* NULL is kept apart from "". */
void ist__wire_put_text(ist__wire_out *out, const char *text, size_t length);
/* An error with its causes, which may be NULL; without the value that was thrown. */
void ist__wire_put_error(ist__wire_out *out, const ist_error *error);
/* Writes the header; `more` bytes will be sent behind the frame that belong to it. */
void ist__wire_end(ist__wire_out *out, ist__wire_kind kind, size_t more);
void ist__wire_out_free(ist__wire_out *out);
/* Takes so many bytes, which were sent, from the front of what is to be sent. */
void ist__wire_sent(struct iovec **parts, size_t *count, size_t sent);

/* ---- Reading ---- */

/* What is left of a frame. `bad`: it was not what it should be, or memory is out (`failed`);
 * whatever is read then is zero. */
typedef struct ist__wire_in {
  const uint8_t *at, *end;
  bool bad, failed;
} ist__wire_in;

/* Whether a header may be that of a frame of the kind, of no more than `most` bytes. */
bool ist__wire_expects(const ist__wire_header *header, ist__wire_kind kind, uint64_t most);
void ist__wire_get(ist__wire_in *in, void *bytes, size_t length);
uint32_t ist__wire_get_u32(ist__wire_in *in);
/* A text of ours without a NUL in it, freed by ist__free; or NULL. Bad unless it is UTF-8. */
char *ist__wire_get_text(ist__wire_in *in);
/* A text within the frame, which may hold anything. */
const char *ist__wire_get_span(ist__wire_in *in, size_t *length);
/* An error that ist_error_free takes, or NULL. */
ist_error *ist__wire_get_error(ist__wire_in *in);

/* Whether the bytes are one value in the format: a JSON text in UTF-8, or a well-formed CBOR item.
 */
bool ist__wire_is_value(const uint8_t *bytes, size_t length, ist_format format);
bool ist__wire_is_utf8(const uint8_t *bytes, size_t length);

#endif
