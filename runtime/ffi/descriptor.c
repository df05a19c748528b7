/* A descriptor's JSON becomes a library's tables.
 *
 * This is a boundary of trust: any bytes may come in, and nothing of them is used before it is
 * checked. Tables refer to each other, so they are made in rounds: first every record exists, then
 * types, then parameters, then the expressions, which may call functions. What comes out can be
 * used without looking again. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define TARGET "x86_64-linux"
#elif defined(__aarch64__)
#define TARGET "aarch64-linux"
#endif

enum { VERSION = 1, MAX_ITEMS = 1 << 20 };

static const char *join(ist__reader *r, const char *a, const char *b, const char *c) {
  size_t first = strlen(a), second = b ? strlen(b) : 0, third = c ? strlen(c) : 0;
  char *text = ist__read_alloc(r, first + second + third + 3, 1), *at = text;
  if (!text) return "";
  memcpy(at, a, first);
  at += first;
  if (b) {
    *at++ = '.';
    memcpy(at, b, second);
    at += second;
  }
  if (c) {
    *at++ = '.';
    memcpy(at, c, third);
  }
  return text;
}

/* ---- types ---- */

static void read_values(ist__reader *r, const cJSON *json, ist__type *type) {
  static const ist__expr_scope literal = {0};
  size_t count;
  const cJSON *item = ist__read_list(r, json, "values", &count);
  type->values = ist__read_alloc(r, count, sizeof *type->values);
  for (; type->values && item && !r->failed; item = item->next) {
    ist__enumerator *value = &type->values[type->value_count];
    value->name = ist__read_text(r, item, "name", true);
    const cJSON *number = ist__read_member(r, item, "value");
    if (cJSON_IsObject(number)) {
      const ist__expr *expr = ist__read_expr(r, item, "value", &literal);
      value->value = (int64_t)ist__expr_literal(expr).i;
    } else if (cJSON_IsNumber(number) && number->valuedouble >= -9.2e18 &&
               number->valuedouble <= 9.2e18) {
      value->value = (int64_t)number->valuedouble;
    } else if (cJSON_IsString(number)) {
      const char *digits = number->valuestring;
      value->value =
          *digits == '-' ? strtoll(digits, NULL, 10) : (int64_t)strtoull(digits, NULL, 10);
    } else {
      ist__read_fail(r, "an enumerator without a value");
    }
    if (!r->failed) type->value_count++;
  }
}

static void read_handle(ist__reader *r, const cJSON *json, ist__type *type) {
  type->inline_memory = ist__read_bool(r, json, "inline");
  type->depth = (uint32_t)ist__read_count(r, json, "depth", INT32_MAX, 0);
  type->constructors = ist__read_functions(r, json, "constructors", &type->constructor_count);
  type->methods = ist__read_functions(r, json, "methods", &type->method_count);
  type->statics = ist__read_functions(r, json, "statics", &type->static_count);
  int32_t destructor = ist__read_index(r, json, "destructor", r->library->function_count);
  if (destructor >= 0) type->destructor = r->library->functions[destructor];
  if (!r->failed && type->inline_memory && type->size == 0)
    ist__read_fail(r, "an inline handle without a size");
}

static void read_layout(ist__reader *r, const cJSON *json, ist__type *type) {
  switch (type->kind) {
  case IST__VOID: return;
  case IST__REF:
  case IST__STRING:
  case IST__CALLBACK:
  case IST__POINTER:
    type->size = ist__read_count(r, json, "size", INT32_MAX, sizeof(void *));
    type->align = ist__read_count(r, json, "align", INT32_MAX, sizeof(void *));
    if (type->size != sizeof(void *)) ist__read_fail(r, "a pointer of %zu bytes", type->size);
    return;
  case IST__HANDLE:
    type->size = ist__read_count(r, json, "size", INT32_MAX, 0);
    type->align = ist__read_count(r, json, "align", IST__MAX_ALIGN, 1);
    if (type->align == 0) type->align = 1;
    return;
  default:
    type->size = ist__read_count(r, json, "size", INT32_MAX, -1);
    type->align = ist__read_count(r, json, "align", IST__MAX_ALIGN, -1);
  }
}

