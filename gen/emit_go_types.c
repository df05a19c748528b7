// Types in Go: numbers of C's width, enums as types with their values as constants, and which way
// each travels to C.
#include "emit_go.h"

const dtype *ist__go_element(const param *p) {
  return p->role == ROLE_CELL || p->role == ROLE_BUFFER || p->role == ROLE_VIEW ? p->dtype->to
                                                                                : p->dtype;
}

bool ist__go_is_struct(const dtype *t) {
  return t->kind == DT_STRUCT || (t->kind == DT_REF && t->to->kind == DT_STRUCT);
}

const decl *ist__go_struct_of(const dtype *t) {
  return t->kind == DT_STRUCT ? t->decl : t->to->decl;
}

bool ist__go_is_handle(const dtype *t) {
  return t->kind == DT_REF && t->to->kind == DT_HANDLE;
}

bool ist__go_is_number(const dtype *t) {
  return t->kind == DT_INT || t->kind == DT_BOOL || t->kind == DT_FLOAT || t->kind == DT_ENUM;
}

static bool is_signed(go_emitter *e, const dtype *t) {
  if (t->kind == DT_INT) return t->scalar->is_signed[e->c->target];
  const decl *d = t->decl;
  return d->type ? ist__idl_type_strip(d->type)->scalar->is_signed[e->c->target]
                 : ist__idl_enum_signed(d);
}

static const char *integer(go_emitter *e, const dtype *t) {
  return TEXT("%sint%d", is_signed(e, t) ? "" : "u", (int)t->size * 8);
}

const char *ist__go_type(go_emitter *e, const dtype *t) {
  switch (t->kind) {
  case DT_INT: return t->name && strcmp(t->name, "void *") == 0 ? "uintptr" : integer(e, t);
  case DT_BOOL: return "bool";
  case DT_FLOAT: return t->size == 4 ? "float32" : "float64";
  case DT_ENUM:
  case DT_STRUCT: return ist__go_type_name(e, t->decl);
  case DT_REF: return TEXT("*%s", ist__go_type_name(e, t->to->decl));
  case DT_STRING: return "string";
  case DT_VOID: return "byte";
  case DT_ARRAY:
    if (t->text) return "string";
    return TEXT("[%lld]%s", (long long)t->count, ist__go_type(e, t->to));
  case DT_POINTER: return TEXT("[]%s", ist__go_type(e, t->to));
  case DT_CALLBACK: return ist__go_callback_signature(e, t->decl);
  default: return "any";
  }
}

const char *ist__go_wire(go_emitter *e, const dtype *t) {
  switch (t->kind) {
  case DT_INT:
  case DT_ENUM: return TEXT("%s_t", integer(e, t));
  case DT_BOOL: return "bool";
  case DT_FLOAT: return t->size == 4 ? "float" : "double";
  default: return "uintptr_t";
  }
}

const char *ist__go_to_c(go_emitter *e, const dtype *t, const char *value) {
  return TEXT("C.%s(%s)", ist__go_wire(e, t), value);
}

const char *ist__go_from_c(go_emitter *e, const dtype *t, const char *value) {
  return TEXT("%s(%s)", ist__go_type(e, t), value);
}

bool ist__go_is_closed(const dtype *t) {
  return t->kind == DT_ENUM && !t->decl->is_open && t->decl->enumerators.count;
}

// --- enums ---

static bool is_first_of_value(const decl *d, int i) {
  for (int k = 0; k < i; k++)
    if (d->enumerators.at[k].value == d->enumerators.at[i].value) return false;
  return true;
}

static void enum_values(go_emitter *e, decl *d, const char *type) {
  if (!d->enumerators.count) return;
  GO("// Values of %s.\nconst (\n", type);
  int width = 0;
  for (int i = 0; i < d->enumerators.count; i++) {
    const enumerator *n = &d->enumerators.at[i];
    const char *name = ist__go_constant(e, n->js ? n->js : n->name);
    ist__go_claim(e, name, TEXT("'%s'", n->name), n->at);
    if (n->doc) continue;
  }
  for (int i = 0, end = 0; i < d->enumerators.count; i++) {
    enumerator *n = &d->enumerators.at[i];
    // gofmt aligns lines that no comment parts.
    if (i >= end) {
      width = 0;
      for (end = i; end < d->enumerators.count && (end == i || !d->enumerators.at[end].doc);
           end++) {
        const char *name = ist__go_constant(
            e, d->enumerators.at[end].js ? d->enumerators.at[end].js : d->enumerators.at[end].name);
        if ((int)strlen(name) > width) width = (int)strlen(name);
      }
    }
    ist__go_doc(e, "\t", NULL, n->doc, &n->attrs);
    GO("\t%-*s %s = %s\n", width, ist__go_constant(e, n->js ? n->js : n->name), type,
       ist__idl_wide_text(e->c, n->value));
  }
  GO(")\n\n");
}

