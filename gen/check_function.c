// Functions and callbacks after their parameters have roles: the expressions in their attributes,
// the lengths that vanish from JavaScript, and what JavaScript passes and receives.
#include "compiler.h"

// Who may call it: read before its parameters are, for what is unsafe need not be described whole.
static void read_grants(compiler *c, decl *f) {
  attr *unsafe = ist__idl_attr_find(&f->attrs, AT_UNSAFE);
  if (unsafe && unsafe->args.at[0]->kind == X_STRING && *unsafe->args.at[0]->text)
    f->unsafe = unsafe->args.at[0]->text;
  else if (unsafe)
    ist__idl_error(c, unsafe->at, "'unsafe' says why, in a string");
  for (int i = 0; i < f->params.count; i++) f->params.at[i]->unsafe = f->unsafe != NULL;
  for (int i = 0; i < f->attrs.count; i++) {
    attr *a = &f->attrs.at[i];
    if (a->id != AT_TAG) continue;
    a->used = true;
    for (int k = 0; k < a->args.count; k++) {
      const char *tag = ist__idl_attr_name_arg(c, a, k);
      if (tag && strcmp(tag, "unsafe") == 0)
        ist__idl_error(c, a->args.at[k]->at,
                       "'unsafe' is no tag of its own choosing: say [[unsafe(\"why\")]]");
      for (int j = 0; tag && j < f->tags.count; j++)
        if (strcmp(f->tags.at[j], tag) == 0) {
          ist__idl_error(c, a->args.at[k]->at, "the tag '%s' is given twice", tag);
          tag = NULL;
        }
      if (tag) PUSH(c, f->tags, tag);
    }
  }
}

// What JavaScript does not see, or always has, is not granted.
static void check_grants(compiler *c, decl *f) {
  for (int i = 0; i < f->params.count && !f->unsafe; i++) {
    const param *p = f->params.at[i];
    const dtype *t = p->bad ? NULL : p->dtype;
    while (t && (t->kind == DT_REF || t->kind == DT_POINTER)) t = t->to;
    if (!t || (t->kind != DT_CALLBACK && t->kind != DT_STRUCT) || !t->decl->unsafe) continue;
    ist__idl_error(c, p->at, "'%s' takes an unsafe function: say [[unsafe(\"why\")]] for '%s' too",
                   p->name, f->name);
    ist__idl_note(c, t->decl->at, "it is declared here");
  }
  const char *what = f->function == FN_DESTRUCTOR ? "a destructor, which is always there"
                     : f->internal                ? "a function that JavaScript does not see"
                                                  : NULL;
  const attr *tag = NULL;
  for (int i = 0; i < f->attrs.count; i++)
    if (f->attrs.at[i].id == AT_TAG || f->attrs.at[i].id == AT_UNSAFE) tag = &f->attrs.at[i];
  if (what && tag) ist__idl_error(c, tag->at, "'%s' says nothing about %s", tag->name, what);
}

