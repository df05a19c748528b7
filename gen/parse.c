// A file's declarations. A mistake is reported once, then parsing goes on after the next `;` or
// `}`; nesting is bounded, so that no input can exhaust the stack.
#include "compiler.h"

enum { MAX_DEPTH = 200 };

token *ist__idl_peek(parser *p, int ahead) {
  int at = p->next + ahead;
  if (at >= p->tokens.count) at = p->tokens.count - 1;
  return &p->tokens.at[at < 0 ? 0 : at];
}

token *ist__idl_advance(parser *p) {
  token *t = ist__idl_peek(p, 0);
  if (p->next < p->tokens.count - 1) p->next++;
  return t;
}

bool ist__idl_at(parser *p, const char *text) {
  token *t = ist__idl_peek(p, 0);
  return (t->kind == TOK_NAME || t->kind == TOK_PUNCT) && strcmp(t->text, text) == 0;
}

bool ist__idl_accept(parser *p, const char *text) {
  if (!ist__idl_at(p, text)) return false;
  ist__idl_advance(p);
  return true;
}

void ist__idl_syntax_error(parser *p, span at, const char *format, ...) {
  va_list args;
  char message[512];
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  ist__idl_error(p->c, at, "%s", message);
  longjmp(*p->recover, 1);
}

static const char *token_text(parser *p, const token *t) {
  if (t->kind == TOK_END) return "the end of the file";
  return ist__idl_format(p->c, "'%.*s'", t->at.len > 40 ? 40 : t->at.len,
                         t->at.source->text + t->at.at);
}

token *ist__idl_expect(parser *p, const char *text, const char *where) {
  token *t = ist__idl_peek(p, 0);
  if (ist__idl_at(p, text)) return ist__idl_advance(p);
  // What is missing is missing after the last token, which may be lines above.
  token *last = ist__idl_peek(p, -1);
  span at = t->at;
  if (p->next > 0 && ist__idl_source_line(t->at.source, t->at.at) !=
                         ist__idl_source_line(t->at.source, last->at.at)) {
    at = last->at;
    at.at += at.len;
    at.len = 1;
  }
  ist__idl_syntax_error(p, at, "expected '%s' %s, got %s", text, where, token_text(p, t));
}

token *ist__idl_expect_name(parser *p, const char *what) {
  token *t = ist__idl_peek(p, 0);
  if (t->kind != TOK_NAME)
    ist__idl_syntax_error(p, t->at, "expected %s, got %s", what, token_text(p, t));
  return ist__idl_advance(p);
}

void ist__idl_enter(parser *p) {
  if (++p->depth > MAX_DEPTH)
    ist__idl_syntax_error(p, ist__idl_peek(p, 0)->at, "this is nested too deeply");
}

void ist__idl_leave(parser *p) {
  p->depth--;
}

static bool guarded(parser *p, void (*parse)(parser *, void *), void *env) {
  jmp_buf here;
  jmp_buf *outer = p->recover;
  int depth = p->depth;
  volatile bool done = false;
  p->recover = &here;
  if (setjmp(here) == 0) {
    parse(p, env);
    done = true;
  }
  p->recover = outer;
  p->depth = depth;
  return done;
}

// Skips what is left of a declaration: to after a `;` or a closing `}` of its own, or (in a block)
// to before the `}` that closes the block.
static void resync(parser *p, bool in_block) {
  int braces = 0;
  for (;;) {
    token *t = ist__idl_peek(p, 0);
    if (t->kind == TOK_END) return;
    if (ist__idl_at(p, "}") && braces == 0 && in_block) return;
    bool closes = ist__idl_at(p, "}") && braces <= 1;
    if (ist__idl_at(p, "{")) braces++;
    if (ist__idl_at(p, "}") && braces) braces--;
    bool ends = ist__idl_at(p, ";") && braces == 0;
    ist__idl_advance(p);
    // After `} name;` the declaration ends with its line, not with the brace.
    const token *next = ist__idl_peek(p, 0);
    if (closes && next->at.source && next->kind != TOK_END && !ist__idl_at(p, "}") &&
        ist__idl_source_line(next->at.source, next->at.at) ==
            ist__idl_source_line(t->at.source, t->at.at))
      continue;
    if (ends || closes) return;
  }
}

