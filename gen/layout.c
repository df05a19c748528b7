// Sizes, offsets and bit positions as System V x86-64 and AAPCS64 prescribe and gcc and clang lay
// them out; the two differ only in what scalars are. A struct or union is laid out once; one that
// holds itself is an error. Afterwards the fields of members without names are the struct's own.
#include "compiler.h"

enum { MAX_STRUCT = 1 << 30, MAX_ALIGN = 4096 };

bool ist__idl_enum_signed(const decl *d) {
  for (int i = 0; i < d->enumerators.count; i++)
    if (d->enumerators.at[i].value < 0) return true;
  return false;
}

void ist__idl_layout_enum(compiler *c, decl *d) {
  ist__idl_eval_enum(c, d);
  if (d->type) {
    if (!ist__idl_type_layout(c, d->type, &d->size, &d->align)) d->size = d->align = 4;
    return;
  }
  bool is_signed = ist__idl_enum_signed(d);
  d->size = 4;
  for (int i = 0; i < d->enumerators.count; i++) {
    wide v = d->enumerators.at[i].value;
    if (v > (is_signed ? (wide)INT32_MAX : (wide)UINT32_MAX) || v < INT32_MIN) d->size = 8;
  }
  d->align = d->size;
}

static int64_t round_up(int64_t value, int64_t to) {
  return (value + to - 1) / to * to;
}

static int align_argument(compiler *c, attr_list *attrs) {
  const attr *a = ist__idl_attr_find(attrs, AT_ALIGN);
  wide value;
  if (!a || !ist__idl_eval_int(c, a->args.at[0], &value)) return 0;
  if (value < 1 || value > MAX_ALIGN || (value & (value - 1))) {
    ist__idl_error(c, a->at, "an alignment is a power of two up to %d", MAX_ALIGN);
    return 0;
  }
  return (int)value;
}

// The number of elements of a field's array, nested ones included.
static bool count_elements(compiler *c, const field *f, ctype *t) {
  for (;; t = t->to) {
    t = (ctype *)ist__idl_type_strip(t);
    if (t->kind != T_ARRAY) return true;
    if (t->elements) continue;
    wide n;
    if (!t->count && !t->ends_null) {
      ist__idl_error(c, f->at, "not supported yet: flexible arrays");
      return false;
    }
    if (!t->count || t->filled) {
      ist__idl_error(c, t->at, "a field's array has a constant length");
      return false;
    }
    if (!ist__idl_eval_int(c, t->count, &n)) return false;
    if (n < 1 || n > MAX_STRUCT) {
      ist__idl_error(c, t->count->at, "an array has from 1 to %d elements", MAX_STRUCT);
      return false;
    }
    t->elements = (int64_t)n;
  }
}

typedef struct {
  int64_t bits; // used so far
  int64_t align;
  bool packed;
} layout;

// A bit-field that would cross the boundary of its type's unit begins at the next; a packed one
// crosses. One of width 0 ends the unit, packed or not. On AArch64, unnamed ones align the struct
// too.
static void place_bits(const compiler *c, layout *l, field *f, int64_t size, int64_t align) {
  int64_t natural = l->packed && f->bit_width ? 1 : align * 8;
  int64_t stated = (int64_t)f->align * 8;
  int64_t boundary = stated > natural ? stated : natural;
  // Where a stated alignment is smaller than the type's, clang tests for the boundary first; this
  // is gcc.
  if (stated) l->bits = round_up(l->bits, stated);
  if (f->bit_width == 0 || (!l->packed && (l->bits & (boundary - 1)) + f->bit_width > size * 8))
    l->bits = round_up(l->bits, boundary);
  f->bit_offset = l->bits;
  f->offset = l->bits / 8;
  l->bits += f->bit_width;
  if (!f->name && c->target == 0) return;
  if (boundary / 8 > l->align) l->align = boundary / 8;
}

static bool bit_width(compiler *c, field *f, int64_t size) {
  const ctype *t = ist__idl_type_strip(f->type);
  bool is_bool = t->kind == T_SCALAR && t->scalar->kind == S_BOOL;
  wide width;
  f->is_bits = true;
  if (!is_bool && !ist__idl_type_is_integer(f->type)) {
    ist__idl_error(c, f->at, "a bit-field is an integer, a bool or an enum");
    return false;
  }
  if (!ist__idl_eval_int(c, f->width, &width)) return false;
  wide most = is_bool ? 1 : (wide)size * 8;
  if (width < (f->name ? 1 : 0) || width > most) {
    ist__idl_error(c, f->width->at, "the width of %s is from %d to %d bits",
                   f->name ? "this bit-field" : "an unnamed bit-field", f->name ? 1 : 0, (int)most);
    return false;
  }
  f->bit_width = (int)width;
  return true;
}

