// isthmus-gen.h on gen.h: folders completed with the installed one, diagnostics made one message.
// Every result is set in every case, so that a caller in another language can free what it has.
#include "isthmus-gen.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

uint32_t ist_gen_abi_version(void) {
  return IST_GEN_ABI_VERSION;
}

const char *ist_gen_version(void) {
  return IST_VERSION;
}

void ist_gen_free(char *text) {
  free(text);
}

// Gives `message` to whoever wants it, or frees it.
static ist_gen_status fail(ist_gen_status status, char *message, char **wanted) {
  if (wanted)
    *wanted = message;
  else
    free(message);
  return status;
}

static void begin(char **result, char **message) {
  if (result) *result = NULL;
  if (message) *message = NULL;
}

// The folders given, and behind them the installed one, which alone is freed besides the list.
typedef struct {
  const char **at;
  size_t count;
  char *installed;
} folder_list;

static bool folders_make(const char *const *given, folder_list *list) {
  while (given && given[list->count]) list->count++;
  Dl_info info = {0};
  bool known = dladdr((const void *)(uintptr_t)&ist_gen_find, &info) != 0;
  list->installed = ist__gen_installed_dir(known ? info.dli_fname : NULL, IST_IDL_DIR_INSTALL);
  list->at = list->installed ? malloc((list->count + 2) * sizeof *list->at) : NULL;
  if (!list->at) {
    free(list->installed);
    return false;
  }
  if (list->count) memcpy(list->at, given, list->count * sizeof *list->at);
  list->at[list->count++] = list->installed;
  list->at[list->count] = NULL;
  return true;
}

static void folders_free(folder_list *list) {
  free(list->installed);
  free(list->at);
}

ist_gen_status ist_gen_find(const char *name, const char *const *folders, char **path,
                            char **message) {
  begin(path, message);
  if (!name || !path)
    return fail(IST_GEN_ARGUMENT, strdup("no name, or no place for the path"), message);
  char *text = NULL;
  if (!ist__gen_is_name(name)) {
    if (asprintf(&text, "ffi:%s: not the name of a library", name) < 0) text = NULL;
    return fail(IST_GEN_ARGUMENT, text, message);
  }
  folder_list list = {0};
  if (!folders_make(folders, &list)) return IST_GEN_MEMORY;
  *path = ist__gen_find(name, list.at, &text);
  folders_free(&list);
  if (*path) return IST_GEN_OK;
  return fail(text ? IST_GEN_NOT_FOUND : IST_GEN_MEMORY, text, message);
}

// An interface file: what is at `path`, or else `text`, and how messages call it.
typedef struct {
  const char *label, *path, *text;
  size_t length;
} source;

typedef enum { DESCRIPTOR, CDEF } output;

static int compile(const source *from, output wanted, const ist__gen_options *options,
                   char **result) {
  if (wanted == CDEF && from->path)
    return ist__gen_cdef_file(from->path, IST__GEN_CFFI_ABI, options, result);
  if (wanted == CDEF)
    return ist__gen_cdef(from->text, from->length, IST__GEN_CFFI_ABI, options, result);
  if (from->path) return ist__gen_descriptor_file(from->path, options, result);
  return ist__gen_descriptor(from->text, from->length, options, result);
}

static ist_gen_status make(const source *from, output wanted, const char *const *folders,
                           char **result, char **message) {
  folder_list list = {0};
  if (!folders_make(folders, &list)) return IST_GEN_MEMORY;
  ist__diag_report report = {0};
  ist__gen_options options = {.file = from->label,
                              .import_dirs = list.at,
                              .import_dir_count = list.count,
                              .diag = ist__diag_collect,
                              .diag_env = &report};
  int errors = compile(from, wanted, &options, result);
  char *text = errors ? ist__diag_message(&report, from->label, errors) : NULL;
  ist__diag_report_free(&report);
  folders_free(&list);
  return errors ? fail(IST_GEN_INTERFACE, text, message) : IST_GEN_OK;
}

static ist_gen_status from_file(const char *path, output wanted, const char *const *folders,
                                char **result, char **message) {
  begin(result, message);
  if (!path || !result)
    return fail(IST_GEN_ARGUMENT, strdup("no path, or no place for the result"), message);
  char *real = realpath(path, NULL);
  if (!real) {
    char *text = NULL;
    if (asprintf(&text, "Cannot find the interface file '%s'", path) < 0) text = NULL;
    return fail(IST_GEN_NOT_FOUND, text, message);
  }
  source from = {.label = path, .path = real};
  ist_gen_status status = make(&from, wanted, folders, result, message);
  free(real);
  return status;
}

static ist_gen_status from_text(const char *file, const char *text, size_t length, output wanted,
                                const char *const *folders, char **result, char **message) {
  begin(result, message);
  if (!text || !result)
    return fail(IST_GEN_ARGUMENT, strdup("no text, or no place for the result"), message);
  source from = {.label = file ? file : "interface", .text = text, .length = length};
  return make(&from, wanted, folders, result, message);
}

ist_gen_status ist_gen_descriptor_file(const char *path, const char *const *folders, char **json,
                                       char **message) {
  return from_file(path, DESCRIPTOR, folders, json, message);
}

ist_gen_status ist_gen_descriptor_text(const char *file, const char *text, size_t length,
                                       const char *const *folders, char **json, char **message) {
  return from_text(file, text, length, DESCRIPTOR, folders, json, message);
}

ist_gen_status ist_gen_cdef_file(const char *path, const char *const *folders, char **cdef,
                                 char **message) {
  return from_file(path, CDEF, folders, cdef, message);
}

ist_gen_status ist_gen_cdef_text(const char *file, const char *text, size_t length,
                                 const char *const *folders, char **cdef, char **message) {
  return from_text(file, text, length, CDEF, folders, cdef, message);
}
