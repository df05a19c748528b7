/* Expressions of a descriptor: reading them, and evaluating them over a call's raw values.
 *
 * Integers are mathematical: every operation is checked in 128 bits, and an overflow is a fault,
 * never a wrapped value. What an expression names is checked when it is read, so that evaluating it
 * cannot reach outside the frame; what only the values can tell (division by zero, arithmetic on a
 * pointer, a NULL to dereference) is a fault. */
#include "internal.h"

#include <math.h>
#include <string.h>

/* ---- reading ---- */

static const struct {
  const char text[4];
  ist__operator op;
} operators[] = {
    {"+", IST__OP_ADD},    {"-", IST__OP_SUB},     {"*", IST__OP_MUL},  {"/", IST__OP_DIV},
    {"%", IST__OP_MOD},    {"<<", IST__OP_SHL},    {">>", IST__OP_SHR}, {"&", IST__OP_AND},
    {"|", IST__OP_OR},     {"^", IST__OP_XOR},     {"<", IST__OP_LT},   {"<=", IST__OP_LE},
    {">", IST__OP_GT},     {">=", IST__OP_GE},     {"==", IST__OP_EQ},  {"!=", IST__OP_NE},
    {"&&", IST__OP_BOTH},  {"||", IST__OP_EITHER}, {"!", IST__OP_NOT},  {"~", IST__OP_INVERT},
    {"?", IST__OP_CHOOSE},
};

typedef struct reader {
  ist__library *library;
  const ist__expr_scope *scope;
  ist__fault *fault;
} reader;

static const ist__expr *read_expr(const reader *r, const cJSON *json, int depth);

static const ist__expr *wrong(const reader *r, const char *what) {
  ist__fault_set(r->fault, "descriptor: %s", what);
  return NULL;
}

static bool read_index(const cJSON *json, size_t count, uint32_t *index) {
  if (!cJSON_IsNumber(json) || !(json->valuedouble >= 0 && json->valuedouble < (double)count))
    return false;
  *index = (uint32_t)json->valuedouble;
  return (double)*index == json->valuedouble;
}

static bool read_integer(const cJSON *json, __int128 *out) {
  if (cJSON_IsNumber(json)) {
    if (!(fabs(json->valuedouble) <= 9007199254740992.0) ||
        trunc(json->valuedouble) != json->valuedouble)
      return false;
    *out = (int64_t)json->valuedouble;
    return true;
  }
  if (!cJSON_IsString(json)) return false;
  const char *digit = json->valuestring;
  bool negative = *digit == '-';
  if (negative) digit++;
  if (!*digit) return false;
  __int128 value = 0;
  for (; *digit; digit++) {
    if (*digit < '0' || *digit > '9') return false;
    if (__builtin_mul_overflow(value, (__int128)10, &value)) return false;
    if (__builtin_sub_overflow(value, (__int128)(*digit - '0'), &value)) return false;
  }
  if (!negative && __builtin_sub_overflow((__int128)0, value, &value)) return false;
  *out = value;
  return true;
}

static const ist__expr *read_operation(const reader *r, const cJSON *json, ist__expr *expr,
                                       int depth) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "op"));
  expr->op = IST__OP_NONE;
  for (size_t i = 0; text && i < sizeof operators / sizeof *operators; i++) {
    if (strcmp(operators[i].text, text) == 0) expr->op = operators[i].op;
  }
  if (expr->op == IST__OP_NONE) return wrong(r, "an unknown operator");
  const cJSON *b = cJSON_GetObjectItemCaseSensitive(json, "b");
  const cJSON *c = cJSON_GetObjectItemCaseSensitive(json, "c");
  bool unary =
      expr->op == IST__OP_NOT || expr->op == IST__OP_INVERT || (expr->op == IST__OP_SUB && !b);
  expr->kind = unary ? IST__E_UNARY : expr->op == IST__OP_CHOOSE ? IST__E_CHOICE : IST__E_BINARY;
  expr->a = read_expr(r, cJSON_GetObjectItemCaseSensitive(json, "a"), depth + 1);
  if (!expr->a) return NULL;
  if (!unary && !(expr->b = read_expr(r, b, depth + 1))) return NULL;
  if (expr->kind == IST__E_CHOICE && !(expr->c = read_expr(r, c, depth + 1))) return NULL;
  return expr;
}

