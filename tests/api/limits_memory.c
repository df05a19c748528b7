/* Memory: each way of using it up ends its run or its isolate with a named error, in a fresh
 * isolate of 64 MiB, and the process and another isolate go on. A spent isolate refuses whatever
 * would run or make something, and is freed like any other. */
#include "api_test.h"

#include <stdio.h>

static const size_t MIB = (size_t)1 << 20;
static const char *const heap_text = "the heap limit of 64 MiB was reached";

enum {
  BY_MEMORY, /* nothing else ends it */
  BY_EITHER, /* the time limit may come first, which keeps the test short */
  BY_RANGE,  /* a RangeError, or what `text` says */
  BY_NOTHING /* it is done, or is ended: it must only not hurt */
};

struct way {
  int ends;
  const char *source;
  const char *text;
};

static const struct way ways[] = {
    {BY_MEMORY, "let a = []; for (;;) a.push(new Array(1e5).fill(a.length))", 0},
    {BY_EITHER, "let a = []; for (;;) a.push({ x: a.length, y: [1, 2, 3] })", 0},
    {BY_MEMORY, "let a = new Array(3e7).fill(0); a.length", 0},
    {BY_MEMORY, "let a = []; for (let i = 0; i < 50; i++) a.push(new Array(3e7).fill(i)); a.length",
     0},
    {BY_RANGE, "let s = 'abcdefgh'; for (;;) s += s", "Invalid string length"},
    {BY_EITHER, "let a = []; for (let i = 0;; i++) a.push(('x' + i).repeat(100000) + i)", 0},
    {BY_EITHER,
     "let a = []; for (let i = 0;; i++) { let s = 'y'.repeat(1 << 20) + i; s.charCodeAt(5); "
     "a.push([...s].join('')) }",
     0},
    {BY_EITHER, "const m = new Map; for (let i = 0;; i++) m.set(i, { i })", 0},
    {BY_EITHER, "const m = new Set; for (let i = 0;; i++) m.add('k' + i)", 0},
    {BY_RANGE, "let a = []; for (;;) a.push(new ArrayBuffer(1 << 24))",
     "Array buffer allocation failed"},
    {BY_RANGE, "new ArrayBuffer(2 ** 40)", "Array buffer allocation failed"},
    {BY_NOTHING, "let a = []; for (;;) a.push(new Float64Array(10))", 0},
    {BY_RANGE, "const f = () => f() + 1; f()", "Maximum call stack size exceeded"},
    {BY_EITHER, "let s = '[' + '1,'.repeat(5e6) + '1]'; let a = []; for (;;) a.push(JSON.parse(s))",
     0},
    {BY_EITHER, "/^(a+)+$/.test('a'.repeat(40) + 'b'); for (;;);", 0},
    {BY_EITHER, "for (;;) new Array(1000).fill(1.5)", 0},
    {BY_MEMORY, "let a = []; for (;;) { let x = new Array(100); a.push(() => x) }", 0},
    {BY_RANGE, "function* g() { yield* g() }; [...g()]", "Maximum call stack size exceeded"},
    {BY_MEMORY,
     "let a = Array.from({ length: 3e6 }, (_, i) => ({ i })); for (;;) { a = a.concat(a); "
     "a.sort((x, y) => x.i - y.i) }",
     0},
    {BY_EITHER, "let b = 2n; for (;;) b = b * b * b", 0},
    {BY_EITHER, "let o = {}; for (let i = 0;; i++) o['p' + i] = i", 0},
    {BY_EITHER,
     "let s = ''; for (let i = 0; i < 2e6; i++) s += 'var v' + i + '=1;'; for (;;) new Function(s)",
     0},
    {BY_MEMORY,
     "for (;;) { try { let a = []; for (;;) a.push(new Array(1e5).fill(0)) } catch (e) {} finally "
     "{} }",
     0},
    {BY_EITHER, "globalThis.g = () => Promise.resolve().then(g); g()", 0},
    {BY_RANGE, "const p = new Proxy({}, { get(t, k, r) { return r[k] } }); p.x",
     "Maximum call stack size exceeded"},
    {BY_RANGE, "new WebAssembly.Memory({ initial: 60000 })",
     "WebAssembly.Memory(): could not allocate memory"},
    /* Big things at once. */
    {BY_MEMORY, "[...'a'.repeat(1 << 24)]", 0},
    {BY_MEMORY, "Array.from('a'.repeat(1 << 25))", 0},
    {BY_MEMORY, "[...Array(1e8)]", 0},
    {BY_MEMORY, "let a = [1]; for (;;) a = [...a, ...a]", 0},
    {BY_MEMORY, "let a = [1]; for (;;) a = a.concat(a)", 0},
    {BY_MEMORY, "Array.from(new Uint8Array(3e7))", 0},
    {BY_MEMORY, "[...new Uint8Array(3e7)]", 0},
    {BY_MEMORY, "Array.apply(null, new Array(2 ** 24))", 0},
    {BY_MEMORY, "BigInt('0x' + 'f'.repeat(1 << 28))", 0},
    {BY_MEMORY,
     "(1n << (1n << 28n)) * (1n << (1n << 28n)); let a = []; for (;;) a.push(1n << (1n << 28n))",
     0},
    {BY_MEMORY, "'a'.padEnd(1 << 27).normalize('NFD')", 0},
    {BY_MEMORY, "'\\u1234'.repeat(1 << 26).toUpperCase()", 0},
    {BY_MEMORY, "escape('\\u1234'.repeat(1 << 24))", 0},
    {BY_MEMORY, "decodeURIComponent('%41'.repeat(1 << 26))", 0},
    {BY_MEMORY, "'a'.repeat(1 << 28).localeCompare('a'.repeat(1 << 28) + 'b')", 0},
    {BY_MEMORY, "eval('[' + '1,'.repeat(1 << 23) + ']')", 0},
    {BY_MEMORY, "Array(1 << 24).fill('x'.repeat(1 << 5)).join()", 0},
    {BY_MEMORY, "Reflect.construct(Array, new Array(1e7))", 0},
    {BY_MEMORY, "let a = new Array(33554432).fill(0); a.length", 0},
    {BY_MEMORY, "new Array(1e7).map((_, i) => i)", 0},
    {BY_MEMORY, "new Array(1e7).fill(0.5).sort()", 0},
    {BY_MEMORY, "JSON.parse('[' + '1,'.repeat(1 << 24) + '1]')", 0},
    {BY_MEMORY, "'a,'.repeat(1 << 24).split(',')", 0},
    {BY_MEMORY, "'a'.repeat(1 << 24).split('')", 0},
    {BY_MEMORY, "'a'.repeat(1 << 24).match(/a/g)", 0},
    {BY_MEMORY, "Array(2 ** 24).fill([1, 2]).flat()", 0},
    {BY_RANGE, "'a,'.repeat(1 << 27).split(',')", "Invalid string length"},
    {BY_RANGE, "'a'.repeat(1 << 28).split(/a/)", "Invalid string length"},
    {BY_RANGE, "new String('a'.repeat(1 << 28)).match(/a/g)", "Invalid string length"},
    {BY_RANGE, "'a'.repeat(1 << 28).replace(/a/g, () => 'b')", "Invalid string length"},
    {BY_RANGE, "'a'.repeat(1 << 28).replaceAll('a', 'bb')", "Invalid string length"},
    {BY_RANGE, "JSON.parse('[' + '1,'.repeat(1 << 27) + '1]')", "Invalid string length"},
    {BY_RANGE, "new Array(2 ** 32 - 1).join('x')", "Invalid string length"},
    {BY_RANGE, "'a'.repeat(1 << 29)", "Invalid string length"},
    {BY_RANGE, "'a'.repeat(1 << 28) + 'b'.repeat(1 << 28)", "Invalid string length"},
    {BY_RANGE, "2n ** (2n ** 30n)", "Maximum BigInt size exceeded"},
    {BY_RANGE, "BigInt.asUintN(2 ** 53 - 1, -1n)", "Maximum BigInt size exceeded"},
    {BY_RANGE, "new Uint8Array(2 ** 30)", "Array buffer allocation failed"},
    {BY_RANGE, "new SharedArrayBuffer(2 ** 27)", "Array buffer allocation failed"},
    {BY_RANGE, "const b = new ArrayBuffer(1 << 20, { maxByteLength: 1 << 30 }); b.resize(1 << 29)",
     "ArrayBuffer.prototype.resize: Out of memory"},
    {BY_RANGE, "eval('['.repeat(1 << 20))", "Maximum call stack size exceeded"},
    {BY_RANGE, "new Function('return ' + '(a,'.repeat(1 << 20))",
     "Maximum call stack size exceeded"},
    {BY_RANGE,
     "[].concat(...Array(1000).fill(Array(1e6)))[0]; [].concat(...Array(5000).fill(Array(1e6)))",
     "Invalid array length"},
    {BY_NOTHING, "new RegExp('('.repeat(1e6))", 0},
    {BY_NOTHING, "new RegExp('[a-z]'.repeat(1 << 18)).test('a')", 0},
    {BY_NOTHING, "new RegExp('(a{1,1000}){1,1000}'.repeat(100)).test('a')", 0},
    {BY_EITHER, "let b = 1n << (1n << 24n); for (;;) b.toString(10)", 0},
    {BY_EITHER, "let a = []; for (;;) a.push(new Intl.NumberFormat('de'))", 0},
    {BY_EITHER, "for (let i = 0;; i++) Symbol.for('k' + i)", 0},
    {BY_EITHER,
     "const w = new WeakMap; let a = []; for (;;) { const k = {}; a.push(k); w.set(k, new "
     "Array(10)) }",
     0},
    {BY_EITHER,
     "const r = new FinalizationRegistry(() => {}); let a = []; for (;;) { const o = {}; "
     "a.push(o); r.register(o, 1) }",
     0},
    {BY_EITHER, "let e = null; for (;;) e = new Error('x', { cause: e })", 0},
    {BY_EITHER, "let o = {}; for (;;) o = { o }", 0},
    {BY_EITHER, "let f = x => x; for (;;) f = f.bind(null, 1)", 0},
    {BY_EITHER, "let p = {}; for (;;) p = Object.create(p)", 0},
    {BY_EITHER, "let p = {}; for (;;) p = new Proxy(p, {})", 0},
    {BY_EITHER, "Object.fromEntries(function* () { for (let i = 0;; i++) yield ['k' + i, i] }())",
     0},
    {BY_EITHER, "Array.from(function* () { for (let i = 0;; i++) yield i }())", 0},
    {BY_EITHER,
     "globalThis.q = []; (async () => { for (;;) q.push(new Array(1000).fill(await 1)) })()", 0},
    {BY_EITHER, "let o = []; for (let i = 0;; i += 1e5) o[i] = i; ", 0},
    {BY_EITHER, "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", 0},
    {BY_NOTHING,
     "let a = []; for (let i = 0; i < 20; i++) a.push(new WebAssembly.Memory({ initial: 0 }))", 0},
};

