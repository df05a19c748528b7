/* Snapshots of the heap and records of time: what is in them, read back as JSON; writers that
 * refuse; states that do not fit; and that nothing is left behind. */
#include "api_test.h"

#include <signal.h>
#include <stdio.h>

typedef struct document {
  char *text;
  size_t length, pieces;
  size_t refuse_at; /* the piece that is refused, from 1; 0: none */
  ist_isolate *isolate;
  ist_status within; /* what freeing the isolate in the middle gave */
} document;

static bool append(void *env, const char *bytes, size_t length) {
  document *to = env;
  if (++to->pieces == to->refuse_at) return false;
  if (to->isolate) to->within = ist_isolate_free(to->isolate);
  to->text = realloc(to->text, to->length + length + 1);
  assert_non_null(to->text);
  memcpy(to->text + to->length, bytes, length);
  to->length += length;
  to->text[to->length] = '\0';
  return true;
}

/* Puts a document into the context as the global `it`. */
static void read_back(fixture *f, const document *from) {
  ist_value global, value;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_string_new(f->isolate, from->text, from->length, &value));
  assert_ok(ist_object_set(f->context, global, "it", value, NULL));
  eval(f, "it = JSON.parse(it); undefined");
}

static void assert_true_in(fixture *f, const char *source) {
  ist_value result = eval(f, source);
  if (result.type != IST_BOOL || !result.as.boolean) fail_msg("not true: %s", source);
}

/* ---- The heap ---- */

static void a_heap_snapshot_names_what_the_program_has(void **state) {
  fixture *f = *state;
  eval(f, "class Parrot { constructor(name) { this.name = name } }"
          "globalThis.kept = [new Parrot('polly \\u00e9 wants')];"
          "for (let i = 0; i < 41; i++) kept.push(new Parrot(i))");
  document heap = {0};
  assert_ok(ist_isolate_write_heap(f->isolate, append, &heap));
  assert_true(heap.pieces > 1);
  read_back(f, &heap);
  assert_true_in(f, "it.nodes.length === it.snapshot.node_count * "
                    "it.snapshot.meta.node_fields.length");
  assert_true_in(f, "it.edges.length === it.snapshot.edge_count * "
                    "it.snapshot.meta.edge_fields.length");
  assert_true_in(f, "it.snapshot.meta.node_fields.slice(0, 3).join() === 'type,name,id'");
  assert_true_in(
      f, "var fields = it.snapshot.meta.node_fields, width = fields.length;"
         "var types = it.snapshot.meta.node_types[fields.indexOf('type')];"
         "function named(type, name) {"
         "  let count = 0;"
         "  for (let i = 0; i < it.nodes.length; i += width)"
         "    if (types[it.nodes[i]] === type && it.strings[it.nodes[i + 1]] === name) count++;"
         "  return count;"
         "}"
         "named('object', 'Parrot') >= 42");
  assert_true_in(f, "it.strings.some((s) => s === 'polly \\u00e9 wants')");
  free(heap.text);
}

static void a_global_object_has_its_contexts_name(void **state) {
  (void)state;
  ist_isolate *isolate;
  assert_ok(ist_isolate_new(NULL, &isolate));
  ist_context_options options = {.size = sizeof options, .name = "the aviary"};
  fixture f = {isolate, NULL};
  assert_ok(ist_context_new(isolate, &options, &f.context));
  document heap = {0};
  assert_ok(ist_isolate_write_heap(isolate, append, &heap));
  assert_non_null(strstr(heap.text, "the aviary"));
  free(heap.text);
  assert_ok(ist_isolate_free(isolate));
}

static void heap_writers_may_refuse(void **state) {
  fixture *f = *state;
  document heap = {.refuse_at = 1};
  assert_status(IST_ERR_IO, ist_isolate_write_heap(f->isolate, append, &heap));
  assert_int_equal(heap.pieces, 1);
  heap = (document){.refuse_at = 3};
  assert_status(IST_ERR_IO, ist_isolate_write_heap(f->isolate, append, &heap));
  assert_int_equal(heap.pieces, 3);
  free(heap.text);
  heap = (document){.isolate = f->isolate};
  assert_ok(ist_isolate_write_heap(f->isolate, append, &heap));
  assert_status(IST_ERR_STATE, heap.within);
  free(heap.text);
  assert_status(IST_ERR_ARGUMENT, ist_isolate_write_heap(f->isolate, NULL, NULL));
  assert_status(IST_ERR_ARGUMENT, ist_isolate_write_heap(NULL, append, &heap));
}

