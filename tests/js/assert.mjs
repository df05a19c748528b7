// The assert module of the tests in JavaScript. Tests run one after the other, in the order in which `test` was called;
// each failure is printed where it happens, and the last line says how many passed and failed. A failure makes the exit
// code 1. Nothing here may swallow an error: what a test throws, or rejects with, is its failure, whatever it is.
import * as host from "isthmus:host";

let passed = 0;
let failed = 0;
let pending = 0;
let tail = Promise.resolve();

const only = host.env?.ISTHMUS_TEST_ONLY;

/** Runs `fn` (which may be async) after all tests before it; gives a promise for its end. */
export function test(name, fn) {
  if (only && !name.includes(only)) return tail;
  pending++;
  tail = tail.then(async () => {
    try {
      await fn();
      passed++;
    } catch (error) {
      failed++;
      console.log(`FAILED ${name}`);
      const stack = error?.stack ?? show(error);
      console.log(stack.split("\n").map((line) => `    ${line}`).join("\n"));
    }
    if (--pending === 0) setTimeout(finish, 0);
  });
  return tail;
}

function finish() {
  if (pending) return;
  console.log(`${passed} passed, ${failed} failed`);
  if (failed) host.exit(1);
}

/** A short text for any value; never runs code of the value's own beyond what a data property needs. */
export function show(value) {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (value === null || typeof value !== "object") return String(value);
  if (ArrayBuffer.isView(value)) return `${value.constructor?.name} [${Array.prototype.join.call(value, ", ")}]`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name} ${show([...value])}`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  return `{${Object.keys(value).map((key) => `${key}: ${show(value[key])}`).join(", ")}}`;
}

export class AssertionError extends Error {
  get name() {
    return "AssertionError";
  }
}

export function fail(message) {
  throw new AssertionError(message);
}

export function ok(value, message) {
  if (!value) fail(message ?? `expected something true, got ${show(value)}`);
}

export function equal(actual, expected, message) {
  if (!Object.is(actual, expected)) {
    fail(`${message ? `${message}: ` : ""}expected ${show(expected)}, got ${show(actual)}`);
  }
}

function same(a, b) {
  if (Object.is(a, b)) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Map || a instanceof Set) {
    return a.size === b.size && same([...a], [...b]);
  }
  if (a instanceof ArrayBuffer) return same(new Uint8Array(a), new Uint8Array(b));
  if (ArrayBuffer.isView(a) && !(a instanceof DataView)) {
    return a.length === b.length && Array.prototype.every.call(a, (item, i) => Object.is(item, b[i]));
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  if (Array.isArray(a) && a.length !== b.length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

/** Equal in structure: prototypes, own enumerable keys and their values; typed arrays, Map and Set by content. */
export function deepEqual(actual, expected, message) {
  if (!same(actual, expected)) {
    fail(`${message ? `${message}: ` : ""}expected ${show(expected)}, got ${show(actual)}`);
  }
}

function check(error, wanted, what) {
  if (typeof wanted === "function") {
    if (!(error instanceof wanted)) fail(`expected ${what} a ${wanted.name}, got ${show(error)}`);
    return error;
  }
  for (const [key, value] of Object.entries(wanted ?? {})) {
    if (value instanceof RegExp) {
      if (!value.test(String(error?.[key]))) {
        fail(`expected ${what} ${key} like ${value}, got ${show(error?.[key])} (${show(error)})`);
      }
    } else if (!same(error?.[key], value)) {
      fail(`expected ${what} ${key} ${show(value)}, got ${show(error?.[key])} (${show(error)})`);
    }
  }
  return error;
}

/**
 * `fn` must throw. `wanted` is a class, or an object whose members the error must have: a RegExp is matched against the
 * member's text, all else must be equal. Gives the error.
 */
export function throws(fn, wanted, message) {
  let result;
  try {
    result = fn();
  } catch (error) {
    return check(error, wanted, `${message ? `${message}: ` : ""}to throw`);
  }
  fail(`${message ? `${message}: ` : ""}expected ${show(wanted)} to be thrown, got ${show(result)}`);
}

/** The same for a promise, or for a function that gives one. */
export async function rejects(promise, wanted, message) {
  let result;
  try {
    result = await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    return check(error, wanted, `${message ? `${message}: ` : ""}to reject with`);
  }
  fail(`${message ? `${message}: ` : ""}expected ${show(wanted)} as rejection, got ${show(result)}`);
}

/** A TypeError or RangeError of the bridge, with its whole text and the parts it carries. */
export function badArgument(fn, name, message, parameter) {
  const error = throws(fn, { name, message });
  const [where] = message.split(": ");
  const [library, ...rest] = where.split(".");
  equal(error.library, library, "library");
  equal(error.function, rest.join("."), "function");
  if (parameter !== undefined) equal(error.parameter, parameter, "parameter");
  return error;
}

/** Lets timers, forgotten objects and reports have their turn. */
export function turn(ms = 0) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Makes V8 collect until `done()` or for `limit` rounds, and lets the queue of forgotten objects have its turn. The size of memory
 * that nobody touches costs nothing, and makes V8 collect.
 */
export async function collect(done, limit = 100) {
  for (let round = 0; round < limit; round++) {
    let held = Array.from({ length: 4 }, () => new ArrayBuffer(32 << 20));
    await turn();
    held = null;
    await turn();
    if (done()) return true;
  }
  return false;
}