/* An isolate of 64 MiB. */
static void limited(fixture *f) {
  ist_isolate_options options = {
      .size = sizeof options, .heap_limit = 64 * MIB, .buffer_limit = 64 * MIB};
  assert_ok(ist_isolate_new(&options, &f->isolate));
  assert_ok(ist_context_new(f->isolate, NULL, &f->context));
}

/* Tries a way; gives the status it ended with. */
static ist_status try_way(fixture *f, const struct way *way) {
  bool whole = getenv("ISTHMUS_LONG") != NULL;
  ist_limits limits = {.size = sizeof limits};
  if (way->ends == BY_EITHER || way->ends == BY_NOTHING)
    limits.wall = (uint64_t)(whole ? 20000 : 100) * 1000000;
  assert_ok(ist_limits_begin(f->isolate, &limits));
  ist_error *error = NULL;
  ist_value value = ist_undefined();
  ist_status status =
      ist_script_eval(f->context, way->source, strlen(way->source), "way.js", &value, &error);
  if (!status) status = ist_isolate_run_microtasks(f->isolate);
  ist_usage usage = {.size = sizeof usage};
  assert_ok(ist_limits_end(f->isolate, &usage));
  const char *text = error && error->message ? error->message : "";
  if (error && status == IST_ERR_MEMORY) {
    assert_string_equal(heap_text, text);
    assert_string_equal("MemoryError", error->name);
  }
  if (status == IST_ERR_MEMORY) assert_status(IST_ERR_MEMORY, usage.ended);
  if (way->ends == BY_MEMORY && status != IST_ERR_MEMORY)
    fail_msg("%s: %s %s", way->source, ist_status_name(status), text);
  if (way->ends == BY_EITHER && status != IST_ERR_MEMORY && status != IST_ERR_TIMEOUT)
    fail_msg("%s: %s %s", way->source, ist_status_name(status), text);
  if (way->ends == BY_RANGE) {
    if (status != IST_ERR_EXCEPTION)
      fail_msg("%s: %s %s", way->source, ist_status_name(status), text);
    assert_string_equal("RangeError", error->name);
    assert_string_equal(way->text, text);
  }
  assert_true(ist_isolate_spent(f->isolate) == (status == IST_ERR_MEMORY));
  ist_error_free(error);
  return status;
}

