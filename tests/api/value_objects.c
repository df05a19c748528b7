/* Objects: properties by name, key and index, descriptors, keys, private properties, prototypes. */
#include "value_test.h"

static void by_name(void **state) {
  fixture *f = *state;
  ist_value object, got;
  bool is;
  assert_ok(ist_object_new(f->context, &object));
  assert_ok(ist_object_set(f->context, object, "a", ist_int32(1), NULL));
  assert_ok(ist_object_set(f->context, object, "\xc3\xa4", ist_int32(2), NULL));
  assert_ok(ist_object_set(f->context, object, "7", ist_int32(3), NULL));
  assert_ok(ist_object_set(f->context, object, "", ist_int32(4), NULL));
  assert_said(f, object, "it.a === 1 && it['\\u00e4'] === 2 && it[7] === 3 && it[''] === 4");
  assert_ok(ist_object_get(f->context, object, "7", &got, NULL));
  assert_number(3, got);
  assert_ok(ist_object_has(f->context, object, "a", &is, NULL));
  assert_true(is);
  assert_ok(ist_object_has(f->context, object, "toString", &is, NULL));
  assert_true(is);
  assert_ok(ist_object_has(f->context, object, "b", &is, NULL));
  assert_false(is);
  assert_ok(ist_object_delete(f->context, object, "a", &is, NULL));
  assert_true(is);
  assert_ok(ist_object_delete(f->context, object, "a", NULL, NULL));
  assert_ok(ist_object_has(f->context, object, "a", &is, NULL));
  assert_false(is);
  assert_ok(ist_object_delete(f->context, eval(f, "Object.freeze({x: 1})"), "x", &is, NULL));
  assert_false(is);
  /* As JavaScript would outside of strict mode. */
  object = eval(f, "Object.freeze({x: 1})");
  assert_ok(ist_object_set(f->context, object, "x", ist_int32(2), NULL));
  assert_said(f, object, "it.x === 1");
}

static void by_key(void **state) {
  fixture *f = *state;
  ist_value object, symbol, name, got;
  bool is;
  assert_ok(ist_object_new(f->context, &object));
  assert_ok(ist_symbol_new(f->isolate, ist_undefined(), &symbol));
  assert_ok(ist_string_intern(f->isolate, "name", 4, &name));
  assert_ok(ist_object_set_key(f->context, object, symbol, ist_int32(1), NULL));
  assert_ok(ist_object_set_key(f->context, object, name, ist_int32(2), NULL));
  assert_ok(ist_object_set_key(f->context, object, ist_int32(3), ist_int32(3), NULL));
  assert_ok(ist_object_set_key(f->context, object, ist_int32(-1), ist_int32(4), NULL));
  assert_ok(ist_object_set_key(f->context, object, ist_double(0.5), ist_int32(5), NULL));
  assert_ok(ist_object_get_key(f->context, object, symbol, &got, NULL));
  assert_number(1, got);
  assert_ok(ist_object_get_key(f->context, object, name, &got, NULL));
  assert_number(2, got);
  assert_ok(ist_object_get_key(f->context, object, text(f, "name"), &got, NULL));
  assert_number(2, got);
  assert_ok(ist_object_get_key(f->context, object, text(f, "3"), &got, NULL));
  assert_number(3, got);
  assert_said(f, object, "it[-1] === 4 && it['-1'] === 4 && it['0.5'] === 5");
  assert_ok(ist_object_has_key(f->context, object, symbol, &is, NULL));
  assert_true(is);
  assert_ok(ist_object_has_key(f->context, object, text(f, "toString"), &is, NULL));
  assert_true(is);
  assert_ok(ist_object_has_own(f->context, object, text(f, "toString"), &is, NULL));
  assert_false(is);
  assert_ok(ist_object_has_own(f->context, object, ist_int32(3), &is, NULL));
  assert_true(is);
  assert_ok(ist_object_has_own(f->context, object, ist_double(0.5), &is, NULL));
  assert_true(is);
  assert_ok(ist_object_delete_key(f->context, object, symbol, &is, NULL));
  assert_true(is);
  assert_ok(ist_object_has_own(f->context, object, symbol, &is, NULL));
  assert_false(is);
  assert_ok(ist_object_delete_key(f->context, object, ist_int32(3), NULL, NULL));
  assert_said(f, object, "!(3 in it)");

  ist_value wrong[] = {ist_undefined(), ist_null(), ist_bool(true), object, eval(f, "1n")};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_status(IST_ERR_TYPE, ist_object_get_key(f->context, object, wrong[i], &got, NULL));
    assert_status(IST_ERR_TYPE, ist_object_set_key(f->context, object, wrong[i], got, NULL));
    assert_status(IST_ERR_TYPE, ist_object_has_key(f->context, object, wrong[i], &is, NULL));
    assert_status(IST_ERR_TYPE, ist_object_has_own(f->context, object, wrong[i], &is, NULL));
    assert_status(IST_ERR_TYPE, ist_object_delete_key(f->context, object, wrong[i], &is, NULL));
  }
}

