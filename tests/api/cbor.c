/* Whole trees as CBOR: every form of docs/cbor.md, both ways, and what is refused. */
#include "api_test.h"

#include <stdio.h>

static char *hex_of(const uint8_t *bytes, size_t length) {
  char *hex = malloc(2 * length + 1);
  assert_non_null(hex);
  for (size_t i = 0; i < length; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  hex[2 * length] = '\0';
  return hex;
}

static size_t bytes_of(const char *hex, uint8_t *bytes) {
  size_t length = strlen(hex) / 2;
  for (size_t i = 0; i < length; i++) {
    unsigned byte;
    assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
    bytes[i] = (uint8_t)byte;
  }
  return length;
}

static char *write_hex(fixture *f, ist_value value) {
  uint8_t *bytes;
  size_t length;
  ist_error *error;
  ist_status status = ist_cbor_write(f->context, value, NULL, &bytes, &length, &error);
  if (status) fail_msg("%s", error->message);
  assert_null(error);
  char *hex = hex_of(bytes, length);
  ist_free(bytes);
  return hex;
}

static ist_status try_read(fixture *f, const char *hex, ist_value *result, ist_error **error) {
  /* Exactly as long as it is, so that a sanitizer sees what is read beyond. */
  uint8_t *bytes = malloc(strlen(hex) / 2 + 1);
  size_t length = bytes_of(hex, bytes);
  uint8_t *exact = malloc(length ? length : 1);
  memcpy(exact, bytes, length);
  ist_status status = ist_cbor_read(f->context, exact, length, NULL, result, error);
  free(exact);
  free(bytes);
  return status;
}

static ist_value read_hex(fixture *f, const char *hex) {
  ist_value result = ist_undefined();
  ist_error *error;
  if (try_read(f, hex, &result, &error)) fail_msg("%s: %s", hex, error->message);
  return result;
}

static void set_global(fixture *f, const char *name, ist_value value) {
  ist_value global;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_object_set(f->context, global, name, value, NULL));
}

/* An expression on `v`, the value that was read. */
static void assert_read(fixture *f, const char *hex, const char *check) {
  set_global(f, "v", read_hex(f, hex));
  ist_value result = eval(f, check);
  if (result.type != IST_BOOL || !result.as.boolean) fail_msg("%s: not %s", hex, check);
}

typedef struct form {
  const char *source, *hex;
  const char *check; /* on `v`, what was read back; `s` is what was written; NULL: Object.is */
} form;

