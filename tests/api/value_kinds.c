/* What values are, whether they are the same, JavaScript's own conversions, and JSON. */
#include "value_test.h"

#include <math.h>

static void classes(void **state) {
  fixture *f = *state;
  static const struct {
    const char *source;
    ist_class expected;
  } cases[] = {
      {"1", IST_CLASS_NONE},
      {"undefined", IST_CLASS_NONE},
      {"'x'", IST_CLASS_NONE},
      {"Symbol()", IST_CLASS_NONE},
      {"1n", IST_CLASS_NONE},
      {"({})", IST_CLASS_OBJECT},
      {"new (class A {})", IST_CLASS_OBJECT},
      {"globalThis", IST_CLASS_OBJECT},
      {"() => {}", IST_CLASS_FUNCTION},
      {"class A {}; A", IST_CLASS_FUNCTION},
      {"[]", IST_CLASS_ARRAY},
      {"(function () { return arguments })(1)", IST_CLASS_ARGUMENTS},
      {"Object(1)", IST_CLASS_BOXED},
      {"Object('x')", IST_CLASS_BOXED},
      {"Object(true)", IST_CLASS_BOXED},
      {"Object(1n)", IST_CLASS_BOXED},
      {"Object(Symbol())", IST_CLASS_BOXED},
      {"new Date", IST_CLASS_DATE},
      {"/x/", IST_CLASS_REGEXP},
      {"new TypeError", IST_CLASS_ERROR},
      {"new Map", IST_CLASS_MAP},
      {"new Set", IST_CLASS_SET},
      {"new WeakMap", IST_CLASS_WEAK_MAP},
      {"new WeakSet", IST_CLASS_WEAK_SET},
      {"Promise.resolve()", IST_CLASS_PROMISE},
      {"new Proxy({}, {})", IST_CLASS_PROXY},
      {"new Proxy(() => {}, {})", IST_CLASS_PROXY},
      {"(function* () {})()", IST_CLASS_GENERATOR},
      {"new Map().entries()", IST_CLASS_ITERATOR},
      {"new Set().values()", IST_CLASS_ITERATOR},
      {"new ArrayBuffer(1)", IST_CLASS_ARRAY_BUFFER},
      {"new SharedArrayBuffer(1)", IST_CLASS_SHARED_ARRAY_BUFFER},
      {"new Int8Array(1)", IST_CLASS_INT8_ARRAY},
      {"new Uint8Array(1)", IST_CLASS_UINT8_ARRAY},
      {"new Uint8ClampedArray(1)", IST_CLASS_UINT8_CLAMPED_ARRAY},
      {"new Int16Array(1)", IST_CLASS_INT16_ARRAY},
      {"new Uint16Array(1)", IST_CLASS_UINT16_ARRAY},
      {"new Int32Array(1)", IST_CLASS_INT32_ARRAY},
      {"new Uint32Array(1)", IST_CLASS_UINT32_ARRAY},
      {"new Float32Array(1)", IST_CLASS_FLOAT32_ARRAY},
      {"new Float64Array(1)", IST_CLASS_FLOAT64_ARRAY},
      {"new BigInt64Array(1)", IST_CLASS_BIGINT64_ARRAY},
      {"new BigUint64Array(1)", IST_CLASS_BIGUINT64_ARRAY},
      {"new DataView(new ArrayBuffer(1))", IST_CLASS_DATA_VIEW},
      {"new WebAssembly.Memory({ initial: 1 })", IST_CLASS_WASM},
      {"new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))", IST_CLASS_WASM},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ist_class got;
    assert_ok(ist_value_class(f->isolate, eval(f, cases[i].source), &got));
    if (got != cases[i].expected) fail_msg("%s is a %d", cases[i].source, (int)got);
  }
  ist_class got;
  /* What a program says of itself does not matter. */
  assert_ok(ist_value_class(
      f->isolate, eval(f, "({ __proto__: Date.prototype, [Symbol.toStringTag]: 'Map' })"), &got));
  assert_int_equal(got, IST_CLASS_OBJECT);
  assert_status(IST_ERR_HANDLE, ist_value_class(f->isolate, stale(f), &got));
  assert_status(IST_ERR_ARGUMENT, ist_value_class(f->isolate, ist_null(), NULL));
  assert_status(IST_ERR_ARGUMENT, ist_value_class(NULL, ist_null(), &got));
}

