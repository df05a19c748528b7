/* The inputs of `isthmus judge`: a thread that reads a descriptor, cuts what comes into lines and
 * adds them to the batch. What could not be an input of any program (bytes that are not UTF-8, a
 * line without end) is not added; its error takes its place among the lines. Never more is held
 * than one line and the window of the batch. */
#include "cli.h"
#include "judge.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
  CHUNK = 1 << 16,      /* bytes that are read at a time */
  LONGEST = 256 << 20,  /* bytes of a line */
  SPARE = 1 << 20,      /* the buffer that is kept when a longer line has gone */
  READ_AHEAD = 1 << 12, /* lines that were read and not taken */
};
#define LONGEST_TEXT "256 MiB"

struct lines {
  pthread_t thread;
  int fd;
  int stop; /* an eventfd, readable when the reading is to end */
  atomic_bool stopped;
  atomic_uint_fast64_t pushed;
  ist_batch *batch;
  int problem; /* the reader's, until it has ended */

  pthread_mutex_t mutex;
  pthread_cond_t taken, read;
  line queue[READ_AHEAD];
  size_t first, count;
  bool ended;
};

/* ---- The queue ---- */

static struct timespec after_tick(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_nsec += JUDGE_TICK * 1000000L;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

static void push(lines *lines, const line *line) {
  pthread_mutex_lock(&lines->mutex);
  while (lines->count == READ_AHEAD && !atomic_load(&lines->stopped)) {
    struct timespec time = after_tick();
    pthread_cond_timedwait(&lines->taken, &lines->mutex, &time);
  }
  if (lines->count < READ_AHEAD) {
    lines->queue[(lines->first + lines->count++) % READ_AHEAD] = *line;
    atomic_fetch_add_explicit(&lines->pushed, 1, memory_order_relaxed);
    pthread_cond_signal(&lines->read);
  }
  pthread_mutex_unlock(&lines->mutex);
}

lines_state lines_next(lines *lines, line *result) {
  struct timespec time = after_tick();
  lines_state state = LINES_WAIT;
  pthread_mutex_lock(&lines->mutex);
  while (!lines->count && !lines->ended &&
         !pthread_cond_timedwait(&lines->read, &lines->mutex, &time))
    continue;
  if (lines->count) {
    *result = lines->queue[lines->first];
    lines->first = (lines->first + 1) % READ_AHEAD;
    lines->count--;
    state = LINES_READ;
    pthread_cond_signal(&lines->taken);
  } else if (lines->ended) {
    state = LINES_END;
  }
  pthread_mutex_unlock(&lines->mutex);
  return state;
}

/* ---- One line ---- */

/* How many bytes the character at `at` has, of which `left` are there; 0: they are not UTF-8. */
static size_t character_length(const unsigned char *at, size_t left) {
  unsigned char first = at[0], low = 0x80, high = 0xbf;
  size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (!length || length > left || first > 0xf4) return 0;
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  for (size_t i = 1; i < length; i++, low = 0x80, high = 0xbf)
    if (at[i] < low || at[i] > high) return 0;
  return length;
}

/* What is wrong with a line, whatever its program makes of it, and the column; or NULL. */
static const char *malformed(const char *text, size_t length, int32_t *column) {
  const unsigned char *at = (const unsigned char *)text, *end = at + length;
  for (*column = 1; at < end;) {
    size_t bytes = character_length(at, (size_t)(end - at));
    if (!bytes) return "the line is not UTF-8";
    if (!*at) return "the line has a NUL character";
    *column += bytes == 4 ? 2 : 1;
    at += bytes;
  }
  return NULL;
}

static bool is_blank(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') return false;
  return true;
}

static void fail(lines *lines, line *line, const char *name, const char *message) {
  line->name = name;
  line->message = message;
  push(lines, line);
}

static void take_line(lines *lines, line line, const char *text, size_t length) {
  if (line.number == 1 && length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
    text += 3;
    length -= 3;
  }
  if (is_blank(text, length)) return;
  const char *wrong = malformed(text, length, &line.column);
  if (wrong) return fail(lines, &line, "SyntaxError", wrong);
  line.column = 0;
  ist_status status = IST_ERR_LIMIT;
  while (status == IST_ERR_LIMIT && !atomic_load(&lines->stopped))
    status = ist_batch_add(lines->batch, text, length, JUDGE_TICK);
  if (status == IST_ERR_LIMIT || status == IST_ERR_STATE || status == IST_ERR_TERMINATED)
    atomic_store(&lines->stopped, true);
  else if (status)
    fail(lines, &line, "RangeError", ist_status_text(status));
  else
    push(lines, &line);
}

/* ---- Reading ---- */

typedef struct reader {
  lines *lines;
  char *text;
  size_t length, capacity; /* of what belongs to no line yet */
  size_t looked;           /* bytes of it that have no end of a line */
  bool skipping;           /* the line is too long: what has come of it is gone */
  line line;
} reader;

static void end_line(reader *reader, const char *text, size_t length, size_t with_end) {
  reader->line.number++;
  reader->line.end += with_end;
  if (reader->skipping || length > LONGEST)
    fail(reader->lines, &(line){.number = reader->line.number, .end = reader->line.end},
         "RangeError", "the line is longer than " LONGEST_TEXT);
  else
    take_line(reader->lines, reader->line, text, length);
  reader->skipping = false;
}

/* Takes all lines that are complete, and keeps the rest. */
static void cut(reader *reader) {
  size_t begin = 0;
  char *end;
  while (!atomic_load(&reader->lines->stopped) &&
         (end = memchr(reader->text + reader->looked, '\n', reader->length - reader->looked))) {
    size_t next = (size_t)(end - reader->text) + 1;
    end_line(reader, reader->text + begin, next - 1 - begin, next - begin);
    begin = reader->looked = next;
  }
  reader->length -= begin;
  memmove(reader->text, reader->text + begin, reader->length);
  if (reader->length > LONGEST || reader->skipping) {
    reader->skipping = true;
    reader->line.end += reader->length;
    reader->length = 0;
  }
  reader->looked = reader->length;
  if (reader->capacity > SPARE && reader->length < CHUNK)
    reader->text = reallocate(reader->text, reader->capacity = 2 * CHUNK);
}

/* Waits until there is something to read. False: stopped. */
static bool wait_readable(lines *lines) {
  struct pollfd fds[] = {{lines->fd, POLLIN, 0}, {lines->stop, POLLIN, 0}};
  while (!atomic_load(&lines->stopped)) {
    int ready = poll(fds, 2, -1);
    if (ready < 0 && errno != EINTR) return true;
    if (ready > 0 && !fds[1].revents) return true;
  }
  return false;
}

static void *read_lines(void *env) {
  lines *lines = env;
  reader reader = {.lines = lines, .capacity = 2 * CHUNK, .text = allocate(2 * CHUNK)};
  while (wait_readable(lines)) {
    if (reader.capacity - reader.length < CHUNK)
      reader.text = reallocate(reader.text, reader.capacity *= 2);
    ssize_t got = read(lines->fd, reader.text + reader.length, CHUNK);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) lines->problem = errno;
    if (got <= 0) break;
    reader.length += (size_t)got;
    cut(&reader);
  }
  /* The last line needs no end. */
  if ((reader.length || reader.skipping) && !atomic_load(&lines->stopped))
    end_line(&reader, reader.text, reader.length, reader.length);
  free(reader.text);
  ist_batch_end(lines->batch);
  pthread_mutex_lock(&lines->mutex);
  lines->ended = true;
  pthread_cond_signal(&lines->read);
  pthread_mutex_unlock(&lines->mutex);
  return NULL;
}

