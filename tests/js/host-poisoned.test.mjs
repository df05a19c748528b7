// The host's JavaScript uses what it captured before user code ran: with every built-in replaced by
// one that throws, and setters and getters all over Object.prototype, its functions do the same as
// before.
import { format, inspect } from "isthmus:host";
import { deepEqual, equal, ok, test, turn } from "./assert.mjs";

const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { setPrototypeOf } = Object;

const holders = {
  Array,
  Object,
  String,
  RegExp,
  Map,
  Set,
  WeakMap,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Date,
  Promise,
  Error,
  TypeError,
  DataView,
  ArrayBuffer,
  Function,
  Uint8Array,
};
const bare = { Reflect, JSON, Math };
const strays = [
  "value",
  "get",
  "set",
  "enumerable",
  "writable",
  "configurable",
  "colors",
  "depth",
  "columns",
  "showHidden",
  "maxItems",
  "then",
  "style",
  "transfer",
  "fields",
  "text",
  "items",
  "stream",
  "fatal",
  "ignoreBOM",
  "domExceptionParts",
  "0",
  "1",
  "2",
  "100",
];
// What the engine itself, the test and `class` syntax cannot do without.
const spared = new Set([
  "constructor",
  "prototype",
  "__proto__",
  "name",
  "message",
  "length",
  "arguments",
  "caller",
]);

// Runs `body` with everything poisoned; gives what it returns and the first poison that was touched.
function poisoned(body) {
  const changed = [];
  let touched = "";
  const evil = (what) => {
    touched ||= what;
    throw what;
  };
  const targets = [];
  for (const [name, holder] of Object.entries(holders)) {
    targets.push([name, holder], [`${name}.prototype`, holder.prototype]);
  }
  for (const [name, holder] of Object.entries(bare)) targets.push([name, holder]);
  targets.push(["%TypedArray%.prototype", getPrototypeOf(Uint8Array.prototype)]);
  targets.push(["%ArrayIterator%", getPrototypeOf([][Symbol.iterator]())]);
  const jobs = [];
  for (const [name, holder] of targets) {
    for (const key of ownKeys(holder)) {
      const descriptor = getOwnPropertyDescriptor(holder, key);
      if (spared.has(key) || !descriptor.configurable) continue;
      const what = `${name}.${String(key)}`;
      const replacement = { __proto__: null, configurable: true };
      if (typeof descriptor.value === "function") {
        replacement.value = () => evil(what);
        replacement.writable = true;
      } else if (descriptor.get) {
        replacement.get = () => evil(what);
      } else {
        continue;
      }
      jobs.push([holder, key, replacement, setPrototypeOf(descriptor, null)]);
    }
  }
  for (const key of strays) {
    const replacement = {
      __proto__: null,
      get: () => evil(`get ${key}`),
      set: () => evil(`set ${key}`),
      configurable: true,
    };
    jobs.push([Object.prototype, key, replacement, undefined]);
  }
  setPrototypeOf(jobs, null);
  const count = jobs.length;
  let result;
  let failure;
  for (let i = 0; i < count; i++) defineProperty(jobs[i][0], jobs[i][1], jobs[i][2]);
  try {
    result = body();
  } catch (error) {
    failure = error;
  }
  for (let i = count - 1; i >= 0; i--) {
    const job = jobs[i];
    if (job[3] === undefined) delete job[0][job[1]];
    else defineProperty(job[0], job[1], job[3]);
  }
  if (failure !== undefined) throw failure;
  return [result, touched];
}

const values = [
  {
    a: 1,
    b: [1, 2, { c: 3 }],
    get g() {
      return 1;
    },
  },
  [1, , 3, "text", [[]]],
  Array.from({ length: 120 }, (_, i) => i),
  new Map([["key", { a: 1 }]]),
  new Set([1, "two"]),
  new Map([[1, 2]]).entries(),
  Object.assign(new Error("boom", { cause: new TypeError("why") }), { code: 5 }),
  new AggregateError([1, 2], "many"),
  /x/gi,
  new Date(0),
  Promise.resolve({ a: 1 }),
  new Uint8Array(3),
  new ArrayBuffer(2),
  new DataView(new ArrayBuffer(1)),
  new Proxy({ p: 1 }, {}),
  class A extends Map {},
  () => 1,
  Object(Symbol("s")),
  Object("text"),
  (function () {
    return arguments;
  })(1),
  "it's a string\n",
  -0,
  5n,
  Symbol("q"),
  null,
  undefined,
];

test("inspect", () => {
  for (const value of values) {
    const before = inspect(value);
    const [after, touched] = poisoned(() => inspect(value));
    equal(touched, "", before);
    equal(after, before);
  }
});

test("format", () => {
  const run = () =>
    format("%s %d %i %f %o %O %c %%", "a", 1, 2.5, "3.5x", { a: 1 }, [1], "css", { rest: 1 });
  const before = run();
  const [after, touched] = poisoned(run);
  equal(touched, "");
  equal(after, before);
});

test("console", () => {
  const [, touched] = poisoned(() => {
    console.log("a line of %s", "console.log", { a: 1 }, [1, 2]);
    console.table([{ a: 1 }, { b: 2 }]);
    console.group("group");
    console.log("two\nlines");
    console.groupEnd();
    console.count("count");
    console.countReset("count");
    console.time("time");
    console.timeEnd("time");
    console.assert(true, "nothing");
    console.dir({ a: { b: 1 } }, { __proto__: null, depth: 0 });
  });
  equal(touched, "");
});

test("text and clones", () => {
  const encoder = new TextEncoder();
  const halves = [new Uint8Array([0xc3]), new Uint8Array([0xa9])];
  const [result, touched] = poisoned(() => {
    const bytes = encoder.encode("aé");
    const decoder = new TextDecoder("latin1", { __proto__: null });
    const text = decoder.decode(bytes, { __proto__: null });
    const utf8 = new TextDecoder("utf-8", { __proto__: null, fatal: true });
    const first = utf8.decode(halves[0], { __proto__: null, stream: true });
    const second = utf8.decode(halves[1], { __proto__: null });
    const clone = structuredClone({ __proto__: null, a: 1 });
    const error = new DOMException("m", "AbortError");
    return {
      __proto__: null,
      text,
      both: first + second,
      a: clone.a,
      code: error.code,
      now: performance.now(),
    };
  });
  equal(touched, "");
  equal(result.text, "aÃ©");
  equal(result.both, "é");
  equal(result.a, 1);
  equal(result.code, 20);
  ok(result.now > 0);
});

test("timers and microtasks", async () => {
  const seen = [];
  const [, touched] = poisoned(() => {
    setTimeout((word) => seen.push(word), 1, "timeout");
    setImmediate((word) => seen.push(word), "immediate");
    queueMicrotask(() => seen.push("microtask"));
    clearTimeout(setTimeout(() => seen.push("never"), 1));
  });
  await turn(10);
  equal(touched, "");
  deepEqual(seen.sort(), ["immediate", "microtask", "timeout"]);
});
