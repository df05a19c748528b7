/* What the files of the command share: its verbs, each with one table of options that getopt,
 * --help and the shells' completions are all made from, so that they cannot disagree. The command
 * uses isthmus.h and gen.h alone. Exit codes: 0 done, 1 the program or its input failed, 2 wrong
 * usage. */
#ifndef IST_CLI_H
#define IST_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "isthmus.h"

enum { EXIT_USAGE = 2 };

typedef enum argument { NO_ARGUMENT, AN_ARGUMENT, MAYBE_ARGUMENT } argument;

/* What completes an option's argument or a verb's operand: from A_SHELL on, one of kind_words. */
typedef enum kind {
  ANYTHING,
  A_FILE,
  A_FOLDER,
  AN_INTERFACE,
  A_SHELL,
  A_TARGET,
  A_RUNG,
  A_CFFI_MODE
} kind;

/* The words that an argument of a kind can be, with spaces between them; NULL: others, too. */
const char *kind_words(kind kind);
/* Which of these words a text is, from 0; -1: none. */
int kind_word(kind kind, const char *text);

typedef struct option_row {
  char letter; /* the short form, or 0 */
  const char *name;
  argument argument;
  kind kind;
  const char *value; /* how the help calls the argument */
  const char *help;
} option_row;

typedef struct verb {
  const char *name;
  const char *operands; /* what ends with "ARGS…]" is a program's own, options among it */
  const char *summary;
  const char *details; /* more lines of help, or NULL */
  kind kind;
  const option_row *options; /* ends with a NULL name */
  int (*run)(int argc, char **argv);
} verb;

extern const verb verbs[];
extern const size_t verb_count;

const verb *verb_named(const char *name);

/* The next option of the verb: its `letter`, or the row's index + 256 when it has none; -1 at the
 * end; '?' after a wrong one, which was reported. --help is answered here and ends the process. Its
 * argument is in `optarg`. */
int next_option(const verb *verb, int argc, char **argv);

/* Reports wrong usage of a verb and gives EXIT_USAGE. */
int usage_error(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether output to a stream is to be coloured. */
bool use_colors(FILE *stream);

/* Allocation that ends the process when there is no memory. */
void *allocate(size_t size);
void *reallocate(void *memory, size_t size);

/* All that can be read from a descriptor, with a NUL behind it that `length` does not count, freed
 * by free; NULL with errno when it cannot be read. */
char *read_all(int fd, size_t *length);

/* A time such as 100ms, 1.5s or 2m, in nanoseconds, and a size such as 64M or 4096, in bytes. False
 * for anything else. */
bool parse_duration(const char *text, uint64_t *nanoseconds);
bool parse_size(const char *text, size_t *bytes);

/* What `isthmus judge` limits a run to when nothing else is said. */
#define JUDGE_TIMEOUT "1s"
#define JUDGE_MEMORY "128M"

/* The options that make a host, shared by run, eval and repl. */
enum { OPTION_ALLOW_FFI = 'A', OPTION_IDL = 'I' };
#define HOST_OPTIONS                                                                               \
  {'A',                                                                                            \
   "allow-ffi",                                                                                    \
   MAYBE_ARGUMENT,                                                                                 \
   ANYTHING,                                                                                       \
   "LIB,FILE.idl…",                                                                                \
   "let the program load these native libraries; alone: all, the full power of native code"},      \
  {                                                                                                \
    'I', "idl", AN_ARGUMENT, A_FOLDER, "DIR", "look for interface files in DIR first"              \
  }

typedef struct host_settings {
  char **grants, **idl_dirs; /* each ends with NULL */
  size_t grant_count, idl_dir_count;
  bool grant_all;
  void (*start)(void *env, ist_host *host); /* of ist_host_options */
  void *env;
} host_settings;

/* Takes one of HOST_OPTIONS. */
void host_option(host_settings *settings, int option, const char *value);
/* Makes the host, or reports why not and gives NULL. */
ist_host *host_make(host_settings *settings, int argc, char **argv);
void host_settings_free(host_settings *settings);

/* Debugging, for run and eval. */
#define INSPECT_OPTIONS                                                                            \
  {0,        "inspect",   MAYBE_ARGUMENT,                                                          \
   ANYTHING, "HOST:PORT", "let debuggers connect while the program runs (127.0.0.1:9229)"},        \
  {                                                                                                \
    0, "inspect-brk", MAYBE_ARGUMENT, ANYTHING, "HOST:PORT",                                       \
        "wait for a debugger, and pause at the first statement"                                    \
  }

typedef struct inspection {
  bool wanted, wait;
  char address[64];
  unsigned short port;
  const struct inspect_table *table; /* once the server is loaded */
  struct inspect *server;
} inspection;

/* Takes one of INSPECT_OPTIONS by its name. False after reporting wrong usage of the verb. */
bool inspect_option(inspection *inspection, const verb *verb, const char *name, const char *value);
/* Starts the server, if it is wanted. False after saying why not. */
bool inspect_begin(inspection *inspection, ist_host *host, const char *title);
/* Before the program's first statement, as `start` of host_settings. */
void inspect_start(void *env, ist_host *host);
void inspect_end(inspection *inspection);

/* Where imports of interface files are looked up: the folders given, then the installed one. Ends
 * with NULL. */
char **import_dirs(char *const *given, size_t count);

int verb_run(int argc, char **argv);
int verb_eval(int argc, char **argv);
int verb_repl(int argc, char **argv);
int verb_judge(int argc, char **argv);
int verb_cell(int argc, char **argv);
int verb_gen(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_completion(int argc, char **argv);

#endif
