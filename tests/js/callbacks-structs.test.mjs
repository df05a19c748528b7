// Structs in callbacks: by value both ways, by pointer for the length of the call.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as callbacks from "ffi:callbacks";

test("by value", () => {
  const spot = callbacks.spot_map({ x: 1, y: 2 }, (s) => {
    ok(s instanceof callbacks.Spot);
    return { x: s.y, y: s.x * 10 };
  });
  deepEqual([spot.x, spot.y], [2, 10]);
  const same = callbacks.spot_map(new callbacks.Spot({ x: 5 }), (s) => s);
  equal(same.x, 5);
});

test("a struct received by value is the callback's to keep", () => {
  let kept;
  callbacks.spot_map({ x: 7, y: 8 }, (s) => (kept = s));
  equal(kept.x, 7);
  kept.x = 1;
  equal(kept.x, 1);
});

test("by pointer: dead after the call", () => {
  let kept;
  equal(callbacks.spot_look(3, 4, (s) => { kept = s; return s.x * 10 + s.y; }), 34);
  throws(() => kept.x, { name: "Error" });
});

test("a result of the wrong shape", () => {
  throws(() => callbacks.spot_map({}, () => 5), { name: "TypeError", message: /got 5$/ });
  throws(() => callbacks.spot_map({}, () => ({ x: "1" })), { name: "TypeError" });
  throws(() => callbacks.spot_map({}, () => undefined), { name: "TypeError" });
});
