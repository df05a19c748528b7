// A parameter with a default may be left out, or be undefined; its default may be an expression of constants.
import { test, equal, badArgument } from "./assert.mjs";
import * as numbers from "ffi:numbers";
import * as texts from "ffi:texts";

test("left out from the end", () => {
  equal(numbers.sum_defaults(1), 1 + 20 + 600);
  equal(numbers.sum_defaults(1, 3), 1 + 30 + 600);
  equal(numbers.sum_defaults(1, 3, 0), 31);
  equal(numbers.scale_default(8), 4);
  equal(numbers.scale_default(8, 2), 16);
});

test("undefined stands for the default", () => {
  equal(numbers.sum_defaults(1, undefined, 0), 21);
  equal(numbers.sum_defaults(1, undefined, undefined), 621);
  equal(texts.text_length_or(undefined), 9999);
  equal(texts.text_length_or(), 9999);
});

test("what has no default must be given", () => {
  badArgument(() => numbers.sum_defaults(), "TypeError", "numbers.sum_defaults: expected at least 1 argument, got 0");
  badArgument(() => numbers.sum_defaults(1, null), "TypeError",
    "numbers.sum_defaults: b: expected an integer from -2147483648 to 2147483647, got null", "b");
});

test("length counts what must be given", () => {
  equal(numbers.sum_defaults.length, 1);
});