static decl *new_decl(parser *p, decl_kind kind, token *name) {
  decl *d = NEW(p->c, decl);
  d->kind = kind;
  d->name = name->text;
  d->at = name->at;
  d->module = p->module;
  d->index = d->self = -1;
  return d;
}

static void end_declaration(parser *p) {
  ist__idl_expect(p, ";", "after this declaration");
}

static token *expect_string(parser *p, const char *what) {
  token *t = ist__idl_peek(p, 0);
  if (t->kind != TOK_STRING)
    ist__idl_syntax_error(p, t->at, "expected %s, got %s", what, token_text(p, t));
  return ist__idl_advance(p);
}

// A declarator need not have a name; most declarations do.
static void require_name(parser *p, const token *name, const char *what) {
  if (!name)
    ist__idl_syntax_error(p, ist__idl_peek(p, 0)->at, "expected %s, got %s", what,
                          token_text(p, ist__idl_peek(p, 0)));
}

// --- directives ---

static void parse_library(parser *p) {
  token *word = ist__idl_advance(p);
  token *name = ist__idl_expect_name(p, "the library's name");
  if (p->module->name) {
    ist__idl_error(p->c, name->at, "the library already has a name");
    ist__idl_note(p->c, p->module->at, "it was given here");
  }
  p->module->name = name->text;
  p->module->at = name->at;
  p->module->doc = word->doc;
  end_declaration(p);
}

static void read_threadsafe(parser *p, attr_list *attrs, const token *directive) {
  attr *a = ist__idl_attr_find(attrs, AT_THREADSAFE);
  if (!a) return;
  if (strcmp(directive->text, "library") != 0)
    ist__idl_error(p->c, a->at, "'threadsafe' is said of the whole: [[threadsafe]] library NAME;");
  p->module->threadsafe = true;
}

static void parse_link(parser *p) {
  ist__idl_advance(p);
  do {
    const char *file = expect_string(p, "a file name such as \"libz.so.1\"")->text;
    PUSH(p->c, p->module->link, file);
  } while (ist__idl_accept(p, ","));
  end_declaration(p);
}

static void parse_header(parser *p) {
  ist__idl_advance(p);
  do {
    token *first = ist__idl_peek(p, 0);
    const char *header;
    span at = first->at;
    if (first->kind == TOK_STRING) {
      header = ist__idl_format(p->c, "\"%s\"", ist__idl_advance(p)->text);
    } else {
      ist__idl_expect(p, "<", "or a string");
      int from = first->at.at;
      while (!ist__idl_at(p, ">") && !ist__idl_at(p, ";") && ist__idl_peek(p, 0)->kind != TOK_END)
        ist__idl_advance(p);
      token *last = ist__idl_expect(p, ">", "after the header's name");
      at.len = last->at.at + 1 - from;
      header = ist__idl_text(p->c, at.source->text + from, (size_t)at.len);
    }
    if (strchr(header, '\n') || strchr(header, '\\'))
      ist__idl_syntax_error(p, at, "this is no header's name");
    PUSH(p->c, p->module->headers, header);
    PUSH(p->c, p->module->header_spans, at);
  } while (ist__idl_accept(p, ","));
  end_declaration(p);
}

static void parse_define(parser *p) {
  ist__idl_advance(p);
  token *name = ist__idl_expect_name(p, "a macro's name");
  definition d = {.name = name->text, .value = ""};
  if (!ist__idl_at(p, ";")) {
    token *from = ist__idl_peek(p, 0), *last = from;
    int line = ist__idl_source_line(from->at.source, from->at.at);
    while (!ist__idl_at(p, ";") && ist__idl_peek(p, 0)->kind != TOK_END) last = ist__idl_advance(p);
    span at = from->at;
    at.len = last->at.at + last->at.len - at.at;
    if (ist__idl_source_line(at.source, at.at + at.len) != line)
      ist__idl_syntax_error(p, from->at, "a macro's value stands on one line");
    d.value = ist__idl_text(p->c, at.source->text + at.at, (size_t)at.len);
  }
  PUSH(p->c, p->module->defines, d);
  end_declaration(p);
}

