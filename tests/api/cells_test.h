/* What the tests of cells share: pools of one process, runs of one input, and a look at the
 * processes that there are. */
#ifndef IST_CELLS_TEST_H
#define IST_CELLS_TEST_H

#include "api_test.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define SECOND UINT64_C(1000000000)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static inline long count_of(long usual, long with_time) {
  return getenv("ISTHMUS_LONG") ? with_time : usual;
}

static inline ist_pool_options cells(uint32_t threads) {
  ist_pool_options options = {.size = sizeof options,
                              .isolation = IST_ISOLATION_PROCESS,
                              .threads = threads,
                              .heap_limit = 64 * MIB,
                              .buffer_limit = 64 * MIB};
  options.limits.wall = 60 * SECOND;
  return options;
}

static inline ist_pool *pool_of(const ist_pool_options *options) {
  ist_pool *pool;
  ist_error *error;
  ist_status status = ist_pool_new(options, &pool, &error);
  if (status) fail_msg("%s: %s", ist_status_name(status), error ? error->message : "?");
  return pool;
}

static inline ist_batch *batch_of(ist_pool *pool, const char *program) {
  ist_batch *batch;
  ist_source source = {
      .size = sizeof source, .text = program, .length = strlen(program), .file = "program.js"};
  assert_ok(ist_batch_new(pool, &source, NULL, &batch));
  return batch;
}

static inline void add(ist_batch *batch, const char *input) {
  assert_ok(ist_batch_add(batch, input, strlen(input), -1));
}

static inline ist_outcome *next(ist_batch *batch) {
  ist_outcome *outcome;
  assert_ok(ist_batch_next(batch, -1, &outcome));
  return outcome;
}

/* The outcome of one input. */
static inline ist_outcome *outcome_of(ist_pool *pool, const char *program, const char *input) {
  ist_batch *batch = batch_of(pool, program);
  add(batch, input);
  ist_outcome *outcome = next(batch);
  ist_batch_free(batch);
  return outcome;
}

static inline void assert_outcome(ist_pool *pool, const char *program, const char *input,
                                  ist_status status, const char *text) {
  ist_outcome *outcome = outcome_of(pool, program, input);
  const char *got = outcome->status ? outcome->error->message : (const char *)outcome->value;
  if (outcome->status != status || strcmp(got, text))
    fail_msg("%s: %s: %s", program, ist_status_name(outcome->status), got);
  ist_outcome_free(outcome);
}

/* The children of this process, up to `most` of them; how many there are. */
static inline size_t children(pid_t *found, size_t most) {
  size_t count = 0;
  DIR *processes = opendir("/proc");
  assert_non_null(processes);
  for (struct dirent *entry; (entry = readdir(processes));) {
    char path[300], line[512];
    if (!isdigit((unsigned char)*entry->d_name)) continue;
    snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    FILE *file = fopen(path, "r");
    if (!file) continue;
    char *behind = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    fclose(file);
    if (!behind || atoi(behind + 4) != getpid()) continue;
    if (count < most) found[count] = (pid_t)atoi(entry->d_name);
    count++;
  }
  closedir(processes);
  return count;
}

static inline pid_t only_child(void) {
  pid_t found[2];
  assert_int_equal(children(found, 2), 1);
  return found[0];
}

/* A number of a process's /proc/PID/status, such as "VmRSS"; -1: there is none. */
static inline long status_of(pid_t process, const char *field) {
  char path[64], line[256];
  long number = -1;
  snprintf(path, sizeof path, "/proc/%d/status", (int)process);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, field, strlen(field)) && line[strlen(field)] == ':')
      number = strtol(line + strlen(field) + 1, NULL, 10);
  if (file) fclose(file);
  return number;
}

/* Whether a process is in a state, a letter of /proc/PID/status; one that is gone is in all. */
static inline bool is_in_state(pid_t process, char state) {
  char path[64], line[256];
  bool found = false;
  snprintf(path, sizeof path, "/proc/%d/status", (int)process);
  FILE *file = fopen(path, "r");
  if (!file) return true;
  while (fgets(line, sizeof line, file)) found |= !strncmp(line, "State:\t", 7) && line[7] == state;
  fclose(file);
  return found;
}

/* Whether a process has ended with all its threads, buried or not. */
static inline bool is_dead(pid_t process) {
  return is_in_state(process, 'Z') && status_of(process, "Threads") <= 1;
}

static inline size_t descriptors(void) {
  size_t count = 0;
  DIR *open = opendir("/proc/self/fd");
  assert_non_null(open);
  while (readdir(open)) count++;
  closedir(open);
  return count;
}

/* For conditions that another process or thread brings about. */
static inline void rest(void) {
  nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

#endif
