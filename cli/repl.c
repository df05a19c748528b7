/* `isthmus repl`: line editing, history and completion by libedit around ist_host_repl_eval. Timers
 * and other events run while a line is being typed. Ctrl-C gives up the line, or ends what runs;
 * Ctrl-D leaves. When standard input is no terminal, its text is evaluated input by input without
 * prompts, and the results are printed; an error then makes the exit code 1. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HISTORY_LENGTH = 2000, LONGEST_WAIT = 100 };

typedef struct repl {
  ist_host *host;
  EditLine *editor;
  History *history;
  char *history_path;
  char *input; /* the lines so far */
  size_t length, capacity;
  bool continued; /* the next line goes on with `input` */
  bool abandoned; /* Ctrl-C while typing */
} repl;

/* ---- Ctrl-C ---- */

/* The handler may do next to nothing, so a thread does what it asks for. */
static sem_t interrupts;
static atomic_bool evaluating, typing_interrupted, leaving;

static void on_interrupt(int signal) {
  (void)signal;
  if (atomic_load(&evaluating))
    sem_post(&interrupts);
  else
    atomic_store(&typing_interrupted, true);
}

static void *watch_interrupts(void *host) {
  for (;;) {
    while (sem_wait(&interrupts) && errno == EINTR) continue;
    if (atomic_load(&leaving)) return NULL;
    ist_host_interrupt(host);
  }
}

/* ---- Lines ---- */

static void add_input(repl *repl, const char *text, size_t length) {
  if (repl->capacity - repl->length <= length) {
    repl->capacity = (repl->length + length + 1) * 2;
    char *grown = realloc(repl->input, repl->capacity);
    if (!grown) exit(EXIT_FAILURE);
    repl->input = grown;
  }
  memcpy(repl->input + repl->length, text, length);
  repl->length += length;
  repl->input[repl->length] = '\0';
}

static char *prompt(EditLine *editor) {
  static char first[] = "> ", more[] = "… ";
  repl *repl;
  el_get(editor, EL_CLIENTDATA, &repl);
  return repl->continued ? more : first;
}

/* Reads a character, and lets the host run until there is one. */
static int read_char(EditLine *editor, wchar_t *out) {
  repl *repl;
  el_get(editor, EL_CLIENTDATA, &repl);
  mbstate_t state = {0};
  for (;;) {
    if (atomic_exchange(&typing_interrupted, false)) {
      repl->abandoned = true;
      return 0;
    }
    int timeout = LONGEST_WAIT, due;
    if (!ist_host_turn(repl->host, &due) && due >= 0 && due < timeout) timeout = due;
    struct pollfd ready = {STDIN_FILENO, POLLIN, 0};
    if (poll(&ready, 1, timeout) <= 0) continue;
    char byte;
    ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return (int)got;
    size_t used = mbrtowc(out, &byte, 1, &state);
    if (used == (size_t)-2) continue;
    if (used == (size_t)-1) {
      state = (mbstate_t){0};
      continue;
    }
    if (!used) *out = L'\0';
    return 1;
  }
}

/* ---- Completion ---- */

static size_t common_prefix(const char *a, const char *b) {
  size_t length = 0;
  while (a[length] && a[length] != '\n' && a[length] == b[length]) length++;
  return length;
}

/* Prints candidates in columns under the line. */
static void print_candidates(const char *list) {
  size_t widest = 0, count = 0;
  for (const char *at = list; *at; at += strcspn(at, "\n") + 1, count++) {
    size_t length = strcspn(at, "\n");
    if (length > widest) widest = length;
  }
  size_t columns = 80 / (widest + 2);
  if (!columns) columns = 1;
  size_t index = 0;
  putchar('\n');
  for (const char *at = list; *at; at += strcspn(at, "\n") + 1, index++) {
    int length = (int)strcspn(at, "\n");
    bool last = (index + 1) % columns == 0 || index + 1 == count;
    printf("%.*s%*s", length, at, last ? 0 : (int)widest + 2 - length, "");
    if (last) putchar('\n');
  }
  fflush(stdout);
}

