/* Interceptors: what JavaScript sees of objects whose properties are C's, by every way that it has
 * to look at them; what C may leave to the object; and what it throws. */
#include "template_test.h"

/* ---- A table of names and numbers, kept by C ---- */

enum { ROWS = 8 };

typedef struct table {
  char names[ROWS][16];
  int32_t values[ROWS];
  const char *how; /* to misbehave */
  const char *where;
  int asked;
} table;

static ist_status misbehave(table *table, ist_context *context, const char *where) {
  table->asked++;
  if (!table->how || strcmp(table->where, where)) return IST_OK;
  if (!strcmp(table->how, "throw")) return ist_throw_error(context, "RangeError", where);
  if (!strcmp(table->how, "status")) return IST_ERR_IO;
  if (!strcmp(table->how, "stop")) return IST_ERR_TERMINATED;
  return IST_OK;
}

static bool stale(const table *table, const char *where) {
  return table->how && !strcmp(table->how, "stale") && !strcmp(table->where, where);
}

/* The row of a name, or of none: -1. */
static int row(table *table, const ist_access *access, char *name) {
  if (access->key.type != IST_STRING) return -1;
  size_t length;
  if (ist_string_write(ist_context_isolate(access->context), access->key, IST_UTF8, name, 15,
                       &length))
    return -1;
  name[length] = 0;
  for (int i = 0; i < ROWS; i++)
    if (table->names[i][0] && !strcmp(table->names[i], name)) return i;
  return -1;
}

static ist_status table_get(void *env, const ist_access *access, ist_value *result, bool *handled) {
  char name[16];
  table *table = env;
  ist_status status = misbehave(table, access->context, "get");
  if (status) return status;
  int at = row(table, access, name);
  *handled = at >= 0;
  if (at >= 0) *result = ist_int32(table->values[at]);
  if (stale(table, "get")) {
    *handled = true;
    *result = (ist_value){IST_OBJECT, 1, {.handle = 77}};
  }
  return IST_OK;
}

static ist_status table_set(void *env, const ist_access *access, ist_value value, bool *handled) {
  char name[16] = "";
  table *table = env;
  ist_status status = misbehave(table, access->context, "set");
  if (status) return status;
  /* Everything else goes to the object. */
  *handled = value.type == IST_INT32 && access->key.type == IST_STRING;
  if (!*handled) return IST_OK;
  int at = row(table, access, name);
  for (int i = 0; at < 0 && i < ROWS; i++)
    if (!table->names[i][0]) at = i;
  if (at < 0) return ist_throw_error(access->context, "RangeError", "the table is full");
  strcpy(table->names[at], name);
  table->values[at] = value.as.int32;
  return IST_OK;
}

static ist_status table_query(void *env, const ist_access *access, uint32_t *flags, bool *found) {
  char name[16];
  table *table = env;
  ist_status status = misbehave(table, access->context, "query");
  int at = row(table, access, name);
  *found = at >= 0;
  if (*found && name[0] == '_') *flags = 0; /* hidden, and not to be changed */
  return status;
}

static ist_status table_remove(void *env, const ist_access *access, bool *removed, bool *handled) {
  char name[16];
  table *table = env;
  ist_status status = misbehave(table, access->context, "remove");
  int at = row(table, access, name);
  *handled = at >= 0;
  *removed = at >= 0 && name[0] != '_';
  if (!status && *removed) table->names[at][0] = 0;
  return status;
}

static ist_status table_enumerate(void *env, const ist_access *access, ist_value *result) {
  table *table = env;
  assert_int_equal(access->key.type, IST_UNDEFINED);
  ist_status status = misbehave(table, access->context, "enumerate");
  ist_isolate *isolate = ist_context_isolate(access->context);
  ist_value names[ROWS];
  size_t count = 0;
  for (int i = 0; !status && i < ROWS; i++)
    if (table->names[i][0])
      status = ist_string_new(isolate, table->names[i], strlen(table->names[i]), &names[count++]);
  if (!status) status = ist_array_new_from(access->context, names, count, result);
  if (stale(table, "enumerate")) *result = (ist_value){IST_OBJECT, 1, {.handle = 77}};
  return status;
}