static void every_way_is_survived(void **state) {
  fixture *other = *state;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    fixture f;
    limited(&f);
    try_way(&f, &ways[i]);
    if (!ist_isolate_spent(f.isolate)) {
      ist_value value = eval(&f, "6 * 7");
      assert_int_equal(42, value.as.int32);
    }
    assert_ok(ist_isolate_free(f.isolate));
    ist_value value = eval(other, "[1, 2, 3].map(x => x * 2).join()");
    assert_text(other, "2,4,6", value);
  }
}

/* ---- What is spent ---- */

static void kill_with(fixture *f, const char *source) {
  ist_error *error;
  assert_status(IST_ERR_MEMORY,
                ist_script_eval(f->context, source, strlen(source), "kill.js", NULL, &error));
  assert_string_equal(heap_text, error->message);
  ist_error_free(error);
  assert_true(ist_isolate_spent(f->isolate));
}

static const char devour[] = "let a = []; for (;;) a.push(new Array(1e5).fill(a.length))";

#define assert_spent(call)                                                                         \
  do {                                                                                             \
    ist_error *error_ = NULL, **error = &error_;                                                   \
    assert_status(IST_ERR_MEMORY, call);                                                           \
    assert_non_null(error_);                                                                       \
    assert_string_equal(heap_text, error_->message);                                               \
    assert_string_equal("MemoryError", error_->name);                                              \
    ist_error_free(error_);                                                                        \
  } while (0)

