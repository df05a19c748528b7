/* Object and function templates: what is made from them, inheritance, receivers, accessors,
 * callable objects. */
#include "template_test.h"

/* Makes what a template is for and gives it to JavaScript. */
static ist_value show(fixture *f, const char *name, ist_template *tmpl, bool function) {
  ist_value made;
  assert_ok(function ? ist_template_function(f->context, tmpl, &made, NULL)
                     : ist_template_make(f->context, tmpl, &made, NULL));
  put(f, name, made);
  return made;
}

static ist_template *object_template(fixture *f) {
  ist_template *made;
  assert_ok(ist_template_new_object(f->isolate, &made));
  return made;
}

static ist_template *function_template(fixture *f, const char *name, ist_function fn, void *env,
                                       ist_template *signature) {
  ist_function_options options = {
      .size = sizeof options, .name = name, .fn = fn, .env = env, .signature = signature};
  ist_template *made;
  assert_ok(ist_template_new_function(f->isolate, &options, &made));
  return made;
}

/* ---- Object templates ---- */

static void objects_have_the_properties_of_their_template(void **state) {
  fixture *f = *state;
  ist_template *outer = object_template(f), *inner = object_template(f);
  assert_ok(ist_template_set(inner, "deep", ist_bool(true), IST_PROP_ALL));
  assert_ok(ist_template_set(outer, "number", ist_int32(7), IST_PROP_ALL));
  assert_ok(ist_template_set(outer, "text", text(f, "words"), IST_PROP_ENUMERABLE));
  assert_ok(ist_template_set(outer, "hidden", ist_double(0.5), IST_PROP_WRITABLE));
  assert_ok(ist_template_set(outer, "5", ist_null(), IST_PROP_ALL));
  assert_ok(ist_template_set_template(outer, "inner", inner, IST_PROP_ALL));
  ist_value tag;
  assert_ok(ist_symbol_known(f->isolate, IST_SYMBOL_TO_STRING_TAG, &tag));
  assert_ok(ist_template_set_key(outer, tag, text(f, "Outer"), 0));
  show(f, "a", outer, false);
  show(f, "b", outer, false);
  assert_text(f, "{\"5\":null,\"number\":7,\"text\":\"words\",\"inner\":{\"deep\":true}}",
              eval(f, "JSON.stringify(a)"));
  assert_text(f, "[object Outer]", eval(f, "String(b)"));
  assert_text(f, "{\"value\":0.5,\"writable\":true,\"enumerable\":false,\"configurable\":false}",
              eval(f, "JSON.stringify(Object.getOwnPropertyDescriptor(a, 'hidden'))"));
  assert_throws(f, "TypeError: Cannot assign to read only property 'text' of object '#<Object>'",
                "'use strict'; a.text = 1");
  assert_true(eval(f, "a.inner !== b.inner && a !== b").as.boolean);
  assert_true(eval(f, "delete a.number && !('number' in a) && b.number === 7").as.boolean);
  ist_template_free(outer);
  ist_template_free(inner);
  assert_int_equal(eval(f, "b.number").as.int32, 7);
}

static void a_used_template_does_not_change(void **state) {
  fixture *f = *state;
  ist_template *outer = object_template(f), *inner = object_template(f), *late = object_template(f);
  assert_ok(ist_template_set_template(outer, "inner", inner, IST_PROP_ALL));
  assert_ok(ist_template_set(outer, "x", ist_int32(1), IST_PROP_ALL));
  show(f, "made", outer, false);
  ist_template *both[] = {outer, inner};
  for (int i = 0; i < 2; i++) {
    ist_handler handler = {.size = sizeof handler, .env = NULL, .finalize = count_end};
    finalized = 0;
    assert_status(IST_ERR_STATE, ist_template_set(both[i], "y", ist_int32(1), IST_PROP_ALL));
    assert_status(IST_ERR_STATE, ist_template_set_template(both[i], "y", late, IST_PROP_ALL));
    assert_status(IST_ERR_STATE, ist_template_set_fields(both[i], 1));
    assert_status(IST_ERR_STATE, ist_template_set_named(both[i], &handler));
    assert_status(IST_ERR_STATE, ist_template_set_indexed(both[i], &handler));
    assert_int_equal(finalized, 2);
    ist_template_free(both[i]);
  }
  assert_ok(ist_template_set(late, "x", ist_int32(1), IST_PROP_ALL));
  ist_template_free(late);
}