static ist_handler full(table *table) {
  return (ist_handler){.size = sizeof(ist_handler),
                       .env = table,
                       .finalize = count_end,
                       .get = table_get,
                       .set = table_set,
                       .query = table_query,
                       .remove = table_remove,
                       .enumerate = table_enumerate};
}

static void show(fixture *f, const char *name, const ist_handler *named,
                 const ist_handler *indexed) {
  ist_template *object;
  ist_value made;
  assert_ok(ist_template_new_object(f->isolate, &object));
  if (named) assert_ok(ist_template_set_named(object, named));
  if (indexed) assert_ok(ist_template_set_indexed(object, indexed));
  assert_ok(ist_template_make(f->context, object, &made, NULL));
  put(f, name, made);
  ist_template_free(object);
}

static void c_answers_for_every_way_to_look(void **state) {
  fixture *f = *state;
  table table = {.names = {"a", "b", "_c"}, .values = {1, 2, 3}};
  ist_handler handler = full(&table);
  show(f, "t", &handler, NULL);
  static const char *const cases[][2] = {
      {"[t.a, t.b, t._c, t.d].join()", "1,2,3,"},
      {"t.d = 4, t.a += 10, [t.d, t.a, 'd' in t].join()", "4,11,true"},
      {"Object.keys(t).join()", "a,b,d"},
      {"Object.getOwnPropertyNames(t).join()", "a,b,_c,d"},
      {"Reflect.ownKeys(t).join()", "a,b,_c,d"},
      {"Object.entries(t).join(';')", "a,11;b,2;d,4"},
      {"JSON.stringify(t)", "{\"a\":11,\"b\":2,\"d\":4}"},
      {"JSON.stringify({ ...t })", "{\"a\":11,\"b\":2,\"d\":4}"},
      {"JSON.stringify(Object.assign({}, t))", "{\"a\":11,\"b\":2,\"d\":4}"},
      {"let { a, ...rest } = t; JSON.stringify(rest)", "{\"b\":2,\"d\":4}"},
      {"let s = ''; for (let k in t) s += k; s", "abd"},
      {"['a' in t, '_c' in t, 'x' in t, 'toString' in t].join()", "true,true,false,true"},
      {"[Object.hasOwn(t, 'a'), Object.hasOwn(t, 'x')].join()", "true,false"},
      {"JSON.stringify(Object.getOwnPropertyDescriptor(t, 'a'))",
       "{\"value\":11,\"writable\":true,\"enumerable\":true,\"configurable\":true}"},
      {"JSON.stringify(Object.getOwnPropertyDescriptor(t, '_c'))",
       "{\"value\":3,\"writable\":false,\"enumerable\":false,\"configurable\":false}"},
      {"String(Object.getOwnPropertyDescriptor(t, 'x'))", "undefined"},
      {"Object.prototype.propertyIsEnumerable.call(t, '_c') + ''", "false"},
      {"[delete t.b, 'b' in t, delete t.b].join()", "true,false,true"},
      {"[delete t._c, '_c' in t].join()", "false,true"},
      {"[Reflect.deleteProperty(t, '_c'), Reflect.get(t, 'a'), Reflect.has(t, 'a')].join()",
       "false,11,true"},
      {"Object.defineProperty(t, 'e', { value: 5 }), [t.e, Object.keys(t)].join()", "5,a,e,d"},
      {"Object.defineProperty(t, 'a', { value: 12 }), String(t.a)", "12"},
      {"t.text = 'own', [t.text, Object.keys(t)].join()", "own,text,a,e,d"},
      {"Object.defineProperty(t, 'z', { get: () => 26, configurable: true }), String(t.z)", "26"},
      {"[delete t.text, delete t.z, 'z' in t].join()", "true,true,false"},
      {"t[Symbol.iterator] = 1, [t[Symbol.iterator], Symbol.iterator in t].join()", "1,true"},
      {"String(t)", "[object Object]"},
      {"var d = Object.create(t); d.a = 100; [d.a, t.a, Object.keys(d).length, d.e].join()",
       "100,12,1,5"},
      {"Reflect.set(t, 'a', 7) + ',' + t.a", "true,7"},
      {"with (t) { String(a + d.constructor.name) }", "7Number"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char source[400];
    snprintf(source, sizeof source, "(0, eval)(%s%s%s)", "`", cases[i][0], "`");
    assert_text(f, cases[i][1], eval(f, source));
  }
  assert_throws(f, "TypeError: Cannot delete property '_c'", "'use strict'; delete t._c");
  assert_throws(f, "TypeError: Cannot redefine property: a",
                "Object.defineProperty(t, 'a', { get() {} })");
  assert_throws(f, "TypeError: Cannot redefine property: a",
                "Object.defineProperty(t, 'a', { writable: false })");
  assert_throws(f, "RangeError: the table is full", "for (let i = 0; i < 9; i++) t['n' + i] = i");
  /* V8 does not freeze what has interceptors. */
  assert_throws(f, "TypeError: Cannot freeze", "Object.freeze(t)");
}

static void optimised_code_asks_too(void **state) {
  fixture *f = *state;
  table table = {.names = {"n"}, .values = {0}};
  ist_handler handler = full(&table);
  show(f, "t", &handler, NULL);
  assert_int_equal(
      eval(f, "function go(o) { for (let i = 0; i < 1e5; i++) o.n += 1; return o.n } go(t)")
          .as.int32,
      100000);
  assert_int_equal(table.values[0], 100000);
  assert_true(table.asked >= 200000);
}

/* A handler that only reads: what it has cannot be written, deleted or defined over. */
static void without_the_rest_properties_are_fixed(void **state) {
  fixture *f = *state;
  table table = {.names = {"a", "b"}, .values = {1, 2}};
  ist_handler handler = full(&table);
  handler.set = NULL;
  handler.query = NULL;
  handler.remove = NULL;
  show(f, "t", &handler, NULL);
  assert_text(f, "{\"a\":1,\"b\":2}", eval(f, "JSON.stringify({ ...t })"));
  assert_text(f, "{\"value\":1,\"writable\":false,\"enumerable\":true,\"configurable\":false}",
              eval(f, "JSON.stringify(Object.getOwnPropertyDescriptor(t, 'a'))"));
  assert_text(f, "1 false true false",
              eval(f, "t.a = 5; [t.a, delete t.a, 'a' in t, 'x' in t].join(' ')"));
  assert_throws(f, "TypeError: Cannot assign to read only property 'a' of object",
                "'use strict'; t.a = 5");
  assert_throws(f, "TypeError: Cannot delete property 'a'", "'use strict'; delete t.a");
  assert_throws(f, "TypeError: Cannot redefine property: a",
                "Object.defineProperty(t, 'a', { value: 1 })");
  /* What it does not have is the object's. */
  assert_text(f, "9 true", eval(f, "t.own = 9; [t.own, delete t.own].join(' ')"));
  /* And one that only lists. */
  handler.get = NULL;
  show(f, "l", &handler, NULL);
  assert_text(f, "{\"b\":1}", eval(f, "l.b = 1; JSON.stringify(l)"));
  /* And one that says nothing. */
  handler.enumerate = NULL;
  show(f, "n", &handler, NULL);
  assert_text(f, "{\"b\":1}", eval(f, "n.b = 1; JSON.stringify(n)"));
}

static void what_interceptors_throw(void **state) {
  fixture *f = *state;
  table table = {.names = {"a"}, .values = {1}};
  ist_handler handler = full(&table);
  show(f, "t", &handler, NULL);
  static const char *const uses[][2] = {{"get", "t.a"},
                                        {"get", "JSON.stringify(t)"},
                                        {"set", "t.a = 2"},
                                        {"set", "Object.defineProperty(t, 'a', { value: 2 })"},
                                        {"query", "'a' in t"},
                                        {"query", "Object.keys(t)"},
                                        {"query", "Object.getOwnPropertyDescriptor(t, 'a')"},
                                        {"query", "Object.defineProperty(t, 'a', { get() {} })"},
                                        {"remove", "delete t.a"},
                                        {"enumerate", "Object.keys(t)"},
                                        {"enumerate", "({ ...t })"},
                                        {"enumerate", "for (let k in t);"}};
  for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
    char expected[64];
    table.where = uses[i][0];
    table.how = "throw";
    snprintf(expected, sizeof expected, "RangeError: %s", uses[i][0]);
    assert_throws(f, expected, uses[i][1]);
    table.how = "status";
    assert_throws(f, "Error: input or output failed", uses[i][1]);
    table.how = "stop";
    ist_value result;
    char source[200];
    int length =
        snprintf(source, sizeof source, "try { %s } finally { globalThis.ran = 1 }", uses[i][1]);
    assert_status(IST_ERR_TERMINATED,
                  ist_script_eval(f->context, source, (size_t)length, "s", &result, NULL));
    table.how = NULL;
    assert_text(f, "undefined", eval(f, "typeof ran"));
    strcpy(table.names[0], "a");
  }
  table.how = "stale";
  table.where = "get";
  assert_throws(f, "Error: stale or foreign handle", "t.a");
  table.where = "enumerate";
  assert_throws(f, "Error: stale or foreign handle", "Object.keys(t)");
}

