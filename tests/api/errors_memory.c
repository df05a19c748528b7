/* Errors and CBOR when memory runs out at any one request: a status, nothing half made, nothing
 * left behind. */
#include "api_test.h"

static long requests, failing_at, live;

static bool fails(void) {
  return ++requests == failing_at;
}

static void *allocate(void *env, size_t bytes) {
  (void)env;
  void *memory = fails() ? NULL : malloc(bytes);
  live += memory != NULL;
  return memory;
}

static void *reallocate(void *env, void *memory, size_t bytes) {
  (void)env;
  void *grown = fails() ? NULL : realloc(memory, bytes);
  live += grown && !memory;
  return grown;
}

static void release(void *env, void *memory) {
  (void)env;
  live -= memory != NULL;
  free(memory);
}

/* Fails each request in turn until the work makes fewer. */
static void each_request(fixture *f, bool (*work)(fixture *f)) {
  long first = live;
  bool done = false;
  for (long at = 1; !done && at < 2000; at++) {
    uint32_t scope;
    assert_ok(ist_scope_open(f->isolate, &scope));
    requests = 0;
    failing_at = at;
    bool fine = work(f);
    done = requests < at;
    failing_at = 0;
    if (done) assert_true(fine);
    assert_ok(ist_scope_close(f->isolate, scope));
    /* Tables of handles grow, and stay. */
    if (at == 1) first = live;
    assert_in_range(live, 0, first + 8);
  }
  assert_true(done);
}

static bool an_error(fixture *f) {
  static const char source[] =
      "function f() { throw new TypeError('m', { cause: new Error('n') }) }\n"
      "f()";
  ist_value result;
  ist_error *error = NULL;
  ist_status status =
      ist_script_eval(f->context, source, sizeof source - 1, "a.js", &result, &error);
  assert_int_not_equal(status, IST_OK);
  if (!error) return false;
  char *text = ist_error_format(error);
  bool whole = status == IST_ERR_EXCEPTION && error->cause && text;
  if (status == IST_ERR_EXCEPTION) {
    assert_string_equal(error->name, "TypeError");
    assert_string_equal(error->file, "a.js");
    assert_int_equal(error->frame_count, 2);
    assert_non_null(error->cause);
  }
  ist_free(text);
  ist_error_free(error);
  return whole;
}

static bool a_tree(fixture *f) {
  uint8_t *bytes;
  size_t length;
  ist_value tree, result;
  if (ist_script_eval(f->context, "tree", 4, "t.js", &tree, NULL)) return false;
  ist_status status = ist_cbor_write(f->context, tree, NULL, &bytes, &length, NULL);
  if (status) {
    assert_status(IST_ERR_MEMORY, status);
    return false;
  }
  status = ist_cbor_read(f->context, bytes, length, NULL, &result, NULL);
  ist_free(bytes);
  if (status) assert_status(IST_ERR_MEMORY, status);
  return !status;
}

static void errors_without_memory(void **state) {
  each_request(*state, an_error);
}

static void trees_without_memory(void **state) {
  fixture *f = *state;
  eval(f,
       "globalThis.tree = { a: [1, 'x'.repeat(300), '水'.repeat(300)], m: new Map([[1, 2]]),"
       " big: 2n ** 2000n, u: new Uint16Array(3), s: '\\ud800', many: Array.from({ length: 100 },"
       " () => ({})) }; tree.self = tree; tree.a.push(tree.m); 0");
  each_request(f, a_tree);
}

int main(void) {
  ist_allocator allocator = {sizeof allocator, NULL, allocate, reallocate, release};
  if (ist_allocator_set(&allocator)) return 1;
  const struct CMUnitTest tests[] = {
      TEST(errors_without_memory),
      TEST(trees_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
