// Every parameter of every function, method, constructor and accessor, given every stranger.
import { test, equal, ok, show } from "../assert.mjs";
import { callables, detach, revoked, sized } from "./tools.mjs";
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

const { Counter } = handles;
const { Point, Seg, All } = structs;

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

const namespaces = { numbers, texts, buffers, structs, pointers, handles, gauges, callbacks, failures, names };
for (const [library, namespace] of Object.entries(namespaces)) {
  test(`every function of ${library} with every stranger`, () => {
    let refused = 0;
    for (const [name, call] of callables(namespace)) {
      for (const stranger of [revoked(), revoked(() => 1), detach(new Uint8Array(8)), ...strangers]) {
        for (const args of [[stranger], [stranger, stranger], [stranger, stranger, stranger, stranger], [1, stranger], [stranger, 1],
          ["s", stranger], [new Uint8Array(4), stranger], [{}, stranger, stranger], [1, 2, 3, stranger]]) {
          if (sized.test(name) && args.some((v) => typeof v === "number" && v > 1e6)) continue;
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
