// Declarations for Python's cffi, in one of two forms. For its API mode they are the header's own,
// since a compiler sees both; what cffi cannot lay out ends in `...`. For its ABI mode nothing but
// this text tells cffi what memory looks like, so the layouts are made to come out as the
// descriptor has them: with padding that is written out, and bytes where a member would lie
// otherwise. A declaration comes after what it needs, else in the order of the interface file, so
// that the same text always gives the same declarations.
#include <stdlib.h>

#include "compiler.h"

typedef struct {
  compiler *c;
  bool abi;
  buffer out;
  map written;         // handles' types, scalars and functions, by name
  decl_list mentioned; // structs to which only a pointer has led so far
  int depth;           // of braces
} emitter;

struct cdef {
  enum { NOT_YET, BEGUN, WRITTEN } state;
  bool measured;
  bool exact;           // cffi lays it out so without help, and can pass it by value
  int64_t align;        // as cffi sees it
  const char *tag;      // under which it was announced before it was written
  const char *stand_in; // the type that is passed instead of it
  bool refused;         // nothing can be passed instead of it
};

// A struct as cffi lays it out, so far.
typedef struct {
  buffer *text; // NULL: only to measure
  int64_t bits, align;
  bool exact;
  bool partial; // a compiler must complete it
} laying;

static const char *type_text(emitter *e, const ctype *t, const char *declarator);
static const char *passed_text(emitter *e, const ctype *t, const char *declarator);
static void need(emitter *e, const ctype *t, bool whole);
static laying lay_out(emitter *e, const decl *d, buffer *text);

static struct cdef *of(emitter *e, decl *d) {
  if (!d->cdef) d->cdef = NEW(e->c, struct cdef);
  return d->cdef;
}

static bool first_time(emitter *e, const char *name) {
  if (ist__idl_map_get(&e->written, name)) return false;
  ist__idl_map_put(e->c, &e->written, name, e);
  return true;
}

// --- what structs look like to cffi ---

static struct cdef *measure(emitter *e, decl *d) {
  struct cdef *m = of(e, d);
  if (m->measured) return m;
  m->measured = true;
  laying p = lay_out(e, d, NULL);
  m->align = p.align;
  m->exact = p.exact && p.align == d->align;
  return m;
}

// A struct, or a handle whose fields are known.
static decl *laid_out(const ctype *t) {
  decl *d = ist__idl_type_decl(t, D_STRUCT);
  if (!d) d = ist__idl_type_decl(t, D_HANDLE);
  return d && d->has_fields ? d : NULL;
}

static int64_t cffi_align(emitter *e, const ctype *t, int64_t align) {
  t = ist__idl_type_strip(t);
  if (t->kind == T_ARRAY) return cffi_align(e, t->to, align);
  decl *d = laid_out(t);
  return d ? measure(e, d)->align : align;
}

static bool is_exact(emitter *e, const ctype *t) {
  t = ist__idl_type_strip(t);
  if (t->kind == T_ARRAY) return is_exact(e, t->to);
  decl *d = laid_out(t);
  return !d || measure(e, d)->exact;
}

// --- names and types ---

// A pointer that is [[opaque]] was checked without its type, which may not be known here.
static bool is_known(emitter *e, ctype *t) {
  if (t->kind == T_BAD) return false;
  if (t->kind == T_NAMED && !t->decl) {
    const char *key = t->tag ? ist__idl_format(e->c, "%s %s", t->tag, t->name) : t->name;
    t->decl = ist__idl_lookup(e->c, NULL, key);
    if (!t->decl) t->decl = ist__idl_lookup(e->c, "type", key);
    if (!t->decl) t->scalar = ist__idl_scalar_find(key);
    if (t->scalar) t->kind = T_SCALAR;
    if (!t->decl && !t->scalar) return false;
  }
  for (int i = 0; i < t->params.count; i++)
    if (!is_known(e, t->params.at[i]->type)) return false;
  return !t->to || is_known(e, t->to);
}

