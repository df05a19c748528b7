/* The rows of the embed suite through isthmus.h, in one entered isolate and context; but for one,
 * the last. */
#include "measure.h"

#include <isthmus.h>
#include <string.h>

typedef struct place {
  ist_isolate *isolate;
  ist_context *context;
  ist_value call_0, call_2, calling, object, key, text, array;
  char *bytes;
  double *numbers;
} place;

static void check(ist_status status) {
  if (!status) return;
  fprintf(stderr, "ours: %s\n", ist_status_text(status));
  exit(1);
}

static ist_value run(place *at, const char *source) {
  ist_value result, kept;
  check(ist_script_eval(at->context, source, strlen(source), "bench.js", &result, NULL));
  check(ist_value_keep(at->isolate, result, &kept));
  return kept;
}

static ist_status add(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  double sum = 0;
  for (size_t i = 0; i < 2; i++) {
    ist_value value = call->argv[i];
    sum += value.type == IST_INT32 ? value.as.int32 : value.as.number;
  }
  *result = ist_double(sum);
  return IST_OK;
}

static void call_0(void *env, long rounds) {
  place *at = env;
  ist_value result;
  while (rounds-- > 0)
    check(ist_function_call(at->context, at->call_0, ist_undefined(), 0, NULL, &result, NULL));
}

static void call_2(void *env, long rounds) {
  place *at = env;
  while (rounds-- > 0) {
    ist_value result, args[] = {ist_double((double)rounds), ist_double(2.5)};
    check(ist_function_call(at->context, at->call_2, ist_undefined(), 2, args, &result, NULL));
    at->numbers[0] = result.as.number;
  }
}

static void callback_2(void *env, long rounds) {
  place *at = env;
  ist_value result, count = ist_double((double)rounds);
  check(ist_function_call(at->context, at->calling, ist_undefined(), 1, &count, &result, NULL));
}

static void property_get(void *env, long rounds) {
  place *at = env;
  while (rounds-- > 0) {
    ist_value result;
    check(ist_object_get_key(at->context, at->object, at->key, &result, NULL));
    at->numbers[0] = result.as.number;
  }
}

static void string_in(void *env, long rounds) {
  place *at = env;
  while (rounds-- > 0) {
    ist_value result;
    check(ist_string_new(at->isolate, at->bytes, STRING_LENGTH, &result));
    check(ist_value_free(at->isolate, result));
  }
}

static void string_out(void *env, long rounds) {
  place *at = env;
  size_t length;
  while (rounds-- > 0)
    check(ist_string_write(at->isolate, at->text, IST_LATIN1, at->bytes, STRING_LENGTH, &length));
}

static void numbers_out(void *env, long rounds) {
  place *at = env;
  uint32_t read;
  while (rounds-- > 0)
    check(ist_array_read_doubles(at->context, at->array, 0, at->numbers, NUMBERS, &read, NULL));
}

static void numbers_in(void *env, long rounds) {
  place *at = env;
  while (rounds-- > 0) {
    ist_value result;
    for (int i = 0; i < NUMBERS; i++) at->numbers[i] = i + 0.5;
    check(ist_array_new_doubles(at->context, at->numbers, NUMBERS, &result));
    check(ist_value_free(at->isolate, result));
  }
}

static void new_context(void *env, long rounds) {
  place *at = env;
  while (rounds-- > 0) {
    ist_context *context;
    check(ist_context_new(at->isolate, NULL, &context));
    check(ist_context_free(context));
  }
}

static void new_isolate(void *env, long rounds) {
  (void)env;
  while (rounds-- > 0) {
    ist_isolate *isolate;
    check(ist_isolate_new(NULL, &isolate));
    check(ist_isolate_free(isolate));
  }
}

static void isolate_memory(void) {
  if (!measure_wants("isolate_memory")) return;
  ist_isolate *isolates[MANY_ISOLATES];
  double before = measure_resident();
  for (int i = 0; i < MANY_ISOLATES; i++) check(ist_isolate_new(NULL, &isolates[i]));
  measure_print("isolate_memory", "kB", (measure_resident() - before) / MANY_ISOLATES / 1000);
  for (int i = 0; i < MANY_ISOLATES; i++) check(ist_isolate_free(isolates[i]));
}

static void context_memory(ist_isolate *isolate) {
  if (!measure_wants("context_memory")) return;
  ist_context *contexts[MANY_CONTEXTS];
  double before = measure_resident();
  for (int i = 0; i < MANY_CONTEXTS; i++) check(ist_context_new(isolate, NULL, &contexts[i]));
  measure_print("context_memory", "kB", (measure_resident() - before) / MANY_CONTEXTS / 1000);
  for (int i = 0; i < MANY_CONTEXTS; i++) check(ist_context_free(contexts[i]));
}

int main(int argc, char **argv) {
  (void)argc;
  measure_wanted = argv + 1;
  /* The first isolate starts V8, which the other side does beforehand too. */
  place at = {0};
  check(ist_isolate_new(NULL, &at.isolate));
  check(ist_isolate_free(at.isolate));
  isolate_memory();
  measure("new_isolate", "us", ISOLATES, new_isolate, NULL);
  check(ist_isolate_new(NULL, &at.isolate));
  check(ist_isolate_enter(at.isolate));
  context_memory(at.isolate);
  check(ist_context_new(at.isolate, NULL, &at.context));
  check(ist_context_enter(at.context));
  at.bytes = malloc(STRING_LENGTH + 1);
  at.numbers = malloc(NUMBERS * sizeof *at.numbers);
  memset(at.bytes, 'x', STRING_LENGTH + 1);
  ist_value function, global;
  check(ist_function_new(at.context, "add", add, NULL, NULL, &function));
  check(ist_context_global(at.context, &global));
  check(ist_object_set(at.context, global, "add", function, NULL));
  at.call_0 = run(&at, "(() => 1)");
  at.call_2 = run(&at, "((a, b) => a + b)");
  at.calling =
      run(&at, "(n => { let s = 0; for (let i = 0; i < n; i++) s += add(i, 2.5); return s })");
  at.object = run(&at, "({x: 1.5})");
  check(ist_string_intern(at.isolate, "x", 1, &at.key));
  at.text = run(&at, "globalThis.s = 'x'.repeat(1 << 20); s.charCodeAt(3); s");
  at.array = run(&at, "Array.from({length: 10000}, (_, i) => i + 0.5)");
  measure("call_0", "ns", CALLS, call_0, &at);
  measure("call_2", "ns", CALLS, call_2, &at);
  measure("callback_2", "ns", CALLS, callback_2, &at);
  measure("property_get", "ns", CALLS, property_get, &at);
  measure("string_1m_in", "us", STRINGS, string_in, &at);
  measure("string_1m_out", "us", STRINGS, string_out, &at);
  measure("numbers_10k_out", "us", ARRAYS, numbers_out, &at);
  measure("numbers_10k_in", "us", ARRAYS, numbers_in, &at);
  measure("new_context", "us", CONTEXTS, new_context, &at);
  check(ist_context_leave(at.context));
  check(ist_isolate_leave(at.isolate));
  measure("call_0_alone", "ns", CALLS, call_0, &at);
  check(ist_isolate_free(at.isolate));
  free(at.bytes);
  free(at.numbers);
  return 0;
}
