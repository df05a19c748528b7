// Stand-ins for structs that cffi's ABI mode does not pass by value: unions, bit-fields, packing,
// members without names. A stand-in has the same size and, by the platform's rules, goes the same
// way in registers or on the stack; what no plain struct can do has none.
#include "compiler.h"

// The psABI's classes, of one eightbyte.
typedef enum { NO_CLASS, INTEGER, SSE } class;

static class merge(class a, class b) {
  if (a == NO_CLASS || a == b) return b;
  return b == NO_CLASS ? a : INTEGER;
}

static bool classify(compiler *c, const ctype *t, int64_t bit, class classes[2], int *count);

static bool classify_fields(compiler *c, const decl *d, int64_t bit, class classes[2], int count) {
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    if (!f->name) continue;
    if (f->is_bits) {
      int64_t from = f->bit_offset + bit % 64;
      for (int64_t word = from / 64; word * 64 < from + f->bit_width && word < 2; word++)
        classes[word] = INTEGER;
      continue;
    }
    class inner[2];
    int inner_count;
    if (!classify(c, f->type, 8 * f->offset + bit, inner, &inner_count)) return false;
    int64_t word = (8 * f->offset + bit % 64) / 64;
    for (int k = 0; k < inner_count && word + k < count; k++)
      classes[word + k] = merge(classes[word + k], inner[k]);
  }
  return true;
}

// The classes of a value that starts at `bit` of its struct. False: it travels in memory.
static bool classify(compiler *c, const ctype *t, int64_t bit, class classes[2], int *count) {
  int64_t size, align;
  t = ist__idl_type_strip(t);
  if (!ist__idl_type_layout(c, t, &size, &align)) return false;
  int64_t words = (size + bit % 64 / 8 + 7) / 8;
  *count = words < 2 ? 1 : 2;
  classes[0] = classes[1] = NO_CLASS;
  const decl *d = ist__idl_type_decl(t, D_STRUCT);
  if (d) return classify_fields(c, d, bit, classes, *count);
  if (t->kind == T_ARRAY) {
    // gcc looks at the first element alone and repeats its classes.
    class element[2];
    int per;
    if (!classify(c, t->to, bit, element, &per)) return false;
    for (int i = 0; i < *count; i++) classes[i] = element[i % per];
    return true;
  }
  if (bit % (8 * size)) return false;
  classes[0] = t->kind == T_SCALAR && t->scalar->kind == S_FLOAT ? SSE : INTEGER;
  return true;
}

// As many of the largest integers as fill `size` bytes, none larger than `most`.
static const char *integers(compiler *c, int64_t size, int64_t most, const char *name) {
  int64_t unit = 8;
  while (unit > most || size % unit) unit /= 2;
  return ist__idl_format(c, "uint%lld_t %s[%lld];", (long long)unit * 8, name,
                         (long long)(size / unit));
}

static const char *floats(compiler *c, int64_t size, int64_t unit, const char *name) {
  return ist__idl_format(c, "%s %s[%lld];", unit == 8 ? "double" : "float", name,
                         (long long)(size / unit));
}

static const char *word(compiler *c, class is, int64_t size, bool whole, const char *name) {
  if (is == INTEGER) return integers(c, size, whole ? 8 : 4, name);
  return size % 4 ? NULL : floats(c, size, whole ? 8 : 4, name);
}

static const char *for_x86_64(compiler *c, const decl *d, const ctype *t) {
  class classes[2];
  int count;
  if (d->size <= 16) {
    // What is small and yet travels in memory is packed.
    if (!classify(c, t, 0, classes, &count)) return NULL;
    if (classes[0] == NO_CLASS || (count == 2 && classes[1] == NO_CLASS)) return NULL;
    if (count == 1 || classes[0] == classes[1])
      return word(c, classes[0], d->size, classes[0] == INTEGER || d->size % 8 == 0, "a");
    bool whole = d->size % 8 == 0;
    const char *a = word(c, classes[0], 8, whole, "a");
    const char *b = word(c, classes[1], d->size - 8, whole, "b");
    return a && b && (whole || d->size % 4 == 0) ? ist__idl_format(c, "%s %s", a, b) : NULL;
  }
  return d->align > 8 ? NULL : integers(c, d->size, 8, "a");
}

// Counts the floats of a homogeneous aggregate; false: something else is in it.
static bool count_floats(const ctype *t, int64_t *unit, int64_t *count) {
  t = ist__idl_type_strip(t);
  if (t->kind == T_SCALAR && t->scalar->kind == S_FLOAT) {
    if (*unit && *unit != t->scalar->size[1]) return false;
    *unit = t->scalar->size[1];
    return ++*count <= 4;
  }
  if (t->kind == T_ARRAY) {
    int64_t one = 0;
    if (!count_floats(t->to, unit, &one)) return false;
    *count += t->elements > 4 ? 5 : one * t->elements;
    return *count <= 4;
  }
  const decl *d = ist__idl_type_decl(t, D_STRUCT);
  if (!d) return false;
  int64_t before = *count, most = 0;
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    if (f->is_bits || !count_floats(f->type, unit, count)) return false;
    if (*count - before > most) most = *count - before;
    if (d->is_union) *count = before;
  }
  if (d->is_union) *count = before + most;
  return true;
}

static const char *for_aarch64(compiler *c, const decl *d, const ctype *t) {
  int64_t unit = 0, count = 0;
  if (d->align > 8) return NULL;
  if (count_floats(t, &unit, &count) && count && count * unit == d->size)
    return floats(c, d->size, unit, "a");
  return integers(c, d->size, 8, "a");
}

const char *ist__idl_stand_in(compiler *c, decl *d) {
  ctype t = {.kind = T_NAMED, .decl = d};
  return c->target ? for_aarch64(c, d, &t) : for_x86_64(c, d, &t);
}
