// What the files of the interface compiler share: one section for each file. Everything lives in
// the compiler's arena and dies with it; nothing here is global, so compilations may run side by
// side.
#ifndef IST__COMPILER_H
#define IST__COMPILER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "gen.h"

typedef __int128 wide; // every integer of the language fits, and so does a sum or product of two
typedef struct compiler compiler;
typedef struct decl decl;
typedef struct ctype ctype;
typedef struct expr expr;
typedef struct param param;
typedef struct dtype dtype;

// --- arena.c: memory, lists and texts
// --------------------------------------------------------------

typedef struct {
  struct arena_block *blocks;
} arena;

void *ist__idl_alloc(compiler *c, size_t size); // zeroed
char *ist__idl_text(compiler *c, const char *at, size_t len);
char *ist__idl_format(compiler *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *ist__idl_list_grow(compiler *c, void *at, int count, int *room, size_t size);
void ist__idl_arena_free(arena *a);

#define LIST(T)                                                                                    \
  struct {                                                                                         \
    T *at;                                                                                         \
    int count, room;                                                                               \
  }
#define PUSH(c, list, item)                                                                        \
  ((list).at = ist__idl_list_grow((c), (list).at, (list).count, &(list).room, sizeof *(list).at),  \
   (list).at[(list).count++] = (item))
#define NEW(c, T) ((T *)ist__idl_alloc((c), sizeof(T)))

// A text that grows; always ends in a NUL.
typedef struct {
  char *at;
  size_t len, room;
} buffer;

void ist__idl_buffer_add(compiler *c, buffer *b, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Names to declarations, and strings to anything.
typedef struct {
  struct map_slot *slots;
  int count, room;
} map;

void *ist__idl_map_get(const map *m, const char *key);
void ist__idl_map_put(compiler *c, map *m, const char *key, void *value);

// --- diag.c: diagnostics
// ---------------------------------------------------------------------------

typedef struct {
  const char *name; // as diagnostics show it
  const char *path; // as it is opened; NULL when the text came from memory
  const char *text;
  int len;
  LIST(int) lines; // where each line begins
} source;

typedef struct {
  const source *source;
  int at, len;
} span;

void ist__idl_error(compiler *c, span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ist__idl_note(compiler *c, span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ist__idl_source_index(compiler *c, source *s);
int ist__idl_source_line(const source *s, int at);

// A word near to what was meant: offer each candidate, then append the result to a message. It is
// "" or "; did you mean 'x'?".
typedef struct {
  const char *wanted, *best;
  int distance;
} guess;

void ist__idl_guess_offer(guess *g, const char *candidate);
const char *ist__idl_guess_text(compiler *c, const guess *g);

// Declarations may need one another in any depth that the stack bears; more ends the compilation.
void ist__idl_descend(compiler *c, span at);
void ist__idl_ascend(compiler *c);

// --- lex.c: text to tokens
// -------------------------------------------------------------------------

typedef enum { TOK_END, TOK_NAME, TOK_INT, TOK_FLOAT, TOK_CHAR, TOK_STRING, TOK_PUNCT } token_kind;

typedef struct {
  token_kind kind;
  span at;
  const char *text; // a name, a punctuator, a string's value
  int text_len;     // of a string's value, which may hold NULs
  wide integer;
  double real;
  const char *doc; // the `///` lines before it, or NULL
} token;

typedef LIST(token) token_list;

token_list ist__idl_lex(compiler *c, const source *s);
int ist__idl_utf8_length(const char *p, const char *end); // of the sequence at p, or 0

// --- parse*.c: tokens to declarations
// --------------------------------------------------------------

typedef enum {
  X_INT,
  X_FLOAT,
  X_STRING,
  X_NULL,
  X_UNARY,
  X_BINARY,
  X_COND,
  X_CALL,
  // As parsed only:
  X_NAME,
  X_SIZEOF,
  // As resolved only:
  X_ARG,
  X_TYPE_ARG,
  X_DEREF,
  X_RESULT,
  X_ERRNO,
  X_MESSAGE,
} expr_kind;

typedef LIST(expr *) expr_list;

// What an expression's value is good for.
typedef enum { V_INT, V_FLOAT, V_STRING, V_POINTER, V_NULL, V_VOID } value_class;

struct expr {
  expr_kind kind;
  span at;
  const char *op;
  expr *a, *b, *c;
  expr_list args;
  wide integer;
  double real;
  const char *text; // string or name
  int text_len;
  ctype *type; // sizeof
  int index;   // X_ARG, X_TYPE_ARG
  decl *callee;
  value_class value; // resolved only
  const ctype *is;   // resolved only: an address's type, where it is known
};

typedef struct {
  const char *name;
  span at;
  expr_list args, labels; // an argument's label, or NULL
  bool used;
  int id;
} attr;

typedef LIST(attr) attr_list;
typedef LIST(param *) param_list;
typedef LIST(decl *) decl_list;

typedef enum {
  T_VOID,
  T_SCALAR,
  T_NAMED, // a name or tag; `decl` is set when it is resolved
  T_POINTER,
  T_ARRAY,
  T_FUNCTION,
  T_BAD, // an error was reported
} type_kind;

typedef struct {
  const char *name;
  enum { S_INT, S_BOOL, S_FLOAT } kind;
  int size[2]; // by target: x86-64, AArch64
  bool is_signed[2];
  bool bigint;
} scalar;

struct ctype {
  type_kind kind;
  span at;
  bool is_const, is_restrict, attrs_checked;
  const char *name; // T_NAMED: the name without its tag
  const char *tag;  // "struct", "enum", "union" or NULL
  const scalar *scalar;
  ctype *to;         // pointer, array, function result
  attr_list attrs;   // after a pointer's `*`
  expr *count;       // array; NULL for []
  expr *filled;      // array: after ->
  bool ends_null;    // array: [null]
  param_list params; // function
  expr_list args;    // callback arguments in < >
  decl *decl;
  int64_t elements; // array in a struct, once evaluated
};

typedef enum { ENC_NONE, ENC_UTF8, ENC_LATIN1, ENC_UTF16 } encoding;
typedef enum {
  ROLE_VALUE,
  ROLE_BUFFER,
  ROLE_CELL,
  ROLE_FIXED,
  ROLE_DATA,
  ROLE_DESTROY,
  ROLE_VIEW
} role;
typedef enum { DIR_IN, DIR_OUT, DIR_INOUT } direction;
typedef LIST(int) int_list;

// A parameter, or (without a name) a result.
struct param {
  const char *name, *js;
  span at;
  attr_list *attrs;
  attr_list own_attrs;
  ctype *type;
  expr *parsed_default;
  const char *doc;
  // Checked:
  bool bad;    // an error was reported, expect no more of it
  bool unsafe; // of an unsafe function: what points to who knows what is an address
  role role;
  direction dir;
  dtype *dtype;
  encoding text;
  bool null, element_null, terminated, hidden, take, copy, error_text, own, own_always, self;
  bool replaced, vanished;
  expr *default_value, *count, *size, *filled, *fixed, *min, *max, *on_throw;
  expr_list type_args;
  int arg, of, data, destroy, parent, within; // -1: none
  int_list lengths, keeps;
  decl *own_free;
  decl_list until, scope_functions;
  const char *scope; // "call", "once", "until", "forever"
};

typedef struct {
  const char *name;
  span at;
  attr_list attrs;
  const char *doc;
  expr *parsed_value; // NULL: one more than the last
  wide value;
  bool duplicate;
  bool known; // evaluated: the later ones of its enum may name it
  const char *js;
} enumerator;

typedef struct {
  wide value;
  int member;
} variant;

typedef struct {
  const char *name; // NULL: a bit-field that only pads
  span at;
  attr_list attrs;
  const char *doc;
  ctype *type;
  expr *width; // bit-fields
  // Checked:
  dtype *dtype;
  bool bad, readonly, is_bits;
  encoding text;
  int64_t offset, bit_offset;
  int bit_width;
  int align;              // [[align(n)]], or 0
  int len;                // index of the field that counts it, or -1
  decl *anonymous;        // a member without a name, whose fields become the struct's own
  int group;              // number of the union without a name that it was a member of, or -1
  int tag;                // index of the field that says what is there, or -1
  LIST(wide) when;        // the tag's values with which it is there
  LIST(variant) variants; // [[as]]: which member each of the tag's values selects
  expr *fixed;            // [[fixed(e)]]: what it always is
  param *use;             // of a function pointer that JavaScript may set
  bool companion;         // user data or destroy notice of such a one
} field;

typedef enum {
  D_CONST,
  D_ENUM,
  D_TYPEDEF,
  D_STRUCT,
  D_HANDLE,
  D_CALLBACK,
  D_FUNCTION,
  D_ERROR,
} decl_kind;

typedef enum { FN_FUNCTION, FN_METHOD, FN_STATIC, FN_CONSTRUCTOR, FN_DESTRUCTOR } function_kind;

typedef struct module module;

struct decl {
  decl_kind kind;
  const char *name;
  span at;         // of the name
  const char *tag; // "struct", "union" or "enum" when it is used with its tag
  attr_list attrs;
  const char *doc;
  module *module;
  const char *js;
  enum { FRESH, BUSY, DONE } state; // of layouts, values and typedefs, against cycles
  bool bad, duplicate;
  int index; // in its table of the descriptor, -1: not there

  ctype *type;        // constant, typedef, enum's base, result of a function or callback
  expr *parsed_value; // constant
  expr *value;        // constant: a literal

  LIST(enumerator) enumerators;
  bool is_flags, is_open;
  bool is_pointer; // handle or callback whose name is itself the pointer type

  LIST(field) fields; // struct, union, handle
  bool is_union;
  int groups;         // how many unions without a name its fields come from
  decl *outer;        // struct without a tag: what it is defined in,
  const char *member; // as the type of this member, of so many dimensions
  int dimensions;
  bool has_fields, packed, has_pointers;
  int64_t size, align;
  int align_attr;
  decl_list functions; // handle
  bool is_inline, has_inline_size;
  const char *keeps; // handle: the parameter that every new object keeps alive
  span keeps_at;
  decl_list until;    // handle: what ends every borrowed object of it
  const char *c_type; // handle: the C type that it stands for
  bool no_reenter;    // handle, callback
  int depth;          // handle: how deep objects may nest, or 0
  decl *destructor;
  dtype *dtype;

  param_list params; // function, callback, error
  param_list type_params;
  param *result;
  bool checked;

  decl *owner; // the handle that a function stands in
  function_kind function;
  int self; // -1: none
  const char *symbol;
  const char *unsafe; // why it cannot be described completely, or NULL
  LIST(const char *) tags;
  bool optional, captures_errno, internal, classified;
  decl *throws;
  expr_list throw_args, except;
  int_list args, outputs;
  int required;

  expr *parsed_ok, *parsed_fail, *parsed_code, *parsed_message, *parsed_cleanup;
  expr *ok, *fail, *code, *message, *cleanup;

  const char *c_tag; // typedef'd struct: the tag that it has besides
  struct cdef *cdef; // what emit_cdef.c knows of it
};

typedef struct {
  const char *name, *value;
} definition;

struct module {
  source *source;
  span at; // of `library NAME`
  const char *name;
  const char *doc;
  bool threadsafe; // objects may be used on several threads, those of one family on one at a time
  bool busy;       // still being read: an import of it is a cycle
  LIST(const char *) link;
  LIST(const char *) headers;
  LIST(span) header_spans;
  LIST(definition) defines;
  LIST(const char *) packages;
  LIST(const char *) prefixes;
  LIST(module *) imports;
  decl_list decls;
};

typedef struct {
  compiler *c;
  module *module;
  token_list tokens;
  int next;
  int depth;
  jmp_buf *recover;
} parser;

void ist__idl_parse_module(compiler *c, module *m);
// Between the parser's files:
token *ist__idl_peek(parser *p, int ahead);
token *ist__idl_advance(parser *p);
bool ist__idl_at(parser *p, const char *text);
bool ist__idl_accept(parser *p, const char *text);
token *ist__idl_expect(parser *p, const char *text, const char *where);
token *ist__idl_expect_name(parser *p, const char *what);
_Noreturn void ist__idl_syntax_error(parser *p, span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ist__idl_enter(parser *p);
void ist__idl_leave(parser *p);
expr *ist__idl_parse_expr(parser *p);
expr *ist__idl_parse_argument(parser *p); // one argument of < >: no comparison or shift in it
attr_list ist__idl_parse_attrs(parser *p);
ctype *ist__idl_parse_specifier(parser *p);
ctype *ist__idl_parse_declarator(parser *p, ctype *base, token **name);
ctype *ist__idl_parse_type_name(parser *p);
param_list ist__idl_parse_params(parser *p);

// --- attr.c: the table of attributes
// ----------------------------------------------------------------

// clang-format off
#define IST__ATTRS(X)                                                                              \
  X(ALIGN, align) X(AS, as) X(BIGINT, bigint) X(BYTES, bytes) X(CONSTRUCTOR, constructor) X(COPY, copy)      \
  X(DATA, data) X(DEPTH, depth) X(DESTROY, destroy) X(DESTRUCTOR, destructor) X(DOC, doc)          \
  X(ERRNO, errno) X(ERROR_TEXT, error_text) X(EXCEPT, except) X(FIXED, fixed)                      \
  X(FOREVER, forever) X(HIDDEN, hidden) X(IN, in) X(INLINE, inline) X(INOUT, inout)                \
  X(KEEPS, keeps) X(LATIN1, latin1) X(LEN, len) X(NAME, name) X(NULL, null)                        \
  X(NO_REENTER, no_reenter) X(NUMBER, number) X(OMIT, omit) X(ON_THROW, on_throw) X(ONE, one)      \
  X(OPAQUE, opaque) X(OPEN, open) X(OPTIONAL, optional) X(OUT, out) X(OWN, own)                    \
  X(PACKED, packed) X(POINTER, pointer) X(PREFIX, prefix) X(RANGE, range) X(SCOPE, scope)          \
  X(SELF, self) X(SIZE, size) X(STATIC, static) X(SYMBOL, symbol) X(TAG, tag) X(TAKE, take)        \
  X(TEXT, text) X(THREADSAFE, threadsafe) X(THROWS, throws) X(UNSAFE, unsafe) X(UNTIL, until) X(UTF16, utf16) X(VIEW, view)  \
  X(WHEN, when) X(WITHIN, within)
// clang-format on

enum {
#define X(ID, name) AT_##ID,
  IST__ATTRS(X)
#undef X
      AT_COUNT
};

typedef enum {
  ON_FUNCTION = 1,
  ON_PARAM = 2,
  ON_FIELD = 4,
  ON_HANDLE = 8,
  ON_STRUCT = 16,
  ON_ENUM = 32,
  ON_CONST = 64,
  ON_TYPEDEF = 128,
  ON_CALLBACK = 256,
  ON_CALLBACK_PARAM = 512,
  ON_INNER = 1024,
  ON_LIBRARY = 2048,
  ON_ENUMERATOR = 4096,
  ON_ERROR = 8192,
  ON_BUNDLE_PARAM = 16384,
} place;

bool ist__idl_attrs_check(compiler *c, attr_list *attrs, place where);
attr *ist__idl_attr_find(attr_list *attrs, int id); // and marks it as used
bool ist__idl_attr_has(attr_list *attrs, int id);   // does not mark it
// Reports the attributes that nothing has asked for: `what` is what they stand on.
void ist__idl_attrs_unused(compiler *c, const attr_list *attrs, const char *what);
const char *ist__idl_attr_name_arg(compiler *c, const attr *a,
                                   int i); // a name, or NULL and an error

// --- type.c: names of types to their declarations; what a type is
// -------------------------------------

const scalar *ist__idl_scalar_find(const char *name);
const ctype *ist__idl_type_strip(const ctype *t); // through typedefs
bool ist__idl_type_is_const(const ctype *t);
bool ist__idl_type_is_char(const ctype *t); // plain `char`
bool ist__idl_type_is_byte(const ctype *t); // a one-byte integer, or void
void ist__idl_type_resolve(compiler *c, ctype *t, module *m);
const char *ist__idl_type_text(compiler *c, const ctype *t); // for messages
decl *ist__idl_type_decl(const ctype *t,
                         decl_kind kind);      // the stripped type's declaration, if of that kind
bool ist__idl_type_is_integer(const ctype *t); // integers and enums
bool ist__idl_type_layout(compiler *c, const ctype *t, int64_t *size, int64_t *align);

// --- layout.c: structs and enums
// -------------------------------------------------------------------

bool ist__idl_layout_struct(compiler *c, decl *d);
void ist__idl_layout_enum(compiler *c, decl *d);
bool ist__idl_enum_signed(const decl *d);

// --- dtype.c: types of the descriptor
// --------------------------------------------------------------

typedef enum {
  DT_VOID,
  DT_INT,
  DT_BOOL,
  DT_FLOAT,
  DT_ENUM,
  DT_STRUCT,
  DT_ARRAY,
  DT_HANDLE,
  DT_REF,
  DT_STRING,
  DT_CALLBACK,
  DT_POINTER,
} dtype_kind;

struct dtype {
  dtype_kind kind;
  const char *name;
  const scalar *scalar;
  bool bigint, is_const;
  int64_t size, align, count;
  encoding text;
  dtype *to;
  decl *decl;
  int index;
};

dtype *ist__idl_dtype_simple(compiler *c, dtype_kind kind, dtype *to);
dtype *ist__idl_dtype_ref(compiler *c, decl *to, bool is_const); // to a struct or handle
dtype *ist__idl_dtype_string(compiler *c, encoding text);
// A value type: scalar, enum, struct by value, pointer handle; NULL when it is none of these.
dtype *ist__idl_dtype_value(compiler *c, const ctype *t, attr_list *attrs);
dtype *ist__idl_dtype_decl(compiler *c, dtype_kind kind, decl *d);
dtype *ist__idl_dtype_array(compiler *c, dtype *of, int64_t count, encoding text);

// --- check*.c: meaning
// -----------------------------------------------------------------------------

// Where an expression stands decides what its names mean.
typedef struct {
  decl *function;    // whose params X_ARG counts: function, callback or error bundle
  bool after;        // the call has been made: `return`, `errno`, outputs
  bool with_message; // `message`
} scope;

decl *ist__idl_lookup(compiler *c, const char *tag, const char *name);
expr *ist__idl_resolve(compiler *c, expr *e, const scope *s); // NULL after an error
expr *ist__idl_resolve_int(compiler *c, expr *e, const scope *s, const char *what);
bool ist__idl_eval_int(compiler *c, expr *e, wide *value); // a constant integer expression
expr *ist__idl_constant(compiler *c, decl *d);             // its literal, NULL after an error
void ist__idl_eval_enum(compiler *c, decl *d);
bool ist__idl_expr_same_object(const ctype *t, const expr *e);
bool ist__idl_fits(compiler *c, wide value, const ctype *t);
bool ist__idl_expr_same(const expr *a, const expr *b);
bool ist__idl_expr_is_arg(const expr *e, int *index);   // exactly one parameter
bool ist__idl_expr_is_deref(const expr *e, int *index); // exactly what one parameter points to

void ist__idl_check(compiler *c);
void ist__idl_classify(compiler *c, decl *d); // roles of a function's or callback's parameters
void ist__idl_check_function(compiler *c, decl *d); // expressions and JavaScript's view
void ist__idl_check_callback(compiler *c, decl *d);
void ist__idl_check_error(compiler *c, decl *d);
const char *ist__idl_check_js_name(compiler *c, decl *d);
void ist__idl_check_struct(compiler *c, decl *d);
// check_field.c
bool ist__idl_field_bad(compiler *c, field *f, const char *message);
bool ist__idl_field_type(compiler *c, decl *d, field *f);
void ist__idl_companions_read(compiler *c, decl *d);
void ist__idl_check_members(compiler *c, decl *d); // function pointers, when callbacks are known
// check_union.c
void ist__idl_check_variants(compiler *c, decl *d);
void ist__idl_variants_required(compiler *c, param *p);
// check_value.c
bool ist__idl_param_has(param *p, int id); // and marks the attribute as used
void ist__idl_param_fail(compiler *c, param *p, const char *message);
int ist__idl_param_index(const decl *f, const char *name);
int ist__idl_param_named(compiler *c, const decl *f, const expr *e);
decl *ist__idl_function_named(compiler *c, const expr *e); // for own(f), until(f)
encoding ist__idl_text_encoding(param *p, const ctype *element);
bool ist__idl_encoding_check(compiler *c, param *p, encoding text, const ctype *element);
dtype *ist__idl_element_type(compiler *c, param *p, ctype *element);
void ist__idl_inner_attrs(compiler *c, param *p, ctype *element);
void ist__idl_lifetime_read(compiler *c, decl *f, param *p, decl *what, bool is_constructor);
void ist__idl_own_read(compiler *c, param *p, bool needs_free, const char *what);
void ist__idl_links_read(compiler *c, decl *f, param *p);
void ist__idl_pointers_read(compiler *c, decl *f, param *p, const decl *d);
bool ist__idl_points_somewhere(const dtype *t);
dtype *ist__idl_dtype_address(compiler *c);
void ist__idl_text_owner_check(compiler *c, decl *f, param *p, const ctype *element);
void ist__idl_by_value_check(compiler *c, param *p);
// check_param.c, check_result.c, check_callback.c, check_error.c
void ist__idl_classify_param(compiler *c, decl *f, param *p);
void ist__idl_classify_result(compiler *c, decl *f);
void ist__idl_classify_callback_param(compiler *c, decl *f, param *p);
void ist__idl_classify_callback_use(compiler *c, param *p);
void ist__idl_scope_read(compiler *c, param *p);
decl *ist__idl_callback_of(compiler *c, const ctype *pointer, const char *name, module *m);
void ist__idl_check_on_throw(compiler *c, param *p, decl *d, expr *parsed);
void ist__idl_check_throws(compiler *c, decl *f);
// check_function.c
bool ist__idl_class_fits(const dtype *t, const expr *e);
bool ist__idl_expr_literal(const expr *e);
expr *ist__idl_resolve_length(compiler *c, decl *f, expr *parsed, const scope *s, param *p,
                              const char *what);

// --- type_c.c, emit_descriptor.c, emit_cdef.c, by_value.c, emit_go*.c
// -------------------------------------------------------------------------------------------------

const char *ist__idl_type_c(compiler *c, const ctype *t, const char *declarator); // as C source
char *ist__idl_emit_descriptor(compiler *c);
const char *ist__idl_wide_text(compiler *c, wide value);
char *ist__idl_emit_cdef_api(compiler *c);
char *ist__idl_emit_cdef_abi(compiler *c);
char *ist__idl_emit_go(compiler *c);
// The members of a plain struct that is passed by value as `d` is, or NULL.
const char *ist__idl_stand_in(compiler *c, decl *d);

// --- prove*.c: the proof against the C headers
// -----------------------------------------------------

typedef enum {
  F_FUNCTION,
  F_TYPEDEF,
  F_CALLBACK,
  F_HANDLE,
  F_STRUCT,
  F_FIELD,
  F_CONST,
  F_ENUM,
  F_ENUMERATOR,
} fact_kind;

// One claim of the interface file that the C compiler is to confirm.
typedef struct {
  fact_kind kind;
  decl *decl;
  int i; // of the field or enumerator
  span at;
  bool failed;
} fact;

typedef struct {
  compiler *c;
  LIST(fact) facts;
  const char *folder; // of the temporary files
} prover;

char *ist__idl_prove(compiler *c);
// prove_c.c: the C file of the facts that have not failed.
const char *ist__idl_prove_source(prover *p);
const char *ist__idl_c_name(compiler *c, const decl *d); // a struct, enum or handle as C spells it
// prove_run.c
const char *ist__idl_folder_make(compiler *c);
void ist__idl_folder_remove(const char *folder);
bool ist__idl_file_write(compiler *c, const char *path, const char *text);
// Runs a program with its output in a file; its exit status, or -1 when it could not be run.
int ist__idl_run(char *const *argv, const char *output);

// --- gen.c
// -----------------------------------------------------------------------------------------

struct compiler {
  arena arena;
  const ist__gen_options *options;
  const char *folder; // where a Go package will be, or NULL
  int target;         // index into a scalar's sizes
  int errors;
  int imports;            // read so far
  int depth;              // of declarations that need each other
  int type_depth;         // of functions in the text of a type
  jmp_buf bail;           // out of memory, or enough errors
  LIST(module *) modules; // imports before their importers; the last one is the file itself
  module *main;
  map names;       // "x" and "struct x" to decl
  map enumerators; // to enumerator
  map dtype_map;
  decl *free_function;
  decl_list functions; // of the descriptor's table, in its order, once it has been made
};

source *ist__idl_source_open(compiler *c, const char *path);
module *ist__idl_module_import(compiler *c, module *from, const char *name, bool is_path, span at);

#endif
