// A handle in use is not destroyed: its destructor, or taking it, while a call is inside it is an error.
import { test, equal, throws } from "./assert.mjs";
import * as handles from "ffi:handles";

const { Counter } = handles;

test("disposing from a callback", () => {
  const c = new Counter(1);
  const seen = [];
  c.visit((value) => {
    seen.push(value);
    throws(() => c.free(), { name: "Error", message: "handles.Counter.free: in use by handles.Counter.visit" });
    throws(() => c[Symbol.dispose](), { name: "Error", message: /in use by handles\.Counter\.visit/ });
    throws(() => new Counter(0).absorb(c), { name: "Error", message: /^handles\.Counter\.absorb: other: .*in use by handles\.Counter\.visit/ });
    equal(c.add(10), value + 10 - (seen.length - 1));
  });
  equal(seen.length, 3);
  c.free();
  equal(handles.counters_misused(), 0);
});

test("an error thrown while it was in use leaves it usable", () => {
  const c = new Counter(1);
  throws(() => c.visit(() => { throw new Error("out"); }), { message: "out" });
  equal(c.value(), 1);
  c.free();
  throws(() => c.value(), { message: /closed/ });
});
