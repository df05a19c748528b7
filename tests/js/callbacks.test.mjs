// Callbacks that live for one call: what they receive, what they give back, and what happens when they cannot.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as callbacks from "ffi:callbacks";

test("arguments and results", () => {
  const seen = [];
  equal(callbacks.visit(3, 6, (...args) => { seen.push(args); return args[0] * 2; }), 24);
  deepEqual(seen, [[3], [4], [5]]);
  equal(callbacks.plain_apply((v) => v + 1, 41), 42);
  equal(callbacks.plain_apply_pointer((v) => v - 1, 41), 40);
  equal(callbacks.apply_n((v) => v, 1000), 499500);
});

test("every scalar arrives as itself", () => {
  let seen;
  equal(callbacks.many((...args) => { seen = args; return true; }), true);
  deepEqual(seen, [true, -128, 255, -32768, 65535, -2147483648, 4294967295, -(2n ** 63n), 2n ** 64n - 1n, 0.5, 1e300, "hé"]);
  equal(callbacks.big(2n ** 62n, (v) => v - 1n), 2n ** 62n - 1n);
  equal(callbacks.reduce(new Float64Array([1, 2, 3]), 0.5, (sum, v) => sum + v), 6.5);
});

test("text and nothing", () => {
  let said;
  equal(callbacks.note("héllo", (text) => { said = text; return 77; }), undefined);
  equal(said, "héllo");
});

test("null where it is allowed", () => {
  equal(callbacks.visit_maybe(1), -1000);
  equal(callbacks.visit_maybe(1, null), -1000);
  equal(callbacks.visit_maybe(1, (v) => v + 1), 2);
});

test("what is no function is refused", () => {
  for (const [value, got] of [[null, "null"], [undefined, "undefined"], [123, "123"], ["f", '"f"'], [{}, "an Object"], [[], "an Array"],
    [{ call() {} }, "an Object"]]) {
    throws(() => callbacks.plain_apply(value, 1), { name: "TypeError", parameter: "cb", message: `callbacks.plain_apply: cb: expected a function, got ${got}` });
  }
});

test("what a callback throws comes out of the call, and C got on_throw", () => {
  const boom = new Error("boom");
  let calls = 0;
  const caught = throws(() => callbacks.visit(0, 5, () => { calls++; throw boom; }), {});
  equal(caught, boom);
  equal(calls, 1, "no more JavaScript in this call after a throw");
  throws(() => callbacks.plain_apply(() => { throw 5; }, 1), {});
  equal(callbacks.visit(0, 2, (v) => v), 1);
  try {
    callbacks.plain_apply(() => { throw undefined; }, 1);
    ok(false);
  } catch (error) {
    equal(error, undefined);
  }
});

test("a result of the wrong kind throws as an argument would", () => {
  for (const [value, got] of [["1", '"1"'], [undefined, "undefined"], [null, "null"], [1.5, "1.5"], [2 ** 31, "2147483648"], [1n, "1n"], [{}, "an Object"]]) {
    throws(() => callbacks.plain_apply(() => value, 1), {
      name: /^(Type|Range)Error$/,
      message: new RegExp(`^callbacks\\.plain_apply: cb: .*expected an integer from -2147483648 to 2147483647, got ${got.replace(/[.]/, "\\.")}$`),
    });
  }
  throws(() => callbacks.big(1n, () => 1.5), { message: /^callbacks\.big: cb: .*got 1\.5$/ });
  throws(() => callbacks.reduce(new Float64Array(1), 0, () => "x"), { name: "TypeError" });
  throws(() => callbacks.many(() => 1), { name: "TypeError" });
});

test("nested calls, and throwing through them", () => {
  const dive = (depth) => callbacks.nested(depth, (d) => (d === 0 ? 0 : dive(d - 1)));
  equal(dive(20), 210);
  const fall = (depth) => callbacks.nested(depth, (d) => { if (d === 0) throw new RangeError("bottom"); return fall(d - 1); });
  throws(() => fall(20), { name: "RangeError", message: "bottom" });
  equal(callbacks.nested(1, () => { try { return fall(3); } catch { return 5; } }), 6);
});

test("endless recursion is a RangeError", () => {
  const dive = () => callbacks.nested(1, () => dive());
  throws(dive, { name: "RangeError" });
  equal(callbacks.visit(0, 2, (v) => v), 1);
});

test("two callbacks in one call keep their own data", () => {
  equal(callbacks.two((v) => v + 1, (v) => v + 2), 204);
  throws(() => callbacks.two(() => { throw new Error("first"); }, (v) => v), { message: "first" });
  throws(() => callbacks.two((v) => v, () => { throw new Error("second"); }), { message: "second" });
});

test("`this` is undefined, and the function is an ordinary one", () => {
  let self = 1;
  callbacks.plain_apply(function () { self = this; return 0; }, 1);
  equal(self, undefined);
  equal(callbacks.plain_apply(Math.abs, -4), 4);
  equal(callbacks.plain_apply(((a, b) => a + b).bind(null, 10), 5), 15);
  equal(callbacks.plain_apply(new Proxy((v) => v, {}), 5), 5);
  throws(() => callbacks.plain_apply(class A {}, 1), TypeError);
  throws(() => callbacks.plain_apply(async () => 1, 1), { name: "TypeError", message: /got a Promise$/ });
});