/* ---- Life ---- */

static void lines_free(lines *lines) {
  if (lines->stop >= 0) close(lines->stop);
  pthread_cond_destroy(&lines->taken);
  pthread_cond_destroy(&lines->read);
  pthread_mutex_destroy(&lines->mutex);
  free(lines);
}

lines *lines_open(int fd, ist_batch *batch) {
  lines *lines = allocate(sizeof *lines);
  lines->fd = fd;
  lines->batch = batch;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&lines->mutex, NULL);
  pthread_cond_init(&lines->taken, &attributes);
  pthread_cond_init(&lines->read, &attributes);
  pthread_condattr_destroy(&attributes);
  lines->stop = eventfd(0, EFD_CLOEXEC);
  int problem = lines->stop < 0 ? errno : pthread_create(&lines->thread, NULL, read_lines, lines);
  if (!problem) return lines;
  lines_free(lines);
  errno = problem;
  return NULL;
}

uint64_t lines_count(const lines *lines) {
  return atomic_load_explicit(&lines->pushed, memory_order_relaxed);
}

void lines_stop(lines *lines) {
  atomic_store(&lines->stopped, true);
  (void)eventfd_write(lines->stop, 1);
}

int lines_close(lines *lines) {
  pthread_join(lines->thread, NULL);
  int problem = lines->problem;
  lines_free(lines);
  return problem;
}
