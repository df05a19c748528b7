// Which role each parameter plays in a call, from its C type and its attributes alone.
#include "compiler.h"

static bool read_direction(param *p, direction *dir) {
  bool in = ist__idl_param_has(p, AT_IN), out = ist__idl_param_has(p, AT_OUT),
       inout = ist__idl_param_has(p, AT_INOUT);
  *dir = out ? DIR_OUT : inout ? DIR_INOUT : DIR_IN;
  return in || out || inout;
}

// Directions for what `element` points to: const is in; otherwise it must be said.
static bool direction_of(compiler *c, param *p, const ctype *element, const char *choices) {
  bool stated = read_direction(p, &p->dir);
  if (ist__idl_type_is_const(element)) {
    if (p->dir == DIR_IN) return true;
    ist__idl_param_fail(
        c, p, ist__idl_format(c, "'%s' points to const: C cannot write through it", p->name));
    return false;
  }
  if (stated) return true;
  ist__idl_param_fail(c, p,
                      ist__idl_format(c, "'%s' does not say what C does with it: %s",
                                      ist__idl_type_c(c, p->type, p->name), choices));
  return false;
}

static void classify_buffer(compiler *c, decl *f, param *p, ctype *t) {
  p->role = ROLE_BUFFER;
  ctype *element = t->to;
  if (!t->count && !t->ends_null) {
    ist__idl_param_fail(
        c, p,
        ist__idl_format(
            c,
            "'%s' does not say how long it is: write '%s[n]' with a parameter or an expression, or "
            "'%s[null]' when a null ends it",
            p->name, p->name, p->name));
    return;
  }
  if (ist__idl_type_strip(element)->kind == T_ARRAY) {
    ist__idl_param_fail(c, p, "not supported yet: arrays of arrays");
    return;
  }
  // An array of pointers is made for the call: C could not tell JavaScript anything through it.
  if (ist__idl_type_strip(element)->kind == T_POINTER && !ist__idl_type_is_const(element))
    read_direction(p, &p->dir);
  else if (!direction_of(c, p, element, "say [[in]], [[out]] or [[inout]]"))
    return;
  dtype *of = ist__idl_element_type(c, p, element);
  ist__idl_inner_attrs(c, p, element);
  if (!of) {
    p->bad = true;
    return;
  }
  bool reference = of->kind == DT_REF || of->kind == DT_STRING;
  if (of->kind != DT_STRING) {
    p->text = ist__idl_text_encoding(p, element);
    if (!ist__idl_encoding_check(c, p, p->text, element)) return;
  }
  if (reference && p->dir != DIR_IN) {
    ist__idl_param_fail(c, p, "not supported yet: an array of pointers that C fills");
    return;
  }
  p->terminated = t->ends_null;
  if (p->terminated && p->dir != DIR_IN) {
    ist__idl_param_fail(c, p, "an array that a null ends is 'in'; what C fills needs a length");
    return;
  }
  if (p->terminated && !reference && of->kind != DT_INT) {
    ist__idl_param_fail(c, p, "an array that a null ends holds pointers or integers");
    return;
  }
  if (p->dir == DIR_IN && t->filled) {
    ist__idl_error(c, t->filled->at, "'->' cuts what C has filled; '%s' is only read", p->name);
    p->bad = true;
    return;
  }
  if (p->dir == DIR_OUT && ist__idl_attr_has(p->attrs, AT_NULL)) {
    ist__idl_param_fail(
        c, p,
        "not supported yet: an output array that may be null; use [[fixed(null)]] for one that is "
        "not wanted");
    return;
  }
  p->dtype = ist__idl_dtype_simple(c, DT_POINTER, of);
  if (of->kind == DT_STRUCT && p->dir == DIR_OUT) {
    if (ist__idl_attr_has(p->attrs, AT_KEEPS) || ist__idl_attr_has(p->attrs, AT_UNTIL))
      ist__idl_param_fail(c, p, "not supported yet: an array of structs that keeps another object");
    else
      ist__idl_pointers_read(c, f, p, of->decl);
  }
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
  dtype *of = ist__idl_element_type(c, p, to);
  ist__idl_inner_attrs(c, p, to);
  if (!of) {
    p->bad = true;
    return;
  }
  if (of->kind == DT_VOID) {
    ist__idl_param_fail(c, p, "'void' has no value");
    return;
  }
  if (of->kind == DT_REF) {
    if (p->dir == DIR_INOUT) {
      ist__idl_param_fail(c, p, "not supported yet: a pointer that C reads and replaces");
      return;
    }
    if (p->dir == DIR_OUT) ist__idl_lifetime_read(c, f, p, of->to->decl, false);
    bool has_destructor = d != NULL;
    ist__idl_own_read(c, p, !has_destructor, "of a struct");
  } else if (of->kind == DT_STRING) {
    if (p->dir == DIR_INOUT) {
      ist__idl_param_fail(c, p, "not supported yet: a text that C reads and replaces");
      return;
    }
    ist__idl_own_read(c, p, true, "of a text");
    p->error_text = ist__idl_param_has(p, AT_ERROR_TEXT);
    if (p->dir == DIR_OUT && !ist__idl_attr_has(p->attrs, AT_WITHIN))
      ist__idl_text_owner_check(c, f, p, ist__idl_type_strip(to)->to);
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
  if (d->kind == D_STRUCT && ist__idl_param_has(p, AT_TAKE)) {
    classify_freed(c, f, p);
    return;
  }
  if (d->kind == D_HANDLE) {
    bool stated = read_direction(p, &p->dir);
    if (stated && p->dir != DIR_IN) {
      ist__idl_param_fail(c, p,
                          ist__idl_format(c, "a handle is passed as it is; an output is '%s **%s'",
                                          d->name, p->name));
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
  p->dtype = ist__idl_dtype_ref(c, d, ist__idl_type_is_const(t->to));
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
  } else if (p->unsafe && !ist__idl_attr_has(p->attrs, AT_SCOPE) &&
             (to->kind == T_FUNCTION || (d && d->kind == D_CALLBACK && !d->is_pointer))) {
    p->role = ROLE_VALUE;
    p->dtype = ist__idl_dtype_address(c);
  } else if (d && d->kind == D_CALLBACK && !d->is_pointer) {
    p->role = ROLE_VALUE;
    p->dtype = ist__idl_dtype_decl(c, DT_CALLBACK, d);
  } else if (d && (d->kind == D_STRUCT || (d->kind == D_HANDLE && !d->is_pointer))) {
    classify_ref(c, f, p, t, d);
  } else if (to->kind == T_VOID && p->unsafe && !ist__idl_attr_has(p->attrs, AT_TAKE)) {
    p->role = ROLE_VALUE;
    p->dtype = ist__idl_dtype_address(c);
  } else if (to->kind == T_FUNCTION) {
    p->role = ROLE_VALUE;
    p->dtype = ist__idl_dtype_decl(
        c, DT_CALLBACK,
        ist__idl_callback_of(c, t, ist__idl_format(c, "%s_%s", f->name, p->name), f->module));
  } else if (to->kind == T_VOID || (ist__idl_param_has(p, AT_TAKE) && to->kind != T_POINTER)) {
    if (ist__idl_param_has(p, AT_TAKE)) {
      classify_freed(c, f, p);
      return;
    }
    ist__idl_param_fail(
        c, p,
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
        ist__idl_param_fail(
            c, p,
            ist__idl_format(c, "'%s' does not say how long it is: write '%s[n]' or '%s[null]'",
                            p->name, p->name, p->name));
      else
        classify_cell(c, f, p, t);
    }
  } else {
    bool one = ist__idl_param_has(p, AT_ONE);
    encoding text = one ? ENC_NONE : ist__idl_text_encoding(p, t->to);
    bool is_const = ist__idl_type_is_const(t->to);
    if (text != ENC_NONE && (is_const || ist__idl_attr_has(p->attrs, AT_IN))) {
      read_direction(p, &p->dir);
      if (p->dir != DIR_IN) {
        ist__idl_param_fail(
            c, p, ist__idl_format(c, "'%s' points to const: C cannot write through it", p->name));
        return;
      }
      p->role = ROLE_VALUE;
      if (ist__idl_encoding_check(c, p, text, t->to)) p->dtype = ist__idl_dtype_string(c, text);
      return;
    }
    const char *choices =
        text != ENC_NONE ? "write 'const char *' for a text, 'char s[n]' with a direction for a "
                           "buffer, or say [[out]] or "
                           "[[inout]] for a single character"
                         : "say [[in]], [[out]] or [[inout]] for one value, or '[n]' for an array";
    if (!direction_of(c, p, t->to, choices)) return;
    if (p->dir == DIR_IN && !one) {
      ist__idl_param_fail(
          c, p,
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
  if (!p->name)
    ist__idl_param_fail(c, p, "a parameter has a name here: messages and JavaScript use it");
  if (p->bad) return;
  p->self = ist__idl_param_has(p, AT_SELF);
  attr *name = ist__idl_attr_find(p->attrs, AT_NAME);
  if (name) p->js = ist__idl_attr_name_arg(c, name, 0);
  if (p->role == ROLE_DATA || p->role == ROLE_DESTROY) {
    p->dtype = ist__idl_dtype_simple(c, DT_POINTER, ist__idl_dtype_simple(c, DT_VOID, NULL));
    bool pointer = t->kind == T_POINTER || (t->kind == T_NAMED && t->decl->is_pointer);
    if (!pointer)
      ist__idl_param_fail(c, p,
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
    ist__idl_param_fail(c, p, "a parameter cannot be 'void'");
  } else if (t->kind == T_ARRAY) {
    classify_buffer(c, f, p, (ctype *)t);
  } else if (t->kind == T_POINTER) {
    classify_pointer(c, f, p, t);
  } else if (d && d->kind == D_CALLBACK) {
    if (d->is_pointer)
      p->dtype = p->unsafe && !ist__idl_attr_has(p->attrs, AT_SCOPE)
                     ? ist__idl_dtype_address(c)
                     : ist__idl_dtype_decl(c, DT_CALLBACK, d);
    else
      ist__idl_param_fail(
          c, p,
          ist__idl_format(c, "'%s' is a function: pass it as '%s *%s'", d->name, d->name, p->name));
  } else if (d && d->kind == D_HANDLE && !d->is_pointer) {
    ist__idl_param_fail(
        c, p,
        ist__idl_format(c, "'%s' is a handle: pass it as '%s *%s'", d->name, d->name, p->name));
  } else {
    p->dtype = ist__idl_dtype_value(c, p->type, p->attrs);
    ist__idl_by_value_check(c, p);
    if (!p->dtype) {
      p->bad = true;
    } else if (p->dtype->kind == DT_REF && ist__idl_param_has(p, AT_TAKE)) {
      p->take = true;
    }
  }
  if (p->bad || !p->dtype) return;
  ist__idl_variants_required(c, p);
  if (p->dtype->kind == DT_CALLBACK && !p->bad) ist__idl_classify_callback_use(c, p);
  if (p->bad) return;
  bool nullable =
      p->dtype->kind == DT_REF || p->dtype->kind == DT_STRING || p->dtype->kind == DT_CALLBACK ||
      p->role == ROLE_BUFFER ||
      (p->role == ROLE_CELL && (p->dtype->to->kind == DT_REF || p->dtype->to->kind == DT_STRING)) ||
      (p->role == ROLE_CELL && p->dir == DIR_IN);
  if (nullable && ist__idl_param_has(p, AT_NULL)) p->null = true;
  if (p->dir == DIR_OUT && ist__idl_param_has(p, AT_OMIT)) {
    p->hidden = true;
    if (is_reference_output(p) && !p->own_always)
      ist__idl_param_fail(c, p,
                          "an object that is not wanted cannot be omitted: nobody would hold it; "
                          "one that is [[own(always)]] is freed at once");
  }
  bool points_within = p->role == ROLE_CELL && p->dir == DIR_OUT && p->dtype->to->kind == DT_STRING;
  if (p->role == ROLE_CELL && p->dir == DIR_OUT && p->dtype->to->kind == DT_STRUCT)
    ist__idl_pointers_read(c, f, p, p->dtype->to->decl);
  bool lives = p->role == ROLE_CELL && p->dir == DIR_OUT && is_reference_output(p) && !p->copy;
  if ((lives && (ist__idl_attr_has(p->attrs, AT_KEEPS) || ist__idl_attr_has(p->attrs, AT_UNTIL))) ||
      (points_within && ist__idl_attr_has(p->attrs, AT_WITHIN)))
    ist__idl_links_read(c, f, p);
}