static const char *keyword(const decl *d) {
  return d->kind == D_ENUM ? "enum" : d->is_union ? "union" : "struct";
}

static const char *name_of(emitter *e, const decl *d) {
  if (d->c_type) return d->c_type;
  return d->tag ? ist__idl_format(e->c, "%s %s", d->tag, d->name) : d->name;
}

static const char *stand_in(emitter *e, decl *d) {
  struct cdef *m = of(e, d);
  if (m->stand_in || m->refused) return m->stand_in;
  const char *members = ist__idl_stand_in(e->c, d);
  if (!members) {
    m->refused = true;
    return NULL;
  }
  const char *name = ist__idl_format(e->c, "%s_by_value", d->name);
  while (ist__idl_lookup(e->c, NULL, name) || !first_time(e, name))
    name = ist__idl_format(e->c, "%s_", name);
  m->stand_in = name;
  ist__idl_buffer_add(e->c, &e->out, "typedef struct { %s } %s;\n", members, name);
  return name;
}

// cffi's ABI mode must be told what to pass instead of this.
static decl *not_passed(emitter *e, const ctype *t) {
  decl *d = e->abi ? ist__idl_type_decl(t, D_STRUCT) : NULL;
  return d && !measure(e, d)->exact ? d : NULL;
}

// A struct that a function of this type passes, and nothing can be passed for.
static const decl *refused(emitter *e, const ctype *result, const param_list *params) {
  for (int i = -1; i < params->count; i++) {
    decl *d = not_passed(e, i < 0 ? result : params->at[i]->type);
    if (d && !stand_in(e, d)) return d;
  }
  return NULL;
}

static const char *function_text(emitter *e, const ctype *result, const param_list *params,
                                 const char *declarator) {
  buffer b = {0};
  ist__idl_buffer_add(e->c, &b, "%s(", declarator);
  for (int i = 0; i < params->count; i++)
    ist__idl_buffer_add(e->c, &b, "%s%s", i ? ", " : "", passed_text(e, params->at[i]->type, ""));
  ist__idl_buffer_add(e->c, &b, "%s)", params->count ? "" : "void");
  return passed_text(e, result, b.at);
}

// What a function pointer points to, or NULL.
static const ctype *pointed_function(const ctype *t) {
  const ctype *to = t->kind == T_POINTER ? t->to : NULL;
  if (!to) return NULL;
  if (to->kind == T_FUNCTION) return to;
  return to->kind == T_NAMED && to->decl && to->decl->kind == D_CALLBACK && !to->decl->is_pointer
             ? to
             : NULL;
}

static bool is_refused(emitter *e, const ctype *function) {
  const decl *d = function->decl;
  bool named = function->kind == T_NAMED;
  return refused(e, named ? d->type : function->to, named ? &d->params : &function->params) != NULL;
}

static const char *plain_text(emitter *e, const ctype *t, const char *name,
                              const char *declarator) {
  return ist__idl_format(e->c, "%s%s%s%s", t->is_const ? "const " : "", name,
                         *declarator ? " " : "", declarator);
}

static const char *body_text(emitter *e, const decl *d) {
  buffer b = {0};
  e->depth++;
  laying p = lay_out(e, d, &b);
  // Of a handle, not all fields need be described.
  if (p.partial || (d->kind == D_HANDLE && !e->abi))
    ist__idl_buffer_add(e->c, &b, "%*s...;\n", 2 * e->depth, "");
  e->depth--;
  return ist__idl_format(e->c, "{\n%s%*s}", b.at ? b.at : "", 2 * e->depth, "");
}