static void by_index(void **state) {
  fixture *f = *state;
  ist_value object = eval(f, "({})"), got;
  assert_ok(ist_object_set_index(f->context, object, UINT32_MAX, ist_int32(1), NULL));
  assert_ok(ist_object_get_index(f->context, object, UINT32_MAX, &got, NULL));
  assert_number(1, got);
  assert_said(f, object, "it['4294967295'] === 1");
  assert_ok(ist_object_get_index(f->context, eval(f, "'ab'.split('')"), 1, &got, NULL));
  assert_text(f, "b", got);
}

static void what_user_code_throws_comes_out(void **state) {
  fixture *f = *state;
  ist_value got = ist_undefined(), key = text(f, "x"), proxy;
  ist_error *error;
  bool is;
  proxy = eval(f, "const fail = (what) => { throw new RangeError(what) };"
                  "new Proxy({}, { get() { fail('get') }, set() { fail('set') },"
                  " has() { fail('has') }, deleteProperty() { fail('delete') },"
                  " defineProperty() { fail('define') }, ownKeys() { fail('keys') },"
                  " getOwnPropertyDescriptor() { fail('own') },"
                  " getPrototypeOf() { fail('prototype') },"
                  " setPrototypeOf() { fail('set prototype') },"
                  " preventExtensions() { fail('freeze') } })");
  ist_property property = {.size = sizeof property, .flags = IST_PROP_ALL};
#define THROWS(what, call)                                                                         \
  do {                                                                                             \
    error = NULL;                                                                                  \
    assert_status(IST_ERR_EXCEPTION, call);                                                        \
    assert_string_equal(error->name, "RangeError");                                                \
    assert_string_equal(error->message, what);                                                     \
    ist_error_free(error);                                                                         \
  } while (0)
  THROWS("get", ist_object_get(f->context, proxy, "x", &got, &error));
  THROWS("get", ist_object_get_key(f->context, proxy, key, &got, &error));
  THROWS("get", ist_object_get_index(f->context, proxy, 1, &got, &error));
  THROWS("set", ist_object_set(f->context, proxy, "x", got, &error));
  THROWS("set", ist_object_set_key(f->context, proxy, key, got, &error));
  THROWS("set", ist_object_set_index(f->context, proxy, 1, got, &error));
  THROWS("has", ist_object_has(f->context, proxy, "x", &is, &error));
  THROWS("has", ist_object_has_key(f->context, proxy, key, &is, &error));
  THROWS("own", ist_object_has_own(f->context, proxy, key, &is, &error));
  THROWS("delete", ist_object_delete(f->context, proxy, "x", &is, &error));
  THROWS("delete", ist_object_delete_key(f->context, proxy, key, &is, &error));
  THROWS("define", ist_object_define(f->context, proxy, "x", got, 7, &error));
  THROWS("define", ist_object_define_property(f->context, proxy, key, &property, &error));
  THROWS("own", ist_object_property(f->context, proxy, key, &property, &error));
  THROWS("keys", ist_object_keys(f->context, proxy, 0, &got, &error));
  THROWS("prototype", ist_object_prototype(f->context, proxy, &got, &error));
  THROWS("set prototype", ist_object_set_prototype(f->context, proxy, ist_null(), &error));
  THROWS("freeze", ist_object_freeze(f->context, proxy, &error));
#undef THROWS
}

