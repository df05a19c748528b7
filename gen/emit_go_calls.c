// Functions in Go. Each checks what it is given, locks the objects that it uses, lets the wrapper
// in C make the call, and makes of what comes back what Go has.
#include "emit_go.h"

#define OUT(b, ...) ist__idl_buffer_add(e->c, &(b), __VA_ARGS__)

// A function in the making.
typedef struct {
  decl *f;
  const char *fn;    // its clib.Function, as a pointer
  const char *fail;  // returns `err` and nothing else
  buffer body;       // before the call
  buffer lift;       // after it
  const char **pass; // what each parameter is in the call of C
  bool can_fail;
  bool has_call, has_arena;
  bool gives;  // functions in structs
  buffer keep; // what must stay alive meanwhile
} making;

#define BODY(...) ist__idl_buffer_add(e->c, &m->body, __VA_ARGS__)
#define LIFT(...) ist__idl_buffer_add(e->c, &m->lift, __VA_ARGS__)

static const char *js(const param *p) {
  return p->js ? p->js : p->name;
}

static const char *name_of(go_emitter *e, const decl *f, int i) {
  return i == f->self ? "self" : ist__go_local(e, js(f->params.at[i]));
}

static const dtype *element(const param *p) {
  return p->role == ROLE_CELL || p->role == ROLE_BUFFER ? p->dtype->to : p->dtype;
}

static bool is_struct(const dtype *t) {
  return t->kind == DT_STRUCT || (t->kind == DT_REF && t->to->kind == DT_STRUCT);
}

static const decl *struct_of(const dtype *t) {
  return t->kind == DT_STRUCT ? t->decl : t->to->decl;
}

static bool is_handle(const dtype *t) {
  return t->kind == DT_REF && t->to->kind == DT_HANDLE;
}

static bool is_text(const param *p) {
  return p->role == ROLE_BUFFER && p->text && p->dir == DIR_IN;
}

static const char *article(go_emitter *e, const char *name) {
  return TEXT("%s %s", strchr("AEIOaeio", name[0]) ? "an" : "a", name);
}

static void refuse(go_emitter *e, const decl *f, const param *p, const char *what) {
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
  const dtype *t = element(p);
  if (p->role == ROLE_BUFFER) {
    if (is_text(p)) return p->null ? "*string" : "string";
    if (t->kind == DT_STRING) return p->element_null ? "[]*string" : "[]string";
    if (t->kind == DT_REF && t->to->kind == DT_STRUCT) {
      refuse(e, f, p, "an array of pointers to structs");
      return "any";
    }
    return TEXT("[]%s", ist__go_type(e, t));
  }
  if (t->kind == DT_CALLBACK) return ist__go_callback_signature(e, t->decl);
  if (is_struct(t))
    return TEXT("%s%s", p->null || p->dir == DIR_INOUT ? "*" : "",
                ist__go_type_name(e, struct_of(t)));
  if (is_handle(t)) return ist__go_type(e, t);
  return TEXT("%s%s", p->null ? "*" : "", ist__go_type(e, t));
}

static const char *output_type(go_emitter *e, const decl *f, int i) {
  const param *p = i < 0 ? f->result : f->params.at[i];
  const dtype *t = element(p);
  if (p->within >= 0) return "int";
  if (p->role == ROLE_BUFFER) {
    if (p->text) return p->null ? "*string" : "string";
    if (t->kind == DT_STRING || t->kind == DT_REF)
      refuse(e, f, p, "an array of pointers that comes back");
    return TEXT("[]%s", ist__go_type(e, t));
  }
  if (is_struct(t)) return TEXT("%s%s", p->null ? "*" : "", ist__go_type_name(e, struct_of(t)));
  if (t->kind == DT_STRING) return p->null ? "*string" : "string";
  return ist__go_type(e, t);
}

