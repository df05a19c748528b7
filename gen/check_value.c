// What parameters, results and callbacks' parameters have in common: which names they may name,
// whether they are text, what they point to, and who frees it. What is not stated is an error that
// names the choices; nothing is guessed.
#include "compiler.h"

bool ist__idl_param_has(param *p, int id) {
  return ist__idl_attr_find(p->attrs, id) != NULL;
}

void ist__idl_param_fail(compiler *c, param *p, const char *message) {
  ist__idl_error(c, p->at, "%s", message);
  p->bad = true;
}

int ist__idl_param_index(const decl *f, const char *name) {
  for (int i = 0; i < f->params.count; i++)
    if (f->params.at[i]->name && strcmp(f->params.at[i]->name, name) == 0) return i;
  return -1;
}

// The parameter that an attribute names, or -1 and an error.
int ist__idl_param_named(compiler *c, const decl *f, const expr *e) {
  if (e->kind != X_NAME) {
    ist__idl_error(c, e->at, "expected a parameter's name");
    return -1;
  }
  int i = ist__idl_param_index(f, e->text);
  if (i >= 0) return i;
  guess g = {.wanted = e->text};
  for (int j = 0; j < f->params.count; j++)
    if (f->params.at[j]->name) ist__idl_guess_offer(&g, f->params.at[j]->name);
  ist__idl_error(c, e->at, "'%s' has no parameter '%s'%s", f->name, e->text,
                 ist__idl_guess_text(c, &g));
  return -1;
}

decl *ist__idl_function_named(compiler *c, const expr *e) {
  if (e->kind != X_NAME) {
    ist__idl_error(c, e->at, "expected a function's name");
    return NULL;
  }
  decl *d = ist__idl_lookup(c, NULL, e->text);
  if (!d && strcmp(e->text, "free") == 0) return c->free_function;
  if (d && d->kind == D_FUNCTION) return d;
  guess g = {.wanted = e->text};
  for (int i = 0; i < c->modules.count; i++)
    for (int j = 0; j < c->modules.at[i]->decls.count; j++) {
      decl *o = c->modules.at[i]->decls.at[j];
      if (o->kind == D_FUNCTION) ist__idl_guess_offer(&g, o->name);
      for (int k = 0; k < o->functions.count; k++)
        ist__idl_guess_offer(&g, o->functions.at[k]->name);
    }
  ist__idl_error(c, e->at, "unknown function '%s'%s", e->text, ist__idl_guess_text(c, &g));
  return NULL;
}

// Text or bytes, for sequences of `element`.
encoding ist__idl_text_encoding(param *p, const ctype *element) {
  if (ist__idl_param_has(p, AT_LATIN1)) {
    ist__idl_param_has(p, AT_TEXT);
    return ENC_LATIN1;
  }
  if (ist__idl_param_has(p, AT_UTF16)) {
    ist__idl_param_has(p, AT_TEXT);
    return ENC_UTF16;
  }
  if (ist__idl_param_has(p, AT_TEXT)) return ENC_UTF8;
  if (ist__idl_param_has(p, AT_BYTES)) return ENC_NONE;
  return ist__idl_type_is_char(element) ? ENC_UTF8 : ENC_NONE;
}

bool ist__idl_encoding_check(compiler *c, param *p, encoding text, const ctype *element) {
  int64_t size = 1, align;
  if (ist__idl_type_strip(element)->kind != T_VOID) ist__idl_type_layout(c, element, &size, &align);
  bool integers =
      ist__idl_type_is_byte(element) || (text == ENC_UTF16 && ist__idl_type_is_integer(element));
  if (text == ENC_NONE || (integers && (text == ENC_UTF16) == (size == 2))) return true;
  ist__idl_param_fail(c, p,
                      text == ENC_UTF16 ? "'utf16' text is made of 16-bit integers"
                                        : "text is made of bytes");
  return false;
}

