/* Modules: from a specifier and who wrote it to a compiled module, the same one each time.
 * Source files and JSON come by file: URLs; libraries by `ffi:NAME`; the host's own modules by
 * `isthmus:NAME`. There is no search for packages and no guessing of file endings. */
#include "internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

ist_module *ist__loader_cached(ist_host *host, const char *url) {
  for (ist__cached_module *at = host->modules; at; at = at->next)
    if (!strcmp(at->url, url)) return at->module;
  return NULL;
}

void ist__loader_cache(ist_host *host, const char *url, ist_module *module) {
  ist__cached_module *entry = ist__must_alloc(sizeof *entry);
  entry->url = ist__must_copy(url);
  entry->module = module;
  entry->next = host->modules;
  host->modules = entry;
}

void ist__loader_free(ist_host *host) {
  while (host->modules) {
    ist__cached_module *entry = host->modules;
    host->modules = entry->next;
    ist_module_free(entry->module);
    free(entry->url);
    free(entry);
  }
}

/* Sets an error from a text that is freed. */
static ist_status fail(ist_error **error, ist_status status, const char *name, ist__text *message) {
  if (error) *error = ist_error_new(status, name, message->data);
  ist__text_free(message);
  return status;
}

/* What could have been meant by a path that is not there: the same with another ending. */
static const char *better_ending(const char *path) {
  static const char *const endings[] = {".mjs", ".js", ".json", "/index.mjs", "/index.js"};
  const char *found = NULL;
  for (size_t i = 0; !found && i < sizeof endings / sizeof *endings; i++) {
    ist__text tried = {0};
    ist__text_printf(&tried, "%s%s", path, endings[i]);
    struct stat info;
    if (!stat(tried.data, &info) && S_ISREG(info.st_mode)) found = endings[i];
    ist__text_free(&tried);
  }
  return found;
}

/* " imported from X", unless the referrer is the program itself. */
static void add_referrer(ist__text *message, const char *referrer) {
  if (!*referrer) return;
  char *shown = ist__url_shown(referrer);
  ist__text_printf(message, " imported from %s", shown);
  free(shown);
}

/* Compiles the module of a real path. `url` is what it will be known by. */
static ist_status compile(ist_host *host, const char *path, const char *url, bool json,
                          ist_module **result, ist_error **error) {
  ist__text source = {0};
  int failed = ist__io_read_file(path, &source);
  if (failed) {
    ist__text_free(&source);
    ist__text message = {0};
    ist__text_printf(&message, "Cannot read module '%s': %s", path, strerror(failed));
    return fail(error, IST_ERR_IO, "Error", &message);
  }
  const char *text = source.data;
  size_t length = source.length;
  if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
    text += 3;
    length -= 3;
  }
  ist_module *module;
  ist_source from = {.size = sizeof from, .text = text, .length = length, .file = url};
  ist_status status = json ? ist_module_new_json(host->context, url, text, length, &module, error)
                           : ist_module_compile(host->context, &from, &module, error);
  ist__text_free(&source);
  if (status) return status;
  ist__loader_cache(host, url, module);
  *result = module;
  return IST_OK;
}

static bool ends_with(const char *text, const char *ending) {
  size_t length = strlen(text), tail = strlen(ending);
  return length >= tail && !strcmp(text + length - tail, ending);
}

/* The module of an absolute path. `specifier` is how it was asked for. */
static ist_status load_path(ist_host *host, const char *path, const char *suffix, const char *type,
                            const char *specifier, const char *referrer, ist_module **result,
                            ist_error **error) {
  struct stat info;
  char *real = realpath(path, NULL);
  /* A pipe in /dev/fd has no real path, but can be read. */
  if (!real || stat(real, &info)) {
    free(real);
    real = ist__must_copy(path);
  }
  ist__text message = {0};
  if (stat(real, &info)) {
    int code = errno;
    free(real);
    ist__text_printf(&message, "Cannot find module '%s'", specifier);
    add_referrer(&message, referrer);
    const char *ending = better_ending(path);
    if (ending)
      ist__text_printf(&message, "; did you mean '%s%s'?", specifier, ending);
    else if (code != ENOENT && code != ENOTDIR)
      ist__text_printf(&message, ": %s", strerror(code));
    return fail(error, IST_ERR_NOT_FOUND, "Error", &message);
  }
  if (S_ISDIR(info.st_mode)) {
    free(real);
    ist__text_printf(&message, "Cannot import directory '%s'", specifier);
    add_referrer(&message, referrer);
    return fail(error, IST_ERR_NOT_FOUND, "Error", &message);
  }
  bool json = ends_with(real, ".json") || !strcmp(type, "json");
  char *plain = ist__url_from_path(real);
  ist__text url = {0};
  ist__text_printf(&url, "%s%s", plain, suffix);
  free(plain);
  ist_module *found = ist__loader_cached(host, url.data);
  ist_status status = IST_OK;
  if (found)
    *result = found;
  else
    status = compile(host, real, url.data, json, result, error);
  ist__text_free(&url);
  free(real);
  return status;
}

