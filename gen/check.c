// The order in which a file's meaning is made: names, types, layouts, roles, expressions, and last
// the names that JavaScript sees, which must not clash.
#include "compiler.h"

static void declare(compiler *c, const char *tag, const char *name, decl *d) {
  const char *key = tag ? ist__idl_format(c, "%s %s", tag, name) : name;
  decl *other = ist__idl_map_get(&c->names, key);
  if (other) {
    ist__idl_error(c, d->at, "'%s' is declared twice", key);
    ist__idl_note(c, other->at, "it was first declared here");
    d->duplicate = true;
    return;
  }
  if (!tag && ist__idl_scalar_find(name) && d->kind != D_FUNCTION && d->kind != D_TYPEDEF) {
    ist__idl_error(c, d->at, "'%s' is known without a declaration", name);
    return;
  }
  ist__idl_map_put(c, &c->names, key, d);
}

static const char *inner_name(compiler *c, decl *d) {
  if (!d->name && d->outer && d->member)
    d->name = ist__idl_format(c, "%s_%s", inner_name(c, d->outer), d->member);
  return d->name ? d->name : "struct";
}

static void declare_all(compiler *c, module *m) {
  for (int i = 0; i < m->decls.count; i++) inner_name(c, m->decls.at[i]);
  for (int i = 0; i < m->decls.count; i++) {
    decl *d = m->decls.at[i];
    declare(c, d->tag, d->name, d);
    for (int k = 0; k < d->functions.count; k++)
      declare(c, NULL, d->functions.at[k]->name, d->functions.at[k]);
    for (int k = 0; k < d->enumerators.count; k++) {
      enumerator *e = &d->enumerators.at[k];
      const enumerator *other = ist__idl_map_get(&c->enumerators, e->name);
      decl *name = ist__idl_lookup(c, NULL, e->name);
      if (other || name) {
        ist__idl_error(c, e->at, "'%s' is declared twice", e->name);
        ist__idl_note(c, other ? other->at : name->at, "it was first declared here");
        e->duplicate = true;
        continue;
      }
      ist__idl_map_put(c, &c->enumerators, e->name, e);
      ist__idl_map_put(c, &c->names, ist__idl_format(c, "enumerator %s", e->name), d);
    }
  }
}

static bool is_identifier(const char *s) {
  return *s && !(*s >= '0' && *s <= '9');
}

static bool is_reserved(const char *s) {
  static const char *const words[] = {
      "arguments", "await",      "break",   "case",    "catch",      "class",     "const",
      "continue",  "debugger",   "default", "delete",  "do",         "else",      "enum",
      "eval",      "export",     "extends", "false",   "finally",    "for",       "function",
      "if",        "implements", "import",  "in",      "instanceof", "interface", "let",
      "new",       "null",       "package", "private", "protected",  "public",    "return",
      "static",    "super",      "switch",  "this",    "throw",      "true",      "try",
      "typeof",    "var",        "void",    "while",   "with",       "yield"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(s, words[i]) == 0) return true;
  return false;
}

static const char *strip_prefix(const char *name, const char *prefix) {
  size_t n = strlen(prefix);
  if (strncmp(name, prefix, n) != 0 || !is_identifier(name + n) || is_reserved(name + n))
    return NULL;
  return name + n;
}

const char *ist__idl_check_js_name(compiler *c, decl *d) {
  attr *a = ist__idl_attr_find(&d->attrs, AT_NAME);
  if (a) {
    const char *name = ist__idl_attr_name_arg(c, a, 0);
    return name ? name : d->name;
  }
  if (d->kind != D_FUNCTION) return d->name;
  const char *name;
  attr *prefix = d->owner ? ist__idl_attr_find(&d->owner->attrs, AT_PREFIX) : NULL;
  for (int i = 0; prefix && i < prefix->args.count; i++)
    if (prefix->args.at[i]->kind == X_NAME &&
        (name = strip_prefix(d->name, prefix->args.at[i]->text)))
      return name;
  for (int i = 0; i < d->module->prefixes.count; i++)
    if ((name = strip_prefix(d->name, d->module->prefixes.at[i]))) return name;
  return d->name;
}