static const char *output_name(go_emitter *e, const decl *f, int i) {
  if (i < 0) return "result";
  const char *name = ist__go_local(e, js(f->params.at[i]));
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

static const char *zero_of(go_emitter *e, const decl *f, int i) {
  const param *p = i < 0 ? f->result : f->params.at[i];
  const char *type = output_type(e, f, i);
  const char *plain = zero(type);
  if (plain) return plain;
  return element(p)->kind == DT_ENUM ? "0" : TEXT("%s{}", type);
}

static bool makes_object(const decl *f) {
  return f->function == FN_CONSTRUCTOR && f->owner->is_inline;
}

static bool tells_errno(const decl *f) {
  return f->captures_errno && !f->throws;
}

// --- steps before the call ---

static void fails(making *m) {
  m->can_fail = true;
}

// A check that may fail; of what may be NULL, `there` is asked first.
static void try_of(go_emitter *e, making *m, const char *there, const char *call) {
  const char *indent = there ? "\t" : "";
  fails(m);
  if (there) BODY("\tif %s != nil {\n", there);
  BODY("%s\tif err := %s; err != nil {\n%s\t\t%s\n%s\t}\n", indent, call, indent, m->fail, indent);
  if (there) BODY("\t}\n");
}

static void try(go_emitter *e, making *m, const char *call) {
  try_of(e, m, NULL, call);
}

static void need_arena(go_emitter *e, making *m) {
  if (m->has_arena) return;
  m->has_arena = true;
  BODY("\tvar arena clib.Arena\n\tdefer arena.Free()\n");
}

// What is given to C in a struct is the call's.
static void need_call(go_emitter *e, making *m) {
  if (m->gives) return;
  m->gives = m->has_call = true;
  BODY("\tvar call clib.Call\n\tarena.For(&call)\n");
}

static const char *counted_text(go_emitter *e, making *m, int i, const char *value) {
  const param *p = m->f->params.at[i];
  if (p->text == ENC_UTF8 || p->text == ENC_NONE) return NULL;
  fails(m);
  BODY("\ta%d, err := clib.%s(%s, \"%s\", %s, true)\n\tif err != nil {\n\t\t%s\n\t}\n", i,
       p->text == ENC_UTF16 ? "UTF16" : "Latin1", m->fn, js(p), value, m->fail);
  BODY("\ta%d = a%d[:len(a%d)-1]\n", i, i, i);
  return TEXT("a%d", i);
}

static void pass_string(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  encoding text = p->dtype->text;
  fails(m);
  const char *convert = text == ENC_UTF8 ? "Text" : text == ENC_LATIN1 ? "Latin1" : "UTF16";
  if (p->null && text != ENC_UTF8) {
    refuse(e, m->f, p, "text in another encoding that may be null");
    return;
  }
  BODY("\ta%d, err := clib.%s%s(%s, \"%s\", %s%s)\n\tif err != nil {\n\t\t%s\n\t}\n", i, convert,
       p->null ? "OrNull" : "", m->fn, js(p), name, text == ENC_UTF8 ? "" : ", false", m->fail);
  m->pass[i] = TEXT("(*C.uint8_t)(clib.Data%s(a%d))", p->null ? "OrNull" : "", i);
}

static void pass_struct(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  const decl *d = struct_of(element(p));
  bool pointer = p->null || p->dir == DIR_INOUT;
  ist__go_struct_used(e, d, p->at, true, p->dir == DIR_INOUT);
  need_arena(e, m);
  if (ist__go_has_functions(d)) need_call(e, m);
  fails(m);
  const char *what = article(e, d->js);
  if (pointer && !p->null)
    BODY("\tif %s == nil {\n\t\terr := %s.Expected(\"%s\", \"%s\", nil)\n\t\t%s\n\t}\n", name,
         m->fn, js(p), what, m->fail);
  const char *indent = p->null ? "\t" : "";
  if (p->null)
    BODY("\tvar a%d []byte\n\tif %s != nil {\n\t\ta%d = make([]byte, %lld)\n", i, name, i,
         (long long)d->size);
  else
    BODY("\ta%d := make([]byte, %lld)\n", i, (long long)d->size);
  BODY("%s\tif err := %s.put(a%d, &arena); err != nil {\n%s\t\terr = %s.At(\"%s\", "
       "err)\n%s\t\t%s\n%s\t}\n",
       indent, name, i, indent, m->fn, js(p), indent, m->fail, indent);
  if (p->null) BODY("\t}\n");
  m->pass[i] = TEXT("(*C.uint8_t)(clib.Data%s(a%d))", p->null ? "OrNull" : "", i);
  if (p->dir == DIR_INOUT) {
    if (p->null) LIFT("\tif %s != nil {\n", name);
    LIFT("%s\t%s.get(a%d)\n", indent, name, i);
    if (p->null) LIFT("\t}\n");
  }
}

static void pass_handle(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  const decl *d = p->dtype->to->decl;
  fails(m);
  m->has_call = true;
  if (!p->null && i != m->f->self)
    BODY("\tif %s == nil {\n\t\terr := %s.Expected(\"%s\", \"%s\", nil)\n\t\t%s\n\t}\n", name,
         m->fn, js(p), article(e, d->js), m->fail);
  m->pass[i] = TEXT("C.uintptr_t(%s.it().Address())", name);
}

static void pass_elements(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  const dtype *t = element(p);
  need_arena(e, m);
  fails(m);
  if (t->kind == DT_STRING) {
    if (t->text != ENC_UTF8) refuse(e, m->f, p, "an array of texts in another encoding");
    BODY("\ta%d, err := arena.Texts%s(%s, \"%s\", %s)\n\tif err != nil {\n\t\t%s\n\t}\n", i,
         p->element_null ? "OrNull" : "", m->fn, js(p), name, m->fail);
  } else if (is_handle(t)) {
    m->has_call = true;
    BODY("\tb%d := make([]uintptr, len(%s))\n\tfor i, one := range %s {\n", i, name, name);
    if (!p->element_null)
      BODY("\t\tif one == nil {\n\t\t\terr := %s.Expected(clib.Element(\"%s\", i), \"%s\", "
           "nil)\n\t\t\t%s\n\t\t}\n",
           m->fn, js(p), article(e, t->to->decl->js), m->fail);
    BODY("\t\tb%d[i] = one.it().Address()\n\t}\n\ta%d := arena.Pointers(b%d)\n", i, i, i);
  } else if (t->kind == DT_STRUCT) {
    ist__go_struct_used(e, t->decl, p->at, true, p->dir != DIR_IN);
    BODY("\tb%d := make([]byte, %lld*len(%s))\n\tfor i := range %s {\n", i, (long long)t->size,
         name, name);
    BODY("\t\tif err := %s[i].put(b%d[%lld*i:], &arena); err != nil {\n", name, i,
         (long long)t->size);
    BODY("\t\t\terr = %s.At(clib.Element(\"%s\", i), err)\n\t\t\t%s\n\t\t}\n\t}\n", m->fn, js(p),
         m->fail);
    BODY("\ta%d := arena.CopyIn(b%d)\n", i, i);
    if (p->dir == DIR_INOUT)
      LIFT("\tb%d = clib.View[byte](a%d, int64(len(b%d)))\n\tfor i := range %s "
           "{\n\t\t%s[i].get(b%d[%lld*i:])\n\t}\n",
           i, i, i, name, name, i, (long long)t->size);
  }
  m->pass[i] = TEXT("a%d", i);
}

static void pass_buffer(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  const dtype *t = element(p);
  if (t->kind == DT_STRING || t->kind == DT_REF || t->kind == DT_STRUCT) {
    pass_elements(e, m, i, name);
    return;
  }
  if (is_text(p)) {
    if (p->null) {
      BODY("\tb%d := clib.Or(%s)\n", i, name);
      const char *converted = counted_text(e, m, i, TEXT("b%d", i));
      if (!converted) converted = TEXT("clib.Unsafe(b%d)", i);
      m->pass[i] = TEXT("(*C.uint8_t)(clib.If(%s != nil, clib.Data(%s)))", name, converted);
      return;
    }
    const char *converted = counted_text(e, m, i, name);
    m->pass[i] = converted ? TEXT("(*C.uint8_t)(clib.Data(%s))", converted)
                           : TEXT("(*C.uint8_t)(clib.Chars(%s))", name);
    return;
  }
  if (p->terminated) {
    fails(m);
    BODY("\ta%d, err := clib.Ended(%s, \"%s\", %s)\n\tif err != nil {\n\t\t%s\n\t}\n", i, m->fn,
         js(p), name, m->fail);
    name = TEXT("a%d", i);
  }
  m->pass[i] = TEXT("(*C.uint8_t)(clib.Data%s(%s))", p->null ? "OrNull" : "", name);
}

// How many elements a buffer that goes in has.
static const char *length_of(go_emitter *e, const making *m, int i) {
  const param *p = m->f->params.at[i];
  const char *name = name_of(e, m->f, i);
  if (is_text(p)) {
    if (p->text != ENC_UTF8) return TEXT("len(a%d)", i);
    if (p->null) return TEXT("len(b%d)", i);
  }
  if (p->dir == DIR_OUT) return TEXT("len(a%d)", i);
  return TEXT("len(%s)", name);
}

static const char *most_of(go_emitter *e, const dtype *t) {
  if (t->kind != DT_INT || t->size == 8) return NULL;
  bool is_signed = t->scalar->is_signed[e->c->target];
  return ist__idl_wide_text(e->c, ((wide)1 << (8 * t->size - is_signed)) - 1);
}

// A length that follows from buffers.
static void pass_length(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  const dtype *t = element(p);
  int first = p->lengths.at[0];
  for (int k = 0; k < p->lengths.count; k++)
    if (m->f->params.at[p->lengths.at[k]]->dir != DIR_OUT) {
      first = p->lengths.at[k];
      break;
    }
  const char *length = length_of(e, m, first);
  const char *most = most_of(e, t);
  if (most)
    try(e, m,
        TEXT("clib.AtMost(%s, \"%s\", %s, %s)", m->fn, js(m->f->params.at[first]), length, most));
  for (int k = 0; k < p->lengths.count; k++) {
    int other = p->lengths.at[k];
    const param *q = m->f->params.at[other];
    if (other == first || q->dir == DIR_OUT) continue;
    try_of(e, m, q->null ? name_of(e, m->f, other) : NULL,
           TEXT("clib.Same(%s, \"%s\", \"%s\", %s, %s)", m->fn, js(q), js(m->f->params.at[first]),
                length_of(e, m, other), length));
  }
  m->pass[i] = ist__go_to_c(e, t, length);
}

static bool is_number_literal(const expr *x) {
  return x && (x->kind == X_INT || x->kind == X_FLOAT);
}

static void check_number(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  const dtype *t = element(p);
  const char *indent = p->null ? "\t" : "";
  if (!ist__go_is_closed(t) && !p->min) return;
  fails(m);
  if (p->null) {
    BODY("\tif %s != nil {\n", name);
    name = TEXT("*%s", name);
  }
  if (ist__go_is_closed(t))
    BODY("%s\tif err := %s%s%s.check(%s, \"%s\"); err != nil {\n%s\t\t%s\n%s\t}\n", indent,
         p->null ? "(" : "", name, p->null ? ")" : "", m->fn, js(p), indent, m->fail, indent);
  if (p->min && is_number_literal(p->min) && is_number_literal(p->max))
    BODY("%s\tif err := clib.Between(%s, \"%s\", %s, %s, %s); err != nil {\n%s\t\t%s\n%s\t}\n",
         indent, m->fn, js(p), name, ist__go_literal(e, p->min, t, false),
         ist__go_literal(e, p->max, t, false), indent, m->fail, indent);
  if (p->null) BODY("\t}\n");
}

static void pass_argument(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  const dtype *t = element(p);
  const char *name = name_of(e, m->f, i);
  if (p->role == ROLE_BUFFER) {
    pass_buffer(e, m, i, name);
  } else if (t->kind == DT_STRING && p->role == ROLE_VALUE) {
    pass_string(e, m, i, name);
  } else if (is_struct(t) && p->role == ROLE_VALUE) {
    pass_struct(e, m, i, name);
  } else if (is_handle(t) && p->role == ROLE_VALUE) {
    pass_handle(e, m, i, name);
  } else if (t->kind == DT_CALLBACK) {
    m->has_call = true;
    fails(m);
    if (!p->null)
      BODY("\tif %s == nil {\n\t\terr := %s.Expected(\"%s\", \"a function\", nil)\n\t\t%s\n\t}\n",
           name, m->fn, js(p), m->fail);
    m->pass[i] = TEXT("C.uintptr_t(a%d.Token())", i);
  } else if (ist__go_is_number(t)) {
    check_number(e, m, i, name);
    m->pass[i] = p->null ? TEXT("(*C.uint8_t)(clib.Cell(%s))", name) : ist__go_to_c(e, t, name);
  } else {
    refuse(e, m->f, p, "an argument like this");
  }
}

// --- after the objects are locked ---

static const char *before_call(go_emitter *e, const making *m, const expr *x, const char *what) {
  int n;
  if (x->kind == X_INT) return ist__idl_wide_text(e->c, x->integer);
  if (ist__idl_expr_is_arg(x, &n) || ist__idl_expr_is_deref(x, &n)) {
    const param *p = m->f->params.at[n];
    if (p->arg >= 0) return TEXT("int64(%s)", name_of(e, m->f, n));
    return TEXT("int64(%s)", m->pass[n]);
  }
  buffer b = {0};
  for (int i = 0; i < m->f->params.count; i++) {
    const param *p = m->f->params.at[i];
    bool used = false;
    // The same test as in the C of it.
    const expr *stack[64];
    int count = 0;
    stack[count++] = x;
    while (count) {
      const expr *one = stack[--count];
      if (one->kind == X_ARG && one->index == i) used = true;
      const expr *parts[] = {one->a, one->b, one->c};
      for (int k = 0; k < 3; k++)
        if (parts[k] && count < 60) stack[count++] = parts[k];
      for (int k = 0; k < one->args.count && count < 60; k++) stack[count++] = one->args.at[k];
    }
    if (!used || p->role == ROLE_FIXED) continue;
    OUT(b, "%s%s", b.len ? ", " : "", m->pass[i]);
  }
  return TEXT("int64(C.istf_%s_%s(%s))", m->f->name, what, b.len ? b.at : "");
}

static void check_later(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  if (p->arg >= 0 && p->min && !(is_number_literal(p->min) && is_number_literal(p->max)))
    try(e, m,
        TEXT("clib.BetweenWide(%s, \"%s\", int64(%s), %s, %s)", m->fn, js(p), name_of(e, m->f, i),
             before_call(e, m, p->min, TEXT("min%d", i)),
             before_call(e, m, p->max, TEXT("max%d", i))));
  if (p->role != ROLE_BUFFER || p->dir == DIR_OUT || !p->count || p->terminated) return;
  int n;
  if ((ist__idl_expr_is_arg(p->count, &n) || ist__idl_expr_is_deref(p->count, &n)) &&
      m->f->params.at[n]->vanished)
    return;
  const dtype *t = element(p);
  bool bytes = t->kind == DT_VOID || (ist__go_is_number(t) && t->size == 1);
  try_of(e, m, p->null ? name_of(e, m->f, i) : NULL,
         TEXT("clib.AtLeast(%s, \"%s\", %s, %s, %s)", m->fn, js(p), length_of(e, m, i),
              before_call(e, m, p->count, TEXT("count%d", i)), bytes ? "true" : "false"));
}

static void allocate(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  const dtype *t = element(p);
  const expr *size = p->size ? p->size : p->count;
  int n;
  bool decided = !p->size &&
                 (ist__idl_expr_is_arg(p->count, &n) || ist__idl_expr_is_deref(p->count, &n)) &&
                 m->f->params.at[n]->vanished;
  const char *count =
      decided ? TEXT("int64(%s)", m->pass[n])
              : before_call(e, m, size, p->size ? TEXT("size%d", i) : TEXT("count%d", i));
  fails(m);
  const char *type = p->text == ENC_UTF16 ? "uint16" : ist__go_type(e, t);
  if (p->text && p->text != ENC_UTF16) type = "byte";
  if (t->kind == DT_STRUCT) {
    ist__go_struct_used(e, t->decl, p->at, false, true);
    need_arena(e, m);
    BODY("\tc%d, err := clib.Make[%s](%s, \"%s\", %s, %lld)\n\tif err != nil {\n\t\t%s\n\t}\n", i,
         type, m->fn, js(p), count, (long long)t->size, m->fail);
    BODY("\ta%d := arena.Allocate(len(c%d) * %lld)\n", i, i, (long long)t->size);
    m->pass[i] = TEXT("a%d", i);
    return;
  }
  if (t->kind == DT_STRING || t->kind == DT_REF) return;
  BODY("\ta%d, err := clib.Make[%s](%s, \"%s\", %s, %lld)\n\tif err != nil {\n\t\t%s\n\t}\n", i,
       type, m->fn, js(p), count, (long long)(t->size ? t->size : 1), m->fail);
  m->pass[i] = TEXT("(*C.uint8_t)(clib.Data(a%d))", i);
}

static void give_callback(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  const char *name = name_of(e, m->f, i);
  buffer args = {0};
  for (int k = 0; k < p->type_args.count; k++)
    OUT(args, ", %s", before_call(e, m, p->type_args.at[k], TEXT("arg%d_%d", i, k)));
  BODY("\tvar a%d *clib.Closure\n\tif %s != nil {\n\t\tvar err error\n", i, name);
  BODY("\t\tif a%d, err = call.Give(&use%s%d, %s%s); err != nil {\n\t\t\t%s\n\t\t}\n\t}\n", i,
       ist__go_variable(e, m->f), i, name, args.at ? args.at : "", m->fail);
}

// --- after the call ---

static const char *ends_of(go_emitter *e, const decl *f, const param *p) {
  if (!p->until.count) return "nil";
  return TEXT("ends%s%s", ist__go_variable(e, f), p->name ? ist__go_exported(e, p->name) : "");
}

static const char *parents_of(go_emitter *e, making *m, const param *p) {
  buffer b = {0};
  int_list list = p->keeps;
  for (int k = 0; k < list.count; k++) {
    const param *q = m->f->params.at[list.at[k]];
    if (!is_handle(q->dtype))
      refuse(e, m->f, p, "an object that keeps something other than an object");
    OUT(b, ", %s.it()", name_of(e, m->f, list.at[k]));
  }
  if (!list.count && p->parent >= 0) OUT(b, ", %s.it()", name_of(e, m->f, p->parent));
  return b.at ? b.at : "";
}

static void lift_handle(go_emitter *e, making *m, const param *p, const char *raw, const char *to,
                        const char *what) {
  const decl *d = element(p)->to->decl;
  const char *type = ist__go_type_name(e, d), *table = ist__go_table(e, d);
  if (d->module != e->c->main) refuse(e, m->f, p, "an object of another library");
  if (p->own_free && p->own_free != d->destructor)
    refuse(e, m->f, p, "an object that something else than its destructor frees");
  fails(m);
  const char *indent = p->null ? "\t" : "";
  if (p->null)
    LIFT("\tvar %s *%s\n\tif %s != 0 {\n", to, type, raw);
  else
    LIFT("\tif %s == 0 {\n\t\terr := %s.Null(\"%s\")\n\t\t%s\n\t}\n", raw, m->fn, what, m->fail);
  const char *parents = parents_of(e, m, p);
  if (p->own) {
    LIFT("%s\t%s %s wrap%s(%s.Own(&call, uintptr(%s)%s))\n", indent, to, p->null ? "=" : ":=", type,
         table, raw, parents);
  } else {
    LIFT("%s\tb%s, err := %s.Borrow(%s, \"%s\", uintptr(%s), %s%s)\n%s\tif err != nil "
         "{\n%s\t\t%s\n%s\t}\n",
         indent, to, table, m->fn, what, raw, ends_of(e, m->f, p), parents, indent, indent, m->fail,
         indent);
    LIFT("%s\t%s %s wrap%s(b%s)\n", indent, to, p->null ? "=" : ":=", type, to);
  }
  if (p->null) LIFT("\t}\n");
}

static const char *text_reader(encoding text) {
  return text == ENC_UTF16 ? "GoUTF16" : text == ENC_LATIN1 ? "GoLatin1" : "GoText";
}

static const char *text_of(go_emitter *e, encoding text, const char *units) {
  if (text == ENC_UTF16) return TEXT("clib.FromUTF16(%s)", units);
  if (text == ENC_LATIN1) return TEXT("clib.FromLatin1(%s)", units);
  return TEXT("string(%s)", units);
}

static void lift_string(go_emitter *e, making *m, const param *p, const char *raw, const char *to,
                        const char *what, int i) {
  const dtype *t = element(p);
  const char *reader = text_reader(t->text);
  if (!p->null) {
    fails(m);
    LIFT("\tif %s == nil {\n\t\terr := %s.Null(\"%s\")\n\t\t%s\n\t}\n", raw, m->fn, what, m->fail);
    LIFT("\t%s := clib.%s(%s)\n", to, reader, raw);
  } else {
    LIFT("\t%s := clib.OrNull(%s, clib.%s)\n", to, raw, reader);
  }
  if (p->own && p->own_free)
    LIFT("\tif %s != nil {\n\t\tC.istf_%s_free%s(%s)\n\t}\n", raw, m->f->name,
         i < 0 ? "" : TEXT("%d", i), raw);
}

static void lift_within(go_emitter *e, making *m, const param *p, const char *raw, const char *to,
                        const char *what) {
  const param *q = m->f->params.at[p->within];
  const dtype *t = element(q);
  int64_t size = q->role == ROLE_BUFFER && !q->text ? (t->size ? t->size : 1) : 1;
  encoding text = q->role == ROLE_BUFFER ? q->text : t->text;
  if (text == ENC_UTF16 || text == ENC_LATIN1)
    refuse(e, m->f, p, "an index into text that is not UTF-8");
  if (q->null) refuse(e, m->f, p, "an index into what may be null");
  fails(m);
  const char *length = q->dir == DIR_OUT || q->terminated
                           ? TEXT("len(a%d)", p->within)
                           : TEXT("len(%s)", name_of(e, m->f, p->within));
  LIFT("\t%s, err := clib.Index(%s, \"%s\", \"%s\", int64(%s), %s, %lld, %s)\n\tif err != nil "
       "{\n\t\t%s\n\t}\n",
       to, m->fn, what, js(q), raw, length, (long long)size, p->null ? "true" : "false", m->fail);
}

static void lift_struct(go_emitter *e, making *m, const param *p, const char *raw,
                        const char *image, const char *to, const char *what) {
  const dtype *t = element(p);
  const decl *d = struct_of(t);
  if (p->own) refuse(e, m->f, p, "a struct that the caller frees");
  ist__go_struct_used(e, d, p->name ? p->at : m->f->at, false, true);
  const char *type = ist__go_type_name(e, d);
  if (t->kind == DT_REF && p->null) {
    LIFT("\tvar %s *%s\n\tif %s != 0 {\n\t\t%s = new(%s)\n\t\t%s.get(%s)\n", to, type, raw, to,
         type, to, image);
    if ((p->keeps.count || p->until.count) && ist__go_keeps_some(d))
      LIFT("\t\tclear(%s.kept[:])\n", to);
    LIFT("\t}\n");
    return;
  }
  if (t->kind == DT_REF) {
    fails(m);
    LIFT("\tif %s == 0 {\n\t\terr := %s.Null(\"%s\")\n\t\t%s\n\t}\n", raw, m->fn, what, m->fail);
  }
  LIFT("\tvar %s %s\n\t%s.get(%s)\n", to, type, to, image);
  // What is C's own for a while is not given back to it.
  if ((p->keeps.count || p->until.count) && ist__go_keeps_some(d))
    LIFT("\tclear(%s.kept[:])\n", to);
}

static void lift_counted(go_emitter *e, making *m, const param *p, const char *to) {
  const dtype *t = element(p);
  if (!p->null) {
    fails(m);
    LIFT("\tif out.r == nil && out.nr != 0 {\n\t\terr := %s.Null(\"\")\n\t\t%s\n\t}\n", m->fn,
         m->fail);
  }
  const char *type = p->text == ENC_UTF16 ? "uint16" : p->text ? "byte" : ist__go_type(e, t);
  if (t->kind == DT_STRUCT) {
    ist__go_struct_used(e, t->decl, m->f->at, false, true);
    LIFT("\t%s := make([]%s, max(int64(out.nr), 0))\n\tfor i := range %s {\n", to, type, to);
    LIFT("\t\t%s[i].get(clib.View[byte](out.r, int64(out.nr)*%lld)[i*%lld:])\n\t}\n", to,
         (long long)t->size, (long long)t->size);
  } else if (p->text) {
    LIFT("\tb%s := clib.Copy[%s](out.r, int64(out.nr))\n", to, type);
    if (p->null)
      LIFT("\tvar %s *string\n\tif out.r != nil {\n\t\t%s = clib.Of(%s)\n\t}\n", to, to,
           text_of(e, p->text, TEXT("b%s", to)));
    else
      LIFT("\t%s := %s\n", to, text_of(e, p->text, TEXT("b%s", to)));
  } else {
    LIFT("\t%s := clib.Copy[%s](out.r, int64(out.nr))\n", to, type);
  }
  if (p->own) LIFT("\tif out.r != nil {\n\t\tC.istf_%s_free(out.r)\n\t}\n", m->f->name);
}

static void lift_filled(go_emitter *e, making *m, int i, const char *to) {
  const param *p = m->f->params.at[i];
  const dtype *t = element(p);
  if (t->kind == DT_STRUCT) {
    LIFT("\t%s := %s\n\tfor i := range %s {\n", to,
         p->filled ? TEXT("clib.Cut(c%d, int64(out.n%d))", i, i) : TEXT("c%d", i), to);
    LIFT("\t\t%s[i].get(clib.View[byte](a%d, int64(len(c%d))*%lld)[i*%lld:])\n\t}\n", to, i, i,
         (long long)t->size, (long long)t->size);
    return;
  }
  const char *whole = p->filled ? TEXT("clib.Cut(a%d, int64(out.n%d))", i, i)
                      : p->text ? TEXT("clib.UpToNul(a%d)", i)
                                : TEXT("a%d", i);
  LIFT("\t%s := %s\n", to, p->text ? text_of(e, p->text, whole) : whole);
}

static void lift_output(go_emitter *e, making *m, int i, bool has_record) {
  const decl *f = m->f;
  const param *p = i < 0 ? f->result : f->params.at[i];
  const dtype *t = element(p);
  const char *to = i < 0 ? "r" : TEXT("o%d", i);
  const char *raw = i >= 0 ? TEXT("out.o%d", i) : has_record ? "out.r" : "out";
  const char *what = i < 0 ? "" : js(p);
  if (p->within >= 0)
    lift_within(e, m, p, raw, to, what);
  else if (p->role == ROLE_BUFFER && i < 0)
    lift_counted(e, m, p, to);
  else if (p->role == ROLE_BUFFER)
    lift_filled(e, m, i, to);
  else if (is_struct(t))
    lift_struct(e, m, p, raw, i < 0 ? "ar" : TEXT("a%d", i), to, what);
  else if (is_handle(t))
    lift_handle(e, m, p, raw, to, what);
  else if (t->kind == DT_STRING)
    lift_string(e, m, p, raw, to, what, i);
  else if (ist__go_is_number(t))
    LIFT("\t%s := %s\n", to, ist__go_from_c(e, t, raw));
  else
    refuse(e, f, p, "a result like this");
}

// --- the whole ---

static void gather(go_emitter *e, making *m) {
  const decl *f = m->f;
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->take && is_handle(p->dtype)) m->has_call = true;
    if (i == f->self && makes_object(f)) {
      m->pass[i] = "C.uintptr_t(address)";
      continue;
    }
    if (i == f->self)
      pass_handle(e, m, i, "self");
    else if (p->arg >= 0)
      pass_argument(e, m, i);
  }
  // Lengths, which need the lengths of what was converted.
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    bool sized = false;
    for (int k = 0; k < p->lengths.count; k++)
      sized |= f->params.at[p->lengths.at[k]]->dir == DIR_OUT &&
               f->params.at[p->lengths.at[k]]->size != NULL;
    if (p->vanished && !sized) pass_length(e, m, i);
  }
}

