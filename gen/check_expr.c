// Expressions resolved against the place where they stand, their constants folded. Arithmetic is
// done in 128 bits and every overflow is an error; a resolved tree holds no names.
#include <math.h>

#include "compiler.h"

static const scope no_scope;

static expr *resolve(compiler *c, expr *e, const scope *s);

static expr *copy_expr(compiler *c, const expr *e, expr_kind kind, value_class value) {
  expr *r = NEW(c, expr);
  r->kind = kind;
  r->at = e->at;
  r->value = value;
  return r;
}

static expr *int_expr(compiler *c, const expr *e, wide value) {
  expr *r = copy_expr(c, e, X_INT, V_INT);
  r->integer = value;
  return r;
}

static value_class class_of_type(const ctype *t) {
  t = ist__idl_type_strip(t);
  if (t->kind == T_VOID) return V_VOID;
  if (t->kind == T_SCALAR) return t->scalar->kind == S_FLOAT ? V_FLOAT : V_INT;
  if (t->kind == T_NAMED && t->decl->kind == D_ENUM) return V_INT;
  if (t->kind == T_POINTER && ist__idl_type_is_char(t->to)) return V_STRING;
  return V_POINTER;
}

static void offer_functions(compiler *c, guess *g, bool functions) {
  for (int i = 0; i < c->modules.count; i++)
    for (int j = 0; j < c->modules.at[i]->decls.count; j++) {
      decl *d = c->modules.at[i]->decls.at[j];
      if (d->kind == (functions ? D_FUNCTION : D_CONST)) ist__idl_guess_offer(g, d->name);
      for (int k = 0; functions && k < d->functions.count; k++)
        ist__idl_guess_offer(g, d->functions.at[k]->name);
      for (int k = 0; !functions && k < d->enumerators.count; k++)
        ist__idl_guess_offer(g, d->enumerators.at[k].name);
    }
}

static expr *resolve_name(compiler *c, expr *e, const scope *s) {
  const char *name = e->text;
  if (s->function) {
    for (int i = 0; i < s->function->params.count; i++) {
      const param *p = s->function->params.at[i];
      if (!p->name || strcmp(p->name, name) != 0) continue;
      if (p->bad) return NULL;
      expr *r = copy_expr(c, e, X_ARG, class_of_type(p->type));
      r->index = i;
      r->is = p->type;
      return r;
    }
    for (int i = 0; i < s->function->type_params.count; i++)
      if (strcmp(s->function->type_params.at[i]->name, name) == 0) {
        expr *r = copy_expr(c, e, X_TYPE_ARG, V_INT);
        r->index = i;
        return r;
      }
  }
  if (strcmp(name, "return") == 0) {
    if (s->after && ist__idl_type_strip(s->function->type)->kind != T_VOID) {
      expr *r = copy_expr(c, e, X_RESULT, class_of_type(s->function->type));
      r->is = s->function->type;
      return r;
    }
    ist__idl_error(c, e->at,
                   s->after ? "'return' of a function that returns nothing"
                            : "'return' is known only after the call");
    return NULL;
  }
  if (strcmp(name, "errno") == 0) {
    if (s->after || (s->function && s->function->kind == D_ERROR))
      return copy_expr(c, e, X_ERRNO, V_INT);
    ist__idl_error(c, e->at, "'errno' is known only after the call");
    return NULL;
  }
  if (s->with_message && strcmp(name, "message") == 0) return copy_expr(c, e, X_MESSAGE, V_STRING);
  decl *d = ist__idl_lookup(c, NULL, name);
  if (d && d->kind == D_CONST) {
    expr *value = ist__idl_constant(c, d);
    if (!value) return NULL;
    expr *r = NEW(c, expr);
    *r = *value;
    r->at = e->at;
    return r;
  }
  const enumerator *n = ist__idl_map_get(&c->enumerators, name);
  if (n) {
    if (!n->known) ist__idl_eval_enum(c, ist__idl_lookup(c, "enumerator", name));
    return int_expr(c, e, n->value);
  }
  if (d) {
    ist__idl_error(c, e->at,
                   d->kind == D_FUNCTION ? "'%s' is a function: call it" : "'%s' is not a value",
                   name);
    ist__idl_note(c, d->at, "it is declared here");
    return NULL;
  }
  guess g = {.wanted = name};
  if (s->function)
    for (int i = 0; i < s->function->params.count; i++)
      if (s->function->params.at[i]->name)
        ist__idl_guess_offer(&g, s->function->params.at[i]->name);
  offer_functions(c, &g, false);
  ist__idl_error(c, e->at, "'%s' is no parameter and no constant%s", name,
                 ist__idl_guess_text(c, &g));
  return NULL;
}

