// The C of a Go package: expressions, error bundles, and for each function a wrapper that calls it
// and gives everything back at once. `aN` is what Go passes for parameter N, `pN` what C gets, `cN`
// what a pointer to one value points to.
#include <limits.h>

#include "emit_go.h"

#define OUT(b, ...) ist__idl_buffer_add(e->c, &(b), __VA_ARGS__)

// --- types ---

// The type without the const of its outermost level, so that a variable of it can be set.
static const ctype *variable(go_emitter *e, const ctype *t) {
  if (!t->is_const) return t;
  ctype *copy = NEW(e->c, ctype);
  *copy = *t;
  copy->is_const = false;
  return copy;
}

const char *ist__go_type_c(go_emitter *e, const ctype *t, const char *declarator) {
  return ist__idl_type_c(e->c, variable(e, t), declarator);
}

static const ctype *pointed(const ctype *t) {
  return ist__idl_type_strip(t)->to;
}

// --- expressions ---

static const char *integer_text(go_emitter *e, wide value) {
  if (value >= INT_MIN + 1 && value <= INT_MAX) return TEXT("%d", (int)value);
  if (value >= -INT64_MAX && value <= INT64_MAX)
    return TEXT("INT64_C(%s)", ist__idl_wide_text(e->c, value));
  if (value > 0 && value <= (wide)UINT64_MAX)
    return TEXT("UINT64_C(%s)", ist__idl_wide_text(e->c, value));
  unsigned __int128 bits = (unsigned __int128)value;
  return TEXT("(istg_wide)((unsigned __int128)UINT64_C(%llu) << 64 | UINT64_C(%llu))",
              (unsigned long long)(bits >> 64), (unsigned long long)bits);
}

static const char *string_text(go_emitter *e, const expr *x) {
  buffer b = {0};
  for (int i = 0; i < x->text_len; i++) OUT(b, "\\%03o", (unsigned char)x->text[i]);
  return TEXT("\"%s\"", b.at ? b.at : "");
}

static const char *call_text(go_emitter *e, const expr *x, const decl *f) {
  buffer b = {0};
  OUT(b, "%s(", x->callee->symbol ? x->callee->symbol : x->callee->name);
  for (int i = 0; i < x->args.count; i++) {
    const param *p = x->callee->params.at[i];
    const char *type = ist__go_type_c(e, p->type, "");
    const char *value = ist__go_expr(e, x->args.at[i], f);
    OUT(b, "%s(%s)%s", i ? ", " : "", type,
        x->args.at[i]->value == V_POINTER || x->args.at[i]->value == V_STRING ||
                ist__idl_type_strip(p->type)->kind == T_POINTER ||
                ist__idl_type_strip(p->type)->kind == T_ARRAY
            ? TEXT("(uintptr_t)(%s)", value)
            : TEXT("(%s)", value));
  }
  OUT(b, ")");
  return x->value == V_INT ? TEXT("(istg_wide)%s", b.at) : b.at;
}

static const char *binary_text(go_emitter *e, const expr *x, const decl *f) {
  static const struct {
    const char *op, *function;
  } checked[] = {{"+", "add"}, {"-", "sub"},  {"*", "mul"}, {"/", "div"},
                 {"%", "mod"}, {"<<", "shl"}, {">>", "shr"}};
  const char *a = ist__go_expr(e, x->a, f), *b = ist__go_expr(e, x->b, f);
  bool integers = x->a->value == V_INT && x->b->value == V_INT;
  for (size_t i = 0; i < sizeof checked / sizeof *checked && integers; i++)
    if (strcmp(checked[i].op, x->op) == 0)
      return TEXT("istg_%s(%s, %s)", checked[i].function, a, b);
  if (!integers && (x->a->value == V_STRING || x->a->value == V_POINTER))
    a = TEXT("(const void *)%s", a);
  if (!integers && (x->b->value == V_STRING || x->b->value == V_POINTER))
    b = TEXT("(const void *)%s", b);
  return TEXT("(%s %s %s)", a, x->op, b);
}

