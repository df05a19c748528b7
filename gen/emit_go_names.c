// What things are called in Go: exported names in CamelCase, made of those that JavaScript has.
// Constants keep their spelling in C, as in Go's own package syscall. A clash is an error that
// says who else has the name.
#include <ctype.h>

#include "emit_go.h"

const char *ist__go_exported(go_emitter *e, const char *name) {
  buffer b = {0};
  bool upper = true;
  for (const char *at = name; *at; at++) {
    if (*at == '_' && !(isdigit(at[1]) && at > name && isdigit(at[-1]))) {
      upper = true;
      continue;
    }
    ist__idl_buffer_add(e->c, &b, "%c", upper ? toupper(*at) : *at);
    upper = false;
  }
  if (!b.len || !isupper(b.at[0])) return TEXT("X%s", b.len ? b.at : "");
  return b.at;
}

const char *ist__go_constant(go_emitter *e, const char *name) {
  while (*name == '_') name++;
  return TEXT("%c%s", toupper(*name), name + 1);
}

static const char *const reserved[] = {
    "break",       "case",    "chan",    "const",   "continue", "default", "defer",  "else",
    "fallthrough", "for",     "func",    "go",      "goto",     "if",      "import", "interface",
    "map",         "package", "range",   "return",  "select",   "struct",  "switch", "type",
    "var",         "any",     "append",  "bool",    "byte",     "cap",     "clear",  "copy",
    "error",       "false",   "float32", "float64", "int",      "int8",    "int16",  "int32",
    "int64",       "len",     "make",    "max",     "min",      "new",     "nil",    "panic",
    "recover",     "rune",    "string",  "true",    "uint",     "uint8",   "uint16", "uint32",
    "uint64",      "uintptr", "C",       "unsafe",  "clib",     "runtime", "math",   "library",
    "err",         "call",    "arena",   "out",     "frame",    "values",  "iota",   "print",
    "delete",      "close",   "complex", "real",    "imag",     "self",    "init",   "main",
    "r",           "ar",      "address", "result",  "errno"};

// The names of what generated code has for a parameter.
static bool is_numbered(const char *name) {
  if (!strchr("abco", name[0]) || !isdigit(name[1])) return false;
  for (name++; isdigit(*name);) name++;
  return *name == '\0';
}

const char *ist__go_local(go_emitter *e, const char *name) {
  while (*name == '_') name++;
  buffer b = {0};
  bool upper = false;
  for (const char *at = name; *at; at++) {
    if (*at == '_') {
      upper = true;
      continue;
    }
    ist__idl_buffer_add(e->c, &b, "%c", upper ? toupper(*at) : at == name ? tolower(*at) : *at);
    upper = false;
  }
  const char *made = b.len ? b.at : "x";
  if (isdigit(made[0])) made = TEXT("x%s", made);
  if (is_numbered(made)) return TEXT("%s_", made);
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (strcmp(made, reserved[i]) == 0) return TEXT("%s_", made);
  return made;
}

typedef struct {
  const char *what;
  span at;
} claim;

void ist__go_claim(go_emitter *e, const char *name, const char *what, span at) {
  const claim *other = ist__idl_map_get(&e->names, name);
  if (other && e->c->errors == 0) {
    ist__idl_error(e->c, at, "Go: %s is called '%s', and so is %s: say [[name(…)]]", what, name,
                   other->what);
    ist__idl_note(e->c, other->at, "it is declared here");
    return;
  }
  claim *one = NEW(e->c, claim);
  *one = (claim){what, at};
  ist__idl_map_put(e->c, &e->names, name, one);
}

// A type that a function shares its name with has a T at its end: StatT, stat.
const char *ist__go_type_name(go_emitter *e, const decl *d) {
  const char *name = ist__go_exported(e, d->js ? d->js : d->name);
  for (int i = 0; i < e->c->functions.count; i++) {
    const decl *f = e->c->functions.at[i];
    if (f->internal || f->module != e->c->main) continue;
    if (!f->owner && strcmp(ist__go_exported(e, f->js), name) == 0) return TEXT("%sT", name);
  }
  return name;
}