static bool ends_something(const go_emitter *e, const decl *f) {
  for (int i = 0; i < e->ends.count; i++)
    if (e->ends.at[i] == f) return true;
  return false;
}

static bool lends_loosely(const param *p) {
  return p->until.count && p->parent < 0;
}

static bool is_loose(const go_emitter *e, const decl *f) {
  bool loose = e->loose && ends_something(e, f);
  if (f->result->dtype && lends_loosely(f->result)) loose = true;
  for (int i = 0; i < f->params.count; i++) loose |= lends_loosely(f->params.at[i]);
  return loose;
}

static void begin(go_emitter *e, making *m) {
  const decl *f = m->f;
  if (!m->gives) BODY("\tvar call clib.Call\n");
  if (f->self >= 0 && !makes_object(f))
    BODY("\tcall.This(self.it(), %s)\n", ist__go_table(e, f->owner));
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (i == f->self || p->arg < 0) continue;
    if (p->role == ROLE_VALUE && is_handle(p->dtype))
      BODY("\tcall.%s(%s.it(), \"%s\")\n", p->take ? "Take" : "Object", name_of(e, f, i), js(p));
    if (p->role == ROLE_BUFFER && is_handle(element(p)))
      BODY("\tfor i, one := range %s {\n\t\tcall.Object(one.it(), clib.Element(\"%s\", i))\n\t}\n",
           name_of(e, f, i), js(p));
  }
  if (is_loose(e, f)) BODY("\tcall.Loose()\n");
  try(e, m, TEXT("call.Begin(%s, %s)", m->fn, ends_something(e, f) ? "true" : "false"));
  BODY("\tdefer call.End()\n");
}

