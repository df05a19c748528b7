// The table of what peers do with bad input: here each row is an error.
import { test, equal, throws, ok, badArgument } from "../assert.mjs";
import { detach } from "./tools.mjs";
import * as numbers from "ffi:numbers";
import * as texts from "ffi:texts";
import * as buffers from "ffi:buffers";
import * as handles from "ffi:handles";
import * as callbacks from "ffi:callbacks";

const { Counter } = handles;
const I32 = "expected an integer from -2147483648 to 2147483647";

test("int32 from 1.9, NaN, 3e9: cold, hot, and inside try/catch/finally of optimised code", () => {
  const bad = [[1.9, "1.9"], [NaN, "NaN"], [3e9, "3000000000"], [Infinity, "Infinity"], [-2147483649, "-2147483649"], [1e-9, "1e-9"]];
  let finals = 0;
  const attempt = (value) => {
    try {
      return numbers.id_int32(value);
    } catch (error) {
      return error.message;
    } finally {
      finals++;
    }
  };
  for (const [value, got] of bad) equal(attempt(value), `numbers.id_int32: v: ${I32}, got ${got}`);
  for (let i = 0; i < 50000; i++) attempt(i);
  for (const [value, got] of bad) equal(attempt(value), `numbers.id_int32: v: ${I32}, got ${got}`);
  equal(finals, 50000 + 2 * bad.length);
});

test("int32 from null, undefined, {}, and others", () => {
  for (const [value, got] of [[null, "null"], [undefined, "undefined"], [{}, "an Object"], ["5", '"5"'], [true, "true"],
    [5n, "5n"], [[], "an Array"], [Symbol.iterator, "a Symbol"], [() => 5, "a function"], [new Date(), "a Date"],
    [new Map(), "a Map"], [/x/, "a RegExp"], [new Uint8Array(1), "a Uint8Array"], [new Error("x"), "an Error"],
    [Promise.resolve(1), "a Promise"], ["x".repeat(100), `"${"x".repeat(40)}…"`]]) {
    const error = throws(() => numbers.id_int32(value), { name: "TypeError", parameter: "v" });
    if (typeof value !== "string" || value.length < 40) equal(error.message, `numbers.id_int32: v: ${I32}, got ${got}`);
    else ok(error.message.length < 140 && error.message.includes("x".repeat(30)), error.message);
  }
});

test("too few arguments", () => {
  badArgument(() => numbers.add12(1, 2), "TypeError", "numbers.add12: expected 12 arguments, got 2");
  badArgument(() => callbacks.visit(1), "TypeError", "callbacks.visit: expected 3 arguments, got 1");
  badArgument(() => numbers.sum_defaults(), "TypeError", "numbers.sum_defaults: expected at least 1 argument, got 0");
});

test("uint8 from 300, int64 from 2n**70n", () => {
  badArgument(() => numbers.id_uint8(300), "RangeError", "numbers.id_uint8: v: expected an integer from 0 to 255, got 300", "v");
  badArgument(() => numbers.id_int64(2n ** 70n), "RangeError",
    "numbers.id_int64: v: expected a BigInt or integer from -9223372036854775808 to 9223372036854775807, got a BigInt of more than 64 bits", "v");
  const error = throws(() => numbers.id_int64(2n ** 100000n), { name: "RangeError", message: "numbers.id_int64: v: expected a BigInt or integer from -9223372036854775808 to 9223372036854775807, got a BigInt of more than 64 bits" });
  ok(error.message.length < 300, "a huge BigInt is cut");
});

test("char * from 42, and from a string with a NUL inside", () => {
  badArgument(() => texts.text_length(42), "TypeError", "texts.text_length: s: expected a string, got 42", "s");
  throws(() => texts.text_length("a\0b"), { name: "TypeError", parameter: "s", message: /^texts\.text_length: s: .*NUL/ });
});

test("a detached buffer", () => {
  throws(() => buffers.sum_u8(detach(new Uint8Array(4))), { name: "TypeError", parameter: "v", message: /^buffers\.sum_u8: v: .*detached/ });
});

test("a buffer shorter than its length, a resizable one shrunk to nothing", () => {
  throws(() => buffers.sum_padded(new Uint8Array(2), 100), { name: "RangeError", parameter: "v", message: /^buffers\.sum_padded: v: .*102.*2/ });
  if ("resize" in ArrayBuffer.prototype) {
    const buffer = new ArrayBuffer(8, { maxByteLength: 8 });
    const view = new Uint8Array(buffer);
    buffer.resize(0);
    equal(buffers.sum_u8(view), 0);
    throws(() => buffers.sum_key(view), { name: "RangeError", message: "buffers.sum_key: key: expected at least 16 bytes, got 0" });
  }
});

test("a Uint8Array for double *", () => {
  badArgument(() => buffers.sum_f64(new Uint8Array(80)), "TypeError", "buffers.sum_f64: v: expected a Float64Array, got a Uint8Array", "v");
});

test("a function pointer from null, 123", () => {
  badArgument(() => callbacks.plain_apply(null, 1), "TypeError", "callbacks.plain_apply: cb: expected a function, got null", "cb");
  badArgument(() => callbacks.plain_apply(123, 1), "TypeError", "callbacks.plain_apply: cb: expected a function, got 123", "cb");
});

test("a handle from 1", () => {
  badArgument(() => Counter.same(1, 1), "TypeError", "handles.Counter.same: a: expected a Counter, got 1", "a");
});

test("a callback that throws, and one from another thread while the first waits", () => {
  throws(() => callbacks.plain_apply(() => { throw new Error("up"); }, 1), { message: "up" });
  equal(callbacks.visit_thread(1, () => 1), -7);
});
