// Which role each parameter and result plays in a call, from its C type and its attributes alone.
// What neither of them states is an error that names the choices; nothing is guessed.
#include "compiler.h"

static bool has(param *p, int id) {
  return ist__idl_attr_find(p->attrs, id) != NULL;
}

static void fail(compiler *c, param *p, const char *message) {
  ist__idl_error(c, p->at, "%s", message);
  p->bad = true;
}

int ist__idl_param_index(const decl *f, const char *name) {
  for (int i = 0; i < f->params.count; i++)
    if (f->params.at[i]->name && strcmp(f->params.at[i]->name, name) == 0) return i;
  return -1;
}

// The parameter that an attribute names, or -1 and an error.
int ist__idl_param_named(compiler *c, const decl *f, const expr *e) {
  if (e->kind != X_NAME) {
    ist__idl_error(c, e->at, "expected a parameter's name");
    return -1;
  }
  int i = ist__idl_param_index(f, e->text);
  if (i >= 0) return i;
  guess g = {.wanted = e->text};
  for (int j = 0; j < f->params.count; j++)
    if (f->params.at[j]->name) ist__idl_guess_offer(&g, f->params.at[j]->name);
  ist__idl_error(c, e->at, "'%s' has no parameter '%s'%s", f->name, e->text,
                 ist__idl_guess_text(c, &g));
  return -1;
}

decl *ist__idl_function_named(compiler *c, const expr *e) {
  if (e->kind != X_NAME) {
    ist__idl_error(c, e->at, "expected a function's name");
    return NULL;
  }
  decl *d = ist__idl_lookup(c, NULL, e->text);
  if (!d && strcmp(e->text, "free") == 0) return c->free_function;
  if (d && d->kind == D_FUNCTION) return d;
  guess g = {.wanted = e->text};
  for (int i = 0; i < c->modules.count; i++)
    for (int j = 0; j < c->modules.at[i]->decls.count; j++) {
      decl *o = c->modules.at[i]->decls.at[j];
      if (o->kind == D_FUNCTION) ist__idl_guess_offer(&g, o->name);
      for (int k = 0; k < o->functions.count; k++)
        ist__idl_guess_offer(&g, o->functions.at[k]->name);
    }
  ist__idl_error(c, e->at, "unknown function '%s'%s", e->text, ist__idl_guess_text(c, &g));
  return NULL;
}

// Text or bytes, for sequences of `element`.
static encoding text_encoding(param *p, const ctype *element) {
  if (has(p, AT_LATIN1)) {
    has(p, AT_TEXT);
    return ENC_LATIN1;
  }
  if (has(p, AT_UTF16)) {
    has(p, AT_TEXT);
    return ENC_UTF16;
  }
  if (has(p, AT_TEXT)) return ENC_UTF8;
  if (has(p, AT_BYTES)) return ENC_NONE;
  return ist__idl_type_is_char(element) ? ENC_UTF8 : ENC_NONE;
}

static bool check_encoding(compiler *c, param *p, encoding text, const ctype *element) {
  int64_t size = 1, align;
  if (ist__idl_type_strip(element)->kind != T_VOID) ist__idl_type_layout(c, element, &size, &align);
  bool integers =
      ist__idl_type_is_byte(element) || (text == ENC_UTF16 && ist__idl_type_is_integer(element));
  if (text == ENC_NONE || (integers && (text == ENC_UTF16) == (size == 2))) return true;
  fail(c, p,
       text == ENC_UTF16 ? "'utf16' text is made of 16-bit integers" : "text is made of bytes");
  return false;
}

// The descriptor's type of what a pointer or array holds.
static dtype *element_type(compiler *c, param *p, ctype *element) {
  const ctype *t = ist__idl_type_strip(element);
  if (t->kind == T_BAD) {
    p->bad = true;
    return NULL;
  }
  decl *handle = ist__idl_type_decl(element, D_HANDLE);
  if (handle && !handle->is_pointer) {
    fail(
        c, p,
        ist__idl_format(c, "'%s' is a handle: it is passed as '%s *'", handle->name, handle->name));
    return NULL;
  }
  if (t->kind == T_POINTER) {
    decl *d = ist__idl_type_decl(t->to, D_HANDLE);
    if (d && !d->is_pointer)
      return ist__idl_dtype_simple(c, DT_REF, ist__idl_dtype_decl(c, DT_HANDLE, d));
    d = ist__idl_type_decl(t->to, D_STRUCT);
    if (d)
      return ist__idl_layout_struct(c, d)
                 ? ist__idl_dtype_simple(c, DT_REF, ist__idl_dtype_decl(c, DT_STRUCT, d))
                 : NULL;
    encoding text = text_encoding(p, t->to);
    if (text != ENC_NONE && check_encoding(c, p, text, t->to))
      return ist__idl_dtype_string(c, text);
    if (!p->bad)
      fail(c, p,
           ist__idl_format(c, "not supported yet: a pointer to '%s'",
                           ist__idl_type_text(c, element)));
    return NULL;
  }
  dtype *d = ist__idl_dtype_value(c, element, p->attrs);
  if (!d && !p->bad) {
    decl *s = ist__idl_type_decl(element, D_STRUCT);
    if (s && s->bad)
      p->bad = true;
    else
      fail(c, p,
           ist__idl_format(c, "not supported yet: an array of '%s'",
                           ist__idl_type_text(c, element)));
  }
  return d;
}