static const form forms[] = {
    {"undefined", "f7", NULL},
    {"null", "f6", NULL},
    {"true", "f5", NULL},
    {"false", "f4", NULL},
    {"0", "00", NULL},
    {"23", "17", NULL},
    {"24", "1818", NULL},
    {"-1", "20", NULL},
    {"-500", "3901f3", NULL},
    {"1000000", "1a000f4240", NULL},
    {"4294967296", "1b0000000100000000", NULL},
    {"Number.MAX_SAFE_INTEGER", "1b001fffffffffffff", NULL},
    {"Number.MIN_SAFE_INTEGER", "3b001ffffffffffffe", NULL},
    {"2 ** 53", "fa5a000000", NULL},
    {"-0", "f98000", NULL},
    {"NaN", "f97e00", NULL},
    {"Infinity", "f97c00", NULL},
    {"-Infinity", "f9fc00", NULL},
    {"1.5", "f93e00", NULL},
    {"5.960464477539063e-8", "f90001", NULL},
    {"0.00006097555160522461", "f903ff", NULL},
    {"2 ** -25", "fa33000000", NULL},
    {"100000.5", "fa47c35040", NULL},
    {"3.4028234663852886e+38", "fa7f7fffff", NULL},
    {"1.401298464324817e-45", "fa00000001", NULL},
    {"1.1", "fb3ff199999999999a", NULL},
    {"1e300", "fb7e37e43c8800759c", NULL},
    {"5e-324", "fb0000000000000001", NULL},
    {"0n", "c240", NULL},
    {"255n", "c241ff", NULL},
    {"-1n", "c340", NULL},
    {"-256n", "c341ff", NULL},
    {"2n ** 64n", "c249010000000000000000", NULL},
    {"-(2n ** 64n)", "c348ffffffffffffffff", NULL},
    {"''", "60", NULL},
    {"'IETF'", "6449455446", NULL},
    {"'\\0'", "6100", NULL},
    {"'\\xfc'", "62c3bc", NULL},
    {"'水'", "63e6b0b4", NULL},
    {"'𐅑'", "64f0908591", NULL},
    {"'\\ud800'", "d9011143eda080", NULL},
    {"'a\\udfff𐅑'", "d901114861edbfbff0908591", NULL},
    {"[]", "80", "Array.isArray(v) && v.length === 0"},
    {"[1, [2, 3]]", "8201820203", "JSON.stringify(v) === '[1,[2,3]]'"},
    {"[1, , undefined]", "8301d81ff7f7", "v.length === 3 && !(1 in v) && 2 in v"},
    {"[, ,]", "82d81ff7d81ff7", "v.length === 2 && !(0 in v) && !(1 in v)"},
    {"({})", "a0", "Object.getPrototypeOf(v) === Object.prototype"},
    {"({ b: 1, a: [2], 7: 3 })",
     "a36137036162016161"
     "8102",
     "JSON.stringify(v) === '{\"7\":3,\"b\":1,\"a\":[2]}'"},
    {"JSON.parse('{\"__proto__\":1}')", "a1695f5f70726f746f5f5f01",
     "Object.keys(v)[0] === '__proto__' && Object.getPrototypeOf(v) === Object.prototype"},
    {"({ '\\ud800': 1 })", "a1d9011143eda08001", "v['\\ud800'] === 1"},
    {"({ get a() { return 5 } })", "a1616105", "v.a === 5"},
    {"({ a: undefined, [Symbol()]: 1 })", "a16161f7", "'a' in v"},
    {"Object.create({ inherited: 1 })", "a0", "!('inherited' in v)"},
    {"new (class A { x = 1 })", "a1617801", "v.constructor === Object"},
    {"new Date(1363896240000)", "c11a514b67b0", "+v === 1363896240000"},
    {"new Date(1363896240500)", "c1fb41d452d9ec200000", "+v === 1363896240500"},
    {"new Date(-1)", "c1fbbf50624dd2f1a9fc", "+v === -1"},
    {"new Date(8.64e15)", "c11b000007dba8218000", "+v === 8.64e15"},
    {"new Date(8.64e15 - 1)",
     "c1fb429f6ea085ffff"
     "ff",
     "+v === 8.64e15 - 1"},
    {"new Date(-6563464692609525)", "c1fbc297e0b3ed0e061a", "+v === -6563464692609525"},
    {"new Date(NaN)", "c1f97e00", "v instanceof Date && isNaN(v)"},
    {"/a\\/b/giu", "d9524a8264615c2f6263676975",
     "v instanceof RegExp && v.source === 'a\\\\/b' && v.flags === 'giu'"},
    {"new RegExp('')", "d9524a8264283f3a2960", "v.source === '(?:)'"},
    {"new Map([[2, 'b'], ['a', 1]])",
     "d90103a202616261"
     "6101",
     "v instanceof Map && [...v.keys()].join() === '2,a' && v.get(2) === 'b'"},
    {"new Set(['b', 'a', 1])",
     "d901028361626161"
     "01",
     "v instanceof Set && [...v].join() === 'b,a,1'"},
    {"new Uint8Array([1, 2])", "420102", "v instanceof Uint8Array && v.join() === '1,2'"},
    {"new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", "420203", "v.buffer.byteLength === 2"},
    {"new Uint8ClampedArray([255])", "d84441ff", "v instanceof Uint8ClampedArray && v[0] === 255"},
    {"new Uint16Array([1, 2])", "d8454401000200", "v instanceof Uint16Array && v[1] === 2"},
    {"new Uint32Array([1])", "d8464401000000", "v instanceof Uint32Array && v[0] === 1"},
    {"new BigUint64Array([1n])", "d847480100000000000000",
     "v instanceof BigUint64Array && v[0] === 1n"},
    {"new Int8Array([-1])", "d84841ff", "v instanceof Int8Array && v[0] === -1"},
    {"new Int16Array([-1])", "d84d42ffff", "v instanceof Int16Array && v[0] === -1"},
    {"new Int32Array([-2])", "d84e44feffffff", "v instanceof Int32Array && v[0] === -2"},
    {"new BigInt64Array([-1n])", "d84f48ffffffffffffffff",
     "v instanceof BigInt64Array && v[0] === -1n"},
    {"new Float32Array([1.5])", "d855440000c03f", "v instanceof Float32Array && v[0] === 1.5"},
    {"new Float64Array([1.5])", "d85648000000000000f83f",
     "v instanceof Float64Array && v[0] === 1.5"},
    {"new ArrayBuffer(2)", "d81b826b4172726179427566666572420000",
     "v instanceof ArrayBuffer && v.byteLength === 2"},
    {"new DataView(new ArrayBuffer(2))", "d81b82684461746156696577420000",
     "v instanceof DataView && v.byteLength === 2"},
    {"Object.assign([], { 4000000000: 1, length: 4294967295 })",
     "d81b836541727261791affffffffa11aee6b280001", "v.length === 4294967295 && v[4e9] === 1"},
    {"[new Number(1), new String('s'), new Boolean(false), Object(1n)]", "84016173f4c24101",
     "typeof v[0] === 'number' && v[2] === false"},
    {"new Proxy([1, 2], {})", "820102", "Array.isArray(v)"},
    {"new Proxy(new Proxy({ a: 1 }, {}), { get: () => 2 })", "a1616102", "v.a === 2"},
    {"(() => { const e = new RangeError('m'); e.stack = 's'; return e })()",
     "d81b84654572726f726a52616e67654572726f72616d6173",
     "v instanceof RangeError && v.message === 'm' && v.stack === 's' && !('cause' in v)"
     " && Object.keys(v).length === 0"},
    {"(() => { const e = new Error('m', { cause: 1 }); e.stack = 's'; e.name = 'My'; return e })()",
     "d81b85654572726f72624d79616d617301",
     "v.constructor === Error && v.name === 'My' && v.cause === 1"},
    {"(() => { const e = new Error(); e.stack = 's'; return e })()",
     "d81b84654572726f72654572726f726061"
     "73",
     "v.message === ''"},
    /* What is met again. */
    {"(() => { const a = {}; return [a, a] })()", "82d81ca0d81d00", "v[0] === v[1]"},
    {"(() => { const a = []; a.push(a, a); return a })()", "d81c82d81d00d81d00",
     "v[0] === v && v[1] === v"},
    {"(() => { const a = {}, b = { a }; a.b = b; return { x: [b], y: a } })()",
     "a261788"
     "1d81ca16161d81ca16162d81d006179d81d01",
     "v.x[0].a === v.y && v.y.b === v.x[0]"},
    {"(() => { const m = new Map; m.set(m, m); return m })()", "d81cd90103a1d81d00d81d00",
     "v.get(v) === v"},
    {"(() => { const s = new Set; s.add(s); return s })()", "d81cd9010281d81d00", "v.has(v)"},
    {"(() => { const d = new Date(0); return [d, [], d] })()", "83d81cc10080d81d00",
     "v[0] === v[2]"},
    {"(() => { const u = new Uint16Array(1); return [u, u] })()", "82d81cd845420000d81d00",
     "v[0] === v[1]"},
    {"(() => { const e = new Error('m'); e.stack = ''; e.cause = e; return e })()",
     "d81cd81b85654572726f72654572726f72616d60d81d00", "v.cause === v"},
    {"(() => { const a = []; a[70000] = a; return a })()",
     "d81cd81b836541727261791a00011171a11a00011170d81d00", "v[70000] === v && v.length === 70001"},
};

