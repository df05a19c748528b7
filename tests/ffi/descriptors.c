/* What is refused in a descriptor, and how it is said. */
#include "support.h"

static void refuses(const char *json, const char *expected) {
  ist__fault fault = {.text = "nothing said"};
  ist__library *library = ist__library_open(json, strlen(json), &fault);
  if (library) fail_msg("accepted: %s", json);
  if (!strstr(fault.text, expected)) fail_msg("expected \"%s\", got \"%s\"", expected, fault.text);
}

/* The same for the members of a document that is right otherwise. */
static void refuses_body(const char *body, const char *expected) {
  text t = {0};
  add(&t, "{\"isthmus\":1,\"library\":\"test\",\"target\":\"" TARGET "\",\"link\":[\"\"],%s}",
      body);
  refuses(t.bytes, expected);
  free(t.bytes);
}

#define HEAD "{\"isthmus\":1,\"library\":\"test\",\"target\":\"" TARGET "\""
#define TYPES                                                                                      \
  "\"types\":[{\"kind\":\"void\"},"                                                                \
  "{\"kind\":\"int\",\"name\":\"int\",\"size\":4,\"align\":4,\"signed\":true},"                    \
  "{\"kind\":\"pointer\",\"to\":1},{\"kind\":\"handle\",\"name\":\"Box\"},"                        \
  "{\"kind\":\"ref\",\"to\":3},"                                                                   \
  "{\"kind\":\"callback\",\"name\":\"cb\",\"type_params\":[\"n\"],\"result\":{\"type\":0}},"       \
  "{\"kind\":\"struct\",\"name\":\"Huge\",\"size\":100000,\"align\":4}],"

static void what_is_no_descriptor(void **unused) {
  (void)unused;
  refuses("", "not JSON");
  refuses("{", "not JSON");
  refuses("{} {}", "not JSON");
  refuses("[]", "not a descriptor: it names no version");
  refuses("{\"isthmus\":\"1\"}", "not a descriptor: it names no version");
  refuses("{\"isthmus\":2}", "a version that this runtime does not know");
  refuses("{\"isthmus\":1,\"target\":\"x\"}", "descriptor: library: expected a string");
  refuses("{\"isthmus\":1,\"library\":\"test\",\"target\":\"pdp11\"}",
          "made for pdp11, this is " TARGET);
}

static void what_cannot_be_opened(void **unused) {
  (void)unused;
  refuses(HEAD "}", "link: nothing to open");
  refuses(HEAD ",\"link\":[\"libnone1.so\",\"libnone2.so\"]}",
          "test: cannot be opened: libnone1.so: cannot open shared object file: No such file or "
          "directory; "
          "libnone2.so: cannot open");
  refuses_body("\"types\":[{\"kind\":\"void\"}],\"functions\":[{\"name\":\"f\",\"symbol\":\"no_"
               "such_symbol\","
               "\"result\":{\"type\":0}}]",
               "test: the process has no symbol no_such_symbol");
}

static void types_that_cannot_be(void **unused) {
  (void)unused;
  refuses_body("\"types\":[{\"kind\":\"union\"}]", "types[0]: kind: not one of the known words");
  refuses_body("\"types\":[{\"kind\":\"int\",\"size\":3,\"align\":1}]",
               "type 0 (int): a size that cannot be");
  refuses_body("\"types\":[{\"kind\":\"int\",\"size\":4,\"align\":3}]",
               "an alignment that cannot be");
  refuses_body("\"types\":[{\"kind\":\"ref\",\"to\":1}]", "types[0]: to: no such index");
  refuses_body("\"types\":[{\"kind\":\"ref\",\"to\":0}]", "a ref to neither struct nor handle");
  refuses_body("\"types\":[{\"kind\":\"pointer\",\"to\":0,\"size\":4}]", "a pointer of 4 bytes");
  refuses_body("\"types\":[{\"kind\":\"pointer\",\"to\":1},{\"kind\":\"pointer\",\"to\":0}]",
               "type 0 (pointer): contains itself");
  refuses_body("\"types\":[{\"kind\":\"struct\",\"name\":\"S\",\"size\":8,\"align\":4,\"fields\":["
               "{\"name\":\"s\",\"type\":0,\"offset\":0}]}]",
               "type 0 (S): contains itself");
  refuses_body(
      "\"types\":[{\"kind\":\"struct\",\"name\":\"S\",\"size\":4,\"align\":4,\"fields\":["
      "{\"name\":\"i\",\"type\":1,\"offset\":1}]},{\"kind\":\"int\",\"size\":4,\"align\":4}]",
      "a field outside the struct");
  refuses_body("\"types\":[{\"kind\":\"struct\",\"name\":\"S\",\"size\":4,\"align\":4,\"fields\":["
               "{\"name\":\"i\",\"type\":1,\"bit_offset\":30,\"bit_width\":3}]},"
               "{\"kind\":\"int\",\"size\":4,\"align\":4}]",
               "a bit-field outside the struct");
  refuses_body("\"types\":[{\"kind\":\"array\",\"of\":1,\"count\":3,\"size\":8,\"align\":4},"
               "{\"kind\":\"int\",\"size\":4,\"align\":4}]",
               "an array whose size is not that of its elements");
}

static void refuses_function(const char *members, const char *expected) {
  text t = {0};
  add(&t, TYPES "\"functions\":[{\"name\":\"f\",\"optional\":true,%s}]", members);
  refuses_body(t.bytes, expected);
  free(t.bytes);
}

