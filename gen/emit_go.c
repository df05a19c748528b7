// A Go package: `isthmus gen --go`. One file that calls the library through cgo, written as gofmt
// would have it. What cannot be expressed is refused where it stands in the interface file.
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>

#include "emit_go.h"

static bool is_exported(const go_emitter *e, const decl *f) {
  return !f->internal && f->module == e->c->main && !f->bad && f != e->c->free_function;
}

static void add_ends(go_emitter *e, const decl_list *list) {
  for (int i = 0; i < list->count; i++) {
    bool known = false;
    for (int k = 0; k < e->ends.count; k++) known |= e->ends.at[k] == list->at[i];
    if (!known) PUSH(e->c, e->ends, list->at[i]);
  }
}

// Where a function is given to C.
static void look_at_use(go_emitter *e, const param *p) {
  decl *d = p->dtype->decl;
  e->calls_back = true;
  if (strcmp(p->scope, "call") != 0) e->lingers = true;
  add_ends(e, &p->scope_functions);
  if (!d->no_reenter) return;
  e->seals = true;
  for (int i = 0; i < e->sealing.count; i++)
    if (e->sealing.at[i] == d) return;
  PUSH(e->c, e->sealing, d);
}

static void look_at(go_emitter *e, const param *p) {
  if (!p->dtype) return;
  add_ends(e, &p->until);
  if (p->until.count && p->parent < 0) e->loose = true;
  if (p->role == ROLE_VALUE && p->dtype->kind == DT_CALLBACK) look_at_use(e, p);
}

static void look(go_emitter *e) {
  for (int i = 0; i < e->c->functions.count; i++) {
    const decl *f = e->c->functions.at[i];
    if (!is_exported(e, f)) continue;
    look_at(e, f->result);
    for (int k = 0; k < f->params.count; k++) look_at(e, f->params.at[k]);
  }
  for (int i = 0; i < e->c->main->decls.count; i++) {
    const decl *d = e->c->main->decls.at[i];
    for (int k = 0; d->kind == D_STRUCT && k < d->fields.count; k++)
      if (d->fields.at[k].use) look_at_use(e, d->fields.at[k].use);
  }
}

// --- where things are ---

static const char *folder_of(go_emitter *e) {
  const source *s = e->c->main->source;
  const char *file = s->path ? s->path : s->name, *slash = strrchr(file, '/');
  const char *folder = slash ? TEXT("%.*s", (int)(slash - file) + (slash == file), file) : ".";
  char *real = realpath(folder, NULL);
  if (real) folder = ist__idl_text(e->c, real, strlen(real));
  free(real);
  return folder;
}

// The way from the package to a folder, for cgo: `${SRCDIR}` is the package's.
static const char *way_to(go_emitter *e, const char *folder) {
  char *real = realpath(e->folder ? e->folder : ".", NULL);
  const char *from = real ? ist__idl_text(e->c, real, strlen(real)) : "/";
  free(real);
  int common = 0;
  for (int i = 0;; i++) {
    bool end_from = !from[i] || from[i] == '/', end_to = !folder[i] || folder[i] == '/';
    if (end_from && end_to) common = i;
    if (!from[i] || !folder[i] || from[i] != folder[i]) break;
  }
  buffer b = {0};
  ist__idl_buffer_add(e->c, &b, "${SRCDIR}");
  for (const char *at = from + common; *at; at++)
    if (*at == '/' && at[1]) ist__idl_buffer_add(e->c, &b, "/..");
  if (folder[common])
    ist__idl_buffer_add(e->c, &b, "/%s", folder + common + (folder[common] == '/'));
  return b.at;
}