const char *ist__go_expr(go_emitter *e, const expr *x, const decl *f) {
  switch (x->kind) {
  case X_INT: return integer_text(e, x->integer);
  case X_FLOAT: return TEXT("%.17g", x->real);
  case X_STRING: return string_text(e, x);
  case X_NULL: return "NULL";
  case X_ARG: return x->value == V_INT ? TEXT("(istg_wide)p%d", x->index) : TEXT("p%d", x->index);
  case X_DEREF:
    return x->value == V_INT ? TEXT("(istg_wide)c%d", x->a->index) : TEXT("c%d", x->a->index);
  case X_RESULT: return x->value == V_INT ? "(istg_wide)r" : "r";
  case X_ERRNO: return "(istg_wide)istg_errno";
  case X_MESSAGE: return "message";
  case X_CALL: return call_text(e, x, f);
  case X_UNARY:
    return x->op[0] == '-' && x->a->value == V_INT
               ? TEXT("istg_sub(0, %s)", ist__go_expr(e, x->a, f))
               : TEXT("(%s%s)", x->op, ist__go_expr(e, x->a, f));
  case X_COND:
    return TEXT("(%s ? %s : %s)", ist__go_expr(e, x->a, f), ist__go_expr(e, x->b, f),
                ist__go_expr(e, x->c, f));
  case X_BINARY: return binary_text(e, x, f);
  default:
    ist__idl_error(e->c, x->at, "Go: not supported yet: an expression like this");
    return "0";
  }
}

const char *ist__go_wide(go_emitter *e, const expr *x, const decl *f) {
  return TEXT("istg_narrow(%s)", ist__go_expr(e, x, f));
}

// What every package has. Integers are exact: what overflows is as far out as it can be, and so no
// length that any buffer has.
void ist__go_helpers(go_emitter *e) {
  buffer *b = &e->preamble;
  ist__idl_buffer_add(
      e->c, b,
      "typedef __int128 istg_wide;\n"
      "#define ISTG_FAR ((istg_wide)1 << 126)\n"
      "#define ISTG_CHECKED(name)                                                     \\\n"
      "  static inline istg_wide istg_##name(istg_wide a, istg_wide b) {              \\\n"
      "    istg_wide r;                                                               \\\n"
      "    return __builtin_##name##_overflow(a, b, &r) ? ISTG_FAR : r;               \\\n"
      "  }\n"
      "ISTG_CHECKED(add)\nISTG_CHECKED(sub)\nISTG_CHECKED(mul)\n"
      "static inline istg_wide istg_div(istg_wide a, istg_wide b) { return b ? a / b : ISTG_FAR; "
      "}\n"
      "static inline istg_wide istg_mod(istg_wide a, istg_wide b) { return b ? a %% b : ISTG_FAR; "
      "}\n"
      "static inline istg_wide istg_shl(istg_wide a, istg_wide b) {\n"
      "  return b < 0 || b > 63 ? ISTG_FAR : istg_mul(a, (istg_wide)1 << b);\n"
      "}\n"
      "static inline istg_wide istg_shr(istg_wide a, istg_wide b) {\n"
      "  return b < 0 || b > 126 ? ISTG_FAR : a >> b;\n"
      "}\n"
      "static inline int64_t istg_narrow(istg_wide a) {\n"
      "  return a > INT64_MAX ? INT64_MAX : a < INT64_MIN ? INT64_MIN : (int64_t)a;\n"
      "}\n"
      "static inline int64_t istg_offset(const void *whole, const void *at) {\n"
      "  return at ? (int64_t)((intptr_t)at - (intptr_t)whole) : INT64_MIN;\n"
      "}\n"
      "static inline char *istg_copy(const void *text) { return text ? strdup(text) : NULL; }\n"
      "typedef struct {\n  int32_t failed, coded, missing;\n  int64_t code;\n  char *message;\n"
      "} istg_failure;\n");
  if (e->calls_back) {
    ist__idl_buffer_add(
        e->c, b,
        "// The calls that this thread is inside of, the last one first, and the callbacks.\n"
        "struct istg_frame {\n  uint64_t call;\n  struct istg_frame *up;\n  int32_t seal;\n};\n"
        "static __thread struct istg_frame *istg_top;\n"
        "static int32_t istg_inside(uint64_t call) {\n"
        "  int32_t answer = 0;\n"
        "  for (struct istg_frame *at = istg_top; at; at = at->up) {\n"
        "    if (at->call == call) return 1;\n"
        "    answer = at->call ? 0 : 2;\n"
        "  }\n"
        "  return answer;\n"
        "}\n"
        "static void istg_lost(void) { istg_top = NULL; }\n"
        "static int32_t istg_sealed(void) {\n"
        "  for (struct istg_frame *at = istg_top; at; at = at->up)\n"
        "    if (at->seal >= 0) return at->seal;\n"
        "  return -1;\n"
        "}\n"
        "extern int32_t isthmus_%s_callback(int32_t, uintptr_t, uint64_t, void *);\n"
        "// Where C carries no user data, a function for each number.\n"
        "#define ISTG_16(M, x) M(x##0) M(x##1) M(x##2) M(x##3) M(x##4) M(x##5) M(x##6) M(x##7) \\\n"
        "  M(x##8) M(x##9) M(x##a) M(x##b) M(x##c) M(x##d) M(x##e) M(x##f)\n"
        "#define ISTG_256(M, x) ISTG_16(M, x##0) ISTG_16(M, x##1) ISTG_16(M, x##2) ISTG_16(M, "
        "x##3) \\\n"
        "  ISTG_16(M, x##4) ISTG_16(M, x##5) ISTG_16(M, x##6) ISTG_16(M, x##7) \\\n"
        "  ISTG_16(M, x##8) ISTG_16(M, x##9) ISTG_16(M, x##a) ISTG_16(M, x##b) \\\n"
        "  ISTG_16(M, x##c) ISTG_16(M, x##d) ISTG_16(M, x##e) ISTG_16(M, x##f)\n"
        "static void istg_destroyed(void *data) {\n"
        "  isthmus_%s_callback(-1, (uintptr_t)data, 0, NULL);\n"
        "}\n"
        "static inline void *istg_notice(void) { return (void *)istg_destroyed; }\n",
        e->c->main->name, e->c->main->name);
  }
}