static void traits(void **state) {
  fixture *f = *state;
  static const struct {
    const char *source;
    uint32_t expected;
  } cases[] = {
      {"1", 0},
      {"'x'", 0},
      {"({})", 0},
      {"() => {}", 0},
      {"async () => {}", IST_TRAIT_ASYNC},
      {"(function* () {})", IST_TRAIT_GENERATOR},
      {"(async function* () {})", IST_TRAIT_ASYNC | IST_TRAIT_GENERATOR},
      {"new Proxy(async () => {}, {})", 0},
      {"Object(true)", IST_TRAIT_BOOLEAN},
      {"Object(1)", IST_TRAIT_NUMBER},
      {"new (class extends String {})", IST_TRAIT_STRING},
      {"Object(Symbol())", IST_TRAIT_SYMBOL},
      {"Object(1n)", IST_TRAIT_BIGINT},
      {"new Map().keys()", IST_TRAIT_MAP},
      {"new Set().entries()", IST_TRAIT_SET},
      {"new WebAssembly.Memory({ initial: 1 })", 0},
      {"new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))", IST_TRAIT_MODULE},
      {"({ __proto__: Number.prototype, [Symbol.toStringTag]: 'Number' })", 0},
  };
  uint32_t got;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_ok(ist_value_traits(f->isolate, eval(f, cases[i].source), &got));
    if (got != cases[i].expected) fail_msg("%s has %u", cases[i].source, got);
  }
  assert_status(IST_ERR_HANDLE, ist_value_traits(f->isolate, stale(f), &got));
  assert_status(IST_ERR_ARGUMENT, ist_value_traits(f->isolate, ist_null(), NULL));
  assert_status(IST_ERR_ARGUMENT, ist_value_traits(NULL, ist_null(), &got));
}

