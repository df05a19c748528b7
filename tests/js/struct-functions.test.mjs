// Functions in structs: given in a literal, called while C keeps them, ended by the notice that they share.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as unions from "ffi:unions";

const { Source, Handler, Order } = unions;

test("for the length of a call, by pointer and by value", () => {
  const values = Int32Array.of(3, -9, 7, 2);
  equal(unions.largest(values, { compare: (a, b) => a - b }), 7);
  equal(unions.largest(values, { compare: (a, b) => Math.abs(a) - Math.abs(b) }), -9);
  equal(unions.largest_by(values, { compare: (a, b) => b - a }), -9);
  let kept;
  unions.largest(values, { compare() { kept = arguments.length; return 0; } });
  equal(kept, 2);
});

test("a function parameter that is written as C does", () => {
  equal(unions.each(5, (i) => i * i), 30);
  throws(() => unions.each(5, (i) => { throw new RangeError(`at ${i}`); }), { name: "RangeError", message: "at 0" });
});

test("kept until the notice, with fields that JavaScript does not see", () => {
  const s = new Source();
  const calls = [];
  s.set({ step: 2, get(name, more) { calls.push(name, more[0]); more[0]--; return 10; }, done(total) { calls.push(total); } });
  equal(s.ask("x"), 20);
  deepEqual(calls, ["x", 2, "x", 1, 20]);
  s.set({ step: 1, get: (name, more) => { more[0] = 0; return name.length; } });
  equal(s.ask("four"), 4);
  s.clear();
  equal(s.ask("gone"), -1);
  s.free();
});

test("what throws gives C its answer, and the caller the exception", () => {
  const s = new Source();
  s.set({ step: 3, get() { throw new TypeError("mine"); } });
  throws(() => s.ask("x"), { name: "TypeError", message: "mine" });
  s.set({ step: 1, get: () => "text" });
  throws(() => s.ask("x"), { name: "TypeError", message: "unions.Source.set: get: the result: expected an integer from -2147483648 to 2147483647, got \"text\"" });
  s.free();
});

test("a refused handler ends at once", () => {
  const s = new Source();
  s.set({ step: 1, get: (name, more) => { more[0] = 0; return 5; } });
  throws(() => s.set({ step: -1, get: () => 1 }), { name: "UnionError", code: -1 });
  equal(s.ask("x"), 5);
  s.free();
});

test("functions that replace each other", () => {
  const s = new Source();
  const ticks = [];
  s.tick({ tick: (n) => { ticks.push(n); } });
  s.run(1);
  s.tick({ tick: (n) => { ticks.push(-n); } });
  s.run(2);
  s.tick({ tick: null });
  s.run(3);
  s.tick({});
  s.run(4);
  deepEqual(ticks, [1, -2]);
  s.free();
});

test("what can be given, and where", () => {
  const s = new Source();
  throws(() => s.set({ step: 1 }), { name: "TypeError", message: "unions.Source.set: handler.get: expected a function, got undefined" });
  throws(() => s.set({ step: 1, get: 5 }), { name: "TypeError", message: "unions.Source.set: handler.get: expected a function, got 5" });
  throws(() => s.set({ step: 1, get: null }), { name: "TypeError" });
  throws(() => s.set({ step: 1, get() {}, done: 5 }), { name: "TypeError", message: "unions.Source.set: handler.done: expected a function or null, got 5" });
  throws(() => s.set({ step: "1", get() {} }), { name: "TypeError", message: /handler\.step/ });
  throws(() => s.set({ size: 8, step: 1, get() {} }), { name: "TypeError", message: "unions.Source.set: handler.size: is read-only" });
  throws(() => s.set({ env: 1, get() {} }), { name: "TypeError", message: /handler\.env: is read-only/ });
  throws(() => s.set({ get() {}, allocate() {} }), { name: "TypeError", message: /handler\.allocate: is read-only/ });
  throws(() => new Handler({ get() {} }), { name: "TypeError", message: "unions.Handler: get: can only be given in an object literal that is passed to a function" });
  const h = new Handler({ step: 4 });
  deepEqual(h.toJSON(), { step: 4 });
  equal(h.get, undefined);
  equal(h.size, undefined);
  throws(() => { h.get = () => 1; }, { name: "TypeError" });
  throws(() => s.set(h), { name: "TypeError", message: "unions.Source.set: handler: has no function get: pass an object literal that gives it" });
  throws(() => unions.largest_by(Int32Array.of(1, 2), new Order()), { name: "TypeError" });
  s.tick(new unions.Ticker());
  s.run(1);
  equal(s.ask("none was kept"), -1);
  throws(() => s.set({ get: () => 1, get step() { throw new Error("trap"); } }), { name: "Error", message: "trap" });
  s.free();
});

test("many of them, while the collector runs", () => {
  const s = new Source();
  let sum = 0;
  for (let i = 0; i < 3000; i++) {
    s.set({ step: 1, get: (name, more) => { more[0] = 0; return i; }, done(total) { sum += total; } });
    if (i % 100 === 0) { globalThis.gc?.(); s.ask("x"); }
  }
  equal(sum, 43500);
  s.free();
});

test("structs behind a counted pointer are seen where they are", () => {
  const list = unions.list_get(3);
  deepEqual(list.items.map((item) => [item.id, item.name]), [[1, "one"], [2, "two"], [3, null]]);
  ok(list.items[0] instanceof unions.Item);
  deepEqual(list.toJSON(), { count: 3, items: [{ id: 1, name: "one" }, { id: 2, name: "two" }, { id: 3, name: null }] });
  throws(() => { list.items[0].id = 5; }, { name: "TypeError", message: /is read-only/ });
  throws(() => { list.items[0].name = "x"; }, { name: "TypeError" });
  throws(() => { list.items = []; }, { name: "TypeError" });
  throws(() => { list.count = 4; }, { name: "RangeError" });
  list.count = 1;
  equal(list.items.length, 1);
  equal(unions.list_get(0).items, null);
  const [first] = unions.list_get(1).items;
  globalThis.gc?.();
  equal(first.name, "one");
  const gone = unions.list_get(2), [item] = gone.items;
  gone[Symbol.dispose]();
  throws(() => item.id, { name: "Error", message: /is disposed/ });
});

test("an object that nobody wants is freed at once, also after a failure", () => {
  const before = Source.count();
  equal(unions.attempt(0), undefined);
  equal(unions.attempt(1), undefined);
  throws(() => unions.attempt(-3), { name: "UnionError", code: -1 });
  equal(Source.count(), before);
});

test("what is unsafe is not there", () => {
  ok(!("address" in unions));
  ok(!("move" in unions));
  equal(unions.read(1), 2);
});
