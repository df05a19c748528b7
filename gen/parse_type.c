// C's declarations: type specifiers, declarators, parameters and the attributes among them. A type
// name is known by where it stands, so that declarations may come in any order.
#include "compiler.h"

static bool at_attrs(parser *p) {
  if (!ist__idl_at(p, "[") || strcmp(ist__idl_peek(p, 1)->text, "[") != 0) return false;
  return ist__idl_peek(p, 1)->kind == TOK_PUNCT;
}

static void parse_attr(parser *p, attr_list *list) {
  token *name = ist__idl_expect_name(p, "an attribute");
  attr a = {.name = name->text, .at = name->at, .id = -1};
  if (ist__idl_accept(p, "(")) {
    while (!ist__idl_at(p, ")")) {
      expr *argument = ist__idl_parse_expr(p), *label = NULL;
      if (ist__idl_accept(p, ":")) {
        label = argument;
        argument = ist__idl_parse_expr(p);
        if (strcmp(a.name, "as") != 0)
          ist__idl_syntax_error(p, label->at, "'%s' takes no argument with a label", a.name);
      }
      PUSH(p->c, a.args, argument);
      PUSH(p->c, a.labels, label);
      if (!ist__idl_accept(p, ",")) break;
    }
    token *end = ist__idl_expect(p, ")", "after the attribute's arguments");
    a.at.len = end->at.at + 1 - a.at.at;
  }
  PUSH(p->c, *list, a);
  if (list->count > 64) ist__idl_syntax_error(p, a.at, "more than 64 attributes");
}

attr_list ist__idl_parse_attrs(parser *p) {
  attr_list list = {0};
  while (at_attrs(p)) {
    ist__idl_advance(p);
    token *second = ist__idl_advance(p);
    if (ist__idl_at(p, "]")) ist__idl_syntax_error(p, second->at, "empty attribute list");
    do parse_attr(p, &list);
    while (ist__idl_accept(p, ","));
    ist__idl_expect(p, "]", "after the attributes");
    ist__idl_expect(p, "]", "after the attributes");
  }
  return list;
}

static ctype *new_type(parser *p, type_kind kind, span at) {
  ctype *t = NEW(p->c, ctype);
  t->kind = kind;
  t->at = at;
  return t;
}

// How often each of C's type keywords was written.
typedef struct {
  int is_signed, is_unsigned, is_short, is_long, is_int, is_char, is_float, is_double, is_bool,
      is_void;
} words;

static int *word(words *w, const char *text) {
  struct {
    const char *text;
    int *count;
  } table[] = {
      {"signed", &w->is_signed}, {"unsigned", &w->is_unsigned}, {"short", &w->is_short},
      {"long", &w->is_long},     {"int", &w->is_int},           {"char", &w->is_char},
      {"float", &w->is_float},   {"double", &w->is_double},     {"_Bool", &w->is_bool},
      {"bool", &w->is_bool},     {"void", &w->is_void},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(text, table[i].text) == 0) return table[i].count;
  return NULL;
}

static ctype *from_words(parser *p, const words *w, span at) {
  int others =
      w->is_short + w->is_long + w->is_char + w->is_float + w->is_double + w->is_bool + w->is_void;
  int sign = w->is_signed + w->is_unsigned;
  const char *name = NULL;
  if (w->is_void + w->is_bool + w->is_float == 1 && others == 1 && !sign && !w->is_int)
    name = w->is_void ? "void" : w->is_bool ? "bool" : "float";
  else if (w->is_double == 1 && w->is_long == 1 && others == 2 && !sign && !w->is_int)
    ist__idl_syntax_error(p, at, "'long double' cannot cross: its width differs between machines");
  else if (w->is_double == 1 && others == 1 && !sign && !w->is_int)
    name = "double";
  else if (w->is_char == 1 && others == 1 && sign <= 1 && !w->is_int)
    name = w->is_signed ? "signed char" : w->is_unsigned ? "unsigned char" : "char";
  else if (w->is_short == 1 && others == 1 && sign <= 1 && w->is_int <= 1)
    name = w->is_unsigned ? "unsigned short" : "short";
  else if (w->is_long && w->is_long <= 2 && others == w->is_long && sign <= 1 && w->is_int <= 1)
    name = w->is_long == 1 ? (w->is_unsigned ? "unsigned long" : "long")
                           : (w->is_unsigned ? "unsigned long long" : "long long");
  else if (!others && sign <= 1 && w->is_int <= 1)
    name = w->is_unsigned ? "unsigned int" : "int";
  if (!name) ist__idl_syntax_error(p, at, "these words do not make a type");
  ctype *t = new_type(p, strcmp(name, "void") == 0 ? T_VOID : T_SCALAR, at);
  t->name = name;
  if (t->kind == T_SCALAR) t->scalar = ist__idl_scalar_find(name);
  return t;
}