static bool pointer_null(compiler *c, ctype *t) {
  bool null = ist__idl_attr_find(&t->attrs, AT_NULL) != NULL;
  ist__idl_attrs_unused(c, &t->attrs, "this pointer");
  return null;
}

// The inner levels' attributes: only `null` can stand there, on a pointer inside an array or cell.
static void inner_attrs(compiler *c, param *p, ctype *element) {
  bool first = true;
  for (ctype *t = element; t; t = t->to, first = false) {
    if (t->kind != T_POINTER) continue;
    if (first && p->role == ROLE_BUFFER) p->element_null = pointer_null(c, t);
    if (first && p->role == ROLE_CELL && pointer_null(c, t)) p->null = true;
    ist__idl_attrs_unused(c, &t->attrs, "this pointer");
  }
}

static bool read_direction(param *p, direction *dir) {
  bool in = has(p, AT_IN), out = has(p, AT_OUT), inout = has(p, AT_INOUT);
  *dir = out ? DIR_OUT : inout ? DIR_INOUT : DIR_IN;
  return in || out || inout;
}

// Directions for what `element` points to: const is in; otherwise it must be said.
static bool direction_of(compiler *c, param *p, const ctype *element, const char *choices) {
  bool stated = read_direction(p, &p->dir);
  if (ist__idl_type_is_const(element)) {
    if (p->dir == DIR_IN) return true;
    fail(c, p, ist__idl_format(c, "'%s' points to const: C cannot write through it", p->name));
    return false;
  }
  if (stated) return true;
  fail(c, p,
       ist__idl_format(c, "'%s' does not say what C does with it: %s",
                       ist__idl_type_c(c, p->type, p->name), choices));
  return false;
}

static void classify_buffer(compiler *c, param *p, ctype *t) {
  p->role = ROLE_BUFFER;
  ctype *element = t->to;
  if (!t->count && !t->ends_null) {
    fail(
        c, p,
        ist__idl_format(
            c,
            "'%s' does not say how long it is: write '%s[n]' with a parameter or an expression, or "
            "'%s[null]' when a null ends it",
            p->name, p->name, p->name));
    return;
  }
  if (ist__idl_type_strip(element)->kind == T_ARRAY) {
    fail(c, p, "not supported yet: arrays of arrays");
    return;
  }
  // An array of pointers is made for the call: C could not tell JavaScript anything through it.
  if (ist__idl_type_strip(element)->kind == T_POINTER && !ist__idl_type_is_const(element))
    read_direction(p, &p->dir);
  else if (!direction_of(c, p, element, "say [[in]], [[out]] or [[inout]]"))
    return;
  dtype *of = element_type(c, p, element);
  inner_attrs(c, p, element);
  if (!of) {
    p->bad = true;
    return;
  }
  bool reference = of->kind == DT_REF || of->kind == DT_STRING;
  if (of->kind != DT_STRING) {
    p->text = text_encoding(p, element);
    if (!check_encoding(c, p, p->text, element)) return;
  }
  if (reference && p->dir != DIR_IN) {
    fail(c, p, "not supported yet: an array of pointers that C fills");
    return;
  }
  p->terminated = t->ends_null;
  if (p->terminated && p->dir != DIR_IN) {
    fail(c, p, "an array that a null ends is 'in'; what C fills needs a length");
    return;
  }
  if (p->terminated && !reference && of->kind != DT_INT) {
    fail(c, p, "an array that a null ends holds pointers or integers");
    return;
  }
  if (p->dir == DIR_IN && t->filled) {
    ist__idl_error(c, t->filled->at, "'->' cuts what C has filled; '%s' is only read", p->name);
    p->bad = true;
    return;
  }
  if (p->dir == DIR_OUT && ist__idl_attr_has(p->attrs, AT_NULL)) {
    fail(c, p,
         "not supported yet: an output array that may be null; use [[fixed(null)]] for one that is "
         "not wanted");
    return;
  }
  p->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
}