static const char *fail_text(go_emitter *e, const decl *f) {
  buffer b = {0};
  OUT(b, "return ");
  if (makes_object(f)) OUT(b, "nil, ");
  for (int i = 0; i < f->outputs.count; i++) OUT(b, "%s, ", zero_of(e, f, f->outputs.at[i]));
  if (tells_errno(f)) OUT(b, "0, ");
  OUT(b, "err");
  return b.at;
}

// Frees what nobody will get, since a callback has failed.
static const char *discard(go_emitter *e, making *m, bool has_record) {
  const decl *f = m->f;
  buffer b = {0};
  for (int i = 0; i < f->outputs.count; i++) {
    int o = f->outputs.at[i];
    const param *p = o < 0 ? f->result : f->params.at[o];
    const char *raw = o >= 0 ? TEXT("out.o%d", o) : has_record ? "out.r" : "out";
    const dtype *t = element(p);
    if (!p->own) continue;
    if (is_handle(t))
      OUT(b, "\t\t%s.Discard(&call, uintptr(%s))\n", ist__go_table(e, t->to->decl), raw);
    else if (p->own_free && !is_struct(t))
      OUT(b, "\t\tif %s != nil {\n\t\t\tC.istf_%s_free%s(%s)\n\t\t}\n", raw, f->name,
          o < 0 ? "" : TEXT("%d", o), raw);
  }
  return b.at ? b.at : "";
}

