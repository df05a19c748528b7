// What JavaScript sees of each field of a struct or handle: text, objects, counted pointers, and
// functions that C calls. A pointer that says nothing is an error that names the choices.
#include "compiler.h"

static int field_index(const decl *d, const char *name) {
  for (int i = 0; i < d->fields.count; i++)
    if (d->fields.at[i].name && strcmp(d->fields.at[i].name, name) == 0) return i;
  return -1;
}

static encoding field_text(field *f, const ctype *element) {
  if (ist__idl_attr_find(&f->attrs, AT_LATIN1)) return ENC_LATIN1;
  if (ist__idl_attr_find(&f->attrs, AT_UTF16)) return ENC_UTF16;
  if (ist__idl_attr_find(&f->attrs, AT_TEXT)) return ENC_UTF8;
  if (ist__idl_attr_find(&f->attrs, AT_BYTES)) return ENC_NONE;
  return ist__idl_type_is_char(element) ? ENC_UTF8 : ENC_NONE;
}

bool ist__idl_field_bad(compiler *c, field *f, const char *message) {
  ist__idl_error(c, f->at, "%s", message);
  f->bad = true;
  return false;
}

// The field that an attribute names, or -1 and an error.
static int companion_of(compiler *c, decl *d, const field *f, const attr *a) {
  const expr *e = a->args.count ? a->args.at[0] : NULL;
  int i = e && e->kind == X_NAME ? field_index(d, e->text) : -1;
  if (i >= 0 && d->fields.at[i].name != f->name) return i;
  guess g = {.wanted = e && e->kind == X_NAME ? e->text : ""};
  for (int k = 0; k < d->fields.count; k++)
    if (d->fields.at[k].name) ist__idl_guess_offer(&g, d->fields.at[k].name);
  ist__idl_error(c, e ? e->at : a->at, "'%s' names another field of '%s'%s", a->name, d->name,
                 ist__idl_guess_text(c, &g));
  return -1;
}

// User data and destroy notices are no fields of JavaScript's: what they hold is the runtime's.
void ist__idl_companions_read(compiler *c, decl *d) {
  static const int ids[] = {AT_DATA, AT_DESTROY};
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    for (int k = 0; k < 2; k++) {
      attr *a = ist__idl_attr_find(&f->attrs, ids[k]);
      if (!a) continue;
      int at = companion_of(c, d, f, a);
      if (at >= 0)
        d->fields.at[at].companion = true;
      else
        f->bad = true;
    }
  }
}

// A function that JavaScript stores for C to call.
static bool field_function(compiler *c, decl *d, field *f, const ctype *t) {
  decl *callback = ist__idl_callback_of(
      c, t, ist__idl_format(c, "%s_%s", d->name ? d->name : "struct", f->name), d->module);
  f->readonly = true;
  f->dtype = ist__idl_dtype_decl(c, DT_CALLBACK, callback);
  if (d->kind == D_HANDLE)
    return ist__idl_field_bad(c, f, "not supported yet: a function in a handle; say [[opaque]]");
  if (d->is_union)
    return ist__idl_field_bad(c, f, "not supported yet: a function in a union; say [[opaque]]");
  param *p = f->use = NEW(c, param);
  p->name = f->name;
  p->at = f->at;
  p->attrs = &f->attrs;
  p->type = f->type;
  p->dtype = f->dtype;
  p->data = p->destroy = p->within = p->parent = p->arg = p->of = -1;
  return true;
}

static void check_companion(compiler *c, decl *d, field *f, int id, int *index) {
  attr *a = ist__idl_attr_find(&f->attrs, id);
  if (!a || !a->args.count || a->args.at[0]->kind != X_NAME) return;
  *index = field_index(d, a->args.at[0]->text);
  if (*index < 0) return;
  const ctype *t = ist__idl_type_strip(d->fields.at[*index].type);
  bool data = id == AT_DATA;
  bool fits = data ? t->kind == T_POINTER && ist__idl_type_strip(t->to)->kind == T_VOID
                   : (t->kind == T_NAMED && t->decl->kind == D_CALLBACK) ||
                         (t->kind == T_POINTER && (ist__idl_type_strip(t->to)->kind == T_FUNCTION ||
                                                   ist__idl_type_decl(t->to, D_CALLBACK)));
  if (!fits)
    ist__idl_error(c, a->at,
                   data ? "user data is a 'void *'" : "a destroy notice is a function pointer");
  else if (!data && f->use->scope && strcmp(f->use->scope, "forever") != 0)
    ist__idl_error(c, a->at, "'destroy' in a struct belongs to 'scope(forever)'");
  else if (!data && !ist__idl_attr_has(&f->attrs, AT_DATA))
    ist__idl_error(c, a->at, "'destroy' needs 'data': it is by its data that the notice is known");
}