static void every_form(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    char source[400];
    snprintf(source, sizeof source, "s = %s", forms[i].source);
    ist_value value = eval(f, source);
    char *hex = write_hex(f, value);
    if (strcmp(hex, forms[i].hex)) fail_msg("%s: %s, not %s", forms[i].source, hex, forms[i].hex);
    assert_read(f, hex, forms[i].check ? forms[i].check : "Object.is(v, s)");
    ist_value again;
    assert_ok(ist_object_get(f->context, eval(f, "globalThis"), "v", &again, NULL));
    char *second = write_hex(f, again);
    assert_string_equal(hex, second);
    free(second);
    free(hex);
  }
}

/* What others write and we do not. */
static void forms_of_others(void **state) {
  fixture *f = *state;
  static const char *const reads[][2] = {
      {"1800", "v === 0"},
      {"fb3ff8000000000000", "v === 1.5"},
      {"fa7fc00000", "Number.isNaN(v)"},
      {"1b0020000000000000", "v === 2n ** 53n"},
      {"1bffffffffffffffff", "v === 2n ** 64n - 1n"},
      {"3b001fffffffffffff", "v === -(2n ** 53n)"},
      {"3b7fffffffffffffff", "v === -(2n ** 63n)"},
      {"3bffffffffffffffff", "v === -(2n ** 64n)"},
      {"c24400000001", "v === 1n"},
      {"c25f41014100ff", "v === 256n"},
      {"5f42010243030405ff", "v instanceof Uint8Array && v.join() === '1,2,3,4,5'"},
      {"5fff", "v.length === 0"},
      {"7f6161626263ff", "v === 'abc'"},
      {"9f01820203ff", "JSON.stringify(v) === '[1,[2,3]]'"},
      {"9fd81f00ff", "v.length === 1 && !(0 in v)"},
      {"bf616101616202ff", "JSON.stringify(v) === '{\"a\":1,\"b\":2}'"},
      {"a201020304", "v instanceof Map && v.get(1) === 2 && v.get(3) === 4"},
      {"a2616101"
       "0203",
       "v instanceof Map && v.get('a') === 1 && v.get(2) === 3"},
      {"a2616101616102", "v.a === 2"},
      {"a1f5f4", "v instanceof Map && v.get(true) === false"},
      {"d90103a0", "v instanceof Map && v.size === 0"},
      {"c074323031332d30332d32315432303a30343a30305a", "+v === 1363896240000"},
      {"c0781b323031332d30332d32315432313a30343a30302e352b30313a3030", "+v === 1363896240500"},
      {"c0781d31393639"
       "2d31322d33315432333a35393a35392e3939392b30303a3030",
       "+v === -1"},
      {"d903ec6a323031332d30332d3231", "+v === Date.UTC(2013, 2, 21)"},
      {"d8641903e8", "+v === 86400e6"},
      {"c1fb43e0000000000000", "isNaN(v)"},
      {"d823"
       "62612b",
       "v instanceof RegExp && v.source === 'a+' && v.flags === ''"},
      {"d9524a8161"
       "61",
       "v.source === 'a'"},
      {"d84043010203", "v instanceof Uint8Array"},
      {"d841420102", "v instanceof Uint16Array && v[0] === 258"},
      {"d8424400000102", "v[0] === 258"},
      {"d843480000000000000102", "v[0] === 258n"},
      {"d84942fffe", "v instanceof Int16Array && v[0] === -2"},
      {"d84a44fffffffe", "v[0] === -2"},
      {"d84b48fffffffffffffffe", "v[0] === -2n"},
      {"d850463c007c000001",
       "v instanceof Float32Array && v[0] === 1 && v[1] === Infinity && v[2] === 2 ** -24"},
      {"d8544400bc017e", "v[0] === -1 && isNaN(v[1])"},
      {"d851443fc00000", "v instanceof Float32Array && v[0] === 1.5"},
      {"d852483ff8000000000000", "v instanceof Float64Array && v[0] === 1.5"},
      {"d9d9f701", "v === 1"},
      {"c601", "v === 1"},
      {"d820"
       "6161",
       "v === 'a'"},
      {"d81b8263466f6f01", "v.join() === 'Foo,1'"},
      {"d81b836545"
       "72726f72"
       "624d79"
       "616d",
       "v.name === 'My' && v.message === 'm'"},
      {"d81cd81ca0", "typeof v === 'object'"},
      {"82d81c6161d81d00", "v[0] === 'a' && v[1] === 'a'"},
      {"d81ca26161d81d000102", "v instanceof Map && v.get('a') === v && v.get(1) === 2"},
      {"d81ca16161d81d00", "v.a === v && !(v instanceof Map)"},
      {"d81cbf6161d81d00ff", "v.a === v"},
      {"d90111"
       "46eda080edb080",
       "v === '\\u{10000}'"},
      {"a1d81c616101", "v.a === 1"},
  };
  for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
    assert_read(f, reads[i][0], reads[i][1]);
    /* What was read is written and read as the same. */
    ist_value value = read_hex(f, reads[i][0]);
    char *first = write_hex(f, value);
    char *second = write_hex(f, read_hex(f, first));
    assert_string_equal(first, second);
    free(first);
    free(second);
  }
}

