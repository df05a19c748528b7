/* Values that travel beside the CBOR, in a table: what goes into it, in which order, and how bytes
 * and a table become a tree again. */
#include "api_test.h"

#include <stdio.h>

/* What the last write gave. */
typedef struct written {
  uint8_t *bytes;
  size_t length;
  ist_cbor_table table;
} written;

static ist_status write_with(fixture *f, ist_value value, ist_cbor_options options, written *to,
                             ist_error **error) {
  /* What was in the record before is not looked at. */
  *to = (written){.table = {.size = sizeof to->table, .values = (ist_value *)8, .count = 77}};
  options.size = sizeof options;
  options.table = &to->table;
  return ist_cbor_write(f->context, value, &options, &to->bytes, &to->length, error);
}

static written write_it(fixture *f, const char *source, ist_cbor_options options) {
  written made;
  ist_error *error;
  if (write_with(f, eval(f, source), options, &made, &error))
    fail_msg("%s: %s", source, error->message);
  return made;
}

static void drop(written *w) {
  ist_free(w->bytes);
  ist_free(w->table.values);
}

static ist_status read_with(fixture *f, const uint8_t *bytes, size_t length, ist_value *values,
                            size_t count, ist_value *result, ist_error **error) {
  ist_cbor_table table = {.size = sizeof table, .values = values, .count = count};
  ist_cbor_options options = {.size = sizeof options, .table = &table};
  /* Exactly as long as it is, so that a sanitizer sees what is read beyond. */
  uint8_t *exact = malloc(length ? length : 1);
  memcpy(exact, bytes, length);
  ist_status status = ist_cbor_read(f->context, exact, length, &options, result, error);
  free(exact);
  return status;
}

static void set_global(fixture *f, const char *name, ist_value value) {
  ist_value global;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, name, value, NULL));
}

static void assert_true_of(fixture *f, const char *source) {
  ist_value result = eval(f, source);
  if (result.type != IST_BOOL || !result.as.boolean) fail_msg("not %s", source);
}

static void assert_hex(const written *w, const char *hex) {
  char made[400];
  assert_true(2 * w->length < sizeof made);
  for (size_t i = 0; i < w->length; i++) snprintf(made + 2 * i, 3, "%02x", w->bytes[i]);
  assert_string_equal(made, hex);
}

/* Writes, puts the table into the global `t`, reads into `v`; `s` is what was written. */
static void there_and_back(fixture *f, const char *source, ist_cbor_options options,
                           const char *check) {
  uint32_t scope;
  assert_ok(ist_scope_open(f->isolate, &scope));
  set_global(f, "s", eval(f, source));
  written w = write_it(f, "s", options);
  ist_value array, result;
  ist_error *error;
  assert_ok(ist_array_new_from(f->context, w.table.values, w.table.count, &array));
  set_global(f, "t", array);
  if (read_with(f, w.bytes, w.length, w.table.values, w.table.count, &result, &error))
    fail_msg("%s: %s", source, error->message);
  set_global(f, "v", result);
  drop(&w);
  ist_value is = eval(f, check);
  if (is.type != IST_BOOL || !is.as.boolean) fail_msg("%s: not %s", source, check);
  assert_ok(ist_scope_close(f->isolate, scope));
}

static const ist_cbor_options none = {0};

static void what_has_no_form(void **state) {
  fixture *f = *state;
  static const char *const sources[] = {
      "() => 1",
      "class {}",
      "Symbol('s')",
      "Symbol.iterator",
      "Object(Symbol())",
      "Promise.resolve(1)",
      "new WeakMap",
      "new WeakSet",
      "new Map([[1, 2]]).entries()",
      "[].values().constructor",
      "(function* () {})()",
      "new SharedArrayBuffer(8)",
      "new Uint8Array(new SharedArrayBuffer(8))",
      "new WebAssembly.Memory({ initial: 1 })",
      "new Proxy(() => 1, {})",
  };
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    char source[200];
    snprintf(source, sizeof source, "globalThis.x = %s", sources[i]);
    eval(f, source);
    there_and_back(f, "x", none, "v === x && t.length === 1 && t[0] === x");
    there_and_back(f, "({ a: [1, x], b: x })", none,
                   "v.a[0] === 1 && v.a[1] === x && v.b === x && t.length === 1");
    there_and_back(f, "new Map([[x, { x }], [1, new Set([x])]])", none,
                   "v.get(x).x === x && v.get(1).has(x) && t.length === 1");
    there_and_back(f, "new Error('m', { cause: x })", none, "v.message === 'm' && v.cause === x");
  }
  eval(f, "globalThis.x = new Uint8Array(8)");
  assert_ok(ist_buffer_detach(f->isolate, eval(f, "x.buffer")));
  there_and_back(f, "[x, x.buffer]", none, "v[0] === x && v[1] === x.buffer && t.length === 2");
  /* Only what has no form. */
  written w =
      write_it(f, "[1, { a: new Date(0) }, new Proxy({ b: [] }, {}), new class { c = 1 }]", none);
  assert_null(w.table.values);
  assert_int_equal(w.table.count, 0);
  assert_hex(&w, "8401a16161c100a1616280a1616301");
  drop(&w);
}

