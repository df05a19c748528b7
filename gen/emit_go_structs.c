// Structs and unions in Go. A struct is a Go struct of Go's own types; where C needs one, `put`
// makes its image, byte by byte as the descriptor lays it out, and `get` reads one. A union without
// a tag is its bytes, with a method to read and to set each member; of one with a tag, what the tag
// selects is not nil.
#include "emit_go.h"

// A field that only serves another: a count.
static bool counts_other(const decl *d, int i) {
  for (int k = 0; k < d->fields.count; k++)
    if (d->fields.at[k].len == i) return true;
  return false;
}

static bool is_opaque(const field *f) {
  const dtype *t = f->dtype;
  while (t->kind == DT_ARRAY) t = t->to;
  return t->kind == DT_POINTER && f->len < 0 && t->to->kind == DT_VOID;
}

// Whether some of it is what only C sets: that stays as C has set it when the struct goes in again.
bool ist__go_keeps_some(const decl *d) {
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    if (!f->name || f->companion) continue;
    if (is_opaque(f) || (f->readonly && !f->fixed && !f->use)) return true;
  }
  return false;
}

static bool is_shown(const decl *d, int i) {
  const field *f = &d->fields.at[i];
  return f->name && !f->fixed && !counts_other(d, i) && !f->companion && f->group < 0 &&
         !is_opaque(f);
}

// What is not understood is refused where a function uses it, for the struct may serve elsewhere.
bool ist__go_has_functions(const decl *d) {
  for (int i = 0; i < d->fields.count; i++) {
    const dtype *t = d->fields.at[i].dtype;
    if (d->fields.at[i].use) return true;
    while (t && t->kind == DT_ARRAY) t = t->to;
    if (t && t->kind == DT_STRUCT && ist__go_has_functions(t->decl)) return true;
  }
  return false;
}

static const char *refusal(const decl *d, bool goes_in, bool comes_out) {
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    if (!f->name) continue;
    if (f->use && comes_out) return "a struct with functions that comes back";
    if (f->dtype->kind == DT_REF && f->dtype->to->kind == DT_HANDLE)
      return "a struct with a pointer to an object";
    if (f->dtype->kind == DT_REF && comes_out && !goes_in)
      return "a struct with a pointer to a struct that comes back";
    if (f->dtype->kind == DT_STRING && f->dtype->text != ENC_UTF8)
      return "a struct with text that is not UTF-8";
    if (f->group >= 0 && f->tag < 0 && f->dtype->kind == DT_STRING)
      return "text in a union without a tag";
    const dtype *t = f->dtype;
    while (t->kind == DT_ARRAY) t = t->to;
    if (t->kind == DT_STRUCT) {
      const char *inner = refusal(t->decl, goes_in, comes_out);
      if (inner) return inner;
    }
  }
  return NULL;
}

void ist__go_struct_used(go_emitter *e, const decl *d, span at, bool goes_in, bool comes_out) {
  if (d->module != e->c->main) {
    ist__idl_error(e->c, at, "Go: not supported yet: a struct of another interface file");
    return;
  }
  const char *why = refusal(d, goes_in, comes_out);
  // Once is enough for one that goes in and comes back.
  const char *key = TEXT("refused %d %s", at.at, d->name);
  if (!why || ist__idl_map_get(&e->names, key)) return;
  ist__idl_map_put(e->c, &e->names, key, e);
  ist__idl_error(e->c, at, "Go: not supported yet: %s ('%s')", why, d->name);
}

// --- the type ---

static const char *field_name(go_emitter *e, const field *f) {
  return ist__go_exported(e, f->name);
}

static const char *field_type(go_emitter *e, const field *f) {
  const dtype *t = f->dtype;
  if (t->kind == DT_STRING) return "*string";
  if (t->kind == DT_POINTER && f->text) return "*string";
  return ist__go_type(e, t);
}

// The Go type of a union's member that is there by a tag.
static const char *member_type(go_emitter *e, const field *f) {
  return f->dtype->kind == DT_STRING ? "*string" : TEXT("*%s", ist__go_type(e, f->dtype));
}

static bool in_tagged_union(const decl *d, const field *f) {
  if (f->group < 0) return false;
  for (int i = 0; i < d->fields.count; i++)
    if (d->fields.at[i].group == f->group && d->fields.at[i].tag >= 0) return true;
  return false;
}

