/* How C function types travel through libffi: structs are classified here by the platform's rules
 * as gcc applies them.
 *
 * On x86-64 a struct becomes pieces: one scalar for each eightbyte that goes into a register, or
 * one block that libffi copies to the stack. Registers are counted here, so libffi, which counts
 * the same way, never has to split anything, and what it knows nothing of (bit-fields, packing,
 * over-alignment, eightbytes that are all padding) cannot mislead it. On AArch64 large
 * structs become pointers to copies; of small ones libffi looks at the size, the alignment and
 * whether they are homogeneous float aggregates, and is told just that. */
#include "internal.h"

#include <alloca.h>
#include <string.h>

static const unsigned char zeros[IST__MAX_ALIGN];

static ffi_type *scalar_type(const ist__type *type) {
  static ffi_type *const integers[2][4] = {
      {&ffi_type_uint8, &ffi_type_uint16, &ffi_type_uint32, &ffi_type_uint64},
      {&ffi_type_sint8, &ffi_type_sint16, &ffi_type_sint32, &ffi_type_sint64}};
  switch (type->kind) {
  case IST__INT:
  case IST__ENUM:
  case IST__BOOL: {
    bool is_signed = type->is_signed && type->kind != IST__BOOL;
    return integers[is_signed][type->size == 1 ? 0 : type->size == 2 ? 1 : type->size == 4 ? 2 : 3];
  }
  case IST__FLOAT: return type->size == 4 ? &ffi_type_float : &ffi_type_double;
  case IST__VOID: return &ffi_type_void;
  default: return &ffi_type_pointer;
  }
}

static ffi_type *struct_type(ist__arena *arena, size_t size, size_t align, ffi_type *element,
                             size_t count) {
  ffi_type *type = ist__arena_alloc(arena, 1, sizeof *type);
  ffi_type **elements = ist__arena_alloc(arena, count + 1, sizeof *elements);
  if (!type || !elements) return NULL;
  for (size_t i = 0; i < count; i++) elements[i] = element;
  *type = (ffi_type){.size = size,
                     .alignment = (unsigned short)align,
                     .type = FFI_TYPE_STRUCT,
                     .elements = elements};
  return type;
}

/* A signature in the making. */
typedef struct builder {
  ist__arena *arena;
  ist__signature *signature;
  ffi_type **pieces;
  size_t capacity;
  unsigned integers, floats; /* registers in use */
  size_t stack;              /* bytes of stack arguments */
} builder;

static bool add_piece(builder *b, ffi_type *type) {
  if (!type || b->signature->piece_count == b->capacity) return false;
  b->pieces[b->signature->piece_count++] = type;
  return true;
}

#if defined(__x86_64__)

enum { INTEGER_REGISTERS = 6, FLOAT_REGISTERS = 8 };
#define HOST_ABI FFI_UNIX64

/* The psABI's classes, of one eightbyte. */
typedef enum class { NO_CLASS, INTEGER, SSE } class;

static class merge(class a, class b) {
  if (a == NO_CLASS) return b;
  if (b == NO_CLASS) return a;
  return a == INTEGER || b == INTEGER ? INTEGER : SSE;
}

static size_t words_of(const ist__type *type, size_t bit) {
  return (type->size + bit % 64 / 8 + 7) / 8;
}

static bool classify(const ist__type *type, size_t bit, class classes[2], size_t *count);

/* gcc looks at the first element alone and repeats its classes; so do we. */
static bool classify_array(const ist__type *type, size_t bit, class classes[2], size_t *count) {
  class element[2];
  size_t per;
  if (!classify(type->to, bit, element, &per)) return false;
  size_t words = words_of(type, bit);
  for (size_t i = 0; i < words && i < 2; i++) classes[i] = element[i % per];
  *count = words < 2 ? words : 2;
  return true;
}

static bool classify_struct(const ist__type *type, size_t bit, class classes[2], size_t *count) {
  size_t words = words_of(type, bit);
  classes[0] = classes[1] = NO_CLASS;
  *count = words < 1 ? 1 : words < 2 ? words : 2;
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__field *field = &type->fields[i];
    if (field->bit_width) {
      size_t from = field->bit_offset + bit % 64;
      for (size_t word = from / 64; word < (from + field->bit_width + 63) / 64 && word < 2;
           word++) {
        classes[word] = INTEGER;
      }
      continue;
    }
    class inner[2];
    size_t inner_count, at = 8 * field->offset;
    if (!classify(field->type, at + bit, inner, &inner_count)) return false;
    size_t word = (at + bit % 64) / 64;
    for (size_t j = 0; j < inner_count && word + j < *count; j++) {
      classes[word + j] = merge(classes[word + j], inner[j]);
    }
  }
  return true;
}