static void indices_are_in_the_order_of_meeting(void **state) {
  fixture *f = *state;
  eval(f, "globalThis.f = () => 1; globalThis.g = Symbol(); globalThis.h = class {}");
  for (int i = 0; i < 2; i++) {
    written w = write_it(f, "[g, { x: f, y: g }, [h, f, h]]", none);
    assert_int_equal(w.table.count, 3);
    assert_hex(&w, "83d9524b00a26178d9524b016179d9524b0083d9524b02d9524b01d9524b02");
    set_global(f, "t0", w.table.values[0]);
    set_global(f, "t1", w.table.values[1]);
    set_global(f, "t2", w.table.values[2]);
    assert_true_of(f, "t0 === g && t1 === f && t2 === h");
    drop(&w);
  }
  /* As many as there are, and all of them different. */
  there_and_back(f, "Array.from({ length: 5000 }, (_, i) => i % 2 ? Symbol(i) : () => i)", none,
                 "t.length === 5000 && v.every((x, i) => x === s[i] && x === t[i])");
  /* Beside what the tree shares. */
  there_and_back(f, "(() => { const a = { f }; return [f, a, a, { a, g }, g] })()", none,
                 "t.length === 2 && v[1] === v[2] && v[3].a === v[1] && v[1].f === f && v[4] === g "
                 "&& v[3].g === g");
}

static void instances(void **state) {
  fixture *f = *state;
  const ist_cbor_options options = {.references = IST_CBOR_INSTANCES};
  eval(f, "globalThis.A = class A { constructor() { this.x = 1 } };"
          "globalThis.B = class B extends A {}; globalThis.a = new A; globalThis.b = new B;"
          "globalThis.F = function () { this.y = 2 }; globalThis.o = new F");
  there_and_back(f, "[a, { b }, a, o]", none,
                 "v[0] !== a && v[0].x === 1 && v[1].b.x === 1 && v[2] === v[0] && v[3].y === 2 && "
                 "!t.length");
  there_and_back(f, "[a, { b }, a, o]", options,
                 "v[0] === a && v[1] !== s[1] && v[1].b === b && v[2] === a && v[3] === o && "
                 "t.length === 3");
  there_and_back(f, "a", options, "v === a");
  there_and_back(f, "Object.create(a)", options, "v === s");
  there_and_back(f, "new Number(3)", options, "v === 3");
  there_and_back(f, "[new WeakRef(a), Intl]", options, "v[0] === s[0] && v[1] !== Intl");
  /* What has a form of its own keeps it. */
  there_and_back(f,
                 "[new (class extends Array {})(), new (class extends Map {})([[1, a]]),"
                 " new (class extends Error {})('m'), new (class extends Set {})(), [a],"
                 " new Uint16Array(2), new Date(5), /x/, new Proxy(a, {})]",
                 options,
                 "Array.isArray(v[0]) && v[1].get(1) === a && v[2].message === 'm' && "
                 "v[3] instanceof Set && v[4][0] === a && t.length === 1 && v[8].x === 1");
  /* Plain is what has no prototype, or an Object.prototype, of whichever context. */
  ist_context *other;
  ist_value global, foreign;
  assert_ok(ist_context_new(f->isolate, NULL, &other));
  assert_ok(ist_context_global(other, &global));
  assert_ok(ist_script_eval(other, "({ z: [{}] })", 13, "o.js", &foreign, NULL));
  set_global(f, "foreign", foreign);
  there_and_back(f, "[foreign, Object.create(null), {}, (function () { return arguments })(1)]",
                 options, "!t.length && v[0].z.length === 1 && v[3][0] === 1");
  assert_ok(ist_context_free(other));
}

