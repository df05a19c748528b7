// JavaScript, however wrong, does not crash the process through a call that is completely described: each of these is a
// clear error that names library, function, parameter, what was expected and what came. All in one process, which lives.
import { test, equal, deepEqual, throws, ok, badArgument, collect, turn, show } from "./assert.mjs";
import { load, close, errno } from "isthmus:ffi";
import * as numbers from "ffi:numbers";
import * as texts from "ffi:texts";
import * as buffers from "ffi:buffers";
import * as structs from "ffi:structs";
import * as pointers from "ffi:pointers";
import * as handles from "ffi:handles";
import * as gauges from "ffi:gauges";
import * as callbacks from "ffi:callbacks";
import * as failures from "ffi:failures";
import * as names from "ffi:names";

const { Counter, Cursor } = handles;
const { Point, Seg, Grid, All } = structs;
const I32 = "expected an integer from -2147483648 to 2147483647";

function detach(view) {
  const buffer = view.buffer ?? view;
  structuredClone(buffer, { transfer: [buffer] });
  return view;
}
function revoked(target = {}) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

// ---- the table of what peers do with bad input -------------------------------------------------------------------

test("int32 from 1.9, NaN, 3e9: cold, hot, and inside try/catch/finally of optimised code", () => {
  const bad = [[1.9, "1.9"], [NaN, "NaN"], [3e9, "3000000000"], [Infinity, "Infinity"], [-2147483649, "-2147483649"], [1e-9, "1e-9"]];
  let finals = 0;
  const attempt = (value) => {
    try {
      return numbers.id_int32(value);
    } catch (error) {
      return error.message;
    } finally {
      finals++;
    }
  };
  for (const [value, got] of bad) equal(attempt(value), `numbers.id_int32: v: ${I32}, got ${got}`);
  for (let i = 0; i < 50000; i++) attempt(i);
  for (const [value, got] of bad) equal(attempt(value), `numbers.id_int32: v: ${I32}, got ${got}`);
  equal(finals, 50000 + 2 * bad.length);
});

test("int32 from null, undefined, {}, and others", () => {
  for (const [value, got] of [[null, "null"], [undefined, "undefined"], [{}, "an Object"], ["5", '"5"'], [true, "true"],
    [5n, "5n"], [[], "an Array"], [Symbol.iterator, "a Symbol"], [() => 5, "a function"], [new Date(), "a Date"],
    [new Map(), "a Map"], [/x/, "a RegExp"], [new Uint8Array(1), "a Uint8Array"], [new Error("x"), "an Error"],
    [Promise.resolve(1), "a Promise"], ["x".repeat(100), `"${"x".repeat(40)}…"`]]) {
    const error = throws(() => numbers.id_int32(value), { name: "TypeError", parameter: "v" });
    if (typeof value !== "string" || value.length < 40) equal(error.message, `numbers.id_int32: v: ${I32}, got ${got}`);
    else ok(error.message.length < 140 && error.message.includes("x".repeat(30)), error.message);
  }
});

test("too few arguments", () => {
  badArgument(() => numbers.add12(1, 2), "TypeError", "numbers.add12: expected 12 arguments, got 2");
  badArgument(() => callbacks.visit(1), "TypeError", "callbacks.visit: expected 3 arguments, got 1");
  badArgument(() => numbers.sum_defaults(), "TypeError", "numbers.sum_defaults: expected at least 1 argument, got 0");
});

test("uint8 from 300, int64 from 2n**70n", () => {
  badArgument(() => numbers.id_uint8(300), "RangeError", "numbers.id_uint8: v: expected an integer from 0 to 255, got 300", "v");
  badArgument(() => numbers.id_int64(2n ** 70n), "RangeError",
    "numbers.id_int64: v: expected a BigInt or integer from -9223372036854775808 to 9223372036854775807, got a BigInt of more than 64 bits", "v");
  const error = throws(() => numbers.id_int64(2n ** 100000n), { name: "RangeError" });
  ok(error.message.length < 300, "a huge BigInt is cut");
});

