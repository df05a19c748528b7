/* Owner records: which native objects the language knows, who must outlive whom, and when each is
 * destroyed.
 *
 * A record ends once: it leaves IST__LIVE and never comes back. It is freed when it has ended,
 * nobody keeps it (no child is left) and the language has forgotten it. Consequences travel along
 * edges by lists inside the records, not by recursion, so that a chain of parents may have any
 * length; a destructor that comes back in here only adds to the list.
 *
 * A child's edge to its parent lasts as long as the child needs the parent: an owned one until it
 * is destroyed, a borrowed one until it is over or forgotten, and has no children itself. So "no
 * edges left" is the one question to ask. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct ist__owned record;
typedef struct ist__until until;

typedef struct edge {
  record *child, *parent;
  struct edge *next_kid, **kid_link; /* in the parent's list */
  struct edge *next_parent;          /* in the child's list */
} edge;

/* A borrowed child that ends when one of the functions is called on the parent, or on anything when
 * there is none. */
struct ist__until {
  record *child, *parent;
  const ist__function **functions;
  size_t count;
  until *next, **link; /* in the parent's or the domain's list */
  until *next_own;     /* in the child's list */
};

struct ist__owned {
  ist__owner owner;
  edge *kids, *parents;
  until *untils, *own_untils;
  struct ist__closure_slot *closures;
  record *next_bucket;
  record *next, **link; /* of all records */
  record *next_forgotten, *next_settling, *next_expiring, *next_walked;
  uint64_t walked; /* the last search that came by */
  bool hashed, forgotten, queued, settling, expiring;
  bool destroying; /* the destructor runs, or the language has undertaken to call it */
  bool allocated;  /* the memory is ours */
  uint32_t height; /* how deep objects that C owns are nested below it, as far as known */
  bool pinned;     /* a child could not be recorded: never destroyed before the domain is */
};

static record *record_of(const ist__owner *owner) {
  return (record *)owner->impl;
}

struct ist__closure_slot **ist__owner_closures(ist__owner *owner) {
  return &record_of(owner)->closures;
}

static bool is_forgotten(const record *r) {
  return r->forgotten && !r->owner.wrapper;
}

/* ---- the table of live records ---- */

static size_t bucket_of(const ist__domain *domain, const ist__type *type, const void *address) {
  uint64_t key = (uint64_t)(uintptr_t)address * 0x9E3779B97F4A7C15u ^
                 (uint64_t)(uintptr_t)type * 0xC2B2AE3D27D4EB4Fu;
  return (size_t)(key >> 32) & (domain->bucket_count - 1);
}

static bool grow_table(ist__domain *domain) {
  size_t old_count = domain->bucket_count, count = old_count ? 2 * old_count : 64;
  record **old = domain->buckets, **buckets = ist__calloc(count, sizeof *buckets);
  if (!buckets) return old_count != 0;
  domain->buckets = buckets;
  domain->bucket_count = count;
  for (size_t i = 0; i < old_count; i++) {
    for (record *r = old[i], *next; r; r = next) {
      next = r->next_bucket;
      record **bucket = &buckets[bucket_of(domain, r->owner.type, r->owner.address)];
      r->next_bucket = *bucket;
      *bucket = r;
    }
  }
  ist__free(old);
  return true;
}

static void hash(record *r) {
  ist__domain *domain = r->owner.domain;
  record **bucket = &domain->buckets[bucket_of(domain, r->owner.type, r->owner.address)];
  r->next_bucket = *bucket;
  *bucket = r;
  r->hashed = true;
  domain->live_count++;
}

static void unhash(record *r) {
  if (!r->hashed) return;
  ist__domain *domain = r->owner.domain;
  record **at = &domain->buckets[bucket_of(domain, r->owner.type, r->owner.address)];
  while (*at != r) at = &(*at)->next_bucket;
  *at = r->next_bucket;
  r->hashed = false;
  domain->live_count--;
}

ist__owner *ist__owner_find(ist__domain *domain, const ist__type *type, const void *address) {
  if (!domain->bucket_count) return NULL;
  for (record *r = domain->buckets[bucket_of(domain, type, address)]; r; r = r->next_bucket) {
    if (r->owner.address == address && r->owner.type == type) return &r->owner;
  }
  return NULL;
}

