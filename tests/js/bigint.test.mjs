// 64-bit integers are BigInts both ways; an integral safe number is accepted; [[bigint]] and [[number]] choose otherwise.
import { test, equal, badArgument, throws } from "./assert.mjs";
import * as numbers from "ffi:numbers";

const signed = [-(2n ** 63n), 2n ** 63n - 1n];
const unsigned = [0n, 2n ** 64n - 1n];

// What a message says of a BigInt.
function got(value) {
  return value < signed[0] || value > unsigned[1] ? "a BigInt of more than 64 bits" : `${value}n`;
}

for (const [name, [min, max]] of Object.entries({ int64: signed, llong: signed, uint64: unsigned, ullong: unsigned })) {
  const id = numbers[`id_${name}`];
  test(`${name}: a BigInt, bounds and just beyond`, () => {
    for (const value of [min, max, 0n, 1n, max / 3n, min + 1n, 2n ** 53n + 1n]) {
      equal(id(value), value);
      equal(numbers[`widen_${name}`](value), value);
    }
    for (const value of [min - 1n, max + 1n, 2n ** 64n, -(2n ** 64n), 2n ** 70n]) {
      badArgument(() => id(value), "RangeError",
        `numbers.id_${name}: v: expected a BigInt or integer from ${min} to ${max}, got ${got(value)}`, "v");
    }
  });
  test(`${name}: a safe integral number is accepted`, () => {
    equal(id(7), 7n);
    equal(id(-0), 0n);
    equal(id(Number.MAX_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER));
    if (min < 0n) equal(id(-5), -5n);
    else throws(() => id(-5), { name: "RangeError", message: `numbers.id_${name}: v: expected a BigInt or integer from ${min} to ${max}, got -5` });
    for (const value of [1.5, NaN, Infinity, 2 ** 53, 2 ** 63]) {
      throws(() => id(value), { name: /^(Range|Type)Error$/, message: new RegExp(`^numbers.id_${name}: v: expected .*, got `) });
    }
  });
  test(`${name}: nothing else`, () => {
    for (const [value, got] of [["1", '"1"'], [null, "null"], [undefined, "undefined"], [true, "true"], [{}, "an Object"],
      [Object(1n), "a BigInt"]]) {
      badArgument(() => id(value), "TypeError", `numbers.id_${name}: v: expected a BigInt or integer from ${min} to ${max}, got ${got}`, "v");
    }
  });
}

test("[[bigint]] makes a BigInt of what would be a number", () => {
  equal(numbers.big_int(-7n), -7n);
  equal(numbers.big_int(7), 7n);
  throws(() => numbers.big_int(2n ** 31n), { name: "RangeError" });
  equal(numbers.big_ulong(2n ** 64n - 1n), 2n ** 64n - 1n);
});

test("[[number]] makes a number of what would be a BigInt", () => {
  equal(numbers.plain_int64(-(2 ** 53 - 1)), -(2 ** 53 - 1));
  equal(numbers.plain_uint64(2 ** 53 - 1), 2 ** 53 - 1);
  throws(() => numbers.plain_int64(2 ** 53), { name: "RangeError" });
  throws(() => numbers.plain_int64(1n), { name: "TypeError" });
});
