// Views in callbacks: typed arrays over what C passed, that die with the call, and types fixed where they are used.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as callbacks from "ffi:callbacks";

test("bytes to read", () => {
  let kept;
  equal(callbacks.feed_to(new Uint8Array([1, 2, 3]), (buf, size) => {
    ok(buf instanceof Uint8Array);
    kept = buf;
    equal(size === undefined || size === 3, true);
    return buf[0] + buf[2];
  }), 4);
  equal(kept.length, 0, "the view died with the call");
});

test("bytes to fill", () => {
  deepEqual(callbacks.fill_by(6, (buf) => {
    equal(buf.length, 6);
    buf.set([7, 8, 9]);
    return 3;
  }).to, new Uint8Array([7, 8, 9]));
  throws(() => callbacks.fill_by(6, () => { throw new Error("no bytes"); }), { message: "no bytes" });
});

test("doubles", () => {
  callbacks.sums((values) => deepEqual(values, new Float64Array([1, 2, 3.5])));
});

test("type parameters: qsort over elements of any size", () => {
  const numbers = new Float64Array([5, -1, 3.5, 0]);
  callbacks.sort(numbers, 4, 8, (a, b) => {
    equal(a.length, 8);
    const [x] = new Float64Array(a.slice().buffer);
    const [y] = new Float64Array(b.slice().buffer);
    return x - y < 0 ? -1 : x - y > 0 ? 1 : 0;
  });
  deepEqual(numbers, new Float64Array([-1, 0, 3.5, 5]));
  const bytes = new Uint8Array(200).map((_, i) => (i * 37) % 200);
  callbacks.sort(bytes, 200, 1, (a, b) => a[0] - b[0]);
  deepEqual(bytes, new Uint8Array(200).map((_, i) => i));
  const pairs = new Uint16Array([2, 1, 1, 9, 1, 3]);
  callbacks.sort(pairs, 3, 4, (a, b) => a[0] - b[0] || a[2] - b[2]);
  deepEqual(pairs, new Uint16Array([1, 3, 1, 9, 2, 1]));
});

test("a comparison that throws", () => {
  const bytes = new Uint8Array([3, 2, 1]);
  throws(() => callbacks.sort(bytes, 3, 1, () => { throw new Error("no order"); }), { message: "no order" });
  equal(bytes.length, 3);
});

test("a size of nothing", () => {
  const bytes = new Uint8Array(0);
  callbacks.sort(bytes, 0, 1, () => 0);
  throws(() => callbacks.sort(new Uint8Array(4), 5, 1, () => 0), { name: "RangeError" });
});