static ist__kind read_kind(ist__reader *r, const cJSON *json) {
  static const ist__choice kinds[] = {{"void", IST__VOID},
                                      {"int", IST__INT},
                                      {"bool", IST__BOOL},
                                      {"float", IST__FLOAT},
                                      {"enum", IST__ENUM},
                                      {"struct", IST__STRUCT},
                                      {"array", IST__ARRAY},
                                      {"handle", IST__HANDLE},
                                      {"ref", IST__REF},
                                      {"string", IST__STRING},
                                      {"callback", IST__CALLBACK},
                                      {"pointer", IST__POINTER},
                                      {NULL, 0}};
  return (ist__kind)ist__read_choice(r, json, "kind", kinds, -1);
}

static void read_type(ist__reader *r, const cJSON *json, ist__type *type) {
  static const ist__choice numbers[] = {{"number", 0}, {"bigint", 1}, {NULL, 0}};
  static const char *const names[] = {"void",  "int",    "bool", "float",  "enum",     "struct",
                                      "array", "handle", "ref",  "string", "callback", "pointer"};
  type->kind = read_kind(r, json);
  bool named =
      type->kind == IST__STRUCT || type->kind == IST__HANDLE || type->kind == IST__CALLBACK;
  type->name = ist__read_text(r, json, "name", named);
  if (!type->name) type->name = names[type->kind];
  type->c = ist__read_text(r, json, "c", false);
  if (!type->c) type->c = type->name;
  read_layout(r, json, type);
  type->natural_align = ist__read_count(r, json, "natural_align", IST__MAX_ALIGN, 0);
  type->is_signed = ist__read_bool(r, json, "signed");
  type->bigint = ist__read_choice(r, json, "js", numbers, 0) == 1;
  type->flags = ist__read_bool(r, json, "flags");
  type->open = ist__read_bool(r, json, "open");
  type->pointers = ist__read_bool(r, json, "pointers");
  type->is_union = type->kind == IST__STRUCT && ist__read_bool(r, json, "union");
  type->no_reenter = ist__read_bool(r, json, "no_reenter");
  type->is_const = ist__read_bool(r, json, "const");
  switch (type->kind) {
  case IST__ENUM: read_values(r, json, type); break;
  case IST__STRUCT: ist__read_fields(r, json, type); break;
  case IST__HANDLE:
    ist__read_fields(r, json, type);
    read_handle(r, json, type);
    break;
  case IST__ARRAY:
    type->to = ist__read_type(r, json, "of");
    type->count = ist__read_count(r, json, "count", INT32_MAX, -1);
    type->encoding = ist__read_encoding(r, json, "text");
    break;
  case IST__REF:
  case IST__POINTER: type->to = ist__read_type(r, json, "to"); break;
  case IST__STRING: {
    type->encoding = ist__read_encoding(r, json, "encoding");
    if (type->encoding == IST__BYTES) type->encoding = IST__UTF8;
    break;
  }
  case IST__CALLBACK: {
    const cJSON *names_of = ist__read_member(r, json, "type_params");
    if (cJSON_IsArray(names_of))
      ist__read_list(r, json, "type_params", &type->type_param_count);
    else
      type->type_param_count = ist__read_count(r, json, "type_params", IST__MAX_TYPE_ARGS, 0);
    if (type->type_param_count > IST__MAX_TYPE_ARGS) ist__read_fail(r, "too many type parameters");
    break;
  }
  default: break;
  }
}

static void read_callback(ist__reader *r, const cJSON *json, ist__type *type) {
  ist__read_params(r, json, true, &type->params, &type->param_count);
  type->result = ist__read_alloc(r, 1, sizeof *type->result);
  if (!type->result) return;
  ist__read_result(r, ist__read_member(r, json, "result"), type->param_count, type->result);
  type->args =
      (uint32_t *)ist__read_indexes(r, json, "args", 0, type->param_count, &type->arg_count);
}