// What an output or result of pointer type must say about its life: `what` is a handle or a struct.
static void lifetime(compiler *c, decl *f, param *p, decl *what, bool is_constructor) {
  if (has(p, AT_OWN)) {
    p->own = true;
  } else if (has(p, AT_COPY)) {
    p->copy = true;
    if (what->kind == D_HANDLE) {
      fail(c, p, "a handle cannot be copied");
      return;
    }
  } else if (is_constructor) {
    p->own = true;
  } else if (!ist__idl_attr_has(p->attrs, AT_KEEPS) && !ist__idl_attr_has(p->attrs, AT_UNTIL) &&
             !ist__idl_attr_has(&what->attrs, AT_UNTIL)) {
    fail(
        c, p,
        ist__idl_format(
            c,
            "who frees the '%s' that '%s' gives is not stated: say [[own]], [[keeps(parameter)]], "
            "%s",
            what->name, f->name,
            what->kind == D_STRUCT ? "[[until(function)]] or [[copy]]" : "or [[until(function)]]"));
  }
}

static void own_arguments(compiler *c, param *p, bool needs_free, const char *what) {
  attr *a = ist__idl_attr_find(p->attrs, AT_OWN);
  if (!a) return;
  p->own = true;
  for (int i = 0; i < a->args.count; i++) {
    const expr *e = a->args.at[i];
    if (e->kind == X_NAME && strcmp(e->text, "always") == 0) {
      p->own_always = true;
    } else if (p->own_free) {
      ist__idl_error(c, e->at, "'own' names one function that frees");
    } else if (!(p->own_free = ist__idl_function_named(c, e))) {
      p->bad = true;
    } else {
      ist__idl_classify(c, p->own_free);
      const decl *f = p->own_free;
      int open = 0;
      for (int j = 0; j < f->params.count; j++)
        if (f->params.at[j]->role != ROLE_FIXED && !f->params.at[j]->parsed_default) open++;
      if (open != 1 || f->params.at[0]->role == ROLE_FIXED ||
          ist__idl_type_strip(f->params.at[0]->type)->kind == T_SCALAR) {
        ist__idl_error(c, e->at, "'%s' cannot free: it does not take one pointer first", f->name);
        ist__idl_note(c, f->at, "it is declared here");
        p->bad = true;
      }
    }
  }
  if (needs_free && !p->own_free && !p->bad)
    fail(c, p,
         ist__idl_format(c, "[[own]] %s names the function that frees it: [[own(free)]]", what));
}

static void classify_cell(compiler *c, decl *f, param *p, const ctype *t) {
  ctype *to = t->to;
  decl *d = ist__idl_type_strip(to)->kind == T_POINTER
                ? ist__idl_type_decl(ist__idl_type_strip(to)->to, D_HANDLE)
                : NULL;
  if (!d) {
    d = ist__idl_type_decl(to, D_HANDLE);
    if (d && !d->is_pointer) d = NULL;
  }
  p->role = ROLE_CELL;
  dtype *of = element_type(c, p, to);
  inner_attrs(c, p, to);
  if (!of) {
    p->bad = true;
    return;
  }
  if (of->kind == DT_VOID) {
    fail(c, p, "'void' has no value");
    return;
  }
  if (of->kind == DT_REF) {
    if (p->dir == DIR_INOUT) {
      fail(c, p, "not supported yet: a pointer that C reads and replaces");
      return;
    }
    if (p->dir == DIR_OUT) lifetime(c, f, p, of->to->decl, false);
    bool has_destructor = d != NULL;
    own_arguments(c, p, !has_destructor, "of a struct");
  } else if (of->kind == DT_STRING) {
    if (p->dir == DIR_INOUT) {
      fail(c, p, "not supported yet: a text that C reads and replaces");
      return;
    }
    own_arguments(c, p, true, "of a text");
    p->error_text = has(p, AT_ERROR_TEXT);
    has(p, AT_COPY); // Text is always copied; saying so is allowed because it answers who frees it.
  }
  p->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
}

// A function that frees raw memory serves `own(f)` and is no business of JavaScript.
static void classify_freed(compiler *c, decl *f, param *p) {
  p->role = ROLE_VALUE;
  p->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
  f->internal = true;
}

