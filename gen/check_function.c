// Functions and callbacks after their parameters have roles: the expressions in their attributes,
// the lengths that vanish from JavaScript, and what JavaScript passes and receives.
#include "compiler.h"

static bool classify_links(compiler *c, decl *f, param *p, int id, role to) {
  attr *a = ist__idl_attr_find(p->attrs, id);
  if (!a || a->id != id) return true;
  if (a->args.count != 1) {
    ist__idl_error(c, a->at, "'%s' names a parameter here", a->name);
    return false;
  }
  int i = ist__idl_param_named(c, f, a->args.at[0]);
  if (i < 0) return false;
  param *q = f->params.at[i];
  if (q == p || q->role != ROLE_VALUE) {
    ist__idl_error(c, a->at,
                   q == p
                       ? "'%s' names another parameter"
                       : "'%s': this parameter serves another callback; not supported yet: group",
                   a->name);
    return false;
  }
  q->role = to;
  return true;
}

void ist__idl_classify(compiler *c, decl *d) {
  if (d->classified) return;
  d->classified = true;
  ist__idl_descend(c, d->at);
  bool callback = d->kind == D_CALLBACK;
  if (!callback && !ist__idl_attrs_check(c, &d->attrs, ON_FUNCTION)) d->bad = true;
  for (int i = 0; i < d->params.count; i++) {
    place where = callback ? ON_CALLBACK_PARAM : ON_PARAM;
    if (!ist__idl_attrs_check(c, d->params.at[i]->attrs, where)) d->params.at[i]->bad = true;
  }
  ist__idl_classify_result(c, d);
  for (int i = 0; i < d->params.count; i++)
    for (int j = 0; j < i && d->params.at[i]->name; j++)
      if (d->params.at[j]->name && strcmp(d->params.at[i]->name, d->params.at[j]->name) == 0) {
        ist__idl_error(c, d->params.at[i]->at, "the parameter '%s' is declared twice",
                       d->params.at[i]->name);
        ist__idl_note(c, d->params.at[j]->at, "it was first declared here");
      }
  for (int i = 0; i < d->params.count && !callback; i++) {
    param *p = d->params.at[i];
    if (!classify_links(c, d, p, AT_DATA, ROLE_DATA) ||
        !classify_links(c, d, p, AT_DESTROY, ROLE_DESTROY))
      p->bad = true;
  }
  for (int i = 0; i < d->params.count; i++) {
    if (callback)
      ist__idl_classify_callback_param(c, d, d->params.at[i]);
    else
      ist__idl_classify_param(c, d, d->params.at[i]);
    if (d->params.at[i]->bad) d->bad = true;
  }
  for (int i = 0; i < d->params.count && !callback; i++) {
    param *p = d->params.at[i];
    static const int ids[] = {AT_DATA, AT_DESTROY};
    for (int k = 0; k < 2 && !p->bad; k++) {
      attr *a = ist__idl_attr_find(p->attrs, ids[k]);
      if (!a) continue;
      if (!p->dtype || p->dtype->kind != DT_CALLBACK) {
        ist__idl_error(c, a->at, "'%s' stands on a callback's parameter", a->name);
        p->bad = d->bad = true;
        continue;
      }
      int q = ist__idl_param_index(d, a->args.at[0]->text);
      d->params.at[q]->of = i;
      *(k ? &p->destroy : &p->data) = q;
    }
  }
  if (d->result->bad) d->bad = true;
  ist__idl_ascend(c);
}

static bool class_fits(const dtype *t, const expr *e) {
  switch (t->kind) {
  case DT_INT:
  case DT_BOOL:
  case DT_ENUM: return e->value == V_INT;
  case DT_FLOAT: return e->value == V_INT || e->value == V_FLOAT;
  case DT_STRING: return e->value == V_STRING || e->value == V_NULL || e->value == V_POINTER;
  case DT_POINTER:
    return e->value != V_FLOAT && e->value != V_VOID; // SQLITE_TRANSIENT is an integer
  default: return e->value == V_POINTER || e->value == V_NULL || e->value == V_STRING;
  }
}

