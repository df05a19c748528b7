/* Bytes that were CBOR and are so no more, or still: reading them answers, and what it makes is
 * written and read as the same again. One run has a seed of its own, which a failure shows;
 * ISTHMUS_FUZZ_SEED repeats it, and ISTHMUS_FUZZ_SECONDS (2) makes both runs longer. */
#include "api_test.h"

#include <stdio.h>
#include <time.h>

enum { MOST_SEEDS = 64, LONGEST = 4096 };

typedef struct corpus {
  uint8_t *bytes[MOST_SEEDS];
  size_t lengths[MOST_SEEDS];
  size_t count;
} corpus;

static uint64_t seed, state_of;

static uint32_t random_below(uint32_t most) {
  state_of ^= state_of << 13;
  state_of ^= state_of >> 7;
  state_of ^= state_of << 17;
  return (uint32_t)(state_of >> 32) % most;
}

static const char *const sources[] = {
    "[1, -1, 1.5, 1.1, 1e300, NaN, -0, 2 ** 40, null, undefined, true]",
    "({ a: 1, b: { c: 'text', '\\ud800': [] }, 3: new Map([[{}, 1], ['k', new Set([1])]]) })",
    "[1n, -(2n ** 70n), new Date(0), new Date(1.5), new Date(NaN), /a+b?/gi, , 'é水𐅑']",
    "[new Uint8Array(3), new Uint16Array(2), new Float64Array([1.5]), new BigInt64Array(1),"
    " new DataView(new ArrayBuffer(2)), new ArrayBuffer(3), new Uint8ClampedArray(2)]",
    "(() => { const a = {}; a.a = [a, a, new Map([[a, a]]), new Set([a])]; return a })()",
    "(() => { const e = new TypeError('m', { cause: new Error('c') }); e.cause.cause = e;"
    " return [e] })()",
    "(() => { const a = []; a[100000] = a; a[5] = 1; return a })()",
    "[Math.max, { a: Math.min, m: new Map([[Math.max, 1]]) }, [Symbol.iterator], new Set([isNaN])]",
    "Array.from({ length: 30 }, (_, id) => ({ id, name: 'row ' + id, ok: id % 2 === 0 }))",
};

static const uint8_t heads[][3] = {{0xD9, 0x52, 0x4B}, {0xD8, 0x1C, 0xA1}, {0xD8, 0x1D, 0x00},
                                   {0xD8, 0x1B, 0x85}, {0xD9, 0x01, 0x02}, {0xD9, 0x01, 0x03},
                                   {0xD9, 0x01, 0x11}, {0xD9, 0x52, 0x4A}, {0x9F, 0xFF, 0xFF},
                                   {0xBF, 0xFF, 0xFF}, {0x7F, 0x61, 0x61}, {0x5F, 0x41, 0x00},
                                   {0xF9, 0x7C, 0x00}, {0xD8, 0x1F, 0xF7}, {0xC2, 0x41, 0xFF},
                                   {0xD8, 0x50, 0x42}, {0xC0, 0x61, 0x30}, {0x9B, 0x00, 0x00},
                                   {0x1B, 0xFF, 0xFF}, {0xD8, 0x1C, 0x80}, {0xC1, 0xFB, 0x7F}};

static size_t mutate(const corpus *from, uint8_t *bytes) {
  size_t which = random_below((uint32_t)from->count);
  size_t length = from->lengths[which];
  memcpy(bytes, from->bytes[which], length);
  for (uint32_t times = 1 + random_below(6); times; times--) {
    size_t at = length ? random_below((uint32_t)length) : 0;
    switch (random_below(6)) {
    case 0:
      if (length) bytes[at] ^= (uint8_t)(1u << random_below(8));
      break;
    case 1:
      if (length) bytes[at] = (uint8_t)random_below(256);
      break;
    case 2: /* a piece less */
      if (length) {
        size_t less = 1 + random_below((uint32_t)(length - at < 8 ? length - at : 8));
        memmove(bytes + at, bytes + at + less, length - at - less);
        length -= less;
      }
      break;
    case 3: /* a head more */
      if (length + 3 < LONGEST) {
        memmove(bytes + at + 3, bytes + at, length - at);
        memcpy(bytes + at, heads[random_below(sizeof heads / sizeof *heads)], 3);
        length += 3;
      }
      break;
    case 4: { /* a piece of another one */
      size_t other = random_below((uint32_t)from->count);
      size_t start = random_below((uint32_t)from->lengths[other]);
      size_t more = 1 + random_below((uint32_t)(from->lengths[other] - start));
      if (length + more < LONGEST) {
        memmove(bytes + at + more, bytes + at, length - at);
        memcpy(bytes + at, from->bytes[other] + start, more);
        length += more;
      }
      break;
    }
    case 5: length = at; break;
    }
  }
  return length;
}

