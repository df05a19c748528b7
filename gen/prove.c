// `isthmus check`: every fact that an interface file states about its headers is put to the C
// compiler, and what the compiler or the compiled program answers is told at the interface file's
// own lines. Facts that fail are left out and the rest is compiled again, so that one mistake hides
// no other.
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler.h"

enum { MAX_ARGUMENTS = 256 };

static void add_fact(prover *p, fact_kind kind, decl *d, int i, span at) {
  fact f = {.kind = kind, .decl = d, .i = i, .at = at};
  PUSH(p->c, p->facts, f);
}

static void collect(prover *p, decl *d) {
  switch (d->kind) {
  case D_FUNCTION: add_fact(p, F_FUNCTION, d, 0, d->at); return;
  case D_TYPEDEF:
    if (!d->tag) add_fact(p, F_TYPEDEF, d, 0, d->at);
    return;
  case D_CALLBACK:
    if (d->is_pointer) add_fact(p, F_CALLBACK, d, 0, d->at);
    return;
  case D_CONST: add_fact(p, F_CONST, d, 0, d->at); return;
  case D_ENUM:
    if (!d->type) add_fact(p, F_ENUM, d, 0, d->at);
    for (int i = 0; i < d->enumerators.count; i++)
      add_fact(p, F_ENUMERATOR, d, i, d->enumerators.at[i].at);
    return;
  case D_STRUCT:
  case D_HANDLE:
    add_fact(p, d->kind == D_STRUCT ? F_STRUCT : F_HANDLE, d, 0, d->at);
    for (int i = 0; i < d->fields.count; i++)
      if (d->fields.at[i].name) add_fact(p, F_FIELD, d, i, d->fields.at[i].at);
    for (int i = 0; i < d->functions.count; i++) collect(p, d->functions.at[i]);
    return;
  default: return;
  }
}

static const char *fact_name(prover *p, const fact *f) {
  const char *type = f->decl->outer ? f->decl->name : ist__idl_c_name(p->c, f->decl);
  if (f->kind == F_FIELD)
    return ist__idl_format(p->c, "%s.%s", type, f->decl->fields.at[f->i].name);
  if (f->kind == F_ENUMERATOR) return f->decl->enumerators.at[f->i].name;
  if (f->kind == F_FUNCTION) return f->decl->symbol;
  if (f->kind == F_TYPEDEF || f->kind == F_CALLBACK || f->kind == F_CONST) return f->decl->name;
  return type;
}

// --- what the compiler says ---

typedef struct {
  const char *file;
  int line, column;
  bool error, note;
  const char *text;
} message;

// "file:line:column: error: text"; the column may be missing.
static bool parse_message(compiler *c, char *line, message *m) {
  static const struct {
    const char *word;
    bool error, note;
  } words[] = {
      {": fatal error: ", true, false}, {": error: ", true, false}, {": note: ", false, true}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char *at = strstr(line, words[i].word);
    if (!at) continue;
    *m = (message){
        .error = words[i].error, .note = words[i].note, .text = at + strlen(words[i].word)};
    int numbers[2] = {0, 0}, n = 0;
    char *end = at;
    while (n < 2) {
      char *digits = end;
      while (digits > line && isdigit((unsigned char)digits[-1])) digits--;
      if (digits == end || digits == line || digits[-1] != ':') break;
      numbers[n++] = atoi(digits);
      end = digits - 1;
    }
    if (n == 0) continue;
    m->line = n == 2 ? numbers[1] : numbers[0];
    m->column = n == 2 ? numbers[0] : 1;
    m->file = ist__idl_text(c, line, (size_t)(end - line));
    return true;
  }
  return false;
}

// The number of the fact that a file name of a #line marker ends in; -1 for none, -2 for a
// header's.
static int marked_fact(prover *p, const char *file, span *header) {
  const char *hash = strrchr(file, '#');
  int m, i;
  if (!hash) return -1;
  if (sscanf(hash, "#h%d.%d", &m, &i) == 2 && m >= 0 && m < p->c->modules.count && i >= 0 &&
      i < p->c->modules.at[m]->header_spans.count) {
    *header = p->c->modules.at[m]->header_spans.at[i];
    return -2;
  }
  if (!isdigit((unsigned char)hash[1])) return -1;
  i = atoi(hash + 1);
  return i < p->facts.count ? i : -1;
}

