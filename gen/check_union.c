// Unions: which of the members that share memory is there. A pointer in a union may be followed
// only while a field beside it says that it is one, and JavaScript may change neither; numbers may
// be read and written as any member, for nothing can go wrong with them.
#include "compiler.h"

// The union that a field holds, itself or in an array or through a pointer, or NULL.
static const decl *union_of(const dtype *t) {
  while (t && (t->kind == DT_ARRAY || t->kind == DT_REF || t->kind == DT_POINTER)) t = t->to;
  return t && t->kind == DT_STRUCT && t->decl->is_union ? t->decl : NULL;
}

static bool needs_tag(const decl *d) {
  return d && d->dtype && ist__idl_points_somewhere(d->dtype);
}

// A tag is read before what it tells of: JavaScript sets fields in the order of the struct.
static int tag_field(compiler *c, decl *d, int i, const expr *e, const char *what) {
  guess g = {.wanted = e->kind == X_NAME ? e->text : ""};
  for (int k = 0; k < d->fields.count; k++) {
    const field *f = &d->fields.at[k];
    if (!f->name) continue;
    ist__idl_guess_offer(&g, f->name);
    if (e->kind != X_NAME || strcmp(f->name, e->text) != 0) continue;
    const ctype *t = ist__idl_type_strip(f->type);
    bool is_bool = t->kind == T_SCALAR && t->scalar->kind == S_BOOL;
    if (!is_bool && !ist__idl_type_is_integer(f->type)) {
      ist__idl_error(c, e->at, "the tag '%s' is no integer", f->name);
      return -1;
    }
    if (k < i && f->group < 0) return k;
    ist__idl_error(c, e->at, "not supported yet: a tag that does not stand before the union");
    return -1;
  }
  ist__idl_error(c, e->at, "'%s' names an integer field of '%s'%s", what, d->name,
                 ist__idl_guess_text(c, &g));
  return -1;
}

static void read_as(compiler *c, decl *d, int i, attr *a) {
  field *f = &d->fields.at[i];
  const decl *of = f->dtype && f->dtype->kind == DT_STRUCT ? union_of(f->dtype) : NULL;
  f->bad = true;
  if (!of) {
    ist__idl_error(c, a->at, "'as' stands on a field that is a union");
    return;
  }
  if (d->is_union) {
    ist__idl_error(c, a->at, "not supported yet: a union with a tag inside another union");
    return;
  }
  f->tag = tag_field(c, d, i, a->args.at[0], "as");
  if (f->tag < 0) return;
  for (int k = 1; k < a->args.count; k++) {
    const expr *e = a->args.at[k];
    variant v = {.member = -1};
    if (!a->labels.at[k]) {
      ist__idl_error(c, e->at, "'as' takes the tag, then 'value: member' for each member");
      return;
    }
    if (!ist__idl_eval_int(c, a->labels.at[k], &v.value)) return;
    guess g = {.wanted = e->kind == X_NAME ? e->text : ""};
    for (int m = 0; m < of->fields.count; m++) {
      const char *name = of->fields.at[m].name;
      if (!name) continue;
      ist__idl_guess_offer(&g, name);
      if (e->kind == X_NAME && strcmp(name, e->text) == 0) v.member = m;
    }
    if (v.member < 0) {
      ist__idl_error(c, e->at, "'%s' has no member of this name%s", of->name,
                     ist__idl_guess_text(c, &g));
      return;
    }
    if (of->fields.at[v.member].is_bits) {
      ist__idl_error(c, e->at, "not supported yet: a bit-field that a tag selects");
      return;
    }
    for (int m = 0; m < f->variants.count; m++)
      if (f->variants.at[m].value == v.value) {
        ist__idl_error(c, a->labels.at[k]->at, "this value selects two members");
        return;
      }
    PUSH(c, f->variants, v);
  }
  if (a->labels.at[0])
    ist__idl_error(c, a->labels.at[0]->at, "'as' takes the tag, then 'value: member'");
  else
    f->bad = false;
}

// `tag == A || tag == B`
static bool read_condition(compiler *c, decl *d, int i, expr *e) {
  field *f = &d->fields.at[i];
  wide value;
  if (e->kind == X_BINARY && strcmp(e->op, "||") == 0)
    return read_condition(c, d, i, e->a) && read_condition(c, d, i, e->b);
  if (e->kind != X_BINARY || strcmp(e->op, "==") != 0) {
    ist__idl_error(c, e->at, "'when' takes 'field == value', or several with '||' between them");
    return false;
  }
  int tag = tag_field(c, d, i, e->a, "when");
  if (tag < 0 || !ist__idl_eval_int(c, e->b, &value)) return false;
  if (f->tag >= 0 && f->tag != tag) {
    ist__idl_error(c, e->a->at, "a member has one tag");
    return false;
  }
  f->tag = tag;
  PUSH(c, f->when, value);
  return true;
}

static void freeze(field *f) {
  f->readonly = true;
}

void ist__idl_check_variants(compiler *c, decl *d) {
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    attr *as = ist__idl_attr_find(&f->attrs, AT_AS), *when = ist__idl_attr_find(&f->attrs, AT_WHEN);
    if (f->bad || !f->dtype) continue;
    if (as) read_as(c, d, i, as);
    if (when && f->group < 0)
      ist__idl_error(c, when->at, "'when' stands on a member of a union without a name");
    else if (when && !read_condition(c, d, i, when->args.at[0]))
      f->bad = true;
  }
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    if (f->bad || !f->dtype) continue;
    if (f->len >= 0 && (d->is_union || f->group >= 0))
      ist__idl_field_bad(c, f, "not supported yet: a counted pointer in a union; say [[opaque]]");
    const decl *of = union_of(f->dtype);
    if (of && !f->variants.count && needs_tag(of))
      ist__idl_field_bad(c, f,
                         ist__idl_format(c,
                                         "which member of '%s' is there is not stated, and some "
                                         "hold pointers: say [[as(tag, value: member, …)]]",
                                         of->name));
    if (of && f->variants.count && of->has_pointers) {
      freeze(f);
      freeze(&d->fields.at[f->tag]);
    }
    if (d->is_union && d->has_pointers) freeze(f);
    if (f->group < 0) continue;
    if (ist__idl_points_somewhere(f->dtype) && f->tag < 0)
      ist__idl_field_bad(c, f,
                         ist__idl_format(c,
                                         "when '%s' is there is not stated, and it holds a "
                                         "pointer: say [[when(tag == value)]]",
                                         f->name));
    bool pointers = false;
    for (int k = 0; k < d->fields.count; k++) {
      const field *other = &d->fields.at[k];
      const dtype *t = other->group == f->group ? other->dtype : NULL;
      while (t && t->kind == DT_ARRAY) t = t->to;
      pointers = pointers ||
                 (t && (t->kind == DT_STRING || t->kind == DT_REF || t->kind == DT_POINTER ||
                        t->kind == DT_CALLBACK || (t->kind == DT_STRUCT && t->decl->has_pointers)));
    }
    if (!pointers) continue;
    freeze(f);
    if (f->tag >= 0) freeze(&d->fields.at[f->tag]);
  }
}

// Outside of a struct nothing says which member is there.
void ist__idl_variants_required(compiler *c, param *p) {
  const decl *d = p->bad ? NULL : union_of(p->dtype);
  if (needs_tag(d))
    ist__idl_param_fail(c, p,
                        ist__idl_format(c,
                                        "'%s' holds pointers: it can only be part of a struct that "
                                        "says with [[as(tag, value: member, …)]] what is there",
                                        ist__idl_c_name(c, d)));
}
