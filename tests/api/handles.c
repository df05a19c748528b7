/* A handle that is stale, foreign or made up is answered, never followed; scopes end what was made
 * in them. */
#include "api_test.h"

static void released_handles_are_stale(void **state) {
  fixture *f = *state;
  ist_value value = text(f, "gone");
  char *out;
  assert_ok(ist_value_free(f->isolate, value));
  assert_status(IST_ERR_HANDLE, ist_value_free(f->isolate, value));
  assert_status(IST_ERR_HANDLE, ist_string_read(f->isolate, value, &out, NULL));
  /* The slot is used again; the old handle still does not fit. */
  ist_value next = text(f, "next");
  assert_status(IST_ERR_HANDLE, ist_string_read(f->isolate, value, &out, NULL));
  assert_text(f, "next", next);
  assert_ok(ist_value_free(f->isolate, ist_int32(1)));
}

static void made_up_handles_are_refused(void **state) {
  fixture *f = *state;
  ist_value real = text(f, "real");
  char *out;
  for (uint32_t type = 0; type < 40; type++) {
    for (uint64_t bit = 0; bit < 64; bit++) {
      ist_value forged = real;
      forged.as.handle ^= UINT64_C(1) << bit;
      forged.type = type;
      assert_int_not_equal(ist_string_read(f->isolate, forged, &out, NULL), IST_OK);
    }
  }
  ist_value nothing = {IST_STRING, 0, {0}};
  assert_status(IST_ERR_HANDLE, ist_string_read(f->isolate, nothing, &out, NULL));
  nothing.isolate = real.isolate;
  assert_status(IST_ERR_HANDLE, ist_string_read(f->isolate, nothing, &out, NULL));
}

static void foreign_handles_are_refused(void **state) {
  fixture *f = *state;
  ist_isolate *other;
  ist_context *context;
  ist_value value = text(f, "mine"), object, got;
  assert_ok(ist_isolate_new(NULL, &other));
  assert_ok(ist_context_new(other, NULL, &context));
  assert_ok(ist_object_new(context, &object));
  assert_status(IST_ERR_HANDLE, ist_object_set(context, object, "x", value, NULL));
  assert_status(IST_ERR_HANDLE, ist_object_get(f->context, object, "x", &got, NULL));
  assert_status(IST_ERR_HANDLE, ist_value_free(other, value));
  assert_status(IST_ERR_HANDLE, ist_value_keep(other, value, &got));
  assert_ok(ist_object_set(context, object, "x", ist_double(1.5), NULL));
  ist_isolate_free(other);
  assert_text(f, "mine", value);
}

static void scopes_end_their_handles(void **state) {
  fixture *f = *state;
  uint32_t outer, inner;
  char *out;
  ist_value before = text(f, "before"), kept;
  assert_ok(ist_scope_open(f->isolate, &outer));
  ist_value first = text(f, "first");
  assert_ok(ist_scope_open(f->isolate, &inner));
  ist_value second = text(f, "second");
  assert_ok(ist_value_keep(f->isolate, second, &kept));
  assert_ok(ist_value_free(f->isolate, text(f, "early")));
  assert_ok(ist_scope_close(f->isolate, inner));
  assert_status(IST_ERR_HANDLE, ist_string_read(f->isolate, second, &out, NULL));
  assert_text(f, "first", first);
  assert_ok(ist_scope_close(f->isolate, outer));
  assert_status(IST_ERR_HANDLE, ist_string_read(f->isolate, first, &out, NULL));
  assert_text(f, "before", before);
  assert_text(f, "second", kept);
  assert_ok(ist_value_free(f->isolate, kept));
  assert_status(IST_ERR_ARGUMENT, ist_scope_close(f->isolate, outer));
  assert_status(IST_ERR_ARGUMENT, ist_scope_close(f->isolate, 0));
}

static void a_million_handles_use_few_slots(void **state) {
  fixture *f = *state;
  for (int round = 0; round < 1000; round++) {
    uint32_t scope;
    assert_ok(ist_scope_open(f->isolate, &scope));
    ist_value object;
    for (int i = 0; i < 1000; i++) assert_ok(ist_object_new(f->context, &object));
    assert_ok(ist_scope_close(f->isolate, scope));
    assert_true((uint32_t)object.as.handle < 4096);
  }
}

