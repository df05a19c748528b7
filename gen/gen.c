// The compiler's entries: sources are read, imports found, and the passes run in order.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler.h"

enum { MAX_SOURCE = 16 << 20, MAX_IMPORTS = 64 };

static char *read_file(compiler *c, const char *path, size_t *len) {
  struct stat st;
  // A pipe must not stop the compiler, neither here nor in an import.
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  FILE *f = fd < 0 ? NULL : fdopen(fd, "rb");
  if (!f) return NULL;
  if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    fclose(f);
    return NULL;
  }
  if (st.st_size > MAX_SOURCE) {
    errno = EFBIG;
    fclose(f);
    return NULL;
  }
  char *text = malloc((size_t)st.st_size + 1);
  *len = text ? fread(text, 1, (size_t)st.st_size, f) : 0;
  fclose(f);
  if (!text) return NULL;
  char *copy = ist__idl_text(c, text, *len);
  free(text);
  return copy;
}

static source *make_source(compiler *c, const char *name, const char *path, const char *text,
                           size_t len) {
  source *s = NEW(c, source);
  s->name = name;
  s->path = path;
  s->text = text;
  s->len = (int)len;
  ist__idl_source_index(c, s);
  return s;
}

source *ist__idl_source_open(compiler *c, const char *path) {
  size_t len;
  char *text = read_file(c, path, &len);
  return text ? make_source(c, ist__idl_text(c, path, strlen(path)), path, text, len) : NULL;
}

static const char *import_path(compiler *c, module *from, const char *name, bool is_path) {
  const char *file = is_path ? name : ist__idl_format(c, "%s.idl", name);
  if (file[0] == '/') return access(file, R_OK) == 0 ? file : NULL;
  const char *beside = from->source->path ? from->source->path : from->source->name;
  const char *slash = strrchr(beside, '/');
  const char *path =
      slash ? ist__idl_format(c, "%.*s%s", (int)(slash - beside + 1), beside, file) : file;
  if (access(path, R_OK) == 0) return path;
  for (size_t i = 0; i < c->options->import_dir_count; i++) {
    path = ist__idl_format(c, "%s/%s", c->options->import_dirs[i], file);
    if (access(path, R_OK) == 0) return path;
  }
  return NULL;
}

// A file imported twice is one module; one that is still being read imports itself.
module *ist__idl_module_import(compiler *c, module *from, const char *name, bool is_path, span at) {
  const char *path = import_path(c, from, name, is_path);
  if (!path) {
    ist__idl_error(c, at, "cannot find '%s%s'", name, is_path ? "" : ".idl");
    return NULL;
  }
  char *real = realpath(path, NULL);
  const char *key = ist__idl_format(c, "file %s", real ? real : path);
  free(real);
  module *m = ist__idl_map_get(&c->names, key);
  if (m) {
    if (m->busy) ist__idl_error(c, at, "'%s' imports itself", path);
    return m->busy ? NULL : m;
  }
  source *s = c->imports < MAX_IMPORTS ? ist__idl_source_open(c, path) : NULL;
  if (!s) {
    ist__idl_error(c, at, "cannot read '%s': %s", path,
                   c->imports < MAX_IMPORTS ? strerror(errno) : "too many imports");
    return NULL;
  }
  c->imports++;
  m = NEW(c, module);
  m->source = s;
  m->busy = true;
  ist__idl_map_put(c, &c->names, key, m);
  ist__idl_parse_module(c, m);
  m->busy = false;
  PUSH(c, c->modules, m);
  return m;
}

static void read_main(compiler *c, source *s) {
  module *m = NEW(c, module);
  m->source = s;
  m->busy = true;
  c->main = m;
  char *real = s->path ? realpath(s->path, NULL) : NULL;
  if (real) ist__idl_map_put(c, &c->names, ist__idl_format(c, "file %s", real), m);
  free(real);
  ist__idl_parse_module(c, m);
  m->busy = false;
  PUSH(c, c->modules, m);
}

