/* The rung of processes, seen from the pool: one cell after the other, each running one program at
 * a time. The cell holds the limits by itself; this end holds them against a cell that does not,
 * takes the time on its own clock, and believes no byte of what comes back. A cell that has died is
 * that run's error and nobody else's: another one takes its place, and from the first death on the
 * next one is always being started while the last one works. */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cell.h"
#include "pool.h"

/* How long a cell may take to start, and to take or give the next bytes, on a machine that does
 * many other things; how long beyond a limit it may take to notice; how often an input is tried
 * that no cell has begun with. Nanoseconds. */
static const uint64_t second = 1000000000;
enum { TO_START = 120, TO_MOVE = 20, TO_NOTICE = 2, ATTEMPTS = 3 };

/* No value is longer: V8 has no longer strings, and ist_cbor_write no more bytes. */
static const uint64_t longest = ((uint64_t)1 << 30) + (1 << 16);

typedef struct cell {
  ist__rung rung;
  char *path;
  ist__wire_setup setup;
  pid_t owner;                 /* a process made by fork leaves the cells alone */
  pthread_mutex_t mutex;       /* for `job` and `now.pid` */
  ist__job *job;               /* that runs */
  ist__cell_process now, next; /* pid 0: there is none */
  bool greeted, ready;         /* `now` has said that it is a cell of ours; that it has started */
  bool died;
  uint64_t serial; /* of the program that `now` has; 0: none */
  uint64_t heap_limit;
  ist__wire_out out;
  uint8_t *in; /* what has come: `got` bytes, from a header on */
  size_t got, room;
} cell;

/* How an exchange ended. */
typedef enum outcome { DONE, GONE, LATE, DAMAGED, NO_MEMORY } outcome;

/* ---- Bytes ---- */

/* Waits until the socket is ready or the time has come (0: as long as it takes). */
static outcome await(cell *cell, short events, uint64_t deadline) {
  for (;;) {
    int timeout = -1;
    if (deadline) {
      uint64_t at = ist__pool_now();
      if (at >= deadline) return LATE;
      uint64_t left = (deadline - at) / 1000000 + 1;
      timeout = left > 1000000 ? 1000000 : (int)left;
    }
    struct pollfd wait = {.fd = cell->now.socket, .events = events};
    int ready = poll(&wait, 1, timeout);
    if (ready > 0) return DONE;
    if (ready < 0 && errno != EINTR) return GONE;
  }
}

static outcome send_all(cell *cell, struct iovec *parts, size_t count) {
  uint64_t deadline = 0;
  while (count) {
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t sent = sendmsg(cell->now.socket, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return GONE;
      if (!deadline) deadline = ist__pool_now() + TO_MOVE * second;
      outcome waited = await(cell, POLLOUT, deadline);
      if (waited) return waited;
      continue;
    }
    deadline = 0;
    ist__wire_sent(&parts, &count, (size_t)sent);
  }
  return DONE;
}

static bool make_room(cell *cell, size_t room) {
  if (room <= cell->room) return true;
  uint8_t *grown = ist__realloc(cell->in, room);
  if (!grown) return false;
  cell->in = grown;
  cell->room = room;
  return true;
}

/* Takes one frame, the first bytes of which come by the deadline, into `in`; more than that one is
 * there only when `more` says that it may be. Memory is taken as bytes come, not as they are
 * promised. */
static outcome receive(cell *cell, ist__wire_kind kind, uint64_t most, bool more,
                       uint64_t deadline) {
  size_t wanted = sizeof(ist__wire_header);
  bool known = false;
  for (;;) {
    if (!known && cell->got >= wanted) {
      ist__wire_header header;
      memcpy(&header, cell->in, sizeof header);
      if (!ist__wire_expects(&header, kind, most)) return DAMAGED;
      known = true;
      wanted += (size_t)header.length;
      /* The rest is on its way; a megabyte each second is very slow. */
      deadline = ist__pool_now() + TO_MOVE * second + header.length * 1000;
    }
    if (known && cell->got >= wanted) return cell->got == wanted || more ? DONE : DAMAGED;
    size_t room = cell->got * 2 < 65536 ? 65536 : cell->got * 2;
    if (known && room > wanted && wanted > 65536) room = wanted;
    if (!make_room(cell, room)) return NO_MEMORY;
    ssize_t got = recv(cell->now.socket, cell->in + cell->got, cell->room - cell->got, 0);
    if (got > 0) {
      cell->got += (size_t)got;
      continue;
    }
    if (!got || (errno != EAGAIN && errno != EINTR)) return GONE;
    if (errno == EINTR) continue;
    outcome waited = await(cell, POLLIN, deadline);
    if (waited) return waited;
  }
}

