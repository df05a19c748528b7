/* Attempts to leave something for the next program of a compartment, or to find what an earlier one
 * has left: two programs run one after the other in one frozen context, swept after each, cold and
 * again and again until V8 has optimised what it likes to. The second one must answer as in a
 * context where nothing ever ran. */
#include "api_test.h"

#include <stdio.h>

typedef struct attempt {
  const char *first, *second, *expected; /* the text of the second's value or error */
} attempt;

static const attempt attempts[] = {
    /* The global object. */
    {"left = 1", "typeof left", "undefined"},
    {"var left = 1", "typeof left", "undefined"},
    {"function left() {}", "typeof left", "undefined"},
    {"let left = 1; const other = 2; class Third {}", "[typeof left, typeof other, typeof Third]",
     "undefined,undefined,undefined"},
    {"globalThis.left = 1; this.other = 2", "[typeof left, typeof other]", "undefined,undefined"},
    {"if (true) { function left() {} }", "typeof left", "undefined"},
    {"(function () { left = 1 })()", "typeof left", "undefined"},
    {"(0, eval)('var left = 1; function other() {}')", "[typeof left, typeof other]",
     "undefined,undefined"},
    {"new Function('left = 1')()", "typeof left", "undefined"},
    {"globalThis[Symbol.for('left')] = 1", "Symbol.for('left') in globalThis", "false"},
    {"globalThis[Symbol('left')] = 1", "Object.getOwnPropertySymbols(globalThis).length", "0"},
    {"globalThis[Symbol.unscopables] = { Array: true }", "Symbol.unscopables in globalThis",
     "false"},
    {"globalThis[0] = 1; globalThis[7] = 2; globalThis[4294967295] = 3",
     "[0 in globalThis, 7 in globalThis, 4294967295 in globalThis]", "false,false,false"},
    {"Object.defineProperty(globalThis, 'left', { value: 1, configurable: true })", "typeof left",
     "undefined"},
    {"Object.defineProperty(globalThis, 'left', { get() { throw 1 }, configurable: true })",
     "typeof left", "undefined"},
    {"globalThis.__defineGetter__('left', () => 1)", "typeof left", "undefined"},
    {"globalThis.__defineSetter__('left', function (v) { this.seen = v })",
     "left = 5; [left, typeof seen]", "5,undefined"},
    {"Object.assign(globalThis, { left: 1 })", "typeof left", "undefined"},
    {"globalThis.constructor = 1; globalThis.toString = 2; globalThis.hasOwnProperty = 3",
     "[typeof constructor, typeof toString, typeof hasOwnProperty]", "function,function,function"},
    {"Reflect.set(Object.prototype, 'toString', 1, globalThis)", "typeof toString", "function"},
    {"globalThis.__proto__ = { left: 1 }", "typeof left", "undefined"},
    {"Object.setPrototypeOf(globalThis, null)", "Object.getPrototypeOf(globalThis) === null",
     "false"},
    {"Object.getPrototypeOf(globalThis).left = 1", "typeof left", "undefined"},
    {"Object.setPrototypeOf(Object.getPrototypeOf(globalThis), { left: 1 })", "typeof left",
     "undefined"},
    {"delete globalThis.Array; delete globalThis.eval; delete globalThis.undefined",
     "[typeof Array, typeof eval, 'undefined' in globalThis]", "function,function,true"},
    {"Array = 1; eval = 2; undefined = 3; NaN = 4; globalThis.globalThis = 5",
     "[typeof Array, typeof eval, undefined, NaN, typeof globalThis]",
     "function,function,,NaN,object"},
    {"var Map = 1; var Set", "typeof Map", "function"},
    {"Object.defineProperty(globalThis, 'Array', { value: 1 })", "typeof Array", "function"},
    {"globalThis.__defineGetter__('Math', () => 1)", "typeof Math", "object"},
    {"globalThis.left = new Proxy({}, { get() { throw 1 }, deleteProperty() { throw 2 } })",
     "typeof left", "undefined"},
    {"with (globalThis) { left = 1; var other = 2 }", "[typeof left, typeof other]",
     "undefined,undefined"},
    {"for (let i = 0; i < 500; i++) globalThis['left' + i] = i", "typeof left1 + typeof left499",
     "undefinedundefined"},
    {"left: for (;;) { break left }", "typeof left", "undefined"},
    {"var input = 1; let result = 2", "[typeof input, typeof result]", "undefined,undefined"},

    /* Prototypes. */
    {"Object.prototype.left = 1", "({}).left", "undefined"},
    {"Array.prototype.left = 1; Array.prototype[0] = 1; Array.prototype.push = 1",
     "const a = []; a.push(7); [a.left, [,][0], a[0]]", ",,7"},
    {"Function.prototype.left = 1; Function.prototype.call = 1",
     "[(() => 1).left, (function () { return 3 }).call()]", ",3"},
    {"String.prototype.trim = () => 'left'; String.prototype.left = 1", "' a '.trim() + ''.left",
     "aundefined"},
    {"Number.prototype.toFixed = () => 'left'", "(1.25).toFixed(1)", "1.3"},
    {"Boolean.prototype.valueOf = () => false; Symbol.prototype.left = 1; BigInt.prototype.left = "
     "1",
     "[new Boolean(true).valueOf(), Symbol().left, 1n.left]", "true,,"},
    {"Promise.prototype.then = 1; Promise.resolve = 2; Promise.left = 3",
     "[typeof Promise.prototype.then, typeof Promise.resolve, Promise.left]", "function,function,"},
    {"Map.prototype.get = () => 'left'; Set.prototype.has = () => true; WeakMap.prototype.left = 1",
     "[new Map([[1, 2]]).get(1), new Set().has(1), new WeakMap().left]", "2,false,"},
    {"RegExp.prototype.exec = () => null; RegExp.prototype.test = () => 'left'", "/a/.test('a')",
     "true"},
    {"RegExp.prototype[Symbol.replace] = () => 'left'", "'a'.replace(/a/, 'b')", "b"},
    {"Date.prototype.getTime = () => 'left'; Date.now = () => 'left'",
     "[new Date(5).getTime(), typeof Date.now()]", "5,number"},
    {"Error.prototype.name = 'left'; Error.prototype.toString = () => 'left'",
     "[String(new Error('a')), new Error().name]", "Error: a,Error"},
    {"TypeError.prototype.message = 'left'; RangeError.prototype.__proto__ = null",
     "[new TypeError().message, new RangeError() instanceof Error]", ",true"},
    {"Object.prototype.__proto__ = { left: 1 }", "({}).left", "undefined"},
    {"Object.setPrototypeOf(Object.prototype, { left: 1 })", "({}).left", "undefined"},
    {"Array.prototype.__proto__ = { left: 1 }", "[].left", "undefined"},
    {"Object.prototype.__defineGetter__('left', () => 1)", "({}).left", "undefined"},
    {"Object.defineProperty(Object.prototype, 'left', { value: 1 })", "({}).left", "undefined"},
    {"Object.defineProperty(Array.prototype, 'map', { value: () => 'left' })",
     "[1].map((x) => x + 1)", "2"},
    {"delete Array.prototype.map; delete Object.prototype.toString",
     "typeof [].map + typeof {}.toString", "functionfunction"},
    {"Reflect.set(Array.prototype, 'map', 1); Reflect.defineProperty(Array.prototype, 'left', {})",
     "typeof [].map + ('left' in [])", "functionfalse"},
    {"Uint8Array.prototype.__proto__.fill = 1; Uint8Array.prototype.left = 1",
     "typeof new Uint8Array(1).fill + new Uint8Array(1).left", "functionundefined"},
    {"ArrayBuffer.prototype.slice = 1; DataView.prototype.left = 1; ArrayBuffer.isView = 1",
     "[typeof new ArrayBuffer(1).slice, typeof ArrayBuffer.isView]", "function,function"},
    {"Proxy.left = 1; Reflect.left = 1; Math.left = 1; JSON.left = 1; Atomics.left = 1",
     "[Proxy.left, Reflect.left, Math.left, JSON.left, Atomics.left]", ",,,,"},
    {"Math.random = () => 9; Math.max = () => 9; JSON.stringify = () => 9; Reflect.ownKeys = () => "
     "9",
     "[Math.random() < 1, Math.max(1, 2), JSON.stringify(1), Reflect.ownKeys({ a: 1 })]",
     "true,2,1,a"},
    {"Object.keys = () => 9; Object.left = 1; Array.from = () => 9; Array.isArray = () => 9",
     "[Object.keys({ a: 1 }), Object.left, Array.from([3]), Array.isArray(1)]", "a,,3,false"},
    {"Array.prototype[Symbol.unscopables].left = 1", "Array.prototype[Symbol.unscopables].left",
     "undefined"},
    {"Symbol.iterator = 1; Symbol.left = Symbol()", "typeof Symbol.iterator + Symbol.left",
     "symbolundefined"},
    {"class A extends Object {}; A.__proto__.left = 1; A.__proto__.__proto__.left = 1",
     "[Object.left, (class {}).left]", ","},

    /* What only syntax leads to. */
    {"[][Symbol.iterator]().__proto__.next = () => ({ done: true })", "[...[1, 2]]", "1,2"},
    {"[][Symbol.iterator]().__proto__.__proto__.left = 1", "[].values().left", "undefined"},
    {"Array.prototype[Symbol.iterator] = function* () { yield 'left' }", "[...[1]]", "1"},
    {"new Map().entries().__proto__.next = 1; new Set().values().__proto__.next = 1",
     "[...new Map([[1, 2]]), ...new Set([3])]", "1,2,3"},
    {"''[Symbol.iterator]().__proto__.next = 1; 'a'.matchAll(/a/g).__proto__.next = 1",
     "[...'ab', ...'a'.matchAll(/a/g)]", "a,b,a"},
    {"(function* () {}).constructor.left = 1; (function* () {}).__proto__.left = 1; "
     "(function* () {}).prototype.__proto__.next = 1",
     "[(function* () {}).constructor.left, (function* () {}).left, ...(function* () { yield 4 "
     "})()]",
     ",,4"},
    {"(async () => {}).constructor.left = 1; (async () => {}).__proto__.left = 1",
     "[(async () => {}).constructor.left, (async () => {}).left]", ","},
    {"(async function* () {}).constructor.left = 1; "
     "(async function* () {}).prototype.__proto__.next = 1; "
     "(async function* () {}).prototype.__proto__.__proto__.left = 1",
     "const f = async function* () {}; [f.constructor.left, typeof f().next, f().left]",
     ",function,"},
    {"(() => {}).constructor('globalThis.left = 1')()", "typeof left", "undefined"},
    {"(function* () {}).constructor('left = 1')().next()", "typeof left", "undefined"},
    {"(async () => {}).constructor('left = 1')()", "typeof left", "undefined"},
    {"[].constructor.constructor('return this')().left = 1", "typeof left", "undefined"},
    {"Object.getOwnPropertyDescriptor(Function.prototype, 'caller').get.left = 1",
     "Object.getOwnPropertyDescriptor(Function.prototype, 'caller').get.left", "undefined"},
    {"Object.getOwnPropertyDescriptor((function () { 'use strict'; return arguments })(), "
     "'callee').get.left = 1",
     "Object.getOwnPropertyDescriptor((function () { 'use strict'; return arguments })(), "
     "'callee').get.left",
     "undefined"},
    {"Object.getOwnPropertyDescriptor(Object.prototype, 'toString').get.left = 1",
     "Object.getOwnPropertyDescriptor(Object.prototype, 'toString').get.left", "undefined"},
    {"Object.getOwnPropertyDescriptor(Map.prototype, 'size').get.left = 1",
     "Object.getOwnPropertyDescriptor(Map.prototype, 'size').get.left", "undefined"},
    {"(function f() { return f.caller })()",
     "(function f() { return [f.caller, arguments.callee.caller] })()", ","},
    {"const s = new Intl.Segmenter('en').segment('a'); s.__proto__.left = 1; "
     "s[Symbol.iterator]().__proto__.next = 1",
     "const s = new Intl.Segmenter('en').segment('a'); [s.left, [...s].length]", ",1"},
    {"Intl.left = 1; Intl.NumberFormat.prototype.left = 1; Intl.NumberFormat.left = 1; "
     "Intl.DateTimeFormat = 1",
     "[Intl.left, new Intl.NumberFormat().left, Intl.NumberFormat.left, typeof "
     "Intl.DateTimeFormat]",
     ",,,function"},
    {"Intl.NumberFormat.call(Intl.NumberFormat.prototype)",
     "Object.getOwnPropertySymbols(Intl.NumberFormat.prototype).length", "1"},
    {"console.left = 1; console.log = 1", "[console.left, typeof console.log]", ",function"},
    {"WebAssembly.left = 1; WebAssembly.Memory.prototype.left = 1; WebAssembly.Module = 1",
     "[WebAssembly.left, typeof WebAssembly.Module]", ",function"},

    /* What V8 keeps of its own. */
    {"/(l)(e)ft/.exec('a left b')",
     "[RegExp.$1, RegExp.$2, RegExp.lastMatch, RegExp.input, RegExp.$_, RegExp.lastParen, "
     "RegExp.leftContext, RegExp.rightContext, RegExp['$&']]",
     ",,,,,,,,"},
    {"RegExp.input = 'left'", "RegExp.$_ + RegExp.input", ""},
    {"RegExp.$1 = 'left'; RegExp.lastMatch = 'left'; RegExp.left = 1",
     "RegExp.$1 + RegExp.lastMatch + RegExp.left", "undefined"},
    {"'left'.replace(/(f)/, 'x')", "RegExp.$1 + RegExp.input", ""},
    {"Error.stackTraceLimit = 0; Error.left = 1",
     "[Error.stackTraceLimit, Error.left, new Error('a').stack.split('\\n').length > 1]",
     "10,,true"},
    {"Error.prepareStackTrace = () => 'left'", "String(new Error('a').stack).includes('left')",
     "false"},
    {"Object.defineProperty(Error, 'stackTraceLimit', { value: 0 })", "Error.stackTraceLimit",
     "10"},
    {"Error.captureStackTrace(Error.prototype); Error.captureStackTrace = 1",
     "['stack' in Error.prototype, typeof Error.captureStackTrace]", "false,function"},
    {"typeof FinalizationRegistry",
     "[typeof FinalizationRegistry, typeof Atomics.waitAsync, typeof WebAssembly.compile, "
     "typeof WebAssembly.instantiate]",
     "undefined,undefined,undefined,undefined"},
    {"new WeakRef(globalThis).left = 1; WeakRef.prototype.left = 1; WeakRef.left = 1",
     "[new WeakRef({}).left, WeakRef.left]", ","},
    {"const m = new WeakMap(); m.set(Object.prototype, 1); m.set(Array, 2)",
     "new WeakMap().has(Object.prototype)", "false"},
    {"Symbol.for('left').description",
     "[Symbol.for('left') === Symbol.for('left'), Object.keys(Object(Symbol.for('left')))]",
     "true,"},
    {"const tag = (s) => { s.left = 1; s.raw.left = 1; return s }; for (let i = 0; i < 2; i++) "
     "tag`a`",
     "const tag = (s) => s; const one = () => tag`a`; "
     "[one() === one(), one().left, one().raw.left, one().length]",
     "true,,,1"},
    {"const known = (s) => s; known`a`.length", "const known = (s) => s; known`a`.length", "1"},
    {"class Stamp extends function (o) { return o } { #left = 1; static has(o) { return #left in o "
     "} "
     "} new Stamp(Object.prototype); new Stamp(globalThis); new Stamp(Array)",
     "class Stamp extends function (o) { return o } { #left = 1; static has(o) { return #left in o "
     "} "
     "} [Stamp.has(Object.prototype), Stamp.has(globalThis), Stamp.has(Array)]",
     "false,false,false"},
    {"class K { static left = 1; static { globalThis.K = K } }", "typeof K", "undefined"},
    {"class P extends Promise {} P.left = 1; P[Symbol.species]", "Promise.left", "undefined"},
    {"const t = new Proxy(Array, { get() { return 'left' } }); globalThis.Array = t", "Array.name",
     "Array"},
    {"Object.prototype.hasOwnProperty.left = 1; Array.prototype.map.left = 1; eval.left = 1",
     "[Object.prototype.hasOwnProperty.left, [].map.left, eval.left]", ",,"},
    {"Object.defineProperty(eval, 'name', { value: 'left' })", "eval.name", "eval"},
    {"Object.freeze(Math); Object.seal(JSON); Object.preventExtensions(Reflect)",
     "Object.isFrozen(Math)", "true"},
    {"parseInt.prototype = { left: 1 }; isNaN.left = 1", "[parseInt.prototype, isNaN.left]", ","},
    {"import('left').catch(() => { left = 1 })", "typeof left", "undefined"},

    /* What would go on by itself. */
    {"new Promise(() => {}).then(() => { left = 1 }); 1", "typeof left", "undefined"},
    {"Promise.resolve().then(function again() { globalThis.left = 1; "
     "if (globalThis.rounds = (globalThis.rounds | 0) + 1, rounds < 50) "
     "return Promise.resolve().then(again) })",
     "[typeof left, typeof rounds]", "undefined,undefined"},
    {"(async () => { for (let i = 0; i < 50; i++) await 1; left = 1 })()", "typeof left",
     "undefined"},
    {"Promise.reject(new Error('left'))", "typeof left", "undefined"},
    {"(async function* () { yield 1; left = 1 })().next()", "typeof left", "undefined"},

    /* Failures in the middle. */
    {"left = 1; throw new Error('x')", "typeof left", "undefined"},
    {"left = 1; (function f() { f() })()", "typeof left", "undefined"},
    {"left = 1; null.x", "typeof left", "undefined"},
    {"var left = 1; syntax error", "typeof left", "undefined"},

    /* Hot code that relies on what was there. */
    {"let n = 0; for (let i = 0; i < 20000; i++) n += [1, 2].map((x) => x + 1)[1]; "
     "Array.prototype.map = () => ['left', 'left']; n",
     "let n = 0; for (let i = 0; i < 20000; i++) n += [1, 2].map((x) => x + 1)[1]; n", "60000"},
    {"counter = 0; function add() { counter++ } for (let i = 0; i < 30000; i++) add(); counter",
     "counter = 0; function add() { counter += 2 } for (let i = 0; i < 30000; i++) add(); counter",
     "60000"},
    {"k = 1; function get() { return k } for (let i = 0; i < 30000; i++) get(); get()",
     "function get() { return typeof k } let r; for (let i = 0; i < 30000; i++) r = get(); r",
     "undefined"},
    {"Math.abs.left = 1; let s = 0; for (let i = 0; i < 30000; i++) s += Math.abs(-i); s",
     "let s = 0; for (let i = 0; i < 30000; i++) s += Math.abs(-1); s + Math.abs.left", "NaN"},
};