static bool literal(const expr *e) {
  return e->kind == X_INT || e->kind == X_FLOAT || e->kind == X_STRING || e->kind == X_NULL;
}

// A resolved expression of the parameter's own type; literal integers must fit in it.
static expr *typed(compiler *c, expr *parsed, const scope *s, const param *p, const char *what) {
  expr *e = ist__idl_resolve(c, parsed, s);
  if (!e) return NULL;
  if (!class_fits(p->dtype, e)) {
    ist__idl_error(c, parsed->at, "%s of '%s' is not of its type", what, p->name);
    return NULL;
  }
  if (e->kind == X_INT && p->dtype->kind != DT_POINTER && !ist__idl_fits(c, e->integer, p->type)) {
    ist__idl_error(c, parsed->at, "%s of '%s' does not fit in '%s'", what, p->name,
                   ist__idl_type_text(c, p->type));
    return NULL;
  }
  return e;
}

static void check_default(compiler *c, param *p) {
  bool input = p->role == ROLE_VALUE || p->role == ROLE_BUFFER ||
               (p->role == ROLE_CELL && p->dir != DIR_OUT);
  if (!input || p->dir == DIR_OUT) {
    ist__idl_error(c, p->parsed_default->at,
                   "'%s' is no argument in JavaScript: a default says nothing", p->name);
    return;
  }
  expr *e;
  if (p->role == ROLE_VALUE && p->dtype->kind != DT_REF && p->dtype->kind != DT_CALLBACK &&
      p->dtype->kind != DT_STRUCT) {
    e = typed(c, p->parsed_default, NULL, p, "the default");
  } else {
    e = ist__idl_resolve(c, p->parsed_default, NULL);
    if (e && e->kind != X_NULL) {
      ist__idl_error(c, p->parsed_default->at, "the only default of '%s' is null", p->name);
      return;
    }
  }
  if (!e) return;
  if (!literal(e)) {
    ist__idl_error(c, p->parsed_default->at, "a default is a constant");
    return;
  }
  if (e->kind == X_NULL && !p->null) {
    ist__idl_error(c, p->parsed_default->at,
                   "the default of '%s' is null, which it does not accept: say [[null]]", p->name);
    return;
  }
  p->default_value = e;
}

static void check_range(compiler *c, param *p, const scope *s) {
  attr *a = p->role == ROLE_VALUE && (p->dtype->kind == DT_INT || p->dtype->kind == DT_FLOAT)
                ? ist__idl_attr_find(p->attrs, AT_RANGE)
                : NULL;
  if (!a) return;
  p->min = typed(c, a->args.at[0], s, p, "the lower bound");
  p->max = typed(c, a->args.at[1], s, p, "the upper bound");
  if (p->min && p->max && p->min->kind == X_INT && p->max->kind == X_INT &&
      p->min->integer > p->max->integer)
    ist__idl_error(c, a->at, "this range is empty");
  if (p->default_value && p->default_value->kind == X_INT && p->min && p->max &&
      ((p->min->kind == X_INT && p->default_value->integer < p->min->integer) ||
       (p->max->kind == X_INT && p->default_value->integer > p->max->integer)))
    ist__idl_error(c, p->parsed_default->at, "the default of '%s' is outside its range", p->name);
}

// A result or parameter that an expression in `param` may not name: what C has not been given yet.
static bool known_before(compiler *c, const decl *f, const expr *e, const param *p) {
  if (!e) return true;
  if (e->kind == X_ARG) {
    const param *q = f->params.at[e->index];
    if (q == p) {
      ist__idl_error(c, e->at, "'%s' cannot depend on itself", p->name);
      return false;
    }
    return true;
  }
  for (int i = 0; i < e->args.count; i++)
    if (!known_before(c, f, e->args.at[i], p)) return false;
  return (e->kind == X_DEREF || known_before(c, f, e->a, p)) && known_before(c, f, e->b, p) &&
         known_before(c, f, e->c, p);
}

// An array or cell is no number: only whole values enter arithmetic.
static expr *length(compiler *c, decl *f, expr *parsed, const scope *s, param *p,
                    const char *what) {
  expr *e = ist__idl_resolve_int(c, parsed, s, what);
  if (e && e->kind == X_INT && e->integer < 0) {
    ist__idl_error(c, parsed->at, "%s is not negative", what);
    return NULL;
  }
  return e && known_before(c, f, e, p) ? e : NULL;
}