// The k-th text in quotes.
static const char *quoted(compiler *c, const char *text, int k) {
  for (;; k--) {
    const char *from = strchr(text, '\'');
    const char *to = from ? strchr(from + 1, '\'') : NULL;
    if (!to) return NULL;
    if (k == 0) return ist__idl_text(c, from + 1, (size_t)(to - from - 1));
    text = to + 1;
  }
}

static const char *tidy(compiler *c, const char *type) {
  char *out = ist__idl_text(c, type, strlen(type)), *to = out;
  for (const char *s = type; *s; s++)
    if (!(s[0] == ' ' && s[1] == ' ')) *to++ = *s;
  *to = '\0';
  return out;
}

// Points into a file that is not an interface file.
static void note_elsewhere(prover *p, const message *m, const char *text) {
  source *s = ist__idl_source_open(p->c, m->file);
  if (!s || m->line < 1 || m->line > s->lines.count) {
    ist__idl_note(p->c, (span){0}, "%s:%d: %s", m->file, m->line, text);
    return;
  }
  span at = {s, s->lines.at[m->line - 1] + m->column - 1, 1};
  if (at.at < s->len)
    while (at.at + at.len < s->len &&
           (isalnum((unsigned char)s->text[at.at + at.len]) || s->text[at.at + at.len] == '_'))
      at.len++;
  else
    at.at = s->lines.at[m->line - 1];
  ist__idl_note(p->c, at, "%s", text);
}

static bool says_undeclared(const char *text) {
  return strstr(text, "undeclared") || strstr(text, "unknown type name") ||
         strstr(text, "no member named") || strstr(text, "incomplete type") ||
         strstr(text, "undefined type") || strstr(text, "expected ") ||
         strstr(text, "tentative definition");
}

// What a pointer type points to; NULL when the text is none.
static const char *pointed(compiler *c, const char *type) {
  size_t n = type ? strlen(type) : 0;
  if (n < 2 || type[n - 1] != '*') return NULL;
  n -= type[n - 2] == ' ' ? 2 : 1;
  return ist__idl_text(c, type, n);
}

static const char *our_type(compiler *c, const fact *f) {
  const decl *d = f->decl;
  if (f->kind == F_TYPEDEF) return ist__idl_type_c(c, d->type, "");
  if (f->kind == F_FIELD) return ist__idl_type_c(c, d->fields.at[f->i].type, "");
  if (f->kind != F_FUNCTION) return NULL;
  ctype function = {.kind = T_FUNCTION, .to = d->type, .params = d->params};
  const char *type = ist__idl_type_c(c, &function, "");
  // As gcc writes it: no space between the result and the parameters.
  const char *space = strstr(type, " (");
  return space ? ist__idl_format(c, "%.*s%s", (int)(space - type), type, space + 1) : type;
}