/* What ends a compartment: the sweep says so, and another context is needed. */
static const char *const endings[] = {
    "Object.defineProperty(globalThis, 'left', { value: 1 })",
    "Object.defineProperty(globalThis, 'left', { get() { throw 1 } })",
    "Object.defineProperty(globalThis, Symbol.for('left'), { value: 1 })",
    "Object.defineProperty(globalThis, 5, { value: 1 })",
    "left = 1; Object.freeze(globalThis)",
    "left = 1; Object.seal(globalThis)",
    "Object.preventExtensions(globalThis)",
    "for (let i = 0; i < 100000; i++) globalThis['left' + i] = i",
    "Object.defineProperties(globalThis, { a: { value: 1 }, b: { value: 2, configurable: true } })",
    "Reflect.defineProperty(globalThis, 'left', { value: 1, writable: true })",
};

static ist_context *compartment(ist_isolate *isolate) {
  ist_context *made;
  ist_context_options options = {.size = sizeof options, .frozen = true};
  assert_ok(ist_context_new(isolate, &options, &made));
  return made;
}

/* Runs a program as a judge would, and gives the text of its value or error; freed by ist_free. */
static char *run(ist_isolate *isolate, ist_context *context, const char *program) {
  ist_source source = {
      .size = sizeof source, .text = program, .length = strlen(program), .file = "program.js"};
  ist_value value, string;
  ist_error *error;
  uint32_t scope;
  char *text;
  assert_ok(ist_scope_open(isolate, &scope));
  ist_status status = ist_compartment_eval(context, &source, &value, &error);
  assert_ok(ist_isolate_run_microtasks(isolate));
  if (!status) status = ist_value_to_string(context, value, &string, &error);
  if (status) {
    size_t size = 256;
    text = calloc(1, size);
    snprintf(text, size, "%s: %s", error->name ? error->name : "?",
             error->message ? error->message : "");
    ist_error_free(error);
  } else {
    assert_ok(ist_string_read(isolate, string, &text, NULL));
  }
  assert_ok(ist_scope_close(isolate, scope));
  return text;
}

