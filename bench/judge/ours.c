/* The rungs of the ladder through isthmus.h: each program is run under a time limit, as a judge
 * runs it. The floor runs without one. With names of rows as arguments, only these are measured;
 * `tenants_...` are only when named, each in a process of its own. */
#include "judge.h"

#include <isthmus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(ist_status status) {
  if (!status) return;
  fprintf(stderr, "judge: %s\n", ist_status_text(status));
  exit(1);
}

/* `error` is what the call that gave the status has set. */
static void check_error(ist_status status, ist_error *const *error) {
  if (!status) return;
  char *text = ist_error_format(*error);
  fprintf(stderr, "judge: %s\n", text ? text : ist_status_text(status));
  exit(1);
}

static void expect(const judge_program *program, ist_value value) {
  judge_expect(program, value.type == IST_INT32 ? value.as.int32 : value.as.number);
}

static const ist_limits limits = {sizeof limits, 1000000000, 0};
static const ist_limits cpu_limits = {sizeof cpu_limits, 1000000000, 1000000000};

static ist_source source_of(const char *text, size_t length) {
  return (ist_source){
      .size = sizeof(ist_source), .text = text, .length = length, .file = "judge.js"};
}

/* ---- The rungs within one process ---- */

typedef struct place {
  ist_isolate *isolate;
  ist_context *context;
  ist_value function, global;
} place;

static void *place_begin(const void *frozen) {
  place *at = calloc(1, sizeof *at);
  if (!at) abort();
  ist_context_options options = {.size = sizeof options, .frozen = frozen != NULL};
  check(ist_isolate_new(NULL, &at->isolate));
  check(ist_isolate_enter(at->isolate));
  check(ist_context_new(at->isolate, &options, &at->context));
  check(ist_context_global(at->context, &at->global));
  return at;
}

static void place_end(void *env) {
  place *at = env;
  check(ist_isolate_leave(at->isolate));
  check(ist_isolate_free(at->isolate));
  free(at);
}

static ist_value eval(ist_context *context, const judge_program *program) {
  ist_error *error;
  ist_value value;
  check_error(ist_script_eval(context, program->text, program->length, "judge.js", &value, &error),
              &error);
  return value;
}

static void contexts(void *env, const judge_program *programs, long count) {
  place *at = env;
  for (long i = 0; i < count; i++) {
    ist_context *context;
    check(ist_limits_begin(at->isolate, &limits));
    check(ist_context_new(at->isolate, NULL, &context));
    expect(&programs[i], eval(context, &programs[i]));
    check(ist_context_free(context));
    check(ist_limits_end(at->isolate, NULL));
  }
}

static void isolates(void *env, const judge_program *programs, long count) {
  (void)env;
  for (long i = 0; i < count; i++) {
    ist_isolate *isolate;
    ist_context *context;
    check(ist_isolate_new(NULL, &isolate));
    check(ist_limits_begin(isolate, &limits));
    check(ist_context_new(isolate, NULL, &context));
    expect(&programs[i], eval(context, &programs[i]));
    check(ist_limits_end(isolate, NULL));
    check(ist_isolate_free(isolate));
  }
}

static void compartments(void *env, const judge_program *programs, long count) {
  place *at = env;
  for (long i = 0; i < count; i++) {
    ist_source source = source_of(programs[i].text, programs[i].length);
    ist_value value;
    ist_error *error;
    check(ist_limits_begin(at->isolate, &limits));
    check_error(ist_compartment_eval(at->context, &source, &value, &error), &error);
    expect(&programs[i], value);
    check(ist_compartment_sweep(at->context));
    check(ist_limits_end(at->isolate, NULL));
  }
}

/* The input as values: the array, the number, the string. */
static void make_input(place *at, const judge_program *program, ist_value *input) {
  ist_value elements[JUDGE_NUMBERS];
  for (size_t i = 0; i < program->count; i++) elements[i] = ist_int32(program->a[i]);
  check(ist_array_new_from(at->context, elements, program->count, &input[0]));
  input[1] = ist_int32(program->b);
  check(ist_string_new(at->isolate, program->c, program->letters, &input[2]));
}

/* A program that was run before, with another input in its global `input`. */
static void known(void *env, const judge_program *programs, long count) {
  static const char text[] = JUDGE_HEAD "...input" JUDGE_TAIL ";";
  place *at = env;
  ist_source source = source_of(text, sizeof text - 1);
  for (long i = 0; i < count; i++) {
    ist_value input[3], array, value;
    ist_error *error;
    uint32_t scope;
    check(ist_limits_begin(at->isolate, &limits));
    check(ist_scope_open(at->isolate, &scope));
    make_input(at, &programs[i], input);
    check(ist_array_new_from(at->context, input, 3, &array));
    check(ist_object_set(at->context, at->global, "input", array, NULL));
    check_error(ist_compartment_eval(at->context, &source, &value, &error), &error);
    expect(&programs[i], value);
    check(ist_compartment_sweep(at->context));
    check(ist_scope_close(at->isolate, scope));
    check(ist_limits_end(at->isolate, NULL));
  }
}