static expr *resolve_deref(compiler *c, expr *e, const scope *s) {
  expr *a = resolve(c, e->a, s);
  if (!a) return NULL;
  const param *p = a->kind == X_ARG ? s->function->params.at[a->index] : NULL;
  if (!p || p->role != ROLE_CELL) {
    ist__idl_error(c, e->at, "'*' takes a parameter that points to one value");
    return NULL;
  }
  if (p->dir == DIR_OUT && !s->after) {
    ist__idl_error(c, e->at, "'*%s' has no value before the call: it is 'out'", p->name);
    return NULL;
  }
  expr *r = copy_expr(c, e, X_DEREF, class_of_type(ist__idl_type_strip(p->type)->to));
  r->a = a;
  r->is = ist__idl_type_strip(p->type)->to;
  return r;
}

static bool is_number(const expr *e) {
  return e->value == V_INT || e->value == V_FLOAT;
}

static bool is_address(const expr *e) {
  return e->value == V_POINTER || e->value == V_STRING || e->value == V_NULL;
}

static bool fold_int(compiler *c, const expr *e, wide a, wide b, wide *r) {
  const char *op = e->op;
  bool over = false;
  switch (op[0] + (op[1] ? 256 * op[1] : 0)) {
  case '+': over = __builtin_add_overflow(a, b, r); break;
  case '-': over = __builtin_sub_overflow(a, b, r); break;
  case '*': over = __builtin_mul_overflow(a, b, r); break;
  case '/':
  case '%':
    if (b == 0) {
      ist__idl_error(c, e->at, "division by zero");
      return false;
    }
    if (b == -1) {
      // The quotient of the least integer would overflow; a subtraction says so.
      *r = 0;
      over = op[0] == '/' && __builtin_sub_overflow((wide)0, a, r);
    } else {
      *r = op[0] == '/' ? a / b : a % b;
    }
    break;
  case '&': *r = a & b; break;
  case '|': *r = a | b; break;
  case '^': *r = a ^ b; break;
  case '<': *r = a < b; break;
  case '>': *r = a > b; break;
  case '<' + 256 * '<':
    if (b < 0 || b > 126)
      over = true;
    else
      over = __builtin_mul_overflow(a, (wide)1 << b, r);
    break;
  case '>' + 256 * '>':
    if (b < 0 || b > 126)
      over = true;
    else
      *r = a >> b;
    break;
  case '<' + 256 * '=': *r = a <= b; break;
  case '>' + 256 * '=': *r = a >= b; break;
  case '=' + 256 * '=': *r = a == b; break;
  case '!' + 256 * '=': *r = a != b; break;
  case '&' + 256 * '&': *r = a && b; break;
  default: *r = a || b; break;
  }
  if (over) ist__idl_error(c, e->at, "this constant is too large");
  return !over;
}

static expr *resolve_binary(compiler *c, expr *e, const scope *s) {
  expr *a = resolve(c, e->a, s), *b = resolve(c, e->b, s);
  if (!a || !b) return NULL;
  bool logical = strcmp(e->op, "&&") == 0 || strcmp(e->op, "||") == 0;
  bool equality = strcmp(e->op, "==") == 0 || strcmp(e->op, "!=") == 0;
  bool compares = equality || e->op[0] == '<' || e->op[0] == '>';
  bool shifts = strcmp(e->op, "<<") == 0 || strcmp(e->op, ">>") == 0;
  if (shifts) compares = false;
  bool bits = shifts || strchr("%&|^", e->op[0]) != NULL;
  bool good =
      logical || (is_number(a) && is_number(b)) || (equality && is_address(a) && is_address(b));
  if (bits && !logical && (a->value != V_INT || b->value != V_INT)) good = false;
  if (a->value == V_VOID || b->value == V_VOID) good = false;
  if (!good) {
    ist__idl_error(c, e->at, "'%s' cannot combine these values", e->op);
    return NULL;
  }
  if (a->kind == X_INT && b->kind == X_INT) {
    wide value;
    return fold_int(c, e, a->integer, b->integer, &value) ? int_expr(c, e, value) : NULL;
  }
  bool real = a->value == V_FLOAT || b->value == V_FLOAT;
  if (real && !logical && !compares && (a->kind == X_INT || a->kind == X_FLOAT) &&
      (b->kind == X_INT || b->kind == X_FLOAT)) {
    double x = a->kind == X_INT ? (double)a->integer : a->real,
           y = b->kind == X_INT ? (double)b->integer : b->real;
    expr *r = copy_expr(c, e, X_FLOAT, V_FLOAT);
    r->real = e->op[0] == '+' ? x + y : e->op[0] == '-' ? x - y : e->op[0] == '*' ? x * y : x / y;
    if (!isfinite(r->real)) {
      ist__idl_error(c, e->at, "this constant is not finite");
      return NULL;
    }
    return r;
  }
  expr *r = copy_expr(c, e, X_BINARY, real && !logical && !compares ? V_FLOAT : V_INT);
  r->op = e->op;
  r->a = a;
  r->b = b;
  return r;
}