static void freed_contexts_are_answered(void **state) {
  fixture *f = *state;
  ist_context *context;
  ist_value object, got;
  ist_error *error;
  assert_ok(ist_context_new(f->isolate, NULL, &context));
  assert_ok(ist_object_new(context, &object));
  assert_ok(ist_object_set(context, object, "a", ist_int32(7), NULL));
  ist_context_free(context);
  ist_context_free(context);
  assert_status(IST_ERR_HANDLE, ist_object_get(context, object, "a", &got, NULL));
  assert_status(IST_ERR_HANDLE, ist_context_global(context, &got));
  assert_status(IST_ERR_HANDLE, ist_script_eval(context, "1", 1, "x", &got, &error));
  assert_string_equal(error->message, "stale or foreign handle");
  ist_error_free(error);
  /* The object itself lives on. */
  assert_ok(ist_object_get(f->context, object, "a", &got, NULL));
  assert_int_equal(got.as.int32, 7);
}

static void errors_outlive_their_isolate(void **state) {
  (void)state;
  ist_isolate *isolate;
  ist_context *context;
  ist_value got;
  ist_error *error;
  assert_ok(ist_isolate_new(NULL, &isolate));
  assert_ok(ist_context_new(isolate, NULL, &context));
  assert_status(IST_ERR_EXCEPTION, ist_script_eval(context, "throw {}", 8, "x", &got, &error));
  assert_int_equal(error->value.type, IST_OBJECT);
  ist_isolate_free(isolate);
  ist_error_free(error);
}