static void parse_package(parser *p) {
  ist__idl_advance(p);
  do {
    token *t = expect_string(p, "a pkg-config package's name");
    for (const char *s = t->text; *s; s++)
      if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._", *s) ||
          *t->text == '-')
        ist__idl_syntax_error(p, t->at, "'%s' is no pkg-config package's name", t->text);
    PUSH(p->c, p->module->packages, t->text);
  } while (ist__idl_accept(p, ","));
  end_declaration(p);
}

static void parse_prefix(parser *p) {
  ist__idl_advance(p);
  do {
    const char *prefix = ist__idl_expect_name(p, "a prefix")->text;
    PUSH(p->c, p->module->prefixes, prefix);
  } while (ist__idl_accept(p, ","));
  end_declaration(p);
}

static void parse_import(parser *p) {
  ist__idl_advance(p);
  do {
    token *t = ist__idl_peek(p, 0);
    if (t->kind != TOK_STRING && t->kind != TOK_NAME)
      ist__idl_syntax_error(p, t->at, "expected a library's name or a file's, got %s",
                            token_text(p, t));
    ist__idl_advance(p);
    module *m = ist__idl_module_import(p->c, p->module, t->text, t->kind == TOK_STRING, t->at);
    if (m) PUSH(p->c, p->module->imports, m);
  } while (ist__idl_accept(p, ","));
  end_declaration(p);
}

// --- functions, constants, callbacks, errors ---

typedef struct {
  attr_list attrs;
  const char *doc;
  decl *handle; // NULL at the top level
} member;

static void declare(parser *p, member *m, decl *d) {
  d->attrs = m->attrs;
  if (!d->doc) d->doc = m->doc;
  if (m->handle) {
    d->owner = m->handle;
    PUSH(p->c, m->handle->functions, d);
  } else {
    PUSH(p->c, p->module->decls, d);
  }
}

static void parse_function_rest(parser *p, member *m, ctype *result, token *name) {
  decl *d = new_decl(p, D_FUNCTION, name);
  d->type = result;
  ist__idl_expect(p, "(", "after the function's name");
  d->params = ist__idl_parse_params(p);
  end_declaration(p);
  declare(p, m, d);
}

static void parse_constants(parser *p, member *m, ctype *base, ctype *type, token *name) {
  for (;;) {
    decl *d = new_decl(p, D_CONST, name);
    d->type = type;
    ist__idl_expect(p, "=", "and the constant's value");
    d->parsed_value = ist__idl_parse_expr(p);
    declare(p, m, d);
    if (!ist__idl_accept(p, ",")) break;
    // A documentation comment may stand before each name.
    m->doc = ist__idl_peek(p, 0)->doc;
    type = ist__idl_parse_declarator(p, base, &name);
    require_name(p, name, "a constant's name");
  }
  end_declaration(p);
}

static void parse_value_or_function(parser *p, member *m) {
  bool is_const = ist__idl_at(p, "const");
  ctype *base = ist__idl_parse_specifier(p);
  token *name = NULL;
  ctype *type = ist__idl_parse_declarator(p, base, &name);
  require_name(p, name, "a name");
  if (ist__idl_at(p, "(")) {
    parse_function_rest(p, m, type, name);
  } else if (ist__idl_at(p, "=") && is_const && !m->handle) {
    parse_constants(p, m, base, type, name);
  } else {
    token *t = ist__idl_peek(p, 0);
    if (is_const && !m->handle)
      ist__idl_syntax_error(p, name->at,
                            "the constant '%s' has no value: say '= …', which the header proves",
                            name->text);
    guess g = {.wanted = base->name ? base->name : ""};
    static const char *const words[] = {
        "library", "link",  "header", "define", "pkg",      "import",  "prefix", "const",
        "enum",    "flags", "error",  "handle", "callback", "typedef", "struct", "union"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) ist__idl_guess_offer(&g, words[i]);
    if (g.best && base->kind == T_NAMED)
      ist__idl_syntax_error(p, base->at, "unknown directive '%s'%s", base->name,
                            ist__idl_guess_text(p->c, &g));
    ist__idl_syntax_error(p, t->at, "expected '(' after the function's name, got %s",
                          token_text(p, t));
  }
}