static bool classify_links(compiler *c, decl *f, param *p, int id, role to) {
  attr *a = ist__idl_attr_find(p->attrs, id);
  if (!a) return true;
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
  read_grants(c, d);
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

bool ist__idl_class_fits(const dtype *t, const expr *e) {
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

bool ist__idl_expr_literal(const expr *e) {
  return e->kind == X_INT || e->kind == X_FLOAT || e->kind == X_STRING || e->kind == X_NULL;
}

// A resolved expression of the parameter's own type; literal integers must fit in it.
static expr *typed(compiler *c, expr *parsed, const scope *s, const param *p, const char *what) {
  expr *e = ist__idl_resolve(c, parsed, s);
  if (!e) return NULL;
  if (!ist__idl_class_fits(p->dtype, e)) {
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
  if (!ist__idl_expr_literal(e)) {
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
expr *ist__idl_resolve_length(compiler *c, decl *f, expr *parsed, const scope *s, param *p,
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
    p->count = ist__idl_resolve_length(c, f, t->count, &before, p, "a length");
    if (!p->count) f->bad = true;
  }
  if (size) p->size = ist__idl_resolve_length(c, f, size->args.at[0], &before, p, "a size");
  if (t->filled) p->filled = ist__idl_resolve_length(c, f, t->filled, &after, p, "a length");
  int cell;
  if (p->dir == DIR_OUT && !p->filled && ist__idl_expr_is_deref(p->count, &cell) &&
      f->params.at[cell]->dir == DIR_INOUT)
    p->filled = p->count;
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
      expr *e = ist__idl_resolve_length(c, f, t->args.at[k], &before, p, "a callback's argument");
      PUSH(c, p->type_args, e);
      if (!e) f->bad = true;
    }
    decl *d = p->dtype->decl;
    attr *a = d->result->dtype ? ist__idl_attr_find(p->attrs, AT_ON_THROW) : NULL;
    if (a) ist__idl_check_on_throw(c, p, d, a->args.at[0]);
  }
}

static bool mentions(const expr *e, int i) {
  if (!e) return false;
  if (e->kind == X_ARG && e->index == i) return true;
  for (int k = 0; k < e->args.count; k++)
    if (mentions(e->args.at[k], i)) return true;
  return mentions(e->a, i) || mentions(e->b, i) || mentions(e->c, i);
}

// C writes as many elements as the length says: it must be the size itself that is passed.
static void check_size(compiler *c, decl *f, param *p) {
  int n;
  if (p->bad || p->role != ROLE_BUFFER || !p->size || !p->count) return;
  bool whole = ist__idl_expr_is_arg(p->count, &n) || ist__idl_expr_is_deref(p->count, &n);
  if (!whole || !f->params.at[n]->vanished)
    ist__idl_error(c, p->size->at,
                   "'size' needs a length that is just a parameter, which then carries it: '%s[n]' "
                   "or '%s[*n]' with [[inout]]",
                   p->name, p->name);
  else if (f->params.at[n]->lengths.count > 1)
    ist__idl_error(c, p->size->at,
                   "'size' says how long '%s' is, but '%s' is another array's length too", p->name,
                   f->params.at[n]->name);
  else if (mentions(p->size, n))
    ist__idl_error(c, p->size->at, "'%s' follows from this size", f->params.at[n]->name);
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
  for (int i = 0; i < f->params.count; i++) check_size(c, f, f->params.at[i]);
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
  if (!p->bad && t && p->own_free && t->kind != DT_REF &&
      (!p->own_free->params.at[0]->dtype || p->own_free->params.at[0]->dtype->kind == DT_REF)) {
    ist__idl_error(c, p->at, "'%s' frees objects, not this", p->own_free->name);
    ist__idl_note(c, p->own_free->at, "it is declared here");
  }
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
  const dtype *freed = p->own_free ? p->own_free->params.at[0]->dtype : NULL;
  if (output && freed && freed->kind == DT_REF && freed->to->decl != h) {
    ist__idl_error(c, p->at, "'%s' frees a '%s', not a '%s'", p->own_free->name,
                   freed->to->decl->name, h->name);
    ist__idl_note(c, p->own_free->at, "it is declared here");
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
  attr *no_reenter = ist__idl_attr_find(&f->attrs, AT_NO_REENTER);
  f->no_reenter = no_reenter != NULL;
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
  if (no_reenter && f->function != FN_METHOD && f->function != FN_DESTRUCTOR)
    ist__idl_error(c, no_reenter->at, "'no_reenter' belongs to a method, a handle or a callback");
  ist__idl_check_throws(c, f);
  vanish(c, f);
  check_javascript(c, f);
  inherit_keeps(c, f, f->result);
  check_within(c, f, f->result);
  for (int i = 0; i < f->params.count; i++) {
    inherit_keeps(c, f, f->params.at[i]);
    if (f->params.at[i]->error_text && !f->throws && !f->bad)
      ist__idl_error(c, f->params.at[i]->at, "'error_text' belongs to 'throws', which is not here");
    check_within(c, f, f->params.at[i]);
  }
  check_constructor(c, f);
  check_grants(c, f);
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
