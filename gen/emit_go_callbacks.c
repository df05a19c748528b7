// Callbacks in Go. For each place that takes a function there is a function in C of the callback's
// type, which packs what C passes, asks Go, and gives Go's answer, or what `on_throw` says. Where C
// carries user data, that is the number of the Go function; where it carries none, there are many
// such functions in C, one for each Go function at a time.
#include "emit_go.h"

#define OUT(b, ...) ist__idl_buffer_add(e->c, &(b), __VA_ARGS__)

enum { SLOTS_CALL = 256, SLOTS_MORE = 1024 };

// What Go gets for a parameter.
static const char *argument_type(go_emitter *e, const param *p) {
  const dtype *t = ist__go_element(p);
  if (p->role == ROLE_BUFFER || p->role == ROLE_VIEW) {
    if (p->text) return p->null ? "*string" : "string";
    if (t->kind == DT_STRING) return p->element_null ? "[]*string" : "[]string";
    return TEXT("[]%s", ist__go_type(e, t));
  }
  if (ist__go_is_struct(t)) {
    const char *name = ist__go_type_name(e, t->kind == DT_STRUCT ? t->decl : t->to->decl);
    return t->kind == DT_REF ? TEXT("*%s", name) : name;
  }
  if (t->kind == DT_STRING) return p->null ? "*string" : "string";
  return ist__go_type(e, t);
}

const char *ist__go_callback_signature(go_emitter *e, const decl *d) {
  buffer b = {0};
  OUT(b, "func(");
  for (int i = 0; i < d->args.count; i++) {
    const param *p = d->params.at[d->args.at[i]];
    OUT(b, "%s%s %s", i ? ", " : "", ist__go_local(e, p->name), argument_type(e, p));
  }
  if (d->result->dtype->kind == DT_VOID)
    OUT(b, ") error");
  else
    OUT(b, ") (%s, error)", ist__go_type(e, d->result->dtype));
  return b.at;
}

static const char *name_of(go_emitter *e, const decl *d) {
  return ist__go_exported(e, d->name);
}

// Whether what C passes says which Go function is meant.
static bool has_data(const param *p) {
  const decl *d = p->dtype->decl;
  for (int i = 0; i < d->params.count && p->data >= 0; i++)
    if (d->params.at[i]->role == ROLE_DATA) return true;
  return false;
}

// --- C ---

static const char *wire_of(go_emitter *e, const param *p) {
  const dtype *t = ist__go_element(p);
  if (p->role == ROLE_VALUE && ist__go_is_number(t)) return ist__go_wire(e, t);
  if (p->role == ROLE_VALUE && ist__go_is_handle(t)) return "uintptr_t";
  return "void *";
}

static bool is_type_arg(const expr *x) {
  return x && x->kind == X_TYPE_ARG;
}

static void values_c(go_emitter *e, decl *d) {
  buffer *b = &e->functions;
  ist__idl_buffer_add(e->c, b, "struct istg_v_%s {\n", d->name);
  for (int i = 0; i < d->params.count; i++) {
    const param *p = d->params.at[i];
    if (p->role == ROLE_DATA) continue;
    const char *wire = wire_of(e, p);
    ist__idl_buffer_add(e->c, b, "  %s%sv%d;\n", wire, wire[strlen(wire) - 1] == '*' ? "" : " ", i);
    if (p->count && !is_type_arg(p->count)) ist__idl_buffer_add(e->c, b, "  int64_t n%d;\n", i);
  }
  const dtype *r = d->result->dtype;
  if (r->kind == DT_STRUCT)
    ist__idl_buffer_add(e->c, b, "  void *r;\n");
  else if (r->kind != DT_VOID)
    ist__idl_buffer_add(e->c, b, "  %s r;\n", ist__go_wire(e, r));
  ist__idl_buffer_add(e->c, b, "  char *message;\n};\n");
}

static int seal_of(const go_emitter *e, const decl *d) {
  for (int i = 0; i < e->sealing.count; i++)
    if (e->sealing.at[i] == d) return i;
  return -1;
}

static const char *params_c(go_emitter *e, const decl *d, const char *first) {
  buffer b = {0};
  OUT(b, "%s", first);
  for (int i = 0; i < d->params.count; i++)
    OUT(b, "%s%s", b.len ? ", " : "", ist__idl_type_c(e->c, d->params.at[i]->type, TEXT("p%d", i)));
  return b.len ? b.at : "void";
}