static void parse_callback(parser *p, member *m) {
  ist__idl_advance(p);
  param_list type_params = {0};
  if (ist__idl_accept(p, "<")) {
    do {
      param *q = NEW(p->c, param);
      q->attrs = &q->own_attrs;
      token *name = NULL;
      ctype *base = ist__idl_parse_specifier(p);
      q->type = ist__idl_parse_declarator(p, base, &name);
      require_name(p, name, "the name of the callback's parameter");
      q->name = name->text;
      q->at = name->at;
      PUSH(p->c, type_params, q);
    } while (ist__idl_accept(p, ","));
    ist__idl_expect(p, ">", "after the callback's own parameters");
  }
  ctype *base = ist__idl_parse_specifier(p);
  token *name = NULL;
  ctype *result = ist__idl_parse_declarator(p, base, &name);
  require_name(p, name, "the callback's name");
  decl *d = new_decl(p, D_CALLBACK, name);
  d->type = result;
  d->type_params = type_params;
  ist__idl_expect(p, "(", "after the callback's name");
  d->params = ist__idl_parse_params(p);
  end_declaration(p);
  declare(p, m, d);
}

static void parse_error_member(parser *p, void *env) {
  decl *d = env;
  token *word = ist__idl_expect_name(p, "'ok', 'fail', 'code', 'message' or 'cleanup'");
  struct {
    const char *name;
    expr **at;
  } members[] = {{"ok", &d->parsed_ok},
                 {"fail", &d->parsed_fail},
                 {"code", &d->parsed_code},
                 {"message", &d->parsed_message},
                 {"cleanup", &d->parsed_cleanup}};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if (strcmp(word->text, members[i].name) == 0) {
      if (*members[i].at) {
        ist__idl_error(p->c, word->at, "'%s' is given twice", word->text);
        ist__idl_note(p->c, (*members[i].at)->at, "it was first given here");
      }
      ist__idl_expect(p, ":", "after the member's name");
      *members[i].at = ist__idl_parse_expr(p);
      ist__idl_expect(p, ";", "after this expression");
      return;
    }
  guess g = {.wanted = word->text};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    ist__idl_guess_offer(&g, members[i].name);
  ist__idl_syntax_error(p, word->at, "an error has no member '%s'%s", word->text,
                        ist__idl_guess_text(p->c, &g));
}

// Members until the closing brace, each guarded on its own.
static void parse_block(parser *p, void (*parse_one)(parser *, void *), void *env) {
  ist__idl_expect(p, "{", "here");
  while (!ist__idl_at(p, "}") && ist__idl_peek(p, 0)->kind != TOK_END) {
    int before = p->next;
    if (!guarded(p, parse_one, env)) resync(p, true);
    if (p->next == before && !ist__idl_at(p, "}")) ist__idl_advance(p);
  }
  ist__idl_expect(p, "}", "at the end of this block");
}

static void parse_error(parser *p, member *m) {
  ist__idl_advance(p);
  token *name = ist__idl_expect_name(p, "the error's name");
  decl *d = new_decl(p, D_ERROR, name);
  ist__idl_expect(p, "(", "after the error's name");
  d->params = ist__idl_parse_params(p);
  declare(p, m, d);
  parse_block(p, parse_error_member, d);
  ist__idl_accept(p, ";");
}

// --- structs, enums, handles, typedefs ---

static void parse_struct_body(parser *p, decl *d);

// A struct or union that is defined where a field is declared; without a tag it is known by that
// field.
static ctype *parse_inner_struct(parser *p, decl *outer) {
  ist__idl_enter(p);
  token *word = ist__idl_advance(p);
  token *tag = ist__idl_at(p, "{") ? NULL : ist__idl_advance(p);
  decl *d = new_decl(p, D_STRUCT, tag ? tag : word);
  d->is_union = word->text[0] == 'u';
  if (tag) {
    d->tag = word->text;
  } else {
    d->name = NULL;
    d->outer = outer;
  }
  PUSH(p->c, p->module->decls, d);
  parse_struct_body(p, d);
  ist__idl_leave(p);
  ctype *t = NEW(p->c, ctype);
  *t = (ctype){
      .kind = T_NAMED, .at = d->at, .name = tag ? tag->text : word->text, .decl = tag ? NULL : d};
  t->tag = d->tag;
  return t;
}