static void show(const char *what, const uint8_t *bytes, size_t length) {
  fprintf(stderr, "ISTHMUS_FUZZ_SEED=%llu: %s: ", (unsigned long long)seed, what);
  for (size_t i = 0; i < length; i++) fprintf(stderr, "%02x", bytes[i]);
  fprintf(stderr, "\n");
}

/* Values that tags stand for. */
static ist_value tabled[4];

/* Whether the bytes were read. */
static bool check(fixture *f, const uint8_t *bytes, size_t length) {
  ist_cbor_table table = {.size = sizeof table, .values = tabled, .count = 4};
  ist_cbor_table first_table = {.size = sizeof table}, second_table = {.size = sizeof table};
  ist_cbor_options options = {
      .size = sizeof options, .max_depth = 200, .max_size = 1 << 24, .table = &table};
  ist_cbor_options first_options = {.size = sizeof options, .table = &first_table};
  ist_cbor_options second_options = {.size = sizeof options, .table = &second_table};
  ist_value value, again;
  uint8_t *exact = malloc(length ? length : 1), *first, *second;
  size_t first_length, second_length;
  memcpy(exact, bytes, length);
  ist_error *error = NULL;
  ist_status status = ist_cbor_read(f->context, exact, length, &options, &value, &error);
  free(exact);
  ist_error_free(error);
  if (status != IST_OK && status != IST_ERR_FORMAT && status != IST_ERR_LIMIT) {
    show(ist_status_name(status), bytes, length);
    fail();
  }
  if (status) return false;
  status = ist_cbor_write(f->context, value, &first_options, &first, &first_length, NULL);
  if (status) show("not written", bytes, length);
  assert_ok(status);
  status = ist_cbor_read(f->context, first, first_length, &first_options, &again, NULL);
  if (status) show("not read again", bytes, length);
  assert_ok(status);
  assert_ok(ist_cbor_write(f->context, again, &second_options, &second, &second_length, NULL));
  if (first_length != second_length || first_table.count != second_table.count ||
      memcmp(first, second, first_length)) {
    show("not the same again", bytes, length);
    fail();
  }
  ist_free(first);
  ist_free(second);
  ist_free(first_table.values);
  ist_free(second_table.values);
  return true;
}

static void run(fixture *f, uint64_t with, double seconds) {
  corpus from = {0};
  uint8_t bytes[LONGEST + 16];
  size_t read = 0, refused = 0;
  seed = with;
  state_of = with * 0x9E3779B97F4A7C15u | 1;
  ist_cbor_table table = {.size = sizeof table};
  const ist_cbor_options options = {.size = sizeof options, .table = &table};
  static const char *const values[] = {"Math.max", "Symbol.iterator", "({ a: [isNaN] })", "1.5"};
  for (size_t i = 0; i < 4; i++) tabled[i] = eval(f, values[i]);
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    assert_ok(ist_cbor_write(f->context, eval(f, sources[i]), &options, &from.bytes[i],
                             &from.lengths[i], NULL));
    ist_free(table.values);
    assert_in_range(from.lengths[i], 1, LONGEST / 2);
    from.count++;
  }
  for (clock_t start = clock(); (double)(clock() - start) / CLOCKS_PER_SEC < seconds;) {
    uint32_t scope;
    assert_ok(ist_scope_open(f->isolate, &scope));
    for (int i = 0; i < 100; i++)
      if (check(f, bytes, mutate(&from, bytes)))
        read++;
      else
        refused++;
    assert_ok(ist_scope_close(f->isolate, scope));
  }
  /* Neither is rare, or the changes are too wild or too tame. */
  assert_true(read > refused / 100);
  assert_true(refused > read / 100);
  for (size_t i = 0; i < from.count; i++) ist_free(from.bytes[i]);
}

static double seconds_wanted(void) {
  const char *given = getenv("ISTHMUS_FUZZ_SECONDS");
  return given ? atof(given) : 2;
}

static void the_same_each_time(void **state) {
  run(*state, 1, seconds_wanted());
}

static void another_each_time(void **state) {
  const char *given = getenv("ISTHMUS_FUZZ_SEED");
  run(*state, given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL), seconds_wanted());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_same_each_time),
      TEST(another_each_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