static void check_buffer(compiler *c, decl *f, param *p) {
  const ctype *t = ist__idl_type_strip(p->type);
  scope before = {.function = f}, after = {.function = f, .after = true};
  attr *size = p->dir == DIR_OUT ? ist__idl_attr_find(p->attrs, AT_SIZE) : NULL;
  if (t->count) {
    p->count = length(c, f, t->count, &before, p, "a length");
    if (!p->count) f->bad = true;
  }
  if (size) p->size = length(c, f, size->args.at[0], &before, p, "a size");
  if (t->filled) p->filled = length(c, f, t->filled, &after, p, "a length");
  int cell;
  if (p->dir == DIR_OUT && !p->filled && ist__idl_expr_is_deref(p->count, &cell) &&
      f->params.at[cell]->dir == DIR_INOUT)
    p->filled = p->count;
}

// A constant that C gets; where C gets nothing, a call that tells it.
static void check_on_throw(compiler *c, param *p, decl *d, expr *parsed) {
  scope inside = {.function = d, .with_message = true};
  bool is_void = d->result->dtype->kind == DT_VOID;
  expr *e = ist__idl_resolve(c, parsed, is_void ? &inside : NULL);
  if (!e) return;
  bool zeroed = d->result->dtype->kind == DT_STRUCT && e->kind == X_INT && e->integer == 0;
  if (is_void && e->kind != X_CALL)
    ist__idl_error(c, parsed->at, "'%s' returns nothing: its 'on_throw' is a call, or absent",
                   d->name);
  else if (!is_void && d->result->dtype->kind == DT_STRUCT && !zeroed)
    ist__idl_error(c, parsed->at, "the only 'on_throw' of a struct is 0");
  else if (!is_void && !zeroed &&
           (!literal(e) || !class_fits(d->result->dtype, e) ||
            (e->kind == X_INT && !ist__idl_fits(c, e->integer, d->type))))
    ist__idl_error(c, parsed->at, "'on_throw' is a constant of the callback's type '%s'",
                   ist__idl_type_text(c, d->type));
  else
    p->on_throw = e;
}

static void check_expressions(compiler *c, decl *f) {
  scope before = {.function = f};
  for (int i = 0; i < f->params.count; i++) {
    param *p = f->params.at[i];
    if (p->bad) continue;
    if (p->role == ROLE_FIXED) {
      attr *a = ist__idl_attr_find(p->attrs, AT_FIXED);
      p->fixed = typed(c, a->args.at[0], &before, p, "the fixed value");
      if (p->fixed && !known_before(c, f, p->fixed, p)) p->fixed = NULL;
    }
    if (p->parsed_default) check_default(c, p);
    check_range(c, p, &before);
    if (p->role == ROLE_BUFFER) check_buffer(c, f, p);
    if (!p->dtype || p->dtype->kind != DT_CALLBACK || p->role != ROLE_VALUE) continue;
    const ctype *t = ist__idl_type_strip(p->type);
    if (t->kind == T_POINTER) t = ist__idl_type_strip(t->to);
    for (int k = 0; k < t->args.count; k++) {
      expr *e = length(c, f, t->args.at[k], &before, p, "a callback's argument");
      PUSH(c, p->type_args, e);
      if (!e) f->bad = true;
    }
    decl *d = p->dtype->decl;
    attr *a = d->result->dtype ? ist__idl_attr_find(p->attrs, AT_ON_THROW) : NULL;
    if (a) check_on_throw(c, p, d, a->args.at[0]);
  }
}

