/* What `isthmus judge` says on standard error: a bar while it works, where that is a terminal, and
 * the sum of it all at the end. */
#include "cli.h"
#include "judge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const failure_texts[] = {
#define FAILURE_TEXT(name, text) [FAILED_##name] = text,
    FAILURE_MAP(FAILURE_TEXT)
#undef FAILURE_TEXT
};

enum { BAR = 24, NARROWEST = 20, TEXT = 256 };

void report_begin(report *report, bool quiet, uint64_t size) {
  const char *term = getenv("TERM");
  report->quiet = quiet;
  report->bar = !quiet && isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb"));
  report->colors = use_colors(stderr);
  report->size = size;
  report->begun = report->drawn = judge_clock();
}

void report_progress(void *env, ist_batch *batch, uint64_t done, uint64_t added) {
  (void)batch;
  (void)added;
  report *report = env;
  atomic_store_explicit(&report->done, done, memory_order_relaxed);
}

/* ---- Numbers as people read them ---- */

static const char *time_text(char text[32], double seconds) {
  if (seconds < 1)
    snprintf(text, 32, "%.0f ms", seconds * 1e3);
  else if (seconds < 60)
    snprintf(text, 32, "%.2f s", seconds);
  else if (seconds < 3600)
    snprintf(text, 32, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
  else
    snprintf(text, 32, "%.0f h %02d min", seconds / 3600 - 0.5, (int)(seconds / 60) % 60);
  return text;
}

static double elapsed(const report *report) {
  return (double)(judge_clock() - report->begun) / 1e9;
}

static double rate(double count, double seconds) {
  return seconds > 0 ? count / seconds : 0;
}

/* ---- The bar ---- */

/* How many columns the terminal has. */
static size_t columns(void) {
  struct winsize size;
  return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

void report_hide(report *report) {
  if (!report->visible) return;
  fputs("\r\033[K", stderr);
  fflush(stderr);
  report->visible = false;
}

bool report_due(const report *report) {
  return report->bar && judge_clock() - report->drawn >= JUDGE_TICK * 1000000ull;
}

void report_draw(report *report) {
  if (!report_due(report)) return;
  report->drawn = judge_clock();
  uint64_t done = atomic_load(&report->done) + report->rejected;
  double seconds = elapsed(report);
  char text[TEXT], time[32];
  size_t length = 0, room = columns();
  if (report->size && room > BAR + NARROWEST) {
    double part = (double)report->end / (double)report->size;
    size_t full = (size_t)(part * BAR);
    text[length++] = '[';
    for (size_t i = 0; i < BAR; i++) text[length++] = i < full ? '#' : '.';
    text[length++] = ']';
    text[length++] = ' ';
  }
  length += (size_t)snprintf(text + length, TEXT - length,
                             "%" PRIu64 "/%" PRIu64 ", %" PRIu64 " failed, %.0f/s", done,
                             report->read, report->failed, rate((double)done, seconds));
  if (report->size && report->end && report->end < report->size)
    length += (size_t)snprintf(
        text + length, TEXT - length, ", %s left",
        time_text(time, seconds * (double)(report->size - report->end) / (double)report->end));
  /* A line that is too long would be broken, and stay. */
  if (length >= room) length = room - 1;
  fprintf(stderr, "\r\033[K%s%.*s%s", report->colors && report->failed ? "\033[33m" : "",
          (int)length, text, report->colors && report->failed ? "\033[0m" : "");
  fflush(stderr);
  report->visible = true;
}

/* ---- The summary ---- */

static void print_colored(const report *report, const char *color, const char *text,
                          uint64_t count) {
  bool colored = report->colors && count;
  fprintf(stderr, "%s%" PRIu64 " %s%s", colored ? color : "", count, text,
          colored ? "\033[0m" : "");
}

void report_end(report *report) {
  report_hide(report);
  if (report->quiet) return;
  double seconds = elapsed(report);
  uint64_t ran = report->values + report->failed, inputs = ran + report->not_run;
  char time[32];
  fprintf(stderr, "isthmus judge: %s%" PRIu64 " %s: ", judge_interrupted() ? "interrupted; " : "",
          inputs, inputs == 1 ? "input" : "inputs");
  print_colored(report, "\033[32m", report->values == 1 ? "value" : "values", report->values);
  fputs(", ", stderr);
  print_colored(report, "\033[31m", "failed", report->failed);
  const char *before = " (";
  for (size_t i = 0; i < FAILURE_COUNT; i++) {
    if (!report->failures[i]) continue;
    fprintf(stderr, "%s%" PRIu64 " %s", before, report->failures[i], failure_texts[i]);
    before = ", ";
  }
  if (report->failed) fputc(')', stderr);
  if (report->not_run) fprintf(stderr, ", %" PRIu64 " not run", report->not_run);
  fprintf(stderr, "; %s, %.0f a second\n", time_text(time, seconds), rate((double)ran, seconds));
}
