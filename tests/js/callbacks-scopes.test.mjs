// Callbacks that outlive their call: once, until, for ever; after their end C gets on_throw and the host a report.
import { test, equal, deepEqual, throws, ok, collect, turn } from "./assert.mjs";
import * as callbacks from "ffi:callbacks";

const { Emitter } = callbacks;

test("once: ends after its first call", () => {
  const seen = [];
  callbacks.once_set((n) => seen.push(n));
  equal(callbacks.once_fire(5), 1);
  deepEqual(seen, [5]);
  equal(callbacks.stale_fire(6), 1);
  deepEqual(seen, [5], "a dead slot does not call");
});

test("until another call, and until replaced", () => {
  const e = new Emitter();
  const seen = [];
  e.on((n) => seen.push(`a${n}`));
  equal(e.emit(1), 1);
  e.on((n) => seen.push(`b${n}`));
  equal(callbacks.stale_fire(9), 1);
  equal(e.emit(2), 1);
  e.off();
  equal(e.emit(3), 0);
  equal(callbacks.stale_fire(9), 1);
  deepEqual(seen, ["a1", "b2"]);
  e.on(null);
  e.free();
});

test("the end of its parent ends it", () => {
  const e = new Emitter();
  const seen = [];
  e.on((n) => seen.push(n));
  e.free();
  equal(callbacks.stale_fire(1), 1);
  deepEqual(seen, []);
});

test("callbacks of different parents do not replace each other", () => {
  const a = new Emitter();
  const b = new Emitter();
  const seen = [];
  a.on((n) => seen.push(`a${n}`));
  b.on((n) => seen.push(`b${n}`));
  a.emit(1);
  b.emit(2);
  b.off();
  a.emit(3);
  deepEqual(seen, ["a1", "b2", "a3"]);
  a.free();
  b.free();
});

test("for ever, collector or not", async () => {
  const seen = [];
  (() => callbacks.forever_add((n) => seen.push(n)))();
  await collect(() => false, 10);
  callbacks.forever_fire(1);
  callbacks.forever_fire(2);
  deepEqual(seen, [1, 2]);
});

test("a kept callback survives collections, and its function is freed after its end", async () => {
  const e = new Emitter();
  let count = 0;
  let died = 0;
  const registry = globalThis.FinalizationRegistry ? new FinalizationRegistry(() => died++) : null;
  (() => {
    for (let i = 0; i < 50; i++) {
      const fn = () => count++;
      registry?.register(fn, 0);
      e.on(fn);
    }
  })();
  await collect(() => false, 10);
  e.emit(1);
  equal(count, 1);
  if (registry) ok(await collect(() => died >= 40, 400), `${died} functions were freed`);
  e.free();
});

test("destroy notices", () => {
  const e = new Emitter();
  const before = callbacks.destroyed();
  const seen = [];
  e.register(0, (n) => seen.push(`x${n}`));
  e.register(1, (n) => seen.push(`y${n}`));
  e.call(0, 1);
  e.call(1, 2);
  e.register(0, (n) => seen.push(`z${n}`));
  equal(callbacks.destroyed(), before + 1);
  e.call(0, 3);
  e.register(1, null);
  equal(callbacks.destroyed(), before + 2);
  equal(e.call(1, 4), 0);
  e.free();
  equal(callbacks.destroyed(), before + 3);
  deepEqual(seen, ["x1", "y2", "z3"]);
});

test("a callback that gets its own handle back", () => {
  const e = new Emitter();
  let self;
  e.on_self((emitter, n) => { self = emitter; equal(n, 7); });
  e.emit(7);
  equal(self, e);
  e.free();
});

test("what a kept callback throws comes out of the call that led to it", () => {
  const e = new Emitter();
  e.on(() => { throw new Error("from inside"); });
  throws(() => e.emit(1), { message: "from inside" });
  e.off();
  callbacks.once_set(() => { throw new TypeError("once"); });
  throws(() => callbacks.once_fire(1), { name: "TypeError", message: "once" });
  e.free();
});

test("replaced, and freed, from inside itself", () => {
  const e = new Emitter();
  const seen = [];
  e.on((n) => { seen.push(`old${n}`); e.on((m) => seen.push(`new${m}`)); });
  e.emit(1);
  e.emit(2);
  e.on((n) => { seen.push(`off${n}`); e.off(); });
  e.emit(3);
  e.emit(4);
  e.on(() => throws(() => e.free(), { name: "Error", message: /in use by callbacks\.Emitter\.emit/ }));
  e.emit(5);
  deepEqual(seen, ["old1", "new2", "off3"]);
  e.free();
});

test("a foreign thread gets on_throw and is reported, and nothing hangs", async () => {
  let called = 0;
  equal(callbacks.visit_thread(5, () => { called++; return 1; }), -7);
  const e = new Emitter();
  e.on(() => { called++; });
  equal(e.emit_thread(1), 1);
  equal(e.emit(2), 1);
  equal(called, 1);
  e.free();
  await turn();
});

test("forgotten emitters end their callbacks", async () => {
  const before = callbacks.emitters_alive();
  (() => { for (let i = 0; i < 2000; i++) new Emitter().on(() => i); })();
  ok(await collect(() => callbacks.emitters_alive() - before < 100, 400), `${callbacks.emitters_alive() - before} alive`);
});