/* Forgets the first frame. */
static void consume(cell *cell) {
  ist__wire_header header;
  memcpy(&header, cell->in, sizeof header);
  size_t length = sizeof header + (size_t)header.length;
  memmove(cell->in, cell->in + length, cell->got - length);
  cell->got -= length;
  enum { KEEP = 1 << 20 };
  if (cell->room > KEEP && cell->got < 65536) {
    uint8_t *less = ist__realloc(cell->in, 65536);
    if (less) {
      cell->in = less;
      cell->room = 65536;
    }
  }
}

/* What is in the first frame. */
static ist__wire_in contents(const cell *cell) {
  ist__wire_header header;
  memcpy(&header, cell->in, sizeof header);
  const uint8_t *start = cell->in + sizeof header;
  return (ist__wire_in){.at = start, .end = start + header.length};
}

/* ---- Starting and ending ---- */

static ist_status start(cell *cell, ist__cell_process *process, bool bound, ist_error **error) {
  ist__cell_process started;
  ist_status status = ist__cell_spawn(cell->path, &started, error);
  if (status) return status;
  ist__wire_setup setup = cell->setup;
  setup.bound = bound;
  /* So little does not wait: a socket that was just made has room for it. */
  ist__wire_begin(&cell->out);
  ist__wire_put(&cell->out, &setup, sizeof setup);
  ist__wire_end(&cell->out, IST_WIRE_SETUP, 0);
  if (!cell->out.failed)
    (void)!send(started.socket, cell->out.bytes, cell->out.length, MSG_NOSIGNAL);
  pthread_mutex_lock(&cell->mutex);
  *process = started;
  pthread_mutex_unlock(&cell->mutex);
  return IST_OK;
}

/* Ends the cell, and gives waitpid's word on it. */
static int end(cell *cell, char *text, size_t room) {
  pthread_mutex_lock(&cell->mutex);
  ist__cell_process last = cell->now;
  cell->now = IST_CELL_NONE;
  pthread_mutex_unlock(&cell->mutex);
  cell->greeted = cell->ready = false;
  cell->serial = 0;
  cell->got = 0;
  return ist__cell_reap(&last, text, room);
}

/* How a process ended, for an error: " (SIGSEGV)", " (exit code 3)", "" when the embedder has been
 * told in our place. */
static const char *manner(int status, char text[static 32]) {
  *text = '\0';
  if (status < 0) return text;
  if (WIFSIGNALED(status)) {
    const char *name = sigabbrev_np(WTERMSIG(status));
    if (name)
      snprintf(text, 32, " (SIG%s)", name);
    else
      snprintf(text, 32, " (signal %d)", WTERMSIG(status));
  } else {
    snprintf(text, 32, " (exit code %d)", WEXITSTATUS(status));
  }
  return text;
}

static ist_status no_cell(ist_error **error, ist_status status, const char *message) {
  *error = ist_error_new(status, NULL, message);
  return status;
}

/* Ends a cell that has not come so far as to run, and says why. */
static ist_status give_up(cell *cell, outcome how, ist_error **error) {
  bool greeted = cell->greeted;
  char said[256], manner_text[32], message[1024];
  int status = end(cell, said, sizeof said);
  if (how == NO_MEMORY) return no_cell(error, IST_ERR_MEMORY, NULL);
  if (how == LATE) {
    snprintf(message, sizeof message, "the cell '%.512s' has not started within %d seconds",
             cell->path, TO_START);
    return no_cell(error, IST_ERR_RESOURCE, message);
  }
  if (how == DAMAGED) {
    snprintf(message, sizeof message, "'%.512s' is no cell of this library's: it speaks otherwise",
             cell->path);
    return no_cell(error, IST_ERR_STATE, message);
  }
  snprintf(message, sizeof message, "the cell '%.512s' has ended as it started%s%s%s", cell->path,
           manner(status, manner_text), *said ? ": " : "", said);
  return no_cell(error, greeted ? IST_ERR_RESOURCE : IST_ERR_STATE, message);
}

