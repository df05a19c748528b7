// Error bundles, and the functions that use them.
#include "compiler.h"

void ist__idl_check_throws(compiler *c, decl *f) {
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
    if (r && d->params.at[i]->dtype &&
        (!ist__idl_class_fits(d->params.at[i]->dtype, r) ||
         !ist__idl_expr_same_object(d->params.at[i]->type, r))) {
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
  if (!ist__idl_expr_literal(value) || tested >= f->throw_args.count ||
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

static bool calls(const expr *e) {
  return e && (e->kind == X_CALL || calls(e->a) || calls(e->b) || calls(e->c));
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
      p->dtype = ist__idl_dtype_ref(c, h, false);
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
  if (d->cleanup && !calls(d->cleanup))
    ist__idl_error(c, d->cleanup->at, "a clean-up calls a function");
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
