/* A thousand tenants in one process: each has a script of its own, a context, limits, and of a
 * native library the functions that its plan grants. Some are hostile. None of them starves
 * another, reads what is another's, or ends the process.
 *
 * - 25 tenants live in one house: an isolate, a heap with one lock. Whatever a tenant does to its
 *   built-ins is done to its own context alone.
 * - A few threads serve them. The next one is always the tenant that has used the least processor
 *   time of those who wait: who uses much waits long.
 * - A tenant that goes on beyond its time has a strike; after two it is shut out.
 * - A tenant that eats the heap ends its house. It is shut out at once, and the house is built
 * anew; its neighbours lose no more than the globals of their scripts. What has to last, C keeps.
 */
#include <isthmus.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENANTS = 1000, HOUSES = 40, THREADS = 4, REQUESTS = 4, STRIKES = 2 };
enum { HEAP = 24 << 20, BUFFERS = 4 << 20 };

/* Nanoseconds of processor time for each request. */
#define PATIENCE 250000000

/* ---- Who they are ---- */

typedef struct kind {
  const char *name;
  int every, at; /* which of the tenants: number % every == at */
  bool large;    /* the plan: the small one has no powers */
  bool honest;   /* its answers are right, whatever others do */
  const char *script;
} kind;

static const kind kinds[] = {
    {"looper", 333, 3, false, false, "function handle() { for (;;); }"},
    {"promiser", 333, 57, false, false,
     "function handle() { const again = () => { Promise.resolve().then(again); }; again(); }"},
    {"hoarder", 200, 101, false, false,
     "const all = [];"
     "function handle() { for (;;) all.push(new Array(2e5).fill(all.length)); }"},
    {"recurser", 100, 13, false, false, "function handle() { return handle() + 1; }"},
    {"inflater", 100, 29, false, false, "function handle() { new ArrayBuffer(1 << 30); }"},
    {"poisoner", 40, 31, false, false,
     "Object.prototype.total = 0; Array.prototype.reduce = Array.prototype.map = () => 0;"
     "Math.floor = JSON.parse = undefined; globalThis.total = 1e9;"
     "function handle() { throw { toString() { for (const key in globalThis) delete "
     "globalThis[key]; } }; }"},
    {"climber", 50, 47, false, false, "function handle(n) { return native.pow(n, 2); }"},
    {"large", 4, 2, true, true,
     "let seen = 0; seen++;"
     "function handle(n, total) { return total + native.floor(native.pow(n, 2) + 0.5); }"},
    {"small", 1, 0, false, true,
     "var total = undefined;"
     "function handle(n, total) { return [...Array(n).keys()].map((i) => 2 * i + 1)"
     ".reduce((sum, i) => sum + i, total); }"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* What the scripts may use, by tags. */
static const char library_text[] = "library native;\n"
                                   "link \"libm.so.6\";\n"
                                   "header <math.h>;\n"
                                   "[[tag(rounding)]] double floor(double x);\n"
                                   "[[tag(powers)]] double pow(double x, double y);\n";
static const char *const small_plan[] = {"rounding", NULL};
static const char *const large_plan[] = {"rounding", "powers", NULL};

typedef struct house {
  ist_isolate *isolate; /* NULL: to be built */
  int built;            /* how often */
  bool busy;            /* a thread is in it */
} house;

typedef struct tenant {
  const kind *kind;
  house *house;
  ist_context *context;
  int moved_in; /* when its house had been built so often */
  int request;  /* the next one, from 1 */
  int strikes;
  bool shut_out, busy;
  double total; /* what its script has made of the requests so far */
  /* Metrics. */
  int answered, threw, timeouts, memory, refused;
  uint64_t used;    /* nanoseconds of processor time */
  size_t heap_most; /* bytes of its house's heap after a request of it */
} tenant;

static tenant tenants[TENANTS];
static house houses[HOUSES];
static ist_library *library;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int unfair; /* how often one with a strike was served while one without any waited */

static void check(ist_status status, ist_error **error) {
  if (status == IST_OK) return;
  char *text = error && *error ? ist_error_format(*error) : NULL;
  fprintf(stderr, "%s\n", text ? text : ist_status_text(status));
  ist_free(text);
  exit(1);
}

static void settle(void) {
  for (int i = 0; i < TENANTS; i++) {
    const kind *kind = kinds;
    while (i % kind->every != kind->at && kind->every > 1) kind++;
    tenants[i] = (tenant){.kind = kind, .house = &houses[i % HOUSES], .request = 1};
  }
}

/* ---- One request ---- */

static void build(house *house) {
  ist_isolate_options options = {.size = sizeof options,
                                 .heap_limit = HEAP,
                                 .buffer_limit = BUFFERS,
                                 .stack_limit = 256 << 10,
                                 .microtasks = IST_MICROTASKS_AUTO};
  check(ist_isolate_new(&options, &house->isolate), NULL);
  house->built++;
}

/* Gives a tenant its context, with what its plan grants and its script. Within limits: the script
 * runs. */
static ist_status move_in(tenant *tenant) {
  const char *script = tenant->kind->script;
  ist_value global, native;
  if (tenant->moved_in == tenant->house->built) return IST_OK;
  ist_status status = ist_context_new(tenant->house->isolate, NULL, &tenant->context);
  if (status) return status;
  tenant->moved_in = tenant->house->built;
  status = ist_context_grant(tenant->context, library,
                             tenant->kind->large ? large_plan : small_plan, &native, NULL);
  if (!status) status = ist_context_global(tenant->context, &global);
  if (!status) status = ist_object_set(tenant->context, global, "native", native, NULL);
  if (status) return status;
  return ist_script_eval(tenant->context, script, strlen(script), tenant->kind->name, NULL, NULL);
}

/* Calls the tenant's handle(request, total). */
static ist_status call(tenant *tenant, double *answer) {
  ist_value global, handle, value,
      arguments[] = {ist_int32(tenant->request), ist_double(tenant->total)};
  ist_status status = move_in(tenant);
  if (!status) status = ist_context_global(tenant->context, &global);
  if (!status) status = ist_object_get(tenant->context, global, "handle", &handle, NULL);
  if (!status)
    status =
        ist_function_call(tenant->context, handle, ist_undefined(), 2, arguments, &value, NULL);
  if (!status) status = ist_value_to_number(tenant->context, value, answer, NULL);
  return status;
}

/* Serves one request; its house is this thread's meanwhile. */
static ist_status serve(tenant *tenant) {
  house *house = tenant->house;
  ist_limits limits = {.size = sizeof limits, .cpu = PATIENCE};
  ist_usage usage = {.size = sizeof usage};
  ist_statistics statistics = {.size = sizeof statistics};
  double answer = 0;
  uint32_t scope;
  if (!house->isolate) build(house);
  check(ist_limits_begin(house->isolate, &limits), NULL);
  ist_status status = ist_scope_open(house->isolate, &scope);
  if (!status) {
    status = call(tenant, &answer);
    (void)ist_scope_close(house->isolate, scope);
  }
  check(ist_limits_end(house->isolate, &usage), NULL);
  if (!status) tenant->total = answer;

  tenant->used += usage.cpu;
  if (ist_isolate_statistics(house->isolate, &statistics) == IST_OK &&
      statistics.heap_used > tenant->heap_most)
    tenant->heap_most = statistics.heap_used;
  if (ist_isolate_spent(house->isolate)) {
    check(ist_isolate_free(house->isolate), NULL);
    house->isolate = NULL;
    status = IST_ERR_MEMORY;
  }
  return status;
}

/* ---- Who is next ---- */

static bool waits(const tenant *tenant) {
  return tenant->request <= REQUESTS && !tenant->busy && !tenant->shut_out;
}

/* The tenant that has used least, of those whose house is free; NULL when there is none now. */
static tenant *next_tenant(void) {
  tenant *next = NULL;
  for (tenant *at = tenants; at < tenants + TENANTS; at++)
    if (waits(at) && !at->house->busy && (!next || at->used < next->used)) next = at;
  if (!next || !next->strikes) return next;
  for (tenant *at = tenants; at < tenants + TENANTS; at++)
    if (waits(at) && !at->house->busy && !at->strikes) {
      unfair++;
      break;
    }
  return next;
}

static bool all_served(void) {
  for (tenant *at = tenants; at < tenants + TENANTS; at++)
    if (at->busy || waits(at)) return false;
  return true;
}

static void note(tenant *tenant, ist_status status) {
  tenant->request++;
  switch (status) {
  case IST_OK: tenant->answered++; break;
  case IST_ERR_TIMEOUT:
    tenant->timeouts++;
    tenant->shut_out = ++tenant->strikes == STRIKES;
    break;
  case IST_ERR_MEMORY:
    tenant->memory++;
    tenant->shut_out = true;
    break;
  default: tenant->threw++;
  }
  if (tenant->shut_out) tenant->refused = REQUESTS - tenant->request + 1;
}

static void *work(void *env) {
  (void)env;
  pthread_mutex_lock(&lock);
  while (!all_served()) {
    tenant *tenant = next_tenant();
    if (!tenant) {
      pthread_cond_wait(&changed, &lock);
      continue;
    }
    tenant->busy = tenant->house->busy = true;
    pthread_mutex_unlock(&lock);
    ist_status status = serve(tenant);
    pthread_mutex_lock(&lock);
    note(tenant, status);
    tenant->busy = tenant->house->busy = false;
    pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

/* ---- What came of it ---- */

static void print_kind(const kind *kind, bool with_costs) {
  tenant sum = {0};
  int count = 0, starved = 0, wrong = 0;
  for (tenant *at = tenants; at < tenants + TENANTS; at++) {
    if (at->kind != kind) continue;
    count++;
    sum.answered += at->answered;
    sum.threw += at->threw;
    sum.timeouts += at->timeouts;
    sum.memory += at->memory;
    sum.refused += at->refused;
    sum.used += at->used;
    if (at->heap_most > sum.heap_most) sum.heap_most = at->heap_most;
    /* The squares of the first four numbers. */
    starved += at->answered < REQUESTS;
    wrong += at->total != 1 + 4 + 9 + 16;
  }
  printf("%-8s %4d tenants: %4d answered, %3d threw, %d out of time, %d out of memory, %2d refused",
         kind->name, count, sum.answered, sum.threw, sum.timeouts, sum.memory, sum.refused);
  printf(kind->honest ? "; %d starved, %d wrong\n" : "\n", starved, wrong);
  if (with_costs)
    fprintf(stderr, "%-8s %9.1f µs a request, heap up to %5.1f MiB\n", kind->name,
            (double)sum.used / 1e3 / (count * REQUESTS), (double)sum.heap_most / (1 << 20));
}

int main(int argc, char **argv) {
  pthread_t threads[THREADS];
  ist_error *error;
  bool with_costs = argc > 1 && !strcmp(argv[1], "--costs");
  check(
      ist_library_open_text("native.idl", library_text, sizeof library_text - 1, &library, &error),
      &error);
  settle();
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, work, NULL)) return 1;
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);

  int built = 0;
  for (int i = 0; i < HOUSES; i++) built += houses[i].built;
  printf("%d tenants in %d houses, served by %d threads\n", TENANTS, HOUSES, THREADS);
  for (int i = 0; i < KINDS; i++) print_kind(&kinds[i], with_costs);
  printf("%d houses were built anew\n", built - HOUSES);
  printf("a tenant with a strike was served before one without: %d times\n", unfair);
  for (int i = 0; i < HOUSES; i++) check(ist_isolate_free(houses[i].isolate), NULL);
  ist_library_free(library);
  return 0;
}
