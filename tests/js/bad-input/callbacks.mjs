// Callbacks that throw, die, answer nonsense and fill the stack.
import { test, equal, throws, ok, collect } from "../assert.mjs";
import { revoked } from "./tools.mjs";
import * as handles from "ffi:handles";
import * as callbacks from "ffi:callbacks";

const { Counter } = handles;

test("after a callback threw, the rest of that call enters no JavaScript", () => {
  let count = 0;
  throws(() => callbacks.visit(0, 1000, () => { count++; throw new Error("first"); }), { message: "first" });
  equal(count, 1);
});

test("callbacks that throw strange things", () => {
  for (const thrown of [null, undefined, 0, "text", Symbol("s"), {}, revoked(), Object.create(null), new Proxy(new Error("x"), { get() { throw new Error("trap"); } })]) {
    let caught = false;
    try {
      callbacks.plain_apply(() => { throw thrown; }, 1);
    } catch (error) {
      caught = true;
      ok(Object.is(error, thrown));
    }
    ok(caught);
  }
});

test("results that bite", () => {
  for (const result of [revoked(), new Proxy({}, {}), { valueOf() { throw new Error("v"); } }, Symbol(), 2n, "1"]) {
    throws(() => callbacks.plain_apply(() => result, 1), { name: "TypeError" });
  }
  throws(() => callbacks.spot_map({}, () => ({ get x() { throw new Error("x of result"); } })), { message: "x of result" });
  throws(() => callbacks.spot_map({}, () => revoked()), { name: "TypeError", message: "Cannot perform 'ownKeys' on a proxy that has been revoked" });
});

test("ten thousand callbacks that died, called and not called", () => {
  const e = new callbacks.Emitter();
  let count = 0;
  for (let i = 0; i < 10000; i++) {
    e.on(() => count++);
    if (i % 2000 === 0) callbacks.stale_fire(i);
  }
  e.emit(1);
  equal(count, 1);
  e.free();
  callbacks.stale_fire(1);
  equal(count, 1);
});

test("a dead once", () => {
  let count = 0;
  callbacks.once_set(() => { count++; callbacks.once_set(() => { count += 10; }); });
  callbacks.once_fire(1);
  callbacks.once_fire(1);
  callbacks.stale_fire(1);
  equal(count, 11);
});

test("a callback that fills the stack, then goes on", () => {
  const dive = () => callbacks.plain_apply(dive, 1);
  for (let i = 0; i < 3; i++) throws(dive, { name: "RangeError", message: "Maximum call stack size exceeded" });
  equal(callbacks.plain_apply((v) => v, 3), 3);
});

test("an async function, a generator, a class as callback", () => {
  throws(() => callbacks.plain_apply(async () => 1, 1), { name: "TypeError", message: "callbacks.plain_apply: cb: the result: expected an integer from -2147483648 to 2147483647, got a Promise" });
  throws(() => callbacks.plain_apply(function* () {}, 1), { name: "TypeError", message: "callbacks.plain_apply: cb: the result: expected an integer from -2147483648 to 2147483647, got a Generator" });
  throws(() => callbacks.plain_apply(class {}, 1), { name: "TypeError", message: "Class constructors cannot be invoked without 'new'" });
  equal(callbacks.note("x", async () => {}), undefined);
});

test("handles made in callbacks and forgotten there", async () => {
  const alive = handles.counters_alive();
  callbacks.visit(0, 2000, (v) => new Counter(v).value());
  ok(await collect(() => handles.counters_alive() - alive < 100));
  equal(handles.counters_misused(), 0);
});
