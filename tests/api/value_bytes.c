/* Buffers, views and stores: copies, memory of the caller's, memory of two isolates, and bounds. */
#include "value_test.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_int finalized;

static void finalize(void *env) {
  assert_ptr_equal(env, &finalized);
  finalized++;
}

static int begin(void **state) {
  finalized = 0;
  return setup(state);
}

#define FINALIZING(name) cmocka_unit_test_setup_teardown(name, begin, teardown)

static void copies(void **state) {
  fixture *f = *state;
  uint8_t memory[4] = {1, 2, 3, 4}, *bytes;
  ist_value value;
  size_t length;
  assert_ok(ist_bytes_new(f->context, memory, 4, &value));
  memory[0] = 9;
  assert_said(f, value,
              "it instanceof Uint8Array && it.join() === '1,2,3,4' &&"
              " it.buffer.byteLength === 4");
  assert_ok(ist_bytes_read(f->isolate, value, &bytes, &length));
  assert_int_equal(length, 4);
  bytes[3] = 7;
  assert_said(f, value, "it[3] === 7");
  assert_ok(ist_bytes_new(f->context, NULL, 0, &value));
  assert_said(f, value, "it.length === 0");
  assert_ok(ist_bytes_read(f->isolate, value, &bytes, &length));
  assert_int_equal(length, 0);
  assert_status(IST_ERR_ARGUMENT, ist_bytes_new(f->context, NULL, 1, &value));
  assert_status(IST_ERR_ARGUMENT, ist_bytes_new(f->context, memory, 1, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_bytes_new(NULL, memory, 1, &value));
  assert_status(IST_ERR_LIMIT, ist_bytes_new(f->context, memory, SIZE_MAX, &value));
}

static void reading_every_kind(void **state) {
  fixture *f = *state;
  static const struct {
    const char *source;
    size_t length;
    uint8_t first;
  } cases[] = {
      {"new Uint8Array([5, 6]).buffer", 2, 5},
      {"new Uint8Array([5, 6])", 2, 5}, /* small: on V8's heap */
      {"new Uint16Array([7, 8])", 4, 7},
      {"new Uint8Array([1, 2, 3, 4]).subarray(2)", 2, 3},
      {"new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)", 2, 2},
      {"const s = new SharedArrayBuffer(3); new Uint8Array(s)[0] = 4; s", 3, 4},
      {"new Uint8Array(s)", 3, 4},
      {"new BigInt64Array([2n])", 8, 2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t *bytes;
    size_t length;
    assert_ok(ist_bytes_read(f->isolate, eval(f, cases[i].source), &bytes, &length));
    assert_int_equal(length, cases[i].length);
    assert_int_equal(bytes[0], cases[i].first);
  }
  uint8_t *bytes;
  size_t length;
  assert_status(IST_ERR_TYPE, ist_bytes_read(f->isolate, eval(f, "[1]"), &bytes, &length));
  assert_status(IST_ERR_TYPE, ist_bytes_read(f->isolate, ist_int32(1), &bytes, &length));
  assert_status(IST_ERR_HANDLE, ist_bytes_read(f->isolate, stale(f), &bytes, &length));
  assert_status(IST_ERR_ARGUMENT, ist_bytes_read(f->isolate, eval(f, "s"), NULL, &length));
  assert_status(IST_ERR_ARGUMENT, ist_bytes_read(f->isolate, eval(f, "s"), &bytes, NULL));
}

static void adopted_memory(void **state) {
  fixture *f = *state;
  static uint8_t memory[8] = {1, 2, 3};
  ist_value value;
  uint8_t *bytes;
  size_t length;
  assert_ok(ist_bytes_adopt(f->context, memory, 8, finalize, &finalized, &value));
  assert_ok(ist_bytes_read(f->isolate, value, &bytes, &length));
  assert_ptr_equal(bytes, memory);
  ask(f, value, "globalThis.it[1] = 99");
  assert_int_equal(memory[1], 99);
  assert_int_equal(finalized, 0);
  assert_status(IST_ERR_ARGUMENT,
                ist_bytes_adopt(f->context, NULL, 8, finalize, &finalized, &value));
  assert_status(IST_ERR_ARGUMENT,
                ist_bytes_adopt(f->context, memory, 8, finalize, &finalized, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_bytes_adopt(NULL, memory, 8, finalize, &finalized, &value));
  assert_status(IST_ERR_LIMIT,
                ist_bytes_adopt(f->context, memory, SIZE_MAX, finalize, &finalized, &value));
  assert_int_equal(finalized, 4);
  assert_ok(ist_bytes_adopt(f->context, NULL, 0, finalize, &finalized, &value));
  assert_said(f, value, "it.length === 0");
  assert_ok(ist_bytes_adopt(f->context, memory, 0, finalize, &finalized, &value));
}

static int adopted_memory_is_back(void **state) {
  teardown(state);
  assert_int_equal(finalized, 7);
  return 0;
}

static void resizable_buffers_are_measured_now(void **state) {
  fixture *f = *state;
  uint8_t *bytes;
  size_t length;
  ist_store *store;
  ist_view view = {.size = sizeof view};
  ist_value buffer = eval(f, "globalThis.r = new ArrayBuffer(8, { maxByteLength: 65536 }); r");
  ist_value fixed = eval(f, "globalThis.fixed = new Uint8Array(r, 4, 4)");
  ist_value tracks = eval(f, "new Uint16Array(r, 2)");
  ist_value data = eval(f, "new DataView(r, 2)");
  eval(f, "r.resize(100)");
  assert_ok(ist_bytes_read(f->isolate, buffer, &bytes, &length));
  assert_int_equal(length, 100);
  assert_ok(ist_bytes_read(f->isolate, tracks, &bytes, &length));
  assert_int_equal(length, 98);
  assert_ok(ist_view_read(f->isolate, tracks, &view));
  assert_int_equal(view.count, 49);
  assert_int_equal(view.offset, 2);
  assert_ok(ist_bytes_read(f->isolate, data, &bytes, &length));
  assert_int_equal(length, 98);
  assert_ok(ist_bytes_read(f->isolate, fixed, &bytes, &length));
  assert_int_equal(length, 4);
  /* Its memory can go away. */
  assert_status(IST_ERR_STATE, ist_store_of(f->isolate, buffer, &store));
  assert_status(IST_ERR_STATE, ist_store_of(f->isolate, fixed, &store));
  eval(f, "Object.defineProperty(ArrayBuffer.prototype, 'resizable', { get() { return false } });"
          "r.resize(6)");
  assert_status(IST_ERR_STATE, ist_store_of(f->isolate, buffer, &store));
  assert_ok(ist_bytes_read(f->isolate, fixed, &bytes, &length));
  assert_int_equal(length, 0);
  assert_ok(ist_bytes_read(f->isolate, tracks, &bytes, &length));
  assert_int_equal(length, 4);
  eval(f, "r.resize(1)");
  assert_ok(ist_bytes_read(f->isolate, data, &bytes, &length));
  assert_int_equal(length, 0);
  assert_ok(ist_view_read(f->isolate, tracks, &view));
  assert_int_equal(view.count, 0);
  assert_null(view.data);
  /* A SharedArrayBuffer only grows. */
  buffer = eval(f, "globalThis.g = new SharedArrayBuffer(8, { maxByteLength: 65536 }); g");
  tracks = eval(f, "new Uint8Array(g)");
  eval(f, "g.grow(40)");
  assert_ok(ist_bytes_read(f->isolate, buffer, &bytes, &length));
  assert_int_equal(length, 40);
  assert_ok(ist_bytes_read(f->isolate, tracks, &bytes, &length));
  assert_int_equal(length, 40);
}

static void a_store_outlives_its_buffer(void **state) {
  fixture *f = *state;
  ist_store *store, *small;
  ist_value buffer, value = eval(f, "globalThis.b = new Uint8Array(1000).fill(7).buffer; b");
  assert_ok(ist_store_of(f->isolate, value, &store));
  assert_ok(ist_store_of(f->isolate, eval(f, "new Uint8Array([1, 2, 3])"), &small));
  assert_int_equal(ist_store_length(store), 1000);
  assert_int_equal(ist_store_length(small), 3);
  assert_ok(ist_buffer_detach(f->isolate, value));
  assert_ok(ist_buffer_detach(f->isolate, value));
  assert_said(f, value, "it.byteLength === 0");
  ist_store *none;
  assert_status(IST_ERR_STATE, ist_store_of(f->isolate, value, &none));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_int_equal(((uint8_t *)ist_store_bytes(store))[999], 7);
  assert_ok(ist_buffer_new(f->context, store, false, &buffer));
  assert_said(f, buffer, "it.byteLength === 1000 && new Uint8Array(it)[999] === 7");
  assert_status(IST_ERR_STATE, ist_buffer_new(f->context, store, true, &buffer));
  ist_isolate_free(f->isolate);
  /* The isolate that V8 had taken the memory for is gone. */
  assert_int_equal(((uint8_t *)ist_store_bytes(store))[0], 7);
  assert_int_equal(((uint8_t *)ist_store_bytes(small))[2], 3);
  ist_store_free(store);
  ist_store_free(small);
  assert_ok(ist_isolate_new(NULL, &f->isolate));
}

static void memory_of_two_isolates(void **state) {
  fixture *f = *state, other = {0};
  ist_store *store;
  ist_value mine, theirs, plain;
  assert_ok(ist_isolate_new(NULL, &other.isolate));
  assert_ok(ist_context_new(other.isolate, NULL, &other.context));
  assert_ok(ist_store_new(NULL, 16, NULL, NULL, &store));
  assert_int_equal(((uint8_t *)ist_store_bytes(store))[15], 0);
  assert_ok(ist_buffer_new(f->context, store, true, &mine));
  assert_ok(ist_buffer_new(other.context, store, true, &theirs));
  assert_status(IST_ERR_STATE, ist_buffer_new(f->context, store, false, &plain));
  ist_store_free(store);
  ask(f, mine, "Atomics.store(new Int32Array(it), 1, 77)");
  assert_number(77, ask(&other, theirs, "Atomics.load(new Int32Array(it), 1)"));
  assert_ok(ist_store_of(other.isolate, theirs, &store));
  assert_ok(ist_buffer_new(f->context, store, true, &mine));
  assert_status(IST_ERR_STATE, ist_buffer_new(f->context, store, false, &plain));
  assert_number(77, ask(f, mine, "it instanceof SharedArrayBuffer && new Int32Array(it)[1]"));
  assert_ok(ist_isolate_free(other.isolate));
  assert_number(77, ask(f, mine, "new Int32Array(it)[1]"));
  ist_store_free(store);
}

static void stores_of_the_callers_memory(void **state) {
  fixture *f = *state;
  static uint8_t memory[16];
  ist_store *store;
  ist_value value, again;
  /* Never used, used once, and used for a buffer that outlives it. */
  assert_ok(ist_store_new(memory, 16, finalize, &finalized, &store));
  assert_ptr_equal(ist_store_bytes(store), memory);
  ist_store_free(store);
  assert_int_equal(finalized, 1);
  assert_ok(ist_store_new(memory, 16, finalize, &finalized, &store));
  assert_ok(ist_buffer_new(f->context, store, false, &value));
  assert_status(IST_ERR_STATE, ist_buffer_new(f->context, store, false, &again));
  assert_status(IST_ERR_STATE, ist_buffer_new(f->context, store, true, &again));
  ist_store_free(store);
  assert_int_equal(finalized, 1);
  ask(f, value, "new Uint8Array(it)[3] = 5");
  assert_int_equal(memory[3], 5);
  assert_ok(ist_store_of(f->isolate, value, &store));
  assert_ok(ist_value_free(f->isolate, value));
  eval(f, "delete globalThis.it");
  assert_ok(ist_isolate_collect(f->isolate));
  assert_int_equal(finalized, 1);
  ist_store_free(store);
  for (int i = 0; i < 10 && finalized < 2; i++) assert_ok(ist_isolate_collect(f->isolate));
  assert_int_equal(finalized, 2);

  assert_ok(ist_store_new(NULL, 0, NULL, NULL, &store));
  assert_int_equal(ist_store_length(store), 0);
  assert_ok(ist_buffer_new(f->context, store, false, &value));
  assert_said(f, value, "it.byteLength === 0");
  ist_store_free(store);
  ist_store_free(NULL);
  assert_null(ist_store_bytes(NULL));
  assert_int_equal(ist_store_length(NULL), 0);

  assert_status(IST_ERR_ARGUMENT, ist_store_new(memory, 16, finalize, &finalized, NULL));
  assert_status(IST_ERR_LIMIT, ist_store_new(memory, SIZE_MAX, finalize, &finalized, &store));
  assert_int_equal(finalized, 4);
  assert_status(IST_ERR_MEMORY, ist_store_new(NULL, (size_t)1 << 52, NULL, NULL, &store));
  assert_status(IST_ERR_TYPE, ist_store_of(f->isolate, eval(f, "({})"), &store));
  assert_status(IST_ERR_HANDLE, ist_store_of(f->isolate, stale(f), &store));
  assert_status(IST_ERR_ARGUMENT, ist_store_of(f->isolate, value, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_buffer_new(f->context, NULL, false, &value));
  assert_ok(ist_store_new(NULL, 4, NULL, NULL, &store));
  assert_status(IST_ERR_ARGUMENT, ist_buffer_new(f->context, store, false, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_buffer_new(NULL, store, false, &value));
  ist_store_free(store);
}

static void detaching(void **state) {
  fixture *f = *state;
  uint8_t *bytes;
  size_t length;
  ist_view view = {.size = sizeof view};
  ist_value array = eval(f, "globalThis.a = new Uint32Array(8); a"), buffer = eval(f, "a.buffer");
  assert_ok(ist_buffer_detach(f->isolate, buffer));
  assert_said(f, array, "it.length === 0 && it.buffer.byteLength === 0");
  assert_ok(ist_bytes_read(f->isolate, array, &bytes, &length));
  assert_int_equal(length, 0);
  assert_ok(ist_view_read(f->isolate, array, &view));
  assert_null(view.data);
  assert_int_equal(view.count, 0);
  ist_value memory = eval(f, "new WebAssembly.Memory({ initial: 1 }).buffer");
  assert_status(IST_ERR_STATE, ist_buffer_detach(f->isolate, memory));
  assert_said(f, memory, "it.byteLength === 65536");
  assert_status(IST_ERR_TYPE, ist_buffer_detach(f->isolate, array));
  assert_status(IST_ERR_TYPE, ist_buffer_detach(f->isolate, eval(f, "new SharedArrayBuffer(1)")));
  assert_status(IST_ERR_HANDLE, ist_buffer_detach(f->isolate, stale(f)));
  assert_status(IST_ERR_ARGUMENT, ist_buffer_detach(NULL, buffer));
}

static void views(void **state) {
  fixture *f = *state;
  static const char *const names[] = {"Int8Array",     "Uint8Array",     "Uint8ClampedArray",
                                      "Int16Array",    "Uint16Array",    "Int32Array",
                                      "Uint32Array",   "Float32Array",   "Float64Array",
                                      "BigInt64Array", "BigUint64Array", "DataView"};
  static const size_t sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 1};
  ist_value buffers[] = {eval(f, "new ArrayBuffer(64)"), eval(f, "new SharedArrayBuffer(64)")};
  for (int shared = 0; shared < 2; shared++) {
    ist_value buffer = buffers[shared], view;
    uint8_t *bytes;
    size_t length;
    assert_ok(ist_bytes_read(f->isolate, buffer, &bytes, &length));
    for (int i = 0; i <= IST_ELEMENT_DATA_VIEW; i++) {
      ist_element element = (ist_element)i;
      size_t size = sizes[i];
      ist_view got = {.size = sizeof got};
      char source[128];
      bool same;
      assert_ok(ist_view_new(f->context, element, buffer, 8, 3, &view));
      snprintf(source, sizeof source,
               "it.constructor === %s && it.byteOffset === 8 && it.byteLength === %zu", names[i],
               size * 3);
      assert_said(f, view, source);
      assert_ok(ist_view_read(f->isolate, view, &got));
      assert_int_equal(got.element, element);
      assert_int_equal(got.shared, shared);
      assert_ptr_equal(got.data, bytes + 8);
      assert_int_equal(got.count, 3);
      assert_int_equal(got.offset, 8);
      assert_ok(ist_value_same(f->isolate, got.buffer, buffer, &same));
      assert_true(same);
      assert_ok(ist_view_new(f->context, element, buffer, 0, 64 / size, &view));
      assert_ok(ist_view_new(f->context, element, buffer, 64, 0, &view));
      static const size_t huge[] = {SIZE_MAX, SIZE_MAX / 2 + 1, (size_t)1 << 61, (size_t)1 << 32};
      for (int j = 0; j < 4; j++) {
        assert_status(IST_ERR_ARGUMENT,
                      ist_view_new(f->context, element, buffer, 0, huge[j], &view));
        assert_status(IST_ERR_ARGUMENT,
                      ist_view_new(f->context, element, buffer, huge[j], 1, &view));
        assert_status(IST_ERR_ARGUMENT,
                      ist_view_new(f->context, element, buffer, huge[j], 0, &view));
      }
      assert_status(IST_ERR_ARGUMENT,
                    ist_view_new(f->context, element, buffer, 0, 64 / size + 1, &view));
      if (size > 1)
        assert_status(IST_ERR_ARGUMENT, ist_view_new(f->context, element, buffer, 1, 1, &view));
    }
  }
  ist_value view, buffer = buffers[0];
  ist_view got = {.size = sizeof got};
  assert_status(IST_ERR_ARGUMENT, ist_view_new(f->context, (ist_element)(IST_ELEMENT_DATA_VIEW + 1),
                                               buffer, 0, 1, &view));
  assert_status(IST_ERR_ARGUMENT, ist_view_new(f->context, (ist_element)-1, buffer, 0, 1, &view));
  assert_status(IST_ERR_TYPE, ist_view_new(f->context, IST_ELEMENT_INT8,
                                           eval(f, "new Uint8Array(1)"), 0, 1, &view));
  assert_status(IST_ERR_HANDLE, ist_view_new(f->context, IST_ELEMENT_INT8, stale(f), 0, 1, &view));
  assert_status(IST_ERR_ARGUMENT, ist_view_new(f->context, IST_ELEMENT_INT8, buffer, 0, 1, NULL));
  assert_ok(ist_buffer_detach(f->isolate, buffer));
  assert_status(IST_ERR_STATE, ist_view_new(f->context, IST_ELEMENT_INT8, buffer, 0, 0, &view));
  assert_status(IST_ERR_TYPE, ist_view_read(f->isolate, buffer, &got));
  assert_status(IST_ERR_HANDLE, ist_view_read(f->isolate, stale(f), &got));
  assert_status(IST_ERR_ARGUMENT, ist_view_read(f->isolate, view, NULL));
  got.size = 8;
  assert_status(IST_ERR_ARGUMENT, ist_view_read(f->isolate, view, &got));
}

static void finalize_and_free(void *env) {
  free(env);
  finalized++;
}

static int rounds;

static void use_memory(fixture *f, int round) {
  ist_value value;
  ist_store *store;
  uint8_t *memory = malloc(5000);
  memory[0] = (uint8_t)round;
  rounds++;
  assert_ok(ist_bytes_adopt(f->context, memory, 5000, finalize_and_free, memory, &value));
  assert_ok(ist_bytes_new(f->context, memory, 5000, &value));
  assert_ok(ist_store_of(f->isolate, value, &store));
  ist_store_free(store);
  memory = malloc(5000);
  memory[0] = (uint8_t)round;
  assert_ok(ist_store_new(memory, 5000, finalize_and_free, memory, &store));
  assert_ok(ist_buffer_new(f->context, store, round & 1, &value));
  assert_ok(ist_view_new(f->context, IST_ELEMENT_UINT16, value, 2, 5, &value));
  ist_store_free(store);
  assert_status(IST_ERR_ARGUMENT, ist_view_new(f->context, IST_ELEMENT_UINT16, value, 1, 5, NULL));
}

static void memory_stays_flat(void **state) {
  fixture *f = *state;
  assert_flat(f, 20000, 8 << 20, use_memory);
}

static int all_is_finalized(void **state) {
  teardown(state);
  assert_true(rounds);
  assert_int_equal(finalized, 2 * rounds);
  return 0;
}

/* One thread's isolate gives up what another one's still holds. */
static void *use_shared_memory(void *store) {
  fixture f;
  ist_value value;
  assert_ok(ist_isolate_new(NULL, &f.isolate));
  assert_ok(ist_context_new(f.isolate, NULL, &f.context));
  for (int i = 0; i < 200; i++) {
    assert_ok(ist_buffer_new(f.context, store, true, &value));
    ask(&f, value, "Atomics.add(new Int32Array(it), 0, 1)");
    assert_ok(ist_value_free(f.isolate, value));
  }
  assert_ok(ist_isolate_free(f.isolate));
  return NULL;
}

static void threads_share_a_store(void **state) {
  (void)state;
  ist_store *store;
  pthread_t threads[4];
  assert_ok(ist_store_new(NULL, 64, NULL, NULL, &store));
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, use_shared_memory, store);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  assert_int_equal(*(int32_t *)ist_store_bytes(store), 800);
  ist_store_free(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(copies),
      TEST(reading_every_kind),
      cmocka_unit_test_setup_teardown(adopted_memory, begin, adopted_memory_is_back),
      TEST(resizable_buffers_are_measured_now),
      TEST(a_store_outlives_its_buffer),
      TEST(memory_of_two_isolates),
      FINALIZING(stores_of_the_callers_memory),
      TEST(detaching),
      TEST(views),
      cmocka_unit_test_setup_teardown(memory_stays_flat, begin, all_is_finalized),
      TEST(threads_share_a_store),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
