/* The cell: a process that runs programs for a pool in another one. It has one thread that runs
 * JavaScript, by the very rung that a pool's own thread would use, and the first one, which waits
 * for the pool's end and ends the process, whatever runs. Nothing is asked of the pool but frames;
 * nothing is open but the socket. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cell.h"
#include "pool.h"

/* Exit codes: the pool has closed the socket; no memory or system for it; wrong use. */
enum { ENDED = 0, BROKEN = 1, MISUSED = 2 };

typedef struct serving {
  int socket;
  ist__wire_setup setup;
  ist__rung *rung;
  ist__program *program;
  uint8_t *in; /* what has come and was not used: from `at` up to `got` */
  size_t at, got, room;
  ist__wire_out out;
} serving;

/* ---- Bytes ---- */

/* False: there are no more. */
static bool send_all(serving *cell, struct iovec *parts, size_t count) {
  while (count) {
    ssize_t sent = writev(cell->socket, parts, (int)count);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    ist__wire_sent(&parts, &count, (size_t)sent);
  }
  return true;
}

static bool send_frame(serving *cell, ist__wire_kind kind, const void *more, size_t length) {
  ist__wire_end(&cell->out, kind, length);
  struct iovec parts[] = {{cell->out.bytes, cell->out.length}, {(void *)(uintptr_t)more, length}};
  return !cell->out.failed && send_all(cell, parts, length ? 2 : 1);
}

/* Waits until so many bytes are there. */
static bool fill(serving *cell, size_t wanted) {
  while (cell->got - cell->at < wanted) {
    if (cell->at) memmove(cell->in, cell->in + cell->at, cell->got - cell->at);
    cell->got -= cell->at;
    cell->at = 0;
    size_t room = wanted < 65536 ? 65536 : wanted;
    if (cell->room < room || (cell->room > 1 << 20 && room == 65536 && cell->got < room)) {
      uint8_t *sized = ist__realloc(cell->in, room);
      if (!sized) return false;
      cell->in = sized;
      cell->room = room;
    }
    ssize_t got = read(cell->socket, cell->in + cell->got, cell->room - cell->got);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    cell->got += (size_t)got;
  }
  return true;
}

/* The next frame; its contents stay until the one after. False: there is none, or no memory. */
static bool next_frame(serving *cell, uint32_t *kind, ist__wire_in *in) {
  ist__wire_header header;
  if (!fill(cell, sizeof header)) return false;
  memcpy(&header, cell->in + cell->at, sizeof header);
  if (header.mark != IST_WIRE_MARK || header.length > (uint64_t)1 << 40 ||
      !fill(cell, sizeof header + (size_t)header.length))
    return false;
  const uint8_t *start = cell->in + cell->at + sizeof header;
  *in = (ist__wire_in){.at = start, .end = start + header.length};
  *kind = header.kind;
  cell->at += sizeof header + (size_t)header.length;
  return true;
}

/* ---- Programs ---- */

static bool take_program(serving *cell, ist__wire_in *in) {
  ist__wire_program head;
  ist__wire_get(in, &head, sizeof head);
  char *file = ist__wire_get_text(in);
  size_t length;
  const char *text = ist__wire_get_span(in, &length);
  ist__program *program = NULL;
  if (!in->bad) {
    const ist_source source = {.size = sizeof source,
                               .text = text,
                               .length = length,
                               .file = file,
                               .line_offset = head.line_offset,
                               .column_offset = head.column_offset};
    program = ist__program_new(&source, (ist_format)head.input, (ist_format)head.output);
  }
  ist__free(file);
  if (!program) return false;
  if (cell->program) {
    atomic_store(&cell->program->retired, true);
    ist__program_release(cell->program);
  }
  cell->program = program;
  return true;
}