static void names_are_taken_once(void **state) {
  fixture *f = *state;
  ist_template *object = object_template(f), *prototype;
  ist_template *class = function_template(f, "C", NULL, NULL, NULL);
  assert_ok(ist_template_set(object, "x", ist_int32(1), IST_PROP_ALL));
  assert_status(IST_ERR_STATE, ist_template_set(object, "x", ist_int32(2), IST_PROP_ALL));
  assert_status(IST_ERR_STATE, ist_template_set_key(object, text(f, "x"), ist_int32(2), 0));
  assert_ok(ist_template_prototype(class, &prototype));
  assert_status(IST_ERR_STATE, ist_template_set(prototype, "constructor", ist_null(), 0));
  static const char *const own[] = {"name", "length", "prototype", "arguments", "caller"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    assert_status(IST_ERR_STATE, ist_template_set(class, own[i], ist_null(), 0));
    assert_ok(ist_template_set(object, own[i], ist_null(), 0));
  }
  show(f, "o", object, false);
  show(f, "C", class, true);
  assert_int_equal(eval(f, "o.x").as.int32, 1);
  assert_text(f, "C", eval(f, "C.name"));
  ist_template_free(object);
  ist_template_free(prototype);
  ist_template_free(class);
}

static void no_template_is_within_itself(void **state) {
  fixture *f = *state;
  ist_template *a = object_template(f), *b = object_template(f), *c = object_template(f);
  assert_status(IST_ERR_ARGUMENT, ist_template_set_template(a, "self", a, 0));
  assert_ok(ist_template_set_template(a, "b", b, IST_PROP_ALL));
  assert_ok(ist_template_set_template(b, "c", c, IST_PROP_ALL));
  assert_status(IST_ERR_ARGUMENT, ist_template_set_template(c, "a", a, 0));
  ist_template *class = function_template(f, "C", NULL, NULL, NULL), *prototype, *instance;
  ist_template *child = function_template(f, "D", NULL, NULL, NULL);
  assert_ok(ist_template_prototype(class, &prototype));
  assert_ok(ist_template_instance(class, &instance));
  assert_status(IST_ERR_ARGUMENT, ist_template_set_template(prototype, "C", class, 0));
  assert_status(IST_ERR_ARGUMENT, ist_template_set_template(instance, "i", instance, 0));
  assert_status(IST_ERR_ARGUMENT, ist_template_set_template(class, "i", instance, 0));
  assert_status(IST_ERR_ARGUMENT, ist_template_inherit(class, class));
  assert_ok(ist_template_inherit(child, class));
  assert_status(IST_ERR_ARGUMENT, ist_template_inherit(class, child));
  assert_status(IST_ERR_STATE, ist_template_inherit(child, class));
  /* The constructor of an object is there before the object. */
  assert_ok(ist_template_set_template(instance, "C", class, IST_PROP_ALL));
  show(f, "C", class, true);
  assert_true(eval(f, "new C().C === C").as.boolean);
  ist_template *all[] = {a, b, c, class, prototype, instance, child};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) ist_template_free(all[i]);
}

static void deep_nesting_is_a_limit(void **state) {
  fixture *f = *state;
  enum { DEEP = 2000 };
  static ist_template *chain[DEEP];
  ist_value made;
  for (int i = 0; i < DEEP; i++) chain[i] = object_template(f);
  for (int i = 1; i < DEEP; i++)
    assert_ok(ist_template_set_template(chain[i - 1], "next", chain[i], IST_PROP_ALL));
  assert_status(IST_ERR_LIMIT, ist_template_make(f->context, chain[0], &made, NULL));
  assert_ok(ist_template_make(f->context, chain[DEEP - 200], &made, NULL));
  put(f, "o", made);
  assert_int_equal(eval(f, "let n = 0; while (o) o = o.next, n++; n").as.int32, 200);
  for (int i = DEEP; i-- > 0;) ist_template_free(chain[i]);
  /* The other way round. */
  ist_status status = IST_OK;
  int depth = 0;
  chain[0] = object_template(f);
  for (; !status && depth + 1 < DEEP; depth++) {
    chain[depth + 1] = object_template(f);
    status = ist_template_set_template(chain[depth + 1], "next", chain[depth], IST_PROP_ALL);
  }
  assert_status(IST_ERR_LIMIT, status);
  for (int i = 0; i <= depth; i++) ist_template_free(chain[i]);
}

