/* Programs behave in a compartment as scripts do in a context of their own: each runs as both, and
 * value, error, place and stack are compared. What differs, and docs/isolation.md says so, is
 * listed with what the compartment answers. */
#include "api_test.h"

#include <stdio.h>

static const char *const programs[] = {
    /* Completion values. */
    "",
    "1",
    "1;",
    "1; var a = 2",
    "1; let a = 2",
    "1; const a = 2",
    "1; function f() {}",
    "1; class A {}",
    "{ 2 }",
    "if (true) 3; else 4",
    "if (false) 3",
    "1; if (false) 3",
    "1; ;;;",
    "for (let i = 0; i < 3; i++) i",
    "for (const k in { a: 1 }) k",
    "for (const v of [7]) v",
    "do { 5; break } while (true)",
    "let n = 0; while (n < 2) { n++ }",
    "switch (1) { case 1: 'one' }",
    "switch (9) { default: 'd'; break }",
    "try { 1 } catch { 2 }",
    "try { throw 1 } catch (e) { e + 1 }",
    "try { 1 } finally { 2 }",
    "a: { 1; break a }",
    "a: for (;;) { 4; break a }",
    "with ({ x: 8 }) x",
    "'use strict'",
    "'a' + 1",
    "(function () {})",
    "undefined",
    "void 0",
    "null",
    "[1, [2, 3]]",
    "({ toString() { return 'o' } })",
    "1n << 70n",
    "Symbol('s').toString()",
    "`t${1 + 1}`",
    "var x = 1; x = 5",
    "debugger; 3",

    /* Declarations, hoisting, and this. */
    "f(); function f() { return 9 }",
    "typeof v; var v = 1",
    "try { l; let l } catch (e) { e.message }",
    "try { c = 1; const c = 0 } catch (e) { e.message }",
    "let l = 1; { let l = 2 } l",
    "const c = 1; try { c = 2 } catch (e) { e.message }",
    "typeof Late; class Late {}",
    "try { new Late; class Late {} } catch (e) { e.message }",
    "var a = 1; var a; a",
    "this === globalThis",
    "'use strict'; this === globalThis",
    "(function () { return this })() === this",
    "(function () { 'use strict'; return this })()",
    "(() => this)() === globalThis",
    "var g = 1; globalThis.g",
    "function h() {} typeof globalThis.h",
    "let m = 1; typeof globalThis.m",
    "u = 4; globalThis.u",
    "'use strict'; u2 = 4",
    "{ function inner() {} } typeof inner",
    "'use strict'; { function inner() {} } typeof inner",
    "if (1) function odd() {} typeof odd",
    "var arguments = 3; arguments",
    "typeof arguments",
    "let async = 1; async",
    "var let_ = 1; let_",
    "function f(a, a) { return a } f(1, 2)",
    "delete u4",
    "u5 = 1; delete u5",
    "Object.keys({ b: 1, a: 2, 1: 0 })",
    "var o = {}; o.toString = () => 'own'; o + ''",
    "'use strict'; var o = {}; o.constructor = 1; o.constructor",
    "'use strict'; var e = new Error('m'); e.name = 'N'; e.message = 'n'; String(e)",
    "'use strict'; function S() {} S.prototype = Object.create(Array.prototype); S.prototype.push "
    "= () => 5; new S().push()",
    "'use strict'; const d = new Date(0); d.toJSON = () => 'j'; JSON.stringify(d)",
    "'use strict'; const f = () => 1; f.toString = () => 'f'; f.call = 2; f + '' + f.call",
    "class P { constructor() { this.toString = () => 'p' } } String(new P())",
    "class E extends Error { constructor(m) { super(m); this.name = 'E' } } String(new E('x'))",
    "class N extends Array {} const n = N.from([1, 2]); [n instanceof N, n.length, n.map((x) => x "
    "* 2)]",
    "'abc'.toString = 1; 'abc' + ''",

    /* Classes, generators, async. */
    "class A { #x = 3; static s = 4; get x() { return this.#x } static { this.t = 5 } } [new "
    "A().x, A.s, A.t]",
    "[...(function* () { yield* [1, 2]; return 3 })()]",
    "let r; (async () => { r = await 4 })(); typeof r",
    "new (class { constructor() { this.a = new.target.name } })().a",
    "Object.getOwnPropertyNames(class { static m() {} })",
    "(function named() { return named.name })()",
    "const { a, ...rest } = { a: 1, b: 2 }; JSON.stringify(rest)",
    "((a, b = a, ...c) => [a, b, c.length])(1)",
    "(function () { return arguments.length })(1, 2)",
    "(function f() { return arguments.callee === f })()",
    "(0, eval)('1 + 1')",
    "eval('var ev = 2; ev')",
    "eval('let el = 1'); typeof el",
    "new Function('a', 'return a * 2')(4)",
    "function* g() {} String(g)",
    "String(() => 1)",
    "/(a)(b)/.exec('ab')",
    "'x'.replace(/x/, '$&$&')",
    "[3, 1, 2].sort()",
    "new Date(0).toISOString()",
    "JSON.stringify({ a: [1, { b: null }] })",
    "[...new Map([[1, 2]]).entries()]",
    "label: { label2: for (;;) break label }",
    "<!-- a comment\n6",
    "5\n--> a comment",
    "#!/usr/bin/env judge\n8",

    /* Errors: where they are, and what is called. */
    "throw new Error('top')",
    "\n\n  throw new Error('third line')",
    "null.x",
    "missing",
    "missing()",
    "const f = 1; f()",
    "let a; a.b.c",
    "throw 'text'",
    "throw { a: 1 }",
    "throw undefined",
    "function f() { throw new Error('in f') }\nf()",
    "function f() { throw new TypeError('deep') }\nfunction g() { f() }\n\ng();",
    "class A { m() { throw new RangeError('m') } }\nnew A().m()",
    "class A { constructor() { null.x } }\nnew A",
    "class A { static m() { throw new Error('s') } }\nA.m()",
    "const o = { m() { throw new Error('o') } };\no.m()",
    "const o = { get x() { throw new Error('g') } };\no.x",
    "[1].map(function mapper() { throw new Error('map') })",
    "[1].forEach((x) => { throw new Error('arrow') })",
    "(() => { throw new Error('now') })()",
    "(function () { throw new Error('anonymous') })()",
    "new Promise((r) => { throw new Error('p') }); 1",
    "(function f() { f() })()",
    "new Array(-1)",
    "'x'.repeat(-1)",
    "JSON.parse('{')",
    "BigInt(1.5)",
    "decodeURI('%')",
    "(1).toFixed(200)",
    "Symbol() + ''",
    "Object.defineProperty(1, 'a', {})",
    "try { null.x } catch (e) { throw e }",
    "try { throw new Error('a') } finally { }",
    "throw Object.assign(new Error('with'), { code: 3 })",
    "throw new Error('a', { cause: new Error('b') })",
    "class My extends Error {}\nthrow new My('mine')",
    "class My extends Error { get name() { return 'Computed' } }\nthrow new My('mine')",
    "throw new AggregateError([new Error('a')], 'many')",
    "const [a] = null",
    "const { b } = undefined",
    "new (class A extends null {})()",
    "for (const x of 5) ;",
    "var x = {}; x()",
    "throw null",
    "function f() {\n  return Promise.reject(new Error('later'))\n}\nf(); 2",
    "const e = new Error('made here');\n\nthrow e",
    "'use strict'; arguments = 1",
    "\"\\u00e4\"; throw new Error('\\u00e4\\u20ac')",
    "/* \xe2\x82\xac */ throw new Error('after wide')",

    /* What does not parse. */
    "1 +",
    "a b",
    "let a; let a",
    "let a; var a",
    "}",
    "(",
    "`open",
    "'open",
    "/* open",
    "/open",
    "return 1",
    "await 1",
    "yield 1; 2",
    "new.target",
    "super.x",
    "import x from 'y'",
    "export default 1",
    "const c",
    "if (",
    "function (",
    "class { }",
    "let let = 1",
    "'use strict'; with (a) b",
    "'use strict'; 010",
    "1 = 2",
    "for (let i, j of []) ;",
    "a: a: 1",
    "break",
    "x => { } ()",
    "\n\n\n  {",
    "({ a: 1, b",
    "[1, 2",
    "\"\\x\"",
    "0b2",
    "1_",
    "#x",
    "class A { m() { this.#y } }",
    "async () => { await }",
};

