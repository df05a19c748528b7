/* Owner records: who is destroyed when, and that nothing is destroyed twice, too early, or never.
 */
#include "support.h"

#include <time.h>

static char closed[64]; /* the names of the boxes destroyed, in order */
static size_t closed_count;
static long destroyed;

typedef struct box {
  int name;
  bool is_closed;
  int open_kids;
  struct box *parent;
} box;

static int errors;

static void box_close(box *b) {
  if (b->is_closed || b->open_kids != 0) errors++;
  b->is_closed = true;
  if (b->parent) b->parent->open_kids--;
  if (closed_count < sizeof closed - 1) closed[closed_count++] = (char)b->name;
  closed[closed_count] = 0;
  destroyed++;
}
static void box_step(box *b) {
  (void)b;
}

static const char *const body =
    "\"types\":[{\"kind\":\"void\"},{\"kind\":\"handle\",\"name\":\"Box\",\"destructor\":0},{"
    "\"kind\":\"ref\",\"to\":1},"
    "{\"kind\":\"struct\",\"name\":\"Point\",\"size\":16,\"align\":64,\"fields\":[]},"
    "{\"kind\":\"handle\",\"name\":\"Stream\",\"inline\":true,\"size\":24,\"align\":8,"
    "\"destructor\":2},{\"kind\":\"ref\",\"to\":4},{\"kind\":\"handle\",\"name\":\"Node\","
    "\"depth\":3}],"
    "\"functions\":["
    "{\"name\":\"close\",\"kind\":\"destructor\",\"owner\":1,\"self\":0,\"optional\":true,"
    "\"params\":[{\"name\":\"b\",\"type\":2}],\"result\":{\"type\":0}},"
    "{\"name\":\"step\",\"kind\":\"method\",\"owner\":1,\"self\":0,\"optional\":true,\"params\":[{"
    "\"name\":\"b\",\"type\":2}],\"result\":{\"type\":0}},"
    "{\"name\":\"end\",\"kind\":\"destructor\",\"owner\":4,\"self\":0,\"optional\":true,\"params\":"
    "[{\"name\":\"b\",\"type\":5}],\"result\":{\"type\":0}},"
    "{\"name\":\"peek\",\"kind\":\"method\",\"owner\":1,\"self\":0,\"optional\":true,\"params\":[{"
    "\"name\":\"b\",\"type\":2}],"
    "\"result\":{\"type\":2,\"parent\":0,\"until\":[1]}}]";

static ist__library *library;
static ist__domain *domain;
static const ist__type *box_type, *point_type, *stream_type;
static const ist__function *close_function, *step_function;
static int wakes, ends;

static void on_text(void *env, const char *text) {
  (void)env;
  fail_msg("%s", text);
}
static void on_wake(void *env) {
  (void)env, wakes++;
}
static void on_owner_end(void *env, ist__owner *owner) {
  (void)env;
  assert_non_null(owner->wrapper);
  assert_int_not_equal(owner->state, IST__LIVE);
  ends++;
}
static void on_end(void *env, void *function) {
  (void)env, (void)function;
}
static void on_call(void *env, ist__closure *closure, void *result, void **args) {
  (void)env, (void)closure, (void)result, (void)args;
}

static const ist__domain_hooks hooks = {.report = on_text,
                                        .wake = on_wake,
                                        .call = on_call,
                                        .closure_end = on_end,
                                        .owner_end = on_owner_end};

static int set_up(void **unused) {
  (void)unused;
  library = open_body(body);
  function_named(library, "close")->address = ADDRESS(box_close);
  function_named(library, "step")->address = ADDRESS(box_step);
  function_named(library, "end")->address = ADDRESS(box_close);
  close_function = function_named(library, "close");
  step_function = function_named(library, "step");
  box_type = library->types[1];
  point_type = library->types[3];
  stream_type = library->types[4];
  domain = ist__domain_new(&hooks);
  closed_count = 0;
  closed[0] = 0;
  wakes = ends = errors = 0;
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  ist__domain_free(domain);
  ist__library_release(library);
  assert_int_equal(errors, 0);
  return 0;
}

