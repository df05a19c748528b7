// Diagnostics: where a place is, how it is reported, and what an unknown word may have meant.
// At most twenty errors are reported in a run; then the compilation ends.
#include <stdio.h>
#include <stdlib.h>

#include "compiler.h"

enum { MAX_ERRORS = 20 };

void ist__idl_source_index(compiler *c, source *s) {
  PUSH(c, s->lines, 0);
  for (int i = 0; i < s->len; i++)
    if (s->text[i] == '\n') PUSH(c, s->lines, i + 1);
}

int ist__idl_source_line(const source *s, int at) {
  int low = 0, high = s->lines.count;
  while (high - low > 1) {
    int middle = low + (high - low) / 2;
    if (s->lines.at[middle] <= at)
      low = middle;
    else
      high = middle;
  }
  return low + 1;
}

// A line is shown on a terminal: control characters would do things there.
static void clean_line(char *p, const char *end) {
  while (p < end) {
    int n = ist__idl_utf8_length(p, end);
    if (n == 0 || ((unsigned char)*p < ' ' && *p != '\t')) *p = '?';
    p += n ? n : 1;
  }
}

static void report(compiler *c, ist__diag_severity severity, span at, const char *format,
                   va_list args) {
  if (!c->options->diag) return;
  ist__diag d = {.severity = severity};
  char message[1024];
  vsnprintf(message, sizeof message, format, args);
  d.message = message;
  char *line = NULL;
  if (at.source) {
    const source *s = at.source;
    d.file = s->name;
    d.line = ist__idl_source_line(s, at.at);
    int start = s->lines.at[d.line - 1];
    int end = start;
    while (end < s->len && s->text[end] != '\n') end++;
    if (end > start && s->text[end - 1] == '\r') end--;
    d.column = (at.at < end ? at.at : end) - start + 1;
    d.length = at.len;
    if (d.length > end - at.at) d.length = end - at.at;
    if (d.length < 1) d.length = 1;
    line = malloc((size_t)(end - start) + 1);
    if (line) {
      memcpy(line, s->text + start, (size_t)(end - start));
      line[end - start] = '\0';
      clean_line(line, line + (end - start));
    }
    d.source = line;
  } else {
    d.file = c->main ? c->main->source->name : c->options->file;
  }
  c->options->diag(c->options->diag_env, &d);
  free(line);
}

void ist__idl_error(compiler *c, span at, const char *format, ...) {
  va_list args;
  c->errors++;
  va_start(args, format);
  report(c, IST__DIAG_ERROR, at, format, args);
  va_end(args);
  if (c->errors == MAX_ERRORS) {
    span nowhere = {0};
    ist__idl_note(c, nowhere, "%d errors; the rest is not shown", MAX_ERRORS);
    longjmp(c->bail, 1);
  }
}

void ist__idl_note(compiler *c, span at, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(c, IST__DIAG_NOTE, at, format, args);
  va_end(args);
}

enum { MAX_NEED = 500 };

void ist__idl_descend(compiler *c, span at) {
  if (++c->depth <= MAX_NEED) return;
  ist__idl_error(c, at, "the declarations that this needs are nested too deeply");
  longjmp(c->bail, 1);
}

void ist__idl_ascend(compiler *c) {
  c->depth--;
}

enum { MAX_GUESS = 40 };

static int smaller(int a, int b) {
  return a < b ? a : b;
}

// Edit distance in which a swap of neighbours counts as one edit.
static int edits(const char *a, const char *b) {
  int m = (int)strlen(a), n = (int)strlen(b);
  int row[3][MAX_GUESS + 1];
  for (int j = 0; j <= n; j++) row[0][j] = j;
  for (int i = 1; i <= m; i++) {
    int *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= n; j++) {
      int same = a[i - 1] == b[j - 1];
      now[j] = smaller(smaller(last[j], now[j - 1]) + 1, last[j - 1] + !same);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = smaller(now[j], before[j - 2] + 1);
    }
  }
  return row[m % 3][n];
}

void ist__idl_guess_offer(guess *g, const char *candidate) {
  size_t length = strlen(g->wanted);
  if (length > MAX_GUESS || strlen(candidate) > MAX_GUESS) return;
  int limit = length < 3 ? 0 : length < 6 ? 1 : (int)length / 3;
  int distance = edits(g->wanted, candidate);
  if (distance > limit || (g->best && distance >= g->distance)) return;
  g->best = candidate;
  g->distance = distance;
}

const char *ist__idl_guess_text(compiler *c, const guess *g) {
  return g->best ? ist__idl_format(c, "; did you mean '%s'?", g->best) : "";
}

void ist__diag_print(void *printer, const ist__diag *d) {
  static const char *const words[] = {"error", "warning", "note"};
  static const char *const colours[] = {"\033[1;31m", "\033[1;35m", "\033[1;36m"};
  const ist__diag_printer *p = printer;
  FILE *out = p && p->out ? p->out : stderr;
  bool colour = p && p->colour;
  if (colour) fputs("\033[1m", out);
  if (d->line > 0)
    fprintf(out, "%s:%d:%d: ", d->file, d->line, d->column);
  else if (d->file)
    fprintf(out, "%s: ", d->file);
  fprintf(out, "%s%s:%s %s%s\n", colour ? colours[d->severity] : "", words[d->severity],
          colour ? "\033[0m\033[1m" : "", d->message, colour ? "\033[0m" : "");
  if (!d->source || d->line <= 0) return;
  fprintf(out, "%6d | %s\n       | ", d->line, d->source);
  for (int i = 1; i < d->column; i++) fputc(d->source[i - 1] == '\t' ? '\t' : ' ', out);
  if (colour) fputs("\033[1;32m", out);
  fputc('^', out);
  for (int i = 1; i < d->length; i++) fputc('~', out);
  fputs(colour ? "\033[0m\n" : "\n", out);
}