/* Programs that differ: what the compartment gives. */
static const struct {
  const char *program, *script, *compartment;
} differences[] = {
    {"var Map = 1; typeof Map", "number", "function"},
    {"Array.prototype.first = function () { return this[0] }; [5].first()", "5",
     "TypeError: [5].first is not a function"},
    {"Error.stackTraceLimit = 3; Error.stackTraceLimit", "3", "10"},
    {"'use strict'; Math.random = () => 4; Math.random()", "4",
     "TypeError: Cannot assign to read only property 'random' of object '[object Math]'"},
    {"function parseInt() { return 1 } parseInt('7')", "1",
     "TypeError: Identifier 'parseInt' has already been declared"},
    {"'use strict'; undefined = 1",
     "TypeError: Cannot assign to read only property 'undefined' of object '#<Object>'",
     "TypeError: Cannot assign to read only property 'undefined' of object '[object Object]'"},
    {"var d = 1; delete globalThis.d", "false", "true"},
    {"typeof FinalizationRegistry", "function", "undefined"},
    {"Object.isFrozen(Object.prototype)", "false", "true"},
    {"Array.prototype.map = 1; typeof [].map", "number",
     "TypeError: Cannot assign to read only property 'map' of object"},
    {"'value' in Object.getOwnPropertyDescriptor(Object.prototype, 'toString')", "true", "false"},
};