static ist__owner *own(box *b, char name) {
  *b = (box){.name = name};
  ist__owner *owner = ist__owner_new(domain, box_type, b, IST__OWNED, NULL);
  owner->wrapper = b;
  return owner;
}

static ist__owner *borrow(box *b, char name) {
  *b = (box){.name = name};
  ist__owner *owner = ist__owner_new(domain, box_type, b, IST__BORROWED, NULL);
  owner->wrapper = b;
  return owner;
}

static void keep(ist__owner *child, ist__owner *parent) {
  ist__owner_keep(child, parent);
  box *c = child->address, *p = parent->address;
  if (child->kind == IST__OWNED && child->type == box_type && !c->parent) {
    c->parent = p;
    p->open_kids++;
  }
}

static void dispose(ist__owner *owner) {
  if (!ist__owner_dispose(owner, close_function)) return;
  box_close(owner->address);
  ist__owner_gone(owner, close_function);
}

static void records_are_found_while_live(void **unused) {
  (void)unused;
  static box a;
  ist__owner *owner = own(&a, 'a');
  assert_ptr_equal(ist__owner_find(domain, box_type, &a), owner);
  assert_null(ist__owner_find(domain, point_type, &a));
  dispose(owner);
  assert_null(ist__owner_find(domain, box_type, &a));
  assert_string_equal(closed, "a");
  ist__fault fault;
  ist__owner_fault(owner, &fault);
  assert_string_equal(fault.text, "the Box is closed");
  ist__owner_forget(owner);
}

static void a_parent_waits_for_its_children(void **unused) {
  (void)unused;
  static box p, a, b;
  ist__owner *parent = own(&p, 'p'), *one = own(&a, 'a'), *two = own(&b, 'b');
  keep(one, parent);
  keep(two, parent);
  keep(two, parent);
  dispose(parent);
  assert_string_equal(closed, "");
  assert_int_equal(parent->state, IST__DISPOSED);
  assert_null(ist__owner_find(domain, box_type, &p));
  dispose(one);
  assert_string_equal(closed, "a");
  dispose(two);
  assert_string_equal(closed, "abp");
  assert_int_equal(parent->state, IST__GONE);
}

static void borrowed_children_end_with_their_parent(void **unused) {
  (void)unused;
  static box p, a, b, c;
  ist__owner *parent = own(&p, 'p'), *child = borrow(&a, 'a'), *grandchild = borrow(&b, 'b'),
             *owned = own(&c, 'c');
  keep(child, parent);
  keep(grandchild, child);
  keep(owned, grandchild);
  dispose(parent);
  assert_int_equal(child->state, IST__EXPIRED);
  assert_int_equal(grandchild->state, IST__EXPIRED);
  assert_int_equal(owned->state, IST__LIVE);
  assert_string_equal(closed, "");
  ist__fault fault;
  ist__owner_fault(child, &fault);
  assert_string_equal(fault.text, "the Box is no longer valid after test.Box.close");
  dispose(owned);
  assert_string_equal(closed, "cp");
}

static void a_borrowed_child_keeps_a_forgotten_parent(void **unused) {
  (void)unused;
  static box p, a;
  ist__owner *parent = own(&p, 'p'), *child = borrow(&a, 'a');
  keep(child, parent);
  ist__owner_forget(parent);
  ist__domain_drain(domain);
  assert_string_equal(closed, "");
  assert_ptr_equal(ist__owner_find(domain, box_type, &p), parent);
  assert_null(parent->wrapper);
  ist__owner_forget(child);
  assert_string_equal(closed, "");
  ist__domain_drain(domain);
  assert_string_equal(closed, "p");
  assert_true(wakes > 0);
}

