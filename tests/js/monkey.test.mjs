// A monkey: hundreds of thousands of random calls of everything that the fixture has, with whatever earlier calls gave, from
// inside callbacks and getters too, with objects disposed and buffers detached on the way. Whatever happens, the process lives,
// nothing native is used after its end, and errors are errors. MONKEY_SEED and MONKEY_ROUNDS make a run again.
import * as host from "isthmus:host";
import { test, equal, ok, fail, show, collect } from "./assert.mjs";
import { callables, detach, sized } from "./bad-input/tools.mjs";
import * as numbers from "ffi:numbers";
import * as texts from "ffi:texts";
import * as buffers from "ffi:buffers";
import * as structs from "ffi:structs";
import * as pointers from "ffi:pointers";
import * as handles from "ffi:handles";
import * as gauges from "ffi:gauges";
import * as callbacks from "ffi:callbacks";
import * as failures from "ffi:failures";
import * as nesting from "ffi:nesting";

const seed = Number(host.env.MONKEY_SEED ?? (Math.random() * 2 ** 31) | 0);
const rounds = Number(host.env.MONKEY_ROUNDS ?? (host.env.ISTHMUS_SANITIZE ? 60_000 : 300_000));

// xorshift32
let state = seed || 1;
function random(limit) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}
const pick = (list) => list[random(list.length)];

// `forever_add` keeps each callback for good, and `apply_n` and `visit` loop as long as they are told.
const calls = [numbers, texts, buffers, structs, pointers, handles, gauges, callbacks, failures, nesting].flatMap(callables)
  .filter(([name]) => !/forever|thread/.test(name));
const makers = calls.filter(([name]) => name.startsWith("new "));
const handled = calls.filter(([name]) => /[#.]/.test(name));

// What calls gave, by class; and for each call the kinds of arguments that it once took, so that it is not refused for ever.
const pools = new Map();
const taken = new Map();
let deep = 0;
let done = 0;
const trail = [];

function keep(value) {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return;
  const kind = value.constructor?.name ?? "Object";
  let pool = pools.get(kind);
  if (!pool) pools.set(kind, (pool = []));
  if (pool.length < 40) pool.push(value);
  else pool[random(40)] = value;
}

function any() {
  const pool = pools.size ? pick([...pools.values()]) : [];
  return pool.length ? pick(pool) : 1;
}

const makes = {
  small: () => random(10) - 2,
  great: () => pick([2 ** 31, 2 ** 31 - 1, -(2 ** 31), 1e9, 2 ** 53, NaN, 0.5, -0, Infinity]),
  bigint: () => BigInt(random(100)),
  nothing: () => pick([null, undefined]),
  boolean: () => random(2) === 1,
  text: () => pick(["", "text", "é€🌍", "a\0b", "x".repeat(random(300))]),
  literal: () => ({ x: random(5), y: random(5) }),
  "literal with a getter": () => ({ get x() { act(); return random(5); }, y: 1 }),
  "function to a number": () => () => { act(); return random(5); },
  "function to anything": () => () => {
    act();
    if (random(4) === 0) throw new Error("monkey");
    return pick([{ x: 1 }, 1, 2n, "x", undefined, true]);
  },
  into: () => ({ into: { v: any(), p: any(), left: any(), get to() { act(); return new Uint8Array(random(40)); } } }),
  "list of anything": () => [any(), any()],
  "list of text": () => ["a", "bcd"],
  anything: any,
};
for (const Kind of [Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]) {
  makes[Kind.name] = () => {
    const array = new Kind(random(20));
    if (random(4) === 0) keep(array);
    return array;
  };
}
const kinds = Object.keys(makes);

function make(kind) {
  if (makes[kind]) return makes[kind]();
  const pool = pools.get(kind);
  return pool?.length ? pick(pool) : any();
}

function kindsFor(name) {
  const known = taken.get(name);
  if (known && random(5)) return pick(known);
  const list = Array.from({ length: random(5) }, () => {
    const which = random(10);
    if (which < 3) return "small";
    return which < 7 || !pools.size ? pick(kinds) : pick([...pools.keys()]);
  });
  const method = /^(?:[gs]et )?(\w+)#/.exec(name);
  if (method) list.unshift(method[1]);
  return list;
}

function act() {
  if (deep > 4) return;
  deep++;
  try {
    const what = random(40);
    if (what === 0) {
      any()[Symbol.dispose]?.();
    } else if (what === 1) {
      const view = any();
      if (ArrayBuffer.isView(view)) detach(view);
    } else {
      const [name, call] = pick(what < 10 ? makers : what < 28 ? handled : calls);
      const list = kindsFor(name);
      const args = list.map(make);
      trail.push([deep, name, ...args]);
      if (trail.length > 4000) trail.splice(0, 2000);
      if ((sized.test(name) || /visit|apply_n/.test(name)) && args.some((arg) => typeof arg === "number" && Math.abs(arg) > 1e4)) return;
      const result = call(...args);
      done++;
      keep(result);
      if (result && typeof result === "object") Object.values(result).forEach(keep);
      const known = taken.get(name) ?? [];
      if (known.length < 8) known.push(list);
      taken.set(name, known);
    }
  } catch (error) {
    if (error instanceof Error && error.library !== undefined && !error.message.startsWith(`${error.library}.`)) throw error;
  } finally {
    deep--;
  }
}

test(`a monkey with MONKEY_SEED=${seed}`, async () => {
  console.log(`MONKEY_SEED=${seed} MONKEY_ROUNDS=${rounds}`);
  for (let i = 0; i < rounds; i++) {
    act();
    if (handles.counters_misused()) {
      const last = trail.at(-1)[2];
      for (const [depth, name, ...args] of trail) {
        if (args.includes(last) || trail.length - trail.lastIndexOf(args) < 5) console.log(`${" ".repeat(depth)}${name}(${args.map(show).join(", ").slice(0, 200)})`);
      }
      fail(`misused after ${i} rounds`);
    }
    if (i % 20_000 === 0) await collect(() => true, 1);
  }
  console.log(`${done} calls went through, of ${taken.size} functions`);
  if (host.env.MONKEY_LIST) console.log(calls.filter(([name]) => !taken.has(name)).map(([name]) => name).join(" "));
  pools.clear();
  await collect(() => false, 5);
  equal(handles.counters_misused(), 0);
  equal(nesting.machines_broken(), 0);
  if (rounds >= 60_000) ok(taken.size > calls.length * (rounds < 200_000 ? 0.6 : 0.8), `${taken.size} of ${calls.length}`);
  equal(texts.text_live(), 0);
  equal(buffers.buffer_live(), 0);
  equal(numbers.answer(), 42);
  ok(handles.counters_alive() < 200, `${handles.counters_alive()} alive`);
});