// Lengths that a buffer carries vanish from JavaScript.
static void vanish(compiler *c, decl *f) {
  for (int i = 0; i < f->params.count; i++) {
    param *p = f->params.at[i];
    int n;
    if (p->bad || p->role != ROLE_BUFFER || !p->count || p->terminated) continue;
    bool is_arg = ist__idl_expr_is_arg(p->count, &n),
         is_cell = !is_arg && ist__idl_expr_is_deref(p->count, &n);
    if (!is_arg && !is_cell) continue;
    param *q = f->params.at[n];
    if ((is_arg && (q->role != ROLE_VALUE || q->self)) || (is_cell && q->dir != DIR_INOUT))
      continue;
    if (p->dir == DIR_OUT && !p->size) {
      if (is_cell) q->hidden = true; // its output is the buffer's own length
      continue;
    }
    q->vanished = true;
    PUSH(c, q->lengths, i);
  }
  for (int i = 0; i < f->params.count; i++) {
    param *p = f->params.at[i];
    int n;
    if (p->bad || p->role != ROLE_BUFFER || p->dir != DIR_OUT) continue;
    if (ist__idl_expr_is_deref(p->filled, &n) && f->params.at[n]->dir == DIR_OUT)
      f->params.at[n]->hidden = true;
  }
  for (int i = 0; i < f->params.count; i++) {
    param *p = f->params.at[i];
    if (!p->vanished) continue;
    if (p->default_value)
      ist__idl_error(c, p->parsed_default->at, "'%s' follows from an array: a default says nothing",
                     p->name);
    if (p->role == ROLE_CELL) p->hidden = true;
  }
}

static bool is_argument(const decl *f, int i) {
  const param *p = f->params.at[i];
  if (i == f->self || p->vanished || p->dir == DIR_OUT) return false;
  return p->role == ROLE_VALUE || p->role == ROLE_BUFFER || p->role == ROLE_CELL;
}

static void check_javascript(compiler *c, decl *f) {
  if (f->result->dtype && f->result->dtype->kind != DT_VOID && !f->result->hidden)
    PUSH(c, f->outputs, -1);
  for (int i = 0; i < f->params.count; i++) {
    param *p = f->params.at[i];
    if (is_argument(f, i)) {
      p->arg = f->args.count;
      PUSH(c, f->args, i);
      if (!p->default_value) f->required = f->args.count;
    }
    bool output =
        (p->role == ROLE_CELL && p->dir != DIR_IN) || (p->role == ROLE_BUFFER && p->dir == DIR_OUT);
    if (output && !p->hidden && !p->error_text) PUSH(c, f->outputs, i);
  }
}

static void check_throws(compiler *c, decl *f) {
  attr *a = ist__idl_attr_find(&f->attrs, AT_THROWS);
  attr *except = ist__idl_attr_find(&f->attrs, AT_EXCEPT);
  scope after = {.function = f, .after = true};
  if (except && !a)
    ist__idl_error(c, except->at, "'except' belongs to 'throws', which is not here");
  if (!a) return;
  const expr *e = a->args.at[0];
  if (e->kind != X_CALL) {
    ist__idl_error(c, e->at, "'throws' names an error and its arguments: throws(E(return))");
    return;
  }
  decl *d = ist__idl_lookup(c, NULL, e->text);
  if (!d || d->kind != D_ERROR) {
    guess g = {.wanted = e->text};
    for (int i = 0; i < c->modules.count; i++)
      for (int j = 0; j < c->modules.at[i]->decls.count; j++)
        if (c->modules.at[i]->decls.at[j]->kind == D_ERROR)
          ist__idl_guess_offer(&g, c->modules.at[i]->decls.at[j]->name);
    ist__idl_error(c, e->at, "unknown error '%s'%s", e->text, ist__idl_guess_text(c, &g));
    return;
  }
  if (d->params.count != e->args.count) {
    ist__idl_error(c, e->at, "'%s' takes %d argument%s, not %d", d->name, d->params.count,
                   d->params.count == 1 ? "" : "s", e->args.count);
    ist__idl_note(c, d->at, "it is declared here");
    return;
  }
  f->throws = d;
  for (int i = 0; i < e->args.count; i++) {
    expr *r = ist__idl_resolve(c, e->args.at[i], &after);
    if (r && d->params.at[i]->dtype && !class_fits(d->params.at[i]->dtype, r)) {
      ist__idl_error(c, e->args.at[i]->at, "'%s' does not take this: its parameter is '%s'",
                     d->name, ist__idl_type_c(c, d->params.at[i]->type, d->params.at[i]->name));
      r = NULL;
    }
    if (!r) f->bad = true;
    PUSH(c, f->throw_args, r);
  }
  for (int i = 0; except && i < except->args.count; i++) {
    expr *r = ist__idl_resolve_int(c, except->args.at[i], NULL, "an exception to an error");
    if (r && r->kind != X_INT) {
      ist__idl_error(c, r->at, "an exception to an error is a constant");
      r = NULL;
    }
    if (r) PUSH(c, f->except, r);
  }
  if (f->bad || except || !d->ok || d->ok->kind != X_BINARY || strcmp(d->ok->op, "==") != 0) return;
  int tested;
  const expr *value = d->ok->b;
  if (!ist__idl_expr_is_arg(d->ok->a, &tested)) {
    value = d->ok->a;
    if (!ist__idl_expr_is_arg(d->ok->b, &tested)) return;
  }
  if (!literal(value) || tested >= f->throw_args.count ||
      f->throw_args.at[tested]->kind != X_RESULT)
    return;
  const expr *fails = d->fail;
  bool rest = fails && fails->kind == X_BINARY && strcmp(fails->op, "!=") == 0 &&
              ((ist__idl_expr_same(fails->a, d->ok->a) && ist__idl_expr_same(fails->b, d->ok->b)) ||
               (ist__idl_expr_same(fails->a, d->ok->b) && ist__idl_expr_same(fails->b, d->ok->a)));
  bool negated =
      fails && fails->kind == X_UNARY && fails->op[0] == '!' && ist__idl_expr_same(fails->a, d->ok);
  if (rest || negated) f->result->hidden = true;
}

