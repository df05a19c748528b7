// Poisoned built-ins, and what computing a message may not do.
import { test, equal, deepEqual, throws, ok } from "../assert.mjs";
import { revoked } from "./tools.mjs";
import * as numbers from "ffi:numbers";
import * as texts from "ffi:texts";
import * as buffers from "ffi:buffers";
import * as structs from "ffi:structs";
import * as handles from "ffi:handles";
import * as callbacks from "ffi:callbacks";

const { Counter } = handles;
const { Point } = structs;

test("the text after `got` runs no user code", () => {
  let ran = 0;
  const tricky = {
    get constructor() { ran++; return { name: "Evil" }; },
    get [Symbol.toStringTag]() { ran++; return "Evil"; },
    toString() { ran++; return "evil"; },
    valueOf() { ran++; return 1; },
    [Symbol.toPrimitive]() { ran++; return 1; },
    toJSON() { ran++; },
  };
  const proxy = new Proxy(function () {}, new Proxy({}, { get() { ran++; return undefined; } }));
  const error = new Error("x");
  Object.defineProperty(error, "name", { get() { ran++; return "y"; } });
  class Named { static get name() { ran++; return "Z"; } }
  for (const value of [tricky, proxy, error, new Named(), revoked(), Object.create(tricky)]) {
    throws(() => numbers.id_int(value), { name: "TypeError" });
    throws(() => Counter.same(value, value), { name: "TypeError" });
    throws(() => buffers.sum_u8(value), { name: "TypeError" });
    throws(() => texts.text_length(value), { name: "TypeError" });
  }
  equal(ran, 0);
});

test("poisoned built-ins change nothing", () => {
  const saved = [];
  const poison = (object, key) => {
    const descriptor = Object.getOwnPropertyDescriptor(object, key);
    if (!descriptor?.configurable) return;
    saved[saved.length] = [object, key, descriptor];
    Object.defineProperty(object, key, { configurable: true, get() { throw new Error(`poisoned ${String(key)}`); }, set() { throw new Error("poisoned set"); } });
  };
  let results;
  const c = new Counter(5);
  const view = new Float64Array([1, 2]);
  const p = new Point({ x: 3, y: 4 });
  poison(Object.prototype, "toString");
  poison(Object.prototype, "valueOf");
  poison(Object.prototype, "__proto__");
  poison(Object.prototype, "constructor");
  poison(Array.prototype, Symbol.iterator);
  poison(Array.prototype, "push");
  poison(Array.prototype, "length");
  poison(Function.prototype, "call");
  poison(Function.prototype, "apply");
  poison(Function.prototype, Symbol.hasInstance);
  poison(Object.getPrototypeOf(Uint8Array.prototype), "buffer");
  poison(Object.getPrototypeOf(Uint8Array.prototype), "length");
  poison(Object.getPrototypeOf(Uint8Array.prototype), "byteLength");
  poison(Object.getPrototypeOf(Uint8Array.prototype), "byteOffset");
  poison(Object.getPrototypeOf(Uint8Array), Symbol.species);
  poison(ArrayBuffer.prototype, "byteLength");
  poison(ArrayBuffer, Symbol.species);
  poison(Error.prototype, "message");
  poison(Error.prototype, "name");
  try {
    results = [numbers.id_int(7), buffers.sum_f64(view), c.value(), structs.point_length(p), texts.text_static(), buffers.fill_u8(3)[2],
      buffers.two_out(7).half, callbacks.plain_apply((v) => v * 2, 4), texts.text_length("abc")];
    try {
      numbers.id_int("x");
    } catch (error) {
      results[results.length] = Object.hasOwn(error, "library");
    }
  } finally {
    for (let i = saved.length - 1; i >= 0; i--) Object.defineProperty(saved[i][0], saved[i][1], saved[i][2]);
  }
  deepEqual(results, [7, 3, 5, 25, "héllo € 🌍", 3, 3, 8, 3, true]);
  c.free();
});

test("setters on Object.prototype do not catch what outputs and errors define", () => {
  const caught = [];
  for (const key of ["result", "half", "library", "parameter", "x", "0", "into"]) {
    Object.defineProperty(Object.prototype, key, { configurable: true, set(v) { caught.push([key, v]); }, get() { return undefined; } });
  }
  try {
    const out = buffers.two_out(9);
    equal(Object.getOwnPropertyDescriptor(out, "half").value, 4);
    let error;
    try { numbers.id_int("x"); } catch (e) { error = e; }
    ok(Object.getOwnPropertyDescriptor(error, "library"));
    ok(Object.getOwnPropertyDescriptor(new Point({ x: 5 }).toJSON(), "x"));
  } finally {
    for (const key of ["result", "half", "library", "parameter", "x", "0", "into"]) delete Object.prototype[key];
  }
  deepEqual(caught, []);
});
