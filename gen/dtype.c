// The descriptor's types. Each is made once, so that its index can stand for it.
#include "compiler.h"

static dtype *make(compiler *c, const char *key, dtype proto) {
  dtype *t = ist__idl_map_get(&c->dtype_map, key);
  if (t) return t;
  t = NEW(c, dtype);
  *t = proto;
  t->index = -1;
  ist__idl_map_put(c, &c->dtype_map, key, t);
  return t;
}

dtype *ist__idl_dtype_simple(compiler *c, dtype_kind kind, dtype *to) {
  dtype proto = {.kind = kind, .to = to};
  if (kind != DT_VOID) proto.size = proto.align = 8;
  return make(c, ist__idl_format(c, "%d %p", kind, (void *)to), proto);
}

// What C promises not to change, or keeps where nobody can, is read-only for JavaScript too. A
// handle's fields are so anyway.
dtype *ist__idl_dtype_ref(compiler *c, decl *to, bool is_const) {
  dtype proto = {.kind = DT_REF, .size = 8, .align = 8};
  proto.is_const = is_const && to->kind == D_STRUCT;
  proto.to = ist__idl_dtype_decl(c, to->kind == D_STRUCT ? DT_STRUCT : DT_HANDLE, to);
  return make(c, ist__idl_format(c, "r %p %d", (void *)to, proto.is_const), proto);
}

dtype *ist__idl_dtype_string(compiler *c, encoding text) {
  return make(c, ist__idl_format(c, "s %d", text),
              (dtype){.kind = DT_STRING, .text = text, .size = 8, .align = 8});
}

dtype *ist__idl_dtype_array(compiler *c, dtype *of, int64_t count, encoding text) {
  dtype proto = {.kind = DT_ARRAY, .to = of, .count = count, .text = text};
  proto.size = of->size * count;
  proto.align = of->align;
  return make(c, ist__idl_format(c, "a %p %lld %d", (void *)of, (long long)count, text), proto);
}

dtype *ist__idl_dtype_decl(compiler *c, dtype_kind kind, decl *d) {
  dtype proto = {.kind = kind, .decl = d, .name = d->name, .size = d->size, .align = d->align};
  if (kind == DT_CALLBACK) proto.size = proto.align = 8;
  d->dtype = make(c, ist__idl_format(c, "d %p", (void *)d), proto);
  d->dtype->size = proto.size;
  d->dtype->align = proto.align;
  return d->dtype;
}

// An address of which nothing is known, for unsafe functions: a number like any other.
dtype *ist__idl_dtype_address(compiler *c) {
  dtype proto = {.kind = DT_INT, .name = "void *", .size = 8, .align = 8, .bigint = true};
  proto.scalar = ist__idl_scalar_find("uintptr_t");
  return make(c, "address", proto);
}

// [[bigint]] and [[number]] on the value itself, or on a typedef on the way to its scalar.
static int number_choice(const ctype *t) {
  for (; t->kind == T_NAMED && t->decl && t->decl->kind == D_TYPEDEF; t = t->decl->type) {
    if (ist__idl_attr_has(&t->decl->attrs, AT_BIGINT)) return 1;
    if (ist__idl_attr_has(&t->decl->attrs, AT_NUMBER)) return 0;
  }
  return -1;
}

dtype *ist__idl_dtype_value(compiler *c, const ctype *t, attr_list *attrs) {
  const ctype *s = ist__idl_type_strip(t);
  if (s->kind == T_VOID) return ist__idl_dtype_simple(c, DT_VOID, NULL);
  if (s->kind == T_SCALAR) {
    const scalar *k = s->scalar;
    const char *name = t->name ? t->name : k->name;
    dtype proto = {.scalar = k, .name = name, .size = k->size[c->target], .bigint = k->bigint};
    proto.align = proto.size;
    proto.kind = k->kind == S_INT ? DT_INT : k->kind == S_BOOL ? DT_BOOL : DT_FLOAT;
    if (proto.kind == DT_INT) {
      int choice = number_choice(t);
      if (attrs && ist__idl_attr_find(attrs, AT_BIGINT)) choice = 1;
      if (attrs && ist__idl_attr_find(attrs, AT_NUMBER)) choice = 0;
      if (choice >= 0) proto.bigint = choice == 1;
    }
    return make(c, ist__idl_format(c, "v %d %s %d", proto.kind, name, proto.bigint), proto);
  }
  if (s->kind != T_NAMED) return NULL;
  if (s->decl->kind == D_ENUM) {
    ist__idl_layout_enum(c, s->decl);
    return ist__idl_dtype_decl(c, DT_ENUM, s->decl);
  }
  if (s->decl->kind == D_STRUCT) {
    if (!ist__idl_layout_struct(c, s->decl)) return NULL;
    return ist__idl_dtype_decl(c, DT_STRUCT, s->decl);
  }
  if (s->decl->kind == D_HANDLE && s->decl->is_pointer)
    return ist__idl_dtype_ref(c, s->decl, false);
  return NULL;
}
