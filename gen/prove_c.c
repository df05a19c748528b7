// The C file that the proof compiles. Each fact stands under a #line marker that names the line of
// the interface file and the fact's number, so that every message of the compiler finds its way
// back.
#include "compiler.h"

static void add_marker(prover *p, buffer *b, span at, const char *suffix) {
  ist__idl_buffer_add(p->c, b, "#line %d \"", ist__idl_source_line(at.source, at.at));
  for (const char *s = at.source->name; *s; s++)
    ist__idl_buffer_add(p->c, b, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
  ist__idl_buffer_add(p->c, b, "#%s\"\n", suffix);
}

static void mark_fact(prover *p, buffer *b, int i) {
  add_marker(p, b, p->facts.at[i].at, ist__idl_format(p->c, "%d", i));
}

static void add_headers(prover *p, buffer *b) {
  compiler *c = p->c;
  for (int m = 0; m < c->modules.count; m++)
    for (int i = 0; i < c->modules.at[m]->defines.count; i++) {
      const definition *d = &c->modules.at[m]->defines.at[i];
      ist__idl_buffer_add(c, b, "#undef %s\n#define %s %s\n", d->name, d->name, d->value);
    }
  for (int m = 0; m < c->modules.count; m++) {
    const module *from = c->modules.at[m];
    for (int i = 0; i < from->headers.count; i++) {
      add_marker(p, b, from->header_spans.at[i], ist__idl_format(c, "h%d.%d", m, i));
      ist__idl_buffer_add(c, b, "#include %s\n", from->headers.at[i]);
    }
  }
}

static const char *pointer_to(compiler *c, ctype *t, const char *name) {
  ctype pointer = {.kind = T_POINTER, .to = t};
  return ist__idl_type_c(c, &pointer, name);
}

static const char *prototype(compiler *c, const decl *f, const char *name) {
  ctype function = {.kind = T_FUNCTION, .to = f->type, .params = f->params};
  return ist__idl_type_c(c, &function, name);
}

// A field may be const in the interface file alone, which makes it read-only for JavaScript.
static ctype *unqualified(compiler *c, const ctype *t) {
  ctype *copy = NEW(c, ctype);
  *copy = *t;
  copy->is_const = false;
  if (t->kind == T_ARRAY) copy->to = unqualified(c, t->to);
  return copy;
}

static bool is_opaque(field *f) {
  return ist__idl_attr_has(&f->attrs, AT_OPAQUE);
}

// What can be said outside of functions.
static void add_declarations(prover *p, buffer *b, int i) {
  compiler *c = p->c;
  fact *f = &p->facts.at[i];
  decl *d = f->decl;
  switch (f->kind) {
  case F_FUNCTION:
    // The first line needs the header's declaration, the second is compared with it. Parentheses
    // keep a macro of the same name away.
    mark_fact(p, b, i);
    ist__idl_buffer_add(c, b, "extern __typeof__((%s)) *ist_fact_%d;\n", d->symbol, i);
    mark_fact(p, b, i);
    ist__idl_buffer_add(c, b, "extern %s;\n",
                        prototype(c, d, ist__idl_format(c, "(%s)", d->symbol)));
    break;
  case F_TYPEDEF:
  case F_CALLBACK:
    mark_fact(p, b, i);
    ist__idl_buffer_add(c, b, "extern %s *ist_fact_%d;\n", d->name, i);
    mark_fact(p, b, i);
    ist__idl_buffer_add(c, b, "typedef %s;\n",
                        f->kind == F_TYPEDEF
                            ? ist__idl_type_c(c, d->type, d->name)
                            : prototype(c, d, ist__idl_format(c, "(*%s)", d->name)));
    break;
  case F_HANDLE:
    mark_fact(p, b, i);
    ist__idl_buffer_add(c, b, "extern %s *ist_fact_%d;\n", ist__idl_c_name(c, d), i);
    if (!d->is_pointer) break;
    mark_fact(p, b, i);
    ist__idl_buffer_add(c, b, "_Static_assert(sizeof(%s) == sizeof(void *), \"size\");\n", d->name);
    break;
  case F_FIELD: {
    field *m = &d->fields.at[f->i];
    if (m->is_bits || is_opaque(m)) break;
    const char *type = ist__idl_c_name(c, d);
    mark_fact(p, b, i);
    ist__idl_buffer_add(c, b, "void ist_fact_%d(%s *s) { %s = &s->%s; (void)p; }\n", i, type,
                        pointer_to(c, m->type, "p"), m->name);
    mark_fact(p, b, i);
    ist__idl_buffer_add(
        c, b,
        "_Static_assert(__builtin_types_compatible_p(__typeof__(((%s *)0)->%s), %s), \"type\");\n",
        type, m->name, ist__idl_type_c(c, unqualified(c, m->type), ""));
    break;
  }
  default: break;
  }
}

static void add_number(prover *p, buffer *b, int i, const char *key, const char *value) {
  mark_fact(p, b, i);
  ist__idl_buffer_add(
      p->c, b, "__builtin_printf(\"%d %s %%d %%llu\\n\", (%s) < 0, (unsigned long long)(%s));\n", i,
      key, value, value);
}

static void add_bits(prover *p, buffer *b, int i, const char *type, const char *name) {
  mark_fact(p, b, i);
  ist__idl_buffer_add(
      p->c, b,
      "{ static %s s; s.%s = -1; const unsigned char *at = (const unsigned char *)&s; "
      "unsigned first = 0, count = 0; for (unsigned k = 0; k < sizeof s * 8; k++) "
      "if (at[k / 8] >> k %% 8 & 1) { if (!count) first = k; count++; } "
      "__builtin_printf(\"%d bits %%d %%u\\n\", count, first); "
      "__builtin_printf(\"%d sign 0 %%d\\n\", s.%s < 0); }\n",
      type, name, i, i, name);
}

// What only a running program can tell.
static void add_probes(prover *p, buffer *b, int i) {
  compiler *c = p->c;
  fact *f = &p->facts.at[i];
  decl *d = f->decl;
  const char *type = ist__idl_c_name(c, d);
  switch (f->kind) {
  case F_HANDLE:
    if (!d->has_inline_size && !d->has_fields) break;
    add_number(p, b, i, "size", ist__idl_format(c, "sizeof(%s)", type));
    if (d->has_fields) add_number(p, b, i, "align", ist__idl_format(c, "_Alignof(%s)", type));
    break;
  case F_STRUCT:
    add_number(p, b, i, "size", ist__idl_format(c, "sizeof(%s)", type));
    add_number(p, b, i, "align", ist__idl_format(c, "_Alignof(%s)", type));
    break;
  case F_FIELD: {
    const field *m = &d->fields.at[f->i];
    if (m->is_bits) {
      add_bits(p, b, i, type, m->name);
      break;
    }
    add_number(p, b, i, "offset", ist__idl_format(c, "__builtin_offsetof(%s, %s)", type, m->name));
    add_number(p, b, i, "size", ist__idl_format(c, "sizeof(((%s *)0)->%s)", type, m->name));
    break;
  }
  case F_CONST:
    mark_fact(p, b, i);
    if (d->value->kind == X_INT)
      add_number(p, b, i, "value", d->name);
    else if (d->value->kind == X_FLOAT)
      ist__idl_buffer_add(c, b, "__builtin_printf(\"%d real %%a\\n\", (double)(%s));\n", i,
                          d->name);
    else
      ist__idl_buffer_add(
          c, b,
          "{ const char *s = (%s); __builtin_printf(\"%d text \"); "
          "while (*s) __builtin_printf(\"%%02x\", *s++ & 255); __builtin_printf(\"\\n\"); }\n",
          d->name, i);
    break;
  case F_ENUM:
    add_number(p, b, i, "size", ist__idl_format(c, "sizeof(%s)", type));
    mark_fact(p, b, i);
    ist__idl_buffer_add(c, b, "__builtin_printf(\"%d sign 0 %%d\\n\", (%s)-1 < 0);\n", i, type);
    break;
  case F_ENUMERATOR: add_number(p, b, i, "value", d->enumerators.at[f->i].name); break;
  default: break;
  }
}

const char *ist__idl_prove_source(prover *p) {
  buffer b = {0};
  add_headers(p, &b);
  // What compilers only warn about would pass for proven; each knows some of these names.
  static const char *const errors[] = {"incompatible-pointer-types", "pointer-sign",
                                       "discarded-qualifiers", "discarded-array-qualifiers",
                                       "incompatible-pointer-types-discards-qualifiers"};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    ist__idl_buffer_add(p->c, &b, "#pragma GCC diagnostic error \"-W%s\"\n", errors[i]);
  for (int i = 0; i < p->facts.count; i++)
    if (!p->facts.at[i].failed) add_declarations(p, &b, i);
  // Large interface files would make one function that compilers take long over.
  enum { PER_FUNCTION = 200 };
  int parts = 0;
  for (int i = 0; i < p->facts.count; i += PER_FUNCTION, parts++) {
    ist__idl_buffer_add(p->c, &b, "static void ist_part_%d(void) {\n", parts);
    for (int k = i; k < p->facts.count && k < i + PER_FUNCTION; k++)
      if (!p->facts.at[k].failed) add_probes(p, &b, k);
    ist__idl_buffer_add(p->c, &b, "}\n");
  }
  ist__idl_buffer_add(p->c, &b, "int main(void) {\n");
  for (int i = 0; i < parts; i++) ist__idl_buffer_add(p->c, &b, "ist_part_%d();\n", i);
  ist__idl_buffer_add(p->c, &b, "return 0;\n}\n");
  return b.at;
}
