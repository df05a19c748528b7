/* `isthmus completion`: scripts that complete the command in bash, zsh and fish, written from the
 * tables of verbs. */
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* A text inside single quotes. */
static void quoted(const char *text) {
  putchar('\'');
  for (; *text; text++) {
    if (*text == '\'')
      fputs("'\\''", stdout);
    else
      putchar(*text);
  }
  putchar('\'');
}

static void print_bash(void) {
  puts("# bash completion for isthmus\n"
       "_isthmus() {\n"
       "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
       "verb=${COMP_WORDS[1]}\n"
       "  local folders= files=\n"
       "  COMPREPLY=()\n"
       "  if [ \"$COMP_CWORD\" -eq 1 ]; then");
  fputs("    COMPREPLY=($(compgen -W '--help --version", stdout);
  for (size_t i = 0; i < verb_count; i++) printf(" %s", verbs[i].name);
  puts("' -- \"$cur\"))\n    return\n  fi\n  case $prev in\n"
       "    --idl|-I) COMPREPLY=($(compgen -d -- \"$cur\")); compopt -o filenames; return ;;\n"
       "    --output|-o) COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames; return ;;\n"
       "    --target|-t) COMPREPLY=($(compgen -W 'x86_64 aarch64' -- \"$cur\")); return ;;\n"
       "  esac\n  case $verb in");
  for (size_t i = 0; i < verb_count; i++) {
    printf("    %s)\n      [[ $cur == -* ]] && COMPREPLY=($(compgen -W '", verbs[i].name);
    for (const option_row *row = verbs[i].options; row->name; row++)
      printf("%s--%s", row == verbs[i].options ? "" : " ", row->name);
    fputs("' -- \"$cur\"))", stdout);
    if (verbs[i].kind == A_FILE)
      fputs("\n      [[ $cur == -* ]] || { COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o "
            "filenames; }",
            stdout);
    if (verbs[i].kind == AN_INTERFACE)
      fputs("\n      [[ $cur == -* ]] || { COMPREPLY=($(compgen -d -- \"$cur\") "
            "$(compgen -f -X '!*.idl' -- \"$cur\")); compopt -o filenames; }",
            stdout);
    if (verbs[i].kind == A_SHELL)
      fputs("\n      [[ $cur == -* ]] || COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\"))",
            stdout);
    puts(" ;;");
  }
  puts("  esac\n}\ncomplete -F _isthmus isthmus");
}

static void print_zsh(void) {
  puts("#compdef isthmus\n\n_isthmus() {\n  local -a verbs\n  verbs=(");
  for (size_t i = 0; i < verb_count; i++) {
    char line[256];
    snprintf(line, sizeof line, "%s:%s", verbs[i].name, verbs[i].summary);
    fputs("    ", stdout);
    quoted(line);
    putchar('\n');
  }
  puts("  )\n  if (( CURRENT == 2 )); then\n    _describe verb verbs\n    return\n  fi\n"
       "  local verb=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $verb in");
  for (size_t i = 0; i < verb_count; i++) {
    printf("    %s) _arguments", verbs[i].name);
    for (const option_row *row = verbs[i].options; row->name; row++) {
      char line[256];
      snprintf(line, sizeof line, "--%s%s[%s]%s", row->name,
               row->argument == NO_ARGUMENT      ? ""
               : row->argument == MAYBE_ARGUMENT ? "=-"
                                                 : "=",
               row->help,
               row->kind == A_FOLDER             ? ":folder:_files -/"
               : row->kind == A_FILE             ? ":file:_files"
               : row->argument == MAYBE_ARGUMENT ? "::value:"
               : row->argument == AN_ARGUMENT    ? ":value:"
                                                 : "");
      putchar(' ');
      quoted(line);
    }
    if (verbs[i].kind == A_FILE) fputs(" '*:file:_files'", stdout);
    if (verbs[i].kind == AN_INTERFACE) fputs(" '*:interface file:_files -g \"*.idl\"'", stdout);
    if (verbs[i].kind == A_SHELL) fputs(" '1:shell:(bash zsh fish)'", stdout);
    puts(" ;;");
  }
  puts("  esac\n}\n\n_isthmus \"$@\"");
}

static void print_fish(void) {
  puts("# fish completion for isthmus\ncomplete -c isthmus -f");
  for (size_t i = 0; i < verb_count; i++) {
    printf("complete -c isthmus -n __fish_use_subcommand -a %s -d ", verbs[i].name);
    quoted(verbs[i].summary);
    putchar('\n');
    for (const option_row *row = verbs[i].options; row->name; row++) {
      char letter[] = {' ', '-', 's', ' ', row->letter, '\0'};
      printf("complete -c isthmus -n '__fish_seen_subcommand_from %s'%s -l %s%s -d ", verbs[i].name,
             row->letter ? letter : "", row->name,
             row->argument != AN_ARGUMENT                   ? ""
             : row->kind == A_FILE || row->kind == A_FOLDER ? " -r -F"
                                                            : " -x");
      quoted(row->help);
      putchar('\n');
    }
    if (verbs[i].kind == A_FILE || verbs[i].kind == AN_INTERFACE)
      printf("complete -c isthmus -n '__fish_seen_subcommand_from %s' -F\n", verbs[i].name);
    if (verbs[i].kind == A_SHELL)
      printf("complete -c isthmus -n '__fish_seen_subcommand_from %s' -a 'bash zsh fish'\n",
             verbs[i].name);
  }
}

int verb_completion(int argc, char **argv) {
  const verb *verb = verb_named("completion");
  if (next_option(verb, argc, argv) != -1) return EXIT_USAGE;
  const char *shell = argc - optind == 1 ? argv[optind] : "";
  if (!strcmp(shell, "bash"))
    print_bash();
  else if (!strcmp(shell, "zsh"))
    print_zsh();
  else if (!strcmp(shell, "fish"))
    print_fish();
  else
    return usage_error(verb->name, "for which shell: bash, zsh or fish?");
  return 0;
}