static void classify_ref(compiler *c, decl *f, param *p, const ctype *t, decl *d) {
  if (d->kind == D_STRUCT && !ist__idl_layout_struct(c, d)) {
    p->bad = true;
    return;
  }
  if (d->kind == D_STRUCT && has(p, AT_TAKE)) {
    classify_freed(c, f, p);
    return;
  }
  dtype *of = ist__idl_dtype_decl(c, d->kind == D_STRUCT ? DT_STRUCT : DT_HANDLE, d);
  if (d->kind == D_HANDLE) {
    bool stated = read_direction(p, &p->dir);
    if (stated && p->dir != DIR_IN) {
      fail(c, p,
           ist__idl_format(c, "a handle is passed as it is; an output is '%s **%s'", d->name,
                           p->name));
      return;
    }
  } else {
    if (!direction_of(c, p, t->to, "say [[in]], [[out]] or [[inout]], or '[n]' for an array"))
      return;
    if (p->dir == DIR_OUT) {
      classify_cell(c, f, p, t);
      return;
    }
  }
  p->role = ROLE_VALUE;
  p->dtype = ist__idl_dtype_simple(c, DT_REF, of);
  attr *take = ist__idl_attr_find(p->attrs, AT_TAKE);
  if (!take) return;
  p->take = true;
  if (take->args.count) {
    ist__idl_error(c, take->at, "not supported yet: 'take' with an argument");
    p->bad = true;
  }
}

static void classify_pointer(compiler *c, decl *f, param *p, const ctype *t) {
  const ctype *to = ist__idl_type_strip(t->to);
  decl *d = to->kind == T_NAMED ? to->decl : NULL;
  if (to->kind == T_BAD) {
    p->bad = true;
  } else if (d && d->kind == D_CALLBACK && !d->is_pointer) {
    p->role = ROLE_VALUE;
    p->dtype = ist__idl_dtype_decl(c, DT_CALLBACK, d);
  } else if (d && (d->kind == D_STRUCT || (d->kind == D_HANDLE && !d->is_pointer))) {
    classify_ref(c, f, p, t, d);
  } else if (to->kind == T_FUNCTION) {
    fail(c, p,
         "a function pointer has a declared type: 'callback int name(…);' and 'name *parameter', "
         "unless it is a "
         "destroy notice or [[fixed]]");
  } else if (to->kind == T_VOID || (has(p, AT_TAKE) && to->kind != T_POINTER)) {
    if (has(p, AT_TAKE)) {
      classify_freed(c, f, p);
      return;
    }
    fail(c, p,
         ist__idl_format(c,
                         "'void *%s' says nothing: write 'void %s[n]' with a direction for bytes, "
                         "declare a handle "
                         "for an object, name it in a callback's [[data(%s)]], or say "
                         "[[fixed(null)]]; a function "
                         "that frees any memory says [[take]]",
                         p->name, p->name, p->name));
  } else if (to->kind == T_POINTER) {
    if (direction_of(c, p, t->to, "say [[out]] for an output, or '[n]' or '[null]' for an array")) {
      if (p->dir == DIR_IN)
        fail(c, p,
             ist__idl_format(c, "'%s' does not say how long it is: write '%s[n]' or '%s[null]'",
                             p->name, p->name, p->name));
      else
        classify_cell(c, f, p, t);
    }
  } else {
    bool one = has(p, AT_ONE);
    encoding text = one ? ENC_NONE : text_encoding(p, t->to);
    bool is_const = ist__idl_type_is_const(t->to);
    if (text != ENC_NONE && (is_const || ist__idl_attr_has(p->attrs, AT_IN))) {
      read_direction(p, &p->dir);
      if (p->dir != DIR_IN) {
        fail(c, p, ist__idl_format(c, "'%s' points to const: C cannot write through it", p->name));
        return;
      }
      p->role = ROLE_VALUE;
      if (check_encoding(c, p, text, t->to)) p->dtype = ist__idl_dtype_string(c, text);
      return;
    }
    const char *choices =
        text != ENC_NONE ? "write 'const char *' for a text, 'char s[n]' with a direction for a "
                           "buffer, or say [[out]] or "
                           "[[inout]] for a single character"
                         : "say [[in]], [[out]] or [[inout]] for one value, or '[n]' for an array";
    if (!direction_of(c, p, t->to, choices)) return;
    if (p->dir == DIR_IN && !one) {
      fail(c, p,
           ist__idl_format(c, "'%s' may be one value or many: say [[one]], or '%s[n]' for an array",
                           p->name, p->name));
      return;
    }
    classify_cell(c, f, p, t);
  }
}

