// Diagnostics as one message, for whoever has an error to give and no terminal: what could not be
// compiled, how many errors, and each on a line of its own.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

__attribute__((format(printf, 2, 3))) static void add(ist__diag_report *r, const char *format,
                                                      ...) {
  va_list args;
  va_start(args, format);
  char *more = NULL;
  int length = vasprintf(&more, format, args);
  va_end(args);
  if (length < 0) return;
  char *grown = realloc(r->text, r->length + (size_t)length + 1);
  if (grown) {
    memcpy(grown + r->length, more, (size_t)length + 1);
    r->text = grown;
    r->length += (size_t)length;
  }
  free(more);
}

void ist__diag_collect(void *report, const ist__diag *diag) {
  static const char *const words[] = {"error", "warning", "note"};
  ist__diag_report *r = report;
  if (diag->severity == IST__DIAG_WARNING) return;
  if (!r->file && diag->severity == IST__DIAG_ERROR) {
    r->file = strdup(diag->file);
    r->source = diag->source ? strdup(diag->source) : NULL;
    r->line = diag->line;
    r->column = diag->column;
    r->width = diag->length > 0 ? diag->length : 1;
  }
  add(r, "\n  %s:", diag->file);
  if (diag->line > 0) add(r, "%d:%d:", diag->line, diag->column);
  add(r, " %s: %s", words[diag->severity], diag->message);
}

char *ist__diag_message(const ist__diag_report *report, const char *label, int errors) {
  char *text = NULL;
  int length = asprintf(&text, "%s: the interface file has %d error%s:%s", label, errors,
                        errors == 1 ? "" : "s", report->text ? report->text : "");
  return length < 0 ? NULL : text;
}

void ist__diag_report_free(ist__diag_report *report) {
  free(report->text);
  free(report->file);
  free(report->source);
}