static ist_status nothing(void *env, const ist_call *call, ist_value *result) {
  (void)env, (void)call, (void)result;
  return IST_OK;
}

static int finalized;
static void finalize(void *env) {
  (void)env;
  finalized++;
}

static void a_spent_isolate_refuses(void **state) {
  (void)state;
  fixture f;
  limited(&f);
  assert_false(ist_isolate_spent(f.isolate));
  ist_value object = eval(&f, "({ x: 1 })"), function = eval(&f, "(() => 1)"), value;
  ist_value string = text(&f, "text"), global;
  ist_script *script;
  ist_source source = {.size = sizeof source, .text = "1", .length = 1, .file = "s.js"};
  assert_ok(ist_script_compile(f.context, &source, &script, NULL));
  ist_module *module, *fresh_module;
  assert_ok(ist_module_compile(f.context, &source, &module, NULL));
  ist_template *template;
  assert_ok(ist_template_new_object(f.isolate, &template));
  uint32_t scope;
  kill_with(&f, devour);
  ist_limits limits = {.size = sizeof limits};
  ist_context *context;
  char *chars;
  assert_status(IST_ERR_MEMORY, ist_limits_begin(f.isolate, &limits));
  assert_spent(ist_script_eval(f.context, "1", 1, "x.js", &value, error));
  assert_spent(ist_script_run(f.context, script, &value, error));
  assert_spent(ist_script_compile(f.context, &source, &script, error));
  assert_spent(ist_module_compile(f.context, &source, &fresh_module, error));
  assert_spent(ist_module_instantiate(module, error));
  assert_spent(ist_module_evaluate(module, &value, error));
  assert_spent(ist_function_call(f.context, function, ist_undefined(), 0, NULL, &value, error));
  assert_spent(ist_function_construct(f.context, function, 0, NULL, &value, error));
  assert_spent(ist_object_get(f.context, object, "x", &value, error));
  assert_spent(ist_object_set(f.context, object, "x", ist_null(), error));
  assert_spent(ist_json_read(f.context, "1", 1, &value, error));
  assert_spent(ist_json_write(f.context, object, &value, error));
  assert_spent(ist_value_to_string(f.context, object, &value, error));
  assert_status(IST_ERR_MEMORY, ist_string_new(f.isolate, "x", 1, &value));
  assert_status(IST_ERR_MEMORY, ist_string_read(f.isolate, string, &chars, NULL));
  assert_status(IST_ERR_MEMORY, ist_object_new(f.context, &value));
  assert_status(IST_ERR_MEMORY, ist_context_new(f.isolate, NULL, &context));
  assert_status(IST_ERR_MEMORY, ist_context_global(f.context, &global));
  assert_status(IST_ERR_MEMORY, ist_value_keep(f.isolate, object, &value));
  assert_status(IST_ERR_MEMORY, ist_isolate_run_microtasks(f.isolate));
  assert_status(IST_ERR_MEMORY, ist_isolate_queue_microtask(f.isolate, function));
  assert_status(IST_ERR_MEMORY, ist_isolate_collect(f.isolate));
  finalized = 0;
  assert_status(IST_ERR_MEMORY, ist_function_new(f.context, "f", nothing, NULL, finalize, &value));
  assert_int_equal(1, finalized);
  /* What gives something up is possible, and what only looks. */
  ist_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_isolate_statistics(f.isolate, &statistics));
  assert_true(statistics.heap_used > 32 * MIB);
  assert_ok(ist_scope_open(f.isolate, &scope));
  assert_ok(ist_scope_close(f.isolate, scope));
  assert_ok(ist_isolate_enter(f.isolate));
  assert_ok(ist_isolate_leave(f.isolate));
  assert_ok(ist_value_free(f.isolate, object));
  ist_module_free(module);
  ist_script_free(script);
  ist_template_free(template);
  assert_ok(ist_context_free(f.context));
  assert_ok(ist_isolate_terminate(f.isolate));
  assert_ok(ist_isolate_free(f.isolate));
  assert_false(ist_isolate_spent(f.isolate));
}