// The body that all functions of one use share.
static void body_c(go_emitter *e, const param *u, const char *base, int use) {
  const decl *d = u->dtype->decl;
  buffer *b = &e->functions;
  const dtype *r = d->result->dtype;
  const char *name = TEXT("istg_run_%s(%s)", base, params_c(e, d, "uintptr_t token"));
  ist__idl_buffer_add(e->c, b, "static %s {\n  struct istg_v_%s v = {0};\n",
                      ist__idl_type_c(e->c, d->type, name), d->name);
  if (r->kind == DT_STRUCT)
    ist__idl_buffer_add(
        e->c, b, "  %s;\n  memset((void *)&answer, 0, sizeof answer);\n  v.r = (void *)&answer;\n",
        ist__go_type_c(e, d->type, "answer"));
  for (int i = 0; i < d->params.count; i++) {
    const param *p = d->params.at[i];
    if (p->role == ROLE_DATA) continue;
    const dtype *t = ist__go_element(p);
    const char *value = p->role == ROLE_VALUE && ist__go_is_number(t)   ? TEXT("p%d", i)
                        : p->role == ROLE_VALUE && t->kind == DT_STRUCT ? TEXT("(void *)&p%d", i)
                        : p->role == ROLE_VALUE && ist__go_is_handle(t) ? TEXT("(uintptr_t)p%d", i)
                                                                        : TEXT("(void *)p%d", i);
    ist__idl_buffer_add(e->c, b, "  v.v%d = %s;\n", i, value);
    if (p->count && !is_type_arg(p->count))
      ist__idl_buffer_add(e->c, b, "  v.n%d = %s;\n", i, ist__go_wide(e, p->count, d));
  }
  // A thread of C's own is told by a frame without a call.
  ist__idl_buffer_add(e->c, b,
                      "  struct istg_frame frame = {istg_top ? istg_top->call : 0, istg_top, %d};\n"
                      "  istg_top = &frame;\n"
                      "  int answered = isthmus_%s_callback(%d, token, frame.call, &v);\n"
                      "  istg_top = frame.up;\n",
                      seal_of(e, d), e->c->main->name, use);
  if (r->kind == DT_VOID) {
    if (u->on_throw) {
      ist__idl_buffer_add(
          e->c, b, "  if (!answered) {\n    const char *message = v.message ? v.message : \"\";\n");
      ist__idl_buffer_add(e->c, b, "    (void)message;\n    %s;\n  }\n",
                          ist__go_expr(e, u->on_throw, d));
    } else {
      ist__idl_buffer_add(e->c, b, "  (void)answered;\n");
    }
    ist__idl_buffer_add(e->c, b, "  free(v.message);\n}\n");
  } else if (r->kind == DT_STRUCT) {
    ist__idl_buffer_add(e->c, b,
                        "  free(v.message);\n  if (!answered) memset((void *)&answer, 0, sizeof "
                        "answer);\n  return answer;\n}\n");
  } else {
    ist__idl_buffer_add(e->c, b, "  free(v.message);\n  return answered ? (%s)v.r : (%s)%s;\n}\n",
                        ist__go_type_c(e, d->type, ""), ist__go_type_c(e, d->type, ""),
                        u->on_throw ? ist__go_expr(e, u->on_throw, d) : "0");
  }
}

static int slots_of(const param *u) {
  return has_data(u) ? 0 : strcmp(u->scope, "call") == 0 ? SLOTS_CALL : SLOTS_MORE;
}

static void pass_c(go_emitter *e, const decl *d, buffer *b) {
  for (int i = 0; i < d->params.count; i++) ist__idl_buffer_add(e->c, b, ", p%d", i);
}