// --- bundles ---

static const char *bundle_params(go_emitter *e, const decl *d) {
  buffer b = {0};
  for (int i = 0; i < d->params.count; i++)
    OUT(b, "%s, ", ist__go_type_c(e, d->params.at[i]->type, TEXT("p%d", i)));
  OUT(b, "int istg_errno");
  return b.at;
}

void ist__go_bundle(go_emitter *e, decl *d) {
  const char *type = ist__go_exported(e, d->js);
  ist__go_claim(e, type, TEXT("the error '%s'", d->name), d->at);
  ist__go_doc(e, "", type, d->doc ? d->doc : "a failure of the library.", &d->attrs);
  GO("type %s struct{ clib.Failure }\n\n", type);
  GO("// Is: an error of this type with the same code is the same to [errors.Is].\n");
  GO("func (e *%s) Is(target error) bool {\n", type);
  GO("\tother, ok := target.(*%s)\n\treturn ok && e.Matches(&other.Failure)\n}\n\n", type);
  buffer *b = &e->functions;
  const char *params = bundle_params(e, d);
  const expr *test = d->fail ? d->fail : d->ok;
  ist__idl_buffer_add(e->c, b, "static inline int istg_fails_%s(%s) {\n  return %s(%s);\n}\n",
                      d->name, params, d->fail ? "!!" : "!", ist__go_expr(e, test, d));
  if (d->code)
    ist__idl_buffer_add(e->c, b, "static inline int64_t istg_code_%s(%s) {\n  return %s;\n}\n",
                        d->name, params, ist__go_wide(e, d->code, d));
  ist__idl_buffer_add(e->c, b,
                      "static void istg_tell_%s(istg_failure *f, %s) {\n  f->failed = 1;\n",
                      d->name, params);
  if (d->code) {
    buffer names = {0};
    for (int i = 0; i < d->params.count; i++) OUT(names, "p%d, ", i);
    ist__idl_buffer_add(e->c, b, "  f->coded = 1;\n  f->code = istg_code_%s(%sistg_errno);\n",
                        d->name, names.at ? names.at : "");
  }
  if (d->message)
    ist__idl_buffer_add(e->c, b, "  if (!f->message) f->message = istg_copy((const void *)(%s));\n",
                        ist__go_expr(e, d->message, d));
  if (d->cleanup) ist__idl_buffer_add(e->c, b, "  (void)(%s);\n", ist__go_expr(e, d->cleanup, d));
  ist__idl_buffer_add(e->c, b, "}\n");
}

