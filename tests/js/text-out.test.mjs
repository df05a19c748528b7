// Strings come from C as copies, in their encoding; NULL comes as null where it may, and is an error where it may not.
import { test, equal, throws } from "./assert.mjs";
import * as texts from "ffi:texts";

test("UTF-8, Latin-1 and UTF-16", () => {
  equal(texts.text_static(), "héllo € 🌍");
  equal(texts.latin_static(), "café");
  equal(texts.wide_static(), "héllo € 🌍");
  equal(texts.text_of_bytes(), "bytes as text");
});

test("invalid UTF-8 is replaced", () => {
  equal(texts.text_invalid(), "a\ufffdb\ufffd");
});

test("NULL", () => {
  equal(texts.text_maybe(true), "given");
  equal(texts.text_maybe(false), null);
  throws(() => texts.text_never(), { name: "Error", message: /^texts\.text_never: .*NULL/ });
});

test("a single char is a number", () => {
  equal(texts.text_char("A"), 65);
});

test("an owned string is copied and freed", () => {
  const before = texts.text_live();
  equal(texts.text_double("ab"), "abab");
  equal(texts.text_double("é".repeat(5000)), "é".repeat(10000));
  equal(texts.text_double_or_null(""), null);
  equal(texts.text_live(), before);
});

test("strings through out parameters, owned and borrowed", () => {
  const before = texts.text_live();
  const { result, made } = texts.text_make("xyz");
  equal(result, 3);
  equal(made, "xyzxyz");
  equal(texts.text_live(), before);
  const point = texts.text_point();
  equal(point.result, 7);
  equal(point.said, "pointed at");
});