/* The classes of a value that starts at `bit` of its struct. False: it travels in memory. */
static bool classify(const ist__type *type, size_t bit, class classes[2], size_t *count) {
  if (type->kind == IST__STRUCT) return classify_struct(type, bit, classes, count);
  if (type->kind == IST__ARRAY) return classify_array(type, bit, classes, count);
  if (bit % (8 * type->size)) return false;
  classes[0] = type->kind == IST__FLOAT ? SSE : INTEGER;
  *count = 1;
  return true;
}

static bool in_registers(const ist__type *type, class classes[2], size_t *count) {
  return type->size <= 16 && classify(type, 0, classes, count);
}

/* libffi puts a struct on the stack, and returns it through a pointer, when one inside it is larger
 * than 32 bytes. It believes the inner one's size without adding up, so that works for structs of
 * any size. */
static ffi_type *memory_type(ist__arena *arena, size_t size) {
  static ffi_type *inside[] = {&ffi_type_uint8, NULL};
  static ffi_type large = {.size = 64, .alignment = 1, .type = FFI_TYPE_STRUCT, .elements = inside};
  return struct_type(arena, size, 8, &large, 1);
}

static bool lower_to_stack(builder *b, const ist__type *type, ist__lowered *lowered) {
  size_t align = type->align < 8 ? 8 : type->align;
  b->stack = (b->stack + 7) & ~(size_t)7;
  size_t at = (b->stack + align - 1) & ~(align - 1);
  if (at != b->stack && !add_piece(b, memory_type(b->arena, at - b->stack))) return false;
  b->stack = at + type->size;
  if (align > b->signature->stack_align) b->signature->stack_align = align;
  lowered->how = IST__WHOLE;
  lowered->first = (uint32_t)b->signature->piece_count;
  lowered->pieces = 1;
  return add_piece(b, memory_type(b->arena, type->size));
}

static bool lower_struct(builder *b, const ist__type *type, ist__lowered *lowered) {
  class classes[2];
  size_t count;
  if (!in_registers(type, classes, &count)) return lower_to_stack(b, type, lowered);
  unsigned integers = 0, floats = 0;
  for (size_t i = 0; i < count; i++) integers += classes[i] == INTEGER, floats += classes[i] == SSE;
  if (b->integers + integers > INTEGER_REGISTERS || b->floats + floats > FLOAT_REGISTERS) {
    return lower_to_stack(b, type, lowered);
  }
  b->integers += integers;
  b->floats += floats;
  lowered->how = IST__IN_REGISTERS;
  lowered->first = (uint32_t)b->signature->piece_count;
  for (size_t i = 0; i < count; i++) {
    if (classes[i] == NO_CLASS) continue;
    lowered->words[lowered->pieces++] = (uint8_t)i;
    if (!add_piece(b, classes[i] == SSE ? &ffi_type_double : &ffi_type_uint64)) return false;
  }
  return true;
}

static bool lower_scalar(builder *b, const ist__type *type) {
  unsigned *used = type->kind == IST__FLOAT ? &b->floats : &b->integers;
  if (*used < (type->kind == IST__FLOAT ? FLOAT_REGISTERS : INTEGER_REGISTERS))
    ++*used;
  else
    b->stack = ((b->stack + 7) & ~(size_t)7) + 8;
  return add_piece(b, scalar_type(type));
}

static ffi_type *lower_result(builder *b, const ist__type *type) {
  class classes[2];
  size_t count;
  if (!in_registers(type, classes, &count)) {
    b->integers = 1;
    return memory_type(b->arena, type->size);
  }
  if (count == 2 && classes[1] == NO_CLASS) count = 1;
  if (classes[0] == NO_CLASS) {
    if (count == 1) return &ffi_type_void;
    b->signature->result_shift = 8;
    classes[0] = classes[1];
    count = 1;
  }
  ffi_type *result = struct_type(b->arena, 8 * count, 8, NULL, 2);
  for (size_t i = 0; result && i < count; i++) {
    result->elements[i] = classes[i] == SSE ? &ffi_type_double : &ffi_type_uint64;
  }
  return result;
}

