// close(): from then on every call into the library is an error, and nothing crashes, whatever is still held.
import { test, equal, throws, collect } from "./assert.mjs";
import { load, close } from "isthmus:ffi";

test("after close", async () => {
  const handles = load("handles");
  const structs = load("structs");
  const callbacks = load("callbacks");
  const c = new handles.Counter(3);
  const cursor = new handles.Cursor(c);
  const p = new structs.Point({ x: 1 });
  const e = new callbacks.Emitter();
  e.on(() => {});
  const { add } = handles.Counter.prototype;
  const { last_freed } = handles;

  close(handles);
  throws(() => last_freed(), { name: "Error", message: "handles.last_freed: the library is closed" });
  throws(() => c.value(), { name: "Error", message: "handles.Counter.value: the library is closed" });
  throws(() => add.call(c, 1), { message: "handles.Counter.add: the library is closed" });
  throws(() => new handles.Counter(1), { message: /the library is closed$/ });
  throws(() => cursor.close(), { message: /the library is closed$/ });
  throws(() => c.free(), { message: /the library is closed$/ });

  close(structs);
  throws(() => structs.point_length(p), { message: "structs.point_length: the library is closed" });
  close(structs);
  close(callbacks);
  throws(() => e.emit(1), { message: /the library is closed$/ });
  await collect(() => false, 5);
});

test("what is no namespace cannot be closed", () => {
  for (const value of [{}, null, undefined, 1, "names", () => 0]) throws(() => close(value), TypeError);
});

test("closed from inside a callback", () => {
  const ns = load("numbers");
  equal(ns.answer(), 42);
  close(ns);
  throws(() => ns.answer(), { message: "numbers.answer: the library is closed" });
});