test("char * from 42, and from a string with a NUL inside", () => {
  badArgument(() => texts.text_length(42), "TypeError", "texts.text_length: s: expected a string, got 42", "s");
  throws(() => texts.text_length("a\0b"), { name: "TypeError", parameter: "s", message: /^texts\.text_length: s: .*NUL/ });
});

test("a detached buffer", () => {
  throws(() => buffers.sum_u8(detach(new Uint8Array(4))), { name: "TypeError", parameter: "v", message: /^buffers\.sum_u8: v: .*detached/ });
});

test("a buffer shorter than its length, a resizable one shrunk to nothing", () => {
  throws(() => buffers.sum_padded(new Uint8Array(2), 100), { name: "RangeError", parameter: "v", message: /^buffers\.sum_padded: v: .*102.*2/ });
  if ("resize" in ArrayBuffer.prototype) {
    const buffer = new ArrayBuffer(8, { maxByteLength: 8 });
    const view = new Uint8Array(buffer);
    buffer.resize(0);
    equal(buffers.sum_u8(view), 0);
    throws(() => buffers.sum_key(view), { name: "RangeError" });
  }
});

test("a Uint8Array for double *", () => {
  badArgument(() => buffers.sum_f64(new Uint8Array(80)), "TypeError", "buffers.sum_f64: v: expected a Float64Array, got a Uint8Array", "v");
});

test("a function pointer from null, 123", () => {
  badArgument(() => callbacks.plain_apply(null, 1), "TypeError", "callbacks.plain_apply: cb: expected a function, got null", "cb");
  badArgument(() => callbacks.plain_apply(123, 1), "TypeError", "callbacks.plain_apply: cb: expected a function, got 123", "cb");
});

test("a handle from 1", () => {
  badArgument(() => Counter.same(1, 1), "TypeError", "handles.Counter.same: a: expected a Counter, got 1", "a");
});

test("a callback that throws, and one from another thread while the first waits", () => {
  throws(() => callbacks.plain_apply(() => { throw new Error("up"); }, 1), { message: "up" });
  equal(callbacks.visit_thread(1, () => 1), -7);
});

// ---- strangers for every parameter of every function ------------------------------------------------------------

const strangers = [
  undefined, null, true, false, 0, -0, 1, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324,
  0n, -1n, 2n ** 64n, 2n ** 200n, "", "text", "a\0b", "\ud800", "x".repeat(100000), Symbol(), Symbol.iterator, {}, [], [1, 2, 3], [[[]]], () => 1,
  class {}, function* () {}, async () => {}, new Map(), new Set([1]), new WeakMap(), new Date(NaN), /x/g, new Error("e"), Promise.resolve(),
  new ArrayBuffer(0), new ArrayBuffer(64), new SharedArrayBuffer(8), new Uint8Array(8), new Float64Array(3), new BigInt64Array(2),
  new DataView(new ArrayBuffer(8)), new Uint8Array(new SharedArrayBuffer(8)), new Uint8ClampedArray(4), Object.create(null), Object.freeze({}),
  new Proxy({}, {}), new Proxy([], {}), new Proxy(() => 1, {}), new Proxy(new Uint8Array(4), {}), new String("s"), new Number(1), Object(1n),
  Object(Symbol()), globalThis, Math, JSON, Reflect, Proxy, Atomics, new WeakRef({}), (function () { return arguments; })(1, 2), numbers,
  { length: 3, 0: 1 }, { length: -1 }, { length: 2 ** 53 }, { length: Infinity }, { get length() { throw new Error("length"); } },
  { toString() { throw new Error("toString"); }, valueOf() { throw new Error("valueOf"); } }, { [Symbol.toPrimitive]() { throw new Error("toPrimitive"); } },
  { get x() { throw new Error("x"); } }, { x: 1, y: 2 }, { x: {}, y: [] }, new Point({ x: 1 }), new Seg(), new All(), Point, Counter, Point.prototype,
  Counter.prototype, Object.create(Point.prototype), Object.create(Counter.prototype), Object.create(new Point()),
  { __proto__: Counter.prototype }, { then() {} }, { [Symbol.iterator]() { throw new Error("iterator"); } },
  new Proxy({}, { get() { throw new Error("get trap"); }, has() { throw new Error("has trap"); }, ownKeys() { throw new Error("keys trap"); },
    getPrototypeOf() { throw new Error("proto trap"); }, getOwnPropertyDescriptor() { throw new Error("descriptor trap"); } }),
];

