// Every C scalar takes exactly what its type holds, and C sees what JavaScript passed.
import { test, equal, badArgument, throws } from "./assert.mjs";
import * as numbers from "ffi:numbers";

const LIMIT = Number.MAX_SAFE_INTEGER;
const whole = {
  schar: [-128, 127], uchar: [0, 255], char: [-128, 127], short: [-32768, 32767], ushort: [0, 65535],
  int: [-2147483648, 2147483647], uint: [0, 4294967295], int8: [-128, 127], uint8: [0, 255],
  int16: [-32768, 32767], uint16: [0, 65535], int32: [-2147483648, 2147483647], uint32: [0, 4294967295],
  wchar: [-2147483648, 2147483647], count: [0, 4294967295],
};
const wide = { long: true, ulong: false, size: false, ssize: true, ptrdiff: true, intptr: true, uintptr: false, time: true,
               off: true };

for (const [name, [min, max]] of Object.entries(whole)) {
  const id = numbers[`id_${name}`];
  const widen = numbers[`widen_${name}`];
  test(`${name}: bounds and what lies between`, () => {
    for (const value of [min, max, 0, 1, Math.floor(max / 3), min + 1, max - 1]) {
      equal(id(value), value);
      equal(widen(value), BigInt(value));
    }
    equal(id(-0), 0);
  });
  test(`${name}: just beyond is a RangeError`, () => {
    for (const value of [min - 1, max + 1, 2 ** 53, -(2 ** 53), 1e300]) {
      badArgument(() => id(value), "RangeError",
        `numbers.id_${name}: v: expected an integer from ${min} to ${max}, got ${value}`, "v");
    }
  });
  test(`${name}: no fractions, no other kinds`, () => {
    wrongKinds(id, `numbers.id_${name}`, `an integer from ${min} to ${max}`);
  });
}

for (const [name, signed] of Object.entries(wide)) {
  const id = numbers[`id_${name}`];
  const widen = numbers[`widen_${name}`];
  const min = signed ? -LIMIT : 0;
  test(`${name}: a number, to the last safe integer`, () => {
    for (const value of [min, LIMIT, 0, 1, 123456789012]) {
      equal(id(value), value);
      equal(widen(value), BigInt(value));
    }
    equal(id(-0), 0);
  });
  test(`${name}: beyond is a RangeError, not a wrong digit`, () => {
    for (const value of [LIMIT + 1, signed ? -LIMIT - 1 : -1, 2 ** 64, 1e300]) {
      badArgument(() => id(value), "RangeError",
        `numbers.id_${name}: v: expected an integer from ${min} to ${LIMIT}, got ${value}`, "v");
    }
    wrongKinds(id, `numbers.id_${name}`, `an integer from ${min} to ${LIMIT}`);
  });
}

function wrongKinds(fn, label, wanted) {
  for (const [value, got] of [[1.5, "1.5"], [NaN, "NaN"], [Infinity, "Infinity"], [-Infinity, "-Infinity"]]) {
    throws(() => fn(value), { message: `${label}: v: expected ${wanted}, got ${got}` });
  }
  const others = [["1", '"1"'], [null, "null"], [undefined, "undefined"], [true, "true"], [{}, "an Object"], [[1], "an Array"],
    [1n, "1n"], [Symbol("s"), "a Symbol"], [() => 1, "a function"], [new Number(1), "a Number"],
    [{ valueOf: () => 1 }, "an Object"], [new Date(0), "a Date"]];
  for (const [value, got] of others) {
    badArgument(() => fn(value), "TypeError", `${label}: v: expected ${wanted}, got ${got}`, "v");
  }
  badArgument(() => fn(), "TypeError", `${label}: expected 1 argument, got 0`);
}

test("bool takes booleans only", () => {
  equal(numbers.id_bool(true), true);
  equal(numbers.id_bool(false), false);
  equal(numbers.widen_bool(true), 1);
  for (const [value, got] of [[1, "1"], [0, "0"], ["true", '"true"'], [null, "null"], [undefined, "undefined"], [{}, "an Object"]]) {
    badArgument(() => numbers.id_bool(value), "TypeError", `numbers.id_bool: v: expected a boolean, got ${got}`, "v");
  }
});

test("double takes any number, bit by bit", () => {
  for (const value of [0, -0, 1.5, -1e308, 5e-324, Infinity, -Infinity, NaN, Number.MAX_VALUE]) {
    equal(numbers.id_double(value), value);
    const bits = new BigUint64Array(new Float64Array([value]).buffer)[0];
    equal(numbers.bits_double(value), bits);
  }
  for (const [value, got] of [["1", '"1"'], [null, "null"], [undefined, "undefined"], [1n, "1n"], [true, "true"], [{}, "an Object"]]) {
    badArgument(() => numbers.id_double(value), "TypeError", `numbers.id_double: v: expected a number, got ${got}`, "v");
  }
});

test("float rounds, and does not become infinite", () => {
  for (const value of [0, -0, 0.5, 1.1, -3.4028234663852886e38, Infinity, -Infinity, NaN, 1e-46]) {
    equal(numbers.id_float(value), Math.fround(value));
    equal(numbers.widen_float(value), Math.fround(value));
  }
  equal(numbers.id_float(3.4028235e38), Math.fround(3.4028235e38));
  for (const value of [1e39, -1e39, Number.MAX_VALUE]) {
    const error = throws(() => numbers.id_float(value), { name: "RangeError" });
    equal(error.parameter, "v");
  }
});

test("many arguments arrive in their places, in registers and on the stack", () => {
  equal(numbers.add12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 55 + 22 + 36);
  equal(numbers.mix(1, 2, 3, 4n, 5, 6, 7, 8, 9, 10, 11, 12), 1 + 4 + 9 + 16 + 25 + 36 + 49 + 64 + 81 + 100 + 121 + 144);
  badArgument(() => numbers.add12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), "TypeError",
    "numbers.add12: expected 12 arguments, got 11");
  badArgument(() => numbers.add12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "x"), "TypeError",
    'numbers.add12: l: expected an integer from -2147483648 to 2147483647, got "x"', "l");
});

test("extra arguments are ignored", () => {
  equal(numbers.id_int(5, 6, 7), 5);
  equal(numbers.answer(1, {}, null), 42);
});

test("a void function gives undefined, and is not called when an argument is wrong", () => {
  const before = numbers.call_count();
  equal(numbers.nothing(), undefined);
  equal(numbers.call_count(), before + 1);
});

test("fixed arguments are passed and are no arguments in JavaScript", () => {
  equal(numbers.fixed_seven(1), 107);
  equal(numbers.fixed_size(1), 108);
  equal(numbers.fixed_call(1), 142);
  equal(numbers.fixed_seven.length, 1);
});

test("functions have their name and length", () => {
  equal(numbers.id_int.name, "id_int");
  equal(numbers.add12.length, 12);
  equal(numbers.nothing.length, 0);
  throws(() => new numbers.id_int(1), TypeError);
});

test("the same input gives the same result, cold and hot", () => {
  const hot = (value) => {
    try {
      return numbers.id_int(value);
    } catch (error) {
      return error.message;
    }
  };
  const inputs = [1, 1.9, NaN, 3e9, "7", null, undefined, -0, 2147483647, {}];
  const cold = inputs.map(hot);
  for (let i = 0; i < 30000; i++) hot(i);
  inputs.forEach((value, i) => equal(hot(value), cold[i]));
});
