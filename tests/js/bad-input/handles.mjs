// Handles disposed, taken and used where they must not be.
import { test, equal, throws } from "../assert.mjs";
import { detach } from "./tools.mjs";
import * as pointers from "ffi:pointers";
import * as handles from "ffi:handles";
import * as gauges from "ffi:gauges";

const { Counter, Cursor } = handles;

test("a handle disposed by another's conversion, a callback, or itself", () => {
  const c = new Counter(1);
  throws(() => c.add({ valueOf() { c.free(); return 1; } }), { name: "TypeError", message: "handles.Counter.add: by: expected an integer from -2147483648 to 2147483647, got an Object" });
  equal(c.value(), 1);
  let error;
  c.visit(() => { try { c.free(); } catch (e) { error = e; } });
  equal(error.message, "handles.Counter.free: in use by handles.Counter.visit");
  const other = new Counter(2);
  c.visit(() => { other[Symbol.dispose](); });
  throws(() => other.value(), { message: /closed/ });
  c.free();
  equal(handles.counters_misused(), 0);
});

test("two uses of one handle in one call, one of them taking it", () => {
  const c = new Counter(1);
  throws(() => c.absorb(c), { name: "Error", message: "handles.Counter.absorb: other: in use by handles.Counter.absorb" });
  throws(() => Counter.prototype.absorb.call(c, c), { name: "Error", message: "handles.Counter.absorb: other: in use by handles.Counter.absorb" });
  equal(Counter.same(c, c), true);
  c.free();
});

test("a child whose parent is disposed in its own callback", () => {
  const c = new Counter(1);
  const cursor = new Cursor(c);
  c.visit(() => { throws(() => c.free(), { name: "Error", message: /in use/ }); cursor.step(); });
  c.free();
  cursor.close();
  throws(() => cursor.counter(), { name: "Error", message: "handles.Cursor.counter: the Cursor is closed" });
});

test("a borrowed leaf after the parent's end, again and again", () => {
  for (let i = 0; i < 200; i++) {
    const c = new Counter(i);
    const leaf = c.leaf(i % 8);
    if (i % 2) c.shake();
    else c.free();
    throws(() => leaf.value(), { name: "Error" });
    if (i % 2) c.free();
  }
  equal(handles.counters_misused(), 0);
});

test("an inline handle whose pointers were pulled away", () => {
  const g = new gauges.Gauge(0);
  const bytes = new Uint8Array([1, 2, 3]);
  g.next = bytes;
  detach(bytes);
  throws(() => g.feed(), { name: /Error$/, message: /^gauges\.Gauge\.feed: / });
  g.next = new Uint8Array([4]);
  equal(g.feed(), 1);
  throws(() => { g.available = 1; }, { name: "RangeError", message: "gauges.Gauge.available: expected at most 0, the elements of next, got 1" });
  throws(() => { g.next = new Uint8Array(new SharedArrayBuffer(4)); }, { name: "TypeError", message: "gauges.Gauge.next: a SharedArrayBuffer cannot be used here" });
  throws(() => { g.next = 0x1000; }, { name: "TypeError", message: "gauges.Gauge.next: expected a Uint8Array or null, got 4096" });
  g.end();
  throws(() => g.end(), { message: /closed/ });
});

test("a getter that runs between two handles", () => {
  const c = new Counter(1);
  const list = [c, c];
  Object.defineProperty(list, 1, { get() { c[Symbol.dispose](); return c; } });
  throws(() => handles.counter_sum(list), { name: "Error", message: /the Counter is closed/ });
  equal(handles.counters_misused(), 0);
});