static void after(go_emitter *e, making *m, bool has_record, bool thrown) {
  const decl *f = m->f;
  bool takes = false;
  for (int i = 0; i < f->params.count; i++) takes |= f->params.at[i]->take;
  buffer first = {0};
  if (takes) OUT(first, "\tcall.Made()\n");
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->role != ROLE_VALUE || p->dtype->kind != DT_CALLBACK || strcmp(p->scope, "call") == 0)
      continue;
    OUT(first, "\tcall.Accept(&use%s%d, a%d, %s)\n", ist__go_variable(e, f), i, i,
        ist__go_throws_out(f) ? "out.f.failed == 0" : "true");
  }
  if (m->gives)
    OUT(first, "\tarena.Accepted(%s)\n", ist__go_throws_out(f) ? "out.f.failed == 0" : "true");
  const char *undo = makes_object(f) ? "\t\tclib.Release(address)\n" : "";
  if (thrown) {
    OUT(first, "\tif err := call.Thrown(); err != nil {\n%s%s\t\t%s\n\t}\n", undo,
        discard(e, m, has_record), m->fail);
    fails(m);
  }
  if (f->throws) {
    fails(m);
    OUT(first, "\tif out.f.failed != 0 {\n%s\t\terr := fail%s(%s, &out.f)\n\t\t%s\n\t}\n", undo,
        ist__go_exported(e, f->throws->js), m->fn, m->fail);
  } else if (f->optional) {
    fails(m);
    OUT(first, "\tif out.f.failed != 0 {\n\t\terr := %s.Missing()\n\t\t%s\n\t}\n", m->fn, m->fail);
  }
  if (first.at) LIFT("%s", first.at);
  // Of arrays, only the addresses were passed.
  for (int i = 0; i < f->params.count; i++)
    if (f->params.at[i]->role == ROLE_BUFFER && is_handle(element(f->params.at[i])))
      LIFT("\truntime.KeepAlive(%s)\n", name_of(e, f, i));
  for (int i = 0; i < f->outputs.count; i++) lift_output(e, m, f->outputs.at[i], has_record);
}

