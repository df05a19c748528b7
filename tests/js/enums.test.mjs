// Enums are closed for what goes in; what comes out unknown comes as its number; flags combine.
import { test, equal, deepEqual, ok, badArgument, throws } from "./assert.mjs";
import * as numbers from "ffi:numbers";

test("an enum is a frozen object, and its enumerators are constants", () => {
  equal(numbers.RED, 0);
  equal(numbers.GREEN, 5);
  equal(numbers.BLUE, 6);
  equal(numbers.LOW, -1);
  equal(numbers.Color.GREEN, 5);
  equal(numbers.Level.HIGH, 1);
  ok(Object.isFrozen(numbers.Color));
  deepEqual(Object.keys(numbers.Access), ["ACCESS_READ", "ACCESS_WRITE", "ACCESS_RUN"]);
});

test("named values pass", () => {
  for (const value of [numbers.RED, numbers.GREEN, numbers.BLUE]) {
    equal(numbers.id_color(value), value);
    equal(numbers.widen_color(value), value);
  }
  equal(numbers.id_level(numbers.LOW), -1);
  equal(numbers.widen_level(-1), -1);
});

test("others are refused", () => {
  for (const [value, name] of [[1, "RangeError"], [-1, "RangeError"], [7, "RangeError"], [2 ** 40, "RangeError"],
    ["RED", "TypeError"], [null, "TypeError"], [undefined, "TypeError"]]) {
    const error = throws(() => numbers.id_color(value), { name, message: /^numbers\.id_color: v: expected one of RED, GREEN, BLUE, got / });
    equal(error.parameter, "v");
  }
  throws(() => numbers.id_color(1.5), { message: /^numbers\.id_color: v: expected .*, got 1\.5$/ });
});

test("an unknown value from C is its number", () => {
  equal(numbers.any_color(5), 5);
  equal(numbers.any_color(77), 77);
});

test("flags combine, and no other bits pass", () => {
  equal(numbers.widen_access(0), 0);
  equal(numbers.widen_access(numbers.ACCESS_READ | numbers.ACCESS_RUN), 5);
  equal(numbers.widen_access(7), 7);
  throws(() => numbers.widen_access(8), { name: "RangeError" });
  throws(() => numbers.widen_access(15), { name: "RangeError" });
  throws(() => numbers.widen_access(-1), { name: "RangeError" });
});