static bool is_ref_to(const param *p, const decl *handle) {
  return p->role == ROLE_VALUE && p->dtype && p->dtype->kind == DT_REF &&
         p->dtype->to->decl == handle;
}

static void check_place(compiler *c, decl *f) {
  attr *constructor = ist__idl_attr_find(&f->attrs, AT_CONSTRUCTOR),
       *destructor = ist__idl_attr_find(&f->attrs, AT_DESTRUCTOR);
  attr *is_static = ist__idl_attr_find(&f->attrs, AT_STATIC);
  attr *first = constructor ? constructor : destructor ? destructor : is_static;
  int marked = -1;
  for (int i = 0; i < f->params.count; i++) {
    if (!f->params.at[i]->self) continue;
    if (marked >= 0) ist__idl_error(c, f->params.at[i]->at, "only one parameter is 'self'");
    marked = i;
  }
  if (!f->owner) {
    if (first)
      ist__idl_error(c, first->at, "'%s' belongs to a function inside a handle", first->name);
    if (marked >= 0)
      ist__idl_error(c, f->params.at[marked]->at, "'self' belongs to a function inside a handle");
    return;
  }
  const char *name = f->owner->name;
  const char *star = f->owner->is_pointer ? "" : "*";
  f->function = constructor  ? FN_CONSTRUCTOR
                : destructor ? FN_DESTRUCTOR
                : is_static  ? FN_STATIC
                             : FN_METHOD;
  if (marked >= 0 && !f->params.at[marked]->bad && !is_ref_to(f->params.at[marked], f->owner)) {
    ist__idl_error(c, f->params.at[marked]->at, "'self' is a '%s %s'", name, star);
    return;
  }
  if (is_static && marked >= 0) {
    ist__idl_error(c, f->params.at[marked]->at, "a static function has no 'self'");
    return;
  }
  if (is_static) return;
  if (constructor) {
    if (marked >= 0 && !f->owner->is_inline)
      ist__idl_error(
          c, f->params.at[marked]->at,
          "'self' in a constructor is the memory of an [[inline]] handle, which '%s' is not", name);
    if (marked < 0 && f->owner->is_inline)
      ist__idl_error(
          c, f->at, "a constructor of the inline handle '%s' marks its memory with [[self]]", name);
    f->self = marked;
    return;
  }
  for (int i = 0; i < f->params.count && marked < 0; i++)
    if (is_ref_to(f->params.at[i], f->owner)) marked = i;
  if (marked < 0) {
    bool broken = false;
    for (int i = 0; i < f->params.count; i++) broken |= f->params.at[i]->bad;
    if (!broken)
      ist__idl_error(c, f->at,
                     "'%s' has no parameter '%s %s' to be its object: say [[static]], or move it "
                     "out of the handle",
                     f->name, name, star);
    return;
  }
  f->self = marked;
  if (f->params.at[marked]->null)
    ist__idl_error(c, f->params.at[marked]->at, "the object of a method is never null");
  if (destructor) {
    if (destructor->args.count)
      ist__idl_error(c, destructor->at, "not supported yet: 'destructor' with an argument");
    if (f->owner->destructor) {
      ist__idl_error(c, destructor->at, "'%s' has a destructor already", name);
      ist__idl_note(c, f->owner->destructor->at, "it is declared here");
    }
    f->owner->destructor = f;
    f->params.at[marked]->take = true;
  }
}