static int group_size(const decl *d, int group, int64_t *offset) {
  int64_t from = INT64_MAX, to = 0;
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    if (f->group != group || !f->name) continue;
    int64_t start = f->is_bits ? f->bit_offset / 8 : f->offset;
    int64_t end = f->is_bits ? (f->bit_offset + f->bit_width + 7) / 8 : f->offset + f->dtype->size;
    if (start < from) from = start;
    if (end > to) to = end;
  }
  *offset = from;
  return (int)(to - from);
}

typedef struct {
  const char *name, *type, *doc;
  attr_list *attrs;
} line;

static void write_lines(go_emitter *e, const line *at, int count) {
  for (int i = 0, end = 0, width = 0; i < count; i++) {
    if (i >= end) {
      width = 0;
      for (end = i; end < count && (end == i || !at[end].doc); end++)
        if ((int)strlen(at[end].name) > width) width = (int)strlen(at[end].name);
    }
    ist__go_doc(e, "\t", NULL, at[i].doc, at[i].attrs);
    GO("\t%-*s %s\n", width, at[i].name, at[i].type);
  }
}

static void struct_type(go_emitter *e, decl *d, const char *type) {
  LIST(line) lines = {0};
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    if (f->name && f->group >= 0 && in_tagged_union(d, f)) {
      line one = {field_name(e, f), member_type(e, f), f->doc, &f->attrs};
      PUSH(e->c, lines, one);
    } else if (f->name && f->group >= 0) {
      bool first = true;
      for (int k = 0; k < i; k++)
        first &= d->fields.at[k].group != f->group || !d->fields.at[k].name;
      int64_t offset;
      line one = {TEXT("union%d", f->group), TEXT("[%d]byte", group_size(d, f->group, &offset)),
                  NULL, NULL};
      if (first) PUSH(e->c, lines, one);
    } else if (is_shown(d, i)) {
      line one = {field_name(e, f), field_type(e, f), f->doc, &f->attrs};
      PUSH(e->c, lines, one);
    }
  }
  if (ist__go_keeps_some(d)) {
    line one = {"kept", TEXT("[%lld]byte", (long long)d->size), "What only C sets.", NULL};
    PUSH(e->c, lines, one);
  }
  GO("type %s struct {\n", type);
  write_lines(e, lines.at, lines.count);
  GO("}\n\n");
}

// --- put ---

static const char *quoted(go_emitter *e, const char *name) {
  return TEXT("\"%s\"", name);
}

// `place` is Go for what errors call it.
static void put_failed(go_emitter *e, const char *indent, const char *place) {
  GO("%s\treturn clib.In(%s, err)\n%s}\n", indent, place, indent);
}

static void put_value(go_emitter *e, const dtype *t, const char *value, const char *offset,
                      const char *place, const char *indent, int depth) {
  switch (t->kind) {
  case DT_ENUM:
    if (ist__go_is_closed(t)) {
      GO("%sif err := %s.check(nil, \"\"); err != nil {\n", indent, value);
      put_failed(e, indent, place);
    }
    // fallthrough
  case DT_INT:
  case DT_BOOL:
  case DT_FLOAT: GO("%sclib.Put(m, %s, %s)\n", indent, offset, value); return;
  case DT_STRUCT:
    GO("%sif err := %s.put(m[%s:], arena); err != nil {\n", indent, value, offset);
    put_failed(e, indent, place);
    return;
  case DT_ARRAY:
    if (t->text) {
      GO("%sif err := clib.PutText(m, %s, %lld, clib.%s(%s)); err != nil {\n", indent, offset,
         (long long)t->size,
         t->text == ENC_UTF16    ? "UnitsOf"
         : t->text == ENC_LATIN1 ? "Latin1Of"
                                 : "TextOf",
         value);
      put_failed(e, indent, place);
      return;
    }
    GO("%sfor i%d := range %s {\n", indent, depth, value);
    put_value(e, t->to, TEXT("%s[i%d]", value, depth),
              TEXT("%s+%lld*i%d", offset, (long long)t->to->size, depth),
              TEXT("clib.Element(%s, i%d)", place, depth), TEXT("%s\t", indent), depth + 1);
    GO("%s}\n", indent);
    return;
  default: return;
  }
}

