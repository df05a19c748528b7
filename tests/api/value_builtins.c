/* Dates, regular expressions, Maps, Sets, errors and Proxies, whatever a program has done to their
 * prototypes. */
#include "value_test.h"

#include <math.h>

static void dates(void **state) {
  fixture *f = *state;
  ist_value date;
  double time;
  assert_ok(ist_date_new(f->context, 1e12, &date));
  assert_said(f, date, "it instanceof Date && it.toISOString() === '2001-09-09T01:46:40.000Z'");
  assert_ok(ist_date_read(f->isolate, date, &time));
  assert_true(time == 1e12);
  static const double invalid[] = {NAN, INFINITY, -INFINITY, 1e300, 8.64e15 + 1};
  for (int i = 0; i < 5; i++) {
    assert_ok(ist_date_new(f->context, invalid[i], &date));
    assert_ok(ist_date_read(f->isolate, date, &time));
    assert_true(isnan(time));
  }
  assert_ok(ist_date_new(f->context, -8.64e15, &date));
  assert_said(f, date, "it.getTime() === -8.64e15");
  assert_status(IST_ERR_TYPE, ist_date_read(f->isolate, ist_double(1), &time));
  assert_status(IST_ERR_TYPE,
                ist_date_read(f->isolate, eval(f, "Object.create(Date.prototype)"), &time));
  assert_status(IST_ERR_HANDLE, ist_date_read(f->isolate, stale(f), &time));
  assert_status(IST_ERR_ARGUMENT, ist_date_read(f->isolate, date, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_date_new(f->context, 0, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_date_new(NULL, 0, &date));
}

static void regular_expressions(void **state) {
  fixture *f = *state;
  ist_value regexp, pattern, flags;
  ist_error *error;
  eval(f, "Object.defineProperty(RegExp.prototype, 'source', { get() { throw 1 } });"
          "Object.defineProperty(RegExp.prototype, 'flags', { get() { throw 1 } })");
  assert_ok(ist_regexp_new(f->context, text(f, "(a)/b\\d"), "yuisgmd", &regexp, NULL));
  assert_ok(ist_regexp_read(f->context, regexp, &pattern, &flags));
  assert_text(f, "dgimsuy", flags);
  assert_text(f, "(a)\\/b\\d", pattern);
  assert_ok(ist_regexp_new(f->context, text(f, "x+"), "", &regexp, NULL));
  assert_said(f, regexp, "it.test('axx') && !it.global");
  assert_ok(ist_regexp_read(f->context, eval(f, "new RegExp('')"), &pattern, &flags));
  assert_text(f, "(?:)", pattern);
  assert_text(f, "", flags);
  static const char *const bad_flags[] = {"x", "gg", "l", "v", "g ", "G"};
  for (int i = 0; i < 6; i++) {
    assert_status(IST_ERR_SYNTAX,
                  ist_regexp_new(f->context, text(f, "a"), bad_flags[i], &regexp, &error));
    assert_int_equal(error->status, IST_ERR_SYNTAX);
    ist_error_free(error);
  }
  assert_status(IST_ERR_SYNTAX, ist_regexp_new(f->context, text(f, "("), "", &regexp, &error));
  assert_string_equal(error->name, "SyntaxError");
  ist_error_free(error);
  assert_status(IST_ERR_TYPE, ist_regexp_new(f->context, ist_null(), "", &regexp, NULL));
  assert_status(IST_ERR_TYPE, ist_regexp_read(f->context, text(f, "a"), &pattern, &flags));
  assert_status(IST_ERR_HANDLE, ist_regexp_new(f->context, stale(f), "", &regexp, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_regexp_new(f->context, text(f, "a"), NULL, &regexp, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_regexp_new(f->context, text(f, "a"), "", NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_regexp_read(f->context, regexp, NULL, &flags));
}

static void maps_and_sets(void **state) {
  fixture *f = *state;
  ist_value map, set, got, key = eval(f, "globalThis.key = {}; key");
  size_t size;
  bool is;
  eval(f, "for (const type of [Map, Set])"
          "  for (const name of Reflect.ownKeys(type.prototype))"
          "    try { Object.defineProperty(type.prototype, name, { value() { throw 1 } }) }"
          "    catch {}");
  assert_ok(ist_map_new(f->context, &map));
  assert_ok(ist_map_set(f->context, map, key, ist_int32(1)));
  assert_ok(ist_map_set(f->context, map, ist_double(-0.0), ist_int32(2)));
  assert_ok(ist_map_set(f->context, map, ist_double(NAN), ist_int32(3)));
  assert_ok(ist_map_set(f->context, map, key, text(f, "again")));
  assert_ok(ist_collection_size(f->isolate, map, &size));
  assert_int_equal(size, 3);
  assert_ok(ist_map_get(f->context, map, key, &got));
  assert_text(f, "again", got);
  assert_ok(ist_map_get(f->context, map, ist_int32(0), &got));
  assert_number(2, got);
  assert_ok(ist_map_get(f->context, map, ist_double(NAN), &got));
  assert_number(3, got);
  assert_ok(ist_map_get(f->context, map, ist_int32(9), &got));
  assert_int_equal(got.type, IST_UNDEFINED);
  assert_ok(ist_collection_entries(f->context, map, &got));
  assert_said(f, got, "it.length === 6 && it[0] === key && it[1] === 'again' && it[5] === 3");
  assert_ok(ist_collection_has(f->context, map, key, &is));
  assert_true(is);
  assert_ok(ist_collection_delete(f->context, map, key, &is));
  assert_true(is);
  assert_ok(ist_collection_delete(f->context, map, key, &is));
  assert_false(is);
  assert_ok(ist_collection_delete(f->context, map, key, NULL));
  assert_ok(ist_collection_clear(f->context, map));
  assert_ok(ist_collection_size(f->isolate, map, &size));
  assert_int_equal(size, 0);

  assert_ok(ist_set_new(f->context, &set));
  assert_ok(ist_set_add(f->context, set, key));
  assert_ok(ist_set_add(f->context, set, key));
  assert_ok(ist_set_add(f->context, set, text(f, "b")));
  assert_ok(ist_collection_size(f->isolate, set, &size));
  assert_int_equal(size, 2);
  assert_ok(ist_collection_has(f->context, set, text(f, "b"), &is));
  assert_true(is);
  assert_ok(ist_collection_entries(f->context, set, &got));
  assert_said(f, got, "it.length === 2 && it[0] === key && it[1] === 'b'");
  assert_ok(ist_collection_delete(f->context, set, key, &is));
  assert_true(is);
  assert_ok(ist_collection_has(f->context, set, key, &is));
  assert_false(is);
  assert_ok(ist_collection_clear(f->context, set));

  assert_status(IST_ERR_TYPE, ist_map_get(f->context, set, key, &got));
  assert_status(IST_ERR_TYPE, ist_map_set(f->context, set, key, key));
  assert_status(IST_ERR_TYPE, ist_set_add(f->context, map, key));
  ist_value others[] = {eval(f, "new WeakMap"), eval(f, "new Proxy(new Map, {})"), ist_int32(1),
                        eval(f, "Object.create(new Map)")};
  for (int i = 0; i < 4; i++) {
    assert_status(IST_ERR_TYPE, ist_map_get(f->context, others[i], key, &got));
    assert_status(IST_ERR_TYPE, ist_collection_has(f->context, others[i], key, &is));
    assert_status(IST_ERR_TYPE, ist_collection_delete(f->context, others[i], key, &is));
    assert_status(IST_ERR_TYPE, ist_collection_clear(f->context, others[i]));
    assert_status(IST_ERR_TYPE, ist_collection_size(f->isolate, others[i], &size));
    assert_status(IST_ERR_TYPE, ist_collection_entries(f->context, others[i], &got));
  }
  assert_status(IST_ERR_HANDLE, ist_map_get(f->context, stale(f), key, &got));
  assert_status(IST_ERR_HANDLE, ist_map_get(f->context, map, stale(f), &got));
  assert_status(IST_ERR_HANDLE, ist_map_set(f->context, map, key, stale(f)));
  assert_status(IST_ERR_HANDLE, ist_set_add(f->context, set, stale(f)));
  assert_status(IST_ERR_HANDLE, ist_collection_has(f->context, set, stale(f), &is));
  assert_status(IST_ERR_ARGUMENT, ist_map_new(NULL, &map));
  assert_status(IST_ERR_ARGUMENT, ist_map_new(f->context, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_set_new(f->context, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_map_get(f->context, map, key, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_collection_has(f->context, map, key, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_collection_size(f->isolate, map, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_collection_entries(f->context, map, NULL));
}

static void errors(void **state) {
  fixture *f = *state;
  ist_value error, cause = eval(f, "globalThis.cause = {}; cause");
  static const char *const names[] = {"Error", "TypeError", "RangeError", "SyntaxError",
                                      "ReferenceError"};
  for (int i = 0; i < 5; i++) {
    char source[128];
    assert_ok(ist_error_object(f->context, names[i], "what", ist_undefined(), &error));
    snprintf(source, sizeof source,
             "it.constructor === %s && it.message === 'what' && !('cause' in it)", names[i]);
    assert_said(f, error, source);
  }
  assert_ok(ist_error_object(f->context, "OwnError", "", cause, &error));
  assert_said(f, error,
              "it instanceof Error && it.name === 'OwnError' && it.cause === cause &&"
              " Object.keys(it).length === 0 && typeof it.stack === 'string'");
  assert_ok(ist_error_object(f->context, NULL, "m", ist_null(), &error));
  assert_said(f, error, "it.name === 'Error' && it.cause === null");
  assert_status(IST_ERR_HANDLE, ist_error_object(f->context, NULL, "m", stale(f), &error));
  assert_status(IST_ERR_ARGUMENT, ist_error_object(f->context, NULL, NULL, cause, &error));
  assert_status(IST_ERR_ARGUMENT, ist_error_object(f->context, NULL, "m", cause, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_error_object(NULL, NULL, "m", cause, &error));
}

static void proxies(void **state) {
  fixture *f = *state;
  ist_value proxy, target = eval(f, "globalThis.target = () => 5; target"), got, handler;
  bool same;
  assert_ok(
      ist_proxy_new(f->context, target, eval(f, "({ get: (t, k) => 'got ' + k })"), &proxy, NULL));
  assert_int_equal(proxy.type, IST_FUNCTION);
  assert_said(f, proxy, "it.x === 'got x' && it() === 5");
  assert_ok(ist_proxy_read(f->isolate, proxy, &got, &handler));
  assert_ok(ist_value_same(f->isolate, got, target, &same));
  assert_true(same);
  assert_said(f, handler, "typeof it.get === 'function'");
  assert_ok(ist_proxy_revoke(f->isolate, proxy));
  assert_ok(ist_proxy_revoke(f->isolate, proxy));
  assert_ok(ist_proxy_read(f->isolate, proxy, &got, &handler));
  assert_int_equal(got.type, IST_NULL);
  assert_int_equal(handler.type, IST_NULL);
  assert_status(IST_ERR_EXCEPTION, ist_object_get(f->context, proxy, "x", &got, NULL));
  assert_status(IST_ERR_EXCEPTION, ist_object_prototype(f->context, proxy, &got, NULL));
  assert_status(IST_ERR_TYPE, ist_proxy_new(f->context, ist_int32(1), target, &proxy, NULL));
  assert_status(IST_ERR_TYPE, ist_proxy_new(f->context, target, ist_undefined(), &proxy, NULL));
  assert_status(IST_ERR_TYPE, ist_proxy_read(f->isolate, target, &got, &handler));
  assert_status(IST_ERR_TYPE, ist_proxy_revoke(f->isolate, target));
  assert_status(IST_ERR_HANDLE, ist_proxy_new(f->context, stale(f), target, &proxy, NULL));
  assert_status(IST_ERR_HANDLE, ist_proxy_revoke(f->isolate, stale(f)));
  assert_status(IST_ERR_ARGUMENT, ist_proxy_new(f->context, target, target, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_proxy_read(f->isolate, proxy, NULL, &handler));
}

static void make_one_of_each(fixture *f, int round) {
  ist_value made, got, flags;
  assert_ok(ist_date_new(f->context, round, &made));
  assert_ok(ist_regexp_new(f->context, text(f, "ab"), "g", &made, NULL));
  assert_ok(ist_regexp_read(f->context, made, &got, &flags));
  assert_ok(ist_map_new(f->context, &made));
  assert_ok(ist_map_set(f->context, made, ist_int32(round), made));
  assert_ok(ist_collection_entries(f->context, made, &got));
  assert_ok(ist_error_object(f->context, "TypeError", "message", made, &got));
  assert_ok(ist_proxy_new(f->context, made, got, &made, NULL));
  assert_ok(ist_proxy_read(f->isolate, made, &got, &flags));
  assert_status(IST_ERR_SYNTAX, ist_regexp_new(f->context, text(f, "("), "g", &made, NULL));
}

static void memory_stays_flat(void **state) {
  assert_flat(*state, 10000, 2 << 20, make_one_of_each);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(dates),   TEST(regular_expressions), TEST(maps_and_sets), TEST(errors),
      TEST(proxies), TEST(memory_stays_flat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
