/* What a process for each program costs: starts `node -e TEXT` for each of a few, and reads the
 * number that it prints. Says nothing where there is no Node. */
#include "judge.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* False when there is no such command. */
static bool run(const judge_program *program) {
  char text[sizeof program->text + 32], answer[32];
  snprintf(text, sizeof text, "%s console.log(result)", program->text);
  char *argv[] = {"node", "-e", text, NULL};
  int ends[2];
  if (pipe(ends)) abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  pid_t child;
  int failed = posix_spawnp(&child, "node", &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  size_t length = 0;
  ssize_t got;
  while (!failed && length < sizeof answer - 1 &&
         (got = read(ends[0], answer + length, sizeof answer - 1 - length)) > 0)
    length += (size_t)got;
  close(ends[0]);
  if (failed == ENOENT) return false;
  int status;
  if (failed || waitpid(child, &status, 0) != child || status) {
    fprintf(stderr, "judge: node has failed\n");
    exit(1);
  }
  answer[length] = 0;
  judge_expect(program, strtod(answer, NULL));
  return true;
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

int main(void) {
  enum { RUNS = 9 };
  double taken[RUNS];
  judge_program program;
  judge_make(&program, 0);
  if (!run(&program)) return 0;
  for (int i = 0; i < RUNS; i++) {
    judge_make(&program, (uint64_t)i + 1);
    double start = judge_now();
    if (!run(&program)) return 0;
    taken[i] = (judge_now() - start) * 1e6;
  }
  qsort(taken, RUNS, sizeof *taken, compare);
  judge_print("node_spawn", "process", "us", taken[RUNS / 2]);
  return 0;
}
