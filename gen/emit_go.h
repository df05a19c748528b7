// What the files of the Go emitter share. A package is one Go file: its preamble in C has a
// function `istf_NAME` for each described one, which takes and gives plain numbers and addresses,
// and in which everything happens that must happen at once with the call: the errors' expressions,
// errno, copies of what C may change. The Go beside it converts, checks and remembers.
#ifndef IST__EMIT_GO_H
#define IST__EMIT_GO_H

#include "compiler.h"

typedef struct {
  compiler *c;
  const char *folder; // where the package will be, or NULL
  buffer preamble;    // C, before the functions
  buffer functions;   // C
  buffer flags;       // #cgo lines about functions
  buffer go;
  map names;         // of the package, to what declares them
  bool calls_back;   // C may call Go
  bool lingers;      // … in any call of the library: some functions are kept
  bool seals;        // some callback lets nothing of the library be called
  bool loose;        // something borrowed stands on no object
  decl_list sealing; // those callbacks
  decl_list ends;    // functions that end what is borrowed, or callbacks
  int uses;          // of callbacks, so far
} go_emitter;

#define GO(...) ist__idl_buffer_add(e->c, &e->go, __VA_ARGS__)
#define TEXT(...) ist__idl_format(e->c, __VA_ARGS__)

// emit_go_names.c: what things are called in Go.
const char *ist__go_exported(go_emitter *e, const char *name);
const char *ist__go_constant(go_emitter *e, const char *name);
const char *ist__go_local(go_emitter *e, const char *name); // of a parameter or result
void ist__go_claim(go_emitter *e, const char *name, const char *what, span at);
const char *ist__go_type_name(go_emitter *e, const decl *d);
const char *ist__go_function_name(go_emitter *e, const decl *f);
const char *ist__go_label(go_emitter *e, const decl *f);    // as errors call it
const char *ist__go_variable(go_emitter *e, const decl *f); // its clib.Function
const char *ist__go_table(go_emitter *e, const decl *d);    // a handle's clib.Type
void ist__go_doc(go_emitter *e, const char *indent, const char *name, const char *doc,
                 attr_list *attrs);
const char *ist__go_quoted(go_emitter *e, const char *text, int len);

// emit_go_types.c: types, and what a scalar is in Go and on the way to C.
const char *ist__go_type(go_emitter *e, const dtype *t);
const char *ist__go_wire(go_emitter *e, const dtype *t); // the C type that a number travels as
const dtype *ist__go_element(const param *p);            // of a buffer or cell, or the type itself
bool ist__go_is_struct(const dtype *t);                  // or a pointer to one
const decl *ist__go_struct_of(const dtype *t);
bool ist__go_is_handle(const dtype *t);
bool ist__go_is_number(const dtype *t);
// A Go expression of a type, as C gets it, and the way back.
const char *ist__go_to_c(go_emitter *e, const dtype *t, const char *value);
const char *ist__go_from_c(go_emitter *e, const dtype *t, const char *value);
bool ist__go_is_closed(const dtype *t); // an enum that takes its own values only
void ist__go_types(go_emitter *e);
void ist__go_constants(go_emitter *e);

// emit_go_structs.c
void ist__go_struct(go_emitter *e, decl *d);
void ist__go_struct_used(go_emitter *e, const decl *d, span at, bool goes_in, bool comes_out);

bool ist__go_has_functions(const decl *d);
bool ist__go_keeps_some(const decl *d); // what only C sets

// emit_go_handles.c
void ist__go_handle(go_emitter *e, decl *d);
bool ist__go_closes(const decl *d); // has Close

// emit_go_c.c: expressions and calls in C.
const char *ist__go_expr(go_emitter *e, const expr *x, const decl *f);
const char *ist__go_wide(go_emitter *e, const expr *x, const decl *f); // an integer, saturated
void ist__go_bundle(go_emitter *e, decl *d);                           // an error
void ist__go_wrapper(go_emitter *e, decl *f);
void ist__go_helpers(go_emitter *e);
bool ist__go_mentions(const expr *x, int i); // a parameter
const char *ist__go_type_c(go_emitter *e, const ctype *t, const char *declarator);
bool ist__go_calls_back(const go_emitter *e, const decl *f);
bool ist__go_throws_out(const decl *f); // the wrapper tells of failures
bool ist__go_has_record(const decl *f); // … and of more than its result

// emit_go_calls.c: functions in Go.
void ist__go_function(go_emitter *e, decl *f);
const char *ist__go_literal(go_emitter *e, const expr *x, const dtype *t, bool null);

// emit_go_callbacks.c
void ist__go_callback_type(go_emitter *e, decl *d);
const char *ist__go_callback_signature(go_emitter *e, const decl *d);
void ist__go_use(go_emitter *e, decl *f, int param);
void ist__go_field_use(go_emitter *e, const decl *d, const field *f);
void ist__go_callbacks_end(go_emitter *e);

#endif