static void expect(ist_isolate *isolate, ist_context *context, const attempt *one,
                   const char *when) {
  char *text = run(isolate, context, one->second);
  if (strcmp(text, one->expected))
    fail_msg("%s, then %s, %s: %s instead of %s", one->first, one->second, when, text,
             one->expected);
  ist_free(text);
}

static void test_attempts(void **state) {
  fixture *f = *state;
  enum { COUNT = sizeof attempts / sizeof *attempts };
  ist_context *one = compartment(f->isolate);
  for (size_t i = 0; i < COUNT; i++) {
    ist_context *fresh = compartment(f->isolate);
    expect(f->isolate, fresh, &attempts[i], "in a fresh context");
    assert_ok(ist_context_free(fresh));
    ist_free(run(f->isolate, one, attempts[i].first));
    if (ist_compartment_sweep(one)) fail_msg("%s: not swept", attempts[i].first);
    expect(f->isolate, one, &attempts[i], "cold");
    assert_ok(ist_compartment_sweep(one));
  }
}

static void test_attempts_again_and_again(void **state) {
  fixture *f = *state;
  enum { COUNT = sizeof attempts / sizeof *attempts };
  int rounds = getenv("ISTHMUS_LONG") ? 400 : 12;
  ist_context *one = compartment(f->isolate);
  for (size_t i = 0; i < COUNT; i++) {
    for (int round = 0; round < rounds; round++) {
      ist_free(run(f->isolate, one, attempts[i].first));
      assert_ok(ist_compartment_sweep(one));
      expect(f->isolate, one, &attempts[i], "when known");
      assert_ok(ist_compartment_sweep(one));
    }
  }
}