static void classify_fixed(compiler *c, param *p, const ctype *t) {
  p->role = ROLE_FIXED;
  p->dtype = ist__idl_dtype_value(c, p->type, NULL);
  if (!p->dtype && t->kind == T_POINTER && ist__idl_type_is_char(t->to))
    p->dtype = ist__idl_dtype_string(c, ENC_UTF8);
  if (!p->dtype || p->dtype->kind == DT_REF)
    p->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
}

static void scope_argument(compiler *c, param *p) {
  attr *a = ist__idl_attr_find(p->attrs, AT_SCOPE);
  if (!a) {
    fail(c, p,
         ist__idl_format(
             c,
             "how long C keeps '%s' is not stated: say [[scope(call)]], [[scope(once)]], "
             "[[scope(until(function, replaced))]] or [[scope(forever)]]",
             p->name));
    return;
  }
  const expr *e = a->args.at[0];
  static const char *const words[] = {"call", "once", "forever"};
  for (int i = 0; i < 3; i++)
    if (e->kind == X_NAME && strcmp(e->text, words[i]) == 0) p->scope = words[i];
  if (p->scope) return;
  if (e->kind != X_CALL || strcmp(e->text, "until") != 0 || !e->args.count) {
    ist__idl_error(c, e->at, "a scope is 'call', 'once', 'until(…)' or 'forever'");
    p->bad = true;
    return;
  }
  p->scope = "until";
  for (int i = 0; i < e->args.count; i++) {
    const expr *f = e->args.at[i];
    if (f->kind == X_NAME && strcmp(f->text, "replaced") == 0) {
      p->replaced = true;
      continue;
    }
    decl *d = ist__idl_function_named(c, f);
    if (d)
      PUSH(c, p->scope_functions, d);
    else
      p->bad = true;
  }
}

static void classify_callback(compiler *c, decl *f, param *p) {
  decl *d = p->dtype->decl;
  (void)f;
  ist__idl_classify(c, d);
  scope_argument(c, p);
  has(p, AT_DATA);
  has(p, AT_DESTROY);
  bool is_void = ist__idl_type_strip(d->type)->kind == T_VOID;
  if (!is_void && !ist__idl_attr_has(p->attrs, AT_ON_THROW))
    fail(c, p,
         ist__idl_format(
             c, "what C gets when JavaScript throws in '%s' is not stated: say [[on_throw(value)]]",
             p->name));
}

static void read_links(compiler *c, decl *f, param *p) {
  attr *a = ist__idl_attr_find(p->attrs, AT_KEEPS);
  for (int i = 0; a && i < a->args.count; i++) {
    int k = ist__idl_param_named(c, f, a->args.at[i]);
    if (k >= 0)
      PUSH(c, p->keeps, k);
    else
      p->bad = true;
  }
  a = ist__idl_attr_find(p->attrs, AT_UNTIL);
  for (int i = 0; a && i < a->args.count; i++) {
    decl *d = ist__idl_function_named(c, a->args.at[i]);
    if (d)
      PUSH(c, p->until, d);
    else
      p->bad = true;
  }
  a = ist__idl_attr_find(p->attrs, AT_WITHIN);
  if (a && (p->within = ist__idl_param_named(c, f, a->args.at[0])) < 0) p->bad = true;
}

// gcc and clang pass a small struct differently when 8 bytes of it hold nothing but unnamed bits.
static void check_by_value(compiler *c, param *p) {
  const decl *d = p->dtype && p->dtype->kind == DT_STRUCT ? p->dtype->decl : NULL;
  if (!d || d->size > 16) return;
  bool named[2] = {false, false}, unnamed[2] = {false, false};
  for (int i = 0; i < d->fields.count; i++) {
    const field *f = &d->fields.at[i];
    int64_t size = f->is_bits ? 1 : f->dtype ? f->dtype->size : 8;
    int64_t last =
        f->is_bits ? (f->bit_offset + f->bit_width - 1) / 64 : (f->offset + size - 1) / 8;
    for (int64_t k = f->offset / 8; k <= last && k < 2 && (!f->is_bits || f->bit_width); k++)
      *(f->name ? &named[k] : &unnamed[k]) = true;
  }
  if ((unnamed[0] && !named[0]) || (unnamed[1] && !named[1]))
    fail(c, p,
         ist__idl_format(c,
                         "C compilers do not agree how '%s' is passed by value: 8 bytes of it hold "
                         "unnamed bits only; pass a pointer",
                         ist__idl_c_name(c, d)));
}

static bool is_reference_output(const param *p) {
  if (!p->dtype) return false;
  const dtype *t = p->role == ROLE_CELL ? p->dtype->to : p->dtype;
  return t->kind == DT_REF;
}

