/* `isthmus judge`: one program over many inputs, on a pool. Rows go to standard output in the order
 * of the inputs, as soon as they are known; everything else that there is to say goes to standard
 * error. The main thread takes outcomes and writes; how far it is decides how far the reading
 * goes. */
#include "judge.h"
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* As shells see a process that a signal has ended. */
enum { EXIT_SIGNAL = 128 };

uint64_t judge_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* ---- Interruptions ---- */

static atomic_int interruption;

int judge_interrupted(void) {
  return atomic_load(&interruption);
}

static void on_signal(int signal) {
  atomic_store(&interruption, signal);
}

/* The first signal is noted; the next one has its usual effect. What this process was told to
 * ignore stays ignored. */
static void catch_signals(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}, before;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
      sigaction(signals[i], &action, NULL);
  /* A reader that has gone is an error of the write. */
  signal(SIGPIPE, SIG_IGN);
}

/* ---- Options ---- */

typedef struct settings {
  const char *program, *inputs;
  ist_pool_options pool;
  bool quiet;
} settings;

static bool take_duration(const verb *verb, const char *name, const char *text, uint64_t *result) {
  if (parse_duration(text, result)) return true;
  usage_error(verb->name, "--%s=%s: expected a time such as 100ms, 1.5s or 2m", name, text);
  return false;
}

static bool take_size(const verb *verb, const char *name, const char *text, size_t *result) {
  if (parse_size(text, result)) return true;
  usage_error(verb->name, "--%s=%s: expected a size such as 512K, 64M or 1G", name, text);
  return false;
}

static bool take_threads(const verb *verb, const char *text, uint32_t *result) {
  enum { MOST = 1024 };
  char *end;
  unsigned long number = strtoul(text, &end, 10);
  *result = (uint32_t)number;
  if (*text >= '0' && *text <= '9' && !*end && number > 0 && number <= MOST) return true;
  usage_error(verb->name, "--threads=%s: expected a number from 1 to %d", text, MOST);
  return false;
}

static bool take_rung(const verb *verb, const char *text, ist_isolation *result) {
  int index = kind_word(A_RUNG, text);
  *result = (ist_isolation)index;
  if (index >= 0) return true;
  usage_error(verb->name,
              "--isolation=%s: expected shared, compartment, context, isolate or process", text);
  return false;
}

/* One option, by its row's name. False after reporting wrong usage. */
static bool take_option(const verb *verb, const char *name, settings *settings) {
  ist_pool_options *pool = &settings->pool;
  if (!strcmp(name, "inputs")) return settings->inputs = optarg, true;
  if (!strcmp(name, "isolation")) return take_rung(verb, optarg, &pool->isolation);
  if (!strcmp(name, "threads")) return take_threads(verb, optarg, &pool->threads);
  if (!strcmp(name, "timeout")) return take_duration(verb, name, optarg, &pool->limits.wall);
  if (!strcmp(name, "cpu")) return take_duration(verb, name, optarg, &pool->limits.cpu);
  if (!strcmp(name, "memory")) return take_size(verb, name, optarg, &pool->heap_limit);
  if (!strcmp(name, "buffers")) return take_size(verb, name, optarg, &pool->buffer_limit);
  if (!strcmp(name, "stack")) return take_size(verb, name, optarg, &pool->stack_limit);
  return settings->quiet = true;
}

/* 0, or EXIT_USAGE after a report. */
static int take_options(const verb *verb, int argc, char **argv, settings *settings) {
  settings->pool =
      (ist_pool_options){.size = sizeof settings->pool, .isolation = IST_ISOLATION_COMPARTMENT};
  parse_duration(JUDGE_TIMEOUT, &settings->pool.limits.wall);
  parse_size(JUDGE_MEMORY, &settings->pool.heap_limit);
  parse_size(JUDGE_MEMORY, &settings->pool.buffer_limit);
  int option;
  while ((option = next_option(verb, argc, argv)) != -1) {
    if (option == '?') return EXIT_USAGE;
    const option_row *row = verb->options;
    while (option < 256 ? row->letter != option : row != verb->options + option - 256) row++;
    if (!take_option(verb, row->name, settings)) return EXIT_USAGE;
  }
  if (optind == argc) return usage_error(verb->name, "which program?");
  if (argc - optind > 1)
    return usage_error(verb->name, "expected one program, and after it '%s'", argv[optind + 1]);
  settings->program = argv[optind];
  if (!settings->inputs)
    return usage_error(verb->name, "which inputs? --inputs=FILE, or - for standard input");
  return EXIT_SUCCESS;
}