/* ---- Function templates ---- */

static ist_status describe(void *env, const ist_call *call, ist_value *result) {
  if (env) ++*(int *)env;
  if (call->new_target.type != IST_UNDEFINED)
    return call->argc ? ist_object_set(call->context, call->receiver, "given", call->argv[0], NULL)
                      : IST_OK;
  *result = ist_int32((int32_t)call->argc);
  return IST_OK;
}

static void functions_and_classes(void **state) {
  fixture *f = *state;
  static int calls;
  calls = 0;
  ist_function_options options = {.size = sizeof options,
                                  .name = "Point",
                                  .fn = describe,
                                  .env = &calls,
                                  .finalize = count_end,
                                  .length = 2};
  ist_template *class, *prototype, *instance;
  assert_ok(ist_template_new_function(f->isolate, &options, &class));
  assert_ok(ist_template_prototype(class, &prototype));
  assert_ok(ist_template_instance(class, &instance));
  options = (ist_function_options){
      .size = sizeof options, .fn = describe, .signature = class, .no_construct = true};
  ist_template *method;
  assert_ok(ist_template_new_function(f->isolate, &options, &method));
  assert_ok(ist_template_set(class, "version", ist_int32(3), IST_PROP_ENUMERABLE));
  assert_ok(ist_template_set_template(prototype, "count", method, IST_PROP_ALL));
  assert_ok(ist_template_set(instance, "x", ist_int32(11), IST_PROP_ALL));
  show(f, "Point", class, true);
  assert_text(f, "Point 2 3", eval(f, "`${Point.name} ${Point.length} ${Point.version}`"));
  assert_int_equal(eval(f, "Point(1, 2, 3)").as.int32, 3);
  assert_text(f, "{\"x\":11,\"given\":\"g\"}",
              eval(f, "var p = new Point('g'); JSON.stringify(p)"));
  assert_true(eval(f, "p instanceof Point && p.constructor === Point").as.boolean);
  assert_int_equal(calls, 2);
  assert_int_equal(eval(f, "p.count(1, 2)").as.int32, 2);
  assert_text(f, "count", eval(f, "p.count.name"));
  assert_throws(f, "TypeError: Illegal invocation", "p.count.call({})");
  assert_throws(f, "TypeError: Illegal invocation", "(0, p.count)()");
  assert_throws(f, "TypeError: p.count is not a constructor", "new p.count");
  assert_text(f, "undefined", eval(f, "typeof p.count.prototype"));
  /* A JavaScript class that extends it makes instances of it. */
  assert_int_equal(eval(f, "class Sub extends Point { y = 1 }; new Sub().count(5)").as.int32, 1);
  bool is;
  assert_ok(ist_template_has_instance(class, eval(f, "p"), &is));
  assert_true(is);
  assert_ok(ist_template_has_instance(class, eval(f, "new Sub"), &is));
  assert_true(is);
  assert_ok(ist_template_has_instance(class, eval(f, "({ __proto__: p })"), &is));
  assert_false(is);
  assert_ok(ist_template_has_instance(class, ist_int32(1), &is));
  assert_false(is);
  ist_value made;
  assert_ok(ist_template_make(f->context, instance, &made, NULL));
  assert_int_equal(calls, 4); /* the last was `new Sub`: making an instance calls nothing */
  put(f, "q", made);
  assert_true(eval(f, "q instanceof Point && q.x === 11").as.boolean);
  /* The same function each time in one context. */
  ist_value again;
  assert_ok(ist_template_function(f->context, class, &again, NULL));
  put(f, "again", again);
  assert_true(eval(f, "again === Point").as.boolean);
  ist_context *other;
  assert_ok(ist_context_new(f->isolate, NULL, &other));
  assert_ok(ist_template_function(other, class, &again, NULL));
  put(f, "again", again);
  assert_true(eval(f, "again !== Point && again.version === 3").as.boolean);
  assert_true(eval(f, "new again().count() === 0 && p.count.call(new again()) === 0").as.boolean);
  ist_template_free(class);
  ist_template_free(prototype);
  ist_template_free(instance);
  ist_template_free(method);
}

