/* The command: which verbs there are, their help, and the way from the command line to one of them.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
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
    {'c', "cdef", MAYBE_ARGUMENT, A_CFFI_MODE, "MODE",
     "make declarations for Python's cffi, in its API or ABI mode (api)"},
    {'g', "go", NO_ARGUMENT, ANYTHING, NULL,
     "make a Go package that calls the library without V8 (-o names its folder)"},
    {'o', "output", AN_ARGUMENT, A_FILE, "FILE", "write to FILE instead of standard output"},
    {'t', "target", AN_ARGUMENT, A_TARGET, "TARGET",
     "lay out for x86_64 or aarch64 instead of this machine"},
    {'I', "idl", AN_ARGUMENT, A_FOLDER, "DIR", "look for imported interface files in DIR"},
    HELP_OPTION,
    END_OPTIONS};
static const option_row check_options[] = {
    {'I', "idl", AN_ARGUMENT, A_FOLDER, "DIR", "look for imported interface files in DIR"},
    HELP_OPTION,
    END_OPTIONS};
static const option_row judge_options[] = {
    {'i', "inputs", AN_ARGUMENT, A_FILE, "FILE",
     "the inputs, a line of JSON each; - for standard input"},
    {0, "isolation", AN_ARGUMENT, A_RUNG, "RUNG",
     "what stands between two runs, see below (compartment)"},
    {'j', "threads", AN_ARGUMENT, ANYTHING, "N", "how many run at a time (one for each processor)"},
    {'t', "timeout", AN_ARGUMENT, ANYTHING, "TIME",
     "the time that a run may take (" JUDGE_TIMEOUT ")"},
    {0, "cpu", AN_ARGUMENT, ANYTHING, "TIME", "the processor time that a run may take (no limit)"},
    {'m', "memory", AN_ARGUMENT, ANYTHING, "SIZE",
     "how far a JavaScript heap may grow (" JUDGE_MEMORY ")"},
    {0, "buffers", AN_ARGUMENT, ANYTHING, "SIZE",
     "how much buffers and WebAssembly memories may hold (" JUDGE_MEMORY ")"},
    {0, "stack", AN_ARGUMENT, ANYTHING, "SIZE", "how much stack a run may use (V8's own choice)"},
    {'q', "quiet", NO_ARGUMENT, ANYTHING, NULL, "no progress and no summary on standard error"},
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

static const char judge_help[] =
    "The program is a classic script. It finds an input in the global `input`. Its result is the\n"
    "value of its last statement, or what that promise gives. Each input has a line on standard\n"
    "output, in order, as soon as it is known:\n"
    "  {\"i\": 0, \"value\": 42, \"ms\": 0.031}\n"
    "  {\"i\": 1, \"error\": {\"name\": \"TypeError\", \"message\": \"…\", \"line\": 3}, \"ms\": "
    "0.2}\n"
    "\n"
    "Rungs, weakest and fastest first: shared (one context for all runs), compartment (one frozen\n"
    "context, swept after each), context (a new one for each), isolate (a new heap for each),\n"
    "process (processes of their own, without files and network).\n"
    "\n"
    "Times are like 500us, 100ms, 1.5s or 2m, sizes like 4096, 512K, 64M or 1G; 0 sets no limit.\n"
    "Blank lines between the inputs are passed over.\n"
    "\n"
    "Exit codes: 0 every input has a value; 1 an input failed, the program does not parse, or\n"
    "something cannot be read or written; 2 wrong usage; 130 interrupted (Ctrl-C; a second one\n"
    "ends it at once); 141 nobody reads standard output any more.";

static const char cell_help[] =
    "A pool whose programs run in processes of their own (ist_pool_new, isthmus judge\n"
    "--isolation process) starts this command for each, with a socket as descriptor 3. It takes "
    "no\n"
    "files, no network and no new processes with it.";

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
    {"judge", "PROGRAM.js", "run a program over many inputs, within limits, in parallel",
     judge_help, A_FILE, judge_options, verb_judge},
    {"cell", "", "serve a pool as one of its processes (pools start it; people do not)", cell_help,
     ANYTHING, plain_options, verb_cell},
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

void *reallocate(void *memory, size_t size) {
  void *grown = realloc(memory, size ? size : 1);
  if (grown) return grown;
  fputs("isthmus: out of memory\n", stderr);
  exit(EXIT_FAILURE);
}

char *read_all(int fd, size_t *length) {
  size_t capacity = 1 << 16;
  char *text = allocate(capacity);
  *length = 0;
  for (;;) {
    ssize_t got = read(fd, text + *length, capacity - 1 - *length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      int problem = errno;
      free(text);
      errno = problem;
      return NULL;
    }
    if (!got) break;
    *length += (size_t)got;
    if (*length == capacity - 1) text = reallocate(text, capacity *= 2);
  }
  text[*length] = '\0';
  return text;
}

const char *kind_words(kind kind) {
  switch (kind) {
  case A_SHELL: return "bash zsh fish";
  case A_TARGET: return "x86_64 aarch64";
  /* In the order of ist__gen_cffi. */
  case A_CFFI_MODE: return "api abi";
  /* In the order of ist_isolation. */
  case A_RUNG: return "shared compartment context isolate process";
  default: return NULL;
  }
}

int kind_word(kind kind, const char *text) {
  size_t wanted = strlen(text);
  int index = 0;
  for (const char *at = kind_words(kind); at && *at; index++) {
    size_t length = strcspn(at, " ");
    if (length == wanted && !memcmp(at, text, length)) return index;
    at += length + (at[length] == ' ');
  }
  return -1;
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
  /* Where the operands end with a program's own arguments, the first operand ends the options. */
  char letters[3 * MOST + 3] = "+:";
  if (!strstr(verb->operands, "ARGS")) strcpy(letters, ":");
  size_t count = 0, at = strlen(letters);
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

/* A standard stream that was closed would be the next file that is opened. Its place is taken by
 * one that fails as a closed one does. */
static void hold_streams(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd ? O_RDONLY : O_WRONLY);
}

int main(int argc, char **argv) {
  hold_streams();
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
