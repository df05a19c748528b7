// At the edges: the stack nearly full, the collector at work, promises waiting, records found again after they were forgotten.
import { test, equal, deepEqual, throws, ok, collect, turn } from "../assert.mjs";
import { detach, revoked } from "./tools.mjs";
import * as numbers from "ffi:numbers";
import * as texts from "ffi:texts";
import * as buffers from "ffi:buffers";
import * as structs from "ffi:structs";
import * as pointers from "ffi:pointers";
import * as handles from "ffi:handles";
import * as gauges from "ffi:gauges";
import * as callbacks from "ffi:callbacks";
import * as failures from "ffi:failures";

const { Counter, Cursor } = handles;
const { Point, Seg, Grid } = structs;

// Calls `fn` in the last frames that the stack has room for.
function nearTheEnd(fn) {
  let attempts = 0;
  const dive = () => {
    try {
      dive();
    } catch {
      if (attempts++ < 60) {
        try {
          fn();
        } catch {
          // An error is welcome here, a crash is not.
        }
      }
    }
  };
  dive();
  ok(attempts > 0);
}

const kept = new Counter(1);
const point = new Point({ x: 3, y: 4 });
const calls = {
  scalars: () => numbers.add12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
  "bad scalars": () => numbers.id_int("x"),
  text: () => texts.text_length("text ".repeat(500)),
  "text out": () => texts.text_make("abc"),
  lists: () => texts.text_join_length(["a", "b", "c"]),
  buffers: () => buffers.fill_u8(100),
  "several outputs": () => buffers.two_out(7),
  into: () => buffers.twice(new Uint8Array(4), { into: { to: new Uint8Array(8) } }),
  literals: () => structs.seg_id({ a: { x: 1 }, b: { y: 2 }, id: 3 }),
  "by value": () => structs.point_add(point, { x: 1 }),
  construction: () => new Grid({ label: "x" }),
  views: () => new Grid().corners[1].x,
  toJSON: () => new Seg().toJSON(),
  handles: () => new Counter(1).free(),
  "handles forgotten": () => new Cursor(kept),
  "handles lent": () => kept.leaf(1),
  callbacks: () => callbacks.plain_apply((v) => v, 1),
  "callbacks with structs": () => callbacks.spot_map({ x: 1 }, (s) => s),
  "callbacks with views": () => callbacks.fill_by(8, (view) => view.length),
  "callbacks that throw": () => callbacks.plain_apply(() => { throw new Error("x"); }, 1),
  "bundled errors": () => failures.fail_explained(3),
  "error classes": () => new failures.Failure("x"),
  "inline handles": () => new gauges.Gauge(1).end(),
  inspection: () => console.log.name,
};
for (const [name, call] of Object.entries(calls)) {
  test(`with the stack nearly full: ${name}`, () => {
    nearTheEnd(call);
    equal(numbers.answer(), 42);
  });
}

test("conversions that recurse into the same function until the stack ends", () => {
  const dive = () => structs.point_length({ get x() { return dive(); } });
  throws(dive, { name: "RangeError", message: "Maximum call stack size exceeded" });
  const fall = () => buffers.fill_some(4, { get into() { return fall(); } });
  throws(fall, { name: "RangeError", message: "Maximum call stack size exceeded" });
  const deep = () => callbacks.spot_map({}, () => ({ get x() { return deep().x; } }));
  throws(deep, { name: "RangeError", message: "Maximum call stack size exceeded" });
  equal(structs.point_length({ x: 2 }), 4);
});

test("the collector at work inside a call, and small arrays that might move", () => {
  for (const size of [1, 8, 63, 64, 65, 200]) {
    const bytes = new Uint8Array(size).map((_, i) => (i * 151) % 256);
    let rounds = 0;
    callbacks.sort(bytes, size, 1, (a, b) => {
      if (rounds++ % 8 === 0) for (let i = 0; i < 2000; i++) new Array(50).fill({});
      return a[0] - b[0];
    });
    for (let i = 1; i < size; i++) ok(bytes[i - 1] <= bytes[i]);
  }
  const small = new Uint8Array(16).fill(3);
  equal(callbacks.feed_to(small, (view) => {
    for (let i = 0; i < 50000; i++) new Array(50).fill({});
    return view.reduce((a, b) => a + b);
  }), 48);
});

test("promises wait until JavaScript has returned, not until a callback has", async () => {
  const c = new Counter(1);
  const order = [];
  c.visit(() => { Promise.resolve().then(() => order.push("later")); order.push("now"); });
  deepEqual(order, ["now", "now", "now"]);
  c.visit(() => { queueMicrotask(() => c[Symbol.dispose]()); });
  equal(c.value(), 1);
  await turn();
  throws(() => c.value(), { message: /closed/ });
});

test("a parent whose object was forgotten is found again through its child", async () => {
  const cursor = (() => new Cursor(new Counter(70)))();
  await collect(() => false, 5);
  const c = cursor.counter();
  equal(c.value(), 70);
  equal(cursor.counter(), c);
  cursor.close();
  let died = false;
  try {
    equal(c.value(), 70);
  } catch (error) {
    died = true;
    ok(error instanceof Error);
  }
  if (!died) c[Symbol.dispose]();
  await collect(() => false, 3);
  equal(handles.counters_misused(), 0);
});