void ist__idl_check_members(compiler *c, decl *d) {
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    if (!f->use || f->bad) continue;
    param *p = f->use;
    p->attrs = &f->attrs;
    ist__idl_classify(c, f->dtype->decl);
    ist__idl_scope_read(c, p);
    if (!d->unsafe) d->unsafe = f->dtype->decl->unsafe;
    if (f->dtype->decl->type_params.count)
      ist__idl_error(c, f->at, "not supported yet: a callback with parameters of its own here");
    check_companion(c, d, f, AT_DATA, &p->data);
    check_companion(c, d, f, AT_DESTROY, &p->destroy);
    if (ist__idl_attr_find(&f->attrs, AT_NULL)) p->null = true;
    attr *a = ist__idl_attr_find(&f->attrs, AT_ON_THROW);
    if (a && !p->bad && !f->dtype->decl->bad)
      ist__idl_check_on_throw(c, p, f->dtype->decl, a->args.at[0]);
    if (!p->bad) ist__idl_attrs_unused(c, &f->attrs, "this field");
  }
}

static bool is_function(const ctype *t) {
  if (t->kind == T_NAMED) return t->decl->kind == D_CALLBACK;
  return t->kind == T_POINTER &&
         (ist__idl_type_strip(t->to)->kind == T_FUNCTION || ist__idl_type_decl(t->to, D_CALLBACK));
}

static bool field_pointer(compiler *c, decl *d, field *f, const ctype *t) {
  d->has_pointers = true;
  if (f->companion) {
    f->readonly = true;
    f->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
    return true;
  }
  if (is_function(t) && ist__idl_attr_has(&f->attrs, AT_SCOPE)) return field_function(c, d, f, t);
  bool is_opaque = ist__idl_attr_has(&f->attrs, AT_OPAQUE);
  const ctype *to = t->kind == T_POINTER && !is_opaque ? ist__idl_type_strip(t->to) : NULL;
  decl *named = to && to->kind == T_NAMED ? to->decl : NULL;
  dtype *nothing = ist__idl_dtype_simple(c, DT_VOID, NULL);
  if (t->is_const) f->readonly = true;
  if (ist__idl_attr_find(&f->attrs, AT_OPAQUE)) {
    f->readonly = true;
    f->dtype = ist__idl_dtype_simple(c, DT_POINTER, nothing);
    return true;
  }
  attr *len = ist__idl_attr_find(&f->attrs, AT_LEN);
  if (len) {
    const expr *e = len->args.at[0];
    for (int i = 0; i < d->fields.count && e->kind == X_NAME; i++)
      if (d->fields.at[i].name && strcmp(d->fields.at[i].name, e->text) == 0) f->len = i;
    if (f->len < 0) {
      guess g = {.wanted = e->kind == X_NAME ? e->text : ""};
      for (int i = 0; i < d->fields.count; i++)
        if (d->fields.at[i].name) ist__idl_guess_offer(&g, d->fields.at[i].name);
      ist__idl_error(c, e->at, "'len' names another field of '%s'%s", d->name,
                     ist__idl_guess_text(c, &g));
      f->bad = true;
      return false;
    }
    if (!ist__idl_type_is_integer(d->fields.at[f->len].type)) {
      ist__idl_error(c, e->at, "the length '%s' is no integer", e->text);
      f->bad = true;
      return false;
    }
    dtype *of = to ? ist__idl_dtype_value(c, t->to, &f->attrs) : NULL;
    // Objects that lie behind one another can be looked at where they are.
    if (of && of->kind == DT_STRUCT) {
      f->readonly = true;
      f->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
      return true;
    }
    if (!of || of->kind == DT_REF || of->kind == DT_STRUCT)
      return ist__idl_field_bad(
          c, f, "not supported yet: a counted field of anything but numbers and bytes");
    f->text = field_text(f, t->to);
    f->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
    return true;
  }
  if (named && (named->kind == D_STRUCT || (named->kind == D_HANDLE && !named->is_pointer))) {
    f->dtype = ist__idl_dtype_ref(c, named, ist__idl_type_is_const(t->to));
    return true;
  }
  if (to && to->kind != T_POINTER && ist__idl_type_is_byte(to) && to->kind != T_VOID) {
    encoding text = field_text(f, t->to);
    if (text != ENC_NONE) {
      f->dtype = ist__idl_dtype_string(c, text);
      if (!ist__idl_type_is_const(t->to)) f->readonly = true;
      return true;
    }
  }
  if (is_function(t))
    return ist__idl_field_bad(
        c, f,
        ist__idl_format(
            c,
            "how long C keeps '%s' is not stated: say [[scope(call)]], [[scope(once)]], "
            "[[scope(until(function, replaced))]] or [[scope(forever)]], or [[opaque]] "
            "to leave it alone",
            f->name));
  return ist__idl_field_bad(
      c, f,
      ist__idl_format(c,
                      "what '%s' points to is not stated: say [[len(field)]] for an "
                      "array, or [[opaque]] to leave it alone",
                      f->name));
}