static void proxies(void **state) {
  fixture *f = *state;
  const ist_cbor_options options = {.references = IST_CBOR_PROXIES};
  eval(f, "globalThis.count = 0; globalThis.p = new Proxy({ a: 1 }, { get: () => (count++, 7) });"
          "globalThis.q = new Proxy([1], {}); globalThis.r = Proxy.revocable({}, {});"
          "r.revoke()");
  there_and_back(f, "[p, q, p]", none, "v[0].a === 7 && count === 1 && v[1][0] === 1 && !t.length");
  there_and_back(f, "[p, { q }, p, r.proxy]", options,
                 "v[0] === p && v[1].q === q && v[2] === p && v[3] === r.proxy && count === 1 && "
                 "t.length === 3");
  written w;
  assert_status(IST_ERR_EXCEPTION, write_with(f, eval(f, "[() => 1, r.proxy]"), none, &w, NULL));
  assert_null(w.table.values);
  assert_int_equal(w.table.count, 0);
}

static void deeper(void **state) {
  fixture *f = *state;
  ist_cbor_options options = {.max_depth = 1, .references = IST_CBOR_DEEPER};
  eval(f, "globalThis.inner = { c: { d: 1 } }; globalThis.outer = { a: inner, n: 5, l: [inner] }");
  there_and_back(f, "outer", options,
                 "v !== outer && v.n === 5 && v.a === inner && v.l === outer.l && t.length === 2");
  options.max_depth = 2;
  there_and_back(f, "outer", options,
                 "v.a !== inner && v.a.c === inner.c && Array.isArray(v.l) && v.l[0] === v.a && "
                 "t.length === 1");
  /* What was too deep at first is copied where it is not. */
  there_and_back(f, "[[inner], inner, [inner.c, inner]]", options,
                 "v[0][0] === inner && v[1] !== inner && v[1].c === inner.c && v[2][0] === inner.c "
                 "&& v[2][1] === v[1] && t.length === 2");
  there_and_back(f, "(() => { const a = []; a[0] = [[[a]]]; return a })()", options,
                 "v[0][0] === s[0][0] && t.length === 1");
  there_and_back(f, "[[new Date(3), 'x', 1n, new Uint8Array(1)]]", options,
                 "t.length === 2 && v[0][0] === s[0][0] && v[0][1] === 'x' && v[0][3] === s[0][3]");
  /* As deep as the stack allows. */
  options.max_depth = UINT32_MAX;
  written w = write_it(f, "{ let a = []; for (let i = 0; i < 1e6; i++) a = [a]; a }", options);
  assert_int_equal(w.table.count, 1);
  assert_true(w.length > 100 && w.length < 1000000);
  drop(&w);
}

