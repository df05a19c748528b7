/* Every request for memory that the functions on values make fails once: the answer is
 * IST_ERR_MEMORY, and the next call works. (That nothing is lost, LeakSanitizer says.) */
#include "value_test.h"

static long until_failure; /* how many requests succeed before one fails; negative: none fails */

static bool fails(void) {
  return until_failure >= 0 && until_failure-- == 0;
}

static void *allocate(void *env, size_t bytes) {
  (void)env;
  return fails() ? NULL : malloc(bytes);
}

static void *reallocate(void *env, void *memory, size_t bytes) {
  (void)env;
  return fails() ? NULL : realloc(memory, bytes);
}

static void release(void *env, void *memory) {
  (void)env;
  free(memory);
}

static int finalized;

static void finalize(void *env) {
  (void)env;
  finalized++;
}

/* One call each; what it gives is released. */
typedef struct attempt {
  fixture *f;
  ist_value text, latin, array, strings, object, bytes;
} attempt;

static ist_status string_new(attempt *at, ist_value *result) {
  return ist_string_new_as(at->f->isolate, IST_WTF8, "a\xed\xa0\x80", 4, result);
}

static ist_status string_read(attempt *at, ist_value *result) {
  char *out;
  (void)result;
  ist_status status = ist_string_read(at->f->isolate, at->text, &out, NULL);
  if (!status) ist_free(out);
  return status;
}

static ist_status latin_read(attempt *at, ist_value *result) {
  char *out;
  (void)result;
  ist_status status = ist_string_read(at->f->isolate, at->latin, &out, NULL);
  if (!status) ist_free(out);
  return status;
}

static ist_status string_adopt(attempt *at, ist_value *result) {
  finalized = 0;
  ist_status status =
      ist_string_adopt(at->f->isolate, IST_LATIN1, "some text", 9, finalize, NULL, result);
  if (status == IST_ERR_MEMORY) ist_isolate_collect(at->f->isolate);
  if (finalized != (status != IST_OK)) fail_msg("finalized %d times", finalized);
  return status;
}

static ist_status array_new(attempt *at, ist_value *result) {
  ist_value elements[100];
  for (int i = 0; i < 100; i++) elements[i] = at->text;
  return ist_array_new_from(at->f->context, elements, 100, result);
}

static ist_status array_doubles(attempt *at, ist_value *result) {
  double elements[100] = {0.5};
  return ist_array_new_doubles(at->f->context, elements, 100, result);
}

static ist_status array_read(attempt *at, ist_value *result) {
  ist_value elements[600];
  uint32_t read;
  (void)result;
  return ist_array_read(at->f->context, at->array, 0, elements, 600, &read, NULL);
}

/* Twice as many handles as a chunk of the table holds. */
static ist_status strings_read(attempt *at, ist_value *result) {
  static ist_value elements[2000];
  uint32_t read;
  (void)result;
  ist_status status = ist_array_read(at->f->context, at->strings, 0, elements, 2000, &read, NULL);
  for (uint32_t i = 0; !status && i < read; i++) ist_value_free(at->f->isolate, elements[i]);
  return status;
}

static ist_status private_get(attempt *at, ist_value *result) {
  static const char name[] =
      "a name that is longer than what lies at hand without asking for memory, and that goes on, "
      "and on, and on, and on, and on, and on, and on, and on, and on, and on, and on, and on";
  ist_status status = ist_object_get_private(at->f->context, at->object, name, result);
  return status == IST_ERR_LIMIT ? IST_ERR_MEMORY : status;
}

static ist_status property(attempt *at, ist_value *result) {
  ist_property got = {.size = sizeof got};
  ist_status status = ist_object_property(at->f->context, at->object, at->text, &got, NULL);
  (void)result;
  if (status) return status;
  ist_value_free(at->f->isolate, got.getter);
  ist_value_free(at->f->isolate, got.setter);
  return IST_OK;
}

static ist_status bytes_new(attempt *at, ist_value *result) {
  return ist_bytes_new(at->f->context, "abc", 3, result);
}

static ist_status bytes_adopt(attempt *at, ist_value *result) {
  static char memory[4];
  finalized = 0;
  ist_status status = ist_bytes_adopt(at->f->context, memory, 4, finalize, NULL, result);
  for (int i = 0; status && !finalized && i < 10; i++) ist_isolate_collect(at->f->isolate);
  if (finalized != (status != IST_OK)) fail_msg("finalized %d times", finalized);
  return status;
}

static ist_status store_new(attempt *at, ist_value *result) {
  static char memory[4];
  ist_store *store;
  finalized = 0;
  ist_status status = ist_store_new(memory, 4, finalize, NULL, &store);
  if (status) {
    assert_int_equal(finalized, 1);
    return status;
  }
  status = ist_buffer_new(at->f->context, store, false, result);
  ist_store_free(store);
  return status;
}

static ist_status store_zeroed(attempt *at, ist_value *result) {
  ist_store *store;
  ist_status status = ist_store_new(NULL, 4, NULL, NULL, &store);
  if (status) return status;
  status = ist_buffer_new(at->f->context, store, true, result);
  ist_store_free(store);
  return status;
}

static ist_status store_of(attempt *at, ist_value *result) {
  ist_store *store;
  (void)result;
  ist_status status = ist_store_of(at->f->isolate, at->bytes, &store);
  if (!status) ist_store_free(store);
  return status;
}

static ist_status promise(attempt *at, ist_value *result) {
  return ist_promise_new(at->f->context, result);
}

static ist_status regexp(attempt *at, ist_value *result) {
  return ist_regexp_new(at->f->context, at->text, "g", result, NULL);
}

static ist_status error(attempt *at, ist_value *result) {
  return ist_error_object(at->f->context, "Own", "message", ist_undefined(), result);
}

static void each_request_fails_once(void **state) {
  fixture *f = *state;
  static ist_status (*const calls[])(attempt *, ist_value *) = {
      string_new, string_read,  latin_read,  string_adopt, array_new, array_doubles,
      array_read, strings_read, private_get, property,     bytes_new, bytes_adopt,
      store_new,  store_zeroed, store_of,    promise,      regexp,    error,
  };
  attempt at = {.f = f};
  at.text = text(f, "x");
  at.latin = eval(f, "'caf\\u00e9'.repeat(100)");
  at.array = eval(f, "Array.from({length: 500}, (_, i) => i)");
  at.strings = eval(f, "Array.from({length: 1500}, (_, i) => 's' + i)");
  at.object = eval(f, "({ get x() {}, set x(v) {} })");
  at.bytes = eval(f, "new Uint8Array(10)");
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    for (long n = 0;; n++) {
      ist_value result = ist_undefined();
      until_failure = n;
      ist_status status = calls[i](&at, &result);
      bool reached = until_failure < 0;
      until_failure = -1;
      if (status == IST_OK) {
        ist_value_free(f->isolate, result);
        /* Whoever can do without carries on. */
        if (!reached) break;
      } else {
        assert_status(IST_ERR_MEMORY, status);
      }
      if (n > 1000) fail_msg("call %zu asks for ever", i);
    }
  }
  assert_number(2, eval(f, "1 + 1"));
}

int main(void) {
  static const ist_allocator allocator = {sizeof allocator, NULL, allocate, reallocate, release};
  until_failure = -1;
  if (ist_allocator_set(&allocator)) return 1;
  const struct CMUnitTest tests[] = {
      TEST(each_request_fails_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