static void report(prover *p, fact *f, const message *m, const message *previous) {
  compiler *c = p->c;
  const char *name = fact_name(p, f);
  const char *ours = our_type(c, f);
  static const char *const words[] = {"function", "type",     "type", "type",    "type",
                                      "field",    "constant", "type", "constant"};
  if (strstr(m->text, "conflicting types") || strstr(m->text, "redefinition") ||
      strstr(m->text, "redeclared")) {
    const char *theirs = previous ? quoted(c, previous->text, 1) : NULL;
    // A typedef's own name is no news; gcc adds what it stands for.
    if (theirs && f->kind == F_TYPEDEF && quoted(c, previous->text, 2))
      theirs = quoted(c, previous->text, 2);
    if (theirs && ours)
      ist__idl_error(c, f->at, "%s: the header declares it as '%s', not as '%s'", name,
                     tidy(c, theirs), ours);
    else
      ist__idl_error(c, f->at, "%s: the header declares it with another type", name);
    if (previous) note_elsewhere(p, previous, "the header's declaration is here");
    return;
  }
  if (strstr(m->text, "incompatible pointer type") || strstr(m->text, "pointer-sign") ||
      strstr(m->text, "discards") || strstr(m->text, "static assertion") ||
      strstr(m->text, "static_assert")) {
    const char *theirs = NULL;
    static const char *const before[] = {"incompatible pointer type '", " from '",
                                         "expression of type '"};
    for (int i = 0; i < 3 && !theirs; i++) {
      const char *at = strstr(m->text, before[i]);
      if (at) theirs = pointed(c, quoted(c, at, 0));
    }
    if (!theirs && strstr(m->text, "discards 'const'")) {
      ist__idl_error(c, f->at, "%s: it is const in the header", name);
      return;
    }
    if (theirs && ours)
      ist__idl_error(c, f->at, "%s: the header declares it as '%s', not as '%s'", name, theirs,
                     ours);
    else
      ist__idl_error(c, f->at, "%s: the header declares it with another type", name);
    return;
  }
  if (strstr(m->text, "bit-field")) {
    ist__idl_error(c, f->at, "%s: the header declares it as a bit-field", name);
    return;
  }
  if (says_undeclared(m->text))
    ist__idl_error(c, f->at, "%s: the header declares no such %s", name, words[f->kind]);
  else
    ist__idl_error(c, f->at, "%s: the C compiler does not confirm it", name);
  ist__idl_note(c, (span){0}, "the C compiler says: %s", m->text);
  if (f->kind == F_CALLBACK && says_undeclared(m->text))
    ist__idl_note(
        c, f->at,
        "without [[pointer]] the name may be your own: 'callback … %s(…);', used as '%s *'",
        f->decl->name, f->decl->name);
}

// A type that the header lacks is reported where it is declared, not wherever it is used.
static bool follows_from_type(prover *p, const fact *f, const char *text) {
  const char *name = strstr(text, "unknown type name") ? quoted(p->c, text, 0) : NULL;
  for (int i = 0; name && i < p->facts.count; i++) {
    const fact *other = &p->facts.at[i];
    bool is_type = other->kind == F_TYPEDEF || other->kind == F_CALLBACK ||
                   other->kind == F_HANDLE || other->kind == F_STRUCT || other->kind == F_ENUM;
    if (is_type && other->decl != f->decl && strcmp(ist__idl_c_name(p->c, other->decl), name) == 0)
      return true;
  }
  return false;
}

// Reads the compiler's messages; the number of facts that newly failed, or -1 when the failure is
// no fact's.
static int read_messages(prover *p, const char *path) {
  compiler *c = p->c;
  source *s = ist__idl_source_open(c, path);
  LIST(message) all = {0};
  for (int i = 0; s && i < s->lines.count; i++) {
    int from = s->lines.at[i], to = i + 1 < s->lines.count ? s->lines.at[i + 1] - 1 : s->len;
    message m;
    if (parse_message(c, ist__idl_text(c, s->text + from, (size_t)(to - from)), &m))
      PUSH(c, all, m);
  }
  int failed = 0;
  for (int i = 0; i < all.count; i++) {
    const message *m = &all.at[i];
    if (!m->error) continue;
    span header;
    int k = marked_fact(p, m->file, &header);
    const message *note = i + 1 < all.count && all.at[i + 1].note ? &all.at[i + 1] : NULL;
    if (k >= 0) {
      fact *f = &p->facts.at[k];
      if (f->failed) continue;
      f->failed = true;
      failed++;
      if (follows_from_type(p, f, m->text)) continue;
      if (f->kind == F_FUNCTION && f->decl->optional && strstr(m->text, "undeclared")) continue;
      report(p, f, m, note && strstr(note->text, "previous") ? note : NULL);
      continue;
    }
    if (k == -1) {
      // The header that the offending file was included from is named above the message.
      const char *from = s->text ? strstr(s->text, "#h") : NULL;
      const char *end = from ? strchr(from, ':') : NULL;
      if (end)
        k = marked_fact(p, ist__idl_text(c, from, (size_t)(end - from)), &header) == -2 ? -3 : -1;
    }
    if (k == -3)
      ist__idl_error(c, header, "the C compiler cannot include it: %s:%d: %s", m->file, m->line,
                     m->text);
    else if (k == -2)
      ist__idl_error(c, header, "the C compiler cannot include it: %s", m->text);
    else
      ist__idl_error(c, (span){0}, "%s:%d:%d: %s", m->file, m->line, m->column, m->text);
    return -1;
  }
  if (failed) return failed;
  ist__idl_error(c, c->main->at, "the C compiler failed");
  for (int i = 0; s && i < s->lines.count && i < 5; i++) {
    int from = s->lines.at[i], to = i + 1 < s->lines.count ? s->lines.at[i + 1] - 1 : s->len;
    if (to > from) ist__idl_note(c, (span){0}, "%.*s", to - from, s->text + from);
  }
  return -1;
}

