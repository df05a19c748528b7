// Buffers that C reads: the element type must be the parameter's, the length follows from the buffer, and what C sees is
// exactly the view that was passed.
import { test, equal, badArgument, throws } from "./assert.mjs";
import * as buffers from "ffi:buffers";

const kinds = {
  u8: Uint8Array, i8: Int8Array, u16: Uint16Array, i16: Int16Array, u32: Uint32Array, i32: Int32Array,
  u64: BigUint64Array, i64: BigInt64Array, f32: Float32Array, f64: Float64Array,
};
const article = (name) => `${/^[AEIOU](?!int)/.test(name) ? "an" : "a"} ${name}`;

for (const [name, Kind] of Object.entries(kinds)) {
  const big = name.endsWith("64") && name[0] !== "f";
  const of = (...values) => Kind.from(values.map((value) => (big ? BigInt(value) : value)));
  const sum = buffers[`sum_${name}`];
  test(`${Kind.name}: whole, parts, empty`, () => {
    equal(sum(of(1, 2, 3)), 6);
    equal(sum(of()), 0);
    equal(sum(of(9, 1, 2, 9).subarray(1, 3)), 3);
    equal(sum(new Kind(100000).fill(big ? 1n : 1)), 100000);
    const shared = new Kind(new ArrayBuffer(64), 16, 2);
    shared.set(of(4, 5));
    equal(sum(shared), 9);
  });
  test(`${Kind.name}: no other element type`, () => {
    for (const Other of Object.values(kinds)) {
      if (Other === Kind || (name === "u8" && Other === Uint8ClampedArray)) continue;
      badArgument(() => sum(new Other(2)), "TypeError", `buffers.sum_${name}: v: expected ${article(Kind.name)}, got ${article(Other.name)}`, "v");
    }
    for (const [value, got] of [[[1, 2], "an Array"], [null, "null"], [undefined, "undefined"], [1, "1"], ["ab", '"ab"'],
      [new DataView(new ArrayBuffer(8)), "a DataView"], [{ length: 1, 0: 1 }, "an Object"]]) {
      badArgument(() => sum(value), "TypeError", `buffers.sum_${name}: v: expected ${article(Kind.name)}, got ${got}`, "v");
    }
    throws(() => sum(), { name: "TypeError", message: `buffers.sum_${name}: expected 1 argument, got 0` });
  });
}

test("void takes bytes of any view and of an ArrayBuffer", () => {
  equal(buffers.sum_void(new Uint8Array([1, 2, 3])), 6);
  equal(buffers.sum_void(new Uint16Array([0x0101, 0x0202])), 6);
  equal(buffers.sum_void(new Float64Array(0)), 0);
  equal(buffers.sum_void(new DataView(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2)), 3);
  equal(buffers.sum_void(new Uint8Array([1, 2, 3]).buffer), 6);
  throws(() => buffers.sum_void([1, 2]), { name: "TypeError" });
});

test("the length vanishes wherever it stands", () => {
  equal(buffers.count_first(new Uint8Array([1, 2, 3])), 6);
  equal(buffers.count_first.length, 1);
  equal(buffers.count_small(new Uint8Array(255).fill(1)), 255255);
});

test("a buffer too long for its length's type is a RangeError", () => {
  throws(() => buffers.count_small(new Uint8Array(256)), { name: "RangeError", parameter: "v", message: /^buffers\.count_small: v: .*255.*256/ });
});

test("two buffers that share a length must agree", () => {
  equal(buffers.dot(new Float64Array([1, 2]), new Float64Array([3, 4])), 11);
  throws(() => buffers.dot(new Float64Array(2), new Float64Array(3)), { name: "RangeError", message: /^buffers\.dot: b: .*2.*3/ });
});

test("a product stays in the signature and is checked against the buffer", () => {
  equal(buffers.matrix_sum(new Float64Array([1, 2, 3, 4, 5, 6]), 2, 3), 21);
  equal(buffers.matrix_sum(new Float64Array(10).fill(1), 2, 3), 6);
  throws(() => buffers.matrix_sum(new Float64Array(5), 2, 3), { name: "RangeError", parameter: "m", message: /^buffers\.matrix_sum: m: .*6.*5/ });
  throws(() => buffers.matrix_sum(new Float64Array(5), 2 ** 52, 2 ** 52), { name: "RangeError", message: /^buffers\.matrix_sum: / });
  throws(() => buffers.matrix_sum(new Float64Array(5), 2 ** 40, 2 ** 40), { name: "RangeError" });
});

test("a length that is an expression, and a constant one", () => {
  equal(buffers.sum_padded(new Uint8Array([1, 2, 3]), 1), 6);
  throws(() => buffers.sum_padded(new Uint8Array(2), 1), { name: "RangeError", message: /^buffers\.sum_padded: v: / });
  throws(() => buffers.sum_padded(new Uint8Array(2), -3), { name: "RangeError" });
  equal(buffers.sum_key(new Uint8Array(16).fill(2)), 32);
  equal(buffers.sum_key(new Uint8Array(20).fill(2)), 32);
  throws(() => buffers.sum_key(new Uint8Array(15)), { name: "RangeError", parameter: "key", message: /^buffers\.sum_key: key: .*16.*15/ });
});

test("NULL for a buffer where it is allowed", () => {
  equal(buffers.maybe_sum(null), 1000);
  equal(buffers.maybe_sum(new Uint8Array([5])), 5);
  equal(buffers.default_sum(), 1000);
  equal(buffers.default_sum(new Uint8Array([5])), 5);
});

test("small arrays on V8's own heap, used again and again", () => {
  const small = new Uint8Array([1, 2, 3]);
  for (let i = 0; i < 1000; i++) equal(buffers.sum_u8(small), 6);
});