/* ---- making and freeing records ---- */

static void *allocate(const ist__type *type) {
  size_t size = type->size ? type->size : 1;
  void *memory;
  if (type->align <= 16) return calloc(1, size);
  if (posix_memalign(&memory, type->align, size) != 0) return NULL;
  return memset(memory, 0, size);
}

ist__owner *ist__owner_new(ist__domain *domain, const ist__type *type, void *address,
                           ist__owner_kind kind, const ist__function *function) {
  if (domain->live_count >= domain->bucket_count && !grow_table(domain)) return NULL;
  record *r = ist__calloc(1, sizeof *r);
  if (!r) return NULL;
  bool ours =
      kind == IST__MEMORY || kind == IST__LENT || (kind == IST__OWNED && type->inline_memory);
  if (ours && !address && !(address = allocate(type))) {
    ist__free(r);
    return NULL;
  }
  r->allocated = ours;
  r->owner = (ist__owner){.domain = domain,
                          .type = type,
                          .address = address,
                          .kind = kind,
                          .free = function,
                          .bytes = ours ? type->size : 0,
                          .impl = r};
  r->next = domain->records;
  r->link = &domain->records;
  if (r->next) r->next->link = &r->next;
  domain->records = r;
  hash(r);
  return &r->owner;
}

static void remove_until(until *u) {
  *u->link = u->next;
  if (u->next) u->next->link = u->link;
  ist__free(u);
}

static void remove_untils(record *r) {
  while (r->own_untils) {
    until *u = r->own_untils;
    r->own_untils = u->next_own;
    remove_until(u);
  }
}

static void settle_later(record *r) {
  if (r->settling) return;
  r->settling = true;
  r->next_settling = r->owner.domain->settling;
  r->owner.domain->settling = r;
}

/* Parents look at themselves again when a child lets go. */
static void release_parents(record *r) {
  while (r->parents) {
    edge *e = r->parents;
    r->parents = e->next_parent;
    *e->kid_link = e->next_kid;
    if (e->next_kid) e->next_kid->kid_link = e->kid_link;
    settle_later(e->parent);
    ist__free(e);
  }
}

static void free_memory(record *r) {
  if (r->allocated) free(r->owner.address);
  r->allocated = false;
}

static void free_record(record *r) {
  unhash(r);
  remove_untils(r);
  while (r->untils) {
    until **own = &r->untils->child->own_untils;
    while (*own != r->untils) own = &(*own)->next_own;
    *own = r->untils->next_own;
    remove_until(r->untils);
  }
  *r->link = r->next;
  if (r->next) r->next->link = r->link;
  free_memory(r);
  ist__free(r);
}

/* ---- ending ---- */

static void end(record *r, ist__owner_state state, const ist__function *by) {
  bool was_live = r->owner.state == IST__LIVE;
  r->owner.state = state;
  if (!was_live) return;
  r->owner.ended_by = by;
  unhash(r);
  remove_untils(r);
  if (r->owner.wrapper) r->owner.domain->hooks.owner_end(r->owner.domain->hooks.env, &r->owner);
}

/* Is its life bound to somebody else's? */
static bool is_lent(const record *r) {
  return r->owner.kind == IST__BORROWED || r->owner.kind == IST__LENT;
}

static void add_expiring(record *r, record **list) {
  if (r->expiring || !is_lent(r) || r->owner.state != IST__LIVE) return;
  r->expiring = true;
  r->next_expiring = *list;
  *list = r;
}

static void add_borrowed_kids(record *r, record **list) {
  for (edge *e = r->kids; e; e = e->next_kid) add_expiring(e->child, list);
}

static void expire_list(record *list, const ist__function *by) {
  while (list) {
    record *r = list;
    list = r->next_expiring;
    r->expiring = false;
    settle_later(r);
    if (r->owner.state == IST__LIVE) end(r, IST__EXPIRED, by);
    add_borrowed_kids(r, &list);
    ist__closures_end_of(&r->owner);
  }
}

static void expire_kids(record *r, const ist__function *by) {
  record *list = NULL;
  add_borrowed_kids(r, &list);
  expire_list(list, by);
}

