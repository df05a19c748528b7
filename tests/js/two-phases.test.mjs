// Arguments convert in two phases: first all that can run user code, each property once, in declaration order; then
// handles, buffers and lengths are resolved and checked, and nothing runs until C is entered.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import { load, close } from "isthmus:ffi";
import * as structs from "ffi:structs";
import * as buffers from "ffi:buffers";
import * as handles from "ffi:handles";
import * as callbacks from "ffi:callbacks";
import * as pointers from "ffi:pointers";
import * as texts from "ffi:texts";

const spy = (log, name, value) => ({ enumerable: true, get() { log.push(name); return value; } });

test("every argument's properties once, in order", () => {
  const log = [];
  const a = Object.defineProperties({}, { y: spy(log, "a.y", 1), x: spy(log, "a.x", 2) });
  const b = Object.defineProperties({}, { y: spy(log, "b.y", 3), x: spy(log, "b.x", 4) });
  const sum = structs.point_add(a, b);
  deepEqual([sum.x, sum.y], [6, 4]);
  deepEqual(log, ["a.x", "a.y", "b.x", "b.y"]);
});

test("nested literals, in declaration order", () => {
  const log = [];
  const point = (name) => Object.defineProperties({}, { y: spy(log, `${name}.y`, 1), x: spy(log, `${name}.x`, 1) });
  structs.seg_id(Object.defineProperties({}, {
    tag: spy(log, "tag", new Uint8Array(8)), id: spy(log, "id", 1), b: spy(log, "b", point("b")), a: spy(log, "a", point("a")),
  }));
  deepEqual(log, ["a", "a.x", "a.y", "b", "b.x", "b.y", "id", "tag"]);
});

test("a getter that throws stops everything, and C is not entered", () => {
  const boom = new Error("getter");
  const before = handles.counters_made();
  equal(throws(() => structs.point_add({ get x() { throw boom; } }, { get x() { throw new Error("second"); } }), { name: "Error", message: "getter" }), boom);
  equal(handles.counters_made(), before);
});

test("a getter that disposes another argument", () => {
  const p = new structs.Point({ x: 1 });
  throws(() => structs.point_add(p, { get x() { p[Symbol.dispose](); return 1; } }), { name: "Error", message: /^structs\.point_add: a: / });
  const s = new structs.Seg();
  throws(() => structs.seg_move(s, { get x() { s[Symbol.dispose](); return 1; } }), { name: "Error", message: /^structs\.seg_move: s: / });
});

test("a getter that detaches a buffer", () => {
  const p = new pointers.Person();
  const photo = new Uint8Array([1, 2, 3]);
  const literal = { photo, get photo_size() { structuredClone(photo.buffer, { transfer: [photo.buffer] }); return 3; } };
  throws(() => pointers.person_photo_sum(literal), { message: /^pointers\.person_photo_sum: / });
  ok(p);
});

test("an options getter that detaches, shrinks, disposes", () => {
  const from = new Uint8Array([1, 2, 3]);
  const to = new Uint8Array(8);
  throws(() => buffers.twice(from, { get into() { structuredClone(from.buffer, { transfer: [from.buffer] }); return { to }; } }),
    { name: "TypeError", message: /^buffers\.twice: from: .*detached/ });
  throws(() => buffers.twice(new Uint8Array(4), { into: { get to() { structuredClone(to.buffer, { transfer: [to.buffer] }); return to; } } }),
    { name: "TypeError", message: /^buffers\.twice: to: .*detached/ });
});

test("a resizable buffer that shrinks while other arguments convert", () => {
  if (!("resize" in ArrayBuffer.prototype)) return;
  const buffer = new ArrayBuffer(1 << 16, { maxByteLength: 1 << 16 });
  const from = new Uint8Array(buffer);
  const result = buffers.twice(from, { get into() { buffer.resize(2); return undefined; } });
  equal(result.length, 4);
});

test("a list whose getters shrink the list", () => {
  const list = ["a", "b", "c"];
  Object.defineProperty(list, 1, { get() { list.length = 1; return "x"; } });
  let sum;
  try {
    sum = texts.text_join_length(list);
  } catch (error) {
    ok(error instanceof TypeError);
    return;
  }
  ok(sum <= 3);
});

test("a list of handles, one of which disposes another", () => {
  const a = new handles.Counter(1);
  const b = new handles.Counter(2);
  const list = [a];
  Object.defineProperty(list, 1, { get() { a.free(); return b; }, enumerable: true });
  throws(() => handles.counter_sum(list), { name: "Error", message: /^handles\.counter_sum: list.*the Counter is closed/ });
  b.free();
  equal(handles.counters_misused(), 0);
});

test("a getter that closes the library", () => {
  const ns = load("structs");
  throws(() => ns.point_length({ get x() { close(ns); return 1; } }), { name: "Error", message: "structs.point_length: the library is closed" });
});

test("a getter that calls the same function again", () => {
  const sum = callbacks.spot_map({ get x() { return callbacks.spot_map({ x: 5 }, (s) => s).x; } }, (s) => s);
  equal(sum.x, 5);
});