static void reading(void **state) {
  fixture *f = *state;
  static const struct {
    const char *bytes;
    size_t length;
    const char *check; /* on v, and on the table [f, 1.5, undefined, 'k', o] */
  } cases[] = {
      {"\xd9\x52\x4b\x00", 4, "v === f"},
      {"\xd9\x52\x4b\x01", 4, "v === 1.5"},
      {"\xd9\x52\x4b\x02", 4, "v === undefined"},
      {"\xd9\x52\x4b\x18\x03", 5, "v === 'k'"},
      {"\xda\x00\x00\x52\x4b\x1b\x00\x00\x00\x00\x00\x00\x00\x04", 14, "v === o"},
      {"\x82\xd9\x52\x4b\x04\xd9\x52\x4b\x04", 9, "v[0] === o && v[1] === o"},
      /* As keys: a string is one, anything else makes a Map. */
      {"\xa1\xd9\x52\x4b\x03\x01", 6, "v.k === 1"},
      {"\xa1\xd9\x52\x4b\x00\x01", 6, "v instanceof Map && v.get(f) === 1"},
      {"\xd9\x01\x03\xa1\xd9\x52\x4b\x04\x01", 9, "v instanceof Map && v.get(o) === 1"},
      {"\xd9\x01\x02\x81\xd9\x52\x4b\x00", 8, "v instanceof Set && v.has(f)"},
      /* What refers to it, and a hole beside it. */
      {"\x82\xd8\x1c\xd9\x52\x4b\x04\xd8\x1d\x00", 10, "v[0] === o && v[1] === o"},
      {"\x82\xd8\x1f\xf7\xd9\x52\x4b\x00", 8, "!(0 in v) && v[1] === f"},
      /* No setter of the program's sees it. */
      {"\xa1\x69__proto__\xd9\x52\x4b\x04", 15, "Object.hasOwn(v, '__proto__')"},
  };
  eval(f, "globalThis.f = () => 1; globalThis.o = { get x() { throw 1 } }");
  ist_value values[] = {eval(f, "f"), ist_double(1.5), ist_undefined(), text(f, "k"), eval(f, "o")};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ist_value result;
    ist_error *error;
    if (read_with(f, (const uint8_t *)cases[i].bytes, cases[i].length, values, 5, &result, &error))
      fail_msg("%s: %s", cases[i].check, error->message);
    set_global(f, "v", result);
    assert_true_of(f, cases[i].check);
  }
}

