// Functions in Go. Each checks what it is given, locks the objects that it uses, lets the wrapper
// in C make the call, and makes of what comes back what Go has.
#include "emit_go_call.h"

// --- the whole ---

static void gather(go_emitter *e, making *m) {
  const decl *f = m->f;
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->take && ist__go_is_handle(p->dtype)) m->has_call = true;
    if (i == f->self && ist__go_makes_object(f)) {
      m->pass[i] = "C.uintptr_t(address)";
      continue;
    }
    if (i == f->self)
      ist__go_pass_handle(e, m, i, "self");
    else if (p->arg >= 0)
      ist__go_pass_argument(e, m, i);
  }
  // Lengths, which need the lengths of what was converted.
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    bool sized = false;
    for (int k = 0; k < p->lengths.count; k++)
      sized |= f->params.at[p->lengths.at[k]]->dir == DIR_OUT &&
               f->params.at[p->lengths.at[k]]->size != NULL;
    if (p->vanished && !sized) ist__go_pass_length(e, m, i);
  }
}

static bool ends_something(const go_emitter *e, const decl *f) {
  for (int i = 0; i < e->ends.count; i++)
    if (e->ends.at[i] == f) return true;
  return false;
}

static bool lends_loosely(const param *p) {
  return p->until.count && p->parent < 0;
}

static bool is_loose(const go_emitter *e, const decl *f) {
  bool loose = e->loose && ends_something(e, f);
  if (f->result->dtype && lends_loosely(f->result)) loose = true;
  for (int i = 0; i < f->params.count; i++) loose |= lends_loosely(f->params.at[i]);
  return loose;
}

// Whether it makes objects, or gives C functions to keep: then it is no call of values alone.
static bool is_serial(const decl *f) {
  for (int i = 0; i < f->outputs.count; i++) {
    const param *p = f->outputs.at[i] < 0 ? f->result : f->params.at[f->outputs.at[i]];
    if (ist__go_is_handle(ist__go_element(p))) return true;
  }
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->role == ROLE_VALUE && p->dtype->kind == DT_CALLBACK && strcmp(p->scope, "call") != 0)
      return true;
  }
  return false;
}

static void begin(go_emitter *e, making *m) {
  const decl *f = m->f;
  if (!m->gives) BODY("\tvar call clib.Call\n");
  if (f->self >= 0 && !ist__go_makes_object(f))
    BODY("\tcall.This(self.it(), %s)\n", ist__go_table(e, f->owner));
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (i == f->self || p->arg < 0) continue;
    if (p->role == ROLE_VALUE && ist__go_is_handle(p->dtype))
      BODY("\tcall.%s(%s.it(), \"%s\")\n", p->take ? "Take" : "Object", ist__go_name_of(e, f, i),
           ist__go_js(p));
    if (p->role == ROLE_BUFFER && ist__go_is_handle(ist__go_element(p)))
      BODY("\tfor i, one := range %s {\n\t\tcall.Object(one.it(), clib.Element(\"%s\", i))\n\t}\n",
           ist__go_name_of(e, f, i), ist__go_js(p));
  }
  if (is_loose(e, f)) BODY("\tcall.Loose()\n");
  if (is_serial(f)) BODY("\tcall.Serial()\n");
  ist__go_try(e, m, TEXT("call.Begin(%s, %s)", m->fn, ends_something(e, f) ? "true" : "false"));
  BODY("\tdefer call.End()\n");
}

static const char *fail_text(go_emitter *e, const decl *f) {
  buffer b = {0};
  OUT(b, "return ");
  if (ist__go_makes_object(f)) OUT(b, "nil, ");
  for (int i = 0; i < f->outputs.count; i++)
    OUT(b, "%s, ", ist__go_zero_of(e, f, f->outputs.at[i]));
  if (ist__go_tells_errno(f)) OUT(b, "0, ");
  OUT(b, "err");
  return b.at;
}

// Frees what nobody will get, since a callback has failed.
static const char *discard(go_emitter *e, making *m, bool has_record) {
  const decl *f = m->f;
  buffer b = {0};
  for (int i = 0; i < f->outputs.count; i++) {
    int o = f->outputs.at[i];
    const param *p = o < 0 ? f->result : f->params.at[o];
    const char *raw = o >= 0 ? TEXT("out.o%d", o) : has_record ? "out.r" : "out";
    const dtype *t = ist__go_element(p);
    if (!p->own) continue;
    if (ist__go_is_handle(t))
      OUT(b, "\t\t%s.Discard(&call, uintptr(%s))\n", ist__go_table(e, t->to->decl), raw);
    else if (p->own_free && !ist__go_is_struct(t))
      OUT(b, "\t\tif %s != nil {\n\t\t\tC.istf_%s_free%s(%s)\n\t\t}\n", raw, f->name,
          o < 0 ? "" : TEXT("%d", o), raw);
  }
  return b.at ? b.at : "";
}

