// What a function takes and gives in Go: names, types, defaults.
#include "emit_go_call.h"

const char *ist__go_js(const param *p) {
  return p->js ? p->js : p->name;
}

const char *ist__go_name_of(go_emitter *e, const decl *f, int i) {
  return i == f->self ? "self" : ist__go_local(e, ist__go_js(f->params.at[i]));
}

bool ist__go_is_text(const param *p) {
  return p->role == ROLE_BUFFER && p->text && p->dir == DIR_IN;
}

const char *ist__go_article(go_emitter *e, const char *name) {
  return TEXT("%s %s", strchr("AEIOaeio", name[0]) ? "an" : "a", name);
}

void ist__go_refuse(go_emitter *e, const decl *f, const param *p, const char *what) {
  ist__idl_error(e->c, p && p->name ? p->at : f->at, "Go: not supported yet: %s", what);
}

// --- literals ---

const char *ist__go_literal(go_emitter *e, const expr *x, const dtype *t, bool null) {
  if (x->kind == X_NULL) return "nil";
  const char *text = NULL;
  if (x->kind == X_STRING)
    text = ist__go_quoted(e, x->text, x->text_len);
  else if (t->kind == DT_BOOL)
    text = x->integer ? "true" : "false";
  else if (x->kind == X_FLOAT)
    text = TEXT("%.17g", x->real);
  else
    text = ist__idl_wide_text(e->c, x->integer);
  if (!null) return text;
  return t->kind == DT_STRING ? TEXT("clib.Of(%s)", text)
                              : TEXT("clib.Of[%s](%s)", ist__go_type(e, t), text);
}

// --- the signature ---

static const char *argument_type(go_emitter *e, const decl *f, int i) {
  const param *p = f->params.at[i];
  const dtype *t = ist__go_element(p);
  if (p->role == ROLE_BUFFER) {
    if (ist__go_is_text(p)) return p->null ? "*string" : "string";
    if (t->kind == DT_STRING) return p->element_null ? "[]*string" : "[]string";
    if (t->kind == DT_REF && t->to->kind == DT_STRUCT) {
      ist__go_refuse(e, f, p, "an array of pointers to structs");
      return "any";
    }
    return TEXT("[]%s", ist__go_type(e, t));
  }
  if (t->kind == DT_CALLBACK) return ist__go_callback_signature(e, t->decl);
  if (ist__go_is_struct(t))
    return TEXT("%s%s", p->null || p->dir == DIR_INOUT ? "*" : "",
                ist__go_type_name(e, ist__go_struct_of(t)));
  if (ist__go_is_handle(t)) return ist__go_type(e, t);
  return TEXT("%s%s", p->null ? "*" : "", ist__go_type(e, t));
}

const char *ist__go_output_type(go_emitter *e, const decl *f, int i) {
  const param *p = i < 0 ? f->result : f->params.at[i];
  const dtype *t = ist__go_element(p);
  if (p->within >= 0) return "int";
  if (p->role == ROLE_BUFFER) {
    if (p->text) return p->null ? "*string" : "string";
    if (t->kind == DT_STRING || t->kind == DT_REF)
      ist__go_refuse(e, f, p, "an array of pointers that comes back");
    return TEXT("[]%s", ist__go_type(e, t));
  }
  if (ist__go_is_struct(t))
    return TEXT("%s%s", p->null ? "*" : "", ist__go_type_name(e, ist__go_struct_of(t)));
  if (t->kind == DT_STRING) return p->null ? "*string" : "string";
  return ist__go_type(e, t);
}

const char *ist__go_output_name(go_emitter *e, const decl *f, int i) {
  if (i < 0) return "result";
  const char *name = ist__go_local(e, ist__go_js(f->params.at[i]));
  return f->params.at[i]->arg >= 0 ? TEXT("%sAfter", name) : name;
}

static const char *zero(const char *type) {
  if (type[0] == '*' || type[0] == '[' || strncmp(type, "func", 4) == 0) return "nil";
  if (strcmp(type, "string") == 0) return "\"\"";
  if (strcmp(type, "bool") == 0) return "false";
  static const char *const numbers[] = {"int",     "int8",    "int16",  "int32",        "int64",
                                        "uint8",   "uint16",  "uint32", "uint64",       "uintptr",
                                        "float32", "float64", "byte",   "syscall.Errno"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (strcmp(type, numbers[i]) == 0) return "0";
  return NULL;
}

const char *ist__go_zero_of(go_emitter *e, const decl *f, int i) {
  const param *p = i < 0 ? f->result : f->params.at[i];
  const char *type = ist__go_output_type(e, f, i);
  const char *plain = zero(type);
  if (plain) return plain;
  return ist__go_element(p)->kind == DT_ENUM ? "0" : TEXT("%s{}", type);
}

bool ist__go_makes_object(const decl *f) {
  return f->function == FN_CONSTRUCTOR && f->owner->is_inline;
}

bool ist__go_tells_errno(const decl *f) {
  return f->captures_errno && !f->throws;
}

const char *ist__go_outputs_text(go_emitter *e, const decl *f, bool can_fail) {
  buffer b = {0};
  int count = f->outputs.count + ist__go_tells_errno(f);
  bool named = count > 1;
  if (ist__go_makes_object(f)) return TEXT(" (*%s, error)", ist__go_type_name(e, f->owner));
  for (int i = 0; i < f->outputs.count; i++) {
    const char *type = ist__go_output_type(e, f, f->outputs.at[i]);
    OUT(b, "%s", i ? ", " : "");
    if (named) OUT(b, "%s ", ist__go_output_name(e, f, f->outputs.at[i]));
    OUT(b, "%s", type);
  }
  if (ist__go_tells_errno(f)) OUT(b, "%s%ssyscall.Errno", b.len ? ", " : "", named ? "errno " : "");
  if (can_fail) OUT(b, "%s%serror", b.len ? ", " : "", named ? "err " : "");
  if (!b.len) return "";
  return count + can_fail > 1 ? TEXT(" (%s)", b.at) : TEXT(" %s", b.at);
}

const char *ist__go_arguments_text(go_emitter *e, const decl *f, bool all) {
  buffer b = {0};
  for (int i = 0; i < f->args.count; i++) {
    const param *p = f->params.at[f->args.at[i]];
    if (p->default_value && !all) continue;
    OUT(b, "%s%s %s", b.len ? ", " : "", ist__go_name_of(e, f, f->args.at[i]),
        argument_type(e, f, f->args.at[i]));
  }
  return b.at ? b.at : "";
}

const char *ist__go_defaults(go_emitter *e, const decl *f) {
  buffer b = {0};
  for (int i = 0; i < f->args.count; i++) {
    const param *p = f->params.at[f->args.at[i]];
    bool pointer = p->null && !(p->role == ROLE_BUFFER && !ist__go_is_text(p));
    const dtype *t =
        ist__go_is_text(p) ? ist__idl_dtype_string(e->c, ENC_UTF8) : ist__go_element(p);
    OUT(b, "%s%s", b.len ? ", " : "",
        p->default_value ? ist__go_literal(e, p->default_value, t, pointer)
                         : ist__go_name_of(e, f, f->args.at[i]));
  }
  return b.at ? b.at : "";
}
