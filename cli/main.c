/* The command: which verbs there are, their help, and the way from the command line to one of them.
 */
#include "cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HELP_OPTION                                                                                \
  { 'h', "help", NO_ARGUMENT, ANYTHING, NULL, "show this help" }
#define END_OPTIONS                                                                                \
  { 0, NULL, NO_ARGUMENT, ANYTHING, NULL, NULL }

static const option_row run_options[] = {HOST_OPTIONS, INSPECT_OPTIONS, HELP_OPTION, END_OPTIONS};
static const option_row eval_options[] = {
    {'p', "print", NO_ARGUMENT, ANYTHING, NULL, "show the value of the last statement"},
    HOST_OPTIONS,
    INSPECT_OPTIONS,
    HELP_OPTION,
    END_OPTIONS};
static const option_row gen_options[] = {
    {'d', "descriptor", NO_ARGUMENT, ANYTHING, NULL, "make the descriptor (JSON)"},
    {'o', "output", AN_ARGUMENT, A_FILE, "FILE", "write to FILE instead of standard output"},
    {'t', "target", AN_ARGUMENT, ANYTHING, "TARGET",
     "lay out for x86_64 or aarch64 instead of this machine"},
    {'I', "idl", AN_ARGUMENT, A_FOLDER, "DIR", "look for imported interface files in DIR"},
    HELP_OPTION,
    END_OPTIONS};
static const option_row check_options[] = {
    {'I', "idl", AN_ARGUMENT, A_FOLDER, "DIR", "look for imported interface files in DIR"},
    HELP_OPTION,
    END_OPTIONS};
static const option_row plain_options[] = {HELP_OPTION, END_OPTIONS};

static const char grants_help[] =
    "A program reaches C only through interface files that were granted to it. A name, as in\n"
    "--allow-ffi=zlib,sqlite3, is looked up in the folders of --idl and among the installed ones;\n"
    "any other file is granted by its path, as in --allow-ffi=./my.idl. A tag behind either "
    "grants\n"
    "only the functions that have it: --allow-ffi=sqlite3:read,sqlite3:write. Functions that are\n"
    "marked unsafe are granted by the tag 'unsafe' alone. --allow-ffi without a list grants\n"
    "everything, which is the full power of native code.";

const verb verbs[] = {
    {"run", "FILE [ARGS…]", "run a program (an ES module, or - for standard input)", grants_help,
     A_FILE, run_options, verb_run},
    {"eval", "CODE [ARGS…]", "run the text of a program", grants_help, ANYTHING, eval_options,
     verb_eval},
    {"repl", "", "type programs line by line",
     "Declarations last; `await` and `import` stand anywhere; `_` is the last value. The history "
     "is\n"
     "kept in $XDG_STATE_HOME/isthmus (~/.local/state/isthmus).",
     ANYTHING, (const option_row[]){HOST_OPTIONS, HELP_OPTION, END_OPTIONS}, verb_repl},
    {"gen", "FILE.idl", "compile an interface file", NULL, AN_INTERFACE, gen_options, verb_gen},
    {"check", "FILE.idl…", "prove interface files against the C headers that they describe",
     "Uses the C compiler ($CC, or cc) and pkg-config.", AN_INTERFACE, check_options, verb_check},
    {"completion", "bash|zsh|fish", "print a completion script for a shell",
     "bash:  isthmus completion bash > ~/.local/share/bash-completion/completions/isthmus\n"
     "zsh:   isthmus completion zsh > ~/.zfunc/_isthmus   (a folder of $fpath)\n"
     "fish:  isthmus completion fish > ~/.config/fish/completions/isthmus.fish",
     A_SHELL, plain_options, verb_completion},
};
const size_t verb_count = sizeof verbs / sizeof *verbs;

/* ---- Shared helpers ---- */

void *allocate(size_t size) {
  void *memory = calloc(1, size ? size : 1);
  if (memory) return memory;
  fputs("isthmus: out of memory\n", stderr);
  exit(EXIT_FAILURE);
}

bool use_colors(FILE *stream) {
  const char *force = getenv("FORCE_COLOR");
  if (force && *force) return strcmp(force, "0") != 0;
  const char *none = getenv("NO_COLOR");
  if (none && *none) return false;
  const char *term = getenv("TERM");
  return isatty(fileno(stream)) && !(term && !strcmp(term, "dumb"));
}

const verb *verb_named(const char *name) {
  for (size_t i = 0; i < verb_count; i++)
    if (!strcmp(verbs[i].name, name)) return &verbs[i];
  return NULL;
}

int usage_error(const char *verb, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "isthmus%s%s: ", verb ? " " : "", verb ? verb : "");
  vfprintf(stderr, format, args);
  fprintf(stderr, "\nTry 'isthmus%s%s --help'.\n", verb ? " " : "", verb ? verb : "");
  va_end(args);
  return EXIT_USAGE;
}

/* ---- Help ---- */

