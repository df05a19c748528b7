// [[range]] is checked before C is entered; its bounds may name other parameters.
import { test, equal, badArgument, throws } from "./assert.mjs";
import * as numbers from "ffi:numbers";

test("integers within and beyond", () => {
  equal(numbers.percent(0), 0);
  equal(numbers.percent(100), 100);
  badArgument(() => numbers.percent(101), "RangeError", "numbers.percent: v: expected an integer from 0 to 100, got 101", "v");
  badArgument(() => numbers.percent(-1), "RangeError", "numbers.percent: v: expected an integer from 0 to 100, got -1", "v");
});

test("floats within and beyond", () => {
  equal(numbers.unit(0.25), 0.25);
  equal(numbers.unit(1), 1);
  badArgument(() => numbers.unit(1.0000001), "RangeError", "numbers.unit: v: expected a number from 0 to 1, got 1.0000001", "v");
  badArgument(() => numbers.unit(NaN), "RangeError", "numbers.unit: v: expected a number from 0 to 1, got NaN", "v");
});

test("bounds that name another parameter", () => {
  equal(numbers.index_of(5, 4), 1);
  badArgument(() => numbers.index_of(5, 5), "RangeError", "numbers.index_of: i: expected an integer from 0 to 4, got 5", "i");
  throws(() => numbers.index_of(0, 0), { name: "RangeError" });
});

test("64-bit bounds", () => {
  equal(numbers.big_range(5000000000n), 5000000000n);
  equal(numbers.big_range(-5), -5n);
  throws(() => numbers.big_range(5000000001n), { name: "RangeError",
    message: "numbers.big_range: v: expected an integer from -5 to 5000000000, got 5000000001n" });
});