static ist_status define_callback(void *env, const ist_call *call, ist_value *result) {
  fixture *f = env;
  ist_status status =
      ist_object_define(f->context, call->argv[0], "length", ist_int32(-1), IST_PROP_ALL, NULL);
  *result = ist_int32((int32_t)status);
  return IST_OK;
}

/* V8 itself looks whether an exception is pending when a script calls one of its functions, and
 * ends the process. */
static void what_a_definition_throws_does_not_stay(void **state) {
  fixture *f = *state;
  ist_value global, define;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_function_new(f->context, "define", define_callback, f, NULL, &define));
  assert_ok(ist_object_set(f->context, global, "define", define, NULL));
  eval(f, "globalThis.trap = new Proxy({}, { defineProperty() { throw 1 } })");
  eval(f, "globalThis.revoked = Proxy.revocable({}, {}); revoked.revoke()");
  const char *throwing[] = {"trap", "revoked.proxy", "[]"};
  for (size_t i = 0; i < sizeof throwing / sizeof *throwing; i++) {
    char source[100];
    snprintf(source, sizeof source, "define(%s)", throwing[i]);
    assert_number(IST_ERR_EXCEPTION, eval(f, source));
    snprintf(source, sizeof source, "console.log(define(%s), define({})); 5", throwing[i]);
    assert_number(5, eval(f, source));
  }
}

static void termination_comes_out(void **state) {
  fixture *f = *state;
  ist_value got, key = text(f, "x"), proxy;
  bool is;
  give_stop(f);
  proxy = eval(f, "new Proxy({}, { get: stop, set: stop, has: stop, deleteProperty: stop,"
                  " defineProperty: stop, ownKeys: stop, getOwnPropertyDescriptor: stop,"
                  " getPrototypeOf: stop, setPrototypeOf: stop, preventExtensions: stop })");
  ist_property property = {.size = sizeof property, .flags = IST_PROP_ALL};
#define STOPS(call) assert_status(IST_ERR_TERMINATED, call)
  STOPS(ist_object_get(f->context, proxy, "x", &got, NULL));
  STOPS(ist_object_get_key(f->context, proxy, key, &got, NULL));
  STOPS(ist_object_get_index(f->context, proxy, 1, &got, NULL));
  STOPS(ist_object_set(f->context, proxy, "x", ist_null(), NULL));
  STOPS(ist_object_has(f->context, proxy, "x", &is, NULL));
  STOPS(ist_object_has_own(f->context, proxy, key, &is, NULL));
  STOPS(ist_object_delete(f->context, proxy, "x", &is, NULL));
  STOPS(ist_object_define(f->context, proxy, "x", ist_null(), 7, NULL));
  STOPS(ist_object_define_property(f->context, proxy, key, &property, NULL));
  STOPS(ist_object_property(f->context, proxy, key, &property, NULL));
  STOPS(ist_object_keys(f->context, proxy, 0, &got, NULL));
  STOPS(ist_object_prototype(f->context, proxy, &got, NULL));
  STOPS(ist_object_set_prototype(f->context, proxy, ist_null(), NULL));
  STOPS(ist_object_freeze(f->context, proxy, NULL));
#undef STOPS
  assert_number(2, eval(f, "1 + 1"));
}