static void begin(compiler *c, const ist__gen_options *options) {
  static const ist__gen_options none;
  memset(c, 0, sizeof *c);
  c->options = options ? options : &none;
#ifdef __aarch64__
  bool arm = c->options->target != IST__GEN_X86_64;
#else
  bool arm = c->options->target == IST__GEN_AARCH64;
#endif
  c->target = arm;
}

static source *open_main(compiler *c, const char *path) {
  source *s = ist__idl_source_open(c, path);
  if (!s) {
    // No line of any file is at fault, but the file has a name.
    ist__gen_options with_file = *c->options;
    with_file.file = path;
    const ist__gen_options *options = c->options;
    c->options = &with_file;
    ist__idl_error(c, (span){0}, "cannot read it: %s", strerror(errno));
    c->options = options;
  }
  return s;
}

// What to make of a checked file.
typedef char *(*emitter)(compiler *);

static int run(compiler *c, source *memory, const char *path, emitter emit, char **out) {
  if (setjmp(c->bail) == 0) {
    source *s = memory;
    if (s) ist__idl_source_index(c, s);
    if (!s) s = open_main(c, path);
    if (s) {
      read_main(c, s);
      // A file that does not parse has declarations missing, of which checking would complain
      // again.
      if (c->errors == 0) ist__idl_check(c);
      if (c->errors == 0) *out = emit(c);
      if (c->errors == 0 && !*out) ist__idl_error(c, (span){0}, "out of memory");
    }
  }
  ist__idl_arena_free(&c->arena);
  return c->errors;
}

static int run_text(const char *text, size_t len, const ist__gen_options *options, emitter emit,
                    char **text_out) {
  compiler c;
  char *out = NULL;
  begin(&c, options);
  source s = {
      .name = c.options->file ? c.options->file : "<memory>", .text = text, .len = (int)len};
  if (len > MAX_SOURCE) {
    s.len = 0;
    ist__idl_error(&c, (span){0}, "the text is longer than %d bytes", MAX_SOURCE);
    return c.errors;
  }
  int errors = run(&c, &s, NULL, emit, &out);
  if (errors == 0)
    *text_out = out;
  else
    free(out);
  return errors;
}

static int run_file(const char *path, const ist__gen_options *options, emitter emit,
                    char **text_out) {
  compiler c;
  char *out = NULL;
  begin(&c, options);
  int errors = run(&c, NULL, path, emit, &out);
  if (errors == 0 && text_out)
    *text_out = out;
  else
    free(out);
  return errors;
}

int ist__gen_descriptor(const char *text, size_t len, const ist__gen_options *options,
                        char **json_out) {
  return run_text(text, len, options, ist__idl_emit_descriptor, json_out);
}

int ist__gen_descriptor_file(const char *path, const ist__gen_options *options, char **json_out) {
  return run_file(path, options, ist__idl_emit_descriptor, json_out);
}

static emitter cdef_emitter(ist__gen_cffi mode) {
  return mode == IST__GEN_CFFI_ABI ? ist__idl_emit_cdef_abi : ist__idl_emit_cdef_api;
}

int ist__gen_cdef(const char *text, size_t len, ist__gen_cffi mode, const ist__gen_options *options,
                  char **cdef_out) {
  return run_text(text, len, options, cdef_emitter(mode), cdef_out);
}

int ist__gen_cdef_file(const char *path, ist__gen_cffi mode, const ist__gen_options *options,
                       char **cdef_out) {
  return run_file(path, options, cdef_emitter(mode), cdef_out);
}

int ist__gen_go(const char *text, size_t len, const ist__gen_options *options, char **go_out) {
  return run_text(text, len, options, ist__idl_emit_go, go_out);
}

int ist__gen_go_file(const char *path, const char *folder, const ist__gen_options *options,
                     char **go_out) {
  compiler c;
  char *out = NULL;
  begin(&c, options);
  c.folder = folder;
  int errors = run(&c, NULL, path, ist__idl_emit_go, &out);
  if (errors == 0)
    *go_out = out;
  else
    free(out);
  return errors;
}

int ist__gen_prove(const char *path, const ist__gen_options *options, char **summary_out) {
  return run_file(path, options, ist__idl_prove, summary_out);
}

void ist__gen_free(char *text) {
  free(text);
}