/* Which parameters an expression's arguments meet: all of them, or those that have no value of
 * their own. */
static bool takes_argument(const ist__param *param, bool all) {
  return all ||
         (param->role != IST__FIXED && param->role != IST__DATA && param->role != IST__DESTROY);
}

static const ist__expr *read_call(const reader *r, const cJSON *json, ist__expr *expr, int depth) {
  uint32_t index;
  if (!read_index(cJSON_GetObjectItemCaseSensitive(json, "call"), r->library->function_count,
                  &index)) {
    return wrong(r, "a call of no function");
  }
  const ist__function *function = expr->function = r->library->functions[index];
  const cJSON *arg = cJSON_GetObjectItemCaseSensitive(json, "args");
  size_t count = cJSON_IsArray(arg) ? (size_t)cJSON_GetArraySize(arg) : 0;
  bool all = count == function->param_count;
  const ist__expr **args =
      ist__arena_alloc(ist__library_arena(r->library), function->param_count, sizeof *args);
  if (!args) return wrong(r, "out of memory");
  arg = cJSON_IsArray(arg) ? arg->child : NULL;
  for (size_t i = 0; i < function->param_count; i++) {
    const ist__param *param = &function->params[i];
    if (!ist__type_is_scalar(param->type)) return wrong(r, "a call with a struct by value");
    if (!arg || !takes_argument(param, all)) continue;
    if (!(args[i] = read_expr(r, arg, depth + 1))) return NULL;
    arg = arg->next;
  }
  if (arg) return wrong(r, "a call with too many arguments");
  if (!ist__type_is_scalar(function->result.type) && function->result.type->kind != IST__VOID) {
    return wrong(r, "a call that returns a struct");
  }
  expr->kind = IST__E_CALL;
  expr->args = args;
  return expr;
}

static const ist__expr *read_deref(const reader *r, const cJSON *json, ist__expr *expr) {
  uint32_t index;
  if (!r->scope->params ||
      !read_index(cJSON_GetObjectItemCaseSensitive(json, "arg"), r->scope->count, &index)) {
    return wrong(r, "a deref of no parameter");
  }
  const ist__type *type = r->scope->params[index].type;
  if (type->kind != IST__POINTER || !ist__type_is_scalar(type->to)) {
    return wrong(r, "a deref of what is no pointer to a scalar");
  }
  expr->index = index;
  expr->type = type->to;
  return expr;
}

static const ist__expr *read_literal(const reader *r, const cJSON *json, ist__expr *expr) {
  const char *form = json->string;
  expr->kind = IST__E_LITERAL;
  if (strcmp(form, "int") == 0) {
    expr->literal.kind = IST__V_INT;
    return read_integer(json, &expr->literal.i) ? expr : wrong(r, "an int literal that is none");
  }
  if (strcmp(form, "float") == 0) {
    expr->literal.kind = IST__V_FLOAT;
    expr->literal.f = json->valuedouble;
    if (cJSON_IsNumber(json)) return expr;
    /* JSON has no infinities. */
    const char *text = cJSON_GetStringValue(json);
    if (!text) return wrong(r, "a float literal that is none");
    if (strcmp(text, "nan") == 0)
      expr->literal.f = NAN;
    else if (strcmp(text, "inf") == 0)
      expr->literal.f = INFINITY;
    else if (strcmp(text, "-inf") == 0)
      expr->literal.f = -INFINITY;
    else
      return wrong(r, "a float literal that is none");
    return expr;
  }
  expr->literal.kind = IST__V_POINTER;
  if (strcmp(form, "null") == 0) return expr;
  if (!cJSON_IsString(json)) return wrong(r, "a string literal that is none");
  expr->literal.p = ist__arena_text(ist__library_arena(r->library), json->valuestring);
  return expr->literal.p ? expr : wrong(r, "out of memory");
}

