// A result that points into an argument is an index in the unit of the JavaScript value: code units of a string, bytes
// of a Uint8Array.
import { test, equal, deepEqual } from "./assert.mjs";
import * as texts from "ffi:texts";

const code = (c) => c.charCodeAt(0);

test("an index into an ASCII string", () => {
  equal(texts.text_find("hello", code("l")), 2);
  equal(texts.text_find("hello", code("h")), 0);
  equal(texts.text_find("hello", 0), 5);
  equal(texts.text_find("hello", code("z")), null);
});

test("an index into a string with wider characters counts code units", () => {
  equal(texts.text_find("é€🌍x", code("x")), 4);
  equal(texts.text_find_in("é\0€x", code("x")), 3);
});

test("an index into bytes counts bytes", () => {
  equal(texts.text_find(new TextEncoder().encode("é€🌍x"), code("x")), 9);
});

test("an out parameter that points into an argument", () => {
  deepEqual(texts.text_number("123abc"), { result: 123, end: 3 });
  deepEqual(texts.text_number("abc"), { result: 0, end: 0 });
  deepEqual(texts.text_number(" 77"), { result: 77, end: 3 });
});