/* ---- The program ---- */

static int complain(const char *what, const char *name, int problem) {
  fprintf(stderr, "isthmus judge: cannot %s %s: %s\n", what, name, strerror(problem));
  return EXIT_FAILURE;
}

static void print_error(ist_status status, ist_error *error) {
  char *text = error ? ist_error_format(error) : NULL;
  fprintf(stderr, text ? "%s" : "isthmus judge: %s\n", text ? text : ist_status_text(status));
  ist_free(text);
  ist_error_free(error);
}

/* Compiles the program, so that its own mistake is told once. */
static bool parses(const ist_source *source) {
  ist_isolate *isolate;
  ist_context *context;
  ist_script *script;
  ist_error *error = NULL;
  ist_status status = ist_isolate_new(NULL, &isolate);
  if (status) return print_error(status, NULL), false;
  status = ist_context_new(isolate, NULL, &context);
  if (!status) status = ist_script_compile(context, source, &script, &error);
  if (status)
    print_error(status, error);
  else
    ist_script_free(script);
  ist_isolate_free(isolate);
  return !status;
}

/* ---- Outcomes ---- */

typedef struct judge {
  const settings *settings;
  ist_batch *batch;
  lines *lines;
  rows rows;
  report report;
  uint64_t index;
  bool together; /* rows and bar are on one terminal */
  bool ending;
  int exit_code;
} judge;

static failure failure_of(const ist_outcome *outcome) {
  switch (outcome->status) {
  case IST_ERR_EXCEPTION: return FAILED_THREW;
  case IST_ERR_TIMEOUT: return FAILED_TIMEOUT;
  case IST_ERR_MEMORY: return FAILED_MEMORY;
  case IST_ERR_DIED: return FAILED_DIED;
  case IST_ERR_SYNTAX:
  case IST_ERR_FORMAT: return FAILED_LINE;
  default: return FAILED_OTHER;
  }
}

/* Where in its line an input does not parse: V8 says so in the message alone. 0: it is at the end.
 */
static int32_t column_in(const ist_error *error) {
  static const char before[] = " at position ";
  const char *at = error && error->message ? strstr(error->message, before) : NULL;
  long position = at ? strtol(at + strlen(before), NULL, 10) : -1;
  return position >= 0 && position < INT32_MAX ? (int32_t)position + 1 : 0;
}

static void count_failure(judge *judge, failure why) {
  judge->report.failed++;
  judge->report.failures[why]++;
}

static void take_outcome(judge *judge, const line *line, const ist_outcome *outcome) {
  const ist_error *error = outcome->error;
  failure why = failure_of(outcome);
  if (outcome->status == IST_ERR_TERMINATED) {
    judge->report.not_run++;
    return;
  }
  if (!outcome->status) {
    judge->report.values++;
    rows_add_value(&judge->rows, outcome, judge->index);
    return;
  }
  place place = {0};
  if (why == FAILED_LINE)
    place = (struct place){judge->settings->inputs, (int64_t)line->number, column_in(error)};
  else if (error)
    place = (struct place){NULL, error->line, error->column};
  if (error && error->file && why != FAILED_LINE && strcmp(error->file, judge->settings->program))
    place.file = error->file;
  count_failure(judge, why);
  rows_add_error(&judge->rows, judge->index, error ? error->name : "Error",
                 error ? error->message : ist_status_text(outcome->status), place, outcome->wall);
}

/* ---- The loop ---- */

/* Ends the run early: what was not begun will not be. */
static void give_up(judge *judge) {
  if (judge->ending) return;
  judge->ending = true;
  lines_stop(judge->lines);
  ist_batch_cancel(judge->batch);
}

/* What is to be done before each wait: nothing is held back, and nobody waits in vain. */
static void rest(judge *judge) {
  if (judge->together && judge->rows.length) report_hide(&judge->report);
  if (!rows_flush(&judge->rows) || judge_interrupted()) give_up(judge);
  judge->report.read = lines_count(judge->lines);
  report_draw(&judge->report);
}

/* The outcome of a line that was added; NULL when there will be none. */
static ist_outcome *next_outcome(judge *judge) {
  ist_outcome *outcome = NULL;
  ist_status status = ist_batch_next(judge->batch, 0, &outcome);
  while (status == IST_ERR_TIMEOUT) {
    rest(judge);
    status = ist_batch_next(judge->batch, JUDGE_TICK, &outcome);
  }
  return status ? NULL : outcome;
}