static const ist__expr *read_named(const reader *r, const cJSON *json, ist__expr *expr) {
  const ist__expr_scope *scope = r->scope;
  const char *form = json->string;
  if (strcmp(form, "arg") == 0) {
    if (!read_index(json, scope->count, &expr->index))
      return wrong(r, "an expression that names no parameter");
    expr->kind = IST__E_ARG;
    if (scope->params && !ist__type_is_scalar(expr->type = scope->params[expr->index].type)) {
      return wrong(r, "an expression that names a struct");
    }
    return expr;
  }
  if (strcmp(form, "type_arg") == 0) {
    expr->kind = IST__E_TYPE_ARG;
    return read_index(json, scope->type_args, &expr->index) ? expr
                                                            : wrong(r, "no such type argument");
  }
  if (strcmp(form, "deref") == 0) {
    expr->kind = IST__E_DEREF;
    return read_deref(r, json, expr);
  }
  if (strcmp(form, "result") == 0) {
    expr->kind = IST__E_RESULT;
    if (!scope->result || !ist__type_is_scalar(scope->result->type))
      return wrong(r, "no result to speak of");
    expr->type = scope->result->type;
    return expr;
  }
  if (strcmp(form, "errno") == 0) {
    expr->kind = IST__E_ERRNO;
    return scope->errnos ? expr : wrong(r, "no errno here");
  }
  if (strcmp(form, "message") == 0) {
    expr->kind = IST__E_MESSAGE;
    return scope->messages ? expr : wrong(r, "no message here");
  }
  return wrong(r, "an expression of no known form");
}

static const ist__expr *read_expr(const reader *r, const cJSON *json, int depth) {
  static const char *const literals[] = {"int", "float", "string", "null"};
  if (depth > IST__MAX_DEPTH) return wrong(r, "an expression nested too deep");
  if (!cJSON_IsObject(json)) return wrong(r, "an expression is missing");
  ist__expr *expr = ist__arena_alloc(ist__library_arena(r->library), 1, sizeof *expr);
  if (!expr) return wrong(r, "out of memory");
  if (cJSON_GetObjectItemCaseSensitive(json, "op")) return read_operation(r, json, expr, depth);
  if (cJSON_GetObjectItemCaseSensitive(json, "call")) return read_call(r, json, expr, depth);
  for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
    const cJSON *literal = cJSON_GetObjectItemCaseSensitive(json, literals[i]);
    if (literal) return read_literal(r, literal, expr);
  }
  return json->child ? read_named(r, json->child, expr)
                     : wrong(r, "an expression of no known form");
}

const ist__expr *ist__expr_read(ist__library *library, const cJSON *json,
                                const ist__expr_scope *scope, ist__fault *fault) {
  reader r = {library, scope, fault};
  return read_expr(&r, json, 0);
}

bool ist__expr_uses_errno(const ist__expr *expr) {
  if (!expr) return false;
  if (expr->kind == IST__E_ERRNO) return true;
  if (ist__expr_uses_errno(expr->a) || ist__expr_uses_errno(expr->b) ||
      ist__expr_uses_errno(expr->c))
    return true;
  for (size_t i = 0; expr->args && i < expr->function->param_count; i++) {
    if (ist__expr_uses_errno(expr->args[i])) return true;
  }
  return false;
}

bool ist__expr_is_arg(const ist__expr *expr, uint32_t *index) {
  if (!expr || (expr->kind != IST__E_ARG && expr->kind != IST__E_DEREF)) return false;
  *index = expr->index;
  return true;
}

/* ---- evaluating ---- */

/* Where an expression's names lead. */
typedef struct scope {
  const ist__frame *frame;
  void **args;              /* raw values */
  const ist__value *values; /* instead of args: those of a bundle */
  const ist__closure *closure;
  const char *message; /* of what the language threw */
  ist__fault *fault;
  int depth; /* of calls whose own values are calls */
} scope;

static bool eval(const scope *s, const ist__expr *expr, ist__value *out);

bool ist__value_true(ist__value value) {
  switch (value.kind) {
  case IST__V_INT: return value.i != 0;
  case IST__V_FLOAT: return value.f != 0;
  default: return value.p != NULL;
  }
}