/* Waits for the cell's first words. */
static ist_status greet(cell *cell, ist_error **error) {
  outcome how = receive(cell, IST_WIRE_HELLO, 1024, true, ist__pool_now() + TO_START * second);
  if (how) return give_up(cell, how, error);
  ist__wire_in in = contents(cell);
  uint32_t version = ist__wire_get_u32(&in);
  char *release = ist__wire_get_text(&in);
  bool good = !in.bad && release && in.at == in.end;
  if (good && version == IST_WIRE_VERSION && !strcmp(release, ist_version())) {
    ist__free(release);
    consume(cell);
    cell->greeted = true;
    return IST_OK;
  }
  ist_status status = IST_ERR_STATE;
  if (!good) {
    status = give_up(cell, in.failed ? NO_MEMORY : DAMAGED, error);
  } else {
    char message[1024];
    end(cell, NULL, 0);
    snprintf(message, sizeof message,
             "the cell '%.512s' is of version %.64s (%u), this library %s (%u)", cell->path,
             release, (unsigned)version, ist_version(), (unsigned)IST_WIRE_VERSION);
    no_cell(error, status, message);
  }
  ist__free(release);
  return status;
}

/* Waits until the cell can run programs. */
static ist_status prepare(cell *cell, ist_error **error) {
  ist_status status = cell->greeted ? IST_OK : greet(cell, error);
  if (status) return status;
  outcome how = receive(cell, IST_WIRE_READY, 4096, false, ist__pool_now() + TO_START * second);
  if (how) return give_up(cell, how, error);
  ist__wire_in in = contents(cell);
  ist__wire_ready ready;
  ist__wire_get(&in, &ready, sizeof ready);
  char *text = ist__wire_get_text(&in);
  if (in.bad || in.at != in.end || ready.status > IST_ERR_DIED) {
    status = give_up(cell, in.failed ? NO_MEMORY : DAMAGED, error);
  } else if (ready.status) {
    status = no_cell(error, (ist_status)ready.status, text);
    end(cell, NULL, 0);
  } else {
    cell->heap_limit = ready.heap_limit;
    cell->ready = true;
    consume(cell);
  }
  ist__free(text);
  return status;
}

/* Makes the next cell the one that runs, if there is a next one. */
static bool promote(cell *cell) {
  if (!cell->next.pid) return false;
  pthread_mutex_lock(&cell->mutex);
  cell->now = cell->next;
  cell->next = IST_CELL_NONE;
  pthread_mutex_unlock(&cell->mutex);
  return true;
}

/* Makes `now` a cell that can run programs. */
static ist_status have(cell *cell, ist_error **error) {
  ist_status status = IST_OK;
  if (!cell->now.pid && !promote(cell)) status = start(cell, &cell->now, true, error);
  if (!status && !cell->ready) status = prepare(cell, error);
  return status;
}

/* ---- Runs ---- */

/* Whether a cell that was idle is as it was: it has neither ended nor spoken. */
static bool is_idle(cell *cell) {
  char byte;
  return recv(cell->now.socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EINTR);
}

/* Sends the program, unless the cell has it, and the input. */
static outcome send_job(cell *cell, ist__job *job) {
  const ist__program *program = job->program;
  ist__wire_begin(&cell->out);
  size_t first = 0;
  if (cell->serial != program->serial) {
    const ist__wire_program head = {(uint32_t)program->input, (uint32_t)program->output,
                                    program->line_offset, program->column_offset};
    ist__wire_put(&cell->out, &head, sizeof head);
    ist__wire_put_text(&cell->out, program->file, program->file ? strlen(program->file) : 0);
    ist__wire_put_text(&cell->out, program->text, program->length);
    ist__wire_end(&cell->out, IST_WIRE_PROGRAM, 0);
    first = cell->out.length;
  }
  const ist__wire_header run = {IST_WIRE_MARK, IST_WIRE_RUN, job->length};
  if (first)
    ist__wire_put(&cell->out, &run, sizeof run);
  else
    ist__wire_end(&cell->out, IST_WIRE_RUN, job->length);
  if (cell->out.failed) return NO_MEMORY;
  struct iovec parts[] = {{cell->out.bytes, cell->out.length},
                          {(void *)(uintptr_t)job->input, job->length}};
  outcome sent = send_all(cell, parts, job->length ? 2 : 1);
  if (!sent) cell->serial = program->serial;
  return sent;
}

/* The processor time that the cell has used. */
static uint64_t cpu_of(const cell *cell) {
  clockid_t clock;
  struct timespec time;
  if (clock_getcpuclockid(cell->now.pid, &clock) || clock_gettime(clock, &time)) return 0;
  return (uint64_t)time.tv_sec * second + (uint64_t)time.tv_nsec;
}

