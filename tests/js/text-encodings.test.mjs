// [[latin1]] and [[utf16]] strings in: each code unit arrives, and what the encoding lacks is an error.
import { test, equal, throws } from "./assert.mjs";
import * as texts from "ffi:texts";

test("Latin-1 takes code points to 255", () => {
  equal(texts.latin_length("café"), 4);
  equal(texts.latin_byte("café", 3), 0xe9);
  equal(texts.latin_byte("ÿ", 0), 255);
  throws(() => texts.latin_length("€"), { name: /^(Type|Range)Error$/, parameter: "s", message: /^texts\.latin_length: s: .*Latin-1/ });
  throws(() => texts.latin_length("a\0b"), { name: "TypeError", message: /^texts\.latin_length: s: .*NUL/ });
});

test("UTF-16 takes every code unit", () => {
  equal(texts.wide_length("héllo € 🌍"), 10);
  equal(texts.wide_unit("€", 0), 0x20ac);
  equal(texts.wide_unit("🌍", 1), 0xdf0d);
  equal(texts.wide_unit("\ud800", 0), 0xd800);
  equal(texts.wide_length(""), 0);
  equal(texts.wide_length("x".repeat(70000)), 70000);
  throws(() => texts.wide_length("a\0b"), { name: "TypeError", message: /^texts\.wide_length: s: .*NUL/ });
  throws(() => texts.wide_length(5), { name: "TypeError", message: "texts.wide_length: s: expected a string, got 5" });
});