// Functions that would wait, end other tests' objects, or allocate without end for a big number.
const unsafe = new Set(["close"]);

function callables(namespace) {
  const found = [];
  for (const [name, value] of Object.entries(namespace)) {
    if (typeof value !== "function" || unsafe.has(name)) continue;
    if (value.prototype && /^class|native/.test(Function.prototype.toString.call(value)) && /^[A-Z]/.test(name)) {
      found.push([`new ${name}`, (...args) => new value(...args)]);
      for (const key of Reflect.ownKeys(value)) {
        if (typeof value[key] === "function" && key !== "prototype") found.push([`${name}.${String(key)}`, (...args) => value[key](...args)]);
      }
      for (const key of Reflect.ownKeys(value.prototype)) {
        const { value: method, get, set } = Object.getOwnPropertyDescriptor(value.prototype, key);
        if (key === "constructor") continue;
        if (typeof method === "function") found.push([`${name}#${String(key)}`, (...args) => Reflect.apply(method, args[0], args.slice(1))]);
        if (get) found.push([`get ${name}#${String(key)}`, (...args) => Reflect.apply(get, args[0], [])]);
        if (set) found.push([`set ${name}#${String(key)}`, (...args) => Reflect.apply(set, args[0], [args[1]])]);
      }
    } else {
      found.push([name, value]);
    }
  }
  return found;
}

const namespaces = { numbers, texts, buffers, structs, pointers, handles, gauges, callbacks, failures, names };
for (const [library, namespace] of Object.entries(namespaces)) {
  test(`every function of ${library} with every stranger`, () => {
    let refused = 0;
    for (const [name, call] of callables(namespace)) {
      for (const stranger of [revoked(), revoked(() => 1), detach(new Uint8Array(8)), ...strangers]) {
        for (const args of [[stranger], [stranger, stranger], [stranger, stranger, stranger, stranger], [1, stranger], [stranger, 1],
          ["s", stranger], [new Uint8Array(4), stranger], [{}, stranger, stranger], [1, 2, 3, stranger]]) {
          if (/^(text_fill|bytes_fill|fill_|pack_bound|matrix_unit|bytes_made|numbers_made)/.test(name) && args.some((v) => typeof v === "number" && v > 1e6)) continue;
          if (/^forever_/.test(name)) continue;
          try {
            call(...args);
          } catch (error) {
            refused++;
            // What a stranger's own code throws is its own; all else names the library.
            if (error instanceof Error && error.library !== undefined) {
              ok(error.message.startsWith(`${error.library}.`), `${name}: ${error.message}`);
              ok(!/undefined is|\[object|internal|assert/i.test(error.message), `${name}: ${error.message}`);
            }
          }
        }
      }
    }
    ok(refused > 100, `${refused} refused`);
    equal(handles.counters_misused(), 0);
  });
}

test("no arguments at all, for every function", () => {
  for (const [library, namespace] of Object.entries(namespaces)) {
    for (const [name, call] of callables(namespace)) {
      if (/fire|forever/.test(name)) continue;
      try {
        call();
      } catch (error) {
        ok(error instanceof Error, `${library}.${name}: ${show(error)}`);
      }
    }
  }
});

// ---- what computing a message may not do ------------------------------------------------------------------------

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

// ---- brands, prototypes, newTarget ------------------------------------------------------------------------------

test("a changed prototype is no brand, and does not remove one", () => {
  const c = new Counter(3);
  const { value } = Counter.prototype;
  const fake = Object.setPrototypeOf({}, Counter.prototype);
  throws(() => fake.value(), { name: "TypeError" });
  throws(() => Counter.same(fake, fake), { name: "TypeError" });
  Object.setPrototypeOf(c, null);
  equal(value.call(c), 3);
  Object.setPrototypeOf(c, Cursor.prototype);
  throws(() => c.step(), { name: "TypeError" });
  throws(() => c.close(), { name: "TypeError" });
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
    throws(() => Cursor.prototype.step.call(c), TypeError);
    Counter.prototype.free.call(c);
  }
  const odd = new Proxy(class {}, { get(target, key) { if (key === "prototype") throw new Error("no prototype"); return target[key]; } });
  throws(() => Reflect.construct(Counter, [1], odd), {});
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
  throws(() => new Never().value(), TypeError);
  throws(() => Counter.call(Object.create(Counter.prototype), 1), TypeError);
  throws(() => Counter.apply(new Counter(1), [2]), TypeError);
});