static void queue(record *r) {
  ist__domain *domain = r->owner.domain;
  if (r->queued) return;
  r->queued = true;
  r->next_forgotten = NULL;
  bool was_empty = !domain->forgotten;
  if (was_empty)
    domain->forgotten = r;
  else
    domain->forgotten_last->next_forgotten = r;
  domain->forgotten_last = r;
  if (was_empty && !domain->ending) domain->hooks.wake(domain->hooks.env);
}

static void finish(record *r, const ist__function *by) {
  end(r, IST__GONE, by);
  expire_kids(r, by);
  ist__closures_end_of(&r->owner);
  free_memory(r);
  r->destroying = false;
  settle_later(r);
}

static void destroy(record *r) {
  const ist__function *function = r->owner.free ? r->owner.free : r->owner.type->destructor;
  r->destroying = true;
  end(r, IST__DISPOSED, r->owner.ended_by);
  if (r->owner.kind == IST__OWNED && function) {
    if (function->ends_borrows) ist__function_ends(r->owner.domain, function, &r->owner);
    ist__free_with(function, r->owner.address);
  }
  finish(r, r->owner.ended_by);
}

/* Does what the record's state now asks for. */
static void settle(record *r) {
  if (r->kids || r->owner.calls || r->destroying) return;
  switch (r->owner.state) {
  case IST__LIVE:
    if (!is_forgotten(r) || r->pinned) return;
    if (!is_lent(r)) {
      queue(r);
      return;
    }
    /* C may still call what was registered on it. */
    if (r->closures) return;
    end(r, IST__EXPIRED, NULL);
    settle_later(r);
    return;
  case IST__DISPOSED:
    if (!r->pinned) destroy(r);
    return;
  case IST__GONE:
  case IST__TAKEN:
  case IST__EXPIRED:
    release_parents(r);
    if (is_forgotten(r) && !r->queued) free_record(r);
    return;
  }
}

static void settle_all(ist__domain *domain) {
  if (domain->busy) return;
  domain->busy = true;
  while (domain->settling) {
    record *r = domain->settling;
    domain->settling = r->next_settling;
    r->settling = false;
    settle(r);
  }
  domain->busy = false;
}

/* ---- edges ---- */

/* Does `from` need `to`, by itself or through others? Each record is looked at once. */
static bool reaches(record *from, const record *to) {
  uint64_t walk = ++from->owner.domain->walks;
  record *list = from;
  from->walked = walk;
  from->next_walked = NULL;
  while (list) {
    record *r = list;
    if (r == to) return true;
    list = r->next_walked;
    for (const edge *e = r->parents; e; e = e->next_parent) {
      if (e->parent->walked == walk) continue;
      e->parent->walked = walk;
      e->parent->next_walked = list;
      list = e->parent;
    }
  }
  return false;
}

void ist__owner_keep(ist__owner *child_owner, ist__owner *parent_owner) {
  record *child = record_of(child_owner), *parent = record_of(parent_owner);
  if (child == parent) return;
  for (edge *e = child->parents; e; e = e->next_parent) {
    if (e->parent == parent) return;
  }
  /* Objects that lead to each other: the one that was there first keeps. */
  if (child->kids && reaches(parent, child)) return;
  edge *e = ist__malloc(sizeof *e);
  if (!e) {
    parent->pinned = true;
    return;
  }
  *e = (edge){.child = child,
              .parent = parent,
              .next_kid = parent->kids,
              .kid_link = &parent->kids,
              .next_parent = child->parents};
  if (e->next_kid) e->next_kid->kid_link = &e->next_kid;
  parent->kids = e;
  child->parents = e;
  if (parent_owner->state != IST__LIVE && parent_owner->state != IST__TAKEN)
    ist__owner_expire(child_owner, parent_owner->ended_by);
}

void ist__owner_until(ist__owner *child_owner, ist__owner *parent_owner,
                      const ist__function **functions, size_t count) {
  record *child = record_of(child_owner), *parent = parent_owner ? record_of(parent_owner) : NULL;
  if (parent == child) parent = NULL;
  if (parent) ist__owner_keep(child_owner, parent_owner);
  for (until *u = child->own_untils; u; u = u->next_own) {
    if (u->parent == parent && u->functions == functions) return;
  }
  until *u = ist__malloc(sizeof *u);
  if (!u) {
    ist__owner_expire(child_owner, NULL);
    return;
  }
  until **list = parent ? &parent->untils : &child_owner->domain->untils;
  *u = (until){.child = child,
               .parent = parent,
               .functions = functions,
               .count = count,
               .next = *list,
               .link = list,
               .next_own = child->own_untils};
  if (u->next) u->next->link = &u->next;
  *list = u;
  child->own_untils = u;
}

