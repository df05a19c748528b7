// until: a lent object is good until one of the named functions is called on the same parent.
import { test, equal, throws } from "./assert.mjs";
import * as handles from "ffi:handles";

const { Counter } = handles;

test("valid until, and not after", () => {
  const c = new Counter(4);
  const leaf = c.leaf(1);
  equal(leaf.value(), 41);
  equal(c.leaf(1), leaf);
  c.add(1);
  equal(leaf.value(), 41);
  c.shake();
  throws(() => leaf.value(), { name: "Error", message: /^handles\.Leaf\.value: .*no longer valid after handles\.Counter\.shake/ });
  const again = c.leaf(1);
  equal(again.value(), 51);
  throws(() => leaf.value(), { name: "Error" });
  c.free();
  throws(() => again.value(), { name: "Error" });
});

test("another parent's call does not end it", () => {
  const a = new Counter(1);
  const b = new Counter(2);
  const leaf = a.leaf(0);
  b.shake();
  equal(leaf.value(), 10);
  a.shake();
  throws(() => leaf.value(), { name: "Error" });
  a.free();
  b.free();
});

test("NULL where it may be", () => {
  const c = new Counter(1);
  equal(c.leaf(99), null);
  c.free();
});

test("a lent object keeps a forgotten parent alive", () => {
  const leaf = (() => new Counter(7).leaf(3))();
  for (let i = 0; i < 100; i++) new Array(10000).fill({});
  equal(leaf.value(), 73);
});