test("objects of one library in another", () => {
  const a = new pointers.Point({ x: 1 });
  throws(() => structs.point_length(a), { name: "TypeError", message: /^structs\.point_length: p: expected a Point, got a .*Point/ });
  throws(() => Object.getOwnPropertyDescriptor(Point.prototype, "x").get.call(a), TypeError);
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

// ---- buffers ----------------------------------------------------------------------------------------------------

test("subclassed typed arrays, with lies about themselves", () => {
  class Liar extends Uint8Array {
    get length() { return 1 << 30; }
    get byteLength() { return 1 << 30; }
    get buffer() { return new ArrayBuffer(1); }
    static get [Symbol.species]() { throw new Error("species"); }
    get [Symbol.toStringTag]() { return "Float64Array"; }
  }
  const liar = new Liar(3).fill(2);
  equal(buffers.sum_u8(liar), 6);
  throws(() => buffers.sum_f64(liar), { name: "TypeError" });
  Object.setPrototypeOf(liar, Float64Array.prototype);
  equal(buffers.sum_u8(liar), 6);
  throws(() => buffers.sum_f64(liar), { name: "TypeError" });
  const own = new Uint8Array(2).fill(1);
  Object.defineProperty(own, "length", { value: 100 });
  equal(buffers.sum_u8(own), 2);
});

test("lengths that lie, overflow, or are no lengths", () => {
  throws(() => buffers.matrix_sum(new Float64Array(1), -1, -1), { name: "RangeError", parameter: "rows" });
  throws(() => buffers.matrix_sum(new Float64Array(1), 2 ** 53 - 1, 2 ** 53 - 1), { name: "RangeError" });
  throws(() => buffers.matrix_sum(new Float64Array(1), 2 ** 32, 2 ** 32), { name: "RangeError" });
  throws(() => buffers.matrix_unit(2 ** 31, 2 ** 31), { name: "RangeError" });
  throws(() => buffers.matrix_unit(2 ** 53 - 1, 2 ** 53 - 1), { name: "RangeError" });
  throws(() => buffers.fill_u8(2 ** 50), { name: "RangeError" });
  throws(() => texts.text_fill(2 ** 52), { name: "RangeError" });
  throws(() => buffers.bytes_counted(-1), { name: "RangeError" });
  throws(() => buffers.bytes_counted(2 ** 53), { name: "RangeError" });
  throws(() => buffers.sum_padded(new Uint8Array(4), 2147483647), { name: "RangeError" });
  throws(() => buffers.sum_padded(new Uint8Array(4), -2147483648), { name: "RangeError" });
  throws(() => buffers.reverse_void(new Uint8Array(4), 2 ** 33, 2 ** 33), { name: "RangeError" });
});

test("one buffer as both input and output", () => {
  const both = new Uint8Array([1, 2, 3, 4]);
  buffers.copy_bytes(both, both);
  deepEqual(both, new Uint8Array([1, 2, 3, 4]));
  const from = both.subarray(0, 2);
  const out = buffers.twice(from, { into: { to: both } });
  ok(out.length === 4);
});

test("into with strange containers", () => {
  const v = new Int32Array(4);
  for (const into of [null, 5, "v", () => 0, [], new Proxy({}, {}), revoked(), { v: null }, { v: 5 }, { v: [] }, { v: {} }, { v: revoked() },
    { get v() { throw new Error("into getter"); } }, { v: new Int32Array(new SharedArrayBuffer(16)) }, { v: detach(new Int32Array(4)) }]) {
    try {
      const got = buffers.fill_some(4, { into });
      ok(got.v instanceof Int32Array);
    } catch (error) {
      ok(error instanceof Error);
    }
  }
  deepEqual(buffers.fill_some(4, { into: { v } }).v, new Int32Array([-1, 0, 1]));
  throws(() => buffers.fill_some(4, 5), {}, "a number is no options object");
});

test("a callback that detaches the buffer that C is reading", () => {
  const bytes = new Uint8Array(1 << 16).fill(7);
  const sum = callbacks.feed_to(bytes, (view) => {
    try { structuredClone(bytes.buffer, { transfer: [bytes.buffer] }); } catch { /* in use */ }
    let sum = 0;
    for (const byte of view) sum += byte;
    return sum;
  });
  equal(sum, 7 << 16);
});

test("a callback that detaches what qsort is sorting", () => {
  const words = new Uint32Array(1000).map((_, i) => (i * 7919) % 1000);
  let detached = false;
  try {
    callbacks.sort(words, 1000, 4, (a, b) => {
      if (!detached) { detached = true; structuredClone(words.buffer, { transfer: [words.buffer] }); }
      return a[0] - b[0];
    });
  } catch (error) {
    ok(error instanceof Error);
  }
});

test("a callback that shrinks a resizable buffer in use", () => {
  if (!("resize" in ArrayBuffer.prototype)) return;
  const buffer = new ArrayBuffer(1 << 16, { maxByteLength: 1 << 16 });
  callbacks.feed_to(new Uint8Array(buffer), (view) => { buffer.resize(0); return view.length; });
  const sorted = new ArrayBuffer(4000, { maxByteLength: 4000 });
  callbacks.sort(new Uint8Array(sorted), 4000, 1, () => { if (sorted.byteLength) sorted.resize(0); return 0; });
});

test("views that died are dead in every way", () => {
  let kept;
  callbacks.feed_to(new Uint8Array([1, 2, 3]), (view) => { kept = view; return 0; });
  equal(kept.length, 0);
  equal(kept[0], undefined);
  equal(kept.buffer.byteLength, 0);
  throws(() => buffers.sum_u8(kept), { name: "TypeError" });
  throws(() => kept.set([1]), {});
  let buffer;
  callbacks.fill_by(4, (view) => { buffer = view.buffer; return 0; });
  equal(buffer.byteLength, 0);
  throws(() => new Uint8Array(buffer), TypeError);
});

test("a view transferred away during its call", () => {
  try {
    callbacks.fill_by(4, (view) => { structuredClone(view.buffer, { transfer: [view.buffer] }); return 0; });
  } catch (error) {
    ok(error instanceof Error);
  }
  let stolen;
  try {
    callbacks.feed_to(new Uint8Array([1, 2, 3]), (view) => { stolen = structuredClone(view.buffer, { transfer: [view.buffer] }); return 0; });
  } catch (error) {
    ok(error instanceof Error);
  }
  if (stolen) deepEqual([...new Uint8Array(stolen)].length <= 3, true);
});

// ---- structs ----------------------------------------------------------------------------------------------------

test("a view of a disposed struct, in every way", () => {
  const g = new Grid();
  const { cells, corners } = g;
  const row = cells[0];
  const corner = corners[0];
  g[Symbol.dispose]();
  for (const use of [() => g.cells, () => g.label, () => cells[0], () => row[0], () => { row[0] = 1; }, () => corner.x, () => { corner.x = 1; },
    () => cells.toArray(), () => [...row], () => structs.grid_sum(g), () => structs.point_length(corner), () => new Grid(g), () => g.toJSON()]) {
    throws(use, { name: "Error" });
  }
});

test("literals that bite", () => {
  throws(() => structs.point_length(revoked()), { name: "TypeError" });
  throws(() => structs.point_length(new Proxy({}, { get() { throw new Error("trapped"); } })), { message: "trapped" });
  equal(structs.point_length(new Proxy({ x: 3, y: 4 }, {})), 25);
  throws(() => new Point(new Proxy({}, { ownKeys() { throw new Error("keys"); } })), {});
  const endless = {};
  endless.a = endless;
  throws(() => structs.seg_id(endless), {});
  throws(() => new Grid({ corners: { length: 4 } }), {});
  throws(() => new Grid({ cells: [[1, 2, 3], [4, 5, 6], [7, 8, 9]] }), { name: "RangeError" });
  throws(() => new Grid({ cells: [1, 2] }), { name: "TypeError" });
  throws(() => new Grid({ cells: [new Proxy([1, 2, 3], { get() { throw new Error("row"); } })] }), {});
  throws(() => new Grid({ corners: [{ get x() { throw new Error("corner"); } }, {}, {}, {}] }), { message: "corner" });
});

test("a setter's value that disposes its own struct", () => {
  const s = new Seg();
  throws(() => { s.a = { get x() { s[Symbol.dispose](); return 1; } }; }, { name: "Error" });
  const g = new Grid();
  throws(() => { g.corners[1] = { get x() { g[Symbol.dispose](); return 1; } }; }, { name: "Error" });
  throws(() => { const h = new Grid(); h.cells = [[1, { valueOf() { return 2; } }, 3], [4, 5, 6]]; }, { name: "TypeError" });
});

test("assignment from itself, and from what overlaps", () => {
  const g = new Grid({ corners: [{ x: 1 }, { x: 2 }, { x: 3 }, { x: 4 }] });
  g.corners = g.corners;
  g.corners[1] = g.corners[0];
  g.corners[0] = g.corners[0];
  deepEqual([...g.corners].map((c) => c.x), [1, 1, 3, 4]);
  g.cells = g.cells;
});

test("toJSON that is called on strangers, and throwing toJSON near it", () => {
  const { toJSON } = Point.prototype;
  for (const stranger of [{}, null, undefined, 5, new Seg(), new Proxy(new Point(), {})]) throws(() => toJSON.call(stranger), TypeError);
  const p = new Point();
  p.toJSON = () => { throw new Error("mine"); };
  throws(() => JSON.stringify(p), { message: "mine" });
  console.log(p);
});

test("structs do not clone into something with their address", () => {
  for (const value of [new Point({ x: 1 }), new Counter(0), new pointers.Person({ name: "x" }), new gauges.Gauge(1)]) {
    let clone;
    try {
      clone = structuredClone(value);
    } catch (error) {
      ok(error instanceof Error);
      continue;
    }
    ok(clone !== value);
    throws(() => structs.point_scale(clone, 1), {});
    throws(() => Counter.prototype.value.call(clone), TypeError);
  }
});

// ---- handles ----------------------------------------------------------------------------------------------------

test("a handle disposed by another's conversion, a callback, or itself", () => {
  const c = new Counter(1);
  throws(() => c.add({ valueOf() { c.free(); return 1; } }), { name: "TypeError" });
  equal(c.value(), 1);
  let error;
  c.visit(() => { try { c.free(); } catch (e) { error = e; } });
  equal(error.message, "handles.Counter.free: in use by handles.Counter.visit");
  const other = new Counter(2);
  c.visit(() => { other[Symbol.dispose](); });
  throws(() => other.value(), { message: /closed/ });
  c.free();
  equal(handles.counters_misused(), 0);
});

test("two uses of one handle in one call, one of them taking it", () => {
  const c = new Counter(1);
  throws(() => c.absorb(c), { name: "Error" });
  throws(() => Counter.prototype.absorb.call(c, c), { name: "Error" });
  equal(Counter.same(c, c), true);
  c.free();
});

test("a child whose parent is disposed in its own callback", () => {
  const c = new Counter(1);
  const cursor = new Cursor(c);
  c.visit(() => { throws(() => c.free(), { name: "Error", message: /in use/ }); cursor.step(); });
  c.free();
  cursor.close();
  throws(() => cursor.counter(), { name: "Error" });
});

test("a borrowed leaf after the parent's end, again and again", () => {
  for (let i = 0; i < 200; i++) {
    const c = new Counter(i);
    const leaf = c.leaf(i % 8);
    if (i % 2) c.shake();
    else c.free();
    throws(() => leaf.value(), { name: "Error" });
    if (i % 2) c.free();
  }
  equal(handles.counters_misused(), 0);
});

test("an inline handle whose pointers were pulled away", () => {
  const g = new gauges.Gauge(0);
  const bytes = new Uint8Array([1, 2, 3]);
  g.next = bytes;
  detach(bytes);
  throws(() => g.feed(), { name: /Error$/, message: /^gauges\.Gauge\.feed: / });
  g.next = new Uint8Array([4]);
  equal(g.feed(), 1);
  throws(() => { g.available = 1; }, { name: "RangeError" });
  throws(() => { g.next = new Uint8Array(new SharedArrayBuffer(4)); }, { name: "TypeError" });
  throws(() => { g.next = 0x1000; }, { name: "TypeError" });
  g.end();
  throws(() => g.end(), { message: /closed/ });
});

test("a getter that runs between two handles", () => {
  const c = new Counter(1);
  const list = [c, c];
  Object.defineProperty(list, 1, { get() { c[Symbol.dispose](); return c; } });
  throws(() => handles.counter_sum(list), { name: "Error", message: /the Counter is closed/ });
  equal(handles.counters_misused(), 0);
});

// ---- callbacks --------------------------------------------------------------------------------------------------

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
  throws(() => callbacks.spot_map({}, () => revoked()), { name: "TypeError" });
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
  for (let i = 0; i < 3; i++) throws(dive, { name: "RangeError" });
  equal(callbacks.plain_apply((v) => v, 3), 3);
});

