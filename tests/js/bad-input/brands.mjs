// Prototypes, new targets, and objects that only look right.
import { test, equal, throws, ok, show } from "../assert.mjs";
import * as structs from "ffi:structs";
import * as pointers from "ffi:pointers";
import * as handles from "ffi:handles";

const { Counter, Cursor } = handles;
const { Point, Seg } = structs;

test("a changed prototype is no brand, and does not remove one", () => {
  const c = new Counter(3);
  const { value } = Counter.prototype;
  const fake = Object.setPrototypeOf({}, Counter.prototype);
  throws(() => fake.value(), { name: "TypeError", message: "handles.Counter.value: expected this to be a Counter, got a Counter" });
  throws(() => Counter.same(fake, fake), { name: "TypeError", message: "handles.Counter.same: a: expected a Counter, got a Counter" });
  Object.setPrototypeOf(c, null);
  equal(value.call(c), 3);
  Object.setPrototypeOf(c, Cursor.prototype);
  throws(() => c.step(), { name: "TypeError", message: "handles.Cursor.step: expected this to be a Cursor, got a Counter" });
  throws(() => c.close(), { name: "TypeError", message: "handles.Cursor.close: expected this to be a Cursor, got a Counter" });
  Object.setPrototypeOf(c, new Proxy({}, { get() { throw new Error("trap"); } }));
  equal(value.call(c), 3);
  Counter.prototype.free.call(c);
});

test("Reflect.construct with odd new targets", () => {
  for (const target of [Object, Array, Function, Cursor, class {}, class extends Point {}, function () {}, Proxy, Date, Uint8Array, Promise, Error]) {
    let c;
    try {
      c = Reflect.construct(Counter, [1], target);
    } catch (error) {
      ok(error instanceof TypeError, show(error));
      continue;
    }
    equal(Counter.prototype.value.call(c), 1);
    throws(() => Cursor.prototype.step.call(c), { name: "TypeError", message: "handles.Cursor.step: expected this to be a Cursor, got a Counter" });
    Counter.prototype.free.call(c);
  }
  const odd = new Proxy(class {}, { get(target, key) { if (key === "prototype") throw new Error("no prototype"); return target[key]; } });
  throws(() => Reflect.construct(Counter, [1], odd), { name: "Error", message: "no prototype" });
  for (const target of [Object, class extends Seg {}, Array]) {
    let p;
    try {
      p = Reflect.construct(Point, [{ x: 6 }], target);
    } catch (error) {
      ok(error instanceof TypeError);
      continue;
    }
    equal(structs.point_length(p), 36);
  }
  equal(handles.counters_misused(), 0);
});

test("a constructor called by super twice, or never", () => {
  class Twice extends Counter {
    constructor() {
      super(1);
      try { super(2); } catch { /* already initialised */ }
    }
  }
  class Never extends Counter {
    constructor() { return Object.create(Counter.prototype); }
  }
  const t = new Twice();
  equal(t.value(), 1);
  t.free();
  throws(() => new Never().value(), { name: "TypeError", message: "handles.Counter.value: expected this to be a Counter, got a Counter" });
  throws(() => Counter.call(Object.create(Counter.prototype), 1), { name: "TypeError", message: "handles.Counter: a class is called with new" });
  throws(() => Counter.apply(new Counter(1), [2]), { name: "TypeError", message: "handles.Counter: a class is called with new" });
});

test("objects of one library in another", () => {
  const a = new pointers.Point({ x: 1 });
  throws(() => structs.point_length(a), { name: "TypeError", message: /^structs\.point_length: p: expected a Point, got a .*Point/ });
  throws(() => Object.getOwnPropertyDescriptor(Point.prototype, "x").get.call(a), { name: "TypeError", message: "structs.Point.x: expected this to be a Point, got a pointers.Point" });
});

test("frozen, sealed, extended instances", () => {
  const p = Object.freeze(new Point({ x: 1 }));
  p.x = 2;
  equal(p.x, 2);
  const c = Object.seal(new Counter(1));
  equal(c.add(1), 2);
  c.free();
  const q = new Point();
  Object.defineProperty(q, "x", { value: 99 });
  equal(structs.point_length(q), 0);
});
