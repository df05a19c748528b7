// The mathematics library: every function against a value known from mathematics or from JavaScript's own Math.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as m from "ffi:libm";

const near = (actual, expected, name) =>
  ok(Math.abs(actual - expected) <= 4 * Number.EPSILON * Math.max(1, Math.abs(expected)), `${name}: expected ${expected}, got ${actual}`);

test("what JavaScript has too gives the same", () => {
  for (const x of [-0.9, -0.5, -0.1, 0, 0.25, 0.5, 0.9]) {
    for (const name of ["acos", "asin", "atan", "cos", "sin", "tan", "asinh", "atanh", "cosh", "sinh", "tanh", "exp", "expm1",
      "log1p", "cbrt", "ceil", "floor", "trunc"]) near(m[name](x), Math[name](x), `${name}(${x})`);
    near(m.fabs(x), Math.abs(x), "fabs");
  }
  for (const x of [0.5, 1, 2, 10, 1e6]) {
    for (const name of ["log", "log2", "log10", "sqrt"]) near(m[name](x), Math[name](x), `${name}(${x})`);
  }
  near(m.acosh(2), Math.acosh(2), "acosh");
  near(m.atan2(1, -1), Math.atan2(1, -1), "atan2");
  near(m.hypot(3, 4), 5, "hypot");
  near(m.pow(2, 0.5), Math.SQRT2, "pow");
  equal(m.fmod(-7, 3), -1);
});

test("what JavaScript lacks", () => {
  near(m.exp2(10), 1024, "exp2");
  near(m.erf(1), 0.8427007929497149, "erf");
  near(m.erfc(1), 0.15729920705028513, "erfc");
  near(m.tgamma(5), 24, "tgamma");
  near(m.lgamma(5), Math.log(24), "lgamma");
  equal(m.fma(2 ** 53, 1, 3), 2 ** 53 + 4);
  equal(m.fma(0.1, 10, -1), 2 ** -54);
  equal(m.remainder(7, 4), -1);
  equal(m.fdim(5, 3), 2);
  equal(m.fdim(3, 5), 0);
  equal(m.fmax(NaN, 2), 2);
  equal(m.fmin(NaN, 2), 2);
  equal(m.copysign(3, -0), -3);
  equal(m.nextafter(1, 2), 1 + Number.EPSILON);
  equal(m.ldexp(0.75, 4), 12);
  equal(m.scalbn(1, 10), 1024);
  equal(m.scalbln(1, -1), 0.5);
  equal(m.logb(10), 3);
  equal(m.ilogb(1024), 10);
  equal(m.rint(2.5), 2);
  equal(m.nearbyint(3.5), 4);
  equal(m.round(-2.5), -3);
  equal(m.lrint(2.5), 2);
  equal(m.lround(-2.5), -3);
  equal(m.llrint(2.5), 2n);
  equal(m.llround(2 ** 60), 2n ** 60n);
  equal(m.nan(""), NaN);
});

test("outputs", () => {
  deepEqual(m.frexp(12), { result: 0.75, exponent: 4 });
  deepEqual(m.modf(-3.25), { result: -0.25, whole: -3 });
  deepEqual(m.remquo(7, 2), { result: -1, quotient: 4 });
});

test("constants are those of Math", () => {
  for (const [name, key] of [["M_PI", "PI"], ["M_E", "E"], ["M_LN2", "LN2"], ["M_LN10", "LN10"], ["M_LOG2E", "LOG2E"],
    ["M_LOG10E", "LOG10E"], ["M_SQRT2", "SQRT2"], ["M_SQRT1_2", "SQRT1_2"]]) equal(m[name], Math[key], name);
});

test("wrong arguments, and results beyond exact integers", () => {
  throws(() => m.sin("1"), { name: "TypeError", message: 'libm.sin: x: expected a number, got "1"' });
  throws(() => m.pow(1), { name: "TypeError", message: "libm.pow: expected 2 arguments, got 1" });
  throws(() => m.ldexp(1, 0.5), { message: /^libm\.ldexp: exponent: expected an integer from -2147483648 to 2147483647, got 0\.5$/ });
  throws(() => m.lround(2 ** 60), { name: "RangeError" });
  equal(m.sqrt(-1), NaN);
  equal(m.log(0), -Infinity);
});