static bool ignore(void *env, const char *bytes, size_t length) {
  (void)bytes;
  *(size_t *)env += length;
  return true;
}

static void heap_snapshots_leave_nothing(void **state) {
  fixture *f = *state;
  size_t first = 0, last = 0;
  for (int i = 0; i < 8; i++) {
    last = 0;
    assert_ok(ist_isolate_write_heap(f->isolate, ignore, &last));
    if (i == 2) first = last;
  }
  assert_in_range(last, 1, first + first / 50);
}

/* ---- Time ---- */

/* Works for so many rounds in a function of which the line is known. */
static void burn(fixture *f, long rounds) {
  static const char form[] = "function idle() {}\n"
                             "idle();\n"
                             "function h\\u00f6t(rounds) {\n"
                             "  let n = 0;\n"
                             "  for (let i = 0; i < rounds; i++) n += Math.sqrt(i);\n"
                             "  return n;\n"
                             "}\n"
                             "h\\u00f6t(%ld);\n";
  char source[sizeof form + 20];
  ist_value result;
  snprintf(source, sizeof source, form, rounds);
  assert_ok(ist_script_eval(f->context, source, strlen(source), "dir/\"hot\".js", &result, NULL));
}

enum { ROUNDS = 1000 * 1000 };

/* How many samples there are, and where, is the scheduler's to say: what runs longer has more. */
static void a_profile_names_the_hot_function(void **state) {
  fixture *f = *state;
  bool found = false;
  for (long rounds = ROUNDS; !found; rounds *= 2) {
    assert_ok(ist_profile_start(f->isolate, 500));
    burn(f, rounds);
    document profile = {0};
    assert_ok(ist_profile_stop(f->isolate, append, &profile));
    read_back(f, &profile);
    free(profile.text);
    assert_true_in(f, "it.nodes.length > 0 && it.endTime >= it.startTime");
    assert_true_in(f, "it.samples.length === it.timeDeltas.length");
    assert_true_in(f, "var ids = new Map(it.nodes.map((n) => [n.id, n]));"
                      "ids.size === it.nodes.length && it.samples.every((id) => ids.has(id))");
    assert_true_in(f, "it.nodes.every((n) => (n.children ?? []).every((id) => ids.has(id)))");
    assert_true_in(f, "it.nodes[0].callFrame.functionName === '(root)'");
    assert_true_in(f, "var hot = it.nodes.filter((n) => n.callFrame.functionName === 'h\\u00f6t');"
                      /* Lines and columns count from 0, as DevTools has them. */
                      "hot.every((n) => n.callFrame.url === 'dir/\"hot\".js' && "
                      "n.callFrame.lineNumber === 2)");
    found = eval(f, "var samples = it.samples.filter((id) => hot.includes(ids.get(id)));"
                    "samples.length > it.samples.length / 2 && hot.some((n) => "
                    "  n.positionTicks?.some((t) => t.line === 5 && t.ticks > 5))")
                .as.boolean;
  }
}

static void one_profile_at_a_time(void **state) {
  fixture *f = *state;
  document profile = {0};
  assert_status(IST_ERR_STATE, ist_profile_stop(f->isolate, append, &profile));
  assert_int_equal(profile.pieces, 0);
  assert_ok(ist_profile_start(f->isolate, 0));
  assert_status(IST_ERR_STATE, ist_profile_start(f->isolate, 0));
  assert_status(IST_ERR_ARGUMENT, ist_profile_stop(f->isolate, NULL, NULL));
  assert_ok(ist_profile_stop(f->isolate, append, &profile));
  assert_status(IST_ERR_STATE, ist_profile_stop(f->isolate, append, &profile));
  read_back(f, &profile);
  free(profile.text);
  assert_status(IST_ERR_ARGUMENT, ist_profile_start(NULL, 0));
  assert_status(IST_ERR_ARGUMENT, ist_profile_start(f->isolate, UINT32_MAX));
  assert_status(IST_ERR_ARGUMENT, ist_profile_stop(NULL, append, &profile));
}