static void functions_without_a_callback(void **state) {
  fixture *f = *state;
  ist_template *class;
  assert_ok(ist_template_new_function(f->isolate, NULL, &class));
  show(f, "C", class, true);
  assert_true(eval(f, "C() === undefined && C.call(5) === undefined").as.boolean);
  assert_true(eval(f, "new C() instanceof C && C.name === ''").as.boolean);
  /* Made after the function: nothing changes any more. */
  ist_template *prototype, *instance;
  ist_value made;
  assert_ok(ist_template_prototype(class, &prototype));
  assert_ok(ist_template_instance(class, &instance));
  assert_status(IST_ERR_STATE, ist_template_set(prototype, "x", ist_null(), 0));
  assert_status(IST_ERR_STATE, ist_template_set_fields(instance, 1));
  assert_ok(ist_template_make(f->context, instance, &made, NULL));
  put(f, "made", made);
  assert_true(eval(f, "made instanceof C").as.boolean);
  ist_template_free(prototype);
  ist_template_free(instance);
  ist_template_free(class);
}

static ist_status answer_key(void *env, const ist_access *access, ist_value *result) {
  (void)env;
  *result = access->key;
  return IST_OK;
}

static void classes_inherit(void **state) {
  fixture *f = *state;
  static char tag;
  ist_template *parent = function_template(f, "Parent", NULL, NULL, NULL), *on, *of, *child,
               *method;
  child = function_template(f, "Child", NULL, NULL, NULL);
  method = function_template(f, "m", describe, NULL, parent);
  assert_ok(ist_template_prototype(parent, &on));
  assert_ok(ist_template_instance(parent, &of));
  assert_ok(ist_template_set_template(on, "method", method, IST_PROP_ALL));
  assert_ok(ist_template_set(parent, "own", ist_int32(1), IST_PROP_ALL));
  assert_ok(ist_template_set(of, "value", ist_int32(2), IST_PROP_ALL));
  assert_ok(ist_template_set(of, "replaced", ist_int32(3), IST_PROP_ALL));
  assert_ok(ist_template_set_accessor(of, "accessor", answer_key, NULL, NULL, NULL, IST_PROP_ALL));
  assert_ok(ist_template_set_fields(of, 2));
  ist_handler handler = {.size = sizeof handler};
  assert_ok(ist_template_set_named(of, &handler));
  assert_ok(ist_template_set_call(of, describe, NULL, NULL));
  ist_template_free(of);
  ist_template_free(on);
  assert_ok(ist_template_instance(child, &of));
  assert_ok(ist_template_set(of, "replaced", ist_int32(33), IST_PROP_ALL));
  assert_ok(ist_template_inherit(child, parent));
  ist_value made;
  show(f, "Child", child, true);
  show(f, "Parent", parent, true);
  assert_ok(ist_template_make(f->context, of, &made, NULL));
  put(f, "c", made);
  assert_true(eval(f, "c instanceof Child && c instanceof Parent").as.boolean);
  assert_true(eval(f, "Object.getPrototypeOf(Child.prototype) === Parent.prototype").as.boolean);
  assert_text(f, "1 2 33 accessor 3 2",
              eval(f, "[Child.own, c.value, c.replaced, c.accessor, c.method(1, 2, 3), c(1, 2)]"
                      ".join(' ')"));
  assert_ok(ist_object_set_field(f->isolate, made, 1, f, &tag));
  void *got;
  assert_ok(ist_object_field(f->isolate, made, 1, &tag, &got));
  assert_ptr_equal(got, f);
  bool is;
  assert_ok(ist_template_has_instance(parent, made, &is));
  assert_true(is);
  assert_status(IST_ERR_STATE, ist_template_set(parent, "late", ist_null(), 0));
  ist_template_free(of);
  ist_template_free(child);
  /* V8 would define the name twice. */
  child = function_template(f, "Clash", NULL, NULL, NULL);
  assert_ok(ist_template_instance(child, &of));
  assert_ok(ist_template_set(of, "accessor", ist_null(), 0));
  assert_ok(ist_template_inherit(child, parent));
  assert_status(IST_ERR_STATE, ist_template_function(f->context, child, &made, NULL));
  ist_template_free(of);
  ist_template_free(child);
  ist_template_free(parent);
  ist_template_free(method);
}