static ist_status one_key(void *env, const ist_access *access, ist_value *result) {
  (void)env;
  return ist_script_eval(access->context, "['a']", 5, NULL, result, NULL);
}

static ist_status fail_when_asked_again(void *env, const ist_access *access, uint32_t *flags,
                                        bool *found) {
  *found = true;
  *flags = IST_PROP_ENUMERABLE;
  if (++*(int *)env != 2) return IST_OK;
  return ist_throw_error(access->context, "RangeError", "late");
}

static ist_status one(void *env, const ist_call *call, ist_value *result) {
  (void)env, (void)call;
  *result = ist_int32(1);
  return IST_OK;
}

/* V8 does not look whether a query throws while it filters keys. */
static void what_a_query_throws_goes_into_no_later_run(void **state) {
  fixture *f = *state;
  int count = 0;
  ist_handler handler = {
      .size = sizeof handler, .env = &count, .enumerate = one_key, .query = fail_when_asked_again};
  show(f, "t", &handler, NULL);
  ist_value function;
  assert_ok(ist_function_new(f->context, "one", one, NULL, NULL, &function));
  put(f, "one", function);
  ist_value ignored;
  (void)ist_script_eval(f->context, "Object.keys(t)", 14, NULL, &ignored, NULL);
  assert_int_equal(2, count);
  assert_text(f, "1", eval(f, "'' + one()"));
}