// The descriptor's type of what a pointer or array holds.
dtype *ist__idl_element_type(compiler *c, param *p, ctype *element) {
  const ctype *t = ist__idl_type_strip(element);
  if (t->kind == T_BAD) {
    p->bad = true;
    return NULL;
  }
  decl *handle = ist__idl_type_decl(element, D_HANDLE);
  if (handle && !handle->is_pointer) {
    ist__idl_param_fail(
        c, p,
        ist__idl_format(c, "'%s' is a handle: it is passed as '%s *'", handle->name, handle->name));
    return NULL;
  }
  if (t->kind == T_POINTER) {
    if (p->unsafe && ist__idl_type_strip(t->to)->kind == T_VOID) return ist__idl_dtype_address(c);
    decl *d = ist__idl_type_decl(t->to, D_HANDLE);
    if (d && !d->is_pointer) return ist__idl_dtype_ref(c, d, false);
    d = ist__idl_type_decl(t->to, D_STRUCT);
    if (d)
      return ist__idl_layout_struct(c, d) ? ist__idl_dtype_ref(c, d, ist__idl_type_is_const(t->to))
                                          : NULL;
    encoding text = ist__idl_text_encoding(p, t->to);
    if (text != ENC_NONE && ist__idl_encoding_check(c, p, text, t->to))
      return ist__idl_dtype_string(c, text);
    if (!p->bad && p->unsafe) return ist__idl_dtype_address(c);
    if (!p->bad)
      ist__idl_param_fail(c, p,
                          ist__idl_format(c, "not supported yet: a pointer to '%s'",
                                          ist__idl_type_text(c, element)));
    return NULL;
  }
  dtype *d = ist__idl_dtype_value(c, element, p->attrs);
  if (!d && !p->bad) {
    decl *s = ist__idl_type_decl(element, D_STRUCT);
    if (s && s->bad)
      p->bad = true;
    else
      ist__idl_param_fail(c, p,
                          ist__idl_format(c, "not supported yet: an array of '%s'",
                                          ist__idl_type_text(c, element)));
  }
  return d;
}

static bool pointer_null(compiler *c, ctype *t) {
  bool null = ist__idl_attr_find(&t->attrs, AT_NULL) != NULL;
  ist__idl_attrs_unused(c, &t->attrs, "this pointer");
  return null;
}

// The inner levels' attributes: only `null` can stand there, on a pointer inside an array or cell.
void ist__idl_inner_attrs(compiler *c, param *p, ctype *element) {
  bool first = true;
  for (ctype *t = element; t; t = t->to, first = false) {
    if (t->kind != T_POINTER) continue;
    if (first && p->role == ROLE_BUFFER) p->element_null = pointer_null(c, t);
    if (first && p->role == ROLE_CELL && pointer_null(c, t)) p->null = true;
    ist__idl_attrs_unused(c, &t->attrs, "this pointer");
  }
}

// What an output or result of pointer type must say about its life: `what` is a handle or a struct.
void ist__idl_lifetime_read(compiler *c, decl *f, param *p, decl *what, bool is_constructor) {
  if (ist__idl_param_has(p, AT_OWN)) {
    p->own = true;
  } else if (ist__idl_param_has(p, AT_COPY)) {
    p->copy = true;
    if (what->kind == D_HANDLE) {
      ist__idl_param_fail(c, p, "a handle cannot be copied");
      return;
    }
    ist__idl_pointers_read(c, f, p, what);
  } else if (is_constructor) {
    p->own = true;
  } else if (!ist__idl_attr_has(p->attrs, AT_KEEPS) && !ist__idl_attr_has(p->attrs, AT_UNTIL) &&
             !ist__idl_attr_has(&what->attrs, AT_UNTIL)) {
    ist__idl_param_fail(
        c, p,
        ist__idl_format(
            c,
            "who frees the '%s' that '%s' gives is not stated: say [[own]], [[keeps(parameter)]], "
            "%s",
            what->name, f->name,
            what->kind == D_STRUCT ? "[[until(function)]] or [[copy]]" : "or [[until(function)]]"));
  }
}

void ist__idl_own_read(compiler *c, param *p, bool needs_free, const char *what) {
  attr *a = ist__idl_attr_find(p->attrs, AT_OWN);
  if (!a) return;
  p->own = true;
  for (int i = 0; i < a->args.count; i++) {
    const expr *e = a->args.at[i];
    if (e->kind == X_NAME && strcmp(e->text, "always") == 0) {
      p->own_always = true;
    } else if (p->own_free) {
      ist__idl_error(c, e->at, "'own' names one function that frees");
    } else if (!(p->own_free = ist__idl_function_named(c, e))) {
      p->bad = true;
    } else {
      ist__idl_classify(c, p->own_free);
      const decl *f = p->own_free;
      int open = 0;
      for (int j = 0; j < f->params.count; j++)
        if (f->params.at[j]->role != ROLE_FIXED && !f->params.at[j]->parsed_default) open++;
      if (open != 1 || f->params.at[0]->role == ROLE_FIXED ||
          ist__idl_type_strip(f->params.at[0]->type)->kind == T_SCALAR) {
        ist__idl_error(c, e->at, "'%s' cannot free: it does not take one pointer first", f->name);
        ist__idl_note(c, f->at, "it is declared here");
        p->bad = true;
      }
    }
  }
  if (needs_free && !p->own_free && !p->bad)
    ist__idl_param_fail(
        c, p,
        ist__idl_format(c, "[[own]] %s names the function that frees it: [[own(free)]]", what));
}

