/* Structs by value against the C compiler: random structs (nested, arrays, bit-fields, packed,
 * aligned) go through random functions and callbacks, mixed with scalars until registers run out;
 * the compiled side says what it saw. The seed is printed, and ISTHMUS_SEED repeats a run. */
#include "support.h"

#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

enum { STRUCTS = 300, FUNCTIONS = 1000, FIELDS = 6, PARAMS = 10, SCALARS = 11, ROOM = 4096 };

static const struct {
  const char *c, *json;
  size_t size;
  bool is_float;
} scalars[SCALARS] = {
    {"int8_t", "\"kind\":\"int\",\"signed\":true", 1, false},
    {"uint8_t", "\"kind\":\"int\"", 1, false},
    {"int16_t", "\"kind\":\"int\",\"signed\":true", 2, false},
    {"uint16_t", "\"kind\":\"int\"", 2, false},
    {"int32_t", "\"kind\":\"int\",\"signed\":true", 4, false},
    {"uint32_t", "\"kind\":\"int\"", 4, false},
    {"int64_t", "\"kind\":\"int\",\"signed\":true", 8, false},
    {"uint64_t", "\"kind\":\"int\"", 8, false},
    {"float", "\"kind\":\"float\"", 4, true},
    {"double", "\"kind\":\"float\"", 8, true},
    {"void *", "\"kind\":\"pointer\",\"to\":0", 8, false},
};

/* Types: 0 … SCALARS-1, then the structs. */
typedef struct field {
  int type, array, width; /* array 0: none; width 0: no bit-field */
  size_t align;
} field;

typedef struct record {
  field fields[FIELDS];
  int count;
  bool packed;
  size_t align;
  size_t size, real_align; /* as the compiler says; before that, about */
  size_t at[FIELDS];       /* bytes, or bits */
} record;

typedef struct function {
  int params[PARAMS], count, result; /* result -1: void */
} function;

static record records[STRUCTS];
static function functions[FUNCTIONS];
static uint64_t state;

static unsigned pick(unsigned below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % below;
}

static bool chance(unsigned percent) {
  return pick(100) < percent;
}

/* ---- random types and functions ---- */

static size_t size_of(int type) {
  return type < SCALARS ? scalars[type].size : records[type - SCALARS].size;
}

static void make_record(int index) {
  record *r = &records[index];
  bool floats = chance(20), bits = chance(25);
  r->count = 1 + (int)pick(chance(30) ? FIELDS : 3);
  r->packed = chance(20);
  r->align = chance(10) ? (size_t)1 << (1 + pick(6)) : 0;
  for (int i = 0; i < r->count; i++) {
    field *f = &r->fields[i];
    f->type = floats ? 8 + (int)pick(2) : (int)pick(SCALARS);
    if (bits && chance(70)) {
      f->type = (int)pick(8);
      f->width = 1 + (int)pick(8 * (unsigned)scalars[f->type].size);
      continue;
    }
    if (index > 0 && chance(20)) {
      int inner = (int)pick((unsigned)index);
      if (records[inner].size <= 48) f->type = SCALARS + inner;
    }
    if (chance(20)) f->array = 1 + (int)pick(4);
    if (chance(5)) f->align = (size_t)1 << pick(6);
    r->size += f->align + size_of(f->type) * (size_t)(f->array ? f->array : 1);
  }
}

static int pick_type(void) {
  return chance(60) ? SCALARS + (int)pick(STRUCTS) : (int)pick(SCALARS);
}

static void make_function(function *f) {
  f->count = (int)pick(PARAMS + 1);
  f->result = chance(10) ? -1 : pick_type();
  for (int i = 0; i < f->count; i++) f->params[i] = pick_type();
}

/* ---- as C ---- */

static const char *c_name(int type) {
  static char names[4][16];
  static int next;
  if (type < 0) return "void";
  if (type < SCALARS) return scalars[type].c;
  char *name = names[next++ & 3];
  snprintf(name, 16, "S%d", type - SCALARS);
  return name;
}

