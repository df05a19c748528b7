// Callback types, and what a function says of the callbacks that it takes.
#include "compiler.h"

// The type of a function pointer: the callback that it names, or one made of what is written there.
decl *ist__idl_callback_of(compiler *c, const ctype *pointer, const char *name, module *m) {
  ctype *t = (ctype *)ist__idl_type_strip(pointer);
  if (t->kind == T_POINTER) t = (ctype *)ist__idl_type_strip(t->to);
  if (t->decl) return t->decl;
  decl *d = t->decl = NEW(c, decl);
  d->kind = D_CALLBACK;
  d->name = name;
  d->at = pointer->at;
  d->module = m;
  d->index = d->self = -1;
  d->type = t->to;
  d->params = t->params;
  PUSH(c, m->decls, d);
  return d;
}

static void scope_argument(compiler *c, param *p) {
  attr *a = ist__idl_attr_find(p->attrs, AT_SCOPE);
  if (!a) {
    ist__idl_param_fail(
        c, p,
        ist__idl_format(
            c,
            "how long C keeps '%s' is not stated: say [[scope(call)]], [[scope(once)]], "
            "[[scope(until(function, replaced))]] or [[scope(forever)]]",
            p->name));
    return;
  }
  const expr *e = a->args.at[0];
  static const char *const words[] = {"call", "once", "forever"};
  for (int i = 0; i < 3; i++)
    if (e->kind == X_NAME && strcmp(e->text, words[i]) == 0) p->scope = words[i];
  if (p->scope) return;
  if (e->kind != X_CALL || strcmp(e->text, "until") != 0 || !e->args.count) {
    ist__idl_error(c, e->at, "a scope is 'call', 'once', 'until(…)' or 'forever'");
    p->bad = true;
    return;
  }
  p->scope = "until";
  for (int i = 0; i < e->args.count; i++) {
    const expr *f = e->args.at[i];
    if (f->kind == X_NAME && strcmp(f->text, "replaced") == 0) {
      p->replaced = true;
      continue;
    }
    decl *d = ist__idl_function_named(c, f);
    if (d)
      PUSH(c, p->scope_functions, d);
    else
      p->bad = true;
  }
}

// How long C keeps a function, and what it gets when the function throws.
void ist__idl_scope_read(compiler *c, param *p) {
  const decl *d = p->dtype->decl;
  scope_argument(c, p);
  ist__idl_param_has(p, AT_DATA);
  attr *destroy = ist__idl_attr_find(p->attrs, AT_DESTROY);
  if (destroy && p->scope && strcmp(p->scope, "call") == 0)
    ist__idl_error(c, destroy->at, "'destroy' says nothing about a callback that lasts one call");
  bool is_void = ist__idl_type_strip(d->type)->kind == T_VOID;
  if (!is_void && !ist__idl_attr_has(p->attrs, AT_ON_THROW))
    ist__idl_param_fail(
        c, p,
        ist__idl_format(
            c, "what C gets when JavaScript throws in '%s' is not stated: say [[on_throw(value)]]",
            p->name));
}

void ist__idl_classify_callback_use(compiler *c, param *p) {
  ist__idl_classify(c, p->dtype->decl);
  ist__idl_scope_read(c, p);
}

// A constant that C gets; where C gets nothing, a call that tells it.
void ist__idl_check_on_throw(compiler *c, param *p, decl *d, expr *parsed) {
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
           (!ist__idl_expr_literal(e) || !ist__idl_class_fits(d->result->dtype, e) ||
            (e->kind == X_INT && !ist__idl_fits(c, e->integer, d->type))))
    ist__idl_error(c, parsed->at, "'on_throw' is a constant of the callback's type '%s'",
                   ist__idl_type_text(c, d->type));
  else
    p->on_throw = e;
}

static dtype *byte_type(compiler *c) {
  ctype *t = NEW(c, ctype);
  t->kind = T_SCALAR;
  t->name = "uint8_t";
  t->scalar = ist__idl_scalar_find(t->name);
  return ist__idl_dtype_value(c, t, NULL);
}