static void put_pointer(go_emitter *e, const decl *d, const field *f, const char *place) {
  const dtype *t = f->dtype;
  const char *name = TEXT("s.%s", field_name(e, f));
  long long offset = f->offset;
  if (t->kind == DT_STRING) {
    GO("\tif at, err := arena.Text(nil, \"\", %s); err != nil {\n\t\treturn clib.In(\"%s\", err)\n",
       name, place);
    GO("\t} else {\n\t\tclib.Put(m, %lld, at)\n\t}\n", offset);
  } else if (t->kind == DT_REF) {
    GO("\tif %s != nil {\n\t\tinner := make([]byte, %lld)\n", name, (long long)t->to->size);
    GO("\t\tif err := arena.Deeper(func() error { return %s.put(inner, arena) }); err != nil {\n",
       name);
    GO("\t\t\treturn clib.In(\"%s\", err)\n\t\t}\n", place);
    GO("\t\tclib.Put(m, %lld, uintptr(arena.CopyIn(inner)))\n\t}\n", offset);
  } else if (t->kind == DT_POINTER && t->to->kind != DT_STRUCT) {
    const field *len = &d->fields.at[f->len];
    const char *value = f->text ? TEXT("clib.BytesOf(%s)", name) : name;
    GO("\tif err := clib.PutCount[%s](m, %lld, len(%s)); err != nil {\n\t\treturn clib.In(\"%s\", "
       "err)\n\t}\n",
       ist__go_type(e, len->dtype), (long long)len->offset, value, place);
    GO("\tclib.Put(m, %lld, clib.Pin(arena.Pinner(), %s))\n", offset, value);
  }
}

static const char *tag_value(go_emitter *e, const decl *d, const field *f) {
  return TEXT("int64(s.%s)", field_name(e, &d->fields.at[f->tag]));
}

static const char *tag_number(go_emitter *e, const decl *d, const field *f) {
  const dtype *t = d->fields.at[f->tag].dtype;
  return t->kind == DT_BOOL ? TEXT("clib.Truth(s.%s)", field_name(e, &d->fields.at[f->tag]))
                            : tag_value(e, d, f);
}

static void put_member(go_emitter *e, const decl *d, const field *f) {
  const char *name = field_name(e, f);
  GO("\tif s.%s != nil {\n", name);
  if (f->tag >= 0) {
    GO("\t\tswitch %s {\n\t\tcase ", tag_number(e, d, f));
    for (int k = 0; k < f->when.count; k++)
      GO("%s%s", k ? ", " : "", ist__idl_wide_text(e->c, f->when.at[k]));
    GO(":\n\t\tdefault:\n\t\t\treturn clib.Unselected(\"%s\", \"%s\", %s)\n\t\t}\n", f->name,
       d->fields.at[f->tag].name, tag_number(e, d, f));
  }
  const char *value = f->dtype->kind == DT_STRUCT ? TEXT("s.%s", name) : TEXT("(*s.%s)", name);
  if (ist__go_is_number(f->dtype) && !ist__go_is_closed(f->dtype)) value = TEXT("*s.%s", name);
  put_value(e, f->dtype, value, TEXT("%lld", (long long)f->offset), quoted(e, f->name), "\t\t", 0);
  GO("\t}\n");
}

static void put_variants(go_emitter *e, const decl *d, const field *f) {
  GO("\tif err := s.%s.putAs(%s, m[%lld:], arena); err != nil {\n", field_name(e, f),
     tag_number(e, d, f), (long long)f->offset);
  put_failed(e, "\t", quoted(e, f->name));
}

// Functions that share user data are one to C, which knows them by it.
static void groups(go_emitter *e, const decl *d) {
  for (int i = 0; i < d->fields.count; i++) {
    bool any = false;
    for (int k = 0; k < d->fields.count; k++)
      any |= d->fields.at[k].use && d->fields.at[k].use->data == i;
    if (any) GO("\tvar group%d *clib.Closure\n", i);
  }
}