static bool run(serving *cell, const ist__wire_in *in) {
  if (!cell->program) return false;
  ist__job *job = ist__job_new(cell->program, in->at, (size_t)(in->end - in->at), 0);
  if (!job) _exit(IST_CELL_NO_MEMORY);
  uint64_t replaced = atomic_load(&cell->rung->replaced);
  cell->rung->table->run(cell->rung, job);
  const ist_outcome *outcome = &job->outcome;
  const ist__wire_result result = {(uint32_t)outcome->status,
                                   (uint32_t)(atomic_load(&cell->rung->replaced) - replaced),
                                   outcome->wall, outcome->cpu};
  ist__wire_begin(&cell->out);
  ist__wire_put(&cell->out, &result, sizeof result);
  if (outcome->status) ist__wire_put_error(&cell->out, outcome->error);
  bool sent =
      send_frame(cell, IST_WIRE_RESULT, outcome->value, outcome->status ? 0 : outcome->length);
  ist__job_free(job);
  /* While the pool looks at what it got. */
  ist__rung_prepare(cell->rung);
  return sent;
}

/* ---- Starting ---- */

/* What is read from files, and the threads that are made, at a first use: V8's and ours, the time
 * zone, the language's rules. From here on the time zone is known by its name. */
static ist_status warm_up(serving *cell, uint64_t *heap_limit) {
  static const char source[] =
      "new Date(0).toString() + (1.5).toLocaleString() + 'a'.localeCompare('b') +"
      "'\\u00c4'.normalize('NFD').toUpperCase() + /\\p{L}/u.test('a') + Math.random();"
      "new Intl.DateTimeFormat().resolvedOptions().timeZone";
  const ist_isolate_options options = {.size = sizeof options,
                                       .heap_limit = (size_t)cell->setup.heap_limit};
  const ist_limits limits = {.size = sizeof limits, .wall = 3600000000000, .cpu = 3600000000000};
  ist_isolate *isolate;
  ist_context *context;
  ist_value zone;
  char *name = NULL;
  ist_statistics statistics = {.size = sizeof statistics};
  ist_status status = ist_isolate_new(&options, &isolate);
  if (status) return status;
  status = ist_limits_begin(isolate, &limits);
  if (!status) status = ist_context_new(isolate, NULL, &context);
  if (!status && !ist_script_eval(context, source, sizeof source - 1, NULL, &zone, NULL) &&
      !ist_string_read(isolate, zone, &name, NULL))
    setenv("TZ", name, 1);
  ist_free(name);
  (void)ist_limits_end(isolate, NULL);
  if (!status) status = ist_isolate_statistics(isolate, &statistics);
  *heap_limit = statistics.heap_limit;
  (void)ist_isolate_free(isolate);
  return status;
}

/* The rung with its isolate and first context. */
static ist_status make_rung(serving *cell) {
  const ist__wire_setup *setup = &cell->setup;
  const ist__rung_options options = {
      .isolation = IST_ISOLATION_CONTEXT,
      .limits = {.size = sizeof options.limits, .wall = setup->wall, .cpu = setup->cpu},
      .heap_limit = (size_t)setup->heap_limit,
      .buffer_limit = (size_t)setup->buffer_limit,
      .stack_limit = (size_t)setup->stack_limit};
  ist_status status = ist__rung_new(&options, &cell->rung);
  if (status) return status;
  const ist_source source = {.size = sizeof source, .text = "input", .length = 5};
  ist__program *program = ist__program_new(&source, IST_FORMAT_JSON, IST_FORMAT_JSON);
  ist__job *job = program ? ist__job_new(program, "0", 1, 0) : NULL;
  if (job) {
    cell->rung->table->run(cell->rung, job);
    /* Limits may be such that nothing can run; that is each run's to say. */
    atomic_store(&program->retired, true);
  } else {
    status = IST_ERR_MEMORY;
  }
  ist__job_free(job);
  ist__program_release(program);
  ist__rung_prepare(cell->rung);
  return status;
}