static const char *named_text(emitter *e, const ctype *t, const char *declarator) {
  decl *d = t->decl;
  // What is not written yet needs this, so its name cannot be used here.
  bool begun = of(e, d)->state == BEGUN;
  switch (d->kind) {
  case D_TYPEDEF:
    if (d->tag || begun) return type_text(e, d->type, declarator);
    break;
  case D_ENUM:
    if (d->type) return plain_text(e, t, type_text(e, d->type, ""), declarator);
    break;
  case D_STRUCT:
    if (d->outer && !e->abi)
      return ist__idl_format(e->c, "%s %s%s%s", keyword(d), body_text(e, d), *declarator ? " " : "",
                             declarator);
    break;
  case D_CALLBACK:
    if (d->is_pointer && !begun) break;
    // A function may take a pointer to itself.
    if (e->c->type_depth > 2) return ist__idl_format(e->c, "void %s()", declarator);
    e->c->type_depth++;
    declarator = function_text(e, d->type, &d->params,
                               ist__idl_format(e->c,
                                               d->is_pointer        ? "(*%s)"
                                               : *declarator == '*' ? "(%s)"
                                                                    : "%s",
                                               declarator));
    e->c->type_depth--;
    return declarator;
  default: break;
  }
  return plain_text(e, t, name_of(e, d), declarator);
}

static const char *type_text(emitter *e, const ctype *t, const char *declarator) {
  const char *inner;
  switch (t->kind) {
  case T_POINTER:
    inner = ist__idl_format(e->c, "*%s%s", t->is_const ? "const " : "", declarator);
    if (pointed_function(t) && is_refused(e, pointed_function(t)))
      return ist__idl_format(e->c, "void %s", inner);
    if (t->to->kind == T_ARRAY || t->to->kind == T_FUNCTION)
      inner = ist__idl_format(e->c, "(%s)", inner);
    return type_text(e, t->to, inner);
  case T_ARRAY:
    if (!t->elements) return type_text(e, t->to, ist__idl_format(e->c, "*%s", declarator));
    return type_text(e, t->to,
                     ist__idl_format(e->c, "%s[%lld]", declarator, (long long)t->elements));
  case T_FUNCTION: return function_text(e, t->to, &t->params, declarator);
  case T_NAMED: return named_text(e, t, declarator);
  case T_VOID: return plain_text(e, t, "void", declarator);
  default: return plain_text(e, t, t->scalar->name, declarator);
  }
}

// A parameter's or result's type. Characters are passed as the numbers that they are.
static const char *passed_text(emitter *e, const ctype *t, const char *declarator) {
  decl *d = not_passed(e, t);
  if (d) return plain_text(e, t, of(e, d)->stand_in, declarator);
  const ctype *s = ist__idl_type_strip(t);
  static const char *const characters[] = {"char", "wchar_t", "char16_t", "char32_t"};
  for (size_t i = 0; e->abi && s->kind == T_SCALAR && i < 4; i++) {
    if (strcmp(s->scalar->name, characters[i]) != 0) continue;
    bool is_signed = s->scalar->is_signed[e->c->target];
    return plain_text(
        e, t,
        ist__idl_format(e->c, "%sint%d_t", is_signed ? "" : "u", 8 * s->scalar->size[e->c->target]),
        declarator);
  }
  return type_text(e, t, declarator);
}

// --- the members of structs ---

static void add_member(emitter *e, laying *p, const char *text) {
  if (p->text) ist__idl_buffer_add(e->c, p->text, "%*s%s;\n", 2 * e->depth, "", text);
}

static int64_t bytes_used(const laying *p) {
  return (p->bits + 7) / 8;
}

static void pad_to(emitter *e, laying *p, int64_t at) {
  int64_t used = bytes_used(p);
  if (used >= at) return;
  p->exact = false;
  p->partial = true;
  if (e->abi)
    add_member(e, p,
               ist__idl_format(e->c, "unsigned char _%lld[%lld]", (long long)used,
                               (long long)(at - used)));
  p->bits = at * 8;
}

static int64_t round_up(int64_t value, int64_t to) {
  return (value + to - 1) / to * to;
}

