// Where interface files are: a name is looked up in the folders that somebody gives, and then in
// the installed one. The runtime, the command and the compiler's own library all ask here. What is
// given away was allocated with malloc; NULL without a message means that there is no memory.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen.h"

bool ist__gen_is_name(const char *name) {
  if (!isalpha((unsigned char)*name) && *name != '_') return false;
  for (const char *at = name; *at; at++)
    if (!isalnum((unsigned char)*at) && !strchr("_-.+", *at)) return false;
  return true;
}

char *ist__gen_installed_dir(const char *beside, const char *otherwise) {
  // In a build tree, in a prefix's bin, lib or lib/MACHINE, and in a package of another language.
  static const char *const relative[] = {"share/isthmus/idl", "../share/isthmus/idl",
                                         "../../share/isthmus/idl", "idl"};
  char *real = beside ? realpath(beside, NULL) : NULL;
  char *slash = real ? strrchr(real, '/') : NULL;
  if (slash) *slash = '\0';
  for (size_t i = 0; slash && i < sizeof relative / sizeof *relative; i++) {
    char *tried = malloc(strlen(real) + strlen(relative[i]) + 2);
    if (!tried) break;
    stpcpy(stpcpy(stpcpy(tried, real), "/"), relative[i]);
    char *found = access(tried, R_OK | X_OK) == 0 ? realpath(tried, NULL) : NULL;
    free(tried);
    if (!found) continue;
    free(real);
    return found;
  }
  free(real);
  return strdup(otherwise);
}

static char *not_found(const char *name, const char *const *dirs) {
  static const char format[] = "Cannot find library 'ffi:%s': no %s.idl in";
  size_t size = sizeof format + 2 * strlen(name);
  for (const char *const *dir = dirs; *dir; dir++) size += strlen(*dir) + 2;
  char *text = malloc(size);
  if (!text) return NULL;
  char *at = text + snprintf(text, size, format, name, name);
  for (const char *const *dir = dirs; *dir; dir++)
    at = stpcpy(stpcpy(at, dir == dirs ? " " : ", "), *dir);
  return text;
}

char *ist__gen_find(const char *name, const char *const *dirs, char **message) {
  *message = NULL;
  for (const char *const *dir = dirs; *dir; dir++) {
    char *file = malloc(strlen(*dir) + strlen(name) + sizeof "/.idl");
    if (!file) return NULL;
    stpcpy(stpcpy(stpcpy(stpcpy(file, *dir), "/"), name), ".idl");
    char *real = realpath(file, NULL);
    free(file);
    if (real) return real;
  }
  *message = not_found(name, dirs);
  return NULL;
}