static void *serve(void *env) {
  serving *cell = env;
  uint32_t kind;
  ist__wire_in in;
  ist__wire_ready ready = {0};
  ist_status status = warm_up(cell, &ready.heap_limit);
  if (!status) status = make_rung(cell);
  if (!status) ready.locked = ist__cell_lock_down(&cell->setup, ready.heap_limit);
  ready.status = (uint32_t)status;
  ist__wire_begin(&cell->out);
  ist__wire_put(&cell->out, &ready, sizeof ready);
  const char *text = status ? "the isolate of a cell cannot be made" : NULL;
  ist__wire_put_text(&cell->out, text, text ? strlen(text) : 0);
  bool going = send_frame(cell, IST_WIRE_READY, NULL, 0) && !status;
  while (going && next_frame(cell, &kind, &in)) {
    if (kind == IST_WIRE_RUN)
      going = run(cell, &in);
    else
      going = kind == IST_WIRE_PROGRAM && take_program(cell, &in);
  }
  if (cell->rung) cell->rung->table->free(cell->rung);
  ist__program_release(cell->program);
  return NULL;
}

/* ---- The process ---- */

/* Leaves nothing open but standard error and the socket; the first two are /dev/null. */
static bool close_others(int *socket) {
  if (*socket != IST_CELL_SOCKET) {
    if (dup2(*socket, IST_CELL_SOCKET) < 0) return false;
    *socket = IST_CELL_SOCKET;
  }
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0) return false;
  if (!syscall(SYS_close_range, IST_CELL_SOCKET + 1, ~0u, 0)) return true;
  long most = sysconf(_SC_OPEN_MAX);
  for (int fd = IST_CELL_SOCKET + 1; fd < (most < 0 || most > 1 << 20 ? 1 << 20 : most); fd++)
    close(fd);
  return true;
}

/* The thread that JavaScript runs on. */
static bool start_thread(serving *cell, pthread_t *thread) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes)) return false;
  (void)pthread_attr_setstacksize(&attributes, ist__rung_stack((size_t)cell->setup.stack_limit));
  bool good = !pthread_create(thread, &attributes, serve, cell);
  pthread_attr_destroy(&attributes);
  return good;
}

/* Waits until the pool has closed its end, or its process has gone without that (one that it has
 * forked may have the socket still). */
static void await_end(const serving *cell, int parent) {
  struct pollfd ends[] = {{.fd = cell->socket, .events = POLLRDHUP},
                          {.fd = parent, .events = POLLIN}};
  while (poll(ends, 2, -1) < 0 && errno == EINTR) continue;
}

static int serve_pool(serving *cell) {
  ist__wire_begin(&cell->out);
  ist__wire_put_u32(&cell->out, IST_WIRE_VERSION);
  ist__wire_put_text(&cell->out, ist_version(), strlen(ist_version()));
  uint32_t kind;
  ist__wire_in in;
  if (!send_frame(cell, IST_WIRE_HELLO, NULL, 0)) return BROKEN;
  if (!next_frame(cell, &kind, &in)) return ENDED;
  ist__wire_get(&in, &cell->setup, sizeof cell->setup);
  if (kind != IST_WIRE_SETUP || in.bad || in.at != in.end) return MISUSED;
  if (cell->setup.bound) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  int parent = (int)syscall(SYS_pidfd_open, getppid(), 0);
  ist__die_of_memory(IST_CELL_NO_MEMORY);
  pthread_t thread;
  if (!start_thread(cell, &thread)) return BROKEN;
  await_end(cell, parent);
#ifdef IST_CELL_SANITIZED
  /* Everything is freed, so that what is not is found; but a program that runs is not waited for.
   */
  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_sec += 20;
  if (!pthread_timedjoin_np(thread, NULL, &soon)) {
    ist__free(cell->in);
    ist__wire_out_free(&cell->out);
    return ENDED;
  }
#endif
  _exit(ENDED);
}

int ist_cell_serve(int fd) {
  struct stat about;
  if (fd < 0 || fstat(fd, &about) || !S_ISSOCK(about.st_mode)) return MISUSED;
  serving cell = {.socket = fd};
  if (!close_others(&cell.socket)) return BROKEN;
  signal(SIGPIPE, SIG_IGN);
  ist__cell_give_up();
  return serve_pool(&cell);
}