void ist__idl_links_read(compiler *c, decl *f, param *p) {
  attr *a = ist__idl_attr_find(p->attrs, AT_KEEPS);
  for (int i = 0; a && i < a->args.count; i++) {
    int k = ist__idl_param_named(c, f, a->args.at[i]);
    if (k >= 0)
      PUSH(c, p->keeps, k);
    else
      p->bad = true;
  }
  a = ist__idl_attr_find(p->attrs, AT_UNTIL);
  for (int i = 0; a && i < a->args.count; i++) {
    decl *d = ist__idl_function_named(c, a->args.at[i]);
    if (d)
      PUSH(c, p->until, d);
    else
      p->bad = true;
  }
  a = ist__idl_attr_find(p->attrs, AT_WITHIN);
  if (a && (p->within = ist__idl_param_named(c, f, a->args.at[0])) < 0) p->bad = true;
}

bool ist__idl_points_somewhere(const dtype *t) {
  if (t->kind == DT_ARRAY) return ist__idl_points_somewhere(t->to);
  if (t->kind == DT_REF || t->kind == DT_STRING) return true;
  if (t->kind != DT_STRUCT) return false;
  for (int i = 0; i < t->decl->fields.count; i++) {
    const field *f = &t->decl->fields.at[i];
    if (f->dtype && (f->len >= 0 || ist__idl_points_somewhere(f->dtype))) return true;
  }
  return false;
}

// What the pointers inside a struct that comes back point to must last as long as JavaScript can
// read them: somebody keeps it, or a call ends it, or nothing ever does.
void ist__idl_pointers_read(compiler *c, decl *f, param *p, const decl *d) {
  bool stated = ist__idl_attr_has(p->attrs, AT_KEEPS) || ist__idl_attr_has(p->attrs, AT_UNTIL) ||
                ist__idl_attr_has(p->attrs, AT_FOREVER);
  if (!ist__idl_points_somewhere(d->dtype)) return;
  ist__idl_param_has(p, AT_FOREVER);
  ist__idl_links_read(c, f, p);
  if (!stated)
    ist__idl_param_fail(
        c, p,
        ist__idl_format(c,
                        "how long what the pointers in '%s' point to lasts is not stated: say "
                        "[[keeps(parameter)]], [[until(function)]] or [[forever]], or make the "
                        "fields [[opaque]]",
                        ist__idl_c_name(c, d)));
}

// A `const char *` that comes back is the library's own; without const it may be the caller's to
// free.
void ist__idl_text_owner_check(compiler *c, decl *f, param *p, const ctype *element) {
  if (p->bad || p->own || p->error_text || ist__idl_param_has(p, AT_COPY) ||
      ist__idl_type_is_const(element))
    return;
  ist__idl_param_fail(c, p,
                      ist__idl_format(c,
                                      "who frees the text that '%s' gives is not stated: say "
                                      "[[own(free)]] if the caller does, or [[copy]] if it stays "
                                      "the library's",
                                      f->name));
}

// gcc and clang pass a small struct differently when 8 bytes of it hold nothing but unnamed bits.
void ist__idl_by_value_check(compiler *c, param *p) {
  const decl *d = p->dtype && p->dtype->kind == DT_STRUCT ? p->dtype->decl : NULL;
  if (!d || d->size > 16) return;
  bool named[2] = {false, false}, unnamed[2] = {false, false};
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    int64_t size = f->is_bits ? 1 : f->dtype ? f->dtype->size : 8;
    int64_t last =
        f->is_bits ? (f->bit_offset + f->bit_width - 1) / 64 : (f->offset + size - 1) / 8;
    for (int64_t k = f->offset / 8; k <= last && k < 2 && (!f->is_bits || f->bit_width); k++)
      *(f->name ? &named[k] : &unnamed[k]) = true;
  }
  if ((unnamed[0] && !named[0]) || (unnamed[1] && !named[1]))
    ist__idl_param_fail(
        c, p,
        ist__idl_format(c,
                        "C compilers do not agree how '%s' is passed by value: 8 bytes of it hold "
                        "unnamed bits only; pass a pointer",
                        ist__idl_c_name(c, d)));
}