static const char *const impossible[][2] = {
    {"_Complex", "it has no JavaScript value"},
    {"__int128", "no calling convention of libffi carries it"},
    {"va_list", "only C can make one"},
    {"__builtin_va_list", "only C can make one"},
    {"_Float128", "its width differs between machines"},
    {"_Atomic", "JavaScript's access to it would not be atomic"},
};

static bool qualifier(parser *p, bool *is_const, bool *is_restrict) {
  if (ist__idl_accept(p, "const"))
    *is_const = true;
  else if (ist__idl_accept(p, "restrict") || ist__idl_accept(p, "__restrict"))
    *is_restrict = true;
  else if (ist__idl_at(p, "volatile"))
    ist__idl_syntax_error(p, ist__idl_peek(p, 0)->at, "not supported yet: volatile");
  else
    return false;
  return true;
}

ctype *ist__idl_parse_specifier(parser *p) {
  token *first = ist__idl_peek(p, 0);
  span at = first->at;
  bool is_const = false, is_restrict = false;
  words w = {0};
  bool any = false;
  ctype *t = NULL;
  for (;;) {
    token *k = ist__idl_peek(p, 0);
    if (k->kind != TOK_NAME) break;
    if (qualifier(p, &is_const, &is_restrict)) continue;
    if (strcmp(k->text, "static") == 0 || strcmp(k->text, "inline") == 0)
      ist__idl_syntax_error(
          p, k->at, "'%s' cannot stand here: a function is described, not defined", k->text);
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++)
      if (strcmp(k->text, impossible[i][0]) == 0)
        ist__idl_syntax_error(p, k->at, "'%s' cannot cross: %s", impossible[i][0],
                              impossible[i][1]);
    int *count = word(&w, k->text);
    if (count && !t) {
      if (!any) at = k->at;
      ++*count;
      any = true;
      at.len = k->at.at + k->at.len - at.at;
      ist__idl_advance(p);
      continue;
    }
    if (any || t) break;
    at = k->at;
    ist__idl_advance(p);
    t = new_type(p, T_NAMED, at);
    if (strcmp(k->text, "struct") == 0 || strcmp(k->text, "enum") == 0 ||
        strcmp(k->text, "union") == 0) {
      t->tag = k->text;
      if (ist__idl_at(p, "{"))
        ist__idl_syntax_error(
            p, at, "not supported yet: a %s defined where it is used; declare it before", k->text);
      k = ist__idl_expect_name(p, "the tag's name");
      t->at.len = k->at.at + k->at.len - at.at;
      if (ist__idl_at(p, "{"))
        ist__idl_syntax_error(p, t->at,
                              "not supported yet: a %s defined where it is used; declare it before",
                              t->tag);
    }
    t->name = k->text;
    if (ist__idl_accept(p, "<")) {
      do {
        expr *argument = ist__idl_parse_argument(p);
        PUSH(p->c, t->args, argument);
      } while (ist__idl_accept(p, ","));
      t->at.len = ist__idl_expect(p, ">", "after the callback's arguments")->at.at + 1 - at.at;
    }
  }
  if (any) t = from_words(p, &w, at);
  if (!t)
    ist__idl_syntax_error(p, first->at, "expected a type%s",
                          first->kind == TOK_END ? " before the end of the file" : "");
  t->is_const = is_const;
  t->is_restrict = is_restrict;
  return t;
}

static ctype *parse_array(parser *p, ctype *of) {
  ctype *t = new_type(p, T_ARRAY, ist__idl_peek(p, -1)->at);
  t->to = of;
  if (!ist__idl_at(p, "]")) {
    token *first = ist__idl_peek(p, 0);
    t->count = ist__idl_parse_expr(p);
    if (t->count->kind == X_NULL) {
      t->count = NULL;
      t->ends_null = true;
    }
    if (ist__idl_at(p, "->")) {
      if (t->ends_null) ist__idl_syntax_error(p, first->at, "'null' has no '->'");
      ist__idl_advance(p);
      t->filled = ist__idl_parse_expr(p);
    }
  }
  ist__idl_expect(p, "]", "after the array's length");
  return t;
}