static void check_enum(compiler *c, decl *d) {
  ist__idl_attrs_check(c, &d->attrs, ON_ENUM);
  d->is_open = ist__idl_attr_find(&d->attrs, AT_OPEN) != NULL;
  d->js = ist__idl_check_js_name(c, d);
  ist__idl_layout_enum(c, d);
  for (int i = 0; i < d->enumerators.count; i++) {
    enumerator *e = &d->enumerators.at[i];
    ist__idl_attrs_check(c, &e->attrs, ON_ENUMERATOR);
    attr *a = ist__idl_attr_find(&e->attrs, AT_NAME);
    e->js = a ? ist__idl_attr_name_arg(c, a, 0) : e->name;
    if (!e->js) e->js = e->name;
  }
  ist__idl_attrs_unused(c, &d->attrs, "an enum");
}

static void check_const(compiler *c, decl *d) {
  ist__idl_attrs_check(c, &d->attrs, ON_CONST);
  d->js = ist__idl_check_js_name(c, d);
  ist__idl_constant(c, d);
  ist__idl_attrs_unused(c, &d->attrs, "a constant");
}

static void check_typedef(compiler *c, decl *d) {
  if (d->state == FRESH) {
    d->state = BUSY;
    ist__idl_type_resolve(c, d->type, d->module);
    d->state = DONE;
  }
  ist__idl_attrs_check(c, &d->attrs, ON_TYPEDEF);
  const ctype *t = ist__idl_type_strip(d->type);
  bool integer = t->kind == T_SCALAR && t->scalar->kind == S_INT;
  if (integer) {
    ist__idl_attr_find(&d->attrs, AT_BIGINT);
    ist__idl_attr_find(&d->attrs, AT_NUMBER);
  }
  if (t->kind == T_FUNCTION ||
      (t->kind == T_POINTER && ist__idl_type_strip(t->to)->kind == T_FUNCTION))
    ist__idl_error(c, d->at, "a function pointer's type is declared with '[[pointer]] callback'");
  ist__idl_attrs_unused(c, &d->attrs, "this typedef");
}

static void check_struct(compiler *c, decl *d);

static encoding field_text(field *f, const ctype *element) {
  if (ist__idl_attr_find(&f->attrs, AT_LATIN1)) return ENC_LATIN1;
  if (ist__idl_attr_find(&f->attrs, AT_UTF16)) return ENC_UTF16;
  if (ist__idl_attr_find(&f->attrs, AT_TEXT)) return ENC_UTF8;
  if (ist__idl_attr_find(&f->attrs, AT_BYTES)) return ENC_NONE;
  return ist__idl_type_is_char(element) ? ENC_UTF8 : ENC_NONE;
}

static bool field_bad(compiler *c, field *f, const char *message) {
  ist__idl_error(c, f->at, "%s", message);
  f->bad = true;
  return false;
}

static bool field_pointer(compiler *c, decl *d, field *f, const ctype *t) {
  d->has_pointers = true;
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
    if (!of || of->kind == DT_REF || of->kind == DT_STRUCT)
      return field_bad(c, f,
                       "not supported yet: a counted field of anything but numbers and bytes");
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
  return field_bad(c, f,
                   ist__idl_format(c,
                                   "what '%s' points to is not stated: say [[len(field)]] for an "
                                   "array, or [[opaque]] to leave it alone",
                                   f->name));
}

