/* What the files of runtime/ffi share and nobody else sees: the library's arena, expressions,
 * signatures.
 *
 * A signature is how one C function type travels through libffi. libffi can describe neither
 * bit-fields nor packed or over-aligned structs, so structs are classified here, by the platform's
 * own rules, and handed over as pieces that libffi cannot misread. Signatures, expressions and
 * types are immutable once made. */
#ifndef IST_FFI_INTERNAL_H
#define IST_FFI_INTERNAL_H

#include "alloc.h"
#include "ffi.h"

#include <cjson/cJSON.h>
#include <ffi.h>

#define IST__PRINTF(at, first) __attribute__((format(printf, at, first)))

/* Limits that keep a hostile descriptor from exhausting the stack or overflowing an offset. */
enum {
  IST__MAX_PARAMS = 127,
  IST__MAX_DEPTH = 64,       /* of types that contain types, and of expressions */
  IST__MAX_BY_VALUE = 65536, /* bytes of a struct on the C stack */
  IST__MAX_ALIGN = 4096,
  IST__MAX_TYPE_ARGS = 4
};

/* ---- memory.c ---- */

typedef struct ist__arena {
  struct ist__chunk *chunks;
  bool exhausted; /* a request has failed */
} ist__arena;

/* Zeroed memory that lives as long as the arena; NULL when out of memory or when the product
 * overflows. */
void *ist__arena_alloc(ist__arena *arena, size_t count, size_t size);
char *ist__arena_text(ist__arena *arena, const char *text);
void ist__arena_free(ist__arena *arena);

/* Writes the fault's text (cut at a character boundary when it is too long); `fault` may be NULL.
 * Always false. */
bool ist__fault_set(ist__fault *fault, const char *format, ...) IST__PRINTF(2, 3);

/* ---- expr.c ---- */

typedef enum ist__expr_kind {
  IST__E_LITERAL,
  IST__E_ARG,
  IST__E_TYPE_ARG,
  IST__E_DEREF,
  IST__E_RESULT,
  IST__E_ERRNO,
  IST__E_MESSAGE,
  IST__E_UNARY,
  IST__E_BINARY,
  IST__E_CHOICE,
  IST__E_CALL
} ist__expr_kind;

typedef enum ist__operator {
  IST__OP_ADD,
  IST__OP_SUB,
  IST__OP_MUL,
  IST__OP_DIV,
  IST__OP_MOD,
  IST__OP_SHL,
  IST__OP_SHR,
  IST__OP_AND,
  IST__OP_OR,
  IST__OP_XOR,
  IST__OP_LT,
  IST__OP_LE,
  IST__OP_GT,
  IST__OP_GE,
  IST__OP_EQ,
  IST__OP_NE,
  IST__OP_BOTH,
  IST__OP_EITHER,
  IST__OP_NOT,
  IST__OP_INVERT,
  IST__OP_CHOOSE,
  IST__OP_NONE
} ist__operator;

struct ist__expr {
  ist__expr_kind kind;
  ist__operator op;
  uint32_t index;        /* arg, type_arg, deref: of what */
  const ist__type *type; /* arg, deref, result: of the raw value; NULL inside a bundle */
  ist__value literal;
  const ist__expr *a, *b, *c;
  const ist__function *function; /* call */
  const ist__expr **args; /* call: for each parameter of the function; NULL: none, it takes zero */
};

/* What an expression may name, by where it stands. */
typedef struct ist__expr_scope {
  const ist__param *params; /* NULL in a bundle, where `count` values stand for them */
  size_t count;
  const ist__param *result; /* NULL: no `result` here */
  size_t type_args;
  bool errnos;   /* `errno` may be named */
  bool messages; /* `message` may be named */
} ist__expr_scope;

/* Reads an expression. NULL with `fault` for anything that is not one. Needs the parameters of
 * every function that it may call. */
const ist__expr *ist__expr_read(ist__library *library, const cJSON *json,
                                const ist__expr_scope *scope, ist__fault *fault);
/* The `on_throw` call of a void callback. */
bool ist__expr_eval_thrown(const ist__expr *expr, const ist__closure *closure, void **args,
                           const char *message, ist__fault *fault);
bool ist__expr_uses_errno(const ist__expr *expr);
/* Over a bundle's arguments, at the frame of the call that they were taken from. */
bool ist__expr_eval_values(const ist__expr *expr, const ist__frame *frame, const ist__value *values,
                           ist__value *out, ist__fault *fault);
bool ist__expr_eval_nested(const ist__expr *expr, const ist__frame *frame, int depth,
                           ist__value *out, ist__fault *fault);
/* Is the value true, as C would have it? */
bool ist__value_true(ist__value value);
/* Makes `value` one of `type`, checking its range. False with `fault`, which `what` opens. */
bool ist__value_convert(ist__value *value, const ist__type *type, const char *what,
                        ist__fault *fault);

/* ---- type.c ---- */

/* Is it a type whose values ist__scalar_load can read? */
bool ist__type_is_scalar(const ist__type *type);
/* Checks a filled table of types: sizes, alignments, fields inside their structs, nothing that
 * contains itself. */