/* Waits for the answer. A cell that outlives a limit is LATE; `cpu` tells which limit it was. */
static outcome receive_result(cell *cell, uint64_t began, bool *cpu) {
  uint64_t wall = cell->setup.wall, most = cell->setup.cpu;
  uint64_t deadline = wall ? began + wall + wall / 4 + TO_NOTICE * second : 0;
  if (wall && deadline < began) deadline = 0;
  if (!most) return receive(cell, IST_WIRE_RESULT, longest, false, deadline);
  /* All its threads are counted, while the limit is that of one: collectors have three more. */
  uint64_t bound = most > UINT64_MAX / 8 ? UINT64_MAX : most * 4 + TO_NOTICE * second;
  uint64_t used = cpu_of(cell), look = began;
  for (;;) {
    look += bound < UINT64_MAX / 4 ? bound : UINT64_MAX / 4;
    bool last = deadline && deadline <= look;
    outcome how = receive(cell, IST_WIRE_RESULT, longest, false, last ? deadline : look);
    if (how != LATE || last || cell->got) return how;
    *cpu = cpu_of(cell) - used > bound;
    if (*cpu) return how;
  }
}

/* Takes the answer apart. */
static outcome read_result(cell *cell, ist__job *job) {
  ist__wire_in in = contents(cell);
  ist__wire_result result;
  ist__wire_get(&in, &result, sizeof result);
  if (in.bad || result.status > IST_ERR_DIED) return DAMAGED;
  size_t length = (size_t)(in.end - in.at);
  if (!result.status) {
    if (!ist__wire_is_value(in.at, length, job->program->output)) return DAMAGED;
    ist__job_give(job, in.at, length);
  } else {
    ist_error *error = ist__wire_get_error(&in);
    if (error && (error->status != (ist_status)result.status || in.at != in.end)) in.bad = true;
    if (in.bad) {
      ist_error_free(error);
      return in.failed ? NO_MEMORY : DAMAGED;
    }
    ist__job_fail(job, (ist_status)result.status, error);
  }
  job->outcome.wall = result.wall;
  job->outcome.cpu = result.cpu;
  if (result.replaced) cell->rung.replaced += result.replaced < 16 ? result.replaced : 16;
  consume(cell);
  return DONE;
}

static void fail_by_limit(ist__job *job, ist_status status, bool cpu, uint64_t amount) {
  char text[IST_LIMIT_TEXT];
  ist__limit_text(text, status, cpu, amount);
  ist__job_fail_with(job, status, status == IST_ERR_MEMORY ? "MemoryError" : "TimeoutError", text);
}

/* The end of a cell, and of what it ran. */
static void fail(cell *cell, ist__job *job, outcome how, bool cpu) {
  char said[256], manner_text[32], message[512];
  int status = end(cell, said, sizeof said);
  cell->rung.replaced++;
  cell->died = true;
  if (atomic_load(&job->stop)) {
    ist__job_cancelled(job);
  } else if (how == NO_MEMORY) {
    ist__job_fail_with(job, IST_ERR_MEMORY, NULL, NULL);
  } else if (how == LATE && (cpu || cell->setup.wall)) {
    fail_by_limit(job, IST_ERR_TIMEOUT, cpu, cpu ? cell->setup.cpu : cell->setup.wall);
  } else if (how == GONE && status < 0 && !strcmp(said, IST_NO_MEMORY_TEXT)) {
    fail_by_limit(job, IST_ERR_MEMORY, false, cell->heap_limit);
  } else if (how == GONE && status >= 0 && WIFEXITED(status) &&
             WEXITSTATUS(status) == IST_CELL_NO_MEMORY) {
    fail_by_limit(job, IST_ERR_MEMORY, false, cell->heap_limit);
  } else if (how == GONE) {
    snprintf(message, sizeof message, "%s%s%s%s", ist_status_text(IST_ERR_DIED),
             manner(status, manner_text), *said ? ": " : "", said);
    ist__job_fail_with(job, IST_ERR_DIED, "ProcessError", message);
  } else {
    snprintf(message, sizeof message, "%s (%s)", ist_status_text(IST_ERR_DIED),
             how == LATE ? "it has stopped answering" : "it has answered what is no answer");
    ist__job_fail_with(job, IST_ERR_DIED, "ProcessError", message);
  }
}

/* Tries an input. False when no cell has begun with it: it is to be tried again, but for the last
 * time. */
