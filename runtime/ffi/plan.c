/* Parameters and results of functions and callbacks: what the descriptor says of them, and that it
 * goes together.
 *
 * The language layer relies on what is checked here: a buffer's type is a pointer, a data parameter
 * belongs to a callback, an index is one of a parameter. It need not check again, and must not be
 * able to crash however odd the rest is. */
#include "json.h"

static const ist__choice roles[] = {
    {"value", IST__VALUE}, {"buffer", IST__BUFFER},   {"cell", IST__CELL}, {"fixed", IST__FIXED},
    {"data", IST__DATA},   {"destroy", IST__DESTROY}, {"view", IST__VIEW}, {NULL, 0}};
static const ist__choice dirs[] = {
    {"in", IST__IN}, {"out", IST__OUT}, {"inout", IST__INOUT}, {NULL, 0}};
static const ist__choice scopes[] = {{"call", IST__SCOPE_CALL},
                                     {"once", IST__SCOPE_ONCE},
                                     {"until", IST__SCOPE_UNTIL},
                                     {"forever", IST__SCOPE_FOREVER},
                                     {NULL, 0}};

static void read_own(ist__reader *r, const cJSON *json, ist__param *param) {
  const cJSON *own = ist__read_member(r, json, "own");
  if (!own) return;
  param->own = true;
  param->own_always = ist__read_bool(r, own, "always");
  int32_t index = ist__read_index(r, own, "free", r->library->function_count);
  if (index >= 0) param->free = r->library->functions[index];
}

void ist__read_scope(ist__reader *r, const cJSON *json, ist__param *param) {
  const cJSON *scope = ist__read_member(r, json, "scope");
  if (!scope) return;
  param->scope = (ist__scope)ist__read_choice(r, scope, "kind", scopes, -1);
  param->replaced = ist__read_bool(r, scope, "replaced");
  param->until = ist__read_functions(r, scope, "functions", &param->until_count);
}

static void read_param(ist__reader *r, const cJSON *json, size_t param_count, ist__param *param) {
  param->type = ist__read_type(r, json, "type");
  param->role = (ist__role)ist__read_choice(r, json, "role", roles, IST__VALUE);
  param->dir = (ist__dir)ist__read_choice(r, json, "dir", dirs, IST__IN);
  param->null = ist__read_bool(r, json, "null");
  param->element_null = ist__read_bool(r, json, "element_null");
  param->hidden = ist__read_bool(r, json, "hidden");
  param->take = ist__read_bool(r, json, "take");
  param->copy = ist__read_bool(r, json, "copy");
  param->error_text = ist__read_bool(r, json, "error_text");
  param->terminated = ist__read_bool(r, json, "terminated");
  param->text = ist__read_encoding(r, json, "text");
  param->arg = ist__read_index(r, json, "arg", IST__MAX_PARAMS);
  param->of = ist__read_index(r, json, "of", param_count);
  param->within = ist__read_index(r, json, "within", param_count);
  param->parent = ist__read_index(r, json, "parent", param_count);
  param->data = ist__read_index(r, json, "data", param_count);
  param->destroy = ist__read_index(r, json, "destroy", param_count);
  param->lengths =
      (uint32_t *)ist__read_indexes(r, json, "lengths", 0, param_count, &param->length_count);
  param->keeps =
      (uint32_t *)ist__read_indexes(r, json, "keeps", 0, param_count, &param->keep_count);
  param->until = ist__read_functions(r, json, "until", &param->until_count);
  read_own(r, json, param);
  ist__read_scope(r, json, param);
}

void ist__read_params(ist__reader *r, const cJSON *owner, bool of_callback, ist__param **params,
                      size_t *count) {
  size_t total;
  const cJSON *item = ist__read_list(r, owner, "params", &total);
  if (total > IST__MAX_PARAMS) ist__read_fail(r, "more than %d parameters", IST__MAX_PARAMS);
  *params = ist__read_alloc(r, total, sizeof **params);
  *count = 0;
  if (!*params) return;
  for (size_t i = 0; i < total && !r->failed; i++, item = item->next) {
    ist__param *param = &(*params)[i];
    param->index = (uint32_t)i;
    param->name = ist__read_text(r, item, "name", true);
    read_param(r, item, total, param);
    if (!r->failed && param->role == IST__VIEW && !of_callback)
      ist__read_fail(r, "a view outside a callback");
  }
  if (!r->failed) *count = total;
}

void ist__read_result(ist__reader *r, const cJSON *json, size_t param_count, ist__param *result) {
  result->name = "return";
  if (!json) ist__read_fail(r, "a result is missing");
  read_param(r, json, param_count, result);
  result->arg = -1;
}

const ist__expr *ist__read_expr(ist__reader *r, const cJSON *object, const char *name,
                                const ist__expr_scope *scope) {
  const cJSON *json = ist__read_member(r, object, name);
  if (!json) return NULL;
  ist__fault fault;
  const ist__expr *expr = ist__expr_read(r->library, json, scope, &fault);
  if (!expr) ist__read_fail(r, "%s: %s", name, fault.text);
  return expr;
}

const ist__expr **ist__read_exprs(ist__reader *r, const cJSON *object, const char *name,
                                  const ist__expr_scope *scope, size_t *length) {
  size_t total;
  const cJSON *item = ist__read_list(r, object, name, &total);
  const ist__expr **exprs = ist__read_alloc(r, total, sizeof *exprs);
  *length = 0;
  for (; exprs && item && !r->failed; item = item->next) {
    ist__fault fault;
    exprs[*length] = ist__expr_read(r->library, item, scope, &fault);
    if (exprs[*length])
      ++*length;
    else
      ist__read_fail(r, "%s: %s", name, fault.text);
  }
  return exprs;
}