static ist_status call_kind(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  if (call->argc == 1 && call->new_target.type == IST_UNDEFINED) return IST_ERR_DENIED;
  if (call->argc == 2) {
    *result = call->argv[1];
    return IST_OK;
  }
  return ist_string_new(ist_context_isolate(call->context),
                        call->new_target.type == IST_UNDEFINED ? "call" : "new",
                        call->new_target.type == IST_UNDEFINED ? 4 : 3, result);
}

static void objects_are_callable(void **state) {
  fixture *f = *state;
  ist_template *object = object_template(f);
  assert_ok(ist_template_set_call(object, call_kind, NULL, count_end));
  ist_value made = show(f, "o", object, false);
  assert_int_equal(made.type, IST_FUNCTION);
  assert_text(f, "function call", eval(f, "typeof o + ' ' + o()"));
  assert_throws(f, "Error: not allowed", "o(1)");
  assert_text(f, "call,call", eval(f, "[1, 2].map(() => o()).join()"));
  /* What `new` gives is always an object, whatever C says. */
  assert_text(f, "object", eval(f, "typeof new o()"));
  assert_text(f, "object", eval(f, "typeof new o(1)"));
  assert_int_equal(eval(f, "new o(1, { k: 5 }).k").as.int32, 5);
  assert_text(f, "object",
              eval(f, "let x; for (let i = 0; i < 1e5; i++) x = new o(i, i); typeof x"));
  ist_value result;
  assert_ok(ist_function_call(f->context, made, ist_undefined(), 0, NULL, &result, NULL));
  assert_text(f, "call", result);
  assert_ok(ist_function_construct(f->context, made, 0, NULL, &result, NULL));
  assert_int_equal(result.type, IST_OBJECT);
  ist_template_free(object);
}

