// The descriptor, as docs/descriptor.md says. Tables are filled in the order of the interface file
// and by first use, so that the same text always gives the same descriptor.
#include <cJSON.h>
#include <stdlib.h>

#include "compiler.h"

typedef struct {
  compiler *c;
  cJSON *root, *types, *functions, *errors;
  LIST(dtype *) type_list;
  decl_list error_list;
} emitter;

static cJSON *emit_expr(emitter *e, const expr *x);
static cJSON *emit_param(emitter *e, const decl *f, const param *p);

static int type_index(emitter *e, dtype *t) {
  if (t->index < 0) {
    t->index = e->type_list.count;
    PUSH(e->c, e->type_list, t);
  }
  return t->index;
}

static int function_index(emitter *e, decl *f) {
  if (f->index < 0) {
    f->index = e->c->functions.count;
    // What an import describes serves expressions here, and is no export of this library.
    if (f->module != e->c->main) f->internal = true;
    PUSH(e->c, e->c->functions, f);
  }
  return f->index;
}

static int error_index(emitter *e, decl *d) {
  if (d->index < 0) {
    d->index = e->error_list.count;
    PUSH(e->c, e->error_list, d);
  }
  return d->index;
}

static void add_text(cJSON *o, const char *key, const char *value) {
  if (value) cJSON_AddStringToObject(o, key, value);
}

static void add_flag(cJSON *o, const char *key, bool value) {
  if (value) cJSON_AddTrueToObject(o, key);
}

static void add_int(cJSON *o, const char *key, int64_t value) {
  cJSON_AddNumberToObject(o, key, (double)value);
}

static void add_expr(emitter *e, cJSON *o, const char *key, const expr *x) {
  if (x) cJSON_AddItemToObject(o, key, emit_expr(e, x));
}

static const char *encoding_name(encoding text) {
  static const char *const names[] = {NULL, "utf8", "latin1", "utf16"};
  return names[text];
}

static void add_doc(emitter *e, cJSON *o, const char *doc, attr_list *attrs) {
  attr *a = attrs ? ist__idl_attr_find(attrs, AT_DOC) : NULL;
  if (!a) {
    add_text(o, "doc", doc);
  } else if (a->args.at[0]->kind == X_STRING) {
    const char *more = a->args.at[0]->text;
    add_text(o, "doc", doc ? ist__idl_format(e->c, "%s\n%s", doc, more) : more);
  }
}

const char *ist__idl_wide_text(compiler *c, wide value) {
  char digits[48];
  size_t at = sizeof digits;
  bool negative = value < 0;
  unsigned __int128 rest = negative ? -(unsigned __int128)value : (unsigned __int128)value;
  digits[--at] = '\0';
  do digits[--at] = (char)('0' + (int)(rest % 10));
  while (rest /= 10);
  if (negative) digits[--at] = '-';
  return ist__idl_text(c, digits + at, sizeof digits - at - 1);
}

static cJSON *emit_list(emitter *e, const expr_list *list) {
  cJSON *a = cJSON_CreateArray();
  for (int i = 0; i < list->count; i++) cJSON_AddItemToArray(a, emit_expr(e, list->at[i]));
  return a;
}

static cJSON *emit_expr(emitter *e, const expr *x) {
  cJSON *o = cJSON_CreateObject();
  switch (x->kind) {
  case X_INT: add_text(o, "int", ist__idl_wide_text(e->c, x->integer)); break;
  case X_FLOAT: cJSON_AddNumberToObject(o, "float", x->real); break;
  case X_STRING: add_text(o, "string", x->text); break;
  case X_NULL: add_flag(o, "null", true); break;
  case X_ARG: add_int(o, "arg", x->index); break;
  case X_TYPE_ARG: add_int(o, "type_arg", x->index); break;
  case X_DEREF: add_expr(e, o, "deref", x->a); break;
  case X_RESULT: add_flag(o, "result", true); break;
  case X_ERRNO: add_flag(o, "errno", true); break;
  case X_MESSAGE: add_flag(o, "message", true); break;
  case X_CALL:
    add_int(o, "call", function_index(e, x->callee));
    cJSON_AddItemToObject(o, "args", emit_list(e, &x->args));
    break;
  default:
    add_text(o, "op", x->kind == X_COND ? "?" : x->op);
    add_expr(e, o, "a", x->a);
    add_expr(e, o, "b", x->b);
    add_expr(e, o, "c", x->c);
    break;
  }
  return o;
}