static bool at_inner_struct(parser *p) {
  int brace = ist__idl_peek(p, 1)->kind == TOK_NAME ? 2 : 1;
  const token *t = ist__idl_peek(p, brace);
  return (ist__idl_at(p, "struct") || ist__idl_at(p, "union")) && t->kind == TOK_PUNCT &&
         strcmp(t->text, "{") == 0;
}

static void parse_field(parser *p, void *env) {
  decl *d = env;
  token *first = ist__idl_peek(p, 0);
  field f = {.doc = first->doc, .len = -1, .group = -1, .tag = -1};
  if (ist__idl_at(p, "..."))
    ist__idl_syntax_error(p, first->at, "not supported yet: partial structs");
  f.attrs = ist__idl_parse_attrs(p);
  ctype *base = at_inner_struct(p) ? parse_inner_struct(p, d) : ist__idl_parse_specifier(p);
  decl *inner = base->decl;
  if (inner && ist__idl_accept(p, ";")) {
    // Its fields are the outer struct's own, and no other declaration knows it.
    decl_list *all = &p->module->decls;
    for (int i = 0, to = 0; i < all->count; i++)
      if (all->at[i] != inner) all->at[to++] = all->at[i];
    all->count--;
    inner->name = inner->is_union ? "union" : "struct";
    f.anonymous = inner;
    f.type = base;
    f.at = base->at;
    PUSH(p->c, d->fields, f);
    return;
  }
  do {
    token *name = NULL;
    f.name = NULL;
    f.width = NULL;
    f.type = ist__idl_parse_declarator(p, base, &name);
    f.at = name ? name->at : f.type->at;
    f.name = name ? name->text : NULL;
    if (ist__idl_accept(p, ":"))
      f.width = ist__idl_parse_expr(p);
    else
      require_name(p, name, "a field's name");
    if (inner && !inner->member) {
      inner->member = f.name;
      for (const ctype *t = f.type; t->kind == T_ARRAY; t = t->to) inner->dimensions++;
      if (!f.name || (f.type != base && f.type->kind != T_ARRAY))
        ist__idl_syntax_error(p, f.at, "the first field of a struct without a tag is a plain one");
    }
    PUSH(p->c, d->fields, f);
    if (d->fields.count > 4096) ist__idl_syntax_error(p, f.at, "more than 4096 fields");
    // Each declarator has its own copy, for each is checked on its own.
    attr_list copy = {0};
    for (int i = 0; i < f.attrs.count; i++) PUSH(p->c, copy, f.attrs.at[i]);
    f.attrs = copy;
  } while (ist__idl_accept(p, ","));
  ist__idl_expect(p, ";", "after this field");
}

static void parse_struct_body(parser *p, decl *d) {
  parse_block(p, parse_field, d);
  d->has_fields = true;
}

static void parse_enum_body(parser *p, decl *d) {
  ist__idl_expect(p, "{", "here");
  while (!ist__idl_at(p, "}")) {
    enumerator e = {.doc = ist__idl_peek(p, 0)->doc};
    e.attrs = ist__idl_parse_attrs(p);
    token *name = ist__idl_expect_name(p, "an enumerator");
    e.name = name->text;
    e.at = name->at;
    attr_list after = ist__idl_parse_attrs(p);
    for (int i = 0; i < after.count; i++) PUSH(p->c, e.attrs, after.at[i]);
    if (ist__idl_accept(p, "=")) e.parsed_value = ist__idl_parse_expr(p);
    PUSH(p->c, d->enumerators, e);
    if (!ist__idl_accept(p, ",")) break;
  }
  ist__idl_expect(p, "}", "after the enumerators");
}

static void parse_handle_member(parser *p, void *env) {
  decl *d = env;
  token *first = ist__idl_peek(p, 0);
  if (ist__idl_at(p, "..."))
    ist__idl_syntax_error(p, first->at, "not supported yet: partial structs");
  // What stands before a `(` at the first level of a declaration is a function's name.
  int at = p->next;
  member m = {.doc = first->doc, .handle = d};
  m.attrs = ist__idl_parse_attrs(p);
  bool is_function = false;
  for (int depth = 0;; p->next++) {
    token *t = ist__idl_peek(p, 0);
    if (t->kind == TOK_END || ist__idl_at(p, ";") || ist__idl_at(p, "}") || ist__idl_at(p, "{"))
      break;
    if (ist__idl_at(p, "[")) depth++;
    if (ist__idl_at(p, "]")) depth--;
    if (depth == 0 && ist__idl_at(p, "(")) {
      is_function =
          strcmp(ist__idl_peek(p, 1)->text, "*") != 0 || ist__idl_peek(p, 1)->kind != TOK_PUNCT;
      break;
    }
  }
  p->next = at;
  if (!is_function) {
    if (d->functions.count)
      ist__idl_error(p->c, first->at, "a handle's fields stand before its functions");
    parse_field(p, d);
    d->has_fields = true;
    return;
  }
  ist__idl_parse_attrs(p);
  parse_value_or_function(p, &m);
}

