// Handles in Go: a type for each, whose one field is the record that package clib keeps of the
// object; a method for each field that may be read, and set where the memory is the caller's.
#include "emit_go.h"

static void accessor_c(go_emitter *e, const decl *d, const field *f, const char *wire,
                       const char *value) {
  ist__idl_buffer_add(e->c, &e->functions,
                      "static %s istg_get_%s_%s(uintptr_t h) {\n  return %s((%s *)h)->%s;\n}\n",
                      wire, d->js, f->name, value, ist__idl_c_name(e->c, d), f->name);
}

static void getter_head(go_emitter *e, decl *d, field *f, const char *type) {
  const char *name = ist__go_exported(e, f->name), *handle = ist__go_type_name(e, d);
  ist__go_claim(e, TEXT("%s.%s", handle, name), TEXT("the field '%s'", f->name), f->at);
  if (f->doc)
    ist__go_doc(e, "", name, f->doc, &f->attrs);
  else
    GO("// %s reads the field `%s`.\n", name, f->name);
  GO("func (self *%s) %s() (%s, error) {\n", handle, name, type);
}

static void enter(go_emitter *e, const decl *d, const char *variable, const char *fail) {
  GO("\tvar call clib.Call\n\tcall.This(self.it(), %s)\n", ist__go_table(e, d));
  GO("\tif err := call.Begin(%s, false); err != nil {\n\t\treturn %serr\n\t}\n\tdefer call.End()\n",
     variable, fail);
}

static void field_variable(go_emitter *e, const decl *d, const field *f, const char **name) {
  *name = TEXT("at%s%s", ist__go_type_name(e, d), ist__go_exported(e, f->name));
  GO("var %s = &clib.Function{Library: &library, Name: \"%s.%s\"}\n\n", *name, d->js, f->name);
}

static const char *zero_of(const dtype *t) {
  return t->kind == DT_BOOL ? "false" : "0";
}

static void number_field(go_emitter *e, decl *d, field *f) {
  const dtype *t = f->dtype;
  const char *variable, *type = ist__go_type(e, t), *wire = ist__go_wire(e, t);
  field_variable(e, d, f, &variable);
  accessor_c(e, d, f, wire, "");
  getter_head(e, d, f, type);
  enter(e, d, variable, TEXT("%s, ", zero_of(t)));
  GO("\treturn %s, nil\n}\n\n",
     ist__go_from_c(e, t,
                    TEXT("C.istg_get_%s_%s(C.uintptr_t(self.object.Address()))", d->js, f->name)));
  if (!d->is_inline || f->readonly) return;
  const char *name = TEXT("Set%s", ist__go_exported(e, f->name));
  ist__go_claim(e, TEXT("%s.%s", ist__go_type_name(e, d), name), TEXT("the field '%s'", f->name),
                f->at);
  ist__idl_buffer_add(
      e->c, &e->functions,
      "static void istg_set_%s_%s(uintptr_t h, %s value) {\n  ((%s *)h)->%s = value;\n}\n", d->js,
      f->name, wire, ist__idl_c_name(e->c, d), f->name);
  GO("// %s sets the field `%s`.\nfunc (self *%s) %s(value %s) error {\n", name, f->name,
     ist__go_type_name(e, d), name, type);
  if (ist__go_is_closed(t))
    GO("\tif err := value.check(%s, \"\"); err != nil {\n\t\treturn err\n\t}\n", variable);
  enter(e, d, variable, "");
  GO("\tC.istg_set_%s_%s(C.uintptr_t(self.object.Address()), %s)\n\treturn nil\n}\n\n", d->js,
     f->name, ist__go_to_c(e, t, "value"));
}

static void text_field(go_emitter *e, decl *d, field *f) {
  const char *variable;
  field_variable(e, d, f, &variable);
  bool array = f->dtype->kind == DT_ARRAY;
  accessor_c(e, d, f, "void *", "(void *)");
  getter_head(e, d, f, array ? "string" : "*string");
  enter(e, d, variable, array ? "\"\", " : "nil, ");
  const char *at = TEXT("C.istg_get_%s_%s(C.uintptr_t(self.object.Address()))", d->js, f->name);
  const char *reader = f->dtype->text == ENC_UTF16    ? "GoUTF16"
                       : f->dtype->text == ENC_LATIN1 ? "GoLatin1"
                                                      : "GoText";
  // The memory of what C lends may end behind the text's NUL.
  if (array)
    GO("\treturn clib.GoTextAtMost(%s, %lld), nil\n}\n\n", at, (long long)f->dtype->size);
  else
    GO("\treturn clib.OrNull(%s, clib.%s), nil\n}\n\n", at, reader);
}