static void bad_input(void **state) {
  fixture *f = *state;
  ist_value values[] = {ist_int32(1), eval(f, "() => 1")}, result = ist_int32(77);
  static const struct {
    const char *bytes;
    size_t length;
    size_t count;
    const char *message;
  } cases[] = {
      {"\xd9\x52\x4b\x02", 4, 2, "at byte 0: an index outside of the table"},
      {"\x81\xd9\x52\x4b\x00", 5, 0, "at byte 1: an index outside of the table"},
      {"\xd9\x52\x4b\x20", 4, 2, "at byte 0: an index outside of the table"},
      {"\xd9\x52\x4b\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 12, 2,
       "at byte 0: an index outside of the table"},
      {"\xd9\x52\x4b\xf9\x00\x00", 6, 2, "at byte 0: an index outside of the table"},
      {"\xd9\x52\x4b\x61\x30", 5, 2, "at byte 0: an index outside of the table"},
      {"\xd9\x52\x4b\xd9\x52\x4b\x00", 7, 2, "at byte 0: an index outside of the table"},
      {"\xd9\x52\x4b\xc2\x40", 5, 2, "at byte 0: an index outside of the table"},
      {"\xd9\x52\x4b", 3, 2, "at byte 3: the bytes end early"},
      {"\xd9\x52\x4b\x18", 4, 2, "at byte 3: the bytes end early"},
      {"\xd9\x52\x4b\x00\x00", 5, 2, "at byte 4: there are bytes behind the item"},
      {"\xd8\x1c\xd9\x52\x4b\x05", 6, 2, "at byte 2: an index outside of the table"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ist_error *error = NULL;
    ist_status status = read_with(f, (const uint8_t *)cases[i].bytes, cases[i].length, values,
                                  cases[i].count, &result, &error);
    if (status != IST_ERR_FORMAT || strcmp(error->message, cases[i].message))
      fail_msg("%zu: %s: %s", i, ist_status_name(status), error ? error->message : "");
    assert_int_equal(result.as.int32, 77);
    ist_error_free(error);
  }
  ist_error *error;
  assert_status(IST_ERR_FORMAT, ist_cbor_read(f->context, (const uint8_t *)"\xd9\x52\x4b\x00", 4,
                                              NULL, &result, &error));
  assert_string_equal(error->message, "at byte 0: there is no table of values");
  ist_error_free(error);
  /* A handle that is none is told where it is used. */
  values[0] = text(f, "x");
  assert_ok(ist_value_free(f->isolate, values[0]));
  assert_ok(read_with(f, (const uint8_t *)"\xd9\x52\x4b\x01", 4, values, 2, &result, NULL));
  assert_status(IST_ERR_HANDLE, read_with(f, (const uint8_t *)"\x81\xd9\x52\x4b\x00", 5, values, 2,
                                          &result, &error));
  assert_string_equal(error->message, "at byte 1: the value in the table is none");
  ist_error_free(error);
}

static void bad_options(void **state) {
  fixture *f = *state;
  uint8_t *bytes;
  size_t length;
  ist_value result;
  ist_cbor_table table = {.size = sizeof table};
  ist_cbor_options options = {.size = sizeof options, .table = &table, .references = 8};
  const uint8_t *one = (const uint8_t *)"\x01";
  assert_status(IST_ERR_ARGUMENT,
                ist_cbor_write(f->context, ist_int32(1), &options, &bytes, &length, NULL));
  options.references = IST_CBOR_DEEPER;
  options.table = NULL;
  assert_status(IST_ERR_ARGUMENT,
                ist_cbor_write(f->context, ist_int32(1), &options, &bytes, &length, NULL));
  options.table = &table;
  table.size = sizeof table - 1;
  assert_status(IST_ERR_ARGUMENT,
                ist_cbor_write(f->context, ist_int32(1), &options, &bytes, &length, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_cbor_read(f->context, one, 1, &options, &result, NULL));
  table = (ist_cbor_table){.size = sizeof table, .count = 1};
  assert_status(IST_ERR_ARGUMENT, ist_cbor_read(f->context, one, 1, &options, &result, NULL));
  table.count = 0;
  assert_ok(ist_cbor_read(f->context, one, 1, &options, &result, NULL));
  /* Who does not know of tables says so by the size, whatever lies behind. */
  options.size = offsetof(ist_cbor_options, references);
  options.references = UINT32_MAX;
  options.table = (ist_cbor_table *)8;
  assert_status(IST_ERR_TYPE,
                ist_cbor_write(f->context, eval(f, "parseInt"), &options, &bytes, &length, NULL));
  assert_ok(ist_cbor_read(f->context, one, 1, &options, &result, NULL));
}

static void limits(void **state) {
  fixture *f = *state;
  written w;
  ist_error *error;
  ist_cbor_options options = {.max_size = 64 * 10 + 41};
  /* Each value takes 64 bytes, and what was written before the last index counts. */
  w = write_it(f, "Array.from({ length: 10 }, () => () => 1)", options);
  assert_int_equal(w.length, 41);
  drop(&w);
  eval(f, "globalThis.f = () => 1");
  w = write_it(f, "Array(150).fill(f)", options);
  assert_int_equal(w.table.count, 1);
  drop(&w);
  assert_status(IST_ERR_LIMIT, write_with(f, eval(f, "Array.from({ length: 12 }, () => () => 1)"),
                                          options, &w, &error));
  assert_string_equal(error->message, "the CBOR and its table are larger than max_size");
  assert_null(w.table.values);
  assert_int_equal(w.table.count, 0);
  ist_error_free(error);
}

/* The table's handles end with the scope, like all results. */
static void nothing_is_left(void **state) {
  fixture *f = *state;
  ist_statistics before = {.size = sizeof before}, after = {.size = sizeof after};
  eval(f, "globalThis.tree = () => ({ f: () => 1, l: [Symbol(), class {}] });"
          "globalThis.failing = () => ({ f: () => 1, get x() { throw 1 } })");
  const ist_cbor_options options = {.references = IST_CBOR_INSTANCES | IST_CBOR_DEEPER};
  for (int i = 0; i < 2000; i++) {
    if (i == 500) {
      assert_ok(ist_isolate_collect(f->isolate));
      assert_ok(ist_isolate_statistics(f->isolate, &before));
    }
    uint32_t scope;
    ist_value result;
    written w;
    assert_ok(ist_scope_open(f->isolate, &scope));
    w = write_it(f, "tree()", options);
    assert_int_equal(w.table.count, 3);
    assert_ok(read_with(f, w.bytes, w.length, w.table.values, w.table.count, &result, NULL));
    drop(&w);
    assert_status(IST_ERR_EXCEPTION, write_with(f, eval(f, "failing()"), options, &w, NULL));
    assert_ok(ist_scope_close(f->isolate, scope));
  }
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(before.handles, after.handles);
  assert_in_range(after.heap_used, 0, before.heap_used + 200000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_has_no_form), TEST(indices_are_in_the_order_of_meeting),
      TEST(instances),        TEST(proxies),
      TEST(deeper),           TEST(reading),
      TEST(bad_input),        TEST(bad_options),
      TEST(limits),           TEST(nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
