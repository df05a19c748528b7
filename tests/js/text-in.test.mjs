// Strings go to C as UTF-8 with a NUL at their end, whole, or not at all.
import { test, equal, badArgument, throws } from "./assert.mjs";
import * as texts from "ffi:texts";

const utf8 = (text) => new TextEncoder().encode(text);

test("ASCII, two, three and four byte characters arrive as UTF-8", () => {
  for (const text of ["", "a", "hello", "é", "€", "🌍", "mixed é € 🌍 end", "\u0001\u007f", "ÿ", "߿ࠀ"]) {
    const bytes = utf8(text);
    equal(texts.text_length(text), bytes.length, text);
    bytes.forEach((byte, i) => equal(texts.text_byte(text, i), byte, text));
    equal(texts.text_byte(text, bytes.length), 0);
  }
});

test("every length around the sizes of buffers", () => {
  for (const base of [0, 16, 64, 128, 256, 512, 1024, 4096, 65536, 1 << 20]) {
    for (const size of [base - 1, base, base + 1]) {
      if (size < 0) continue;
      equal(texts.text_length("x".repeat(size)), size);
      equal(texts.text_length("é".repeat(size)), 2 * size);
    }
  }
});

test("lone surrogates become U+FFFD", () => {
  equal(texts.text_length("\ud800"), 3);
  equal(texts.text_byte("\ud800", 0), 0xef);
  equal(texts.text_byte("a\udc00b", 3), 0xbd);
});

test("ropes, slices and strings of every representation", () => {
  const rope = "abc".repeat(10) + "é" + "xyz".repeat(10);
  equal(texts.text_length(rope), 62);
  equal(texts.text_length(rope.slice(1, 40)), utf8(rope.slice(1, 40)).length);
  equal(texts.text_length(`${1234567}${rope}`), 69);
});

test("a NUL inside is an error", () => {
  for (const text of ["\0", "a\0", "a\0b", `${"x".repeat(5000)}\0`, "é\0"]) {
    throws(() => texts.text_length(text), { name: "TypeError", parameter: "s", message: /^texts\.text_length: s: .*NUL/ });
  }
});

test("a Uint8Array is taken as its bytes", () => {
  equal(texts.text_length(utf8("héllo")), 6);
  equal(texts.text_byte(new Uint8Array([0xff, 0xfe]), 0), 0xff);
  equal(texts.text_length(new Uint8Array(0)), 0);
  equal(texts.text_length(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)), 2);
  throws(() => texts.text_length(new Uint8Array([65, 0, 66])), { name: "TypeError", message: /^texts\.text_length: s: .*NUL/ });
});

test("nothing else is a string", () => {
  for (const [value, got] of [[42, "42"], [null, "null"], [undefined, "undefined"], [{}, "an Object"], [[], "an Array"],
    [true, "true"], [new String("x"), "a String"], [Symbol("x"), "a Symbol"], [7n, "7n"], [() => 0, "a function"],
    [new ArrayBuffer(4), "an ArrayBuffer"], [new Uint16Array(2), "a Uint16Array"], [{ toString: () => "x" }, "an Object"]]) {
    badArgument(() => texts.text_length(value), "TypeError", `texts.text_length: s: expected a string, got ${got}`, "s");
  }
  badArgument(() => texts.text_length(), "TypeError", "texts.text_length: expected 1 argument, got 0");
});

test("null where it is allowed", () => {
  equal(texts.text_length_or(null), 9999);
  equal(texts.text_length_or("abc"), 3);
  equal(texts.text_length_or(""), 0);
});

test("two strings in one call do not meet", () => {
  equal(texts.text_two("abc", "defgh"), 3005);
  equal(texts.text_two("x".repeat(999), "y".repeat(2000)), 1001000);
});