static void parameters_that_do_not_go_together(void **unused) {
  (void)unused;
  refuses_function("\"params\":[]", "functions[0]: a result is missing");
  refuses_function("\"params\":[{\"name\":\"p\",\"type\":0}],\"result\":{\"type\":0}",
                   "p: a type that cannot be passed");
  refuses_function("\"params\":[{\"name\":\"p\",\"type\":3}],\"result\":{\"type\":0}",
                   "p: a type that cannot be passed");
  refuses_function("\"params\":[{\"name\":\"p\",\"type\":6}],\"result\":{\"type\":0}",
                   "p: Huge is too large to be passed by value");
  refuses_function(
      "\"params\":[{\"name\":\"p\",\"type\":1,\"role\":\"buffer\"}],\"result\":{\"type\":0}",
      "p: a buffer that is no pointer");
  refuses_function(
      "\"params\":[{\"name\":\"p\",\"type\":2,\"role\":\"buffer\"}],\"result\":{\"type\":0}",
      "p: a buffer without a count");
  refuses_function(
      "\"params\":[{\"name\":\"p\",\"type\":2,\"role\":\"fixed\"}],\"result\":{\"type\":0}",
      "p: a fixed parameter without a value");
  refuses_function(
      "\"params\":[{\"name\":\"p\",\"type\":2,\"role\":\"data\",\"of\":0}],\"result\":{\"type\":0}",
      "p: user data of no callback");
  refuses_function("\"params\":[{\"name\":\"p\",\"type\":5}],\"result\":{\"type\":0}",
                   "p: a callback with the wrong number of type arguments");
  refuses_function(
      "\"params\":[{\"name\":\"p\",\"type\":1,\"lengths\":[0]}],\"result\":{\"type\":0}",
      "p: a length of what is no buffer");
  refuses_function("\"params\":[{\"name\":\"p\",\"type\":1,\"keeps\":[1]}],\"result\":{\"type\":0}",
                   "keeps: no such index");
  refuses_function("\"outputs\":[-1],\"result\":{\"type\":0}", "an output that gives nothing");
  refuses_function("\"result\":{\"type\":1,\"own\":{\"free\":0}}", "f frees nothing");
  refuses_function("\"kind\":\"method\",\"result\":{\"type\":0}", "stands in no handle");
  refuses_function("\"kind\":\"method\",\"owner\":3,\"result\":{\"type\":0}", "has no self");
}

static void refuses_expression(const char *expression, const char *expected) {
  text t = {0};
  add(&t,
      "\"params\":[{\"name\":\"p\",\"type\":2,\"role\":\"buffer\",\"count\":%s}],\"result\":{"
      "\"type\":0}",
      expression);
  refuses_function(t.bytes, expected);
  free(t.bytes);
}

static void expressions_that_say_nothing(void **unused) {
  (void)unused;
  refuses_expression("1", "count: descriptor: an expression is missing");
  refuses_expression("{}", "an expression of no known form");
  refuses_expression("{\"int\":\"1x\"}", "an int literal that is none");
  refuses_expression("{\"int\":\"999999999999999999999999999999999999999999\"}",
                     "an int literal that is none");
  refuses_expression("{\"arg\":1}", "an expression that names no parameter");
  refuses_expression("{\"arg\":0.5}", "an expression that names no parameter");
  refuses_expression("{\"type_arg\":0}", "no such type argument");
  refuses_expression("{\"result\":true}", "no result to speak of");
  refuses_expression("{\"message\":true}", "no message here");
  refuses_expression("{\"op\":\"=\",\"a\":{\"int\":\"1\"}}", "an unknown operator");
  refuses_expression("{\"op\":\"+\",\"a\":{\"int\":\"1\"}}", "an expression is missing");
  refuses_expression("{\"call\":1}", "a call of no function");
  refuses_expression("{\"call\":0,\"args\":[{\"null\":true},{\"int\":\"1\"}]}",
                     "a call with too many arguments");
  text deep = {0};
  for (int i = 0; i < 200; i++) add(&deep, "{\"op\":\"-\",\"a\":");
  add(&deep, "{\"int\":\"1\"}");
  for (int i = 0; i < 200; i++) add(&deep, "}");
  refuses_expression(deep.bytes, "an expression nested too deep");
  free(deep.bytes);
}

static void constants_and_defaults_have_values(void **unused) {
  (void)unused;
  refuses_body(TYPES "\"constants\":[{\"name\":\"C\",\"type\":1}]", "constants[0]: C: no value");
  refuses_body(
      TYPES
      "\"constants\":[{\"name\":\"C\",\"type\":1,\"value\":{\"op\":\"/\",\"a\":{\"int\":\"1\"},"
      "\"b\":{\"int\":\"0\"}}}]",
      "C: no value");
  refuses_function(
      "\"params\":[{\"name\":\"p\",\"type\":1,\"default\":{\"arg\":0}}],\"result\":{\"type\":0}",
      "default: descriptor: an expression that names no parameter");
}

static void a_fault_is_never_cut_inside_a_character(void **unused) {
  (void)unused;
  for (int shift = 0; shift < 3; shift++) {
    text t = {0};
    ist__fault fault;
    add(&t, HEAD ",\"link\":[\"%s", "xxx" + shift);
    for (int i = 0; i < 300; i++) add(&t, "\xE2\x82\xAC");
    add(&t, "\"]}");
    assert_null(ist__library_open(t.bytes, t.length, &fault));
    size_t end = strlen(fault.text);
    assert_true(end > 300 && end < sizeof fault.text);
    assert_memory_equal(fault.text + end - 3, "\xE2\x82\xAC", 3);
    free(t.bytes);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_no_descriptor),
      cmocka_unit_test(what_cannot_be_opened),
      cmocka_unit_test(types_that_cannot_be),
      cmocka_unit_test(parameters_that_do_not_go_together),
      cmocka_unit_test(expressions_that_say_nothing),
      cmocka_unit_test(constants_and_defaults_have_values),
      cmocka_unit_test(a_fault_is_never_cut_inside_a_character),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