static void put_function(go_emitter *e, const decl *d, const field *f) {
  const param *u = f->use;
  const char *name = field_name(e, f);
  const char *base = TEXT("%s_%s", d->name, f->name);
  const char *use = TEXT("use%s%s", ist__go_type_name(e, d), name);
  GO("\tif s.%s != nil {\n", name);
  GO("\t\tone, err := arena.Function(&%s, s.%s, %s)\n\t\tif err != nil {\n\t\t\treturn "
     "clib.In(\"%s\", err)\n\t\t}\n",
     use, name, u->data >= 0 ? TEXT("&group%d", u->data) : "nil", f->name);
  GO("\t\tclib.Put(m, %lld, C.istg_function_%s(C.uintptr_t(one.Token())))\n", (long long)f->offset,
     base);
  if (u->data >= 0)
    GO("\t\tclib.Put(m, %lld, group%d.Token())\n", (long long)d->fields.at[u->data].offset,
       u->data);
  if (u->destroy >= 0)
    GO("\t\tclib.Put(m, %lld, C.istg_notice())\n", (long long)d->fields.at[u->destroy].offset);
  GO("\t} else {\n");
  if (u->null)
    GO("\t\tarena.Without(&%s)\n\t}\n", use);
  else
    GO("\t\treturn clib.Unset(\"%s\")\n\t}\n", f->name);
}

/* Whether a field is the first of its group that has a name, and where the group lies: its bytes go
 * over as a whole, once. */
static bool begins_group(const decl *d, int i, int64_t *offset) {
  int group = d->fields.at[i].group;
  group_size(d, group, offset);
  for (int k = 0; k < i; k++)
    if (d->fields.at[k].group == group && d->fields.at[k].name) return false;
  return true;
}

static void put_field(go_emitter *e, const decl *d, int i) {
  const field *f = &d->fields.at[i];
  if (!f->name || (f->readonly && !f->fixed && !f->use))
    return; // what only C sets is there already
  if (f->use) {
    put_function(e, d, f);
    return;
  }
  if (f->fixed) {
    wide value = 0;
    ist__idl_eval_int(e->c, f->fixed, &value);
    GO("\tclib.Put[%s](m, %lld, %s)\n", ist__go_type(e, f->dtype), (long long)f->offset,
       ist__idl_wide_text(e->c, value));
    return;
  }
  if (f->group >= 0 && in_tagged_union(d, f)) {
    put_member(e, d, f);
    return;
  }
  if (f->group >= 0) {
    int64_t offset;
    if (begins_group(d, i, &offset))
      GO("\tcopy(m[%lld:], s.union%d[:])\n", (long long)offset, f->group);
    return;
  }
  if (!is_shown(d, i)) return;
  const char *name = TEXT("s.%s", field_name(e, f));
  if (f->is_bits) {
    bool is_bool = f->dtype->kind == DT_BOOL;
    const char *low = ist__go_type(e, f->dtype);
    if (!is_bool) {
      bool is_signed = low[0] != 'u' && f->dtype->kind == DT_INT;
      GO("\tif !clib.FitsBits(int64(%s), %d, %s) {\n", name, f->bit_width,
         is_signed ? "true" : "false");
      wide most = ((wide)1 << (f->bit_width - is_signed)) - 1;
      wide least = is_signed ? -most - 1 : 0;
      GO("\t\treturn clib.BadField(\"%s\", \"an integer from %s to %s\", %s)\n\t}\n", f->name,
         ist__idl_wide_text(e->c, least), ist__idl_wide_text(e->c, most), name);
    }
    GO("\tclib.PutBits(m, %lld, %d, uint64(%s))\n", (long long)f->bit_offset, f->bit_width,
       is_bool ? TEXT("clib.Truth(%s)", name) : name);
    return;
  }
  if (f->variants.count)
    put_variants(e, d, f);
  else if (f->dtype->kind == DT_STRING || f->dtype->kind == DT_REF || f->dtype->kind == DT_POINTER)
    put_pointer(e, d, f, f->name);
  else
    put_value(e, f->dtype, name, TEXT("%lld", (long long)f->offset), quoted(e, f->name), "\t", 0);
}

// --- get ---

static void get_value(go_emitter *e, const dtype *t, const char *to, const char *offset,
                      const char *indent, int depth) {
  switch (t->kind) {
  case DT_BOOL: GO("%s%s = clib.GetBool(m, %s)\n", indent, to, offset); return;
  case DT_ENUM:
  case DT_INT:
  case DT_FLOAT: GO("%s%s = clib.Get[%s](m, %s)\n", indent, to, ist__go_type(e, t), offset); return;
  case DT_STRUCT: GO("%s%s.get(m[%s:])\n", indent, to, offset); return;
  case DT_ARRAY:
    if (t->text) {
      GO("%s%s = clib.%s(m[%s:], %lld)\n", indent, to,
         t->text == ENC_UTF16    ? "GetUTF16"
         : t->text == ENC_LATIN1 ? "GetLatin1"
                                 : "GetText",
         offset, (long long)t->size);
      return;
    }
    GO("%sfor i%d := range %s {\n", indent, depth, to);
    get_value(e, t->to, TEXT("%s[i%d]", to, depth),
              TEXT("%s+%lld*i%d", offset, (long long)t->to->size, depth), TEXT("%s\t", indent),
              depth + 1);
    GO("%s}\n", indent);
    return;
  default: return;
  }
}