static void functions_c(go_emitter *e, const param *u, const char *base) {
  const decl *d = u->dtype->decl;
  buffer *b = &e->functions, passed = {0};
  pass_c(e, d, &passed);
  bool is_void = d->result->dtype->kind == DT_VOID;
  const char *ret = is_void ? "" : "return ";
  if (has_data(u)) {
    int data = -1;
    for (int i = 0; i < d->params.count; i++)
      if (d->params.at[i]->role == ROLE_DATA) data = i;
    const char *name = TEXT("istg_call_%s(%s)", base, params_c(e, d, ""));
    ist__idl_buffer_add(e->c, b, "static %s {\n  %sistg_run_%s((uintptr_t)p%d%s);\n}\n",
                        ist__idl_type_c(e->c, d->type, name), ret, base, data,
                        passed.at ? passed.at : "");
    ist__idl_buffer_add(e->c, b,
                        "static void *istg_function_%s(uintptr_t token) {\n"
                        "  return token ? (void *)istg_call_%s : NULL;\n}\n",
                        base, base);
    return;
  }
  const char *name = TEXT("istg_call_%s_##k(%s)", base, params_c(e, d, ""));
  ist__idl_buffer_add(e->c, b, "#define ISTG_F(k) static %s { %sistg_run_%s(0x##k + 1%s); }\n",
                      ist__idl_type_c(e->c, d->type, name), ret, base, passed.at ? passed.at : "");
  int blocks = slots_of(u) / 256;
  for (int i = 0; i < blocks; i++) ist__idl_buffer_add(e->c, b, "ISTG_256(ISTG_F, %x)\n", i);
  ist__idl_buffer_add(e->c, b, "#undef ISTG_F\n#define ISTG_F(k) (void *)istg_call_%s_##k,\n",
                      base);
  ist__idl_buffer_add(e->c, b, "static void *istg_function_%s(uintptr_t token) {\n", base);
  ist__idl_buffer_add(e->c, b, "  static void *const functions[] = {\n");
  for (int i = 0; i < blocks; i++) ist__idl_buffer_add(e->c, b, "    ISTG_256(ISTG_F, %x)\n", i);
  ist__idl_buffer_add(
      e->c, b,
      "  };\n  return token ? functions[(token & 0xFFFF) - 1] : NULL;\n}\n#undef ISTG_F\n");
}

// --- Go ---

static void lift_value(go_emitter *e, const param *p, int i) {
  const dtype *t = ist__go_element(p);
  const char *raw = TEXT("values.v%d", i);
  if (ist__go_is_number(t)) {
    GO("\ta%d := %s\n", i, ist__go_from_c(e, t, raw));
  } else if (t->kind == DT_STRING) {
    const char *reader = t->text == ENC_UTF16    ? "GoUTF16"
                         : t->text == ENC_LATIN1 ? "GoLatin1"
                                                 : "GoText";
    GO("\ta%d := clib.%s(%s%s)\n", i, p->null ? "OrNull" : reader, raw,
       p->null ? TEXT(", clib.%s", reader) : "");
  } else if (ist__go_is_handle(t)) {
    const char *type = ist__go_type_name(e, t->to->decl);
    if (t->to->decl->module != e->c->main)
      ist__idl_error(e->c, p->at, "Go: not supported yet: an object of another library");
    GO("\ta%d := wrap%s(%s.Lend(frame, uintptr(%s)))\n", i, type, ist__go_table(e, t->to->decl),
       raw);
  } else if (t->kind == DT_STRUCT) {
    ist__go_struct_used(e, t->decl, p->at, false, true);
    GO("\tvar a%d %s\n\ta%d.get(clib.View[byte](%s, %lld))\n", i, ist__go_type(e, t), i, raw,
       (long long)t->size);
  } else {
    ist__go_struct_used(e, t->to->decl, p->at, p->dir == DIR_INOUT, true);
    const char *type = ist__go_type_name(e, t->to->decl);
    GO("\tvar a%d *%s\n\tif %s != nil {\n\t\ta%d = new(%s)\n\t\ta%d.get(clib.View[byte](%s, "
       "%lld))\n\t}\n",
       i, type, raw, i, type, i, raw, (long long)t->to->size);
  }
}