static void counted_field(go_emitter *e, decl *d, field *f) {
  const field *len = &d->fields.at[f->len];
  const char *variable, *of = ist__go_type(e, f->dtype->to), *c = ist__idl_c_name(e->c, d);
  const char *name = ist__go_exported(e, f->name), *handle = ist__go_type_name(e, d);
  if (f->text) {
    ist__idl_error(e->c, f->at, "Go: not supported yet: counted text in a handle");
    return;
  }
  field_variable(e, d, f, &variable);
  ist__idl_buffer_add(
      e->c, &e->functions,
      "static uintptr_t istg_get_%s_%s(uintptr_t h) {\n  return (uintptr_t)((%s *)h)->%s;\n}\n",
      d->js, f->name, c, f->name);
  if (!d->is_inline) {
    ist__idl_error(e->c, f->at, "Go: not supported yet: a counted field of an object that is C's");
    return;
  }
  getter_head(e, d, f, TEXT("[]%s", of));
  enter(e, d, variable, "nil, ");
  GO("\tat := C.istg_get_%s_%s(C.uintptr_t(self.object.Address()))\n", d->js, f->name);
  GO("\tcount := C.istg_get_%s_%s(C.uintptr_t(self.object.Address()))\n", d->js, len->name);
  GO("\treturn clib.Field[%s](self.object, \"%s\", uintptr(at), int64(count), %lld)\n}\n\n", of,
     f->name, (long long)(f->dtype->to->size ? f->dtype->to->size : 1));
  ist__idl_buffer_add(e->c, &e->functions,
                      "static void istg_set_%s_%s(uintptr_t h, uintptr_t at, uint64_t count) {\n"
                      "  ((%s *)h)->%s = (void *)at;\n  ((%s *)h)->%s = count;\n}\n",
                      d->js, f->name, c, f->name, c, len->name);
  ist__go_claim(e, TEXT("%s.Set%s", handle, name), TEXT("the field '%s'", f->name), f->at);
  GO("// Set%s sets the field `%s` and with it `%s`. C uses the slice where it is, until the field "
     "is\n"
     "// set anew or the object ends.\n",
     name, f->name, len->name);
  GO("func (self *%s) Set%s(value []%s) error {\n", handle, name, of);
  int bits = (int)len->dtype->size * 8;
  if (bits < 64) {
    bool is_signed = ist__go_type(e, len->dtype)[0] != 'u';
    GO("\tif err := clib.AtMost(%s, \"\", len(value), %s); err != nil {\n\t\treturn err\n\t}\n",
       variable, ist__idl_wide_text(e->c, ((wide)1 << (bits - is_signed)) - 1));
  }
  enter(e, d, variable, "");
  GO("\tat := clib.Set(self.object, \"%s\", value)\n", f->name);
  GO("\tC.istg_set_%s_%s(C.uintptr_t(self.object.Address()), C.uintptr_t(at), "
     "C.uint64_t(len(value)))\n"
     "\treturn nil\n}\n\n",
     d->js, f->name);
}

// A struct, or an array of numbers, in a handle: a copy.
static void part_field(go_emitter *e, decl *d, field *f) {
  const dtype *t = f->dtype;
  const char *variable, *type = ist__go_type(e, t);
  const dtype *inner = t;
  while (inner->kind == DT_ARRAY) inner = inner->to;
  if (inner->kind == DT_STRUCT) ist__go_struct_used(e, inner->decl, f->at, false, true);
  field_variable(e, d, f, &variable);
  ist__idl_buffer_add(
      e->c, &e->functions,
      "static void *istg_get_%s_%s(uintptr_t h) {\n  return (void *)&((%s *)h)->%s;\n}\n", d->js,
      f->name, ist__idl_c_name(e->c, d), f->name);
  getter_head(e, d, f, type);
  GO("\tvar value %s\n", type);
  enter(e, d, variable, "value, ");
  GO("\tm := clib.View[byte](C.istg_get_%s_%s(C.uintptr_t(self.object.Address())), %lld)\n", d->js,
     f->name, (long long)t->size);
  if (t->kind == DT_STRUCT) {
    GO("\tvalue.get(m)\n");
  } else if (inner->kind == DT_STRUCT || t->to->kind == DT_ARRAY) {
    ist__idl_error(e->c, f->at, "Go: not supported yet: an array like this in a handle");
  } else {
    GO("\tcopy(value[:], clib.Copy[%s](unsafe.Pointer(unsafe.SliceData(m)), %lld))\n",
       ist__go_type(e, t->to), (long long)t->count);
  }
  GO("\treturn value, nil\n}\n\n");
}

static bool counts_other(const decl *d, int i) {
  for (int k = 0; k < d->fields.count; k++)
    if (d->fields.at[k].len == i) return true;
  return false;
}