static void equality(void **state) {
  fixture *f = *state;
  ist_value object = eval(f, "globalThis.o = {}; o");
  const struct {
    ist_value left, right;
    bool strict, same;
  } cases[] = {
      {ist_int32(1), ist_double(1), true, true},
      {ist_double(NAN), ist_double(NAN), false, true},
      {ist_double(-0.0), ist_int32(0), true, false},
      {text(f, "ab"), eval(f, "'a' + 'b'"), true, true},
      {eval(f, "10n ** 30n"), eval(f, "10n ** 30n"), true, true},
      {object, eval(f, "o"), true, true},
      {object, eval(f, "({})"), false, false},
      {ist_null(), ist_undefined(), false, false},
      {ist_bool(true), ist_int32(1), false, false},
      {text(f, "1"), ist_int32(1), false, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bool strict, same;
    assert_ok(ist_value_strict_equals(f->isolate, cases[i].left, cases[i].right, &strict));
    assert_ok(ist_value_same(f->isolate, cases[i].left, cases[i].right, &same));
    if (strict != cases[i].strict || same != cases[i].same) fail_msg("pair %zu", i);
  }
  bool is;
  assert_status(IST_ERR_HANDLE, ist_value_same(f->isolate, object, stale(f), &is));
  assert_status(IST_ERR_HANDLE, ist_value_strict_equals(f->isolate, stale(f), object, &is));
  assert_status(IST_ERR_ARGUMENT, ist_value_same(f->isolate, object, object, NULL));
}

static void conversions(void **state) {
  fixture *f = *state;
  ist_value got;
  ist_error *error;
  double number;
  bool truth;
  static const char *const truths[] = {"1", "'0'", "({})", "[]", "1n", "Symbol()", "Infinity"};
  static const char *const falsehoods[] = {"0", "''", "null", "undefined", "NaN", "0n", "-0"};
  for (int i = 0; i < 7; i++) {
    assert_ok(ist_value_to_bool(f->isolate, eval(f, truths[i]), &truth));
    assert_true(truth);
    assert_ok(ist_value_to_bool(f->isolate, eval(f, falsehoods[i]), &truth));
    assert_false(truth);
  }
  assert_ok(ist_value_to_number(f->context, text(f, " 0x10 "), &number, NULL));
  assert_true(number == 16);
  assert_ok(ist_value_to_number(f->context, eval(f, "({ valueOf: () => 7 })"), &number, NULL));
  assert_true(number == 7);
  assert_ok(ist_value_to_number(f->context, ist_undefined(), &number, NULL));
  assert_true(isnan(number));
  assert_status(IST_ERR_EXCEPTION, ist_value_to_number(f->context, eval(f, "1n"), &number, &error));
  assert_string_equal(error->name, "TypeError");
  ist_error_free(error);
  assert_ok(ist_value_to_string(f->context, ist_double(-0.5), &got, NULL));
  assert_text(f, "-0.5", got);
  assert_ok(ist_value_to_string(f->context, eval(f, "[1, [2, 3]]"), &got, NULL));
  assert_text(f, "1,2,3", got);
  assert_status(IST_ERR_EXCEPTION,
                ist_value_to_string(f->context, eval(f, "Symbol()"), &got, &error));
  ist_error_free(error);
  assert_status(
      IST_ERR_EXCEPTION,
      ist_value_to_string(f->context, eval(f, "({ toString() { throw 'x' } })"), &got, NULL));
  assert_ok(ist_value_to_object(f->context, text(f, "abc"), &got, NULL));
  assert_said(f, got, "typeof it === 'object' && it.length === 3");
  assert_status(IST_ERR_EXCEPTION, ist_value_to_object(f->context, ist_null(), &got, NULL));
  give_stop(f);
  assert_status(IST_ERR_TERMINATED,
                ist_value_to_string(f->context, eval(f, "({ toString: stop })"), &got, NULL));
  assert_status(IST_ERR_TERMINATED,
                ist_value_to_number(f->context, eval(f, "({ valueOf: stop })"), &number, NULL));

  assert_status(IST_ERR_HANDLE, ist_value_to_string(f->context, stale(f), &got, NULL));
  assert_status(IST_ERR_HANDLE, ist_value_to_bool(f->isolate, stale(f), &truth));
  assert_status(IST_ERR_ARGUMENT, ist_value_to_bool(f->isolate, got, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_value_to_number(f->context, got, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_value_to_string(NULL, got, &got, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_value_to_object(f->context, got, NULL, &error));
  assert_int_equal(error->status, IST_ERR_ARGUMENT);
  ist_error_free(error);
}

static void instances(void **state) {
  fixture *f = *state;
  bool is;
  ist_error *error;
  assert_ok(ist_value_instance_of(f->context, eval(f, "[]"), eval(f, "Array"), &is, NULL));
  assert_true(is);
  assert_ok(ist_value_instance_of(f->context, ist_int32(1), eval(f, "Number"), &is, NULL));
  assert_false(is);
  assert_ok(ist_value_instance_of(
      f->context, ist_int32(1), eval(f, "({ [Symbol.hasInstance]: (x) => x === 1 })"), &is, NULL));
  assert_true(is);
  assert_status(IST_ERR_TYPE,
                ist_value_instance_of(f->context, ist_int32(1), ist_int32(1), &is, NULL));
  assert_status(IST_ERR_EXCEPTION,
                ist_value_instance_of(f->context, ist_int32(1), eval(f, "({})"), &is, &error));
  assert_string_equal(error->name, "TypeError");
  ist_error_free(error);
  give_stop(f);
  assert_status(IST_ERR_TERMINATED,
                ist_value_instance_of(f->context, ist_int32(1),
                                      eval(f, "({ [Symbol.hasInstance]: stop })"), &is, NULL));
  assert_status(IST_ERR_HANDLE,
                ist_value_instance_of(f->context, stale(f), eval(f, "Array"), &is, NULL));
}

static void json(void **state) {
  fixture *f = *state;
  ist_value got;
  ist_error *error;
  assert_ok(ist_json_write(f->context, eval(f, "({ a: [1, 'x\\u20ac', null], b: undefined })"),
                           &got, NULL));
  assert_text(f, "{\"a\":[1,\"x\xe2\x82\xac\",null]}", got);
  assert_ok(ist_json_write(f->context, ist_undefined(), &got, NULL));
  assert_int_equal(got.type, IST_UNDEFINED);
  assert_ok(ist_json_write(f->context, eval(f, "() => {}"), &got, NULL));
  assert_int_equal(got.type, IST_UNDEFINED);
  assert_ok(ist_json_write(f->context, text(f, "undefined"), &got, NULL));
  assert_text(f, "\"undefined\"", got);
  assert_status(IST_ERR_EXCEPTION,
                ist_json_write(f->context, eval(f, "const c = {}; c.c = c; c"), &got, &error));
  assert_string_equal(error->name, "TypeError");
  ist_error_free(error);

  assert_ok(ist_json_read(f->context, "{\"a\":[1,{\"__proto__\":2}]}", 25, &got, NULL));
  assert_said(f, got, "it.a[0] === 1 && Object.keys(it.a[1])[0] === '__proto__'");
  static const char *const bad[] = {"", "{", "[1,]", "undefined", "{a:1}", "1 2", "\"\n\""};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_status(IST_ERR_SYNTAX, ist_json_read(f->context, bad[i], strlen(bad[i]), &got, &error));
    assert_string_equal(error->name, "SyntaxError");
    ist_error_free(error);
  }
  give_stop(f);
  assert_status(IST_ERR_TERMINATED,
                ist_json_write(f->context, eval(f, "({ toJSON: stop })"), &got, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_json_read(f->context, NULL, 1, &got, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_json_read(f->context, "1", 1, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_json_write(NULL, got, &got, NULL));
  assert_status(IST_ERR_HANDLE, ist_json_write(f->context, stale(f), &got, NULL));

  /* Nesting that no stack holds is an error on the way out, and none on the way in. */
  size_t depth = 200000;
  char *deep = malloc(depth * 2);
  memset(deep, '[', depth);
  memset(deep + depth, ']', depth);
  assert_ok(ist_json_read(f->context, deep, depth * 2, &got, NULL));
  assert_status(IST_ERR_EXCEPTION, ist_json_write(f->context, got, &got, &error));
  assert_string_equal(error->name, "RangeError");
  ist_error_free(error);
  free(deep);
}

/* What is rejected while a conversion runs is told when it has ended, where microtasks run by
 * themselves. */
static void on_uncaught(void *env, ist_context *context, const ist_error *error,
                        ist_value promise) {
  (void)context;
  (void)error;
  (void)promise;
  ++*(int *)env;
}

static void rejections_of_getters_are_told(void **state) {
  (void)state;
  fixture f = {0};
  int count = 0;
  ist_isolate_options options = {.size = sizeof options};
  options.microtasks = IST_MICROTASKS_AUTO;
  assert_ok(ist_isolate_new(&options, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  assert_ok(ist_isolate_set_uncaught(f.isolate, on_uncaught, &count, NULL));
  ist_value got, object = eval(&f, "({ get x() { Promise.reject(1) }, toString() {"
                                   " Promise.reject(2); return '' } })");
  assert_ok(ist_object_get(f.context, object, "x", &got, NULL));
  assert_int_equal(count, 1);
  assert_ok(ist_value_to_string(f.context, object, &got, NULL));
  assert_int_equal(count, 2);
  assert_ok(ist_isolate_free(f.isolate));
}

static void convert(fixture *f, int round) {
  ist_value got, back;
  double number;
  assert_ok(ist_value_to_string(f->context, ist_int32(round), &got, NULL));
  assert_ok(ist_value_to_object(f->context, got, &got, NULL));
  assert_ok(ist_json_read(f->context, "[{\"a\":1}]", 9, &back, NULL));
  assert_ok(ist_json_write(f->context, back, &got, NULL));
  assert_status(IST_ERR_SYNTAX, ist_json_read(f->context, "[", 1, &back, NULL));
  assert_status(IST_ERR_EXCEPTION, ist_value_to_number(f->context, eval(f, "1n"), &number, NULL));
}

static void memory_stays_flat(void **state) {
  assert_flat(*state, 10000, 2 << 20, convert);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(classes),
      TEST(traits),
      TEST(equality),
      TEST(conversions),
      TEST(instances),
      TEST(json),
      cmocka_unit_test(rejections_of_getters_are_told),
      TEST(memory_stays_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