// cJSON makes nothing of an empty array.
static void add_all_indexes(cJSON *o, const char *key, const int_list *list) {
  cJSON *a = cJSON_AddArrayToObject(o, key);
  for (int i = 0; i < list->count; i++) cJSON_AddItemToArray(a, cJSON_CreateNumber(list->at[i]));
}

static void add_indexes(cJSON *o, const char *key, const int_list *list) {
  if (list->count) add_all_indexes(o, key, list);
}

static void add_functions(emitter *e, cJSON *o, const char *key, const decl_list *list) {
  if (!list->count) return;
  cJSON *a = cJSON_AddArrayToObject(o, key);
  for (int i = 0; i < list->count; i++)
    cJSON_AddItemToArray(a, cJSON_CreateNumber(function_index(e, list->at[i])));
}

static void add_scope(emitter *e, cJSON *o, const param *p) {
  if (!p->scope) return;
  cJSON *s = cJSON_AddObjectToObject(o, "scope");
  add_text(s, "kind", p->scope);
  add_functions(e, s, "functions", &p->scope_functions);
  add_flag(s, "replaced", p->replaced);
}

static cJSON *emit_param(emitter *e, const decl *f, const param *p) {
  static const char *const roles[] = {"value", "buffer",  "cell", "fixed",
                                      "data",  "destroy", "view"};
  static const char *const dirs[] = {"in", "out", "inout"};
  cJSON *o = cJSON_CreateObject();
  bool is_input = p->name && p->arg >= 0;
  add_text(o, "name", p->js ? p->js : p->name);
  add_int(o, "type", type_index(e, p->dtype));
  add_text(o, "role", roles[p->role]);
  if (p->dir != DIR_IN) add_text(o, "dir", dirs[p->dir]);
  add_flag(o, "null", p->null);
  add_flag(o, "element_null", p->element_null);
  add_expr(e, o, "default", p->default_value);
  if (is_input && f->kind == D_FUNCTION) add_int(o, "arg", p->arg);
  add_indexes(o, "lengths", &p->lengths);
  add_expr(e, o, "min", p->min);
  add_expr(e, o, "max", p->max);
  add_expr(e, o, "count", p->count);
  add_flag(o, "terminated", p->terminated);
  add_expr(e, o, "size", p->size);
  add_expr(e, o, "filled", p->filled);
  add_text(o, "text", encoding_name(p->text));
  add_expr(e, o, "value", p->fixed);
  if (p->own) {
    cJSON *own = cJSON_AddObjectToObject(o, "own");
    if (p->own_free) add_int(own, "free", function_index(e, p->own_free));
    add_flag(own, "always", p->own_always);
  }
  add_flag(o, "take", p->take);
  add_indexes(o, "keeps", &p->keeps);
  add_functions(e, o, "until", &p->until);
  if (p->parent >= 0) add_int(o, "parent", p->parent);
  add_flag(o, "copy", p->copy);
  if (p->within >= 0) add_int(o, "within", p->within);
  add_flag(o, "error_text", p->error_text);
  add_scope(e, o, p);
  if (p->data >= 0) add_int(o, "data", p->data);
  if (p->destroy >= 0) add_int(o, "destroy", p->destroy);
  if (p->of >= 0) add_int(o, "of", p->of);
  add_expr(e, o, "on_throw", p->on_throw);
  if (p->type_args.count) cJSON_AddItemToObject(o, "type_args", emit_list(e, &p->type_args));
  if (!p->name) add_flag(o, "hidden", p->hidden);
  add_text(o, "doc", p->doc);
  return o;
}