/* A callback within which the heap fills up: all on the stack ends, whatever it answers. */
struct feast {
  fixture *f;
  ist_status inner;
  int after;
};

static ist_status eat(void *env, const ist_call *call, ist_value *result) {
  struct feast *feast = env;
  ist_limits limits = {.size = sizeof limits};
  ist_usage usage = {.size = sizeof usage};
  assert_ok(ist_limits_begin(feast->f->isolate, &limits));
  feast->inner = ist_script_eval(call->context, devour, sizeof devour - 1, "eat.js", NULL, NULL);
  assert_status(IST_ERR_MEMORY, ist_string_new(feast->f->isolate, "x", 1, result));
  assert_status(IST_ERR_STATE, ist_isolate_free(feast->f->isolate));
  assert_ok(ist_limits_end(feast->f->isolate, &usage));
  assert_status(IST_ERR_MEMORY, usage.ended);
  *result = ist_int32(1);
  return IST_OK;
}

static ist_status count(void *env, const ist_call *call, ist_value *result) {
  (void)call, (void)result;
  ((struct feast *)env)->after++;
  return IST_OK;
}

static void a_callback_in_a_spent_isolate_ends(void **state) {
  (void)state;
  fixture f;
  limited(&f);
  struct feast feast = {.f = &f};
  ist_value global, function;
  assert_ok(ist_context_global(f.context, &global));
  assert_ok(ist_function_new(f.context, "eat", eat, &feast, NULL, &function));
  assert_ok(ist_object_set(f.context, global, "eat", function, NULL));
  assert_ok(ist_function_new(f.context, "count", count, &feast, NULL, &function));
  assert_ok(ist_object_set(f.context, global, "count", function, NULL));
  kill_with(&f,
            "try { eat(); for (let i = 0; i < 1e9; i++) if (i > 1e6) count(); } catch { count(); } "
            "finally { for (let i = 0; i < 1e9; i++) if (i > 1e6) count(); }");
  assert_status(IST_ERR_MEMORY, feast.inner);
  assert_int_equal(0, feast.after);
  assert_ok(ist_isolate_free(f.isolate));
}

static void modules_and_microtasks_spend(void **state) {
  (void)state;
  fixture f;
  limited(&f);
  ist_source source = {
      .size = sizeof source, .text = devour, .length = sizeof devour - 1, .file = "file:///m.mjs"};
  ist_module *module;
  ist_value promise;
  assert_ok(ist_module_compile(f.context, &source, &module, NULL));
  assert_ok(ist_module_instantiate(module, NULL));
  assert_spent(ist_module_evaluate(module, &promise, error));
  assert_ok(ist_isolate_free(f.isolate));
  limited(&f);
  eval(&f, "Promise.resolve().then(() => { let a = []; for (;;) a.push(new Array(1e5).fill(0)) })");
  assert_status(IST_ERR_MEMORY, ist_isolate_run_microtasks(f.isolate));
  assert_true(ist_isolate_spent(f.isolate));
  assert_ok(ist_isolate_free(f.isolate));
}

