/* The parts of `isthmus judge`: the lines that are read, the rows that are written, and what is
 * said about it on standard error. Lines are read on a thread of their own, so that a result is
 * written while the next input is still awaited; all else is done by the main thread. */
#ifndef IST_CLI_JUDGE_H
#define IST_CLI_JUDGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "isthmus.h"

/* How long, in milliseconds, the main thread waits for anything before it looks whether it was
 * interrupted, and how often the progress is drawn. */
enum { JUDGE_TICK = 100 };

/* The signal that asks the judge to end, or 0. Any thread. */
int judge_interrupted(void);

/* Nanoseconds of a clock that is never set. */
uint64_t judge_clock(void);

/* ---- Lines (judge_lines.c) ---- */

/* Reads lines from a descriptor and adds each to a batch, as its window allows. */
typedef struct lines lines;

/* A line that has been read. */
typedef struct line {
  uint64_t number;     /* in the file, from 1 */
  uint64_t end;        /* bytes of the file up to its end */
  const char *name;    /* the class of its error, when it could not be added; otherwise NULL */
  const char *message; /* of that error; static */
  int32_t column;      /* where in the line that is, from 1 in UTF-16 units; 0: nowhere */
} line;

/* Starts to read. `fd` and `batch` are used until lines_close. NULL with errno when there is no
 * thread for it. */
lines *lines_open(int fd, ist_batch *batch);

typedef enum lines_state { LINES_READ, LINES_WAIT, LINES_END } lines_state;

/* The next line, in the order of the file, waiting up to JUDGE_TICK for it. A line without a name
 * has been added to the batch. After LINES_END nothing comes any more. */
lines_state lines_next(lines *lines, line *result);

/* How many lines have been read. */
uint64_t lines_count(const lines *lines);

/* Lets the reading end soon, wherever it waits. */
void lines_stop(lines *lines);

/* Waits for the reading to end, and gives 0 or the errno that ended it. */
int lines_close(lines *lines);

/* ---- Rows (judge_rows.c) ---- */

/* What is on its way to standard output. */
typedef struct rows {
  char *text;
  size_t length, capacity;
  int problem; /* the errno of the first write that failed; nothing is written from then on */
} rows;

/* Where an error is; what is unknown is NULL or 0. */
typedef struct place {
  const char *file; /* when it is not the program */
  int64_t line;
  int32_t column;
} place;

void rows_add_value(rows *rows, const ist_outcome *outcome, uint64_t index);
void rows_add_error(rows *rows, uint64_t index, const char *name, const char *message, place place,
                    uint64_t wall);

/* Whether it is time to write. */
bool rows_full(const rows *rows);

/* Writes what was added, waiting for a reader that is slow; after an interruption, not long. False
 * once writing has failed, or whoever reads has gone (EPIPE). */
bool rows_flush(rows *rows);

/* ---- Report (judge_report.c) ---- */

/* Why an input has no value. */
#define FAILURE_MAP(X)                                                                             \
  X(THREW, "threw")                                                                                \
  X(TIMEOUT, "timed out")                                                                          \
  X(MEMORY, "out of memory")                                                                       \
  X(DIED, "died with their process")                                                               \
  X(LINE, "not readable")                                                                          \
  X(OTHER, "not possible")

typedef enum failure {
#define FAILURE_ENTRY(name, text) FAILED_##name,
  FAILURE_MAP(FAILURE_ENTRY)
#undef FAILURE_ENTRY
      FAILURE_COUNT
} failure;

typedef struct report {
  bool quiet, bar, colors;
  uint64_t begun, drawn; /* judge_clock */
  bool visible;          /* the bar is on the terminal now */
  uint64_t size;         /* bytes of the inputs; 0: nobody knows */
  uint64_t end;          /* bytes of them that are done with */
  uint64_t read;         /* inputs */
  uint64_t values, failed, not_run;
  uint64_t failures[FAILURE_COUNT];
  uint64_t rejected;         /* of the failed: those that no program has seen */
  atomic_uint_fast64_t done; /* set by the pool's threads, see report_progress */
} report;

/* Begins the clock. `size` is that of the inputs, 0 when it is unknown. */
void report_begin(report *report, bool quiet, uint64_t size);

/* What a batch calls; `env` is the report. */
void report_progress(void *env, ist_batch *batch, uint64_t done, uint64_t added);

/* Whether there is a terminal and it is time to draw the bar. */
bool report_due(const report *report);

/* Draws the bar, if it is time to. */
void report_draw(report *report);

/* Takes the bar away, so that something else can be written. */
void report_hide(report *report);

/* The last line of all, unless it is to be quiet. */
void report_end(report *report);

#endif