static void add_params(emitter *e, cJSON *o, const decl *d) {
  cJSON *a = cJSON_AddArrayToObject(o, "params");
  for (int i = 0; i < d->params.count; i++)
    cJSON_AddItemToArray(a, emit_param(e, d, d->params.at[i]));
  cJSON_AddItemToObject(o, "result", emit_param(e, d, d->result));
  add_all_indexes(o, "args", &d->args);
}

// What a field says of the function that JavaScript may store in it.
static void add_use(emitter *e, cJSON *m, const param *p, const int *entry) {
  cJSON *o = cJSON_AddObjectToObject(m, "callback");
  add_flag(o, "null", p->null);
  add_scope(e, o, p);
  if (p->data >= 0) add_int(o, "data", entry[p->data]);
  if (p->destroy >= 0) add_int(o, "destroy", entry[p->destroy]);
  add_expr(e, o, "on_throw", p->on_throw);
}

static void add_tag(emitter *e, cJSON *m, const field *f, const int *entry) {
  cJSON *o = cJSON_AddObjectToObject(m, f->variants.count ? "as" : "when");
  add_int(o, "field", entry[f->tag]);
  cJSON *list = cJSON_AddArrayToObject(o, f->variants.count ? "cases" : "values");
  for (int i = 0; i < f->when.count; i++)
    cJSON_AddItemToArray(list, cJSON_CreateString(ist__idl_wide_text(e->c, f->when.at[i])));
  for (int i = 0; i < f->variants.count; i++) {
    const decl *of = f->dtype->decl;
    cJSON *v = cJSON_CreateObject();
    int member = 0;
    for (int k = 0; k < f->variants.at[i].member; k++) member += of->fields.at[k].name != NULL;
    add_text(v, "value", ist__idl_wide_text(e->c, f->variants.at[i].value));
    add_int(v, "member", member);
    cJSON_AddItemToArray(list, v);
  }
}

static void emit_fields(emitter *e, cJSON *o, decl *d) {
  cJSON *a = cJSON_AddArrayToObject(o, "fields");
  // Padding has no entry, so that `len` counts entries.
  int *entry = ist__idl_alloc(e->c, (size_t)(1 + d->fields.count) * sizeof *entry);
  for (int i = 0, n = 0; i < d->fields.count; i++) entry[i] = d->fields.at[i].name ? n++ : -1;
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    if (!f->name) continue;
    cJSON *m = cJSON_CreateObject();
    add_text(m, "name", f->name);
    add_int(m, "type", type_index(e, f->dtype));
    if (f->is_bits) {
      add_int(m, "bit_offset", f->bit_offset);
      add_int(m, "bit_width", f->bit_width);
    } else {
      add_int(m, "offset", f->offset);
    }
    if (f->len >= 0) add_int(m, "len", entry[f->len]);
    add_text(m, "text", encoding_name(f->text));
    add_flag(m, "readonly", f->readonly);
    if (f->group >= 0) add_int(m, "union", f->group);
    if (f->tag >= 0) add_tag(e, m, f, entry);
    if (f->use) add_use(e, m, f->use, entry);
    add_expr(e, m, "value", f->fixed);
    add_doc(e, m, f->doc, &f->attrs);
    cJSON_AddItemToArray(a, m);
  }
}

