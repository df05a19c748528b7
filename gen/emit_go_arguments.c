// The way of arguments to C: each is checked, converted where it must be, and passed. What may ask
// the library comes when the objects are locked.
#include "emit_go_call.h"

// --- steps before the call ---

void ist__go_fails(making *m) {
  m->can_fail = true;
}

// A check that may fail; of what may be NULL, `there` is asked first.
static void try_of(go_emitter *e, making *m, const char *there, const char *call) {
  const char *indent = there ? "\t" : "";
  ist__go_fails(m);
  if (there) BODY("\tif %s != nil {\n", there);
  BODY("%s\tif err := %s; err != nil {\n%s\t\t%s\n%s\t}\n", indent, call, indent, m->fail, indent);
  if (there) BODY("\t}\n");
}

void ist__go_try(go_emitter *e, making *m, const char *call) {
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
  ist__go_fails(m);
  BODY("\ta%d, err := clib.%s(%s, \"%s\", %s, true)\n\tif err != nil {\n\t\t%s\n\t}\n", i,
       p->text == ENC_UTF16 ? "UTF16" : "Latin1", m->fn, ist__go_js(p), value, m->fail);
  BODY("\ta%d = a%d[:len(a%d)-1]\n", i, i, i);
  return TEXT("a%d", i);
}

static void pass_string(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  encoding text = p->dtype->text;
  ist__go_fails(m);
  const char *convert = text == ENC_UTF8 ? "Text" : text == ENC_LATIN1 ? "Latin1" : "UTF16";
  if (p->null && text != ENC_UTF8) {
    ist__go_refuse(e, m->f, p, "text in another encoding that may be null");
    return;
  }
  BODY("\ta%d, err := clib.%s%s(%s, \"%s\", %s%s)\n\tif err != nil {\n\t\t%s\n\t}\n", i, convert,
       p->null ? "OrNull" : "", m->fn, ist__go_js(p), name, text == ENC_UTF8 ? "" : ", false",
       m->fail);
  m->pass[i] = TEXT("(*C.uint8_t)(clib.Data%s(a%d))", p->null ? "OrNull" : "", i);
}

static void pass_struct(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  const decl *d = ist__go_struct_of(ist__go_element(p));
  bool pointer = p->null || p->dir == DIR_INOUT;
  ist__go_struct_used(e, d, p->at, true, p->dir == DIR_INOUT);
  need_arena(e, m);
  if (ist__go_has_functions(d)) need_call(e, m);
  ist__go_fails(m);
  const char *what = ist__go_article(e, d->js);
  if (pointer && !p->null)
    BODY("\tif %s == nil {\n\t\terr := %s.Expected(\"%s\", \"%s\", nil)\n\t\t%s\n\t}\n", name,
         m->fn, ist__go_js(p), what, m->fail);
  const char *indent = p->null ? "\t" : "";
  if (p->null)
    BODY("\tvar a%d []byte\n\tif %s != nil {\n\t\ta%d = make([]byte, %lld)\n", i, name, i,
         (long long)d->size);
  else
    BODY("\ta%d := make([]byte, %lld)\n", i, (long long)d->size);
  BODY("%s\tif err := %s.put(a%d, &arena); err != nil {\n%s\t\terr = %s.At(\"%s\", "
       "err)\n%s\t\t%s\n%s\t}\n",
       indent, name, i, indent, m->fn, ist__go_js(p), indent, m->fail, indent);
  if (p->null) BODY("\t}\n");
  m->pass[i] = TEXT("(*C.uint8_t)(clib.Data%s(a%d))", p->null ? "OrNull" : "", i);
  if (p->dir == DIR_INOUT) {
    if (p->null) LIFT("\tif %s != nil {\n", name);
    LIFT("%s\t%s.get(a%d)\n", indent, name, i);
    if (p->null) LIFT("\t}\n");
  }
}

