/* The results of `isthmus judge`: rows of JSON on standard output. Values come as JSON and are
 * written as they are. Writing never waits where nothing could end the wait, and leaves the
 * descriptor's flags, which other processes share, alone. */
#include "cli.h"
#include "judge.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  FULL = 1 << 16, /* bytes that are written together */
  PATIENCE = 10,  /* ticks that a reader has after an interruption */
};

static void add(rows *rows, const char *text, size_t length) {
  if (rows->capacity - rows->length < length) {
    rows->capacity = (rows->length + length) * 2;
    rows->text = reallocate(rows->text, rows->capacity);
  }
  memcpy(rows->text + rows->length, text, length);
  rows->length += length;
}

static void begin(rows *rows, uint64_t index, const char *member) {
  char text[64];
  add(rows, text,
      (size_t)snprintf(text, sizeof text, "{\"i\": %" PRIu64 ", \"%s\": ", index, member));
}

static void end(rows *rows, uint64_t wall) {
  char text[64];
  add(rows, text, (size_t)snprintf(text, sizeof text, ", \"ms\": %.3f}\n", (double)wall / 1e6));
}

void rows_add_value(rows *rows, const ist_outcome *outcome, uint64_t index) {
  begin(rows, index, "value");
  add(rows, (const char *)outcome->value, outcome->length);
  end(rows, outcome->wall);
}

/* A text as JSON, or null. */
static void add_text(rows *rows, const char *text) {
  cJSON *item = text ? cJSON_CreateString(text) : cJSON_CreateNull();
  char *json = cJSON_PrintUnformatted(item);
  add(rows, json ? json : "\"\"", json ? strlen(json) : 2);
  cJSON_free(json);
  cJSON_Delete(item);
}

static void add_member(rows *rows, const char *name, int64_t number) {
  char text[64];
  if (number > 0)
    add(rows, text, (size_t)snprintf(text, sizeof text, ", \"%s\": %" PRId64, name, number));
}

void rows_add_error(rows *rows, uint64_t index, const char *name, const char *message, place place,
                    uint64_t wall) {
  begin(rows, index, "error");
  add(rows, "{\"name\": ", 9);
  add_text(rows, name);
  add(rows, ", \"message\": ", 13);
  add_text(rows, message ? message : "");
  if (place.file) {
    add(rows, ", \"file\": ", 10);
    add_text(rows, place.file);
  }
  add_member(rows, "line", place.line);
  add_member(rows, "column", place.column);
  add(rows, "}", 1);
  end(rows, wall);
}

bool rows_full(const rows *rows) {
  return rows->length >= FULL;
}

bool rows_flush(rows *rows) {
  size_t written = 0;
  int waits = 0;
  while (!rows->problem && written < rows->length) {
    struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};
    int ready = poll(&out, 1, JUDGE_TICK);
    if (ready < 0 && errno == EINTR) continue;
    if (!ready) {
      if (judge_interrupted() && ++waits == PATIENCE) rows->problem = ECANCELED;
      continue;
    }
    /* A pipe that is ready has room for this much; more could wait. */
    size_t left = rows->length - written;
    ssize_t got = write(STDOUT_FILENO, rows->text + written, left < PIPE_BUF ? left : PIPE_BUF);
    if (got >= 0)
      written += (size_t)got;
    else if (errno != EINTR && errno != EAGAIN)
      rows->problem = errno;
  }
  rows->length = 0;
  struct pollfd out = {STDOUT_FILENO, 0, 0};
  if (!rows->problem && poll(&out, 1, 0) == 1 && out.revents & POLLERR) rows->problem = EPIPE;
  return !rows->problem;
}