static void read_callback_exprs(ist__reader *r, const cJSON *json, ist__type *type) {
  ist__expr_scope scope = {
      .params = type->params, .count = type->param_count, .type_args = type->type_param_count};
  size_t count;
  const cJSON *item = ist__read_list(r, json, "params", &count);
  for (size_t i = 0; i < type->param_count && !r->failed; i++, item = item->next) {
    ist__read_param_exprs(r, item, &scope, &type->params[i]);
  }
  ist__read_param_exprs(r, ist__read_member(r, json, "result"), &scope, type->result);
  if (r->failed) return;
  ist__check_params(r, type->params, type->param_count, type->result);
  if (!r->failed && type->result->role != IST__VALUE)
    ist__read_fail(r, "a callback that returns a buffer");
}

/* ---- functions ---- */

static void read_tags(ist__reader *r, const cJSON *json, ist__function *function) {
  size_t count;
  const cJSON *item = ist__read_list(r, json, "tags", &count);
  const char **tags = ist__read_alloc(r, count, sizeof *tags);
  function->tags = tags;
  for (; tags && item && !r->failed; item = item->next) {
    const char *text = cJSON_GetStringValue(item);
    if (!text || !*text) ist__read_fail(r, "tags: expected a word");
    if (!r->failed && !(tags[function->tag_count++] = ist__arena_text(r->arena, text)))
      ist__read_fail(r, "out of memory");
  }
  function->unsafe = ist__read_text(r, json, "unsafe", false);
}

/* A callback, itself or in a struct that is passed. */
static bool takes_functions(const ist__param *param) {
  const ist__type *type = param->type;
  if (type->kind == IST__CALLBACK) return param->role == IST__VALUE;
  while (type->kind == IST__REF || type->kind == IST__POINTER) type = type->to;
  return type->functions && param->dir == IST__IN;
}

static void read_label(ist__reader *r, ist__function *function) {
  const ist__type *owner = function->owner;
  if (!owner) {
    function->label = join(r, r->library->name, function->name, NULL);
    return;
  }
  bool is_new = function->kind == IST__CONSTRUCTOR && owner->constructor_count &&
                owner->constructors[0] == function;
  function->label = join(r, r->library->name, owner->name, is_new ? NULL : function->name);
}

static void read_function(ist__reader *r, const cJSON *json, ist__function *function) {
  static const ist__choice kinds[] = {
      {"function", IST__FUNCTION},       {"method", IST__METHOD},         {"static", IST__STATIC},
      {"constructor", IST__CONSTRUCTOR}, {"destructor", IST__DESTRUCTOR}, {NULL, 0}};
  function->name = ist__read_text(r, json, "name", true);
  function->c = ist__read_text(r, json, "c", false);
  function->symbol = ist__read_text(r, json, "symbol", false);
  if (!function->c) function->c = function->symbol ? function->symbol : function->name;
  if (!function->symbol) function->symbol = function->c;
  function->kind = (ist__function_kind)ist__read_choice(r, json, "kind", kinds, IST__FUNCTION);
  int32_t owner = ist__read_index(r, json, "owner", r->library->type_count);
  if (owner >= 0) function->owner = r->library->types[owner];
  if (function->owner && function->owner->kind != IST__HANDLE)
    ist__read_fail(r, "owner: not a handle");
  if (r->failed) return;
  read_label(r, function);
  function->optional = ist__read_bool(r, json, "optional");
  function->hidden = ist__read_bool(r, json, "hidden");
  function->no_reenter = ist__read_bool(r, json, "no_reenter");
  function->captures_errno = ist__read_bool(r, json, "errno");
  ist__read_params(r, json, false, &function->params, &function->param_count);
  ist__read_result(r, ist__read_member(r, json, "result"), function->param_count,
                   &function->result);
  function->self = ist__read_index(r, json, "self", function->param_count);
  function->args = (uint32_t *)ist__read_indexes(r, json, "args", 0, function->param_count,
                                                 &function->arg_count);
  function->required =
      ist__read_count(r, json, "required", function->arg_count, (int64_t)function->arg_count);
  function->outputs =
      ist__read_indexes(r, json, "outputs", -1, function->param_count, &function->output_count);
  read_tags(r, json, function);
}