// --- wrappers ---

// Whether it travels as the image of one struct.
static bool is_image(const param *p) {
  return p->role != ROLE_BUFFER && ist__go_is_struct(ist__go_element(p));
}

bool ist__go_throws_out(const decl *f) {
  return f->throws || f->optional;
}

static bool is_output(const param *p) {
  return p->role == ROLE_CELL && p->dir != DIR_IN;
}

static bool shows(const param *p) {
  return !p->hidden && !p->error_text;
}

bool ist__go_has_record(const decl *f) {
  if (ist__go_throws_out(f) || f->captures_errno || f->result->count) return true;
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (is_output(p) && shows(p) && !is_image(p)) return true;
    if (p->role == ROLE_BUFFER && p->filled) return true;
  }
  return false;
}

// Whether C may call Go during a call: for what it is given, or for what it was given before.
bool ist__go_calls_back(const go_emitter *e, const decl *f) {
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->role == ROLE_VALUE && p->dtype->kind == DT_CALLBACK) return true;
    if (is_image(p) && ist__go_has_functions(ist__go_struct_of(ist__go_element(p)))) return true;
  }
  return e->lingers;
}

// How an output or result travels back.
static const char *back_type(go_emitter *e, const param *p) {
  const dtype *t = p->role == ROLE_CELL ? p->dtype->to : p->dtype;
  if (p->within >= 0) return "int64_t";
  if (t->kind == DT_STRING || t->kind == DT_POINTER) return "void *";
  if (is_image(p)) return t->kind == DT_REF ? "int32_t" : NULL;
  return t->kind == DT_VOID ? NULL : ist__go_wire(e, t);
}

static const char *back_value(go_emitter *e, const param *p, const char *value) {
  const dtype *t = p->role == ROLE_CELL ? p->dtype->to : p->dtype;
  if (p->within >= 0) return TEXT("istg_offset(p%d, %s)", p->within, value);
  if (t->kind == DT_STRING || t->kind == DT_POINTER) return TEXT("(void *)%s", value);
  if (is_image(p)) return TEXT("%s != NULL", value);
  bool is_address = t->kind == DT_INT && strcmp(t->name, "void *") == 0;
  return ist__go_is_number(t) && !is_address ? value : TEXT("(uintptr_t)%s", value);
}

// What Go passes for a parameter, as a declaration in C; NULL: nothing.
static const char *wire_param(go_emitter *e, const decl *f, int i) {
  const param *p = f->params.at[i];
  const dtype *t = p->dtype;
  switch (p->role) {
  case ROLE_FIXED:
  case ROLE_DATA:
  case ROLE_DESTROY: return NULL;
  case ROLE_CELL:
    if (t->to->kind == DT_STRUCT) return TEXT("uint8_t *a%d", i);
    if (p->dir == DIR_OUT) return NULL;
    if (p->null) return TEXT("uint8_t *a%d", i);
    return TEXT("%s a%d", ist__go_wire(e, t->to), i);
  case ROLE_BUFFER:
    if (t->to->kind == DT_STRING || t->to->kind == DT_REF || t->to->kind == DT_STRUCT)
      return TEXT("void *a%d", i);
    return TEXT("uint8_t *a%d", i);
  default:
    if (t->kind == DT_STRING || is_image(p)) return TEXT("uint8_t *a%d", i);
    return TEXT("%s a%d", ist__go_wire(e, t), i);
  }
}

