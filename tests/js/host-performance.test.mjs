// performance: a clock that only goes forward, and where it started.
import { deepEqual, equal, ok, test, throws, turn } from "./assert.mjs";

test("now", async () => {
  const start = performance.now();
  let last = start;
  for (let i = 0; i < 1000; i++) {
    const now = performance.now();
    ok(now >= last);
    last = now;
  }
  await turn(5);
  ok(performance.now() > last);
  ok(start >= 0, `${start} ms since the start`);
});

test("timeOrigin", () => {
  // Clocks are set while programs run, but seldom by more than an hour.
  const drift = Math.abs(performance.timeOrigin + performance.now() - Date.now());
  ok(drift < 3600_000, `${drift} ms`);
  deepEqual(performance.toJSON(), { timeOrigin: performance.timeOrigin });
});

test("there is one performance", () => {
  equal(String(performance), "[object Performance]");
  throws(() => new Performance(), { name: "TypeError", message: "Illegal constructor" });
  throws(() => Performance.prototype.now.call({}), TypeError);
});