static void get_pointer(go_emitter *e, const decl *d, const field *f) {
  const dtype *t = f->dtype;
  const char *name = TEXT("s.%s", field_name(e, f));
  if (t->kind == DT_STRING) {
    GO("\t%s = clib.OrNull(clib.Get[unsafe.Pointer](m, %lld), clib.GoText)\n", name,
       (long long)f->offset);
  } else if (t->kind == DT_POINTER) {
    const field *len = &d->fields.at[f->len];
    const char *count =
        TEXT("int64(clib.Get[%s](m, %lld))", ist__go_type(e, len->dtype), (long long)len->offset);
    const char *at = TEXT("clib.Get[unsafe.Pointer](m, %lld)", (long long)f->offset);
    if (f->text) {
      GO("\t%s = clib.CountedText(%s, %s)\n", name, at, count);
    } else if (t->to->kind == DT_STRUCT) {
      GO("\t%s = nil\n\tif at := %s; at != nil {\n", name, at);
      GO("\t\tcount := max(%s, 0)\n\t\t%s = make([]%s, count)\n", count, name,
         ist__go_type(e, t->to));
      GO("\t\tfor i := range %s {\n\t\t\t%s[i].get(clib.View[byte](at, "
         "count*%lld)[i*%lld:])\n\t\t}\n\t}\n",
         name, name, (long long)t->to->size, (long long)t->to->size);
    } else {
      GO("\t%s = clib.Copy[%s](%s, %s)\n", name, ist__go_type(e, t->to), at, count);
    }
  }
}

static void get_member(go_emitter *e, const decl *d, const field *f) {
  const char *name = field_name(e, f);
  const dtype *t = f->dtype;
  GO("\ts.%s = nil\n", name);
  const char *indent = "\t";
  if (f->tag >= 0) {
    GO("\tswitch %s {\n\tcase ", tag_number(e, d, f));
    for (int k = 0; k < f->when.count; k++)
      GO("%s%s", k ? ", " : "", ist__idl_wide_text(e->c, f->when.at[k]));
    GO(":\n");
    indent = "\t\t";
  }
  if (t->kind == DT_STRING) {
    GO("%ss.%s = clib.OrNull(clib.Get[unsafe.Pointer](m, %lld), clib.GoText)\n", indent, name,
       (long long)f->offset);
  } else {
    GO("%ss.%s = new(%s)\n", indent, name, ist__go_type(e, t));
    get_value(e, t, t->kind == DT_STRUCT ? TEXT("s.%s", name) : TEXT("*s.%s", name),
              TEXT("%lld", (long long)f->offset), indent, 0);
  }
  if (f->tag >= 0) GO("\t}\n");
}

static void get_field(go_emitter *e, const decl *d, int i) {
  const field *f = &d->fields.at[i];
  if (!f->name || f->use) return;
  if (f->group >= 0 && in_tagged_union(d, f)) {
    get_member(e, d, f);
    return;
  }
  if (f->group >= 0) {
    int64_t offset;
    if (begins_group(d, i, &offset))
      GO("\tcopy(s.union%d[:], m[%lld:])\n", f->group, (long long)offset);
    return;
  }
  if (!is_shown(d, i)) return;
  const char *name = TEXT("s.%s", field_name(e, f));
  if (f->is_bits && f->dtype->kind == DT_BOOL)
    GO("\t%s = clib.GetBits(m, %lld, %d) != 0\n", name, (long long)f->bit_offset, f->bit_width);
  else if (f->is_bits)
    GO("\t%s = %s(clib.Get%sBits(m, %lld, %d))\n", name, ist__go_type(e, f->dtype),
       ist__go_type(e, f->dtype)[0] == 'u' || f->dtype->kind == DT_ENUM ? "" : "Signed",
       (long long)f->bit_offset, f->bit_width);
  else if (f->variants.count)
    GO("\ts.%s.getAs(%s, m[%lld:])\n", field_name(e, f), tag_number(e, d, f), (long long)f->offset);
  else if (f->dtype->kind == DT_STRING || f->dtype->kind == DT_POINTER)
    get_pointer(e, d, f);
  else
    get_value(e, f->dtype, name, TEXT("%lld", (long long)f->offset), "\t", 0);
}

