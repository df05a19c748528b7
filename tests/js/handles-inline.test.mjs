// Inline handles: memory that the runtime provides and never moves, with fields, and pointers that it watches.
import { test, equal, deepEqual, throws, ok, collect } from "./assert.mjs";
import * as gauges from "ffi:gauges";

const { Gauge } = gauges;

test("constructed in place, used, ended", () => {
  const before = gauges.gauges_alive();
  const g = new Gauge(5);
  ok(g instanceof Gauge);
  equal(g.read(), 5);
  ok(g.atHome());
  equal(gauges.gauges_alive(), before + 1);
  g.end();
  equal(gauges.gauges_alive(), before);
  throws(() => g.read(), { name: "Error", message: /the Gauge is closed/ });
});

test("a constructor that fails leaves nothing", () => {
  const before = gauges.gauges_alive();
  throws(() => new Gauge(-1), { name: "GaugeError", code: -3 });
  equal(gauges.gauges_alive(), before);
});

test("fields", () => {
  const g = new Gauge(1);
  equal(g.level, 1);
  g.level = 9;
  equal(g.read(), 9);
  g.history[2] = 1.5;
  deepEqual([...g.history], [0, 0, 1.5, 0]);
  throws(() => { g.self = g; }, TypeError);
  throws(() => { g.level = 2 ** 31; }, { name: "RangeError" });
  g.end();
  throws(() => g.level, { name: "Error" });
});

test("a counted pointer feeds it, and follows what C did", () => {
  const g = new Gauge(0);
  g.next = new Uint8Array([1, 2, 3]);
  equal(g.available, 3);
  equal(g.feed(), 3);
  equal(g.read(), 6);
  equal(g.available, 0);
  g.next = new Uint8Array([10, 20]);
  g.available = 1;
  equal(g.feed(), 1);
  equal(g.read(), 16);
  throws(() => { g.available = 100; }, { name: "RangeError" });
  g.end();
});

test("the buffer may be forgotten by JavaScript, not by the handle", async () => {
  const g = new Gauge(0);
  (() => { g.next = new Uint8Array(1000).fill(1); })();
  await collect(() => false, 5);
  equal(g.feed(), 1000);
  equal(g.read(), 1000);
  g.end();
});

test("it does not move", async () => {
  const all = Array.from({ length: 500 }, (_, i) => new Gauge(i));
  await collect(() => false, 5);
  all.forEach((g, i) => {
    ok(g.atHome());
    equal(g.read(), i);
    g.end();
  });
});

test("forgotten ones are ended", async () => {
  const before = gauges.gauges_alive();
  (() => { for (let i = 0; i < 2000; i++) new Gauge(i); })();
  ok(await collect(() => gauges.gauges_alive() - before < 100));
});