#elif defined(__aarch64__)

enum { INTEGER_REGISTERS = 8 };
#define HOST_ABI FFI_SYSV

/* Counts the floats of a homogeneous aggregate; false: something else is in it. */
static bool count_floats(const ist__type *type, const ist__type **element, size_t *count) {
  if (type->kind == IST__FLOAT) {
    if (*element && (*element)->size != type->size) return false;
    *element = type;
    ++*count;
    return true;
  }
  if (type->kind == IST__ARRAY) {
    size_t one = 0;
    if (!count_floats(type->to, element, &one)) return false;
    *count += type->count > 4 ? 5 : one * type->count;
    return *count <= 4;
  }
  if (type->kind != IST__STRUCT) return false;
  size_t before = *count, most = 0;
  for (size_t i = 0; i < type->field_count; i++) {
    if (type->fields[i].bit_width || !count_floats(type->fields[i].type, element, count) ||
        *count > 4)
      return false;
    if (*count - before > most) most = *count - before;
    /* A union is as many floats as its longest member. */
    if (type->is_union) *count = before;
  }
  if (type->is_union) *count = before + most;
  return true;
}

static size_t natural_align(const ist__type *type) {
  if (type->natural_align) return type->natural_align;
  size_t align = 1;
  for (size_t i = 0; i < type->field_count; i++) {
    const ist__type *field = type->fields[i].type;
    while (field->kind == IST__ARRAY) field = field->to;
    if (field->align > align) align = field->align;
  }
  return align < type->align ? align : type->align;
}

static bool is_float_aggregate(const ist__type *type, const ist__type **element, size_t *count) {
  *element = NULL;
  *count = 0;
  return count_floats(type, element, count) && *count > 0 &&
         *count * (*element)->size == type->size;
}

static ffi_type *aggregate_type(builder *b, const ist__type *type) {
  const ist__type *element;
  size_t count, align = natural_align(type);
  if (is_float_aggregate(type, &element, &count)) {
    return struct_type(b->arena, type->size, align, scalar_type(element), count);
  }
  return struct_type(b->arena, type->size, align, &ffi_type_uint8, 1);
}

static void take_integers(builder *b, unsigned count) {
  b->integers = b->integers + count <= INTEGER_REGISTERS ? b->integers + count : INTEGER_REGISTERS;
}

static bool lower_struct(builder *b, const ist__type *type, ist__lowered *lowered) {
  const ist__type *element;
  size_t count;
  bool floats = is_float_aggregate(type, &element, &count);
  bool by_pointer = !floats && type->size > 16;
  /* What holds a member aligned to 16 bytes starts in an even register; libffi does not know. The
   * alignment of the struct itself, which may be raised, does not count. */
  if (!floats && !by_pointer && natural_align(type) == 16 && b->integers % 2) {
    if (!add_piece(b, &ffi_type_uint64)) return false;
    b->integers++;
  }
  if (!floats) take_integers(b, by_pointer ? 1 : (unsigned)(type->size + 7) / 8);
  lowered->how = by_pointer ? IST__BY_POINTER : IST__WHOLE;
  lowered->first = (uint32_t)b->signature->piece_count;
  lowered->pieces = 1;
  return add_piece(b, by_pointer ? &ffi_type_pointer : aggregate_type(b, type));
}

static bool lower_scalar(builder *b, const ist__type *type) {
  if (type->kind != IST__FLOAT) take_integers(b, 1);
  return add_piece(b, scalar_type(type));
}

static ffi_type *lower_result(builder *b, const ist__type *type) {
  return aggregate_type(b, type);
}

#else
#error "Structs by value need this machine's rules; see lower_struct."
#endif

static bool lower_params(builder *b, const ist__param *params, size_t count) {
  ist__signature *s = b->signature;
  s->direct = true;
  for (size_t i = 0; i < count; i++) {
    const ist__type *type = params[i].type;
    ist__lowered *lowered = &s->params[i];
    lowered->size = (uint32_t)type->size;
    lowered->align = type->kind == IST__STRUCT ? (uint32_t)type->align : 8;
    if (type->kind != IST__STRUCT) {
      lowered->how = IST__DIRECT;
      lowered->pieces = 1;
      lowered->first = (uint32_t)s->piece_count;
      if (!lower_scalar(b, type)) return false;
      continue;
    }
    s->direct = false;
    lowered->how = IST__NOWHERE;
    if (type->size && !lower_struct(b, type, lowered)) return false;
  }
  return true;
}