// The linker's name of the first library that it can have one for.
static void link_flags(go_emitter *e) {
  const module *m = e->c->main;
  for (int i = 0; i < m->link.count; i++) {
    const char *name = m->link.at[i], *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name, *so = strstr(base, ".so");
    if (!*name || strcmp(base, "libc.so.6") == 0) return;
    if (!so) continue;
    if (slash) {
      const char *folder = name[0] == '/'
                               ? TEXT("%.*s", (int)(slash - name), name)
                               : TEXT("%s/%.*s", folder_of(e), (int)(slash - name), name);
      if (name[0] == '.' && name[1] == '/')
        folder = slash == name + 1
                     ? folder_of(e)
                     : TEXT("%s/%.*s", folder_of(e), (int)(slash - name) - 2, name + 2);
      const char *way = name[0] == '/' ? folder : way_to(e, folder);
      GO("#cgo LDFLAGS: -L%s -l:%s -Wl,-rpath,%s\n", way, base, way);
      return;
    }
    if (strncmp(base, "lib", 3) != 0) continue;
    GO("#cgo LDFLAGS: -l%.*s\n", (int)(so - base) - 3, base + 3);
    return;
  }
}

static void cgo_lines(go_emitter *e) {
  const module *m = e->c->main;
  for (int i = 0; i < m->packages.count; i++) GO("#cgo pkg-config: %s\n", m->packages.at[i]);
  if (!m->packages.count) link_flags(e);
  // What gcc 4.6 did otherwise is nobody's business any more.
  for (int i = 0; i < m->decls.count; i++)
    if (m->decls.at[i]->kind == D_STRUCT && m->decls.at[i]->align > 16) {
      GO("#cgo CFLAGS: -Wno-psabi\n");
      break;
    }
  for (int i = 0; i < m->defines.count; i++)
    GO("#cgo CFLAGS: -D%s%s%s\n", m->defines.at[i].name, m->defines.at[i].value ? "=" : "",
       m->defines.at[i].value ? m->defines.at[i].value : "");
  for (int i = 0; i < m->headers.count; i++)
    if (m->headers.at[i][0] == '"') {
      GO("#cgo CFLAGS: -I%s\n", way_to(e, folder_of(e)));
      break;
    }
}

// --- the file ---

static void write_errors(go_emitter *e) {
  decl_list list = {0};
  for (int i = 0; i < e->c->functions.count; i++) {
    decl *d = e->c->functions.at[i]->throws;
    if (!d || !is_exported(e, e->c->functions.at[i])) continue;
    bool known = false;
    for (int k = 0; k < list.count; k++) known |= list.at[k] == d;
    if (known) continue;
    PUSH(e->c, list, d);
    const char *type = ist__go_exported(e, d->js);
    if (d->module != e->c->main)
      ist__idl_error(e->c, d->at, "Go: not supported yet: another file's error");
    GO("func fail%s(f *clib.Function, out *C.istg_failure) error {\n", type);
    GO("\tif out.missing != 0 {\n\t\treturn f.Missing()\n\t}\n");
    GO("\treturn &%s{f.Failed(int64(out.code), out.coded != 0, "
       "clib.TakeText(unsafe.Pointer(out.message)))}\n}\n\n",
       type);
  }
}

static void write_library(go_emitter *e) {
  const char *name = e->c->main->name;
  if (e->c->main->threadsafe)
    GO("var library = clib.Library{\n\tName:     \"%s\",\n\tParallel: true,\n", name);
  else
    GO("var library = clib.Library{\n\tName: \"%s\",\n", name);
  if (e->calls_back)
    GO("\tInside: func(call uint64) int32 {\n\t\treturn "
       "int32(C.istg_inside(C.uint64_t(call)))\n\t},\n"
       "\tLost: func() {\n\t\tC.istg_lost()\n\t},\n");
  if (e->seals) {
    GO("\tSealed: func() int32 {\n\t\treturn int32(C.istg_sealed())\n\t},\n\tCallbacks: []string{");
    for (int i = 0; i < e->sealing.count; i++)
      GO("%s\"%s\"", i ? ", " : "", e->sealing.at[i]->name);
    GO("},\n");
  }
  GO("}\n\n");
}