static void emit_handle(emitter *e, cJSON *o, decl *d) {
  decl_list by_kind[5] = {0};
  // A handle of another library is a type here, not a class with functions.
  for (int i = 0; i < d->functions.count && d->module == e->c->main; i++)
    if (!d->functions.at[i]->internal)
      PUSH(e->c, by_kind[d->functions.at[i]->function], d->functions.at[i]);
  add_text(o, "name", d->js);
  add_text(o, "c", ist__idl_c_name(e->c, d));
  add_flag(o, "inline", d->is_inline);
  add_int(o, "size", d->size);
  add_int(o, "align", d->align);
  add_flag(o, "pointers", d->has_pointers);
  add_flag(o, "no_reenter", d->no_reenter);
  if (d->depth) add_int(o, "depth", d->depth);
  if (d->has_fields) emit_fields(e, o, d);
  add_functions(e, o, "constructors", &by_kind[FN_CONSTRUCTOR]);
  if (d->destructor) add_int(o, "destructor", function_index(e, d->destructor));
  add_functions(e, o, "methods", &by_kind[FN_METHOD]);
  add_functions(e, o, "statics", &by_kind[FN_STATIC]);
  add_doc(e, o, d->doc, &d->attrs);
}

static void emit_enum(emitter *e, cJSON *o, dtype *t) {
  decl *d = t->decl;
  bool is_signed = d->type ? ist__idl_type_strip(d->type)->scalar->is_signed[e->c->target]
                           : ist__idl_enum_signed(d);
  add_text(o, "name", d->js);
  add_int(o, "size", d->size);
  add_int(o, "align", d->align);
  cJSON_AddBoolToObject(o, "signed", is_signed);
  add_flag(o, "flags", d->is_flags);
  add_flag(o, "open", d->is_open);
  cJSON *values = cJSON_AddArrayToObject(o, "values");
  for (int i = 0; i < d->enumerators.count; i++) {
    enumerator *n = &d->enumerators.at[i];
    cJSON *v = cJSON_CreateObject();
    add_text(v, "name", n->js);
    if (n->value > -((wide)1 << 53) && n->value < (wide)1 << 53)
      add_int(v, "value", (int64_t)n->value);
    else
      add_text(v, "value", ist__idl_wide_text(e->c, n->value));
    add_doc(e, v, n->doc, &n->attrs);
    cJSON_AddItemToArray(values, v);
  }
  add_doc(e, o, d->doc, &d->attrs);
}

static cJSON *emit_type(emitter *e, dtype *t) {
  static const char *const kinds[] = {"void",  "int",    "bool", "float",  "enum",     "struct",
                                      "array", "handle", "ref",  "string", "callback", "pointer"};
  cJSON *o = cJSON_CreateObject();
  decl *d = t->decl;
  add_text(o, "kind", kinds[t->kind]);
  switch (t->kind) {
  case DT_VOID: return o;
  case DT_INT:
    add_text(o, "name", t->name);
    cJSON_AddBoolToObject(o, "signed", t->scalar->is_signed[e->c->target]);
    add_text(o, "js", t->bigint ? "bigint" : "number");
    break;
  case DT_FLOAT: add_text(o, "name", t->name); break;
  case DT_BOOL: break;
  case DT_ENUM: emit_enum(e, o, t); return o;
  case DT_STRUCT:
    add_text(o, "name", d->js);
    add_text(o, "c", d->outer ? d->name : ist__idl_c_name(e->c, d));
    add_flag(o, "union", d->is_union);
    add_int(o, "size", d->size);
    add_int(o, "align", d->align);
    add_flag(o, "pointers", d->has_pointers);
    emit_fields(e, o, d);
    add_doc(e, o, d->doc, &d->attrs);
    return o;
  case DT_HANDLE: emit_handle(e, o, d); return o;
  case DT_ARRAY:
    add_int(o, "of", type_index(e, t->to));
    add_int(o, "count", t->count);
    add_text(o, "text", encoding_name(t->text));
    break;
  case DT_REF:
  case DT_POINTER:
    add_int(o, "to", type_index(e, t->to));
    add_flag(o, "const", t->is_const);
    break;
  case DT_STRING: add_text(o, "encoding", encoding_name(t->text)); break;
  case DT_CALLBACK: {
    add_text(o, "name", d->name);
    if (d->type_params.count) {
      cJSON *a = cJSON_AddArrayToObject(o, "type_params");
      for (int i = 0; i < d->type_params.count; i++)
        cJSON_AddItemToArray(a, cJSON_CreateString(d->type_params.at[i]->name));
    }
    add_params(e, o, d);
    add_flag(o, "no_reenter", d->no_reenter);
    add_doc(e, o, d->doc, &d->attrs);
    return o;
  }
  }
  add_int(o, "size", t->size);
  add_int(o, "align", t->align);
  return o;
}