static bool check_by_value(const ist__type *type, const char *name, ist__fault *fault) {
  if (type->kind != IST__STRUCT || type->size <= IST__MAX_BY_VALUE) return true;
  return ist__fault_set(fault, "descriptor: %s: %s is too large to be passed by value", name,
                        type->name);
}

ist__signature *ist__signature_new(ist__arena *arena, const ist__param *params, size_t count,
                                   const ist__type *result, ist__fault *fault) {
  if (!check_by_value(result, "return", fault)) return NULL;
  for (size_t i = 0; i < count; i++) {
    if (!check_by_value(params[i].type, params[i].name, fault)) return NULL;
  }
  ist__signature *s = ist__arena_alloc(arena, 1, sizeof *s);
  builder b = {.arena = arena, .signature = s, .capacity = 3 * count};
  b.pieces = ist__arena_alloc(arena, b.capacity, sizeof *b.pieces);
  ist__lowered *lowered = ist__arena_alloc(arena, count, sizeof *lowered);
  if (!s || !b.pieces || !lowered) goto out_of_memory;
  s->params = lowered;
  s->param_count = count;
  s->result_size = result->size;
  s->result_align = result->kind == IST__STRUCT ? result->align : 8;
  ffi_type *returned = scalar_type(result);
  if (result->kind == IST__STRUCT)
    returned = result->size ? lower_result(&b, result) : &ffi_type_void;
  if (!returned || !lower_params(&b, params, count)) goto out_of_memory;
  s->result_integer =
      result->kind == IST__INT || result->kind == IST__ENUM || result->kind == IST__BOOL;
  s->result_signed = s->result_integer && result->is_signed && result->kind != IST__BOOL;
  if (ffi_prep_cif(&s->cif, HOST_ABI, (unsigned)s->piece_count, returned, b.pieces) != FFI_OK) {
    ist__fault_set(fault, "descriptor: libffi refuses a function type");
    return NULL;
  }
  return s;
out_of_memory:
  ist__fault_set(fault, "out of memory");
  return NULL;
}

bool ist__signature_equal(const ist__signature *a, const ist__signature *b) {
  if (a->param_count != b->param_count || a->piece_count != b->piece_count ||
      a->cif.flags != b->cif.flags || a->result_size != b->result_size ||
      a->result_shift != b->result_shift || a->result_integer != b->result_integer ||
      a->result_signed != b->result_signed || a->cif.rtype->type != b->cif.rtype->type ||
      a->cif.rtype->size != b->cif.rtype->size) {
    return false;
  }
  for (size_t i = 0; i < a->piece_count; i++) {
    const ffi_type *one = a->cif.arg_types[i], *other = b->cif.arg_types[i];
    if (one->type != other->type || one->size != other->size || one->alignment != other->alignment)
      return false;
    if (one->elements && one->elements[0]->type != other->elements[0]->type) return false;
  }
  return a->param_count == 0 ||
         memcmp(a->params, b->params, a->param_count * sizeof *a->params) == 0;
}

/* ---- calls ---- */

static void invoke(const ist__signature *s, void (*function)(void), void *result, void **pieces) {
  ffi_call((ffi_cif *)&s->cif, function, result, pieces);
}

#if defined(__x86_64__)
static _Thread_local uintptr_t stack_arguments;

/* Called with a signature's own arguments, to see where they lie. */
__attribute__((noinline, no_sanitize_address)) static void probe(void) {
  stack_arguments = (uintptr_t)__builtin_frame_address(0) + 16;
}

/* libffi aligns the stack to 16 bytes. Where an argument wants more, the stack pointer is lowered
 * first by as much as the arguments of a trial call lay too high; what the trial leaves in `result`
 * is overwritten. Compilers take a constant more than alloca asks for, which the distance of two
 * equal ones tells. */
