// What a view of a handle's or struct's array belongs to is in use as long as C works on it.
import { test, equal, throws } from "./assert.mjs";
import * as gauges from "ffi:gauges";
import * as callbacks from "ffi:callbacks";

test("a handle cannot be ended while its array is sorted", () => {
  const g = new gauges.Gauge(3);
  let asked = 0;
  callbacks.sort(g.history, 4, 8, () => {
    asked++;
    throws(() => g.end(), { name: "Error", message: "gauges.Gauge.end: in use by callbacks.sort" });
    return 0;
  });
  equal(asked > 0, true);
  g.end();
  throws(() => callbacks.sort(g.history, 4, 8, () => 0), { name: "Error" });
});
