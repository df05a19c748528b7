// Constants are exports with the value and type that C gives them.
import { test, equal, throws } from "./assert.mjs";
import * as numbers from "ffi:numbers";

test("constants of each type", () => {
  equal(numbers.ANSWER, 42);
  equal(numbers.HUGE_ANSWER, 2n ** 64n - 1n);
  equal(numbers.LEAST_ANSWER, -(2n ** 63n));
  equal(numbers.HALF, 0.5);
  equal(numbers.MOTTO, "festina lente");
});

test("exports cannot be changed", () => {
  throws(() => { numbers.ANSWER = 43; }, TypeError);
  throws(() => { numbers.Color.RED = 43; }, TypeError);
  throws(() => { delete numbers.ANSWER; }, TypeError);
  equal(numbers.ANSWER, 42);
});
