// [[no_reenter]] and [[depth]]: what must not be entered twice, and what must not grow too deep.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as nesting from "ffi:nesting";

const { Machine, Tree } = nesting;

test("a machine that runs refuses every other use of itself", () => {
  const m = new Machine();
  const other = new Machine();
  equal(m.run((v) => {
    throws(() => m.step(), { name: "Error", message: /^nesting\.Machine\.step: .*in use by nesting\.Machine\.run/ });
    throws(() => m.run(() => 1), { name: "Error", message: /in use by nesting\.Machine\.run/ });
    throws(() => m.free(), { name: "Error", message: /in use by nesting\.Machine\.run/ });
    equal(other.step(), 1);
    equal(other.run((w) => w + 1), 2);
    return v + 5;
  }), 5);
  equal(m.step(), 1);
  throws(() => m.run(() => { throw new Error("out"); }), { message: "out" });
  equal(m.step(), 2);
  m.free();
  other.free();
  equal(nesting.machines_broken(), 0);
});

test("while a sealed callback runs, its library is closed to JavaScript", () => {
  equal(nesting.sealed_run(1, (v) => {
    throws(() => nesting.sealed_other(), { name: "Error", message: /^nesting\.sealed_other: .*sealed_fn|^nesting\.sealed_other: .*sealed_run/ });
    throws(() => nesting.sealed_run(1, () => 1), { name: "Error" });
    throws(() => new Machine(), { name: "Error" });
    return v + 1;
  }), 2);
  equal(nesting.sealed_other(), 9);
  throws(() => nesting.sealed_run(1, () => nesting.sealed_other()), { name: "Error", message: /^nesting\.sealed_other: / });
  throws(() => nesting.sealed_run(1, () => { throw new Error("out"); }), { message: "out" });
  equal(nesting.sealed_other(), 9);
});

test("arrays of text in callbacks, some of them NULL", () => {
  let seen;
  equal(nesting.rows((...args) => { seen = args; return 3; }), 3);
  deepEqual(seen.filter(Array.isArray), [["one", null, "zwö"], ["a", "b", "c"]]);
});

test("counted text in callbacks", () => {
  equal(nesting.order("abc", "é", (a, b) => { deepEqual([a, b], ["abc", "é"]); return -1; }), -1);
});

test("a tree may not grow deeper than its limit", () => {
  const alive = nesting.trees_alive();
  const root = new Tree(0);
  let at = root;
  let depth = 0;
  let error;
  try {
    for (; depth < 1000; depth++) {
      at.add(new Tree(depth + 1));
      at = at.child();
    }
  } catch (e) {
    error = e;
  }
  ok(error instanceof Error, "no limit");
  ok(/100/.test(error.message), error.message);
  ok(depth >= 95 && depth <= 101, `${depth}`);
  equal(root.child().value(), 1);
  root.free();
  let bottom = new Tree(0);
  let height = 0;
  try {
    for (; height < 1000; height++) {
      const next = new Tree(height);
      next.add(bottom);
      bottom = next;
    }
  } catch (e) {
    ok(/100/.test(e.message), e.message);
  }
  ok(height >= 95 && height <= 101, `${height}`);
  bottom.free();
  ok(nesting.trees_alive() - alive <= 2, "the ones that were refused are forgotten, not lost");
});

test("what is taken ends what was lent from it", () => {
  const root = new Tree(1);
  root.add(new Tree(2));
  const child = root.child();
  equal(child.value(), 2);
  throws(() => new Tree(9).add(child), { name: "Error" });
  throws(() => child.free(), { name: "Error", message: /^nesting\.Tree\.free: / });
  child[Symbol.dispose]?.();
  equal(root.child().value(), 2);
  const detached = root.detach();
  throws(() => child.value(), { name: "Error" });
  equal(detached.value(), 2);
  root.add(detached);
  throws(() => detached.value(), { name: "Error", message: /given to nesting\.Tree\.add/ });
  equal(root.child().value(), 2);
  root.free();
});

test("[[omit]]: a result that only says how much was filled", () => {
  equal(nesting.filled(10), "abcde");
  equal(nesting.filled(2), "ab");
});