static void emit_field(go_emitter *e, decl *d, int i) {
  field *f = &d->fields.at[i];
  if (!f->name || !f->dtype) return;
  const dtype *t = f->dtype;
  if (f->is_bits || f->group >= 0 || f->tag >= 0 || f->variants.count) {
    ist__idl_error(e->c, f->at, "Go: not supported yet: bit-fields and unions in a handle");
    return;
  }
  if (ist__go_is_number(t)) {
    bool keep = f->readonly;
    if (counts_other(d, i)) f->readonly = true; // it is set with what it counts
    number_field(e, d, f);
    f->readonly = keep;
  } else if (t->kind == DT_STRING || (t->kind == DT_ARRAY && t->text)) {
    text_field(e, d, f);
  } else if (t->kind == DT_POINTER && f->len >= 0 && ist__go_is_number(t->to)) {
    counted_field(e, d, f);
  } else if (t->kind == DT_STRUCT || t->kind == DT_ARRAY) {
    part_field(e, d, f);
  } else if (t->kind == DT_REF) {
    ist__idl_error(e->c, f->at,
                   "Go: not supported yet: a pointer to an object in a handle; say [[opaque]]");
  }
}

bool ist__go_closes(const decl *d) {
  return d->destructor != NULL;
}

static void table(go_emitter *e, decl *d) {
  int width = d->no_reenter ? 10 : 8; // of the longest name, as gofmt aligns them
  GO("var %s = &clib.Type{\n", ist__go_table(e, d));
  GO("\t%-*s &library,\n\t%-*s \"%s\",\n", width, "Library:", width, "Name:", d->js);
  if (d->no_reenter) GO("\t%-*s true,\n", width, "NoReenter:");
  if (d->depth) GO("\t%-*s %d,\n", width, "Depth:", d->depth);
  if (d->destructor)
    GO("\tFree: func(call uint64, address uintptr) {\n"
       "\t\tC.istg_free_%s(C.uint64_t(call), C.uintptr_t(address))\n\t},\n",
       d->js);
  GO("}\n\n");
}

static void free_c(go_emitter *e, const decl *d) {
  const decl *f = d->destructor;
  if (!f) return;
  buffer args = {0};
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    const char *type = ist__go_type_c(e, p->type, "");
    const expr *x = p->role == ROLE_FIXED ? p->fixed : p->default_value;
    ist__idl_buffer_add(e->c, &args, "%s(%s)%s", i ? ", " : "", type,
                        x ? TEXT("(%s)", ist__go_expr(e, x, f)) : "address");
  }
  ist__idl_buffer_add(e->c, &e->functions,
                      "static void istg_free_%s(uint64_t call, uintptr_t address) {\n", d->js);
  if (e->calls_back)
    ist__idl_buffer_add(
        e->c, &e->functions,
        "  struct istg_frame frame = {call, istg_top, -1};\n  istg_top = &frame;\n");
  ist__idl_buffer_add(e->c, &e->functions, "  %s(%s);\n", f->symbol ? f->symbol : f->name, args.at);
  if (e->calls_back) ist__idl_buffer_add(e->c, &e->functions, "  istg_top = frame.up;\n");
  ist__idl_buffer_add(e->c, &e->functions, "}\n");
}

void ist__go_handle(go_emitter *e, decl *d) {
  const char *type = ist__go_type_name(e, d);
  ist__go_claim(e, type, TEXT("the handle '%s'", d->name), d->at);
  if (d->doc)
    ist__go_doc(e, "", type, d->doc, &d->attrs);
  else
    GO("// %s is C's `%s`.\n", type, ist__idl_c_name(e->c, d));
  if (d->destructor && ist__go_closes(d))
    GO("//\n// Close it when it is of no use any more. What is forgotten is closed some time "
       "later.\n");
  GO("type %s struct {\n\tobject *clib.Object\n\tholder *clib.Holder\n}\n\n", type);
  table(e, d);
  free_c(e, d);
  GO("func wrap%s(o *clib.Object) *%s {\n", type, type);
  GO("\treturn clib.Wrap(o, func(o *clib.Object, h *clib.Holder) *%s { return &%s{o, h} })\n}\n\n",
     type, type);
  GO("func (self *%s) it() *clib.Object {\n\tif self == nil {\n\t\treturn nil\n\t}\n\treturn "
     "self.object\n}\n\n",
     type);
  if (d->is_inline && d->has_fields && d->has_inline_size)
    ist__idl_buffer_add(e->c, &e->functions, "_Static_assert(sizeof(%s) == %lld, \"%s\");\n",
                        ist__idl_c_name(e->c, d), (long long)d->size, d->js);
  for (int i = 0; i < d->fields.count; i++) emit_field(e, d, i);
}