// --- what the program says ---

static const char *number(prover *p, wide value) {
  return value < 0 ? ist__idl_format(p->c, "-%llu", (unsigned long long)-value)
                   : ist__idl_format(p->c, "%llu", (unsigned long long)value);
}

static void expect(prover *p, fact *f, const char *what, wide ours, wide theirs) {
  if (f->failed || ours == theirs) return;
  f->failed = true;
  ist__idl_error(p->c, f->at, "%s: %s is %s in the header, not %s", fact_name(p, f), what,
                 number(p, theirs), number(p, ours));
}

static void compare_number(prover *p, fact *f, const char *key, bool negative,
                           unsigned long long bits) {
  decl *d = f->decl;
  const field *m = f->kind == F_FIELD ? &d->fields.at[f->i] : NULL;
  wide value = negative ? (wide)(long long)bits : (wide)bits;
  int64_t size, align;
  if (strcmp(key, "value") == 0) {
    expect(p, f, "the value",
           f->kind == F_CONST ? d->value->integer : d->enumerators.at[f->i].value, value);
  } else if (strcmp(key, "offset") == 0) {
    expect(p, f, "the offset", m->offset, value);
  } else if (strcmp(key, "size") == 0) {
    if (m && ist__idl_attr_has(&((field *)m)->attrs, AT_OPAQUE) && m->type->kind == T_POINTER) {
      expect(p, f, "the size", 8, value);
    } else if (m) {
      ist__idl_type_layout(p->c, m->type, &size, &align);
      expect(p, f, "the size", size, value);
    } else {
      expect(p, f, "the size", d->size, value);
    }
  } else if (strcmp(key, "align") == 0) {
    expect(p, f, "the alignment", d->align, value);
  } else if (strcmp(key, "sign") == 0) {
    bool is_signed = false;
    const ctype *t = m ? ist__idl_type_strip(m->type) : NULL;
    if (f->kind == F_ENUM || (t && t->kind == T_NAMED && t->decl->kind == D_ENUM)) {
      const decl *e = t ? t->decl : d;
      is_signed = e->type ? ist__idl_type_strip(e->type)->scalar->is_signed[p->c->target]
                          : ist__idl_enum_signed(e);
    } else if (t && t->kind == T_SCALAR) {
      is_signed = t->scalar->is_signed[p->c->target];
    }
    if (!f->failed && is_signed != (value != 0)) {
      f->failed = true;
      ist__idl_error(p->c, f->at, "%s: it is %s in the header", fact_name(p, f),
                     is_signed ? "unsigned" : "signed");
    }
  }
}

static void compare_text(prover *p, fact *f, const char *hex) {
  const char *ours = f->decl->value->text;
  buffer theirs = {0};
  for (; hex[0] && hex[1]; hex += 2) {
    unsigned byte;
    if (sscanf(hex, "%2x", &byte) != 1) break;
    ist__idl_buffer_add(p->c, &theirs, "%c", (char)byte);
  }
  const char *value = theirs.at ? theirs.at : "";
  if (strcmp(ours, value) == 0) return;
  f->failed = true;
  ist__idl_error(p->c, f->at, "%s: the value is \"%s\" in the header, not \"%s\"", f->decl->name,
                 value, ours);
}