/* The folder that a referrer's relative imports start from. */
static char *base_of(const char *referrer) {
  char *path = ist__url_to_path(referrer, NULL);
  if (!path) return ist__path_cwd();
  char *slash = strrchr(path, '/');
  slash[slash == path] = '\0';
  return path;
}

static ist_status load_library(ist_host *host, const char *url, ist_module **result,
                               ist_error **error) {
  uint32_t scope;
  ist_status status = ist_scope_open(host->isolate, &scope);
  if (status) return status;
  ist_value exports;
  status = ist__native_load(host, url + 4, &exports, error);
  if (!status) {
    *result = ist__module_of(host, url, exports, error);
    if (*result)
      ist__loader_cache(host, url, *result);
    else
      status = IST_ERR_MEMORY;
  }
  ist_scope_close(host->isolate, scope);
  return status;
}

ist_status ist__loader_resolve(void *env, ist_context *context, const char *specifier,
                               size_t length, const char *referrer, const char *type,
                               ist_module **result, ist_error **error) {
  (void)context;
  ist_host *host = env;
  ist__text message = {0};
  if (strlen(specifier) != length) {
    ist__text_puts(&message, "A module specifier cannot contain NUL");
    return fail(error, IST_ERR_ARGUMENT, "TypeError", &message);
  }
  if (*type && strcmp(type, "json")) {
    ist__text_printf(&message, "Module type '%s' of '%s' is not supported; only 'json' is", type,
                     specifier);
    return fail(error, IST_ERR_ARGUMENT, "TypeError", &message);
  }
  if (!strncmp(specifier, "isthmus:", 8) || !strncmp(specifier, "ffi:", 4)) {
    *result = ist__loader_cached(host, specifier);
    if (*result) return IST_OK;
    if (*specifier == 'f') return load_library(host, specifier, result, error);
    *result = ist__builtin_module(host, specifier, error);
    if (!*result) return IST_ERR_NOT_FOUND;
    ist__loader_cache(host, specifier, *result);
    return IST_OK;
  }

  const char *suffix = "";
  char *path = NULL;
  if (!strncmp(specifier, "file:", 5)) {
    path = ist__url_to_path(specifier, &suffix);
    if (!path) {
      ist__text_printf(&message, "Invalid file: URL '%s'", specifier);
      add_referrer(&message, referrer);
      return fail(error, IST_ERR_ARGUMENT, "TypeError", &message);
    }
  } else if (*specifier == '/' || !strncmp(specifier, "./", 2) || !strncmp(specifier, "../", 3) ||
             !strcmp(specifier, ".") || !strcmp(specifier, "..")) {
    /* A relative specifier is a piece of a URL: percent-encoded, with a query of its own. */
    ist__text url = {0};
    ist__text_printf(&url, "file:///%s", specifier);
    char *decoded = ist__url_to_path(url.data, NULL);
    suffix = specifier + strcspn(specifier, "?#");
    char *base = base_of(referrer);
    if (decoded) path = ist__path_join(base, decoded + 1);
    free(decoded);
    free(base);
    ist__text_free(&url);
    if (!path) {
      ist__text_printf(&message, "Invalid module specifier '%s'", specifier);
      return fail(error, IST_ERR_ARGUMENT, "TypeError", &message);
    }
  } else {
    ist__text_printf(&message, "Cannot find module '%s'", specifier);
    add_referrer(&message, referrer);
    if (strchr(specifier, ':'))
      ist__text_puts(&message, ": there are only file:, ffi: and isthmus: URLs");
    else
      ist__text_printf(
          &message, ": a file is imported as './%s', a library as 'ffi:%s'; there are no packages",
          specifier, specifier);
    return fail(error, IST_ERR_NOT_FOUND, "Error", &message);
  }
  ist_status status = load_path(host, path, suffix, type, specifier, referrer, result, error);
  free(path);
  return status;
}

ist_status ist__loader_file(ist_host *host, const char *path, ist_module **result,
                            ist_error **error) {
  char *cwd = ist__path_cwd();
  char *absolute = ist__path_join(cwd, path);
  ist_status status = load_path(host, absolute, "", "", path, "", result, error);
  free(absolute);
  free(cwd);
  return status;
}

/* import.meta.dirname and import.meta.filename, as Node has them. */
void ist__loader_meta(void *env, ist_context *context, const char *url, ist_value meta) {
  ist_host *host = env;
  char *path = ist__url_to_path(url, NULL);
  if (!path) return;
  char *slash = strrchr(path, '/');
  ist_value value;
  if (!ist_string_new(host->isolate, path, slash == path ? 1 : (size_t)(slash - path), &value))
    (void)ist__define(context, meta, "dirname", value);
  if (!ist_string_new(host->isolate, path, strlen(path), &value))
    (void)ist__define(context, meta, "filename", value);
  free(path);
}