static void add_strings(cJSON *o, const char *key, const char *const *at, int count) {
  cJSON *a = cJSON_AddArrayToObject(o, key);
  for (int i = 0; i < count; i++) cJSON_AddItemToArray(a, cJSON_CreateString(at[i]));
}

static cJSON *emit_function(emitter *e, decl *f) {
  static const char *const kinds[] = {"function", "method", "static", "constructor", "destructor"};
  cJSON *o = cJSON_CreateObject();
  bool member = f->owner && f->module == e->c->main;
  add_text(o, "name", f->js);
  add_text(o, "c", f->name);
  add_text(o, "symbol", f->symbol);
  add_text(o, "kind", kinds[member ? f->function : FN_FUNCTION]);
  if (member) add_int(o, "owner", type_index(e, ist__idl_dtype_decl(e->c, DT_HANDLE, f->owner)));
  if (member && f->self >= 0) add_int(o, "self", f->self);
  add_flag(o, "hidden", f->internal);
  add_flag(o, "optional", f->optional);
  add_flag(o, "no_reenter", f->no_reenter);
  if (f->tags.count) add_strings(o, "tags", f->tags.at, f->tags.count);
  add_text(o, "unsafe", f->unsafe);
  add_params(e, o, f);
  add_int(o, "required", f->required);
  add_all_indexes(o, "outputs", &f->outputs);
  if (f->throws) {
    cJSON *t = cJSON_AddObjectToObject(o, "throws");
    add_int(t, "error", error_index(e, f->throws));
    cJSON_AddItemToObject(t, "args", emit_list(e, &f->throw_args));
    if (f->except.count) cJSON_AddItemToObject(t, "except", emit_list(e, &f->except));
  }
  add_flag(o, "errno", f->captures_errno);
  add_doc(e, o, f->doc, &f->attrs);
  return o;
}

static cJSON *emit_error(emitter *e, decl *d) {
  cJSON *o = cJSON_CreateObject();
  add_text(o, "name", d->js);
  cJSON *params = cJSON_AddArrayToObject(o, "params");
  for (int i = 0; i < d->params.count; i++) {
    cJSON *p = cJSON_CreateObject();
    add_text(p, "name", d->params.at[i]->name);
    add_int(p, "type", type_index(e, d->params.at[i]->dtype));
    cJSON_AddItemToArray(params, p);
  }
  add_expr(e, o, "ok", d->ok);
  add_expr(e, o, "fail", d->fail);
  add_expr(e, o, "code", d->code);
  add_expr(e, o, "message", d->message);
  add_expr(e, o, "cleanup", d->cleanup);
  add_doc(e, o, d->doc, &d->attrs);
  return o;
}

// A name with a slash is a file beside the interface file, wherever the program runs that loads it.
static const char *link_path(emitter *e, const char *name) {
  const source *s = e->c->main->source;
  const char *file = s->path ? s->path : s->name, *slash = strrchr(file, '/');
  if (name[0] == '/' || !strchr(name, '/')) return name;
  const char *folder =
      slash ? ist__idl_format(e->c, "%.*s", (int)(slash - file) + (slash == file), file) : ".";
  char *real = realpath(folder, NULL);
  if (strncmp(name, "./", 2) == 0) name += 2;
  const char *path = ist__idl_format(e->c, "%s/%s", real ? real : folder, name);
  free(real);
  return path;
}

