// Who frees: owned results, taken arguments, and what was simply forgotten.
import { test, equal, throws, ok, collect } from "./assert.mjs";
import * as handles from "ffi:handles";

const { Counter, Cursor } = handles;

test("an owned result is the caller's", () => {
  const c = new Counter(5);
  const copy = c.copy();
  ok(copy !== c);
  copy.add(1);
  equal(c.value(), 5);
  c.free();
  equal(copy.value(), 6);
  copy.free();
});

test("what C took is dead for JavaScript, and is freed by C alone", () => {
  const alive = handles.counters_alive();
  const c = new Counter(1);
  const other = new Counter(10);
  c.absorb(other);
  equal(c.value(), 11);
  throws(() => other.value(), { name: "Error", message: /^handles\.Counter\.value: .*given to handles\.Counter\.absorb/ });
  throws(() => c.absorb(other), { name: "Error", message: /^handles\.Counter\.absorb: other: .*given to/ });
  other[Symbol.dispose]();
  c.free();
  equal(handles.counters_alive(), alive);
  equal(handles.counters_misused(), 0);
});

test("a handle cannot be taken by itself", () => {
  const c = new Counter(1);
  throws(() => c.absorb(c), { name: "Error", message: /^handles\.Counter\.absorb: other: .*in use/ });
  equal(c.value(), 1);
  c.free();
});

test("forgotten handles are destroyed, outside collection", async () => {
  const alive = handles.counters_alive();
  const freed = handles.counters_made();
  (() => {
    for (let i = 0; i < 5000; i++) new Counter(i);
  })();
  ok(handles.counters_made() === freed + 5000);
  ok(await collect(() => handles.counters_alive() - alive < 100), `still ${handles.counters_alive() - alive} alive`);
  equal(handles.counters_misused(), 0);
});

test("a forgotten parent waits for its children", async () => {
  const cursors = [];
  (() => {
    for (let i = 0; i < 100; i++) cursors.push(new Cursor(new Counter(i), 0));
  })();
  await collect(() => false, 10);
  cursors.forEach((cursor, i) => equal(cursor.step(), i + 1));
  for (const cursor of cursors) cursor.close();
  equal(handles.counters_misused(), 0);
});

test("forgotten children and parents are freed in the right order", async () => {
  const alive = handles.counters_alive();
  (() => {
    for (let i = 0; i < 1000; i++) new Cursor(new Counter(i), i);
  })();
  ok(await collect(() => handles.counters_alive() - alive < 100 && handles.cursors_alive() < 100));
  equal(handles.counters_misused(), 0);
});