// --- unions by name ---

// The bytes of a union, and a way to each of its members.
static void raw_members(go_emitter *e, const decl *d, const char *type, const char *raw,
                        int64_t offset, int group) {
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    if (!f->name || f->group != group || is_opaque(f)) continue;
    if (f->is_bits || f->dtype->kind == DT_POINTER || f->dtype->kind == DT_REF) continue;
    const char *name = field_name(e, f), *of = ist__go_type(e, f->dtype);
    long long at = f->offset - offset;
    if (f->doc)
      ist__go_doc(e, "", name, f->doc, NULL);
    else
      GO("// %s reads the member `%s`.\n", name, f->name);
    GO("func (s *%s) %s() %s {\n\tm := s.%s[:]\n\tvar value %s\n", type, name, of, raw, of);
    get_value(e, f->dtype, "value", TEXT("%lld", at), "\t", 0);
    GO("\treturn value\n}\n\n");
    GO("// Set%s sets the member `%s`.\n", name, f->name);
    GO("func (s *%s) Set%s(value %s) error {\n\tm := s.%s[:]\n", type, name, of, raw);
    if (f->dtype->kind == DT_STRUCT || f->dtype->kind == DT_ARRAY) GO("\tvar arena *clib.Arena\n");
    put_value(e, f->dtype, "value", TEXT("%lld", at), quoted(e, f->name), "\t", 0);
    if (f->dtype->kind == DT_ARRAY) GO("\t_ = arena\n");
    GO("\treturn nil\n}\n\n");
  }
}

static bool is_selected(const go_emitter *e, const decl *d) {
  const decl_list *list = &e->c->main->decls;
  for (int i = 0; i < list->count; i++)
    for (int k = 0; k < list->at[i]->fields.count; k++) {
      const field *f = &list->at[i]->fields.at[k];
      if (f->variants.count && f->dtype && f->dtype->kind == DT_STRUCT && f->dtype->decl == d)
        return true;
    }
  return false;
}

static const field *selecting(const go_emitter *e, const decl *d) {
  const decl_list *list = &e->c->main->decls;
  for (int i = 0; i < list->count; i++)
    for (int k = 0; k < list->at[i]->fields.count; k++) {
      const field *f = &list->at[i]->fields.at[k];
      if (f->variants.count && f->dtype && f->dtype->decl == d) return f;
    }
  return NULL;
}

static void cases(go_emitter *e, const decl *d, bool in) {
  const field *of = selecting(e, d);
  GO("\tswitch tag {\n");
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    bool any = false;
    for (int k = 0; k < of->variants.count; k++)
      if (of->variants.at[k].member == i) {
        GO("%s%s", any ? ", " : "\tcase ", ist__idl_wide_text(e->c, of->variants.at[k].value));
        any = true;
      }
    if (!any) continue;
    const char *name = TEXT("s.%s", field_name(e, f));
    GO(":\n");
    const char *value = f->dtype->kind == DT_STRUCT ? name : TEXT("(*%s)", name);
    if (in) {
      GO("\t\tif %s == nil {\n\t\t\treturn nil\n\t\t}\n", name);
      put_value(e, f->dtype, value, TEXT("%lld", (long long)f->offset), quoted(e, f->name), "\t\t",
                0);
    } else if (f->dtype->kind == DT_STRING) {
      GO("\t\t%s = clib.OrNull(clib.Get[unsafe.Pointer](m, %lld), clib.GoText)\n", name,
         (long long)f->offset);
    } else {
      GO("\t\t%s = new(%s)\n", name, ist__go_type(e, f->dtype));
      get_value(e, f->dtype, f->dtype->kind == DT_STRUCT ? name : TEXT("*%s", name),
                TEXT("%lld", (long long)f->offset), "\t\t", 0);
    }
  }
  GO("\t}\n");
}