static void c_record(text *t, int index) {
  const record *r = &records[index];
  add(t, "typedef struct S%d {", index);
  for (int i = 0; i < r->count; i++) {
    const field *f = &r->fields[i];
    add(t, " %s f%d", c_name(f->type), i);
    if (f->width) add(t, " : %d", f->width);
    if (f->array) add(t, "[%d]", f->array);
    if (f->align) add(t, " __attribute__((aligned(%zu)))", f->align);
    add(t, ";");
  }
  add(t, " }");
  if (r->packed) add(t, " __attribute__((packed))");
  if (r->align) add(t, " __attribute__((aligned(%zu)))", r->align);
  add(t, " S%d;\nconst size_t L%d[] = {sizeof(S%d), _Alignof(S%d)", index, index, index, index);
  for (int i = 0; i < r->count; i++) {
    if (r->fields[i].width)
      add(t, ", 0");
    else
      add(t, ", offsetof(S%d, f%d)", index, i);
  }
  add(t, "};\nvoid M%d(void *at, int field) { S%d *s = at; switch (field) {", index, index);
  for (int i = 0; i < r->count; i++) {
    if (r->fields[i].width) add(t, " case %d: s->f%d = ~0ull; break;", i, i);
  }
  add(t, " } }\n");
}

static void c_sums(text *t, const char *what, int type) {
  if (type < SCALARS) {
    add(t, " %s(%s);", !scalars[type].is_float ? "I" : scalars[type].size == 4 ? "F" : "D", what);
    return;
  }
  const record *r = &records[type - SCALARS];
  for (int i = 0; i < r->count; i++) {
    for (int j = 0; j < (r->fields[i].array ? r->fields[i].array : 1); j++) {
      char inner[256];
      if (r->fields[i].array)
        snprintf(inner, sizeof inner, "%s.f%d[%d]", what, i, j);
      else
        snprintf(inner, sizeof inner, "%s.f%d", what, i);
      c_sums(t, inner, r->fields[i].type);
    }
  }
}

static void c_params(text *t, const function *f, bool named) {
  add(t, "(");
  for (int i = 0; i < f->count; i++) {
    add(t, "%s%s", i ? ", " : "", c_name(f->params[i]));
    if (named) add(t, " p%d", i);
  }
  add(t, f->count ? ")" : "void)");
}

static void c_function(text *t, int index) {
  const function *f = &functions[index];
  add(t, "%s F%d", c_name(f->result), index);
  c_params(t, f, true);
  add(t, " {");
  if (f->result >= 0) add(t, " %s r;", c_name(f->result));
  add(t, " sum = 0;");
  for (int i = 0; i < f->count; i++) {
    char name[16];
    snprintf(name, sizeof name, "p%d", i);
    c_sums(t, name, f->params[i]);
    add(t, " misaligned += (uintptr_t)hide(&p%d) %% _Alignof(%s) != 0;", i, c_name(f->params[i]));
  }
  if (f->result >= 0) add(t, " memcpy(&r, give[%d], sizeof r); return r;", PARAMS);
  add(t, " }\nvoid C%d(%s (*cb)", index, c_name(f->result));
  c_params(t, f, false);
  add(t, ") {");
  for (int i = 0; i < f->count; i++) {
    add(t, " %s p%d; memcpy(&p%d, give[%d], sizeof p%d);", c_name(f->params[i]), i, i, i, i);
  }
  add(t, " sum = 0; ");
  if (f->result >= 0) add(t, "%s r = ", c_name(f->result));
  add(t, "cb(");
  for (int i = 0; i < f->count; i++) add(t, "%sp%d", i ? ", " : "", i);
  add(t, ");");
  if (f->result >= 0) c_sums(t, "r", f->result);
  add(t, " }\n");
}

