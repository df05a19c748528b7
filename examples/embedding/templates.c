/* Templates: objects and classes whose properties are C's.
 *
 * - variables of C's as properties: one each (accessors), and of any name (interceptors);
 * - instances of a C struct, each in an internal field, with methods that C checks the receiver of;
 * - inheritance between two such classes, and from a class in JavaScript;
 * - a pointer that JavaScript keeps without being able to use it (an External). */
#include <isthmus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when a call has failed, and says why. */
static void check(ist_status status, ist_error **error) {
  if (status == IST_OK) return;
  char *text = error && *error ? ist_error_format(*error) : NULL;
  fprintf(stderr, "%s\n", text ? text : ist_status_text(status));
  ist_free(text);
  if (error) ist_error_free(*error);
  exit(1);
}

/* Runs a script and shows its value, or what it throws. */
static void run(ist_context *context, const char *source) {
  ist_isolate *isolate = ist_context_isolate(context);
  ist_value value;
  ist_error *error;
  uint32_t scope;
  check(ist_scope_open(isolate, &scope), NULL);
  ist_status status =
      ist_script_eval(context, source, strlen(source), "example.js", &value, &error);
  if (status == IST_ERR_EXCEPTION) {
    printf("%s\n  throws %s: %s\n", source, error->name, error->message);
    ist_error_free(error);
  } else {
    char *text;
    check(status, &error);
    check(ist_value_to_string(context, value, &value, &error), &error);
    check(ist_string_read(isolate, value, &text, NULL), NULL);
    printf("%s\n  gives %s\n", source, text);
    ist_free(text);
  }
  check(ist_scope_close(isolate, scope), NULL);
}

static void show(ist_context *context, const char *name, ist_value value) {
  ist_value global;
  ist_error *error;
  check(ist_context_global(context, &global), NULL);
  check(ist_object_set(context, global, name, value, &error), &error);
}

static bool read_int(ist_value value, int *number) {
  if (value.type != IST_INT32) return false;
  *number = value.as.int32;
  return true;
}

/* ---- A variable as a property ---- */

static ist_status get_int(void *env, const ist_access *access, ist_value *result) {
  (void)access;
  *result = ist_int32(*(int *)env);
  return IST_OK;
}

static ist_status set_int(void *env, const ist_access *access, ist_value value) {
  if (read_int(value, env)) return IST_OK;
  return ist_throw_error(access->context, "TypeError", "an integer is wanted");
}

/* ---- An array as a property of each index, and of some names ---- */

struct squares {
  int limit;
};

static ist_status get_square(void *env, const ist_access *access, ist_value *result,
                             bool *handled) {
  struct squares *squares = env;
  int index;
  *handled = read_int(access->key, &index) && index < squares->limit;
  if (*handled) *result = ist_int32(index * index);
  return IST_OK;
}

static ist_status list_squares(void *env, const ist_access *access, ist_value *result) {
  struct squares *squares = env;
  ist_status status = ist_array_new(access->context, result);
  for (int i = 0; !status && i < squares->limit; i++)
    status = ist_object_set_index(access->context, *result, (uint32_t)i, ist_int32(i), NULL);
  return status;
}

static void show_variables(ist_context *context, int *level, struct squares *squares) {
  ist_template *tmpl;
  ist_value object;
  ist_error *error;
  check(ist_template_new_object(ist_context_isolate(context), &tmpl), NULL);
  check(ist_template_set_accessor(tmpl, "level", get_int, set_int, level, NULL, IST_PROP_ALL),
        NULL);
  ist_handler handler = {
      .size = sizeof handler, .env = squares, .get = get_square, .enumerate = list_squares};
  check(ist_template_set_indexed(tmpl, &handler), NULL);
  check(ist_template_make(context, tmpl, &object, &error), &error);
  ist_template_free(tmpl);
  show(context, "box", object);
  run(context, "box.level += 1");
  run(context, "box.level = 'high'");
  run(context, "box[7] + box[3]");
  run(context, "JSON.stringify(box)");
  run(context, "'use strict'; box[2] = 5");
  printf("C has level %d\n\n", *level);
}

/* ---- A struct as a class ---- */

struct shape {
  int width, height;
};

/* The address of this stands for `struct shape *` in an internal field. */
static const char shape_tag;

static ist_status shape_of(ist_context *context, ist_value object, struct shape **result) {
  void *pointer;
  ist_status status =
      ist_object_field(ist_context_isolate(context), object, 0, &shape_tag, &pointer);
  if (status) return status;
  if (!pointer) return ist_throw_error(context, "TypeError", "the shape was never made");
  *result = pointer;
  return IST_OK;
}