static bool place_field(compiler *c, layout *l, field *f) {
  int64_t size, align;
  if (!count_elements(c, f, f->type)) return false;
  if (!ist__idl_type_layout(c, f->type, &size, &align)) {
    const ctype *t = ist__idl_type_strip(f->type);
    if (t->kind != T_BAD && !(t->kind == T_NAMED && (t->decl->state == BUSY || t->decl->bad)))
      ist__idl_error(c, f->at, "a field of type '%s' has no known size",
                     ist__idl_type_text(c, f->type));
    return false;
  }
  f->align = align_argument(c, &f->attrs);
  if (f->width) {
    if (!bit_width(c, f, size)) return false;
    place_bits(c, l, f, size, align);
  } else {
    if (l->packed) align = 1;
    if (f->align > align) align = f->align;
    int64_t at = round_up((l->bits + 7) / 8, align);
    f->offset = at;
    l->bits = (at + size) * 8;
    if (align > l->align) l->align = align;
  }
  if (l->bits / 8 > MAX_STRUCT) {
    ist__idl_error(c, f->at, "this struct is larger than %d bytes", MAX_STRUCT);
    return false;
  }
  return true;
}

// C reaches the fields of a member without a name as if they were the struct's own; so do we.
static bool take_in(compiler *c, decl *d, const field *outer, field f) {
  if (d->is_union && !outer->anonymous->is_union) {
    ist__idl_error(c, outer->at, "not supported yet: a struct without a name inside a union");
    return false;
  }
  f.offset += outer->offset;
  if (f.is_bits) f.bit_offset += outer->offset * 8;
  if (d->is_union)
    f.group = -1;
  else if (outer->anonymous->is_union)
    f.group = d->groups;
  else if (f.group >= 0)
    f.group += d->groups;
  PUSH(c, d->fields, f);
  return true;
}

static bool take_in_all(compiler *c, decl *d) {
  bool any = false;
  for (int i = 0; i < d->fields.count; i++) any = any || d->fields.at[i].anonymous;
  if (!any) return true;
  const field *all = d->fields.at;
  int count = d->fields.count;
  memset(&d->fields, 0, sizeof d->fields);
  for (int i = 0; i < count; i++) {
    const decl *inner = all[i].anonymous;
    if (!inner) PUSH(c, d->fields, all[i]);
    for (int k = 0; inner && k < inner->fields.count; k++)
      if (!take_in(c, d, &all[i], inner->fields.at[k])) return false;
    if (inner && !d->is_union) d->groups += inner->is_union ? 1 : inner->groups;
  }
  return true;
}

bool ist__idl_layout_struct(compiler *c, decl *d) {
  if (d->state == DONE) return !d->bad;
  if (d->state == BUSY) {
    ist__idl_error(c, d->at, "'%s' contains itself; only a pointer can", d->name);
    d->bad = true;
    return false;
  }
  d->state = BUSY;
  ist__idl_descend(c, d->at);
  layout l = {.align = 1, .packed = ist__idl_attr_find(&d->attrs, AT_PACKED) != NULL};
  d->packed = l.packed;
  int64_t most = 0;
  for (int i = 0; i < d->fields.count; i++) {
    if (d->is_union) l.bits = 0;
    if (d->fields.at[i].bad || !place_field(c, &l, &d->fields.at[i])) d->bad = true;
    if (d->bad) break;
    if (l.bits > most) most = l.bits;
  }
  if (!d->bad && d->fields.count == 0) {
    ist__idl_error(c, d->at, "'%s' has no fields", d->name);
    d->bad = true;
  }
  d->align_attr = align_argument(c, &d->attrs);
  if (d->align_attr > l.align) l.align = d->align_attr;
  d->align = l.align;
  d->size = round_up((most + 7) / 8, l.align);
  if (!d->bad && !take_in_all(c, d)) d->bad = true;
  d->state = DONE;
  ist__idl_ascend(c);
  return !d->bad;
}