static void write_ends(go_emitter *e, const decl *f, const param *p) {
  if (!p->dtype || !p->until.count || ist__go_element(p)->kind != DT_REF ||
      ist__go_element(p)->to->kind != DT_HANDLE)
    return;
  GO("var ends%s%s = []*clib.Function{", ist__go_variable(e, f),
     p->name ? ist__go_exported(e, p->name) : "");
  for (int i = 0; i < p->until.count; i++)
    GO("%s%s", i ? ", " : "", ist__go_variable(e, p->until.at[i]));
  GO("}\n\n");
}

static void write_functions(go_emitter *e) {
  for (int i = 0; i < e->c->functions.count; i++) {
    decl *f = e->c->functions.at[i];
    if (!is_exported(e, f)) continue;
    write_ends(e, f, f->result);
    for (int k = 0; k < f->params.count; k++) write_ends(e, f, f->params.at[k]);
    ist__go_function(e, f);
  }
}

// What an import describes serves expressions only: its headers are needed.
static void includes(go_emitter *e, buffer *b) {
  ist__idl_buffer_add(e->c, b,
                      "#include <errno.h>\n#include <stdbool.h>\n#include <stddef.h>\n"
                      "#include <stdint.h>\n#include <stdlib.h>\n#include <string.h>\n");
  for (int i = 0; i < e->c->modules.count; i++)
    for (int k = 0; k < e->c->modules.at[i]->headers.count; k++)
      ist__idl_buffer_add(e->c, b, "#include %s\n", e->c->modules.at[i]->headers.at[k]);
}

static void imports(go_emitter *e, buffer *out, const char *text) {
  static const char *const all[] = {"runtime", "syscall", "unsafe"};
  ist__idl_buffer_add(e->c, out, "import (\n");
  bool any = false;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strstr(text, TEXT("%s.", all[i]))) {
      ist__idl_buffer_add(e->c, out, "\t\"%s\"\n", all[i]);
      any = true;
    }
  ist__idl_buffer_add(e->c, out, "%s\t\"isthmus/bindings/go/clib\"\n)\n\n", any ? "\n" : "");
}

static const char *package_name(go_emitter *e) {
  buffer b = {0};
  for (const char *at = e->c->main->name; *at; at++)
    if (*at != '_') ist__idl_buffer_add(e->c, &b, "%c", tolower(*at));
  return ist__go_local(e, b.at);
}

char *ist__idl_emit_go(compiler *c) {
  go_emitter emitter = {.c = c, .folder = c->folder}, *e = &emitter;
  // The functions are those of the descriptor: the file's own and what describes others.
  free(ist__idl_emit_descriptor(c));
  look(e);
  ist__go_helpers(e);
  write_library(e);
  ist__go_constants(e);
  ist__go_types(e);
  write_errors(e);
  write_functions(e);
  ist__go_callbacks_end(e);
  if (c->errors) return strdup("");
  buffer body = e->go;
  e->go = (buffer){0};
  GO("// Code generated by isthmus gen --go; DO NOT EDIT.\n\n");
  const char *package = package_name(e);
  if (c->main->doc)
    ist__go_doc(e, "", TEXT("Package %s", package), c->main->doc, NULL);
  else
    GO("// Package %s calls a library of C.\n", package);
  GO("package %s\n\n/*\n", package);
  cgo_lines(e);
  if (e->flags.at) GO("%s", e->flags.at);
  includes(e, &e->go);
  GO("\n%s\n%s*/\nimport \"C\"\n\n", e->preamble.at, e->functions.at ? e->functions.at : "");
  imports(e, &e->go, body.at);
  // One newline at the end, as gofmt has it.
  while (body.len > 1 && body.at[body.len - 1] == '\n' && body.at[body.len - 2] == '\n')
    body.at[--body.len] = '\0';
  GO("%s", body.at);
  return strdup(e->go.at);
}