// Makes `pN` (and `cN`) of `aN`.
static void local(go_emitter *e, buffer *b, const decl *f, int i) {
  const param *p = f->params.at[i];
  const dtype *t = p->dtype;
  const char *declared = ist__go_type_c(e, p->type, TEXT("p%d", i));
  const char *type = ist__go_type_c(e, p->type, "");
  switch (p->role) {
  case ROLE_FIXED: {
    const char *value = ist__go_expr(e, p->fixed, f);
    if (p->fixed->value == V_INT && !ist__go_is_number(t)) value = TEXT("(intptr_t)(%s)", value);
    ist__idl_buffer_add(e->c, b, "  %s = (%s)%s;\n", declared, type, value);
    return;
  }
  case ROLE_DATA: ist__idl_buffer_add(e->c, b, "  %s = (%s)a%d;\n", declared, type, p->of); return;
  case ROLE_DESTROY:
    ist__idl_buffer_add(e->c, b, "  %s = a%d ? (%s)istg_destroyed : NULL;\n", declared, p->of,
                        type);
    return;
  case ROLE_CELL: {
    const char *cell = ist__go_type_c(e, pointed(p->type), TEXT("c%d", i));
    if (t->to->kind == DT_STRUCT) {
      ist__idl_buffer_add(e->c, b, "  %s;\n  if (a%d) memcpy(&c%d, a%d, sizeof c%d);\n", cell, i, i,
                          i, i);
      ist__idl_buffer_add(e->c, b, "  %s = a%d ? &c%d : NULL;\n", declared, i, i);
    } else if (p->dir == DIR_IN && p->null) {
      ist__idl_buffer_add(e->c, b, "  %s = (%s)a%d;\n", declared, type, i);
    } else {
      const char *value = p->dir == DIR_OUT ? "0"
                          : ist__go_is_number(t->to)
                              ? TEXT("a%d", i)
                              : TEXT("(%s)a%d", ist__go_type_c(e, pointed(p->type), ""), i);
      ist__idl_buffer_add(e->c, b, "  %s = %s;\n  %s = (%s)&c%d;\n", cell, value, declared, type,
                          i);
    }
    return;
  }
  default: break;
  }
  if (t->kind == DT_CALLBACK) {
    ist__go_use(e, (decl *)f, i);
    ist__idl_buffer_add(e->c, b, "  %s = (%s)istg_function_%s_%d(a%d);\n", declared, type, f->name,
                        i, i);
  } else if (t->kind == DT_STRUCT && p->role == ROLE_VALUE) {
    ist__idl_buffer_add(e->c, b, "  %s;\n  memcpy((void *)&p%d, a%d, sizeof p%d);\n", declared, i,
                        i, i);
  } else if (is_image(p)) {
    ist__idl_buffer_add(e->c, b, "  %s;\n  if (a%d) memcpy((void *)&s%d, a%d, sizeof s%d);\n",
                        ist__go_type_c(e, pointed(p->type), TEXT("s%d", i)), i, i, i, i);
    ist__idl_buffer_add(e->c, b, "  %s = a%d ? &s%d : NULL;\n", declared, i, i);
  } else if (ist__go_is_number(t)) {
    ist__idl_buffer_add(e->c, b, "  %s = (%s)a%d;\n", declared, type, i);
  } else {
    ist__idl_buffer_add(e->c, b, "  %s = (%s)(uintptr_t)a%d;\n", declared, type, i);
  }
}

static void weak(go_emitter *e, const decl *f) {
  buffer b = {0};
  OUT(b, "%s(", f->symbol);
  for (int i = 0; i < f->params.count; i++)
    OUT(b, "%s%s", i ? ", " : "", ist__idl_type_c(e->c, f->params.at[i]->type, ""));
  OUT(b, "%s)", f->params.count ? "" : "void");
  ist__idl_buffer_add(e->c, &e->functions, "extern %s __attribute__((weak));\n",
                      ist__idl_type_c(e->c, f->type, b.at));
}

