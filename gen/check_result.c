// What a function's result is, from its C type and the attributes of the function.
#include "compiler.h"

static void result_pointer(compiler *c, decl *f, param *p, const ctype *t) {
  const ctype *to = ist__idl_type_strip(t->to);
  decl *d = to->kind == T_NAMED ? to->decl : NULL;
  if (to->kind == T_BAD) {
    p->bad = true;
    return;
  }
  if (ist__idl_attr_has(p->attrs, AT_SIZE)) {
    p->role = ROLE_BUFFER;
    dtype *of = ist__idl_element_type(c, p, t->to);
    if (!of) {
      p->bad = true;
      return;
    }
    if (of->kind != DT_STRING && of->kind != DT_REF) {
      p->text = ist__idl_text_encoding(p, t->to);
      if (!ist__idl_encoding_check(c, p, p->text, t->to)) return;
    }
    ist__idl_own_read(c, p, true, "of an array");
    ist__idl_param_has(p, AT_COPY);
    p->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
    return;
  }
  encoding text = d || to->kind == T_POINTER ? ENC_NONE : ist__idl_text_encoding(p, t->to);
  if (ist__idl_attr_has(p->attrs, AT_WITHIN)) {
    ist__idl_links_read(c, f, p);
    if (text != ENC_NONE)
      p->dtype = ist__idl_dtype_string(c, text);
    else
      p->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
    return;
  }
  if (d && (d->kind == D_STRUCT || d->kind == D_HANDLE)) {
    if (d->kind == D_STRUCT && !ist__idl_layout_struct(c, d)) {
      p->bad = true;
      return;
    }
    p->dtype = ist__idl_dtype_ref(c, d, ist__idl_type_is_const(t->to));
    ist__idl_lifetime_read(c, f, p, d,
                           ist__idl_attr_has(&f->attrs, AT_CONSTRUCTOR) && d == f->owner);
    ist__idl_own_read(c, p, d->kind == D_STRUCT, "of a struct");
    return;
  }
  if (text != ENC_NONE) {
    ist__idl_own_read(c, p, true, "of a text");
    if (f->kind == D_FUNCTION) ist__idl_text_owner_check(c, f, p, t->to);
    if (ist__idl_encoding_check(c, p, text, t->to)) p->dtype = ist__idl_dtype_string(c, text);
    return;
  }
  if (f->unsafe)
    p->dtype = ist__idl_dtype_address(c);
  else if (to->kind == T_FUNCTION || (d && d->kind == D_CALLBACK))
    ist__idl_param_fail(c, p, "not supported yet: a result that is a function");
  else
    ist__idl_param_fail(
        c, p,
        ist__idl_format(
            c,
            "what '%s' of '%s' points to is not stated: say [[size(n)]] for an array, [[text]] "
            "for a "
            "text, [[within(parameter)]] for a place in an argument, or declare a handle",
            ist__idl_type_text(c, f->type), f->name));
}

void ist__idl_classify_result(compiler *c, decl *f) {
  param *p = NEW(c, param);
  p->at = f->at;
  p->attrs = &f->attrs;
  p->type = f->type;
  p->data = p->destroy = p->within = p->parent = p->arg = p->of = -1;
  f->result = p;
  // With attributes that mean nothing, what is not stated cannot be told from what is misspelled.
  p->bad = f->bad;
  ist__idl_type_resolve(c, p->type, f->module);
  const ctype *t = ist__idl_type_strip(p->type);
  decl *d = t->kind == T_NAMED ? t->decl : NULL;
  if (p->bad || t->kind == T_BAD) {
    p->bad = true;
  } else if (t->kind == T_POINTER) {
    result_pointer(c, f, p, t);
  } else if (d && d->kind == D_CALLBACK) {
    ist__idl_param_fail(c, p, "not supported yet: a result that is a function");
  } else if (d && d->kind == D_HANDLE && !d->is_pointer) {
    ist__idl_param_fail(
        c, p, ist__idl_format(c, "'%s' is a handle: it is returned as '%s *'", d->name, d->name));
  } else if (t->kind == T_ARRAY || t->kind == T_FUNCTION) {
    ist__idl_param_fail(c, p, "C cannot return this type");
  } else {
    p->dtype = ist__idl_dtype_value(c, p->type, p->attrs);
    ist__idl_by_value_check(c, p);
    if (!p->dtype) p->bad = true;
    if (p->dtype && p->dtype->kind == DT_STRUCT && f->kind == D_FUNCTION)
      ist__idl_pointers_read(c, f, p, p->dtype->decl);
    if (p->dtype && p->dtype->kind == DT_REF) {
      ist__idl_lifetime_read(c, f, p, p->dtype->to->decl,
                             ist__idl_attr_has(&f->attrs, AT_CONSTRUCTOR) &&
                                 p->dtype->to->decl == f->owner);
      ist__idl_own_read(c, p, false, "");
    }
  }
  if (p->bad || !p->dtype) return;
  ist__idl_variants_required(c, p);
  if ((p->dtype->kind == DT_REF || p->dtype->kind == DT_STRING || p->dtype->kind == DT_POINTER) &&
      ist__idl_param_has(p, AT_NULL))
    p->null = true;
  if (p->dtype->kind == DT_REF && !p->copy) ist__idl_links_read(c, f, p);
  if (p->dtype->kind != DT_VOID && p->dtype->kind != DT_REF && ist__idl_param_has(p, AT_OMIT))
    p->hidden = true;
}