static bool uses_out(const decl *f, bool has_record) {
  if (ist__go_throws_out(f) || tells_errno(f)) return true;
  for (int i = 0; i < f->params.count; i++)
    if (has_record && f->params.at[i]->role == ROLE_BUFFER && f->params.at[i]->filled) return true;
  for (int i = 0; i < f->outputs.count; i++) {
    const param *p = f->outputs.at[i] < 0 ? f->result : f->params.at[f->outputs.at[i]];
    if (f->outputs.at[i] < 0 && p->dtype->kind == DT_STRUCT) continue;
    if (f->outputs.at[i] >= 0 &&
        (p->role == ROLE_BUFFER ? !p->filled : element(p)->kind == DT_STRUCT))
      continue;
    return true;
  }
  return false;
}

static const char *outputs_text(go_emitter *e, const decl *f, bool can_fail) {
  buffer b = {0};
  int count = f->outputs.count + tells_errno(f);
  bool named = count > 1;
  if (makes_object(f)) return TEXT(" (*%s, error)", ist__go_type_name(e, f->owner));
  for (int i = 0; i < f->outputs.count; i++) {
    const char *type = output_type(e, f, f->outputs.at[i]);
    OUT(b, "%s", i ? ", " : "");
    if (named) OUT(b, "%s ", output_name(e, f, f->outputs.at[i]));
    OUT(b, "%s", type);
  }
  if (tells_errno(f)) OUT(b, "%s%ssyscall.Errno", b.len ? ", " : "", named ? "errno " : "");
  if (can_fail) OUT(b, "%s%serror", b.len ? ", " : "", named ? "err " : "");
  if (!b.len) return "";
  return count + can_fail > 1 ? TEXT(" (%s)", b.at) : TEXT(" %s", b.at);
}

