/* Native libraries: which interface files a program may load, where they lie, and their way from
 * text to exports. Nothing is granted unless the host's maker granted it. A granted name resolves
 * in the host's folders alone, so that a file that JavaScript has written can never stand in for
 * it; any other file is granted by its path. */
#include "internal.h"

#include "ffi/ffi.h"
#include "gen.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_path(const char *name) {
  size_t length = strlen(name);
  return strchr(name, '/') || (length > 4 && !strcmp(name + length - 4, ".idl"));
}

static bool is_library_name(const char *name) {
  if (!isalpha((unsigned char)*name) && *name != '_') return false;
  for (const char *at = name; *at; at++)
    if (!isalnum((unsigned char)*at) && !strchr("_-.+", *at)) return false;
  return true;
}

static size_t list_length(const char *const *list) {
  size_t count = 0;
  while (list && list[count]) count++;
  return count;
}

/* Where the installed interface files are: beside libisthmus in a build tree or a prefix, else
 * where the build said. */
static char *installed_dir(void) {
  Dl_info info;
  if (dladdr((const void *)(uintptr_t)&ist__native_load, &info) && info.dli_fname) {
    char *library = realpath(info.dli_fname, NULL);
    if (!library) library = realpath("/proc/self/exe", NULL);
    static const char *const relative[] = {"share/isthmus/idl", "../share/isthmus/idl",
                                           "../../share/isthmus/idl"};
    char *slash = library ? strrchr(library, '/') : NULL;
    if (slash) *slash = '\0';
    for (size_t i = 0; slash && i < sizeof relative / sizeof *relative; i++) {
      char *tried = ist__path_join(library, relative[i]);
      if (!access(tried, R_OK | X_OK)) {
        free(library);
        return tried;
      }
      free(tried);
    }
    free(library);
  }
  return ist__must_copy(IST_IDL_DIR_INSTALL);
}

/* The tag at the end of "zlib:read", or NULL. */
static const char *tag_of(const char *grant) {
  const char *colon = strrchr(grant, ':');
  if (!colon || colon == grant || !(isalpha((unsigned char)colon[1]) || colon[1] == '_'))
    return NULL;
  for (const char *at = colon + 1; *at; at++)
    if (!isalnum((unsigned char)*at) && *at != '_') return NULL;
  return colon + 1;
}

static ist__host_grant *find_grant(const ist_host *host, const char *name) {
  for (size_t i = 0; i < host->grant_count; i++)
    if (!strcmp(host->grants[i].name, name)) return &host->grants[i];
  return NULL;
}

static void add_tag(ist__host_grant *grant, const char *tag) {
  size_t count = list_length((const char *const *)grant->tags);
  char **more = ist__must_alloc((count + 2) * sizeof *more);
  for (size_t i = 0; i < count; i++) more[i] = grant->tags[i];
  more[count] = ist__must_copy(tag);
  free(grant->tags);
  grant->tags = more;
}

static void add_grant(ist_host *host, const char *cwd, const char *text) {
  const char *tag = tag_of(text);
  char *name = ist__must_copy(text);
  if (tag) name[tag - 1 - text] = '\0';
  if (is_path(name)) {
    /* The path counts as it is now: a link that changes later grants nothing else. */
    char *joined = ist__path_join(cwd, name);
    char *real = realpath(joined, NULL);
    free(name);
    name = real ? real : joined;
    if (real) free(joined);
  }
  ist__host_grant *grant = find_grant(host, name);
  if (grant) {
    free(name);
  } else {
    grant = &host->grants[host->grant_count++];
    grant->name = name;
  }
  if (tag)
    add_tag(grant, tag);
  else
    grant->whole = true;
}