static void *compile(const char *folder) {
  text t = {0};
  add(&t,
      "#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n"
      "uint64_t sum, misaligned; unsigned char give[%d][%d] __attribute__((aligned(64)));\n"
      "static void I(uint64_t v) { sum = (sum ^ v) * 0x100000001b3u + 1; }\n"
      "static void F(float v) { uint32_t b; memcpy(&b, &v, 4); I(b); }\n"
      "static void D(double v) { uint64_t b; memcpy(&b, &v, 8); I(b); }\n"
      "static void *hide(void *p) { __asm__(\"\" : \"+r\"(p)); return p; }\n",
      PARAMS + 1, ROOM);
  for (int i = 0; i < STRUCTS; i++) c_record(&t, i);
  add(&t, "#undef I\n#define I(v) I((uint64_t)(v))\n");
  for (int i = 0; i < FUNCTIONS; i++) c_function(&t, i);
  char path[512], command[2048];
  snprintf(path, sizeof path, "%s/abi.c", folder);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fwrite(t.bytes, 1, t.length, file);
  assert_int_equal(fclose(file), 0);
  free(t.bytes);
  const char *cc = getenv("CC") ? getenv("CC") : "cc";
  snprintf(command, sizeof command, "%s -w -O1 -fPIC -shared -o %s/abi.so %s", cc, folder, path);
  assert_int_equal(system(command), 0);
  snprintf(path, sizeof path, "%s/abi.so", folder);
  void *handle = dlopen(path, RTLD_NOW);
  assert_non_null(handle);
  return handle;
}

static void *symbol(void *handle, char letter, int index) {
  char name[24];
  snprintf(name, sizeof name, "%c%d", letter, index);
  void *found = dlsym(handle, name);
  assert_non_null(found);
  return found;
}

static void read_layout(void *handle, int index) {
  record *r = &records[index];
  const size_t *numbers = symbol(handle, 'L', index);
  void (*mark)(void *, int) = (void (*)(void *, int))(uintptr_t)symbol(handle, 'M', index);
  r->size = numbers[0];
  r->real_align = numbers[1];
  for (int i = 0; i < r->count; i++) {
    r->at[i] = numbers[2 + i];
    if (!r->fields[i].width) continue;
    unsigned char *memory = aligned_alloc(64, (r->size + 63) / 64 * 64);
    memset(memory, 0, r->size);
    mark(memory, i);
    while (!(memory[r->at[i] / 8] >> r->at[i] % 8 & 1)) r->at[i]++;
    free(memory);
  }
}

/* ---- as a descriptor ---- */

/* Type 0 is void; scalars, structs, then the array types, one for each array field; callbacks last.
 */
static int json_type(int type) {
  return type + 1;
}

static size_t align_of(int type) {
  return type < SCALARS ? scalars[type].size : records[type - SCALARS].real_align;
}

/* Of the most aligned member: the alignment that AAPCS64 goes by. */
static size_t natural_align(const record *r) {
  size_t most = 1;
  for (int i = 0; i < r->count; i++) {
    size_t align = r->packed ? 1 : align_of(r->fields[i].type);
    if (r->fields[i].align > align) align = r->fields[i].align;
    if (align > most) most = align;
  }
  return most;
}

static void json_records(text *t) {
  int arrays = 1 + SCALARS + STRUCTS;
  for (int i = 0; i < STRUCTS; i++) {
    const record *r = &records[i];
    add(t,
        ",{\"kind\":\"struct\",\"name\":\"S%d\",\"size\":%zu,\"align\":%zu,\"natural_align\":%zu,"
        "\"fields\":[",
        i, r->size, r->real_align, natural_align(r));
    for (int j = 0; j < r->count; j++) {
      const field *f = &r->fields[j];
      add(t, "%s{\"name\":\"f%d\",\"type\":%d,", j ? "," : "", j,
          f->array ? arrays++ : json_type(f->type));
      if (f->width)
        add(t, "\"bit_offset\":%zu,\"bit_width\":%d}", r->at[j], f->width);
      else
        add(t, "\"offset\":%zu}", r->at[j]);
    }
    add(t, "]}");
  }
  for (int i = 0; i < STRUCTS; i++) {
    for (int j = 0; j < records[i].count; j++) {
      const field *f = &records[i].fields[j];
      if (!f->array) continue;
      add(t, ",{\"kind\":\"array\",\"of\":%d,\"count\":%d,\"size\":%zu,\"align\":%zu}",
          json_type(f->type), f->array, size_of(f->type) * (size_t)f->array, align_of(f->type));
    }
  }
}