static void after(go_emitter *e, making *m, bool has_record, bool thrown) {
  const decl *f = m->f;
  bool takes = false;
  for (int i = 0; i < f->params.count; i++) takes |= f->params.at[i]->take;
  buffer first = {0};
  if (takes) OUT(first, "\tcall.Made()\n");
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->role != ROLE_VALUE || p->dtype->kind != DT_CALLBACK || strcmp(p->scope, "call") == 0)
      continue;
    OUT(first, "\tcall.Accept(&use%s%d, a%d, %s)\n", ist__go_variable(e, f), i, i,
        ist__go_throws_out(f) ? "out.f.failed == 0" : "true");
  }
  if (m->gives)
    OUT(first, "\tarena.Accepted(%s)\n", ist__go_throws_out(f) ? "out.f.failed == 0" : "true");
  const char *undo = ist__go_makes_object(f) ? "\t\tclib.Release(address)\n" : "";
  if (thrown) {
    OUT(first, "\tif err := call.Thrown(); err != nil {\n%s%s\t\t%s\n\t}\n", undo,
        discard(e, m, has_record), m->fail);
    ist__go_fails(m);
  }
  if (f->throws) {
    ist__go_fails(m);
    OUT(first, "\tif out.f.failed != 0 {\n%s\t\terr := fail%s(%s, &out.f)\n\t\t%s\n\t}\n", undo,
        ist__go_exported(e, f->throws->js), m->fn, m->fail);
  } else if (f->optional) {
    ist__go_fails(m);
    OUT(first, "\tif out.f.failed != 0 {\n\t\terr := %s.Missing()\n\t\t%s\n\t}\n", m->fn, m->fail);
  }
  if (first.at) LIFT("%s", first.at);
  // Of arrays, only the addresses were passed.
  for (int i = 0; i < f->params.count; i++)
    if (f->params.at[i]->role == ROLE_BUFFER && ist__go_is_handle(ist__go_element(f->params.at[i])))
      LIFT("\truntime.KeepAlive(%s)\n", ist__go_name_of(e, f, i));
  for (int i = 0; i < f->outputs.count; i++)
    ist__go_lift_output(e, m, f->outputs.at[i], has_record);
}

static bool uses_out(const decl *f, bool has_record) {
  if (ist__go_throws_out(f) || ist__go_tells_errno(f)) return true;
  for (int i = 0; i < f->params.count; i++)
    if (has_record && f->params.at[i]->role == ROLE_BUFFER && f->params.at[i]->filled) return true;
  for (int i = 0; i < f->outputs.count; i++) {
    const param *p = f->outputs.at[i] < 0 ? f->result : f->params.at[f->outputs.at[i]];
    if (f->outputs.at[i] < 0 && p->dtype->kind == DT_STRUCT) continue;
    if (f->outputs.at[i] >= 0 &&
        (p->role == ROLE_BUFFER ? !p->filled : ist__go_element(p)->kind == DT_STRUCT))
      continue;
    return true;
  }
  return false;
}

static void unsafe_doc(go_emitter *e, const decl *f) {
  if (f->unsafe) GO("//\n// Unsafe: %s.\n", f->unsafe);
}

static void head(go_emitter *e, decl *f, const char *name, const char *receiver, bool all,
                 bool can_fail) {
  GO("func %s%s(%s)%s {\n", receiver, name, ist__go_arguments_text(e, f, all),
     ist__go_outputs_text(e, f, can_fail));
}

// The two faces of a function with defaults: NAME leaves them out, NAMEWith has them all.
static void faces(go_emitter *e, making *m, const char *receiver) {
  decl *f = m->f;
  bool defaults = false;
  for (int i = 0; i < f->args.count; i++)
    defaults |= f->params.at[f->args.at[i]]->default_value != NULL;
  const char *name = ist__go_function_name(e, f);
  const char *what = TEXT("the function '%s'", f->name);
  bool method = receiver[0] != '\0';
  const char *scope = method ? TEXT("%s.", ist__go_type_name(e, f->owner)) : "";
  ist__go_claim(e, TEXT("%s%s", scope, name), what, f->at);
  if (defaults) {
    ist__go_claim(e, TEXT("%s%sWith", scope, name), what, f->at);
    ist__go_doc(e, "", name, f->doc ? f->doc : TEXT("calls %s.", f->symbol), &f->attrs);
    unsafe_doc(e, f);
    GO("//\n// %sWith takes what is left to its default here.\n", name);
    head(e, f, name, receiver, false, m->can_fail);
    bool gives =
        f->outputs.count || m->can_fail || ist__go_tells_errno(f) || ist__go_makes_object(f);
    GO("\t%s%s%sWith(%s)\n}\n\n", gives ? "return " : "", method ? "self." : "", name,
       ist__go_defaults(e, f));
    GO("// %sWith is %s with all that may be said.\n", name, name);
    name = TEXT("%sWith", name);
  } else {
    ist__go_doc(e, "", name, f->doc ? f->doc : TEXT("calls %s.", f->symbol), &f->attrs);
    unsafe_doc(e, f);
  }
  head(e, f, name, receiver, true, m->can_fail);
}