static void constructing(void **state) {
  fixture *f = *state;
  ist_value result, argument = ist_int32(3);
  ist_error *error;
  assert_ok(ist_function_construct(f->context, eval(f, "Array"), 1, &argument, &result, NULL));
  uint32_t length;
  assert_ok(ist_array_length(f->isolate, result, &length));
  assert_int_equal(length, 3);
  put(f, "target", eval(f, "(class { constructor() { this.t = new.target.name } })"));
  assert_ok(ist_function_construct(f->context, eval(f, "target"), 0, NULL, &result, NULL));
  assert_status(IST_ERR_EXCEPTION,
                ist_function_construct(f->context, eval(f, "(() => 1)"), 0, NULL, &result, &error));
  assert_string_equal(error->name, "TypeError");
  ist_error_free(error);
  assert_status(IST_ERR_EXCEPTION,
                ist_function_construct(f->context, eval(f, "(class { constructor() { throw 1 } })"),
                                       0, NULL, NULL, NULL));
  assert_status(IST_ERR_TYPE,
                ist_function_construct(f->context, eval(f, "({})"), 0, NULL, &result, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_function_construct(f->context, eval(f, "Array"), 1, NULL, &result, NULL));
}

/* ---- Accessors ---- */

typedef struct cell {
  int32_t value;
  int gets, sets;
  const char *how;
} cell;

static ist_status misbehave(cell *cell, ist_context *context, ist_value *result) {
  if (!strcmp(cell->how, "throw")) return ist_throw_error(context, "RangeError", "no");
  if (!strcmp(cell->how, "value")) return ist_throw(context, ist_int32(9));
  if (!strcmp(cell->how, "status")) return IST_ERR_IO;
  if (!strcmp(cell->how, "ok")) { /* a thrown value counts, whatever is returned */
    ist_throw_error(context, NULL, "yes");
    return IST_OK;
  }
  if (!strcmp(cell->how, "stop")) return IST_ERR_TERMINATED;
  if (result) *result = (ist_value){IST_OBJECT, 1, {.handle = 77}};
  return IST_OK;
}

static ist_status get_cell(void *env, const ist_access *access, ist_value *result) {
  cell *cell = env;
  cell->gets++;
  if (cell->how) return misbehave(cell, access->context, result);
  *result = ist_int32(cell->value);
  return IST_OK;
}

static ist_status set_cell(void *env, const ist_access *access, ist_value value) {
  cell *cell = env;
  cell->sets++;
  if (cell->how) return misbehave(cell, access->context, NULL);
  if (value.type != IST_INT32) return ist_throw_error(access->context, "TypeError", "an integer");
  cell->value = value.as.int32;
  return IST_OK;
}

static void accessors(void **state) {
  fixture *f = *state;
  cell both = {.value = 5}, read = {.value = 6}, statics = {.value = 7};
  ist_template *object = object_template(f), *class = function_template(f, "C", NULL, NULL, NULL);
  finalized = 0;
  assert_ok(ist_template_set_accessor(object, "both", get_cell, set_cell, &both, count_end,
                                      IST_PROP_ALL));
  assert_ok(
      ist_template_set_accessor(object, "read", get_cell, NULL, &read, count_end, IST_PROP_ALL));
  assert_ok(ist_template_set_accessor(object, "3", get_cell, set_cell, &both, count_end,
                                      IST_PROP_CONFIGURABLE | IST_PROP_WRITABLE));
  assert_ok(ist_template_set_accessor(class, "count", get_cell, set_cell, &statics, count_end,
                                      IST_PROP_ALL));
  assert_status(IST_ERR_STATE, ist_template_set_accessor(object, "read", get_cell, NULL, &read,
                                                         count_end, IST_PROP_ALL));
  show(f, "o", object, false);
  show(f, "C", class, true);
  assert_int_equal(eval(f, "o.both += 10; o.both").as.int32, 15);
  assert_int_equal(both.value, 15);
  assert_int_equal(eval(f, "C.count++; C.count").as.int32, 8);
  assert_int_equal(eval(f, "o[3] = 1; o[3] + o.both").as.int32, 2);
  assert_throws(f, "TypeError: an integer", "o.both = 'x'");
  assert_int_equal(eval(f, "o.read = 1; o.read").as.int32, 6);
  assert_throws(f, "TypeError: Cannot assign to read only property 'read' of object '#<Object>'",
                "'use strict'; o.read = 1");
  assert_text(f, "{\"read\":6,\"both\":1}", eval(f, "JSON.stringify(o)"));
  assert_text(f, "{\"value\":6,\"writable\":false,\"enumerable\":true,\"configurable\":true}",
              eval(f, "JSON.stringify(Object.getOwnPropertyDescriptor(o, 'read'))"));
  assert_text(f, "{\"read\":6,\"both\":1}", eval(f, "JSON.stringify({ ...o })"));
  /* What inherits from the object reads through it, and writes to itself. */
  assert_text(f, "1 40 1",
              eval(f, "var d = Object.create(o), before = d.both; d.both = 40;"
                      "[before, d.both, o.both].join(' ')"));
  assert_true(eval(f, "delete o.both && o.both === undefined").as.boolean);
  ist_template_free(object);
  ist_template_free(class);
}

static ist_status get_point(void *env, const ist_access *access, ist_value *result) {
  void *cell_of;
  ist_isolate *isolate = ist_context_isolate(access->context);
  ist_status status = ist_object_field(isolate, access->receiver, 0, env, &cell_of);
  if (status || !cell_of) return ist_throw_error(access->context, "TypeError", "no point");
  return get_cell(cell_of, access, result);
}

static ist_status set_point(void *env, const ist_access *access, ist_value value) {
  void *cell_of;
  ist_isolate *isolate = ist_context_isolate(access->context);
  ist_status status = ist_object_field(isolate, access->holder, 0, env, &cell_of);
  return status ? status : set_cell(cell_of, access, value);
}

static void accessors_of_a_class(void **state) {
  fixture *f = *state;
  static char tag;
  cell points[2] = {{.value = 1}, {.value = 2}};
  ist_template *class = function_template(f, "Point", NULL, NULL, NULL), *prototype, *instance;
  ist_value symbol, made[2];
  assert_ok(ist_symbol_known(f->isolate, IST_SYMBOL_TO_PRIMITIVE, &symbol));
  assert_ok(ist_template_prototype(class, &prototype));
  assert_ok(ist_template_instance(class, &instance));
  assert_ok(ist_template_set_fields(instance, 1));
  assert_ok(ist_template_set_accessor(prototype, "x", get_point, set_point, &tag, NULL,
                                      IST_PROP_ENUMERABLE));
  assert_ok(ist_template_set_accessor(prototype, "read", get_point, NULL, &tag, NULL, 0));
  assert_ok(ist_template_set_accessor_key(prototype, symbol, answer_key, NULL, NULL, NULL, 0));
  show(f, "Point", class, true);
  for (int i = 0; i < 2; i++) {
    assert_ok(ist_template_make(f->context, instance, &made[i], NULL));
    assert_ok(ist_object_set_field(f->isolate, made[i], 0, &points[i], &tag));
    put(f, i ? "b" : "a", made[i]);
  }
  assert_int_equal(eval(f, "a.x = 10; a.x + b.x + b.read").as.int32, 14);
  assert_int_equal(points[0].value, 10);
  assert_true(eval(f, "a[Symbol.toPrimitive] === Symbol.toPrimitive").as.boolean);
  assert_throws(f, "TypeError: Illegal invocation", "Point.prototype.x");
  assert_throws(f, "TypeError: Illegal invocation", "Object.create(a).x");
  assert_throws(f, "TypeError: Illegal invocation", "Reflect.set(a, 'x', 5, {})");
  assert_throws(f, "TypeError: Cannot set property read of #<Point> which has only a getter",
                "'use strict'; a.read = 1");
  assert_text(f, "function undefined true",
              eval(f, "var p = Object.getOwnPropertyDescriptor(Point.prototype, 'read');"
                      "[typeof p.get, typeof p.set, !Object.hasOwn(a, 'read')].join(' ')"));
  assert_int_equal(
      eval(f, "let s = 0; for (let i = 0; i < 1e5; i++) { a.x = i; s = a.x }; s").as.int32, 99999);
  /* One that has no pointer yet. */
  assert_throws(f, "TypeError: no point", "void new Point().x");
  ist_template_free(class);
  ist_template_free(prototype);
  ist_template_free(instance);
}

static void what_accessors_throw(void **state) {
  fixture *f = *state;
  cell cell = {.value = 1};
  ist_template *object = object_template(f), *class = function_template(f, "C", NULL, NULL, NULL);
  ist_template *prototype;
  assert_ok(ist_template_prototype(class, &prototype));
  assert_ok(ist_template_set_accessor(object, "x", get_cell, set_cell, &cell, NULL, IST_PROP_ALL));
  assert_ok(ist_template_set_accessor(prototype, "x", get_cell, set_cell, &cell, NULL, 0));
  show(f, "o", object, false);
  show(f, "C", class, true);
  eval(f, "var all = [o, new C()]");
  static const char *const cases[][3] = {
      {"throw", "RangeError: no", "RangeError: no"},
      {"value", "9", "9"},
      {"ok", "Error: yes", "Error: yes"},
      {"status", "Error: input or output failed", "Error: input or output failed"},
      {"stale", "Error: stale or foreign handle", "nothing"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cell.how = cases[i][0];
    for (int of = 0; of < 2; of++) {
      assert_throws(f, cases[i][1], of ? "all[1].x" : "all[0].x");
      assert_throws(f, cases[i][2], of ? "all[1].x = 1" : "all[0].x = 1");
    }
  }
  cell.how = "stop";
  static const char stop[] = "try { o.x } catch { 1 } finally { globalThis.ran = 1 }";
  ist_value result;
  assert_status(IST_ERR_TERMINATED,
                ist_script_eval(f->context, stop, strlen(stop), "s", &result, NULL));
  cell.how = NULL;
  assert_int_equal(eval(f, "typeof ran === 'undefined' ? o.x : 0").as.int32, 1);
  ist_template_free(object);
  ist_template_free(prototype);
  ist_template_free(class);
}

static ist_status read_again(void *env, const ist_access *access, ist_value *result) {
  int *depth = env;
  if (*depth && !--*depth) {
    *result = ist_int32(42);
    return IST_OK;
  }
  ist_error *error;
  ist_status status = ist_script_eval(access->context, "o.x", 3, "again.js", result, &error);
  if (status) status = ist_throw_again(access->context, error);
  ist_error_free(error);
  return status;
}

static void a_getter_runs_a_script_that_reads_the_property(void **state) {
  fixture *f = *state;
  int depth = 20;
  ist_template *object = object_template(f);
  assert_ok(ist_template_set_accessor(object, "x", read_again, NULL, &depth, NULL, IST_PROP_ALL));
  show(f, "o", object, false);
  assert_int_equal(eval(f, "o.x").as.int32, 42);
  depth = 0; /* for ever */
  assert_throws(f, "RangeError: Maximum call stack size exceeded", "o.x");
  depth = 1;
  assert_int_equal(eval(f, "o.x").as.int32, 42);
  ist_template_free(object);
}

/* No JavaScript is in between, where V8 would look. */
static ist_status read_itself(void *env, const ist_access *access, ist_value *result) {
  (void)env;
  ist_error *error;
  ist_status status = ist_object_get(access->context, access->holder, "x", result, &error);
  if (status) status = ist_throw_again(access->context, error);
  ist_error_free(error);
  return status;
}

static ist_status call_itself(void *env, const ist_call *call, ist_value *result) {
  ist_error *error;
  ist_status status =
      ist_function_call(call->context, *(ist_value *)env, ist_undefined(), 0, NULL, result, &error);
  if (status) status = ist_throw_again(call->context, error);
  ist_error_free(error);
  return status;
}

static void callbacks_without_JavaScript_between_end_with_the_stack(void **state) {
  fixture *f = *state;
  ist_template *object = object_template(f);
  assert_ok(ist_template_set_accessor(object, "x", read_itself, NULL, NULL, NULL, IST_PROP_ALL));
  show(f, "o", object, false);
  assert_throws(f, "RangeError: Maximum call stack size exceeded", "o.x");
  ist_template_free(object);
  ist_value function;
  assert_ok(ist_function_new(f->context, "f", call_itself, &function, NULL, &function));
  ist_error *error;
  assert_int_equal(ist_function_call(f->context, function, ist_undefined(), 0, NULL, NULL, &error),
                   IST_ERR_EXCEPTION);
  assert_string_equal(error->message, "Maximum call stack size exceeded");
  ist_error_free(error);
  assert_ok(ist_value_free(f->isolate, function));
  assert_int_equal(eval(f, "6 * 7").as.int32, 42);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(objects_have_the_properties_of_their_template),
      TEST(a_used_template_does_not_change),
      TEST(names_are_taken_once),
      TEST(no_template_is_within_itself),
      TEST(deep_nesting_is_a_limit),
      TEST(functions_and_classes),
      TEST(functions_without_a_callback),
      TEST(classes_inherit),
      TEST(objects_are_callable),
      TEST(constructing),
      TEST(accessors),
      TEST(accessors_of_a_class),
      TEST(what_accessors_throw),
      TEST(a_getter_runs_a_script_that_reads_the_property),
      TEST(callbacks_without_JavaScript_between_end_with_the_stack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