static void what_is_found_again_is_revived(void **unused) {
  (void)unused;
  static box p;
  ist__owner *owner = own(&p, 'p');
  ist__owner_forget(owner);
  assert_ptr_equal(ist__owner_find(domain, box_type, &p), owner);
  owner->wrapper = &p;
  ist__domain_drain(domain);
  assert_string_equal(closed, "");
  ist__owner_forget(owner);
  ist__domain_drain(domain);
  assert_string_equal(closed, "p");
}

static void borrowed_until_a_call(void **unused) {
  (void)unused;
  static box p, q, a, b, c;
  ist__owner *parent = own(&p, 'p'), *other = own(&q, 'q');
  ist__owner *of_parent = borrow(&a, 'a'), *of_other = borrow(&b, 'b'), *of_any = borrow(&c, 'c');
  const ist__param *result = &function_named(library, "peek")->result;
  assert_true(step_function->ends_borrows);
  assert_false(close_function->ends_borrows);
  ist__owner_until(of_parent, parent, result->until, result->until_count);
  ist__owner_until(of_parent, parent, result->until, result->until_count);
  ist__owner_until(of_other, other, result->until, result->until_count);
  ist__owner_until(of_any, NULL, result->until, result->until_count);
  ist__function_ends(domain, close_function, parent);
  assert_int_equal(of_parent->state, IST__LIVE);
  ist__function_ends(domain, step_function, parent);
  assert_int_equal(of_parent->state, IST__EXPIRED);
  assert_int_equal(of_other->state, IST__LIVE);
  assert_int_equal(of_any->state, IST__EXPIRED);
  ist__fault fault;
  ist__owner_fault(of_parent, &fault);
  assert_string_equal(fault.text, "the Box is no longer valid after test.Box.step");
  ist__function_ends(domain, step_function, NULL);
  assert_int_equal(of_other->state, IST__LIVE);
}

static void what_is_in_use_is_not_idle(void **unused) {
  (void)unused;
  static box p;
  ist__owner *owner = own(&p, 'p');
  ist__fault fault;
  ist__owner_enter(owner, step_function);
  ist__owner_enter(owner, close_function);
  assert_false(ist__owner_idle(owner, &fault));
  assert_string_equal(fault.text, "in use by test.Box.step");
  ist__owner_leave(owner);
  assert_false(ist__owner_idle(owner, &fault));
  ist__owner_forget(owner);
  ist__domain_drain(domain);
  assert_string_equal(closed, "");
  ist__owner_leave(owner);
  ist__domain_drain(domain);
  assert_string_equal(closed, "p");
}

static void what_c_took_is_not_destroyed(void **unused) {
  (void)unused;
  static box p, a;
  ist__owner *owner = own(&p, 'p'), *child = borrow(&a, 'a');
  keep(child, owner);
  ist__owner_taken(owner, step_function);
  assert_int_equal(owner->state, IST__TAKEN);
  assert_int_equal(child->state, IST__EXPIRED);
  ist__fault fault;
  ist__owner_fault(owner, &fault);
  assert_string_equal(fault.text, "the Box was given to test.Box.step");
  ist__owner_forget(owner);
  ist__owner_forget(child);
  ist__domain_drain(domain);
  assert_string_equal(closed, "");
  assert_int_equal(ends, 2);
}

static void a_borrowed_one_can_be_adopted(void **unused) {
  (void)unused;
  static box p, a;
  ist__owner *parent = own(&p, 'p'), *child = borrow(&a, 'a');
  keep(child, parent);
  ist__owner_adopt(child, NULL);
  dispose(parent);
  assert_string_equal(closed, "p");
  assert_int_equal(child->state, IST__LIVE);
  ist__owner_forget(child);
  ist__domain_drain(domain);
  assert_string_equal(closed, "pa");
}