test("an async function, a generator, a class as callback", () => {
  throws(() => callbacks.plain_apply(async () => 1, 1), { name: "TypeError" });
  throws(() => callbacks.plain_apply(function* () {}, 1), { name: "TypeError" });
  throws(() => callbacks.plain_apply(class {}, 1), TypeError);
  equal(callbacks.note("x", async () => {}), undefined);
});

test("handles made in callbacks and forgotten there", async () => {
  const alive = handles.counters_alive();
  callbacks.visit(0, 2000, (v) => new Counter(v).value());
  ok(await collect(() => handles.counters_alive() - alive < 100));
  equal(handles.counters_misused(), 0);
});

// ---- libraries --------------------------------------------------------------------------------------------------

test("numbers that are no pointers, anywhere", () => {
  for (const value of [0, 1, 0x7ffff000, 4096n, 2n ** 47n, "0x1000", [1], new BigUint64Array([1n])]) {
    throws(() => Counter.same(value, value), { name: "TypeError" });
    throws(() => structs.point_scale(value, 1), { name: "TypeError" });
    throws(() => callbacks.plain_apply(value, 1), { name: "TypeError" });
    throws(() => new Cursor(value), { name: "TypeError" });
  }
});

test("errors are ordinary", () => {
  const error = throws(() => numbers.id_int("x"), { name: "TypeError" });
  ok(error instanceof TypeError);
  deepEqual([error.library, error.parameter], ["numbers", "v"]);
  ok(/bad-input\.test\.mjs/.test(error.stack));
  error.library = "changed";
  equal(throws(() => numbers.id_int("x"), {}).library, "numbers");
});