/* What a function's kind promises to those who call it without a JavaScript caller. */
static void check_function(ist__reader *r, const ist__function *function) {
  bool needs_self = function->kind == IST__METHOD || function->kind == IST__DESTRUCTOR;
  if (function->kind != IST__FUNCTION && !function->owner)
    ist__read_fail(r, "stands in no handle");
  else if (needs_self && function->self < 0)
    ist__read_fail(r, "has no self");
  else if (function->self >= 0 && function->params[function->self].type->kind != IST__REF) {
    ist__read_fail(r, "a self that is no object");
  }
  for (size_t i = 0; i < function->output_count && !r->failed; i++) {
    int32_t output = function->outputs[i];
    if (output < 0 ? function->result.type->kind == IST__VOID
                   : function->params[output].dir == IST__IN) {
      ist__read_fail(r, "an output that gives nothing");
    }
  }
}

static void read_throws(ist__reader *r, const cJSON *json, const ist__expr_scope *scope,
                        ist__function *function) {
  const cJSON *throws = ist__read_member(r, json, "throws");
  if (!throws) return;
  int32_t index = ist__read_index(r, throws, "error", r->library->bundle_count);
  if (index < 0) ist__read_fail(r, "throws: no such error");
  if (r->failed) return;
  size_t count;
  function->throws = &r->library->bundles[index];
  function->throw_args = ist__read_exprs(r, throws, "args", scope, &count);
  if (count != function->throws->param_count)
    ist__read_fail(r, "throws: the wrong number of arguments");
  function->except = ist__read_exprs(r, throws, "except", scope, &function->except_count);
  for (size_t i = 0; i < count && !r->failed; i++) {
    if (ist__expr_uses_errno(function->throw_args[i])) function->captures_errno = true;
  }
  const ist__bundle *bundle = function->throws;
  if (ist__expr_uses_errno(bundle->ok) || ist__expr_uses_errno(bundle->fail) ||
      ist__expr_uses_errno(bundle->code) || ist__expr_uses_errno(bundle->message)) {
    function->captures_errno = true;
  }
}

static void read_function_exprs(ist__reader *r, const cJSON *json, ist__function *function) {
  ist__expr_scope scope = {.params = function->params,
                           .count = function->param_count,
                           .result = &function->result,
                           .errnos = true};
  size_t count;
  const cJSON *item = ist__read_list(r, json, "params", &count);
  for (size_t i = 0; i < function->param_count && !r->failed; i++, item = item->next) {
    ist__read_param_exprs(r, item, &scope, &function->params[i]);
  }
  ist__read_param_exprs(r, ist__read_member(r, json, "result"), &scope, &function->result);
  read_throws(r, json, &scope, function);
  if (r->failed) return;
  for (size_t i = 0; i < function->param_count; i++)
    function->has_callbacks |= takes_functions(&function->params[i]);
  ist__check_params(r, function->params, function->param_count, &function->result);
  if (!r->failed) check_function(r, function);
}

/* ---- errors and constants ---- */

/* An error's code is its first integer parameter unless it says otherwise. */
static const ist__expr *default_code(ist__reader *r, const cJSON *json) {
  size_t count;
  const cJSON *item = ist__read_list(r, json, "params", &count);
  for (uint32_t i = 0; i < count && !r->failed; i++, item = item->next) {
    const ist__type *type = ist__read_type(r, item, "type");
    if (!type || (type->kind != IST__INT && type->kind != IST__ENUM)) continue;
    ist__expr *expr = ist__read_alloc(r, 1, sizeof *expr);
    if (!expr) return NULL;
    expr->kind = IST__E_ARG;
    expr->index = i;
    return expr;
  }
  return NULL;
}

