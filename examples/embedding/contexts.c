/* Several contexts in one isolate: each has global objects and built-ins of its own, objects go
 * from one to the other freely, a call from A through B back to A enters each in turn, and a
 * security token decides who may use whose global object. */
#include <isthmus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(ist_status status, const char *what) {
  if (status == IST_OK) return;
  fprintf(stderr, "%s: %s\n", what, ist_status_text(status));
  exit(1);
}

static ist_value eval(ist_context *context, const char *source) {
  ist_value result;
  ist_error *error;
  if (ist_script_eval(context, source, strlen(source), "contexts.js", &result, &error) != IST_OK) {
    fprintf(stderr, "%s\n", error && error->message ? error->message : source);
    exit(1);
  }
  return result;
}

static void print(ist_context *context, const char *label, ist_value value) {
  char *text;
  ist_value string;
  check(ist_value_to_string(context, value, &string, NULL), "to string");
  check(ist_string_read(ist_context_isolate(context), string, &text, NULL), "read");
  printf("%s: %s\n", label, text);
  ist_free(text);
}

/* Puts `value` into the global object of a context. */
static void define(ist_context *context, const char *name, ist_value value) {
  ist_value global;
  check(ist_context_global(context, &global), "global");
  check(ist_object_set(context, global, name, value, NULL), name);
}

/* A C function that says which context it was called in: the name is the context's data. */
static ist_status where(void *env, const ist_call *call, ist_value *result) {
  ist_isolate *isolate = ist_context_isolate(call->context);
  ist_context *current;
  void *name;
  (void)env;
  check(ist_context_current(isolate, &current), "current");
  check(ist_context_data(current, &name), "data");
  return ist_string_new(isolate, name, strlen(name), result);
}

/* Two contexts that call each other: A's function calls B's, which calls another one of A's. */
static void nest(ist_context *a, ist_context *b) {
  define(b, "ask", eval(a, "(depth) => `${where()}(${depth})`"));
  define(a, "relay", eval(b, "(depth) => `${where()}(${depth}) -> ${ask(depth + 1)}`"));
  print(a, "nested", eval(a, "`${where()}(0) -> ${relay(1)}`"));

  /* The same from C: contexts are entered and left like a stack. */
  ist_context *order[] = {a, b, a}, *current;
  ist_isolate *isolate = ist_context_isolate(a);
  for (int i = 0; i < 3; i++) check(ist_context_enter(order[i]), "enter");
  printf("leaving B first: %s\n", ist_status_text(ist_context_leave(b)));
  for (int i = 2; i >= 0; i--) {
    check(ist_context_current(isolate, &current), "current");
    printf("entered: %s\n", current == a ? "A" : "B");
    check(ist_context_leave(order[i]), "leave");
  }
}

/* One object in both: it is the same one, and belongs to where it was made. */
static void share(ist_context *a, ist_context *b) {
  ist_context *owner;
  ist_value list = eval(a, "globalThis.list = [1, 2]; list");
  define(b, "list", list);
  eval(b, "list.push(3)");
  print(a, "shared", eval(a, "list"));
  print(b, "an Array of its own", eval(b, "list instanceof Array"));
  check(ist_object_context(ist_context_isolate(a), list, &owner), "owner");
  printf("made in: %s\n", owner == a ? "A" : "B");
}

static void guard(ist_context *a, ist_context *b) {
  const char *peek = "try { other.secret } catch (error) { error.message }";
  ist_value global;
  eval(a, "globalThis.secret = 'forty-two'");
  check(ist_context_global(a, &global), "global");
  define(b, "other", global);
  print(b, "own tokens", eval(b, peek));
  check(ist_context_share_token(b, a), "share token");
  print(b, "one token", eval(b, peek));
  check(ist_context_share_token(b, NULL), "own token");
  print(b, "own tokens again", eval(b, peek));
}

int main(void) {
  ist_isolate *isolate;
  ist_context *a, *b;
  check(ist_isolate_new(NULL, &isolate), "isolate");
  check(ist_context_new(isolate, NULL, &a), "context A");
  check(ist_context_new(isolate, NULL, &b), "context B");
  check(ist_context_set_data(a, "A"), "data");
  check(ist_context_set_data(b, "B"), "data");

  ist_context *both[] = {a, b};
  for (int i = 0; i < 2; i++) {
    ist_value function;
    check(ist_function_new(both[i], "where", where, NULL, NULL, &function), "function");
    define(both[i], "where", function);
  }
  nest(a, b);
  share(a, b);
  guard(a, b);

  /* A context that was freed is answered; what was made in it lives on. */
  ist_value double_it = eval(b, "(n) => n * 2"), argument = ist_int32(21), result;
  check(ist_context_free(b), "free");
  printf("freed: %s\n", ist_status_text(ist_context_global(b, &result)));
  check(ist_function_call(a, double_it, ist_undefined(), 1, &argument, &result, NULL), "call");
  printf("its function: %d\n", result.as.int32);
  check(ist_isolate_free(isolate), "free");
  return 0;
}