test("errno and failures in the middle of it all", () => {
  throws(() => failures.errno_throw(9), { code: 9 });
  throws(() => numbers.id_int("x"), { name: "TypeError" });
  equal(errno(), 9);
});

test("call after close", () => {
  const ns = load("names");
  const { plain } = ns;
  equal(plain(1), 2);
  close(ns);
  badArgument(() => plain(1), "Error", "names.plain: the library is closed");
  badArgument(() => plain("x"), "Error", "names.plain: the library is closed");
  throws(() => names.chosen(1), { message: "names.chosen: the library is closed" });
});

test("close during a callback of the same library", () => {
  const ns = load("callbacks");
  let error;
  equal(ns.visit(0, 3, (v) => {
    close(ns);
    try { ns.emitters_alive(); } catch (e) { error = e; }
    return v;
  }), 3);
  equal(error.message, "callbacks.emitters_alive: the library is closed");
  throws(() => ns.visit(0, 1, () => 1), { message: "callbacks.visit: the library is closed" });
});

test("the process is alive, and what it made is in order", async () => {
  await collect(() => false, 20);
  await turn();
  equal(handles.counters_misused(), 0);
  equal(numbers.answer(), 42);
  const c = new Counter(77);
  equal(c.value(), 77);
  c.free();
});