static void every_half(void **state) {
  fixture *f = *state;
  for (unsigned half = 0; half < 0x10000; half++) {
    uint8_t bytes[] = {0xF9, (uint8_t)(half >> 8), (uint8_t)half}, *back;
    size_t length;
    ist_value value;
    assert_ok(ist_cbor_read(f->context, bytes, 3, NULL, &value, NULL));
    assert_ok(ist_cbor_write(f->context, value, NULL, &back, &length, NULL));
    ist_value again;
    assert_ok(ist_cbor_read(f->context, back, length, NULL, &again, NULL));
    bool same;
    assert_ok(ist_value_same(f->isolate, value, again, &same));
    assert_true(same);
    bool nan = (half & 0x7C00) == 0x7C00 && (half & 0x3FF);
    if (back[0] == 0xF9 && !nan) assert_memory_equal(bytes, back, 3);
    assert_true(length <= 3);
    ist_free(back);
  }
}

static void malformed(void **state) {
  fixture *f = *state;
  static const char *const cases[][2] = {
      {"", "at byte 0: the bytes end early"},
      {"18", "at byte 0: the bytes end early"},
      {"1c", "at byte 0: this is no item that CBOR defines"},
      {"f8ff", "at byte 0: this is no item that CBOR defines"},
      {"e0", "at byte 0: this is no item that CBOR defines"},
      {"0000", "at byte 1: there are bytes behind the item"},
      {"ff", "at byte 0: a break without anything open"},
      {"81ff", "at byte 1: a break without anything open"},
      {"8301", "at byte 0: the bytes end early"},
      {"9bffffffffffffffff", "at byte 0: the bytes end early"},
      {"bbffffffffffffffff", "at byte 0: the bytes end early"},
      {"5bffffffffffffffff", "at byte 0: the bytes end early"},
      {"7b1000000000000000", "at byte 0: the bytes end early"},
      {"9f01", "at byte 2: the bytes end early"},
      {"bf6161ff", "at byte 3: a break without anything open"},
      {"61ff", "at byte 0: this is not UTF-8"},
      {"62c080", "at byte 0: this is not UTF-8"},
      {"63eda080", "at byte 0: this is not UTF-8"},
      {"64f4908080", "at byte 0: this is not UTF-8"},
      {"a161ff01", "at byte 1: this is not UTF-8"},
      {"7f61c361a9ff", "at byte 1: this is not UTF-8"},
      {"7f4161ff", "at byte 1: a piece of a string is of another kind"},
      {"5f5f41"
       "00ffff",
       "at byte 1: a piece of a string is of another kind"},
      {"c201", "at byte 1: a big number is a byte string"},
      {"c16161", "at byte 0: this date is a number"},
      {"c06161", "at byte 0: this is no date"},
      {"c074323031332d30322d33305432303a30343a30305a", "at byte 0: this is no date"},
      {"d9524a8161"
       "28",
       "at byte 0: this is no regular expression of JavaScript's"},
      {"d9524a82616162"
       "6767",
       "at byte 0: these are no flags of a RegExp"},
      {"d9524a80", "at byte 0: a RegExp has a pattern"},
      {"d90102a0", "at byte 3: a set is an array"},
      {"d9010380", "at byte 3: a Map is a map"},
      {"d90111"
       "41ff",
       "at byte 0: this is not WTF-8"},
      {"d84541"
       "00",
       "at byte 0: the bytes end within an element"},
      {"d84c40", "at byte 0: JavaScript has no such typed array"},
      {"d85350"
       "00000000000000000000000000000000",
       "at byte 0: JavaScript has no such typed array"},
      {"d84501", "at byte 2: a typed array is a byte string"},
      {"d81d00", "at byte 0: a reference to nothing"},
      {"d81d6161", "at byte 0: a reference to nothing"},
      {"d81cc2d81d00", "at byte 3: a big number is a byte string"},
      {"d81c83d81d00d81d0100", "at byte 6: a reference to nothing"},
      {"d81cd81b84654572726f72d81d0060"
       "60",
       "at byte 11: a reference to what is not complete"},
      {"d81ff7", "at byte 0: a hole outside of an array"},
      {"a1d81ff700", "at byte 1: a hole outside of an array"},
      {"d81900", "at byte 0: references to strings are not read"},
      {"d81b01", "at byte 2: an object is an array"},
      {"d81b81654572726f72", "at byte 9: an Error has a name and a message"},
      {"d81b83654572726f720160", "at byte 9: the parts of an Error are texts"},
      {"d81b82654172726179"
       "01",
       "at byte 9: an Array has elements"},
      {"d81b83654172726179"
       "1b0000000100000000a0",
       "at byte 9: the length of an Array is an integer below 2^32"},
      {"d81b83654172726179"
       "05a10501",
       "at byte 11: the element is outside of the Array"},
      {"d81b83684461746156696577"
       "4000",
       "at byte 2: an object has more parts than its class"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ist_value result = ist_int32(77);
    ist_error *error = NULL;
    ist_status status = try_read(f, cases[i][0], &result, &error);
    if (status != IST_ERR_FORMAT || strcmp(error->message, cases[i][1]))
      fail_msg("%s: %s: %s, not %s", cases[i][0], ist_status_name(status),
               error ? error->message : "", cases[i][1]);
    assert_int_equal(result.as.int32, 77);
    ist_error_free(error);
  }
  /* Every beginning of a document is malformed, and nothing is read beyond it. */
  const char *whole =
      "83a361618301d81ff7fb3ff199999999999a6162d9010282616161626163d81cd90103a1d81d00"
      "d84544010002007f6161ff";
  char part[200];
  for (size_t length = 0; length < strlen(whole) - 2; length += 2) {
    snprintf(part, sizeof part, "%.*s", (int)length, whole);
    ist_value result;
    assert_status(IST_ERR_FORMAT, try_read(f, part, &result, NULL));
  }
}

static void refused(void **state) {
  fixture *f = *state;
  static const char *const cases[][2] = {
      {"(() => 1)", "$: a function has no CBOR form"},
      {"({ f() {} })", "$.f: a function has no CBOR form"},
      {"({ a: [1, 2, { 'b c': class {} }] })", "$.a[2][\"b c\"]: a function has no CBOR form"},
      {"({ 7: Symbol() })", "$[7]: a symbol has no CBOR form"},
      {"[Object(Symbol())]", "$[0]: a symbol has no CBOR form"},
      {"new Map([[1, 2], [{ x: parseInt }, 1]])", "$<key 1>.x: a function has no CBOR form"},
      {"new Map([[1, parseInt]])", "$<value 0>: a function has no CBOR form"},
      {"new Set([1, parseInt])", "$<member 1>: a function has no CBOR form"},
      {"new Error('m', { cause: [parseInt] })", "$.cause[0]: a function has no CBOR form"},
      {"[Promise.resolve()]", "$[0]: a promise has no CBOR form"},
      {"new WeakMap", "$: a weak collection has no CBOR form"},
      {"new Map().entries()", "$: an iterator has no CBOR form"},
      {"(function* () {})()", "$: an iterator has no CBOR form"},
      {"new SharedArrayBuffer(1)", "$: memory that threads share has no CBOR form"},
      {"new Uint8Array(new SharedArrayBuffer(1))", "$: memory that threads share has no CBOR form"},
      {"new WebAssembly.Memory({ initial: 1 })", "$: a part of WebAssembly has no CBOR form"},
      {"new Proxy(parseInt, {})", "$: a function has no CBOR form"},
      {"new Proxy({ a: parseInt }, {})", "$.a: a function has no CBOR form"},
      {"(() => { let a = parseInt; for (let i = 0; i < 50; i++) a = [a]; return a })()",
       "$...[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: a function has no CBOR form"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t *bytes = NULL;
    size_t length = 77;
    ist_error *error = NULL;
    ist_status status =
        ist_cbor_write(f->context, eval(f, cases[i][0]), NULL, &bytes, &length, &error);
    if (status != IST_ERR_TYPE || strcmp(error->message, cases[i][1]))
      fail_msg("%s: %s: %s", cases[i][0], ist_status_name(status), error ? error->message : "");
    assert_null(bytes);
    assert_int_equal(length, 77);
    ist_error_free(error);
  }
  uint8_t *bytes;
  size_t length;
  ist_error *error;
  ist_value detached = eval(f, "globalThis.u = new Uint8Array(8)");
  assert_ok(ist_buffer_detach(f->isolate, eval(f, "u.buffer")));
  assert_status(IST_ERR_TYPE, ist_cbor_write(f->context, detached, NULL, &bytes, &length, &error));
  assert_string_equal(error->message, "$: a detached buffer has no CBOR form");
  ist_error_free(error);
}

static void what_programs_do_meanwhile(void **state) {
  fixture *f = *state;
  uint8_t *bytes;
  size_t length;
  ist_error *error;
  assert_status(IST_ERR_EXCEPTION,
                ist_cbor_write(f->context, eval(f, "[{ get a() { throw new RangeError('no') } }]"),
                               NULL, &bytes, &length, &error));
  assert_string_equal(error->name, "RangeError");
  ist_error_free(error);
  assert_status(IST_ERR_EXCEPTION,
                ist_cbor_write(f->context,
                               eval(f, "{ const { proxy, revoke } = Proxy.revocable({}, {});"
                                       " revoke(); [proxy] }"),
                               NULL, &bytes, &length, NULL));
  static const char *const cases[][2] = {
      {"[{ get a() { delete this.b; return 1 }, b: 2 }]", "81a26161016162f7"},
      {"(() => { const a = [{ get x() { a.length = 1; return 0 } }, 1, 2]; return a })()",
       "83a1617800d81ff7d81ff7"},
      {"(() => { const a = [{ get x() { a.push(1); return 0 } }]; return a })()", "81a1617800"},
      {"(() => { const m = new Map; m.set({ get x() { m.clear(); return 0 } }, 1); return m })()",
       "d90103a1a161780001"},
      {"new Proxy([1], { get(t, k) { return k === 'length' ? 2 : t[k] } })", "8201f7"},
      {"new Proxy({}, { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => "
       "({ enumerable: true, configurable: true }), get: (t, k) => k })",
       "a161616161"},
      {"({ toJSON() { return 1 } }, { a: { valueOf() { return 1 } } }, [5])", "8105"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *hex = write_hex(f, eval(f, cases[i][0]));
    if (strcmp(hex, cases[i][1])) fail_msg("%s: %s", cases[i][0], hex);
    free(hex);
  }
  /* Nothing of the program's runs while reading. */
  eval(f, "globalThis.ran = 0;"
          "for (const [p, k] of [[Object.prototype, 'a'], [Array.prototype, 0],"
          " [Object.prototype, 'length'], [Object.prototype, 'cause']])"
          "  Object.defineProperty(p, k, { set() { ran++ }, get() { ran++ }, configurable: true });"
          "for (const [p, k] of [[Map.prototype, 'set'], [Set.prototype, 'add'],"
          " [Array.prototype, 'push'], [Error.prototype, 'toString']]) p[k] = () => { ran++ };"
          "for (const c of ['Map', 'Set', 'Date', 'RegExp', 'Error', 'Uint8Array', 'Array'])"
          "  globalThis[c] = function () { ran++ }");
  read_hex(f, "8ca1616101d90103a16161"
              "01d9010281"
              "01c100d9524a8161"
              "61d81b85654572726f72"
              "654572726f72616d"
              "616d01420001"
              "d81ca16161d81d00"
              "d81b836541727261791affffffff"
              "a10001"
              "d8454200008"
              "201d81ff700");
  assert_int_equal(eval(f, "ran").as.int32, 0);
}

static ist_status terminate(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  assert_ok(ist_isolate_terminate(ist_context_isolate(call->context)));
  return IST_OK;
}

static void count_rejections(void *env, ist_context *context, const ist_error *error,
                             ist_value promise) {
  (void)context, (void)error, (void)promise;
  ++*(int *)env;
}

static void rejections_of_getters_are_told(void **state) {
  (void)state;
  ist_isolate_options options = {.size = sizeof options, .microtasks = IST_MICROTASKS_AUTO};
  fixture f;
  int count = 0;
  assert_ok(ist_isolate_new(&options, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  assert_ok(ist_isolate_set_uncaught(f.isolate, count_rejections, &count, NULL));
  ist_value value = eval(&f, "({ get a() { Promise.reject(1); return 2; } })");
  char *hex = write_hex(&f, value);
  assert_string_equal("a1616102", hex);
  free(hex);
  assert_int_equal(1, count);
  uint8_t *bytes;
  size_t length;
  value = eval(&f, "({ get a() { Promise.reject(1); throw 2; } })");
  assert_status(IST_ERR_EXCEPTION, ist_cbor_write(f.context, value, NULL, &bytes, &length, NULL));
  assert_int_equal(2, count);
  assert_ok(ist_isolate_free(f.isolate));
}

static void termination(void **state) {
  fixture *f = *state;
  ist_value function;
  assert_ok(ist_function_new(f->context, "end", terminate, NULL, NULL, &function));
  set_global(f, "end", function);
  uint8_t *bytes;
  size_t length;
  ist_error *error;
  assert_status(IST_ERR_TERMINATED,
                ist_cbor_write(f->context, eval(f, "[{ get a() { end(); for (;;); } }, 1]"), NULL,
                               &bytes, &length, &error));
  assert_int_equal(error->status, IST_ERR_TERMINATED);
  ist_error_free(error);
  char *hex = write_hex(f, eval(f, "[1]"));
  assert_string_equal(hex, "8101");
  free(hex);
}

static void limits(void **state) {
  fixture *f = *state;
  uint8_t *bytes;
  size_t length;
  ist_error *error;
  ist_value result;
  ist_cbor_options options = {.size = sizeof options, .max_depth = 3};
  assert_ok(ist_cbor_write(f->context, eval(f, "[[[1]]]"), &options, &bytes, &length, NULL));
  assert_ok(ist_cbor_read(f->context, bytes, length, &options, &result, NULL));
  ist_free(bytes);
  assert_ok(ist_cbor_write(f->context, eval(f, "new Map([[[new Set], 1]])"), &options, &bytes,
                           &length, NULL));
  assert_ok(ist_cbor_read(f->context, bytes, length, &options, &result, NULL));
  ist_free(bytes);
  assert_status(IST_ERR_LIMIT,
                ist_cbor_write(f->context, eval(f, "[[[[]]]]"), &options, &bytes, &length, &error));
  assert_string_equal(error->message, "the value is nested deeper than max_depth");
  ist_error_free(error);
  assert_status(IST_ERR_LIMIT, ist_cbor_read(f->context, (const uint8_t *)"\x81\x81\x81\x80", 4,
                                             &options, &result, &error));
  assert_string_equal(error->message, "at byte 3: the value is nested deeper than max_depth");
  ist_error_free(error);

  /* Whatever the limit, the stack holds. */
  options.max_depth = UINT32_MAX;
  enum { DEEP = 3000000 };
  uint8_t *deep = malloc(DEEP);
  static const uint8_t openers[] = {0x81, 0x9F, 0xC6};
  for (size_t i = 0; i < sizeof openers; i++) {
    memset(deep, openers[i], DEEP);
    assert_status(IST_ERR_LIMIT, ist_cbor_read(f->context, deep, DEEP, &options, &result, NULL));
  }
  memset(deep, 0xA1, DEEP);
  assert_status(IST_ERR_LIMIT, ist_cbor_read(f->context, deep, DEEP, &options, &result, NULL));
  for (size_t i = 0; i + 4 < DEEP; i += 4) memcpy(deep + i, "\xD8\x1C\xA1\x61", 4);
  assert_int_not_equal(ist_cbor_read(f->context, deep, DEEP, &options, &result, NULL), IST_OK);
  /* Shared maps within the values of shared maps. */
  for (size_t i = 0; i + 5 < DEEP; i += 5) memcpy(deep + i, "\xD8\x1C\xA1\x61\x61", 5);
  assert_status(IST_ERR_LIMIT, ist_cbor_read(f->context, deep, DEEP, &options, &result, NULL));
  options.max_depth = 0;
  assert_status(IST_ERR_LIMIT, ist_cbor_read(f->context, deep, DEEP, &options, &result, NULL));
  free(deep);
  options.max_depth = UINT32_MAX;
  assert_status(IST_ERR_LIMIT,
                ist_cbor_write(f->context,
                               eval(f, "{ let a = []; for (let i = 0; i < 1e6; i++) a = [a]; a }"),
                               &options, &bytes, &length, &error));
  assert_string_equal(error->message, "the value is nested deeper than the stack allows");
  ist_error_free(error);

  options = (ist_cbor_options){.size = sizeof options, .max_size = 10};
  assert_ok(ist_cbor_write(f->context, eval(f, "'123456789'"), &options, &bytes, &length, NULL));
  assert_int_equal(length, 10);
  ist_free(bytes);
  static const char *const large[] = {"'1234567890'",
                                      "new Uint8Array(10)",
                                      "[[], 1, 2, '123456']",
                                      "(() => { const a = {}; return [a, a, a, a] })()",
                                      "'\\xe9\\xe9\\xe9\\xe9\\xe9'",
                                      "'水水水水'",
                                      "2n ** 100n"};
  for (size_t i = 0; i < sizeof large / sizeof *large; i++)
    assert_status(IST_ERR_LIMIT,
                  ist_cbor_write(f->context, eval(f, large[i]), &options, &bytes, &length, NULL));
  /* What reading makes counts too. */
  uint8_t empties[1000];
  memset(empties, 0x80, sizeof empties);
  memcpy(empties, "\x99\x03\xE5", 3);
  options.max_size = 20000;
  assert_status(IST_ERR_LIMIT,
                ist_cbor_read(f->context, empties, sizeof empties, &options, &result, &error));
  assert_non_null(strstr(error->message, "the values are larger than max_size"));
  ist_error_free(error);
  options.max_size = 100000;
  assert_ok(ist_cbor_read(f->context, empties, sizeof empties, &options, &result, NULL));
  assert_status(IST_ERR_LIMIT,
                ist_cbor_write(f->context, eval(f, "new Proxy([], { get: () => 1e15 })"), NULL,
                               &bytes, &length, NULL));
}

static void bad_arguments(void **state) {
  fixture *f = *state;
  uint8_t *bytes;
  size_t length;
  ist_value result;
  ist_cbor_options options = {0};
  assert_status(IST_ERR_ARGUMENT, ist_cbor_write(NULL, ist_int32(1), NULL, &bytes, &length, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_cbor_write(f->context, ist_int32(1), NULL, NULL, &length, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_cbor_write(f->context, ist_int32(1), NULL, &bytes, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_cbor_write(f->context, ist_int32(1), &options, &bytes, &length, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_cbor_read(f->context, NULL, 1, NULL, &result, NULL));
  assert_status(IST_ERR_FORMAT, ist_cbor_read(f->context, NULL, 0, NULL, &result, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_cbor_read(f->context, (const uint8_t *)"\0", 1, NULL, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_cbor_read(f->context, (const uint8_t *)"\0", 1, &options, &result, NULL));
  assert_status(IST_ERR_ARGUMENT,
                ist_cbor_read(NULL, (const uint8_t *)"\0", 1, NULL, &result, NULL));
  ist_value stale = text(f, "x");
  assert_ok(ist_value_free(f->isolate, stale));
  assert_status(IST_ERR_HANDLE, ist_cbor_write(f->context, stale, NULL, &bytes, &length, NULL));
  ist_context *gone;
  assert_ok(ist_context_new(f->isolate, NULL, &gone));
  assert_ok(ist_context_free(gone));
  assert_status(IST_ERR_HANDLE, ist_cbor_write(gone, ist_int32(1), NULL, &bytes, &length, NULL));
}

/* Large trees, of every way that arrays and maps are built, come back as they were. */
static void large_trees(void **state) {
  fixture *f = *state;
  static const char *const sources[] = {
      "Array.from({ length: 100000 }, (_, i) => i % 3 ? i : { i })",
      "Object.assign(Array.from({ length: 100000 }, (_, i) => i), { extra: 1 })",
      "(() => { const a = Array.from({ length: 70000 }, (_, i) => i); delete a[69999]; return a "
      "})()",
      "new Map(Array.from({ length: 50000 }, (_, i) => [i, [i]]))",
      "new Set(Array.from({ length: 50000 }, (_, i) => 'k' + i))",
      "Object.fromEntries(Array.from({ length: 50000 }, (_, i) => ['k' + i * 7 % 50000, i]))",
      "'é'.repeat(100000) + '水'.repeat(100000)",
      "2n ** 100000n - 1n",
      "(() => { const o = Array.from({ length: 30000 }, () => ({})); return [...o, ...o] })()",
  };
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    uint32_t scope;
    assert_ok(ist_scope_open(f->isolate, &scope));
    char *first = write_hex(f, eval(f, sources[i]));
    char *second = write_hex(f, read_hex(f, first));
    assert_string_equal(first, second);
    free(second);
    free(first);
    assert_ok(ist_scope_close(f->isolate, scope));
  }
}

static void nothing_is_left(void **state) {
  fixture *f = *state;
  ist_statistics before = {.size = sizeof before}, after = {.size = sizeof after};
  eval(f, "globalThis.tree = { a: [1, { b: new Map([[1, new Uint8Array(100)]]) }], d: new Date() };"
          "tree.self = tree");
  for (int i = 0; i < 3000; i++) {
    if (i == 500) {
      assert_ok(ist_isolate_collect(f->isolate));
      assert_ok(ist_isolate_statistics(f->isolate, &before));
    }
    uint32_t scope;
    uint8_t *bytes;
    size_t length;
    ist_value result;
    assert_ok(ist_scope_open(f->isolate, &scope));
    assert_ok(ist_cbor_write(f->context, eval(f, "tree"), NULL, &bytes, &length, NULL));
    assert_ok(ist_cbor_read(f->context, bytes, length, NULL, &result, NULL));
    assert_status(IST_ERR_FORMAT,
                  ist_cbor_read(f->context, bytes, length - 1, NULL, &result, NULL));
    ist_free(bytes);
    assert_ok(ist_scope_close(f->isolate, scope));
  }
  assert_ok(ist_isolate_collect(f->isolate));
  assert_ok(ist_isolate_statistics(f->isolate, &after));
  assert_int_equal(before.handles, after.handles);
  assert_in_range(after.heap_used, 0, before.heap_used + 200000);
  assert_in_range(after.external, 0, before.external + 100000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_form),  TEST(forms_of_others), TEST(every_half),
      TEST(malformed),   TEST(refused),         TEST(what_programs_do_meanwhile),
      TEST(termination), TEST(limits),          TEST(bad_arguments),
      TEST(large_trees), TEST(nothing_is_left), TEST(rejections_of_getters_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