__attribute__((noinline, no_sanitize_address)) static void
invoke_aligned(const ist__signature *s, void (*function)(void), void *result, void **pieces) {
  void *copy[s->piece_count];
  memcpy(copy, pieces, sizeof copy);
  volatile char *first = alloca(16), *second = alloca(16);
  first[0] = second[0] = 0;
  size_t more = (uintptr_t)first - (uintptr_t)second - 16;
  invoke(s, probe, result, copy);
  size_t excess = (stack_arguments - more) & (s->stack_align - 1);
  volatile char *shift = alloca(excess ? excess : s->stack_align);
  shift[0] = 0;
  invoke(s, function, result, pieces);
}
#else
static void invoke_aligned(const ist__signature *s, void (*function)(void), void *result,
                           void **pieces) {
  invoke(s, function, result, pieces);
}
#endif

/* libffi replaces entries of the array that it gets, so structs always go through an array of our
 * own. */
static void call_lowered(const ist__signature *s, void (*function)(void), void *result,
                         void **args) {
  void *pieces[s->piece_count ? s->piece_count : 1];
  _Alignas(16) unsigned char scratch[16 * s->param_count + 16];
  for (size_t i = 0; i < s->piece_count; i++) pieces[i] = (void *)zeros;
  for (size_t i = 0; i < s->param_count; i++) {
    const ist__lowered *lowered = &s->params[i];
    if (lowered->how == IST__IN_REGISTERS) {
      unsigned char *words = scratch + 16 * i;
      memset(words, 0, 16);
      memcpy(words, args[i], lowered->size);
      for (size_t j = 0; j < lowered->pieces; j++)
        pieces[lowered->first + j] = words + 8 * lowered->words[j];
    } else if (lowered->how == IST__BY_POINTER) {
      unsigned char *copy = alloca(lowered->size + lowered->align);
      copy += -(uintptr_t)copy & (lowered->align - 1);
      memcpy(copy, args[i], lowered->size);
      memcpy(scratch + 16 * i, &copy, sizeof copy);
      pieces[lowered->first] = scratch + 16 * i;
    } else if (lowered->how != IST__NOWHERE) {
      pieces[lowered->first] = args[i];
    }
  }
  if (s->stack_align > 16)
    invoke_aligned(s, function, result, pieces);
  else
    invoke(s, function, result, pieces);
}

void ist__signature_call(const ist__signature *s, void (*function)(void), void *result,
                         void **args) {
  if (s->direct && s->result_align <= 16) {
    invoke(s, function, result, args);
    return;
  }
  if (s->result_align <= 16) {
    call_lowered(s, function, result, args);
  } else {
    unsigned char *room = alloca(s->result_size + s->result_align);
    room += -(uintptr_t)room & (s->result_align - 1);
    call_lowered(s, function, room, args);
    memcpy(result, room, s->result_size);
  }
  if (s->result_shift)
    memmove((unsigned char *)result + s->result_shift, result, 16 - s->result_shift);
}

/* ---- inside closures ---- */

void ist__signature_gather(const ist__signature *s, void **pieces, void **args,
                           unsigned char *scratch) {
  for (size_t i = 0; i < s->param_count; i++) {
    const ist__lowered *lowered = &s->params[i];
    unsigned char *words = scratch + 16 * i;
    args[i] = words;
    if (lowered->how == IST__DIRECT || lowered->how == IST__WHOLE) {
      args[i] = pieces[lowered->first];
    } else if (lowered->how == IST__BY_POINTER) {
      memcpy(&args[i], pieces[lowered->first], sizeof args[i]);
    } else {
      memset(words, 0, 16);
      for (size_t j = 0; j < lowered->pieces; j++) {
        memcpy(words + 8 * lowered->words[j], pieces[lowered->first + j], 8);
      }
    }
  }
}

void ist__signature_answer(const ist__signature *s, void *to, const void *value) {
  if (s->cif.rtype->type == FFI_TYPE_VOID) return;
  if (!s->result_integer) {
    memcpy(to, (const unsigned char *)value + s->result_shift, s->result_size - s->result_shift);
    return;
  }
  unsigned unused = 64 - 8 * (unsigned)s->result_size;
  uint64_t wide = 0;
  memcpy(&wide, value, s->result_size);
  if (s->result_signed) wide = (uint64_t)((int64_t)(wide << unused) >> unused);
  memcpy(to, &wide, sizeof wide);
}
