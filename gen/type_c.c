// Types as C source: for the proof against the headers, and for messages.
#include "compiler.h"

static const char *plain_name(compiler *c, const ctype *t) {
  if (t->kind == T_SCALAR || t->kind == T_VOID) return t->name ? t->name : t->scalar->name;
  if (t->kind == T_NAMED) return t->tag ? ist__idl_format(c, "%s %s", t->tag, t->name) : t->name;
  return "?";
}

static const char *function_type(compiler *c, const ctype *result, const param_list *params,
                                 const char *inner) {
  buffer b = {0};
  // A callback may take a pointer to itself.
  if (++c->type_depth > 2) {
    c->type_depth--;
    return ist__idl_type_c(c, result, ist__idl_format(c, "%s()", inner));
  }
  ist__idl_buffer_add(c, &b, "%s(", inner);
  for (int i = 0; i < params->count; i++)
    ist__idl_buffer_add(c, &b, "%s%s", i ? ", " : "", ist__idl_type_c(c, params->at[i]->type, ""));
  ist__idl_buffer_add(c, &b, "%s)", params->count ? "" : "void");
  c->type_depth--;
  return ist__idl_type_c(c, result, b.at);
}

// `declarator` is what is declared; array parameters are written as they stand in the interface
// file only when they are fields, for a parameter's length is no business of C's.
const char *ist__idl_type_c(compiler *c, const ctype *t, const char *declarator) {
  const char *space = *declarator ? " " : "";
  switch (t->kind) {
  case T_POINTER: {
    const char *inner = ist__idl_format(c, "*%s%s%s", t->is_const ? "const " : "",
                                        t->is_restrict ? "restrict " : "", declarator);
    if (t->to->kind == T_ARRAY || t->to->kind == T_FUNCTION)
      inner = ist__idl_format(c, "(%s)", inner);
    return ist__idl_type_c(c, t->to, inner);
  }
  case T_ARRAY:
    if (t->elements)
      return ist__idl_type_c(c, t->to,
                             ist__idl_format(c, "%s[%lld]", declarator, (long long)t->elements));
    return ist__idl_type_c(c, t->to, ist__idl_format(c, "*%s", declarator));
  case T_FUNCTION: return function_type(c, t->to, &t->params, declarator);
  case T_NAMED:
    if (t->decl && t->decl->kind == D_CALLBACK && !t->decl->is_pointer)
      return function_type(c, t->decl->type, &t->decl->params,
                           *declarator == '*' ? ist__idl_format(c, "(%s)", declarator)
                                              : declarator);
    if (t->decl && t->decl->kind == D_ENUM && t->decl->type)
      return ist__idl_type_c(c, t->decl->type, declarator);
    if (t->decl && (t->decl->c_type || t->decl->outer))
      return ist__idl_format(c, "%s%s%s%s", t->is_const ? "const " : "",
                             ist__idl_c_name(c, t->decl), space, declarator);
    break;
  default: break;
  }
  return ist__idl_format(c, "%s%s%s%s", t->is_const ? "const " : "", plain_name(c, t), space,
                         declarator);
}

const char *ist__idl_c_name(compiler *c, const decl *d) {
  if (d->c_type) return d->c_type;
  if (d->outer) {
    static const char *const elements[] = {"", "[0]", "[0][0]", "[0][0][0]"};
    return ist__idl_format(c, "__typeof__(((%s *)0)->%s%s)", ist__idl_c_name(c, d->outer),
                           d->member, elements[d->dimensions & 3]);
  }
  return d->tag ? ist__idl_format(c, "%s %s", d->tag, d->name) : d->name;
}
