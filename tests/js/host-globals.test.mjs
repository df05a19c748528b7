// The globals of the web platform: their attributes, names and lengths, as WebIDL has them.
import { deepEqual, equal, ok, test, throws } from "./assert.mjs";

const attributes = ({ writable, enumerable, configurable }) =>
  [writable && "writable", enumerable && "enumerable", configurable && "configurable"]
    .filter(Boolean)
    .join(" ");
const own = (object, key) => Object.getOwnPropertyDescriptor(object, key);

test("functions", () => {
  const lengths = {
    setTimeout: 1,
    setInterval: 1,
    setImmediate: 1,
    clearTimeout: 0,
    clearInterval: 0,
    clearImmediate: 0,
    queueMicrotask: 1,
    structuredClone: 1,
  };
  for (const [name, length] of Object.entries(lengths)) {
    equal(attributes(own(globalThis, name)), "writable enumerable configurable", name);
    equal(globalThis[name].name, name);
    equal(globalThis[name].length, length, name);
    ok(!Object.hasOwn(globalThis[name], "prototype"), name);
    throws(() => new globalThis[name](), TypeError, name);
  }
});

test("classes", () => {
  for (const [name, length] of [
    ["TextEncoder", 0],
    ["TextDecoder", 0],
    ["DOMException", 0],
    ["Performance", 0],
  ]) {
    const constructor = globalThis[name];
    equal(attributes(own(globalThis, name)), "writable configurable", name);
    equal(constructor.name, name);
    equal(constructor.length, length, name);
    equal(attributes(own(constructor, "prototype")), "", name);
    const tag = own(constructor.prototype, Symbol.toStringTag);
    equal(tag.value, name);
    equal(attributes(tag), "configurable");
  }
});

test("members of classes", () => {
  const method = "writable enumerable configurable";
  equal(attributes(own(TextEncoder.prototype, "encode")), method);
  equal(attributes(own(TextDecoder.prototype, "decode")), method);
  equal(attributes(own(TextDecoder.prototype, "fatal")), "enumerable configurable");
  equal(own(TextDecoder.prototype, "fatal").set, undefined);
  equal(TextEncoder.prototype.encode.length, 0);
  equal(TextEncoder.prototype.encodeInto.length, 2);
  equal(TextDecoder.prototype.decode.length, 0);
  equal(attributes(own(DOMException.prototype, "code")), "enumerable configurable");
});

test("console", () => {
  equal(attributes(own(globalThis, "console")), "writable configurable");
  equal(String(console), "[object console]");
  const between = Object.getPrototypeOf(console);
  deepEqual(Reflect.ownKeys(between), []);
  ok(Object.getPrototypeOf(between) === Object.prototype);
  for (const name of [
    "log",
    "info",
    "debug",
    "warn",
    "error",
    "trace",
    "assert",
    "dir",
    "dirxml",
    "table",
    "group",
    "groupCollapsed",
    "groupEnd",
    "time",
    "timeLog",
    "timeEnd",
    "count",
    "countReset",
    "clear",
  ]) {
    equal(attributes(own(console, name)), "writable enumerable configurable", name);
    equal(console[name].name, name);
    equal(console[name].length, 0, name);
  }
});

test("they may be replaced", () => {
  const { setTimeout: saved } = globalThis;
  globalThis.setTimeout = 1;
  equal(setTimeout, 1);
  globalThis.setTimeout = saved;
  const encoder = TextEncoder;
  ok(delete globalThis.TextEncoder);
  equal(typeof TextEncoder, "undefined");
  globalThis.TextEncoder = encoder;
});

test("the symbols of disposal", () => {
  for (const name of ["dispose", "asyncDispose"]) {
    equal(attributes(own(Symbol, name)), "");
    equal(String(Symbol[name]), `Symbol(Symbol.${name})`);
  }
});