static void read_bundle(ist__reader *r, const cJSON *json, ist__bundle *bundle) {
  ist__expr_scope scope = {.count = bundle->param_count, .errnos = true};
  bundle->ok = ist__read_expr(r, json, "ok", &scope);
  bundle->fail = ist__read_expr(r, json, "fail", &scope);
  bundle->code = ist__read_expr(r, json, "code", &scope);
  bundle->message = ist__read_expr(r, json, "message", &scope);
  bundle->cleanup = ist__read_expr(r, json, "cleanup", &scope);
  if (!bundle->code) bundle->code = default_code(r, json);
}

static void read_constant(ist__reader *r, const cJSON *json, ist__constant *constant) {
  static const ist__expr_scope literal = {0};
  constant->name = ist__read_text(r, json, "name", true);
  constant->type = ist__read_type(r, json, "type");
  constant->value = ist__read_expr(r, json, "value", &literal);
  ist__value value;
  if (r->failed) return;
  if (!constant->value || !ist__expr_eval(constant->value, NULL, &value, NULL) ||
      !ist__type_is_scalar(constant->type)) {
    ist__read_fail(r, "%s: no value", constant->name);
  }
}

/* ---- the rounds ---- */

static size_t table_size(ist__reader *r, const cJSON *root, const char *name, const cJSON **first) {
  size_t count;
  *first = ist__read_list(r, root, name, &count);
  if (count > MAX_ITEMS) ist__read_fail(r, "%s: too many", name);
  return r->failed ? 0 : count;
}

#define EACH(r, name, first, count)                                                                \
  (r)->section = (name), (r)->item = 0;                                                            \
  for (const cJSON *json = (first); !(r)->failed && (r)->item < (count);                           \
       (r)->item++, json = json->next)

static bool make_tables(ist__reader *r, size_t types, size_t functions, size_t bundles,
                        size_t constants) {
  ist__library *library = r->library;
  ist__type *type = ist__read_alloc(r, types, sizeof *type);
  ist__function *function = ist__read_alloc(r, functions, sizeof *function);
  library->types = ist__read_alloc(r, types, sizeof *library->types);
  library->functions = ist__read_alloc(r, functions, sizeof *library->functions);
  library->bundles = ist__read_alloc(r, bundles, sizeof *library->bundles);
  library->constants = ist__read_alloc(r, constants, sizeof *library->constants);
  if (r->failed) return false;
  for (size_t i = 0; i < types; i++) {
    type[i].index = (uint32_t)i;
    type[i].library = library;
    library->types[i] = &type[i];
  }
  for (size_t i = 0; i < functions; i++) {
    function[i].index = (uint32_t)i;
    function[i].library = library;
    library->functions[i] = &function[i];
  }
  library->type_count = types;
  library->function_count = functions;
  library->bundle_count = bundles;
  library->constant_count = constants;
  return true;
}

static void find_ended_borrows(ist__library *library) {
  for (size_t i = 0; i < library->function_count; i++) {
    ist__function *function = library->functions[i];
    for (size_t j = 0; j <= function->param_count; j++) {
      const ist__param *param =
          j < function->param_count ? &function->params[j] : &function->result;
      for (size_t k = 0; k < param->until_count; k++)
        library->functions[param->until[k]->index]->ends_borrows = true;
    }
  }
  for (size_t i = 0; i < library->type_count; i++) {
    for (size_t j = 0; j < library->types[i]->field_count; j++) {
      const ist__param *use = library->types[i]->fields[j].use;
      for (size_t k = 0; use && k < use->until_count; k++)
        library->functions[use->until[k]->index]->ends_borrows = true;
    }
  }
}

/* A function that frees must have a parameter for what it frees. */
static void check_free(ist__reader *r, const ist__function *function) {
  if (function && !ist__function_target(function))
    ist__read_fail(r, "%s frees nothing", function->name);
}