static void nesting_is_bounded(void **unused) {
  (void)unused;
  static char memory[8];
  const ist__type *type = type_named(library, "Node");
  ist__owner *nodes[8];
  ist__fault fault;
  for (int i = 0; i < 8; i++) {
    bool first = i < 4;
    nodes[i] = ist__owner_new(domain, type, &memory[i], first ? IST__OWNED : IST__BORROWED, NULL);
  }
  assert_true(ist__owner_nest(nodes[1], nodes[0], &fault));
  assert_true(ist__owner_nest(nodes[2], nodes[1], &fault));
  assert_true(ist__owner_nest(nodes[3], nodes[2], &fault));
  ist__owner_keep(nodes[4], nodes[3]);
  assert_true(ist__owner_depth_ok(nodes[4], &fault));
  assert_false(ist__owner_nest(nodes[4], nodes[2], &fault));
  assert_string_equal(fault.text, "Node objects would be nested more than 3 deep");
  for (int i = 5; i < 8; i++) ist__owner_keep(nodes[i], nodes[i - 1]);
  assert_true(ist__owner_depth_ok(nodes[6], &fault));
  assert_false(ist__owner_depth_ok(nodes[7], &fault));
  ist__owner_keep(nodes[4], nodes[7]);
  assert_false(ist__owner_depth_ok(nodes[7], &fault));
}

static void lent_memory_expires(void **unused) {
  (void)unused;
  static box p;
  const ist__param *result = &function_named(library, "peek")->result;
  ist__owner *parent = own(&p, 'p');
  ist__owner *one = ist__owner_new(domain, point_type, NULL, IST__LENT, NULL);
  ist__owner *other = ist__owner_new(domain, point_type, NULL, IST__LENT, NULL);
  ist__owner_until(one, parent, result->until, result->until_count);
  ist__owner_keep(other, parent);
  ist__function_ends(domain, step_function, parent);
  assert_int_equal(one->state, IST__EXPIRED);
  assert_int_equal(other->state, IST__LIVE);
  dispose(parent);
  assert_string_equal(closed, "p");
  assert_int_equal(other->state, IST__EXPIRED);
  ist__owner_forget(one);
  ist__owner_forget(other);
  ist__domain_drain(domain);
}

static void what_owned_children_need_is_not_childless(void **unused) {
  (void)unused;
  static box p, a, b;
  ist__owner *parent = own(&p, 'p'), *child = own(&a, 'a'), *borrowed = borrow(&b, 'b');
  ist__fault fault;
  keep(borrowed, parent);
  assert_true(ist__owner_childless(parent, &fault));
  keep(child, parent);
  assert_false(ist__owner_childless(parent, &fault));
  assert_string_equal(fault.text, "the Box is still needed by a Box");
  dispose(child);
  assert_true(ist__owner_childless(parent, &fault));
}

static void memory_is_aligned_zeroed_and_freed(void **unused) {
  (void)unused;
  ist__owner *point = ist__owner_new(domain, point_type, NULL, IST__MEMORY, NULL);
  assert_int_equal((uintptr_t)point->address % 64, 0);
  for (size_t i = 0; i < 16; i++) assert_int_equal(((char *)point->address)[i], 0);
  assert_int_equal(point->bytes, 16);
  ist__owner *other = ist__owner_new(domain, point_type, malloc(16), IST__MEMORY, NULL);
  assert_true(ist__owner_dispose(other, NULL));
  ist__owner_gone(other, NULL);
  ist__fault fault;
  ist__owner_fault(other, &fault);
  assert_string_equal(fault.text, "the Point is disposed");
  ist__owner_forget(other);
  ist__owner_forget(point);
  ist__owner *stream = ist__owner_new(domain, stream_type, NULL, IST__OWNED, NULL);
  ((box *)stream->address)->name = 's';
  ist__owner_forget(stream);
  ist__domain_drain(domain);
  assert_string_equal(closed, "s");
}

static void the_domain_destroys_the_rest_children_first(void **unused) {
  (void)unused;
  static box boxes[4];
  ist__owner *a = own(&boxes[0], 'a'), *b = own(&boxes[1], 'b'), *c = own(&boxes[2], 'c'),
             *d = own(&boxes[3], 'd');
  keep(b, a);
  keep(c, b);
  keep(d, b);
  ist__domain_free(domain);
  assert_int_equal(closed_count, 4);
  assert_int_equal(closed[2], 'b');
  assert_int_equal(closed[3], 'a');
  domain = ist__domain_new(&hooks);
}