static void parse_handle_body(parser *p, decl *d) {
  parse_block(p, parse_handle_member, d);
}

static void parse_struct(parser *p, member *m) {
  token *tag = ist__idl_advance(p);
  decl *d = new_decl(p, D_STRUCT, ist__idl_expect_name(p, "the struct's name"));
  d->tag = tag->text;
  d->is_union = tag->text[0] == 'u';
  declare(p, m, d);
  parse_struct_body(p, d);
  end_declaration(p);
}

static void parse_enum(parser *p, member *m) {
  token *word = ist__idl_advance(p);
  decl *d = new_decl(p, D_ENUM, ist__idl_expect_name(p, "the enum's name"));
  d->tag = "enum";
  d->is_flags = word->text[0] == 'f';
  if (ist__idl_accept(p, ":")) {
    // `enum E : int` groups constants under a name that C does not have.
    d->tag = NULL;
    d->type = ist__idl_parse_specifier(p);
  }
  parse_enum_body(p, d);
  declare(p, m, d);
  end_declaration(p);
}

static void parse_handle(parser *p, member *m) {
  ist__idl_advance(p);
  bool tagged = ist__idl_accept(p, "struct");
  token *name = ist__idl_expect_name(p, "the handle's type");
  if (!tagged && ist__idl_peek(p, 0)->kind == TOK_NAME)
    ist__idl_syntax_error(p, name->at, "not supported yet: a handle that is no pointer");
  decl *d = new_decl(p, D_HANDLE, name);
  d->tag = tagged ? "struct" : NULL;
  declare(p, m, d);
  if (ist__idl_at(p, "{")) {
    parse_handle_body(p, d);
    ist__idl_accept(p, ";");
  } else {
    end_declaration(p);
  }
}

static void parse_typedef(parser *p, member *m) {
  ist__idl_advance(p);
  token *word = ist__idl_peek(p, 0);
  bool is_struct = ist__idl_at(p, "struct") || ist__idl_at(p, "union"),
       is_enum = ist__idl_at(p, "enum") || ist__idl_at(p, "flags");
  bool tagged = ist__idl_peek(p, 1)->kind == TOK_NAME;
  if ((is_struct || is_enum) && strcmp(ist__idl_peek(p, tagged ? 2 : 1)->text, "{") == 0) {
    decl *d = new_decl(p, is_struct ? D_STRUCT : D_ENUM, word);
    d->is_flags = word->text[0] == 'f';
    d->is_union = word->text[0] == 'u';
    ist__idl_advance(p);
    token *tag = tagged ? ist__idl_advance(p) : NULL;
    if (is_struct)
      parse_struct_body(p, d);
    else
      parse_enum_body(p, d);
    token *name = ist__idl_expect_name(p, "the type's name");
    d->name = name->text;
    d->at = name->at;
    declare(p, m, d);
    if (tag) {
      d->c_tag = tag->text;
      // Inside itself, and elsewhere, the type may also be spelled with its tag.
      decl *alias = new_decl(p, D_TYPEDEF, tag);
      alias->tag = is_struct ? word->text : "enum";
      alias->type = NEW(p->c, ctype);
      alias->type->kind = T_NAMED;
      alias->type->at = name->at;
      alias->type->name = name->text;
      PUSH(p->c, p->module->decls, alias);
    }
    end_declaration(p);
    return;
  }
  ctype *base = ist__idl_parse_specifier(p);
  token *name = NULL;
  ctype *type = ist__idl_parse_declarator(p, base, &name);
  require_name(p, name, "the new type's name");
  if (ist__idl_at(p, "("))
    ist__idl_syntax_error(p, name->at, "a function's type is declared with 'callback'");
  decl *d = new_decl(p, D_TYPEDEF, name);
  d->type = type;
  end_declaration(p);
  declare(p, m, d);
}