static bool field_type(compiler *c, decl *d, field *f) {
  const ctype *t = ist__idl_type_strip(f->type);
  if (t->kind == T_BAD) return false;
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
    return field_bad(c, f, "a field cannot have this type");
  int64_t counts[16];
  int depth = 0;
  const ctype *e = f->type;
  for (; ist__idl_type_strip(e)->kind == T_ARRAY && depth < 16; e = ist__idl_type_strip(e)->to)
    counts[depth++] = ist__idl_type_strip(e)->elements;
  if (ist__idl_type_is_const(e)) f->readonly = true;
  const ctype *s = ist__idl_type_strip(e);
  if (s->kind == T_BAD) return false;
  if (s->kind == T_ARRAY) return field_bad(c, f, "this array has too many dimensions");
  if (s->kind == T_POINTER || (s->kind == T_NAMED && s->decl->kind == D_CALLBACK)) {
    d->has_pointers = f->readonly = true;
    if (!ist__idl_attr_find(&f->attrs, AT_OPAQUE))
      return field_bad(
          c, f, "what these pointers point to is not stated: say [[opaque]] to leave them alone");
    f->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
  } else {
    if (s->kind == T_NAMED && s->decl->kind == D_HANDLE && !s->decl->is_pointer)
      return field_bad(c, f, "not supported yet: a handle inside a struct");
    f->dtype = ist__idl_dtype_value(c, e, &f->attrs);
    if (!f->dtype) return false;
    if (s->kind == T_NAMED && s->decl->kind == D_STRUCT) {
      check_struct(c, s->decl);
      d->has_pointers |= s->decl->has_pointers;
    }
    if (f->dtype->kind == DT_REF) d->has_pointers = true;
  }
  for (int i = depth - 1; i >= 0; i--) {
    encoding text = i == depth - 1 && f->dtype->kind == DT_INT ? field_text(f, e) : ENC_NONE;
    if (text != ENC_NONE && (f->dtype->size == 2) != (text == ENC_UTF16))
      return field_bad(c, f, "text is made of bytes, 'utf16' text of 16-bit integers");
    f->dtype = ist__idl_dtype_array(c, f->dtype, counts[i], text);
  }
  return true;
}

// Fields of a struct or handle: layout first, then what JavaScript sees of each.
static void check_struct(compiler *c, decl *d) {
  if (d->checked) return;
  d->checked = true;
  d->js = ist__idl_check_js_name(c, d);
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    for (int j = 0; j < i && f->name; j++)
      if (d->fields.at[j].name && strcmp(f->name, d->fields.at[j].name) == 0) {
        ist__idl_error(c, f->at, "the field '%s' is declared twice", f->name);
        ist__idl_note(c, d->fields.at[j].at, "it was first declared here");
      }
  }
  if (!ist__idl_layout_struct(c, d)) return;
  ist__idl_descend(c, d->at);
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    if (!f->name) continue;
    if (field_type(c, d, f)) ist__idl_attrs_unused(c, &f->attrs, "this field");
  }
  ist__idl_ascend(c);
  if (d->kind == D_STRUCT) {
    if (d->dtype) ist__idl_dtype_decl(c, DT_STRUCT, d);
    ist__idl_attrs_unused(c, &d->attrs, "this struct");
  }
}

static void prepare_handle(compiler *c, decl *d) {
  ist__idl_attrs_check(c, &d->attrs, ON_HANDLE);
  d->is_pointer = ist__idl_attr_find(&d->attrs, AT_POINTER) != NULL;
  d->is_inline = ist__idl_attr_find(&d->attrs, AT_INLINE) != NULL;
  d->js = ist__idl_check_js_name(c, d);
  d->no_reenter = ist__idl_attr_find(&d->attrs, AT_NO_REENTER) != NULL;
  attr *symbol = ist__idl_attr_find(&d->attrs, AT_SYMBOL);
  if (symbol) d->c_type = ist__idl_attr_name_arg(c, symbol, 0);
  if (d->c_type) {
    // The C type's own name serves too, in sizeof for one.
    const char *key = ist__idl_format(c, "type %s", d->c_type);
    if (!ist__idl_map_get(&c->names, key)) ist__idl_map_put(c, &c->names, key, d);
  }
  attr *keeps = ist__idl_attr_find(&d->attrs, AT_KEEPS);
  if (keeps) {
    d->keeps = ist__idl_attr_name_arg(c, keeps, 0);
    d->keeps_at = keeps->at;
    if (keeps->args.count > 1)
      ist__idl_error(c, keeps->at, "not supported yet: a handle that keeps several");
  }
  if (d->is_pointer && (d->is_inline || d->has_fields))
    ist__idl_error(c, d->at,
                   "a handle that is a pointer type has no memory of its own to describe");
}