static void check_constructor(compiler *c, decl *f) {
  if (f->function != FN_CONSTRUCTOR || f->bad) return;
  if (f->owner->is_inline) {
    if (f->outputs.count)
      ist__idl_error(c, f->at,
                     "a constructor gives its object and nothing else: [[throws]] takes the "
                     "result, or say [[omit]]");
    return;
  }
  bool gives = false;
  if (f->outputs.count == 1) {
    const param *p = f->outputs.at[0] < 0 ? f->result : f->params.at[f->outputs.at[0]];
    const dtype *t = p->role == ROLE_CELL ? p->dtype->to : p->dtype;
    gives = t->kind == DT_REF && t->to->decl == f->owner && p->own;
  }
  if (!gives)
    ist__idl_error(c, f->at, "a constructor gives one new '%s' and nothing else", f->owner->js);
}

static void inherit_keeps(compiler *c, decl *f, param *p) {
  const dtype *t = !p->dtype ? NULL : p->role == ROLE_CELL ? p->dtype->to : p->dtype;
  if (p->bad || !t || (t->kind != DT_REF && t->kind != DT_STRUCT)) return;
  bool output = !p->name || p->dir == DIR_OUT;
  decl *h = t->kind == DT_REF ? t->to->decl : t->decl;
  if (output && p->own && h->kind == D_HANDLE && h->keeps && !p->keeps.count) {
    int i = ist__idl_param_index(f, h->keeps);
    if (i >= 0) {
      PUSH(c, p->keeps, i);
    } else {
      ist__idl_error(c, f->at,
                     "every '%s' keeps '%s', and '%s' has no such parameter: say [[keeps(…)]] here",
                     h->name, h->keeps, f->name);
      ist__idl_note(c, h->keeps_at, "it is said here");
    }
  }
  if (output && !p->own && !p->copy && !p->until.count) p->until = h->until;
  if (output && p->own && h->kind == D_HANDLE && !p->own_free && !h->destructor) {
    bool found = false;
    for (int i = 0; i < h->functions.count; i++)
      found |= ist__idl_attr_has(&h->functions.at[i]->attrs, AT_DESTRUCTOR);
    if (!found) {
      ist__idl_error(c, p->at,
                     "nothing frees this '%s': it has no destructor; say [[own(function)]]",
                     h->name);
      ist__idl_note(c, h->at, "it is declared here");
    }
  }
  for (int i = 0; i < p->keeps.count; i++) {
    const param *k = f->params.at[p->keeps.at[i]];
    bool object = k->role == ROLE_VALUE && k->dtype &&
                  (k->dtype->kind == DT_REF || k->dtype->kind == DT_STRING);
    object |= k->role == ROLE_BUFFER && k->dir != DIR_OUT;
    if (!object && !k->bad) {
      ist__idl_error(c, p->at, "'keeps' names objects; '%s' is none", k->name);
      ist__idl_note(c, k->at, "it is declared here");
    }
  }
  if (!output) return;
  if (p->until.count || (p->keeps.count && !p->own)) {
    p->parent = p->keeps.count ? p->keeps.at[0] : f->self;
    for (int i = 0; i < f->params.count && p->parent < 0; i++) {
      const param *q = f->params.at[i];
      if (q->role == ROLE_VALUE && q->dtype && q->dtype->kind == DT_REF &&
          q->dtype->to->kind == DT_HANDLE)
        p->parent = i;
    }
  }
}