static void add_ended(const until *u, const ist__function *function, record **list) {
  for (; u; u = u->next) {
    for (size_t i = 0; i < u->count; i++) {
      if (u->functions[i] == function) add_expiring(u->child, list);
    }
  }
}

void ist__function_ends(ist__domain *domain, const ist__function *function, ist__owner *parent) {
  record *list = NULL;
  add_ended(domain->untils, function, &list);
  if (parent) add_ended(record_of(parent)->untils, function, &list);
  expire_list(list, function);
  ist__closures_end_until(domain, function, parent);
  settle_all(domain);
}

/* ---- what happens to a record ---- */

void ist__owner_enter(ist__owner *owner, const ist__function *function) {
  if (owner->calls++ == 0) owner->inside = function;
}

void ist__owner_leave(ist__owner *owner) {
  if (--owner->calls > 0) return;
  owner->inside = NULL;
  record *r = record_of(owner);
  if (owner->state == IST__LIVE && !is_forgotten(r)) return;
  settle_later(r);
  settle_all(owner->domain);
}

/* How many borrowed steps lie between an object and the one that owns it, which is stored; one more
 * than the type allows stands for any number beyond. */
static uint32_t steps_to_root(record *r, record **root) {
  uint32_t steps = 0;
  const ist__type *type = r->owner.type;
  while (r->owner.kind == IST__BORROWED && steps <= type->depth) {
    record *up = NULL;
    for (edge *e = r->parents; e && !up; e = e->next_parent) {
      if (e->parent->owner.type == type) up = e->parent;
    }
    if (!up) break;
    r = up;
    steps++;
  }
  *root = r;
  return steps;
}

static bool too_deep(const ist__type *type, ist__fault *fault) {
  return ist__fault_set(fault, "%s objects would be nested more than %u deep", type->name,
                        type->depth);
}

bool ist__owner_nest(ist__owner *into, ist__owner *item, ist__fault *fault) {
  const ist__type *type = item->type;
  if (into->type != type) return true;
  record *root;
  uint32_t height = steps_to_root(record_of(into), &root) + 1 + record_of(item)->height;
  if (root == record_of(item)) {
    return ist__fault_set(fault, "%s objects cannot be put into themselves", type->name);
  }
  if (!type->depth) return true;
  if (height > type->depth) return too_deep(type, fault);
  if (root->height < height) root->height = height;
  return true;
}

bool ist__owner_depth_ok(ist__owner *owner, ist__fault *fault) {
  const ist__type *type = owner->type;
  if (!type->depth) return true;
  record *root;
  uint32_t steps = steps_to_root(record_of(owner), &root);
  if (steps > type->depth) return too_deep(type, fault);
  if (root->height < steps) root->height = steps;
  return true;
}

void ist__owner_inherit_height(ist__owner *owner, ist__owner *from) {
  record *root;
  if (!owner->type->depth || owner->type != from->type || owner == from) return;
  steps_to_root(record_of(from), &root);
  if (record_of(owner)->height < root->height) record_of(owner)->height = root->height;
}

bool ist__owner_idle(const ist__owner *owner, ist__fault *fault) {
  if (owner->calls == 0) return true;
  return ist__fault_set(fault, "in use by %s", owner->inside ? owner->inside->label : "a call");
}

bool ist__owner_childless(const ist__owner *owner, ist__fault *fault) {
  for (const edge *e = record_of(owner)->kids; e; e = e->next_kid) {
    const record *kid = e->child;
    if (is_lent(kid) || kid->owner.state == IST__GONE || kid->owner.state == IST__TAKEN) continue;
    return ist__fault_set(fault, "the %s is still needed by a %s", owner->type->name,
                          kid->owner.type->name);
  }
  return true;
}

