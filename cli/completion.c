/* `isthmus completion`: scripts that complete the command in bash, zsh and fish, written from the
 * tables of verbs. */
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* A text as it stands within single quotes. */
static void escaped(const char *text) {
  for (; *text; text++) {
    if (*text == '\'')
      fputs("'\\''", stdout);
    else
      putchar(*text);
  }
}

/* What completes the word: files, folders, or the words of a kind; nothing for other kinds. */
static void print_bash_words(kind kind) {
  if (kind == A_FILE)
    fputs("COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames", stdout);
  else if (kind == A_FOLDER)
    fputs("COMPREPLY=($(compgen -d -- \"$cur\")); compopt -o filenames", stdout);
  else if (kind == AN_INTERFACE)
    fputs("COMPREPLY=($(compgen -d -- \"$cur\") $(compgen -f -X '!*.idl' -- \"$cur\")); "
          "compopt -o filenames",
          stdout);
  else if (kind_words(kind))
    printf("COMPREPLY=($(compgen -W '%s' -- \"$cur\"))", kind_words(kind));
  else
    fputs(":", stdout);
}

static void print_bash(void) {
  /* The shell takes `--option=word` for three words. */
  fputs("# bash completion for isthmus\n"
        "_isthmus() {\n"
        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
        "verb=${COMP_WORDS[1]}\n"
        "  COMPREPLY=()\n"
        "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "    COMPREPLY=($(compgen -W '--help --version",
        stdout);
  for (size_t i = 0; i < verb_count; i++) printf(" %s", verbs[i].name);
  puts("' -- \"$cur\"))\n    return\n  fi\n"
       "  if [ \"$cur\" = = ]; then cur=\n"
       "  elif [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
       "  case $verb:$prev in");
  for (size_t i = 0; i < verb_count; i++) {
    for (const option_row *row = verbs[i].options; row->name; row++) {
      if (row->argument != AN_ARGUMENT) continue;
      printf("    %s:--%s", verbs[i].name, row->name);
      if (row->letter) printf("|%s:-%c", verbs[i].name, row->letter);
      fputs(") ", stdout);
      print_bash_words(row->kind);
      puts("; return ;;");
    }
  }
  puts("  esac\n  case $verb in");
  for (size_t i = 0; i < verb_count; i++) {
    printf("    %s)\n      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '", verbs[i].name);
    for (const option_row *row = verbs[i].options; row->name; row++)
      printf("%s--%s", row == verbs[i].options ? "" : " ", row->name);
    fputs("' -- \"$cur\"))\n      else ", stdout);
    print_bash_words(verbs[i].kind);
    puts("; fi ;;");
  }
  puts("  esac\n}\ncomplete -F _isthmus isthmus");
}

static void print_zsh_value(const option_row *row) {
  if (row->kind == A_FOLDER)
    fputs(":folder:_files -/", stdout);
  else if (row->kind == A_FILE)
    fputs(":file:_files", stdout);
  else if (kind_words(row->kind))
    printf("%s:word:(%s)", row->argument == MAYBE_ARGUMENT ? ":" : "", kind_words(row->kind));
  else if (row->argument != NO_ARGUMENT)
    fputs(row->argument == MAYBE_ARGUMENT ? "::value:" : ":value:", stdout);
}

static void print_zsh(void) {
  puts("#compdef isthmus\n\n_isthmus() {\n  local -a verbs\n  verbs=(");
  for (size_t i = 0; i < verb_count; i++) {
    printf("    '%s:", verbs[i].name);
    escaped(verbs[i].summary);
    puts("'");
  }
  puts("  )\n  if (( CURRENT == 2 )); then\n    _describe verb verbs\n    return\n  fi\n"
       "  local verb=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $verb in");
  for (size_t i = 0; i < verb_count; i++) {
    printf("    %s) _arguments", verbs[i].name);
    for (const option_row *row = verbs[i].options; row->name; row++) {
      printf(" '--%s%s[", row->name,
             row->argument == NO_ARGUMENT      ? ""
             : row->argument == MAYBE_ARGUMENT ? "=-"
                                               : "=");
      escaped(row->help);
      putchar(']');
      print_zsh_value(row);
      putchar('\'');
    }
    if (verbs[i].kind == A_FILE) fputs(" '*:file:_files'", stdout);
    if (verbs[i].kind == AN_INTERFACE) fputs(" '*:interface file:_files -g \"*.idl\"'", stdout);
    if (kind_words(verbs[i].kind)) printf(" '1:word:(%s)'", kind_words(verbs[i].kind));
    puts(" ;;");
  }
  puts("  esac\n}\n\n_isthmus \"$@\"");
}

static void print_fish(void) {
  puts("# fish completion for isthmus\ncomplete -c isthmus -f");
  for (size_t i = 0; i < verb_count; i++) {
    printf("complete -c isthmus -n __fish_use_subcommand -a %s -d '", verbs[i].name);
    escaped(verbs[i].summary);
    puts("'");
    for (const option_row *row = verbs[i].options; row->name; row++) {
      char letter[] = {' ', '-', 's', ' ', row->letter, '\0'};
      printf("complete -c isthmus -n '__fish_seen_subcommand_from %s'%s -l %s%s", verbs[i].name,
             row->letter ? letter : "", row->name,
             row->argument != AN_ARGUMENT                   ? ""
             : row->kind == A_FILE || row->kind == A_FOLDER ? " -r -F"
                                                            : " -x");
      if (kind_words(row->kind)) printf(" -a '%s'", kind_words(row->kind));
      fputs(" -d '", stdout);
      escaped(row->help);
      puts("'");
    }
    if (verbs[i].kind == A_FILE || verbs[i].kind == AN_INTERFACE)
      printf("complete -c isthmus -n '__fish_seen_subcommand_from %s' -F\n", verbs[i].name);
    if (kind_words(verbs[i].kind))
      printf("complete -c isthmus -n '__fish_seen_subcommand_from %s' -a '%s'\n", verbs[i].name,
             kind_words(verbs[i].kind));
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