static void profile_writers_may_refuse(void **state) {
  fixture *f = *state;
  assert_ok(ist_profile_start(f->isolate, 100));
  burn(f, ROUNDS);
  document profile = {.refuse_at = 1};
  assert_status(IST_ERR_IO, ist_profile_stop(f->isolate, append, &profile));
  assert_int_equal(profile.pieces, 1);
  /* It has ended all the same. */
  assert_status(IST_ERR_STATE, ist_profile_stop(f->isolate, append, &profile));
  assert_ok(ist_profile_start(f->isolate, 0));
  profile = (document){.isolate = f->isolate};
  assert_ok(ist_profile_stop(f->isolate, append, &profile));
  assert_status(IST_ERR_STATE, profile.within);
  free(profile.text);
}

/* Go, and others whose threads have small stacks, need it of every handler in the process. */
static void its_signals_take_the_alternate_stack(void **state) {
  fixture *f = *state;
  struct sigaction is;
  document profile = {0};
  assert_ok(ist_profile_start(f->isolate, 100));
  assert_int_equal(sigaction(SIGPROF, NULL, &is), 0);
  assert_true(is.sa_flags & SA_ONSTACK);
  assert_ok(ist_profile_stop(f->isolate, append, &profile));
  assert_int_equal(sigaction(SIGPROF, NULL, &is), 0);
  assert_true(is.sa_flags & SA_ONSTACK);
  free(profile.text);
}

static void an_isolate_ends_while_it_is_profiled(void **state) {
  (void)state;
  for (int i = 0; i < 5; i++) {
    fixture f;
    assert_ok(ist_isolate_new(NULL, &f.isolate));
    assert_ok(ist_context_new(f.isolate, NULL, &f.context));
    assert_ok(ist_profile_start(f.isolate, 100));
    eval(&f, "let n = 0; for (let i = 0; i < 1e5; i++) n += i");
    assert_ok(ist_isolate_free(f.isolate));
    assert_status(IST_ERR_HANDLE, ist_profile_stop(f.isolate, append, &(document){0}));
  }
}

static ist_status stop_within(void *env, const ist_call *call, ist_value *result) {
  (void)result;
  return ist_profile_stop(ist_context_isolate(call->context), append, env);
}

static void a_callback_may_stop_it(void **state) {
  fixture *f = *state;
  document profile;
  ist_value global, function;
  assert_ok(ist_context_global(f->context, &global));
  assert_ok(ist_function_new(f->context, "stop", stop_within, &profile, NULL, &function));
  assert_ok(ist_object_set(f->context, global, "stop", function, NULL));
  eval(f, "var rounds = 1e5;"
          "function work() { for (let i = 0, n = 0; i < rounds; i++) n += Math.sqrt(i); stop() }");
  bool found = false;
  while (!found) {
    profile = (document){0};
    assert_ok(ist_profile_start(f->isolate, 200));
    eval(f, "rounds *= 2; work()");
    assert_status(IST_ERR_STATE, ist_profile_stop(f->isolate, append, &profile));
    read_back(f, &profile);
    free(profile.text);
    found = eval(f, "it.nodes.some((n) => n.callFrame.functionName === 'work')").as.boolean;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_heap_snapshot_names_what_the_program_has),
      cmocka_unit_test(a_global_object_has_its_contexts_name),
      TEST(heap_writers_may_refuse),
      TEST(heap_snapshots_leave_nothing),
      TEST(a_profile_names_the_hot_function),
      TEST(one_profile_at_a_time),
      TEST(profile_writers_may_refuse),
      cmocka_unit_test(an_isolate_ends_while_it_is_profiled),
      TEST(its_signals_take_the_alternate_stack),
      TEST(a_callback_may_stop_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
