// Inspection runs no code of the value's own, and never throws.
import { inspect } from "isthmus:host";
import { equal, ok, test } from "./assert.mjs";

const ran = [];
function trap(name) {
  return () => {
    ran.push(name);
    throw new Error(`${name} was run`);
  };
}
function untouched(value, expected) {
  ran.length = 0;
  equal(inspect(value), expected);
  equal(ran.join(), "");
}

test("accessors are named, not read", () => {
  const value = Object.defineProperties(
    {},
    {
      both: { get: trap("get"), set: trap("set"), enumerable: true },
      get: { get: trap("get"), enumerable: true },
      set: { set: trap("set"), enumerable: true },
    },
  );
  untouched(value, "{ both: [Getter/Setter], get: [Getter], set: [Setter] }");
});

test("an element that is an accessor", () => {
  untouched(Object.defineProperty([1, 2], 1, { get: trap("element") }), "[ 1, [Getter] ]");
});

test("conversions and custom hooks", () => {
  const value = {
    toString: trap("toString"),
    valueOf: trap("valueOf"),
    toJSON: trap("toJSON"),
    [Symbol.toPrimitive]: trap("toPrimitive"),
    [Symbol.for("nodejs.util.inspect.custom")]: trap("custom"),
    [Symbol.iterator]: trap("iterator"),
  };
  ran.length = 0;
  ok(inspect(value).startsWith("{"));
  equal(ran.join(), "");
});

test("a toStringTag that is a getter", () => {
  class Tagged {
    get [Symbol.toStringTag]() {
      return trap("tag")();
    }
  }
  untouched(new Tagged(), "Tagged {}");
});

test("a constructor that is a getter, or is hidden behind a proxy", () => {
  untouched(
    Object.defineProperty({ a: 1 }, "constructor", { get: trap("constructor") }),
    "{ a: 1 }",
  );
  class Named {}
  Object.defineProperty(Named, "name", { get: trap("name") });
  ran.length = 0;
  inspect(new Named());
  inspect(Named);
  class Asked {
    static [Symbol.hasInstance]() {
      return trap("hasInstance")();
    }
  }
  equal(inspect(new Asked()), "Asked {}");
  equal(ran.join(), "");
});

const handler = new Proxy({}, { get: (_, name) => trap(`proxy ${String(name)}`) });

test("a proxy is shown as its target, without its traps", () => {
  untouched(new Proxy({ a: 1 }, handler), "{ a: 1 }");
  untouched([new Proxy([1, 2], handler)], "[ [ 1, 2 ] ]");
  untouched(new Proxy(new Proxy(new Map([[1, 2]]), handler), handler), "Map(1) { 1 => 2 }");
  untouched(new Proxy(function f() {}, handler), "[Function: f]");
});

test("a revoked proxy", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  untouched({ proxy }, "{ proxy: <Revoked Proxy> }");
});

test("a proxy as prototype", () => {
  ran.length = 0;
  const value = Object.create(new Proxy({}, handler), { own: { value: 1, enumerable: true } });
  ok(inspect(value).endsWith("{ own: 1 }"), inspect(value));
  equal(ran.join(), "");
});

test("an error whose parts are accessors", () => {
  const error = new Error("boom");
  for (const key of ["name", "message", "cause"]) {
    Object.defineProperty(error, key, { get: trap(key) });
  }
  class Quiet extends Error {
    get name() {
      return trap("name")();
    }
  }
  ran.length = 0;
  ok(inspect(error).includes("Error"));
  ok(inspect(new Quiet("sh")).startsWith("Quiet [Error]: sh\n    at "), inspect(new Quiet("sh")));
  equal(ran.join(), "");
  Object.defineProperty(error, "stack", { get: trap("stack") });
  ran.length = 0;
  ok(inspect(error).includes("Error"));
  equal(ran.join(), "");
});

test("Error.prepareStackTrace", () => {
  Error.prepareStackTrace = trap("prepareStackTrace");
  ran.length = 0;
  ok(inspect(new Error("boom")).startsWith("Error: boom\n    at "));
  equal(ran.join(), "");
  Error.prepareStackTrace = (error, sites) => [error.message, sites.length > 0];
  equal(new Error("boom").stack.join(), "boom,true");
  delete Error.prepareStackTrace;
  class Named extends Error {
    get name() {
      return "Named";
    }
  }
  ok(new Named("boom").stack.startsWith("Named: boom\n    at "), new Named("boom").stack);
  ok(new TypeError("boom").stack.startsWith("TypeError: boom\n    at "));
});

test("a regular expression whose flags are accessors", () => {
  const value = /a/gi;
  Object.defineProperty(value, "flags", { get: trap("flags") });
  Object.defineProperty(value, "global", { get: trap("global") });
  Object.defineProperty(value, "source", { get: trap("source") });
  untouched(value, "/a/gi");
});

test("subclasses whose methods are overridden", () => {
  class Loud extends Map {
    get size() {
      return trap("size")();
    }
    entries() {
      return trap("entries")();
    }
    [Symbol.iterator]() {
      return trap("iterator")();
    }
    forEach() {
      trap("forEach")();
    }
  }
  const value = new Loud();
  Map.prototype.set.call(value, "k", 1);
  untouched(value, "Loud(1) [Map] { 'k' => 1 }");
});

test("a module namespace with a binding that is not initialised", async () => {
  const self = await import("./host-inspect-module.mjs");
  equal(
    self.early,
    "[Module: null prototype] {\n  early: <uninitialized>,\n  late: <uninitialized>\n}",
  );
  ok(inspect(self).startsWith("[Module: null prototype] {"));
});

test("what is nested without end is cut, not thrown", () => {
  let deep = {};
  for (let i = 0; i < 100000; i++) deep = { deep };
  ok(inspect(deep, { depth: Infinity }).includes("too deep to be shown"));
  equal(inspect(deep), "{ deep: { deep: { deep: [Object] } } }");
});

test("reading moves no iterator", () => {
  const iterator = new Map([[1, "one"]]).entries();
  equal(inspect(iterator), "[Map Entries] { [ 1, 'one' ] }");
  equal(iterator.next().done, false);
});

test("no value makes it throw", () => {
  const all = [
    globalThis,
    Object.prototype,
    Function.prototype,
    Object.create(null, { constructor: { value: null } }),
    Object.setPrototypeOf(new Map(), null),
    Object.setPrototypeOf(new Uint8Array(1), null),
    Object.setPrototypeOf(new Error("x"), null),
    Object.setPrototypeOf([1], null),
    Object.assign(() => {}, { prototype: null }),
    Object.setPrototypeOf(new Date(NaN), new Proxy({}, {})),
  ];
  for (const value of all) equal(typeof inspect(value), "string");
});