static void json_params(text *t, const function *f) {
  add(t, "\"params\":[");
  for (int i = 0; i < f->count; i++) {
    add(t, "%s{\"name\":\"p%d\",\"type\":%d,\"arg\":%d}", i ? "," : "", i, json_type(f->params[i]),
        i);
  }
  add(t, "],\"result\":{\"type\":%d}", f->result < 0 ? 0 : json_type(f->result));
}

static ist__library *describe(const char *folder) {
  text t = {0};
  int callbacks = 1 + SCALARS + STRUCTS;
  for (int i = 0; i < STRUCTS; i++) {
    for (int j = 0; j < records[i].count; j++) callbacks += records[i].fields[j].array != 0;
  }
  add(&t,
      "{\"isthmus\":1,\"library\":\"abi\",\"target\":\"" TARGET
      "\",\"link\":[\"%s/abi.so\"],\"types\":[{\"kind\":\"void\"}",
      folder);
  for (int i = 0; i < SCALARS; i++) {
    add(&t, ",{%s,\"name\":\"%s\",\"size\":%zu,\"align\":%zu}", scalars[i].json, scalars[i].c,
        scalars[i].size, scalars[i].size);
  }
  json_records(&t);
  for (int i = 0; i < FUNCTIONS; i++) {
    add(&t, ",{\"kind\":\"callback\",\"name\":\"cb%d\",", i);
    json_params(&t, &functions[i]);
    add(&t, "}");
  }
  add(&t, "],\"functions\":[");
  for (int i = 0; i < FUNCTIONS; i++) {
    add(&t, "%s{\"name\":\"F%d\",\"symbol\":\"F%d\",", i ? "," : "", i, i);
    json_params(&t, &functions[i]);
    add(&t,
        "},{\"name\":\"C%d\",\"symbol\":\"C%d\",\"params\":[{\"name\":\"cb\",\"type\":%d,\"arg\":0,"
        "\"scope\":{\"kind\":\"call\"}}],\"result\":{\"type\":0}}",
        i, i, callbacks + i);
  }
  add(&t, "]}");
  ist__fault fault;
  ist__library *library = ist__library_open(t.bytes, t.length, &fault);
  if (!library) fail_msg("%s", fault.text);
  free(t.bytes);
  return library;
}

/* ---- the comparison ---- */

static uint64_t sum, *c_sum, *c_misaligned;
static unsigned char (*give)[ROOM];
static ist__library *library;

static void take(uint64_t value) {
  sum = (sum ^ value) * 0x100000001b3u + 1;
}

static void sum_value(const ist__type *type, const unsigned char *at) {
  if (type->kind == IST__STRUCT) {
    for (size_t i = 0; i < type->field_count; i++) {
      const ist__field *field = &type->fields[i];
      if (field->bit_width)
        take(ist__bits_load(field, at));
      else
        sum_value(field->type, at + field->offset);
    }
  } else if (type->kind == IST__ARRAY) {
    for (size_t i = 0; i < type->count; i++) sum_value(type->to, at + i * type->to->size);
  } else if (type->kind == IST__INT) {
    take((uint64_t)ist__scalar_load(type, at).i);
  } else {
    uint64_t raw = 0;
    memcpy(&raw, at, type->size);
    take(raw);
  }
}

static void randomize(void) {
  for (int i = 0; i <= PARAMS; i++) {
    for (int j = 0; j < ROOM; j++) give[i][j] = (unsigned char)pick(256);
  }
}