static void check_within(compiler *c, decl *f, param *p) {
  if (p->bad || p->within < 0) return;
  const param *q = f->params.at[p->within];
  bool good =
      (q->role == ROLE_VALUE && q->dtype && q->dtype->kind == DT_STRING) || q->role == ROLE_BUFFER;
  if (!good && !q->bad)
    ist__idl_error(c, p->at, "'within' names a text or an array; '%s' is neither", q->name);
}

void ist__idl_check_function(compiler *c, decl *f) {
  ist__idl_classify(c, f);
  if (ist__idl_attr_find(&f->attrs, AT_HIDDEN)) f->internal = true;
  if (ist__idl_attr_find(&f->attrs, AT_ERRNO)) f->captures_errno = true;
  if (ist__idl_attr_find(&f->attrs, AT_OPTIONAL)) f->optional = true;
  f->symbol = f->name;
  attr *symbol = ist__idl_attr_find(&f->attrs, AT_SYMBOL);
  if (symbol) f->symbol = ist__idl_attr_name_arg(c, symbol, 0);
  f->js = ist__idl_check_js_name(c, f);
  if (f->result->role == ROLE_BUFFER && !f->result->bad) {
    scope after = {.function = f, .after = true};
    attr *size = ist__idl_attr_find(&f->attrs, AT_SIZE);
    f->result->count = ist__idl_resolve_int(c, size->args.at[0], &after, "a size");
  }
  int length_cell;
  if (ist__idl_expr_is_deref(f->result->count, &length_cell) &&
      f->params.at[length_cell]->dir == DIR_OUT)
    f->params.at[length_cell]->hidden = true;
  check_expressions(c, f);
  check_place(c, f);
  check_throws(c, f);
  vanish(c, f);
  check_javascript(c, f);
  inherit_keeps(c, f, f->result);
  check_within(c, f, f->result);
  for (int i = 0; i < f->params.count; i++) {
    inherit_keeps(c, f, f->params.at[i]);
    check_within(c, f, f->params.at[i]);
  }
  check_constructor(c, f);
  if (f->bad) return;
  for (int i = 0; i < f->params.count; i++) {
    param *p = f->params.at[i];
    static const char *const what[] = {
        "a value like this", "this array",       "this pointer", "a fixed value",
        "user data",         "a destroy notice", "a view"};
    if (!p->bad) ist__idl_attrs_unused(c, p->attrs, what[p->role]);
  }
  ist__idl_attrs_unused(c, &f->attrs,
                        f->result->dtype && f->result->dtype->kind == DT_VOID
                            ? "a function that returns nothing"
                            : "this function");
}

void ist__idl_check_callback(compiler *c, decl *d) {
  ist__idl_classify(c, d);
  scope s = {.function = d};
  for (int i = 0; i < d->type_params.count; i++) {
    param *p = d->type_params.at[i];
    ist__idl_type_resolve(c, p->type, d->module);
    if (ist__idl_type_strip(p->type)->kind != T_BAD && !ist__idl_type_is_integer(p->type))
      ist__idl_error(c, p->at, "a callback's own parameter is an integer");
  }
  if (d->type_params.count > 4)
    ist__idl_error(c, d->at, "a callback has at most 4 parameters of its own");
  for (int i = 0; i < d->params.count; i++) {
    param *p = d->params.at[i];
    if (p->bad) continue;
    if (p->role == ROLE_VIEW)
      p->count = length(c, d, ist__idl_attr_find(p->attrs, AT_VIEW)->args.at[0], &s, p, "a length");
    const ctype *t = ist__idl_type_strip(p->type);
    if (p->role == ROLE_BUFFER && t->count) p->count = length(c, d, t->count, &s, p, "a length");
    int n;
    if (ist__idl_expr_is_arg(p->count, &n) && d->params.at[n]->role == ROLE_VALUE) {
      d->params.at[n]->vanished = true;
      PUSH(c, d->params.at[n]->lengths, i);
    }
  }
  for (int i = 0; i < d->params.count; i++) {
    param *p = d->params.at[i];
    if (!p->bad && p->role != ROLE_DATA && !p->vanished) {
      p->arg = d->args.count;
      PUSH(c, d->args, i);
    }
    if (!p->bad) ist__idl_attrs_unused(c, p->attrs, "this parameter");
  }
  const dtype *r = d->result->dtype;
  if (r && (r->kind == DT_STRING || r->kind == DT_POINTER || r->kind == DT_REF))
    ist__idl_error(c, d->at, "not supported yet: a callback that returns a pointer");
  if (!d->bad) ist__idl_attrs_unused(c, &d->attrs, "this callback");
}