static expr *resolve_unary(compiler *c, expr *e, const scope *s) {
  if (e->op[0] == '*') return resolve_deref(c, e, s);
  expr *a = resolve(c, e->a, s);
  if (!a) return NULL;
  if (e->op[0] == '!' ? a->value == V_VOID : e->op[0] == '~' ? a->value != V_INT : !is_number(a)) {
    ist__idl_error(c, e->at, "'%s' cannot take this value", e->op);
    return NULL;
  }
  if (a->kind == X_INT) {
    wide value = e->op[0] == '!' ? !a->integer : ~a->integer;
    if (e->op[0] == '-' && __builtin_sub_overflow((wide)0, a->integer, &value)) {
      ist__idl_error(c, e->at, "this constant is too large");
      return NULL;
    }
    return int_expr(c, e, value);
  }
  expr *r;
  if (a->kind == X_FLOAT && e->op[0] == '-') {
    r = copy_expr(c, e, X_FLOAT, V_FLOAT);
    r->real = -a->real;
    return r;
  }
  r = copy_expr(c, e, X_UNARY, e->op[0] == '-' ? a->value : V_INT);
  r->op = e->op;
  r->a = a;
  return r;
}

static expr *resolve_conditional(compiler *c, expr *e, const scope *s) {
  expr *a = resolve(c, e->a, s), *b = resolve(c, e->b, s), *d = resolve(c, e->c, s);
  if (!a || !b || !d) return NULL;
  bool numbers = is_number(b) && is_number(d), addresses = is_address(b) && is_address(d);
  if (a->value == V_VOID || (!numbers && !addresses)) {
    ist__idl_error(c, e->at, "'?' cannot combine these values");
    return NULL;
  }
  if (a->kind == X_INT) return a->integer ? b : d;
  value_class value = numbers ? (b->value == V_FLOAT || d->value == V_FLOAT ? V_FLOAT : V_INT)
                              : (b->value == V_NULL ? d->value : b->value);
  expr *r = copy_expr(c, e, X_COND, value);
  r->a = a;
  r->b = b;
  r->c = d;
  return r;
}

static const decl *object_of(const ctype *t) {
  t = ist__idl_type_strip(t);
  if (t->kind == T_POINTER) t = ist__idl_type_strip(t->to);
  return t->kind == T_NAMED && (t->decl->kind == D_HANDLE || t->decl->kind == D_STRUCT) ? t->decl
                                                                                        : NULL;
}

// One kind of object is not taken for another, unless both are one C type.
bool ist__idl_expr_same_object(const ctype *t, const expr *e) {
  const decl *wanted = object_of(t), *given = e->is ? object_of(e->is) : NULL;
  if (!wanted || !given || wanted == given) return true;
  return wanted->c_type && given->c_type && strcmp(wanted->c_type, given->c_type) == 0;
}

static bool accepts(const ctype *t, const expr *e) {
  const ctype *s = ist__idl_type_strip(t);
  if (s->kind == T_BAD) return true;
  if (s->kind == T_NAMED && s->decl->kind == D_STRUCT) return false;
  switch (class_of_type(t)) {
  case V_INT: return e->value == V_INT;
  case V_FLOAT: return is_number(e);
  default: return is_address(e) && ist__idl_expr_same_object(t, e);
  }
}