static void *shared_begin(const void *env) {
  static const char text[] = JUDGE_HEAD "a,b,c); return result;";
  static const char *const parameters[] = {"a", "b", "c"};
  place *at = place_begin(env);
  ist_source source = source_of(text, sizeof text - 1);
  ist_error *error;
  check_error(ist_function_compile(at->context, &source, parameters, 3, &at->function, &error),
              &error);
  return at;
}

static void shared(void *env, const judge_program *programs, long count) {
  place *at = env;
  for (long i = 0; i < count; i++) {
    ist_value input[3], value;
    ist_error *error;
    uint32_t scope;
    check(ist_limits_begin(at->isolate, &limits));
    check(ist_scope_open(at->isolate, &scope));
    make_input(at, &programs[i], input);
    check_error(
        ist_function_call(at->context, at->function, ist_undefined(), 3, input, &value, &error),
        &error);
    expect(&programs[i], value);
    check(ist_scope_close(at->isolate, scope));
    check(ist_limits_end(at->isolate, NULL));
  }
}

/* Nothing, within limits: what the limits take alone. */
enum { LIMITED = 500 };

static void limited(ist_isolate *isolate, const ist_limits *by, long count) {
  for (long i = 0; i < count; i++) {
    check(ist_limits_begin(isolate, by));
    check(ist_limits_end(isolate, NULL));
  }
}

static void limits_wall(void *env, const judge_program *programs, long count) {
  (void)programs;
  limited(((place *)env)->isolate, &limits, count * LIMITED);
}

static void limits_cpu(void *env, const judge_program *programs, long count) {
  (void)programs;
  limited(((place *)env)->isolate, &cpu_limits, count * LIMITED);
}

/* ---- Pools ---- */

typedef struct pool_way {
  ist_isolation isolation;
  uint32_t threads;
} pool_way;

static void *pool_begin(const void *env) {
  const pool_way *way = env;
  ist_pool_options options = {.size = sizeof options,
                              .isolation = way->isolation,
                              .threads = way->threads,
                              .limits = limits};
  ist_pool *pool;
  ist_error *error;
  check_error(ist_pool_new(&options, &pool, &error), &error);
  return pool;
}

static void pool_end(void *env) {
  ist_pool_free(env);
}

/* Takes the next outcome of a batch, an integer in JSON, and compares it. */
static void take(ist_batch *batch, const judge_program *program) {
  ist_outcome *outcome;
  check(ist_batch_next(batch, -1, &outcome));
  if (outcome->status) {
    char *text = ist_error_format(outcome->error);
    fprintf(stderr, "judge: %s\n", text ? text : ist_status_text(outcome->status));
    exit(1);
  }
  judge_expect(program, strtod((const char *)outcome->value, NULL));
  ist_outcome_free(outcome);
}

/* One program over all inputs. */
static void batch(void *env, const judge_program *programs, long count) {
  static const char text[] = JUDGE_HEAD "...input" JUDGE_TAIL ";";
  ist_source source = source_of(text, sizeof text - 1);
  ist_batch *made;
  check(ist_batch_new(env, &source, NULL, &made));
  long taken = 0;
  for (long i = 0; i < count; i++) {
    ist_status status;
    while ((status = ist_batch_add(made, programs[i].json, programs[i].json_length, 0)) ==
           IST_ERR_LIMIT)
      take(made, &programs[taken++]);
    check(status);
  }
  check(ist_batch_end(made));
  while (taken < count) take(made, &programs[taken++]);
  ist_batch_free(made);
}

/* A batch for each program, two of them under way. */
static void batches(void *env, const judge_program *programs, long count) {
  enum { UNDER_WAY = 2 };
  ist_batch *under_way[UNDER_WAY] = {NULL};
  for (long i = 0; i < count + UNDER_WAY; i++) {
    ist_batch **at = &under_way[i % UNDER_WAY];
    if (*at) {
      take(*at, &programs[i - UNDER_WAY]);
      ist_batch_free(*at);
      *at = NULL;
    }
    if (i >= count) continue;
    ist_source source = source_of(programs[i].text, programs[i].length);
    check(ist_batch_new(env, &source, NULL, at));
    check(ist_batch_add(*at, "null", 4, -1));
    check(ist_batch_end(*at));
  }
}