bool ist__go_mentions(const expr *x, int i) {
  if (!x) return false;
  if (x->kind == X_ARG && x->index == i) return true;
  for (int k = 0; k < x->args.count; k++)
    if (ist__go_mentions(x->args.at[k], i)) return true;
  return ist__go_mentions(x->a, i) || ist__go_mentions(x->b, i) || ist__go_mentions(x->c, i);
}

// Whether Go can compute it without asking C: the index of the parameter that it is, or -1.
static bool is_plain(const expr *x) {
  int i;
  return x->kind == X_INT || ist__idl_expr_is_arg(x, &i) || ist__idl_expr_is_deref(x, &i);
}

// A function that computes an integer before the call: istf_NAME_WHAT, of what it mentions.
static void before(go_emitter *e, const decl *f, const expr *x, const char *what) {
  if (!x || is_plain(x) || x->value != V_INT) return;
  buffer params = {0}, locals = {0};
  for (int i = 0; i < f->params.count; i++) {
    const char *wire = ist__go_mentions(x, i) ? wire_param(e, f, i) : NULL;
    if (!wire) continue;
    OUT(params, "%s%s", params.len ? ", " : "", wire);
    local(e, &locals, f, i);
  }
  ist__idl_buffer_add(e->c, &e->functions, "static int64_t istf_%s_%s(%s) {\n%s  return %s;\n}\n",
                      f->name, what, params.len ? params.at : "void", locals.at ? locals.at : "",
                      ist__go_wide(e, x, f));
}

static void record(go_emitter *e, const decl *f) {
  buffer *b = &e->functions;
  ist__idl_buffer_add(e->c, b, "struct istg_r_%s {\n", f->name);
  if (back_type(e, f->result)) ist__idl_buffer_add(e->c, b, "  %s r;\n", back_type(e, f->result));
  if (f->result->count) ist__idl_buffer_add(e->c, b, "  int64_t nr;\n");
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (is_output(p) && shows(p) && back_type(e, p))
      ist__idl_buffer_add(e->c, b, "  %s o%d;\n", back_type(e, p), i);
    if (p->role == ROLE_BUFFER && p->filled) ist__idl_buffer_add(e->c, b, "  int64_t n%d;\n", i);
  }
  if (f->captures_errno) ist__idl_buffer_add(e->c, b, "  int32_t e;\n");
  if (ist__go_throws_out(f)) ist__idl_buffer_add(e->c, b, "  istg_failure f;\n");
  ist__idl_buffer_add(e->c, b, "};\n");
}

static const char *throw_args(go_emitter *e, const decl *f) {
  buffer b = {0};
  for (int i = 0; i < f->throw_args.count; i++) {
    const char *type = ist__go_type_c(e, f->throws->params.at[i]->type, "");
    const expr *x = f->throw_args.at[i];
    bool pointer = x->value != V_INT && x->value != V_FLOAT;
    OUT(b, pointer ? "(%s)(uintptr_t)(%s), " : "(%s)(%s), ", type, ist__go_expr(e, x, f));
  }
  OUT(b, "istg_errno");
  return b.at;
}

static const char *free_text(go_emitter *e, const param *p, const char *value) {
  const dtype *t = p->role == ROLE_CELL ? p->dtype->to : p->dtype;
  const decl *f = p->own_free;
  if (!f && t->kind == DT_REF) f = t->to->decl->destructor;
  buffer b = {0};
  if (f == e->c->free_function) return TEXT("free((void *)%s)", value);
  OUT(b, "%s(", f->symbol ? f->symbol : f->name);
  for (int i = 0; i < f->params.count; i++) {
    const param *q = f->params.at[i];
    const char *type = ist__go_type_c(e, q->type, "");
    if (q->role == ROLE_FIXED)
      OUT(b, "%s(%s)(%s)", i ? ", " : "", type, ist__go_expr(e, q->fixed, f));
    else if (q->default_value)
      OUT(b, "%s(%s)(%s)", i ? ", " : "", type, ist__go_expr(e, q->default_value, f));
    else
      OUT(b, "%s(%s)%s", i ? ", " : "", type, value);
  }
  OUT(b, ")");
  return b.at;
}