static void null_arguments_are_refused(void **state) {
  fixture *f = *state;
  ist_value value;
  assert_status(IST_ERR_ARGUMENT, ist_isolate_new(NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_context_new(NULL, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_string_new(f->isolate, NULL, 1, &value));
  assert_status(IST_ERR_ARGUMENT, ist_string_new(f->isolate, "", 0, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_object_get(f->context, ist_null(), NULL, &value, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_function_new(f->context, "f", NULL, NULL, NULL, &value));
  ist_isolate_free(NULL);
  ist_context_free(NULL);
  ist_error_free(NULL);
  ist_module_free(NULL);
  ist_host_free(NULL);
}

static void statuses_have_names(void **state) {
  (void)state;
  assert_string_equal(ist_status_name(IST_ERR_HANDLE), "ERR_HANDLE");
  assert_string_equal(ist_status_text(IST_ERR_DENIED), "not allowed");
  assert_string_equal(ist_status_name((ist_status)999), "unknown");
  assert_int_equal(ist_abi_version(), IST_ABI_VERSION);
  assert_non_null(strchr(ist_version(), '.'));
  assert_non_null(strchr(ist_v8_version(), '.'));
}

static void count_up(void *env) {
  ++*(int *)env;
}

static void weak_handles_let_go(void **state) {
  fixture *f = *state;
  int first = 0, second = 0, third = 0;
  ist_value object, other, got, weak[3];
  assert_ok(ist_object_new(f->context, &object));
  assert_ok(ist_object_new(f->context, &other));
  assert_ok(ist_value_weak(f->isolate, object, count_up, &first, &weak[0]));
  assert_ok(ist_value_weak(f->isolate, object, count_up, &second, &weak[1]));
  assert_ok(ist_value_weak(f->isolate, other, NULL, NULL, &weak[2]));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_int_equal(first, 0);
  assert_ok(ist_value_keep(f->isolate, weak[0], &got));
  assert_ok(ist_value_free(f->isolate, got));
  /* Released while its value lives: the finalizer runs now. */
  assert_ok(ist_value_free(f->isolate, weak[1]));
  assert_ok(ist_isolate_run_microtasks(f->isolate));
  assert_int_equal(second, 1);
  assert_ok(ist_value_free(f->isolate, object));
  assert_ok(ist_value_free(f->isolate, other));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_int_equal(first, 1);
  for (int i = 0; i < 3; i++)
    assert_status(IST_ERR_HANDLE, ist_object_get(f->context, weak[i], "x", &got, NULL));
  assert_status(IST_ERR_HANDLE, ist_value_keep(f->isolate, weak[0], &got));
  assert_ok(ist_value_free(f->isolate, weak[0]));
  assert_status(IST_ERR_HANDLE, ist_value_free(f->isolate, weak[0]));
  assert_int_equal(first, 1);
  /* What is no object cannot be watched; the finalizer runs all the same. */
  assert_status(IST_ERR_TYPE, ist_value_weak(f->isolate, text(f, "x"), count_up, &third, &got));
  assert_status(IST_ERR_TYPE, ist_value_weak(f->isolate, ist_int32(1), count_up, &third, &got));
  assert_status(IST_ERR_HANDLE, ist_value_weak(f->isolate, object, count_up, &third, &got));
  assert_status(IST_ERR_ARGUMENT, ist_value_weak(f->isolate, object, count_up, &third, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_value_weak(NULL, object, count_up, &third, &got));
  assert_int_equal(third, 5);
}

static void eternal_handles_stay(void **state) {
  fixture *f = *state;
  uint32_t scope;
  ist_value eternal;
  assert_ok(ist_scope_open(f->isolate, &scope));
  assert_ok(ist_value_eternal(f->isolate, text(f, "for good"), &eternal));
  assert_ok(ist_scope_close(f->isolate, scope));
  assert_status(IST_ERR_STATE, ist_value_free(f->isolate, eternal));
  assert_ok(ist_isolate_collect(f->isolate));
  assert_text(f, "for good", eternal);
  assert_ok(ist_value_eternal(f->isolate, ist_bool(true), &eternal));
  assert_int_equal(eternal.type, IST_BOOL);
  assert_status(IST_ERR_ARGUMENT, ist_value_eternal(f->isolate, ist_null(), NULL));
  assert_status(IST_ERR_ARGUMENT, ist_value_keep(f->isolate, ist_null(), NULL));
}

/* A million of each kind, made and dropped: as many slots as are in use at once. */
static void dropped_handles_leave_nothing(void **state) {
  fixture *f = *state;
  int rounds = getenv("ISTHMUS_SANITIZE") ? 5000 : 1000000, finalized = 0;
  ist_value object, kept, weak;
  ist_statistics statistics = {.size = sizeof statistics};
  assert_ok(ist_isolate_enter(f->isolate));
  assert_ok(ist_object_new(f->context, &object));
  for (int i = 0; i < rounds; i++) {
    assert_int_equal(ist_value_keep(f->isolate, object, &kept), IST_OK);
    assert_int_equal(ist_value_weak(f->isolate, object, count_up, &finalized, &weak), IST_OK);
    assert_int_equal(ist_value_free(f->isolate, weak), IST_OK);
    assert_int_equal(ist_value_free(f->isolate, kept), IST_OK);
  }
  assert_true((uint32_t)kept.as.handle < 16 && (uint32_t)weak.as.handle < 16);
  assert_ok(ist_isolate_statistics(f->isolate, &statistics));
  assert_int_equal(statistics.handles, 1);
  assert_int_equal(finalized, rounds);
  assert_ok(ist_isolate_leave(f->isolate));
}

static void scopes_close_in_reverse_order(void **state) {
  fixture *f = *state;
  uint32_t outer, inner, none = 0;
  assert_status(IST_ERR_ARGUMENT, ist_scope_open(f->isolate, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_scope_open(NULL, &none));
  assert_status(IST_ERR_ARGUMENT, ist_scope_close(f->isolate, 12345));
  assert_ok(ist_scope_open(f->isolate, &outer));
  assert_ok(ist_scope_open(f->isolate, &inner));
  /* Entered within it: that is left first. */
  assert_ok(ist_isolate_enter(f->isolate));
  assert_status(IST_ERR_STATE, ist_scope_close(f->isolate, inner));
  assert_status(IST_ERR_STATE, ist_scope_close(f->isolate, outer));
  assert_ok(ist_isolate_leave(f->isolate));
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
  /* The outer one takes the inner one along. */
  assert_ok(ist_scope_close(f->isolate, outer));
  assert_status(IST_ERR_ARGUMENT, ist_scope_close(f->isolate, inner));
  assert_status(IST_ERR_STATE, ist_isolate_leave(f->isolate));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(released_handles_are_stale),
      TEST(made_up_handles_are_refused),
      TEST(foreign_handles_are_refused),
      TEST(scopes_end_their_handles),
      TEST(a_million_handles_use_few_slots),
      TEST(weak_handles_let_go),
      TEST(eternal_handles_stay),
      TEST(dropped_handles_leave_nothing),
      TEST(scopes_close_in_reverse_order),
      TEST(freed_contexts_are_answered),
      TEST(errors_outlive_their_isolate),
      TEST(null_arguments_are_refused),
      TEST(statuses_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
