/* `isthmus gen` and `isthmus check`: the interface compiler on the command line. Diagnostics go to
 * standard error in the form of gcc and clang. */
#include "cli.h"

#include "gen.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char **import_dirs(char *const *given, size_t count) {
  char **dirs = allocate((count + 2) * sizeof *dirs);
  size_t used = 0;
  for (size_t i = 0; i < count; i++) dirs[used++] = strdup(given[i]);
  dirs[used++] = ist__gen_installed_dir("/proc/self/exe", IST_IDL_DIR_INSTALL);
  return dirs;
}

static void free_dirs(char **dirs) {
  for (char **at = dirs; *at; at++) free(*at);
  free(dirs);
}

typedef struct settings {
  bool descriptor, cdef, go;
  ist__gen_cffi mode;
  const char *output;
  ist__gen_target target;
  char *idl_dirs[64];
  size_t idl_dir_count;
} settings;

/* 0, or EXIT_USAGE after a report. */
static int take_options(const verb *verb, int argc, char **argv, settings *settings) {
  int option;
  while ((option = next_option(verb, argc, argv)) != -1) {
    switch (option) {
    case 'd': settings->descriptor = true; break;
    case 'c': {
      int mode = optarg ? kind_word(A_CFFI_MODE, optarg) : 0;
      if (mode < 0)
        return usage_error(verb->name, "unknown mode '%s'; cffi has api and abi", optarg);
      settings->cdef = true;
      settings->mode = (ist__gen_cffi)mode;
      break;
    }
    case 'g': settings->go = true; break;
    case 'o': settings->output = optarg; break;
    case 't':
      if (kind_word(A_TARGET, optarg) == 0)
        settings->target = IST__GEN_X86_64;
      else if (kind_word(A_TARGET, optarg) == 1)
        settings->target = IST__GEN_AARCH64;
      else
        return usage_error(verb->name, "unknown target '%s'; there are x86_64 and aarch64", optarg);
      break;
    case 'I':
      if (settings->idl_dir_count == sizeof settings->idl_dirs / sizeof *settings->idl_dirs)
        return usage_error(verb->name, "too many folders");
      settings->idl_dirs[settings->idl_dir_count++] = optarg;
      break;
    default: return EXIT_USAGE;
    }
  }
  return EXIT_SUCCESS;
}

static ist__gen_options options_for(const settings *settings, char **dirs,
                                    ist__diag_printer *printer) {
  ist__gen_options options = {0};
  options.import_dirs = (const char *const *)dirs;
  while (dirs[options.import_dir_count]) options.import_dir_count++;
  options.target = settings->target;
  options.diag = ist__diag_print;
  options.diag_env = printer;
  return options;
}

static int write_output(const char *path, const char *text) {
  FILE *file = path ? fopen(path, "w") : stdout;
  bool written = file && fputs(text, file) >= 0;
  if (path && file && fclose(file)) written = false;
  if (!path && fflush(stdout)) written = false;
  if (written) return EXIT_SUCCESS;
  fprintf(stderr, "isthmus gen: cannot write %s: %s\n", path ? path : "standard output",
          strerror(errno));
  return EXIT_FAILURE;
}

/* A Go package is a folder, which is made if it is not there, with a file in it that is called as
 * the interface file is. */
static int write_package(const char *folder, const char *idl, const char *text) {
  const char *slash = strrchr(idl, '/'), *base = slash ? slash + 1 : idl, *end = strrchr(base, '.');
  int length = end ? (int)(end - base) : (int)strlen(base);
  char *path = allocate(strlen(folder) + (size_t)length + sizeof "/.go");
  sprintf(path, "%s/%.*s.go", folder, length, base);
  int exit_code = write_output(path, text);
  free(path);
  return exit_code;
}

static int make_text(const settings *settings, const char *idl, const ist__gen_options *options,
                     char **text) {
  if (settings->cdef) return ist__gen_cdef_file(idl, settings->mode, options, text);
  if (settings->go) return ist__gen_go_file(idl, settings->output, options, text);
  return ist__gen_descriptor_file(idl, options, text);
}

int verb_gen(int argc, char **argv) {
  const verb *verb = verb_named("gen");
  settings settings = {0};
  if (take_options(verb, argc, argv, &settings)) return EXIT_USAGE;
  if (settings.descriptor + settings.cdef + settings.go != 1)
    return usage_error(verb->name, "say what to make: --descriptor, --cdef or --go");
  if (argc - optind != 1) return usage_error(verb->name, "expected one interface file");
  bool package = settings.go && settings.output;
  if (package && mkdir(settings.output, 0777) && errno != EEXIST) {
    fprintf(stderr, "isthmus gen: cannot make the folder %s: %s\n", settings.output,
            strerror(errno));
    return EXIT_FAILURE;
  }
  char **dirs = import_dirs(settings.idl_dirs, settings.idl_dir_count);
  ist__diag_printer printer = {stderr, use_colors(stderr)};
  ist__gen_options options = options_for(&settings, dirs, &printer);
  char *text = NULL;
  int exit_code = EXIT_FAILURE;
  if (make_text(&settings, argv[optind], &options, &text) == 0)
    exit_code = package ? write_package(settings.output, argv[optind], text)
                        : write_output(settings.output, text);
  ist__gen_free(text);
  free_dirs(dirs);
  return exit_code;
}

int verb_check(int argc, char **argv) {
  const verb *verb = verb_named("check");
  settings settings = {0};
  if (take_options(verb, argc, argv, &settings)) return EXIT_USAGE;
  if (optind == argc) return usage_error(verb->name, "which interface files?");
  char **dirs = import_dirs(settings.idl_dirs, settings.idl_dir_count);
  ist__diag_printer printer = {stderr, use_colors(stderr)};
  ist__gen_options options = options_for(&settings, dirs, &printer);
  int exit_code = EXIT_SUCCESS;
  for (int i = optind; i < argc; i++) {
    char *summary = NULL;
    if (ist__gen_prove(argv[i], &options, &summary))
      exit_code = EXIT_FAILURE;
    else if (summary)
      fputs(summary, stdout);
    fflush(stdout);
    ist__gen_free(summary);
  }
  free_dirs(dirs);
  return exit_code;
}
