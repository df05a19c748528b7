// The types that C knows by itself, names of types resolved to their declarations, and what a type
// is once its typedefs are taken away.
#include "compiler.h"

// Sizes and signs on x86-64 and on AArch64. Those of POSIX are here so that interface files need
// not repeat what differs between machines.
static const scalar scalars[] = {
    {"char", S_INT, {1, 1}, {true, false}, false},
    {"signed char", S_INT, {1, 1}, {true, true}, false},
    {"unsigned char", S_INT, {1, 1}, {false, false}, false},
    {"short", S_INT, {2, 2}, {true, true}, false},
    {"unsigned short", S_INT, {2, 2}, {false, false}, false},
    {"int", S_INT, {4, 4}, {true, true}, false},
    {"unsigned int", S_INT, {4, 4}, {false, false}, false},
    {"long", S_INT, {8, 8}, {true, true}, false},
    {"unsigned long", S_INT, {8, 8}, {false, false}, false},
    {"long long", S_INT, {8, 8}, {true, true}, true},
    {"unsigned long long", S_INT, {8, 8}, {false, false}, true},
    {"float", S_FLOAT, {4, 4}, {true, true}, false},
    {"double", S_FLOAT, {8, 8}, {true, true}, false},
    {"bool", S_BOOL, {1, 1}, {false, false}, false},
    {"int8_t", S_INT, {1, 1}, {true, true}, false},
    {"uint8_t", S_INT, {1, 1}, {false, false}, false},
    {"int16_t", S_INT, {2, 2}, {true, true}, false},
    {"uint16_t", S_INT, {2, 2}, {false, false}, false},
    {"int32_t", S_INT, {4, 4}, {true, true}, false},
    {"uint32_t", S_INT, {4, 4}, {false, false}, false},
    {"int64_t", S_INT, {8, 8}, {true, true}, true},
    {"uint64_t", S_INT, {8, 8}, {false, false}, true},
    {"intmax_t", S_INT, {8, 8}, {true, true}, true},
    {"uintmax_t", S_INT, {8, 8}, {false, false}, true},
    {"size_t", S_INT, {8, 8}, {false, false}, false},
    {"ssize_t", S_INT, {8, 8}, {true, true}, false},
    {"ptrdiff_t", S_INT, {8, 8}, {true, true}, false},
    {"intptr_t", S_INT, {8, 8}, {true, true}, false},
    {"uintptr_t", S_INT, {8, 8}, {false, false}, false},
    {"wchar_t", S_INT, {4, 4}, {true, false}, false},
    {"wint_t", S_INT, {4, 4}, {false, false}, false},
    {"char16_t", S_INT, {2, 2}, {false, false}, false},
    {"char32_t", S_INT, {4, 4}, {false, false}, false},
    {"time_t", S_INT, {8, 8}, {true, true}, false},
    {"clock_t", S_INT, {8, 8}, {true, true}, false},
    {"suseconds_t", S_INT, {8, 8}, {true, true}, false},
    {"useconds_t", S_INT, {4, 4}, {false, false}, false},
    {"clockid_t", S_INT, {4, 4}, {true, true}, false},
    {"off_t", S_INT, {8, 8}, {true, true}, false},
    {"mode_t", S_INT, {4, 4}, {false, false}, false},
    {"pid_t", S_INT, {4, 4}, {true, true}, false},
    {"uid_t", S_INT, {4, 4}, {false, false}, false},
    {"gid_t", S_INT, {4, 4}, {false, false}, false},
    {"dev_t", S_INT, {8, 8}, {false, false}, false},
    {"ino_t", S_INT, {8, 8}, {false, false}, false},
    {"nlink_t", S_INT, {8, 4}, {false, false}, false},
    {"blksize_t", S_INT, {8, 4}, {true, true}, false},
    {"blkcnt_t", S_INT, {8, 8}, {true, true}, false},
    {"socklen_t", S_INT, {4, 4}, {false, false}, false},
};

const scalar *ist__idl_scalar_find(const char *name) {
  for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
    if (strcmp(scalars[i].name, name) == 0) return &scalars[i];
  return NULL;
}

const ctype *ist__idl_type_strip(const ctype *t) {
  while (t->kind == T_NAMED && t->decl && t->decl->kind == D_TYPEDEF) {
    if (t->decl->bad) {
      static const ctype bad = {.kind = T_BAD};
      return &bad;
    }
    t = t->decl->type;
  }
  return t;
}

bool ist__idl_type_is_const(const ctype *t) {
  for (;;) {
    if (t->is_const) return true;
    if (t->kind != T_NAMED || !t->decl || t->decl->kind != D_TYPEDEF || t->decl->bad) return false;
    t = t->decl->type;
  }
}

bool ist__idl_type_is_char(const ctype *t) {
  t = ist__idl_type_strip(t);
  return t->kind == T_SCALAR && strcmp(t->scalar->name, "char") == 0;
}

bool ist__idl_type_is_byte(const ctype *t) {
  t = ist__idl_type_strip(t);
  return t->kind == T_VOID ||
         (t->kind == T_SCALAR && t->scalar->kind == S_INT && t->scalar->size[0] == 1);
}

decl *ist__idl_type_decl(const ctype *t, decl_kind kind) {
  t = ist__idl_type_strip(t);
  return t->kind == T_NAMED && t->decl && t->decl->kind == kind ? t->decl : NULL;
}

bool ist__idl_type_is_integer(const ctype *t) {
  t = ist__idl_type_strip(t);
  return (t->kind == T_SCALAR && t->scalar->kind == S_INT) || ist__idl_type_decl(t, D_ENUM);
}