static void a_ring_is_never_closed(void **unused) {
  (void)unused;
  static box boxes[3];
  ist__owner *a = own(&boxes[0], 'a'), *b = own(&boxes[1], 'b'), *c = own(&boxes[2], 'c');
  keep(a, b);
  keep(b, c);
  ist__owner_keep(c, a);
  ist__owner_forget(a);
  ist__owner_forget(b);
  ist__owner_forget(c);
  ist__domain_drain(domain);
  assert_string_equal(closed, "abc");
}

static void many_ways_to_a_parent_are_walked_once(void **unused) {
  (void)unused;
  enum { LEVELS = 100 };
  static char memory[2 * LEVELS];
  ist__owner *below[2] = {NULL, NULL}, *first = NULL;
  for (int i = 0; i < LEVELS; i++) {
    ist__owner *pair[2];
    for (int j = 0; j < 2; j++) {
      pair[j] = ist__owner_new(domain, point_type, &memory[2 * i + j], IST__BORROWED, NULL);
      if (!first) first = pair[j];
      for (int k = 0; below[0] && k < 2; k++) ist__owner_keep(pair[j], below[k]);
    }
    below[0] = pair[0], below[1] = pair[1];
  }
  ist__owner_keep(first, below[0]);
  ist__owner_expire(first, NULL);
  assert_int_equal(below[1]->state, IST__EXPIRED);
}

static void a_long_chain_needs_no_stack(void **unused) {
  (void)unused;
  enum { LENGTH = 300000 };
  box *boxes = calloc(LENGTH, sizeof *boxes);
  ist__owner *first = NULL, *last = NULL;
  destroyed = 0;
  for (int i = 0; i < LENGTH; i++) {
    ist__owner *owner = own(&boxes[i], 'x');
    if (last)
      keep(owner, last);
    else
      first = owner;
    ist__owner *shadow =
        ist__owner_new(domain, box_type, (char *)&boxes[i] + 1, IST__BORROWED, NULL);
    ist__owner_keep(shadow, owner);
    last = owner;
  }
  for (ist__owner *owner = first;;
       owner = ist__owner_find(domain, box_type, (box *)owner->address + 1)) {
    if (owner == last) break;
    ist__owner_forget(owner);
  }
  dispose(first);
  ist__domain_drain(domain);
  assert_int_equal(destroyed, 0);
  dispose(last);
  ist__domain_drain(domain);
  assert_int_equal(destroyed, 1);
  ist__domain_free(domain);
  assert_int_equal(destroyed, LENGTH);
  free(boxes);
  domain = ist__domain_new(&hooks);
}

static void a_forgotten_chain_unwinds_in_one_drain(void **unused) {
  (void)unused;
  enum { LENGTH = 300000 };
  box *boxes = calloc(LENGTH, sizeof *boxes);
  ist__owner *last = NULL;
  destroyed = 0;
  for (int i = 0; i < LENGTH; i++) {
    ist__owner *owner = own(&boxes[i], 'x');
    if (last) {
      keep(owner, last);
      ist__owner_forget(last);
    }
    last = owner;
  }
  ist__domain_drain(domain);
  assert_int_equal(destroyed, 0);
  ist__owner_forget(last);
  ist__domain_drain(domain);
  assert_int_equal(destroyed, LENGTH);
  free(boxes);
}