static void print_integer(__int128 value, char *text, size_t size) {
  char digits[48];
  size_t at = sizeof digits;
  bool negative = value < 0;
  digits[--at] = 0;
  do {
    int digit = (int)(value % 10);
    digits[--at] = (char)('0' + (digit < 0 ? -digit : digit));
    value /= 10;
  } while (value != 0);
  if (negative) digits[--at] = '-';
  size_t length = sizeof digits - at;
  memcpy(text, digits + at, length < size ? length : size);
  text[size - 1] = 0;
}

bool ist__value_convert(ist__value *value, const ist__type *type, const char *what,
                        ist__fault *fault) {
  switch (type->kind) {
  case IST__BOOL:
    *value = (ist__value){.kind = IST__V_INT, .i = ist__value_true(*value)};
    return true;
  case IST__INT:
  case IST__ENUM: {
    if (value->kind != IST__V_INT) return ist__fault_set(fault, "%s: expected an integer", what);
    __int128 min, max;
    ist__int_range(type, &min, &max);
    if (value->i >= min && value->i <= max) return true;
    char got[48], low[48], high[48];
    print_integer(value->i, got, sizeof got);
    print_integer(min, low, sizeof low);
    print_integer(max, high, sizeof high);
    return ist__fault_set(fault, "%s: expected an integer from %s to %s, got %s", what, low, high,
                          got);
  }
  case IST__FLOAT:
    if (value->kind == IST__V_POINTER) return ist__fault_set(fault, "%s: expected a number", what);
    if (value->kind == IST__V_INT)
      *value = (ist__value){.kind = IST__V_FLOAT, .f = (double)value->i};
    return true;
  default:
    if (value->kind == IST__V_POINTER) return true;
    if (value->kind == IST__V_INT && value->i >= INTPTR_MIN && value->i <= INTPTR_MAX) {
      *value = (ist__value){.kind = IST__V_POINTER, .p = (const void *)(intptr_t)value->i};
      return true;
    }
    return ist__fault_set(fault, "%s: expected a pointer", what);
  }
}

static bool shift(const scope *s, ist__operator op, __int128 a, __int128 b, __int128 *out) {
  if (b < 0 || b > 126) return ist__fault_set(s->fault, "a shift by more bits than there are");
  if (op == IST__OP_SHR) {
    *out = a >> b;
    return true;
  }
  if (__builtin_mul_overflow(a, (__int128)1 << b, out))
    return ist__fault_set(s->fault, "integer overflow in <<");
  return true;
}

static bool integer(const scope *s, ist__operator op, __int128 a, __int128 b, __int128 *out) {
  switch (op) {
  case IST__OP_ADD:
    return !__builtin_add_overflow(a, b, out) || ist__fault_set(s->fault, "integer overflow in +");
  case IST__OP_SUB:
    return !__builtin_sub_overflow(a, b, out) || ist__fault_set(s->fault, "integer overflow in -");
  case IST__OP_MUL:
    return !__builtin_mul_overflow(a, b, out) || ist__fault_set(s->fault, "integer overflow in *");
  case IST__OP_DIV:
  case IST__OP_MOD:
    if (b == 0) return ist__fault_set(s->fault, "division by zero");
    if (b == -1) {
      *out = 0;
      if (op == IST__OP_MOD) return true;
      return !__builtin_sub_overflow((__int128)0, a, out) ||
             ist__fault_set(s->fault, "integer overflow in /");
    }
    *out = op == IST__OP_DIV ? a / b : a % b;
    return true;
  case IST__OP_SHL:
  case IST__OP_SHR: return shift(s, op, a, b, out);
  case IST__OP_AND: *out = a & b; return true;
  case IST__OP_OR: *out = a | b; return true;
  case IST__OP_XOR: *out = a ^ b; return true;
  case IST__OP_LT: *out = a < b; return true;
  case IST__OP_LE: *out = a <= b; return true;
  case IST__OP_GT: *out = a > b; return true;
  case IST__OP_GE: *out = a >= b; return true;
  case IST__OP_EQ: *out = a == b; return true;
  case IST__OP_NE: *out = a != b; return true;
  default: return ist__fault_set(s->fault, "an operator that does not apply");
  }
}

