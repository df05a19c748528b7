// What the files share that write a function in Go: the function in the making. What a parameter is
// to Go is in emit_go_signature.c, the way to C in emit_go_arguments.c, the way back in
// emit_go_results.c, and the whole in emit_go_calls.c.
#ifndef IST__EMIT_GO_CALL_H
#define IST__EMIT_GO_CALL_H

#include "emit_go.h"

typedef struct {
  decl *f;
  const char *fn;    // its clib.Function
  const char *fail;  // returns `err` and nothing else
  buffer body;       // before the call
  buffer lift;       // after it
  const char **pass; // what each parameter is in the call of C
  bool can_fail;
  bool has_call, has_arena;
  bool gives; // functions in structs
} making;

#define BODY(...) ist__idl_buffer_add(e->c, &m->body, __VA_ARGS__)
#define LIFT(...) ist__idl_buffer_add(e->c, &m->lift, __VA_ARGS__)
#define OUT(b, ...) ist__idl_buffer_add(e->c, &(b), __VA_ARGS__)

// emit_go_signature.c
const char *ist__go_js(const param *p); // as errors call it
const char *ist__go_name_of(go_emitter *e, const decl *f, int i);
bool ist__go_is_text(const param *p); // a counted text that goes in
const char *ist__go_article(go_emitter *e, const char *name);
void ist__go_refuse(go_emitter *e, const decl *f, const param *p, const char *what);
const char *ist__go_output_type(go_emitter *e, const decl *f, int i); // -1: the result
const char *ist__go_output_name(go_emitter *e, const decl *f, int i);
const char *ist__go_zero_of(go_emitter *e, const decl *f, int i);
bool ist__go_makes_object(const decl *f); // in memory that Go provides
bool ist__go_tells_errno(const decl *f);
const char *ist__go_outputs_text(go_emitter *e, const decl *f, bool can_fail);
const char *ist__go_arguments_text(go_emitter *e, const decl *f, bool all);
const char *ist__go_defaults(go_emitter *e, const decl *f); // the arguments, defaults among them

// emit_go_arguments.c
void ist__go_fails(making *m);
void ist__go_try(go_emitter *e, making *m, const char *call); // returns the error of a call
void ist__go_pass_handle(go_emitter *e, making *m, int i, const char *name);
void ist__go_pass_argument(go_emitter *e, making *m, int i);
void ist__go_pass_length(go_emitter *e, making *m, int i); // one that follows from buffers
// When the objects are locked: what may ask the library.
void ist__go_check_later(go_emitter *e, making *m, int i);
void ist__go_allocate_output(go_emitter *e, making *m, int i);
void ist__go_give_callback(go_emitter *e, making *m, int i);

// emit_go_results.c
void ist__go_lift_output(go_emitter *e, making *m, int i, bool has_record);

#endif