static void failures(go_emitter *e, const decl *f) {
  buffer *b = &e->functions;
  if (f->throws) {
    const char *args = throw_args(e, f);
    ist__idl_buffer_add(e->c, b, "  if (istg_fails_%s(%s)", f->throws->name, args);
    for (int i = 0; i < f->except.count && f->throws->code; i++)
      ist__idl_buffer_add(e->c, b, " &&\n      istg_code_%s(%s) != %s", f->throws->name, args,
                          ist__go_wide(e, f->except.at[i], f));
    ist__idl_buffer_add(e->c, b, ") {\n");
    for (int i = 0; i < f->params.count; i++)
      if (f->params.at[i]->error_text)
        ist__idl_buffer_add(e->c, b, "    out.f.message = istg_copy(c%d);\n", i);
    ist__idl_buffer_add(e->c, b, "    istg_tell_%s(&out.f, %s);\n", f->throws->name, args);
    for (int i = 0; i < f->params.count; i++) {
      const param *p = f->params.at[i];
      if (p->own_always && is_output(p) && !p->hidden)
        ist__idl_buffer_add(e->c, b, "    if (c%d) %s;\n", i, free_text(e, p, TEXT("c%d", i)));
    }
    ist__idl_buffer_add(e->c, b, "  }\n");
  }
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (is_output(p) && (p->error_text || (p->hidden && p->own)))
      ist__idl_buffer_add(e->c, b, "  if (c%d) %s;\n", i, free_text(e, p, TEXT("c%d", i)));
  }
}

static void results(go_emitter *e, const decl *f, bool has_record) {
  buffer *b = &e->functions;
  const param *r = f->result;
  if (r->dtype->kind == DT_STRUCT)
    ist__idl_buffer_add(e->c, b, "  memcpy(ar, &r, sizeof r);\n");
  else if (is_image(r))
    ist__idl_buffer_add(e->c, b, "  if (r) memcpy(ar, r, sizeof *r);\n");
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    if (p->role == ROLE_CELL && p->dtype->to->kind == DT_STRUCT && p->dir != DIR_IN)
      ist__idl_buffer_add(e->c, b, "  if (a%d) memcpy(a%d, &c%d, sizeof c%d);\n", i, i, i, i);
    else if (p->role == ROLE_VALUE && p->dir == DIR_INOUT && is_image(p))
      ist__idl_buffer_add(e->c, b, "  if (a%d) memcpy(a%d, &s%d, sizeof s%d);\n", i, i, i, i);
    if (!has_record) continue;
    if (is_output(p) && shows(p) && back_type(e, p))
      ist__idl_buffer_add(e->c, b, "  out.o%d = %s;\n", i, back_value(e, p, TEXT("c%d", i)));
    if (p->role == ROLE_BUFFER && p->filled)
      ist__idl_buffer_add(e->c, b, "  out.n%d = %s;\n", i, ist__go_wide(e, p->filled, f));
  }
  if (has_record && back_type(e, r))
    ist__idl_buffer_add(e->c, b, "  out.r = %s;\n", back_value(e, r, "r"));
  // Nothing is counted where there is nothing, for counting may ask the library.
  if (r->count)
    ist__idl_buffer_add(e->c, b, "  out.nr = r ? %s : 0;\n", ist__go_wide(e, r->count, f));
  if (f->captures_errno) ist__idl_buffer_add(e->c, b, "  out.e = istg_errno;\n");
}

static const char *parameter_list(go_emitter *e, const decl *f) {
  buffer b = {0};
  if (ist__go_calls_back(e, f)) OUT(b, "uint64_t call");
  for (int i = 0; i < f->params.count; i++) {
    const char *wire = wire_param(e, f, i);
    if (wire) OUT(b, "%s%s", b.len ? ", " : "", wire);
  }
  if (f->result->dtype->kind != DT_VOID && is_image(f->result))
    OUT(b, "%suint8_t *ar", b.len ? ", " : "");
  return b.len ? b.at : "void";
}