test("weak references and registries on handles", async () => {
  let died = 0;
  const registry = new FinalizationRegistry(() => died++);
  const refs = [];
  const map = new WeakMap();
  (() => {
    for (let i = 0; i < 50; i++) {
      const c = new Counter(i);
      registry.register(c, i);
      map.set(c, i);
      refs.push(new WeakRef(c));
    }
  })();
  await collect(() => died === 50, 50);
  for (const ref of refs) {
    const c = ref.deref();
    if (c) ok(c.value() >= 0);
  }
  equal(handles.counters_misused(), 0);
});

test("addresses used again are new objects", () => {
  const seen = new Set();
  for (let i = 0; i < 3000; i++) {
    const g = new gauges.Gauge(i & 255);
    ok(!seen.has(g));
    seen.add(g);
    g.end();
  }
  for (const g of seen) throws(() => g.read(), { message: /closed/ });
});

test("array views under every reflection", () => {
  const g = new Grid({ label: "x" });
  const { cells, corners } = g;
  for (const view of [cells, cells[0], corners]) {
    for (const use of [
      () => Object.keys(view), () => Reflect.ownKeys(view), () => Object.entries(view), () => JSON.stringify(view), () => ({ ...view }),
      () => 0 in view, () => 99 in view, () => delete view[0], () => delete view[99], () => Object.defineProperty(view, 0, { value: 1 }),
      () => Object.defineProperty(view, 99, { value: 1 }), () => Object.defineProperty(view, 0, { get() { return 1; } }), () => Object.freeze(view),
      () => Object.isFrozen(view), () => Object.preventExtensions(view), () => { view[2 ** 32] = 1; }, () => { view["-1"] = 1; },
      () => { view["1.5"] = 1; }, () => { view.name = 1; }, () => Object.setPrototypeOf(view, null), () => Array.from(view), () => structuredClone(view),
      () => Array.prototype.fill.call(view, 1), () => Array.prototype.sort.call(view), () => Array.prototype.push.call(view, 1),
      () => Array.prototype.splice.call(view, 0, 1), () => Object.getOwnPropertyDescriptors(view), () => Reflect.set(view, 0, revoked()),
      () => Reflect.get(view, 0, {}), () => Reflect.set(view, 0, 1, {}), () => Object.assign({}, view), () => view.length, () => view[Symbol.iterator]().next(),
    ]) {
      try {
        use();
      } catch (error) {
        ok(error instanceof Error);
      }
    }
  }
  equal(structs.grid_raw(new Grid()), 0);
  equal(g.label, "x");
});

test("classes under every reflection", () => {
  class Own extends Point {}
  for (const change of [
    () => { Own.prototype = null; }, () => Object.setPrototypeOf(Own.prototype, null), () => Object.setPrototypeOf(Own, null),
    () => { delete Own.prototype.constructor; }, () => Object.defineProperty(Point, "prototype", { value: null }), () => delete Point.prototype.x,
    () => Object.defineProperty(Point.prototype, "x", { get() { throw new Error("mine"); } }),
  ]) {
    try {
      change();
    } catch (error) {
      ok(error instanceof TypeError);
    }
  }
  const p = structs.point_make(1, 2);
  equal(structs.point_length(p), 5);
});

test("a new target that closes over everything while it is asked for its prototype", () => {
  let c;
  const sly = new Proxy(class {}, { get(target, key) { if (key === "prototype") { c = new Counter(5); c.free(); } return target[key]; } });
  const made = Reflect.construct(Counter, [6], sly);
  equal(Counter.prototype.value.call(made), 6);
  Counter.prototype.free.call(made);
});

test("inspection survives everything", () => {
  const gone = new Seg();
  const { tag } = gone;
  gone[Symbol.dispose]();
  const closed = new Counter(0);
  closed.free();
  const lines = [gone, tag, closed, Point.prototype, Counter.prototype, Counter, Object.create(new Point()), new Proxy(new Point(), {}),
    Object.setPrototypeOf(new Point(), null), new pointers.Person({ name: "x" }), new gauges.Gauge(1), kept, kept.leaf(0), new Grid(),
    callbacks.Emitter.prototype, failures.Failure.prototype, new failures.Failure("x"), detach(new Uint8Array(4)), revoked()];
  for (const line of lines) console.log(line);
  throws(() => tag[0], { name: "Error", message: "structs.Seg.tag[0]: the Seg is disposed" });
});

test("one struct as several outputs", () => {
  const p = new Point();
  const out = structs.point_split({ x: 1, y: 2 }, { into: { left: p, right: p } });
  equal(out.left, p);
  equal(out.right, p);
  throws(() => structs.point_split({ x: 1, y: 2 }, { into: { left: p, get right() { p[Symbol.dispose](); return new Point(); } } }), { name: "Error", message: "structs.point_split: left: the Point is disposed" });
});