void ist__idl_classify_param(compiler *c, decl *f, param *p) {
  p->data = p->destroy = p->within = p->parent = p->arg = -1;
  if (p->role != ROLE_DATA && p->role != ROLE_DESTROY) p->of = -1;
  ist__idl_type_resolve(c, p->type, f->module);
  const ctype *t = ist__idl_type_strip(p->type);
  if (t->kind == T_BAD) p->bad = true;
  if (!p->name) fail(c, p, "a parameter has a name here: messages and JavaScript use it");
  if (p->bad) return;
  p->self = has(p, AT_SELF);
  attr *name = ist__idl_attr_find(p->attrs, AT_NAME);
  if (name) p->js = ist__idl_attr_name_arg(c, name, 0);
  if (p->role == ROLE_DATA || p->role == ROLE_DESTROY) {
    p->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
    bool pointer = t->kind == T_POINTER || (t->kind == T_NAMED && t->decl->is_pointer);
    if (!pointer)
      fail(c, p,
           p->role == ROLE_DATA ? "user data is a 'void *'"
                                : "a destroy notice is a function pointer");
    return;
  }
  if (ist__idl_attr_has(p->attrs, AT_FIXED)) {
    classify_fixed(c, p, t);
    return;
  }
  decl *d = t->kind == T_NAMED ? t->decl : NULL;
  if (t->kind == T_VOID) {
    fail(c, p, "a parameter cannot be 'void'");
  } else if (t->kind == T_ARRAY) {
    classify_buffer(c, p, (ctype *)t);
  } else if (t->kind == T_POINTER) {
    classify_pointer(c, f, p, t);
  } else if (d && d->kind == D_CALLBACK) {
    if (d->is_pointer)
      p->dtype = ist__idl_dtype_decl(c, DT_CALLBACK, d);
    else
      fail(
          c, p,
          ist__idl_format(c, "'%s' is a function: pass it as '%s *%s'", d->name, d->name, p->name));
  } else if (d && d->kind == D_HANDLE && !d->is_pointer) {
    fail(c, p,
         ist__idl_format(c, "'%s' is a handle: pass it as '%s *%s'", d->name, d->name, p->name));
  } else {
    p->dtype = ist__idl_dtype_value(c, p->type, p->attrs);
    check_by_value(c, p);
    if (!p->dtype) {
      p->bad = true;
    } else if (p->dtype->kind == DT_REF && has(p, AT_TAKE)) {
      p->take = true;
    }
  }
  if (p->bad || !p->dtype) return;
  if (p->dtype->kind == DT_CALLBACK) classify_callback(c, f, p);
  if (p->bad) return;
  bool nullable =
      p->dtype->kind == DT_REF || p->dtype->kind == DT_STRING || p->dtype->kind == DT_CALLBACK ||
      p->role == ROLE_BUFFER ||
      (p->role == ROLE_CELL && (p->dtype->to->kind == DT_REF || p->dtype->to->kind == DT_STRING)) ||
      (p->role == ROLE_CELL && p->dir == DIR_IN);
  if (nullable && has(p, AT_NULL)) p->null = true;
  if (p->dir == DIR_OUT && has(p, AT_OMIT)) {
    p->hidden = true;
    if (is_reference_output(p))
      fail(c, p, "an object that is not wanted cannot be omitted: nobody would hold it");
  }
  bool points_within = p->role == ROLE_CELL && p->dir == DIR_OUT && p->dtype->to->kind == DT_STRING;
  // A struct that C fills may hold pointers into what another argument keeps.
  bool lives = p->role == ROLE_CELL && p->dir == DIR_OUT &&
               (is_reference_output(p) ||
                (p->dtype->to->kind == DT_STRUCT && p->dtype->to->decl->has_pointers));
  if ((lives && (ist__idl_attr_has(p->attrs, AT_KEEPS) || ist__idl_attr_has(p->attrs, AT_UNTIL))) ||
      (points_within && ist__idl_attr_has(p->attrs, AT_WITHIN)))
    read_links(c, f, p);
}

