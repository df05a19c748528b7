/* What must hold of a library's types before anything may rely on them: sizes that exist, fields
 * inside their structs, nothing that contains itself. Layouts are the compiler's business; here
 * they are only kept from reaching out of bounds. */
#include "internal.h"

#include <stdlib.h>

bool ist__type_is_scalar(const ist__type *type) {
  switch (type->kind) {
  case IST__INT:
  case IST__BOOL:
  case IST__FLOAT:
  case IST__ENUM:
  case IST__REF:
  case IST__STRING:
  case IST__CALLBACK:
  case IST__POINTER: return true;
  default: return false;
  }
}

static bool is_element(const ist__type *type) {
  return ist__type_is_scalar(type) || type->kind == IST__STRUCT || type->kind == IST__ARRAY;
}

static bool wrong(const ist__type *type, const char *what, ist__fault *fault) {
  return ist__fault_set(fault, "descriptor: type %u (%s): %s", (unsigned)type->index, type->name,
                        what);
}

static bool check_bit_field(const ist__type *type, const ist__field *field, ist__fault *fault) {
  if (field->type->kind != IST__INT && field->type->kind != IST__ENUM &&
      field->type->kind != IST__BOOL) {
    return wrong(type, "a bit-field that is no integer", fault);
  }
  if (field->bit_width > 8 * field->type->size)
    return wrong(type, "a bit-field wider than its type", fault);
  if (type->size && (uint64_t)field->bit_offset + field->bit_width > 8 * (uint64_t)type->size) {
    return wrong(type, "a bit-field outside the struct", fault);
  }
  return true;
}

static bool check_field(const ist__type *type, const ist__field *field, ist__fault *fault) {
  if (!is_element(field->type)) return wrong(type, "a field of a type that has no values", fault);
  const char *what = ist__field_check(type, field);
  if (what) return wrong(type, what, fault);
  if (field->bit_width) return check_bit_field(type, field, fault);
  /* An opaque handle's fields are read from memory that C vouches for; its size is not known. */
  bool sized = type->kind == IST__STRUCT || type->size != 0;
  if (sized && (field->offset > type->size || field->type->size > type->size - field->offset)) {
    return wrong(type, "a field outside the struct", fault);
  }
  if (field->len < 0) return true;
  const ist__type *len = type->fields[field->len].type;
  if (field->type->kind != IST__POINTER || (len->kind != IST__INT && len->kind != IST__ENUM)) {
    return wrong(type, "a len field that is no pointer, or whose length is no integer", fault);
  }
  return true;
}

static bool is_power(size_t number) {
  return number != 0 && (number & (number - 1)) == 0;
}

static bool check_one(const ist__type *type, ist__fault *fault) {
  size_t size = type->size;
  if (type->kind != IST__VOID && (!is_power(type->align) || type->align > IST__MAX_ALIGN)) {
    return wrong(type, "an alignment that cannot be", fault);
  }
  switch (type->kind) {
  case IST__INT:
  case IST__BOOL:
  case IST__ENUM:
    return size == 1 || size == 2 || size == 4 || size == 8 ||
           wrong(type, "a size that cannot be", fault);
  case IST__FLOAT: return size == 4 || size == 8 || wrong(type, "a size that cannot be", fault);
  case IST__REF:
    return type->to->kind == IST__STRUCT || type->to->kind == IST__HANDLE ||
           wrong(type, "a ref to neither struct nor handle", fault);
  case IST__ARRAY: {
    size_t total;
    if (!is_element(type->to) || type->count == 0) return wrong(type, "an array of nothing", fault);
    if (__builtin_mul_overflow(type->count, type->to->size, &total) || total != size) {
      return wrong(type, "an array whose size is not that of its elements", fault);
    }
    if (type->encoding != IST__BYTES && (type->to->kind != IST__INT || type->to->size > 2)) {
      return wrong(type, "text of something else than characters", fault);
    }
    return true;
  }
  case IST__STRUCT:
  case IST__HANDLE:
    for (size_t i = 0; i < type->field_count; i++) {
      if (!check_field(type, &type->fields[i], fault)) return false;
    }
    return true;
  default: return true;
  }
}

/* How deep a type contains others, or points to pointers, with `depths` as what is known (0:
 * nothing yet). 0: it contains itself, or too deep. */
static unsigned char depth_of(const ist__type *type, unsigned char *depths, unsigned level) {
  if (depths[type->index] == UINT8_MAX || level > IST__MAX_DEPTH) return 0;
  if (depths[type->index]) return depths[type->index];
  depths[type->index] = UINT8_MAX;
  unsigned char deepest = 0;
  if (type->kind == IST__ARRAY || (type->kind == IST__POINTER && type->to->kind == IST__POINTER)) {
    if (!(deepest = depth_of(type->to, depths, level + 1))) return 0;
  }
  for (size_t i = 0; i < type->field_count; i++) {
    unsigned char depth = depth_of(type->fields[i].type, depths, level + 1);
    if (!depth) return 0;
    if (depth > deepest) deepest = depth;
  }
  if (deepest >= IST__MAX_DEPTH) return 0;
  return depths[type->index] = (unsigned char)(deepest + 1);
}

bool ist__types_check(const ist__library *library, ist__fault *fault) {
  unsigned char *depths = ist__calloc(library->type_count ? library->type_count : 1, 1);
  if (!depths) {
    ist__library_arena(library)->exhausted = true;
    return ist__fault_set(fault, "out of memory");
  }
  bool good = true;
  for (size_t i = 0; good && i < library->type_count; i++) {
    const ist__type *type = library->types[i];
    if (!depth_of(type, depths, 0)) good = wrong(type, "contains itself, or nests too deep", fault);
  }
  for (size_t i = 0; good && i < library->type_count; i++)
    good = check_one(library->types[i], fault);
  ist__free(depths);
  return good;
}
