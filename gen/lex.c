// Text to tokens. Comments vanish, except that `///` lines are kept on the token that follows them.
// Every token's text is valid UTF-8 without NUL, whatever the input was.
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "compiler.h"

typedef struct {
  compiler *c;
  const source *source;
  const char *p, *end;
  buffer doc;
  token_list tokens;
} lexer;

static span span_at(const lexer *l, const char *from, const char *to) {
  return (span){l->source, (int)(from - l->source->text), (int)(to - from)};
}

static bool is_name_start(char ch) {
  return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

static bool is_digit(char ch) {
  return ch >= '0' && ch <= '9';
}

static int digit_value(char ch) {
  if (is_digit(ch)) return ch - '0';
  if (ch >= 'a' && ch <= 'f') return ch - 'a' + 10;
  if (ch >= 'A' && ch <= 'F') return ch - 'A' + 10;
  return 99;
}

// The length of the UTF-8 sequence at p, or 0 when it is none.
int ist__idl_utf8_length(const char *p, const char *end) {
  unsigned char b = (unsigned char)*p;
  int n = b < 0x80                ? 1
          : b >= 0xc2 && b < 0xe0 ? 2
          : b >= 0xe0 && b < 0xf0 ? 3
          : b >= 0xf0 && b < 0xf5 ? 4
                                  : 0;
  if (n == 0 || end - p < n) return 0;
  for (int i = 1; i < n; i++)
    if (((unsigned char)p[i] & 0xc0) != 0x80) return 0;
  unsigned char second = n > 1 ? (unsigned char)p[1] : 0;
  if ((b == 0xe0 && second < 0xa0) || (b == 0xed && second > 0x9f) ||
      (b == 0xf0 && second < 0x90) || (b == 0xf4 && second > 0x8f))
    return 0;
  return n;
}

static void add_token(lexer *l, token t) {
  if (l->doc.len) {
    t.doc = l->doc.at;
    l->doc = (buffer){0};
  }
  PUSH(l->c, l->tokens, t);
}

static void line_comment(lexer *l) {
  const char *start = l->p;
  while (l->p < l->end && *l->p != '\n') l->p++;
  bool is_doc = l->p - start >= 3 && start[2] == '/' && !(l->p - start > 3 && start[3] == '/');
  if (!is_doc) return;
  const char *text = start + 3, *to = l->p;
  if (text < to && *text == ' ') text++;
  while (to > text && (to[-1] == '\r' || to[-1] == ' ')) to--;
  ist__idl_buffer_add(l->c, &l->doc, "%s%.*s", l->doc.len ? "\n" : "", (int)(to - text), text);
}

static void block_comment(lexer *l) {
  const char *start = l->p;
  for (l->p += 2; l->end - l->p >= 2; l->p++)
    if (l->p[0] == '*' && l->p[1] == '/') {
      l->p += 2;
      return;
    }
  ist__idl_error(l->c, span_at(l, start, start + 2), "this comment never ends");
  l->p = l->end;
}

static void lex_number(lexer *l) {
  const char *start = l->p;
  const char *p = start;
  while (p < l->end && (is_name_start(*p) || is_digit(*p) || *p == '.' ||
                        ((*p == '+' || *p == '-') && p > start &&
                         ((((p[-1] | 32) == 'e') && !(start[0] == '0' && (start[1] | 32) == 'x')) ||
                          (p[-1] | 32) == 'p'))))
    p++;
  l->p = p;
  span at = span_at(l, start, p);
  char *text = ist__idl_text(l->c, start, (size_t)(p - start));
  bool hex = text[0] == '0' && (text[1] | 32) == 'x';
  token t = {.at = at, .text = text};
  if (strchr(text, '.') || strpbrk(text, hex ? "pP" : "eE")) {
    char *rest;
    t.kind = TOK_FLOAT;
    t.real = strtod(text, &rest);
    if (*rest == 'f' || *rest == 'F') rest++;
    if (*rest) ist__idl_error(l->c, at, "'%s' is not a number", text);
    if (!isfinite(t.real)) {
      ist__idl_error(l->c, at, "%s is too large for a double", text);
      t.real = 0;
    }
  } else {
    int base = hex ? 16 : text[0] == '0' && (text[1] | 32) == 'b' ? 2 : text[0] == '0' ? 8 : 10;
    const char *d = text + (base == 16 || base == 2 ? 2 : 0);
    const char *first = d;
    t.kind = TOK_INT;
    for (; digit_value(*d) < base; d++)
      if (t.integer <= UINT64_MAX) t.integer = t.integer * base + digit_value(*d);
    bool none = d == first;
    while (*d && strchr("uUlL", *d)) d++;
    if (*d || none)
      ist__idl_error(l->c, at, "'%s' is not a number", text);
    else if (t.integer > UINT64_MAX) {
      ist__idl_error(l->c, at, "%s does not fit in 64 bits", text);
      t.integer = 0;
    }
  }
  add_token(l, t);
}

// One character or escape of a literal; escapes give a byte.
static int literal_char(lexer *l) {
  char ch = *l->p++;
  if (ch != '\\') return (unsigned char)ch;
  const char *start = l->p - 1;
  if (l->p >= l->end) return 0;
  ch = *l->p++;
  static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
  const char *letter = ch ? strchr(letters, ch) : NULL;
  if (letter) return values[letter - letters];
  if (ch == '\\' || ch == '\'' || ch == '"' || ch == '?') return ch;
  int value = 0;
  if (ch == 'x') {
    const char *first = l->p;
    while (l->p < l->end && digit_value(*l->p) < 16 && value < 256)
      value = value * 16 + digit_value(*l->p++);
    if (l->p > first && value < 256) return value;
  } else if (digit_value(ch) < 8) {
    value = digit_value(ch);
    for (int i = 0; i < 2 && l->p < l->end && digit_value(*l->p) < 8; i++)
      value = value * 8 + digit_value(*l->p++);
    if (value < 256) return value;
  }
  ist__idl_error(l->c, span_at(l, start, l->p), "unknown escape in a literal");
  return 0;
}

static bool valid_text(const char *at, size_t len) {
  for (const char *p = at, *end = at + len; p < end;) {
    int n = ist__idl_utf8_length(p, end);
    if (n == 0) return false;
    p += n;
  }
  return true;
}

static void lex_literal(lexer *l) {
  const char *start = l->p;
  char quote = *l->p++;
  const char *stop = memchr(start, '\n', (size_t)(l->end - start));
  if (!stop) stop = l->end;
  char *text = ist__idl_alloc(l->c, (size_t)(stop - start) + 1);
  size_t len = 0;
  while (l->p < stop && *l->p != quote) text[len++] = (char)literal_char(l);
  bool closed = l->p < l->end && *l->p == quote;
  if (closed) l->p++;
  token t = {.at = span_at(l, start, l->p)};
  if (!closed) ist__idl_error(l->c, t.at, "this literal has no closing %c on its line", quote);
  t.text = text;
  t.text_len = (int)len;
  if (quote == '"') {
    t.kind = TOK_STRING;
    if (memchr(t.text, '\0', len)) {
      ist__idl_error(l->c, t.at, "a string cannot hold a NUL");
      t.text = "";
      t.text_len = 0;
    } else if (!valid_text(t.text, len)) {
      ist__idl_error(l->c, t.at, "a string must be UTF-8");
      t.text = "";
      t.text_len = 0;
    }
  } else {
    t.kind = TOK_CHAR;
    if (closed && len != 1) ist__idl_error(l->c, t.at, "a character literal holds one byte");
    t.integer = len ? (signed char)text[0] : 0;
  }
  add_token(l, t);
}

static bool lex_punct(lexer *l) {
  static const char *const table[] = {"...", "->", "<<", ">>", "<=", ">=", "==", "!=", "&&",
                                      "||",  "[",  "]",  "(",  ")",  "{",  "}",  "<",  ">",
                                      "=",   "+",  "-",  "*",  "/",  "%",  "&",  "|",  "^",
                                      "!",   "~",  "?",  ":",  ";",  ",",  "."};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    size_t n = strlen(table[i]);
    if ((size_t)(l->end - l->p) < n || memcmp(l->p, table[i], n) != 0) continue;
    add_token(l, (token){.kind = TOK_PUNCT, .at = span_at(l, l->p, l->p + n), .text = table[i]});
    l->p += n;
    return true;
  }
  return false;
}

