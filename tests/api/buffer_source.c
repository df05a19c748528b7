/* Buffers whose memory the embedder gives: from a length on, each of them once, until it says no;
 * and all of it comes back, whatever becomes of the isolate. */
#include "api_test.h"

#include <stdatomic.h>

typedef struct source {
  atomic_size_t given, released, foreign; /* how many */
  size_t most;                            /* of `given`; more are the library's */
  void *blocks[64];
} source;

static void *give(void *env, size_t length) {
  source *from = env;
  size_t at = atomic_load(&from->given);
  if (at >= from->most) return NULL;
  from->blocks[at] = calloc(length, 1);
  atomic_fetch_add(&from->given, 1);
  return from->blocks[at];
}

static bool take_back(void *env, void *memory, size_t length) {
  source *from = env;
  assert_true(length >= 4096);
  for (size_t i = 0; i < atomic_load(&from->given); i++) {
    if (from->blocks[i] != memory) continue;
    free(memory);
    from->blocks[i] = NULL;
    atomic_fetch_add(&from->released, 1);
    return true;
  }
  atomic_fetch_add(&from->foreign, 1);
  return false;
}

static void open_with(fixture *f, source *from, ist_buffer_source *given) {
  *given = (ist_buffer_source){
      .size = sizeof *given, .least = 4096, .env = from, .allocate = give, .release = take_back};
  ist_isolate_options options = {.size = sizeof options, .buffer_source = given};
  assert_ok(ist_isolate_new(&options, &f->isolate));
  assert_ok(ist_context_new(f->isolate, NULL, &f->context));
}

static void large_buffers_are_given(void **state) {
  (void)state;
  source from = {.most = 64};
  ist_buffer_source given;
  fixture f;
  open_with(&f, &from, &given);
  memset(&given, 0, sizeof given); /* it was copied */
  eval(&f, "globalThis.kept = [new Uint8Array(4095), new ArrayBuffer(100)]; 0");
  assert_int_equal(0, atomic_load(&from.given));
  ist_value value = eval(&f, "kept.push(new Uint8Array(4096).fill(7)); kept[2]");
  assert_int_equal(1, atomic_load(&from.given));
  uint8_t *bytes;
  size_t length;
  assert_ok(ist_bytes_read(f.isolate, value, &bytes, &length));
  assert_ptr_equal(from.blocks[0], bytes);
  assert_int_equal(4096, length);
  assert_int_equal(7, bytes[4095]);
  eval(&f, "kept.push(new SharedArrayBuffer(1 << 20), new Float64Array(512)); 0");
  assert_int_equal(3, atomic_load(&from.given));
  assert_ok(ist_isolate_free(f.isolate));
  assert_int_equal(3, atomic_load(&from.released));
  assert_int_equal(0, atomic_load(&from.foreign));
}

static void what_is_not_given_is_the_librarys(void **state) {
  (void)state;
  source from = {.most = 2};
  ist_buffer_source given;
  fixture f;
  open_with(&f, &from, &given);
  eval(&f, "for (let i = 0; i < 5; i++) new Uint8Array(8192).fill(i); 0");
  assert_int_equal(2, atomic_load(&from.given));
  assert_ok(ist_isolate_free(f.isolate));
  assert_int_equal(2, atomic_load(&from.released));
  assert_int_equal(3, atomic_load(&from.foreign));
}

static void a_store_outlives_the_isolate(void **state) {
  (void)state;
  source from = {.most = 64};
  ist_buffer_source given;
  fixture f;
  open_with(&f, &from, &given);
  ist_store *store;
  assert_ok(ist_store_of(f.isolate, eval(&f, "new Uint8Array(5000).fill(9).buffer"), &store));
  assert_ok(ist_isolate_free(f.isolate));
  assert_int_equal(0, atomic_load(&from.released));
  assert_int_equal(9, ((uint8_t *)ist_store_bytes(store))[4999]);
  ist_store_free(store);
  assert_int_equal(1, atomic_load(&from.released));
}

static void a_source_must_be_whole(void **state) {
  (void)state;
  ist_isolate *isolate = NULL;
  ist_buffer_source given = {.size = sizeof given, .allocate = give, .release = take_back};
  ist_isolate_options options = {.size = sizeof options, .buffer_source = &given};
  given.size = 8;
  assert_status(IST_ERR_ARGUMENT, ist_isolate_new(&options, &isolate));
  given.size = sizeof given;
  given.allocate = NULL;
  assert_status(IST_ERR_ARGUMENT, ist_isolate_new(&options, &isolate));
  given.allocate = give;
  given.release = NULL;
  assert_status(IST_ERR_ARGUMENT, ist_isolate_new(&options, &isolate));
  assert_null(isolate);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(large_buffers_are_given),
      cmocka_unit_test(what_is_not_given_is_the_librarys),
      cmocka_unit_test(a_store_outlives_the_isolate),
      cmocka_unit_test(a_source_must_be_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