static void print_verb_help(const verb *verb) {
  printf("Usage: isthmus %s [OPTIONS]%s%s\n\n%c%s.\n\nOptions:\n", verb->name,
         *verb->operands ? " " : "", verb->operands, verb->summary[0] - 'a' + 'A',
         verb->summary + 1);
  for (const option_row *row = verb->options; row->name; row++) {
    char left[64];
    char letter[] = {'-', row->letter, ',', '\0'};
    snprintf(left, sizeof left, "%3s --%s%s%s%s", row->letter ? letter : "", row->name,
             row->argument == NO_ARGUMENT      ? ""
             : row->argument == MAYBE_ARGUMENT ? "[="
                                               : "=",
             row->value ? row->value : "", row->argument == MAYBE_ARGUMENT ? "]" : "");
    /* The value's name may hold characters of more than one byte. */
    int width = 0;
    for (const char *at = left; *at; at++) width += ((unsigned char)*at & 0xc0) != 0x80;
    printf("  %s%*s%s\n", left, width < 34 ? 34 - width : 1, "", row->help);
  }
  if (verb->details) printf("\n%s\n", verb->details);
}

static void print_help(void) {
  puts("Usage: isthmus VERB [OPTIONS] …\n\n"
       "Calls C libraries from JavaScript, by interface files that describe them.\n");
  for (size_t i = 0; i < verb_count; i++) printf("  %-12s%s\n", verbs[i].name, verbs[i].summary);
  puts("\n  isthmus VERB --help says more; isthmus --version names the versions.\n\n"
       "Examples:\n"
       "  isthmus run --allow-ffi=zlib pack.mjs\n"
       "  isthmus eval --allow-ffi=zlib -p 'import * as zlib from \"ffi:zlib\"; "
       "zlib.zlibVersion()'\n"
       "  isthmus check mylib.idl && isthmus run --allow-ffi=./mylib.idl main.mjs");
}

/* How many single edits, neighbours swapped included, lead from one word to the other. */
static size_t distance(const char *a, const char *b) {
  enum { MOST = 32 };
  size_t rows[3][MOST + 1];
  size_t length = strlen(b);
  if (length > MOST || strlen(a) > MOST) return SIZE_MAX;
  for (size_t j = 0; j <= length; j++) rows[0][j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= length; j++) {
      size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
      if (last[j] + 1 < best) best = last[j] + 1;
      if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
          before[j - 2] + 1 < best)
        best = before[j - 2] + 1;
      now[j] = best;
    }
  }
  return rows[strlen(a) % 3][length];
}

static int unknown_verb(const char *name) {
  const char *nearest = NULL;
  size_t least = 3;
  for (size_t i = 0; i < verb_count; i++) {
    size_t edits = distance(name, verbs[i].name);
    if (edits < least) {
      least = edits;
      nearest = verbs[i].name;
    }
  }
  if (nearest) return usage_error(NULL, "unknown verb '%s'; did you mean '%s'?", name, nearest);
  if (strchr(name, '.') || !access(name, F_OK))
    return usage_error(NULL, "unknown verb '%s'; to run a file: isthmus run %s", name, name);
  return usage_error(NULL, "unknown verb '%s'", name);
}

/* ---- Options ---- */

int next_option(const verb *verb, int argc, char **argv) {
  enum { MOST = 16 };
  struct option long_options[MOST + 1];
  /* The first operand ends the options: what follows belongs to the program that is run. */
  char letters[3 * MOST + 3] = "+:";
  size_t count = 0, at = 2;
  for (const option_row *row = verb->options; row->name && count < MOST; row++) {
    static const int wants[] = {no_argument, required_argument, optional_argument};
    int value = row->letter ? row->letter : (int)count + 256;
    long_options[count++] = (struct option){row->name, wants[row->argument], NULL, value};
    if (!row->letter) continue;
    letters[at++] = row->letter;
    /* A letter takes no optional argument: -A zlib would look as if it did. */
    if (row->argument == AN_ARGUMENT) letters[at++] = ':';
  }
  letters[at] = '\0';
  long_options[count] = (struct option){NULL, 0, NULL, 0};
  opterr = 0;
  int option = getopt_long(argc, argv, letters, long_options, NULL);
  if (option == 'h') {
    print_verb_help(verb);
    exit(EXIT_SUCCESS);
  }
  if (option == ':') {
    usage_error(verb->name, "%s needs a value", argv[optind - 1]);
    return '?';
  }
  if (option == '?') {
    if (optopt && optopt < 128 && strncmp(argv[optind - 1], "--", 2))
      usage_error(verb->name, "unknown option '-%c'", optopt);
    else if (optopt)
      usage_error(verb->name, "%s takes no value", argv[optind - 1]);
    else
      usage_error(verb->name, "unknown option '%s'", argv[optind - 1]);
  }
  return option;
}

int main(int argc, char **argv) {
  const char *first = argc > 1 ? argv[1] : NULL;
  if (!first || !strcmp(first, "--help") || !strcmp(first, "-h") || !strcmp(first, "help")) {
    const verb *about = first && argc > 2 ? verb_named(argv[2]) : NULL;
    if (about)
      print_verb_help(about);
    else
      print_help();
    return first ? EXIT_SUCCESS : EXIT_USAGE;
  }
  if (!strcmp(first, "--version") || !strcmp(first, "-V")) {
    printf("isthmus %s (V8 %s)\n", ist_version(), ist_v8_version());
    return EXIT_SUCCESS;
  }
  if (*first == '-') return usage_error(NULL, "unknown option '%s'", first);
  const verb *verb = verb_named(first);
  return verb ? verb->run(argc - 1, argv + 1) : unknown_verb(first);
}