static void check_handle(compiler *c, decl *d) {
  if (d->has_fields) {
    check_struct(c, d);
  } else {
    d->align = 1;
  }
  attr *a = ist__idl_attr_find(&d->attrs, AT_INLINE);
  wide size;
  if (a && !d->has_fields && !a->args.count) {
    ist__idl_error(c, a->at, "'inline' needs the fields of '%s', or its size", d->name);
  } else if (a && a->args.count && ist__idl_eval_int(c, a->args.at[0], &size)) {
    if (size < 1 || size > 1 << 30)
      ist__idl_error(c, a->at, "a size is from 1 to 1073741824 bytes");
    else if (d->has_fields && !d->bad && size != d->size)
      ist__idl_error(c, a->at, "the fields of '%s' take %lld bytes, not %lld", d->name,
                     (long long)d->size, (long long)size);
    if (!d->has_fields && size > 0) {
      d->size = (int64_t)size;
      d->align = 16;
    }
    d->has_inline_size = true;
  }
  attr *depth = ist__idl_attr_find(&d->attrs, AT_DEPTH);
  wide most;
  if (depth && ist__idl_eval_int(c, depth->args.at[0], &most)) {
    if (most < 1 || most > 1000000)
      ist__idl_error(c, depth->at, "a depth is from 1 to 1000000");
    else
      d->depth = (int)most;
  }
  attr *until = ist__idl_attr_find(&d->attrs, AT_UNTIL);
  for (int i = 0; until && i < until->args.count; i++) {
    decl *f = ist__idl_function_named(c, until->args.at[i]);
    if (f) PUSH(c, d->until, f);
  }
  attr *prefix = ist__idl_attr_find(&d->attrs, AT_PREFIX);
  for (int i = 0; prefix && i < prefix->args.count; i++) ist__idl_attr_name_arg(c, prefix, i);
  if (d->dtype) ist__idl_dtype_decl(c, DT_HANDLE, d);
  ist__idl_attrs_unused(c, &d->attrs, "this handle");
}

static void claim(compiler *c, map *names, const char *js, span at, const char *kind) {
  const span *other = ist__idl_map_get(names, js);
  if (other) {
    ist__idl_error(
        c, at, "JavaScript would know two things as '%s': say [[name(%s)]] for this %s", js,
        ist__idl_format(c, "%c%s", js[0] >= 'a' && js[0] <= 'z' ? js[0] - 32 : js[0],
                        js[0] >= 'a' && js[0] <= 'z' ? js + 1 : ist__idl_format(c, "%s_", js + 1)),
        kind);
    ist__idl_note(c, *other, "the other is here");
    return;
  }
  span *mine = NEW(c, span);
  *mine = at;
  ist__idl_map_put(c, names, js, mine);
}

static void check_names(compiler *c) {
  map names = {0};
  static const char *const kinds[] = {"constant", "enum",     "typedef",  "struct",
                                      "handle",   "callback", "function", "error"};
  // Functions last: it is the type that takes another name.
  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; i < c->main->decls.count; i++) {
      decl *d = c->main->decls.at[i];
      bool type = d->kind == D_STRUCT || d->kind == D_HANDLE || d->kind == D_ENUM;
      if (type != (pass == 1) || !d->js || d->internal || d->duplicate) continue;
      claim(c, &names, d->js, d->at, kinds[d->kind]);
      for (int k = 0; k < d->enumerators.count; k++)
        if (d->enumerators.at[k].js && !d->enumerators.at[k].duplicate)
          claim(c, &names, d->enumerators.at[k].js, d->enumerators.at[k].at, "enumerator");
    }
  for (int i = 0; i < c->main->decls.count; i++) {
    decl *d = c->main->decls.at[i];
    map methods = {0}, statics = {0};
    for (int k = 0; k < d->fields.count && d->kind == D_HANDLE && !d->is_inline; k++)
      if (d->fields.at[k].name)
        claim(c, &methods, d->fields.at[k].name, d->fields.at[k].at, "field");
    bool first = true;
    for (int k = 0; k < d->functions.count; k++) {
      decl *f = d->functions.at[k];
      bool is_new = f->function == FN_CONSTRUCTOR && first;
      if (is_new) first = false;
      if (is_new || !f->js || f->internal || f->duplicate) continue;
      bool on_class = f->function == FN_STATIC || f->function == FN_CONSTRUCTOR;
      if (strcmp(f->js, on_class ? "prototype" : "constructor") == 0) {
        ist__idl_error(c, f->at, "every class in JavaScript has a '%s': say [[name(…)]]", f->js);
        continue;
      }
      claim(c, on_class ? &statics : &methods, f->js, f->at, "function");
    }
  }
}