// A member that stands at `f->offset` of a struct that is aligned to `align`.
static void place_member(emitter *e, const field *f, int64_t align, laying *p) {
  int64_t size, own;
  ist__idl_type_layout(e->c, f->type, &size, &own);
  own = cffi_align(e, f->type, own);
  if (!is_exact(e, f->type)) p->exact = false;
  bool bytes = own > align || f->offset % own;
  if (bytes) {
    p->exact = false;
    p->partial = true;
    own = 1;
  }
  if (round_up(bytes_used(p), own) != f->offset) pad_to(e, p, f->offset);
  p->bits = (f->offset + size) * 8;
  if (own > p->align) p->align = own;
  if (!p->text) return;
  ctype *t = (ctype *)f->type;
  if (bytes && e->abi)
    add_member(e, p, ist__idl_format(e->c, "unsigned char %s[%lld]", f->name, (long long)size));
  else if (!is_known(e, t))
    add_member(e, p, ist__idl_format(e->c, "void *%s", f->name));
  else
    add_member(e, p, type_text(e, t, f->name));
}

// Where gcc, and cffi after it, puts a bit-field that nothing is said of.
static int64_t natural_bits(const laying *p, const field *f, int64_t size, int64_t align) {
  bool crosses = (p->bits & (align * 8 - 1)) + f->bit_width > size * 8;
  return f->bit_width == 0 || crosses ? round_up(p->bits, align * 8) : p->bits;
}

// False: cffi would put it elsewhere.
static bool place_bits(emitter *e, const field *f, int64_t most, laying *p) {
  int64_t size, align;
  ist__idl_type_layout(e->c, f->type, &size, &align);
  if (natural_bits(p, f, size, align) != f->bit_offset || align > most) return false;
  p->bits = f->bit_offset + f->bit_width;
  p->exact = false;
  if ((f->name || e->c->target) && align > p->align) p->align = align;
  if (p->text)
    add_member(e, p,
               ist__idl_format(e->c, "%s : %d", type_text(e, f->type, f->name ? f->name : ""),
                               f->bit_width));
  return true;
}

// Members that share their place, which is that of the first.
static void place_union(emitter *e, const field *at, int count, int64_t align, laying *p) {
  int64_t start = at->is_bits ? at->bit_offset / 8 : at->offset, most = 0;
  p->exact = false;
  for (int i = 0; i < count; i++) {
    laying one = {.text = p->text, .bits = start * 8, .align = 1};
    if (!at[i].is_bits) {
      place_member(e, &at[i], align, &one);
    } else if (!place_bits(e, &at[i], align, &one)) {
      p->partial = true;
      continue;
    }
    if (one.bits > most) most = one.bits;
    if (one.align > p->align) p->align = one.align;
    p->partial |= one.partial;
  }
  if (most) p->bits = start * 8 + round_up(most - start * 8, p->align * 8);
}

// A union without a name: the members of a struct from `at` on that are of one group.
static int place_group(emitter *e, const decl *d, int at, laying *p) {
  int count = 1;
  while (at + count < d->fields.count && d->fields.at[at + count].group == d->fields.at[at].group)
    count++;
  const field *first = &d->fields.at[at];
  int64_t start = first->is_bits ? first->bit_offset / 8 : first->offset;
  buffer members = {0};
  laying inner = {.text = p->text ? &members : NULL, .align = 1};
  e->depth++;
  place_union(e, first, count, d->align, &inner);
  e->depth--;
  p->exact = false;
  p->partial |= inner.partial;
  // Where none of them can be said, they are padding.
  if (!inner.bits) return count;
  if (round_up(bytes_used(p), inner.align) != start) pad_to(e, p, start);
  p->bits = inner.bits;
  if (inner.align > p->align) p->align = inner.align;
  if (p->text)
    add_member(e, p, ist__idl_format(e->c, "union {\n%s%*s}", members.at, 2 * e->depth, ""));
  return count;
}

static bool place_all(emitter *e, const decl *d, bool with_bits, laying *p) {
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    if (f->group >= 0)
      i += place_group(e, d, i, p) - 1;
    else if (!f->is_bits)
      place_member(e, f, d->align, p);
    else if (!with_bits)
      p->exact = false, p->partial = true;
    else if (!place_bits(e, f, d->align, p))
      return false;
  }
  return true;
}