static bool floating(const scope *s, ist__operator op, double a, double b, ist__value *out) {
  out->kind = IST__V_FLOAT;
  switch (op) {
  case IST__OP_ADD: out->f = a + b; return true;
  case IST__OP_SUB: out->f = a - b; return true;
  case IST__OP_MUL: out->f = a * b; return true;
  case IST__OP_DIV: out->f = a / b; return true;
  default: break;
  }
  out->kind = IST__V_INT;
  switch (op) {
  case IST__OP_LT: out->i = a < b; return true;
  case IST__OP_LE: out->i = a <= b; return true;
  case IST__OP_GT: out->i = a > b; return true;
  case IST__OP_GE: out->i = a >= b; return true;
  case IST__OP_EQ: out->i = a == b; return true;
  case IST__OP_NE: out->i = a != b; return true;
  default: return ist__fault_set(s->fault, "an operator that does not apply to a float");
  }
}

/* Pointers can be compared with each other, and with numbers that stand for pointers: 0, -1. */
static bool pointers(const scope *s, ist__operator op, ist__value a, ist__value b,
                     ist__value *out) {
  if ((op != IST__OP_EQ && op != IST__OP_NE) || a.kind == IST__V_FLOAT || b.kind == IST__V_FLOAT) {
    return ist__fault_set(s->fault, "arithmetic on a pointer");
  }
  if (a.kind == IST__V_INT) a.p = (const void *)(intptr_t)a.i;
  if (b.kind == IST__V_INT) b.p = (const void *)(intptr_t)b.i;
  *out = (ist__value){.kind = IST__V_INT, .i = (a.p == b.p) == (op == IST__OP_EQ)};
  return true;
}

static double as_double(ist__value value) {
  return value.kind == IST__V_INT ? (double)value.i : value.f;
}

static bool binary(const scope *s, const ist__expr *expr, ist__value *out) {
  ist__value a, b;
  if (!eval(s, expr->a, &a)) return false;
  if (expr->op == IST__OP_BOTH || expr->op == IST__OP_EITHER) {
    bool value = ist__value_true(a);
    if (value == (expr->op == IST__OP_BOTH)) {
      if (!eval(s, expr->b, &b)) return false;
      value = ist__value_true(b);
    }
    *out = (ist__value){.kind = IST__V_INT, .i = value};
    return true;
  }
  if (!eval(s, expr->b, &b)) return false;
  *out = (ist__value){.kind = IST__V_INT};
  if (a.kind == IST__V_POINTER || b.kind == IST__V_POINTER) return pointers(s, expr->op, a, b, out);
  if (a.kind == IST__V_FLOAT || b.kind == IST__V_FLOAT)
    return floating(s, expr->op, as_double(a), as_double(b), out);
  return integer(s, expr->op, a.i, b.i, &out->i);
}

static bool unary(const scope *s, const ist__expr *expr, ist__value *out) {
  ist__value a;
  if (!eval(s, expr->a, &a)) return false;
  *out = (ist__value){.kind = IST__V_INT};
  if (expr->op == IST__OP_NOT) {
    out->i = !ist__value_true(a);
    return true;
  }
  if (a.kind == IST__V_INT) {
    if (expr->op == IST__OP_SUB) return integer(s, IST__OP_SUB, 0, a.i, &out->i);
    out->i = ~a.i;
    return true;
  }
  if (a.kind == IST__V_POINTER || expr->op != IST__OP_SUB) {
    return ist__fault_set(s->fault, "an operator that does not apply");
  }
  *out = (ist__value){.kind = IST__V_FLOAT, .f = -a.f};
  return true;
}