/* What C makes fills the heap just as well. */
static void conversions_spend(void **state) {
  (void)state;
  size_t length = 100 * MIB;
  char *chars = malloc(length);
  memset(chars, 'x', length);
  fixture f;
  limited(&f);
  ist_value value;
  ist_status status = IST_OK;
  for (int i = 0; i < 10 && !status; i++) status = ist_string_new(f.isolate, chars, length, &value);
  assert_status(IST_ERR_MEMORY, status);
  assert_ok(ist_isolate_free(f.isolate));
  limited(&f);
  for (size_t i = 1; i < length - 1; i++) chars[i] = i % 2 ? '1' : ',';
  chars[0] = '[', chars[length - 2] = ' ', chars[length - 1] = ']';
  status = ist_json_read(f.context, chars, length, &value, NULL);
  assert_true(status == IST_ERR_LIMIT || status == IST_ERR_MEMORY);
  assert_ok(ist_isolate_free(f.isolate));
  limited(&f);
  ist_cbor_options options = {.size = sizeof options, .max_size = (size_t)1 << 40};
  uint8_t head[5] = {0x9a, 0x02, 0x00, 0x00, 0x00}; /* an array of 2^25 zeros */
  size_t items = (size_t)1 << 25;
  memcpy(chars, head, sizeof head);
  memset(chars + sizeof head, 0, items);
  /* The reader looks at the heap before V8 has to. */
  ist_error *error;
  status = ist_cbor_read(f.context, (const uint8_t *)chars, sizeof head + items, &options, &value,
                         &error);
  assert_true(status == IST_ERR_LIMIT || status == IST_ERR_MEMORY);
  assert_non_null(error->message);
  ist_error_free(error);
  assert_ok(ist_isolate_free(f.isolate));
  free(chars);
}

/* V8 lets a single big array pass the limit; it is seen as soon as it can be. */
static void big_objects_are_seen_afterwards(void **state) {
  (void)state;
  fixture f;
  limited(&f);
  ist_limits limits = {.size = sizeof limits};
  ist_value function = eval(&f, "(() => { globalThis.a = new Array(3e7).fill(0); })");
  assert_ok(ist_limits_begin(f.isolate, &limits));
  ist_status status = ist_function_call(f.context, function, ist_undefined(), 0, NULL, NULL, NULL);
  ist_usage usage = {.size = sizeof usage};
  assert_ok(ist_limits_end(f.isolate, &usage));
  assert_true(status == IST_OK || status == IST_ERR_MEMORY);
  assert_status(IST_ERR_MEMORY, usage.ended);
  assert_true(ist_isolate_spent(f.isolate));
  assert_ok(ist_isolate_free(f.isolate));
}

static size_t resident(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  size_t total = 0, pages = 0;
  if (!file || fscanf(file, "%zu %zu", &total, &pages) != 2) pages = 0;
  if (file) fclose(file);
  return pages * 4096;
}