void ist__idl_check_error(compiler *c, decl *d) {
  scope s = {.function = d};
  struct {
    expr *parsed, **to;
  } members[] = {{d->parsed_ok, &d->ok},
                 {d->parsed_fail, &d->fail},
                 {d->parsed_code, &d->code},
                 {d->parsed_message, &d->message},
                 {d->parsed_cleanup, &d->cleanup}};
  d->js = ist__idl_check_js_name(c, d);
  ist__idl_attrs_check(c, &d->attrs, ON_ERROR);
  for (int i = 0; i < d->params.count; i++) {
    param *p = d->params.at[i];
    ist__idl_attrs_check(c, p->attrs, ON_BUNDLE_PARAM);
    ist__idl_type_resolve(c, p->type, d->module);
    const ctype *t = ist__idl_type_strip(p->type);
    if (!p->name) ist__idl_error(c, p->at, "an error's parameter has a name");
    if (p->parsed_default)
      ist__idl_error(c, p->parsed_default->at, "an error's parameter has no default");
    p->bad = t->kind == T_BAD || !p->name;
    if (p->bad) {
      d->bad = true;
      continue;
    }
    decl *h = t->kind == T_POINTER ? ist__idl_type_decl(t->to, D_HANDLE) : NULL;
    if (h)
      p->dtype = ist__idl_dtype_simple(c, DT_REF, ist__idl_dtype_decl(c, DT_HANDLE, h));
    else if (t->kind == T_POINTER && ist__idl_type_is_byte(t->to) &&
             ist__idl_type_strip(t->to)->kind != T_VOID)
      p->dtype = ist__idl_dtype_string(c, ENC_UTF8);
    else
      p->dtype = t->kind == T_VOID ? NULL : ist__idl_dtype_value(c, p->type, p->attrs);
    if (!p->dtype || p->dtype->kind == DT_STRUCT) {
      ist__idl_error(c, p->at, "an error's parameter is a number, a text or a handle");
      p->bad = d->bad = true;
      p->dtype = NULL;
    }
  }
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if (members[i].parsed && !(*members[i].to = ist__idl_resolve(c, members[i].parsed, &s)))
      d->bad = true;
  if (!d->parsed_ok && !d->parsed_fail)
    ist__idl_error(c, d->at, "the error '%s' says neither 'ok' nor 'fail'", d->name);
  if (d->message && d->message->value != V_STRING && d->message->value != V_NULL &&
      d->message->value != V_POINTER)
    ist__idl_error(c, d->message->at, "a message is a text");
  if (d->code && d->code->value != V_INT) ist__idl_error(c, d->code->at, "a code is an integer");
  if (d->cleanup && d->cleanup->kind != X_CALL)
    ist__idl_error(c, d->cleanup->at, "a clean-up is a call");
  if (d->bad) return;
  if (!d->fail && d->ok) {
    d->fail = NEW(c, expr);
    *d->fail = (expr){.kind = X_UNARY, .op = "!", .a = d->ok, .at = d->ok->at, .value = V_INT};
  }
  for (int i = 0; i < d->params.count && !d->code; i++) {
    if (!ist__idl_type_is_integer(d->params.at[i]->type)) continue;
    d->code = NEW(c, expr);
    *d->code = (expr){.kind = X_ARG, .index = i, .at = d->at, .value = V_INT};
  }
  ist__idl_attrs_unused(c, &d->attrs, "an error");
}