static unsigned char complete(EditLine *editor, int key) {
  (void)key;
  repl *repl;
  el_get(editor, EL_CLIENTDATA, &repl);
  const LineInfo *line = el_line(editor);
  size_t typed = (size_t)(line->cursor - line->buffer);
  char *list = NULL;
  size_t start;
  if (ist_host_repl_complete(repl->host, line->buffer, typed, &list, &start))
    return CC_REFRESH_BEEP;
  unsigned char answer = CC_REFRESH_BEEP;
  if (list && *list) {
    size_t shared = strcspn(list, "\n");
    bool several = list[shared + 1] != '\0';
    for (const char *at = list; *at; at += strcspn(at, "\n") + 1) {
      size_t same = common_prefix(list, at);
      if (same < shared) shared = same;
    }
    if (shared > typed - start || !several) {
      int characters = 0;
      for (size_t i = start; i < typed; i++) characters += (line->buffer[i] & 0xc0) != 0x80;
      char *text = strndup(list, shared);
      if (characters) el_deletestr(editor, characters);
      if (text) el_insertstr(editor, text);
      free(text);
      answer = CC_REFRESH;
    } else {
      print_candidates(list);
      answer = CC_REDISPLAY;
    }
  }
  ist_free(list);
  return answer;
}

/* ---- History ---- */

/* The history's file in the folder for such things, which is made when it is missing; NULL without
 * a home. */
static char *history_file(void) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  bool absolute = state && *state == '/';
  if (!absolute && !(home && *home)) return NULL;
  const char *base = absolute ? state : home;
  size_t size = strlen(base) + 64;
  char *path = allocate(size);
  snprintf(path, size, "%s%s/isthmus", base, absolute ? "" : "/.local/state");
  for (char *slash = path + 1; slash; slash = strchr(slash + 1, '/')) {
    char kept = *slash;
    if (kept != '/') continue;
    *slash = '\0';
    (void)mkdir(path, 0700);
    *slash = kept;
  }
  (void)mkdir(path, 0700);
  strcat(path, "/repl_history");
  return path;
}