static void helpers_of(go_emitter *e, const decl *f) {
  for (int i = 0; i < f->params.count; i++) {
    const param *p = f->params.at[i];
    before(e, f, p->min, TEXT("min%d", i));
    before(e, f, p->max, TEXT("max%d", i));
    if (p->role == ROLE_BUFFER) before(e, f, p->count, TEXT("count%d", i));
    if (p->role == ROLE_BUFFER) before(e, f, p->size, TEXT("size%d", i));
    for (int k = 0; k < p->type_args.count; k++)
      before(e, f, p->type_args.at[k], TEXT("arg%d_%d", i, k));
    if (p->own && p->own_free && shows(p) && p->role == ROLE_CELL)
      ist__idl_buffer_add(e->c, &e->functions, "static void istf_%s_free%d(void *at) {\n  %s;\n}\n",
                          f->name, i, free_text(e, p, "at"));
  }
  if (f->result->own && f->result->own_free)
    ist__idl_buffer_add(e->c, &e->functions, "static void istf_%s_free(void *at) {\n  %s;\n}\n",
                        f->name, free_text(e, f->result, "at"));
}

void ist__go_wrapper(go_emitter *e, decl *f) {
  bool has_record = ist__go_has_record(f);
  const char *back = has_record ? TEXT("struct istg_r_%s", f->name) : back_type(e, f->result);
  bool is_void = f->result->dtype->kind == DT_VOID;
  buffer locals = {0}, args = {0};
  for (int i = 0; i < f->params.count; i++) {
    local(e, &locals, f, i);
    OUT(args, "%sp%d", i ? ", " : "", i);
  }
  if (f->optional) weak(e, f);
  helpers_of(e, f);
  if (has_record) record(e, f);
  buffer *b = &e->functions;
  const char *space = back && back[strlen(back) - 1] == '*' ? "" : " ";
  ist__idl_buffer_add(e->c, b, "static %s%sistf_%s(%s) {\n", back ? back : "void", space, f->name,
                      parameter_list(e, f));
  if (has_record) ist__idl_buffer_add(e->c, b, "  %s out = {0};\n", back);
  if (f->optional)
    ist__idl_buffer_add(
        e->c, b, "  if (!%s) {\n    out.f.failed = out.f.missing = 1;\n    return out;\n  }\n",
        f->symbol);
  if (locals.at) ist__idl_buffer_add(e->c, b, "%s", locals.at);
  bool calls_back = ist__go_calls_back(e, f);
  if (calls_back)
    ist__idl_buffer_add(
        e->c, b, "  struct istg_frame frame = {call, istg_top, -1};\n  istg_top = &frame;\n");
  bool keeps_errno = f->captures_errno || f->throws;
  if (keeps_errno) ist__idl_buffer_add(e->c, b, "  errno = 0;\n");
  const char *call = TEXT("%s(%s)", f->symbol, args.at ? args.at : "");
  if (is_void)
    ist__idl_buffer_add(e->c, b, "  %s;\n", call);
  else
    ist__idl_buffer_add(e->c, b, "  %s = %s;\n", ist__go_type_c(e, f->type, "r"), call);
  if (keeps_errno) ist__idl_buffer_add(e->c, b, "  int istg_errno = errno;\n");
  failures(e, f);
  if (f->throws) ist__idl_buffer_add(e->c, b, "  if (!out.f.failed) {\n");
  results(e, f, has_record);
  if (f->throws) ist__idl_buffer_add(e->c, b, "  }\n");
  if (calls_back) ist__idl_buffer_add(e->c, b, "  istg_top = frame.up;\n");
  if (has_record)
    ist__idl_buffer_add(e->c, b, "  return out;\n");
  else if (back)
    ist__idl_buffer_add(e->c, b, "  return %s;\n", back_value(e, f->result, "r"));
  ist__idl_buffer_add(e->c, b, "}\n");
}
