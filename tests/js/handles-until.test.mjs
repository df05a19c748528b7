// until: a lent object is good until one of the named functions is called on the same parent.
import { test, equal, throws, ok } from "./assert.mjs";
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

test("structs that point into an object are good as long as what they point to", () => {
  const c = new Counter(5);
  c.label("the first label");
  const info = c.info();
  const look = c.look();
  for (const s of [info, look]) {
    ok(s instanceof handles.CounterInfo);
    equal(s.label, "the first label");
    equal(s.value, 5);
  }
  c.add(1);
  equal(info.label, "the first label");
  c.label("the second label");
  throws(() => info.label, { name: "Error", message: /no longer valid after handles\.Counter\.label/ });
  throws(() => look.label, { name: "Error" });
  throws(() => info.value, { name: "Error" });
  const again = c.look();
  equal(again.label, "the second label");
  c.free();
  throws(() => again.label, { name: "Error" });
});

test("and what points to what lasts for ever is good for ever", () => {
  const sample = Counter.sample();
  const c = new Counter(1);
  c.label("x");
  c.free();
  equal(sample.label, "a sample");
});

test("what the caller gives to be filled is lent, too, or refused", () => {
  const c = new Counter(5);
  c.label("one");
  const mine = new handles.CounterInfo();
  try {
    equal(c.info({ into: { info: mine } }), mine);
    equal(mine.label, "one");
    c.label("two");
    throws(() => mine.label, { name: "Error" });
  } catch (error) {
    equal(error.name, "TypeError", error.message);
    equal(error.parameter, "info");
  }
  c.free();
});