static void open_editor(repl *repl) {
  setlocale(LC_CTYPE, "");
  HistEvent event;
  repl->history = history_init();
  history(repl->history, &event, H_SETSIZE, HISTORY_LENGTH);
  history(repl->history, &event, H_SETUNIQUE, 1);
  repl->history_path = history_file();
  if (repl->history_path) history(repl->history, &event, H_LOAD, repl->history_path);

  repl->editor = el_init("isthmus", stdin, stdout, stderr);
  el_set(repl->editor, EL_CLIENTDATA, repl);
  el_set(repl->editor, EL_PROMPT, prompt);
  el_set(repl->editor, EL_EDITOR, "emacs");
  el_set(repl->editor, EL_HIST, history, repl->history);
  el_set(repl->editor, EL_GETCFN, read_char);
  el_set(repl->editor, EL_ADDFN, "isthmus-complete", "Complete a name", complete);
  el_set(repl->editor, EL_BIND, "^I", "isthmus-complete", NULL);
  el_set(repl->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
  el_source(repl->editor, NULL);
}

static void close_editor(repl *repl) {
  HistEvent event;
  if (repl->history_path) {
    mode_t mask = umask(0077);
    history(repl->history, &event, H_SAVE, repl->history_path);
    umask(mask);
    free(repl->history_path);
  }
  el_end(repl->editor);
  history_end(repl->history);
}

/* ---- Evaluation ---- */

/* Evaluates what has been typed. True: go on. */
static bool evaluate(repl *repl, bool interactive, int *exit_code) {
  ist_repl_result result = {.size = sizeof result};
  atomic_store(&evaluating, true);
  ist_status status =
      ist_host_repl_eval(repl->host, repl->input, repl->length, use_colors(stdout), &result);
  atomic_store(&evaluating, false);
  if (status) {
    fprintf(stderr, "isthmus repl: %s\n", ist_status_text(status));
    *exit_code = EXIT_FAILURE;
    return false;
  }
  repl->continued = result.outcome == IST_REPL_INCOMPLETE;
  if (repl->continued) return true;
  repl->length = 0;
  if (result.outcome == IST_REPL_DONE && (result.text || interactive))
    printf("%s\n", result.text ? result.text : "undefined");
  fflush(stdout);
  if (result.outcome == IST_REPL_ERROR) {
    fprintf(interactive ? stdout : stderr, "%s\n", result.text);
    if (!interactive) *exit_code = EXIT_FAILURE;
  }
  if (result.outcome == IST_REPL_EXIT) *exit_code = result.exit_code;
  ist_free(result.text);
  return result.outcome != IST_REPL_EXIT;
}

static bool is_blank(const char *text) {
  return !text[strspn(text, " \t\r\n")];
}

static int interact(repl *repl) {
  int exit_code = EXIT_SUCCESS;
  printf("isthmus %s (V8 %s); Ctrl-D leaves\n", ist_version(), ist_v8_version());
  for (;;) {
    int count;
    HistEvent event;
    repl->abandoned = false;
    const char *line = el_gets(repl->editor, &count);
    if (!line) {
      putchar('\n');
      fflush(stdout);
      if (!repl->abandoned) break;
      repl->length = 0;
      repl->continued = false;
      continue;
    }
    if (is_blank(line) && !repl->continued) continue;
    if (!is_blank(line)) history(repl->history, &event, H_ENTER, line);
    add_input(repl, line, (size_t)count);
    if (!evaluate(repl, true, &exit_code)) break;
  }
  return exit_code;
}

static int read_through(repl *repl) {
  int exit_code = EXIT_SUCCESS;
  char *line = NULL;
  size_t size = 0;
  ssize_t length;
  bool more = true;
  while (more && (length = getline(&line, &size, stdin)) > 0) {
    if (is_blank(line) && !repl->continued) continue;
    add_input(repl, line, (size_t)length);
    more = evaluate(repl, false, &exit_code);
  }
  free(line);
  if (more && repl->continued) {
    fputs("SyntaxError: Unexpected end of input\n", stderr);
    exit_code = EXIT_FAILURE;
  }
  /* What was started goes on to its end, as in a program. */
  int timeout = 0;
  while (more && !ist_host_turn(repl->host, &timeout) && timeout >= 0)
    if (timeout) (void)poll(NULL, 0, timeout);
  return exit_code;
}

int verb_repl(int argc, char **argv) {
  const verb *verb = verb_named("repl");
  host_settings settings = {0};
  int option;
  while ((option = next_option(verb, argc, argv)) != -1) {
    if (option == '?') {
      host_settings_free(&settings);
      return EXIT_USAGE;
    }
    host_option(&settings, option, optarg);
  }
  if (optind < argc) {
    host_settings_free(&settings);
    return usage_error(verb->name, "takes no operands");
  }
  repl repl = {.host = host_make(&settings, 0, NULL)};
  host_settings_free(&settings);
  if (!repl.host) return EXIT_FAILURE;

  pthread_t watcher;
  sem_init(&interrupts, 0, 0);
  bool watched = !pthread_create(&watcher, NULL, watch_interrupts, repl.host);
  int exit_code;
  if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    open_editor(&repl);
    exit_code = interact(&repl);
    close_editor(&repl);
  } else {
    exit_code = read_through(&repl);
  }
  atomic_store(&leaving, true);
  sem_post(&interrupts);
  if (watched) pthread_join(watcher, NULL);
  sem_destroy(&interrupts);
  free(repl.input);
  ist_host_free(repl.host);
  return exit_code;
}