/* ---- Keys that C lists ---- */

static ist_status list(void *env, const ist_access *access, ist_value *result) {
  (void)access;
  *result = *(ist_value *)env;
  return IST_OK;
}

static void listed_keys_are_checked(void **state) {
  fixture *f = *state;
  ist_value keys = ist_undefined();
  ist_handler handler = {.size = sizeof handler, .env = &keys, .enumerate = list};
  show(f, "named", &handler, NULL);
  show(f, "indexed", NULL, &handler);
  static const struct {
    const char *keys, *named, *indexed;
  } cases[] = {
      {"undefined", "", ""},
      {"[]", "", ""},
      {"['a', 'b']", "a,b", "Error: the value has another type"},
      {"[Symbol.iterator]", "", "Error: the value has another type"},
      {"[0, 7, 4294967294]", "0,7,4294967294", "0,7,4294967294"},
      {"[4294967295]", "4294967295", "Error: the value has another type"},
      {"[-1]", "-1", "Error: the value has another type"},
      {"[0.5]", "0.5", "Error: the value has another type"},
      {"['1']", "1", "Error: the value has another type"},
      {"[{}]", "Error: the value has another type", "Error: the value has another type"},
      {"[, 'a']", "Error: the value has another type", "Error: the value has another type"},
      {"new Array(4e9)", "Error: a limit was exceeded", "Error: a limit was exceeded"},
      {"({ length: 1 })", "Error: the value has another type", "Error: the value has another type"},
      {"'ab'", "Error: the value has another type", "Error: the value has another type"},
      {"Object.defineProperty([], 0, { get() { throw 'mine' } })", "mine", "mine"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_ok(ist_value_keep(f->isolate, eval(f, cases[i].keys), &keys));
    assert_text(f, cases[i].named, eval(f, "try { Object.keys(named) + '' } catch (e) { e + '' }"));
    assert_text(f, cases[i].indexed,
                eval(f, "try { Object.keys(indexed) + '' } catch (e) { e + '' }"));
    eval(f, "try { for (let k in named) named[k] } catch {}");
    eval(f, "try { ({ ...indexed }) } catch {}");
    assert_ok(ist_value_free(f->isolate, keys));
  }
}

/* ---- Indices ---- */

typedef struct numbers {
  double at[4];
  uint32_t length;
  double last; /* the last key */
} numbers;

static double number(ist_value value) {
  return value.type == IST_INT32 ? value.as.int32 : value.as.number;
}

static ist_status numbers_get(void *env, const ist_access *access, ist_value *result,
                              bool *handled) {
  numbers *numbers = env;
  double index = numbers->last = number(access->key);
  *handled = index < numbers->length;
  if (*handled) *result = ist_double(numbers->at[(uint32_t)index]);
  return IST_OK;
}

static ist_status numbers_set(void *env, const ist_access *access, ist_value value, bool *handled) {
  numbers *numbers = env;
  double index = numbers->last = number(access->key);
  *handled = index < 4;
  if (!*handled) return IST_OK;
  if (numbers->length <= index) numbers->length = (uint32_t)index + 1;
  numbers->at[(uint32_t)index] = number(value);
  return IST_OK;
}

static ist_status numbers_remove(void *env, const ist_access *access, bool *removed,
                                 bool *handled) {
  numbers *numbers = env;
  *handled = number(access->key) < numbers->length;
  *removed = number(access->key) + 1 == numbers->length;
  if (*removed) numbers->length--;
  return IST_OK;
}

static ist_status numbers_enumerate(void *env, const ist_access *access, ist_value *result) {
  numbers *numbers = env;
  ist_value keys[4] = {ist_int32(0), ist_int32(1), ist_int32(2), ist_int32(3)};
  return ist_array_new_from(access->context, keys, numbers->length, result);
}

static void indices(void **state) {
  fixture *f = *state;
  numbers numbers = {.at = {0.5, 1.5}, .length = 2};
  ist_handler handler = {.size = sizeof handler,
                         .env = &numbers,
                         .get = numbers_get,
                         .set = numbers_set,
                         .remove = numbers_remove,
                         .enumerate = numbers_enumerate};
  show(f, "n", NULL, &handler);
  assert_text(f, "0.5,1.5,", eval(f, "[n[0], n[1], n[2]].join()"));
  assert_text(f, "0.5,1.5,9", eval(f, "n[2] = 9; n.length = 3; Array.from(n).join()"));
  assert_text(f, "0,1,2,length", eval(f, "Object.keys(n).join()"));
  assert_text(f, "{\"0\":0.5,\"1\":1.5,\"2\":9,\"length\":3}", eval(f, "JSON.stringify({ ...n })"));
  assert_text(f, "true,false,true", eval(f, "[1 in n, 3 in n, '2' in n].join()"));
  assert_text(f, "false,true,false", eval(f, "[delete n[0], delete n[2], 2 in n].join()"));
  assert_throws(f, "TypeError: Cannot delete property '0'", "'use strict'; delete n[0]");
  assert_text(f, "kept,1", eval(f, "n[7] = 'kept'; [n[7], n['01'] = 1].join()"));
  assert_text(f, "0.5 1.5",
              eval(f, "Array.prototype.map.call({ __proto__: n, length: 2 },"
                      "x => x).join(' ')"));
  /* The greatest index, and numbers beyond, which are names. */
  eval(f, "n[4294967294]");
  assert_true(numbers.last == 4294967294.0);
  assert_int_equal(
      eval(f, "n[4294967295] = 5; n[4294967296] = 6; n[-1] = 7; n[4294967295]").as.int32, 5);
  assert_true(numbers.last == 4294967294.0);
  assert_int_equal(eval(f, "function sum(o) { let s = 0; for (let i = 0; i < 1e5; i++) s += o[1];"
                           "return s } sum(n)")
                       .as.int32,
                   150000);
  /* Asked only for what the object does not have. */
  handler.only_missing = true;
  handler.set = NULL;
  show(f, "m", NULL, &handler);
  assert_text(f, "0.5,own",
              eval(f, "Object.defineProperty(m, 3, { value: 'own' }); [m[0], m[3]].join()"));
  numbers.length = 4;
  numbers.at[3] = 33;
  assert_text(f, "own", eval(f, "m[3]"));
}

/* ---- Flags ---- */

static ist_status name_it(void *env, const ist_access *access, ist_value *result, bool *handled) {
  (void)handled;
  ++*(int *)env;
  *result = access->key;
  return IST_OK;
}

static void symbols_and_what_is_there_can_be_left_out(void **state) {
  fixture *f = *state;
  int asked = 0;
  ist_handler handler = {.size = sizeof handler, .env = &asked, .get = name_it};
  show(f, "all", &handler, NULL);
  handler.no_symbols = true;
  show(f, "strings", &handler, NULL);
  handler.only_missing = true;
  show(f, "missing", &handler, NULL);
  assert_text(f, "x toString true undefined",
              eval(f, "[all.x, all.toString, all[Symbol.match] === Symbol.match,"
                      "typeof strings[Symbol.match]].join(' ')"));
  assert_text(f, "x function", eval(f, "[missing.x, typeof missing.toString].join(' ')"));
  asked = 0;
  assert_text(f, "mine",
              eval(f, "Object.defineProperty(missing, 'y', { value: 'mine' });"
                      "missing.y"));
}

static void receivers_and_holders(void **state) {
  fixture *f = *state;
  int asked = 0;
  ist_template *class, *prototype;
  ist_value made;
  ist_handler handler = {.size = sizeof handler, .env = &asked, .get = name_it};
  assert_ok(ist_template_new_function(f->isolate, NULL, &class));
  assert_ok(ist_template_prototype(class, &prototype));
  assert_ok(ist_template_set_named(prototype, &handler));
  assert_ok(ist_template_function(f->context, class, &made, NULL));
  put(f, "C", made);
  assert_text(f, "any", eval(f, "new C().any"));
  assert_text(f, "any", eval(f, "Reflect.get(C.prototype, 'any', 5)"));
  ist_template_free(class);
  ist_template_free(prototype);
}

/* ---- The global object ---- */

static ist_status global_get(void *env, const ist_access *access, ist_value *result,
                             bool *handled) {
  char name[16];
  table *table = env;
  int at = row(table, access, name);
  *handled = at >= 0;
  if (at < 0) return IST_OK;
  /* What C is shown is the object that programs have. */
  ist_value global;
  bool same = false;
  ist_isolate *isolate = ist_context_isolate(access->context);
  ist_status status = ist_context_global(access->context, &global);
  if (!status) status = ist_value_strict_equals(isolate, global, access->holder, &same);
  *result = same ? ist_int32(table->values[at]) : ist_null();
  return status;
}

static void global_objects(void **state) {
  fixture *f = *state;
  static char tag;
  table table = {.names = {"answer"}, .values = {42}};
  ist_template *global, *method;
  ist_handler handler = full(&table);
  handler.get = global_get;
  handler.only_missing = true;
  ist_function_options options = {.size = sizeof options, .no_construct = true};
  assert_ok(ist_template_new_object(f->isolate, &global));
  assert_ok(ist_template_new_function(f->isolate, &options, &method));
  assert_ok(ist_template_set(global, "version", ist_int32(3), IST_PROP_ENUMERABLE));
  assert_ok(ist_template_set_template(global, "log", method, IST_PROP_ALL));
  assert_ok(ist_template_set_named(global, &handler));
  assert_ok(ist_template_set_fields(global, 1));
  ist_context_options with = {.size = sizeof with, .global = method};
  ist_context *refused;
  assert_status(IST_ERR_TYPE, ist_context_new(f->isolate, &with, &refused));
  with.global = global;
  fixture made[2] = {{.isolate = f->isolate}, {.isolate = f->isolate}};
  for (int i = 0; i < 2; i++) {
    assert_ok(ist_context_new(f->isolate, &with, &made[i].context));
    fixture *g = &made[i];
    assert_int_equal(eval(g, "version + answer").as.int32, 45);
    assert_text(g, "function", eval(g, "typeof log"));
    assert_int_equal(eval(g, "answer = 42; globalThis.answer").as.int32, 42);
    assert_int_equal(eval(g, "({ __proto__: globalThis }).answer").as.int32, 42);
    assert_text(g, "undefined", eval(g, "typeof nothing"));
    assert_int_equal(
        eval(g, "var v = 'own'; function fn() { return v }; let l = 7; fn() === 'own' ? l : 0")
            .as.int32,
        7);
    assert_true(
        eval(g, "'answer' in globalThis && Object.keys(globalThis).includes('answer')").as.boolean);
    assert_int_equal(eval(g, "new Array(3).fill(1).reduce((a, b) => a + b)").as.int32, 3);
    assert_throws(g, "ReferenceError: missing is not defined", "missing");
    ist_value object;
    void *got;
    assert_ok(ist_context_global(g->context, &object));
    assert_ok(ist_object_field(f->isolate, object, 0, &tag, &got));
    assert_null(got);
    assert_ok(ist_object_set_field(f->isolate, object, 0, g, &tag));
    assert_ok(ist_object_field(f->isolate, eval(g, "globalThis"), 0, &tag, &got));
    assert_ptr_equal(got, g);
  }
  assert_status(IST_ERR_STATE, ist_template_set(global, "late", ist_null(), 0));
  ist_template_free(global);
  ist_template_free(method);
  assert_ok(ist_context_free(made[0].context));
  assert_int_equal(eval(&made[1], "answer").as.int32, 42);
}

static void globals_that_answer_everything(void **state) {
  fixture *f = *state;
  int asked = 0;
  ist_template *global;
  ist_handler handler = {.size = sizeof handler, .env = &asked, .get = name_it};
  assert_ok(ist_template_new_object(f->isolate, &global));
  assert_ok(ist_template_set_named(global, &handler));
  ist_context_options with = {.size = sizeof with, .global = global};
  fixture g = {.isolate = f->isolate};
  assert_ok(ist_context_new(f->isolate, &with, &g.context));
  assert_text(&g, "Object", eval(&g, "Object"));
  assert_text(&g, "Array any", eval(&g, "Array + ' ' + any"));
  assert_text(&g, "TypeError: String is not a function",
              eval(&g, "try { String(1) } catch (e) { '' + e }"));
  ist_error *error;
  ist_value result;
  assert_status(IST_ERR_EXCEPTION,
                ist_script_eval(g.context, "null.x", 6, "s.js", &result, &error));
  assert_string_equal(error->name, "TypeError");
  ist_error_free(error);
  ist_template_free(global);
}

/* An object that answers everything, thrown: reading it as an error asks no one. */
static void thrown_objects(void **state) {
  fixture *f = *state;
  table table = {.names = {"message", "stack"}, .values = {1, 2}, .how = "throw", .where = "get"};
  ist_handler handler = full(&table);
  show(f, "t", &handler, NULL);
  ist_error *error;
  ist_value result;
  assert_status(IST_ERR_EXCEPTION,
                ist_script_eval(f->context, "throw t", 7, "s.js", &result, &error));
  ist_error_free(error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(c_answers_for_every_way_to_look),
      TEST(optimised_code_asks_too),
      TEST(without_the_rest_properties_are_fixed),
      TEST(what_interceptors_throw),
      TEST(what_a_query_throws_goes_into_no_later_run),
      TEST(listed_keys_are_checked),
      TEST(indices),
      TEST(symbols_and_what_is_there_can_be_left_out),
      TEST(receivers_and_holders),
      TEST(global_objects),
      TEST(globals_that_answer_everything),
      TEST(thrown_objects),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
