// The way of what C gives back to Go.
#include "emit_go_call.h"

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
    if (!ist__go_is_handle(q->dtype))
      ist__go_refuse(e, m->f, p, "an object that keeps something other than an object");
    OUT(b, ", %s.it()", ist__go_name_of(e, m->f, list.at[k]));
  }
  if (!list.count && p->parent >= 0) OUT(b, ", %s.it()", ist__go_name_of(e, m->f, p->parent));
  return b.at ? b.at : "";
}

static void lift_handle(go_emitter *e, making *m, const param *p, const char *raw, const char *to,
                        const char *what) {
  const decl *d = ist__go_element(p)->to->decl;
  const char *type = ist__go_type_name(e, d), *table = ist__go_table(e, d);
  if (d->module != e->c->main) ist__go_refuse(e, m->f, p, "an object of another library");
  if (p->own_free && p->own_free != d->destructor)
    ist__go_refuse(e, m->f, p, "an object that something else than its destructor frees");
  ist__go_fails(m);
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
  const dtype *t = ist__go_element(p);
  const char *reader = text_reader(t->text);
  if (!p->null) {
    ist__go_fails(m);
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
  const dtype *t = ist__go_element(q);
  int64_t size = q->role == ROLE_BUFFER && !q->text ? (t->size ? t->size : 1) : 1;
  encoding text = q->role == ROLE_BUFFER ? q->text : t->text;
  if (text == ENC_UTF16 || text == ENC_LATIN1)
    ist__go_refuse(e, m->f, p, "an index into text that is not UTF-8");
  if (q->null) ist__go_refuse(e, m->f, p, "an index into what may be null");
  ist__go_fails(m);
  const char *length = q->dir == DIR_OUT || q->terminated
                           ? TEXT("len(a%d)", p->within)
                           : TEXT("len(%s)", ist__go_name_of(e, m->f, p->within));
  LIFT("\t%s, err := clib.Index(%s, \"%s\", \"%s\", int64(%s), %s, %lld, %s)\n\tif err != nil "
       "{\n\t\t%s\n\t}\n",
       to, m->fn, what, ist__go_js(q), raw, length, (long long)size, p->null ? "true" : "false",
       m->fail);
}

static void lift_struct(go_emitter *e, making *m, const param *p, const char *raw,
                        const char *image, const char *to, const char *what) {
  const dtype *t = ist__go_element(p);
  const decl *d = ist__go_struct_of(t);
  if (p->own) ist__go_refuse(e, m->f, p, "a struct that the caller frees");
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
    ist__go_fails(m);
    LIFT("\tif %s == 0 {\n\t\terr := %s.Null(\"%s\")\n\t\t%s\n\t}\n", raw, m->fn, what, m->fail);
  }
  LIFT("\tvar %s %s\n\t%s.get(%s)\n", to, type, to, image);
  // What is C's own for a while is not given back to it.
  if ((p->keeps.count || p->until.count) && ist__go_keeps_some(d))
    LIFT("\tclear(%s.kept[:])\n", to);
}

static void lift_counted(go_emitter *e, making *m, const param *p, const char *to) {
  const dtype *t = ist__go_element(p);
  if (!p->null) {
    ist__go_fails(m);
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
  const dtype *t = ist__go_element(p);
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

void ist__go_lift_output(go_emitter *e, making *m, int i, bool has_record) {
  const decl *f = m->f;
  const param *p = i < 0 ? f->result : f->params.at[i];
  const dtype *t = ist__go_element(p);
  const char *to = i < 0 ? "r" : TEXT("o%d", i);
  const char *raw = i >= 0 ? TEXT("out.o%d", i) : has_record ? "out.r" : "out";
  const char *what = i < 0 ? "" : ist__go_js(p);
  if (p->within >= 0)
    lift_within(e, m, p, raw, to, what);
  else if (p->role == ROLE_BUFFER && i < 0)
    lift_counted(e, m, p, to);
  else if (p->role == ROLE_BUFFER)
    lift_filled(e, m, i, to);
  else if (ist__go_is_struct(t))
    lift_struct(e, m, p, raw, i < 0 ? "ar" : TEXT("a%d", i), to, what);
  else if (ist__go_is_handle(t))
    lift_handle(e, m, p, raw, to, what);
  else if (t->kind == DT_STRING)
    lift_string(e, m, p, raw, to, what, i);
  else if (ist__go_is_number(t))
    LIFT("\t%s := %s\n", to, ist__go_from_c(e, t, raw));
  else
    ist__go_refuse(e, f, p, "a result like this");
}