/* ---- Memory ---- */

/* What each of many tenants keeps resident, which has run once in an isolate of its own, or in a
 * context or compartment of one isolate. */
static void tenants(const char *name, ist_isolation isolation) {
  static place all[JUDGE_TENANTS];
  judge_program program;
  ist_context_options options = {.size = sizeof options,
                                 .frozen = isolation == IST_ISOLATION_COMPARTMENT};
  double before = judge_resident();
  for (size_t i = 0; i < JUDGE_TENANTS; i++) {
    place *at = &all[i];
    if (i && isolation != IST_ISOLATION_ISOLATE)
      at->isolate = all[0].isolate;
    else
      check(ist_isolate_new(NULL, &at->isolate));
    check(ist_context_new(at->isolate, &options, &at->context));
    judge_make(&program, i);
    expect(&program, eval(at->context, &program));
  }
  judge_print("ours", name, "kB", (judge_resident() - before) / JUDGE_TENANTS / 1000);
  for (size_t i = 0; i < JUDGE_TENANTS; i++)
    if (!i || isolation == IST_ISOLATION_ISOLATE) check(ist_isolate_free(all[i].isolate));
}

/* ---- Rows ---- */

/* The rows that were asked for; all but the memory's when none was. */
static char **wanted;

static bool is_named(const char *name) {
  for (char **at = wanted; *at; at++)
    if (!strcmp(*at, name)) return true;
  return false;
}

static bool is_wanted(const char *name) {
  return !*wanted || is_named(name);
}

static void row(const judge_way *way, const char *name, int threads) {
  if (is_wanted(name)) judge_print("ours", name, "us", judge_time(way, threads));
}

/* `name`, or for two threads "NAME_2", which lives until the next call. */
static const char *on(const char *name, int threads) {
  static char text[64];
  snprintf(text, sizeof text, threads > 1 ? "%s_2" : "%s", name);
  return text;
}

static void rungs(void) {
  static const judge_way ways[] = {
      {"context", 300, place_begin, contexts, place_end, NULL},
      {"compartment", 2000, place_begin, compartments, place_end, ""},
      {"shared", 10000, shared_begin, shared, place_end, NULL},
      {"known", 5000, place_begin, known, place_end, ""},
      {"isolate", 30, NULL, isolates, NULL, NULL},
  };
  for (int threads = 1; threads <= 2; threads++)
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
      row(&ways[i], on(ways[i].name, threads), threads);
  if (is_wanted("threads_2")) judge_print("ours", "threads_2", "ratio", judge_scaling(&ways[1]));
}

/* A pool has its own threads: what is timed is the thread that feeds it. */
static void pools(void) {
  static const struct {
    const char *name;
    long count;
    ist_isolation isolation;
    void (*run)(void *place, const judge_program *programs, long count);
  } ways[] = {
      {"process", 150, IST_ISOLATION_PROCESS, batches},
      {"pool_shared", 5000, IST_ISOLATION_SHARED, batch},
      {"pool_compartment", 5000, IST_ISOLATION_COMPARTMENT, batch},
      {"pool_context", 300, IST_ISOLATION_CONTEXT, batch},
      {"pool_isolate", 30, IST_ISOLATION_ISOLATE, batch},
      {"pool_process", 150, IST_ISOLATION_PROCESS, batch},
  };
  for (int threads = 1; threads <= 2; threads++)
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
      pool_way of = {ways[i].isolation, (uint32_t)threads};
      judge_way way = {ways[i].name, ways[i].count, pool_begin, ways[i].run, pool_end, &of};
      row(&way, on(ways[i].name, threads), 1);
    }
}

static void limits_alone(void) {
  static const judge_way ways[] = {
      {"limits", 1000, place_begin, limits_wall, place_end, NULL},
      {"limits_cpu", 1000, place_begin, limits_cpu, place_end, NULL},
  };
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    if (is_wanted(ways[i].name))
      judge_print("ours", ways[i].name, "ns", judge_time(&ways[i], 1) / LIMITED * 1000);
}

int main(int argc, char **argv) {
  (void)argc;
  wanted = argv + 1;
  rungs();
  pools();
  limits_alone();
  if (is_named("tenants_isolate")) tenants("tenants_isolate", IST_ISOLATION_ISOLATE);
  if (is_named("tenants_context")) tenants("tenants_context", IST_ISOLATION_CONTEXT);
  if (is_named("tenants_frozen")) tenants("tenants_frozen", IST_ISOLATION_COMPARTMENT);
  return 0;
}
