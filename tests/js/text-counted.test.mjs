// Counted text: the length comes from the string, in bytes; a NUL inside is fine; outputs are cut where they should be.
import { test, equal, deepEqual, throws } from "./assert.mjs";
import * as texts from "ffi:texts";

function sum(bytes) {
  return bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0);
}
const utf8 = (text) => new TextEncoder().encode(text);

test("counted text in", () => {
  for (const text of ["", "abc", "a\0b\0", "é€🌍", "x".repeat(10000)]) {
    equal(texts.text_sum(text), sum(utf8(text)), text.slice(0, 10));
    equal(texts.named_sum(text), sum(utf8(text)));
  }
  equal(texts.text_sum(new Uint8Array([255, 0, 1])), sum([255, 0, 1]));
});

test("counted bytes in", () => {
  equal(texts.bytes_sum(new Uint8Array([1, 2, 3])), sum([1, 2, 3]));
  throws(() => texts.bytes_sum("abc"), { name: "TypeError", message: /^texts\.bytes_sum: b: expected a .*, got "abc"$/ });
});

test("text out: to the first NUL, or to what was filled", () => {
  equal(texts.text_fill(10), "abc");
  equal(texts.text_fill(3), "xxx");
  equal(texts.text_fill(0), "");
  deepEqual(texts.text_fill_exact(10), { result: 3, buf: "y\0y" });
  deepEqual(texts.text_fill_exact(2), { result: 2, buf: "yy" });
});

test("bytes out", () => {
  deepEqual(texts.bytes_fill(4), new Uint8Array([0, 3, 6, 9]));
});

test("text in decides the length of text out", () => {
  equal(texts.text_upper("hello"), "HELLO");
});

test("lists of strings, counted and ended by NULL", () => {
  equal(texts.text_join_length(["a", "bcd", "é"]), 6);
  equal(texts.text_join_length([]), 0);
  equal(texts.text_count(["a", "b", "", "d"]), 4);
  equal(texts.text_count([]), 0);
  throws(() => texts.text_join_length(["a", 5]), { name: "TypeError", message: /^texts\.text_join_length: list.*: expected a string, got 5$/ });
  throws(() => texts.text_join_length(["a", null]), { name: "TypeError" });
  throws(() => texts.text_join_length("abc"), { name: "TypeError" });
  throws(() => texts.text_count(["a", "b\0c"]), { name: "TypeError", message: /NUL/ });
});