// Whether it is the first constructor, which `New` names.
static bool is_first(const decl *f) {
  for (int i = 0; i < f->owner->functions.count; i++)
    if (f->owner->functions.at[i]->function == FN_CONSTRUCTOR)
      return f->owner->functions.at[i] == f;
  return false;
}

// A function that an error shares its name with has a Call before it: ZError, zError.
static bool is_error(go_emitter *e, const char *name) {
  const decl_list *list = &e->c->main->decls;
  for (int i = 0; i < list->count; i++)
    if (list->at[i]->kind == D_ERROR && strcmp(ist__go_exported(e, list->at[i]->js), name) == 0)
      return true;
  return false;
}

const char *ist__go_function_name(go_emitter *e, const decl *f) {
  const char *name = ist__go_exported(e, f->js);
  const char *unsafe = f->unsafe ? "Unsafe" : "";
  if (!f->owner || f->function == FN_FUNCTION)
    return TEXT("%s%s%s", is_error(e, name) ? "Call" : "", unsafe, name);
  const char *type = ist__go_type_name(e, f->owner);
  if (f->function == FN_CONSTRUCTOR && is_first(f)) return TEXT("New%s", type);
  if (f->function == FN_CONSTRUCTOR) return TEXT("New%s%s", type, name);
  if (f->function == FN_STATIC) return TEXT("%s%s%s", type, unsafe, name);
  return TEXT("%s%s", unsafe, name);
}

const char *ist__go_label(go_emitter *e, const decl *f) {
  if (!f->owner || f->function == FN_FUNCTION) return f->js;
  if (f->function == FN_CONSTRUCTOR && is_first(f)) return f->owner->js;
  return TEXT("%s.%s", f->owner->js, f->js);
}

const char *ist__go_variable(go_emitter *e, const decl *f) {
  return TEXT("in%s%s",
              f->owner && f->function != FN_STATIC && f->function != FN_CONSTRUCTOR
                  ? ist__go_type_name(e, f->owner)
                  : "",
              ist__go_function_name(e, f));
}

const char *ist__go_table(go_emitter *e, const decl *d) {
  return TEXT("of%s", ist__go_type_name(e, d));
}

// The lines of a text as a comment. What gofmt would take for a heading, a list or code is made
// plain.
void ist__go_doc(go_emitter *e, const char *indent, const char *name, const char *doc,
                 attr_list *attrs) {
  attr *a = attrs ? ist__idl_attr_find(attrs, AT_DOC) : NULL;
  if (a && a->args.at[0]->kind == X_STRING)
    doc = doc ? TEXT("%s\n%s", doc, a->args.at[0]->text) : a->args.at[0]->text;
  if (name && !doc) GO("%s// %s is what C has under that name.\n", indent, name);
  if (!doc) return;
  bool first = true;
  for (const char *at = doc; *at;) {
    const char *end = strchr(at, '\n');
    int len = end ? (int)(end - at) : (int)strlen(at);
    const char *next = at + len + (end != NULL);
    while (len && (*at == ' ' || *at == '\t' || (first && *at == '#'))) at++, len--;
    while (len && (at[len - 1] == ' ' || at[len - 1] == '\t')) len--;
    if (first && name)
      GO("%s// %s: %.*s\n", indent, name, len, at);
    else if (len)
      GO("%s// %s%.*s\n", indent, strchr("-*+#", *at) || isdigit(*at) ? "… " : "", len, at);
    else if (*next)
      GO("%s//\n", indent);
    first = false;
    at = next;
  }
}

const char *ist__go_quoted(go_emitter *e, const char *text, int len) {
  buffer b = {0};
  ist__idl_buffer_add(e->c, &b, "\"");
  for (int i = 0; i < len; i++) {
    unsigned char one = (unsigned char)text[i];
    if (one == '"' || one == '\\')
      ist__idl_buffer_add(e->c, &b, "\\%c", one);
    else if (one < 0x20 || one >= 0x7F)
      ist__idl_buffer_add(e->c, &b, "\\x%02x", one);
    else
      ist__idl_buffer_add(e->c, &b, "%c", one);
  }
  ist__idl_buffer_add(e->c, &b, "\"");
  return b.at;
}