static void deaths_leave_nothing(void **state) {
  fixture *other = *state;
  int deaths = getenv("ISTHMUS_LONG") ? 10000 : 60, warm = deaths / 3;
  size_t before = 0;
  for (int i = 0; i < deaths; i++) {
    fixture f;
    ist_isolate_options options = {.size = sizeof options, .heap_limit = 8 * MIB};
    assert_ok(ist_isolate_new(&options, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    assert_status(IST_ERR_MEMORY,
                  ist_script_eval(f.context, devour, sizeof devour - 1, "die.js", NULL, NULL));
    assert_ok(ist_isolate_free(f.isolate));
    if (i == warm) before = resident();
  }
  /* Sanitizers keep what was freed for a while. */
  if (!getenv("ISTHMUS_SANITIZE")) assert_true(resident() < before + 64 * MIB);
  ist_value value = eval(other, "6 * 7");
  assert_int_equal(42, value.as.int32);
}

/* ---- Buffers ---- */

static size_t buffers(fixture *f) {
  ist_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_isolate_statistics(f->isolate, &statistics));
  return statistics.buffers;
}

static void buffers_are_counted(void **state) {
  (void)state;
  fixture f;
  limited(&f);
  assert_true(buffers(&f) == 0);
  eval(&f, "globalThis.a = [new ArrayBuffer(1 << 20), new Float64Array(1 << 17), "
           "new SharedArrayBuffer(1 << 20)]; 0");
  assert_true(buffers(&f) == 3 * MIB);
  eval(&f, "a.push(new WebAssembly.Memory({ initial: 16, maximum: 100 })); 0");
  assert_true(buffers(&f) == 4 * MIB);
  eval(&f, "a[3].grow(16); 0");
  assert_true(buffers(&f) == 5 * MIB);
  eval(&f, "a.push(new ArrayBuffer(1 << 20, { maxByteLength: 1 << 24 })); 0");
  assert_true(buffers(&f) == 6 * MIB);
  eval(&f, "a[4].resize(1 << 21); 0");
  assert_true(buffers(&f) == 7 * MIB);
  eval(&f, "a[4].resize(0); a[4].resize(1 << 21); 0");
  assert_true(buffers(&f) == 7 * MIB);
  ist_value value =
      eval(&f, "delete globalThis.a; const errors = []; for (const make of [() => new "
               "ArrayBuffer(65 << 20), "
               "() => new Uint8Array(65 << 20), () => new SharedArrayBuffer(65 << 20)]) "
               "try { make(); } catch (e) { errors.push(`${e}`); } errors.join()");
  assert_text(
      &f,
      "RangeError: Array buffer allocation failed,RangeError: Array buffer allocation failed,"
      "RangeError: Array buffer allocation failed",
      value);
  for (int i = 0; i < 5; i++) assert_ok(ist_isolate_collect(f.isolate));
  assert_true(buffers(&f) == 0);
  /* Garbage makes room: a thousand times a fourth of what there is. */
  eval(&f, "for (let i = 0; i < 1000; i++) new ArrayBuffer(16 << 20); 0");
  assert_ok(ist_isolate_free(f.isolate));
}

/* V8 has the bytes of these in its heap, and must be able to move them out. */
static void small_arrays_give_their_buffers_at_the_limit(void **state) {
  (void)state;
  fixture f;
  limited(&f);
  ist_value value = eval(
      &f, "globalThis.full = new ArrayBuffer(64 << 20); globalThis.small = new Uint8Array(64); "
          "const kept = []; for (let i = 0; i < 1000; i++) kept.push(new Uint8Array(16).buffer); "
          "let error; try { new ArrayBuffer(16); } catch (e) { error = `${e}`; } "
          "[kept.length, kept[999].byteLength, error].join(' ')");
  assert_text(&f, "1000 16 RangeError: Array buffer allocation failed", value);
  uint8_t *bytes;
  size_t length;
  assert_ok(ist_bytes_read(f.isolate, eval(&f, "small"), &bytes, &length));
  assert_int_equal(64, length);
  assert_true(buffers(&f) == 64 * MIB + 1000 * 16 + 64);
  assert_ok(ist_isolate_free(f.isolate));
}

/* (module (memory (export "m") 1) (func (export "f") (param i32) (result i32)
 *   local.get 0 memory.grow)), and one whose memory begins with 0x7fff pages. */
static const char wasm[] =
    "const bytes = n => new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, "
    "3, 2, 1, 0, "
    "5, 5, 1, 0, ...n, 7, 9, 2, 1, 109, 2, 0, 1, 102, 0, 0, 10, 8, 1, 6, 0, 32, 0, 64, 0, 11]);"
    "const small = new WebAssembly.Instance(new WebAssembly.Module(bytes([129, 128, 0]))).exports;"
    "const grown = [small.f(100), small.f(10), small.f(5000), small.f(30000)];"
    "let big; try { new WebAssembly.Instance(new WebAssembly.Module(bytes([255, 255, 1]))); big = "
    "'made'; }"
    "catch (e) { big = `${e}`; } [...grown, small.m.buffer.byteLength >> 16, big].join()";

static void webassembly_is_counted(void **state) {
  (void)state;
  fixture f;
  limited(&f);
  ist_value value = eval(&f, wasm);
  assert_text(&f, "1,101,-1,-1,111,RangeError: WebAssembly.Instance(): Out of memory: wasm memory",
              value);
  assert_true(buffers(&f) >= 111 * 65536);
  assert_ok(ist_isolate_free(f.isolate));
}

/* What refuses giant strings cannot be told from what it stands in for. */
static void bounded_built_ins_look_like_built_ins(void **state) {
  fixture *plain = *state;
  fixture f;
  limited(&f);
  static const char *const sources[] = {
      "[String.prototype.split, String.prototype.match, String.prototype.replace, "
      "String.prototype.replaceAll, JSON.parse].map(f => [f, f.name, f.length, typeof f, "
      "'prototype' in f, "
      "Reflect.ownKeys(f).join(), Object.getPrototypeOf(f) === "
      "Function.prototype].join()).join('\\n')",
      "['split', 'match', 'replace', 'replaceAll'].map(n => JSON.stringify("
      "Object.getOwnPropertyDescriptor(String.prototype, n))).join()",
      "Reflect.ownKeys(String.prototype).map(String).join() + "
      "Reflect.ownKeys(JSON).map(String).join()",
      "['a,b,,c'.split(','), 'a1b2'.split(/\\d/, 1), 'abab'.match(/b/g), 'aXbX'.replace('X', "
      "'$&$&'),"
      "'aXbX'.replaceAll('X', (m, at) => m + at), JSON.parse('[1,2]', (k, v) => v), "
      "String.prototype.split.call(12321, 2)].join(';')",
      "const errors = []; for (const f of [() => String.prototype.split.call(null), () => "
      "JSON.parse('{'), () => "
      "'a'.replaceAll(/a/, 'b'), () => new String.prototype.split, () => 'a'.replace('a', () => { "
      "throw 1 })])"
      "try { f(); } catch (e) { errors.push(`${e}`); } errors.join()",
      "try { 'a'.replace('a', () => { throw new Error('x'); }); } catch (e) { "
      "e.stack.split('\\n').length > 1; }",
  };
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    ist_value expected = eval(plain, sources[i]), got = eval(&f, sources[i]);
    if (expected.type != IST_STRING) {
      assert_int_equal(expected.type, got.type);
      continue;
    }
    char *chars;
    assert_ok(ist_string_read(plain->isolate, expected, &chars, NULL));
    assert_text(&f, chars, got);
    ist_free(chars);
  }
  assert_ok(ist_isolate_free(f.isolate));
}