static void lift_counted(go_emitter *e, const decl *d, const param *p, int i) {
  const dtype *t = ist__go_element(p);
  const char *raw = TEXT("values.v%d", i);
  const char *count = p->terminated           ? NULL
                      : is_type_arg(p->count) ? TEXT("frame.Args[%d]", p->count->index)
                                              : TEXT("int64(values.n%d)", i);
  (void)d;
  if (p->terminated) {
    const char *size = TEXT("%lld", (long long)(t->size ? t->size : 1));
    count = TEXT("clib.CountUpToZero(%s, %s)", raw, size);
  }
  if (p->text) {
    const char *units = p->text == ENC_UTF16 ? "uint16" : "byte";
    const char *made = TEXT("clib.Copy[%s](%s, %s)", units, raw, count);
    made = p->text == ENC_UTF16    ? TEXT("clib.FromUTF16(%s)", made)
           : p->text == ENC_LATIN1 ? TEXT("clib.FromLatin1(%s)", made)
                                   : TEXT("string(%s)", made);
    if (p->null)
      GO("\tvar a%d *string\n\tif %s != nil {\n\t\ta%d = clib.Of(%s)\n\t}\n", i, raw, i, made);
    else
      GO("\ta%d := %s\n", i, made);
  } else if (t->kind == DT_STRING) {
    GO("\ta%d := clib.%s(%s, %s)\n", i, p->element_null ? "TextsOrNull" : "Texts", raw, count);
  } else if (ist__go_is_handle(t)) {
    const char *type = ist__go_type_name(e, t->to->decl);
    GO("\ta%d := make([]*%s, 0, max(%s, 0))\n", i, type, count);
    GO("\tfor _, one := range clib.View[uintptr](%s, %s) {\n", raw, count);
    GO("\t\ta%d = append(a%d, wrap%s(%s.Lend(frame, one)))\n\t}\n", i, i, type,
       ist__go_table(e, t->to->decl));
  } else if (ist__go_is_struct(t)) {
    if (t->kind == DT_REF)
      ist__idl_error(e->c, p->at, "Go: not supported yet: an array of pointers to structs");
    ist__go_struct_used(e, t->decl, p->at, false, true);
    GO("\ta%d := make([]%s, max(%s, 0))\n\tfor i := range a%d {\n", i, ist__go_type(e, t), count,
       i);
    GO("\t\ta%d[i].get(clib.View[byte](%s, %s*%lld)[i*%lld:])\n\t}\n", i, raw, count,
       (long long)t->size, (long long)t->size);
  } else {
    // What C is to read again is seen where it is; all else is a copy.
    GO("\ta%d := clib.%s[%s](%s, %s)\n", i, p->dir == DIR_INOUT ? "View" : "Copy",
       ist__go_type(e, t), raw, count);
  }
}

void ist__go_callback_type(go_emitter *e, decl *d) {
  if (!d->result || !d->result->dtype || !d->classified) return;
  values_c(e, d);
  const char *name = name_of(e, d);
  bool is_void = d->result->dtype->kind == DT_VOID;
  GO("// %s runs a `%s`.\n", TEXT("run%s", name), d->name);
  GO("func run%s(frame *clib.Frame, values *C.struct_istg_v_%s) error {\n", name, d->name);
  buffer args = {0};
  for (int i = 0; i < d->args.count; i++) {
    int at = d->args.at[i];
    const param *p = d->params.at[at];
    if (p->role == ROLE_BUFFER || p->role == ROLE_VIEW)
      lift_counted(e, d, p, at);
    else
      lift_value(e, p, at);
    OUT(args, "%sa%d", i ? ", " : "", at);
  }
  const char *call =
      TEXT("frame.Func.(%s)(%s)", ist__go_callback_signature(e, d), args.at ? args.at : "");
  bool back = false;
  for (int i = 0; i < d->params.count; i++) {
    const param *p = d->params.at[i];
    back |= p->role == ROLE_VALUE && p->dir == DIR_INOUT && ist__go_is_struct(p->dtype);
  }
  if (is_void && !back) {
    GO("\treturn %s\n}\n\n", call);
    return;
  }
  GO("\t%s := %s\n\tif err != nil {\n\t\treturn err\n\t}\n", is_void ? "err" : "result, err", call);
  if (back) {
    GO("\tvar arena clib.Arena\n\tdefer arena.Free()\n");
    for (int i = 0; i < d->params.count; i++) {
      const param *p = d->params.at[i];
      if (p->role != ROLE_VALUE || p->dir != DIR_INOUT || !ist__go_is_struct(p->dtype)) continue;
      if (p->dtype->to->decl->has_pointers)
        ist__idl_error(e->c, p->at,
                       "Go: not supported yet: a callback that changes a struct with pointers");
      GO("\tif a%d != nil {\n\t\tif err := a%d.put(clib.View[byte](values.v%d, %lld), &arena); err "
         "!= nil {\n\t\t\treturn err\n\t\t}\n\t}\n",
         i, i, i, (long long)p->dtype->to->size);
    }
  }
  const dtype *r = d->result->dtype;
  if (!is_void && r->kind == DT_STRUCT) {
    ist__go_struct_used(e, r->decl, d->at, true, false);
    GO("\tvar results clib.Arena\n\tdefer results.Free()\n");
    GO("\tif err := result.put(clib.View[byte](values.r, %lld), &results); err != nil "
       "{\n\t\treturn err\n\t}\n",
       (long long)r->size);
  } else if (!is_void) {
    GO("\tvalues.r = %s\n", ist__go_to_c(e, r, "result"));
  }
  GO("\treturn nil\n}\n\n");
}