static void take_lines(judge *judge) {
  line line;
  lines_state state;
  while ((state = lines_next(judge->lines, &line)) != LINES_END) {
    if (state == LINES_WAIT) {
      rest(judge);
      continue;
    }
    if (line.name) {
      struct place place = {judge->settings->inputs, (int64_t)line.number, line.column};
      count_failure(judge, FAILED_LINE);
      judge->report.rejected++;
      rows_add_error(&judge->rows, judge->index, line.name, line.message, place, 0);
    } else {
      ist_outcome *outcome = next_outcome(judge);
      if (outcome) take_outcome(judge, &line, outcome);
      ist_outcome_free(outcome);
    }
    judge->index++;
    judge->report.end = line.end;
    if (rows_full(&judge->rows) || report_due(&judge->report)) rest(judge);
  }
  rest(judge);
}

/* ---- The verb ---- */

static int exit_code(const judge *judge, int reading) {
  if (judge->rows.problem == EPIPE) return EXIT_SIGNAL + SIGPIPE;
  if (judge_interrupted()) return EXIT_SIGNAL + judge_interrupted();
  if (judge->rows.problem) return complain("write", "standard output", judge->rows.problem);
  if (reading) return complain("read", judge->settings->inputs, reading);
  return judge->report.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool same_terminal(void) {
  struct stat out, error;
  return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && !fstat(STDOUT_FILENO, &out) &&
         !fstat(STDERR_FILENO, &error) && out.st_rdev == error.st_rdev;
}

static int run_batch(judge *judge, int fd) {
  judge->together = same_terminal();
  judge->lines = lines_open(fd, judge->batch);
  if (!judge->lines) return complain("read", judge->settings->inputs, errno);
  take_lines(judge);
  int reading = lines_close(judge->lines);
  if (judge->rows.problem != EPIPE) report_end(&judge->report);
  free(judge->rows.text);
  return exit_code(judge, reading);
}

static int run_pool(const settings *settings, const ist_source *source, int fd) {
  judge judge = {.settings = settings};
  struct stat about;
  bool regular = !fstat(fd, &about) && S_ISREG(about.st_mode);
  ist_pool *pool;
  ist_error *error;
  catch_signals();
  ist_status status = ist_pool_new(&settings->pool, &pool, &error);
  if (status) {
    fprintf(stderr, "isthmus judge: cannot start: %s\n",
            error && error->message ? error->message : ist_status_text(status));
    ist_error_free(error);
    return EXIT_FAILURE;
  }
  report_begin(&judge.report, settings->quiet, regular ? (uint64_t)about.st_size : 0);
  ist_batch_options options = {
      .size = sizeof options, .progress = report_progress, .env = &judge.report};
  int exit_code = EXIT_FAILURE;
  status = ist_batch_new(pool, source, &options, &judge.batch);
  if (status)
    fprintf(stderr, "isthmus judge: cannot start: %s\n", ist_status_text(status));
  else
    exit_code = run_batch(&judge, fd);
  ist_pool_free(pool);
  return exit_code;
}

/* A file's descriptor, or that of standard input. Negative after a report. */
static int open_file(const char *path) {
  int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
  if (fd < 0) complain("read", path, errno);
  return fd;
}

int verb_judge(int argc, char **argv) {
  const verb *verb = verb_named("judge");
  settings settings = {0};
  if (take_options(verb, argc, argv, &settings)) return EXIT_USAGE;
  if (!strcmp(settings.program, "-") && !strcmp(settings.inputs, "-"))
    return usage_error(verb->name, "the program and its inputs cannot both be standard input");
  int fd = open_file(settings.program);
  if (fd < 0) return EXIT_FAILURE;
  ist_source source = {
      .size = sizeof source,
      .file = strcmp(settings.program, "-") ? settings.program : "[stdin]",
  };
  char *text = read_all(fd, &source.length);
  if (!text) return complain("read", settings.program, errno);
  source.text = text;
  settings.program = source.file;
  if (fd != STDIN_FILENO) close(fd);

  int exit_code = EXIT_FAILURE;
  if (parses(&source) && (fd = open_file(settings.inputs)) >= 0) {
    if (fd == STDIN_FILENO) settings.inputs = "[stdin]";
    exit_code = run_pool(&settings, &source, fd);
    if (fd != STDIN_FILENO) close(fd);
  }
  free(text);
  return exit_code;
}