static void a_million_rounds_leave_nothing(void **unused) {
  (void)unused;
  static box p, a;
  ist__owner *parent = own(&p, 'p');
  destroyed = 0;
  for (int i = 0; i < 1000000; i++) {
    ist__owner *child = own(&a, 'a'),
               *view = ist__owner_new(domain, box_type, &destroyed, IST__BORROWED, NULL);
    keep(child, parent);
    ist__owner_keep(view, child);
    if (i % 2) dispose(child);
    ist__owner_forget(child);
    ist__owner_forget(view);
    if (i % 3 == 0)
      ist__domain_drain(domain);
    else if (i % 2 == 0)
      ist__domain_drain(domain);
  }
  ist__domain_drain(domain);
  assert_int_equal(destroyed, 1000000);
  assert_int_equal(p.open_kids, 0);
}

/* Random histories: every box is closed exactly once, never before its children (box_close counts
 * both). */
static uint64_t state;
static unsigned pick(unsigned below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % below;
}

static void random_histories_keep_the_order(void **unused) {
  (void)unused;
  enum { BOXES = 12 };
  for (int round = 0; round < 3000; round++) {
    const ist__param *result = &function_named(library, "peek")->result;
    box *boxes = calloc(BOXES, sizeof *boxes);
    ist__owner *owners[BOXES];
    bool held[BOXES];
    long owned = 0;
    destroyed = 0;
    for (int i = 0; i < BOXES; i++) {
      char name = (char)('a' + i);
      owners[i] = pick(3) ? own(&boxes[i], name) : borrow(&boxes[i], name);
      owned += owners[i]->kind == IST__OWNED;
      held[i] = true;
      for (unsigned j = pick(3); i > 0 && j > 0; j--) {
        int parent = (int)pick((unsigned)i);
        if (!held[parent] || owners[parent]->state != IST__LIVE) continue;
        if (owners[i]->kind == IST__OWNED)
          keep(owners[i], owners[parent]);
        else if (pick(2))
          ist__owner_keep(owners[i], owners[parent]);
        else
          ist__owner_until(owners[i], owners[parent], result->until, result->until_count);
      }
      for (int j = 0; j < 2; j++) {
        int which = (int)pick((unsigned)i + 1);
        if (!held[which]) continue;
        switch (pick(6)) {
        case 0:
          if (owners[which]->kind == IST__OWNED && owners[which]->state == IST__LIVE)
            dispose(owners[which]);
          break;
        case 1:
          if (owners[which]->kind == IST__BORROWED) ist__owner_expire(owners[which], step_function);
          break;
        case 2: ist__function_ends(domain, step_function, owners[which]); break;
        case 3:
          ist__owner_forget(owners[which]);
          held[which] = false;
          break;
        case 4: ist__domain_drain(domain); break;
        default: break;
        }
      }
    }
    for (int i = 0; i < BOXES; i++) {
      if (held[i] && pick(2)) ist__owner_forget(owners[i]);
    }
    if (pick(2)) ist__domain_drain(domain);
    ist__domain_free(domain);
    assert_int_equal(destroyed, owned);
    assert_int_equal(errors, 0);
    free(boxes);
    domain = ist__domain_new(&hooks);
  }
}

int main(void) {
  state = (uint64_t)time(NULL);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(records_are_found_while_live),
      TEST(a_parent_waits_for_its_children),
      TEST(borrowed_children_end_with_their_parent),
      TEST(a_borrowed_child_keeps_a_forgotten_parent),
      TEST(what_is_found_again_is_revived),
      TEST(borrowed_until_a_call),
      TEST(what_is_in_use_is_not_idle),
      TEST(what_c_took_is_not_destroyed),
      TEST(a_borrowed_one_can_be_adopted),
      TEST(nesting_is_bounded),
      TEST(lent_memory_expires),
      TEST(what_owned_children_need_is_not_childless),
      TEST(memory_is_aligned_zeroed_and_freed),
      TEST(the_domain_destroys_the_rest_children_first),
      TEST(a_ring_is_never_closed),
      TEST(many_ways_to_a_parent_are_walked_once),
      TEST(a_long_chain_needs_no_stack),
      TEST(a_forgotten_chain_unwinds_in_one_drain),
      TEST(a_million_rounds_leave_nothing),
      TEST(random_histories_keep_the_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