static laying lay_out(emitter *e, const decl *d, buffer *text) {
  laying p = {.text = text, .align = 1, .exact = true};
  if (d->is_union) {
    place_union(e, d->fields.at, d->fields.count, d->align, &p);
  } else if (!place_all(e, d, true, &p)) {
    // Then all of its bit-fields are padding.
    if (text) text->len = 0;
    p = (laying){.text = text, .align = 1, .exact = true};
    place_all(e, d, false, &p);
  }
  if (round_up(bytes_used(&p), p.align) != d->size) {
    if (d->is_union) p.bits = 0;
    pad_to(e, &p, d->size);
  }
  if (p.align != d->align) p.partial = true;
  p.partial &= !e->abi;
  return p;
}

// --- declarations ---

static void announce(emitter *e, decl *d) {
  struct cdef *m = of(e, d);
  if (m->tag) return;
  const char *tag = d->c_tag ? d->c_tag : d->name;
  while (!d->c_tag && ist__idl_lookup(e->c, keyword(d), tag))
    tag = ist__idl_format(e->c, "%s_", tag);
  m->tag = tag;
  ist__idl_buffer_add(e->c, &e->out, "typedef %s %s %s;\n", keyword(d), tag, name_of(e, d));
}

static void need_members(emitter *e, const decl *d) {
  for (int i = 0; i < d->fields.count; i++)
    if (is_known(e, d->fields.at[i].type)) need(e, d->fields.at[i].type, true);
}

static void write_struct(emitter *e, decl *d) {
  struct cdef *m = of(e, d);
  if (m->state != NOT_YET) return;
  m->state = BEGUN;
  ist__idl_descend(e->c, d->at);
  need_members(e, d);
  // In API mode, what has no name of its own stands where it is used.
  if (e->abi || !d->outer) {
    const char *body = body_text(e, d);
    if (d->tag)
      ist__idl_buffer_add(e->c, &e->out, "%s %s;\n", name_of(e, d), body);
    else if (m->tag)
      ist__idl_buffer_add(e->c, &e->out, "%s %s %s;\n", keyword(d), m->tag, body);
    else
      ist__idl_buffer_add(e->c, &e->out, "typedef %s %s %s;\n", keyword(d), body, name_of(e, d));
  }
  ist__idl_ascend(e->c);
  m->state = WRITTEN;
}

// What only a pointer leads to need not be complete, but its name must be there.
static void need_struct(emitter *e, decl *d, bool whole) {
  if (of(e, d)->state == WRITTEN || (d->outer && !e->abi && !whole)) return;
  bool begun = of(e, d)->state == BEGUN;
  if (!whole) PUSH(e->c, e->mentioned, d);
  if (whole && !begun)
    write_struct(e, d);
  else if (!d->tag && (begun || d->c_tag || e->abi))
    announce(e, d);
  else if (!d->tag)
    write_struct(e, d);
}

static void write_enum(emitter *e, decl *d) {
  struct cdef *m = of(e, d);
  if (m->state != NOT_YET) return;
  m->state = WRITTEN;
  // The values of an enum that has a type are macros, and C has no name for it.
  if (d->type) return;
  ist__idl_buffer_add(e->c, &e->out, "%s%s {\n", d->tag ? "" : "typedef ",
                      d->tag ? name_of(e, d) : "enum");
  for (int i = 0; i < d->enumerators.count; i++)
    ist__idl_buffer_add(e->c, &e->out, "  %s = %s,\n", d->enumerators.at[i].name,
                        ist__idl_wide_text(e->c, d->enumerators.at[i].value));
  ist__idl_buffer_add(e->c, &e->out, "}%s%s;\n", d->tag ? "" : " ", d->tag ? "" : name_of(e, d));
}