/* Buffers that C keeps outlive the isolate, and their count goes with them. */
static void buffers_outlive_their_isolate(void **state) {
  (void)state;
  fixture f;
  limited(&f);
  ist_value buffer = eval(&f, "const u = new Uint8Array(1 << 20).fill(7); u.buffer");
  ist_store *store;
  assert_ok(ist_store_of(f.isolate, buffer, &store));
  assert_ok(ist_isolate_free(f.isolate));
  const uint8_t *bytes = ist_store_bytes(store);
  assert_int_equal(7, bytes[(1 << 20) - 1]);
  ist_store_free(store);
}

/* V8 wants whole pages of what it reserves. */
static void limits_may_be_any_number(void **state) {
  (void)state;
  const size_t limits[] = {1, 5000001, 10000001, 50000000, 100000000, 134217727};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    ist_isolate_options options = {.size = sizeof options, .heap_limit = limits[i]};
    fixture f;
    assert_ok(ist_isolate_new(&options, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    assert_int_equal(2, eval(&f, "1 + 1").as.int32);
    assert_ok(ist_isolate_free(f.isolate));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limits_may_be_any_number),
      TEST(every_way_is_survived),
      cmocka_unit_test(a_spent_isolate_refuses),
      cmocka_unit_test(a_callback_in_a_spent_isolate_ends),
      cmocka_unit_test(modules_and_microtasks_spend),
      cmocka_unit_test(conversions_spend),
      cmocka_unit_test(big_objects_are_seen_afterwards),
      TEST(deaths_leave_nothing),
      cmocka_unit_test(buffers_are_counted),
      cmocka_unit_test(small_arrays_give_their_buffers_at_the_limit),
      cmocka_unit_test(webassembly_is_counted),
      TEST(bounded_built_ins_look_like_built_ins),
      cmocka_unit_test(buffers_outlive_their_isolate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
