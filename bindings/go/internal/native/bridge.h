/* bridge.h: what stands between isthmus.h and the Go package, in C so that an operation is one call
 * from Go: texts become values and values texts within the call. Nothing here takes a lock of its
 * own: the Go package lets one goroutine at a time into an isolate. */
#ifndef ISTHMUS_GO_BRIDGE_H
#define ISTHMUS_GO_BRIDGE_H

#include "isthmus.h"

/* Types of ist_value that only the bridge knows: a text of `isolate` units at the address
 * `as.handle`. To C as arguments, IGO_ASCII when all of it is; from C as a result, IGO_WTF8. */
#define IGO_ASCII 64u
#define IGO_WTF8 65u
/* And BigInts, as arguments: the number is in `as`. */
#define IGO_INT64 66u
#define IGO_UINT64 67u

#define IGO_ARGS 12u
#define IGO_TEXT 4096u

/* What a result is to be. */
#define IGO_NOTHING 0u
#define IGO_VALUE 1u /* a handle, when it is none of the plain types */
#define IGO_PLAIN 2u /* the same, and a string that fits in `text` is IGO_WTF8 */

/* One operation's arguments and result, in C memory. Go has the same layout in Frame. */
typedef struct igo_frame {
  ist_value result;
  ist_error *error; /* the reader's to free */
  ist_value *argv;  /* `argc` arguments: `args`, or memory of Go's that is pinned */
  uint32_t argc;
  uint32_t want;
  ist_status status;           /* of operations that give none */
  bool keep;                   /* a scope is open further out: results must outlive it */
  uint64_t kept;               /* of ist_isolate_kept, when the last handle was given */
  ist_value subject, receiver; /* what it is about, and `this` */
  ist_value args[IGO_ARGS];
  uint32_t used; /* of `text`, by arguments */
  char text[IGO_TEXT];
} igo_frame;

/* Operations; each gives an ist_status, or leaves it in the frame, which costs Go less. Contexts
 * and frames are given as addresses, which costs Go nothing to check. */

/* args[0] is the source, args[1] its name. */
int32_t igo_eval(uintptr_t context, uintptr_t frame);
void igo_call(uintptr_t context, uintptr_t frame);
void igo_construct(uintptr_t context, uintptr_t frame);
/* `subject` undefined: the global object. args[0] is the key. */
void igo_get(uintptr_t context, uintptr_t frame);
/* args[1] is the value. */
void igo_set(uintptr_t context, uintptr_t frame);
/* args[0] as a value. */
int32_t igo_value(uintptr_t context, uintptr_t frame);
/* The global object as a value. */
int32_t igo_global(uintptr_t context, uintptr_t frame);

/* A number for each context, which callbacks in it are told. 0: none. */
ist_status igo_context_set_data(ist_context *context, uint64_t data);
uint64_t igo_context_data(ist_context *context);

/* Frees the handles at `values`. */
void igo_values_free(uintptr_t isolate, uintptr_t values, uint32_t count);

/* A string into the frame's `text`, as WTF-8. IST_ERR_LIMIT when it does not fit; `*length` is then
 * what it needs at least. */
ist_status igo__short_text(ist_isolate *isolate, igo_frame *frame, ist_value string,
                           size_t *length);

/* Within an operation: the arguments as values, in place, opening a scope if that makes handles
 * (`*scope` is 0 else). */
ist_status igo__lower(ist_isolate *isolate, igo_frame *frame, uint32_t *scope);
/* The end of an operation: the result, and the scope. */
ist_status igo__finish(ist_isolate *isolate, igo_frame *frame, uint32_t scope, ist_status status,
                       ist_value value);

/* A value that Go has put into a frame or a call, as one of isthmus.h. */
ist_status igo__lower_one(ist_isolate *isolate, ist_value *value);

/* What Go is asked by JavaScript. */
#define IGO_CALL 0u
#define IGO_GET_PROPERTY 1u /* args[0] is the key, and so with the others but the last */
#define IGO_SET_PROPERTY 2u /* args[1] is the value */
#define IGO_QUERY 3u
#define IGO_REMOVE 4u
#define IGO_ENUMERATE 5u

/* One call of a function of Go's, or one access to a property. Go has the same layout in CallInfo.
 */
typedef struct igo_question {
  ist_context *context;
  uint64_t number; /* of the context */
  ist_value receiver;
  ist_value target; /* new.target; of an access, the object that was made from the template */
  ist_value result;
  const ist_value *argv;
  uint64_t argc;
  uint32_t kind;
  uint32_t flags; /* of IST_PROP_*, beforehand and as an answer */
  bool yes;       /* the same: the property was found, or removed */
  bool handled;   /* the same */
  ist_value args[IGO_ARGS];
  uint32_t used; /* of `text`, by texts among the arguments, and then by the result */
  char text[IGO_TEXT];
} igo_question;

/* What a callback's `env` points to. Freed by igo_env_free, its finalizer, which tells Go. With
 * `texts`, short strings among the arguments are IGO_WTF8. */
typedef struct igo_env {
  uint64_t isolate;
  uint64_t id;
  bool texts;
} igo_env;
igo_env *igo__env_new(uint64_t isolate, uint64_t id);
void igo_env_free(void *env);

/* The ist_function for such an `env`; and what all callbacks do: ask Go. `result` may be NULL. */
ist_status igo__on_call(void *env, const ist_call *call, ist_value *result);
ist_status igo__ask(const igo_env *env, igo_question *call, ist_value *result);

/* A function that is answered by Go's callback `id` of the isolate that Go numbers `isolate`. The
 * result is `frame`'s. */
int32_t igo_function(uintptr_t context, uintptr_t name, uint64_t isolate, uint64_t id, bool texts,
                     uintptr_t frame);

#endif