static const char *scope_name(const param *u) {
  return strcmp(u->scope, "call") == 0    ? "ScopeCall"
         : strcmp(u->scope, "once") == 0  ? "ScopeOnce"
         : strcmp(u->scope, "until") == 0 ? "ScopeUntil"
                                          : "ScopeForever";
}

// A place that takes functions: a parameter of a function, or a field of a struct.
typedef struct {
  const param *param;
  const char *variable, *function, *name;
} use;

static void add_use(go_emitter *e, const param *p, const char *base, use made) {
  const char *key = TEXT("use %s", base);
  if (ist__idl_map_get(&e->names, key)) return;
  use *u = NEW(e->c, use);
  *u = made;
  ist__idl_map_put(e->c, &e->names, key, u);
  ist__idl_map_put(e->c, &e->names, TEXT("use %d", e->uses), u);
  body_c(e, p, base, e->uses++);
  functions_c(e, p, base);
}

void ist__go_use(go_emitter *e, decl *f, int i) {
  const param *p = f->params.at[i];
  const char *function = ist__go_variable(e, f);
  add_use(e, p, TEXT("%s_%d", f->name, i),
          (use){p, TEXT("use%s%d", function, i), function, p->js ? p->js : p->name});
}

void ist__go_field_use(go_emitter *e, const decl *d, const field *f) {
  const char *type = ist__go_type_name(e, d), *name = ist__go_exported(e, f->name);
  const char *function = TEXT("in%s%s", type, name);
  GO("var %s = &clib.Function{Library: &library, Name: \"%s.%s\"}\n\n", function, d->js, f->name);
  add_use(e, f->use, TEXT("%s_%s", d->name, f->name),
          (use){f->use, TEXT("use%s%s", type, name), function, f->name});
}

static void use_variable(go_emitter *e, const use *u) {
  const param *p = u->param;
  const decl *d = p->dtype->decl;
  GO("var %s = clib.Use{\n", u->variable);
  GO("\tFunction:  %s,\n\tName:      \"%s\",\n\tType:      \"%s\",\n\tScope:     clib.%s,\n",
     u->function, u->name, d->name, scope_name(p));
  GO("\tReplaced:  %s,\n\tNoReenter: %d,\n\tSlots:     %d,\n}\n\n", p->replaced ? "true" : "false",
     seal_of(e, d), slots_of(p));
  if (!p->scope_functions.count) return;
  // Apart, since these functions may be the one that it belongs to.
  GO("func init() {\n\t%s.Until = []*clib.Function{", u->variable);
  for (int i = 0; i < p->scope_functions.count; i++)
    GO("%s%s", i ? ", " : "", ist__go_variable(e, p->scope_functions.at[i]));
  GO("}\n}\n\n");
}

void ist__go_callbacks_end(go_emitter *e) {
  if (!e->calls_back) return;
  const char *library = e->c->main->name;
  for (int i = 0; i < e->uses; i++) use_variable(e, ist__idl_map_get(&e->names, TEXT("use %d", i)));
  GO("// What C calls for every callback: the place that it was given at, its number, and the call "
     "that it\n"
     "// belongs to.\n//\n//export isthmus_%s_callback\n",
     library);
  GO("func isthmus_%s_callback(place C.int32_t, token C.uintptr_t, call C.uint64_t, at "
     "unsafe.Pointer) C.int32_t {\n",
     library);
  GO("\tswitch place {\n");
  for (int i = 0; i < e->uses; i++) {
    const use *u = ist__idl_map_get(&e->names, TEXT("use %d", i));
    const decl *d = u->param->dtype->decl;
    GO("\tcase %d:\n\t\tvalues := (*C.struct_istg_v_%s)(at)\n", i, d->name);
    GO("\t\tanswered, message := %s.Enter(uintptr(token), uint64(call), func(frame *clib.Frame) "
       "error {\n",
       u->variable);
    GO("\t\t\treturn run%s(frame, values)\n\t\t})\n", name_of(e, d));
    GO("\t\tif answered {\n\t\t\treturn 1\n\t\t}\n\t\tvalues.message = "
       "(*C.char)(clib.GiveText(message))\n");
  }
  GO("\tdefault:\n\t\tclib.Destroyed(uintptr(token))\n\t}\n\treturn 0\n}\n\n");
}