static expr *resolve_call(compiler *c, expr *e, const scope *s) {
  decl *f = ist__idl_lookup(c, NULL, e->text);
  if (!f || f->kind != D_FUNCTION) {
    if (f) {
      ist__idl_error(c, e->at, "'%s' is not a function", e->text);
      ist__idl_note(c, f->at, "it is declared here");
      return NULL;
    }
    guess g = {.wanted = e->text};
    offer_functions(c, &g, true);
    ist__idl_error(c, e->at, "unknown function '%s'%s", e->text, ist__idl_guess_text(c, &g));
    return NULL;
  }
  if (f->params.count != e->args.count) {
    ist__idl_error(c, e->at, "'%s' takes %d argument%s, not %d", f->name, f->params.count,
                   f->params.count == 1 ? "" : "s", e->args.count);
    ist__idl_note(c, f->at, "it is declared here");
    return NULL;
  }
  // A constant may come before the functions in the order of checking.
  ist__idl_type_resolve(c, f->type, f->module);
  for (int i = 0; i < f->params.count; i++)
    ist__idl_type_resolve(c, f->params.at[i]->type, f->module);
  if (ist__idl_type_decl(f->type, D_STRUCT)) {
    ist__idl_error(c, e->at, "'%s' returns a struct, which an expression cannot hold", f->name);
    return NULL;
  }
  expr *r = copy_expr(c, e, X_CALL, class_of_type(f->type));
  r->callee = f;
  r->is = f->type;
  bool good = true;
  for (int i = 0; i < e->args.count; i++) {
    expr *a = resolve(c, e->args.at[i], s);
    if (a && !accepts(f->params.at[i]->type, a)) {
      ist__idl_error(c, a->at, "'%s' does not take this: its parameter is '%s'", f->name,
                     ist__idl_type_c(c, f->params.at[i]->type,
                                     f->params.at[i]->name ? f->params.at[i]->name : ""));
      good = false;
    }
    if (!a) good = false;
    PUSH(c, r->args, a);
  }
  return good ? r : NULL;
}

static expr *resolve_sizeof(compiler *c, expr *e) {
  int64_t size, align;
  ist__idl_type_resolve(c, e->type, NULL);
  const ctype *t = ist__idl_type_strip(e->type);
  if (t->kind == T_BAD) return NULL;
  if (t->kind == T_ARRAY || !ist__idl_type_layout(c, e->type, &size, &align)) {
    if (!(t->kind == T_NAMED && t->decl->bad))
      ist__idl_error(c, e->at, "the size of '%s' is not known", ist__idl_type_text(c, e->type));
    return NULL;
  }
  return int_expr(c, e, size);
}

static expr *resolve(compiler *c, expr *e, const scope *s) {
  switch (e->kind) {
  case X_INT: return int_expr(c, e, e->integer);
  case X_FLOAT: {
    expr *r = copy_expr(c, e, X_FLOAT, V_FLOAT);
    r->real = e->real;
    return r;
  }
  case X_STRING: {
    expr *r = copy_expr(c, e, X_STRING, V_STRING);
    r->text = e->text;
    r->text_len = e->text_len;
    return r;
  }
  case X_NULL: return copy_expr(c, e, X_NULL, V_NULL);
  case X_UNARY: return resolve_unary(c, e, s);
  case X_BINARY: return resolve_binary(c, e, s);
  case X_COND: return resolve_conditional(c, e, s);
  case X_CALL: return resolve_call(c, e, s);
  case X_NAME: return resolve_name(c, e, s);
  case X_SIZEOF: return resolve_sizeof(c, e);
  default: return e; // resolved before
  }
}

expr *ist__idl_resolve(compiler *c, expr *e, const scope *s) {
  return resolve(c, e, s ? s : &no_scope);
}

expr *ist__idl_resolve_int(compiler *c, expr *e, const scope *s, const char *what) {
  expr *r = ist__idl_resolve(c, e, s);
  if (r && r->value != V_INT) {
    ist__idl_error(c, e->at, "%s is an integer", what);
    return NULL;
  }
  return r;
}

bool ist__idl_eval_int(compiler *c, expr *e, wide *value) {
  expr *r = ist__idl_resolve(c, e, NULL);
  if (!r) return false;
  if (r->kind != X_INT) {
    ist__idl_error(c, e->at, "expected a constant integer");
    return false;
  }
  *value = r->integer;
  return true;
}

bool ist__idl_fits(compiler *c, wide value, const ctype *t) {
  t = ist__idl_type_strip(t);
  if (t->kind == T_NAMED && t->decl->kind == D_ENUM) {
    // C converts; a closed enum's range of values is not the compiler's to judge.
    ist__idl_layout_enum(c, t->decl);
    wide span = (wide)1 << (t->decl->size * 8);
    return value >= -(span / 2) && value < span;
  }
  if (t->kind != T_SCALAR) return true;
  if (t->scalar->kind == S_BOOL) return value == 0 || value == 1;
  if (t->scalar->kind == S_FLOAT) return true;
  int bits = t->scalar->size[c->target] * 8;
  wide span = (wide)1 << bits;
  return t->scalar->is_signed[c->target] ? value >= -(span / 2) && value < span / 2
                                         : value >= 0 && value < span;
}