static void check_frees(ist__reader *r) {
  const ist__library *library = r->library;
  for (size_t i = 0; i < library->type_count; i++) check_free(r, library->types[i]->destructor);
  for (size_t i = 0; i < library->function_count; i++) {
    const ist__function *function = library->functions[i];
    check_free(r, function->result.free);
    for (size_t j = 0; j < function->param_count; j++) check_free(r, function->params[j].free);
  }
}

static void make_signatures(ist__reader *r) {
  for (size_t i = 0; i < r->library->function_count && !r->failed; i++) {
    ist__function *function = r->library->functions[i];
    function->abi = ist__signature_new(r->arena, function->params, function->param_count,
                                       function->result.type, r->fault);
    if (!function->abi) r->failed = true;
  }
  for (size_t i = 0; i < r->library->type_count && !r->failed; i++) {
    ist__type *type = r->library->types[i];
    if (type->kind != IST__CALLBACK) continue;
    type->abi =
        ist__signature_new(r->arena, type->params, type->param_count, type->result->type, r->fault);
    if (!type->abi) r->failed = true;
  }
}

bool ist__descriptor_read(ist__library *library, const cJSON *root, ist__fault *fault) {
  ist__reader reader = {.library = library, .arena = ist__library_arena(library), .fault = fault},
              *r = &reader;
  const cJSON *types, *functions, *bundles, *constants;
  if (ist__read_count(r, root, "isthmus", INT32_MAX, -1) != VERSION) {
    if (r->failed) return ist__fault_set(fault, "not a descriptor: it names no version");
    return ist__fault_set(fault, "a descriptor of a version that this runtime does not know");
  }
  library->name = ist__read_text(r, root, "library", true);
  const char *target = ist__read_text(r, root, "target", true);
  if (!r->failed && strcmp(target, TARGET) != 0)
    ist__read_fail(r, "made for %s, this is %s", target, TARGET);
  size_t type_count = table_size(r, root, "types", &types);
  size_t function_count = table_size(r, root, "functions", &functions);
  size_t bundle_count = table_size(r, root, "errors", &bundles);
  size_t constant_count = table_size(r, root, "constants", &constants);
  if (r->failed || !make_tables(r, type_count, function_count, bundle_count, constant_count))
    return false;

  EACH(r, "types", types, type_count) read_type(r, json, library->types[r->item]);
  r->section = NULL;
  if (r->failed || !ist__types_check(library, fault)) return false;
  EACH(r, "errors", bundles, bundle_count) {
    ist__bundle *bundle = &library->bundles[r->item];
    bundle->name = ist__read_text(r, json, "name", true);
    bundle->index = (uint32_t)r->item;
    ist__read_list(r, json, "params", &bundle->param_count);
    if (bundle->param_count > IST__MAX_PARAMS) ist__read_fail(r, "too many parameters");
  }
  EACH(r, "types", types, type_count) {
    if (library->types[r->item]->kind == IST__CALLBACK)
      read_callback(r, json, library->types[r->item]);
  }
  EACH(r, "functions", functions, function_count)
  read_function(r, json, library->functions[r->item]);
  EACH(r, "errors", bundles, bundle_count) read_bundle(r, json, &library->bundles[r->item]);
  EACH(r, "types", types, type_count) {
    ist__type *type = library->types[r->item];
    if (type->kind == IST__CALLBACK) read_callback_exprs(r, json, type);
    if (type->kind == IST__STRUCT) ist__read_field_exprs(r, json, type);
  }
  if (!r->failed) ist__types_spread(library);
  EACH(r, "functions", functions, function_count)
  read_function_exprs(r, json, library->functions[r->item]);
  EACH(r, "constants", constants, constant_count)
  read_constant(r, json, &library->constants[r->item]);
  r->section = NULL;
  if (!r->failed) check_frees(r);
  if (!r->failed) find_ended_borrows(library);
  if (!r->failed) make_signatures(r);
  return !r->failed;
}
