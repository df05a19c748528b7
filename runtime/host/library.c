/* Native libraries for every language: from an interface file, its text, its name or its descriptor
 * to a library that any isolate of the process may use. Whoever opens a library decides what its
 * functions may do; nothing here asks for grants. No isolate is needed or touched, and any thread
 * may be in any of this. */
#include "internal.h"

#include "ffi/ffi.h"
#include "gen.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool ist__library_is_path(const char *name) {
  size_t length = strlen(name);
  return strchr(name, '/') || (length > 4 && !strcmp(name + length - 4, ".idl"));
}

size_t ist__list_length(const char *const *list) {
  size_t count = 0;
  while (list && list[count]) count++;
  return count;
}

/* By where libisthmus is: in a build tree, a prefix or a package of another language. */
char *ist__library_installed_dir(void) {
  Dl_info info = {0};
  bool known = dladdr((const void *)(uintptr_t)&ist_library_open_name, &info) && info.dli_fname;
  const char *beside = known && !access(info.dli_fname, F_OK) ? info.dli_fname : "/proc/self/exe";
  char *folder = ist__gen_installed_dir(beside, IST_IDL_DIR_INSTALL);
  return folder ? folder : ist__must_copy(IST_IDL_DIR_INSTALL);
}

/* An error with a text that is freed. */
static ist_status fail(ist_error **error, ist_status status, ist__text *message) {
  if (error) *error = ist_error_new(status, "Error", message->data);
  ist__text_free(message);
  return status;
}

static ist_status plainly(ist_error **error, ist_status status) {
  if (error) *error = status ? ist_error_new(status, NULL, NULL) : NULL;
  return status;
}

ist_status ist__library_find(const char *name, char **dirs, char **path, ist_error **error) {
  ist__text message = {0};
  *path = ist__gen_find(name, (const char *const *)dirs, &message.data);
  if (*path) return plainly(error, IST_OK);
  if (!message.data) return plainly(error, IST_ERR_MEMORY);
  return fail(error, IST_ERR_NOT_FOUND, &message);
}

/* ---- From text to a library ---- */

/* What is to be compiled: the file at `path`, or else `text`, which `file` names. */
typedef struct source {
  const char *label; /* for messages */
  const char *path;
  const char *file, *text;
  size_t length;
} source;

/* Opens what a descriptor describes; `label` (may be NULL) begins the message when it cannot be. */
static ist_status open_json(const char *label, const char *json, size_t length,
                            ist_library **result, ist_error **error) {
  static const ist_status blamed[] = {
      [IST__BLAME_TEXT] = IST_ERR_INTERFACE,
      [IST__BLAME_LIBRARY] = IST_ERR_NOT_FOUND,
      [IST__BLAME_MEMORY] = IST_ERR_MEMORY,
  };
  ist__fault fault = {.text = ""};
  struct ist__library *library = ist__library_open(json, length, &fault);
  if (library) return plainly(error, ist__library_wrap(library, result));
  ist__text message = {0};
  ist__text_printf(&message, "%s%s%s", label ? label : "", label ? ": " : "", fault.text);
  return fail(error, blamed[fault.blame], &message);
}

static ist_status compile(const source *from, const char *const *dirs, ist_library **result,
                          ist_error **error) {
  ist__diag_report found = {0};
  ist__gen_options options = {0};
  options.file = from->file;
  options.import_dirs = dirs;
  options.import_dir_count = ist__list_length(dirs);
  options.diag = ist__diag_collect;
  options.diag_env = &found;
  char *json = NULL;
  int errors = from->path ? ist__gen_descriptor_file(from->path, &options, &json)
                          : ist__gen_descriptor(from->text, from->length, &options, &json);
  ist_status status = IST_ERR_INTERFACE;
  if (errors) {
    char *message = ist__diag_message(&found, from->label, errors);
    if (error)
      *error =
          ist__error_new_at(IST_ERR_INTERFACE, "Error", message ? message : from->label, found.file,
                            found.line, found.column, found.column + found.width, found.source);
    ist__gen_free(message);
  } else {
    status = open_json(from->label, json, strlen(json), result, error);
    ist__gen_free(json);
  }
  ist__diag_report_free(&found);
  return status;
}

ist_status ist__library_compile(const char *label, const char *path, const char *const *dirs,
                                ist_library **result, ist_error **error) {
  source from = {.label = label, .path = path};
  return compile(&from, dirs, result, error);
}

/* ---- isthmus.h ---- */

ist_status ist_library_open_text(const char *file, const char *text, size_t length,
                                 ist_library **result, ist_error **error) {
  if (!text || !result) return plainly(error, IST_ERR_ARGUMENT);
  char *dirs[] = {ist__library_installed_dir(), NULL};
  source from = {file ? file : "interface", NULL, file, text, length};
  ist_status status = compile(&from, (const char *const *)dirs, result, error);
  free(dirs[0]);
  return status;
}

ist_status ist_library_open_file(const char *path, ist_library **result, ist_error **error) {
  if (!path || !result) return plainly(error, IST_ERR_ARGUMENT);
  char *real = realpath(path, NULL);
  if (!real) {
    ist__text message = {0};
    ist__text_printf(&message, "Cannot find the interface file '%s'", path);
    return fail(error, IST_ERR_NOT_FOUND, &message);
  }
  char *dirs[] = {ist__library_installed_dir(), NULL};
  ist_status status = ist__library_compile(path, real, (const char *const *)dirs, result, error);
  free(dirs[0]);
  free(real);
  return status;
}

ist_status ist_library_open_descriptor(const char *json, size_t length, ist_library **result,
                                       ist_error **error) {
  if (!json || !result) return plainly(error, IST_ERR_ARGUMENT);
  return open_json(NULL, json, length, result, error);
}

ist_status ist_library_open_name(const char *name, const char *const *given, ist_library **result,
                                 ist_error **error) {
  if (!name || !result) return plainly(error, IST_ERR_ARGUMENT);
  ist__text label = {0};
  ist__text_printf(&label, "ffi:%s", name);
  if (!ist__gen_is_name(name)) {
    ist__text_puts(&label, ": not the name of a library");
    return fail(error, IST_ERR_ARGUMENT, &label);
  }
  size_t count = ist__list_length(given);
  char **dirs = ist__must_alloc((count + 2) * sizeof *dirs);
  char *cwd = ist__path_cwd(), *path = NULL;
  for (size_t i = 0; i < count; i++) dirs[i] = ist__path_join(cwd, given[i]);
  dirs[count] = ist__library_installed_dir();
  ist_status status = ist__library_find(name, dirs, &path, error);
  if (!status)
    status = ist__library_compile(label.data, path, (const char *const *)dirs, result, error);
  for (size_t i = 0; i <= count; i++) free(dirs[i]);
  free(dirs);
  free(cwd);
  free(path);
  ist__text_free(&label);
  return status;
}