static void result_pointer(compiler *c, decl *f, param *p, const ctype *t) {
  const ctype *to = ist__idl_type_strip(t->to);
  decl *d = to->kind == T_NAMED ? to->decl : NULL;
  if (to->kind == T_BAD) {
    p->bad = true;
    return;
  }
  if (ist__idl_attr_has(p->attrs, AT_SIZE)) {
    p->role = ROLE_BUFFER;
    dtype *of = element_type(c, p, t->to);
    if (!of) {
      p->bad = true;
      return;
    }
    if (of->kind != DT_STRING && of->kind != DT_REF) {
      p->text = text_encoding(p, t->to);
      if (!check_encoding(c, p, p->text, t->to)) return;
    }
    own_arguments(c, p, true, "of an array");
    has(p, AT_COPY);
    p->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
    return;
  }
  encoding text = d || to->kind == T_POINTER ? ENC_NONE : text_encoding(p, t->to);
  if (ist__idl_attr_has(p->attrs, AT_WITHIN)) {
    read_links(c, f, p);
    if (text != ENC_NONE)
      p->dtype = ist__idl_dtype_string(c, text);
    else
      p->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
    return;
  }
  if (d && (d->kind == D_STRUCT || d->kind == D_HANDLE)) {
    if (d->kind == D_STRUCT && !ist__idl_layout_struct(c, d)) {
      p->bad = true;
      return;
    }
    lifetime(c, f, p, d, ist__idl_attr_has(&f->attrs, AT_CONSTRUCTOR) && d == f->owner);
    own_arguments(c, p, d->kind == D_STRUCT, "of a struct");
    p->dtype = ist__idl_dtype_simple(
        c, DT_REF, ist__idl_dtype_decl(c, d->kind == D_STRUCT ? DT_STRUCT : DT_HANDLE, d));
    return;
  }
  if (text != ENC_NONE) {
    own_arguments(c, p, true, "of a text");
    has(p, AT_COPY);
    if (check_encoding(c, p, text, t->to)) p->dtype = ist__idl_dtype_string(c, text);
    return;
  }
  if (to->kind == T_FUNCTION || (d && d->kind == D_CALLBACK))
    fail(c, p, "not supported yet: a result that is a function");
  else
    fail(c, p,
         ist__idl_format(
             c,
             "what '%s' of '%s' points to is not stated: say [[size(n)]] for an array, [[text]] "
             "for a "
             "text, [[within(parameter)]] for a place in an argument, or declare a handle",
             ist__idl_type_text(c, f->type), f->name));
}

void ist__idl_classify_result(compiler *c, decl *f) {
  param *p = NEW(c, param);
  p->at = f->at;
  p->attrs = &f->attrs;
  p->type = f->type;
  p->data = p->destroy = p->within = p->parent = p->arg = p->of = -1;
  f->result = p;
  // With attributes that mean nothing, what is not stated cannot be told from what is misspelled.
  p->bad = f->bad;
  ist__idl_type_resolve(c, p->type, f->module);
  const ctype *t = ist__idl_type_strip(p->type);
  decl *d = t->kind == T_NAMED ? t->decl : NULL;
  if (p->bad || t->kind == T_BAD) {
    p->bad = true;
  } else if (t->kind == T_POINTER) {
    result_pointer(c, f, p, t);
  } else if (d && d->kind == D_CALLBACK) {
    fail(c, p, "not supported yet: a result that is a function");
  } else if (d && d->kind == D_HANDLE && !d->is_pointer) {
    fail(c, p, ist__idl_format(c, "'%s' is a handle: it is returned as '%s *'", d->name, d->name));
  } else if (t->kind == T_ARRAY || t->kind == T_FUNCTION) {
    fail(c, p, "C cannot return this type");
  } else {
    p->dtype = ist__idl_dtype_value(c, p->type, p->attrs);
    check_by_value(c, p);
    if (!p->dtype) p->bad = true;
    if (p->dtype && p->dtype->kind == DT_REF) {
      lifetime(c, f, p, p->dtype->to->decl,
               ist__idl_attr_has(&f->attrs, AT_CONSTRUCTOR) && p->dtype->to->decl == f->owner);
      own_arguments(c, p, false, "");
    }
  }
  if (p->bad || !p->dtype) return;
  if ((p->dtype->kind == DT_REF || p->dtype->kind == DT_STRING || p->dtype->kind == DT_POINTER) &&
      has(p, AT_NULL))
    p->null = true;
  if (p->dtype->kind == DT_REF) read_links(c, f, p);
  if (p->dtype->kind != DT_VOID && p->dtype->kind != DT_REF && has(p, AT_OMIT)) p->hidden = true;
}