static void check_call(int index) {
  const ist__function *f = library->functions[2 * index];
  void *args[PARAMS + 1];
  uint64_t expected;
  randomize();
  sum = 0;
  for (size_t i = 0; i < f->param_count; i++) {
    const ist__type *type = f->params[i].type;
    args[i] = malloc(type->size);
    memcpy(args[i], give[i], type->size);
    sum_value(type, args[i]);
  }
  expected = sum;
  unsigned char *result = malloc(ist__result_size(f));
  ist__frame frame = {.function = f, .args = args, .result = result};
  ist__frame_call(&frame);
  if (*c_sum != expected) fail_msg("F%d saw other arguments", index);
  if (f->result.type->kind != IST__VOID) {
    sum = 0;
    sum_value(f->result.type, give[PARAMS]);
    expected = sum;
    sum = 0;
    sum_value(f->result.type, result);
    if (sum != expected) fail_msg("F%d returned something else", index);
  }
  for (size_t i = 0; i < f->param_count; i++) free(args[i]);
  free(result);
}

static void on_call(void *env, ist__closure *closure, void *result, void **args) {
  const ist__type *type = closure->type;
  (void)env;
  sum = 0;
  for (size_t i = 0; i < type->param_count; i++) sum_value(type->params[i].type, args[i]);
  memcpy(result, give[PARAMS], type->result->type->size);
}

static void ignore_text(void *env, const char *text) {
  (void)env, (void)text;
}
static void ignore(void *env) {
  (void)env;
}
static void ignore_function(void *env, void *function) {
  (void)env, (void)function;
}
static void ignore_owner(void *env, ist__owner *owner) {
  (void)env, (void)owner;
}

static void check_callback(ist__domain *domain, int index) {
  const ist__function *f = library->functions[2 * index + 1];
  const ist__type *type = f->params[0].type;
  uint64_t expected, seen;
  void *code, *args[] = {&code};
  _Alignas(16) unsigned char result[16];
  ist__frame frame = {.function = f, .args = args, .result = result};
  ist__closure *closure = ist__closure_new(domain, &f->params[0], &frame, &code, NULL);
  assert_non_null(closure);
  code = ist__closure_code(closure);
  randomize();
  sum = 0;
  for (size_t i = 0; i < type->param_count; i++) sum_value(type->params[i].type, give[i]);
  expected = sum;
  ist__frame_call(&frame);
  seen = sum;
  if (seen != expected) fail_msg("C%d: the callback saw other arguments", index);
  if (type->result->type->kind != IST__VOID) {
    sum = 0;
    sum_value(type->result->type, give[PARAMS]);
    if (*c_sum != sum) fail_msg("C%d: the callback's result arrived as something else", index);
  }
  ist__closure_end(closure);
}

static void structs_travel_as_the_compiler_says(void **unused) {
  (void)unused;
  char folder[256], command[300];
  const char *base = getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir;
  int length = snprintf(folder, sizeof folder - 7, "%s/isthmus-abi-", base);
  assert_in_range(length, 1, sizeof folder - 8);
  memset(folder + length, 'X', 6);
  folder[length + 6] = 0;
  assert_non_null(mkdtemp(folder));
  for (int i = 0; i < STRUCTS; i++) make_record(i);
  for (int i = 0; i < FUNCTIONS; i++) make_function(&functions[i]);
  void *handle = compile(folder);
  for (int i = 0; i < STRUCTS; i++) read_layout(handle, i);
  library = describe(folder);
  c_sum = dlsym(handle, "sum");
  c_misaligned = dlsym(handle, "misaligned");
  give = dlsym(handle, "give");
  const ist__domain_hooks hooks = {.report = ignore_text,
                                   .wake = ignore,
                                   .call = on_call,
                                   .closure_end = ignore_function,
                                   .owner_end = ignore_owner};
  ist__domain *domain = ist__domain_new(&hooks);
  for (int i = 0; i < FUNCTIONS; i++) {
    check_call(i);
    check_callback(domain, i);
  }
  assert_int_equal(*c_misaligned, 0);
  ist__domain_free(domain);
  ist__library_release(library);
  dlclose(handle);
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
}

int main(void) {
  const char *seed = getenv("ISTHMUS_SEED");
  state = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
  printf("ISTHMUS_SEED=%llu\n", (unsigned long long)state);
  const struct CMUnitTest tests[] = {cmocka_unit_test(structs_travel_as_the_compiler_says)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