void ist__idl_classify_callback_param(compiler *c, decl *f, param *p) {
  p->data = p->destroy = p->within = p->parent = p->arg = p->of = -1;
  ist__idl_type_resolve(c, p->type, f->module);
  ctype *t = (ctype *)ist__idl_type_strip(p->type);
  if (t->kind == T_BAD) p->bad = true;
  if (!p->name)
    ist__idl_param_fail(c, p, "a parameter has a name here: messages and JavaScript use it");
  if (p->parsed_default)
    ist__idl_param_fail(c, p, "C always passes a callback's parameters: a default says nothing");
  if (p->bad) return;
  const ctype *to = t->kind == T_POINTER ? ist__idl_type_strip(t->to) : t;
  decl *d = to->kind == T_NAMED ? to->decl : NULL;
  if (ist__idl_attr_find(p->attrs, AT_DATA)) {
    p->role = ROLE_DATA;
    if (t->kind != T_POINTER) ist__idl_param_fail(c, p, "user data is a 'void *'");
    p->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
  } else if (ist__idl_attr_has(p->attrs, AT_VIEW)) {
    p->role = ROLE_VIEW;
    ist__idl_param_has(p, AT_VIEW);
    if (ist__idl_param_has(p, AT_INOUT)) p->dir = DIR_INOUT;
    dtype *of = t->kind == T_POINTER ? ist__idl_dtype_value(c, t->to, p->attrs) : NULL;
    // JavaScript has no array of booleans.
    if (of && of->kind == DT_BOOL) of = byte_type(c);
    if (!of || (of->kind != DT_VOID && of->kind != DT_INT && of->kind != DT_FLOAT))
      ist__idl_param_fail(c, p, "a view is of 'void *' or of a pointer to numbers");
    else if (p->dir == DIR_INOUT && ist__idl_type_is_const(t->to))
      ist__idl_param_fail(
          c, p,
          ist__idl_format(c, "'%s' points to const: JavaScript cannot write through it", p->name));
    else
      p->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
  } else if (t->kind == T_ARRAY) {
    p->role = ROLE_BUFFER;
    if (ist__idl_param_has(p, AT_INOUT)) {
      ist__idl_param_fail(
          c, p,
          "an array is copied for a callback; to write into it, say [[view(n), inout]] with a "
          "pointer");
      return;
    }
    if (!t->count && !t->ends_null) {
      ist__idl_param_fail(
          c, p,
          ist__idl_format(c, "'%s' does not say how long it is: write '%s[n]' or '%s[null]'",
                          p->name, p->name, p->name));
      return;
    }
    dtype *of = ist__idl_element_type(c, p, t->to);
    ist__idl_inner_attrs(c, p, t->to);
    if (of && of->kind != DT_STRING && of->kind != DT_REF) {
      p->text = ist__idl_text_encoding(p, t->to);
      if (!ist__idl_encoding_check(c, p, p->text, t->to)) return;
    }
    p->terminated = t->ends_null;
    if (of) p->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
  } else if (t->kind == T_POINTER && d &&
             (d->kind == D_STRUCT || (d->kind == D_HANDLE && !d->is_pointer))) {
    if (d->kind == D_STRUCT && !ist__idl_layout_struct(c, d)) {
      p->bad = true;
      return;
    }
    p->dtype = ist__idl_dtype_ref(c, d, ist__idl_type_is_const(t->to));
    if (d->kind == D_STRUCT && ist__idl_param_has(p, AT_INOUT)) p->dir = DIR_INOUT;
    if (d->kind == D_STRUCT && (p->dir == DIR_INOUT) == ist__idl_type_is_const(t->to)) {
      ist__idl_param_fail(
          c, p,
          ist__idl_format(c, "'%s' %s", p->name,
                          p->dir == DIR_INOUT
                              ? "points to const: JavaScript cannot write through it"
                              : "may be written or not: say const, or [[inout]]"));
      return;
    }
  } else if (t->kind == T_POINTER) {
    encoding text = to->kind == T_POINTER || to->kind == T_FUNCTION || d
                        ? ENC_NONE
                        : ist__idl_text_encoding(p, t->to);
    if (text != ENC_NONE && ist__idl_encoding_check(c, p, text, t->to))
      p->dtype = ist__idl_dtype_string(c, text);
    else if (!p->bad && p->unsafe)
      p->dtype = ist__idl_dtype_address(c);
    else if (!p->bad)
      ist__idl_param_fail(
          c, p,
          ist__idl_format(c,
                          "'%s' does not say what it points to: write '%s[n]' for a copy, "
                          "[[view(n)]] for a view, "
                          "[[data]] for the user data, or declare a handle",
                          ist__idl_type_c(c, p->type, p->name), p->name));
  } else if (d && (d->kind == D_CALLBACK || (d->kind == D_HANDLE && !d->is_pointer))) {
    ist__idl_param_fail(c, p,
                        d->kind == D_CALLBACK ? "not supported yet: a function passed to a callback"
                                              : "a handle is passed as a pointer");
  } else if (t->kind == T_VOID) {
    ist__idl_param_fail(c, p, "a parameter cannot be 'void'");
  } else {
    p->dtype = ist__idl_dtype_value(c, p->type, p->attrs);
    ist__idl_by_value_check(c, p);
  }
  if (!p->dtype) p->bad = true;
  ist__idl_variants_required(c, p);
  if (p->bad) return;
  if ((p->dtype->kind == DT_REF || p->dtype->kind == DT_STRING || p->role == ROLE_BUFFER ||
       p->role == ROLE_VIEW) &&
      ist__idl_param_has(p, AT_NULL))
    p->null = true;
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
      p->count = ist__idl_resolve_length(c, d, ist__idl_attr_find(p->attrs, AT_VIEW)->args.at[0],
                                         &s, p, "a length");
    const ctype *t = ist__idl_type_strip(p->type);
    if (p->role == ROLE_BUFFER && t->count)
      p->count = ist__idl_resolve_length(c, d, t->count, &s, p, "a length");
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
  if (r && (r->kind == DT_STRING || r->kind == DT_POINTER || r->kind == DT_REF ||
            (r->kind == DT_STRUCT && r->decl->has_pointers)))
    ist__idl_error(c, d->at, "not supported yet: a callback that returns a pointer");
  if (!d->bad) ist__idl_attrs_unused(c, &d->attrs, "this callback");
}