// Arrays read left to right: the first [] is the outermost.
static ctype *parse_suffix(parser *p, ctype *base, bool grouped) {
  if (ist__idl_at(p, "[") && !at_attrs(p)) {
    ist__idl_enter(p);
    ist__idl_advance(p);
    ctype *t = parse_array(p, NULL);
    t->to = parse_suffix(p, base, grouped);
    ist__idl_leave(p);
    return t;
  }
  if (grouped && ist__idl_at(p, "(")) {
    ist__idl_enter(p);
    ctype *t = new_type(p, T_FUNCTION, ist__idl_advance(p)->at);
    t->to = base;
    t->params = ist__idl_parse_params(p);
    ist__idl_leave(p);
    return t;
  }
  return base;
}

static ctype *parse_pointers(parser *p, ctype *t) {
  while (ist__idl_at(p, "*")) {
    ist__idl_enter(p);
    ctype *pointer = new_type(p, T_POINTER, ist__idl_advance(p)->at);
    pointer->to = t;
    pointer->attrs = ist__idl_parse_attrs(p);
    while (qualifier(p, &pointer->is_const, &pointer->is_restrict)) continue;
    t = pointer;
  }
  return t;
}

// `name` may be NULL: then the declarator is one of a type name and has none. A function's own
// parameter list is left to the caller; that of a function pointer is part of the declarator.
ctype *ist__idl_parse_declarator(parser *p, ctype *base, token **name) {
  int depth = p->depth;
  ctype *t = parse_pointers(p, base);
  if (ist__idl_at(p, "(") && strcmp(ist__idl_peek(p, 1)->text, "*") == 0) {
    // The inside is parsed against a hole that the outside fills afterwards.
    ist__idl_enter(p);
    ist__idl_advance(p);
    ctype *hole = new_type(p, T_BAD, ist__idl_peek(p, 0)->at);
    ctype *inner = ist__idl_parse_declarator(p, hole, name);
    ist__idl_expect(p, ")", "in this declarator");
    ctype *outer = parse_suffix(p, t, true);
    *hole = *outer;
    p->depth = depth;
    return inner;
  }
  if (name) {
    token *k = ist__idl_peek(p, 0);
    *name = NULL;
    if (k->kind == TOK_NAME) {
      *name = k;
      ist__idl_advance(p);
    }
  }
  t = parse_suffix(p, t, false);
  p->depth = depth;
  return t;
}

ctype *ist__idl_parse_type_name(parser *p) {
  return ist__idl_parse_declarator(p, ist__idl_parse_specifier(p), NULL);
}

// After the opening parenthesis; takes the closing one.
param_list ist__idl_parse_params(parser *p) {
  param_list list = {0};
  if (ist__idl_at(p, "void") && strcmp(ist__idl_peek(p, 1)->text, ")") == 0) {
    ist__idl_advance(p);
    ist__idl_advance(p);
    return list;
  }
  if (ist__idl_accept(p, ")")) return list;
  do {
    if (ist__idl_at(p, "..."))
      ist__idl_syntax_error(p, ist__idl_peek(p, 0)->at, "not supported yet: variadic functions");
    param *q = NEW(p->c, param);
    q->attrs = &q->own_attrs;
    q->doc = ist__idl_peek(p, 0)->doc;
    q->own_attrs = ist__idl_parse_attrs(p);
    token *name = NULL;
    ctype *base = ist__idl_parse_specifier(p);
    q->type = ist__idl_parse_declarator(p, base, &name);
    q->at = name ? name->at : q->type->at;
    q->name = name ? name->text : NULL;
    if (ist__idl_accept(p, "=")) q->parsed_default = ist__idl_parse_expr(p);
    PUSH(p->c, list, q);
    if (list.count > 255) ist__idl_syntax_error(p, q->at, "more than 255 parameters");
  } while (ist__idl_accept(p, ","));
  ist__idl_expect(p, ")", "after the parameters");
  return list;
}