static const char *call_text(go_emitter *e, making *m) {
  const decl *f = m->f;
  buffer b = {0};
  OUT(b, "C.istf_%s(", f->name);
  bool any = false;
  if (ist__go_calls_back(e, f)) {
    OUT(b, "C.uint64_t(call.Number())");
    any = true;
  }
  for (int i = 0; i < f->params.count; i++) {
    if (!m->pass[i]) continue;
    OUT(b, "%s%s", any ? ", " : "", m->pass[i]);
    any = true;
  }
  if (f->result->dtype->kind != DT_VOID && ist__go_is_struct(f->result->dtype))
    OUT(b, "%s(*C.uint8_t)(clib.Data(ar))", any ? ", " : "");
  OUT(b, ")");
  return b.at;
}

static void returns(go_emitter *e, making *m) {
  const decl *f = m->f;
  buffer b = {0};
  if (ist__go_makes_object(f))
    OUT(b, "wrap%s(%s.Place(address))", ist__go_type_name(e, f->owner), ist__go_table(e, f->owner));
  for (int i = 0; i < f->outputs.count; i++)
    OUT(b, "%s%s", b.len ? ", " : "", f->outputs.at[i] < 0 ? "r" : TEXT("o%d", f->outputs.at[i]));
  if (ist__go_tells_errno(f)) OUT(b, "%ssyscall.Errno(out.e)", b.len ? ", " : "");
  if (m->can_fail) OUT(b, "%snil", b.len ? ", " : "");
  if (b.len) LIFT("\treturn %s\n", b.at);
}

static void prepare_outputs(go_emitter *e, making *m) {
  const decl *f = m->f;
  // Sizes may ask the library, so they come when the objects are locked.
  for (int i = 0; i < f->params.count; i++) ist__go_check_later(e, m, i);
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->role == ROLE_BUFFER && p->dir == DIR_OUT) {
      ist__go_allocate_output(e, m, i);
    } else if (p->role == ROLE_CELL && p->dtype->to->kind == DT_STRUCT && p->dir == DIR_OUT) {
      const decl *d = p->dtype->to->decl;
      ist__go_struct_used(e, d, p->at, false, true);
      BODY("\ta%d := make([]byte, %lld)\n", i, (long long)d->size);
      BODY("\tprepare%s(a%d)\n", ist__go_type_name(e, d), i);
      m->pass[i] = TEXT("(*C.uint8_t)(clib.Data(a%d))", i);
    }
  }
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->vanished && !m->pass[i]) ist__go_pass_length(e, m, i);
  }
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->role == ROLE_VALUE && p->dtype->kind == DT_CALLBACK && p->arg >= 0)
      ist__go_give_callback(e, m, i);
  }
  if (f->result->dtype->kind != DT_VOID && ist__go_is_struct(f->result->dtype))
    BODY("\tar := make([]byte, %lld)\n", (long long)ist__go_struct_of(f->result->dtype)->size);
}

static void emit_flags(go_emitter *e, const decl *f) {
  if (ist__go_calls_back(e, f)) return;
  ist__idl_buffer_add(e->c, &e->flags, "#cgo noescape istf_%s\n#cgo nocallback istf_%s\n", f->name,
                      f->name);
}

