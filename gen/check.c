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

static void check_field_names(compiler *c, const decl *d) {
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    for (int j = 0; j < i && f->name; j++)
      if (d->fields.at[j].name && strcmp(f->name, d->fields.at[j].name) == 0) {
        ist__idl_error(c, f->at, "the field '%s' is declared twice", f->name);
        ist__idl_note(c, d->fields.at[j].at, "it was first declared here");
      }
  }
}

// Fields of a struct or handle: layout first, then what JavaScript sees of each.
void ist__idl_check_struct(compiler *c, decl *d) {
  if (d->checked) return;
  d->checked = true;
  d->js = ist__idl_check_js_name(c, d);
  if (!ist__idl_layout_struct(c, d)) {
    check_field_names(c, d);
    return;
  }
  check_field_names(c, d);
  ist__idl_descend(c, d->at);
  ist__idl_companions_read(c, d);
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    if (f->name && !ist__idl_field_type(c, d, f)) f->bad = true;
  }
  ist__idl_check_variants(c, d);
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    if (f->name && !f->bad && !f->use) ist__idl_attrs_unused(c, &f->attrs, "this field");
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
    ist__idl_check_struct(c, d);
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
    if (d->fields.at[i].anonymous) {
      d->fields.at[i].anonymous->module = d->module;
      ist__idl_attrs_unused(c, &d->fields.at[i].attrs, "a member without a name");
      resolve_fields(c, d->fields.at[i].anonymous);
      continue;
    }
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
  each(c, D_STRUCT, ist__idl_check_struct);
  each(c, D_HANDLE, check_handle);
  each(c, D_CALLBACK, ist__idl_classify);
  each(c, D_FUNCTION, ist__idl_classify);
  each(c, D_STRUCT, ist__idl_check_members);
  each(c, D_CALLBACK, ist__idl_check_callback);
  each(c, D_ERROR, ist__idl_check_error);
  each(c, D_FUNCTION, ist__idl_check_function);
  check_names(c);
}