static char *shown(ist_isolate *isolate, ist_context *context, ist_status status, ist_value value,
                   ist_error *error) {
  enum { ROOM = 8192 };
  char *text = calloc(1, ROOM);
  ist_value string;
  ist_error *none;
  if (status) {
    int at =
        snprintf(text, ROOM, "%s %s: %s\n%s:%d:%d-%d\n%s\n%s", ist_status_name(status),
                 error->name ? error->name : "", error->message ? error->message : "",
                 error->file ? error->file : "", error->line, error->column, error->end_column,
                 error->source_line ? error->source_line : "", error->stack ? error->stack : "");
    for (size_t i = 0; i < error->frame_count && at < ROOM - 200; i++)
      at += snprintf(text + at, ROOM - (size_t)at, "\n%s %s:%d:%d %u", error->frames[i].function,
                     error->frames[i].script, error->frames[i].line, error->frames[i].column,
                     error->frames[i].flags);
    ist_error_free(error);
    return text;
  }
  char *chars;
  status = ist_value_to_string(context, value, &string, &none);
  if (status) {
    snprintf(text, ROOM, "no text: %s", none->message);
    ist_error_free(none);
  } else if (!ist_string_read(isolate, string, &chars, NULL)) {
    snprintf(text, ROOM, "%d %s", value.type, chars);
    ist_free(chars);
  }
  return text;
}

static char *as_script(ist_isolate *isolate, const char *program) {
  ist_context *context;
  ist_value value = ist_undefined();
  ist_error *error;
  assert_ok(ist_context_new(isolate, NULL, &context));
  ist_status status =
      ist_script_eval(context, program, strlen(program), "program.js", &value, &error);
  char *text = shown(isolate, context, status, value, error);
  assert_ok(ist_context_free(context));
  return text;
}

static char *as_text(ist_isolate *isolate, ist_context *context, const char *program) {
  ist_source source = {
      .size = sizeof source, .text = program, .length = strlen(program), .file = "program.js"};
  ist_value value = ist_undefined();
  ist_error *error;
  ist_status status = ist_compartment_eval(context, &source, &value, &error);
  char *text = shown(isolate, context, status, value, error);
  return text;
}

/* One after the other in one context, frozen or not. */
static void compare_all(ist_isolate *isolate, bool frozen) {
  ist_context *context;
  ist_context_options options = {.size = sizeof options, .frozen = frozen};
  int failures = 0;
  assert_ok(ist_context_new(isolate, &options, &context));
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    uint32_t scope;
    assert_ok(ist_scope_open(isolate, &scope));
    for (int round = 0; round < 2; round++) {
      char *script = as_script(isolate, programs[i]);
      char *text = as_text(isolate, context, programs[i]);
      if (strcmp(script, text)) {
        print_error("--- %s\nas a script: %s\nin the compartment: %s\n", programs[i], script, text);
        failures++;
      }
      free(script);
      free(text);
      if (frozen) {
        assert_ok(ist_compartment_sweep(context));
        continue;
      }
      assert_ok(ist_context_free(context));
      assert_ok(ist_context_new(isolate, &options, &context));
    }
    assert_ok(ist_scope_close(isolate, scope));
  }
  assert_int_equal(failures, 0);
}

static void test_programs_behave_as_scripts(void **state) {
  fixture *f = *state;
  compare_all(f->isolate, true);
}

static void test_so_they_do_in_contexts_that_are_not_frozen(void **state) {
  fixture *f = *state;
  compare_all(f->isolate, false);
}

static void expect(const char *program, const char *expected, char *text) {
  /* Behind the type, or the status. */
  const char *from = strchr(text, ' ');
  if (!from || strncmp(from + 1, expected, strlen(expected)))
    fail_msg("%s: %s instead of %s", program, text, expected);
  free(text);
}

static void test_what_differs(void **state) {
  fixture *f = *state;
  ist_context *context;
  ist_context_options options = {.size = sizeof options, .frozen = true};
  assert_ok(ist_context_new(f->isolate, &options, &context));
  for (size_t i = 0; i < sizeof differences / sizeof *differences; i++) {
    expect(differences[i].program, differences[i].script,
           as_script(f->isolate, differences[i].program));
    expect(differences[i].program, differences[i].compartment,
           as_text(f->isolate, context, differences[i].program));
    assert_ok(ist_compartment_sweep(context));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_programs_behave_as_scripts),
      TEST(test_so_they_do_in_contexts_that_are_not_frozen),
      TEST(test_what_differs),
  };
  return cmocka_run_group_tests_name("compartments_scripts", tests, NULL, NULL);
}