bool ist__owner_dispose(ist__owner *owner, const ist__function *by) {
  record *r = record_of(owner);
  if (owner->state != IST__LIVE) return false;
  r->destroying = true;
  end(r, IST__DISPOSED, by);
  expire_kids(r, by);
  settle_all(owner->domain);
  if (!r->kids && !r->pinned) return true;
  r->destroying = false;
  return false;
}

void ist__owner_gone(ist__owner *owner, const ist__function *by) {
  if (owner->state == IST__GONE) return;
  finish(record_of(owner), by);
  settle_all(owner->domain);
}

void ist__owner_taken(ist__owner *owner, const ist__function *by) {
  record *r = record_of(owner);
  if (owner->state != IST__LIVE) return;
  r->allocated = false;
  end(r, IST__TAKEN, by);
  expire_kids(r, by);
  settle_later(r);
  ist__closures_release(owner);
  settle_all(owner->domain);
}

void ist__owner_expire(ist__owner *owner, const ist__function *by) {
  record *list = NULL;
  add_expiring(record_of(owner), &list);
  expire_list(list, by);
  settle_all(owner->domain);
}

void ist__owner_adopt(ist__owner *owner, const ist__function *function) {
  record *r = record_of(owner);
  if (owner->state != IST__LIVE || owner->kind != IST__BORROWED) return;
  owner->kind = IST__OWNED;
  owner->free = function;
  remove_untils(r);
  release_parents(r);
  settle_all(owner->domain);
}

void ist__owner_forget(ist__owner *owner) {
  record *r = record_of(owner);
  owner->wrapper = NULL;
  r->forgotten = true;
  if (!r->kids) queue(r);
}

void ist__owner_fault(const ist__owner *owner, ist__fault *fault) {
  const char *name = owner->type->name, *by = owner->ended_by ? owner->ended_by->label : NULL;
  switch (owner->state) {
  case IST__LIVE: ist__fault_set(fault, "the %s is alive", name); return;
  case IST__DISPOSED:
  case IST__GONE:
    ist__fault_set(fault,
                   owner->kind == IST__MEMORY || owner->kind == IST__LENT ? "the %s is disposed"
                                                                          : "the %s is closed",
                   name);
    return;
  case IST__TAKEN: ist__fault_set(fault, "the %s was given to %s", name, by ? by : "C"); return;
  case IST__EXPIRED:
    if (by)
      ist__fault_set(fault, "the %s is no longer valid after %s", name, by);
    else
      ist__fault_set(fault, "the %s is no longer valid", name);
    return;
  }
}

/* ---- for the domain ---- */

void ist__owners_drain(ist__domain *domain) {
  while (domain->forgotten) {
    record *r = domain->forgotten;
    domain->forgotten = r->next_forgotten;
    r->queued = false;
    bool ready = is_forgotten(r) && !r->kids && !r->owner.calls && !r->destroying && !r->pinned;
    if (ready && r->owner.state == IST__LIVE && !is_lent(r))
      destroy(r);
    else
      settle_later(r);
    settle_all(domain);
  }
}

void ist__owners_free(ist__domain *domain) {
  for (record *r = domain->records; r; r = r->next) {
    if (r->owner.state != IST__LIVE) continue;
    end(r, is_lent(r) ? IST__EXPIRED : IST__DISPOSED, NULL);
  }
  /* Children go first: a parent settles when its last child has let go. Records are freed only once
   * the language has forgotten them, so hold them all until nothing more happens. */
  for (record *r = domain->records; r; r = r->next) {
    r->forgotten = r->pinned = false;
    settle_later(r);
  }
  settle_all(domain);
  /* What is left kept itself alive in a ring, or was never given back by the language. */
  for (record *r = domain->records; r; r = r->next) {
    if (r->owner.state == IST__DISPOSED && !r->destroying) destroy(r);
  }
  settle_all(domain);
  while (domain->records) {
    record *r = domain->records;
    ist__closures_release(&r->owner);
    release_parents(r);
    for (edge *e = r->kids, *next; e; e = next) {
      next = e->next_kid;
      edge **at = &e->child->parents;
      while (*at != e) at = &(*at)->next_parent;
      *at = e->next_parent;
      ist__free(e);
    }
    r->kids = NULL;
    free_record(r);
  }
  domain->settling = NULL;
  domain->forgotten = NULL;
  ist__free(domain->buckets);
}