static const char *key_of(compiler *c, const char *tag, const char *name) {
  return tag ? ist__idl_format(c, "%s %s", tag, name) : name;
}

decl *ist__idl_lookup(compiler *c, const char *tag, const char *name) {
  return ist__idl_map_get(&c->names, key_of(c, tag, name));
}

static bool is_type(const decl *d) {
  return d->kind != D_CONST && d->kind != D_FUNCTION && d->kind != D_ERROR;
}

static void report_unknown(compiler *c, const ctype *t) {
  guess g = {.wanted = t->name};
  for (int i = 0; i < c->modules.count; i++)
    for (int j = 0; j < c->modules.at[i]->decls.count; j++) {
      const decl *d = c->modules.at[i]->decls.at[j];
      if (is_type(d) && !d->tag == !t->tag) ist__idl_guess_offer(&g, d->name);
    }
  if (!t->tag) {
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
      ist__idl_guess_offer(&g, scalars[i].name);
    if (!g.best) {
      // The other name space is the next guess: `tm` for `struct tm`.
      static const char *const tags[] = {"struct", "enum", "union"};
      for (int i = 0; i < 3; i++) {
        const char *key = key_of(c, tags[i], t->name);
        if (ist__idl_map_get(&c->names, key)) g.best = key;
      }
    }
  } else if (ist__idl_map_get(&c->names, t->name)) {
    g.best = t->name;
  }
  ist__idl_error(c, t->at, "unknown type '%s'%s", key_of(c, t->tag, t->name),
                 ist__idl_guess_text(c, &g));
}

static void resolve_name(compiler *c, ctype *t) {
  if (t->decl) return;
  decl *d = ist__idl_lookup(c, t->tag, t->name);
  if (!d) d = ist__idl_lookup(c, "type", key_of(c, t->tag, t->name));
  if (!d && !t->tag) {
    const scalar *s = ist__idl_scalar_find(t->name);
    if (s) {
      t->kind = T_SCALAR;
      t->scalar = s;
      if (t->args.count) ist__idl_error(c, t->at, "'%s' takes no arguments", t->name);
      return;
    }
    if (strcmp(t->name, "FILE") == 0 || strcmp(t->name, "DIR") == 0) {
      ist__idl_error(c, t->at, "unknown type '%s': declare 'handle %s;' or import it", t->name,
                     t->name);
      t->kind = T_BAD;
      return;
    }
  }
  if (!d) {
    report_unknown(c, t);
    t->kind = T_BAD;
    return;
  }
  if (!is_type(d)) {
    ist__idl_error(c, t->at, "'%s' is not a type", t->name);
    ist__idl_note(c, d->at, "it is declared here");
    t->kind = T_BAD;
    return;
  }
  t->decl = d;
  int wanted = d->kind == D_CALLBACK ? d->type_params.count : 0;
  if (t->args.count != wanted) {
    ist__idl_error(c, t->at, "'%s' takes %d argument%s in < >, not %d", t->name, wanted,
                   wanted == 1 ? "" : "s", t->args.count);
    t->kind = T_BAD;
    return;
  }
  if (d->kind == D_TYPEDEF) {
    if (d->state == BUSY) {
      ist__idl_error(c, t->at, "the typedef '%s' stands for itself", d->name);
      d->bad = true;
      t->kind = T_BAD;
      return;
    }
    if (d->state == FRESH) {
      d->state = BUSY;
      ist__idl_descend(c, d->at);
      ist__idl_type_resolve(c, d->type, d->module);
      ist__idl_ascend(c);
      d->state = DONE;
    }
  }
}

void ist__idl_type_resolve(compiler *c, ctype *t, module *m) {
  for (; t; t = t->to) {
    if (t->kind == T_NAMED) resolve_name(c, t);
    for (int i = 0; i < t->params.count; i++) ist__idl_type_resolve(c, t->params.at[i]->type, m);
    if (!t->attrs_checked) ist__idl_attrs_check(c, &t->attrs, ON_INNER);
    t->attrs_checked = true;
    if (t->kind == T_ARRAY && ist__idl_type_decl(t->to, D_CALLBACK) && t->to->kind == T_NAMED &&
        !t->to->decl->is_pointer) {
      ist__idl_error(c, t->at, "an array of functions");
      t->kind = T_BAD;
    }
  }
}

const char *ist__idl_type_text(compiler *c, const ctype *t) {
  return ist__idl_type_c(c, t, "");
}

bool ist__idl_type_layout(compiler *c, const ctype *t, int64_t *size, int64_t *align) {
  t = ist__idl_type_strip(t);
  switch (t->kind) {
  case T_SCALAR: *size = *align = t->scalar->size[c->target]; return true;
  case T_POINTER: *size = *align = 8; return true;
  case T_ARRAY:
    if (!ist__idl_type_layout(c, t->to, size, align)) return false;
    // Whoever asks refuses what is this large.
    if ((wide)*size * t->elements > (wide)1 << 40)
      *size = (int64_t)1 << 40;
    else
      *size *= t->elements;
    return true;
  case T_NAMED:
    if (t->decl->kind == D_ENUM) {
      ist__idl_layout_enum(c, t->decl);
    } else if (t->decl->is_pointer) {
      *size = *align = 8;
      return true;
    } else if (t->decl->kind == D_STRUCT || (t->decl->kind == D_HANDLE && t->decl->has_fields)) {
      if (!ist__idl_layout_struct(c, t->decl)) return false;
    } else {
      return false;
    }
    *size = t->decl->size;
    *align = t->decl->align;
    return true;
  default: return false;
  }
}