static void each(compiler *c, decl_kind kind, void (*check)(compiler *, decl *)) {
  for (int m = 0; m < c->modules.count; m++) {
    const decl_list *list = &c->modules.at[m]->decls;
    for (int i = 0; i < list->count; i++) {
      if (list->at[i]->kind == kind) check(c, list->at[i]);
      if (kind != D_FUNCTION) continue;
      for (int k = 0; k < list->at[i]->functions.count; k++) check(c, list->at[i]->functions.at[k]);
    }
  }
}

static void prepare_callback(compiler *c, decl *d) {
  ist__idl_attrs_check(c, &d->attrs, ON_CALLBACK);
  d->is_pointer = ist__idl_attr_find(&d->attrs, AT_POINTER) != NULL;
  d->no_reenter = ist__idl_attr_find(&d->attrs, AT_NO_REENTER) != NULL;
}

static void resolve_fields(compiler *c, decl *d) {
  if (d->kind == D_STRUCT) ist__idl_attrs_check(c, &d->attrs, ON_STRUCT);
  for (int i = 0; i < d->fields.count; i++) {
    ist__idl_attrs_check(c, &d->fields.at[i].attrs, ON_FIELD);
    // What nobody may touch need not be known.
    const ctype *t = d->fields.at[i].type;
    if (t->kind == T_POINTER && ist__idl_attr_has(&d->fields.at[i].attrs, AT_OPAQUE)) continue;
    ist__idl_type_resolve(c, d->fields.at[i].type, d->module);
    if (ist__idl_type_strip(d->fields.at[i].type)->kind == T_BAD) d->fields.at[i].bad = true;
  }
}

// `free` can always be named by [[own(free)]].
static void make_free(compiler *c) {
  decl *d = NEW(c, decl);
  d->kind = D_FUNCTION;
  d->name = d->symbol = d->js = "free";
  d->index = d->self = -1;
  d->module = c->main;
  d->internal = d->classified = true;
  d->type = NEW(c, ctype);
  d->type->kind = T_VOID;
  param *p = NEW(c, param), *r = NEW(c, param);
  p->name = "ptr";
  p->attrs = &p->own_attrs;
  p->type = NEW(c, ctype);
  p->type->kind = T_POINTER;
  p->type->to = d->type;
  p->arg = p->of = p->data = p->destroy = p->parent = p->within = -1;
  *r = *p;
  r->name = NULL;
  p->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
  r->dtype = ist__idl_dtype_simple(c, DT_VOID, NULL);
  PUSH(c, d->params, p);
  d->result = r;
  c->free_function = d;
}

void ist__idl_check(compiler *c) {
  make_free(c);
  for (int i = 0; i < c->modules.count; i++) declare_all(c, c->modules.at[i]);
  each(c, D_HANDLE, prepare_handle);
  each(c, D_CALLBACK, prepare_callback);
  each(c, D_TYPEDEF, check_typedef);
  each(c, D_ENUM, check_enum);
  each(c, D_CONST, check_const);
  each(c, D_STRUCT, resolve_fields);
  each(c, D_HANDLE, resolve_fields);
  each(c, D_STRUCT, check_struct);
  each(c, D_HANDLE, check_handle);
  each(c, D_CALLBACK, ist__idl_classify);
  each(c, D_FUNCTION, ist__idl_classify);
  each(c, D_CALLBACK, ist__idl_check_callback);
  each(c, D_ERROR, ist__idl_check_error);
  each(c, D_FUNCTION, ist__idl_check_function);
  check_names(c);
}
