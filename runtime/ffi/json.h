/* Reading members of a descriptor's objects. The first thing that is wrong sets the reader's fault;
 * from then on every read gives zero, false or NULL, and whoever filled a table with that looks at
 * `failed` before using it. */
#ifndef IST_FFI_JSON_H
#define IST_FFI_JSON_H

#include "internal.h"

typedef struct ist__reader {
  ist__library *library;
  ist__arena *arena;
  ist__fault *fault;
  bool failed;
  const char *section; /* where in the document, for the fault: "functions" */
  size_t item;
} ist__reader;

typedef struct ist__choice {
  const char *name;
  int value;
} ist__choice;

void ist__read_fail(ist__reader *r, const char *format, ...) IST__PRINTF(2, 3);
void *ist__read_alloc(ist__reader *r, size_t count, size_t size);
const cJSON *ist__read_member(ist__reader *r, const cJSON *object,
                              const char *name);                            /* NULL: absent */
bool ist__read_bool(ist__reader *r, const cJSON *object, const char *name); /* absent: false */
/* A string, copied; `required` makes its absence a fault, otherwise it gives NULL. */
const char *ist__read_text(ist__reader *r, const cJSON *object, const char *name, bool required);
/* An integer from 0 to `max`; absent: `absent`, or a fault when that is negative. */
size_t ist__read_count(ist__reader *r, const cJSON *object, const char *name, size_t max,
                       int64_t absent);
/* An index below `count`, or -1 when absent. */
int32_t ist__read_index(ist__reader *r, const cJSON *object, const char *name, size_t count);
/* One of the choices, whose list ends with a NULL name; absent: `absent`, or a fault when that is
 * negative. */
int ist__read_choice(ist__reader *r, const cJSON *object, const char *name,
                     const ist__choice *choices, int absent);
/* A list of indexes from `min` to below `count`. */
int32_t *ist__read_indexes(ist__reader *r, const cJSON *object, const char *name, int32_t min,
                           size_t count, size_t *length);
/* The first element of a list and their number; absent: NULL and 0. */
const cJSON *ist__read_list(ist__reader *r, const cJSON *object, const char *name, size_t *length);
ist__encoding ist__read_encoding(ist__reader *r, const cJSON *object, const char *name);
const ist__type *ist__read_type(ist__reader *r, const cJSON *object, const char *name);
const ist__function **ist__read_functions(ist__reader *r, const cJSON *object, const char *name,
                                          size_t *length);

/* ---- field.c ---- */

void ist__read_fields(ist__reader *r, const cJSON *json, ist__type *type);
void ist__read_field_exprs(ist__reader *r, const cJSON *json, ist__type *type);

/* ---- plan.c ---- */

void ist__read_scope(ist__reader *r, const cJSON *json, ist__param *param);

/* Parameters and results without their expressions, which may call functions that are not read yet;
 * then the expressions. */
void ist__read_params(ist__reader *r, const cJSON *owner, bool of_callback, ist__param **params,
                      size_t *count);
void ist__read_result(ist__reader *r, const cJSON *json, size_t param_count, ist__param *result);
void ist__read_param_exprs(ist__reader *r, const cJSON *json, const ist__expr_scope *scope,
                           ist__param *param);
void ist__check_params(ist__reader *r, const ist__param *params, size_t count,
                       const ist__param *result);
const ist__expr *ist__read_expr(ist__reader *r, const cJSON *object, const char *name,
                                const ist__expr_scope *scope);
const ist__expr **ist__read_exprs(ist__reader *r, const cJSON *object, const char *name,
                                  const ist__expr_scope *scope, size_t *length);

#endif