// The destructor, by its own name and as Close.
static void destructor(go_emitter *e, making *m) {
  decl *f = m->f;
  const char *type = ist__go_type_name(e, f->owner), *name = ist__go_function_name(e, f);
  if (f->args.count) {
    ist__go_refuse(e, f, NULL, "a destructor with further parameters");
    return;
  }
  bool has_record = ist__go_has_record(f);
  buffer assigned = {0};
  for (int i = 0; i < f->outputs.count; i++) {
    const param *p = f->outputs.at[i] < 0 ? f->result : f->params.at[f->outputs.at[i]];
    if (!ist__go_is_number(ist__go_element(p)))
      ist__go_refuse(e, f, NULL, "a destructor with such results");
  }
  GO("func (self *%s) end(again bool) (", type);
  for (int i = 0; i < f->outputs.count; i++)
    GO("%s %s, ", ist__go_output_name(e, f, f->outputs.at[i]),
       ist__go_output_type(e, f, f->outputs.at[i]));
  GO("err error) {\n\tif self == nil {\n\t\terr = %s.Nil(%s, again)\n\t\treturn\n\t}\n", m->fn,
     ist__go_table(e, f->owner));
  GO("\tvar call clib.Call\n\terr = call.Close(%s, self.object, again, func() error {\n", m->fn);
  m->pass[f->self] = "C.uintptr_t(self.object.Address())";
  bool uses = uses_out(f, has_record);
  GO("\t\t%s%s\n", uses ? "out := " : "", call_text(e, m));
  if (f->throws)
    GO("\t\tif out.f.failed != 0 {\n\t\t\treturn fail%s(%s, &out.f)\n\t\t}\n",
       ist__go_exported(e, f->throws->js), m->fn);
  for (int i = 0; i < f->outputs.count; i++) {
    int o = f->outputs.at[i];
    const param *p = o < 0 ? f->result : f->params.at[o];
    const char *raw = o >= 0 ? TEXT("out.o%d", o) : has_record ? "out.r" : "out";
    GO("\t\t%s = %s\n", ist__go_output_name(e, f, o), ist__go_from_c(e, ist__go_element(p), raw));
  }
  if (ist__go_tells_errno(f)) GO("\t\t_ = out.e\n");
  GO("\t\treturn nil\n\t})\n\treturn\n}\n\n");
  (void)assigned;
  if (strcmp(name, "Close") != 0) {
    ist__go_claim(e, TEXT("%s.%s", type, name), TEXT("the function '%s'", f->name), f->at);
    ist__go_doc(e, "", name, f->doc ? f->doc : TEXT("calls %s.", f->symbol), &f->attrs);
    GO("func (self *%s) %s() %s", type, name, f->outputs.count ? "(" : "");
    for (int i = 0; i < f->outputs.count; i++)
      GO("%s, ", ist__go_output_type(e, f, f->outputs.at[i]));
    GO("error%s {\n\treturn self.end(false)\n}\n\n", f->outputs.count ? ")" : "");
  }
  ist__go_claim(e, TEXT("%s.Close", type), TEXT("the Close of '%s'", f->owner->name), f->at);
  GO("// Close ends the object, as %s does in C, unless it has ended. What needs it keeps it in\n"
     "// existence, but it cannot be used any more.\n",
     f->symbol);
  GO("func (self *%s) Close() error {\n\t", type);
  for (int i = 0; i < f->outputs.count; i++) GO("_, ");
  GO("%s self.end(true)\n", f->outputs.count ? "err :=" : "return");
  if (f->outputs.count) GO("\treturn err\n");
  GO("}\n\n");
}

void ist__go_function(go_emitter *e, decl *f) {
  making made = {.f = f, .fn = ist__go_variable(e, f)};
  making *m = &made;
  m->pass = ist__idl_alloc(e->c, (size_t)(f->params.count + 1) * sizeof *m->pass);
  GO("var %s = &clib.Function{Library: &library, Name: \"%s\"%s}\n\n", ist__go_variable(e, f),
     ist__go_label(e, f), f->no_reenter ? ", NoReenter: true" : "");
  ist__go_wrapper(e, f);
  emit_flags(e, f);
  if (f->function == FN_DESTRUCTOR) {
    destructor(e, m);
    return;
  }
  m->fail = fail_text(e, f);
  bool method = f->self >= 0 && f->function == FN_METHOD;
  bool has_record = ist__go_has_record(f), thrown = ist__go_calls_back(e, f);
  gather(e, m);
  if (thrown || is_loose(e, f) || ends_something(e, f)) m->has_call = true;
  for (int i = 0; i < f->outputs.count; i++) {
    const param *p = f->outputs.at[i] < 0 ? f->result : f->params.at[f->outputs.at[i]];
    if (ist__go_is_handle(ist__go_element(p))) m->has_call = true;
  }
  if (m->has_call)
    begin(e, m);
  else if (e->seals)
    ist__go_try(e, m, TEXT("library.Open(%s)", m->fn));
  prepare_outputs(e, m);
  if (ist__go_makes_object(f))
    BODY("\taddress := clib.Allocate(%lld)\n", (long long)f->owner->size);
  BODY("\t%s%s\n", uses_out(f, has_record) ? "out := " : "", call_text(e, m));
  after(e, m, has_record, thrown);
  if (ist__go_makes_object(f)) ist__go_fails(m);
  returns(e, m);
  faces(e, m, method ? TEXT("(self *%s) ", ist__go_type_name(e, f->owner)) : "");
  GO("%s%s}\n\n", m->body.at ? m->body.at : "", m->lift.at ? m->lift.at : "");
}