expr *ist__idl_constant(compiler *c, decl *d) {
  if (d->state == BUSY) {
    ist__idl_error(c, d->at, "the constant '%s' is made from itself", d->name);
    d->bad = true;
  }
  if (d->state != FRESH) return d->bad ? NULL : d->value;
  d->state = BUSY;
  ist__idl_descend(c, d->at);
  ist__idl_type_resolve(c, d->type, d->module);
  expr *value = ist__idl_resolve(c, d->parsed_value, NULL);
  ist__idl_ascend(c);
  const ctype *t = ist__idl_type_strip(d->type);
  d->state = DONE;
  if (!value || t->kind == T_BAD || d->bad) {
    d->bad = true;
    return NULL;
  }
  bool literal = value->kind == X_INT || value->kind == X_FLOAT || value->kind == X_STRING;
  value_class class = class_of_type(d->type);
  if (class == V_POINTER || class == V_VOID ||
      (t->kind == T_SCALAR && t->scalar->kind == S_BOOL && value->kind != X_INT)) {
    ist__idl_error(c, d->at,
                   "a constant is an integer, a floating-point number or a 'const char *'");
    d->bad = true;
  } else if (!literal || (class == V_STRING) != (value->kind == X_STRING) ||
             (class == V_INT && value->kind != X_INT)) {
    ist__idl_error(c, d->parsed_value->at, "this is no constant of type '%s'",
                   ist__idl_type_text(c, d->type));
    d->bad = true;
  } else if (class == V_INT && !ist__idl_fits(c, value->integer, d->type)) {
    ist__idl_error(c, d->parsed_value->at, "this value does not fit in '%s'",
                   ist__idl_type_text(c, d->type));
    d->bad = true;
  } else if (class == V_FLOAT && value->kind == X_INT) {
    double real = (double)value->integer;
    value = copy_expr(c, value, X_FLOAT, V_FLOAT);
    value->real = real;
  }
  d->value = value;
  return d->bad ? NULL : value;
}

void ist__idl_eval_enum(compiler *c, decl *d) {
  if (d->state == BUSY) {
    if (!d->bad) ist__idl_error(c, d->at, "the enum '%s' is made from itself", d->name);
    d->bad = true;
  }
  if (d->state != FRESH) return;
  d->state = BUSY;
  ist__idl_descend(c, d->at);
  if (d->type) {
    ist__idl_type_resolve(c, d->type, d->module);
    const ctype *t = ist__idl_type_strip(d->type);
    if (t->kind != T_BAD && (t->kind != T_SCALAR || t->scalar->kind != S_INT)) {
      ist__idl_error(c, d->type->at, "an enum's values are integers");
      d->type = NULL;
    }
  }
  wide next = 0;
  for (int i = 0; i < d->enumerators.count; i++) {
    enumerator *e = &d->enumerators.at[i];
    e->value = next;
    if (e->parsed_value && !ist__idl_eval_int(c, e->parsed_value, &e->value)) d->bad = true;
    bool fits = d->type ? ist__idl_fits(c, e->value, d->type)
                        : e->value >= INT64_MIN && e->value <= UINT64_MAX;
    if (!fits) {
      ist__idl_error(c, e->at, "the value of '%s' does not fit", e->name);
      e->value = 0;
    }
    e->known = true;
    next = e->value + 1;
  }
  if (d->enumerators.count == 0) ist__idl_error(c, d->at, "the enum '%s' has no values", d->name);
  ist__idl_ascend(c);
  d->state = DONE;
}

bool ist__idl_expr_same(const expr *a, const expr *b) {
  if (!a || !b) return a == b;
  if (a->kind != b->kind || a->integer != b->integer || a->index != b->index ||
      a->callee != b->callee)
    return false;
  if (a->args.count != b->args.count || (a->op && strcmp(a->op, b->op) != 0)) return false;
  for (int i = 0; i < a->args.count; i++)
    if (!ist__idl_expr_same(a->args.at[i], b->args.at[i])) return false;
  return ist__idl_expr_same(a->a, b->a) && ist__idl_expr_same(a->b, b->b) &&
         ist__idl_expr_same(a->c, b->c);
}

bool ist__idl_expr_is_arg(const expr *e, int *index) {
  if (!e || e->kind != X_ARG) return false;
  *index = e->index;
  return true;
}

bool ist__idl_expr_is_deref(const expr *e, int *index) {
  return e && e->kind == X_DEREF && ist__idl_expr_is_arg(e->a, index);
}
