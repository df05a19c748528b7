// Expressions: C's operators over names, literals, `return`, calls and sizeof. Nothing is resolved
// here.
#include "compiler.h"

static expr *new_expr(parser *p, expr_kind kind, span at) {
  expr *e = NEW(p->c, expr);
  e->kind = kind;
  e->at = at;
  return e;
}

static span join(span a, span b) {
  a.len = b.at + b.len - a.at;
  return a;
}

static expr *parse_binary(parser *p, int level, bool in_angles);

static expr *parse_conditional(parser *p, bool in_angles) {
  ist__idl_enter(p);
  expr *e = parse_binary(p, 0, in_angles);
  if (ist__idl_accept(p, "?")) {
    expr *cond = new_expr(p, X_COND, e->at);
    cond->a = e;
    cond->b = parse_conditional(p, in_angles);
    ist__idl_expect(p, ":", "in this conditional expression");
    cond->c = parse_conditional(p, in_angles);
    cond->at = join(e->at, cond->c->at);
    e = cond;
  }
  ist__idl_leave(p);
  return e;
}

static expr *parse_string(parser *p) {
  token *t = ist__idl_advance(p);
  expr *e = new_expr(p, X_STRING, t->at);
  buffer text = {0};
  ist__idl_buffer_add(p->c, &text, "%s", t->text);
  while (ist__idl_peek(p, 0)->kind == TOK_STRING) {
    t = ist__idl_advance(p);
    ist__idl_buffer_add(p->c, &text, "%s", t->text);
    e->at = join(e->at, t->at);
  }
  e->text = text.at;
  e->text_len = (int)text.len;
  return e;
}

static expr *parse_primary(parser *p) {
  token *t = ist__idl_peek(p, 0);
  expr *e;
  switch (t->kind) {
  case TOK_INT:
  case TOK_CHAR:
    e = new_expr(p, X_INT, t->at);
    e->integer = t->integer;
    ist__idl_advance(p);
    return e;
  case TOK_FLOAT:
    e = new_expr(p, X_FLOAT, t->at);
    e->real = t->real;
    ist__idl_advance(p);
    return e;
  case TOK_STRING: return parse_string(p);
  case TOK_NAME:
    ist__idl_advance(p);
    if (strcmp(t->text, "null") == 0 || strcmp(t->text, "NULL") == 0)
      return new_expr(p, X_NULL, t->at);
    if (strcmp(t->text, "true") == 0 || strcmp(t->text, "false") == 0) {
      e = new_expr(p, X_INT, t->at);
      e->integer = t->text[0] == 't';
      return e;
    }
    if (strcmp(t->text, "sizeof") == 0) {
      e = new_expr(p, X_SIZEOF, t->at);
      ist__idl_expect(p, "(", "after 'sizeof'");
      e->type = ist__idl_parse_type_name(p);
      e->at = join(t->at, ist__idl_expect(p, ")", "after the type")->at);
      return e;
    }
    e = new_expr(p, X_NAME, t->at);
    e->text = t->text;
    if (ist__idl_accept(p, "(")) {
      e->kind = X_CALL;
      while (!ist__idl_at(p, ")")) {
        expr *argument = parse_conditional(p, false);
        PUSH(p->c, e->args, argument);
        if (!ist__idl_accept(p, ",")) break;
      }
      e->at = join(t->at, ist__idl_expect(p, ")", "after the arguments")->at);
    }
    return e;
  default:
    if (ist__idl_accept(p, "(")) {
      e = parse_conditional(p, false);
      ist__idl_expect(p, ")", "after this expression");
      return e;
    }
    ist__idl_syntax_error(p, t->at, "expected an expression%s",
                          t->kind == TOK_END ? " before the end of the file" : "");
  }
}

static expr *parse_unary(parser *p) {
  static const char *const ops[] = {"-", "+", "!", "~", "*"};
  token *t = ist__idl_peek(p, 0);
  for (size_t i = 0; t->kind == TOK_PUNCT && i < sizeof ops / sizeof *ops; i++)
    if (ist__idl_accept(p, ops[i])) {
      ist__idl_enter(p);
      expr *a = parse_unary(p);
      ist__idl_leave(p);
      if (*ops[i] == '+') return a;
      expr *e = new_expr(p, X_UNARY, join(t->at, a->at));
      e->op = ops[i];
      e->a = a;
      return e;
    }
  return parse_primary(p);
}

static const char *const levels[][5] = {
    {"||"},       {"&&"},     {"|"},          {"^"}, {"&"}, {"==", "!="}, {"<", "<=", ">", ">="},
    {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}};
enum { LEVELS = sizeof levels / sizeof *levels, COMPARISONS = 6, SHIFTS = 7 };

static expr *parse_binary(parser *p, int level, bool in_angles) {
  if (level == LEVELS) return parse_unary(p);
  expr *left = parse_binary(p, level + 1, in_angles);
  if (in_angles && (level == COMPARISONS || level == SHIFTS)) return left;
  for (;;) {
    const char *op = NULL;
    for (int i = 0; i < 5 && levels[level][i] && !op; i++)
      if (ist__idl_accept(p, levels[level][i])) op = levels[level][i];
    if (!op) return left;
    // Chains such as a + b + c … nest to the left without recursion here, but later walks recurse.
    ist__idl_enter(p);
    expr *e = new_expr(p, X_BINARY, left->at);
    e->op = op;
    e->a = left;
    e->b = parse_binary(p, level + 1, in_angles);
    e->at = join(left->at, e->b->at);
    left = e;
  }
}

// A chain deepens the tree by one for each operator; the depth is given back when it is complete.
static expr *parse_whole(parser *p, bool in_angles) {
  int depth = p->depth;
  expr *e = parse_conditional(p, in_angles);
  p->depth = depth;
  return e;
}

expr *ist__idl_parse_expr(parser *p) {
  return parse_whole(p, false);
}

expr *ist__idl_parse_argument(parser *p) {
  return parse_whole(p, true);
}