static bool call(const scope *s, const ist__expr *expr, ist__value *out) {
  const ist__function *function = expr->function;
  if (!function->address)
    return ist__fault_set(s->fault, "%s: this version of the library lacks it", function->label);
  if (atomic_load(&function->library->closed)) {
    return ist__fault_set(s->fault, "%s: the library is closed", function->label);
  }
  if (s->depth > IST__MAX_DEPTH)
    return ist__fault_set(s->fault, "%s: calls itself", function->label);
  size_t count = function->param_count;
  uint64_t raw[count ? count : 1];
  void *args[count ? count : 1];
  _Alignas(16) unsigned char result[16] = {0};
  ist__frame frame = {.function = function, .args = args, .result = result};
  for (size_t i = 0; i < count; i++) {
    raw[i] = 0;
    args[i] = &raw[i];
  }
  for (size_t i = 0; i < count; i++) {
    const ist__param *param = &function->params[i];
    ist__value value;
    bool good = expr->args[i] ? eval(s, expr->args[i], &value)
                              : ist__param_own_value(param, &frame, s->depth + 1, &value, s->fault);
    if (!good) return false;
    char what[160];
    size_t length = strlen(function->label);
    if (length > 100) length = 100;
    memcpy(what, function->label, length);
    memcpy(what + length, ": ", 3);
    strncat(what, param->name, sizeof what - length - 4);
    if (!ist__value_convert(&value, param->type, what, s->fault)) return false;
    ist__scalar_store(param->type, args[i], value);
  }
  ist__frame_call(&frame);
  *out = (ist__value){.kind = IST__V_INT};
  if (function->result.type->kind != IST__VOID)
    *out = ist__scalar_load(function->result.type, result);
  return true;
}

static bool deref(const scope *s, const ist__expr *expr, ist__value *out) {
  const void *pointer;
  memcpy(&pointer, s->args[expr->index], sizeof pointer);
  if (!pointer) return ist__fault_set(s->fault, "a NULL has no value");
  *out = ist__scalar_load(expr->type, pointer);
  return true;
}

static bool eval(const scope *s, const ist__expr *expr, ist__value *out) {
  switch (expr->kind) {
  case IST__E_LITERAL: *out = expr->literal; return true;
  case IST__E_ARG:
    *out = s->values ? s->values[expr->index] : ist__scalar_load(expr->type, s->args[expr->index]);
    return true;
  case IST__E_TYPE_ARG:
    *out = (ist__value){.kind = IST__V_INT, .i = s->closure->type_args[expr->index]};
    return true;
  case IST__E_DEREF: return deref(s, expr, out);
  case IST__E_RESULT: *out = ist__scalar_load(expr->type, s->frame->result); return true;
  case IST__E_ERRNO: *out = (ist__value){.kind = IST__V_INT, .i = s->frame->error}; return true;
  case IST__E_MESSAGE: *out = (ist__value){.kind = IST__V_POINTER, .p = s->message}; return true;
  case IST__E_UNARY: return unary(s, expr, out);
  case IST__E_BINARY: return binary(s, expr, out);
  case IST__E_CHOICE: {
    ist__value which;
    return eval(s, expr->a, &which) && eval(s, ist__value_true(which) ? expr->b : expr->c, out);
  }
  case IST__E_CALL: return call(s, expr, out);
  }
  return false;
}

bool ist__expr_eval_nested(const ist__expr *expr, const ist__frame *frame, int depth,
                           ist__value *out, ist__fault *fault) {
  scope s = {.frame = frame, .args = frame ? frame->args : NULL, .fault = fault, .depth = depth};
  return eval(&s, expr, out);
}

bool ist__expr_eval(const ist__expr *expr, const ist__frame *frame, ist__value *out,
                    ist__fault *fault) {
  return ist__expr_eval_nested(expr, frame, 0, out, fault);
}

bool ist__expr_eval_values(const ist__expr *expr, const ist__frame *frame, const ist__value *values,
                           ist__value *out, ist__fault *fault) {
  scope s = {.frame = frame, .values = values, .fault = fault};
  return eval(&s, expr, out);
}

bool ist__expr_eval_callback(const ist__expr *expr, const ist__closure *closure, void **args,
                             ist__value *out, ist__fault *fault) {
  scope s = {.args = args, .closure = closure, .fault = fault};
  return eval(&s, expr, out);
}

bool ist__expr_eval_thrown(const ist__expr *expr, const ist__closure *closure, void **args,
                           const char *message, ist__fault *fault) {
  scope s = {.args = args, .closure = closure, .message = message, .fault = fault};
  ist__value value;
  return eval(&s, expr, &value);
}

ist__value ist__expr_literal(const ist__expr *expr) {
  ist__value value = {.kind = IST__V_POINTER};
  if (expr && !ist__expr_eval(expr, NULL, &value, NULL))
    value = (ist__value){.kind = IST__V_POINTER};
  return value;
}
