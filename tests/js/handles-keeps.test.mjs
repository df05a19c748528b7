// keeps: a disposed parent is invalid at once, and its destructor runs after its last child's.
import { test, equal, throws, ok } from "./assert.mjs";
import * as handles from "ffi:handles";

const { Counter, Cursor } = handles;

test("the parent's destructor waits for the last child", () => {
  const alive = handles.counters_alive();
  const c = new Counter(10);
  const a = new Cursor(c, 0);
  const b = new Cursor(c, 5);
  c.free();
  equal(handles.counters_alive(), alive + 1);
  throws(() => c.value(), { name: "Error", message: /the Counter is closed/ });
  equal(a.step(), 11);
  a.close();
  equal(handles.counters_alive(), alive + 1);
  equal(b.step(), 16);
  b.close();
  equal(handles.counters_alive(), alive);
  equal(handles.last_freed(), "counter 10");
  equal(handles.counters_misused(), 0);
});

test("no new children for a disposed parent", () => {
  const c = new Counter(1);
  const cursor = new Cursor(c);
  c.free();
  throws(() => new Cursor(c), { name: "Error", message: /the Counter is closed/ });
  cursor.close();
});

test("a disposed parent that comes back from C stays closed", () => {
  const c = new Counter(1);
  const cursor = new Cursor(c);
  c.free();
  let back = null;
  try {
    back = cursor.counter();
  } catch (error) {
    ok(error instanceof Error);
  }
  if (back) throws(() => back.free(), { name: "Error" });
  cursor.close();
  equal(handles.counters_misused(), 0);
});

test("a borrowed object cannot be destroyed or given away", () => {
  const c = new Counter(1);
  const leaf = c.leaf(2);
  equal(leaf.value(), 12);
  leaf[Symbol.dispose]?.();
  c.free();
});