ist_status ist__native_grants(ist_host *host, const ist_host_options *options) {
  host->grant_all = options->grant_all;
  size_t dirs = list_length(options->idl_dirs), grants = list_length(options->grants);
  char *cwd = ist__path_cwd();
  host->idl_dirs = ist__must_alloc((dirs + 2) * sizeof *host->idl_dirs);
  for (size_t i = 0; i < dirs; i++) host->idl_dirs[i] = ist__path_join(cwd, options->idl_dirs[i]);
  host->idl_dirs[dirs] = installed_dir();

  host->grants = ist__must_alloc((grants + 1) * sizeof *host->grants);
  for (size_t i = 0; i < grants; i++) add_grant(host, cwd, options->grants[i]);
  free(cwd);
  return IST_OK;
}

static void free_list(char **list) {
  for (char **at = list; at && *at; at++) free(*at);
  free(list);
}

void ist__native_free(ist_host *host) {
  while (host->libraries) {
    ist__loaded_library *loaded = host->libraries;
    host->libraries = loaded->next;
    ist__library_release(loaded->library);
    free(loaded->path);
    free(loaded->label);
    free(loaded);
  }
  free_list(host->idl_dirs);
  for (size_t i = 0; i < host->grant_count; i++) {
    free(host->grants[i].name);
    free_list(host->grants[i].tags);
  }
  free(host->grants);
}

static ist_status fail(ist_error **error, ist_status status, ist__text *message) {
  if (error) *error = ist_error_new(status, "Error", message->data);
  ist__text_free(message);
  return status;
}

/* The real path of the interface file that a name or path means, if it is granted. */
static ist_status locate(ist_host *host, const char *name, char **path,
                         const ist__host_grant **grant, ist_error **error) {
  ist__text message = {0};
  *grant = NULL;
  if (is_path(name)) {
    char *cwd = ist__path_cwd();
    char *joined = ist__path_join(cwd, name);
    char *real = realpath(joined, NULL);
    free(cwd);
    /* What is not granted is not looked for either: nobody learns here which files exist. */
    *grant = find_grant(host, real ? real : joined);
    bool granted = host->grant_all || *grant;
    free(joined);
    if (granted && real) {
      *path = real;
      return IST_OK;
    }
    free(real);
    if (granted) {
      ist__text_printf(&message, "Cannot find the interface file '%s'", name);
      return fail(error, IST_ERR_NOT_FOUND, &message);
    }
    ist__text_printf(&message, "%s is not allowed; run with --allow-ffi=%s", name, name);
    return fail(error, IST_ERR_DENIED, &message);
  }
  if (!is_library_name(name)) {
    ist__text_printf(&message, "ffi:%s: not the name of a library", name);
    return fail(error, IST_ERR_ARGUMENT, &message);
  }
  *grant = find_grant(host, name);
  if (!host->grant_all && !*grant) {
    ist__text_printf(&message, "ffi:%s is not allowed; run with --allow-ffi=%s", name, name);
    return fail(error, IST_ERR_DENIED, &message);
  }
  for (char **dir = host->idl_dirs; *dir; dir++) {
    ist__text file = {0};
    ist__text_printf(&file, "%s/%s.idl", *dir, name);
    *path = realpath(file.data, NULL);
    ist__text_free(&file);
    if (*path) return IST_OK;
  }
  ist__text_printf(&message, "Cannot find library 'ffi:%s': no %s.idl in", name, name);
  for (char **dir = host->idl_dirs; *dir; dir++)
    ist__text_printf(&message, "%s %s", dir == host->idl_dirs ? "" : ",", *dir);
  return fail(error, IST_ERR_NOT_FOUND, &message);
}

/* ---- From text to a library ---- */

typedef struct diagnosis {
  ist__text text;
  char *file;
  char *source;
  int line, column, length;
} diagnosis;