static void read_values(prover *p, const char *path) {
  source *s = ist__idl_source_open(p->c, path);
  for (int i = 0; s && i < s->lines.count; i++) {
    int from = s->lines.at[i], to = i + 1 < s->lines.count ? s->lines.at[i + 1] - 1 : s->len;
    const char *line = ist__idl_text(p->c, s->text + from, (size_t)(to - from));
    int k, used = 0, first;
    char key[16];
    unsigned long long value;
    if (sscanf(line, "%d %15s %n", &k, key, &used) != 2 || k < 0 || k >= p->facts.count) continue;
    fact *f = &p->facts.at[k];
    line += used;
    if (strcmp(key, "real") == 0) {
      double theirs = strtod(line, NULL);
      if (theirs != f->decl->value->real && !(isnan(theirs) && isnan(f->decl->value->real))) {
        f->failed = true;
        ist__idl_error(p->c, f->at, "%s: the value is %.17g in the header, not %.17g",
                       f->decl->name, theirs, f->decl->value->real);
      }
    } else if (strcmp(key, "text") == 0) {
      compare_text(p, f, line);
    } else if (sscanf(line, "%d %llu", &first, &value) == 2) {
      if (strcmp(key, "bits") == 0) {
        const field *m = &f->decl->fields.at[f->i];
        expect(p, f, "the width in bits", m->bit_width, first);
        expect(p, f, "the first bit", m->bit_offset, (wide)value);
      } else {
        compare_number(p, f, key, first != 0, value);
      }
    }
  }
}

// --- the commands ---

typedef struct {
  char *at[MAX_ARGUMENTS];
  int count;
} arguments;

static bool add_argument(arguments *a, const char *text) {
  if (a->count >= MAX_ARGUMENTS - 1) return false;
  a->at[a->count++] = (char *)text;
  return true;
}

static bool add_words(prover *p, arguments *a, const char *text) {
  while (*text) {
    size_t n = strcspn(text, " \t\r\n");
    if (n && !add_argument(a, ist__idl_text(p->c, text, n))) return false;
    text += n + (text[n] != '\0');
  }
  return true;
}

static bool add_packages(prover *p, arguments *a) {
  compiler *c = p->c;
  const char *out = ist__idl_format(c, "%s/flags", p->folder);
  for (int m = 0; m < c->modules.count; m++)
    for (int i = 0; i < c->modules.at[m]->packages.count; i++) {
      const char *package = c->modules.at[m]->packages.at[i];
      arguments pkg = {0};
      const char *command = getenv("PKG_CONFIG");
      add_argument(&pkg, command && *command ? command : "pkg-config");
      add_argument(&pkg, "--cflags");
      add_argument(&pkg, package);
      if (ist__idl_run(pkg.at, out) != 0) {
        ist__idl_error(c, c->modules.at[m]->at, "pkg-config knows no package '%s'", package);
        return false;
      }
      source *s = ist__idl_source_open(c, out);
      if (s && !add_words(p, a, s->text)) return false;
    }
  return true;
}

static bool compiler_arguments(prover *p, arguments *a) {
  compiler *c = p->c;
  const char *cc = getenv("CC");
  add_words(p, a, cc && *cc ? cc : "cc");
  add_argument(a, "-std=gnu17");
  for (int m = 0; m < c->modules.count; m++) {
    const char *path = c->modules.at[m]->source->path, *slash = path ? strrchr(path, '/') : NULL;
    add_argument(a, "-iquote");
    add_argument(a, slash ? ist__idl_format(c, "%.*s", (int)(slash - path) + (slash == path), path)
                          : ".");
  }
  if (!add_packages(p, a)) return false;
  add_argument(a, "-x");
  add_argument(a, "c");
  add_argument(a, ist__idl_format(c, "%s/proof.c", p->folder));
  add_argument(a, "-o");
  return add_argument(a, ist__idl_format(c, "%s/proof", p->folder));
}

static void prove(prover *p) {
  compiler *c = p->c;
  arguments a = {0}, program = {0};
  const char *messages = ist__idl_format(c, "%s/messages", p->folder),
             *values = ist__idl_format(c, "%s/values", p->folder);
  if (!compiler_arguments(p, &a)) return;
  for (;;) {
    if (!ist__idl_file_write(c, ist__idl_format(c, "%s/proof.c", p->folder),
                             ist__idl_prove_source(p))) {
      ist__idl_error(c, c->main->at, "cannot write a temporary file: %s", strerror(errno));
      return;
    }
    int status = ist__idl_run(a.at, messages);
    if (status < 0) {
      ist__idl_error(c, c->main->at, "cannot run the C compiler '%s': %s", a.at[0],
                     strerror(errno));
      return;
    }
    if (status == 0) break;
    if (read_messages(p, messages) < 0) return;
  }
  add_argument(&program, ist__idl_format(c, "%s/proof", p->folder));
  if (ist__idl_run(program.at, values) != 0)
    ist__idl_error(c, c->main->at, "the compiled proof cannot be run");
  else
    read_values(p, values);
}

