// Typed arrays that lie, lengths that overflow, memory pulled away during a call.
import { test, equal, deepEqual, throws, ok } from "../assert.mjs";
import { detach, revoked } from "./tools.mjs";
import * as texts from "ffi:texts";
import * as buffers from "ffi:buffers";
import * as callbacks from "ffi:callbacks";


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
  throws(() => buffers.sum_f64(liar), { name: "TypeError", message: "buffers.sum_f64: v: expected a Float64Array, got a Liar" });
  Object.setPrototypeOf(liar, Float64Array.prototype);
  equal(buffers.sum_u8(liar), 6);
  throws(() => buffers.sum_f64(liar), { name: "TypeError", message: "buffers.sum_f64: v: expected a Float64Array, got a Float64Array" });
  const own = new Uint8Array(2).fill(1);
  Object.defineProperty(own, "length", { value: 100 });
  equal(buffers.sum_u8(own), 2);
});

test("lengths that lie, overflow, or are no lengths", () => {
  throws(() => buffers.matrix_sum(new Float64Array(1), -1, -1), { name: "RangeError", message: "buffers.matrix_sum: rows: expected an integer from 0 to 9007199254740991, got -1", parameter: "rows" });
  throws(() => buffers.matrix_sum(new Float64Array(1), 2 ** 53 - 1, 2 ** 53 - 1), { name: "RangeError", message: "buffers.matrix_sum: m: the length is out of range" });
  throws(() => buffers.matrix_sum(new Float64Array(1), 2 ** 32, 2 ** 32), { name: "RangeError", message: "buffers.matrix_sum: m: the length is out of range" });
  throws(() => buffers.matrix_unit(2 ** 31, 2 ** 31), { name: "RangeError", message: "buffers.matrix_unit: m: the size is out of range" });
  throws(() => buffers.matrix_unit(2 ** 53 - 1, 2 ** 53 - 1), { name: "RangeError", message: "buffers.matrix_unit: m: the size is out of range" });
  throws(() => buffers.fill_u8(2 ** 50), { name: "RangeError", message: "buffers.fill_u8: v: a buffer of 1125899906842624 elements is too large" });
  throws(() => texts.text_fill(2 ** 52), { name: "RangeError", message: "texts.text_fill: buf: a buffer of 4503599627370496 elements is too large" });
  throws(() => buffers.bytes_counted(-1), { name: "RangeError", message: "buffers.bytes_counted: n: expected an integer from 0 to 9007199254740991, got -1" });
  throws(() => buffers.bytes_counted(2 ** 53), { name: "RangeError", message: "buffers.bytes_counted: n: expected an integer from 0 to 9007199254740991, got 9007199254740992" });
  throws(() => buffers.sum_padded(new Uint8Array(4), 2147483647), { name: "RangeError", message: "buffers.sum_padded: v: expected at least 2147483649 bytes, got 4" });
  throws(() => buffers.sum_padded(new Uint8Array(4), -2147483648), { name: "RangeError", message: "buffers.sum_padded: v: the length is out of range" });
  throws(() => buffers.reverse_void(new Uint8Array(4), 2 ** 33, 2 ** 33), { name: "RangeError", message: "buffers.reverse_void: base: the length is out of range" });
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
  equal(callbacks.feed_to(new Uint8Array(buffer), (view) => { buffer.resize(0); return view.length; }), 1 << 16);
  // What C sorted is not written behind the end that the buffer has by then, nor into bytes that it gets back later.
  const sorted = new ArrayBuffer(4000, { maxByteLength: 4000 });
  const bytes = new Uint8Array(sorted).fill(7);
  callbacks.sort(bytes, 4000, 1, () => { if (sorted.byteLength) sorted.resize(0); return 0; });
  equal(sorted.byteLength, 0);
  sorted.resize(4000);
  equal(new Uint8Array(sorted).indexOf(7), -1);
});

test("views that died are dead in every way", () => {
  let kept;
  callbacks.feed_to(new Uint8Array([1, 2, 3]), (view) => { kept = view; return 0; });
  equal(kept.length, 0);
  equal(kept[0], undefined);
  equal(kept.buffer.byteLength, 0);
  throws(() => buffers.sum_u8(kept), { name: "TypeError", message: "buffers.sum_u8: v: the buffer is detached" });
  throws(() => kept.set([1]), { name: "TypeError", message: "Cannot perform %TypedArray%.prototype.set on a detached ArrayBuffer" });
  let buffer;
  callbacks.fill_by(4, (view) => { buffer = view.buffer; return 0; });
  equal(buffer.byteLength, 0);
  throws(() => new Uint8Array(buffer), { name: "TypeError", message: "Cannot perform Construct on a detached ArrayBuffer" });
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