test("pointers to structs that point to structs", async () => {
  const { Person } = pointers;
  const a = new Person({ age: 1 });
  const b = new Person({ age: 2 });
  a.friend = b;
  b.friend = a;
  equal(pointers.person_friend_age(a), 2);
  equal(a.friend.friend, a);
  a.friend = a;
  equal(pointers.person_friend_age(a), 1);
  const photo = new Uint8Array([1, 2, 3]);
  b.photo = photo;
  a.friend = b;
  equal(pointers.person_friend_photo_sum(a), 6);
  detach(photo);
  throws(() => pointers.person_friend_photo_sum(a), { name: /Error$/, message: /^pointers\.person_friend_photo_sum: / });
  const chain = (() => {
    let last = new Person({ age: 9, name: "the last" });
    for (let i = 0; i < 100; i++) {
      const next = new Person({ age: i });
      next.friend = last;
      last = next;
    }
    return last;
  })();
  await collect(() => false, 3);
  equal(pointers.person_friend_age(chain), 98);
  const forgetful = new Person();
  (() => { forgetful.friend = new Person({ age: 33, name: "forgotten by name" }); })();
  await collect(() => false, 3);
  equal(pointers.person_friend_age(forgetful), 33);
  equal(pointers.person_friend_name_length(forgetful), 17);
});

test("text and pointers in nested structs live as long as the outer one", async () => {
  const { Team } = pointers;
  const team = new Team();
  (() => {
    team.members[0].name = "the first of the team";
    team.members[1].name = "the second of the team";
    team.lead.name = "the lead";
    team.lead.photo = new Uint8Array(1000).fill(1);
  })();
  await collect(() => false, 5);
  for (let i = 0; i < 1000; i++) texts.text_double("overwrites what was freed");
  equal(pointers.team_name_lengths(team), 21 * 10000 + 22 * 100 + 8);
  equal(team.members[1].name, "the second of the team");
  equal(pointers.team_photo_sum(team), 1000);
  const photo = new Uint8Array([5]);
  team.lead.photo = photo;
  equal(pointers.team_photo_sum(team), 5);
  detach(photo);
  throws(() => pointers.team_photo_sum(team), { name: "TypeError", message: "pointers.team_photo_sum: t.photo: the buffer is detached" });
  equal(pointers.team_name_lengths({ lead: { name: "ab" }, members: [{ name: "c" }, { name: "def" }] }), 10302);
  throws(() => pointers.team_name_lengths({ members: [{ name: 5 }, {}] }), { name: "TypeError", message: "pointers.team_name_lengths: t.members[0].name: expected a string or null, got 5" });
});

test("an array of handles in a callback dies with it", () => {
  equal(kept.value(), 1);
  const e = new callbacks.Emitter();
  let again;
  e.on_self((emitter) => { again = emitter; });
  e.emit(1);
  equal(again, e);
  e.free();
  throws(() => again.emit(1), { message: /closed/ });
});

test("what owned children need cannot be given away", () => {
  const c = new Counter(1);
  const other = new Counter(2);
  const cursor = new Cursor(other);
  throws(() => c.absorb(other), { name: "Error", message: /^handles\.Counter\.absorb: other: .*Cursor/ });
  equal(other.value(), 2);
  equal(cursor.step(), 3);
  cursor.close();
  c.absorb(other);
  equal(c.value(), 3);
  c.free();
  equal(handles.counters_misused(), 0);
});

test("pointers to parts of a struct end with it", () => {
  const { Person, Team } = pointers;
  const team = new Team({ lead: { age: 5, photo: new Uint8Array([1, 2]) }, members: [{ age: 6 }, { age: 7 }] });
  equal(pointers.team_photo_sum(team), 3);
  const p = new Person();
  p.friend = team.members[0];
  const { friend } = p;
  equal(friend.age, 6);
  equal(pointers.person_friend_age(p), 6);
  team[Symbol.dispose]();
  throws(() => friend.age, { name: "Error", message: "pointers.Person.age: the Team is disposed" });
  throws(() => p.friend.age, { name: "Error", message: "pointers.Person.friend: the Team is disposed" });
  throws(() => pointers.person_friend_age(p), { name: "Error", message: "pointers.person_friend_age: p.friend: the Team is disposed" });
});

test("very long text and very large buffers", () => {
  const long = "é".repeat(1 << 24);
  equal(texts.text_length(long), 1 << 25);
  equal(texts.text_double("x".repeat(1 << 22)).length, 1 << 23);
  const large = new Uint8Array(1 << 26);
  equal(buffers.sum_u8(large), 0);
  equal(buffers.fill_u8(1 << 24).length, 1 << 24);
  throws(() => texts.text_join_length(new Array(2 ** 32 - 1)), { name: /^(Type|Range)Error$/ });
  throws(() => texts.text_count(new Array(2 ** 31)), { name: /^(Type|Range)Error$/ });
  throws(() => handles.counter_sum(new Array(2 ** 32 - 1)), { name: /^(Type|Range)Error$/ });
  throws(() => pointers.points_sum(new Array(2 ** 31)), { name: /^(Type|Range)Error$/ });
});