static void on_diagnostic(void *env, const ist__diag *diag) {
  static const char *const severities[] = {"error", "warning", "note"};
  diagnosis *found = env;
  if (diag->severity == IST__DIAG_WARNING) return;
  if (!found->line && diag->severity == IST__DIAG_ERROR) {
    found->file = ist__must_copy(diag->file);
    found->source = diag->source ? ist__must_copy(diag->source) : NULL;
    found->line = diag->line;
    found->column = diag->column;
    found->length = diag->length;
  }
  ist__text_printf(&found->text, "\n  %s:%d:%d: %s: %s", diag->file, diag->line, diag->column,
                   severities[diag->severity], diag->message);
}

static ist_status compile(ist_host *host, const char *label, const char *path,
                          struct ist__library **library, ist_error **error) {
  size_t dirs = list_length((const char *const *)host->idl_dirs);
  diagnosis found = {0};
  ist__gen_options options = {0};
  options.import_dirs = (const char *const *)host->idl_dirs;
  options.import_dir_count = dirs;
  options.diag = on_diagnostic;
  options.diag_env = &found;
  char *json = NULL;
  int errors = ist__gen_descriptor_file(path, &options, &json);
  ist_status status = IST_OK;
  if (errors) {
    ist__text message = {0};
    ist__text_printf(&message, "%s: the interface file has %d error%s:%s", label, errors,
                     errors == 1 ? "" : "s", found.text.data ? found.text.data : "");
    if (error)
      *error = ist__error_new_at(IST_ERR_INTERFACE, "Error", message.data, found.file, found.line,
                                 found.column, found.column + (found.length > 0 ? found.length : 1),
                                 found.source);
    ist__text_free(&message);
    status = IST_ERR_INTERFACE;
  } else {
    ist__fault fault = {""};
    *library = ist__library_open(json, strlen(json), &fault);
    if (!*library) {
      ist__text message = {0};
      ist__text_printf(&message, "%s: %s", label, fault.text);
      status = fail(error, IST_ERR_NOT_FOUND, &message);
    }
    ist__gen_free(json);
  }
  ist__text_free(&found.text);
  free(found.file);
  free(found.source);
  return status;
}

/* A library that was granted whole has all its functions; unsafe ones only where that was said. */
static const char *const *tags_of(const ist_host *host, const ist__host_grant *grant) {
  static const char *const everything[] = {"unsafe", NULL};
  if (host->grant_all) return everything;
  if (!grant->whole) return (const char *const *)grant->tags;
  for (char **tag = grant->tags; tag && *tag; tag++)
    if (!strcmp(*tag, "unsafe")) return everything;
  return NULL;
}

ist_status ist__native_load(ist_host *host, const char *name, ist_value *exports,
                            ist_error **error) {
  char *path;
  const ist__host_grant *grant;
  ist_status status = locate(host, name, &path, &grant, error);
  if (status) return status;
  ist__loaded_library *loaded = host->libraries;
  while (loaded && strcmp(loaded->path, path)) loaded = loaded->next;
  if (!loaded) {
    ist__text label = {0};
    ist__text_printf(&label, "%s%s", is_path(name) ? "" : "ffi:", name);
    struct ist__library *library = NULL;
    status = compile(host, label.data, path, &library, error);
    if (status) {
      ist__text_free(&label);
      free(path);
      return status;
    }
    loaded = ist__must_alloc(sizeof *loaded);
    loaded->path = ist__must_copy(path);
    loaded->label = label.data;
    loaded->library = library;
    loaded->next = host->libraries;
    host->libraries = loaded;
  }
  free(path);
  const char *const *tags = tags_of(host, grant);
  return ist__context_grant(host->context, loaded->library, tags, exports, error);
}

bool ist__native_close(ist_host *host, ist_value exports) {
  if (!ist__context_close_library(host->context, exports)) return false;
  ist__loaded_library **link = &host->libraries;
  while (*link) {
    ist__loaded_library *loaded = *link;
    if (!atomic_load(&loaded->library->closed)) {
      link = &loaded->next;
      continue;
    }
    *link = loaded->next;
    ist__library_release(loaded->library);
    free(loaded->path);
    free(loaded->label);
    free(loaded);
  }
  return true;
}