static bool try_job(cell *cell, ist__job *job, bool last) {
  ist_error *error = NULL;
  ist_status status = have(cell, &error);
  if (atomic_load(&job->stop)) {
    ist_error_free(error);
    ist__job_cancelled(job);
    return true;
  }
  if (status && !last && (status == IST_ERR_STATE || status == IST_ERR_RESOURCE)) {
    ist_error_free(error);
    return false;
  }
  if (status) {
    ist__job_fail(job, status, error);
    return true;
  }
  if (!is_idle(cell)) return false;
  outcome how = send_job(cell, job);
  if (how == GONE || how == LATE) return false;
  uint64_t began = ist__pool_now();
  bool cpu = false;
  if (!how) how = receive_result(cell, began, &cpu);
  if (!how) how = read_result(cell, job);
  if (how) {
    fail(cell, job, how, cpu);
    job->outcome.wall = ist__pool_now() - began;
  }
  return true;
}

static void run(ist__rung *rung, ist__job *job) {
  cell *cell = (struct cell *)rung;
  pthread_mutex_lock(&cell->mutex);
  cell->job = job;
  pthread_mutex_unlock(&cell->mutex);
  for (int attempt = 1; !try_job(cell, job, attempt == ATTEMPTS); attempt++) {
    /* It has died while nothing ran. */
    if (attempt == ATTEMPTS || atomic_load(&job->stop)) {
      fail(cell, job, GONE, false);
      break;
    }
    end(cell, NULL, 0);
    cell->rung.replaced++;
    cell->died = true;
  }
  pthread_mutex_lock(&cell->mutex);
  cell->job = NULL;
  pthread_mutex_unlock(&cell->mutex);
  /* What cannot be started now is said by the run that needs it. */
  if (!cell->died) return;
  if (!cell->now.pid && !promote(cell))
    (void)start(cell, &cell->now, true, NULL);
  else if (!cell->next.pid)
    (void)start(cell, &cell->next, true, NULL);
}

static void interrupt(ist__rung *rung) {
  cell *cell = (struct cell *)rung;
  pthread_mutex_lock(&cell->mutex);
  if (cell->job && atomic_load(&cell->job->stop) && cell->now.pid) ist__cell_kill(&cell->now);
  pthread_mutex_unlock(&cell->mutex);
}

/* ---- The rung ---- */

static void free_process(const cell *cell, ist__cell_process *process) {
  if (!process->pid) return;
  if (getpid() != cell->owner) {
    close(process->socket);
    if (process->said >= 0) close(process->said);
    if (process->handle >= 0) close(process->handle);
    return;
  }
#ifdef IST_CELL_SANITIZED
  /* It looks for leaks as it ends, and its word is ours. */
  shutdown(process->socket, SHUT_WR);
  siginfo_t info = {0};
  enum { MILLISECONDS = 20000 };
  struct pollfd ended = {.fd = process->handle, .events = POLLIN};
  if (poll(&ended, 1, MILLISECONDS) == 1)
    waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT | WNOHANG | __WALL);
  enum { BY_ADDRESS_SANITIZER = 1, BY_LEAK_SANITIZER = 23 };
  if (info.si_code == CLD_EXITED &&
      (info.si_status == BY_ADDRESS_SANITIZER || info.si_status == BY_LEAK_SANITIZER)) {
    fprintf(stderr, "a cell has ended with exit code %d\n", info.si_status);
    abort();
  }
#endif
  ist__cell_reap(process, NULL, 0);
}

static void free_rung(ist__rung *rung) {
  cell *cell = (struct cell *)rung;
  free_process(cell, &cell->now);
  free_process(cell, &cell->next);
  pthread_mutex_destroy(&cell->mutex);
  ist__wire_out_free(&cell->out);
  ist__free(cell->in);
  ist__free(cell->path);
  ist__free(cell);
}

ist_status ist__rung_new_cell(const ist__rung_options *options, ist__rung **result,
                              ist_error **error) {
  static const ist__rung_table table = {run, interrupt, free_rung};
  cell *made = ist__calloc(1, sizeof *made);
  if (!made) return IST_ERR_MEMORY;
  made->rung.table = &table;
  made->setup = (ist__wire_setup){options->limits.wall,  options->limits.cpu,  options->heap_limit,
                                  options->buffer_limit, options->stack_limit, 0};
  made->heap_limit = options->heap_limit;
  made->owner = getpid();
  made->now = made->next = IST_CELL_NONE;
  pthread_mutex_init(&made->mutex, NULL);
  ist_error *own = NULL;
  ist_status status = ist__cell_find(options->cell, &made->path, &own);
  if (!status) status = start(made, &made->now, false, &own);
  if (!status) status = greet(made, &own);
  if (status) {
    free_rung(&made->rung);
    if (error)
      *error = own;
    else
      ist_error_free(own);
    return status;
  }
  *result = &made->rung;
  return IST_OK;
}