static void lex_stray(lexer *l) {
  int n = ist__idl_utf8_length(l->p, l->end);
  const char *start = l->p;
  if (n > 1) {
    l->p += n;
    ist__idl_error(l->c, span_at(l, start, l->p), "stray '%.*s'", n, start);
  } else {
    l->p++;
    if (*start == '#') {
      while (l->p < l->end && *l->p != '\n') l->p++;
      ist__idl_error(l->c, span_at(l, start, start + 1),
                     "there is no preprocessor here: a constant is 'const int NAME = value;'");
    } else if (*start > ' ' && *start < 127)
      ist__idl_error(l->c, span_at(l, start, l->p), "stray '%c'", *start);
    else
      ist__idl_error(l->c, span_at(l, start, l->p), "stray byte 0x%02x", (unsigned char)*start);
  }
}

token_list ist__idl_lex(compiler *c, const source *s) {
  lexer lexer = {.c = c, .source = s, .p = s->text, .end = s->text + s->len};
  lexer.tokens = (token_list){0};
  for (const char *p = s->text; p < lexer.end;) {
    int n = *p ? ist__idl_utf8_length(p, lexer.end) : 0;
    if (n == 0) {
      ist__idl_error(c, span_at(&lexer, p, p + 1), "byte 0x%02x: an interface file is UTF-8 text",
                     (unsigned char)*p);
      lexer.end = p;
    }
    p += n;
  }
  while (lexer.p < lexer.end) {
    char ch = *lexer.p;
    if (ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r') {
      lexer.p++;
    } else if (ch == '/' && lexer.end - lexer.p > 1 && lexer.p[1] == '/') {
      line_comment(&lexer);
    } else if (ch == '/' && lexer.end - lexer.p > 1 && lexer.p[1] == '*') {
      block_comment(&lexer);
    } else if (is_name_start(ch)) {
      const char *start = lexer.p;
      while (lexer.p < lexer.end && (is_name_start(*lexer.p) || is_digit(*lexer.p))) lexer.p++;
      add_token(&lexer, (token){.kind = TOK_NAME,
                                .at = span_at(&lexer, start, lexer.p),
                                .text = ist__idl_text(c, start, (size_t)(lexer.p - start))});
    } else if (is_digit(ch) || (ch == '.' && lexer.end - lexer.p > 1 && is_digit(lexer.p[1]))) {
      lex_number(&lexer);
    } else if (ch == '"' || ch == '\'') {
      lex_literal(&lexer);
    } else if (!lex_punct(&lexer)) {
      lex_stray(&lexer);
    }
  }
  add_token(&lexer,
            (token){.kind = TOK_END, .at = span_at(&lexer, lexer.end, lexer.end), .text = ""});
  return lexer.tokens;
}
