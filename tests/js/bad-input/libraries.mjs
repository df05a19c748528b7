// Numbers for pointers, closed libraries, and the process at the end.
import { test, equal, deepEqual, throws, ok, badArgument, collect, turn } from "../assert.mjs";
import { load, close, errno } from "isthmus:ffi";
import * as numbers from "ffi:numbers";
import * as structs from "ffi:structs";
import * as pointers from "ffi:pointers";
import * as handles from "ffi:handles";
import * as callbacks from "ffi:callbacks";
import * as failures from "ffi:failures";
import * as names from "ffi:names";

const { Counter, Cursor } = handles;

test("numbers that are no pointers, anywhere", () => {
  for (const value of [0, 1, 0x7ffff000, 4096n, 2n ** 47n, "0x1000", [1], new BigUint64Array([1n])]) {
    throws(() => Counter.same(value, value), { name: "TypeError" });
    throws(() => structs.point_scale(value, 1), { name: "TypeError" });
    throws(() => callbacks.plain_apply(value, 1), { name: "TypeError" });
    throws(() => new Cursor(value), { name: "TypeError" });
  }
});

test("errors are ordinary", () => {
  const error = throws(() => numbers.id_int("x"), { name: "TypeError", message: "numbers.id_int: v: expected an integer from -2147483648 to 2147483647, got \"x\"" });
  ok(error instanceof TypeError);
  deepEqual([error.library, error.parameter], ["numbers", "v"]);
  ok(/libraries\.mjs/.test(error.stack));
  error.library = "changed";
  equal(throws(() => numbers.id_int("x"), {}).library, "numbers");
});

test("errno and failures in the middle of it all", () => {
  throws(() => failures.errno_throw(9), { code: 9 });
  throws(() => numbers.id_int("x"), { name: "TypeError", message: "numbers.id_int: v: expected an integer from -2147483648 to 2147483647, got \"x\"" });
  equal(errno(), 9);
});

test("call after close", () => {
  const ns = load("names");
  const { plain } = ns;
  equal(plain(1), 2);
  close(ns);
  badArgument(() => plain(1), "Error", "names.plain: the library is closed");
  badArgument(() => plain("x"), "Error", "names.plain: the library is closed");
  throws(() => names.chosen(1), { message: "names.chosen: the library is closed" });
});

test("close during a callback of the same library", () => {
  const ns = load("callbacks");
  let error;
  equal(ns.visit(0, 3, (v) => {
    close(ns);
    try { ns.emitters_alive(); } catch (e) { error = e; }
    return v;
  }), 3);
  equal(error.message, "callbacks.emitters_alive: the library is closed");
  throws(() => ns.visit(0, 1, () => 1), { message: "callbacks.visit: the library is closed" });
});

test("the process is alive, and what it made is in order", async () => {
  await collect(() => false, 20);
  await turn();
  equal(handles.counters_misused(), 0);
  equal(numbers.answer(), 42);
  const c = new Counter(77);
  equal(c.value(), 77);
  c.free();
});