// A handle that stands for a type of C's, as others may too.
static void write_other(emitter *e, decl *d, bool whole) {
  const char *name = d->c_type;
  decl *same = ist__idl_lookup(e->c, NULL, name);
  if (same && same != d && same->kind == D_STRUCT) {
    need_struct(e, same, true);
    return;
  }
  if (first_time(e, name))
    ist__idl_buffer_add(e->c, &e->out, e->abi ? "typedef struct %s %s;\n" : "typedef ... %s;\n",
                        name, name);
  if (!e->abi || !whole || !d->has_fields) return;
  need_members(e, d);
  if (first_time(e, ist__idl_format(e->c, "struct %s", name)))
    ist__idl_buffer_add(e->c, &e->out, "struct %s %s;\n", name, body_text(e, d));
}

static void write_handle(emitter *e, const decl *d) {
  const char *name = name_of(e, d);
  if (!first_time(e, name)) return;
  if (d->tag)
    ist__idl_buffer_add(e->c, &e->out, "%s;\n", name);
  else if (!e->abi)
    ist__idl_buffer_add(e->c, &e->out, "typedef ... %s%s;\n", d->is_pointer ? "*" : "", name);
  else if (d->is_pointer)
    ist__idl_buffer_add(e->c, &e->out, "typedef void *%s;\n", name);
  else
    ist__idl_buffer_add(e->c, &e->out, "typedef struct %s %s;\n", name, name);
}

static void need_handle(emitter *e, decl *d, bool whole) {
  if (d->c_type)
    write_other(e, d, whole);
  else if (d->has_fields)
    need_struct(e, d, whole);
  else
    write_handle(e, d);
}

static void write_callback(emitter *e, decl *d) {
  struct cdef *m = of(e, d);
  // One that was declared where it is used has a name for the descriptor only.
  if (m->state != NOT_YET || ist__idl_lookup(e->c, NULL, d->name) != d) return;
  m->state = BEGUN;
  ist__idl_descend(e->c, d->at);
  need(e, d->type, true);
  for (int i = 0; i < d->params.count; i++) need(e, d->params.at[i]->type, true);
  if ((d->is_pointer || e->abi) && m->state == BEGUN) {
    const char *name = ist__idl_format(e->c, d->is_pointer ? "(*%s)" : "%s", d->name);
    const decl *what = refused(e, d->type, &d->params);
    ist__idl_buffer_add(e->c, &e->out, "typedef %s;\n",
                        what ? ist__idl_format(e->c, "void *%s", d->name)
                             : function_text(e, d->type, &d->params, name));
  }
  ist__idl_ascend(e->c);
  m->state = WRITTEN;
}

static void write_typedef(emitter *e, decl *d) {
  struct cdef *m = of(e, d);
  if (m->state != NOT_YET) return;
  m->state = BEGUN;
  ist__idl_descend(e->c, d->at);
  need(e, d->type, false);
  if (!d->tag) ist__idl_buffer_add(e->c, &e->out, "typedef %s;\n", type_text(e, d->type, d->name));
  ist__idl_ascend(e->c);
  m->state = WRITTEN;
}

// What IDL knows by itself and cffi does not.
static void write_scalar(emitter *e, const scalar *s) {
  static const char *const names[] = {
      "clock_t",   "suseconds_t", "useconds_t", "clockid_t", "off_t", "mode_t",
      "pid_t",     "uid_t",       "gid_t",      "dev_t",     "ino_t", "nlink_t",
      "blksize_t", "blkcnt_t",    "socklen_t",  "wint_t",    "time_t"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], s->name) == 0 && first_time(e, s->name))
      ist__idl_buffer_add(e->c, &e->out, "typedef %s%s %s;\n",
                          s->is_signed[e->c->target] ? "" : "unsigned ",
                          s->size[e->c->target] == 8 ? "long" : "int", s->name);
}