static const char *arguments_text(go_emitter *e, const decl *f, bool all) {
  buffer b = {0};
  for (int i = 0; i < f->args.count; i++) {
    const param *p = f->params.at[f->args.at[i]];
    if (p->default_value && !all) continue;
    OUT(b, "%s%s %s", b.len ? ", " : "", name_of(e, f, f->args.at[i]),
        argument_type(e, f, f->args.at[i]));
  }
  return b.at ? b.at : "";
}

static const char *passed_on(go_emitter *e, const decl *f) {
  buffer b = {0};
  for (int i = 0; i < f->args.count; i++) {
    const param *p = f->params.at[f->args.at[i]];
    bool pointer = p->null && !(p->role == ROLE_BUFFER && !is_text(p));
    const dtype *t = is_text(p) ? ist__idl_dtype_string(e->c, ENC_UTF8) : element(p);
    OUT(b, "%s%s", b.len ? ", " : "",
        p->default_value ? ist__go_literal(e, p->default_value, t, pointer)
                         : name_of(e, f, f->args.at[i]));
  }
  return b.at ? b.at : "";
}

static void unsafe_doc(go_emitter *e, const decl *f) {
  if (f->unsafe) GO("//\n// Unsafe: %s.\n", f->unsafe);
}

static void head(go_emitter *e, decl *f, const char *name, const char *receiver, bool all,
                 bool can_fail) {
  GO("func %s%s(%s)%s {\n", receiver, name, arguments_text(e, f, all),
     outputs_text(e, f, can_fail));
}

// The two faces of a function with defaults: NAME leaves them out, NAMEWith has them all.
static void faces(go_emitter *e, making *m, const char *receiver) {
  decl *f = m->f;
  bool defaults = false;
  for (int i = 0; i < f->args.count; i++)
    defaults |= f->params.at[f->args.at[i]]->default_value != NULL;
  const char *name = ist__go_function_name(e, f);
  const char *what = TEXT("the function '%s'", f->name);
  bool method = receiver[0] != '\0';
  const char *scope = method ? TEXT("%s.", ist__go_type_name(e, f->owner)) : "";
  ist__go_claim(e, TEXT("%s%s", scope, name), what, f->at);
  if (defaults) {
    ist__go_claim(e, TEXT("%s%sWith", scope, name), what, f->at);
    ist__go_doc(e, "", name, f->doc ? f->doc : TEXT("calls %s.", f->symbol), &f->attrs);
    unsafe_doc(e, f);
    GO("//\n// %sWith takes what is left to its default here.\n", name);
    head(e, f, name, receiver, false, m->can_fail);
    bool gives = f->outputs.count || m->can_fail || tells_errno(f) || makes_object(f);
    GO("\t%s%s%sWith(%s)\n}\n\n", gives ? "return " : "", method ? "self." : "", name,
       passed_on(e, f));
    GO("// %sWith is %s with all that may be said.\n", name, name);
    name = TEXT("%sWith", name);
  } else {
    ist__go_doc(e, "", name, f->doc ? f->doc : TEXT("calls %s.", f->symbol), &f->attrs);
    unsafe_doc(e, f);
  }
  head(e, f, name, receiver, true, m->can_fail);
}

static const char *call_text(go_emitter *e, making *m) {
  const decl *f = m->f;
  buffer b = {0};
  OUT(b, "C.istf_%s(", f->name);
  bool any = false;
  if (ist__go_calls_back(e, f)) {
    OUT(b, "C.uint64_t(call.Number())");
    any = true;
  }
  for (int i = 0; i < f->params.count; i++) {
    if (!m->pass[i]) continue;
    OUT(b, "%s%s", any ? ", " : "", m->pass[i]);
    any = true;
  }
  if (f->result->dtype->kind != DT_VOID && is_struct(f->result->dtype))
    OUT(b, "%s(*C.uint8_t)(clib.Data(ar))", any ? ", " : "");
  OUT(b, ")");
  return b.at;
}

static void returns(go_emitter *e, making *m) {
  const decl *f = m->f;
  buffer b = {0};
  if (makes_object(f))
    OUT(b, "wrap%s(%s.Place(address))", ist__go_type_name(e, f->owner), ist__go_table(e, f->owner));
  for (int i = 0; i < f->outputs.count; i++)
    OUT(b, "%s%s", b.len ? ", " : "", f->outputs.at[i] < 0 ? "r" : TEXT("o%d", f->outputs.at[i]));
  if (tells_errno(f)) OUT(b, "%ssyscall.Errno(out.e)", b.len ? ", " : "");
  if (m->can_fail) OUT(b, "%snil", b.len ? ", " : "");
  if (b.len) LIFT("\treturn %s\n", b.at);
}

