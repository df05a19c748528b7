/* How long values live: until their scope closes, until they are released, as long as JavaScript
 * needs them, or as long as the isolate; and what a handle answers that has outlived its value. */
#include <isthmus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(ist_status status, const char *what) {
  if (status == IST_OK) return;
  fprintf(stderr, "%s: %s\n", what, ist_status_text(status));
  exit(1);
}

static ist_value text(ist_isolate *isolate, const char *chars) {
  ist_value value;
  check(ist_string_new(isolate, chars, strlen(chars), &value), "string");
  return value;
}

/* Shows a string, or why there is none. */
static void show(ist_isolate *isolate, const char *label, ist_value value) {
  char *chars;
  ist_status status = ist_string_read(isolate, value, &chars, NULL);
  printf("%s: %s\n", label, status == IST_OK ? chars : ist_status_text(status));
  if (status == IST_OK) ist_free(chars);
}

static size_t in_use(ist_isolate *isolate) {
  ist_statistics statistics = {.size = sizeof statistics};
  check(ist_isolate_statistics(isolate, &statistics), "statistics");
  return statistics.handles;
}

static void scopes(ist_isolate *isolate) {
  uint32_t outer, inner;
  ist_value first, second, kept;
  check(ist_scope_open(isolate, &outer), "open");
  first = text(isolate, "first");
  check(ist_scope_open(isolate, &inner), "open");
  second = text(isolate, "second");
  /* What is to leave a scope is kept, and then released by hand. */
  check(ist_value_keep(isolate, second, &kept), "keep");
  check(ist_scope_close(isolate, inner), "close");
  show(isolate, "of the outer scope", first);
  show(isolate, "of the closed scope", second);
  show(isolate, "kept", kept);
  check(ist_scope_close(isolate, outer), "close");
  show(isolate, "still kept", kept);
  check(ist_value_free(isolate, kept), "free");
  show(isolate, "released", kept);
  printf("released twice: %s\n", ist_status_text(ist_value_free(isolate, kept)));
}

/* A loop that makes a million handles needs no more room than one round of it. */
static void loops(ist_context *context) {
  ist_isolate *isolate = ist_context_isolate(context);
  size_t most = 0;
  for (int round = 0; round < 1000; round++) {
    uint32_t scope;
    ist_value object;
    check(ist_scope_open(isolate, &scope), "open");
    for (int i = 0; i < 1000; i++) check(ist_object_new(context, &object), "object");
    if (in_use(isolate) > most) most = in_use(isolate);
    check(ist_scope_close(isolate, scope), "close");
  }
  printf("at most in use: %zu, after all: %zu\n", most, in_use(isolate));
}

static void announce(void *env) {
  printf("collected: %s\n", (const char *)env);
}

static void weak(ist_context *context) {
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value object, watched, got;
  check(ist_object_new(context, &object), "object");
  check(ist_object_set(context, object, "answer", ist_int32(42), NULL), "set");
  check(ist_value_weak(isolate, object, announce, "the object", &watched), "weak");
  check(ist_isolate_collect(isolate), "collect");
  check(ist_object_get(context, watched, "answer", &got, NULL), "get");
  printf("while it lives: %d\n", got.as.int32);
  /* With the last strong handle goes the object; the finalizer says so. */
  check(ist_value_free(isolate, object), "free");
  check(ist_isolate_collect(isolate), "collect");
  printf("afterwards: %s\n",
         ist_status_text(ist_object_get(context, watched, "answer", &got, NULL)));
  check(ist_value_free(isolate, watched), "free");
}

static void eternal(ist_isolate *isolate) {
  ist_value name = text(isolate, "a name for good"), forever;
  check(ist_value_eternal(isolate, name, &forever), "eternal");
  check(ist_value_free(isolate, name), "free");
  printf("releasing an eternal handle: %s\n", ist_status_text(ist_value_free(isolate, forever)));
  show(isolate, "eternal", forever);
}

int main(void) {
  ist_isolate *isolate, *other;
  ist_context *context;
  check(ist_isolate_new(NULL, &isolate), "isolate");
  check(ist_context_new(isolate, NULL, &context), "context");
  scopes(isolate);
  loops(context);
  weak(context);
  eternal(isolate);

  /* A handle is no pointer: in another isolate, or when it is made up, it is answered. */
  ist_value mine = text(isolate, "mine"), forged = mine;
  check(ist_isolate_new(NULL, &other), "isolate");
  show(other, "in another isolate", mine);
  forged.as.handle++;
  show(isolate, "made up", forged);

  /* Numbers are held in the value itself and need no releasing at all. */
  check(ist_value_free(isolate, ist_double(2.5)), "number");
  check(ist_isolate_free(isolate), "free");
  show(isolate, "after the isolate", mine);
  check(ist_isolate_free(other), "free");
  return 0;
}