static void parse_declaration(parser *p, void *env) {
  (void)env;
  member m = {.doc = ist__idl_peek(p, 0)->doc};
  token *start = ist__idl_peek(p, 0);
  m.attrs = ist__idl_parse_attrs(p);
  token *t = ist__idl_peek(p, 0), *after = ist__idl_peek(p, 1);
  bool word_follows =
      after->kind == TOK_NAME || after->kind == TOK_STRING || strcmp(after->text, "<") == 0;
  static const struct {
    const char *word;
    void (*directive)(parser *);
    void (*declaration)(parser *, member *);
  } table[] = {
      {"library", parse_library, NULL}, {"link", parse_link, NULL},
      {"header", parse_header, NULL},   {"define", parse_define, NULL},
      {"pkg", parse_package, NULL},     {"prefix", parse_prefix, NULL},
      {"import", parse_import, NULL},   {"callback", NULL, parse_callback},
      {"error", NULL, parse_error},     {"handle", NULL, parse_handle},
      {"typedef", NULL, parse_typedef}, {"flags", NULL, parse_enum},
  };
  static const char *const later[][2] = {
      {"platform", "platform"}, {"shim", "shim"}, {"extern", "extern variables"}};
  if (t->kind == TOK_END) {
    if (m.attrs.count) ist__idl_syntax_error(p, start->at, "these attributes stand on nothing");
    return;
  }
  if (ist__idl_accept(p, ";")) {
    if (m.attrs.count) ist__idl_syntax_error(p, start->at, "these attributes stand on nothing");
    return;
  }
  if (t->kind == TOK_NAME) {
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
      if (strcmp(t->text, later[i][0]) == 0)
        ist__idl_syntax_error(p, t->at, "not supported yet: %s", later[i][1]);
    for (size_t i = 0; i < sizeof table / sizeof *table && word_follows; i++) {
      if (strcmp(t->text, table[i].word) != 0) continue;
      if (table[i].declaration) {
        table[i].declaration(p, &m);
        return;
      }
      ist__idl_attrs_check(p->c, &m.attrs, ON_LIBRARY);
      read_threadsafe(p, &m.attrs, t);
      table[i].directive(p);
      // With attributes before it, its documentation stands before them.
      if (table[i].directive == parse_library && !p->module->doc) p->module->doc = start->doc;
      return;
    }
    const char *third = ist__idl_peek(p, 2)->text;
    bool body = strcmp(third, "{") == 0 || strcmp(third, ":") == 0;
    if ((strcmp(t->text, "struct") == 0 || strcmp(t->text, "union") == 0) && body) {
      parse_struct(p, &m);
      return;
    }
    if (strcmp(t->text, "enum") == 0 && body) {
      parse_enum(p, &m);
      return;
    }
    if ((strcmp(t->text, "struct") == 0 || strcmp(t->text, "union") == 0 ||
         strcmp(t->text, "enum") == 0) &&
        strcmp(third, ";") == 0)
      ist__idl_syntax_error(
          p, t->at, "%s",
          t->text[0] == 'e'
              ? "an enum without values says nothing"
              : ist__idl_format(p->c,
                                "a %s without a body says nothing; a pointer to it is a 'handle'",
                                t->text));
    if (strcmp(t->text, "enum") == 0 && strcmp(after->text, "{") == 0)
      ist__idl_syntax_error(p, t->at,
                            "an enum needs a name; single constants are declared with 'const int'");
  }
  parse_value_or_function(p, &m);
}

void ist__idl_parse_module(compiler *c, module *m) {
  parser p = {.c = c, .module = m, .tokens = ist__idl_lex(c, m->source)};
  while (ist__idl_peek(&p, 0)->kind != TOK_END) {
    int before = p.next;
    if (!guarded(&p, parse_declaration, NULL)) {
      resync(&p, false);
      if (p.next == before) ist__idl_advance(&p);
    }
  }
  if (!m->name) {
    span at = {m->source, 0, 1};
    ist__idl_error(c, at, "an interface file names its library: 'library NAME;'");
    m->name = "unnamed";
  }
}