static void prepare_outputs(go_emitter *e, making *m) {
  const decl *f = m->f;
  // Sizes may ask the library, so they come when the objects are locked.
  for (int i = 0; i < f->params.count; i++) check_later(e, m, i);
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->role == ROLE_BUFFER && p->dir == DIR_OUT) {
      allocate(e, m, i);
    } else if (p->role == ROLE_CELL && p->dtype->to->kind == DT_STRUCT && p->dir == DIR_OUT) {
      const decl *d = p->dtype->to->decl;
      ist__go_struct_used(e, d, p->at, false, true);
      BODY("\ta%d := make([]byte, %lld)\n", i, (long long)d->size);
      BODY("\tprepare%s(a%d)\n", ist__go_type_name(e, d), i);
      m->pass[i] = TEXT("(*C.uint8_t)(clib.Data(a%d))", i);
    }
  }
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->vanished && !m->pass[i]) pass_length(e, m, i);
  }
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->role == ROLE_VALUE && p->dtype->kind == DT_CALLBACK && p->arg >= 0)
      give_callback(e, m, i);
  }
  if (f->result->dtype->kind != DT_VOID && is_struct(f->result->dtype))
    BODY("\tar := make([]byte, %lld)\n", (long long)struct_of(f->result->dtype)->size);
}

static void emit_flags(go_emitter *e, const decl *f) {
  if (ist__go_calls_back(e, f)) return;
  ist__idl_buffer_add(e->c, &e->flags, "#cgo noescape istf_%s\n#cgo nocallback istf_%s\n", f->name,
                      f->name);
}

// The destructor, by its own name and as Close.
static void destructor(go_emitter *e, making *m) {
  decl *f = m->f;
  const char *type = ist__go_type_name(e, f->owner), *name = ist__go_function_name(e, f);
  if (f->args.count) {
    refuse(e, f, NULL, "a destructor with further parameters");
    return;
  }
  bool has_record = ist__go_has_record(f);
  buffer assigned = {0};
  for (int i = 0; i < f->outputs.count; i++) {
    const param *p = f->outputs.at[i] < 0 ? f->result : f->params.at[f->outputs.at[i]];
    if (!ist__go_is_number(element(p))) refuse(e, f, NULL, "a destructor with such results");
  }
  GO("func (self *%s) end(again bool) (", type);
  for (int i = 0; i < f->outputs.count; i++)
    GO("%s %s, ", output_name(e, f, f->outputs.at[i]), output_type(e, f, f->outputs.at[i]));
  GO("err error) {\n\tif self == nil {\n\t\terr = %s.Nil(%s, again)\n\t\treturn\n\t}\n", m->fn,
     ist__go_table(e, f->owner));
  GO("\tvar call clib.Call\n\terr = call.Close(%s, self.object, again, func() error {\n", m->fn);
  m->pass[f->self] = "C.uintptr_t(self.object.Address())";
  bool uses = uses_out(f, has_record);
  GO("\t\t%s%s\n", uses ? "out := " : "", call_text(e, m));
  if (f->throws)
    GO("\t\tif out.f.failed != 0 {\n\t\t\treturn fail%s(%s, &out.f)\n\t\t}\n",
       ist__go_exported(e, f->throws->js), m->fn);
  for (int i = 0; i < f->outputs.count; i++) {
    int o = f->outputs.at[i];
    const param *p = o < 0 ? f->result : f->params.at[o];
    const char *raw = o >= 0 ? TEXT("out.o%d", o) : has_record ? "out.r" : "out";
    GO("\t\t%s = %s\n", output_name(e, f, o), ist__go_from_c(e, element(p), raw));
  }
  if (tells_errno(f)) GO("\t\t_ = out.e\n");
  GO("\t\treturn nil\n\t})\n\treturn\n}\n\n");
  (void)assigned;
  if (strcmp(name, "Close") != 0) {
    ist__go_claim(e, TEXT("%s.%s", type, name), TEXT("the function '%s'", f->name), f->at);
    ist__go_doc(e, "", name, f->doc ? f->doc : TEXT("calls %s.", f->symbol), &f->attrs);
    GO("func (self *%s) %s() %s", type, name, f->outputs.count ? "(" : "");
    for (int i = 0; i < f->outputs.count; i++) GO("%s, ", output_type(e, f, f->outputs.at[i]));
    GO("error%s {\n\treturn self.end(false)\n}\n\n", f->outputs.count ? ")" : "");
  }
  ist__go_claim(e, TEXT("%s.Close", type), TEXT("the Close of '%s'", f->owner->name), f->at);
  GO("// Close ends the object, as %s does in C, unless it has ended. What needs it keeps it in\n"
     "// existence, but it cannot be used any more.\n",
     f->symbol);
  GO("func (self *%s) Close() error {\n\t", type);
  for (int i = 0; i < f->outputs.count; i++) GO("_, ");
  GO("%s self.end(true)\n", f->outputs.count ? "err :=" : "return");
  if (f->outputs.count) GO("\treturn err\n");
  GO("}\n\n");
}

void ist__go_function(go_emitter *e, decl *f) {
  making made = {.f = f, .fn = ist__go_variable(e, f)};
  making *m = &made;
  m->pass = ist__idl_alloc(e->c, (size_t)(f->params.count + 1) * sizeof *m->pass);
  GO("var %s = &clib.Function{Library: &library, Name: \"%s\"%s}\n\n", ist__go_variable(e, f),
     ist__go_label(e, f), f->no_reenter ? ", NoReenter: true" : "");
  ist__go_wrapper(e, f);
  emit_flags(e, f);
  if (f->function == FN_DESTRUCTOR) {
    destructor(e, m);
    return;
  }
  m->fail = fail_text(e, f);
  bool method = f->self >= 0 && f->function == FN_METHOD;
  bool has_record = ist__go_has_record(f), thrown = ist__go_calls_back(e, f);
  gather(e, m);
  if (thrown || is_loose(e, f) || ends_something(e, f)) m->has_call = true;
  for (int i = 0; i < f->outputs.count; i++) {
    const param *p = f->outputs.at[i] < 0 ? f->result : f->params.at[f->outputs.at[i]];
    if (is_handle(element(p))) m->has_call = true;
  }
  if (m->has_call)
    begin(e, m);
  else if (e->seals)
    try(e, m, TEXT("library.Open(%s)", m->fn));
  prepare_outputs(e, m);
  if (makes_object(f)) BODY("\taddress := clib.Allocate(%lld)\n", (long long)f->owner->size);
  BODY("\t%s%s\n", uses_out(f, has_record) ? "out := " : "", call_text(e, m));
  after(e, m, has_record, thrown);
  if (makes_object(f)) fails(m);
  returns(e, m);
  faces(e, m, method ? TEXT("(self *%s) ", ist__go_type_name(e, f->owner)) : "");
  GO("%s%s}\n\n", m->body.at ? m->body.at : "", m->lift.at ? m->lift.at : "");
}
