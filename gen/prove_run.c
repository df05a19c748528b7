// Temporary files and the programs that the proof runs. A program is run without a shell, so that
// no name in an interface file is ever taken for a command.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler.h"

extern char **environ;

const char *ist__idl_folder_make(compiler *c) {
  const char *root = getenv("TMPDIR");
  char *path = ist__idl_format(c, "%s/isthmus-XXXXXX", root && *root ? root : "/tmp");
  return mkdtemp(path);
}

void ist__idl_folder_remove(const char *folder) {
  static const char *const files[] = {"proof.c", "proof", "messages", "values", "flags"};
  char path[4096];
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    unlink(path);
  }
  rmdir(folder);
}

bool ist__idl_file_write(compiler *c, const char *path, const char *text) {
  (void)c;
  FILE *f = fopen(path, "wb");
  if (!f) return false;
  bool good = fputs(text, f) >= 0;
  return fclose(f) == 0 && good;
}

// Messages are read by us: they must not be translated.
static char **plain_environment(void) {
  size_t n = 0;
  while (environ[n]) n++;
  char **copy = malloc((n + 2) * sizeof *copy);
  if (!copy) return NULL;
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (strncmp(environ[i], "LC_ALL=", 7) != 0) copy[kept++] = environ[i];
  copy[kept++] = (char *)"LC_ALL=C";
  copy[kept] = NULL;
  return copy;
}

int ist__idl_run(char *const *argv, const char *output) {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return -1;
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  char **environment = plain_environment();
  pid_t child;
  int failed =
      environment ? posix_spawnp(&child, argv[0], &actions, NULL, argv, environment) : ENOMEM;
  posix_spawn_file_actions_destroy(&actions);
  free(environment);
  if (failed) {
    errno = failed;
    return -1;
  }
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
