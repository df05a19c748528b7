/* `isthmus run` and `isthmus eval`, and the making of hosts from the options that they share. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void append(char ***list, size_t *count, const char *text, size_t length) {
  char **grown = realloc(*list, (*count + 2) * sizeof *grown);
  if (!grown) exit(EXIT_FAILURE);
  *list = grown;
  char *copy = allocate(length + 1);
  memcpy(copy, text, length);
  grown[(*count)++] = copy;
  grown[*count] = NULL;
}

void host_option(host_settings *settings, int option, const char *value) {
  if (option == OPTION_IDL) {
    append(&settings->idl_dirs, &settings->idl_dir_count, value, strlen(value));
    return;
  }
  if (!value) settings->grant_all = true;
  while (value && *value) {
    size_t length = strcspn(value, ",");
    if (length) append(&settings->grants, &settings->grant_count, value, length);
    value += length + (value[length] == ',');
  }
}

static void free_list(char **list) {
  for (char **at = list; at && *at; at++) free(*at);
  free(list);
}

void host_settings_free(host_settings *settings) {
  free_list(settings->grants);
  free_list(settings->idl_dirs);
}

ist_host *host_make(host_settings *settings, int argc, char **argv) {
  ist_host_options options = {
      .size = sizeof options,
      .argc = argc,
      .argv = (const char *const *)argv,
      .idl_dirs = (const char *const *)settings->idl_dirs,
      .grants = (const char *const *)settings->grants,
      .grant_all = settings->grant_all,
      .start = settings->start,
      .env = settings->env,
  };
  ist_host *host = NULL;
  ist_status status = ist_host_new(&options, &host);
  if (!status) return host;
  fprintf(stderr, "isthmus: cannot start: %s\n", ist_status_text(status));
  return NULL;
}

static int take_options(const verb *verb, int argc, char **argv, host_settings *settings,
                        inspection *inspection, bool *print) {
  int option;
  while ((option = next_option(verb, argc, argv)) != -1) {
    if (option == '?') return EXIT_USAGE;
    if (option >= 256) {
      if (!inspect_option(inspection, verb, verb->options[option - 256].name, optarg))
        return EXIT_USAGE;
    } else if (option == 'p')
      *print = true;
    else
      host_option(settings, option, optarg);
  }
  return EXIT_SUCCESS;
}

/* Runs a file, standard input or a text, whichever is given. */
static int run(host_settings *settings, inspection *inspection, const char *path, const char *code,
               bool print, int argc, char **argv) {
  if (inspection->wait) {
    settings->start = inspect_start;
    settings->env = inspection;
  }
  ist_host *host = host_make(settings, argc, argv);
  host_settings_free(settings);
  if (!host) return EXIT_FAILURE;
  if (!inspect_begin(inspection, host, path ? path : "[eval]")) {
    ist_host_free(host);
    return EXIT_FAILURE;
  }
  int exit_code = EXIT_FAILURE;
  ist_status status;
  if (code)
    status = ist_host_eval(host, code, strlen(code), "[eval]", print, &exit_code);
  else if (strcmp(path, "-"))
    status = ist_host_run_file(host, path, &exit_code);
  else {
    size_t length;
    char *text = read_all(STDIN_FILENO, &length);
    status = text ? ist_host_eval(host, text, length, "[stdin]", false, &exit_code) : IST_ERR_IO;
    free(text);
  }
  if (status) fprintf(stderr, "isthmus: %s\n", ist_status_text(status));
  inspect_end(inspection);
  ist_host_free(host);
  return status ? EXIT_FAILURE : exit_code;
}

/* Both verbs: what follows the options is the file or the code, and then the program's own. */
static int run_verb(const char *name, const char *missing, bool is_code, int argc, char **argv) {
  const verb *verb = verb_named(name);
  host_settings settings = {0};
  inspection inspection = {0};
  bool print = false;
  if (take_options(verb, argc, argv, &settings, &inspection, &print)) {
    host_settings_free(&settings);
    return EXIT_USAGE;
  }
  if (optind == argc) {
    host_settings_free(&settings);
    return usage_error(verb->name, missing);
  }
  const char *what = argv[optind];
  return run(&settings, &inspection, is_code ? NULL : what, is_code ? what : NULL, print,
             argc - optind - 1, argv + optind + 1);
}

int verb_run(int argc, char **argv) {
  return run_verb("run", "which file?", false, argc, argv);
}

int verb_eval(int argc, char **argv) {
  return run_verb("eval", "which code?", true, argc, argv);
}