void ist__idl_classify_callback_param(compiler *c, decl *f, param *p) {
  p->data = p->destroy = p->within = p->parent = p->arg = p->of = -1;
  ist__idl_type_resolve(c, p->type, f->module);
  ctype *t = (ctype *)ist__idl_type_strip(p->type);
  if (t->kind == T_BAD) p->bad = true;
  if (!p->name) fail(c, p, "a parameter has a name here: messages and JavaScript use it");
  if (p->parsed_default)
    fail(c, p, "C always passes a callback's parameters: a default says nothing");
  if (p->bad) return;
  const ctype *to = t->kind == T_POINTER ? ist__idl_type_strip(t->to) : t;
  decl *d = to->kind == T_NAMED ? to->decl : NULL;
  if (ist__idl_attr_find(p->attrs, AT_DATA)) {
    p->role = ROLE_DATA;
    if (t->kind != T_POINTER) fail(c, p, "user data is a 'void *'");
    p->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
  } else if (ist__idl_attr_has(p->attrs, AT_VIEW)) {
    p->role = ROLE_VIEW;
    has(p, AT_VIEW);
    if (has(p, AT_INOUT)) p->dir = DIR_INOUT;
    dtype *of = t->kind == T_POINTER ? ist__idl_dtype_value(c, t->to, p->attrs) : NULL;
    if (!of || (of->kind != DT_VOID && of->kind != DT_INT && of->kind != DT_FLOAT))
      fail(c, p, "a view is of 'void *' or of a pointer to numbers");
    else if (p->dir == DIR_INOUT && ist__idl_type_is_const(t->to))
      fail(c, p,
           ist__idl_format(c, "'%s' points to const: JavaScript cannot write through it", p->name));
    else
      p->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
  } else if (t->kind == T_ARRAY) {
    p->role = ROLE_BUFFER;
    if (has(p, AT_INOUT)) {
      fail(c, p,
           "an array is copied for a callback; to write into it, say [[view(n), inout]] with a "
           "pointer");
      return;
    }
    if (!t->count && !t->ends_null) {
      fail(c, p,
           ist__idl_format(c, "'%s' does not say how long it is: write '%s[n]' or '%s[null]'",
                           p->name, p->name, p->name));
      return;
    }
    dtype *of = element_type(c, p, t->to);
    inner_attrs(c, p, t->to);
    if (of && of->kind != DT_STRING && of->kind != DT_REF) {
      p->text = text_encoding(p, t->to);
      if (!check_encoding(c, p, p->text, t->to)) return;
    }
    p->terminated = t->ends_null;
    if (of) p->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
  } else if (t->kind == T_POINTER && d &&
             (d->kind == D_STRUCT || (d->kind == D_HANDLE && !d->is_pointer))) {
    if (d->kind == D_STRUCT && !ist__idl_layout_struct(c, d)) {
      p->bad = true;
      return;
    }
    p->dtype = ist__idl_dtype_simple(
        c, DT_REF, ist__idl_dtype_decl(c, d->kind == D_STRUCT ? DT_STRUCT : DT_HANDLE, d));
    if (d->kind == D_STRUCT && has(p, AT_INOUT)) p->dir = DIR_INOUT;
    if (d->kind == D_STRUCT && (p->dir == DIR_INOUT) == ist__idl_type_is_const(t->to)) {
      fail(c, p,
           ist__idl_format(c, "'%s' %s", p->name,
                           p->dir == DIR_INOUT
                               ? "points to const: JavaScript cannot write through it"
                               : "may be written or not: say const, or [[inout]]"));
      return;
    }
  } else if (t->kind == T_POINTER) {
    encoding text =
        to->kind == T_POINTER || to->kind == T_FUNCTION || d ? ENC_NONE : text_encoding(p, t->to);
    if (text != ENC_NONE && check_encoding(c, p, text, t->to))
      p->dtype = ist__idl_dtype_string(c, text);
    else if (!p->bad)
      fail(c, p,
           ist__idl_format(c,
                           "'%s' does not say what it points to: write '%s[n]' for a copy, "
                           "[[view(n)]] for a view, "
                           "[[data]] for the user data, or declare a handle",
                           ist__idl_type_c(c, p->type, p->name), p->name));
  } else if (d && (d->kind == D_CALLBACK || (d->kind == D_HANDLE && !d->is_pointer))) {
    fail(c, p,
         d->kind == D_CALLBACK ? "not supported yet: a function passed to a callback"
                               : "a handle is passed as a pointer");
  } else if (t->kind == T_VOID) {
    fail(c, p, "a parameter cannot be 'void'");
  } else {
    p->dtype = ist__idl_dtype_value(c, p->type, p->attrs);
    check_by_value(c, p);
  }
  if (!p->dtype) p->bad = true;
  if (p->bad) return;
  if ((p->dtype->kind == DT_REF || p->dtype->kind == DT_STRING || p->role == ROLE_BUFFER ||
       p->role == ROLE_VIEW) &&
      has(p, AT_NULL))
    p->null = true;
}