void ist__go_pass_handle(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  const decl *d = p->dtype->to->decl;
  ist__go_fails(m);
  m->has_call = true;
  if (!p->null && i != m->f->self)
    BODY("\tif %s == nil {\n\t\terr := %s.Expected(\"%s\", \"%s\", nil)\n\t\t%s\n\t}\n", name,
         m->fn, ist__go_js(p), ist__go_article(e, d->js), m->fail);
  m->pass[i] = TEXT("C.uintptr_t(%s.it().Address())", name);
}

static void pass_elements(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  const dtype *t = ist__go_element(p);
  need_arena(e, m);
  ist__go_fails(m);
  if (t->kind == DT_STRING) {
    if (t->text != ENC_UTF8) ist__go_refuse(e, m->f, p, "an array of texts in another encoding");
    BODY("\ta%d, err := arena.Texts%s(%s, \"%s\", %s)\n\tif err != nil {\n\t\t%s\n\t}\n", i,
         p->element_null ? "OrNull" : "", m->fn, ist__go_js(p), name, m->fail);
  } else if (ist__go_is_handle(t)) {
    m->has_call = true;
    BODY("\tb%d := make([]uintptr, len(%s))\n\tfor i, one := range %s {\n", i, name, name);
    if (!p->element_null)
      BODY("\t\tif one == nil {\n\t\t\terr := %s.Expected(clib.Element(\"%s\", i), \"%s\", "
           "nil)\n\t\t\t%s\n\t\t}\n",
           m->fn, ist__go_js(p), ist__go_article(e, t->to->decl->js), m->fail);
    BODY("\t\tb%d[i] = one.it().Address()\n\t}\n\ta%d := arena.Pointers(b%d)\n", i, i, i);
  } else if (t->kind == DT_STRUCT) {
    ist__go_struct_used(e, t->decl, p->at, true, p->dir != DIR_IN);
    BODY("\tb%d := make([]byte, %lld*len(%s))\n\tfor i := range %s {\n", i, (long long)t->size,
         name, name);
    BODY("\t\tif err := %s[i].put(b%d[%lld*i:], &arena); err != nil {\n", name, i,
         (long long)t->size);
    BODY("\t\t\terr = %s.At(clib.Element(\"%s\", i), err)\n\t\t\t%s\n\t\t}\n\t}\n", m->fn,
         ist__go_js(p), m->fail);
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
  const dtype *t = ist__go_element(p);
  if (t->kind == DT_STRING || t->kind == DT_REF || t->kind == DT_STRUCT) {
    pass_elements(e, m, i, name);
    return;
  }
  if (ist__go_is_text(p)) {
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
    ist__go_fails(m);
    BODY("\ta%d, err := clib.Ended(%s, \"%s\", %s)\n\tif err != nil {\n\t\t%s\n\t}\n", i, m->fn,
         ist__go_js(p), name, m->fail);
    name = TEXT("a%d", i);
  }
  m->pass[i] = TEXT("(*C.uint8_t)(clib.Data%s(%s))", p->null ? "OrNull" : "", name);
}

// How many elements a buffer that goes in has.
static const char *length_of(go_emitter *e, const making *m, int i) {
  const param *p = m->f->params.at[i];
  const char *name = ist__go_name_of(e, m->f, i);
  if (ist__go_is_text(p)) {
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
void ist__go_pass_length(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  const dtype *t = ist__go_element(p);
  int first = p->lengths.at[0];
  for (int k = 0; k < p->lengths.count; k++)
    if (m->f->params.at[p->lengths.at[k]]->dir != DIR_OUT) {
      first = p->lengths.at[k];
      break;
    }
  const char *length = length_of(e, m, first);
  const char *most = most_of(e, t);
  if (most)
    ist__go_try(e, m,
                TEXT("clib.AtMost(%s, \"%s\", %s, %s)", m->fn, ist__go_js(m->f->params.at[first]),
                     length, most));
  for (int k = 0; k < p->lengths.count; k++) {
    int other = p->lengths.at[k];
    const param *q = m->f->params.at[other];
    if (other == first || q->dir == DIR_OUT) continue;
    try_of(e, m, q->null ? ist__go_name_of(e, m->f, other) : NULL,
           TEXT("clib.Same(%s, \"%s\", \"%s\", %s, %s)", m->fn, ist__go_js(q),
                ist__go_js(m->f->params.at[first]), length_of(e, m, other), length));
  }
  m->pass[i] = ist__go_to_c(e, t, length);
}

static bool is_number_literal(const expr *x) {
  return x && (x->kind == X_INT || x->kind == X_FLOAT);
}

static void check_number(go_emitter *e, making *m, int i, const char *name) {
  const param *p = m->f->params.at[i];
  const dtype *t = ist__go_element(p);
  const char *indent = p->null ? "\t" : "";
  if (!ist__go_is_closed(t) && !p->min) return;
  ist__go_fails(m);
  if (p->null) {
    BODY("\tif %s != nil {\n", name);
    name = TEXT("*%s", name);
  }
  if (ist__go_is_closed(t))
    BODY("%s\tif err := %s%s%s.check(%s, \"%s\"); err != nil {\n%s\t\t%s\n%s\t}\n", indent,
         p->null ? "(" : "", name, p->null ? ")" : "", m->fn, ist__go_js(p), indent, m->fail,
         indent);
  if (p->min && is_number_literal(p->min) && is_number_literal(p->max))
    BODY("%s\tif err := clib.Between(%s, \"%s\", %s, %s, %s); err != nil {\n%s\t\t%s\n%s\t}\n",
         indent, m->fn, ist__go_js(p), name, ist__go_literal(e, p->min, t, false),
         ist__go_literal(e, p->max, t, false), indent, m->fail, indent);
  if (p->null) BODY("\t}\n");
}

void ist__go_pass_argument(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  const dtype *t = ist__go_element(p);
  const char *name = ist__go_name_of(e, m->f, i);
  if (p->role == ROLE_BUFFER) {
    pass_buffer(e, m, i, name);
  } else if (t->kind == DT_STRING && p->role == ROLE_VALUE) {
    pass_string(e, m, i, name);
  } else if (ist__go_is_struct(t) && p->role == ROLE_VALUE) {
    pass_struct(e, m, i, name);
  } else if (ist__go_is_handle(t) && p->role == ROLE_VALUE) {
    ist__go_pass_handle(e, m, i, name);
  } else if (t->kind == DT_CALLBACK) {
    m->has_call = true;
    ist__go_fails(m);
    if (!p->null)
      BODY("\tif %s == nil {\n\t\terr := %s.Expected(\"%s\", \"a function\", nil)\n\t\t%s\n\t}\n",
           name, m->fn, ist__go_js(p), m->fail);
    m->pass[i] = TEXT("C.uintptr_t(a%d.Token())", i);
  } else if (ist__go_is_number(t)) {
    check_number(e, m, i, name);
    m->pass[i] = p->null ? TEXT("(*C.uint8_t)(clib.Cell(%s))", name) : ist__go_to_c(e, t, name);
  } else {
    ist__go_refuse(e, m->f, p, "an argument like this");
  }
}

// --- after the objects are locked ---

static const char *before_call(go_emitter *e, const making *m, const expr *x, const char *what) {
  int n;
  if (x->kind == X_INT) return ist__idl_wide_text(e->c, x->integer);
  if (ist__idl_expr_is_arg(x, &n) || ist__idl_expr_is_deref(x, &n)) {
    const param *p = m->f->params.at[n];
    if (p->arg >= 0) return TEXT("int64(%s)", ist__go_name_of(e, m->f, n));
    return TEXT("int64(%s)", m->pass[n]);
  }
  buffer b = {0};
  for (int i = 0; i < m->f->params.count; i++) {
    const param *p = m->f->params.at[i];
    bool used = ist__go_mentions(x, i);
    if (!used || p->role == ROLE_FIXED) continue;
    OUT(b, "%s%s", b.len ? ", " : "", m->pass[i]);
  }
  return TEXT("int64(C.istf_%s_%s(%s))", m->f->name, what, b.len ? b.at : "");
}

void ist__go_check_later(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  if (p->arg >= 0 && p->min && !(is_number_literal(p->min) && is_number_literal(p->max)))
    ist__go_try(e, m,
                TEXT("clib.BetweenWide(%s, \"%s\", int64(%s), %s, %s)", m->fn, ist__go_js(p),
                     ist__go_name_of(e, m->f, i), before_call(e, m, p->min, TEXT("min%d", i)),
                     before_call(e, m, p->max, TEXT("max%d", i))));
  if (p->role != ROLE_BUFFER || p->dir == DIR_OUT || !p->count || p->terminated) return;
  int n;
  if ((ist__idl_expr_is_arg(p->count, &n) || ist__idl_expr_is_deref(p->count, &n)) &&
      m->f->params.at[n]->vanished)
    return;
  const dtype *t = ist__go_element(p);
  bool bytes = t->kind == DT_VOID || (ist__go_is_number(t) && t->size == 1);
  try_of(e, m, p->null ? ist__go_name_of(e, m->f, i) : NULL,
         TEXT("clib.AtLeast(%s, \"%s\", %s, %s, %s)", m->fn, ist__go_js(p), length_of(e, m, i),
              before_call(e, m, p->count, TEXT("count%d", i)), bytes ? "true" : "false"));
}

void ist__go_allocate_output(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  const dtype *t = ist__go_element(p);
  const expr *size = p->size ? p->size : p->count;
  int n;
  bool decided = !p->size &&
                 (ist__idl_expr_is_arg(p->count, &n) || ist__idl_expr_is_deref(p->count, &n)) &&
                 m->f->params.at[n]->vanished;
  const char *count =
      decided ? TEXT("int64(%s)", m->pass[n])
              : before_call(e, m, size, p->size ? TEXT("size%d", i) : TEXT("count%d", i));
  ist__go_fails(m);
  const char *type = p->text == ENC_UTF16 ? "uint16" : ist__go_type(e, t);
  if (p->text && p->text != ENC_UTF16) type = "byte";
  if (t->kind == DT_STRUCT) {
    ist__go_struct_used(e, t->decl, p->at, false, true);
    need_arena(e, m);
    BODY("\tc%d, err := clib.Make[%s](%s, \"%s\", %s, %lld)\n\tif err != nil {\n\t\t%s\n\t}\n", i,
         type, m->fn, ist__go_js(p), count, (long long)t->size, m->fail);
    BODY("\ta%d := arena.Allocate(len(c%d) * %lld)\n", i, i, (long long)t->size);
    m->pass[i] = TEXT("a%d", i);
    return;
  }
  if (t->kind == DT_STRING || t->kind == DT_REF) return;
  BODY("\ta%d, err := clib.Make[%s](%s, \"%s\", %s, %lld)\n\tif err != nil {\n\t\t%s\n\t}\n", i,
       type, m->fn, ist__go_js(p), count, (long long)(t->size ? t->size : 1), m->fail);
  m->pass[i] = TEXT("(*C.uint8_t)(clib.Data(a%d))", i);
}

void ist__go_give_callback(go_emitter *e, making *m, int i) {
  const param *p = m->f->params.at[i];
  const char *name = ist__go_name_of(e, m->f, i);
  buffer args = {0};
  for (int k = 0; k < p->type_args.count; k++)
    OUT(args, ", %s", before_call(e, m, p->type_args.at[k], TEXT("arg%d_%d", i, k)));
  BODY("\tvar a%d *clib.Closure\n\tif %s != nil {\n\t\tvar err error\n", i, name);
  BODY("\t\tif a%d, err = call.Give(&use%s%d, %s%s); err != nil {\n\t\t\t%s\n\t\t}\n\t}\n", i,
       ist__go_variable(e, m->f), i, name, args.at ? args.at : "", m->fail);
}
