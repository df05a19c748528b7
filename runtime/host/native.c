/* What a host's program may load: which interface files are granted, by name or by path, and the
 * libraries that were opened for it. Nothing is granted unless the host's maker granted it. A
 * granted name resolves in the host's folders alone, so that a file that JavaScript has written can
 * never stand in for it; any other file is granted by its path. */
#include "internal.h"

#include "ffi/ffi.h"
#include "gen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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
  size_t count = ist__list_length((const char *const *)grant->tags);
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
  if (ist__library_is_path(name)) {
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
  size_t dirs = ist__list_length(options->idl_dirs), grants = ist__list_length(options->grants);
  char *cwd = ist__path_cwd();
  host->idl_dirs = ist__must_alloc((dirs + 2) * sizeof *host->idl_dirs);
  for (size_t i = 0; i < dirs; i++) host->idl_dirs[i] = ist__path_join(cwd, options->idl_dirs[i]);
  host->idl_dirs[dirs] = ist__library_installed_dir();

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
    ist_library_free(loaded->library);
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
  if (ist__library_is_path(name)) {
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
  if (!ist__gen_is_name(name)) {
    ist__text_printf(&message, "ffi:%s: not the name of a library", name);
    return fail(error, IST_ERR_ARGUMENT, &message);
  }
  *grant = find_grant(host, name);
  if (!host->grant_all && !*grant) {
    ist__text_printf(&message, "ffi:%s is not allowed; run with --allow-ffi=%s", name, name);
    return fail(error, IST_ERR_DENIED, &message);
  }
  return ist__library_find(name, host->idl_dirs, path, error);
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
    ist__text_printf(&label, "%s%s", ist__library_is_path(name) ? "" : "ffi:", name);
    ist_library *library = NULL;
    status = ist__library_compile(label.data, path, (const char *const *)host->idl_dirs, &library,
                                  error);
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
  return ist_context_grant(host->context, loaded->library, tags, exports, error);
}

bool ist__native_close(ist_host *host, ist_value exports) {
  if (!ist__context_close_library(host->context, exports)) return false;
  ist__loaded_library **link = &host->libraries;
  while (*link) {
    ist__loaded_library *loaded = *link;
    struct ist__library *library = ist__library_behind(loaded->library);
    bool closed = !library || atomic_load(&library->closed);
    ist__library_release(library);
    if (!closed) {
      link = &loaded->next;
      continue;
    }
    *link = loaded->next;
    ist_library_free(loaded->library);
    free(loaded->path);
    free(loaded->label);
    free(loaded);
  }
  return true;
}
