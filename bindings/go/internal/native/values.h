/* values.h: what can be asked of values, done by number, so that each is one call from Go. */
#ifndef ISTHMUS_GO_VALUES_H
#define ISTHMUS_GO_VALUES_H

#include "bridge.h"

/* The operations; `s` is the frame's subject, and a, b, c are its arguments. Results that are true
 * or false, or numbers, are such values. Those before IGO_GET need no context, which may then be 0.
 */
#define IGO_OPERATIONS(X)                                                                          \
  X(CLASS)              /* s: its ist_class */                                                     \
  X(TRAITS)             /* s: ored from IST_TRAIT_* */                                             \
  X(STRICT_EQUALS)      /* s === a */                                                              \
  X(SAME)               /* Object.is(s, a) */                                                      \
  X(TO_BOOL)            /* Boolean(s) */                                                           \
  X(SYMBOL_NEW)         /* Symbol(a) */                                                            \
  X(SYMBOL_FOR)         /* Symbol.for(a) */                                                        \
  X(SYMBOL_KNOWN)       /* of the ist_known_symbol a */                                            \
  X(SYMBOL_DESCRIPTION) /* s */                                                                    \
  X(CONSTRUCTOR_NAME)   /* s */                                                                    \
  X(HASH)               /* s */                                                                    \
  X(DATE_READ)          /* s: milliseconds */                                                      \
  X(COLLECTION_SIZE)    /* s */                                                                    \
  X(ARRAY_LENGTH)       /* s */                                                                    \
  X(GET)                /* s[a] */                                                                 \
  X(SET)                /* s[a] = b */                                                             \
  X(HAS)                /* a in s */                                                               \
  X(HAS_OWN)            /* Object.hasOwn(s, a) */                                                  \
  X(DELETE)             /* delete s[a] */                                                          \
  X(DEFINE)             /* s[a] = b, an own data property with the flags c */                      \
  X(KEYS)               /* s: an array, listed by the flags a */                                   \
  X(PROTOTYPE)          /* s */                                                                    \
  X(SET_PROTOTYPE)      /* of s: a */                                                              \
  X(FREEZE)             /* s */                                                                    \
  X(INSTANCE_OF)        /* s instanceof a */                                                       \
  X(TO_STRING)          /* s */                                                                    \
  X(TO_NUMBER)          /* s */                                                                    \
  X(TO_OBJECT)          /* s */                                                                    \
  X(JSON_WRITE)         /* s */                                                                    \
  X(OBJECT_NEW)         /* {} */                                                                   \
  X(ARRAY_NEW)          /* [...the arguments] */                                                   \
  X(DATE_NEW)           /* of the number a */                                                      \
  X(REGEXP_NEW)         /* of the string a; the flags are text that ends with NUL at s */          \
  X(REGEXP_SOURCE)      /* s */                                                                    \
  X(REGEXP_FLAGS)       /* s */                                                                    \
  X(MAP_NEW)            /* new Map */                                                              \
  X(MAP_GET)            /* s.get(a) */                                                             \
  X(MAP_SET)            /* s.set(a, b) */                                                          \
  X(SET_NEW)            /* new Set */                                                              \
  X(SET_ADD)            /* s.add(a) */                                                             \
  X(COLLECTION_HAS)     /* s.has(a) */                                                             \
  X(COLLECTION_DELETE)  /* s.delete(a) */                                                          \
  X(COLLECTION_CLEAR)   /* s.clear() */                                                            \
  X(COLLECTION_ENTRIES) /* s: an array, keys beside values */

enum {
#define IGO_OPERATION(name) IGO_##name,
  IGO_OPERATIONS(IGO_OPERATION)
#undef IGO_OPERATION
      IGO_OPERATION_COUNT
};

int32_t igo_operate(uint32_t operation, uintptr_t isolate, uintptr_t context, uintptr_t frame);

/* JSON.parse of args[0], a text that stays a text. */
int32_t igo_json_read(uintptr_t context, uintptr_t frame);

/* A new error; both are text that ends with NUL. */
int32_t igo_error_make(uintptr_t context, const char *name, const char *message, uintptr_t frame);

/* A BigInt of `count` words, the sign beside them; and back, as ist_bigint_read does. */
int32_t igo_bigint_new(uintptr_t context, bool negative, const uint64_t *words, size_t count,
                       uintptr_t frame);
int32_t igo_bigint_read(uintptr_t isolate, uintptr_t frame, bool *negative, uint64_t *words,
                        size_t *count);

/* A string for a property's name, of UTF-8; kept. */
int32_t igo_name_new(uintptr_t isolate, const char *text, size_t length, ist_value *result);

/* The frame's subject, a string, as WTF-8: at `to`, or in the frame when that is NULL. The result
 * is an IGO_WTF8 either way, also when it was IST_ERR_LIMIT: its length is then what there must be
 * room for. */
int32_t igo_string_read(uintptr_t isolate, uintptr_t frame, void *to, size_t capacity);

/* The elements of the frame's subject, an array, from `start` on, and how many there were. */
int32_t igo_array_read(uintptr_t context, uintptr_t frame, uint32_t start, void *to, uint32_t count,
                       uint32_t *read);

/* The properties of the frame's subject that are its own, enumerable and no symbols: their names,
 * one behind the other, each behind its length of four bytes, and beside them, with `values` not
 * NULL, what they are. Both are the caller's to free. */
typedef struct igo_texts {
  char *bytes;
  size_t length, capacity;
} igo_texts;
int32_t igo_entries(uintptr_t context, uintptr_t frame, uint32_t flags, igo_texts *names,
                    ist_value **values, uint32_t *count);

#endif