// What a field always is: JavaScript does not see it.
static bool field_fixed(compiler *c, field *f, const attr *a) {
  wide value;
  if (f->is_bits || !ist__idl_type_is_integer(f->type))
    return ist__idl_field_bad(c, f, "only an integer field can be 'fixed'");
  f->fixed = ist__idl_resolve_int(c, a->args.at[0], NULL, "a fixed field");
  f->readonly = true;
  if (!f->fixed || !ist__idl_eval_int(c, f->fixed, &value)) return false;
  if (!ist__idl_fits(c, value, f->type))
    return ist__idl_field_bad(c, f, "the value does not fit in the field");
  return true;
}

bool ist__idl_field_type(compiler *c, decl *d, field *f) {
  if (f->bad) return false;
  const ctype *t = ist__idl_type_strip(f->type);
  if (t->kind == T_BAD) return false;
  attr *fixed = ist__idl_attr_find(&f->attrs, AT_FIXED);
  if (fixed && !field_fixed(c, f, fixed)) return false;
  if (t->kind == T_POINTER ||
      (t->kind == T_NAMED &&
       (t->decl->kind == D_CALLBACK || (t->decl->kind == D_HANDLE && t->decl->is_pointer)))) {
    if (t->kind == T_NAMED && t->decl->kind == D_HANDLE) {
      d->has_pointers = true;
      f->dtype = ist__idl_dtype_value(c, f->type, NULL);
      return true;
    }
    return field_pointer(c, d, f, t);
  }
  if (t->kind == T_VOID || t->kind == T_FUNCTION)
    return ist__idl_field_bad(c, f, "a field cannot have this type");
  int64_t counts[16];
  int depth = 0;
  const ctype *e = f->type;
  for (; ist__idl_type_strip(e)->kind == T_ARRAY && depth < 16; e = ist__idl_type_strip(e)->to)
    counts[depth++] = ist__idl_type_strip(e)->elements;
  if (ist__idl_type_is_const(e)) f->readonly = true;
  const ctype *s = ist__idl_type_strip(e);
  if (s->kind == T_BAD) return false;
  if (s->kind == T_ARRAY) return ist__idl_field_bad(c, f, "this array has too many dimensions");
  if (s->kind == T_POINTER || (s->kind == T_NAMED && s->decl->kind == D_CALLBACK)) {
    d->has_pointers = f->readonly = true;
    if (!ist__idl_attr_find(&f->attrs, AT_OPAQUE))
      return ist__idl_field_bad(
          c, f, "what these pointers point to is not stated: say [[opaque]] to leave them alone");
    f->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
  } else {
    if (s->kind == T_NAMED && s->decl->kind == D_HANDLE && !s->decl->is_pointer)
      return ist__idl_field_bad(c, f, "not supported yet: a handle inside a struct");
    f->dtype = ist__idl_dtype_value(c, e, &f->attrs);
    if (!f->dtype) return false;
    if (s->kind == T_NAMED && s->decl->kind == D_STRUCT) {
      ist__idl_check_struct(c, s->decl);
      d->has_pointers |= s->decl->has_pointers;
    }
    if (f->dtype->kind == DT_REF) d->has_pointers = true;
  }
  for (int i = depth - 1; i >= 0; i--) {
    encoding text = i == depth - 1 && f->dtype->kind == DT_INT ? field_text(f, e) : ENC_NONE;
    if (text != ENC_NONE && (f->dtype->size == 2) != (text == ENC_UTF16))
      return ist__idl_field_bad(c, f, "text is made of bytes, 'utf16' text of 16-bit integers");
    f->dtype = ist__idl_dtype_array(c, f->dtype, counts[i], text);
  }
  return true;
}
