// Loading: modules by name, namespaces by `load`, nothing without a grant, nothing after close.
import { test, equal, ok, throws, rejects, deepEqual } from "./assert.mjs";
import { load, close } from "isthmus:ffi";
import * as names from "ffi:names";
import * as numbers from "ffi:numbers";

test("a module's names are its exports", () => {
  equal(names[Symbol.toStringTag], "Module");
  ok(Object.keys(numbers).includes("id_int"));
  ok(!("default" in numbers) || typeof numbers.default === "object");
});

test("load gives a frozen object without a prototype, the same each time", () => {
  const ns = load("names");
  equal(Object.getPrototypeOf(ns), null);
  ok(Object.isFrozen(ns));
  equal(load("names"), ns);
  equal(ns.plain(1), 2);
  equal(ns.plain, names.plain);
});

test("what is not granted is refused, and the message says how to grant it", async () => {
  await rejects(import("ffi:forbidden"), { message: /--allow-ffi=.*forbidden/ });
  throws(() => load("forbidden"), { message: /--allow-ffi=.*forbidden/ });
});

test("what does not exist", async () => {
  await rejects(import("ffi:nowhere"), { message: /nowhere/ });
  throws(() => load("nowhere"), { message: /nowhere/ });
  throws(() => load(), TypeError);
  throws(() => load(5), TypeError);
  for (const name of ["../names", "/etc/passwd", "", "names\0", ".", "..", "a/b", "x".repeat(100000)]) {
    throws(() => load(name), {});
  }
});

test("named imports that are not there", async () => {
  await rejects(import("data:text/javascript,import {zzz} from 'ffi:names'"), {});
});