// --- what was proven ---

static void add_count(prover *p, buffer *b, int n, const char *one, const char *many) {
  if (n) ist__idl_buffer_add(p->c, b, "%s%d %s", b->len ? ", " : "", n, n == 1 ? one : many);
}

static char *summary(prover *p) {
  compiler *c = p->c;
  int counts[F_ENUMERATOR + 1] = {0}, missing = 0, fields[2] = {0}, unions = 0;
  for (int i = 0; i < p->facts.count; i++) {
    const fact *f = &p->facts.at[i];
    if (f->failed)
      missing++;
    else if (f->kind == F_FIELD)
      fields[f->decl->kind == D_HANDLE]++;
    else
      counts[f->kind]++;
    unions += !f->failed && f->kind == F_STRUCT && f->decl->is_union;
  }
  buffer b = {0}, out = {0};
  add_count(p, &b, counts[F_FUNCTION], "function", "functions");
  add_count(p, &b, counts[F_STRUCT] - unions, "struct", "structs");
  add_count(p, &b, unions, "union", "unions");
  if (fields[0]) ist__idl_buffer_add(c, &b, " (%d field%s)", fields[0], fields[0] == 1 ? "" : "s");
  add_count(p, &b, counts[F_HANDLE], "handle", "handles");
  if (fields[1]) ist__idl_buffer_add(c, &b, " (%d field%s)", fields[1], fields[1] == 1 ? "" : "s");
  add_count(p, &b, counts[F_CONST], "constant", "constants");
  add_count(p, &b, counts[F_ENUM], "enum", "enums");
  add_count(p, &b, counts[F_ENUMERATOR], "enumerator", "enumerators");
  add_count(p, &b, counts[F_TYPEDEF] + counts[F_CALLBACK], "typedef", "typedefs");
  ist__idl_buffer_add(c, &out, "%s: proven against ", c->main->source->name);
  for (int i = 0; i < c->main->headers.count; i++)
    ist__idl_buffer_add(c, &out, "%s%s", i ? ", " : "", c->main->headers.at[i]);
  ist__idl_buffer_add(c, &out, ": %s", b.len ? b.at : "nothing is declared");
  if (missing) ist__idl_buffer_add(c, &out, "; %d optional not in the header", missing);
  ist__idl_buffer_add(c, &out, "\n");
  for (int i = 0; i < p->facts.count; i++) {
    const decl *f = p->facts.at[i].decl;
    if (p->facts.at[i].kind == F_FUNCTION && f->unsafe)
      ist__idl_buffer_add(c, &out, "%s:%d: unsafe: %s: %s\n", f->at.source->name,
                          ist__idl_source_line(f->at.source, f->at.at), f->name, f->unsafe);
  }
  return strdup(out.at);
}

char *ist__idl_prove(compiler *c) {
  prover p = {.c = c};
#ifdef __aarch64__
  bool is_host = c->target == 1;
#else
  bool is_host = c->target == 0;
#endif
  if (!is_host) {
    ist__idl_error(c, c->main->at, "only the layout of this machine can be proven");
    return NULL;
  }
  if (!c->main->headers.count) {
    ist__idl_error(c, c->main->at, "there is no 'header' to prove this file against");
    return NULL;
  }
  for (int i = 0; i < c->main->decls.count; i++) collect(&p, c->main->decls.at[i]);
  p.folder = ist__idl_folder_make(c);
  if (!p.folder) {
    ist__idl_error(c, c->main->at, "cannot make a temporary folder: %s", strerror(errno));
    return NULL;
  }
  // The folder goes away even when enough errors end the compilation.
  jmp_buf outer;
  memcpy(outer, c->bail, sizeof outer);
  if (setjmp(c->bail) == 0) prove(&p);
  memcpy(c->bail, outer, sizeof outer);
  ist__idl_folder_remove(p.folder);
  return c->errors ? NULL : summary(&p);
}
