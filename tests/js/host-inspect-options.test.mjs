// The options of inspect: depth, columns, colours, hidden properties, and how many items are shown.
import { inspect } from "isthmus:host";
import { equal, test } from "./assert.mjs";

const nested = { a: { b: { c: { d: 1 } } } };

test("depth", () => {
  equal(inspect(nested), "{ a: { b: { c: [Object] } } }");
  equal(inspect(nested, { depth: 0 }), "{ a: [Object] }");
  equal(inspect(nested, { depth: 9 }), "{\n  a: { b: { c: { d: 1 } } }\n}");
  equal(inspect(nested, { depth: null }), inspect(nested, { depth: Infinity }));
});

test("columns", () => {
  const value = { first: "aaaaaaaaaa", second: "bbbbbbbbbb" };
  equal(inspect(value), "{ first: 'aaaaaaaaaa', second: 'bbbbbbbbbb' }");
  equal(inspect(value, { columns: 30 }), "{\n  first: 'aaaaaaaaaa',\n  second: 'bbbbbbbbbb'\n}");
});

test("colours", () => {
  const paint = (on, text, off) => `\u001b[${on}m${text}\u001b[${off}m`;
  equal(inspect(1, { colors: true }), paint(33, "1", 39));
  equal(inspect("a", { colors: true }), paint(32, "'a'", 39));
  equal(inspect(null, { colors: true }), paint(1, "null", 22));
  equal(inspect(undefined, { colors: true }), paint(90, "undefined", 39));
  equal(inspect([true], { colors: true }), `[ ${paint(33, "true", 39)} ]`);
  equal(inspect(/x/, { colors: true }), paint(31, "/x/", 39));
  equal(
    inspect(() => {}, { colors: true }),
    paint(36, "[Function (anonymous)]", 39),
  );
});

test("hidden properties", () => {
  const value = Object.defineProperty({ a: 1 }, "hidden", { value: 2 });
  equal(inspect(value), "{ a: 1 }");
  equal(inspect(value, { showHidden: true }), "{ a: 1, [hidden]: 2 }");
  equal(inspect([1], { showHidden: true }), "[ 1, [length]: 1 ]");
});

test("how many items", () => {
  equal(inspect([1, 2, 3], { maxItems: 2 }), "[ 1, 2, ... 1 more item ]");
  equal(inspect(new Set([1, 2, 3]), { maxItems: 1 }), "Set(3) { 1, ... 2 more items }");
});

test("options that make no sense are taken for absent ones", () => {
  equal(inspect({ a: 1 }, 5), "{ a: 1 }");
  equal(inspect({ a: 1 }, { columns: "wide", colors: "red" }), "{ a: 1 }");
});