static void descriptors(void **state) {
  fixture *f = *state;
  ist_value object = eval(f, "globalThis.log = []; ({})"), name = text(f, "p");
  ist_property property = {.size = sizeof property}, got = {.size = sizeof got};
  ist_error *error;
  bool same;
  property.flags = IST_PROP_ENUMERABLE;
  property.value = ist_int32(5);
  assert_ok(ist_object_define_property(f->context, object, name, &property, NULL));
  assert_said(f, object,
              "const d = Object.getOwnPropertyDescriptor(it, 'p');"
              "d.value === 5 && d.enumerable && !d.writable && !d.configurable");
  assert_ok(ist_object_property(f->context, object, name, &got, NULL));
  assert_int_equal(got.flags, IST_PROP_ENUMERABLE);
  assert_false(got.accessor);
  assert_number(5, got.value);
  property.value = ist_int32(6);
  assert_status(IST_ERR_STATE,
                ist_object_define_property(f->context, object, name, &property, &error));
  assert_int_equal(error->status, IST_ERR_STATE);
  ist_error_free(error);

  memset(&property, 0, sizeof property);
  property.size = sizeof property;
  property.flags = IST_PROP_CONFIGURABLE;
  property.accessor = true;
  property.getter = eval(f, "(function () { return this.hidden })");
  assert_ok(ist_object_define_property(f->context, object, text(f, "q"), &property, NULL));
  property.setter = eval(f, "(function (value) { this.hidden = value })");
  assert_ok(ist_object_define_property(f->context, object, text(f, "q"), &property, NULL));
  assert_said(f, object, "it.q = 9; it.q === 9 && it.hidden === 9");
  assert_ok(ist_object_property(f->context, object, text(f, "q"), &got, NULL));
  assert_true(got.accessor);
  assert_int_equal(got.flags, IST_PROP_CONFIGURABLE);
  assert_int_equal(got.value.type, IST_UNDEFINED);
  assert_ok(ist_value_same(f->isolate, got.getter, property.getter, &same));
  assert_true(same);
  assert_ok(ist_value_same(f->isolate, got.setter, property.setter, &same));
  assert_true(same);
  assert_status(IST_ERR_NOT_FOUND,
                ist_object_property(f->context, object, text(f, "none"), &got, NULL));
  assert_status(IST_ERR_NOT_FOUND,
                ist_object_property(f->context, object, text(f, "toString"), &got, NULL));
  /* What a program has done to Object.prototype is not seen. */
  eval(f, "Object.prototype.get = Object.prototype.set = () => {}; Object.prototype.value = 1;"
          "Object.prototype.writable = true");
  assert_ok(ist_object_property(f->context, object, name, &got, NULL));
  assert_false(got.accessor);
  assert_int_equal(got.flags, IST_PROP_ENUMERABLE);
  eval(f, "for (const k of ['get', 'set', 'value', 'writable']) delete Object.prototype[k]");

  property.value = ist_int32(1);
  assert_status(IST_ERR_ARGUMENT,
                ist_object_define_property(f->context, object, name, &property, NULL));
  property.value = ist_undefined();
  property.getter = ist_int32(1);
  assert_status(IST_ERR_TYPE,
                ist_object_define_property(f->context, object, name, &property, NULL));
  property.getter = property.setter = ist_undefined();
  assert_status(IST_ERR_ARGUMENT,
                ist_object_define_property(f->context, object, name, &property, NULL));
  property.accessor = false;
  property.flags = 8;
  assert_status(IST_ERR_ARGUMENT,
                ist_object_define_property(f->context, object, name, &property, NULL));
  property.flags = 0;
  property.value = stale(f);
  assert_status(IST_ERR_HANDLE,
                ist_object_define_property(f->context, object, name, &property, NULL));
  property.value = ist_undefined();
  assert_status(IST_ERR_TYPE,
                ist_object_define_property(f->context, object, ist_null(), &property, NULL));
  property.size = 4;
  assert_status(IST_ERR_ARGUMENT,
                ist_object_define_property(f->context, object, name, &property, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_property(f->context, object, name, &property, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_property(f->context, object, name, NULL, NULL));

  assert_status(IST_ERR_ARGUMENT, ist_object_define(f->context, object, "x", ist_null(), 8, NULL));
  assert_ok(ist_object_define(f->context, object, "x", ist_int32(1), IST_PROP_WRITABLE, NULL));
  assert_said(f, object, "it.x = 2; it.x === 2 && !Object.keys(it).includes('x')");
  assert_status(IST_ERR_STATE, ist_object_define(f->context, eval(f, "Object.freeze({})"), "x",
                                                 ist_int32(1), IST_PROP_ALL, NULL));
  /* What is more than a plain object; a program cannot interfere. */
  eval(f, "Reflect.defineProperty = null; Object.prototype.writable = true");
  object = eval(f, "new Proxy([], {})");
  assert_ok(ist_object_define(f->context, object, "0", ist_int32(1), IST_PROP_WRITABLE, NULL));
  assert_said(f, object, "it[0] = 2; it[0] === 2 && !Object.keys(it).includes('0')");
  memset(&property, 0, sizeof property);
  property.size = sizeof property;
  property.flags = IST_PROP_ENUMERABLE;
  property.accessor = true;
  property.getter = eval(f, "(() => 8)");
  object = eval(f, "(function () {})");
  assert_ok(ist_object_define_property(f->context, object, name, &property, NULL));
  assert_said(f, object, "it.p === 8 && Object.keys(it).join() === 'p'");
  assert_status(IST_ERR_STATE,
                ist_object_define(f->context, object, "p", ist_int32(1), IST_PROP_ALL, NULL));
}

static void keys(void **state) {
  fixture *f = *state;
  ist_value object, got;
  object = eval(f, "const base = { inherited: 1 };"
                   "const own = Object.create(base, { hidden: { value: 1 } });"
                   "own.b = 1; own[2] = 1; own.a = 1; own[1] = 1; own[Symbol.for('s')] = 1; own");
  static const struct {
    uint32_t flags;
    const char *expected;
  } cases[] = {
      {0, "1,2,hidden,b,a"},
      {IST_KEYS_ENUMERABLE, "1,2,b,a"},
      {IST_KEYS_ENUMERABLE | IST_KEYS_INHERITED, "1,2,b,a,inherited"},
      {IST_KEYS_SYMBOLS, "1,2,hidden,b,a,Symbol(s)"},
      {IST_KEYS_SYMBOLS | IST_KEYS_NO_STRINGS | IST_KEYS_NO_INDICES, "Symbol(s)"},
      {IST_KEYS_NO_INDICES, "hidden,b,a"},
      {IST_KEYS_ENUMERABLE | IST_KEYS_NO_INDICES, "b,a"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_ok(ist_object_keys(f->context, object, cases[i].flags, &got, NULL));
    assert_text(f, cases[i].expected, ask(f, got, "it.map(String).join()"));
  }
  assert_ok(ist_object_keys(f->context, object, 0, &got, NULL));
  assert_said(f, got, "typeof it[0] === 'number' && typeof it[2] === 'string'");
  /* The trap is heard, and its answer listed. */
  object = eval(f, "new Proxy({ x: 1, y: 2 }, { ownKeys() { return ['x', 'y', 'z'] } })");
  assert_ok(ist_object_keys(f->context, object, 0, &got, NULL));
  assert_text(f, "x,y,z", ask(f, got, "it.join()"));
  assert_ok(ist_object_keys(f->context, object, IST_KEYS_ENUMERABLE, &got, NULL));
  assert_text(f, "x,y", ask(f, got, "it.join()"));
  assert_status(IST_ERR_ARGUMENT, ist_object_keys(f->context, object, 32, &got, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_keys(f->context, object, 0, NULL, NULL));
}

static void private_properties(void **state) {
  fixture *f = *state;
  ist_value object = eval(f, "globalThis.traps = 0; const target = {};"
                             "const handler = new Proxy({}, { get() { traps++ } });"
                             "globalThis.inner = target; new Proxy(target, handler)");
  ist_value got, inner = eval(f, "inner"), frozen = eval(f, "Object.freeze({})");
  assert_ok(ist_object_set_private(f->context, object, "secret", text(f, "outer")));
  assert_ok(ist_object_get_private(f->context, object, "secret", &got));
  assert_text(f, "outer", got);
  assert_ok(ist_object_get_private(f->context, inner, "secret", &got));
  assert_int_equal(got.type, IST_UNDEFINED);
  assert_ok(ist_object_get_private(f->context, object, "other", &got));
  assert_int_equal(got.type, IST_UNDEFINED);
  assert_ok(ist_object_delete_private(f->context, object, "secret"));
  assert_ok(ist_object_delete_private(f->context, object, "secret"));
  assert_ok(ist_object_get_private(f->context, object, "secret", &got));
  assert_int_equal(got.type, IST_UNDEFINED);
  assert_number(0, eval(f, "traps"));
  assert_ok(ist_object_set_private(f->context, frozen, "secret", ist_int32(1)));
  assert_ok(ist_object_get_private(f->context, frozen, "secret", &got));
  assert_number(1, got);
  assert_said(f, frozen, "Reflect.ownKeys(it).length === 0");
  /* Not on the prototype chain. */
  assert_ok(
      ist_object_get_private(f->context, ask(f, frozen, "Object.create(it)"), "secret", &got));
  assert_int_equal(got.type, IST_UNDEFINED);
  /* A name longer than what is at hand. */
  char name[1000];
  memset(name, 'n', sizeof name);
  name[sizeof name - 1] = '\0';
  assert_ok(ist_object_set_private(f->context, frozen, name, ist_int32(2)));
  assert_ok(ist_object_get_private(f->context, frozen, name, &got));
  assert_number(2, got);
  /* A name of ours is another one. */
  ist_value promise;
  assert_ok(ist_promise_new(f->context, &promise));
  assert_ok(ist_object_get_private(f->context, promise, "isthmus:resolver", &got));
  assert_int_equal(got.type, IST_UNDEFINED);

  assert_status(IST_ERR_TYPE, ist_object_get_private(f->context, ist_int32(1), "x", &got));
  assert_status(IST_ERR_TYPE, ist_object_set_private(f->context, text(f, "x"), "x", got));
  assert_status(IST_ERR_TYPE, ist_object_delete_private(f->context, ist_null(), "x"));
  assert_status(IST_ERR_HANDLE, ist_object_set_private(f->context, object, "x", stale(f)));
  assert_status(IST_ERR_HANDLE, ist_object_get_private(f->context, stale(f), "x", &got));
  assert_status(IST_ERR_ARGUMENT, ist_object_get_private(f->context, object, NULL, &got));
  assert_status(IST_ERR_ARGUMENT, ist_object_get_private(f->context, object, "x", NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_set_private(NULL, object, "x", got));
}

static void prototypes(void **state) {
  fixture *f = *state;
  ist_value object, other = eval(f, "({ other: 1 })"), got;
  ist_error *error;
  bool same;
  object = eval(f, "({})");
  assert_ok(ist_object_prototype(f->context, object, &got, NULL));
  assert_said(f, got, "it === Object.prototype");
  assert_ok(ist_object_set_prototype(f->context, object, other, NULL));
  assert_ok(ist_object_prototype(f->context, object, &got, NULL));
  assert_ok(ist_value_same(f->isolate, got, other, &same));
  assert_true(same);
  assert_ok(ist_object_set_prototype(f->context, object, ist_null(), NULL));
  assert_ok(ist_object_prototype(f->context, object, &got, NULL));
  assert_int_equal(got.type, IST_NULL);
  /* A circle, and an object that may not change. */
  assert_ok(ist_object_set_prototype(f->context, object, other, NULL));
  assert_status(IST_ERR_STATE, ist_object_set_prototype(f->context, other, object, &error));
  assert_int_equal(error->status, IST_ERR_STATE);
  ist_error_free(error);
  assert_status(IST_ERR_STATE,
                ist_object_set_prototype(f->context, eval(f, "Object.freeze({})"), other, NULL));
  assert_status(IST_ERR_TYPE, ist_object_set_prototype(f->context, object, ist_undefined(), NULL));
  assert_status(IST_ERR_TYPE, ist_object_set_prototype(f->context, object, ist_int32(1), NULL));
  assert_status(IST_ERR_TYPE, ist_object_set_prototype(f->context, ist_int32(1), object, NULL));
  assert_status(IST_ERR_TYPE, ist_object_prototype(f->context, text(f, "x"), &got, NULL));
  /* Proxies answer for themselves, whatever a program has done to Reflect. */
  object = eval(f, "Reflect.getPrototypeOf = Reflect.setPrototypeOf = () => { throw 1 };"
                   "new Proxy({}, { getPrototypeOf() { return Array.prototype } })");
  assert_ok(ist_object_prototype(f->context, object, &got, NULL));
  assert_said(f, got, "it === Array.prototype");
  assert_ok(ist_object_set_prototype(f->context, eval(f, "({})"), other, NULL));
}

static void freezing_hashing_naming(void **state) {
  fixture *f = *state;
  ist_value object = eval(f, "({ a: 1 })"), got;
  ist_error *error;
  int32_t first, second;
  assert_ok(ist_object_freeze(f->context, object, NULL));
  assert_said(f, object, "Object.isFrozen(it)");
  assert_status(IST_ERR_EXCEPTION,
                ist_object_freeze(f->context, eval(f, "new Uint8Array(2)"), &error));
  assert_string_equal(error->name, "TypeError");
  ist_error_free(error);
  assert_status(IST_ERR_TYPE, ist_object_freeze(f->context, ist_int32(1), NULL));

  assert_ok(ist_object_hash(f->isolate, object, &first));
  assert_ok(ist_object_hash(f->isolate, object, &second));
  assert_int_equal(first, second);
  assert_int_not_equal(first, 0);
  int differing = 0;
  for (int i = 0; i < 100; i++) {
    assert_ok(ist_object_hash(f->isolate, eval(f, "new Proxy({}, {})"), &second));
    differing += first != second;
  }
  assert_true(differing > 90);
  assert_status(IST_ERR_TYPE, ist_object_hash(f->isolate, text(f, "x"), &first));
  assert_status(IST_ERR_ARGUMENT, ist_object_hash(f->isolate, object, NULL));

  assert_ok(ist_object_constructor_name(f->isolate, eval(f, "new (class Named {})"), &got));
  assert_text(f, "Named", got);
  assert_ok(ist_object_constructor_name(f->isolate, eval(f, "({})"), &got));
  assert_text(f, "Object", got);
  assert_ok(ist_object_constructor_name(f->isolate, eval(f, "[]"), &got));
  assert_text(f, "Array", got);
  assert_ok(ist_object_constructor_name(f->isolate, eval(f, "Object.create(null)"), &got));
  assert_text(f, "Object", got);
  eval(f, "globalThis.ran = 0");
  assert_ok(ist_object_constructor_name(
      f->isolate,
      eval(f, "({ get constructor() { ran++ }, get [Symbol.toStringTag]() { ran++ } })"), &got));
  assert_ok(ist_object_constructor_name(
      f->isolate, eval(f, "new Proxy({}, new Proxy({}, { get() { ran++ } }))"), &got));
  assert_int_equal(got.type, IST_STRING);
  assert_number(0, eval(f, "ran"));
  assert_status(IST_ERR_TYPE, ist_object_constructor_name(f->isolate, ist_int32(1), &got));
}

static void bad_inputs(void **state) {
  fixture *f = *state, other = {0};
  ist_value object = eval(f, "({})"), key = text(f, "x"), got, foreign;
  ist_error *error;
  bool is;
  assert_ok(ist_isolate_new(NULL, &other.isolate));
  assert_ok(ist_context_new(other.isolate, NULL, &other.context));
  foreign = eval(&other, "({})");
  ist_value bad[] = {foreign, stale(f)};
  for (int i = 0; i < 2; i++) {
    assert_status(IST_ERR_HANDLE, ist_object_get(f->context, bad[i], "x", &got, &error));
    assert_int_equal(error->status, IST_ERR_HANDLE);
    ist_error_free(error);
    assert_status(IST_ERR_HANDLE, ist_object_set(f->context, object, "x", bad[i], NULL));
    assert_status(IST_ERR_HANDLE, ist_object_has(f->context, bad[i], "x", &is, NULL));
    assert_status(IST_ERR_HANDLE, ist_object_delete(f->context, bad[i], "x", &is, NULL));
    assert_status(IST_ERR_HANDLE, ist_object_get_key(f->context, object, bad[i], &got, NULL));
    assert_status(IST_ERR_HANDLE, ist_object_set_key(f->context, object, key, bad[i], NULL));
    assert_status(IST_ERR_HANDLE, ist_object_has_own(f->context, object, bad[i], &is, NULL));
    assert_status(IST_ERR_HANDLE, ist_object_get_index(f->context, bad[i], 0, &got, NULL));
    assert_status(IST_ERR_HANDLE, ist_object_set_index(f->context, object, 0, bad[i], NULL));
    assert_status(IST_ERR_HANDLE, ist_object_define(f->context, object, "x", bad[i], 0, NULL));
    assert_status(IST_ERR_HANDLE, ist_object_keys(f->context, bad[i], 0, &got, NULL));
    assert_status(IST_ERR_HANDLE, ist_object_prototype(f->context, bad[i], &got, NULL));
    assert_status(IST_ERR_HANDLE, ist_object_set_prototype(f->context, object, bad[i], NULL));
    assert_status(IST_ERR_HANDLE, ist_object_freeze(f->context, bad[i], NULL));
    assert_status(IST_ERR_HANDLE, ist_object_hash(f->isolate, bad[i], &(int32_t){0}));
    assert_status(IST_ERR_HANDLE, ist_object_constructor_name(f->isolate, bad[i], &got));
  }
  assert_status(IST_ERR_ARGUMENT, ist_object_new(NULL, &got));
  assert_status(IST_ERR_ARGUMENT, ist_object_new(f->context, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_get(NULL, object, "x", &got, &error));
  ist_error_free(error);
  assert_status(IST_ERR_ARGUMENT, ist_object_get(f->context, object, NULL, &got, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_get(f->context, object, "x", NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_set(f->context, object, NULL, got, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_has(f->context, object, "x", NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_get_key(f->context, object, key, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_has_own(f->context, object, key, NULL, NULL));
  assert_status(IST_ERR_TYPE, ist_object_get(f->context, text(f, "x"), "length", &got, NULL));
  assert_status(IST_ERR_TYPE, ist_object_set(f->context, ist_undefined(), "x", object, NULL));
  assert_ok(ist_context_free(other.context));
  assert_status(IST_ERR_HANDLE, ist_object_get(other.context, foreign, "x", &got, NULL));
  assert_ok(ist_isolate_free(other.isolate));
}

static void use_an_object(fixture *f, int round) {
  char name[16];
  ist_value object, got;
  ist_property property = {.size = sizeof property};
  snprintf(name, sizeof name, "k%d", round % 100);
  assert_ok(ist_object_new(f->context, &object));
  assert_ok(ist_object_set(f->context, object, name, object, NULL));
  assert_ok(ist_object_get(f->context, object, name, &got, NULL));
  assert_ok(ist_object_set_private(f->context, object, name, object));
  assert_ok(ist_object_get_private(f->context, object, name, &got));
  assert_ok(ist_object_property(f->context, object, text(f, name), &property, NULL));
  assert_ok(ist_object_keys(f->context, object, 0, &got, NULL));
  assert_ok(ist_object_prototype(f->context, object, &got, NULL));
  assert_status(IST_ERR_TYPE, ist_object_get_key(f->context, object, object, &got, NULL));
}

static void memory_stays_flat(void **state) {
  assert_flat(*state, 30000, 2 << 20, use_an_object);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(by_name),
      TEST(by_key),
      TEST(by_index),
      TEST(what_user_code_throws_comes_out),
      TEST(what_a_definition_throws_does_not_stay),
      TEST(termination_comes_out),
      TEST(descriptors),
      TEST(keys),
      TEST(private_properties),
      TEST(prototypes),
      TEST(freezing_hashing_naming),
      TEST(bad_inputs),
      TEST(memory_stays_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