// Writes what a declaration with this type uses, unless that is being written already.
static void need(emitter *e, const ctype *t, bool whole) {
  if (t->kind == T_SCALAR) write_scalar(e, t->scalar);
  if (t->kind == T_FUNCTION)
    for (int i = 0; i < t->params.count; i++) need(e, t->params.at[i]->type, true);
  if (t->to) need(e, t->to, t->kind != T_POINTER && whole);
  if (t->kind != T_NAMED || !t->decl) return;
  decl *d = t->decl;
  switch (d->kind) {
  case D_TYPEDEF:
    write_typedef(e, d);
    if (whole) need(e, d->type, true);
    break;
  case D_ENUM: d->type ? need(e, d->type, true) : write_enum(e, d); break;
  case D_STRUCT: need_struct(e, d, whole); break;
  case D_HANDLE: need_handle(e, d, whole); break;
  case D_CALLBACK: write_callback(e, d); break;
  default: break;
  }
}

static void write_type(emitter *e, decl *d) {
  ctype t = {.kind = T_NAMED, .at = d->at, .decl = d};
  need(e, &t, true);
}

static void write_function(emitter *e, const decl *d) {
  if (!first_time(e, ist__idl_format(e->c, "%s()", d->symbol))) return;
  need(e, d->type, true);
  for (int i = 0; i < d->params.count; i++) need(e, d->params.at[i]->type, true);
  const decl *what = refused(e, d->type, &d->params);
  if (what)
    ist__idl_buffer_add(e->c, &e->out, "/* %s: cffi cannot pass '%s' by value. */\n", d->symbol,
                        what->name);
  else
    ist__idl_buffer_add(e->c, &e->out, "%s;\n", function_text(e, d->type, &d->params, d->symbol));
}

static void write_constant(emitter *e, const decl *d) {
  const expr *x = d->value;
  if (x->kind == X_INT)
    ist__idl_buffer_add(e->c, &e->out, "#define %s %s\n", d->name,
                        ist__idl_wide_text(e->c, x->integer));
  else if (!e->abi)
    ist__idl_buffer_add(e->c, &e->out, "static %s;\n",
                        x->kind == X_FLOAT ? ist__idl_format(e->c, "const double %s", d->name)
                                           : ist__idl_format(e->c, "char *const %s", d->name));
}

static void write_constants(emitter *e, const decl *d) {
  if (d->kind == D_CONST) write_constant(e, d);
  for (int i = 0; d->kind == D_ENUM && d->type && i < d->enumerators.count; i++)
    ist__idl_buffer_add(e->c, &e->out, "#define %s %s\n", d->enumerators.at[i].name,
                        ist__idl_wide_text(e->c, d->enumerators.at[i].value));
}

static char *emit(compiler *c, bool abi) {
  emitter e = {.c = c, .abi = abi};
  // The functions are those of the descriptor: the file's own and what describes others.
  free(ist__idl_emit_descriptor(c));
  const decl_list *list = &c->main->decls;
  ist__idl_buffer_add(c, &e.out, "/* %s, for cffi's %s mode. */\n", c->main->name,
                      abi ? "ABI" : "API");
  for (int i = 0; i < list->count; i++) {
    decl *d = list->at[i];
    bool type = d->kind != D_CONST && d->kind != D_FUNCTION && d->kind != D_ERROR;
    if (type && !d->duplicate) write_type(&e, d);
  }
  for (int i = 0; i < list->count; i++) write_constants(&e, list->at[i]);
  for (int i = 0; i < c->functions.count; i++) {
    const decl *f = c->functions.at[i];
    // A header that is included need not declare what is another's.
    if (abi || (f->module == c->main && f != c->free_function)) write_function(&e, f);
  }
  // Of an import, what is used.
  for (int i = 0; i < e.mentioned.count; i++) need_struct(&e, e.mentioned.at[i], true);
  return strdup(e.out.at);
}

char *ist__idl_emit_cdef_api(compiler *c) {
  return emit(c, false);
}

char *ist__idl_emit_cdef_abi(compiler *c) {
  return emit(c, true);
}