// A union that a tag outside of it selects from.
static void selected_union(go_emitter *e, decl *d, const char *type) {
  LIST(line) lines = {0};
  for (int i = 0; i < d->fields.count; i++) {
    field *f = &d->fields.at[i];
    if (!f->name) continue;
    line one = {field_name(e, f), member_type(e, f), f->doc, &f->attrs};
    PUSH(e->c, lines, one);
  }
  GO("type %s struct {\n", type);
  write_lines(e, lines.at, lines.count);
  GO("}\n\n");
  GO("func (s *%s) putAs(tag int64, m []byte, arena *clib.Arena) error {\n", type);
  cases(e, d, true);
  GO("\treturn nil\n}\n\n");
  GO("func (s *%s) getAs(tag int64, m []byte) {\n\t*s = %s{}\n", type, type);
  cases(e, d, false);
  GO("}\n\n");
  // Where no tag is known, such a union cannot stand.
  GO("func (s *%s) put(m []byte, arena *clib.Arena) error { return nil }\n\n", type);
  GO("func (s *%s) get(m []byte) { *s = %s{} }\n\n", type, type);
}

static void plain_union(go_emitter *e, const decl *d, const char *type) {
  GO("type %s struct {\n\tbytes [%lld]byte\n}\n\n", type, (long long)d->size);
  raw_members(e, d, type, "bytes", 0, -1);
  GO("func (s *%s) put(m []byte, _ *clib.Arena) error {\n\tcopy(m, s.bytes[:])\n\treturn "
     "nil\n}\n\n",
     type);
  GO("func (s *%s) get(m []byte) { copy(s.bytes[:], m) }\n\n", type);
  GO("func prepare%s([]byte) {}\n\n", type);
}

// The header agrees with the interface file, or the package does not compile.
static void assertions(go_emitter *e, const decl *d) {
  const char *c = ist__idl_c_name(e->c, d);
  ist__idl_buffer_add(e->c, &e->functions, "_Static_assert(sizeof(%s) == %lld, \"%s\");\n", c,
                      (long long)d->size, d->name);
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    if (f->name && !f->is_bits)
      ist__idl_buffer_add(e->c, &e->functions,
                          "_Static_assert(offsetof(%s, %s) == %lld, \"%s.%s\");\n", c, f->name,
                          (long long)f->offset, d->name, f->name);
  }
}

void ist__go_struct(go_emitter *e, decl *d) {
  const char *type = ist__go_type_name(e, d);
  ist__go_claim(e, type, TEXT("the type '%s'", d->name), d->at);
  assertions(e, d);
  if (d->doc)
    ist__go_doc(e, "", type, d->doc, &d->attrs);
  else
    GO("// %s is C's `%s`.\n", type, d->outer ? d->name : ist__idl_c_name(e->c, d));
  if (d->is_union) {
    if (is_selected(e, d))
      selected_union(e, d, type);
    else
      plain_union(e, d, type);
    return;
  }
  struct_type(e, d, type);
  for (int i = 0; i < d->fields.count; i++)
    if (d->fields.at[i].use) ist__go_field_use(e, d, &d->fields.at[i]);
  GO("func (s *%s) put(m []byte, arena *clib.Arena) error {\n", type);
  if (ist__go_keeps_some(d)) GO("\tcopy(m, s.kept[:])\n");
  groups(e, d);
  for (int i = 0; i < d->fields.count; i++) put_field(e, d, i);
  GO("\treturn nil\n}\n\n");
  GO("func (s *%s) get(m []byte) {\n", type);
  if (ist__go_keeps_some(d)) GO("\tcopy(s.kept[:], m)\n");
  for (int i = 0; i < d->fields.count; i++) get_field(e, d, i);
  GO("}\n\n");
  // What C is to fill has its fixed fields already.
  GO("func prepare%s(m []byte) {\n", type);
  for (int i = 0; i < d->fields.count; i++)
    if (d->fields.at[i].fixed) put_field(e, d, i);
  GO("}\n\n");
  for (int g = 0; g < d->groups; g++) {
    int64_t offset;
    bool tagged = false;
    for (int i = 0; i < d->fields.count; i++)
      tagged |= d->fields.at[i].group == g && in_tagged_union(d, &d->fields.at[i]);
    group_size(d, g, &offset);
    if (!tagged) raw_members(e, d, type, TEXT("union%d", g), offset, g);
  }
}
