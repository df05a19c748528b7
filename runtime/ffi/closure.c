/* Closures: machine code of libffi's that C can call, and the language's functions behind it.
 *
 * C may keep a function pointer for ever and call it from any thread, so a slot, once made, stays:
 * it is bound to one signature, never unmapped, and used again only after thousands of others have
 * rested as long. What a foreign thread or a late call reads of a slot is guarded by one lock; the
 * domain's own thread recognises its live slots by a single word and needs none. Slots do not
 * depend on a library's tables: their signature, answer and label are their own. */
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESTING = 4096, INDEX_BITS = 24 };

typedef struct ist__closure_slot slot;

/* The slots of one signature. */
typedef struct pool {
  struct pool *next;
  ist__signature *signature;
  ist__arena arena;   /* of the signature */
  slot *first, *last; /* resting, oldest first */
  size_t resting;
} pool;

struct ist__closure_slot {
  ist__closure closure;
  pool *pool;
  void *code;
  _Atomic(uintptr_t) live; /* the thread whose calls it takes; 0: none */
  uint64_t generation;
  uint32_t index;
  uint32_t label_room;
  char *label;     /* "sqlite3.Database.exec: row" */
  bool told[2];    /* of this closure: that it was called late, by a foreign thread */
  ist__value said; /* the on_throw value, for reports; a pointer may dangle */
  bool is_void;
  unsigned char *answer; /* the on_throw value */
  bool once, bound, notified;
  bool reported_dead, reported_foreign; /* once for each life: C may call without end */
  slot *next_resting;
  slot *next, **link;       /* in the domain's list */
  slot *next_of, **link_of; /* in the parent's list */
  slot *joined;             /* of a leader: those that end with its notice */
  slot *next_joined, **link_joined;
  ist__owner *parent;
  slot *next_elsewhere;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pool *pools;
static slot **slots;
static uint32_t slot_count, slot_room;

static slot *slot_of(const ist__closure *closure) {
  return (slot *)closure->impl;
}

/* ---- what C calls ---- */

static void report(const slot *s, const char *what) {
  char text[512];
  snprintf(text, sizeof text, "%s: %s", s->label ? s->label : "a callback", what);
  if (s->closure.domain) {
    s->closure.domain->hooks.report(s->closure.domain->hooks.env, text);
    return;
  }
  static bool said;
  if (!said) fprintf(stderr, "isthmus: %s\n", text);
  said = true;
}

static void describe_answer(const slot *s, char *text, size_t size) {
  ist__value said = s->said;
  if (s->is_void)
    snprintf(text, size, "ignored");
  else if (said.kind == IST__V_FLOAT)
    snprintf(text, size, "answered %g", said.f);
  else if (said.kind == IST__V_INT)
    snprintf(text, size, "answered %lld", (long long)said.i);
  else
    snprintf(text, size, said.p ? "answered a default" : "answered NULL");
}

static void answer_alone(slot *s, void *result) {
  char answer[64], what[128];
  pthread_mutex_lock(&lock);
  ist__signature_answer(s->pool->signature, result, s->answer);
  uintptr_t live = atomic_load(&s->live);
  bool foreign = live != 0 && live != ist__thread_id();
  bool *reported = foreign ? &s->reported_foreign : &s->reported_dead;
  if (*reported) {
    pthread_mutex_unlock(&lock);
    return;
  }
  *reported = true;
  describe_answer(s, answer, sizeof answer);
  snprintf(what, sizeof what, "%s; %s",
           foreign ? "called from a foreign thread" : "called after its life", answer);
  /* An event that comes a thousand times is one mistake. */
  if (!s->told[foreign]) report(s, what);
  s->told[foreign] = true;
  pthread_mutex_unlock(&lock);
}

static void called(ffi_cif *cif, void *result, void **pieces, void *user) {
  slot *s = user;
  (void)cif;
  int saved = errno;
  if (atomic_load_explicit(&s->live, memory_order_acquire) != ist__thread_id()) {
    answer_alone(s, result);
    errno = saved;
    return;
  }
  const ist__signature *signature = s->pool->signature;
  size_t size = signature->result_size < 16 ? 16 : signature->result_size;
  size_t align = signature->result_align < 16 ? 16 : signature->result_align;
  void *args[signature->param_count + 1];
  _Alignas(16) unsigned char scratch[16 * signature->param_count + 16];
  unsigned char room[size + align], *answer = room + (-(uintptr_t)room & (align - 1));
  ist__signature_gather(signature, pieces, args, scratch);
  memcpy(answer, s->answer, size);
  bool once = s->once;
  if (once) atomic_store(&s->live, 0);
  s->closure.domain->hooks.call(s->closure.domain->hooks.env, &s->closure, answer, args);
  ist__signature_answer(signature, result, answer);
  if (once) ist__closure_end(&s->closure);
  errno = saved;
}

/* ---- user data and destroy notices ---- */

/* C gets a token and not an address, so that a late notice cannot end whoever has the slot by then.
 */
void *ist__closure_data(const ist__closure *closure) {
  const slot *s = slot_of(closure);
  return (void *)(uintptr_t)(s->generation << INDEX_BITS | (uint64_t)(s->index + 1));
}

static void end_joined(slot *leader) {
  while (leader->joined) ist__closure_end(&leader->joined->closure);
  ist__closure_end(&leader->closure);
}

static void destroyed(void *data) {
  uint64_t token = (uintptr_t)data;
  uint32_t number = (uint32_t)(token & ((1u << INDEX_BITS) - 1));
  slot *ended = NULL;
  int saved = errno;
  pthread_mutex_lock(&lock);
  slot *s = number > 0 && number <= slot_count ? slots[number - 1] : NULL;
  if (s && s->generation == token >> INDEX_BITS && s->closure.alive && !s->notified) {
    ist__domain *domain = s->closure.domain;
    if (domain->thread == ist__thread_id()) {
      ended = s;
    } else {
      s->notified = true;
      s->next_elsewhere = domain->ended_elsewhere;
      domain->ended_elsewhere = s;
      domain->hooks.wake(domain->hooks.env);
    }
  }
  pthread_mutex_unlock(&lock);
  if (ended) end_joined(ended);
  errno = saved;
}

void *ist__closure_destroy_code(const ist__closure *closure) {
  (void)closure;
  void (*function)(void *) = destroyed;
  void *code;
  memcpy(&code, &function, sizeof code);
  return code;
}

void ist__closures_drain(ist__domain *domain) {
  for (;;) {
    pthread_mutex_lock(&lock);
    slot *s = domain->ended_elsewhere;
    if (s) domain->ended_elsewhere = s->next_elsewhere;
    pthread_mutex_unlock(&lock);
    if (!s) return;
    end_joined(s);
  }
}

/* ---- slots ---- */

static pool *find_pool(const ist__type *type) {
  for (pool *p = pools; p; p = p->next) {
    if (ist__signature_equal(p->signature, type->abi)) return p;
  }
  pool *p = ist__calloc(1, sizeof *p);
  if (!p) return NULL;
  p->signature =
      ist__signature_new(&p->arena, type->params, type->param_count, type->result->type, NULL);
  if (!p->signature) {
    ist__arena_free(&p->arena);
    ist__free(p);
    return NULL;
  }
  p->next = pools;
  pools = p;
  return p;
}

static bool register_slot(slot *s) {
  if (slot_count == slot_room) {
    uint32_t room = slot_room ? 2 * slot_room : 256;
    slot **more = ist__realloc(slots, room * sizeof *more);
    if (!more) return false;
    slots = more;
    slot_room = room;
  }
  if (slot_count + 1 >= 1u << INDEX_BITS) return false;
  s->index = slot_count;
  slots[slot_count++] = s;
  return true;
}

static slot *make_slot(pool *p) {
  size_t size = p->signature->result_size < 16 ? 16 : p->signature->result_size;
  slot *s = ist__calloc(1, sizeof *s);
  unsigned char *answer = ist__calloc(1, size);
  void *code = NULL;
  ffi_closure *memory = ffi_closure_alloc(sizeof *memory, &code);
  if (s && answer && memory &&
      ffi_prep_closure_loc(memory, &p->signature->cif, called, s, code) == FFI_OK &&
      register_slot(s)) {
    s->pool = p;
    s->code = code;
    s->answer = answer;
    return s;
  }
  if (memory) ffi_closure_free(memory);
  ist__free(answer);
  ist__free(s);
  return NULL;
}

static slot *take_slot(pool *p) {
  if (p->resting <= RESTING) return make_slot(p);
  slot *s = p->first;
  p->first = s->next_resting;
  p->resting--;
  return s;
}

static void rest(slot *s) {
  pool *p = s->pool;
  s->next_resting = NULL;
  if (p->resting++ == 0)
    p->first = s;
  else
    p->last->next_resting = s;
  p->last = s;
}

static bool has_label(const slot *s, const ist__function *function, const ist__param *use) {
  size_t length = strlen(function->label);
  return s->label && strncmp(s->label, function->label, length) == 0 &&
         strncmp(s->label + length, ": ", 2) == 0 && strcmp(s->label + length + 2, use->name) == 0;
}

static bool set_label(slot *s, const ist__function *function, const ist__param *use) {
  if (has_label(s, function, use)) return true;
  size_t size = strlen(function->label) + strlen(use->name) + 3;
  if (size > s->label_room) {
    char *label = ist__realloc(s->label, size);
    if (!label) return false;
    s->label = label;
    s->label_room = (uint32_t)size;
  }
  snprintf(s->label, size, "%s: %s", function->label, use->name);
  return true;
}

static void set_answer(slot *s, const ist__type *result, ist__value value) {
  memset(s->answer, 0, result->size < 16 ? 16 : result->size);
  if (ist__type_is_scalar(result)) ist__scalar_store(result, s->answer, value);
  s->said = value;
  s->is_void = result->kind == IST__VOID;
}

/* ---- closures ---- */

static bool evaluate(const ist__param *use, const ist__frame *frame, int64_t *type_args,
                     ist__value *answer, ist__fault *fault) {
  const ist__type *result = use->type->result->type;
  for (size_t i = 0; i < use->type_arg_count; i++) {
    ist__value value;
    if (!ist__expr_eval(use->type_args[i], frame, &value, fault)) return false;
    if (value.kind != IST__V_INT || value.i < INT64_MIN || value.i > INT64_MAX) {
      return ist__fault_set(fault, "%s: %s: a type argument that is no 64-bit integer",
                            frame->function->label, use->name);
    }
    type_args[i] = (int64_t)value.i;
  }
  *answer = (ist__value){.kind = IST__V_INT};
  if (!ist__type_is_scalar(result)) return true;
  if (use->on_throw && !ist__expr_eval(use->on_throw, frame, answer, fault)) return false;
  if (ist__value_convert(answer, result, "", NULL)) return true;
  char what[200];
  snprintf(what, sizeof what, "%s: %s", frame->function->label, use->name);
  return ist__value_convert(answer, result, what, fault);
}

ist__closure *ist__closure_new(ist__domain *domain, const ist__param *use, const ist__frame *frame,
                               void *language, ist__fault *fault) {
  const ist__type *type = use->type;
  int64_t type_args[IST__MAX_TYPE_ARGS] = {0};
  ist__value answer;
  if (!evaluate(use, frame, type_args, &answer, fault)) return NULL;
  pthread_mutex_lock(&lock);
  pool *p = find_pool(type);
  slot *s = p ? take_slot(p) : NULL;
  if (s && !set_label(s, frame->function, use)) {
    rest(s);
    s = NULL;
  }
  if (!s) {
    pthread_mutex_unlock(&lock);
    ist__fault_set(fault, "%s: %s: no memory for another callback", frame->function->label,
                   use->name);
    return NULL;
  }
  set_answer(s, type->result->type, answer);
  s->generation++;
  s->once = use->scope == IST__SCOPE_ONCE;
  s->bound = s->notified = s->told[0] = s->told[1] = false;
  s->parent = NULL;
  s->closure = (ist__closure){.domain = domain,
                              .type = type,
                              .use = use,
                              .function = frame->function,
                              .language = language,
                              .alive = true,
                              .impl = s};
  memcpy(s->closure.type_args, type_args, sizeof s->closure.type_args);
  s->reported_dead = s->reported_foreign = false;
  atomic_store_explicit(&s->live, domain->thread, memory_order_release);
  pthread_mutex_unlock(&lock);
  s->next = domain->closures;
  s->link = &domain->closures;
  if (s->next) s->next->link = &s->next;
  domain->closures = s;
  return &s->closure;
}

void ist__closure_join(ist__closure *closure, ist__closure *leader) {
  slot *s = slot_of(closure), *to = slot_of(leader);
  s->next_joined = to->joined;
  s->link_joined = &to->joined;
  if (s->next_joined) s->next_joined->link_joined = &s->next_joined;
  to->joined = s;
}

/* A leader that ends alone leaves the others to their own ends. */
static void leave_joined(slot *s) {
  while (s->joined) leave_joined(s->joined);
  if (!s->link_joined) return;
  *s->link_joined = s->next_joined;
  if (s->next_joined) s->next_joined->link_joined = s->link_joined;
  s->link_joined = NULL;
  s->next_joined = NULL;
}

void *ist__closure_code(const ist__closure *closure) {
  return slot_of(closure)->code;
}

static void leave_parent(slot *s) {
  if (!s->parent) return;
  *s->link_of = s->next_of;
  if (s->next_of) s->next_of->link_of = s->link_of;
  s->parent = NULL;
}

void ist__closure_threw(ist__closure *closure, void **args, const char *message) {
  const ist__param *use = closure->use;
  ist__fault fault;
  if (use->type->result->type->kind != IST__VOID || !use->on_throw) return;
  if (!ist__expr_eval_thrown(use->on_throw, closure, args, message, &fault)) {
    closure->domain->hooks.report(closure->domain->hooks.env, fault.text);
  }
}

void ist__closure_end(ist__closure *closure) {
  slot *s = slot_of(closure);
  if (!closure->alive) return;
  ist__domain *domain = closure->domain;
  void *language = closure->language;
  pthread_mutex_lock(&lock);
  atomic_store(&s->live, 0);
  closure->alive = false;
  closure->language = NULL;
  if (s->notified) {
    slot **at = &domain->ended_elsewhere;
    while (*at && *at != s) at = &(*at)->next_elsewhere;
    if (*at) *at = s->next_elsewhere;
  }
  pthread_mutex_unlock(&lock);
  leave_parent(s);
  leave_joined(s);
  *s->link = s->next;
  if (s->next) s->next->link = s->link;
  domain->hooks.closure_end(domain->hooks.env, language);
  pthread_mutex_lock(&lock);
  rest(s);
  pthread_mutex_unlock(&lock);
}

/* Ends the first closure of a list that passes; false: there was none. Ending one runs code of the
 * language layer's, so a list is looked at from its start again. */
static bool end_one(slot *s, bool of_parent, const slot *except, const ist__param *use,
                    const ist__function *function) {
  for (; s; s = of_parent ? s->next_of : s->next) {
    const ist__param *its = s->closure.use;
    bool ends = s != except && s->bound && (of_parent || !s->parent);
    if (use) ends = ends && its == use && its->replaced;
    bool named = !function;
    for (size_t i = 0; i < its->until_count; i++) named = named || its->until[i] == function;
    if (!ends || !named) continue;
    ist__closure_end(&s->closure);
    return true;
  }
  return false;
}

static void end_replaced(ist__domain *domain, const ist__param *use, ist__owner *parent,
                         const slot *except) {
  while (end_one(parent ? *ist__owner_closures(parent) : domain->closures, parent != NULL, except,
                 use, NULL)) {
  }
}

void ist__closure_replaced(ist__domain *domain, const ist__param *use, ist__owner *parent) {
  end_replaced(domain, use, parent, NULL);
}

void ist__closure_bind(ist__closure *closure, ist__owner *parent) {
  slot *s = slot_of(closure);
  if (!closure->alive || s->bound || closure->use->scope != IST__SCOPE_UNTIL) return;
  if (parent && parent->state != IST__LIVE && parent->state != IST__DISPOSED) {
    ist__closure_end(closure);
    return;
  }
  s->bound = true;
  s->parent = parent;
  if (parent) {
    slot **list = ist__owner_closures(parent);
    s->next_of = *list;
    s->link_of = list;
    if (s->next_of) s->next_of->link_of = &s->next_of;
    *list = s;
  }
  if (closure->use->replaced) end_replaced(closure->domain, closure->use, parent, s);
}

void ist__closures_end_until(ist__domain *domain, const ist__function *function,
                             ist__owner *parent) {
  while (end_one(domain->closures, false, NULL, NULL, function)) {
  }
  while (parent && end_one(*ist__owner_closures(parent), true, NULL, NULL, function)) {
  }
}

void ist__closures_end_of(ist__owner *parent) {
  slot **list = ist__owner_closures(parent);
  while (*list) ist__closure_end(&(*list)->closure);
}

void ist__closures_release(ist__owner *parent) {
  slot **list = ist__owner_closures(parent);
  while (*list) {
    slot *s = *list;
    leave_parent(s);
    s->bound = false;
  }
}

void ist__closures_free(ist__domain *domain) {
  while (domain->closures) ist__closure_end(&domain->closures->closure);
  pthread_mutex_lock(&lock);
  for (uint32_t i = 0; i < slot_count; i++) {
    if (slots[i]->closure.domain == domain) slots[i]->closure.domain = NULL;
  }
  domain->ended_elsewhere = NULL;
  pthread_mutex_unlock(&lock);
}