// Everything that this file declares, in its order; what it only uses follows by itself.
static void collect(emitter *e) {
  compiler *c = e->c;
  const decl_list *list = &c->main->decls;
  cJSON *constants = cJSON_AddArrayToObject(e->root, "constants");
  for (int i = 0; i < list->count; i++) {
    decl *d = list->at[i];
    switch (d->kind) {
    case D_ENUM: type_index(e, ist__idl_dtype_decl(c, DT_ENUM, d)); break;
    case D_STRUCT: type_index(e, ist__idl_dtype_decl(c, DT_STRUCT, d)); break;
    case D_HANDLE: type_index(e, ist__idl_dtype_decl(c, DT_HANDLE, d)); break;
    case D_FUNCTION: function_index(e, d); break;
    case D_ERROR: error_index(e, d); break;
    case D_CALLBACK:
      // A type of the header's own is told even where nothing uses it by this name.
      if (d->is_pointer) type_index(e, ist__idl_dtype_decl(c, DT_CALLBACK, d));
      break;
    case D_CONST: {
      cJSON *o = cJSON_CreateObject();
      dtype *t = ist__idl_dtype_value(c, d->type, NULL);
      if (!t) t = ist__idl_dtype_string(c, ENC_UTF8);
      add_text(o, "name", d->js);
      add_int(o, "type", type_index(e, t));
      add_expr(e, o, "value", d->value);
      add_doc(e, o, d->doc, &d->attrs);
      cJSON_AddItemToArray(constants, o);
      break;
    }
    default: break;
    }
    for (int k = 0; k < d->functions.count; k++) function_index(e, d->functions.at[k]);
  }
}

char *ist__idl_emit_descriptor(compiler *c) {
  emitter e = {.c = c};
  module *m = c->main;
  e.root = cJSON_CreateObject();
  add_int(e.root, "isthmus", 1);
  add_text(e.root, "library", m->name);
  add_text(e.root, "target", c->target ? "aarch64-linux" : "x86_64-linux");
  add_text(e.root, "doc", m->doc);
  cJSON *link = cJSON_AddArrayToObject(e.root, "link");
  for (int i = 0; i < m->link.count; i++)
    cJSON_AddItemToArray(link, cJSON_CreateString(link_path(&e, m->link.at[i])));
  if (!m->link.count) cJSON_AddItemToArray(link, cJSON_CreateString(""));
  add_strings(e.root, "headers", m->headers.at, m->headers.count);
  e.types = cJSON_CreateArray();
  e.errors = cJSON_CreateArray();
  e.functions = cJSON_CreateArray();
  collect(&e);
  // Each table's entries may name new entries of the others, until all are emitted.
  for (int t = 0, f = 0, x = 0;
       t < e.type_list.count || f < c->functions.count || x < e.error_list.count;) {
    while (f < c->functions.count)
      cJSON_AddItemToArray(e.functions, emit_function(&e, c->functions.at[f++]));
    while (x < e.error_list.count)
      cJSON_AddItemToArray(e.errors, emit_error(&e, e.error_list.at[x++]));
    while (t < e.type_list.count) cJSON_AddItemToArray(e.types, emit_type(&e, e.type_list.at[t++]));
  }
  cJSON_AddItemToObject(e.root, "types", e.types);
  cJSON_AddItemToObject(e.root, "errors", e.errors);
  cJSON_AddItemToObject(e.root, "functions", e.functions);
  char *text = cJSON_Print(e.root);
  cJSON_Delete(e.root);
  if (!text) return NULL;
  size_t len = strlen(text);
  char *out = malloc(len + 2);
  if (out) {
    memcpy(out, text, len);
    memcpy(out + len, "\n", 2);
  }
  cJSON_free(text);
  return out;
}