static void enum_string(go_emitter *e, const decl *d, const char *type) {
  GO("// String gives the name of a value as C spells it.\n");
  GO("func (v %s) String() string {\n", type);
  if (d->is_flags) {
    GO("\treturn clib.FlagNames(uint64(v), []clib.Flag{\n");
    for (int i = 0; i < d->enumerators.count; i++)
      GO("\t\t{Name: \"%s\", Value: %s},\n", d->enumerators.at[i].name,
         ist__idl_wide_text(e->c, d->enumerators.at[i].value));
    GO("\t})\n}\n\n");
    return;
  }
  GO("\tswitch v {\n");
  for (int i = 0; i < d->enumerators.count; i++)
    if (is_first_of_value(d, i))
      GO("\tcase %s:\n\t\treturn \"%s\"\n", ist__idl_wide_text(e->c, d->enumerators.at[i].value),
         d->enumerators.at[i].name);
  GO("\t}\n\treturn clib.NoName(\"%s\", int64(v))\n}\n\n", d->js);
}

static void enum_check(go_emitter *e, const decl *d, const char *type) {
  buffer names = {0};
  for (int i = 0; i < d->enumerators.count && i <= 12; i++)
    ist__idl_buffer_add(e->c, &names, "%s%s", i ? ", " : "",
                        i == 12                   ? "…"
                        : d->enumerators.at[i].js ? d->enumerators.at[i].js
                                                  : d->enumerators.at[i].name);
  GO("func (v %s) check(f *clib.Function, parameter string) error {\n", type);
  if (d->is_flags) {
    wide all = 0;
    for (int i = 0; i < d->enumerators.count; i++) all |= d->enumerators.at[i].value;
    GO("\tif v&^%s == 0 {\n\t\treturn nil\n\t}\n", ist__idl_wide_text(e->c, all));
  } else {
    GO("\tswitch v {\n\tcase ");
    bool first = true;
    for (int i = 0; i < d->enumerators.count; i++) {
      if (!is_first_of_value(d, i)) continue;
      GO("%s%s", first ? "" : ", ", ist__idl_wide_text(e->c, d->enumerators.at[i].value));
      first = false;
    }
    GO(":\n\t\treturn nil\n\t}\n");
  }
  GO("\treturn f.OutOfRange(parameter, \"%s%s\", int64(v))\n}\n\n",
     d->is_flags ? "a combination of " : "one of ", names.at);
}

static void emit_enum(go_emitter *e, decl *d) {
  dtype *t = ist__idl_dtype_decl(e->c, DT_ENUM, d);
  const char *type = ist__go_type_name(e, d);
  ist__go_claim(e, type, TEXT("the type '%s'", d->name), d->at);
  ist__go_doc(e, "", type, d->doc, &d->attrs);
  GO("type %s %s\n\n", type, integer(e, t));
  enum_values(e, d, type);
  enum_string(e, d, type);
  if (ist__go_is_closed(t)) enum_check(e, d, type);
}

void ist__go_types(go_emitter *e) {
  const decl_list *list = &e->c->main->decls;
  // Structs may have functions in them.
  for (int i = 0; i < list->count; i++)
    if (list->at[i]->kind == D_CALLBACK) ist__go_callback_type(e, list->at[i]);
  for (int i = 0; i < list->count; i++) {
    decl *d = list->at[i];
    if (d->duplicate) continue;
    if (d->kind == D_ENUM) emit_enum(e, d);
    if (d->kind == D_STRUCT) ist__go_struct(e, d);
    if (d->kind == D_ERROR) ist__go_bundle(e, d);
  }
  for (int i = 0; i < list->count; i++)
    if (list->at[i]->kind == D_HANDLE) ist__go_handle(e, list->at[i]);
}

// --- constants ---

static const char *constant_text(go_emitter *e, const expr *x) {
  if (x->kind == X_INT) return ist__idl_wide_text(e->c, x->integer);
  if (x->kind == X_FLOAT) return TEXT("%.17g", x->real);
  return ist__go_quoted(e, x->text, x->text_len);
}

// Those that stand together in the interface file stand together in Go.
void ist__go_constants(go_emitter *e) {
  const decl_list *list = &e->c->main->decls;
  for (int i = 0; i < list->count;) {
    decl *d = list->at[i];
    if (d->kind != D_CONST) {
      i++;
      continue;
    }
    int end = i, width = 0;
    for (; end < list->count && list->at[end]->kind == D_CONST; end++) {
      const char *doc = list->at[end]->doc;
      if (end > i && doc && (!d->doc || strcmp(doc, d->doc) != 0)) break;
      int len = (int)strlen(ist__go_constant(e, list->at[end]->js));
      if (len > width) width = len;
    }
    ist__go_doc(e, "", NULL, d->doc ? d->doc : "Constants of C.", NULL);
    GO("const (\n");
    for (; i < end; i++) {
      const char *name = ist__go_constant(e, list->at[i]->js);
      ist__go_claim(e, name, TEXT("the constant '%s'", list->at[i]->name), list->at[i]->at);
      GO("\t%-*s = %s\n", width, name, constant_text(e, list->at[i]->value));
    }
    GO(")\n\n");
  }
}