static void test_each_pair_of_attempts_in_one_context(void **state) {
  fixture *f = *state;
  enum { COUNT = sizeof attempts / sizeof *attempts };
  ist_context *one = compartment(f->isolate);
  /* Whatever ran before: all first programs, then all second ones. */
  for (size_t i = 0; i < COUNT; i++) {
    ist_free(run(f->isolate, one, attempts[i].first));
    assert_ok(ist_compartment_sweep(one));
  }
  for (size_t i = 0; i < COUNT; i++) {
    expect(f->isolate, one, &attempts[i], "after all others");
    assert_ok(ist_compartment_sweep(one));
  }
}

static void test_what_ends_a_compartment(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    ist_context *one = compartment(f->isolate);
    ist_free(run(f->isolate, one, endings[i]));
    if (ist_compartment_sweep(one) != IST_ERR_STATE) fail_msg("%s: swept", endings[i]);
    /* It stays so. */
    assert_status(IST_ERR_STATE, ist_compartment_sweep(one));
    assert_ok(ist_context_free(one));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_attempts),
      TEST(test_attempts_again_and_again),
      TEST(test_each_pair_of_attempts_in_one_context),
      TEST(test_what_ends_a_compartment),
  };
  return cmocka_run_group_tests_name("compartments_escape", tests, NULL, NULL);
}
