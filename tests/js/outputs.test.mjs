// Outputs take no argument position: none is undefined, one is itself, several are an object keyed by parameter name.
import { test, equal, deepEqual, throws, badArgument } from "./assert.mjs";
import * as buffers from "ffi:buffers";
import * as texts from "ffi:texts";

test("none, one, several", () => {
  equal(buffers.negate_u8(new Uint8Array(1)), undefined);
  equal(buffers.one_out(3), 9n);
  deepEqual(buffers.two_out(7), { result: 14, half: 3, rest: 1 });
  deepEqual(Object.keys(buffers.two_out(7)), ["result", "half", "rest"]);
});

test("an inout cell is an argument and an output", () => {
  equal(buffers.step(5, 2), 7);
  equal(buffers.step(5, -7), -2);
  deepEqual(buffers.flip(true, 1.5), { result: true, b: false, d: -1.5 });
  badArgument(() => buffers.step("5", 2), "TypeError",
    'buffers.step: v: expected an integer from -2147483648 to 2147483647, got "5"', "v");
  throws(() => buffers.flip(1, 1), { name: "TypeError", message: "buffers.flip: b: expected a boolean, got 1" });
});

test("[[one]] is an argument only", () => {
  equal(buffers.read_one(17), 17);
  equal(buffers.read_one_or(17), 17);
  equal(buffers.read_one_or(null), -1000);
  throws(() => buffers.read_one(null), { name: "TypeError" });
  throws(() => buffers.read_one(2 ** 31), { name: "RangeError" });
});

test("an output object is ordinary", () => {
  const out = texts.text_point();
  equal(Object.getPrototypeOf(out), Object.prototype);
  deepEqual(JSON.parse(JSON.stringify(out)), { result: 7, said: "pointed at" });
});