bool ist__types_check(const ist__library *library, ist__fault *fault);

/* ---- field.c ---- */

/* What does not go together in a field, or NULL. */
const char *ist__field_check(const ist__type *type, const ist__field *field);
/* After all fields were read: what a type's parts have, it has. */
void ist__types_spread(ist__library *library);

/* ---- abi.c ---- */

typedef enum ist__lowering {
  IST__DIRECT,       /* one piece, the argument itself */
  IST__IN_REGISTERS, /* a struct whose eightbytes are pieces of their own */
  IST__WHOLE,        /* a struct that libffi copies: one piece */
  IST__BY_POINTER,   /* a struct of which C gets the address of a copy */
  IST__NOWHERE       /* an empty struct */
} ist__lowering;

typedef struct ist__lowered {
  uint8_t how;
  uint8_t pieces;
  uint8_t words[2]; /* in registers: which eightbyte each piece is */
  uint32_t first;   /* piece */
  uint32_t size, align;
} ist__lowered;

typedef struct ist__signature {
  ffi_cif cif;
  bool direct; /* pieces are arguments, one to one, and libffi may have our array of them */
  size_t param_count, piece_count;
  ist__lowered *params;
  size_t stack_align; /* more than 16: the stack arguments must be aligned so */
  size_t result_size, result_align;
  size_t result_shift; /* the value in registers starts at this byte of the struct */
  bool result_integer; /* an integer that libffi wants widened */
  bool result_signed;
} ist__signature;

/* The signature of a function with these parameters. Everything is allocated from the arena. NULL
 * with `fault`. */
ist__signature *ist__signature_new(ist__arena *arena, const ist__param *params, size_t count,
                                   const ist__type *result, ist__fault *fault);
/* Do both travel the same way, so that one closure can serve either? */
bool ist__signature_equal(const ist__signature *a, const ist__signature *b);
/* Calls. `result` has room for at least 16 bytes, and for the result. */
void ist__signature_call(const ist__signature *signature, void (*function)(void), void *result,
                         void **args);
/* Inside a closure: finds the arguments in libffi's pieces. `args` has room for every parameter,
 * `scratch` for 16 bytes each. */
void ist__signature_gather(const ist__signature *signature, void **pieces, void **args,
                           unsigned char *scratch);
/* Inside a closure: hands the C value at `value` to libffi. */
void ist__signature_answer(const ist__signature *signature, void *to, const void *value);

/* ---- frame.c ---- */

/* The parameter that a freeing function gets the address in: its self, or the first pointer without
 * a value of its own. */
const ist__param *ist__function_target(const ist__function *function);
/* The value of a parameter that nobody gives one: its fixed value, its default, or zero. */
bool ist__param_own_value(const ist__param *param, const ist__frame *frame, int depth,
                          ist__value *out, ist__fault *fault);

/* ---- descriptor.c ---- */

/* Fills a library from its descriptor, but for addresses. False with `fault`; what it filled is
 * then of no use. */
bool ist__descriptor_read(ist__library *library, const cJSON *root, ist__fault *fault);

/* ---- library.c ---- */

typedef struct ist__library_impl {
  ist__library library;
  atomic_uint references;
  ist__arena arena;
  void *handle;
} ist__library_impl;

static inline ist__arena *ist__library_arena(const ist__library *library) {
  return &((ist__library_impl *)library->impl)->arena;
}

/* ---- domain.c ---- */

struct ist__closure_slot;
struct ist__owned;

/* The owner part (owner.c) and the closure part (closure.c) each keep their lists here. */
struct ist__domain {
  ist__domain_hooks hooks;
  uintptr_t thread;
  struct ist__owned **buckets; /* live records by type and address */
  uint64_t walks;              /* searches along edges so far */
  size_t bucket_count, live_count;
  struct ist__owned *records;                    /* all of them */
  struct ist__owned *forgotten, *forgotten_last; /* queue for ist__domain_drain */
  struct ist__owned *settling;                   /* records whose state must be looked at again */
  struct ist__until *untils;                     /* borrowed values bound to no parent */
  bool busy;                                     /* the settling list is being worked off */
  bool ending;                                   /* inside ist__domain_free */
  bool draining;
  struct ist__closure_slot *closures;        /* the live ones */
  struct ist__closure_slot *ended_elsewhere; /* destroy notices that came on foreign threads;
                                        guarded by closure.c's lock */
};

uintptr_t ist__thread_id(void); /* of the calling thread; never 0 */

void ist__owners_free(ist__domain *domain);
void ist__owners_drain(ist__domain *domain);

/* ---- closure.c ---- */

void ist__closures_free(ist__domain *domain);
void ist__closures_drain(ist__domain *domain);
void ist__closures_end_until(ist__domain *domain, const ist__function *function,
                             ist__owner *parent);
void ist__closures_end_of(ist__owner *parent);  /* the parent has ended */
void ist__closures_release(ist__owner *parent); /* its closures live on without it */

/* ---- owner.c, for closure.c ---- */

struct ist__closure_slot **ist__owner_closures(ist__owner *owner);

#endif
