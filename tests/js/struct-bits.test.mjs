// Bit-fields, as gcc lays them out; packed and aligned structs.
import { test, equal, deepEqual, throws } from "./assert.mjs";
import * as structs from "ffi:structs";

const { Bits, Packed, Aligned } = structs;

test("bit-fields hold what their width holds", () => {
  const b = new Bits({ a: 5, b: -3, wide: 2n ** 40n - 1n, flag: true, last: 99 });
  equal(b.a, 5);
  equal(b.b, -3);
  equal(b.wide, 2n ** 40n - 1n);
  equal(b.flag, true);
  equal(b.last, 99);
  for (const [field, bad] of [["a", 8], ["a", -1], ["b", 16], ["b", -17], ["wide", 2n ** 40n], ["last", 128]]) {
    const before = b[field];
    throws(() => { b[field] = bad; }, { name: "RangeError" });
    equal(b[field], before);
  }
  throws(() => { b.a = 8; }, { message: "structs.Bits.a: expected an integer from 0 to 7, got 8" });
  throws(() => { b.b = 16; }, { message: "structs.Bits.b: expected an integer from -16 to 15, got 16" });
  b.a = 0;
  deepEqual([b.a, b.b, b.flag, b.last], [0, -3, true, 99]);
});

test("C sees the same bits", () => {
  equal(structs.bits_sum({ a: 1, b: 2, wide: 3n, flag: true, last: 4 }), 1n + 1020n + 30000n + 5n + 4n);
  const made = structs.bits_make(7, -1, 2n ** 39n, true, 127);
  deepEqual([made.a, made.b, made.wide, made.flag, made.last], [7, -1, 2n ** 39n, true, 127]);
  const same = structs.bits_same(made);
  deepEqual([same.a, same.b, same.wide, same.flag, same.last], [7, -1, 2n ** 39n, true, 127]);
});

test("packed and aligned", () => {
  const p = structs.packed_same({ kind: 1, value: 4000000000, weight: 0.5 });
  deepEqual([p.kind, p.value, p.weight], [1, 4000000000, 0.5]);
  equal(structs.packed_sum(p), 4000000001.5);
  equal(structs.packed_sum(new Packed({ kind: 3 })), 3);
  const a = structs.aligned_same(new Aligned({ c: 1, v: 9 }));
  equal(a.v, 10);
  equal(structs.aligned_remainder(a), 1000);
  equal(structs.aligned_remainder({ v: 2 }), 200);
});