void ist__read_param_exprs(ist__reader *r, const cJSON *json, const ist__expr_scope *scope,
                           ist__param *param) {
  static const ist__expr_scope literal = {0};
  param->fallback = ist__read_expr(r, json, "default", &literal);
  ist__value value;
  if (param->fallback && !ist__expr_eval(param->fallback, NULL, &value, NULL)) {
    ist__read_fail(r, "%s: a default that has no value", param->name);
  }
  param->min = ist__read_expr(r, json, "min", scope);
  param->max = ist__read_expr(r, json, "max", scope);
  param->count = ist__read_expr(r, json, "count", scope);
  param->size = ist__read_expr(r, json, "size", scope);
  param->filled = ist__read_expr(r, json, "filled", scope);
  param->value = ist__read_expr(r, json, "value", scope);
  const ist__type *type = param->type;
  if (type && type->kind == IST__CALLBACK && type->result &&
      type->result->type->kind == IST__VOID) {
    /* What is called instead of an answer speaks of what C passed. */
    const ist__expr_scope thrown = {.params = type->params,
                                    .count = type->param_count,
                                    .type_args = type->type_param_count,
                                    .messages = true};
    param->on_throw = ist__read_expr(r, json, "on_throw", &thrown);
  } else {
    param->on_throw = ist__read_expr(r, json, "on_throw", scope);
  }
  param->type_args = ist__read_exprs(r, json, "type_args", scope, &param->type_arg_count);
}

/* ---- what must go together ---- */

static bool is_callback(const ist__param *params, int32_t index) {
  return index >= 0 && params[index].type->kind == IST__CALLBACK;
}

static bool is_address(const ist__type *type) {
  return type->kind == IST__POINTER || type->kind == IST__REF || type->kind == IST__STRING ||
         type->kind == IST__CALLBACK;
}

static const char *check_role(const ist__param *params, const ist__param *param) {
  const ist__type *type = param->type;
  switch (param->role) {
  case IST__VALUE: return NULL;
  case IST__BUFFER:
  case IST__VIEW:
    if (type->kind != IST__POINTER) return "a buffer that is no pointer";
    if (type->to->kind == IST__ARRAY || type->to->kind == IST__CALLBACK)
      return "a buffer of arrays or callbacks";
    if (type->to->kind != IST__VOID && type->to->size == 0)
      return "a buffer of elements without a size";
    if (!param->count && !param->terminated) return "a buffer without a count";
    if (param->terminated && !ist__type_is_scalar(type->to))
      return "a terminated buffer of structs";
    return NULL;
  case IST__CELL:
    if (type->kind != IST__POINTER) return "a cell that is no pointer";
    if (!ist__type_is_scalar(type->to) && type->to->kind != IST__STRUCT)
      return "a cell of what has no value";
    return NULL;
  case IST__FIXED:
    return param->value && ist__type_is_scalar(type) ? NULL : "a fixed parameter without a value";
  case IST__DATA:
    /* What a callback itself receives belongs to no parameter of its own. */
    return is_address(type) && (param->of < 0 || is_callback(params, param->of))
               ? NULL
               : "user data of no callback";
  case IST__DESTROY:
    return is_address(type) && is_callback(params, param->of) ? NULL
                                                              : "a destroy notice of no callback";
  }
  return NULL;
}

static const char *check_param(const ist__param *params, const ist__param *param, bool is_result) {
  const ist__type *type = param->type;
  if (!ist__type_is_scalar(type) && type->kind != IST__STRUCT &&
      !(is_result && type->kind == IST__VOID)) {
    return "a type that cannot be passed";
  }
  if (is_result && param->role != IST__VALUE && param->role != IST__BUFFER)
    return "a role that no result can have";
  const char *what = check_role(params, param);
  if (what) return what;
  if (type->kind == IST__CALLBACK && param->role == IST__VALUE && !is_result) {
    if (param->type_arg_count != type->type_param_count)
      return "a callback with the wrong number of type arguments";
    if (param->data >= 0 && params[param->data].role != IST__DATA) return "user data that is none";
    if (param->destroy >= 0 && params[param->destroy].role != IST__DESTROY)
      return "a destroy notice that is none";
  }
  for (size_t i = 0; i < param->length_count; i++) {
    ist__role of = params[param->lengths[i]].role;
    if (of != IST__BUFFER && of != IST__VIEW) return "a length of what is no buffer";
  }
  if (param->take && type->kind != IST__REF) return "taking what is no object";
  if (param->min || param->max) {
    const ist__type *number = param->role == IST__CELL ? type->to : type;
    if (number->kind != IST__INT && number->kind != IST__FLOAT && number->kind != IST__ENUM) {
      return "bounds of what is no number";
    }
  }
  return NULL;
}

void ist__check_params(ist__reader *r, const ist__param *params, size_t count,
                       const ist__param *result) {
  for (size_t i = 0; i <= count && !r->failed; i++) {
    const ist__param *param = i < count ? &params[i] : result;
    const char *what = check_param(params, param, i == count);
    if (what) ist__read_fail(r, "%s: %s", param->name, what);
  }
}
