// Buffers that C fills: allocated as the interface file says, cut to what was filled, or the caller's own by `into`.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as buffers from "ffi:buffers";

const kinds = {
  u8: Uint8Array, i8: Int8Array, u16: Uint16Array, i16: Int16Array, u32: Uint32Array, i32: Int32Array,
  u64: BigUint64Array, i64: BigInt64Array, f32: Float32Array, f64: Float64Array,
};

for (const [name, Kind] of Object.entries(kinds)) {
  const big = name.endsWith("64") && name[0] !== "f";
  const of = (...values) => Kind.from(values.map((value) => (big ? BigInt(value) : value)));
  test(`${Kind.name}: out and in place`, () => {
    deepEqual(buffers[`fill_${name}`](3), of(1, 2, 3));
    deepEqual(buffers[`fill_${name}`](0), of());
    const mine = of(1, 2, 3);
    equal(buffers[`negate_${name}`](mine), undefined);
    deepEqual(mine, name[0] === "u" ? Kind.from(of(1, 2, 3), (v) => (big ? 0n - v : 0 - v)) : of(-1, -2, -3));
    const window = of(1, 2, 3, 4).subarray(1, 3);
    buffers[`negate_${name}`](window);
    deepEqual(new Kind(window.buffer)[3], big ? 4n : 4);
  });
}

test("a new output is fresh each time, and only as long as asked", () => {
  const first = buffers.fill_i32(4);
  const second = buffers.fill_i32(4);
  ok(first !== second && first.buffer !== second.buffer);
  equal(first.byteOffset, 0);
  equal(first.buffer.byteLength, 16);
});

test("cut to what was filled, which is never trusted beyond the capacity", () => {
  deepEqual(buffers.fill_some(10), { result: 3, v: new Int32Array([-1, 0, 1]) });
  deepEqual(buffers.fill_some(2), { result: 2, v: new Int32Array([-1, 0]) });
  deepEqual(buffers.fill_some(0), { result: 0, v: new Int32Array([]) });
  equal(buffers.fill_liar(5).v.length, 5);
});

test("sizes by expressions", () => {
  deepEqual(buffers.twice(new Uint8Array([1, 2])), new Uint8Array([1, 2, 1, 2]));
  deepEqual(buffers.matrix_unit(2, 2), new Float64Array([1, 0, 0, 1]));
  equal(buffers.make_key()[15], 225);
  equal(buffers.make_key().length, 16);
});

test("capacity in, count out", () => {
  const { result, to } = buffers.pack(new Uint8Array([1, 0, 2, 0, 3]));
  equal(result, 0);
  deepEqual(to, new Uint8Array([1, 2, 3]));
  equal(buffers.pack.length, 1);
});

test("into: the caller's own output buffer", () => {
  const mine = new Int32Array(4);
  const some = buffers.fill_some(4, { into: { v: mine } });
  equal(some.v.buffer, mine.buffer);
  deepEqual(some.v, new Int32Array([-1, 0, 1]));
  deepEqual(mine, new Int32Array([-1, 0, 1, 0]));
  const to = new Uint8Array(8);
  const given = buffers.pack(new Uint8Array([7, 0, 8]), { into: { to } });
  equal(given.to.buffer, to.buffer);
  deepEqual(given.to, to.subarray(0, 2));
  throws(() => buffers.fill_some(4, { into: { v: new Int32Array(3) } }), { name: "RangeError", parameter: "v", message: /^buffers\.fill_some: v: .*4.*3/ });
  throws(() => buffers.fill_some(4, { into: { v: new Uint32Array(4) } }), { name: "TypeError", message: "buffers.fill_some: v: expected an Int32Array, got a Uint32Array" });
  throws(() => buffers.fill_some(4, { into: { w: mine } }), { name: "TypeError", message: /^buffers\.fill_some: .*w/ });
  throws(() => buffers.fill_some(4, { into: 5 }), { name: "TypeError", message: /^buffers\.fill_some: .*into/ });
  throws(() => buffers.fill_some(4, { int: { v: mine } }), { name: "TypeError", message: /^buffers\.fill_some: .*int/ });
});

test("a size that cannot be had is a RangeError", () => {
  throws(() => buffers.fill_u8(2 ** 53 - 1), { name: "RangeError", message: /^buffers\.fill_u8: / });
  throws(() => buffers.fill_f64(2 ** 60), { name: "RangeError" });
  throws(() => buffers.fill_i32(-1), { name: "RangeError" });
  throws(() => buffers.fill_i32(1.5), { message: /got 1\.5$/ });
});

test("in place, from a pair that share a length, and raw memory by a product", () => {
  const to = new Uint8Array(3);
  buffers.copy_bytes(to, new Uint8Array([7, 8, 9]));
  deepEqual(to, new Uint8Array([7, 8, 9]));
  throws(() => buffers.copy_bytes(to, new Uint8Array(4)), { name: "RangeError" });
  const words = new Uint16Array([1, 2, 3]);
  buffers.reverse_void(words, 3, 2);
  deepEqual(words, new Uint16Array([3, 2, 1]));
  throws(() => buffers.reverse_void(words, 4, 2), { name: "RangeError", message: /^buffers\.reverse_void: base: / });
});

test("counted results are copied, owned ones freed", () => {
  const before = buffers.buffer_live();
  deepEqual(buffers.bytes_counted(4), new Uint8Array([48, 49, 50, 51]));
  equal(buffers.bytes_counted(11), null);
  deepEqual(buffers.bytes_made(3), new Uint8Array([255, 254, 253]));
  deepEqual(buffers.numbers_made(3), new Int32Array([0, -1, -2]));
  equal(buffers.buffer_live(), before);
});

test("a result counted by an output", () => {
  const got = buffers.bytes_static();
  deepEqual(got.result ?? got, new Uint8Array([3, 1, 4, 1, 5]));
});