/* `new Shape(width, height)`. */
static ist_status new_shape(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  (void)result;
  struct shape given, *made;
  if (call->new_target.type == IST_UNDEFINED)
    return ist_throw_error(call->context, "TypeError", "use new");
  if (call->argc < 2 || !read_int(call->argv[0], &given.width) ||
      !read_int(call->argv[1], &given.height))
    return ist_throw_error(call->context, "TypeError", "two integers are wanted");
  if (!(made = malloc(sizeof *made))) return IST_ERR_MEMORY;
  *made = given;
  /* The object keeps an External, which frees the struct when JavaScript has forgotten both. */
  ist_value owner;
  ist_status status = ist_external_new(call->context, made, &shape_tag, free, &owner);
  if (!status) status = ist_object_set_private(call->context, call->receiver, "shape", owner);
  if (status) return status;
  return ist_object_set_field(ist_context_isolate(call->context), call->receiver, 0, made,
                              &shape_tag);
}

static ist_status get_width(void *env, const ist_access *access, ist_value *result) {
  (void)env;
  struct shape *shape;
  ist_status status = shape_of(access->context, access->receiver, &shape);
  if (!status) *result = ist_int32(shape->width);
  return status;
}

static ist_status area(void *env, const ist_call *call, ist_value *result) {
  (void)env;
  struct shape *shape;
  ist_status status = shape_of(call->context, call->receiver, &shape);
  if (!status) *result = ist_int32(shape->width * shape->height);
  return status;
}

static void show_classes(ist_context *context) {
  ist_isolate *isolate = ist_context_isolate(context);
  ist_template *shape, *prototype, *instance, *method, *square;
  ist_value function;
  ist_error *error;

  ist_function_options options = {.size = sizeof options, .name = "Shape", .fn = new_shape};
  check(ist_template_new_function(isolate, &options, &shape), NULL);
  check(ist_template_instance(shape, &instance), NULL);
  check(ist_template_set_fields(instance, 1), NULL);

  /* With a signature, V8 itself refuses other receivers. */
  options = (ist_function_options){
      .size = sizeof options, .fn = area, .signature = shape, .no_construct = true};
  check(ist_template_new_function(isolate, &options, &method), NULL);
  check(ist_template_prototype(shape, &prototype), NULL);
  check(ist_template_set_template(prototype, "area", method, IST_PROP_ALL), NULL);
  check(ist_template_set_accessor(prototype, "width", get_width, NULL, NULL, NULL,
                                  IST_PROP_ENUMERABLE),
        NULL);

  options = (ist_function_options){.size = sizeof options, .name = "Square", .fn = new_shape};
  check(ist_template_new_function(isolate, &options, &square), NULL);
  check(ist_template_inherit(square, shape), NULL);

  check(ist_template_function(context, shape, &function, &error), &error);
  show(context, "Shape", function);
  check(ist_template_function(context, square, &function, &error), &error);
  show(context, "Square", function);
  run(context, "var shape = new Shape(3, 5); shape.area() + ' ' + shape.width");
  run(context, "new Shape('wide')");
  run(context, "shape.area.call({ width: 1, height: 1 })");
  run(context, "var square = new Square(4, 4); square.area() + ' ' + (square instanceof Shape)");
  run(context, "class Field extends Shape { twice() { return 2 * this.area() } }\n"
               "new Field(6, 7).twice()");
  ist_value made;
  bool is;
  check(ist_script_eval(context, "new Field(1, 1)", 15, "example.js", &made, &error), &error);
  check(ist_template_has_instance(shape, made, &is), NULL);
  printf("to C it is %s\n\n", is ? "a shape" : "anything");

  ist_template *all[] = {shape, prototype, instance, method, square};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) ist_template_free(all[i]);
}

/* ---- A pointer that JavaScript keeps ---- */

static void say_forgotten(void *env) {
  printf("JavaScript has forgotten the %s\n", (const char *)env);
}

static void show_externals(ist_context *context) {
  ist_isolate *isolate = ist_context_isolate(context);
  static const char tag, other;
  static char ticket[] = "ticket";
  ist_value external;
  ist_error *error;
  void *pointer;
  check(ist_external_new(context, ticket, &tag, say_forgotten, &external), NULL);
  show(context, "ticket", external);
  check(ist_value_free(isolate, external), NULL);
  run(context, "typeof ticket + ' with keys ' + JSON.stringify(Object.keys(ticket))");
  check(ist_script_eval(context, "[ticket][0]", 11, "example.js", &external, &error), &error);
  check(ist_external_read(isolate, external, &tag, &pointer), NULL);
  printf("it is C's %s\n", (const char *)pointer);
  printf("by another tag: %s\n",
         ist_status_text(ist_external_read(isolate, external, &other, &pointer)));
}

int main(void) {
  ist_isolate *isolate;
  ist_context *context;
  int level = 41;
  struct squares squares = {.limit = 8};
  check(ist_isolate_new(NULL, &isolate), NULL);
  check(ist_context_new(isolate, NULL, &context), NULL);
  show_variables(context, &level, &squares);
  show_classes(context);
  show_externals(context);
  ist_isolate_free(isolate);
  return 0;
}
